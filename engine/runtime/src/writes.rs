//! What one step writes: the rows of its commit, made from the step and the head before it.
//!
//! Tasks and timers are written as differences of `waiting::tasks` and `waiting::timers` before and
//! after (R27), so the tables always equal the pure functions; `verify` recomputes them.
//!
//! **Invariant:** nothing is decided here and nothing is asked; equal steps give equal rows.

use std::sync::Arc;

use chart::canonical;
use chart::definition::Chart;
use chart::effect::Effect;
use chart::entry::{Entry, states_text};
use chart::event::Event;
use chart::moment::Timestamp;
use chart::snapshot::{Snapshot, Timer};
use chart::step::active_ids;
use chart::stepped::Step;
use chart::waiting::{self, Task};
use serde_json::{Value, json};
use store::rows::{self, InboxRow, NoticeRow, OutboxRow, ReceiptRow, TaskRow, TimerRow, Write};

use crate::cache::Head;
use crate::command::Receipt;
use crate::entries;

/// The kinds of inbox rows.
pub(crate) mod inbox_kind {
    /// An event to an open case.
    pub(crate) const EVENT: &str = "event";
    /// The birth of a child.
    pub(crate) const SPAWN: &str = "spawn";
    /// The end of an invoked child.
    pub(crate) const CANCEL: &str = "cancel";
}

/// Retention of a case where the chart says nothing else (R12).
const RETENTION_DEFAULT: &str = "standard";

/// Whose key a receipt is kept for.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    pub(crate) key: Arc<str>,
    pub(crate) body_sha: String,
}

/// What the commit of a step needs besides the step.
#[derive(Debug)]
pub(crate) struct Before<'a> {
    pub(crate) chart: &'a Arc<Chart>,
    pub(crate) revision: u64,
    pub(crate) opened_at: Timestamp,
    pub(crate) tasks: &'a [Task],
    pub(crate) timers: &'a [Timer],
}

/// The rows of `step`, the head it leads to, and the receipt for its sender.
pub(crate) fn of(
    before: &Before<'_>,
    step: Step,
    event: &Event,
    entry: Entry,
    sender: Option<&Sender>,
    consumed: Option<(String, i64, i64)>,
) -> (Write, Head, Receipt) {
    let Before { chart, .. } = *before;
    let states = states_text(chart, &step);
    let Step { kind, snapshot, effects, trace } = step;
    let receipt = Receipt::of(chart, kind, &snapshot);
    let tasks = waiting::tasks(chart, &snapshot);
    let timers = waiting::timers(chart, &snapshot);
    let text = canonical::to_string(&snapshot.to_value(chart));
    let hash = entry.hash.clone();
    let mut write = Write {
        case_id: snapshot.case_id.as_ref().to_owned(),
        expected_revision: number(before.revision),
        head: rows::Head {
            states,
            snapshot: text,
            hash: hash.clone(),
            opened_at_ms: before.opened_at.as_ms(),
            ..head_row(chart, &snapshot)
        },
        entries: vec![entries::row(entry, event, &trace)],
        tasks_put: tasks_put(before.tasks, &tasks, &snapshot),
        tasks_drop: tasks_drop(before.tasks, &tasks),
        timers_put: timers_put(before.timers, &timers, &snapshot),
        timers_drop: timers_drop(before.timers, &timers),
        outbox: Vec::new(),
        notices: Vec::new(),
        inbox: Vec::new(),
        inbox_drop: consumed.into_iter().collect(),
        receipt: sender.map(|sender| receipt_row(sender, &receipt)),
        personal: Vec::new(),
    };
    for (ordinal, effect) in effects.into_iter().enumerate() {
        add_effect(&mut write, &snapshot, ordinal, effect);
    }
    let text_bytes = write.head.snapshot.len();
    let opened_at = before.opened_at;
    let chart = Arc::clone(chart);
    let head = Head { chart, snapshot, hash, opened_at, tasks, timers, text_bytes };
    (write, head, receipt)
}

/// Adds the entry that writes the case whole after what `write` does.
pub(crate) fn add_checkpoint(write: &mut Write, head: &mut Head, step: Step, entry: Entry) {
    let text = canonical::to_string(&step.snapshot.to_value(&head.chart));
    write.head.revision = number(step.snapshot.revision);
    write.head.hash.clone_from(&entry.hash);
    head.text_bytes = text.len();
    write.head.snapshot = text;
    head.hash.clone_from(&entry.hash);
    head.snapshot = step.snapshot;
    write.entries.push(entries::row(entry, &Event::checkpoint(), &step.trace));
}

/// A counter as the tables hold it.
pub(crate) fn number(counter: u64) -> i64 {
    i64::try_from(counter).expect("no case has 2^63 entries")
}

/// The head row, but for what its caller has computed already.
fn head_row(chart: &Chart, snapshot: &Snapshot) -> rows::Head {
    rows::Head {
        case_id: snapshot.case_id.as_ref().to_owned(),
        chart: chart.name.clone(),
        chart_version: i64::from(chart.version),
        chart_sha: chart.sha256.as_ref().to_owned(),
        subject: snapshot.subject.as_ref().to_owned(),
        parent_id: snapshot.parent.as_ref().map(|parent| parent.case_id.as_ref().to_owned()),
        revision: number(snapshot.revision),
        decision: number(snapshot.decision),
        stage: stage(chart, snapshot).to_owned(),
        states: String::new(),
        snapshot: String::new(),
        hash: String::new(),
        opened_at_ms: 0,
        recorded_at_ms: snapshot.recorded_at.as_ms(),
        done: snapshot.done,
        retention_class: RETENTION_DEFAULT.to_owned(),
    }
}

/// The columns of `head` that are not what `snapshot`, the last hash and the first moment give.
pub(crate) fn head_differences(
    chart: &Chart,
    snapshot: &Snapshot,
    hash: &str,
    opened_at_ms: i64,
    head: &rows::Head,
) -> Vec<&'static str> {
    let derived = rows::Head {
        states: canonical::to_string(&json!(active_ids(chart, snapshot))),
        snapshot: canonical::to_string(&snapshot.to_value(chart)),
        hash: hash.to_owned(),
        opened_at_ms,
        retention_class: head.retention_class.clone(),
        ..head_row(chart, snapshot)
    };
    let columns = [
        ("chart", derived.chart == head.chart),
        ("chart_version", derived.chart_version == head.chart_version),
        ("chart_sha", derived.chart_sha == head.chart_sha),
        ("subject", derived.subject == head.subject),
        ("parent_id", derived.parent_id == head.parent_id),
        ("revision", derived.revision == head.revision),
        ("decision", derived.decision == head.decision),
        ("stage", derived.stage == head.stage),
        ("states", derived.states == head.states),
        ("snapshot", derived.snapshot == head.snapshot),
        ("hash", derived.hash == head.hash),
        ("opened_at_ms", derived.opened_at_ms == head.opened_at_ms),
        ("recorded_at_ms", derived.recorded_at_ms == head.recorded_at_ms),
        ("done", derived.done == head.done),
    ];
    columns.into_iter().filter(|(_, same)| !same).map(|(column, _)| column).collect()
}

/// The stage of the first active state that has one, its own or an ancestor's.
fn stage<'a>(chart: &'a Chart, snapshot: &Snapshot) -> &'a str {
    let named = |ix| chart.state(ix).stage.as_deref();
    let mut innermost = snapshot.configuration.iter().rev();
    innermost
        .find_map(|&ix| named(ix).or_else(|| chart.ancestors(ix).find_map(named)))
        .unwrap_or_default()
}

fn receipt_row(sender: &Sender, receipt: &Receipt) -> ReceiptRow {
    let answer = serde_json::to_value(receipt).expect("a receipt is plain data");
    ReceiptRow {
        case_id: receipt.case_id.clone(),
        key: sender.key.as_ref().to_owned(),
        body_sha: sender.body_sha.clone(),
        revision: number(receipt.revision),
        decision: number(receipt.decision),
        answer: canonical::to_string(&answer),
        recorded_at_ms: receipt.recorded_at_ms,
    }
}

/// The row of a task, as the table holds it.
pub(crate) fn task_row(task: &Task, snapshot: &Snapshot) -> TaskRow {
    let title = json!({ "vi": task.title.vi, "en": task.title.en });
    TaskRow {
        case_id: snapshot.case_id.as_ref().to_owned(),
        state: task.state.clone(),
        generation: i64::from(task.generation),
        element: task.element.clone(),
        role: task.role.clone(),
        subject: snapshot.subject.as_ref().to_owned(),
        title: canonical::to_string(&title),
        opened_at_ms: snapshot.recorded_at.as_ms(),
        due_at_ms: task.due.as_ref().map(|due| due.effective_at().as_ms()),
        due_date: task.due.as_ref().map(|due| due.effective_date.to_string()),
    }
}

fn tasks_put(old: &[Task], new: &[Task], snapshot: &Snapshot) -> Vec<TaskRow> {
    new.iter().filter(|task| !old.contains(task)).map(|task| task_row(task, snapshot)).collect()
}

fn tasks_drop(old: &[Task], new: &[Task]) -> Vec<(String, i64, String)> {
    let same = |one: &Task, other: &Task| {
        one.state == other.state
            && one.generation == other.generation
            && one.element == other.element
    };
    let gone = old.iter().filter(|task| !new.iter().any(|other| same(task, other)));
    gone.map(|task| (task.state.clone(), i64::from(task.generation), task.element.clone()))
        .collect()
}

fn timers_put(old: &[Timer], new: &[Timer], snapshot: &Snapshot) -> Vec<TimerRow> {
    let fresh = new.iter().filter(|timer| !old.contains(timer));
    fresh
        .map(|timer| TimerRow {
            case_id: snapshot.case_id.as_ref().to_owned(),
            name: timer.name.clone(),
            generation: i64::from(timer.generation),
            due_at_ms: timer.due_at.as_ms(),
        })
        .collect()
}

fn timers_drop(old: &[Timer], new: &[Timer]) -> Vec<(String, i64)> {
    let same =
        |one: &Timer, other: &Timer| one.name == other.name && one.generation == other.generation;
    let gone = old.iter().filter(|timer| !new.iter().any(|other| same(timer, other)));
    gone.map(|timer| (timer.name.clone(), i64::from(timer.generation))).collect()
}

fn add_effect(write: &mut Write, snapshot: &Snapshot, ordinal: usize, effect: Effect) {
    let ordinal = i64::try_from(ordinal).expect("a step has few effects");
    let place = Place { snapshot, ordinal };
    match effect {
        Effect::Notice { letter, role, item, rung, due_at, immediate, data } => {
            write.notices.push(NoticeRow {
                id: place.id("notice"),
                case_id: place.case_id(),
                revision: place.revision(),
                ordinal,
                role,
                subject: snapshot.subject.as_ref().to_owned(),
                letter,
                item,
                rung,
                due_at_ms: due_at.map(Timestamp::as_ms),
                immediate,
                data: canonical::to_string(&data),
                created_at_ms: snapshot.recorded_at.as_ms(),
            });
        }
        Effect::Document { name, data } => write.outbox.push(OutboxRow {
            id: place.id("outbox"),
            case_id: place.case_id(),
            revision: place.revision(),
            ordinal,
            kind: "document".to_owned(),
            body: canonical::to_string(&json!({ "document": name, "data": data })),
            due_at_ms: snapshot.recorded_at.as_ms(),
        }),
        Effect::Spawn { case_id, chart, subject, name, data, invoked, depth } => {
            let body = json!({
                "chart": chart, "subject": subject, "name": name, "invoked": invoked,
                "depth": depth,
            });
            let row = place.message(&case_id, inbox_kind::SPAWN, chart::event::name::OPENED, &data);
            write.inbox.push(InboxRow { body: canonical::to_string(&body), ..row });
        }
        Effect::CancelChild { case_id, name } => {
            let row = place.message(&case_id, inbox_kind::CANCEL, "", &Value::Null);
            let body = canonical::to_string(&json!({ "name": name }));
            write.inbox.push(InboxRow { body, ..row });
        }
        Effect::Send { case_id, event, payload, at, from_child } => {
            let row = place.message(&case_id, inbox_kind::EVENT, &event, &payload);
            let due_at_ms = row.due_at_ms.max(at.as_ms());
            write.inbox.push(InboxRow { due_at_ms, from_child, ..row });
        }
    }
}

/// Where an effect stands: its identity towards the world (R4).
struct Place<'a> {
    snapshot: &'a Snapshot,
    ordinal: i64,
}

impl Place<'_> {
    fn id(&self, kind: &str) -> String {
        let snapshot = self.snapshot;
        let parts =
            [json!(snapshot.case_id.as_ref()), json!(snapshot.revision), json!(self.ordinal)];
        canonical::uuid5(kind, &parts)
    }

    fn case_id(&self) -> String {
        self.snapshot.case_id.as_ref().to_owned()
    }

    fn revision(&self) -> i64 {
        number(self.snapshot.revision)
    }

    fn message(&self, receiver: &str, kind: &str, event: &str, payload: &Value) -> InboxRow {
        InboxRow {
            receiver: receiver.to_owned(),
            sender: self.case_id(),
            revision: self.revision(),
            ordinal: self.ordinal,
            kind: kind.to_owned(),
            event: event.to_owned(),
            payload: canonical::to_string(payload),
            from_child: None,
            due_at_ms: self.snapshot.recorded_at.as_ms(),
            body: "{}".to_owned(),
        }
    }
}
