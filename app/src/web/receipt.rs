//! The receipt of an act: its number, when it was recorded, who sent it for whom, what they sent, its hash.
//!
//! Of a report it says too whether the report came in time, which version it is, what that version changed, and how a
//! mistake in it is put right: what was sent is never edited.
//!
//! **Invariant:** all of it is read from the log; a receipt is nothing of its own.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;
use store::log;
use store::rows::{EntryRow, StoredEntry};

use super::case::Seen;
use super::page::{Page, Part, moment};
use super::signing::Me;
use super::trouble::Trouble;
use super::{Site, act, see, spread, told};
use crate::cli::Lang;

/// The chart of reports, and its events that bring a version.
const REPORT: &str = "report";
const VERSIONS: [&str; 3] = ["submit", "resubmit", "correct"];

/// Whether `person`, who may see the case, is given a receipt of `entry`: it is an act of people that carries
/// something they may read.
pub(super) fn is_given(seen: &Seen, entry: &EntryRow, person: &str) -> bool {
    let carries = !matches!(entry.payload.as_str(), "" | "null" | "{}");
    let is_act = entry.kind == "event" && seen.is_act(&entry.event);
    is_act
        && carries
        && see::sender_of(entry).is_some()
        && see::may_read(person, &seen.chart, entry)
}

/// Where the receipt of a revision is.
pub(super) fn path(case_id: &str, revision: i64) -> String {
    format!("/cases/{case_id}/receipts/{revision}")
}

/// The page of a receipt.
pub(super) async fn page(
    State(site): State<Arc<Site>>,
    me: Me,
    Path((id, revision)): Path<(String, i64)>,
) -> Result<Response, Trouble> {
    let lang = me.lang;
    let seen = Seen::of(&site, &me, &id).await?;
    let entries = log::of_case(site.store(), &id).await?;
    let found = entries.iter().find(|one| one.entry.revision == revision);
    let entry =
        &found.filter(|one| is_given(&seen, &one.entry, &me.id)).ok_or(Trouble::Nothing)?.entry;
    let versions = versions(&seen, &entries);
    let at = versions.iter().position(|one| one.revision == revision);
    let before = at.and_then(|at| versions.get(at.checked_sub(1)?)).copied();
    let newest = versions.last().filter(|last| at.is_some() && last.revision != revision);
    let title = lang.pick("Biên nhận", "Receipt");
    Ok(Page::of(&site, &me, Part::Cases, title).show(&html! {
        nav class="govuk-breadcrumbs" aria-label=(lang.pick("Vị trí", "Breadcrumb")) {
            ol class="govuk-breadcrumbs__list" {
                li class="govuk-breadcrumbs__list-item" {
                    a class="govuk-breadcrumbs__link" href=(format!("/cases/{id}")) { (seen.title(lang)) }
                }
                li class="govuk-breadcrumbs__list-item" aria-current="page" { (title) }
            }
        }
        div class="app-card app-form" {
            h1 class="govuk-heading-l" { (title) ": " (told::event_words(&seen.chart, &entry.event, lang)) }
            p class="govuk-body app-muted" { (seen.title(lang)) }
            @if let Some(newest) = newest {
                div class="app-draft" role="note" {
                    strong { (lang.pick("Đã có bản mới hơn.", "There is a newer version.")) }
                    a class="govuk-link" href=(path(&id, newest.revision)) {
                        (lang.pick("Xem biên nhận của bản mới nhất", "The receipt of the newest version"))
                    }
                }
            }
            (facts(&site, &seen, entry, at, lang))
            (sent(&seen, entry, before, lang))
            (correcting(&site, &seen, at.is_some(), lang))
        }
    }))
}

/// The entries of a report that brought a version, in their order.
fn versions<'e>(seen: &Seen, entries: &'e [StoredEntry]) -> Vec<&'e EntryRow> {
    if seen.chart.name != REPORT {
        return Vec::new();
    }
    let brings =
        |entry: &&EntryRow| entry.kind == "event" && VERSIONS.contains(&entry.event.as_str());
    entries.iter().map(|one| &one.entry).filter(brings).collect()
}

/// Number, moment, sender, whether it was in time, hash.
fn facts(site: &Site, seen: &Seen, entry: &EntryRow, at: Option<usize>, lang: Lang) -> Markup {
    let library = site.runtime.library();
    let short: String = entry.case_id.chars().take(8).collect();
    let row = |title: &str, value: &Markup| {
        html! {
            div class="govuk-summary-list__row" {
                dt class="govuk-summary-list__key" { (title) }
                dd class="govuk-summary-list__value" { (value) }
            }
        }
    };
    let moment = |at| html! { (moment(at, library.calendar(), lang)) };
    let received = seen.facts.data["received_at_ms"].as_i64().filter(|&at| at > 0);
    html! {
        dl class="govuk-summary-list" {
            (row(lang.pick("Số biên nhận", "Number"), &html! {
                strong { "BN-" (short) "-" (entry.revision) }
            }))
            (row(lang.pick("Ghi vào hồ sơ lúc", "Recorded at"), &moment(entry.recorded_at_ms)))
            (row(lang.pick("Người gửi", "Sent by"), &html! { (told::who(&seen.names, &entry.actor, lang)) }))
            @if let Some(at) = at {
                (row(lang.pick("Phiên bản", "Version"), &html! { (at + 1) }))
                @if let Some(received) = received {
                    (row(lang.pick("Thời hạn", "Deadline"), &html! {
                        (in_time(seen, lang))
                        @if at > 0 {
                            " " (lang.pick("Bản đầu nộp lúc ", "First submitted at ")) (moment(received))
                        }
                    }))
                }
            }
            (row(lang.pick("Mã hồ sơ", "Case"), &html! { (entry.case_id) }))
            (row(lang.pick("Dấu vân tay của diễn biến (SHA-256)", "Fingerprint of the entry (SHA-256)"),
                &html! { span class="app-hash" { (entry.hash) } }))
        }
    }
}

fn in_time(seen: &Seen, lang: Lang) -> Markup {
    html! {
        @if seen.facts.data["late"] == Value::Bool(true) {
            strong class="app-due app-due--late" { (lang.pick("Nộp muộn", "Late")) }
        } @else {
            strong class="app-due app-due--ok" { (lang.pick("Nộp đúng hạn", "In time")) }
        }
    }
}

/// What was sent; beside it what the version before said, where that is something else.
fn sent(seen: &Seen, entry: &EntryRow, before: Option<&EntryRow>, lang: Lang) -> Markup {
    let payload =
        |entry: &EntryRow| -> Value { serde_json::from_str(&entry.payload).unwrap_or_default() };
    let (now, earlier) = (payload(entry), before.map(payload));
    let fields = act::fields_of(seen, &entry.event, lang);
    let rows: Vec<(String, String, Option<String>)> = spread::leaves(&fields)
        .into_iter()
        .filter_map(|field| {
            let said =
                |payload: &Value| spread::shown(field, payload.pointer(&field.pointer), lang);
            let (value, was) = (said(&now), earlier.as_ref().map(said));
            let was = was.filter(|was| *was != value);
            let is_empty = value.is_empty() && was.as_ref().is_none_or(String::is_empty);
            (!is_empty).then(|| (field.title.clone(), value, was))
        })
        .collect();
    html! {
        h2 class="govuk-heading-m app-gap" { (lang.pick("Nội dung đã gửi", "What was sent")) }
        dl class="govuk-summary-list" {
            @for (title, value, was) in &rows {
                div class="govuk-summary-list__row" {
                    dt class="govuk-summary-list__key" { (title) }
                    dd class="govuk-summary-list__value app-lines" {
                        @if value.is_empty() { (lang.pick("(để trống)", "(empty)")) } @else { (value) }
                        @if let Some(was) = was.as_ref().filter(|_| earlier.is_some()) {
                            span class="app-was" {
                                (lang.pick("Bản trước: ", "Version before: "))
                                @if was.is_empty() { (lang.pick("(để trống)", "(empty)")) } @else { (was) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// How a mistake is put right.
fn correcting(site: &Site, seen: &Seen, is_version: bool, lang: Lang) -> Markup {
    let answer = seen.allowed(site);
    let mends = |event: &str| VERSIONS.contains(&event) && event != "submit";
    let own = answer.allowed.iter().find(|action| mends(&action.event));
    html! {
        h2 class="govuk-heading-m app-gap" { (lang.pick("Nếu có sai sót", "If something is wrong")) }
        p class="govuk-body" {
            (lang.pick(
                "Nội dung đã gửi không sửa được; bản đính chính là một phiên bản mới có lý do, bản cũ vẫn được giữ. ",
                "What was sent cannot be edited; a correction is a new version with a reason, and the old one is kept. ",
            ))
            @if let Some(action) = own.filter(|_| is_version) {
                a class="govuk-link" href=(format!("/cases/{}/actions/{}", seen.head.case_id, action.event)) {
                    (action.title.get(lang.code()))
                }
            } @else if is_version {
                (lang.pick(
                    "Đơn vị lập báo cáo đính chính được khi báo cáo đã nộp và chưa đóng.",
                    "The unit that made the report may correct it once it is received and until it is closed.",
                ))
            } @else {
                a class="govuk-link" href=(format!("/cases/{}", seen.head.case_id)) {
                    (lang.pick("Trang hồ sơ cho biết bây giờ làm được gì", "The case says what can be done now"))
                }
            }
        }
        p class="govuk-body-s app-muted" {
            (lang.pick(
                "Trang này in vừa khổ A4. Dấu vân tay nằm trong chuỗi sổ của hồ sơ; người vận hành đối chiếu bằng “cotmoc verify”.",
                "This page prints on A4. The fingerprint is in the chain of the case's log; operators compare it by “cotmoc verify”.",
            ))
        }
    }
}
