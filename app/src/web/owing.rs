//! Tasks in words: which unit owes one, and the table that lists them.

use std::sync::Arc;

use maud::{Markup, html};
use store::rows::TaskRow;

use super::Site;
use super::page::{due_chip, table};
use crate::cli::Lang;
use crate::facts::{CaseFacts, Names};

/// A task with the case it is of.
pub(super) type Owed = (TaskRow, Arc<CaseFacts>);

/// The units that owe `task`, by id, the nearest first: of those who hold its role, or of the persons that the case
/// itself names for it. None where nobody does.
pub(super) fn units(site: &Site, names: &Names, task: &TaskRow, case: &CaseFacts) -> Vec<String> {
    let assignments = site.runtime.assignments();
    let holders = assignments.holders(&task.role, &task.subject, &task.case_id, site.now());
    let held = holders.iter().map(|one| one.organisation.as_str());
    let named = case.named_for(task).unwrap_or_default();
    let mut units: Vec<String> = Vec::new();
    for unit in held.chain(named.iter().filter_map(|person| names.unit_of(person))) {
        if !units.iter().any(|known| known == unit) {
            units.push(unit.to_owned());
        }
    }
    units
}

/// What a table of tasks is called and what its column of roles is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Titles<'t> {
    pub(super) whole: &'t str,
    pub(super) role: &'t str,
}

/// The tasks, each leading to its case.
pub(super) fn list(
    site: &Site,
    owed: &[Owed],
    names: &Names,
    titles: Titles<'_>,
    lang: Lang,
) -> Markup {
    let library = site.runtime.library();
    let heads = [lang.pick("Việc", "Task"), titles.role, lang.pick("Hạn", "Deadline")];
    table(
        titles.whole,
        &heads,
        &html! {
            @for (task, case) in owed {
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
        },
    )
}
