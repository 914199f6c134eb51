//! `cotmoc case send-all`: many commands through one process, their answers as they come.
//!
//! Lines are read ahead of the answers, so that commands of different cases share commits. Lines of
//! one case are sent one after another, each when the one before is answered: a file that opens a
//! case and then tells it events means what it says.
//!
//! **Invariant:** each line has one answer; a line that cannot be used stops no other; an answer is
//! written, and flushed, only when its step is durable.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fs::File;
use std::io::{BufRead, BufReader, Write as _};

use runtime::clock::fresh_key;
use runtime::{ActorRef, Command, Opening, Receipt, Runtime, SendError};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::desk::{calendar, close, work};
use super::output::remark;
use super::send::SOURCE;
use super::wording::not_sent;
use super::{Arguments, CONFLICT, Failure, Lang, REFUSED, UNAVAILABLE, USAGE};

/// How many lines may wait for the answer to an earlier line of their case.
const WAITING_MAX: usize = 10_000;

/// Arguments of `case send-all`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cotmoc case send-all commands.jsonl > answers.jsonl
  produce | cotmoc case send-all --callers 64

A line is one JSON object, either an event or an opening:
  {\"case\":\"0d9b6a52-…\",\"event\":\"accept\",\"data\":{…},\"as\":\"P\",\"key\":\"k-1\",\"expect\":4}
  {\"open\":\"report\",\"subject\":\"platform/ndp2022-01\",\"data\":{…},\"as\":\"system\",\"key\":\"k-2\"}
`org` and `for` are those of `case send`; `case` is the whole id. Without `key` one is made up and told
before the line is sent. Lines of one case are sent in their order.
An answer is one JSON object: line, key, outcome (ok, refused, conflict, unavailable, bad-line), and the
receipt, or code and message. The same lines can be sent again: what was done gives the same receipt.
The exit code is the highest of the lines: 1 bad line, 2 refused, 3 conflict, 4 unavailable")]
pub struct Args {
    /// A file of lines, or `-` for standard input
    #[arg(default_value = "-")]
    file: String,
    /// How many commands may be under way at once
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=4096))]
    callers: u16,
}

/// A line as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    case: Option<String>,
    event: Option<String>,
    open: Option<String>,
    subject: Option<String>,
    #[serde(default)]
    data: Value,
    #[serde(rename = "as")]
    person: String,
    #[serde(default)]
    org: String,
    #[serde(rename = "for")]
    on_behalf_of: Option<String>,
    key: Option<String>,
    expect: Option<u64>,
}

/// A line that is sent, or waits for one before it.
#[derive(Debug)]
struct Sent {
    line: u64,
    command: Command,
}

/// What came of a line.
type Answered = (u64, String, String, Result<Receipt, SendError>);

/// Sends every line and prints every answer.
pub async fn run(args: &Args, common: &Arguments) -> Result<(), Failure> {
    let lines = lines(&args.file)?;
    let runtime = work(&common.store).await?;
    let mut desk = Counter::new(runtime.clone(), usize::from(args.callers), common.lang);
    let done = desk.serve(lines).await;
    let (outcomes, lang) = (desk.outcomes.clone(), common.lang);
    drop(desk);
    close(runtime).await;
    done?;
    remark(&summary(&outcomes, lang));
    match outcomes.keys().max() {
        None | Some(0) => Ok(()),
        Some(&code) => Err(Failure { code, ..Failure::said() }),
    }
}

/// Lines with their numbers, as they are read.
type Lines = mpsc::Receiver<std::io::Result<(u64, Vec<u8>)>>;

/// The lines of `file` with their numbers, read by a thread: standard input may stay silent for long.
fn lines(file: &str) -> Result<Lines, Failure> {
    let mut source: Box<dyn BufRead + Send> = if file == "-" {
        Box::new(BufReader::new(std::io::stdin()))
    } else {
        Box::new(BufReader::new(File::open(file).map_err(|error| {
            Failure::usage(
                &format!("Không đọc được tệp `{file}`: {error}."),
                &format!("`{file}` cannot be read: {error}"),
            )
        })?))
    };
    let (sender, lines) = mpsc::channel(64);
    std::thread::spawn(move || {
        for number in 1.. {
            let mut line = Vec::new();
            let read = source.read_until(b'\n', &mut line);
            let ended = matches!(read, Ok(0));
            let failed = read.is_err();
            // Nobody listens any more when the answers cannot be written.
            if ended || sender.blocking_send(read.map(|_| (number, line))).is_err() || failed {
                break;
            }
        }
    });
    Ok(lines)
}

/// Where lines are taken in and answers given out.
struct Counter {
    runtime: Runtime,
    callers: usize,
    lang: Lang,
    flying: JoinSet<Answered>,
    /// Cases with a command under way, and the lines that wait for it.
    queues: HashMap<String, VecDeque<Sent>>,
    waiting: usize,
    /// How many lines ended with which exit code.
    outcomes: BTreeMap<u8, u64>,
}

impl Counter {
    fn new(runtime: Runtime, callers: usize, lang: Lang) -> Self {
        let (flying, queues, outcomes) = (JoinSet::new(), HashMap::new(), BTreeMap::new());
        Self { runtime, callers, lang, flying, queues, waiting: 0, outcomes }
    }

    async fn serve(&mut self, mut lines: Lines) -> Result<(), Failure> {
        let mut open = true;
        while open || !self.flying.is_empty() {
            let room = self.flying.len() < self.callers && self.waiting < WAITING_MAX;
            tokio::select! {
                biased;
                Some(answered) = self.flying.join_next() => {
                    let answered = answered.map_err(|error| {
                        let en = format!("a command broke off: {error}");
                        Failure::unavailable(&format!("Một lệnh bị ngắt: {error}."), &en)
                    })?;
                    self.answered(answered)?;
                }
                line = lines.recv(), if open && room => match line {
                    Some(line) => {
                        let (number, bytes) = line?;
                        self.take(number, &bytes)?;
                    }
                    None => open = false,
                },
            }
        }
        Ok(())
    }

    fn take(&mut self, line: u64, bytes: &[u8]) -> Result<(), Failure> {
        if bytes.trim_ascii().is_empty() {
            return Ok(());
        }
        let sent = match command(line, bytes, self.lang) {
            Ok(command) => Sent { line, command },
            Err((key, failure)) => return self.say(line, key.as_deref(), "bad_line", &failure),
        };
        let case_id = &sent.command.case_id;
        if let Some(queue) = self.queues.get_mut(case_id) {
            queue.push_back(sent);
            self.waiting += 1;
        } else {
            self.queues.insert(case_id.clone(), VecDeque::new());
            self.send(sent);
        }
        Ok(())
    }

    fn send(&mut self, sent: Sent) {
        let runtime = self.runtime.clone();
        self.flying.spawn(async move {
            let (case_id, key) = (sent.command.case_id.clone(), sent.command.key.clone());
            (sent.line, case_id, key, runtime.send(sent.command).await)
        });
    }

    fn answered(&mut self, (line, case_id, key, answer): Answered) -> Result<(), Failure> {
        match self.queues.get_mut(&case_id).and_then(VecDeque::pop_front) {
            Some(next) => {
                self.waiting -= 1;
                self.send(next);
            }
            None => drop(self.queues.remove(&case_id)),
        }
        match answer {
            Ok(receipt) => {
                *self.outcomes.entry(0).or_default() += 1;
                let mut told = json!({ "line": line, "key": key, "outcome": "ok" });
                let receipt = serde_json::to_value(receipt).unwrap_or_default();
                if let (Some(told), Value::Object(receipt)) = (told.as_object_mut(), receipt) {
                    told.extend(receipt);
                }
                tell(&told)
            }
            Err(error) => {
                let failure = not_sent(&error, &calendar());
                self.say(line, Some(&key), error.code(), &failure)
            }
        }
    }

    fn say(
        &mut self,
        line: u64,
        key: Option<&str>,
        code: &str,
        failure: &Failure,
    ) -> Result<(), Failure> {
        *self.outcomes.entry(failure.code).or_default() += 1;
        let message = self.lang.pick(&failure.vi, &failure.en);
        let outcome = outcome(failure.code);
        tell(&json!({
            "line": line, "key": key, "outcome": outcome, "code": code, "message": message
        }))
    }
}

/// Writes one answer as one line, whole, and lets nobody wait for it.
fn tell(answer: &Value) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{answer}\n").as_bytes())?;
    out.flush()?;
    Ok(())
}

/// What an exit code is called in an answer.
fn outcome(code: u8) -> &'static str {
    match code {
        REFUSED => "refused",
        CONFLICT => "conflict",
        UNAVAILABLE => "unavailable",
        USAGE => "bad-line",
        _ => "ok",
    }
}

fn summary(outcomes: &BTreeMap<u8, u64>, lang: Lang) -> String {
    let of = |code: u8| outcomes.get(&code).copied().unwrap_or_default();
    let (ok, refused, conflict) = (of(0), of(REFUSED), of(CONFLICT));
    let (unavailable, bad) = (of(UNAVAILABLE), of(USAGE));
    match lang {
        Lang::Vi => format!(
            "Đã xong: {ok} được ghi, {refused} bị từ chối, {conflict} xung đột, {unavailable} chưa \
             có kết quả, {bad} dòng không dùng được."
        ),
        Lang::En => format!(
            "done: {ok} ok, {refused} refused, {conflict} in conflict, {unavailable} unavailable, \
             {bad} bad lines"
        ),
    }
}

/// The command that a line means, or its key, if that much could be read, and what is wrong.
fn command(line: u64, bytes: &[u8], lang: Lang) -> Result<Command, (Option<String>, Failure)> {
    let bad = |vi: &str, en: &str| {
        Failure::usage(&format!("Dòng {line}: {vi}"), &format!("line {line}: {en}"))
    };
    let read: Line = serde_json::from_slice(bytes).map_err(|error| {
        let key = serde_json::from_slice::<Value>(bytes).ok();
        let key = key.and_then(|line| line["key"].as_str().map(str::to_owned));
        let why = error.to_string();
        // There is one line only, and its number stands in front already.
        let why = why.replace(" at line 1 column ", ", column ");
        (key, bad(&format!("không dùng được ({why})."), &format!("it cannot be used: {why}")))
    })?;
    let Line { case, event, open, subject, data, person, org, on_behalf_of, key, expect } = read;
    let actor = ActorRef { person, org, on_behalf_of };
    let made_up = || {
        let key = fresh_key();
        remark(&match lang {
            Lang::Vi => format!("Dòng {line}, khóa của lệnh: {key}"),
            Lang::En => format!("line {line}, key: {key}"),
        });
        key
    };
    match (case, event, open, subject) {
        (Some(case), Some(event), None, None) => {
            let key = key.unwrap_or_else(made_up);
            let mut command = Command::send(&case, &event, data, actor, &key);
            command.expected_decision = expect;
            Ok(command)
        }
        (None, None, Some(chart), Some(subject)) if expect.is_none() => {
            let key = key.unwrap_or_else(made_up);
            let data = if data.is_null() { json!({}) } else { data };
            Ok(Command::open(SOURCE, &key, Opening { chart, subject, data }, actor))
        }
        _ => Err((
            key,
            bad(
                "phải có `case` và `event`, hoặc `open` và `subject` (không kèm `expect`).",
                "it must have `case` and `event`, or `open` and `subject` without `expect`",
            ),
        )),
    }
}
