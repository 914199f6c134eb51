//! Runs conformance suites of third parties: SCXML documents with the configurations they must
//! reach, as plain data.
//!
//! A suite is a folder whose sub-folders hold an `index.json`; each row of it names a document, a
//! script and how to compare. The rules are those of the NOTICE beside the suite in
//! `tests/conformance/scxml`: a simulated clock, sets of atomic states, zero-delay sends delivered
//! after a configuration was reported, and verdict tests that pass when they end in `pass`.
//!
//! Reading order: [`run`], then `script` (what a row and a script say), `trial` (one test),
//! `session` (one or more running charts and the clock).
//!
//! **Invariant:** nothing here knows a test's name; a result depends on the files alone.

mod script;
mod session;
mod trial;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::read::Document;
pub use session::{STEPS_MAX, World, WorldError};

/// One folder of a suite, with the text of its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Its name in the suite.
    pub name: String,
    /// The text of `index.json`.
    pub index: String,
    /// Texts of the other files, by path inside the folder with `/` between the parts.
    pub files: BTreeMap<String, String>,
}

/// Why a suite cannot be read from disk.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A folder or file cannot be read.
    #[error("`{path}` cannot be read", path = .path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// No `index.json` anywhere below.
    #[error("`{path}` holds no folder with an `index.json`", path = .path.display())]
    Empty {
        /// The folder searched.
        path: PathBuf,
    },
}

/// Folders may nest this deep in a suite.
const NESTING_MAX: usize = 8;

/// The folders below `dir` that hold an `index.json`, in the order of their names.
pub fn open(dir: &Path) -> Result<Vec<Folder>, OpenError> {
    let mut folders = Vec::new();
    collect(dir, dir, NESTING_MAX, &mut folders)?;
    if folders.is_empty() {
        return Err(OpenError::Empty { path: dir.to_owned() });
    }
    Ok(folders)
}

fn collect(
    dir: &Path,
    top: &Path,
    deeper: usize,
    folders: &mut Vec<Folder>,
) -> Result<(), OpenError> {
    let index = dir.join("index.json");
    if index.is_file() {
        let mut files = BTreeMap::new();
        texts(dir, "", deeper, &mut files)?;
        let index = files.remove("index.json").unwrap_or_default();
        let inside = dir.strip_prefix(top).unwrap_or(dir);
        let name = inside.to_string_lossy().replace('\\', "/");
        let name = if name.is_empty() { "suite".to_owned() } else { name };
        folders.push(Folder { name, index, files });
        return Ok(());
    }
    for path in sorted(dir)? {
        if path.is_dir() && deeper > 0 {
            collect(&path, top, deeper - 1, folders)?;
        }
    }
    Ok(())
}

/// Texts of all files below `dir` that are texts.
fn texts(
    dir: &Path,
    prefix: &str,
    deeper: usize,
    files: &mut BTreeMap<String, String>,
) -> Result<(), OpenError> {
    for path in sorted(dir)? {
        let Some(name) = path.file_name().map(|name| name.to_string_lossy().into_owned()) else {
            continue;
        };
        if path.is_dir() {
            if deeper > 0 {
                texts(&path, &format!("{prefix}{name}/"), deeper - 1, files)?;
            }
            continue;
        }
        let bytes = std::fs::read(&path)
            .map_err(|source| OpenError::Unreadable { path: path.clone(), source })?;
        if let Ok(text) = String::from_utf8(bytes) {
            files.insert(format!("{prefix}{name}"), text);
        }
    }
    Ok(())
}

fn sorted(dir: &Path) -> Result<Vec<PathBuf>, OpenError> {
    let unreadable = |source| OpenError::Unreadable { path: dir.to_owned(), source };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(unreadable)? {
        paths.push(entry.map_err(unreadable)?.path());
    }
    paths.sort();
    Ok(paths)
}

/// What became of every test of a suite. Its `Display` is one line a failure, then the counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// In the order of the folders and their indexes.
    pub results: Vec<TestResult>,
}

/// What became of one test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestResult {
    /// Its folder.
    pub folder: String,
    /// Its id in the folder's index.
    pub id: String,
    /// Why it failed; `None` when it passed.
    pub failure: Option<String>,
}

impl Report {
    /// How many tests passed.
    pub fn passed(&self) -> usize {
        self.results.iter().filter(|one| one.failure.is_none()).count()
    }

    /// How many failed.
    pub fn failed(&self) -> usize {
        self.results.len() - self.passed()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for result in &self.results {
            if let Some(failure) = &result.failure {
                let failure = failure.replace('\n', " ");
                writeln!(f, "FAIL {}/{}: {failure}", result.folder, result.id)?;
            }
        }
        write!(f, "{} passed, {} failed", self.passed(), self.failed())
    }
}

/// Runs every test of `folders`. An index that cannot be read counts as one failed test.
pub fn run(folders: &[Folder]) -> Report {
    run_through(folders, Ok)
}

/// As [`run`], with every document changed by `change` before it runs: so a writer can be held to
/// the same suite. An error of `change` fails the test.
pub fn run_through(
    folders: &[Folder],
    change: impl Fn(Document) -> Result<Document, String>,
) -> Report {
    let mut report = Report::default();
    for folder in folders {
        let index = match script::index(&folder.index) {
            Ok(index) => index,
            Err(reason) => {
                let id = "index.json".to_owned();
                let failure = Some(reason);
                report.results.push(TestResult { folder: folder.name.clone(), id, failure });
                continue;
            }
        };
        for row in index.tests {
            let failure = trial::run(&row, &folder.files, &change).err();
            report.results.push(TestResult { folder: folder.name.clone(), id: row.id, failure });
        }
    }
    report
}
