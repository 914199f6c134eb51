//! A batch as `SQLite` reads it: one string from `BEGIN IMMEDIATE` to `COMMIT`, its rows bound.
//!
//! Each statement has a number of slots for rows, a power of two, so that a few strings serve every
//! batch and stay prepared; slots that are not needed hold NULL and are passed over. A batch with more
//! rows than the largest string holds runs each statement as often as it takes. What most commands
//! have no rows for arrives as documents (`statements::SELDOM`).
//!
//! Reading order: [`text`], then [`Batch::of`], then the binding of each row.
//!
//! **Invariant:** the values are bound in the order in which the string asks for them, and none holds
//! NUL, which PostgreSQL could not keep.

use std::sync::OnceLock;

use sqlx::query::QueryScalar;
use sqlx::sqlite::SqliteArguments;
use sqlx::types::Json;
use sqlx::{Arguments, AssertSqlSafe, Encode, Sqlite, SqliteConnection, Type};

use crate::batch::{Documents, holds_nul};
use crate::rows::{EntryRow, Head, ReceiptRow, TaskRow, TimerRow, Write};
use crate::statements::{
    self, Bound, ENTRIES, HEADS, RECEIPTS, TASKS_DROP, TASKS_PUT, TIMERS_DROP, TIMERS_PUT,
};

/// The most slots of a statement: `SQLite` takes 32,766 values at once, a row has up to 19.
const SLOTS_MAX: usize = 256;
/// Strings there are: for 1, 2, 4 … 256 slots.
const SIZES: usize = SLOTS_MAX.ilog2() as usize + 1;
/// Columns of a guard: case, expected revision, key.
const GUARD: usize = 3;

/// Runs the batch in a transaction of its own; the ids of the accepted cases.
///
/// Must be read to its end (`fetch_all`): a reader that stops at the first row stops before `COMMIT`.
pub(crate) async fn run(
    connection: &mut SqliteConnection,
    batch: &Batch,
) -> Result<Vec<String>, sqlx::Error> {
    static TEXTS: [OnceLock<String>; SIZES] = [const { OnceLock::new() }; SIZES];
    let Batch { slots, repeats, arguments } = batch;
    let arguments = arguments.clone();
    if *repeats > 1 {
        // Made of constants and counts only; rare, so it is not kept prepared.
        let text = AssertSqlSafe(text(*slots, *repeats));
        return ids(sqlx::query_scalar_with(text, arguments).persistent(false), connection).await;
    }
    let text = TEXTS[slots.ilog2() as usize].get_or_init(|| text(*slots, 1));
    ids(sqlx::query_scalar_with(text.as_str(), arguments), connection).await
}

/// The one row of `query`, a list of ids.
async fn ids(query: Query, connection: &mut SqliteConnection) -> Result<Vec<String>, sqlx::Error> {
    let rows: Vec<Json<Vec<String>>> = query.fetch_all(connection).await?;
    Ok(rows.into_iter().next().map(|Json(ids)| ids).unwrap_or_default())
}

type Query = QueryScalar<'static, Sqlite, Json<Vec<String>>, SqliteArguments>;

/// The string for so many slots, each statement that often.
fn text(slots: usize, repeats: usize) -> String {
    let mut text = "BEGIN IMMEDIATE;\n".to_owned();
    let first =
        1 + slots * repeats * (GUARD + TABLES.iter().map(|table| table.width).sum::<usize>());
    let gone = numbered(statements::GONE, first);
    for _ in 0..repeats {
        text.push_str("INSERT INTO accepted (case_id) SELECT d.column1 FROM ");
        values(&mut text, GUARD, slots);
        text.extend([
            " d WHERE d.column1 IS NOT NULL
            AND COALESCE((SELECT c.revision FROM cases c WHERE c.case_id = d.column1), 0) = d.column2
            AND (d.column2 > 0
                OR NOT EXISTS (SELECT 1 FROM removed r WHERE r.case_id = d.column1))
            AND NOT EXISTS (SELECT 1 FROM receipts r
                WHERE r.case_id = d.column1 AND r.key = d.column3)
            AND d.column1 NOT IN (",
            &gone,
            ");\n",
        ]);
    }
    for Bound { before, after, width } in TABLES {
        for _ in 0..repeats {
            text.push_str(before);
            for column in 1..=width {
                text.push_str(if column == 1 { "d.column" } else { ", d.column" });
                text.push_str(&column.to_string());
            }
            text.push_str(" FROM ");
            values(&mut text, width, slots);
            text.extend([" d CROSS JOIN accepted a WHERE a.case_id = d.column1 ", after, ";\n"]);
        }
    }
    text.push_str(&numbered(statements::SELDOM, first));
    // One row, because each is handed from thread to thread.
    text.push_str("SELECT json_group_array(case_id) FROM accepted;\nDELETE FROM accepted;\nCOMMIT");
    text
}

/// In the order of their values.
const TABLES: [Bound; 7] =
    [ENTRIES, TASKS_DROP, TASKS_PUT, TIMERS_DROP, TIMERS_PUT, RECEIPTS, HEADS];

/// `(VALUES (?,?),(?,?))`.
fn values(text: &mut String, width: usize, slots: usize) {
    for slot in 0..slots {
        text.push_str(if slot == 0 { "(VALUES (" } else { "),(" });
        for column in 0..width {
            text.push_str(if column == 0 { "?" } else { ",?" });
        }
    }
    text.push_str("))");
}

/// `statement` with the numbers of its documents counted on from `first`, the first free one.
fn numbered(statement: &str, first: usize) -> String {
    let mut parts = statement.split('$');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        let place = Documents::SELDOM.iter().position(|number| *number == &part[..end]);
        // INVARIANT: these statements read no other document; the first commit of any test shows it.
        let number = first + place.expect("a document that is sent to SQLite");
        text.extend(["$", &number.to_string(), &part[end..]]);
    }
    text
}

/// A batch, bound.
#[derive(Debug)]
pub(crate) struct Batch {
    slots: usize,
    repeats: usize,
    arguments: SqliteArguments,
}

impl Batch {
    /// The values of `writes`; an error if a text of theirs holds NUL.
    pub(crate) fn of(writes: &[Write]) -> Result<Self, sqlx::Error> {
        let most = |count: fn(&Write) -> usize| writes.iter().map(count).sum::<usize>();
        let counts = [
            most(|write| write.entries.len()),
            most(|write| write.tasks_drop.len()),
            most(|write| write.tasks_put.len()),
            most(|write| write.timers_drop.len()),
            most(|write| write.timers_put.len()),
        ];
        let rows = counts.into_iter().max().unwrap_or(0).max(writes.len()).max(1);
        let slots = rows.next_power_of_two().min(SLOTS_MAX);
        let repeats = rows.div_ceil(slots);
        let mut values = Values { arguments: SqliteArguments::default(), slots: slots * repeats };
        values.rows(GUARD, writes.iter(), |values, write| {
            values.text(&write.case_id)?;
            values.add(write.expected_revision)?;
            values.perhaps(write.receipt.as_ref().map(|receipt| receipt.key.as_str()))
        })?;
        let entries = writes.iter().flat_map(|write| &write.entries);
        values.rows(ENTRIES.width, entries, Values::entry)?;
        let over =
            writes.iter().flat_map(|write| write.tasks_drop.iter().map(move |key| (write, key)));
        values.rows(TASKS_DROP.width, over, |values, (write, (state, generation, element))| {
            values.text(&write.case_id)?;
            values.text(state)?;
            values.add(generation)?;
            values.text(element)
        })?;
        let tasks = writes.iter().flat_map(|write| &write.tasks_put);
        values.rows(TASKS_PUT.width, tasks, Values::task)?;
        let over =
            writes.iter().flat_map(|write| write.timers_drop.iter().map(move |key| (write, key)));
        values.rows(TIMERS_DROP.width, over, |values, (write, (name, generation))| {
            values.text(&write.case_id)?;
            values.text(name)?;
            values.add(generation)
        })?;
        let timers = writes.iter().flat_map(|write| &write.timers_put);
        values.rows(TIMERS_PUT.width, timers, Values::timer)?;
        let receipts = writes.iter().filter_map(|write| write.receipt.as_ref());
        values.rows(RECEIPTS.width, receipts, Values::receipt)?;
        values.rows(HEADS.width, writes.iter().map(|write| &write.head), Values::head)?;
        for document in Documents::seldom(writes)? {
            values.add(document.get())?;
        }
        Ok(Self { slots, repeats, arguments: values.arguments })
    }
}

struct Values {
    arguments: SqliteArguments,
    slots: usize,
}

impl Values {
    /// Binds `rows` and leaves the slots after them empty.
    fn rows<T>(
        &mut self,
        width: usize,
        rows: impl Iterator<Item = T>,
        bind: impl Fn(&mut Self, T) -> Result<(), sqlx::Error>,
    ) -> Result<(), sqlx::Error> {
        let end = self.arguments.len() + width * self.slots;
        for row in rows {
            bind(self, row)?;
        }
        while self.arguments.len() < end {
            self.add(None::<i64>)?;
        }
        Ok(())
    }

    fn add<'t, T: Encode<'t, Sqlite> + Type<Sqlite>>(
        &mut self,
        value: T,
    ) -> Result<(), sqlx::Error> {
        self.arguments.add(value).map_err(sqlx::Error::Encode)
    }

    fn text(&mut self, text: &str) -> Result<(), sqlx::Error> {
        if text.contains('\0') {
            return Err(holds_nul());
        }
        self.add(text)
    }

    fn perhaps(&mut self, text: Option<&str>) -> Result<(), sqlx::Error> {
        match text {
            Some(text) => self.text(text),
            None => self.add(None::<i64>),
        }
    }

    fn entry(&mut self, row: &EntryRow) -> Result<(), sqlx::Error> {
        self.text(&row.case_id)?;
        self.add(row.revision)?;
        self.text(&row.kind)?;
        self.add(row.semantics)?;
        self.add(row.recorded_at_ms)?;
        for text in [
            &row.chart_sha,
            &row.calendar_sha,
            &row.actor,
            &row.event,
            &row.payload,
            &row.origin,
            &row.states,
            &row.data_sha,
            &row.effects,
            &row.terms,
        ] {
            self.text(text)?;
        }
        self.perhaps(row.snapshot.as_deref())?;
        self.text(&row.trace)?;
        self.text(&row.prev_hash)?;
        self.text(&row.hash)
    }

    fn task(&mut self, row: &TaskRow) -> Result<(), sqlx::Error> {
        self.text(&row.case_id)?;
        self.text(&row.state)?;
        self.add(row.generation)?;
        self.text(&row.element)?;
        self.text(&row.role)?;
        self.text(&row.subject)?;
        self.text(&row.title)?;
        self.add(row.opened_at_ms)?;
        self.add(row.due_at_ms)?;
        self.perhaps(row.due_date.as_deref())
    }

    fn timer(&mut self, row: &TimerRow) -> Result<(), sqlx::Error> {
        self.text(&row.case_id)?;
        self.text(&row.name)?;
        self.add(row.generation)?;
        self.add(row.due_at_ms)
    }

    fn receipt(&mut self, row: &ReceiptRow) -> Result<(), sqlx::Error> {
        self.text(&row.case_id)?;
        self.text(&row.key)?;
        self.text(&row.body_sha)?;
        self.add(row.revision)?;
        self.add(row.decision)?;
        self.text(&row.answer)?;
        self.add(row.recorded_at_ms)
    }

    fn head(&mut self, row: &Head) -> Result<(), sqlx::Error> {
        self.text(&row.case_id)?;
        self.text(&row.chart)?;
        self.add(row.chart_version)?;
        self.text(&row.chart_sha)?;
        self.text(&row.subject)?;
        self.perhaps(row.parent_id.as_deref())?;
        self.add(row.revision)?;
        self.add(row.decision)?;
        for text in [&row.stage, &row.states, &row.snapshot, &row.hash] {
            self.text(text)?;
        }
        self.add(row.opened_at_ms)?;
        self.add(row.recorded_at_ms)?;
        self.add(row.done)?;
        self.text(&row.retention_class)
    }
}

#[cfg(test)]
mod tests {
    use super::{SLOTS_MAX, TABLES, numbered, text};

    #[test]
    fn documents_are_counted_on_behind_the_bound_values() {
        assert_eq!(numbered("a $10, $7) b $12", 41), "a $44, $41) b $45");
    }

    #[test]
    fn a_row_has_as_many_values_as_its_table_names_columns() {
        for table in TABLES {
            let names = table.before.split(['(', ')']).nth(1).unwrap_or_default();
            let epoch = usize::from(names.starts_with("epoch"));
            assert_eq!(names.split(',').count(), table.width + epoch, "{names}");
        }
    }

    #[test]
    fn the_largest_string_stays_below_what_a_statement_may_bind() {
        let text = text(SLOTS_MAX, 2);
        let most = text.split(';').map(|one| one.matches('?').count()).max();
        assert!(most <= Some(32_766), "{most:?}");
        assert_eq!(text.matches("INSERT INTO log").count(), 2);
    }
}
