//! What a step hands on from an admitted payload is not judged again; everything else is.

use std::collections::BTreeMap;

use chart::calendar::Calendar;
use chart::definition::Chart;
use chart::event::{Actor, Event};
use chart::moment::Timestamp;
use chart::refusal::Refused;
use chart::snapshot::Snapshot;
use chart::step::step;
use chart::stepped::Step;
use serde_json::{Value, json};

const CHART: &str = "
chart: hand
version: 1
title: { vi: Chuyển, en: Hand on }
basis: product
data: data.schema.json
roles: { clerk: { title: { vi: Cán bộ, en: Clerk } } }
events:
  put: { title: { vi: Ghi, en: Put }, basis: product, payload: put.schema.json }
  keep: { title: { vi: Giữ, en: Keep }, basis: product, payload: put.schema.json }
  put.wide: { title: { vi: Ghi rộng, en: Put wide }, basis: product, payload: wide.schema.json }
  echo: { title: { vi: Nhắc lại, en: Echo }, basis: product, payload: wide.schema.json }
  spoil: { title: { vi: Làm hỏng, en: Spoil }, basis: product, payload: put.schema.json }
initial: open
states:
  open:
    title: { vi: Mở, en: Open }
    basis: product
    on:
      put: { set: [ { path: data.figures, to: event.figures } ] }
      keep: { set: [ { path: data.figures, to: event.figures } ] }
      echo: { do: [ { raise: { event: keep, data: { figures: event.figures } } } ] }
      spoil:
        set: [ { path: data.figures, to: event.figures } ]
        do: [ { set: [ { path: data.figures.a, to: \"'text'\" } ] } ]
";

fn chart() -> Chart {
    let figures = |rest: Value| {
        json!({ "type": "object", "required": ["figures"],
            "properties": { "figures": { "type": "object", "additionalProperties": rest } } })
    };
    let data = json!({ "type": "object", "properties": {
        "figures": { "type": "object", "additionalProperties": { "type": "number" }, "default": {} } } });
    let narrow = json!({ "type": "number", "minimum": 0 });
    let files: BTreeMap<String, String> = [
        ("hand.yaml".to_owned(), CHART.to_owned()),
        ("data.schema.json".to_owned(), data.to_string()),
        ("put.schema.json".to_owned(), figures(narrow).to_string()),
        ("wide.schema.json".to_owned(), figures(json!({})).to_string()),
    ]
    .into();
    let loaded = chart::load::load(&files, "hand.yaml");
    loaded.draft.or(loaded.chart).unwrap_or_else(|| panic!("{:?}", loaded.problems))
}

fn calendar() -> Calendar {
    let calendar = r#"{"format":1,"name":"none","non_working":[],"utc_offset_minutes":0,
        "version":1,"weekend":[],"working":[],"years":[2022]}"#;
    Calendar::from_canonical(calendar).expect("well formed")
}

fn send(chart: &Chart, before: &Snapshot, name: &str, figures: &Value) -> Result<Step, Refused> {
    let actor = Actor {
        id: "p".to_owned(),
        org: "o".to_owned(),
        roles: vec!["clerk".to_owned()],
        on_behalf_of: None,
    };
    let event = Event::person(name, json!({ "figures": figures }));
    step(chart, before, &event, &actor, Timestamp(0), &calendar())
}

fn opened(chart: &Chart) -> Snapshot {
    let unborn = Snapshot::unborn(&chart.sha256, "case");
    let opened = Event::opened("s", &json!({}), None);
    let step = step(chart, &unborn, &opened, &Actor::system(), Timestamp(0), &calendar());
    step.expect("the chart opens").snapshot
}

#[test]
fn what_was_admitted_is_handed_on_with_its_types() {
    let chart = chart();
    let put = send(&chart, &opened(&chart), "put", &json!({ "a": 3 })).expect("3 is a number");
    assert_eq!(put.snapshot.data["figures"], json!({ "a": 3.0 }), "a double, as declared");
    let refused = send(&chart, &put.snapshot, "put", &json!({ "a": -1 }));
    assert!(matches!(refused, Err(Refused::Payload { .. })), "{refused:?}");
}

#[test]
fn what_another_schema_admitted_is_judged() {
    let chart = chart();
    let start = opened(&chart);
    // `put` takes events below its name too; `echo` raises an event whose payload nothing admits.
    for (name, figures) in [("put.wide", json!({ "a": "text" })), ("echo", json!({ "a": "text" }))]
    {
        let refused = send(&chart, &start, name, &figures);
        assert!(matches!(refused, Err(Refused::Data { .. })), "{name}: {refused:?}");
        let done = send(&chart, &start, name, &json!({ "a": 3 })).expect("3 is a number");
        assert_eq!(done.snapshot.data["figures"], json!({ "a": 3.0 }), "{name}");
    }
}

#[test]
fn what_is_written_again_is_judged() {
    let chart = chart();
    let refused = send(&chart, &opened(&chart), "spoil", &json!({ "a": 3 }));
    assert!(matches!(refused, Err(Refused::Data { .. })), "{refused:?}");
}
