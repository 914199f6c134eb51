//! One's own account: who one is here, on which browsers one is signed in, the language.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use store::accounts::{self, SessionRow};

use super::audit::{self, Caller, What};
use super::page::{Page, Part, moment};
use super::see::Sight;
use super::signing::{self, Me};
use super::trouble::Trouble;
use super::{Site, account_tokens};
use crate::cli::Lang;
use crate::facts::{self, Names};

/// The page of one's own account.
pub(super) async fn page(State(site): State<Arc<Site>>, me: Me) -> Result<Response, Trouble> {
    let lang = me.lang;
    let names = site.names().await?;
    let sight = Sight::of(&site, &me.id).await?;
    let sessions = accounts::sessions_of(site.store(), &me.id, signing::real_ms()).await?;
    let tokens = account_tokens::section(&site, &me, &names).await?;
    let title = lang.pick("Tài khoản của tôi", "My account");
    let organisation = names.organisation(&me.organisation);
    Ok(Page::of(&site, &me, Part::Account, title).show(&html! {
        h1 class="govuk-heading-l app-title" { (title) }
        div class="app-card" {
            dl class="govuk-summary-list" {
                (row(lang.pick("Họ tên", "Name"), &me.name))
                (row(lang.pick("Mã người dùng", "User id"), &me.id))
                (row(lang.pick("Thư điện tử", "E-mail"), &me.email))
                (row(lang.pick("Đơn vị", "Unit"), organisation.get(lang.code())))
            }
            form method="post" action="/sign-out" class="app-gap" {
                button class="govuk-button govuk-button--secondary" type="submit" {
                    (lang.pick("Đăng xuất", "Sign out"))
                }
            }
        }
        (held(&site, &me, &sight, &names))
        (signed_in(&site, &me, &sessions))
        (tokens)
    }))
}

/// The roles that are held, and on what.
fn held(site: &Site, me: &Me, sight: &Sight, names: &Names) -> Markup {
    let lang = me.lang;
    let library = site.runtime.library();
    let held = sight.held();
    let title = lang.pick("Vai trò đang giữ", "Roles held");
    html! {
        div class="app-card app-card--flush" {
            div class="app-card__in" {
                h2 class="govuk-heading-m" { (title) }
                @if held.is_empty() {
                    p class="govuk-body" {
                        (lang.pick(
                            "Bạn chưa được giao vai trò nào. Hãy liên hệ bộ phận điều phối.",
                            "No role is assigned to you. Ask the coordination department.",
                        ))
                    }
                }
            }
            @if !held.is_empty() {
                div class="app-scroll" tabindex="0" role="region" aria-label=(title) {
                    table class="app-table" {
                        thead { tr {
                            th scope="col" { (lang.pick("Vai trò", "Role")) }
                            th scope="col" { (lang.pick("Phạm vi", "On")) }
                        } }
                        tbody {
                            @for (role, scope) in &held {
                                tr {
                                    td { (facts::role_title(&library, role).get(lang.code())) }
                                    td { @match scope.strip_prefix("case/") {
                                        Some(case) => a class="govuk-link" href=(format!("/cases/{case}")) {
                                            (names.scope(scope).get(lang.code()))
                                        },
                                        None => (names.scope(scope).get(lang.code())),
                                    } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The browsers in which one is signed in, each with a way to end that.
fn signed_in(site: &Site, me: &Me, sessions: &[SessionRow]) -> Markup {
    let lang = me.lang;
    let library = site.runtime.library();
    html! {
        div class="app-card" {
            h2 class="govuk-heading-m" { (lang.pick("Phiên đăng nhập", "Where you are signed in")) }
            ul class="app-people" {
                @for session in sessions {
                    li {
                        span {
                            (agent(&session.agent, lang)) " · "
                            (lang.pick("dùng lần cuối ", "last used "))
                            (moment(session.seen_at_ms, library.calendar(), lang))
                            @if session.token_sha == me.token_sha {
                                " " strong { (lang.pick("(trình duyệt này)", "(this browser)")) }
                            }
                        }
                        form method="post" action=(format!("/account/sessions/{}", session.token_sha)) {
                            button class="app-linkish" type="submit" {
                                (lang.pick("Kết thúc phiên này", "End this session"))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn row(key: &str, value: &str) -> Markup {
    html! {
        div class="govuk-summary-list__row" {
            dt class="govuk-summary-list__key" { (key) }
            dd class="govuk-summary-list__value" { (value) }
        }
    }
}

/// What a browser calls itself, shortened to what people know.
fn agent(agent: &str, lang: Lang) -> &'static str {
    let known =
        ["Edg", "Firefox", "Chrome", "Safari"].into_iter().find(|name| agent.contains(name));
    match known {
        Some("Edg") => "Edge",
        Some(name) => name,
        None => lang.pick("Trình duyệt khác", "Another browser"),
    }
}

/// Ends one of one's own sessions.
pub(super) async fn end_session(
    State(site): State<Arc<Site>>,
    me: Me,
    Path(token_sha): Path<String>,
) -> Result<Response, Trouble> {
    accounts::end_session(site.store(), &me.id, &token_sha).await?;
    Ok(Redirect::to("/account").into_response())
}

/// Ends the session of this browser.
pub(super) async fn sign_out(
    State(site): State<Arc<Site>>,
    me: Me,
    caller: Caller,
) -> Result<Response, Trouble> {
    audit::note(&site, What::SignedOut, &me.id, "", &caller, "").await?;
    accounts::end_session(site.store(), &me.id, &me.token_sha).await?;
    let gone = [(header::SET_COOKIE, signing::forget(&site))];
    Ok((gone, Redirect::to("/sign-in")).into_response())
}

/// Keeps the language that was chosen and goes back to where one was.
pub(super) async fn language(
    State(site): State<Arc<Site>>,
    Path(code): Path<String>,
    headers: HeaderMap,
) -> Response {
    let lang = if code == "en" { Lang::En } else { Lang::Vi };
    let chosen = [(header::SET_COOKIE, signing::set_language(&site, lang))];
    (chosen, Redirect::to(&came_from(&headers))).into_response()
}

/// The page of ours that a form was on; the first page if that is not told.
fn came_from(headers: &HeaderMap) -> String {
    let referer = headers.get(header::REFERER).and_then(|value| value.to_str().ok());
    let path = referer.and_then(|url| url.split_once("://")?.1.split_once('/'));
    let path = path.map(|(_, path)| format!("/{}", path.trim_start_matches('/')));
    path.filter(|path| !path.contains('\\')).unwrap_or_else(|| "/".to_owned())
}
