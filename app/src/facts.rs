//! Cases and their names as people know them: shared by letters and pages.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use chart::data::Data;
use chart::definition::{Chart, StateIx, Text};
use chart::expr::{NoStates, Scope, Seen};
use runtime::library::Library;
use serde::Deserialize;
use serde_json::Value;
use store::cases::{self, CaseFilter};
use store::rows::{Head, TaskRow};
use store::{ReadError, Store, people};

use crate::fold::{folded, words};
use crate::letters::wording::{both, period};

/// Names as of the moment they were read.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// Of platforms that have a case, by subject, such as `platform/ndp2022-01`.
    platforms: BTreeMap<String, Text>,
    /// Of organisations, by id.
    organisations: BTreeMap<String, Text>,
    /// Of persons, by id: name and organisation; only where they were asked for.
    persons: BTreeMap<String, (String, String)>,
}

/// How many platforms are looked at; there are hundreds at most.
const PLATFORMS_MAX: i64 = 2_000;

/// The names of all platforms that have a case, and of all organisations.
pub(crate) async fn names(store: &Store) -> Result<Names, ReadError> {
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
    let (platforms, organisations) = (platforms.collect(), organisations.collect());
    Ok(Names { platforms, organisations, persons: BTreeMap::new() })
}

/// [`names`], and those of all persons who were not erased.
pub(crate) async fn names_with_persons(store: &Store) -> Result<Names, ReadError> {
    let mut names = names(store).await?;
    let persons = people::list_persons(store).await?.into_iter();
    let persons = persons.filter(|person| !person.name.is_empty());
    let named = persons.map(|person| (person.id, (person.name, person.organisation)));
    names.persons = named.collect();
    Ok(names)
}

/// A role in the words of the charts.
pub(crate) fn role_title(library: &Library, role: &str) -> Text {
    let mut titles = library.charts().filter_map(|chart| chart.roles.get(role));
    let title = titles.find(|def| !def.title.vi.is_empty());
    title.map_or_else(|| both(role, role), |def| def.title.clone())
}

/// Whom or what a task is for: a later task of the same state has its position before it.
pub(crate) fn element_of(task: &TaskRow) -> &str {
    let is_place = |at: &str| !at.is_empty() && at.bytes().all(|byte| byte.is_ascii_digit());
    let bare = task.element.split_once(':').filter(|(at, _)| is_place(at));
    bare.map_or(&task.element, |(_, rest)| rest)
}

impl Names {
    /// The name of an organisation; its id where it has none.
    pub(crate) fn organisation(&self, id: &str) -> Text {
        self.organisations.get(id).cloned().unwrap_or_else(|| both(id, id))
    }

    /// The platform a subject belongs to, by name; nothing for the ministry.
    pub(crate) fn platform(&self, subject: &str) -> Option<&Text> {
        let mut parts = subject.split('/');
        let (kind, id) = (parts.next()?, parts.next()?);
        if !matches!(kind, "platform" | "participation") {
            return None;
        }
        self.platforms.get(&format!("platform/{id}"))
    }

    /// Every platform that has a case, (subject, name), in the order of their subjects.
    pub(crate) fn all_platforms(&self, lang: &str) -> Vec<(String, String)> {
        let named =
            |(subject, name): (&String, &Text)| (subject.clone(), name.get(lang).to_owned());
        self.platforms.iter().map(named).collect()
    }

    /// The name of a person; their id where it is not known.
    pub(crate) fn person<'a>(&'a self, id: &'a str) -> &'a str {
        self.persons.get(id).map_or(id, |(name, _)| name)
    }

    /// The organisation a person belongs to, by id.
    pub(crate) fn unit_of(&self, person: &str) -> Option<&str> {
        self.persons.get(person).map(|(_, organisation)| organisation.as_str())
    }

    /// A task in words: its title, and whom or what it is for where that says more.
    pub(crate) fn task(&self, task: &TaskRow) -> Text {
        let title: Text = serde_json::from_str(&task.title).unwrap_or_default();
        let title = if title.vi.is_empty() { both(&task.state, &task.state) } else { title };
        let element = element_of(task);
        let person = self.persons.get(element).map(|(name, _)| both(name, name));
        // Other elements are marks of the chart's own.
        let Some(name) = person.or_else(|| self.organisations.get(element).cloned()) else {
            return title;
        };
        let of = |lang: &str| format!("{} ({})", title.get(lang), name.get(lang));
        both(&of("vi"), &of("en"))
    }

    /// What each word of a search may stand for in [`CaseFilter::words`]: itself, and the ids of the platforms and
    /// organisations in whose name it is, with or without marks, in either language.
    pub(crate) fn forms(&self, typed: &str) -> Vec<Vec<String>> {
        words(typed).into_iter().map(|word| self.forms_of(word)).collect()
    }

    fn forms_of(&self, word: String) -> Vec<String> {
        let has =
            |name: &Text| [&name.vi, &name.en].iter().any(|text| folded(text).contains(&word));
        let platforms = self.platforms.iter().filter(|(_, name)| has(name));
        let platforms = platforms.filter_map(|(subject, _)| subject.strip_prefix("platform/"));
        let units =
            self.organisations.iter().filter(|(_, name)| has(name)).map(|(id, _)| id.as_str());
        let mut forms: Vec<String> = platforms.chain(units).map(str::to_owned).collect();
        forms.push(word);
        forms
    }

    /// What a role is held on, in words.
    pub(crate) fn scope(&self, scope: &str) -> Text {
        if scope == "ministry" {
            return both("toàn bộ chương trình", "the whole programme");
        }
        if let Some(case_id) = scope.strip_prefix("case/") {
            let short: String = case_id.chars().take(8).collect();
            return both(&format!("hồ sơ {short}"), &format!("case {short}"));
        }
        let platform = self.platform(scope).cloned().unwrap_or_else(|| both(scope, scope));
        match scope.split('/').nth(2) {
            None => platform,
            Some(unit) => {
                let unit = self.organisation(unit);
                let of = |lang: &str| format!("{} – {}", unit.get(lang), platform.get(lang));
                both(&of("vi"), &of("en"))
            }
        }
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

/// A case as people speak of it.
#[derive(Debug)]
pub(crate) struct CaseFacts {
    pub(crate) chart: Arc<Chart>,
    pub(crate) subject: String,
    pub(crate) data: Data,
    pub(crate) tasks: Vec<TaskRow>,
}

/// What is read of a snapshot; the rest of it is passed over.
#[derive(Deserialize)]
struct Kept {
    #[serde(default)]
    data: Value,
}

/// Each of `tasks` with its case; one whose case cannot be read is left out, and said in the log.
pub(crate) async fn with_cases(
    store: &Store,
    library: &Library,
    tasks: Vec<TaskRow>,
) -> Result<Vec<(TaskRow, Arc<CaseFacts>)>, ReadError> {
    let ids: BTreeSet<&str> = tasks.iter().map(|task| task.case_id.as_str()).collect();
    let ids: Vec<String> = ids.into_iter().map(str::to_owned).collect();
    let (heads, _) = cases::heads_and_receipts(store, &ids, &[]).await?;
    let known: BTreeMap<String, Arc<CaseFacts>> = heads
        .into_iter()
        .filter_map(|head| {
            let facts = CaseFacts::of(&head, library)?;
            Some((head.case_id, Arc::new(facts)))
        })
        .collect();
    let mut out = Vec::with_capacity(tasks.len());
    for task in tasks {
        if let Some(case) = known.get(&task.case_id) {
            out.push((task, Arc::clone(case)));
        } else {
            tracing::warn!(case_id = task.case_id, "a case cannot be read");
        }
    }
    Ok(out)
}

impl CaseFacts {
    /// The case of `head`, without its tasks; `None` where its chart cannot be loaded.
    pub(crate) fn of(head: &Head, library: &Library) -> Option<Self> {
        let chart = Arc::clone(library.chart(&head.chart_sha).ok()?);
        let kept: Kept = serde_json::from_str(&head.snapshot).ok()?;
        Some(Self {
            chart,
            subject: head.subject.clone(),
            data: kept.data.into(),
            tasks: Vec::new(),
        })
    }

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
        let subject = OnceLock::new();
        let scope = Scope {
            data: &self.data,
            event: None,
            actor: Seen::Value(&Value::Null),
            now_ms: 0,
            subject: Seen::Text(&self.subject, &subject),
            active: &NoStates,
            locals: &[],
        };
        let Ok(Value::Array(ids)) = holders.eval(&scope) else { return Some(Vec::new()) };
        Some(ids.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// The roles for which the chart itself names `person`.
    pub(crate) fn roles_declared_for(&self, person: &str) -> Vec<&str> {
        let roles = self.chart.roles.keys().map(String::as_str);
        let names =
            |role: &&str| self.declared(role).is_some_and(|ids| ids.iter().any(|id| id == person));
        roles.filter(names).collect()
    }

    /// The persons that the chart names to do `task`; `None` where its role is held by assignment.
    pub(crate) fn named_for(&self, task: &TaskRow) -> Option<Vec<String>> {
        let mut persons = self.declared(&task.role)?;
        let element = element_of(task);
        if persons.iter().any(|person| person == element) {
            persons.retain(|person| person == element);
        }
        Some(persons)
    }

    /// The title of a role.
    pub(crate) fn role_title(&self, role: &str) -> Text {
        match self.chart.roles.get(role) {
            Some(def) if !def.title.vi.is_empty() => def.title.clone(),
            _ => both(role, role),
        }
    }
}
