//! Charts running under a simulated clock: the tested one and those it invokes.
//!
//! [`World`] plays the part that store and runtime play in the product: it keeps snapshots, wakes
//! pending sends when they are due, opens and ends invoked children, and carries events between
//! them. Everything that is due at one instant happens in the order it was sent.
//!
//! **Invariant:** only [`chart::step::step`] moves a case.

use std::collections::BTreeMap;
use std::sync::Arc;

use chart::calendar::Calendar;
use chart::definition::Chart;
use chart::effect::Effect;
use chart::event::{Actor, Event};
use chart::moment::Timestamp;
use chart::refusal::Refused;
use chart::snapshot::{Parent, Snapshot};
use chart::step::{active_ids, step};
use serde_json::{Map, Value};

use crate::read::Document;

/// So many steps between two events of a script are taken for a chart that never rests.
pub const STEPS_MAX: usize = 10_000;

/// SCXML knows no working days; this calendar is never asked.
const CALENDAR: &str = r#"{"format":1,"name":"none","non_working":[],"utc_offset_minutes":0,
    "version":1,"weekend":[],"working":[],"years":[2022]}"#;

/// The tested chart's own case.
const MAIN: &str = "main";

/// Why a world stopped.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum WorldError {
    /// A chart refused a step; SCXML knows no refusals, so this is a limit reached.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// A chart invoked another that the document does not hold.
    #[error("there is no chart `{0}` to invoke")]
    UnknownChart(String),
    /// Timers go on for ever.
    #[error("it does not come to rest within {STEPS_MAX} steps")]
    Endless,
}

/// One running chart.
#[derive(Debug)]
struct Session {
    chart: Arc<Chart>,
    snapshot: Snapshot,
    parent: Option<Arc<str>>,
    /// When each pending send was sent, as a number that rises over the whole world.
    sent: BTreeMap<u64, u64>,
}

/// An event on its way from one session to another.
#[derive(Debug)]
struct Message {
    due_at: Timestamp,
    sent: u64,
    from: Arc<str>,
    to: Arc<str>,
    event: Event,
    /// Whether it waits: what waits is lost when its sender ends (SCXML 6.2.4).
    waits: bool,
}

/// What falls due next.
enum Next {
    Timer { session: Arc<str>, ordinal: u64 },
    Message(usize),
}

/// Running charts and their clock.
#[derive(Debug)]
pub struct World {
    charts: BTreeMap<String, Arc<Chart>>,
    sessions: BTreeMap<Arc<str>, Session>,
    messages: Vec<Message>,
    sent: u64,
    now: Timestamp,
    calendar: Calendar,
    actor: Actor,
}

impl World {
    /// Starts the document's chart at moment 0.
    ///
    /// # Panics
    /// Never: the calendar of this module is well formed.
    pub fn start(document: Document) -> Result<Self, WorldError> {
        let charts = document.children.into_iter();
        let mut world = Self {
            charts: charts.map(|(name, chart)| (name, Arc::new(chart))).collect(),
            sessions: BTreeMap::new(),
            messages: Vec::new(),
            sent: 0,
            now: Timestamp(0),
            calendar: Calendar::from_canonical(CALENDAR).expect("the calendar is well formed"),
            actor: Actor::system(),
        };
        world.open(Arc::new(document.chart), &MAIN.into(), None, &Value::Null)?;
        Ok(world)
    }

    /// Ids of the active atomic states of the main chart; after its end, its final state.
    pub fn configuration(&self) -> Vec<String> {
        let main = &self.sessions[MAIN];
        active_ids(&main.chart, &main.snapshot)
    }

    /// The snapshot of the main chart.
    pub fn snapshot(&self) -> &Snapshot {
        &self.sessions[MAIN].snapshot
    }

    /// Lets `ms` pass: whatever falls due happens in due order, each as its own step.
    pub fn wait(&mut self, ms: i64) -> Result<(), WorldError> {
        let until = self.now.plus_ms(ms);
        for _ in 0..STEPS_MAX {
            match self.next() {
                Some((due_at, next)) if due_at <= until => self.happen(due_at, next)?,
                _ => {
                    self.now = until;
                    return Ok(());
                }
            }
        }
        Err(WorldError::Endless)
    }

    /// Lets time pass until the main chart ends or nothing is left to wait for.
    pub fn run_to_end(&mut self) -> Result<(), WorldError> {
        for _ in 0..STEPS_MAX {
            if self.snapshot().done {
                return Ok(());
            }
            match self.next() {
                Some((due_at, next)) => self.happen(due_at, next)?,
                None => return Ok(()),
            }
        }
        Err(WorldError::Endless)
    }

    /// Sends an event to the main chart.
    pub fn send(&mut self, name: &str, data: Value) -> Result<(), WorldError> {
        self.step(&MAIN.into(), &Event::inbox(name, data, None))
    }

    /// The earliest that is due; of one instant, the first that was sent.
    fn next(&self) -> Option<(Timestamp, Next)> {
        let timers = self.sessions.iter().flat_map(|(id, session)| {
            session.snapshot.pending.iter().map(move |send| {
                let sent = session.sent.get(&send.ordinal).copied().unwrap_or_default();
                let next = Next::Timer { session: Arc::clone(id), ordinal: send.ordinal };
                (send.due_at, sent, next)
            })
        });
        let messages = self.messages.iter().enumerate();
        let messages =
            messages.map(|(at, message)| (message.due_at, message.sent, Next::Message(at)));
        let first = timers.chain(messages).min_by_key(|(due_at, sent, _)| (*due_at, *sent));
        first.map(|(due_at, _, next)| (due_at, next))
    }

    fn happen(&mut self, due_at: Timestamp, next: Next) -> Result<(), WorldError> {
        self.now = self.now.max(due_at);
        match next {
            Next::Timer { session, ordinal } => self.step(&session, &Event::send(ordinal)),
            Next::Message(at) => {
                let message = self.messages.remove(at);
                self.step(&message.to, &message.event)
            }
        }
    }

    fn open(
        &mut self,
        chart: Arc<Chart>,
        id: &Arc<str>,
        parent: Option<Parent>,
        data: &Value,
    ) -> Result<(), WorldError> {
        let snapshot = Snapshot::unborn(&chart.sha256, id);
        let data = declared(&chart, data);
        let opened = Event::opened("", &data, parent.as_ref());
        let parent = parent.map(|parent| parent.case_id);
        let session = Session { chart, snapshot, parent, sent: BTreeMap::new() };
        self.sessions.insert(Arc::clone(id), session);
        self.step(id, &opened)
    }

    /// One step of one session; events for a session that is gone are lost.
    fn step(&mut self, id: &Arc<str>, event: &Event) -> Result<(), WorldError> {
        let Some(session) = self.sessions.get_mut(id) else { return Ok(()) };
        let Session { chart, snapshot, sent, .. } = session;
        let stepped = step(chart, snapshot, event, &self.actor, self.now, &self.calendar)?;
        session.snapshot = stepped.snapshot;
        for send in &session.snapshot.pending {
            sent.entry(send.ordinal).or_insert_with(|| {
                self.sent += 1;
                self.sent
            });
        }
        let done = session.snapshot.done;
        for effect in stepped.effects {
            self.perform(id, effect)?;
        }
        if done {
            self.messages.retain(|message| message.from != *id || !message.waits);
        }
        Ok(())
    }

    fn perform(&mut self, from: &Arc<str>, effect: Effect) -> Result<(), WorldError> {
        match effect {
            Effect::Spawn { case_id, chart, name, data, invoked, depth, .. } => {
                let chart = self.charts.get(&chart).ok_or(WorldError::UnknownChart(chart))?;
                let chart = Arc::clone(chart);
                let parent =
                    Parent { case_id: Arc::clone(from), name: name.into(), invoked, depth };
                self.open(chart, &case_id, Some(parent), &data)
            }
            Effect::CancelChild { case_id, .. } => {
                self.end(&case_id);
                Ok(())
            }
            Effect::Send { case_id, event, payload, at, from_child } => {
                self.sent += 1;
                self.messages.push(Message {
                    due_at: at,
                    sent: self.sent,
                    from: Arc::clone(from),
                    to: case_id,
                    event: Event::inbox(&event, payload, from_child.as_deref()),
                    waits: at > self.now,
                });
                Ok(())
            }
            Effect::Notice { .. } | Effect::Document { .. } => Ok(()),
        }
    }

    /// Ends a cancelled session with everything below it: nothing it sent arrives any more,
    /// unless it had ended by itself before.
    fn end(&mut self, id: &Arc<str>) {
        if self.sessions.remove(id).is_some_and(|session| !session.snapshot.done) {
            self.messages.retain(|message| message.from != *id);
        }
        let below: Vec<Arc<str>> = self
            .sessions
            .iter()
            .filter(|(_, session)| session.parent.as_ref() == Some(id))
            .map(|(child, _)| Arc::clone(child))
            .collect();
        for child in below {
            self.end(&child);
        }
    }
}

/// What an invoke passes, as far as the child declares it (SCXML 6.4.3).
fn declared(chart: &Chart, data: &Value) -> Value {
    let mut kept = Map::new();
    if let Value::Object(data) = data {
        for item in &chart.data_items {
            if let Some(value) = data.get(&item.id) {
                kept.insert(item.id.clone(), value.clone());
            }
        }
    }
    Value::Object(kept)
}
