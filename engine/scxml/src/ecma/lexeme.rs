//! The words and signs of an expression.

use super::EcmaError;

/// One word or sign.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Lexeme {
    /// A number that is whole.
    Whole(i64),
    /// Another number.
    Fraction(f64),
    /// A string, unescaped.
    Text(String),
    /// A name or a word of the language.
    Word(String),
    /// A sign such as `===` or `[`.
    Sign(&'static str),
}

impl std::fmt::Display for Lexeme {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole(number) => write!(f, "{number}"),
            Self::Fraction(number) => write!(f, "{number}"),
            Self::Text(text) | Self::Word(text) => f.write_str(text),
            Self::Sign(sign) => f.write_str(sign),
        }
    }
}

/// Longest first, so that `===` is not read as `==` and `=`.
const SIGNS: [&str; 27] = [
    "===", "!==", "==", "!=", "<=", ">=", "&&", "||", "(", ")", "[", "]", "{", "}", ",", ":", "?",
    ".", "+", "-", "*", "/", "%", "<", ">", "!", "=",
];

/// Words that cannot name a variable.
const RESERVED: [&str; 40] = [
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "import",
    "in",
    "instanceof",
    "let",
    "new",
    "null",
    "return",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "undefined",
    "var",
    "void",
    "while",
    "with",
    "yield",
];

/// Whether `word` is reserved.
pub(super) fn is_reserved(word: &str) -> bool {
    RESERVED.binary_search(&word).is_ok()
}

/// Whether `name` has the letters of a name.
pub(super) fn is_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(begins_name) && letters.all(continues_name)
}

fn begins_name(letter: char) -> bool {
    letter.is_ascii_alphabetic() || letter == '_' || letter == '$'
}

fn continues_name(letter: char) -> bool {
    begins_name(letter) || letter.is_ascii_digit()
}

/// All lexemes of `source`.
pub(super) fn split(source: &str) -> Result<Vec<Lexeme>, EcmaError> {
    let mut lexemes = Vec::new();
    let mut rest = source.trim_start();
    while let Some(first) = rest.chars().next() {
        let (lexeme, after) = if begins_name(first) {
            let end = rest.find(|letter| !continues_name(letter)).unwrap_or(rest.len());
            (Lexeme::Word(rest[..end].to_owned()), &rest[end..])
        } else if begins_number(rest) {
            number(rest)?
        } else if first == '\'' || first == '"' {
            text(rest, first)?
        } else {
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
            let sign = sign.ok_or(EcmaError::Character(first))?;
            (Lexeme::Sign(sign), &rest[sign.len()..])
        };
        lexemes.push(lexeme);
        rest = after.trim_start();
    }
    Ok(lexemes)
}

fn begins_number(rest: &str) -> bool {
    let digits = rest.strip_prefix('.').unwrap_or(rest);
    digits.starts_with(|letter: char| letter.is_ascii_digit())
}

fn number(rest: &str) -> Result<(Lexeme, &str), EcmaError> {
    if let Some(digits) = rest.strip_prefix("0x").or_else(|| rest.strip_prefix("0X")) {
        let end = digits.find(|l: char| !l.is_ascii_hexdigit()).unwrap_or(digits.len());
        let whole = i64::from_str_radix(&digits[..end], 16)
            .map_err(|_| EcmaError::Unexpected(rest.to_owned()))?;
        return Ok((Lexeme::Whole(whole), &digits[end..]));
    }
    let bytes = rest.as_bytes();
    let mut end = 0;
    while end < bytes.len() {
        let exponent = end > 0 && matches!(bytes[end - 1], b'e' | b'E');
        let signed = exponent && matches!(bytes[end], b'+' | b'-');
        if !(bytes[end].is_ascii_digit() || matches!(bytes[end], b'.' | b'e' | b'E') || signed) {
            break;
        }
        end += 1;
    }
    let (digits, after) = rest.split_at(end);
    if after.starts_with(begins_name) {
        return Err(EcmaError::Unexpected(rest.to_owned()));
    }
    if let Ok(whole) = digits.parse::<i64>() {
        return Ok((Lexeme::Whole(whole), after));
    }
    let number: f64 = digits.parse().map_err(|_| EcmaError::Unexpected(digits.to_owned()))?;
    Ok((whole_or_fraction(number), after))
}

/// ECMAScript has one kind of number: `1.0` is `1`.
fn whole_or_fraction(number: f64) -> Lexeme {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() < EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
        return Lexeme::Whole(number as i64);
    }
    Lexeme::Fraction(number)
}

fn text(rest: &str, quote: char) -> Result<(Lexeme, &str), EcmaError> {
    let mut out = String::new();
    let mut letters = rest[1..].char_indices();
    while let Some((at, letter)) = letters.next() {
        if letter == quote {
            return Ok((Lexeme::Text(out), &rest[1 + at + 1..]));
        }
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        let (_, escaped) = letters.next().ok_or(EcmaError::Open)?;
        match escaped {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'v' => out.push('\u{b}'),
            'x' => out.push(code(&mut letters, 2)?),
            'u' => out.push(code(&mut letters, 4)?),
            other => out.push(other),
        }
    }
    Err(EcmaError::Open)
}

fn code(letters: &mut std::str::CharIndices<'_>, length: usize) -> Result<char, EcmaError> {
    let digits: String = letters.by_ref().take(length).map(|(_, letter)| letter).collect();
    u32::from_str_radix(&digits, 16)
        .ok()
        .and_then(char::from_u32)
        .ok_or_else(|| EcmaError::Unexpected(format!("\\u{digits}")))
}
