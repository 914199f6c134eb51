//! The loop: to the next moment at which anything is due, everything that is due then, and on.
//!
//! At one moment: schedules, timers, messages and effects until nothing is left; then what people
//! have set out to do, by (due, case, key), one act a case in a round, each round one batch; then
//! again what follows from it. People set out to do something when a task comes up in a case that
//! has moved.
//!
//! **Invariant:** what is planned follows from committed heads and keyed draws; the order of commits
//! does not show.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use chart::calendar::{Calendar, Clock};
use chart::definition::Chart;
use chart::moment::Timestamp;
use chart::snapshot::Snapshot;
use chrono::Months;
use runtime::Runtime;
use runtime::command::{ActorRef, Command, Opening, Receipt, SendError};
use runtime::schedules::Cron;
use store::rows::Head;

use super::agenda::{Agenda, Key};
use super::decide::{Act, Decision, Place, decide};
use super::digest::digest;
use super::engine::Engine;
use super::faults::{self, Faults};
use super::world::World;
use super::{Outcome, Plan, Progress, SimulateError};
use crate::letters::{self, Builder};
use crate::people;

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
    let engine = Engine::open(&plan.store, midnight, performer, plan.seed).await?;
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

struct Programme<'p> {
    plan: &'p Plan,
    engine: Engine,
    letters: Builder,
    calendar: Arc<Calendar>,
    began: Timestamp,
    agenda: Agenda,
    world: World,
    /// The last number of the log that was looked at.
    seen: i64,
    /// The next moment at which the engine has something to do.
    due: Option<Timestamp>,
    crons: Vec<Cron>,
    strike: Option<Timestamp>,
    batches: u64,
    rounds: u64,
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
        let schedules =
            workflows::schedules::schedules().map_err(crate::schedules::ProgrammeError::from)?;
        let crons: Vec<Cron> = schedules
            .iter()
            .map(|one| Cron::parse(&one.cron))
            .collect::<Result<_, _>>()
            .map_err(crate::schedules::ProgrammeError::from)?;
        let strike = next_strike(&crons, began);
        let agenda = Agenda::new(plan.seed, Arc::clone(&calendar), began);
        Ok(Self {
            plan,
            engine,
            letters: Builder::default(),
            calendar,
            began,
            agenda,
            world: World::default(),
            seen: 0,
            due: None,
            crons,
            strike,
            batches: 0,
            rounds: 0,
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
                let opening =
                    Opening { chart: "platform".to_owned(), subject: subject.clone(), data };
                Command::open(people::SOURCE, &subject, opening, ActorRef::system())
            })
            .collect();
        let sent = commands.clone();
        for (command, answer) in sent.into_iter().zip(self.send(commands).await?) {
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
            let next = [self.agenda.next(), self.due, self.strike].into_iter().flatten().min();
            let Some(next) = next.filter(|&next| next < until) else { break };
            self.agenda.now = next.max(self.agenda.now);
            let today = self.calendar.local_date(self.agenda.now);
            if told != Some(today) {
                told = Some(today);
                let (days, commands) = ((today - first).num_days(), self.outcome.commands);
                progress(Progress { today, days, days_all, commands });
            }
            let is_due = [self.due, self.strike].into_iter().flatten().any(|due| due <= next);
            if is_due {
                let rest = self.rest(Some(self.agenda.now)).await?;
                self.look(rest)?;
            } else {
                self.advance().await?;
            }
            while self.act().await? {
                let rest = self.rest(None).await?;
                self.look(rest)?;
            }
        }
        self.agenda.now = until;
        let rest = self.rest(Some(until)).await?;
        self.look(rest)
    }

    /// Moves the clock to a moment at which only people have something to do.
    async fn advance(&self) -> Result<(), SimulateError> {
        let now = self.agenda.now;
        self.engine.call(move |runtime| async move { Ok(runtime.advance_to(now).await?) }).await
    }

    /// Lets the engine come to rest, at `at` if the clock is to move, and hears what has moved.
    async fn rest(&mut self, at: Option<Timestamp>) -> Result<Rest, SimulateError> {
        let strikes = self.strike.is_some_and(|strike| strike <= self.agenda.now);
        self.rounds += 1;
        let fault = faults::of_round(self.plan.seed, self.rounds).filter(|_| self.plan.faults);
        if let Some(pause) = fault {
            let letters = self.letters.clone();
            let work = move |runtime| async move { settle(&runtime, &letters, at, strikes).await };
            self.engine.crash_during(pause, work).await?;
            self.outcome.faults.interruptions += 1;
        }
        let (seen, letters) = (self.seen, self.letters.clone());
        let rest = self
            .engine
            .call(move |runtime| async move {
                settle(&runtime, &letters, at, strikes).await?;
                let store = runtime.store();
                let (ids, seen) = store::log::cases_after(store, seen).await?;
                let mut heads = match ids.as_slice() {
                    [] => Vec::new(),
                    ids => store::cases::heads_and_receipts(store, ids, &[]).await?.0,
                };
                heads.sort_by(|one, other| one.case_id.cmp(&other.case_id));
                let timer = store::timers::next_due(store).await?;
                let message = store::inbox::next_due(store).await?;
                let morning = letters::next_moment(&runtime, runtime.clock().now()).await?;
                let due = [timer, message].into_iter().flatten().map(Timestamp);
                let due = due.chain(morning).min();
                Ok(Rest { heads, seen, due })
            })
            .await?;
        if strikes {
            self.strike = next_strike(&self.crons, self.agenda.now);
        }
        Ok(rest)
    }

    /// Plans what people set out to do in the cases that have moved.
    fn look(&mut self, rest: Rest) -> Result<(), SimulateError> {
        // A row that waits although its moment has come is looked at again with the next moment.
        self.due = rest.due.map(|due| due.max(self.agenda.now.plus_ms(1)));
        self.seen = rest.seen;
        for head in rest.heads {
            let (chart, snapshot) = self.thaw(&head)?;
            if head.chart == "platform" {
                self.world.note(&head, &snapshot.data);
            }
            self.agenda.look(&chart, &snapshot)?;
        }
        Ok(())
    }

    fn thaw(&self, head: &Head) -> Result<(Arc<Chart>, Snapshot), SimulateError> {
        let broken = |why: String| SimulateError::Head { case_id: head.case_id.clone(), why };
        let library = self.engine.runtime()?.library();
        let chart = library.chart(&head.chart_sha).map_err(|error| broken(error.to_string()))?;
        let value =
            serde_json::from_str(&head.snapshot).map_err(|error| broken(error.to_string()))?;
        let snapshot =
            Snapshot::from_value(chart, &value).map_err(|error| broken(error.to_string()))?;
        Ok((Arc::clone(chart), snapshot))
    }

    /// Does what is due now, one act a case; whether there was anything.
    async fn act(&mut self) -> Result<bool, SimulateError> {
        let acts = self.agenda.take_due();
        if acts.is_empty() {
            return Ok(false);
        }
        let ids: Vec<String> = acts.iter().map(|(key, _)| key.0.clone()).collect();
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
        for (key, act) in acts {
            let Some(head) = heads.remove(&key.0) else { continue };
            match self.decide(&head, &act)? {
                Decision::Nothing => self.agenda.never(key),
                Decision::Later => self.agenda.try_again(key, act, None)?,
                Decision::Send { event, payload, actor } => {
                    let id = format!("{}#{}", key.1, act.tries);
                    commands.push(Command::send(&key.0, &event, payload, actor, &id));
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
            now: self.agenda.now,
            calendar: &self.calendar,
            assignments: &assignments,
            world: &self.world,
            chart: &chart,
            snapshot: &snapshot,
        };
        Ok(decide(&place, act))
    }

    async fn heard(
        &mut self,
        command: &Command,
        key: Key,
        act: Act,
        answer: Result<Receipt, SendError>,
    ) -> Result<(), SimulateError> {
        self.outcome.commands += 1;
        match answer {
            Ok(_) => {
                self.agenda.done(key, &act);
                if command.event == "propose_owner" {
                    self.new_owner(&command.case_id).await?;
                }
                Ok(())
            }
            Err(SendError::Refused(refused)) => {
                let code = refused.code().to_owned();
                *self.outcome.refused.entry(code.clone()).or_default() += 1;
                Ok(self.agenda.try_again(key, act, Some(code))?)
            }
            Err(error) => Err(unexpected(command, &error)),
        }
    }

    /// The ministry takes over as owner agency: the roles on the platform change hands.
    async fn new_owner(&mut self, case_id: &str) -> Result<(), SimulateError> {
        let (case_id, now) = (case_id.to_owned(), self.agenda.now);
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
        if !self.plan.faults {
            return self.engine.send(commands).await;
        }
        let fault = faults::of_batch(self.plan.seed, self.batches);
        faults::send(&mut self.engine, fault, commands, &mut self.outcome.faults).await
    }
}

/// Moves the clock, strikes the schedules, and does what is due until nothing is left.
async fn settle(
    runtime: &Runtime,
    letters: &Builder,
    at: Option<Timestamp>,
    strikes: bool,
) -> Result<(), SimulateError> {
    if let Some(at) = at {
        runtime.advance_to(at).await?;
    }
    if strikes {
        runtime.open_scheduled().await?;
    }
    letters::settle(letters, runtime).await?;
    Ok(())
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
