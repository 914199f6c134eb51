//! Paths of `set`: `data.scores[actor.id]`, where a value is put or taken away (R24).
//!
//! A path is a name followed by `.name`, `['literal']` or `[CEL]`. The computed parts are
//! evaluated before anything is written, so a list of assignments sees one state of the data.
//! Texts lead into objects, integers into arrays.
//!
//! **Invariant:** what two paths may both reach, [`overlaps`] says; it errs on the side of yes.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::expr::{EvalError, Expr, ExprError, ExprErrorKind, Scope};

/// A compiled path. Two are equal when their sources are.
#[derive(Debug, Clone)]
pub struct DataPath {
    source: String,
    parts: Vec<Part>,
    /// Where it leads, if no part is computed.
    fixed: Option<Vec<Segment>>,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Key(Arc<str>),
    Computed(Expr),
}

/// One step from a value into a part of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Segment {
    /// A member of an object.
    Key(Arc<str>),
    /// An element of an array, from 0; the length of the array appends.
    Index(usize),
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => f.write_str(key),
            Self::Index(index) => write!(f, "{index}"),
        }
    }
}

impl PartialEq for DataPath {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for DataPath {}

impl DataPath {
    /// A path of a chart: it begins with `data`, which is left out of the segments.
    pub fn compile(source: &str) -> Result<Self, ExprError> {
        Self::compile_with(source, &[])
    }

    /// A path of a chart whose computed parts may use `locals`, such as `it`.
    pub fn compile_with(source: &str, locals: &[&str]) -> Result<Self, ExprError> {
        let mut path = parse(source, |part| Expr::compile_with(part, locals))?;
        if path.parts.first() != Some(&Part::Key("data".into())) {
            let message = "a path begins with `data`, such as `data.scores[actor.id]`";
            return Err(refuse(source, 0, message));
        }
        path.parts.remove(0);
        Ok(path.fixed())
    }

    /// A path of SCXML: its first name is a top-level key of the data.
    pub fn compile_open(source: &str) -> Result<Self, ExprError> {
        parse(source, Expr::compile_open).map(Self::fixed)
    }

    fn fixed(mut self) -> Self {
        let segment = |part: &Part| match part {
            Part::Key(key) => Some(Segment::Key(Arc::clone(key))),
            Part::Computed(_) => None,
        };
        self.fixed = self.parts.iter().map(segment).collect();
        self
    }

    /// The path as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The computed parts, in the order of the source.
    pub fn expressions(&self) -> impl Iterator<Item = &Expr> {
        self.parts.iter().filter_map(|part| match part {
            Part::Computed(expr) => Some(expr),
            Part::Key(_) => None,
        })
    }

    /// The keys up to the first computed part.
    pub fn static_prefix(&self) -> Vec<String> {
        self.keys().map(str::to_owned).collect()
    }

    /// Whether no part is computed.
    pub fn is_static(&self) -> bool {
        self.fixed.is_some()
    }

    fn keys(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().map_while(|part| match part {
            Part::Key(key) => Some(&**key),
            Part::Computed(_) => None,
        })
    }

    /// Where it leads in `scope`.
    pub fn resolve(&self, scope: &Scope<'_>) -> Result<Cow<'_, [Segment]>, EvalError> {
        match self.segments() {
            Some(segments) => Ok(Cow::Borrowed(segments)),
            None => self.parts.iter().map(|part| self.resolve_part(part, scope)).collect(),
        }
    }

    /// Where it leads in every scope, if no part is computed.
    pub(crate) fn segments(&self) -> Option<&[Segment]> {
        self.fixed.as_deref()
    }

    fn resolve_part(&self, part: &Part, scope: &Scope<'_>) -> Result<Segment, EvalError> {
        let expr = match part {
            Part::Key(key) => return Ok(Segment::Key(Arc::clone(key))),
            Part::Computed(expr) => expr,
        };
        let found = expr.eval(scope)?;
        match &found {
            Value::String(key) => Ok(Segment::Key(key.as_str().into())),
            Value::Number(number) => number
                .as_u64()
                .and_then(|index| usize::try_from(index).ok())
                .map(Segment::Index)
                .ok_or_else(|| self.astray(format!("`{number}` is no index of a list"))),
            _ => Err(self.astray(format!("`{}` is neither a text nor an index", expr.source()))),
        }
    }

    fn astray(&self, message: String) -> EvalError {
        EvalError::Path { path: self.source.clone(), message }
    }
}

/// Whether what is written through `a` may be part of, or contain, what is written through `b`.
pub fn overlaps(a: &DataPath, b: &DataPath) -> bool {
    let distinct = |(a, b): (&Part, &Part)| match (a, b) {
        (Part::Key(a), Part::Key(b)) => a != b,
        _ => false,
    };
    !a.parts.iter().zip(&b.parts).any(distinct)
}

/// Puts `value` at the end of `path`, in `root`.
///
/// A missing member on the way is made an empty object where `may_create` says so of the path to
/// it; the last member may always be new, and the index one past the end appends. After an error
/// `root` is as it was, but for empty objects on the way.
pub fn write(
    root: &mut Value,
    path: &[Segment],
    value: Value,
    may_create: impl Fn(&[Segment]) -> bool,
) -> Result<(), EvalError> {
    write_from(0, root, path, value, may_create)
}

/// [`write`], where the first `from` segments of `path` have led to `root`.
pub(crate) fn write_from(
    from: usize,
    root: &mut Value,
    path: &[Segment],
    value: Value,
    may_create: impl Fn(&[Segment]) -> bool,
) -> Result<(), EvalError> {
    let Some((last, parents)) = path[from..].split_last() else {
        *root = value;
        return Ok(());
    };
    let mut at = root;
    for (depth, segment) in parents.iter().enumerate() {
        let here = &path[..=from + depth];
        if let (Value::Object(members), Segment::Key(key)) = (&mut *at, segment)
            && !members.contains_key(&**key)
            && may_create(here)
        {
            members.insert(key.to_string(), Value::Object(Map::new()));
        }
        at = member_mut(at, segment).ok_or_else(|| nothing_there(here))?;
    }
    match (at, last) {
        (Value::Object(members), Segment::Key(key)) => {
            members.insert(key.to_string(), value);
            Ok(())
        }
        (Value::Array(items), Segment::Index(index)) if *index < items.len() => {
            items[*index] = value;
            Ok(())
        }
        (Value::Array(items), Segment::Index(index)) if *index == items.len() => {
            items.push(value);
            Ok(())
        }
        (Value::Array(_), Segment::Index(_)) => Err(blocked(path, "the index is outside the list")),
        (Value::Array(_), Segment::Key(_)) => Err(blocked(path, "a list has no keys")),
        (_, Segment::Index(_)) => Err(blocked(path, "only a list has indexes")),
        (_, Segment::Key(_)) => Err(blocked(path, "only an object has keys")),
    }
}

/// Takes away what is at the end of `path`, in `root`; nothing there is as good as taken away.
/// Elements behind a removed one move up. The root itself cannot be removed.
pub fn remove(root: &mut Value, path: &[Segment]) -> Result<(), EvalError> {
    remove_from(0, root, path)
}

/// [`remove`], where the first `from` segments of `path` have led to `root`.
pub(crate) fn remove_from(
    from: usize,
    root: &mut Value,
    path: &[Segment],
) -> Result<(), EvalError> {
    let Some((last, parents)) = path[from..].split_last() else {
        return Err(blocked(path, "the data itself cannot be removed"));
    };
    let mut at = root;
    for segment in parents {
        match member_mut(at, segment) {
            Some(member) => at = member,
            None => return Ok(()),
        }
    }
    match (at, last) {
        (Value::Object(members), Segment::Key(key)) => {
            members.remove(&**key);
        }
        (Value::Array(items), Segment::Index(index)) if *index < items.len() => {
            items.remove(*index);
        }
        _ => {}
    }
    Ok(())
}

fn member_mut<'v>(value: &'v mut Value, segment: &Segment) -> Option<&'v mut Value> {
    match (value, segment) {
        (Value::Object(members), Segment::Key(key)) => members.get_mut(&**key),
        (Value::Array(items), Segment::Index(index)) => items.get_mut(*index),
        _ => None,
    }
}

/// The error of a path that ends before it should.
pub(crate) fn nothing_there(path: &[Segment]) -> EvalError {
    blocked(path, "there is nothing there")
}

fn blocked(path: &[Segment], message: &str) -> EvalError {
    let mut text = "data".to_owned();
    for segment in path {
        match segment {
            Segment::Key(key) => text.extend([".", &**key]),
            Segment::Index(index) => text.extend(["[", &index.to_string(), "]"]),
        }
    }
    EvalError::Path { path: text, message: message.to_owned() }
}

/// The error at byte `at` of `source`.
fn refuse(source: &str, at: usize, message: &str) -> ExprError {
    let before = source.get(..at).unwrap_or(source);
    ExprError {
        line: before.matches('\n').count() + 1,
        column: before.chars().rev().take_while(|c| *c != '\n').count() + 1,
        message: message.to_owned(),
        kind: ExprErrorKind::Syntax,
    }
}

fn is_name_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

/// The length of the name that `text` begins with.
fn name_len(text: &str) -> usize {
    if !text.starts_with(is_name_start) {
        return 0;
    }
    text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len())
}

fn parse(
    source: &str,
    compile: impl Fn(&str) -> Result<Expr, ExprError>,
) -> Result<DataPath, ExprError> {
    const SHAPE: &str = "a path is a name followed by `.name`, `['literal']` or `[CEL]`";
    let mut parts = Vec::new();
    let mut at = 0;
    while at < source.len() || parts.is_empty() {
        let rest = &source[at..];
        if let Some(inner) = rest.strip_prefix('[').filter(|_| !parts.is_empty()) {
            let end = bracket_end(inner);
            let end = end.ok_or_else(|| refuse(source, at, "this `[` is not closed"))?;
            parts.push(bracket(source, at + 1, &inner[..end], &compile)?);
            at += end + 2;
        } else {
            let dot = usize::from(!parts.is_empty());
            if dot == 1 && !rest.starts_with('.') {
                return Err(refuse(source, at, SHAPE));
            }
            let len = name_len(&rest[dot..]);
            if len == 0 {
                return Err(refuse(source, at, SHAPE));
            }
            parts.push(Part::Key(rest[dot..dot + len].into()));
            at += dot + len;
        }
    }
    Ok(DataPath { source: source.to_owned(), parts, fixed: None })
}

/// Where the bracket that was opened before `text` closes, outside quotes and inner brackets.
fn bracket_end(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut quote = None;
    let mut is_escaped = false;
    for (at, c) in text.char_indices() {
        match quote {
            Some(_) if is_escaped => is_escaped = false,
            Some(_) if c == '\\' => is_escaped = true,
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None => match c {
                '\'' | '"' => quote = Some(c),
                '[' => depth += 1,
                ']' if depth == 0 => return Some(at),
                ']' => depth -= 1,
                _ => {}
            },
        }
    }
    None
}

/// What stands between brackets: a literal text is a key, anything else is computed.
fn bracket(
    source: &str,
    at: usize,
    inner: &str,
    compile: &impl Fn(&str) -> Result<Expr, ExprError>,
) -> Result<Part, ExprError> {
    let text = inner.trim();
    for quote in ['\'', '"'] {
        let literal = text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
        if let Some(literal) = literal.filter(|text| !text.contains([quote, '\\'])) {
            return Ok(Part::Key(literal.into()));
        }
    }
    compile(inner).map(Part::Computed).map_err(|error| {
        let start = refuse(source, at, "");
        let column = if error.line == 1 { start.column + error.column - 1 } else { error.column };
        ExprError { line: start.line + error.line - 1, column, ..error }
    })
}
