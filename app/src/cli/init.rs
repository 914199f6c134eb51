//! `cotmoc init` and `cotmoc import`: a database made ready, and the programme brought in.
//!
//! **Invariant:** doing it again changes nothing but what is newer in this program.

use chart::calendar::{Clock as Hour, parse_moment};
use chart::moment::Timestamp;
use runtime::clock::Clock;
use runtime::{ActorRef, Command, Opening, Runtime, SendError, Setup};
use serde_json::json;
use store::{Store, meta};

use super::desk::{calendar, close, shipped, work};
use super::output::{Rows, remark};
use super::serve::clock_words;
use super::wording::not_sent;
use super::{Arguments, Failure};
use crate::people;
use crate::simulate::first_day;

/// Since when schedules open periods, among the settings of the database.
pub const BEGAN: &str = "programme_began";

/// Arguments of `init`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cotmoc init
  cotmoc --store postgres://cotmoc@localhost/cotmoc init
  cotmoc --store sqlite:try.db init --clock 2022-02-11 --without-people")]
pub struct Args {
    /// `real`, or the moment at which the virtual clock of a new database stands
    #[arg(long, default_value = "real")]
    clock: String,
    /// Leave out the organisations, people and roles of the programme
    #[arg(long)]
    without_people: bool,
}

/// Arguments of `import`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cotmoc import
  cotmoc import --platforms

Organisations and roles are those of Decision 186/QĐ-BTTTT; persons and enterprises are made up.
A second import changes nothing.")]
pub struct ImportArgs {
    /// Open the cases of the 35 platforms as well
    #[arg(long)]
    platforms: bool,
}

/// Makes the store ready and prints what it holds.
pub async fn run(args: &Args, common: &Arguments) -> Result<(), Failure> {
    let clock = clock(&args.clock)?;
    let store = Store::open(&common.store).await?;
    store.migrate().await?;
    let runtime = Runtime::open(store, Setup::new(shipped(), calendar()).on(clock)).await?;
    if meta::find(runtime.store(), BEGAN).await?.is_none() {
        let now = runtime.clock().now().as_ms().to_string();
        meta::set(runtime.store(), BEGAN, &now).await?;
    }
    remark(&clock_words(runtime.clock(), runtime.store().url(), common.lang));
    let mut rows = rows(common);
    definitions(&runtime, common, &mut rows);
    if !args.without_people {
        bring_people(&runtime, common, &mut rows).await?;
    }
    close(runtime).await;
    rows.print(common.format, "")
}

/// Brings in people, and platforms where asked.
pub async fn import(args: &ImportArgs, common: &Arguments) -> Result<(), Failure> {
    let runtime = work(&common.store).await?;
    let mut rows = rows(common);
    bring_people(&runtime, common, &mut rows).await?;
    if args.platforms {
        runtime.refresh_people().await?;
        let opened = open_platforms(&runtime).await?;
        rows.push(vec![
            json!(common.lang.pick("hồ sơ nền tảng", "platform cases")),
            json!(people::SOURCE),
            json!(opened),
            json!(null),
        ]);
    }
    close(runtime).await;
    rows.print(common.format, "")
}

fn clock(text: &str) -> Result<Clock, Failure> {
    if text == "real" {
        return Ok(Clock::Real);
    }
    let at = parse_moment(text, &calendar()).map_err(|error| {
        Failure::usage(
            &format!("`{text}` không phải thời điểm; hãy viết như `2022-02-11` hoặc `real`."),
            &format!("{error}; or write `real`"),
        )
    })?;
    Ok(Clock::standing_at(at))
}

fn rows(common: &Arguments) -> Rows {
    let lang = common.lang;
    Rows::new(&[
        ("what", lang.pick("Loại", "What")),
        ("name", lang.pick("Tên", "Name")),
        ("number", lang.pick("Phiên bản / số lượng", "Version / number")),
        ("hash", lang.pick("Mã băm", "Hash")),
    ])
}

fn definitions(runtime: &Runtime, common: &Arguments, rows: &mut Rows) {
    let library = runtime.library();
    let mut charts: Vec<_> = library.charts().collect();
    charts.sort_by_key(|chart| (&chart.name, chart.version));
    for chart in charts {
        rows.push(vec![
            json!(common.lang.pick("quy trình", "chart")),
            json!(chart.name),
            json!(chart.version),
            json!(chart.sha256.get(..12)),
        ]);
    }
    let calendar = library.calendar();
    rows.push(vec![
        json!(common.lang.pick("lịch", "calendar")),
        json!(calendar.name()),
        json!(calendar.version()),
        json!(calendar.sha256().get(..12)),
    ]);
}

/// Imports the people of the programme, in their roles since the Decision was signed.
async fn bring_people(
    runtime: &Runtime,
    common: &Arguments,
    rows: &mut Rows,
) -> Result<(), Failure> {
    let lang = common.lang;
    let from: Timestamp = calendar().instant(first_day(), Hour::MIDNIGHT);
    let imported = people::import(runtime.store(), from).await?;
    for (what, number) in [
        (lang.pick("tổ chức", "organisations"), imported.organisations),
        (lang.pick("người (giả định)", "persons (made up)"), imported.persons),
        (lang.pick("phân công", "assignments"), imported.assignments),
    ] {
        rows.push(vec![json!(what), json!("186/QĐ-BTTTT"), json!(number), json!(null)]);
    }
    Ok(())
}

/// Opens the cases of the catalogue's platforms; how many there are now. Those that are open stay.
async fn open_platforms(runtime: &Runtime) -> Result<usize, Failure> {
    let openings = people::platform_openings().into_iter().map(|(subject, data)| {
        let opening = Opening { chart: "platform".to_owned(), subject: subject.clone(), data };
        Command::open(people::SOURCE, &subject, opening, ActorRef::system())
    });
    let sent = runtime.send_all(openings.collect()).await;
    let number = sent.len();
    for one in sent {
        match one {
            Ok(_) | Err(SendError::Exists { .. }) => {}
            Err(error) => return Err(not_sent(&error, &calendar())),
        }
    }
    Ok(number)
}
