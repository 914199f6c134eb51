//! The log, per case and as a feed.

use store::log::Cursor;
use store::rows::StoredEntry;
use store::{Store, commit, log, meta};

use crate::fresh::Fresh;
use crate::sample::{entry, step};

both!(
    entries_come_back_as_they_were_written,
    the_whole_log_can_be_read_in_pages,
    who_writes_alone_sees_which_cases_moved,
    the_feed_goes_on_where_it_stopped,
    a_restored_database_goes_on_in_a_new_epoch,
);

async fn entries_come_back_as_they_were_written(fresh: &Fresh) {
    for expected in 0..3 {
        commit(&fresh.store, &[step("a", expected), step("b", expected)]).await.unwrap();
    }
    let found = log::of_case(&fresh.store, "a").await.unwrap();
    let found: Vec<_> = found.into_iter().map(|stored| stored.entry).collect();
    assert_eq!(found, [entry("a", 1), entry("a", 2), entry("a", 3)]);
    let listed = log::list(&fresh.store, "a", 1, 1).await.unwrap();
    assert_eq!(listed.into_iter().map(|stored| stored.entry).collect::<Vec<_>>(), [entry("a", 2)]);
    let last = log::last(&fresh.store, "a").await.unwrap();
    assert_eq!(last.map(|stored| stored.entry), Some(entry("a", 3)));
    assert_eq!(log::last(&fresh.store, "absent").await.unwrap(), None);
    assert_eq!(log::case_ids(&fresh.store).await.unwrap(), ["a", "b"]);
}

async fn the_whole_log_can_be_read_in_pages(fresh: &Fresh) {
    for expected in 0..3 {
        commit(&fresh.store, &[step("b", expected), step("a", expected)]).await.unwrap();
    }
    let (mut place, mut seen) = ((String::new(), 0), Vec::new());
    loop {
        let page = log::page(&fresh.store, &place.0, place.1, 4).await.unwrap();
        let Some(last) = page.last() else { break };
        place = (last.entry.case_id.clone(), last.entry.revision);
        seen.extend(page.into_iter().map(|stored| (stored.entry.case_id, stored.entry.revision)));
    }
    let expected: Vec<_> =
        ["a", "b"].into_iter().flat_map(|id| (1..=3).map(move |n| (id.to_owned(), n))).collect();
    assert_eq!(seen, expected);
}

async fn who_writes_alone_sees_which_cases_moved(fresh: &Fresh) {
    commit(&fresh.store, &[step("b", 0), step("a", 0)]).await.unwrap();
    let (moved, last) = log::cases_after(&fresh.store, 0).await.unwrap();
    assert_eq!(moved, ["a", "b"]);
    commit(&fresh.store, &[step("b", 1)]).await.unwrap();
    let (moved, next) = log::cases_after(&fresh.store, last).await.unwrap();
    assert_eq!(moved, ["b"]);
    assert_eq!(log::cases_after(&fresh.store, next).await.unwrap(), (Vec::new(), next));
}

/// The feed from `cursor` on, once there is something. Other tests on the same server have
/// transactions open, and the feed waits for them.
async fn next_page(store: &Store, cursor: Cursor) -> Vec<StoredEntry> {
    loop {
        let page = log::entries_after(store, cursor, 3).await.unwrap();
        if !page.is_empty() {
            return page;
        }
        tokio::task::yield_now().await;
    }
}

async fn the_feed_goes_on_where_it_stopped(fresh: &Fresh) {
    let (mut cursor, mut seen) = (Cursor::start(), Vec::new());
    for expected in 0..4 {
        commit(&fresh.store, &[step("a", expected), step("b", expected)]).await.unwrap();
        while seen.len() < 2 * (usize::try_from(expected).unwrap() + 1) {
            let page = next_page(&fresh.store, cursor).await;
            cursor = Cursor::after(page.last().unwrap()).to_string().parse().unwrap();
            seen.extend(
                page.into_iter().map(|stored| (stored.entry.revision, stored.entry.case_id)),
            );
        }
    }
    let expected: Vec<_> =
        (1..=4).flat_map(|n| [(n, "a".to_owned()), (n, "b".to_owned())]).collect();
    assert_eq!(seen, expected);
    assert_eq!(log::entries_after(&fresh.store, cursor, 3).await.unwrap(), []);
}

async fn a_restored_database_goes_on_in_a_new_epoch(fresh: &Fresh) {
    commit(&fresh.store, &[step("a", 0)]).await.unwrap();
    let lost = next_page(&fresh.store, Cursor::start()).await;
    meta::raise_epoch(&fresh.store).await.unwrap();
    commit(&fresh.store, &[step("b", 0)]).await.unwrap();
    let page = next_page(&fresh.store, Cursor::after(&lost[0])).await;
    let seen: Vec<_> =
        page.iter().map(|stored| (stored.epoch, stored.entry.case_id.as_str())).collect();
    assert_eq!(seen, [(2, "b")]);
    assert_eq!(meta::find(&fresh.store, "epoch").await.unwrap().as_deref(), Some("2"));
}

/// On PostgreSQL a transaction may begin first and commit last: its entries must not be passed by.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_feed_waits_for_whoever_may_still_come_before() {
    use sqlx::Connection;
    let fresh = crate::fresh::postgres().await;
    let mut slow = sqlx::PgConnection::connect(&fresh.url).await.unwrap();
    let mut early = slow.begin().await.unwrap();
    sqlx::query(
        "INSERT INTO log (epoch, case_id, revision, kind, semantics, recorded_at_ms, chart_sha,
            calendar_sha, actor, event, payload, origin, states, data_sha, effects, terms, trace,
            prev_hash, hash)
        VALUES (1, 'early', 1, 'event', 1, 0, '', '', '', '', '', '', '', '', '', '', '', '', '')",
    )
    .execute(&mut *early)
    .await
    .unwrap();
    commit(&fresh.store, &[step("late", 0)]).await.unwrap();
    let page = log::entries_after(&fresh.store, Cursor::start(), 10).await.unwrap();
    assert_eq!(page, [], "the later one waits for the earlier one");
    early.commit().await.unwrap();
    let mut seen = next_page(&fresh.store, Cursor::start()).await;
    if seen.len() == 1 {
        seen.extend(next_page(&fresh.store, Cursor::after(&seen[0])).await);
    }
    let seen: Vec<_> = seen.iter().map(|stored| stored.entry.case_id.as_str()).collect();
    assert_eq!(seen, ["early", "late"]);
}
