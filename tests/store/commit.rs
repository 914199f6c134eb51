//! One batch: what is accepted is there whole, what is not has left nothing.

use store::personal::PersonalRow;
use store::{CommitError, commit, personal};

use crate::fresh::Fresh;
use crate::sample::{NOW, full, message, step, task, timer};

both!(
    a_birth_writes_a_row_in_every_table,
    a_step_moves_the_head_and_changes_what_is_owed,
    a_stale_write_leaves_nothing,
    a_case_is_born_once,
    fifty_mixed_writes_are_answered_each_for_itself,
    a_batch_may_have_any_size,
    one_bad_row_fails_the_batch_and_leaves_nothing,
    a_key_that_was_used_refuses_its_write_alone,
    a_case_twice_in_a_batch_is_a_fault_of_the_program,
    a_consumed_message_is_consumed_once,
    a_birth_and_its_cause_are_one_commit,
    the_log_is_append_only,
    several_entries_keep_their_order,
    personal_values_come_with_their_entry_or_not_at_all,
);

async fn a_birth_writes_a_row_in_every_table(fresh: &Fresh) {
    assert_eq!(commit(&fresh.store, &[]).await.unwrap(), Vec::<bool>::new());
    assert_eq!(commit(&fresh.store, &[full("a", 0)]).await.unwrap(), [true]);
    for table in ["log", "cases", "tasks", "timers", "outbox", "notices", "inbox", "receipts"] {
        assert_eq!(fresh.number(&format!("SELECT count(*) FROM {table}")).await, 1, "{table}");
    }
}

async fn a_step_moves_the_head_and_changes_what_is_owed(fresh: &Fresh) {
    commit(&fresh.store, &[full("a", 0), full("b", 0)]).await.unwrap();
    let mut write = step("a", 1);
    write.tasks_drop = vec![("draft".to_owned(), 1, String::new())];
    write.timers_drop = vec![("due".to_owned(), 1), ("never".to_owned(), 7)];
    write.tasks_put = vec![task("a", "review", 2)];
    write.timers_put = vec![timer("a", "due", 2, 5)];
    assert_eq!(commit(&fresh.store, &[write]).await.unwrap(), [true]);
    for (expected, sql) in [
        (2, "SELECT revision FROM cases WHERE case_id = 'a'"),
        (1, "SELECT revision FROM cases WHERE case_id = 'b'"),
        (1, "SELECT count(*) FROM tasks WHERE case_id = 'a' AND state = 'review'"),
        (2, "SELECT count(*) FROM tasks"),
        (5, "SELECT due_at_ms FROM timers WHERE case_id = 'a'"),
        (2, "SELECT count(*) FROM timers"),
        (3, "SELECT count(*) FROM log WHERE epoch = 1"),
    ] {
        assert_eq!(fresh.number(sql).await, expected, "{sql}");
    }
}

async fn a_stale_write_leaves_nothing(fresh: &Fresh) {
    commit(&fresh.store, &[full("a", 0)]).await.unwrap();
    commit(&fresh.store, &[step("a", 1)]).await.unwrap();
    let rows = fresh.rows().await;
    for expected in [1, 3, 7] {
        let mut write = full("a", expected);
        write.tasks_drop = vec![("draft".to_owned(), 1, String::new())];
        assert_eq!(commit(&fresh.store, &[write]).await.unwrap(), [false], "{expected}");
    }
    assert_eq!(commit(&fresh.store, &[full("absent", 4)]).await.unwrap(), [false]);
    assert_eq!(fresh.rows().await, rows);
}

async fn a_case_is_born_once(fresh: &Fresh) {
    commit(&fresh.store, &[full("a", 0)]).await.unwrap();
    let rows = fresh.rows().await;
    let answers = commit(&fresh.store, &[full("b", 0), full("a", 0), full("c", 0)]).await.unwrap();
    assert_eq!(answers, [true, false, true]);
    assert_eq!(fresh.rows().await, rows * 3);
}

async fn fifty_mixed_writes_are_answered_each_for_itself(fresh: &Fresh) {
    let births: Vec<_> = (0..40).map(|n| full(&format!("case {n}"), 0)).collect();
    assert!(commit(&fresh.store, &births).await.unwrap().iter().all(|accepted| *accepted));
    let rows = fresh.rows().await;
    // Forty steps of which five are stale, and ten births, in no order of their ids.
    let writes: Vec<_> = (0..50)
        .map(|n| {
            let id = format!("case {}", (n * 7) % 50);
            match (n * 7) % 50 {
                case if case >= 40 => full(&id, 0),
                case if case % 8 == 3 => full(&id, 3),
                _ => full(&id, 1),
            }
        })
        .collect();
    let expected: Vec<_> = writes.iter().map(|write| write.expected_revision != 3).collect();
    assert_eq!(expected.iter().filter(|accepted| !**accepted).count(), 5);
    assert_eq!(commit(&fresh.store, &writes).await.unwrap(), expected);
    // A birth writes eight rows; a step one less, because the head is there.
    assert_eq!(fresh.rows().await, rows + 10 * 8 + 35 * 7);
    let sql = "SELECT count(*) FROM cases c WHERE revision <>
        (SELECT count(*) FROM log l WHERE l.case_id = c.case_id)";
    assert_eq!(fresh.number(sql).await, 0, "head and log agree");
}

async fn a_batch_may_have_any_size(fresh: &Fresh) {
    for size in [1, 2, 3, 8, 9, 255, 256, 257, 700] {
        let id = |case: usize| format!("{size}/{case}");
        let mut births: Vec<_> = (0..size).map(|case| full(&id(case), 0)).collect();
        births[size / 2] = full(&id(size / 2), 4);
        let expected: Vec<_> = (0..size).map(|case| case != size / 2).collect();
        assert_eq!(commit(&fresh.store, &births).await.unwrap(), expected, "{size}");
        let mut last = step(&id(size), 0);
        last.tasks_put = (0..size).map(|state| task(&id(size), &format!("{state}"), 1)).collect();
        assert_eq!(commit(&fresh.store, &[last]).await.unwrap(), [true]);
        let mut end = step(&id(size), 1);
        end.tasks_drop = (0..size).map(|state| (format!("{state}"), 1, String::new())).collect();
        end.tasks_put = vec![task(&id(size), "end", 2)];
        assert_eq!(commit(&fresh.store, &[end]).await.unwrap(), [true]);
        for (expected, what) in [
            (size, "cases WHERE case_id"),
            (size - 1, "receipts WHERE case_id"),
            (size, "tasks WHERE case_id"),
            (size + 1, "log WHERE case_id"),
        ] {
            let sql = format!("SELECT count(*) FROM {what} LIKE '{size}/%'");
            assert_eq!(fresh.number(&sql).await, i64::try_from(expected).unwrap(), "{sql}");
        }
    }
}

async fn one_bad_row_fails_the_batch_and_leaves_nothing(fresh: &Fresh) {
    commit(&fresh.store, &[full("a", 0)]).await.unwrap();
    let rows = fresh.rows().await;
    let mut of_a_kind = step("b", 0);
    of_a_kind.entries[0].kind = "poem".to_owned();
    let mut nul = step("b", 0);
    nul.head.subject = "a\0b".to_owned();
    for bad in [of_a_kind, nul] {
        let outcome = commit(&fresh.store, &[full("c", 0), bad, full("d", 0)]).await;
        assert!(matches!(outcome, Err(CommitError::Data(_))), "{outcome:?}");
        assert_eq!(fresh.rows().await, rows);
    }
    // The connection is fit for the next batch.
    assert_eq!(commit(&fresh.store, &[full("c", 0)]).await.unwrap(), [true]);
}

async fn a_key_that_was_used_refuses_its_write_alone(fresh: &Fresh) {
    commit(&fresh.store, &[full("a", 0), full("b", 0)]).await.unwrap();
    let rows = fresh.rows().await;
    let mut again = step("a", 1);
    again.receipt = full("a", 0).receipt;
    let writes = [again.clone(), step("b", 1)];
    assert_eq!(commit(&fresh.store, &writes).await.unwrap(), [false, true]);
    assert_eq!(fresh.rows().await, rows + 1);
    again.receipt = full("a", 1).receipt;
    assert_eq!(commit(&fresh.store, &[again]).await.unwrap(), [true]);
}

async fn a_case_twice_in_a_batch_is_a_fault_of_the_program(fresh: &Fresh) {
    let store = fresh.store.clone();
    let twice =
        tokio::spawn(async move { commit(&store, &[step("a", 0), step("a", 0)]).await.is_err() });
    // A debug build panics before anything is sent, a release build is refused by the database.
    assert!(twice.await.unwrap_or(true));
    assert_eq!(fresh.rows().await, 0);
    assert_eq!(commit(&fresh.store, &[step("a", 0)]).await.unwrap(), [true]);
}

async fn a_consumed_message_is_consumed_once(fresh: &Fresh) {
    let mut sender = step("sender", 0);
    sender.inbox = vec![message("sender", 1, "receiver")];
    commit(&fresh.store, &[sender, step("receiver", 0)]).await.unwrap();
    let consume = |expected| {
        let mut write = full("receiver", expected);
        write.inbox.clear();
        write.inbox_drop = vec![("sender".to_owned(), 1, 2)];
        write
    };
    assert_eq!(commit(&fresh.store, &[consume(1)]).await.unwrap(), [true]);
    assert_eq!(fresh.number("SELECT count(*) FROM inbox").await, 0);
    // Another process that had claimed it before has read the new head, but the message is gone.
    let rows = fresh.rows().await;
    let answers = commit(&fresh.store, &[consume(2), step("sender", 1)]).await.unwrap();
    assert_eq!(answers, [false, true]);
    assert_eq!(fresh.rows().await, rows + 1);
}

async fn a_birth_and_its_cause_are_one_commit(fresh: &Fresh) {
    let mut parent = step("parent", 0);
    parent.inbox = vec![message("parent", 1, "child")];
    commit(&fresh.store, &[parent]).await.unwrap();
    let mut child = step("child", 0);
    child.head.parent_id = Some("parent".to_owned());
    child.inbox_drop = vec![("parent".to_owned(), 1, 2)];
    assert_eq!(commit(&fresh.store, std::slice::from_ref(&child)).await.unwrap(), [true]);
    assert_eq!(commit(&fresh.store, &[child]).await.unwrap(), [false]);
    assert_eq!(fresh.number("SELECT count(*) FROM inbox").await, 0);
}

async fn the_log_is_append_only(fresh: &Fresh) {
    commit(&fresh.store, &[full("a", 0)]).await.unwrap();
    for sql in ["UPDATE log SET event = 'x'", "DELETE FROM log"] {
        let refused = fresh.run(sql).await.unwrap_err().to_string();
        assert!(refused.contains("the log is append-only"), "{sql}: {refused}");
    }
    assert_eq!(fresh.number("SELECT count(*) FROM log WHERE event = 'submit'").await, 1);
}

async fn several_entries_keep_their_order(fresh: &Fresh) {
    let mut write = step("a", 0);
    write.entries = (1..=12).map(|revision| crate::sample::entry("a", revision)).collect();
    write.head = crate::sample::head("a", 12);
    assert_eq!(commit(&fresh.store, &[write, step("b", 0)]).await.unwrap(), [true, true]);
    let sql = "SELECT count(*) FROM log l JOIN log m ON l.case_id = m.case_id
        AND l.seq < m.seq AND l.revision >= m.revision";
    assert_eq!(fresh.number(sql).await, 0);
}

async fn personal_values_come_with_their_entry_or_not_at_all(fresh: &Fresh) {
    let value = |case_id: &str, reference: &str| PersonalRow {
        reference: reference.to_owned(),
        case_id: case_id.to_owned(),
        person: None,
        value: r#""Bình""#.to_owned(),
        salt: "00ff".to_owned(),
        created_at_ms: NOW,
    };
    let with = |case_id: &str, expected, reference: &str| {
        let mut write = step(case_id, expected);
        write.personal = vec![value(case_id, reference)];
        write
    };
    let batch = [with("a", 0, "r-1"), with("b", 7, "r-2")];
    assert_eq!(commit(&fresh.store, &batch).await.unwrap(), [true, false]);
    assert_eq!(personal::of_case(&fresh.store, "a").await.unwrap(), [value("a", "r-1")]);
    assert_eq!(personal::of_case(&fresh.store, "b").await.unwrap(), []);
}
