//! Messages between cases and notices to people.

use store::rows::InboxRow;
use store::{Store, commit, inbox, notices, outbox};

use crate::fresh::Fresh;
use crate::sample::{NOW, full, message, notice, outbox as effect, step};

both!(
    messages_of_a_pair_keep_their_order,
    a_message_with_a_delay_is_overtaken,
    a_message_that_failed_holds_nobody_up,
    rivals_never_hold_two_messages_of_a_pair_at_once,
    notices_wait_until_a_letter_is_built,
    a_letter_is_built_once,
    one_process_builds_the_letter_of_a_person_and_a_day,
    a_notice_that_no_step_asked_for_is_written_once,
);

async fn a_notice_that_no_step_asked_for_is_written_once(fresh: &Fresh) {
    let mut notice = full("a", 0).notices.remove(0);
    notice.id = "told".to_owned();
    assert_eq!(notices::put(&fresh.store, std::slice::from_ref(&notice)).await.unwrap(), 1);
    assert_eq!(notices::put(&fresh.store, std::slice::from_ref(&notice)).await.unwrap(), 0);
    let found = notices::of_case(&fresh.store, &notice.case_id).await.unwrap();
    assert_eq!(found.into_iter().map(|stored| stored.notice).collect::<Vec<_>>(), [notice]);
}

/// The sender `sender` writes one message per given delay to `receiver`.
async fn send(store: &Store, sender: &str, receiver: &str, delays: &[i64]) {
    let mut write = step(sender, 0);
    write.inbox = (0_i64..)
        .zip(delays)
        .map(|(ordinal, delay)| InboxRow {
            ordinal,
            due_at_ms: NOW + delay,
            ..message(sender, 1, receiver)
        })
        .collect();
    commit(store, &[write]).await.unwrap();
}

async fn claim(store: &Store, owner: &str, now_ms: i64, limit: u32) -> Vec<(String, i64)> {
    let claimed = inbox::claim(store, owner, now_ms, now_ms + 10, limit).await.unwrap();
    claimed.into_iter().map(|row| (row.sender, row.ordinal)).collect()
}

fn pair(sender: &str, ordinal: i64) -> (String, i64) {
    (sender.to_owned(), ordinal)
}

async fn messages_of_a_pair_keep_their_order(fresh: &Fresh) {
    let store = &fresh.store;
    assert_eq!(inbox::next_due(store).await.unwrap(), None);
    send(store, "a", "r", &[0, 0, 0]).await;
    send(store, "b", "r", &[0]).await;
    assert_eq!(inbox::next_due(store).await.unwrap(), Some(NOW));
    assert_eq!(claim(store, "one", NOW, 2).await, [pair("a", 0), pair("a", 1)]);
    // The third of a waits for the first two; b has its own order.
    assert_eq!(claim(store, "two", NOW + 9, 9).await, [pair("b", 0)]);
    assert_eq!(inbox::release(store, "two").await.unwrap(), 1);
    let all: Vec<_> = (0..3).map(|ordinal| pair("a", ordinal)).collect();
    assert_eq!(claim(store, "two", NOW + 10, 9).await[..3], all);
    let first = inbox::list(store, Some("r"), 1).await.unwrap();
    assert_eq!(first[0].row, InboxRow { ordinal: 0, ..message("a", 1, "r") });
    assert_eq!(first[0].claimed_by.as_deref(), Some("two"));
    assert!(inbox::drop_void(store, &first[0].row).await.unwrap());
    assert!(!inbox::drop_void(store, &first[0].row).await.unwrap());
    assert_eq!(inbox::list(store, None, 9).await.unwrap().len(), 3);
    assert_eq!(inbox::list(store, Some("a"), 9).await.unwrap(), []);
}

async fn a_message_with_a_delay_is_overtaken(fresh: &Fresh) {
    send(&fresh.store, "a", "r", &[100, 0]).await;
    assert_eq!(claim(&fresh.store, "one", NOW, 9).await, [pair("a", 1)]);
    assert_eq!(claim(&fresh.store, "one", NOW + 99, 9).await, [pair("a", 1)]);
    let later = claim(&fresh.store, "one", NOW + 200, 9).await;
    assert_eq!(later, [pair("a", 1), pair("a", 0)]);
}

async fn a_message_that_failed_holds_nobody_up(fresh: &Fresh) {
    let store = &fresh.store;
    send(store, "a", "r", &[0, 0]).await;
    let first = InboxRow { ordinal: 0, ..message("a", 1, "r") };
    assert_eq!(claim(store, "one", NOW, 1).await, [pair("a", 0)]);
    assert!(!inbox::bury(store, "two", &first, "not in its hands", NOW).await.unwrap());
    assert!(inbox::bury(store, "one", &first, "the receiver is closed", NOW).await.unwrap());
    assert_eq!(claim(store, "one", NOW, 9).await, [pair("a", 1)]);
    let dead = inbox::list(store, Some("r"), 1).await.unwrap();
    assert_eq!(
        (dead[0].state.as_str(), dead[0].error.as_deref()),
        ("dead", Some("the receiver is closed"))
    );
    assert_eq!(inbox::revive(store, "r").await.unwrap(), 1);
    assert_eq!(claim(store, "two", NOW, 9).await, [pair("a", 0)]);
}

async fn rivals_never_hold_two_messages_of_a_pair_at_once(fresh: &Fresh) {
    send(&fresh.store, "a", "r", &[0; 60]).await;
    let mut rivals = Vec::new();
    for owner in ["one", "two", "three"] {
        let store = fresh.another().await;
        rivals.push(tokio::spawn(async move {
            let mut mine = Vec::new();
            // Each takes a few, consumes them in order, and asks again until nothing is left.
            loop {
                let rows = inbox::claim(&store, owner, NOW, NOW + 10, 3).await.unwrap();
                if rows.is_empty() && inbox::list(&store, None, 1).await.unwrap().is_empty() {
                    return mine;
                }
                for row in rows {
                    assert!(inbox::drop_void(&store, &row).await.unwrap(), "{owner} {row:?}");
                    mine.push(row.ordinal);
                }
            }
        }));
    }
    let mut all = Vec::new();
    for rival in rivals {
        let mine = rival.await.unwrap();
        assert!(mine.is_sorted(), "{mine:?}");
        all.extend(mine);
    }
    all.sort_unstable();
    assert_eq!(all, (0..60).collect::<Vec<_>>());
}

/// One notice a case: `a` for the morning, `b` at once.
async fn notify(store: &Store) {
    let (mut one, mut two) = (step("a", 0), step("b", 0));
    one.notices = vec![notice("a", 1)];
    two.notices = vec![notice("b", 1)];
    two.notices[0].immediate = true;
    two.notices[0].due_at_ms = None;
    two.notices[0].created_at_ms = NOW + 5;
    commit(store, &[one, two]).await.unwrap();
}

async fn notices_wait_until_a_letter_is_built(fresh: &Fresh) {
    let store = &fresh.store;
    notify(store).await;
    for (before, immediate, expected) in [
        (NOW - 1, None, vec![]),
        (NOW, None, vec!["a"]),
        (NOW + 5, None, vec!["a", "b"]),
        (NOW + 5, Some(true), vec!["b"]),
        (NOW + 5, Some(false), vec!["a"]),
    ] {
        let found = notices::unbuilt(store, before, immediate, 9).await.unwrap();
        let found: Vec<_> = found.iter().map(|stored| stored.notice.case_id.as_str()).collect();
        assert_eq!(found, expected, "{before} {immediate:?}");
    }
    let ids = [notice("a", 1).id, "absent".to_owned()];
    assert_eq!(notices::mark_built(store, &ids, "nobody").await.unwrap(), 1);
    assert_eq!(notices::mark_built(store, &ids, "again").await.unwrap(), 0);
    let of_case = notices::of_case(store, "a").await.unwrap();
    assert_eq!(of_case[0].notice, notice("a", 1));
    assert_eq!(of_case[0].built.as_deref(), Some("nobody"));
    assert_eq!(notices::unbuilt(store, NOW + 5, None, 9).await.unwrap().len(), 1);
}

async fn a_letter_is_built_once(fresh: &Fresh) {
    let store = &fresh.store;
    notify(store).await;
    let [one, two] = ["a", "b"].map(|case_id| notice(case_id, 1).id);
    let letters = [effect("digest", 1), effect("digest", 2)];
    let [first, second] = [&letters[0], &letters[1]].map(|letter| letter.id.clone());
    let queued = async || outbox::list(store, Some("queued"), None, "", 9).await.unwrap().len();
    let [one, two] = [(one, first), (two, second.clone())];
    assert!(notices::build(store, std::slice::from_ref(&one), &letters[..1]).await.unwrap());
    assert!(!notices::build(store, &[one, two.clone()], &letters).await.unwrap(), "all or nothing");
    assert_eq!(queued().await, 1);
    assert!(notices::build(store, &[two], &letters).await.unwrap());
    assert_eq!(queued().await, 2, "a letter that is queued is left as it is");
    let built = notices::of_case(store, "b").await.unwrap();
    assert_eq!(built[0].built, Some(second));
}

async fn one_process_builds_the_letter_of_a_person_and_a_day(fresh: &Fresh) {
    let claim = async |person, day, owner| {
        notices::claim_digest(&fresh.store, person, day, owner, NOW, NOW + 10).await.unwrap()
    };
    assert!(claim("p-1", "2022-11-25", "one").await);
    assert!(!claim("p-1", "2022-11-25", "two").await);
    assert!(claim("p-1", "2022-11-26", "two").await);
    assert!(claim("p-2", "2022-11-25", "two").await);
}
