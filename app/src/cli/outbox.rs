//! `cotmoc outbox`: effects for the world, and a second chance for those that were given up.

use clap::{Subcommand, ValueEnum};
use serde_json::json;
use store::outbox;

use super::desk::{Desk, time};
use super::output::{Rows, remark};
use super::{Arguments, Failure, Lang};

/// How many rows are read at a time.
const PAGE: i64 = 500;

/// How far an effect has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum State {
    /// Waiting, or to be tried again.
    Queued,
    /// Performed.
    Done,
    /// Given up.
    Dead,
}

impl State {
    fn code(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Done => "done",
            Self::Dead => "dead",
        }
    }
}

/// What to do with effects.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Effects in the order of their ids
    #[command(after_help = "Example:\n  cotmoc outbox list --state dead")]
    List {
        /// That have come so far
        #[arg(long, value_enum)]
        state: Option<State>,
        /// Of this case
        #[arg(long)]
        case: Option<String>,
    },
    /// Queue effects again that were given up
    #[command(after_help = "Examples:\n  cotmoc outbox retry 6b1f…\n  cotmoc outbox retry --all")]
    Retry {
        /// Ids of effects
        #[arg(required_unless_present = "all")]
        ids: Vec<String>,
        /// Every one that was given up
        #[arg(long, conflicts_with = "ids")]
        all: bool,
    },
}

/// Carries out a command on effects.
pub async fn run(verb: &Verb, common: &Arguments) -> Result<(), Failure> {
    let desk = Desk::open(&common.store, common.lang).await?;
    match verb {
        Verb::List { state, case } => list(&desk, *state, case.as_deref(), common).await,
        Verb::Retry { ids, all } => {
            let ids = if *all { dead(&desk).await? } else { ids.clone() };
            retry(&desk, &ids, common.lang).await
        }
    }
}

async fn list(
    desk: &Desk,
    state: Option<State>,
    case: Option<&str>,
    common: &Arguments,
) -> Result<(), Failure> {
    let lang = common.lang;
    let mut rows = Rows::new(&[
        ("id", lang.pick("Mã", "Id")),
        ("case_id", lang.pick("Mã hồ sơ", "Case")),
        ("kind", lang.pick("Loại", "Kind")),
        ("state", lang.pick("Tình trạng", "State")),
        ("attempts", lang.pick("Số lần thử", "Attempts")),
        ("due", lang.pick("Lần tới", "Due")),
        ("error", lang.pick("Lỗi", "Error")),
    ]);
    let case = match case {
        Some(case) => Some(desk.case(case).await?.case_id),
        None => None,
    };
    let mut after = String::new();
    loop {
        let state = state.map(State::code);
        let page = outbox::list(&desk.store, state, case.as_deref(), &after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.row.id);
        for one in page {
            rows.push(vec![
                json!(one.row.id),
                json!(one.row.case_id),
                json!(one.row.kind),
                json!(one.state),
                json!(one.attempts),
                json!(time(one.row.due_at_ms)),
                json!(one.error),
            ]);
        }
    }
    rows.print(common.format, lang.pick("Không có mục nào.", "No effects."))
}

async fn dead(desk: &Desk) -> Result<Vec<String>, Failure> {
    let found = outbox::list(&desk.store, Some("dead"), None, "", i64::MAX).await?;
    Ok(found.into_iter().map(|one| one.row.id).collect())
}

async fn retry(desk: &Desk, ids: &[String], lang: Lang) -> Result<(), Failure> {
    let now = desk.now().as_ms();
    let mut missed = Vec::new();
    for id in ids {
        if !outbox::requeue(&desk.store, id, now).await? {
            missed.push(format!("`{id}`"));
        }
    }
    let queued = ids.len() - missed.len();
    remark(&match lang {
        Lang::Vi => format!("Đã xếp lại {queued} mục; `cotmoc serve` sẽ thực hiện."),
        Lang::En => format!("{queued} queued again; `cotmoc serve` performs them"),
    });
    if missed.is_empty() {
        return Ok(());
    }
    let missed = missed.join(", ");
    Err(Failure::usage(
        &format!("Không phải mục đã bỏ: {missed}; xem `cotmoc outbox list --state dead`."),
        &format!("not given up: {missed}; see `cotmoc outbox list --state dead`"),
    ))
}
