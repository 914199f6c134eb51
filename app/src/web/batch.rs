//! A batch: reminders, or word to the leaders, on many tasks at once, and what became of each.
//!
//! A batch is written whole before anything is sent. Each item is a command whose key follows from the task, the day
//! and what is said: the same task is not reminded of twice a day however many ask, and whoever goes on after a crash
//! gets the answers that were given already. Where it is forced the key follows from the batch instead.
//!
//! **Invariant:** an item is settled after its command was answered; only what failed is tried again.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use chart::canonical;
use chart::definition::Text;
use chart::event::name;
use chart::refusal::Refused;
use runtime::clock::fresh_key;
use runtime::{ActorRef, Command, Receipt, SendError};
use serde_json::{Value, json};
use store::batches::{self, BatchRow, ItemRow, Outcome};
use store::leases;
use tokio::sync::Notify;

use super::Site;
use super::judge::{Judged, Kind, Ref, Verdict, judge};
use super::signing::{Me, real_ms};
use super::trouble::Trouble;
use super::urge::{Asked, NOTE_MAX, show};
use crate::cli::wording::not_sent;

/// Commands that are sent together.
const TOGETHER: usize = 25;
/// How long a batch belongs to whoever runs it, without a sign of life.
const LEASE_MS: i64 = 30_000;
/// How long a page waits for a batch before it shows what there is.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often a serving process looks for batches that nobody runs.
const LOOK: Duration = Duration::from_secs(5);

/// Sends what the preview showed.
pub(super) async fn send(
    State(site): State<Arc<Site>>,
    me: Me,
    Form(form): Form<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    if !me.watches {
        return Err(Trouble::Nothing);
    }
    let asked = Asked::read(&site, &form).await?;
    let mut errors = Vec::new();
    if asked.note.chars().count() > NOTE_MAX {
        errors.push((
            "note".to_owned(),
            String::from(me.lang.pick(
                "Lời thêm dài quá 500 ký tự.",
                "The sentence is longer than 500 characters.",
            )),
        ));
    }
    if asked.note.contains('\0') || asked.keys.is_empty() || !errors.is_empty() {
        return show(&site, &me, asked, &errors).await;
    }
    let key = if asked.key.is_empty() { fresh_key() } else { asked.key.clone() };
    let id = canonical::uuid5("batch", &[json!(me.id), json!(key)]);
    let now = site.now();
    let row = BatchRow {
        id: id.clone(),
        kind: asked.kind.word().to_owned(),
        person: me.id.clone(),
        note: asked.note,
        local_date: site.runtime.library().calendar().local_date(now).to_string(),
        created_at_ms: now.as_ms(),
    };
    let judged = judge(&site, &me.id, asked.kind, &asked.keys, &id).await?;
    let items: Vec<ItemRow> = judged
        .iter()
        .zip(&asked.keys)
        .zip(0_i64..)
        .map(|((one, (_, forced)), item)| item_of(&id, item, one, *forced))
        .collect();
    batches::put(site.store(), &row, &items).await?;
    go_on(&site, &id).await;
    Ok(Redirect::to(&format!("/batches/{id}")).into_response())
}

fn item_of(id: &str, item: i64, one: &Judged, forced: bool) -> ItemRow {
    let Ref { case_id, state, generation, element } = one.key.clone();
    let (outcome, why) = match skipped(&one.verdict) {
        None => ("waiting", String::new()),
        Some(why) => ("skipped", why),
    };
    ItemRow {
        batch_id: id.to_owned(),
        item,
        case_id,
        state,
        generation,
        element,
        role: one.task.as_ref().map(|task| task.role.clone()).unwrap_or_default(),
        told: one.told.clone(),
        forced,
        outcome: outcome.to_owned(),
        why,
        revision: None,
        tries: 0,
        settled_at_ms: None,
    }
}

/// Why an item is skipped, as it is kept; nothing where it is sent.
fn skipped(verdict: &Verdict) -> Option<String> {
    Some(match verdict {
        Verdict::Send => return None,
        Verdict::Today => "today".to_owned(),
        Verdict::Nobody => "nobody".to_owned(),
        Verdict::Gone => "gone".to_owned(),
        Verdict::NotYours(roles) => format!("not_yours:{}", roles.join(",")),
    })
}

/// The verdict that was kept; nothing where a text was.
pub(super) fn verdict(why: &str) -> Option<Verdict> {
    Some(match why.split_once(':') {
        None if why == "today" => Verdict::Today,
        None if why == "nobody" => Verdict::Nobody,
        None if why == "gone" => Verdict::Gone,
        Some(("not_yours", roles)) => {
            let roles = roles.split(',').filter(|role| !role.is_empty());
            Verdict::NotYours(roles.map(str::to_owned).collect())
        }
        _ => return None,
    })
}

/// Lets what failed wait again, and goes on.
pub(super) async fn again(
    State(site): State<Arc<Site>>,
    me: Me,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    if !me.watches || batches::find(site.store(), &id).await?.is_none() {
        return Err(Trouble::Nothing);
    }
    batches::again(site.store(), &id).await?;
    go_on(&site, &id).await;
    Ok(Redirect::to(&format!("/batches/{id}")).into_response())
}

/// Runs the batch `id` in the background, and waits for it a moment.
async fn go_on(site: &Arc<Site>, id: &str) {
    let (own, id) = (Arc::clone(site), id.to_owned());
    let running = tokio::spawn(async move {
        if let Err(error) = run(&own, &id).await {
            tracing::error!(%error, batch = id, "a batch stopped and is gone on with later");
        }
    });
    // Whoever waits no longer sees how far it is; it goes on.
    drop(tokio::time::timeout(PATIENCE, running).await);
}

/// Goes on with batches that nobody runs, until told to stop.
pub(super) async fn keep_going(site: &Site, stop: &Notify) {
    loop {
        match batches::waiting(site.store()).await {
            Ok(ids) => {
                for id in ids {
                    if let Err(error) = run(site, &id).await {
                        tracing::error!(%error, batch = id, "a batch stopped and is tried again");
                    }
                }
            }
            Err(error) => tracing::error!(%error, "batches could not be looked for"),
        }
        if tokio::time::timeout(LOOK, stop.notified()).await.is_ok() {
            return;
        }
    }
}

/// Sends what waits in the batch `id`, unless somebody else does.
async fn run(site: &Site, id: &str) -> Result<(), Trouble> {
    let Some(batch) = batches::find(site.store(), id).await? else { return Ok(()) };
    let (lease, owner) = (format!("batch:{id}"), fresh_key());
    let mut items = batches::items(site.store(), id).await?;
    items.retain(|item| item.outcome == "waiting");
    for together in items.chunks(TOGETHER) {
        let now_ms = real_ms();
        if !leases::take(site.store(), &lease, &owner, now_ms, now_ms + LEASE_MS).await? {
            return Ok(());
        }
        some(site, &batch, together).await?;
    }
    leases::release(site.store(), &lease, &owner).await?;
    Ok(())
}

/// Sends some items of `batch` and writes what became of them.
async fn some(site: &Site, batch: &BatchRow, items: &[ItemRow]) -> Result<(), Trouble> {
    let kind = Kind::of(&batch.kind);
    let keys: Vec<(Ref, bool)> = items.iter().map(|item| (key_of(item), item.forced)).collect();
    let judged = judge(site, &batch.person, kind, &keys, &batch.id).await?;
    let mut sent: Vec<(&ItemRow, Command)> = Vec::new();
    for (item, one) in items.iter().zip(&judged) {
        // What is gone may have been sent before the process died: its receipt says so.
        match skipped(&one.verdict).filter(|_| one.verdict != Verdict::Gone) {
            None => sent.push((item, command(batch, kind, item, one))),
            Some(why) => {
                let outcome = Outcome { outcome: "skipped", why, revision: None };
                settle(site, batch, item, &outcome).await?;
            }
        }
    }
    let commands = sent.iter().map(|(_, command)| command.clone()).collect();
    let answers = site.runtime.send_all(commands).await;
    for ((item, _), answer) in sent.iter().zip(&answers) {
        settle(site, batch, item, &outcome(site, answer)).await?;
    }
    Ok(())
}

fn key_of(item: &ItemRow) -> Ref {
    let ItemRow { case_id, state, generation, element, .. } = item.clone();
    Ref { case_id, state, generation, element }
}

async fn settle(
    site: &Site,
    batch: &BatchRow,
    item: &ItemRow,
    outcome: &Outcome,
) -> Result<(), Trouble> {
    let now_ms = site.now().as_ms();
    batches::settle(site.store(), &batch.id, item.item, outcome, now_ms).await?;
    Ok(())
}

/// The command of an item: the same whenever it is made.
fn command(batch: &BatchRow, kind: Kind, item: &ItemRow, one: &Judged) -> Command {
    let (event, to) = match kind {
        Kind::Remind => (name::REMINDED, None),
        Kind::Escalate => {
            (name::ESCALATED, Some(if item.told.is_empty() { &one.told } else { &item.told }))
        }
    };
    let mut payload = json!({
        "state": item.state, "generation": item.generation, "element": item.element,
        "note": batch.note, "batch": batch.id,
    });
    if let Some(to) = to {
        payload["to"] = json!(to);
    }
    let key = if item.forced {
        payload["forced"] = json!(true);
        canonical::uuid5("urge", &[json!(batch.id), json!(item.item)])
    } else {
        let day = [
            json!(event),
            json!(item.state),
            json!(item.generation),
            json!(item.element),
            json!(batch.local_date),
        ];
        canonical::uuid5("urge", &day)
    };
    Command::send(&item.case_id, event, payload, ActorRef::person(&batch.person), &key)
}

/// What an answer means for its item.
fn outcome(site: &Site, answer: &Result<Receipt, SendError>) -> Outcome {
    let library = site.runtime.library();
    let (outcome, why) = match answer {
        Ok(receipt) => {
            let revision = i64::try_from(receipt.revision).ok();
            return Outcome { outcome: "done", why: String::new(), revision };
        }
        // Somebody else reminded of it that day.
        Err(SendError::KeyReused { .. }) => ("skipped", "today".to_owned()),
        Err(SendError::Refused(refused)) => match &**refused {
            Refused::NotOwed { .. } | Refused::Ended { .. } => ("skipped", "gone".to_owned()),
            refused => ("failed", kept(&refused.text())),
        },
        Err(error) => {
            let failure = not_sent(error, library.calendar());
            let text = |lang| failure.words(lang).to_owned();
            let (vi, en) = (text(crate::cli::Lang::Vi), text(crate::cli::Lang::En));
            ("failed", kept(&Text { vi, en }))
        }
    };
    Outcome { outcome, why, revision: None }
}

/// A text as it is kept with an item.
fn kept(text: &Text) -> String {
    canonical::to_string(&json!({ "vi": text.vi, "en": text.en }))
}

/// The text that was kept with an item, in `lang`.
pub(super) fn told(why: &str, lang: crate::cli::Lang) -> String {
    let value: Value = serde_json::from_str(why).unwrap_or_default();
    value[lang.code()].as_str().unwrap_or(why).to_owned()
}
