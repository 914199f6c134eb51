//! The calendar of working days: each year with what makes a day off or on, where the 25th of each month falls, and
//! a count of working days from any day.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use chart::calendar::{Calendar, Clock, Day, NoCalendar, Rule, date_en, date_vi, due};
use chrono::{Datelike as _, NaiveDate};
use maud::{Markup, html};
use serde::Deserialize;

use super::Site;
use super::page::{self, Page, Part};
use super::signing::Me;
use super::trouble::Trouble;
use crate::cli::Lang;

/// The day of the month on which reports are due (186/QĐ-BTTTT, Điều 1.IV.2).
const REPORT_DAY: &str = "day 25";

/// What the address asks.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    year: Option<i32>,
    /// The day to count from, and how many working days.
    #[serde(default)]
    from: String,
    #[serde(default)]
    days: String,
}

/// The calendar of a year.
pub(super) async fn page(
    State(site): State<Arc<Site>>,
    me: Me,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let lang = me.lang;
    let library = site.runtime.library();
    let calendar = library.calendar();
    let today = calendar.local_date(site.now());
    let year = asked.year.unwrap_or_else(|| today.year());
    let title = match lang {
        Lang::Vi => format!("Lịch làm việc năm {year}"),
        Lang::En => format!("Working days of {year}"),
    };
    let shown = match of_year(calendar, year, today, lang) {
        Ok(shown) => shown,
        Err(none) => lacking(&none, lang),
    };
    Ok(Page::of(&site, &me, Part::Calendar, title.clone()).show(&html! {
        h1 class="govuk-heading-l app-title" { (title) }
        nav class="app-pages app-sections" aria-label=(lang.pick("Năm", "Year")) {
            @for one in calendar.years() {
                @if one == year { span aria-current="page" { strong { (one) } } }
                @else { a class="govuk-link" href=(format!("/calendar?year={one}")) { (one) } }
            }
        }
        (count(calendar, &asked, year, today, lang))
        (shown)
    }))
}

fn lacking(none: &NoCalendar, lang: Lang) -> Markup {
    html! {
        div class="app-card" {
            p class="govuk-body" {
                (match lang {
                    Lang::Vi => format!("Chưa có lịch của năm {}. Thời hạn rơi vào năm đó chưa tính được.", none.year),
                    Lang::En => format!("There is no calendar of {} yet; deadlines in it cannot be told.", none.year),
                })
            }
        }
    }
}

fn of_year(
    calendar: &Calendar,
    year: i32,
    today: NaiveDate,
    lang: Lang,
) -> Result<Markup, NoCalendar> {
    let off = calendar.non_working_weekdays(year)?;
    let on = calendar.working_weekend_days(year)?;
    let first = NaiveDate::from_ymd_opt(year, 1, 1);
    let all =
        first.into_iter().flat_map(|first| first.iter_days()).take_while(|day| day.year() == year);
    let mut days = Vec::new();
    for date in all {
        days.push(calendar.day(date)?);
    }
    let working = days.iter().filter(|day| day.kind.is_working()).count();
    let mut special: Vec<&Day> = off.iter().chain(&on).collect();
    special.sort_by_key(|day| day.date);
    Ok(html! {
        @if calendar.is_provisional(year)? {
            p class="govuk-inset-text" {
                (lang.pick(
                    "Lịch năm này là dự kiến, chờ quyết định của Thủ tướng Chính phủ về ngày nghỉ.",
                    "The calendar of this year is provisional until the Prime Minister decides.",
                ))
            }
        }
        p class="govuk-body app-muted" {
            (match lang {
                Lang::Vi => format!("{working} ngày làm việc; {} ngày trong tuần được nghỉ; {} ngày cuối tuần làm bù. \
                    Bản lịch: {}, phiên bản {}.", off.len(), on.len(), calendar.name(), calendar.version()),
                Lang::En => format!("{working} working days, {} weekdays off, {} weekend days worked. Calendar {}, \
                    version {}.", off.len(), on.len(), calendar.name(), calendar.version()),
            })
        }
        div class="app-months" {
            @for month in 1..=12 { (month_table(&days, month, today, lang)) }
        }
        (twenty_fifths(calendar, year, lang))
        (special_days(&special, lang))
    })
}

/// One month: weeks in rows, from Monday.
fn month_table(days: &[Day], month: u32, today: NaiveDate, lang: Lang) -> Markup {
    let days: Vec<&Day> = days.iter().filter(|day| day.date.month() == month).collect();
    let before = days.first().map_or(0, |day| day.date.weekday().num_days_from_monday() as usize);
    let cells: Vec<Option<&Day>> =
        std::iter::repeat_n(None, before).chain(days.into_iter().map(Some)).collect();
    let heads = match lang {
        Lang::Vi => ["T2", "T3", "T4", "T5", "T6", "T7", "CN"],
        Lang::En => ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"],
    };
    html! {
        table class="app-month" {
            caption {
                (match lang { Lang::Vi => format!("Tháng {month}"), Lang::En => month_en(month).to_owned() })
            }
            thead { tr { @for head in heads { th scope="col" { (head) } } } }
            tbody {
                @for week in cells.chunks(7) {
                    tr { @for cell in week { (day_cell(*cell, today, lang)) } }
                }
            }
        }
    }
}

fn month_en(month: u32) -> &'static str {
    const NAMES: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    usize::try_from(month).ok().and_then(|at| NAMES.get(at.checked_sub(1)?)).copied().unwrap_or("")
}

fn day_cell(day: Option<&Day>, today: NaiveDate, lang: Lang) -> Markup {
    let Some(day) = day else { return html! { td {} } };
    let is_weekend = day.date.weekday().num_days_from_monday() >= 5;
    let class = match (day.kind.is_working(), is_weekend) {
        (true, false) => "",
        (true, true) => "app-day app-day--on",
        (false, true) if day.source.is_none() => "app-day app-day--rest",
        (false, _) => "app-day app-day--off",
    };
    let says = !class.is_empty() && class != "app-day app-day--rest";
    html! {
        td class=(class) aria-current=[(day.date == today).then_some("date")]
            title=[says.then(|| lang.pick(&day.reason.vi, &day.reason.en).to_owned())] {
            (day.date.day())
            @if says {
                span class="govuk-visually-hidden" { " " (lang.pick(&day.reason.vi, &day.reason.en)) }
            }
        }
    }
}

fn date(date: NaiveDate, lang: Lang) -> String {
    match lang {
        Lang::Vi => date_vi(date),
        Lang::En => date_en(date),
    }
}

/// Where the reports of each month are due.
fn twenty_fifths(calendar: &Calendar, year: i32, lang: Lang) -> Markup {
    let Ok(rule) = REPORT_DAY.parse::<Rule>() else { return html! {} };
    let mut rows = Vec::new();
    for month in 1..=12 {
        let Some(first) = NaiveDate::from_ymd_opt(year, month, 1) else { continue };
        let from = calendar.instant(first, Clock::MIDNIGHT);
        // The last of a year may roll into one that has no calendar yet.
        if let Ok(due) = due(&rule, from, calendar) {
            rows.push((month, due));
        }
    }
    let title = lang.pick("Hạn báo cáo ngày 25", "Reports due on the 25th");
    let heads = [
        lang.pick("Tháng", "Month"),
        lang.pick("Ngày 25", "The 25th"),
        lang.pick("Hạn thực tế, đến hết ngày", "Due by the end of"),
    ];
    html! {
        h2 class="govuk-heading-m app-gap" { (title) }
        (page::table(title, &heads, &html! {
            @for (month, due) in &rows {
                tr {
                    td { (month) }
                    td { (date(due.nominal_date, lang)) }
                    td {
                        @if due.effective_date == due.nominal_date { (lang.pick("đúng ngày", "the same day")) }
                        @else { strong { (date(due.effective_date, lang)) } (lang.pick(" (đã dời)", " (moved)")) }
                    }
                }
            }
        }))
    }
}

fn special_days(days: &[&Day], lang: Lang) -> Markup {
    let title = lang.pick("Ngày nghỉ và ngày làm bù", "Days off and days worked instead");
    let heads = [
        lang.pick("Ngày", "Date"),
        lang.pick("Làm việc", "Working"),
        lang.pick("Lý do", "Why"),
        lang.pick("Căn cứ", "By which paper"),
    ];
    html! {
        h2 class="govuk-heading-m" { (title) }
        (page::table(title, &heads, &html! {
            @for day in days {
                tr {
                    td { (date(day.date, lang)) }
                    td { (if day.kind.is_working() { lang.pick("có, làm bù", "yes") } else { lang.pick("nghỉ", "no") }) }
                    td { (lang.pick(&day.reason.vi, &day.reason.en)) }
                    td { @if let Some(source) = &day.source { (lang.pick(&source.vi, &source.en)) } }
                }
            }
        }))
    }
}

/// Counts working days from a day.
fn count(calendar: &Calendar, asked: &Asked, year: i32, today: NaiveDate, lang: Lang) -> Markup {
    let from = if asked.from.is_empty() {
        today.format("%d/%m/%Y").to_string()
    } else {
        asked.from.clone()
    };
    let answer = (!asked.days.is_empty()).then(|| counted(calendar, asked, lang));
    html! {
        form method="get" action="/calendar" class="app-filter" {
            input type="hidden" name="year" value=(year);
            div {
                label class="govuk-label" for="from" { (lang.pick("Kể từ ngày", "From")) }
                input class="govuk-input" id="from" name="from" value=(from) inputmode="numeric" autocomplete="off" maxlength="10";
            }
            div {
                label class="govuk-label" for="days" { (lang.pick("Số ngày làm việc", "Working days")) }
                input class="govuk-input" id="days" name="days" value=(asked.days) inputmode="numeric" autocomplete="off" maxlength="4";
            }
            button class="govuk-button govuk-button--secondary" type="submit" { (lang.pick("Tính hạn", "Count")) }
        }
        @if let Some(answer) = answer { p class="govuk-inset-text" role="status" { (answer) } }
    }
}

fn counted(calendar: &Calendar, asked: &Asked, lang: Lang) -> String {
    let forms = ["%d/%m/%Y", "%d-%m-%Y", "%Y-%m-%d"];
    let from =
        forms.iter().find_map(|form| NaiveDate::parse_from_str(asked.from.trim(), form).ok());
    let days = asked.days.trim().parse::<u16>().ok().filter(|&days| (1..=500).contains(&days));
    let (Some(from), Some(days)) = (from, days) else {
        return lang
            .pick(
                "Hãy nhập một ngày như 25/11/2026 và số ngày làm việc từ 1 đến 500.",
                "Enter a date such as 25/11/2026 and from 1 to 500 working days.",
            )
            .to_owned();
    };
    match calendar.add_working_days(from, i32::from(days)) {
        Ok(last) => match lang {
            Lang::Vi => {
                format!("{days} ngày làm việc kể từ {}: hết ngày {}.", date_vi(from), date_vi(last))
            }
            Lang::En => {
                format!("{days} working days from {}: the end of {}.", date_en(from), date_en(last))
            }
        },
        Err(none) => match lang {
            Lang::Vi => format!("Chưa có lịch của năm {}.", none.year),
            Lang::En => format!("There is no calendar of {} yet.", none.year),
        },
    }
}
