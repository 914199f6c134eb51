//! The cases that one may see, a page at a time.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use chart::definition::StateIx;
use maud::{Markup, html};
use serde::Deserialize;
use store::cases::{self, CaseFilter};
use store::rows::Head;

use super::Site;
use super::page::{self, Page, Part, moment};
use super::see::Sight;
use super::signing::Me;
use super::trouble::Trouble;
use crate::cli::Lang;
use crate::cli::desk::place;
use crate::facts::{CaseFacts, Names};

/// Cases on one page.
const PAGE: usize = 50;

/// What narrows the list; it lives in the address.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Narrow {
    /// What is looked for: names of platforms and units, with or without marks, or the id of a case.
    #[serde(default)]
    q: String,
    #[serde(default)]
    chart: String,
    #[serde(default)]
    open: String,
    #[serde(default)]
    after: String,
}

/// The list of cases.
pub(super) async fn page(
    State(site): State<Arc<Site>>,
    me: Me,
    Query(narrow): Query<Narrow>,
) -> Result<Response, Trouble> {
    let lang = me.lang;
    let sight = Sight::of(&site, &me.id).await?;
    let names = site.names().await?;
    let filter = CaseFilter {
        chart: Some(narrow.chart.clone()).filter(|chart| !chart.is_empty()),
        open: match narrow.open.as_str() {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        },
        scopes: Some(sight.scopes()),
        words: names.forms(&narrow.q),
        ..CaseFilter::default()
    };
    let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let mut heads = cases::list(site.store(), &filter, &narrow.after, limit).await?;
    let more = heads.len() > PAGE;
    heads.truncate(PAGE);
    let title = lang.pick("Hồ sơ", "Cases");
    Ok(Page::of(&site, &me, Part::Cases, title).show(&html! {
        h1 class="govuk-heading-l app-title" { (title) }
        (filters(&site, &narrow, lang))
        @if heads.is_empty() { (nothing(lang)) }
        @else { (table(&site, &heads, &names, lang)) }
        nav class="app-pages" aria-label=(lang.pick("Trang", "Pages")) {
            @if !narrow.after.is_empty() {
                a class="govuk-link" href=(address(&narrow, "")) {
                    (lang.pick("Về trang đầu", "First page"))
                }
            }
            @if let Some(last) = heads.last().filter(|_| more) {
                a class="govuk-link" href=(address(&narrow, &last.case_id)) {
                    (lang.pick("Trang sau", "Next page"))
                }
            }
        }
    }))
}

fn address(narrow: &Narrow, after: &str) -> String {
    let pairs =
        [("q", &*narrow.q), ("chart", &narrow.chart), ("open", &narrow.open), ("after", after)];
    let pairs: Vec<_> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    format!("/cases?{}", serde_urlencoded::to_string(pairs).unwrap_or_default())
}

fn nothing(lang: Lang) -> Markup {
    html! {
        div class="app-card" {
            p class="govuk-body" {
                (lang.pick(
                    "Không có hồ sơ nào khớp bộ lọc, hoặc bạn chưa giữ vai trò nào trên các hồ sơ này.",
                    "No case passes the filter, or you hold no role on those that do.",
                )) " "
                a class="govuk-link" href="/cases" { (lang.pick("Bỏ bộ lọc", "Clear the filter")) }
            }
        }
    }
}

fn filters(site: &Site, narrow: &Narrow, lang: Lang) -> Markup {
    let library = site.runtime.library();
    let mut charts: Vec<(&str, &str)> =
        library.charts().map(|chart| (chart.name.as_str(), chart.title.get(lang.code()))).collect();
    charts.sort_unstable();
    charts.dedup_by_key(|(name, _)| *name);
    let states = [
        ("", lang.pick("Tất cả", "All")),
        ("yes", lang.pick("Đang xử lý", "Open")),
        ("no", lang.pick("Đã kết thúc", "Ended")),
    ];
    html! {
        form method="get" action="/cases" class="app-filter" role="search" {
            div class="app-filter__wide" {
                label class="govuk-label" for="q" {
                    (lang.pick("Tên nền tảng, đơn vị hoặc mã hồ sơ", "Platform, unit or id of a case"))
                }
                input class="govuk-input" id="q" name="q" type="search" value=(narrow.q)
                    maxlength="200" autocomplete="off" spellcheck="false";
            }
            div {
                label class="govuk-label" for="chart" { (lang.pick("Quy trình", "Procedure")) }
                select class="govuk-select" id="chart" name="chart" {
                    option value="" { (lang.pick("Tất cả", "All")) }
                    @for (name, title) in charts {
                        option value=(name) selected[name == narrow.chart] { (title) }
                    }
                }
            }
            div {
                label class="govuk-label" for="open" { (lang.pick("Tình trạng", "Status")) }
                select class="govuk-select" id="open" name="open" {
                    @for (value, words) in states {
                        option value=(value) selected[value == narrow.open] { (words) }
                    }
                }
            }
            button class="govuk-button govuk-button--secondary" type="submit" {
                (lang.pick("Lọc", "Filter"))
            }
        }
    }
}

fn table(site: &Site, heads: &[Head], names: &Names, lang: Lang) -> Markup {
    let library = site.runtime.library();
    let calendar = library.calendar();
    let columns = [
        lang.pick("Hồ sơ", "Case"),
        lang.pick("Quy trình", "Procedure"),
        lang.pick("Đang ở", "Where it is"),
        lang.pick("Thay đổi gần nhất", "Last change"),
    ];
    page::table(
        lang.pick("Danh sách hồ sơ", "Cases"),
        &columns,
        &html! {
            @for head in heads {
                @let facts = CaseFacts::of(head, &library);
                tr {
                    td {
                        a class="govuk-link" href=(format!("/cases/{}", head.case_id)) {
                            @match &facts {
                                Some(facts) => (names.case_title(facts).get(lang.code())),
                                None => (head.subject),
                            }
                        }
                    }
                    td { @if let Some(facts) = &facts { (facts.chart.title.get(lang.code())) } }
                    td { (whereabouts(&library, head, lang)) }
                    td { (moment(head.recorded_at_ms, calendar, lang)) }
                }
            }
        },
    )
}

/// Where a case is, in words.
pub(super) fn whereabouts(library: &runtime::library::Library, head: &Head, lang: Lang) -> String {
    let Ok(chart) = library.chart(&head.chart_sha) else { return head.states.clone() };
    let ids: Vec<String> = serde_json::from_str(&head.states).unwrap_or_default();
    // The head names the innermost states; those around them are active too.
    let innermost = ids.iter().filter_map(|id| chart.find(id));
    let around = |state| std::iter::once(state).chain(chart.ancestors(state));
    let configuration: BTreeSet<StateIx> = innermost.flat_map(around).collect();
    let configuration: Vec<StateIx> = configuration.into_iter().collect();
    place(chart, &configuration, lang)
}
