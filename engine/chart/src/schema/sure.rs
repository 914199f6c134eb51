//! What a walk over a value can tell by itself: that it surely fits.
//!
//! The validator judges every schema; a step asks it about every payload and every written member, most
//! of which fit, by the same dozen plain words. Where a schema has only those, the walk that types the
//! value answers on its way. Any other word, any doubt, and the validator is asked, as it is for what
//! does not fit: it says why.
//!
//! **Invariant:** what is sure here is valid there.

use serde_json::{Map, Number, Value};

use crate::canonical::NUMBER_MAX;

/// Words that demand nothing, beside those that begin with `x-`.
const SILENT: [&str; 9] = [
    "$schema",
    "$id",
    "$comment",
    "$defs",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
];
/// Words that a walk heeds: the first four where it finds the members, the others here.
const HEEDED: [&str; 14] = [
    "properties",
    "additionalProperties",
    "items",
    "required",
    "type",
    "enum",
    "minimum",
    "maximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
];

/// What a schema of plain words demands of one value, its members apart.
#[derive(Debug)]
pub(super) struct Sure {
    types: Types,
    /// The texts allowed, where only texts are.
    one_of: Option<Vec<String>>,
    minimum: f64,
    maximum: f64,
    is_whole: bool,
    shortest: usize,
    longest: usize,
    fewest_items: usize,
    most_items: usize,
    has_unlike_items: bool,
    pub(super) required: Vec<String>,
    /// Whether an object may have members that are not declared.
    pub(super) is_open: bool,
}

/// The types a value may have, one bit each.
#[derive(Debug, Clone, Copy)]
struct Types(u8);

impl Sure {
    /// The demands of `schema`, if it has no other words than the plain ones.
    pub(super) fn of(schema: &Value) -> Option<Self> {
        let words = schema.as_object()?;
        let is_plain = |word: &str| is_silent(word) || HEEDED.contains(&word);
        if !words.keys().all(|word| is_plain(word)) || !members(words).all(is_alone) {
            return None;
        }
        let bound = |word: &str, otherwise: f64| match words.get(word) {
            None => Some(otherwise),
            // Bounds that a double holds exactly, so that comparing rounds nothing.
            Some(bound) => bound.as_f64().filter(|bound| bound.abs() <= exact()),
        };
        let length = |word: &str, otherwise: usize| match words.get(word) {
            None => Some(otherwise),
            Some(length) => usize::try_from(length.as_u64()?).ok(),
        };
        let texts = |word: &str| match words.get(word) {
            None => Some(None),
            Some(texts) => {
                let text = |text: &Value| text.as_str().map(str::to_owned);
                texts.as_array()?.iter().map(text).collect::<Option<Vec<String>>>().map(Some)
            }
        };
        let is_open = match words.get("additionalProperties") {
            None | Some(Value::Bool(true) | Value::Object(_)) => true,
            Some(Value::Bool(false)) => false,
            Some(_) => return None,
        };
        if words.get("items").is_some_and(|items| !items.is_object()) {
            return None;
        }
        Some(Self {
            types: Types::of(words.get("type"))?,
            one_of: texts("enum")?,
            minimum: bound("minimum", f64::NEG_INFINITY)?,
            maximum: bound("maximum", f64::INFINITY)?,
            is_whole: match words.get("multipleOf") {
                None => false,
                Some(unit) if unit.as_u64() == Some(1) => true,
                Some(_) => return None,
            },
            shortest: length("minLength", 0)?,
            longest: length("maxLength", usize::MAX)?,
            fewest_items: length("minItems", 0)?,
            most_items: length("maxItems", usize::MAX)?,
            has_unlike_items: words.get("uniqueItems").is_some_and(|unlike| *unlike != false),
            required: texts("required")?.unwrap_or_default(),
            is_open,
        })
    }

    /// Whether `v`, its members apart, surely fits.
    pub(super) fn holds(&self, v: &Value) -> bool {
        if self.one_of.is_some() && !v.is_string() {
            return false;
        }
        match v {
            Value::Null => self.types.has(Types::NULL),
            Value::Bool(_) => self.types.has(Types::BOOL),
            Value::Number(number) => self.holds_number(number),
            Value::String(text) => {
                self.types.has(Types::TEXT)
                    && self.one_of.as_ref().is_none_or(|texts| texts.contains(text))
                    && self.holds_length(text)
            }
            Value::Array(items) => {
                self.types.has(Types::LIST)
                    && (self.fewest_items..=self.most_items).contains(&items.len())
                    && !(self.has_unlike_items && items.len() > 1)
            }
            Value::Object(members) => {
                self.types.has(Types::OBJECT)
                    && self.required.iter().all(|key| members.contains_key(key))
            }
        }
    }

    /// Whether what fits this, its members apart, also fits `other`.
    pub(super) fn demands_all_of(&self, other: &Self) -> bool {
        let is_one_of = match (&self.one_of, &other.one_of) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(ours), Some(theirs)) => ours.iter().all(|text| theirs.contains(text)),
        };
        let lengths = self.one_of.iter().flatten().map(|text| text.chars().count());
        let shortest = self.shortest.max(lengths.clone().min().unwrap_or(0));
        let longest = self.longest.min(lengths.max().unwrap_or(usize::MAX));
        is_one_of
            && self.types.0 & !other.types.0 == 0
            && self.minimum >= other.minimum
            && self.maximum <= other.maximum
            && self.is_whole >= other.is_whole
            && shortest >= other.shortest
            && longest <= other.longest
            && self.fewest_items >= other.fewest_items
            && self.most_items <= other.most_items
            && self.has_unlike_items >= other.has_unlike_items
            && other.required.iter().all(|key| self.required.contains(key))
    }

    fn holds_number(&self, number: &Number) -> bool {
        let Some(x) = number.as_f64().filter(|x| x.abs() <= exact()) else { return false };
        #[expect(clippy::cast_possible_truncation, reason = "within ±(2^53 − 1)")]
        #[expect(clippy::cast_precision_loss, reason = "within ±(2^53 − 1)")]
        #[expect(clippy::float_cmp, reason = "whole numbers are exact")]
        let is_whole = x as i64 as f64 == x;
        let has_type =
            self.types.has(Types::NUMBER) || (is_whole && self.types.has(Types::INTEGER));
        has_type && is_whole >= self.is_whole && (self.minimum..=self.maximum).contains(&x)
    }

    /// Lengths are of characters.
    fn holds_length(&self, text: &str) -> bool {
        if self.longest == usize::MAX && self.shortest <= 1 {
            return text.len() >= self.shortest;
        }
        (self.shortest..=self.longest).contains(&text.chars().count())
    }
}

/// The schemas of what lies directly in a value.
fn members(words: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    let named = words.get("properties").and_then(Value::as_object);
    let others = ["additionalProperties", "items"].into_iter().filter_map(|word| words.get(word));
    named.into_iter().flat_map(Map::values).chain(others)
}

/// Whether a reference says all there is to say: a walk follows it and sees nothing beside it.
fn is_alone(schema: &Value) -> bool {
    schema.as_object().is_none_or(|words| {
        !words.contains_key("$ref") || words.keys().all(|word| word == "$ref" || is_silent(word))
    })
}

fn is_silent(word: &str) -> bool {
    SILENT.contains(&word) || word.starts_with("x-")
}

impl Types {
    const NULL: u8 = 1;
    const BOOL: u8 = 2;
    const INTEGER: u8 = 4;
    const NUMBER: u8 = 8;
    const TEXT: u8 = 16;
    const LIST: u8 = 32;
    const OBJECT: u8 = 64;

    fn of(named: Option<&Value>) -> Option<Self> {
        let bit = |name: &str| match name {
            "null" => Some(Self::NULL),
            "boolean" => Some(Self::BOOL),
            "integer" => Some(Self::INTEGER),
            "number" => Some(Self::NUMBER),
            "string" => Some(Self::TEXT),
            "array" => Some(Self::LIST),
            "object" => Some(Self::OBJECT),
            _ => None,
        };
        match named {
            None => Some(Self(u8::MAX)),
            Some(Value::String(name)) => bit(name).map(Self),
            Some(Value::Array(names)) => {
                names.iter().try_fold(0, |all, name| Some(all | bit(name.as_str()?)?)).map(Self)
            }
            Some(_) => None,
        }
    }

    fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }
}

/// Up to here every whole number is a double.
fn exact() -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "2^53 − 1 is exact")]
    let exact = NUMBER_MAX as f64;
    exact
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use crate::schema::Schema;
    use crate::schema::samples::{schemas, values};

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

        #[test]
        fn what_is_sure_is_valid(mut schema in schemas(), value in values()) {
            schema["$defs"] = json!({ "small": { "maximum": 1, "x-any": 0 } });
            let Ok(schema) = Schema::compile(&schema) else { return Ok(()) };
            for settles in [false, true] {
                let mut value = value.clone();
                let walk = if settles { super::super::typed::Typed::settle } else { super::super::typed::Typed::coerce };
                if walk(&schema.0.typed, &mut value) {
                    prop_assert!(schema.validate(&value).is_ok(), "{} {}", schema.source(), value);
                    prop_assert!(schema.validate_kept(&value).is_ok());
                }
            }
        }
    }

    #[test]
    fn plain_schemas_are_sure() {
        let rows = [
            (
                json!({ "type": "object", "properties": { "a": { "type": "integer" } }, "required": ["a"],
                "additionalProperties": false }),
                json!({ "a": 3 }),
                true,
            ),
            (json!({ "type": "object", "additionalProperties": false }), json!({ "a": 3 }), false),
            (json!({ "type": "object" }), json!({ "a": [1, { "b": 2 }] }), true),
            (json!({ "type": "array", "items": { "enum": ["a", "b"] } }), json!(["a", "b"]), true),
            (json!({ "type": "number", "minimum": 0, "multipleOf": 1 }), json!(3), true),
            (json!({ "type": "number", "minimum": 0, "multipleOf": 1 }), json!(3.5), false),
            (json!({ "type": "string", "minLength": 2, "maxLength": 3 }), json!("đủ"), true),
            (json!({ "type": "string", "pattern": "^a" }), json!("a"), false),
            (json!({ "$ref": "#/$defs/a", "$defs": { "a": {} } }), json!(1), false),
        ];
        for (schema, mut value, expected) in rows {
            let compiled = Schema::compile(&schema).expect("the schema is right");
            assert_eq!(compiled.0.typed.coerce(&mut value), expected, "{schema} {value}");
        }
    }
}
