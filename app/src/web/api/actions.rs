//! `/cases/{id}/actions`: what can be done, what not yet and why, and doing it.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use chart::allowed::Blocked;
use chart::definition::Chart;
use runtime::{ActorRef, Command, Receipt, SendError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::rows::Write;
use utoipa::{IntoParams, ToSchema};

use super::BASE;
use super::caller::{Acts, Caller, Reads};
use super::codes::Code;
use super::given::{expected, json, key};
use super::problem::{Problem, Wait, WaitBody};
use super::shapes::{Named, Role, answer, moment};
use crate::cli::Lang;
use crate::cli::desk::place;
use crate::facts::CaseFacts;
use crate::web::Site;
use crate::web::case::Seen;

/// Something that can be done now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "name": "accept", "title": "Chấp nhận báo cáo",
    "schema": { "type": "object", "properties": { "note": { "type": "string", "title": "Ghi chú" } } },
    "href": "/api/v1/cases/6a9fd4a5-893f-5437-af11-acd093e07302/actions/accept",
}))]
struct ActionTold {
    /// Its name in the address.
    name: String,
    /// The words on the button.
    title: String,
    /// The JSON Schema of its body; null where it takes none.
    schema: Value,
    /// Where to send it.
    #[schema(format = UriReference)]
    href: String,
}

/// Something that cannot be done now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "name": "cancel", "title": "Đóng yêu cầu báo cáo",
    "roles": [{ "role": "coordinator", "title": "Cơ quan điều phối chung" }],
    "blocked_by": [{ "reason": "Bạn không có quyền thực hiện `cancel`; vai trò được phép: `coordinator`.",
        "unlocked_by": { "role": "coordinator", "title": "Cơ quan điều phối chung" }, "earliest": null }],
}))]
struct BlockedTold {
    /// Its name.
    name: String,
    /// What it is called.
    title: String,
    /// Who may do it, where the person of the token may not.
    roles: Vec<Role>,
    /// Why not, every reason, with who puts it right and from when.
    blocked_by: Vec<WaitBody>,
}

/// What can be done with a case, and what not.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ActionsTold {
    /// What the person of the token can do now, the way on first.
    allowed: Vec<ActionTold>,
    /// What is not possible, and why.
    blocked: Vec<BlockedTold>,
}

/// The case `id` as the organisation of the token acts on it.
pub(super) async fn seen_by(site: &Site, caller: &Caller, id: &str) -> Result<Seen, Problem> {
    let mut seen = Seen::of(site, &caller.me, id).await?;
    let assignments = site.runtime.assignments();
    let (subject, case_id) = (&seen.head.subject, &seen.head.case_id);
    let actor = assignments.resolve(&actor(caller), subject, case_id, site.now());
    seen.actors = vec![actor.map_err(|error| refused(site, &error, &seen.facts))?];
    Ok(seen)
}

/// Who acts: the person of the token, for its organisation.
pub(super) fn actor(caller: &Caller) -> ActorRef {
    let (person, org) = (caller.me.id.clone(), caller.token.organisation.clone());
    ActorRef { person, org, on_behalf_of: None }
}

pub(super) fn refused(site: &Site, error: &SendError, facts: &CaseFacts) -> Problem {
    Problem::refused(error, facts, site.runtime.library().calendar())
}

fn blocked(one: &Blocked, facts: &CaseFacts, lang: Lang) -> BlockedTold {
    let role = |role: &String| Role::of(role, &facts.role_title(role), lang);
    let wait = |reason: &chart::refusal::Reason| {
        let unlocks = reason.unlocks.as_ref().map(|role| (role.clone(), facts.role_title(role)));
        Wait { reason: reason.text.clone(), unlocks, earliest: reason.earliest }.body(lang)
    };
    BlockedTold {
        name: one.event.clone(),
        title: one.title.get(lang.code()).to_owned(),
        roles: one.roles.iter().map(role).collect(),
        blocked_by: one.reasons.iter().map(wait).collect(),
    }
}

/// What the person of the token can do with a case now, and what not and why
///
/// Each blocked action says what it waits for, who puts that right and from when. Its `ETag` may be sent as
/// `If-Match` like that of the case.
#[utoipa::path(get, path = "/cases/{id}/actions", operation_id = "listActions", tag = "cases",
    params(("id" = String, Path, format = Uuid, description = "The case.")),
    responses((status = 200, body = ActionsTold)))]
pub(super) async fn list(
    State(site): State<Arc<Site>>,
    Reads(caller): Reads,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let lang = caller.me.lang;
    let seen = seen_by(&site, &caller, &id).await?;
    let found = seen.possible(&site);
    let allowed = found.allowed.into_iter().map(|action| ActionTold {
        href: format!("{BASE}/cases/{id}/actions/{}", action.event),
        title: action.title.get(lang.code()).to_owned(),
        name: action.event,
        schema: action.payload,
    });
    let told = ActionsTold {
        allowed: allowed.collect(),
        blocked: found.blocked.iter().map(|one| blocked(one, &seen.facts, lang)).collect(),
    };
    Ok(answer(&told, Some(seen.head.decision)))
}

/// How an action is sent.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct How {
    /// Only tell what it would lead to; nothing is written.
    #[serde(default)]
    #[param(required = false)]
    dry_run: bool,
}

/// A task that an action opens or ends.
#[derive(Debug, Serialize, ToSchema)]
struct TaskMoved {
    /// The step that waits.
    state: String,
    /// What is to be done, where it is opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// Who owes it, where it is opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
}

/// What an action sets going.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "tasks_opened": [{ "state": "submitted", "title": "Xem báo cáo đã nộp",
        "role": { "role": "ministry_focal", "title": "Đơn vị đầu mối của Bộ" } }],
    "tasks_ended": [{ "state": "owed_by_enterprise" }],
    "told": [{ "role": "core_enterprise", "title": "Doanh nghiệp nòng cốt" }],
    "messages": [],
}))]
pub(super) struct Effect {
    /// Who owes something from then on.
    tasks_opened: Vec<TaskMoved>,
    /// What nobody owes any more.
    tasks_ended: Vec<TaskMoved>,
    /// The roles that get a letter.
    told: Vec<Role>,
    /// Cases that are told, each with the event.
    messages: Vec<Named>,
}

impl Effect {
    fn of(write: &Write, facts: &CaseFacts, lang: Lang) -> Self {
        let role = |role: &str| Role::of(role, &facts.role_title(role), lang);
        let title = |text: &str| {
            let text: chart::definition::Text = serde_json::from_str(text).unwrap_or_default();
            text.get(lang.code()).to_owned()
        };
        let opened = write.tasks_put.iter().map(|task| TaskMoved {
            state: task.state.clone(),
            title: Some(title(&task.title)),
            role: Some(role(&task.role)),
        });
        let ended = write.tasks_drop.iter().map(|(state, ..)| TaskMoved {
            state: state.clone(),
            title: None,
            role: None,
        });
        let message = |row: &store::rows::InboxRow| Named {
            id: row.receiver.clone(),
            name: row.event.clone(),
        };
        Self {
            tasks_opened: opened.collect(),
            tasks_ended: ended.collect(),
            told: write.notices.iter().map(|notice| role(&notice.role)).collect(),
            messages: write.inbox.iter().map(message).collect(),
        }
    }
}

/// What came of an action.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "case": "6a9fd4a5-893f-5437-af11-acd093e07302", "revision": 5, "decision": 3,
    "recorded_at": "2022-11-24T09:42:00+07:00", "states": ["submitted"], "place": "Đã nộp – chờ xem xét",
    "dry_run": false, "effect": null,
}))]
pub(super) struct Outcome {
    /// The case.
    #[schema(format = Uuid)]
    case: String,
    /// The number of its last entry.
    revision: u64,
    /// What was decided, counted: the next `If-Match`.
    decision: u64,
    /// When it was recorded.
    #[schema(format = DateTime)]
    recorded_at: String,
    /// The active steps, outermost first, by id.
    states: Vec<String>,
    /// Where the case is, in words.
    place: String,
    /// Whether nothing was written.
    dry_run: bool,
    /// What it would set going; only in a dry run.
    effect: Option<Effect>,
}

/// Sends `command`, or only rehearses it.
pub(super) async fn carry_out(
    site: &Site,
    seen: &Seen,
    command: Command,
    rehearse: bool,
    lang: Lang,
) -> Result<Response, Problem> {
    let not_taken = |error: SendError| refused(site, &error, &seen.facts);
    let (receipt, effect) = if rehearse {
        let rehearsal = site.runtime.rehearse(command).await.map_err(not_taken)?;
        let write = rehearsal.write.as_deref();
        (rehearsal.receipt, write.map(|write| Effect::of(write, &seen.facts, lang)))
    } else {
        (site.runtime.send(command).await.map_err(not_taken)?, None)
    };
    let decision = i64::try_from(receipt.decision).ok();
    let outcome = Outcome {
        place: place_of(&seen.chart, &receipt, lang),
        case: receipt.case_id,
        revision: receipt.revision,
        decision: receipt.decision,
        recorded_at: moment(receipt.recorded_at_ms),
        states: receipt.states,
        dry_run: rehearse,
        effect,
    };
    // What a rehearsal leads to is no state of the case.
    Ok(answer(&outcome, decision.filter(|_| !rehearse)))
}

fn place_of(chart: &Chart, receipt: &Receipt, lang: Lang) -> String {
    let states: Vec<_> = receipt.states.iter().filter_map(|id| chart.find(id)).collect();
    place(chart, &states, lang)
}

/// Acts on a case
///
/// `If-Match` says which decision its sender saw (the `ETag` of the case or of its actions, or `*`); a case that
/// moved on answers 412. Under one `Idempotency-Key` it happens once: the same body gets the same answer again,
/// another body 422. With `dry_run=true` the whole is worked out, and nothing is written.
#[utoipa::path(post, path = "/cases/{id}/actions/{name}", operation_id = "act", tag = "cases",
    params(
        ("id" = String, Path, format = Uuid, description = "The case."),
        ("name" = String, Path, description = "The action.", example = "accept",
            pattern = "^[a-z_.]{1,100}$"),
        How,
        ("If-Match" = String, Header, description = "The decision that was seen, as an `ETag`, or `*`.",
            example = "*"),
        ("Idempotency-Key" = String, Header, min_length = 1, max_length = 200, pattern = "^[!-~]{1,200}$",
            description = "A key of its own for each act.",
            example = "8e03978e-40d5-43e8-bc93-6894a57f9324"),
    ),
    request_body(content = Option<Object>, content_type = "application/json",
        description = "What the schema of the action asks for.", example = json!({ "note": "Số liệu khớp." })),
    responses((status = 200, body = Outcome)))]
pub(super) async fn send(
    State(site): State<Arc<Site>>,
    Acts(caller): Acts,
    Path((id, name)): Path<(String, String)>,
    Query(how): Query<How>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let seen = seen_by(&site, &caller, &id).await?;
    let known = seen.chart.events.get(&name).filter(|event| !event.machine);
    known.ok_or_else(|| Problem::of(Code::UnknownAction))?;
    let expected = expected(&headers)?;
    let key = key(&headers)?.ok_or_else(|| Problem::of(Code::KeyRequired))?;
    let payload = json(&headers, &body)?;
    let mut command = Command::send(&id, &name, payload, actor(&caller), &key);
    command.expected_decision = expected.decision(seen.head.decision);
    carry_out(&site, &seen, command, how.dry_run, caller.me.lang).await
}
