//! What tests stand on: a real PostgreSQL, a real SMTP server, the built binary, free ports.
//!
//! Nothing here is an imitation. What is missing on the machine makes the test fail with words that
//! say how to mend it; no test is ever skipped. Servers end with the test process, however it ends,
//! because they run only while their standard input is open.
//!
//! Any crate may have this one among its dev-dependencies (`support.workspace = true`).
//!
//! **Invariant:** no crate of this workspace is named here, so there is no circle.

pub mod binary;
pub mod port;
pub mod postgres;
pub mod smtp;
