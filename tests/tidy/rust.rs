//! Rust text without what is not code.

/// `source` with comments and the insides of literals blanked; lines stay where they were.
///
/// Not a parser: enough for rules about names. Lifetimes are told from characters by the quote that
/// closes a character.
pub(crate) fn bare(source: &str) -> String {
    let text: Vec<char> = source.chars().collect();
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    while at < text.len() {
        let end = match (text[at], text.get(at + 1)) {
            ('/', Some('/')) => line_end(&text, at),
            ('/', Some('*')) => comment_end(&text, at),
            ('"', _) => string_end(&text, at + 1),
            ('\'', _) => character_end(&text, at),
            ('r' | 'b' | 'c', _) if at == 0 || !is_word(text[at - 1]) => raw_end(&text, at),
            _ => at,
        };
        if end == at {
            out.push(text[at]);
            at += 1;
        } else {
            out.extend(text[at..end].iter().map(|&c| if c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    out
}

/// The words (identifiers, keywords) of bare text.
pub(crate) fn words(bare: &str) -> impl Iterator<Item = &str> {
    bare.split(|c| !is_word(c)).filter(|word| !word.is_empty())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn line_end(text: &[char], at: usize) -> usize {
    (at..text.len()).find(|&i| text[i] == '\n').unwrap_or(text.len())
}

/// Comments nest.
fn comment_end(text: &[char], at: usize) -> usize {
    let (mut depth, mut i) = (0, at);
    while i < text.len() {
        match (text[i], text.get(i + 1)) {
            ('/', Some('*')) => (depth, i) = (depth + 1, i + 2),
            ('*', Some('/')) => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
        if depth == 0 {
            return i;
        }
    }
    text.len()
}

fn string_end(text: &[char], mut at: usize) -> usize {
    while at < text.len() {
        match text[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

/// `'a'`, `'\n'`, `'\u{1F600}'`; `at` itself when it is a lifetime.
fn character_end(text: &[char], at: usize) -> usize {
    if text.get(at + 1) == Some(&'\\') {
        let close = (at + 3..text.len()).find(|&i| text[i] == '\'');
        return close.map_or(text.len(), |i| i + 1);
    }
    if text.get(at + 2) == Some(&'\'') { at + 3 } else { at }
}

/// `r"…"`, `r#"…"#`, `b"…"`, `br#"…"#`; `at` itself when a word only begins with that letter.
fn raw_end(text: &[char], at: usize) -> usize {
    let letters = text[at..].iter().take(2).take_while(|&&c| matches!(c, 'r' | 'b' | 'c')).count();
    let raw = text[at..at + letters].contains(&'r');
    let hashes = text[at + letters..].iter().take_while(|&&c| c == '#').count();
    let open = at + letters + hashes;
    if text.get(open) != Some(&'"') || (!raw && hashes > 0) {
        return at;
    }
    if !raw {
        return string_end(text, open + 1);
    }
    let closes = |i: usize| {
        text[i] == '"' && text[i + 1..].iter().take(hashes).filter(|&&c| c == '#').count() == hashes
    };
    (open + 1..text.len()).find(|&i| closes(i)).map_or(text.len(), |i| i + 1 + hashes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_is_left() {
        for (source, code) in [
            ("a // HashMap\nb", "a b"),
            ("a /* x /* y */ z */ b", "a b"),
            ("a \"HashMap \\\" // \" b", "a b"),
            ("a r#\"HashMap \" x\"# b", "a b"),
            ("a b\"HashMap\" c", "a c"),
            ("a br\"\\\" b", "a b"),
            ("f('\"', 'x', '\\'', '\\u{41}') g", "f( , , , ) g"),
            ("fn f<'a>(x: &'a str) {}", "fn f<'a>(x: &'a str) {}"),
            ("rust r2 r#type b", "rust r2 r#type b"),
            ("a \"open", "a"),
        ] {
            let left = bare(source).split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(left, code, "{source}");
        }
    }

    #[test]
    fn lines_stay_where_they_were() {
        let source = "/* one\ntwo */ a\n\"three\nfour\" b";
        assert_eq!(bare(source).lines().count(), source.lines().count());
    }

    #[test]
    fn words_are_whole() {
        assert_eq!(words("pub fn a_b(x2: T)").collect::<Vec<_>>(), ["pub", "fn", "a_b", "x2", "T"]);
    }
}
