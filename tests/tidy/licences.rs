//! Licences: every dependency's expression must be satisfied by the list in `deny.toml`.
//!
//! cargo-deny says the same and more, but not every machine has it; this always runs.

use std::collections::BTreeSet;

/// The packages (name, SPDX expression) that the list in `settings` does not allow.
pub(crate) fn refused(packages: &[(String, Option<String>)], settings: &str) -> Vec<String> {
    let allowed = allowed(settings);
    if allowed.is_empty() {
        return vec!["deny.toml: `allow` lists no licence".to_owned()];
    }
    packages
        .iter()
        .filter_map(|(name, licence)| match licence {
            None => Some(format!("`{name}` names no licence")),
            Some(licence) if satisfied(licence, &allowed) => None,
            Some(licence) => Some(format!("`{name}` is under `{licence}`, not on the list")),
        })
        .collect()
}

/// The quoted words of `allow = [ … ]` in the section `[licenses]`.
fn allowed(settings: &str) -> BTreeSet<String> {
    let section = settings.split("[licenses]").nth(1).unwrap_or_default();
    let list = section.split("allow = [").nth(1).unwrap_or_default();
    let list = list.split(']').next().unwrap_or_default();
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Whether one of the ways that `expression` offers needs only what is allowed.
fn satisfied(expression: &str, allowed: &BTreeSet<String>) -> bool {
    // `MIT/Apache-2.0` is how crates wrote OR before they wrote SPDX.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words: Vec<&str> = spaced.split_whitespace().rev().collect();
    any(&mut words, allowed) == Some(true) && words.is_empty()
}

/// `a OR b`; `None` where the text is no expression, here and below.
fn any(words: &mut Vec<&str>, allowed: &BTreeSet<String>) -> Option<bool> {
    let mut answer = all(words, allowed)?;
    while words.last() == Some(&"OR") {
        words.pop();
        answer |= all(words, allowed)?;
    }
    Some(answer)
}

fn all(words: &mut Vec<&str>, allowed: &BTreeSet<String>) -> Option<bool> {
    let mut answer = one(words, allowed)?;
    while words.last() == Some(&"AND") {
        words.pop();
        answer &= one(words, allowed)?;
    }
    Some(answer)
}

fn one(words: &mut Vec<&str>, allowed: &BTreeSet<String>) -> Option<bool> {
    let word = words.pop()?;
    if word == "(" {
        let answer = any(words, allowed)?;
        return (words.pop()? == ")").then_some(answer);
    }
    let mut licence = word.to_owned();
    if words.last() == Some(&"WITH") {
        words.pop();
        licence = format!("{licence} WITH {}", words.pop()?);
    }
    Some(allowed.contains(&licence))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: &str = "[graph]\n[licenses]\nallow = [\n  \"MIT\",\n  \"Zlib\",\n  \
        \"Apache-2.0 WITH LLVM-exception\",\n]\n[bans]\ndeny = [\"GPL-3.0\"]\n";

    #[test]
    fn an_expression_is_judged_as_a_whole() {
        for (licence, expected) in [
            (Some("MIT"), true),
            (Some("GPL-3.0"), false),
            (Some("GPL-3.0 OR MIT"), true),
            (Some("GPL-3.0/MIT"), true),
            (Some("GPL-3.0 AND MIT"), false),
            (Some("MIT AND (GPL-3.0 OR Zlib)"), true),
            (Some("MIT AND (GPL-3.0 OR EPL-2.0)"), false),
            (Some("MIT OR GPL-3.0 AND EPL-2.0"), true),
            (Some("Apache-2.0 WITH LLVM-exception"), true),
            (Some("Apache-2.0"), false),
            (Some("MIT OR (Zlib"), false),
            (Some("MIT Zlib"), false),
            (Some(""), false),
            (None, false),
        ] {
            let package = ("x".to_owned(), licence.map(str::to_owned));
            assert_eq!(refused(&[package], SETTINGS).is_empty(), expected, "{licence:?}");
        }
    }

    #[test]
    fn a_list_that_cannot_be_read_is_reported() {
        assert_eq!(refused(&[], "[licenses]\n").len(), 1);
    }
}
