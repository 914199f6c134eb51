//! `cotmoc` as a process of its own, and the driver that feeds it and writes down what it hears.
//!
//! **Invariant:** an answer is in the driver's file before anything else is done about it.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use runtime::clock::Stopwatch;
use serde::Deserialize;
use support::binary::cotmoc;

/// How long anything may take before it counts as hung.
pub(crate) const PATIENCE: Duration = Duration::from_mins(3);

/// How often it is seen whether something has come.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// One line of `cotmoc case send-all`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Answer {
    pub(crate) key: String,
    pub(crate) outcome: String,
    #[serde(default)]
    pub(crate) case_id: String,
    #[serde(default)]
    pub(crate) revision: i64,
    #[serde(default)]
    pub(crate) recorded_at_ms: i64,
    #[serde(default)]
    message: String,
}

impl Answer {
    /// Its key, where the command was taken.
    pub(crate) fn taken(&self) -> &str {
        assert_eq!(self.outcome, "ok", "{}: {}", self.key, self.message);
        &self.key
    }
}

/// `cotmoc` with nothing of this machine's settings, on the database `store`.
pub(crate) fn command(store: &str) -> Command {
    let mut command = Command::new(cotmoc());
    for name in ["COTMOC_STORE", "COTMOC_LANG", "COTMOC_SMTP", "COTMOC_LETTERS", "COTMOC_LOG"] {
        command.env_remove(name);
    }
    command.args(["--store", store, "--lang", "en"]).stdin(Stdio::null());
    command
}

/// Runs `cotmoc verify` and demands that nothing is wrong.
pub(crate) fn demand_clean(store: &str) {
    let verified = command(store).arg("verify").output().expect("the binary can be run");
    let (out, err) = (&verified.stdout, &verified.stderr);
    let said = [out.as_slice(), err].map(String::from_utf8_lossy).concat();
    assert!(verified.status.success(), "{said}");
}

/// Sends `signal` to the process `pid`.
pub(crate) fn signal(pid: u32, signal: &str) {
    let sent = Command::new("kill").args([signal, &pid.to_string()]).status();
    assert!(sent.expect("kill is there").success(), "{signal} {pid}");
}

/// Polls `found` until it gives something.
#[track_caller]
pub(crate) fn wait_for<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let begun = Stopwatch::start();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "this never came: {what}");
        // The machine is left to those who are waited for.
        std::thread::park_timeout(LOOK_EVERY);
    }
}

/// A running `case send-all`.
#[derive(Debug)]
pub(crate) struct Engine {
    child: Child,
    input: ChildStdin,
    answers: Receiver<Answer>,
    reader: JoinHandle<()>,
    errors: PathBuf,
}

impl Engine {
    /// Starts `command` (a prepared `cotmoc`); what it answers is appended to `heard` as it is read.
    pub(crate) fn start(mut command: Command, callers: usize, heard: &Path) -> Self {
        let errors = heard.with_extension("errors");
        let mut child = command
            .args(["case", "send-all", "-", "--callers", &callers.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&errors).expect("the folder may be written"))
            .spawn()
            .expect("the binary can be run");
        let input = child.stdin.take().expect("it is piped");
        let output = child.stdout.take().expect("it is piped");
        let file = OpenOptions::new().append(true).create(true).open(heard);
        let mut file = file.expect("the folder may be written");
        let (sender, answers) = channel();
        let reader = std::thread::spawn(move || {
            let mut lines = BufReader::new(output);
            loop {
                let mut line = Vec::new();
                lines.read_until(b'\n', &mut line).expect("a pipe can be read");
                // What a killed process has begun to say is no answer.
                if line.last() != Some(&b'\n') {
                    return;
                }
                file.write_all(&line).expect("the folder may be written");
                let answer = serde_json::from_slice(&line).expect("an answer is a line of JSON");
                // The driver may have heard enough.
                let _heard = sender.send(answer);
            }
        });
        Self { child, input, answers, reader, errors }
    }

    /// The id of its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a line; a process that is gone does not mind.
    pub(crate) fn send(&mut self, line: &str) {
        let _sent = self.input.write_all(format!("{line}\n").as_bytes());
    }

    /// The next answer, or none for so long.
    pub(crate) fn hear(&mut self, at_most: Duration) -> Option<Answer> {
        match self.answers.recv_timeout(at_most) {
            Ok(answer) => Some(answer),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                let said = std::fs::read_to_string(&self.errors).unwrap_or_default();
                panic!("the engine has ended by itself: {said}")
            }
        }
    }

    /// Kills it without warning; what it had still answered.
    pub(crate) fn kill(mut self) -> Vec<Answer> {
        self.child.kill().expect("it is ours");
        self.child.wait().expect("it is ours");
        self.reader.join().expect("the reader reads to the end");
        self.answers.iter().collect()
    }

    /// Lets it end; the answers it still gave, and how it ended.
    pub(crate) fn finish(mut self) -> (Vec<Answer>, ExitStatus) {
        drop(self.input);
        self.reader.join().expect("the reader reads to the end");
        let status = self.child.wait().expect("it is ours");
        (self.answers.iter().collect(), status)
    }
}
