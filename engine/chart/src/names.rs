//! A small table by name, for the names that every step looks up.
//!
//! The beginning of each name stands beside it as a number, so that most comparisons of a search are
//! of numbers that lie next to each other.
//!
//! **Invariant:** the entries are in the order of their names, and no name is there twice.

use std::cmp::Ordering;

/// The first eight bytes of `name`, ordered as the names are.
pub(crate) fn prefix_of(name: &str) -> u64 {
    let bytes = name.as_bytes();
    match bytes.first_chunk() {
        Some(first) => u64::from_be_bytes(*first),
        None => bytes
            .iter()
            .zip(1..)
            .fold(0, |prefix, (&byte, at)| prefix | u64::from(byte) << (64 - 8 * at)),
    }
}

/// The order of a name with this prefix against another; names that share their first eight bytes
/// are compared whole.
pub(crate) fn order(prefix: u64, name: &str, other_prefix: u64, other: &str) -> Ordering {
    prefix.cmp(&other_prefix).then_with(|| name.cmp(other))
}

/// Values by name.
#[derive(Debug)]
pub(crate) struct Names<T>(Vec<Entry<T>>);

#[derive(Debug)]
struct Entry<T> {
    prefix: u64,
    name: Box<str>,
    value: T,
}

impl<T> Names<T> {
    /// The value of `name`.
    pub(crate) fn get(&self, name: &str) -> Option<&T> {
        let prefix = prefix_of(name);
        let found = self.0.binary_search_by(|entry| order(entry.prefix, &entry.name, prefix, name));
        found.ok().map(|at| &self.0[at].value)
    }
}

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, N: Into<Box<str>>> FromIterator<(N, T)> for Names<T> {
    /// Of two values of one name the first counts.
    fn from_iter<I: IntoIterator<Item = (N, T)>>(pairs: I) -> Self {
        let entry = |(name, value): (N, T)| {
            let name = name.into();
            Entry { prefix: prefix_of(&name), name, value }
        };
        let mut entries: Vec<_> = pairs.into_iter().map(entry).collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        entries.dedup_by(|later, first| later.name == first.name);
        Self(entries)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn prefixes_are_ordered_as_names_are(a in "[ab\\x00é]{0,10}", b in "[ab\\x00é]{0,10}") {
            prop_assert_eq!(order(prefix_of(&a), &a, prefix_of(&b), &b), a.cmp(&b));
        }

        #[test]
        fn a_name_that_was_put_in_is_found(names in prop::collection::vec("[ab]{0,10}", 0..9)) {
            let table: Names<usize> = names.iter().map(String::as_str).zip(0..).collect();
            for name in &names {
                let first = names.iter().position(|other| other == name);
                prop_assert_eq!(table.get(name), first.as_ref());
            }
            prop_assert_eq!(table.get("c"), None);
        }
    }
}
