//! The loop: to the next moment at which anything is due, everything that is due then, and on.
//!
//! At one moment: schedules, timers, messages and effects until nothing is left; then what people
//! have set out to do, by (due, case, key), one act a case in a round, each round one batch; then
//! again what follows from it. People set out to do something when a task comes up in a case that
//! has moved.
//!
//! **Invariant:** what is planned follows from committed heads and keyed draws; the order of commits
//! does not show.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chart::calendar::{Calendar, Clock, Due};
use chart::definition::Chart;
use chart::moment::Timestamp;
use chart::snapshot::Snapshot;
use chart::waiting::{clock_over, tasks};
use chrono::Months;
use runtime::command::{ActorRef, Command, Opening, Receipt, SendError};
use runtime::schedules::Cron;
use store::rows::Head;

use super::decide::{Act, Decision, Place, decide};
use super::digest::digest;
use super::draw::Draw;
use super::engine::Engine;
use super::faults::{self, Fault, Faults};
use super::hours::later;
use super::policy::{Cause, DUTIES, Duty, Pace};
use super::world::World;
use super::{Outcome, Plan, Progress, SimulateError};
use crate::people;

/// How often a batch is sent again while the database recovers from a crash.
const RESENDS_MAX: u32 = 5;

/// Runs `plan` to its end; `progress` is told each simulated day on which something happens.
pub async fn run(
    plan: &Plan,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Outcome, SimulateError> {
    let calendar = workflows::calendars::calendar();
    let midnight = calendar.instant(plan.from, Clock::MIDNIGHT);
    let until = plan.from.checked_add_months(Months::new(plan.months)).unwrap_or(plan.from);
    let until = calendar.instant(until, Clock::MIDNIGHT);
    let (performer, refused_mail) = faults::mail(plan.seed, plan.faults);
    let engine = Engine::open(&plan.store, midnight, performer).await?;
    let mut programme = Programme::new(plan, engine, calendar, midnight)?;
    programme.begin().await?;
    programme.run_to(until, progress).await?;
    let (anchor, digest) = programme
        .engine
        .call(|runtime| async move {
            Ok((runtime.take_anchor().await?, digest(runtime.store()).await?))
        })
        .await?;
    let Programme { engine, mut outcome, .. } = programme;
    engine.close().await?;
    outcome.ended = until;
    outcome.anchor = anchor;
    outcome.digest = digest;
    outcome.faults.refused_mail = refused_mail.load(Ordering::Relaxed);
    Ok(outcome)
}

/// A moment, a case, an act in it: the order in which people come to what they set out to do.
type Slot = (Timestamp, String, String);

struct Programme<'p> {
    plan: &'p Plan,
    engine: Engine,
    calendar: Arc<Calendar>,
    began: Timestamp,
    now: Timestamp,
    agenda: BTreeMap<Slot, Act>,
    /// What is on the agenda, by case and key.
    planned: BTreeSet<(String, String)>,
    /// How often an act was tried, by case and key.
    tried: BTreeMap<(String, String), u32>,
    duties: BTreeMap<(&'static str, &'static str), Vec<usize>>,
    world: World,
    /// The last number of the log that was looked at.
    seen: i64,
    /// The next moment at which the engine has something to do.
    due: Option<Timestamp>,
    crons: Vec<Cron>,
    strike: Option<Timestamp>,
    batches: u64,
    outcome: Outcome,
}

/// What the engine tells after it has come to rest.
struct Rest {
    heads: Vec<Head>,
    seen: i64,
    due: Option<Timestamp>,
}

impl<'p> Programme<'p> {
    fn new(
        plan: &'p Plan,
        engine: Engine,
        calendar: Arc<Calendar>,
        began: Timestamp,
    ) -> Result<Self, SimulateError> {
        let mut duties: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (at, duty) in DUTIES.iter().enumerate() {
            duties.entry((duty.chart, duty.state)).or_default().push(at);
        }
        let schedules =
            workflows::schedules::schedules().map_err(crate::schedules::ProgrammeError::from)?;
        let crons: Vec<Cron> = schedules
            .iter()
            .map(|one| Cron::parse(&one.cron))
            .collect::<Result<_, _>>()
            .map_err(crate::schedules::ProgrammeError::from)?;
        let strike = next_strike(&crons, began);
        Ok(Self {
            plan,
            engine,
            calendar,
            began,
            now: began,
            agenda: BTreeMap::new(),
            planned: BTreeSet::new(),
            tried: BTreeMap::new(),
            duties,
            world: World::default(),
            seen: 0,
            due: None,
            crons,
            strike,
            batches: 0,
            outcome: Outcome { faults: Faults::default(), ..Outcome::default() },
        })
    }

    /// Brings in the people and opens the platforms.
    async fn begin(&mut self) -> Result<(), SimulateError> {
        let began = self.began;
        let url = self.plan.store.clone();
        self.engine
            .call(move |runtime| async move {
                if !store::cases::page(runtime.store(), "", 1).await?.is_empty() {
                    return Err(SimulateError::Occupied { url });
                }
                people::import(runtime.store(), began).await?;
                runtime.refresh_people().await?;
                Ok(())
            })
            .await?;
        let commands: Vec<Command> = people::platform_openings()
            .into_iter()
            .take(self.plan.platforms)
            .map(|(subject, data)| {
                let opening = Opening { chart: "platform".to_owned(), subject: subject.clone(), data };
                Command::open(people::SOURCE, &subject, opening, ActorRef::system())
            })
            .collect();
        for (command, answer) in commands.clone().into_iter().zip(self.send(commands).await?) {
            answer.map_err(|error| unexpected(&command, &error))?;
        }
        let rest = self.rest(None).await?;
        self.look(rest)
    }

    async fn run_to(
        &mut self,
        until: Timestamp,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<(), SimulateError> {
        let first = self.calendar.local_date(self.began);
        let days_all = (self.calendar.local_date(until) - first).num_days();
        let mut told = None;
        loop {
            let act = self.agenda.first_key_value().map(|(slot, _)| slot.0);
            let next = [act, self.due, self.strike].into_iter().flatten().min();
            let Some(next) = next.filter(|&next| next < until) else { break };
            self.now = next.max(self.now);
            let today = self.calendar.local_date(self.now);
            if told != Some(today) {
                told = Some(today);
                let (days, commands) = ((today - first).num_days(), self.outcome.commands);
                progress(Progress { today, days, days_all, commands });
            }
            let rest = self.rest(Some(self.now)).await?;
            self.look(rest)?;
            while self.act().await? {
                let rest = self.rest(None).await?;
                self.look(rest)?;
            }
        }
        self.now = until;
        let rest = self.rest(Some(until)).await?;
        self.look(rest)
    }

    /// Lets the engine come to rest, at `at` if the clock is to move, and hears what has moved.
    async fn rest(&mut self, at: Option<Timestamp>) -> Result<Rest, SimulateError> {
        let strikes = self.strike.is_some_and(|strike| strike <= self.now);
        let seen = self.seen;
        let rest = self
            .engine
            .call(move |runtime| async move {
                if let Some(at) = at {
                    runtime.advance_to(at).await?;
                }
                if strikes {
                    runtime.open_scheduled().await?;
                }
                runtime.run_until_idle().await?;
                let store = runtime.store();
                let (ids, seen) = store::log::cases_after(store, seen).await?;
                let (mut heads, _) = store::cases::heads_and_receipts(store, &ids, &[]).await?;
                heads.sort_by(|one, other| one.case_id.cmp(&other.case_id));
                let timer = store::timers::next_due(store).await?;
                let message = store::inbox::next_due(store).await?;
                let due = [timer, message].into_iter().flatten().map(Timestamp).min();
                Ok(Rest { heads, seen, due })
            })
            .await?;
        if strikes {
            self.strike = next_strike(&self.crons, self.now);
        }
        Ok(rest)
    }

    /// Plans what people set out to do in the cases that have moved.
    fn look(&mut self, rest: Rest) -> Result<(), SimulateError> {
        // A row that waits although its moment has come is looked at again with the next moment.
        self.due = rest.due.map(|due| due.max(self.now.plus_ms(1)));
        self.seen = rest.seen;
        for head in rest.heads {
            let (chart, snapshot) = self.thaw(&head)?;
            if head.chart == "platform" {
                self.world.note(&head, &snapshot.data);
            }
            if !snapshot.done {
                self.plan_tasks(&chart, &snapshot)?;
                self.plan_own(&chart, &snapshot)?;
            }
        }
        Ok(())
    }

    fn thaw(&self, head: &Head) -> Result<(Arc<Chart>, Snapshot), SimulateError> {
        let broken = |why: String| SimulateError::Head { case_id: head.case_id.clone(), why };
        let library = self.engine.runtime()?.library();
        let chart = library.chart(&head.chart_sha).map_err(|error| broken(error.to_string()))?;
        let value = serde_json::from_str(&head.snapshot).map_err(|error| broken(error.to_string()))?;
        let snapshot =
            Snapshot::from_value(chart, &value).map_err(|error| broken(error.to_string()))?;
        Ok((Arc::clone(chart), snapshot))
    }

    fn plan_tasks(&mut self, chart: &Chart, snapshot: &Snapshot) -> Result<(), SimulateError> {
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

    fn plan_own(&mut self, chart: &Chart, snapshot: &Snapshot) -> Result<(), SimulateError> {
        for &state in &snapshot.configuration {
            let id: &str = &chart.state(state).id;
            let Some(lines) = self.duties.get(&(chart.name.as_str(), id)).cloned() else { continue };
            for duty in lines {
                let Cause::Own(per_mille) = DUTIES[duty].cause else { continue };
                let generation = snapshot.generations.get(&state).copied().unwrap_or(0);
                for element in elements(&DUTIES[duty], snapshot) {
                    let act = Act { duty, generation, element, tries: 0, refused: None };
                    let key = (snapshot.case_id.to_string(), act.key());
                    if self.tried.contains_key(&key) {
                        continue;
                    }
                    let mut draw = Draw::of(self.plan.seed, &[&key.0, &key.1, "own"]);
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
    ) -> Result<(), SimulateError> {
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

    fn put(&mut self, at: Timestamp, key: (String, String), act: Act) {
        self.planned.insert(key.clone());
        self.agenda.insert((at, key.0, key.1), act);
    }

    /// When somebody comes to `act`; never, for some.
    fn moment(
        &self,
        snapshot: &Snapshot,
        act: &Act,
        due: Option<Due>,
        key: &(String, String),
    ) -> Result<Option<Timestamp>, SimulateError> {
        let duty = act.duty();
        let tries = act.tries.to_string();
        let mut draw = Draw::of(self.plan.seed, &[&key.0, &key.1, &tries, "when"]);
        let (low, high) = match (duty.pace, due) {
            _ if act.tries > 0 => duty.again,
            (Pace::Days(low, high), _) => self.stretched(duty, act, low, high),
            (Pace::After(low, high), Some(due)) => {
                let days = draw.between(low, high);
                let from = due.effective_at().max(self.now);
                return Ok(Some(later(&self.calendar, from, days, &mut draw)?));
            }
            (Pace::After(..), None) => return Ok(None),
            (Pace::Term | Pace::Report, None) => (2, 8),
            (Pace::Term | Pace::Report, Some(due)) => {
                let who = [duty_role(duty), &snapshot.subject, super::decide::bare(&act.element)];
                let manner = manner(self.plan.seed, &who);
                return self.in_term(manner, duty.pace, due, &mut draw);
            }
        };
        let days = draw.between(low, high);
        Ok(Some(later(&self.calendar, self.now, days, &mut draw)?))
    }

    /// Enterprises come one after the other, and those who come again take their time.
    fn stretched(&self, duty: &Duty, act: &Act, low: i64, high: i64) -> (i64, i64) {
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
    ) -> Result<Option<Timestamp>, SimulateError> {
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

    /// Does what is due now, one act a case; whether there was anything.
    async fn act(&mut self) -> Result<bool, SimulateError> {
        let mut acts: BTreeMap<String, (Slot, Act)> = BTreeMap::new();
        for (slot, act) in &self.agenda {
            if slot.0 > self.now {
                break;
            }
            acts.entry(slot.1.clone()).or_insert_with(|| (slot.clone(), act.clone()));
        }
        if acts.is_empty() {
            return Ok(false);
        }
        let ids: Vec<String> = acts.keys().cloned().collect();
        let heads = self
            .engine
            .call(move |runtime| async move {
                let (heads, _) =
                    store::cases::heads_and_receipts(runtime.store(), &ids, &[]).await?;
                Ok(heads)
            })
            .await?;
        let mut heads: BTreeMap<String, Head> =
            heads.into_iter().map(|head| (head.case_id.clone(), head)).collect();
        let (mut commands, mut senders) = (Vec::new(), Vec::new());
        for (case_id, (slot, act)) in acts {
            self.agenda.remove(&slot);
            let key = (slot.1, slot.2);
            self.planned.remove(&key);
            let Some(head) = heads.remove(&case_id) else { continue };
            match self.decide(&head, &act)? {
                Decision::Nothing => drop(self.tried.insert(key, u32::MAX)),
                Decision::Later => self.try_again(key, act, None)?,
                Decision::Send { event, payload, actor } => {
                    let id = format!("{}#{}", key.1, act.tries);
                    commands.push(Command::send(&case_id, &event, payload, actor, &id));
                    senders.push((key, act));
                }
            }
        }
        let sent = commands.clone();
        let answers = self.send(commands).await?;
        for ((command, (key, act)), answer) in sent.iter().zip(senders).zip(answers) {
            self.heard(command, key, act, answer).await?;
        }
        Ok(true)
    }

    fn decide(&self, head: &Head, act: &Act) -> Result<Decision, SimulateError> {
        let (chart, snapshot) = self.thaw(head)?;
        let assignments = self.engine.runtime()?.assignments();
        let place = Place {
            seed: self.plan.seed,
            began: self.began,
            now: self.now,
            calendar: &self.calendar,
            assignments: &assignments,
            world: &self.world,
            chart: &chart,
            snapshot: &snapshot,
        };
        Ok(decide(&place, act))
    }

    fn try_again(
        &mut self,
        key: (String, String),
        mut act: Act,
        refused: Option<String>,
    ) -> Result<(), SimulateError> {
        act.tries += 1;
        act.refused = refused;
        self.tried.insert(key.clone(), act.tries);
        if act.tries >= act.duty().tries {
            return Ok(());
        }
        let tries = act.tries.to_string();
        let mut draw = Draw::of(self.plan.seed, &[&key.0, &key.1, &tries, "again"]);
        let (low, high) = act.duty().again;
        let days = draw.between(low, high);
        let at = later(&self.calendar, self.now, days, &mut draw)?;
        self.put(at, key, act);
        Ok(())
    }

    async fn heard(
        &mut self,
        command: &Command,
        key: (String, String),
        act: Act,
        answer: Result<Receipt, SendError>,
    ) -> Result<(), SimulateError> {
        self.outcome.commands += 1;
        match answer {
            Ok(_) => {
                self.tried.insert(key, act.tries + 1);
                if command.event == "propose_owner" {
                    self.new_owner(&command.case_id).await?;
                }
                Ok(())
            }
            Err(SendError::Refused(refused)) => {
                let code = refused.code().to_owned();
                *self.outcome.refused.entry(code.clone()).or_default() += 1;
                self.try_again(key, act, Some(code))
            }
            Err(error) => Err(unexpected(command, &error)),
        }
    }

    /// The ministry takes over as owner agency: the roles on the platform change hands.
    async fn new_owner(&mut self, case_id: &str) -> Result<(), SimulateError> {
        let (case_id, now) = (case_id.to_owned(), self.now);
        self.engine
            .call(move |runtime| async move {
                let store = runtime.store();
                let Some(head) = store::cases::find(store, &case_id).await? else { return Ok(()) };
                let scopes = [head.subject.clone()];
                let roles = ["owner_leadership", "owner_focal", "dx_unit"];
                let held = store::people::assignments_for(store, &scopes, now.as_ms()).await?;
                for one in held.iter().filter(|one| roles.contains(&one.role.as_str())) {
                    store::people::end_assignment(store, &one.id, now.as_ms()).await?;
                }
                let rows = people::owner_rows(
                    &head.subject,
                    people::MINISTRY,
                    &["cuc-tin-hoc-hoa"],
                    "Văn bản đề xuất Cơ quan chủ quản khác",
                    now,
                );
                store::people::put_assignments(store, &rows).await?;
                runtime.refresh_people().await?;
                Ok(())
            })
            .await
    }

    /// Sends a batch, with the fault that falls on it; the answers are in its order.
    async fn send(
        &mut self,
        commands: Vec<Command>,
    ) -> Result<Vec<Result<Receipt, SendError>>, SimulateError> {
        if commands.is_empty() {
            return Ok(Vec::new());
        }
        self.batches += 1;
        let fault = match self.plan.faults {
            true => faults::of_batch(self.plan.seed, self.batches),
            false => Fault::None,
        };
        let count = commands.len() as u64;
        match fault {
            Fault::None => {}
            Fault::Crash(pause_us) => {
                let lost = commands.clone();
                let work = move |runtime: runtime::Runtime| async move {
                    Ok(runtime.send_all(lost).await)
                };
                self.engine.crash_during(Duration::from_micros(pause_us), work).await?;
                self.outcome.faults.crashes += 1;
            }
            Fault::LostReplies => {
                let lost = commands.clone();
                self.engine.call(|runtime| async move { Ok(runtime.send_all(lost).await) }).await?;
                self.outcome.faults.lost_replies += count;
            }
            Fault::Duplicates => {
                let twice = commands.iter().flat_map(|one| [one.clone(), one.clone()]).collect();
                let answers = self.ask(twice).await?;
                self.outcome.faults.duplicates += count;
                return Ok(answers.into_iter().step_by(2).collect());
            }
        }
        self.ask(commands).await
    }

    /// Sends a batch, again while the database is busy with what a crash has left.
    async fn ask(
        &self,
        commands: Vec<Command>,
    ) -> Result<Vec<Result<Receipt, SendError>>, SimulateError> {
        let mut resends = 0;
        loop {
            let batch = commands.clone();
            let answers =
                self.engine.call(|runtime| async move { Ok(runtime.send_all(batch).await) }).await?;
            let is_busy = |answer: &Result<_, _>| matches!(answer, Err(SendError::Unavailable { .. }));
            if resends == RESENDS_MAX || !answers.iter().any(is_busy) {
                return Ok(answers);
            }
            resends += 1;
        }
    }
}

fn unexpected(command: &Command, error: &SendError) -> SimulateError {
    SimulateError::Command {
        case_id: command.case_id.clone(),
        event: command.event.clone(),
        why: error.to_string(),
    }
}

fn next_strike(crons: &[Cron], after: Timestamp) -> Option<Timestamp> {
    crons.iter().filter_map(|cron| cron.next_after(after)).min()
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
        let all: BTreeSet<u64> =
            (0..60).map(|seed| manner(seed, &who).in_time).collect();
        assert_eq!(all.len(), 3, "every manner is met");
    }
}
