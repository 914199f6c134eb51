//! The pages, asked for as a browser asks: over the whole router, on a real database.
//!
//! **Invariant:** every route of the router is named in [`routes`], with who may ask for it.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod acting;
mod api_acting;
mod api_reading;
mod api_routes;
mod browser;
mod program;
mod routes;
mod seeing;
mod signing;
mod tokens;
