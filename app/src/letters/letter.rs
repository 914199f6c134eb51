//! A letter as it lies in the outbox: everything a second attempt needs to be the same bytes.
//!
//! **Invariant:** no name and no address of a person is in it; [`NAME`] stands for the name.

use chart::canonical;
use serde::{Deserialize, Serialize};
use store::rows::OutboxRow;
use unicode_normalization::UnicodeNormalization as _;

/// Stands for the person's name until the letter leaves; no text may hold it otherwise.
pub const NAME: char = '\u{E000}';

/// The body of an outbox row of the kind `letter`, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// The person it goes to, by id.
    pub person: String,
    /// `vi` or `en`.
    pub language: String,
    /// The name of its texts, such as `reminder`.
    pub letter: String,
    /// The local date it was built on, `2022-11-25`.
    pub date: String,
    /// The moment it was built: its `Date`.
    pub at_ms: i64,
    /// What it tells; nobody is told the same again that day.
    pub items: Vec<String>,
    /// One line, NFC.
    pub subject: String,
    /// The plain text, NFC.
    pub text: String,
    /// The page, NFC.
    pub html: String,
}

impl Letter {
    /// The letter as a row of the outbox, due at once, among the letters of its day.
    pub(crate) fn into_row(self, id: String, place: String) -> OutboxRow {
        let body = serde_json::to_value(&self).expect("a letter is made of texts and numbers");
        OutboxRow {
            id,
            case_id: place,
            revision: 0,
            ordinal: 0,
            kind: "letter".to_owned(),
            body: canonical::to_string(&body),
            due_at_ms: self.at_ms,
        }
    }

    /// The plain text to somebody of this name.
    pub fn text_for(&self, name: &str) -> String {
        self.text.replace(NAME, &nfc(name))
    }

    /// The page to somebody of this name, which is escaped.
    pub fn html_for(&self, name: &str) -> String {
        let escaped: String = nfc(name).chars().map(escape).collect();
        self.html.replace(NAME, &escaped)
    }
}

fn escape(letter: char) -> String {
    match letter {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        '\'' => "&#x27;".to_owned(),
        other => other.to_string(),
    }
}

/// The text in NFC, as every letter is written.
pub fn nfc(text: &str) -> String {
    text.nfc().collect()
}

/// A text from outside: NFC, without [`NAME`].
pub(crate) fn clean(text: &str) -> String {
    text.nfc().filter(|&letter| letter != NAME).collect()
}
