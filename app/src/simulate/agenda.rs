//! What people have set out to do, and when they come to it.
//!
//! In a case that has moved, each open task finds its line in the table of duties, and each active
//! state those that nobody is asked for; how soon somebody comes to it is drawn by who they are. An
//! act that is refused or not possible yet is tried again some days later, a few times.
//!
//! **Invariant:** what is on the agenda follows from committed heads and keyed draws; the order in
//! which cases are looked at does not show.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chart::calendar::{Calendar, Due, NoCalendar};
use chart::definition::Chart;
use chart::moment::Timestamp;
use chart::snapshot::Snapshot;
use chart::waiting::{clock_over, tasks};

use super::decide::{Act, bare};
use super::draw::Draw;
use super::hours::later;
use super::policy::{Cause, DUTIES, Duty, Pace};
use crate::people;

/// A case and the key of an act in it.
pub(super) type Key = (String, String);

/// The acts of everybody.
#[derive(Debug)]
pub(super) struct Agenda {
    /// The present; moved by the programme.
    pub(super) now: Timestamp,
    seed: u64,
    calendar: Arc<Calendar>,
    /// By moment, case and key: the order in which people come to them.
    acts: BTreeMap<(Timestamp, String, String), Act>,
    /// What is on the agenda.
    planned: BTreeSet<Key>,
    /// How often an act was tried.
    tried: BTreeMap<Key, u32>,
    duties: BTreeMap<(&'static str, &'static str), Vec<usize>>,
}

impl Agenda {
    /// An empty agenda at `now`.
    pub(super) fn new(seed: u64, calendar: Arc<Calendar>, now: Timestamp) -> Self {
        let mut duties: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (at, duty) in DUTIES.iter().enumerate() {
            duties.entry((duty.chart, duty.state)).or_default().push(at);
        }
        let (acts, planned, tried) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        Self { now, seed, calendar, acts, planned, tried, duties }
    }

    /// The moment of the next act.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.acts.first_key_value().map(|(slot, _)| slot.0)
    }

    /// Takes what is due off the agenda: the first act of each case, in the order of the cases.
    pub(super) fn take_due(&mut self) -> Vec<(Key, Act)> {
        let mut first: BTreeMap<&str, &(Timestamp, String, String)> = BTreeMap::new();
        for slot in self.acts.keys().take_while(|slot| slot.0 <= self.now) {
            first.entry(&slot.1).or_insert(slot);
        }
        let slots: Vec<_> = first.into_values().cloned().collect();
        let mut due = Vec::with_capacity(slots.len());
        for slot in slots {
            if let Some(act) = self.acts.remove(&slot) {
                let key = (slot.1, slot.2);
                self.planned.remove(&key);
                due.push((key, act));
            }
        }
        due
    }

    /// Plans what people set out to do in a case as it stands.
    pub(super) fn look(&mut self, chart: &Chart, snapshot: &Snapshot) -> Result<(), NoCalendar> {
        if snapshot.done {
            return Ok(());
        }
        self.plan_tasks(chart, snapshot)?;
        self.plan_own(chart, snapshot)
    }

    /// Notes that `act` was done; its task is taken up again if it stays.
    pub(super) fn done(&mut self, key: Key, act: &Act) {
        self.tried.insert(key, act.tries + 1);
    }

    /// Notes that nothing more is done about `key`.
    pub(super) fn never(&mut self, key: Key) {
        self.tried.insert(key, u32::MAX);
    }

    fn plan_tasks(&mut self, chart: &Chart, snapshot: &Snapshot) -> Result<(), NoCalendar> {
        for task in tasks(chart, snapshot) {
            let lines = self.duties.get(&(chart.name.as_str(), task.state.as_str()));
            let fits = |at: &&usize| DUTIES[**at].cause_is(&task.role);
            let Some(&duty) = lines.into_iter().flatten().find(fits) else { continue };
            let (generation, element) = (task.generation, task.element);
            let act = Act { duty, generation, element, tries: 0, refused: None };
            self.plan_act(snapshot, act, task.due)?;
        }
        Ok(())
    }

    fn plan_own(&mut self, chart: &Chart, snapshot: &Snapshot) -> Result<(), NoCalendar> {
        for &state in &snapshot.configuration {
            let id: &str = &chart.state(state).id;
            let Some(lines) = self.duties.get(&(chart.name.as_str(), id)).cloned() else {
                continue;
            };
            for duty in lines {
                let Cause::Own(per_mille) = DUTIES[duty].cause else { continue };
                let generation = snapshot.generations.get(&state).copied().unwrap_or(0);
                for element in elements(&DUTIES[duty], snapshot) {
                    let act = Act { duty, generation, element, tries: 0, refused: None };
                    let key = (snapshot.case_id.to_string(), act.key());
                    if self.tried.contains_key(&key) {
                        continue;
                    }
                    let mut draw = Draw::of(self.seed, &[&key.0, &key.1, "own"]);
                    let again = act.element.contains(':');
                    let takes_up = draw.chance(if again { 500 } else { per_mille });
                    if takes_up {
                        self.plan_act(snapshot, act, clock_over(chart, snapshot, state))?;
                    } else {
                        self.tried.insert(key, u32::MAX);
                    }
                }
            }
        }
        Ok(())
    }

    /// Puts `act` on the agenda unless it is there, or was tried often enough.
    fn plan_act(
        &mut self,
        snapshot: &Snapshot,
        mut act: Act,
        due: Option<Due>,
    ) -> Result<(), NoCalendar> {
        let key = (snapshot.case_id.to_string(), act.key());
        if self.planned.contains(&key) {
            return Ok(());
        }
        act.tries = self.tried.get(&key).copied().unwrap_or(0);
        let duty = act.duty();
        if act.tries >= duty.tries || (act.tries > 0 && matches!(duty.cause, Cause::Own(_))) {
            return Ok(());
        }
        let at = self.moment(snapshot, &act, due, &key)?;
        match at {
            Some(at) => self.put(at, key, act),
            None => drop(self.tried.insert(key, u32::MAX)),
        }
        Ok(())
    }

    fn put(&mut self, at: Timestamp, key: Key, act: Act) {
        self.planned.insert(key.clone());
        self.acts.insert((at, key.0, key.1), act);
    }

    /// When somebody comes to `act`; never, for some.
    fn moment(
        &self,
        snapshot: &Snapshot,
        act: &Act,
        due: Option<Due>,
        key: &Key,
    ) -> Result<Option<Timestamp>, NoCalendar> {
        let duty = act.duty();
        let tries = act.tries.to_string();
        let mut draw = Draw::of(self.seed, &[&key.0, &key.1, &tries, "when"]);
        let (low, high) = match (duty.pace, due) {
            _ if act.tries > 0 => duty.again,
            (Pace::Days(low, high), _) => Self::stretched(duty, act, low, high),
            (Pace::After(low, high), Some(due)) => {
                let days = draw.between(low, high);
                let from = due.effective_at().max(self.now);
                return Ok(Some(later(&self.calendar, from, days, &mut draw)?));
            }
            (Pace::After(..), None) => return Ok(None),
            (Pace::Term | Pace::Report, None) => (2, 8),
            (Pace::Term | Pace::Report, Some(due)) => {
                let who = [duty_role(duty), &snapshot.subject, bare(&act.element)];
                let manner = manner(self.seed, &who);
                return self.in_term(manner, duty.pace, due, &mut draw);
            }
        };
        let days = draw.between(low, high);
        Ok(Some(later(&self.calendar, self.now, days, &mut draw)?))
    }

    /// Enterprises come one after the other, and those who come again take their time.
    fn stretched(duty: &Duty, act: &Act, low: i64, high: i64) -> (i64, i64) {
        if duty.choices[0].0 != "apply" {
            return (low, high);
        }
        if act.element.contains(':') {
            return (30, 90);
        }
        let turn = act.element.bytes().last().map_or(0, |digit| i64::from(digit % 3));
        (low + turn * 9, high + turn * 30)
    }

    fn in_term(
        &self,
        manner: Manner,
        pace: Pace,
        due: Due,
        draw: &mut Draw,
    ) -> Result<Option<Timestamp>, NoCalendar> {
        let calendar = &self.calendar;
        let roll = draw.below(1_000);
        let left = calendar
            .working_days_between(calendar.local_date(self.now), due.effective_date)?
            .max(0);
        if roll < manner.in_time && due.effective_at() > self.now {
            let days = draw.between(left / 6, left);
            let at = later(calendar, self.now, days, draw)?;
            return Ok(Some(at));
        }
        if roll >= manner.in_time + manner.late && pace == Pace::Report {
            return Ok(None);
        }
        let days = if roll < manner.in_time + manner.late {
            draw.between(1, 8)
        } else {
            draw.between(9, 24)
        };
        Ok(Some(later(calendar, due.effective_at().max(self.now), days, draw)?))
    }

    /// Puts an act that was refused or not possible back, for some days later.
    pub(super) fn try_again(
        &mut self,
        key: Key,
        mut act: Act,
        refused: Option<String>,
    ) -> Result<(), NoCalendar> {
        act.tries += 1;
        act.refused = refused;
        self.tried.insert(key.clone(), act.tries);
        if act.tries >= act.duty().tries {
            return Ok(());
        }
        let tries = act.tries.to_string();
        let mut draw = Draw::of(self.seed, &[&key.0, &key.1, &tries, "again"]);
        let (low, high) = act.duty().again;
        let days = draw.between(low, high);
        let at = later(&self.calendar, self.now, days, &mut draw)?;
        self.put(at, key, act);
        Ok(())
    }
}

/// For what one line of the table is taken up: once, or for each enterprise that may apply.
fn elements(duty: &Duty, snapshot: &Snapshot) -> Vec<String> {
    if duty.choices[0].0 != "apply" {
        return vec![String::new()];
    }
    let platforms = people::catalogue::platforms();
    let platform = platforms.iter().find(|one| one.subject() == *snapshot.subject);
    let ids = platform.map(people::enterprises_of).unwrap_or_default();
    let stands = |id: &str| snapshot.data["participations"][id].as_str().map(str::to_owned);
    ids.into_iter()
        .filter_map(|id| match stands(&id).as_deref() {
            None => Some(id),
            Some("ended") => Some(format!("1:{id}")),
            Some(_) => None,
        })
        .collect()
}

fn duty_role(duty: &Duty) -> &'static str {
    match duty.cause {
        Cause::Task(role) => role,
        Cause::Own(_) => "",
    }
}

/// How somebody keeps terms: in time and late in so many of a thousand, else very late or never.
#[derive(Debug, Clone, Copy)]
struct Manner {
    in_time: u64,
    late: u64,
}

fn manner(seed: u64, who: &[&str]) -> Manner {
    let names: Vec<&str> = std::iter::once("manner").chain(who.iter().copied()).collect();
    match Draw::of(seed, &names).below(100) {
        0..62 => Manner { in_time: 955, late: 40 },
        62..90 => Manner { in_time: 860, late: 120 },
        _ => Manner { in_time: 620, late: 290 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_keep_their_manner() {
        let who = ["core_enterprise", "platform/x/dn-a1", ""];
        assert_eq!(manner(7, &who).in_time, manner(7, &who).in_time);
        let all: BTreeSet<u64> = (0..60).map(|seed| manner(seed, &who).in_time).collect();
        assert_eq!(all.len(), 3, "every manner is met");
    }
}
