//! By hand on PostgreSQL: one statement a batch on one connection, or one connection a caller.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::value::RawValue;
use tokio::sync::{mpsc, oneshot};
use tokio_postgres::types::Json;
use tokio_postgres::{Client, NoTls, Statement};

use crate::unit::{Cases, Turn, key};
use crate::{BATCH_MAX, HandError, Way, hand_out};

/// All rows of a batch in one statement: the head first, the rest for the heads that moved.
const STATEMENT: &str = "WITH b AS (
    SELECT d.value AS v, d.value->>'case_id' AS case_id,
        CAST(d.value->>'revision' AS bigint) AS revision,
        CAST(d.value->>'decision' AS bigint) AS decision,
        CAST(d.value->>'recorded_at_ms' AS bigint) AS recorded_at_ms,
        d.value->>'states' AS states, d.value->>'hash' AS hash
    FROM jsonb_each($1) d),
u AS (
    UPDATE cases SET revision = b.revision, decision = b.decision, stage = b.v->>'stage',
        states = b.states, snapshot = b.v->>'snapshot', hash = b.hash,
        recorded_at_ms = b.recorded_at_ms, done = false
    FROM b WHERE cases.case_id = b.case_id AND cases.revision = b.revision - 1 RETURNING b.*),
l AS (
    INSERT INTO log (epoch, case_id, revision, kind, semantics, recorded_at_ms, chart_sha,
        calendar_sha, actor, event, payload, origin, states, data_sha, effects, terms, trace,
        prev_hash, hash)
    SELECT 0, case_id, revision, v->>'kind', CAST(v->>'semantics' AS bigint), recorded_at_ms,
        v->>'chart_sha', v->>'calendar_sha', v->>'actor', v->>'event', v->>'payload', v->>'origin',
        states, v->>'data_sha', v->>'effects', v->>'terms', v->>'trace', v->>'prev_hash', hash
    FROM u),
td AS (
    DELETE FROM tasks USING u WHERE tasks.case_id = u.case_id AND tasks.state = u.v->>'task_over'
        AND tasks.generation = u.revision - 1 AND tasks.element = ''),
tp AS (
    INSERT INTO tasks (case_id, state, generation, element, role, subject, title, opened_at_ms,
        due_at_ms, due_date)
    SELECT case_id, v->>'task', revision, '', v->>'role', v->>'subject', v->>'title',
        recorded_at_ms, CAST(v->>'task_due_at_ms' AS bigint), v->>'due_date' FROM u),
md AS (
    DELETE FROM timers USING u WHERE timers.case_id = u.case_id AND timers.name = u.v->>'timer_over'
        AND timers.generation = u.revision - 1),
mp AS (
    INSERT INTO timers (case_id, name, generation, due_at_ms)
    SELECT case_id, v->>'timer', revision, CAST(v->>'timer_due_at_ms' AS bigint) FROM u),
r AS (
    INSERT INTO receipts (case_id, key, body_sha, revision, decision, answer, recorded_at_ms)
    SELECT case_id, v->>'key', v->>'body_sha', revision, decision, v->>'answer', recorded_at_ms
    FROM u)
SELECT case_id FROM u";

/// A case at its first revision, with the task and the timer that the first command drops.
const BIRTH: &str = "WITH c AS (
    INSERT INTO cases (case_id, chart, chart_version, chart_sha, subject, revision,
        decision, stage, states, snapshot, hash, opened_at_ms, recorded_at_ms, done, retention_class)
    VALUES ($1, $2, $3, $4, $5, 1, 1, $6, $7, $8, $9, $10, $10, false, $11)),
t AS (
    INSERT INTO tasks (case_id, state, generation, element, role, subject, title, opened_at_ms)
    VALUES ($1, $12, 1, '', $13, $5, $14, $10))
INSERT INTO timers (case_id, name, generation, due_at_ms) VALUES ($1, $15, 1, $16)";

/// A connection and the statement prepared on it.
#[derive(Debug)]
struct Line {
    client: Client,
    statement: Statement,
}

type Order = (usize, oneshot::Sender<Result<(), HandError>>);

#[derive(Debug)]
struct Shared {
    cases: Cases,
    revisions: Vec<AtomicI64>,
}

#[derive(Debug)]
enum Writers {
    Grouped(mpsc::UnboundedSender<Order>),
    Single(Vec<Line>),
    Floor(Vec<Line>),
}

/// A hand-written loop on a schema that the store has made.
#[derive(Debug)]
pub struct Loop {
    shared: Arc<Shared>,
    writers: Writers,
}

impl Loop {
    /// Fills the schema at `url` with `cases` cases and connects, once or for each of `callers`.
    pub async fn open(
        url: &str,
        way: Way,
        turns: Vec<Turn>,
        cases: usize,
        callers: usize,
    ) -> Result<Self, HandError> {
        let cases = Cases::new(turns, cases);
        let client = connect(url).await?;
        client.batch_execute("BEGIN").await?;
        let birth = client.prepare(BIRTH).await?;
        let first = cases.turn(1);
        let head = &first.head;
        for id in &cases.ids {
            client
                .execute(
                    &birth,
                    &[
                        id,
                        &head.chart,
                        &head.chart_version,
                        &head.chart_sha,
                        &head.subject,
                        &head.stage,
                        &head.states,
                        &head.snapshot,
                        &head.hash,
                        &head.recorded_at_ms,
                        &head.retention_class,
                        &first.task.state,
                        &first.task.role,
                        &first.task.title,
                        &first.timer.name,
                        &first.timer.due_at_ms,
                    ],
                )
                .await?;
        }
        let floor = "CREATE TABLE floor (id bigserial PRIMARY KEY, body text NOT NULL); COMMIT;
            ANALYZE cases; ANALYZE tasks; ANALYZE timers";
        client.batch_execute(floor).await?;
        let revisions = cases.ids.iter().map(|_| AtomicI64::new(1)).collect();
        let shared = Arc::new(Shared { cases, revisions });
        let writers = match way {
            Way::Grouped => {
                let (orders, queue) = mpsc::unbounded_channel();
                let line = line(url, STATEMENT).await?;
                tokio::spawn(group(line, Arc::clone(&shared), queue));
                Writers::Grouped(orders)
            }
            Way::Single => Writers::Single(lines(url, STATEMENT, callers).await?),
            Way::Floor => {
                Writers::Floor(lines(url, "INSERT INTO floor (body) VALUES ($1)", callers).await?)
            }
        };
        Ok(Self { shared, writers })
    }

    /// Moves `case` on by one command of `caller`; returns when it is durable. No two callers may
    /// move one case.
    pub async fn send(&self, caller: usize, case: usize) -> Result<(), HandError> {
        match &self.writers {
            Writers::Grouped(orders) => {
                let (reply, answer) = oneshot::channel();
                orders.send((case, reply)).map_err(|_| HandError::Gone)?;
                answer.await.map_err(|_| HandError::Gone)?
            }
            Writers::Single(lines) => {
                self.shared.commit(&lines[caller % lines.len()], &[case]).await
            }
            Writers::Floor(lines) => {
                let line = &lines[caller % lines.len()];
                let body = &self.shared.cases.turn(1).entry.payload;
                line.client.execute(&line.statement, &[body]).await?;
                Ok(())
            }
        }
    }
}

impl Shared {
    async fn commit(&self, line: &Line, batch: &[usize]) -> Result<(), HandError> {
        let moves: Vec<(usize, i64, String)> = batch
            .iter()
            .map(|&case| (case, self.revisions[case].load(Ordering::Relaxed) + 1))
            .map(|(case, revision)| (case, revision, key(case, revision)))
            .collect();
        let rows: BTreeMap<usize, _> = moves
            .iter()
            .map(|(case, revision, key)| {
                let turn = self.cases.turn(*revision);
                (*case, turn.row(&self.cases.ids[*case], *revision, key))
            })
            .collect();
        let document: Box<RawValue> = serde_json::value::to_raw_value(&rows)?;
        let moved = line.client.query(&line.statement, &[&Json(&*document)]).await?;
        if moved.len() != batch.len() {
            return Err(HandError::Unmoved(batch[0]));
        }
        for (case, revision, _) in moves {
            self.revisions[case].store(revision, Ordering::Relaxed);
        }
        Ok(())
    }
}

async fn group(line: Line, shared: Arc<Shared>, mut queue: mpsc::UnboundedReceiver<Order>) {
    let mut batch: Vec<Order> = Vec::with_capacity(BATCH_MAX);
    while queue.recv_many(&mut batch, BATCH_MAX).await > 0 {
        let cases: Vec<usize> = batch.iter().map(|(case, _)| *case).collect();
        let mut done = shared.commit(&line, &cases).await;
        for (_, reply) in batch.drain(..) {
            // A caller that went away does not care.
            drop(reply.send(hand_out(&mut done)));
        }
    }
}

async fn connect(url: &str) -> Result<Client, HandError> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    // What goes wrong with the connection is heard by whoever uses the client.
    tokio::spawn(async move { drop(connection.await) });
    // A plan made while the tables are small must not go on reading them whole.
    let settings = "SET synchronous_commit = on; SET jit = off; SET enable_seqscan = off";
    client.batch_execute(settings).await?;
    Ok(client)
}

async fn line(url: &str, statement: &str) -> Result<Line, HandError> {
    let client = connect(url).await?;
    let statement = client.prepare(statement).await?;
    Ok(Line { client, statement })
}

async fn lines(url: &str, statement: &str, callers: usize) -> Result<Vec<Line>, HandError> {
    let mut lines = Vec::with_capacity(callers);
    for _ in 0..callers.clamp(1, 64) {
        lines.push(line(url, statement).await?);
    }
    Ok(lines)
}
