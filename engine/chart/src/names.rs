//! A small table by name, for the names that every step looks up.
//!
//! The beginning of each name stands beside it as a number, so that most comparisons of a search are
//! of numbers that lie next to each other.
//!
//! **Invariant:** the entries are in the order of their names, and no name is there twice.

/// The first eight bytes of `name`, ordered as the names are.
pub(crate) fn prefix_of(name: &str) -> u64 {
    let bytes = name.as_bytes();
    if let Some(first) = bytes.first_chunk() {
        return u64::from_be_bytes(*first);
    }
    let unused = 64 - 8 * bytes.len();
    match (bytes.first_chunk(), bytes.last_chunk()) {
        // Where the two overlap they say the same.
        (Some(first), Some(last)) => {
            u64::from(u32::from_be_bytes(*first)) << 32
                | u64::from(u32::from_be_bytes(*last)) << unused
        }
        _ if bytes.is_empty() => 0,
        _ => bytes.iter().fold(0, |prefix, &byte| prefix << 8 | u64::from(byte)) << unused,
    }
}

/// What is found by its name, in the order of the names.
pub(crate) trait Named {
    /// Its name's [`prefix_of`].
    fn prefix(&self) -> u64;
    /// Its name.
    fn name(&self) -> &str;
}

/// Where `name` is among `entries`, or else where it would be put.
pub(crate) fn search<T: Named>(entries: &[T], name: &str) -> Result<usize, usize> {
    let prefix = prefix_of(name);
    let first = entries.partition_point(|entry| entry.prefix() < prefix);
    // Names that share their first eight bytes are few.
    for (entry, at) in entries[first..].iter().zip(first..) {
        if entry.prefix() == prefix && entry.name() == name {
            return Ok(at);
        }
        if entry.prefix() != prefix || entry.name() > name {
            return Err(at);
        }
    }
    Err(entries.len())
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
        search(&self.0, name).ok().map(|at| &self.0[at].value)
    }
}

impl<T> Named for Entry<T> {
    fn prefix(&self) -> u64 {
        self.prefix
    }

    fn name(&self) -> &str {
        &self.name
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
            prop_assert_eq!(prefix_of(&a).cmp(&prefix_of(&b)).then_with(|| a.cmp(&b)), a.cmp(&b));
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
