//! The first administrator: somebody who lets others in, before anybody is there.

use serde_json::json;
use store::people::{self, AssignmentRow, OrganisationRow, PersonRow};
use store::{ChoreError, ReadError, Store};

/// The person.
pub const ADMINISTRATOR: &str = "person:operator:administrator";
/// Where they belong until somebody says better.
const OPERATOR: &str = "operator";

/// Why there is no first administrator.
#[derive(Debug, thiserror::Error)]
pub enum AdministratorError {
    /// The database could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The database could not be written.
    #[error(transparent)]
    Chore(#[from] ChoreError),
}

/// Somebody who administers: whoever has been made so, else a new person of the operating unit; their id.
/// Doing it again changes nothing.
pub async fn first_administrator(store: &Store) -> Result<String, AdministratorError> {
    let all = people::list_assignments(store).await?;
    if let Some(one) = all.iter().find(|one| one.role == "administrator" && one.to_ms.is_none()) {
        return Ok(one.holder.clone());
    }
    let organisation = OrganisationRow {
        id: OPERATOR.to_owned(),
        kind: "operator".to_owned(),
        name: json!({ "vi": "Đơn vị vận hành hệ thống", "en": "Operator of the system" })
            .to_string(),
        parent_id: None,
        document: json!({}).to_string(),
    };
    let person = PersonRow {
        id: ADMINISTRATOR.to_owned(),
        organisation: OPERATOR.to_owned(),
        name: "Quản trị hệ thống".to_owned(),
        email: String::new(),
        language: "vi".to_owned(),
        erased: false,
    };
    let assignment = AssignmentRow {
        id: "administrator".to_owned(),
        role: "administrator".to_owned(),
        scope: "ministry".to_owned(),
        holder: ADMINISTRATOR.to_owned(),
        organisation: OPERATOR.to_owned(),
        from_ms: 0,
        to_ms: None,
        basis: "cotmoc serve".to_owned(),
    };
    people::put_organisations(store, &[organisation]).await?;
    people::put_persons(store, &[person]).await?;
    people::put_assignments(store, &[assignment]).await?;
    Ok(ADMINISTRATOR.to_owned())
}
