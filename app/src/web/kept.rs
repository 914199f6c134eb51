//! The reports of a year, kept between one look at a board and the next.
//!
//! A report that has not moved is not read again: one statement says which cases of the year stand at which
//! revision, a second reads those that moved. While this process has committed nothing since the last look, not
//! even the first is asked, for some seconds at most: another process may have written.
//!
//! **Invariant:** what is kept is what the database said; a page never waits for it to grow old.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::{NaiveDate, TimeDelta};
use runtime::clock::Stopwatch;
use store::cases;
use tokio::sync::Mutex;

use super::Site;
use super::trouble::Trouble;
use crate::reports::{CHART, Report, Reports};

/// How long the reports of a year are shown without asking, where this process has written nothing.
const UNASKED: Duration = Duration::from_secs(5);
/// How many reports are kept; beyond that everything is forgotten and read again.
const KEPT_MAX: usize = 100_000;
/// How long before and after its year a period may be opened: late, after downtime, or ahead.
const MARGIN: TimeDelta = TimeDelta::days(90);

/// What was read of reports.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// By case, with the revision at which it was read; nothing where it is no report.
    reports: HashMap<String, (i64, Option<Arc<Report>>)>,
    years: BTreeMap<i32, Year>,
}

#[derive(Debug)]
struct Year {
    since: Stopwatch,
    /// What this process had written by then.
    steps: u64,
    reports: Arc<Reports>,
}

/// The reports that are counted in `year`, in the order in which they were opened.
pub(super) async fn of_year(site: &Site, year: i32) -> Result<Arc<Reports>, Trouble> {
    // Read before the database is asked, so that what is written meanwhile is asked for the next time.
    let steps = site.runtime.done().steps;
    let mut known = site.reports.0.lock().await;
    if let Some(kept) = known.years.get(&year)
        && kept.steps == steps
        && kept.since.elapsed() < UNASKED
    {
        return Ok(Arc::clone(&kept.reports));
    }
    let Some((from_ms, to_ms)) = span(site, year) else { return Ok(Arc::default()) };
    let since = Stopwatch::start();
    let opened = cases::opened_between(site.store(), CHART, from_ms, to_ms).await?;
    if known.reports.len() > KEPT_MAX {
        *known = Known::default();
    }
    let is_old = |(id, revision): &&(String, i64)| {
        known.reports.get(id).is_none_or(|(read, _)| read != revision)
    };
    let moved: Vec<String> = opened.iter().filter(is_old).map(|(id, _)| id.clone()).collect();
    if !moved.is_empty() {
        let library = site.runtime.library();
        let (heads, _) = cases::heads_and_receipts(site.store(), &moved, &[]).await?;
        for head in heads {
            let report = Report::of(&head, library.calendar()).map(Arc::new);
            known.reports.insert(head.case_id, (head.revision, report));
        }
    }
    let all = opened.iter().filter_map(|(id, _)| known.reports.get(id)?.1.clone());
    let reports = Arc::new(all.filter(|report| report.month.0 == year).collect::<Reports>());
    known.years.insert(year, Year { since, steps, reports: Arc::clone(&reports) });
    Ok(reports)
}

/// Between which moments the reports of `year` are opened, with a margin; nothing for a year nobody lives in.
fn span(site: &Site, year: i32) -> Option<(i64, i64)> {
    let calendar = Arc::clone(site.runtime.library().calendar());
    let first = NaiveDate::from_ymd_opt(year, 1, 1)?.checked_sub_signed(MARGIN)?;
    let last = NaiveDate::from_ymd_opt(year.checked_add(1)?, 1, 1)?.checked_add_signed(MARGIN)?;
    let at = |date| calendar.instant(date, chart::calendar::Clock::MIDNIGHT).as_ms();
    Some((at(first), at(last)))
}
