//! My work: what I owe, the longest overdue first.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use store::rows::TaskRow;
use store::tasks;

use super::page::{Page, Part, due_chip};
use super::signing::Me;
use super::trouble::Trouble;
use super::{Site, see};
use crate::facts::{self, CaseFacts, Names};

/// How many tasks are shown; the rest is counted.
const SHOWN_MAX: i64 = 200;

/// The first page leads to one's work.
pub(super) async fn home(_me: Me) -> Response {
    Redirect::to("/work").into_response()
}

/// A task with the case it is of.
struct Owed {
    task: TaskRow,
    case: Arc<CaseFacts>,
}

/// What whoever is signed in owes.
pub(super) async fn page(State(site): State<Arc<Site>>, me: Me) -> Result<Response, Trouble> {
    let lang = me.lang;
    let names = site.names().await?;
    let held = see::holdings(&site.runtime.assignments(), &me.id, site.now());
    let held: Vec<(String, String)> = held.into_iter().collect();
    let rows = tasks::of_holder(site.store(), &me.id, &held, SHOWN_MAX).await?;
    let library = site.runtime.library();
    let mut owed = Vec::with_capacity(rows.len());
    for (task, case) in facts::with_cases(site.store(), &library, rows).await? {
        owed.push(Owed { task, case });
    }
    let now = site.now();
    let late = owed.iter().filter(|one| one.task.due_at_ms.is_some_and(|due| due <= now.as_ms()));
    let late = late.count();
    let title = lang.pick("Việc của tôi", "My work");
    Ok(Page::of(&site, &me, Part::Work, title).show(&html! {
        h1 class="govuk-heading-l app-title" { (title) }
        p class="govuk-body app-muted" {
            (match lang {
                crate::cli::Lang::Vi => format!("{} việc cần làm, {late} việc quá hạn. Quá hạn lâu \
                    nhất ở trên cùng.", owed.len()),
                crate::cli::Lang::En => format!("{} to do, {late} overdue. The longest overdue come \
                    first.", owed.len()),
            })
        }
        @if owed.is_empty() { (nothing(lang)) }
        @else { (list(&site, &owed, &names, &library, lang)) }
    }))
}

fn nothing(lang: crate::cli::Lang) -> Markup {
    html! {
        div class="app-card" {
            p class="govuk-body" {
                (lang.pick(
                    "Bạn không còn việc nào đang chờ. Việc mới sẽ hiện ở đây và được báo qua thư điện tử.",
                    "Nothing waits for you. What comes will be listed here and told by e-mail.",
                )) " "
                a class="govuk-link" href="/cases" { (lang.pick("Xem các hồ sơ", "See the cases")) }
            }
        }
    }
}

fn list(
    site: &Site,
    owed: &[Owed],
    names: &Names,
    library: &runtime::library::Library,
    lang: crate::cli::Lang,
) -> Markup {
    let calendar = library.calendar();
    html! {
        div class="app-card app-card--flush" {
            div class="app-scroll" tabindex="0" role="region" aria-label=(lang.pick("Danh sách việc", "Tasks")) {
                table class="app-table app-stack" {
                    thead { tr {
                        th scope="col" { (lang.pick("Việc", "Task")) }
                        th scope="col" { (lang.pick("Vai trò của bạn", "Your role")) }
                        th scope="col" { (lang.pick("Hạn", "Deadline")) }
                    } }
                    tbody {
                        @for Owed { task, case } in owed {
                            tr {
                                td {
                                    a class="govuk-link" href=(format!("/cases/{}", task.case_id)) {
                                        (names.task(task).get(lang.code()))
                                    }
                                    small { (names.case_title(case).get(lang.code())) }
                                }
                                td { (case.role_title(&task.role).get(lang.code())) }
                                td { (due_chip(task.due_at_ms, site.now(), calendar, lang)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
