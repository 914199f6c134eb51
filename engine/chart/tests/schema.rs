//! Schemas: what they refuse and how they say it, what they fill in, what they declare.

use chart::canonical;
use chart::data::Data;
use chart::path::Segment;
use chart::schema::Schema;
use proptest::prelude::*;
use serde_json::{Value, json};

fn report() -> Value {
    json!({
        "type": "object",
        "x-order": ["period", "total", "share", "note", "units", "contact"],
        "required": ["period", "total"],
        "additionalProperties": false,
        "properties": {
            "period": { "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}$" },
            "total": { "type": "integer", "minimum": 0 },
            "share": { "type": "number", "maximum": 100, "default": 0 },
            "note": { "type": ["string", "null"], "minLength": 1, "maxLength": 5 },
            "units": { "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/unit" } },
            "contact": {
                "type": "object",
                "properties": {
                    "email": { "type": "string", "format": "email", "x-personal": true },
                    "since": { "type": "string", "format": "date", "default": "2022-02-11" },
                },
            },
            "scores": { "type": "object", "additionalProperties": { "type": "number" } },
        },
        "$defs": {
            "unit": {
                "type": "object",
                "required": ["kind"],
                "properties": {
                    "kind": { "enum": ["core", "other"] },
                    "head": { "type": "string", "x-personal": true },
                    "users": { "type": "integer", "default": 0 },
                    "parts": { "type": "array", "items": { "$ref": "#/$defs/unit" } },
                },
            },
        },
    })
}

fn compiled() -> Schema {
    Schema::compile(&report()).expect("the schema is right")
}

#[test]
fn every_violation_is_said_in_both_languages_in_form_order() {
    let given = json!({
        "share": 101, "note": "", "units": [{ "kind": "core" }, { "kind": "x" }],
        "contact": { "email": "nobody", "since": "11/02/2022" }, "extra": 1, "total": "3",
    });
    let violations = compiled().validate(&given).expect_err("it does not fit");
    let found: Vec<(&str, &str, &str, &str)> = violations
        .iter()
        .map(|v| (&*v.pointer, &*v.keyword, &*v.message_vi, &*v.message_en))
        .collect();
    let expected = [
        ("/period", "required", "phải có giá trị", "is required"),
        ("/total", "type", "phải là số nguyên", "must be a whole number"),
        ("/share", "maximum", "không được quá 100", "must be at most 100"),
        ("/note", "minLength", "không được để trống", "must not be empty"),
        (
            "/units/1/kind",
            "enum",
            "phải là một trong: \"core\", \"other\"",
            "must be one of: \"core\", \"other\"",
        ),
        (
            "/contact/email",
            "format",
            "phải là một địa chỉ thư điện tử",
            "must be an e-mail address",
        ),
        (
            "/contact/since",
            "format",
            "phải là một ngày dạng 2022-11-25",
            "must be a date such as 2022-11-25",
        ),
        (
            "/extra",
            "additionalProperties",
            "trường này không có trong mẫu",
            "is not a field of this form",
        ),
    ];
    assert_eq!(found, expected);
}

#[test]
fn other_limits_have_words_too() {
    let rows = [
        (json!({ "type": ["string", "null"] }), json!(1), "must be null or a text"),
        (json!({ "maxLength": 1 }), json!("ab"), "must have at most 1 character"),
        (json!({ "minItems": 2 }), json!([1]), "must have at least 2 elements"),
        (json!({ "exclusiveMinimum": 0 }), json!(0), "must be more than 0"),
        (json!({ "multipleOf": 5 }), json!(3), "must be a multiple of 5"),
        (json!({ "uniqueItems": true }), json!([1, 1]), "must not repeat an element"),
        (json!({ "const": "a" }), json!("b"), "must be \"a\""),
        (json!({ "pattern": "^a$" }), json!("b"), "must match ^a$"),
        (json!({ "not": { "type": "null" } }), json!(null), "is a value that is not allowed"),
        (json!({ "oneOf": [{ "const": 1 }, { "const": 2 }] }), json!(3), "fits none"),
        (json!({ "minProperties": 1 }), json!({}), "must have at least 1 field"),
        (json!(false), json!(1), "is not a field of this form"),
    ];
    for (schema, given, words) in rows {
        let schema = Schema::compile(&schema).expect("the schema is right");
        let violations = schema.validate(&given).expect_err("it does not fit");
        assert!(violations[0].message_en.contains(words), "{violations:?}");
        assert!(!violations[0].message_vi.is_empty());
    }
}

#[test]
fn what_fits_has_no_violations() {
    let fits = json!({
        "period": "2022-02", "total": 3, "note": null, "units": [{ "kind": "core", "parts": [] }],
        "scores": { "an": 1.5 },
    });
    assert_eq!(compiled().validate(&fits), Ok(()));
}

#[test]
fn a_wrong_schema_says_where() {
    let rows = [
        (json!({ "properties": { "a": { "type": "text" } } }), "/properties/a/type", ""),
        (json!({ "properties": { "a": { "pattern": "(" } } }), "/properties/a/pattern", ""),
        (json!({ "$ref": "#/$defs/none" }), "", "leads nowhere"),
        (json!({ "$ref": "https://example.org/other.json" }), "", "offline"),
        (json!([]), "", "is an object"),
    ];
    for (schema, pointer, words) in rows {
        let error = Schema::compile(&schema).expect_err("the schema is wrong");
        assert_eq!(error.pointer, pointer, "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn defaults_are_filled_in_at_every_depth() {
    let given =
        json!({ "units": [{ "kind": "core", "parts": [{}] }], "contact": {}, "share": 4.0 });
    let filled = compiled().settled(given);
    let expected = json!({
        "units": [{ "kind": "core", "users": 0, "parts": [{ "users": 0 }] }],
        "contact": { "since": "2022-02-11" }, "share": 4.0,
    });
    assert_eq!(filled, expected);
    assert_eq!(compiled().settled(json!({})), json!({ "share": 0.0 }));
}

#[test]
fn numbers_take_the_type_their_field_declares() {
    let rows = [
        (json!({ "total": 2.0 }), json!({ "total": 2 })),
        (json!({ "share": 2 }), json!({ "share": 2.0 })),
        (json!({ "scores": { "an": 7 } }), json!({ "scores": { "an": 7.0 } })),
        (json!({ "untyped": [2.0, 2.5] }), json!({ "untyped": [2, 2.5] })),
        (json!({ "units": [{ "users": 3.0 }] }), json!({ "units": [{ "users": 3 }] })),
        (json!({ "total": 2.5 }), json!({ "total": 2.5 })),
    ];
    for (given, expected) in rows {
        let coerced = compiled().coerce_numbers(given);
        assert_eq!(coerced, expected);
        assert_eq!(coerced.to_string(), expected.to_string(), "the types are equal too");
    }
    let either = json!({ "anyOf": [{ "type": "null" }, { "type": "number" }] });
    let either = Schema::compile(&either).expect("the schema is right");
    assert_eq!(either.coerce_numbers(json!(1)).to_string(), "1.0");
}

#[test]
fn the_checker_is_told_what_is_declared_and_what_is_always_there() {
    let schema = compiled();
    let rows = [
        ("total", true, true),
        ("share", true, true),
        ("note", true, false),
        ("contact.since", true, true),
        ("contact.email", true, false),
        ("scores.an", true, false),
        ("nothing", false, false),
        ("total.deeper", false, false),
    ];
    for (path, is_declared, is_there) in rows {
        let path: Vec<&str> = path.split('.').collect();
        assert_eq!(schema.property_at(&path).is_some(), is_declared, "{path:?}");
        assert_eq!(schema.required_at(&path), is_there, "{path:?}");
    }
    let key = |key: &str| Segment::Key(key.into());
    let rows = [
        (vec![], true),
        (vec![key("contact")], true),
        (vec![key("units"), Segment::Index(0)], true),
        (vec![key("units")], false),
        (vec![key("scores"), key("an")], false),
        (vec![key("nothing")], false),
    ];
    for (path, expected) in rows {
        assert_eq!(schema.allows_object_at(&path), expected, "{path:?}");
    }
}

#[test]
fn parts_of_all_of_count_as_the_schema_itself() {
    let schema = json!({
        "allOf": [{ "$ref": "#/$defs/base" }],
        "properties": { "b": { "type": "number" } },
        "$defs": { "base": { "required": ["a"], "properties": { "a": { "default": 1 } } } },
    });
    let schema = Schema::compile(&schema).expect("the schema is right");
    assert!(schema.required_at(&["a"]));
    assert_eq!(schema.settled(json!({ "b": 1 })), json!({ "a": 1, "b": 1.0 }));
}

#[test]
fn personal_fields_are_listed_and_a_schema_may_refer_to_itself() {
    let paths = compiled().personal_paths();
    assert!(paths.contains(&"/contact/email".to_owned()), "{paths:?}");
    assert!(paths.contains(&"/units/*/head".to_owned()), "{paths:?}");
    assert!(paths.contains(&"/units/*/parts/*/head".to_owned()), "{paths:?}");
    assert!(paths.is_sorted());
    let endless = json!({ "$ref": "#", "properties": { "a": { "$ref": "#" } } });
    if let Ok(endless) = Schema::compile(&endless) {
        assert_eq!(endless.personal_paths(), Vec::<String>::new());
        assert_eq!(endless.settled(json!({ "a": {} })), json!({ "a": {} }));
    }
}

fn values() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        (-9_i64..9).prop_map(Value::from),
        (-9_i32..9).prop_map(|n| json!(f64::from(n) / 2.0)),
    ];
    let names = prop_oneof![
        Just("total"),
        Just("share"),
        Just("scores"),
        Just("units"),
        Just("users"),
        Just("z"),
    ];
    number.prop_recursive(3, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(names.clone().prop_map(str::to_owned), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn typed_data_is_the_parse_of_its_own_text_typed_again(v in values()) {
        let schema = compiled();
        let typed = schema.settled(canonical::admit(v).expect("small"));
        let text = canonical::to_string(&typed);
        let parsed: Value = serde_json::from_str(&text).expect("the text is JSON");
        let again = schema.coerce_numbers(parsed);
        prop_assert_eq!(again.to_string(), typed.to_string());
        prop_assert_eq!(&schema.settled(again.clone()), &again);
    }
}

/// The root of [`report`] with the words that tie members together, one of them at a time, and
/// without any; a step judges only what was written where it may.
fn tied() -> Vec<Schema> {
    let ties = [
        json!({}),
        json!({ "additionalProperties": { "type": "integer" } }),
        json!({ "additionalProperties": true }),
        json!({ "maxProperties": 3 }),
        json!({ "dependentRequired": { "share": ["units"] } }),
        json!({ "if": { "required": ["share"] }, "then": { "required": ["scores"] } }),
        json!({ "properties": {
            "total": { "type": "integer" }, "share": { "$ref": "#/properties/total" },
        } }),
        json!({ "allOf": [{ "properties": { "z": { "type": "integer" } } }] }),
        json!({ "type": ["object", "null"] }),
    ];
    let schema = |tie: &Value| {
        let mut schema = report();
        schema["required"] = json!(["total"]);
        for (word, value) in tie.as_object().expect("an object") {
            schema[word] = value.clone();
        }
        Schema::compile(&schema).expect("the schema compiles")
    };
    ties.iter().map(schema).collect()
}

proptest! {
    #[test]
    fn what_was_written_is_judged_as_the_whole_is(
        first in prop::collection::vec((values(), 0_usize..6), 0..4),
        then in prop::collection::vec((prop::option::of(values()), 0_usize..6), 1..4),
    ) {
        const NAMES: [&str; 6] = ["total", "share", "scores", "units", "period", "z"];
        for schema in tied() {
            let mut before = json!({ "total": 1 });
            for (value, key) in &first {
                let mut next = before.clone();
                next[NAMES[*key]] = value.clone();
                if schema.admit(&mut next).is_ok() {
                    before = next;
                }
            }
            prop_assert_eq!(schema.admit(&mut before), Ok(()));
            let mut whole = before;
            let mut written = Vec::new();
            for (value, key) in &then {
                let members = whole.as_object_mut().expect("an object");
                match value {
                    Some(value) => members.insert(NAMES[*key].to_owned(), value.clone()),
                    None => members.remove(NAMES[*key]),
                };
                written.push(NAMES[*key].into());
            }
            let mut apart = Data::from(whole.clone());
            prop_assert_eq!(
                schema.admit_members(&mut apart, written.iter()),
                schema.admit(&mut whole),
                "{:?}", schema
            );
            prop_assert_eq!(apart.to_value().to_string(), whole.to_string());
        }
    }
}
