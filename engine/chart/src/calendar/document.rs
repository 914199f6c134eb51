//! The calendar file: JSON with every non-working weekday, every working weekend day, its reason
//! and its source.
//!
//! A file is read in two passes. Its shape (a field that nobody knows, a number where a text
//! belongs) is one error with line and column; its content is checked whole, and every mistake is
//! reported with a JSON pointer, since whoever types in a year's decision wants one list.
//!
//! **Invariant:** an entry that changes nothing is a mistake: a holiday on a day of rest or a
//! working day on a weekday is far more often a slip of the date than meant.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use super::table::Table;
use super::wording::date;
use super::{Calendar, Day, DayKind, Source, Words, Year, weekday_index};
use crate::canonical;

/// The one format of calendar files and of published calendars.
const FORMAT: u32 = 1;
/// Names of the weekdays in files, Monday first.
const WEEKDAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
/// Years that can be given: from the last change of Viet Nam's offset, to a far bound.
const YEARS: std::ops::RangeInclusive<i32> = 1976..=2999;

/// Why a calendar was not read.
#[derive(Debug, thiserror::Error)]
pub enum CalendarError {
    /// It is not JSON, or a field has another shape.
    #[error("the calendar cannot be read")]
    Shape(#[source] serde_json::Error),
    /// It can be read, but some of it is wrong; every mistake is listed.
    #[error("the calendar has {}: {}", counted(.0.len()), listed(.0))]
    Mistakes(Vec<Mistake>),
}

/// One mistake of a calendar file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where, as a JSON pointer.
    pub pointer: String,
    /// What, and how to mend it.
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.pointer, self.message)
    }
}

fn counted(mistakes: usize) -> String {
    if mistakes == 1 { "a mistake".to_owned() } else { format!("{mistakes} mistakes") }
}

fn listed(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(Mistake::to_string).collect::<Vec<_>>().join("; ")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    name: String,
    version: u32,
    title: Words,
    utc_offset_minutes: i32,
    weekend: Vec<String>,
    sources: BTreeMap<String, Source>,
    years: Vec<FileYear>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileYear {
    year: i32,
    #[serde(default)]
    provisional: bool,
    days: Vec<FileDay>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileDay {
    date: String,
    kind: String,
    with: Option<String>,
    reason: Option<Words>,
    source: Option<String>,
    note: Option<Words>,
    #[serde(default)]
    optional: bool,
    enabled: Option<bool>,
}

/// What is published and hashed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Published {
    format: u32,
    name: String,
    non_working: Vec<NaiveDate>,
    utc_offset_minutes: i32,
    version: u32,
    weekend: Vec<String>,
    working: Vec<NaiveDate>,
    years: Vec<i32>,
}

impl Calendar {
    /// Reads a calendar file; an error names every mistake and nothing is kept.
    pub fn parse(json: &str) -> Result<Self, CalendarError> {
        let file: File = serde_json::from_str(json).map_err(CalendarError::Shape)?;
        let mut check = Check::default();
        check.head(file.format, &file.name, file.version, file.utc_offset_minutes);
        let weekend = check.weekend(&file.weekend);
        check.years(&file.years.iter().map(|year| year.year).collect::<Vec<_>>());
        let mut years = BTreeMap::new();
        for (index, year) in file.years.iter().enumerate() {
            let read = check.year(&format!("/years/{index}"), year, weekend, &file.sources);
            years.insert(year.year, read);
        }
        if !check.mistakes.is_empty() {
            return Err(CalendarError::Mistakes(check.mistakes));
        }
        let File { name, version, title, utc_offset_minutes, .. } = file;
        Ok(Self::build(name, version, title, utc_offset_minutes, weekend, years))
    }

    /// Reads what [`Calendar::canonical`] wrote: the same working days and the same hash, without
    /// reasons and sources. So an old entry can be replayed with the calendar of its day.
    pub fn from_canonical(json: &str) -> Result<Self, CalendarError> {
        let published: Published = serde_json::from_str(json).map_err(CalendarError::Shape)?;
        let mut check = Check::default();
        let Published { format, name, version, utc_offset_minutes, .. } = &published;
        check.head(*format, name, *version, *utc_offset_minutes);
        let weekend = check.weekend(&published.weekend);
        check.years(&published.years);
        let mut years: BTreeMap<i32, Year> =
            published.years.iter().map(|year| (*year, Year::default())).collect();
        let off = (DayKind::Holiday, Words::new("Ngày nghỉ", "Day off"));
        let on = (DayKind::SwappedOn { with: None }, Words::new("Làm việc bù", "Worked instead"));
        let lists =
            [("non_working", &published.non_working, off), ("working", &published.working, on)];
        for (list, dates, (kind, reason)) in lists {
            for (index, date) in dates.iter().enumerate() {
                let at = format!("/{list}/{index}");
                check.sense(&at, *date, kind, weekend);
                let Some(year) = years.get_mut(&date.year()) else {
                    check.add(at, format!("`{date}` is in none of the years"));
                    continue;
                };
                let (source, note, provisional) = (None, None, false);
                let reason = reason.clone();
                year.days
                    .insert(*date, Day { date: *date, kind, reason, source, note, provisional });
            }
        }
        if !check.mistakes.is_empty() {
            return Err(CalendarError::Mistakes(check.mistakes));
        }
        let title = Words::new(&published.name, &published.name);
        let Published { name, version, utc_offset_minutes, .. } = published;
        Ok(Self::build(name, version, title, utc_offset_minutes, weekend, years))
    }

    fn build(
        name: String,
        version: u32,
        title: Words,
        offset_minutes: i32,
        weekend: [bool; 7],
        years: BTreeMap<i32, Year>,
    ) -> Self {
        let ends = (years.first_key_value(), years.last_key_value());
        let (Some((&first, _)), Some((&last, _))) = ends else {
            unreachable!("a checked calendar has a year")
        };
        let table = Table::new(first, last, |date| {
            let entry = years.get(&date.year()).and_then(|year| year.days.get(&date));
            entry.map_or(!weekend[weekday_index(date)], |day| day.kind.is_working())
        });
        let dates = |working: bool| {
            let days = years.values().flat_map(|year| year.days.values());
            days.filter(|day| day.kind.is_working() == working).map(|day| day.date).collect()
        };
        let weekend_names = WEEKDAYS.iter().zip(weekend).filter(|(_, off)| *off);
        let published = Published {
            format: FORMAT,
            name,
            non_working: dates(false),
            utc_offset_minutes: offset_minutes,
            version,
            weekend: weekend_names.map(|(name, _)| (*name).to_owned()).collect(),
            working: dates(true),
            years: years.keys().copied().collect(),
        };
        let value = serde_json::to_value(&published).expect("dates and texts are JSON");
        let canonical = canonical::to_string(&value);
        let sha256 = canonical::sha256_hex(&canonical);
        let Published { name, .. } = published;
        Self { name, version, title, offset_minutes, weekend, years, table, canonical, sha256 }
    }
}

/// The mistakes found so far.
#[derive(Default)]
struct Check {
    mistakes: Vec<Mistake>,
}

impl Check {
    fn add(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        self.mistakes.push(Mistake { pointer: pointer.into(), message: message.into() });
    }

    fn head(&mut self, format: u32, name: &str, version: u32, offset_minutes: i32) {
        if format != FORMAT {
            self.add("/format", format!("is {format}; this program reads format {FORMAT}"));
        }
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || !name.bytes().all(plain) {
            self.add("/name", format!("`{name}` may hold only a-z, 0-9 and `-`"));
        }
        if version == 0 {
            self.add("/version", "must be 1 or more");
        }
        if !(-14 * 60..=14 * 60).contains(&offset_minutes) {
            self.add("/utc_offset_minutes", format!("{offset_minutes} is no offset from UTC"));
        }
    }

    fn weekend(&mut self, names: &[String]) -> [bool; 7] {
        let mut weekend = [false; 7];
        for (index, name) in names.iter().enumerate() {
            match WEEKDAYS.iter().position(|weekday| weekday == name) {
                Some(day) if weekend[day] => {
                    self.add(format!("/weekend/{index}"), format!("names `{name}` again"));
                }
                Some(day) => weekend[day] = true,
                None => {
                    let message = format!("`{name}` is no weekday; write monday to sunday");
                    self.add(format!("/weekend/{index}"), message);
                }
            }
        }
        if weekend.iter().all(|off| *off) {
            self.add("/weekend", "leaves no day to work on");
        }
        weekend
    }

    fn years(&mut self, years: &[i32]) {
        if years.is_empty() {
            self.add("/years", "must hold a year");
        }
        for (index, year) in years.iter().enumerate() {
            let at = format!("/years/{index}");
            if !YEARS.contains(year) {
                let (first, last) = (YEARS.start(), YEARS.end());
                self.add(at, format!("{year} is not between {first} and {last}"));
            } else if index > 0 && years[index - 1].checked_add(1) != Some(*year) {
                let before = years[index - 1];
                self.add(at, format!("{year} follows {before}; years ascend without a gap"));
            }
        }
    }

    fn year(
        &mut self,
        at: &str,
        file: &FileYear,
        weekend: [bool; 7],
        sources: &BTreeMap<String, Source>,
    ) -> Year {
        let mut year = Year { provisional: file.provisional, ..Year::default() };
        let mut seen = BTreeMap::new();
        for (index, entry) in file.days.iter().enumerate() {
            let at = format!("{at}/days/{index}");
            let Some(day) = self.entry(&at, entry, file, sources) else { continue };
            self.sense(&at, day.date, day.kind, weekend);
            if let Some(before) = seen.insert(day.date, index) {
                self.add(&at, format!("`{}` was already given at days/{before}", day.date));
            }
            if entry.enabled.is_some() && !entry.optional {
                self.add(&at, "has `enabled` without `optional: true`");
            }
            if entry.optional && !entry.enabled.unwrap_or(false) {
                year.switched_off.push(day);
            } else {
                year.days.insert(day.date, day);
            }
        }
        self.pairs(at, &year, &seen);
        year
    }

    /// One entry, if enough of it can be read to go on.
    fn entry(
        &mut self,
        at: &str,
        entry: &FileDay,
        year: &FileYear,
        sources: &BTreeMap<String, Source>,
    ) -> Option<Day> {
        let reason = entry.reason.clone().unwrap_or_default();
        if reason.vi.trim().is_empty() || reason.en.trim().is_empty() {
            self.add(at, format!("`{}` needs a reason in vi and en", entry.date));
        }
        let source = entry.source.as_ref().and_then(|name| sources.get(name));
        match &entry.source {
            Some(name) if source.is_none() => {
                self.add(format!("{at}/source"), format!("`{name}` is not among the sources"));
            }
            None => self.add(at, format!("`{}` needs a source", entry.date)),
            Some(_) => {}
        }
        let date = self.date(&format!("{at}/date"), &entry.date);
        let with = entry.with.as_ref().map(|with| self.date(&format!("{at}/with"), with));
        let kind = match (entry.kind.as_str(), with) {
            ("holiday", None) => DayKind::Holiday,
            ("in_lieu", None) => DayKind::InLieu,
            ("swapped_off", Some(with)) => DayKind::SwappedOff { with: Some(with?) },
            ("swapped_on", Some(with)) => DayKind::SwappedOn { with: Some(with?) },
            ("holiday" | "in_lieu", Some(_)) => {
                self.add(format!("{at}/with"), "belongs to a swapped day only");
                return None;
            }
            ("swapped_off" | "swapped_on", None) => {
                self.add(at, "needs `with`, the day it was exchanged for");
                return None;
            }
            (kind, _) => {
                let known = "holiday, in_lieu, swapped_off or swapped_on";
                self.add(format!("{at}/kind"), format!("`{kind}` is not known; write {known}"));
                return None;
            }
        };
        let date = date?;
        if date.year() != year.year {
            self.add(format!("{at}/date"), format!("`{date}` stands under {}", year.year));
        }
        let (source, note) = (source.cloned(), entry.note.clone());
        Some(Day { date, kind, reason, source, note, provisional: year.provisional })
    }

    fn date(&mut self, at: &str, text: &str) -> Option<NaiveDate> {
        let read = date(text);
        if read.is_none() {
            self.add(at, format!("`{text}` is not a date; write YYYY-MM-DD"));
        }
        read
    }

    /// An entry must change what the weekday alone would say.
    fn sense(&mut self, at: &str, date: NaiveDate, kind: DayKind, weekend: [bool; 7]) {
        let rest = weekend[weekday_index(date)];
        let name = WEEKDAYS[weekday_index(date)];
        if rest && !kind.is_working() {
            self.add(at, format!("`{date}` is a {name}, off in any case; give the day in lieu"));
        } else if !rest && kind.is_working() {
            self.add(at, format!("`{date}` is a {name}, worked in any case"));
        }
    }

    /// Each half of an exchange names the other.
    fn pairs(&mut self, at: &str, year: &Year, seen: &BTreeMap<NaiveDate, usize>) {
        for day in year.days.values() {
            let (with, other) = match day.kind {
                DayKind::SwappedOff { with: Some(with) } => {
                    (with, DayKind::SwappedOn { with: Some(day.date) })
                }
                DayKind::SwappedOn { with: Some(with) } => {
                    (with, DayKind::SwappedOff { with: Some(day.date) })
                }
                _ => continue,
            };
            // The other half of an exchange across New Year stands under another year.
            if with.year() != day.date.year() {
                continue;
            }
            if year.days.get(&with).is_none_or(|found| found.kind != other) {
                let at = format!("{at}/days/{}", seen[&day.date]);
                self.add(
                    at,
                    format!("`{}` is exchanged for `{with}`, which does not say so", day.date),
                );
            }
        }
    }
}
