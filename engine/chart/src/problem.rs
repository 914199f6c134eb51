//! What is wrong with a definition, where, and in words.
//!
//! Readers, [`crate::build`] and [`crate::check`] all speak in [`Problem`]s, so that every mistake
//! of a chart is reported at once and in one form. The list of kinds with an example each is
//! `docs/checks.md`; the code of a kind never changes its meaning.
//!
//! **Invariant:** a chart with a problem of severity error is never run.

use std::fmt;

use crate::definition::{Place, Text};

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The chart is not run.
    Error,
    /// The chart runs, but something in it cannot be meant.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $severity:ident;)*) => {
        /// The kinds of problems; each has a stable code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum ProblemKind { $($(#[$doc])* $variant,)* }

        impl ProblemKind {
            /// Every kind, in the order of `docs/checks.md`.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable code, such as `unknown-target`.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// How bad a problem of this kind is.
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }
        }
    };
}

kinds! {
    // Reading.
    /// The file is not YAML, or a key stands twice.
    YamlSyntax = "yaml-syntax", Error;
    /// A file the chart names was not given.
    MissingFile = "missing-file", Error;
    /// A key the language does not have.
    UnknownKey = "unknown-key", Error;
    /// A key that must be there is not.
    MissingKey = "missing-key", Error;
    /// A value of a shape that the key does not take.
    WrongType = "wrong-type", Error;
    /// A name that is not lower-case words joined by `_`.
    BadName = "bad-name", Error;
    /// A title, or one of its languages, is missing.
    MissingTitle = "missing-title", Error;
    /// A state or event without its legal ground.
    MissingBasis = "missing-basis", Error;
    /// A term rule, offset or delay that does not parse.
    BadRule = "bad-rule", Error;
    /// A JSON Schema that does not compile.
    BadSchema = "bad-schema", Error;
    /// A path of `set` that does not parse.
    BadPath = "bad-path", Error;
    /// CEL that does not parse, or that is past the fences.
    BadExpression = "bad-expression", Error;
    // Well-formedness.
    /// Two states with one id.
    DuplicateState = "duplicate-state", Error;
    /// A target that is no state.
    UnknownTarget = "unknown-target", Error;
    /// Several targets that can never be active together.
    IllegalTargets = "illegal-targets", Error;
    /// An initial transition that leads outside, asks a condition, or has no state to enter.
    BadInitial = "bad-initial", Error;
    /// A history state without a sound default.
    BadHistory = "bad-history", Error;
    /// A kind of state with parts it cannot have.
    BadState = "bad-state", Error;
    /// More states than a chart may have.
    TooLarge = "too-large", Error;
    // Names.
    /// An event that is declared, raised and sent nowhere.
    UnknownEvent = "unknown-event", Error;
    /// An event that is raised or sent and taken nowhere.
    UnheardEvent = "unheard-event", Error;
    /// A role that is declared nowhere.
    UnknownRole = "unknown-role", Error;
    /// `In()` of a state that does not exist.
    UnknownState = "unknown-state", Error;
    /// An expression names a variable or function that does not exist.
    UnknownName = "unknown-name", Error;
    /// A data path that the schema does not have.
    UnknownData = "unknown-data", Error;
    /// A payload field that the event's schema does not have.
    UnknownField = "unknown-field", Error;
    /// A letter without texts.
    UnknownLetter = "unknown-letter", Error;
    /// A chart that is spawned or invoked and does not exist.
    UnknownChart = "unknown-chart", Error;
    /// A child that this chart never opens.
    UnknownChild = "unknown-child", Error;
    /// A `cancel` of an id that is never sent.
    UnknownSend = "unknown-send", Error;
    // Expressions and data.
    /// A condition that is provably not bool.
    NotBool = "not-bool", Error;
    /// A condition whose answer is always the same.
    ConstantGuard = "constant-guard", Warning;
    /// `now` in the guard of an eventless transition.
    NowInAlways = "now-in-always", Error;
    /// `event` where there is none.
    NoEvent = "no-event", Error;
    /// An optional field read without `has()`.
    UnguardedRead = "unguarded-read", Error;
    /// A personal field read or written by the chart.
    PersonalData = "personal-data", Error;
    /// Two paths of one list of assignments that overlap.
    OverlappingPaths = "overlapping-paths", Error;
    /// A data property that nothing reads or writes.
    UnusedData = "unused-data", Warning;
    // Work and time.
    /// A waiting state with no task, term or child, or a term about which nobody owes anything.
    NobodyOwes = "nobody-owes", Error;
    /// A role that nobody can ever hold.
    NobodyHolds = "nobody-holds", Error;
    /// An event that nobody may send.
    NobodySends = "nobody-sends", Error;
    /// A state under a running term in which nobody owes anything.
    NoTask = "no-task", Warning;
    /// A state with work of its own that is always left at once.
    NeverWaits = "never-waits", Warning;
    /// A task that no event of its role brings forward.
    StuckTask = "stuck-task", Warning;
    /// Somebody owes an act, and nothing says until when, nor that there is no term.
    NoTerm = "no-term", Warning;
    /// `term: none` where nobody owes an act.
    NoAct = "no-act", Warning;
    /// A term of which nobody is told and that leads nowhere.
    SilentTerm = "silent-term", Warning;
    /// A `term.due` taken without asking whose, in a chart with several terms.
    AmbiguousTerm = "ambiguous-term", Warning;
    /// A stopped clock under a term that cannot be stopped, or under none.
    BadStop = "bad-stop", Error;
    // Left over.
    /// A role that is declared and never used.
    UnusedRole = "unused-role", Warning;
    /// An event that is declared and taken nowhere.
    UnusedEvent = "unused-event", Warning;
    /// A term or history state without words of its own.
    Untitled = "untitled", Warning;
    /// A person's event that leads on from other states, and from this one nowhere.
    LeadsNowhere = "leads-nowhere", Warning;
    /// A transition that leads nowhere and does nothing.
    EmptyTransition = "empty-transition", Warning;
    // Behaviour: the bounded search over configurations.
    /// Eventless transitions that never come to rest.
    EndlessCycle = "endless-cycle", Error;
    /// A configuration that is reached, is not final, and cannot be left.
    DeadEnd = "dead-end", Error;
    /// A configuration from which the chart cannot complete.
    CannotComplete = "cannot-complete", Warning;
    /// A region that cannot reach its end, though the end of all is waited for.
    RegionCannotEnd = "region-cannot-end", Warning;
    /// A state that is never entered.
    UnreachableState = "unreachable-state", Warning;
    /// A transition that is never taken.
    DeadTransition = "dead-transition", Warning;
    /// An invoked child ended by a transition that does not say so.
    SilentCancel = "silent-cancel", Warning;
    /// A send with an id that nothing cancels.
    NeverCancelled = "never-cancelled", Warning;
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What kind of thing.
    pub kind: ProblemKind,
    /// Whether it stops the chart from running.
    pub severity: Severity,
    /// The file, as the caller named it; empty where there is none.
    pub file: String,
    /// The line, from 1; 0 where the source has no places.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
    /// The offending text.
    pub excerpt: String,
    /// The whole source line, for people; empty where there is none.
    pub source: String,
    /// In words, both languages.
    pub message: Text,
    /// The shortest run of events that shows it, where one exists.
    pub trace: Vec<String>,
}

impl Problem {
    /// A problem of `kind` at `place`, worded in Vietnamese and English.
    pub fn new(
        kind: ProblemKind,
        place: Place,
        excerpt: &str,
        vi: impl Into<String>,
        en: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            severity: kind.severity(),
            file: String::new(),
            line: place.line,
            column: place.column,
            excerpt: excerpt.to_owned(),
            source: String::new(),
            message: Text { vi: vi.into(), en: en.into() },
            trace: Vec::new(),
        }
    }

    /// The same problem with the run of events that shows it.
    #[must_use]
    pub fn with_trace(mut self, trace: Vec<String>) -> Self {
        self.trace = trace;
        self
    }

    /// The problem in `lang` (`vi` or `en`): a line, then the source line with a caret, then the
    /// trace.
    pub fn render(&self, lang: &str) -> String {
        let place = if self.file.is_empty() {
            String::new()
        } else {
            format!("{}:{}:{}: ", self.file, self.line, self.column)
        };
        let (severity, code) = (self.severity, self.kind.code());
        let mut out = format!("{place}{severity}[{code}]: {}", self.message.get(lang));
        if !self.source.is_empty() {
            let column = self.column.max(1) as usize;
            let width = self.excerpt.chars().take_while(|one| *one != '\n').count();
            let room = self.source.chars().count().saturating_sub(column - 1).max(1);
            let (marks, space) = ("^".repeat(width.clamp(1, room)), " ".repeat(column - 1));
            out.extend(["\n  | ", &self.source, "\n  | ", &space, &marks]);
        }
        if !self.trace.is_empty() {
            let word = if lang == "vi" { "diễn biến" } else { "trace" };
            out.extend(["\n  = ", word, ": ", &self.trace.join(" → ")]);
        }
        out
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render("en"))
    }
}

/// The name among `known` that somebody who wrote `word` most likely meant: at most two edits away,
/// and fewer than half of the word.
pub fn closest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 2).clamp(1, 2);
    known
        .map(|name| (distance(word, name), name))
        .filter(|&(edits, name)| edits <= limit && name != word)
        .min()
        .map(|(_, name)| name)
}

/// The end of a message that asks whether `name` was meant, in Vietnamese and English.
pub(crate) fn hint(name: Option<&str>) -> (String, String) {
    name.map_or_else(Default::default, |name| {
        (format!("; có phải là `{name}`?"), format!("; did you mean `{name}`?"))
    })
}

/// The number of single-character edits from `left` to `right`; swapping neighbours counts once.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut rows = vec![(0..=right.len()).collect::<Vec<_>>()];
    for i in 1..=left.len() {
        let mut row = vec![i];
        for j in 1..=right.len() {
            let same = usize::from(left[i - 1] != right[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(row[j - 1] + 1).min(rows[i - 1][j - 1] + same);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::{closest, distance};

    #[test]
    fn a_slip_of_the_pen_finds_the_name_that_was_meant() {
        let known = ["submit", "accept", "return"];
        for (word, meant) in [
            ("sumbit", Some("submit")),
            ("acept", Some("accept")),
            ("returns", Some("return")),
            ("withdraw", None),
            ("submit", None),
        ] {
            assert_eq!(closest(word, known.into_iter()), meant, "{word}");
        }
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
