//! Charts and calendars are published when a runtime opens, and those of the database are loaded.
//!
//! A version is published once: its definition and hash never change (R10). Embedded files only
//! seed the tables, so a case goes on under its old chart although the program ships a newer one.
//!
//! **Invariant:** nothing is published beside a contradiction.

use std::sync::Arc;

use chart::calendar::Calendar;
use chart::definition::Chart;
use chart::load::{Loaded, from_document};
use chart::moment::Timestamp;
use store::calendars::CalendarRow;
use store::charts::ChartRow;
use store::error::{ChoreError, ReadError};
use store::{Store, calendars, cases, charts};
use tracing::warn;

use crate::library::Library;

/// A chart with the texts it is published by.
#[derive(Debug, Clone)]
pub struct Definition {
    /// The chart.
    pub chart: Arc<Chart>,
    /// The canonical definition: the bytes that are hashed.
    pub definition: String,
    /// The whole document with its texts, from which it can be compiled again.
    pub document: String,
}

impl Definition {
    /// What the reader of charts has read; `None` where the chart has problems.
    pub fn of(loaded: Loaded) -> Option<Self> {
        let Loaded { chart, document, definition, .. } = loaded;
        chart.map(|chart| Self { chart: Arc::new(chart), definition, document })
    }
}

/// A chart of open cases that cannot be loaded; the cases and their timers are left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranded {
    /// The chart's hash.
    pub chart_sha: String,
    /// Its name and version, as the cases have them.
    pub chart: String,
    /// Open cases that wait for it.
    pub cases: Vec<String>,
    /// Why it cannot be loaded.
    pub why: String,
}

/// Why a runtime did not open.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// A version exists with another content, or the database could not be written.
    #[error(transparent)]
    Publish(#[from] charts::PublishError),
    /// The stored clock is neither `real` nor a number.
    #[error("the database stores the clock `{text}`; it must be `real` or milliseconds")]
    Clock {
        /// What is stored.
        text: String,
    },
    /// The database could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The database could not be written.
    #[error(transparent)]
    Write(#[from] ChoreError),
}

/// Publishes `definitions` and `calendar`, and loads what else the database has.
pub(crate) async fn publish(
    store: &Store,
    definitions: &[Definition],
    calendar: Arc<Calendar>,
    now: Timestamp,
) -> Result<Library, PublishError> {
    // Every contradiction stops here, before anything is published.
    let published = charts::list(store).await?;
    for one in definitions {
        let (name, version) = (&one.chart.name, i64::from(one.chart.version));
        let same = published.iter().find(|row| row.name == *name && row.version == version);
        if let Some(row) = same.filter(|row| row.sha != *one.chart.sha256) {
            return Err(contradiction("chart", name, version, &row.sha, &one.chart.sha256));
        }
    }
    let known = calendars::list(store).await?;
    let version = i64::from(calendar.version());
    for one in definitions {
        let row = ChartRow {
            name: one.chart.name.clone(),
            version: i64::from(one.chart.version),
            sha: one.chart.sha256.as_ref().to_owned(),
            definition: one.definition.clone(),
            document: one.document.clone(),
            wording: "{}".to_owned(),
        };
        charts::publish(store, &row, now.as_ms()).await?;
    }
    let row = CalendarRow {
        name: calendar.name().to_owned(),
        version,
        sha: calendar.sha256().to_owned(),
        document: calendar.canonical(),
    };
    calendars::publish(store, &row, now.as_ms()).await?;
    Ok(fill(definitions, calendar, &published, &known))
}

/// The library of `store` as it is, with `definitions` beside it; nothing is published. For whoever
/// only looks.
pub async fn at_hand(
    store: &Store,
    definitions: &[Definition],
    calendar: Arc<Calendar>,
) -> Result<Library, ReadError> {
    let published = charts::list(store).await?;
    let known = calendars::list(store).await?;
    Ok(fill(definitions, calendar, &published, &known))
}

fn fill(
    definitions: &[Definition],
    calendar: Arc<Calendar>,
    published: &[ChartRow],
    known: &[CalendarRow],
) -> Library {
    let mut library = Library::new(definitions.iter().map(|one| Arc::clone(&one.chart)), calendar);
    for row in published {
        load_published(&mut library, row);
    }
    for row in known {
        match Calendar::from_canonical(&row.document) {
            Ok(calendar) => library.add_calendar(Arc::new(calendar)),
            Err(error) => {
                warn!(calendar = row.name, row.version, %error, "a calendar is unreadable");
            }
        }
    }
    library
}

fn contradiction(
    what: &'static str,
    name: &str,
    version: i64,
    published: &str,
    brought: &str,
) -> PublishError {
    let (name, published) = (name.to_owned(), published.to_owned());
    let brought = brought.to_owned();
    charts::PublishError::Contradiction { what, name, version, published, brought }.into()
}

/// Adds a chart that only the database has; one that does not compile any more is noted.
fn load_published(library: &mut Library, row: &ChartRow) {
    if library.chart(&row.sha).is_ok() {
        return;
    }
    match from_document(&row.document) {
        Ok(chart) if *chart.sha256 == *row.sha => library.add_old(Arc::new(chart)),
        Ok(chart) => {
            let why = format!("its document now gives the hash {}", chart.sha256);
            library.add_broken(&row.sha, why);
        }
        Err(problems) => {
            let first = problems.first().map(ToString::to_string).unwrap_or_default();
            library.add_broken(&row.sha, first);
        }
    }
}

/// The charts of open cases that `library` cannot give, with those cases.
pub(crate) async fn stranded(store: &Store, library: &Library) -> Result<Vec<Stranded>, ReadError> {
    let known: Vec<String> = library.charts().map(|chart| chart.sha256.to_string()).collect();
    let mut stranded: Vec<Stranded> = Vec::new();
    for row in cases::open_under_other_charts(store, &known).await? {
        if let Some(last) = stranded.last_mut().filter(|last| last.chart_sha == row.chart_sha) {
            last.cases.push(row.case_id);
            continue;
        }
        let why = library.chart(&row.chart_sha).err().map(|error| error.to_string());
        stranded.push(Stranded {
            chart: format!("{} version {}", row.chart, row.chart_version),
            cases: vec![row.case_id],
            why: why.unwrap_or_default(),
            chart_sha: row.chart_sha,
        });
    }
    for Stranded { chart, cases, why, .. } in &stranded {
        warn!(chart, why, cases = cases.len(), "open cases wait for a chart that cannot be loaded");
    }
    Ok(stranded)
}
