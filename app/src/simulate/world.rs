//! What the people of a simulation know of the platforms, from the cases as last seen.
//!
//! **Invariant:** it is filled from committed heads only, so a crash changes nothing in it.

use std::collections::BTreeMap;

use chart::data::Data;
use serde_json::Value;
use store::rows::Head;

/// A platform as everybody knows it.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Its case.
    pub case_id: String,
    /// Where each enterprise stands: `registering`, `core`, `ended`.
    pub participations: BTreeMap<String, String>,
    /// Whether the case is over.
    pub done: bool,
}

/// The platforms by subject.
#[derive(Debug, Clone, Default)]
pub struct World {
    platforms: BTreeMap<String, Known>,
}

impl World {
    /// Takes note of a platform's head and data.
    pub fn note(&mut self, head: &Head, data: &Data) {
        let participations = data["participations"].as_object().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let known = Known {
            case_id: head.case_id.clone(),
            participations: participations.map(|(id, at)| (id.clone(), text(at))).collect(),
            done: head.done,
        };
        self.platforms.insert(head.subject.clone(), known);
    }

    /// Whether the reporter of a report on `subject` has left the programme, or its platform has.
    pub fn is_gone(&self, subject: &str) -> bool {
        if let Some(known) = self.platforms.get(subject) {
            return known.done;
        }
        let Some((platform, enterprise)) = subject.rsplit_once('/') else { return false };
        let Some(known) = self.platforms.get(platform) else { return false };
        known.done || known.participations.get(enterprise).is_some_and(|at| at == "ended")
    }
}
