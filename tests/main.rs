//! The tests that cross crates, in one binary: see `support` for what they stand on.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by failing")]

mod cli;
mod letters;
mod tidy;
