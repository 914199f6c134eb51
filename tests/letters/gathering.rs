//! Who gets which letter when.

use app::letters;
use app::letters::letter::Letter;
use app::mail::Mail;
use serde_json::json;
use store::rows::StoredOutbox;
use store::{notices, personal};

use crate::letters::office::{Office, PARTICIPATION, PLATFORM, at, figures};

fn read(stored: &StoredOutbox) -> Letter {
    serde_json::from_str(&stored.row.body).unwrap()
}

/// The letters to `person` as (name, local date, subject), in the order they were built.
async fn to(office: &Office, person: &str) -> Vec<(String, String, String)> {
    let mut letters: Vec<Letter> = office.outbox().await.iter().map(read).collect();
    letters.retain(|letter| letter.person == person);
    letters.sort_by_key(|letter| letter.at_ms);
    letters.into_iter().map(|letter| (letter.letter, letter.date, letter.subject)).collect()
}

fn names(letters: &[(String, String, String)]) -> Vec<(&str, &str)> {
    letters.iter().map(|(name, date, _)| (name.as_str(), date.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_ladder_is_told_once_a_day_to_those_it_names() {
    let office = Office::open(&Mail::memory()).await;
    office.person("lan", "Nguyễn Thị Lan", "vi", &[("core_enterprise", PARTICIPATION)]).await;
    office.person("focal", "Trần Văn Bình", "vi", &[("ministry_focal", PLATFORM)]).await;
    office.person("desk", "Lê Thị Hoa", "vi", &[("coordinator", "ministry")]).await;
    office.person("chief", "Phạm Minh", "en", &[("leader_in_charge", "ministry")]).await;
    office.report("one").await;
    office.until("2022-12-10T00:00").await;
    let lan = to(&office, "lan").await;
    assert_eq!(
        names(&lan),
        [
            ("reminder", "2022-11-16"),
            ("reminder", "2022-11-22"),
            ("reminder", "2022-11-24"),
            ("due_today", "2022-11-25"),
            ("overdue", "2022-11-28"),
        ]
    );
    assert!(lan[0].2.starts_with("[còn 7 ngày làm việc] Hạn nộp báo cáo tháng 11/2022"), "{lan:?}");
    assert!(lan[3].2.starts_with("[Hạn hôm nay] "), "{lan:?}");
    assert_eq!(names(&to(&office, "focal").await), [("overdue", "2022-11-28")]);
    assert_eq!(names(&to(&office, "desk").await), [("escalation", "2022-11-30")]);
    let chief = to(&office, "chief").await;
    assert_eq!(names(&chief), [("escalation", "2022-12-06")]);
    let letters: Vec<Letter> = office.outbox().await.iter().map(read).collect();
    let to_chief = letters.iter().find(|letter| letter.person == "chief").unwrap();
    assert!(to_chief.text.contains("Sen Viet Company"), "who holds it is said");
    assert!(to_chief.text.contains("7 working days overdue"), "{}", to_chief.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_morning_says_goes_into_one_letter() {
    let office = Office::open(&Mail::memory()).await;
    office.person("lan", "Nguyễn Thị Lan", "vi", &[("core_enterprise", PARTICIPATION)]).await;
    let (one, _) = (office.report("one").await, office.report("two").await);
    office.report("three").await;
    office.until("2022-11-15T15:00").await;
    office.send(&one, "lan", "submit", figures()).await;
    office.until("2022-11-16T07:29").await;
    assert_eq!(to(&office, "lan").await, [], "a receipt waits for the morning");
    office.until("2022-11-16T23:00").await;
    let letters = to(&office, "lan").await;
    assert_eq!(names(&letters), [("digest", "2022-11-16")]);
    assert_eq!(letters[0].2, "Việc của bạn hôm nay: 3 việc");
    office.until("2022-11-22T08:00").await;
    let letters = to(&office, "lan").await;
    assert_eq!(
        names(&letters[1..]),
        [("reminder", "2022-11-22")],
        "several of a kind share its text"
    );
    assert_eq!(letters[1].2, "Nhắc việc: 2 việc sắp đến hạn");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_holds_two_roles_is_told_once_and_every_notice_names_its_letter() {
    let office = Office::open(&Mail::memory()).await;
    let roles = [("core_enterprise", PARTICIPATION), ("ministry_focal", PLATFORM)];
    office.person("lan", "Nguyễn Thị Lan", "vi", &roles).await;
    let case = office.report("one").await;
    office.until("2022-11-28T23:00").await;
    let letters = to(&office, "lan").await;
    assert_eq!(letters.iter().filter(|(name, ..)| name == "overdue").count(), 1);
    let ids: Vec<String> = office.outbox().await.into_iter().map(|one| one.row.id).collect();
    let notices = notices::of_case(office.store(), &case).await.unwrap();
    assert_eq!(notices.len(), 6, "four before, two after");
    for stored in notices {
        let letter = stored.built.expect("each is told");
        assert!(ids.contains(&letter), "{letter}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_returned_goes_at_once_in_its_own_words() {
    let office = Office::open(&Mail::memory()).await;
    office.person("lan", "Nguyễn Thị Lan", "vi", &[("core_enterprise", PARTICIPATION)]).await;
    office.person("focal", "Trần Văn Bình", "vi", &[("ministry_focal", PLATFORM)]).await;
    office.platform("Nền tảng họp trực tuyến").await;
    let case = office.report("one").await;
    office.until("2022-11-15T15:00").await;
    office.send(&case, "lan", "submit", figures()).await;
    office.until("2022-11-15T16:00").await;
    let reasons = "<script>alert(1)</script> Thiếu số liệu";
    office.send(&case, "focal", "return", json!({ "reasons": reasons })).await;
    letters::settle(&office.builder, &office.runtime).await.unwrap();
    let letters = to(&office, "lan").await;
    assert_eq!(names(&letters), [("report_returned", "2022-11-15")]);
    let expected = "Báo cáo bị trả lại, cần sửa – Báo cáo tháng 11/2022 – Công ty Sen Việt – Nền \
        tảng họp trực tuyến";
    assert_eq!(letters[0].2, expected);
    let letter = office.outbox().await.iter().map(read).find(|one| one.person == "lan").unwrap();
    assert!(letter.text.contains("thứ Sáu 18/11/2022 · còn 3 ngày làm việc"), "{}", letter.text);
    assert!(letter.text.contains(reasons));
    assert!(letter.html.contains("&lt;script&gt;") && !letter.html.contains("<script>"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_nobody_holds_is_told_to_the_coordinator() {
    let office = Office::open(&Mail::memory()).await;
    office.person("desk", "Lê Thị Hoa", "vi", &[("coordinator", "ministry")]).await;
    office.report("one").await;
    office.until("2022-11-16T08:00").await;
    let letters = to(&office, "desk").await;
    assert_eq!(names(&letters), [("digest", "2022-11-16")]);
    let letter = read(&office.outbox().await[0]);
    assert!(letter.text.contains("chưa có người giữ vai trò “Doanh nghiệp nòng cốt”"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nobody_can_be_told_the_notice_says_so() {
    let office = Office::open(&Mail::memory()).await;
    let case = office.report("one").await;
    office.until("2022-11-16T08:00").await;
    assert_eq!(office.outbox().await, []);
    let notices = notices::of_case(office.store(), &case).await.unwrap();
    assert_eq!(notices[0].built.as_deref(), Some(letters::NOBODY));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_erased_before_the_letter_leaves_is_told_nothing() {
    let mail = Mail::memory();
    let office = Office::open(&mail).await;
    office.person("lan", "Nguyễn Thị Lan", "vi", &[("core_enterprise", PARTICIPATION)]).await;
    office.report("one").await;
    office.until("2022-11-16T07:29").await;
    office.runtime.advance_to(at("2022-11-16T07:30")).await.unwrap();
    office.runtime.run_until_idle().await.unwrap();
    let now = office.runtime.clock().now();
    assert_eq!(office.builder.tick(&office.runtime, now).await.unwrap(), 1);
    assert!(!office.outbox().await[0].row.body.contains("Lan"), "no name waits in the outbox");
    personal::erase_person(office.store(), "lan").await.unwrap();
    office.runtime.run_until_idle().await.unwrap();
    let stored = &office.outbox().await[0];
    assert_eq!((stored.state.as_str(), stored.attempts), ("dead", 1));
    assert_eq!(stored.error.as_deref(), Some("undeliverable: `lan` has been erased"));
    let Mail::Memory(given) = &mail else { panic!("the mail is in memory") };
    assert!(given.lock().unwrap().is_empty());
    office.person("root", "Vũ An", "en", &[("administrator", "ministry")]).await;
    office.until("2022-11-17T08:00").await;
    office.until("2022-11-19T08:00").await;
    let told = to(&office, "root").await;
    assert_eq!(names(&told), [("dead_letter", "2022-11-17")], "once");
    let letter = office.outbox().await.iter().map(read).find(|one| one.person == "root").unwrap();
    assert!(letter.text.contains("undeliverable: `lan` has been erased"), "{}", letter.text);
}
