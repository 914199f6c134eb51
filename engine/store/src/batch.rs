//! A batch as the databases read it: one JSON document per table, `{"0": row, "1": row, …}`.
//!
//! An object and not an array, because `jsonb_each` takes the same text on both databases; the keys
//! keep the order of the rows. The documents inside a row travel as JSON *strings*, so their bytes
//! arrive as they were hashed.
//!
//! **Invariant:** a document holds no NUL character, which PostgreSQL could not keep.

use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use crate::rows::{Head, Write};

/// A batch as PostgreSQL reads it: a document for each parameter of its statement, $1 to $12.
#[derive(Debug)]
pub(crate) struct Documents(pub(crate) [Box<RawValue>; 12]);

impl Documents {
    /// The parameters that most commands have no rows for; `SQLite` reads these as documents too.
    pub(crate) const SELDOM: [&str; 5] = ["7", "8", "9", "10", "12"];

    /// The documents of `writes`; an error if a string of theirs holds NUL.
    pub(crate) fn of(writes: &[Write]) -> Result<Self, sqlx::Error> {
        let rows = writes.iter();
        let [outbox, notices, inbox, inbox_drop, personal] = Self::seldom(writes)?;
        Ok(Self([
            document(rows.clone().map(Guarded::of))?,
            document(rows.clone().flat_map(|write| &write.entries))?,
            document(rows.clone().flat_map(|write| &write.tasks_put))?,
            document(rows.clone().flat_map(|write| {
                write.tasks_drop.iter().map(|(state, generation, element)| TaskKey {
                    case_id: &write.case_id,
                    state,
                    generation: *generation,
                    element,
                })
            }))?,
            document(rows.clone().flat_map(|write| &write.timers_put))?,
            document(rows.clone().flat_map(|write| {
                write.timers_drop.iter().map(|(name, generation)| TimerKey {
                    case_id: &write.case_id,
                    name,
                    generation: *generation,
                })
            }))?,
            outbox,
            notices,
            inbox,
            inbox_drop,
            document(rows.clone().filter_map(|write| write.receipt.as_ref()))?,
            personal,
        ]))
    }

    /// Those of [`Documents::SELDOM`].
    pub(crate) fn seldom(writes: &[Write]) -> Result<[Box<RawValue>; 5], sqlx::Error> {
        let rows = writes.iter();
        Ok([
            document(rows.clone().flat_map(|write| &write.outbox))?,
            document(rows.clone().flat_map(|write| &write.notices))?,
            document(rows.clone().flat_map(|write| {
                write.inbox.iter().map(|row| Sent { case_id: &write.case_id, row })
            }))?,
            document(rows.clone().flat_map(|write| {
                write.inbox_drop.iter().map(|(sender, revision, ordinal)| InboxKey {
                    case_id: &write.case_id,
                    sender,
                    revision: *revision,
                    ordinal: *ordinal,
                })
            }))?,
            document(rows.flat_map(|write| &write.personal))?,
        ])
    }
}

/// A head and the revision it may replace.
#[derive(Serialize)]
struct Guarded<'a> {
    expected: i64,
    #[serde(flatten)]
    head: &'a Head,
}

impl<'a> Guarded<'a> {
    fn of(write: &'a Write) -> Self {
        Self { expected: write.expected_revision, head: &write.head }
    }
}

#[derive(Serialize)]
struct TaskKey<'a> {
    case_id: &'a str,
    state: &'a str,
    generation: i64,
    element: &'a str,
}

#[derive(Serialize)]
struct TimerKey<'a> {
    case_id: &'a str,
    name: &'a str,
    generation: i64,
}

#[derive(Serialize)]
struct InboxKey<'a> {
    case_id: &'a str,
    sender: &'a str,
    revision: i64,
    ordinal: i64,
}

/// A message, and the case in whose commit it is written.
#[derive(Serialize)]
struct Sent<'a, T> {
    case_id: &'a str,
    #[serde(flatten)]
    row: &'a T,
}

/// `rows` as one document with the keys 0, 1, 2 ….
pub(crate) fn document<T: Serialize>(
    rows: impl Iterator<Item = T> + Clone,
) -> Result<Box<RawValue>, sqlx::Error> {
    let document =
        to_raw_value(&Numbered(rows)).map_err(|error| sqlx::Error::Encode(error.into()))?;
    if escapes_nul(document.get()) {
        return Err(holds_nul());
    }
    Ok(document)
}

/// Why a row is refused that PostgreSQL could not keep.
pub(crate) fn holds_nul() -> sqlx::Error {
    sqlx::Error::Encode("a text of this row holds the character NUL".into())
}

/// The document of rows that are an id each.
pub(crate) fn ids<S: AsRef<str>>(ids: &[S]) -> Result<Box<RawValue>, sqlx::Error> {
    #[derive(Serialize)]
    struct Id<'a> {
        id: &'a str,
    }
    document(ids.iter().map(|id| Id { id: id.as_ref() }))
}

struct Numbered<I>(I);

impl<T: Serialize, I: Iterator<Item = T> + Clone> Serialize for Numbered<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.clone().enumerate())
    }
}

/// Whether a JSON text escapes NUL: `\u0000` after an even number of backslashes.
fn escapes_nul(text: &str) -> bool {
    text.match_indices("\\u0000").any(|(at, _)| {
        let before = text[..at].bytes().rev().take_while(|byte| *byte == b'\\').count();
        before % 2 == 0
    })
}

#[cfg(test)]
mod tests {
    use super::document;

    #[test]
    fn rows_keep_their_order_and_texts_their_bytes() {
        let document = document(["b", "a\"\\u0000"].iter()).unwrap();
        assert_eq!(document.get(), r#"{"0":"b","1":"a\"\\u0000"}"#);
    }

    #[test]
    fn nul_is_refused_and_its_spelling_is_not() {
        for (text, refused) in [("a\0b", true), ("\\\0", true), ("\\u0000", false), ("0000", false)]
        {
            assert_eq!(document([text].iter()).is_err(), refused, "{text:?}");
        }
    }
}
