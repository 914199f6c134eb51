//! Scenarios: what a chart promises, told as given, when and then, and run on a virtual clock.
//!
//! A scenario drives one case with [`chart::step::step`] and nothing else; between two steps the
//! timers of the case fire in order, as the runtime would fire them. What other cases would say is
//! written as a step `from: child` or `from: parent`. `cotmoc chart test` runs the files, and so
//! does this crate's own test. The keys of the file are the fields of [`Scenario`] and [`When`].
//!
//! Reading order: [`Scenario`], [`When`], [`Expect`], [`run`].
//!
//! **Invariant:** no clock but the scenario's is read.

use std::collections::BTreeMap;
use std::sync::Arc;

use chart::calendar::{Calendar, Clock};
use chart::definition::Chart;
use chart::effect::Effect;
use chart::event::{Actor, Event, Origin};
use chart::moment::Timestamp;
use chart::refusal::Refused;
use chart::snapshot::{Parent, Snapshot};
use chart::step::{active_ids, step};
use chart::stepped::Step;
use chart::waiting::{tasks, timers};
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::Value;

/// How many timers may fire between two steps of a scenario.
const TIMERS_MAX: usize = 10_000;

/// One promise of a chart.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The promise, as a sentence.
    pub name: String,
    /// Where it begins.
    pub given: Given,
    /// What happens, in order.
    pub steps: Vec<When>,
}

/// The case before the first step.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// When the case is opened: `2022-11-15 00:00`, local time.
    pub at: String,
    /// What it is about.
    pub subject: String,
    /// Its first data, over the schema's defaults.
    #[serde(default)]
    pub data: BTreeMap<String, Value>,
    /// Who takes part: a name of the scenario and the roles it holds. A name that is not here is a
    /// role held by a person and an organisation of the same name.
    #[serde(default)]
    pub actors: BTreeMap<String, Player>,
}

/// One actor of a scenario.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Player {
    /// The organisation; absent: the actor's name.
    #[serde(default)]
    pub org: Option<String>,
    /// The roles held by assignment.
    #[serde(default)]
    pub roles: Vec<String>,
}

/// One step of a scenario: somebody does something, or time goes by.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// When it happens; absent: at once. Timers that fall due before fire first.
    #[serde(default)]
    pub at: Option<String>,
    /// Only lets time go by, up to this moment.
    #[serde(default)]
    pub wait: Option<String>,
    /// The actor.
    #[serde(default)]
    pub by: Option<String>,
    /// Instead of a person: `parent`, `child` or `child:<name>`.
    #[serde(default)]
    pub from: Option<String>,
    /// The event.
    #[serde(default)]
    pub event: Option<String>,
    /// Its payload.
    #[serde(default)]
    pub payload: Option<Value>,
    /// What must be so afterwards.
    #[serde(default)]
    pub expect: Expect,
}

/// What must be so after a step. Only what is named is looked at.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// States that are active.
    #[serde(default)]
    pub states: Vec<String>,
    /// States that are not active.
    #[serde(default)]
    pub not: Vec<String>,
    /// Values by path, such as `core.0` or `recognised.vnpt.certificate_number`.
    #[serde(default)]
    pub data: BTreeMap<String, Value>,
    /// The roles that owe something, each once, sorted.
    #[serde(default)]
    pub tasks: Option<Vec<String>>,
    /// Letters since the step before, as `name` or `name to role`; all of them, in order.
    #[serde(default)]
    pub letters: Option<Vec<String>>,
    /// Letters that must be among those since the step before.
    #[serde(default)]
    pub letters_include: Vec<String>,
    /// Events sent to other cases since the step before, as `event`, in order.
    #[serde(default)]
    pub sends: Option<Vec<String>>,
    /// Children opened since the step before, as `chart name`, in order.
    #[serde(default)]
    pub opens: Option<Vec<String>>,
    /// The date on which the clock of a state falls due: `state: 2022-11-25`.
    #[serde(default)]
    pub due: BTreeMap<String, String>,
    /// The step is refused: a code of [`Refused::code`], or part of a reason in either language.
    #[serde(default)]
    pub refused: Option<String>,
    /// Whether the case has ended.
    #[serde(default)]
    pub done: Option<bool>,
}

/// How one scenario went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioResult {
    /// Its name.
    pub name: String,
    /// What was not as expected; empty when it passed. The scenario stops at the first step that
    /// fails.
    pub failures: Vec<String>,
}

impl ScenarioResult {
    /// Whether everything was as expected.
    pub fn is_passed(&self) -> bool {
        self.failures.is_empty()
    }
}

/// Why a file of scenarios could not be read.
#[derive(Debug, thiserror::Error)]
#[error("the scenarios cannot be read: {0}")]
pub struct ScenarioError(String);

/// Reads a `scenarios.yaml`.
pub fn parse(text: &str) -> Result<Vec<Scenario>, ScenarioError> {
    serde_saphyr::from_str(text).map_err(|error| ScenarioError(error.to_string()))
}

/// The scenarios that are shipped with the chart `name`; none where there are none.
pub fn scenarios(name: &str) -> Result<Vec<Scenario>, ScenarioError> {
    crate::file(&format!("{name}/scenarios.yaml")).map_or(Ok(Vec::new()), parse)
}

/// Runs `scenarios` against `chart`, each from its own beginning.
pub fn run(chart: &Chart, calendar: &Calendar, scenarios: &[Scenario]) -> Vec<ScenarioResult> {
    let run_one = |scenario: &Scenario| {
        let failures = match Case::open(chart, calendar, &scenario.given) {
            Err(failure) => vec![format!("opening: {failure}")],
            Ok(mut case) => case.play(&scenario.steps),
        };
        ScenarioResult { name: scenario.name.clone(), failures }
    };
    scenarios.iter().map(run_one).collect()
}

/// A case on a virtual clock.
struct Case<'a> {
    chart: &'a Chart,
    calendar: &'a Calendar,
    given: &'a Given,
    snapshot: Snapshot,
    now: Timestamp,
    effects: Vec<Effect>,
}

impl<'a> Case<'a> {
    fn open(chart: &'a Chart, calendar: &'a Calendar, given: &'a Given) -> Result<Self, String> {
        let parent = Parent {
            case_id: Arc::from("parent-case"),
            name: Arc::from("this"),
            invoked: false,
            depth: 1,
        };
        let data = Value::Object(given.data.clone().into_iter().collect());
        let event = Event::opened(&given.subject, &data, Some(&parent));
        let mut case = Self {
            chart,
            calendar,
            given,
            snapshot: Snapshot::unborn(&chart.sha256, "scenario-case"),
            now: instant(calendar, &given.at)?,
            effects: Vec::new(),
        };
        case.take(&event, &Actor::system()).map_err(|refused| refused.to_string())?;
        Ok(case)
    }

    fn play(&mut self, steps: &[When]) -> Vec<String> {
        for (number, when) in steps.iter().enumerate() {
            let what = when.event.as_deref().unwrap_or("wait");
            let failures = match self.once(when) {
                Ok(failures) => failures,
                Err(failure) => vec![failure],
            };
            if !failures.is_empty() {
                let place = |text: String| format!("step {} ({what}): {text}", number + 1);
                return failures.into_iter().map(place).collect();
            }
        }
        Vec::new()
    }

    fn once(&mut self, when: &When) -> Result<Vec<String>, String> {
        self.effects.clear();
        let until = when.at.as_deref().or(when.wait.as_deref());
        if let Some(until) = until {
            self.pass(instant(self.calendar, until)?)?;
        }
        let answer = match &when.event {
            None => Ok(()),
            Some(name) => {
                let event = event(name, when);
                let actor = when.by.as_deref().map_or_else(Actor::system, |by| self.actor(by));
                self.take(&event, &actor)
            }
        };
        let mut failures = Vec::new();
        judge_refusal(&mut failures, answer, when.expect.refused.as_deref());
        self.judge(&mut failures, &when.expect);
        Ok(failures)
    }

    fn take(&mut self, event: &Event, actor: &Actor) -> Result<(), Refused> {
        let Step { snapshot, effects, .. } =
            step(self.chart, &self.snapshot, event, actor, self.now, self.calendar)?;
        self.snapshot = snapshot;
        self.effects.extend(effects);
        Ok(())
    }

    /// Fires every timer that falls due up to `until`, earliest first.
    fn pass(&mut self, until: Timestamp) -> Result<(), String> {
        for _ in 0..TIMERS_MAX {
            let next = timers(self.chart, &self.snapshot).into_iter().min();
            let Some(timer) = next.filter(|timer| timer.due_at <= until) else {
                self.now = self.now.max(until);
                return Ok(());
            };
            self.now = self.now.max(timer.due_at);
            let parts: Vec<&str> = timer.name.split(':').collect();
            let number = |text: &str| text.parse().map_err(|_| format!("timer `{}`", timer.name));
            let event = match parts[..] {
                ["due", state] => Event::due(state),
                ["rung", state, rung] => Event::rung(state, number(rung)?, false),
                ["send", ordinal] => {
                    Event::send(ordinal.parse().map_err(|_| format!("timer `{}`", timer.name))?)
                }
                _ => return Err(format!("timer `{}` is of no known kind", timer.name)),
            };
            self.take(&event, &Actor::system())
                .map_err(|refused| format!("timer `{}`: {refused}", timer.name))?;
        }
        Err(format!("more than {TIMERS_MAX} timers fired"))
    }

    /// The actor called `name`, with the roles that the case's own data gives it.
    fn actor(&self, name: &str) -> Actor {
        let known = self.given.actors.get(name);
        let org = known.and_then(|one| one.org.clone()).unwrap_or_else(|| name.to_owned());
        let mut roles = known.map_or_else(|| vec![name.to_owned()], |one| one.roles.clone());
        roles.sort();
        Actor { id: name.to_owned(), org, roles, on_behalf_of: None }
    }

    fn judge(&self, failures: &mut Vec<String>, expect: &Expect) {
        let active: Vec<String> = active_ids(self.chart, &self.snapshot);
        let is_active =
            |id: &String| self.chart.find(id).is_some_and(|state| self.snapshot.is_active(state));
        for id in &expect.states {
            if !is_active(id) {
                failures.push(format!("`{id}` is not active; active are {active:?}"));
            }
        }
        for id in &expect.not {
            if is_active(id) || self.chart.find(id).is_none() {
                failures.push(format!("`{id}` is active or unknown; active are {active:?}"));
            }
        }
        for (path, wanted) in &expect.data {
            let found = self.snapshot.data.pointer(&format!("/{}", path.replace('.', "/")));
            let found = found.cloned().unwrap_or(Value::Null);
            if !equal(&found, wanted) {
                failures.push(format!("data.{path} is {found}, not {wanted}"));
            }
        }
        let mut roles: Vec<String> =
            tasks(self.chart, &self.snapshot).into_iter().map(|task| task.role).collect();
        roles.sort();
        roles.dedup();
        differ(failures, "tasks", expect.tasks.as_ref(), &roles);
        self.judge_effects(failures, expect);
        for (state, wanted) in &expect.due {
            let clock = self.chart.find(state).and_then(|one| self.snapshot.terms.get(&one));
            let found = clock.map_or_else(|| "no clock".to_owned(), |one| one.due.effective());
            if !found.contains(wanted.as_str()) {
                failures.push(format!("`{state}` is due {found}, not {wanted}"));
            }
        }
        if expect.done.is_some_and(|done| done != self.snapshot.done) {
            failures.push(format!("done is {}", self.snapshot.done));
        }
    }

    fn judge_effects(&self, failures: &mut Vec<String>, expect: &Expect) {
        let mut letters = Vec::new();
        let mut sends = Vec::new();
        let mut opens = Vec::new();
        for effect in &self.effects {
            match effect {
                Effect::Notice { letter, role, .. } => letters.push(format!("{letter} to {role}")),
                Effect::Send { event, .. } => sends.push(event.clone()),
                Effect::Spawn { chart, name, .. } => opens.push(format!("{chart} {name}")),
                Effect::Document { .. } | Effect::CancelChild { .. } => {}
            }
        }
        differ(failures, "letters", expect.letters.as_ref(), &letters);
        differ(failures, "sends", expect.sends.as_ref(), &sends);
        differ(failures, "opens", expect.opens.as_ref(), &opens);
        for wanted in &expect.letters_include {
            let is_it = |one: &String| {
                one == wanted
                    || one
                        .strip_prefix(wanted.as_str())
                        .is_some_and(|rest| rest.starts_with(" to "))
            };
            if !letters.iter().any(is_it) {
                failures.push(format!("no letter `{wanted}`; there are {letters:?}"));
            }
        }
    }
}

fn event(name: &str, when: &When) -> Event {
    let payload = when.payload.clone().unwrap_or(Value::Null);
    match when.from.as_deref() {
        None => Event::person(name, payload),
        Some(from) => {
            let child = from.strip_prefix("child:");
            Event { origin: Origin::Inbox, ..Event::inbox(name, payload, child) }
        }
    }
}

fn judge_refusal(failures: &mut Vec<String>, answer: Result<(), Refused>, wanted: Option<&str>) {
    match (answer, wanted) {
        (Ok(()), None) => {}
        (Ok(()), Some(wanted)) => failures.push(format!("not refused, expected `{wanted}`")),
        (Err(refused), None) => failures.push(format!("refused: {refused}")),
        (Err(refused), Some(wanted)) => {
            let text = refused.text();
            let is_it =
                refused.code() == wanted || text.vi.contains(wanted) || text.en.contains(wanted);
            if !is_it {
                let code = refused.code();
                failures.push(format!("refused with `{code}`: {}; expected `{wanted}`", text.vi));
            }
        }
    }
}

fn differ(failures: &mut Vec<String>, what: &str, wanted: Option<&Vec<String>>, found: &[String]) {
    if wanted.is_some_and(|wanted| wanted != found) {
        failures.push(format!("{what} are {found:?}, expected {wanted:?}"));
    }
}

/// Equal as JSON, where 3 and 3.0 are one number.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b)))
        }
        _ => a == b,
    }
}

/// `2022-11-15` or `2022-11-15 09:00` in local time.
fn instant(calendar: &Calendar, text: &str) -> Result<Timestamp, String> {
    let (date, clock) = text.split_once(' ').unwrap_or((text, "00:00"));
    let wrong = || format!("`{text}` is not a moment; write `2022-11-15 09:00`");
    let date: NaiveDate = date.parse().map_err(|_| wrong())?;
    let (hour, minute) = clock.split_once(':').ok_or_else(wrong)?;
    let hour = hour.parse().map_err(|_| wrong())?;
    let minute = minute.parse().map_err(|_| wrong())?;
    Ok(calendar.instant(date, Clock::new(hour, minute).ok_or_else(wrong)?))
}
