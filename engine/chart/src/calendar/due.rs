//! When a term falls due: the nominal date of the rule, and the effective one after rolling.
//!
//! Both are kept. A report belongs to its nominal period whatever day it may still be sent on,
//! and whoever reads "3 February" wants to see the "25 January" it came from.
//!
//! **Invariant:** a term is never due before it began, nor at the moment it begins. Where rolling
//! backward (or an hour already past) would have it so, a day of the month waits for the next
//! month and any other rule rolls forward.

use chrono::{Datelike, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{Calendar, Clock, NoCalendar, Roll, Rule, Span, days_after};
use crate::moment::Timestamp;

/// A term's due date by the rule and by the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Due {
    /// The time of day of both moments.
    pub at: Clock,
    /// The date on which it falls due after rolling.
    pub effective_date: NaiveDate,
    /// The moment from which it is late (exclusive: received at this moment is late).
    pub effective_at_ms: i64,
    /// The date the rule names.
    pub nominal_date: NaiveDate,
    /// The moment the rule names.
    pub nominal_at_ms: i64,
}

/// Why no due date could be found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DueError {
    /// The calendar lacks a year that the term reaches.
    #[error(transparent)]
    NoCalendar(#[from] NoCalendar),
    /// The term ends beyond the dates that exist.
    #[error("`{rule}` from {first} ends beyond the dates that can be told")]
    Beyond {
        /// The rule.
        rule: Rule,
        /// The term's first day.
        first: NaiveDate,
    },
}

impl Due {
    /// `nominal 2025-01-25 24:00`.
    pub fn nominal(&self) -> String {
        format!("nominal {} {}", self.nominal_date, self.at)
    }

    /// `effective 2025-02-03 24:00`.
    pub fn effective(&self) -> String {
        format!("effective {} {}", self.effective_date, self.at)
    }

    /// The moment from which it is late.
    pub fn effective_at(&self) -> Timestamp {
        Timestamp(self.effective_at_ms)
    }

    /// Whether something received at `t` is late.
    pub fn is_late(&self, t: Timestamp) -> bool {
        t.as_ms() >= self.effective_at_ms
    }
}

/// The due date of a term that begins at `from`: the first that is later than `from`.
///
/// The first day is the local date of `from` and is not counted (Civil Code 2015, Article 147).
pub fn due(rule: &Rule, from: Timestamp, calendar: &Calendar) -> Result<Due, DueError> {
    let first = calendar.local_date(from);
    let beyond = || DueError::Beyond { rule: *rule, first };
    let nominal = match rule.span {
        Span::WorkingDays(n) => {
            let n = i32::try_from(n).map_err(|_| beyond())?;
            Some(calendar.add_working_days(first, n)?)
        }
        Span::Days(n) => days_after(first, n),
        Span::Months(n) => first.checked_add_months(Months::new(n)),
        Span::DayOfMonth(day) => return on_day(rule, day, from, calendar),
    };
    not_before(rule, nominal.ok_or_else(beyond)?, from, calendar)
}

/// The first such day whose effective moment is later than `from`.
fn on_day(rule: &Rule, day: u8, from: Timestamp, calendar: &Calendar) -> Result<Due, DueError> {
    let first = calendar.local_date(from);
    let beyond = || DueError::Beyond { rule: *rule, first };
    let start = first.with_day(1).ok_or_else(beyond)?;
    // A year of months without one working day in it is no calendar.
    for months in 0..=12 {
        let month = start.checked_add_months(Months::new(months)).ok_or_else(beyond)?;
        let last = u32::from(month.num_days_in_month());
        let nominal = month.with_day(u32::from(day).min(last)).ok_or_else(beyond)?;
        if nominal < first {
            continue;
        }
        let due = settle(rule, rule.roll, nominal, calendar)?;
        if due.effective_at_ms > from.as_ms() {
            return Ok(due);
        }
    }
    Err(beyond())
}

/// The due date of `nominal`, rolled forward where its own roll would end at or before `from`.
pub(super) fn not_before(
    rule: &Rule,
    nominal: NaiveDate,
    from: Timestamp,
    calendar: &Calendar,
) -> Result<Due, DueError> {
    let due = settle(rule, rule.roll, nominal, calendar)?;
    if due.effective_at_ms > from.as_ms() {
        return Ok(due);
    }
    settle(rule, Roll::Forward, nominal, calendar)
}

fn settle(
    rule: &Rule,
    roll: Roll,
    nominal_date: NaiveDate,
    calendar: &Calendar,
) -> Result<Due, DueError> {
    let effective_date = calendar.roll(nominal_date, roll)?;
    Ok(Due {
        at: rule.at,
        effective_date,
        effective_at_ms: calendar.instant(effective_date, rule.at).as_ms(),
        nominal_date,
        nominal_at_ms: calendar.instant(nominal_date, rule.at).as_ms(),
    })
}
