//! Suites run by the binary: their last line counts, and a failure is an exit code.

use std::fs;

use crate::cli::desk::{Desk, run};

/// The counts of the line `N passed, N failed` at the end.
#[track_caller]
fn counts(out: &str) -> (u32, u32) {
    let last = out.trim_end().lines().last().expect("it prints a line");
    let mut words = last.split([' ', ',']).filter_map(|word| word.parse().ok());
    let counts = (words.next().expect("a count"), words.next().expect("a count"));
    assert_eq!(last, format!("{} passed, {} failed", counts.0, counts.1));
    counts
}

#[test]
fn the_conformance_suite_passes_folder_by_folder() {
    for folder in ["pure", "datamodel", "error-injection"] {
        let out = run(&["scxml", "test", &format!("tests/conformance/scxml/{folder}")]).ok();
        let (passed, failed) = counts(&out);
        assert!(passed > 0 && failed == 0, "{folder}: {out}");
    }
    let error = run(&["scxml", "test", "docs", "--lang", "en"]).failed(1);
    assert!(error.contains("`docs`"), "{error}");
}

#[test]
fn scenarios_are_played_and_a_wrong_one_is_named() {
    let (passed, failed) = counts(&run(&["chart", "test"]).ok());
    assert!(passed > 0 && failed == 0);
    let desk = Desk::empty();
    let folder = desk.folder.path();
    for entry in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../workflows/plan")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
        }
    }
    let scenarios = folder.join("scenarios.yaml");
    let text = fs::read_to_string(&scenarios).unwrap();
    let wrong = text.replacen("states: [", "states: [ nowhere,", 1);
    fs::write(&scenarios, wrong).unwrap();
    let chart = folder.join("chart.yaml");
    let ran = run(&["chart", "test", chart.to_str().unwrap()]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("FAIL plan: ") && ran.out.contains("nowhere"), "{}", ran.out);
    assert_eq!(counts(&ran.out).1, 1);
}

#[test]
fn shipped_charts_are_checked_and_a_broken_one_is_told_with_its_place() {
    run(&["chart", "check"]).ok();
    let desk = Desk::empty();
    let path = desk.folder.path().join("chart.yaml");
    let text = "chart: a\nversion: 1\ntitle: { vi: A, en: A }\nbasis: product\ninitial: s\n\
        states:\n  s: { title: { vi: S, en: S }, basis: product, on: { go: { to: nowhere } } }\n";
    fs::write(&path, text).unwrap();
    let checked = run(&["chart", "check", path.to_str().unwrap(), "--format", "json"]);
    assert_eq!(checked.code, 1, "{}", checked.err);
    let problems: serde_json::Value = serde_json::from_str(&checked.out).unwrap();
    let target = problems
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["message"].as_str().is_some_and(|message| message.contains("nowhere")));
    assert_eq!(target.expect("the target is told")["line"], 7, "{problems}");
}

#[test]
fn a_chart_is_written_as_scxml_and_its_language_as_a_schema() {
    let text = run(&["chart", "scxml", "report"]).ok();
    assert!(text.starts_with("<?xml") && text.trim_end().ends_with("</scxml>"), "{text}");
    let schema: serde_json::Value = serde_json::from_str(&run(&["chart", "schema"]).ok()).unwrap();
    assert!(schema["$schema"].is_string(), "{schema}");
}
