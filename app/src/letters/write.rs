//! One letter: which lines share it, which text it takes, what its lines say.
//!
//! **Invariant:** a morning's letter that says one thing is that thing's own letter; only a mixture
//! is a digest.

use std::collections::{BTreeMap, BTreeSet};

use chart::canonical;
use chart::definition::Text;
use chart::moment::Timestamp;
use runtime::Runtime;
use runtime::faults::LETTER as FAILURE;
use serde_json::Value;
use store::rows::{NoticeRow, OutboxRow};
use workflows::letters::SHARED;

use super::facts::{CaseFacts, Facts};
use super::gather::{Day, Line, When, holders, morning_id};
use super::letter::{Letter, NAME};
use super::render::{self, Item, Values};
use super::wording::{both, days_left, due_text, unheld};
use super::{Builder, LettersError};

/// The text of a letter that says several things.
const DIGEST: &str = "digest";
/// The text in which the administrator is told what failed.
const DEAD_LETTER: &str = "dead_letter";

/// Lines that share one letter to one person.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    pub(crate) lines: Vec<&'a Line>,
    when: When,
    /// The name of its texts.
    template: String,
}

/// Parts the lines of one person into letters: the morning's, and those that go at once by kind.
pub(crate) fn groups(lines: &[Line]) -> Vec<Group<'_>> {
    let mut groups: BTreeMap<(When, String), Vec<&Line>> = BTreeMap::new();
    for line in lines {
        let place = match line.when {
            When::Morning => String::new(),
            When::Now => kind(line),
        };
        groups.entry((line.when, place)).or_default().push(line);
    }
    groups.into_iter().map(|((when, _), lines)| group(when, lines)).collect()
}

fn group(when: When, mut lines: Vec<&Line>) -> Group<'_> {
    // The most urgent first; what has no term comes last.
    lines.sort_by_cached_key(|line| {
        let due = line.notice.due_at_ms.unwrap_or(i64::MAX);
        (due, line.notice.created_at_ms, line.notice.id.clone())
    });
    let kinds: BTreeSet<String> = lines.iter().map(|line| kind(line)).collect();
    let template = match (kinds.len(), lines.first()) {
        (1, Some(line)) if !line.in_place => text_of(&line.notice).to_owned(),
        _ => DIGEST.to_owned(),
    };
    Group { lines, when, template }
}

/// Lines of one kind can share a text: the ladder's by their letter, a step's letter stands alone.
fn kind(line: &Line) -> String {
    let NoticeRow { case_id, revision, .. } = &*line.notice;
    if line.in_place {
        return DIGEST.to_owned();
    }
    let text = text_of(&line.notice);
    if is_shared(text) { text.to_owned() } else { format!("{text} {case_id} {revision}") }
}

/// The name of a notice's texts: its letter, but the engine's word for a failure has a text here.
fn text_of(notice: &NoticeRow) -> &str {
    if notice.letter == FAILURE { DEAD_LETTER } else { &notice.letter }
}

fn is_shared(letter: &str) -> bool {
    SHARED.contains(&letter)
}

/// The letter of `group` to `person`, as it goes into the outbox.
pub(crate) async fn letter(
    builder: &Builder,
    runtime: &Runtime,
    day: &Day,
    person: &str,
    group: &Group<'_>,
    facts: &mut Facts<'_>,
) -> Result<OutboxRow, LettersError> {
    let (language, organisation) = match facts.addressee(person).await? {
        Some(row) => (row.language.clone(), row.organisation.clone()),
        None => (String::new(), String::new()),
    };
    let lang = if language == "en" { "en" } else { "vi" };
    let unit = if organisation.is_empty() {
        String::new()
    } else {
        facts.organisation(&organisation).get(lang).to_owned()
    };
    let mut pages = Vec::with_capacity(group.lines.len());
    for line in &group.lines {
        pages.push(page(builder, runtime, day, person, line, lang, facts).await?);
    }
    let mut values = match pages.first() {
        Some(first) => first.clone(),
        None => return Err(LettersError::Unknown { letter: DIGEST.into(), lang: lang.into() }),
    };
    values.unit_name.clone_from(&unit);
    values.items = items(&group.template, &group.lines, &pages, lang);
    let texts = render::letter(&group.template, lang, &values).or_else(|error| {
        tracing::error!(%error, "a letter is sent as a digest");
        values.items = items(DIGEST, &group.lines, &pages, lang);
        render::letter(DIGEST, lang, &values)
    })?;
    let letter = Letter {
        person: person.to_owned(),
        language: lang.to_owned(),
        letter: group.template.clone(),
        date: day.today.to_string(),
        at_ms: day.now.as_ms(),
        items: group.lines.iter().map(|line| line.key.clone()).collect(),
        subject: texts.subject,
        text: texts.text,
        html: texts.html,
    };
    Ok(letter.into_row(id(person, day, group), day.place()))
}

/// The id of a letter: of the person and the day for the morning's, of what it tells for others.
fn id(person: &str, day: &Day, group: &Group<'_>) -> String {
    match group.when {
        When::Morning => morning_id(person, day.today),
        When::Now => {
            let notices = group.lines.iter().map(|line| Value::from(line.notice.id.as_str()));
            let parts: Vec<Value> = std::iter::once(Value::from(person)).chain(notices).collect();
            canonical::uuid5("letter", &parts)
        }
    }
}

/// The lines as `template` shows them: in a digest a step's letter is shown by its subject.
fn items(template: &str, lines: &[&Line], pages: &[Values], lang: &str) -> Vec<Item> {
    let shown = lines.iter().zip(pages).map(|(line, page)| {
        let mut items = page.items.clone();
        if template == DIGEST && !is_shared(text_of(&line.notice)) {
            for item in &mut items {
                if let Ok(texts) = render::letter(&line.notice.letter, lang, page) {
                    item.title = texts.subject;
                    item.platform.clear();
                }
            }
        }
        items
    });
    shown.flatten().collect()
}

/// What the letter of one line alone would be filled with.
async fn page(
    builder: &Builder,
    runtime: &Runtime,
    day: &Day,
    person: &str,
    line: &Line,
    lang: &str,
    facts: &mut Facts<'_>,
) -> Result<Values, LettersError> {
    let notice = &line.notice;
    let case = facts.case(notice).await?;
    let link = builder.link(&notice.case_id);
    let mut item = Item { link: link.clone(), ..Item::default() };
    let platform = facts.platform(&notice.subject).map(|name| name.get(lang).to_owned());
    item.platform = platform.unwrap_or_default();
    let mut due = notice.due_at_ms;
    let (mut title, mut late) = (both(&notice.item, &notice.item), false);
    if let Some(case) = &case {
        item.title = case.item_title(&notice.item).get(lang).to_owned();
        item.action = case.action(&notice.item).unwrap_or_default().get(lang).to_owned();
        due = due.or_else(|| case.owed(&notice.item).find_map(|task| task.due_at_ms));
        title = facts.case_title(case);
        late = case.data["late"].as_bool() == Some(true);
        item.holder = holder(runtime, day, person, line, case, facts).await?.get(lang).to_owned();
    }
    let data: Value = serde_json::from_str(&notice.data).unwrap_or_default();
    if is_shared(&notice.letter) {
        let text = |name: &str| data[name].as_str().filter(|text| !text.is_empty());
        text("note").unwrap_or_default().clone_into(&mut item.note);
        item.by = text("unit")
            .map(|unit| facts.organisation(unit).get(lang).to_owned())
            .unwrap_or_default();
    }
    if notice.letter == FAILURE {
        let why = data["error"].as_str().unwrap_or_default();
        item.title = format!("{} ({}): {why}", title.get(lang), notice.item);
    }
    if let Some(due) = due.map(Timestamp) {
        item.due_text = due_text(due, &day.calendar, lang);
        item.days_left = days_left(due, day.today, &day.calendar, lang);
    }
    Ok(Values {
        person_name: NAME.to_string(),
        unit_name: String::new(),
        items: vec![item],
        case_title: title.get(lang).to_owned(),
        link,
        late,
        data: if data.is_object() { data } else { Value::Object(serde_json::Map::new()) },
    })
}

/// Who owes what a line is about, by organisation, unless it is the reader; or that nobody holds the
/// role the line was meant for.
async fn holder(
    runtime: &Runtime,
    day: &Day,
    person: &str,
    line: &Line,
    case: &CaseFacts,
    facts: &mut Facts<'_>,
) -> Result<Text, LettersError> {
    if line.in_place {
        return Ok(unheld(&case.role_title(&line.notice.role)));
    }
    let roles: BTreeSet<&str> =
        case.owed(&line.notice.item).map(|task| task.role.as_str()).collect();
    let mut units: Vec<Text> = Vec::new();
    for role in roles {
        let persons = holders(runtime, day, role, &line.notice, facts).await?;
        if persons.iter().any(|holder| holder == person) {
            return Ok(Text::default());
        }
        let assignments = runtime.assignments();
        let notice = &line.notice;
        for held in assignments.holders(role, &notice.subject, &notice.case_id, day.now) {
            let unit = facts.organisation(&held.organisation);
            if !units.contains(&unit) {
                units.push(unit);
            }
        }
    }
    let joined = |lang: &str| {
        let names: Vec<&str> = units.iter().map(|unit| unit.get(lang)).collect();
        names.join(", ")
    };
    Ok(both(&joined("vi"), &joined("en")))
}
