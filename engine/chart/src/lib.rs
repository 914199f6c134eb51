//! The pure heart: charts, calendars and the step that moves a case.
//!
//! Reading order is the order of the modules below. Nothing here reads a clock, a file, the
//! environment, the network or a random source; what is needed arrives as an argument.
//!
//! **Invariant:** equal arguments give equal answers, on every machine and in every year.

pub mod moment;

pub mod calendar;
pub mod canonical;
pub mod expr;
pub mod path;
pub mod schema;

pub mod definition;
pub mod spec;

pub mod build;
pub mod check;
pub mod load;
pub mod problem;

pub mod data;
pub mod effect;
pub mod event;
pub mod refusal;
pub mod snapshot;
pub mod stepped;

mod ask;
mod children;
mod clocks;
mod ending;
mod execute;
mod handing;
mod machine;
mod moves;
mod names;
mod select;
pub mod step;
pub mod urge;
mod written;

pub mod allowed;
pub mod entry;
pub mod frozen;
pub mod replay;
pub mod waiting;

pub use children::{DEPTH_MAX, SPAWNS_MAX};
pub use execute::{FOREACH_MAX, delay_ms};
pub use machine::MICROSTEPS_MAX;
