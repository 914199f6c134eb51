//! One's own tokens for programs, on the page of one's account: made, listed, revoked.
//!
//! **Invariant:** a secret is shown once, on the page that answers to its making, and is kept as a hash.

use std::sync::Arc;

use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use store::people;
use store::tokens::{self as rows, TokenRow};

use super::Site;
use super::page::{Page, Part, error_summary, moment, success};
use super::signing::{Me, real_ms};
use super::tokens::{Minting, NAME_CHARS_MAX, Scope};
use super::trouble::Trouble;
use crate::cli::Lang;
use crate::cli::token::organisations;
use crate::facts::Names;

/// For how many days a token may be made here, and what is chosen already.
const DAYS: [i64; 4] = [30, 90, 180, 365];
const DAYS_CHOSEN: i64 = 90;
/// How many tokens that are worth nothing any more are still shown.
const PAST_SHOWN: usize = 10;

/// What the form sends.
#[derive(Debug, Default)]
struct Asked {
    name: String,
    organisation: String,
    scopes: Vec<Scope>,
    days: i64,
}

impl Asked {
    fn of(pairs: Vec<(String, String)>) -> Self {
        let mut asked = Self { days: DAYS_CHOSEN, ..Self::default() };
        for (name, value) in pairs {
            match name.as_str() {
                "name" => value.trim().clone_into(&mut asked.name),
                "organisation" => asked.organisation = value,
                "scope" => asked.scopes.extend(Scope::among(&value)),
                "days" => asked.days = value.parse().unwrap_or(DAYS_CHOSEN),
                _ => {}
            }
        }
        asked
    }

    /// What is wrong with it: the field and the words.
    fn faults(&self, lang: Lang) -> Vec<(String, String)> {
        let mut faults = Vec::new();
        let length = self.name.chars().count();
        if length == 0 || length > NAME_CHARS_MAX || self.name.contains('\0') {
            let words = lang.pick(
                "Hãy nhập “Dùng để làm gì”, tối đa 100 ký tự",
                "Enter “What it is for”, up to 100 characters",
            );
            faults.push(("token-name".to_owned(), words.to_owned()));
        }
        if self.scopes.is_empty() {
            let words = lang.pick("Hãy chọn ít nhất một phạm vi", "Choose at least one scope");
            faults.push(("token-scope-read".to_owned(), words.to_owned()));
        }
        faults
    }
}

fn scope_words(scope: Scope, lang: Lang) -> &'static str {
    match scope {
        Scope::Read => lang.pick("Đọc những gì bạn được xem", "Read what you may see"),
        Scope::Act => lang.pick("Xử lý hồ sơ thay bạn", "Act on cases for you"),
        Scope::Report => lang.pick("Nộp báo cáo thay bạn", "Hand in reports for you"),
    }
}

/// The part of the account page about tokens.
pub(super) async fn section(site: &Site, me: &Me, names: &Names) -> Result<Markup, Trouble> {
    let all = rows::tokens_of(site.store(), &me.id).await?;
    let (lang, now) = (me.lang, real_ms());
    let is_good = |token: &&TokenRow| token.revoked_at_ms.is_none() && token.expires_at_ms > now;
    let (good, past): (Vec<&TokenRow>, Vec<&TokenRow>) = all.iter().partition(is_good);
    Ok(html! {
        div class="app-card" {
            h2 class="govuk-heading-m" id="tokens" {
                (lang.pick("Mã truy cập cho phần mềm", "Tokens for programs"))
            }
            p class="govuk-body" {
                (lang.pick(
                    "Phần mềm của đơn vị đọc hồ sơ và nộp báo cáo thay bạn bằng một mã truy cập. Mã chỉ hiện một lần, \
                     làm được không quá những gì bạn được làm, và thu hồi được bất cứ lúc nào.",
                    "By a token a program of your unit reads cases and hands in reports for you. It is shown once, can \
                     do no more than you can, and can be revoked at any time.",
                )) " "
                a class="govuk-link" href="/api/docs" { (lang.pick("Tài liệu API", "The API")) }
            }
            @if good.is_empty() {
                p class="govuk-body app-muted" {
                    (lang.pick("Bạn chưa có mã nào còn hiệu lực.", "You have no token in force."))
                }
            }
            ul class="app-people" { @for token in &good { (in_force(site, token, names, lang)) } }
            @if !past.is_empty() { (ended(site, &past, names, lang)) }
            p {
                a class="govuk-button govuk-button--secondary" href="/account/tokens" {
                    (lang.pick("Tạo mã truy cập", "Make a token"))
                }
            }
        }
    })
}

fn described(token: &TokenRow, names: &Names, lang: Lang) -> Markup {
    html! {
        strong { (token.name) } " "
        span class="app-code" { (token.id) } " · "
        (token.scopes.replace(' ', ", ")) " · "
        (names.organisation(&token.organisation).get(lang.code()))
    }
}

fn in_force(site: &Site, token: &TokenRow, names: &Names, lang: Lang) -> Markup {
    let library = site.runtime.library();
    let at = |ms: i64| moment(ms, library.calendar(), lang);
    html! {
        li {
            span {
                (described(token, names, lang)) " · "
                (lang.pick("hết hạn ", "ends ")) (at(token.expires_at_ms)) " · "
                @match token.seen_at_ms {
                    Some(seen) => { (lang.pick("dùng lần cuối ", "last used ")) (at(seen)) }
                    None => (lang.pick("chưa dùng", "not used yet")),
                }
                @if token.created_by != token.person {
                    " · " (lang.pick("do ", "made by ")) (names.person(&token.created_by))
                    (lang.pick(" tạo", ""))
                }
            }
            form method="post" action=(format!("/account/tokens/{}", token.id)) {
                button class="app-linkish" type="submit"
                    aria-label=(format!("{} {}", lang.pick("Thu hồi", "Revoke"), token.name)) {
                    (lang.pick("Thu hồi", "Revoke"))
                }
            }
        }
    }
}

fn ended(site: &Site, past: &[&TokenRow], names: &Names, lang: Lang) -> Markup {
    let library = site.runtime.library();
    let at = |ms: i64| moment(ms, library.calendar(), lang);
    html! {
        details class="govuk-details" {
            summary class="govuk-details__summary" {
                span class="govuk-details__summary-text" {
                    (lang.pick("Mã đã hết hiệu lực", "Tokens of the past")) " (" (past.len()) ")"
                }
            }
            div class="govuk-details__text" {
                ul class="govuk-list" {
                    @for token in past.iter().take(PAST_SHOWN) {
                        li {
                            (described(token, names, lang)) " · "
                            @match (token.revoked_at_ms, &token.revoked_by) {
                                (Some(revoked), Some(by)) => {
                                    (lang.pick("thu hồi ", "revoked ")) (at(revoked))
                                    (lang.pick(" bởi ", " by ")) (names.person(by))
                                }
                                _ => { (lang.pick("hết hạn ", "ended ")) (at(token.expires_at_ms)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The page on which a token is made.
pub(super) async fn form(State(site): State<Arc<Site>>, me: Me) -> Result<Response, Trouble> {
    let asked = Asked { scopes: vec![Scope::Read], days: DAYS_CHOSEN, ..Asked::default() };
    show(&site, &me, &asked, &[]).await
}

async fn choices(site: &Site, me: &Me) -> Result<Vec<String>, Trouble> {
    let person = people::find_person(site.store(), &me.id).await?.ok_or(Trouble::Nothing)?;
    Ok(organisations(&site.runtime.assignments(), &person, site.now()))
}

async fn show(
    site: &Site,
    me: &Me,
    asked: &Asked,
    faults: &[(String, String)],
) -> Result<Response, Trouble> {
    let lang = me.lang;
    let names = site.names().await?;
    let units = choices(site, me).await?;
    let title = lang.pick("Tạo mã truy cập", "Make a token");
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(Page::of(site, me, Part::Account, title).with(status).show(&html! {
        (back(lang))
        div class="app-card app-form" {
            @if !faults.is_empty() { (error_summary(faults, lang)) }
            h1 class="govuk-heading-l" { (title) }
            form method="post" action="/account/tokens" novalidate {
                (name_field(asked, faults, lang))
                (scope_field(asked, faults, lang))
                (select("organisation", lang.pick("Thay mặt đơn vị", "For the unit"), units.iter().map(|unit| {
                    let name = names.organisation(unit).get(lang.code()).to_owned();
                    (unit.clone(), name, *unit == asked.organisation)
                }).collect()))
                (select("days", lang.pick("Có hiệu lực trong", "Good for"), DAYS.into_iter().map(|days| {
                    (days.to_string(), format!("{days} {}", lang.pick("ngày", "days")), days == asked.days)
                }).collect()))
                button class="govuk-button" type="submit" { (title) }
            }
        }
    }))
}

fn back(lang: Lang) -> Markup {
    html! {
        nav class="govuk-breadcrumbs" aria-label=(lang.pick("Vị trí", "Breadcrumb")) {
            ol class="govuk-breadcrumbs__list" {
                li class="govuk-breadcrumbs__list-item" {
                    a class="govuk-breadcrumbs__link" href="/account" {
                        (lang.pick("Tài khoản của tôi", "My account"))
                    }
                }
            }
        }
    }
}

fn fault_of<'f>(faults: &'f [(String, String)], field: &str) -> Option<&'f str> {
    faults.iter().find(|(at, _)| at == field).map(|(_, words)| words.as_str())
}

fn group(fault: Option<&str>) -> &'static str {
    if fault.is_some() { "govuk-form-group govuk-form-group--error" } else { "govuk-form-group" }
}

fn fault_markup(fault: Option<&str>, id: &str, lang: Lang) -> Markup {
    html! {
        @if let Some(words) = fault {
            p class="govuk-error-message" id=(id) {
                span class="govuk-visually-hidden" { (lang.pick("Lỗi: ", "Error: ")) } (words)
            }
        }
    }
}

fn name_field(asked: &Asked, faults: &[(String, String)], lang: Lang) -> Markup {
    let fault = fault_of(faults, "token-name");
    html! {
        div class=(group(fault)) {
            label class="govuk-label" for="token-name" { (lang.pick("Dùng để làm gì", "What it is for")) }
            div class="govuk-hint" id="token-name-hint" {
                (lang.pick("Ví dụ: Phần mềm kế toán nộp báo cáo tháng.",
                    "For example: accounting program, monthly reports."))
            }
            (fault_markup(fault, "token-name-error", lang))
            input class="govuk-input" id="token-name" name="name" value=(asked.name) maxlength="100"
                autocomplete="off" aria-describedby="token-name-hint";
        }
    }
}

fn scope_field(asked: &Asked, faults: &[(String, String)], lang: Lang) -> Markup {
    let fault = fault_of(faults, "token-scope-read");
    html! {
        div class=(group(fault)) {
            fieldset class="govuk-fieldset" {
                legend class="govuk-fieldset__legend" { (lang.pick("Phần mềm được làm gì", "What it may do")) }
                (fault_markup(fault, "token-scope-error", lang))
                div class="govuk-checkboxes govuk-checkboxes--small" {
                    @for scope in Scope::ALL {
                        @let id = format!("token-scope-{}", scope.word());
                        div class="govuk-checkboxes__item" {
                            input class="govuk-checkboxes__input" type="checkbox" id=(id) name="scope"
                                value=(scope.word()) checked[asked.scopes.contains(&scope)];
                            label class="govuk-label govuk-checkboxes__label" for=(id) {
                                (scope_words(scope, lang)) " (" code { (scope.word()) } ")"
                            }
                        }
                    }
                }
            }
        }
    }
}

fn select(name: &str, label: &str, choices: Vec<(String, String, bool)>) -> Markup {
    let id = format!("token-{name}");
    html! {
        div class="govuk-form-group" {
            label class="govuk-label" for=(id) { (label) }
            select class="govuk-select" id=(id) name=(name) {
                @for (value, words, chosen) in choices {
                    option value=(value) selected[chosen] { (words) }
                }
            }
        }
    }
}

/// Makes a token and shows its secret, this once.
pub(super) async fn make(
    State(site): State<Arc<Site>>,
    me: Me,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let lang = me.lang;
    let mut asked = Asked::of(pairs);
    let faults = asked.faults(lang);
    if !faults.is_empty() {
        return show(&site, &me, &asked, &faults).await;
    }
    let units = choices(&site, &me).await?;
    if !units.contains(&asked.organisation) {
        units.first().unwrap_or(&me.organisation).clone_into(&mut asked.organisation);
    }
    let days = if DAYS.contains(&asked.days) { asked.days } else { DAYS_CHOSEN };
    let (person, by) = (me.id.clone(), me.id.clone());
    let Asked { name, organisation, scopes, .. } = asked;
    let (secret, row) = Minting { name, organisation, person, scopes, days, by }.mint(real_ms());
    rows::add_token(site.store(), &row).await?;
    tracing::info!(person = me.id, token = row.id, "a token was made");
    Ok(told(&site, &me, &secret, &row))
}

fn told(site: &Site, me: &Me, secret: &str, row: &TokenRow) -> Response {
    let lang = me.lang;
    let title = lang.pick("Đã tạo mã truy cập", "The token is made");
    let words = lang.pick(
        "Hãy chép mã dưới đây ngay: khi rời trang này, mã không hiện lại được nữa.",
        "Copy it now: once you leave this page it cannot be shown again.",
    );
    Page::of(site, me, Part::Account, title).show(&html! {
        (back(lang))
        (success(title, words, &html! {}))
        div class="app-card app-form" {
            h1 class="govuk-heading-l" { (row.name) }
            div class="govuk-form-group" {
                label class="govuk-label" for="secret" { (lang.pick("Mã truy cập", "The token")) }
                input class="govuk-input app-secret" id="secret" value=(secret) readonly autocomplete="off"
                    spellcheck="false";
            }
            h2 class="govuk-heading-s" { (lang.pick("Gọi thử", "Try it")) }
            pre class="app-code-block" tabindex="0" role="region" aria-label="curl" {
                code { "curl -H \"Authorization: Bearer $COTMOC_TOKEN\" \"$COTMOC_URL/api/v1/me\"" }
            }
            p class="govuk-body" {
                a class="govuk-link" href="/account#tokens" {
                    (lang.pick("Tôi đã chép mã, về Tài khoản", "I have copied it, back to my account"))
                }
            }
        }
    })
}

/// Ends one of one's own tokens.
pub(super) async fn revoke(
    State(site): State<Arc<Site>>,
    me: Me,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    if rows::revoke_token(site.store(), &id, Some(&me.id), &me.id, real_ms()).await? {
        tracing::info!(person = me.id, token = id, "a token was revoked");
    }
    Ok(Redirect::to("/account#tokens").into_response())
}
