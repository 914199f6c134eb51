//! Walking a schema: properties, elements, what is declared and required.
//!
//! References lead into the same document; `allOf` counts as part of the schema that holds it.
//!
//! **Invariant:** every walk is bounded, whatever the schema refers to.

use serde_json::{Value, json};

use crate::canonical::push_pointer;

/// How many references in a row are followed, and how deep a schema is walked.
const DEPTH_MAX: usize = 64;

/// `schema` with its `$ref` followed.
pub(super) fn resolved<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    let mut at = schema;
    for _ in 0..DEPTH_MAX {
        let target = at.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix('#'));
        match target.and_then(|pointer| root.pointer(pointer)) {
            Some(next) => at = next,
            None => break,
        }
    }
    at
}

/// `schema` itself, then the members of its `allOf`, references followed.
pub(super) fn parts<'s>(root: &'s Value, schema: &'s Value) -> Vec<&'s Value> {
    let mut out = vec![schema];
    let mut next = 0;
    while next < out.len() && out.len() <= DEPTH_MAX {
        let at = out[next];
        next += 1;
        let target = resolved(root, at);
        if !std::ptr::eq(target, at) {
            out.push(target);
        }
        out.extend(at.get("allOf").and_then(Value::as_array).into_iter().flatten());
    }
    out
}

/// The schema of the property `key`, if it is declared.
pub(super) fn property<'s>(root: &'s Value, schema: &'s Value, key: &str) -> Option<&'s Value> {
    let parts = parts(root, schema);
    let named = parts.iter().find_map(|part| part.get("properties")?.get(key));
    let any =
        || parts.iter().find_map(|part| part.get("additionalProperties").filter(|v| v.is_object()));
    named.or_else(any).map(|found| resolved(root, found))
}

/// The schema of the element `index`, if one is declared.
pub(super) fn item<'s>(root: &'s Value, schema: &'s Value, index: usize) -> Option<&'s Value> {
    let parts = parts(root, schema);
    let placed = parts.iter().find_map(|part| part.get("prefixItems")?.get(index));
    let any = || parts.iter().find_map(|part| part.get("items").filter(|v| v.is_object()));
    placed.or_else(any).map(|found| resolved(root, found))
}

/// Whether `schema` names the type `wanted`.
fn names_type(schema: &Value, wanted: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(name)) => name == wanted,
        Some(Value::Array(names)) => names.iter().any(|name| name == wanted),
        _ => false,
    }
}

/// Whether `schema` says that its value is an object.
pub(super) fn says_object(root: &Value, schema: &Value) -> bool {
    parts(root, schema)
        .iter()
        .any(|part| names_type(part, "object") || part.get("properties").is_some())
}

/// Whether an object of `schema` always has `key`: it is required, or has a default.
pub(super) fn requires(root: &Value, schema: &Value, key: &str) -> bool {
    let is_listed = |part: &&Value| {
        let required = part.get("required").and_then(Value::as_array);
        required.is_some_and(|names| names.iter().any(|name| name == key))
    };
    let is_required = parts(root, schema).iter().any(is_listed);
    is_required
        || parts(root, schema)
            .iter()
            .filter_map(|part| part.get("properties")?.get(key))
            .any(|member| default_of(root, member).is_some())
}

pub(super) fn default_of<'s>(root: &'s Value, schema: &'s Value) -> Option<&'s Value> {
    schema.get("default").or_else(|| resolved(root, schema).get("default"))
}

/// Whether `schema` says `number` and not `integer`, itself or in one of its alternatives.
pub(super) fn says_number(root: &Value, schema: &Value) -> bool {
    let alternatives = |part: &Value| -> bool {
        ["anyOf", "oneOf"].iter().any(|word| {
            let branches = part.get(*word).and_then(Value::as_array);
            branches.is_some_and(|branches| {
                branches.iter().any(|branch| names_number(resolved(root, branch)))
            })
        })
    };
    parts(root, schema).into_iter().any(|part| names_number(part) || alternatives(part))
}

/// Whether `schema` names `number` and not `integer`.
pub(super) fn names_number(schema: &Value) -> bool {
    names_type(schema, "number") && !names_type(schema, "integer")
}

/// Collects the pointers of the fields marked `x-personal`.
pub(super) fn personal(
    root: &Value,
    schema: &Value,
    pointer: &mut String,
    depth: usize,
    out: &mut Vec<String>,
) {
    // Deep enough for any form; a schema that refers to itself ends here.
    if depth > DEPTH_MAX / 4 {
        return;
    }
    let mut below = |token: &str, member: &Value, pointer: &mut String| {
        let length = pointer.len();
        push_pointer(pointer, token);
        personal(root, member, pointer, depth + 1, out);
        pointer.truncate(length);
    };
    let parts = parts(root, schema);
    for part in &parts {
        for (key, member) in part.get("properties").and_then(Value::as_object).into_iter().flatten()
        {
            below(key, member, pointer);
        }
        for word in ["items", "additionalProperties"] {
            if let Some(member) = part.get(word).filter(|member| member.is_object()) {
                below("*", member, pointer);
            }
        }
        for member in part.get("prefixItems").and_then(Value::as_array).into_iter().flatten() {
            below("*", member, pointer);
        }
    }
    if parts.iter().any(|part| is_personal(part)) {
        out.push(pointer.clone());
    }
}

/// Collects the pointers of the values of `v` that lie in fields marked `x-personal`.
pub(super) fn personal_values(
    root: &Value,
    schema: &Value,
    v: &Value,
    pointer: &mut String,
    out: &mut Vec<String>,
) {
    let nothing = v.is_null() || v.as_str() == Some("");
    if parts(root, schema).iter().any(|part| is_personal(part)) {
        if !nothing {
            out.push(pointer.clone());
        }
        return;
    }
    let mut below = |token: &str, schema: Option<&Value>, member: &Value| {
        let Some(schema) = schema else { return };
        let length = pointer.len();
        push_pointer(pointer, token);
        personal_values(root, schema, member, pointer, out);
        pointer.truncate(length);
    };
    match v {
        Value::Object(members) => {
            for (key, member) in members {
                below(key, property(root, schema, key), member);
            }
        }
        Value::Array(items) => {
            for (index, member) in items.iter().enumerate() {
                below(&index.to_string(), item(root, schema, index), member);
            }
        }
        _ => {}
    }
}

fn is_personal(schema: &Value) -> bool {
    schema.get("x-personal") == Some(&Value::Bool(true))
}

/// Lets every field of `schema` that is marked `x-personal` hold a reference and a commitment in
/// place of its value; whether there is such a field.
pub(super) fn admit_kept(schema: &mut Value) -> bool {
    let mut any = false;
    match schema {
        Value::Object(members) => {
            for member in members.values_mut() {
                any |= admit_kept(member);
            }
        }
        Value::Array(items) => {
            for item in items {
                any |= admit_kept(item);
            }
        }
        _ => {}
    }
    if is_personal(schema) {
        let text = json!({ "type": "string" });
        let kept = json!({
            "type": "object",
            "properties": { "ref": text, "commitment": text },
            "required": ["ref", "commitment"],
            "additionalProperties": false,
        });
        *schema = json!({ "anyOf": [schema.take(), kept] });
        any = true;
    }
    any
}

/// Where a field stands in its form: for each token of `pointer`, its place in the `x-order` of
/// its object (or as an index), then its name.
pub(super) fn form_rank(root: &Value, pointer: &str) -> Vec<(usize, String)> {
    let mut rank = Vec::new();
    let mut at = Some(resolved(root, root));
    for token in pointer.split('/').skip(1) {
        let key = token.replace("~1", "/").replace("~0", "~");
        let index = key.parse::<usize>().ok();
        let order = at.map(|schema| parts(root, schema)).unwrap_or_default();
        let order = order.iter().find_map(|part| part.get("x-order")?.as_array());
        let place = order.and_then(|order| order.iter().position(|name| *name == key.as_str()));
        at = at.and_then(|schema| {
            let element = || index.and_then(|index| item(root, schema, index));
            property(root, schema, &key).or_else(element)
        });
        rank.push((place.or(index).unwrap_or(usize::MAX), key));
    }
    rank
}
