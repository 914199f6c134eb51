//! SCXML at the edge of the engine: read into a chart, written from one, tested by others' suites.
//!
//! The engine's semantics are those of SCXML's Appendix D; this crate is how that is held to:
//! [`suite`] runs documents that other people wrote, with the configurations they must reach.
//! Nothing of the product depends on it but the command `cotmoc scxml`.
//!
//! Reading order is the order of the modules below.
//!
//! **Invariant:** this crate decides nothing about how a chart moves; that is `chart::step` alone.

pub mod ecma;
pub mod read;
pub mod write;

pub mod suite;
