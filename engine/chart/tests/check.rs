//! The checker: each kind of problem has one broken chart, in which exactly that kind is told at
//! the line marked `# here`, and a near twin about which nothing is said.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use chart::build::{STATES_MAX, build};
use chart::check::{Library, check};
use chart::load::{Files, load};
use chart::problem::{Problem, ProblemKind, Severity};
use chart::spec::{ChartSpec, StateSpec};

/// A child chart that the twins open.
const INSPECTION: &str = "
chart: inspection
version: 1
title: { vi: Kiểm tra, en: Inspection }
basis: product
events:
  begin: { title: { vi: Bắt đầu, en: Begin }, machine: true }
states:
  waiting:
    title: { vi: Chờ, en: Waiting }
    basis: product
    term: { due: after 5 days }
    on: { begin: { to: over }, term.due: { to: over } }
  over: { type: final, title: { vi: Xong, en: Over }, basis: product }
";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/charts")
}

fn library() -> Library {
    let files = Files::from([("inspection.yaml".to_owned(), INSPECTION.to_owned())]);
    let child = load(&files, "inspection.yaml").chart.expect("the files of the tests are sound");
    let names = |all: &[&str]| Some(all.iter().map(|&one| one.to_owned()).collect::<BTreeSet<_>>());
    Library {
        charts: BTreeMap::from([("inspection".to_owned(), child)]),
        roles: names(&["clerk", "head", "mayor"]),
        letters: names(&["reminder", "due_today", "overdue", "escalation", "granted"]),
    }
}

fn problems(name: &str, text: &str) -> Vec<Problem> {
    let files = Files::from([
        (name.to_owned(), text.to_owned()),
        ("refuse.schema.json".to_owned(), r#"{ "type": "object" }"#.to_owned()),
    ]);
    check(&load(&files, name), &library())
}

fn told(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_kind_of_problem_is_told_of_its_chart_and_not_of_the_twin() {
    let mut wrong: Vec<String> = Vec::new();
    for &kind in ProblemKind::ALL {
        if kind == ProblemKind::TooLarge {
            continue;
        }
        let read = |name: &str| fs::read_to_string(folder().join(kind.code()).join(name));
        let (Ok(broken), Ok(clean)) = (read("broken.yaml"), read("clean.yaml")) else {
            wrong.push(format!("{}: has no pair of charts", kind.code()));
            continue;
        };
        let line = broken
            .lines()
            .position(|one| one.ends_with("# here"))
            .expect("the files of the tests are sound")
            + 1;
        let found = problems("broken.yaml", &broken);
        let right = found.len() == 1
            && found.iter().all(|one| one.kind == kind && one.line as usize == line);
        if !right {
            let code = kind.code();
            wrong.push(format!("{code}: wanted at line {line}, told:\n{}", told(&found)));
        }
        let found = problems("clean.yaml", &clean);
        if !found.is_empty() {
            wrong.push(format!("{}: of the twin is told:\n{}", kind.code(), told(&found)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_folder_of_charts_is_a_kind() {
    let codes: BTreeSet<&str> = ProblemKind::ALL.iter().map(|one| one.code()).collect();
    for entry in fs::read_dir(folder()).expect("the files of the tests are sound") {
        let name = entry
            .expect("the files of the tests are sound")
            .file_name()
            .into_string()
            .expect("the files of the tests are sound");
        assert!(name == "whole" || codes.contains(name.as_str()), "`{name}` is no kind");
    }
}

#[test]
fn every_kind_is_in_the_document() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/checks.md");
    let document = fs::read_to_string(path).expect("the files of the tests are sound");
    let listed: BTreeSet<&str> =
        document.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let codes: BTreeSet<&str> = ProblemKind::ALL.iter().map(|one| one.code()).collect();
    assert_eq!(listed, codes);
    for line in document.lines().filter(|line| line.starts_with("| `")) {
        let code = line.split('`').nth(1).expect("the files of the tests are sound");
        let kind = ProblemKind::ALL
            .iter()
            .find(|one| one.code() == code)
            .expect("the files of the tests are sound");
        let severity = if kind.severity() == Severity::Error { "error" } else { "warning" };
        assert!(line.contains(&format!("| {severity} |")), "{line}");
    }
}

#[test]
fn more_states_than_an_index_can_name_are_refused() {
    let state = |ix: usize| StateSpec { id: format!("s{ix}"), ..StateSpec::default() };
    let chart = |count: usize| ChartSpec {
        root: StateSpec {
            id: "root".to_owned(),
            children: (1..count).map(state).collect(),
            ..StateSpec::default()
        },
        ..ChartSpec::default()
    };
    let kinds: Vec<ProblemKind> =
        build(chart(STATES_MAX + 1)).unwrap_err().iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [ProblemKind::TooLarge]);
    assert_eq!(
        build(chart(STATES_MAX)).expect("the files of the tests are sound").states.len(),
        STATES_MAX
    );
}

#[test]
fn a_warning_carries_the_shortest_run_of_events() {
    let trace = |code: &str| {
        let text = fs::read_to_string(folder().join(code).join("broken.yaml"))
            .expect("the files of the tests are sound");
        problems("broken.yaml", &text).remove(0).trace
    };
    for (code, events) in [
        ("dead-end", vec!["submit", "refuse"]),
        ("cannot-complete", vec!["submit", "refuse"]),
        ("endless-cycle", vec!["submit", "refuse"]),
        ("silent-cancel", vec!["submit", "refuse", "submit"]),
    ] {
        assert_eq!(trace(code), events, "{code}");
    }
}

#[test]
fn a_history_state_that_nothing_returns_to_is_never_entered() {
    let text = fs::read_to_string(folder().join("bad-history/clean.yaml"))
        .expect("the files of the tests are sound");
    let (returns, stays) = ("to: back", "to: draft");
    assert!(text.contains(returns), "the twin returns to its history");
    let found = problems("broken.yaml", &text.replace(returns, stays));
    let kinds: Vec<ProblemKind> = found.iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [ProblemKind::UnreachableState], "{}", told(&found));
}
