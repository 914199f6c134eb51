//! One scenario under way: a case, its clock, and what it asked since the step before.
//!
//! **Invariant:** the case moves only by [`chart::step::step`].

use std::sync::Arc;

use chart::calendar::{Calendar, Clock};
use chart::definition::Chart;
use chart::effect::Effect;
use chart::event::{Actor, Event, Origin};
use chart::moment::Timestamp;
use chart::refusal::Refused;
use chart::snapshot::{Parent, Snapshot};
use chart::step::{active_ids, step};
use chart::stepped::Step;
use chart::waiting::{tasks, timers};
use chrono::NaiveDate;
use serde_json::Value;

use super::{Expect, Given, When};

/// How many timers may fire between two steps of a scenario.
const TIMERS_MAX: usize = 10_000;

/// A case on a virtual clock.
pub(super) struct Case<'a> {
    chart: &'a Chart,
    calendar: &'a Calendar,
    given: &'a Given,
    snapshot: Snapshot,
    now: Timestamp,
    effects: Vec<Effect>,
}

impl<'a> Case<'a> {
    /// The case as `given` has it, opened by a parent that answers nothing.
    pub(super) fn open(
        chart: &'a Chart,
        calendar: &'a Calendar,
        given: &'a Given,
    ) -> Result<Self, String> {
        let parent = Parent {
            case_id: Arc::from("parent-case"),
            name: Arc::from("this"),
            invoked: false,
            depth: 1,
        };
        let data = Value::Object(given.data.clone().into_iter().collect());
        let event = Event::opened(&given.subject, &data, Some(&parent));
        let mut case = Self {
            chart,
            calendar,
            given,
            snapshot: Snapshot::unborn(&chart.sha256, "scenario-case"),
            now: instant(calendar, &given.at)?,
            effects: Vec::new(),
        };
        case.take(&event, &Actor::system()).map_err(|refused| refused.to_string())?;
        Ok(case)
    }

    /// Plays the steps in order; what failed in the first step that did.
    pub(super) fn play(&mut self, steps: &[When]) -> Vec<String> {
        for (number, when) in steps.iter().enumerate() {
            let what = when.event.as_deref().unwrap_or("wait");
            let failures = match self.once(when) {
                Ok(failures) => failures,
                Err(failure) => vec![failure],
            };
            if !failures.is_empty() {
                let place = |text: String| format!("step {} ({what}): {text}", number + 1);
                return failures.into_iter().map(place).collect();
            }
        }
        Vec::new()
    }

    fn once(&mut self, when: &When) -> Result<Vec<String>, String> {
        self.effects.clear();
        let until = when.at.as_deref().or(when.wait.as_deref());
        if let Some(until) = until {
            self.pass(instant(self.calendar, until)?)?;
        }
        let answer = match &when.event {
            None => Ok(()),
            Some(name) => {
                let event = event(name, when);
                let actor = when.by.as_deref().map_or_else(Actor::system, |by| self.actor(by));
                self.take(&event, &actor)
            }
        };
        let mut failures = Vec::new();
        judge_refusal(&mut failures, answer, when.expect.refused.as_deref());
        self.judge(&mut failures, &when.expect);
        Ok(failures)
    }

    fn take(&mut self, event: &Event, actor: &Actor) -> Result<(), Refused> {
        let Step { snapshot, effects, .. } =
            step(self.chart, &self.snapshot, event, actor, self.now, self.calendar)?;
        self.snapshot = snapshot;
        self.effects.extend(effects);
        Ok(())
    }

    /// Fires every timer that falls due up to `until`, earliest first.
    fn pass(&mut self, until: Timestamp) -> Result<(), String> {
        for _ in 0..TIMERS_MAX {
            let next = timers(self.chart, &self.snapshot).into_iter().min();
            let Some(timer) = next.filter(|timer| timer.due_at <= until) else {
                self.now = self.now.max(until);
                return Ok(());
            };
            self.now = self.now.max(timer.due_at);
            let parts: Vec<&str> = timer.name.split(':').collect();
            let number = |text: &str| text.parse().map_err(|_| format!("timer `{}`", timer.name));
            let event = match parts[..] {
                ["due", state] => Event::due(state),
                ["rung", state, rung] => Event::rung(state, number(rung)?, false),
                ["send", ordinal] => {
                    Event::send(ordinal.parse().map_err(|_| format!("timer `{}`", timer.name))?)
                }
                _ => return Err(format!("timer `{}` is of no known kind", timer.name)),
            };
            self.take(&event, &Actor::system())
                .map_err(|refused| format!("timer `{}`: {refused}", timer.name))?;
        }
        Err(format!("more than {TIMERS_MAX} timers fired"))
    }

    /// The actor called `name`, with the roles that the case's own data gives it.
    fn actor(&self, name: &str) -> Actor {
        let known = self.given.actors.get(name);
        let org = known.and_then(|one| one.org.clone()).unwrap_or_else(|| name.to_owned());
        let mut roles = known.map_or_else(|| vec![name.to_owned()], |one| one.roles.clone());
        roles.sort();
        Actor { id: name.to_owned(), org, roles, on_behalf_of: None }
    }

    fn judge(&self, failures: &mut Vec<String>, expect: &Expect) {
        let active: Vec<String> = active_ids(self.chart, &self.snapshot);
        let is_active =
            |id: &String| self.chart.find(id).is_some_and(|state| self.snapshot.is_active(state));
        for id in &expect.states {
            if !is_active(id) {
                failures.push(format!("`{id}` is not active; active are {active:?}"));
            }
        }
        for id in &expect.not {
            if is_active(id) || self.chart.find(id).is_none() {
                failures.push(format!("`{id}` is active or unknown; active are {active:?}"));
            }
        }
        for (path, wanted) in &expect.data {
            let found = self.snapshot.data.pointer(&format!("/{}", path.replace('.', "/")));
            let found = found.cloned().unwrap_or(Value::Null);
            if !equal(&found, wanted) {
                failures.push(format!("data.{path} is {found}, not {wanted}"));
            }
        }
        let mut roles: Vec<String> =
            tasks(self.chart, &self.snapshot).into_iter().map(|task| task.role).collect();
        roles.sort();
        roles.dedup();
        differ(failures, "tasks", expect.tasks.as_ref(), &roles);
        self.judge_effects(failures, expect);
        for (state, wanted) in &expect.due {
            let clock = self.chart.find(state).and_then(|one| self.snapshot.terms.get(&one));
            let found = clock.map_or_else(|| "no clock".to_owned(), |one| one.due.effective());
            if !found.contains(wanted.as_str()) {
                failures.push(format!("`{state}` is due {found}, not {wanted}"));
            }
        }
        if expect.done.is_some_and(|done| done != self.snapshot.done) {
            failures.push(format!("done is {}", self.snapshot.done));
        }
    }

    fn judge_effects(&self, failures: &mut Vec<String>, expect: &Expect) {
        let mut letters = Vec::new();
        let mut sends = Vec::new();
        let mut opens = Vec::new();
        for effect in &self.effects {
            match effect {
                Effect::Notice { letter, role, .. } => letters.push(format!("{letter} to {role}")),
                Effect::Send { event, .. } => sends.push(event.clone()),
                Effect::Spawn { chart, name, .. } => opens.push(format!("{chart} {name}")),
                Effect::Document { .. } | Effect::CancelChild { .. } => {}
            }
        }
        differ(failures, "letters", expect.letters.as_ref(), &letters);
        differ(failures, "sends", expect.sends.as_ref(), &sends);
        differ(failures, "opens", expect.opens.as_ref(), &opens);
        for wanted in &expect.letters_include {
            let is_it = |one: &String| {
                one == wanted
                    || one
                        .strip_prefix(wanted.as_str())
                        .is_some_and(|rest| rest.starts_with(" to "))
            };
            if !letters.iter().any(is_it) {
                failures.push(format!("no letter `{wanted}`; there are {letters:?}"));
            }
        }
    }
}

fn event(name: &str, when: &When) -> Event {
    let payload = when.payload.clone().unwrap_or(Value::Null);
    match when.from.as_deref() {
        None => Event::person(name, payload),
        Some(from) => {
            let child = from.strip_prefix("child:");
            Event { origin: Origin::Inbox, ..Event::inbox(name, payload, child) }
        }
    }
}

fn judge_refusal(failures: &mut Vec<String>, answer: Result<(), Refused>, wanted: Option<&str>) {
    match (answer, wanted) {
        (Ok(()), None) => {}
        (Ok(()), Some(wanted)) => failures.push(format!("not refused, expected `{wanted}`")),
        (Err(refused), None) => failures.push(format!("refused: {refused}")),
        (Err(refused), Some(wanted)) => {
            let text = refused.text();
            let is_it =
                refused.code() == wanted || text.vi.contains(wanted) || text.en.contains(wanted);
            if !is_it {
                let code = refused.code();
                failures.push(format!("refused with `{code}`: {}; expected `{wanted}`", text.vi));
            }
        }
    }
}

fn differ(failures: &mut Vec<String>, what: &str, wanted: Option<&Vec<String>>, found: &[String]) {
    if wanted.is_some_and(|wanted| wanted != found) {
        failures.push(format!("{what} are {found:?}, expected {wanted:?}"));
    }
}

/// Equal as JSON, where 3 and 3.0 are one number.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b)))
        }
        _ => a == b,
    }
}

/// `2022-11-15` or `2022-11-15 09:00` in local time.
fn instant(calendar: &Calendar, text: &str) -> Result<Timestamp, String> {
    let (date, clock) = text.split_once(' ').unwrap_or((text, "00:00"));
    let wrong = || format!("`{text}` is not a moment; write `2022-11-15 09:00`");
    let date: NaiveDate = date.parse().map_err(|_| wrong())?;
    let (hour, minute) = clock.split_once(':').ok_or_else(wrong)?;
    let hour = hour.parse().map_err(|_| wrong())?;
    let minute = minute.parse().map_err(|_| wrong())?;
    Ok(calendar.instant(date, Clock::new(hour, minute).ok_or_else(wrong)?))
}
