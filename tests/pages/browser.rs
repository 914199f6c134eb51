//! A browser without a screen: cookies, forms, and the text of what comes back.

use std::ops::RangeInclusive;
use std::sync::Arc;

use app::web::{self, Site, tokens};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use chart::moment::Timestamp;
use runtime::clock::Clock;
use runtime::{ActorRef, Command, Opening, Runtime, Setup};
use serde_json::json;
use store::{Store, accounts, people};
use tempfile::TempDir;
use tower::ServiceExt as _;

/// 14/11/2022, 09:00 in Ha Noi: reports of the month are open.
pub(crate) const NOW: Timestamp = Timestamp(1_668_391_200_000);
pub(crate) const PASSWORD: &str = "mot cau dai de nho";

/// The programme with one open report, and its pages.
pub(crate) struct Place {
    pub(crate) runtime: Runtime,
    pub(crate) router: Router,
    /// The report of [`Place::enterprise`].
    pub(crate) report: String,
    /// Whoever owes the report, and their organisation's platform.
    pub(crate) enterprise: String,
    /// Somebody of another enterprise, on no platform of the first.
    pub(crate) stranger: String,
    /// The coordination department.
    pub(crate) coordinator: String,
    _folder: Option<TempDir>,
}

impl Place {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("pages.db").display());
        Self::at(&url, Some(folder)).await
    }

    pub(crate) async fn postgres() -> Self {
        Self::at(&support::postgres::fresh().await, None).await
    }

    async fn at(url: &str, folder: Option<TempDir>) -> Self {
        let store = Store::open(url).await.unwrap();
        store.migrate().await.unwrap();
        app::people::import(&store, Timestamp(NOW.as_ms() - 86_400_000)).await.unwrap();
        let charts = app::cli::desk::shipped();
        let setup = Setup::new(charts, app::cli::desk::calendar());
        let runtime =
            Runtime::open(store.clone(), setup.on(Clock::standing_at(NOW))).await.unwrap();
        let all = people::list_assignments(&store).await.unwrap();
        let own = all.iter().find(|one| one.role == "core_enterprise").unwrap();
        let platforms = |holder: &str| -> Vec<String> {
            let held = all.iter().filter(|one| one.holder == holder);
            held.filter_map(|one| one.scope.rsplit_once('/').map(|(up, _)| up.to_owned())).collect()
        };
        let ours = platforms(&own.holder);
        let other = all.iter().find(|one| {
            one.role == "core_enterprise"
                && !platforms(&one.holder).iter().any(|platform| ours.contains(platform))
        });
        let coordinator = all.iter().find(|one| one.role == "coordinator").unwrap();
        let report = open_report(&runtime, &own.scope, &own.organisation).await;
        let site = Site::new(runtime.clone(), false, false);
        let (enterprise, stranger) = (own.holder.clone(), other.unwrap().holder.clone());
        let place = Self {
            runtime,
            router: web::router(site),
            report,
            enterprise,
            stranger,
            coordinator: coordinator.holder.clone(),
            _folder: folder,
        };
        let hash = tokens::hashed(PASSWORD).unwrap();
        for person in [&place.enterprise, &place.stranger, &place.coordinator] {
            accounts::set_password(&store, person, &hash, web::real_ms()).await.unwrap();
        }
        place
    }

    /// Opens the round `number` of evaluation on the platform of [`Place::enterprise`], and forms its council of
    /// `members` (numbers of experts), who may sign in afterwards; its case.
    pub(crate) async fn round(&self, number: usize, members: RangeInclusive<usize>) -> String {
        let store = self.runtime.store();
        let all = people::list_assignments(store).await.unwrap();
        let own = all.iter().find(|one| one.holder == self.enterprise).unwrap();
        let platform = own.scope.rsplit_once('/').unwrap().0;
        let focal = all.iter().find(|one| one.role == "ministry_focal" && one.scope == platform);
        let (person, org) = (focal.unwrap().holder.clone(), String::new());
        let focal = ActorRef { person, org, on_behalf_of: None };
        let (chart, subject) = ("evaluation".to_owned(), platform.to_owned());
        let data = json!({ "round": number, "candidates": [own.organisation] });
        let opening = Opening { chart, subject, data };
        let source = format!("round-{number}");
        let command = Command::open("test", &source, opening, ActorRef::system());
        let case = self.runtime.send(command).await.unwrap().case_id;
        let criterion = |group: &str| json!({ "id": group, "group": group, "text": group });
        let criteria = ["functional", "security", "non_technical"].map(criterion);
        let members: Vec<String> = members.map(app::people::expert_id).collect();
        let council = json!({
            "body": "expert_group", "members": members, "chair": members[0], "secretary": members[1],
            "decision_number": "QĐ-1",
        });
        for (event, payload) in
            [("set_criteria", json!({ "criteria": criteria })), ("form_body", council)]
        {
            let command =
                Command::send(&case, event, payload, focal.clone(), &format!("{case} {event}"));
            self.runtime.send(command).await.unwrap();
        }
        let hash = tokens::hashed(PASSWORD).unwrap();
        for member in &members {
            accounts::set_password(store, member, &hash, web::real_ms()).await.unwrap();
        }
        case
    }

    /// Somebody who administers and holds no other role, and may sign in.
    pub(crate) async fn administrator(&self) -> String {
        let store = self.runtime.store();
        let near = people::find_person(store, &self.coordinator).await.unwrap().unwrap();
        let id = "administrator".to_owned();
        let row = people::PersonRow {
            id: id.clone(),
            name: "Quản Trị".to_owned(),
            email: String::new(),
            ..near
        };
        let assignment = people::AssignmentRow {
            id: "administrator".to_owned(),
            role: "administrator".to_owned(),
            scope: "ministry".to_owned(),
            holder: id.clone(),
            organisation: row.organisation.clone(),
            from_ms: 0,
            to_ms: None,
            basis: "QĐ-0".to_owned(),
        };
        people::put_persons(store, &[row]).await.unwrap();
        people::put_assignments(store, &[assignment]).await.unwrap();
        self.runtime.refresh_people().await.unwrap();
        let hash = tokens::hashed(PASSWORD).unwrap();
        accounts::set_password(store, &id, &hash, web::real_ms()).await.unwrap();
        id
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser { router: self.router.clone(), cookies: Vec::new(), lang: "vi" }
    }

    /// A browser in which `person` is signed in.
    pub(crate) async fn signed_in(&self, person: &str) -> Browser {
        let mut browser = self.browser();
        let page = browser.post("/sign-in", &[("name", person), ("password", PASSWORD)]).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text);
        browser
    }
}

async fn open_report(runtime: &Runtime, subject: &str, reporter: &str) -> String {
    let data = json!({
        "level": "enterprise", "kind": "enterprise_month", "duties": ["rep-05"],
        "reporter": reporter, "period": "2022-11", "required": ["users_registered"],
        "previous": { "users_registered": 1_200_000 },
    });
    let (chart, subject) = ("report".to_owned(), subject.to_owned());
    let opening = Opening { chart, subject, data };
    let command = Command::open("test", "report-1", opening, ActorRef::system());
    runtime.send(command).await.unwrap().case_id
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) location: String,
    pub(crate) text: String,
    pub(crate) headers: axum::http::HeaderMap,
}

impl Answer {
    /// The value of the hidden field `name`.
    pub(crate) fn hidden(&self, name: &str) -> String {
        let at = format!("name=\"{name}\" value=\"");
        let (_, rest) = self.text.split_once(&at).unwrap_or_else(|| panic!("no `{name}`"));
        rest.split_once('"').unwrap().0.to_owned()
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Browser {
    router: Router,
    pub(crate) cookies: Vec<(String, String)>,
    pub(crate) lang: &'static str,
}

impl Browser {
    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.ask(Request::get(path), Body::empty()).await
    }

    pub(crate) async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let body = serde_urlencoded::to_string(form).unwrap();
        let request = Request::post(path)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.ask(request, Body::from(body)).await
    }

    /// Sends `bytes` as the file of a form.
    pub(crate) async fn upload(&mut self, path: &str, bytes: &[u8]) -> Answer {
        let head =
            "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.xlsx\"\r\n\r\n";
        let body = [head.as_bytes(), bytes, b"\r\n--cut--\r\n"].concat();
        let request = Request::post(path)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_LENGTH, body.len())
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=cut");
        self.ask(request, Body::from(body)).await
    }

    /// The bytes of a file.
    pub(crate) async fn fetch(&mut self, path: &str) -> Vec<u8> {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = Request::get(path).header(header::COOKIE, cookies.join("; "));
        let response = self.router.clone().oneshot(request.body(Body::empty()).unwrap());
        let response = response.await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        to_bytes(response.into_body(), 1 << 24).await.unwrap().to_vec()
    }

    pub(crate) async fn ask(
        &mut self,
        request: axum::http::request::Builder,
        body: Body,
    ) -> Answer {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request
            .header(header::COOKIE, cookies.join("; "))
            .header(header::ACCEPT_LANGUAGE, self.lang)
            .body(body)
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let (pair, _) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.retain(|(kept, _)| kept != name);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
        let text = String::from_utf8_lossy(&to_bytes(body, 1 << 24).await.unwrap()).into_owned();
        let location = parts.headers.get(header::LOCATION);
        let location = location.map(|to| to.to_str().unwrap().to_owned()).unwrap_or_default();
        Answer { status: parts.status, location, text, headers: parts.headers }
    }
}

/// One place for the tests of a file that change nothing of it.
pub(crate) async fn shared() -> Arc<Place> {
    static PLACE: tokio::sync::OnceCell<Arc<Place>> = tokio::sync::OnceCell::const_new();
    PLACE.get_or_init(async || Arc::new(Place::sqlite().await)).await.clone()
}
