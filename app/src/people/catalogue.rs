//! The catalogue of 2022 and the organisations around it, as the data files give them.
//!
//! **Invariant:** read only; a file that does not parse is a fault of the build, found by a test.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

const CATALOGUE: &str = include_str!("../../data/catalogue-2022.json");
const ORGANISATIONS: &str = include_str!("../../data/organisations.json");

/// A platform of the annex of Decision 186/QĐ-BTTTT.
#[derive(Debug, Clone, Deserialize)]
pub struct Platform {
    /// Its number in the annex.
    pub number: u32,
    /// Its id, such as `ndp2022-01`.
    pub id: String,
    /// Its name.
    pub name_vi: String,
    /// Its name in English.
    pub name_en: String,
    /// `I` (with an owner agency) or `II`.
    pub part: String,
    /// The owner agency; none in Part II.
    pub owner_agency: Option<Owner>,
    /// Focal units of the owner agency.
    pub owner_focal_units: Vec<OwnerUnit>,
    /// Focal units of the ministry.
    pub ministry_focal_units: Vec<MinistryUnit>,
    /// Whether annex and article 2 name the same units.
    pub annex_vs_article_2: String,
    /// Portfolios of the leaders who supervise it.
    pub supervising_portfolios: Vec<String>,
    /// The group of the announcement.
    pub group: Group,
}

/// The owner agency of a platform.
#[derive(Debug, Clone, Deserialize)]
pub struct Owner {
    /// The agency.
    pub org: String,
    /// `settled` or `proposed`.
    pub status: String,
}

/// A focal unit of an owner agency.
#[derive(Debug, Clone, Deserialize)]
pub struct OwnerUnit {
    /// The unit.
    pub org: String,
}

/// A focal unit of the ministry.
#[derive(Debug, Clone, Deserialize)]
pub struct MinistryUnit {
    /// The unit.
    pub org: String,
    /// `lead`, `coordinating` …
    pub role: String,
    /// Where article 2 names it.
    pub article_2_ref: Option<String>,
}

/// A group of the announcement.
#[derive(Debug, Clone, Deserialize)]
pub struct Group {
    /// 1 to 6.
    pub number: u32,
    /// Its id.
    pub id: String,
}

/// An organisation.
#[derive(Debug, Clone, Deserialize)]
pub struct Organisation {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name_vi: String,
    /// Its name in English.
    pub name_en: String,
    /// What it is.
    pub kind: String,
    /// What it belongs to.
    pub parent: Option<String>,
    /// Whatever else the file says.
    #[serde(flatten)]
    pub rest: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Catalogue {
    platforms: Vec<Platform>,
}

#[derive(Deserialize)]
struct Directory {
    organisations: Vec<Organisation>,
}

/// The 35 platforms, in the order of the annex.
pub fn platforms() -> &'static [Platform] {
    static READ: LazyLock<Vec<Platform>> = LazyLock::new(|| {
        let read: Catalogue = serde_json::from_str(CATALOGUE).expect("a test reads the catalogue");
        read.platforms
    });
    &READ
}

/// The organisations, each after the one it belongs to as far as the file goes.
pub fn organisations() -> &'static [Organisation] {
    static READ: LazyLock<Vec<Organisation>> = LazyLock::new(|| {
        let read: Directory =
            serde_json::from_str(ORGANISATIONS).expect("a test reads the organisations");
        read.organisations
    });
    &READ
}

impl Platform {
    /// Its subject in cases and assignments.
    pub fn subject(&self) -> String {
        format!("platform/{}", self.id)
    }

    /// Whether the ministry is the owner, so that one merged plan is drawn up (Điều 1.IV.1).
    pub fn is_merged(&self) -> bool {
        self.owner_agency.as_ref().is_some_and(|owner| owner.org == super::MINISTRY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_hold_35_platforms_and_every_unit_they_name() {
        assert_eq!(platforms().len(), 35);
        let known = |org: &str| organisations().iter().any(|one| one.id == org);
        for platform in platforms() {
            let units = platform.ministry_focal_units.iter().map(|unit| &unit.org);
            let owners = platform.owner_focal_units.iter().map(|unit| &unit.org);
            let owner = platform.owner_agency.iter().map(|owner| &owner.org);
            for org in units.chain(owners).chain(owner) {
                assert!(known(org), "{} names `{org}`", platform.id);
            }
        }
    }
}
