//! What is told of a case beside what can be done: who owes what, its facts, what happened.

use chart::definition::Chart;
use chart::event::name;
use maud::{Markup, html};
use serde_json::Value;
use store::rows::{EntryRow, StoredEntry, TaskRow};

use super::case::Seen;
use super::page::{due_chip, moment};
use super::{Site, owing, receipt};
use crate::cli::Lang;
use crate::facts::{Names, role_title};

/// How many entries of the history are shown unless all are asked for.
const ENTRIES_SHOWN: usize = 12;

/// Who owes what until when.
pub(super) fn owed(site: &Site, seen: &Seen, lang: Lang) -> Markup {
    let library = site.runtime.library();
    let units = |task: &TaskRow| {
        let units = owing::units(site, &seen.names, task, &seen.facts);
        let name = |unit: &String| seen.names.organisation(unit).get(lang.code()).to_owned();
        units.iter().map(name).collect::<Vec<_>>().join("; ")
    };
    html! {
        section class="app-card" aria-labelledby="owed" {
            h2 class="govuk-heading-m" id="owed" {
                (lang.pick("Ai còn nợ việc gì", "Who owes what"))
            }
            @if seen.tasks.is_empty() {
                p class="govuk-body" { (lang.pick("Không ai còn nợ việc gì.", "Nobody owes anything.")) }
            }
            ul class="app-owed" {
                @for task in &seen.tasks {
                    li {
                        b { (seen.names.task(task).get(lang.code())) }
                        span class="app-muted" {
                            (seen.facts.role_title(&task.role).get(lang.code()))
                            @let units = units(task);
                            @if !units.is_empty() { " · " (units) }
                        }
                        (due_chip(task.due_at_ms, site.now(), library.calendar(), lang))
                    }
                }
            }
        }
    }
}

/// Something the case knows, in words.
pub(super) struct Fact {
    /// Its name in the data.
    pub(super) name: String,
    pub(super) title: String,
    pub(super) words: String,
}

/// What the case knows that has a title in its schema and is short: all that is told to whoever sees the case.
pub(super) fn known(site: &Site, seen: &Seen, lang: Lang) -> Vec<Fact> {
    let none = Value::Null;
    let schema = seen.chart.data_schema.as_ref().map_or(&none, |schema| schema.source());
    let told = |(name, value): (&str, &Value)| {
        let property = &schema["properties"][name];
        let english = property["x-title-en"].as_str().filter(|_| lang == Lang::En);
        let title = english.or(property["title"].as_str())?.to_owned();
        let words = shown(site, seen, name, property, value, lang)?;
        Some(Fact { name: name.to_owned(), title, words })
    };
    seen.facts.data.members().filter_map(told).collect()
}

/// The facts of the case.
pub(super) fn facts(site: &Site, seen: &Seen, lang: Lang) -> Markup {
    let facts = known(site, seen, lang);
    html! {
        section class="app-card" aria-labelledby="facts" {
            h2 class="govuk-heading-m" id="facts" { (lang.pick("Thông tin hồ sơ", "Facts")) }
            dl class="govuk-summary-list" {
                @for fact in &facts {
                    div class="govuk-summary-list__row" {
                        dt class="govuk-summary-list__key" { (fact.title) }
                        dd class="govuk-summary-list__value" { (fact.words) }
                    }
                }
            }
        }
    }
}

/// A value of the data in few words; lists, objects and inner codes are told elsewhere.
fn shown(
    site: &Site,
    seen: &Seen,
    key: &str,
    schema: &Value,
    value: &Value,
    lang: Lang,
) -> Option<String> {
    let library = site.runtime.library();
    match value {
        Value::String(code) if schema["enum"].is_array() => {
            schema["x-titles"][code][lang.code()].as_str().map(str::to_owned)
        }
        Value::String(text) if text.is_empty() || text.chars().count() > 160 => None,
        // A date is written as people write it; the name of a person, unit or role stands for its id.
        Value::String(text) => {
            if let Ok(date) = text.parse::<chrono::NaiveDate>() {
                return Some(date.format("%d/%m/%Y").to_string());
            }
            let person = seen.names.person(text);
            if person != text {
                return Some(person.to_owned());
            }
            let name = seen.names.organisation(text);
            let name = if name.vi == *text { role_title(&library, text) } else { name };
            // The id of another case says nothing to people.
            let is_id = text.parse::<uuid::Uuid>().is_ok();
            (!is_id).then(|| name.get(lang.code()).to_owned())
        }
        Value::Bool(true) => Some(lang.pick("có", "yes").to_owned()),
        Value::Number(at) if key.ends_with("_ms") => {
            at.as_i64().filter(|&at| at != 0).map(|at| moment(at, library.calendar(), lang))
        }
        Value::Number(number) if number.as_f64() != Some(0.0) => Some(number.to_string()),
        _ => None,
    }
}

/// What happened, the newest first.
pub(super) fn history(
    site: &Site,
    seen: &Seen,
    entries: &[StoredEntry],
    all: bool,
    lang: Lang,
) -> Markup {
    let library = site.runtime.library();
    let shown = if all { entries.len() } else { ENTRIES_SHOWN };
    let mut items = Vec::new();
    for StoredEntry { entry, .. } in entries.iter().rev().take(shown) {
        let reminder = reminder(seen, entry, lang);
        let (title, note) = reminder
            .unwrap_or_else(|| (event_words(&seen.chart, &entry.event, lang), String::new()));
        let receipt = receipt::is_given(seen, entry, &seen.actors[0].id);
        let receipt = receipt.then(|| receipt::path(&entry.case_id, entry.revision));
        items.push((
            title,
            note,
            who(&seen.names, &entry.actor, lang),
            entry.recorded_at_ms,
            receipt,
        ));
    }
    let earlier = entries.len().saturating_sub(shown);
    html! {
        section class="app-card" aria-labelledby="history" {
            h2 class="govuk-heading-m" id="history" { (lang.pick("Diễn biến", "History")) }
            ol class="app-timeline" {
                @for (title, note, who, at, receipt) in &items {
                    li {
                        b { (title) } " "
                        span class="app-muted" { (lang.pick("bởi ", "by ")) (who) }
                        @if !note.is_empty() { span class="app-said" { "“" (note) "”" } }
                        time { (moment(*at, library.calendar(), lang)) }
                        @if let Some(receipt) = receipt {
                            " " a class="govuk-link" href=(receipt) {
                                (lang.pick("Biên nhận", "Receipt"))
                                span class="govuk-visually-hidden" { ": " (title) }
                            }
                        }
                    }
                }
            }
            @if earlier > 0 {
                a class="govuk-link" href=(format!("/cases/{}?all=true#history", seen.head.case_id)) {
                    (match lang {
                        Lang::Vi => format!("Xem {earlier} diễn biến trước đó"),
                        Lang::En => format!("See {earlier} earlier entries"),
                    })
                }
            }
        }
    }
}

/// A reminder that a person sent: whom it went to, and what was said with it.
fn reminder(seen: &Seen, entry: &EntryRow, lang: Lang) -> Option<(String, String)> {
    let words = match entry.event.as_str() {
        name::REMINDED => lang.pick("Nhắc ", "Reminded: "),
        name::ESCALATED => lang.pick("Báo cáo ", "Told: "),
        _ => return None,
    };
    let effects: Value = serde_json::from_str(&entry.effects).ok()?;
    let payload: Value = serde_json::from_str(&entry.payload).ok()?;
    let role = seen.facts.role_title(effects[0]["role"].as_str()?);
    let note = payload["note"].as_str().unwrap_or_default().to_owned();
    Some((format!("{words}“{}”", role.get(lang.code())), note))
}

/// An event in the words of its chart; of the engine's own in ours.
pub(super) fn event_words(chart: &Chart, event: &str, lang: Lang) -> String {
    let title = chart.events.get(event).map(|event| event.title.get(lang.code()));
    let title = title.filter(|title| !title.is_empty());
    let machine = match event {
        "case.opened" | "opened" => lang.pick("Mở hồ sơ", "Case opened"),
        "term.due" => lang.pick("Đến hạn", "Deadline reached"),
        "term.rung" => lang.pick("Nhắc việc", "Reminder"),
        _ => event,
    };
    title.unwrap_or(machine).to_owned()
}

/// Name and unit of whoever sent an entry (`actor` as the log keeps it).
pub(super) fn who(names: &Names, actor: &str, lang: Lang) -> String {
    let actor: Value = serde_json::from_str(actor).unwrap_or_default();
    let id = actor["id"].as_str().unwrap_or_default();
    if id.is_empty() || id == "system" {
        return lang.pick("Hệ thống", "the system").to_owned();
    }
    let (name, unit) = (names.person(id), actor["org"].as_str().unwrap_or_default());
    let absent = actor["on_behalf_of"].as_str().map(|absent| names.person(absent));
    let name = match (absent, lang) {
        (None, _) => name.to_owned(),
        (Some(absent), Lang::Vi) => format!("{name} thay mặt {absent}"),
        (Some(absent), Lang::En) => format!("{name} in the place of {absent}"),
    };
    if unit.is_empty() {
        return name;
    }
    format!("{name}, {}", names.organisation(unit).get(lang.code()))
}
