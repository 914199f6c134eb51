//! The fields of the forms of administration, and what was typed into them.

use std::collections::BTreeMap;

use chart::calendar::{Calendar, Clock};
use chart::moment::Timestamp;
use chrono::NaiveDate;
use maud::{Markup, html};
use unicode_normalization::UnicodeNormalization as _;

use crate::cli::Lang;
use crate::web::page::error_summary;

/// A form: what was typed and what is wrong with it, by field.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    typed: BTreeMap<String, Vec<String>>,
    errors: Vec<(String, String)>,
}

impl Sheet {
    pub(super) fn of(pairs: Vec<(String, String)>) -> Self {
        let mut typed: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in pairs {
            let value = value.replace(['\0', '\u{a0}'], " ").trim().nfc().collect();
            typed.entry(name).or_default().push(value);
        }
        Self { typed, errors: Vec::new() }
    }

    /// What was typed at `name`; empty where nothing was.
    pub(super) fn text(&self, name: &str) -> &str {
        self.typed.get(name).and_then(|values| values.first()).map_or("", String::as_str)
    }

    /// Everything that was ticked at `name`.
    pub(super) fn all(&self, name: &str) -> &[String] {
        self.typed.get(name).map_or(&[], Vec::as_slice)
    }

    pub(super) fn put(&mut self, name: &str, value: &str) {
        self.typed.insert(name.to_owned(), vec![value.to_owned()]);
    }

    pub(super) fn wrong(&mut self, name: &str, words: impl Into<String>) {
        self.errors.push((name.to_owned(), words.into()));
    }

    pub(super) fn is_right(&self) -> bool {
        self.errors.is_empty()
    }

    /// What was typed at `name`, which must not be empty.
    pub(super) fn needed(&mut self, name: &str, words: &str) -> String {
        let text = self.text(name).to_owned();
        if text.is_empty() {
            self.wrong(name, words);
        }
        text
    }

    /// The first moment of the day typed at `name`, or `now` where that is today; no day before.
    pub(super) fn day(
        &mut self,
        name: &str,
        now: Timestamp,
        calendar: &Calendar,
        lang: Lang,
    ) -> Timestamp {
        let text = self.text(name);
        let forms = ["%d/%m/%Y", "%d-%m-%Y", "%Y-%m-%d"];
        let date = forms.iter().find_map(|form| NaiveDate::parse_from_str(text, form).ok());
        let today = calendar.local_date(now);
        match date {
            Some(date) if date == today => now,
            Some(date) if date > today => calendar.instant(date, Clock::MIDNIGHT),
            Some(_) => {
                self.wrong(
                    name,
                    lang.pick(
                        "Ngày này đã qua; hãy chọn hôm nay hoặc sau đó.",
                        "That day is past; choose today or later.",
                    ),
                );
                now
            }
            None => {
                self.wrong(
                    name,
                    lang.pick(
                        "Hãy nhập một ngày có thật, ví dụ 25/11/2026.",
                        "Enter a real date, such as 25/11/2026.",
                    ),
                );
                now
            }
        }
    }

    /// Everything that is wrong, above the form.
    pub(super) fn summary(&self, lang: Lang) -> Markup {
        html! { @if !self.errors.is_empty() { (error_summary(&self.errors, lang)) } }
    }

    fn error(&self, name: &str) -> Option<&str> {
        self.errors.iter().find(|(at, _)| at == name).map(|(_, words)| words.as_str())
    }

    /// A line of text.
    pub(super) fn input(&self, name: &str, label: &str, hint: &str) -> Markup {
        let error = self.error(name);
        let describes = describes(name, hint, error);
        let class = if error.is_some() { "govuk-input govuk-input--error" } else { "govuk-input" };
        html! {
            div class=(group(error)) {
                label class="govuk-label" for=(name) { (label) }
                (below(name, hint, error))
                input class=(class) id=(name) name=(name) value=(self.text(name)) maxlength="400"
                    autocomplete="off" spellcheck="false" aria-describedby=[describes];
            }
        }
    }

    /// One of `options`, (value, words).
    pub(super) fn select(
        &self,
        name: &str,
        label: &str,
        hint: &str,
        options: &[(String, String)],
    ) -> Markup {
        let error = self.error(name);
        let describes = describes(name, hint, error);
        html! {
            div class=(group(error)) {
                label class="govuk-label" for=(name) { (label) }
                (below(name, hint, error))
                select class="govuk-select" id=(name) name=(name) aria-describedby=[describes] {
                    @for (value, words) in options {
                        option value=(value) selected[value == self.text(name)] { (words) }
                    }
                }
            }
        }
    }
}

fn group(error: Option<&str>) -> &'static str {
    if error.is_some() { "govuk-form-group govuk-form-group--error" } else { "govuk-form-group" }
}

fn describes(name: &str, hint: &str, error: Option<&str>) -> Option<String> {
    let parts = [(!hint.is_empty(), "hint"), (error.is_some(), "error")];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(there, _)| *there)
        .map(|(_, end)| format!("{name}-{end}"))
        .collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

fn below(name: &str, hint: &str, error: Option<&str>) -> Markup {
    html! {
        @if !hint.is_empty() { div class="govuk-hint" id=(format!("{name}-hint")) { (hint) } }
        @if let Some(error) = error {
            p class="govuk-error-message" id=(format!("{name}-error")) { (error) }
        }
    }
}
