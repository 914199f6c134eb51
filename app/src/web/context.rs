//! What a case knows that the forms of its events should show.
//!
//! A schema says what an event may carry; the case says more: which figures its report must have and what
//! they were in the period before, which candidates a scoring sheet is about.
//!
//! **Invariant:** the payload that is read from the form is one the event's schema takes; nothing is
//! decided here.

use chart::data::Data;
use serde_json::Value;

use super::form::{Field, Kind, Typed};
use super::spread;
use crate::cli::Lang;
use crate::facts::Names;

/// Where a report says that nothing changed in its period.
pub(super) const NIL_REPORT: &str = "/nil_report";
/// Why a report is corrected.
const REASON: &str = "/reason";
/// What a report says in words.
const NARRATIVE: &str = "/narrative";
/// Events that send again what the case holds, mended.
const MENDING: [&str; 2] = ["correct", "resubmit"];

/// Whether `event`, which carries such a payload, may say in a sentence that nothing changed. What mends a report
/// begins from its figures.
pub(super) fn may_be_nil(event: &str, schema: &Value) -> bool {
    schema["properties"]["nil_report"]["type"] == "boolean" && !MENDING.contains(&event)
}

/// Whether a report in which nothing changed has the field `name`.
pub(super) fn is_of_nil_report(name: &str) -> bool {
    name == NIL_REPORT || name == REASON || name.starts_with(NARRATIVE)
}

/// What the form of `event` begins with: a correction begins from what the case holds.
pub(super) fn begun(event: &str, fields: &[Field], data: &Data) -> Typed {
    if MENDING.contains(&event) { spread::typed(fields, data.whole()) } else { Typed::new() }
}

/// Gives `fields` what `data` knows of them.
pub(super) fn enrich(fields: &mut [Field], data: &Data, names: &Names, lang: Lang) {
    for field in fields {
        match (field.pointer.as_str(), &mut field.kind) {
            ("/indicators", Kind::Group(figures)) => {
                for figure in figures {
                    report_figure(figure, data, lang);
                }
            }
            ("/points", Kind::Pairs { numbers: true }) => {
                let candidates = data["candidates"].as_array().into_iter().flatten();
                let candidates = candidates.filter_map(Value::as_str);
                let sheet: Vec<Field> =
                    candidates.map(|candidate| points_of(candidate, names, lang)).collect();
                if !sheet.is_empty() {
                    field.kind = Kind::Group(sheet);
                    field.hint = String::new();
                }
            }
            _ => {}
        }
    }
}

/// Says of a figure whether the report needs it, and what it was before.
fn report_figure(figure: &mut Field, data: &Data, lang: Lang) {
    let code = figure.pointer.rsplit('/').next().unwrap_or_default();
    let is_needed =
        data["required"].as_array().is_some_and(|all| all.iter().any(|one| one == code));
    let before = data["previous"].get(code).and_then(Value::as_f64);
    if is_needed {
        figure.mark = String::from(lang.pick(
            " (cần có, hoặc đánh dấu chưa có số liệu ở dưới)",
            " (needed, or ticked as not available below)",
        ));
    }
    if let Some(before) = before {
        let told = lang.pick("Kỳ trước: ", "Period before: ");
        let hint = format!("{told}{} {}", grouped(before, lang), figure.hint);
        figure.hint = String::from(hint.trim_end());
    }
}

/// The points of one candidate.
fn points_of(candidate: &str, names: &Names, lang: Lang) -> Field {
    Field {
        pointer: format!("/points/{}", candidate.replace('~', "~0").replace('/', "~1")),
        title: names.organisation(candidate).get(lang.code()).to_owned(),
        hint: lang.pick("Từ 0 đến 100.", "From 0 to 100.").to_owned(),
        mark: String::new(),
        required: true,
        default: None,
        kind: Kind::Number { whole: false, unit: lang.pick("điểm", "points").to_owned() },
    }
}

/// A number as people write it: `1.250.000` and `99,5`, or `1,250,000` and `99.5` in English.
pub(super) fn grouped(number: f64, lang: Lang) -> String {
    let (thousands, fraction) = match lang {
        Lang::Vi => ('.', ','),
        Lang::En => (',', '.'),
    };
    let text = format!("{}", number.abs());
    let (whole, rest) = text.split_once('.').map_or((text.as_str(), None), |(a, b)| (a, Some(b)));
    let mut out = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push(thousands);
        }
        out.push(digit);
    }
    if let Some(rest) = rest {
        out.push(fraction);
        out.push_str(rest);
    }
    if number < 0.0 { format!("−{out}") } else { out }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::form::fields;
    use super::*;

    #[test]
    fn numbers_are_written_as_people_read_them() {
        let rows = [
            (0.0, "0", "0"),
            (999.0, "999", "999"),
            (1_250_000.0, "1.250.000", "1,250,000"),
            (99.5, "99,5", "99.5"),
            (-1234.25, "−1.234,25", "−1,234.25"),
        ];
        for (number, vi, en) in rows {
            assert_eq!(
                (grouped(number, Lang::Vi).as_str(), grouped(number, Lang::En).as_str()),
                (vi, en)
            );
        }
    }

    #[test]
    fn a_report_shows_what_it_needs_and_what_was_before() {
        let schema = json!({ "type": "object", "properties": { "indicators": { "type": "object",
            "properties": { "users": { "type": "number" }, "share": { "type": "number" } } } } });
        let mut fields = fields(&schema, Lang::Vi);
        let data = Data::from(
            json!({ "required": ["users"], "previous": { "users": 1200, "share": 0.5 } }),
        );
        enrich(&mut fields, &data, &Names::default(), Lang::Vi);
        let Kind::Group(figures) = &fields[0].kind else { panic!("a group") };
        let told: Vec<(&str, &str)> =
            figures.iter().map(|one| (one.hint.as_str(), one.mark.as_str())).collect();
        assert_eq!(told[0], ("Kỳ trước: 0,5", ""));
        assert_eq!(told[1].0, "Kỳ trước: 1.200");
        assert!(told[1].1.contains("cần có"));
    }

    #[test]
    fn a_scoring_sheet_has_a_field_for_each_candidate() {
        let schema = json!({ "type": "object", "required": ["points"], "properties": {
            "points": { "type": "object", "additionalProperties": { "type": "number" } } } });
        let mut sheet = fields(&schema, Lang::Vi);
        enrich(&mut sheet, &Data::default(), &Names::default(), Lang::Vi);
        assert!(matches!(sheet[0].kind, Kind::Pairs { .. }), "without candidates it is free");
        let data = Data::from(json!({ "candidates": ["dn-a1", "dn/b"] }));
        enrich(&mut sheet, &data, &Names::default(), Lang::Vi);
        let typed = [("/points/dn-a1", "87,5"), ("/points/dn~1b", "60")];
        let typed = typed.map(|(name, value)| (name.to_owned(), vec![value.to_owned()])).into();
        let read = super::super::answer::read(&sheet, &typed, Lang::Vi);
        assert_eq!(read, Ok(json!({ "points": { "dn-a1": 87.5, "dn/b": 60 } })));
    }
}
