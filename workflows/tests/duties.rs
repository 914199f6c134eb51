//! The table of `docs/duties.md` is whole and names only what exists.

use std::collections::BTreeMap;

use chart::definition::Chart;
use serde_json::Value;

const TABLE: &str = include_str!("../../docs/duties.md");
const DUTIES: &str = include_str!("../../app/data/duties.json");

fn charts() -> BTreeMap<&'static str, Chart> {
    let charts = workflows::CHARTS.iter().zip(workflows::all());
    charts.map(|(name, loaded)| (*name, loaded.chart.expect("a shipped chart reads"))).collect()
}

/// The rows of the table as cells.
fn rows() -> Vec<Vec<&'static str>> {
    let lines = TABLE.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    lines.skip(1).map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

#[test]
fn every_duty_stands_in_the_table_once_in_order() {
    let duties: Value = serde_json::from_str(DUTIES).expect("the duties read");
    let wanted: Vec<&str> = duties["duties"]
        .as_array()
        .expect("a list of duties")
        .iter()
        .map(|duty| duty["id"].as_str().expect("a duty has an id"))
        .collect();
    assert_eq!(wanted.len(), 63);
    let found: Vec<&str> = rows().iter().map(|row| row[0]).collect();
    assert_eq!(found, wanted);
}

#[test]
fn everything_the_table_names_exists() {
    let charts = charts();
    let schedules = workflows::schedules::schedules().expect("the schedules read");
    let data: Value =
        serde_json::from_str(workflows::file("report/data.schema.json").expect("it is shipped"))
            .expect("the schema reads");
    let kinds = data["properties"]["kind"]["enum"].as_array().expect("a list of kinds");
    let mut named = 0;
    for row in rows() {
        if row[3] == "not in this product yet" {
            continue;
        }
        for what in row[3].split('`').skip(1).step_by(2) {
            let (kind, name) = what.split_once(' ').expect("a kind and a name");
            let state = |has: &dyn Fn(&chart::definition::State) -> bool| {
                let (chart, id) = name.split_once('/').expect("a chart and an id");
                let chart = &charts[chart];
                chart.find(id).is_some_and(|state| has(chart.state(state)))
            };
            let of_chart = |has: &dyn Fn(&Chart, &str) -> bool| {
                let (chart, id) = name.split_once('/').expect("a chart and a name");
                has(&charts[chart], id)
            };
            let exists = match kind {
                "state" => state(&|_| true),
                "task" => state(&|state| !state.tasks.is_empty()),
                "term" => state(&|state| state.term.is_some()),
                "event" => of_chart(&|chart, id| chart.events.contains_key(id)),
                "role" => of_chart(&|chart, id| chart.roles.contains_key(id)),
                "report" => kinds.iter().any(|kind| kind == name),
                "schedule" => schedules.iter().any(|schedule| schedule.name == name),
                other => panic!("{}: `{other}` is no kind of trace", row[0]),
            };
            assert!(exists, "{}: there is no {kind} `{name}`", row[0]);
            named += 1;
        }
    }
    assert!(named > 63, "only {named} names were checked");
}
