//! Letters through a real mail server, read back by another implementation than the one that wrote
//! them, and into a folder.

use std::collections::BTreeSet;
use std::fs;

use app::mail::{Mail, Sender};
use support::smtp::{Catcher, Letter};

use crate::letters::office::{FROM, Office, PARTICIPATION};

const REMINDER: &str = "2022-11-16T07:30";

/// The office on the morning on which `people` (id, name, language) are reminded of a report.
async fn reminded(mail: &Mail, people: &[(&str, &str, &str)]) -> (Office, String) {
    let office = Office::open(mail).await;
    for (id, name, language) in people {
        office.person(id, name, language, &[("core_enterprise", PARTICIPATION)]).await;
    }
    office.platform("Nền tảng họp trực tuyến").await;
    let case = office.report("one").await;
    (office, case)
}

fn header<'a>(letter: &'a Letter, name: &str) -> &'a str {
    letter.header(name).unwrap_or_else(|| panic!("no header `{name}`"))
}

/// The text of a fixture, with the case that this database gave.
fn fixture(name: &str, case: &str) -> String {
    let path = format!("{}/letters/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    text.replace("CASE", case).trim_end().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_arrives_as_its_fixture_in_both_languages() {
    let catcher = Catcher::start();
    let mail = Mail::smtp(&catcher.url()).unwrap();
    // The first name is written with its marks apart; it must arrive composed.
    let people = [("lan", "Nguye\u{302}\u{303}n Thị Lan & <con>", "vi"), ("ann", "Ann Lee", "en")];
    let (office, case) = reminded(&mail, &people).await;
    office.until(REMINDER).await;
    let letters = catcher.letters();
    assert_eq!(letters.len(), 2);
    let ids: BTreeSet<String> = office.outbox().await.into_iter().map(|one| one.row.id).collect();
    for (person, name, lang) in [("lan", "Nguyễn Thị Lan & <con>", "vi"), ("ann", "Ann Lee", "en")]
    {
        let address = format!("{person}@example.vn");
        let letter = letters.iter().find(|letter| letter.recipients == [address.clone()]).unwrap();
        assert_eq!(letter.sender, "cotmoc@cotmoc.example.vn");
        assert_eq!(header(letter, "From"), FROM);
        assert!(header(letter, "To").contains(&address));
        assert!(header(letter, "To").contains(name), "{}", header(letter, "To"));
        assert_eq!(header(letter, "Subject"), fixture(&format!("reminder.{lang}.subject"), &case));
        assert_eq!(header(letter, "Date"), "Wed, 16 Nov 2022 00:30:00 +0000");
        let id = header(letter, "Message-ID");
        let id = id.strip_prefix('<').and_then(|id| id.strip_suffix("@cotmoc.example.vn>"));
        assert!(ids.contains(id.unwrap()), "{id:?}");
        let text = letter.text.as_deref().unwrap().trim_end();
        assert_eq!(text, fixture(&format!("reminder.{lang}.txt"), &case));
        let html = letter.html.as_deref().unwrap().trim_end();
        assert_eq!(html, fixture(&format!("reminder.{lang}.html"), &case));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_server_that_was_down_gets_every_letter_once() {
    let mut catcher = Catcher::start();
    let mail = Mail::smtp(&catcher.url()).unwrap();
    let ids: Vec<String> = (0..12).map(|number| format!("p-{number:02}")).collect();
    let people: Vec<_> = ids.iter().map(|id| (id.as_str(), "Nguyễn Thị Lan", "vi")).collect();
    let (office, _) = reminded(&mail, &people).await;
    catcher.stop();
    office.until(REMINDER).await;
    let waiting = office.outbox().await;
    assert_eq!(waiting.len(), 12);
    for stored in &waiting {
        assert_eq!(stored.state, "queued");
        assert!(stored.attempts > 0);
        let error = stored.error.as_deref().unwrap();
        assert!(error.starts_with("the mail server does not take the letter now: "), "{error}");
    }
    assert!(catcher.letters().is_empty());
    catcher.restart();
    office.until("2022-11-16T07:31").await;
    let letters = catcher.letters();
    assert_eq!(letters.len(), 12, "none lost, none twice");
    let arrived: BTreeSet<&str> =
        letters.iter().map(|letter| header(letter, "Message-ID")).collect();
    let sent = office.outbox().await;
    let expected: Vec<String> =
        sent.iter().map(|one| format!("<{}@cotmoc.example.vn>", one.row.id)).collect();
    assert_eq!(arrived, expected.iter().map(String::as_str).collect());
    assert!(sent.iter().all(|one| one.state == "done"));
    let bodies = |rows: &[store::rows::StoredOutbox]| -> Vec<String> {
        rows.iter().map(|one| one.row.body.clone()).collect()
    };
    assert_eq!(bodies(&waiting), bodies(&sent), "the body was written once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_sent_again_is_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let mail = Mail::from_setting(None, folder.path()).unwrap();
    let (office, _) = reminded(&mail, &[("lan", "Nguyễn Thị Lan", "vi")]).await;
    office.until(REMINDER).await;
    let sent = office.outbox().await;
    let file = folder.path().join(format!("{}.eml", sent[0].row.id));
    let first = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    let performer =
        app::mail::performer(mail, Sender::parse(FROM).unwrap(), office.store().clone());
    let again = performer.perform(sent[0].row.clone()).await;
    assert_eq!(again, runtime::outbox::Performed::Done);
    assert_eq!(fs::read(&file).unwrap(), first);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no half of a letter is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_cannot_be_written_keeps_the_letter_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let blocked = folder.path().join("letters");
    fs::write(&blocked, "a file in the way").unwrap();
    let mail = Mail::from_setting(Some(" "), &blocked).unwrap();
    let (office, _) = reminded(&mail, &[("lan", "Nguyễn Thị Lan", "vi")]).await;
    office.until(REMINDER).await;
    let stored = &office.outbox().await[0];
    assert_eq!(stored.state, "queued");
    assert!(stored.error.as_deref().unwrap().contains("cannot be written into `"));
    fs::remove_file(&blocked).unwrap();
    office.until("2022-11-16T07:31").await;
    assert_eq!(office.outbox().await[0].state, "done");
}

#[test]
fn settings_that_cannot_be_used_say_how_to_write_them() {
    let error = Mail::smtp("mail.example.vn").unwrap_err().to_string();
    assert!(error.starts_with("`mail.example.vn` is not a mail server; write `smtp://"), "{error}");
    let error = Mail::smtp("http://me:secret@mail.example.vn").unwrap_err().to_string();
    assert!(!error.contains("secret"), "{error}");
    let error = Sender::parse("nobody").unwrap_err().to_string();
    assert_eq!(error, "`nobody` is not a sender; write `Name <name@example.vn>`");
}
