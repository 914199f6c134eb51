//! The smallest whole thing: a chart, a database file, a command, its receipt.
//!
//! `cargo run -p cotmoc-examples --example turnstile`
#![expect(clippy::print_stdout, reason = "an example speaks")]

use std::sync::Arc;

use anyhow::{Context as _, Result};
use chart::load::{Files, load};
use runtime::command::{ActorRef, Command, Opening};
use runtime::engine::{Runtime, Setup};
use runtime::publishing::Definition;
use serde_json::{Value, json};
use store::Store;

const TURNSTILE: &str = r#"
chart: turnstile
version: 1
title: { vi: Cửa xoay, en: Turnstile }
basis: product
data:
  type: object
  properties: { passed: { type: integer, default: 0 } }
events:
  coin: { title: { vi: Bỏ xu, en: Insert a coin }, basis: product }
  push: { title: { vi: Đẩy cửa, en: Push }, basis: product }
initial: locked
states:
  locked:
    title: { vi: Đang khóa, en: Locked }
    basis: product
    on: { coin: { to: open } }
  open:
    title: { vi: Đang mở, en: Open }
    basis: product
    on:
      push: { to: locked, set: [ { path: data.passed, to: "data.passed + 1" } ] }
"#;

#[tokio::main]
async fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(&format!("sqlite:{}", folder.path().join("demo.db").display())).await?;
    store.migrate().await?;

    let files = Files::from([("chart.yaml".to_owned(), TURNSTILE.to_owned())]);
    let chart = Definition::of(load(&files, "chart.yaml")).context("the chart has problems")?;
    let calendar = workflows::calendars::calendar();
    let runtime = Runtime::open(store, Setup::new(vec![chart], Arc::clone(&calendar))).await?;

    let visitor = ActorRef::person("visitor");
    let opening =
        Opening { chart: "turnstile".to_owned(), subject: "ministry".to_owned(), data: json!({}) };
    let opened = runtime.send(Command::open("example", "gate 1", opening, visitor.clone())).await?;
    println!("case {} is {:?}", opened.case_id, opened.states);

    let send = |event: &str, key: &str| {
        Command::send(&opened.case_id, event, Value::Null, visitor.clone(), key)
    };
    let refused = runtime.send(send("push", "1")).await.expect_err("a locked gate does not turn");
    println!("push: {refused}");

    // A refusal leaves nothing behind, so its key may be used again.
    let open = runtime.send(send("coin", "1")).await?;
    println!("coin: {:?} at revision {}", open.states, open.revision);

    // The same key again: the same receipt, and nothing is done twice.
    assert_eq!(runtime.send(send("coin", "1")).await?, open);

    let locked = runtime.send(send("push", "2")).await?;
    println!("push: {:?} at revision {}", locked.states, locked.revision);
    assert_eq!(locked.revision, 3);
    runtime.close().await;
    Ok(())
}
