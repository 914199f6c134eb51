//! JSON Schema (draft 2020-12): the shape of a case's data and of each payload.
//!
//! Compiled once and offline; formats are checked; patterns run in linear time. The messages are
//! our own, in both languages, from the validator's typed errors. Beside validating, a schema
//! gives defaults, fixes the type of numbers (R2), says which fields are personal (R9), and
//! answers the checker's questions about what is declared and required.
//!
//! The words that are not JSON Schema's: `x-personal: true` on a field, and `x-order: [names]` on
//! an object, the order of its fields in a form.
//!
//! **Invariant:** `coerce_numbers` and `settled` change nothing when applied twice.

mod members;
mod message;
#[cfg(test)]
mod samples;
mod shape;
mod sure;
mod typed;
mod within;

use std::fmt;
use std::sync::Arc;

use jsonschema::{Draft, PatternOptions, ValidationError, Validator};
use serde_json::Value;

use crate::canonical::push_pointer;
use crate::data::Data;
use crate::path::Segment;

/// A compiled schema. Cloning is cheap; two are equal when their sources are.
#[derive(Clone)]
pub struct Schema(Arc<Inner>);

struct Inner {
    source: Value,
    validator: Validator,
    /// The same, but a personal field may hold what is kept of it; absent where none is personal.
    kept: Option<Validator>,
    /// What is kept, judged member by member; absent where a member's worth depends on another's.
    members: Option<members::Members>,
    typed: typed::Typed,
}

/// Why a schema was not compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", if pointer.is_empty() { String::new() } else { format!("`{pointer}`: ") })]
pub struct SchemaError {
    /// Where in the schema, as a JSON pointer; empty for the whole.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
}

/// One way in which a value does not fit its schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field, as a JSON pointer into the value; for a missing field, where it should be.
    pub pointer: String,
    /// The keyword it breaks, such as `required`.
    pub keyword: String,
    /// What to say, in Vietnamese.
    pub message_vi: String,
    /// What to say, in English.
    pub message_en: String,
}

impl Schema {
    /// Compiles `v`. References may lead only into the same document (`#/$defs/..`).
    pub fn compile(v: &Value) -> Result<Self, SchemaError> {
        if !v.is_object() && !v.is_boolean() {
            let message = "a JSON Schema is an object".to_owned();
            return Err(SchemaError { pointer: String::new(), message });
        }
        let validator = compiled(v)?;
        let mut open = v.clone();
        let kept = if shape::admit_kept(&mut open) { Some(compiled(&open)?) } else { None };
        let members = members::Members::of(&open);
        let source = v.clone();
        let typed = typed::Typed::of(&source);
        Ok(Self(Arc::new(Inner { source, validator, kept, members, typed })))
    }

    /// The schema as written.
    pub fn source(&self) -> &Value {
        &self.0.source
    }

    /// Whether `v` fits; otherwise every violation, in the order of the form.
    pub fn validate(&self, v: &Value) -> Result<(), Vec<Violation>> {
        self.judge(&self.0.validator, v)
    }

    /// Whether `v` fits as it is kept: like [`Schema::validate`], but a personal field may hold its
    /// reference and commitment in place of the value (R9).
    pub fn validate_kept(&self, v: &Value) -> Result<(), Vec<Violation>> {
        self.judge(self.0.kept.as_ref().unwrap_or(&self.0.validator), v)
    }

    /// Types the numbers of `v` as [`Schema::coerce_numbers`] does and judges it by
    /// [`Schema::validate_kept`].
    pub fn admit(&self, v: &mut Value) -> Result<(), Vec<Violation>> {
        if self.0.typed.coerce(v) { Ok(()) } else { self.validate_kept(v) }
    }

    /// [`Schema::settled`], judged by [`Schema::validate_kept`].
    pub fn admit_settled(&self, mut v: Value) -> Result<Value, Vec<Violation>> {
        if !self.0.typed.settle(&mut v) {
            self.validate_kept(&v)?;
        }
        Ok(v)
    }

    /// [`Schema::admit`] of what was admitted before only its members `written` were written or
    /// removed: the others are not looked at where no member's worth depends on another's.
    pub fn admit_members<'a>(
        &self,
        data: &mut Data,
        written: impl Iterator<Item = &'a Arc<str>>,
    ) -> Result<(), Vec<Violation>> {
        let members = self.0.members.as_ref().filter(|_| data.is_object());
        let mut fit = members.is_some();
        data.visit(written, |key, mut member| {
            let is_sure =
                member.as_deref_mut().is_some_and(|member| self.0.typed.coerce_member(key, member));
            fit = fit
                && (is_sure || members.is_some_and(|members| members.fit(key, member.as_deref())));
        });
        if fit { Ok(()) } else { self.validate_kept(data.whole()) }
    }

    fn judge(&self, validator: &Validator, v: &Value) -> Result<(), Vec<Violation>> {
        if validator.is_valid(v) {
            return Ok(());
        }
        let mut violations: Vec<Violation> =
            validator.iter_errors(v).flat_map(|error| violations(&error)).collect();
        violations.sort_by_cached_key(|violation| {
            (shape::form_rank(self.source(), &violation.pointer), violation.keyword.clone())
        });
        violations.dedup();
        Err(violations)
    }

    /// `v` with the `default` of every absent property, at every depth, and with its numbers typed as
    /// [`Schema::coerce_numbers`] does.
    pub fn settled(&self, mut v: Value) -> Value {
        self.0.typed.settle(&mut v);
        v
    }

    /// `v` with numbers of the type its fields declare: `number` is a double, `integer` an
    /// integer; where neither is declared, whole numbers are integers (R2).
    pub fn coerce_numbers(&self, mut v: Value) -> Value {
        self.0.typed.coerce(&mut v);
        v
    }

    /// Whether the value at `path` may be an object, so that a missing parent may be created.
    pub fn allows_object_at(&self, path: &[Segment]) -> bool {
        let mut at = self.source();
        for segment in path {
            let next = match segment {
                Segment::Key(key) => shape::property(self.source(), at, key),
                Segment::Index(index) => shape::item(self.source(), at, *index),
            };
            match next {
                Some(next) => at = next,
                None => return false,
            }
        }
        shape::says_object(self.source(), at)
    }

    /// The schema of the property at `path`, if it is declared: by name, or as the value of a map
    /// (`additionalProperties` with a schema).
    pub fn property_at<S: AsRef<str>>(&self, path: &[S]) -> Option<&Value> {
        let mut at = shape::resolved(self.source(), self.source());
        for key in path {
            at = shape::property(self.source(), at, key.as_ref())?;
        }
        Some(at)
    }

    /// Whether the last key of `path` is there whenever its parent is: required, or given a
    /// default. True of the empty path.
    pub fn required_at<S: AsRef<str>>(&self, path: &[S]) -> bool {
        let Some((last, parents)) = path.split_last() else { return true };
        let Some(parent) = self.property_at(parents) else { return false };
        shape::requires(self.source(), parent, last.as_ref())
    }

    /// Whether a value that was admitted as the member `key` is one that `other` admits as its member
    /// `other_key`, as far as can be seen.
    pub(crate) fn demands_as(&self, key: &str, other: &Self, other_key: &str) -> bool {
        other.0.members.is_some() && within::member(self.source(), key, other.source(), other_key)
    }

    /// Whether any field is personal.
    pub fn holds_personal(&self) -> bool {
        self.0.kept.is_some()
    }

    /// Where `v` holds personal values: JSON pointers, each to the outermost marked field, in order.
    /// Null and the empty text say nothing of anybody.
    pub fn personal_values(&self, v: &Value) -> Vec<String> {
        let mut out = Vec::new();
        if self.holds_personal() {
            shape::personal_values(self.source(), self.source(), v, &mut String::new(), &mut out);
        }
        out
    }

    /// The fields marked `x-personal`, as JSON pointers in which `*` stands for every element or
    /// key, sorted (R9).
    pub fn personal_paths(&self) -> Vec<String> {
        let mut out = Vec::new();
        shape::personal(self.source(), self.source(), &mut String::new(), 0, &mut out);
        out.sort();
        out.dedup();
        out
    }
}

impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        self.0.source == other.0.source
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Schema").field(&self.0.source).finish()
    }
}

/// The validator of `source`: offline, with formats, patterns in linear time.
fn compiled(source: &Value) -> Result<Validator, SchemaError> {
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .offline()
        .should_validate_formats(true)
        .with_pattern_options(PatternOptions::regex())
        .build(source)
        .map_err(|error| not_a_schema(&error))
}

fn not_a_schema(error: &ValidationError<'_>) -> SchemaError {
    let pointer = error.instance_path().as_str().to_owned();
    let message = match error.kind() {
        jsonschema::error::ValidationErrorKind::Referencing(cause) => {
            format!("the reference leads nowhere: {cause}; schemas are read offline")
        }
        kind => message::say(kind, error.instance()).en,
    };
    SchemaError { pointer, message }
}

/// The violations of one error: a missing or unexpected field is named by its own pointer.
fn violations(error: &ValidationError<'_>) -> Vec<Violation> {
    use jsonschema::error::ValidationErrorKind as Kind;
    let base = error.instance_path().as_str();
    let violation = |pointer: String| {
        let said = message::say(error.kind(), error.instance());
        let keyword = error.kind().keyword().to_owned();
        Violation { pointer, keyword, message_vi: said.vi, message_en: said.en }
    };
    let below = |key: &str| {
        let mut pointer = base.to_owned();
        push_pointer(&mut pointer, key);
        violation(pointer)
    };
    match error.kind() {
        Kind::Required { property: Value::String(key) } => vec![below(key)],
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            unexpected.iter().map(|key| below(key)).collect()
        }
        _ => vec![violation(base.to_owned())],
    }
}
