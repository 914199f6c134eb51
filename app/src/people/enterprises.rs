//! Made-up enterprises: the Decision names none, so the demonstration brings its own.
//!
//! Each of the six groups of the announcement has a few, called by the group's letter; a platform
//! has one to three of them. `VNPost` takes part in one platform for which it is a focal unit, as the
//! annex lets happen: the procedure must notice that it supervises itself.
//!
//! **Invariant:** which enterprises a platform has follows from the catalogue alone.

use std::collections::BTreeMap;

use super::catalogue::{Platform, platforms};

/// Enterprises of each group.
const PER_GROUP: u32 = 6;
/// A real organisation that is focal unit and may be core enterprise of one platform.
const SELF_SUPERVISED: (&str, &str) = ("ndp2022-31", "tong-cong-ty-buu-dien-viet-nam");
/// How many enterprises the platforms have, by turns.
const TURNS: [u32; 7] = [2, 1, 3, 2, 2, 1, 3];

/// A made-up enterprise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enterprise {
    /// Its id, such as `dn-a1`.
    pub id: String,
    /// Its short sign, such as `A1`.
    pub sign: String,
}

impl Enterprise {
    fn new(group: u32, number: u32) -> Self {
        let letter = char::from_u32(u32::from('A') + group.saturating_sub(1)).unwrap_or('X');
        let sign = format!("{letter}{number}");
        Self { id: format!("dn-{}", sign.to_lowercase()), sign }
    }

    /// Its name, which says that it is made up.
    pub fn name_vi(&self) -> String {
        format!("Doanh nghiệp {} (giả định)", self.sign)
    }

    /// Its name in English.
    pub fn name_en(&self) -> String {
        format!("Enterprise {} (fictional)", self.sign)
    }
}

/// The ids of the enterprises that take part in `platform`, in the order of their coming.
pub fn enterprises_of(platform: &Platform) -> Vec<String> {
    let turn = TURNS[platform.number as usize % TURNS.len()];
    let mut ids: Vec<String> = (0..turn)
        .map(|at| Enterprise::new(platform.group.number, (platform.number + at) % PER_GROUP + 1).id)
        .collect();
    if platform.id == SELF_SUPERVISED.0 {
        ids.push(SELF_SUPERVISED.1.to_owned());
    }
    ids
}

/// Every made-up enterprise that takes part anywhere, by id.
pub(super) fn all() -> BTreeMap<String, Enterprise> {
    let mut all = BTreeMap::new();
    for platform in platforms() {
        for number in 1..=PER_GROUP {
            let one = Enterprise::new(platform.group.number, number);
            if enterprises_of(platform).contains(&one.id) {
                all.insert(one.id.clone(), one);
            }
        }
    }
    all
}
