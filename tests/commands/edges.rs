//! What is let in, and in which form.

use runtime::command::KEY_BYTES_MAX;
use serde_json::json;

use super::desk::{Place, command, data, demand_clean, on_both, open};

on_both!(
    text_is_kept_in_one_form,
    what_a_database_cannot_keep_is_refused_at_the_edge,
    one_bad_command_does_not_fail_its_neighbours,
);

async fn text_is_kept_in_one_form(place: Place) {
    let runtime = place.runtime().await;
    let opened = open(&runtime, "counter", "1").await;
    let decomposed = "Co\u{302}\u{323}t Mo\u{302}\u{301}c";
    let note = command(&opened.case_id, "note", json!({ "text": decomposed }), "a");
    runtime.send(note).await.unwrap();
    assert_eq!(data(&runtime, &opened.case_id).await["note"], "Cột Mốc");
    demand_clean(&runtime).await;
}

async fn what_a_database_cannot_keep_is_refused_at_the_edge(place: Place) {
    let runtime = place.runtime().await;
    let opened = open(&runtime, "counter", "1").await;
    let case_id = opened.case_id.as_str();
    let cases = [
        (command(case_id, "note", json!({ "text": "a\0b" }), "a"), "/text"),
        (command(case_id, "add", json!({ "n": 9_007_199_254_740_992_i64 }), "b"), "/n"),
        (command(case_id, "add", json!({}), ""), "its key is empty"),
        (command(case_id, "add", json!({}), &"k".repeat(KEY_BYTES_MAX + 1)), "longer than 200"),
        (command(case_id, "", json!({}), "c"), "its event is empty"),
        (command("a\0", "add", json!({}), "d"), "NUL"),
    ];
    for (command, words) in cases {
        let error = runtime.send(command).await.unwrap_err();
        assert_eq!(error.code(), "malformed");
        assert!(error.to_string().contains(words), "{error} does not say {words}");
    }
}

async fn one_bad_command_does_not_fail_its_neighbours(place: Place) {
    let runtime = place.runtime().await;
    let mut commands = Vec::new();
    for key in 0..20 {
        let opened = open(&runtime, "counter", &key.to_string()).await;
        let event = if key % 2 == 0 { "add" } else { "close" };
        commands.push(command(&opened.case_id, event, json!({}), "a"));
    }
    let answers = runtime.send_all(commands).await;
    for (key, answer) in answers.iter().enumerate() {
        assert_eq!(answer.is_ok(), key % 2 == 0, "{key}: {answer:?}");
    }
    demand_clean(&runtime).await;
}
