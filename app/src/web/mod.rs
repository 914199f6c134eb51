//! The pages: what people of the programme work with in a browser.
//!
//! Every page is made on the server and works without a script; every act is a form that is sent. What
//! may be seen is decided in [`see`], what may be done in the step. Texts stand beside each other in both
//! languages, so one without the other does not compile.
//!
//! Reading order: [`Site`] and [`router`], [`signing`], then one module a page.
//!
//! **Invariant:** a page writes nothing but through the runtime, `store::accounts` or `store::tokens`; no page holds a
//! script, a style or a font that is not ours.

mod account;
mod account_tokens;
mod act;
mod answer;
mod api;
pub mod assets;
mod case;
mod cases;
mod context;
mod form;
mod guard;
mod overdue;
mod owing;
mod page;
mod said;
mod see;
mod signing;
pub mod tokens;
mod told;
mod trouble;
mod work;

use std::future::Future;
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
use tokio::sync::{Mutex, Semaphore, watch};
use tower_http::compression::CompressionLayer;

use crate::facts::{self, Names};
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
    /// Few passwords are hashed at a time: each takes 19 MiB and a core.
    hashing: Semaphore,
    /// Whether the server stops: what would go on for ever ends then.
    closing: watch::Sender<bool>,
}

impl Site {
    /// The pages of `runtime`; with `secure`, cookies are sent over TLS only.
    pub fn new(runtime: Runtime, demo: bool, secure: bool) -> Arc<Self> {
        let (names, hashing) = (Mutex::new(None), Semaphore::new(2));
        let closing = watch::Sender::new(false);
        Arc::new(Self { runtime, demo, secure, names, hashing, closing })
    }

    fn store(&self) -> &store::Store {
        self.runtime.store()
    }

    /// The moment of the cases.
    fn now(&self) -> Timestamp {
        self.runtime.clock().now()
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
        .route("/invitation/{token}", get(signing::invited).post(signing::accept))
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
        .route("/cases/{id}/actions/{event}", get(act::page).post(act::send))
        .route("/overdue", get(overdue::page))
        .route("/account", get(account::page))
        .route("/account/sessions/{token}", post(account::end_session))
        .route("/account/tokens", get(account_tokens::form).post(account_tokens::make))
        .route("/account/tokens/{id}", post(account_tokens::revoke))
        .route("/sign-out", post(account::sign_out));
    open.merge(signed_in)
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

/// Serves the pages until `stopped`.
pub async fn serve(
    listener: TcpListener,
    site: Arc<Site>,
    stopped: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let closing = Arc::clone(&site);
    let stopped = async move {
        stopped.await;
        closing.closing.send_replace(true);
    };
    axum::serve(listener, router(site)).with_graceful_shutdown(stopped).await
}
