//! Recurring openings: once a period, made up for after downtime, the same from two processes.

use runtime::schedules::{Cron, Schedule};
use serde_json::json;

use super::desk::{DAY_MS, MONDAY, Place, demand_clean, on_both, setup};

on_both!(each_period_is_opened_once_for_each_subject, missed_periods_are_made_up_for,);

fn monthly() -> Schedule {
    let cron = Cron::parse("0 0 0 15 * *").unwrap();
    Schedule::new("count", cron, "counter", MONDAY, |at| async move {
        let data = json!({ "count": at.as_ms() % 2, "note": "" });
        Ok(vec![("platform/p1".to_owned(), data.clone()), ("platform/p2".to_owned(), data)])
    })
    .with_period("%Y-%m")
}

async fn opened(runtime: &runtime::engine::Runtime) -> usize {
    store::cases::page(runtime.store(), "", 1_000).await.unwrap().len()
}

async fn each_period_is_opened_once_for_each_subject(place: Place) {
    let setup = || setup().scheduled(vec![monthly()]);
    let (one, other) = (place.runtime_with(setup()).await, place.runtime_with(setup()).await);
    one.run_to(MONDAY.plus_ms(9 * DAY_MS)).await.unwrap();
    assert_eq!(opened(&one).await, 0);
    // The 15th, 00:00 in Ha Noi, is 9 days and 15 hours after Monday, 09:00.
    for runtime in [&one, &other, &one] {
        runtime.run_to(MONDAY.plus_ms(10 * DAY_MS)).await.unwrap();
    }
    assert_eq!(opened(&one).await, 2);
    let heads = store::cases::page(one.store(), "", 10).await.unwrap();
    let strike = MONDAY.plus_ms(9 * DAY_MS + 15 * DAY_MS / 24);
    assert!(heads.iter().all(|head| head.opened_at_ms == strike.as_ms()));
    demand_clean(&one).await;
}

async fn missed_periods_are_made_up_for(place: Place) {
    let runtime = place.runtime().await;
    runtime.advance_to(MONDAY.plus_ms(100 * DAY_MS)).await.unwrap();
    runtime.close().await;
    let runtime = place.runtime_with(setup().scheduled(vec![monthly()])).await;
    assert_eq!(runtime.open_scheduled().await.unwrap(), 3);
    assert_eq!(runtime.open_scheduled().await.unwrap(), 0);
    assert_eq!(opened(&runtime).await, 6);
    demand_clean(&runtime).await;
}
