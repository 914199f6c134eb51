//! The tests that cross crates, in one binary: see `support` for what they stand on.

mod cli;
mod letters;
mod tidy;
