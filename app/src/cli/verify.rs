//! `cotmoc verify`: everything the database says, derived again from the log.

use runtime::verify::{Verified, verify};
use serde::Serialize;

use super::desk::Desk;
use super::output::{remark, say};
use super::{Arguments, Failure, Format, Lang};

/// Arguments of `verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cotmoc verify
  cotmoc verify --json

Prints what is wrong, one finding a line, and last the hash of the newest anchor: write it down
elsewhere, and a later change of anything before it will show. Exit code 1 when anything is wrong.")]
pub struct Args {
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Verifies the store and prints what is wrong.
pub async fn run(args: &Args, common: &Arguments) -> Result<(), Failure> {
    let desk = Desk::open(&common.store, common.lang).await?;
    let verified = verify(&desk.store, &desk.library, desk.now()).await?;
    if args.json || common.format == Format::Json {
        say(&document(&verified)?)?;
    } else {
        for finding in &verified.findings {
            say(&finding.to_string())?;
        }
        let Verified { findings, cases, entries, .. } = &verified;
        remark(&match common.lang {
            Lang::Vi => format!("{cases} hồ sơ, {entries} bản ghi, {} lỗi", findings.len()),
            Lang::En => format!("{cases} cases, {entries} entries, {} findings", findings.len()),
        });
        say(&verified.anchor)?;
    }
    if verified.is_clean() { Ok(()) } else { Err(Failure::said()) }
}

/// The result for machines; the fields are printed in this order.
#[derive(Debug, Serialize)]
struct Document<'v> {
    clean: bool,
    findings: Vec<Fault<'v>>,
    cases: usize,
    entries: usize,
    anchor: &'v str,
}

#[derive(Debug, Serialize)]
struct Fault<'v> {
    case_id: &'v str,
    kind: &'static str,
    what: &'v str,
}

fn document(verified: &Verified) -> Result<String, Failure> {
    let findings = verified.findings.iter();
    let document = Document {
        clean: verified.is_clean(),
        findings: findings
            .map(|one| Fault { case_id: &one.case_id, kind: one.kind, what: &one.what })
            .collect(),
        cases: verified.cases,
        entries: verified.entries,
        anchor: &verified.anchor,
    };
    Ok(serde_json::to_string_pretty(&document).map_err(std::io::Error::other)?)
}
