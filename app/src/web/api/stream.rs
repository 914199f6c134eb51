//! `/entries/stream`: the feed as it grows, for whoever keeps a connection open (server-sent events).
//!
//! It is the feed of [`super::entries`] with the same places, asked for again every second, so that nothing is passed
//! over whichever process wrote it. Whoever comes back with `Last-Event-ID` goes on where they were.
//!
//! **Invariant:** the token and what its person may see are judged anew each time; a stopping server ends every stream.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use store::log::Cursor;
use store::rows::StoredEntry;
use tokio::sync::mpsc::{Sender, channel};
use tokio_stream::wrappers::ReceiverStream;
use utoipa::IntoParams;

use super::caller::{Caller, Reads, found};
use super::entries::{EntryTold, place, visible};
use super::problem::Problem;
use crate::web::Site;
use crate::web::tokens::Scope;

/// How often the feed is asked for more.
const AGAIN: Duration = Duration::from_secs(1);
/// How often a silent stream says that it is still there.
const ALIVE: Duration = Duration::from_secs(15);
/// How many entries are sent at a time.
const AT_ONCE: usize = 100;
/// The header with which a broken stream is taken up again.
const LAST: HeaderName = HeaderName::from_static("last-event-id");

/// Where to begin.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Begin {
    /// Where to go on (`next` of the feed); the very beginning without it.
    #[param(example = "0-0-0", pattern = "^[0-9]{1,18}-[0-9]{1,18}-[0-9]{1,18}$")]
    after: Option<String>,
}

/// The feed as it grows, an event an entry
///
/// Server-sent events: `id` is the place in the feed, `event` is `entry`, `data` is what `/entries` tells of it. A client
/// that comes back with `Last-Event-ID` goes on where it was; the stream ends when its token does.
#[utoipa::path(get, path = "/entries/stream", operation_id = "stream", tag = "entries",
    params(
        Begin,
        ("Last-Event-ID" = Option<String>, Header, description = "The place of the last event that was seen.",
            pattern = "^[0-9]{1,18}-[0-9]{1,18}-[0-9]{1,18}$"),
    ),
    responses((status = 200, body = String, content_type = "text/event-stream")))]
pub(super) async fn stream(
    State(site): State<Arc<Site>>,
    Reads(caller): Reads,
    Query(begin): Query<Begin>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let last = headers.get(LAST).map(|value| value.to_str().unwrap_or_default());
    let after = place(last.or(begin.after.as_deref()))?;
    let (sender, receiver) = channel(AT_ONCE);
    tokio::spawn(follow(site, headers, caller, after, sender));
    let events = Sse::new(ReceiverStream::new(receiver));
    let mut response = events.keep_alive(KeepAlive::new().interval(ALIVE)).into_response();
    // A proxy that gathers what it passes on would make a stream useless.
    let name = HeaderName::from_static("x-accel-buffering");
    response.headers_mut().insert(name, HeaderValue::from_static("no"));
    Ok(response)
}

/// Sends what comes after `after` until the client goes, the token ends or the server stops.
async fn follow(
    site: Arc<Site>,
    headers: HeaderMap,
    mut caller: Caller,
    mut after: Cursor,
    sender: Sender<Result<Event, Infallible>>,
) {
    let mut closing = site.closing.subscribe();
    loop {
        // Whatever is wrong with the database: the client comes back and is told.
        let Ok((found_now, next, more)) = visible(&site, &caller, after, AT_ONCE).await else {
            return;
        };
        for entry in &found_now {
            let Some(event) = told(&site, &caller, entry).await else { return };
            tokio::select! {
                sent = sender.send(Ok(event)) => if sent.is_err() { return },
                _ = closing.wait_for(|closing| *closing) => return,
            }
        }
        after = next;
        if !more {
            tokio::select! {
                () = tokio::time::sleep(AGAIN) => {}
                () = sender.closed() => return,
                _ = closing.wait_for(|closing| *closing) => return,
            }
        }
        let Ok(again) = found(&site, &headers, &[Scope::Read]).await else { return };
        caller = again;
    }
}

async fn told(site: &Site, caller: &Caller, entry: &StoredEntry) -> Option<Event> {
    let names = site.names().await.ok()?;
    let told = EntryTold::of(site, &names, &entry.entry, caller.me.lang);
    let data = serde_json::to_string(&told).ok()?;
    Some(Event::default().id(Cursor::after(entry).to_string()).event("entry").data(data))
}
