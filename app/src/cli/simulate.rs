//! `cotmoc simulate`: the programme on a virtual clock, into any database.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use super::output::say;
use super::{Arguments, Failure, Format, progress};
use crate::simulate::{self, Faults, Outcome, Plan, SimulateError};

/// Arguments of `simulate`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The seed of every draw
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The first day
    #[arg(long, default_value_t = simulate::first_day())]
    pub from: NaiveDate,
    /// How many months
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=60))]
    pub months: u32,
    /// How many platforms of the catalogue
    #[arg(long, default_value_t = 35, value_parser = clap::value_parser!(u8).range(1..=35))]
    pub platforms: u8,
    /// Put in crashes, lost replies, repeated commands and refused mail
    #[arg(long)]
    pub faults: bool,
    /// The result as JSON, the hashes last
    #[arg(long)]
    pub json: bool,
}

const EXAMPLES: &str = "Examples:
  cotmoc simulate --seed 1 --months 24 --store sqlite:run.db --json
  cotmoc simulate --seed 7 --months 3 --platforms 6 --faults --store postgres://localhost/run

The same seed gives the same anchor hash on every database.";

/// Runs the simulation into the store; the store must hold no programme yet.
pub async fn run(args: &Args, common: &Arguments) -> Result<(), Failure> {
    let plan = Plan {
        seed: args.seed,
        from: args.from,
        months: args.months,
        platforms: usize::from(args.platforms),
        store: common.store.clone(),
        faults: args.faults,
    };
    let mut bar = progress::Bar::new(common.lang);
    let outcome =
        simulate::run(&plan, &mut |step| bar.show(step)).await.map_err(|error| failure(&error))?;
    bar.finish();
    if args.json || common.format == Format::Json {
        return say(&document(&plan, &outcome));
    }
    let lang = common.lang;
    let faults = outcome.faults;
    if plan.faults {
        say(&format!(
            "{}: {} · {}: {} · {}: {} · {}: {}",
            lang.pick("sự cố dừng máy", "crashes"),
            faults.crashes,
            lang.pick("mất phản hồi", "lost replies"),
            faults.lost_replies,
            lang.pick("lệnh gửi trùng", "duplicate commands"),
            faults.duplicates,
            lang.pick("thư bị từ chối", "refused mail"),
            faults.refused_mail,
        ))?;
    }
    say(&format!("{}: {}", lang.pick("số lệnh", "commands"), outcome.commands))?;
    say(&format!("{}: {}", lang.pick("tóm lược quyết định", "decision digest"), outcome.digest))?;
    say(&format!("{}: {}", lang.pick("mã neo", "anchor"), outcome.anchor))
}

/// The result for machines; the fields are printed in this order, the hashes last.
#[derive(Debug, Serialize)]
struct Document<'o> {
    seed: u64,
    from: String,
    months: u32,
    platforms: usize,
    commands: u64,
    refused: &'o BTreeMap<String, u64>,
    faults: Option<Faults>,
    decision_digest: &'o str,
    anchor: &'o str,
}

fn document(plan: &Plan, outcome: &Outcome) -> String {
    let document = Document {
        seed: plan.seed,
        from: plan.from.to_string(),
        months: plan.months,
        platforms: plan.platforms,
        commands: outcome.commands,
        refused: &outcome.refused,
        faults: plan.faults.then_some(outcome.faults),
        decision_digest: &outcome.digest,
        anchor: &outcome.anchor,
    };
    serde_json::to_string_pretty(&document).expect("plain fields are always written")
}

/// What went wrong, for people.
pub fn failure(error: &SimulateError) -> Failure {
    let cause = std::error::Error::source(error).map(|source| format!(": {source}"));
    let en = format!("the simulation stopped: {error}{}", cause.unwrap_or_default());
    match error {
        SimulateError::Occupied { url } => Failure::usage(
            &format!("`{url}` đã có dữ liệu Chương trình; hãy chỉ định cơ sở dữ liệu mới."),
            &en,
        ),
        _ => Failure::unavailable(&format!("Mô phỏng dừng lại: {error}."), &en),
    }
}
