//! Personal values: apart from the log, compared while they are kept, erased without a trace of harm.

use chart::refusal::Refused;
use runtime::clock::Salts;
use runtime::command::{Command, SendError};
use runtime::personal::kept_in;
use runtime::{Runtime, Setup};
use serde_json::{Value, json};

use super::desk::{Place, command, definition, demand_clean, entries, on_both, open, setup};

on_both!(
    a_personal_value_is_nowhere_but_in_its_own_table,
    a_command_sent_again_gets_its_receipt_before_and_after_erasing,
    the_same_key_with_another_personal_value_is_refused,
    a_personal_value_that_does_not_fit_is_refused_at_the_edge,
    a_personal_value_that_was_changed_is_found,
    an_opening_conceals_too,
    seeded_salts_repeat_themselves,
);

/// Callers leave name and number; only what it is about is the chart's.
const VISITOR: &str = r#"
chart: visitor
version: 1
title: { vi: Khách, en: Visitor }
basis: product
roles:
  clerk: { title: { vi: Người trực, en: Clerk }, holders: "['anna']" }
data:
  type: object
  properties:
    about: { type: string, default: "" }
    guest: { type: string, default: "", x-personal: true }
events:
  call:
    title: { vi: Gọi, en: Call }
    basis: product
    payload:
      type: object
      properties:
        name: { type: string, minLength: 2, x-personal: true }
        phone: { type: string, pattern: "^[0-9 ]+$", x-personal: true }
        about: { type: string }
      required: [ name ]
  leave:
    title: { vi: Về, en: Leave }
    basis: product
    payload: { type: object, properties: { name: { type: string, x-personal: true } } }
initial: inside
states:
  inside:
    title: { vi: Đang ở trong, en: Inside }
    basis: product
    task: { for: clerk, title: { vi: Tiếp, en: Receive } }
    on:
      call: { set: [ { path: data.about, to: event.about } ] }
      leave:
        to: outside
        require:
          - that: "data.about != ''"
            else: { vi: Chưa có việc gì., en: Nothing was asked. }
  outside:
    title: { vi: Đã về, en: Outside }
    basis: product
    type: final
"#;

fn office() -> Setup {
    let mut setup = setup();
    setup.charts.push(definition(VISITOR));
    setup
}

async fn serving(place: &Place) -> Runtime {
    place.runtime_with(office()).await
}

/// The payload of the entry after the opening.
async fn written(runtime: &Runtime, case_id: &str) -> Value {
    let rows = store::log::of_case(runtime.store(), case_id).await.unwrap();
    serde_json::from_str(&rows[1].entry.payload).unwrap()
}

const PHONE: &str = "0912 345 678";

fn call(case_id: &str, key: &str, phone: &str) -> Command {
    let payload = json!({ "name": "Trần Thị Bình", "phone": phone, "about": "giấy phép" });
    command(case_id, "call", payload, key)
}

/// Everything the database holds, but for the table of personal values.
async fn everything_else(place: &Place, words: &str) -> i64 {
    let mut found = 0;
    for (table, column) in [
        ("log", "payload"),
        ("log", "effects"),
        ("log", "trace"),
        ("log", "actor"),
        ("cases", "snapshot"),
        ("receipts", "answer"),
        ("receipts", "body_sha"),
        ("outbox", "body"),
        ("notices", "data"),
        ("inbox", "payload"),
        ("tasks", "title"),
    ] {
        let rows = format!("SELECT count(*) FROM {table} WHERE {column} LIKE '%{words}%'");
        found += place.number(&rows).await;
    }
    found
}

async fn a_personal_value_is_nowhere_but_in_its_own_table(place: Place) {
    let runtime = serving(&place).await;
    let case_id = open(&runtime, "visitor", "1").await.case_id;
    runtime.send(call(&case_id, "a", PHONE)).await.unwrap();
    for words in [PHONE, "Bình"] {
        assert_eq!(everything_else(&place, words).await, 0, "{words}");
    }
    assert_eq!(everything_else(&place, "giấy phép").await, 2, "what is not personal is there");
    let kept = kept_in(&written(&runtime, &case_id).await);
    let pointers: Vec<_> = kept.iter().map(|one| one.pointer.as_str()).collect();
    assert_eq!(pointers, ["/name", "/phone"]);
    let row = store::personal::find(runtime.store(), &kept[1].reference).await.unwrap().unwrap();
    assert_eq!(row.value, format!("{PHONE:?}"));
    assert_eq!(row.person.as_deref(), Some("anna"));
    demand_clean(&runtime).await;
    assert_eq!(store::personal::erase_person(runtime.store(), "anna").await.unwrap(), 2);
    assert_eq!(store::personal::of_case(runtime.store(), &case_id).await.unwrap(), []);
    demand_clean(&runtime).await;
}

async fn a_command_sent_again_gets_its_receipt_before_and_after_erasing(place: Place) {
    let runtime = serving(&place).await;
    let case_id = open(&runtime, "visitor", "1").await.case_id;
    let first = runtime.send(call(&case_id, "a", PHONE)).await.unwrap();
    assert_eq!(runtime.send(call(&case_id, "a", PHONE)).await.unwrap(), first);
    store::personal::erase_person(runtime.store(), "anna").await.unwrap();
    assert_eq!(runtime.send(call(&case_id, "a", PHONE)).await.unwrap(), first);
    let other = serving(&place).await;
    assert_eq!(other.send(call(&case_id, "a", PHONE)).await.unwrap(), first);
    assert_eq!(entries(&other, &case_id).await.len(), 2);
    let kept = store::personal::of_case(other.store(), &case_id).await.unwrap();
    assert_eq!(kept, [], "sending again does not bring back what was erased");
    demand_clean(&other).await;
}

async fn the_same_key_with_another_personal_value_is_refused(place: Place) {
    let runtime = serving(&place).await;
    let case_id = open(&runtime, "visitor", "1").await.case_id;
    runtime.send(call(&case_id, "a", PHONE)).await.unwrap();
    let again = runtime.send(call(&case_id, "a", "0999 999 999")).await;
    assert!(matches!(again, Err(SendError::KeyReused { .. })), "{again:?}");
    demand_clean(&runtime).await;
}

async fn a_personal_value_that_does_not_fit_is_refused_at_the_edge(place: Place) {
    let runtime = serving(&place).await;
    let case_id = open(&runtime, "visitor", "1").await.case_id;
    let forged = json!({ "ref": "r", "commitment": "c" });
    let forged = command(&case_id, "call", json!({ "name": "An", "phone": forged }), "b");
    for command in [call(&case_id, "a", "no number"), forged] {
        let error = runtime.send(command).await.unwrap_err();
        let SendError::Refused(refused) = error else { panic!("{error}") };
        let Refused::Payload { violations, .. } = *refused else { panic!("{refused}") };
        let pointers: Vec<_> = violations.iter().map(|one| one.pointer.as_str()).collect();
        assert_eq!(pointers, ["/phone"]);
    }
    assert_eq!(store::personal::of_case(runtime.store(), &case_id).await.unwrap(), []);
    // A refusal leaves no value behind either.
    let early = command(&case_id, "leave", json!({ "name": "An" }), "c");
    assert_eq!(runtime.send(early).await.unwrap_err().code(), "requirements");
    assert_eq!(store::personal::of_case(runtime.store(), &case_id).await.unwrap(), []);
}

async fn a_personal_value_that_was_changed_is_found(place: Place) {
    let runtime = serving(&place).await;
    let case_id = open(&runtime, "visitor", "1").await.case_id;
    runtime.send(call(&case_id, "a", PHONE)).await.unwrap();
    for change in ["value = '\"An\"'", "salt = salt || '0'", "ref = ref || 'x'"] {
        place.tamper("CREATE TABLE kept AS SELECT * FROM personal").await;
        place.tamper(&format!("UPDATE personal SET {change} WHERE value LIKE '%Bình%'")).await;
        let findings = runtime.verify().await.unwrap().findings;
        let named = findings.iter().any(|one| one.case_id == case_id && one.kind == "personal");
        assert!(named, "{change}: {findings:?}");
        place.tamper("DELETE FROM personal").await;
        place.tamper("INSERT INTO personal SELECT * FROM kept").await;
        place.tamper("DROP TABLE kept").await;
    }
    demand_clean(&runtime).await;
}

async fn an_opening_conceals_too(place: Place) {
    let runtime = serving(&place).await;
    let mut opening = super::desk::opening("visitor", "1");
    opening.opening.as_mut().unwrap().data = json!({ "guest": "Lê Văn Cường" });
    let first = runtime.send(opening.clone()).await.unwrap();
    assert_eq!(runtime.send(opening).await.unwrap(), first);
    assert_eq!(everything_else(&place, "Cường").await, 0);
    let kept = store::personal::of_case(runtime.store(), &first.case_id).await.unwrap();
    assert_eq!(kept.len(), 1);
    demand_clean(&runtime).await;
}

async fn seeded_salts_repeat_themselves(place: Place) {
    let hash = |salts: Salts, place: Place| async move {
        let runtime = place.runtime_with(office().salting(salts)).await;
        let case_id = open(&runtime, "visitor", "1").await.case_id;
        runtime.send(call(&case_id, "a", PHONE)).await.unwrap();
        written(&runtime, &case_id).await
    };
    let first = hash(Salts::Seeded(1), place).await;
    assert_eq!(first, hash(Salts::Seeded(1), Place::sqlite()).await, "on every database");
    assert_ne!(first, hash(Salts::Seeded(2), Place::sqlite()).await);
    assert_ne!(first, hash(Salts::Drawn, Place::sqlite()).await);
}
