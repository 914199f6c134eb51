//! What was typed into a form, as the payload it means.
//!
//! Numbers may be written as people in Viet Nam write them (`1.250.000`, `99,5`) or as machines do; dates
//! as 25/11/2022, 25-11-2022 or 2022-11-25. An empty field that is not required is left out. Everything
//! that is wrong is said at once, each at its field, with what was typed.
//!
//! **Invariant:** what is read is what the form of the same fields would show again.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::{Map, Number, Value};
use unicode_normalization::UnicodeNormalization as _;

use super::form::{Field, Kind, Typed, rows_typed};
use crate::cli::Lang;

/// The payload, or words by pointer for what cannot be read.
pub(super) fn read(
    fields: &[Field],
    typed: &Typed,
    lang: Lang,
) -> Result<Value, BTreeMap<String, String>> {
    let mut reader = Reader { typed, lang, errors: BTreeMap::new() };
    let payload = reader.object(fields, "");
    if reader.errors.is_empty() { Ok(Value::Object(payload)) } else { Err(reader.errors) }
}

struct Reader<'t> {
    typed: &'t Typed,
    lang: Lang,
    errors: BTreeMap<String, String>,
}

impl Reader<'_> {
    fn object(&mut self, fields: &[Field], base: &str) -> Map<String, Value> {
        let mut out = Map::new();
        for field in fields {
            let name = format!("{base}{}", field.pointer);
            let key = field.pointer.rsplit('/').next().unwrap_or_default();
            let key = key.replace("~1", "/").replace("~0", "~");
            if let Some(value) = self.field(field, &name) {
                out.insert(key, value);
            } else if field.required && !self.errors.contains_key(&name) {
                let words = self.missing(field);
                self.errors.insert(name, words);
            }
        }
        out
    }

    fn missing(&self, field: &Field) -> String {
        let title = &field.title;
        match (self.lang, &field.kind) {
            (Lang::Vi, Kind::Choice(_) | Kind::YesNo | Kind::Checks(_)) => {
                format!("Hãy chọn “{title}”")
            }
            (Lang::Vi, _) => format!("Hãy nhập “{title}”"),
            (Lang::En, Kind::Choice(_) | Kind::YesNo | Kind::Checks(_)) => {
                format!("Choose “{title}”")
            }
            (Lang::En, _) => format!("Enter “{title}”"),
        }
    }

    /// What was typed at `name`: NFC, line ends of one kind, no blanks at the ends.
    fn text(&self, name: &str) -> Option<String> {
        let text = self.typed.get(name)?.first()?;
        let text: String = text
            .replace("\r\n", "\n")
            .replace('\u{a0}', " ")
            .replace('\0', "")
            .trim()
            .nfc()
            .collect();
        (!text.is_empty()).then_some(text)
    }

    fn wrong(&mut self, name: &str, vi: &str, en: &str) {
        self.errors.insert(name.to_owned(), self.lang.pick(vi, en).to_owned());
    }

    fn field(&mut self, field: &Field, name: &str) -> Option<Value> {
        match &field.kind {
            Kind::Group(fields) => {
                let inside = self.object(fields, "");
                let optional = !field.required && field.default.is_none();
                (!(optional && inside.is_empty())).then_some(Value::Object(inside))
            }
            Kind::Rows(columns) => self.rows(columns, name),
            Kind::Checks(_) => {
                let ticked = self.typed.get(name).cloned().unwrap_or_default();
                Some(ticked.into_iter().map(Value::from).collect())
            }
            Kind::Lines => {
                let text = self.text(name)?;
                let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
                Some(lines.map(Value::from).collect())
            }
            Kind::Pairs { numbers } => self.pairs(name, *numbers),
            Kind::Number { whole, .. } => self.number(field, name, *whole),
            Kind::Date => self.date(field, name),
            Kind::YesNo => self.text(name).map(|text| Value::from(text == "true")),
            Kind::Text { kept_empty: true, .. } => {
                Some(Value::from(self.text(name).unwrap_or_default()))
            }
            Kind::Text { .. } | Kind::Choice(_) => self.text(name).map(Value::from),
        }
    }

    fn rows(&mut self, columns: &[Field], name: &str) -> Option<Value> {
        let mut out = Vec::new();
        for row in 0..rows_typed(name, self.typed) {
            let base = format!("{name}/{row}");
            let own = |column: &Field| self.text(&format!("{base}{}", column.pointer)).is_some();
            if columns.iter().any(own) {
                out.push(Value::Object(self.object(columns, &base)));
            }
        }
        (!out.is_empty()).then_some(Value::Array(out))
    }

    fn pairs(&mut self, name: &str, numbers: bool) -> Option<Value> {
        let mut out = Map::new();
        let text = self.text(name).unwrap_or_default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let Some((key, value)) = line.split_once([':', '=']) else {
                let vi = format!("Dòng “{line}” thiếu dấu hai chấm; hãy viết như “mã: nội dung”");
                let en = format!("The line “{line}” has no colon; write it as “name: value”");
                self.wrong(name, &vi, &en);
                return None;
            };
            let value = value.trim();
            let value = match (numbers, number_of(value)) {
                (false, _) => Value::from(value),
                (true, Some(number)) => Value::Number(number),
                (true, None) => {
                    let vi = format!("“{value}” phải là số (dòng “{line}”)");
                    let en = format!("“{value}” must be a number (line “{line}”)");
                    self.wrong(name, &vi, &en);
                    return None;
                }
            };
            out.insert(key.trim().to_owned(), value);
        }
        Some(Value::Object(out))
    }

    fn number(&mut self, field: &Field, name: &str, whole: bool) -> Option<Value> {
        let text = self.text(name)?;
        let title = &field.title;
        match number_of(&text) {
            Some(number) if !whole || number.is_i64() => Some(Value::Number(number)),
            Some(_) => {
                let vi = format!("“{title}” phải là số nguyên (bạn nhập: {text})");
                let en = format!("“{title}” must be a whole number (you typed: {text})");
                self.wrong(name, &vi, &en);
                None
            }
            None => {
                let vi = format!("“{title}” phải là số, ví dụ 1.250.000 (bạn nhập: {text})");
                let en = format!("“{title}” must be a number, such as 1250000 (you typed: {text})");
                self.wrong(name, &vi, &en);
                None
            }
        }
    }

    fn date(&mut self, field: &Field, name: &str) -> Option<Value> {
        let text = self.text(name)?;
        let forms = ["%d/%m/%Y", "%d-%m-%Y", "%Y-%m-%d"];
        let date = forms.iter().find_map(|form| NaiveDate::parse_from_str(&text, form).ok());
        if let Some(date) = date {
            return Some(Value::from(date.format("%Y-%m-%d").to_string()));
        }
        let title = &field.title;
        let vi = format!("“{title}” phải là một ngày có thật, ví dụ 25/11/2022 (bạn nhập: {text})");
        let en = format!("“{title}” must be a real date, such as 25/11/2022 (you typed: {text})");
        self.wrong(name, &vi, &en);
        None
    }
}

/// A number as people write it: `1.250.000`, `1250000`, `99,5`, `99.5`, `-3`. Groups of three after a
/// point are thousands; a comma begins the fraction.
pub(super) fn number_of(text: &str) -> Option<Number> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let (sign, digits) = match text.strip_prefix(['-', '−']) {
        Some(rest) => ("-", rest),
        None => ("", text.as_str()),
    };
    let (whole, fraction) = match digits.split_once(',') {
        Some((whole, fraction)) => (ungrouped(whole, '.')?, Some(fraction)),
        None => {
            if let Some(whole) = ungrouped(digits, '.') {
                (whole, None)
            } else {
                let (whole, fraction) = digits.split_once('.')?;
                (ungrouped(whole, '.')?, Some(fraction))
            }
        }
    };
    match fraction {
        None => format!("{sign}{whole}").parse::<i64>().ok().map(Number::from),
        Some(fraction) if is_digits(fraction) => {
            Number::from_f64(format!("{sign}{whole}.{fraction}").parse().ok()?)
        }
        Some(_) => None,
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The digits of a whole number, its groups of three joined.
fn ungrouped(text: &str, mark: char) -> Option<String> {
    let mut groups = text.split(mark);
    let first = groups.next().filter(|first| is_digits(first))?;
    let mut out = first.to_owned();
    for group in groups {
        if group.len() != 3 || !is_digits(group) || first.len() > 3 {
            return None;
        }
        out.push_str(group);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::form::fields;
    use super::*;

    fn typed(pairs: &[(&str, &str)]) -> Typed {
        let mut typed = Typed::new();
        for (name, value) in pairs {
            typed.entry((*name).to_owned()).or_default().push((*value).to_owned());
        }
        typed
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        let rows = [
            ("1250000", Some(json!(1_250_000))),
            ("1.250.000", Some(json!(1_250_000))),
            ("1 250 000", Some(json!(1_250_000))),
            ("99,5", Some(json!(99.5))),
            ("99.5", Some(json!(99.5))),
            ("1.250,75", Some(json!(1250.75))),
            ("-3", Some(json!(-3))),
            ("0", Some(json!(0))),
            ("1,25 tỷ", None),
            ("1.25.000", None),
            ("1.250.00", None),
            ("12,5,1", None),
            ("", None),
            ("-", None),
            (".5", None),
        ];
        for (text, expected) in rows {
            assert_eq!(number_of(text).map(Value::Number), expected, "{text}");
        }
    }

    #[test]
    fn a_payload_is_read_from_its_fields() {
        let schema = json!({
            "type": "object", "required": ["when", "body", "note", "empty"],
            "properties": {
                "when": { "type": "string", "format": "date", "title": "Ngày" },
                "body": { "type": "string", "enum": ["council", "group"], "title": "Hình thức" },
                "note": { "type": "string", "title": "Ghi chú", "minLength": 1 },
                "empty": { "type": "string" },
                "count": { "type": "integer", "title": "Số" },
                "agreed": { "type": "boolean", "title": "Đồng ý" },
                "people": { "type": "array", "items": { "type": "string" }, "title": "Người" },
                "points": { "type": "object", "additionalProperties": { "type": "number" } },
                "rows": { "type": "array", "items": { "type": "object", "required": ["id"],
                    "properties": { "id": { "type": "string" }, "weight": { "type": "number" } } } },
                "inner": { "type": "object", "properties": { "x": { "type": "number" } } },
            },
        });
        let fields = fields(&schema, Lang::Vi);
        let given = typed(&[
            ("/when", "25-11-2022"),
            ("/body", "council"),
            ("/note", "  To\u{323}a\u{302}m\r\nhai dòng "),
            ("/count", "1.000"),
            ("/agreed", "false"),
            ("/people", "an\n\n bình \n"),
            ("/points", "c1: 7,5\nc2 = 8"),
            ("/rows/0/id", ""),
            ("/rows/1/id", "r"),
            ("/rows/1/weight", "2"),
            ("/inner/x", "3"),
        ]);
        let expected = json!({
            "when": "2022-11-25", "body": "council", "note": "Tọâm\nhai dòng", "count": 1000,
            "empty": "", "agreed": false, "people": ["an", "bình"], "points": { "c1": 7.5, "c2": 8 },
            "rows": [{ "id": "r", "weight": 2 }], "inner": { "x": 3 },
        });
        assert_eq!(read(&fields, &given, Lang::Vi), Ok(expected));
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_its_field() {
        let schema = json!({
            "type": "object", "required": ["when", "body", "count"],
            "properties": {
                "when": { "type": "string", "format": "date", "title": "Ngày" },
                "body": { "type": "string", "enum": ["a"], "title": "Hình thức" },
                "count": { "type": "integer", "title": "Số" },
                "points": { "type": "object", "additionalProperties": { "type": "number" } },
            },
        });
        let given = typed(&[("/when", "31/02/2022"), ("/count", "1,25 tỷ"), ("/points", "c1 7")]);
        let errors = read(&fields(&schema, Lang::Vi), &given, Lang::Vi).expect_err("it is wrong");
        let words: Vec<&str> = errors.values().map(String::as_str).collect();
        assert_eq!(
            words,
            [
                "Hãy chọn “Hình thức”",
                "“Số” phải là số, ví dụ 1.250.000 (bạn nhập: 1,25 tỷ)",
                "Dòng “c1 7” thiếu dấu hai chấm; hãy viết như “mã: nội dung”",
                "“Ngày” phải là một ngày có thật, ví dụ 25/11/2022 (bạn nhập: 31/02/2022)",
            ]
        );
    }
}
