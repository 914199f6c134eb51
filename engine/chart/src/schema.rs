//! JSON Schema (draft 2020-12): what a case's data and an event's payload look like.
//!
//! Messages are our own, in both languages, from the validator's typed errors; a form shows them
//! beside the field whose pointer they carry.
//!
//! **Invariant:** a schema reads nothing from outside; `$ref` reaches only into the schema itself.

use std::sync::Arc;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::{Map, Number, Value};

use crate::path::Segment;

/// One way in which a value does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The JSON pointer of the value at fault; of the missing property, for `required`.
    pub pointer: String,
    /// The keyword of the schema, such as `minimum`.
    pub keyword: String,
    /// In Vietnamese.
    pub message_vi: String,
    /// In English.
    pub message_en: String,
}

/// Why a schema cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the schema is not valid at `{pointer}`: {message}")]
pub struct SchemaError {
    /// Where in the schema.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
}

/// A compiled schema. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Schema(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    source: Value,
    validator: jsonschema::Validator,
    /// Whether any property has a default, and whether any number needs its type kept.
    defaults: bool,
}

impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        self.0.source == other.0.source
    }
}

impl Schema {
    /// Compiles a schema.
    pub fn compile(source: &Value) -> Result<Self, SchemaError> {
        let validator = jsonschema::options()
            .with_draft(jsonschema::Draft::Draft202012)
            .should_validate_formats(true)
            .offline()
            .build(source)
            .map_err(|error| SchemaError {
                pointer: error.instance_path().to_string(),
                message: error.to_string(),
            })?;
        let defaults = source.to_string().contains("\"default\"");
        Ok(Self(Arc::new(Compiled { source: source.clone(), validator, defaults })))
    }

    /// The schema as written.
    pub fn source(&self) -> &Value {
        &self.0.source
    }

    /// Whether `value` fits; otherwise every violation, in the order of the form.
    pub fn validate(&self, value: &Value) -> Result<(), Vec<Violation>> {
        if self.0.validator.is_valid(value) {
            return Ok(());
        }
        let mut violations: Vec<Violation> =
            self.0.validator.iter_errors(value).flat_map(|error| violations(&error)).collect();
        violations.sort_by_cached_key(|one| (self.form_order(&one.pointer), one.keyword.clone()));
        violations.dedup();
        Err(violations)
    }

    /// Positions of a pointer's properties in the schema, so that messages follow the form.
    fn form_order(&self, pointer: &str) -> Vec<usize> {
        let mut order = Vec::new();
        let mut at = Some(&self.0.source);
        for part in pointer.split('/').skip(1) {
            let properties = at.and_then(|schema| self.deref(schema).get("properties"));
            let position = properties
                .and_then(Value::as_object)
                .and_then(|all| all.keys().position(|key| key == part));
            order.push(position.unwrap_or_else(|| part.parse().unwrap_or(usize::MAX)));
            at = at.and_then(|schema| self.below(schema, part));
        }
        order
    }

    /// Fills in the defaults of absent properties, all the way down.
    #[must_use]
    pub fn with_defaults(&self, mut value: Value) -> Value {
        if self.0.defaults {
            self.fill(&self.0.source, &mut value, 0);
        }
        value
    }

    fn fill(&self, schema: &Value, value: &mut Value, depth: usize) {
        if depth > 32 {
            return;
        }
        let schema = self.deref(schema);
        match value {
            Value::Object(object) => {
                let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
                    return;
                };
                for (key, property) in properties {
                    if !object.contains_key(key)
                        && let Some(default) = self.deref(property).get("default")
                    {
                        object.insert(key.clone(), default.clone());
                    }
                    if let Some(child) = object.get_mut(key) {
                        self.fill(property, child, depth + 1);
                    }
                }
            }
            Value::Array(items) => {
                if let Some(schema) = schema.get("items") {
                    items.iter_mut().for_each(|item| self.fill(schema, item, depth + 1));
                }
            }
            _ => {}
        }
    }

    /// Keeps numbers typed (R2): under `number` integers become doubles, under `integer` integral
    /// doubles become integers.
    #[must_use]
    pub fn coerce_numbers(&self, mut value: Value) -> Value {
        self.coerce(&self.0.source, &mut value, 0);
        value
    }

    fn coerce(&self, schema: &Value, value: &mut Value, depth: usize) {
        if depth > 32 {
            return;
        }
        let schema = self.deref(schema);
        match value {
            Value::Number(number) => {
                if let Some(typed) = typed(schema.get("type"), number) {
                    *number = typed;
                }
            }
            Value::Object(object) => {
                for (key, child) in object {
                    if let Some(schema) = self.below(schema, key) {
                        self.coerce(schema, child, depth + 1);
                    }
                }
            }
            Value::Array(items) => {
                if let Some(schema) = schema.get("items") {
                    items.iter_mut().for_each(|item| self.coerce(schema, item, depth + 1));
                }
            }
            _ => {}
        }
    }

    /// Whether the schema says object at `at`: a missing parent may be created there (R24).
    pub fn allows_object_at(&self, at: &[Segment]) -> bool {
        self.schema_at(at).is_some_and(|schema| match schema.get("type") {
            Some(Value::String(name)) => name == "object",
            Some(Value::Array(names)) => names.iter().any(|name| name == "object"),
            _ => schema.get("properties").is_some(),
        })
    }

    /// The schema of the value at `at`, if the schema knows it.
    pub fn schema_at(&self, at: &[Segment]) -> Option<&Value> {
        let mut schema = self.deref(&self.0.source);
        for segment in at {
            schema = match segment {
                Segment::Key(key) => self.below(schema, key)?,
                Segment::Index(_) => schema.get("items")?,
            };
            schema = self.deref(schema);
        }
        Some(schema)
    }

    /// The schema of the property that `path` names; a property under a map or list of objects
    /// goes on through `additionalProperties` or `items`.
    pub fn property_at(&self, path: &[&str]) -> Option<&Value> {
        let keys: Vec<Segment> = path.iter().map(|key| Segment::Key((*key).to_owned())).collect();
        self.schema_at(&keys)
    }

    /// Whether every step of `path` is there in every valid value with defaults filled in.
    pub fn required_at(&self, path: &[&str]) -> bool {
        let mut schema = self.deref(&self.0.source);
        for key in path {
            let required = schema.get("required").and_then(Value::as_array);
            let listed = required.is_some_and(|all| all.iter().any(|one| one == key));
            let Some(below) = schema.get("properties").and_then(|all| all.get(*key)) else {
                return false;
            };
            let below = self.deref(below);
            if !listed && below.get("default").is_none() {
                return false;
            }
            schema = below;
        }
        true
    }

    /// Pointers of properties marked `x-personal` (R9); `*` stands for any element.
    pub fn personal_paths(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.collect_personal(&self.0.source, "", &mut found, 0);
        found
    }

    fn collect_personal(&self, schema: &Value, at: &str, found: &mut Vec<String>, depth: usize) {
        if depth > 16 {
            return;
        }
        let schema = self.deref(schema);
        if schema.get("x-personal") == Some(&Value::Bool(true)) {
            found.push(at.to_owned());
            return;
        }
        if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
            for (key, property) in properties {
                self.collect_personal(property, &format!("{at}/{key}"), found, depth + 1);
            }
        }
        for keyword in ["items", "additionalProperties"] {
            if let Some(below) = schema.get(keyword).filter(|below| below.is_object()) {
                self.collect_personal(below, &format!("{at}/*"), found, depth + 1);
            }
        }
    }

    /// The schema of property `key` of an object under `schema`.
    fn below<'s>(&'s self, schema: &'s Value, key: &str) -> Option<&'s Value> {
        let schema = self.deref(schema);
        let property = schema.get("properties").and_then(|all| all.get(key));
        let other = || schema.get("additionalProperties").filter(|other| other.is_object());
        let item = || key.parse::<usize>().ok().and_then(|_| schema.get("items"));
        property.or_else(other).or_else(item)
    }

    /// Follows `$ref` within the schema.
    fn deref<'s>(&'s self, schema: &'s Value) -> &'s Value {
        let mut at = schema;
        for _ in 0..8 {
            let Some(pointer) = at.get("$ref").and_then(Value::as_str) else { break };
            let target = pointer.strip_prefix('#').and_then(|path| self.0.source.pointer(path));
            let Some(target) = target else { break };
            at = target;
        }
        at
    }
}

/// `number` in the type its schema wants, if that is another.
fn typed(kind: Option<&Value>, number: &Number) -> Option<Number> {
    let is = |name: &str| match kind {
        Some(Value::String(kind)) => kind == name,
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == name),
        _ => false,
    };
    if is("number") && !number.is_f64() {
        return Number::from_f64(number.as_f64()?);
    }
    if is("integer") && number.is_f64() {
        let float = number.as_f64()?;
        // INVARIANT: within 2^53 the conversion is exact.
        #[expect(clippy::cast_possible_truncation, reason = "range and fraction are checked")]
        let whole = (float.fract() == 0.0 && float.abs() <= 9_007_199_254_740_991.0)
            .then(|| Number::from(float as i64));
        return whole;
    }
    None
}

fn violations(error: &jsonschema::ValidationError<'_>) -> Vec<Violation> {
    let pointer = error.instance_path().to_string();
    let keyword = error.kind().keyword().to_owned();
    let one = |pointer: String, (message_vi, message_en): (String, String)| Violation {
        pointer,
        keyword: keyword.clone(),
        message_vi,
        message_en,
    };
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            let words = (
                format!("Thiếu mục `{name}`."),
                format!("`{name}` is missing."),
            );
            vec![one(format!("{pointer}/{}", escape(name)), words)]
        }
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => unexpected
            .iter()
            .map(|name| {
                let words = (
                    format!("Không có mục `{name}` trong biểu mẫu."),
                    format!("`{name}` is not a field of this form."),
                );
                one(format!("{pointer}/{}", escape(name)), words)
            })
            .collect(),
        kind => vec![one(pointer, words(kind, error.instance()))],
    }
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// What a violation says, in both languages.
fn words(kind: &ValidationErrorKind, found: &Value) -> (String, String) {
    use ValidationErrorKind as Kind;
    match kind {
        Kind::Type { kind } => {
            let wanted = match kind {
                TypeKind::Single(wanted) => wanted.to_string(),
                TypeKind::Multiple(all) => {
                    let all: Vec<String> = all.iter().map(|one| one.to_string()).collect();
                    all.join(" / ")
                }
            };
            (
                format!("Giá trị `{found}` phải thuộc kiểu {wanted}."),
                format!("`{found}` must be of type {wanted}."),
            )
        }
        Kind::Enum { options } => (
            format!("Giá trị `{found}` không nằm trong danh sách: {options}."),
            format!("`{found}` is not one of {options}."),
        ),
        Kind::Constant { expected_value } => (
            format!("Giá trị phải là `{expected_value}`."),
            format!("The value must be `{expected_value}`."),
        ),
        Kind::Minimum { limit } => (
            format!("Giá trị `{found}` phải từ {limit} trở lên."),
            format!("`{found}` must be at least {limit}."),
        ),
        Kind::Maximum { limit } => (
            format!("Giá trị `{found}` không được quá {limit}."),
            format!("`{found}` must be at most {limit}."),
        ),
        Kind::ExclusiveMinimum { limit } => (
            format!("Giá trị `{found}` phải lớn hơn {limit}."),
            format!("`{found}` must be greater than {limit}."),
        ),
        Kind::ExclusiveMaximum { limit } => (
            format!("Giá trị `{found}` phải nhỏ hơn {limit}."),
            format!("`{found}` must be less than {limit}."),
        ),
        Kind::MinLength { limit: 1 } => {
            ("Mục này không được để trống.".to_owned(), "This may not be empty.".to_owned())
        }
        Kind::MinLength { limit } => (
            format!("Cần ít nhất {limit} ký tự."),
            format!("At least {limit} characters are needed."),
        ),
        Kind::MaxLength { limit } => {
            (format!("Không quá {limit} ký tự."), format!("At most {limit} characters fit."))
        }
        Kind::MinItems { limit } => {
            (format!("Cần ít nhất {limit} mục."), format!("At least {limit} items are needed."))
        }
        Kind::MaxItems { limit } => {
            (format!("Không quá {limit} mục."), format!("At most {limit} items fit."))
        }
        Kind::UniqueItems => (
            "Các mục không được trùng nhau.".to_owned(),
            "The items may not repeat.".to_owned(),
        ),
        Kind::Format { format } => (
            format!("Giá trị `{found}` không đúng định dạng {format}."),
            format!("`{found}` is not a valid {format}."),
        ),
        Kind::Pattern { pattern } => (
            format!("Giá trị `{found}` không đúng mẫu `{pattern}`."),
            format!("`{found}` does not match `{pattern}`."),
        ),
        other => {
            let keyword = other.keyword();
            (
                format!("Giá trị `{found}` không thỏa điều kiện `{keyword}`."),
                format!("`{found}` does not satisfy `{keyword}`."),
            )
        }
    }
}

/// An empty object, the value of absent data.
pub fn empty() -> Value {
    Value::Object(Map::new())
}
