//! The pages: what people of the programme work with in a browser.
//!
//! Every page is made on the server and works without a script; every act is a form that is sent. One script of
//! ours saves drafts while somebody types, and nothing needs it (`docs/decisions/0018`). What
//! may be seen is decided in [`see`], what may be done in the step. Texts stand beside each other in both
//! languages, so one without the other does not compile.
//!
//! Reading order: [`Site`] and [`router`], [`signing`], then one module a page.
//!
//! **Invariant:** a page writes nothing but through the runtime or `store::{accounts, audit, batches, drafts, people,
//! tokens}`; no page loads a script, a style or a font that is not ours, or holds one in itself.

mod account;
mod account_tokens;
mod act;
mod act_form;
mod admin;
mod answer;
mod api;
pub mod assets;
mod audit;
mod batch;
mod batches;
mod calendar;
mod case;
mod cases;
mod cells;
mod chosen;
mod conflict;
mod context;
mod draft;
mod figures;
mod form;
mod guard;
mod invited;
mod judge;
mod kept;
mod overdue;
mod owing;
mod page;
mod receipt;
mod reports;
mod said;
mod see;
mod sheet;
mod signing;
mod spread;
pub mod tokens;
mod told;
mod trend;
mod trouble;
mod urge;
mod work;
mod workbook;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use chart::moment::Timestamp;
use runtime::Runtime;
use runtime::clock::Stopwatch;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Notify, Semaphore, watch};
use tower_http::compression::CompressionLayer;

use crate::facts::{self, Names};
pub(crate) use admin::role_title;
pub use signing::real_ms;

/// The largest form that is taken.
const FORM_BYTES_MAX: usize = 1 << 20;
/// How long names of platforms and organisations are kept before they are read again.
const NAMES_KEPT: Duration = Duration::from_secs(20);

/// What every page stands on.
#[derive(Debug)]
pub struct Site {
    runtime: Runtime,
    /// Whether the database is a demonstration, which each page says.
    demo: bool,
    /// Whether cookies are sent over TLS only.
    secure: bool,
    names: Mutex<Option<(Stopwatch, Arc<Names>)>>,
    /// The reports of the years that were looked at.
    reports: kept::Kept,
    /// Few passwords are hashed at a time: each takes 19 MiB and a core.
    hashing: Semaphore,
    /// Few workbooks are read or written at a time.
    sheets: Semaphore,
    /// Whether the server stops: what would go on for ever ends then.
    closing: watch::Sender<bool>,
}

impl Site {
    /// The pages of `runtime`; with `secure`, cookies are sent over TLS only.
    pub fn new(runtime: Runtime, demo: bool, secure: bool) -> Arc<Self> {
        let (names, hashing, sheets) = (Mutex::new(None), Semaphore::new(2), Semaphore::new(2));
        let reports = kept::Kept::default();
        let closing = watch::Sender::new(false);
        Arc::new(Self { runtime, demo, secure, names, reports, hashing, sheets, closing })
    }

    fn store(&self) -> &store::Store {
        self.runtime.store()
    }

    /// The moment of the cases.
    fn now(&self) -> Timestamp {
        self.runtime.clock().now()
    }

    /// Lets the names be read again at the next use: somebody was added.
    async fn forget_names(&self) {
        *self.names.lock().await = None;
    }

    /// The names of platforms and organisations, at most some seconds old.
    async fn names(&self) -> Result<Arc<Names>, trouble::Trouble> {
        let mut kept = self.names.lock().await;
        if let Some((since, names)) = kept.as_ref()
            && since.elapsed() < NAMES_KEPT
        {
            return Ok(Arc::clone(names));
        }
        let names = Arc::new(facts::names_with_persons(self.store()).await?);
        *kept = Some((Stopwatch::start(), Arc::clone(&names)));
        Ok(names)
    }
}

/// Every page, each with who may ask for it (`see` decides what of it they see).
pub fn router(site: Arc<Site>) -> Router {
    let open = Router::new()
        .route("/assets/{name}", get(assets::serve))
        .route("/sign-in", get(signing::form).post(signing::sign_in))
        .route("/invitation/{token}", get(invited::page).post(invited::accept))
        .route("/lang/{code}", post(account::language))
        .route("/api/docs", get(api::docs::page))
        .route("/api/openapi.json", get(api::docs::openapi))
        .route("/api/problems/{code}", get(api::docs::problem))
        .route("/healthz", get(|| async { "ok\n" }));
    // What takes `Me` answers with the sign-in page to whoever is not signed in.
    let signed_in = Router::new()
        .route("/", get(work::home))
        .route("/work", get(work::page))
        .route("/cases", get(cases::page))
        .route("/cases/{id}", get(case::page))
        .route("/cases/{id}/receipts/{revision}", get(receipt::page))
        .route("/cases/{id}/actions/{event}", get(act::page).post(act::send))
        .route("/reports", get(reports::page))
        .route("/cases/{id}/actions/{event}/draft", post(draft::save))
        .route("/cases/{id}/actions/{event}/discard", get(draft::confirm).post(draft::discard))
        .route("/overdue", get(overdue::page))
        .route("/calendar", get(calendar::page))
        .route("/admin/people", get(admin::people::page).post(admin::people::add))
        .route("/admin/people/new", get(admin::people::new))
        .route("/admin/people/{id}", get(admin::person::page))
        .route("/admin/people/{id}/invite", post(admin::person::invite))
        .route("/admin/people/{id}/sessions", post(admin::person::end_sessions))
        .route("/admin/people/{id}/lock", post(admin::person::lock))
        .route("/admin/people/{id}/unlock", post(admin::person::unlock))
        .route(
            "/admin/people/{id}/roles",
            get(admin::rights::new_role).post(admin::rights::give_role),
        )
        .route("/admin/people/{id}/roles/end", post(admin::rights::end_role))
        .route(
            "/admin/people/{id}/substitute",
            get(admin::rights::new_substitute).post(admin::rights::substitute),
        )
        .route("/admin/people/{id}/substitute/end", post(admin::rights::end_substitute))
        .route(
            "/admin/people/{id}/hand-over",
            get(admin::hand_over::form).post(admin::hand_over::send),
        )
        .route("/admin/audit", get(audit::page))
        .route("/urge", post(urge::preview))
        .route("/urge/send", post(batch::send))
        .route("/batches", get(batches::list))
        .route("/batches/{id}", get(batches::page))
        .route("/batches/{id}/again", post(batch::again))
        .route("/account", get(account::page))
        .route("/account/sessions/{token}", post(account::end_session))
        .route("/account/tokens", get(account_tokens::form).post(account_tokens::make))
        .route("/account/tokens/{id}", post(account_tokens::revoke))
        .route("/sign-out", post(account::sign_out));
    // A workbook may be larger than a form.
    let files = Router::new()
        .route("/cases/{id}/actions/{event}/sheet", get(sheet::page).post(sheet::check))
        .route("/cases/{id}/actions/{event}/template", get(sheet::template))
        .layer(DefaultBodyLimit::max(sheet::BYTES_MAX));
    open.merge(signed_in)
        .merge(files)
        .fallback(trouble::nothing_here)
        .layer(from_fn_with_state(Arc::clone(&site), guard::words_of_rejections))
        .layer(from_fn(guard::same_site))
        // Programs bring a token and no cookie, and are answered in words of their own.
        .nest(api::BASE, api::routes())
        .layer(from_fn(guard::headers))
        .layer(CompressionLayer::new())
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .with_state(site)
}

/// Serves the pages until `stopped`, and goes on with batches that were left in the middle.
pub async fn serve(
    listener: TcpListener,
    site: Arc<Site>,
    stopped: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let service = router(Arc::clone(&site)).into_make_service_with_connect_info::<SocketAddr>();
    let stop = Arc::new(Notify::new());
    let (own, told) = (Arc::clone(&site), Arc::clone(&stop));
    let batches = tokio::spawn(async move { batch::keep_going(&own, &told).await });
    let stopped = async move {
        stopped.await;
        site.closing.send_replace(true);
    };
    let served = axum::serve(listener, service).with_graceful_shutdown(stopped).await;
    stop.notify_one();
    drop(batches.await);
    served
}
