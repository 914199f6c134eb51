//! The organisations, persons and roles of the programme, imported from the data files.
//!
//! Who holds which role in 2022 follows from Decision 186/QĐ-BTTTT and its annex; that part is
//! real. The persons are not: one made-up person stands for each role of an organisation, with an
//! opaque id and a name that says so. The enterprises are made up too, since the Decision names
//! none. A second import changes nothing.
//!
//! Reading order: [`import`], then `catalogue` (what the files say), `enterprises`, `roles`.
//!
//! **Invariant:** no real person's name enters the database from here; a role on a platform is
//! held by a dated assignment with its paper.

mod administrator;
pub mod catalogue;
mod enterprises;
mod roles;

use std::collections::BTreeMap;

use chart::moment::Timestamp;
use serde_json::json;
use store::Store;
use store::error::ChoreError;
use store::people::{AssignmentRow, OrganisationRow, PersonRow};

pub use administrator::{ADMINISTRATOR, AdministratorError, first_administrator};
pub use enterprises::{Enterprise, enterprises_of};
pub use roles::owner_rows;

/// The ministry that runs the programme in 2022.
pub const MINISTRY: &str = "bo-thong-tin-truyen-thong";
/// The coordination department (Điều 2.II.2).
pub const COORDINATOR: &str = "vu-quan-ly-doanh-nghiep";
/// The office of the ministry's leadership.
pub const LEADERSHIP: &str = "lanh-dao-bo-tttt";
/// The source of the ids of the platforms' cases (R4).
pub const SOURCE: &str = "catalogue-2022";
/// How many experts councils are drawn from.
pub const EXPERTS: usize = 24;

/// What an import wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Imported {
    /// Organisations, enterprises included.
    pub organisations: usize,
    /// Persons.
    pub persons: usize,
    /// Assignments.
    pub assignments: usize,
}

/// The id of the person who stands for `role` in `org`.
pub fn person_id(org: &str, role: &str) -> String {
    format!("person:{org}:{role}")
}

/// The id of the expert number `number`, counted from 1.
pub fn expert_id(number: usize) -> String {
    format!("person:hoi-dong:chuyen-gia-{number:02}")
}

/// Writes the organisations, persons and assignments of the programme; the assignments hold from
/// `from` on. What is there already is written again as it was.
pub async fn import(store: &Store, from: Timestamp) -> Result<Imported, ChoreError> {
    let organisations = organisation_rows();
    let assignments = roles::rows(from);
    let persons = person_rows(&assignments);
    store::people::put_organisations(store, &organisations).await?;
    store::people::put_persons(store, &persons).await?;
    store::people::put_assignments(store, &assignments).await?;
    Ok(Imported {
        organisations: organisations.len(),
        persons: persons.len(),
        assignments: assignments.len(),
    })
}

/// The subjects and first data of the platforms of the catalogue, in its order.
pub fn platform_openings() -> Vec<(String, serde_json::Value)> {
    catalogue::platforms().iter().map(|one| (one.subject(), first_data(one))).collect()
}

fn first_data(platform: &catalogue::Platform) -> serde_json::Value {
    // Where annex and article 2 disagree, the coordination department has the units named anew.
    let named = platform.annex_vs_article_2 == "consistent";
    let units: Vec<_> = if named { focal_units(platform) } else { Vec::new() };
    json!({
        "name_vi": platform.name_vi, "name_en": platform.name_en, "catalogue": "2022",
        "number": platform.number, "group": platform.group.id, "part": platform.part,
        "owner": platform.owner_agency.as_ref().map_or("", |owner| &owner.org),
        "owner_status": platform.owner_agency.as_ref().map_or("none", |owner| &owner.status),
        "merged": platform.is_merged(), "catalogued": true,
        "listing_decision": "186/QĐ-BTTTT", "focal_units": units,
    })
}

/// The focal units of a platform as its case keeps them: one of the ministry leads.
pub fn focal_units(platform: &catalogue::Platform) -> Vec<serde_json::Value> {
    let lead = roles::lead_of(platform);
    let mut units = Vec::new();
    for unit in &platform.ministry_focal_units {
        let rank = if unit.org == lead { "lead" } else { "coordinating" };
        units.push(json!({ "org": unit.org, "kind": "ministry", "rank": rank }));
    }
    for (at, unit) in platform.owner_focal_units.iter().enumerate() {
        let rank = if at == 0 { "lead" } else { "coordinating" };
        units.push(json!({ "org": unit.org, "kind": "owner", "rank": rank }));
    }
    units
}

fn organisation_rows() -> Vec<OrganisationRow> {
    let mut rows: Vec<OrganisationRow> = catalogue::organisations()
        .iter()
        .map(|one| OrganisationRow {
            id: one.id.clone(),
            kind: one.kind.clone(),
            name: json!({ "vi": one.name_vi, "en": one.name_en }).to_string(),
            parent_id: one.parent.clone(),
            document: json!(one.rest).to_string(),
        })
        .collect();
    rows.extend(enterprises::all().into_values().map(|one| OrganisationRow {
        name: json!({ "vi": one.name_vi(), "en": one.name_en() }).to_string(),
        id: one.id,
        kind: "enterprise".to_owned(),
        parent_id: None,
        document: json!({ "fictional": true }).to_string(),
    }));
    rows
}

/// One made-up person for each holder that an assignment names, and the experts.
fn person_rows(assignments: &[AssignmentRow]) -> Vec<PersonRow> {
    let mut holders: BTreeMap<&str, &str> = BTreeMap::new();
    for assignment in assignments {
        holders.insert(&assignment.holder, &assignment.organisation);
    }
    let experts: Vec<String> = (1..=EXPERTS).map(expert_id).collect();
    for expert in &experts {
        holders.insert(expert, roles::COUNCIL);
    }
    holders
        .into_iter()
        .enumerate()
        .map(|(at, (id, organisation))| PersonRow {
            id: id.to_owned(),
            organisation: organisation.to_owned(),
            name: format!("Cán bộ {} (giả định)", at + 1),
            email: format!("canbo{}@cotmoc.example", at + 1),
            language: "vi".to_owned(),
            erased: false,
        })
        .collect()
}
