//! What the engine costs on this machine: steps in memory, and durable commands.

pub mod commit;
pub mod load;
pub mod place;
pub mod step;
