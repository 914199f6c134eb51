//! What is to be done about one request, decided on one head: a commit to be made, or an answer.
//!
//! This is where a command meets [`chart::step::step`]. Nothing is awaited and nothing is kept, so
//! the writer may plan again on a newer head as often as it must.
//!
//! **Invariant:** equal requests on equal heads, at one moment, give equal plans.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use chart::calendar::Calendar;
use chart::definition::Chart;
use chart::entry::{Entry, FIRST};
use chart::event::{Actor, Event, name};
use chart::moment::Timestamp;
use chart::refusal::Refused;
use chart::snapshot::{Parent, Snapshot};
use chart::step::step;
use chart::stepped::{EntryKind, Step};
use serde_json::Value;
use store::personal::PersonalRow;
use store::rows::{InboxRow, ReceiptRow, TimerRow, Write};

use crate::cache::Head;
use crate::checkpoints;
use crate::clock::Salts;
use crate::command::{Admitted, Receipt, SendError};
use crate::library::Library;
use crate::personal::{self, Concealed};
use crate::queue::{Answer, Outcome, Request, Work};
use crate::roles::Assignments;
use crate::timers;
use crate::writes::{self, Before, Sender, inbox_kind};

/// What a plan is made with; one for a whole batch.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) library: Arc<Library>,
    pub(crate) assignments: Arc<Assignments>,
    pub(crate) now: Timestamp,
    pub(crate) salts: Salts,
}

/// What was answered under the key of a command before.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) receipt: ReceiptRow,
    /// The personal values of its case that are still there, where the command may carry any.
    pub(crate) kept: Vec<PersonalRow>,
}

/// A commit to be made, and what its sender is told afterwards.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) write: Write,
    pub(crate) head: Arc<Head>,
    pub(crate) receipt: Receipt,
}

/// What is to be done about a request.
#[derive(Debug)]
pub(crate) enum Plan {
    /// Commit this.
    Write(Box<Planned>),
    /// Nothing is written; this is the answer.
    Settled(Answer),
}

/// Decides on `request`, for the case that stands at `head`, if it is born.
///
/// A panic in a step is the answer to its own request and to no other.
pub(crate) fn plan(
    context: &Context,
    request: &Request,
    head: Option<&Arc<Head>>,
    answered: Option<&Answered>,
) -> Plan {
    let planned = catch_unwind(AssertUnwindSafe(|| match &request.work {
        Work::Command(command) => plan_command(context, command, head, answered),
        Work::Timer(timer) => plan_timer(context, timer, head),
        Work::Inbox(row) => plan_inbox(context, request, row, head),
        Work::Calendar(state) => plan_calendar(context, &request.case_id, state, head),
        Work::Checkpoint(revision) => plan_checkpoint(context, &request.case_id, *revision, head),
    }));
    match planned {
        Ok(Ok(plan)) => plan,
        Ok(Err(error)) => Plan::Settled(Err(error)),
        Err(_) => Plan::Settled(Err(SendError::Corrupt {
            case_id: request.case_id.as_ref().to_owned(),
            why: "its step broke off; nothing was written".to_owned(),
        })),
    }
}

fn plan_command(
    context: &Context,
    command: &Admitted,
    head: Option<&Arc<Head>>,
    answered: Option<&Answered>,
) -> Result<Plan, SendError> {
    let case_id = &command.case_id;
    let chart = match (head, &command.chart) {
        (Some(head), _) => &head.chart,
        (None, Some(chart)) => context.library.newest(chart)?,
        (None, None) => return Err(SendError::NoCase { case_id: case_id.to_string() }),
    };
    let concealed = personal::conceal(chart, command, context.salts, context.now);
    if let Some(answered) = answered {
        let again = answer_again(command, &concealed, answered);
        return again.map(|receipt| Plan::Settled(Ok(receipt)));
    }
    personal::demand_fit(chart, command)?;
    let Concealed { event, body_sha, rows } = concealed;
    let sender = Sender { key: Arc::clone(&command.key), body_sha };
    let taken = match head {
        Some(_) if command.chart.is_some() => {
            return Err(SendError::Exists { case_id: case_id.to_string() });
        }
        None => {
            let subject = event.payload["subject"].as_str().unwrap_or_default();
            let actor = actor_of(context, command, subject, context.now)?;
            bear(context, chart, case_id, &event, &actor)?
        }
        Some(head) => {
            let decision = head.snapshot.decision;
            if let Some(expected) = command.expected_decision.filter(|&one| one != decision) {
                let (case_id, expected) = (case_id.to_string(), Some(expected));
                return Err(SendError::Stale { case_id, expected, decision });
            }
            let now = context.now.max(head.snapshot.recorded_at);
            let actor = actor_of(context, command, &head.snapshot.subject, now)?;
            move_on(context, head, &event, &actor)?
        }
    };
    let mut planned = taken.write(&event, Some(&sender), None);
    planned.write.personal = rows;
    Ok(Plan::Write(planned))
}

fn answer_again(
    command: &Admitted,
    concealed: &Concealed,
    answered: &Answered,
) -> Result<Outcome, SendError> {
    let row = &answered.receipt;
    let same = row.body_sha == concealed.body_sha;
    if !same || !personal::same_values(concealed, &answered.kept) {
        let (case_id, key) = (command.case_id.to_string(), command.key.to_string());
        return Err(SendError::KeyReused { case_id, key });
    }
    serde_json::from_str(&row.answer).map(Outcome::Stepped).map_err(|error| SendError::Corrupt {
        case_id: row.case_id.clone(),
        why: format!("the receipt of key `{}` does not parse: {error}", row.key),
    })
}

fn actor_of(
    context: &Context,
    command: &Admitted,
    subject: &str,
    now: Timestamp,
) -> Result<Actor, SendError> {
    context.assignments.resolve(&command.actor, subject, &command.case_id, now)
}

fn plan_timer(
    context: &Context,
    timer: &TimerRow,
    head: Option<&Arc<Head>>,
) -> Result<Plan, SendError> {
    let void = Ok(Plan::Settled(Ok(Outcome::Void)));
    let Some(head) = head else { return void };
    // It was due when it was claimed; a clock set back meanwhile does not make it void.
    let due_at = Timestamp(timer.due_at_ms);
    let now = context.now.max(head.snapshot.recorded_at).max(due_at);
    let Some(event) = timers::event_of(timer, head, now) else { return void };
    let taken = move_on(context, head, &event, &Actor::system())?;
    Ok(Plan::Write(taken.write(&event, None, None)))
}

fn plan_inbox(
    context: &Context,
    request: &Request,
    row: &InboxRow,
    head: Option<&Arc<Head>>,
) -> Result<Plan, SendError> {
    // The commit is refused when the row is gone; losing without the case having moved says so.
    if request.lost_at.is_some() && request.lost_at == head.map(|head| head.snapshot.revision) {
        return Ok(Plan::Settled(Ok(Outcome::Void)));
    }
    let consumed = Some((row.sender.clone(), row.revision, row.ordinal));
    let payload = parse(&request.case_id, &row.payload)?;
    let (event, taken);
    match (row.kind.as_str(), head) {
        (inbox_kind::SPAWN, None) => {
            let body = parse(&request.case_id, &row.body)?;
            let chart = context.library.newest(body["chart"].as_str().unwrap_or_default())?;
            let subject = body["subject"].as_str().unwrap_or_default();
            event = Event::opened(subject, &payload, Some(&parent_of(row, &body)));
            taken = bear(context, chart, &request.case_id, &event, &Actor::system())?;
        }
        // The child's id follows from the message, so it is born by this message already.
        (inbox_kind::SPAWN, Some(_)) => return Ok(Plan::Settled(Ok(Outcome::Void))),
        (_, None) => return Err(SendError::NoCase { case_id: request.case_id.to_string() }),
        (kind, Some(head)) => {
            let told =
                if kind == inbox_kind::CANCEL { name::CANCELLED } else { row.event.as_str() };
            event = Event::inbox(told, payload, row.from_child.as_deref());
            taken = move_on(context, head, &event, &Actor::system())?;
        }
    }
    Ok(Plan::Write(taken.write(&event, None, consumed)))
}

fn parent_of(row: &InboxRow, body: &Value) -> Parent {
    Parent {
        case_id: row.sender.as_str().into(),
        name: body["name"].as_str().unwrap_or_default().into(),
        invoked: body["invoked"].as_bool().unwrap_or(false),
        depth: body["depth"].as_u64().and_then(|depth| u32::try_from(depth).ok()).unwrap_or(1),
    }
}

fn plan_calendar(
    context: &Context,
    case_id: &Arc<str>,
    state: &str,
    head: Option<&Arc<Head>>,
) -> Result<Plan, SendError> {
    let head = head.ok_or_else(|| SendError::NoCase { case_id: case_id.to_string() })?;
    let event = Event::calendar(state);
    let taken = move_on(context, head, &event, &Actor::system())?;
    if taken.step.kind == EntryKind::Ignored {
        return Ok(Plan::Settled(Ok(Outcome::Void)));
    }
    Ok(Plan::Write(taken.write(&event, None, None)))
}

fn plan_checkpoint(
    context: &Context,
    case_id: &Arc<str>,
    revision: i64,
    head: Option<&Arc<Head>>,
) -> Result<Plan, SendError> {
    let head = head.ok_or_else(|| SendError::NoCase { case_id: case_id.to_string() })?;
    if writes::number(head.snapshot.revision) != revision {
        return Ok(Plan::Settled(Ok(Outcome::Void)));
    }
    let (chart, calendar) = (&head.chart, context.library.calendar());
    let (step, entry) = checkpoints::take(chart, &head.snapshot, calendar, &head.hash);
    let taken = Taken { chart, head: Some(head), step, entry, calendar };
    Ok(Plan::Write(taken.write(&Event::checkpoint(), None, None)))
}

fn parse(case_id: &str, text: &str) -> Result<Value, SendError> {
    serde_json::from_str(text).map_err(|error| SendError::Corrupt {
        case_id: case_id.to_owned(),
        why: format!("a message to it does not parse: {error}"),
    })
}

/// A step and its entry, not yet written.
struct Taken<'a> {
    chart: &'a Arc<Chart>,
    /// `None` for a birth.
    head: Option<&'a Head>,
    step: Step,
    entry: Entry,
    calendar: &'a Calendar,
}

/// Steps the case that stands at `head`.
fn move_on<'a>(
    context: &'a Context,
    head: &'a Head,
    event: &Event,
    actor: &Actor,
) -> Result<Taken<'a>, Refused> {
    let (step, entry) = take(context, &head.chart, &head.snapshot, &head.hash, event, actor)?;
    let calendar = context.library.calendar();
    Ok(Taken { chart: &head.chart, head: Some(head), step, entry, calendar })
}

/// Steps the case `case_id` into life.
fn bear<'a>(
    context: &'a Context,
    chart: &'a Arc<Chart>,
    case_id: &str,
    event: &Event,
    actor: &Actor,
) -> Result<Taken<'a>, Refused> {
    let unborn = Snapshot::unborn(&chart.sha256, case_id);
    let (step, entry) = take(context, chart, &unborn, FIRST, event, actor)?;
    Ok(Taken { chart, head: None, step, entry, calendar: context.library.calendar() })
}

fn take(
    context: &Context,
    chart: &Chart,
    snapshot: &Snapshot,
    prev_hash: &str,
    event: &Event,
    actor: &Actor,
) -> Result<(Step, Entry), Refused> {
    let calendar = context.library.calendar();
    let now = context.now.max(snapshot.recorded_at);
    let step = step(chart, snapshot, event, actor, now, calendar)?;
    let entry = Entry::record(chart, &step, event, actor, calendar, prev_hash);
    Ok((step, entry))
}

impl Taken<'_> {
    fn write(
        self,
        event: &Event,
        sender: Option<&Sender>,
        consumed: Option<(String, i64, i64)>,
    ) -> Box<Planned> {
        let Self { chart, head, step, entry, calendar } = self;
        let before = Before {
            chart,
            revision: head.map_or(0, |head| head.snapshot.revision),
            opened_at: head.map_or(entry.recorded_at, |head| head.opened_at),
            tasks: head.map_or(&[], |head| &head.tasks),
            timers: head.map_or(&[], |head| &head.timers),
        };
        let (mut write, mut head, receipt) =
            writes::of(&before, step, event, entry, sender, consumed);
        if checkpoints::follows(&head.snapshot) {
            let (step, entry) = checkpoints::take(chart, &head.snapshot, calendar, &head.hash);
            writes::add_checkpoint(&mut write, &mut head, step, entry);
        }
        Box::new(Planned { write, head: Arc::new(head), receipt })
    }
}
