//! The JSON Schema of the chart language, for editors.
//!
//! It describes the shape of a file; what the shape cannot say (names that exist, expressions that
//! compile) is told by [`crate::load::load`] and [`crate::check::check()`].
//!
//! **Invariant:** every key the reader asks for is here, and no other (tests hold both).

use serde_json::{Value, json};

use super::state::STAGES;

const NAME: &str = "^[a-z][a-z0-9]*(_[a-z0-9]+)*$";
const EVENT: &str = r"^[a-z][a-z0-9]*(_[a-z0-9]+)*(\.[a-z][a-z0-9]*(_[a-z0-9]+)*)*$";

/// The JSON Schema (2020-12) of a chart file.
pub fn language_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A chart of Cột Mốc",
        "type": "object",
        "required": ["chart", "version", "title", "basis", "states"],
        "additionalProperties": false,
        "properties": {
            "chart": reference("name"),
            "version": { "type": "integer", "minimum": 1 },
            "title": reference("text"),
            "basis": { "type": "string", "description": "a citation, or `product`" },
            "subject": reference("name"),
            "data": reference("schema"),
            "roles": entries("role", NAME),
            "events": entries("event", EVENT),
            "initial": reference("initial"),
            "states": entries("state", NAME),
        },
        "$defs": definitions(),
    })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

fn one_or_many(name: &str) -> Value {
    json!({ "anyOf": [reference(name), { "type": "array", "items": reference(name) }] })
}

/// A mapping by name, or the list of one-entry mappings of a stored document.
fn entries(name: &str, keys: &str) -> Value {
    let map = json!({
        "type": "object",
        "propertyNames": { "pattern": keys },
        "additionalProperties": reference(name),
    });
    json!({ "anyOf": [map, { "type": "array", "items": map }] })
}

fn object(required: &[&str], properties: &Value) -> Value {
    json!({
        "type": "object",
        "required": required,
        "additionalProperties": false,
        "properties": properties,
    })
}

fn definitions() -> Value {
    let mut all = json!({
        "name": { "type": "string", "pattern": NAME },
        "names": one_or_many("name"),
        "event_name": { "type": "string", "pattern": EVENT },
        "text": object(&["vi", "en"], &json!({
            "vi": { "type": "string", "minLength": 1 },
            "en": { "type": "string", "minLength": 1 },
        })),
        "cel": { "type": ["string", "number", "boolean", "null"], "description": "CEL" },
        "values": { "type": "object", "additionalProperties": reference("cel") },
        "schema": { "type": ["string", "object"], "description": "a file, or a JSON Schema" },
        "role": object(&["title"], &json!({
            "title": reference("text"), "holders": reference("cel"),
        })),
        "event": object(&["title"], &json!({
            "title": reference("text"),
            "basis": { "type": "string" },
            "payload": reference("schema"),
            "machine": { "type": "boolean" },
        })),
        "initial": { "anyOf": [
            reference("names"),
            object(&[], &json!({ "to": reference("names"), "do": reference("block") })),
        ] },
    });
    for part in [states(), work(), transitions(), actions()] {
        if let (Value::Object(all), Value::Object(part)) = (&mut all, part) {
            all.extend(part);
        }
    }
    all
}

fn states() -> Value {
    json!({
        "state": object(&[], &json!({
            "title": reference("text"),
            "basis": { "type": "string" },
            "type": { "enum": ["parallel", "final", "history"] },
            "deep": { "type": "boolean" },
            "to": reference("initial"),
            "stage": { "enum": STAGES },
            "initial": reference("initial"),
            "states": entries("state", NAME),
            "on": entries("transitions", "^[a-z*]"),
            "always": one_or_many("eventless"),
            "entry": reference("blocks"),
            "exit": reference("blocks"),
            "task": one_or_many("task"),
            "term": { "anyOf": [{ "const": "none" }, reference("term")] },
            "clock": { "const": "stopped" },
            "invoke": one_or_many("invoke"),
            "done": reference("values"),
        })),
    })
}

fn work() -> Value {
    json!({
        "task": object(&["for", "title"], &json!({
            "for": reference("name"), "each": reference("cel"), "title": reference("text"),
        })),
        "term": object(&["due"], &json!({
            "due": { "anyOf": [
                { "type": "string" },
                object(&["cel"], &json!({ "cel": reference("cel") })),
            ] },
            "from": reference("cel"),
            "title": reference("text"),
            "remind": one_or_many("reminder"),
            "escalate": one_or_many("escalation"),
        })),
        "reminder": { "anyOf": [
            { "type": "string" },
            object(&["at"], &json!({
                "at": { "type": "string" },
                "to": reference("names"),
                "letter": reference("name"),
            })),
        ] },
        "escalation": object(&["after", "to"], &json!({
            "after": { "type": "string" },
            "to": reference("names"),
            "letter": reference("name"),
        })),
        "invoke": object(&["chart"], &json!({
            "id": reference("name"), "chart": reference("name"), "data": reference("values"),
        })),
    })
}

fn transitions() -> Value {
    json!({
        "transitions": one_or_many("transition"),
        "transition": object(&[], &json!({
            "to": reference("names"),
            "by": reference("names"),
            "if": reference("cel"),
            "require": one_or_many("requirement"),
            "set": one_or_many("assignment"),
            "do": reference("block"),
            "internal": { "type": "boolean" },
            "cancels": { "type": "boolean" },
        })),
        "eventless": object(&[], &json!({
            "to": reference("names"),
            "if": reference("cel"),
            "set": one_or_many("assignment"),
            "do": reference("block"),
            "internal": { "type": "boolean" },
            "cancels": { "type": "boolean" },
        })),
        "requirement": object(&["that", "else"], &json!({
            "that": reference("cel"),
            "else": reference("text"),
            "unlocks": reference("name"),
            "unlocks_at": reference("cel"),
        })),
        "assignment": object(&["path"], &json!({
            "path": { "type": "string" },
            "to": reference("cel"),
            "unset": { "type": "boolean" },
        })),
    })
}

fn actions() -> Value {
    json!({
        "block": { "type": "array", "items": reference("action") },
        "blocks": { "anyOf": [
            reference("block"),
            { "type": "array", "items": reference("block") },
        ] },
        "action": { "anyOf": [
            object(&["set"], &json!({ "set": one_or_many("assignment") })),
            object(&["raise"], &json!({ "raise": { "anyOf": [
                reference("event_name"),
                object(&["event"], &json!({
                    "event": reference("event_name"), "data": reference("values"),
                })),
            ] } })),
            object(&["send"], &json!({ "send": object(&["event"], &json!({
                "event": reference("event_name"),
                "to": { "anyOf": [
                    { "type": "string", "pattern": "^(self|parent|child:.+)$" },
                    object(&["case"], &json!({ "case": reference("cel") })),
                    object(&["child"], &json!({ "child": reference("cel") })),
                ] },
                "delay": { "anyOf": [
                    { "type": "string", "pattern": "^[0-9]+ (second|minute|hour|day)s?$" },
                    object(&["cel"], &json!({ "cel": reference("cel") })),
                ] },
                "id": reference("name"),
                "data": reference("values"),
            })) })),
            object(&["cancel"], &json!({ "cancel": reference("name") })),
            object(&["letter"], &json!({ "letter": object(&["name", "to"], &json!({
                "name": reference("name"),
                "to": reference("names"),
                "immediate": { "type": "boolean" },
                "data": reference("values"),
            })) })),
            object(&["document"], &json!({ "document": object(&["name"], &json!({
                "name": reference("name"), "data": reference("values"),
            })) })),
            object(&["spawn"], &json!({ "spawn": object(&["chart"], &json!({
                "chart": reference("name"),
                "each": reference("cel"),
                "id": reference("cel"),
                "subject": reference("cel"),
                "data": reference("values"),
            })) })),
            object(&["if", "then"], &json!({
                "if": reference("cel"),
                "then": reference("block"),
                "else": reference("block"),
            })),
            object(&["log"], &json!({ "log": reference("cel") })),
        ] },
    })
}
