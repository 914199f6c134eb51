//! The durable loop: a command is stepped by the pure engine and written by the store, before
//! anybody hears of it.
//!
//! Reading order is the order of the modules below: first what a sender sees, then the way of a
//! command through the one writer, then what moves cases without a sender, then what holds it all
//! together. `docs/runtime.md` tells the same as a walk.
//!
//! **Invariant:** what a case does is decided in `chart`; what is durable is decided in `store`;
//! here is only when and in which order.

pub mod clock;
pub mod command;
pub mod roles;

mod cache;
mod entries;
mod heads;
pub mod library;
pub mod personal;
mod plan;
pub mod queue;
pub mod rehearse;
pub mod shared;
pub mod writer;
mod writes;

pub mod faults;
pub mod inbox;
pub mod outbox;
pub mod schedules;
pub mod timers;

pub mod anchors;
pub mod checkpoints;
pub mod engine;
pub mod people;
pub mod publishing;
pub mod serve;
pub mod verify;

pub use command::{ActorRef, Command, Opening, Receipt, SendError};
pub use engine::{Done, Runtime, Setup};
pub use shared::RoundError;
