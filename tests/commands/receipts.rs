//! What a sender is told: receipts, refusals, staleness, keys.

use runtime::command::SendError;
use serde_json::{Value, json};

use super::desk::{Place, command, data, demand_clean, entries, on_both, open, opening};

on_both!(
    a_command_is_answered_when_it_is_written,
    the_same_key_and_body_give_the_same_receipt,
    the_same_key_with_another_body_is_refused,
    a_refusal_leaves_nothing_and_its_key_may_be_used_again,
    a_stale_page_is_told_so,
    opening_twice_opens_once,
    an_unknown_case_chart_or_event_is_named,
);

async fn a_command_is_answered_when_it_is_written(place: Place) {
    let runtime = place.runtime().await;
    let opened = open(&runtime, "counter", "1").await;
    assert_eq!((opened.revision, opened.decision), (1, 1));
    assert_eq!(opened.states, ["open"]);
    let receipt =
        runtime.send(command(&opened.case_id, "add", json!({ "n": 3 }), "a")).await.unwrap();
    assert_eq!((receipt.revision, receipt.decision), (2, 2));
    // Another process sees it at once: it was durable before it was answered.
    let other = place.runtime().await;
    assert_eq!(data(&other, &opened.case_id).await["count"], 3);
    demand_clean(&other).await;
}

async fn the_same_key_and_body_give_the_same_receipt(place: Place) {
    let runtime = place.runtime().await;
    let opened = open(&runtime, "counter", "1").await;
    let add = command(&opened.case_id, "add", json!({ "n": 3 }), "a");
    let first = runtime.send(add.clone()).await.unwrap();
    runtime.send(command(&opened.case_id, "add", json!({ "n": 1 }), "b")).await.unwrap();
    assert_eq!(runtime.send(add.clone()).await.unwrap(), first);
    let other = place.runtime().await;
    assert_eq!(other.send(add).await.unwrap(), first);
    assert_eq!(data(&other, &opened.case_id).await["count"], 4);
    assert_eq!(entries(&other, &opened.case_id).await.len(), 3);
}

async fn the_same_key_with_another_body_is_refused(place: Place) {
    let runtime = place.runtime().await;
    let opened = open(&runtime, "counter", "1").await;
    runtime.send(command(&opened.case_id, "add", json!({ "n": 3 }), "a")).await.unwrap();
    let again = runtime.send(command(&opened.case_id, "add", json!({ "n": 4 }), "a")).await;
    assert!(matches!(again, Err(SendError::KeyReused { .. })), "{again:?}");
    assert_eq!(data(&runtime, &opened.case_id).await["count"], 3);
}

async fn a_refusal_leaves_nothing_and_its_key_may_be_used_again(place: Place) {
    let runtime = place.runtime().await;
    let opened = open(&runtime, "counter", "1").await;
    let close = command(&opened.case_id, "close", Value::Null, "c");
    let refused = runtime.send(close.clone()).await.unwrap_err();
    assert_eq!(refused.code(), "requirements");
    assert_eq!(refused.to_string(), "Nothing was counted.");
    assert_eq!(entries(&runtime, &opened.case_id).await.len(), 1);
    runtime.send(command(&opened.case_id, "add", json!({}), "a")).await.unwrap();
    assert_eq!(runtime.send(close).await.unwrap().states, ["shut"]);
}

async fn a_stale_page_is_told_so(place: Place) {
    let runtime = place.runtime().await;
    let opened = open(&runtime, "counter", "1").await;
    let add = |key: &str| command(&opened.case_id, "add", json!({}), key).expecting(1);
    runtime.send(add("a")).await.unwrap();
    let stale = runtime.send(add("b")).await;
    let expected =
        SendError::Stale { case_id: opened.case_id.clone(), expected: Some(1), decision: 2 };
    assert_eq!(stale, Err(expected));
    // The page that had sent the first command still gets its receipt.
    assert_eq!(runtime.send(add("a")).await.unwrap().decision, 2);
}

async fn opening_twice_opens_once(place: Place) {
    let runtime = place.runtime().await;
    let first = open(&runtime, "counter", "1").await;
    assert_eq!(runtime.send(opening("counter", "1")).await.unwrap(), first);
    let other = place.runtime().await;
    assert_eq!(other.send(opening("counter", "1")).await.unwrap(), first);
    assert_ne!(open(&runtime, "counter", "2").await.case_id, first.case_id);
}

async fn an_unknown_case_chart_or_event_is_named(place: Place) {
    let runtime = place.runtime().await;
    let opened = open(&runtime, "counter", "1").await;
    let cases = [
        (command("nobody", "add", json!({}), "a"), "no_case", "nobody"),
        (opening("nothing", "9"), "no_chart", "nothing"),
        (command(&opened.case_id, "fly", json!({}), "b"), "unknown", "fly"),
        (command(&opened.case_id, "reopen", json!({}), "c"), "not_handled", "open"),
        (command(&opened.case_id, "note", json!({ "text": 1 }), "d"), "payload", "note"),
    ];
    for (command, code, word) in cases {
        let error = runtime.send(command).await.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(word), "{error} does not name {word}");
    }
    demand_clean(&runtime).await;
}
