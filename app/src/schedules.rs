//! The recurring reports of the programme as schedules of the runtime.
//!
//! `workflows/schedules.yaml` says what opens when and for whom; here the subjects of a strike are
//! found in the database: the platforms in the named stages and their core enterprises. A report is
//! told who collects it, from whom it expects reports, and the figures of the period before.
//!
//! **Invariant:** what a strike opens follows from the cases as they stand then; opening again finds
//! the same ids.

use std::collections::BTreeMap;
use std::sync::Arc;

use chart::moment::Timestamp;
use chrono::{Datelike as _, Months, NaiveDate};
use runtime::clock::local;
use runtime::command::case_id;
use runtime::schedules::{Cron, SOURCE, Schedule};
use serde_json::{Map, Value, json};
use store::Store;
use store::cases::CaseFilter;
use workflows::schedules::{Schedule as Definition, Scope, fill};

/// Why the schedules cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProgrammeError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] workflows::schedules::ScheduleError),
    /// A line is not a cron line.
    #[error(transparent)]
    Cron(#[from] runtime::schedules::CronError),
}

/// The schedules of the programme over `store`, collectors first; what struck before `from` is
/// nobody's.
pub fn programme(store: &Store, from: Timestamp) -> Result<Vec<Schedule>, ProgrammeError> {
    let all = Arc::new(workflows::schedules::schedules()?);
    let mut made = Vec::with_capacity(all.len());
    for (at, one) in all.iter().enumerate() {
        let cron = Cron::parse(&one.cron)?;
        let (store, all) = (store.clone(), Arc::clone(&all));
        let subjects = move |strike| {
            let (store, all) = (store.clone(), Arc::clone(&all));
            async move { subjects(&store, &all, &all[at], strike).await }
        };
        made.push(Schedule::new(&one.name, cron, &one.chart, from, subjects));
    }
    Ok(made)
}

/// A platform as a strike sees it.
struct Platform {
    id: String,
    name: String,
    stage: String,
    core: Vec<String>,
}

/// One report to be opened, before it knows the figures of the period before.
struct Opening {
    subject: String,
    data: Map<String, Value>,
    previous_id: String,
}

async fn subjects(
    store: &Store,
    all: &[Definition],
    one: &Definition,
    strike: Timestamp,
) -> Result<Vec<(String, Value)>, String> {
    let date = local(strike).date_naive();
    let platforms = platforms(store).await?;
    let openings = openings(all, one, strike, date, &platforms);
    let ids: Vec<String> = openings.iter().map(|opening| opening.previous_id.clone()).collect();
    let (heads, _) = store::cases::heads_and_receipts(store, &ids, &[])
        .await
        .map_err(|error| error.to_string())?;
    let mut before: BTreeMap<&str, Value> = BTreeMap::new();
    for head in &heads {
        let snapshot: Value = serde_json::from_str(&head.snapshot).unwrap_or_default();
        before.insert(&head.case_id, figures_of(&snapshot["data"]));
    }
    let with_figures = |opening: &Opening| {
        let mut data = opening.data.clone();
        if let Some(figures) = before.get(opening.previous_id.as_str()) {
            data.insert("previous".to_owned(), figures.clone());
        }
        (opening.subject.clone(), Value::Object(data))
    };
    Ok(openings.iter().map(with_figures).collect())
}

/// The last known cumulative figures of a report: its own, over those it knew of.
fn figures_of(data: &Value) -> Value {
    let mut figures = data["previous"].as_object().cloned().unwrap_or_default();
    for code in data["cumulative"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if let Some(value) = data["indicators"].get(code) {
            figures.insert(code.to_owned(), value.clone());
        }
    }
    Value::Object(figures)
}

async fn platforms(store: &Store) -> Result<Vec<Platform>, String> {
    let filter = CaseFilter {
        chart: Some("platform".to_owned()),
        open: Some(true),
        ..CaseFilter::default()
    };
    let heads = store::cases::list(store, &filter, "", i64::MAX)
        .await
        .map_err(|error| error.to_string())?;
    let mut platforms = Vec::with_capacity(heads.len());
    for head in heads {
        let snapshot: Value =
            serde_json::from_str(&head.snapshot).map_err(|error| error.to_string())?;
        let data = &snapshot["data"];
        let core = data["core"].as_array().into_iter().flatten().filter_map(Value::as_str);
        platforms.push(Platform {
            id: head.subject.rsplit('/').next().unwrap_or_default().to_owned(),
            name: data["name_vi"].as_str().unwrap_or_default().to_owned(),
            stage: head.stage,
            core: core.map(str::to_owned).collect(),
        });
    }
    platforms.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(platforms)
}

fn openings(
    all: &[Definition],
    one: &Definition,
    strike: Timestamp,
    date: NaiveDate,
    platforms: &[Platform],
) -> Vec<Opening> {
    let takes_part =
        |platform: &&Platform| one.stages.is_empty() || one.stages.contains(&platform.stage);
    let taking_part = platforms.iter().filter(takes_part);
    let open = |platform: Option<&Platform>, enterprise: &str, expected: Vec<String>| {
        opening(all, one, strike, date, platform, enterprise, &expected)
    };
    match one.scope {
        Scope::Ministry => {
            let expected = platforms.iter().map(|platform| platform.id.clone()).collect();
            vec![open(None, "", expected)]
        }
        Scope::Platform => taking_part.map(|one| open(Some(one), "", one.core.clone())).collect(),
        Scope::Participation => taking_part
            .flat_map(|platform| platform.core.iter().map(move |core| (platform, core)))
            .map(|(platform, core)| open(Some(platform), core, Vec::new()))
            .collect(),
    }
}

fn opening(
    all: &[Definition],
    one: &Definition,
    strike: Timestamp,
    date: NaiveDate,
    platform: Option<&Platform>,
    enterprise: &str,
    expected: &[String],
) -> Opening {
    let id = platform.map_or("", |platform| platform.id.as_str());
    let (year, month) = (date.year(), date.month());
    let period = one.period.name(year, month);
    let names = [("period", period.as_str()), ("platform", id), ("enterprise", enterprise)];
    let subject = fill(&one.subject, &names);
    let mut data: Map<String, Value> = one.data.clone().into_iter().collect();
    let (from, to) = one.period.window(year, month);
    let collector = one.collector.as_ref().and_then(|name| {
        let collector = all.iter().find(|other| other.name == *name)?;
        Some(report_id(&collector.name, date, &fill(&collector.subject, &names)))
    });
    let more = [
        ("platform", json!(platform.map_or("", |platform| platform.name.as_str()))),
        ("reporter", json!(fill(&one.reporter, &names))),
        ("window_from", json!(from)),
        ("window_to", json!(to)),
        ("period_opens_at_ms", json!(strike.as_ms())),
        ("due_rule", json!(one.due_rule)),
        ("collector", json!(collector.unwrap_or_default())),
        ("expected", json!(expected)),
        ("period", json!(period)),
    ];
    data.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
    let before = date.checked_sub_months(Months::new(one.period.months())).unwrap_or(date);
    let previous_id = report_id(&one.name, before, &subject);
    Opening { subject, data, previous_id }
}

/// The id of the report that `schedule` opens for `subject` on `date`: the runtime's key (R4).
fn report_id(schedule: &str, date: NaiveDate, subject: &str) -> String {
    case_id(SOURCE, &format!("schedule:{schedule}:{date}:{subject}"))
}
