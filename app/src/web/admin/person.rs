//! One person: how they sign in, what they hold, who acts for them.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use store::accounts;
use store::people::{self, AssignmentRow, PersonRow, SubstitutionRow};

use super::people::standing;
use super::{Administrator, role_title, sections};
use crate::cli::Lang;
use crate::config::Config;
use crate::facts::Names;
use crate::web::audit::{self, Caller, What};
use crate::web::page::{self, Page, Part, moment, success};
use crate::web::signing::{Me, real_ms};
use crate::web::trouble::Trouble;
use crate::web::{Site, see, tokens};

/// How long an invitation can be used.
const INVITATION_MS: i64 = 7 * 86_400_000;

/// What was just done.
#[derive(Debug, Default, Deserialize)]
pub(in crate::web) struct Done {
    #[serde(default)]
    done: String,
}

impl Done {
    fn words(&self, lang: Lang) -> Option<&'static str> {
        Some(match self.done.as_str() {
            "added" => lang.pick(
                "Đã thêm người dùng. Bước kế tiếp: giao vai trò và gửi liên kết mời.",
                "Added. Next: give a role, and make an invitation.",
            ),
            "sessions" => lang.pick("Đã kết thúc mọi phiên đăng nhập.", "Every session has ended."),
            "locked" => lang.pick(
                "Đã khoá: không đăng nhập được nữa, các phiên đã kết thúc.",
                "Locked: signing in is no longer possible, the sessions have ended.",
            ),
            "unlocked" => lang.pick("Đã mở khoá.", "Unlocked."),
            "role" => lang.pick("Đã giao vai trò.", "The role is given."),
            "ended" => lang.pick("Đã cho thôi vai trò.", "The role has ended."),
            "substitute" => lang.pick("Đã ghi uỷ quyền.", "The substitution is written down."),
            "back" => lang.pick("Đã cho thôi uỷ quyền.", "The substitution has ended."),
            "handed" => lang.pick("Đã bàn giao.", "Handed over."),
            _ => return None,
        })
    }
}

/// The person of a page; erased ones have none.
pub(super) async fn found(site: &Site, id: &str) -> Result<PersonRow, Trouble> {
    let person = people::find_person(site.store(), id).await?;
    person.filter(|person| !person.erased).ok_or(Trouble::Nothing)
}

/// Whether somebody but `person` would still administer and be able to sign in.
pub(super) async fn others_administer(site: &Site, person: &str) -> Result<bool, Trouble> {
    let (assignments, now) = (site.runtime.assignments(), site.now());
    let able = accounts::list(site.store()).await?;
    let may_enter =
        |id: &str| able.iter().any(|one| one.person == id && one.locked_until_ms < i64::MAX);
    let holders = assignments.holders(see::ADMINISTRATOR, see::MINISTRY, "", now);
    Ok(holders.iter().any(|one| one.holder != person && may_enter(&one.holder)))
}

/// A person.
pub(in crate::web) async fn page(
    State(site): State<Arc<Site>>,
    Administrator(me): Administrator,
    Path(id): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, Trouble> {
    let lang = me.lang;
    let person = found(&site, &id).await?;
    let names = site.names().await?;
    let account = accounts::find(site.store(), &id).await?;
    let sessions = accounts::sessions_of(site.store(), &id, real_ms()).await?.len();
    let mut held = people::list_assignments(site.store()).await?;
    held.retain(|one| one.holder == id);
    let mut stand_ins = people::list_substitutions(site.store()).await?;
    stand_ins.retain(|one| one.absent == id || one.substitute == id);
    let is_locked = account.as_ref().is_some_and(|one| one.locked_until_ms == i64::MAX);
    Ok(Page::of(&site, &me, Part::Admin, person.name.clone()).show(&html! {
        (sections("", lang))
        @if let Some(words) = done.words(lang) { (success(lang.pick("Đã xong", "Done"), words, &html! {})) }
        h1 class="govuk-heading-l app-title" { (person.name) }
        div class="app-card" {
            dl class="govuk-summary-list" {
                (row(lang.pick("Mã người dùng", "User id"), &person.id))
                (row(lang.pick("Thư điện tử", "E-mail"), &person.email))
                (row(lang.pick("Đơn vị", "Unit"), names.organisation(&person.organisation).get(lang.code())))
                (row(lang.pick("Đăng nhập", "Signing in"), &standing(&site, account.as_ref(), lang)))
                (row(lang.pick("Phiên đang mở", "Open sessions"), &sessions.to_string()))
            }
            (buttons(&id, account.is_some(), is_locked, sessions, lang))
        }
        (roles(&site, &id, &held, &names, lang))
        (substitutions(&site, &id, &stand_ins, &names, lang))
        p class="govuk-body app-gap" {
            a class="govuk-link" href=(history(&id)) {
                (lang.pick("Việc đã làm về người này", "What was done about this person"))
            }
        }
    }))
}

fn history(id: &str) -> String {
    format!("/admin/audit?{}", serde_urlencoded::to_string([("person", id)]).unwrap_or_default())
}

fn row(key: &str, value: &str) -> Markup {
    html! {
        div class="govuk-summary-list__row" {
            dt class="govuk-summary-list__key" { (key) }
            dd class="govuk-summary-list__value" { (value) }
        }
    }
}

fn buttons(id: &str, has_account: bool, is_locked: bool, sessions: usize, lang: Lang) -> Markup {
    let button = |act: &str, words: &str, class: &str| {
        html! {
            form method="post" action=(format!("/admin/people/{id}/{act}")) {
                button class=(class) type="submit" { (words) }
            }
        }
    };
    let second = "govuk-button govuk-button--secondary";
    html! {
        div class="govuk-button-group app-gap" {
            @if !is_locked {
                (button("invite", lang.pick("Tạo liên kết mời", "Make an invitation"), "govuk-button"))
            }
            @if sessions > 0 {
                (button("sessions", lang.pick("Kết thúc mọi phiên", "End every session"), second))
            }
            @if is_locked { (button("unlock", lang.pick("Mở khoá", "Unlock"), "govuk-button")) }
            @else if has_account {
                (button("lock", lang.pick("Khoá tài khoản", "Lock the account"), "govuk-button govuk-button--warning"))
            }
        }
    }
}

/// From when to when, in words.
fn period(site: &Site, from_ms: i64, to_ms: Option<i64>, lang: Lang) -> String {
    let library = site.runtime.library();
    let calendar = library.calendar();
    let day =
        |ms: i64| calendar.local_date(chart::moment::Timestamp(ms)).format("%d/%m/%Y").to_string();
    match (to_ms, lang) {
        (None, Lang::Vi) => format!("từ {}", day(from_ms)),
        (None, Lang::En) => format!("since {}", day(from_ms)),
        (Some(to), Lang::Vi) => {
            format!("từ {} đến trước {}", day(from_ms), moment(to, calendar, lang))
        }
        (Some(to), Lang::En) => {
            format!("from {} until {}", day(from_ms), moment(to, calendar, lang))
        }
    }
}

fn roles(site: &Site, id: &str, held: &[AssignmentRow], names: &Names, lang: Lang) -> Markup {
    let (library, now) = (site.runtime.library(), site.now().as_ms());
    let is_open = |one: &&AssignmentRow| one.to_ms.is_none_or(|to| to > now);
    let heads = [
        lang.pick("Vai trò", "Role"),
        lang.pick("Phạm vi", "On"),
        lang.pick("Thời gian", "When"),
        lang.pick("Căn cứ", "By which paper"),
        "",
    ];
    html! {
        h2 class="govuk-heading-m" { (lang.pick("Vai trò", "Roles")) }
        @if held.is_empty() {
            p class="govuk-body" { (lang.pick("Chưa giữ vai trò nào.", "Holds no role yet.")) }
        } @else {
            (page::table(lang.pick("Vai trò", "Roles"), &heads, &html! {
                @for one in held {
                    tr {
                        td { (role_title(&library, &one.role, lang)) }
                        td { (names.scope(&one.scope).get(lang.code())) }
                        td { (period(site, one.from_ms, one.to_ms, lang)) }
                        td { (one.basis) }
                        td {
                            @if is_open(&one) {
                                form method="post" action=(format!("/admin/people/{id}/roles/end")) {
                                    input type="hidden" name="assignment" value=(one.id);
                                    button class="app-linkish" type="submit" {
                                        (lang.pick("Cho thôi", "End"))
                                        span class="govuk-visually-hidden" {
                                            " " (role_title(&library, &one.role, lang)) " "
                                            (names.scope(&one.scope).get(lang.code()))
                                        }
                                    }
                                }
                            } @else { (lang.pick("đã thôi", "ended")) }
                        }
                    }
                }
            }))
        }
        div class="govuk-button-group" {
            a class="govuk-button govuk-button--secondary" role="button"
                href=(format!("/admin/people/{id}/roles")) { (lang.pick("Giao vai trò", "Give a role")) }
            @if held.iter().any(|one| is_open(&one)) {
                a class="govuk-button govuk-button--secondary" role="button"
                    href=(format!("/admin/people/{id}/hand-over")) {
                    (lang.pick("Bàn giao cho người khác", "Hand over to somebody"))
                }
            }
        }
    }
}

fn substitutions(
    site: &Site,
    id: &str,
    rows: &[SubstitutionRow],
    names: &Names,
    lang: Lang,
) -> Markup {
    let (library, now) = (site.runtime.library(), site.now().as_ms());
    let heads = [
        lang.pick("Người uỷ quyền", "Who is away"),
        lang.pick("Người thay", "Who acts"),
        lang.pick("Vai trò", "Role"),
        lang.pick("Thời gian", "When"),
        lang.pick("Căn cứ", "By which paper"),
        "",
    ];
    html! {
        h2 class="govuk-heading-m" { (lang.pick("Uỷ quyền", "Substitution")) }
        @if rows.is_empty() {
            p class="govuk-body" { (lang.pick("Không có uỷ quyền nào.", "There is none.")) }
        } @else {
            (page::table(lang.pick("Uỷ quyền", "Substitution"), &heads, &html! {
                @for one in rows {
                    tr {
                        td { (names.person(&one.absent)) }
                        td { (names.person(&one.substitute)) }
                        td {
                            @if one.role.is_empty() { (lang.pick("mọi vai trò", "every role")) }
                            @else { (role_title(&library, &one.role, lang)) }
                        }
                        td { (period(site, one.from_ms, Some(one.to_ms), lang)) }
                        td { (one.basis) }
                        td {
                            @if one.to_ms > now {
                                form method="post" action=(format!("/admin/people/{id}/substitute/end")) {
                                    input type="hidden" name="substitution" value=(one.id);
                                    button class="app-linkish" type="submit" {
                                        (lang.pick("Cho thôi", "End"))
                                        span class="govuk-visually-hidden" { " " (names.person(&one.substitute)) }
                                    }
                                }
                            } @else { (lang.pick("đã hết", "over")) }
                        }
                    }
                }
            }))
        }
        a class="govuk-button govuk-button--secondary" role="button"
            href=(format!("/admin/people/{id}/substitute")) {
            (lang.pick("Uỷ quyền cho người khác", "Name a substitute"))
        }
    }
}

/// Makes a link with which the person chooses a password, and shows it once.
pub(in crate::web) async fn invite(
    State(site): State<Arc<Site>>,
    Administrator(me): Administrator,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let person = found(&site, &id).await?;
    let token = tokens::token();
    let now = real_ms();
    accounts::invite(site.store(), &tokens::kept(&token), &id, now + INVITATION_MS).await?;
    audit::note(&site, What::Invited, &me.id, &id, &caller, "").await?;
    let base = Config::of_environment().url.unwrap_or_default();
    let link = format!("{}/invitation/{token}", base.trim_end_matches('/'));
    Ok(shown_link(&site, &me, &person, &link))
}

fn shown_link(site: &Site, me: &Me, person: &PersonRow, link: &str) -> Response {
    let lang = me.lang;
    let title = lang.pick("Liên kết mời", "Invitation");
    Page::of(site, me, Part::Admin, title).show(&html! {
        (sections("", lang))
        div class="app-card app-form" {
            h1 class="govuk-heading-l" { (title) }
            p class="govuk-body" { strong { (person.name) } " · " (person.email) }
            p class="govuk-body" {
                (lang.pick(
                    "Chỉ hiện một lần này. Hãy chuyển cho đúng người qua một đường riêng; liên kết dùng được \
                     một lần, trong bảy ngày, và thay liên kết trước.",
                    "Shown this once. Pass it to the person by a way of your own; it can be used once, within \
                     seven days, and takes the place of the one before.",
                ))
            }
            p class="app-code" { a class="govuk-link" href=(link) { (link) } }
            p class="app-gap" {
                a class="govuk-link" href=(format!("/admin/people/{}", person.id)) {
                    (lang.pick("Quay lại", "Back"))
                }
            }
        }
    })
}

fn back(id: &str, done: &str) -> Response {
    Redirect::to(&format!("/admin/people/{id}?done={done}")).into_response()
}

/// Ends every session of the person.
pub(in crate::web) async fn end_sessions(
    State(site): State<Arc<Site>>,
    Administrator(me): Administrator,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    found(&site, &id).await?;
    accounts::end_sessions(site.store(), &id).await?;
    audit::note(&site, What::SessionsEnded, &me.id, &id, &caller, "").await?;
    Ok(back(&id, "sessions"))
}

/// Lets the person in no more.
pub(in crate::web) async fn lock(
    State(site): State<Arc<Site>>,
    Administrator(me): Administrator,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    found(&site, &id).await?;
    let (assignments, now) = (site.runtime.assignments(), site.now());
    if see::administers(&assignments, &id, now) && !others_administer(&site, &id).await? {
        return Ok(last_one(&site, &me, &id));
    }
    accounts::lock(site.store(), &id, i64::MAX).await?;
    audit::note(&site, What::Locked, &me.id, &id, &caller, "").await?;
    Ok(back(&id, "locked"))
}

/// Why the last administrator stays.
pub(super) fn last_one(site: &Site, me: &Me, id: &str) -> Response {
    let lang = me.lang;
    let title = lang.pick("Chưa thực hiện được", "Not possible now");
    Page::of(site, me, Part::Admin, title).with(axum::http::StatusCode::CONFLICT).show(&html! {
        div class="app-card" {
            h1 class="govuk-heading-l" { (title) }
            p class="govuk-body" {
                (lang.pick(
                    "Đây là người quản trị cuối cùng đăng nhập được. Hãy giao vai trò quản trị cho người khác \
                     và đợi họ đặt mật khẩu, rồi làm lại.",
                    "This is the last administrator who can sign in. Give the role to somebody else, wait until \
                     they have chosen a password, and try again.",
                ))
            }
            a class="govuk-link" href=(format!("/admin/people/{id}")) { (lang.pick("Quay lại", "Back")) }
        }
    })
}

/// Lets the person in again.
pub(in crate::web) async fn unlock(
    State(site): State<Arc<Site>>,
    Administrator(me): Administrator,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    found(&site, &id).await?;
    accounts::lock(site.store(), &id, 0).await?;
    audit::note(&site, What::Unlocked, &me.id, &id, &caller, "").await?;
    Ok(back(&id, "unlocked"))
}
