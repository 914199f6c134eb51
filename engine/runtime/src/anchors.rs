//! Anchors: seals over the heads that moved, so that a cut tail or a vanished case shows (R8).
//!
//! A chain of hashes per case ends where somebody cuts it. An anchor names the heads that moved
//! since the anchor before and is hashed together with it; whoever has written the last anchor down
//! elsewhere can tell whether anything before it has changed.
//!
//! **Invariant:** an anchor is the SHA-256 of the canonical `[previous, [[case, revision, hash] …]]`
//! with its rows in the order of their cases; no moment and no process is in it.

use chart::canonical;
use chart::entry::FIRST;
use serde_json::{Value, json};
use store::anchors::{self, AnchorHead};
use store::leases;

use crate::engine::Runtime;
use crate::shared::{RoundError, Shared};

/// How long after an anchor the next one is taken, in milliseconds.
pub const EVERY_MS: i64 = 60 * 60 * 1_000;
/// The lease under which one process takes anchors.
const LEASE: &str = "anchors";
/// How long that lease holds, in milliseconds.
const LEASE_MS: i64 = 5 * 60 * 1_000;

/// The hash of an anchor after `previous` over `heads`, which are in the order of their cases.
pub fn hash(previous: &str, heads: &[AnchorHead]) -> String {
    let rows = heads.iter().map(|head| json!([head.case_id, head.revision, head.hash]));
    let document = json!([previous, rows.collect::<Vec<Value>>()]);
    canonical::sha256_hex(&canonical::to_string(&document))
}

impl Runtime {
    /// Takes an anchor now, over what moved since the last; its hash, or that of the last one where
    /// nothing moved. 64 zeros where there is nothing at all.
    pub async fn take_anchor(&self) -> Result<String, RoundError> {
        take(&self.shared).await
    }
}

async fn take(shared: &Shared) -> Result<String, RoundError> {
    let store = &shared.store;
    let last = anchors::last(store).await?;
    let (number, previous) = match &last {
        Some(last) => (last.anchor, last.hash.clone()),
        None => (0, FIRST.to_owned()),
    };
    let mut heads = anchors::moved(store).await?;
    if heads.is_empty() {
        return Ok(previous);
    }
    heads.sort_by(|one, other| one.case_id.cmp(&other.case_id));
    let hash = hash(&previous, &heads);
    let now = shared.clock.now().as_ms();
    anchors::append(store, number + 1, &previous, &hash, now, &heads).await?;
    Ok(hash)
}

/// Takes an anchor if the last one is an hour old and no other process is at it; whether it did.
pub(crate) async fn take_if_due(shared: &Shared) -> Result<bool, RoundError> {
    let now = shared.clock.now().as_ms();
    let last = anchors::last(&shared.store).await?;
    if last.is_some_and(|last| now < last.taken_at_ms.saturating_add(EVERY_MS)) {
        return Ok(false);
    }
    let until_ms = now.saturating_add(LEASE_MS);
    if !leases::take(&shared.store, LEASE, &shared.process, now, until_ms).await? {
        return Ok(false);
    }
    take(shared).await?;
    Ok(true)
}
