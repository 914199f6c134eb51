//! `/reports`: the reports one may see, and handing one in.
//!
//! `/reports/{platform}/{period}` is the report that the organisation of the token owes for that platform and
//! period; another's is read with `unit`. Handing in is the action that the report waits for: submitting, submitting
//! again, or correcting what was received.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use chart::canonical;
use chart::data::Data;
use runtime::Command;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use store::cases::{self, CaseFilter};
use store::rows::Head;
use utoipa::{IntoParams, ToSchema};

use super::actions::{Outcome, actor, carry_out};
use super::caller::{Caller, Reads, Reports};
use super::cases::YesNo;
use super::codes::Code;
use super::given::{expected, json as json_of, key, limit, plain};
use super::problem::Problem;
use super::shapes::{Due, Named, address, answer, moment, paged};
use super::{BASE, actions};
use crate::cli::Lang;
use crate::cli::report::{Mark, Standing};
use crate::facts::{CaseFacts, Names};
use crate::web::Site;
use crate::web::case::Seen;
use crate::web::cases::whereabouts;
use crate::web::see::Sight;

/// The chart of reports.
const CHART: &str = "report";
/// Rows of a page unless others are asked for.
const USUAL: u16 = 50;
/// How many heads are looked through at a time.
const LOOKED: i64 = 500;
/// The events by which a report is handed in, in the order in which they come about.
const HANDED_IN: [&str; 3] = ["submit", "resubmit", "correct"];
/// What a report holds that its next version is written with.
const FIGURES: [&str; 5] = ["indicators", "not_available", "notes", "narrative", "nil_report"];

/// Which reports.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Narrow {
    /// Of this period, such as `2022-11`, `2022-Q4`, `2022-H2` or `2022`.
    #[param(example = "2022-11", pattern = "^[0-9QH-]{4,7}$")]
    period: Option<String>,
    /// On this platform; `ministry` for those on the whole programme.
    #[param(example = "ndp2022-01", pattern = "^[A-Za-z0-9._-]{1,100}$")]
    platform: Option<String>,
    /// Only those overdue now (`yes`), or only those that are not (`no`).
    #[param(inline)]
    overdue: Option<YesNo>,
    /// The id of the last case of the page before.
    #[param(pattern = "^[0-9a-f-]{1,100}$")]
    after: Option<String>,
    /// How many at most.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
}

/// A report in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "case": "6a9fd4a5-893f-5437-af11-acd093e07302", "title": "Báo cáo tháng 11/2022 – Công ty cổ phần Sen Việt",
    "platform": { "id": "ndp2022-01", "name": "Nền tảng định danh điện tử" },
    "unit": { "id": "dn-a1", "name": "Công ty cổ phần Sen Việt" },
    "kind": "enterprise_month", "level": "enterprise", "period": "2022-11",
    "due": { "date": "2022-11-25", "at": "2022-11-26T00:00:00+07:00", "words": "thứ Sáu 25/11/2022",
        "left": "còn 5 ngày làm việc", "overdue": false },
    "received_at": null, "mark": "awaited", "mark_words": "chưa đến hạn", "place": "Chưa nộp",
    "version": 0, "decision": 1, "href": "/api/v1/reports/ndp2022-01/2022-11?unit=dn-a1",
}))]
pub(super) struct ReportTold {
    /// Its case.
    #[schema(format = Uuid)]
    case: String,
    /// What it is, for which period, whose.
    title: String,
    /// The platform; null for a report on the whole programme.
    platform: Option<Named>,
    /// The unit that owes it.
    unit: Named,
    /// What kind of report it is, such as `enterprise_month`.
    kind: String,
    /// `enterprise`, `focal`, `owner` or `coordinator`.
    level: String,
    /// The period.
    period: String,
    /// Its deadline.
    due: Option<Due>,
    /// When it was received.
    #[schema(format = DateTime)]
    received_at: Option<String>,
    /// `on_time`, `late`, `overdue`, `awaited` or `closed`.
    mark: String,
    /// The mark in words.
    mark_words: String,
    /// Where it is, in words.
    place: String,
    /// How often it was handed in.
    version: i64,
    /// Counts what was decided.
    decision: i64,
    /// Its address.
    #[schema(format = UriReference)]
    href: Option<String>,
}

/// A page of reports.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReportsTold {
    /// The reports, in the order of the ids of their cases.
    items: Vec<ReportTold>,
    /// What to ask for as `after` to go on; null at the end.
    next: Option<String>,
}

/// What stands in the place of a platform for reports on the whole programme.
const MINISTRY: &str = "ministry";

/// The id of the platform of a subject; [`MINISTRY`] for the whole programme.
fn platform_of(subject: &str) -> Option<&str> {
    let mut parts = subject.split('/');
    match parts.next()? {
        "platform" | "participation" => parts.next(),
        MINISTRY => Some(MINISTRY),
        _ => None,
    }
}

/// The units that owe a report, by id, the nearest first.
fn units(site: &Site, head: &Head, data: &Data) -> Vec<String> {
    let assignments = site.runtime.assignments();
    let role = data["level_role"].as_str().unwrap_or_default();
    let holders = assignments.holders(role, &head.subject, &head.case_id, site.now());
    let mut units: Vec<String> = Vec::new();
    let reporter = data["reporter"].as_str().unwrap_or_default();
    for unit in holders.iter().map(|one| one.organisation.as_str()).chain([reporter]) {
        if !unit.is_empty() && !units.iter().any(|known| known == unit) {
            units.push(unit.to_owned());
        }
    }
    units
}

impl ReportTold {
    fn of(site: &Site, head: &Head, facts: &CaseFacts, names: &Names, lang: Lang) -> Self {
        let (library, data) = (site.runtime.library(), &facts.data);
        let calendar = library.calendar();
        let text = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
        let standing = Standing::of(head, data, site.now(), calendar);
        let unit = units(site, head, data).into_iter().next().unwrap_or_default();
        let platform = platform_of(&head.subject);
        let href = platform.map(|platform| {
            let path = format!("{BASE}/reports/{platform}/{}", text("period"));
            address(&path, &[("unit", Some(unit.as_str()))])
        });
        Self {
            case: head.case_id.clone(),
            title: names.case_title(facts).get(lang.code()).to_owned(),
            platform: platform.filter(|id| *id != MINISTRY).map(|id| Named {
                id: id.to_owned(),
                name: names
                    .platform(&head.subject)
                    .map_or(id, |name| name.get(lang.code()))
                    .to_owned(),
            }),
            unit: Named { name: names.organisation(&unit).get(lang.code()).to_owned(), id: unit },
            kind: text("kind"),
            level: text("level"),
            period: text("period"),
            due: standing.due.map(|due| Due::of(due.as_ms(), site.now(), calendar, lang)),
            received_at: standing.received.map(moment),
            mark: standing.mark.code().to_owned(),
            mark_words: standing.mark.word(lang).to_owned(),
            place: whereabouts(&library, head, lang),
            version: data["version"].as_i64().unwrap_or_default(),
            decision: head.decision,
            href,
        }
    }
}

/// The reports that the person of the token may see
#[utoipa::path(get, path = "/reports", operation_id = "listReports", tag = "reports", params(Narrow),
    responses((status = 200, body = ReportsTold)))]
pub(super) async fn list(
    State(site): State<Arc<Site>>,
    Reads(caller): Reads,
    Query(narrow): Query<Narrow>,
) -> Result<Response, Problem> {
    let lang = caller.me.lang;
    let limit = limit(narrow.limit, USUAL)?;
    let is_id = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c) || c == '-';
    let after = plain("after", narrow.after.as_deref(), is_id)?;
    let period = plain("period", narrow.period.as_deref(), is_of_period)?;
    if !period.is_empty() && !(4..=7).contains(&period.len()) {
        return Err(Problem::unusable("period", "ví dụ `2022-11`", "it is such as `2022-11`"));
    }
    let platform = plain("platform", narrow.platform.as_deref(), is_of_id)?;
    let names = site.names().await?;
    let found = matching(&site, &caller, after, limit + 1, |head, data| {
        let standing = Standing::of(head, data, site.now(), site.runtime.library().calendar());
        let is_late = standing.mark == Mark::Overdue;
        (period.is_empty() || data["period"].as_str() == Some(period))
            && (platform.is_empty() || platform_of(&head.subject) == Some(platform))
            && narrow.overdue.is_none_or(|wanted| (wanted == YesNo::Yes) == is_late)
    });
    let mut found = found.await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|(head, _)| head.case_id.clone());
    let items = found.iter().map(|(head, facts)| ReportTold::of(&site, head, facts, &names, lang));
    let items = items.collect();
    let shown = narrow.limit.map(|limit| limit.to_string());
    let onward = next.as_deref().map(|next| {
        let pairs = [
            ("period", narrow.period.as_deref()),
            ("platform", narrow.platform.as_deref()),
            ("overdue", narrow.overdue.map(YesNo::word)),
            ("limit", shown.as_deref()),
            ("after", Some(next)),
        ];
        address(&format!("{BASE}/reports"), &pairs)
    });
    Ok(paged(&ReportsTold { items, next: next.clone() }, onward.as_deref()))
}

fn is_of_period(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '-' | 'Q' | 'H')
}

fn is_of_id(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

/// The first `wanted` reports after the id `after` that `caller` may see and that pass `passes`.
async fn matching(
    site: &Site,
    caller: &Caller,
    after: &str,
    wanted: usize,
    passes: impl Fn(&Head, &Data) -> bool,
) -> Result<Vec<(Head, CaseFacts)>, Problem> {
    let sight = Sight::of(site, &caller.me.id).await?;
    let (chart, scopes) = (Some(CHART.to_owned()), Some(sight.scopes()));
    let filter = CaseFilter { chart, scopes, ..CaseFilter::default() };
    let library = site.runtime.library();
    let (mut found, mut after) = (Vec::new(), after.to_owned());
    loop {
        let heads = cases::list(site.store(), &filter, &after, LOOKED).await?;
        let Some(last) = heads.last() else { return Ok(found) };
        after.clone_from(&last.case_id);
        for head in heads {
            let Some(facts) = CaseFacts::of(&head, &library) else { continue };
            if passes(&head, &facts.data) {
                found.push((head, facts));
                if found.len() == wanted {
                    return Ok(found);
                }
            }
        }
    }
}

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
