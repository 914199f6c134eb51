//! `cotmoc calendar`: working days of a year, and due dates by the rules of charts.

use chart::calendar::{Calendar, Day, Rule, date_en, date_vi, due, parse_moment};
use clap::Subcommand;
use serde_json::{Value, json};

use super::output::{Rows, say};
use super::{Arguments, Failure, Format, Lang};

/// Arguments of `calendar`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub struct Args {
    /// The year to list
    pub year: Option<i32>,
    /// Only the non-working days, as JSON: a list of objects with `date` and `reason`
    #[arg(long)]
    pub json: bool,
    /// Another question
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

const EXAMPLES: &str = "Examples:
  cotmoc calendar 2026
  cotmoc calendar 2026 --json
  cotmoc calendar due \"day 25\" --from 2025-01-15
  cotmoc calendar due \"after 10 working_days\" --from 2025-01-15T09:00:00+07:00";

/// Other questions.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// The nominal and the effective due date of a rule
    #[command(after_help = "Example:\n  cotmoc calendar due \"day 25\" --from 2025-01-15")]
    Due {
        /// Such as `day 25`, `after 10 working_days`, `after 3 months at 17:00 roll backward`
        rule: String,
        /// Counted from: a date, or a moment in RFC 3339
        #[arg(long)]
        from: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

/// Answers from the calendar this product ships.
pub fn run(args: &Args, common: &Arguments) -> Result<(), Failure> {
    let calendar = workflows::calendars::calendar();
    match (&args.verb, args.year) {
        (Some(Verb::Due { rule, from, json }), _) => {
            print_due(&calendar, rule, from, *json || common.format == Format::Json)
        }
        (None, Some(year)) => list(&calendar, year, args.json, common),
        (None, None) => Err(Failure::usage(
            "Cần một năm, ví dụ `cotmoc calendar 2026`, hoặc `cotmoc calendar due …`.",
            "a year is needed, such as `cotmoc calendar 2026`, or `cotmoc calendar due …`",
        )),
    }
}

fn print_due(calendar: &Calendar, rule: &str, from: &str, json: bool) -> Result<(), Failure> {
    let rule: Rule = rule.parse().map_err(|error| bad(&error))?;
    let from = parse_moment(from, calendar).map_err(|error| bad(&error))?;
    let due = due(&rule, from, calendar).map_err(|error| bad(&error))?;
    if json {
        let answer = json!({
            "rule": rule.to_string(),
            "nominal_date": due.nominal_date.to_string(),
            "nominal_at_ms": due.nominal_at_ms,
            "effective_date": due.effective_date.to_string(),
            "effective_at_ms": due.effective_at_ms,
        });
        return say(&format!("{answer:#}"));
    }
    say(&due.nominal())?;
    say(&due.effective())
}

fn bad(error: &impl std::fmt::Display) -> Failure {
    Failure::usage(&format!("Không tính được: {error}."), &error.to_string())
}

fn list(calendar: &Calendar, year: i32, json: bool, common: &Arguments) -> Result<(), Failure> {
    let off = calendar.non_working_weekdays(year).map_err(|error| bad(&error))?;
    let on = calendar.working_weekend_days(year).map_err(|error| bad(&error))?;
    let lang = common.lang;
    if json {
        let days: Vec<Value> = off
            .iter()
            .map(|day| {
                json!({ "date": day.date.to_string(), "reason": reason(day, lang),
                        "provisional": day.provisional })
            })
            .collect();
        return say(&format!("{:#}", Value::Array(days)));
    }
    let mut rows = Rows::new(&[
        ("date", lang.pick("Ngày", "Date")),
        ("weekday", lang.pick("Thứ, ngày", "Weekday and date")),
        ("working", lang.pick("Làm việc", "Working")),
        ("reason", lang.pick("Lý do", "Reason")),
        ("source", lang.pick("Căn cứ", "Source")),
        ("provisional", lang.pick("Tạm", "Provisional")),
    ]);
    let mut days: Vec<&Day> = off.iter().chain(&on).collect();
    days.sort_by_key(|day| day.date);
    for day in days {
        let worded = lang.pick(&date_vi(day.date), &date_en(day.date)).to_owned();
        rows.push(vec![
            json!(day.date.to_string()),
            json!(worded),
            json!(if day.kind.is_working() {
                lang.pick("có", "yes")
            } else {
                lang.pick("nghỉ", "no")
            }),
            json!(reason(day, lang)),
            json!(day.source.as_ref().map(|source| lang.pick(&source.vi, &source.en))),
            json!(if day.provisional { lang.pick("tạm", "provisional") } else { "" }),
        ]);
    }
    rows.print(common.format, lang.pick("Không có ngày nào.", "No days."))
}

fn reason(day: &Day, lang: Lang) -> &str {
    lang.pick(&day.reason.vi, &day.reason.en)
}
