//! `/cases`: the cases one may see, and one of them.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::Response;
use runtime::library::Library;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::cases::{self, CaseFilter};
use store::rows::{Head, TaskRow};
use utoipa::{IntoParams, ToSchema};

use super::BASE;
use super::caller::Reads;
use super::given::{limit, plain};
use super::problem::Problem;
use super::shapes::{Due, Named, Role, address, answer, moment, paged};
use crate::cli::Lang;
use crate::facts::{CaseFacts, Names, element_of};
use crate::web::case::Seen;
use crate::web::cases::whereabouts;
use crate::web::see::Sight;
use crate::web::{Site, owing, told};

/// Rows of a page unless others are asked for.
const USUAL: u16 = 50;
/// The longest text that is looked for, in characters.
const WORDS_MAX: usize = 200;

/// Yes or no in an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum YesNo {
    Yes,
    No,
}

impl YesNo {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
        }
    }
}

/// What narrows the list of cases; the names are those of the page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Narrow {
    /// Words in the name of the platform or unit, with or without marks, or the beginning of a case's id.
    #[param(example = "dinh danh", max_length = 200, pattern = "^[^\\u0000]*$")]
    q: Option<String>,
    /// The procedure.
    #[param(example = "report", pattern = "^[a-z_]{1,100}$")]
    chart: Option<String>,
    /// Only cases that have not ended (`yes`), or only those that have (`no`).
    #[param(inline)]
    open: Option<YesNo>,
    /// The id of the last case of the page before.
    #[param(pattern = "^[0-9a-f-]{1,100}$")]
    after: Option<String>,
    /// How many at most.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
}

/// A procedure.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "name": "report", "version": 1, "title": "Báo cáo" }))]
pub(super) struct ChartTold {
    /// Its name.
    name: String,
    /// The version the case runs under, for good.
    version: i64,
    /// What it is called.
    title: String,
}

/// A case in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "6a9fd4a5-893f-5437-af11-acd093e07302",
    "title": "Báo cáo tháng 11/2022 – Công ty cổ phần Sen Việt – Nền tảng định danh điện tử",
    "chart": { "name": "report", "version": 1, "title": "Báo cáo" },
    "subject": "platform/ndp2022-01/dn-a1", "place": "Chưa nộp", "states": ["open", "owed_by_enterprise"],
    "open": true, "opened_at": "2022-11-15T00:00:00+07:00", "changed_at": "2022-11-15T00:00:00+07:00",
    "revision": 1, "decision": 1, "href": "/api/v1/cases/6a9fd4a5-893f-5437-af11-acd093e07302",
}))]
pub(super) struct CaseTold {
    /// Its id.
    #[schema(format = Uuid)]
    id: String,
    /// What it is, for which period, whose, on which platform.
    title: String,
    /// The procedure it runs under.
    chart: ChartTold,
    /// What it is about.
    subject: String,
    /// Where it is, in words.
    place: String,
    /// The innermost active steps, by id.
    states: Vec<String>,
    /// Whether it has not ended.
    open: bool,
    /// When it was opened.
    #[schema(format = DateTime)]
    opened_at: String,
    /// When anything was last recorded.
    #[schema(format = DateTime)]
    changed_at: String,
    /// How many entries it has.
    revision: i64,
    /// Counts what was decided; what a writer's `If-Match` is about.
    decision: i64,
    /// Its address.
    #[schema(format = UriReference)]
    href: String,
}

impl CaseTold {
    pub(super) fn of(head: &Head, library: &Library, names: &Names, lang: Lang) -> Self {
        let facts = CaseFacts::of(head, library);
        let title = facts.as_ref().map(|facts| names.case_title(facts));
        let chart = facts.map(|facts| facts.chart.title.get(lang.code()).to_owned());
        Self {
            id: head.case_id.clone(),
            title: title.map_or(head.subject.clone(), |title| title.get(lang.code()).to_owned()),
            chart: ChartTold {
                name: head.chart.clone(),
                version: head.chart_version,
                title: chart.unwrap_or_else(|| head.chart.clone()),
            },
            subject: head.subject.clone(),
            place: whereabouts(library, head, lang),
            states: serde_json::from_str(&head.states).unwrap_or_default(),
            open: !head.done,
            opened_at: moment(head.opened_at_ms),
            changed_at: moment(head.recorded_at_ms),
            revision: head.revision,
            decision: head.decision,
            href: format!("{BASE}/cases/{}", head.case_id),
        }
    }
}

/// A page of cases.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CasesTold {
    /// The cases, in the order of their ids.
    items: Vec<CaseTold>,
    /// What to ask for as `after` to go on; null at the end.
    next: Option<String>,
}

/// The cases that the person of the token may see
///
/// Filters have the names they have in the address of the page. Pages follow each other by `Link: rel="next"`.
#[utoipa::path(get, path = "/cases", operation_id = "listCases", tag = "cases", params(Narrow),
    responses((status = 200, body = CasesTold)))]
pub(super) async fn list(
    State(site): State<Arc<Site>>,
    Reads(caller): Reads,
    Query(narrow): Query<Narrow>,
) -> Result<Response, Problem> {
    let lang = caller.me.lang;
    let limit = limit(narrow.limit, USUAL)?;
    let is_id = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c) || c == '-';
    let after = plain("after", narrow.after.as_deref(), is_id)?;
    let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
    let chart = plain("chart", narrow.chart.as_deref(), is_name)?;
    let typed = narrow.q.as_deref().unwrap_or_default();
    if typed.chars().count() > WORDS_MAX {
        return Err(Problem::unusable("q", "tối đa 200 ký tự", "at most 200 characters are taken"));
    }
    let sight = Sight::of(&site, &caller.me.id).await?;
    let names = site.names().await?;
    let filter = CaseFilter {
        chart: Some(chart.to_owned()).filter(|chart| !chart.is_empty()),
        open: narrow.open.map(|open| open == YesNo::Yes),
        scopes: Some(sight.scopes()),
        words: names.forms(typed),
        ..CaseFilter::default()
    };
    let wanted = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let mut heads = cases::list(site.store(), &filter, after, wanted).await?;
    let more = heads.len() > limit;
    heads.truncate(limit);
    let next = heads.last().filter(|_| more).map(|head| head.case_id.clone());
    let library = site.runtime.library();
    let items = heads.iter().map(|head| CaseTold::of(head, &library, &names, lang)).collect();
    let shown = narrow.limit.map(|limit| limit.to_string());
    let onward = next.as_deref().map(|next| {
        let pairs = [
            ("q", narrow.q.as_deref()),
            ("chart", narrow.chart.as_deref()),
            ("open", narrow.open.map(YesNo::word)),
            ("limit", shown.as_deref()),
            ("after", Some(next)),
        ];
        address(&format!("{BASE}/cases"), &pairs)
    });
    Ok(paged(&CasesTold { items, next: next.clone() }, onward.as_deref()))
}

/// Something a case knows.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "name": "period", "title": "Kỳ báo cáo", "value": "2022-11", "words": "2022-11" }))]
struct FactTold {
    /// Its name in the data.
    name: String,
    /// What it is called.
    title: String,
    /// The value itself: a text, a number or true.
    value: Value,
    /// The value in words.
    words: String,
}

/// Who owes the next act.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "title": "Lập và nộp báo cáo", "state": "owed_by_enterprise",
    "role": { "role": "core_enterprise", "title": "Doanh nghiệp nòng cốt" },
    "units": [{ "id": "dn-a1", "name": "Công ty cổ phần Sen Việt" }],
    "opened_at": "2022-11-15T00:00:00+07:00",
    "due": { "date": "2022-11-25", "at": "2022-11-26T00:00:00+07:00", "words": "thứ Sáu 25/11/2022",
        "left": "còn 5 ngày làm việc", "overdue": false },
}))]
pub(super) struct OwedTold {
    /// What is to be done.
    title: String,
    /// The step that waits for it.
    state: String,
    /// Who owes it, as a role.
    role: Role,
    /// The units whose people hold that role here.
    units: Vec<Named>,
    /// Whom or what it is for, where there is one for each of several.
    #[serde(skip_serializing_if = "String::is_empty")]
    element: String,
    /// Since when.
    #[schema(format = DateTime)]
    opened_at: String,
    /// Until when.
    due: Option<Due>,
}

impl OwedTold {
    pub(super) fn of(
        site: &Site,
        names: &Names,
        task: &TaskRow,
        case: &CaseFacts,
        lang: Lang,
    ) -> Self {
        let library = site.runtime.library();
        let units = owing::units(site, names, task, case)
            .into_iter()
            .map(|id| Named { name: names.organisation(&id).get(lang.code()).to_owned(), id });
        let due = task.due_at_ms;
        Self {
            title: names.task(task).get(lang.code()).to_owned(),
            state: task.state.clone(),
            role: Role::of(&task.role, &case.role_title(&task.role), lang),
            units: units.collect(),
            element: element_of(task).to_owned(),
            opened_at: moment(task.opened_at_ms),
            due: due.map(|due| Due::of(due, site.now(), library.calendar(), lang)),
        }
    }
}

/// A case.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CaseWhole {
    /// What lists tell of it.
    #[serde(flatten)]
    case: CaseTold,
    /// The case that opened it.
    #[schema(format = Uuid)]
    parent: Option<String>,
    /// The short facts that the page shows as well. Longer ones are told by the resources that are made for them.
    facts: Vec<FactTold>,
    /// Who owes what.
    tasks: Vec<OwedTold>,
}

/// A case: where it is, what it knows, who owes what
///
/// Its `ETag` begins with the decision: send it back as `If-Match` when acting.
#[utoipa::path(get, path = "/cases/{id}", operation_id = "showCase", tag = "cases",
    params(("id" = String, Path, format = Uuid, description = "The case.")),
    responses((status = 200, body = CaseWhole)))]
pub(super) async fn show(
    State(site): State<Arc<Site>>,
    Reads(caller): Reads,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let lang = caller.me.lang;
    let seen = Seen::of(&site, &caller.me, &id).await?;
    let library = site.runtime.library();
    let facts = told::known(&site, &seen, lang).into_iter().map(|fact| FactTold {
        value: seen.facts.data[fact.name.as_str()].clone(),
        name: fact.name,
        title: fact.title,
        words: fact.words,
    });
    let owed = seen.tasks.iter();
    let whole = CaseWhole {
        case: CaseTold::of(&seen.head, &library, &seen.names, lang),
        parent: seen.head.parent_id.clone(),
        facts: facts.collect(),
        tasks: owed.map(|task| OwedTold::of(&site, &seen.names, task, &seen.facts, lang)).collect(),
    };
    Ok(answer(&whole, Some(seen.head.decision)))
}
