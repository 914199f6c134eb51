//! The API: what programs work with, by the same rules and in the same words as the pages.
//!
//! Every route is written with its documentation ([`utoipa`]), so that none can be added without; what may be seen
//! is decided in [`super::see`], what may be done in the step, what a token may be used for in [`caller`].
//!
//! Reading order: [`routes`] and [`speak`], [`caller`], [`problem`], then a module for each kind of resource;
//! [`document`] makes the OpenAPI document of them and [`docs`] its page.
//!
//! **Invariant:** no cookie is read here; nothing is written but through the runtime and `store::tokens`.

mod actions;
mod caller;
mod cases;
mod codes;
pub(super) mod docs;
mod document;
mod entries;
mod given;
mod problem;
mod programme;
mod report;
mod reports;
mod shapes;
mod stream;
mod tasks;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use chart::definition::Text;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use codes::Code;
use problem::Problem;

/// Where the API lies.
pub(super) const BASE: &str = "/api/v1";
/// How much of an answer of the framework is read to tell it in ours.
const TOLD_BYTES_MAX: usize = 4_096;

/// Every route with its documentation.
fn all() -> OpenApiRouter<Arc<Site>> {
    OpenApiRouter::with_openapi(document::frame())
        .routes(routes!(cases::list))
        .routes(routes!(cases::show))
        .routes(routes!(actions::list))
        .routes(routes!(actions::send))
        .routes(routes!(entries::of_case))
        .routes(routes!(entries::feed))
        .routes(routes!(stream::stream))
        .routes(routes!(tasks::list))
        .routes(routes!(reports::list))
        .routes(routes!(report::show, report::put))
        .routes(routes!(programme::platforms))
        .routes(routes!(programme::calendar))
        .routes(routes!(programme::me))
}

/// The routes below [`BASE`].
pub(super) fn routes() -> Router<Arc<Site>> {
    let (router, _) = all().split_for_parts();
    router
        .fallback(async || Problem::of(Code::NotFound))
        .method_not_allowed_fallback(async || Problem::of(Code::Method))
        .layer(from_fn(speak))
}

/// What the routes say of themselves.
fn described() -> OpenApi {
    all().into_openapi()
}

/// Writes problems in the language of whoever asked, and leaves out what they have already.
async fn speak(request: Request, next: Next) -> Response {
    let lang = caller::language(request.headers());
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    // No text of ours has a NUL, and one database takes none.
    let mut response = if request.uri().path_and_query().is_some_and(has_nul) {
        Problem::unusable("%00", "không văn bản nào có ký tự này", "no text has this character")
            .spoken(lang)
    } else {
        told(next.run(request).await, lang).await
    };
    if reads && response.status() == StatusCode::OK && is_known(&response, known.as_ref()) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
        response.headers_mut().remove(header::CONTENT_TYPE);
    }
    let fixed = [
        (header::CONTENT_LANGUAGE, lang.code()),
        (header::VARY, "accept-language, authorization"),
        (header::CACHE_CONTROL, "private, no-cache"),
    ];
    for (name, value) in fixed {
        response.headers_mut().append(name, HeaderValue::from_static(value));
    }
    response
}

fn has_nul(at: &axum::http::uri::PathAndQuery) -> bool {
    at.as_str().contains("%00")
}

/// `response` with its problem in words, be it ours or one of the framework.
async fn told(response: Response, lang: crate::cli::Lang) -> Response {
    let (mut parts, body) = response.into_parts();
    let is_error = parts.status.is_client_error() || parts.status.is_server_error();
    if !is_error {
        return Response::from_parts(parts, body);
    }
    let mut response = if let Some(problem) = parts.extensions.remove::<Problem>() {
        problem.spoken(lang)
    } else {
        let words = to_bytes(body, TOLD_BYTES_MAX).await.unwrap_or_default();
        let words = String::from_utf8_lossy(&words).into_owned();
        let mut problem = Problem::of(Code::of_status(parts.status));
        if !words.is_empty() && parts.status == StatusCode::BAD_REQUEST {
            problem =
                problem.saying(Text { vi: format!("Yêu cầu sai dạng: {words}"), en: words });
        }
        problem.spoken(lang)
    };
    if let Some(allow) = parts.headers.remove(header::ALLOW) {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}

/// Whether whoever asks has this answer already.
fn is_known(response: &Response, known: Option<&HeaderValue>) -> bool {
    let tag = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok());
    let (Some(tag), Some(known)) = (tag, known.and_then(|known| known.to_str().ok())) else {
        return false;
    };
    let mut known = known.split(',').map(str::trim);
    known.any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}
