//! What a step wrote of a case's data, so that only that is judged and compared afterwards.

use std::sync::Arc;

use crate::data::Data;
use crate::path::Segment;

/// What a step wrote of the data.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum Written {
    #[default]
    Nothing,
    /// These members were written or removed.
    Members(Vec<Touched>),
    Everything,
}

/// A member that was written or removed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Touched {
    key: Arc<str>,
    /// Whether what it now holds was judged before it was written.
    is_judged: bool,
}

impl Written {
    /// Adds what lies at `path`; with `is_judged`, what the whole member at `path` now holds was judged.
    pub(crate) fn add(&mut self, path: &[Segment], is_judged: bool) {
        let Some(Segment::Key(key)) = path.first() else {
            *self = Self::Everything;
            return;
        };
        let touched = || Touched { key: Arc::clone(key), is_judged };
        match self {
            Self::Everything => {}
            Self::Nothing => *self = Self::Members(vec![touched()]),
            Self::Members(members) => match members.iter_mut().find(|one| one.key == *key) {
                Some(member) => member.is_judged = is_judged,
                None => members.push(touched()),
            },
        }
    }

    /// Whether the writing has left `data` as it was `before`.
    pub(crate) fn left_as_it_was(&self, data: &Data, before: &Data) -> bool {
        match self {
            Self::Nothing => true,
            Self::Members(members) => data.is_as(before, members.iter().map(|one| &one.key)),
            Self::Everything => data == before,
        }
    }
}

/// The members of `touched` that were not judged before they were written.
pub(crate) fn unjudged(touched: &[Touched]) -> impl Iterator<Item = &Arc<str>> {
    touched.iter().filter(|one| !one.is_judged).map(|one| &one.key)
}
