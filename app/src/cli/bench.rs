//! `cotmoc bench`: what the engine costs on this machine.

use std::io::IsTerminal as _;
use std::time::Duration;

use clap::Subcommand;
use indicatif::ProgressBar;
use runtime::clock::Stopwatch;
use serde_json::json;

use super::output::{Rows, remark};
use super::{Arguments, Failure};
use crate::bench::commit::{self, Amount, Figures};
use crate::bench::load::Measured;
use crate::bench::pages;
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
    /// Durable commands a second, beside hand-written loops that write the same bytes
    #[command(after_help = COMMIT_HELP)]
    Commit(CommitArgs),
    /// How long pages take on a database of many cases, and how large they are
    #[command(after_help = PAGES_HELP)]
    Pages {
        /// Cases in the database; one in ten is owed and overdue
        #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
        cases: u32,
        /// Requests for each page
        #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
        requests: u32,
    },
}

const PAGES_HELP: &str = "Examples:
  cotmoc bench pages --store sqlite:bench.db
  cotmoc bench pages --store postgres://me@host/db --requests 1000 --format json

A throwaway database is made beside the one that is named, filled, and taken away afterwards. The whole
router is asked as a browser asks it, signed in, without a socket between.";

const COMMIT_HELP: &str = "Examples:
  cotmoc bench commit --store sqlite:bench.db
  cotmoc bench commit --store postgres://me@host/db --callers 1,32 --runs 5 --format json

Throwaway databases are made beside the one that is named (a folder beside the file, schemas in the
same database), and taken away afterwards. Engine and hand-written loops run in turns; a ratio is
the median of the ratios of single turns. `by hand` gathers what is queued into one commit, `one
each` commits every command for itself, `floor` commits one small row.";

/// Arguments of `bench commit`.
#[derive(Debug, clap::Args)]
pub struct CommitArgs {
    /// Numbers of callers, each of which waits for its answer before it sends again
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8, 32, 128])]
    callers: Vec<usize>,
    /// Cases they share
    #[arg(long, default_value_t = 1000)]
    cases: usize,
    /// How often each is measured
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// For how long, each time, in milliseconds
    #[arg(long, default_value_t = 1000)]
    ms: u64,
}

/// Measures and prints.
pub async fn run(verb: &Verb, common: &Arguments) -> Result<(), Failure> {
    match verb {
        Verb::Step { ms, runs } => step(*ms, *runs, common),
        Verb::Commit(args) => durable(args, common).await,
        Verb::Pages { cases, requests } => {
            let many = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
            let amount = pages::Amount { cases: many(*cases), requests: many(*requests) };
            timed_pages(amount, common).await
        }
    }
}

fn step(ms: u64, runs: usize, common: &Arguments) -> Result<(), Failure> {
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
        for _ in 0..runs.max(1) {
            rates.push(rate(&script, Duration::from_millis(ms)).map_err(|error| broken(&error))?);
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

async fn durable(args: &CommitArgs, common: &Arguments) -> Result<(), Failure> {
    let lang = common.lang;
    let usable = args.cases > 0 && !args.callers.is_empty() && !args.callers.contains(&0);
    if !usable {
        return Err(Failure::usage(
            "`--callers` và `--cases` phải từ 1 trở lên.",
            "`--callers` and `--cases` must be at least 1",
        ));
    }
    let amount = Amount {
        callers: args.callers.clone(),
        cases: args.cases,
        runs: args.runs,
        span: Duration::from_millis(args.ms),
    };
    let bar = std::io::stderr().is_terminal().then(|| ProgressBar::new(1));
    let figures = commit::run(&common.store, &amount, &mut |done, all| {
        if let Some(bar) = &bar {
            bar.set_length(u64::try_from(all).unwrap_or(1));
            bar.set_position(u64::try_from(done).unwrap_or(0));
        }
    })
    .await
    .map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        let told = format!("{error}{}", cause.unwrap_or_default());
        Failure::unavailable(&format!("Không đo được: {told}."), &told)
    })?;
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    print(&figures, common)?;
    remark(lang.pick(
        "Mỗi lệnh: một mục nhật ký, bản ghi đầu hồ sơ, một việc, một hẹn giờ, một biên nhận; chờ fsync.",
        "Each command: an entry, the head, a task, a timer, a receipt; waits for the fsync.",
    ));
    Ok(())
}

fn print(figures: &Figures, common: &Arguments) -> Result<(), Failure> {
    let lang = common.lang;
    let mut rows = Rows::new(&[
        ("callers", lang.pick("Người gọi", "Callers")),
        ("engine", lang.pick("Máy/giây", "Engine/s")),
        ("p50_us", "p50 µs"),
        ("p99_us", "p99 µs"),
        ("by_hand", lang.pick("Viết tay/giây", "By hand/s")),
        ("hand_p50_us", "p50 µs"),
        ("hand_p99_us", "p99 µs"),
        ("ratio", lang.pick("Tỷ lệ", "Ratio")),
        ("one_each", lang.pick("Từng lệnh/giây", "One each/s")),
        ("ratio_one", lang.pick("Tỷ lệ", "Ratio")),
        ("floor", lang.pick("Sàn/giây", "Floor/s")),
        ("per_commit", lang.pick("Lệnh/commit", "Per commit")),
        ("plan_us", lang.pick("Tính µs", "Plan µs")),
        ("commit_us", lang.pick("Ghi µs", "Commit µs")),
    ]);
    for (row, share) in &figures.rows {
        let median = |side: usize, of: fn(&Measured) -> u64| -> u64 {
            let mut all: Vec<u64> = row.runs.iter().map(|run| of(&run[side])).collect();
            all.sort_unstable();
            all[all.len() / 2]
        };
        let rate = |side| median(side, |measured| measured.per_second);
        let ratio = |side: usize| {
            let of = |run: &[Measured; 4]| hundredths(run[0].per_second, run[side].per_second);
            let mut all: Vec<u64> = row.runs.iter().map(of).collect();
            all.sort_unstable();
            two_places(all[all.len() / 2])
        };
        rows.push(vec![
            json!(row.callers),
            json!(rate(0)),
            json!(median(0, |measured| measured.p50_us)),
            json!(median(0, |measured| measured.p99_us)),
            json!(rate(1)),
            json!(median(1, |measured| measured.p50_us)),
            json!(median(1, |measured| measured.p99_us)),
            json!(ratio(1)),
            json!(rate(2)),
            json!(ratio(2)),
            json!(rate(3)),
            json!(format!("{:.1}", share.per_commit)),
            json!(format!("{:.1}", share.plan_us)),
            json!(format!("{:.1}", share.commit_us)),
        ]);
    }
    rows.print(common.format, "")
}

async fn timed_pages(amount: pages::Amount, common: &Arguments) -> Result<(), Failure> {
    let lang = common.lang;
    let all = u64::try_from(amount.cases).unwrap_or(u64::MAX);
    let bar = std::io::stderr().is_terminal().then(|| ProgressBar::new(all));
    let figures = pages::run(&common.store, amount, &mut |done| {
        if let Some(bar) = &bar {
            bar.set_position(u64::try_from(done).unwrap_or(0));
        }
    })
    .await
    .map_err(|error| {
        Failure::unavailable(&format!("Không đo được: {error}."), &error.to_string())
    })?;
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    let mut rows = Rows::new(&[
        ("page", lang.pick("Trang", "Page")),
        ("p50_ms", "p50 ms"),
        ("p95_ms", "p95 ms"),
        ("kb", lang.pick("KB nén", "KB compressed")),
    ]);
    for one in figures {
        let ms = |us: u128| json!(format!("{}.{}", us / 1000, us % 1000 / 100));
        let kb = json!(format!("{}.{}", one.bytes / 1000, one.bytes % 1000 / 100));
        rows.push(vec![json!(one.page), ms(one.p50_us), ms(one.p95_us), kb]);
    }
    rows.print(common.format, "")
}

fn hundredths(of: u64, to: u64) -> u64 {
    of.saturating_mul(100) / to.max(1)
}

fn two_places(hundredths: u64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
