//! Batches: written whole, settled item by item, tried again where they failed.

use store::batches::{self, BatchRow, ItemRow, Outcome, Told};
use store::people::{self, OrganisationRow, PersonRow};
use store::rows::NoticeRow;
use store::{commit, notices};

use crate::fresh::Fresh;
use crate::sample::{NOW, notice, outbox, step};

both!(
    a_batch_is_written_whole_and_once,
    an_item_is_settled_once_and_what_failed_is_tried_again,
    the_letter_of_an_item_is_followed,
);

fn batch(id: &str) -> BatchRow {
    BatchRow {
        id: id.to_owned(),
        kind: "remind".to_owned(),
        person: "p-1".to_owned(),
        note: "Gốm \"sứ\"".to_owned(),
        local_date: "2022-11-25".to_owned(),
        created_at_ms: NOW,
    }
}

fn item(id: &str, item: i64) -> ItemRow {
    ItemRow {
        batch_id: id.to_owned(),
        item,
        case_id: "a".to_owned(),
        state: "draft".to_owned(),
        generation: 1,
        element: String::new(),
        role: "writer".to_owned(),
        told: "writer".to_owned(),
        forced: item == 1,
        outcome: "waiting".to_owned(),
        why: String::new(),
        revision: None,
        tries: 0,
        settled_at_ms: None,
    }
}

async fn somebody(fresh: &Fresh) {
    let organisation = OrganisationRow {
        id: "mic".to_owned(),
        kind: "ministry".to_owned(),
        name: "{}".to_owned(),
        parent_id: None,
        document: "{}".to_owned(),
    };
    people::put_organisations(&fresh.store, &[organisation]).await.unwrap();
    let person = PersonRow {
        id: "p-1".to_owned(),
        organisation: "mic".to_owned(),
        name: "Mốc".to_owned(),
        email: String::new(),
        language: "vi".to_owned(),
        erased: false,
    };
    people::put_persons(&fresh.store, &[person]).await.unwrap();
}

async fn a_batch_is_written_whole_and_once(fresh: &Fresh) {
    let store = &fresh.store;
    somebody(fresh).await;
    let items = [item("one", 0), item("one", 1)];
    // An item that cannot be written takes the whole batch with it.
    let twice = [item("one", 0), item("one", 0)];
    assert!(batches::put(store, &batch("one"), &twice).await.is_err());
    assert_eq!(batches::find(store, "one").await.unwrap(), None);
    assert!(batches::put(store, &batch("one"), &items).await.unwrap());
    assert!(!batches::put(store, &batch("one"), &[]).await.unwrap(), "it is there already");
    assert_eq!(batches::find(store, "one").await.unwrap(), Some(batch("one")));
    assert_eq!(batches::items(store, "one").await.unwrap(), items);
    let newer = BatchRow { created_at_ms: NOW + 1, ..batch("two") };
    assert!(batches::put(store, &newer, &[]).await.unwrap());
    assert_eq!(batches::list(store, 9).await.unwrap(), [newer, batch("one")]);
    assert_eq!(batches::list(store, 1).await.unwrap().len(), 1);
}

async fn an_item_is_settled_once_and_what_failed_is_tried_again(fresh: &Fresh) {
    let store = &fresh.store;
    somebody(fresh).await;
    batches::put(store, &batch("one"), &[item("one", 0), item("one", 1)]).await.unwrap();
    assert_eq!(batches::waiting(store).await.unwrap(), ["one"]);
    let done = Outcome { outcome: "done", why: String::new(), revision: Some(7) };
    let failed = Outcome { outcome: "failed", why: "x".to_owned(), revision: None };
    assert!(batches::settle(store, "one", 0, &done, NOW + 1).await.unwrap());
    assert!(!batches::settle(store, "one", 0, &failed, NOW + 2).await.unwrap(), "it is settled");
    assert!(batches::settle(store, "one", 1, &failed, NOW + 3).await.unwrap());
    assert!(batches::waiting(store).await.unwrap().is_empty());
    assert_eq!(batches::again(store, "one").await.unwrap(), 1);
    let items = batches::items(store, "one").await.unwrap();
    let told =
        |item: &ItemRow| (item.outcome.clone(), item.revision, item.tries, item.settled_at_ms);
    assert_eq!(told(&items[0]), ("done".to_owned(), Some(7), 1, Some(NOW + 1)));
    assert_eq!(told(&items[1]), ("waiting".to_owned(), None, 1, None));
    assert_eq!(batches::waiting(store).await.unwrap(), ["one"]);
}

async fn the_letter_of_an_item_is_followed(fresh: &Fresh) {
    let store = &fresh.store;
    somebody(fresh).await;
    let mut write = step("a", 0);
    let told = NoticeRow { letter: "overdue".to_owned(), ..notice("a", 1) };
    write.notices = vec![
        told.clone(),
        NoticeRow {
            id: "other".to_owned(),
            ordinal: 9,
            letter: "receipt".to_owned(),
            ..told.clone()
        },
    ];
    write.outbox = vec![outbox("a", 1)];
    let letter = write.outbox[0].id.clone();
    commit(store, &[write]).await.unwrap();
    let found =
        batches::told(store, &["a".to_owned(), "b".to_owned()], told.created_at_ms).await.unwrap();
    let expected = Told {
        case_id: "a".to_owned(),
        role: told.role.clone(),
        item: told.item.clone(),
        letter: "overdue".to_owned(),
        rung: told.rung.clone(),
        data: told.data.clone(),
        created_at_ms: told.created_at_ms,
        place: None,
    };
    assert_eq!(found, [expected]);
    assert!(
        batches::told(store, &["a".to_owned()], told.created_at_ms + 1).await.unwrap().is_empty()
    );
    batches::put(store, &batch("one"), &[item("one", 0), item("one", 1)]).await.unwrap();
    assert!(batches::letters(store, "one").await.unwrap().is_empty());
    let done = Outcome { outcome: "done", why: String::new(), revision: Some(1) };
    batches::settle(store, "one", 0, &done, NOW).await.unwrap();
    notices::mark_built(store, &[told.id.clone(), "other".to_owned()], &letter).await.unwrap();
    let found = batches::told(store, &["a".to_owned()], told.created_at_ms).await.unwrap();
    assert_eq!(found[0].place.as_deref(), Some("a"), "where the letter lies");
    let found = batches::letters(store, "one").await.unwrap();
    assert!(found.iter().all(|one| one.item == 0 && one.built.as_deref() == Some(&letter)));
    assert!(found.iter().all(|one| one.state.as_deref() == Some("queued")), "{found:?}");
}
