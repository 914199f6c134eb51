//! The report at the end of a demonstration: five tables and what they come to.
//!
//! **Invariant:** no line is wider than 100 columns.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chart::calendar::{date_en, date_vi};
use chart::moment::Timestamp;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};
use runtime::library::Library;
use serde_json::Value;
use store::Store;
use store::error::ReadError;

use super::Lang;
use crate::simulate::Outcome;
use crate::simulate::findings::{Findings, OverdueLine};

/// The widest line.
const WIDTH: u16 = 100;
/// How many overdue items are shown.
const OVERDUE_SHOWN: usize = 15;

/// Names of organisations and roles, in both languages.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    organisations: BTreeMap<String, (String, String)>,
    roles: BTreeMap<String, (String, String)>,
}

impl Names {
    /// The names that `store` and the charts have.
    pub(super) async fn of(store: &Store, library: &Library) -> Result<Self, ReadError> {
        let mut names = Self::default();
        for row in store::people::list_organisations(store).await? {
            let name: Value = serde_json::from_str(&row.name).unwrap_or_default();
            let text = |lang: &str| name[lang].as_str().unwrap_or(&row.id).to_owned();
            names.organisations.insert(row.id.clone(), (text("vi"), text("en")));
        }
        for chart in library.charts() {
            for (id, role) in &chart.roles {
                let title = (role.title.vi.clone(), role.title.en.clone());
                names.roles.insert(id.clone(), title);
            }
        }
        Ok(names)
    }

    fn organisation(&self, id: &str, lang: Lang) -> String {
        let found = self.organisations.get(id);
        found.map_or_else(|| id.to_owned(), |(vi, en)| lang.pick(vi, en).to_owned())
    }

    fn role(&self, id: &str, lang: Lang) -> String {
        let found = self.roles.get(id);
        found.map_or_else(|| id.to_owned(), |(vi, en)| lang.pick(vi, en).to_owned())
    }
}

/// The whole report.
pub(super) fn report(
    found: &Findings,
    names: &Names,
    outcome: Option<&Outcome>,
    now: Timestamp,
    lang: Lang,
) -> String {
    let calendar = workflows::calendars::calendar();
    let today = calendar.local_date(now);
    let day = lang.pick(&date_vi(today), &date_en(today)).to_owned();
    let parts = [
        format!(
            "{} {day}",
            lang.pick(
                "CỘT MỐC · Chương trình nền tảng số quốc gia theo Quyết định 186/QĐ-BTTTT, đến",
                "COT MOC · National digital platforms under Decision 186/QĐ-BTTTT, as of",
            ),
        ),
        platforms(found, lang),
        months(found, lang),
        ladder(found, lang),
        happened(found, outcome, lang),
        overdue(found, names, lang),
        totals(found, lang),
    ];
    parts.join("\n\n")
}

fn table(title: &str, headings: &[&str]) -> (String, Table) {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(WIDTH);
    table.set_header(headings.iter().map(Cell::new));
    (title.to_owned(), table)
}

fn number(value: &(impl ToString + ?Sized)) -> Cell {
    Cell::new(value.to_string()).set_alignment(CellAlignment::Right)
}

/// A count, or a dot where there is nothing, so that the eye finds what there is.
fn count(value: u64) -> Cell {
    if value == 0 { number("·") } else { number(&value) }
}

/// The name of a stage.
fn stage(id: &str, lang: Lang) -> &'static str {
    match id {
        "registration" => lang.pick("1 Đăng ký", "1 Registration"),
        "plan_approval" => lang.pick("2 Phê duyệt kế hoạch", "2 Plan approval"),
        "development" => lang.pick("3 Phát triển", "3 Development"),
        "evaluation" => lang.pick("4 Hội đồng đánh giá", "4 Council evaluation"),
        "certification" => lang.pick("5 Công nhận", "5 Certification"),
        "announcement" => lang.pick("5 Lễ công bố", "5 Announcement"),
        "in_force" => lang.pick("Đang có hiệu lực", "In force"),
        _ => lang.pick("Đã kết thúc", "Closed"),
    }
}

fn platforms(found: &Findings, lang: Lang) -> String {
    let headings = [
        "#",
        lang.pick("Nền tảng", "Platform"),
        lang.pick("Giai đoạn", "Stage"),
        lang.pick("DN nòng cốt", "Core"),
        lang.pick("Công nhận", "Recognised"),
    ];
    let title = lang.pick("Các nền tảng", "Platforms");
    let (title, mut table) = table(title, &headings);
    for line in &found.platforms {
        table.add_row([
            number(&line.number),
            Cell::new(lang.pick(&line.name_vi, &line.name_en)),
            Cell::new(stage(&line.stage, lang)),
            count(line.core as u64),
            count(line.recognised as u64),
        ]);
    }
    format!("{title}\n{table}")
}

fn months(found: &Findings, lang: Lang) -> String {
    let headings = [
        lang.pick("Kỳ mở", "Opened in"),
        lang.pick("Phải nộp", "Owed"),
        lang.pick("Đúng hạn", "In time"),
        lang.pick("Muộn", "Late"),
        lang.pick("Chưa nộp", "Missing"),
        lang.pick("Trong hạn", "Not due"),
        lang.pick("Không phát sinh", "Nil"),
        lang.pick("Bị trả lại", "Returned"),
        lang.pick("Đính chính", "Corrected"),
    ];
    let title = lang.pick(
        "Báo cáo ngày 25 (tháng, quý, sáu tháng, năm, đột xuất)",
        "Reports of the 25th (month, quarter, half, year, ad hoc)",
    );
    let (title, mut table) = table(title, &headings);
    let all = lang.pick("Tổng", "Total").to_owned();
    let sum = (&all, &found.reports());
    for (month, line) in found.months.iter().chain([sum]) {
        table.add_row([
            Cell::new(month),
            count(line.opened),
            count(line.in_time),
            count(line.late),
            count(line.missing),
            count(line.open),
            count(line.nil),
            count(line.returned),
            count(line.corrected),
        ]);
    }
    format!("{title}\n{table}")
}

fn ladder(found: &Findings, lang: Lang) -> String {
    let headings = [
        lang.pick("Bậc (ngày làm việc so với hạn)", "Rung (working days from the due date)"),
        lang.pick("Báo cáo", "Reports"),
        lang.pick("Thời hạn khác", "Other terms"),
    ];
    let title = lang.pick("Nhắc việc và báo vượt cấp", "Reminders and escalations");
    let (title, mut table) = table(title, &headings);
    let mut days: Vec<i32> =
        found.report_rungs.keys().chain(found.other_rungs.keys()).copied().collect();
    days.sort_unstable();
    days.dedup();
    for day in days {
        let of = |rungs: &BTreeMap<i32, u64>| count(rungs.get(&day).copied().unwrap_or(0));
        table.add_row([
            Cell::new(rung(day, lang)),
            of(&found.report_rungs),
            of(&found.other_rungs),
        ]);
    }
    format!("{title}\n{table}")
}

fn rung(days: i32, lang: Lang) -> String {
    let count = days.abs();
    match days {
        0 => lang.pick("ngày đến hạn", "on the day").to_owned(),
        ..0 => format!("{count} {}", lang.pick("ngày trước hạn", "before")),
        1.. => format!("{count} {}", lang.pick("ngày sau hạn: báo vượt cấp", "after: escalation")),
    }
}

fn happened(found: &Findings, outcome: Option<&Outcome>, lang: Lang) -> String {
    let reports = found.reports();
    let lines = [
        (
            lang.pick("Yêu cầu bổ sung hồ sơ (dừng đồng hồ)", "Supplements asked (clock stopped)"),
            found.count("participation", "request_supplement"),
        ),
        (
            lang.pick("Từ chối đăng ký", "Registrations refused"),
            found.count("participation", "refuse"),
        ),
        (
            lang.pick("Không công nhận", "Recognitions refused"),
            found.count("platform", "refuse_recognition"),
        ),
        (lang.pick("Công nhận", "Recognitions"), found.count("platform", "recognise")),
        (
            lang.pick("Loại doanh nghiệp", "Enterprises removed"),
            found.count("participation", "remove"),
        ),
        (
            lang.pick("Doanh nghiệp tự rút", "Enterprises withdrew"),
            found.count("participation", "withdraw"),
        ),
        (lang.pick("Đánh giá lại hằng năm", "Yearly re-evaluations"), found.reevaluations),
        (
            lang.pick("Thu hồi công nhận", "Recognitions withdrawn"),
            found.count("platform", "withdraw_recognition"),
        ),
        (
            lang.pick(
                "Phiên họp hoãn vì không đủ thành viên",
                "Sessions put off for want of a quorum",
            ),
            found.count("evaluation", "postpone_session"),
        ),
        (lang.pick("Báo cáo muộn", "Reports late"), reports.late),
        (lang.pick("Báo cáo chưa nộp", "Reports missing"), reports.missing),
        (lang.pick("Báo cáo không phát sinh", "Nil reports"), reports.nil),
        (lang.pick("Báo cáo đính chính", "Reports corrected"), reports.corrected),
    ];
    let title = lang.pick("Những việc đã xảy ra", "What happened");
    let headings = [lang.pick("Việc", "What"), lang.pick("Số lần", "Times")];
    let (title, mut table) = table(title, &headings);
    for (what, times) in lines {
        table.add_row([Cell::new(what), count(times)]);
    }
    if let Some(outcome) = outcome {
        // A refusal leaves nothing in the database; the run itself has counted them.
        let what = lang.pick("Lệnh bị từ chối kèm lý do", "Commands refused with reasons");
        table.add_row([Cell::new(what), count(outcome.refused.values().sum())]);
    }
    format!("{title}\n{table}")
}

fn overdue(found: &Findings, names: &Names, lang: Lang) -> String {
    let headings = [
        lang.pick("Đơn vị", "Unit"),
        lang.pick("Việc còn nợ", "What is owed"),
        lang.pick("Hạn", "Due"),
        lang.pick("Quá hạn (ngày LV)", "Working days over"),
    ];
    let title = format!(
        "{} ({})",
        lang.pick("Đang quá hạn, lâu nhất trước", "Overdue now, the longest first"),
        found.overdue.len(),
    );
    let (title, mut table) = table(&title, &headings);
    for line in found.overdue.iter().take(OVERDUE_SHOWN) {
        table.add_row([
            Cell::new(unit(line, names, lang)),
            Cell::new(owed(line, lang)),
            Cell::new(lang.pick(&date_vi(line.due_on), &date_en(line.due_on))),
            number(&line.working_days),
        ]);
    }
    let mut text = format!("{title}\n{table}");
    let more = found.overdue.len().saturating_sub(OVERDUE_SHOWN);
    if more > 0 {
        let words = lang.pick("việc khác quá hạn", "more are overdue");
        // Writing to a string does not fail.
        let _ = write!(text, "\n… {more} {words}");
    }
    text
}

fn unit(line: &OverdueLine, names: &Names, lang: Lang) -> String {
    let role = names.role(&line.role, lang);
    if line.organisation.is_empty() {
        return role;
    }
    format!("{} ({role})", names.organisation(&line.organisation, lang))
}

fn owed(line: &OverdueLine, lang: Lang) -> String {
    let title: Value = serde_json::from_str(&line.task.title).unwrap_or_default();
    let title = title[lang.code()].as_str().unwrap_or(&line.task.state).to_owned();
    format!("{title} · {}", line.task.subject.trim_start_matches("platform/"))
}

fn totals(found: &Findings, lang: Lang) -> String {
    let cases: u64 = found.cases.values().sum();
    let rungs: u64 = found.rungs.values().sum();
    match lang {
        Lang::Vi => format!(
            "{cases} hồ sơ · {} mục nhật ký · {} lệnh của người dùng · {rungs} lần nhắc việc\nMã neo: {}",
            found.entries, found.commands, found.anchor,
        ),
        Lang::En => format!(
            "{cases} cases · {} entries · {} commands of people · {rungs} rungs\nanchor: {}",
            found.entries, found.commands, found.anchor,
        ),
    }
}
