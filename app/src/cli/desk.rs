//! What commands work on: a store that is there and set up, with the charts, people and moment of it.
//!
//! **Invariant:** a command that only reads neither makes a file nor writes to one.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use chart::calendar::{Calendar, date_en, date_vi};
use chart::definition::{Chart, Kind, StateIx};
use chart::moment::Timestamp;
use chart::snapshot::Snapshot;
use chrono::NaiveDate;
use runtime::clock::Clock;
use runtime::engine::CLOCK;
use runtime::library::Library;
use runtime::publishing::{Definition, at_hand};
use runtime::roles::Assignments;
use runtime::{Runtime, Setup};
use serde_json::Value;
use store::rows::Head;
use store::{Store, cases, meta};

use super::{Failure, Lang};

/// A store with what it takes to read it.
#[derive(Debug)]
pub struct Desk {
    /// The store.
    pub store: Store,
    /// Charts and calendars: those of the store, and beside them those this program ships.
    pub library: Library,
    /// Who holds which role.
    pub assignments: Assignments,
    /// The clock the store keeps.
    pub clock: Clock,
    /// Names of organisations by id, in the language that was asked for.
    pub names: BTreeMap<String, String>,
}

/// The store at `url`, if it is there and set up.
pub async fn open(url: &str) -> Result<Store, Failure> {
    if let Some(file) = file(url)
        && !Path::new(file).exists()
    {
        return Err(Failure::unavailable(
            &format!(
                "Không có tệp `{file}`; hãy tạo bằng `cotmoc --store {url} init`, hoặc chỉ tệp khác \
                 bằng --store."
            ),
            &format!(
                "there is no file `{file}`; make it with `cotmoc --store {url} init`, or name \
                 another with --store"
            ),
        ));
    }
    let store = Store::open(url).await?;
    // Fails in clear words where nobody has set the database up.
    meta::find(&store, CLOCK).await?;
    Ok(store)
}

/// The file behind an address of `SQLite`.
fn file(url: &str) -> Option<&str> {
    let path = url.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    Some(path).filter(|path| !path.is_empty() && !path.starts_with(":memory:"))
}

/// The charts this program ships.
pub fn shipped() -> Vec<Definition> {
    workflows::all().into_iter().filter_map(Definition::of).collect()
}

/// The calendar this program ships.
pub fn calendar() -> Arc<Calendar> {
    workflows::calendars::calendar()
}

/// The store at `url` with a writer, for one command; nothing is served.
pub async fn work(url: &str) -> Result<Runtime, Failure> {
    let store = open(url).await?;
    Ok(Runtime::open(store, Setup::new(shipped(), calendar())).await?)
}

/// Ends what [`work`] began.
pub async fn close(runtime: Runtime) {
    let store = runtime.store().clone();
    runtime.close().await;
    store.close().await;
}

impl Desk {
    /// The store at `url`, read.
    pub async fn open(url: &str, lang: Lang) -> Result<Self, Failure> {
        let store = open(url).await?;
        let library = at_hand(&store, &shipped(), calendar()).await?;
        let assignments = runtime::people::read(&store).await?;
        let stored = meta::find(&store, CLOCK).await?;
        let clock = stored.and_then(|text| Clock::from_text(&text)).unwrap_or(Clock::Real);
        let organisations = store::people::list_organisations(&store).await?;
        let names = organisations.into_iter().map(|row| {
            let name: Value = serde_json::from_str(&row.name).unwrap_or_default();
            let name = name[lang.code()].as_str().or(name["vi"].as_str());
            (row.id.clone(), name.unwrap_or(&row.id).to_owned())
        });
        let names = names.collect();
        Ok(Self { store, library, assignments, clock, names })
    }

    /// The moment of the store's clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The calendar this program ships.
    pub fn calendar(&self) -> &Calendar {
        self.library.calendar()
    }

    /// The name of an organisation, or its id where it has none.
    pub fn name<'a>(&'a self, organisation: &'a str) -> &'a str {
        self.names.get(organisation).map_or(organisation, String::as_str)
    }

    /// The units that hold `role` on `subject` now, by id, each once; none where nobody does.
    pub fn units(&self, role: &str, subject: &str, case_id: &str) -> Vec<String> {
        let mut units: Vec<String> = Vec::new();
        for holder in self.assignments.holders(role, subject, case_id, self.now()) {
            if !units.contains(&holder.organisation) {
                units.push(holder.organisation.clone());
            }
        }
        units
    }

    /// The head of the case that `id` is, or is the beginning of.
    pub async fn case(&self, id: &str) -> Result<Head, Failure> {
        find_case(&self.store, id).await
    }

    /// The chart a case runs under.
    pub fn chart(&self, head: &Head) -> Result<&Arc<Chart>, Failure> {
        self.library
            .chart(&head.chart_sha)
            .map_err(|error| super::wording::not_sent(&error, self.calendar()))
    }

    /// The snapshot of a case.
    pub fn snapshot(&self, head: &Head) -> Result<Snapshot, Failure> {
        let chart = self.chart(head)?;
        let corrupt = |why: String| {
            let case_id = head.case_id.clone();
            let error = runtime::SendError::Corrupt { case_id, why };
            super::wording::not_sent(&error, self.calendar())
        };
        let value: Value =
            serde_json::from_str(&head.snapshot).map_err(|error| corrupt(error.to_string()))?;
        Snapshot::from_value(chart, &value).map_err(|error| corrupt(error.to_string()))
    }

    /// What an effective due date means today: the date in words, and the working days left
    /// (negative when it is past; none where the calendar does not know the year).
    pub fn due(&self, due_date: Option<&str>, lang: Lang) -> (Value, Value) {
        let Some(date) = due_date.and_then(|text| text.parse::<NaiveDate>().ok()) else {
            return (Value::Null, Value::Null);
        };
        let calendar = self.calendar();
        let left = calendar.working_days_between(calendar.local_date(self.now()), date);
        (Value::from(day(date, lang)), left.map_or(Value::Null, Value::from))
    }
}

/// The head of the case that `id` is, or is the beginning of.
pub async fn find_case(store: &Store, id: &str) -> Result<Head, Failure> {
    if let Some(head) = cases::find(store, id).await? {
        return Ok(head);
    }
    let mut next = cases::page(store, id, 2).await?;
    next.retain(|head| !id.is_empty() && head.case_id.starts_with(id));
    match (next.pop(), next.pop()) {
        (Some(head), None) => Ok(head),
        (Some(_), Some(_)) => Err(Failure::usage(
            &format!("Nhiều hồ sơ có mã bắt đầu bằng `{id}`; hãy viết thêm ký tự."),
            &format!("several cases begin with `{id}`; write more of it"),
        )),
        _ => Err(Failure::usage(
            &format!("Không có hồ sơ `{id}`; xem danh sách bằng `cotmoc case list`."),
            &format!("there is no case `{id}`; `cotmoc case list` shows them"),
        )),
    }
}

/// A date in words.
pub fn day(date: NaiveDate, lang: Lang) -> String {
    match lang {
        Lang::Vi => date_vi(date),
        Lang::En => date_en(date),
    }
}

/// A moment as a sortable local time, such as `2022-02-11 08:00`.
pub fn time(at_ms: i64) -> String {
    runtime::clock::local(Timestamp(at_ms)).format("%Y-%m-%d %H:%M").to_string()
}

/// Where a case is, in words: the innermost active state that holds all the others, within its
/// stage where it has one.
pub fn place(chart: &Chart, configuration: &[StateIx], lang: Lang) -> String {
    let staged = |state: &&StateIx| chart.state(**state).stage.is_some();
    let mut at: StateIx = configuration.iter().find(staged).copied().unwrap_or(0);
    loop {
        let active = |child: &&StateIx| configuration.contains(child);
        let mut inside = chart.state(at).children.iter().filter(active);
        match (inside.next(), inside.next()) {
            (Some(&only), None) if !matches!(chart.state(at).kind, Kind::Parallel) => at = only,
            _ => return title(chart, at, lang),
        }
    }
}

/// The title of a state, or its id.
pub fn title(chart: &Chart, state: StateIx, lang: Lang) -> String {
    let state = chart.state(state);
    let title = state.title.get(lang.code());
    if title.is_empty() { state.id.to_string() } else { title.to_owned() }
}

/// The title of a state by id; what is no state of the chart stays as it is.
pub fn title_of(chart: &Chart, id: &str, lang: Lang) -> String {
    chart.find(id).map_or_else(|| id.to_owned(), |state| title(chart, state, lang))
}
