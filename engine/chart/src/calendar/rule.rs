//! The one grammar of due rules (rule 29), for YAML, settings and the command line.
//!
//! ```text
//! rule = ( "after" N ( "working_days" | "days" | "months" ) | "day" D [ "of the month" ] )
//!        [ "at" ( HH:MM | "24:00" ) ] [ "roll" ( "forward" | "backward" | "none" ) ]
//! ```
//!
//! **Invariant:** a [`Rule`] prints as a text that reads back as itself; what equals the default
//! (`at 24:00`, `roll forward`) is not printed, so one rule has one text.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::clock::{Clock, ClockError};

/// The largest count a rule takes; eleven years of days, far beyond any legal term.
const COUNT_MAX: u32 = 4_000;

/// When a term falls due, counted from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rule {
    /// What is counted.
    pub span: Span,
    /// The time of the due day.
    pub at: Clock,
    /// Where a due day that is no working day moves.
    pub roll: Roll,
}

/// What a rule counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Span {
    /// Working days after the first day, which is not counted.
    WorkingDays(u32),
    /// Calendar days after the first day.
    Days(u32),
    /// Months after the first day; the 31st clamps to the last day of a shorter month.
    Months(u32),
    /// The first such day of a month on or after the first day; its last day where it is shorter.
    DayOfMonth(u8),
}

/// Where a due day that is no working day moves (Civil Code 2015, Article 148, by default).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Roll {
    /// To the next working day.
    #[default]
    Forward,
    /// To the working day before.
    Backward,
    /// Nowhere.
    None,
}

/// Why a text is not a due rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// It begins like no rule, or stops half-way.
    #[error(
        "`{text}` is not a due rule; write `after N working_days|days|months` or `day D`, then \
         optionally `at HH:MM` and `roll forward|backward|none`"
    )]
    Shape {
        /// The whole text.
        text: String,
    },
    /// The count is no number, or none that a term can have.
    #[error("`{word}` in `{text}` is not a count from 1 to {COUNT_MAX}")]
    Count {
        /// The whole text.
        text: String,
        /// The word in place of the count.
        word: String,
    },
    /// The unit is not known.
    #[error("`{word}` in `{text}` is not a unit; write working_days, days or months")]
    Unit {
        /// The whole text.
        text: String,
        /// The word in place of the unit.
        word: String,
    },
    /// The day is none of a month.
    #[error("`{word}` in `{text}` is not a day of the month from 1 to 31")]
    DayOfMonth {
        /// The whole text.
        text: String,
        /// The word in place of the day.
        word: String,
    },
    /// The time after `at` cannot be read.
    #[error("the time in `{text}` cannot be read")]
    Clock {
        /// The whole text.
        text: String,
        /// What is wrong with it.
        source: ClockError,
    },
    /// The direction after `roll` is not known.
    #[error("`{word}` in `{text}` is not a direction; write forward, backward or none")]
    Roll {
        /// The whole text.
        text: String,
        /// The word in place of the direction.
        word: String,
    },
    /// Something is left over, or `at` and `roll` are in the other order.
    #[error("`{word}` in `{text}` is too much; only `at HH:MM` and then `roll ..` may follow")]
    TooMuch {
        /// The whole text.
        text: String,
        /// The first word too many.
        word: String,
    },
}

impl Rule {
    /// The rule `span` with the defaults: at 24:00, rolling forward.
    pub fn new(span: Span) -> Self {
        Self { span, at: Clock::END_OF_DAY, roll: Roll::Forward }
    }

    /// Whether its clock can be stopped: only days and working days can be split (rule 31).
    pub fn can_stop(&self) -> bool {
        matches!(self.span, Span::WorkingDays(_) | Span::Days(_))
    }
}

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(whole: &str) -> Result<Self, RuleError> {
        let text = || whole.to_owned();
        let words: Vec<&str> = whole.split_whitespace().collect();
        let (span, mut rest) = match words.as_slice() {
            ["after", count, unit, rest @ ..] => (after(whole, count, unit)?, rest),
            ["day", day, "of", "the", "month", rest @ ..] | ["day", day, rest @ ..] => {
                (day_of_month(whole, day)?, rest)
            }
            _ => return Err(RuleError::Shape { text: text() }),
        };
        let mut rule = Self::new(span);
        if let ["at", clock, after @ ..] = rest {
            rule.at = clock.parse().map_err(|source| RuleError::Clock { text: text(), source })?;
            rest = after;
        }
        if let ["roll", word, after @ ..] = rest {
            rule.roll = match *word {
                "forward" => Roll::Forward,
                "backward" => Roll::Backward,
                "none" => Roll::None,
                word => return Err(RuleError::Roll { text: text(), word: word.to_owned() }),
            };
            rest = after;
        }
        match rest {
            [] => Ok(rule),
            ["at" | "roll"] => Err(RuleError::Shape { text: text() }),
            [word, ..] => Err(RuleError::TooMuch { text: text(), word: (*word).to_owned() }),
        }
    }
}

fn after(text: &str, count: &str, unit: &str) -> Result<Span, RuleError> {
    let number = super::count(count, COUNT_MAX).filter(|number| *number > 0);
    let n =
        number.ok_or_else(|| RuleError::Count { text: text.to_owned(), word: count.to_owned() })?;
    match unit {
        "working_days" => Ok(Span::WorkingDays(n)),
        "days" => Ok(Span::Days(n)),
        "months" => Ok(Span::Months(n)),
        _ => Err(RuleError::Unit { text: text.to_owned(), word: unit.to_owned() }),
    }
}

fn day_of_month(text: &str, word: &str) -> Result<Span, RuleError> {
    super::count(word, 31)
        .filter(|day| *day > 0)
        .and_then(|day| u8::try_from(day).ok())
        .map(Span::DayOfMonth)
        .ok_or_else(|| RuleError::DayOfMonth { text: text.to_owned(), word: word.to_owned() })
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.span {
            Span::WorkingDays(n) => write!(f, "after {n} working_days")?,
            Span::Days(n) => write!(f, "after {n} days")?,
            Span::Months(n) => write!(f, "after {n} months")?,
            Span::DayOfMonth(day) => write!(f, "day {day}")?,
        }
        if self.at != Clock::END_OF_DAY {
            write!(f, " at {}", self.at)?;
        }
        match self.roll {
            Roll::Forward => Ok(()),
            Roll::Backward => f.write_str(" roll backward"),
            Roll::None => f.write_str(" roll none"),
        }
    }
}

impl TryFrom<String> for Rule {
    type Error = RuleError;

    fn try_from(text: String) -> Result<Self, RuleError> {
        text.parse()
    }
}

impl From<Rule> for String {
    fn from(rule: Rule) -> Self {
        rule.to_string()
    }
}
