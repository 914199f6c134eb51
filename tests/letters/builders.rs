//! Two processes that build at the same moment.

use app::mail::Mail;

use crate::letters::office::{Office, PARTICIPATION, at};

async fn two_builders_build_one_letter(office: Office, mail: Mail) {
    for number in 0..5 {
        let id = format!("p-{number}");
        office.person(&id, "Nguyễn Thị Lan", "vi", &[("core_enterprise", PARTICIPATION)]).await;
    }
    let (runtime, builder) = office.another(&mail).await;
    for number in 0..10 {
        office.report(&format!("report {number}")).await;
    }
    office.until("2022-11-16T07:29").await;
    office.runtime.advance_to(at("2022-11-16T07:30")).await.unwrap();
    runtime.advance_to(at("2022-11-16T07:30")).await.unwrap();
    office.runtime.run_until_idle().await.unwrap();
    let now = at("2022-11-16T07:30");
    let (one, other) =
        tokio::join!(office.builder.tick(&office.runtime, now), builder.tick(&runtime, now));
    assert_eq!(one.unwrap() + other.unwrap(), 5);
    // Both send what was built, at the same time.
    let (one, other) = tokio::join!(office.runtime.run_until_idle(), runtime.run_until_idle());
    one.unwrap();
    other.unwrap();
    assert_eq!(office.outbox().await.len(), 5);
    assert!(office.outbox().await.iter().all(|stored| stored.state == "done"));
    let Mail::Memory(given) = &mail else { panic!("the mail is in memory") };
    assert_eq!(given.lock().unwrap().len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_builders_build_one_letter_on_sqlite() {
    let mail = Mail::memory();
    two_builders_build_one_letter(Office::open(&mail).await, mail).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_builders_build_one_letter_on_postgres() {
    let mail = Mail::memory();
    two_builders_build_one_letter(Office::open_postgres(&mail).await, mail).await;
}
