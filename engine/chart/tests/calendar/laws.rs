//! What must hold for every rule, date and moment, tried on thousands of them.

use chart::calendar::{Clock, Offset, Roll, Rule, Span, Stopped, due, resume, spent};
use chart::moment::Timestamp;
use chrono::{Days, NaiveDate};
use proptest::prelude::*;

use super::{STATE, day};

/// A date from May 2021 to 2026: far enough from the ends that terms stay within the years.
fn dates() -> impl Strategy<Value = NaiveDate> {
    (120u64..2_190).prop_map(|days| day("2021-01-01") + Days::new(days))
}

fn moments() -> impl Strategy<Value = Timestamp> {
    (dates(), 0i64..86_400_000)
        .prop_map(|(date, ms)| STATE.instant(date, Clock::MIDNIGHT).plus_ms(ms))
}

fn clocks() -> impl Strategy<Value = Clock> {
    prop_oneof![
        2 => Just(Clock::END_OF_DAY),
        1 => Just(Clock::MIDNIGHT),
        3 => (0u8..24, 0u8..60).prop_map(|(hour, minute)| Clock::new(hour, minute).expect("it exists")),
    ]
}

fn rolls() -> impl Strategy<Value = Roll> {
    prop_oneof![Just(Roll::Forward), Just(Roll::Backward), Just(Roll::None)]
}

fn split_spans() -> impl Strategy<Value = Span> {
    prop_oneof![(1u32..60).prop_map(Span::WorkingDays), (1u32..90).prop_map(Span::Days)]
}

fn rules() -> impl Strategy<Value = Rule> {
    let spans = prop_oneof![
        split_spans(),
        (1u32..7).prop_map(Span::Months),
        (1u8..=31).prop_map(Span::DayOfMonth),
    ];
    (spans, clocks(), rolls()).prop_map(|(span, at, roll)| Rule { span, at, roll })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rolling_ends_on_a_working_day_on_its_side(date in dates()) {
        let forward = STATE.roll(date, Roll::Forward).unwrap();
        let backward = STATE.roll(date, Roll::Backward).unwrap();
        prop_assert!(STATE.is_working(forward).unwrap() && STATE.is_working(backward).unwrap());
        prop_assert!(backward <= date && date <= forward);
        prop_assert_eq!(STATE.roll(date, Roll::None).unwrap(), date);
        prop_assert_eq!(forward == date, STATE.is_working(date).unwrap());
        let skipped = STATE.working_days_between(backward, forward).unwrap();
        prop_assert_eq!(skipped, i64::from(forward != date), "no working day was passed over");
    }

    #[test]
    fn a_due_date_lies_after_its_start_on_a_day_of_its_kind(rule in rules(), from in moments()) {
        let due = due(&rule, from, &STATE).unwrap();
        prop_assert!(due.effective_at_ms > from.as_ms());
        prop_assert!(due.nominal_date >= STATE.local_date(from));
        prop_assert_eq!(due.effective_at(), STATE.instant(due.effective_date, rule.at));
        prop_assert_eq!(due.nominal_at_ms, STATE.instant(due.nominal_date, rule.at).as_ms());
        match rule.roll {
            Roll::None => prop_assert_eq!(due.effective_date, due.nominal_date),
            _ => prop_assert!(STATE.is_working(due.effective_date).unwrap()),
        }
        if rule.roll == Roll::Forward {
            prop_assert!(due.nominal_date <= due.effective_date);
        }
    }

    #[test]
    fn backward_comes_before_none_before_forward(span in split_spans(), from in moments()) {
        let [backward, none, forward] = [Roll::Backward, Roll::None, Roll::Forward]
            .map(|roll| due(&Rule { roll, ..Rule::new(span) }, from, &STATE).unwrap());
        prop_assert_eq!(backward.nominal_date, none.nominal_date);
        prop_assert_eq!(forward.nominal_date, none.nominal_date);
        prop_assert!(none.effective_date <= forward.effective_date);
        // Rolled forward after all where backward would end before the start.
        let ended = STATE.roll(none.nominal_date, Roll::Backward).unwrap() < STATE.local_date(from);
        prop_assert!(ended || backward.effective_date <= none.effective_date);
        prop_assert!(!ended || backward == forward);
    }

    #[test]
    fn who_starts_later_is_due_no_earlier(rule in rules(), a in moments(), b in moments()) {
        let (first, second) = (a.min(b), a.max(b));
        let (early, late) = (due(&rule, first, &STATE).unwrap(), due(&rule, second, &STATE).unwrap());
        prop_assert!(early.effective_at_ms <= late.effective_at_ms);
        prop_assert!(early.nominal_at_ms <= late.nominal_at_ms);
    }

    #[test]
    fn adding_and_taking_away_are_inverse(date in dates(), n in -40i32..40) {
        let working = STATE.roll(date, Roll::Forward).unwrap();
        let moved = STATE.add_working_days(working, n).unwrap();
        prop_assert!(STATE.is_working(moved).unwrap());
        prop_assert_eq!(STATE.add_working_days(moved, -n).unwrap(), working);
        prop_assert_eq!(STATE.working_days_between(working, moved).unwrap(), i64::from(n));
        prop_assert_eq!(STATE.working_days_between(moved, working).unwrap(), -i64::from(n));
    }

    #[test]
    fn counting_is_additive(a in dates(), b in dates(), c in dates()) {
        let between = |from, to| STATE.working_days_between(from, to).unwrap();
        prop_assert_eq!(between(a, b) + between(b, c), between(a, c));
    }

    #[test]
    fn stopping_and_resuming_on_one_day_moves_nothing(
        (span, at, roll) in (split_spans(), clocks(), prop_oneof![Just(Roll::Forward), Just(Roll::None)]),
        from in moments(),
        wait in 0u64..60,
        (stop_ms, resume_ms) in (0i64..86_400_000, 0i64..86_400_000),
    ) {
        let rule = Rule { span, at, roll };
        let first = STATE.local_date(from);
        let date = first + Days::new(wait);
        let begun = if wait == 0 { from.as_ms() } else { i64::MIN };
        let at_ms = |ms| STATE.instant(date, Clock::MIDNIGHT).plus_ms(ms).max(Timestamp(begun));
        let (stopped_at, resumed_at) = (at_ms(stop_ms.min(resume_ms)), at_ms(stop_ms.max(resume_ms)));
        let term = due(&rule, from, &STATE).unwrap();
        let stopped = Stopped::stop(&rule, first, 0, term, stopped_at, &STATE).unwrap();
        prop_assert_eq!(stopped.resume(&rule, resumed_at, &STATE).unwrap(), term);
        if !term.is_late(resumed_at) {
            let used = spent(&rule, first, date, &STATE).unwrap();
            prop_assert_eq!(used, stopped.spent);
            prop_assert_eq!(resume(&rule, used, resumed_at, &STATE).unwrap(), term);
        }
    }

    #[test]
    fn a_resumed_term_is_due_later_than_it_resumes(
        (span, at, roll) in (split_spans(), clocks(), rolls()),
        used in 0u32..100,
        resumed_at in moments(),
    ) {
        let due = resume(&Rule { span, at, roll }, used, resumed_at, &STATE).unwrap();
        prop_assert!(due.effective_at_ms > resumed_at.as_ms());
    }

    #[test]
    fn rules_and_offsets_read_back_what_they_print(
        rule in rules(),
        days in -500i32..=500,
        at in clocks(),
    ) {
        prop_assert_eq!(rule.to_string().parse::<Rule>().unwrap(), rule);
        let json = serde_json::to_string(&rule).unwrap();
        prop_assert_eq!(serde_json::from_str::<Rule>(&json).unwrap(), rule);
        if at != Clock::END_OF_DAY {
            let offset = Offset { working_days: days, at };
            prop_assert_eq!(offset.to_string().parse::<Offset>().unwrap(), offset);
        }
    }

    #[test]
    fn offsets_fall_on_working_days_in_their_order(
        rule in rules(),
        from in moments(),
        days in -20i32..20,
    ) {
        let due = due(&rule, from, &STATE).unwrap();
        let date = Offset::new(days).date(&due, &STATE).unwrap();
        prop_assert!(STATE.is_working(date).unwrap());
        prop_assert!(days > 0 || date <= due.effective_date);
        prop_assert!(days <= 0 || date > due.effective_date);
        prop_assert!(date <= Offset::new(days + 1).date(&due, &STATE).unwrap());
    }

    #[test]
    fn dates_and_moments_agree(t in any::<i32>(), clock in clocks(), date in dates()) {
        let t = Timestamp(i64::from(t) * 1_000);
        let at = STATE.local_clock(t);
        let start = STATE.instant(STATE.local_date(t), at);
        prop_assert!(start <= t && t < start.plus_ms(60_000));
        let whole = STATE.instant(date, clock);
        let next = clock == Clock::END_OF_DAY;
        prop_assert_eq!(STATE.local_date(whole), date + Days::new(u64::from(next)));
        prop_assert_eq!(STATE.local_clock(whole), if next { Clock::MIDNIGHT } else { clock });
    }

    #[test]
    fn no_text_brings_the_readers_down(text in "\\PC{0,40}", words in prop::collection::vec(
        prop_oneof![Just("after"), Just("day"), Just("25"), Just("days"), Just("at"), Just("24:00"),
            Just("roll"), Just("none"), Just("of"), Just("the"), Just("month"), Just("99999999999")],
        0..8,
    )) {
        for text in [text, words.join(" ")] {
            if let Ok(rule) = text.parse::<Rule>() {
                prop_assert_eq!(rule.to_string().parse::<Rule>().unwrap(), rule);
            }
            if let Ok(offset) = text.parse::<Offset>() {
                prop_assert_eq!(offset.to_string().parse::<Offset>().unwrap(), offset);
            }
        }
    }
}
