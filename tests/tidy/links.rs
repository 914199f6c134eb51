//! Links between documents: the file and the heading must exist.

use std::collections::BTreeSet;

use super::tree::Tree;

/// Relative links of Markdown files that lead nowhere.
pub(crate) fn broken(tree: &Tree) -> Vec<String> {
    let mut problems = Vec::new();
    for file in tree.under("", "md") {
        for (number, target) in links(&file.text) {
            if !leads_somewhere(tree, &file.path, &target) {
                problems.push(format!("{}:{number}: `{target}` leads nowhere", file.path));
            }
        }
    }
    problems
}

fn leads_somewhere(tree: &Tree, from: &str, target: &str) -> bool {
    if target.contains("://") || target.starts_with("mailto:") {
        return true;
    }
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = if path.is_empty() { from.to_owned() } else { resolve(from, path) };
    if !path.is_empty() && !tree.paths.contains(&path) {
        return false;
    }
    let document = tree.files.iter().find(|file| file.path == path);
    anchor.is_empty() || document.is_none_or(|file| anchors(&file.text).contains(anchor))
}

/// `path` as written in the file `from`, relative to the repository.
fn resolve(from: &str, path: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Line and target of every inline link or picture outside code.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        let line: String = line.split('`').step_by(2).collect();
        for rest in line.split("](").skip(1) {
            let target = rest.split([')', ' ']).next().unwrap_or_default();
            found.push((number, target.to_owned()));
        }
    }
    found
}

/// The names that headings get: lower case, punctuation dropped, spaces to hyphens.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).filter_map(|(_, line)| {
        let title = line.trim_start_matches('#');
        (title.len() < line.len() && title.starts_with(' ')).then(|| title.trim().to_lowercase())
    });
    headings
        .map(|title| {
            let kept = title.chars().filter(|&c| c.is_alphanumeric() || " -_".contains(c));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

/// The lines outside fenced code.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        (!fenced && !fence).then_some((index + 1, line))
    })
}

#[cfg(test)]
mod tests {
    use super::super::tree::File;
    use super::*;

    #[test]
    fn a_link_that_leads_nowhere_is_reported() {
        for (text, expected) in [
            ("[a](other.md)", 0),
            ("[a](../README.md)", 0),
            ("[a](other.md#thời-hạn-25-còn-lại)", 0),
            ("[a](https://example.vn/x)", 0),
            ("# Here\n[a](#here)", 0),
            ("```\n[a](nowhere.md)\n```", 0),
            ("`[a](nowhere.md)`", 0),
            ("[a](nowhere.md)", 1),
            ("![a](nowhere.svg \"title\")", 1),
            ("[a](other.md#absent)", 1),
            ("[a](#absent)", 1),
            ("[a](other.md) and [b](x.md)", 1),
        ] {
            let mut tree = Tree::default();
            let other = File::new("docs/other.md", "## Thời hạn 25: còn lại\n");
            tree.files.extend([File::new("docs/this.md", text), other]);
            tree.paths.extend(["docs/this.md", "docs/other.md", "README.md"].map(str::to_owned));
            assert_eq!(broken(&tree).len(), expected, "{text}");
        }
    }
}
