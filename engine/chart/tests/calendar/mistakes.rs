//! Broken calendar files: each mistake is named where it is, and all at once.

use chart::calendar::{Calendar, CalendarError};

/// A small calendar with `days` under 2025.
fn file(days: &str) -> String {
    format!(
        r#"{{ "format": 1, "name": "small", "version": 1, "title": {{ "vi": "Nhỏ", "en": "Small" }},
            "utc_offset_minutes": 420, "weekend": ["saturday", "sunday"],
            "sources": {{ "law": {{ "vi": "Luật", "en": "Law", "confidence": "law" }} }},
            "years": [{{ "year": 2025, "days": [{days}] }}] }}"#
    )
}

fn mistakes(json: &str) -> Vec<String> {
    match Calendar::parse(json) {
        Ok(_) => Vec::new(),
        Err(CalendarError::Mistakes(found)) => found.iter().map(ToString::to_string).collect(),
        Err(CalendarError::Shape(error)) => vec![format!("shape: {error}")],
    }
}

const REASON: &str = r#""reason": { "vi": "Nghỉ", "en": "Off" }, "source": "law""#;

#[test]
fn one_wrong_day_is_one_mistake() {
    let rows = [
        (r#""date": "2025-01-01", "kind": "holiday""#, None),
        (
            r#""date": "2025-1-1", "kind": "holiday""#,
            Some("/years/0/days/0/date `2025-1-1` is not a date; write YYYY-MM-DD"),
        ),
        (
            r#""date": "2025-02-30", "kind": "holiday""#,
            Some("/years/0/days/0/date `2025-02-30` is not a date; write YYYY-MM-DD"),
        ),
        (
            r#""date": "2024-01-01", "kind": "holiday""#,
            Some("/years/0/days/0/date `2024-01-01` stands under 2025"),
        ),
        (
            r#""date": "2025-01-04", "kind": "holiday""#,
            Some(
                "/years/0/days/0 `2025-01-04` is a saturday, off in any case; give the day in lieu",
            ),
        ),
        (
            r#""date": "2025-01-01", "kind": "party""#,
            Some(
                "/years/0/days/0/kind `party` is not known; write holiday, in_lieu, swapped_off or \
                 swapped_on",
            ),
        ),
        (
            r#""date": "2025-05-02", "kind": "swapped_off""#,
            Some("/years/0/days/0 needs `with`, the day it was exchanged for"),
        ),
        (
            r#""date": "2025-05-02", "kind": "swapped_off", "with": "2025-04-26""#,
            Some(
                "/years/0/days/0 `2025-05-02` is exchanged for `2025-04-26`, which does not say so",
            ),
        ),
        (
            r#""date": "2025-01-01", "kind": "holiday", "with": "2025-01-04""#,
            Some("/years/0/days/0/with belongs to a swapped day only"),
        ),
        (
            r#""date": "2025-01-01", "kind": "holiday", "enabled": true"#,
            Some("/years/0/days/0 has `enabled` without `optional: true`"),
        ),
    ];
    for (day, expected) in rows {
        let found = mistakes(&file(&format!("{{ {day}, {REASON} }}")));
        assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{day}");
    }
}

#[test]
fn a_weekday_worked_in_any_case_is_a_mistake() {
    let pair = format!(
        r#"{{ "date": "2025-05-02", "kind": "swapped_off", "with": "2025-04-25", {REASON} }},
           {{ "date": "2025-04-25", "kind": "swapped_on", "with": "2025-05-02", {REASON} }}"#
    );
    assert_eq!(
        mistakes(&file(&pair)),
        ["/years/0/days/1 `2025-04-25` is a friday, worked in any case"]
    );
}

#[test]
fn all_mistakes_are_told_at_once() {
    let days = r#"{ "date": "2025-01-01", "kind": "holiday", "source": "rumour" },
        { "date": "2025-01-01", "kind": "holiday", "reason": { "vi": "Tết", "en": " " } }"#;
    let json = file(days)
        .replace("\"format\": 1", "\"format\": 2")
        .replace("small", "Nhỏ nhắn")
        .replace("\"version\": 1", "\"version\": 0")
        .replace("420", "9000")
        .replace("\"sunday\"", "\"saturday\", \"chủ nhật\"");
    assert_eq!(
        mistakes(&json),
        [
            "/format is 2; this program reads format 1",
            "/name `Nhỏ nhắn` may hold only a-z, 0-9 and `-`",
            "/version must be 1 or more",
            "/utc_offset_minutes 9000 is no offset from UTC",
            "/weekend/1 names `saturday` again",
            "/weekend/2 `chủ nhật` is no weekday; write monday to sunday",
            "/years/0/days/0 `2025-01-01` needs a reason in vi and en",
            "/years/0/days/0/source `rumour` is not among the sources",
            "/years/0/days/1 `2025-01-01` needs a reason in vi and en",
            "/years/0/days/1 `2025-01-01` needs a source",
            "/years/0/days/1 `2025-01-01` was already given at days/0",
        ]
    );
}

#[test]
fn years_ascend_without_a_gap() {
    let rows = [
        (r#"{ "year": 2025, "days": [] }, { "year": 2026, "days": [] }"#, None),
        (
            r#"{ "year": 2025, "days": [] }, { "year": 2027, "days": [] }"#,
            Some("/years/1 2027 follows 2025; years ascend without a gap"),
        ),
        (
            r#"{ "year": 2025, "days": [] }, { "year": 2025, "days": [] }"#,
            Some("/years/1 2025 follows 2025; years ascend without a gap"),
        ),
        (r#"{ "year": 25, "days": [] }"#, Some("/years/0 25 is not between 1976 and 2999")),
        ("", Some("/years must hold a year")),
    ];
    for (years, expected) in rows {
        let json = file("").replace(r#"{ "year": 2025, "days": [] }"#, years);
        assert_eq!(mistakes(&json), expected.into_iter().collect::<Vec<_>>(), "{years}");
    }
}

#[test]
fn a_wrong_shape_is_told_with_its_line() {
    let json = file("").replace("\"weekend\"", "\"holidays\"");
    let found = mistakes(&json);
    assert!(found[0].starts_with("shape: unknown field `holidays`"), "{found:?}");
    assert!(found[0].contains("line 2 column"), "{found:?}");
    let error = Calendar::parse("{").unwrap_err();
    assert_eq!(error.to_string(), "the calendar cannot be read");
}

#[test]
fn a_calendar_needs_a_day_to_work_on() {
    let week = r#""monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday""#;
    let json = file("").replace(r#""saturday", "sunday""#, week);
    assert_eq!(mistakes(&json), ["/weekend leaves no day to work on"]);
}

#[test]
fn a_published_text_that_was_touched_is_refused() {
    let calendar = Calendar::parse(&file("")).unwrap();
    assert_eq!(
        calendar.canonical(),
        r#"{"format":1,"name":"small","non_working":[],"utc_offset_minutes":420,"version":1,"weekend":["saturday","sunday"],"working":[],"years":[2025]}"#
    );
    let touched =
        calendar.canonical().replace("\"non_working\":[", "\"non_working\":[\"2026-01-01\"");
    let error = Calendar::from_canonical(&touched).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the calendar has a mistake: /non_working/0 `2026-01-01` is in none of the years"
    );
}
