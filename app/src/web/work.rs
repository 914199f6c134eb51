//! My work: what I owe, the longest overdue first.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use store::tasks;

use super::owing::{self, Titles};
use super::page::{Page, Part};
use super::see::{self, Sight};
use super::signing::Me;
use super::trouble::Trouble;
use super::{Site, draft};
use crate::facts;

/// How many tasks are shown; the rest is counted.
const SHOWN_MAX: i64 = 200;

/// The first page leads to one's work.
pub(super) async fn home(_me: Me) -> Response {
    Redirect::to("/work").into_response()
}

/// What whoever is signed in owes.
pub(super) async fn page(State(site): State<Arc<Site>>, me: Me) -> Result<Response, Trouble> {
    let lang = me.lang;
    let names = site.names().await?;
    let sight = Sight::of(&site, &me.id).await?;
    let rows = tasks::of_holder(site.store(), &sight.held(), SHOWN_MAX).await?;
    let library = site.runtime.library();
    let mut owed = facts::with_cases(site.store(), &library, rows).await?;
    owed.retain(|(task, case)| see::owes(&me.id, task, case));
    let now = site.now();
    let late = owed.iter().filter(|(task, _)| task.due_at_ms.is_some_and(|due| due <= now.as_ms()));
    let late = late.count();
    let drafts = draft::of_person(&site, &me).await?;
    let title = lang.pick("Việc của tôi", "My work");
    let whole = lang.pick("Danh sách việc", "Tasks");
    let titles = Titles { whole, role: lang.pick("Vai trò của bạn", "Your role") };
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
        (drafts)
        @if owed.is_empty() { (nothing(lang)) }
        @else { (owing::list(&site, &owed, &names, titles, lang)) }
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
