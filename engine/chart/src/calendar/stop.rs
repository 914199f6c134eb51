//! Stopped clocks (rule 31): a term waits while somebody else owes the next act.
//!
//! Spent are the days after the first day up to and including the date of the stop; the date of
//! the resumption is the new first day. A term may stop and resume several times: what was spent
//! before is added.
//!
//! **Invariant:** stopping and resuming on one day moves nothing, and a term already late stays
//! as late as it was.

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::due::not_before;
use super::{Calendar, Due, DueError, NoCalendar, Rule, Span, days_after};
use crate::moment::Timestamp;

/// Why a clock could not be stopped or resumed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StopError {
    /// The rule counts months or names a day: there is nothing to split.
    #[error("the clock of `{rule}` cannot stop; only working_days and days can be split")]
    Unstoppable {
        /// The rule.
        rule: Rule,
    },
    /// No due date could be found.
    #[error(transparent)]
    Due(#[from] DueError),
}

impl From<NoCalendar> for StopError {
    fn from(error: NoCalendar) -> Self {
        Self::Due(error.into())
    }
}

/// A term whose clock stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// The due date as it stood.
    pub due: Due,
    /// Days of the rule's unit used up, those before earlier stops included.
    pub spent: u32,
    /// When it stopped.
    pub stopped_at_ms: i64,
}

impl Stopped {
    /// The term due at `due`, running since the date `first`, as it stands when stopped at `at`.
    ///
    /// `before` is what had been spent when it last resumed; 0 for the first stop.
    pub fn stop(
        rule: &Rule,
        first: NaiveDate,
        before: u32,
        due: Due,
        at: Timestamp,
        calendar: &Calendar,
    ) -> Result<Self, StopError> {
        let more = spent(rule, first, calendar.local_date(at), calendar)?;
        Ok(Self { due, spent: before.saturating_add(more), stopped_at_ms: at.as_ms() })
    }

    /// The due date once the clock runs again from `at`.
    pub fn resume(
        &self,
        rule: &Rule,
        at: Timestamp,
        calendar: &Calendar,
    ) -> Result<Due, StopError> {
        let stopped_on = calendar.local_date(Timestamp(self.stopped_at_ms));
        if calendar.local_date(at) <= stopped_on || self.due.effective_at_ms <= self.stopped_at_ms {
            return Ok(self.due);
        }
        resume(rule, self.spent, at, calendar)
    }
}

/// The days of the rule's unit after `first` up to and including `stopped_on`.
pub fn spent(
    rule: &Rule,
    first: NaiveDate,
    stopped_on: NaiveDate,
    calendar: &Calendar,
) -> Result<u32, StopError> {
    let days = match rule.span {
        Span::WorkingDays(_) => calendar.working_days_between(first, stopped_on)?,
        Span::Days(_) => stopped_on.signed_duration_since(first).num_days(),
        Span::Months(_) | Span::DayOfMonth(_) => {
            return Err(StopError::Unstoppable { rule: *rule });
        }
    };
    Ok(u32::try_from(days.max(0)).unwrap_or(u32::MAX))
}

/// The due date of a term of which `spent` days are used up and which runs again from `resumed_at`.
///
/// A term with nothing left is due on the day it resumes, or on the next working day.
pub fn resume(
    rule: &Rule,
    spent: u32,
    resumed_at: Timestamp,
    calendar: &Calendar,
) -> Result<Due, StopError> {
    let first = calendar.local_date(resumed_at);
    let beyond = || DueError::Beyond { rule: *rule, first };
    let nominal = match rule.span {
        Span::WorkingDays(n) => {
            let left = i32::try_from(n.saturating_sub(spent)).map_err(|_| beyond())?;
            calendar.add_working_days(first, left)?
        }
        Span::Days(n) => match n.checked_sub(spent) {
            Some(left) => days_after(first, left).ok_or_else(beyond)?,
            None => overrun(rule, first, spent - n, calendar),
        },
        Span::Months(_) | Span::DayOfMonth(_) => {
            return Err(StopError::Unstoppable { rule: *rule });
        }
    };
    for nominal in [nominal, first] {
        let due = not_before(rule, nominal, resumed_at, calendar)?;
        if due.effective_at_ms > resumed_at.as_ms() {
            return Ok(due);
        }
    }
    // The hour of the last day has passed while the clock stood.
    let next = days_after(first, 1).ok_or_else(beyond)?;
    Ok(not_before(rule, next, resumed_at, calendar)?)
}

/// The nominal date `days` before `first`, where rolling still carries it to `first` or beyond:
/// the term stopped between its nominal and its effective date. Otherwise `first` itself.
fn overrun(rule: &Rule, first: NaiveDate, days: u32, calendar: &Calendar) -> NaiveDate {
    let nominal = first.checked_sub_days(Days::new(u64::from(days)));
    let reaches = |date: &NaiveDate| {
        // A year without data is before the calendar begins: nothing rolls out of it to `first`.
        calendar.roll(*date, rule.roll).is_ok_and(|effective| effective >= first)
    };
    nominal.filter(reaches).unwrap_or(first)
}
