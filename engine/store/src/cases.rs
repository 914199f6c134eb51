//! The head rows: one per case, the result of its log so far.
//!
//! They are written by [`mod@crate::commit`] only. Lists come in the order of the case ids, a page at a
//! time; stage and end change with a step and are therefore not indexed (decision 0009).

use std::collections::BTreeSet;

use serde::Serialize;
use sqlx::types::Json;
use sqlx::{FromRow, Row};

use crate::batch::document;
use crate::error::ReadError;
use crate::rows::{Head, ReceiptRow};
use crate::store::Store;

/// Which cases to list. What is `None` does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaseFilter {
    /// Under this chart.
    pub chart: Option<String>,
    /// In this stage.
    pub stage: Option<String>,
    /// About this subject, or one whose name begins with it.
    pub subject_prefix: Option<String>,
    /// Opened by this case.
    pub parent_id: Option<String>,
    /// Not at their end (`true`), or at it (`false`).
    pub open: Option<bool>,
    /// Those on which a role held on one of these scopes is held: `case/<id>`, a subject or what it lies
    /// below; `ministry` holds all.
    pub scopes: Option<Vec<String>>,
    /// Of each of these words one form must be there: between two slashes of the subject
    /// (`ndp2022-01` in `platform/ndp2022-01/dn-a1`), or at the beginning of the case's id.
    pub words: Vec<Vec<String>>,
}

/// How many cases of a chart are in a stage.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, FromRow)]
pub struct StageCount {
    /// Name of the chart.
    pub chart: String,
    /// The stage; empty if the chart has none.
    pub stage: String,
    /// Whether these are at their end.
    pub done: bool,
    /// How many.
    pub cases: i64,
}

/// A case and the chart it runs under.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, FromRow)]
pub struct CaseOfChart {
    /// SHA-256 of the definition.
    pub chart_sha: String,
    /// Its name.
    pub chart: String,
    /// Its version.
    pub chart_version: i64,
    /// The case.
    pub case_id: String,
}

/// The cases after `after` whose last entry was stepped under other semantics than these, a page.
pub async fn of_other_semantics(
    store: &Store,
    semantics: i64,
    after: &str,
    limit: i64,
) -> Result<Vec<Head>, ReadError> {
    const SQL: &str = "
        SELECT c.* FROM cases c
        JOIN log l ON l.case_id = c.case_id AND l.revision = c.revision
        WHERE l.semantics <> $1 AND c.case_id > $2 ORDER BY c.case_id LIMIT $3";
    Ok(on!(store.reads(), |pool| {
        sqlx::query_as(SQL).bind(semantics).bind(after).bind(limit).fetch_all(pool).await
    })?)
}

/// The head of `case_id`, if there is such a case.
pub async fn find(store: &Store, case_id: &str) -> Result<Option<Head>, ReadError> {
    const SQL: &str = "SELECT * FROM cases WHERE case_id = $1";
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).bind(case_id).fetch_optional(pool).await)?)
}

/// The first `limit` heads after the id `after` (empty: from the start) that pass `filter`, in the
/// order of their ids.
pub async fn list(
    store: &Store,
    filter: &CaseFilter,
    after: &str,
    limit: i64,
) -> Result<Vec<Head>, ReadError> {
    const SQL: &str = concat!(
        "
        SELECT * FROM cases
        WHERE case_id > $1
            AND (CAST($2 AS text) IS NULL OR chart = $2)
            AND (CAST($3 AS text) IS NULL OR stage = $3)
            AND (CAST($4 AS text) IS NULL OR substr(subject, 1, length($4)) = $4)
            AND (CAST($5 AS text) IS NULL OR parent_id = $5)
            AND (CAST($6 AS boolean) IS NULL OR done <> $6)
            AND (CAST($8 AS bigint) = 0 OR EXISTS (
                SELECT 1 FROM jsonb_each($9) d WHERE ",
        bears_on!("d.value->>'scope'", "subject", "case_id"),
        "))
            AND (SELECT count(DISTINCT d.value->>'word') FROM jsonb_each($10) d
                WHERE substr(case_id, 1, length(d.value->>'form')) = d.value->>'form'
                    OR length(replace('/' || subject || '/', '/' || (d.value->>'form') || '/', ''))
                        < length(subject) + 2) = $11
        ORDER BY case_id
        LIMIT $7"
    );
    let scopes = filter.scopes.iter().flatten().map(|scope| Named { scope });
    let (narrow, scopes) = (i64::from(filter.scopes.is_some()), document(scopes)?);
    let forms = filter.words.iter().zip(0_i64..).flat_map(|(forms, word)| {
        forms.iter().filter(|form| !form.is_empty()).map(move |form| Form { word, form })
    });
    let (words, forms) = (i64::try_from(filter.words.len()).unwrap_or(i64::MAX), document(forms)?);
    Ok(on!(store.reads(), |pool| {
        sqlx::query_as(SQL)
            .bind(after)
            .bind(&filter.chart)
            .bind(&filter.stage)
            .bind(&filter.subject_prefix)
            .bind(&filter.parent_id)
            .bind(filter.open)
            .bind(limit)
            .bind(narrow)
            .bind(Json(&*scopes))
            .bind(Json(&*forms))
            .bind(words)
            .fetch_all(pool)
            .await
    })?)
}

#[derive(Serialize)]
struct Named<'a> {
    scope: &'a str,
}

#[derive(Serialize)]
struct Form<'a> {
    word: i64,
    form: &'a str,
}

/// The heads under `charts` (names) that have `text` somewhere in their snapshot, in the order of their ids:
/// those that may name a person. Whether they do, and as what, is for the chart to say.
pub async fn mentioning(
    store: &Store,
    charts: &[String],
    text: &str,
) -> Result<Vec<Head>, ReadError> {
    // One chart at a time, by the index that begins with it: asked for several at once, PostgreSQL reads the
    // snapshot of every case before it looks at its chart.
    const SQL: &str = "
        SELECT * FROM cases
        WHERE chart = $1 AND length(replace(snapshot, $2, '')) < length(snapshot)";
    let mut found: Vec<Head> = Vec::new();
    for chart in charts {
        found.extend(on!(store.reads(), |pool| {
            sqlx::query_as::<_, Head>(SQL).bind(chart).bind(text).fetch_all(pool).await
        })?);
    }
    found.sort_by(|one, other| one.case_id.cmp(&other.case_id));
    Ok(found)
}

/// The cases under `chart` (a name) that were opened from `from_ms` on and before `to_ms`, each with its revision, in
/// the order in which they were opened.
pub async fn opened_between(
    store: &Store,
    chart: &str,
    from_ms: i64,
    to_ms: i64,
) -> Result<Vec<(String, i64)>, ReadError> {
    const SQL: &str = "
        SELECT case_id, revision FROM cases
        WHERE chart = $1 AND opened_at_ms >= $2 AND opened_at_ms < $3
        ORDER BY opened_at_ms, case_id";
    Ok(on!(store.reads(), |pool| {
        sqlx::query_as(SQL).bind(chart).bind(from_ms).bind(to_ms).fetch_all(pool).await
    })?)
}

/// When the first case under `chart` (a name) was opened; `None` where there is none.
pub async fn first_opened(store: &Store, chart: &str) -> Result<Option<i64>, ReadError> {
    const SQL: &str = "SELECT MIN(opened_at_ms) FROM cases WHERE chart = $1";
    Ok(on!(store.reads(), |pool| sqlx::query_scalar(SQL).bind(chart).fetch_one(pool).await)?)
}

/// The first `limit` heads after the id `after` (empty: from the start), in the order of their ids.
pub async fn page(store: &Store, after: &str, limit: i64) -> Result<Vec<Head>, ReadError> {
    const SQL: &str = "SELECT * FROM cases WHERE case_id > $1 ORDER BY case_id LIMIT $2";
    Ok(on!(store.reads(), |pool| {
        sqlx::query_as(SQL).bind(after).bind(limit).fetch_all(pool).await
    })?)
}

/// How many cases there are of each chart and stage, open and ended apart.
pub async fn count_by_stage(store: &Store) -> Result<Vec<StageCount>, ReadError> {
    const SQL: &str = "
        SELECT chart, stage, done, count(*) AS cases FROM cases
        GROUP BY chart, stage, done
        ORDER BY chart, stage, done";
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).fetch_all(pool).await)?)
}

/// The open cases under charts that are not among `known` (hashes): a program that cannot load their
/// charts leaves them alone and names them. In the order of hashes and ids.
pub async fn open_under_other_charts(
    store: &Store,
    known: &[String],
) -> Result<Vec<CaseOfChart>, ReadError> {
    const SQL: &str = "
        SELECT chart_sha, chart, chart_version, case_id FROM cases
        WHERE NOT done AND chart_sha NOT IN (SELECT d.value->>'sha' FROM jsonb_each($1) d)
        ORDER BY chart_sha, case_id";
    let known = document(known.iter().map(|sha| Known { sha }))?;
    Ok(on!(store.reads(), |pool| sqlx::query_as(SQL).bind(Json(&*known)).fetch_all(pool).await)?)
}

/// The heads of `case_ids`, and the receipts under `keys` (case, key), in one statement; what is
/// absent is left out.
pub async fn heads_and_receipts(
    store: &Store,
    case_ids: &[String],
    keys: &[(String, String)],
) -> Result<(Vec<Head>, Vec<ReceiptRow>), ReadError> {
    const SQL: &str = "
        SELECT c.*, r.case_id AS receipt_case_id, r.key AS receipt_key,
            r.body_sha AS receipt_body_sha, r.revision AS receipt_revision,
            r.decision AS receipt_decision, r.answer AS receipt_answer,
            r.recorded_at_ms AS receipt_recorded_at_ms
        FROM jsonb_each($1) d
        LEFT JOIN cases c ON c.case_id = d.value->>'head'
        LEFT JOIN receipts r ON r.case_id = d.value->>'case_id' AND r.key = d.value->>'key'";
    let heads =
        case_ids.iter().map(|case_id| Wanted { head: Some(case_id), case_id: None, key: None });
    let keys = keys.iter().map(|(case_id, key)| Wanted {
        head: None,
        case_id: Some(case_id),
        key: Some(key),
    });
    let wanted = document(heads.chain(keys))?;
    let (mut heads, mut receipts) = (Vec::new(), Vec::new());
    on!(store.reads(), |pool| {
        for row in sqlx::query(SQL).bind(Json(&*wanted)).fetch_all(pool).await? {
            if row.try_get::<Option<&str>, _>("case_id")?.is_some() {
                heads.push(Head::from_row(&row)?);
            }
            if row.try_get::<Option<&str>, _>("receipt_case_id")?.is_some() {
                receipts.push(ReceiptRow {
                    case_id: row.try_get("receipt_case_id")?,
                    key: row.try_get("receipt_key")?,
                    body_sha: row.try_get("receipt_body_sha")?,
                    revision: row.try_get("receipt_revision")?,
                    decision: row.try_get("receipt_decision")?,
                    answer: row.try_get("receipt_answer")?,
                    recorded_at_ms: row.try_get("receipt_recorded_at_ms")?,
                });
            }
        }
    });
    Ok((heads, receipts))
}

/// The ids of the cases that were exported and removed.
pub async fn removed_ids(store: &Store) -> Result<BTreeSet<String>, ReadError> {
    const SQL: &str = "SELECT case_id FROM removed";
    let ids: Vec<String> =
        on!(store.reads(), |pool| sqlx::query_scalar(SQL).fetch_all(pool).await)?;
    Ok(ids.into_iter().collect())
}

#[derive(Serialize)]
struct Known<'a> {
    sha: &'a str,
}

#[derive(Serialize)]
struct Wanted<'a> {
    head: Option<&'a str>,
    case_id: Option<&'a str>,
    key: Option<&'a str>,
}
