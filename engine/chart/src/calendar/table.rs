//! The working days of consecutive years as arrays, so that a question costs a look-up.
//!
//! Seven years are about 2,500 days: ten kilobytes of counts and seven of dates answer "is it
//! working", "how many between" and "which is the n-th after" without a loop.
//!
//! **Invariant:** `upto[i]` is the number of working days among the first `i + 1` days, and
//! `working` holds exactly those days, ascending.

use chrono::{Datelike, NaiveDate};

/// Counts and positions of the working days from one 1 January to a 31 December.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    first_year: i32,
    last_year: i32,
    /// Days from the common era of the first day.
    base: i32,
    upto: Vec<u32>,
    working: Vec<i32>,
}

impl Table {
    /// The table of the years `first_year` to `last_year`, asking `is_working` once for each day.
    pub(super) fn new(
        first_year: i32,
        last_year: i32,
        is_working: impl Fn(NaiveDate) -> bool,
    ) -> Self {
        let first = NaiveDate::from_ymd_opt(first_year, 1, 1).expect("a checked year has days");
        let base = first.num_days_from_ce();
        let (mut upto, mut working) = (Vec::new(), Vec::new());
        let mut count = 0;
        for date in first.iter_days().take_while(|date| date.year() <= last_year) {
            if is_working(date) {
                count += 1;
                working.push(date.num_days_from_ce());
            }
            upto.push(count);
        }
        Self { first_year, last_year, base, upto, working }
    }

    pub(super) fn first_year(&self) -> i32 {
        self.first_year
    }

    pub(super) fn last_year(&self) -> i32 {
        self.last_year
    }

    fn index(&self, date: NaiveDate) -> Option<usize> {
        let index = usize::try_from(date.num_days_from_ce().checked_sub(self.base)?).ok()?;
        (index < self.upto.len()).then_some(index)
    }

    /// Whether `date` is a working day; `None` outside the years.
    pub(super) fn is_working(&self, date: NaiveDate) -> Option<bool> {
        let index = self.index(date)?;
        let before = if index == 0 { 0 } else { self.upto[index - 1] };
        Some(self.upto[index] > before)
    }

    /// The working days from the start of the table up to and including `date`.
    pub(super) fn count_up_to(&self, date: NaiveDate) -> Option<u32> {
        self.index(date).map(|index| self.upto[index])
    }

    /// The `n`-th working day strictly after `date`, before it for a negative `n`; `date` for 0.
    pub(super) fn nth_after(&self, date: NaiveDate, n: i32) -> Option<NaiveDate> {
        if n == 0 {
            return Some(date);
        }
        let counted = i64::from(self.count_up_to(date)?);
        // Going back, a working `date` has itself among the counted days and must be passed over.
        let passed = i64::from(n < 0 && self.is_working(date)?);
        let position = counted + i64::from(n) - passed - i64::from(n > 0);
        let day = *self.working.get(usize::try_from(position).ok()?)?;
        NaiveDate::from_num_days_from_ce_opt(day)
    }
}
