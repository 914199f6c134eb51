//! What a schema says about a path, read from the schema itself.

use serde_json::Value;

/// What a schema says about a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    /// Every key is known.
    Known {
        /// The keys from which on one need not be there: its index, if there is such a key.
        optional_from: Option<usize>,
        /// Whether some key on the way is personal.
        personal: bool,
        /// The JSON types of the value; empty where the schema does not say.
        types: Vec<String>,
    },
    /// The key at this index is not in the schema.
    Unknown {
        /// Which key.
        at: usize,
        /// The keys that are there instead.
        known: Vec<String>,
    },
}

/// Follows `path` through `schema`; `vouched` keys are known to be there.
pub(super) fn look(schema: &Value, path: &[String], vouched: usize) -> Shape {
    let mut here = schema;
    let mut optional_from = None;
    let mut personal = false;
    for (at, key) in path.iter().enumerate() {
        here = resolve(schema, here);
        personal |= is_personal(here);
        let Some(properties) = here.get("properties").and_then(Value::as_object) else {
            let open = here.get("additionalProperties");
            if at >= vouched && optional_from.is_none() && here.get("type").is_some() {
                optional_from = Some(at);
            }
            match open {
                Some(next) if next.is_object() => {
                    here = next;
                    continue;
                }
                _ => return Shape::Known { optional_from, personal, types: Vec::new() },
            }
        };
        let Some(next) = properties.get(key) else {
            match here.get("additionalProperties") {
                Some(Value::Bool(false)) | None => {
                    if is_mixed(here) {
                        return Shape::Known { optional_from, personal, types: Vec::new() };
                    }
                    return Shape::Unknown { at, known: properties.keys().cloned().collect() };
                }
                Some(next) => {
                    optional_from = optional_from.or((at >= vouched).then_some(at));
                    here = next;
                    continue;
                }
            }
        };
        let required = here
            .get("required")
            .and_then(Value::as_array)
            .is_some_and(|all| all.iter().any(|one| one.as_str() == Some(key)));
        let default =
            resolve(schema, next).get("default").is_some() || next.get("default").is_some();
        if !required && !default && at >= vouched && optional_from.is_none() {
            optional_from = Some(at);
        }
        here = next;
    }
    here = resolve(schema, here);
    personal |= is_personal(here);
    let types = match here.get("type") {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(all)) => {
            all.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    };
    Shape::Known { optional_from, personal, types }
}

fn is_personal(schema: &Value) -> bool {
    schema.get("x-personal").is_some_and(|one| *one != Value::Bool(false))
}

/// Whether other keywords may bring properties that this look does not follow.
fn is_mixed(schema: &Value) -> bool {
    ["allOf", "anyOf", "oneOf", "if", "patternProperties"]
        .iter()
        .any(|one| schema.get(one).is_some())
}

/// Follows a local `$ref`.
fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let mut here = schema;
    for _ in 0..8 {
        let target = here.get("$ref").and_then(Value::as_str).and_then(|one| one.strip_prefix('#'));
        match target.and_then(|pointer| root.pointer(pointer)) {
            Some(next) => here = next,
            None => break,
        }
    }
    here
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Shape, look};

    #[test]
    fn a_schema_tells_what_is_there() {
        let schema = json!({
            "type": "object",
            "required": ["sure"],
            "properties": {
                "sure": { "type": "object", "properties": { "maybe": { "type": "integer" } } },
                "given": { "type": "boolean", "default": false },
                "name": { "type": "string", "x-personal": true, "default": "" },
                "map": { "type": "object", "default": {}, "additionalProperties": { "type": "integer" } },
            },
        });
        let told = |path: &[&str], vouched| {
            let path: Vec<String> = path.iter().map(|&one| one.to_owned()).collect();
            match look(&schema, &path, vouched) {
                Shape::Known { optional_from, personal, .. } => (true, optional_from, personal),
                Shape::Unknown { at, .. } => (false, Some(at), false),
            }
        };
        assert_eq!(told(&["sure"], 0), (true, None, false));
        assert_eq!(told(&["sure", "maybe"], 0), (true, Some(1), false));
        assert_eq!(told(&["sure", "maybe"], 2), (true, None, false));
        assert_eq!(told(&["given"], 0), (true, None, false));
        assert_eq!(told(&["name"], 0), (true, None, true));
        assert_eq!(told(&["map", "x"], 0), (true, Some(1), false));
        assert_eq!(told(&["other"], 0), (false, Some(0), false));
    }
}
