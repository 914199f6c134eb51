//! Letters from the notice to a real mail server and back, decoded by another implementation.

mod builders;
mod delivery;
mod gathering;
mod office;
