//! What the database tells after a run: read from it and from nothing else.
//!
//! Three readings: the heads of all cases (where the platforms stand, how the reports came), the log
//! once from end to end (what happened how often, which rungs fired), and the open tasks that are
//! past their due date, each with the unit that owes it.
//!
//! **Invariant:** nothing here remembers the run; any database of the programme can be asked.

use std::collections::{BTreeMap, BTreeSet};

use chart::calendar::Calendar;
use chart::moment::Timestamp;
use chrono::NaiveDate;
use runtime::library::Library;
use runtime::roles::Assignments;
use serde_json::Value;
use store::Store;
use store::error::ReadError;
use store::rows::{Head, TaskRow};
use store::tasks::TaskFilter;

/// How many rows are read at a time.
const PAGE: i64 = 500;

/// A platform as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformLine {
    /// Its number in the annex.
    pub number: i64,
    /// Its name.
    pub name_vi: String,
    /// Its name in English.
    pub name_en: String,
    /// The stage that people name.
    pub stage: String,
    /// Core enterprises now.
    pub core: usize,
    /// Enterprises with a valid recognition.
    pub recognised: usize,
    /// When its case last moved.
    pub moved_at: Timestamp,
}

/// The reports whose period opened in one month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MonthLine {
    /// Opened.
    pub opened: u64,
    /// Received in time.
    pub in_time: u64,
    /// Received late.
    pub late: u64,
    /// Past their due date and not received.
    pub missing: u64,
    /// Not received and not due yet.
    pub open: u64,
    /// Received as nil reports.
    pub nil: u64,
    /// Returned at least once.
    pub returned: u64,
    /// Corrected after they were received.
    pub corrected: u64,
}

/// What somebody owes past its due date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverdueLine {
    /// The organisation of the first holder; empty where nobody holds the role.
    pub organisation: String,
    /// The role that owes.
    pub role: String,
    /// The task.
    pub task: TaskRow,
    /// The chart of its case.
    pub chart: String,
    /// The last day of the term.
    pub due_on: NaiveDate,
    /// Working days since then.
    pub working_days: i64,
}

/// Everything the end of a demonstration shows.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// The platforms, by number.
    pub platforms: Vec<PlatformLine>,
    /// The reports, by the month in which their period opened (`2022-03`).
    pub months: BTreeMap<String, MonthLine>,
    /// Rungs that fired, by chart, term and position.
    pub rungs: BTreeMap<(String, String, usize), u64>,
    /// Rungs of all ladders of reports, by working days from the due date.
    pub report_rungs: BTreeMap<i32, u64>,
    /// Rungs of all other ladders, by working days from the due date.
    pub other_rungs: BTreeMap<i32, u64>,
    /// Events that were taken, by chart and name.
    pub events: BTreeMap<(String, String), u64>,
    /// Cases by chart.
    pub cases: BTreeMap<String, u64>,
    /// Yearly re-evaluations opened.
    pub reevaluations: u64,
    /// What is overdue, the longest first.
    pub overdue: Vec<OverdueLine>,
    /// Entries of the log.
    pub entries: u64,
    /// Of these, what people sent.
    pub commands: u64,
    /// The hash of the last anchor; empty where none was taken.
    pub anchor: String,
}

impl Findings {
    /// How often `event` of `chart` was taken.
    pub fn count(&self, chart: &str, event: &str) -> u64 {
        self.events.get(&(chart.to_owned(), event.to_owned())).copied().unwrap_or(0)
    }

    /// The sums of all months.
    pub fn reports(&self) -> MonthLine {
        self.months.values().fold(MonthLine::default(), |sum, month| MonthLine {
            opened: sum.opened + month.opened,
            in_time: sum.in_time + month.in_time,
            late: sum.late + month.late,
            missing: sum.missing + month.missing,
            open: sum.open + month.open,
            nil: sum.nil + month.nil,
            returned: sum.returned + month.returned,
            corrected: sum.corrected + month.corrected,
        })
    }
}

/// Reads everything from `store` as it stands at `now`.
pub async fn findings(
    store: &Store,
    library: &Library,
    assignments: &Assignments,
    now: Timestamp,
) -> Result<Findings, ReadError> {
    let mut findings = Findings::default();
    let calendar = library.calendar();
    let mut charts = BTreeMap::new();
    heads(store, calendar, now, &mut findings, &mut charts).await?;
    log(store, library, &mut findings).await?;
    overdue(store, assignments, calendar, now, &mut findings, &charts).await?;
    findings.anchor = store::anchors::last(store).await?.map(|last| last.hash).unwrap_or_default();
    Ok(findings)
}

async fn heads(
    store: &Store,
    calendar: &Calendar,
    now: Timestamp,
    findings: &mut Findings,
    charts: &mut BTreeMap<String, String>,
) -> Result<(), ReadError> {
    let mut after = String::new();
    loop {
        let page = store::cases::page(store, &after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.case_id);
        for head in &page {
            *findings.cases.entry(head.chart.clone()).or_default() += 1;
            if head.chart == "plan" || head.chart == "participation" {
                charts.insert(head.case_id.clone(), head.chart.clone());
                continue;
            }
            charts.insert(head.case_id.clone(), head.chart.clone());
            let snapshot: Value = serde_json::from_str(&head.snapshot).unwrap_or_default();
            let data = &snapshot["data"];
            match head.chart.as_str() {
                "platform" => findings.platforms.push(platform_line(head, data)),
                "report" => report(head, data, calendar, now, findings),
                "evaluation" if data["kind"] == "yearly" => findings.reevaluations += 1,
                _ => {}
            }
        }
    }
    findings.platforms.sort_by_key(|line| line.number);
    Ok(())
}

fn platform_line(head: &Head, data: &Value) -> PlatformLine {
    let text = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
    PlatformLine {
        number: data["number"].as_i64().unwrap_or(0),
        name_vi: text("name_vi"),
        name_en: text("name_en"),
        stage: head.stage.clone(),
        core: data["core"].as_array().map_or(0, Vec::len),
        recognised: data["recognised"].as_object().map_or(0, serde_json::Map::len),
        moved_at: Timestamp(head.recorded_at_ms),
    }
}

fn report(head: &Head, data: &Value, calendar: &Calendar, now: Timestamp, findings: &mut Findings) {
    if head.states.contains("\"cancelled\"") {
        return;
    }
    let ms = |name: &str| data[name].as_i64().unwrap_or(0);
    let opened =
        if ms("period_opens_at_ms") > 0 { ms("period_opens_at_ms") } else { head.opened_at_ms };
    let month = calendar.local_date(Timestamp(opened).min(now)).format("%Y-%m").to_string();
    let line = findings.months.entry(month).or_default();
    line.opened += 1;
    let received = ms("received_at_ms") > 0;
    match (received, data["late"] == true, ms("overdue_at_ms") > 0) {
        (true, false, _) => line.in_time += 1,
        (true, true, _) => line.late += 1,
        (false, _, true) => line.missing += 1,
        (false, _, false) => line.open += 1,
    }
    line.nil += u64::from(received && data["nil_report"] == true);
    line.returned += u64::from(ms("returns") > 0);
    line.corrected +=
        u64::from(data["correction_reason"].as_str().is_some_and(|why| !why.is_empty()));
}

async fn log(store: &Store, library: &Library, findings: &mut Findings) -> Result<(), ReadError> {
    let (mut case_id, mut revision) = (String::new(), 0);
    loop {
        let page = store::log::page(store, &case_id, revision, PAGE).await?;
        let Some(last) = page.last() else { break };
        (case_id, revision) = (last.entry.case_id.clone(), last.entry.revision);
        for stored in &page {
            let entry = &stored.entry;
            findings.entries += 1;
            findings.commands += u64::from(entry.origin == "person");
            let Ok(chart) = library.chart(&entry.chart_sha) else { continue };
            if entry.kind == "event" {
                let key = (chart.name.clone(), entry.event.clone());
                *findings.events.entry(key).or_default() += 1;
            }
            if entry.kind != "notice" || entry.event != "term.rung" {
                continue;
            }
            let payload: Value = serde_json::from_str(&entry.payload).unwrap_or_default();
            let term = payload["term"].as_str().unwrap_or_default();
            let rung = usize::try_from(payload["rung"].as_u64().unwrap_or(0)).unwrap_or(0);
            let key = (chart.name.clone(), term.to_owned(), rung);
            *findings.rungs.entry(key).or_default() += 1;
            let state = chart.find(term).map(|state| chart.state(state));
            let found = state.and_then(|state| state.term.as_ref()?.rungs.get(rung));
            if let Some(found) = found {
                let own = chart.name == "report" && term.starts_with("owed_by_");
                let rungs =
                    if own { &mut findings.report_rungs } else { &mut findings.other_rungs };
                *rungs.entry(found.offset.working_days).or_default() += 1;
            }
        }
    }
    Ok(())
}

async fn overdue(
    store: &Store,
    assignments: &Assignments,
    calendar: &Calendar,
    now: Timestamp,
    findings: &mut Findings,
    charts: &BTreeMap<String, String>,
) -> Result<(), ReadError> {
    let filter = TaskFilter { due_before_ms: Some(now.as_ms()), ..TaskFilter::default() };
    let mut seen = BTreeSet::new();
    for task in store::tasks::list(store, &filter, i64::MAX).await? {
        let Some(due_at) = task.due_at_ms.map(Timestamp) else { continue };
        // 24:00 is an exclusive instant: the last day of the term is the one before it.
        let due_on = calendar.local_date(due_at.plus_ms(-1));
        let today = calendar.local_date(now);
        let holders = assignments.holders(&task.role, &task.subject, &task.case_id, now);
        let organisation = holders.first().map(|one| one.organisation.clone()).unwrap_or_default();
        if !seen.insert((task.case_id.clone(), task.state.clone(), task.role.clone())) {
            continue;
        }
        findings.overdue.push(OverdueLine {
            organisation,
            role: task.role.clone(),
            chart: charts.get(&task.case_id).cloned().unwrap_or_default(),
            due_on,
            working_days: calendar.working_days_between(due_on, today).unwrap_or(0),
            task,
        });
    }
    Ok(())
}
