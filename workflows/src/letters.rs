//! The letters: for each name and language a subject, a text and a page.
//!
//! They are templates of `minijinja`; the application fills them. What it must give is told in
//! `workflows/letters/README.md`, and `tests/letters.rs` fills every one.
//!
//! **Invariant:** whatever a chart or a ladder names is here in Vietnamese and in English.

use std::collections::BTreeSet;

use crate::{CHARTS, file, files};

/// The languages of the product, the first being the source.
pub const LANGUAGES: [&str; 2] = ["vi", "en"];

/// Letters that belong to no chart: what ladders and the application itself send.
pub const SHARED: [&str; 6] =
    ["reminder", "due_today", "overdue", "escalation", "digest", "dead_letter"];

/// The three templates of one letter in one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Letter {
    /// One line, without its end.
    pub subject: &'static str,
    /// The plain text.
    pub text: &'static str,
    /// The page, a whole HTML document.
    pub html: &'static str,
}

/// The letter `name` in `lang` (`vi` or `en`), looked for in each chart's folder and then among
/// the shared ones. Letters of one name are equal wherever they stand.
pub fn letter(name: &str, lang: &str) -> Option<Letter> {
    CHARTS
        .iter()
        .map(|chart| format!("{chart}/letters/{name}/{lang}"))
        .chain([format!("letters/{name}/{lang}")])
        .find_map(|folder| {
            Some(Letter {
                subject: file(&format!("{folder}/subject.txt"))?.trim_end(),
                text: file(&format!("{folder}/body.txt"))?,
                html: file(&format!("{folder}/body.html"))?,
            })
        })
}

/// The names of the letters that the chart `name` may send: its own and the shared ones.
pub fn names(name: &str) -> BTreeSet<String> {
    let own = format!("{name}/letters/");
    let is_ours = |path: &String| path.starts_with(&own) || path.starts_with("letters/");
    let folder = |path: String| Some(path.split_once("letters/")?.1.split('/').next()?.to_owned());
    files().into_keys().filter(is_ours).filter_map(folder).collect()
}
