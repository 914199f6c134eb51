//! Running actions: what a block does to the case, and what it asks of the world.
//!
//! An action that fails raises `error.execution` and ends its block (SCXML 4); the step goes on,
//! and is refused only if nothing handles the error.
//!
//! **Invariant:** actions change the machine's snapshot and lists, and nothing else.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::definition::{
    Action, Assign, Block, Delay, LetterDef, NameOrExpr, SendDef, SendTarget, StateIx, Unhandled,
};
use crate::effect::Effect;
use crate::expr::Expr;
use crate::machine::{Internal, Machine};
use crate::path::Segment;
use crate::refusal::Refused;
use crate::snapshot::PendingSend;
use crate::stepped::Trace;

/// How many elements a `foreach` may walk over.
pub const FOREACH_MAX: usize = 10_000;

/// Why a block stopped: an error to raise, or a refusal of the whole step.
pub(crate) enum Stop {
    Error { name: &'static str, message: String, sendid: Option<String> },
    Refused(Refused),
}

impl From<String> for Stop {
    fn from(message: String) -> Self {
        Self::Error { name: "error.execution", message, sendid: None }
    }
}

impl Machine<'_> {
    /// Runs a block; an error ends it and is raised.
    pub(crate) fn run(&mut self, block: &Block) -> Result<(), Refused> {
        match self.run_actions(block) {
            Ok(()) => Ok(()),
            Err(Stop::Error { name, message, sendid }) => {
                self.raise_error(name, message, sendid);
                Ok(())
            }
            Err(Stop::Refused(refused)) => Err(refused),
        }
    }

    fn run_actions(&mut self, block: &Block) -> Result<(), Stop> {
        for action in block {
            self.run_action(action)?;
        }
        Ok(())
    }

    fn run_action(&mut self, action: &Action) -> Result<(), Stop> {
        match action {
            Action::Set(assigns) => self.set(assigns)?,
            Action::Raise { event, data } => {
                let data = self.params(data)?;
                let name = Arc::clone(event);
                self.queue.push_back(Internal { name, data, kind: "internal", sendid: None });
            }
            Action::Send(send) => self.send(send)?,
            Action::Cancel { id } => {
                let id = text(&self.value(id)?);
                self.snapshot.pending.retain(|send| send.id.as_deref() != Some(id.as_str()));
            }
            Action::If { branches, otherwise } => {
                for (condition, branch) in branches {
                    // One that fails counts as false, and the failure is raised (SCXML 5.9.1).
                    let holds = self.truth(condition).unwrap_or_else(|error| {
                        self.error(error);
                        false
                    });
                    if holds {
                        return self.run_actions(branch);
                    }
                }
                self.run_actions(otherwise)?;
            }
            Action::Foreach { items, item, index, body } => {
                self.foreach(items, item, index.as_deref(), body)?;
            }
            Action::Letter(letter) => self.letter(letter)?,
            Action::Document { name, data } => {
                let data = self.params(data)?;
                self.effects.push(Effect::Document { name: name.clone(), data });
            }
            Action::Spawn(spawn) => self.spawn(spawn)?,
            Action::Log { label, value } => {
                let value = value.as_ref().map_or(Ok(Value::Null), |value| self.value(value))?;
                self.trace.push(Trace::Log { label: label.clone(), value });
            }
            Action::Fail { reason } => return Err(reason.clone().into()),
        }
        Ok(())
    }

    /// Evaluates all paths and values against the data before, then writes (R24).
    fn set(&mut self, assigns: &[Assign]) -> Result<(), Stop> {
        let is_admitted = self.current.as_ref().is_some_and(|current| current.is_admitted);
        let mut writes: Vec<(Cow<'_, [Segment]>, Option<Value>, bool)> =
            Vec::with_capacity(assigns.len());
        for assign in assigns {
            let segments = self
                .leads(&assign.path)
                .map_err(|error| format!("`{}`: {error}", assign.path.source()))?;
            self.must_be_declared(&segments)?;
            let value = assign.to.as_ref().map(|to| self.value(to)).transpose()?;
            writes.push((segments, value, is_admitted && assign.hands_on));
        }
        for (segments, value, is_judged) in writes {
            self.write_as(&segments, value, is_judged)?;
        }
        Ok(())
    }

    /// SCXML assigns to data that is there; our own charts have a schema to say what may be new.
    pub(crate) fn must_be_declared(&self, segments: &[Segment]) -> Result<(), String> {
        match segments.first() {
            Some(Segment::Key(key))
                if self.chart.unhandled == Unhandled::Ignore
                    && self.snapshot.data.get(key).is_none() =>
            {
                Err(format!("there is no data item `{key}`"))
            }
            _ => Ok(()),
        }
    }

    /// Writes one value, or removes what is there.
    pub(crate) fn write(
        &mut self,
        segments: &[Segment],
        value: Option<Value>,
    ) -> Result<(), String> {
        self.write_as(segments, value, false)
    }

    fn write_as(
        &mut self,
        segments: &[Segment],
        value: Option<Value>,
        is_judged: bool,
    ) -> Result<(), String> {
        let chart = self.chart;
        self.written.add(segments, is_judged);
        let may_create = |at: &[Segment]| match &chart.data_schema {
            Some(schema) => schema.allows_object_at(at),
            None => false,
        };
        let written = self.snapshot.data.write(segments, value, may_create);
        written.map_err(|error| error.to_string())
    }

    fn foreach(
        &mut self,
        items: &Expr,
        item: &str,
        index: Option<&str>,
        body: &Block,
    ) -> Result<(), Stop> {
        // The list is evaluated once: a body that changes it walks over a copy (SCXML 4.6).
        let items: Vec<Value> = match self.value(items)? {
            Value::Array(items) => items,
            other => return Err(format!("foreach needs a list, not `{other}`").into()),
        };
        if items.len() > FOREACH_MAX {
            return Err(format!("foreach over more than {FOREACH_MAX} elements").into());
        }
        for (at, value) in items.into_iter().enumerate() {
            self.write(&[Segment::Key(item.into())], Some(value))?;
            if let Some(index) = index {
                self.write(&[Segment::Key(index.into())], Some(Value::from(at)))?;
            }
            self.run_actions(body)?;
        }
        Ok(())
    }

    fn send(&mut self, send: &SendDef) -> Result<(), Stop> {
        let ordinal = self.snapshot.sends;
        let id = match (&send.id, &send.id_path) {
            (Some(id), _) => Some(id.clone()),
            (None, Some(path)) => {
                let id = format!("send.{ordinal}");
                let segments = self.leads(path);
                let segments = segments.map_err(|error| error.to_string())?;
                self.must_be_declared(&segments)?;
                self.write(&segments, Some(Value::String(id.clone())))?;
                Some(id)
            }
            (None, None) => None,
        };
        self.send_as(send, id.clone()).map_err(|stop| match stop {
            Stop::Error { name, message, .. } => Stop::Error { name, message, sendid: id },
            refused @ Stop::Refused(_) => refused,
        })
    }

    fn send_as(&mut self, send: &SendDef, id: Option<String>) -> Result<(), Stop> {
        let event = match &send.event {
            NameOrExpr::Name(name) => Arc::clone(name),
            NameOrExpr::Expr(expr) => text(&self.value(expr)?).into(),
        };
        let payload = match &send.content {
            Some(content) => self.value(content)?,
            None if self.chart.unhandled == Unhandled::Ignore => self.params_leniently(&send.data),
            None => self.params(&send.data)?,
        };
        let delay_ms = self.delay(&send.delay)?;
        let at = self.now.plus_ms(delay_ms);
        match self.receiver(&send.to)? {
            Receiver::Internal if delay_ms == 0 => {
                self.queue.push_back(Internal {
                    name: event,
                    data: payload,
                    kind: "internal",
                    sendid: id,
                });
            }
            Receiver::Internal | Receiver::Own => {
                let ordinal = self.snapshot.sends;
                self.snapshot.sends += 1;
                self.snapshot.pending.push(PendingSend { ordinal, id, event, payload, due_at: at });
            }
            Receiver::Case { case_id, from_child } => {
                let event = event.to_string();
                self.effects.push(Effect::Send { case_id, event, payload, at, from_child });
            }
        }
        Ok(())
    }

    fn receiver(&self, to: &SendTarget) -> Result<Receiver, Stop> {
        let communication =
            |message: String| Stop::Error { name: "error.communication", message, sendid: None };
        Ok(match to {
            SendTarget::Own => Receiver::Own,
            SendTarget::Internal => Receiver::Internal,
            SendTarget::Parent => match &self.snapshot.parent {
                Some(parent) => Receiver::Case {
                    case_id: Arc::clone(&parent.case_id),
                    from_child: Some(parent.name.to_string()),
                },
                None => return Err(communication("this case has no parent".to_owned())),
            },
            SendTarget::Child(name) => match self.snapshot.children.get(name) {
                Some(child) => {
                    Receiver::Case { case_id: Arc::clone(&child.case_id), from_child: None }
                }
                None => return Err(communication(format!("there is no child `{name}`"))),
            },
            SendTarget::Case(expr) => {
                let case_id = text(&self.value(expr)?).into();
                Receiver::Case { case_id, from_child: None }
            }
            SendTarget::Computed(expr) => match text(&self.value(expr)?).as_str() {
                "#_internal" => Receiver::Internal,
                "#_parent" => return self.receiver(&SendTarget::Parent),
                other => {
                    let own = format!("#_scxml_{}", self.snapshot.case_id);
                    match other.strip_prefix("#_") {
                        _ if other.is_empty() || other == own => Receiver::Own,
                        Some(child) if self.snapshot.children.contains_key(child) => {
                            return self.receiver(&SendTarget::Child(child.to_owned()));
                        }
                        Some(_) => {
                            return Err(communication(format!("`{other}` cannot be reached")));
                        }
                        None => return Err(format!("`{other}` is not a target").into()),
                    }
                }
            },
            SendTarget::Unreachable => {
                return Err(communication("the receiver cannot be reached".to_owned()));
            }
            SendTarget::Invalid => return Err("the target of send is malformed".to_owned().into()),
        })
    }

    fn delay(&self, delay: &Delay) -> Result<i64, Stop> {
        match delay {
            Delay::Ms(ms) => Ok(*ms),
            Delay::Expr(expr) => match self.value(expr)? {
                Value::Number(ms) if ms.is_i64() => Ok(ms.as_i64().unwrap_or(0).max(0)),
                Value::String(text) => {
                    delay_ms(&text).ok_or_else(|| format!("`{text}` is not a delay").into())
                }
                other => Err(format!("`{other}` is not a delay").into()),
            },
        }
    }

    fn letter(&mut self, letter: &LetterDef) -> Result<(), Stop> {
        let data = self.params(&letter.data)?;
        let item = self.innermost();
        for role in &letter.to {
            self.effects.push(Effect::Notice {
                letter: letter.name.clone(),
                role: role.clone(),
                item: item.clone(),
                rung: String::new(),
                due_at: None,
                immediate: letter.immediate,
                data: data.clone(),
            });
        }
        Ok(())
    }

    /// The deepest active state, which a letter of this moment is about.
    fn innermost(&self) -> String {
        let deepest = |state: &&StateIx| self.chart.state(**state).depth;
        let state = self.snapshot.configuration.iter().max_by_key(deepest).copied().unwrap_or(0);
        self.chart.state(state).id.to_string()
    }

    /// An object of evaluated values; null when there are none.
    pub(crate) fn params(&self, params: &[(String, Expr)]) -> Result<Value, String> {
        if params.is_empty() {
            return Ok(Value::Null);
        }
        let mut object = Map::new();
        for (key, expr) in params {
            object.insert(key.clone(), self.value(expr)?);
        }
        Ok(Value::Object(object))
    }

    /// As [`Machine::params`], but a failing one is left out and raised (SCXML 5.7.1).
    pub(crate) fn params_leniently(&mut self, params: &[(String, Expr)]) -> Value {
        let mut object = Map::new();
        for (key, expr) in params {
            match self.value(expr) {
                Ok(value) => {
                    object.insert(key.clone(), value);
                }
                Err(error) => self.error(error),
            }
        }
        if object.is_empty() { Value::Null } else { Value::Object(object) }
    }
}

enum Receiver {
    Own,
    Internal,
    Case { case_id: Arc<str>, from_child: Option<String> },
}

/// A value as a name or id: texts as they are, the rest as JSON.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Milliseconds of a CSS2-style time such as `1s`, `1.5s` or `500ms` (SCXML 6.2).
pub fn delay_ms(text: &str) -> Option<i64> {
    let text = text.trim();
    let (number, unit_ms) = if let Some(number) = text.strip_suffix("ms") {
        (number, 1.0)
    } else if let Some(number) = text.strip_suffix('s') {
        (number, 1_000.0)
    } else {
        (text, 1.0)
    };
    let number: f64 = number.trim().parse().ok()?;
    let ms = number * unit_ms;
    // INVARIANT: within the range checked here the conversion is exact enough for milliseconds.
    #[expect(clippy::cast_possible_truncation, reason = "range checked in the same line")]
    (ms.is_finite() && (0.0..9.0e15).contains(&ms)).then(|| ms.round() as i64)
}
