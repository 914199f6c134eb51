//! `/platforms`, `/calendar/{year}` and `/me`: what else of the programme its programs need.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use chart::calendar::{Day, DayKind};
use serde::Serialize;
use store::cases::{self, CaseFilter};
use utoipa::ToSchema;

use super::caller::Reads;
use super::cases::CaseTold;
use super::codes::Code;
use super::problem::Problem;
use super::shapes::{Named, Role, answer, moment};
use crate::facts;
use crate::web::Site;
use crate::web::see::Sight;
use crate::web::tokens::Scope;

/// The chart of platforms.
const CHART: &str = "platform";

/// A platform.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "id": "ndp2022-01", "name": "Nền tảng định danh điện tử", "case": null }))]
pub(super) struct PlatformTold {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
    /// Its case; null where only a part of the platform is open to the person of the token.
    case: Option<CaseTold>,
}

/// The platforms.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PlatformsTold {
    /// In the order of their ids.
    items: Vec<PlatformTold>,
}

/// The platforms on which the person of the token holds a role
#[utoipa::path(get, path = "/platforms", operation_id = "listPlatforms", tag = "programme",
    responses((status = 200, body = PlatformsTold)))]
pub(super) async fn platforms(
    State(site): State<Arc<Site>>,
    Reads(caller): Reads,
) -> Result<Response, Problem> {
    let lang = caller.me.lang;
    let sight = Sight::of(&site, &caller.me.id).await?;
    let names = site.names().await?;
    let library = site.runtime.library();
    let (chart, scopes) = (Some(CHART.to_owned()), Some(sight.scopes()));
    let filter = CaseFilter { chart, scopes, ..CaseFilter::default() };
    let heads = cases::list(site.store(), &filter, "", i64::MAX).await?;
    let id_of = |scope: &str| {
        let mut parts = scope.split('/');
        let kind = parts.next().filter(|kind| matches!(*kind, "platform" | "participation"));
        kind.and(parts.next()).map(str::to_owned)
    };
    let mut all: BTreeMap<String, Option<CaseTold>> =
        sight.scopes().iter().filter_map(|scope| Some((id_of(scope)?, None))).collect();
    for head in &heads {
        if let Some(id) = id_of(&head.subject) {
            all.insert(id, Some(CaseTold::of(head, &library, &names, lang)));
        }
    }
    let items = all.into_iter().map(|(id, case)| {
        let name = names.platform(&format!("platform/{id}"));
        let name = name.map_or(id.as_str(), |name| name.get(lang.code())).to_owned();
        PlatformTold { id, name, case }
    });
    Ok(answer(&PlatformsTold { items: items.collect() }, None))
}

/// A day that is not what its weekday says.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "date": "2022-09-01", "kind": "holiday", "working": false, "reason": "Quốc khánh",
    "source": "Bộ luật Lao động 2019, Điều 112" }))]
struct DayTold {
    /// The date.
    #[schema(format = Date)]
    date: String,
    /// `holiday`, `in_lieu`, `swapped_off` or `swapped_on`.
    kind: &'static str,
    /// Whether people work on it.
    working: bool,
    /// Why.
    reason: String,
    /// The paper that says so; null where none is known.
    source: Option<String>,
}

impl DayTold {
    fn of(day: &Day, lang: crate::cli::Lang) -> Self {
        Self {
            date: day.date.to_string(),
            kind: match day.kind {
                DayKind::Working => "working",
                DayKind::Weekend => "weekend",
                DayKind::Holiday => "holiday",
                DayKind::InLieu => "in_lieu",
                DayKind::SwappedOff { .. } => "swapped_off",
                DayKind::SwappedOn { .. } => "swapped_on",
            },
            working: day.kind.is_working(),
            reason: lang.pick(&day.reason.vi, &day.reason.en).to_owned(),
            source: day.source.as_ref().map(|source| lang.pick(&source.vi, &source.en).to_owned()),
        }
    }
}

/// The working days of a year.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "year": 2022, "calendar": "vn-state", "version": 1, "provisional": false,
    "sha256": "1eb54d282aac25266e1c4ed3a6aed253a0f7853015614c46bdfd50b6f1519e14",
    "days": [{ "date": "2022-09-01", "kind": "holiday", "working": false, "reason": "Quốc khánh",
        "source": "Bộ luật Lao động 2019 (45/2019/QH14), Điều 112" }],
}))]
pub(super) struct YearTold {
    /// The year.
    year: i32,
    /// The name of the calendar.
    calendar: String,
    /// Its version.
    version: u32,
    /// The SHA-256 of its working days: the same in every entry that was stepped with it.
    sha256: String,
    /// Whether some of the year still waits for a decision.
    provisional: bool,
    /// The weekdays on which nobody works, and the days of rest on which people do; all others are as their weekday.
    days: Vec<DayTold>,
}

/// The days of a year that are not what their weekday says
#[utoipa::path(get, path = "/calendar/{year}", operation_id = "showCalendar", tag = "programme",
    params(("year" = u16, Path, description = "The year.", example = 2022, minimum = 1000, maximum = 9999)),
    responses((status = 200, body = YearTold)))]
pub(super) async fn calendar(
    State(site): State<Arc<Site>>,
    Reads(caller): Reads,
    Path(year): Path<u16>,
) -> Result<Response, Problem> {
    let year = i32::from(year);
    let library = site.runtime.library();
    let calendar = library.calendar();
    let none = |_| Problem::of(Code::NotFound);
    let mut days = calendar.non_working_weekdays(year).map_err(none)?;
    days.extend(calendar.working_weekend_days(year).map_err(none)?);
    days.sort_by_key(|day| day.date);
    let told = YearTold {
        year,
        calendar: calendar.name().to_owned(),
        version: calendar.version(),
        sha256: calendar.sha256().to_owned(),
        provisional: calendar.is_provisional(year).map_err(none)?,
        days: days.iter().map(|day| DayTold::of(day, caller.me.lang)).collect(),
    };
    Ok(answer(&told, None))
}

/// A role that is held.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "role": { "role": "core_enterprise", "title": "Doanh nghiệp nòng cốt" },
    "scope": "platform/ndp2022-01/dn-a1", "on": "Công ty cổ phần Sen Việt – Nền tảng định danh điện tử",
}))]
struct HeldTold {
    /// The role.
    role: Role,
    /// What it is held on.
    scope: String,
    /// What it is held on, in words.
    on: String,
}

/// The token that was sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "id": "0f3a9c1b2d4e", "name": "Phần mềm kế toán", "scopes": ["read", "report"],
    "expires_at": "2023-11-22T00:00:00+07:00" }))]
struct TokenTold {
    /// What people call it by.
    id: String,
    /// What it is for.
    name: String,
    /// What it may be used for.
    scopes: Vec<&'static str>,
    /// It is worth nothing from then on.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// Who a token acts for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MeTold {
    /// The person who acts through it.
    person: Named,
    /// The organisation it acts for.
    organisation: Named,
    /// The token.
    token: TokenTold,
    /// The roles that the person holds now.
    roles: Vec<HeldTold>,
}

/// Who the token acts for, what it may be used for, and which roles its person holds
#[utoipa::path(get, path = "/me", operation_id = "me", tag = "programme",
    responses((status = 200, body = MeTold)))]
pub(super) async fn me(
    State(site): State<Arc<Site>>,
    Reads(caller): Reads,
) -> Result<Response, Problem> {
    let lang = caller.me.lang;
    let (me, token) = (caller.me, caller.token);
    let names = site.names().await?;
    let library = site.runtime.library();
    let held: BTreeSet<(String, String)> =
        Sight::of(&site, &me.id).await?.held().into_iter().collect();
    let roles = held.into_iter().map(|(role, scope)| HeldTold {
        role: Role::of(&role, &facts::role_title(&library, &role), lang),
        on: names.scope(&scope).get(lang.code()).to_owned(),
        scope,
    });
    let organisation = token.organisation;
    let told = MeTold {
        person: Named { id: me.id, name: me.name },
        organisation: Named {
            name: names.organisation(&organisation).get(lang.code()).to_owned(),
            id: organisation,
        },
        token: TokenTold {
            scopes: Scope::among(&token.scopes).into_iter().map(Scope::word).collect(),
            id: token.id,
            name: token.name,
            expires_at: moment(token.expires_at_ms),
        },
        roles: roles.collect(),
    };
    Ok(answer(&told, None))
}
