//! What is listed: cases, tasks, reports, effects, in three forms and two languages.

use crate::cli::desk::{Desk, REPORTER};

#[test]
fn a_database_is_made_ready_twice_without_harm() {
    let desk = Desk::prepared();
    let first = desk.run(&["case", "list", "--format", "csv"]).ok();
    desk.run(&["init"]).ok();
    desk.run(&["import", "--platforms"]).ok();
    assert_eq!(desk.run(&["case", "list", "--format", "csv"]).ok(), first);
    let said = desk.run(&["init", "--lang", "en"]);
    assert!(said.err.contains("virtual clock that stands at 15/06/2022 09:00"), "{}", said.err);
}

#[test]
fn the_three_forms_carry_the_same_cells() {
    let desk = Desk::prepared();
    let list =
        |format: &str| desk.run(&["case", "list", "--chart", "platform", "--format", format]).ok();
    let json: Vec<serde_json::Value> = serde_json::from_str(&list("json")).unwrap();
    assert_eq!(json.len(), 35);
    let csv = list("csv");
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 36);
    assert!(lines[0].starts_with("case_id,chart,subject,stage,state,"), "{}", lines[0]);
    let table = list("table");
    for row in &json {
        let id = row["case_id"].as_str().unwrap();
        assert!(csv.contains(id) && table.contains(&id[..8]), "{id}");
    }
    assert!(table.contains("Đối tượng"), "{table}");
}

#[test]
fn a_case_is_shown_with_who_owes_what_until_when() {
    let desk = Desk::prepared();
    let id = desk.report();
    let shown = desk.run(&["case", "show", &id, "--format", "json"]).json();
    assert_eq!(shown["case"]["state"], "Chưa nộp");
    let task = &shown["tasks"][0];
    assert_eq!(task["title"], "Lập và nộp báo cáo");
    assert_eq!(task["role"], "core_enterprise");
    assert_eq!(task["unit"], "Doanh nghiệp A2 (giả định)");
    // 25 June 2022 is a Saturday: the report is due on Monday, eight working days from the 15th.
    assert_eq!(task["due"], "thứ Hai 27/06/2022");
    assert_eq!(task["working_days_left"], 8);
    assert_eq!(shown["entries"][0]["event"], "case.opened");
    let text = desk.run(&["case", "show", &id[..8], "--lang", "en"]).ok();
    assert!(text.contains("Monday 27 June 2022") && text.contains("Not received"), "{text}");
}

#[test]
fn tasks_are_narrowed_and_summed_by_unit() {
    let desk = Desk::prepared();
    let list = |more: &[&str]| {
        let mut all = vec!["task", "list", "--format", "json"];
        all.extend(more);
        desk.run(&all).json().as_array().unwrap().clone()
    };
    let all = list(&[]);
    let role = list(&["--role", "core_enterprise"]);
    assert!(!role.is_empty() && role.len() < all.len());
    assert!(role.iter().all(|task| task["role"] == "core_enterprise"));
    let org = list(&["--org", "dn-a2"]);
    assert!(org.iter().all(|task| task["unit"].as_str().unwrap().contains("A2")), "{org:?}");
    assert!(list(&["--overdue"]).is_empty());
    let units = list(&["--by", "unit"]);
    let sum: u64 = units.iter().map(|unit| unit["tasks"].as_u64().unwrap()).sum();
    assert!(sum >= all.len() as u64, "every task is some unit's: {sum} of {}", all.len());
    let names: Vec<_> = units.iter().filter(|unit| unit["unit"] == "dn-a2").collect();
    assert_eq!(names.len(), 1);
}

#[test]
fn reports_are_listed_by_period_with_their_mark() {
    let desk = Desk::prepared();
    let list = |more: &[&str]| {
        let mut all = vec!["report", "list", "--lang", "en", "--format", "json"];
        all.extend(more);
        desk.run(&all).json()
    };
    let reports = list(&["--period", "2022-06"]);
    assert_eq!(reports[0]["mark"], "awaited");
    assert_eq!(reports[0]["due"], "Monday 27 June 2022");
    assert_eq!(reports[0]["unit"], "Enterprise A2 (fictional)");
    assert_eq!(list(&["--period", "2022-07"]).as_array().unwrap().len(), 0);
    assert_eq!(list(&["--overdue"]).as_array().unwrap().len(), 0);
    let sums = list(&["--by", "unit"]);
    assert_eq!((&sums[0]["unit"], &sums[0]["awaited"]), (&"dn-a2".into(), &1.into()));
}

#[test]
fn actions_tell_what_is_possible_and_why_the_rest_is_not() {
    let desk = Desk::prepared();
    let id = desk.report();
    let ask = |person: &str| {
        desk.run(&["case", "actions", &id, "--as", person, "--format", "json"]).json()
    };
    let names = |value: &serde_json::Value| -> Vec<String> {
        let events = value.as_array().unwrap().iter();
        events.map(|one| one["event"].as_str().unwrap().to_owned()).collect()
    };
    let own = ask(REPORTER);
    assert_eq!(names(&own["allowed"]), ["save", "submit"]);
    let blocked = &own["blocked"][0];
    assert_eq!(blocked["event"], "cancel");
    let reason = &blocked["reasons"][0];
    assert!(reason["reason"].as_str().unwrap().contains("không có quyền"), "{reason}");
    assert!(reason["unlocks"].as_str().unwrap().contains("coordinator"), "{reason}");
    let stranger = ask("person:nobody");
    assert!(names(&stranger["allowed"]).is_empty());
    let table = desk.run(&["case", "actions", &id, "--as", REPORTER]).ok();
    assert!(table.contains("Nộp báo cáo"), "{table}");
}

#[test]
fn effects_are_listed_and_only_dead_ones_are_queued_again() {
    let desk = Desk::prepared();
    let listed = desk.run(&["outbox", "list", "--state", "dead", "--format", "json"]).json();
    assert_eq!(listed.as_array().unwrap().len(), 0);
    let error = desk.run(&["outbox", "retry", "no-such-id", "--lang", "en"]).failed(1);
    assert!(error.contains("`no-such-id`"), "{error}");
    desk.run(&["outbox", "retry", "--all"]).ok();
}
