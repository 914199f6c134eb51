//! A process that is held up past its lease does no harm to the one that took over.

use std::sync::{Arc, Mutex};

use runtime::clock::{Clock, Stopwatch};
use runtime::outbox::{Performed, Performer};
use serde_json::Value;

use super::desk::{Place, command, definition, demand_clean, on_both, open, setup};

on_both!(what_another_has_taken_over_is_not_done_again);

const LEASE_MS: i64 = 50;

/// Asks for two documents.
const PAPERS: &str = r#"
chart: papers
version: 1
title: { vi: Giấy tờ, en: Papers }
basis: product
roles:
  clerk: { title: { vi: Chuyên viên, en: Clerk }, holders: "['anna']" }
events:
  draw: { title: { vi: Soạn, en: Draw up }, basis: product }
initial: open
states:
  open:
    title: { vi: Đang mở, en: Open }
    basis: product
    task: { for: clerk, title: { vi: Soạn, en: Draw up } }
    on: { draw: { do: [ { document: { name: first } }, { document: { name: second } } ] } }
"#;

async fn what_another_has_taken_over_is_not_done_again(place: Place) {
    let performed: Arc<Mutex<Vec<(&str, String)>>> = Arc::default();
    let noted = |who: &'static str| {
        let performed = Arc::clone(&performed);
        move |id: &str| performed.lock().unwrap().push((who, id.to_owned()))
    };
    let with = |performer: Performer| {
        let mut setup = setup().on(Clock::Real).leasing(LEASE_MS).performing(performer);
        setup.charts.push(definition(PAPERS));
        setup
    };
    let note = noted("other");
    let quick = Performer::new(move |row| {
        note(&row.id);
        std::future::ready(Performed::Done)
    });
    let other = place.runtime_with(with(quick)).await;
    let (note, rival) = (noted("one"), other.clone());
    let slow = Performer::new(move |row| {
        note(&row.id);
        let rival = rival.clone();
        async move {
            let begun = Stopwatch::start();
            while begun.elapsed().as_millis() <= u128::from(LEASE_MS.unsigned_abs()) {
                tokio::task::yield_now().await;
            }
            rival.run_until_idle().await.unwrap();
            // What it says of its own attempt comes too late to count.
            Performed::Retry("the connection broke off".to_owned())
        }
    });
    let one = place.runtime_with(with(slow)).await;
    let opened = open(&one, "papers", "1").await;
    one.send(command(&opened.case_id, "draw", Value::Null, "d")).await.unwrap();
    one.run_until_idle().await.unwrap();
    let performed = performed.lock().unwrap().clone();
    let by: Vec<&str> = performed.iter().map(|(who, _)| *who).collect();
    // The first is tried by both: that the one's attempt failed could not be known.
    assert_eq!(by, ["one", "other", "other"], "{performed:?}");
    let rows = store::outbox::list(one.store(), Some("done"), None, "", 9).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.attempts).collect::<Vec<_>>(), [1, 1]);
    demand_clean(&one).await;
}
