//! A form made from a JSON Schema: what an event's payload asks for becomes fields people can fill in.
//!
//! The schemas of this product's events use objects, texts (`x-lines` for long ones), numbers with units,
//! dates, choices, yes or no, lists, maps and tables; titles are in Vietnamese, with `x-title-en` beside.
//! A field is named by its JSON pointer, so an error finds its field and an answer its place.
//!
//! Reading order: [`fields`], [`show`]; the way back is in [`super::answer`].

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde_json::{Map, Value};

use super::spread;
use crate::cli::Lang;

/// Rows of a table that are offered empty.
const ROWS_FREE: usize = 4;

/// One field, or a group of them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    /// Where its value lies in the payload.
    pub(super) pointer: String,
    pub(super) title: String,
    pub(super) hint: String,
    /// What stands after the title; where it is empty, whether the field may be left out.
    pub(super) mark: String,
    pub(super) required: bool,
    pub(super) default: Option<Value>,
    pub(super) kind: Kind,
}

/// What a field takes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Text {
        lines: u64,
        email: bool,
        /// It must be there, and may be empty.
        kept_empty: bool,
    },
    Date,
    Number {
        whole: bool,
        unit: String,
    },
    YesNo,
    /// One of these: (value, words).
    Choice(Vec<(String, String)>),
    /// Any of these.
    Checks(Vec<(String, String)>),
    /// Texts, one a line.
    Lines,
    /// `name: value`, one a line.
    Pairs {
        numbers: bool,
    },
    Group(Vec<Field>),
    /// A table: the fields of one row, their pointers relative to it.
    Rows(Vec<Field>),
}

/// The fields of an object's schema, in the order of the form.
pub(super) fn fields(schema: &Value, lang: Lang) -> Vec<Field> {
    below(schema, schema, "", lang)
}

/// Whether every field of a schema is one that a person can fill in: an object of no known shape is
/// for programs.
pub(super) fn is_fillable(schema: &Value) -> bool {
    let of_known_shape = |field: &Field| match &field.kind {
        Kind::Group(inner) => !inner.is_empty(),
        _ => true,
    };
    fields(schema, Lang::Vi).iter().all(of_known_shape)
}

fn below(root: &Value, schema: &Value, pointer: &str, lang: Lang) -> Vec<Field> {
    let none = Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&none);
    let required = |name: &str| {
        schema["required"].as_array().is_some_and(|names| names.iter().any(|one| one == name))
    };
    let ordered = schema["x-order"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut names: Vec<&str> = ordered.filter(|name| properties.contains_key(*name)).collect();
    // A schema says its order where it matters; the rest follows with what is required first.
    let mut rest: Vec<&str> =
        properties.keys().map(String::as_str).filter(|name| !names.contains(name)).collect();
    rest.sort_by_key(|name| !required(name));
    names.extend(rest);
    let field = |name: &str| {
        let property = &properties[name];
        let pointer = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
        one(root, property, &pointer, name, required(name), lang)
    };
    names.into_iter().map(field).collect()
}

fn one(
    root: &Value,
    schema: &Value,
    pointer: &str,
    name: &str,
    required: bool,
    lang: Lang,
) -> Field {
    let mut kind = kind(root, schema, pointer, lang);
    let mut required = required;
    if let Kind::Text { kept_empty, .. } = &mut kind
        && required
        && schema["minLength"].as_u64().unwrap_or(0) == 0
        && schema["format"].is_null()
    {
        *kept_empty = true;
        required = false;
    }
    Field {
        pointer: pointer.to_owned(),
        title: title(schema, name, lang),
        hint: hint(schema, &kind, lang),
        mark: String::new(),
        required,
        default: schema.get("default").cloned(),
        kind,
    }
}

fn title(schema: &Value, name: &str, lang: Lang) -> String {
    let english = schema["x-title-en"].as_str().filter(|_| lang == Lang::En);
    english.or(schema["title"].as_str()).unwrap_or(name).to_owned()
}

fn kind(root: &Value, schema: &Value, pointer: &str, lang: Lang) -> Kind {
    let items = &schema["items"];
    match schema["type"].as_str().unwrap_or("string") {
        "object" if schema["additionalProperties"].is_object() => {
            let numbers = schema["additionalProperties"]["type"] != "string";
            Kind::Pairs { numbers }
        }
        "object" => Kind::Group(below(root, schema, pointer, lang)),
        "array" if items["enum"].is_array() => Kind::Checks(choices(root, items, lang)),
        "array" if items["type"] == "object" => Kind::Rows(below(root, items, "", lang)),
        "array" => Kind::Lines,
        "boolean" => Kind::YesNo,
        kind @ ("number" | "integer") => Kind::Number {
            whole: kind == "integer" || schema["multipleOf"] == 1,
            unit: schema["x-unit"].as_str().unwrap_or_default().to_owned(),
        },
        _ if schema["enum"].is_array() => Kind::Choice(choices(root, schema, lang)),
        _ if schema["format"] == "date" => Kind::Date,
        _ => Kind::Text {
            lines: schema["x-lines"].as_u64().unwrap_or(1),
            email: schema["format"] == "email",
            kept_empty: false,
        },
    }
}

/// The values of an `enum` with their words: `x-titles` of the schema, else the title of the property
/// that has the value for its name (a list of indicators names them so), else the value.
fn choices(root: &Value, schema: &Value, lang: Lang) -> Vec<(String, String)> {
    let values = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let words = |value: &str| {
        let own = &schema["x-titles"][value];
        let own = own[lang.code()].as_str().or(own["vi"].as_str());
        own.map(str::to_owned).or_else(|| named(root, value, lang)).unwrap_or(value.to_owned())
    };
    values.map(|value| (value.to_owned(), words(value))).collect()
}

fn named(schema: &Value, name: &str, lang: Lang) -> Option<String> {
    let properties = schema["properties"].as_object()?;
    if let Some(found) = properties.get(name) {
        return Some(title(found, name, lang));
    }
    properties.values().find_map(|property| named(property, name, lang))
}

fn hint(schema: &Value, kind: &Kind, lang: Lang) -> String {
    let english = schema["x-description-en"].as_str().filter(|_| lang == Lang::En);
    let own = english.or(schema["description"].as_str()).unwrap_or_default().to_owned();
    let form = match kind {
        Kind::Lines => lang.pick("Mỗi dòng một mục.", "One a line."),
        Kind::Pairs { .. } => lang.pick(
            "Mỗi dòng: mã: nội dung, ví dụ users_registered: đã rà soát.",
            "A line each: name: value, such as users_registered: checked.",
        ),
        Kind::Date => lang.pick("Ví dụ 25/11/2022.", "For example 25/11/2022."),
        _ if schema["x-personal"] == true => lang.pick(
            "Dữ liệu cá nhân: được giữ riêng và xoá được.",
            "Personal: kept apart, and can be erased.",
        ),
        _ => "",
    };
    [own.as_str(), form].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The id of a field in the page.
pub(super) fn id_of(pointer: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    format!("f{}", pointer.chars().map(plain).collect::<String>())
}

/// What was typed, by the names of the fields.
pub(super) type Typed = BTreeMap<String, Vec<String>>;

/// What is shown: fields, what was typed, what is wrong with it.
#[derive(Debug)]
pub(super) struct Filled<'a> {
    pub(super) typed: &'a Typed,
    /// Words by pointer.
    pub(super) errors: &'a BTreeMap<String, String>,
    pub(super) lang: Lang,
}

/// The fields as the parts of a form.
pub(super) fn show(fields: &[Field], filled: &Filled<'_>) -> Markup {
    html! { @for field in fields { (field_markup(field, &field.pointer, filled)) } }
}

fn field_markup(field: &Field, name: &str, filled: &Filled<'_>) -> Markup {
    let id = id_of(name);
    let error = filled.errors.get(name);
    let group = if error.is_some() {
        "govuk-form-group govuk-form-group--error"
    } else {
        "govuk-form-group"
    };
    match &field.kind {
        Kind::Group(fields) => html! {
            fieldset class="govuk-fieldset app-group" id=(id) {
                legend class="govuk-fieldset__legend govuk-fieldset__legend--m" { (field.title) }
                (below_title(field, &id, error, filled.lang))
                @for field in fields { (field_markup(field, &field.pointer, filled)) }
            }
        },
        Kind::Choice(choices) => html! {
            div class=(group) { (set(field, name, choices, "radio", error, filled)) }
        },
        Kind::Checks(choices) => html! {
            div class=(group) { (set(field, name, choices, "checkbox", error, filled)) }
        },
        Kind::YesNo => {
            let words = [
                ("true", filled.lang.pick("Có", "Yes")),
                ("false", filled.lang.pick("Không", "No")),
            ];
            let choices = words.map(|(value, words)| (value.to_owned(), words.to_owned()));
            html! { div class=(group) { (set(field, name, &choices, "radio", error, filled)) } }
        }
        Kind::Rows(columns) => html! {
            div class=(group) id=(id) { (rows(field, name, columns, error, filled)) }
        },
        _ => html! {
            div class=(group) {
                label class="govuk-label" for=(id) { (field.title) (optional(field, filled.lang)) }
                (below_title(field, &id, error, filled.lang))
                (input(field, name, &id, error.is_some(), filled))
            }
        },
    }
}

fn optional(field: &Field, lang: Lang) -> Markup {
    html! {
        @if !field.mark.is_empty() {
            span class="app-muted" { (field.mark) }
        } @else if !field.required {
            span class="app-muted" { (lang.pick(" (không bắt buộc)", " (optional)")) }
        }
    }
}

/// Hint and error, between the label and its input.
fn below_title(field: &Field, id: &str, error: Option<&String>, lang: Lang) -> Markup {
    html! {
        @if !field.hint.is_empty() {
            div class="govuk-hint" id=(format!("{id}-hint")) { (field.hint) }
        }
        @if let Some(words) = error {
            p class="govuk-error-message" id=(format!("{id}-error")) {
                span class="govuk-visually-hidden" { (lang.pick("Lỗi: ", "Error: ")) } (words)
            }
        }
    }
}

/// The value a field shows: what was typed, else its default.
fn value(field: &Field, name: &str, filled: &Filled<'_>) -> String {
    if let Some(typed) = filled.typed.get(name) {
        return typed.first().cloned().unwrap_or_default();
    }
    field.default.as_ref().map_or_else(String::new, |value| spread::text(&field.kind, value))
}

fn input(field: &Field, name: &str, id: &str, wrong: bool, filled: &Filled<'_>) -> Markup {
    let value = value(field, name, filled);
    let described = [(!field.hint.is_empty(), "hint"), (wrong, "error")];
    let described: Vec<String> = described
        .into_iter()
        .filter(|(there, _)| *there)
        .map(|(_, end)| format!("{id}-{end}"))
        .collect();
    let described = (!described.is_empty()).then(|| described.join(" "));
    let error = if wrong { " govuk-input--error" } else { "" };
    let lines = match &field.kind {
        Kind::Text { lines, .. } if *lines > 1 => Some(*lines),
        Kind::Lines | Kind::Pairs { .. } => Some(4),
        _ => None,
    };
    if let Some(lines) = lines {
        let error = if wrong { " govuk-textarea--error" } else { "" };
        return html! {
            textarea class=(format!("govuk-textarea{error}")) id=(id) name=(name) rows=(lines)
                aria-describedby=[described] { (value) }
        };
    }
    match &field.kind {
        Kind::Number { whole, unit } => html! {
            div class="govuk-input__wrapper" {
                input class=(format!("govuk-input govuk-input--width-10 app-num{error}")) id=(id)
                    name=(name) value=(value) autocomplete="off"
                    inputmode=(if *whole { "numeric" } else { "decimal" }) aria-describedby=[described];
                @if !unit.is_empty() { div class="govuk-input__suffix" aria-hidden="true" { (unit) } }
            }
        },
        Kind::Date => html! {
            input class=(format!("govuk-input govuk-input--width-10{error}")) id=(id) name=(name)
                value=(value) autocomplete="off" inputmode="numeric" aria-describedby=[described];
        },
        kind => html! {
            input class=(format!("govuk-input{error}")) id=(id) name=(name) value=(value)
                type=(if matches!(kind, Kind::Text { email: true, .. }) { "email" } else { "text" })
                aria-describedby=[described];
        },
    }
}

/// Radios or checkboxes under one legend.
fn set(
    field: &Field,
    name: &str,
    choices: &[(String, String)],
    kind: &str,
    error: Option<&String>,
    filled: &Filled<'_>,
) -> Markup {
    let id = id_of(name);
    let class = if kind == "radio" { "govuk-radios" } else { "govuk-checkboxes" };
    let many = Vec::new();
    let shown = value(field, name, filled);
    let typed = filled.typed.get(name).unwrap_or(&many);
    let is_on =
        |value: &String| if kind == "radio" { *value == shown } else { typed.contains(value) };
    html! {
        fieldset class="govuk-fieldset" {
            legend class="govuk-fieldset__legend" { (field.title) (optional(field, filled.lang)) }
            (below_title(field, &id, error, filled.lang))
            div class=(format!("{class} {class}--small")) {
                @for (at, (value, words)) in choices.iter().enumerate() {
                    @let own = if at == 0 { id.clone() } else { format!("{id}-{at}") };
                    div class=(format!("{class}__item")) {
                        input class=(format!("{class}__input")) id=(own) name=(name) type=(kind)
                            value=(value) checked[is_on(value)];
                        label class=(format!("govuk-label {class}__label")) for=(own) { (words) }
                    }
                }
            }
        }
    }
}

/// A table of rows: those that were typed, and some that are free.
fn rows(
    field: &Field,
    name: &str,
    columns: &[Field],
    error: Option<&String>,
    filled: &Filled<'_>,
) -> Markup {
    let id = id_of(name);
    let count = rows_typed(name, filled.typed) + ROWS_FREE;
    html! {
        fieldset class="govuk-fieldset" {
            legend class="govuk-fieldset__legend" { (field.title) (optional(field, filled.lang)) }
            p class="govuk-hint" {
                (filled.lang.pick(
                    "Dòng để trống được bỏ qua. Cần thêm dòng: điền rồi bấm “Thêm dòng”.",
                    "Empty rows are left out. For more rows, fill these in and press “More rows”.",
                ))
            }
            (below_title(field, &id, error, filled.lang))
            div class="app-scroll" tabindex="0" role="region" aria-label=(field.title) {
                table class="app-table app-rows" {
                    thead { tr { @for column in columns { th scope="col" { (column.title) } } } }
                    tbody {
                        @for row in 0..count {
                            tr { @for column in columns {
                                @let cell = format!("{name}/{row}{}", column.pointer);
                                td { (cell_input(column, &cell, row, filled)) }
                            } }
                        }
                    }
                }
            }
            button class="govuk-button govuk-button--secondary app-gap" type="submit" name="_more"
                value=(name) formnovalidate { (filled.lang.pick("Thêm dòng", "More rows")) }
        }
    }
}

/// How many rows of the table `name` something was typed into.
pub(super) fn rows_typed(name: &str, typed: &Typed) -> usize {
    let inside = typed.iter().filter(|(_, values)| values.iter().any(|one| !one.trim().is_empty()));
    let row = |(key, _): (&String, _)| -> Option<usize> {
        key.strip_prefix(name)?.strip_prefix('/')?.split('/').next()?.parse().ok()
    };
    inside.filter_map(row).max().map_or(0, |last: usize| (last + 1).min(200))
}

fn cell_input(column: &Field, name: &str, row: usize, filled: &Filled<'_>) -> Markup {
    let error = filled.errors.get(name);
    let label = format!("{}, {} {}", column.title, filled.lang.pick("dòng", "row"), row + 1);
    let typed = filled.typed.get(name).and_then(|typed| typed.first().cloned()).unwrap_or_default();
    let class = if error.is_some() { "govuk-input govuk-input--error" } else { "govuk-input" };
    html! {
        @if let Some(words) = error { p class="govuk-error-message" { (words) } }
        @if let Kind::Choice(choices) = &column.kind {
            select class="govuk-select" id=(id_of(name)) name=(name) aria-label=(label) {
                option value="" {}
                @for (value, words) in choices {
                    option value=(value) selected[*value == typed] { (words) }
                }
            }
        } @else {
            input class=(class) id=(id_of(name)) name=(name) value=(typed) aria-label=(label);
        }
    }
}
