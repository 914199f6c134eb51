//! The reader of charts: YAML in, a [`Chart`] and every problem out.
//!
//! The language is told in `docs/charts.md`. A file is read in two passes: first into a tree of
//! nodes with places (`node`), then part by part (`chart`, `state`, `transition`, `action`), where
//! a part that cannot be read is reported and left out. So a broken expression never hides a
//! missing title elsewhere. What the chart means as a whole is asked in [`crate::check`].
//!
//! **Invariant:** [`load`] opens no file; the caller hands every text over.
//!
//! **Invariant:** [`from_document`] of a stored document gives a chart with the same hash.

mod action;
mod chart;
mod document;
mod fields;
mod language;
mod node;
pub mod source;
mod state;
mod term;
mod transition;

use std::collections::{BTreeMap, BTreeSet};

use unicode_normalization::UnicodeNormalization;

use crate::build::build;
use crate::canonical;
use crate::definition::{Chart, Place};
use crate::problem::{Problem, ProblemKind, Severity};
use crate::spec::{ChartSpec, StateSpec, TransitionSpec};

pub use self::language::language_schema;

use self::fields::Reader;
use self::source::Source;

/// Texts by path; schemas stand beside their chart.
pub type Files = BTreeMap<String, String>;

/// What came of reading one chart.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The chart; absent where anything is wrong with its file.
    pub chart: Option<Chart>,
    /// The chart as far as it could be read, for the checker; never run.
    pub draft: Option<Chart>,
    /// Everything that is wrong, in the order of the file.
    pub problems: Vec<Problem>,
    /// The whole chart as canonical JSON, schemas inlined, texts included; empty where there is
    /// no chart.
    pub document: String,
    /// The part of the document that is hashed; its SHA-256 is [`Chart::sha256`].
    pub definition: String,
    /// Where everything stands in the file.
    pub source: Source,
}

/// Reads the chart at `path`, with the schemas it names from the same folder.
pub fn load(files: &Files, path: &str) -> Loaded {
    let mut reader = Reader::default();
    path.clone_into(&mut reader.source.path);
    let Some(text) = files.get(path) else {
        reader.report(
            ProblemKind::MissingFile,
            Place::default(),
            path,
            format!("không có tệp `{path}`"),
            format!("there is no file `{path}`"),
        );
        return finish(reader, files, None, String::new(), String::new());
    };
    let text: String = text.nfc().collect();
    reader.source.lines = text.lines().map(str::to_owned).collect();
    let root = match node::parse(&text) {
        Ok(root) => root,
        Err(error) => {
            reader.report(
                ProblemKind::YamlSyntax,
                error.place,
                "",
                format!("không đọc được YAML: {}", error.message),
                error.message,
            );
            return finish(reader, files, None, String::new(), String::new());
        }
    };
    let (mut spec, inlined) = reader.chart(&root, files);
    let document = document::document(&root, &inlined);
    let definition = canonical::to_string(&document::definition(&document));
    let document = canonical::to_string(&document);
    spec.sha256 = canonical::sha256_hex(&definition);
    let draft = assemble(&mut reader, spec);
    finish(reader, files, draft, document, definition)
}

/// Compiles a stored document again.
pub fn from_document(document: &str) -> Result<Chart, Vec<Problem>> {
    let path = "chart.json";
    let files = Files::from([(path.to_owned(), document.to_owned())]);
    let loaded = load(&files, path);
    loaded.chart.ok_or(loaded.problems)
}

/// Builds the chart; where names do not resolve, the rest of it is built without them.
fn assemble(reader: &mut Reader, spec: ChartSpec) -> Option<Chart> {
    let problems = match build(spec.clone()) {
        Ok(chart) => return Some(chart),
        Err(problems) => problems,
    };
    let mut unknown = BTreeSet::new();
    for mut problem in problems {
        if problem.kind == ProblemKind::UnknownTarget {
            unknown.insert(problem.excerpt.clone());
            let after = Place { line: problem.line, column: problem.column };
            let at = reader
                .source
                .targets
                .iter()
                .filter(|(name, place)| *name == problem.excerpt && *place >= after)
                .map(|(_, place)| *place)
                .min();
            if let Some(at) = at {
                (problem.line, problem.column) = (at.line, at.column);
            }
        }
        reader.problems.push(problem);
    }
    if unknown.is_empty() {
        return None;
    }
    let mut rest = spec;
    forget(&mut rest.root, &unknown);
    build(rest).ok()
}

/// Takes targets that do not exist out of the tree.
fn forget(state: &mut StateSpec, unknown: &BTreeSet<String>) {
    let without = |transition: &mut TransitionSpec| {
        transition.targets.retain(|one| !unknown.contains(one));
    };
    state.initial.iter_mut().for_each(without);
    state.transitions.iter_mut().for_each(without);
    for child in &mut state.children {
        forget(child, unknown);
    }
}

/// Orders the problems and gives each its file and line.
fn finish(
    reader: Reader,
    files: &Files,
    draft: Option<Chart>,
    document: String,
    definition: String,
) -> Loaded {
    let Reader { mut problems, source, .. } = reader;
    for problem in &mut problems {
        locate(problem, &source, files);
    }
    sort(&mut problems);
    let sound = problems.iter().all(|one| one.severity == Severity::Warning);
    let chart = if sound { draft.clone() } else { None };
    let (document, definition) =
        if sound { (document, definition) } else { (String::new(), String::new()) };
    Loaded { chart, draft, problems, document, definition, source }
}

/// Gives a problem its file and the source line for people.
pub(crate) fn locate(problem: &mut Problem, source: &Source, files: &Files) {
    let line = problem.line.saturating_sub(1) as usize;
    if problem.file.is_empty() || problem.file == source.path {
        problem.file.clone_from(&source.path);
        if problem.line > 0 {
            problem.source = source.lines.get(line).cloned().unwrap_or_default();
        }
    } else if let Some(text) = files.get(&problem.file) {
        problem.source = text.lines().nth(line).unwrap_or_default().to_owned();
    }
}

/// The order in which problems are told: by file, place and kind.
pub(crate) fn sort(problems: &mut Vec<Problem>) {
    problems.sort_by(|one, other| {
        (&one.file, one.line, one.column, one.kind, &one.excerpt).cmp(&(
            &other.file,
            other.line,
            other.column,
            other.kind,
            &other.excerpt,
        ))
    });
    problems.dedup();
}
