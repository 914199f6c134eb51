//! What is shipped is whole: files, schedules, indicators, wording.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use workflows::schedules::{Period, Scope, fill, parse, schedules};

fn json(path: &str) -> Value {
    serde_json::from_str(workflows::file(path).expect("it is shipped")).expect("it reads")
}

fn walk(folder: &Path, root: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("the folder reads") {
        let path = entry.expect("the entry reads").path();
        if path.is_dir() {
            walk(&path, root, found);
        } else {
            let short = path.strip_prefix(root).expect("it is below the root");
            found.insert(short.to_string_lossy().into_owned());
        }
    }
}

#[test]
fn every_file_of_the_folder_is_embedded() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeSet::new();
    for folder in workflows::CHARTS.iter().chain(&["letters", "calendars"]) {
        walk(&root.join(folder), root, &mut found);
    }
    found.insert("schedules.yaml".to_owned());
    found.retain(|path| Path::new(path).extension().is_none_or(|one| one != "md"));
    let embedded: BTreeSet<String> = workflows::files().into_keys().collect();
    assert_eq!(embedded, found);
}

#[test]
fn no_schema_is_shipped_that_no_event_names() {
    for (name, loaded) in workflows::CHARTS.iter().zip(workflows::all()) {
        let chart = workflows::file(&format!("{name}/chart.yaml")).expect("it is shipped");
        for path in workflows::files().into_keys() {
            let Some(file) = path.strip_prefix(&format!("{name}/")) else { continue };
            if file.ends_with(".schema.json") && file != "indicators.schema.json" {
                assert!(chart.contains(file), "{name} does not name `{file}`");
            }
        }
        assert!(loaded.chart.is_some(), "{name} does not read");
    }
}

#[test]
fn the_forms_of_a_report_ask_for_the_versioned_indicators() {
    let indicators = json("report/indicators.schema.json");
    let codes = |value: &Value| -> Vec<String> {
        value.as_object().expect("an object").keys().cloned().collect()
    };
    let wanted = codes(&indicators["properties"]);
    let data = json("report/data.schema.json");
    assert_eq!(data["properties"]["schema_version"]["default"], indicators["x-version"]);
    for form in ["report/submit.schema.json", "report/correct.schema.json"] {
        let form = json(form);
        assert_eq!(codes(&form["properties"]["indicators"]["properties"]), wanted);
        let listed = form["properties"]["not_available"]["items"]["enum"].clone();
        let listed: Vec<String> = serde_json::from_value(listed).expect("a list of codes");
        assert_eq!(listed.iter().collect::<BTreeSet<_>>(), wanted.iter().collect());
    }
    for (list, mark) in
        [("required", "x-required"), ("cumulative", "x-cumulative"), ("summed", "x-summed")]
    {
        let default = data["properties"][list]["default"].clone();
        let listed: BTreeSet<String> = serde_json::from_value(default).expect("a list of codes");
        let marked = wanted.iter().filter(|code| indicators["properties"][code][mark] == true);
        assert_eq!(listed.iter().collect::<BTreeSet<_>>(), marked.collect(), "{list}");
    }
}

#[test]
fn every_schedule_opens_a_report_that_exists() {
    let kinds = json("report/data.schema.json")["properties"]["kind"]["enum"].clone();
    let schedules = schedules().expect("the schedules read");
    assert_eq!(schedules.len(), 11);
    let mut seen: Vec<&str> = Vec::new();
    for schedule in &schedules {
        let kind = &schedule.data["kind"];
        assert!(kinds.as_array().expect("a list").contains(kind), "{kind} is no kind of report");
        assert_eq!(kind, schedule.name.as_str());
        if let Some(collector) = &schedule.collector {
            assert!(
                seen.contains(&collector.as_str()),
                "{collector} comes after {}",
                schedule.name
            );
        }
        assert!(schedule.cron.starts_with("0 0 0 15 "), "{}", schedule.name);
        let names: &[&str] = match schedule.scope {
            Scope::Participation => &["{period}", "{platform}", "{enterprise}"],
            Scope::Platform => &["{period}", "{platform}"],
            Scope::Ministry => &["{period}"],
        };
        for name in names {
            assert!(schedule.key.contains(name), "{}: the key lacks {name}", schedule.name);
        }
        seen.push(&schedule.name);
    }
}

#[test]
fn a_period_has_its_name_and_its_window() {
    let table = [
        (Period::Month, 2022, 11, "2022-11", "2022-10-15", "2022-11-14"),
        (Period::Month, 2023, 1, "2023-01", "2022-12-15", "2023-01-14"),
        (Period::Quarter, 2022, 12, "2022-Q4", "2022-09-15", "2022-12-14"),
        (Period::Quarter, 2023, 3, "2023-Q1", "2022-12-15", "2023-03-14"),
        (Period::Half, 2022, 6, "2022-H1", "2021-12-15", "2022-06-14"),
        (Period::Half, 2022, 12, "2022-H2", "2022-06-15", "2022-12-14"),
        (Period::Year, 2022, 12, "2022", "2021-12-15", "2022-12-14"),
    ];
    for (period, year, month, name, from, to) in table {
        assert_eq!(period.name(year, month), name);
        assert_eq!(period.window(year, month), (from.to_owned(), to.to_owned()), "{name}");
    }
}

#[test]
fn a_collector_that_is_no_schedule_is_named() {
    let text = workflows::file("schedules.yaml").expect("it is shipped");
    let broken = text.replace("collector: coordinator_half", "collector: nowhere");
    let error = parse(&broken).expect_err("a collector is missing").to_string();
    assert_eq!(error, "schedule `focal_half` names the collector `nowhere`, which is no schedule");
}

#[test]
fn names_in_braces_are_filled_in() {
    let names = [("platform", "ndp2022-09"), ("enterprise", "sen-viet")];
    assert_eq!(fill("platform/{platform}/{enterprise}", &names), "platform/ndp2022-09/sen-viet");
    assert_eq!(fill("{period}/{platform}", &names), "{period}/ndp2022-09");
}

#[test]
fn the_shipped_data_is_in_composed_form() {
    for (path, text) in workflows::files() {
        let is_decomposed = |c: char| ('\u{300}'..='\u{36f}').contains(&c);
        assert!(!text.contains(is_decomposed), "{path} has a combining mark: not NFC");
    }
}
