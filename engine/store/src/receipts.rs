//! Answers already given. They are written by [`mod@crate::commit`] and kept as long as their case.

use crate::error::ReadError;
use crate::rows::ReceiptRow;
use crate::store::Store;

/// The receipt given for `key` in `case_id`, if there is one.
///
/// Sending a command again is harmless: its sender gets this answer and nothing is done twice.
pub async fn find(
    store: &Store,
    case_id: &str,
    key: &str,
) -> Result<Option<ReceiptRow>, ReadError> {
    const SQL: &str = "SELECT * FROM receipts WHERE case_id = $1 AND key = $2";
    Ok(on!(store.reads(), |pool| {
        sqlx::query_as(SQL).bind(case_id).bind(key).fetch_optional(pool).await
    })?)
}
