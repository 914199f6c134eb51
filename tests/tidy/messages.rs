//! Error messages as the house writes them: lower case, one line, no final period, no cause inside.
//!
//! A cause stays in `source`, where the edge joins it with a colon: written into the text as well, it
//! would be said twice.

use super::tree::File;

/// Messages of `#[error("…")]` that break the house rules.
pub(crate) fn unhoused(files: &[File]) -> Vec<String> {
    let mut problems = Vec::new();
    for file in files.iter().filter(|file| !file.path.starts_with("tests/tidy/")) {
        for (at, opening) in file.text.match_indices("#[error(\"") {
            let number = file.text[..at].lines().count() + 1;
            let rest = &file.text[at + opening.len()..];
            let end = literal_end(rest);
            for problem in judge(&rest[..end], variant(&rest[end..])) {
                problems.push(format!("{}:{number}: {problem}", file.path));
            }
        }
    }
    problems
}

fn literal_end(rest: &str) -> usize {
    let mut escaped = false;
    let closes = rest.char_indices().find(|&(_, c)| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes
    });
    closes.map_or(rest.len(), |(at, _)| at)
}

/// The text of the variant that follows the attribute, up to the next one.
fn variant(rest: &str) -> &str {
    rest.split("#[error(").next().unwrap_or(rest)
}

fn judge(message: &str, variant: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if message.chars().next().is_some_and(char::is_uppercase) && !is_name(message) {
        problems.push(format!("`{message}` begins with a capital"));
    }
    if message.ends_with('.') {
        problems.push(format!("`{message}` ends with a period"));
    }
    if message.contains("\\n") {
        problems.push(format!("`{message}` is more than one line"));
    }
    let unnamed = variant.contains("(#[from]") || variant.contains("(#[source]");
    let named = variant.contains("source:");
    if (unnamed && message.contains("{0}")) || (named && message.contains("{source}")) {
        problems.push(format!("`{message}` repeats its cause"));
    }
    problems
}

/// `CEL`, `JSON`, `PostgreSQL`: a first word with a capital inside is a name.
fn is_name(message: &str) -> bool {
    let first = message.split_whitespace().next().unwrap_or_default();
    first.chars().skip(1).any(char::is_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_out_of_style_is_reported() {
        for (text, expected) in [
            ("#[error(\"case `{case}` is closed\")]\nClosed { case: X },", 0),
            ("#[error(\"JSON is expected\")]\nJson,", 0),
            ("#[error(\"Case is closed\")]\nClosed,", 1),
            ("#[error(\"case is closed.\")]\nClosed,", 1),
            ("#[error(\"one\\ntwo\")]\nTwo,", 1),
            ("#[error(\"failed: {0}\")]\nDatabase(#[from] sqlx::Error),", 1),
            ("#[error(\"failed: {source}\")]\nIo { path: P, source: std::io::Error },", 1),
            ("#[error(\"refused: {0}\")]\nRefused(String),\n#[error(\"lost\")]\nX(#[from] E)", 0),
            ("#[error(\"a \\\" b.\\\"\")]\nQuoted,", 0),
        ] {
            assert_eq!(unhoused(&[File::new("a.rs", text)]).len(), expected, "{text}");
        }
    }
}
