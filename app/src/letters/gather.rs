//! Which notices are told now, and to whom.
//!
//! A notice is told at once when it says so, when its item is due today, and when it is a rung on
//! the due day; all others wait for the morning's letter. Rungs wait until no timer is due any more,
//! so that what falls due in one morning goes into one letter and not into as many as there were
//! batches of timers.
//!
//! **Invariant:** what a person was told of an item that day is not told again; nothing that waits
//! is dropped.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chart::calendar::{Calendar, Clock, Offset};
use chart::moment::Timestamp;
use chart::urge::BY_HAND;
use chrono::NaiveDate;
use runtime::Runtime;
use store::rows::{NoticeRow, OutboxRow};
use store::{outbox, timers};
use tracing::error;

use super::facts::Facts;
use super::letter::Letter;
use super::{LettersError, NOBODY};

/// How long rungs wait for the other timers of their moment, in milliseconds.
pub const GATHER_MAX_MS: i64 = 5 * 60 * 1_000;
/// Who is told in place of a role that nobody holds, the first that somebody holds.
pub const IN_PLACE: [&str; 2] = ["coordinator", "administrator"];
/// How many letters of a day are read at a time.
const PAGE: i64 = 200;

/// The local day at one moment.
#[derive(Debug)]
pub(crate) struct Day {
    pub(crate) now: Timestamp,
    pub(crate) today: NaiveDate,
    pub(crate) morning: Timestamp,
    pub(crate) calendar: Arc<Calendar>,
    /// Whether no timer is due any more.
    settled: bool,
}

/// When a notice is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum When {
    /// At once.
    Now,
    /// With the morning's letter.
    Morning,
}

impl Day {
    pub(crate) async fn read(runtime: &Runtime, now: Timestamp) -> Result<Self, LettersError> {
        let calendar = Arc::clone(runtime.library().calendar());
        let today = calendar.local_date(now);
        let morning = calendar.instant(today, Clock::DIGEST);
        let due = timers::next_due(runtime.store()).await?;
        let settled = due.is_none_or(|due_at_ms| due_at_ms > now.as_ms());
        Ok(Self { now, today, morning, calendar, settled })
    }

    /// The place of today's letters in the outbox.
    pub(crate) fn place(&self) -> String {
        format!("letters/{}", self.today)
    }

    /// When `notice` is told, if its time has come.
    pub(crate) fn when(&self, notice: &NoticeRow) -> Option<When> {
        let is_rung = !notice.rung.is_empty();
        let waited = self.now.as_ms().saturating_sub(notice.created_at_ms);
        if is_rung && !self.settled && waited < GATHER_MAX_MS {
            return None;
        }
        let due = notice.due_at_ms.map(|due| Timestamp(due).plus_ms(-1));
        let due_today = due.is_some_and(|due| self.calendar.local_date(due) == self.today);
        if notice.immediate || is_rung && (due_today || on_the_day(notice).is_some()) {
            return Some(When::Now);
        }
        // A rung that was late this morning is still the morning's.
        let in_time = is_rung || notice.created_at_ms <= self.morning.as_ms();
        (in_time && self.now >= self.morning).then_some(When::Morning)
    }
}

/// The hour of a rung on the due day.
fn on_the_day(notice: &NoticeRow) -> Option<Clock> {
    let offset: Offset = notice.rung.parse().ok()?;
    (offset.working_days == 0).then_some(offset.at)
}

/// What a person is told at most once a day: the item of a ladder, its evening rung apart; a step's
/// own letter is an item of its own.
fn key(notice: &NoticeRow) -> String {
    let NoticeRow { case_id, item, letter, revision, rung, .. } = notice;
    if rung.is_empty() {
        return format!("{case_id}:{letter}:{revision}:{item}");
    }
    match on_the_day(notice).filter(|at| *at != Clock::DIGEST) {
        Some(at) => format!("{case_id}:{item}:{at}"),
        None => format!("{case_id}:{item}"),
    }
}

/// A notice for one person.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) notice: Arc<NoticeRow>,
    pub(crate) key: String,
    pub(crate) when: When,
    /// Other notices that say the same to the same person.
    pub(crate) also: Vec<String>,
    /// Whether it comes in place of a role that nobody holds.
    pub(crate) in_place: bool,
}

/// What is to be told, by person, and what is told already.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    pub(crate) by_person: BTreeMap<String, Vec<Line>>,
    /// Notices that need no new letter, each with the letter that tells it, or [`NOBODY`].
    pub(crate) settled: BTreeMap<String, String>,
    /// Where among the lines of a person a key stands.
    places: HashMap<(String, String), usize>,
}

/// Today's letters: what each person was told in which, and who has had the morning's.
#[derive(Debug, Default)]
pub(crate) struct Told {
    items: BTreeMap<(String, String), String>,
    mornings: BTreeSet<String>,
}

impl Told {
    /// Adds a letter of the day.
    pub(crate) fn add(&mut self, day: &Day, row: &OutboxRow) {
        let Ok(letter) = serde_json::from_str::<Letter>(&row.body) else { return };
        if row.id == morning_id(&letter.person, day.today) {
            self.mornings.insert(letter.person.clone());
        }
        for item in letter.items {
            self.items.insert((letter.person.clone(), item), row.id.clone());
        }
    }
}

/// The id of the morning's letter to `person`.
pub(crate) fn morning_id(person: &str, today: NaiveDate) -> String {
    chart::canonical::uuid5("letter", &[format!("digest:{person}:{today}").into()])
}

/// Sorts out `notices`, none of which was `told`; `facts` are asked for holders and addresses.
pub(crate) async fn gather(
    runtime: &Runtime,
    day: &Day,
    told: &Told,
    notices: Vec<NoticeRow>,
    facts: &mut Facts<'_>,
) -> Result<Gathered, LettersError> {
    let mut gathered = Gathered::default();
    let mut due: Vec<(When, NoticeRow)> =
        notices.into_iter().filter_map(|notice| Some((day.when(&notice)?, notice))).collect();
    if due.is_empty() {
        return Ok(gathered);
    }
    // What is told at once is not told in the morning's letter as well; what a person says with a reminder is not
    // lost to a rung of the same day.
    due.sort_by_key(|(when, notice)| (*when, notice.rung != BY_HAND));
    for (when, notice) in due {
        let (persons, in_place) = addressees(runtime, day, &notice, facts).await?;
        if persons.is_empty() {
            error!(notice = notice.id, role = notice.role, "nobody can be told");
            gathered.settled.insert(notice.id, NOBODY.to_owned());
            continue;
        }
        // One letter a morning: what comes after it waits for the next.
        if when == When::Morning && persons.iter().any(|person| told.mornings.contains(person)) {
            continue;
        }
        let notice = Arc::new(notice);
        for person in persons {
            add(&mut gathered, told, person, &notice, when, in_place);
        }
    }
    Ok(gathered)
}

fn add(
    gathered: &mut Gathered,
    told: &Told,
    person: String,
    notice: &Arc<NoticeRow>,
    when: When,
    in_place: bool,
) {
    let of_person = (person, key(notice));
    if let Some(letter) = told.items.get(&of_person) {
        gathered.settled.insert(notice.id.clone(), letter.clone());
        return;
    }
    let lines = gathered.by_person.entry(of_person.0.clone()).or_default();
    match gathered.places.entry(of_person) {
        Entry::Occupied(place) => lines[*place.get()].also.push(notice.id.clone()),
        Entry::Vacant(place) => {
            let (key, notice) = (place.key().1.clone(), Arc::clone(notice));
            place.insert(lines.len());
            lines.push(Line { notice, key, when, also: Vec::new(), in_place });
        }
    }
}

/// The persons `notice` goes to, sorted; and whether they stand in for holders that are not there.
async fn addressees(
    runtime: &Runtime,
    day: &Day,
    notice: &NoticeRow,
    facts: &mut Facts<'_>,
) -> Result<(BTreeSet<String>, bool), LettersError> {
    for (attempt, role) in std::iter::once(notice.role.as_str()).chain(IN_PLACE).enumerate() {
        let mut persons = BTreeSet::new();
        for id in holders(runtime, day, role, notice, facts).await? {
            if facts.addressee(&id).await?.is_some() {
                persons.insert(id);
            }
        }
        if !persons.is_empty() {
            return Ok((persons, attempt > 0));
        }
    }
    Ok((BTreeSet::new(), true))
}

/// Who holds `role` on the case of `notice` at this moment: as the chart says, or by assignment.
pub(crate) async fn holders(
    runtime: &Runtime,
    day: &Day,
    role: &str,
    notice: &NoticeRow,
    facts: &mut Facts<'_>,
) -> Result<Vec<String>, LettersError> {
    let declared = facts.case(notice).await?.and_then(|case| case.declared(role));
    Ok(declared.unwrap_or_else(|| {
        let assignments = runtime.assignments();
        let held = assignments.holders(role, &notice.subject, &notice.case_id, day.now);
        held.into_iter().map(|one| one.holder.clone()).collect()
    }))
}

/// The letters of the day.
pub(crate) async fn told(runtime: &Runtime, day: &Day) -> Result<Told, LettersError> {
    let mut told = Told::default();
    let (place, mut after) = (day.place(), String::new());
    loop {
        let rows = outbox::list(runtime.store(), None, Some(&place), &after, PAGE).await?;
        let Some(last) = rows.last() else { return Ok(told) };
        after.clone_from(&last.row.id);
        for stored in &rows {
            told.add(day, &stored.row);
        }
    }
}
