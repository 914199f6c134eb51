//! How long a page takes: the whole router asked as a browser does, on a database of many reports.
//!
//! One in ten reports is owed and overdue, the others have ended. What is left out of a request is the socket
//! alone: signing in, the policy, the queries, the markup and the compression are those of `serve`.
//!
//! **Invariant:** a page counts only if it was answered with 200.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use chart::moment::Timestamp;
use runtime::clock::{Clock, Stopwatch};
use runtime::{ActorRef, Command, Opening, Runtime, SendError, Setup};
use serde_json::json;
use store::people::{self, AssignmentRow};
use store::{ChoreError, ReadError, Store, accounts};
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use super::commit::CommitBenchError;
use super::place::Place;
use crate::cli::desk;
use crate::web::{self, Site, tokens};

/// 14/11/2022, 09:00 in Ha Noi: the reports of the month are opened.
const OPENED: Timestamp = Timestamp(1_668_391_200_000);
/// 30/11/2022: those that were not handed in are overdue.
const NOW: Timestamp = Timestamp(1_669_773_600_000);
/// The password of the accounts, in a database that is gone afterwards.
const PASSWORD: &str = "chỉ để đo thời gian";
/// Callers that fill the database.
const FILLERS: usize = 64;
/// Requests before it counts.
const WARM: usize = 20;
/// The largest page that is read.
const PAGE_BYTES_MAX: usize = 1 << 24;

/// How much to measure.
#[derive(Debug, Clone, Copy)]
pub struct Amount {
    /// Cases in the database.
    pub cases: usize,
    /// Requests for each page.
    pub requests: usize,
}

/// What one page took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// The page, as an address.
    pub page: &'static str,
    /// Half of the answers came within so many microseconds.
    pub p50_us: u128,
    /// All but one in twenty came within so many microseconds.
    pub p95_us: u128,
    /// The page as it is sent, compressed.
    pub bytes: usize,
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum PagesBenchError {
    /// There was no place to measure in.
    #[error(transparent)]
    Place(#[from] CommitBenchError),
    /// The database could not be filled.
    #[error(transparent)]
    Chore(#[from] ChoreError),
    /// The database could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A command was not taken.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The clock could not be set on.
    #[error(transparent)]
    Round(#[from] runtime::RoundError),
    /// The engine could not be opened.
    #[error("the engine cannot be opened: {0}")]
    Open(String),
    /// A page was not answered as it should be.
    #[error("`{page}` was answered with {status}")]
    Page {
        /// The page.
        page: String,
        /// The answer.
        status: StatusCode,
    },
}

/// Fills a throwaway database beside `url` and measures its pages; `told` hears how many cases are there.
pub async fn run(
    url: &str,
    amount: Amount,
    told: &mut (dyn FnMut(usize) + Send),
) -> Result<Vec<Figures>, PagesBenchError> {
    let place = Place::beside(url)?;
    let (_, store) = place.make("pages").await?;
    let measured = measure(store, amount, told).await;
    place.clear("pages").await?;
    measured
}

async fn measure(
    store: Store,
    amount: Amount,
    told: &mut (dyn FnMut(usize) + Send),
) -> Result<Vec<Figures>, PagesBenchError> {
    crate::people::import(&store, Timestamp(OPENED.as_ms() - 86_400_000)).await?;
    let setup = Setup::new(desk::shipped(), desk::calendar()).on(Clock::standing_at(OPENED));
    let runtime = Runtime::open(store.clone(), setup).await;
    let runtime = runtime.map_err(|error| PagesBenchError::Open(error.to_string()))?;
    let case = fill(&runtime, amount.cases, told).await?;
    runtime.advance_to(NOW).await?;
    let all = people::list_assignments(&store).await?;
    let holder = |role: &str| {
        let found = all.iter().find(|one| one.role == role);
        found.map(|one| one.holder.clone()).unwrap_or_default()
    };
    let hash =
        tokens::hashed(PASSWORD).map_err(|error| PagesBenchError::Open(error.to_string()))?;
    let (enterprise, coordinator) = (holder("core_enterprise"), holder("coordinator"));
    for person in [&enterprise, &coordinator] {
        accounts::set_password(&store, person, &hash, web::real_ms()).await?;
    }
    let router = web::router(Site::new(runtime.clone(), false, false));
    let own = sign_in(&router, &enterprise).await?;
    let watching = sign_in(&router, &coordinator).await?;
    let form = format!("/cases/{case}/actions/submit");
    let case = format!("/cases/{case}");
    let pages: [(&'static str, &str, &str); 7] = [
        ("/work", "/work", &own),
        ("/cases", "/cases", &watching),
        ("/cases?open=yes", "/cases?open=yes", &watching),
        ("/cases/…", &case, &own),
        ("/cases/…/actions/submit", &form, &own),
        ("/overdue", "/overdue", &watching),
        ("/reports", "/reports", &watching),
    ];
    let mut out = Vec::with_capacity(pages.len());
    for (page, path, cookie) in pages {
        out.push(page_figures(&router, page, path, cookie, amount.requests).await?);
    }
    // The pages hold the engine too, and it ends with the last who does.
    drop(router);
    runtime.close().await;
    Ok(out)
}

/// Opens `count` reports of the enterprises in turn and ends nine of ten; the first report of the first enterprise,
/// which stays open.
async fn fill(
    runtime: &Runtime,
    count: usize,
    told: &mut (dyn FnMut(usize) + Send),
) -> Result<String, PagesBenchError> {
    let all = people::list_assignments(runtime.store()).await?;
    let reporters: Vec<AssignmentRow> =
        all.iter().filter(|one| one.role == "core_enterprise").cloned().collect();
    let coordinator = all.iter().find(|one| one.role == "coordinator");
    let coordinator = coordinator.map(|one| one.holder.clone()).unwrap_or_default();
    let (mut first, mut done) = (String::new(), 0);
    let mut tasks = JoinSet::new();
    for number in 0..count.max(1) {
        if tasks.len() == FILLERS
            && let Some(Ok(case)) = tasks.join_next().await
        {
            let _opened: String = case?;
            done += 1;
            told(done);
        }
        let reporter = reporters[number % reporters.len()].clone();
        let (runtime, coordinator) = (runtime.clone(), coordinator.clone());
        if number == 0 {
            first = open(&runtime, number, &reporter, &coordinator).await?;
            continue;
        }
        tasks.spawn(async move { open(&runtime, number, &reporter, &coordinator).await });
    }
    while let Some(Ok(case)) = tasks.join_next().await {
        let _opened: String = case?;
    }
    Ok(first)
}

async fn open(
    runtime: &Runtime,
    number: usize,
    reporter: &AssignmentRow,
    coordinator: &str,
) -> Result<String, SendError> {
    let data = json!({
        "level": "enterprise", "kind": "enterprise_month", "duties": ["rep-05"],
        "reporter": reporter.organisation, "period": "2022-11",
    });
    let (chart, subject) = ("report".to_owned(), reporter.scope.clone());
    let opening = Opening { chart, subject, data };
    let key = format!("bench-{number}");
    let opened = Command::open("bench", &key, opening, ActorRef::system());
    let case = runtime.send(opened).await?.case_id;
    if !number.is_multiple_of(10) {
        let (person, org) = (coordinator.to_owned(), String::new());
        let by = ActorRef { person, org, on_behalf_of: None };
        let reasons = json!({ "reasons": "Chỉ để đo thời gian." });
        runtime.send(Command::send(&case, "cancel", reasons, by, "end")).await?;
    }
    Ok(case)
}

async fn ask(router: &Router, request: Request<Body>) -> Response {
    match router.clone().oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// The cookie of whoever signs in.
async fn sign_in(router: &Router, person: &str) -> Result<String, PagesBenchError> {
    let form = serde_urlencoded::to_string([("name", person), ("password", PASSWORD)]);
    let request = Request::post("/sign-in")
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form.unwrap_or_default()));
    let response = ask(router, request.unwrap_or_default()).await;
    let cookies = response.headers().get_all(header::SET_COOKIE).iter();
    let mut cookies = cookies.filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
    match cookies.find(|cookie| cookie.starts_with("cotmoc_session=")) {
        Some(cookie) => Ok(cookie.to_owned()),
        None => {
            Err(PagesBenchError::Page { page: "/sign-in".to_owned(), status: response.status() })
        }
    }
}

async fn page_figures(
    router: &Router,
    page: &'static str,
    path: &str,
    cookie: &str,
    requests: usize,
) -> Result<Figures, PagesBenchError> {
    let (mut waits, mut bytes) = (Vec::with_capacity(requests), 0);
    for request in 0..WARM + requests.max(1) {
        let asked = Request::get(path)
            .header(header::COOKIE, cookie)
            .header(header::ACCEPT_ENCODING, "br")
            .body(Body::empty())
            .unwrap_or_default();
        let watch = Stopwatch::start();
        let response = ask(router, asked).await;
        let status = response.status();
        let body = to_bytes(response.into_body(), PAGE_BYTES_MAX).await;
        let waited: Duration = watch.elapsed();
        let body = body.ok().filter(|_| status == StatusCode::OK);
        let Some(body) = body else {
            return Err(PagesBenchError::Page { page: path.to_owned(), status });
        };
        bytes = body.len();
        if request >= WARM {
            waits.push(waited.as_micros());
        }
    }
    waits.sort_unstable();
    let at = |hundredths: usize| waits[(waits.len() * hundredths / 100).min(waits.len() - 1)];
    Ok(Figures { page, p50_us: at(50), p95_us: at(95), bytes })
}
