//! Dates, terms and periods as a letter says them, in Vietnamese and in English.

use chart::calendar::{Calendar, Clock, date_en, date_vi, moment_en, moment_vi};
use chart::definition::Text;
use chart::moment::Timestamp;
use chrono::NaiveDate;
use serde_json::Value;

/// The last day on which `due_at`, an exclusive moment, is still kept.
pub(crate) fn due_date(due_at: Timestamp, calendar: &Calendar) -> NaiveDate {
    calendar.local_date(due_at.plus_ms(-1))
}

/// Weekday and date of a due moment; its hour too where it is not the end of the day.
pub(crate) fn due_text(due_at: Timestamp, calendar: &Calendar, lang: &str) -> String {
    let date = due_date(due_at, calendar);
    let clock = calendar.local_clock(due_at);
    match (lang, clock == Clock::MIDNIGHT) {
        ("en", true) => date_en(date),
        ("en", false) => moment_en(date, clock),
        (_, true) => date_vi(date),
        (_, false) => moment_vi(date, clock),
    }
}

/// How many working days are left on `today`, in words; empty where the calendar lacks the year.
pub(crate) fn days_left(
    due_at: Timestamp,
    today: NaiveDate,
    calendar: &Calendar,
    lang: &str,
) -> String {
    let due = due_date(due_at, calendar);
    let Ok(days) = calendar.working_days_between(today, due) else { return String::new() };
    let count = days.unsigned_abs();
    let plural = if count == 1 { "" } else { "s" };
    match (lang, due.cmp(&today)) {
        ("en", std::cmp::Ordering::Equal) => "due today".to_owned(),
        ("en", std::cmp::Ordering::Greater) => format!("{count} working day{plural} left"),
        ("en", std::cmp::Ordering::Less) if count == 0 => "overdue".to_owned(),
        ("en", std::cmp::Ordering::Less) => format!("{count} working day{plural} overdue"),
        (_, std::cmp::Ordering::Equal) => "đến hạn hôm nay".to_owned(),
        (_, std::cmp::Ordering::Greater) => format!("còn {count} ngày làm việc"),
        (_, std::cmp::Ordering::Less) if count == 0 => "đã quá hạn".to_owned(),
        (_, std::cmp::Ordering::Less) => format!("quá hạn {count} ngày làm việc"),
    }
}

/// The period of a report or the year of a plan, as its data name it (`2022-11`, `2022-Q4`).
pub(crate) fn period(data: &Value) -> Option<Text> {
    if let Some(year) = data["year"].as_i64() {
        return Some(both(&format!("năm {year}"), &year.to_string()));
    }
    let period = data["period"].as_str().filter(|period| !period.is_empty())?;
    Some(match period.split_once('-') {
        None => both(&format!("năm {period}"), period),
        Some((year, "H1")) => {
            both(&format!("6 tháng đầu năm {year}"), &format!("first half {year}"))
        }
        Some((year, "H2")) => {
            both(&format!("6 tháng cuối năm {year}"), &format!("second half {year}"))
        }
        Some((year, part)) => match part.strip_prefix('Q') {
            Some(quarter) => {
                both(&format!("quý {quarter}/{year}"), &format!("quarter {quarter} of {year}"))
            }
            None => both(&format!("tháng {part}/{year}"), &format!("{year}-{part}")),
        },
    })
}

/// A text in both languages.
pub(crate) fn both(vi: &str, en: &str) -> Text {
    Text { vi: vi.to_owned(), en: en.to_owned() }
}

/// What is said of a role that nobody holds.
pub(crate) fn unheld(role: &Text) -> Text {
    both(
        &format!("chưa có người giữ vai trò “{}”", role.get("vi")),
        &format!("nobody holds the role “{}”", role.get("en")),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_left_is_counted_in_working_days() {
        let calendar = workflows::calendars::calendar();
        let day = |day| NaiveDate::from_ymd_opt(2022, 11, day).unwrap();
        let due = calendar.instant(day(25), Clock::END_OF_DAY);
        for (today, vi, en) in [
            (18, "còn 5 ngày làm việc", "5 working days left"),
            (24, "còn 1 ngày làm việc", "1 working day left"),
            (25, "đến hạn hôm nay", "due today"),
            (26, "đã quá hạn", "overdue"),
            (28, "quá hạn 1 ngày làm việc", "1 working day overdue"),
            (30, "quá hạn 3 ngày làm việc", "3 working days overdue"),
        ] {
            assert_eq!(days_left(due, day(today), &calendar, "vi"), vi, "{today}");
            assert_eq!(days_left(due, day(today), &calendar, "en"), en, "{today}");
        }
        assert_eq!(due_text(due, &calendar, "vi"), "thứ Sáu 25/11/2022");
        assert_eq!(due_text(due, &calendar, "en"), "Friday 25 November 2022");
        let early = calendar.instant(day(25), Clock::new(17, 0).unwrap());
        assert_eq!(due_text(early, &calendar, "vi"), "17:00 thứ Sáu 25/11/2022");
    }

    #[test]
    fn a_period_is_called_by_its_name() {
        for (data, vi) in [
            (json!({ "period": "2022-11" }), "tháng 11/2022"),
            (json!({ "period": "2022-Q4" }), "quý 4/2022"),
            (json!({ "period": "2022-H2" }), "6 tháng cuối năm 2022"),
            (json!({ "period": "2022" }), "năm 2022"),
            (json!({ "year": 2023 }), "năm 2023"),
        ] {
            assert_eq!(period(&data).unwrap().vi, vi);
        }
        assert_eq!(period(&json!({ "period": "" })), None);
    }
}
