//! By hand on `SQLite`: one thread that writes, prepared statements, one transaction a batch.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use tokio::sync::oneshot;

use crate::unit::{Cases, Row, Turn, key};
use crate::{BATCH_MAX, HandError, Way, hand_out};

type Reply = oneshot::Sender<Result<(), HandError>>;

struct Order {
    case: usize,
    reply: Reply,
}

/// A hand-written loop on a file whose schema the store has made.
#[derive(Debug)]
pub struct Loop {
    orders: Option<Sender<Order>>,
    thread: Option<JoinHandle<()>>,
}

impl Loop {
    /// Fills the file at `path` with `cases` cases and starts the writing thread.
    pub fn open(path: &str, way: Way, turns: Vec<Turn>, cases: usize) -> Result<Self, HandError> {
        let mut connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "temp_store", "memory")?;
        connection.set_prepared_statement_cache_capacity(64);
        let cases = Cases::new(turns, cases);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for case in 0..cases.ids.len() {
            give_birth(&transaction, &cases, case)?;
        }
        transaction
            .execute_batch("CREATE TABLE floor (id INTEGER PRIMARY KEY, body TEXT NOT NULL)")?;
        transaction.commit()?;
        let (orders, queue) = channel();
        let thread = std::thread::spawn(move || write(&mut connection, &cases, way, &queue));
        Ok(Self { orders: Some(orders), thread: Some(thread) })
    }

    /// Moves `case` on by one command; returns when it is durable.
    pub async fn send(&self, case: usize) -> Result<(), HandError> {
        let (reply, answer) = oneshot::channel();
        let orders = self.orders.as_ref().ok_or(HandError::Gone)?;
        orders.send(Order { case, reply }).map_err(|_| HandError::Gone)?;
        answer.await.map_err(|_| HandError::Gone)?
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was heard by whoever waited for its answer.
            drop(thread.join());
        }
    }
}

fn write(connection: &mut Connection, cases: &Cases, way: Way, queue: &Receiver<Order>) {
    let mut revisions = vec![1_i64; cases.ids.len()];
    let most = if way == Way::Grouped { BATCH_MAX } else { 1 };
    let mut batch = Vec::with_capacity(most);
    while let Ok(first) = queue.recv() {
        batch.push(first);
        while batch.len() < most {
            let Ok(next) = queue.try_recv() else { break };
            batch.push(next);
        }
        let mut done = commit(connection, cases, way, &mut revisions, &batch);
        for order in batch.drain(..) {
            // A caller that went away does not care.
            drop(order.reply.send(hand_out(&mut done)));
        }
    }
}

fn commit(
    connection: &mut Connection,
    cases: &Cases,
    way: Way,
    revisions: &mut [i64],
    batch: &[Order],
) -> Result<(), HandError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for order in batch {
        let case = order.case;
        let revision = revisions[case] + 1;
        let turn = cases.turn(revision);
        if way == Way::Floor {
            transaction
                .prepare_cached("INSERT INTO floor (body) VALUES (?1)")?
                .execute(params![turn.entry.payload])?;
        } else {
            let key = key(case, revision);
            put(&transaction, &turn.row(&cases.ids[case], revision, &key), case)?;
        }
        revisions[case] = revision;
    }
    transaction.commit()?;
    Ok(())
}

fn put(transaction: &Transaction<'_>, row: &Row<'_>, case: usize) -> Result<(), HandError> {
    let moved = transaction
        .prepare_cached(
            "UPDATE cases SET revision = ?2, decision = ?3, stage = ?4, states = ?5, snapshot = ?6,
                hash = ?7, recorded_at_ms = ?8, done = 0
            WHERE case_id = ?1 AND revision = ?2 - 1",
        )?
        .execute(params![
            row.case_id,
            row.revision,
            row.decision,
            row.stage,
            row.states,
            row.snapshot,
            row.hash,
            row.recorded_at_ms
        ])?;
    if moved != 1 {
        return Err(HandError::Unmoved(case));
    }
    put_entry(transaction, row)?;
    transaction
        .prepare_cached(
            "DELETE FROM tasks WHERE case_id = ?1 AND state = ?2 AND generation = ?3 AND element = ''",
        )?
        .execute(params![row.case_id, row.task_over, row.revision - 1])?;
    transaction
        .prepare_cached("DELETE FROM timers WHERE case_id = ?1 AND name = ?2 AND generation = ?3")?
        .execute(params![row.case_id, row.timer_over, row.revision - 1])?;
    put_owed(transaction, row)?;
    transaction
        .prepare_cached(
            "INSERT INTO receipts (case_id, key, body_sha, revision, decision, answer,
                recorded_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            row.case_id,
            row.key,
            row.body_sha,
            row.revision,
            row.decision,
            row.answer,
            row.recorded_at_ms
        ])?;
    Ok(())
}

/// The task and the timer of a case as it stands in `row`.
fn put_owed(transaction: &Transaction<'_>, row: &Row<'_>) -> Result<(), HandError> {
    transaction
        .prepare_cached(
            "INSERT INTO tasks (case_id, state, generation, element, role, subject, title,
                opened_at_ms, due_at_ms, due_date) VALUES (?1, ?2, ?3, '', ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            row.case_id,
            row.task,
            row.revision,
            row.role,
            row.subject,
            row.title,
            row.recorded_at_ms,
            row.task_due_at_ms,
            row.due_date
        ])?;
    transaction
        .prepare_cached(
            "INSERT INTO timers (case_id, name, generation, due_at_ms) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![row.case_id, row.timer, row.revision, row.timer_due_at_ms])?;
    Ok(())
}

fn put_entry(transaction: &Transaction<'_>, row: &Row<'_>) -> Result<(), HandError> {
    transaction
        .prepare_cached(
            "INSERT INTO log (epoch, case_id, revision, kind, semantics, recorded_at_ms, chart_sha,
                calendar_sha, actor, event, payload, origin, states, data_sha, effects, terms,
                trace, prev_hash, hash)
            VALUES (0, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,
                ?18)",
        )?
        .execute(params![
            row.case_id,
            row.revision,
            row.kind,
            row.semantics,
            row.recorded_at_ms,
            row.chart_sha,
            row.calendar_sha,
            row.actor,
            row.event,
            row.payload,
            row.origin,
            row.states,
            row.data_sha,
            row.effects,
            row.terms,
            row.trace,
            row.prev_hash,
            row.hash
        ])?;
    Ok(())
}

fn give_birth(transaction: &Transaction<'_>, cases: &Cases, case: usize) -> Result<(), HandError> {
    let head = &cases.turn(1).head;
    transaction
        .prepare_cached(
            "INSERT INTO cases (case_id, chart, chart_version, chart_sha, subject, revision,
                decision, stage, states, snapshot, hash, opened_at_ms, recorded_at_ms, done,
                retention_class)
            VALUES (?1, ?2, ?3, ?4, ?5, 1, 1, ?6, ?7, ?8, ?9, ?10, ?10, 0, ?11)",
        )?
        .execute(params![
            cases.ids[case],
            head.chart,
            head.chart_version,
            head.chart_sha,
            head.subject,
            head.stage,
            head.states,
            head.snapshot,
            head.hash,
            head.recorded_at_ms,
            head.retention_class
        ])?;
    put_owed(transaction, &cases.turn(1).row(&cases.ids[case], 1, ""))
}
