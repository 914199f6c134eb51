//! The canonical text of documents, against RFC 8785's published vectors and by properties.

use chart::canonical::{self, Fault, NUMBER_MAX, admit};
use proptest::prelude::*;
use serde_json::{Map, Number, Value, json};

fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect("the text is JSON")
}

#[test]
fn numbers_are_written_as_rfc_8785_appendix_b_says() {
    let rows: [(u64, &str); 24] = [
        (0x0000_0000_0000_0000, "0"),
        (0x8000_0000_0000_0000, "0"),
        (0x0000_0000_0000_0001, "5e-324"),
        (0x8000_0000_0000_0001, "-5e-324"),
        (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
        (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
        (0x4340_0000_0000_0000, "9007199254740992"),
        (0xc340_0000_0000_0000, "-9007199254740992"),
        (0x4430_0000_0000_0000, "295147905179352830000"),
        (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
        (0x44b5_2d02_c7e1_4af6, "1e+23"),
        (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
        (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
        (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
        (0x444b_1ae4_d6e2_ef50, "1e+21"),
        (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
        (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
        (0x41b3_de43_5555_5553, "333333333.3333332"),
        (0x41b3_de43_5555_5554, "333333333.33333325"),
        (0x41b3_de43_5555_5555, "333333333.3333333"),
        (0x41b3_de43_5555_5556, "333333333.3333334"),
        (0x41b3_de43_5555_5557, "333333333.33333343"),
        (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
        (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
    ];
    for (bits, expected) in rows {
        let number = Number::from_f64(f64::from_bits(bits)).expect("a vector is finite");
        assert_eq!(canonical::to_string(&Value::Number(number)), expected, "{bits:016x}");
    }
}

#[test]
fn documents_are_written_as_rfc_8785_shows() {
    let rows = [
        (
            r#"{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
               "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#,
            "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\
             \"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}",
        ),
        (
            r#"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh",
               "1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control",
               "\u00f6":"Latin Small Letter O With Diaeresis"}"#,
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\
             \"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\",\
             \"😀\":\"Emoji: Grinning Face\",\"\u{fb33}\":\"Hebrew Letter Dalet With Dagesh\"}",
        ),
        (
            r#"{"1":{"f":{"f":"hi","F":5},"\n":56.0},"10":{},"":"empty","a":{},"111":[{"e":"yes","E":"no"}],"A":{}}"#,
            r#"{"":"empty","1":{"\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{"E":"no","e":"yes"}],"A":{},"a":{}}"#,
        ),
    ];
    for (given, expected) in rows {
        assert_eq!(canonical::to_string(&parse(given)), expected);
    }
}

#[test]
fn a_hash_and_an_id_never_move() {
    assert_eq!(
        canonical::sha256_hex("abc"),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    let id = canonical::uuid5("case", &[json!("import"), json!("row-1")]);
    assert_eq!(id, "8a0df2fc-4c9b-5515-8775-6c30c79db4d3");
    assert_ne!(id, canonical::uuid5("case", &[json!("import"), json!("row-2")]));
}

#[test]
fn the_edge_refuses_what_would_not_come_back_the_same() {
    let mut deep = json!(1);
    for _ in 0..=canonical::DEPTH_MAX {
        deep = json!([deep]);
    }
    let rows = [
        (json!({ "a": ["x", "y\u{0}"] }), "/a/1", Fault::Nul),
        (json!({ "a/b": { "k\u{0}": 1 } }), "/a~1b/k\u{0}", Fault::Nul),
        (json!({ "n": NUMBER_MAX + 1 }), "/n", Fault::Number),
        (json!([-NUMBER_MAX - 1]), "/0", Fault::Number),
        (json!(1e300), "", Fault::Number),
        (json!({ "é": 1, "e\u{301}": 2 }), "/é", Fault::Duplicate),
    ];
    for (given, pointer, fault) in rows {
        let refused = admit(given.clone()).expect_err("it is refused");
        assert_eq!((refused.pointer.as_str(), refused.fault), (pointer, fault), "{given}");
    }
    assert_eq!(admit(deep).map_err(|refused| refused.fault), Err(Fault::Depth));
}

#[test]
fn the_edge_composes_texts_and_makes_whole_numbers_integers() {
    let given =
        json!({ "te\u{302}n": "Ho\u{300}a Bi\u{300}nh", "so": [2.0, -0.0, 2.5, NUMBER_MAX] });
    let admitted = admit(given).expect("it is let in");
    assert_eq!(admitted, json!({ "tên": "Hòa Bình", "so": [2, 0, 2.5, NUMBER_MAX] }));
}

#[test]
fn a_message_says_where() {
    let refused = admit(json!({ "a": 1e300 })).expect_err("it is refused");
    assert!(refused.to_string().starts_with("/a: numbers beyond"), "{refused}");
    let refused = admit(json!(1e300)).expect_err("it is refused");
    assert!(refused.to_string().starts_with("the document: "), "{refused}");
}

fn documents() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter_map("finite", |x| Number::from_f64(x).map(Value::Number)),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

proptest! {
    #[test]
    fn writing_parsing_and_writing_again_changes_nothing(v in documents()) {
        let text = canonical::to_string(&v);
        prop_assert_eq!(canonical::to_string(&parse(&text)), text);
    }

    #[test]
    fn what_is_let_in_comes_back_from_its_text_unchanged(v in documents()) {
        if let Ok(v) = admit(v) {
            prop_assert_eq!(&parse(&canonical::to_string(&v)), &v);
            prop_assert_eq!(admit(v.clone()), Ok(v));
        }
    }

    #[test]
    fn keys_are_in_order_of_their_utf_16_units(keys in prop::collection::btree_set(any::<String>(), 0..12)) {
        let object: Map<String, Value> = keys.into_iter().map(|key| (key, Value::Null)).collect();
        let text = canonical::to_string(&Value::Object(object.clone()));
        let mut sorted: Vec<&String> = object.keys().collect();
        sorted.sort_by_key(|key| key.encode_utf16().collect::<Vec<_>>());
        let members: Vec<String> = sorted
            .into_iter()
            .map(|key| format!("{}:null", canonical::to_string(&json!(key))))
            .collect();
        prop_assert_eq!(text, format!("{{{}}}", members.join(",")));
    }
}
