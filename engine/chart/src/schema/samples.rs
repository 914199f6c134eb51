//! Random schemas of mostly plain words, and values that meet them, for the tests of what is told without a
//! validator.

use proptest::prelude::*;
use serde_json::{Value, json};

/// Words with values that meet those of `values`, plain ones mostly.
fn words() -> impl Strategy<Value = (&'static str, Value)> {
    let types = ["null", "boolean", "integer", "number", "string", "array", "object"];
    let name = prop::sample::select(types.to_vec());
    let number = || prop_oneof![Just(json!(0)), Just(json!(1)), Just(json!(1.5)), Just(json!(2))];
    let length = || (0_u64..3).prop_map(Value::from);
    prop_oneof![
        3 => name.clone().prop_map(|name| ("type", json!(name))),
        1 => prop::collection::vec(name, 1..3).prop_map(|mut names| {
            names.sort_unstable();
            names.dedup();
            ("type", json!(names))
        }),
        1 => Just(("enum", json!(["", "a", "ab"]))),
        1 => Just(("enum", json!(["a", 1]))),
        1 => number().prop_map(|bound| ("minimum", bound)),
        1 => number().prop_map(|bound| ("maximum", bound)),
        1 => Just(("multipleOf", json!(1))),
        1 => Just(("multipleOf", json!(2))),
        1 => length().prop_map(|length| ("minLength", length)),
        1 => length().prop_map(|length| ("maxLength", length)),
        1 => length().prop_map(|length| ("minItems", length)),
        1 => length().prop_map(|length| ("maxItems", length)),
        1 => any::<bool>().prop_map(|unlike| ("uniqueItems", json!(unlike))),
        1 => any::<bool>().prop_map(|open| ("additionalProperties", json!(open))),
        1 => Just(("required", json!(["a"]))),
        1 => Just(("not", json!({ "type": "string" }))),
        1 => Just(("$ref", json!("#/$defs/small"))),
        1 => Just(("default", json!(1))),
        1 => Just(("x-personal", json!(true))),
    ]
}

pub(super) fn schemas() -> impl Strategy<Value = Value> {
    let object = |words: Vec<(&str, Value)>| -> Value {
        words.into_iter().map(|(word, value)| (word.to_owned(), value)).collect()
    };
    let leaf = prop::collection::vec(words(), 0..4).prop_map(object);
    leaf.prop_recursive(3, 12, 3, move |inner| {
        let word = prop_oneof![
            2 => words(),
            1 => inner.clone().prop_map(|one| ("items", one)),
            1 => inner.clone().prop_map(|one| ("additionalProperties", one)),
            2 => prop::collection::btree_map("[ab]", inner, 1..3)
                .prop_map(|members| ("properties", json!(members))),
        ];
        prop::collection::vec(word, 1..5).prop_map(object)
    })
}

pub(super) fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-1_i64..4).prop_map(Value::from),
        prop_oneof![Just(0.5), Just(1.0), Just(-0.0), Just(1e300)].prop_map(Value::from),
        Just(json!(u64::MAX)),
        "[abđ]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[abc]", inner, 0..3).prop_map(|map| json!(map)),
        ]
    })
}
