//! Recurring openings: on the 15th of each month, of each quarter's last month, and so on.
//!
//! A schedule is a cron line read in the local time of Viet Nam. Each time it strikes, one case per
//! subject is opened under the key `schedule:<name>:<period>:<subject>`; opening a period again is
//! harmless, so after downtime the strikes that were missed are simply made up for.
//!
//! **Invariant:** which cases exist follows from the schedules and the subjects alone, not from when
//! or how often this runs.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::str::FromStr as _;
use std::sync::Arc;

use chart::moment::Timestamp;
use chrono::{DateTime, Utc};
use serde_json::Value;
use store::meta;

use crate::clock::local;
use crate::command::{ActorRef, Command, Opening};
use crate::engine::Runtime;
use crate::shared::RoundError;

/// The source of the case ids of scheduled openings (R4).
pub const SOURCE: &str = "schedule";

/// Why a cron line is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    /// Not six or seven fields.
    #[error(
        "`{line}` has {found} fields; write `sec min hour day-of-month month day-of-week [year]`"
    )]
    Fields {
        /// The line.
        line: String,
        /// How many it has.
        found: usize,
    },
    /// A weekday by number: it means different days to different programs.
    #[error("`{line}` names a weekday by number; write `Mon`, `Tue` …")]
    Weekday {
        /// The line.
        line: String,
    },
    /// The fields do not parse.
    #[error("`{line}` is not a cron line: {why}")]
    Syntax {
        /// The line.
        line: String,
        /// What the parser says.
        why: String,
    },
    /// Such a day never comes, such as 30 February.
    #[error("`{line}` never strikes")]
    Never {
        /// The line.
        line: String,
    },
}

/// A cron line that strikes, in local time.
#[derive(Debug, Clone)]
pub struct Cron(cron::Schedule);

impl Cron {
    /// Reads `line`: six fields or seven, seconds first, weekdays by name.
    pub fn parse(line: &str) -> Result<Self, CronError> {
        let owned = || line.to_owned();
        let fields: Vec<&str> = line.split_whitespace().collect();
        if !(6..=7).contains(&fields.len()) {
            return Err(CronError::Fields { line: owned(), found: fields.len() });
        }
        if fields[5].chars().any(|c| c.is_ascii_digit()) {
            return Err(CronError::Weekday { line: owned() });
        }
        let schedule = cron::Schedule::from_str(line)
            .map_err(|error| CronError::Syntax { line: owned(), why: error.to_string() })?;
        let cron = Self(schedule);
        // A fixed moment, so that whether a line is taken does not depend on today.
        match cron.next_after(Timestamp(0)) {
            Some(_) => Ok(cron),
            None => Err(CronError::Never { line: owned() }),
        }
    }

    /// The first strike later than `at`.
    pub fn next_after(&self, at: Timestamp) -> Option<Timestamp> {
        let next = self.0.after(&local(at)).next()?;
        Some(Timestamp(next.timestamp_millis()))
    }
}

/// The subjects a strike opens a case for, each with the case's first data.
pub type Subjects = Pin<Box<dyn Future<Output = Result<Vec<(String, Value)>, String>> + Send>>;

/// A recurring opening.
#[derive(Clone)]
pub struct Schedule {
    /// Its name; part of every key, so never changed.
    pub name: String,
    /// When it strikes.
    pub cron: Cron,
    /// The chart of the cases it opens.
    pub chart: String,
    /// Strikes before this moment are nobody's.
    pub from: Timestamp,
    /// How a period is called in keys, in the notation of `strftime` on the strike's local date.
    pub period: String,
    /// Finds the subjects of the strike at the given moment.
    subjects: Arc<dyn Fn(Timestamp) -> Subjects + Send + Sync>,
}

impl Schedule {
    /// A schedule for the subjects that `subjects` finds for each strike.
    pub fn new<F, S>(name: &str, cron: Cron, chart: &str, from: Timestamp, subjects: S) -> Self
    where
        S: Fn(Timestamp) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Vec<(String, Value)>, String>> + Send + 'static,
    {
        Self {
            name: name.to_owned(),
            cron,
            chart: chart.to_owned(),
            from,
            period: "%Y-%m-%d".to_owned(),
            subjects: Arc::new(move |at| Box::pin(subjects(at))),
        }
    }

    /// The same schedule with its periods called by `format`, such as `%Y-%m`.
    #[must_use]
    pub fn with_period(mut self, format: &str) -> Self {
        format.clone_into(&mut self.period);
        self
    }

    /// The commands of the strike at `at`, in the order of their cases.
    pub(crate) async fn commands(&self, at: Timestamp) -> Result<Vec<Command>, String> {
        let found = (self.subjects)(at).await?;
        let period = local(at).format(&self.period).to_string();
        let mut commands: Vec<Command> = found
            .into_iter()
            .map(|(subject, data)| {
                let key = format!("schedule:{}:{period}:{subject}", self.name);
                let opening = Opening { chart: self.chart.clone(), subject, data };
                Command::open(SOURCE, &key, opening, ActorRef::system())
            })
            .collect();
        commands.sort_by(|one, other| one.case_id.cmp(&other.case_id));
        Ok(commands)
    }

    /// Where the moment of the last strike is kept in the database.
    pub(crate) fn mark(&self) -> String {
        format!("schedule:{}", self.name)
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from: Option<DateTime<Utc>> = DateTime::from_timestamp_millis(self.from.as_ms());
        f.debug_struct("Schedule")
            .field("name", &self.name)
            .field("chart", &self.chart)
            .field("from", &from)
            .finish_non_exhaustive()
    }
}

impl Runtime {
    /// Opens what schedules have struck since they were last looked at, oldest first; the number
    /// of strikes. A schedule that fails is tried again from the same strike.
    pub async fn open_scheduled(&self) -> Result<usize, RoundError> {
        let now = self.clock().now();
        let mut strikes = 0;
        for schedule in self.schedules.iter() {
            while let Some(at) = self.next_strike_of(schedule).await?.filter(|&at| at <= now) {
                self.strike(schedule, at).await?;
                strikes += 1;
            }
        }
        Ok(strikes)
    }

    /// The next moment at which any schedule strikes.
    pub(crate) async fn next_strike(&self) -> Result<Option<Timestamp>, RoundError> {
        let mut next = None;
        for schedule in self.schedules.iter() {
            let strike = self.next_strike_of(schedule).await?;
            next = [next, strike].into_iter().flatten().min();
        }
        Ok(next)
    }

    async fn next_strike_of(&self, schedule: &Schedule) -> Result<Option<Timestamp>, RoundError> {
        let mark = meta::find(self.store(), &schedule.mark()).await?;
        let mark = mark.and_then(|text| text.parse().ok()).map(Timestamp);
        Ok(schedule.cron.next_after(mark.unwrap_or(schedule.from.plus_ms(-1))))
    }

    async fn strike(&self, schedule: &Schedule, at: Timestamp) -> Result<(), RoundError> {
        let failed = |why: String| RoundError::Schedule { schedule: schedule.name.clone(), why };
        let commands = schedule.commands(at).await.map_err(failed)?;
        for opened in self.send_all(commands).await {
            opened.map_err(|error| failed(error.to_string()))?;
        }
        // Written after the openings: a crash in between opens nothing twice, thanks to the keys.
        meta::set(self.store(), &schedule.mark(), &at.as_ms().to_string()).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cron_line_is_taken_only_when_it_says_one_thing_and_strikes() {
        let cases = [
            ("0 0 0 15 * *", None),
            ("0 0 0 15 3,6,9,12 * *", None),
            ("0 30 7 * * Mon", None),
            ("0 0 15 * *", Some("has 5 fields")),
            ("0 0 0 * * 1", Some("weekday by number")),
            ("0 0 0 30 2 *", Some("never strikes")),
            ("0 0 25 15 * *", Some("is not a cron line")),
        ];
        for (line, expected) in cases {
            let answer = Cron::parse(line).err().map(|error| error.to_string());
            match (answer, expected) {
                (None, None) => {}
                (Some(answer), Some(expected)) => assert!(answer.contains(expected), "{answer}"),
                (answer, expected) => panic!("{line}: {answer:?} instead of {expected:?}"),
            }
        }
    }

    #[test]
    fn a_schedule_strikes_by_local_time() {
        // 2022-11-14T17:00Z is the 15th, 00:00, in Ha Noi.
        let cron = Cron::parse("0 0 0 15 * *").unwrap();
        let eve = Timestamp(1_668_441_600_000 - 1);
        assert_eq!(cron.next_after(eve), Some(Timestamp(1_668_445_200_000)));
    }
}
