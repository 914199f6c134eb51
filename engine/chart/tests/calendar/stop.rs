//! Stopped clocks, as a table.

use chart::calendar::{Rule, Stopped, due, resume, spent};

use super::{STATE, day, moment};

#[test]
fn what_was_spent_is_not_given_again() {
    let rows = [
        // Ten working days from Monday 3 October 2022 end on Monday 17 October.
        ("after 10 working_days", "2022-10-03", "2022-10-05", 2, "2022-10-20", "2022-11-01"),
        ("after 10 working_days", "2022-10-03", "2022-10-03", 0, "2022-10-20", "2022-11-03"),
        // Stopped on a Sunday: the week before is spent.
        ("after 10 working_days", "2022-10-03", "2022-10-09", 4, "2022-10-12", "2022-10-20"),
        // Stopped on its last day: due on the day it resumes, or the next working day.
        ("after 10 working_days", "2022-10-03", "2022-10-17", 10, "2022-10-20", "2022-10-20"),
        ("after 10 working_days", "2022-10-03", "2022-10-17", 10, "2022-10-22", "2022-10-24"),
        ("after 10 days", "2022-10-03", "2022-10-08", 5, "2022-10-20", "2022-10-25"),
        ("after 10 days", "2022-10-03", "2022-10-08", 5, "2022-10-17", "2022-10-24"),
        // Between the nominal Saturday and the effective Monday.
        ("after 5 days", "2022-10-03", "2022-10-09", 6, "2022-10-19", "2022-10-19"),
    ];
    for (text, first, stopped, days, resumed, effective) in rows {
        let rule: Rule = text.parse().unwrap();
        let found = spent(&rule, day(first), day(stopped), &STATE).unwrap();
        assert_eq!(found, days, "{text} from {first} stopped {stopped}");
        let due = resume(&rule, found, moment(&format!("{resumed}T10:00:00+07:00")), &STATE);
        assert_eq!(due.unwrap().effective_date, day(effective), "{text} resumed {resumed}");
    }
}

#[test]
fn a_second_stop_adds_to_the_first() {
    let rule: Rule = "after 10 working_days".parse().unwrap();
    let begun = moment("2022-10-03T09:00:00+07:00");
    let term = due(&rule, begun, &STATE).unwrap();
    let at = moment("2022-10-05T09:00:00+07:00");
    let once = Stopped::stop(&rule, day("2022-10-03"), 0, term, at, &STATE).unwrap();
    let resumed = moment("2022-10-20T09:00:00+07:00");
    let term = once.resume(&rule, resumed, &STATE).unwrap();
    let at = moment("2022-10-24T09:00:00+07:00");
    let twice = Stopped::stop(&rule, day("2022-10-20"), once.spent, term, at, &STATE).unwrap();
    assert_eq!((once.spent, twice.spent), (2, 4));
    let term = twice.resume(&rule, moment("2022-11-14T09:00:00+07:00"), &STATE).unwrap();
    assert_eq!(term.effective_date, day("2022-11-22"));
}

#[test]
fn a_late_term_stays_as_late_as_it_was() {
    let rule: Rule = "after 2 working_days at 17:00".parse().unwrap();
    let term = due(&rule, moment("2022-10-03"), &STATE).unwrap();
    let late = moment("2022-10-05T17:00:00+07:00");
    let stopped = Stopped::stop(&rule, day("2022-10-03"), 0, term, late, &STATE).unwrap();
    assert_eq!(stopped.resume(&rule, moment("2022-10-20"), &STATE), Ok(term));
    let in_time = moment("2022-10-05T16:59:00+07:00");
    let stopped = Stopped::stop(&rule, day("2022-10-03"), 0, term, in_time, &STATE).unwrap();
    let resumed = stopped.resume(&rule, moment("2022-10-20T17:30:00+07:00"), &STATE).unwrap();
    assert_eq!(resumed.effective_date, day("2022-10-21"), "the hour had passed when it resumed");
}

#[test]
fn months_and_days_of_the_month_cannot_be_split() {
    for (text, can) in [
        ("after 2 months", false),
        ("day 25", false),
        ("after 2 days", true),
        ("after 2 working_days", true),
    ] {
        let rule: Rule = text.parse().unwrap();
        assert_eq!(rule.can_stop(), can, "{text}");
        let answers = [
            spent(&rule, day("2022-10-03"), day("2022-10-04"), &STATE).map(|_| ()),
            resume(&rule, 1, moment("2022-10-04"), &STATE).map(|_| ()),
        ];
        for answer in answers {
            let expected = format!(
                "the clock of `{text}` cannot stop; only working_days and days can be split"
            );
            assert_eq!(
                answer.map_err(|error| error.to_string()),
                if can { Ok(()) } else { Err(expected) }
            );
        }
    }
}
