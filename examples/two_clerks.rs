//! Two clerks, one case: whoever decides second is told that someone was faster.
//!
//! Roles come from dated assignments on the subject; a page sends the decision counter it had seen.
//! `cargo run -p cotmoc-examples --example two_clerks`
#![expect(clippy::print_stdout, reason = "an example speaks")]

use anyhow::{Context as _, Result};
use chart::load::{Files, load};
use runtime::publishing::Definition;
use runtime::{ActorRef, Command, Opening, Runtime, Setup};
use serde_json::{Value, json};
use store::Store;
use store::people::{self, AssignmentRow, OrganisationRow, PersonRow};

const PERMIT: &str = r"
chart: permit
version: 1
title: { vi: Giấy phép, en: Permit }
basis: product
roles:
  clerk: { title: { vi: Chuyên viên, en: Clerk } }
events:
  grant: { title: { vi: Cấp phép, en: Grant }, basis: product }
  refuse: { title: { vi: Từ chối, en: Refuse }, basis: product }
initial: in_review
states:
  in_review:
    title: { vi: Đang xem xét, en: In review }
    basis: product
    task: { for: clerk, title: { vi: Xem xét hồ sơ, en: Review the request } }
    on: { grant: { to: granted, by: clerk }, refuse: { to: refused, by: clerk } }
  granted: { title: { vi: Đã cấp, en: Granted }, basis: product, type: final }
  refused: { title: { vi: Đã từ chối, en: Refused }, basis: product, type: final }
";

async fn employ(store: &Store, clerks: &[&str]) -> Result<()> {
    let text = str::to_owned;
    let (office, document) = (text("office"), text("{}"));
    let (kind, name) = (text("department"), text(r#"{"vi":"Phòng cấp phép"}"#));
    let organisation = OrganisationRow { id: office, kind, name, parent_id: None, document };
    people::put_organisations(store, &[organisation]).await?;
    for clerk in clerks {
        let (id, organisation) = (text(clerk), text("office"));
        let (name, email, language) = (text(clerk), format!("{clerk}@example.vn"), text("vi"));
        let person = PersonRow { id, organisation, name, email, language, erased: false };
        people::put_persons(store, &[person]).await?;
        let assignment = AssignmentRow {
            id: format!("clerk {clerk}"),
            role: text("clerk"),
            scope: text("ministry"),
            holder: text(clerk),
            organisation: text("office"),
            from_ms: 0,
            to_ms: None,
            basis: text("QĐ 1"),
        };
        people::put_assignments(store, &[assignment]).await?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(&format!("sqlite:{}", folder.path().join("demo.db").display())).await?;
    store.migrate().await?;
    employ(&store, &["an", "binh"]).await?;

    let files = Files::from([("chart.yaml".to_owned(), PERMIT.to_owned())]);
    let chart = Definition::of(load(&files, "chart.yaml")).context("the chart has problems")?;
    let setup = Setup::new(vec![chart], workflows::calendars::calendar());
    let runtime = Runtime::open(store, setup).await?;
    let (chart, subject, data) = ("permit".to_owned(), "ministry".to_owned(), json!({}));
    let opening = Opening { chart, subject, data };
    let case = runtime.send(Command::open("example", "1", opening, ActorRef::system())).await?;

    // A stranger holds no role on the subject.
    let grant = Command::send(&case.case_id, "grant", Value::Null, ActorRef::person("chi"), "c");
    println!("chi: {}", runtime.send(grant).await.expect_err("chi holds no role"));

    // Both have the same page open, and decide at the same moment.
    let decide = |event: &str, clerk: &str| {
        let key = format!("{clerk} decides");
        Command::send(&case.case_id, event, Value::Null, ActorRef::person(clerk), &key)
            .expecting(case.decision)
    };
    let (an, binh) =
        tokio::join!(runtime.send(decide("grant", "an")), runtime.send(decide("refuse", "binh")));
    for (clerk, answer) in [("an", &an), ("binh", &binh)] {
        match answer {
            Ok(receipt) => println!("{clerk}: {:?}", receipt.states),
            Err(error) => println!("{clerk}: {error}"),
        }
    }
    assert!(an.is_ok() != binh.is_ok(), "one of them decided");
    runtime.close().await;
    Ok(())
}
