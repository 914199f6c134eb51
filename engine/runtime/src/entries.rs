//! Entries as rows of the log, and rows as entries.
//!
//! **Invariant:** [`entry_of`] gives back every hashed column of what [`row`] was given.

use chart::canonical;
use chart::entry::Entry;
use chart::event::{Event, Origin};
use chart::moment::Timestamp;
use chart::stepped::{EntryKind, Trace};
use serde_json::{Value, json};
use store::rows::EntryRow;

use crate::writes::number;

/// The row of an entry. The name of its event and its origin (`inbox:<child>` where a child sent it)
/// have columns of their own; [`entry_of`] puts them together again as they are hashed.
pub(crate) fn row(entry: Entry, event: &Event, trace: &[Trace]) -> EntryRow {
    let origin = origin_name(event.origin);
    let origin = match &event.child {
        Some(child) => format!("{origin}:{child}"),
        None => origin.to_owned(),
    };
    EntryRow {
        case_id: entry.case_id.as_ref().to_owned(),
        revision: number(entry.revision),
        kind: entry.kind.as_str().to_owned(),
        semantics: entry.semantics,
        recorded_at_ms: entry.recorded_at.as_ms(),
        chart_sha: entry.chart_sha.as_ref().to_owned(),
        calendar_sha: entry.calendar_sha,
        actor: entry.actor,
        event: event.name.as_ref().to_owned(),
        payload: entry.payload,
        origin,
        states: entry.states,
        data_sha: entry.data_sha,
        effects: entry.effects,
        terms: entry.terms,
        snapshot: (!entry.snapshot.is_empty()).then_some(entry.snapshot),
        trace: canonical::to_string(&Value::Array(trace.iter().map(trace_value).collect())),
        prev_hash: entry.prev_hash,
        hash: entry.hash,
    }
}

/// The entry that `row` holds; `None` where a column cannot be one of an entry.
pub(crate) fn entry_of(row: EntryRow) -> Option<Entry> {
    let (origin, child) = match row.origin.split_once(':') {
        Some((origin, child)) => (origin, Some(child)),
        None => (row.origin.as_str(), None),
    };
    let event = json!({ "name": row.event, "origin": origin, "child": child });
    Some(Entry {
        case_id: row.case_id.into(),
        revision: u64::try_from(row.revision).ok()?,
        kind: kind_named(&row.kind)?,
        semantics: row.semantics,
        recorded_at: Timestamp(row.recorded_at_ms),
        chart_sha: row.chart_sha.into(),
        calendar_sha: row.calendar_sha,
        actor: row.actor,
        event: canonical::to_string(&event),
        payload: row.payload,
        states: row.states,
        data_sha: row.data_sha,
        effects: row.effects,
        terms: row.terms,
        snapshot: row.snapshot.unwrap_or_default(),
        prev_hash: row.prev_hash,
        hash: row.hash,
    })
}

fn origin_name(origin: Origin) -> &'static str {
    match origin {
        Origin::Person => "person",
        Origin::Timer => "timer",
        Origin::Inbox => "inbox",
        Origin::Operator => "operator",
    }
}

fn kind_named(name: &str) -> Option<EntryKind> {
    use EntryKind::{Calendar, Checkpoint, Event, Ignored, Notice, Skipped};
    let kinds = [Event, Notice, Ignored, Skipped, Calendar, Checkpoint];
    kinds.into_iter().find(|kind| kind.as_str() == name)
}

fn trace_value(trace: &Trace) -> Value {
    match trace {
        Trace::Log { label, value } => json!({ "log": label, "value": value }),
        Trace::Exit(state) => json!({ "exit": state.as_ref() }),
        Trace::Enter(state) => json!({ "enter": state.as_ref() }),
        Trace::Error(error) => json!({ "error": error }),
    }
}
