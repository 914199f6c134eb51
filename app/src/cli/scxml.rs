//! `cotmoc scxml`: third-party suites of the W3C notation, run against the engine.

use std::path::PathBuf;

use clap::Subcommand;
use scxml::suite;
use serde_json::json;

use super::output::{Rows, remark, say};
use super::wording::because;
use super::{Arguments, Failure, Format};

/// What to do with SCXML.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run every test below a folder; ends with the line `N passed, N failed`
    #[command(after_help = "Examples:\n  cotmoc scxml test tests/conformance/scxml/pure\n  \
        cotmoc scxml test tests/conformance/scxml --format csv")]
    Test {
        /// A folder whose sub-folders hold an `index.json`
        dir: PathBuf,
    },
}

/// Carries out a command on SCXML.
pub fn run(verb: &Verb, common: &Arguments) -> Result<(), Failure> {
    let Verb::Test { dir } = verb;
    let folders = suite::open(dir).map_err(|error| {
        let path = dir.display();
        Failure::usage(
            &format!(
                "Không chạy được bộ kiểm thử trong `{path}`; cần một thư mục có `index.json`: {}.",
                because(&error)
            ),
            &because(&error),
        )
    })?;
    let report = suite::run(&folders);
    if common.format == Format::Table {
        say(&report.to_string())?;
    } else {
        let mut rows = Rows::new(&[("folder", ""), ("id", ""), ("passed", ""), ("failure", "")]);
        for one in &report.results {
            let passed = one.failure.is_none();
            rows.push(vec![json!(one.folder), json!(one.id), json!(passed), json!(one.failure)]);
        }
        rows.print(common.format, "")?;
        remark(&format!("{} passed, {} failed", report.passed(), report.failed()));
    }
    if report.failed() > 0 { Err(Failure::said()) } else { Ok(()) }
}
