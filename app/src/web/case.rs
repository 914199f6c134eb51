//! One case: where it is, what whoever looks may do with it now, what not yet and why, what happened.

use std::cmp::Reverse;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::Response;
use chart::allowed::{Allowed, Blocked, allowed};
use chart::definition::Chart;
use chart::event::Actor;
use chart::snapshot::Snapshot;
use maud::{Markup, PreEscaped, html};
use runtime::ActorRef;
use serde::Deserialize;
use serde_json::Value;
use store::rows::{Head, StoredEntry, TaskRow};
use store::{cases, log, tasks};

use super::page::{Page, Part, due_chip, moment, success};
use super::signing::Me;
use super::trouble::Trouble;
use super::{Site, context, draft, form, receipt, see, told};
use crate::cli::Lang;
use crate::cli::desk::place;
use crate::draw;
use crate::facts::{CaseFacts, Names};

/// A case as one person sees it.
pub(super) struct Seen {
    pub(super) head: Head,
    pub(super) chart: Arc<Chart>,
    pub(super) snapshot: Snapshot,
    pub(super) facts: CaseFacts,
    /// As whom they may act: as themselves first, then in the place of each they stand in for.
    pub(super) actors: Vec<Actor>,
    pub(super) tasks: Vec<TaskRow>,
    pub(super) names: Arc<Names>,
}

impl Seen {
    /// The case `id` for `me`; as if there were none where they may not see it.
    pub(super) async fn of(site: &Site, me: &Me, id: &str) -> Result<Self, Trouble> {
        let head = cases::find(site.store(), id).await?.ok_or(Trouble::Nothing)?;
        let tasks = tasks::of_case(site.store(), id).await?;
        let (assignments, now) = (site.runtime.assignments(), site.now());
        let library = site.runtime.library();
        let corrupt = |why: String| Trouble::Corrupt(format!("case {id}: {why}"));
        let facts = CaseFacts::of(&head, &library).ok_or_else(|| corrupt("no facts".to_owned()))?;
        if !see::may_see(&assignments, &me.id, &head, &facts, now) {
            return Err(Trouble::Nothing);
        }
        let chart = library.chart(&head.chart_sha).map_err(|error| corrupt(error.to_string()))?;
        let chart = Arc::clone(chart);
        let value: Value =
            serde_json::from_str(&head.snapshot).map_err(|error| corrupt(error.to_string()))?;
        let snapshot =
            Snapshot::from_value(&chart, &value).map_err(|error| corrupt(error.to_string()))?;
        let absent = assignments.absent_for(&me.id, now);
        let absent = absent.into_iter().map(|absent| Some(absent.to_owned()));
        let mut actors = Vec::new();
        for on_behalf_of in std::iter::once(None).chain(absent) {
            let who = ActorRef { person: me.id.clone(), org: String::new(), on_behalf_of };
            let actor = assignments.resolve(&who, &head.subject, &head.case_id, now);
            actors.push(actor.map_err(|error| corrupt(error.to_string()))?);
        }
        let names = site.names().await?;
        Ok(Self { head, chart, snapshot, facts, actors, tasks, names })
    }

    /// What `me` may do now by a form, what the innermost steps wait for first: the way on comes before the
    /// ways out, which outer states offer.
    ///
    /// What they may not do themselves they may do in the place of somebody.
    pub(super) fn allowed(&self, site: &Site) -> Allowed {
        let mut answer = self.possible(site);
        answer.allowed.retain(|action| form::is_fillable(&action.payload));
        answer
    }

    /// The same, with what only programs can fill in.
    pub(super) fn possible(&self, site: &Site) -> Allowed {
        let mut answer = self.allowed_as(site, &self.actors[0]);
        for actor in &self.actors[1..] {
            for action in self.allowed_as(site, actor).allowed {
                if !answer.allowed.iter().any(|one| one.event == action.event) {
                    answer.blocked.retain(|one| one.event != action.event);
                    answer.allowed.push(action);
                }
            }
        }
        answer.allowed.sort_by_key(|action| Reverse(self.depth_of(&action.event)));
        answer
    }

    fn allowed_as(&self, site: &Site, actor: &Actor) -> Allowed {
        let library = site.runtime.library();
        allowed(&self.chart, &self.snapshot, actor, site.now(), library.calendar())
    }

    /// In whose place `event` is sent, where they may not send it themselves and somebody's place allows it.
    pub(super) fn in_place_of(&self, site: &Site, event: &str) -> Option<&str> {
        self.actor_of(site, event).on_behalf_of.as_deref()
    }

    /// As whom they would send `event`: the first who may, or themselves.
    pub(super) fn actor_of(&self, site: &Site, event: &str) -> &Actor {
        let may = |actor: &&Actor| {
            self.allowed_as(site, actor).allowed.iter().any(|action| action.event == event)
        };
        self.actors.iter().find(may).unwrap_or(&self.actors[0])
    }

    /// How deep the innermost active state lies that takes `event`, and whether it leads on.
    fn depth_of(&self, event: &str) -> (usize, bool) {
        let active = self.snapshot.configuration.iter();
        let taken = active.flat_map(|&state| {
            let definition = self.chart.state(state);
            definition.transitions.iter().map(move |&one| (definition.depth, one))
        });
        let depths = taken.filter_map(|(depth, one)| {
            let transition = self.chart.transition(one);
            let takes = transition.events.iter().any(|pattern| pattern.matches(event));
            takes.then_some((usize::from(depth), !transition.targets.is_empty()))
        });
        depths.max().unwrap_or_default()
    }

    /// Whether `event` is something people do.
    pub(super) fn is_act(&self, event: &str) -> bool {
        self.chart.events.get(event).is_some_and(|event| !event.machine)
    }

    /// The case in words.
    pub(super) fn title(&self, lang: Lang) -> String {
        self.names.case_title(&self.facts).get(lang.code()).to_owned()
    }
}

/// What the address says beside the case.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Shown {
    /// The event that was just taken.
    #[serde(default)]
    done: String,
    /// The revision that it made.
    #[serde(default)]
    at: i64,
    /// Whether the whole history is shown.
    #[serde(default)]
    all: bool,
}

/// The page of a case.
pub(super) async fn page(
    State(site): State<Arc<Site>>,
    me: Me,
    Path(id): Path<String>,
    Query(shown): Query<Shown>,
) -> Result<Response, Trouble> {
    let lang = me.lang;
    let seen = Seen::of(&site, &me, &id).await?;
    let answer = seen.allowed(&site);
    let entries = log::of_case(site.store(), &id).await?;
    let history = told::history(&site, &seen, &entries, shown.all, lang);
    let title = seen.title(lang);
    let short: String = id.chars().take(8).collect();
    let next_due = seen.tasks.iter().filter_map(|task| task.due_at_ms).min();
    let library = site.runtime.library();
    let drafts = draft::of_case(&site, &me, &seen).await?;
    Ok(Page::of(&site, &me, Part::Cases, title.clone()).show(&html! {
        @if let Some(event) = seen.chart.events.get(&shown.done) {
            div data-draft-done=(draft::name_of(&me, &id, &shown.done)) hidden {}
            (success(lang.pick("Đã ghi nhận", "Recorded"), &done(event.title.get(lang.code()), lang),
                &receipt_link(&seen, &entries, shown.at, &me)))
        }
        nav class="govuk-breadcrumbs" aria-label=(lang.pick("Vị trí", "Breadcrumb")) {
            ol class="govuk-breadcrumbs__list" {
                li class="govuk-breadcrumbs__list-item" {
                    a class="govuk-breadcrumbs__link" href="/cases" { (lang.pick("Hồ sơ", "Cases")) }
                }
                li class="govuk-breadcrumbs__list-item" aria-current="page" { (short) }
            }
        }
        div class="app-id" {
            div {
                h1 class="govuk-heading-l app-title" { (title) }
                div class="app-id__meta" {
                    span class="app-code" title=(id) { (short) }
                    span { (seen.chart.title.get(lang.code())) }
                    strong class="govuk-tag govuk-tag--blue" {
                        (place(&seen.chart, &seen.snapshot.configuration, lang))
                    }
                    @if !seen.snapshot.done && next_due.is_some() {
                        (due_chip(next_due, site.now(), library.calendar(), lang))
                    }
                }
            }
        }
        (drafts)
        (diagram(&seen, lang))
        div class="app-cols" {
            div {
                (now_panel(&site, &seen, &answer, lang))
                (history)
            }
            aside {
                (told::owed(&site, &seen, lang))
                (told::facts(&site, &seen, lang))
            }
        }
    }))
}

/// The way to the receipt of what was just recorded.
fn receipt_link(seen: &Seen, entries: &[StoredEntry], at: i64, me: &Me) -> Markup {
    let entry = entries.iter().find(|one| one.entry.revision == at);
    html! {
        @if entry.is_some_and(|one| receipt::is_given(seen, &one.entry, &me.id)) {
            a class="govuk-notification-banner__link" href=(receipt::path(&seen.head.case_id, at)) {
                (me.lang.pick("Xem biên nhận", "See the receipt"))
            }
        }
    }
}

fn done(title: &str, lang: Lang) -> String {
    match lang {
        Lang::Vi => format!("“{title}” đã được ghi vào hồ sơ. Ai cần biết sẽ được báo."),
        Lang::En => format!("“{title}” is in the case. Whoever should know will be told."),
    }
}

/// The chart with the active states; its list stands beside it for phones and screen readers.
fn diagram(seen: &Seen, lang: Lang) -> Markup {
    let active: Vec<String> = seen
        .snapshot
        .configuration
        .iter()
        .map(|&state| seen.chart.state(state).id.to_string())
        .collect();
    // The stages side by side, where the case is in one of several; else the chart, its depths folded.
    let configuration = seen.snapshot.configuration.iter().map(|&state| seen.chart.state(state));
    let staged = configuration.filter(|state| state.stage.is_some()).find_map(|state| state.parent);
    let within = staged.filter(|&parent| parent != 0);
    let within = within.map(|parent| seen.chart.state(parent).id.to_string());
    let options = draw::Options {
        lang: lang.code().to_owned(),
        active,
        depth: if within.is_some() { 1 } else { 2 },
        within,
        across: true,
        labels: false,
        styled: false,
    };
    let drawn = draw::draw(&seen.chart, &options).unwrap_or_default();
    let words = |state| seen.chart.state(state).title.get(lang.code());
    html! {
        section class="app-card" aria-labelledby="where" {
            h2 class="govuk-heading-m" id="where" {
                (lang.pick("Hồ sơ đang ở đâu", "Where the case is"))
            }
            div class="app-diagram app-scroll" tabindex="0" role="region"
                aria-label=(lang.pick("Sơ đồ quy trình", "Diagram")) { (PreEscaped(drawn)) }
            details class="govuk-details app-gap" {
                summary class="govuk-details__summary" {
                    span class="govuk-details__summary-text" {
                        (lang.pick("Xem dạng danh sách", "As a list"))
                    }
                }
                div class="govuk-details__text" {
                    ul class="govuk-list govuk-list--bullet" {
                        @for &state in &seen.snapshot.configuration {
                            @if !words(state).is_empty() { li { (words(state)) } }
                        }
                    }
                }
            }
        }
    }
}

/// What can be done now, and what cannot, with every reason.
fn now_panel(site: &Site, seen: &Seen, answer: &Allowed, lang: Lang) -> Markup {
    let assigned = seen.actors.iter().flat_map(|actor| &actor.roles).map(String::as_str);
    let roles: Vec<Markup> = assigned
        .chain(seen.facts.roles_declared_for(&seen.actors[0].id))
        .map(|role| html! { (seen.facts.role_title(role).get(lang.code())) })
        .collect();
    html! {
        section class="app-card app-now" aria-labelledby="now" {
            div class="app-card__head" {
                h2 class="govuk-heading-m" id="now" {
                    (lang.pick("Bạn cần làm gì bây giờ", "What you can do now"))
                }
                @if !roles.is_empty() {
                    span class="app-muted" {
                        (lang.pick("Vai trò của bạn: ", "Your role: "))
                        @for (at, role) in roles.iter().enumerate() {
                            @if at > 0 { ", " }
                            strong { (role) }
                        }
                    }
                }
            }
            @if seen.snapshot.done {
                p class="govuk-body" {
                    (lang.pick("Hồ sơ đã kết thúc; không còn việc gì phải làm.",
                        "The case has ended; nothing is left to do."))
                }
            } @else if answer.allowed.is_empty() {
                p class="govuk-body" {
                    (lang.pick("Hồ sơ đang chờ người khác; xem “Ai còn nợ việc gì” để biết chờ ai.",
                        "The case waits for somebody else; see who owes what."))
                }
            } @else {
                div class="app-now__row" {
                    @for (at, action) in answer.allowed.iter().enumerate() {
                        a class=(if at == 0 { "govuk-button" }
                            else { "govuk-button govuk-button--secondary" })
                            href=(format!("/cases/{}/actions/{}", seen.head.case_id, action.event)) {
                            (action.title.get(lang.code()))
                        }
                    }
                }
                @for action in answer.allowed.iter().filter(|one| context::may_be_nil(&one.event, &one.payload)) {
                    p class="govuk-body app-gap" {
                        (lang.pick("Kỳ này không có gì thay đổi? ", "Nothing changed in this period? "))
                        a class="govuk-link" href=(format!(
                            "/cases/{}/actions/{}?nil=true", seen.head.case_id, action.event)) {
                            (lang.pick("Báo cáo không phát sinh", "Nil report"))
                        }
                    }
                }
            }
            @if !answer.blocked.is_empty() {
                div class="app-why" {
                    h3 class="govuk-heading-s" {
                        (lang.pick("Chưa thực hiện được", "Not possible yet"))
                        " (" (answer.blocked.len()) ")"
                    }
                    ul { @for one in &answer.blocked { (blocked(site, seen, one, lang)) } }
                }
            }
        }
    }
}

/// One thing that is not possible, in the shape of every refusal: what, why, who, from when.
pub(super) fn blocked(site: &Site, seen: &Seen, one: &Blocked, lang: Lang) -> Markup {
    let library = site.runtime.library();
    html! {
        li {
            (lock())
            div {
                b { (one.title.get(lang.code())) }
                @if !one.roles.is_empty() {
                    span class="app-muted" {
                        (lang.pick("Việc của: ", "It is for: "))
                        @for (at, role) in one.roles.iter().enumerate() {
                            @if at > 0 { ", " }
                            (seen.facts.role_title(role).get(lang.code()))
                        }
                        "."
                    }
                }
                @for reason in one.reasons.iter().filter(|_| one.roles.is_empty()) {
                    span class="app-muted" {
                        (reason.text.get(lang.code()))
                        @if let Some(role) = &reason.unlocks {
                            " " (lang.pick("Người gỡ được: ", "Put right by: "))
                            (seen.facts.role_title(role).get(lang.code())) "."
                        }
                        @if let Some(at) = reason.earliest {
                            " " (lang.pick("Sớm nhất: ", "Earliest: "))
                            (moment(at.as_ms(), library.calendar(), lang)) "."
                        }
                    }
                }
            }
        }
    }
}

fn lock() -> Markup {
    html! {
        (PreEscaped("<svg width=\"18\" height=\"18\" viewBox=\"0 0 18 18\" aria-hidden=\"true\">\
            <rect x=\"3\" y=\"8\" width=\"12\" height=\"8\" rx=\"2\" fill=\"#8494a5\"/>\
            <path d=\"M5.5 8V5.5a3.5 3.5 0 0 1 7 0V8\" fill=\"none\" stroke=\"#8494a5\" \
            stroke-width=\"2\"/></svg>"))
    }
}
