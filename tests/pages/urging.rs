//! Reminding many at once: who would be told, what is left out, what came of it, and nothing twice.

use app::letters::Builder;
use axum::http::StatusCode;
use chart::moment::Timestamp;
use runtime::{ActorRef, Command, Opening};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};
use store::{accounts, batches, cases, notices, outbox, people};

use crate::boards::LATE;
use crate::browser::{Answer, Browser, PASSWORD, Place};

const NOTE: &str = "Đề nghị nộp <b>hôm nay</b>.";

/// Opens a report on `subject` that was due in June.
async fn june(place: &Place, key: &str, subject: &str) -> String {
    let data = json!({
        "level": "enterprise", "kind": "enterprise_month", "reporter": "x", "period": "2022-06",
        "period_opens_at_ms": 1_655_226_000_000_i64,
    });
    let opening = Opening { chart: "report".to_owned(), subject: subject.to_owned(), data };
    let command = Command::open("test", key, opening, ActorRef::system());
    place.runtime.send(command).await.unwrap().case_id
}

/// The values of the boxes of the overdue board.
fn boxes(page: &Answer) -> Vec<String> {
    let found = page.text.split("name=\"item\" form=\"urge\" value=\"").skip(1);
    found.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

fn form<'a>(kind: &'a str, items: &'a [String]) -> Vec<(&'a str, &'a str)> {
    let items = items.iter().map(|item| ("item", item.as_str()));
    std::iter::once(("kind", kind)).chain(items).collect()
}

/// Reminds of `items`; the page of the batch.
async fn remind(browser: &mut Browser, fields: &[(&str, &str)], key: &str) -> (String, Answer) {
    let mut fields = fields.to_vec();
    fields.extend([("_key", key), ("note", NOTE)]);
    let sent = browser.post("/urge/send", &fields).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    let page = browser.get(&sent.location).await;
    (sent.location, page)
}

/// How many notices by hand the case has.
async fn by_hand(place: &Place, case: &str) -> usize {
    let all = notices::of_case(place.runtime.store(), case).await.unwrap();
    all.iter().filter(|one| one.notice.data.contains("batch")).count()
}

/// Runs `sql` behind everybody's back.
async fn behind(place: &Place, sql: &str) {
    let (url, sql) = (place.runtime.store().url().to_owned(), AssertSqlSafe(sql.to_owned()));
    if let Some(path) = url.strip_prefix("sqlite:") {
        let mut connection = SqliteConnection::connect(path).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    } else {
        let mut connection = PgConnection::connect(&url).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    }
}

async fn many_are_reminded_at_once_and_nobody_twice(place: Place) {
    let store = place.runtime.store();
    let head = cases::find(store, &place.report).await.unwrap().unwrap();
    let own = june(&place, "own", &head.subject).await;
    let orphan = june(&place, "orphan", "platform/nobody/x").await;
    app::letters::run_to(&Builder::default(), &place.runtime, LATE).await.unwrap();
    let mut coordinator = place.signed_in(&place.coordinator).await;
    let items = boxes(&coordinator.get("/overdue").await);
    assert_eq!(items.len(), 3);
    let nothing = coordinator.post("/urge", &[("kind", "remind")]).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(nothing.text.contains("Chưa chọn việc nào"));
    // What would be sent, and what not and why; nothing is written yet.
    let page = coordinator.post("/urge", &form("remind", &items)).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("Gửi 2 lời nhắc"), "{}", page.text);
    assert!(page.text.contains("2 việc sẽ gửi, 1 việc bỏ qua."));
    assert!(page.text.contains("hãy báo quản trị để phân công"));
    assert!(page.text.contains("lần<small>gần nhất"), "the ladder has told them before");
    assert_eq!(by_hand(&place, &own).await, 0);
    let decision = cases::find(store, &own).await.unwrap().unwrap().decision;
    let key = page.hidden("_key");
    let (batch, page) = remind(&mut coordinator, &form("remind", &items), &key).await;
    assert_eq!(page.text.matches("<small>Đã nhắc").count(), 0);
    assert_eq!(
        page.text.matches(">đã nhắc</strong>").count(),
        3,
        "the figure and two items: {}",
        page.text
    );
    assert!(page.text.contains("chưa có người giữ vai trò “Doanh nghiệp nòng cốt”"));
    // The button is pressed twice.
    assert_eq!(remind(&mut coordinator, &form("remind", &items), &key).await.0, batch);
    for case in [&own, &place.report] {
        assert_eq!(by_hand(&place, case).await, 1, "{case}");
    }
    assert_eq!(by_hand(&place, &orphan).await, 0);
    let after = cases::find(store, &own).await.unwrap().unwrap();
    assert_eq!(after.decision, decision, "nobody's page grows stale");
    // The case says who reminded whom and what they said.
    let page = coordinator.get(&format!("/cases/{own}")).await;
    assert!(page.text.contains("Nhắc “Doanh nghiệp nòng cốt”"), "{}", page.text);
    assert!(page.text.contains("“Đề nghị nộp &lt;b&gt;hôm nay&lt;/b&gt;.”"));
    assert!(coordinator.get("/overdue").await.text.contains("lần<small>gần nhất 08:00 thứ Bảy"));
    letters_say_it(&place, &mut coordinator, &batch).await;
    again_only_if_forced(&place, &mut coordinator, &items, &own).await;
    others_may_not(&place, &items, &batch).await;
    let verified = place.runtime.verify().await.unwrap();
    assert!(verified.is_clean(), "{verified:?}");
}

/// One letter tells the enterprise of both reports, with the sentence and who reminds.
async fn letters_say_it(place: &Place, coordinator: &mut Browser, batch: &str) {
    let page = coordinator.get(batch).await;
    assert_eq!(page.text.matches("đang soạn").count(), 2, "{}", page.text);
    Builder::default().tick(&place.runtime, place.runtime.clock().now()).await.unwrap();
    let day = Some("letters/2022-11-26");
    let letters = outbox::list(place.runtime.store(), None, day, "", 100).await.unwrap();
    let told =
        letters.iter().filter(|one| one.row.body.contains("Lời nhắc: Đề nghị nộp <b>hôm nay</b>."));
    let told: Vec<_> = told.collect();
    assert_eq!(told.len(), 1, "{letters:?}");
    assert!(told[0].row.body.contains("Nhắc bởi: "));
    assert!(told[0].row.body.contains("&lt;b&gt;hôm nay"), "escaped in the page");
    let page = coordinator.get(batch).await;
    assert_eq!(page.text.matches("chờ gửi").count(), 2, "{}", page.text);
}

/// Who was reminded today is left out, unless that is asked for.
async fn again_only_if_forced(
    place: &Place,
    coordinator: &mut Browser,
    items: &[String],
    own: &str,
) {
    let page = coordinator.post("/urge", &form("remind", items)).await;
    assert!(page.text.contains("0 việc sẽ gửi, 3 việc bỏ qua."), "{}", page.text);
    assert!(!page.text.contains("/urge/send"), "nothing is to be sent");
    assert!(page.text.contains("Vẫn gửi cả 2 việc đã nhắc hôm nay"));
    let (_, page) = remind(coordinator, &form("remind", items), "once more").await;
    assert_eq!(page.text.matches("Đã nhắc hôm nay.").count(), 2, "{}", page.text);
    assert_eq!(by_hand(place, own).await, 1);
    let mut forced = form("remind", items);
    forced.push(("force", "yes"));
    assert!(coordinator.post("/urge", &forced).await.text.contains("Gửi 2 lời nhắc"));
    let (_, page) = remind(coordinator, &forced, "forced").await;
    assert_eq!(page.text.matches(">đã nhắc</strong>").count(), 3, "{}", page.text);
    assert_eq!(by_hand(place, own).await, 2);
    // To the leaders is another thing than to whoever owes.
    let page = coordinator.post("/urge", &form("escalate", items)).await;
    assert!(page.text.contains("Báo cáo lãnh đạo 3 việc"), "{}", page.text);
    let (_, page) = remind(coordinator, &form("escalate", items), "leaders").await;
    assert_eq!(page.text.matches("<td>Lãnh đạo phụ trách").count(), 2, "{}", page.text);
    assert_eq!(
        page.text.matches("<td>Lãnh đạo Bộ").count(),
        1,
        "who stands in where nobody holds the role"
    );
    assert_eq!(by_hand(place, own).await, 3);
}

/// Neither seen nor sent by anybody else; the chart has its say too.
async fn others_may_not(place: &Place, items: &[String], batch: &str) {
    let mut enterprise = place.signed_in(&place.enterprise).await;
    for path in ["/batches", batch] {
        assert_eq!(enterprise.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for path in ["/urge", "/urge/send", &format!("{batch}/again")] {
        let page = enterprise.post(path, &form("remind", items)).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
    }
    let store = place.runtime.store();
    let all = people::list_assignments(store).await.unwrap();
    let other = all.iter().find(|one| one.role == "ministry_leadership").unwrap();
    let hash = app::web::tokens::hashed(PASSWORD).unwrap();
    accounts::set_password(store, &other.holder, &hash, app::web::real_ms()).await.unwrap();
    let mut leader = place.signed_in(&other.holder).await;
    let page = leader.post("/urge", &form("remind", items)).await;
    assert!(page.text.contains("Quy trình giao việc nhắc này cho: "), "{}", page.text);
    assert!(!page.text.contains("/urge/send"));
    let (_, page) = remind(&mut leader, &form("remind", items), "not mine").await;
    assert!(!page.text.contains("govuk-tag--green"), "{}", page.text);
    for forged in ["", "x", "a/b/c/d", "a/b/1/", "' OR 1=1 --/b/1/", "a/b/99999999999999999999/"] {
        let page = leader.post("/urge", &[("item", forged), ("kind", "x")]).await;
        assert!(!page.status.is_server_error(), "{forged}");
    }
    for fields in [[("month", "2022-13"), ("kind", "x")], [("all", "yes"), ("unit", "' --")]] {
        assert!(!leader.post("/urge", &fields).await.status.is_server_error());
    }
}

#[tokio::test]
async fn many_are_reminded_at_once_on_sqlite() {
    many_are_reminded_at_once_and_nobody_twice(Place::sqlite().await).await;
}

#[tokio::test]
async fn many_are_reminded_at_once_on_postgres() {
    many_are_reminded_at_once_and_nobody_twice(Place::postgres().await).await;
}

async fn what_was_left_in_the_middle_is_gone_on_with(place: Place) {
    let store = place.runtime.store();
    let head = cases::find(store, &place.report).await.unwrap().unwrap();
    let own = june(&place, "own", &head.subject).await;
    place.runtime.run_to(LATE).await.unwrap();
    let mut coordinator = place.signed_in(&place.coordinator).await;
    let items = boxes(&coordinator.get("/overdue").await);
    let (batch, _) = remind(&mut coordinator, &form("remind", &items), "k").await;
    let id = batch.rsplit('/').next().unwrap();
    let before = batches::items(store, id).await.unwrap();
    let revisions = |items: &[batches::ItemRow]| -> Vec<Option<i64>> {
        items.iter().map(|item| item.revision).collect()
    };
    // The process died after the commands were committed and before their outcome was written.
    behind(
        &place,
        "UPDATE batch_items SET outcome = 'waiting', revision = NULL, settled_at_ms = NULL",
    )
    .await;
    let page = coordinator.get(&batch).await;
    assert!(page.text.contains("Còn 2 việc đang gửi"), "{}", page.text);
    let page = coordinator.post(&format!("{batch}/again"), &[]).await;
    assert_eq!(page.location, batch);
    let after = batches::items(store, id).await.unwrap();
    assert!(after.iter().all(|item| item.outcome == "done"), "{after:?}");
    assert_eq!(revisions(&after), revisions(&before), "the answers that were given already");
    assert_eq!(by_hand(&place, &own).await, 1);
    // What failed is tried again, and nothing else.
    behind(&place, "UPDATE batch_items SET outcome = 'failed', why = '{\"vi\":\"Máy chủ bận\"}' WHERE item = 0").await;
    let page = coordinator.get(&batch).await;
    assert!(
        page.text.contains("Thử lại 1 mục lỗi") && page.text.contains("Máy chủ bận"),
        "{}",
        page.text
    );
    coordinator.post(&format!("{batch}/again"), &[]).await;
    let tries: Vec<i64> =
        batches::items(store, id).await.unwrap().iter().map(|item| item.tries).collect();
    assert_eq!(tries, [3, 2]);
    // The report came in while a batch was on its way: nobody is reminded of what is done.
    place.runtime.run_to(LATE.plus_ms(86_400_000)).await.unwrap();
    let waiting = batches::ItemRow {
        batch_id: "late".to_owned(),
        outcome: "waiting".to_owned(),
        ..after[0].clone()
    };
    let row = batches::find(store, id).await.unwrap().unwrap();
    let row =
        batches::BatchRow { id: "late".to_owned(), local_date: "2022-11-27".to_owned(), ..row };
    batches::put(store, &row, std::slice::from_ref(&waiting)).await.unwrap();
    let who =
        ActorRef { person: place.coordinator.clone(), org: String::new(), on_behalf_of: None };
    let cancel = Command::send(&waiting.case_id, "cancel", json!({ "reasons": "Thôi." }), who, "c");
    place.runtime.send(cancel).await.unwrap();
    coordinator.post("/batches/late/again", &[]).await;
    let items = batches::items(store, "late").await.unwrap();
    assert_eq!((items[0].outcome.as_str(), items[0].why.as_str()), ("skipped", "gone"));
    assert_eq!(coordinator.get("/batches/nothing").await.status, StatusCode::NOT_FOUND);
    assert!(coordinator.get("/batches").await.text.contains(&batch));
}

#[tokio::test]
async fn what_was_left_in_the_middle_is_gone_on_with_on_both_databases() {
    what_was_left_in_the_middle_is_gone_on_with(Place::sqlite().await).await;
    what_was_left_in_the_middle_is_gone_on_with(Place::postgres().await).await;
}

#[tokio::test]
async fn everything_of_a_unit_or_a_month_is_chosen_by_one_button() {
    let place = Place::sqlite().await;
    let head = cases::find(place.runtime.store(), &place.report).await.unwrap().unwrap();
    june(&place, "own", &head.subject).await;
    let mut coordinator = place.signed_in(&place.coordinator).await;
    // Before the due moment the board of reports asks for what is awaited.
    let board = coordinator.get("/reports").await;
    assert!(board.text.contains("Nhắc 1 đơn vị chưa nộp"), "{}", board.text);
    let page = coordinator.post("/urge", &[("month", "2022-11"), ("kind", "remind")]).await;
    assert!(
        page.text.contains("Gửi 1 lời nhắc") && page.text.contains(&place.report),
        "{}",
        page.text
    );
    let page = coordinator.post("/urge", &[("month", "2022-11"), ("length", "quarter")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    place.runtime.run_to(Timestamp(LATE.as_ms())).await.unwrap();
    let all = people::list_assignments(place.runtime.store()).await.unwrap();
    let own = all.iter().find(|one| one.holder == place.enterprise).unwrap();
    for (unit, count) in [(own.organisation.as_str(), 2), ("", 2)] {
        let fields = [("all", "yes"), ("unit", unit), ("kind", "remind")];
        let page = coordinator.post("/urge", &fields).await;
        assert!(page.text.contains(&format!("Gửi {count} lời nhắc")), "{unit}: {}", page.text);
    }
    let page = coordinator.post("/urge/send", &[("all", "yes"), ("note", &"x".repeat(501))]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("Lời thêm dài quá 500 ký tự"));
}
