//! The command line, by its binary: what it prints, what it refuses, and with which exit code.

mod acting;
mod desk;
mod help;
mod listing;
mod person;
mod sending;
mod serving;
mod suites;
mod token;
mod trouble;
