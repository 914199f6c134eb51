//! `/tasks`: what the person of the token owes, the longest overdue first.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use store::rows::TaskRow;
use store::tasks;
use utoipa::{IntoParams, ToSchema};

use super::BASE;
use super::caller::Reads;
use super::cases::{OwedTold, YesNo};
use super::given::limit;
use super::problem::Problem;
use super::shapes::{Named, address, paged};
use crate::facts;
use crate::web::Site;
use crate::web::see::{self, Sight};

/// Rows of a page unless others are asked for.
const USUAL: u16 = 50;
/// What stands for no deadline in a place.
const NEVER: &str = "-";

/// Which tasks.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Narrow {
    /// Only those past their deadline (`yes`), or only those that are not (`no`).
    #[param(inline)]
    overdue: Option<YesNo>,
    /// Where the page before ended (`next`).
    #[param(pattern = "^([0-9]{1,18}|-)~[^~\\u0000]+~[^~\\u0000]+~[0-9]{1,18}~[^\\u0000]*$")]
    after: Option<String>,
    /// How many at most.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
}

/// What is owed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TaskTold {
    /// The case, with its title.
    case: Named,
    /// Its address.
    #[schema(format = UriReference)]
    href: String,
    /// What is owed, by whom and until when.
    #[serde(flatten)]
    owed: OwedTold,
}

/// A page of what is owed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TasksTold {
    /// The tasks, the earliest due first, those without a deadline last.
    items: Vec<TaskTold>,
    /// What to ask for as `after` to go on; null at the end.
    next: Option<String>,
}

/// The place of a task in the order they are listed in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    due_at_ms: i64,
    case_id: String,
    state: String,
    generation: i64,
    element: String,
}

impl Place {
    fn of(task: &TaskRow) -> Self {
        Self {
            due_at_ms: task.due_at_ms.unwrap_or(i64::MAX),
            case_id: task.case_id.clone(),
            state: task.state.clone(),
            generation: task.generation,
            element: task.element.clone(),
        }
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(5, '~');
        let due = parts.next()?;
        let place = Self {
            due_at_ms: if due == NEVER { i64::MAX } else { due.parse().ok()? },
            case_id: parts.next()?.to_owned(),
            state: parts.next()?.to_owned(),
            generation: parts.next()?.parse().ok()?,
            element: parts.next()?.to_owned(),
        };
        (!place.case_id.is_empty() && !place.state.is_empty()).then_some(place)
    }

    fn text(&self) -> String {
        let Self { due_at_ms, case_id, state, generation, element } = self;
        let due = due_at_ms.to_string();
        let due = if *due_at_ms == i64::MAX { NEVER } else { &due };
        format!("{due}~{case_id}~{state}~{generation}~{element}")
    }
}

/// What the person of the token owes, the longest overdue first
#[utoipa::path(get, path = "/tasks", operation_id = "listTasks", tag = "tasks", params(Narrow),
    responses((status = 200, body = TasksTold)))]
pub(super) async fn list(
    State(site): State<Arc<Site>>,
    Reads(caller): Reads,
    Query(narrow): Query<Narrow>,
) -> Result<Response, Problem> {
    let lang = caller.me.lang;
    let limit = limit(narrow.limit, USUAL)?;
    let wrong =
        || Problem::unusable("after", "giá trị không đúng dạng", "the value has another form");
    let after = narrow.after.as_deref();
    let after = after.map(|text| Place::read(text).ok_or_else(wrong)).transpose()?;
    let now = site.now().as_ms();
    let sight = Sight::of(&site, &caller.me.id).await?;
    let mut rows = tasks::of_holder(site.store(), &sight.held(), i64::MAX).await?;
    rows.retain(|task| {
        let is_late = task.due_at_ms.is_some_and(|due| due <= now);
        let is_wanted = narrow.overdue.is_none_or(|wanted| (wanted == YesNo::Yes) == is_late);
        is_wanted && after.as_ref().is_none_or(|after| Place::of(task) > *after)
    });
    let mut owed = facts::with_cases(site.store(), &site.runtime.library(), rows).await?;
    owed.retain(|(task, case)| see::owes(&caller.me.id, task, case));
    let more = owed.len() > limit;
    owed.truncate(limit);
    let next = owed.last().filter(|_| more).map(|(task, _)| Place::of(task).text());
    let names = site.names().await?;
    let items = owed.iter().map(|(task, case)| TaskTold {
        case: Named {
            id: task.case_id.clone(),
            name: names.case_title(case).get(lang.code()).to_owned(),
        },
        href: format!("{BASE}/cases/{}", task.case_id),
        owed: OwedTold::of(&site, &names, task, case, lang),
    });
    let items = items.collect();
    let shown = narrow.limit.map(|limit| limit.to_string());
    let onward = next.as_deref().map(|next| {
        let overdue = narrow.overdue.map(YesNo::word);
        let pairs = [("overdue", overdue), ("limit", shown.as_deref()), ("after", Some(next))];
        address(&format!("{BASE}/tasks"), &pairs)
    });
    Ok(paged(&TasksTold { items, next: next.clone() }, onward.as_deref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_being_written_down() {
        let place = Place {
            due_at_ms: i64::MAX,
            case_id: "6a9f".to_owned(),
            state: "owed_by_focal".to_owned(),
            generation: 2,
            element: "1:person:x~y".to_owned(),
        };
        assert_eq!(Place::read(&place.text()), Some(place));
        for text in ["", "1~a~b~2", "x~a~b~2~", "1~~b~2~", "1~a~b~x~"] {
            assert_eq!(Place::read(text), None, "{text}");
        }
    }
}
