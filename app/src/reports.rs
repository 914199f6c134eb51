//! Reports as they stand with their due date: shared by the command line and the pages.
//!
//! What never changes of a report is read once from its snapshot ([`Report::of`]); how it stands now follows
//! from the moment ([`Report::mark`]).
//!
//! **Invariant:** nothing is decided here; the late mark is the one the chart set.

use std::sync::Arc;

use chart::calendar::{Calendar, Due, Rule, due};
use chart::moment::Timestamp;
use chrono::Datelike as _;
use serde::Deserialize;
use store::rows::Head;

use crate::cli::Lang;

/// The chart of reports.
pub(crate) const CHART: &str = "report";

/// How a report stands with its due date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mark {
    /// Not received and past due.
    Overdue,
    /// Received late; nothing takes this away.
    Late,
    /// Not received, not yet due.
    Awaited,
    /// Received in time.
    OnTime,
    /// Closed without a report.
    Closed,
}

impl Mark {
    /// The mark as a stable word for programs.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::OnTime => "on_time",
            Self::Late => "late",
            Self::Overdue => "overdue",
            Self::Awaited => "awaited",
            Self::Closed => "closed",
        }
    }

    /// The mark in words.
    pub(crate) fn word(self, lang: Lang) -> &'static str {
        match self {
            Self::OnTime => lang.pick("đúng hạn", "on time"),
            Self::Late => lang.pick("MUỘN", "LATE"),
            Self::Overdue => lang.pick("QUÁ HẠN", "OVERDUE"),
            Self::Awaited => lang.pick("chưa đến hạn", "awaited"),
            Self::Closed => lang.pick("đóng, không có báo cáo", "closed without a report"),
        }
    }
}

/// A report, without what changes with the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) case_id: String,
    pub(crate) subject: String,
    /// Whose report it is: `enterprise`, `focal`, `owner` or `coordinator`.
    pub(crate) level: String,
    /// The role that makes it.
    pub(crate) role: String,
    /// The unit that makes it, where the case names one.
    pub(crate) reporter: String,
    pub(crate) kind: String,
    pub(crate) period: String,
    pub(crate) due: Option<Timestamp>,
    /// Where its rule named another day than the one it fell on.
    pub(crate) moved_from: Option<chrono::NaiveDate>,
    /// The year and month (1 to 12) it is counted in.
    pub(crate) month: (i32, u32),
    pub(crate) received: Option<i64>,
    pub(crate) late: bool,
    pub(crate) done: bool,
}

/// What is read of a snapshot; the rest of it is passed over.
#[derive(Deserialize)]
struct Kept {
    data: KeptData,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct KeptData {
    level: String,
    level_role: String,
    kind: String,
    period: String,
    reporter: String,
    due_rule: String,
    due_at_ms: i64,
    period_opens_at_ms: i64,
    received_at_ms: i64,
    late: bool,
}

impl Report {
    /// The report of `head`; `None` where its snapshot is none of a report.
    pub(crate) fn of(head: &Head, calendar: &Calendar) -> Option<Self> {
        let Kept { data } = serde_json::from_str(&head.snapshot).ok()?;
        let moment = |at: i64| Some(at).filter(|&at| at > 0);
        let from = moment(data.period_opens_at_ms).unwrap_or(head.opened_at_ms);
        let ruled = due_by_rule(&data.due_rule, Timestamp(from), calendar);
        let given = moment(data.due_at_ms).map(Timestamp);
        let due = given.or_else(|| ruled.map(|due| due.effective_at()));
        let moved = ruled.filter(|due| given.is_none_or(|given| given == due.effective_at()));
        let moved = moved.filter(|due| due.nominal_date != due.effective_date);
        Some(Self {
            case_id: head.case_id.clone(),
            subject: head.subject.clone(),
            level: data.level,
            role: data.level_role,
            reporter: data.reporter,
            month: month(&data.period, head.opened_at_ms),
            kind: data.kind,
            period: data.period,
            due,
            moved_from: moved.map(|due| due.nominal_date),
            received: moment(data.received_at_ms),
            late: data.late,
            done: head.done,
        })
    }

    /// How it stands at `now`.
    pub(crate) fn mark(&self, now: Timestamp) -> Mark {
        match (self.received, self.late) {
            (Some(_), true) => Mark::Late,
            (Some(_), false) => Mark::OnTime,
            (None, _) if self.done => Mark::Closed,
            (None, _) if self.due.is_some_and(|due| due <= now) => Mark::Overdue,
            (None, _) => Mark::Awaited,
        }
    }

    /// How long its period is: `month`, `quarter`, `half`, `year`; `other` where it is asked for once.
    pub(crate) fn length(&self) -> &str {
        match self.kind.rsplit('_').next() {
            Some(length @ ("month" | "quarter" | "half" | "year")) => length,
            _ => "other",
        }
    }
}

/// The year and month (1 to 12) in which a report of `period` is counted: its last month, or that in which it was
/// asked for where it has none.
fn month(period: &str, opened_at_ms: i64) -> (i32, u32) {
    let opened = runtime::clock::local(Timestamp(opened_at_ms));
    let asked = (opened.year(), opened.month());
    let (year, part) = match period.split_once('-') {
        Some(parts) => parts,
        None if period.len() == 4 => (period, "12"),
        None => return asked,
    };
    let month = match (part.chars().next(), part.get(1..).unwrap_or_default().parse::<u32>()) {
        (Some('Q'), Ok(quarter)) => quarter * 3,
        (Some('H'), Ok(half)) => half * 6,
        _ => part.get(..2).unwrap_or_default().parse().unwrap_or(0),
    };
    match year.parse() {
        Ok(year) if (1..=12).contains(&month) => (year, month),
        _ => asked,
    }
}

/// The due date that `rule` gives; none where the calendar cannot say.
fn due_by_rule(rule: &str, from: Timestamp, calendar: &Calendar) -> Option<Due> {
    let rule: Rule = rule.parse().ok()?;
    due(&rule, from, calendar).ok()
}

/// Reports that are shared between those who look.
pub(crate) type Reports = Vec<Arc<Report>>;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn head(data: &serde_json::Value) -> Head {
        Head {
            case_id: "a".into(),
            chart: CHART.into(),
            chart_version: 1,
            chart_sha: String::new(),
            subject: "platform/x/y".into(),
            parent_id: None,
            revision: 1,
            decision: 1,
            stage: String::new(),
            states: "[]".into(),
            snapshot: json!({ "data": data }).to_string(),
            hash: String::new(),
            // 15/06/2022, 00:00 in Ha Noi.
            opened_at_ms: 1_655_226_000_000,
            recorded_at_ms: 0,
            done: false,
            retention_class: String::new(),
        }
    }

    #[test]
    fn a_due_date_that_moved_says_from_where() {
        let calendar = workflows::calendars::calendar();
        let report = Report::of(&head(&json!({ "due_rule": "day 25" })), &calendar).unwrap();
        // 25/06/2022 was a Saturday.
        assert_eq!(report.moved_from.map(|day| day.to_string()).as_deref(), Some("2022-06-25"));
        let due = report.due.unwrap();
        assert_eq!(calendar.local_date(due.plus_ms(-1)).to_string(), "2022-06-27");
        assert_eq!(report.mark(due.plus_ms(-1)), Mark::Awaited);
        assert_eq!(report.mark(due), Mark::Overdue);
        let late = json!({ "due_rule": "day 25", "received_at_ms": 5, "late": true });
        assert_eq!(Report::of(&head(&late), &calendar).unwrap().mark(due), Mark::Late);
    }

    #[test]
    fn a_period_is_counted_in_its_last_month() {
        let calendar = workflows::calendars::calendar();
        let rows = [
            ("2022-11", (2022, 11)),
            ("2022-Q1", (2022, 3)),
            ("2022-H2", (2022, 12)),
            ("2021", (2021, 12)),
            ("", (2022, 6)),
            ("once", (2022, 6)),
            ("2022-99", (2022, 6)),
        ];
        for (period, expected) in rows {
            let report = Report::of(&head(&json!({ "period": period })), &calendar).unwrap();
            assert_eq!(report.month, expected, "{period}");
        }
    }
}
