//! `cotmoc serve`: timers, messages, effects, schedules and anchors, until somebody says stop.
//!
//! Several processes may serve one database; each takes what is free.
//!
//! **Invariant:** the clock is the one the database stores (R35); SIGINT and SIGTERM end the rounds
//! that have begun and nothing in the middle.

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use chart::moment::Timestamp;
use runtime::clock::Clock;
use runtime::engine::CLOCK;
use runtime::publishing::Stranded;
use runtime::{Runtime, Setup};
use store::{Store, meta};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use super::desk::{calendar, close, open, shipped};
use super::init::BEGAN;
use super::output::remark;
use super::wording::because;
use super::{Arguments, Failure, Lang, STORE_USUAL, pages};
use crate::config::Config;
use crate::letters::{self, Builder};
use crate::mail::{self, Mail, Sender};
use crate::schedules::programme;

/// The file of [`STORE_USUAL`].
const FILE_USUAL: &str = "cotmoc.db";

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cotmoc serve
  cotmoc serve --listen 127.0.0.1:8200
  cotmoc --store postgres://cotmoc@localhost/cotmoc serve --no-pages
  COTMOC_SMTP=smtp://127.0.0.1:25 COTMOC_LOG=debug cotmoc serve --json-log

Serves until SIGINT or SIGTERM. Environment: COTMOC_SMTP, COTMOC_LETTERS (a folder for letters where
no server is named), COTMOC_FROM, COTMOC_URL (where links in letters lead), COTMOC_LOG.")]
pub struct Args {
    /// Log as JSON, a line an event
    #[arg(long)]
    json_log: bool,
    /// How many seconds what this process takes on is its own; then others may take it over
    #[arg(long, value_name = "SECONDS", default_value_t = 30,
        value_parser = clap::value_parser!(u16).range(1..=3600))]
    lease: u16,
    /// Serve the pages here; otherwise at 127.0.0.1:8186 if that is free
    #[arg(long, value_name = "ADDRESS", conflicts_with = "no_pages")]
    listen: Option<SocketAddr>,
    /// Serve no pages: one node of several that only works
    #[arg(long)]
    no_pages: bool,
}

/// Serves the store until it is told to stop.
pub async fn run(args: &Args, common: &Arguments) -> Result<(), Failure> {
    let config = Config::of_environment();
    log(&config, args.json_log)?;
    let (stopped, letters_stopped, pages_stopped) = (stopped()?, stopped()?, stopped()?);
    let listener = match args.listen {
        _ if args.no_pages => None,
        Some(address) => Some(pages::listen(address).await?),
        None => pages::listen_if_free(common.lang).await,
    };
    let store = opened(&common.store, common.lang).await?;
    let schedules = programme(&store, began(&store).await?).map_err(|error| {
        let en = because(&error);
        Failure::usage(&format!("Không dùng được lịch mở kỳ: {en}."), &en)
    })?;
    let performer = mail::performer(post(&config)?, sender(&config)?, store.clone());
    let setup = Setup::new(shipped(), calendar()).scheduled(schedules).performing(performer);
    let setup = setup.leasing(i64::from(args.lease) * 1_000);
    let runtime = Runtime::open(store, setup).await?;
    let builder = Builder::from_setting(config.url.as_deref());
    let lang = common.lang;
    remark(&clock_words(runtime.clock(), runtime.store().url(), lang));
    for stranded in runtime.stranded() {
        remark(&stranded_words(stranded, lang));
    }
    let cases = Box::pin(runtime.serve(stopped));
    let secure = config.url.as_deref().is_some_and(|url| url.starts_with("https:"));
    let served = async {
        match listener {
            Some(at) => pages::serve(at, &runtime, secure, lang, pages_stopped).await,
            None => Ok(()),
        }
    };
    let letters = letters::run(&builder, &runtime, letters_stopped);
    let ((), (), served) = tokio::join!(cases, Box::pin(letters), Box::pin(served));
    let done = runtime.done();
    remark(&match lang {
        Lang::Vi => format!(
            "Đã dừng: {} bộ hẹn giờ, {} thông điệp, {} việc gửi ra ngoài, {} mục bỏ.",
            done.timers_fired, done.messages, done.effects, done.dead
        ),
        Lang::En => format!(
            "stopped: {} timers, {} messages, {} effects, {} given up",
            done.timers_fired, done.messages, done.effects, done.dead
        ),
    });
    close(runtime).await;
    served
}

/// The store at `url`, set up. The usual one is made where there is none; a file that somebody named must be
/// there, since a slip of the pen would otherwise begin an empty programme.
async fn opened(url: &str, lang: Lang) -> Result<Store, Failure> {
    if url != STORE_USUAL || std::path::Path::new(FILE_USUAL).exists() {
        let store = open(url).await?;
        store.migrate().await?;
        return Ok(store);
    }
    let store = Store::open(url).await?;
    store.migrate().await?;
    meta::set(&store, BEGAN, &Clock::Real.now().as_ms().to_string()).await?;
    remark(&match lang {
        Lang::Vi => format!(
            "Đã tạo cơ sở dữ liệu mới trong `{FILE_USUAL}`. Muốn có các đơn vị và vai trò của Quyết định 186: dừng lại, \
             rồi `cotmoc import --platforms`."
        ),
        Lang::En => format!(
            "made a new database in `{FILE_USUAL}`; for the organisations and roles of Decision 186 stop it and run \
             `cotmoc import --platforms`"
        ),
    });
    Ok(store)
}

/// Where letters go: to the server that is named, else into the folder.
pub(super) fn post(config: &Config) -> Result<Mail, Failure> {
    Mail::from_setting(config.smtp.as_deref(), &config.letters).map_err(|error| {
        let en = because(&error);
        Failure::usage(&format!("Không dùng được `{}`: {en}.", mail::SMTP), &en)
    })
}

/// Who letters are from.
pub(super) fn sender(config: &Config) -> Result<Sender, Failure> {
    Sender::from_setting(config.from.as_deref()).map_err(|error| {
        let en = because(&error);
        Failure::usage(&format!("Không dùng được `{}`: {en}.", mail::FROM), &en)
    })
}

/// Since when schedules open periods: since the database was made ready, or from now on.
async fn began(store: &Store) -> Result<Timestamp, Failure> {
    let began = meta::find(store, BEGAN).await?.and_then(|text| text.parse().ok());
    if let Some(began) = began {
        return Ok(Timestamp(began));
    }
    let stored = meta::find(store, CLOCK).await?;
    Ok(stored.and_then(|text| Clock::from_text(&text)).unwrap_or(Clock::Real).now())
}

/// Resolves at the first SIGINT or SIGTERM.
pub(super) fn stopped() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Sends what is logged to standard error.
fn log(config: &Config, json: bool) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&config.log).map_err(|error| {
        let log = &config.log;
        Failure::usage(
            &format!(
                "`COTMOC_LOG` có giá trị `{log}` không dùng được; hãy viết như `info` ({error})."
            ),
            &format!("`COTMOC_LOG` is `{log}`, write a filter such as `info`: {error}"),
        )
    })?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let begun = if json { lines.json().try_init() } else { lines.try_init() };
    begun.map_err(|error| {
        let en = format!("the log could not be started: {error}");
        Failure::unavailable(&format!("Không mở được nhật ký: {error}."), &en)
    })
}

/// The clock that `url` runs on, in words.
pub fn clock_words(clock: &Clock, url: &str, lang: Lang) -> String {
    let at = runtime::clock::local(clock.now()).format("%d/%m/%Y %H:%M:%S");
    match (clock.is_virtual(), lang) {
        (false, Lang::Vi) => format!("{url}: chạy theo đồng hồ thật, bây giờ là {at}."),
        (false, Lang::En) => format!("{url}: on the real clock, now {at}"),
        (true, Lang::Vi) => {
            format!("{url}: chạy theo đồng hồ ảo, đứng ở {at}; chỉ xử lý việc đã đến hạn lúc đó.")
        }
        (true, Lang::En) => {
            format!("{url}: on a virtual clock that stands at {at}; only what is due then is done")
        }
    }
}

fn stranded_words(stranded: &Stranded, lang: Lang) -> String {
    let Stranded { chart, cases, why, .. } = stranded;
    let cases = cases.join(", ");
    match lang {
        Lang::Vi => {
            format!(
                "Không nạp được quy trình {chart}, các hồ sơ sau được để nguyên: {cases} ({why})"
            )
        }
        Lang::En => {
            format!("chart {chart} cannot be loaded, these cases are left alone: {cases} ({why})")
        }
    }
}
