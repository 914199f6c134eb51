//! Verify finds and names what was changed behind the engine's back, and erasing a person is not it.

use proptest::prelude::{Strategy as _, any};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use runtime::engine::Runtime;
use serde_json::{Value, json};
use store::people::{self, OrganisationRow, PersonRow};

use super::desk::{DAY_MS, MONDAY, Place, command, demand_clean, on_both, open};

on_both!(
    a_log_replays_to_its_head_whatever_was_sent,
    each_flipped_column_is_found_and_named,
    a_cut_tail_is_found_by_the_anchor,
    a_vanished_case_is_found_by_the_anchor,
    tasks_and_timers_that_are_not_the_heads_are_found,
    a_corrupt_case_stops_alone,
    erasing_a_person_leaves_everything_clean,
);

async fn erasing_a_person_leaves_everything_clean(place: Place) {
    let (runtime, cases) = busy(&place).await;
    let store = runtime.store();
    let text = str::to_owned;
    let office = OrganisationRow {
        id: text("office"),
        kind: text("department"),
        name: text("{}"),
        parent_id: None,
        document: text("{}"),
    };
    people::put_organisations(store, &[office]).await.unwrap();
    let anna = PersonRow {
        id: text("anna"),
        organisation: text("office"),
        name: text("Nguyễn Thị An"),
        email: text("an@example.vn"),
        language: text("vi"),
        erased: false,
    };
    people::put_persons(store, &[anna]).await.unwrap();
    let before = runtime.take_anchor().await.unwrap();
    store::personal::erase_person(store, "anna").await.unwrap();
    let erased = people::find_person(store, "anna").await.unwrap().unwrap();
    assert_eq!((erased.name.as_str(), erased.email.as_str(), erased.erased), ("", "", true));
    let verified = runtime.verify().await.unwrap();
    assert!(verified.is_clean(), "{:#?}", verified.findings);
    assert_eq!(verified.anchor, before);
    // The opaque id stays in the log.
    let first = store::log::of_case(store, &cases[0]).await.unwrap().remove(0);
    assert!(first.entry.actor.contains("anna"), "{}", first.entry.actor);
}

/// Commands drawn by the generator, many of which are refused.
async fn storm(runtime: &Runtime, cases: &[String], size: usize, keys: &str) {
    let mut runner = TestRunner::deterministic();
    for key in 0..size {
        let drawn = (any::<u8>(), any::<i16>()).new_tree(&mut runner).unwrap().current();
        let event = ["add", "note", "close", "reopen", "answer"][usize::from(drawn.0) % 5];
        let payload = match event {
            "add" => json!({ "n": drawn.1 }),
            "note" => json!({ "text": format!("ghi chú {}", drawn.1) }),
            _ => Value::Null,
        };
        let case_id = &cases[key % cases.len()];
        // Refusals are part of the storm: they must leave nothing.
        drop(runtime.send(command(case_id, event, payload, &format!("{keys} {key}"))).await);
    }
}

async fn busy(place: &Place) -> (Runtime, Vec<String>) {
    let runtime = place.runtime().await;
    let mut cases = Vec::new();
    for key in 0..4 {
        cases.push(open(&runtime, "counter", &key.to_string()).await.case_id);
    }
    cases.push(open(&runtime, "answer", "4").await.case_id);
    storm(&runtime, &cases, 90, "first").await;
    (runtime, cases)
}

async fn a_log_replays_to_its_head_whatever_was_sent(place: Place) {
    let (runtime, cases) = busy(&place).await;
    runtime.run_to(MONDAY.plus_ms(8 * DAY_MS)).await.unwrap();
    storm(&runtime, &cases, 60, "second").await;
    let verified = runtime.verify().await.unwrap();
    assert!(verified.is_clean(), "{:#?}", verified.findings);
    assert_eq!(verified.cases, 5);
    assert!(verified.entries > 30, "{}", verified.entries);
}

async fn each_flipped_column_is_found_and_named(place: Place) {
    let (runtime, cases) = busy(&place).await;
    let case_id = &cases[0];
    place.tamper(&without_triggers(&place)).await;
    let columns = [
        ("kind", "'notice'"),
        ("semantics", "semantics + 1"),
        ("recorded_at_ms", "recorded_at_ms + 1"),
        ("chart_sha", "chart_sha || '0'"),
        ("calendar_sha", "calendar_sha || '0'"),
        ("actor", "replace(actor, 'anna', 'anne')"),
        ("event", "event || 'x'"),
        ("origin", "'operator'"),
        ("payload", "payload || ' '"),
        ("states", "replace(states, 'open', 'opem')"),
        ("data_sha", "data_sha || '0'"),
        ("effects", "effects || ' '"),
        ("terms", "terms || ' '"),
        ("snapshot", "'{}'"),
        ("prev_hash", "prev_hash || '0'"),
        ("hash", "hash || '0'"),
    ];
    for (column, flipped) in columns {
        place.tamper(&format!("CREATE TABLE kept AS SELECT seq, {column} AS old FROM log")).await;
        let changed = place
            .tamper(&format!(
                "UPDATE log SET {column} = {flipped} WHERE case_id = '{case_id}' AND revision = 2"
            ))
            .await;
        assert_eq!(changed, 1, "{column}");
        let findings = runtime.verify().await.unwrap().findings;
        let named = findings.iter().any(|finding| {
            finding.case_id == *case_id && finding.kind == "chain" && finding.what.contains('2')
        });
        assert!(named, "{column}: {findings:?}");
        assert!(findings.iter().all(|finding| finding.case_id == *case_id), "{findings:?}");
        place
            .tamper(&format!(
                "UPDATE log SET {column} = (SELECT old FROM kept WHERE kept.seq = log.seq)"
            ))
            .await;
        place.tamper("DROP TABLE kept").await;
    }
    demand_clean(&runtime).await;
}

/// What takes away the guards that keep the log append-only.
pub(crate) fn without_triggers(place: &Place) -> String {
    if place.url.starts_with("sqlite:") {
        return "DROP TRIGGER log_is_never_updated; DROP TRIGGER log_is_never_deleted".to_owned();
    }
    "ALTER TABLE log DISABLE TRIGGER USER".to_owned()
}

async fn a_cut_tail_is_found_by_the_anchor(place: Place) {
    let (runtime, cases) = busy(&place).await;
    let anchor = runtime.take_anchor().await.unwrap();
    assert_eq!(runtime.verify().await.unwrap().anchor, anchor);
    let case_id = &cases[1];
    place.tamper(&without_triggers(&place)).await;
    // Cut the tail and set the head back, so that chain and replay hold.
    place
        .tamper(&format!(
            "DELETE FROM log WHERE case_id = '{case_id}' AND revision =
            (SELECT max(revision) FROM log WHERE case_id = '{case_id}')"
        ))
        .await;
    let findings = runtime.verify().await.unwrap().findings;
    let named = findings.iter().any(|one| one.case_id == *case_id && one.kind == "missing");
    assert!(named, "{findings:?}");
}

async fn a_vanished_case_is_found_by_the_anchor(place: Place) {
    let (runtime, cases) = busy(&place).await;
    let first = runtime.take_anchor().await.unwrap();
    assert_eq!(runtime.take_anchor().await.unwrap(), first, "nothing moved in between");
    runtime.send(command(&cases[2], "note", json!({ "text": "x" }), "last")).await.ok();
    open(&runtime, "counter", "another").await;
    assert_ne!(runtime.take_anchor().await.unwrap(), first);
    demand_clean(&runtime).await;
    let case_id = &cases[2];
    place.tamper(&without_triggers(&place)).await;
    for table in ["log", "cases", "receipts", "tasks", "timers"] {
        place.tamper(&format!("DELETE FROM {table} WHERE case_id = '{case_id}'")).await;
    }
    let findings = runtime.verify().await.unwrap().findings;
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!((findings[0].case_id.as_str(), findings[0].kind), (case_id.as_str(), "missing"));
}

async fn tasks_and_timers_that_are_not_the_heads_are_found(place: Place) {
    let (runtime, cases) = busy(&place).await;
    let case_id = &cases[4];
    let changes = [
        ("UPDATE tasks SET role = 'nobody'", "tasks"),
        ("DELETE FROM timers WHERE name LIKE 'due:%'", "timers"),
        ("UPDATE cases SET decision = decision + 1 WHERE chart = 'answer'", "head"),
    ];
    for (change, kind) in changes {
        place.tamper(change).await;
        let findings = runtime.verify().await.unwrap().findings;
        let named = findings.iter().any(|one| one.case_id == *case_id && one.kind == kind);
        assert!(named, "{change}: {findings:?}");
    }
}

async fn a_corrupt_case_stops_alone(place: Place) {
    let (runtime, cases) = busy(&place).await;
    runtime.close().await;
    let (bad, good) = (&cases[0], &cases[1]);
    place.tamper(&format!("UPDATE cases SET snapshot = '[]' WHERE case_id = '{bad}'")).await;
    let runtime = place.runtime().await;
    let answers = runtime
        .send_all(vec![
            command(bad, "note", json!({ "text": "x" }), "x"),
            command(good, "fly", json!({}), "x"),
        ])
        .await;
    let codes: Vec<_> = answers.iter().map(|one| one.as_ref().unwrap_err().code()).collect();
    assert_eq!(codes, ["corrupt", "unknown"]);
}
