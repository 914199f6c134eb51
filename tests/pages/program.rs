//! A program with a token: what it sends, and what comes back.

use app::web::real_ms;
use app::web::tokens::{Minting, Scope};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::request::Builder;
use axum::http::{HeaderMap, Request, StatusCode, header};
use serde_json::Value;
use store::{people, tokens};
use tower::ServiceExt as _;

use crate::browser::Place;

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// The JSON; null where there is none.
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The word of the problem.
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The address of the page after this one.
    pub(crate) fn next(&self) -> Option<String> {
        let link = self.headers.get(header::LINK)?.to_str().unwrap();
        let (address, rest) = link.strip_prefix('<')?.split_once('>')?;
        assert_eq!(rest, "; rel=\"next\"");
        Some(address.to_owned())
    }

    /// The members called `name` of the items.
    pub(crate) fn each(&self, name: &str) -> Vec<Value> {
        self.body["items"].as_array().unwrap().iter().map(|one| one[name].clone()).collect()
    }
}

/// A program that acts for somebody.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) router: Router,
    pub(crate) secret: String,
    /// The id of its token.
    pub(crate) token: String,
    pub(crate) lang: &'static str,
}

impl Place {
    /// A program with a token of `person` for `scopes`.
    pub(crate) async fn program(&self, person: &str, scopes: &[Scope]) -> Program {
        let store = self.runtime.store();
        let found = people::find_person(store, person).await.unwrap().unwrap();
        let minting = Minting {
            name: "Phần mềm thử".to_owned(),
            organisation: found.organisation,
            person: person.to_owned(),
            scopes: scopes.to_vec(),
            days: 1,
            by: "test".to_owned(),
        };
        let (secret, row) = minting.mint(real_ms());
        tokens::add_token(store, &row).await.unwrap();
        Program { router: self.router.clone(), secret, token: row.id, lang: "vi" }
    }
}

impl Program {
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask(Request::get(path), Body::empty()).await
    }

    /// Sends `body` with the headers that writing needs.
    pub(crate) async fn write(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        request = request.header(header::CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.ask(request, Body::from(body.to_string())).await
    }

    pub(crate) async fn ask(&self, request: Builder, body: Body) -> Reply {
        let request = request
            .header(header::AUTHORIZATION, format!("Bearer {}", self.secret))
            .header(header::ACCEPT_LANGUAGE, self.lang)
            .body(body)
            .unwrap();
        sent(&self.router, request).await
    }
}

/// What `router` answers to `request`.
pub(crate) async fn sent(router: &Router, request: Request<Body>) -> Reply {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    // A stream has no end.
    let kind = parts.headers.get(header::CONTENT_TYPE).map(|kind| kind.as_bytes().to_vec());
    if kind.as_deref() == Some(b"text/event-stream") {
        return Reply { status: parts.status, headers: parts.headers, body: Value::Null };
    }
    let bytes = to_bytes(body, 1 << 24).await.unwrap();
    let body = serde_json::from_slice(&bytes).unwrap_or_default();
    Reply { status: parts.status, headers: parts.headers, body }
}
