//! What a run of some size holds: every turn of the procedure, read from the database.

use app::simulate::findings::findings;
use runtime::publishing::Definition;
use runtime::{Runtime, Setup};
use store::Store;

use crate::{done, plan};

#[tokio::test(flavor = "multi_thread")]
async fn two_years_hold_every_turn_of_the_procedure() {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(&folder, 1, 12, 24);
    let outcome = done(&plan).await;
    let store = Store::open(&plan.store).await.unwrap();
    let charts = workflows::all().into_iter().filter_map(Definition::of).collect();
    let setup = Setup::new(charts, workflows::calendars::calendar());
    let runtime = Runtime::open(store.clone(), setup).await.unwrap();
    let now = runtime.clock().now();
    assert_eq!(now, outcome.ended, "the clock stays where the run ended");
    let found = findings(&store, &runtime.library(), &runtime.assignments(), now).await.unwrap();
    assert_eq!(found.platforms.len(), 12);
    let turns = [
        ("participation", "request_supplement"),
        ("participation", "remove"),
        ("platform", "recognise"),
        ("platform", "refuse_recognition"),
        ("platform", "withdraw_recognition"),
        ("evaluation", "postpone_session"),
        ("report", "correct"),
    ];
    for (chart, event) in turns {
        assert!(found.count(chart, event) > 0, "no `{event}` of `{chart}`");
    }
    assert!(found.reevaluations > 0);
    let reports = found.reports();
    assert!(reports.late > 0 && reports.missing > 0 && reports.nil > 0, "{reports:?}");
    for days in [-7, -3, -1, 0, 1, 3, 7] {
        assert!(found.report_rungs.contains_key(&days), "no rung at {days} working days");
    }
    let verified = runtime.verify().await.unwrap();
    assert!(verified.is_clean(), "{:#?}", verified.findings);
}
