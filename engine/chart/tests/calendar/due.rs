//! Rules and due dates, as tables.

use chart::calendar::{Due, Offset, Rule, due, parse_moment};

use super::{STATE, day, moment};

fn rule(text: &str) -> Rule {
    text.parse().expect("a test writes its rules well")
}

fn found(text: &str, from: &str) -> Due {
    due(&rule(text), moment(from), &STATE).expect("a due date within the years of the calendar")
}

/// The weekday of the 25th, the 25th, and the day it may still be sent on: by hand from the
/// weekday and the days off, not from the program.
const TWENTY_FIFTHS: [(&str, &str, &str); 72] = [
    ("Mon", "2021-01-25", "2021-01-25"),
    ("Thu", "2021-02-25", "2021-02-25"),
    ("Thu", "2021-03-25", "2021-03-25"),
    ("Sun", "2021-04-25", "2021-04-26"),
    ("Tue", "2021-05-25", "2021-05-25"),
    ("Fri", "2021-06-25", "2021-06-25"),
    ("Sun", "2021-07-25", "2021-07-26"),
    ("Wed", "2021-08-25", "2021-08-25"),
    ("Sat", "2021-09-25", "2021-09-27"),
    ("Mon", "2021-10-25", "2021-10-25"),
    ("Thu", "2021-11-25", "2021-11-25"),
    ("Sat", "2021-12-25", "2021-12-27"),
    ("Tue", "2022-01-25", "2022-01-25"),
    ("Fri", "2022-02-25", "2022-02-25"),
    ("Fri", "2022-03-25", "2022-03-25"),
    ("Mon", "2022-04-25", "2022-04-25"),
    ("Wed", "2022-05-25", "2022-05-25"),
    ("Sat", "2022-06-25", "2022-06-27"),
    ("Mon", "2022-07-25", "2022-07-25"),
    ("Thu", "2022-08-25", "2022-08-25"),
    ("Sun", "2022-09-25", "2022-09-26"),
    ("Tue", "2022-10-25", "2022-10-25"),
    ("Fri", "2022-11-25", "2022-11-25"),
    ("Sun", "2022-12-25", "2022-12-26"),
    ("Wed", "2023-01-25", "2023-01-27"),
    ("Sat", "2023-02-25", "2023-02-27"),
    ("Sat", "2023-03-25", "2023-03-27"),
    ("Tue", "2023-04-25", "2023-04-25"),
    ("Thu", "2023-05-25", "2023-05-25"),
    ("Sun", "2023-06-25", "2023-06-26"),
    ("Tue", "2023-07-25", "2023-07-25"),
    ("Fri", "2023-08-25", "2023-08-25"),
    ("Mon", "2023-09-25", "2023-09-25"),
    ("Wed", "2023-10-25", "2023-10-25"),
    ("Sat", "2023-11-25", "2023-11-27"),
    ("Mon", "2023-12-25", "2023-12-25"),
    ("Thu", "2024-01-25", "2024-01-25"),
    ("Sun", "2024-02-25", "2024-02-26"),
    ("Mon", "2024-03-25", "2024-03-25"),
    ("Thu", "2024-04-25", "2024-04-25"),
    ("Sat", "2024-05-25", "2024-05-27"),
    ("Tue", "2024-06-25", "2024-06-25"),
    ("Thu", "2024-07-25", "2024-07-25"),
    ("Sun", "2024-08-25", "2024-08-26"),
    ("Wed", "2024-09-25", "2024-09-25"),
    ("Fri", "2024-10-25", "2024-10-25"),
    ("Mon", "2024-11-25", "2024-11-25"),
    ("Wed", "2024-12-25", "2024-12-25"),
    ("Sat", "2025-01-25", "2025-02-03"),
    ("Tue", "2025-02-25", "2025-02-25"),
    ("Tue", "2025-03-25", "2025-03-25"),
    ("Fri", "2025-04-25", "2025-04-25"),
    ("Sun", "2025-05-25", "2025-05-26"),
    ("Wed", "2025-06-25", "2025-06-25"),
    ("Fri", "2025-07-25", "2025-07-25"),
    ("Mon", "2025-08-25", "2025-08-25"),
    ("Thu", "2025-09-25", "2025-09-25"),
    ("Sat", "2025-10-25", "2025-10-27"),
    ("Tue", "2025-11-25", "2025-11-25"),
    ("Thu", "2025-12-25", "2025-12-25"),
    ("Sun", "2026-01-25", "2026-01-26"),
    ("Wed", "2026-02-25", "2026-02-25"),
    ("Wed", "2026-03-25", "2026-03-25"),
    ("Sat", "2026-04-25", "2026-04-28"),
    ("Mon", "2026-05-25", "2026-05-25"),
    ("Thu", "2026-06-25", "2026-06-25"),
    ("Sat", "2026-07-25", "2026-07-27"),
    ("Tue", "2026-08-25", "2026-08-25"),
    ("Fri", "2026-09-25", "2026-09-25"),
    ("Sun", "2026-10-25", "2026-10-26"),
    ("Wed", "2026-11-25", "2026-11-25"),
    ("Fri", "2026-12-25", "2026-12-25"),
];

#[test]
fn the_25th_of_each_month_over_six_years() {
    for (weekday, nominal, effective) in TWENTY_FIFTHS {
        assert_eq!(day(nominal).format("%a").to_string(), weekday, "{nominal}");
        let due = found("day 25", &format!("{}-15", &nominal[..7]));
        assert_eq!(
            (due.nominal(), due.effective()),
            (format!("nominal {nominal} 24:00"), format!("effective {effective} 24:00"))
        );
        let next = day(effective).succ_opt().expect("a day follows");
        assert_eq!(due.effective_at(), moment(&next.to_string()), "{nominal} ends with its day");
    }
}

#[test]
fn rules_find_their_days() {
    let rows = [
        // The first day is not counted.
        ("after 1 working_days", "2025-01-24T23:59:00+07:00", "2025-02-03", "2025-02-03 24:00"),
        ("after 10 working_days", "2025-04-18", "2025-05-06", "2025-05-06 24:00"),
        ("after 10 working_days at 17:00", "2025-04-18", "2025-05-06", "2025-05-06 17:00"),
        // A Saturday worked instead of a Friday counts, the Friday does not.
        ("after 1 working_days", "2025-04-25", "2025-04-26", "2025-04-26 24:00"),
        ("after 2 working_days", "2026-01-08", "2026-01-10", "2026-01-10 24:00"),
        // Days and months roll.
        ("after 3 days", "2026-04-23", "2026-04-26", "2026-04-28 24:00"),
        ("after 3 days roll backward", "2026-04-23", "2026-04-26", "2026-04-24 24:00"),
        ("after 3 days roll none", "2026-04-23", "2026-04-26", "2026-04-26 24:00"),
        ("after 1 months", "2025-01-31", "2025-02-28", "2025-02-28 24:00"),
        ("after 1 months", "2024-01-31", "2024-02-29", "2024-02-29 24:00"),
        ("after 12 months", "2024-02-29", "2025-02-28", "2025-02-28 24:00"),
        // The day itself still counts until its moment has come.
        ("day 25", "2022-11-25", "2022-11-25", "2022-11-25 24:00"),
        ("day 25 at 17:00", "2022-11-25T16:59:59+07:00", "2022-11-25", "2022-11-25 17:00"),
        ("day 25 at 17:00", "2022-11-25T17:00:00+07:00", "2022-12-25", "2022-12-26 17:00"),
        ("day 25", "2022-11-26", "2022-12-25", "2022-12-26 24:00"),
        ("day 25", "2022-12-26", "2023-01-25", "2023-01-27 24:00"),
        // A day beyond the month is its last day.
        ("day 31", "2023-02-01", "2023-02-28", "2023-02-28 24:00"),
        ("day 30", "2024-02-29", "2024-02-29", "2024-02-29 24:00"),
        // The local date decides: 18:00 UTC is the next day in Viet Nam.
        ("day 25", "2022-11-25T18:00:00Z", "2022-12-25", "2022-12-26 24:00"),
        // The enterprise's date rolls backward, so it never passes the focal unit's.
        ("day 20 roll backward", "2022-11-15", "2022-11-20", "2022-11-18 24:00"),
        // Never before it began: on a Sunday the Friday before is over.
        ("day 20 roll backward", "2022-11-20", "2022-12-20", "2022-12-20 24:00"),
        ("after 1 days roll backward", "2022-11-19", "2022-11-20", "2022-11-21 24:00"),
        // Without rolling no calendar is needed.
        ("after 10 days roll none", "1999-12-31", "2000-01-10", "2000-01-10 24:00"),
    ];
    for (text, from, nominal, effective) in rows {
        let due = found(text, from);
        let shown = format!("{} {}", due.effective_date, due.at);
        assert_eq!((due.nominal_date, shown.as_str()), (day(nominal), effective), "{text} {from}");
    }
}

#[test]
fn a_term_that_reaches_a_year_without_data_is_refused_by_name() {
    let rows = [
        ("after 10 working_days", "2027-12-25", "for 2028"),
        ("day 31", "2028-01-01", "for 2028"),
        ("after 100 working_days", "2019-12-31", "for 2019"),
        ("after 120 months", "2025-01-01", "for 2035"),
        ("after 4000 days roll none", "+99999-01-01", "is not a moment"),
    ];
    for (text, from, expected) in rows {
        let message = match parse_moment(from, &STATE) {
            Ok(from) => due(&rule(text), from, &STATE).unwrap_err().to_string(),
            Err(error) => error.to_string(),
        };
        assert!(message.contains(expected), "{text} from {from}: {message}");
    }
    let end = chart::moment::Timestamp(i64::MAX);
    let error = due(&rule("after 1 days roll none"), end, &STATE).unwrap_err().to_string();
    assert!(error.ends_with("ends beyond the dates that can be told"), "{error}");
}

#[test]
fn a_due_date_is_stored_and_read_back() {
    let due = found("day 25", "2025-01-15");
    let json = serde_json::to_string(&due).unwrap();
    assert_eq!(
        json,
        r#"{"at":"24:00","effective_date":"2025-02-03","effective_at_ms":1738602000000,"nominal_date":"2025-01-25","nominal_at_ms":1737824400000}"#
    );
    assert_eq!(serde_json::from_str::<Due>(&json).unwrap(), due);
    let late = [("2025-02-03T23:59:59.999+07:00", false), ("2025-02-04T00:00:00+07:00", true)];
    for (received, expected) in late {
        assert_eq!(due.is_late(moment(received)), expected, "{received}");
    }
}

#[test]
fn rules_have_one_text() {
    let rows = [
        ("day 25 of the month", "day 25"),
        ("day 25 of the month at 24:00 roll forward", "day 25"),
        (" day  5   roll none", "day 5 roll none"),
        ("after 10 working_days at 24:00", "after 10 working_days"),
        ("after 3 months at 08:00 roll backward", "after 3 months at 08:00 roll backward"),
    ];
    for (written, printed) in rows {
        assert_eq!(rule(written).to_string(), printed);
        assert_eq!(serde_json::to_value(rule(written)).unwrap(), printed);
    }
}

#[test]
fn a_text_that_is_no_rule_says_what_would_be() {
    let rows = [
        ("", "`` is not a due rule; write `after N working_days|days|months` or `day D`"),
        ("ten days", "`ten days` is not a due rule"),
        ("after ten days", "`ten` in `after ten days` is not a count from 1 to 4000"),
        ("after 0 days", "`0` in `after 0 days` is not a count"),
        ("after -1 days", "`-1` in `after -1 days` is not a count"),
        ("after +1 days", "`+1` in `after +1 days` is not a count"),
        ("after 4001 days", "`4001` in `after 4001 days` is not a count"),
        ("after 1 day", "`day` in `after 1 day` is not a unit; write working_days, days or months"),
        ("day 32", "`32` in `day 32` is not a day of the month from 1 to 31"),
        ("day 0", "`0` in `day 0` is not a day of the month"),
        ("day 25 at 25:00", "the time in `day 25 at 25:00` cannot be read"),
        ("day 25 at 24:01", "the time in `day 25 at 24:01` cannot be read"),
        ("day 25 at 8:00", "the time in `day 25 at 8:00` cannot be read"),
        ("day 25 roll up", "`up` in `day 25 roll up` is not a direction"),
        ("day 25 roll none at 08:00", "`at` in `day 25 roll none at 08:00` is too much"),
        ("day 25 of next month", "`of` in `day 25 of next month` is too much"),
        ("day 25 at", "`day 25 at` is not a due rule"),
    ];
    for (text, expected) in rows {
        let message = text.parse::<Rule>().unwrap_err().to_string();
        assert!(message.starts_with(expected), "{text}: {message}");
    }
}

#[test]
fn reminders_go_on_working_days_in_the_morning() {
    let rows = [
        // Effective Monday 3 February 2025, after Tết.
        ("day 25", "2025-01-15", "7 working_days before", "2025-01-16T07:30:00+07:00"),
        ("day 25", "2025-01-15", "3 working_days before", "2025-01-22T07:30:00+07:00"),
        ("day 25", "2025-01-15", "1 working_days before", "2025-01-24T07:30:00+07:00"),
        ("day 25", "2025-01-15", "on the day", "2025-02-03T07:30:00+07:00"),
        ("day 25", "2025-01-15", "on the day at 21:00", "2025-02-03T21:00:00+07:00"),
        ("day 25", "2025-01-15", "1 working_days after", "2025-02-04T07:30:00+07:00"),
        ("day 25", "2025-01-15", "3 working_days after", "2025-02-06T07:30:00+07:00"),
        ("day 25", "2025-01-15", "7 working_days after at 09:15", "2025-02-12T09:15:00+07:00"),
        // Not rolled: the reminder of a Saturday goes on the Friday, that of the day after on Monday.
        ("day 25 roll none", "2022-06-15", "on the day", "2022-06-24T07:30:00+07:00"),
        ("day 25 roll none", "2022-06-15", "1 working_days before", "2022-06-24T07:30:00+07:00"),
        ("day 25 roll none", "2022-06-15", "1 working_days after", "2022-06-27T07:30:00+07:00"),
    ];
    for (text, from, offset, expected) in rows {
        let parsed: Offset = offset.parse().unwrap();
        assert_eq!(parsed.to_string(), offset);
        let at = parsed.instant(&found(text, from), &STATE).unwrap();
        assert_eq!(at, moment(expected), "{text} {from} {offset}");
    }
}

#[test]
fn a_text_that_is_no_offset_says_what_would_be() {
    let rows = [
        ("tomorrow", "`tomorrow` is not an offset; write `N working_days before|after`"),
        ("3 days before", "`3 days before` is not an offset"),
        ("0 working_days before", "`0` in `0 working_days before` is not a count from 1 to 500"),
        ("-3 working_days before", "`-3` in `-3 working_days before` is not a count"),
        ("on the day at 24:00", "the time in `on the day at 24:00` cannot be read"),
        ("on the day at noon", "the time in `on the day at noon` cannot be read"),
        ("on the day 07:30", "`on the day 07:30` is not an offset"),
    ];
    for (text, expected) in rows {
        let message = text.parse::<Offset>().unwrap_err().to_string();
        assert!(message.starts_with(expected), "{text}: {message}");
    }
}

#[test]
fn moments_are_dates_or_rfc_3339() {
    let rows = [
        ("1970-01-01", Some(-25_200_000)),
        ("1970-01-01T00:00:00Z", Some(0)),
        ("1970-01-01T07:00:00+07:00", Some(0)),
        ("1970-01-01T07:00:00.005+07:00", Some(5)),
        ("1970-01-01T07:00:00", None),
        ("1970-1-1", None),
        ("25/01/2025", None),
        ("2025-02-29", None),
        ("ngày mai nhé", None),
        ("", None),
    ];
    for (text, expected) in rows {
        let found = parse_moment(text, &STATE).ok().map(chart::moment::Timestamp::as_ms);
        assert_eq!(found, expected, "{text}");
    }
}
