//! Heads of live cases in memory, so that a command need not read before it steps.
//!
//! A cached head is what this process committed or read last; another process may have moved the
//! case since. That costs a reload, never a wrong answer: the commit checks the revision (R13),
//! and a refusal is given only on a fresh head (R18).
//!
//! **Invariant:** a head enters the cache only after its commit; the bytes held stay under the
//! bound, whatever the number of cases.

use std::sync::Arc;

use chart::definition::Chart;
use chart::moment::Timestamp;
use chart::snapshot::{Snapshot, Timer};
use chart::waiting::Task;
use lru::LruCache;

/// What a cached head costs for each byte of its canonical snapshot, plus [`HEAD_BYTES`].
const BYTES_PER_TEXT_BYTE: usize = 4;
/// What a cached head costs besides its data.
const HEAD_BYTES: usize = 1_024;

/// A case as its last entry left it.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) chart: Arc<Chart>,
    pub(crate) snapshot: Snapshot,
    /// The hash of the last entry; the next one's `prev_hash`.
    pub(crate) hash: String,
    /// When the case was opened.
    pub(crate) opened_at: Timestamp,
    /// What the case waits for, as the tables hold it.
    pub(crate) tasks: Vec<Task>,
    pub(crate) timers: Vec<Timer>,
    /// Length of the canonical snapshot.
    pub(crate) text_bytes: usize,
}

/// Heads by case, least recently used out first.
#[derive(Debug)]
pub(crate) struct Cache {
    heads: LruCache<Arc<str>, Arc<Head>>,
    bytes: usize,
    bytes_max: usize,
}

impl Cache {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { heads: LruCache::unbounded(), bytes: 0, bytes_max }
    }

    pub(crate) fn find(&mut self, case_id: &str) -> Option<Arc<Head>> {
        self.heads.get(case_id).cloned()
    }

    pub(crate) fn put(&mut self, head: Arc<Head>) {
        self.bytes += cost(&head);
        let case_id = Arc::clone(&head.snapshot.case_id);
        if let Some(old) = self.heads.put(case_id, head) {
            self.bytes -= cost(&old);
        }
        while self.bytes > self.bytes_max {
            let Some((_, old)) = self.heads.pop_lru() else { break };
            self.bytes -= cost(&old);
        }
    }

    pub(crate) fn evict(&mut self, case_id: &str) {
        if let Some(old) = self.heads.pop(case_id) {
            self.bytes -= cost(&old);
        }
    }
}

fn cost(head: &Head) -> usize {
    HEAD_BYTES + BYTES_PER_TEXT_BYTE * head.text_bytes
}
