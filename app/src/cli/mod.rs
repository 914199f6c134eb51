//! What the command line offers, and where each command is carried out.
//!
//! Reading order: [`Arguments`], [`Verb`], then one module a command: each has its `Args` and its
//! `run`.
//!
//! Exit codes: 0 done, 1 wrong usage or bad input, 2 refused by the chart, 3 conflict (somebody was
//! faster, or a key was used for something else), 4 unavailable (database, disk, mail server).
//!
//! **Invariant:** a command prints its result to standard output and everything else to standard
//! error, so that results can be piped.

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

pub mod account;
mod actions;
pub mod bench;
pub mod calendar;
pub mod case;
pub mod chart;
pub mod demo;
mod demo_accounts;
mod demo_report;
pub mod desk;
pub mod failure;
pub mod init;
pub mod outbox;
pub mod output;
mod pages;
pub mod person;
mod progress;
pub mod report;
pub mod scxml;
pub mod send;
pub mod send_all;
pub mod serve;
pub mod simulate;
pub mod task;
pub mod token;
pub mod verify;
pub mod wording;

pub use failure::Failure;

/// Wrong usage, or input that cannot be used.
pub const USAGE: u8 = 1;
/// The chart refused.
pub const REFUSED: u8 = 2;
/// Somebody was faster.
pub const CONFLICT: u8 = 3;
/// A database, disk or server cannot be reached.
pub const UNAVAILABLE: u8 = 4;

/// The language of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Default)]
pub enum Lang {
    /// Vietnamese.
    #[default]
    Vi,
    /// English.
    En,
}

impl Lang {
    /// `vi` or `en`.
    pub fn code(self) -> &'static str {
        self.pick("vi", "en")
    }

    /// The one of two texts that is in this language.
    pub fn pick<'t>(self, vi: &'t str, en: &'t str) -> &'t str {
        match self {
            Self::Vi => vi,
            Self::En => en,
        }
    }
}

/// The form of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Default)]
pub enum Format {
    /// A table for people.
    #[default]
    Table,
    /// JSON.
    Json,
    /// Comma-separated values, with a heading.
    Csv,
}

/// The store where nobody names one.
pub const STORE_USUAL: &str = "sqlite:cotmoc.db";

/// Cột Mốc: a durable case engine, and on it the certification procedure of Viet Nam's national
/// digital platforms (Decision 186/QĐ-BTTTT).
#[derive(Debug, Parser)]
#[command(name = "cotmoc", version, propagate_version = true, after_help = EXAMPLES)]
pub struct Arguments {
    /// The store: `sqlite:FILE` or `postgres://…`
    #[arg(long, global = true, env = "COTMOC_STORE", default_value = STORE_USUAL)]
    pub store: String,
    /// The language of messages
    #[arg(long, global = true, env = "COTMOC_LANG", value_enum, default_value_t = Lang::Vi)]
    pub lang: Lang,
    /// The form of results
    #[arg(long, global = true, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// What to do
    #[command(subcommand)]
    pub verb: Verb,
}

const EXAMPLES: &str = "Examples:
  cotmoc demo                                   run two years of the programme, and report
  cotmoc task list --overdue --by unit          who owes what since when
  cotmoc calendar due \"day 25\" --from 2025-01-15
  cotmoc chart check workflows/*/chart.yaml

Exit codes: 0 done, 1 usage or bad input, 2 refused, 3 conflict, 4 unavailable";

/// The commands, in the order of the help.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Two years of the programme on an embedded database, and what came of it
    Demo(demo::Args),
    /// The same into any database: deterministic, with faults if you like
    Simulate(simulate::Args),
    /// Make a database ready: schema, charts, calendar, clock, people
    Init(init::Args),
    /// Bring in the organisations, people and platforms of the programme
    Import(init::ImportArgs),
    /// Serve timers, messages, letters and schedules until stopped
    Serve(serve::Args),
    /// Cases: list, show, act
    #[command(subcommand)]
    Case(case::Verb),
    /// Who owes which act
    #[command(subcommand)]
    Task(task::Verb),
    /// The reports of the programme
    #[command(subcommand)]
    Report(report::Verb),
    /// Effects for the world, and those given up
    #[command(subcommand)]
    Outbox(outbox::Verb),
    /// Who can sign in to the pages
    #[command(subcommand)]
    Account(account::Verb),
    /// Tokens by which programs act for somebody
    #[command(subcommand)]
    Token(token::Verb),
    /// What is kept of a person, and how it is erased
    #[command(subcommand)]
    Person(person::Verb),
    /// Derive everything again from the log, and compare
    Verify(verify::Args),
    /// Check, draw, test and convert charts
    #[command(subcommand)]
    Chart(chart::Verb),
    /// Working days and due dates
    Calendar(calendar::Args),
    /// Third-party suites of the W3C notation
    #[command(subcommand)]
    Scxml(scxml::Verb),
    /// What the engine costs on this machine
    #[command(subcommand)]
    Bench(bench::Verb),
}

/// Carries out a command; prints a failure in the chosen language and gives its exit code.
pub fn run(arguments: &Arguments) -> ExitCode {
    let threads = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // Expressions recurse; a step must never meet the end of a small stack.
        .thread_stack_size(8 << 20)
        .build();
    let done = match threads {
        Ok(threads) => threads.block_on(carry_out(arguments)),
        Err(error) => Err(Failure::unavailable(
            &format!("Không khởi động được luồng xử lý: {error}"),
            &format!("threads could not be started: {error}"),
        )),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print(arguments.lang);
            ExitCode::from(failure.code)
        }
    }
}

async fn carry_out(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.verb {
        Verb::Demo(args) => demo::run(args, arguments).await,
        Verb::Simulate(args) => simulate::run(args, arguments).await,
        Verb::Init(args) => init::run(args, arguments).await,
        Verb::Import(args) => init::import(args, arguments).await,
        Verb::Serve(args) => Box::pin(serve::run(args, arguments)).await,
        Verb::Case(verb) => case::run(verb, arguments).await,
        Verb::Task(verb) => task::run(verb, arguments).await,
        Verb::Report(verb) => report::run(verb, arguments).await,
        Verb::Outbox(verb) => outbox::run(verb, arguments).await,
        Verb::Account(verb) => account::run(verb, arguments).await,
        Verb::Token(verb) => token::run(verb, arguments).await,
        Verb::Person(verb) => person::run(verb, arguments).await,
        Verb::Verify(args) => verify::run(args, arguments).await,
        Verb::Bench(verb) => bench::run(verb, arguments).await,
        Verb::Chart(verb) => chart::run(verb, arguments),
        Verb::Calendar(args) => calendar::run(args, arguments),
        Verb::Scxml(verb) => scxml::run(verb, arguments),
    }
}
