//! The report board: who reported when, unit by unit and month by month.
//!
//! Whoever holds a role on the whole ministry sees every unit; all others see the rows they hold a role on, by the
//! rule of [`super::see`]. The table is the picture: each cell says its mark in words, and leads to its report.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use chart::moment::Timestamp;
use chrono::Datelike as _;
use maud::{Markup, html};
use serde::Deserialize;
use store::cases;

use super::page::{Page, Part, moment};
use super::signing::Me;
use super::trend::{self, Month};
use super::trouble::Trouble;
use super::{Site, kept, see};
use crate::cli::Lang;
use crate::facts::{Names, role_title};
use crate::letters::wording::{due_date, due_text};
use crate::reports::{CHART, Mark, Report, Reports};

/// Links of one cell; the others are counted.
const LINKS_MAX: usize = 3;

/// What narrows the board; it lives in the address.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Narrow {
    #[serde(default)]
    year: String,
    /// How long the periods are: `month` (if empty), `quarter`, `half`, `year`, `other` or `all`.
    #[serde(default)]
    length: String,
    /// Whose reports: `enterprise`, `focal`, `owner`, `coordinator`.
    #[serde(default)]
    level: String,
    /// Only units with a report in this state.
    #[serde(default)]
    mark: String,
}

/// The reports of one unit on one subject.
pub(super) struct Row {
    level: String,
    subject: String,
    unit: String,
    months: [Vec<Arc<Report>>; 12],
}

/// The marks, as addresses and styles name them.
const MARKS: [(&str, Mark); 5] = [
    ("ontime", Mark::OnTime),
    ("late", Mark::Late),
    ("missing", Mark::Overdue),
    ("awaited", Mark::Awaited),
    ("closed", Mark::Closed),
];

/// A mark as a cell says it.
fn word(mark: Mark, lang: Lang) -> &'static str {
    match mark {
        Mark::OnTime => lang.pick("đúng hạn", "on time"),
        Mark::Late => lang.pick("muộn", "late"),
        Mark::Overdue => lang.pick("chưa nộp", "missing"),
        Mark::Awaited => lang.pick("chờ", "awaited"),
        Mark::Closed => lang.pick("đóng", "closed"),
    }
}

fn class(mark: Mark) -> &'static str {
    MARKS.iter().find(|(_, one)| *one == mark).map_or("", |(name, _)| name)
}

/// The board of a year.
pub(super) async fn page(
    State(site): State<Arc<Site>>,
    me: Me,
    Query(narrow): Query<Narrow>,
) -> Result<Response, Trouble> {
    let lang = me.lang;
    let now = site.now();
    let this_year = runtime::clock::local(now).year();
    let year = narrow.year.parse().unwrap_or(this_year).clamp(2000, this_year + 1);
    let names = site.names().await?;
    let reports = seen_by(&site, &me, year).await?;
    let wanted = |report: &&Arc<Report>| is_shown(report, &narrow.length, &narrow.level);
    let reports: Reports = reports.iter().filter(wanted).cloned().collect();
    let months = trend::months(&reports, now);
    let mut rows = rows(&site, &names, &reports, lang);
    let mark = MARKS.iter().find(|(name, _)| *name == narrow.mark).map(|(_, mark)| *mark);
    if let Some(mark) = mark {
        rows.retain(|row| row.months.iter().flatten().any(|report| report.mark(now) == mark));
    }
    rows.sort_by_cached_key(|row| {
        let count = |mark| row.months.iter().flatten().filter(|one| one.mark(now) == mark).count();
        (Reverse(count(Mark::Overdue)), Reverse(count(Mark::Late)), name(&names, row, lang))
    });
    let first = cases::first_opened(site.store(), CHART).await?;
    let first = first.map_or(year, |at| runtime::clock::local(Timestamp(at)).year());
    let urges = me.watches.then_some((narrow.length.as_str(), narrow.level.as_str()));
    let title = match lang {
        Lang::Vi => format!("Bảng báo cáo năm {year}"),
        Lang::En => format!("Reports of {year}"),
    };
    let library = site.runtime.library();
    Ok(Page::of(&site, &me, Part::Reports, title.clone()).show(&html! {
        h1 class="govuk-heading-l app-title" { (title) }
        p class="app-live" {
            (lang.pick("Số liệu lúc ", "As of ")) (moment(now.as_ms(), library.calendar(), lang))
        }
        (years(&narrow, year, first.min(year), this_year, lang))
        (filters(&narrow, year, lang))
        @if rows.is_empty() { (nothing(lang)) }
        @else {
            (trend::card(&site, &months, year, urges, lang))
            (grid(&site, &names, &rows, &months, lang))
        }
    }))
}

/// Whether the board shows `report` under the filters `length` and `level`.
pub(super) fn is_shown(report: &Report, length: &str, level: &str) -> bool {
    let length = if length.is_empty() { "month" } else { length };
    (length == "all" || report.length() == length) && (level.is_empty() || report.level == level)
}

/// The reports of `year` that `me` may see.
pub(super) async fn seen_by(site: &Site, me: &Me, year: i32) -> Result<Arc<Reports>, Trouble> {
    let all = kept::of_year(site, year).await?;
    if me.watches {
        return Ok(all);
    }
    let assignments = site.runtime.assignments();
    let held: BTreeSet<&str> = see::scopes_of(&assignments, &me.id, site.now()).collect();
    let own = all.iter().filter(|one| see::bears_on(&held, &one.subject, &one.case_id));
    Ok(Arc::new(own.cloned().collect()))
}

/// One row for each unit and what it reports on.
fn rows(site: &Site, names: &Names, reports: &Reports, lang: Lang) -> Vec<Row> {
    let (assignments, now) = (site.runtime.assignments(), site.now());
    let mut rows: BTreeMap<(&str, &str), Row> = BTreeMap::new();
    for report in reports {
        let row = rows.entry((&report.level, &report.subject)).or_insert_with(|| {
            let holders = assignments.holders(&report.role, &report.subject, "", now);
            let unit = match holders.first() {
                Some(held) => names.organisation(&held.organisation).get(lang.code()).to_owned(),
                None => names.organisation(&report.reporter).get(lang.code()).to_owned(),
            };
            let (level, subject) = (report.level.clone(), report.subject.clone());
            Row { level, subject, unit, months: std::array::from_fn(|_| Vec::new()) }
        });
        row.months[report.month.1 as usize - 1].push(Arc::clone(report));
    }
    rows.into_values().collect()
}

/// A row in words, for sorting.
fn name(names: &Names, row: &Row, lang: Lang) -> (String, String) {
    let platform = names.platform(&row.subject).map(|text| text.get(lang.code()).to_owned());
    (row.unit.clone(), platform.unwrap_or_default())
}

fn nothing(lang: Lang) -> Markup {
    html! {
        div class="app-card" {
            p class="govuk-body" {
                (lang.pick(
                    "Không có báo cáo nào khớp bộ lọc trong năm này.",
                    "No report of this year passes the filter.",
                )) " "
                a class="govuk-link" href="/reports" { (lang.pick("Bỏ bộ lọc", "Clear the filter")) }
            }
        }
    }
}

/// The address of the board with another year.
fn address(narrow: &Narrow, year: i32) -> String {
    let year = year.to_string();
    let pairs = [
        ("year", &*year),
        ("length", &narrow.length),
        ("level", &narrow.level),
        ("mark", &narrow.mark),
    ];
    let pairs: Vec<_> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    format!("/reports?{}", serde_urlencoded::to_string(pairs).unwrap_or_default())
}

fn years(narrow: &Narrow, year: i32, first: i32, last: i32, lang: Lang) -> Markup {
    html! {
        @if first < last {
            nav class="app-pills" aria-label=(lang.pick("Năm", "Year")) {
                ul {
                    @for one in first..=last {
                        li { a href=(address(narrow, one)) aria-current=[(one == year).then_some("page")] {
                            (one)
                        } }
                    }
                }
            }
        }
    }
}

fn filters(narrow: &Narrow, year: i32, lang: Lang) -> Markup {
    let lengths = [
        ("", lang.pick("Báo cáo tháng", "Monthly")),
        ("quarter", lang.pick("Báo cáo quý", "Quarterly")),
        ("half", lang.pick("Báo cáo 6 tháng", "Half-yearly")),
        ("year", lang.pick("Báo cáo năm", "Yearly")),
        ("other", lang.pick("Báo cáo đột xuất", "Asked for once")),
        ("all", lang.pick("Tất cả báo cáo", "All reports")),
    ];
    let levels = [
        ("", lang.pick("Mọi cấp", "All levels")),
        ("enterprise", lang.pick("Doanh nghiệp nòng cốt", "Core enterprises")),
        ("focal", lang.pick("Đơn vị đầu mối của Bộ", "Ministry focal units")),
        ("owner", lang.pick("Đơn vị đầu mối của Cơ quan chủ quản", "Owner focal units")),
        ("coordinator", lang.pick("Cơ quan điều phối chung", "General coordinator")),
    ];
    let all = [("", lang.pick("Mọi đơn vị", "All units"))];
    let marks = MARKS.map(|(name, mark)| (name, long_word(mark, lang)));
    let marks: Vec<(&str, &str)> = all.into_iter().chain(marks).collect();
    let parts = [
        ("length", lang.pick("Loại báo cáo", "Kind"), &narrow.length, &lengths[..]),
        ("level", lang.pick("Cấp báo cáo", "Level"), &narrow.level, &levels[..]),
        ("mark", lang.pick("Đơn vị có báo cáo", "Units with a report"), &narrow.mark, &marks[..]),
    ];
    html! {
        form method="get" action="/reports" class="app-filter" {
            input type="hidden" name="year" value=(year);
            @for (name, label, chosen, options) in parts {
                div {
                    label class="govuk-label" for=(name) { (label) }
                    select class="govuk-select" id=(name) name=(name) {
                        @for (value, words) in options {
                            option value=(value) selected[value == chosen] { (words) }
                        }
                    }
                }
            }
            button class="govuk-button govuk-button--secondary" type="submit" {
                (lang.pick("Lọc", "Filter"))
            }
        }
    }
}

/// A mark as the legend says it.
fn long_word(mark: Mark, lang: Lang) -> &'static str {
    match mark {
        Mark::OnTime => lang.pick("nộp đúng hạn", "received on time"),
        Mark::Late => lang.pick("nộp muộn", "received late"),
        Mark::Overdue => lang.pick("chưa nộp, đã quá hạn", "missing, overdue"),
        Mark::Awaited => lang.pick("chưa nộp, chưa đến hạn", "awaited, not yet due"),
        Mark::Closed => lang.pick("đóng, không có báo cáo", "closed without a report"),
    }
}

fn grid(site: &Site, names: &Names, rows: &[Row], months: &[Month; 12], lang: Lang) -> Markup {
    let title = lang.pick("Từng đơn vị theo tháng", "Each unit by month");
    let shown: Vec<usize> = (0..12).filter(|&at| months[at].count() > 0).collect();
    html! {
        section class="app-card app-card--flush" aria-labelledby="grid" {
            div class="app-card__in app-card__head" {
                h2 class="govuk-heading-m" id="grid" { (title) " (" (rows.len()) ")" }
                ul class="app-legend" {
                    @for (name, mark) in MARKS {
                        li { i class=(format!("m-{name}")) {} strong { (word(mark, lang)) } ": "
                            (long_word(mark, lang)) }
                    }
                }
            }
            div class="app-scroll" tabindex="0" role="region" aria-label=(title) {
                table class="app-table app-heat" {
                    thead { tr {
                        th scope="col" { (lang.pick("Đơn vị báo cáo", "Unit")) }
                        @for &at in &shown {
                            th scope="col" { (trend::month_name(at, lang)) }
                        }
                    } }
                    tbody {
                        @for row in rows {
                            tr {
                                (row_head(site, names, row, lang))
                                @for &at in &shown { (cell(site, &row.months[at], lang)) }
                            }
                        }
                    }
                    tfoot { tr {
                        th scope="row" { (lang.pick("Đã nộp", "Received")) }
                        @for &at in &shown {
                            td { (months[at].received()) "/" (months[at].count()) }
                        }
                    } }
                }
            }
        }
    }
}

fn row_head(site: &Site, names: &Names, row: &Row, lang: Lang) -> Markup {
    let role = match row.level.as_str() {
        "enterprise" => "core_enterprise",
        "focal" => "ministry_focal",
        "owner" => "owner_focal",
        _ => "coordinator",
    };
    let platform = names.platform(&row.subject);
    html! {
        th scope="row" {
            (row.unit)
            small {
                @match platform {
                    Some(platform) => (platform.get(lang.code())),
                    None => (role_title(&site.runtime.library(), role).get(lang.code())),
                }
            }
        }
    }
}

/// What one unit reported for one month: the worst first, each leading to its report.
fn cell(site: &Site, reports: &[Arc<Report>], lang: Lang) -> Markup {
    let now = site.now();
    let mut marked: Vec<(Mark, &Arc<Report>)> =
        reports.iter().map(|report| (report.mark(now), report)).collect();
    marked.sort_by_key(|(mark, _)| *mark);
    let Some(&(worst, _)) = marked.first() else {
        let none = lang.pick("không có", "none");
        return html! { td { span class="app-muted" title=(none) aria-label=(none) role="img" { "–" } } };
    };
    html! {
        td class=(format!("m-{}", class(worst))) {
            @for (mark, report) in marked.iter().take(LINKS_MAX) {
                a href=(format!("/cases/{}", report.case_id)) title=(told(site, report, lang)) {
                    (word(*mark, lang))
                }
            }
            @if marked.len() > LINKS_MAX { small { "+" (marked.len() - LINKS_MAX) } }
        }
    }
}

/// Until when a report was due and when it came.
fn told(site: &Site, report: &Report, lang: Lang) -> String {
    let library = site.runtime.library();
    let calendar = library.calendar();
    let mut words = Vec::new();
    if let Some(due) = report.due {
        words.push(format!(
            "{}{}",
            lang.pick("Hạn ", "Due "),
            due_text(due, calendar, lang.code())
        ));
    }
    if let Some(from) = report.moved_from {
        words.push(trend::moved(from, lang));
    }
    if let Some(at) = report.received {
        let on_the_day = report
            .due
            .is_some_and(|due| calendar.local_date(Timestamp(at)) == due_date(due, calendar));
        let received = lang.pick("nộp lúc ", "received ");
        let mark = if on_the_day { lang.pick(" (ngày cuối)", " (the last day)") } else { "" };
        words.push(format!("{received}{}{mark}", moment(at, calendar, lang)));
    }
    words.join("; ")
}
