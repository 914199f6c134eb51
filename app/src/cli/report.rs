//! `cotmoc report`: the reports of the programme, by period, with their marks of lateness.

use std::collections::BTreeMap;

use clap::Subcommand;
use serde_json::{Value, json};
use store::cases::{self, CaseFilter};
use store::rows::Head;

use super::desk::{Desk, day, place, time};
use super::output::Rows;
use super::task::By;
use super::{Arguments, Failure, Lang};
use crate::reports::{CHART, Mark, Report};

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

/// A report as it is listed.
struct Listed {
    report: Report,
    unit: String,
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
            let period = &report.report.period;
            let wanted = args.period.as_ref().is_none_or(|one| period.starts_with(one))
                && (!args.overdue || report.mark == Mark::Overdue);
            if wanted {
                reports.push(report);
            }
        }
    }
    reports.sort_by(|one, other| {
        let key = |listed: &Listed| (listed.report.due, listed.unit.clone());
        (key(one), &one.report.case_id).cmp(&(key(other), &other.report.case_id))
    });
    let rows = match args.by {
        None => each(&desk, &reports, common.lang),
        Some(By::Unit) => by_unit(&desk, &reports, common.lang),
    };
    rows.print(common.format, common.lang.pick("Không có báo cáo nào.", "No reports."))
}

fn read(desk: &Desk, head: &Head, lang: Lang) -> Result<Listed, Failure> {
    let snapshot = desk.snapshot(head)?;
    let report = Report::of(head, desk.calendar()).ok_or_else(|| {
        let (case_id, why) = (head.case_id.clone(), "its data are none of a report".to_owned());
        let error = runtime::SendError::Corrupt { case_id, why };
        super::wording::not_sent(&error, desk.calendar())
    })?;
    let units = desk.units(&report.role, &head.subject, &head.case_id);
    let unit = units.into_iter().next().unwrap_or_else(|| report.reporter.clone());
    let state = place(desk.chart(head)?, &snapshot.configuration, lang);
    let mark = report.mark(desk.now());
    Ok(Listed { report, unit, state, mark })
}

fn each(desk: &Desk, reports: &[Listed], lang: Lang) -> Rows {
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
    for Listed { report, unit, state, mark } in reports {
        // A report is due by the end of its day: 24:00 belongs to the day that ends then.
        let due = report.due.map(|due| day(desk.calendar().local_date(due.plus_ms(-1)), lang));
        rows.push(vec![
            json!(report.case_id),
            json!(desk.name(unit)),
            json!(report.subject),
            json!(report.kind),
            json!(report.period),
            json!(due),
            report.received.map_or(Value::Null, |at| json!(time(at))),
            json!(state),
            json!(mark.word(lang)),
        ]);
    }
    rows
}

fn by_unit(desk: &Desk, reports: &[Listed], lang: Lang) -> Rows {
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
