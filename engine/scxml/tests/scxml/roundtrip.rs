//! What is written reads back as the same behaviour.

use std::path::Path;

use chart::definition::{Action, Assign, Chart, NameOrExpr};
use chart::load::{Files, load};
use scxml::read::{Document, read};
use scxml::suite::run_through;
use scxml::write::{write, write_document};

use crate::conformance::folder;

fn again(document: &Document) -> Result<Document, String> {
    let written = write_document(document);
    let again = read(&written).map_err(|error| format!("{error} in {written}"))?;
    // A second round changes nothing any more.
    assert_eq!(write_document(&again), written);
    Ok(again)
}

#[test]
fn every_test_of_the_suite_gives_the_same_result_after_write_and_read() {
    for (name, count) in [("pure", 60), ("datamodel", 42), ("error-injection", 19), ("invoke", 18)]
    {
        let report = run_through(&[folder(name)], |document| again(&document));
        assert_eq!(report.to_string(), format!("{count} passed, 0 failed"), "{name}");
    }
}

/// The parts of a chart that SCXML can say, as text.
fn skeleton(chart: &Chart) -> Vec<String> {
    let id = |state: u16| chart.state(state).id.to_string();
    let mut lines = Vec::new();
    for state in &chart.states {
        let kind = format!("{:?}", state.kind);
        let kind = kind.split([' ', '{']).next().unwrap_or_default().to_owned();
        let invokes: Vec<String> = state
            .invokes
            .iter()
            .map(|invoke| match &invoke.chart {
                NameOrExpr::Name(name) => name.to_string(),
                NameOrExpr::Expr(expr) => expr.source().to_owned(),
            })
            .collect();
        lines.push(format!("{} {:?} {kind} {invokes:?}", state.id, state.parent));
    }
    for transition in &chart.transitions {
        let targets: Vec<String> = transition.targets.iter().map(|&target| id(target)).collect();
        let guard = transition.guard.as_ref().map(|guard| guard.source().to_owned());
        lines.push(format!(
            "{} {:?} {guard:?} {targets:?} {}",
            id(transition.source),
            transition.events,
            transition.internal
        ));
    }
    lines
}

#[test]
fn documents_of_the_suite_keep_their_states_and_transitions() {
    for name in ["pure", "datamodel", "error-injection", "invoke"] {
        for (path, text) in &folder(name).files {
            if !text.contains("<scxml") {
                continue;
            }
            let first = read(text).unwrap();
            let second = again(&first).unwrap();
            assert_eq!(skeleton(&first.chart), skeleton(&second.chart), "{path}");
        }
    }
}

/// The charts of the product, read from their YAML.
fn shipped() -> Vec<Chart> {
    let workflows = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows");
    let mut charts = Vec::new();
    for folder in std::fs::read_dir(workflows).expect("the charts lie in workflows") {
        let folder = folder.expect("a folder that can be read").path();
        if !folder.join("chart.yaml").is_file() {
            continue;
        }
        let mut files = Files::new();
        for file in std::fs::read_dir(&folder).expect("a folder that can be read") {
            let path = file.expect("a file that can be read").path();
            let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
            if path.is_file() {
                files.insert(name, std::fs::read_to_string(&path).expect("a text"));
            }
        }
        let loaded = load(&files, "chart.yaml");
        charts.push(loaded.chart.unwrap_or_else(|| panic!("{:?}", loaded.problems)));
    }
    charts
}

#[test]
fn shipped_charts_keep_their_states_and_transitions() {
    let charts = shipped();
    assert!(charts.len() >= 5, "only {} charts", charts.len());
    for chart in charts {
        let written = write(&chart);
        let again = read(&written).unwrap_or_else(|error| panic!("{error}\n{written}"));
        assert_eq!(skeleton(&chart), skeleton(&again.chart), "{}", chart.name);
        assert_eq!(assignments(&chart), assignments(&again.chart), "{}", chart.name);
    }
}

/// Every assignment of every transition, as text without places.
fn assignments(chart: &Chart) -> Vec<String> {
    let actions = chart.transitions.iter().flat_map(|transition| &transition.actions);
    let sets = actions.filter_map(|action| match action {
        Action::Set(assigns) => Some(assigns),
        _ => None,
    });
    let one = |assign: &Assign| {
        let to = assign.to.as_ref().map(|to| to.source().to_owned());
        format!("{} := {to:?}", assign.path.source())
    };
    sets.map(|assigns| assigns.iter().map(one).collect::<Vec<_>>().join("; ")).collect()
}

#[test]
fn texts_of_any_kind_survive() {
    let body = "<state id='a'><onentry><log label='&lt;&quot;&amp;' expr=\"'x&#10;y\\u0007'\"/>\
                </onentry></state>";
    let first = read(&crate::document("", body)).unwrap();
    let second = again(&first).unwrap();
    assert_eq!(
        format!("{:?}", first.chart.state(1).on_entry),
        format!("{:?}", second.chart.state(1).on_entry)
    );
}
