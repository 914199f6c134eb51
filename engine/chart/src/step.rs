//! The macrostep: one event in; the next snapshot and its effects out.
//!
//! Everything the engine decides is decided here, and nothing is done here. No clock, database,
//! environment or randomness is read; what is needed arrives as an argument. So `replay` can
//! rebuild a case from its log, and `tests` can pin a chart's behaviour as a table.
//!
//! Reading order: [`step`], then one function per kind of event.
//!
//! **Invariant:** equal arguments give an equal [`Step`].

use serde_json::{Map, Value};

use crate::calendar::Calendar;
use crate::data::Data;
use crate::definition::{Chart, Kind, Unhandled};
use crate::effect::Effect;
use crate::event::{Actor, Event, Origin, name};
use crate::machine::Machine;
use crate::moment::Timestamp;
use crate::path::Segment;
use crate::refusal::Refused;
use crate::select::Trigger;
use crate::snapshot::{Parent, Snapshot};
use crate::stepped::{EntryKind, Step};
use crate::urge::urge;
use crate::written::{Written, unjudged};

/// The number of these semantics; raised by any change that alters a [`Step`] (R7).
pub const SEMANTICS: i64 = 1;

/// Takes `event` into `snapshot` and runs the chart until it is stable.
///
/// A person's event that no active state handles is [`Refused`], never ignored: whoever sent it is
/// told. A machine's event that no state handles is an `ignored` step (R23). `now` must not lie
/// before the snapshot's last entry; the caller takes the later of the two (R20).
pub fn step(
    chart: &Chart,
    snapshot: &Snapshot,
    event: &Event,
    actor: &Actor,
    now: Timestamp,
    calendar: &Calendar,
) -> Result<Step, Refused> {
    let mut machine = Machine::new(chart, snapshot.clone(), event, actor, now, calendar);
    let kind = run(&mut machine, event, snapshot)?;
    Ok(machine.into_step(kind, snapshot))
}

/// Takes `event` into the machine; the kind of its entry.
fn run(machine: &mut Machine<'_>, event: &Event, before: &Snapshot) -> Result<EntryKind, Refused> {
    if before.revision == 0 {
        return open(machine, event);
    }
    if before.done {
        return match event.origin {
            Origin::Person => Err(Refused::Ended { event: event.name.to_string() }),
            _ => Ok(EntryKind::Ignored),
        };
    }
    match (event.origin, event.name.as_ref()) {
        (Origin::Timer, name::RUNG) => Ok(rung(machine, event)),
        (Origin::Timer, name::DUE) => due(machine, event),
        (Origin::Timer, name::SEND) => pending(machine, event),
        (Origin::Operator, name::CALENDAR) => recompute(machine, event),
        (Origin::Inbox, name::CANCELLED) => cancelled(machine),
        (Origin::Person, name::REMINDED | name::ESCALATED) if is_ours(machine.chart, event) => {
            urge(machine, event)
        }
        _ => take(machine, event, before),
    }
}

/// Whether the chart leaves an event of this name to the engine.
fn is_ours(chart: &Chart, event: &Event) -> bool {
    chart.unhandled == Unhandled::Refuse && !chart.events.contains_key(event.name.as_ref())
}

/// The case as it stands, to be written whole: replay may begin at such an entry, and need not know
/// the semantics of those before it (R7).
pub fn checkpoint(snapshot: &Snapshot, now: Timestamp) -> Step {
    let revision = snapshot.revision + 1;
    let snapshot = Snapshot { revision, recorded_at: now, ..snapshot.clone() };
    Step { kind: EntryKind::Checkpoint, snapshot, effects: Vec::new(), trace: Vec::new() }
}

/// The first event: data, then the initial states (SCXML `interpret`).
fn open(machine: &mut Machine<'_>, event: &Event) -> Result<EntryKind, Refused> {
    if event.name.as_ref() != name::OPENED {
        let states = Vec::new();
        return Err(Refused::NotHandled { event: event.name.to_string(), states });
    }
    let chart = machine.chart;
    let payload = &event.payload;
    machine.about(payload["subject"].as_str().unwrap_or_default());
    machine.snapshot.parent = parent(&payload["parent"]);
    let given = match &payload["data"] {
        Value::Null => Value::Object(Map::new()),
        data => data.clone(),
    };
    let data = match &chart.data_schema {
        Some(schema) => schema.settled(given.clone()),
        None => given.clone(),
    };
    machine.snapshot.data = Data::from(data);
    // SCXML's `_event` is unbound until the first event (5.10.1).
    if chart.unhandled == Unhandled::Refuse {
        machine.see(&event.name, given.clone(), None);
    }
    machine.written = Written::Everything;
    machine.declare(&given);
    let Kind::Compound { initial } = chart.state(0).kind else {
        unreachable!("the root of a built chart has an initial transition");
    };
    machine.microstep(&[initial])?;
    machine.macrostep()?;
    finish(machine)
}

fn parent(value: &Value) -> Option<Parent> {
    Some(Parent {
        case_id: value["case_id"].as_str()?.into(),
        name: value["name"].as_str()?.into(),
        invoked: value["invoked"].as_bool().unwrap_or(false),
        depth: u32::try_from(value["depth"].as_u64().unwrap_or(1)).unwrap_or(u32::MAX),
    })
}

/// An event of a person or of another case.
fn take(machine: &mut Machine<'_>, event: &Event, before: &Snapshot) -> Result<EntryKind, Refused> {
    let chart = machine.chart;
    let payload = admit_payload(chart, event)?;
    machine.see(&event.name, payload, event.child.as_deref());
    if let Some(current) = &mut machine.current {
        current.is_admitted =
            chart.events.get(&*event.name).is_some_and(|one| one.payload.is_some());
    }
    machine.hear_child(event.child.as_deref())?;
    let selection = machine.select(Trigger::Named(&event.name));
    if selection.enabled.is_empty() && machine.queue.is_empty() {
        if event.origin == Origin::Person && chart.unhandled == Unhandled::Refuse {
            return Err(not_taken(machine, event, selection.forbidden));
        }
        let changed = machine.written != Written::Nothing || !machine.effects.is_empty();
        if !changed && machine.snapshot.children == before.children {
            return Ok(EntryKind::Ignored);
        }
    }
    if !selection.enabled.is_empty() {
        machine.microstep(&selection.enabled)?;
    }
    machine.macrostep()?;
    finish(machine)
}

/// The payload as its schema wants it: numbers typed, defaults filled in.
fn admit_payload(chart: &Chart, event: &Event) -> Result<Value, Refused> {
    let name = event.name.as_ref();
    let Some(definition) = chart.events.get(name) else {
        let known = chart.unhandled == Unhandled::Ignore || event.origin != Origin::Person;
        return if known {
            Ok(event.payload.clone())
        } else {
            Err(Refused::Unknown { event: name.to_owned() })
        };
    };
    if definition.machine && event.origin == Origin::Person {
        return Err(Refused::Unknown { event: name.to_owned() });
    }
    let Some(schema) = &definition.payload else { return Ok(event.payload.clone()) };
    let payload = match &event.payload {
        Value::Null => Value::Object(Map::new()),
        payload => payload.clone(),
    };
    schema
        .admit_settled(payload)
        .map_err(|violations| Refused::Payload { event: name.to_owned(), violations })
}

fn not_taken(machine: &Machine<'_>, event: &Event, forbidden: Vec<String>) -> Refused {
    let event = event.name.to_string();
    if forbidden.is_empty() {
        return Refused::NotHandled { event, states: active_ids(machine.chart, &machine.snapshot) };
    }
    Refused::NotPermitted { event, roles: forbidden }
}

/// Ids of the active atomic states, in document order.
pub fn active_ids(chart: &Chart, snapshot: &Snapshot) -> Vec<String> {
    snapshot
        .configuration
        .iter()
        .filter(|&&state| matches!(chart.state(state).kind, Kind::Atomic | Kind::Final))
        .map(|&state| chart.state(state).id.to_string())
        .collect()
}

/// A rung of a ladder: a notice entry that runs no step (R26).
fn rung(machine: &mut Machine<'_>, event: &Event) -> EntryKind {
    let chart = machine.chart;
    let at = event.payload["rung"].as_u64().and_then(|rung| usize::try_from(rung).ok());
    let state = event.payload["term"].as_str().and_then(|id| chart.find(id));
    let (Some(at), Some(state)) = (at, state) else {
        return EntryKind::Ignored;
    };
    let definition = chart.state(state);
    let rung = definition.term.as_ref().and_then(|term| term.rungs.get(at));
    let (Some(rung), Some(clock)) = (rung, machine.snapshot.terms.get_mut(&state)) else {
        return EntryKind::Ignored;
    };
    let Err(place) = clock.sent.binary_search(&at) else {
        return EntryKind::Ignored;
    };
    clock.sent.insert(place, at);
    if event.payload["skip"].as_bool() == Some(true) {
        return EntryKind::Skipped;
    }
    let due_at = clock.due.effective_at();
    for role in &rung.to {
        machine.effects.push(Effect::Notice {
            letter: rung.letter.clone(),
            role: role.clone(),
            item: definition.id.to_string(),
            rung: rung.offset.to_string(),
            due_at: Some(due_at),
            immediate: rung.offset.working_days > 0,
            data: Value::Null,
        });
    }
    EntryKind::Notice
}

/// The due moment: an event for the term's own states, or a notice where none handles it (R26).
fn due(machine: &mut Machine<'_>, event: &Event) -> Result<EntryKind, Refused> {
    let chart = machine.chart;
    let state = event.payload["term"].as_str().and_then(|id| chart.find(id));
    let clock = state.and_then(|state| machine.snapshot.terms.get_mut(&state));
    let (Some(state), Some(clock)) = (state, clock) else {
        return Ok(EntryKind::Ignored);
    };
    if clock.fired {
        return Ok(EntryKind::Ignored);
    }
    clock.fired = true;
    machine.see(&event.name, event.payload.clone(), None);
    let selection = machine.select(Trigger::Due(&event.name, state));
    if selection.enabled.is_empty() {
        return Ok(EntryKind::Notice);
    }
    machine.microstep(&selection.enabled)?;
    machine.macrostep()?;
    finish(machine)
}

/// The parent has left the invoking state: exit blocks run, nothing waits any more, and the parent
/// is not told (SCXML 6.4.3).
fn cancelled(machine: &mut Machine<'_>) -> Result<EntryKind, Refused> {
    machine.stop()?;
    finish(machine)
}

/// A pending send of the case itself.
fn pending(machine: &mut Machine<'_>, event: &Event) -> Result<EntryKind, Refused> {
    let ordinal = event.payload["ordinal"].as_u64();
    let at = machine.snapshot.pending.iter().position(|send| Some(send.ordinal) == ordinal);
    let Some(at) = at else {
        return Ok(EntryKind::Ignored);
    };
    let send = machine.snapshot.pending.remove(at);
    machine.see(&send.event, send.payload, None);
    if let Some(current) = &mut machine.current {
        current.sendid = send.id;
    }
    machine.hear_child(None)?;
    let selection = machine.select(Trigger::Named(&send.event));
    if selection.enabled.is_empty() && machine.queue.is_empty() {
        return Ok(EntryKind::Ignored);
    }
    if !selection.enabled.is_empty() {
        machine.microstep(&selection.enabled)?;
    }
    machine.macrostep()?;
    finish(machine)
}

/// The calendar changed under a term (R32).
fn recompute(machine: &mut Machine<'_>, event: &Event) -> Result<EntryKind, Refused> {
    let state = event.payload["term"].as_str().and_then(|id| machine.chart.find(id));
    let moved = match state {
        None => Ok(false),
        Some(state) => machine.recompute(state),
    };
    let event = || event.name.to_string();
    let moved = moved.map_err(|message| Refused::Term { event: event(), message })?;
    Ok(if moved { EntryKind::Calendar } else { EntryKind::Ignored })
}

/// Settles clocks, types and validates the data.
fn finish(machine: &mut Machine<'_>) -> Result<EntryKind, Refused> {
    machine.settle_clocks()?;
    if let Some(schema) = &machine.chart.data_schema
        && machine.written != Written::Nothing
    {
        let data = &mut machine.snapshot.data;
        let admitted = if let Written::Members(touched) = &machine.written {
            schema.admit_members(data, unjudged(touched))
        } else {
            let mut whole = data.to_value();
            let admitted = schema.admit(&mut whole);
            *data = Data::from(whole);
            admitted
        };
        let event = || machine.asked.to_string();
        admitted.map_err(|violations| Refused::Data { event: event(), violations })?;
    }
    Ok(EntryKind::Event)
}

impl Machine<'_> {
    /// Gives every data item its first value, in document order (SCXML 5.3, early binding).
    ///
    /// What `given` brings replaces the item's own value; a value that fails leaves null.
    fn declare(&mut self, given: &Value) {
        let chart = self.chart;
        if chart.data_items.is_empty() {
            return;
        }
        let mut data = Map::new();
        for item in &chart.data_items {
            data.insert(item.id.clone(), Value::Null);
        }
        self.snapshot.data = Data::from(Value::Object(data));
        for item in &chart.data_items {
            let value = match (given.get(&item.id), &item.value) {
                (Some(value), _) => value.clone(),
                (None, None) => continue,
                (None, Some(expr)) => match self.value(expr) {
                    Ok(value) => value,
                    Err(error) => {
                        self.error(error);
                        continue;
                    }
                },
            };
            let path = [Segment::Key(item.id.as_str().into())];
            // The item is there since the loop above.
            let _written = self.snapshot.data.write(&path, Some(value), |_| false);
        }
    }

    /// The step, with its counters moved on (R26).
    fn into_step(mut self, kind: EntryKind, before: &Snapshot) -> Step {
        let snapshot = &mut self.snapshot;
        snapshot.revision = before.revision + 1;
        snapshot.recorded_at = self.now;
        let decided = kind == EntryKind::Event
            && (snapshot.configuration != before.configuration
                || !self.written.left_as_it_was(&snapshot.data, &before.data));
        if decided {
            snapshot.decision += 1;
        }
        Step { kind, snapshot: self.snapshot, effects: self.effects, trace: self.trace }
    }
}
