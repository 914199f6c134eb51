//! Rules about the text of our own sources.

use std::collections::BTreeSet;

use super::rust::{bare, words};
use super::tree::File;

/// House style asks for about 400; here is the wall.
const LINES_MAX: usize = 450;
/// An example is read in one sitting.
const EXAMPLE_LINES_MAX: usize = 100;

/// Modules of `std` that touch the world.
const WORLDLY: &[&str] = &["fs", "net", "env", "process"];
/// Types whose value or order is not decided by the arguments.
const UNDECIDED: &[&str] = &["SystemTime", "Instant", "HashMap", "HashSet"];
/// Endings of files that hold text of ours.
const TEXT: &[&str] =
    &["rs", "md", "toml", "yaml", "yml", "json", "sql", "sh", "py", "html", "txt"];

/// The attribute that lets one line name an unordered type, with its reason, where a dependency
/// wants one handed over.
const EXCUSE: &str = "#[expect(clippy::disallowed_types, reason";

/// What a pure source must not name.
pub(crate) fn impure(files: &[File]) -> Vec<String> {
    let mut problems = Vec::new();
    for file in files {
        let mut above = "";
        for ((number, line), written) in numbered(&bare(&file.text)).zip(file.text.lines()) {
            let excused = above.contains(EXCUSE);
            above = written;
            for name in words(line).filter(|word| UNDECIDED.contains(word) && !excused) {
                problems.push(format!("{}:{number}: `{name}` in a pure crate", file.path));
            }
            for name in worldly(line) {
                problems.push(format!("{}:{number}: `std::{name}` in a pure crate", file.path));
            }
        }
    }
    problems
}

/// The modules of [`WORLDLY`] that a line takes from `std`, alone or in a group.
fn worldly(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for rest in line.split("std::").skip(1) {
        let names = rest.strip_prefix('{').map_or(rest, |group| group);
        let alone = !rest.starts_with('{');
        let taken = words(names).take(if alone { 1 } else { usize::MAX });
        found.extend(taken.filter(|word| WORLDLY.contains(word)));
    }
    found
}

/// Files that have grown past what one reads at once.
pub(crate) fn too_long(files: &[File]) -> Vec<String> {
    files
        .iter()
        .filter_map(|file| {
            let (lines, max) = (file.text.lines().count(), lines_max(&file.path));
            (lines > max).then(|| format!("{}: {lines} lines, at most {max}", file.path))
        })
        .collect()
}

fn lines_max(path: &str) -> usize {
    if path.starts_with("examples/") { EXAMPLE_LINES_MAX } else { LINES_MAX }
}

/// Promises and switches: what is not done is not there, and no test is switched off.
pub(crate) fn left_for_later(files: &[File]) -> Vec<String> {
    let promises = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
    let mut problems = Vec::new();
    for file in files {
        for (number, line) in numbered(&file.text) {
            for promise in words(line).filter(|word| promises.contains(word)) {
                problems.push(format!("{}:{number}: `{promise}`", file.path));
            }
        }
        for (number, line) in numbered(&bare(&file.text)) {
            for name in ["ignore", "should_panic"] {
                if line.replace(' ', "").contains(&format!("#[{name}")) {
                    problems.push(format!("{}:{number}: a test with `{name}`", file.path));
                }
            }
        }
    }
    problems
}

/// Paths that exist on one machine only.
pub(crate) fn machine_paths(files: &[File]) -> Vec<String> {
    let private = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];
    let mut problems = Vec::new();
    for file in files.iter().filter(|file| is_text(&file.path)) {
        for (number, line) in numbered(&file.text) {
            for path in private.iter().filter(|path| starts_a_path(line, path)) {
                problems.push(format!("{}:{number}: a path below `{path}`", file.path));
            }
        }
    }
    problems
}

fn is_text(path: &str) -> bool {
    match path.rsplit('/').next().unwrap_or(path).split_once('.') {
        Some((_, ending)) => TEXT.iter().any(|text| ending.ends_with(text)),
        None => true,
    }
}

/// Whether `path` begins somewhere in `line`, and is not the middle of a longer one.
fn starts_a_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && !"._-}*".contains(c))
    })
}

/// Every `pub async fn` of the store that no test names.
pub(crate) fn untested(store: &[File], tests: &[File]) -> Vec<String> {
    let bared: Vec<String> = tests.iter().map(|file| bare(&file.text)).collect();
    let named: BTreeSet<&str> = bared.iter().flat_map(|text| words(text)).collect();
    let mut problems = Vec::new();
    for file in store {
        let text = bare(&file.text);
        let all: Vec<&str> = words(&text).collect();
        for four in all.windows(4) {
            if four[..3] == ["pub", "async", "fn"] && !named.contains(four[3]) {
                problems.push(format!("{}: `{}` is named in no store test", file.path, four[3]));
            }
        }
    }
    problems
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> Vec<File> {
        vec![File::new(path, text)]
    }

    #[test]
    fn the_world_in_a_pure_crate_is_reported() {
        for (line, expected) in [
            ("use std::collections::BTreeMap;", 0),
            ("// never a HashMap", 0),
            ("let text = \"std::fs\";", 0),
            ("let my_env = environment::std();", 0),
            ("use std::collections::HashMap;", 1),
            ("#[expect(clippy::disallowed_types, reason = \"x\")]\nHashMap::new();", 0),
            ("#[expect(clippy::disallowed_types, reason = \"x\")]\nf();\nHashMap::new();", 1),
            ("use std::time::{Duration, SystemTime};", 1),
            ("let t = std::time::Instant::now();", 1),
            ("std::fs::read(path)", 1),
            ("use std::{fmt, fs, net};", 2),
            ("std::env::var(\"X\")", 1),
            ("std::process::exit(1)", 1),
        ] {
            assert_eq!(impure(&file("a.rs", line)).len(), expected, "{line}");
        }
    }

    #[test]
    fn a_long_file_is_reported() {
        for (path, lines, expected) in [
            ("a.rs", LINES_MAX, 0),
            ("a.rs", LINES_MAX + 1, 1),
            ("examples/a.rs", EXAMPLE_LINES_MAX, 0),
            ("examples/a.rs", EXAMPLE_LINES_MAX + 1, 1),
        ] {
            let problems = too_long(&file(path, &"x\n".repeat(lines)));
            assert_eq!(problems.len(), expected, "{path} {lines}");
        }
    }

    #[test]
    fn promises_and_switched_off_tests_are_reported() {
        for (line, expected) in [
            ("let todo_list = 1; // ignore it", 0),
            (concat!("// TO", "DO: later"), 1),
            ("#[ignore = \"slow\"]", 1),
            ("# [should_panic]", 1),
            ("\"#[ignore]\"", 0),
        ] {
            assert_eq!(left_for_later(&file("a.rs", line)).len(), expected, "{line}");
        }
    }

    #[test]
    fn a_path_of_one_machine_is_reported() {
        for (path, line, expected) in [
            ("a.md", concat!("see /wo", "rk/x"), 1),
            ("check", concat!("cd /ro", "ot/x"), 1),
            ("a.rs", concat!("\"/ho", "me/lan/x\""), 1),
            ("a.md", concat!("see docs/wo", "rk/x"), 0),
            ("a.md", "see /tmp/x", 0),
            ("a.woff2", concat!("/wo", "rk/"), 0),
        ] {
            assert_eq!(machine_paths(&file(path, line)).len(), expected, "{path}: {line}");
        }
    }

    #[test]
    fn a_store_function_without_a_test_is_reported() {
        let store =
            file("s.rs", "pub async fn append(x: X) {}\nasync fn inner() {}\npub fn f() {}");
        for (test, expected) in [
            ("log::append(&mut tx).await", 0),
            ("// append", 1),
            ("append_all()", 1),
            ("\"append\"", 1),
        ] {
            assert_eq!(untested(&store, &file("t.rs", test)).len(), expected, "{test}");
        }
    }
}
