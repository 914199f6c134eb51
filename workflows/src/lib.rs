//! What this product ships: the procedure of Decision 186 as charts, with their schemas, letters,
//! schedules and scenarios.
//!
//! Everything is data in the folders beside `src/`; the code here only hands the texts over. They
//! are embedded by `build.rs`, which walks the folders, so a new file is shipped by being there.
//!
//! **Invariant:** nothing here decides what a case does; that is in the charts.

use std::collections::BTreeMap;

mod texts {
    include!(concat!(env!("OUT_DIR"), "/texts.rs"));
}

/// Every text this product ships by its path, such as `report/chart.yaml`.
pub fn files() -> BTreeMap<String, String> {
    texts::TEXTS.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

/// One text by its path, if it is shipped.
pub fn file(path: &str) -> Option<&'static str> {
    let at = texts::TEXTS.binary_search_by(|(one, _)| (*one).cmp(path)).ok()?;
    Some(texts::TEXTS[at].1)
}
