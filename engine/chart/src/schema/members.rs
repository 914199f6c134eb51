//! Judging a change by the members it touched.
//!
//! Data was valid before a step, so after it only the members that were written can break the schema,
//! provided that the schema says nothing about two members at once. Whether it does is found from a
//! list of words that do not; any other word, and the whole is judged as before.
//!
//! **Invariant:** `fit` is true only where the whole schema holds, given that it held before.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::OnceLock;

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::names::Names;

/// Words of the root that say nothing of two members at once. Words beginning with `x-` are ours.
const APART: [&str; 12] = [
    "$schema",
    "$comment",
    "$defs",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "type",
    "properties",
    "required",
    "additionalProperties",
];
/// Words that give a schema another place or meaning when it is taken out of its document.
const ROOTED: [&str; 6] =
    ["$id", "$anchor", "$ref", "$dynamicRef", "$dynamicAnchor", "unevaluatedProperties"];

/// A schema whose members can be judged one by one.
pub(super) struct Members {
    named: Names<Member>,
    /// What every other member must be.
    other: Other,
    required: BTreeSet<String>,
}

enum Other {
    Anything,
    Nothing,
    Such(Box<Member>),
}

/// One member's schema, compiled when it is first asked for: most charts write few of theirs.
struct Member {
    document: Value,
    validator: OnceLock<Option<Validator>>,
}

impl Members {
    /// The members of `root`, if they can be judged apart.
    pub(super) fn of(root: &Value) -> Option<Self> {
        let words = root.as_object()?;
        let is_apart = |word: &String| APART.contains(&word.as_str()) || word.starts_with("x-");
        if !words.keys().all(is_apart) || words.get("type") != Some(&Value::from("object")) {
            return None;
        }
        let defs = words.get("$defs");
        if !words.values().all(stays_in_place) {
            return None;
        }
        let none = Map::new();
        let properties = match words.get("properties") {
            None => &none,
            Some(properties) => properties.as_object()?,
        };
        let named = properties.iter().map(|(key, one)| (key.as_str(), Member::new(one, defs)));
        let other = match words.get("additionalProperties") {
            None | Some(Value::Bool(true)) => Other::Anything,
            Some(Value::Bool(false)) => Other::Nothing,
            Some(schema) => Other::Such(Box::new(Member::new(schema, defs))),
        };
        let required = match words.get("required") {
            None => BTreeSet::new(),
            Some(names) => {
                names.as_array()?.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
        };
        Some(Self { named: named.collect(), other, required })
    }

    /// Whether the member `key` of data that fitted before it was written or removed is seen to fit.
    pub(super) fn fit(&self, key: &str, value: Option<&Value>) -> bool {
        let Some(value) = value else { return !self.required.contains(key) };
        match (self.named.get(key), &self.other) {
            (Some(member), _) => member.fits(value),
            (None, Other::Such(member)) => member.fits(value),
            (None, Other::Anything) => true,
            (None, Other::Nothing) => false,
        }
    }
}

impl Member {
    fn new(schema: &Value, defs: Option<&Value>) -> Self {
        let mut document = json!({ "allOf": [schema] });
        if let Some(defs) = defs {
            document["$defs"] = defs.clone();
        }
        Self { document, validator: OnceLock::new() }
    }

    fn fits(&self, value: &Value) -> bool {
        let compiled = || super::compiled(&self.document).ok();
        self.validator.get_or_init(compiled).as_ref().is_some_and(|one| one.is_valid(value))
    }
}

/// Whether every reference below `schema` leads into `$defs`, and nothing depends on where it lies.
fn stays_in_place(schema: &Value) -> bool {
    match schema {
        Value::Object(words) => words.iter().all(|(word, below)| {
            let leads_to_defs = word == "$ref"
                && below.as_str().is_some_and(|target| target.starts_with("#/$defs/"));
            (leads_to_defs || !ROOTED.contains(&word.as_str())) && stays_in_place(below)
        }),
        Value::Array(items) => items.iter().all(stays_in_place),
        _ => true,
    }
}

impl fmt::Debug for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Members").field("required", &self.required).finish_non_exhaustive()
    }
}
