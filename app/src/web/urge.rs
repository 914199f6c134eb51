//! Reminding many at once: what was chosen, who would be told, what is left out and why. Nothing is sent here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use runtime::clock::fresh_key;
use store::rows::TaskRow;
use store::tasks;
use unicode_normalization::UnicodeNormalization as _;

use super::judge::{Judged, Kind, Ref, Verdict, judge, why};
use super::page::{Page, Part, due_chip, error_summary, moment, table};
use super::signing::Me;
use super::trouble::Trouble;
use super::{Site, kept, overdue, reports};
use crate::cli::Lang;
use crate::facts::Names;
use crate::reports::Mark;

/// The most tasks of one batch.
pub(super) const ITEMS_MAX: usize = 500;
/// The longest sentence that is said with a reminder, in characters.
pub(super) const NOTE_MAX: usize = 500;
/// What a form says.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) kind: Kind,
    pub(super) keys: Vec<(Ref, bool)>,
    /// How many more were chosen than one batch takes.
    pub(super) beyond: usize,
    pub(super) note: String,
    pub(super) key: String,
}

impl Asked {
    /// Reads a form: tasks that were ticked, all of a unit, or all reports that a month lacks.
    pub(super) async fn read(site: &Site, form: &[(String, String)]) -> Result<Self, Trouble> {
        let one = |name: &str| {
            let found = form.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.as_str()).unwrap_or_default()
        };
        let force = one("force") == "yes";
        let mut keys: Vec<Ref> = Vec::new();
        if one("all") == "yes" {
            keys.extend(overdue::of_unit(site, one("unit")).await?.iter().map(Ref::of));
        } else if !one("month").is_empty() {
            keys.extend(missing(site, one("month"), one("length"), one("level")).await?);
        } else {
            let ticked = form.iter().filter(|(name, _)| name == "item");
            keys.extend(ticked.filter_map(|(_, value)| Ref::read(value)));
        }
        let mut known = BTreeSet::new();
        keys.retain(|key| known.insert(key.clone()));
        let beyond = keys.len().saturating_sub(ITEMS_MAX);
        keys.truncate(ITEMS_MAX);
        let note: String = one("note").trim().nfc().collect();
        Ok(Self {
            kind: Kind::of(one("kind")),
            keys: keys.into_iter().map(|key| (key, force)).collect(),
            beyond,
            note: note.replace("\r\n", "\n"),
            key: one("_key").to_owned(),
        })
    }
}

/// The tasks of the reports that are missing for `month` (`2022-11`), as the report board counts them.
async fn missing(site: &Site, month: &str, length: &str, level: &str) -> Result<Vec<Ref>, Trouble> {
    let parsed = month
        .split_once('-')
        .and_then(|(year, month)| Some((year.parse::<i32>().ok()?, month.parse::<u32>().ok()?)));
    let Some(month) = parsed else { return Ok(Vec::new()) };
    let of_year = kept::of_year(site, month.0).await?;
    let now = site.now();
    let lacking = of_year.iter().filter(|report| {
        report.month == month
            && matches!(report.mark(now), Mark::Overdue | Mark::Awaited)
            && reports::is_shown(report, length, level)
    });
    let roles: BTreeMap<&str, &str> =
        lacking.map(|report| (report.case_id.as_str(), report.role.as_str())).collect();
    let ids: Vec<String> = roles.keys().map(|id| (*id).to_owned()).collect();
    let rows = tasks::of_cases(site.store(), &ids).await?;
    let owes = |task: &&TaskRow| {
        roles.get(task.case_id.as_str()) == Some(&task.role.as_str()) && task.due_at_ms.is_some()
    };
    Ok(rows.iter().filter(owes).map(Ref::of).collect())
}

/// The page that says what would be sent.
pub(super) async fn preview(
    State(site): State<Arc<Site>>,
    me: Me,
    Form(form): Form<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    if !me.watches {
        return Err(Trouble::Nothing);
    }
    let asked = Asked::read(&site, &form).await?;
    show(&site, &me, asked, &[]).await
}

/// The page of `asked`, with what is wrong with it.
pub(super) async fn show(
    site: &Site,
    me: &Me,
    asked: Asked,
    errors: &[(String, String)],
) -> Result<Response, Trouble> {
    let lang = me.lang;
    let names = site.names().await?;
    let judged = judge(site, &me.id, asked.kind, &asked.keys, "").await?;
    let title = asked.kind.title(lang);
    let mut errors = errors.to_vec();
    if asked.keys.is_empty() {
        errors.push((
            String::new(),
            String::from(lang.pick(
                "Chưa chọn việc nào. Hãy quay lại và đánh dấu ít nhất một việc.",
                "No task is chosen. Go back and tick at least one.",
            )),
        ));
    }
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let (sent, left): (Vec<&Judged>, Vec<&Judged>) =
        judged.iter().partition(|one| one.verdict == Verdict::Send);
    Ok(Page::of(site, me, Part::Overdue, title).with(status).show(&html! {
        h1 class="govuk-heading-l app-title" { (title) }
        @if !errors.is_empty() { (error_summary(&errors, lang)) }
        @if !asked.keys.is_empty() {
            p class="govuk-body" { (counted(sent.len(), left.len(), asked.beyond, lang)) }
        }
        @if !sent.is_empty() { (recipients(site, &names, &sent, lang)) (form_of(&asked, sent.len(), lang)) }
        @if !left.is_empty() { (left_out(site, &names, &asked, &left, lang)) }
        p class="app-gap" {
            a class="govuk-link" href="/overdue" {
                (lang.pick("Quay lại danh sách quá hạn, không gửi", "Back to the overdue board, without sending"))
            }
        }
    }))
}

fn counted(sent: usize, left: usize, beyond: usize, lang: Lang) -> String {
    let mut words = match lang {
        Lang::Vi => format!("{sent} việc sẽ gửi, {left} việc bỏ qua."),
        Lang::En => format!("{sent} to be sent, {left} left out."),
    };
    if beyond > 0 {
        words.push_str(&match lang {
            Lang::Vi => {
                format!(" Một đợt có nhiều nhất {ITEMS_MAX} việc; còn {beyond} việc để đợt sau.")
            }
            Lang::En => {
                format!(" A batch takes {ITEMS_MAX} at most; {beyond} are left for the next.")
            }
        });
    }
    words
}

/// A task in words, leading to its case.
pub(super) fn task_cell(names: &Names, one: &Judged, lang: Lang) -> Markup {
    let title = one.task.as_ref().map(|task| names.task(task).get(lang.code()).to_owned());
    let title =
        title.unwrap_or_else(|| lang.pick("Việc đã xong", "A task that is done").to_owned());
    html! {
        a class="govuk-link" href=(format!("/cases/{}", one.key.case_id)) { (title) }
        @if let Some(case) = &one.case { small { (names.case_title(case).get(lang.code())) } }
    }
}

fn recipients(site: &Site, names: &Names, sent: &[&Judged], lang: Lang) -> Markup {
    let library = site.runtime.library();
    let label = lang.pick("Người nhận", "Recipients");
    let heads = [
        lang.pick("Việc", "Task"),
        label,
        lang.pick("Hạn", "Deadline"),
        lang.pick("Đã nhắc", "Told before"),
    ];
    table(
        label,
        &heads,
        &html! {
            @for one in sent {
                tr {
                    td { (task_cell(names, one, lang)) }
                    td {
                        @for person in &one.persons {
                            (names.person(person))
                            @if let Some(unit) = names.unit_of(person) {
                                small { (names.organisation(unit).get(lang.code())) }
                            }
                        }
                    }
                    td { (due_chip(one.task.as_ref().and_then(|task| task.due_at_ms), site.now(),
                        library.calendar(), lang)) }
                    td { (told_before(site, one.last, lang)) }
                }
            }
        },
    )
}

/// How often and when somebody was told.
pub(super) fn told_before(site: &Site, last: Option<(i64, usize)>, lang: Lang) -> Markup {
    let library = site.runtime.library();
    html! {
        @match last {
            None => span class="app-muted" { (lang.pick("chưa nhắc", "never")) },
            Some((at, count)) => {
                (match lang {
                    Lang::Vi => format!("đã nhắc {count} lần"),
                    Lang::En => format!("told {count} time{}", if count == 1 { "" } else { "s" }),
                })
                small { (lang.pick("gần nhất ", "last ")) (moment(at, library.calendar(), lang)) }
            }
        }
    }
}

fn form_of(asked: &Asked, count: usize, lang: Lang) -> Markup {
    let key = if asked.key.is_empty() { fresh_key() } else { asked.key.clone() };
    html! {
        form method="post" action="/urge/send" class="app-card app-form" {
            input type="hidden" name="_key" value=(key);
            (hidden(asked))
            div class="govuk-form-group" {
                label class="govuk-label" for="note" {
                    (lang.pick("Lời thêm (không bắt buộc)", "A sentence to add (optional)"))
                }
                div class="govuk-hint" id="note-hint" {
                    (lang.pick(
                        "Đi kèm trong thư và trong diễn biến của hồ sơ. Nhiều nhất 500 ký tự.",
                        "Goes into the letter and the history of the case. 500 characters at most.",
                    ))
                }
                textarea class="govuk-textarea" id="note" name="note" rows="3" maxlength=(NOTE_MAX)
                    aria-describedby="note-hint" { (asked.note) }
            }
            button class="govuk-button" type="submit" { (asked.kind.button(count, lang)) }
        }
    }
}

fn hidden(asked: &Asked) -> Markup {
    html! {
        input type="hidden" name="kind" value=(asked.kind.word());
        @if asked.keys.iter().any(|(_, force)| *force) { input type="hidden" name="force" value="yes"; }
        @for (key, _) in &asked.keys { input type="hidden" name="item" value=(key.text()); }
    }
}

fn left_out(site: &Site, names: &Names, asked: &Asked, left: &[&Judged], lang: Lang) -> Markup {
    let label = lang.pick("Bỏ qua", "Left out");
    let heads = [
        lang.pick("Việc", "Task"),
        lang.pick("Vì sao", "Why"),
        lang.pick("Đã nhắc", "Told before"),
    ];
    let today = left.iter().filter(|one| one.verdict == Verdict::Today).count();
    html! {
        h2 class="govuk-heading-m" { (label) " (" (left.len()) ")" }
        (table(label, &heads, &html! {
            @for one in left {
                tr {
                    td { (task_cell(names, one, lang)) }
                    td { (why(site, &one.verdict, &one.told, lang)) }
                    td { (told_before(site, one.last, lang)) }
                }
            }
        }))
        @if today > 0 {
            form method="post" action="/urge" {
                (hidden(asked))
                input type="hidden" name="force" value="yes";
                input type="hidden" name="note" value=(asked.note);
                button class="govuk-button govuk-button--secondary" type="submit" {
                    (match lang {
                        Lang::Vi => format!("Vẫn gửi cả {today} việc đã nhắc hôm nay"),
                        Lang::En => format!("Send the {today} that were told today as well"),
                    })
                }
            }
        }
    }
}
