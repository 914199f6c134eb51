//! What is typed stays until it is sent: drafts, whose they are, and when they go.

use app::web::{real_ms, tokens};
use axum::http::StatusCode;
use serde_json::{Value, json};
use store::accounts::{self, SessionRow};
use store::drafts::{self, DraftRow};
use store::{cases, personal};

use crate::browser::{Browser, Place};

const USERS: &str = "/indicators/users_registered";
const RESULTS: &str = "/narrative/results";
const BANNER: &str = "Bản nháp – CHƯA NỘP.";

fn path(place: &Place) -> String {
    format!("/cases/{}/actions/submit", place.report)
}

/// Whether a page says, where it can be seen, that something is a draft.
fn has_banner(text: &str) -> bool {
    let is_shown =
        |before: &str| !before.rsplit_once('<').is_some_and(|(_, tag)| tag.contains("hidden"));
    text.match_indices(BANNER).any(|(at, _)| {
        let before = &text[..at];
        let opened = before.rfind("class=\"app-draft\"").map_or("", |from| &before[from..]);
        is_shown(before) && !opened.split('>').next().unwrap_or_default().contains("hidden")
    })
}

async fn of(place: &Place, person: &str) -> Vec<DraftRow> {
    drafts::of_person(place.runtime.store(), person).await.unwrap()
}

async fn type_and_save(browser: &mut Browser, place: &Place) {
    let save = [("_draft", "true"), (USERS, "1,25 tỷ"), (RESULTS, "Đang viết <b>dở</b>")];
    let page = browser.post(&path(place), &save).await;
    assert_eq!((page.status, page.location), (StatusCode::SEE_OTHER, path(place)));
}

async fn is_saved_shown_everywhere_and_goes_when_submitted(place: &Place) {
    let mut browser = place.signed_in(&place.enterprise).await;
    let page = browser.get(&path(place)).await;
    assert!(!has_banner(&page.text) && page.text.contains("Lưu nháp"), "{}", page.text);
    type_and_save(&mut browser, place).await;
    let page = browser.get(&path(place)).await;
    assert!(page.text.contains("value=\"1,25 tỷ\""), "nothing is judged while it is a draft");
    assert!(page.text.contains("Đang viết &lt;b&gt;dở&lt;/b&gt;"));
    assert!(page.text.contains("Đã lưu nháp lúc "));
    let case = format!("/cases/{}", place.report);
    for at in [path(place), case.clone(), "/work".to_owned()] {
        let page = browser.get(&at).await;
        assert!(has_banner(&page.text), "{at}: {}", page.text);
        let banner = page.text.split(BANNER).nth(1).unwrap();
        let due = "thứ Sáu 25/11/2022 · còn 9 ngày làm việc";
        assert!(banner.split("</div>").next().unwrap().contains(due), "{at}: {banner}");
    }
    // Nobody else sees it, be it that they see the case.
    let mut coordinator = place.signed_in(&place.coordinator).await;
    for at in [path(place), case.clone(), "/work".to_owned()] {
        let page = coordinator.get(&at).await;
        assert!(!has_banner(&page.text) && !page.text.contains("Đang viết"), "{at}");
    }
    let page = browser.get(&path(place)).await;
    let fields = [
        ("_decision", page.hidden("_decision")),
        ("_key", page.hidden("_key")),
        (USERS, "1.250.000".to_owned()),
        (RESULTS, "Xong".to_owned()),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, &**value)).collect();
    let sent = browser.post(&path(place), &fields).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    assert_eq!(of(place, &place.enterprise).await, []);
    for at in [case, "/work".to_owned()] {
        assert!(!has_banner(&browser.get(&at).await.text), "{at}");
    }
    // What a script sends late is part of what was recorded, and no draft of something new.
    let late = browser.post(&format!("{}/draft", path(place)), &fields).await;
    assert_eq!(serde_json::from_str::<Value>(&late.text).unwrap(), json!({ "sent": true }));
    assert_eq!(of(place, &place.enterprise).await, []);
}

#[tokio::test]
async fn a_draft_is_saved_shown_everywhere_and_goes_when_submitted() {
    is_saved_shown_everywhere_and_goes_when_submitted(&Place::sqlite().await).await;
}

#[tokio::test]
async fn a_draft_is_saved_shown_everywhere_and_goes_when_submitted_on_postgresql() {
    is_saved_shown_everywhere_and_goes_when_submitted(&Place::postgres().await).await;
}

#[tokio::test]
async fn a_script_saves_what_is_typed_and_is_told_when() {
    let place = Place::sqlite().await;
    let mut browser = place.signed_in(&place.enterprise).await;
    let save = format!("{}/draft", path(&place));
    let page = browser.post(&save, &[("_key", "k"), (USERS, "12\0"), ("other", "x")]).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let told: Value = serde_json::from_str(&page.text).unwrap();
    assert!(told["words"].as_str().unwrap().starts_with("Đã lưu nháp lúc "));
    let rows = of(&place, &place.enterprise).await;
    assert_eq!(rows[0].fields, json!({ USERS: ["12"] }).to_string());
    assert_eq!(told["at"], json!(rows[0].saved_at_ms));
    // A form that was left as it came is no draft; what a form begins with does not count.
    let page = browser.post(&save, &[(USERS, " "), ("/nil_report", "false")]).await;
    assert_eq!(serde_json::from_str::<Value>(&page.text).unwrap()["at"], json!(0));
    assert_eq!(of(&place, &place.enterprise).await, []);
    // Neither is what belongs to no act of people, or to a case that is not theirs.
    let machine = format!("/cases/{}/actions/report.received/draft", place.report);
    assert_eq!(browser.post(&machine, &[(USERS, "1")]).await.status, StatusCode::NOT_FOUND);
    let nowhere = format!("/cases/{}/actions/nothing/draft", place.report);
    assert_eq!(browser.post(&nowhere, &[(USERS, "1")]).await.status, StatusCode::NOT_FOUND);
    let mut stranger = place.signed_in(&place.stranger).await;
    assert_eq!(stranger.post(&save, &[(USERS, "1")]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(of(&place, &place.stranger).await, []);
}

#[tokio::test]
async fn what_could_not_be_sent_is_kept_as_a_draft() {
    let place = Place::sqlite().await;
    let mut browser = place.signed_in(&place.enterprise).await;
    let page = browser.post(&path(&place), &[(USERS, "nhiều"), (RESULTS, "Xong")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(has_banner(&page.text), "{}", page.text);
    assert!(of(&place, &place.enterprise).await[0].fields.contains("nhiều"));
    // An empty form that is sent leaves nothing behind.
    let mut stranger = place.signed_in(&place.coordinator).await;
    let cancel = format!("/cases/{}/actions/cancel", place.report);
    let page = stranger.post(&cancel, &[("/reasons", "")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(of(&place, &place.coordinator).await, []);
}

#[tokio::test]
async fn a_draft_is_thrown_away_by_its_owner_who_is_asked_first() {
    let place = Place::sqlite().await;
    let mut browser = place.signed_in(&place.enterprise).await;
    let discard = format!("{}/discard", path(&place));
    assert_eq!(browser.get(&discard).await.status, StatusCode::NOT_FOUND, "there is none");
    type_and_save(&mut browser, &place).await;
    let page = browser.get(&discard).await;
    assert!(page.text.contains("Xoá bản nháp?") && page.text.contains("Giữ lại"), "{}", page.text);
    assert_eq!(of(&place, &place.enterprise).await.len(), 1, "asking throws nothing away");
    // Another's own draft is all that another can throw away.
    let mut coordinator = place.signed_in(&place.coordinator).await;
    coordinator.post(&discard, &[]).await;
    assert_eq!(of(&place, &place.enterprise).await.len(), 1);
    let page = browser.post(&discard, &[]).await;
    assert_eq!(page.location, format!("/cases/{}", place.report));
    assert_eq!(of(&place, &place.enterprise).await, []);
}

#[tokio::test]
async fn a_draft_for_an_older_form_says_what_changed() {
    let place = Place::sqlite().await;
    let mut browser = place.signed_in(&place.enterprise).await;
    type_and_save(&mut browser, &place).await;
    let mut row = of(&place, &place.enterprise).await.remove(0);
    let mut form: Value = serde_json::from_str(&row.form).unwrap();
    let titles = form["titles"].as_object_mut().unwrap();
    titles.remove("/narrative/next");
    titles.insert("/partners".to_owned(), json!("Đối tác triển khai"));
    let mut fields: Value = serde_json::from_str(&row.fields).unwrap();
    fields["/partners/0/name"] = json!(["Công ty <An>"]);
    (row.form, row.fields) = (form.to_string(), fields.to_string());
    drafts::put(place.runtime.store(), &row).await.unwrap();
    let page = browser.get(&path(&place)).await;
    assert!(page.text.contains("Biểu mẫu đã thay đổi"), "{}", page.text);
    assert!(page.text.contains("Đối tác triển khai") && page.text.contains("Công ty &lt;An&gt;"));
    assert!(page.text.contains("Mục mới: Nhiệm vụ kỳ tới."));
    assert!(page.text.contains("value=\"1,25 tỷ\""), "what still has its field is there");
}

/// A browser whose session ended at `ended_at_ms` of the real clock.
async fn lapsed(place: &Place, ended_at_ms: i64) -> Browser {
    let token = tokens::token();
    let row = SessionRow {
        token_sha: tokens::kept(&token),
        person: place.enterprise.clone(),
        opened_at_ms: ended_at_ms - 1_000,
        seen_at_ms: ended_at_ms - 1_000,
        ends_at_ms: ended_at_ms,
        agent: "Firefox".to_owned(),
    };
    accounts::open_session(place.runtime.store(), &row).await.unwrap();
    let mut browser = place.browser();
    browser.cookies.push(("cotmoc_session".to_owned(), token));
    browser
}

#[tokio::test]
async fn whoevers_session_ended_while_typing_finds_it_again_after_signing_in() {
    let place = Place::sqlite().await;
    let typed = [(USERS, "77"), (RESULTS, "Viết lâu")];
    let mut browser = lapsed(&place, real_ms() - 1_000).await;
    let page = browser.post(&path(&place), &typed).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    assert!(page.location.starts_with("/sign-in?next="), "{}", page.location);
    let door = browser.get(&page.location).await;
    assert!(door.text.contains("đã được giữ làm bản nháp"), "{}", door.text);
    assert!(!door.text.contains("Viết lâu"), "and whoever is there sees nothing of it");
    assert_eq!(door.hidden("next"), path(&place));
    let mut again = place.signed_in(&place.enterprise).await;
    let page = again.get(&path(&place)).await;
    assert!(page.text.contains("Viết lâu") && page.text.contains("value=\"77\""), "{}", page.text);
    // The token itself opens nothing.
    assert_eq!(browser.get(&path(&place)).await.status, StatusCode::SEE_OTHER);
    // What a script sends meets the same door, and is kept too.
    let page = browser.post(&format!("{}/draft", path(&place)), &[(USERS, "78")]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    assert!(of(&place, &place.enterprise).await[0].fields.contains("78"));
}

#[tokio::test]
async fn a_session_that_was_ended_or_is_long_over_leaves_no_draft() {
    let place = Place::sqlite().await;
    let mut signed_out = place.signed_in(&place.enterprise).await;
    let kept = signed_out.clone();
    signed_out.post("/sign-out", &[]).await;
    let long_over = lapsed(&place, real_ms() - 8 * 86_400_000).await;
    let mut forged = place.browser();
    forged.cookies.push(("cotmoc_session".to_owned(), "forged".to_owned()));
    for mut browser in [kept, long_over, forged] {
        let page = browser.post(&path(&place), &[(USERS, "1")]).await;
        assert!(page.location.starts_with("/sign-in") && !page.location.contains("kept"));
    }
    assert_eq!(of(&place, &place.enterprise).await, []);
}

#[tokio::test]
async fn whoever_is_erased_leaves_no_draft() {
    let place = Place::sqlite().await;
    let mut browser = place.signed_in(&place.enterprise).await;
    type_and_save(&mut browser, &place).await;
    personal::erase_person(place.runtime.store(), &place.enterprise).await.unwrap();
    assert_eq!(of(&place, &place.enterprise).await, []);
    let page = browser.post(&format!("{}/draft", path(&place)), &[(USERS, "1")]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    assert_eq!(of(&place, &place.enterprise).await, []);
}

#[tokio::test]
async fn a_stale_form_says_what_happened_and_how_it_differs() {
    let place = Place::sqlite().await;
    let mut mine = place.signed_in(&place.enterprise).await;
    let page = mine.get(&path(&place)).await;
    let (decision, revision) = (page.hidden("_decision"), page.hidden("_revision"));
    let fields = |users: &'static str| {
        vec![
            ("_decision", decision.as_str()),
            ("_revision", revision.as_str()),
            (USERS, users),
            (RESULTS, "Xong."),
        ]
    };
    let mut theirs = place.signed_in(&place.enterprise).await;
    let sent = theirs.post(&path(&place), &fields("1.300.000")).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    let stale = mine.post(&path(&place), &fields("1.250.000")).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert!(stale.text.contains("Trong lúc bạn nhập"), "{}", stale.text);
    let table = stale.text.split("Chỗ khác nhau").nth(1).unwrap().split("</table>").next().unwrap();
    for words in ["Số tài khoản đăng ký", "1.250.000 tài khoản", "1.300.000 tài khoản"]
    {
        assert!(table.contains(words), "{words}: {table}");
    }
    assert!(!table.contains("Xong."), "what is the same is not told");
    assert!(stale.text.contains("value=\"1.250.000\""), "and mine is still there");
    assert_eq!(of(&place, &place.enterprise).await.len(), 1);
    let head = cases::find(place.runtime.store(), &place.report).await.unwrap().unwrap();
    assert!(head.snapshot.contains("1300000"));
}

#[tokio::test]
async fn whoever_comes_back_to_a_draft_is_told_what_others_did_since() {
    let place = Place::sqlite().await;
    let mut browser = place.signed_in(&place.enterprise).await;
    let page = browser.get(&path(&place)).await;
    let decision = page.hidden("_decision");
    let fields = [("_decision", &*decision), (USERS, "1.250.000"), (RESULTS, "Xong.")];
    browser.post(&path(&place), &fields).await;
    let correct = format!("/cases/{}/actions/correct", place.report);
    let page = browser.get(&correct).await;
    assert!(!page.text.contains("nil=true"), "a correction is no nil report");
    let revision = page.hidden("_revision");
    let typed = [("_revision", &*revision), ("/reason", "Thiếu"), (USERS, "1.260.000")];
    browser.post(&format!("{correct}/draft"), &typed).await;
    let mut coordinator = place.signed_in(&place.coordinator).await;
    let accept = format!("/cases/{}/actions/accept", place.report);
    let decision = coordinator.get(&accept).await.hidden("_decision");
    let sent = coordinator.post(&accept, &[("_decision", &decision), ("/note", "Đạt")]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    let page = browser.get(&correct).await;
    let told = page.text.split("Trong lúc bạn nhập").nth(1).unwrap();
    assert!(told.split("</ul>").next().unwrap().contains("Chấp nhận báo cáo"), "{told}");
    assert!(page.text.contains("value=\"1.260.000\""));
}

#[tokio::test]
async fn a_table_that_gets_more_rows_is_kept_as_a_draft() {
    let place = Place::sqlite().await;
    let mut browser = place.signed_in(&place.enterprise).await;
    let page = browser.post(&path(&place), &[("_more", "/x"), (RESULTS, "Đang viết")]).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(of(&place, &place.enterprise).await.len(), 1);
}

#[tokio::test]
async fn a_nil_report_is_a_sentence() {
    let place = Place::sqlite().await;
    let mut browser = place.signed_in(&place.enterprise).await;
    let case = browser.get(&format!("/cases/{}", place.report)).await;
    let nil = format!("{}?nil=true", path(&place));
    assert!(case.text.contains(&nil), "{}", case.text);
    let page = browser.get(&nil).await;
    assert!(page.text.contains("Báo cáo không phát sinh.") && !page.text.contains(USERS));
    let send = |words: &'static str, page: &crate::browser::Answer| {
        vec![
            ("_decision", page.hidden("_decision")),
            ("_key", page.hidden("_key")),
            ("_nil", page.hidden("_nil")),
            ("/nil_report", page.hidden("/nil_report")),
            (RESULTS, words.to_owned()),
        ]
    };
    let fields = send("", &page);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, &**value)).collect();
    let refused = browser.post(&path(&place), &fields).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.text.contains("phải xác nhận bằng lời"), "{}", refused.text);
    assert!(!refused.text.contains(USERS), "it is still the short form");
    let fields = send("Trong kỳ không có thay đổi.", &refused);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, &**value)).collect();
    let sent = browser.post(&path(&place), &fields).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    let head = cases::find(place.runtime.store(), &place.report).await.unwrap().unwrap();
    assert!(head.snapshot.contains("\"nil_report\":true"));
}

#[tokio::test]
async fn a_correction_begins_from_what_was_sent() {
    let place = Place::sqlite().await;
    let mut browser = place.signed_in(&place.enterprise).await;
    let page = browser.get(&path(&place)).await;
    let decision = page.hidden("_decision");
    let fields = [("_decision", &*decision), (USERS, "1.250.000"), (RESULTS, "Xong.")];
    browser.post(&path(&place), &fields).await;
    let correct = format!("/cases/{}/actions/correct", place.report);
    let page = browser.get(&correct).await;
    assert!(page.text.contains("value=\"1.250.000\"") && page.text.contains(">Xong.</textarea>"));
    assert!(!has_banner(&page.text), "nothing was typed yet");
    let decision = page.hidden("_decision");
    let fields = [
        ("_decision", &*decision),
        ("/reason", "Cộng thiếu một tỉnh"),
        (USERS, "1.260.000"),
        (RESULTS, "Xong."),
    ];
    let sent = browser.post(&correct, &fields).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    let head = cases::find(place.runtime.store(), &place.report).await.unwrap().unwrap();
    assert!(head.snapshot.contains("\"version\":2") && head.snapshot.contains("1260000"));
}
