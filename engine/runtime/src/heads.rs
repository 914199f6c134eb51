//! A head row read back into a [`Head`].
//!
//! **Invariant:** a head that does not read is named and stops its own case only.

use std::sync::Arc;

use chart::moment::Timestamp;
use chart::snapshot::Snapshot;
use chart::waiting;
use store::rows;

use crate::cache::Head;
use crate::command::SendError;
use crate::library::Library;

/// The head that `row` holds.
pub(crate) fn thaw(library: &Library, row: &rows::Head) -> Result<Head, SendError> {
    let chart = library.chart(&row.chart_sha)?;
    let corrupt = |why: String| SendError::Corrupt { case_id: row.case_id.clone(), why };
    let value = serde_json::from_str(&row.snapshot)
        .map_err(|error| corrupt(format!("its snapshot does not parse: {error}")))?;
    let snapshot = Snapshot::from_value(chart, &value)
        .map_err(|error| corrupt(format!("its snapshot does not fit its chart: {error}")))?;
    if snapshot.case_id.as_ref() != row.case_id
        || i64::try_from(snapshot.revision) != Ok(row.revision)
    {
        return Err(corrupt("its snapshot is of another case or revision".to_owned()));
    }
    Ok(Head {
        chart: Arc::clone(chart),
        hash: row.hash.clone(),
        opened_at: Timestamp(row.opened_at_ms),
        tasks: waiting::tasks(chart, &snapshot),
        timers: waiting::timers(chart, &snapshot),
        text_bytes: row.snapshot.len(),
        snapshot,
    })
}
