//! Cases written whole: after many entries, and when a program steps otherwise than before.

use std::sync::Arc;

use chart::canonical;
use chart::entry::{Entry, FIRST};
use chart::moment::Timestamp;
use chart::stepped::EntryKind;
use runtime::Runtime;
use runtime::checkpoints::EVERY;
use serde_json::{Value, json};

use super::desk::{Place, command, data, demand_clean, entries, on_both, open};
use super::verify::without_triggers;

on_both!(
    a_long_log_has_checkpoints_and_replays_from_them,
    a_checkpoint_that_is_not_what_the_log_gives_is_found,
    a_case_of_other_semantics_is_written_whole_and_goes_on,
);

/// A counter with so many entries and a few more; the id of its case.
async fn counted(runtime: &Runtime, more: u64) -> String {
    let case_id = open(runtime, "counter", "1").await.case_id;
    for key in 2..EVERY + more {
        let add = command(&case_id, "add", json!({}), &key.to_string());
        let receipt = runtime.send(add).await.unwrap();
        assert_eq!(receipt.kind, "event");
    }
    case_id
}

async fn a_long_log_has_checkpoints_and_replays_from_them(place: Place) {
    let runtime = place.runtime().await;
    let case_id = counted(&runtime, 5).await;
    let kinds: Vec<String> = entries(&runtime, &case_id).await.into_iter().map(|e| e.0).collect();
    let whole: Vec<u64> =
        (1..).zip(&kinds).filter(|(_, kind)| *kind == "checkpoint").map(|(at, _)| at).collect();
    assert_eq!((whole, kinds.len() as u64), (vec![EVERY], EVERY + 5));
    demand_clean(&runtime).await;
    // Another process goes on from the head that the checkpoint left.
    let other = place.runtime().await;
    let counted = data(&other, &case_id).await["count"].clone();
    let receipt = other.send(command(&case_id, "add", json!({}), "z")).await.unwrap();
    assert_eq!(receipt.revision, EVERY + 6);
    assert_eq!(json!(data(&other, &case_id).await["count"]), json!(counted.as_u64().unwrap() + 1));
    // A key from before the checkpoint still has its receipt.
    let again = other.send(command(&case_id, "add", json!({}), "2")).await.unwrap();
    assert_eq!(again.revision, 2);
    demand_clean(&other).await;
}

async fn a_checkpoint_that_is_not_what_the_log_gives_is_found(place: Place) {
    let runtime = place.runtime().await;
    let case_id = counted(&runtime, 1).await;
    place.tamper(&without_triggers(&place)).await;
    // The chain is made whole again, so that only the replay can tell.
    rewrite(&place, &runtime, &case_id, |entry| {
        if entry.kind == EntryKind::Checkpoint {
            let mut whole: Value = serde_json::from_str(&entry.snapshot).unwrap();
            whole["data"]["count"] = json!(7);
            entry.data_sha = canonical::sha256_hex(&canonical::to_string(&whole["data"]));
            entry.snapshot = canonical::to_string(&whole);
        }
    })
    .await;
    let findings = runtime.verify().await.unwrap().findings;
    let named = findings.iter().any(|one| {
        one.case_id == case_id && one.kind == "replay" && one.what.contains(&EVERY.to_string())
    });
    assert!(named, "{findings:?}");
}

async fn a_case_of_other_semantics_is_written_whole_and_goes_on(place: Place) {
    let runtime = place.runtime().await;
    let case_id = open(&runtime, "counter", "1").await.case_id;
    runtime.send(command(&case_id, "add", json!({ "n": 3 }), "a")).await.unwrap();
    let young = open(&runtime, "counter", "2").await.case_id;
    place.tamper(&without_triggers(&place)).await;
    rewrite(&place, &runtime, &case_id, |entry| entry.semantics = 0).await;
    let findings = runtime.verify().await.unwrap().findings;
    assert!(findings.iter().any(|one| one.what.contains("semantics 0")), "{findings:?}");
    place.tamper("UPDATE meta SET value = '0' WHERE key = 'semantics'").await;
    for _ in 0..2 {
        // Written once, whoever opens the database and how often.
        let runtime = place.runtime().await;
        let kinds: Vec<_> = entries(&runtime, &case_id).await.into_iter().map(|e| e.0).collect();
        assert_eq!(kinds, ["event", "event", "checkpoint"]);
        assert_eq!(entries(&runtime, &young).await.len(), 1);
        demand_clean(&runtime).await;
    }
    let runtime = place.runtime().await;
    runtime.send(command(&case_id, "add", json!({}), "b")).await.unwrap();
    assert_eq!(data(&runtime, &case_id).await["count"], 4);
    demand_clean(&runtime).await;
}

/// Changes the entries of a case and makes chain and head whole again.
async fn rewrite(place: &Place, runtime: &Runtime, case_id: &str, change: impl Fn(&mut Entry)) {
    let mut prev_hash = FIRST.to_owned();
    for stored in store::log::of_case(runtime.store(), case_id).await.unwrap() {
        let row = stored.entry;
        let event = json!({ "name": row.event, "origin": row.origin, "child": null });
        let kind = if row.kind == "event" { EntryKind::Event } else { EntryKind::Checkpoint };
        let mut entry = Entry {
            case_id: Arc::from(row.case_id.as_str()),
            revision: u64::try_from(row.revision).unwrap(),
            kind,
            semantics: row.semantics,
            recorded_at: Timestamp(row.recorded_at_ms),
            chart_sha: Arc::from(row.chart_sha.as_str()),
            calendar_sha: row.calendar_sha,
            actor: row.actor,
            event: canonical::to_string(&event),
            payload: row.payload,
            states: row.states,
            data_sha: row.data_sha,
            effects: row.effects,
            terms: row.terms,
            snapshot: row.snapshot.unwrap_or_default(),
            prev_hash,
            hash: String::new(),
        };
        change(&mut entry);
        entry.hash = entry.computed_hash();
        let snapshot = match entry.snapshot.as_str() {
            "" => "NULL".to_owned(),
            text => format!("'{text}'"),
        };
        let Entry { semantics, data_sha, prev_hash: before, hash, revision, .. } = &entry;
        place
            .tamper(&format!(
                "UPDATE log SET semantics = {semantics}, data_sha = '{data_sha}',
                    snapshot = {snapshot}, prev_hash = '{before}', hash = '{hash}'
                WHERE case_id = '{case_id}' AND revision = {revision}"
            ))
            .await;
        prev_hash = entry.hash;
    }
    place
        .tamper(&format!("UPDATE cases SET hash = '{prev_hash}' WHERE case_id = '{case_id}'"))
        .await;
}
