//! Crashes, lost replies, repeated commands and refused mail change nothing that is decided.

use crate::small;

/// How many seeds the gate runs; more by `cotmoc simulate --seeds 200`.
const SEEDS: u64 = 20;

#[tokio::test(flavor = "multi_thread")]
async fn faults_change_no_decision() {
    let (mut crashes, mut interruptions, mut repeated) = (0, 0, 0);
    for seed in 1..=SEEDS {
        let (plain, faulty) = (small(seed, false).await, small(seed, true).await);
        assert_eq!(plain.digest, faulty.digest, "seed {seed}");
        assert_eq!(plain.anchor, faulty.anchor, "seed {seed}");
        crashes += faulty.faults.crashes;
        interruptions += faulty.faults.interruptions;
        repeated += faulty.faults.lost_replies + faulty.faults.duplicates;
    }
    assert!(crashes > SEEDS / 4, "only {crashes} crashes");
    assert!(interruptions > SEEDS / 2, "only {interruptions} crashes in rounds");
    assert!(repeated > SEEDS * 2, "only {repeated} repeated commands");
}
