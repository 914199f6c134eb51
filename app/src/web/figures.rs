//! The figures at the top of the overdue board: each says what it counts and leads to what it counts.

use chrono::{Datelike as _, Days};
use maud::{Markup, html};
use store::tasks;

use super::overdue::Debt;
use super::trouble::Trouble;
use super::{Site, kept, trend};
use crate::cli::Lang;
use crate::letters::wording::{days_left, due_text};

/// Tasks that fall due within so many days are counted beside the overdue ones.
const DAYS_AHEAD: u64 = 3;

/// The figures over `debts`.
pub(super) async fn of(
    site: &Site,
    debts: &[(String, Debt)],
    lang: Lang,
) -> Result<Markup, Trouble> {
    let library = site.runtime.library();
    let (now, calendar) = (site.now(), library.calendar());
    let today = calendar.local_date(now);
    let until = today.checked_add_days(Days::new(DAYS_AHEAD)).unwrap_or(today);
    let until = calendar.instant(until, chart::calendar::Clock::END_OF_DAY);
    let soon = tasks::count_due(site.store(), now.as_ms(), until.as_ms()).await?;
    let overdue: usize = debts.iter().map(|(_, debt)| debt.count()).sum();
    let reports = kept::of_year(site, today.year()).await?;
    let monthly = reports.iter().filter(|report| report.length() == "month");
    let months = trend::months(monthly, now);
    let last = months.iter().enumerate().rfind(|(_, month)| month.count() > 0);
    let mut judged = months
        .iter()
        .enumerate()
        .rev()
        .filter(|(_, month)| month.missing + month.received() > 0 && month.awaited == 0);
    let judged = (judged.next(), judged.next());
    Ok(html! {
        ul class="app-kpis" {
            li class=(if overdue > 0 { "bad" } else { "ok" }) {
                b { (overdue) }
                strong { (lang.pick("việc quá hạn", "overdue tasks")) }
                span { (match lang {
                    Lang::Vi => format!("ở {} đơn vị", debts.len()),
                    Lang::En => format!("of {} units", debts.len()),
                }) }
            }
            li class="soon" {
                b { (soon) }
                strong { (match lang {
                    Lang::Vi => format!("việc đến hạn trong {DAYS_AHEAD} ngày"),
                    Lang::En => format!("tasks due within {DAYS_AHEAD} days"),
                }) }
                span { (due_text(until, calendar, lang.code())) }
            }
            @if let Some((at, month)) = last {
                li {
                    b { (month.received()) small { " / " (month.count()) } }
                    strong { a class="govuk-link" href="/reports" { (match lang {
                        Lang::Vi => format!("báo cáo tháng {} đã nộp", at + 1),
                        Lang::En => format!("reports of {} received", trend::month_name(at, lang)),
                    }) } }
                    @if let Some(due) = month.due() {
                        span {
                            (lang.pick("hạn ", "due ")) (due_text(due, calendar, lang.code())) " · "
                            (days_left(due, today, calendar, lang.code()))
                        }
                    }
                }
            }
            @if let Some((at, month)) = judged.0 && let Some(share) = month.share() {
                li class="ok" {
                    b { (share) small { " %" } }
                    strong { a class="govuk-link" href="/reports" { (match lang {
                        Lang::Vi => format!("đúng hạn trong tháng {}", at + 1),
                        Lang::En => format!("on time in {}", trend::month_name(at, lang)),
                    }) } }
                    @if let Some((before, month)) = judged.1 && let Some(share) = month.share() {
                        span { (match lang {
                            Lang::Vi => format!("tháng {}: {share} %", before + 1),
                            Lang::En => format!("{}: {share} %", trend::month_name(before, lang)),
                        }) }
                    }
                }
            }
        }
    })
}
