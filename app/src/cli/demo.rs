//! `cotmoc demo`: two years of the programme on an embedded database, and what it tells at the end.
//!
//! Nothing need be set up. The database stays, on its virtual clock, for the other commands to look
//! at; a file that this command has not made is never touched.
//!
//! **Invariant:** everything that is shown is read from the database.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use chart::moment::Timestamp;
use runtime::publishing::Definition;
use runtime::{Runtime, Setup};
use store::Store;

use super::output::say;
use super::serve::{post, sender, stopped};
use super::simulate::failure;
use super::{Arguments, Failure, Lang, demo_accounts, demo_report, progress};
use crate::config::Config;
use crate::letters::{self, Builder};
use crate::mail;
use crate::simulate::findings::{Findings, findings};
use crate::simulate::{self, Outcome, Plan, SimulateError};

/// Where the database says that this command made it.
pub(super) const MARK: &str = "demo";

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The file of the database
    #[arg(long, default_value = "cotmoc-demo.db")]
    pub db: PathBuf,
    /// The seed of every draw
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How many months
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=60))]
    pub months: u32,
    /// Only show again what an earlier run left in the file
    #[arg(long, conflicts_with_all = ["seed", "months", "force"])]
    pub show: bool,
    /// Replace the file even if this command did not make it
    #[arg(long)]
    pub force: bool,
    /// Then serve the pages, with an account for each role, until stopped
    #[arg(long)]
    pub serve: bool,
    /// Where the pages listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8186", requires = "serve")]
    pub listen: SocketAddr,
}

const EXAMPLES: &str = "Examples:
  cotmoc demo
  cotmoc demo --serve
  cotmoc demo --serve --show                    the pages of what an earlier run left
  cotmoc demo --seed 7 --months 12 --lang en
  cotmoc --store sqlite:cotmoc-demo.db task list --overdue --by unit";

/// Runs the demonstration and shows what came of it.
pub async fn run(args: &Args, common: &Arguments) -> Result<(), Failure> {
    let lang = common.lang;
    let url = format!("sqlite:{}", args.db.display());
    if args.show {
        show(&url, None, lang).await?;
        return pages(&url, args, lang).await;
    }
    make_room(&args.db, &url, args.force).await?;
    let plan = Plan {
        seed: args.seed,
        from: simulate::first_day(),
        months: args.months,
        platforms: 35,
        store: url.clone(),
        faults: false,
    };
    mark(&url).await.map_err(|error| failure(&error))?;
    let mut bar = progress::Bar::new(lang);
    let outcome =
        simulate::run(&plan, &mut |step| bar.show(step)).await.map_err(|error| failure(&error))?;
    bar.finish();
    show(&url, Some(&outcome), lang).await?;
    pages(&url, args, lang).await
}

/// Serves the pages of the demonstration, if that was asked for. Its clock stands, so nothing falls
/// due by itself; what people do sets messages and letters going as ever, to the server or into the folder that the
/// environment names.
async fn pages(url: &str, args: &Args, lang: Lang) -> Result<(), Failure> {
    if !args.serve {
        return Ok(());
    }
    let listener = super::pages::listen(args.listen).await?;
    let store = Store::open(url).await?;
    store.migrate().await?;
    let config = Config::of_environment();
    let performer = mail::performer(post(&config)?, sender(&config)?, store.clone());
    let setup = Setup::new(super::desk::shipped(), super::desk::calendar()).performing(performer);
    let runtime = Runtime::open(store, setup).await?;
    demo_accounts::ready(&runtime, lang).await?;
    let builder = Builder::from_setting(config.url.as_deref());
    let (letters_stopped, pages_stopped) = (stopped()?, stopped()?);
    let cases = runtime.serve(stopped()?);
    let letters = letters::run(&builder, &runtime, letters_stopped);
    let pages = super::pages::serve(listener, &runtime, false, lang, pages_stopped);
    let ((), (), done) = tokio::join!(Box::pin(cases), Box::pin(letters), Box::pin(pages));
    super::desk::close(runtime).await;
    done
}

async fn show(url: &str, outcome: Option<&Outcome>, lang: Lang) -> Result<(), Failure> {
    let (found, names, now) = read(url).await.map_err(|error| failure(&error))?;
    say(&demo_report::report(&found, &names, outcome, now, lang))?;
    let try_next = lang.pick(
        "Cơ sở dữ liệu được giữ lại, dừng ở thời điểm trên. Thử tiếp:",
        "The database stays, its clock at that moment. Try next:",
    );
    say(&format!(
        "{try_next}
  cotmoc --store {url} task list --overdue --by unit
  cotmoc --store {url} report list --overdue --by unit
  cotmoc --store {url} case list
  cotmoc --store {url} verify"
    ))
}

/// Reads what is shown.
async fn read(url: &str) -> Result<(Findings, demo_report::Names, Timestamp), SimulateError> {
    let store = Store::open(url).await?;
    let charts = workflows::all().into_iter().filter_map(Definition::of).collect();
    let setup = Setup::new(charts, workflows::calendars::calendar());
    let runtime = Runtime::open(store.clone(), setup).await?;
    let now = runtime.clock().now();
    let library = runtime.library();
    let found = findings(&store, &library, &runtime.assignments(), now).await?;
    let names = demo_report::Names::of(&store, &library).await?;
    runtime.close().await;
    store.close().await;
    Ok((found, names, now))
}

/// Notes in the new database that it is a demonstration.
async fn mark(url: &str) -> Result<(), SimulateError> {
    let store = Store::open(url).await?;
    store.migrate().await?;
    store::meta::set(&store, MARK, "cotmoc demo").await?;
    store.close().await;
    Ok(())
}

/// Takes away the database of an earlier demonstration; anything else is left, unless `force`.
async fn make_room(file: &Path, url: &str, force: bool) -> Result<(), Failure> {
    if !file.exists() {
        return Ok(());
    }
    if !force && !is_ours(url).await {
        let name = file.display();
        return Err(Failure::usage(
            &format!(
                "Tệp `{name}` không do lệnh này tạo ra; hãy chọn tệp khác bằng --db, hoặc dùng \
                 --force để ghi đè."
            ),
            &format!(
                "`{name}` was not made by this command; choose another file with --db, or replace \
                 it with --force"
            ),
        ));
    }
    for end in ["", "-wal", "-shm"] {
        let mut name = file.as_os_str().to_owned();
        name.push(end);
        match std::fs::remove_file(&name) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}

async fn is_ours(url: &str) -> bool {
    let Ok(store) = Store::open(url).await else { return false };
    let marked = store::meta::find(&store, MARK).await;
    store.close().await;
    matches!(marked, Ok(Some(_)))
}
