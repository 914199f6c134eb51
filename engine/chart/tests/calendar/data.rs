//! The shipped days, against what is known of them from elsewhere.

use chart::calendar::{Calendar, Confidence, DayKind, date_en, date_vi};
use chrono::Datelike;

use super::{STATE, day};

#[test]
fn every_year_gives_the_eleven_days_of_the_labour_code() {
    for year in STATE.years() {
        let off = STATE.non_working_weekdays(year).unwrap();
        let statutory =
            off.iter().filter(|day| matches!(day.kind, DayKind::Holiday | DayKind::InLieu)).count();
        assert_eq!(statutory, 11, "{year}");
    }
}

#[test]
fn the_days_off_are_these() {
    let rows = [
        (2021, "01-01 02-10 02-11 02-12 02-15 02-16 04-21 04-30 05-03 09-02 09-03", ""),
        (2022, "01-03 01-31 02-01 02-02 02-03 02-04 04-11 05-02 05-03 09-01 09-02", ""),
        (2023, "01-02 01-20 01-23 01-24 01-25 01-26 05-01 05-02 05-03 09-01 09-04", ""),
        (2024, "01-01 02-08 02-09 02-12 02-13 02-14 04-18 04-29 04-30 05-01 09-02 09-03", "05-04"),
        (2025, "01-01 01-27 01-28 01-29 01-30 01-31 04-07 04-30 05-01 05-02 09-01 09-02", "04-26"),
        (
            2026,
            "01-01 01-02 02-16 02-17 02-18 02-19 02-20 04-27 04-30 05-01 08-31 09-01 09-02",
            "01-10 08-22",
        ),
        (2027, "01-01 02-04 02-05 02-08 02-09 02-10 04-16 04-30 05-03 09-02 09-03", ""),
    ];
    assert_eq!(STATE.years().collect::<Vec<_>>(), rows.map(|(year, ..)| year));
    for (year, off, on) in rows {
        let text = |days: Vec<chart::calendar::Day>| {
            days.iter()
                .map(|day| day.date.format("%m-%d").to_string())
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(text(STATE.non_working_weekdays(year).unwrap()), off, "{year}");
        assert_eq!(text(STATE.working_weekend_days(year).unwrap()), on, "{year}");
    }
}

#[test]
fn every_listed_day_has_reason_and_source_and_says_how_sure_it_is() {
    for year in STATE.years() {
        let (off, on) =
            (STATE.non_working_weekdays(year).unwrap(), STATE.working_weekend_days(year).unwrap());
        for listed in off.iter().chain(&on) {
            let source = listed.source.as_ref().expect("a listed day has a source");
            assert!(!listed.reason.vi.is_empty() && !listed.reason.en.is_empty(), "{listed:?}");
            assert!(!source.vi.is_empty() && !source.en.is_empty(), "{listed:?}");
            assert_eq!(listed.provisional, year == 2027, "{listed:?}");
            let guessed = source.confidence == Confidence::Provisional;
            assert!(!guessed || listed.provisional, "{} is guessed", listed.date);
            assert_eq!(listed, &STATE.day(listed.date).unwrap());
        }
    }
}

#[test]
fn tet_begins_on_the_new_moon_of_these_dates() {
    let firsts = [
        "2021-02-12",
        "2022-02-01",
        "2023-01-22",
        "2024-02-10",
        "2025-01-29",
        "2026-02-17",
        "2027-02-06",
    ];
    for first in firsts.map(day) {
        for date in first.iter_days().take(3) {
            assert!(!STATE.is_working(date).unwrap(), "{date} is one of the three days of Tết");
        }
        let eve = first.pred_opt().unwrap();
        assert!(!STATE.is_working(eve).unwrap(), "{eve} is New Year's Eve");
    }
}

#[test]
fn a_day_says_what_it_is() {
    let rows = [
        ("2025-01-24", true, "Working day"),
        ("2025-01-25", false, "Weekly day of rest"),
        ("2025-01-27", false, "Lunar New Year 2025 (Snake)"),
        ("2025-04-26", true, "Worked in exchange for 02/05/2025"),
        ("2025-05-02", false, "Day off exchanged for 26/04/2025, beside 30 April and 1 May"),
        ("2026-04-27", false, "In lieu of Hùng Kings' Commemoration Day (26/4/2026)"),
        ("2026-11-24", true, "Working day"),
    ];
    for (date, working, reason) in rows {
        let found = STATE.day(day(date)).unwrap();
        assert_eq!(
            (found.kind.is_working(), found.reason.en.as_str()),
            (working, reason),
            "{date}"
        );
        assert_eq!(STATE.is_working(day(date)).unwrap(), working, "{date}");
    }
}

#[test]
fn culture_day_is_known_and_switched_off_until_the_law_changes() {
    for (year, date) in [(2026, "2026-11-24"), (2027, "2027-11-24")] {
        let off = STATE.switched_off_days(year).unwrap();
        assert_eq!(off.iter().map(|found| found.date).collect::<Vec<_>>(), [day(date)]);
        assert!(STATE.is_working(day(date)).unwrap());
    }
    let json = include_str!("../../../../workflows/calendars/vn-state.json")
        .replace("\"enabled\": false", "\"enabled\": true");
    let on = Calendar::parse(&json).unwrap();
    assert!(!on.is_working(day("2026-11-24")).unwrap());
    assert_ne!(on.sha256(), STATE.sha256(), "another working day is another calendar");
}

#[test]
fn a_year_without_data_is_an_error_that_says_how_to_add_it() {
    let error = STATE.is_working(day("2028-01-03")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "calendar `vn-state` has no working days for 2028 (it covers 2021 to 2027); add the year to \
         its file and raise its version, as docs/calendar.md tells"
    );
    let years = [
        STATE.day(day("2020-12-31")).unwrap_err().year,
        STATE.add_working_days(day("2027-12-31"), 1).unwrap_err().year,
        STATE.add_working_days(day("2021-01-04"), -1).unwrap_err().year,
        STATE.working_days_between(day("2027-12-31"), day("2029-01-01")).unwrap_err().year,
        STATE.non_working_weekdays(2019).unwrap_err().year,
    ];
    assert_eq!(years, [2020, 2028, 2020, 2029, 2019]);
    assert!(STATE.is_provisional(2027).unwrap() && !STATE.is_provisional(2026).unwrap());
}

#[test]
fn counting_agrees_with_asking_each_day() {
    let first = day("2021-01-01");
    let mut working = Vec::new();
    for date in first.iter_days().take_while(|date| date.year() <= 2027) {
        if STATE.is_working(date).unwrap() {
            working.push(date);
        }
        let counted = STATE.working_days_between(first, date).unwrap();
        assert_eq!(counted, i64::try_from(working.len()).unwrap(), "up to {date}");
    }
    // Ninety weekdays of rest in seven years, five Saturdays worked.
    for (index, date) in working.iter().enumerate().skip(1) {
        assert_eq!(STATE.add_working_days(*date, -1), Ok(working[index - 1]));
        assert_eq!(STATE.add_working_days(working[index - 1], 1), Ok(*date));
    }
}

#[test]
fn days_left_are_signed() {
    let rows = [
        ("2025-01-24", "2025-02-03", 1),
        ("2025-01-24", "2025-01-26", 0),
        ("2025-02-03", "2025-01-24", -1),
        ("2025-04-25", "2025-05-05", 4),
        ("2026-04-24", "2026-04-28", 1),
    ];
    for (after, to, left) in rows {
        assert_eq!(STATE.working_days_between(day(after), day(to)), Ok(left), "{after} to {to}");
    }
}

#[test]
fn the_published_text_gives_the_same_calendar() {
    let again = Calendar::from_canonical(&STATE.canonical()).unwrap();
    assert_eq!((again.sha256(), again.canonical()), (STATE.sha256(), STATE.canonical()));
    for date in day("2021-01-01").iter_days().take_while(|date| date.year() <= 2027) {
        assert_eq!(again.is_working(date), STATE.is_working(date), "{date}");
    }
}

#[test]
fn only_the_working_days_make_the_hash() {
    let json = include_str!("../../../../workflows/calendars/vn-state.json");
    let reworded = Calendar::parse(&json.replace("Tết Dương lịch", "Năm mới")).unwrap();
    assert_eq!(reworded.sha256(), STATE.sha256());
    assert_ne!(&reworded, &*STATE);
    let moved = Calendar::parse(&json.replace("\"2021-09-03\"", "\"2021-09-01\"")).unwrap();
    assert_ne!(moved.sha256(), STATE.sha256());
    let raised = Calendar::parse(&json.replace("\"version\": 1", "\"version\": 2")).unwrap();
    assert_ne!(raised.sha256(), STATE.sha256());
}

#[test]
fn the_version_that_is_released_keeps_its_hash() {
    // Published calendars are append-only: with other working days comes another version.
    assert_eq!((STATE.name(), STATE.version()), ("vn-state", 1));
    assert_eq!(STATE.sha256(), "1eb54d282aac25266e1c4ed3a6aed253a0f7853015614c46bdfd50b6f1519e14");
}

#[test]
fn dates_are_written_in_both_languages() {
    let rows = [
        ("2022-11-25", "thứ Sáu 25/11/2022", "Friday 25 November 2022"),
        ("2025-02-03", "thứ Hai 03/02/2025", "Monday 3 February 2025"),
        ("2026-04-26", "Chủ nhật 26/04/2026", "Sunday 26 April 2026"),
    ];
    for (date, vi, en) in rows {
        assert_eq!((date_vi(day(date)).as_str(), date_en(day(date)).as_str()), (vi, en));
    }
}
