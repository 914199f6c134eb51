//! `cotmoc report`: the reports of the programme, by period, with their marks of lateness.

use std::collections::BTreeMap;

use chart::calendar::{Calendar, Rule, due};
use chart::data::Data;
use chart::moment::Timestamp;
use clap::Subcommand;
use serde_json::{Value, json};
use store::cases::{self, CaseFilter};
use store::rows::Head;

use super::desk::{Desk, day, place, time};
use super::output::Rows;
use super::task::By;
use super::{Arguments, Failure, Lang};

/// The chart of reports.
const CHART: &str = "report";
/// How many heads are read at a time.
const PAGE: i64 = 500;

/// What to do with reports.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Reports by period, unit and due date
    #[command(after_help = "Examples:\n  cotmoc report list --period 2022-06\n  \
        cotmoc report list --overdue --by unit --format csv")]
    List(ListArgs),
}

/// Arguments of `report list`.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Of this period, such as `2022-06`, `2022-Q2` or the beginning of one
    #[arg(long)]
    period: Option<String>,
    /// Not received although their due moment is past
    #[arg(long)]
    overdue: bool,
    /// Summed
    #[arg(long, value_enum)]
    by: Option<By>,
}

/// How a report stands with its due date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Received in time.
    OnTime,
    /// Received late; nothing takes this away.
    Late,
    /// Not received and past due.
    Overdue,
    /// Not received, not yet due.
    Awaited,
    /// Closed without a report.
    Closed,
}

impl Mark {
    /// It as a stable word for programs.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::OnTime => "on_time",
            Self::Late => "late",
            Self::Overdue => "overdue",
            Self::Awaited => "awaited",
            Self::Closed => "closed",
        }
    }

    /// It in words.
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

/// A report as it is listed.
struct Report {
    case_id: String,
    unit: String,
    subject: String,
    kind: String,
    period: String,
    due: Option<Timestamp>,
    received: Option<i64>,
    state: String,
    mark: Mark,
}

/// Carries out a command on reports.
pub async fn run(verb: &Verb, common: &Arguments) -> Result<(), Failure> {
    let Verb::List(args) = verb;
    let desk = Desk::open(&common.store, common.lang).await?;
    let filter = CaseFilter { chart: Some(CHART.to_owned()), ..CaseFilter::default() };
    let mut reports = Vec::new();
    let mut after = String::new();
    loop {
        let heads = cases::list(&desk.store, &filter, &after, PAGE).await?;
        let Some(last) = heads.last() else { break };
        after.clone_from(&last.case_id);
        for head in &heads {
            let report = read(&desk, head, common.lang)?;
            let wanted = args.period.as_ref().is_none_or(|one| report.period.starts_with(one))
                && (!args.overdue || report.mark == Mark::Overdue);
            if wanted {
                reports.push(report);
            }
        }
    }
    reports.sort_by(|one, other| {
        (one.due, &one.unit, &one.case_id).cmp(&(other.due, &other.unit, &other.case_id))
    });
    let rows = match args.by {
        None => each(&desk, &reports, common.lang),
        Some(By::Unit) => by_unit(&desk, &reports, common.lang),
    };
    rows.print(common.format, common.lang.pick("Không có báo cáo nào.", "No reports."))
}

fn read(desk: &Desk, head: &Head, lang: Lang) -> Result<Report, Failure> {
    let snapshot = desk.snapshot(head)?;
    let data = &snapshot.data;
    let text = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
    let Standing { due, received, mark } = Standing::of(head, data, desk.now(), desk.calendar());
    let units = desk.units(&text("level_role"), &head.subject, &head.case_id);
    let unit = units.into_iter().next().unwrap_or_else(|| text("reporter"));
    let state = place(desk.chart(head)?, &snapshot.configuration, lang);
    Ok(Report {
        case_id: head.case_id.clone(),
        unit,
        subject: head.subject.clone(),
        kind: text("kind"),
        period: text("period"),
        due,
        received,
        state,
        mark,
    })
}

/// How a report stands: when it is due, when it came, and what that makes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    /// Late from this moment on; none where the calendar cannot say.
    pub(crate) due: Option<Timestamp>,
    /// When it was received.
    pub(crate) received: Option<i64>,
    pub(crate) mark: Mark,
}

impl Standing {
    /// How the report of `head` stands at `now`.
    pub(crate) fn of(head: &Head, data: &Data, now: Timestamp, calendar: &Calendar) -> Self {
        let moment = |name: &str| data[name].as_i64().filter(|&at| at > 0);
        let due = moment("due_at_ms").map(Timestamp).or_else(|| {
            let from = moment("period_opens_at_ms").unwrap_or(head.opened_at_ms);
            due_by_rule(data["due_rule"].as_str().unwrap_or_default(), Timestamp(from), calendar)
        });
        let received = moment("received_at_ms");
        let mark = match (received, data["late"].as_bool().unwrap_or(false)) {
            (Some(_), true) => Mark::Late,
            (Some(_), false) => Mark::OnTime,
            (None, _) if head.done => Mark::Closed,
            (None, _) if due.is_some_and(|due| due <= now) => Mark::Overdue,
            (None, _) => Mark::Awaited,
        };
        Self { due, received, mark }
    }
}

/// The effective due moment that `rule` gives; none where the calendar cannot say.
fn due_by_rule(rule: &str, from: Timestamp, calendar: &Calendar) -> Option<Timestamp> {
    let rule: Rule = rule.parse().ok()?;
    due(&rule, from, calendar).ok().map(|due| due.effective_at())
}

fn each(desk: &Desk, reports: &[Report], lang: Lang) -> Rows {
    let mut rows = Rows::new(&[
        ("case_id", lang.pick("Mã hồ sơ", "Case")),
        ("unit", lang.pick("Đơn vị", "Unit")),
        ("subject", lang.pick("Đối tượng", "Subject")),
        ("kind", lang.pick("Loại", "Kind")),
        ("period", lang.pick("Kỳ", "Period")),
        ("due", lang.pick("Thời hạn", "Due")),
        ("received", lang.pick("Nhận lúc", "Received")),
        ("state", lang.pick("Trạng thái", "State")),
        ("mark", lang.pick("Đánh dấu", "Mark")),
    ]);
    for report in reports {
        // A report is due by the end of its day: 24:00 belongs to the day that ends then.
        let due = report.due.map(|due| day(desk.calendar().local_date(due.plus_ms(-1)), lang));
        rows.push(vec![
            json!(report.case_id),
            json!(desk.name(&report.unit)),
            json!(report.subject),
            json!(report.kind),
            json!(report.period),
            json!(due),
            report.received.map_or(Value::Null, |at| json!(time(at))),
            json!(report.state),
            json!(report.mark.word(lang)),
        ]);
    }
    rows
}

fn by_unit(desk: &Desk, reports: &[Report], lang: Lang) -> Rows {
    let mut sums: BTreeMap<&str, Vec<Mark>> = BTreeMap::new();
    for report in reports {
        sums.entry(&report.unit).or_default().push(report.mark);
    }
    let count = |marks: &[Mark], mark| marks.iter().filter(|&&one| one == mark).count();
    let mut sums: Vec<(&str, Vec<Mark>)> = sums.into_iter().collect();
    sums.sort_by_key(|(_, marks)| {
        std::cmp::Reverse((count(marks, Mark::Overdue), count(marks, Mark::Late)))
    });
    let mut rows = Rows::new(&[
        ("unit", lang.pick("Mã đơn vị", "Unit")),
        ("name", lang.pick("Đơn vị", "Name")),
        ("reports", lang.pick("Số báo cáo", "Reports")),
        ("on_time", lang.pick("Đúng hạn", "On time")),
        ("late", lang.pick("Muộn", "Late")),
        ("overdue", lang.pick("Quá hạn", "Overdue")),
        ("awaited", lang.pick("Chưa đến hạn", "Awaited")),
        ("closed", lang.pick("Đóng", "Closed")),
    ]);
    for (unit, marks) in &sums {
        rows.push(vec![
            json!(unit),
            json!(desk.name(unit)),
            json!(marks.len()),
            json!(count(marks, Mark::OnTime)),
            json!(count(marks, Mark::Late)),
            json!(count(marks, Mark::Overdue)),
            json!(count(marks, Mark::Awaited)),
            json!(count(marks, Mark::Closed)),
        ]);
    }
    rows
}
