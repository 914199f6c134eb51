//! Draws that belong to what they decide, not to the order of things.
//!
//! A generator is keyed by the seed and by names (a case, its revision, a task): SHA-256 of them in
//! counter mode. So what a person does in one case never depends on how many draws other cases took,
//! on batching, on the database or on a crash (R35).
//!
//! **Invariant:** equal names give equal draws; there is no shared stream.

use sha2::{Digest as _, Sha256};

/// A generator for one decision.
#[derive(Debug, Clone)]
pub struct Draw {
    key: [u8; 32],
    drawn: u64,
}

impl Draw {
    /// The generator of `seed` for the decision called `names`.
    pub fn of(seed: u64, names: &[&str]) -> Self {
        let mut hash = Sha256::new();
        hash.update(seed.to_be_bytes());
        for name in names {
            // The length keeps ["ab", "c"] and ["a", "bc"] apart.
            hash.update((name.len() as u64).to_be_bytes());
            hash.update(name.as_bytes());
        }
        Self { key: hash.finalize().into(), drawn: 0 }
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        let mut hash = Sha256::new();
        hash.update(self.key);
        hash.update(self.drawn.to_be_bytes());
        self.drawn += 1;
        let bytes: [u8; 32] = hash.finalize().into();
        bytes.iter().take(8).fold(0, |number, &byte| number << 8 | u64::from(byte))
    }

    /// A number from 0 up to, not including, `bound`; 0 for a bound of 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        // The high half of the product: no bias worth the name for bounds this small.
        let wide = u128::from(self.next_u64()) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = u64::try_from(high.saturating_sub(low)).unwrap_or(0);
        low.saturating_add(i64::try_from(self.below(width + 1)).unwrap_or(0))
    }

    /// True in `per_mille` of a thousand draws.
    pub fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1_000) < per_mille
    }

    /// One of `items`; none of none.
    pub fn pick<'i, T>(&mut self, items: &'i [T]) -> Option<&'i T> {
        let at = usize::try_from(self.below(items.len() as u64)).unwrap_or(0);
        items.get(at)
    }

    /// One of `items`, each as likely as its weight; none when all weigh nothing.
    pub fn weighted<'i, T>(&mut self, items: &'i [T], weight: impl Fn(&T) -> u64) -> Option<&'i T> {
        let total: u64 = items.iter().map(&weight).sum();
        let mut left = self.below(total);
        items.iter().filter(|item| weight(item) > 0).find(|item| {
            let own = weight(item);
            if left < own {
                return true;
            }
            left -= own;
            false
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_follow_from_their_names_alone() {
        let mut one = Draw::of(1, &["case", "task"]);
        let mut same = Draw::of(1, &["case", "task"]);
        let mut shifted = Draw::of(1, &["casetask", ""]);
        let first: Vec<u64> = (0..4).map(|_| one.next_u64()).collect();
        assert_eq!(first, (0..4).map(|_| same.next_u64()).collect::<Vec<_>>());
        assert_ne!(first[0], shifted.next_u64());
        assert_ne!(first[0], first[1]);
    }

    #[test]
    fn a_weight_of_nothing_is_never_drawn() {
        let items = [("never", 0), ("often", 3), ("seldom", 1)];
        let drawn: Vec<&str> = (0..200)
            .filter_map(|at| {
                Draw::of(at, &["w"]).weighted(&items, |item| item.1).map(|item| item.0)
            })
            .collect();
        assert!(!drawn.contains(&"never") && drawn.contains(&"seldom"));
        assert!(drawn.iter().filter(|one| **one == "often").count() > 100);
    }
}
