//! One act on a case: the form its event asks for, and sending it.
//!
//! The form carries the decision and revision that its reader saw and a key of its own, so that a stale page is told
//! what happened meanwhile and a double press does nothing twice. Whatever is refused, what was typed stays: on the page,
//! and as a draft ([`super::draft`]).
//!
//! Reading order: [`page`], [`send`]; how it looks is in [`super::act_form`].

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Form, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use runtime::clock::fresh_key;
use runtime::{ActorRef, Command, SendError};
use serde::Deserialize;
use serde_json::Value;
use store::drafts;
use store::rows::StoredEntry;

use super::case::Seen;
use super::draft::{self, Kept};
use super::form::{self, Field, Typed};
use super::said::Said;
use super::signing::Me;
use super::trouble::Trouble;
use super::{Site, act_form, answer, conflict, context};
use crate::cli::Lang;
use crate::cli::wording::because;

/// Names of the fields that are not the payload's.
pub(super) const DECISION: &str = "_decision";
pub(super) const REVISION: &str = "_revision";
pub(super) const KEY: &str = "_key";
pub(super) const NIL: &str = "_nil";
pub(super) const SAVE: &str = "_draft";
const MORE: &str = "_more";
pub(super) const FOR: &str = "_for";

/// What is shown with the form.
#[derive(Default)]
pub(super) struct Told {
    pub(super) typed: Typed,
    /// Words by pointer.
    pub(super) errors: BTreeMap<String, String>,
    /// What is wrong with the whole.
    pub(super) words: Vec<String>,
    pub(super) status: StatusCode,
    pub(super) key: String,
    /// The draft that stands in the database.
    pub(super) kept: Option<Kept>,
    /// Whether only what a nil report needs is asked for.
    pub(super) nil: bool,
    /// What happened since the page was opened that is sent now.
    pub(super) meanwhile: Vec<StoredEntry>,
}

/// What the address says beside the act.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    /// Whether nothing changed in the period.
    #[serde(default)]
    nil: bool,
}

/// The page of an act.
pub(super) async fn page(
    State(site): State<Arc<Site>>,
    me: Me,
    Path((id, event)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let seen = Seen::of(&site, &me, &id).await?;
    let kept = draft::find(&site, &me, &id, &event).await?;
    let mut typed = kept.as_ref().map(|kept| kept.typed.clone()).unwrap_or_default();
    // A draft with figures is shown whole; saying that nothing changed takes none of it away.
    let nil = asked.nil && typed.keys().all(|name| context::is_of_nil_report(name));
    if asked.nil {
        typed.insert(context::NIL_REPORT.to_owned(), vec!["true".to_owned()]);
    }
    // Whoever comes back to a draft is told what others did since, as whoever sends a stale form is.
    let meanwhile = match &kept {
        Some(kept) => conflict::since(&site, &seen, Some(kept.revision())).await?,
        None => Vec::new(),
    };
    let told = Told { typed, kept, nil, meanwhile, key: fresh_key(), ..Told::default() };
    act_form::show(&site, &me, &seen, &event, told)
}

/// The fields that `event` asks for in this case.
pub(super) fn fields_of(seen: &Seen, event: &str, lang: Lang) -> Vec<Field> {
    let schema = seen.chart.events.get(event).and_then(|event| event.payload.as_ref());
    let mut fields = schema.map_or_else(Vec::new, |schema| form::fields(schema.source(), lang));
    context::enrich(&mut fields, &seen.facts.data, &seen.names, lang);
    fields
}

/// What a form sent beside the payload.
struct Sent {
    decision: Option<u64>,
    revision: Option<i64>,
    key: String,
    nil: bool,
    /// In whose place it is sent.
    absent: Option<String>,
    /// More rows of a table are asked for.
    more: bool,
    /// It is to be kept and not sent.
    save: bool,
    typed: Typed,
}

impl Sent {
    fn of(pairs: Vec<(String, String)>) -> Self {
        let mut typed = draft::typed_of(pairs);
        let mut own = |name: &str| typed.remove(name).and_then(|mut values| values.pop());
        let (decision, revision, key) = (own(DECISION), own(REVISION), own(KEY));
        let (nil, more, save, absent) = (own(NIL), own(MORE), own(SAVE), own(FOR));
        Self {
            decision: decision.and_then(|text| text.parse().ok()),
            revision: revision.and_then(|text| text.parse().ok()),
            key: key.filter(|key| !key.is_empty()).unwrap_or_else(fresh_key),
            nil: nil.is_some(),
            absent: absent.filter(|absent| !absent.is_empty()),
            more: more.is_some(),
            save: save.is_some(),
            typed,
        }
    }
}

/// Sends what was filled in.
pub(super) async fn send(
    State(site): State<Arc<Site>>,
    me: Result<Me, Response>,
    Path((id, event)): Path<(String, String)>,
    headers: HeaderMap,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let Ok(me) = me else { return at_the_door(&site, &headers, &id, &event, pairs).await };
    let seen = Seen::of(&site, &me, &id).await?;
    if !seen.is_act(&event) {
        return Err(Trouble::Nothing);
    }
    let sent = Sent::of(pairs);
    let told = Told {
        typed: sent.typed,
        key: sent.key.clone(),
        nil: sent.nil,
        kept: draft::find(&site, &me, &id, &event).await?,
        ..Told::default()
    };
    if sent.save {
        draft::keep(&site, &me, &seen, &event, (&told.typed, sent.revision)).await?;
        return Ok(Redirect::to(&format!("/cases/{id}/actions/{event}")).into_response());
    }
    if sent.more {
        return again(&site, &me, &seen, &event, told).await;
    }
    let fields = fields_of(&seen, &event, me.lang);
    let payload = match answer::read(&fields, &told.typed, me.lang) {
        Ok(payload) => payload,
        Err(errors) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            let told = Told { errors, status, ..told };
            return again(&site, &me, &seen, &event, told).await;
        }
    };
    let payload = if fields.is_empty() { Value::Null } else { payload };
    let on_behalf_of = sent.absent;
    let who = ActorRef { person: me.id.clone(), org: String::new(), on_behalf_of };
    let mut command = Command::send(&id, &event, payload, who, &sent.key);
    command.expected_decision = sent.decision;
    match site.runtime.send(command).await {
        Ok(receipt) => {
            // The act is recorded whether or not its draft goes.
            if let Err(error) = drafts::discard(site.store(), &me.id, &id, &event).await {
                tracing::warn!(error = %because(&error), "a draft that was sent is still there");
            }
            let done = [("done", event.clone()), ("at", receipt.revision.to_string())];
            let query = serde_urlencoded::to_string(done).unwrap_or_default();
            Ok(Redirect::to(&format!("/cases/{id}?{query}")).into_response())
        }
        Err(error) => refused(&site, &me, &id, &event, told, (&error, sent.revision)).await,
    }
}

/// The way to sign in for whoever's session has ended: back to the form, and to what they typed.
async fn at_the_door(
    site: &Site,
    headers: &HeaderMap,
    id: &str,
    event: &str,
    pairs: Vec<(String, String)>,
) -> Result<Response, Trouble> {
    let kept = draft::kept_for_later(site, headers, id, event, pairs).await?;
    let mut query = vec![("next", format!("/cases/{id}/actions/{event}"))];
    query.extend(kept.then(|| ("kept", "true".to_owned())));
    let query = serde_urlencoded::to_string(query).unwrap_or_default();
    Ok(Redirect::to(&format!("/sign-in?{query}")).into_response())
}

/// The form again, with what was typed, which is kept as a draft.
async fn again(
    site: &Site,
    me: &Me,
    seen: &Seen,
    event: &str,
    mut told: Told,
) -> Result<Response, Trouble> {
    // What was typed is on the page, whether or not it could be kept.
    match draft::keep(site, me, seen, event, (&told.typed, None)).await {
        Ok(_) => told.kept = draft::find(site, me, &seen.head.case_id, event).await?,
        Err(error) => tracing::warn!(error = %because(&error), "a draft was not kept"),
    }
    act_form::show(site, me, seen, event, told)
}

/// The form again, with the words of what stood in the way.
async fn refused(
    site: &Site,
    me: &Me,
    id: &str,
    event: &str,
    told: Told,
    (error, revision): (&SendError, Option<i64>),
) -> Result<Response, Trouble> {
    // The case as it is now: somebody else may have acted, and the form is bound to that decision.
    let seen = Seen::of(site, me, id).await?;
    let said = Said::about(error, site.runtime.library().calendar());
    let (errors, mut words) = said.in_words(me.lang);
    let mut meanwhile = Vec::new();
    if matches!(error, SendError::Stale { .. }) {
        meanwhile = conflict::since(site, &seen, revision).await?;
        words = vec![stale_words(me.lang).to_owned()];
    }
    // A key is for one command; only one that may have been written is sent again under the same.
    let key = match error {
        SendError::Unavailable { .. } => told.key.clone(),
        _ => fresh_key(),
    };
    let status = said.status;
    again(site, me, &seen, event, Told { errors, words, status, key, meanwhile, ..told }).await
}

fn stale_words(lang: Lang) -> &'static str {
    lang.pick(
        "Hồ sơ vừa được người khác xử lý sau khi bạn mở trang này. Phần bạn nhập vẫn còn ở dưới; hãy xem chỗ \
         khác nhau rồi gửi lại nếu vẫn cần.",
        "Somebody acted on this case after you opened this page. What you typed is below; look at what differs \
         and send it if it is still needed.",
    )
}
