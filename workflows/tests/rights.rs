//! Who may send which event, as a table that people read and that follows from the charts: a chart that lets
//! somebody else act fails here until `docs/rights.md` says so.
//!
//! `COTMOC_WRITE=1 cargo test -p cotmoc-workflows --test rights` writes the table anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use chart::definition::{Chart, EventDef};

const HEAD: &str = "# Who may do what

Each event of the shipped charts, in the order of their names, with the roles that may send it in some state. A role must hold on the
case, on its subject or on anything above it. Conditions of the charts narrow this further and say why (`docs/charts.md`). Events
of machines are sent by timers and other cases only; nobody may send them.

This table is held to the charts by `workflows/tests/rights.rs`.
";

/// The roles that some transition on `event` names; none where one names nobody, so that every role of the chart may.
fn senders(chart: &Chart, event: &str) -> Option<BTreeSet<String>> {
    let taken = chart
        .transitions
        .iter()
        .filter(|one| one.events.iter().any(|pattern| pattern.matches(event)));
    let mut roles = BTreeSet::new();
    for transition in taken {
        if transition.by.is_empty() {
            return None;
        }
        roles.extend(transition.by.iter().cloned());
    }
    Some(roles)
}

fn row(chart: &Chart, name: &str, event: &EventDef) -> String {
    let who = match senders(chart, name) {
        _ if event.machine => "machines".to_owned(),
        None => "every role of the chart".to_owned(),
        Some(roles) if roles.is_empty() => "nobody: no state takes it".to_owned(),
        Some(roles) => {
            roles.into_iter().map(|role| format!("`{role}`")).collect::<Vec<_>>().join(", ")
        }
    };
    format!("| `{name}` | {} | {} | {who} |\n", event.title.vi, event.title.en)
}

fn table() -> String {
    let mut out = HEAD.to_owned();
    let charts: BTreeMap<&str, Chart> = workflows::CHARTS
        .iter()
        .zip(workflows::all())
        .map(|(name, loaded)| (*name, loaded.chart.expect("a shipped chart reads")))
        .collect();
    for (name, chart) in &charts {
        writeln!(out, "\n## `{name}`: {} ({})\n", chart.title.en, chart.title.vi)
            .expect("a text takes more");
        out.push_str(
            "| event | Tiếng Việt | English | who may send it |\n| --- | --- | --- | --- |\n",
        );
        for (event, definition) in &chart.events {
            out.push_str(&row(chart, event, definition));
        }
    }
    out
}

#[test]
fn the_table_of_rights_is_that_of_the_charts() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/rights.md");
    let wanted = table();
    if std::env::var_os("COTMOC_WRITE").is_some() {
        std::fs::write(&path, &wanted).expect("the table is written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == wanted,
        "docs/rights.md does not say who may act by the charts; see the head of this file"
    );
}

#[test]
fn every_event_of_a_person_is_open_to_somebody() {
    for loaded in workflows::all() {
        let chart = loaded.chart.expect("a shipped chart reads");
        for (name, event) in chart.events.iter().filter(|(_, event)| !event.machine) {
            assert!(
                senders(&chart, name).is_none_or(|roles| !roles.is_empty()),
                "{} {name} {event:?}",
                chart.name
            );
        }
    }
}
