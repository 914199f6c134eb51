//! The calendars this product ships, as data in `workflows/calendars/`.
//!
//! **Invariant:** a released version keeps its hash; other working days are another version, which
//! `docs/calendar.md` tells how to make.

use std::sync::{Arc, LazyLock};

use chart::calendar::{Calendar, CalendarError};

/// The text of the calendar of the state bodies of Viet Nam, with reasons and sources.
pub const VN_STATE: &str = include_str!("../calendars/vn-state.json");

/// The calendar of the state bodies of Viet Nam, read once for the whole program.
pub fn calendar() -> Arc<Calendar> {
    static STATE: LazyLock<Arc<Calendar>> = LazyLock::new(|| {
        let read: Result<Calendar, CalendarError> = Calendar::parse(VN_STATE);
        Arc::new(read.expect("a test reads the shipped calendar"))
    });
    Arc::clone(&STATE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_calendar_is_read_once_and_named_for_its_file() {
        assert_eq!(calendar().name(), "vn-state");
        assert!(Arc::ptr_eq(&calendar(), &calendar()));
        assert_eq!(Calendar::parse(VN_STATE).unwrap(), *calendar());
    }
}
