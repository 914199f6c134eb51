//! The store: log, heads, tasks, timers, messages and people, on `SQLite` and on PostgreSQL.

pub mod rows;
