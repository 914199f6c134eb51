//! Rows to write, all of a kind, so that a test says only what is special.

use store::rows::{
    EntryRow, Head, InboxRow, NoticeRow, OutboxRow, ReceiptRow, TaskRow, TimerRow, Write,
};

/// 25/11/2022 in milliseconds; any moment would do.
pub(crate) const NOW: i64 = 1_669_334_400_000;

/// A write of one entry on top of `expected`, with nothing beside it.
pub(crate) fn step(case_id: &str, expected: i64) -> Write {
    let revision = expected + 1;
    Write {
        case_id: case_id.to_owned(),
        expected_revision: expected,
        head: head(case_id, revision),
        entries: vec![entry(case_id, revision)],
        tasks_put: Vec::new(),
        tasks_drop: Vec::new(),
        timers_put: Vec::new(),
        timers_drop: Vec::new(),
        outbox: Vec::new(),
        notices: Vec::new(),
        inbox: Vec::new(),
        inbox_drop: Vec::new(),
        receipt: None,
        personal: Vec::new(),
    }
}

/// A write of one entry with one row in every table: nine rows on a birth.
pub(crate) fn full(case_id: &str, expected: i64) -> Write {
    let revision = expected + 1;
    Write {
        tasks_put: vec![task(case_id, "draft", revision)],
        timers_put: vec![timer(case_id, "due", revision, NOW)],
        outbox: vec![outbox(case_id, revision)],
        notices: vec![notice(case_id, revision)],
        inbox: vec![message(case_id, revision, "the receiver")],
        receipt: Some(receipt(case_id, &format!("key {revision}"), revision)),
        ..step(case_id, expected)
    }
}

pub(crate) fn head(case_id: &str, revision: i64) -> Head {
    Head {
        case_id: case_id.to_owned(),
        chart: "report".to_owned(),
        chart_version: 1,
        chart_sha: "c".repeat(64),
        subject: "platform/gốm".to_owned(),
        parent_id: None,
        revision,
        decision: revision,
        stage: "development".to_owned(),
        states: r#"["draft"]"#.to_owned(),
        snapshot: format!(r#"{{"data":{{"note":"Gốm \"sứ\" \\ 7.50"}},"revision":{revision}}}"#),
        hash: format!("{revision:064}"),
        opened_at_ms: NOW,
        recorded_at_ms: NOW + revision,
        done: false,
        retention_class: "standard".to_owned(),
    }
}

pub(crate) fn entry(case_id: &str, revision: i64) -> EntryRow {
    EntryRow {
        case_id: case_id.to_owned(),
        revision,
        kind: "event".to_owned(),
        semantics: 1,
        recorded_at_ms: NOW + revision,
        chart_sha: "c".repeat(64),
        calendar_sha: "d".repeat(64),
        actor: r#"{"id":"p-1"}"#.to_owned(),
        event: "submit".to_owned(),
        payload: r#"{"b":1.0,"a":"é \u0000 spelled"}"#.to_owned(),
        origin: "person".to_owned(),
        states: r#"["draft"]"#.to_owned(),
        data_sha: "e".repeat(64),
        effects: "[]".to_owned(),
        terms: "{}".to_owned(),
        snapshot: (revision == 1).then(|| "{}".to_owned()),
        trace: "[]".to_owned(),
        prev_hash: format!("{:064}", revision - 1),
        hash: format!("{revision:064}"),
    }
}

pub(crate) fn task(case_id: &str, state: &str, generation: i64) -> TaskRow {
    TaskRow {
        case_id: case_id.to_owned(),
        state: state.to_owned(),
        generation,
        element: String::new(),
        role: "reporter".to_owned(),
        subject: "platform/gốm".to_owned(),
        title: r#"{"en":"Report","vi":"Báo cáo"}"#.to_owned(),
        opened_at_ms: NOW,
        due_at_ms: Some(NOW + 1_000),
        due_date: Some("2022-11-25".to_owned()),
    }
}

pub(crate) fn timer(case_id: &str, name: &str, generation: i64, due_at_ms: i64) -> TimerRow {
    TimerRow { case_id: case_id.to_owned(), name: name.to_owned(), generation, due_at_ms }
}

pub(crate) fn outbox(case_id: &str, revision: i64) -> OutboxRow {
    OutboxRow {
        id: format!("outbox {case_id} {revision}"),
        case_id: case_id.to_owned(),
        revision,
        ordinal: 0,
        kind: "letter".to_owned(),
        body: r#"{"to":"Bộ"}"#.to_owned(),
        due_at_ms: NOW,
    }
}

pub(crate) fn notice(case_id: &str, revision: i64) -> NoticeRow {
    NoticeRow {
        id: format!("notice {case_id} {revision}"),
        case_id: case_id.to_owned(),
        revision,
        ordinal: 1,
        role: "reporter".to_owned(),
        subject: "platform/gốm".to_owned(),
        letter: "reminder".to_owned(),
        item: "report 2022-11".to_owned(),
        rung: "before-3".to_owned(),
        due_at_ms: Some(NOW),
        immediate: false,
        data: "{}".to_owned(),
        created_at_ms: NOW,
    }
}

pub(crate) fn message(sender: &str, revision: i64, receiver: &str) -> InboxRow {
    InboxRow {
        receiver: receiver.to_owned(),
        sender: sender.to_owned(),
        revision,
        ordinal: 2,
        kind: "event".to_owned(),
        event: "child.done".to_owned(),
        payload: "{}".to_owned(),
        from_child: Some("report".to_owned()),
        due_at_ms: NOW,
        body: "{}".to_owned(),
    }
}

pub(crate) fn receipt(case_id: &str, key: &str, revision: i64) -> ReceiptRow {
    ReceiptRow {
        case_id: case_id.to_owned(),
        key: key.to_owned(),
        body_sha: "f".repeat(64),
        revision,
        decision: revision,
        answer: r#"{"ok":true}"#.to_owned(),
        recorded_at_ms: NOW + revision,
    }
}
