//! A time of day in whole minutes, 00:00 to 24:00.
//!
//! 24:00 is its own value: a legal day ends at 24:00 (Civil Code 2015, Article 148), and printing
//! that moment as 00:00 of the next day has people believe they have a day more.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A time of day; 24:00 is the end of the day, an exclusive moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Clock {
    hour: u8,
    minute: u8,
}

/// A text that is not a time of day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a time of day; write HH:MM from 00:00 to 24:00")]
pub struct ClockError {
    /// What was written.
    pub text: String,
}

impl Clock {
    /// The end of the day, 24:00.
    pub const END_OF_DAY: Self = Self { hour: 24, minute: 0 };
    /// The start of the day, 00:00.
    pub const MIDNIGHT: Self = Self { hour: 0, minute: 0 };
    /// The hour at which the morning letter goes, 07:30 (rule 29).
    pub const DIGEST: Self = Self { hour: 7, minute: 30 };

    /// The time `hour:minute`, if there is one.
    pub fn new(hour: u8, minute: u8) -> Option<Self> {
        let exists = (hour < 24 && minute < 60) || (hour == 24 && minute == 0);
        exists.then_some(Self { hour, minute })
    }

    /// The hour, 0 to 24.
    pub fn hour(self) -> u8 {
        self.hour
    }

    /// The minute, 0 to 59.
    pub fn minute(self) -> u8 {
        self.minute
    }

    /// The minutes since 00:00.
    pub fn minutes(self) -> u16 {
        u16::from(self.hour) * 60 + u16::from(self.minute)
    }

    /// The time `minutes` after 00:00; the minutes of one day at most.
    pub(super) fn from_minutes(minutes: i64) -> Self {
        let part = |value: i64| u8::try_from(value).expect("a day has 1,440 minutes");
        Self { hour: part(minutes / 60), minute: part(minutes % 60) }
    }
}

impl FromStr for Clock {
    type Err = ClockError;

    fn from_str(text: &str) -> Result<Self, ClockError> {
        let digits = |part: &str| -> Option<u8> {
            let plain = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            if plain { part.parse().ok() } else { None }
        };
        text.split_once(':')
            .and_then(|(hour, minute)| Self::new(digits(hour)?, digits(minute)?))
            .ok_or_else(|| ClockError { text: text.to_owned() })
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.hour, self.minute)
    }
}

impl TryFrom<String> for Clock {
    type Error = ClockError;

    fn try_from(text: String) -> Result<Self, ClockError> {
        text.parse()
    }
}

impl From<Clock> for String {
    fn from(clock: Clock) -> Self {
        clock.to_string()
    }
}
