//! Seals, settings, and the end of retention.

use store::anchors::{AnchorHead, AnchorRow};
use store::removed::RemovedRow;
use store::{anchors, cases, commit, meta, removed};

use crate::fresh::Fresh;
use crate::sample::{NOW, full, head, step};

both!(
    an_anchor_covers_what_moved_since_the_one_before,
    an_anchor_has_one_number_and_one_place,
    a_setting_is_the_last_that_was_set,
    a_closed_case_is_removed_whole_and_not_born_again,
    an_open_case_is_not_removed,
);

fn sealed(case_id: &str, revision: i64) -> AnchorHead {
    AnchorHead { case_id: case_id.to_owned(), revision, hash: head(case_id, revision).hash }
}

async fn an_anchor_covers_what_moved_since_the_one_before(fresh: &Fresh) {
    let store = &fresh.store;
    assert_eq!(anchors::last(store).await.unwrap(), None);
    commit(store, &[step("b", 0), step("a", 0)]).await.unwrap();
    let first = anchors::moved(store).await.unwrap();
    assert_eq!(first, [sealed("a", 1), sealed("b", 1)]);
    assert!(anchors::append(store, 1, "0", "h1", NOW, &first).await.unwrap());
    assert_eq!(anchors::moved(store).await.unwrap(), []);
    commit(store, &[step("b", 1), step("c", 0)]).await.unwrap();
    let second = anchors::moved(store).await.unwrap();
    assert_eq!(second, [sealed("b", 2), sealed("c", 1)]);
    assert!(anchors::append(store, 2, "h1", "h2", NOW + 1, &second).await.unwrap());
    let row = |anchor, previous: &str, hash: &str, taken_at_ms| AnchorRow {
        anchor,
        previous: previous.to_owned(),
        hash: hash.to_owned(),
        taken_at_ms,
    };
    let all = [row(1, "0", "h1", NOW), row(2, "h1", "h2", NOW + 1)];
    assert_eq!(anchors::list(store).await.unwrap(), all);
    assert_eq!(anchors::last(store).await.unwrap().as_ref(), all.last());
    assert_eq!(anchors::heads(store, 1).await.unwrap(), first);
    assert_eq!(anchors::heads(store, 2).await.unwrap(), second);
    for sql in ["UPDATE anchors SET hash = ''", "DELETE FROM anchor_heads"] {
        assert!(fresh.run(sql).await.unwrap_err().to_string().contains("append-only"), "{sql}");
    }
}

async fn an_anchor_has_one_number_and_one_place(fresh: &Fresh) {
    let store = &fresh.store;
    let append = async |number| anchors::append(store, number, "0", "h", NOW, &[]).await.unwrap();
    assert!(!append(2).await, "no gap");
    assert!(append(1).await);
    assert!(!append(1).await, "taken");
    assert!(append(2).await);
    assert_eq!(anchors::list(store).await.unwrap().len(), 2);
}

async fn a_setting_is_the_last_that_was_set(fresh: &Fresh) {
    assert_eq!(meta::find(&fresh.store, "clock").await.unwrap(), None);
    for value in ["real", "1669334400000"] {
        meta::set(&fresh.store, "clock", value).await.unwrap();
        assert_eq!(meta::find(&fresh.store, "clock").await.unwrap().as_deref(), Some(value));
    }
}

async fn a_closed_case_is_removed_whole_and_not_born_again(fresh: &Fresh) {
    let store = &fresh.store;
    let mut last = step("a", 1);
    last.head.done = true;
    let mut birth = full("a", 0);
    birth.outbox.clear();
    commit(store, &[birth, full("b", 0)]).await.unwrap();
    let others = fresh.rows().await / 2;
    commit(store, &[last]).await.unwrap();
    assert!(removed::remove(store, "a", "archive", NOW).await.unwrap());
    assert!(!removed::remove(store, "a", "archive", NOW).await.unwrap());
    let row = RemovedRow {
        case_id: "a".to_owned(),
        revision: 2,
        hash: head("a", 2).hash,
        archive_sha: "archive".to_owned(),
        removed_at_ms: NOW,
    };
    assert_eq!(removed::list(store).await.unwrap(), [row]);
    assert_eq!(cases::removed_ids(store).await.unwrap(), ["a".to_owned()].into());
    // What is left: everything of b, and the row that says what a was.
    assert_eq!(fresh.rows().await, others + 1 + 1);
    assert_eq!(commit(store, &[step("a", 0)]).await.unwrap(), [false]);
    for sql in ["DELETE FROM removed", "UPDATE removed SET hash = ''", "DELETE FROM log"] {
        assert!(fresh.run(sql).await.is_err(), "{sql}");
    }
}

async fn an_open_case_is_not_removed(fresh: &Fresh) {
    let mut queued = full("b", 0);
    queued.head.done = true;
    commit(&fresh.store, &[full("a", 0), queued]).await.unwrap();
    let rows = fresh.rows().await;
    for case_id in ["a", "b", "absent"] {
        let gone = removed::remove(&fresh.store, case_id, "archive", NOW).await.unwrap();
        assert!(!gone, "{case_id}");
    }
    assert_eq!(fresh.rows().await, rows);
}
