//! Angle brackets, indentation and escapes.

use std::fmt::Write;

/// An attribute: its name and its value, not yet escaped.
pub(super) type Attribute = (&'static str, String);

/// XML being put together, one element a line.
#[derive(Debug, Default)]
pub(super) struct Markup {
    out: String,
    depth: usize,
}

impl Markup {
    pub(super) fn line(&mut self, text: &str) {
        for _ in 0..self.depth {
            self.out.push_str("  ");
        }
        self.out.push_str(text);
        self.out.push('\n');
    }

    pub(super) fn open(&mut self, name: &str, attributes: &[Attribute]) {
        let start = start(name, attributes);
        self.line(&format!("<{start}>"));
        self.depth += 1;
    }

    pub(super) fn close(&mut self, name: &str) {
        self.depth -= 1;
        self.line(&format!("</{name}>"));
    }

    pub(super) fn empty(&mut self, name: &str, attributes: &[Attribute]) {
        let start = start(name, attributes);
        self.line(&format!("<{start}/>"));
    }

    pub(super) fn finish(self) -> String {
        self.out
    }
}

fn start(name: &str, attributes: &[Attribute]) -> String {
    let mut start = name.to_owned();
    for (name, value) in attributes {
        let _ = write!(start, " {name}=\"{}\"", escaped(value));
    }
    start
}

/// `text` as an attribute's value: white space survives, what XML cannot hold does not.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            '\t' => out.push_str("&#9;"),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}
