//! Many senders, several processes: nothing is lost, nothing is done twice, nothing deadlocks.

use std::collections::BTreeSet;

use runtime::engine::Runtime;
use serde_json::json;
use tokio::task::JoinSet;

use super::desk::{Place, command, data, demand_clean, entries, on_both, open};

on_both!(
    two_hundred_senders_on_ten_cases_are_each_counted_once,
    three_processes_on_the_same_ten_cases_agree,
    a_command_sent_to_two_processes_is_done_once,
);

const CASES: usize = 10;
const SENDERS: usize = 200;

async fn cases(runtime: &Runtime) -> Vec<String> {
    let mut cases = Vec::with_capacity(CASES);
    for key in 0..CASES {
        cases.push(open(runtime, "counter", &key.to_string()).await.case_id);
    }
    cases
}

async fn two_hundred_senders_on_ten_cases_are_each_counted_once(place: Place) {
    let runtime = place.runtime().await;
    let cases = cases(&runtime).await;
    let mut senders = JoinSet::new();
    for sender in 0..SENDERS {
        let (runtime, case_id) = (runtime.clone(), cases[sender % CASES].clone());
        senders.spawn(async move {
            let key = format!("sender {sender}");
            runtime.send(command(&case_id, "add", json!({}), &key)).await.unwrap()
        });
    }
    let receipts = senders.join_all().await;
    let places: BTreeSet<_> =
        receipts.iter().map(|receipt| (receipt.case_id.clone(), receipt.revision)).collect();
    assert_eq!(places.len(), SENDERS, "two senders were given one revision");
    for case_id in &cases {
        assert_eq!(data(&runtime, case_id).await["count"], SENDERS / CASES);
    }
    demand_clean(&runtime).await;
}

async fn three_processes_on_the_same_ten_cases_agree(place: Place) {
    let first = place.runtime().await;
    let cases = cases(&first).await;
    let processes = [first, place.runtime().await, place.runtime().await];
    let mut senders = JoinSet::new();
    for sender in 0..90 {
        let (runtime, cases) = (processes[sender % 3].clone(), cases.clone());
        senders.spawn(async move {
            // Every second sender goes through the cases in the opposite order.
            let order: Vec<&String> =
                if sender % 2 == 0 { cases.iter().collect() } else { cases.iter().rev().collect() };
            let mut lost = 0;
            for case_id in order {
                let key = format!("sender {sender}");
                let add = command(case_id, "add", json!({}), &key);
                // Under a rush a sender may be told that others were faster; they send again.
                while let Err(error) = runtime.send(add.clone()).await {
                    assert_eq!(error.code(), "stale", "{error}");
                    lost += 1;
                    assert!(lost < 1_000, "a sender never gets through");
                }
            }
        });
    }
    senders.join_all().await;
    for case_id in &cases {
        assert_eq!(data(&processes[0], case_id).await["count"], 90);
        assert_eq!(entries(&processes[1], case_id).await.len(), 91);
    }
    demand_clean(&processes[2]).await;
}

async fn a_command_sent_to_two_processes_is_done_once(place: Place) {
    let (one, other) = (place.runtime().await, place.runtime().await);
    let opened = open(&one, "counter", "1").await;
    for round in 0..20 {
        let add = command(&opened.case_id, "add", json!({}), &format!("round {round}"));
        let (first, second) = tokio::join!(one.send(add.clone()), other.send(add));
        assert_eq!(first.unwrap(), second.unwrap());
    }
    assert_eq!(data(&one, &opened.case_id).await["count"], 20);
    demand_clean(&other).await;
}
