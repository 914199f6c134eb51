//! Measurements of the real engine, as commands: figures for people, never asserts.
//!
//! **Invariant:** nothing here is run by a test; a noisy machine must not make a gate fail.

pub mod step;
