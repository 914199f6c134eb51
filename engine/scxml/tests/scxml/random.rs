//! Random pure charts: the engine against Appendix D, and against itself after write and read.

use std::collections::BTreeSet;

use chart::calendar::Calendar;
use chart::definition::{Chart, Kind};
use chart::event::{Actor, Event};
use chart::moment::Timestamp;
use chart::refusal::Refused;
use chart::snapshot::Snapshot;
use chart::step::step;
use chart::stepped::{Step, Trace};
use scxml::read::{Document, read};
use scxml::write::write_document;
use serde_json::Value;

use crate::model::{Dice, EVENTS, Model};
use crate::oracle::Oracle;

/// So many charts are made; with so many events each.
const CHARTS: u64 = 300;
const EVENTS_EACH: usize = 10;

struct Run<'a> {
    chart: &'a Chart,
    snapshot: Snapshot,
    calendar: Calendar,
}

impl Run<'_> {
    fn take(&mut self, event: &Event) -> Result<Step, Refused> {
        let actor = Actor::system();
        let now = Timestamp(0);
        let stepped = step(self.chart, &self.snapshot, event, &actor, now, &self.calendar)?;
        self.snapshot = stepped.snapshot.clone();
        Ok(stepped)
    }

    fn ids(&self) -> BTreeSet<String> {
        let id = |state: &u16| self.chart.state(*state).id.to_string();
        self.snapshot.configuration.iter().map(id).collect()
    }
}

fn run(chart: &Chart) -> Run<'_> {
    let calendar = r#"{"format":1,"name":"none","non_working":[],"utc_offset_minutes":0,
        "version":1,"weekend":[],"working":[],"years":[2022]}"#;
    let calendar = Calendar::from_canonical(calendar).expect("well formed");
    Run { chart, snapshot: Snapshot::unborn(&chart.sha256, "case"), calendar }
}

/// Entering and leaving, in the oracle's words.
fn moves(stepped: &Step) -> Vec<String> {
    let word = |trace: &Trace| match trace {
        Trace::Enter(id) => Some(format!("+{}", id.trim_start_matches('s'))),
        Trace::Exit(id) => Some(format!("-{}", id.trim_start_matches('s'))),
        _ => None,
    };
    stepped.trace.iter().filter_map(word).collect()
}

/// Exactly one child of each active compound state and all regions of each active parallel one.
fn assert_legal(chart: &Chart, snapshot: &Snapshot, what: &str) {
    let active = |state: u16| state == 0 || snapshot.is_active(state);
    for (at, definition) in chart.states.iter().enumerate() {
        let state = u16::try_from(at).expect("indexes are 16 bits wide");
        if !active(state) {
            continue;
        }
        if let Some(parent) = definition.parent {
            assert!(active(parent), "{what}: `{}` is active without its parent", definition.id);
        }
        let children = definition.children.iter().copied();
        let real = children.filter(|&one| !matches!(chart.state(one).kind, Kind::History { .. }));
        let (inside, all) = real
            .fold((0, 0), |(inside, all), child| (inside + usize::from(active(child)), all + 1));
        match definition.kind {
            Kind::Compound { .. } => {
                assert_eq!(inside, 1, "{what}: children of `{}`", definition.id);
            }
            Kind::Parallel => {
                assert_eq!(inside, all, "{what}: regions of `{}`", definition.id);
            }
            Kind::History { .. } => panic!("{what}: history `{}` is active", definition.id),
            Kind::Atomic | Kind::Final => {}
        }
    }
    let mut sorted = snapshot.configuration.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted, snapshot.configuration, "{what}: document order");
}

fn read_or_panic(source: &str) -> Document {
    read(source).unwrap_or_else(|error| panic!("{error}\n{source}"))
}

/// One chart, stepped side by side in the oracle, the engine, and the engine after write and read.
fn compare(seed: u64) -> usize {
    let mut dice = Dice::new(seed);
    let model = Model::random(&mut dice);
    let source = model.scxml();
    let document = read_or_panic(&source);
    let written = write_document(&document);
    let again = read_or_panic(&written);
    let (mut first, mut second) = (run(&document.chart), run(&again.chart));
    let mut oracle = Oracle::start(&model);
    let mut event = Event::opened("", &Value::Null, None);
    let mut steps = 0;
    for at in 0..EVENTS_EACH {
        let what = format!("seed {seed}, event {at} `{}`\n{source}", event.name);
        let (left, right) = (first.take(&event), second.take(&event));
        let Ok(expected) = oracle.as_mut() else {
            let endless = matches!(left, Err(Refused::Endless { .. }));
            assert!(endless, "{what}: expected no rest, got {left:?}");
            return steps;
        };
        let (left, right) = match (left, right) {
            (Ok(left), Ok(right)) => (left, right),
            other => panic!("{what}: {other:?}"),
        };
        assert_eq!(moves(&left), expected.trace, "{what}: entering and leaving");
        assert_eq!(left.trace, right.trace, "{what}: after write and read");
        assert_eq!(first.ids(), second.ids(), "{what}: after write and read");
        let ids: BTreeSet<String> =
            expected.configuration.iter().map(|state| format!("s{state}")).collect();
        assert_eq!(first.ids(), ids, "{what}: configuration");
        assert_eq!(first.snapshot.done, !expected.running, "{what}: whether it has ended");
        assert_legal(&document.chart, &first.snapshot, &what);
        steps += usize::from(!left.trace.is_empty());
        let name = EVENTS[dice.roll(EVENTS.len())];
        event = Event::inbox(name, Value::Null, None);
        if let Ok(running) = &mut oracle
            && let Err(endless) = running.send(name)
        {
            oracle = Err(endless);
        }
    }
    steps
}

#[test]
fn random_charts_move_as_appendix_d_says_and_survive_write_and_read() {
    let moved: usize = (0..CHARTS).map(compare).sum();
    // The charts are no test of anything if they stand still.
    assert!(moved > usize::try_from(CHARTS).unwrap(), "only {moved} steps moved");
}
