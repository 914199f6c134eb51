//! Dates and moments as people write and read them.

use chrono::{DateTime, Datelike, NaiveDate};

use super::{Calendar, Clock, weekday_index};
use crate::moment::Timestamp;

const WEEKDAYS_VI: [&str; 7] =
    ["thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật"];
const WEEKDAYS_EN: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A text that is no moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a moment; write a date such as `2025-01-20` or a time with its offset such \
     as `2025-01-20T08:00:00+07:00`"
)]
pub struct MomentError {
    /// What was written.
    pub text: String,
}

/// The moment `text` names: a date (its local midnight) or an RFC 3339 time.
pub fn parse_moment(text: &str, calendar: &Calendar) -> Result<Timestamp, MomentError> {
    if let Some(date) = date(text) {
        return Ok(calendar.instant(date, Clock::MIDNIGHT));
    }
    DateTime::parse_from_rfc3339(text)
        .map(|time| Timestamp(time.timestamp_millis()))
        .map_err(|_| MomentError { text: text.to_owned() })
}

/// The date `text` writes as YYYY-MM-DD, and in no other way.
pub(super) fn date(text: &str) -> Option<NaiveDate> {
    let digits = |range: std::ops::Range<usize>| -> Option<u32> {
        let part = text.get(range)?;
        if part.bytes().all(|byte| byte.is_ascii_digit()) { part.parse().ok() } else { None }
    };
    let shaped = text.len() == 10 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
    if !shaped {
        return None;
    }
    NaiveDate::from_ymd_opt(i32::try_from(digits(0..4)?).ok()?, digits(5..7)?, digits(8..10)?)
}

/// `thứ Sáu 25/11/2022`.
pub fn date_vi(date: NaiveDate) -> String {
    let weekday = WEEKDAYS_VI[weekday_index(date)];
    format!("{weekday} {:02}/{:02}/{}", date.day(), date.month(), date.year())
}

/// `Friday 25 November 2022`.
pub fn date_en(date: NaiveDate) -> String {
    let weekday = WEEKDAYS_EN[weekday_index(date)];
    format!("{weekday} {} {} {}", date.day(), MONTHS_EN[date.month0() as usize], date.year())
}

/// `24:00 thứ Hai 03/02/2025`.
pub fn moment_vi(date: NaiveDate, at: Clock) -> String {
    format!("{at} {}", date_vi(date))
}

/// `24:00 Monday 3 February 2025`.
pub fn moment_en(date: NaiveDate, at: Clock) -> String {
    format!("{at} {}", date_en(date))
}
