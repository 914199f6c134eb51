//! What opens by itself: the recurring reports of the programme (R33), read from
//! `workflows/schedules.yaml`.
//!
//! A schedule says when a period opens and for whom; the runtime opens the cases. The names in
//! braces of `key`, `subject` and `reporter` are `{period}`, `{platform}` and `{enterprise}`;
//! [`fill`] puts them in.
//!
//! **Invariant:** one key names one case, however often a period is opened.

use std::collections::BTreeMap;

use chart::definition::Text;
use serde::Deserialize;
use serde_json::Value;

/// For what one case is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// For each core enterprise on a platform.
    Participation,
    /// For each platform.
    Platform,
    /// Once for the whole programme.
    Ministry,
}

/// How long a period is. Its last month is the month in which it opens and is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// A month, named `2022-11`.
    Month,
    /// A quarter, named `2022-Q4`.
    Quarter,
    /// Half a year, named `2022-H2`.
    Half,
    /// A year, named `2022`.
    Year,
}

impl Period {
    /// How many months it covers.
    pub fn months(self) -> u32 {
        match self {
            Self::Month => 1,
            Self::Quarter => 3,
            Self::Half => 6,
            Self::Year => 12,
        }
    }

    /// The name of the period whose last month is `month` (1 to 12) of `year`.
    pub fn name(self, year: i32, month: u32) -> String {
        match self {
            Self::Month => format!("{year}-{month:02}"),
            Self::Quarter => format!("{year}-Q{}", month.div_ceil(3)),
            Self::Half => format!("{year}-H{}", month.div_ceil(6)),
            Self::Year => format!("{year}"),
        }
    }

    /// The figures' window of the period whose last month is `month` of `year`, as two dates: from
    /// the 15th of the month before the period to the 14th of its last month (NĐ 09/2019, Điều 12).
    pub fn window(self, year: i32, month: u32) -> (String, String) {
        let back = i64::from(year) * 12 + i64::from(month) - 1 - i64::from(self.months());
        let (from_year, from_month) = (back.div_euclid(12), back.rem_euclid(12) + 1);
        (format!("{from_year}-{from_month:02}-15"), format!("{year}-{month:02}-14"))
    }
}

/// One recurring opening.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Its name; other schedules name it as their collector.
    pub name: String,
    /// Titles of what is opened.
    pub title: Text,
    /// The legal ground.
    pub basis: String,
    /// Six fields, second first, in the time zone of the calendar.
    pub cron: String,
    /// The chart of the case.
    pub chart: String,
    /// For what one case is opened.
    pub scope: Scope,
    /// The platform's stages in which the duty exists; empty: always.
    #[serde(default)]
    pub stages: Vec<String>,
    /// How long the period is.
    pub period: Period,
    /// When the report is due (R29), counted from the opening.
    pub due_rule: String,
    /// The idempotency key, with names in braces.
    pub key: String,
    /// The subject of the case, with names in braces.
    pub subject: String,
    /// Who reports, with names in braces.
    pub reporter: String,
    /// The schedule whose case of the same period collects this one.
    #[serde(default)]
    pub collector: Option<String>,
    /// The case's first data, besides what the opener knows.
    pub data: BTreeMap<String, Value>,
}

/// Why the schedules could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    /// The file is not what it should be.
    #[error("`workflows/schedules.yaml` cannot be read: {0}")]
    Yaml(String),
    /// A collector that is no schedule.
    #[error("schedule `{name}` names the collector `{collector}`, which is no schedule")]
    Collector {
        /// The schedule.
        name: String,
        /// What it names.
        collector: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schedules: Vec<Schedule>,
}

/// The schedules this product ships, collectors before what they collect, so that the case of a
/// collector exists when a report is opened.
pub fn schedules() -> Result<Vec<Schedule>, ScheduleError> {
    parse(crate::file("schedules.yaml").unwrap_or_default())
}

/// Reads the text of a schedules file; order as [`schedules`].
pub fn parse(text: &str) -> Result<Vec<Schedule>, ScheduleError> {
    let file: File =
        serde_saphyr::from_str(text).map_err(|error| ScheduleError::Yaml(error.to_string()))?;
    let mut left = file.schedules;
    let mut ordered: Vec<Schedule> = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let is_ready = |one: &Schedule| match &one.collector {
            None => true,
            Some(collector) => ordered.iter().any(|other| other.name == *collector),
        };
        let (ready, rest): (Vec<_>, Vec<_>) = left.into_iter().partition(is_ready);
        if ready.is_empty() {
            let one = &rest[0];
            return Err(ScheduleError::Collector {
                name: one.name.clone(),
                collector: one.collector.clone().unwrap_or_default(),
            });
        }
        ordered.extend(ready);
        left = rest;
    }
    Ok(ordered)
}

/// `template` with each `{name}` replaced by its value; a name that is not given stays.
pub fn fill(template: &str, names: &[(&str, &str)]) -> String {
    names.iter().fold(template.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), value)
    })
}
