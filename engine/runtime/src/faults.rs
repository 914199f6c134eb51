//! What failed without a sender is told to the administrator (R23).
//!
//! A timer or a message that cannot be taken is put away as dead with its reason, the case stays open
//! to people, and one notice per failure goes to whoever is administrator; the row can be run again.
//!
//! **Invariant:** a failure is told once, however often its row is run again.

use chart::canonical;
use serde_json::json;
use store::notices;
use store::rows::NoticeRow;

use crate::shared::{RoundError, Shared};

/// The role that hears of failures; it is held on the ministry.
pub const ADMINISTRATOR: &str = "administrator";
/// The letter that tells of one.
pub const LETTER: &str = "failure";
/// The scope on which the administrator is looked up.
const SCOPE: &str = "ministry";

/// Tells the administrator that `item` of `case_id` (a timer's name, a message's key) has failed.
pub(crate) async fn tell(
    shared: &Shared,
    case_id: &str,
    item: &str,
    error: &str,
) -> Result<(), RoundError> {
    let now = shared.clock.now().as_ms();
    let notice = NoticeRow {
        id: canonical::uuid5("failure", &[json!(case_id), json!(item)]),
        case_id: case_id.to_owned(),
        revision: 0,
        ordinal: 0,
        role: ADMINISTRATOR.to_owned(),
        subject: SCOPE.to_owned(),
        letter: LETTER.to_owned(),
        item: item.to_owned(),
        rung: String::new(),
        due_at_ms: None,
        immediate: true,
        data: canonical::to_string(&json!({ "case_id": case_id, "error": error })),
        created_at_ms: now,
    };
    notices::put(&shared.store, &[notice]).await?;
    Ok(())
}
