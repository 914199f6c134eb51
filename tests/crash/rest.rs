//! `cotmoc serve` is killed while timers, messages and effects are under way; whoever comes next
//! finishes, and everything comes to rest.

use std::io::Write as _;

use runtime::clock::{Clock, Stopwatch};

use super::chance::Chance;
use super::charts::{Place, block_on};
use super::engine::{demand_clean, wait_for};
use super::serving::Serving;

const KILLS: usize = 4;
const WALKERS: usize = 40;
/// The steps and children of a walker, by its chart.
const STEPS: i64 = 5;
const CHILDREN: i64 = 4;
const LEASE_SECONDS: u16 = 1;
const SEED: u64 = 25;

#[test]
fn what_a_killed_process_was_at_comes_to_rest_on_sqlite() {
    comes_to_rest(&Place::sqlite());
}

#[test]
fn what_a_killed_process_was_at_comes_to_rest_on_postgres() {
    comes_to_rest(&Place::postgres());
}

fn comes_to_rest(place: &Place) {
    let begun = Stopwatch::start();
    block_on(place.prepare(Clock::Real, "walker", WALKERS));
    let mut chance = Chance(SEED);
    let entries = || place.number("SELECT count(*) FROM log");
    for kill in 0..KILLS {
        let serving = Serving::start(place, &format!("serving-{kill}"), LEASE_SECONDS);
        let enough = entries() + 40 + i64::try_from(chance.below(60)).expect("it is small");
        wait_for("the process to do its part", || (entries() >= enough).then_some(()));
        serving.kill();
    }
    let left = place.number("SELECT count(*) FROM cases WHERE NOT done");
    assert!(left > 0, "the kills came when everything was over");
    let mut serving = Serving::start(place, "last", LEASE_SECONDS);
    serving.process();
    wait_for("everything to come to rest", || (owed(place) == 0).then_some(()));
    serving.stop();
    let walkers = i64::try_from(WALKERS).expect("it is small");
    for (question, answer) in [
        ("SELECT count(*) FROM log WHERE event = 'send.due'", walkers * STEPS),
        ("SELECT count(*) FROM log WHERE event = 'child.done'", walkers * CHILDREN),
        ("SELECT count(*) FROM cases WHERE chart = 'echo'", walkers * CHILDREN),
        ("SELECT count(*) FROM log WHERE kind IN ('ignored', 'skipped')", 0),
        // There is no template for documents: each is given up, at its one attempt.
        ("SELECT count(*) FROM outbox", walkers * CHILDREN),
        ("SELECT count(*) FROM outbox WHERE state = 'dead' AND attempts = 1", walkers * CHILDREN),
    ] {
        assert_eq!(place.number(question), answer, "{question}");
    }
    demand_clean(&place.url);
    let _written = writeln!(
        std::io::stderr(),
        "{}: {KILLS} kills of a serving process (seed {SEED}), {left} cases finished by the last; \
         {:.1} s",
        place.url.split(':').next().unwrap_or_default(),
        begun.elapsed().as_secs_f64()
    );
}

/// What is still to be done.
fn owed(place: &Place) -> i64 {
    place.number("SELECT count(*) FROM cases WHERE NOT done")
        + place.number("SELECT count(*) FROM timers")
        + place.number("SELECT count(*) FROM inbox")
        + place.number("SELECT count(*) FROM outbox WHERE state = 'queued'")
}
