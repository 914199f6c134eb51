//! Moments: milliseconds since the epoch, UTC, as every table and document stores them.
//!
//! **Invariant:** nothing here asks what time it is.

use serde::{Deserialize, Serialize};

/// A moment in milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The moment as milliseconds.
    pub fn as_ms(self) -> i64 {
        self.0
    }

    /// The moment `ms` later (earlier when negative); stays at the end of range rather than wrap.
    #[must_use]
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}
