//! How much the checker sees: every shipped chart is broken in every simple way, one at a time,
//! and at least 95 of 100 of the broken charts are reported.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::thread;

use chart::check::{Library, check, look};
use chart::load::{Files, Loaded, load};
use chart::problem::{Problem, ProblemKind};
use serde_json::Value;

/// Every chart of `workflows/`, by folder, with the files beside it.
fn shipped() -> Files {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows");
    let mut files = Files::new();
    for folder in fs::read_dir(&root).expect("the files of the tests are sound") {
        let folder = folder.expect("the files of the tests are sound").path();
        if !folder.join("chart.yaml").exists() {
            continue;
        }
        for file in fs::read_dir(&folder).expect("the files of the tests are sound") {
            let file = file.expect("the files of the tests are sound").path();
            if file.extension().is_some_and(|one| one == "json" || one == "yaml") {
                let name = file
                    .strip_prefix(&root)
                    .expect("the files of the tests are sound")
                    .to_str()
                    .expect("the files of the tests are sound")
                    .replace('\\', "/");
                files.insert(
                    name,
                    fs::read_to_string(&file).expect("the files of the tests are sound"),
                );
            }
        }
    }
    files
}

/// What is tried on all titles together.
const TITLE: &str = "drop title";

/// One broken chart.
struct Mutant {
    /// What was done to it.
    operator: &'static str,
    /// Where, as a JSON pointer with names.
    at: String,
    document: Value,
}

/// Breaks `document` in every way; pointers lead to the mapping whose key is changed.
fn mutants(document: &Value) -> Vec<Mutant> {
    let mut found = Vec::new();
    walk(document, "", "", &mut found);
    let mut all = Vec::new();
    for (operator, pointer, key) in found.into_iter().filter(|(operator, ..)| *operator != TITLE) {
        let mut document = document.clone();
        let Some(Value::Object(map)) = document.pointer_mut(&pointer) else { continue };
        if operator == "widen guard" {
            map.insert(key.clone(), Value::from("true"));
        } else {
            map.remove(&key);
        }
        all.push(Mutant { operator, at: format!("{pointer}/{key}"), document });
    }
    all
}

type Site = (&'static str, String, String);

/// Collects what can be broken; `parent` is the key under which a value stands.
fn walk(value: &Value, pointer: &str, parent: &str, found: &mut Vec<Site>) {
    match value {
        Value::Object(map) => {
            let transition = parent == "transition";
            for (key, inner) in map {
                let operators: &[&'static str] = match key.as_str() {
                    "title" => &[TITLE],
                    "task" if parent == "state" => &["drop task"],
                    "term" if parent == "state" && inner.is_object() => &["drop term"],
                    "to" if transition => &["drop target"],
                    "if" if transition => &["drop guard", "widen guard"],
                    _ => &[],
                };
                for operator in operators {
                    found.push((operator, pointer.to_owned(), key.clone()));
                }
                let token = key.replace('~', "~0").replace('/', "~1");
                let next = format!("{pointer}/{token}");
                let role = match (parent, key.as_str()) {
                    ("", "data") | (_, "payload" | "do" | "set" | "entry" | "exit") => continue,
                    (_, "states") => "states",
                    ("states", _) => "state",
                    ("state", "on") => "on",
                    ("on", _) | ("state", "always") => "transition",
                    ("state", "task" | "term") => "work",
                    ("", "events" | "roles") => "declared",
                    _ => "other",
                };
                walk(inner, &next, role, found);
            }
        }
        Value::Array(list) => {
            for (ix, inner) in list.iter().enumerate() {
                walk(inner, &format!("{pointer}/{ix}"), parent, found);
            }
        }
        _ => {}
    }
}

fn load_document(document: &Value) -> Loaded {
    let path = "chart.json".to_owned();
    load(&Files::from([(path.clone(), document.to_string())]), &path)
}

/// The kinds of problems by how often each comes.
fn kinds(problems: &[Problem]) -> BTreeMap<(ProblemKind, String), usize> {
    let mut all = BTreeMap::new();
    for one in problems {
        *all.entry((one.kind, one.message.en.clone())).or_insert(0) += 1;
    }
    all
}

/// Whether something is told that was not told of the whole chart.
fn is_new(problems: &[Problem], whole: &BTreeMap<(ProblemKind, String), usize>) -> bool {
    kinds(problems).iter().any(|(kind, count)| whole.get(kind).is_none_or(|known| count > known))
}

/// Every title of `document` dropped, and how many of them are reported. Not one at a time: each is
/// told for itself, and four hundred charts with a title less would tell nothing more. Those of
/// terms and history states go apart, because a chart may be run without them.
fn untitled(document: &Value, library: &Library) -> (usize, usize) {
    let mut found = Vec::new();
    walk(document, "", "", &mut found);
    let (mut told, mut dropped) = (0, 0);
    for kind in [ProblemKind::MissingTitle, ProblemKind::Untitled] {
        let (mut broken, mut here) = (document.clone(), 0);
        for (_, pointer, key) in found.iter().filter(|(operator, ..)| *operator == TITLE) {
            let Some(Value::Object(map)) = broken.pointer_mut(pointer) else { continue };
            let spare = pointer.ends_with("/term") || map.contains_key("deep");
            let spare = spare || map.get("type").is_some_and(|one| one == "history");
            if spare == (kind == ProblemKind::Untitled) {
                here += usize::from(map.remove(key).is_some());
            }
        }
        let problems = look(&load_document(&broken), library);
        told += problems.iter().filter(|one| one.kind == kind).count().min(here);
        dropped += here;
    }
    (told, dropped)
}

/// Every mutant of `document`, and whether it is reported; the work is shared by four threads.
fn judged(document: &Value, library: &Library) -> Vec<(Mutant, bool)> {
    let whole = load_document(document);
    let (quick, all) = (kinds(&look(&whole, library)), kinds(&check(&whole, library)));
    let mut mutants: Vec<(Mutant, bool)> =
        mutants(document).into_iter().map(|one| (one, false)).collect();
    let share = mutants.len().div_ceil(4).max(1);
    thread::scope(|scope| {
        for chunk in mutants.chunks_mut(share) {
            scope.spawn(|| {
                for (mutant, seen) in chunk {
                    let broken = load_document(&mutant.document);
                    *seen = is_new(&look(&broken, library), &quick)
                        || is_new(&check(&broken, library), &all);
                }
            });
        }
    });
    mutants
}

#[test]
fn nineteen_of_twenty_broken_charts_are_reported() {
    let files = shipped();
    let loaded: Vec<Loaded> = files
        .keys()
        .filter(|path| path.ends_with("/chart.yaml"))
        .map(|path| load(&files, path))
        .collect();
    let mut library = Library::default();
    for chart in loaded.iter().filter_map(|one| one.chart.as_ref()) {
        library.charts.insert(chart.name.clone(), chart.clone());
    }
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut survivors: Vec<String> = Vec::new();
    for one in &loaded {
        let document: Value =
            serde_json::from_str(&one.document).expect("the files of the tests are sound");
        let name = one.chart.as_ref().expect("the files of the tests are sound").name.clone();
        let (told, dropped) = untitled(&document, &library);
        let count = counts.entry(TITLE).or_default();
        *count = (count.0 + told, count.1 + dropped);
        for (mutant, seen) in judged(&document, &library) {
            let count = counts.entry(mutant.operator).or_default();
            count.0 += usize::from(seen);
            count.1 += 1;
            if !seen {
                survivors.push(format!("{}: {name}{}", mutant.operator, mutant.at));
            }
        }
    }
    let mut report: Vec<String> = Vec::new();
    let (mut seen, mut total) = (0, 0);
    for (operator, (one, of)) in counts {
        report.push(format!("{operator}: {one} of {of}"));
        seen += one;
        total += of;
    }
    report.extend(survivors);
    let told = format!("{seen} of {total} broken charts are reported\n{}", report.join("\n"));
    fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("mutation.txt"), &told)
        .expect("the files of the tests are sound");
    assert!(total > 300, "{told}");
    assert!(seen * 100 >= total * 95, "{told}");
}
