//! What programs read: by whom, in which pieces, in which words, and nothing twice.

use std::time::Duration;

use app::web::tokens::Scope;
use axum::body::{Body, BodyDataStream};
use axum::http::{Request, StatusCode};
use serde_json::json;
use store::tokens;
use tokio::time::timeout;
use tokio_stream::StreamExt as _;
use tower::ServiceExt as _;

use crate::browser::{Place, shared};
use crate::program::{Program, sent};

const API: &str = "/api/v1";

async fn reader(place: &Place, person: &str) -> Program {
    place.program(person, &[Scope::Read]).await
}

#[tokio::test]
async fn a_program_sees_what_its_person_sees_and_nothing_else() {
    let place = shared().await;
    let rows = [
        (&place.enterprise, StatusCode::OK),
        (&place.coordinator, StatusCode::OK),
        (&place.stranger, StatusCode::NOT_FOUND),
    ];
    for (person, expected) in rows {
        let program = reader(&place, person).await;
        for end in ["", "/actions", "/entries"] {
            let reply = program.get(&format!("{API}/cases/{}{end}", place.report)).await;
            assert_eq!(reply.status, expected, "{person} {end}: {}", reply.body);
        }
        let is_seen = expected == StatusCode::OK;
        for (list, name) in [("cases", "id"), ("reports", "case"), ("entries", "case")] {
            let reply = program.get(&format!("{API}/{list}")).await;
            assert_eq!(reply.status, StatusCode::OK, "{list}: {}", reply.body);
            let is_listed = reply.each(name).contains(&json!(place.report));
            assert_eq!(is_listed, is_seen, "{person} {list}");
        }
    }
    let stranger = reader(&place, &place.stranger).await;
    let here = stranger.get(&format!("{API}/cases/{}", place.report)).await;
    let nowhere = stranger.get(&format!("{API}/cases/00000000-0000-0000-0000-000000000000")).await;
    assert_eq!(here.body, nowhere.body, "nobody can tell a case from none");
}

#[tokio::test]
async fn only_a_token_in_force_is_let_in_and_no_cookie() {
    let place = Place::sqlite().await;
    let program = reader(&place, &place.enterprise).await;
    let me = format!("{API}/me");
    let reply = program.get(&me).await;
    assert_eq!(reply.body["person"]["id"], json!(place.enterprise));
    assert_eq!(reply.body["token"]["scopes"], json!(["read"]));
    let used = tokens::list_tokens(place.runtime.store()).await.unwrap();
    assert!(used[0].seen_at_ms.is_some(), "that it was used is noted");
    // The session of a browser means nothing here.
    let browser = place.signed_in(&place.enterprise).await;
    let cookie = format!("{}={}", browser.cookies[0].0, browser.cookies[0].1);
    let requests = [
        Request::get(&me),
        Request::get(&me).header("cookie", &cookie),
        Request::get(&me).header("authorization", "Bearer ctm_forged"),
        Request::get(&me).header("authorization", format!("Basic {}", program.secret)),
        Request::get(&me).header("authorization", format!("Bearer {}", program.token)),
    ];
    for request in requests {
        let reply = sent(&place.router, request.body(Body::empty()).unwrap()).await;
        assert_eq!((reply.status, reply.code()), (StatusCode::UNAUTHORIZED, "unauthenticated"));
        assert_eq!(reply.header("www-authenticate"), "Bearer");
        assert_eq!(reply.header("content-type"), "application/problem+json");
    }
    let store = place.runtime.store();
    assert!(tokens::revoke_token(store, &program.token, None, "test", 1).await.unwrap());
    assert_eq!(program.get(&me).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_list_leads_on_page_by_page_and_ends() {
    let place = Place::sqlite().await;
    place.round(1, 1..=7).await;
    let program = reader(&place, &place.coordinator).await;
    for (path, name) in
        [("cases", "id"), ("tasks", "case"), ("reports", "case"), ("entries", "hash")]
    {
        let whole = program.get(&format!("{API}/{path}?limit=200")).await;
        let whole = whole.each(name);
        let (mut found, mut next) = (Vec::new(), Some(format!("{API}/{path}?limit=1")));
        while let Some(at) = next {
            let page = program.get(&at).await;
            assert_eq!(page.status, StatusCode::OK, "{at}: {}", page.body);
            assert!(page.each(name).len() <= 1);
            found.extend(page.each(name));
            next = page.next();
        }
        assert_eq!(found, whole, "{path}");
        let is_long = matches!(path, "cases" | "entries");
        assert!(!is_long || whole.len() > 1, "{path}: {}", whole.len());
    }
}

#[tokio::test]
async fn the_feed_goes_on_where_it_was_left() {
    let place = Place::sqlite().await;
    let program = reader(&place, &place.coordinator).await;
    let first = program.get(&format!("{API}/entries")).await;
    assert_eq!(first.body["more"], false);
    let next = first.body["next"].as_str().unwrap().to_owned();
    let after = program.get(&format!("{API}/entries?after={next}")).await;
    assert_eq!(after.body["items"], json!([]));
    assert_eq!(after.body["next"], json!(next), "the place is kept while nothing happens");
    place.round(1, 1..=7).await;
    let after = program.get(&format!("{API}/entries?after={next}")).await;
    let events = after.each("event");
    assert_eq!(events[0], "case.opened", "{events:?}");
    assert!(events.contains(&json!("form_body")), "{events:?}");
    // Somebody on no case of these sees nothing of them, and still gets further.
    let stranger = reader(&place, &place.stranger).await;
    let page = stranger.get(&format!("{API}/entries?after={next}")).await;
    assert_eq!((&page.body["items"], &page.body["more"]), (&json!([]), &json!(false)));
    assert_eq!(page.body["next"], after.body["next"]);
}

/// What comes from `stream` until it holds `words`; fails if nothing comes for long, or it ends before.
async fn until(stream: &mut BodyDataStream, words: &str) -> String {
    let mut text = String::new();
    while !text.contains(words) {
        let next = timeout(Duration::from_secs(20), stream.next()).await;
        let bytes = next.unwrap_or_else(|_| panic!("only {text}")).expect("it goes on").unwrap();
        text.push_str(std::str::from_utf8(&bytes).unwrap());
    }
    text
}

#[tokio::test]
async fn the_stream_goes_on_where_it_was_left_and_ends_with_its_token() {
    let place = Place::sqlite().await;
    let program = reader(&place, &place.coordinator).await;
    let open = async |last: &str| {
        let request = Request::get(format!("{API}/entries/stream")).header("last-event-id", last);
        let request = request.header("authorization", format!("Bearer {}", program.secret));
        let response = place.router.clone().oneshot(request.body(Body::empty()).unwrap()).await;
        let response = response.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        response.into_body().into_data_stream()
    };
    let first = until(&mut open("0-0-0").await, "case.opened").await;
    let (_, id) = first.split_once("id: ").or(first.split_once("id:")).unwrap();
    let id = id.lines().next().unwrap().to_owned();
    let mut stream = open(&id).await;
    place.round(1, 1..=7).await;
    let text = until(&mut stream, "form_body").await;
    assert!(!text.contains(&place.report), "what was seen does not come again: {text}");
    tokens::revoke_token(place.runtime.store(), &program.token, None, "test", 1).await.unwrap();
    let end = timeout(Duration::from_secs(20), async { while stream.next().await.is_some() {} });
    end.await.expect("it ends");
    let wrong = Request::get(format!("{API}/entries/stream?after=x"));
    let program = reader(&place, &place.coordinator).await;
    assert_eq!(program.ask(wrong, Body::empty()).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_is_known_already_is_not_sent_again() {
    let place = shared().await;
    let program = reader(&place, &place.coordinator).await;
    let case = format!("{API}/cases/{}", place.report);
    let paths = [
        case.clone(),
        format!("{case}/actions"),
        format!("{API}/me"),
        format!("{API}/calendar/2022"),
    ];
    for path in paths {
        let first = program.get(&path).await;
        let tag = first.header("etag").to_owned();
        assert!(tag.len() > 10, "{path}: {tag}");
        let again = |tag: &str| Request::get(&path).header("if-none-match", tag);
        for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
            let reply = program.ask(again(&known), Body::empty()).await;
            assert_eq!(reply.status, StatusCode::NOT_MODIFIED, "{path} {known}");
            assert_eq!(reply.header("etag"), tag);
        }
        let reply = program.ask(again("\"x\""), Body::empty()).await;
        assert_eq!(reply.status, StatusCode::OK);
    }
    let english = Program { lang: "en", ..program.clone() };
    let [vi, en] = [program.get(&case).await, english.get(&case).await];
    assert_ne!(vi.header("etag"), en.header("etag"), "each language has its own");
    assert_eq!([vi.header("content-language"), en.header("content-language")], ["vi", "en"]);
    assert_eq!(vi.body["place"], "Chưa nộp");
    assert_eq!(en.body["place"], "Not received");
}

#[tokio::test]
async fn a_case_is_told_as_on_its_page() {
    let place = shared().await;
    let program = reader(&place, &place.enterprise).await;
    let case = program.get(&format!("{API}/cases/{}", place.report)).await.body;
    assert!(case["title"].as_str().unwrap().contains("Báo cáo tháng 11/2022"), "{case}");
    let task = &case["tasks"][0];
    assert_eq!(task["title"], "Lập và nộp báo cáo");
    assert_eq!(task["due"]["words"], "thứ Sáu 25/11/2022");
    assert_eq!(task["due"]["left"], "còn 9 ngày làm việc");
    assert_eq!(task["due"]["at"], "2022-11-26T00:00:00+07:00");
    let period = case["facts"].as_array().unwrap().iter().find(|fact| fact["name"] == "period");
    assert_eq!(period.unwrap()["value"], "2022-11");
    let tasks = program.get(&format!("{API}/tasks")).await;
    assert_eq!(tasks.body["items"][0]["case"]["id"], json!(place.report));
    let late = program.get(&format!("{API}/tasks?overdue=yes")).await;
    assert_eq!(late.body["items"], json!([]));
    let platforms = program.get(&format!("{API}/platforms")).await;
    assert_eq!(platforms.body["items"].as_array().unwrap().len(), 1, "{}", platforms.body);
    let year = program.get(&format!("{API}/calendar/2022")).await;
    let days = year.body["days"].as_array().unwrap();
    assert!(days.iter().any(|day| day["date"] == "2022-09-01" && day["working"] == false));
    assert_eq!(program.get(&format!("{API}/calendar/1999")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_cannot_be_read_is_told_in_the_language_that_was_asked_for() {
    let place = shared().await;
    let program = reader(&place, &place.coordinator).await;
    let rows = [
        "cases?limit=0",
        "cases?limit=201",
        "cases?limit=x",
        "cases?open=maybe",
        "cases?charts=report",
        "cases?after=%00",
        "cases?after=A'--",
        "cases?chart=Report",
        "cases?chart=",
        &format!("cases?q={}", "x".repeat(201)),
        "reports?period=20",
        "reports?platform=",
        "entries?after=1-2",
        "tasks?after=x",
        "tasks?overdue=1",
        "reports?period=2022%2F11",
        "calendar/x",
        "cases/%ff",
    ];
    for path in rows {
        let reply = program.get(&format!("{API}/{path}")).await;
        assert_eq!((reply.status, reply.code()), (StatusCode::BAD_REQUEST, "malformed"), "{path}");
        assert_eq!(reply.body["type"], "/api/problems/malformed");
        assert_eq!(reply.body["title"], "Yêu cầu không đọc được");
        assert_eq!(reply.header("content-language"), "vi");
    }
    let english = Program { lang: "en-GB", ..program.clone() };
    let reply = english.get(&format!("{API}/nowhere")).await;
    assert_eq!((reply.status, reply.code()), (StatusCode::NOT_FOUND, "not_found"));
    assert_eq!(reply.body["title"], "Nothing here that you may see");
    let reply = program.ask(Request::delete(format!("{API}/cases")), Body::empty()).await;
    assert_eq!((reply.status, reply.code()), (StatusCode::METHOD_NOT_ALLOWED, "method"));
    assert!(reply.header("allow").contains("GET"));
}

#[tokio::test]
async fn lists_are_the_same_on_postgres() {
    let place = Place::postgres().await;
    let program = reader(&place, &place.enterprise).await;
    let case = format!("cases/{}", place.report);
    let paths = [
        "cases?q=dn&open=yes&chart=report",
        &case,
        &format!("{case}/actions"),
        &format!("{case}/entries"),
        "tasks?overdue=no",
        "reports?period=2022-11",
        "platforms",
        "me",
    ];
    for path in paths {
        let reply = program.get(&format!("{API}/{path}")).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.body);
    }
    // The feed shows an entry once no older transaction of the server is under way.
    let feed = program.get(&format!("{API}/entries")).await;
    assert_eq!(feed.status, StatusCode::OK, "{}", feed.body);
}
