//! Moments counted from a due date in working days: reminders before it, the ladder after it.
//!
//! ```text
//! offset = ( N "working_days" ( "before" | "after" ) | "on the day" ) [ "at" HH:MM ]
//! ```
//!
//! **Invariant:** an offset falls on a working day, at 07:30 unless it says otherwise.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::clock::{Clock, ClockError};
use super::{Calendar, Due, NoCalendar, Roll};
use crate::moment::Timestamp;

/// The largest count an offset takes; two years of working days.
const COUNT_MAX: u32 = 500;

/// Working days before (negative) or after the effective date, and the hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Offset {
    /// Working days after the effective date; negative before it, 0 on it.
    pub working_days: i32,
    /// The time of that day.
    pub at: Clock,
}

/// Why a text is not an offset.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OffsetError {
    /// It reads like no offset.
    #[error(
        "`{text}` is not an offset; write `N working_days before|after` or `on the day`, then \
         optionally `at HH:MM`"
    )]
    Shape {
        /// The whole text.
        text: String,
    },
    /// The count is no number, or none that an offset can have.
    #[error("`{word}` in `{text}` is not a count from 1 to {COUNT_MAX}; for 0 write `on the day`")]
    Count {
        /// The whole text.
        text: String,
        /// The word in place of the count.
        word: String,
    },
    /// The time after `at` cannot be read.
    #[error("the time in `{text}` cannot be read; write HH:MM from 00:00 to 23:59")]
    Clock {
        /// The whole text.
        text: String,
        /// What is wrong with it, where it is no time at all.
        source: Option<ClockError>,
    },
}

impl Offset {
    /// The offset of `working_days` after (negative: before) the effective date, at 07:30.
    pub fn new(working_days: i32) -> Self {
        Self { working_days, at: Clock::DIGEST }
    }

    /// The date of this offset; one that is no working day moves to the working day before.
    pub fn date(&self, due: &Due, calendar: &Calendar) -> Result<NaiveDate, NoCalendar> {
        if self.working_days == 0 {
            return calendar.roll(due.effective_date, Roll::Backward);
        }
        calendar.add_working_days(due.effective_date, self.working_days)
    }

    /// The moment of this offset.
    pub fn instant(&self, due: &Due, calendar: &Calendar) -> Result<Timestamp, NoCalendar> {
        Ok(calendar.instant(self.date(due, calendar)?, self.at))
    }
}

impl FromStr for Offset {
    type Err = OffsetError;

    fn from_str(text: &str) -> Result<Self, OffsetError> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let shape = || OffsetError::Shape { text: text.to_owned() };
        let (working_days, rest) = match words.as_slice() {
            ["on", "the", "day", rest @ ..] => (0, rest),
            [count, "working_days", "before", rest @ ..] => (-number(text, count)?, rest),
            [count, "working_days", "after", rest @ ..] => (number(text, count)?, rest),
            _ => return Err(shape()),
        };
        let at = match rest {
            [] => Clock::DIGEST,
            ["at", clock] => at(text, clock)?,
            _ => return Err(shape()),
        };
        Ok(Self { working_days, at })
    }
}

fn number(text: &str, word: &str) -> Result<i32, OffsetError> {
    super::count(word, COUNT_MAX)
        .filter(|number| *number > 0)
        .and_then(|number| i32::try_from(number).ok())
        .ok_or_else(|| OffsetError::Count { text: text.to_owned(), word: word.to_owned() })
}

fn at(text: &str, clock: &str) -> Result<Clock, OffsetError> {
    let fault = |source| OffsetError::Clock { text: text.to_owned(), source };
    match clock.parse() {
        Ok(Clock::END_OF_DAY) => Err(fault(None)),
        Ok(clock) => Ok(clock),
        Err(source) => Err(fault(Some(source))),
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.working_days {
            0 => f.write_str("on the day")?,
            days if days < 0 => write!(f, "{} working_days before", days.unsigned_abs())?,
            days => write!(f, "{days} working_days after")?,
        }
        if self.at != Clock::DIGEST {
            write!(f, " at {}", self.at)?;
        }
        Ok(())
    }
}

impl TryFrom<String> for Offset {
    type Error = OffsetError;

    fn try_from(text: String) -> Result<Self, OffsetError> {
        text.parse()
    }
}

impl From<Offset> for String {
    fn from(offset: Offset) -> Self {
        offset.to_string()
    }
}
