//! What the engine and its pages cost on this machine: steps in memory, durable commands, answers.

pub mod commit;
pub mod load;
pub mod pages;
pub mod place;
pub mod step;
