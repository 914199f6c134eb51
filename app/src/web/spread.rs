//! A payload as the form of its event shows it: the way back from [`super::answer`].
//!
//! What was sent is shown on a receipt, corrected from where it stands, and compared with what another
//! typed meanwhile; all of them read a payload by the fields of its form.
//!
//! **Invariant:** what [`typed`] gives, [`super::answer::read`] reads as the payload it came from.

use serde_json::Value;

use super::context::grouped;
use super::form::{Field, Kind, Typed};
use crate::cli::Lang;

/// What would have been typed to send `payload`.
pub(super) fn typed(fields: &[Field], payload: &Value) -> Typed {
    let mut out = Typed::new();
    for leaf in leaves(fields) {
        let Some(value) = payload.pointer(&leaf.pointer) else { continue };
        match (&leaf.kind, value) {
            (Kind::Rows(columns), Value::Array(items)) => {
                for (row, item) in items.iter().enumerate() {
                    for (column, value) in
                        columns.iter().filter_map(|one| Some((one, item.pointer(&one.pointer)?)))
                    {
                        let name = format!("{}/{row}{}", leaf.pointer, column.pointer);
                        out.insert(name, vec![text(&column.kind, value)]);
                    }
                }
            }
            (Kind::Checks(_), Value::Array(items)) => {
                let ticked = items.iter().filter_map(Value::as_str).map(str::to_owned).collect();
                out.insert(leaf.pointer.clone(), ticked);
            }
            (kind, value) => {
                out.insert(leaf.pointer.clone(), vec![text(kind, value)]);
            }
        }
    }
    out
}

/// The fields that take a value, those of groups among them.
pub(super) fn leaves(fields: &[Field]) -> Vec<&Field> {
    let mut out = Vec::new();
    for field in fields {
        match &field.kind {
            Kind::Group(inner) => out.extend(leaves(inner)),
            _ => out.push(field),
        }
    }
    out
}

/// `value` as it is typed into a field of `kind`.
pub(super) fn text(kind: &Kind, value: &Value) -> String {
    match (kind, value) {
        (Kind::Date, Value::String(date)) => as_date(date),
        (_, Value::String(text)) => text.clone(),
        (_, Value::Number(number)) => {
            number.as_f64().map_or_else(String::new, |number| grouped(number, Lang::Vi))
        }
        (_, Value::Bool(yes)) => yes.to_string(),
        (_, Value::Array(items)) => {
            items.iter().map(|item| text(kind, item)).collect::<Vec<_>>().join("\n")
        }
        (_, Value::Object(members)) if !members.contains_key("commitment") => members
            .iter()
            .map(|(name, value)| format!("{name}: {}", text(kind, value)))
            .collect::<Vec<_>>()
            .join("\n"),
        _ => String::new(),
    }
}

/// `value` as people read it: the words of a choice, a number with its unit, yes or no.
pub(super) fn shown(field: &Field, value: Option<&Value>, lang: Lang) -> String {
    let words = |choices: &[(String, String)], value: &str| {
        let found = choices.iter().find(|(code, _)| code == value);
        found.map_or_else(|| value.to_owned(), |(_, words)| words.clone())
    };
    match (&field.kind, value) {
        (_, None | Some(Value::Null)) => String::new(),
        (_, Some(Value::Object(members))) if members.contains_key("commitment") => {
            lang.pick("(dữ liệu cá nhân, giữ riêng)", "(personal, kept apart)").to_owned()
        }
        (Kind::Choice(choices), Some(Value::String(value))) => words(choices, value),
        (Kind::Checks(choices), Some(Value::Array(items))) => {
            let ticked = items.iter().filter_map(Value::as_str).map(|one| words(choices, one));
            ticked.collect::<Vec<_>>().join("; ")
        }
        (_, Some(Value::Bool(yes))) => {
            if *yes { lang.pick("Có", "Yes") } else { lang.pick("Không", "No") }.to_owned()
        }
        (Kind::Number { unit, .. }, Some(Value::Number(number))) => {
            let number = number.as_f64().map_or_else(String::new, |one| grouped(one, lang));
            format!("{number} {unit}").trim_end().to_owned()
        }
        (Kind::Rows(columns), Some(Value::Array(items))) => {
            let row = |item: &Value| {
                let cells = columns.iter().map(|one| shown(one, item.pointer(&one.pointer), lang));
                cells.filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join(" · ")
            };
            items.iter().map(row).collect::<Vec<_>>().join("\n")
        }
        (kind, Some(value)) => text(kind, value),
    }
}

fn as_date(text: &str) -> String {
    let date = text.parse::<chrono::NaiveDate>();
    date.map_or_else(|_| text.to_owned(), |date| date.format("%d/%m/%Y").to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::answer;
    use super::super::form::fields;
    use super::*;

    #[test]
    fn a_payload_comes_back_as_it_was_sent() {
        let schema = json!({ "type": "object", "properties": {
            "when": { "type": "string", "format": "date", "title": "Ngày" },
            "body": { "type": "string", "enum": ["council"], "x-titles": { "council": { "vi": "Hội đồng" } } },
            "count": { "type": "integer", "title": "Số", "x-unit": "người" },
            "share": { "type": "number" },
            "agreed": { "type": "boolean" },
            "people": { "type": "array", "items": { "type": "string" } },
            "missing": { "type": "array", "items": { "type": "string", "enum": ["a", "b"] } },
            "notes": { "type": "object", "additionalProperties": { "type": "string" } },
            "rows": { "type": "array", "items": { "type": "object", "properties": {
                "id": { "type": "string" }, "weight": { "type": "number" } } } },
            "inner": { "type": "object", "properties": { "x": { "type": "number" } } },
        } });
        let fields = fields(&schema, Lang::Vi);
        let payload = json!({
            "when": "2022-11-25", "body": "council", "count": 1_250_000, "share": -99.5, "agreed": true,
            "people": ["an", "bình"], "missing": ["b"], "notes": { "x": "đã rà soát: xong" },
            "rows": [{ "id": "r", "weight": 2 }, { "id": "s" }], "inner": { "x": 0 },
        });
        let typed = typed(&fields, &payload);
        assert_eq!(typed["/count"], ["1.250.000"]);
        assert_eq!(typed["/when"], ["25/11/2022"]);
        assert_eq!(answer::read(&fields, &typed, Lang::Vi), Ok(payload.clone()));
        let shown = |pointer: &str| {
            let leaves = leaves(&fields);
            let field = leaves.iter().find(|field| field.pointer == pointer).expect("a field");
            shown(field, payload.pointer(pointer), Lang::Vi)
        };
        assert_eq!(shown("/body"), "Hội đồng");
        assert_eq!(shown("/count"), "1.250.000 người");
        assert_eq!(shown("/agreed"), "Có");
        assert_eq!(shown("/rows"), "r · 2\ns");
    }
}
