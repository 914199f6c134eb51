//! The decision digest: what was decided in each case, without when it was delivered.
//!
//! For each case, in the order of their ids, the list of (event, actor, SHA-256 of the payload,
//! configuration) of its entries that are events; SHA-256 over all of it.
//!
//! **Invariant:** no moment, sequence number or transaction is in it.

use chart::canonical::sha256_hex;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use store::Store;
use store::error::ReadError;

/// How many entries are read at a time.
const PAGE: i64 = 500;

/// The digest of everything in `store`.
pub async fn digest(store: &Store) -> Result<String, ReadError> {
    let mut hash = Sha256::new();
    let (mut case_id, mut revision) = (String::new(), 0);
    loop {
        let page = store::log::page(store, &case_id, revision, PAGE).await?;
        let Some(last) = page.last() else { break };
        (case_id, revision) = (last.entry.case_id.clone(), last.entry.revision);
        for stored in &page {
            let entry = &stored.entry;
            if entry.kind == "event" {
                let payload = sha256_hex(&entry.payload);
                let decided =
                    json!([entry.case_id, entry.event, entry.actor, payload, entry.states]);
                hash.update(decided.to_string().as_bytes());
                hash.update(b"\n");
            }
        }
    }
    let bytes: [u8; 32] = hash.finalize().into();
    Ok(bytes.iter().fold(String::new(), |mut hex, byte| {
        hex.push_str(&format!("{byte:02x}"));
        hex
    }))
}
