//! Timers: once, late, overtaken, void, dead.

use chart::moment::Timestamp;
use runtime::clock::Clock;
use serde_json::Value;
use store::rows::TimerRow;

use super::desk::{
    ANSWER, DAY_MS, MONDAY, Place, command, data, definition, demand_clean, entries, on_both, open,
    setup,
};

on_both!(
    a_ladder_is_climbed_rung_by_rung,
    a_late_timer_fires_once,
    after_downtime_only_the_latest_rung_of_a_role_is_sent,
    a_timer_of_an_answered_case_is_gone,
    two_processes_fire_each_timer_once,
    a_timer_that_another_process_wrote_is_not_void,
    cases_of_a_chart_that_cannot_be_loaded_are_named_and_left_alone,
    a_timer_that_fails_is_dead_and_can_be_run_again,
    serving_fires_what_is_due_until_it_is_told_to_stop,
);

async fn a_timer_that_fails_is_dead_and_can_be_run_again(place: Place) {
    let runtime = place.runtime().await;
    let opened = open(&runtime, "fragile", "1").await;
    let (case_id, store) = (&opened.case_id, runtime.store());
    runtime.run_to(MONDAY.plus_ms(3 * DAY_MS)).await.unwrap();
    assert_eq!(kinds(&entries(&runtime, case_id).await), ["event"]);
    assert_eq!(store::timers::dead_of_case(store, case_id).await.unwrap().len(), 1);
    let told = store::notices::of_case(store, case_id).await.unwrap();
    assert_eq!((told.len(), told[0].notice.role.as_str()), (1, "administrator"));
    demand_clean(&runtime).await;
    // The case stays open to people; once it is mended, the timer runs again.
    runtime.send(command(case_id, "fill", Value::Null, "f")).await.unwrap();
    assert_eq!(store::timers::revive(store, case_id).await.unwrap(), 1);
    runtime.run_until_idle().await.unwrap();
    assert_eq!(data(&runtime, case_id).await["last"], 4);
    assert_eq!(store::notices::of_case(store, case_id).await.unwrap().len(), 1);
    demand_clean(&runtime).await;
}

async fn serving_fires_what_is_due_until_it_is_told_to_stop(place: Place) {
    let runtime = place.runtime().await;
    let opened = open(&runtime, "answer", "1").await;
    runtime.advance_to(MONDAY.plus_ms(14 * DAY_MS)).await.unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let other = runtime.clone();
    let case_id = opened.case_id.clone();
    let watcher = async move {
        while entries(&other, &case_id).await.len() < 6 {
            tokio::task::yield_now().await;
        }
        stop.send(()).unwrap();
    };
    let shutdown = async { stopped.await.unwrap() };
    tokio::join!(runtime.serve(shutdown), watcher);
    assert_eq!(runtime.done().timers_fired, 5);
    demand_clean(&runtime).await;
}

fn kinds(entries: &[(String, String)]) -> Vec<&str> {
    entries.iter().map(|(kind, _)| kind.as_str()).collect()
}

async fn a_ladder_is_climbed_rung_by_rung(place: Place) {
    let runtime = place.runtime().await;
    let opened = open(&runtime, "answer", "1").await;
    runtime.run_to(MONDAY.plus_ms(14 * DAY_MS)).await.unwrap();
    let entries = entries(&runtime, &opened.case_id).await;
    // Two reminders, the due moment that no state handles, two escalations.
    assert_eq!(kinds(&entries), ["event", "notice", "notice", "notice", "notice", "notice"]);
    assert_eq!(runtime.done().timers_fired, 5);
    demand_clean(&runtime).await;
}

async fn a_late_timer_fires_once(place: Place) {
    let runtime = place.runtime().await;
    let opened = open(&runtime, "answer", "1").await;
    runtime.advance_to(MONDAY.plus_ms(30 * DAY_MS)).await.unwrap();
    runtime.run_until_idle().await.unwrap();
    runtime.run_until_idle().await.unwrap();
    let entries = entries(&runtime, &opened.case_id).await;
    let due = entries.iter().filter(|(_, event)| event == "term.due").count();
    assert_eq!(due, 1);
    demand_clean(&runtime).await;
}

async fn after_downtime_only_the_latest_rung_of_a_role_is_sent(place: Place) {
    let runtime = place.runtime().await;
    let opened = open(&runtime, "answer", "1").await;
    runtime.advance_to(MONDAY.plus_ms(30 * DAY_MS)).await.unwrap();
    runtime.run_until_idle().await.unwrap();
    let entries = entries(&runtime, &opened.case_id).await;
    // Both reminders go to the clerk: the first is overtaken. Both escalations go to the head.
    assert_eq!(
        kinds(&entries),
        ["event", "skipped", "notice", "notice", "skipped", "notice"],
        "{entries:?}"
    );
}

async fn a_timer_of_an_answered_case_is_gone(place: Place) {
    let runtime = place.runtime().await;
    let opened = open(&runtime, "answer", "1").await;
    // As if another process had claimed the timer before the case moved on.
    let timers = store::timers::of_case(runtime.store(), &opened.case_id).await.unwrap();
    assert_eq!(timers.len(), 5);
    let generation = timers[0].timer.generation;
    place
        .tamper(&format!(
            "UPDATE timers SET generation = {} WHERE name LIKE 'rung:%'",
            generation + 7
        ))
        .await;
    runtime.run_to(MONDAY.plus_ms(14 * DAY_MS)).await.unwrap();
    let entries = entries(&runtime, &opened.case_id).await;
    assert_eq!(kinds(&entries), ["event", "notice"], "{entries:?}");
    let done = runtime.done();
    assert_eq!((done.timers_fired, done.timers_void), (1, 4));
}

async fn two_processes_fire_each_timer_once(place: Place) {
    let (one, other) = (place.runtime().await, place.runtime().await);
    let mut cases = Vec::new();
    for key in 0..60 {
        cases.push(open(&one, "answer", &key.to_string()).await.case_id);
    }
    let at = MONDAY.plus_ms(14 * DAY_MS);
    one.advance_to(at).await.unwrap();
    other.advance_to(at).await.unwrap();
    // A standing clock gives no lease, so both go for the same rows and only the log decides.
    let (first, second) = tokio::join!(one.run_until_idle(), other.run_until_idle());
    first.unwrap();
    second.unwrap();
    for case_id in &cases {
        let entries = entries(&one, case_id).await;
        assert_eq!(entries.len(), 6, "{entries:?}");
    }
    demand_clean(&other).await;
}

async fn a_timer_that_another_process_wrote_is_not_void(place: Place) {
    let relay = ANSWER.replace("chart: answer", "chart: relay");
    let relay = relay.replace("of division }", "of division }, holders: \"['anna']\"");
    let with_relay = || {
        let mut setup = setup();
        setup.charts.push(definition(&relay));
        setup
    };
    let one = place.runtime_with(with_relay()).await;
    let other = place.runtime_with(with_relay()).await;
    let opened = open(&one, "relay", "1").await;
    // The first process still remembers the case as it was before: with timers of a generation that
    // is gone.
    let forwarded = command(&opened.case_id, "forward", Value::Null, "f");
    other.send(forwarded).await.unwrap();
    one.run_to(MONDAY.plus_ms(14 * DAY_MS)).await.unwrap();
    assert_eq!((one.done().timers_fired, one.done().timers_void), (5, 0));
    assert_eq!(entries(&one, &opened.case_id).await.len(), 7);
    demand_clean(&one).await;
}

async fn cases_of_a_chart_that_cannot_be_loaded_are_named_and_left_alone(place: Place) {
    let runtime = place.runtime().await;
    let stranded = open(&runtime, "answer", "1").await;
    let healthy = open(&runtime, "answer", "2").await;
    runtime.close().await;
    let case_id = &stranded.case_id;
    place.tamper(&format!("UPDATE cases SET chart_sha = 'gone' WHERE case_id = '{case_id}'")).await;
    let runtime = place.runtime().await;
    let named = runtime.stranded();
    assert_eq!(named.len(), 1, "{named:?}");
    assert_eq!((named[0].chart_sha.as_str(), &named[0].cases), ("gone", &vec![case_id.clone()]));
    runtime.run_to(MONDAY.plus_ms(14 * DAY_MS)).await.unwrap();
    assert_eq!(entries(&runtime, case_id).await.len(), 1);
    assert_eq!(entries(&runtime, &healthy.case_id).await.len(), 6);
    let timers: Vec<TimerRow> = store::timers::of_case(runtime.store(), case_id)
        .await
        .unwrap()
        .into_iter()
        .map(|stored| stored.timer)
        .collect();
    assert_eq!(timers.len(), 5, "the timers of a stranded case stay");
}

#[tokio::test]
async fn the_stored_clock_is_the_one_every_process_uses() {
    let place = Place::sqlite();
    let runtime = place.runtime().await;
    let later = MONDAY.plus_ms(DAY_MS);
    runtime.advance_to(later).await.unwrap();
    runtime.close().await;
    let again = place.runtime_with(setup().on(Clock::Real)).await;
    assert!(again.clock().is_virtual());
    assert_eq!(again.clock().now(), later);
    assert_eq!(again.clock().to_string(), "a virtual clock at 2022-09-06 09:00:00");
    assert_eq!(Clock::from_text("soon").map(|clock| clock.now()), None::<Timestamp>);
}

#[tokio::test]
async fn a_version_with_another_content_stops_the_start_and_is_named() {
    let place = Place::sqlite();
    place.runtime().await.close().await;
    let mut setup = setup();
    setup.charts = vec![definition(&ANSWER.replace("after 5", "after 6"))];
    let refused =
        runtime::engine::Runtime::open(place.store().await, setup).await.unwrap_err().to_string();
    assert!(refused.contains("chart `answer` version 1"), "{refused}");
    let published = definition(ANSWER).chart.sha256.to_string();
    assert!(refused.contains(&published), "{refused}");
}
