//! The page of a batch, item by item, and the list of the last ones.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, html};
use store::batches::{self, BatchRow, ItemLetter, ItemRow};
use store::{cases, tasks};

use super::Site;
use super::batch::{told, verdict};
use super::judge::{Kind, why};
use super::page::{Page, Part, moment, table};
use super::signing::Me;
use super::trouble::Trouble;
use crate::cli::Lang;
use crate::facts::{CaseFacts, Names, role_title};
use crate::letters::NOBODY;

/// Batches of the list.
const LISTED: i64 = 50;

/// How many items came to what.
#[derive(Debug, Default)]
struct Counts {
    done: usize,
    skipped: usize,
    failed: usize,
    waiting: usize,
}

impl Counts {
    fn of(items: &[ItemRow]) -> Self {
        let count = |outcome: &str| items.iter().filter(|item| item.outcome == outcome).count();
        Self {
            done: count("done"),
            skipped: count("skipped"),
            failed: count("failed"),
            waiting: count("waiting"),
        }
    }
}

/// What an outcome is called.
fn word(kind: Kind, outcome: &str, lang: Lang) -> &'static str {
    match (outcome, kind) {
        ("done", Kind::Remind) => lang.pick("đã nhắc", "reminded"),
        ("done", Kind::Escalate) => lang.pick("đã báo cáo", "told"),
        ("skipped", _) => lang.pick("bỏ qua", "left out"),
        ("failed", _) => lang.pick("lỗi", "failed"),
        _ => lang.pick("đang chờ", "waiting"),
    }
}

/// The page of a batch.
pub(super) async fn page(
    State(site): State<Arc<Site>>,
    me: Me,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    if !me.watches {
        return Err(Trouble::Nothing);
    }
    let lang = me.lang;
    let batch = batches::find(site.store(), &id).await?.ok_or(Trouble::Nothing)?;
    let items = batches::items(site.store(), &id).await?;
    let letters = batches::letters(site.store(), &id).await?;
    let letters: BTreeMap<i64, ItemLetter> =
        letters.into_iter().map(|letter| (letter.item, letter)).collect();
    let names = site.names().await?;
    let kind = Kind::of(&batch.kind);
    let counts = Counts::of(&items);
    let rows = rows(&site, &names, kind, &items, &letters, lang).await?;
    let title = kind.title(lang);
    let library = site.runtime.library();
    let whole = lang.pick("Kết quả từng việc", "Each task");
    let heads = [
        lang.pick("Việc", "Task"),
        lang.pick("Báo cho", "Told"),
        lang.pick("Kết quả", "Result"),
        lang.pick("Thư", "Letter"),
    ];
    Ok(Page::of(&site, &me, Part::Overdue, title).show(&html! {
        nav class="govuk-breadcrumbs" aria-label=(lang.pick("Vị trí", "Breadcrumb")) {
            ol class="govuk-breadcrumbs__list" {
                li class="govuk-breadcrumbs__list-item" {
                    a class="govuk-breadcrumbs__link" href="/overdue" { (lang.pick("Quá hạn", "Overdue")) }
                }
                li class="govuk-breadcrumbs__list-item" {
                    a class="govuk-breadcrumbs__link" href="/batches" { (lang.pick("Các đợt nhắc", "Batches")) }
                }
            }
        }
        h1 class="govuk-heading-l app-title" { (title) }
        p class="govuk-body app-muted" {
            (names.person(&batch.person)) " · " (moment(batch.created_at_ms, library.calendar(), lang))
        }
        (figures(kind, &counts, lang))
        @if !batch.note.is_empty() {
            p class="govuk-body" { (lang.pick("Lời thêm: ", "They add: ")) "“" (batch.note) "”" }
        }
        (next(&batch, &counts, lang))
        (table(whole, &heads, &rows))
    }))
}

fn figures(kind: Kind, counts: &Counts, lang: Lang) -> Markup {
    let all = [
        ("ok", "done", counts.done),
        ("", "skipped", counts.skipped),
        ("bad", "failed", counts.failed),
        ("soon", "waiting", counts.waiting),
    ];
    html! {
        ul class="app-kpis" {
            @for (class, outcome, count) in all {
                li class=(if count > 0 { class } else { "" }) {
                    b { (count) }
                    strong { (word(kind, outcome, lang)) }
                }
            }
        }
    }
}

/// What can be done about what failed or waits.
fn next(batch: &BatchRow, counts: &Counts, lang: Lang) -> Markup {
    let action = format!("/batches/{}/again", batch.id);
    html! {
        @if counts.waiting > 0 {
            p class="govuk-body" role="status" {
                (match lang {
                    Lang::Vi => format!("Còn {} việc đang gửi. ", counts.waiting),
                    Lang::En => format!("{} are still being sent. ", counts.waiting),
                })
                a class="govuk-link" href=(format!("/batches/{}", batch.id)) {
                    (lang.pick("Tải lại để xem tiếp", "Load again to see how far it is"))
                }
            }
        }
        @if counts.failed > 0 || counts.waiting > 0 {
            form method="post" action=(action) class="app-again" {
                button class="govuk-button" type="submit" {
                    (match (lang, counts.failed) {
                        (Lang::Vi, 0) => lang.pick("Gửi tiếp", "").to_owned(),
                        (Lang::En, 0) => "Go on sending".to_owned(),
                        (Lang::Vi, failed) => format!("Thử lại {failed} mục lỗi"),
                        (Lang::En, failed) => format!("Try the {failed} that failed again"),
                    })
                }
            }
        }
    }
}

async fn rows(
    site: &Site,
    names: &Names,
    kind: Kind,
    items: &[ItemRow],
    letters: &BTreeMap<i64, ItemLetter>,
    lang: Lang,
) -> Result<Markup, Trouble> {
    let library = site.runtime.library();
    let mut ids: Vec<String> = items.iter().map(|item| item.case_id.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    let (heads, _) = cases::heads_and_receipts(site.store(), &ids, &[]).await?;
    let facts: BTreeMap<String, CaseFacts> = heads
        .iter()
        .filter_map(|head| Some((head.case_id.clone(), CaseFacts::of(head, &library)?)))
        .collect();
    let owed = tasks::of_cases(site.store(), &ids).await?;
    let title = |item: &ItemRow| {
        let task = owed.iter().find(|task| {
            (&task.case_id, &task.state, task.generation, &task.element)
                == (&item.case_id, &item.state, item.generation, &item.element)
        });
        let case = facts.get(&item.case_id);
        let state = || case.map(|case| case.item_title(&item.state));
        let text = task.map(|task| names.task(task)).or_else(state).unwrap_or_default();
        (text, case.map(|case| names.case_title(case)))
    };
    Ok(html! {
        @for item in items {
            @let (text, case) = title(item);
            tr {
                td {
                    a class="govuk-link" href=(format!("/cases/{}", item.case_id)) { (text.get(lang.code())) }
                    @if let Some(case) = case { small { (case.get(lang.code())) } }
                }
                td { (role_title(&library, &item.told).get(lang.code())) }
                td {
                    strong class=(format!("govuk-tag {}", tag(&item.outcome))) {
                        (word(kind, &item.outcome, lang))
                    }
                    @if !item.why.is_empty() { small { (reason(site, item, lang)) } }
                    @if item.tries > 1 {
                        small { (match lang {
                            Lang::Vi => format!("đã thử {} lần", item.tries),
                            Lang::En => format!("tried {} times", item.tries),
                        }) }
                    }
                }
                td { (letter(letters.get(&item.item), &item.outcome, lang)) }
            }
        }
    })
}

fn tag(outcome: &str) -> &'static str {
    match outcome {
        "done" => "govuk-tag--green",
        "failed" => "govuk-tag--red",
        "skipped" => "govuk-tag--grey",
        _ => "govuk-tag--yellow",
    }
}

fn reason(site: &Site, item: &ItemRow, lang: Lang) -> String {
    match verdict(&item.why) {
        Some(verdict) => why(site, &verdict, &item.told, lang),
        None => told(&item.why, lang),
    }
}

/// How far the letter of an item is.
fn letter(letter: Option<&ItemLetter>, outcome: &str, lang: Lang) -> Markup {
    let none = lang.pick("không có", "none");
    let waits = lang.pick("đang soạn", "being written");
    let words = match letter {
        None if outcome == "done" => waits,
        None => none,
        Some(letter) => match (letter.built.as_deref(), letter.state.as_deref()) {
            (None, _) => waits,
            (Some(NOBODY), _) => lang.pick("không có người nhận", "nobody to write to"),
            (_, Some("done")) => lang.pick("đã gửi", "sent"),
            (_, Some("dead")) => lang.pick("không gửi được", "could not be delivered"),
            _ => lang.pick("chờ gửi", "about to leave"),
        },
    };
    let error = letter.and_then(|letter| letter.error.clone());
    html! {
        @if letter.is_none() && outcome != "done" { span class="app-muted" { (words) } }
        @else { (words) }
        @if let Some(error) = error { small { (error) } }
    }
}

/// The last batches.
pub(super) async fn list(State(site): State<Arc<Site>>, me: Me) -> Result<Response, Trouble> {
    if !me.watches {
        return Err(Trouble::Nothing);
    }
    let lang = me.lang;
    let names = site.names().await?;
    let rows = batches::list(site.store(), LISTED).await?;
    let title = lang.pick("Các đợt nhắc", "Batches");
    let library = site.runtime.library();
    let heads = [
        lang.pick("Đợt", "Batch"),
        lang.pick("Người gửi", "By"),
        lang.pick("Lúc", "When"),
        lang.pick("Lời thêm", "Added"),
    ];
    Ok(Page::of(&site, &me, Part::Overdue, title).show(&html! {
        h1 class="govuk-heading-l app-title" { (title) }
        @if rows.is_empty() {
            div class="app-card" { p class="govuk-body" {
                (lang.pick("Chưa có đợt nhắc nào. ", "There is no batch yet. "))
                a class="govuk-link" href="/overdue" {
                    (lang.pick("Chọn việc quá hạn để nhắc", "Choose overdue tasks to remind of"))
                }
            } }
        } @else {
            (table(title, &heads, &html! {
                @for batch in &rows {
                    tr {
                        td { a class="govuk-link" href=(format!("/batches/{}", batch.id)) {
                            (Kind::of(&batch.kind).title(lang))
                        } }
                        td { (names.person(&batch.person)) }
                        td { (moment(batch.created_at_ms, library.calendar(), lang)) }
                        td { (batch.note) }
                    }
                }
            }))
        }
    }))
}
