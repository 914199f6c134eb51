//! Who holds which role: from the ministry down to each enterprise on each platform.
//!
//! **Invariant:** every assignment names its paper, and its id follows from what it says, so that
//! importing again changes nothing.

use std::collections::BTreeMap;

use chart::moment::Timestamp;
use store::people::AssignmentRow;

use super::catalogue::{Platform, platforms};
use super::{COORDINATOR, LEADERSHIP, MINISTRY, enterprises_of, person_id};

/// The class of organisations that councils belong to.
pub(super) const COUNCIL: &str = "class:hoi-dong-danh-gia";

/// Roles held for the whole programme: role, organisation, paper.
const MINISTRY_ROLES: [(&str, &str, &str); 13] = [
    ("coordinator", COORDINATOR, "186/QĐ-BTTTT, Điều 2.II.2"),
    ("ministry_leadership", LEADERSHIP, "186/QĐ-BTTTT, Điều 2.II.2.b"),
    ("security_unit", "cuc-an-toan-thong-tin", "186/QĐ-BTTTT, Điều 2.II.4.a"),
    ("portal_operator", "cong-thong-tin-nen-tang-so-quoc-gia", "186/QĐ-BTTTT, Điều 1.IV.5"),
    ("communications", "cuc-bao-chi", "186/QĐ-BTTTT, Điều 2.II.11"),
    ("communications", "cuc-thong-tin-co-so", "186/QĐ-BTTTT, Điều 2.II.11"),
    ("communications", "bao-vietnamnet", "186/QĐ-BTTTT, Điều 2.II.11"),
    ("administrator", COORDINATOR, "product"),
    ("agency", "class:bo-nganh", "186/QĐ-BTTTT, Điều 2.III.2"),
    ("agency_leadership", "class:bo-nganh", "186/QĐ-BTTTT, Điều 2.III.2"),
    ("province", "class:ubnd-tinh", "186/QĐ-BTTTT, Điều 2.IV"),
    ("province", "tinh-bac-kan", "186/QĐ-BTTTT, Điều 2.IV"),
    ("association", "class:hoi-hiep-hoi", "186/QĐ-BTTTT, Điều 2.V.2"),
];

/// Every assignment of the programme, from `from` on.
pub(super) fn rows(from: Timestamp) -> Vec<AssignmentRow> {
    let mut rows = BTreeMap::new();
    for (role, org, basis) in MINISTRY_ROLES {
        put(&mut rows, role, "ministry", org, basis, from);
    }
    for platform in platforms() {
        on_platform(&mut rows, platform, from);
    }
    rows.into_values().collect()
}

/// The focal unit of the ministry that leads on `platform`: the one article 2 makes lead, else the
/// first of the annex.
pub(super) fn lead_of(platform: &Platform) -> &str {
    let units = &platform.ministry_focal_units;
    let lead = units.iter().find(|unit| unit.role.starts_with("lead")).or(units.first());
    lead.map_or(COORDINATOR, |unit| &unit.org)
}

fn on_platform(rows: &mut BTreeMap<String, AssignmentRow>, platform: &Platform, from: Timestamp) {
    let scope = platform.subject();
    for unit in &platform.ministry_focal_units {
        let place = unit.article_2_ref.as_deref().unwrap_or("Phụ lục");
        let basis = format!("186/QĐ-BTTTT, {place}");
        put(rows, "ministry_focal", &scope, &unit.org, &basis, from);
    }
    for portfolio in &platform.supervising_portfolios {
        let article = portfolio.rsplit('-').next().unwrap_or_default();
        let basis = format!("186/QĐ-BTTTT, Điều 2.I.{article}");
        let holder = format!("person:{portfolio}:leader_in_charge");
        let id = format!("assignment:{scope}:leader_in_charge:{portfolio}");
        let mut row = row("leader_in_charge", &scope, LEADERSHIP, &basis, from);
        (row.id, row.holder) = (id.clone(), holder);
        rows.insert(id, row);
    }
    if let Some(owner) = &platform.owner_agency {
        let units: Vec<&str> =
            platform.owner_focal_units.iter().map(|unit| unit.org.as_str()).collect();
        for row in owner_rows(&scope, &owner.org, &units, "186/QĐ-BTTTT, Phụ lục", from) {
            rows.insert(row.id.clone(), row);
        }
    }
    for enterprise in enterprises_of(platform) {
        let scope = format!("{scope}/{enterprise}");
        put(rows, "core_enterprise", &scope, &enterprise, "186/QĐ-BTTTT, Điều 1.III.2.c", from);
    }
}

/// The assignments that make `owner` the owner agency on `scope`: its leadership, its focal units
/// (itself where it named none) and its specialised unit for digital transformation.
pub fn owner_rows(
    scope: &str,
    owner: &str,
    units: &[&str],
    basis: &str,
    from: Timestamp,
) -> Vec<AssignmentRow> {
    let units = if units.is_empty() { &[owner][..] } else { units };
    let mut rows = vec![row("owner_leadership", scope, owner, basis, from)];
    rows.extend(units.iter().map(|unit| row("owner_focal", scope, unit, basis, from)));
    let unit = if owner == MINISTRY { "cuc-tin-hoc-hoa" } else { units[0] };
    rows.push(row("dx_unit", scope, unit, basis, from));
    rows
}

fn put(
    rows: &mut BTreeMap<String, AssignmentRow>,
    role: &str,
    scope: &str,
    org: &str,
    basis: &str,
    from: Timestamp,
) {
    let row = row(role, scope, org, basis, from);
    rows.insert(row.id.clone(), row);
}

fn row(role: &str, scope: &str, org: &str, basis: &str, from: Timestamp) -> AssignmentRow {
    AssignmentRow {
        id: format!("assignment:{scope}:{role}:{org}"),
        role: role.to_owned(),
        scope: scope.to_owned(),
        holder: person_id(org, role),
        organisation: org.to_owned(),
        from_ms: from.as_ms(),
        to_ms: None,
        basis: basis.to_owned(),
    }
}
