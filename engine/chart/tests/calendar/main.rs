//! The calendar of the state bodies of Viet Nam, the rules, and the laws both must obey.

mod data;
mod due;
mod laws;
mod mistakes;
mod stop;

use std::sync::LazyLock;

use chart::calendar::{Calendar, parse_moment};
use chart::moment::Timestamp;
use chrono::NaiveDate;

/// The calendar this product ships.
static STATE: LazyLock<Calendar> = LazyLock::new(|| {
    Calendar::parse(include_str!("../../../../workflows/calendars/vn-state.json"))
        .expect("the shipped calendar is well formed")
});

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a test writes its dates well")
}

fn moment(text: &str) -> Timestamp {
    parse_moment(text, &STATE).expect("a test writes its moments well")
}
