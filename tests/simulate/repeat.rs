//! One seed, one outcome.

use crate::{done, plan, small};

#[tokio::test(flavor = "multi_thread")]
async fn one_seed_gives_one_anchor_and_another_seed_another() {
    let (first, again, other) =
        (small(1, false).await, small(1, false).await, small(2, false).await);
    assert_eq!(first, again);
    assert_ne!(first.anchor, other.anchor);
    assert_ne!(first.digest, other.digest);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_databases_give_one_anchor() {
    let folder = tempfile::tempdir().unwrap();
    let mut plan = plan(&folder, 3, 6, 3);
    let on_sqlite = done(&plan).await;
    plan.store = support::postgres::fresh().await;
    let on_postgres = done(&plan).await;
    assert_eq!(on_sqlite, on_postgres);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_with_a_programme_is_not_run_over() {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(&folder, 1, 1, 1);
    done(&plan).await;
    let error = app::simulate::run(&plan, &mut |_| {}).await.unwrap_err();
    assert!(error.to_string().contains("holds a programme already"), "{error}");
}
