//! Tokens of programs: in force, used, revoked, and told afterwards.

use store::people::{self, OrganisationRow, PersonRow};
use store::tokens::{self, TokenRow};
use store::{Store, personal};

use crate::fresh::Fresh;
use crate::sample::NOW;

both!(
    a_token_is_in_force_until_it_ends_or_is_revoked,
    what_was_made_and_revoked_can_always_be_told,
    whoever_is_erased_has_no_token,
);

async fn settle(store: &Store) {
    let organisation = OrganisationRow {
        id: "dn-a1".to_owned(),
        kind: "enterprise".to_owned(),
        name: "{}".to_owned(),
        parent_id: None,
        document: "{}".to_owned(),
    };
    people::put_organisations(store, &[organisation]).await.unwrap();
    let person = |id: &str| PersonRow {
        id: id.to_owned(),
        organisation: "dn-a1".to_owned(),
        name: "Nguyễn Thị Mốc".to_owned(),
        email: String::new(),
        language: "vi".to_owned(),
        erased: false,
    };
    people::put_persons(store, &[person("p-1"), person("p-2")]).await.unwrap();
}

fn token(id: &str, person: &str, created_at_ms: i64) -> TokenRow {
    TokenRow {
        id: id.to_owned(),
        token_sha: format!("sha of {id}"),
        name: "Phần mềm kế toán".to_owned(),
        organisation: "dn-a1".to_owned(),
        person: person.to_owned(),
        scopes: "read report".to_owned(),
        created_at_ms,
        created_by: person.to_owned(),
        expires_at_ms: NOW + 100,
        seen_at_ms: None,
        revoked_at_ms: None,
        revoked_by: None,
    }
}

async fn a_token_is_in_force_until_it_ends_or_is_revoked(fresh: &Fresh) {
    let store = &fresh.store;
    settle(store).await;
    let row = token("a", "p-1", NOW);
    tokens::add_token(store, &row).await.unwrap();
    let found = async |sha: &str, at| tokens::token_in_force(store, sha, at).await.unwrap();
    assert_eq!(found("sha of a", NOW + 99).await, Some(row.clone()));
    assert_eq!(found("sha of a", NOW + 100).await, None, "it has ended");
    assert_eq!(found("a", NOW).await, None, "the id is not the secret");
    tokens::token_used(store, "a", NOW + 5).await.unwrap();
    assert_eq!(found("sha of a", NOW).await.unwrap().seen_at_ms, Some(NOW + 5));
    let revoke =
        async |person, at| tokens::revoke_token(store, "a", person, "p-9", at).await.unwrap();
    assert!(!revoke(Some("p-2"), NOW + 6).await, "it is another's");
    assert!(revoke(Some("p-1"), NOW + 7).await);
    assert!(!revoke(None, NOW + 8).await, "once is enough");
    assert_eq!(found("sha of a", NOW + 9).await, None);
    assert!(tokens::add_token(store, &row).await.is_err(), "an id is given once");
}

async fn what_was_made_and_revoked_can_always_be_told(fresh: &Fresh) {
    let store = &fresh.store;
    settle(store).await;
    for row in [token("a", "p-1", NOW), token("b", "p-2", NOW + 1), token("c", "p-1", NOW + 2)] {
        tokens::add_token(store, &row).await.unwrap();
    }
    tokens::revoke_token(store, "a", None, "cli", NOW + 3).await.unwrap();
    let ids = |rows: &[TokenRow]| rows.iter().map(|row| row.id.clone()).collect::<Vec<_>>();
    let all = tokens::list_tokens(store).await.unwrap();
    assert_eq!(ids(&all), ["c", "b", "a"], "the newest first");
    let own = tokens::tokens_of(store, "p-1").await.unwrap();
    assert_eq!(ids(&own), ["c", "a"]);
    assert_eq!((own[1].revoked_at_ms, own[1].revoked_by.as_deref()), (Some(NOW + 3), Some("cli")));
    assert_eq!(own[0].created_by, "p-1");
}

async fn whoever_is_erased_has_no_token(fresh: &Fresh) {
    let store = &fresh.store;
    settle(store).await;
    tokens::add_token(store, &token("a", "p-1", NOW)).await.unwrap();
    personal::erase_person(store, "p-1").await.unwrap();
    assert_eq!(tokens::token_in_force(store, "sha of a", NOW).await.unwrap(), None);
    let left = tokens::tokens_of(store, "p-1").await.unwrap();
    assert_eq!((left.len(), left[0].name.as_str()), (1, ""), "that there was one stays");
}
