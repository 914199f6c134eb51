//! What is said of a value that does not fit, in Vietnamese and English.
//!
//! The validator's own texts are English only and repeat the value, which may be personal.

use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::types::JsonType;
use serde_json::Value;

/// One message in both languages.
pub(super) struct Said {
    pub(super) vi: String,
    pub(super) en: String,
}

fn said(vi: impl Into<String>, en: impl Into<String>) -> Said {
    Said { vi: vi.into(), en: en.into() }
}

/// The message for `kind`; `instance` is the value it speaks of.
pub(super) fn say(kind: &Kind, instance: &Value) -> Said {
    match kind {
        Kind::Required { .. } => said("phải có giá trị", "is required"),
        Kind::Type { kind } => of_type(kind),
        Kind::Enum { options } => {
            let options = list(options);
            said(format!("phải là một trong: {options}"), format!("must be one of: {options}"))
        }
        Kind::Constant { expected_value } => {
            said(format!("phải là {expected_value}"), format!("must be {expected_value}"))
        }
        Kind::Format { format } => of_format(format),
        Kind::Pattern { pattern } => {
            said(format!("phải theo mẫu {pattern}"), format!("must match {pattern}"))
        }
        Kind::AdditionalProperties { .. }
        | Kind::UnevaluatedProperties { .. }
        | Kind::FalseSchema => said("trường này không có trong mẫu", "is not a field of this form"),
        Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } => {
            said("không đúng dạng nào được chấp nhận", "fits none of the accepted forms")
        }
        Kind::OneOfMultipleValid { .. } => {
            said("đúng nhiều dạng, chỉ được đúng một", "fits several forms and may fit only one")
        }
        Kind::Not { .. } => said("là giá trị không được phép", "is a value that is not allowed"),
        Kind::PropertyNames { .. } => {
            said("có tên trường không hợp lệ", "has a field with an invalid name")
        }
        Kind::UniqueItems => said("không được có phần tử trùng nhau", "must not repeat an element"),
        Kind::Contains => said("thiếu một phần tử bắt buộc", "lacks an element that must be there"),
        kind => of_limit(kind, instance),
    }
}

fn of_limit(kind: &Kind, instance: &Value) -> Said {
    match kind {
        Kind::Minimum { limit } => {
            said(format!("phải từ {limit} trở lên"), format!("must be at least {limit}"))
        }
        Kind::Maximum { limit } => {
            said(format!("không được quá {limit}"), format!("must be at most {limit}"))
        }
        Kind::ExclusiveMinimum { limit } => {
            said(format!("phải lớn hơn {limit}"), format!("must be more than {limit}"))
        }
        Kind::ExclusiveMaximum { limit } => {
            said(format!("phải nhỏ hơn {limit}"), format!("must be less than {limit}"))
        }
        Kind::MultipleOf { multiple_of } => said(
            format!("phải là bội của {multiple_of}"),
            format!("must be a multiple of {multiple_of}"),
        ),
        Kind::MinLength { .. } if instance.as_str() == Some("") => {
            said("không được để trống", "must not be empty")
        }
        Kind::MinLength { limit } => said(
            format!("phải có ít nhất {limit} ký tự"),
            format!("must have at least {}", count(*limit, "character")),
        ),
        Kind::MaxLength { limit } => said(
            format!("không được quá {limit} ký tự"),
            format!("must have at most {}", count(*limit, "character")),
        ),
        Kind::MinItems { limit } => said(
            format!("phải có ít nhất {limit} phần tử"),
            format!("must have at least {}", count(*limit, "element")),
        ),
        Kind::MaxItems { limit } => said(
            format!("không được quá {limit} phần tử"),
            format!("must have at most {}", count(*limit, "element")),
        ),
        Kind::MinProperties { limit } => said(
            format!("phải có ít nhất {limit} trường"),
            format!("must have at least {}", count(*limit, "field")),
        ),
        Kind::MaxProperties { limit } => said(
            format!("không được quá {limit} trường"),
            format!("must have at most {}", count(*limit, "field")),
        ),
        Kind::AdditionalItems { limit } => said(
            format!("không được quá {limit} phần tử"),
            format!("must have at most {}", count(*limit as u64, "element")),
        ),
        _ => said("không hợp lệ", "is not valid"),
    }
}

/// `1 character`, `2 characters`.
fn count(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// The options of an `enum`.
fn list(options: &Value) -> String {
    let texts: Vec<String> =
        options.as_array().into_iter().flatten().map(Value::to_string).collect();
    texts.join(", ")
}

fn of_type(kind: &TypeKind) -> Said {
    let types: Vec<JsonType> = match kind {
        TypeKind::Single(one) => vec![*one],
        TypeKind::Multiple(several) => several.iter().collect(),
    };
    let vi: Vec<&str> = types.iter().map(|one| type_name(*one).0).collect();
    let en: Vec<&str> = types.iter().map(|one| type_name(*one).1).collect();
    said(format!("phải là {}", vi.join(" hoặc ")), format!("must be {}", en.join(" or ")))
}

fn type_name(one: JsonType) -> (&'static str, &'static str) {
    match one {
        JsonType::Array => ("danh sách", "a list"),
        JsonType::Boolean => ("đúng hoặc sai", "true or false"),
        JsonType::Integer => ("số nguyên", "a whole number"),
        JsonType::Null => ("rỗng", "null"),
        JsonType::Number => ("số", "a number"),
        JsonType::Object => ("đối tượng", "an object"),
        JsonType::String => ("văn bản", "a text"),
    }
}

fn of_format(format: &str) -> Said {
    let (vi, en) = match format {
        "date" => ("một ngày dạng 2022-11-25", "a date such as 2022-11-25"),
        "time" => ("một giờ dạng 07:30:00Z", "a time such as 07:30:00Z"),
        "date-time" => (
            "một thời điểm dạng 2022-11-25T07:30:00+07:00",
            "a moment such as 2022-11-25T07:30:00+07:00",
        ),
        "duration" => ("một khoảng thời gian dạng P3D", "a duration such as P3D"),
        "email" | "idn-email" => ("một địa chỉ thư điện tử", "an e-mail address"),
        "uri" | "iri" | "uri-reference" | "iri-reference" => {
            ("một địa chỉ trang mạng", "a web address")
        }
        "uuid" => ("một mã UUID", "a UUID"),
        _ => {
            return said(
                format!("phải đúng dạng {format}"),
                format!("must have the form {format}"),
            );
        }
    };
    said(format!("phải là {vi}"), format!("must be {en}"))
}
