//! `cotmoc simulate`: the programme on a virtual clock, into any database.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use super::output::say;
use super::{Arguments, Failure, Format, Lang, progress};
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
    /// Run so many seeds, each without and with faults on files of its own, and compare them
    #[arg(long, conflicts_with_all = ["faults", "json"])]
    pub seeds: Option<u64>,
    /// The result as JSON, the hashes last
    #[arg(long)]
    pub json: bool,
}

const EXAMPLES: &str = "Examples:
  cotmoc simulate --seed 1 --months 24 --store sqlite:run.db --json
  cotmoc simulate --seed 7 --months 3 --platforms 6 --faults --store postgres://localhost/run
  cotmoc simulate --seeds 200 --months 3 --platforms 6

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
    if let Some(seeds) = args.seeds {
        return compare(&plan, seeds, common.lang).await;
    }
    let mut bar = progress::Bar::new(common.lang);
    let outcome =
        simulate::run(&plan, &mut |step| bar.show(step)).await.map_err(|error| failure(&error))?;
    bar.finish();
    if args.json || common.format == Format::Json {
        return say(&document(&plan, &outcome));
    }
    let lang = common.lang;
    if plan.faults {
        say(&counts(&outcome.faults, lang))?;
    }
    say(&format!("{}: {}", lang.pick("số lệnh", "commands"), outcome.commands))?;
    say(&format!("{}: {}", lang.pick("tóm lược quyết định", "decision digest"), outcome.digest))?;
    say(&format!("{}: {}", lang.pick("mã neo", "anchor"), outcome.anchor))
}

/// Runs `seeds` seeds from the plan's on, each without and with faults, in a folder of its own.
async fn compare(plan: &Plan, seeds: u64, lang: Lang) -> Result<(), Failure> {
    let folder = std::env::temp_dir().join(format!("cotmoc-seeds-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let mut sum = Faults::default();
    let mut different = Vec::new();
    for seed in plan.seed..plan.seed.saturating_add(seeds) {
        let mut outcomes = Vec::with_capacity(2);
        for faults in [false, true] {
            let file = folder.join(format!("{seed}-{faults}.db"));
            let store = format!("sqlite:{}", file.display());
            let plan = Plan { seed, store, faults, ..plan.clone() };
            let outcome = simulate::run(&plan, &mut |_| {}).await;
            outcomes.push(outcome.map_err(|error| failure(&error))?);
        }
        let (plain, faulty) = (&outcomes[0], &outcomes[1]);
        sum = sum.plus(faulty.faults);
        if plain.digest != faulty.digest {
            different.push(seed);
            say(&format!("{} {seed}: {} ≠ {}", word(lang), plain.digest, faulty.digest))?;
        }
        std::fs::remove_dir_all(&folder)?;
        std::fs::create_dir_all(&folder)?;
    }
    std::fs::remove_dir_all(&folder)?;
    say(&counts(&sum, lang))?;
    let same = seeds - different.len() as u64;
    say(&format!(
        "{same} {}, {} {}",
        lang.pick("trùng", "equal"),
        different.len(),
        lang.pick("khác", "different")
    ))?;
    if different.is_empty() { Ok(()) } else { Err(Failure::said()) }
}

fn word(lang: Lang) -> &'static str {
    lang.pick("hạt giống", "seed")
}

/// What was put in, in one line.
fn counts(faults: &Faults, lang: Lang) -> String {
    format!(
        "{}: {} · {}: {} · {}: {} · {}: {} · {}: {}",
        lang.pick("sự cố dừng máy", "crashes"),
        faults.crashes,
        lang.pick("dừng giữa việc của máy", "interruptions"),
        faults.interruptions,
        lang.pick("mất phản hồi", "lost replies"),
        faults.lost_replies,
        lang.pick("lệnh gửi trùng", "duplicate commands"),
        faults.duplicates,
        lang.pick("thư bị từ chối", "refused mail"),
        faults.refused_mail,
    )
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
