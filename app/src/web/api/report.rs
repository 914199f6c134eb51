//! `/reports/{platform}/{period}`: one report with its figures, and handing it in.
//!
//! It is the report that the organisation of the token owes for that platform and period; another's is read with
//! `unit`. Handing in is the action that the report waits for: submitting, submitting again, or correcting what was
//! received.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use chart::canonical;
use runtime::Command;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use store::cases;
use store::rows::Head;
use utoipa::{IntoParams, ToSchema};

use super::actions::{self, Outcome, actor, carry_out};
use super::caller::{Caller, Reads, Reports};
use super::codes::Code;
use super::given::{expected, json as json_of, key, plain};
use super::problem::Problem;
use super::reports::{ReportTold, is_of_id, matching, platform_of, units};
use super::shapes::answer;
use crate::facts::CaseFacts;
use crate::web::Site;
use crate::web::case::Seen;

/// The events by which a report is handed in, in the order in which they come about.
const HANDED_IN: [&str; 3] = ["submit", "resubmit", "correct"];
/// What a report holds that its next version is written with.
const FIGURES: [&str; 5] = ["indicators", "not_available", "notes", "narrative", "nil_report"];

/// Whose report.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Whose {
    /// The unit that owes it, where it is not the organisation of the token.
    #[param(example = "dn-a1", pattern = "^[A-Za-z0-9._:-]{1,100}$")]
    unit: Option<String>,
}

/// A report with its figures.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReportWhole {
    /// What lists tell of it.
    #[serde(flatten)]
    report: ReportTold,
    /// The figures that may not be left out, by name.
    #[schema(example = json!(["users_registered"]))]
    required: Value,
    /// The figures of the period before, by name.
    #[schema(example = json!({ "users_registered": 1_200_000 }))]
    previous: Value,
    /// What was handed in last; null where nothing was.
    content: Option<Value>,
    /// Why it was returned; empty where it was not.
    return_reasons: String,
    /// The JSON Schema of what is to be handed in.
    #[schema(example = json!({ "type": "object", "properties": { "nil_report": { "type": "boolean" } } }))]
    schema: Value,
}

/// The report of `unit` for the platform and period; a month's before others of the same name.
async fn find(
    site: &Site,
    caller: &Caller,
    platform: &str,
    period: &str,
    unit: &str,
) -> Result<Seen, Problem> {
    let found = matching(site, caller, "", usize::MAX, |head, data| {
        platform_of(&head.subject) == Some(platform)
            && data["period"].as_str() == Some(period)
            && units(site, head, data).iter().any(|one| one == unit)
    });
    // The unit's own comes before one that it may hand in for another level, a regular one before one asked for.
    let rank = |(head, facts): &(Head, CaseFacts)| {
        let kind = facts.data["kind"].as_str().unwrap_or_default();
        let first = units(site, head, &facts.data).first().is_none_or(|one| one != unit);
        (kind.ends_with("_ad_hoc"), first, head.case_id.clone())
    };
    let found = found.await?.into_iter().min_by_key(rank);
    let (head, _) = found.ok_or_else(|| Problem::of(Code::NotFound))?;
    actions::seen_by(site, caller, &head.case_id).await
}

/// The report that a unit owes for a platform and period, with its figures
///
/// Without `unit` it is that of the organisation of the token. Send its `ETag` as `If-Match` to hand it in.
#[utoipa::path(get, path = "/reports/{platform}/{period}", operation_id = "showReport", tag = "reports",
    params(
        ("platform" = String, Path, description = "The platform; `ministry` for a report on the whole programme.",
            example = "ndp2022-01"),
        ("period" = String, Path, description = "The period: a month, a quarter, a half or a year.",
            example = "2022-11", pattern = "^[0-9]{4}(-(0[1-9]|1[0-2]|Q[1-4]|H[12]))?$"),
        Whose,
    ),
    responses((status = 200, body = ReportWhole)))]
pub(super) async fn show(
    State(site): State<Arc<Site>>,
    Reads(caller): Reads,
    Path((platform, period)): Path<(String, String)>,
    Query(whose): Query<Whose>,
) -> Result<Response, Problem> {
    let is_of_unit = |c: char| is_of_id(c) || c == ':';
    let unit = plain("unit", whose.unit.as_deref(), is_of_unit)?;
    let unit = if unit.is_empty() { &caller.token.organisation } else { unit };
    let seen = find(&site, &caller, &platform, &period, unit).await?;
    let (names, lang, data) = (site.names().await?, caller.me.lang, &seen.facts.data);
    let handed_in = data["version"].as_i64().unwrap_or_default() > 0;
    let content = || FIGURES.map(|name| (name.to_owned(), data[name].clone()));
    let schema = seen.chart.events.get(next_event(&site, &seen));
    let schema = schema.and_then(|event| event.payload.as_ref());
    let whole = ReportWhole {
        report: ReportTold::of(&site, &seen.head, &seen.facts, &names, lang),
        required: data["required"].clone(),
        previous: data["previous"].clone(),
        content: handed_in.then(|| Value::Object(Map::from_iter(content()))),
        return_reasons: data["return_reasons"].as_str().unwrap_or_default().to_owned(),
        schema: schema.map_or(Value::Null, |schema| schema.source().clone()),
    };
    Ok(answer(&whole, Some(seen.head.decision)))
}

/// The event by which the report is handed in as it stands.
fn next_event(site: &Site, seen: &Seen) -> &'static str {
    let possible = seen.possible(site);
    let allowed = |event: &&str| possible.allowed.iter().any(|one| one.event == **event);
    let blocked = |event: &&str| possible.blocked.iter().any(|one| one.event == **event);
    let found = HANDED_IN.into_iter().find(allowed);
    found.or_else(|| HANDED_IN.into_iter().find(blocked)).unwrap_or(HANDED_IN[0])
}

/// The event that `key` handed this content in by before; else the one that the report waits for now.
async fn event_under(
    site: &Site,
    seen: &Seen,
    caller: &Caller,
    key: &str,
    content: &Value,
) -> Result<&'static str, Problem> {
    let case = &seen.head.case_id;
    let asked = [(case.clone(), key.to_owned())];
    let (_, receipts) = cases::heads_and_receipts(site.store(), &[], &asked).await?;
    if !receipts.is_empty() {
        for event in HANDED_IN {
            let command = Command::send(case, event, content.clone(), actor(caller), key);
            if site.runtime.rehearse(command).await.is_ok() {
                return Ok(event);
            }
        }
    }
    Ok(next_event(site, seen))
}

/// How a report is handed in.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct How {
    /// Only say whether it would be taken; nothing is written.
    #[serde(default)]
    #[param(required = false)]
    validate_only: bool,
}

/// What is handed in.
#[derive(Debug, ToSchema)]
#[schema(example = json!({
    "indicators": { "users_registered": 1_250_000, "availability_pct": 99.95 },
    "not_available": ["response_p95_ms"], "notes": { "users_registered": "Đã rà soát tài khoản trùng." },
    "narrative": { "results": "Hoàn thành kết nối với 12 tỉnh." }, "nil_report": false,
}))]
#[expect(dead_code, reason = "it documents what the chart's own schema judges")]
pub(super) struct Content {
    /// The figures, by name; the schema of the report names them.
    indicators: Option<Object>,
    /// Figures that are not known, by name. Not known is not 0.
    not_available: Option<Vec<String>>,
    /// Notes on figures, by name.
    notes: Option<Object>,
    /// What is said in words.
    narrative: Option<Object>,
    /// Whether nothing changed in the period; then the narrative must say so.
    nil_report: Option<bool>,
    /// Why it is corrected; only for what was received already.
    reason: Option<String>,
}

/// A JSON object of any members.
type Object = Map<String, Value>;

/// Hands in the report of the organisation of the token
///
/// It is submitted, submitted again after a return, or corrected (then with `reason`), whichever the report waits
/// for. Faults are named by JSON pointers. With `validate_only=true` nothing is written. The same body under the same
/// `If-Match` is handed in once; a key of one's own may be sent as `Idempotency-Key`.
#[utoipa::path(put, path = "/reports/{platform}/{period}", operation_id = "putReport", tag = "reports",
    params(
        ("platform" = String, Path, description = "The platform; `ministry` for a report on the whole programme.",
            example = "ndp2022-01"),
        ("period" = String, Path, description = "The period: a month, a quarter, a half or a year.",
            example = "2022-11", pattern = "^[0-9]{4}(-(0[1-9]|1[0-2]|Q[1-4]|H[12]))?$"),
        How,
        ("If-Match" = String, Header, description = "The decision that was seen, as an `ETag`, or `*`.",
            example = "*"),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 200,
            pattern = "^[!-~]{1,200}$", description = "A key of its own for each act."),
    ),
    request_body(content = Content, content_type = "application/json"),
    responses((status = 200, body = Outcome)))]
pub(super) async fn put(
    State(site): State<Arc<Site>>,
    Reports(caller): Reports,
    Path((platform, period)): Path<(String, String)>,
    Query(how): Query<How>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let unit = &caller.token.organisation;
    let seen = find(&site, &caller, &platform, &period, unit).await?;
    let expected = expected(&headers)?.decision(seen.head.decision);
    let content = json_of(&headers, &body)?;
    // The address names the thing, so the same body for the same decision is the same act.
    let own = || {
        let decision = expected.map_or(json!(seen.head.decision), |decision| json!(decision));
        canonical::sha256_hex(&canonical::to_string(&json!(["put", decision, content])))
    };
    let key = key(&headers)?.unwrap_or_else(own);
    let event = event_under(&site, &seen, &caller, &key, &content).await?;
    let mut command = Command::send(&seen.head.case_id, event, content, actor(&caller), &key);
    command.expected_decision = expected;
    carry_out(&site, &seen, command, how.validate_only, caller.me.lang).await
}
