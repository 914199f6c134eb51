//! Several processes on one database, all on the same ten cases, in opposite orders.

use store::{CommitError, Store, commit};

use crate::fresh::Fresh;
use crate::sample::step;

both!(rivals_never_lose_a_write_and_never_see_a_deadlock, rivals_are_born_once,);

const CASES: usize = 10;
const ROUNDS: usize = 40;

/// Commits rounds of batches over all ten cases, guessing revisions; how many were accepted.
async fn hammer(store: Store, forwards: bool) -> i64 {
    let mut known = [1_i64; CASES];
    let mut accepted = 0;
    for _ in 0..ROUNDS {
        let mut order: Vec<usize> = (0..CASES).collect();
        if !forwards {
            order.reverse();
        }
        let writes: Vec<_> =
            order.iter().map(|case| step(&format!("case {case}"), known[*case])).collect();
        match commit(&store, &writes).await {
            Ok(answers) => {
                for (case, answer) in order.iter().zip(answers) {
                    known[*case] += 1;
                    accepted += i64::from(answer);
                }
            }
            // Waiting for a lock may take too long on a slow machine; a deadlock is not waiting.
            Err(CommitError::Busy(error)) => {
                assert!(!error.to_string().contains("deadlock"), "{error}");
            }
            Err(error) => panic!("{error}: {error:?}"),
        }
    }
    accepted
}

async fn rivals_never_lose_a_write_and_never_see_a_deadlock(fresh: &Fresh) {
    let births: Vec<_> = (0..CASES).map(|case| step(&format!("case {case}"), 0)).collect();
    commit(&fresh.store, &births).await.unwrap();
    let mut rivals = Vec::new();
    for forwards in [true, false, true] {
        rivals.push(tokio::spawn(hammer(fresh.another().await, forwards)));
    }
    let mut accepted = 0;
    for rival in rivals {
        accepted += rival.await.unwrap();
    }
    assert!(accepted > 0);
    let moved = "SELECT CAST(SUM(revision - 1) AS bigint) FROM cases";
    assert_eq!(fresh.number(moved).await, accepted, "every accepted write is in a head");
    let logged = "SELECT count(*) FROM log WHERE revision > 1";
    assert_eq!(fresh.number(logged).await, accepted, "and in the log");
}

async fn rivals_are_born_once(fresh: &Fresh) {
    let mut rivals = Vec::new();
    for forwards in [true, false, true] {
        let store = fresh.another().await;
        rivals.push(tokio::spawn(async move {
            let mut born = 0;
            for round in 0..20 {
                let mut writes: Vec<_> =
                    (0..CASES).map(|case| step(&format!("{round} {case}"), 0)).collect();
                if !forwards {
                    writes.reverse();
                }
                let answers = commit(&store, &writes).await.unwrap();
                born += answers.into_iter().filter(|accepted| *accepted).count();
            }
            born
        }));
    }
    let mut born = 0;
    for rival in rivals {
        born += rival.await.unwrap();
    }
    assert_eq!(born, 20 * CASES);
    assert_eq!(fresh.number("SELECT count(*) FROM log").await, 200);
}
