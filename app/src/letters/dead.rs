//! What could not be delivered is told to the administrator, once a morning.
//!
//! The moment up to which it was told is kept in the database, so nothing is passed over while no
//! process runs, and nothing is told twice.
//!
//! **Invariant:** a letter is queued before the moment moves on; after a crash in between, the
//! letter has its id already.

use chart::canonical;
use runtime::Runtime;
use serde_json::{Map, Value};
use store::rows::{OutboxRow, StoredOutbox};
use store::{meta, notices, outbox};

use super::facts::Facts;
use super::gather::{Day, IN_PLACE};
use super::letter::{Letter, NAME};
use super::render::{self, Item, Values};
use super::wording::both;
use super::{Builder, LettersError};

/// The name of its texts.
const DEAD_LETTER: &str = "dead_letter";
/// Where the database keeps the moment up to which dead effects were told.
const MARK: &str = "letters:dead";
/// How many effects are read at a time.
const PAGE: i64 = 500;

/// Queues the letters about effects that were given up before this morning; how many.
pub(crate) async fn report(
    builder: &Builder,
    runtime: &Runtime,
    day: &Day,
    facts: &mut Facts<'_>,
) -> Result<usize, LettersError> {
    let (store, until_ms) = (runtime.store(), day.morning.as_ms());
    let mark = meta::find(store, MARK).await?;
    let mark: i64 = mark.and_then(|text| text.parse().ok()).unwrap_or(i64::MIN);
    if mark >= until_ms {
        return Ok(0);
    }
    let dead = dead_between(runtime, mark, until_ms).await?;
    let mut letters = Vec::new();
    if !dead.is_empty() {
        for person in administrators(runtime, day, facts).await? {
            letters.push(letter(builder, day, &person, &dead, facts).await?);
        }
    }
    notices::build(store, &[], &letters).await?;
    meta::set(store, MARK, &until_ms.to_string()).await?;
    Ok(letters.len())
}

/// The effects that were given up at `from_ms` or later, but before `until_ms`.
async fn dead_between(
    runtime: &Runtime,
    from_ms: i64,
    until_ms: i64,
) -> Result<Vec<StoredOutbox>, LettersError> {
    let (mut dead, mut after) = (Vec::new(), String::new());
    loop {
        let rows = outbox::list(runtime.store(), Some("dead"), None, &after, PAGE).await?;
        let Some(last) = rows.last() else { return Ok(dead) };
        after.clone_from(&last.row.id);
        let ended = |stored: &StoredOutbox| stored.done_at_ms.unwrap_or(i64::MIN);
        dead.extend(rows.into_iter().filter(|one| (from_ms..until_ms).contains(&ended(one))));
    }
}

/// The administrators, or the coordinators where there are none.
async fn administrators(
    runtime: &Runtime,
    day: &Day,
    facts: &mut Facts<'_>,
) -> Result<Vec<String>, LettersError> {
    let assignments = runtime.assignments();
    for role in IN_PLACE.iter().rev() {
        let mut persons = Vec::new();
        for held in assignments.holders(role, "ministry", "", day.now) {
            if facts.addressee(&held.holder).await?.is_some() {
                persons.push(held.holder.clone());
            }
        }
        if !persons.is_empty() {
            return Ok(persons);
        }
    }
    Ok(Vec::new())
}

async fn letter(
    builder: &Builder,
    day: &Day,
    person: &str,
    dead: &[StoredOutbox],
    facts: &mut Facts<'_>,
) -> Result<OutboxRow, LettersError> {
    let language = facts.addressee(person).await?.map(|row| row.language.clone());
    let lang = if language.as_deref() == Some("en") { "en" } else { "vi" };
    let values = Values {
        person_name: NAME.to_string(),
        unit_name: String::new(),
        items: dead.iter().map(|stored| item(builder, stored, lang)).collect(),
        case_title: String::new(),
        link: builder.url.clone(),
        late: false,
        data: Value::Object(Map::new()),
    };
    let texts = render::letter(DEAD_LETTER, lang, &values)?;
    let letter = Letter {
        person: person.to_owned(),
        language: lang.to_owned(),
        letter: DEAD_LETTER.to_owned(),
        date: day.today.to_string(),
        at_ms: day.now.as_ms(),
        items: dead.iter().map(|stored| format!("dead:{}", stored.row.id)).collect(),
        subject: texts.subject,
        text: texts.text,
        html: texts.html,
    };
    let id = format!("dead:{person}:{}", day.today);
    Ok(letter.into_row(canonical::uuid5("letter", &[id.into()]), day.place()))
}

/// What was given up and why.
fn item(builder: &Builder, stored: &StoredOutbox, lang: &str) -> Item {
    let body: Value = serde_json::from_str(&stored.row.body).unwrap_or_default();
    let what = match stored.row.kind.as_str() {
        "letter" => {
            let subject = body["subject"].as_str().unwrap_or_default();
            both(&format!("Thư “{subject}”"), &format!("Letter “{subject}”"))
        }
        "document" => {
            let name = body["document"].as_str().unwrap_or_default();
            both(&format!("Văn bản “{name}”"), &format!("Document “{name}”"))
        }
        other => both(other, other),
    };
    let why = stored.error.as_deref().unwrap_or_default();
    Item {
        title: format!("{}: {why}", what.get(lang)),
        link: format!("{}/outbox/{}", builder.url, stored.row.id),
        ..Item::default()
    }
}
