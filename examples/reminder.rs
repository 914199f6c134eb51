//! A legal clock: reminders before the due day, the due moment itself, escalation after it.
//!
//! The clock is virtual, so two weeks pass at once; on the real clock `Runtime::serve` would do the
//! same at the same moments. `cargo run -p cotmoc-examples --example reminder`
#![expect(clippy::print_stdout, reason = "an example speaks")]

use anyhow::{Context as _, Result};
use chart::load::{Files, load};
use chart::moment::Timestamp;
use runtime::clock::{Clock, local};
use runtime::command::{ActorRef, Command, Opening};
use runtime::engine::{Runtime, Setup};
use runtime::publishing::Definition;
use serde_json::json;
use store::{Store, log};

const REMINDER: &str = r"
chart: answer
version: 1
title: { vi: Trả lời công văn, en: Answer to a letter }
basis: product
roles:
  clerk: { title: { vi: Chuyên viên, en: Clerk } }
  head: { title: { vi: Trưởng phòng, en: Head of division } }
events:
  answer: { title: { vi: Trả lời, en: Answer }, basis: product }
initial: waiting
states:
  waiting:
    title: { vi: Chờ trả lời, en: Waiting for the answer }
    basis: product
    task: { for: clerk, title: { vi: Trả lời công văn, en: Answer the letter } }
    term:
      due: after 5 working_days
      remind: [ 1 working_days before ]
      escalate: [ { after: 1 working_days, to: head } ]
    on:
      answer: { to: answered, by: clerk }
  answered:
    title: { vi: Đã trả lời, en: Answered }
    basis: product
    type: final
";

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

#[tokio::main]
async fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(&format!("sqlite:{}", folder.path().join("demo.db").display())).await?;
    store.migrate().await?;

    let files = Files::from([("chart.yaml".to_owned(), REMINDER.to_owned())]);
    let chart = Definition::of(load(&files, "chart.yaml")).context("the chart has problems")?;
    // Monday, 5 September 2022, 09:00 in Ha Noi.
    let monday = Timestamp(1_662_343_200_000);
    let setup = Setup::new(vec![chart], workflows::calendars::calendar());
    let runtime = Runtime::open(store, setup.on(Clock::standing_at(monday))).await?;

    let opening =
        Opening { chart: "answer".to_owned(), subject: "ministry".to_owned(), data: json!({}) };
    let opened =
        runtime.send(Command::open("example", "letter 7", opening, ActorRef::system())).await?;

    runtime.run_to(monday.plus_ms(14 * DAY_MS)).await?;

    let entries = log::of_case(runtime.store(), &opened.case_id).await?;
    for stored in &entries {
        let entry = &stored.entry;
        let at = local(Timestamp(entry.recorded_at_ms)).format("%a %Y-%m-%d %H:%M");
        println!("{at}  {:<8} {:<12} {}", entry.kind, entry.event, entry.payload);
    }
    // Opened, reminded on Friday, due on Monday at 24:00, escalated on Tuesday.
    assert_eq!(entries.len(), 4);
    runtime.close().await;
    Ok(())
}
