//! Drafts: what somebody typed into the form of an act stays until the act is recorded.
//!
//! A draft is kept when its button is pressed, two seconds after the last change where scripts run, and
//! whenever something stood in the way of sending. It is its owner's alone, and says everywhere that it is not
//! submitted. It remembers the form it was typed into, so that one made for an older form says what changed.
//!
//! A browser whose session ended by itself may still leave a draft behind, and sees nothing by that: whoever signs in
//! next as the same person finds it ([`kept_for_later`]).
//!
//! **Invariant:** nothing that was typed is thrown away unless its owner says so or the act is recorded.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use chart::moment::Timestamp;
use maud::{Markup, html};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::drafts::{self, DraftRow};
use store::{accounts, receipts};

use super::case::Seen;
use super::form::{Field, Typed};
use super::page::{Page, Part, due_chip};
use super::signing::{self, Me, real_ms};
use super::trouble::Trouble;
use super::{Site, act, spread, tokens};
use crate::cli::Lang;

/// How long after its end a session still says whose unsent words a browser brings.
pub(super) const LAPSED_MS: i64 = 7 * 24 * 3_600_000;

/// A draft as its form needs it.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) typed: Typed,
    /// The form it was typed into.
    form: FormThen,
    pub(super) saved_at_ms: i64,
}

/// A form as it was when something was typed into it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct FormThen {
    /// The revision of the case that its reader saw.
    revision: i64,
    /// The titles of its fields by pointer.
    titles: BTreeMap<String, String>,
}

/// What a form has become since a draft was typed into it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changed {
    /// Fields that are no more: title, and what was typed.
    pub(super) gone: Vec<(String, String)>,
    /// Titles of fields that were not there.
    pub(super) new: Vec<String>,
}

impl Kept {
    fn of(row: &DraftRow) -> Self {
        let typed = serde_json::from_str(&row.fields).unwrap_or_default();
        let form = serde_json::from_str(&row.form).unwrap_or_default();
        Self { typed, form, saved_at_ms: row.saved_at_ms }
    }

    /// The revision of the case that was seen when this was typed.
    pub(super) fn revision(&self) -> i64 {
        self.form.revision
    }

    /// What differs between `fields` and the form of this draft.
    pub(super) fn changed(&self, fields: &[Field]) -> Changed {
        let now = spread::leaves(fields);
        let within = |name: &str, pointer: &str| {
            name.strip_prefix(pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let mut gone: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, values) in &self.typed {
            let is_there = now.iter().any(|field| within(name, &field.pointer));
            let texts: Vec<&str> =
                values.iter().map(String::as_str).filter(|text| !text.trim().is_empty()).collect();
            if is_there || texts.is_empty() {
                continue;
            }
            let title = self.form.titles.iter().find(|(pointer, _)| within(name, pointer));
            let title = title.map_or(name.as_str(), |(_, title)| title.as_str());
            gone.entry(title).or_default().extend(texts);
        }
        let is_new = |field: &&&Field| !self.form.titles.contains_key(&field.pointer);
        Changed {
            gone: gone
                .into_iter()
                .map(|(title, texts)| (title.to_owned(), texts.join("; ")))
                .collect(),
            new: now.iter().filter(is_new).map(|field| field.title.clone()).collect(),
        }
    }
}

/// What a browser calls its own copy of what `me` types into a form.
pub(super) fn name_of(me: &Me, case_id: &str, event: &str) -> String {
    format!("{}/{case_id}/{event}", me.id)
}

/// The draft of `me` for `event` in `case_id`, if there is one.
pub(super) async fn find(
    site: &Site,
    me: &Me,
    case_id: &str,
    event: &str,
) -> Result<Option<Kept>, Trouble> {
    let row = drafts::find(site.store(), &me.id, case_id, event).await?;
    Ok(row.as_ref().map(Kept::of))
}

/// Keeps what was typed into the form of `event` as its reader saw it at `revision`; when. Nothing is kept of a form
/// that was left as it came.
pub(super) async fn keep(
    site: &Site,
    me: &Me,
    seen: &Seen,
    event: &str,
    (typed, revision): (&Typed, Option<i64>),
) -> Result<Option<i64>, Trouble> {
    let fields = act::fields_of(seen, event, me.lang);
    let case_id = &seen.head.case_id;
    if !is_touched(&fields, typed) {
        drafts::discard(site.store(), &me.id, case_id, event).await?;
        return Ok(None);
    }
    let leaves = spread::leaves(&fields).into_iter();
    let titles = leaves.map(|field| (field.pointer.clone(), field.title.clone())).collect();
    let form = FormThen { revision: revision.unwrap_or(seen.head.revision), titles };
    // PostgreSQL keeps no NUL; nobody types one.
    let plain = |text: &String| text.replace('\0', "");
    let typed: Typed = typed
        .iter()
        .map(|(name, values)| (plain(name), values.iter().map(plain).collect()))
        .collect();
    let row = DraftRow {
        person: me.id.clone(),
        case_id: case_id.clone(),
        event: event.to_owned(),
        fields: json!(typed).to_string(),
        form: json!(form).to_string(),
        saved_at_ms: real_ms(),
    };
    drafts::put(site.store(), &row).await?;
    Ok(Some(row.saved_at_ms))
}

/// Whether anything was typed that an untouched form would not send.
fn is_touched(fields: &[Field], typed: &Typed) -> bool {
    let leaves = spread::leaves(fields);
    typed.iter().any(|(name, values)| {
        let field = leaves.iter().find(|field| field.pointer == *name);
        let default =
            field.and_then(|field| Some(spread::text(&field.kind, field.default.as_ref()?)));
        values.iter().any(|value| !value.trim().is_empty() && Some(value) != default.as_ref())
    })
}

/// `Đã lưu nháp lúc 09:42`, with the date where that was not today.
pub(super) fn saved_words(at_ms: i64, lang: Lang) -> String {
    let local = |at| runtime::clock::local(Timestamp(at));
    let (at, now) = (local(at_ms), local(real_ms()));
    let told = lang.pick("Đã lưu nháp lúc ", "Draft saved at ");
    let clock = at.format("%H:%M");
    if at.date_naive() == now.date_naive() {
        return format!("{told}{clock}");
    }
    format!("{told}{clock}{}{}", lang.pick(" ngày ", " on "), at.format("%d/%m/%Y"))
}

/// That something is a draft and not submitted, and until when it should be.
pub(super) fn banner(site: &Site, seen: &Seen, lang: Lang, more: &Markup) -> Markup {
    let library = site.runtime.library();
    html! {
        strong { (lang.pick("Bản nháp – CHƯA NỘP.", "Draft – NOT SUBMITTED.")) }
        @if let Some(due) = due_of(seen) {
            span { (lang.pick("Hạn", "Deadline")) }
            (due_chip(Some(due), site.now(), library.calendar(), lang))
        }
        (more)
    }
}

/// The earliest deadline of what the reader owes in a case; of anybody's where they owe nothing.
fn due_of(seen: &Seen) -> Option<i64> {
    let own = |role: &str| {
        seen.actors.iter().any(|actor| actor.roles.iter().any(|one| one == role))
            || seen.facts.roles_declared_for(&seen.actors[0].id).contains(&role)
    };
    let earliest = |own_only: bool| {
        let tasks = seen.tasks.iter().filter(|task| !own_only || own(&task.role));
        tasks.filter_map(|task| task.due_at_ms).min()
    };
    earliest(true).or_else(|| earliest(false))
}

/// The drafts of `me` in one case, as its page tells of them.
pub(super) async fn of_case(site: &Site, me: &Me, seen: &Seen) -> Result<Markup, Trouble> {
    let all = drafts::of_person(site.store(), &me.id).await?;
    let own = all.iter().filter(|row| row.case_id == seen.head.case_id);
    Ok(html! { @for row in own { (told(site, me, seen, row)) } })
}

/// The drafts of `me` in the cases they may see, as the list of their work tells of them.
pub(super) async fn of_person(site: &Site, me: &Me) -> Result<Markup, Trouble> {
    let mut parts = Vec::new();
    for row in drafts::of_person(site.store(), &me.id).await? {
        match Seen::of(site, me, &row.case_id).await {
            Ok(seen) => parts.push(html! { (told(site, me, &seen, &row)) }),
            Err(Trouble::Nothing) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(html! { @for part in &parts { (part) } })
}

fn told(site: &Site, me: &Me, seen: &Seen, row: &DraftRow) -> Markup {
    let lang = me.lang;
    let path = format!("/cases/{}/actions/{}", row.case_id, row.event);
    let title = seen.chart.events.get(&row.event).map(|event| event.title.get(lang.code()));
    let more = html! {
        span class="app-draft__what" {
            a class="govuk-link" href=(path) { (title.unwrap_or(&row.event)) }
            " · " (seen.title(lang)) " · " (saved_words(row.saved_at_ms, lang))
        }
    };
    html! { div class="app-draft" { (banner(site, seen, lang, &more)) } }
}

/// What a form sent, without the fields that are not the payload's.
pub(super) fn typed_of(pairs: Vec<(String, String)>) -> Typed {
    let mut typed = Typed::new();
    for (name, value) in pairs {
        typed.entry(name).or_default().push(value);
    }
    typed
}

/// Keeps what is being typed: a script sends it while its owner still writes.
pub(super) async fn save(
    State(site): State<Arc<Site>>,
    me: Result<Me, Response>,
    Path((id, event)): Path<(String, String)>,
    headers: HeaderMap,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let me = match me {
        Ok(me) => me,
        Err(door) => {
            kept_for_later(&site, &headers, &id, &event, pairs).await?;
            return Ok(door);
        }
    };
    let seen = Seen::of(&site, &me, &id).await?;
    let answer = match keep_unless_sent(&site, &me, &seen, &event, pairs).await? {
        Saved::Kept(at) => json!({ "words": saved_words(at, me.lang), "at": at }),
        Saved::Nothing => json!({ "words": "", "at": 0 }),
        Saved::Sent => json!({ "sent": true }),
    };
    let kind = [(header::CONTENT_TYPE, "application/json")];
    Ok((kind, answer.to_string()).into_response())
}

enum Saved {
    Kept(i64),
    /// There was nothing to keep.
    Nothing,
    /// The act was recorded before this came: it is no draft any more.
    Sent,
}

async fn keep_unless_sent(
    site: &Site,
    me: &Me,
    seen: &Seen,
    event: &str,
    pairs: Vec<(String, String)>,
) -> Result<Saved, Trouble> {
    if !seen.is_act(event) {
        return Err(Trouble::Nothing);
    }
    let mut typed = typed_of(pairs);
    let key = typed.get(act::KEY).and_then(|keys| keys.first()).filter(|key| !key.contains('\0'));
    if let Some(key) = key
        && receipts::find(site.store(), &seen.head.case_id, key).await?.is_some()
    {
        return Ok(Saved::Sent);
    }
    let revision = typed.get(act::REVISION).and_then(|all| all.first()?.parse().ok());
    typed.retain(|name, _| name.starts_with('/'));
    let at = keep(site, me, seen, event, (&typed, revision)).await?;
    Ok(at.map_or(Saved::Nothing, Saved::Kept))
}

/// Whose browser this was until its session ended by itself, not long ago: whoever signs out, or is signed out,
/// leaves nothing behind. They see nothing by this; only what they typed is kept for them.
async fn lapsed(site: &Site, headers: &HeaderMap) -> Result<Option<Me>, Trouble> {
    let Some(token) = signing::cookie(headers, signing::COOKIE) else { return Ok(None) };
    let since = real_ms() - LAPSED_MS;
    match accounts::session(site.store(), &tokens::kept(token), since).await? {
        Some(session) => signing::person_of(site, headers, session).await,
        None => Ok(None),
    }
}

/// Keeps what a browser sent whose session had ended by itself; whether its person is known.
pub(super) async fn kept_for_later(
    site: &Site,
    headers: &HeaderMap,
    id: &str,
    event: &str,
    pairs: Vec<(String, String)>,
) -> Result<bool, Trouble> {
    let Some(me) = lapsed(site, headers).await? else { return Ok(false) };
    let seen = match Seen::of(site, &me, id).await {
        Ok(seen) => seen,
        Err(Trouble::Nothing) => return Ok(false),
        Err(error) => return Err(error),
    };
    match keep_unless_sent(site, &me, &seen, event, pairs).await {
        Ok(saved) => Ok(matches!(saved, Saved::Kept(_))),
        Err(Trouble::Nothing) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Above the sign-in form: that nothing was lost.
pub(super) fn kept_words(lang: Lang) -> Markup {
    html! {
        p class="app-draft app-narrow" role="status" {
            (lang.pick(
                "Phiên làm việc đã hết. Phần bạn nhập đã được giữ làm bản nháp – CHƯA NỘP; đăng nhập để làm tiếp.",
                "Your session had ended. What you typed is kept as a draft – NOT SUBMITTED; sign in to go on.",
            ))
        }
    }
}

/// Asks whether a draft is to be thrown away, and shows when it was kept.
pub(super) async fn confirm(
    State(site): State<Arc<Site>>,
    me: Me,
    Path((id, event)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let lang = me.lang;
    let seen = Seen::of(&site, &me, &id).await?;
    let kept = find(&site, &me, &id, &event).await?.ok_or(Trouble::Nothing)?;
    let title = seen.chart.events.get(&event).map(|event| event.title.get(lang.code()).to_owned());
    let form = format!("/cases/{id}/actions/{event}");
    let heading = lang.pick("Xoá bản nháp?", "Throw the draft away?");
    Ok(Page::of(&site, &me, Part::Cases, heading).show(&html! {
        div class="app-card app-narrow" {
            h1 class="govuk-heading-l" { (heading) }
            p class="govuk-body" {
                "“" (title.unwrap_or(event)) "” – " (seen.title(lang)) ". "
                (saved_words(kept.saved_at_ms, lang)) "."
            }
            p class="govuk-body" {
                (lang.pick(
                    "Những gì bạn đã nhập sẽ mất hẳn; hồ sơ không thay đổi và không ai được báo.",
                    "What you typed will be gone; the case does not change and nobody is told.",
                ))
            }
            form method="post" action=(format!("{form}/discard")) {
                button class="govuk-button govuk-button--warning" type="submit" {
                    (lang.pick("Xoá bản nháp", "Throw the draft away"))
                }
            }
            p class="app-gap" {
                a class="govuk-link" href=(form) {
                    (lang.pick("Giữ lại và nhập tiếp", "Keep it and go on"))
                }
            }
        }
    }))
}

/// Throws a draft away; its owner was asked.
pub(super) async fn discard(
    State(site): State<Arc<Site>>,
    me: Me,
    Path((id, event)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let seen = Seen::of(&site, &me, &id).await?;
    drafts::discard(site.store(), &me.id, &seen.head.case_id, &event).await?;
    Ok((StatusCode::SEE_OTHER, Redirect::to(&format!("/cases/{id}"))).into_response())
}
