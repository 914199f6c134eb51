//! One act on a case: the form its event asks for, and sending it.
//!
//! The form carries the decision that its reader saw and a key of its own, so that a stale page is told
//! and a double press does nothing twice. Whatever is refused, what was typed stays.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use runtime::clock::fresh_key;
use runtime::{ActorRef, Command, SendError};
use serde_json::Value;

use super::case::{Seen, blocked};
use super::form::{self, Field, Filled, Typed, id_of};
use super::page::{Page, Part, error_summary};
use super::said::Said;
use super::signing::Me;
use super::trouble::Trouble;
use super::{Site, answer, context};
use crate::cli::Lang;

/// Names of the fields that are not the payload's.
const DECISION: &str = "_decision";
const KEY: &str = "_key";
const MORE: &str = "_more";
/// What is said of a page that is older than its case.
const STALE_VI: &str = "Hồ sơ vừa được người khác xử lý sau khi bạn mở trang này. Phần bạn nhập vẫn còn \
    ở dưới; hãy xem lại hồ sơ rồi gửi lại nếu vẫn cần.";
const STALE_EN: &str = "Somebody acted on this case after you opened this page. What you typed is below; \
    look at the case again and send it if it is still needed.";

/// What is shown with the form.
#[derive(Default)]
struct Told {
    typed: Typed,
    /// Words by pointer.
    errors: BTreeMap<String, String>,
    /// What is wrong with the whole.
    words: Vec<String>,
    status: StatusCode,
    key: String,
}

/// The page of an act.
pub(super) async fn page(
    State(site): State<Arc<Site>>,
    me: Me,
    Path((id, event)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let seen = Seen::of(&site, &me, &id).await?;
    show(&site, &me, &seen, &event, &Told { key: fresh_key(), ..Told::default() })
}

/// The form of `event`, or why it cannot be sent now.
fn show(site: &Site, me: &Me, seen: &Seen, event: &str, told: &Told) -> Result<Response, Trouble> {
    let lang = me.lang;
    let definition = seen.chart.events.get(event).filter(|event| !event.machine);
    let definition = definition.ok_or(Trouble::Nothing)?;
    let title = definition.title.get(lang.code()).to_owned();
    let answer = seen.allowed(site);
    let is_possible = answer.allowed.iter().any(|action| action.event == event);
    let stopped = answer.blocked.iter().find(|blocked| blocked.event == event);
    let fields = fields_of(seen, event, lang);
    let errors = summary(&fields, told);
    let filled = Filled { typed: &told.typed, errors: &told.errors, lang };
    // What was typed is shown again even if it cannot be sent any more.
    let shows_form = is_possible || !told.typed.is_empty();
    Ok(Page::of(site, me, Part::Cases, title.clone()).with(told.status).show(&html! {
        nav class="govuk-breadcrumbs" aria-label=(lang.pick("Vị trí", "Breadcrumb")) {
            ol class="govuk-breadcrumbs__list" {
                li class="govuk-breadcrumbs__list-item" {
                    a class="govuk-breadcrumbs__link" href="/cases" { (lang.pick("Hồ sơ", "Cases")) }
                }
                li class="govuk-breadcrumbs__list-item" {
                    a class="govuk-breadcrumbs__link" href=(format!("/cases/{}", seen.head.case_id)) {
                        (seen.title(lang))
                    }
                }
            }
        }
        div class="app-card app-form" {
            @if !errors.is_empty() { (error_summary(&errors, lang)) }
            h1 class="govuk-heading-l" { (title) }
            p class="govuk-body app-muted" { (seen.title(lang)) }
            @if !is_possible { (impossible(site, seen, stopped, lang)) }
            @if shows_form {
                (form_markup(seen, event, &fields, &filled, &told.key, &title, lang))
            }
            p class="app-gap" {
                a class="govuk-link" href=(format!("/cases/{}", seen.head.case_id)) {
                    (lang.pick("Quay lại hồ sơ, không gửi", "Back to the case, without sending"))
                }
            }
        }
    }))
}

fn impossible(
    site: &Site,
    seen: &Seen,
    stopped: Option<&chart::allowed::Blocked>,
    lang: Lang,
) -> Markup {
    html! {
        div class="app-why" {
            h2 class="govuk-heading-s" { (lang.pick("Chưa thực hiện được", "Not possible now")) }
            @if let Some(one) = stopped { ul { (blocked(site, seen, one, lang)) } }
            @else {
                p class="govuk-body" {
                    (lang.pick(
                        "Hồ sơ không ở bước nhận việc này. Trang hồ sơ cho biết bây giờ làm được gì.",
                        "The case is at no step that takes this. Its page says what can be done now.",
                    ))
                }
            }
        }
    }
}

fn form_markup(
    seen: &Seen,
    event: &str,
    fields: &[Field],
    filled: &Filled<'_>,
    key: &str,
    title: &str,
    lang: Lang,
) -> Markup {
    html! {
        form method="post" novalidate
            action=(format!("/cases/{}/actions/{event}", seen.head.case_id)) {
            input type="hidden" name=(DECISION) value=(seen.head.decision);
            input type="hidden" name=(KEY) value=(key);
            @if fields.is_empty() {
                p class="govuk-body" {
                    (lang.pick("Việc này không cần nhập gì thêm.", "Nothing need be filled in."))
                }
            }
            (form::show(fields, filled))
            button class="govuk-button" type="submit" { (title) }
        }
    }
}

fn fields_of(seen: &Seen, event: &str, lang: Lang) -> Vec<Field> {
    let schema = seen.chart.events.get(event).and_then(|event| event.payload.as_ref());
    let mut fields = schema.map_or_else(Vec::new, |schema| form::fields(schema.source(), lang));
    context::enrich(&mut fields, &seen.facts.data, &seen.names, lang);
    fields
}

/// Errors in the order of the form, each with the id of its field.
fn summary(fields: &[Field], told: &Told) -> Vec<(String, String)> {
    let whole = told.words.iter().map(|words| (String::new(), words.clone()));
    let mut order = Vec::new();
    pointers(fields, &mut order);
    let rank = |pointer: &str| order.iter().position(|one| pointer.starts_with(one.as_str()));
    let mut errors: Vec<(&String, &String)> = told.errors.iter().collect();
    errors.sort_by_key(|(pointer, _)| (rank(pointer).unwrap_or(usize::MAX), (*pointer).clone()));
    whole.chain(errors.into_iter().map(|(at, words)| (id_of(at), words.clone()))).collect()
}

fn pointers(fields: &[Field], out: &mut Vec<String>) {
    for field in fields {
        match &field.kind {
            form::Kind::Group(inner) => pointers(inner, out),
            _ => out.push(field.pointer.clone()),
        }
    }
}

/// Sends what was filled in.
pub(super) async fn send(
    State(site): State<Arc<Site>>,
    me: Me,
    Path((id, event)): Path<(String, String)>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let seen = Seen::of(&site, &me, &id).await?;
    let mut typed = Typed::new();
    for (name, value) in pairs {
        typed.entry(name).or_default().push(value);
    }
    let mut own = |name: &str| typed.remove(name).and_then(|mut values| values.pop());
    let (decision, key, more) = (own(DECISION), own(KEY), own(MORE));
    let key = key.filter(|key| !key.is_empty()).unwrap_or_else(fresh_key);
    let told = Told { typed, key: key.clone(), ..Told::default() };
    if more.is_some() {
        return show(&site, &me, &seen, &event, &told);
    }
    let fields = fields_of(&seen, &event, me.lang);
    let payload = match answer::read(&fields, &told.typed, me.lang) {
        Ok(payload) => payload,
        Err(errors) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return show(&site, &me, &seen, &event, &Told { errors, status, ..told });
        }
    };
    let payload = if fields.is_empty() { Value::Null } else { payload };
    let who = ActorRef { person: me.id.clone(), org: String::new(), on_behalf_of: None };
    let mut command = Command::send(&id, &event, payload, who, &key);
    command.expected_decision = decision.and_then(|text| text.parse().ok());
    match site.runtime.send(command).await {
        Ok(_) => {
            let query = serde_urlencoded::to_string([("done", &event)]).unwrap_or_default();
            Ok(Redirect::to(&format!("/cases/{id}?{query}")).into_response())
        }
        Err(error) => refused(&site, &me, &id, &event, told, &error).await,
    }
}

/// The form again, with what was typed, and the words of what stood in the way.
async fn refused(
    site: &Site,
    me: &Me,
    id: &str,
    event: &str,
    told: Told,
    error: &SendError,
) -> Result<Response, Trouble> {
    // The case as it is now: somebody else may have acted, and the form is bound to that decision.
    let seen = Seen::of(site, me, id).await?;
    let (lang, key) = (me.lang, fresh_key());
    let said = Said::about(error, site.runtime.library().calendar());
    let mut errors = BTreeMap::new();
    for fault in said.faults {
        let words = fault.message.get(lang.code()).to_owned();
        errors.entry(fault.pointer).or_insert(words);
    }
    let words = match error {
        SendError::Stale { .. } => vec![lang.pick(STALE_VI, STALE_EN).to_owned()],
        _ => said.words.iter().map(|words| words.get(lang.code()).to_owned()).collect(),
    };
    let status = said.status;
    show(site, me, &seen, event, &Told { errors, words, status, key, ..told })
}
