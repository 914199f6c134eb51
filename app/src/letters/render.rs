//! The texts of `workflows/` filled with facts: subject, plain text, page.
//!
//! **Invariant:** what is filled in is NFC, and escaped in the page; the same facts give the same
//! bytes.

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;
use serde_json::Value;

use super::LettersError;
use super::letter::{clean, nfc};

/// One line of a letter, in the language of its reader.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Item {
    pub(crate) title: String,
    pub(crate) platform: String,
    pub(crate) due_text: String,
    pub(crate) days_left: String,
    pub(crate) action: String,
    pub(crate) link: String,
    pub(crate) holder: String,
    /// Which unit reminds by hand; else empty.
    pub(crate) by: String,
    /// What it adds; else empty.
    pub(crate) note: String,
}

/// What the texts may name; `workflows/letters/README.md` tells it to their writers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Values {
    pub(crate) person_name: String,
    pub(crate) unit_name: String,
    pub(crate) items: Vec<Item>,
    pub(crate) case_title: String,
    pub(crate) link: String,
    pub(crate) late: bool,
    pub(crate) data: Value,
}

/// Subject, plain text and page.
#[derive(Debug)]
pub(crate) struct Texts {
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

/// The letter `name` in `lang` with `values`.
pub(crate) fn letter(name: &str, lang: &str, values: &Values) -> Result<Texts, LettersError> {
    let texts = workflows::letters::letter(name, lang)
        .ok_or_else(|| LettersError::Unknown { letter: name.to_owned(), lang: lang.to_owned() })?;
    let values = cleaned(values);
    let fill = |source: &str, page: bool| {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Lenient);
        environment.set_auto_escape_callback(move |_| {
            if page { AutoEscape::Html } else { AutoEscape::None }
        });
        environment.render_str(source, Serde(&values)).map(|text| nfc(&text)).map_err(|source| {
            let (letter, lang) = (name.to_owned(), lang.to_owned());
            LettersError::Unfilled { letter, lang, source: Box::new(source) }
        })
    };
    let subject = fill(texts.subject, false)?;
    // A line end in a subject would begin another header.
    let subject = subject.split_whitespace().collect::<Vec<_>>().join(" ");
    Ok(Texts { subject, text: fill(texts.text, false)?, html: fill(texts.html, true)? })
}

/// Every text that came from outside without what no letter may hold; the name's mark stays.
fn cleaned(values: &Values) -> Values {
    let item = |item: &Item| Item {
        title: clean(&item.title),
        platform: clean(&item.platform),
        due_text: item.due_text.clone(),
        days_left: item.days_left.clone(),
        action: clean(&item.action),
        link: item.link.clone(),
        holder: clean(&item.holder),
        by: clean(&item.by),
        note: clean(&item.note),
    };
    Values {
        person_name: values.person_name.clone(),
        unit_name: clean(&values.unit_name),
        items: values.items.iter().map(item).collect(),
        case_title: clean(&values.case_title),
        link: values.link.clone(),
        late: values.late,
        data: cleaned_value(&values.data),
    }
}

fn cleaned_value(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(clean(text)),
        Value::Array(list) => list.iter().map(cleaned_value).collect(),
        Value::Object(map) => {
            map.iter().map(|(key, value)| (key.clone(), cleaned_value(value))).collect()
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::letter::NAME;
    use super::*;

    fn values() -> Values {
        Values {
            person_name: NAME.to_string(),
            unit_name: String::new(),
            items: vec![Item::default()],
            case_title: "Ho\u{302}\u{300} <script>alert(1)</script>".to_owned(),
            link: "https://example.vn/cases/1".to_owned(),
            late: false,
            data: json!({ "reasons": "a\r\nBcc: x@y\u{E000} & <b>" }),
        }
    }

    #[test]
    fn a_field_can_neither_be_a_script_nor_a_header_nor_a_name() {
        let texts = letter("report_returned", "vi", &values()).unwrap();
        assert!(texts.html.contains("Hồ &lt;script&gt;alert(1)&lt;&#x2f;script&gt;"));
        assert!(texts.html.contains("&amp; &lt;b&gt;"));
        assert!(texts.text.contains("& <b>"));
        assert_eq!(texts.html.matches(NAME).count(), 1);
        assert!(texts.subject.contains("Hồ <script>") && !texts.subject.contains('\n'));
        assert_eq!(texts.text, nfc(&texts.text));
    }

    #[test]
    fn a_letter_that_is_not_shipped_is_named() {
        let error = letter("no_such", "vi", &values()).unwrap_err();
        assert_eq!(error.to_string(), "no text of the letter `no_such` in `vi` is shipped");
    }
}
