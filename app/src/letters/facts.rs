//! What a letter says about a case: its title, its platform, what is owed, who owes it.
//!
//! Everything is read from the database when the letter is built; names of platforms and
//! organisations are kept for the day, everything else for one building.
//!
//! **Invariant:** no name of a person is a fact.

use std::collections::BTreeMap;
use std::sync::Arc;

use chart::definition::Text;
use runtime::Runtime;
use serde_json::Value;
use store::people::{self, PersonRow};
use store::rows::NoticeRow;
use store::{cases, tasks};

use super::LettersError;
pub(crate) use crate::facts::{CaseFacts, Names, names};

/// The facts of one building, each read once.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    runtime: &'a Runtime,
    names: Arc<Names>,
    cases: BTreeMap<String, Option<Arc<CaseFacts>>>,
    persons: BTreeMap<String, Option<PersonRow>>,
}

impl<'a> Facts<'a> {
    pub(crate) fn new(runtime: &'a Runtime, names: Arc<Names>) -> Self {
        Self { runtime, names, cases: BTreeMap::new(), persons: BTreeMap::new() }
    }

    /// The case of `notice`; `None` where it is gone or its chart cannot be loaded.
    pub(crate) async fn case(
        &mut self,
        notice: &NoticeRow,
    ) -> Result<Option<Arc<CaseFacts>>, LettersError> {
        if let Some(known) = self.cases.get(&notice.case_id) {
            return Ok(known.clone());
        }
        let store = self.runtime.store();
        let head = cases::find(store, &notice.case_id).await?;
        let mut facts = None;
        if let Some(head) = head
            && let Ok(chart) = self.runtime.library().chart(&head.chart_sha)
        {
            let snapshot: Value = serde_json::from_str(&head.snapshot).unwrap_or_default();
            facts = Some(Arc::new(CaseFacts {
                chart: Arc::clone(chart),
                subject: head.subject,
                data: snapshot["data"].clone().into(),
                tasks: tasks::of_case(store, &notice.case_id).await?,
            }));
        }
        self.cases.insert(notice.case_id.clone(), facts.clone());
        Ok(facts)
    }

    /// The person, unless nobody can be written to under that id.
    pub(crate) async fn addressee(&mut self, id: &str) -> Result<Option<&PersonRow>, LettersError> {
        if !self.persons.contains_key(id) {
            let person = people::find_person(self.runtime.store(), id).await?;
            let person = person.filter(|one| !one.erased && !one.email.is_empty());
            self.persons.insert(id.to_owned(), person);
        }
        Ok(self.persons.get(id).and_then(Option::as_ref))
    }

    /// The name of an organisation; its id where it has none.
    pub(crate) fn organisation(&self, id: &str) -> Text {
        self.names.organisation(id)
    }

    /// The platform a subject belongs to, by name; nothing for the ministry.
    pub(crate) fn platform(&self, subject: &str) -> Option<&Text> {
        self.names.platform(subject)
    }

    /// The case in words: what it is, for which period, whose, on which platform.
    pub(crate) fn case_title(&self, case: &CaseFacts) -> Text {
        self.names.case_title(case)
    }
}
