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
use super::owing::{self, Titles};
use super::page::{Page, Part, moment};
use super::signing::Me;
use super::trouble::Trouble;
use crate::cli::Lang;
use crate::facts::{self, Names};

/// Rows of the list below the board.
const SHOWN_MAX: usize = 100;
/// Before a role that nobody holds, in the place of a unit.
const NOBODY: &str = "? ";
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
    let names = site.names().await?;
    let rows = tasks::list(site.store(), &filter, i64::MAX).await?;
    let rows = with_units(&site, &names, rows).await?;
    let debts = debts(&rows, now);
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
    let each = lang.pick("Từng việc quá hạn", "Each overdue task");
    let titles = Titles { whole: each, role: lang.pick("Vai trò", "Role") };
    Ok(Page::of(&site, &me, Part::Overdue, title).show(&html! {
        h1 class="govuk-heading-l app-title" { (title) }
        p class="app-live" {
            (lang.pick("Số liệu lúc ", "As of ")) (moment(now.as_ms(), library.calendar(), lang))
        }
        (board(&site, &debts, &names, &narrow, lang))
        h2 class="govuk-heading-m" {
            (each) " (" (count) ")"
        }
        @if !narrow.unit.is_empty() {
            p class="govuk-body" {
                (lang.pick("Chỉ của: ", "Only of: "))
                strong { (unit_name(&site, &names, &narrow.unit, lang)) } " · "
                a class="govuk-link" href="/overdue" { (lang.pick("Bỏ lọc", "Show all")) }
            }
        }
        (owing::list(&site, &listed, &names, titles, lang))
        @if count > SHOWN_MAX {
            p class="govuk-body app-muted" {
                (match lang {
                    Lang::Vi => format!("Đang hiện {SHOWN_MAX} việc quá hạn lâu nhất; chọn một đơn vị ở bảng \
                        trên để xem việc của đơn vị đó."),
                    Lang::En => format!("These are the {SHOWN_MAX} that are overdue the longest; choose a unit \
                        above to see its own."),
                })
            }
        }
    }))
}

/// Each task with the unit that owes it, the earliest due first: that of the nearest holder of its role, or of whom
/// the case names for it. A role that nobody holds stands for itself, so that no task goes unseen.
async fn with_units(
    site: &Site,
    names: &Names,
    rows: Vec<TaskRow>,
) -> Result<Vec<(TaskRow, String)>, Trouble> {
    let (assignments, now) = (site.runtime.assignments(), site.now());
    let (mut out, mut unheld) = (Vec::with_capacity(rows.len()), Vec::new());
    for task in rows {
        let holders = assignments.holders(&task.role, &task.subject, &task.case_id, now);
        match holders.first().map(|one| one.organisation.clone()) {
            Some(unit) => out.push((task, unit)),
            None => unheld.push(task),
        }
    }
    for (task, case) in facts::with_cases(site.store(), &site.runtime.library(), unheld).await? {
        let unit = owing::units(site, names, &task, &case).into_iter().next();
        let unit = unit.unwrap_or_else(|| format!("{NOBODY}{}", task.role));
        out.push((task, unit));
    }
    out.sort_by_key(|(task, _)| task.due_at_ms);
    Ok(out)
}

fn unit_name(site: &Site, names: &Names, unit: &str, lang: Lang) -> String {
    match unit.strip_prefix(NOBODY) {
        Some(role) => {
            let title = facts::role_title(&site.runtime.library(), role);
            format!(
                "{} {}",
                lang.pick("chưa ai giữ vai trò", "nobody holds"),
                title.get(lang.code())
            )
        }
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
    site: &Site,
    debts: &[(String, Debt)],
    names: &Names,
    narrow: &Narrow,
    lang: Lang,
) -> Markup {
    let now = site.now();
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
                                    (unit_name(site, names, unit, lang))
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
