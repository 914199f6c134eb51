//! Personal fields (R9): where their values stand, and what a step takes in their place.

use chart::schema::Schema;
use serde_json::json;

fn schema() -> Schema {
    let schema = json!({
        "type": "object",
        "properties": {
            "name": { "type": "string", "minLength": 2, "x-personal": true },
            "note": { "type": "string" },
            "people": { "type": "array", "items": { "$ref": "#/$defs/person" } },
            "home": {
                "type": "object",
                "x-personal": true,
                "properties": { "street": { "type": "string", "x-personal": true } },
            },
        },
        "$defs": {
            "person": {
                "type": "object",
                "properties": { "phone": { "$ref": "#/$defs/phone" } },
                "additionalProperties": false,
            },
            "phone": { "type": "string", "pattern": "^[0-9]+$", "x-personal": true },
        },
        "required": ["name"],
        "additionalProperties": false,
    });
    Schema::compile(&schema).expect("the schema of this test is sound")
}

#[test]
fn values_are_found_at_the_outermost_marked_field() {
    let sent = json!({
        "name": "An",
        "note": "x",
        "people": [{ "phone": "1" }, {}, { "phone": "" }, { "phone": "2" }],
        "home": { "street": "y" },
    });
    let found = schema().personal_values(&sent);
    assert_eq!(found, ["/home", "/name", "/people/0/phone", "/people/3/phone"]);
    assert!(schema().holds_personal());
    let plain = Schema::compile(&json!({ "type": "object" })).expect("the schema is sound");
    assert!(!plain.holds_personal());
    assert_eq!(plain.personal_values(&sent), Vec::<String>::new());
}

#[test]
fn a_kept_document_fits_where_its_personal_fields_are_named() {
    let kept = json!({ "ref": "r", "commitment": "c" });
    let schema = schema();
    for (document, sent, fits) in [
        (json!({ "name": "An" }), true, true),
        (json!({ "name": kept, "people": [{ "phone": kept }], "home": kept }), false, true),
        (json!({ "name": "A" }), false, false),
        (json!({ "name": { "ref": "r" } }), false, false),
        (json!({ "name": "An", "note": kept }), false, false),
        (json!({ "people": [{ "phone": "1" }] }), false, false),
    ] {
        assert_eq!(schema.validate(&document).is_ok(), sent, "sent: {document}");
        assert_eq!(schema.validate_kept(&document).is_ok(), fits, "kept: {document}");
        let typed = schema.settled(document.clone());
        assert_eq!(typed, document, "nothing is added to what is kept");
    }
}
