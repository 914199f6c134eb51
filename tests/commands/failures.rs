//! What fails without a sender: ignored, dead, told, run again; and a corrupt case that stops alone.

use runtime::{Runtime, Setup};
use serde_json::{Value, json};

use super::desk::{
    DAY_MS, MONDAY, Place, command, data, definition, demand_clean, entries, on_both, open,
    opening, setup,
};

on_both!(
    a_message_that_no_state_handles_is_an_ignored_entry,
    a_message_that_fails_is_dead_and_can_be_run_again,
    timers_of_a_corrupt_case_are_dead_and_the_others_fire,
    a_failure_is_told_once,
);

/// Tells another case what it is told to.
const CALLER: &str = r#"
chart: caller
version: 1
title: { vi: Người gọi, en: Caller }
basis: product
roles:
  clerk: { title: { vi: Người trực, en: Clerk }, holders: "['anna']" }
data:
  type: object
  properties: { other: { type: string, default: "" } }
events:
  whistle: { title: { vi: Gọi, en: Whistle }, basis: product }
  take: { title: { vi: Trao, en: Hand over }, basis: product }
initial: calling
states:
  calling:
    title: { vi: Đang gọi, en: Calling }
    basis: product
    task: { for: clerk, title: { vi: Gọi, en: Call } }
    on:
      whistle: { do: [ { send: { event: whistle, to: { case: data.other } } } ] }
      take: { do: [ { send: { event: take, to: { case: data.other } } } ] }
"#;

/// Cannot take what it is handed before it was filled.
const TAKER: &str = r#"
chart: taker
version: 1
title: { vi: Người nhận, en: Taker }
basis: product
roles:
  clerk: { title: { vi: Người trực, en: Clerk }, holders: "['anna']" }
data:
  type: object
  properties:
    items: { type: array, items: { type: integer }, default: [] }
    last: { type: integer, default: 0 }
events:
  take: { title: { vi: Nhận, en: Take }, machine: true }
  fill: { title: { vi: Bổ sung, en: Fill }, basis: product }
initial: waiting
states:
  waiting:
    title: { vi: Đang chờ, en: Waiting }
    basis: product
    task: { for: clerk, title: { vi: Bổ sung, en: Fill } }
    on:
      take: { set: [ { path: data.last, to: "data.items[0]" } ] }
      fill: { set: [ { path: data.items, to: "[4]" } ] }
"#;

fn office() -> Setup {
    let mut setup = setup();
    setup.charts.extend([CALLER, TAKER].map(definition));
    setup
}

/// A taker, and a caller that speaks to it; their ids.
async fn pair(runtime: &Runtime) -> (String, String) {
    let taker = open(runtime, "taker", "1").await.case_id;
    let mut calling = opening("caller", "2");
    calling.opening.as_mut().unwrap().data = json!({ "other": taker });
    (taker, runtime.send(calling).await.unwrap().case_id)
}

async fn a_message_that_no_state_handles_is_an_ignored_entry(place: Place) {
    let runtime = place.runtime_with(office()).await;
    let (taker, caller) = pair(&runtime).await;
    runtime.send(command(&caller, "whistle", Value::Null, "a")).await.unwrap();
    runtime.run_until_idle().await.unwrap();
    let last = entries(&runtime, &taker).await.pop().unwrap();
    assert_eq!(last, ("ignored".to_owned(), "whistle".to_owned()));
    assert_eq!(store::inbox::list(runtime.store(), None, 9).await.unwrap(), []);
    assert_eq!(runtime.done().dead, 0);
    demand_clean(&runtime).await;
}

async fn a_message_that_fails_is_dead_and_can_be_run_again(place: Place) {
    let runtime = place.runtime_with(office()).await;
    let (taker, caller) = pair(&runtime).await;
    runtime.send(command(&caller, "take", Value::Null, "a")).await.unwrap();
    runtime.run_until_idle().await.unwrap();
    let store = runtime.store();
    let dead = store::inbox::list(store, Some(&taker), 9).await.unwrap();
    assert_eq!((dead.len(), dead[0].state.as_str()), (1, "dead"));
    assert!(dead[0].error.is_some());
    assert_eq!(entries(&runtime, &taker).await.len(), 1, "nothing half done");
    demand_clean(&runtime).await;
    // The case stays open to people; once it is mended, the message comes again.
    runtime.send(command(&taker, "fill", Value::Null, "f")).await.unwrap();
    assert_eq!(store::inbox::revive(store, &taker).await.unwrap(), 1);
    runtime.run_until_idle().await.unwrap();
    assert_eq!(data(&runtime, &taker).await["last"], 4);
    assert_eq!(store::inbox::list(store, None, 9).await.unwrap(), []);
    demand_clean(&runtime).await;
}

async fn a_failure_is_told_once(place: Place) {
    let runtime = place.runtime_with(office()).await;
    let (taker, caller) = pair(&runtime).await;
    runtime.send(command(&caller, "take", Value::Null, "a")).await.unwrap();
    for _ in 0..3 {
        runtime.run_until_idle().await.unwrap();
        assert_eq!(store::inbox::revive(runtime.store(), &taker).await.unwrap(), 1);
    }
    let told = store::notices::of_case(runtime.store(), &taker).await.unwrap();
    assert_eq!(told.len(), 1, "{told:?}");
    let notice = &told[0].notice;
    assert_eq!((notice.role.as_str(), notice.subject.as_str()), ("administrator", "ministry"));
    assert!(notice.immediate && notice.data.contains("error"), "{notice:?}");
}

async fn timers_of_a_corrupt_case_are_dead_and_the_others_fire(place: Place) {
    let runtime = place.runtime().await;
    let bad = open(&runtime, "answer", "1").await.case_id;
    let good = open(&runtime, "answer", "2").await.case_id;
    runtime.close().await;
    place.tamper("CREATE TABLE kept AS SELECT case_id, snapshot FROM cases").await;
    place.tamper(&format!("UPDATE cases SET snapshot = '[]' WHERE case_id = '{bad}'")).await;
    let runtime = place.runtime().await;
    runtime.run_to(MONDAY.plus_ms(14 * DAY_MS)).await.unwrap();
    assert_eq!(entries(&runtime, &good).await.len(), 6, "the other case climbs its ladder");
    assert_eq!(entries(&runtime, &bad).await.len(), 1);
    let store = runtime.store();
    let dead = store::timers::dead_of_case(store, &bad).await.unwrap();
    assert_eq!(dead.len(), 5);
    assert_eq!(store::timers::of_case(store, &bad).await.unwrap(), []);
    let told = store::notices::of_case(store, &bad).await.unwrap();
    assert_eq!(told.len(), 5, "one for each timer: {told:?}");
    runtime.close().await;
    // Mended, it goes on where it stood.
    let kept = format!("(SELECT snapshot FROM kept WHERE case_id = '{bad}')");
    place.tamper(&format!("UPDATE cases SET snapshot = {kept} WHERE case_id = '{bad}'")).await;
    let runtime = place.runtime().await;
    assert_eq!(store::timers::revive(runtime.store(), &bad).await.unwrap(), 5);
    runtime.run_until_idle().await.unwrap();
    assert!(entries(&runtime, &bad).await.len() > 3);
    demand_clean(&runtime).await;
}
