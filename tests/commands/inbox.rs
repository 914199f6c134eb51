//! Messages between cases: children are born, parents hear, each message once.

use serde_json::{Value, json};

use super::desk::{Place, command, data, demand_clean, entries, on_both, open};

on_both!(
    children_are_born_and_the_parent_hears_each_once,
    two_processes_deliver_each_message_once,
);

async fn children_are_born_and_the_parent_hears_each_once(place: Place) {
    let runtime = place.runtime().await;
    let parent = open(&runtime, "parent", "1").await;
    runtime.send(command(&parent.case_id, "start", Value::Null, "s")).await.unwrap();
    runtime.run_until_idle().await.unwrap();
    let head = store::cases::find(runtime.store(), &parent.case_id).await.unwrap().unwrap();
    assert!(head.done, "{}", head.states);
    let mut heard: Vec<Value> =
        data(&runtime, &parent.case_id).await["heard"].as_array().unwrap().clone();
    heard.sort_by_key(ToString::to_string);
    assert_eq!(heard, [json!("a"), json!("b")]);
    assert_eq!(runtime.done().messages, 4);
    demand_clean(&runtime).await;
}

async fn two_processes_deliver_each_message_once(place: Place) {
    let (one, other) = (place.runtime().await, place.runtime().await);
    let mut parents = Vec::new();
    for key in 0..20 {
        let parent = open(&one, "parent", &key.to_string()).await;
        one.send(command(&parent.case_id, "start", Value::Null, "s")).await.unwrap();
        parents.push(parent.case_id);
    }
    // A standing clock gives no lease: both claim the same messages, one commit of each is taken.
    let (first, second) = tokio::join!(one.run_until_idle(), other.run_until_idle());
    first.unwrap();
    second.unwrap();
    one.run_until_idle().await.unwrap();
    for parent in &parents {
        let heard = data(&one, parent).await["heard"].as_array().unwrap().len();
        assert_eq!((heard, entries(&one, parent).await.len()), (2, 4));
    }
    assert_eq!(one.done().dead + other.done().dead, 0);
    demand_clean(&other).await;
}
