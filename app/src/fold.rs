//! Texts as people type them in a hurry: without marks, in small letters.

use unicode_normalization::UnicodeNormalization as _;

/// `text` in small letters without the marks of Vietnamese: `Nền tảng Địa chính` as `nen tang dia chinh`.
pub(crate) fn folded(text: &str) -> String {
    let bare = text.nfd().filter(|c| !matches!(c, '\u{300}'..='\u{36f}'));
    let small = bare.flat_map(char::to_lowercase);
    small.map(|c| if c == 'đ' { 'd' } else { c }).collect()
}

/// How much of a search is looked at.
const SEARCH_MAX: usize = 200;

/// The words of a search, folded, each once; what nobody can type is left out.
pub(crate) fn words(text: &str) -> Vec<String> {
    let typed: String = text.chars().filter(|c| !c.is_control()).take(SEARCH_MAX).collect();
    let mut words: Vec<String> = Vec::new();
    for word in folded(&typed).split_whitespace() {
        if !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_capitals_make_no_difference() {
        let rows = [
            ("Nền tảng Địa chính", "nen tang dia chinh"),
            ("NE\u{302}\u{300}N TA\u{309}NG", "nen tang"),
            ("ƯƠNG ươ Ỷ", "uong uo y"),
            ("dn-A1", "dn-a1"),
        ];
        for (text, expected) in rows {
            assert_eq!(folded(text), expected, "{text}");
        }
        assert_eq!(words("  Mạng  xã\u{a0}hội mạng "), ["mang", "xa", "hoi"]);
        assert_eq!(words("a\0b"), ["ab"]);
        assert_eq!(words(&"x".repeat(1000))[0].len(), SEARCH_MAX);
    }
}
