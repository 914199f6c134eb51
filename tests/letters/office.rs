//! An office in a database: people who hold roles on one enterprise's part of a platform, and reports
//! that they owe.

use app::letters::{self, Builder};
use app::mail::{self, Mail, Sender};
use chart::moment::Timestamp;
use runtime::clock::Clock;
use runtime::publishing::Definition;
use runtime::{ActorRef, Command, Opening, Runtime, Setup};
use serde_json::{Value, json};
use store::people::{AssignmentRow, OrganisationRow, PersonRow};
use store::rows::StoredOutbox;
use store::{Store, outbox, people};
use tempfile::TempDir;

pub(crate) const PARTICIPATION: &str = "platform/ndp2022-09/sen-viet";
pub(crate) const PLATFORM: &str = "platform/ndp2022-09";
pub(crate) const FROM: &str = "Cột Mốc <cotmoc@cotmoc.example.vn>";
pub(crate) const URL: &str = "https://cotmoc.example.vn/";

/// A runtime on a virtual clock with its letters, on a database of its own.
pub(crate) struct Office {
    pub(crate) runtime: Runtime,
    pub(crate) builder: Builder,
    url: String,
    _folder: Option<TempDir>,
}

impl Office {
    /// An office without people that opens on 15/11/2022, 00:00 in Ha Noi, on `SQLite`.
    pub(crate) async fn open(mail: &Mail) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("office.db").display());
        Self::on(url, Some(folder), mail).await
    }

    /// The same on PostgreSQL.
    pub(crate) async fn open_postgres(mail: &Mail) -> Self {
        Self::on(support::postgres::fresh().await, None, mail).await
    }

    async fn on(url: String, folder: Option<TempDir>, mail: &Mail) -> Self {
        let store = Store::open(&url).await.unwrap();
        store.migrate().await.unwrap();
        let runtime = runtime(store, mail).await;
        Self { runtime, builder: Builder::new(URL), url, _folder: folder }
    }

    /// A second process on the same database.
    pub(crate) async fn another(&self, mail: &Mail) -> (Runtime, Builder) {
        let store = Store::open(&self.url).await.unwrap();
        (runtime(store, mail).await, Builder::new(URL))
    }

    pub(crate) fn store(&self) -> &Store {
        self.runtime.store()
    }

    /// Makes a person who reads `language` and holds `roles` (role, scope).
    pub(crate) async fn person(
        &self,
        id: &str,
        name: &str,
        language: &str,
        roles: &[(&str, &str)],
    ) {
        let organisation = OrganisationRow {
            id: "sen-viet".to_owned(),
            kind: "enterprise".to_owned(),
            name: json!({ "vi": "Công ty Sen Việt", "en": "Sen Viet Company" }).to_string(),
            parent_id: None,
            document: "{}".to_owned(),
        };
        people::put_organisations(self.store(), &[organisation]).await.unwrap();
        let person = PersonRow {
            id: id.to_owned(),
            organisation: "sen-viet".to_owned(),
            name: name.to_owned(),
            email: format!("{id}@example.vn"),
            language: language.to_owned(),
            erased: false,
        };
        people::put_persons(self.store(), &[person]).await.unwrap();
        let held = roles.iter().map(|(role, scope)| AssignmentRow {
            id: format!("{id} {role} {scope}"),
            role: (*role).to_owned(),
            scope: (*scope).to_owned(),
            holder: id.to_owned(),
            organisation: "sen-viet".to_owned(),
            from_ms: 0,
            to_ms: None,
            basis: "12/QĐ".to_owned(),
        });
        people::put_assignments(self.store(), &held.collect::<Vec<_>>()).await.unwrap();
        self.runtime.refresh_people().await.unwrap();
    }

    /// Opens an enterprise's monthly report for November 2022, due on the 25th; its case.
    pub(crate) async fn report(&self, key: &str) -> String {
        let data = json!({
            "level": "enterprise", "kind": "enterprise_month", "reporter": "sen-viet",
            "period": "2022-11",
        });
        let opening =
            Opening { chart: "report".to_owned(), subject: PARTICIPATION.to_owned(), data };
        let command = Command::open("test", key, opening, ActorRef::system());
        self.runtime.send(command).await.unwrap().case_id
    }

    /// Opens the platform's case, which has its name.
    pub(crate) async fn platform(&self, name: &str) {
        let data = json!({ "name_vi": name, "name_en": "Online meetings" });
        let opening = Opening { chart: "platform".to_owned(), subject: PLATFORM.to_owned(), data };
        let command = Command::open("test", "platform", opening, ActorRef::system());
        self.runtime.send(command).await.unwrap();
    }

    /// `person` sends `event` to the case.
    pub(crate) async fn send(&self, case_id: &str, person: &str, event: &str, payload: Value) {
        let key = format!("{person} {event} {}", self.runtime.clock().now().as_ms());
        let command = Command::send(case_id, event, payload, ActorRef::person(person), &key);
        self.runtime.send(command).await.unwrap();
    }

    /// Moves the clock to `local` (`2022-11-16T07:30`), doing everything on the way.
    pub(crate) async fn until(&self, local: &str) {
        letters::run_to(&self.builder, &self.runtime, at(local)).await.unwrap();
    }

    /// Every letter of the outbox, by id.
    pub(crate) async fn outbox(&self) -> Vec<StoredOutbox> {
        let rows = outbox::list(self.store(), None, None, "", 10_000).await.unwrap();
        rows.into_iter().filter(|stored| stored.row.kind == "letter").collect()
    }
}

async fn runtime(store: Store, mail: &Mail) -> Runtime {
    let charts = workflows::all().into_iter().filter_map(Definition::of).collect();
    let sender = Sender::parse(FROM).unwrap();
    let performer = mail::performer(mail.clone(), sender, store.clone());
    let setup = Setup::new(charts, workflows::calendars::calendar())
        .on(Clock::standing_at(at("2022-11-15T00:00")))
        .performing(performer);
    Runtime::open(store, setup).await.unwrap()
}

/// A moment in Ha Noi.
pub(crate) fn at(local: &str) -> Timestamp {
    let text = format!("{local}:00+07:00");
    chart::calendar::parse_moment(&text, &workflows::calendars::calendar()).unwrap()
}

/// Figures that make a report complete.
pub(crate) fn figures() -> Value {
    json!({
        "indicators": {
            "users_registered": 1200, "users_active_month": 800, "orgs_connected_ministry": 4,
            "orgs_connected_province": 9, "transactions_month": 7000,
            "transactions_cumulative": 57000, "availability_pct": 99.5, "incidents_high": 0,
            "milestones_done": 2, "milestones_due": 3,
        },
        "narrative": {
            "results": "Hoàn thành.", "difficulties": "", "proposals": "", "next": "",
        },
    })
}
