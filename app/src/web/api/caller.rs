//! Who calls: the person behind a token, and what the token may be used for.
//!
//! A cookie means nothing here, so no other site can make a browser act.
//!
//! **Invariant:** a handler takes one of [`Reads`], [`Acts`] and [`Reports`]; there is no other way to a person.

use std::cmp::Ordering;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use store::people::{self, PersonRow};
use store::tokens::{self as rows, TokenRow};

use super::codes::Code;
use super::problem::Problem;
use crate::cli::Lang;
use crate::web::signing::{Me, real_ms};
use crate::web::tokens::{PREFIX, Scope, kept};
use crate::web::{Site, see};

/// That a token was used is noted when it was last noted longer ago than this.
const NOTED_MS: i64 = 5 * 60_000;

/// Whoever calls.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) me: Me,
    pub(super) token: TokenRow,
}

/// A caller whose token may read.
#[derive(Debug)]
pub(super) struct Reads(pub(super) Caller);

/// A caller whose token may act on cases.
#[derive(Debug)]
pub(super) struct Acts(pub(super) Caller);

/// A caller whose token may hand in reports.
#[derive(Debug)]
pub(super) struct Reports(pub(super) Caller);

impl FromRequestParts<Arc<Site>> for Reads {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Problem> {
        found(site, &parts.headers, &[Scope::Read]).await.map(Self)
    }
}

impl FromRequestParts<Arc<Site>> for Acts {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Problem> {
        found(site, &parts.headers, &[Scope::Act]).await.map(Self)
    }
}

impl FromRequestParts<Arc<Site>> for Reports {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Problem> {
        found(site, &parts.headers, &[Scope::Report, Scope::Act]).await.map(Self)
    }
}

/// Whoever the token belongs to, if it has one of `scopes`.
pub(super) async fn found(
    site: &Site,
    headers: &HeaderMap,
    scopes: &[Scope],
) -> Result<Caller, Problem> {
    let nobody = || Problem::of(Code::Unauthenticated);
    let secret = bearer(headers).ok_or_else(nobody)?;
    let now = real_ms();
    let token = rows::token_in_force(site.store(), &kept(secret), now).await?;
    let token = token.ok_or_else(nobody)?;
    let person = people::find_person(site.store(), &token.person).await?;
    let person = person.filter(|person| !person.erased).ok_or_else(nobody)?;
    if !scopes.iter().any(|scope| Scope::among(&token.scopes).contains(scope)) {
        return Err(Problem::of(Code::Scope));
    }
    if token.seen_at_ms.is_none_or(|seen| seen < now - NOTED_MS) {
        rows::token_used(site.store(), &token.id, now).await?;
    }
    let watches = see::watches(&site.runtime.assignments(), &person.id, site.now());
    // What is administered is not administered by programs.
    let administers = false;
    let PersonRow { id, name, organisation, email, .. } = person;
    let (lang, token_sha) = (language(headers), String::new());
    let me = Me { id, name, email, organisation, lang, token_sha, watches, administers };
    Ok(Caller { me, token })
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = given.split_once(' ')?;
    let secret = secret.trim();
    (scheme.eq_ignore_ascii_case("bearer") && secret.starts_with(PREFIX)).then_some(secret)
}

/// The language that is asked for: Vietnamese unless English is wanted more.
pub(super) fn language(headers: &HeaderMap) -> Lang {
    let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let weight = |wanted: &str| {
        let ranges = asked.unwrap_or_default().split(',').filter_map(|range| {
            let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
            let first = tag.trim().split('-').next()?;
            let is_wanted = first.eq_ignore_ascii_case(wanted);
            let weight = weight.trim().strip_prefix("q=").unwrap_or("1");
            is_wanted.then(|| weight.parse::<f32>().unwrap_or(0.0))
        });
        ranges.fold(0.0, f32::max)
    };
    let (vi, en): (f32, f32) = (weight("vi"), weight("en"));
    match en.total_cmp(&vi) {
        Ordering::Greater => Lang::En,
        Ordering::Equal if en > 0.0 && english_first(asked) => Lang::En,
        _ => Lang::Vi,
    }
}

fn english_first(asked: Option<&str>) -> bool {
    asked.is_some_and(|asked| asked.trim_start().to_ascii_lowercase().starts_with("en"))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn vietnamese_is_spoken_unless_english_is_wanted_more() {
        let rows = [
            (None, Lang::Vi),
            (Some("en"), Lang::En),
            (Some("en-GB,en;q=0.9"), Lang::En),
            (Some("vi-VN,vi;q=0.9,en;q=0.8"), Lang::Vi),
            (Some("fr, en;q=0.5"), Lang::En),
            (Some("vi;q=0.4, en;q=0.5"), Lang::En),
            (Some("en, vi"), Lang::En),
            (Some("vi, en"), Lang::Vi),
            (Some("fr"), Lang::Vi),
            (Some("en;q=0"), Lang::Vi),
            (Some("en;q=nan"), Lang::Vi),
        ];
        for (asked, expected) in rows {
            let mut headers = HeaderMap::new();
            if let Some(asked) = asked {
                headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(asked));
            }
            assert_eq!(language(&headers), expected, "{asked:?}");
        }
    }

    #[test]
    fn a_token_is_taken_from_one_header_only() {
        let rows = [
            ("Bearer ctm_1", Some("ctm_1")),
            ("bearer  ctm_1 ", Some("ctm_1")),
            ("Bearer 1", None),
            ("Basic ctm_1", None),
            ("ctm_1", None),
            ("", None),
        ];
        for (given, expected) in rows {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, HeaderValue::from_static(given));
            assert_eq!(bearer(&headers), expected, "{given}");
        }
    }
}
