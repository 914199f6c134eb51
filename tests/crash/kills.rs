//! `cotmoc` is killed fifty times while commands pour in, and started again each time.
//!
//! The driver is this process, the engine another. Whatever the engine had acknowledged must be in
//! the log exactly once, and nothing at all may be there twice; what was not answered is sent again
//! under its key.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use runtime::clock::{Clock, Stopwatch};
use serde_json::{Value, json};
use store::{Store, cases, log};

use super::chance::Chance;
use super::charts::{Place, block_on};
use super::engine::{Answer, Engine, PATIENCE, command, demand_clean};

const KILLS: usize = 50;
const ACKNOWLEDGED_MIN: u64 = 100;
const CASES: usize = 40;
/// How many commands the driver leaves without an answer at a time.
const WINDOW: usize = 64;
const SEED: u64 = 186;

#[test]
fn a_process_killed_fifty_times_loses_and_repeats_nothing_on_sqlite() {
    killed_fifty_times(&Place::sqlite());
}

#[test]
fn a_process_killed_fifty_times_loses_and_repeats_nothing_on_postgres() {
    killed_fifty_times(&Place::postgres());
}

fn killed_fifty_times(place: &Place) {
    let begun = Stopwatch::start();
    let cases = block_on(place.prepare(Clock::Real, "counter", CASES));
    let mut driver = Driver::new(place, cases);
    let mut chance = Chance(SEED);
    for _ in 0..KILLS {
        let enough = ACKNOWLEDGED_MIN + chance.below(100);
        let then = Duration::from_micros(chance.below(15_000));
        driver.feed_and_kill(enough, then);
    }
    driver.finish();
    let acknowledged = block_on(driver.examine(place));
    demand_clean(&place.url);
    // Direct, so that whoever runs the gate sees what it proved.
    let _written = writeln!(
        std::io::stderr(),
        "{}: {KILLS} kills (seed {SEED}), {acknowledged} acknowledged commands, {} in flight when \
         killed, {} of them already durable; {:.1} s",
        place.url.split(':').next().unwrap_or_default(),
        driver.cut_off,
        driver.found_done,
        begun.elapsed().as_secs_f64()
    );
}

struct Driver {
    url: String,
    heard: PathBuf,
    cases: Vec<String>,
    /// Commands sent and not answered, by number.
    open: BTreeSet<u64>,
    next: u64,
    /// How many commands were in flight at a kill.
    cut_off: usize,
    /// How many of these turned out to be done when they were sent again.
    found_done: usize,
}

impl Driver {
    fn new(place: &Place, cases: Vec<String>) -> Self {
        let (url, heard) = (place.url.clone(), place.folder.path().join("heard"));
        Self { url, heard, cases, open: BTreeSet::new(), next: 0, cut_off: 0, found_done: 0 }
    }

    fn case(&self, number: u64) -> &str {
        let at = usize::try_from(number).expect("numbers are small") % self.cases.len();
        &self.cases[at]
    }

    fn line(&self, number: u64) -> String {
        json!({
            "case": self.case(number), "event": "add", "data": { "n": number }, "as": "anna",
            "key": format!("k-{number}")
        })
        .to_string()
    }

    /// Starts the engine and sends again what has no answer.
    fn start(&self) -> Engine {
        let mut engine = Engine::start(command(&self.url), WINDOW, &self.heard);
        for &number in &self.open {
            engine.send(&self.line(number));
        }
        engine
    }

    fn heard(&mut self, answer: &Answer) {
        let number = answer.taken().strip_prefix("k-").and_then(|number| number.parse().ok());
        let number: u64 = number.expect("it is one of ours");
        assert!(self.open.remove(&number), "{number} was answered twice or never sent");
    }

    /// Feeds the engine until it has answered `enough` and for `then` longer, and kills it.
    fn feed_and_kill(&mut self, enough: u64, then: Duration) {
        let again = self.open.clone();
        let since_ms = Clock::Real.now().as_ms();
        let mut engine = self.start();
        let mut acknowledged = 0;
        let mut last = None;
        let begun = Stopwatch::start();
        loop {
            while self.open.len() < WINDOW {
                engine.send(&self.line(self.next));
                self.open.insert(self.next);
                self.next += 1;
            }
            let left = last.map_or(PATIENCE, |at: Stopwatch| then.saturating_sub(at.elapsed()));
            if last.is_some() && left.is_zero() {
                break;
            }
            if let Some(answer) = engine.hear(left) {
                self.heard(&answer);
                let resent = answer.key[2..].parse().is_ok_and(|number| again.contains(&number));
                self.found_done += usize::from(resent && answer.recorded_at_ms < since_ms);
                acknowledged += 1;
            }
            assert!(begun.elapsed() < PATIENCE, "the engine does not answer");
            if acknowledged >= enough && last.is_none() {
                last = Some(Stopwatch::start());
            }
        }
        for answer in engine.kill() {
            self.heard(&answer);
        }
        self.cut_off += self.open.len();
    }

    /// Sends what has no answer a last time and lets the engine end.
    fn finish(&mut self) {
        assert!(self.cut_off >= KILLS, "the kills came when nothing was under way");
        let (answers, status) = self.start().finish();
        for answer in &answers {
            self.heard(answer);
        }
        assert!(status.success(), "{status}");
        assert!(self.open.is_empty(), "{:?} were never answered", self.open);
    }

    /// Compares the driver's file with the database; how many commands were acknowledged.
    async fn examine(&self, place: &Place) -> usize {
        let heard = std::fs::read_to_string(&self.heard).expect("the driver wrote it");
        let answers: Vec<Answer> = heard
            .lines()
            .map(|line| serde_json::from_str(line).expect("the driver wrote whole lines"))
            .collect();
        let store = place.store().await;
        let logged = self.logged(&store).await;
        for answer in &answers {
            let number: u64 = answer.key[2..].parse().expect("it is one of ours");
            let places = logged.get(&number).map(Vec::as_slice).unwrap_or_default();
            let told = (answer.case_id.clone(), answer.revision);
            assert_eq!(places, [told], "where `{}` is, and where its answer says", answer.key);
        }
        assert_eq!(answers.len(), logged.len(), "what is in the log was answered");
        self.compare_receipts(&store, &answers).await;
        answers.len()
    }

    /// Where each command is in the log, by number.
    async fn logged(&self, store: &Store) -> BTreeMap<u64, Vec<(String, i64)>> {
        let mut logged: BTreeMap<u64, Vec<(String, i64)>> = BTreeMap::new();
        for case_id in &self.cases {
            for stored in log::of_case(store, case_id).await.expect("the log can be read") {
                let entry = stored.entry;
                if entry.event == "add" {
                    let payload: Value = serde_json::from_str(&entry.payload).expect("JSON");
                    let number = payload["n"].as_u64().expect("every add has its number");
                    logged.entry(number).or_default().push((case_id.clone(), entry.revision));
                }
            }
        }
        logged
    }

    async fn compare_receipts(&self, store: &Store, answers: &[Answer]) {
        for some in answers.chunks(500) {
            let keys: Vec<(String, String)> =
                some.iter().map(|one| (one.case_id.clone(), one.key.clone())).collect();
            let (_, receipts) = cases::heads_and_receipts(store, &self.cases, &keys)
                .await
                .expect("receipts can be read");
            assert_eq!(receipts.len(), some.len(), "each has its receipt");
            for row in receipts {
                let kept: Value = serde_json::from_str(&row.answer).expect("JSON");
                let told = some.iter().find(|one| one.key == row.key).expect("it was asked for");
                assert_eq!(kept["revision"], told.revision, "the receipt of `{}`", row.key);
            }
        }
    }
}
