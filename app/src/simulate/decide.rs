//! What somebody does when they come to it: looks at the case, asks what is allowed, and acts.
//!
//! **Invariant:** the answer follows from the head of the case, the assignments, the moment and the
//! keyed draw; nothing else is asked.

use chart::allowed::allowed;
use chart::calendar::Calendar;
use chart::data::Data;
use chart::definition::Chart;
use chart::moment::Timestamp;
use chart::snapshot::Snapshot;
use chart::waiting::{Task, tasks};
use runtime::command::ActorRef;
use runtime::roles::Assignments;
use serde_json::{Map, Value};

use super::draw::Draw;
use super::payload::{self, Setting};
use super::policy::{Cause, DUTIES, Duty};
use super::sense::{self, Scene};
use super::world::World;

/// Something somebody has set out to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// The line of the table.
    pub duty: usize,
    /// Which entry of its state.
    pub generation: u32,
    /// The element of the task.
    pub element: String,
    /// How often it was tried before.
    pub tries: u32,
    /// Why the last try was refused, if it was.
    pub refused: Option<String>,
}

impl Act {
    /// Its line of the table.
    pub fn duty(&self) -> &'static Duty {
        &DUTIES[self.duty]
    }

    /// Its name within its case.
    pub fn key(&self) -> String {
        format!("{}:{}:{}:{}", self.duty().state, self.generation, self.duty, self.element)
    }
}

/// What came of looking at the case.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// Send this.
    Send {
        /// The event.
        event: String,
        /// Its payload.
        payload: Value,
        /// The sender.
        actor: ActorRef,
    },
    /// Not possible yet.
    Later,
    /// There is nothing to do any more, or nobody to do it.
    Nothing,
}

/// Where and when the decision is taken.
#[derive(Debug, Clone, Copy)]
pub struct Place<'p> {
    /// The seed of the run.
    pub seed: u64,
    /// The beginning of the run.
    pub began: Timestamp,
    /// The present.
    pub now: Timestamp,
    /// The calendar.
    pub calendar: &'p Calendar,
    /// Who holds what.
    pub assignments: &'p Assignments,
    /// What is known of the platforms.
    pub world: &'p World,
    /// The chart of the case.
    pub chart: &'p Chart,
    /// The case.
    pub snapshot: &'p Snapshot,
}

/// The element of a task without the position that the engine puts before it.
pub fn bare(element: &str) -> &str {
    match element.split_once(':') {
        Some((position, rest)) if position.bytes().all(|byte| byte.is_ascii_digit()) => rest,
        _ => element,
    }
}

/// The task of `snapshot` that `act` is about, if it is still owed.
pub fn task_of(chart: &Chart, snapshot: &Snapshot, act: &Act) -> Option<Task> {
    let Cause::Task(role) = act.duty().cause else { return None };
    tasks(chart, snapshot).into_iter().find(|task| {
        task.state == act.duty().state
            && task.generation == act.generation
            && task.role == role
            && task.element == act.element
    })
}

/// Whether `act` still has its reason.
pub fn still_stands(place: &Place<'_>, act: &Act) -> bool {
    let Place { chart, snapshot, .. } = place;
    match act.duty().cause {
        Cause::Task(_) => task_of(chart, snapshot, act).is_some(),
        Cause::Own(_) => chart.find(act.duty().state).is_some_and(|state| {
            let generation = snapshot.generations.get(&state).copied().unwrap_or(0);
            snapshot.is_active(state) && generation == act.generation
        }),
    }
}

/// What is done about `act` now.
pub fn decide(place: &Place<'_>, act: &Act) -> Decision {
    let Place { snapshot, .. } = place;
    if snapshot.done || !still_stands(place, act) {
        return Decision::Nothing;
    }
    let tries = act.tries.to_string();
    let mut draw = Draw::of(place.seed, &[&snapshot.case_id, &act.key(), &tries, "act"]);
    let Some((event, role)) = choose(place, act, &mut draw) else { return Decision::Nothing };
    let Some(sender) = sender(place, &role, bare(&act.element), &mut draw) else {
        return Decision::Nothing;
    };
    let Ok(actor) =
        place.assignments.resolve(&sender, &snapshot.subject, &snapshot.case_id, place.now)
    else {
        return Decision::Nothing;
    };
    let answer = allowed(place.chart, snapshot, &actor, place.now, place.calendar);
    let is_allowed = answer.allowed.iter().any(|action| action.event == event);
    // Now and then somebody presses on although the page says no.
    if !is_allowed && !draw.chance(60) {
        return Decision::Later;
    }
    let payload = make(place, act, &event, &sender.person, &mut draw);
    Decision::Send { event, payload, actor: sender }
}

/// The event and the role that sends it; none where nothing is done.
fn choose(place: &Place<'_>, act: &Act, draw: &mut Draw) -> Option<(String, String)> {
    let duty = act.duty();
    let data = &place.snapshot.data;
    let own = match duty.cause {
        Cause::Task(role) => role,
        Cause::Own(_) => "",
    };
    let &(event, _, role) = draw.weighted(duty.choices, |choice| choice.1)?;
    let role = match role {
        "" => own,
        "drafter" => data["drafters"][0].as_str().unwrap_or_default(),
        "reporter" => data["level_role"].as_str().unwrap_or_default(),
        role => role,
    };
    let (event, role) = match (duty.chart, duty.state, event) {
        ("evaluation", "material_awaited", _) if lacks_material(data) => {
            ("supply_material", "ministry_focal")
        }
        ("evaluation", "convening", _) if act.refused.is_some() => ("postpone_session", role),
        ("report", "awaited", "cancel") if !place.world.is_gone(&place.snapshot.subject) => {
            return None;
        }
        // A draft that was refused is mended and sent, not saved again.
        (_, _, "save" | "save_dossier" | "comment") if act.refused.is_some() => ("submit", own),
        _ => (event, role),
    };
    (!event.is_empty()).then(|| (event.to_owned(), role.to_owned()))
}

fn lacks_material(data: &Data) -> bool {
    let candidates = data["candidates"].as_array().into_iter().flatten().filter_map(Value::as_str);
    candidates.into_iter().any(|one| data["material"][one].is_null())
}

/// Who sends for `role`: a member of the round's council, or one of those who hold it on the
/// subject, mostly the first.
fn sender(place: &Place<'_>, role: &str, element: &str, draw: &mut Draw) -> Option<ActorRef> {
    let data = &place.snapshot.data;
    let of_council = |id: &str| ActorRef {
        person: id.to_owned(),
        org: "class:hoi-dong-danh-gia".to_owned(),
        on_behalf_of: None,
    };
    if place.chart.name == "evaluation" {
        match role {
            "member" => return (!element.is_empty()).then(|| of_council(element)),
            "chair" | "secretary" => {
                let id = data[role].as_str().filter(|id| !id.is_empty())?;
                return Some(of_council(id));
            }
            _ => {}
        }
    }
    let snapshot = place.snapshot;
    let holders = place.assignments.holders(role, &snapshot.subject, &snapshot.case_id, place.now);
    let first = holders.first()?;
    let other = draw.pick(&holders).filter(|_| draw.clone().chance(150));
    let holder = other.unwrap_or(first);
    Some(ActorRef {
        person: holder.holder.clone(),
        org: holder.organisation.clone(),
        on_behalf_of: None,
    })
}

/// How often, in a thousand first tries, something is left out of the payload of `event`.
fn mistakes(event: &str) -> u64 {
    match event {
        "open_session" => 220,
        "submit" => 80,
        "record_month" | "record_vote" => 60,
        "set_criteria" | "form_body" => 40,
        _ => 0,
    }
}

fn make(place: &Place<'_>, act: &Act, event: &str, person: &str, draw: &mut Draw) -> Value {
    let schema = place.chart.events.get(event).and_then(|one| one.payload.as_ref());
    let Some(schema) = schema.map(chart::schema::Schema::source) else { return Value::Null };
    let setting = Setting { now: place.now, calendar: place.calendar, event };
    let first = act.tries == 0;
    let mistaken = draw.chance(mistakes(event)) && first;
    let careless = draw.chance(12) && first;
    let element = match act.duty().state {
        "review_due" => "review",
        _ => bare(&act.element),
    };
    let scene = Scene {
        seed: place.seed,
        snapshot: place.snapshot,
        element,
        person,
        mistaken,
        began: place.began,
        setting,
    };
    let mut made = match payload::make(schema, "", setting, draw) {
        Value::Object(made) => made,
        _ => Map::new(),
    };
    sense::shape(&place.chart.name, &scene, &mut made, draw);
    if careless && let Some(required) = schema["required"][0].as_str() {
        made.remove(required);
    }
    Value::Object(made)
}
