//! What is overdue, by the unit that owes it: for those who watch over the whole programme.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;
use store::rows::TaskRow;
use store::tasks::{self, Ages, TaskFilter};

use super::chosen::{self, Of, whole_unit};
use super::judge::told_of;
use super::owing;
use super::page::{Page, Part, moment};
use super::signing::Me;
use super::trouble::Trouble;
use super::urge::ITEMS_MAX;
use super::{Site, figures};
use crate::cli::Lang;
use crate::facts::{self, CaseFacts, Names};

/// Rows of the list below the board.
const SHOWN_MAX: usize = 50;
/// How far the list can be followed.
const FROM_MAX: usize = 1_000_000;
/// Before a role that nobody holds, in the place of a unit.
const NOBODY: &str = "? ";
/// A day, for ages.
const DAY_MS: i64 = 86_400_000;

/// Which unit's tasks are listed.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Narrow {
    #[serde(default)]
    unit: String,
    /// How many tasks come before the first that is shown.
    #[serde(default)]
    from: String,
}

/// What one unit owes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Debt {
    /// Overdue by up to three days, up to seven, and longer.
    ages: [usize; 3],
    oldest_ms: i64,
}

impl Debt {
    pub(super) fn count(&self) -> usize {
        self.ages.iter().sum()
    }

    fn add(&mut self, due_ms: i64) {
        self.oldest_ms = if self.oldest_ms == 0 { due_ms } else { self.oldest_ms.min(due_ms) };
    }
}

/// Everything overdue, as the board shows it.
struct Overdue {
    /// The debts by unit, the longest and then the largest first.
    debts: Vec<(String, Debt)>,
    /// Which pairs of role and subject each unit owes.
    owing: BTreeMap<String, Vec<(String, String)>>,
    /// Tasks that no pair decides: of cases with holders of their own, or of roles that nobody holds.
    single: Vec<(TaskRow, String)>,
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
    let names = site.names().await?;
    let overdue = Overdue::of(&site, &names).await?;
    let from = narrow.from.parse::<usize>().unwrap_or(0).min(FROM_MAX);
    let (chosen, count) = overdue.tasks(&site, &narrow.unit, from, SHOWN_MAX).await?;
    let library = site.runtime.library();
    let listed = facts::with_cases(site.store(), &library, chosen).await?;
    let title = lang.pick("Quá hạn theo đơn vị", "Overdue by unit");
    let each = lang.pick("Từng việc quá hạn", "Each overdue task");
    let told = told_of(&site, &listed).await?;
    let of = Of { unit: &narrow.unit, count };
    let figures = figures::of(&site, &overdue.debts, lang).await?;
    Ok(Page::of(&site, &me, Part::Overdue, title).show(&html! {
        h1 class="govuk-heading-l app-title" { (title) }
        p class="app-live" {
            (lang.pick("Số liệu lúc ", "As of ")) (moment(now.as_ms(), library.calendar(), lang))
        }
        (figures)
        @if overdue.debts.is_empty() { (nothing(lang)) }
        @else {
            (board(&site, &overdue.debts, &names, &narrow, lang))
            h2 class="govuk-heading-m" { (each) " (" (count) ")" }
            @if !narrow.unit.is_empty() {
                p class="govuk-body" {
                    (lang.pick("Chỉ của: ", "Only of: "))
                    strong { (unit_name(&site, &names, &narrow.unit, lang)) } " · "
                    a class="govuk-link" href="/overdue" { (lang.pick("Bỏ lọc", "Show all")) }
                }
            }
            (chosen::list(&site, &names, &listed, &told, of, lang))
            (pages(&narrow.unit, from, count, lang))
            p class="govuk-body app-gap" {
                a class="govuk-link" href="/batches" { (lang.pick("Các đợt nhắc đã gửi", "Batches that were sent")) }
            }
        }
    }))
}

impl Overdue {
    /// What is overdue now. Who owes is decided once for each pair of role and subject, not for each task: pairs
    /// are hundreds, tasks may be thousands. A role that nobody holds stands for itself, so that no task goes unseen.
    async fn of(site: &Site, names: &Names) -> Result<Self, Trouble> {
        let (assignments, now) = (site.runtime.assignments(), site.now());
        let days = |days: i64| now.as_ms() - days * DAY_MS;
        let own: Vec<String> = assignments.cases().map(str::to_owned).collect();
        // A task is three days old until the fourth day is full.
        let ages = tasks::ages(site.store(), now.as_ms(), [days(4), days(8)], &own).await?;
        let mut owing: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        let mut debts: BTreeMap<String, Debt> = BTreeMap::new();
        let mut unheld: Vec<(String, String)> = Vec::new();
        for Ages { role, subject, young, older, oldest, oldest_due_at_ms } in ages {
            let holders = assignments.holders(&role, &subject, "", now);
            let Some(unit) = holders.first().map(|one| one.organisation.clone()) else {
                unheld.push((role, subject));
                continue;
            };
            let debt = debts.entry(unit.clone()).or_default();
            for (sum, count) in debt.ages.iter_mut().zip([young, older, oldest]) {
                *sum += usize::try_from(count).unwrap_or_default();
            }
            debt.add(oldest_due_at_ms);
            owing.entry(unit).or_default().push((role, subject));
        }
        let mut rows = Vec::new();
        let past = TaskFilter { due_before_ms: Some(now.as_ms()), ..TaskFilter::default() };
        for case_id in &own {
            let filter = TaskFilter { case_id: Some(case_id.clone()), ..past.clone() };
            rows.extend(tasks::list(site.store(), &filter, i64::MAX).await?);
        }
        if !unheld.is_empty() {
            let filter = TaskFilter { of: Some(unheld), except: own, ..past };
            rows.extend(tasks::list(site.store(), &filter, i64::MAX).await?);
        }
        let single = with_units(site, names, rows).await?;
        for (task, unit) in &single {
            let Some(due) = task.due_at_ms else { continue };
            let debt = debts.entry(unit.clone()).or_default();
            let days = (now.as_ms() - due) / DAY_MS;
            debt.ages[if days <= 3 { 0 } else { usize::from(days > 7) + 1 }] += 1;
            debt.add(due);
        }
        let mut debts: Vec<(String, Debt)> = debts.into_iter().collect();
        debts.sort_by_key(|(_, debt)| (debt.oldest_ms, Reverse(debt.count())));
        Ok(Self { debts, owing, single })
    }

    /// The overdue tasks of `unit` (empty: of all) from the one at `from` on, a page, the earliest due first; and how
    /// many there are.
    async fn tasks(
        &self,
        site: &Site,
        unit: &str,
        from: usize,
        most: usize,
    ) -> Result<(Vec<TaskRow>, usize), Trouble> {
        let of_unit = |other: &str| unit.is_empty() || other == unit;
        let count = self.debts.iter().filter(|(one, _)| of_unit(one)).map(|(_, debt)| debt.count());
        let single: Vec<&TaskRow> =
            self.single.iter().filter(|(_, one)| of_unit(one)).map(|(task, _)| task).collect();
        let pairs = self.owing.iter().filter(|(one, _)| of_unit(one));
        let of: Vec<(String, String)> = pairs.flat_map(|(_, pairs)| pairs).cloned().collect();
        let except: Vec<String> = site.runtime.assignments().cases().map(str::to_owned).collect();
        // Those that stand alone are few: they are put among the others, which are read so far that none is missed.
        let skip = from.saturating_sub(single.len());
        let filter = TaskFilter {
            due_before_ms: Some(site.now().as_ms()),
            of: Some(of),
            except,
            skip: i64::try_from(skip).unwrap_or(i64::MAX),
            ..TaskFilter::default()
        };
        let wanted = from - skip + most;
        let limit = i64::try_from(wanted).unwrap_or(i64::MAX);
        let mut rows = tasks::list(site.store(), &filter, limit).await?;
        let first = rows.first().filter(|_| skip > 0).map(place);
        let (before, among): (Vec<&TaskRow>, Vec<&TaskRow>) =
            single.into_iter().partition(|task| first.is_some_and(|first| place(task) < first));
        let passed = (from - skip).saturating_sub(before.len());
        let among: Vec<TaskRow> = among.into_iter().cloned().collect();
        rows.extend(among);
        rows.sort_by(|one, other| place(one).cmp(&place(other)));
        let rows = rows.into_iter().skip(passed).take(most).collect();
        Ok((rows, count.sum()))
    }
}

/// The overdue tasks of `unit` (empty: of all), one more than a batch takes at most.
pub(super) async fn of_unit(site: &Site, unit: &str) -> Result<Vec<TaskRow>, Trouble> {
    let names = site.names().await?;
    let overdue = Overdue::of(site, &names).await?;
    Ok(overdue.tasks(site, unit, 0, ITEMS_MAX + 1).await?.0)
}

/// Where a task stands in the list.
fn place(task: &TaskRow) -> (Option<i64>, &str, &str, i64, &str) {
    (task.due_at_ms, &task.case_id, &task.state, task.generation, &task.element)
}

/// Each task with the unit that owes it: that of the nearest holder of its role, or of whom the case names for it.
async fn with_units(
    site: &Site,
    names: &Names,
    rows: Vec<TaskRow>,
) -> Result<Vec<(TaskRow, String)>, Trouble> {
    let listed = facts::with_cases(site.store(), &site.runtime.library(), rows).await?;
    let unit_of = |(task, case): (TaskRow, Arc<CaseFacts>)| {
        let unit = owing::units(site, names, &task, &case).into_iter().next();
        let unit = unit.unwrap_or_else(|| format!("{NOBODY}{}", task.role));
        (task, unit)
    };
    Ok(listed.into_iter().map(unit_of).collect())
}

fn nothing(lang: Lang) -> Markup {
    html! {
        div class="app-card" {
            p class="govuk-body" {
                (lang.pick(
                    "Không có việc quá hạn. Việc sắp đến hạn có trong danh sách việc của từng đơn vị.",
                    "Nothing is overdue. What falls due soon is among the tasks of each unit.",
                )) " "
                a class="govuk-link" href="/reports" { (lang.pick("Xem bảng báo cáo", "See the reports")) }
            }
        }
    }
}

/// Which tasks are shown, and the way to the others.
fn pages(unit: &str, from: usize, count: usize, lang: Lang) -> Markup {
    let address = |from: usize| {
        let from = from.to_string();
        let pairs = [("unit", unit), ("from", &from)];
        format!("/overdue?{}", serde_urlencoded::to_string(pairs).unwrap_or_default())
    };
    let to = (from + SHOWN_MAX).min(count);
    html! {
        @if count > SHOWN_MAX || from > 0 {
            nav class="app-pages" aria-label=(lang.pick("Trang", "Pages")) {
                span class="app-muted" {
                    (match lang {
                        Lang::Vi => format!("Hiện {}–{to} trong {count}, quá hạn lâu nhất trước", from + 1),
                        Lang::En => format!("Showing {}–{to} of {count}, the longest overdue first", from + 1),
                    })
                }
                @if from > 0 {
                    a class="govuk-link" href=(address(from.saturating_sub(SHOWN_MAX))) {
                        (lang.pick("Trang trước", "Previous page"))
                    }
                }
                @if to < count {
                    a class="govuk-link" href=(address(from + SHOWN_MAX)) {
                        (lang.pick("Trang sau", "Next page"))
                    }
                }
            }
        }
    }
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
                        th scope="col" { span class="govuk-visually-hidden" { (lang.pick("Việc làm được", "Actions")) } }
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
                                td class="app-acts" {
                                    @let name = unit_name(site, names, unit, lang);
                                    (whole_unit(unit, &name, "remind", lang))
                                    @if debt.ages[2] > 0 { (whole_unit(unit, &name, "escalate", lang)) }
                                }
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
