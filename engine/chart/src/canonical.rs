//! Canonical JSON (RFC 8785): the one text of a document, and what is derived from that text.
//!
//! Everything the engine hashes or names goes through here: keys sorted by UTF-16 code units,
//! numbers written as ECMAScript writes them, `-0` as `0`, nothing between tokens. The encoder is
//! our own, because the stored bytes must never move with a dependency.
//!
//! [`admit`] is the edge (R1): what has passed it survives `parse(to_string(v))` unchanged, so a
//! snapshot in memory equals the one read back from the log.
//!
//! **Invariant:** equal documents have equal texts; `to_string(parse(to_string(v)))` is
//! `to_string(v)`.

use std::fmt::Write as _;

use serde_json::{Map, Number, Value};
use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::{IsNormalized, is_nfc_quick};
use uuid::Uuid;

use crate::data::Data;

/// The largest magnitude of a number in a document: 2^53 − 1, up to which a double is exact (R1).
pub const NUMBER_MAX: i64 = 9_007_199_254_740_991;

/// How deep arrays and objects may be nested in a document that comes in.
pub const DEPTH_MAX: usize = 64;

/// The namespace of every id derived here (R4). Never changes.
const NAMESPACE: Uuid = Uuid::from_u128(0x5b0e_2f3c_9d7a_4e61_8c14_c07a_0c35_1861);

/// The canonical text of `v`.
pub fn to_string(v: &Value) -> String {
    let mut out = String::with_capacity(128);
    write_value(&mut out, v);
    out
}

/// [`to_string`] of `data`.
pub fn data_to_string(data: &Data) -> String {
    if !data.is_object() {
        return to_string(data.whole());
    }
    let mut out = String::with_capacity(1024);
    write_members(&mut out, data.members());
    out
}

/// The SHA-256 of `text`, as 64 lower-case hex digits.
pub fn sha256_hex(text: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digest = Sha256::digest(text.as_bytes());
    let mut out = String::with_capacity(64);
    for byte in digest {
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    out
}

/// The id of the thing that `kind` and `parts` name: a version 5 UUID over the canonical text of
/// `[kind, ...parts]` in our namespace, lower-case and hyphenated (R4).
pub fn uuid5(kind: &str, parts: &[Value]) -> String {
    let mut name = String::with_capacity(96);
    name.push('[');
    write_text(&mut name, kind);
    for part in parts {
        name.push(',');
        write_value(&mut name, part);
    }
    name.push(']');
    Uuid::new_v5(&NAMESPACE, name.as_bytes()).hyphenated().to_string()
}

/// Why a document was not let in; nothing of it is kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {fault}", if pointer.is_empty() { "the document" } else { pointer })]
pub struct NotAdmitted {
    /// Where, as a JSON pointer; empty for the whole document.
    pub pointer: String,
    /// What is wrong there.
    pub fault: Fault,
}

/// What is wrong with a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Neither database stores it in a text.
    #[error("the character NUL is not allowed; remove it")]
    Nul,
    /// A double does not hold it exactly, so its text would not come back as it went.
    #[error("numbers beyond ±9007199254740991 are not kept exactly; write it as a text")]
    Number,
    /// Deeper than [`DEPTH_MAX`].
    #[error("nested deeper than 64 levels; flatten it")]
    Depth,
    /// Two keys that differ only in how their accents are composed.
    #[error("this key occurs twice in different Unicode forms; keep one")]
    Duplicate,
}

/// Lets `v` in from outside: texts and keys are in NFC, whole numbers are integers, and nothing
/// is left that a text in either database would not give back exactly.
pub fn admit(mut v: Value) -> Result<Value, NotAdmitted> {
    match admit_at(&mut v, 0) {
        Ok(()) => Ok(v),
        Err(Refused { fault, path }) => {
            let mut pointer = String::new();
            path.iter().rev().for_each(|token| push_pointer(&mut pointer, token));
            Err(NotAdmitted { pointer, fault })
        }
    }
}

/// A fault and the way to it, innermost token first.
struct Refused {
    fault: Fault,
    path: Vec<String>,
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self { fault, path: Vec::new() }
    }
}

impl Refused {
    fn below(mut self, token: String) -> Self {
        self.path.push(token);
        self
    }
}

/// Appends one reference token to a JSON pointer (RFC 6901).
pub fn push_pointer(pointer: &mut String, token: &str) {
    pointer.push('/');
    for c in token.chars() {
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            c => pointer.push(c),
        }
    }
}

fn admit_at(v: &mut Value, depth: usize) -> Result<(), Refused> {
    match v {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => *number = admit_number(number)?,
        Value::String(text) => admit_text(text)?,
        Value::Array(_) | Value::Object(_) if depth >= DEPTH_MAX => return Err(Fault::Depth.into()),
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                admit_at(item, depth + 1).map_err(|refused| refused.below(index.to_string()))?;
            }
        }
        Value::Object(members) => {
            if !members.keys().all(|key| is_admitted(key)) {
                *members = admit_keys(std::mem::take(members))?;
            }
            for (key, member) in members {
                admit_at(member, depth + 1).map_err(|refused| refused.below(key.clone()))?;
            }
        }
    }
    Ok(())
}

fn is_admitted(text: &str) -> bool {
    !text.as_bytes().contains(&0)
        && (text.is_ascii()
            || text.chars().all(is_composed)
            || is_nfc_quick(text.chars()) == IsNormalized::Yes)
}

/// Whether `c` stands in NFC wherever it stands: Latin letters, those of Vietnamese among them.
fn is_composed(c: char) -> bool {
    matches!(c, '\0'..='\u{2ff}' | '\u{1e00}'..='\u{1eff}')
}

fn admit_text(text: &mut String) -> Result<(), Fault> {
    if is_admitted(text) {
        return Ok(());
    }
    if text.as_bytes().contains(&0) {
        return Err(Fault::Nul);
    }
    *text = text.nfc().collect();
    Ok(())
}

fn admit_keys(members: Map<String, Value>) -> Result<Map<String, Value>, Refused> {
    let mut out = Map::new();
    for (mut key, member) in members {
        admit_text(&mut key).map_err(|fault| Refused::from(fault).below(key.clone()))?;
        if out.contains_key(&key) {
            return Err(Refused::from(Fault::Duplicate).below(key));
        }
        out.insert(key, member);
    }
    Ok(out)
}

fn admit_number(number: &Number) -> Result<Number, Fault> {
    if let Some(whole) = number.as_i64() {
        return if (-NUMBER_MAX..=NUMBER_MAX).contains(&whole) {
            Ok(Number::from(whole))
        } else {
            Err(Fault::Number)
        };
    }
    number.as_f64().and_then(whole_or_double).ok_or(Fault::Number)
}

/// `x` as a number of an untyped document: whole numbers are integers (R2). None if a document
/// cannot hold it (R1).
pub fn whole_or_double(x: f64) -> Option<Number> {
    whole(x).map_or_else(|| double(x), |whole| Some(Number::from(whole)))
}

/// `x` as a double of a document, `-0` as `0`. None if a document cannot hold it (R1).
pub fn double(x: f64) -> Option<Number> {
    #[expect(clippy::cast_precision_loss, reason = "2^53 − 1 is exact")]
    let held = x.abs() <= NUMBER_MAX as f64;
    // Adding a positive zero turns -0 into 0 and leaves every other number alone.
    if held { Number::from_f64(x + 0.0) } else { None }
}

/// `x` as an integer, if it is whole and within ±[`NUMBER_MAX`].
pub fn whole(x: f64) -> Option<i64> {
    #[expect(clippy::cast_precision_loss, reason = "2^53 − 1 is exact")]
    let held = x.abs() <= NUMBER_MAX as f64 && x.fract() == 0.0;
    #[expect(clippy::cast_possible_truncation, reason = "whole and within ±(2^53 − 1)")]
    held.then_some(x as i64)
}

fn write_value(out: &mut String, v: &Value) {
    match v {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => write_number(out, number),
        Value::String(text) => write_text(out, text),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_value(out, item);
            }
            out.push(']');
        }
        Value::Object(members) => {
            write_members(out, members.iter().map(|(key, member)| (key.as_str(), member)));
        }
    }
}

fn write_members<'v>(
    out: &mut String,
    members: impl Iterator<Item = (&'v str, &'v Value)> + Clone,
) {
    out.push('{');
    // Byte order and UTF-16 order part only where a key has a character beyond U+D7FF.
    let is_plain = |key: &str| key.is_ascii() || key.bytes().all(|byte| byte < 0xEE);
    let keys = || members.clone().map(|(key, _)| key);
    if keys().all(is_plain) && keys().is_sorted() {
        for (index, (key, member)) in members.enumerate() {
            write_member(out, index, key, member);
        }
    } else {
        let mut sorted: Vec<(&str, &Value)> = members.collect();
        sorted.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
        for (index, (key, member)) in sorted.into_iter().enumerate() {
            write_member(out, index, key, member);
        }
    }
    out.push('}');
}

fn write_member(out: &mut String, index: usize, key: &str, member: &Value) {
    if index > 0 {
        out.push(',');
    }
    write_text(out, key);
    out.push(':');
    write_value(out, member);
}

fn write_text(out: &mut String, text: &str) {
    out.push('"');
    // No early exit: the whole text in a few wide comparisons.
    let is_escaped = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    if text.bytes().fold(0, |found, byte| found | u8::from(is_escaped(byte))) != 0 {
        for c in text.chars() {
            write_char(out, c);
        }
    } else {
        out.push_str(text);
    }
    out.push('"');
}

fn write_char(out: &mut String, c: char) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\u{8}' => out.push_str("\\b"),
        '\t' => out.push_str("\\t"),
        '\n' => out.push_str("\\n"),
        '\u{c}' => out.push_str("\\f"),
        '\r' => out.push_str("\\r"),
        c if c < ' ' => write!(out, "\\u{:04x}", u32::from(c)).expect("a String takes any text"),
        c => out.push(c),
    }
}

fn write_number(out: &mut String, number: &Number) {
    match number.as_i64() {
        Some(whole) if whole.unsigned_abs() <= NUMBER_MAX.unsigned_abs() => {
            write_whole(out, whole);
        }
        _ => write_double(out, number.as_f64().expect("a JSON number is finite")),
    }
}

fn write_whole(out: &mut String, whole: i64) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    let mut rest = whole.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(rest % 10).expect("a digit is below ten");
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if whole < 0 {
        out.push('-');
    }
    out.extend(digits[at..].iter().map(|digit| char::from(*digit)));
}

/// `x` as ECMA-262 `Number::toString` writes it: the shortest digits that read back as `x`, of
/// two such the nearer, of two as near the even one.
fn write_double(out: &mut String, x: f64) {
    if x == 0.0 {
        out.push('0');
        return;
    }
    if x < 0.0 {
        out.push('-');
    }
    let (digits, exponent) = shortest(x.abs());
    let point = exponent + 1;
    let count = i32::try_from(digits.len()).expect("a double has at most 17 digits");
    let zeros = |n: i32| "0".repeat(usize::try_from(n).unwrap_or(0));
    if (count..=21).contains(&point) {
        out.push_str(&digits);
        out.push_str(&zeros(point - count));
    } else if (1..=21).contains(&point) {
        let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or(0));
        out.push_str(whole);
        out.push('.');
        out.push_str(fraction);
    } else if (-5..=0).contains(&point) {
        out.push_str("0.");
        out.push_str(&zeros(-point));
        out.push_str(&digits);
    } else {
        let (first, rest) = digits.split_at(1);
        out.push_str(first);
        if !rest.is_empty() {
            out.push('.');
            out.push_str(rest);
        }
        let sign = if exponent < 0 { '-' } else { '+' };
        write!(out, "e{sign}{}", exponent.abs()).expect("a String takes any text");
    }
}

/// The digits of `x` without their point, and the power of ten of the first.
///
/// Rust's `{:e}` gives the shortest digits and the nearest, but of two as near the greater.
fn shortest(x: f64) -> (String, i32) {
    let text = format!("{x:e}");
    let (mantissa, exponent) = text.split_once('e').expect("`{:e}` writes an exponent");
    let exponent = exponent.parse().expect("`{:e}` writes a whole exponent");
    let mut digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    let last = digits.pop().expect("`{:e}` writes a digit");
    let nearer_even = even_below(x, &digits, exponent, last);
    digits.push(nearer_even.unwrap_or(last));
    (digits, exponent)
}

/// The even digit below the odd `last`, where both make a number as near to `x` that reads back.
fn even_below(x: f64, digits: &str, exponent: i32, last: char) -> Option<char> {
    if last.to_digit(10)? % 2 == 0 {
        return None;
    }
    let below = char::from_digit(last.to_digit(10)? - 1, 10)?;
    // Midway means that `x` itself ends one digit later, in a five.
    let long = format!("{x:.*e}", digits.len() + 40);
    let (exact, _) = long.split_once('e')?;
    let exact = exact.trim_end_matches('0');
    let midway = exact.len() == digits.len() + 3 && exact.ends_with('5');
    let shift = i32::try_from(digits.len()).ok()?;
    let reads_back = || format!("{digits}{below}e{}", exponent - shift).parse() == Ok(x);
    (midway && reads_back()).then_some(below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn composed_letters_are_in_nfc_beside_any_other() {
        let composed: Vec<char> =
            (0..=0x10_ffff).filter_map(char::from_u32).filter(|c| is_composed(*c)).collect();
        assert_eq!(composed.len(), 0x300 + 0x100);
        for &c in &composed {
            // Nothing before a letter can compose with it, and it is its own normal form.
            assert_eq!(is_nfc_quick([c].into_iter()), IsNormalized::Yes, "{c:?}");
        }
        assert_eq!(is_nfc_quick(composed.into_iter()), IsNormalized::Yes);
    }
}
