//! The fixed few statements by which cases move: the same tails on both databases, two heads.
//!
//! `accepted` holds the ids of the batch whose head still has the expected revision, whose consumed
//! messages are all still there, and whose sender's key is new. Every tail writes rows of accepted
//! cases only. On PostgreSQL `accepted` is a CTE over the heads locked in the order of their ids, and
//! every tail reads a document; on `SQLite`, where a document costs more than the row it brings, the
//! rows are bound (`slots.rs`).
//!
//! Parameters of documents: $1 heads, $2 entries, $3 tasks put, $4 tasks dropped, $5 timers put,
//! $6 timers dropped, $7 outbox, $8 notices, $9 messages sent, $10 messages consumed, $11 receipts,
//! $12 personal values.
//!
//! **Invariant:** nothing is written for a case that is not in `accepted`.

/// A column of a row's document.
macro_rules! column {
    (text $name:literal) => {
        concat!("d.value->>'", $name, "'")
    };
    (int $name:literal) => {
        concat!("CAST(d.value->>'", $name, "' AS bigint)")
    };
    (bool $name:literal) => {
        concat!("CAST(d.value->>'", $name, "' AS boolean)")
    };
}
/// Several of them, in order.
macro_rules! row {
    ($kind:ident $name:literal $(, $kinds:ident $names:literal)*) => {
        concat!(column!($kind $name) $(, ", ", column!($kinds $names))*)
    };
}
/// Each of them given to its column.
macro_rules! changes {
    ($kind:ident $name:literal $(, $kinds:ident $names:literal)*) => {
        concat!($name, " = ", column!($kind $name)
            $(, ", ", $names, " = ", column!($kinds $names))*)
    };
}
/// The rows of document `$n` that belong to accepted cases, in their order.
macro_rules! accepted {
    ($document:literal) => {
        concat!(
            " FROM jsonb_each(",
            $document,
            ") d CROSS JOIN accepted a WHERE a.case_id = d.value->>'case_id' "
        )
    };
}
macro_rules! entries_into {
    () => {
        "INSERT INTO log (epoch, case_id, revision, kind, semantics, recorded_at_ms, chart_sha,
                calendar_sha, actor, event, payload, origin, states, data_sha, effects, terms,
                snapshot, trace, prev_hash, hash)
            SELECT (SELECT CAST(m.value AS bigint) FROM meta m WHERE m.key = 'epoch'), "
    };
}
macro_rules! entries {
    () => {
        concat!(
            entries_into!(),
            row!(
                text "case_id", int "revision", text "kind", int "semantics", int "recorded_at_ms",
                text "chart_sha", text "calendar_sha", text "actor", text "event", text "payload",
                text "origin", text "states", text "data_sha", text "effects", text "terms",
                text "snapshot", text "trace", text "prev_hash", text "hash"
            ),
            accepted!("$2"),
            "ORDER BY CAST(d.key AS bigint)"
        )
    };
}
macro_rules! tasks_from {
    () => {
        "DELETE FROM tasks WHERE (case_id, state, generation, element) IN (SELECT "
    };
}
macro_rules! tasks_drop {
    () => {
        concat!(
            tasks_from!(),
            row!(
                text "case_id", text "state", int "generation", text "element"
            ),
            accepted!("$4"),
            ")"
        )
    };
}
macro_rules! tasks_into {
    () => {
        "INSERT INTO tasks (case_id, state, generation, element, role, subject, title,
                opened_at_ms, due_at_ms, due_date)
            SELECT "
    };
}
macro_rules! tasks_changed {
    () => {
        "ON CONFLICT (case_id, state, generation, element) DO UPDATE SET
                role = excluded.role, subject = excluded.subject, title = excluded.title,
                due_at_ms = excluded.due_at_ms, due_date = excluded.due_date"
    };
}
macro_rules! tasks_put {
    () => {
        concat!(
            tasks_into!(),
            row!(
                text "case_id", text "state", int "generation", text "element", text "role",
                text "subject", text "title", int "opened_at_ms", int "due_at_ms", text "due_date"
            ),
            accepted!("$3"),
            tasks_changed!()
        )
    };
}
macro_rules! timers_from {
    () => {
        "DELETE FROM timers WHERE (case_id, name, generation) IN (SELECT "
    };
}
macro_rules! timers_drop {
    () => {
        concat!(
            timers_from!(),
            row!(
                text "case_id", text "name", int "generation"
            ),
            accepted!("$6"),
            ")"
        )
    };
}
macro_rules! timers_into {
    () => {
        "INSERT INTO timers (case_id, name, generation, due_at_ms) SELECT "
    };
}
macro_rules! timers_moved {
    () => {
        "ON CONFLICT (case_id, name, generation) DO UPDATE SET
                due_at_ms = excluded.due_at_ms, state = 'waiting', claimed_by = NULL,
                claimed_until_ms = NULL, error = NULL, dead_at_ms = NULL"
    };
}
macro_rules! timers_put {
    () => {
        concat!(
            timers_into!(),
            row!(
                text "case_id", text "name", int "generation", int "due_at_ms"
            ),
            accepted!("$5"),
            timers_moved!()
        )
    };
}
macro_rules! outbox {
    () => {
        concat!(
            "INSERT INTO outbox (case_id, id, revision, ordinal, kind, body, due_at_ms) SELECT ",
            row!(
                text "case_id", text "id", int "revision", int "ordinal", text "kind", text "body",
                int "due_at_ms"
            ),
            accepted!("$7")
        )
    };
}
macro_rules! notices {
    () => {
        concat!(
            "INSERT INTO notices (case_id, id, revision, ordinal, role, subject, letter, item, rung,
                due_at_ms, immediate, data, created_at_ms)
            SELECT ",
            row!(
                text "case_id", text "id", int "revision", int "ordinal", text "role",
                text "subject", text "letter", text "item", text "rung", int "due_at_ms",
                bool "immediate", text "data", int "created_at_ms"
            ),
            accepted!("$8")
        )
    };
}
macro_rules! inbox {
    () => {
        concat!(
            "INSERT INTO inbox (sender, revision, ordinal, receiver, kind, event, payload, from_child,
                due_at_ms, body)
            SELECT ",
            row!(
                text "sender", int "revision", int "ordinal", text "receiver", text "kind",
                text "event", text "payload", text "from_child", int "due_at_ms", text "body"
            ),
            accepted!("$9")
        )
    };
}
macro_rules! inbox_drop {
    () => {
        concat!(
            "DELETE FROM inbox WHERE (sender, revision, ordinal) IN (SELECT ",
            row!(
                text "sender", int "revision", int "ordinal"
            ),
            accepted!("$10"),
            ")"
        )
    };
}
macro_rules! receipts_into {
    () => {
        "INSERT INTO receipts (case_id, key, body_sha, revision, decision, answer, recorded_at_ms)
            SELECT "
    };
}
macro_rules! receipts {
    () => {
        concat!(
            receipts_into!(),
            row!(
                text "case_id", text "key", text "body_sha", int "revision", int "decision",
                text "answer", int "recorded_at_ms"
            ),
            accepted!("$11")
        )
    };
}
macro_rules! personal {
    () => {
        concat!(
            "INSERT INTO personal (ref, case_id, person, value, salt, created_at_ms) SELECT ",
            row!(
                text "ref", text "case_id", text "person", text "value", text "salt",
                int "created_at_ms"
            ),
            accepted!("$12")
        )
    };
}
macro_rules! heads_into {
    () => {
        concat!("INSERT INTO cases (", head_columns!(), ") SELECT ")
    };
}
macro_rules! heads_moved {
    () => {
        "ON CONFLICT (case_id) DO UPDATE SET
        chart_version = excluded.chart_version, chart_sha = excluded.chart_sha,
        revision = excluded.revision, decision = excluded.decision, stage = excluded.stage,
        states = excluded.states, snapshot = excluded.snapshot, hash = excluded.hash,
        recorded_at_ms = excluded.recorded_at_ms, done = excluded.done,
        retention_class = excluded.retention_class"
    };
}
macro_rules! head_columns {
    () => {
        "case_id, chart, chart_version, chart_sha, subject, parent_id, revision, decision, stage,
            states, snapshot, hash, opened_at_ms, recorded_at_ms, done, retention_class"
    };
}
macro_rules! head_values {
    () => {
        row!(
            text "case_id", text "chart", int "chart_version", text "chart_sha", text "subject",
            text "parent_id", int "revision", int "decision", text "stage", text "states",
            text "snapshot", text "hash", int "opened_at_ms", int "recorded_at_ms", bool "done",
            text "retention_class"
        )
    };
}
/// The cases of the batch that consume a message which is gone. Counted for each, so that no plan
/// reads a whole table for it.
macro_rules! gone {
    () => {
        concat!(
            "SELECT ",
            column!(text "case_id"),
            " AS case_id FROM jsonb_each($10) d
            WHERE 0 = (SELECT count(*) FROM inbox i WHERE i.sender = ",
            column!(text "sender"),
            " AND i.revision = ",
            column!(int "revision"),
            " AND i.ordinal = ",
            column!(int "ordinal"),
            " AND i.receiver = ",
            column!(text "case_id"),
            ")"
        )
    };
}
/// Those, and the cases whose sender's key was used before.
macro_rules! short {
    () => {
        concat!(
            gone!(),
            " UNION ALL SELECT ",
            column!(text "case_id"),
            " FROM jsonb_each($11) d
            WHERE 0 < (SELECT count(*) FROM receipts r WHERE r.case_id = ",
            column!(text "case_id"),
            " AND r.key = ",
            column!(text "key"),
            ")"
        )
    };
}

/// A statement that `SQLite` reads bound rows with: what stands before and after them.
pub(crate) struct Bound {
    pub(crate) before: &'static str,
    pub(crate) after: &'static str,
    /// How many columns a row has; the first is the case.
    pub(crate) width: usize,
}

pub(crate) const ENTRIES: Bound = Bound { before: entries_into!(), after: "", width: 19 };
pub(crate) const TASKS_DROP: Bound = Bound { before: tasks_from!(), after: ")", width: 4 };
pub(crate) const TASKS_PUT: Bound =
    Bound { before: tasks_into!(), after: tasks_changed!(), width: 10 };
pub(crate) const TIMERS_DROP: Bound = Bound { before: timers_from!(), after: ")", width: 3 };
pub(crate) const TIMERS_PUT: Bound =
    Bound { before: timers_into!(), after: timers_moved!(), width: 4 };
pub(crate) const RECEIPTS: Bound = Bound { before: receipts_into!(), after: "", width: 7 };
pub(crate) const HEADS: Bound = Bound { before: heads_into!(), after: heads_moved!(), width: 16 };

/// The statements that most commands have no rows for, as `SQLite` runs them: they read documents
/// there too. A message is deleted by its `rowid`, because `SQLite` would look at every message of the
/// sender to compare three columns at once.
pub(crate) const SELDOM: &str = concat!(
    outbox!(),
    ";\n",
    notices!(),
    ";\n",
    "DELETE FROM inbox WHERE rowid IN (
        SELECT i.rowid FROM jsonb_each($10) d CROSS JOIN accepted a CROSS JOIN inbox i
        WHERE a.case_id = d.value->>'case_id' AND i.sender = ",
    column!(text "sender"),
    " AND i.revision = ",
    column!(int "revision"),
    " AND i.ordinal = ",
    column!(int "ordinal"),
    ");\n",
    inbox!(),
    ";\n",
    personal!(),
    ";\n"
);
/// The cases of the batch that consume a message which is gone, on `SQLite`.
pub(crate) const GONE: &str = gone!();

/// One statement, its own transaction, one round trip. Returns the accepted ids.
///
/// Heads are locked in the order of their ids before anything is born, and births follow in that
/// order too, so that two processes can never hold what the other needs.
///
/// Differs by necessity: PostgreSQL can write in a CTE, and must lock before it writes; `SQLite` has
/// one writer, so a guard that holds at the first statement holds at the last.
pub(crate) const POSTGRES: &str = concat!(
    "WITH short AS (",
    short!(),
    "),
    locked AS (
        SELECT c.case_id FROM jsonb_each($1) d JOIN cases c ON c.case_id = ",
    column!(text "case_id"),
    "
        WHERE c.revision = ",
    column!(int "expected"),
    " AND ",
    column!(int "expected"),
    " > 0
            AND NOT EXISTS (SELECT 1 FROM short s WHERE s.case_id = c.case_id)
        ORDER BY c.case_id
        FOR UPDATE OF c),
    born AS (
        INSERT INTO cases (",
    head_columns!(),
    ") SELECT ",
    head_values!(),
    " FROM jsonb_each($1) d
        WHERE ",
    column!(int "expected"),
    " = 0 AND (SELECT count(*) FROM locked) >= 0
            AND NOT EXISTS (SELECT 1 FROM short s WHERE s.case_id = ",
    column!(text "case_id"),
    ")
            AND NOT EXISTS (SELECT 1 FROM removed r WHERE r.case_id = ",
    column!(text "case_id"),
    ")
        ORDER BY ",
    column!(text "case_id"),
    "
        ON CONFLICT (case_id) DO NOTHING
        RETURNING case_id),
    accepted AS (SELECT case_id FROM locked UNION ALL SELECT case_id FROM born),
    moved AS (
        UPDATE cases SET ",
    changes!(
        int "chart_version", text "chart_sha", int "revision", int "decision", text "stage",
        text "states", text "snapshot", text "hash", int "recorded_at_ms", bool "done",
        text "retention_class"
    ),
    "
        FROM jsonb_each($1) d JOIN locked l ON l.case_id = ",
    column!(text "case_id"),
    "
        WHERE cases.case_id = l.case_id),
    entries AS (",
    entries!(),
    "),
    tasks_drop AS (",
    tasks_drop!(),
    "),
    tasks_put AS (",
    tasks_put!(),
    "),
    timers_drop AS (",
    timers_drop!(),
    "),
    timers_put AS (",
    timers_put!(),
    "),
    outbox_put AS (",
    outbox!(),
    "),
    notices_put AS (",
    notices!(),
    "),
    inbox_drop AS (",
    inbox_drop!(),
    "),
    inbox_put AS (",
    inbox!(),
    "),
    receipts_put AS (",
    receipts!(),
    "),
    personal_put AS (",
    personal!(),
    ")
    SELECT case_id FROM accepted"
);
