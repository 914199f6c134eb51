//! The programme on a virtual clock: the same whatever the database, the batches and the faults,
//! and everything that the procedure knows is met on the way.

mod faults;
mod repeat;
mod tells;

use app::simulate::{Outcome, Plan, first_day, run};
use tempfile::TempDir;

/// A plan over a `SQLite` file of its own.
pub(crate) fn plan(folder: &TempDir, seed: u64, platforms: usize, months: u32) -> Plan {
    let file = folder.path().join("run.db");
    let store = format!("sqlite:{}", file.display());
    Plan { seed, from: first_day(), months, platforms, store, faults: false }
}

/// Runs `plan` without telling anybody how far it is.
pub(crate) async fn done(plan: &Plan) -> Outcome {
    run(plan, &mut |_| {}).await.expect("the folder can be made")
}

/// Runs a small plan over a file that is gone afterwards.
pub(crate) async fn small(seed: u64, faults: bool) -> Outcome {
    let folder = tempfile::tempdir().expect("the run comes to its end");
    let mut plan = plan(&folder, seed, 3, 1);
    plan.faults = faults;
    done(&plan).await
}
