//! Who owes the next act: the rows that a desk and a list of overdue items are made of.
//!
//! They are written by [`mod@crate::commit`] only: the difference between what the chart says before
//! and after a step. A task names a role on a subject; who holds it is looked up elsewhere.

use serde::Serialize;
use sqlx::FromRow;
use sqlx::types::Json;

use crate::batch::{self, document};
use crate::error::ReadError;
use crate::rows::TaskRow;
use crate::store::Store;

/// Which tasks to list. What is `None` or empty does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskFilter {
    /// Of this case.
    pub case_id: Option<String>,
    /// Of this role.
    pub role: Option<String>,
    /// On one of these subjects.
    pub subjects: Vec<String>,
    /// Due at or before this moment.
    pub due_before_ms: Option<i64>,
    /// Of one of these pairs of role and subject.
    pub of: Option<Vec<(String, String)>>,
    /// Not of these cases.
    pub except: Vec<String>,
    /// How many of them are passed over.
    pub skip: i64,
}

/// How much one role owes on one subject.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Owed {
    /// The role.
    pub role: String,
    /// What it is held on.
    pub subject: String,
    /// How many tasks.
    pub tasks: i64,
    /// The earliest moment at which one of them was due.
    pub oldest_due_at_ms: i64,
}

/// How long the overdue tasks of one role on one subject are overdue.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Ages {
    /// The role.
    pub role: String,
    /// What it is held on.
    pub subject: String,
    /// How many were due after the first edge.
    pub young: i64,
    /// How many were due after the second edge and not after the first.
    pub older: i64,
    /// How many were due at the second edge or before.
    pub oldest: i64,
    /// The earliest moment at which one of them was due.
    pub oldest_due_at_ms: i64,
}

/// Every task of `case_id`, in the order of their keys.
pub async fn of_case(store: &Store, case_id: &str) -> Result<Vec<TaskRow>, ReadError> {
    const SQL: &str =
        "SELECT * FROM tasks WHERE case_id = $1 ORDER BY case_id, state, generation, element";
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).bind(case_id).fetch_all(pool).await)?)
}

/// Every task of the cases `case_ids`, in the order of their keys.
pub async fn of_cases(store: &Store, case_ids: &[String]) -> Result<Vec<TaskRow>, ReadError> {
    const SQL: &str = "
        SELECT t.* FROM jsonb_each($1) d JOIN tasks t ON t.case_id = d.value->>'id'
        ORDER BY t.case_id, t.state, t.generation, t.element";
    let ids = batch::ids(case_ids)?;
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).bind(Json(&*ids)).fetch_all(pool).await)?)
}

/// The first `limit` tasks that pass `filter`: the earliest due first, those without a term last.
pub async fn list(
    store: &Store,
    filter: &TaskFilter,
    limit: i64,
) -> Result<Vec<TaskRow>, ReadError> {
    const SQL: &str = "
        SELECT * FROM tasks
        WHERE (CAST($1 AS text) IS NULL OR case_id = $1)
            AND (CAST($2 AS text) IS NULL OR role = $2)
            AND (CAST($3 AS bigint) = 0
                OR subject IN (SELECT d.value->>'subject' FROM jsonb_each($4) d))
            AND (CAST($5 AS bigint) IS NULL OR due_at_ms <= $5)
            AND (CAST($7 AS bigint) = 0 OR (role, subject) IN
                (SELECT d.value->>'role', d.value->>'scope' FROM jsonb_each($8) d))
            AND case_id NOT IN (SELECT d.value->>'id' FROM jsonb_each($9) d)
        ORDER BY COALESCE(due_at_ms, 9223372036854775807), case_id, state, generation, element
        LIMIT $6 OFFSET $10";
    let subjects = document(filter.subjects.iter().map(|subject| Named { subject }))?;
    let narrow = i64::from(!filter.subjects.is_empty());
    let of = filter.of.iter().flatten().map(|(role, scope)| Held { role, scope });
    let (paired, of) = (i64::from(filter.of.is_some()), document(of)?);
    let except = batch::ids(&filter.except)?;
    Ok(on!(store.reads(), |pool| {
        sqlx::query_as(SQL)
            .bind(&filter.case_id)
            .bind(&filter.role)
            .bind(narrow)
            .bind(Json(&*subjects))
            .bind(filter.due_before_ms)
            .bind(limit)
            .bind(paired)
            .bind(Json(&*of))
            .bind(Json(&*except))
            .bind(filter.skip)
            .fetch_all(pool)
            .await
    })?)
}

/// The first `limit` tasks of whoever holds `held` (role, scope): those of a role on the case, its subject or
/// anything above it. The earliest due first, those without a term last.
pub async fn of_holder(
    store: &Store,
    held: &[(String, String)],
    limit: i64,
) -> Result<Vec<TaskRow>, ReadError> {
    const SQL: &str = concat!(
        "
        SELECT * FROM tasks t
        WHERE EXISTS (
            SELECT 1 FROM jsonb_each($1) d
            WHERE d.value->>'role' = t.role AND ",
        bears_on!("d.value->>'scope'", "t.subject", "t.case_id"),
        ")
        ORDER BY COALESCE(due_at_ms, 9223372036854775807), case_id, state, generation, element
        LIMIT $2"
    );
    let held = document(held.iter().map(|(role, scope)| Held { role, scope }))?;
    Ok(on!(store.reads(), |pool| {
        sqlx::query_as(SQL).bind(Json(&*held)).bind(limit).fetch_all(pool).await
    })?)
}

/// What is overdue at `now_ms`, summed by role and subject, the oldest first. Whoever knows the
/// holders turns it into units.
pub async fn overdue(store: &Store, now_ms: i64) -> Result<Vec<Owed>, ReadError> {
    const SQL: &str = "
        SELECT role, subject, count(*) AS tasks, MIN(due_at_ms) AS oldest_due_at_ms FROM tasks
        WHERE due_at_ms <= $1
        GROUP BY role, subject
        ORDER BY MIN(due_at_ms), role, subject";
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).bind(now_ms).fetch_all(pool).await)?)
}

/// What is overdue at `now_ms` by role and subject, parted by age at two earlier moments (`edges_ms`, the later first);
/// the tasks of the cases `except` are left out.
pub async fn ages(
    store: &Store,
    now_ms: i64,
    edges_ms: [i64; 2],
    except: &[String],
) -> Result<Vec<Ages>, ReadError> {
    const SQL: &str = "
        SELECT role, subject,
            CAST(SUM(CASE WHEN due_at_ms > $2 THEN 1 ELSE 0 END) AS bigint) AS young,
            CAST(SUM(CASE WHEN due_at_ms <= $2 AND due_at_ms > $3 THEN 1 ELSE 0 END) AS bigint) AS older,
            CAST(SUM(CASE WHEN due_at_ms <= $3 THEN 1 ELSE 0 END) AS bigint) AS oldest,
            MIN(due_at_ms) AS oldest_due_at_ms
        FROM tasks
        WHERE due_at_ms <= $1 AND case_id NOT IN (SELECT d.value->>'id' FROM jsonb_each($4) d)
        GROUP BY role, subject
        ORDER BY MIN(due_at_ms), role, subject";
    let except = batch::ids(except)?;
    let [later, earlier] = edges_ms;
    Ok(on!(store.reads(), |pool| {
        let asked = sqlx::query_as(SQL).bind(now_ms).bind(later).bind(earlier);
        asked.bind(Json(&*except)).fetch_all(pool).await
    })?)
}

/// How many tasks fall due after `from_ms` and at or before `to_ms`.
pub async fn count_due(store: &Store, from_ms: i64, to_ms: i64) -> Result<i64, ReadError> {
    const SQL: &str = "SELECT count(*) FROM tasks WHERE due_at_ms > $1 AND due_at_ms <= $2";
    Ok(on!(store.reads(), |pool| {
        sqlx::query_scalar(SQL).bind(from_ms).bind(to_ms).fetch_one(pool).await
    })?)
}

#[derive(Serialize)]
struct Held<'a> {
    role: &'a str,
    scope: &'a str,
}

#[derive(Serialize)]
struct Named<'a> {
    subject: &'a str,
}
