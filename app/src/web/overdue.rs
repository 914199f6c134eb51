//! What is overdue, by the unit that owes it: for those who watch over the whole programme.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use chart::moment::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;
use store::rows::TaskRow;
use store::tasks::{self, TaskFilter};

use super::Site;
use super::page::{Page, Part, due_chip, moment};
use super::signing::Me;
use super::trouble::Trouble;
use crate::cli::Lang;
use crate::facts::{self, Names};

/// Rows of the list below the board.
const SHOWN_MAX: usize = 200;
/// A day, for ages.
const DAY_MS: i64 = 86_400_000;

/// Which unit's tasks are listed.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Narrow {
    #[serde(default)]
    unit: String,
}

/// What one unit owes.
#[derive(Debug, Default, PartialEq, Eq)]
struct Debt {
    /// Overdue by up to three days, up to seven, and longer.
    ages: [usize; 3],
    oldest_ms: i64,
}

impl Debt {
    fn count(&self) -> usize {
        self.ages.iter().sum()
    }
}

/// The overdue board.
pub(super) async fn page(
    State(site): State<Arc<Site>>,
    me: Me,
    Query(narrow): Query<Narrow>,
) -> Result<Response, Trouble> {
    if !me.watches {
        return Err(Trouble::Nothing);
    }
    let lang = me.lang;
    let now = site.now();
    let filter = TaskFilter { due_before_ms: Some(now.as_ms()), ..TaskFilter::default() };
    let rows = tasks::list(site.store(), &filter, i64::MAX).await?;
    let rows: Vec<(TaskRow, String)> =
        rows.into_iter().map(|task| (unit_of(&site, &task, now), task)).map(swap).collect();
    let debts = debts(&rows, now);
    let names = site.names().await?;
    let mut chosen: Vec<TaskRow> = rows
        .into_iter()
        .filter(|(_, unit)| narrow.unit.is_empty() || *unit == narrow.unit)
        .map(|(task, _)| task)
        .collect();
    let count = chosen.len();
    chosen.truncate(SHOWN_MAX);
    let library = site.runtime.library();
    let listed = facts::with_cases(site.store(), &library, chosen).await?;
    let title = lang.pick("Quá hạn theo đơn vị", "Overdue by unit");
    Ok(Page::of(&site, &me, Part::Overdue, title).show(&html! {
        h1 class="govuk-heading-l app-title" { (title) }
        p class="app-live" {
            (lang.pick("Số liệu lúc ", "As of ")) (moment(now.as_ms(), library.calendar(), lang))
        }
        (board(&debts, &names, &narrow, now, lang))
        h2 class="govuk-heading-m" {
            (lang.pick("Từng việc quá hạn", "Each overdue task"))
            " (" (count) ")"
        }
        @if !narrow.unit.is_empty() {
            p class="govuk-body" {
                (lang.pick("Chỉ của: ", "Only of: "))
                strong { (unit_name(&names, &narrow.unit, lang)) } " · "
                a class="govuk-link" href="/overdue" { (lang.pick("Bỏ lọc", "Show all")) }
            }
        }
        (list(&site, &listed, &names, lang))
    }))
}

fn swap((unit, task): (String, TaskRow)) -> (TaskRow, String) {
    (task, unit)
}

/// The unit that owes a task: that of the nearest holder of its role; a role nobody holds stands for
/// itself, so that no task goes unseen.
fn unit_of(site: &Site, task: &TaskRow, now: Timestamp) -> String {
    let assignments = site.runtime.assignments();
    let holders = assignments.holders(&task.role, &task.subject, &task.case_id, now);
    holders.first().map_or_else(|| format!("? {}", task.role), |one| one.organisation.clone())
}

fn unit_name(names: &Names, unit: &str, lang: Lang) -> String {
    match unit.strip_prefix("? ") {
        Some(role) => match lang {
            Lang::Vi => format!("chưa ai giữ vai trò {role}"),
            Lang::En => format!("nobody holds {role}"),
        },
        None => names.organisation(unit).get(lang.code()).to_owned(),
    }
}

/// The debts, the longest and then the largest first.
fn debts(rows: &[(TaskRow, String)], now: Timestamp) -> Vec<(String, Debt)> {
    let mut debts: BTreeMap<&str, Debt> = BTreeMap::new();
    for (task, unit) in rows {
        let Some(due) = task.due_at_ms else { continue };
        let debt = debts.entry(unit).or_default();
        let days = (now.as_ms() - due) / DAY_MS;
        debt.ages[if days <= 3 { 0 } else { usize::from(days > 7) + 1 }] += 1;
        debt.oldest_ms = if debt.oldest_ms == 0 { due } else { debt.oldest_ms.min(due) };
    }
    let mut debts: Vec<(String, Debt)> =
        debts.into_iter().map(|(unit, debt)| (unit.to_owned(), debt)).collect();
    debts.sort_by_key(|(_, debt)| (debt.oldest_ms, Reverse(debt.count())));
    debts
}

fn board(
    debts: &[(String, Debt)],
    names: &Names,
    narrow: &Narrow,
    now: Timestamp,
    lang: Lang,
) -> Markup {
    let most = debts.iter().map(|(_, debt)| debt.count()).max().unwrap_or(1);
    html! {
        div class="app-card app-card--flush" {
            div class="app-card__in app-card__head" {
                h2 class="govuk-heading-m" { (lang.pick("Theo đơn vị", "By unit")) }
                ul class="app-legend" {
                    li { i class="a3" {} (lang.pick("trên 7 ngày", "over 7 days")) }
                    li { i class="a2" {} (lang.pick("4–7 ngày", "4–7 days")) }
                    li { i class="a1" {} (lang.pick("đến 3 ngày", "up to 3 days")) }
                }
            }
            div class="app-scroll" tabindex="0" role="region"
                aria-label=(lang.pick("Quá hạn theo đơn vị", "Overdue by unit")) {
                table class="app-table" {
                    thead { tr {
                        th scope="col" { (lang.pick("Đơn vị", "Unit")) }
                        th scope="col" class="n" { (lang.pick("Số việc", "Tasks")) }
                        th scope="col" { (lang.pick("Quá hạn bao lâu", "For how long")) }
                        th scope="col" class="n" { (lang.pick("Lâu nhất", "Longest")) }
                    } }
                    tbody {
                        @for (unit, debt) in debts {
                            @let query = serde_urlencoded::to_string([("unit", unit)]).unwrap_or_default();
                            tr class=[(*unit == narrow.unit).then_some("sel")] {
                                td { a class="govuk-link" href=(format!("/overdue?{query}")) {
                                    (unit_name(names, unit, lang))
                                } }
                                td class="n" { strong { (debt.count()) } }
                                td { (bar(debt, most, lang)) }
                                td class="n" { (days((now.as_ms() - debt.oldest_ms) / DAY_MS, lang)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Ages as a bar, with the same in words.
fn bar(debt: &Debt, most: usize, lang: Lang) -> Markup {
    let words = match lang {
        Lang::Vi => ["trên 7 ngày", "4–7 ngày", "đến 3 ngày"],
        Lang::En => ["over 7 days", "4–7 days", "up to 3 days"],
    };
    let parts = [(debt.ages[2], "a3"), (debt.ages[1], "a2"), (debt.ages[0], "a1")];
    let label: Vec<String> = parts
        .iter()
        .zip(words)
        .filter(|((count, _), _)| *count > 0)
        .map(|((count, _), words)| format!("{count} {words}"))
        .collect();
    // Where each part begins: after those before it.
    let mut placed = Vec::new();
    let mut x = 0;
    for (count, class) in parts.into_iter().filter(|(count, _)| *count > 0) {
        let wide = (count * 200 / most.max(1)).max(2);
        placed.push((x, wide, count, class));
        x += wide;
    }
    html! {
        svg class="app-ages" width="200" height="20" viewBox="0 0 200 20" role="img"
            aria-label=(label.join(", ")) {
            @for (x, wide, count, class) in placed {
                rect class=(class) x=(x) y="2" width=(wide) height="16" {}
                @if wide > 18 { text class=(class) x=(x + wide / 2) y="14.5" { (count) } }
            }
        }
    }
}

fn days(days: i64, lang: Lang) -> String {
    match lang {
        Lang::Vi => format!("{days} ngày"),
        Lang::En => format!("{days} day{}", if days == 1 { "" } else { "s" }),
    }
}

fn list(
    site: &Site,
    listed: &[(TaskRow, Arc<facts::CaseFacts>)],
    names: &Names,
    lang: Lang,
) -> Markup {
    let library = site.runtime.library();
    html! {
        div class="app-card app-card--flush" {
            div class="app-scroll" tabindex="0" role="region"
                aria-label=(lang.pick("Từng việc quá hạn", "Each overdue task")) {
                table class="app-table app-stack" {
                    thead { tr {
                        th scope="col" { (lang.pick("Việc", "Task")) }
                        th scope="col" { (lang.pick("Vai trò", "Role")) }
                        th scope="col" { (lang.pick("Hạn", "Deadline")) }
                    } }
                    tbody {
                        @for (task, case) in listed {
                            tr {
                                td {
                                    a class="govuk-link" href=(format!("/cases/{}", task.case_id)) {
                                        (names.task(task).get(lang.code()))
                                    }
                                    small { (names.case_title(case).get(lang.code())) }
                                }
                                td { (case.role_title(&task.role).get(lang.code())) }
                                td { (due_chip(task.due_at_ms, site.now(), library.calendar(), lang)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
