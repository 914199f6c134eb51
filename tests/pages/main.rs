//! The pages, asked for as a browser asks: over the whole router, on a real database.
//!
//! **Invariant:** every route of the router is named in [`routes`], with who may ask for it.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod acting;
mod administering;
mod api_acting;
mod api_reading;
mod api_routes;
mod boards;
mod browser;
mod drafting;
mod program;
mod receipts;
mod routes;
mod seeing;
mod sheets;
mod signing;
mod tokens;
mod urging;
mod words;
