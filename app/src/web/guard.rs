//! What stands before every page: where a form comes from, and what a browser may do with an answer.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::{Site, signing, trouble};

/// Nothing but our own files: styles, fonts, pictures and the script that saves drafts; none within a page.
const POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; \
    font-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Refuses a form that another site sent: browsers say where a request comes from.
pub(super) async fn same_site(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if reads || is_own(request.headers()) {
        return next.run(request).await;
    }
    let words = "This form was sent by another site. Biểu mẫu này do một trang khác gửi.\n";
    (StatusCode::FORBIDDEN, words).into_response()
}

fn is_own(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            host.is_some() && host == text("host")
        }
        // No browser: then there is no cookie that somebody else could have made it send.
        (None, None) => true,
    }
}

/// Says to the browser what it may load, and to keep no page.
pub(super) async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// Turns what the framework refuses in its own words (a form that is too large, a method that is not
/// taken) into a page of ours.
pub(super) async fn words_of_rejections(
    State(site): State<Arc<Site>>,
    request: Request,
    next: Next,
) -> Response {
    let lang = signing::language(request.headers());
    // No text of ours has a NUL, and one database takes none.
    if request.uri().path_and_query().is_some_and(|at| at.as_str().contains("%00")) {
        return trouble::page_of(&site, StatusCode::BAD_REQUEST, lang);
    }
    let response = next.run(request).await;
    let plain = response.headers().get(header::CONTENT_TYPE);
    let is_plain = plain.is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
    if response.status().is_client_error() && (is_plain || plain.is_none()) {
        return trouble::page_of(&site, response.status(), lang);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_of_another_site_is_told_from_our_own() {
        let rows = [
            (vec![("sec-fetch-site", "same-origin")], true),
            (vec![("sec-fetch-site", "none")], true),
            (vec![("sec-fetch-site", "cross-site")], false),
            (vec![("sec-fetch-site", "same-site")], false),
            (vec![("origin", "https://cotmoc.example"), ("host", "cotmoc.example")], true),
            (vec![("origin", "https://evil.example"), ("host", "cotmoc.example")], false),
            (vec![("origin", "null"), ("host", "cotmoc.example")], false),
            (vec![("host", "cotmoc.example")], true),
        ];
        for (given, expected) in rows {
            let mut headers = HeaderMap::new();
            for (name, value) in &given {
                headers.insert(*name, HeaderValue::from_static(value));
            }
            assert_eq!(is_own(&headers), expected, "{given:?}");
        }
    }
}
