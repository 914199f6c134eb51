//! The engine as it runs in the world: a process that is killed, frozen, rivalled, and watched as it
//! writes.
//!
//! Everything here runs the built `cotmoc`; this process only drives it, and looks at what is left.
//! A binary of its own, so that nothing else competes with what is measured in moments.

mod chance;
mod charts;
mod engine;
mod serving;

mod frozen;
mod kills;
mod record;
mod rest;
mod syncs;
