//! A database of its own for each test, and the binary run on it.

use std::process::{Command, Stdio};

use serde_json::Value;
use support::binary::cotmoc;
use tempfile::TempDir;

/// A case that stands open in every prepared database.
pub(crate) const KEY: &str = "month-6";
/// Who reports in it.
pub(crate) const REPORTER: &str = "person:dn-a2:core_enterprise";

/// What a command did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Its result, where it went well.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        self.out
    }

    /// Its result as JSON, where it went well.
    #[track_caller]
    pub(crate) fn json(self) -> Value {
        serde_json::from_str(&self.ok()).expect("it printed JSON")
    }

    /// What it said, where it failed with `code`.
    #[track_caller]
    pub(crate) fn failed(self, code: i32) -> String {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        self.err
    }
}

/// `cotmoc` with nothing of this machine's settings.
pub(crate) fn command() -> Command {
    let mut command = Command::new(cotmoc());
    for name in ["COTMOC_STORE", "COTMOC_LANG", "COTMOC_SMTP", "COTMOC_LETTERS", "COTMOC_LOG"] {
        command.env_remove(name);
    }
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).stdin(Stdio::null());
    command
}

/// Runs `cotmoc` with `arguments`.
pub(crate) fn run(arguments: &[&str]) -> Ran {
    let output = command().args(arguments).output().expect("the binary can be run");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("it prints UTF-8");
    Ran {
        code: output.status.code().expect("it ended by itself"),
        out: text(&output.stdout),
        err: text(&output.stderr),
    }
}

/// A database and the folder it may be in.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) folder: TempDir,
    pub(crate) store: String,
}

impl Desk {
    /// A new file, not there yet.
    pub(crate) fn empty() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let store = format!("sqlite:{}", folder.path().join("a.db").display());
        Self { folder, store }
    }

    /// A file with people, platforms and one report, on a clock that stands in June 2022.
    pub(crate) fn prepared() -> Self {
        Self::empty().prepare()
    }

    /// The same on the database at `store`.
    pub(crate) fn prepared_at(store: String) -> Self {
        Self { store, ..Self::empty() }.prepare()
    }

    fn prepare(self) -> Self {
        self.run(&["init", "--clock", "2022-06-15T09:00:00+07:00"]).ok();
        self.run(&["import", "--platforms"]).ok();
        let data = r#"{ "level": "enterprise", "kind": "enterprise_month", "duties": ["rep-05"],
            "platform": "A", "reporter": "dn-a2", "period": "2022-06" }"#;
        self.run(&[
            "case",
            "open",
            "report",
            "platform/ndp2022-01/dn-a2",
            "--as",
            "system",
            "--data",
            data,
            "--key",
            KEY,
        ])
        .ok();
        self
    }

    /// Runs `cotmoc` on it.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let mut all = vec!["--store", &self.store];
        all.extend(arguments);
        run(&all)
    }

    /// The id of the report.
    pub(crate) fn report(&self) -> String {
        let list = self.run(&["case", "list", "--chart", "report", "--format", "json"]).json();
        list[0]["case_id"].as_str().expect("the report is listed").to_owned()
    }
}
