//! Reading values out of nodes, with a problem for everything that does not fit.
//!
//! **Invariant:** a reading function never stops the reading; what it cannot read it reports and
//! leaves out.

use std::collections::BTreeSet;

use crate::definition::{Place, Text};
use crate::expr::{Expr, ExprErrorKind};
use crate::load::node::{Key, Node, Tree};
use crate::load::source::{Mention, MentionOf, Purpose, Scope, Site, Source};
use crate::problem::{Problem, ProblemKind, closest, hint};

/// The reader of one chart: what it found so far.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    pub(crate) problems: Vec<Problem>,
    pub(crate) source: Source,
    /// The state whose parts are being read.
    pub(crate) state: String,
    /// The roles of `for` and `by` in the state being read.
    pub(crate) scope: Option<Scope>,
}

/// The keys of one mapping; asks for each, then reports those nobody asked for.
pub(crate) struct Fields<'a> {
    pub(crate) node: &'a Node,
    entries: &'a [(Key, Node)],
    asked: BTreeSet<&'static str>,
    what: &'static str,
}

impl<'a> Fields<'a> {
    /// The value of `key`, if it is there and not null.
    pub(crate) fn take(&mut self, key: &'static str) -> Option<&'a Node> {
        self.asked.insert(key);
        self.entries.iter().find(|(one, _)| one.text == key).map(|(_, node)| node)
    }

    /// The place of `key` itself.
    pub(crate) fn key_place(&self, key: &str) -> Place {
        self.entries
            .iter()
            .find(|(one, _)| one.text == key)
            .map_or(self.node.place, |(one, _)| one.place)
    }

    /// Whether no key at all is written.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(one, _)| one.text == key)
    }

    /// Reports every key that was not asked for.
    pub(crate) fn finish(self, reader: &mut Reader) {
        for (key, _) in self.entries {
            if self.asked.contains(key.text.as_str()) {
                continue;
            }
            let (vi, en) = hint(closest(&key.text, self.asked.iter().copied()));
            let known = self.asked.iter().copied().collect::<Vec<_>>().join("`, `");
            let (vi, en) = if en.is_empty() {
                (format!("; các khóa có thể dùng: `{known}`"), format!("; it takes `{known}`"))
            } else {
                (vi, en)
            };
            reader.report(
                ProblemKind::UnknownKey,
                key.place,
                &key.text,
                format!("{} không có khóa `{}`{vi}", self.what, key.text),
                format!("{} has no key `{}`{en}", self.what, key.text),
            );
        }
    }
}

impl Reader {
    /// Writes a problem down.
    pub(crate) fn report(
        &mut self,
        kind: ProblemKind,
        place: Place,
        excerpt: &str,
        vi: impl Into<String>,
        en: impl Into<String>,
    ) {
        self.problems.push(Problem::new(kind, place, excerpt, vi, en));
    }

    /// Reports that `node` should have been `vi`/`en`.
    pub(crate) fn wrong(&mut self, node: &Node, vi: &str, en: &str) {
        let (is_vi, is_en) = node.shape();
        self.report(
            ProblemKind::WrongType,
            node.place,
            &node.excerpt(),
            format!("chỗ này cần {vi}, không phải {is_vi}"),
            format!("here goes {en}, not {is_en}"),
        );
    }

    /// Reports that `key` is missing at `place`.
    pub(crate) fn missing(&mut self, place: Place, what: &str, key: &str) {
        self.report(
            ProblemKind::MissingKey,
            place,
            what,
            format!("`{what}` thiếu khóa `{key}`"),
            format!("`{what}` lacks the key `{key}`"),
        );
    }

    /// The keys of a mapping; `what` names it in messages.
    pub(crate) fn fields<'a>(&mut self, node: &'a Node, what: &'static str) -> Option<Fields<'a>> {
        if let Tree::Map(entries) = &node.tree {
            return Some(Fields { node, entries, asked: BTreeSet::new(), what });
        }
        self.wrong(node, "một ánh xạ", "a mapping");
        None
    }

    /// The entries of a mapping in order; a list of one-entry mappings is the same mapping, as a
    /// stored document has it, because canonical JSON keeps no order of keys.
    pub(crate) fn ordered<'a>(&mut self, node: &'a Node) -> Vec<&'a (Key, Node)> {
        match &node.tree {
            Tree::Map(entries) => entries.iter().collect(),
            Tree::List(items) => {
                let mut all = Vec::new();
                for item in items {
                    match &item.tree {
                        Tree::Map(entries) => all.extend(entries),
                        _ => self.wrong(item, "một ánh xạ", "a mapping"),
                    }
                }
                all
            }
            _ => {
                self.wrong(node, "một ánh xạ", "a mapping");
                Vec::new()
            }
        }
    }

    /// The items of a list; a single value is a list of one.
    pub(crate) fn one_or_many(node: &Node) -> Vec<&Node> {
        match &node.tree {
            Tree::List(items) => items.iter().collect(),
            _ => vec![node],
        }
    }

    /// A text.
    pub(crate) fn text(&mut self, node: &Node) -> Option<String> {
        if let Tree::Text(text) = &node.tree {
            return Some(text.clone());
        }
        self.wrong(node, "một chữ", "a text");
        None
    }

    /// A whole number of at least 1.
    pub(crate) fn count(&mut self, node: &Node) -> Option<u32> {
        if let Tree::Int(number) = node.tree
            && let Ok(number) = u32::try_from(number)
            && number > 0
        {
            return Some(number);
        }
        self.wrong(node, "một số nguyên dương", "a whole number from 1");
        None
    }

    /// True or false.
    pub(crate) fn flag(&mut self, node: &Node) -> bool {
        if let Tree::Bool(flag) = node.tree {
            return flag;
        }
        self.wrong(node, "`true` hoặc `false`", "`true` or `false`");
        false
    }

    /// A name of lower-case words joined by `_`; `dots` allows tokens separated by dots.
    pub(crate) fn name(&mut self, node: &Node, dots: bool) -> Option<String> {
        let text = self.text(node)?;
        self.check_name(&text, node.place, dots).then_some(text)
    }

    /// Whether `text` is a name; reports it when not.
    pub(crate) fn check_name(&mut self, text: &str, place: Place, dots: bool) -> bool {
        let sound = if dots { text.split('.').all(is_name) } else { is_name(text) };
        if !sound {
            let (vi, en) = if dots {
                (", các phần cách nhau bằng dấu chấm", ", in tokens separated by dots")
            } else {
                ("", "")
            };
            self.report(
                ProblemKind::BadName,
                place,
                text,
                format!("tên `{text}` phải gồm các từ chữ thường nối bằng `_`{vi}"),
                format!("the name `{text}` must be lower-case words joined by `_`{en}"),
            );
        }
        sound
    }

    /// One name or a list of names.
    pub(crate) fn names(&mut self, node: &Node) -> Vec<(String, Place)> {
        let mut all = Vec::new();
        for one in Self::one_or_many(node) {
            if let Some(name) = self.name(one, false) {
                all.push((name, one.place));
            }
        }
        all
    }

    /// One role or a list of roles, each written down as mentioned.
    pub(crate) fn roles(&mut self, node: &Node) -> Vec<String> {
        let names = self.names(node);
        names
            .into_iter()
            .map(|(name, place)| {
                self.mention(&name, place, MentionOf::Role);
                name
            })
            .collect()
    }

    /// Writes down that `name` is mentioned at `place`.
    pub(crate) fn mention(&mut self, name: &str, place: Place, role: MentionOf) {
        let state = self.state.clone();
        self.source.mentions.push(Mention { place, name: name.to_owned(), role, state });
    }

    /// A text in both languages; `owner` says whose it is.
    pub(crate) fn words(&mut self, node: &Node, owner: &str) -> Text {
        let mut text = Text::default();
        let Some(mut fields) = self.fields(node, "{ vi, en }") else {
            return text;
        };
        for (lang, slot) in [("vi", &mut text.vi), ("en", &mut text.en)] {
            let written = fields.take(lang).and_then(|one| self.text(one));
            match written.filter(|one| !one.trim().is_empty()) {
                Some(written) => *slot = written,
                None => self.no_title(node.place, owner, lang),
            }
        }
        fields.finish(self);
        text
    }

    /// The title under `title` of `fields`, which must be there.
    pub(crate) fn title(&mut self, fields: &mut Fields<'_>, place: Place, owner: &str) -> Text {
        if let Some(node) = fields.take("title") {
            return self.words(node, owner);
        }
        self.no_title(place, owner, "vi, en");
        Text::default()
    }

    fn no_title(&mut self, place: Place, owner: &str, lang: &str) {
        self.report(
            ProblemKind::MissingTitle,
            place,
            owner,
            format!("`{owner}` thiếu lời bằng `{lang}`"),
            format!("`{owner}` has no words in `{lang}`"),
        );
    }

    /// A CEL expression; numbers and truth values stand for themselves.
    pub(crate) fn expr(&mut self, node: &Node, purpose: Purpose) -> Option<Expr> {
        self.expr_with(node, purpose, &[])
    }

    /// A CEL expression that also sees `extra`.
    pub(crate) fn expr_with(
        &mut self,
        node: &Node,
        purpose: Purpose,
        extra: &[&str],
    ) -> Option<Expr> {
        if matches!(node.tree, Tree::List(_) | Tree::Map(_)) {
            self.wrong(node, "một biểu thức CEL", "a CEL expression");
            return None;
        }
        let text = node.excerpt();
        match Expr::compile_with(&text, extra) {
            Ok(expr) => {
                self.site(node.place, &expr, purpose);
                Some(expr)
            }
            Err(error) => {
                let place = self.inside(node, error.line, error.column);
                let kind = match error.kind {
                    ExprErrorKind::UnknownName | ExprErrorKind::UnknownFunction => {
                        ProblemKind::UnknownName
                    }
                    _ => ProblemKind::BadExpression,
                };
                self.report(
                    kind,
                    place,
                    &text,
                    format!("biểu thức CEL sai: {}", error.message),
                    format!("this CEL expression is wrong: {}", error.message),
                );
                None
            }
        }
    }

    /// Writes an expression down for the checker.
    pub(crate) fn site(&mut self, place: Place, expr: &Expr, purpose: Purpose) {
        self.source.sites.push(Site {
            place,
            expr: expr.clone(),
            purpose,
            scope: self.scope.clone().unwrap_or(Scope::NoEvent),
        });
    }

    /// The place of column `column` of a scalar; its beginning where the scalar is folded.
    pub(crate) fn inside(&self, node: &Node, line: usize, column: usize) -> Place {
        let start = node.place;
        let column = u32::try_from(column).unwrap_or(0);
        let written = self.source.lines.get(start.line.saturating_sub(1) as usize);
        let first =
            written.and_then(|one| one.chars().nth(start.column.saturating_sub(1) as usize));
        match first {
            Some('|' | '>') => start,
            _ if line > 1 || column == 0 => start,
            Some('"' | '\'') => Place { line: start.line, column: start.column + column },
            _ => Place { line: start.line, column: start.column + column - 1 },
        }
    }

    /// Values by key.
    pub(crate) fn params(&mut self, node: &Node, extra: &[&str]) -> Vec<(String, Expr)> {
        let mut all = Vec::new();
        let Tree::Map(entries) = &node.tree else {
            self.wrong(node, "các giá trị theo khóa", "values by key");
            return all;
        };
        for (key, one) in entries {
            if let Some(expr) = self.expr_with(one, Purpose::Value, extra) {
                all.push((key.text.clone(), expr));
            }
        }
        all
    }
}

/// Whether `text` is lower-case words joined by `_`, the first beginning with a letter.
pub(crate) fn is_name(text: &str) -> bool {
    text.starts_with(|one: char| one.is_ascii_lowercase())
        && text.split('_').all(|word| {
            !word.is_empty()
                && word.chars().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit())
        })
}
