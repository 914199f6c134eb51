//! The boards of those who watch over the programme: reports by month, what is overdue by unit.

use axum::http::StatusCode;
use chart::moment::Timestamp;
use runtime::{ActorRef, Command, Opening};
use serde_json::json;
use store::people;

use crate::browser::{Answer, NOW, Place};

/// 26/11/2022, 08:00 in Ha Noi: the report of the month was due the day before.
pub(crate) const LATE: Timestamp = Timestamp(1_669_424_400_000);
const DAY_MS: i64 = 86_400_000;

/// Opens the report of June of the same enterprise, as if it had been asked for then.
async fn june(place: &Place) -> String {
    let head = store::cases::find(place.runtime.store(), &place.report).await.unwrap().unwrap();
    let data = json!({
        "level": "enterprise", "kind": "enterprise_month", "reporter": "x", "period": "2022-06",
        "period_opens_at_ms": 1_655_226_000_000_i64,
    });
    let opening = Opening { chart: "report".to_owned(), subject: head.subject, data };
    let command = Command::open("test", "june", opening, ActorRef::system());
    place.runtime.send(command).await.unwrap().case_id
}

/// How often the report `case` is told with the mark `words` in a cell.
fn marked(page: &Answer, case: &str, words: &str) -> usize {
    let link = format!("href=\"/cases/{case}\"");
    page.text
        .split(&link)
        .skip(1)
        .filter(|rest| rest.split('<').next().unwrap().ends_with(&format!(">{words}")))
        .count()
}

async fn the_report_board_says_each_mark_in_words(place: Place) {
    let mut coordinator = place.signed_in(&place.coordinator).await;
    let mut enterprise = place.signed_in(&place.enterprise).await;
    let mut stranger = place.signed_in(&place.stranger).await;
    let june = june(&place).await;
    let page = coordinator.get("/reports?year=2022").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(marked(&page, &place.report, "chờ"), 1, "{}", page.text);
    assert_eq!(marked(&page, &june, "chưa nộp"), 1);
    // The 25th of June was a Saturday.
    assert_eq!(page.text.matches("(đã dời từ thứ Bảy 25/06/2022)").count(), 1);
    assert!(page.text.contains("Hạn thứ Hai 27/06/2022; đã dời từ thứ Bảy 25/06/2022"));
    assert!(page.text.contains("aria-label=\"Tỷ lệ nộp đúng hạn: T6 0 %\""), "{}", page.text);
    // Whoever reports sees their own rows, and nobody else does.
    assert_eq!(marked(&enterprise.get("/reports").await, &place.report, "chờ"), 1);
    let page = stranger.get("/reports").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.text.contains(&place.report) && !page.text.contains(&june), "{}", page.text);
    assert!(page.text.contains("Không có báo cáo nào khớp bộ lọc"));
    // The mark follows the clock, and what is received late stays late.
    place.runtime.run_to(LATE).await.unwrap();
    let page = coordinator.get("/reports").await;
    assert_eq!(marked(&page, &place.report, "chưa nộp"), 1);
    let form = enterprise.get(&format!("/cases/{}/actions/submit", place.report)).await;
    let (decision, key) = (form.hidden("_decision"), form.hidden("_key"));
    let fields = [
        ("_decision", decision.as_str()),
        ("_key", key.as_str()),
        ("/indicators/users_registered", "1.250.000"),
        ("/narrative/results", "Xong."),
    ];
    let done = enterprise.post(&format!("/cases/{}/actions/submit", place.report), &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let page = coordinator.get("/reports").await;
    assert_eq!(marked(&page, &place.report, "muộn"), 1);
    for (query, shown) in [
        ("mark=late", true),
        ("mark=ontime", false),
        ("length=quarter", false),
        ("length=all&level=enterprise", true),
        ("level=focal", false),
        ("year=2021", false),
        ("year=99999999999", true),
        ("year=x&mark=%27", true),
    ] {
        let page = coordinator.get(&format!("/reports?{query}")).await;
        assert_eq!(page.status, StatusCode::OK, "{query}");
        assert_eq!(page.text.contains(&place.report), shown, "{query}");
    }
    coordinator.cookies.push(("cotmoc_lang".to_owned(), "en".to_owned()));
    assert_eq!(marked(&coordinator.get("/reports").await, &place.report, "late"), 1);
}

#[tokio::test]
async fn the_report_board_is_the_same_on_both_databases() {
    the_report_board_says_each_mark_in_words(Place::sqlite().await).await;
    the_report_board_says_each_mark_in_words(Place::postgres().await).await;
}

/// What the board says of `unit`: how many tasks.
fn count_of(page: &Answer, unit: &str) -> Option<usize> {
    let query = serde_urlencoded::to_string([("unit", unit)]).unwrap();
    let (_, rest) = page.text.split_once(&format!("href=\"/overdue?{query}\""))?;
    let (_, count) = rest.split_once("<strong>")?;
    count.split('<').next()?.parse().ok()
}

async fn the_overdue_board_counts_by_whoever_holds_the_role(place: Place) {
    let store = place.runtime.store();
    let all = people::list_assignments(store).await.unwrap();
    let own = all.iter().find(|one| one.holder == place.enterprise).unwrap();
    place.runtime.run_to(LATE).await.unwrap();
    let mut coordinator = place.signed_in(&place.coordinator).await;
    let page = coordinator.get("/overdue").await;
    assert_eq!(count_of(&page, &own.organisation), Some(1), "{}", page.text);
    assert!(page.text.contains("việc quá hạn</strong><span>ở 1 đơn vị"), "{}", page.text);
    assert!(page.text.contains("báo cáo tháng 11 đã nộp"));
    // Somebody else holds the role on this case alone.
    let mut other = all.iter().find(|one| one.holder == place.stranger).unwrap().clone();
    (other.id, other.scope) = ("of-the-case".to_owned(), format!("case/{}", place.report));
    let unit = other.organisation.clone();
    people::put_assignments(store, &[other]).await.unwrap();
    place.runtime.refresh_people().await.unwrap();
    let page = coordinator.get("/overdue").await;
    assert_eq!((count_of(&page, &own.organisation), count_of(&page, &unit)), (None, Some(1)));
    assert!(page.text.contains(&place.report));
    let query = serde_urlencoded::to_string([("unit", &unit)]).unwrap();
    assert!(coordinator.get(&format!("/overdue?{query}")).await.text.contains(&place.report));
    for query in ["unit=nobody", "from=1", "from=99999999999999999999", "from=-1&unit=%00"] {
        let page = coordinator.get(&format!("/overdue?{query}")).await;
        assert!(!page.status.is_server_error(), "{query}");
        assert!(
            query.starts_with("from=9") || !page.text.contains(&format!("/cases/{}", place.report))
        );
    }
    // A role that nobody holds stands for itself.
    let subject = "platform/nobody/here".to_owned();
    let data = json!({
        "level": "enterprise", "kind": "enterprise_month", "reporter": "x", "period": "2022-06",
        "period_opens_at_ms": 1_655_226_000_000_i64,
    });
    let opening = Opening { chart: "report".to_owned(), subject, data };
    let command = Command::open("test", "nobody", opening, ActorRef::system());
    let orphan = place.runtime.send(command).await.unwrap().case_id;
    let page = coordinator.get("/overdue").await;
    assert_eq!(count_of(&page, "? core_enterprise"), Some(1), "{}", page.text);
    assert!(page.text.contains("chưa ai giữ vai trò Doanh nghiệp nòng cốt"));
    let (first, second) =
        (page.text.find(&orphan).unwrap(), page.text.find(&place.report).unwrap());
    assert!(first < second, "the longest overdue comes first");
}

#[tokio::test]
async fn the_overdue_board_is_the_same_on_both_databases() {
    the_overdue_board_counts_by_whoever_holds_the_role(Place::sqlite().await).await;
    the_overdue_board_counts_by_whoever_holds_the_role(Place::postgres().await).await;
}

#[tokio::test]
async fn a_long_list_of_what_is_overdue_is_read_page_by_page() {
    let place = Place::sqlite().await;
    let head = store::cases::find(place.runtime.store(), &place.report).await.unwrap().unwrap();
    let mut opened = Vec::new();
    for number in 0..60_i64 {
        // Each was due on a day of its own, some of them on subjects that nobody reports for.
        let subject = if number % 7 == 0 { "platform/nobody/x" } else { head.subject.as_str() };
        let due = NOW.as_ms() - (number + 5) * DAY_MS;
        let data = json!({
            "level": "enterprise", "kind": "enterprise_month", "reporter": "x", "period": "2022-06",
            "due_rule": "after 1 days", "period_opens_at_ms": due - 2 * DAY_MS,
        });
        let opening = Opening { chart: "report".to_owned(), subject: subject.to_owned(), data };
        let key = format!("page-{number}");
        let command = Command::open("test", &key, opening, ActorRef::system());
        opened.push(place.runtime.send(command).await.unwrap().case_id);
    }
    opened.reverse();
    let mut coordinator = place.signed_in(&place.coordinator).await;
    let mut seen = Vec::new();
    for from in [0, 50] {
        let page = coordinator.get(&format!("/overdue?from={from}")).await;
        let links = page.text.split("href=\"/cases/").skip(1);
        seen.extend(links.map(|rest| rest.split('"').next().unwrap().to_owned()));
        assert_eq!(page.text.contains("Trang sau"), from == 0, "{from}");
        assert_eq!(page.text.contains("Trang trước"), from == 50, "{from}");
    }
    assert_eq!(seen.len(), 60);
    let times = |id: &String| seen.iter().filter(|one| *one == id).count();
    assert!(opened.iter().all(|id| times(id) == 1), "each stands on one page");
    for from in [3, 9, 20] {
        let page = coordinator.get(&format!("/overdue?from={from}")).await;
        let first = page.text.split("href=\"/cases/").nth(1).unwrap();
        assert!(first.starts_with(&seen[from]), "{from}");
    }
}
