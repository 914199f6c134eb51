//! Organisations, persons, who holds which role on what, and who acts for whom.
//!
//! Assignments are dated and keep their basis; an end is set, nothing is deleted. Every change raises
//! a version, so that whoever resolved holders can see that they may have changed.
//!
//! **Invariant:** the version rises in the transaction of the change.

use serde::Serialize;
use sqlx::FromRow;
use sqlx::types::Json;

use crate::batch::document;
use crate::error::{ChoreError, ReadError};
use crate::store::Store;

/// An organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct OrganisationRow {
    /// Its id.
    pub id: String,
    /// What it is in the procedure (ministry, enterprise, department …).
    pub kind: String,
    /// JSON `{vi, en}`.
    pub name: String,
    /// The organisation it belongs to.
    pub parent_id: Option<String>,
    /// JSON of whatever else is known.
    pub document: String,
}

/// A person who may act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct PersonRow {
    /// An opaque id; the only thing that entries carry.
    pub id: String,
    /// Where the person works.
    pub organisation: String,
    /// Empty once erased.
    pub name: String,
    /// Empty once erased.
    pub email: String,
    /// `vi` or `en`.
    pub language: String,
    /// Whether name and address were erased.
    pub erased: bool,
}

/// A role held on a scope, from when to when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct AssignmentRow {
    /// Its id.
    pub id: String,
    /// The role.
    pub role: String,
    /// What it is held on.
    pub scope: String,
    /// The person.
    pub holder: String,
    /// The organisation on whose behalf.
    pub organisation: String,
    /// From this moment.
    pub from_ms: i64,
    /// Up to but not at this moment; without end if none.
    pub to_ms: Option<i64>,
    /// The paper.
    pub basis: String,
}

/// Who acts for whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct SubstitutionRow {
    /// Its id.
    pub id: String,
    /// The person who is away.
    pub absent: String,
    /// The person who acts.
    pub substitute: String,
    /// In which role; empty for all.
    pub role: String,
    /// From this moment.
    pub from_ms: i64,
    /// Up to but not at this moment.
    pub to_ms: i64,
    /// The paper.
    pub basis: String,
}

/// Writes organisations, new ones and changed ones.
pub async fn put_organisations(store: &Store, rows: &[OrganisationRow]) -> Result<(), ChoreError> {
    const SQL: &str = "
        INSERT INTO organisations (id, kind, name, parent_id, document)
        SELECT d.value->>'id', d.value->>'kind', d.value->>'name', d.value->>'parent_id',
            d.value->>'document'
        FROM jsonb_each($1) d WHERE d.value->>'id' <> ''
        ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, name = excluded.name,
            parent_id = excluded.parent_id, document = excluded.document";
    put(store, SQL, rows).await
}

/// Writes persons, new ones and changed ones; one who was erased stays erased.
pub async fn put_persons(store: &Store, rows: &[PersonRow]) -> Result<(), ChoreError> {
    const SQL: &str = "
        INSERT INTO persons (id, organisation, name, email, language, erased)
        SELECT d.value->>'id', d.value->>'organisation', d.value->>'name', d.value->>'email',
            d.value->>'language', CAST(d.value->>'erased' AS boolean)
        FROM jsonb_each($1) d WHERE d.value->>'id' <> ''
        ON CONFLICT (id) DO UPDATE SET organisation = excluded.organisation,
            name = CASE WHEN persons.erased THEN '' ELSE excluded.name END,
            email = CASE WHEN persons.erased THEN '' ELSE excluded.email END,
            language = excluded.language";
    put(store, SQL, rows).await
}

/// Writes assignments, new ones and changed ones, all or none.
pub async fn put_assignments(store: &Store, rows: &[AssignmentRow]) -> Result<(), ChoreError> {
    put(store, PUT_ASSIGNMENTS, rows).await
}

/// Writes substitutions, new ones and changed ones, all or none.
pub async fn put_substitutions(store: &Store, rows: &[SubstitutionRow]) -> Result<(), ChoreError> {
    const SQL: &str = "
        INSERT INTO substitutions (id, absent, substitute, role, from_ms, to_ms, basis)
        SELECT d.value->>'id', d.value->>'absent', d.value->>'substitute', d.value->>'role',
            CAST(d.value->>'from_ms' AS bigint), CAST(d.value->>'to_ms' AS bigint),
            d.value->>'basis'
        FROM jsonb_each($1) d WHERE d.value->>'id' <> ''
        ON CONFLICT (id) DO UPDATE SET absent = excluded.absent,
            substitute = excluded.substitute, role = excluded.role, from_ms = excluded.from_ms,
            to_ms = excluded.to_ms, basis = excluded.basis";
    put(store, SQL, rows).await
}

/// Ends an assignment at `to_ms`; whether it was there and not ended before.
pub async fn end_assignment(store: &Store, id: &str, to_ms: i64) -> Result<bool, ChoreError> {
    const SQL: &str = "
        UPDATE assignments SET to_ms = $2 WHERE id = $1 AND (to_ms IS NULL OR to_ms > $2)";
    let mut writer = store.writer().await?;
    writer.begin().await?;
    let ended = on!(&mut writer.tx, |connection| {
        let done = sqlx::query(SQL).bind(id).bind(to_ms).execute(&mut *connection).await?;
        sqlx::query(RAISE).execute(connection).await?;
        done.rows_affected()
    });
    writer.commit().await?;
    Ok(ended == 1)
}

/// Ends the assignments `ended` at `to_ms` and writes `begun`, all or none: roles that pass from one person to
/// another have a holder at every moment.
pub async fn hand_over(
    store: &Store,
    ended: &[String],
    to_ms: i64,
    begun: &[AssignmentRow],
) -> Result<(), ChoreError> {
    const END: &str = "
        UPDATE assignments SET to_ms = $2
        WHERE id IN (SELECT d.value->>'id' FROM jsonb_each($1) d) AND (to_ms IS NULL OR to_ms > $2)";
    let (ended, begun) = (document(ended.iter().map(|id| Named { id }))?, document(begun.iter())?);
    let mut writer = store.writer().await?;
    writer.begin().await?;
    on!(&mut writer.tx, |connection| {
        sqlx::query(END).bind(Json(&*ended)).bind(to_ms).execute(&mut *connection).await?;
        sqlx::query(PUT_ASSIGNMENTS).bind(Json(&*begun)).execute(&mut *connection).await?;
        sqlx::query(RAISE).execute(connection).await?;
    });
    writer.commit().await?;
    Ok(())
}

/// Ends a substitution at `to_ms`; whether it was there and would have gone on.
pub async fn end_substitution(store: &Store, id: &str, to_ms: i64) -> Result<bool, ChoreError> {
    const SQL: &str = "UPDATE substitutions SET to_ms = $2 WHERE id = $1 AND to_ms > $2";
    let mut writer = store.writer().await?;
    writer.begin().await?;
    let ended = on!(&mut writer.tx, |connection| {
        let done = sqlx::query(SQL).bind(id).bind(to_ms).execute(&mut *connection).await?;
        sqlx::query(RAISE).execute(connection).await?;
        done.rows_affected()
    });
    writer.commit().await?;
    Ok(ended == 1)
}

const PUT_ASSIGNMENTS: &str = "
    INSERT INTO assignments (id, role, scope, holder, organisation, from_ms, to_ms, basis)
    SELECT d.value->>'id', d.value->>'role', d.value->>'scope', d.value->>'holder',
        d.value->>'organisation', CAST(d.value->>'from_ms' AS bigint),
        CAST(d.value->>'to_ms' AS bigint), d.value->>'basis'
    FROM jsonb_each($1) d WHERE d.value->>'id' <> ''
    ON CONFLICT (id) DO UPDATE SET role = excluded.role, scope = excluded.scope,
        holder = excluded.holder, organisation = excluded.organisation,
        from_ms = excluded.from_ms, to_ms = excluded.to_ms, basis = excluded.basis";

const RAISE: &str = "
    UPDATE meta SET value = CAST(CAST(value AS bigint) + 1 AS text)
    WHERE key = 'assignments_version'";

async fn put<T: Serialize>(store: &Store, sql: &'static str, rows: &[T]) -> Result<(), ChoreError> {
    let rows = document(rows.iter())?;
    let mut writer = store.writer().await?;
    writer.begin().await?;
    on!(&mut writer.tx, |connection| {
        sqlx::query(sql).bind(Json(&*rows)).execute(&mut *connection).await?;
        sqlx::query(RAISE).execute(connection).await?;
    });
    writer.commit().await?;
    Ok(())
}

/// Rises with every change to anything in this module.
pub async fn assignments_version(store: &Store) -> Result<i64, ReadError> {
    const SQL: &str = "
        SELECT CAST(value AS bigint) FROM meta WHERE key = 'assignments_version'";
    Ok(on!(store.reads(), |pool| sqlx::query_scalar(SQL).fetch_one(pool).await)?)
}

/// The assignments on any of `scopes` that hold at `at_ms`, in the order of roles, scopes and ids.
pub async fn assignments_for(
    store: &Store,
    scopes: &[String],
    at_ms: i64,
) -> Result<Vec<AssignmentRow>, ReadError> {
    const SQL: &str = "
        SELECT * FROM assignments
        WHERE scope IN (SELECT d.value->>'scope' FROM jsonb_each($1) d)
            AND from_ms <= $2 AND (to_ms IS NULL OR to_ms > $2)
        ORDER BY role, scope, id";
    let scopes = document(scopes.iter().map(|scope| Scope { scope }))?;
    Ok(on!(store.reads(), |pool| {
        sqlx::query_as(SQL).bind(Json(&*scopes)).bind(at_ms).fetch_all(pool).await
    })?)
}

/// Every assignment, ended ones too, in the order of roles, scopes and ids.
pub async fn list_assignments(store: &Store) -> Result<Vec<AssignmentRow>, ReadError> {
    const SQL: &str = "SELECT * FROM assignments ORDER BY role, scope, id";
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).fetch_all(pool).await)?)
}

/// Every substitution, past ones too, in the order of their ids.
pub async fn list_substitutions(store: &Store) -> Result<Vec<SubstitutionRow>, ReadError> {
    const SQL: &str = "SELECT * FROM substitutions ORDER BY id";
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).fetch_all(pool).await)?)
}

/// Every organisation, in the order of their ids.
pub async fn list_organisations(store: &Store) -> Result<Vec<OrganisationRow>, ReadError> {
    const SQL: &str = "SELECT * FROM organisations ORDER BY id";
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).fetch_all(pool).await)?)
}

/// Every person, in the order of their ids.
pub async fn list_persons(store: &Store) -> Result<Vec<PersonRow>, ReadError> {
    const SQL: &str = "SELECT * FROM persons ORDER BY id";
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).fetch_all(pool).await)?)
}

/// The person with `id`, if there is one.
pub async fn find_person(store: &Store, id: &str) -> Result<Option<PersonRow>, ReadError> {
    const SQL: &str = "SELECT * FROM persons WHERE id = $1";
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).bind(id).fetch_optional(pool).await)?)
}

/// The person with this address, if there is exactly one; capitals make no difference.
pub async fn find_by_email(store: &Store, email: &str) -> Result<Option<PersonRow>, ReadError> {
    const SQL: &str = "
        SELECT * FROM persons WHERE lower(email) = lower($1) AND email <> '' ORDER BY id LIMIT 2";
    let mut found: Vec<PersonRow> =
        on!(store.reads(), |pool| sqlx::query_as(SQL).bind(email).fetch_all(pool).await)?;
    Ok(if found.len() == 1 { found.pop() } else { None })
}

#[derive(Serialize)]
struct Named<'a> {
    id: &'a str,
}

#[derive(Serialize)]
struct Scope<'a> {
    scope: &'a str,
}
