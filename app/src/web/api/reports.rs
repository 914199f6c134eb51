//! `/reports`: the reports one may see, each with its deadline and how it stands. One of them is in [`super::report`].

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use chart::data::Data;
use serde::{Deserialize, Serialize};
use store::cases::{self, CaseFilter};
use store::rows::Head;
use utoipa::{IntoParams, ToSchema};

use super::BASE;
use super::caller::{Caller, Reads};
use super::cases::YesNo;
use super::given::{limit, plain};
use super::problem::Problem;
use super::shapes::{Due, Named, address, moment, paged};
use crate::cli::Lang;
use crate::facts::{CaseFacts, Names};
use crate::reports::{Mark, Report};
use crate::web::Site;
use crate::web::cases::whereabouts;
use crate::web::see::Sight;

/// The chart of reports.
const CHART: &str = "report";
/// Rows of a page unless others are asked for.
const USUAL: u16 = 50;
/// How many heads are looked through at a time.
const LOOKED: i64 = 500;
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
pub(super) fn platform_of(subject: &str) -> Option<&str> {
    let mut parts = subject.split('/');
    match parts.next()? {
        "platform" | "participation" => parts.next(),
        MINISTRY => Some(MINISTRY),
        _ => None,
    }
}

/// The units that owe a report, by id, the nearest first.
pub(super) fn units(site: &Site, head: &Head, data: &Data) -> Vec<String> {
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
    pub(super) fn of(
        site: &Site,
        head: &Head,
        facts: &CaseFacts,
        names: &Names,
        lang: Lang,
    ) -> Self {
        let (library, data) = (site.runtime.library(), &facts.data);
        let calendar = library.calendar();
        let text = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
        let report = Report::of(head, calendar);
        let mark = report.as_ref().map_or(Mark::Awaited, |report| report.mark(site.now()));
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
            due: report
                .as_ref()
                .and_then(|report| report.due)
                .map(|due| Due::of(due.as_ms(), site.now(), calendar, lang)),
            received_at: report.as_ref().and_then(|report| report.received).map(moment),
            mark: mark.code().to_owned(),
            mark_words: mark.word(lang).to_owned(),
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
        let report = Report::of(head, site.runtime.library().calendar());
        let is_late = report.is_some_and(|report| report.mark(site.now()) == Mark::Overdue);
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

pub(super) fn is_of_id(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

/// The first `wanted` reports after the id `after` that `caller` may see and that pass `passes`.
pub(super) async fn matching(
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
