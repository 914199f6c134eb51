//! Messages between cases: children are born, parents hear, each message once.

use serde_json::{Value, json};
use store::cases::{self, CaseFilter};

use super::desk::{Place, command, data, demand_clean, entries, on_both, open};

on_both!(
    children_are_born_and_the_parent_hears_each_once,
    two_processes_deliver_each_message_once,
    an_invoked_child_ends_with_its_state_and_reports_to_nobody,
    a_message_to_nobody_is_dead_and_the_administrator_is_told,
);

async fn an_invoked_child_ends_with_its_state_and_reports_to_nobody(place: Place) {
    let runtime = place.runtime().await;
    let parent = open(&runtime, "invoker", "1").await;
    runtime.run_until_idle().await.unwrap();
    let filter = CaseFilter { parent_id: Some(parent.case_id.clone()), ..CaseFilter::default() };
    let children = cases::list(runtime.store(), &filter, "", 9).await.unwrap();
    assert_eq!(children.len(), 1);
    assert!(!children[0].done);
    runtime.send(command(&parent.case_id, "stop", Value::Null, "s")).await.unwrap();
    runtime.run_until_idle().await.unwrap();
    let child = cases::find(runtime.store(), &children[0].case_id).await.unwrap().unwrap();
    assert!(child.done, "{child:?}");
    let events: Vec<String> =
        entries(&runtime, &parent.case_id).await.into_iter().map(|(_, event)| event).collect();
    assert_eq!(events, ["case.opened", "stop"]);
    demand_clean(&runtime).await;
}

async fn a_message_to_nobody_is_dead_and_the_administrator_is_told(place: Place) {
    let runtime = place.runtime().await;
    let sender = open(&runtime, "invoker", "1").await;
    runtime.send(command(&sender.case_id, "shout", Value::Null, "s")).await.unwrap();
    runtime.run_until_idle().await.unwrap();
    runtime.run_until_idle().await.unwrap();
    assert_eq!(runtime.done().dead, 1);
    let dead = store::inbox::list(runtime.store(), Some("nobody"), 9).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].error.as_deref(), Some("there is no case `nobody`"));
    let told = store::notices::of_case(runtime.store(), "nobody").await.unwrap();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].notice.role, "administrator");
}

async fn children_are_born_and_the_parent_hears_each_once(place: Place) {
    let runtime = place.runtime().await;
    let parent = open(&runtime, "parent", "1").await;
    runtime.send(command(&parent.case_id, "start", Value::Null, "s")).await.unwrap();
    runtime.run_until_idle().await.unwrap();
    let head = store::cases::find(runtime.store(), &parent.case_id).await.unwrap().unwrap();
    assert!(head.done, "{}", head.states);
    let mut names: Vec<Value> =
        data(&runtime, &parent.case_id).await["heard"].as_array().unwrap().clone();
    names.sort_by_key(ToString::to_string);
    assert_eq!(names, [json!("a"), json!("b")]);
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
