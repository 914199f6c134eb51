//! Commands sent: receipts, refusals, conflicts, on both databases.

use crate::cli::desk::{Desk, KEY, REPORTER};

const SAVE: &str = r#"{ "draft": { "results": "đang viết" } }"#;

#[test]
fn a_command_sent_twice_under_its_key_gives_one_receipt() {
    let desk = Desk::prepared();
    let id = desk.report();
    let send = |event: &str, data: &str| {
        desk.run(&[
            "case", "send", &id, event, "--as", REPORTER, "--data", data, "--key", "k-1",
            "--format", "json",
        ])
    };
    let first = send("save", SAVE).json();
    assert_eq!(first[0]["key"], "k-1");
    assert_eq!(send("save", SAVE).json(), first);
    let history = desk.run(&["case", "history", &id, "--format", "json"]).json();
    let saved = history.as_array().unwrap().iter().filter(|entry| entry["event"] == "save");
    assert_eq!(saved.count(), 1);
    let error = send("save", r#"{ "draft": {} }"#).failed(3);
    assert!(error.contains("`k-1`"), "{error}");
}

#[test]
fn a_key_that_is_made_up_is_told() {
    let desk = Desk::prepared();
    let id = desk.report();
    let sent = desk.run(&["case", "send", &id, "save", "--as", REPORTER, "--data", SAVE]);
    let key =
        sent.err.split("--key ").nth(1).expect("the key is told").trim_end_matches([')', '\n']);
    let again = desk.run(&[
        "case", "send", &id, "save", "--as", REPORTER, "--data", SAVE, "--key", key, "--format",
        "json",
    ]);
    assert_eq!(again.json()[0]["revision"], 2);
}

#[test]
fn refusals_are_worded_in_the_chosen_language() {
    let desk = Desk::prepared();
    let id = desk.report();
    let send = |lang: &str, event: &str, person: &str, data: &str| {
        desk.run(&["--lang", lang, "case", "send", &id, event, "--as", person, "--data", data])
            .failed(2)
    };
    let nil = r#"{ "nil_report": true, "indicators": {}, "not_available": [], "notes": {},
        "narrative": { "results": "", "difficulties": "", "proposals": "", "next": "" } }"#;
    let bad = r#"{ "indicators": { "users_registered": "many" } }"#;
    for (event, person, data, vi, en) in [
        ("cancel", REPORTER, r#"{"reasons":"x"}"#, "không có quyền", "may only be sent by"),
        ("submit", REPORTER, nil, "phải xác nhận bằng lời", "must say in words"),
        ("submit", REPORTER, bad, "/indicators/users_registered", "/indicators/users_registered"),
        ("accept", "system", "{}", "Không thực hiện được `accept`", "is not handled"),
        ("dance", REPORTER, "{}", "Không có sự kiện `dance`", "there is no event `dance`"),
    ] {
        let error = send("vi", event, person, data);
        assert!(error.contains(vi) && error.contains("lỗi:"), "{event}: {error}");
        let error = send("en", event, person, data);
        assert!(error.contains(en) && error.contains("error:"), "{event}: {error}");
    }
}

#[test]
fn whoever_looked_at_an_older_decision_is_told_so() {
    let desk = Desk::prepared();
    let id = desk.report();
    let send = |expect: &str| {
        desk.run(&[
            "case", "send", &id, "save", "--as", REPORTER, "--data", SAVE, "--expect", expect,
            "--lang", "en",
        ])
    };
    let error = send("99").failed(3);
    assert!(error.contains("is at decision 1"), "{error}");
    send("1").ok();
    send("1").failed(3);
}

#[test]
fn input_that_cannot_be_used_is_said_to_be_wrong_where_it_is() {
    let desk = Desk::prepared();
    let id = desk.report();
    let send = |case: &str, data: &str| {
        desk.run(&["case", "send", case, "save", "--as", REPORTER, "--data", data]).failed(1)
    };
    let error = send(&id, "{ \"draft\": ");
    assert!(error.contains("--data") && error.contains("line 1"), "{error}");
    let error = send(&id, "@/no/such/file.json");
    assert!(error.contains("/no/such/file.json"), "{error}");
    let error = send("ffffffff-none", SAVE);
    assert!(error.contains("`ffffffff-none`"), "{error}");
    let open = ["case", "open", "dance", "platform/x", "--as", "system", "--key", KEY];
    let error = desk.run(&open).failed(1);
    assert!(error.contains("`dance`"), "{error}");
}

#[tokio::test]
async fn a_server_answers_as_a_file_does() {
    let desk = Desk::prepared_at(support::postgres::fresh().await);
    let id = desk.report();
    let sent = desk
        .run(&["case", "send", &id, "save", "--as", REPORTER, "--data", SAVE, "--format", "json"]);
    assert_eq!(sent.json()[0]["revision"], 2);
    desk.run(&["case", "send", &id, "dance", "--as", REPORTER]).failed(2);
    let verified = desk.run(&["verify"]).ok();
    assert_eq!(verified.trim_end().len(), 64, "{verified}");
}
