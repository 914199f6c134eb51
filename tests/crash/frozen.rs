//! Two processes serve one database; one is frozen past its lease, and wakes in the middle of what
//! the other has taken over.

use std::collections::BTreeMap;
use std::io::Write as _;

use runtime::clock::Stopwatch;
use support::smtp::{Catcher, Letter};

use super::charts::{Place, block_on, long_ago};
use super::engine::{demand_clean, wait_for};
use super::serving::Serving;

/// How many timers are due at one instant, and of how many cases.
const TIMERS: usize = 10_000;
const CASES: usize = TIMERS / 5;
/// What each of the two must have fired: a fifth.
const SHARE: u64 = 2_000;
const LEASE_SECONDS: u16 = 3;

#[test]
fn a_process_frozen_past_its_lease_fires_nothing_twice() {
    let begun = Stopwatch::start();
    let place = Place::postgres();
    block_on(place.prepare(long_ago(), "bells", CASES));
    let of_one_instant = "SELECT count(DISTINCT due_at_ms) FROM timers";
    assert_eq!(place.number(of_one_instant), 1);
    let all = i64::try_from(TIMERS).expect("it is small");
    assert_eq!(place.number("SELECT count(*) FROM timers"), all);
    let catcher = Catcher::start();
    let start = |name| Serving::start_with(&place, name, LEASE_SECONDS, Some(&catcher.url()));
    let (mut one, mut other) = (start("one"), start("other"));
    let (name, _) = (one.process(), other.process());
    freeze_while_it_holds(&place, &one, &name);
    let held = held_by(&place, &name);
    wait_for("the other to take over", || (held_by(&place, &name) == 0).then_some(()));
    let (rounds, _) = one.rounds();
    one.signal("-CONT");
    wait_for("the frozen one to go on", || (one.rounds().0 > rounds).then_some(()));
    let waiting = "SELECT count(*) FROM timers";
    wait_for("every timer to be gone", || (place.number(waiting) == 0).then_some(()));
    let untold = "SELECT count(*) FROM notices WHERE built IS NULL";
    wait_for("every notice to be in a letter", || (place.number(untold) == 0).then_some(()));
    let unsent = "SELECT count(*) FROM outbox WHERE state <> 'done'";
    wait_for("every letter to have left", || (place.number(unsent) == 0).then_some(()));
    let (by_one, by_other) = (one.stop(), other.stop());
    for once in [
        "SELECT count(*) FROM log WHERE event = 'term.due' AND kind = 'event'",
        "SELECT count(DISTINCT (case_id, payload)) FROM log WHERE event = 'term.due'",
        "SELECT count(*) FROM notices WHERE letter = 'due_today'",
        "SELECT count(DISTINCT (case_id, revision)) FROM notices",
        "SELECT 5 * count(*) FROM cases WHERE done",
    ] {
        assert_eq!(place.number(once), all, "{once}");
    }
    assert_eq!(by_one + by_other, TIMERS as u64, "what they say they did");
    assert!(by_one >= SHARE && by_other >= SHARE, "{by_one} and {by_other}");
    let (letters, again) = demand_each_told_once(&place, &catcher);
    demand_clean(&place.url);
    let _written = writeln!(
        std::io::stderr(),
        "{TIMERS} timers of one instant: {by_one} by the process that was frozen with {held} in \
         its hands, {by_other} by the other, told in {letters} letters, of which {again} came again; {:.1} s",
        begun.elapsed().as_secs_f64()
    );
}

/// Every timer of every case is told in one letter that arrived, and in one only; how many there are,
/// and how many arrivals were of a letter that had come.
///
/// A process that is frozen while the mail server has its letter cannot know whether the server took
/// it, nor can the one that takes over: that letter may come again, under the same Message-ID, by
/// which readers know it.
fn demand_each_told_once(place: &Place, catcher: &Catcher) -> (usize, usize) {
    let all = catcher.letters();
    let by_id = |letter| Some((Letter::header(letter, "Message-ID")?, letter));
    let letters: BTreeMap<_, _> = all.iter().filter_map(by_id).collect();
    let sent = place.number("SELECT count(*) FROM outbox");
    assert_eq!(i64::try_from(letters.len()), Ok(sent), "as many as were sent");
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for letter in letters.values() {
        let text = letter.text.as_deref().expect("it has a text");
        for rest in text.split("/cases/").skip(1) {
            let id = rest.split_whitespace().next().expect("a link has an end");
            *told.entry(id.to_owned()).or_default() += 1;
        }
    }
    assert_eq!(told.len(), CASES, "cases that are told of");
    assert!(told.values().all(|times| *times == TIMERS / CASES), "{told:?}");
    (letters.len(), all.len() - letters.len())
}

/// Stops `one` when it has done its share, in a moment in which it holds timers.
fn freeze_while_it_holds(place: &Place, one: &Serving, name: &str) {
    wait_for("a fifth to be fired", || (one.rounds().1 >= SHARE).then_some(()));
    wait_for("a moment in the middle of a round", || {
        one.signal("-STOP");
        if held_by(place, name) > 0 {
            return Some(());
        }
        one.signal("-CONT");
        None
    });
}

/// How many timers the process called `name` holds.
fn held_by(place: &Place, name: &str) -> i64 {
    place.number_of("SELECT count(*) FROM timers WHERE claimed_by = $1", name)
}
