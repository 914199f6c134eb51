//! The assignments of the database, read into memory with their version.
//!
//! **Invariant:** the version is read before the rows, so rows newer than the version are read
//! again, never the other way round.

use chart::moment::Timestamp;
use store::error::ReadError;
use store::{Store, people};

use crate::roles::{Assignment, Assignments, Substitution};
use crate::shared::Shared;

/// Every assignment and substitution of `store`, with the version they were read at.
pub async fn read(store: &Store) -> Result<Assignments, ReadError> {
    let version = people::assignments_version(store).await?;
    let assignments = people::list_assignments(store).await?;
    let substitutions = people::list_substitutions(store).await?;
    let assignments = assignments.into_iter().map(|row| Assignment {
        role: row.role,
        scope: row.scope,
        holder: row.holder,
        organisation: row.organisation,
        from: Timestamp(row.from_ms),
        to: row.to_ms.map(Timestamp),
    });
    let substitutions = substitutions.into_iter().map(|row| Substitution {
        absent: row.absent,
        substitute: row.substitute,
        role: row.role,
        from: Timestamp(row.from_ms),
        to: Some(Timestamp(row.to_ms)),
    });
    Ok(Assignments::new(version, assignments, substitutions.collect()))
}

/// Reads them anew into memory.
pub(crate) async fn refresh(shared: &Shared) -> Result<(), ReadError> {
    shared.set_assignments(read(&shared.store).await?);
    Ok(())
}

/// Reads them anew if another process has changed them; whether it did.
pub(crate) async fn refresh_if_moved(shared: &Shared) -> Result<bool, ReadError> {
    let version = people::assignments_version(&shared.store).await?;
    if version == shared.assignments().version() {
        return Ok(false);
    }
    refresh(shared).await.map(|()| true)
}
