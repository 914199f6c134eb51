//! Scenarios: what a chart promises, told as given, when and then, and run on a virtual clock.
//!
//! A scenario drives one case with [`chart::step::step`] and nothing else; between two steps the
//! timers of the case fire in order, as the runtime would fire them. What other cases would say is
//! written as a step `from: child` or `from: parent`. `cotmoc chart test` runs the files, and so
//! does this crate's own test. The keys of the file are the fields of [`Scenario`] and [`When`].
//!
//! Reading order: [`Scenario`], [`When`], [`Expect`], [`run`], then `play`.
//!
//! **Invariant:** no clock but the scenario's is read.

mod play;

use std::collections::BTreeMap;

use chart::calendar::Calendar;
use chart::definition::Chart;
use serde::Deserialize;
use serde_json::Value;

use self::play::Case;

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
    /// The step is refused: a code of [`chart::refusal::Refused::code`], or part of a reason in either language.
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
