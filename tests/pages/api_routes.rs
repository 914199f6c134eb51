//! Every operation of the API with the scope it needs, and every answer it says it may give.

use std::collections::BTreeSet;

use app::web::tokens::Scope;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::browser::{Place, shared};
use crate::program::sent;

/// (operation, method, path, the scopes of which one is needed).
const OPERATIONS: [(&str, &str, &str, &[Scope]); 14] = [
    ("listCases", "get", "/cases", &[Scope::Read]),
    ("showCase", "get", "/cases/{id}", &[Scope::Read]),
    ("listActions", "get", "/cases/{id}/actions", &[Scope::Read]),
    ("act", "post", "/cases/{id}/actions/{name}", &[Scope::Act]),
    ("listEntries", "get", "/cases/{id}/entries", &[Scope::Read]),
    ("feed", "get", "/entries", &[Scope::Read]),
    ("stream", "get", "/entries/stream", &[Scope::Read]),
    ("listTasks", "get", "/tasks", &[Scope::Read]),
    ("listReports", "get", "/reports", &[Scope::Read]),
    ("showReport", "get", "/reports/{platform}/{period}", &[Scope::Read]),
    ("putReport", "put", "/reports/{platform}/{period}", &[Scope::Report, Scope::Act]),
    ("listPlatforms", "get", "/platforms", &[Scope::Read]),
    ("showCalendar", "get", "/calendar/{year}", &[Scope::Read]),
    ("me", "get", "/me", &[Scope::Read]),
];

async fn document(place: &Place) -> Value {
    let request = Request::get("/api/openapi.json").body(Body::empty()).unwrap();
    sent(&place.router, request).await.body
}

/// `route` with what stands in braces filled in.
fn filled(place: &Place, platform: &str, route: &str) -> String {
    let path = route
        .replace("{id}", &place.report)
        .replace("{name}", "submit")
        .replace("{platform}", platform)
        .replace("{period}", "2022-11")
        .replace("{year}", "2022");
    format!("/api/v1{path}")
}

/// The platform of the report.
async fn platform(place: &Place) -> String {
    let store = place.runtime.store();
    let head = store::cases::find(store, &place.report).await.unwrap().unwrap();
    head.subject.split('/').nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn every_operation_is_listed_here_with_its_scope() {
    let place = shared().await;
    let document = document(&place).await;
    assert_eq!(document["openapi"], "3.1.0");
    let mut written = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let scopes = operation["security"][0]["token"].to_string();
            let id = operation["operationId"].as_str().unwrap().to_owned();
            written.insert((id, method.clone(), path.clone(), scopes));
        }
    }
    let listed = OPERATIONS.map(|(id, method, path, scopes)| {
        let scopes: Vec<&str> = scopes.iter().map(|scope| scope.word()).collect();
        (id.to_owned(), method.to_owned(), path.to_owned(), json!(scopes).to_string())
    });
    assert_eq!(written, BTreeSet::from(listed));
}

#[tokio::test]
async fn a_token_is_good_for_its_scopes_and_nothing_else() {
    let place = shared().await;
    let platform = platform(&place).await;
    for (id, method, route, scopes) in OPERATIONS {
        let path = filled(&place, &platform, route);
        let request = Request::builder().method(method.to_uppercase().as_str()).uri(&path);
        let nobody = sent(&place.router, request.body(Body::empty()).unwrap()).await;
        assert_eq!(nobody.status, StatusCode::UNAUTHORIZED, "{id}");
        for scope in Scope::ALL {
            let program = place.program(&place.enterprise, &[scope]).await;
            let request = Request::builder().method(method.to_uppercase().as_str()).uri(&path);
            let reply = program.ask(request, Body::empty()).await;
            let is_shut = (reply.status, reply.code()) == (StatusCode::FORBIDDEN, "scope");
            assert_eq!(is_shut, !scopes.contains(&scope), "{id} {scope:?}: {}", reply.body);
        }
    }
}

/// What leads to a documented answer: the operation, how it is asked, and the status.
type Try = (&'static str, String, Vec<(&'static str, String)>, Option<Value>, u16);

fn reads(place: &Place, platform: &str) -> Vec<Try> {
    let mut tries = Vec::new();
    for (id, method, route, _) in OPERATIONS.iter().filter(|one| one.1 == "get") {
        assert_eq!(*method, "get");
        let path = filled(place, platform, route);
        tries.push((*id, path.clone(), vec![], None, 200));
        if *id != "stream" {
            tries.push((*id, path.clone(), vec![("if-none-match", "*".to_owned())], None, 304));
        }
        tries.push((*id, format!("{path}?x=%00"), vec![], None, 400));
        tries.push((*id, path.clone(), vec![("authorization", "Bearer x".to_owned())], None, 401));
        tries.push((*id, path.clone(), vec![("scope", "act".to_owned())], None, 403));
        let nowhere = path
            .replace(&place.report, "00000000-0000-0000-0000-000000000000")
            .replace("2022-11", "1999-01")
            .replace("/calendar/2022", "/calendar/1999");
        if nowhere != path {
            tries.push((*id, nowhere, vec![], None, 404));
        }
    }
    tries
}

fn writes(place: &Place, platform: &str) -> Vec<Try> {
    let good = json!({
        "indicators": { "users_registered": 1_250_000 }, "not_available": [], "notes": {},
        "narrative": { "results": "Xong" }, "nil_report": false,
    });
    let mut poor = good.clone();
    poor["indicators"] = json!({});
    let act = filled(place, platform, "/cases/{id}/actions/{name}");
    let put = filled(place, platform, "/reports/{platform}/{period}");
    let mut tries = Vec::new();
    for (id, path, gone) in [
        ("act", act.clone(), act.replace(&place.report, "00000000-0000-0000-0000-000000000000")),
        ("putReport", put.clone(), put.replace("2022-11", "1999-01")),
    ] {
        let rehearsed = if id == "act" { "dry_run" } else { "validate_only" };
        let rehearsed = format!("{path}?{rehearsed}=true");
        let with = |more: &[(&'static str, &str)]| {
            let usual = [("if-match", "*"), ("idempotency-key", "k")];
            let kept = usual.iter().filter(|(name, _)| !more.iter().any(|(own, _)| own == name));
            let all = kept.chain(more).filter(|(_, value)| *value != "-");
            all.map(|(name, value)| (*name, (*value).to_owned())).collect::<Vec<_>>()
        };
        let content = || Some(good.clone());
        tries.extend([
            (id, rehearsed.clone(), with(&[]), content(), 200),
            (id, format!("{path}?x=1"), with(&[]), content(), 400),
            (id, path.clone(), with(&[("authorization", "Bearer x")]), content(), 401),
            (id, path.clone(), with(&[("scope", "read")]), content(), 403),
            (id, gone, with(&[]), content(), 404),
            (id, rehearsed.clone(), with(&[]), Some(poor.clone()), 409),
            (id, rehearsed.clone(), with(&[("if-match", "\"99\"")]), content(), 412),
            (id, path.clone(), with(&[]), Some(json!("x".repeat(2 << 20))), 413),
            (id, path.clone(), with(&[("content-type", "text/plain")]), content(), 415),
            (id, rehearsed.clone(), with(&[]), Some(json!({ "indicators": 1 })), 422),
            (id, path.clone(), with(&[("if-match", "-")]), content(), 428),
        ]);
    }
    tries
}

#[tokio::test]
async fn every_documented_answer_is_given_and_has_the_documented_form() {
    let place = Place::sqlite().await;
    let platform = platform(&place).await;
    let document = document(&place).await;
    let all = place.program(&place.enterprise, &Scope::ALL).await;
    let acting = place.program(&place.enterprise, &[Scope::Act]).await;
    let reading = place.program(&place.enterprise, &[Scope::Read]).await;
    let mut given = BTreeSet::new();
    for (id, path, headers, body, status) in
        reads(&place, &platform).into_iter().chain(writes(&place, &platform))
    {
        let (_, method, route, _) = OPERATIONS.iter().find(|one| one.0 == id).unwrap();
        let scope = headers.iter().find(|(name, _)| *name == "scope");
        let program = match scope.map(|(_, scope)| scope.as_str()) {
            Some("act") => &acting,
            Some(_) => &reading,
            None => &all,
        };
        let mut request = Request::builder().method(method.to_uppercase().as_str()).uri(&path);
        if body.is_some() && !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers.iter().filter(|(name, _)| *name != "scope") {
            request = request.header(*name, value);
        }
        let content = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let is_forged = headers.iter().any(|(name, _)| *name == "authorization");
        let reply = if is_forged {
            sent(&place.router, request.body(content).unwrap()).await
        } else {
            program.ask(request, content).await
        };
        assert_eq!(reply.status.as_u16(), status, "{id} {path}: {}", reply.body);
        let told = &document["paths"][route][method]["responses"][status.to_string()];
        assert!(told.is_object(), "{id} does not document {status}");
        let kind = told["content"].as_object().map(|kinds| kinds.keys().next().unwrap().as_str());
        assert_eq!(reply.header("content-type"), kind.unwrap_or_default(), "{id} {status}");
        given.insert((id.to_owned(), status.to_string()));
    }
    let mut documented = BTreeSet::new();
    for methods in document["paths"].as_object().unwrap().values() {
        for operation in methods.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            for status in operation["responses"].as_object().unwrap().keys() {
                documented.insert((id.to_owned(), status.clone()));
            }
        }
    }
    // A database that does not answer is not to be had in a test of the pages.
    documented.retain(|(_, status)| status != "503");
    assert_eq!(documented, given);
}

#[tokio::test]
async fn the_document_is_a_page_too_and_each_problem_has_its_own() {
    let place = shared().await;
    let mut browser = place.browser();
    let page = browser.get("/api/docs").await;
    assert_eq!(page.status, StatusCode::OK);
    for (id, method, path, _) in OPERATIONS {
        assert!(page.text.contains(&format!("id=\"{id}\"")), "{id}");
        assert!(page.text.contains(&format!("{} /api/v1{path}", method.to_uppercase())), "{id}");
    }
    assert!(page.text.contains("Bây giờ làm được gì với hồ sơ"));
    assert!(page.text.contains("curl -X PUT"), "a line for a shell");
    let mut words = BTreeSet::new();
    for part in page.text.split("/api/problems/").skip(1) {
        words.insert(part.split('"').next().unwrap().to_owned());
    }
    assert_eq!(words.len(), 19);
    for word in words {
        let page = browser.get(&format!("/api/problems/{word}")).await;
        assert_eq!(page.status, StatusCode::OK, "{word}");
    }
    assert_eq!(browser.get("/api/problems/none").await.status, StatusCode::NOT_FOUND);
    browser.lang = "en";
    let page = browser.get("/api/docs").await;
    assert!(page.text.contains("Hands in the report of the organisation of the token"));
}
