//! Signing in: who somebody is, on which browser, and until when.
//!
//! A browser holds a token in a cookie that no script can read and no other site can make it send; the
//! database holds its hash. A wrong password costs waiting time, doubled each time after the fifth.

use std::sync::{Arc, LazyLock};

use axum::extract::{Form, FromRequestParts, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use runtime::clock::Clock;
use serde::Deserialize;
use store::accounts::{self, AccountRow, SessionRow};
use store::people::{self, PersonRow};

use super::audit::{self, Caller, What};
use super::page::{Page, error_summary};
use super::trouble::Trouble;
use super::{Site, draft, see, tokens};
use crate::cli::Lang;

/// How long a session lasts that nobody uses.
const IDLE_MS: i64 = 12 * 3_600_000;
/// A session is prolonged when it was last used longer ago than this.
const PROLONG_MS: i64 = 5 * 60_000;
/// Wrong passwords before waiting begins.
const FAILURES_FREE: i64 = 5;
/// The longest wait after a wrong password.
const WAIT_MS_MAX: i64 = 15 * 60_000;
/// Failed sign-ins that one network address has in [`ADDRESS_WAIT_MS`]; a whole office may share one.
const ADDRESS_FAILURES_MAX: i64 = 40;
const ADDRESS_WAIT_MS: i64 = 15 * 60_000;
/// The cookie of the session.
pub(super) const COOKIE: &str = "cotmoc_session";
/// The cookie of the language.
const LANGUAGE: &str = "cotmoc_lang";

/// Who is signed in.
#[derive(Debug, Clone)]
pub(super) struct Me {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) organisation: String,
    pub(super) lang: Lang,
    /// The hash of this browser's token.
    pub(super) token_sha: String,
    /// Whether they hold a role on the whole ministry, and so watch over everybody's work.
    pub(super) watches: bool,
    /// Whether they look after accounts and rights.
    pub(super) administers: bool,
}

impl FromRequestParts<Arc<Site>> for Me {
    type Rejection = Response;

    /// Whoever the cookie belongs to; anybody else is shown the way to sign in.
    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Response> {
        let me = find(site, &parts.headers).await.map_err(IntoResponse::into_response)?;
        me.ok_or_else(|| {
            let back = parts.uri.path_and_query().map_or("/work", |path| path.as_str());
            let query = serde_urlencoded::to_string([("next", back)]).unwrap_or_default();
            Redirect::to(&format!("/sign-in?{query}")).into_response()
        })
    }
}

/// The moment of the real clock: sessions end by it, whatever clock the cases run on.
pub fn real_ms() -> i64 {
    Clock::Real.now().as_ms()
}

async fn find(site: &Site, headers: &HeaderMap) -> Result<Option<Me>, Trouble> {
    let Some(token) = cookie(headers, COOKIE) else { return Ok(None) };
    let (sha, now) = (tokens::kept(token), real_ms());
    let Some(session) = accounts::session(site.store(), &sha, now).await? else { return Ok(None) };
    if session.seen_at_ms < now - PROLONG_MS {
        accounts::keep_session(site.store(), &sha, now, now + IDLE_MS).await?;
    }
    person_of(site, headers, session).await
}

/// Who is meant by a session.
pub(super) async fn person_of(
    site: &Site,
    headers: &HeaderMap,
    session: SessionRow,
) -> Result<Option<Me>, Trouble> {
    let person = people::find_person(site.store(), &session.person).await?;
    let Some(person) = person.filter(|person| !person.erased) else { return Ok(None) };
    let chosen = cookie(headers, LANGUAGE).unwrap_or(&person.language);
    let lang = if chosen == "en" { Lang::En } else { Lang::Vi };
    let (assignments, now) = (site.runtime.assignments(), site.now());
    let watches = see::watches(&assignments, &person.id, now);
    let administers = see::administers(&assignments, &person.id, now);
    let PersonRow { id, name, organisation, email, .. } = person;
    let token_sha = session.token_sha;
    Ok(Some(Me { id, name, email, organisation, lang, token_sha, watches, administers }))
}

/// The cookie `name`, unless it is empty.
pub(super) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|text| text.split("; ")).find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (key == name && !value.is_empty()).then_some(value)
    })
}

/// The language of whoever is not signed in: as chosen, else as the browser asks, else Vietnamese.
pub(super) fn language(headers: &HeaderMap) -> Lang {
    let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    match cookie(headers, LANGUAGE) {
        Some("en") => Lang::En,
        None if asked.is_some_and(|asked| asked.starts_with("en")) => Lang::En,
        _ => Lang::Vi,
    }
}

/// The header that makes a browser keep `value` under `name` for `seconds`.
pub(super) fn set_cookie(site: &Site, name: &str, value: &str, seconds: i64) -> HeaderValue {
    let secure = if site.secure { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The header that keeps the language.
pub(super) fn set_language(site: &Site, lang: Lang) -> HeaderValue {
    set_cookie(site, LANGUAGE, lang.code(), 365 * 86_400)
}

/// The header that takes the session's cookie away.
pub(super) fn forget(site: &Site) -> HeaderValue {
    set_cookie(site, COOKIE, "", 0)
}

/// Where to go after signing in; only ever a page of ours.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    next: String,
    /// Whether what was typed was kept as a draft.
    #[serde(default)]
    kept: bool,
}

fn inside(next: &str) -> &str {
    let is_ours = next.starts_with('/') && !next.starts_with("//") && !next.contains('\\');
    if is_ours { next } else { "/work" }
}

/// What the form of signing in sends.
#[derive(Debug, Deserialize)]
pub(super) struct Credentials {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
}

/// The page for signing in.
pub(super) async fn form(
    State(site): State<Arc<Site>>,
    Query(query): Query<Next>,
    headers: HeaderMap,
) -> Response {
    let lang = language(&headers);
    Page::outside(&site, lang, title(lang)).show(&html! {
        @if query.kept { (draft::kept_words(lang)) }
        (sign_in_form(lang, "", &query.next, None))
    })
}

fn title(lang: Lang) -> &'static str {
    lang.pick("Đăng nhập", "Sign in")
}

fn sign_in_form(lang: Lang, name: &str, next: &str, error: Option<&str>) -> Markup {
    html! {
        div class="app-card app-narrow" {
            @if let Some(error) = error {
                (error_summary(&[("name".to_owned(), error.to_owned())], lang))
            }
            h1 class="govuk-heading-l" { (title(lang)) }
            form method="post" action="/sign-in" novalidate {
                input type="hidden" name="next" value=(next);
                (field("name", lang.pick("Thư điện tử hoặc mã người dùng", "E-mail or user id"),
                    "text", "username", name))
                (field("password", lang.pick("Mật khẩu", "Password"), "password",
                    "current-password", ""))
                button class="govuk-button" type="submit" { (title(lang)) }
            }
            p class="govuk-body-s app-muted app-gap" {
                (lang.pick(
                    "Chưa có mật khẩu hoặc quên mật khẩu? Hãy xin quản trị hệ thống một liên kết mời.",
                    "No password yet, or forgotten? Ask the administrator for an invitation link.",
                ))
            }
        }
    }
}

pub(super) fn field(
    name: &str,
    label: &str,
    kind: &str,
    autocomplete: &str,
    value: &str,
) -> Markup {
    html! {
        div class="govuk-form-group" {
            label class="govuk-label" for=(name) { (label) }
            input class="govuk-input" id=(name) name=(name) type=(kind) value=(value)
                autocomplete=(autocomplete) spellcheck="false";
        }
    }
}

/// Takes a name and a password; says the same of an unknown name and of a wrong password.
pub(super) async fn sign_in(
    State(site): State<Arc<Site>>,
    headers: HeaderMap,
    caller: Caller,
    Form(given): Form<Credentials>,
) -> Result<Response, Trouble> {
    let lang = language(&headers);
    let again = |status, words: &str| {
        let body = sign_in_form(lang, &given.name, &given.next, Some(words));
        Ok(Page::outside(&site, lang, title(lang)).with(status).show(&body))
    };
    let person = by_name(&site, given.name.trim()).await?;
    let account = match &person {
        Some(person) => accounts::find(site.store(), &person.id).await?,
        None => None,
    };
    if let Some(words) = has_to_wait(&site, account.as_ref(), &caller, lang).await? {
        return again(StatusCode::TOO_MANY_REQUESTS, &words);
    }
    let kept = account.as_ref().map_or(NOBODY.as_str(), |account| account.password.as_str());
    let is_right = judged(&site, given.password.clone(), kept.to_owned()).await;
    let (Some(person), Some(_), true) = (&person, &account, is_right) else {
        if let Some(account) = &account {
            let until = real_ms() + wait_ms(account.failures + 1);
            accounts::failed(site.store(), &account.person, until).await?;
        }
        // What was typed as a name may be a password typed in the wrong place: it is not kept.
        let known = person.as_ref().map_or("", |person| person.id.as_str());
        audit::note(&site, What::SignInFailed, "", known, &caller, "").await?;
        let words = lang.pick(
            "Tên hoặc mật khẩu không đúng. Hãy kiểm tra phím Caps Lock và bộ gõ tiếng Việt.",
            "The name or the password is not right. Check Caps Lock and the keyboard's language.",
        );
        return again(StatusCode::UNPROCESSABLE_ENTITY, words);
    };
    audit::note(&site, What::SignedIn, &person.id, "", &caller, "").await?;
    open(&site, &person.id, &headers, inside(&given.next)).await
}

/// Why no password is looked at now, if so.
async fn has_to_wait(
    site: &Site,
    account: Option<&AccountRow>,
    caller: &Caller,
    lang: Lang,
) -> Result<Option<String>, Trouble> {
    let now = real_ms();
    if let Some(account) = account.filter(|account| now < account.locked_until_ms) {
        if account.locked_until_ms == i64::MAX {
            let words = lang.pick(
                "Tài khoản này đã bị khoá. Hãy liên hệ quản trị hệ thống.",
                "This account is locked. Ask the administrator.",
            );
            return Ok(Some(words.to_owned()));
        }
        let minutes = (account.locked_until_ms - now) / 60_000 + 1;
        return Ok(Some(match lang {
            Lang::Vi => format!("Sai mật khẩu nhiều lần. Hãy thử lại sau {minutes} phút."),
            Lang::En => format!("Too many wrong passwords. Try again in {minutes} min."),
        }));
    }
    if caller.0.is_empty() {
        return Ok(None);
    }
    let failed = What::SignInFailed.code();
    let since = now - ADDRESS_WAIT_MS;
    let count = store::audit::count_from(site.store(), &caller.0, failed, since).await?;
    Ok((count >= ADDRESS_FAILURES_MAX).then(|| {
        lang.pick(
            "Có quá nhiều lần đăng nhập sai từ địa chỉ mạng này. Hãy thử lại sau 15 phút.",
            "Too many failed sign-ins from this network address. Try again in 15 minutes.",
        )
        .to_owned()
    }))
}

/// The hash of a password that nobody has, so that an unknown name takes as long as a known one.
static NOBODY: LazyLock<String> =
    LazyLock::new(|| tokens::hashed(&tokens::token()).unwrap_or_default());

async fn judged(site: &Site, password: String, kept: String) -> bool {
    let _turn = site.hashing.acquire().await;
    let right = tokio::task::spawn_blocking(move || {
        password.len() <= tokens::PASSWORD_BYTES_MAX && tokens::is_right(&password, &kept)
    });
    right.await.unwrap_or(false)
}

/// How long nobody may try again after this many wrong passwords.
fn wait_ms(failures: i64) -> i64 {
    match u32::try_from(failures - FAILURES_FREE) {
        Ok(over) => (30_000 << over.min(10)).min(WAIT_MS_MAX),
        Err(_) => 0,
    }
}

/// The person of that id or address.
pub(super) async fn by_name(site: &Site, name: &str) -> Result<Option<PersonRow>, Trouble> {
    if name.is_empty() || name.contains('\0') {
        return Ok(None);
    }
    let found = people::find_person(site.store(), name).await?;
    let found = match found {
        Some(person) => Some(person),
        None => people::find_by_email(site.store(), name).await?,
    };
    Ok(found.filter(|person| !person.erased))
}

/// Begins a session and leads on to `next`.
pub(super) async fn open(
    site: &Site,
    person: &str,
    headers: &HeaderMap,
    next: &str,
) -> Result<Response, Trouble> {
    let token = tokens::token();
    let now = real_ms();
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let row = SessionRow {
        token_sha: tokens::kept(&token),
        person: person.to_owned(),
        opened_at_ms: now,
        seen_at_ms: now,
        ends_at_ms: now + IDLE_MS,
        agent: agent.unwrap_or_default().chars().take(200).collect(),
    };
    accounts::open_session(site.store(), &row).await?;
    accounts::sweep(site.store(), now - draft::LAPSED_MS).await?;
    tracing::info!(person, "signed in");
    // The cookie outlives the session, which the database ends.
    let cookie = set_cookie(site, COOKIE, &token, 30 * 86_400);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(next)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_begins_after_five_and_has_a_bound() {
        let waits = [1, 4, 5, 6, 7, 20, 10_000].map(wait_ms);
        assert_eq!(waits, [0, 0, 30_000, 60_000, 120_000, WAIT_MS_MAX, WAIT_MS_MAX]);
    }

    #[test]
    fn signing_in_leads_to_no_other_site() {
        let rows = [
            ("/cases/1?x=2", "/cases/1?x=2"),
            ("", "/work"),
            ("//evil.example", "/work"),
            ("https://evil.example", "/work"),
            ("/\\evil.example", "/work"),
        ];
        for (next, expected) in rows {
            assert_eq!(inside(next), expected, "{next}");
        }
    }

    #[test]
    fn nobody_has_the_password_of_nobody() {
        assert!(!tokens::is_right("", &NOBODY));
    }
}
