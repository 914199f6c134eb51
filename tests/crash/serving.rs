//! `cotmoc serve` as a process of its own, and what its log says of it.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use serde_json::Value;

use super::charts::Place;
use super::engine::{command, signal, wait_for};

/// A running `serve`; killed when this is dropped before it ended.
#[derive(Debug)]
pub(crate) struct Serving {
    child: Child,
    log: PathBuf,
}

impl Serving {
    /// Starts one called `name` whose claims last `lease` seconds.
    pub(crate) fn start(place: &Place, name: &str, lease: u16) -> Self {
        Self::start_with(place, name, lease, None)
    }

    /// The same; its letters go to the mail server at `smtp`, or into a folder.
    pub(crate) fn start_with(place: &Place, name: &str, lease: u16, smtp: Option<&str>) -> Self {
        let log = place.folder.path().join(name);
        let child = command(&place.url)
            .args(["serve", "--json-log", "--lease", &lease.to_string()])
            .env("COTMOC_LOG", "warn,runtime=debug")
            .envs(smtp.map(|address| ("COTMOC_SMTP", address)))
            .env("COTMOC_LETTERS", place.folder.path().join("letters"))
            .stdout(Stdio::null())
            .stderr(File::create(&log).expect("the folder may be written"))
            .spawn()
            .expect("the binary can be run");
        Self { child, log }
    }

    /// What it has logged, each record as its fields.
    fn records(&self) -> Vec<Value> {
        let log = std::fs::read_to_string(&self.log).expect("it was made at the start");
        let records = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        records.map(|mut record| record["fields"].take()).collect()
    }

    /// Its name in claims, once it serves.
    pub(crate) fn process(&mut self) -> String {
        wait_for("a process that serves", || {
            assert!(self.child.try_wait().expect("it is ours").is_none(), "{:?}", self.said());
            let mut records = self.records().into_iter();
            let serving = records.find(|record| record["message"] == "serving")?;
            Some(serving["process"].as_str().expect("it has a name").to_owned())
        })
    }

    /// How many timers it has put away so far, in whole rounds.
    pub(crate) fn rounds(&self) -> (usize, u64) {
        let records = self.records();
        let fired = records.iter().filter(|record| record["message"] == "timers");
        let fired: Vec<u64> = fired.filter_map(|record| record["fired"].as_u64()).collect();
        (fired.len(), fired.iter().sum())
    }

    pub(crate) fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    /// Everything it has written to standard error.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Kills it without warning.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it is ours");
        self.child.wait().expect("it is ours");
    }

    /// Asks it to end; how many timers it says it has fired.
    pub(crate) fn stop(mut self) -> u64 {
        self.signal("-TERM");
        let status = self.child.wait().expect("it is ours");
        let said = self.said();
        assert!(status.success(), "{said}");
        let stopped = said.lines().find_map(|line| line.strip_prefix("stopped: "));
        let fired = stopped.and_then(|line| line.split(' ').next()).map(str::parse);
        fired.expect("it says so").expect("it is a number")
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Both fail only when it has ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
