//! An invitation: a link with which somebody chooses a password, once.

use std::sync::Arc;

use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;
use store::accounts;

use super::audit::{self, Caller, What};
use super::page::{Page, error_summary};
use super::signing::{field, language, open, real_ms};
use super::trouble::Trouble;
use super::{Site, tokens};
use crate::cli::Lang;

/// The page where somebody who was invited chooses a password.
pub(super) async fn page(
    State(site): State<Arc<Site>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let lang = language(&headers);
    let person = accounts::invited(site.store(), &tokens::kept(&token), real_ms()).await?;
    let Some(person) = person else { return Ok(no_invitation(&site, lang)) };
    let title = lang.pick("Đặt mật khẩu", "Choose a password");
    Ok(Page::outside(&site, lang, title).show(&choose(lang, &person, &token, None)))
}

fn no_invitation(site: &Site, lang: Lang) -> Response {
    let title = lang.pick("Liên kết không còn hiệu lực", "This link is worth nothing any more");
    Page::outside(site, lang, title).with(StatusCode::NOT_FOUND).show(&html! {
        div class="app-card app-narrow" {
            h1 class="govuk-heading-l" { (title) }
            p class="govuk-body" {
                (lang.pick(
                    "Liên kết đã được dùng, đã hết hạn, hoặc có liên kết mới hơn. Hãy xin quản trị hệ \
                     thống một liên kết khác.",
                    "It was used, has ended, or there is a newer one. Ask the administrator for another.",
                ))
            }
        }
    })
}

fn choose(lang: Lang, person: &str, token: &str, error: Option<&str>) -> Markup {
    html! {
        div class="app-card app-narrow" {
            @if let Some(error) = error {
                (error_summary(&[("password".to_owned(), error.to_owned())], lang))
            }
            h1 class="govuk-heading-l" { (lang.pick("Đặt mật khẩu", "Choose a password")) }
            p class="govuk-body" { (lang.pick("Mã người dùng: ", "User id: ")) strong { (person) } }
            form method="post" action=(format!("/invitation/{token}")) novalidate {
                p class="govuk-hint" {
                    (lang.pick(
                        "Ít nhất 12 ký tự. Một câu dài dễ nhớ tốt hơn một từ khó nhớ.",
                        "At least 12 characters. A long sentence beats a hard word.",
                    ))
                }
                (field("password", lang.pick("Mật khẩu mới", "New password"), "password",
                    "new-password", ""))
                (field("again", lang.pick("Nhập lại mật khẩu", "The same again"), "password",
                    "new-password", ""))
                button class="govuk-button" type="submit" {
                    (lang.pick("Đặt mật khẩu và vào hệ thống", "Set the password and sign in"))
                }
            }
        }
    }
}

/// What the form of choosing a password sends.
#[derive(Debug, Deserialize)]
pub(super) struct Chosen {
    #[serde(default)]
    password: String,
    #[serde(default)]
    again: String,
}

/// Takes a chosen password, ends the invitation and signs in.
pub(super) async fn accept(
    State(site): State<Arc<Site>>,
    Path(token): Path<String>,
    headers: HeaderMap,
    caller: Caller,
    Form(chosen): Form<Chosen>,
) -> Result<Response, Trouble> {
    let lang = language(&headers);
    let person = accounts::invited(site.store(), &tokens::kept(&token), real_ms()).await?;
    let Some(person) = person else { return Ok(no_invitation(&site, lang)) };
    if let Some(words) = too_weak(&chosen, &person, lang) {
        let title = lang.pick("Đặt mật khẩu", "Choose a password");
        let body = choose(lang, &person, &token, Some(words));
        let page = Page::outside(&site, lang, title).with(StatusCode::UNPROCESSABLE_ENTITY);
        return Ok(page.show(&body));
    }
    let password = chosen.password;
    let hash = {
        let _turn = site.hashing.acquire().await;
        tokio::task::spawn_blocking(move || tokens::hashed(&password)).await
    };
    let hash = hash.ok().and_then(Result::ok);
    let hash = hash.ok_or_else(|| Trouble::Corrupt("a password was not hashed".to_owned()))?;
    accounts::set_password(site.store(), &person, &hash, real_ms()).await?;
    audit::note(&site, What::PasswordChosen, &person, "", &caller, "").await?;
    open(&site, &person, &headers, "/work").await
}

fn too_weak(chosen: &Chosen, person: &str, lang: Lang) -> Option<&'static str> {
    let password = &chosen.password;
    if password.chars().count() < tokens::PASSWORD_CHARS_MIN || password.contains(person) {
        return Some(lang.pick(
            "Mật khẩu cần ít nhất 12 ký tự và không chứa mã người dùng.",
            "The password needs at least 12 characters and must not contain the user id.",
        ));
    }
    if password.len() > tokens::PASSWORD_BYTES_MAX {
        return Some(lang.pick("Mật khẩu quá dài.", "The password is too long."));
    }
    (*password != chosen.again).then(|| {
        lang.pick(
            "Hai lần nhập không giống nhau; hãy nhập lại cả hai.",
            "The two are not the same; type both again.",
        )
    })
}
