//! What happened: the entries of one case, and those of all cases in one order for whoever follows them.
//!
//! The feed is that of the store (R11): its order is one in which nothing comes before what was read already, which
//! the numbers of entries alone are not. Its cursor is opaque and stays good across restarts.
//!
//! **Invariant:** what an entry carried is not told: it may be a vote, or a mark that is still secret.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::cases;
use store::log::{self, Cursor, CursorError};
use store::rows::{EntryRow, StoredEntry};
use utoipa::{IntoParams, ToSchema};

use super::BASE;
use super::caller::{Caller, Reads};
use super::given::limit;
use super::problem::Problem;
use super::shapes::{address, moment, paged};
use crate::cli::Lang;
use crate::facts::{CaseFacts, Names};
use crate::web::case::Seen;
use crate::web::{Site, see, told};

/// Rows of a page unless others are asked for.
const USUAL: u16 = 100;
/// How many entries of the feed are looked through at a time, and how many times for one page.
const LOOKED: i64 = 500;
const LOOKS_MAX: usize = 20;

/// Who did something.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "id": "person:dn-a1:core_enterprise", "name": "Nguyễn Văn An",
    "organisation": "dn-a1", "words": "Nguyễn Văn An, Công ty cổ phần Sen Việt" }))]
struct Who {
    /// The id of the person; `system` for the engine itself.
    id: String,
    /// Their name; empty where they were erased.
    name: String,
    /// The organisation they acted for.
    organisation: String,
    /// Name and unit, as the page says them.
    words: String,
}

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "case": "6a9fd4a5-893f-5437-af11-acd093e07302", "revision": 2, "kind": "event", "event": "submit",
    "title": "Nộp báo cáo", "at": "2022-11-24T09:42:00+07:00",
    "by": { "id": "person:dn-a1:core_enterprise", "name": "Nguyễn Văn An", "organisation": "dn-a1",
        "words": "Nguyễn Văn An, Công ty cổ phần Sen Việt" },
    "hash": "5b0c6a6b9d1f6e4a0c9d3b1f0c8a7e6d5c4b3a29181706f5e4d3c2b1a0998877",
}))]
pub(super) struct EntryTold {
    /// The case.
    #[schema(format = Uuid)]
    case: String,
    /// Its number in the case, from 1.
    revision: i64,
    /// `event`, `notice`, `ignored`, `skipped`, `calendar` or `checkpoint`.
    kind: String,
    /// The event.
    event: String,
    /// The event in words.
    title: String,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// Who sent it.
    by: Who,
    /// The hash of the entry, which the next one carries on.
    hash: String,
}

impl EntryTold {
    pub(super) fn of(site: &Site, names: &Names, entry: &EntryRow, lang: Lang) -> Self {
        let actor: Value = serde_json::from_str(&entry.actor).unwrap_or_default();
        let text = |name: &str| actor[name].as_str().unwrap_or_default().to_owned();
        let library = site.runtime.library();
        let title = library.chart(&entry.chart_sha).map_or_else(
            |_| entry.event.clone(),
            |chart| told::event_words(chart, &entry.event, lang),
        );
        let id = text("id");
        let name = names.person(&id);
        Self {
            case: entry.case_id.clone(),
            revision: entry.revision,
            kind: entry.kind.clone(),
            event: entry.event.clone(),
            title,
            at: moment(entry.recorded_at_ms),
            by: Who {
                name: if name == id { String::new() } else { name.to_owned() },
                organisation: text("org"),
                words: told::who(names, &entry.actor, lang),
                id,
            },
            hash: entry.hash.clone(),
        }
    }
}

/// A page of what happened.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EntriesTold {
    /// The entries, the oldest first.
    items: Vec<EntryTold>,
    /// What to ask for as `after` to go on, now or later.
    next: String,
    /// Whether there is more already.
    more: bool,
}

/// Which entries of a case.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OfCase {
    /// The number of the last entry that is known.
    #[param(minimum = 0)]
    after: Option<i64>,
    /// How many at most.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
}

/// What happened in a case, the oldest first
#[utoipa::path(get, path = "/cases/{id}/entries", operation_id = "listEntries", tag = "entries",
    params(("id" = String, Path, format = Uuid, description = "The case."), OfCase),
    responses((status = 200, body = EntriesTold)))]
pub(super) async fn of_case(
    State(site): State<Arc<Site>>,
    Reads(caller): Reads,
    Path(id): Path<String>,
    Query(asked): Query<OfCase>,
) -> Result<Response, Problem> {
    let limit = limit(asked.limit, USUAL)?;
    let seen = Seen::of(&site, &caller.me, &id).await?;
    let after = asked.after.unwrap_or_default();
    if after < 0 {
        return Err(Problem::unusable("after", "phải từ 0", "it must be 0 or more"));
    }
    let wanted = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let mut found = log::list(site.store(), &id, after, wanted).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().map_or(after, |last| last.entry.revision).to_string();
    let told = |one: &StoredEntry| EntryTold::of(&site, &seen.names, &one.entry, caller.me.lang);
    let items = found.iter().map(told).collect();
    let shown = asked.limit.map(|limit| limit.to_string());
    let onward = more.then(|| {
        let pairs = [("limit", shown.as_deref()), ("after", Some(next.as_str()))];
        address(&format!("{BASE}/cases/{id}/entries"), &pairs)
    });
    let body = EntriesTold { items, next: next.clone(), more };
    Ok(paged(&body, onward.as_deref()))
}

/// Which entries of the feed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Feed {
    /// Where the page before ended (`next`); the very beginning without it.
    #[param(example = "0-0-0", pattern = "^[0-9]{1,18}-[0-9]{1,18}-[0-9]{1,18}$")]
    after: Option<String>,
    /// How many at most.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
}

/// What happened in all cases that the person of the token may see, in the order of the feed
///
/// Keep `next` and ask again later: nothing is passed over and nothing comes twice, whatever was written meanwhile.
/// A page may be empty and still lead on (`more`), where what lies between is not for this person.
#[utoipa::path(get, path = "/entries", operation_id = "feed", tag = "entries", params(Feed),
    responses((status = 200, body = EntriesTold)))]
pub(super) async fn feed(
    State(site): State<Arc<Site>>,
    Reads(caller): Reads,
    Query(asked): Query<Feed>,
) -> Result<Response, Problem> {
    let limit = limit(asked.limit, USUAL)?;
    let after = place(asked.after.as_deref())?;
    let (found, next, more) = visible(&site, &caller, after, limit).await?;
    let names = site.names().await?;
    let told = |one: &StoredEntry| EntryTold::of(&site, &names, &one.entry, caller.me.lang);
    let body =
        EntriesTold { items: found.iter().map(told).collect(), next: next.to_string(), more };
    let shown = asked.limit.map(|limit| limit.to_string());
    let onward = more.then(|| {
        let pairs = [("limit", shown.as_deref()), ("after", Some(body.next.as_str()))];
        address(&format!("{BASE}/entries"), &pairs)
    });
    Ok(paged(&body, onward.as_deref()))
}

/// The place in the feed that was `given`; the beginning where none was.
pub(super) fn place(given: Option<&str>) -> Result<Cursor, Problem> {
    let Some(text) = given else { return Ok(Cursor::start()) };
    text.parse().map_err(|error: CursorError| {
        let vi = "không phải một chỗ trong dòng diễn biến; bỏ tham số này để đọc từ đầu";
        Problem::unusable("after", vi, &error.to_string())
    })
}

/// Up to `limit` entries of the feed after `after` that `caller` may see, how far that went, and whether there is more.
pub(super) async fn visible(
    site: &Site,
    caller: &Caller,
    mut after: Cursor,
    limit: usize,
) -> Result<(Vec<StoredEntry>, Cursor, bool), Problem> {
    let mut found = Vec::new();
    let mut judged = BTreeMap::new();
    for _ in 0..LOOKS_MAX {
        let page = log::entries_after(site.store(), after, LOOKED).await?;
        let is_last = page.len() < usize::try_from(LOOKED).unwrap_or(usize::MAX);
        judge(site, caller, &page, &mut judged).await?;
        for entry in page {
            if found.len() == limit {
                return Ok((found, after, true));
            }
            after = Cursor::after(&entry);
            if judged.get(&entry.entry.case_id) == Some(&true) {
                found.push(entry);
            }
        }
        if is_last {
            return Ok((found, after, false));
        }
    }
    Ok((found, after, true))
}

/// Notes of each case of `page` whether `caller` may see it.
async fn judge(
    site: &Site,
    caller: &Caller,
    page: &[StoredEntry],
    judged: &mut BTreeMap<String, bool>,
) -> Result<(), Problem> {
    let ids = page.iter().map(|one| one.entry.case_id.clone());
    let ids: BTreeSet<String> = ids.filter(|id| !judged.contains_key(id)).collect();
    if caller.me.watches {
        judged.extend(ids.into_iter().map(|id| (id, true)));
        return Ok(());
    }
    let (assignments, library, now) =
        (site.runtime.assignments(), site.runtime.library(), site.now());
    let ids: Vec<String> = ids.into_iter().collect();
    let (heads, _) = cases::heads_and_receipts(site.store(), &ids, &[]).await?;
    judged.extend(ids.into_iter().map(|id| (id, false)));
    for head in heads {
        let Some(facts) = CaseFacts::of(&head, &library) else { continue };
        let sees = see::may_see(&assignments, &caller.me.id, &head, &facts, now);
        judged.insert(head.case_id, sees);
    }
    Ok(())
}
