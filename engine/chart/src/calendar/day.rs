//! What one date is, why, and who says so.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// One text in Vietnamese and English.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

impl Words {
    /// The two texts.
    pub fn new(vi: &str, en: &str) -> Self {
        Self { vi: vi.to_owned(), en: en.to_owned() }
    }
}

/// How sure a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// The instrument is named by number and its dates were seen.
    Instrument,
    /// The date follows from the law alone.
    Law,
    /// The dates were seen in the press or on an official page, without the instrument's number.
    Reported,
    /// Nobody has decided yet.
    Provisional,
}

/// Who says that a day is what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The instrument in Vietnamese.
    pub vi: String,
    /// The instrument in English.
    pub en: String,
    /// How sure it is.
    pub confidence: Confidence,
    /// Addresses of the pages where it was seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<String>,
}

/// What a date is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum DayKind {
    /// An ordinary working day.
    Working,
    /// An ordinary weekly day of rest.
    Weekend,
    /// A holiday on a weekday.
    Holiday,
    /// A weekday off for a holiday that fell on a day of rest.
    InLieu,
    /// A weekday off, exchanged for another day.
    SwappedOff {
        /// The day of rest worked instead, where the data tells.
        #[serde(skip_serializing_if = "Option::is_none")]
        with: Option<NaiveDate>,
    },
    /// A day of rest worked, exchanged for another day.
    SwappedOn {
        /// The weekday off instead, where the data tells.
        #[serde(skip_serializing_if = "Option::is_none")]
        with: Option<NaiveDate>,
    },
}

impl DayKind {
    /// Whether people work on such a day.
    pub fn is_working(self) -> bool {
        matches!(self, Self::Working | Self::SwappedOn { .. })
    }
}

/// One date with its reason and source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Day {
    /// The date.
    pub date: NaiveDate,
    /// What it is.
    #[serde(flatten)]
    pub kind: DayKind,
    /// Why.
    pub reason: Words,
    /// Who says so; an ordinary day needs nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// What to know besides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Words>,
    /// Whether the days of its year still wait for a decision.
    pub provisional: bool,
}

impl Day {
    /// A day that no entry of the data speaks of.
    pub(super) fn ordinary(date: NaiveDate, weekend: bool, provisional: bool) -> Self {
        let (kind, reason) = if weekend {
            (DayKind::Weekend, Words::new("Ngày nghỉ hằng tuần", "Weekly day of rest"))
        } else {
            (DayKind::Working, Words::new("Ngày làm việc", "Working day"))
        };
        Self { date, kind, reason, source: None, note: None, provisional }
    }
}
