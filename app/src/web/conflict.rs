//! What happened to a case while somebody filled in a form of it.
//!
//! A stale form is told who did what meanwhile; where that wrote the same fields, both are shown beside each other.
//! What an evaluation's members write is nobody else's to read before it is opened, so of those only who and when.

use maud::{Markup, html};
use serde_json::Value;
use store::log;
use store::rows::StoredEntry;

use super::case::Seen;
use super::form::{Field, Typed};
use super::page::moment;
use super::trouble::Trouble;
use super::{Site, answer, see, spread, told};
use crate::cli::Lang;

/// How many entries are told.
const ENTRIES_MAX: i64 = 50;

/// What people did in a case after `revision`, which its reader had seen.
pub(super) async fn since(
    site: &Site,
    seen: &Seen,
    revision: Option<i64>,
) -> Result<Vec<StoredEntry>, Trouble> {
    let Some(revision) = revision else { return Ok(Vec::new()) };
    let mut entries = log::list(site.store(), &seen.head.case_id, revision, ENTRIES_MAX).await?;
    // Reminders and the like are no acts of anybody.
    entries.retain(|one| one.entry.kind == "event" && see::sender_of(&one.entry).is_some());
    Ok(entries)
}

/// What those entries did, and how it differs from what was typed.
pub(super) fn show(
    site: &Site,
    seen: &Seen,
    entries: &[StoredEntry],
    fields: &[Field],
    typed: &Typed,
    lang: Lang,
) -> Markup {
    let library = site.runtime.library();
    let differing = differing(seen, entries, fields, typed, lang);
    html! {
        @if !entries.is_empty() {
            section class="app-why" aria-labelledby="meanwhile" {
                h2 class="govuk-heading-s" id="meanwhile" {
                    (lang.pick("Trong lúc bạn nhập", "While you typed"))
                }
                ul class="govuk-list govuk-list--bullet" {
                    @for StoredEntry { entry, .. } in entries {
                        li {
                            b { (told::event_words(&seen.chart, &entry.event, lang)) } " "
                            span class="app-muted" {
                                (lang.pick("bởi ", "by ")) (told::who(&seen.names, &entry.actor, lang)) ", "
                                (moment(entry.recorded_at_ms, library.calendar(), lang))
                            }
                        }
                    }
                }
                @if !differing.is_empty() { (beside(&differing, lang)) }
            }
        }
    }
}

/// (title, mine, theirs) for each field that both filled in, each in their own way.
fn differing(
    seen: &Seen,
    entries: &[StoredEntry],
    fields: &[Field],
    typed: &Typed,
    lang: Lang,
) -> Vec<(String, String, String)> {
    let leaves = spread::leaves(fields);
    let writes =
        |entry: &&StoredEntry| see::may_read(&seen.actors[0].id, &seen.chart, &entry.entry);
    let theirs = entries.iter().rev().filter(writes).find_map(|entry| {
        let payload: Value = serde_json::from_str(&entry.entry.payload).ok()?;
        leaves.iter().any(|field| payload.pointer(&field.pointer).is_some()).then_some(payload)
    });
    let (Some(theirs), Ok(mine)) = (theirs, answer::read(fields, typed, lang)) else {
        return Vec::new();
    };
    let row = |field: &&Field| {
        let (mine, theirs) = (mine.pointer(&field.pointer), theirs.pointer(&field.pointer));
        let said = |value| spread::shown(field, value, lang);
        (mine != theirs).then(|| (field.title.clone(), said(mine), said(theirs)))
    };
    leaves.iter().filter_map(row).filter(|(_, mine, theirs)| mine != theirs).collect()
}

fn beside(rows: &[(String, String, String)], lang: Lang) -> Markup {
    let heads = [
        lang.pick("Mục", "Field"),
        lang.pick("Bạn nhập", "Yours"),
        lang.pick("Đã ghi vào hồ sơ", "In the case"),
    ];
    html! {
        div class="app-scroll" tabindex="0" role="region"
            aria-label=(lang.pick("Chỗ khác nhau", "What differs")) {
            table class="app-table app-stack" {
                thead { tr { @for head in heads { th scope="col" { (head) } } } }
                tbody {
                    @for (title, mine, theirs) in rows {
                        tr {
                            td { (title) }
                            td class="app-lines" { (mine) }
                            td class="app-lines" { (theirs) }
                        }
                    }
                }
            }
        }
    }
}
