//! Legal clocks: set on entry, stopped and resumed, told of a changed calendar (R29–R33).
//!
//! Clocks are settled at the end of the macrostep, when the configuration and the data have come
//! to rest: a term begins for every active state that has one and no clock yet, and stands still
//! exactly while an active state below it says `clock: stopped`.
//!
//! **Invariant:** every instant a timer needs is in the snapshot; a timer never asks a calendar.

use std::str::FromStr;

use serde_json::Value;

use crate::calendar::{self, Calendar, Due, Rule, Stopped, parse_moment};
use crate::definition::{DueDef, StateIx, TermDef};
use crate::machine::Machine;
use crate::moment::Timestamp;
use crate::refusal::Refused;
use crate::snapshot::{Snapshot, TermState};

impl Machine<'_> {
    /// Sets, stops and resumes clocks for the configuration reached.
    pub(crate) fn settle_clocks(&mut self) -> Result<(), Refused> {
        let chart = self.chart;
        if self.snapshot.done {
            return Ok(());
        }
        for at in 0..self.snapshot.configuration.len() {
            let state = self.snapshot.configuration[at];
            let Some(term) = &chart.state(state).term else { continue };
            if !self.snapshot.terms.contains_key(&state) {
                let begun = self.begin(state, term).map_err(|message| self.no_term(message))?;
                self.snapshot.terms.insert(state, begun);
            }
            let halted = self.halted(state);
            let stopped =
                self.snapshot.terms.get(&state).is_some_and(|term| term.stopped.is_some());
            if halted != stopped {
                let turned = self.turn(state, term, halted);
                turned.map_err(|message| self.no_term(message))?;
            }
        }
        Ok(())
    }

    fn no_term(&self, message: String) -> Refused {
        Refused::Term { event: self.asked.to_string(), message }
    }

    fn begin(&mut self, state: StateIx, term: &TermDef) -> Result<TermState, String> {
        let rule = match &term.due {
            DueDef::Rule(rule) => *rule,
            DueDef::Expr(expr) => match self.value(expr)? {
                Value::String(text) => Rule::from_str(&text).map_err(|error| error.to_string())?,
                other => return Err(format!("`{}` gave `{other}`, not a rule", expr.source())),
            },
        };
        let from = match &term.from {
            None => self.now,
            Some(expr) => match self.value(expr)? {
                Value::String(text) => {
                    parse_moment(&text, self.calendar).map_err(|error| error.to_string())?
                }
                Value::Number(ms) if ms.is_i64() => Timestamp(ms.as_i64().unwrap_or_default()),
                other => return Err(format!("`{}` gave `{other}`, not a moment", expr.source())),
            },
        };
        let due = calendar::due(&rule, from, self.calendar).map_err(|error| error.to_string())?;
        Ok(TermState {
            rule,
            from,
            due,
            rungs: rungs(term, &due, self.calendar)?,
            generation: next_generation(&mut self.snapshot, state),
            fired: false,
            sent: Vec::new(),
            spent: 0,
            stopped: None,
        })
    }

    /// Whether an active state below `term` (and below no nearer term) stops its clock.
    fn halted(&self, term: StateIx) -> bool {
        let chart = self.chart;
        self.snapshot.configuration.iter().copied().any(|state| {
            chart.state(state).clock_stopped
                && chart.ancestors(state).find(|&up| chart.state(up).term.is_some()) == Some(term)
        })
    }

    /// Stops or resumes the clock of `state` (R31).
    fn turn(&mut self, state: StateIx, term: &TermDef, halt: bool) -> Result<(), String> {
        let generation = next_generation(&mut self.snapshot, state);
        let (now, calendar) = (self.now, self.calendar);
        let clock = self.snapshot.terms.get_mut(&state).expect("the clock was set above");
        clock.generation = generation;
        if halt {
            let first = calendar.local_date(clock.from);
            let stopped = Stopped::stop(&clock.rule, first, clock.spent, clock.due, now, calendar);
            clock.stopped = Some(stopped.map_err(|error| error.to_string())?);
        } else if let Some(stopped) = clock.stopped.take() {
            let due = stopped.resume(&clock.rule, now, calendar);
            clock.due = due.map_err(|error| error.to_string())?;
            let same_day =
                calendar.local_date(now) <= calendar.local_date(Timestamp(stopped.stopped_at_ms));
            if !same_day {
                clock.from = now;
                clock.spent = stopped.spent;
            }
            clock.rungs = rungs(term, &clock.due, calendar)?;
        }
        Ok(())
    }

    /// Recomputes the clock of `state` under the machine's calendar; whether it moved (R32).
    ///
    /// Only a term still in the future moves, and never to a moment before now.
    pub(crate) fn recompute(&mut self, state: StateIx) -> Result<bool, String> {
        let (now, calendar, chart) = (self.now, self.calendar, self.chart);
        let Some(term) = &chart.state(state).term else { return Ok(false) };
        let Some(clock) = self.snapshot.terms.get(&state) else { return Ok(false) };
        if clock.fired || clock.stopped.is_some() || clock.due.effective_at() <= now {
            return Ok(false);
        }
        let due = if clock.spent == 0 {
            calendar::due(&clock.rule, clock.from, calendar).map_err(|error| error.to_string())?
        } else {
            calendar::resume(&clock.rule, clock.spent, clock.from, calendar)
                .map_err(|error| error.to_string())?
        };
        let rungs = rungs(term, &due, calendar)?;
        if (due == clock.due && rungs == clock.rungs) || due.effective_at() < now {
            return Ok(false);
        }
        let generation = next_generation(&mut self.snapshot, state);
        let clock = self.snapshot.terms.get_mut(&state).expect("the clock was found above");
        (clock.due, clock.rungs, clock.generation) = (due, rungs, generation);
        Ok(true)
    }
}

fn rungs(term: &TermDef, due: &Due, calendar: &Calendar) -> Result<Vec<Timestamp>, String> {
    let instant = |offset: &calendar::Offset| offset.instant(due, calendar);
    let rungs: Result<Vec<_>, _> = term.rungs.iter().map(|rung| instant(&rung.offset)).collect();
    rungs.map_err(|error| error.to_string())
}

fn next_generation(snapshot: &mut Snapshot, state: StateIx) -> u32 {
    let generation = snapshot.clocks.entry(state).or_insert(0);
    *generation += 1;
    *generation
}
