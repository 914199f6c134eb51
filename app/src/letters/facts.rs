//! What a letter says about a case: its title, its platform, what is owed, who owes it.
//!
//! Everything is read from the database when the letter is built; names of platforms and
//! organisations are kept for the day, everything else for one building.
//!
//! **Invariant:** no name of a person is a fact.

use std::collections::BTreeMap;
use std::sync::Arc;

use chart::data::Data;
use chart::definition::{Chart, StateIx, Text};
use chart::expr::{NoStates, Scope};
use runtime::Runtime;
use serde_json::Value;
use store::cases::{self, CaseFilter};
use store::people::{self, PersonRow};
use store::rows::{NoticeRow, TaskRow};
use store::{Store, tasks};

use super::LettersError;
use super::wording::{both, period};

/// Names as of a day.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// Of platforms that have a case, by subject, such as `platform/ndp2022-01`.
    platforms: BTreeMap<String, Text>,
    /// Of organisations, by id.
    organisations: BTreeMap<String, Text>,
}

/// How many platforms are looked at; there are hundreds at most.
const PLATFORMS_MAX: i64 = 2_000;

/// The names of all platforms that have a case, and of all organisations.
pub(crate) async fn names(store: &Store) -> Result<Names, LettersError> {
    let filter = CaseFilter { chart: Some("platform".to_owned()), ..CaseFilter::default() };
    let heads = cases::list(store, &filter, "", PLATFORMS_MAX).await?;
    let platforms = heads.into_iter().filter_map(|head| {
        let snapshot: Value = serde_json::from_str(&head.snapshot).ok()?;
        let name = |key: &str| snapshot["data"][key].as_str().unwrap_or_default().to_owned();
        let text = Text { vi: name("name_vi"), en: name("name_en") };
        (!text.vi.is_empty()).then_some((head.subject, text))
    });
    let organisations = people::list_organisations(store).await?;
    let organisations = organisations.into_iter().filter_map(|row| {
        let name: Text = serde_json::from_str(&row.name).ok()?;
        Some((row.id, name))
    });
    Ok(Names { platforms: platforms.collect(), organisations: organisations.collect() })
}

/// A case as letters speak of it.
#[derive(Debug)]
pub(crate) struct CaseFacts {
    pub(crate) chart: Arc<Chart>,
    pub(crate) subject: String,
    pub(crate) data: Data,
    pub(crate) tasks: Vec<TaskRow>,
}

impl CaseFacts {
    /// What falls due, or the state a letter is about, in words.
    pub(crate) fn item_title(&self, item: &str) -> Text {
        let Some(state) = self.chart.find(item).map(|ix| self.chart.state(ix)) else {
            return self.chart.title.clone();
        };
        let title =
            state.term.as_ref().and_then(|term| term.title.as_ref()).unwrap_or(&state.title);
        let title = if title.vi.is_empty() { &self.chart.title } else { title };
        match period(self.data.whole()) {
            None => title.clone(),
            Some(period) => both(
                &format!("{} {}", title.vi, period.vi),
                &format!("{}, {}", title.get("en"), period.en),
            ),
        }
    }

    /// The open tasks of the state `item` and of those within it.
    pub(crate) fn owed(&self, item: &str) -> impl Iterator<Item = &TaskRow> {
        let within = self.chart.find(item);
        self.tasks.iter().filter(move |task| {
            let state = self.chart.find(&task.state);
            within.zip(state).is_some_and(|(item, state)| self.is_within(state, item))
        })
    }

    fn is_within(&self, state: StateIx, item: StateIx) -> bool {
        state == item || self.chart.is_descendant(state, item)
    }

    /// What is to be done, in the words of the first open task.
    pub(crate) fn action(&self, item: &str) -> Option<Text> {
        let task = self.owed(item).next()?;
        serde_json::from_str(&task.title).ok()
    }

    /// The persons that the chart itself names for `role`, if it does (R28).
    pub(crate) fn declared(&self, role: &str) -> Option<Vec<String>> {
        let holders = self.chart.roles.get(role)?.holders.as_ref()?;
        let subject = Value::from(self.subject.as_str());
        let scope = Scope {
            data: &self.data,
            event: None,
            actor: &Value::Null,
            now_ms: 0,
            subject: &subject,
            active: &NoStates,
            locals: &[],
        };
        let Ok(Value::Array(ids)) = holders.eval(&scope) else { return Some(Vec::new()) };
        Some(ids.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// The title of a role.
    pub(crate) fn role_title(&self, role: &str) -> Text {
        match self.chart.roles.get(role) {
            Some(def) if !def.title.vi.is_empty() => def.title.clone(),
            _ => both(role, role),
        }
    }
}

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
        self.names.organisations.get(id).cloned().unwrap_or_else(|| both(id, id))
    }

    /// The platform a subject belongs to, by name; nothing for the ministry.
    pub(crate) fn platform(&self, subject: &str) -> Option<&Text> {
        let mut parts = subject.split('/');
        let (kind, id) = (parts.next()?, parts.next()?);
        if !matches!(kind, "platform" | "participation") {
            return None;
        }
        self.names.platforms.get(&format!("platform/{id}"))
    }

    /// The case in words: what it is, for which period, whose, on which platform.
    pub(crate) fn case_title(&self, case: &CaseFacts) -> Text {
        let platform = self.platform(&case.subject).cloned();
        if let Some(platform) = platform.as_ref().filter(|_| case.chart.name == "platform") {
            return platform.clone();
        }
        let mut parts = vec![case.chart.title.clone()];
        if let Some(period) = period(case.data.whole()) {
            let title = &case.chart.title;
            parts[0] = both(
                &format!("{} {}", title.vi, period.vi),
                &format!("{}, {}", title.get("en"), period.en),
            );
        }
        let unit = ["enterprise", "reporter"].map(|key| case.data[key].as_str());
        if let Some(unit) = unit.into_iter().flatten().find(|unit| !unit.is_empty()) {
            let name = self.organisation(unit);
            // A platform that reports for itself is named below.
            if name.vi != unit {
                parts.push(name);
            }
        }
        parts.extend(platform);
        let joined = |lang: &str| {
            let parts: Vec<&str> = parts.iter().map(|part| part.get(lang)).collect();
            parts.join(" – ")
        };
        both(&joined("vi"), &joined("en"))
    }
}
