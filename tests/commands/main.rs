//! Commands through the whole engine, on both databases, on a clock that stands still.
//!
//! Each test is one async function over a [`desk::Place`], expanded to `sqlite::` and `postgres::`.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod desk;

mod checkpoints;
mod edges;
mod failures;
mod inbox;
mod leases;
mod personal;
mod races;
mod receipts;
mod roles;
mod schedules;
mod timers;
mod verify;
