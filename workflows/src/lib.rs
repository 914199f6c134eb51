//! What this product ships: the procedure of Decision 186 as charts, with their schemas, letters,
//! schedules and scenarios.
//!
//! Everything is data in the folders beside `src/`; the code here only hands the texts over. They
//! are embedded by `build.rs`, which walks the folders, so a new file is shipped by being there.
//!
//! Reading order: [`files`] and [`all`], then [`letters`], [`schedules`], [`scenario`].
//!
//! **Invariant:** nothing here decides what a case does; that is in the charts.

use std::collections::BTreeMap;

use chart::load::{Loaded, load};

pub mod calendars;
pub mod letters;
pub mod scenario;
pub mod schedules;

mod texts {
    include!(concat!(env!("OUT_DIR"), "/texts.rs"));
}

/// The charts of the procedure, in the order a reader should meet them.
pub const CHARTS: [&str; 5] = ["platform", "participation", "plan", "evaluation", "report"];

/// Every text this product ships by its path, such as `report/chart.yaml`.
pub fn files() -> BTreeMap<String, String> {
    texts::TEXTS.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

/// One text by its path, if it is shipped.
pub fn file(path: &str) -> Option<&'static str> {
    let at = texts::TEXTS.binary_search_by(|(one, _)| (*one).cmp(path)).ok()?;
    Some(texts::TEXTS[at].1)
}

/// Every chart of [`CHARTS`] as its reader sees it, problems included; each is fit to run when it
/// has a `chart`.
pub fn all() -> Vec<Loaded> {
    let files = files();
    CHARTS.iter().map(|name| load(&files, &format!("{name}/chart.yaml"))).collect()
}
