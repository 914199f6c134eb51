//! `cotmoc case send` and `cotmoc case open`: a command on its way to a durable receipt.
//!
//! **Invariant:** the key is told before the command is sent, so that whoever hears no answer can
//! send it again and nothing happens twice.

use std::collections::BTreeSet;
use std::io::Read as _;

use runtime::clock::fresh_key;
use runtime::{ActorRef, Command, Opening, Receipt};
use serde_json::{Value, json};

use super::desk::{calendar, close, find_case, time, work};
use super::output::{Rows, remark};
use super::wording::not_sent;
use super::{Arguments, Failure, Lang};

/// Where cases opened by hand come from; part of their ids (R4).
pub(super) const SOURCE: &str = "cli";

pub(super) const SEND_EXAMPLES: &str = "Examples:
  cotmoc case send 0d9b6a52 accept --as person:vu-quan-ly-doanh-nghiep:coordinator
  cotmoc case send 0d9b6a52 submit --as person:x:core_enterprise --data @report.json --expect 4
  echo '{\"reasons\":\"…\"}' | cotmoc case send 0d9b6a52 cancel --as P --data - --key once-only

The same key can be sent again: the same receipt comes back and nothing happens twice. What the
event sets going (timers, other cases, letters) is done by `cotmoc serve`.
Exit codes: 2 refused by the chart, 3 stale or key used for another command, 4 unavailable";

pub(super) const OPEN_EXAMPLES: &str = "Examples:
  cotmoc case open platform platform/ndp2022-99 --as system --data @platform.json
  cotmoc case open report platform/ndp2022-01 --as system --data @report.json --key ad-hoc-7";

/// Who acts.
#[derive(Debug, clap::Args)]
pub struct ActorArgs {
    /// The person who acts, by id; `system` is the engine itself
    #[arg(long = "as", value_name = "PERSON")]
    person: String,
    /// The organisation they act for
    #[arg(long, value_name = "ORGANISATION", default_value = "")]
    org: String,
    /// The person they stand in for
    #[arg(long = "for", value_name = "PERSON")]
    on_behalf_of: Option<String>,
}

impl ActorArgs {
    /// The actor as the engine takes it.
    pub fn actor(&self) -> ActorRef {
        ActorRef {
            person: self.person.clone(),
            org: self.org.clone(),
            on_behalf_of: self.on_behalf_of.clone(),
        }
    }
}

/// Arguments of `case send`.
#[derive(Debug, clap::Args)]
pub struct SendArgs {
    /// The id of a case, or the beginning of one
    case: String,
    /// The event
    event: String,
    /// Who sends it
    #[command(flatten)]
    actor: ActorArgs,
    /// The payload: JSON, `@file`, or `-` for standard input
    #[arg(long)]
    data: Option<String>,
    /// The key under which it may be repeated; one is made up otherwise
    #[arg(long)]
    key: Option<String>,
    /// Refuse if the case is not at this decision any more
    #[arg(long, value_name = "DECISION")]
    expect: Option<u64>,
}

/// Arguments of `case open`.
#[derive(Debug, clap::Args)]
pub struct OpenArgs {
    /// The chart by name; its newest version is taken
    chart: String,
    /// What the case is about, such as `platform/ndp2022-01`
    subject: String,
    /// Who opens it
    #[command(flatten)]
    actor: ActorArgs,
    /// Its first data: JSON, `@file`, or `-` for standard input
    #[arg(long)]
    data: Option<String>,
    /// The key under which it may be repeated; one is made up otherwise
    #[arg(long)]
    key: Option<String>,
}

/// Tells a case an event.
pub async fn send(args: &SendArgs, common: &Arguments) -> Result<(), Failure> {
    let payload = data(args.data.as_deref())?.unwrap_or(Value::Null);
    let runtime = work(&common.store).await?;
    let head = find_case(runtime.store(), &args.case).await?;
    let key = key(args.key.as_deref(), common.lang);
    let mut command = Command::send(&head.case_id, &args.event, payload, args.actor.actor(), &key);
    command.expected_decision = args.expect;
    deliver(runtime, command, common).await
}

/// Opens a case.
pub async fn open(args: &OpenArgs, common: &Arguments) -> Result<(), Failure> {
    let data = data(args.data.as_deref())?.unwrap_or_else(|| json!({}));
    let runtime = work(&common.store).await?;
    let library = runtime.library();
    if library.newest(&args.chart).is_err() {
        let known: BTreeSet<&str> = library.charts().map(|chart| chart.name.as_str()).collect();
        let known = known.into_iter().collect::<Vec<_>>().join(", ");
        let name = &args.chart;
        return Err(Failure::usage(
            &format!("Không có quy trình `{name}`; các quy trình có sẵn: {known}."),
            &format!("there is no chart `{name}`; there are: {known}"),
        ));
    }
    let key = key(args.key.as_deref(), common.lang);
    let opening = Opening { chart: args.chart.clone(), subject: args.subject.clone(), data };
    let command = Command::open(SOURCE, &key, opening, args.actor.actor());
    deliver(runtime, command, common).await
}

async fn deliver(
    runtime: runtime::Runtime,
    command: Command,
    common: &Arguments,
) -> Result<(), Failure> {
    let key = command.key.clone();
    let sent = runtime.send(command).await;
    close(runtime).await;
    let receipt = sent.map_err(|error| not_sent(&error, &calendar()))?;
    print(&receipt, &key, common)
}

/// The key that was given, or a new one, told on standard error.
fn key(given: Option<&str>, lang: Lang) -> String {
    if let Some(key) = given {
        return key.to_owned();
    }
    let key = fresh_key();
    remark(&match lang {
        Lang::Vi => format!("Khóa của lệnh: {key} (mất phản hồi thì gửi lại với --key {key})"),
        Lang::En => format!("key: {key} (if no answer comes, send again with --key {key})"),
    });
    key
}

fn print(receipt: &Receipt, key: &str, common: &Arguments) -> Result<(), Failure> {
    let lang = common.lang;
    let mut rows = Rows::new(&[
        ("case_id", lang.pick("Mã hồ sơ", "Case")),
        ("revision", lang.pick("Số bản ghi", "Revision")),
        ("decision", lang.pick("Lần quyết định", "Decision")),
        ("kind", lang.pick("Loại", "Kind")),
        ("recorded", lang.pick("Ghi lúc", "Recorded")),
        ("states", lang.pick("Trạng thái", "States")),
        ("key", lang.pick("Khóa", "Key")),
    ]);
    rows.push(vec![
        json!(receipt.case_id),
        json!(receipt.revision),
        json!(receipt.decision),
        json!(receipt.kind),
        json!(time(receipt.recorded_at_ms)),
        json!(receipt.states.join(" ")),
        json!(key),
    ]);
    rows.print(common.format, "")
}

/// The JSON that `--data` means.
fn data(given: Option<&str>) -> Result<Option<Value>, Failure> {
    let (place, text) = match given {
        None => return Ok(None),
        Some("-") => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            ("-".to_owned(), text)
        }
        Some(given) => match given.strip_prefix('@') {
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|error| {
                    Failure::usage(
                        &format!("Không đọc được tệp `{path}`: {error}."),
                        &format!("`{path}` cannot be read: {error}"),
                    )
                })?;
                (path.to_owned(), text)
            }
            None => ("--data".to_owned(), given.to_owned()),
        },
    };
    let value = serde_json::from_str(&text).map_err(|error| {
        Failure::usage(
            &format!("Nội dung JSON trong `{place}` không hợp lệ: {error}."),
            &format!("the JSON in `{place}` is not valid: {error}"),
        )
    })?;
    Ok(Some(value))
}
