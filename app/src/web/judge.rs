//! What becomes of a task that somebody wants to remind of: who is told, when they were told last, and whether the
//! chart lets this person.
//!
//! Whoever may send is decided in the step (`chart::urge`); here the same is asked beforehand, so that a page can say
//! it, and again when a batch runs, for what was owed a minute ago may be done.

use std::collections::BTreeMap;
use std::sync::Arc;

use chart::calendar::Calendar;
use chart::event::Actor;
use chart::moment::Timestamp;
use chart::snapshot::Snapshot;
use chart::urge::urgers;
use chart::waiting;
use runtime::ActorRef;
use serde_json::Value;
use store::batches::{self, Told};
use store::rows::{Head, TaskRow};
use store::{cases, tasks};

use super::Site;
use super::trouble::Trouble;
use crate::cli::Lang;
use crate::facts::{CaseFacts, role_title};
use crate::letters::wording::unheld;

/// Whom word goes to above a unit, the first that the chart knows and somebody holds.
const ABOVE: [&str; 2] = ["leader_in_charge", "ministry_leadership"];

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Whoever owes is reminded.
    Remind,
    /// The leaders are told.
    Escalate,
}

impl Kind {
    pub(super) fn of(text: &str) -> Self {
        if text == "escalate" { Self::Escalate } else { Self::Remind }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Remind => "remind",
            Self::Escalate => "escalate",
        }
    }

    pub(super) fn title(self, lang: Lang) -> &'static str {
        match self {
            Self::Remind => lang.pick("Nhắc việc", "Reminders"),
            Self::Escalate => lang.pick("Báo cáo lãnh đạo", "Word to the leaders"),
        }
    }

    /// What a button does to so many.
    pub(super) fn button(self, count: usize, lang: Lang) -> String {
        match (self, lang) {
            (Self::Remind, Lang::Vi) => format!("Gửi {count} lời nhắc"),
            (Self::Remind, Lang::En) => {
                format!("Send {count} reminder{}", if count == 1 { "" } else { "s" })
            }
            (Self::Escalate, Lang::Vi) => format!("Báo cáo lãnh đạo {count} việc"),
            (Self::Escalate, Lang::En) => {
                format!("Tell the leaders of {count} task{}", if count == 1 { "" } else { "s" })
            }
        }
    }
}

/// A task by its key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ref {
    pub(super) case_id: String,
    pub(super) state: String,
    pub(super) generation: i64,
    pub(super) element: String,
}

impl Ref {
    pub(super) fn of(task: &TaskRow) -> Self {
        let TaskRow { case_id, state, generation, element, .. } = task.clone();
        Self { case_id, state, generation, element }
    }

    /// As a form sends it; neither ids of cases nor of states hold a slash.
    pub(super) fn text(&self) -> String {
        format!("{}/{}/{}/{}", self.case_id, self.state, self.generation, self.element)
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, '/').map(str::to_owned);
        let (case_id, state) = (parts.next()?, parts.next()?);
        let generation = parts.next()?.parse().ok()?;
        Some(Self { case_id, state, generation, element: parts.next()? })
    }
}

/// What becomes of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is sent.
    Send,
    /// They were told today.
    Today,
    /// Nobody holds the role.
    Nobody,
    /// The chart leaves it to others.
    NotYours(Vec<String>),
    /// It is not owed any more, or cannot be read.
    Gone,
}

/// One task that was chosen.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) key: Ref,
    pub(super) task: Option<TaskRow>,
    pub(super) case: Option<Arc<CaseFacts>>,
    /// The role that is told.
    pub(super) told: String,
    /// Who holds it, by id.
    pub(super) persons: Vec<String>,
    /// When they were told last of what falls due, and how often.
    pub(super) last: Option<(i64, usize)>,
    pub(super) verdict: Verdict,
}

/// Judges each of `keys` for `person`; what `batch` itself has sent already does not stand in its way.
pub(super) async fn judge(
    site: &Site,
    person: &str,
    kind: Kind,
    keys: &[(Ref, bool)],
    batch: &str,
) -> Result<Vec<Judged>, Trouble> {
    let mut ids: Vec<String> = keys.iter().map(|(key, _)| key.case_id.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    let rows = tasks::of_cases(site.store(), &ids).await?;
    let (heads, _) = cases::heads_and_receipts(site.store(), &ids, &[]).await?;
    let heads: BTreeMap<String, Head> =
        heads.into_iter().map(|head| (head.case_id.clone(), head)).collect();
    let told = batches::told(site.store(), &ids, 0).await?;
    let own = |one: &Told| {
        let data: Value = serde_json::from_str(&one.data).unwrap_or_default();
        !batch.is_empty() && data["batch"] == batch
    };
    let told: Vec<Told> = told.into_iter().filter(|one| !own(one)).collect();
    Ok(keys
        .iter()
        .map(|(key, force)| {
            let task = rows.iter().find(|task| Ref::of(task) == *key).cloned();
            judge_one(site, person, kind, (key, *force), task, heads.get(&key.case_id), &told)
        })
        .collect())
}

fn judge_one(
    site: &Site,
    person: &str,
    kind: Kind,
    (key, force): (&Ref, bool),
    task: Option<TaskRow>,
    head: Option<&Head>,
    told: &[Told],
) -> Judged {
    let library = site.runtime.library();
    let case = head.and_then(|head| CaseFacts::of(head, &library)).map(Arc::new);
    let (told_role, persons, last) = (String::new(), Vec::new(), None);
    let gone = Judged {
        key: key.clone(),
        task: task.clone(),
        case: case.clone(),
        told: told_role,
        persons,
        last,
        verdict: Verdict::Gone,
    };
    let (Some(task), Some(head), Some(facts)) = (task, head, case) else { return gone };
    let Some((snapshot, owed)) = owed(&facts, head, key) else { return gone };
    let (assignments, now) = (site.runtime.assignments(), site.now());
    let holders = |role: &str| -> Vec<String> {
        facts.declared(role).unwrap_or_else(|| {
            let held = assignments.holders(role, &head.subject, &head.case_id, now);
            held.into_iter().map(|one| one.holder.clone()).collect()
        })
    };
    let above = || {
        let known = ABOVE.iter().filter(|role| facts.chart.roles.contains_key(**role));
        let mut known = known.filter(|role| **role != task.role);
        let first = known.clone().find(|role| !holders(role).is_empty()).or_else(|| known.next());
        first.map_or_else(|| ABOVE[0].to_owned(), |role| (*role).to_owned())
    };
    let told_role = if kind == Kind::Remind { task.role.clone() } else { above() };
    let persons = holders(&told_role);
    let who = ActorRef::person(person);
    let actor = assignments.resolve(&who, &head.subject, &head.case_id, now).unwrap_or_default();
    let may = urgers(&facts.chart, &snapshot, &owed);
    let same: Vec<&Told> =
        told.iter().filter(|one| is_about(&facts, &task, one) && one.role == told_role).collect();
    let last = same.last().map(|one| (one.created_at_ms, same.len()));
    let today = library.calendar().local_date(now).to_string();
    let is_today = same.iter().any(|one| told_on(one, library.calendar()) == today);
    let verdict = if !may.iter().any(|role| holds(&actor, &facts, role)) {
        Verdict::NotYours(may.into_iter().map(str::to_owned).collect())
    } else if persons.is_empty() {
        Verdict::Nobody
    } else if !force && is_today {
        Verdict::Today
    } else {
        Verdict::Send
    };
    Judged { told: told_role, persons, last, verdict, ..gone }
}

/// The case as it stands, and the task in it.
fn owed(facts: &CaseFacts, head: &Head, key: &Ref) -> Option<(Snapshot, waiting::Task)> {
    let value: Value = serde_json::from_str(&head.snapshot).ok()?;
    let snapshot = Snapshot::from_value(&facts.chart, &value).ok()?;
    let mut all = waiting::tasks(&facts.chart, &snapshot).into_iter();
    let task = all.find(|task| {
        task.state == key.state
            && i64::from(task.generation) == key.generation
            && task.element == key.element
    })?;
    Some((snapshot, task))
}

fn holds(actor: &Actor, facts: &CaseFacts, role: &str) -> bool {
    actor.roles.iter().any(|held| held == role)
        || facts.roles_declared_for(&actor.id).contains(&role)
}

/// The local day on which somebody was told: that of the letter, or of the notice while there is none.
fn told_on(told: &Told, calendar: &Calendar) -> String {
    let place = told.place.as_deref().and_then(|place| place.strip_prefix("letters/"));
    let written = || calendar.local_date(Timestamp(told.created_at_ms)).to_string();
    place.map_or_else(written, str::to_owned)
}

/// Whether `told` was about what `task` is under, and since it is owed.
fn is_about(facts: &CaseFacts, task: &TaskRow, told: &Told) -> bool {
    let chart = &facts.chart;
    let (Some(state), Some(item)) = (chart.find(&task.state), chart.find(&told.item)) else {
        return false;
    };
    told.case_id == task.case_id
        && told.created_at_ms >= task.opened_at_ms
        && (state == item || chart.is_descendant(state, item))
}

/// Why an item is not sent, in words.
pub(super) fn why(site: &Site, verdict: &Verdict, told: &str, lang: Lang) -> String {
    let title = |role: &str| role_title(&site.runtime.library(), role);
    match verdict {
        Verdict::Send => String::new(),
        Verdict::Today => lang.pick("Đã nhắc hôm nay.", "Told today already.").to_owned(),
        Verdict::Gone => lang
            .pick(
                "Không còn nợ việc này: đã xong hoặc đã đổi.",
                "Not owed any more: done or changed.",
            )
            .to_owned(),
        Verdict::Nobody => format!(
            "{}; {}",
            unheld(&title(told)).get(lang.code()),
            lang.pick("hãy báo quản trị để phân công.", "tell the administrator to assign it.")
        ),
        Verdict::NotYours(roles) if roles.is_empty() => lang
            .pick(
                "Quy trình không có người nhắc việc này.",
                "The procedure has nobody remind of this.",
            )
            .to_owned(),
        Verdict::NotYours(roles) => {
            let titles: Vec<String> =
                roles.iter().map(|role| title(role).get(lang.code()).to_owned()).collect();
            let may =
                lang.pick("Quy trình giao việc nhắc này cho: ", "The procedure leaves this to: ");
            format!("{may}{}.", titles.join(", "))
        }
    }
}

/// For the board: when each of `listed` was told last.
pub(super) async fn told_of(
    site: &Site,
    listed: &[(TaskRow, Arc<CaseFacts>)],
) -> Result<BTreeMap<Ref, (i64, usize)>, Trouble> {
    let ids: Vec<String> = listed.iter().map(|(task, _)| task.case_id.clone()).collect();
    let told = batches::told(site.store(), &ids, 0).await?;
    let mut out = BTreeMap::new();
    for (task, case) in listed {
        let same = told.iter().filter(|one| one.role == task.role && is_about(case, task, one));
        let moments: Vec<i64> = same.map(|one| one.created_at_ms).collect();
        if let Some(last) = moments.last() {
            out.insert(Ref::of(task), (*last, moments.len()));
        }
    }
    Ok(out)
}
