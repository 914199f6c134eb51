//! Who uses the engine: the command line, the pages, the programme's people, letters and pictures.
//!
//! Reading order: [`cli`], then what its commands stand on.
//!
//! **Invariant:** nothing depends on this crate.

pub mod bench;
pub mod cli;
pub mod config;
pub mod draw;
mod facts;
mod fold;
pub mod letters;
pub mod mail;
pub mod people;
mod reports;
pub mod schedules;
pub mod simulate;
pub mod web;
