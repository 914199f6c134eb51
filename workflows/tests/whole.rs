//! The charts together: one platform's life with every child case, told to each other as the
//! runtime would tell them. What a chart sends must be what the other takes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use chart::calendar::{Calendar, Clock};
use chart::definition::Chart;
use chart::effect::Effect;
use chart::event::{Actor, Event};
use chart::moment::Timestamp;
use chart::snapshot::{Parent, Snapshot};
use chart::step::{active_ids, step};
use chart::stepped::EntryKind;
use serde_json::{Value, json};

struct Case {
    chart: String,
    snapshot: Snapshot,
}

/// Every case of a small programme, and a clock.
struct World {
    charts: BTreeMap<String, Chart>,
    calendar: Calendar,
    now: Timestamp,
    cases: BTreeMap<String, Case>,
    /// Case ids by chart and name, the newest last.
    opened: Vec<(String, String)>,
    /// Events that a case ignored: chart and event.
    ignored: Vec<(String, String)>,
}

impl World {
    fn new() -> Self {
        let json = workflows::file("calendars/vn-state.json").expect("the calendar is shipped");
        let calendar = Calendar::parse(json).expect("the calendar reads");
        let charts = workflows::all().into_iter().map(|loaded| {
            let chart = loaded.chart.expect("a shipped chart reads");
            (chart.name.clone(), chart)
        });
        Self {
            charts: charts.collect(),
            now: calendar.instant(
                chrono::NaiveDate::from_ymd_opt(2022, 2, 11).expect("a date"),
                Clock::new(9, 0).expect("a time"),
            ),
            calendar,
            cases: BTreeMap::new(),
            opened: Vec::new(),
            ignored: Vec::new(),
        }
    }

    fn open(&mut self, id: &str, chart: &str, name: &str, opened: Event) {
        let snapshot = Snapshot::unborn(&self.charts[chart].sha256, id);
        self.cases.insert(id.to_owned(), Case { chart: chart.to_owned(), snapshot });
        self.opened.push((format!("{chart} {name}"), id.to_owned()));
        self.tell(id, opened, &Actor::system());
    }

    /// Gives `event` to the case and everything it causes to whom it concerns.
    fn tell(&mut self, id: &str, event: Event, actor: &Actor) {
        let mut queue = VecDeque::from([(id.to_owned(), event, actor.clone())]);
        while let Some((id, event, actor)) = queue.pop_front() {
            let case = &self.cases[&id];
            let chart = &self.charts[&case.chart];
            let step = step(chart, &case.snapshot, &event, &actor, self.now, &self.calendar)
                .unwrap_or_else(|refused| panic!("{}: {}: {refused}", case.chart, event.name));
            if step.kind == EntryKind::Ignored {
                self.ignored.push((case.chart.clone(), event.name.to_string()));
            }
            self.cases.get_mut(&id).expect("it is there").snapshot = step.snapshot;
            for effect in step.effects {
                match effect {
                    Effect::Spawn { case_id, chart, subject, name, data, invoked, depth } => {
                        let parent = Parent {
                            case_id: Arc::from(id.as_str()),
                            name: Arc::from(name.as_str()),
                            invoked,
                            depth,
                        };
                        let snapshot = Snapshot::unborn(&self.charts[&chart].sha256, &case_id);
                        self.cases
                            .insert(case_id.to_string(), Case { chart: chart.clone(), snapshot });
                        self.opened.push((format!("{chart} {name}"), case_id.to_string()));
                        let opened = Event::opened(&subject, &data, Some(&parent));
                        queue.push_back((case_id.to_string(), opened, Actor::system()));
                    }
                    Effect::Send { case_id, event, payload, from_child, .. } => {
                        let event = Event::inbox(&event, payload, from_child.as_deref());
                        queue.push_back((case_id.to_string(), event, Actor::system()));
                    }
                    Effect::CancelChild { case_id, .. } => {
                        self.cases.remove(case_id.as_ref());
                    }
                    Effect::Notice { .. } | Effect::Document { .. } => {}
                }
            }
        }
    }

    /// The newest case that was opened as `what`: a chart and a name.
    fn id(&self, what: &str) -> String {
        let found = self.opened.iter().rev().find(|(one, _)| one == what);
        found.unwrap_or_else(|| panic!("no case `{what}`; there are {:?}", self.opened)).1.clone()
    }

    fn act(&mut self, what: &str, by: &str, event: &str, payload: Value) {
        let id = self.id(what);
        let actor = Actor {
            id: by.to_owned(),
            org: by.to_owned(),
            roles: vec![by.to_owned()],
            on_behalf_of: None,
        };
        self.tell(&id, Event::person(event, payload), &actor);
    }

    fn active(&self, what: &str) -> Vec<String> {
        let case = &self.cases[&self.id(what)];
        active_ids(&self.charts[&case.chart], &case.snapshot)
    }

    fn expect(&self, what: &str, state: &str) {
        let active = self.active(what);
        assert!(active.iter().any(|one| one == state), "{what}: {state} not in {active:?}");
    }
}

fn contents(keys: &[&str]) -> Value {
    let all = keys.iter().map(|key| ((*key).to_owned(), json!("có"))).collect();
    json!({ "contents": Value::Object(all) })
}

const EIGHT: [&str; 8] =
    ["goals", "scope", "criteria", "roadmap", "training", "agreement", "policies", "coordination"];

/// Registers `enterprise` and brings it to building.
fn register(world: &mut World, enterprise: &str) {
    let case = format!("participation {enterprise}");
    world.act("platform p", "coordinator", "apply", json!({ "enterprise": enterprise }));
    let dossier = json!({ "dossier": {
        "description": "a", "capability": "b", "security_level": "c", "personal_data": "d",
        "storage_in_vietnam": "e",
    } });
    world.act(&case, "core_enterprise", "submit", dossier);
    world.act(&case, "coordinator", "receive", json!({ "receipt_number": "1" }));
    world.act(&case, "ministry_focal", "give_opinion", json!({ "favourable": true }));
    world.act(&case, "ministry_leadership", "accept", json!({ "document_number": "1" }));
    let plan = "plan plan_enterprise";
    let four = contents(&["detailed_criteria", "design", "rollout", "enterprise_resources"]);
    world.act(plan, "core_enterprise", "submit", four);
    world.act(plan, "core_enterprise", "approve", json!({ "document_number": "2" }));
    world.expect(&case, "building");
}

/// Takes the open round from criteria to its conclusion; each result is a number of yes among five.
fn evaluate(world: &mut World, round: &str, results: &[(&str, u64)]) {
    let members = ["m1", "m2", "m3", "m4", "m5", "m6", "m7"];
    let criterion = |id: &str, group: &str| json!({ "id": id, "group": group, "text": "x" });
    let criteria = json!({ "criteria": [
        criterion("1", "functional"), criterion("2", "security"), criterion("3", "non_technical"),
    ] });
    world.act(round, "ministry_focal", "set_criteria", criteria);
    let body = json!({
        "body": "council", "members": members, "chair": "m1", "secretary": "m2",
        "reviewers": ["m3", "m4"], "decision_number": "3",
    });
    world.act(round, "ministry_focal", "form_body", body);
    for member in members {
        world.act(round, member, "declare", json!({ "conflict": false }));
    }
    for (enterprise, _) in results {
        let material = json!({ "enterprise": enterprise, "documents": "x" });
        world.act(round, "ministry_focal", "supply_material", material);
    }
    world.act(round, "m2", "close_materials", Value::Null);
    for (by, event) in [
        ("ministry_focal", "record_survey"),
        ("ministry_focal", "record_field_test"),
        ("security_unit", "assess_security"),
    ] {
        world.act(round, by, event, json!({ "summary": "x" }));
    }
    let points: Value =
        Value::Object(results.iter().map(|(one, _)| ((*one).to_owned(), json!(80))).collect());
    for member in members {
        world.act(round, member, "score", json!({ "points": points }));
    }
    let session = json!({ "present": ["m1", "m2", "m3", "m4", "m5"], "held_on": "2022-09-20" });
    world.act(round, "m2", "open_session", session);
    for (enterprise, yes) in results {
        let vote = json!({ "enterprise": enterprise, "yes": yes, "no": 5 - yes });
        world.act(round, "m2", "record_vote", vote);
    }
    world.act(round, "m2", "draft_minutes", json!({ "document_number": "4" }));
    world.act(round, "m2", "sign_minutes", Value::Null);
    world.act(round, "m1", "sign_minutes", Value::Null);
}

/// A Part II platform with two enterprises, one recognised and in force.
fn in_force() -> World {
    let mut world = World::new();
    let data = json!({
        "name_vi": "Sàn thương mại điện tử", "part": "II", "owner_status": "none",
        "focal_units": [{ "org": "vu-qldn", "kind": "ministry", "rank": "lead" }],
    });
    let opened = Event::opened("platform/p", &data, None);
    world.open("p", "platform", "p", opened);
    register(&mut world, "a");
    let plan = "plan plan_ministry";
    world.act(plan, "ministry_focal", "submit", contents(&EIGHT));
    world.act(plan, "ministry_leadership", "approve", json!({ "document_number": "5" }));
    world.expect("platform p", "building");
    register(&mut world, "b");
    for enterprise in ["a", "b"] {
        let case = format!("participation {enterprise}");
        world.act(&case, "core_enterprise", "request_evaluation", json!({ "note": "xong" }));
    }
    world.expect("platform p", "dossier_check");
    let candidates = json!({ "candidates": ["a", "b"] });
    world.act("platform p", "ministry_focal", "open_round", candidates);
    evaluate(&mut world, "evaluation round", &[("a", 5), ("b", 3)]);
    world.expect("platform p", "submission");
    world.expect("participation a", "awaiting_recognition");
    world.expect("participation b", "building");
    world.act("platform p", "coordinator", "submit_recognition", json!({ "document_number": "6" }));
    let decision = json!({
        "enterprise": "a", "decision_number": "7", "certificate_number": "NDP-1",
        "signed_on": "2022-11-15",
    });
    world.act("platform p", "ministry_leadership", "recognise", decision);
    world.expect("participation a", "operating");
    world.act("platform p", "coordinator", "plan_ceremony", json!({ "ceremony_on": "2022-12-01" }));
    world.act("platform p", "coordinator", "hold_ceremony", json!({ "held_on": "2022-12-01" }));
    world.act("platform p", "portal_operator", "publish_on_portal", json!({ "address": "/p" }));
    world.act("platform p", "communications", "publish_in_press", json!({ "references": "báo" }));
    world.expect("platform p", "valid");
    assert_eq!(world.ignored, []);
    world
}

#[test]
fn a_platform_and_its_children_come_into_force_and_no_message_is_lost() {
    in_force();
}

#[test]
fn a_failed_re_evaluation_withdraws_the_recognition_in_both_cases() {
    let mut world = in_force();
    let candidates = json!({ "candidates": ["a"] });
    world.act("platform p", "ministry_focal", "open_round", candidates);
    evaluate(&mut world, "evaluation review", &[("a", 2)]);
    world.expect("platform p", "result_pending");
    let proposal = json!({ "enterprise": "a", "reasons": "không đạt" });
    world.act("platform p", "ministry_focal", "propose_withdrawal", proposal);
    world.expect("participation a", "answering_withdrawal");
    let answer = json!({ "explanation": "sẽ khắc phục" });
    world.act("participation a", "core_enterprise", "explain_withdrawal", answer);
    world.expect("platform p", "withdrawal_decision");
    let decision = json!({ "decision_number": "8" });
    world.act("platform p", "ministry_leadership", "withdraw_recognition", decision);
    world.expect("platform p", "withdrawn");
    world.expect("participation a", "building");
    let back = json!({ "reasons": "cam kết" });
    world.act("platform p", "ministry_leadership", "redevelop", back);
    world.expect("platform p", "building");
    assert_eq!(world.ignored, []);
}

#[test]
fn an_enterprise_that_withdraws_takes_its_recognition_with_it() {
    let mut world = in_force();
    world.act("participation a", "core_enterprise", "withdraw", json!({ "reasons": "đổi hướng" }));
    world.expect("platform p", "withdrawn");
    let ended = &world.cases[&world.id("participation a")];
    assert!(ended.snapshot.done);
}

#[test]
fn a_platform_that_is_removed_ends_all_its_cases() {
    let mut world = in_force();
    let decision = json!({ "decision_number": "9", "reasons": "gộp" });
    world.act("platform p", "ministry_leadership", "remove_platform", decision);
    for case in world.cases.values() {
        let active = active_ids(&world.charts[&case.chart], &case.snapshot);
        assert!(case.snapshot.done, "a {} is still in {active:?}", case.chart);
    }
}

#[test]
fn a_report_that_is_asked_for_reaches_the_enterprise_and_can_be_made() {
    let mut world = in_force();
    let request = json!({
        "level": "enterprise", "enterprise": "a", "question": "Sự cố", "working_days": 3,
    });
    world.act("platform p", "leader_in_charge", "request_report", request);
    let report = "report report_1";
    world.expect(report, "owed_by_enterprise");
    let subject = &world.cases[&world.id(report)].snapshot.subject;
    assert_eq!(subject.as_ref(), "platform/p/a");
    let nil = json!({
        "nil_report": true,
        "narrative": { "results": "Không có sự cố.", "difficulties": "", "proposals": "", "next": "" },
    });
    world.act(report, "core_enterprise", "submit", nil);
    world.expect(report, "submitted");
}

#[test]
fn the_reports_below_assemble_themselves_in_the_one_that_collects_them() {
    let mut world = World::new();
    let open = |world: &mut World, id: &str, subject: &str, data: Value| {
        world.open(id, "report", id, Event::opened(subject, &data, None));
    };
    let coordination = json!({ "level": "coordinator", "kind": "coordinator_month",
        "reporter": "coordinator", "period": "2022-02", "expected": ["p"] });
    open(&mut world, "top", "ministry", coordination);
    let focal = json!({ "level": "focal", "kind": "focal_month", "reporter": "p",
        "period": "2022-02", "collector": "top", "expected": ["a"] });
    open(&mut world, "middle", "platform/p", focal);
    let enterprise = json!({ "level": "enterprise", "kind": "enterprise_month", "reporter": "a",
        "period": "2022-02", "collector": "middle" });
    open(&mut world, "bottom", "platform/p/a", enterprise);
    let figures = json!({
        "indicators": { "users_registered": 12, "transactions_month": 7 },
        "not_available": ["users_active_month", "orgs_connected_ministry",
            "orgs_connected_province", "transactions_cumulative", "availability_pct",
            "incidents_high", "milestones_done", "milestones_due"],
    });
    world.act("report bottom", "core_enterprise", "submit", figures.clone());
    let data = |world: &World, what: &str| world.cases[&world.id(what)].snapshot.data.clone();
    assert_eq!(data(&world, "report middle")["missing"], json!([]));
    assert_eq!(data(&world, "report middle")["assembled"][0]["value"].as_f64(), Some(12.0));
    world.act("report middle", "ministry_focal", "submit", figures);
    assert_eq!(data(&world, "report top")["missing"], json!([]));
    assert_eq!(data(&world, "report top")["assembled"][0]["value"].as_f64(), Some(12.0));
    assert_eq!(world.ignored, []);
}
