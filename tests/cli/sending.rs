//! Many commands sent as lines, and a line of answer for each.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::cli::desk::{Desk, REPORTER, command};

fn opening(key: &str) -> Value {
    json!({
        "open": "report", "subject": "platform/ndp2022-01/dn-a2", "as": "system", "key": key,
        "data": {
            "level": "enterprise", "kind": "enterprise_month", "duties": ["rep-05"],
            "platform": "A", "reporter": "dn-a2", "period": "2022-07"
        }
    })
}

fn saving(case: &str, text: &str, key: &str) -> Value {
    json!({
        "case": case, "event": "save", "as": REPORTER, "key": key,
        "data": { "draft": { "results": text } }
    })
}

/// Sends `lines` from a file; the exit code, the answers in the order of their lines, and what was said.
fn send(desk: &Desk, lines: &[String], more: &[&str]) -> (i32, Vec<Value>, String) {
    let file = desk.folder.path().join("lines.jsonl");
    fs::write(&file, lines.join("\n")).unwrap();
    let file = file.display().to_string();
    let ran = desk.run(&[&["case", "send-all", &file], more].concat());
    let mut answers: Vec<Value> =
        ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    answers.sort_by_key(|answer| answer["line"].as_u64());
    (ran.code, answers, ran.err)
}

#[test]
fn lines_of_one_case_are_sent_in_their_order() {
    let desk = Desk::prepared();
    let mut lines = Vec::new();
    for number in 0..5 {
        let key = format!("opening-{number}");
        let case = runtime::command::case_id("cli", &key);
        lines.push(opening(&key).to_string());
        for step in 0..3 {
            lines.push(saving(&case, "đang viết", &format!("{number}-{step}")).to_string());
        }
    }
    let (code, answers, said) = send(&desk, &lines, &["--lang", "en", "--callers", "4"]);
    assert_eq!((code, answers.len()), (0, 20), "{said}");
    for (at, answer) in answers.iter().enumerate() {
        assert_eq!(answer["outcome"], "ok", "{answer}");
        assert_eq!(answer["revision"], at % 4 + 1, "{answer}");
    }
    assert!(said.contains("done: 20 ok, 0 refused"), "{said}");
    // Sent again, each has the receipt it had.
    assert_eq!(send(&desk, &lines, &[]).1, answers);
    desk.run(&["verify"]).ok();
}

#[test]
fn a_line_that_is_no_good_is_told_by_its_number_and_stops_no_other() {
    let desk = Desk::prepared();
    let id = desk.report();
    let stale = json!({ "case": id, "event": "save", "as": REPORTER, "key": "s", "expect": 99 });
    let lines = [
        "{ \"case\": ".to_owned(),
        String::new(),
        json!({ "case": id, "as": REPORTER }).to_string(),
        json!({ "case": "none", "event": "save", "as": REPORTER, "key": "n" }).to_string(),
        json!({ "case": id, "event": "dance", "as": REPORTER, "key": "d" }).to_string(),
        stale.to_string(),
        json!({ "case": id, "event": "save", "as": REPORTER, "to": 1, "key": "t" }).to_string(),
        saving(&id, "xong", "good").to_string(),
    ];
    let (code, answers, said) = send(&desk, &lines, &["--lang", "en"]);
    assert_eq!(code, 3, "{said}");
    let outcomes: Vec<_> = answers.iter().map(|answer| answer["outcome"].as_str()).collect();
    let (bad, no, late) = (Some("bad-line"), Some("refused"), Some("conflict"));
    assert_eq!(outcomes, [bad, bad, bad, no, late, bad, Some("ok")]);
    assert!(said.contains("done: 1 ok, 1 refused, 1 in conflict, 0 unavailable, 4 bad lines"));
    let message = |at: usize| answers[at]["message"].as_str().unwrap_or_default().to_owned();
    assert!(message(0).starts_with("line 1: it cannot be used"), "{}", message(0));
    assert!(message(1).starts_with("line 3: it must have `case` and `event`"), "{}", message(1));
    assert!(message(2).contains("there is no case `none`"), "{}", message(2));
    assert!(message(5).contains("unknown field `to`"), "{}", message(5));
    assert_eq!(answers[5]["key"], "t", "a key that can be read is told");
    let (_, answers, said) = send(&desk, &lines[2..3], &[]);
    assert_eq!(answers[0]["outcome"], "bad-line");
    assert!(said.contains("1 dòng không dùng được"), "{said}");
    let error = desk.run(&["case", "send-all", "/no/such/file"]).failed(1);
    assert!(error.contains("/no/such/file"), "{error}");
}

#[test]
fn an_answer_comes_before_the_next_line_is_there() {
    let desk = Desk::prepared();
    let id = desk.report();
    let mut child = command()
        .args(["--store", &desk.store, "case", "send-all"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary can be run");
    let mut input = child.stdin.take().expect("it is piped");
    let mut answers = std::io::BufReader::new(child.stdout.take().expect("it is piped"));
    for revision in 2..5 {
        let mut line = saving(&id, "đang viết", "x");
        line.as_object_mut().unwrap().remove("key");
        writeln!(input, "{line}").unwrap();
        let mut answer = String::new();
        std::io::BufRead::read_line(&mut answers, &mut answer).expect("it prints text");
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["revision"], revision, "{answer}");
    }
    drop(input);
    let output = child.wait_with_output().expect("it is ours");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(said.matches("khóa của lệnh").count(), 3, "keys are made up and told: {said}");
}
