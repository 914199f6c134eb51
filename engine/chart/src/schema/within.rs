//! Whether what fits one schema fits another: what one has judged, the other need not.
//!
//! Schemas of plain words only ([`Sure`]); of any other the answer is no, which costs nothing but time.
//!
//! **Invariant:** where the answer is yes, a value admitted by the one is admitted by the other, and its
//! numbers have the types that the other declares.

use serde_json::{Map, Value};

use super::shape::names_number;
use super::sure::Sure;

/// Whether each value that `one` admits as its member `key` is one that `other` admits as its member
/// `other_key`, as far as can be seen.
pub(super) fn member(one: &Value, key: &str, other: &Value, other_key: &str) -> bool {
    let declared = |schema: &'_ Value, key: &str| schema.get("properties")?.get(key).cloned();
    declared(one, key)
        .zip(declared(other, other_key))
        .is_some_and(|(one, other)| is_within(&one, &other))
}

/// What an object may hold beside what it declares.
enum Rest<'s> {
    Anything,
    Nothing,
    Such(&'s Value),
}

fn is_within(one: &Value, other: &Value) -> bool {
    // What is kept of a personal value is not the value (R9).
    let is_personal = |schema: &Value| schema.get("x-personal").is_some();
    let demands = Sure::of(one).zip(Sure::of(other));
    demands.is_some_and(|(ours, theirs)| ours.demands_all_of(&theirs))
        && !is_personal(one)
        && !is_personal(other)
        && names_number(one) == names_number(other)
        && has_its_members_within(one, other)
        && match (one.get("items"), other.get("items")) {
            (None, None) => true,
            (Some(one), Some(other)) => is_within(one, other),
            _ => false,
        }
}

/// Whether each member that `one` allows is one that `other` allows.
fn has_its_members_within(one: &Value, other: &Value) -> bool {
    let none = Map::new();
    let named = |schema: &'_ Value| schema.get("properties").and_then(Value::as_object).cloned();
    let ours = named(one).unwrap_or_else(|| none.clone());
    let theirs = named(other).unwrap_or(none);
    let (our_rest, their_rest) = (rest(one), rest(other));
    ours.iter().all(|(key, ours)| match (theirs.get(key), &their_rest) {
        (Some(theirs), _) => is_within(ours, theirs),
        (None, Rest::Such(theirs)) => is_within(ours, theirs),
        (None, _) => false,
    }) && theirs.iter().filter(|(key, _)| !ours.contains_key(*key)).all(
        |(_, theirs)| match our_rest {
            Rest::Nothing => true,
            Rest::Such(ours) => is_within(ours, theirs),
            Rest::Anything => false,
        },
    ) && match (&our_rest, &their_rest) {
        (Rest::Nothing, _) | (Rest::Anything, Rest::Anything) => true,
        (Rest::Such(ours), Rest::Such(theirs)) => is_within(ours, theirs),
        _ => false,
    }
}

fn rest(schema: &Value) -> Rest<'_> {
    match schema.get("additionalProperties") {
        None | Some(Value::Bool(true)) => Rest::Anything,
        Some(schema @ Value::Object(_)) => Rest::Such(schema),
        Some(_) => Rest::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::schema::Schema;
    use crate::schema::samples::{schemas, values};

    #[test]
    fn what_is_within_is_told() {
        let rows = [
            (json!({ "type": "number", "minimum": 0 }), json!({ "type": "number" }), true),
            (json!({ "type": "number" }), json!({ "type": "number", "minimum": 0 }), false),
            (json!({ "type": "integer" }), json!({ "type": "number" }), false),
            (json!({ "type": "number" }), json!({}), false),
            (
                json!({ "properties": { "a": { "type": "number" } }, "additionalProperties": false }),
                json!({ "additionalProperties": { "type": "number" } }),
                true,
            ),
            (
                json!({ "properties": { "a": { "type": "number" } } }),
                json!({ "additionalProperties": { "type": "number" } }),
                false,
            ),
            (
                json!({ "items": { "type": "string", "enum": ["a", "b"] } }),
                json!({ "items": { "type": "string", "minLength": 1 } }),
                true,
            ),
            (
                json!({ "items": { "type": "string", "enum": ["", "b"] } }),
                json!({ "items": { "type": "string", "minLength": 1 } }),
                false,
            ),
            (json!({ "required": ["a", "b"] }), json!({ "required": ["b"] }), true),
            (json!({ "required": ["b"] }), json!({ "required": ["a", "b"] }), false),
            (json!({ "x-personal": true }), json!({ "x-personal": true }), false),
            (json!({ "pattern": "a" }), json!({ "pattern": "a" }), false),
            (json!({ "title": "A" }), json!({ "title": "B" }), true),
        ];
        for (one, other, expected) in rows {
            assert_eq!(is_within(&one, &other), expected, "{one} {other}");
            let named = |schema: Value| json!({ "properties": { "a": schema } });
            let (one, other) = (named(one), named(other));
            assert_eq!(member(&one, "a", &other, "a"), expected);
            assert!(!member(&one, "a", &other, "b"), "b is not declared");
        }
    }

    /// A schema and a looser one, or any other.
    fn pairs() -> impl Strategy<Value = (Value, Value)> {
        fn looser(schema: &Value, chance: &mut impl FnMut() -> bool) -> Value {
            let Some(words) = schema.as_object() else { return schema.clone() };
            let demands = [
                "type",
                "minimum",
                "maximum",
                "minLength",
                "maxLength",
                "enum",
                "required",
                "multipleOf",
            ];
            let mut out = Map::new();
            for (word, value) in words {
                let value = match word.as_str() {
                    "items" | "additionalProperties" => looser(value, chance),
                    "properties" => {
                        let members = value.as_object().expect("schemas by name").iter();
                        members.map(|(key, one)| (key.clone(), looser(one, chance))).collect()
                    }
                    word if demands.contains(&word) && chance() => continue,
                    _ => value.clone(),
                };
                out.insert(word.clone(), value);
            }
            Value::Object(out)
        }
        (schemas(), schemas(), any::<u64>(), 0_u8..4).prop_map(|(one, other, seed, kind)| {
            let mut bits = seed;
            let mut chance = || {
                bits = bits.rotate_right(1);
                bits & 1 == 1
            };
            let other = if kind == 0 { other } else { looser(&one, &mut chance) };
            (one, other)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

        #[test]
        fn what_fits_the_one_fits_the_other((one, other) in pairs(), value in values()) {
            for (one, other) in [(&one, &other), (&other, &one)] {
                if !is_within(one, other) {
                    continue;
                }
                let (Ok(one), Ok(other)) = (Schema::compile(one), Schema::compile(other)) else { continue };
                let Ok(admitted) = one.admit_settled(value.clone()) else { continue };
                let mut again = admitted.clone();
                let said = format!("{} {} {admitted}", one.source(), other.source());
                prop_assert!(other.admit(&mut again).is_ok(), "{}", said);
                prop_assert_eq!(again, admitted, "{}", said);
            }
        }
    }
}
