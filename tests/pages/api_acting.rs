//! What programs do: once however often it is sent, never on a case that moved on, and not at all in a rehearsal.

use app::web::tokens::Scope;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};
use store::cases;

use crate::browser::Place;
use crate::program::{Program, Reply};

const API: &str = "/api/v1";

/// A header by name.
type Header = (&'static str, &'static str);

fn content() -> Value {
    json!({
        "indicators": { "users_registered": 1_250_000 }, "not_available": [], "notes": {},
        "narrative": { "results": "Ho\u{300}a tha\u{300}nh" }, "nil_report": false,
    })
}

async fn revision(place: &Place) -> i64 {
    cases::find(place.runtime.store(), &place.report).await.unwrap().unwrap().revision
}

async fn act(
    program: &Program,
    place: &Place,
    name: &str,
    (tag, key): (&str, &str),
    body: &Value,
) -> Reply {
    let path = format!("{API}/cases/{}/actions/{name}", place.report);
    let headers = [("if-match", tag), ("idempotency-key", key)];
    program.write("POST", &path, &headers, body).await
}

async fn tag_of(program: &Program, path: &str) -> String {
    program.get(path).await.header("etag").to_owned()
}

async fn a_report_is_submitted_once(place: &Place) {
    let program = place.program(&place.enterprise, &[Scope::Read, Scope::Act]).await;
    let actions = program.get(&format!("{API}/cases/{}/actions", place.report)).await;
    let allowed = actions.body["allowed"].as_array().unwrap();
    let submit = allowed.iter().find(|one| one["name"] == "submit").unwrap();
    assert_eq!(submit["title"], "Nộp báo cáo");
    assert!(submit["schema"]["properties"]["indicators"].is_object());
    let tag = actions.header("etag").to_owned();
    // A rehearsal says what would come of it, and writes nothing.
    let path = format!("{API}/cases/{}/actions/submit?dry_run=true", place.report);
    let headers = [("if-match", tag.as_str()), ("idempotency-key", "k-1")];
    let tried = program.write("POST", &path, &headers, &content()).await;
    assert_eq!(tried.status, StatusCode::OK, "{}", tried.body);
    assert_eq!((&tried.body["dry_run"], &tried.body["revision"]), (&json!(true), &json!(2)));
    assert_eq!(tried.body["effect"]["tasks_opened"][0]["title"], "Xem báo cáo đã nộp");
    assert_eq!(tried.body["effect"]["tasks_ended"][0]["state"], "owed_by_enterprise");
    assert_eq!(tried.body["effect"]["told"][0]["role"], "core_enterprise");
    assert_eq!(revision(place).await, 1, "nothing was written");
    let first = act(&program, place, "submit", (&tag, "k-1"), &content()).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.body);
    assert_eq!(first.body["place"], "Đã nộp – chờ xem xét");
    assert_eq!(first.body["effect"], Value::Null);
    let again = act(&program, place, "submit", (&tag, "\"k-1\""), &content()).await;
    assert_eq!((again.status, &again.body), (StatusCode::OK, &first.body), "the same answer");
    assert_eq!(revision(place).await, 2, "opened, submitted, and nothing twice");
    let head = cases::find(place.runtime.store(), &place.report).await.unwrap().unwrap();
    assert!(head.snapshot.contains("Hòa thành"), "texts are NFC");
    let other = act(&program, place, "submit", (&tag, "k-1"), &json!({ "nil_report": true })).await;
    assert_eq!((other.status, other.code()), (StatusCode::UNPROCESSABLE_ENTITY, "key_reused"));
    let stale = act(&program, place, "correct", (&tag, "k-2"), &content()).await;
    assert_eq!((stale.status, stale.code()), (StatusCode::PRECONDITION_FAILED, "stale"));
    assert!(stale.body["detail"].as_str().unwrap().contains("vừa được người khác xử lý"));
    let done = act(&program, place, "submit", (first.header("etag"), "k-3"), &content()).await;
    assert_eq!((done.status, done.code()), (StatusCode::CONFLICT, "not_handled"));
}

#[tokio::test]
async fn a_report_is_submitted_once_on_sqlite() {
    a_report_is_submitted_once(&Place::sqlite().await).await;
}

#[tokio::test]
async fn a_report_is_submitted_once_on_postgres() {
    a_report_is_submitted_once(&Place::postgres().await).await;
}

#[tokio::test]
async fn what_is_refused_is_told_in_the_words_of_the_pages() {
    let place = Place::sqlite().await;
    let program = place.program(&place.enterprise, &[Scope::Read, Scope::Act]).await;
    let wrong = json!({ "indicators": { "users_registered": -3 }, "nil_report": false });
    let reply = act(&program, &place, "submit", ("*", "k"), &wrong).await;
    assert_eq!((reply.status, reply.code()), (StatusCode::UNPROCESSABLE_ENTITY, "payload"));
    let faults = reply.body["errors"].as_array().unwrap();
    let fault = faults.iter().find(|one| one["pointer"] == "/indicators/users_registered");
    assert_eq!(fault.unwrap()["code"], "minimum", "{}", reply.body);
    let mut missing = content();
    missing["indicators"] = json!({});
    let reply = act(&program, &place, "submit", ("*", "k"), &missing).await;
    assert_eq!((reply.status, reply.code()), (StatusCode::CONFLICT, "requirements"));
    let words = reply.body["detail"].as_str().unwrap();
    assert!(words.contains("Còn chỉ tiêu bắt buộc chưa có số liệu"), "{words}");
    assert_eq!(reply.body["blocked_by"][0]["reason"], words);
    let reply = act(&program, &place, "cancel", ("*", "k"), &json!({ "reasons": "x" })).await;
    assert_eq!((reply.status, reply.code()), (StatusCode::FORBIDDEN, "not_permitted"));
    let unlocks = &reply.body["blocked_by"][0]["unlocked_by"];
    assert_eq!(unlocks["title"], "Cơ quan điều phối chung", "{}", reply.body);
    // A machine's event and one that is not there are no actions of people.
    for name in ["report.received", "dance"] {
        let reply = act(&program, &place, name, ("*", "k"), &json!({})).await;
        assert_eq!((reply.status, reply.code()), (StatusCode::NOT_FOUND, "unknown_action"));
    }
    assert_eq!(revision(&place).await, 1, "nothing was written");
    let english = Program { lang: "en", ..program.clone() };
    let reply = act(&english, &place, "submit", ("*", "k"), &missing).await;
    assert!(reply.body["detail"].as_str().unwrap().starts_with("A required indicator"));
    // The same words stand in the list of what is blocked.
    let actions = program.get(&format!("{API}/cases/{}/actions", place.report)).await;
    let blocked = actions.body["blocked"].as_array().unwrap();
    let cancel = blocked.iter().find(|one| one["name"] == "cancel").unwrap();
    assert_eq!(cancel["roles"][0]["role"], "coordinator");
}

#[tokio::test]
async fn whoever_writes_says_what_they_saw_and_under_which_key() {
    let place = Place::sqlite().await;
    let program = place.program(&place.enterprise, &[Scope::Act]).await;
    let path = format!("{API}/cases/{}/actions/submit", place.report);
    let rows: [(&[Header], u16, &str); 6] = [
        (&[("idempotency-key", "k")], 428, "match_required"),
        (&[("if-match", "*")], 400, "key_required"),
        (&[("if-match", "*"), ("idempotency-key", "")], 400, "key_required"),
        (&[("if-match", "\"99.x\""), ("idempotency-key", "k")], 412, "stale"),
        (&[("if-match", "\"abc\""), ("idempotency-key", "k")], 412, "stale"),
        (&[("if-match", ""), ("idempotency-key", "k")], 412, "stale"),
    ];
    for (headers, status, code) in rows {
        let reply = program.write("POST", &path, headers, &content()).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (status, code), "{headers:?}");
    }
    let send = |kind: Option<&'static str>, body: &'static str| {
        let request = Request::post(&path).header("if-match", "*").header("idempotency-key", "k");
        let request = match kind {
            Some(kind) => request.header(header::CONTENT_TYPE, kind),
            None => request,
        };
        program.ask(request, Body::from(body))
    };
    let rows = [
        (Some("text/plain"), "{}", 415, "media_type"),
        (None, "{}", 415, "media_type"),
        (Some("application/json; charset=utf-8"), "{", 400, "malformed"),
        (Some("application/json"), "{\"narrative\":{\"results\":\"a\\u0000\"}}", 422, "payload"),
        (
            Some("application/json"),
            "{\"indicators\":{\"users_registered\":1e400}}",
            400,
            "malformed",
        ),
        (Some("application/json"), "[]", 422, "payload"),
        // No body is that of an action which needs none; this one waits for figures.
        (None, "", 409, "requirements"),
    ];
    for (kind, body, status, code) in rows {
        let reply = send(kind, body).await;
        let told = (reply.status.as_u16(), reply.code());
        assert_eq!(told, (status, code), "{kind:?} {body}: {}", reply.body);
    }
    let large = json!({ "narrative": { "results": "x".repeat(2 << 20) } });
    let headers = [("if-match", "*"), ("idempotency-key", "k")];
    let reply = program.write("POST", &path, &headers, &large).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (413, "too_large"));
    assert_eq!(revision(&place).await, 1, "nothing was written");
}

async fn a_report_is_handed_in_by_its_address(place: &Place) {
    let program = place.program(&place.enterprise, &[Scope::Read, Scope::Report]).await;
    let listed = program.get(&format!("{API}/reports?period=2022-11")).await;
    let href = listed.body["items"][0]["href"].as_str().unwrap().to_owned();
    let path = href.split_once('?').unwrap().0;
    let report = program.get(path).await;
    assert_eq!(report.body["case"], json!(place.report), "{}", report.body);
    assert_eq!(program.get(&href).await.body, report.body, "the unit's own is what is meant");
    assert_eq!(report.body["required"], json!(["users_registered"]));
    assert_eq!(report.body["previous"]["users_registered"], 1_200_000);
    assert_eq!((&report.body["content"], &report.body["mark"]), (&Value::Null, &json!("awaited")));
    let tag = report.header("etag").to_owned();
    let put = async |query: &str, tag: &str, body: &Value| {
        program.write("PUT", &format!("{path}{query}"), &[("if-match", tag)], body).await
    };
    let wrong = put("?validate_only=true", &tag, &json!({ "indicators": { "x": 1 } })).await;
    assert_eq!((wrong.status.as_u16(), wrong.code()), (422, "payload"));
    let right = put("?validate_only=true", &tag, &content()).await;
    assert_eq!((right.status, &right.body["dry_run"]), (StatusCode::OK, &json!(true)));
    assert_eq!(revision(place).await, 1, "nothing was written");
    let first = put("", &tag, &content()).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.body);
    let again = put("", &tag, &content()).await;
    assert_eq!((again.status, &again.body), (StatusCode::OK, &first.body), "it is idempotent");
    assert_eq!(revision(place).await, 2);
    let mut other = content();
    other["indicators"]["users_registered"] = json!(1_260_000);
    assert_eq!(put("", &tag, &other).await.code(), "stale");
    let tag = tag_of(&program, path).await;
    let unsaid = put("", &tag, &other).await;
    assert!(unsaid.status.is_client_error(), "a correction needs its reason: {}", unsaid.body);
    other["reason"] = json!("Sót số liệu của chi nhánh");
    let corrected = put("", &tag, &other).await;
    assert_eq!(corrected.status, StatusCode::OK, "{}", corrected.body);
    let report = program.get(path).await;
    assert_eq!(report.body["version"], 2);
    assert_eq!(report.body["content"]["indicators"]["users_registered"], 1_260_000);
    assert_eq!(report.body["mark"], "on_time");
    // No report of theirs, and none of ours to anybody else.
    let elsewhere = path.replace("2022-11", "2022-10");
    assert_eq!(program.get(&elsewhere).await.status, StatusCode::NOT_FOUND);
    let stranger = place.program(&place.stranger, &[Scope::Read, Scope::Report]).await;
    assert_eq!(stranger.get(&href).await.status, StatusCode::NOT_FOUND);
    let reply = stranger.write("PUT", path, &[("if-match", "*")], &content()).await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_report_is_handed_in_by_its_address_on_sqlite() {
    a_report_is_handed_in_by_its_address(&Place::sqlite().await).await;
}

#[tokio::test]
async fn a_report_is_handed_in_by_its_address_on_postgres() {
    a_report_is_handed_in_by_its_address(&Place::postgres().await).await;
}
