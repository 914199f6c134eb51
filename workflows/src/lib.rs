//! What this product ships: calendars and charts as data.

pub mod calendars;
