//! The stored form of a chart: one JSON document with its schemas inlined.
//!
//! The whole document is kept, so that a chart can be compiled again from the store alone. Its
//! definition, the part that is hashed, leaves out what people read and machines do not: titles,
//! legal grounds, reasons and the annotations of schemas (rule 10); they change freely.
//!
//! **Invariant:** canonical JSON keeps no order of keys, and the order of states and of `on`
//! decides. Both are therefore lists of one-entry mappings in the document.

use serde_json::{Map, Value};

use crate::load::chart::Inlined;
use crate::load::node::{Node, Tree};

/// The whole document of a chart that was read from `root`.
pub(crate) fn document(root: &Node, inlined: &Inlined) -> Value {
    let mut top = object(root);
    if let Some(states) = root.get("states") {
        top.insert("states".to_owned(), states_of(states));
    }
    if let Some(data) = &inlined.data {
        top.insert("data".to_owned(), data.clone());
    }
    if let Some(Value::Object(events)) = top.get_mut("events") {
        for (name, payload) in &inlined.payloads {
            if let Some(Value::Object(event)) = events.get_mut(name) {
                event.insert("payload".to_owned(), payload.clone());
            }
        }
    }
    Value::Object(top)
}

fn object(node: &Node) -> Map<String, Value> {
    match node.to_value() {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// The entries of a mapping, in order; one that is a list of one-entry mappings stays one.
fn entries(node: &Node, each: impl Fn(&Node) -> Value) -> Value {
    let mut list = Vec::new();
    let mut add = |node: &Node| {
        if let Tree::Map(all) = &node.tree {
            for (key, value) in all {
                list.push(Value::Object(Map::from_iter([(key.text.clone(), each(value))])));
            }
        }
    };
    match &node.tree {
        Tree::List(all) => all.iter().for_each(&mut add),
        _ => add(node),
    }
    Value::Array(list)
}

fn states_of(node: &Node) -> Value {
    entries(node, |state| {
        let mut map = object(state);
        if let Some(on) = state.get("on") {
            map.insert("on".to_owned(), entries(on, Node::to_value));
        }
        if let Some(states) = state.get("states") {
            map.insert("states".to_owned(), states_of(states));
        }
        Value::Object(map)
    })
}

/// The part of `document` that is hashed.
pub(crate) fn definition(document: &Value) -> Value {
    let mut top = document.clone();
    drop_keys(&mut top, &["title", "basis"]);
    if let Some(data) = top.get_mut("data") {
        bare_schema(data);
    }
    for_values(top.get_mut("roles"), |role| drop_keys(role, &["title"]));
    for_values(top.get_mut("events"), |event| {
        drop_keys(event, &["title", "basis"]);
        if let Some(payload) = event.get_mut("payload") {
            bare_schema(payload);
        }
    });
    bare_states(top.get_mut("states"));
    top
}

fn bare_states(states: Option<&mut Value>) {
    for_entries(states, |state| {
        drop_keys(state, &["title", "basis"]);
        for key in ["task", "term"] {
            for_each(state.get_mut(key), |one| drop_keys(one, &["title"]));
        }
        for_entries(state.get_mut("on"), |transitions| {
            for_each(Some(transitions), |one| {
                for_each(one.get_mut("require"), |require| drop_keys(require, &["else"]));
            });
        });
        bare_states(state.get_mut("states"));
    });
}

/// Takes the annotations out of a schema, at every depth; properties may well be called `title`.
fn bare_schema(schema: &mut Value) {
    let Value::Object(map) = schema else { return };
    map.retain(|key, _| {
        !matches!(
            key.as_str(),
            "title" | "description" | "$comment" | "examples" | "x-title" | "x-given"
        ) && !key.starts_with("x-title-")
            && !key.starts_with("x-help")
    });
    for (key, value) in map {
        match key.as_str() {
            "properties" | "patternProperties" | "$defs" | "dependentSchemas" => {
                for_values(Some(value), bare_schema);
            }
            "items"
            | "additionalProperties"
            | "not"
            | "if"
            | "then"
            | "else"
            | "contains"
            | "propertyNames"
            | "unevaluatedProperties"
            | "unevaluatedItems" => bare_schema(value),
            "allOf" | "anyOf" | "oneOf" | "prefixItems" => for_each(Some(value), bare_schema),
            _ => {}
        }
    }
}

fn drop_keys(value: &mut Value, keys: &[&str]) {
    if let Value::Object(map) = value {
        for key in keys {
            map.remove(*key);
        }
    }
}

/// Every value of an object.
fn for_values(value: Option<&mut Value>, each: impl FnMut(&mut Value)) {
    value.and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut).for_each(each);
}

/// Every item of a list; a single value is a list of one.
fn for_each(value: Option<&mut Value>, mut each: impl FnMut(&mut Value)) {
    match value {
        Some(Value::Array(list)) => list.iter_mut().for_each(each),
        Some(one) => each(one),
        None => {}
    }
}

/// Every value of a list of one-entry mappings.
fn for_entries(value: Option<&mut Value>, mut each: impl FnMut(&mut Value)) {
    for_each(value, |entry| for_values(Some(entry), &mut each));
}
