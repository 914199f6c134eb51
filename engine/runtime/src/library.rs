//! The charts and calendars a runtime steps with, by hash and by name.
//!
//! A case is pinned to the hash of its chart, an entry to the hash of its calendar (R10), so both
//! are found by hash; a new case takes the newest version of a name.
//!
//! **Invariant:** what was found once under a hash never changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use chart::calendar::Calendar;
use chart::definition::Chart;

use crate::command::SendError;

/// The charts and calendars at hand.
#[derive(Debug, Clone)]
pub struct Library {
    charts: BTreeMap<Arc<str>, Arc<Chart>>,
    newest: BTreeMap<String, Arc<Chart>>,
    broken: BTreeMap<String, String>,
    calendars: BTreeMap<String, Arc<Calendar>>,
    calendar: Arc<Calendar>,
}

impl Library {
    /// A library that steps with `calendar` and knows `charts`.
    pub fn new(charts: impl IntoIterator<Item = Arc<Chart>>, calendar: Arc<Calendar>) -> Self {
        let mut library = Self {
            charts: BTreeMap::new(),
            newest: BTreeMap::new(),
            broken: BTreeMap::new(),
            calendars: BTreeMap::new(),
            calendar: Arc::clone(&calendar),
        };
        library.add_calendar(calendar);
        charts.into_iter().for_each(|chart| library.add(chart));
        library
    }

    /// Adds a chart; it becomes the newest of its name where its version is higher.
    pub(crate) fn add(&mut self, chart: Arc<Chart>) {
        self.broken.remove(chart.sha256.as_ref());
        let newest = self.newest.entry(chart.name.clone()).or_insert_with(|| Arc::clone(&chart));
        if newest.version <= chart.version {
            *newest = Arc::clone(&chart);
        }
        self.charts.insert(Arc::clone(&chart.sha256), chart);
    }

    /// Adds a chart for the cases that run under it; new cases take what the program ships, unless
    /// it ships none of that name.
    pub(crate) fn add_old(&mut self, chart: Arc<Chart>) {
        if self.newest.contains_key(&chart.name) {
            self.charts.insert(Arc::clone(&chart.sha256), chart);
        } else {
            self.add(chart);
        }
    }

    /// Adds a calendar that old entries were stepped with.
    pub(crate) fn add_calendar(&mut self, calendar: Arc<Calendar>) {
        self.calendars.insert(calendar.sha256().to_owned(), calendar);
    }

    /// Notes a published chart that this build cannot load.
    pub(crate) fn add_broken(&mut self, sha: &str, why: String) {
        self.broken.insert(sha.to_owned(), why);
    }

    /// The newest chart called `name`.
    pub fn newest(&self, name: &str) -> Result<&Arc<Chart>, SendError> {
        self.newest.get(name).ok_or_else(|| SendError::NoChart {
            chart: name.to_owned(),
            why: "no version of it is published; publish one first".to_owned(),
        })
    }

    /// The chart with this hash.
    pub fn chart(&self, sha: &str) -> Result<&Arc<Chart>, SendError> {
        self.charts.get(sha).ok_or_else(|| SendError::NoChart {
            chart: sha.to_owned(),
            why: match self.broken.get(sha) {
                Some(why) => why.clone(),
                None => "it is not among the published charts; publish it again".to_owned(),
            },
        })
    }

    /// The charts at hand, in the order of their hashes.
    pub fn charts(&self) -> impl Iterator<Item = &Arc<Chart>> {
        self.charts.values()
    }

    /// Hashes of published charts that cannot be loaded, each with the reason.
    pub fn broken(&self) -> impl Iterator<Item = (&str, &str)> {
        self.broken.iter().map(|(sha, why)| (sha.as_str(), why.as_str()))
    }

    /// The calendar new steps are taken with.
    pub fn calendar(&self) -> &Arc<Calendar> {
        &self.calendar
    }

    /// The calendar with this hash.
    pub fn find_calendar(&self, sha: &str) -> Option<&Arc<Calendar>> {
        self.calendars.get(sha)
    }
}
