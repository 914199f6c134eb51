//! How many events one core takes through `step`, without a database.
//!
//! Two charts: one without expressions that goes round three states, and the shipped report chart
//! on its way from opening to acceptance.

use std::hint::black_box;

use chart::calendar::Calendar;
use chart::definition::Chart;
use chart::event::{Actor, Event};
use chart::moment::Timestamp;
use chart::snapshot::Snapshot;
use chart::step::step;
use serde_json::{Value, json};

/// A chart without expressions.
const PLAIN: &str = "
chart: ring
version: 1
title: { vi: Vòng, en: Ring }
basis: product
roles: { clerk: { title: { vi: Cán bộ, en: Clerk } } }
events: { go: { title: { vi: Đi, en: Go }, basis: product } }
initial: one
states:
  one: { title: { vi: Một, en: One }, basis: product, on: { go: { to: two } } }
  two: { title: { vi: Hai, en: Two }, basis: product, on: { go: { to: three } } }
  three: { title: { vi: Ba, en: Three }, basis: product, on: { go: { to: one } } }
";

/// Why a measurement could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The chart did not load.
    #[error("chart `{0}` did not load")]
    Load(&'static str),
    /// A step of the script was refused.
    #[error(transparent)]
    Refused(#[from] chart::refusal::Refused),
}

/// One chart with the script it is driven by.
#[derive(Debug)]
pub struct Script {
    /// The chart's name.
    pub name: &'static str,
    chart: Chart,
    actor: Actor,
    start: Snapshot,
    events: Vec<Event>,
    calendar: std::sync::Arc<Calendar>,
}

/// Mid-November 2022, in the monthly period.
const NOW: Timestamp = Timestamp(1_668_571_200_000);

/// The chart without expressions.
pub fn plain() -> Result<Script, BenchError> {
    let files = [("ring.yaml".to_owned(), PLAIN.to_owned())].into();
    let loaded = chart::load::load(&files, "ring.yaml");
    let chart = loaded.draft.or(loaded.chart).ok_or(BenchError::Load("ring"))?;
    let events = vec![Event::person("go", Value::Null); 3];
    script("ring", chart, &["clerk"], &json!({}), events)
}

/// The shipped report chart: a submitted report is returned and submitted again, over and over.
pub fn report() -> Result<Script, BenchError> {
    let files = workflows::files();
    let loaded = chart::load::load(&files, "report/chart.yaml");
    let chart = loaded.chart.ok_or(BenchError::Load("report"))?;
    let data = json!({
        "level": "enterprise", "kind": "enterprise_month", "duties": ["rep-05"],
        "reporter": "ent-1", "period": "2022-11",
    });
    let figures = json!({
        "indicators": {
            "users_registered": 1200, "users_active_month": 800, "orgs_connected_ministry": 4,
            "orgs_connected_province": 9, "transactions_month": 7000,
            "transactions_cumulative": 57000, "availability_pct": 99.5, "incidents_high": 0,
            "milestones_done": 2, "milestones_due": 3,
        },
        "narrative": { "results": "Hoàn thành.", "difficulties": "", "proposals": "", "next": "" },
    });
    let events = vec![
        Event::person("return", json!({ "reasons": "Thiếu giải trình." })),
        Event::person("resubmit", figures.clone()),
    ];
    let mut script =
        script("report", chart, &["core_enterprise", "ministry_focal"], &data, events)?;
    let submit = Event::person("submit", figures);
    script.start =
        step(&script.chart, &script.start, &submit, &script.actor, NOW, &script.calendar)?.snapshot;
    Ok(script)
}

fn script(
    name: &'static str,
    chart: Chart,
    roles: &[&str],
    data: &Value,
    events: Vec<Event>,
) -> Result<Script, BenchError> {
    let calendar = workflows::calendars::calendar();
    let roles = roles.iter().map(|role| (*role).to_owned()).collect();
    let actor = Actor { id: "p1".to_owned(), org: "ent-1".to_owned(), roles, on_behalf_of: None };
    let unborn = Snapshot::unborn(&chart.sha256, "bench");
    let opened = Event::opened("platform/p/ent-1", data, None);
    let start = step(&chart, &unborn, &opened, &Actor::system(), NOW, &calendar)?.snapshot;
    Ok(Script { name, chart, actor, start, events, calendar })
}

impl Script {
    /// Takes `rounds` times the script's events; returns how many events were taken.
    pub fn run(&self, rounds: usize) -> Result<usize, BenchError> {
        let mut snapshot = self.start.clone();
        for _ in 0..rounds {
            for event in &self.events {
                let taken = step(&self.chart, &snapshot, event, &self.actor, NOW, &self.calendar)?;
                snapshot = black_box(taken).snapshot;
            }
        }
        Ok(rounds * self.events.len())
    }
}
