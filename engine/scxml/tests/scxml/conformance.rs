//! The third-party suite, folder by folder.

use std::path::{Path, PathBuf};

use scxml::suite::{Folder, open, run};

pub(crate) fn suite() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/scxml")
}

pub(crate) fn folder(name: &str) -> Folder {
    let folders = open(&suite()).expect("the suite lies in tests/conformance");
    folders.into_iter().find(|folder| folder.name == name).expect("the suite has the folder")
}

#[track_caller]
fn all_pass(name: &str, count: usize) {
    let report = run(&[folder(name)]);
    assert_eq!(report.to_string(), format!("{count} passed, 0 failed"));
}

#[test]
fn every_pure_test_passes() {
    all_pass("pure", 60);
}

#[test]
fn every_datamodel_test_passes() {
    all_pass("datamodel", 42);
}

#[test]
fn every_error_injection_test_passes() {
    all_pass("error-injection", 19);
}

#[test]
fn every_invoke_test_passes() {
    all_pass("invoke", 18);
}

#[test]
fn a_wrong_expectation_is_one_line_and_counted() {
    let mut folder = folder("pure");
    let script = "hierarchy/hier0.json".to_owned();
    let text = folder.files.get_mut(&script).unwrap();
    *text = text.replace("[\"a1\"]", "[\"elsewhere\"]").replace("[\"a2\"]", "[\"elsewhere\"]");
    let report = run(&[folder]);
    let text = report.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(
        lines[0].starts_with("FAIL pure/hierarchy/hier0: expected [elsewhere] got ["),
        "{text}"
    );
    assert_eq!(lines[1], "59 passed, 1 failed");
}

#[test]
fn results_do_not_depend_on_names() {
    let mut folder = folder("datamodel");
    folder.name = "x".to_owned();
    let mut index: serde_json::Value = serde_json::from_str(&folder.index).unwrap();
    let mut files = std::collections::BTreeMap::new();
    for (at, row) in index["tests"].as_array_mut().unwrap().iter_mut().enumerate() {
        for (key, name) in [("scxml", format!("{at}.xml")), ("script", format!("{at}.txt"))] {
            let old = row[key].as_str().unwrap().to_owned();
            files.insert(name.clone(), folder.files[&old].clone());
            row[key] = name.into();
        }
        row["id"] = format!("t{at}").into();
    }
    folder.index = index.to_string();
    folder.files = files;
    assert_eq!(run(&[folder]).to_string(), "42 passed, 0 failed");
}

#[test]
fn a_test_that_cannot_be_read_fails_with_the_reason() {
    let mut folder = folder("pure");
    folder.files.insert(
        "hierarchy/hier0.scxml".to_owned(),
        "<scxml xmlns='http://www.w3.org/2005/07/scxml'><script>1</script></scxml>".to_owned(),
    );
    let text = run(&[folder]).to_string();
    let line = text.lines().next().unwrap();
    assert!(line.starts_with("FAIL pure/hierarchy/hier0: "), "{line}");
    assert!(line.contains("`<script>` is not offered"), "{line}");
}

#[test]
fn a_folder_without_an_index_is_an_error() {
    let error = open(&suite().join("pure/hierarchy")).unwrap_err();
    assert!(error.to_string().contains("no folder with an `index.json`"), "{error}");
}
