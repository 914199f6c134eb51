//! When people work: at a few moments of each working day.
//!
//! The moments are the same for all, so that what happens at one of them shares commits; a virtual
//! year has some two thousand of them instead of one for each act.
//!
//! **Invariant:** nobody acts on a day that the calendar does not call working.

use chart::calendar::{Calendar, Clock, NoCalendar};
use chart::moment::Timestamp;

use super::draw::Draw;

/// The moments of a working day at which people act.
const MOMENTS: [(u8, u8); 6] = [(8, 30), (9, 40), (10, 50), (14, 0), (15, 10), (16, 20)];

/// A moment of work `days` working days after `from`: with 0 the same day if it still has one.
pub fn later(
    calendar: &Calendar,
    from: Timestamp,
    days: i64,
    draw: &mut Draw,
) -> Result<Timestamp, NoCalendar> {
    let today = calendar.local_date(from);
    let days = i32::try_from(days.clamp(0, 1_000)).unwrap_or(0);
    let mut date = if days == 0 && calendar.is_working(today)? {
        today
    } else {
        calendar.add_working_days(today, days.max(1))?
    };
    loop {
        let open: Vec<Timestamp> = MOMENTS
            .iter()
            .filter_map(|&(hour, minute)| Clock::new(hour, minute))
            .map(|clock| calendar.instant(date, clock))
            .filter(|&moment| moment > from)
            .collect();
        if let Some(moment) = draw.pick(&open) {
            return Ok(*moment);
        }
        date = calendar.add_working_days(date, 1)?;
    }
}
