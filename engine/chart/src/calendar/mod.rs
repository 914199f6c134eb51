//! Working days and legal clocks: which days count, when a term falls due, when a reminder goes.
//!
//! A [`Calendar`] is versioned data read once; every question to it afterwards is an array
//! look-up, because [`due`](due()) runs inside each step. A year without data is an error at the
//! moment a term needs it and never a guess: a term that silently took a holiday for a working
//! day would be late by law.
//!
//! Reading order: [`Calendar`] here, then `rule` (the grammar), `due` (nominal and effective),
//! `offset` (reminders), `stop` (stopped clocks), `wording` (dates as people read them). The file
//! format is in `document`; how a year is added is told in `docs/calendar.md`.
//!
//! **Invariant:** no time zone database. Viet Nam has had one offset, UTC+7, since 1975, and the
//! offset is part of the data and of its hash.
//!
//! **Invariant:** two calendars with equal [`Calendar::canonical`] text answer every question
//! about dates alike, whatever their reasons and sources say.

mod clock;
mod day;
mod document;
mod due;
mod offset;
mod rule;
mod stop;
mod table;
mod wording;

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate, TimeDelta};

pub use self::clock::{Clock, ClockError};
pub use self::day::{Confidence, Day, DayKind, Source, Words};
pub use self::document::{CalendarError, Mistake};
pub use self::due::{Due, DueError, due};
pub use self::offset::{Offset, OffsetError};
pub use self::rule::{Roll, Rule, RuleError, Span};
pub use self::stop::{StopError, Stopped, resume, spent};
pub use self::wording::{MomentError, date_en, date_vi, moment_en, moment_vi, parse_moment};

use self::table::Table;
use crate::moment::Timestamp;

/// Milliseconds of one day.
const DAY_MS: i64 = 86_400_000;

/// A date in a year for which the calendar has no data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "calendar `{calendar}` has no working days for {year} (it covers {first} to {last}); add the \
     year to its file and raise its version, as docs/calendar.md tells"
)]
pub struct NoCalendar {
    /// The calendar asked.
    pub calendar: String,
    /// The year it lacks.
    pub year: i32,
    /// The first year it has.
    pub first: i32,
    /// The last year it has.
    pub last: i32,
}

/// The working days of one kind of body, for consecutive years.
///
/// Equality is that of everything read, reasons included; [`Calendar::sha256`] identifies the
/// working days alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Calendar {
    name: String,
    version: u32,
    title: Words,
    offset_minutes: i32,
    weekend: [bool; 7],
    years: BTreeMap<i32, Year>,
    table: Table,
    canonical: String,
    sha256: String,
}

/// What is known of one year besides its weekends.
#[derive(Debug, Clone, PartialEq, Default)]
struct Year {
    provisional: bool,
    days: BTreeMap<NaiveDate, Day>,
    switched_off: Vec<Day>,
}

impl Calendar {
    /// The name, which is also the name of its file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version of the data; one version has one hash.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// What the calendar is called for people.
    pub fn title(&self) -> &Words {
        &self.title
    }

    /// The working-day data alone as canonical JSON: what is published and hashed.
    ///
    /// Reasons, sources and the provisional mark are left out, so correcting a word does not make
    /// another calendar. [`Calendar::from_canonical`] reads it back.
    pub fn canonical(&self) -> String {
        self.canonical.clone()
    }

    /// The SHA-256 of [`Calendar::canonical`], 64 lower-case hexadecimal digits.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The years with data, ascending and without gaps.
    pub fn years(&self) -> impl Iterator<Item = i32> + '_ {
        self.years.keys().copied()
    }

    /// Whether the year's days still wait for a decision.
    pub fn is_provisional(&self, year: i32) -> Result<bool, NoCalendar> {
        self.year(year).map(|year| year.provisional)
    }

    /// Whether people work on `date`.
    pub fn is_working(&self, date: NaiveDate) -> Result<bool, NoCalendar> {
        self.table.is_working(date).ok_or_else(|| self.lacks(date.year()))
    }

    /// What `date` is and why.
    pub fn day(&self, date: NaiveDate) -> Result<Day, NoCalendar> {
        let year = self.year(date.year())?;
        if let Some(day) = year.days.get(&date) {
            return Ok(day.clone());
        }
        let weekend = self.weekend[weekday_index(date)];
        Ok(Day::ordinary(date, weekend, year.provisional))
    }

    /// The weekdays of `year` on which nobody works, ascending.
    pub fn non_working_weekdays(&self, year: i32) -> Result<Vec<Day>, NoCalendar> {
        self.listed(year, |day| !day.kind.is_working())
    }

    /// The weekend days of `year` on which people work, ascending.
    pub fn working_weekend_days(&self, year: i32) -> Result<Vec<Day>, NoCalendar> {
        self.listed(year, |day| day.kind.is_working())
    }

    /// The optional days of `year` that are present in the data but switched off.
    pub fn switched_off_days(&self, year: i32) -> Result<Vec<Day>, NoCalendar> {
        self.year(year).map(|year| year.switched_off.clone())
    }

    /// The `n`-th working day after `date`, or before it where `n` is negative; `date` itself for 0.
    ///
    /// `date` is never counted (Civil Code 2015, Article 147).
    pub fn add_working_days(&self, date: NaiveDate, n: i32) -> Result<NaiveDate, NoCalendar> {
        self.is_working(date)?;
        self.table.nth_after(date, n).ok_or_else(|| {
            self.lacks(if n < 0 { self.table.first_year() - 1 } else { self.table.last_year() + 1 })
        })
    }

    /// The working days after `after` up to and including `to`; negative where `to` comes first.
    ///
    /// With today as `after` and a due date as `to` these are the days left.
    pub fn working_days_between(&self, after: NaiveDate, to: NaiveDate) -> Result<i64, NoCalendar> {
        let up_to = |date: NaiveDate| {
            self.table.count_up_to(date).ok_or_else(|| self.lacks(date.year())).map(i64::from)
        };
        Ok(up_to(to)? - up_to(after)?)
    }

    /// The date to which `roll` moves `date`: the nearest working day in its direction.
    ///
    /// [`Roll::None`] asks nothing of the data, so it works in any year.
    pub fn roll(&self, date: NaiveDate, roll: Roll) -> Result<NaiveDate, NoCalendar> {
        match roll {
            Roll::None => Ok(date),
            _ if self.is_working(date)? => Ok(date),
            Roll::Forward => self.add_working_days(date, 1),
            Roll::Backward => self.add_working_days(date, -1),
        }
    }

    /// The local date at `t`; a moment beyond the dates that exist gives the first or last of them.
    pub fn local_date(&self, t: Timestamp) -> NaiveDate {
        let local = t.as_ms().saturating_add(self.offset_ms());
        TimeDelta::try_days(local.div_euclid(DAY_MS))
            .and_then(|days| EPOCH.checked_add_signed(days))
            .unwrap_or(if local < 0 { NaiveDate::MIN } else { NaiveDate::MAX })
    }

    /// The local time of day at `t`, in whole minutes.
    pub fn local_clock(&self, t: Timestamp) -> Clock {
        let local = t.as_ms().saturating_add(self.offset_ms());
        Clock::from_minutes(local.rem_euclid(DAY_MS) / 60_000)
    }

    /// The moment `clock` of the local `date`; 24:00 is the first moment of the next day.
    pub fn instant(&self, date: NaiveDate, clock: Clock) -> Timestamp {
        let days = date.signed_duration_since(EPOCH).num_days();
        Timestamp(days * DAY_MS + i64::from(clock.minutes()) * 60_000 - self.offset_ms())
    }

    fn offset_ms(&self) -> i64 {
        i64::from(self.offset_minutes) * 60_000
    }

    fn year(&self, year: i32) -> Result<&Year, NoCalendar> {
        self.years.get(&year).ok_or_else(|| self.lacks(year))
    }

    fn listed(&self, year: i32, want: impl Fn(&Day) -> bool) -> Result<Vec<Day>, NoCalendar> {
        Ok(self.year(year)?.days.values().filter(|day| want(day)).cloned().collect())
    }

    fn lacks(&self, year: i32) -> NoCalendar {
        NoCalendar {
            calendar: self.name.clone(),
            year,
            first: self.table.first_year(),
            last: self.table.last_year(),
        }
    }
}

/// 1970-01-01, from which moments are counted.
const EPOCH: NaiveDate = NaiveDate::from_ymd_opt(1970, 1, 1).expect("the epoch is a date");

/// The day `days` after `date`, where there is one.
fn days_after(date: NaiveDate, days: u32) -> Option<NaiveDate> {
    date.checked_add_days(Days::new(u64::from(days)))
}

/// 0 for Monday to 6 for Sunday.
fn weekday_index(date: NaiveDate) -> usize {
    date.weekday().num_days_from_monday() as usize
}

/// A plain decimal count up to `max`: digits alone, no sign, no leading zero.
fn count(word: &str, max: u32) -> Option<u32> {
    let plain = word.bytes().all(|byte| byte.is_ascii_digit());
    let leading = word.len() > 1 && word.starts_with('0');
    word.parse().ok().filter(|number| plain && !leading && *number <= max)
}
