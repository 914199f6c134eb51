//! What was done about accounts and rights: noted where it is done, shown to administrators.
//!
//! **Invariant:** every sign-in and every change of rights through the pages is noted.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts, Query, State};
use axum::http::request::Parts;
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;
use store::audit::{self, AuditRow, StoredAudit};

use super::Site;
use super::admin::Administrator;
use super::page::{self, Page, Part, moment};
use super::signing::real_ms;
use super::trouble::Trouble;
use crate::cli::Lang;
use crate::facts::Names;

/// Rows on one page.
const PAGE: usize = 100;

/// What can be done about accounts and rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    SignedIn,
    SignInFailed,
    SignedOut,
    PasswordChosen,
    Invited,
    SessionsEnded,
    Locked,
    Unlocked,
    PersonAdded,
    RoleGiven,
    RoleEnded,
    HandedOver,
    Substituted,
    SubstitutionEnded,
}

impl What {
    const ALL: [Self; 14] = [
        Self::SignedIn,
        Self::SignInFailed,
        Self::SignedOut,
        Self::PasswordChosen,
        Self::Invited,
        Self::SessionsEnded,
        Self::Locked,
        Self::Unlocked,
        Self::PersonAdded,
        Self::RoleGiven,
        Self::RoleEnded,
        Self::HandedOver,
        Self::Substituted,
        Self::SubstitutionEnded,
    ];

    /// The word that is kept.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::SignedIn => "signed_in",
            Self::SignInFailed => "sign_in_failed",
            Self::SignedOut => "signed_out",
            Self::PasswordChosen => "password_chosen",
            Self::Invited => "invited",
            Self::SessionsEnded => "sessions_ended",
            Self::Locked => "locked",
            Self::Unlocked => "unlocked",
            Self::PersonAdded => "person_added",
            Self::RoleGiven => "role_given",
            Self::RoleEnded => "role_ended",
            Self::HandedOver => "handed_over",
            Self::Substituted => "substituted",
            Self::SubstitutionEnded => "substitution_ended",
        }
    }

    fn words(self, lang: Lang) -> &'static str {
        match self {
            Self::SignedIn => lang.pick("Đăng nhập", "Signed in"),
            Self::SignInFailed => lang.pick("Đăng nhập không thành công", "Failed to sign in"),
            Self::SignedOut => lang.pick("Đăng xuất", "Signed out"),
            Self::PasswordChosen => lang.pick("Đặt mật khẩu", "Chose a password"),
            Self::Invited => lang.pick("Gửi liên kết mời", "Made an invitation"),
            Self::SessionsEnded => lang.pick("Kết thúc các phiên", "Ended the sessions"),
            Self::Locked => lang.pick("Khoá tài khoản", "Locked the account"),
            Self::Unlocked => lang.pick("Mở khoá tài khoản", "Unlocked the account"),
            Self::PersonAdded => lang.pick("Thêm người dùng", "Added a person"),
            Self::RoleGiven => lang.pick("Giao vai trò", "Gave a role"),
            Self::RoleEnded => lang.pick("Thôi vai trò", "Ended a role"),
            Self::HandedOver => lang.pick("Bàn giao vai trò", "Handed roles over"),
            Self::Substituted => lang.pick("Uỷ quyền", "Named a substitute"),
            Self::SubstitutionEnded => lang.pick("Thôi uỷ quyền", "Ended a substitution"),
        }
    }
}

/// Where a request came from: the address of the other end, or what a proxy on this machine says of it; empty
/// where there was no connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Caller(pub(super) String);

impl FromRequestParts<Arc<Site>> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _site: &Arc<Site>) -> Result<Self, Infallible> {
        let Some(ConnectInfo(peer)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() else {
            return Ok(Self::default());
        };
        let said = parts.headers.get("x-forwarded-for").and_then(|value| value.to_str().ok());
        // Each proxy adds who asked it at the end; only the last word is that of a proxy we know.
        let said = said.and_then(|all| all.rsplit(',').next()?.trim().parse::<IpAddr>().ok());
        let address = said.filter(|_| peer.ip().is_loopback()).unwrap_or_else(|| peer.ip());
        Ok(Self(address.to_string()))
    }
}

/// Notes that `person` did `what` about `about`.
pub(super) async fn note(
    site: &Site,
    what: What,
    person: &str,
    about: &str,
    caller: &Caller,
    detail: &str,
) -> Result<(), Trouble> {
    let row = AuditRow {
        at_ms: real_ms(),
        what: what.code().to_owned(),
        person: person.to_owned(),
        about: about.to_owned(),
        address: caller.0.clone(),
        detail: detail.to_owned(),
    };
    Ok(audit::add(site.store(), &row).await?)
}

/// What narrows the list.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Narrow {
    #[serde(default)]
    person: String,
    #[serde(default)]
    what: String,
    before: Option<i64>,
}

/// What was done, the latest first.
pub(super) async fn page(
    State(site): State<Arc<Site>>,
    Administrator(me): Administrator,
    Query(narrow): Query<Narrow>,
) -> Result<Response, Trouble> {
    let lang = me.lang;
    let before = narrow.before.unwrap_or(i64::MAX);
    let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let person = narrow.person.trim();
    let mut rows = audit::list(site.store(), person, &narrow.what, before, limit).await?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let names = site.names().await?;
    let title =
        lang.pick("Việc đã làm về tài khoản và quyền", "What was done about accounts and rights");
    Ok(Page::of(&site, &me, Part::Admin, title).show(&html! {
        (super::admin::sections("/admin/audit", lang))
        h1 class="govuk-heading-l app-title" { (title) }
        (filters(&narrow, lang))
        @if rows.is_empty() {
            div class="app-card" {
                p class="govuk-body" {
                    (lang.pick("Không có việc nào khớp bộ lọc.", "Nothing passes the filter.")) " "
                    a class="govuk-link" href="/admin/audit" {
                        (lang.pick("Bỏ bộ lọc", "Clear the filter"))
                    }
                }
            }
        } @else { (table(&site, &rows, &names, lang)) }
        @if let Some(last) = rows.last().filter(|_| more) {
            nav class="app-pages" aria-label=(lang.pick("Trang", "Pages")) {
                a class="govuk-link" href=(earlier(&narrow, last.id)) {
                    (lang.pick("Trước đó", "Earlier"))
                }
            }
        }
    }))
}

fn earlier(narrow: &Narrow, before: i64) -> String {
    let before = before.to_string();
    let pairs = [("person", narrow.person.as_str()), ("what", &narrow.what), ("before", &before)];
    let pairs: Vec<_> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    format!("/admin/audit?{}", serde_urlencoded::to_string(pairs).unwrap_or_default())
}

fn filters(narrow: &Narrow, lang: Lang) -> Markup {
    html! {
        form method="get" action="/admin/audit" class="app-filter" role="search" {
            div class="app-filter__wide" {
                label class="govuk-label" for="person" { (lang.pick("Mã người dùng", "User id")) }
                input class="govuk-input" id="person" name="person" value=(narrow.person)
                    maxlength="200" autocomplete="off" spellcheck="false";
            }
            div {
                label class="govuk-label" for="what" { (lang.pick("Việc", "What")) }
                select class="govuk-select" id="what" name="what" {
                    option value="" { (lang.pick("Tất cả", "All")) }
                    @for what in What::ALL {
                        option value=(what.code()) selected[what.code() == narrow.what] {
                            (what.words(lang))
                        }
                    }
                }
            }
            button class="govuk-button govuk-button--secondary" type="submit" {
                (lang.pick("Lọc", "Filter"))
            }
        }
    }
}

fn table(site: &Site, rows: &[StoredAudit], names: &Names, lang: Lang) -> Markup {
    let library = site.runtime.library();
    let heads = [
        lang.pick("Lúc", "When"),
        lang.pick("Việc", "What"),
        lang.pick("Ai làm", "Who"),
        lang.pick("Về ai", "About"),
        lang.pick("Từ địa chỉ", "From"),
    ];
    page::table(
        lang.pick("Việc đã làm", "What was done"),
        &heads,
        &html! {
            @for row in rows {
                tr {
                    td { (moment(row.at_ms, library.calendar(), lang)) }
                    td {
                        @match What::ALL.iter().find(|what| what.code() == row.what) {
                            Some(what) => (what.words(lang)),
                            None => (row.what),
                        }
                        @if !row.detail.is_empty() { div class="app-muted" { (row.detail) } }
                    }
                    td { (person(&row.person, names)) }
                    td { (person(&row.about, names)) }
                    td { (row.address) }
                }
            }
        },
    )
}

/// A person with the way to them.
fn person(id: &str, names: &Names) -> Markup {
    html! {
        @if names.unit_of(id).is_some() {
            a class="govuk-link" href=(format!("/admin/people/{id}")) { (names.person(id)) }
        } @else { (id) }
    }
}
