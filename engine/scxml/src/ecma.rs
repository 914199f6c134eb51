//! Trivial ECMAScript, as SCXML documents in the wild use it, said again in CEL.
//!
//! What has a plain meaning in CEL is translated; everything else (statements, functions, `new`,
//! assignment) is an [`EcmaError`], and the reader puts an expression in its place that fails when
//! it is evaluated, as an illegal expression does in SCXML. Loose and strict comparison are one;
//! `null` and `undefined` are one; numbers are integers while they can be.
//!
//! **Invariant:** a translation never changes which names are read, nor the order in which
//! operands are tried (`&&` and `||` become `? :`, because CEL's own forgive errors on one side).

mod lexeme;
mod tree;
mod wording;

use std::fmt::Write;

use thiserror::Error;

/// Why a text has no meaning in CEL.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EcmaError {
    /// A character that begins nothing.
    #[error("`{0}` cannot stand in an expression")]
    Character(char),
    /// A string without its closing quote.
    #[error("a string is not closed")]
    Open,
    /// A word that begins a statement, or is reserved.
    #[error("`{0}` is not an expression")]
    Word(String),
    /// Something else was expected here.
    #[error("`{0}` was not expected")]
    Unexpected(String),
    /// The text ends too early.
    #[error("the expression ends too early")]
    Ended,
    /// Known ECMAScript without a counterpart here.
    #[error("`{0}` is not offered")]
    NotOffered(String),
    /// Brackets nest deeper than anything written by hand.
    #[error("the expression nests too deeply")]
    Deep,
}

/// The CEL text of the value of `source`.
pub fn value(source: &str) -> Result<String, EcmaError> {
    wording::value(&tree::parse(source)?).map(|term| term.cel)
}

/// The CEL text of the truth of `source`: what ECMAScript counts as true is true.
pub fn condition(source: &str) -> Result<String, EcmaError> {
    wording::truth(&tree::parse(source)?)
}

/// A CEL expression that fails when evaluated, with `reason` in its error.
pub fn failing(reason: &str) -> String {
    format!("{{}}[{}]", quoted(reason))
}

/// `text` as a CEL string literal.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('\'');
    for letter in text.chars() {
        match letter {
            '\'' => out.push_str("\\'"),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('\'');
    out
}

/// Whether `name` may name a variable.
pub fn is_name(name: &str) -> bool {
    lexeme::is_name(name) && !lexeme::is_reserved(name)
}
