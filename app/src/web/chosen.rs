//! The overdue tasks as a list to choose from: tick some, or all of a unit, and remind or tell the leaders.
//!
//! The boxes belong to a form that stands beside the table, so that the table is printed without it.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::Site;
use super::judge::Ref;
use super::owing::{self, Owed};
use super::page::due_chip;
use super::urge::told_before;
use crate::cli::Lang;
use crate::facts::Names;

/// The form that the boxes belong to.
const FORM: &str = "urge";

/// What a list is of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Of<'a> {
    /// The unit, or empty for all.
    pub(super) unit: &'a str,
    /// How many there are, those on other pages too.
    pub(super) count: usize,
}

/// The list, with when each was told last.
pub(super) fn list(
    site: &Site,
    names: &Names,
    listed: &[Owed],
    told: &BTreeMap<Ref, (i64, usize)>,
    of: Of<'_>,
    lang: Lang,
) -> Markup {
    let title = lang.pick("Từng việc quá hạn", "Each overdue task");
    html! {
        div class="app-card app-card--flush" {
            (bar(of, lang))
            div class="app-scroll" tabindex="0" role="region" aria-label=(title) {
                table class="app-table app-stack app-choose" {
                    thead { tr {
                        th scope="col" { span class="govuk-visually-hidden" { (lang.pick("Chọn", "Choose")) } }
                        th scope="col" { (lang.pick("Việc", "Task")) }
                        th scope="col" { (lang.pick("Đơn vị giữ", "Held by")) }
                        th scope="col" { (lang.pick("Hạn", "Deadline")) }
                        th scope="col" { (lang.pick("Đã nhắc", "Told before")) }
                    } }
                    tbody { @for one in listed { (row(site, names, one, told, lang)) } }
                }
            }
        }
    }
}

/// What to do with what is chosen.
fn bar(of: Of<'_>, lang: Lang) -> Markup {
    let Of { unit, count } = of;
    let all = match (lang, unit.is_empty()) {
        (Lang::Vi, true) => format!("Chọn tất cả {count} việc quá hạn"),
        (Lang::Vi, false) => format!("Chọn tất cả {count} việc của đơn vị này"),
        (Lang::En, true) => format!("All {count} overdue tasks"),
        (Lang::En, false) => format!("All {count} tasks of this unit"),
    };
    html! {
        form method="post" action="/urge" id=(FORM) class="app-bulk" {
            input type="hidden" name="unit" value=(unit);
            label { input type="checkbox" class="app-check" name="all" value="yes"; " " (all) }
            button class="govuk-button govuk-button--secondary app-btn-s" name="kind" value="remind" {
                (lang.pick("Nhắc việc đã chọn…", "Remind of what is chosen…"))
            }
            button class="govuk-button govuk-button--secondary app-btn-s" name="kind" value="escalate" {
                (lang.pick("Báo cáo lãnh đạo…", "Tell the leaders…"))
            }
        }
    }
}

fn row(
    site: &Site,
    names: &Names,
    (task, case): &Owed,
    told: &BTreeMap<Ref, (i64, usize)>,
    lang: Lang,
) -> Markup {
    let library = site.runtime.library();
    let (key, text) = (Ref::of(task), names.task(task));
    let (title, whole) = (text.get(lang.code()), names.case_title(case));
    let units = owing::units(site, names, task, case);
    let label = format!("{} {title}, {}", lang.pick("Chọn", "Choose"), whole.get(lang.code()));
    html! {
        tr {
            td {
                input type="checkbox" class="app-check" name="item" form=(FORM) value=(key.text())
                    aria-label=(label);
            }
            td {
                a class="govuk-link" href=(format!("/cases/{}", task.case_id)) { (title) }
                small { (whole.get(lang.code())) }
            }
            td {
                @for unit in &units { div { (names.organisation(unit).get(lang.code())) } }
                small { (case.role_title(&task.role).get(lang.code())) }
            }
            td { (due_chip(task.due_at_ms, site.now(), library.calendar(), lang)) }
            td { (told_before(site, told.get(&key).copied(), lang)) }
        }
    }
}

/// A form of one button that asks for everything a unit owes.
pub(super) fn whole_unit(unit: &str, name: &str, kind: &str, lang: Lang) -> Markup {
    let (class, words) = match kind {
        "escalate" => (
            "govuk-button govuk-button--warning app-btn-s",
            lang.pick("Báo cáo lãnh đạo", "Tell the leaders"),
        ),
        _ => ("govuk-button govuk-button--secondary app-btn-s", lang.pick("Nhắc đơn vị", "Remind")),
    };
    html! {
        form method="post" action="/urge" {
            input type="hidden" name="unit" value=(unit);
            input type="hidden" name="all" value="yes";
            button class=(class) name="kind" value=(kind) aria-label=(format!("{words}: {name}")) { (words) }
        }
    }
}
