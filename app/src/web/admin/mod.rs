//! For administrators: who is here, who signs in, who holds which role, who acts for whom, and what was done
//! about it.
//!
//! An administrator holds the role `administrator` on the whole ministry. It lets them into these pages and
//! shows them no case.
//!
//! **Invariant:** there is always somebody left who is an administrator and may sign in.

mod fields;
pub(super) mod hand_over;
pub(super) mod people;
pub(super) mod person;
pub(super) mod rights;

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};

use runtime::library::Library;

use super::signing::Me;
use super::trouble::Trouble;
use super::{Site, see};
use crate::cli::Lang;
use crate::facts;

/// Whoever is signed in and administers; for anybody else there is nothing here.
#[derive(Debug)]
pub(super) struct Administrator(pub(super) Me);

impl FromRequestParts<Arc<Site>> for Administrator {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Response> {
        let me = Me::from_request_parts(parts, site).await?;
        if me.administers { Ok(Self(me)) } else { Err(Trouble::Nothing.into_response()) }
    }
}

/// The ways between the pages of administration; `here` is the one that is shown.
pub(super) fn sections(here: &str, lang: Lang) -> Markup {
    let all = [
        ("/admin/people", lang.pick("Người dùng", "People")),
        ("/admin/people/new", lang.pick("Thêm người dùng", "Add a person")),
        ("/admin/audit", lang.pick("Việc đã làm", "What was done")),
    ];
    html! {
        nav class="app-pages app-sections" aria-label=(lang.pick("Quản trị", "Administration")) {
            @for (href, words) in all {
                @if href == here { span aria-current="page" { strong { (words) } } }
                @else { a class="govuk-link" href=(href) { (words) } }
            }
        }
    }
}

/// A role in the words of the charts, or of these pages.
pub(crate) fn role_title(library: &Library, role: &str, lang: Lang) -> String {
    if role == see::ADMINISTRATOR {
        return lang.pick("Quản trị hệ thống", "Administrator").to_owned();
    }
    facts::role_title(library, role).get(lang.code()).to_owned()
}
