//! The macrostep in the making: a snapshot being changed, and what it asks of the world.
//!
//! [`Machine`] holds what SCXML's Appendix D keeps in global variables. The public way in is
//! [`crate::step::step`], which makes one, feeds it one event and takes the result out.
//!
//! Reading order: [`Machine::macrostep`], `microstep`, `exit`, `enter`. Asking expressions is in
//! [`crate::ask`], actions in [`crate::execute`], clocks in [`crate::clocks`].
//!
//! **Invariant:** a machine lives for one step and is dropped with an error.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use crate::calendar::Calendar;
use crate::definition::{Chart, Kind, StateIx, TransitionIx, Unhandled};
use crate::effect::Effect;
use crate::event::{Actor, Event, Origin};
use crate::moment::Timestamp;
use crate::moves::{self, Moving, States};
use crate::refusal::{Reason, Refused};
use crate::select::{Judge, Selection, Transitions, Trigger, select};
use crate::snapshot::Snapshot;
use crate::stepped::Trace;
use crate::written::Written;

/// How many microsteps one event may cause before the step is refused.
pub const MICROSTEPS_MAX: u32 = 1_000;

/// An event on the internal queue.
#[derive(Debug, Clone)]
pub(crate) struct Internal {
    pub(crate) name: Arc<str>,
    pub(crate) data: Value,
    /// `platform` for events of the engine, `internal` for raised ones.
    pub(crate) kind: &'static str,
    /// The id of the send that failed, for errors.
    pub(crate) sendid: Option<String>,
}

/// The event being processed, as expressions see it.
#[derive(Debug, Clone)]
pub(crate) struct Current {
    pub(crate) name: Arc<str>,
    pub(crate) payload: Value,
    /// Whether its schema admitted the payload in this step.
    pub(crate) is_admitted: bool,
    /// `external`, `internal` or `platform`.
    pub(crate) kind: &'static str,
    pub(crate) sendid: Option<String>,
    pub(crate) invokeid: Option<String>,
}

pub(crate) struct Machine<'a> {
    pub(crate) chart: &'a Chart,
    pub(crate) calendar: &'a Calendar,
    pub(crate) now: Timestamp,
    pub(crate) actor: &'a Actor,
    /// The actor and the subject as values, made when an expression looks.
    pub(crate) seen: (OnceLock<Value>, OnceLock<Value>),
    pub(crate) origin: Origin,
    pub(crate) snapshot: Snapshot,
    /// The event expressions see; `None` before the first one.
    pub(crate) current: Option<Current>,
    pub(crate) queue: VecDeque<Internal>,
    pub(crate) effects: Vec<Effect>,
    pub(crate) trace: Vec<Trace>,
    /// States entered in this macrostep whose invokes are still to be started.
    pub(crate) to_invoke: Vec<StateIx>,
    /// Which part of the data was written.
    pub(crate) written: Written,
    /// The name of the event that began the step, for refusals.
    pub(crate) asked: Arc<str>,
    pub(crate) running: bool,
    /// Names bound by `each` and `foreach`, innermost last.
    pub(crate) locals: Vec<(String, Value)>,
}

impl Judge for Machine<'_> {
    fn guard(&self, transition: TransitionIx) -> Result<bool, String> {
        match &self.chart.transition(transition).guard {
            None => Ok(true),
            Some(guard) => self.truth(guard),
        }
    }

    fn permits(&self, transition: TransitionIx) -> bool {
        if self.origin != Origin::Person || self.chart.roles.is_empty() {
            return true;
        }
        let by = &self.chart.transition(transition).by;
        if by.is_empty() {
            return self.chart.roles.keys().any(|role| self.holds(role));
        }
        by.iter().any(|role| self.holds(role))
    }
}

impl<'a> Machine<'a> {
    pub(crate) fn new(
        chart: &'a Chart,
        snapshot: Snapshot,
        event: &Event,
        actor: &'a Actor,
        now: Timestamp,
        calendar: &'a Calendar,
    ) -> Self {
        let case_id = Arc::clone(&snapshot.case_id);
        Self {
            chart,
            calendar,
            now,
            actor,
            seen: Default::default(),
            origin: event.origin,
            snapshot,
            current: None,
            queue: VecDeque::new(),
            effects: Vec::new(),
            trace: Vec::new(),
            to_invoke: Vec::new(),
            written: Written::default(),
            asked: Arc::clone(&event.name),
            running: true,
            locals: system_variables(chart, &case_id),
        }
    }

    /// Whether the actor holds `role` on this case: by assignment, or by the chart's own rule.
    pub(crate) fn holds(&self, role: &str) -> bool {
        if self.actor.roles.iter().any(|held| held == role) {
            return true;
        }
        let Some(holders) = self.chart.roles.get(role).and_then(|role| role.holders.as_ref())
        else {
            return false;
        };
        match self.value(holders) {
            Ok(Value::Array(ids)) => ids.iter().any(|id| id.as_str() == Some(&self.actor.id)),
            _ => false,
        }
    }

    /// Sets the external event that expressions see.
    pub(crate) fn see(&mut self, name: &Arc<str>, payload: Value, child: Option<&str>) {
        let invokeid = child.map(str::to_owned);
        let name = Arc::clone(name);
        let kind = "external";
        self.current =
            Some(Current { name, payload, is_admitted: false, kind, sendid: None, invokeid });
    }

    /// Says what the case is about, once its first event has told.
    pub(crate) fn about(&mut self, subject: &str) {
        self.snapshot.subject = subject.into();
        self.seen.1 = OnceLock::new();
    }

    /// Runs eventless transitions and internal events until nothing is left to do, starting the
    /// invokes of states entered and not left (SCXML `mainEventLoop`, inner part).
    pub(crate) fn macrostep(&mut self) -> Result<(), Refused> {
        let mut microsteps = 0;
        while self.running {
            let selection = self.select(Trigger::Eventless);
            let enabled = if selection.enabled.is_empty() {
                let Some(internal) = self.queue.pop_front() else {
                    self.start_invokes()?;
                    if self.queue.is_empty() {
                        break;
                    }
                    continue;
                };
                self.take_internal(internal)?
            } else {
                selection.enabled
            };
            if !enabled.is_empty() {
                microsteps += 1;
                if microsteps > MICROSTEPS_MAX {
                    let event = self.asked.to_string();
                    return Err(Refused::Endless { event, limit: MICROSTEPS_MAX });
                }
                self.microstep(&enabled)?;
            }
        }
        if !self.running {
            self.end()?;
        }
        Ok(())
    }

    /// The transitions an internal event enables; an unhandled error refuses the step (R22).
    fn take_internal(&mut self, internal: Internal) -> Result<Transitions, Refused> {
        let Internal { name, data, kind, sendid } = internal;
        let message = match &data {
            Value::String(text) if name.starts_with("error.") => text.clone(),
            _ => String::new(),
        };
        self.current = Some(Current {
            name: Arc::clone(&name),
            payload: data,
            is_admitted: false,
            kind,
            sendid,
            invokeid: None,
        });
        let selection = self.select(Trigger::Named(&name));
        let strict = self.chart.unhandled == Unhandled::Refuse;
        if selection.enabled.is_empty() && strict && name.starts_with("error.") {
            return Err(Refused::Failed { event: self.asked.to_string(), message });
        }
        Ok(selection.enabled)
    }

    /// Selects, and raises what failed on the way.
    pub(crate) fn select(&mut self, trigger: Trigger<'_>) -> Selection {
        let Snapshot { configuration, history, .. } = &self.snapshot;
        let mut selection = select(self.chart, configuration, history, trigger, self);
        for error in selection.errors.drain(..) {
            self.error(error);
        }
        selection
    }

    /// Exits, acts and enters for one optimal set (SCXML `microstep`).
    pub(crate) fn microstep(&mut self, enabled: &[TransitionIx]) -> Result<(), Refused> {
        self.require(enabled)?;
        let chart = self.chart;
        let domain = |&one: &TransitionIx| (one, moves::domain(chart, one, &self.snapshot.history));
        let moving: Moving = enabled.iter().map(domain).collect();
        self.exit(&moving)?;
        for &transition in enabled {
            self.run(&chart.transition(transition).actions)?;
        }
        self.enter(&moving)
    }

    /// Refuses the event when any worded condition of the chosen set fails, naming all (R22).
    fn require(&mut self, enabled: &[TransitionIx]) -> Result<(), Refused> {
        let mut reasons = Vec::new();
        for &transition in enabled {
            for one in &self.chart.transition(transition).require {
                let held = self.truth(&one.that).map_err(|message| self.failed(message))?;
                if !held {
                    let earliest = one.unlocks_at.as_ref().and_then(|at| self.value(at).ok());
                    reasons.push(Reason {
                        text: one.reason.clone(),
                        unlocks: one.unlocks.clone(),
                        earliest: earliest.and_then(|ms| ms.as_i64()).map(Timestamp),
                    });
                }
            }
        }
        if reasons.is_empty() {
            return Ok(());
        }
        Err(Refused::Requirements { event: self.asked.to_string(), reasons })
    }

    fn exit(&mut self, moving: &[(TransitionIx, Option<StateIx>)]) -> Result<(), Refused> {
        let chart = self.chart;
        let mut leaving = States::new();
        for &(_, domain) in moving {
            if let Some(domain) = domain {
                for &state in &self.snapshot.configuration {
                    if chart.is_descendant(state, domain) {
                        moves::insert(&mut leaving, state);
                    }
                }
            }
        }
        self.remember(&leaving);
        for &state in leaving.iter().rev() {
            self.leave(state)?;
        }
        Ok(())
    }

    /// Records history before any exit block removes a state (SCXML `exitStates`).
    fn remember(&mut self, leaving: &[StateIx]) {
        let chart = self.chart;
        for &state in leaving {
            for &child in &chart.state(state).children {
                let Kind::History { deep, .. } = chart.state(child).kind else { continue };
                let remembered = self.snapshot.configuration.iter().copied().filter(|&active| {
                    if deep {
                        chart.is_descendant(active, state)
                            && matches!(chart.state(active).kind, Kind::Atomic | Kind::Final)
                    } else {
                        chart.state(active).parent == Some(state)
                    }
                });
                self.snapshot.history.insert(child, remembered.collect());
            }
        }
    }

    fn leave(&mut self, state: StateIx) -> Result<(), Refused> {
        let chart = self.chart;
        for block in &chart.state(state).on_exit {
            self.run(block)?;
        }
        self.cancel_invokes(state);
        if let Ok(at) = self.snapshot.configuration.binary_search(&state) {
            self.snapshot.configuration.remove(at);
        }
        self.snapshot.terms.remove(&state);
        self.to_invoke.retain(|&waiting| waiting != state);
        self.trace.push(Trace::Exit(Arc::clone(&chart.state(state).id)));
        Ok(())
    }

    fn enter(&mut self, moving: &[(TransitionIx, Option<StateIx>)]) -> Result<(), Refused> {
        let chart = self.chart;
        let entry = moves::entry_set(chart, moving, &self.snapshot.history);
        for &state in &entry.states {
            let definition = chart.state(state);
            moves::insert(&mut self.snapshot.configuration, state);
            self.trace.push(Trace::Enter(Arc::clone(&definition.id)));
            let counted = !definition.tasks.is_empty()
                || definition.term.is_some()
                || !definition.invokes.is_empty();
            if counted {
                *self.snapshot.generations.entry(state).or_insert(0) += 1;
            }
            if !definition.invokes.is_empty() {
                moves::insert(&mut self.to_invoke, state);
            }
            for block in &definition.on_entry {
                self.run(block)?;
            }
            if let (true, Kind::Compound { initial }) =
                (entry.by_default.contains(&state), definition.kind)
            {
                self.run(&chart.transition(initial).actions)?;
            }
            for (_, default) in entry.history_default.iter().filter(|(parent, _)| *parent == state)
            {
                self.run(&chart.transition(*default).actions)?;
            }
            if definition.kind == Kind::Final {
                self.finish(state);
            }
        }
        Ok(())
    }

    /// Raises `error.execution`.
    pub(crate) fn error(&mut self, message: String) {
        self.raise_error("error.execution", message, None);
    }

    pub(crate) fn raise_error(&mut self, name: &str, message: String, sendid: Option<String>) {
        self.trace.push(Trace::Error(message.clone()));
        let data = Value::String(message);
        self.queue.push_back(Internal { name: name.into(), data, kind: "platform", sendid });
    }

    pub(crate) fn failed(&self, message: String) -> Refused {
        Refused::Failed { event: self.asked.to_string(), message }
    }
}

/// SCXML's `_sessionid` and `_name` (5.10); a chart of ours has no use for them.
fn system_variables(chart: &Chart, case_id: &str) -> Vec<(String, Value)> {
    match chart.unhandled {
        Unhandled::Refuse => Vec::new(),
        Unhandled::Ignore => vec![
            ("_sessionid".to_owned(), Value::from(case_id)),
            ("_name".to_owned(), Value::from(chart.name.as_str())),
        ],
    }
}
