//! What is written reads back as the same behaviour.

use chart::definition::{Chart, NameOrExpr};
use scxml::read::{Document, read};
use scxml::suite::run_through;
use scxml::write::write_document;

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
