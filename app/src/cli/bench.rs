//! `cotmoc bench`: what the engine costs on this machine.

use std::time::Duration;

use clap::Subcommand;
use runtime::clock::Stopwatch;
use serde_json::json;

use super::output::Rows;
use super::{Arguments, Failure};
use crate::bench::step::{BenchError, Script, plain, report};

/// What to measure.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Events a second that one core takes through the pure step, without a database
    #[command(after_help = "Example:\n  cotmoc bench step --ms 2000 --runs 5")]
    Step {
        /// How long each of the runs lasts, in milliseconds
        #[arg(long, default_value_t = 1000)]
        ms: u64,
        /// How many runs; the median counts
        #[arg(long, default_value_t = 5)]
        runs: usize,
    },
}

/// Measures and prints.
pub fn run(verb: &Verb, common: &Arguments) -> Result<(), Failure> {
    let Verb::Step { ms, runs } = verb;
    let lang = common.lang;
    let mut rows = Rows::new(&[
        ("chart", lang.pick("Quy trình", "Chart")),
        ("events_per_second", lang.pick("Sự kiện/giây (trung vị)", "Events/s (median)")),
        ("lowest", lang.pick("Thấp nhất", "Lowest")),
        ("highest", lang.pick("Cao nhất", "Highest")),
    ]);
    for (name, script) in [("ring", plain()), ("report", report())] {
        let script = script.map_err(|error| broken(&error))?;
        let mut rates = Vec::new();
        for _ in 0..(*runs).max(1) {
            rates.push(rate(&script, Duration::from_millis(*ms)).map_err(|error| broken(&error))?);
        }
        rates.sort_unstable();
        let (lowest, highest) = (rates[0], rates[rates.len() - 1]);
        rows.push(vec![json!(name), json!(rates[rates.len() / 2]), json!(lowest), json!(highest)]);
    }
    rows.print(common.format, "")
}

fn broken(error: &BenchError) -> Failure {
    Failure::usage(&format!("Không đo được: {error}."), &error.to_string())
}

/// Events a second over about `span`.
fn rate(script: &Script, span: Duration) -> Result<u128, BenchError> {
    let watch = Stopwatch::start();
    let mut taken = 0;
    while watch.elapsed() < span {
        taken += script.run(100)?;
    }
    Ok(taken as u128 * 1_000_000 / watch.elapsed().as_micros().max(1))
}
