//! Reads an SCXML document into a chart.
//!
//! The vocabulary is SCXML 1.0 without `<script>`, external documents, XML data and other
//! processors than the SCXML one. Expressions are trivial ECMAScript ([`crate::ecma`]), or CEL as
//! [`crate::write`] writes it. An inline `<scxml>` of an `<invoke>` becomes a chart of its own.
//!
//! What the Recommendation calls an error at run time (an illegal expression, a bad location, a
//! malformed target) is an action or expression that fails when reached; what makes the document
//! itself wrong is a [`Mistake`], all of them at once.
//!
//! Reading order: [`read`], then `states`, `actions`, `sends`, `invokes`, and `words` for the
//! attributes and texts they share.
//!
//! **Invariant:** a document that is read says nothing about files: nothing here opens one.

mod actions;
mod invokes;
mod sends;
mod states;
mod words;

use std::collections::BTreeMap;
use std::fmt;

use chart::build::build;
use chart::canonical;
use chart::definition::{Chart, DataItem, Place, Text, Unhandled};
use chart::spec::{ChartSpec, StateSpec};
use roxmltree::{Node, ParsingOptions};

/// The namespace of SCXML.
pub const SCXML: &str = "http://www.w3.org/2005/07/scxml";
/// The namespace of what SCXML has no word for; written for people, and for `set` blocks.
pub const COTMOC: &str = "https://cotmoc.vn/ns/chart";

/// States may nest this deep; deeper is a mistake, not a crash.
const DEPTH_MAX: usize = 100;

/// What a document holds.
#[derive(Debug, Clone)]
pub struct Document {
    /// The chart of the outermost `<scxml>`.
    pub chart: Chart,
    /// Charts of inline `<scxml>` elements, by the name an invoke gives.
    pub children: BTreeMap<String, Chart>,
}

/// Why a document cannot be read.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ReadError {
    /// It is not XML.
    #[error("not XML: {0}")]
    NotXml(String),
    /// Its outermost element is something else.
    #[error("the outermost element is `{0}`, not `scxml`")]
    NotScxml(String),
    /// It is SCXML with mistakes.
    #[error("{}", listed(.0))]
    Mistakes(Vec<Mistake>),
}

/// One mistake in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where.
    pub place: Place,
    /// What, and how to mend it.
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.place.line, self.place.column, self.message)
    }
}

fn listed(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(Mistake::to_string).collect::<Vec<_>>().join("; ")
}

/// Reads `source`; every mistake is listed when it cannot be read.
pub fn read(source: &str) -> Result<Document, ReadError> {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    let document = roxmltree::Document::parse_with_options(source, options)
        .map_err(|error| ReadError::NotXml(error.to_string()))?;
    let root = document.root_element();
    if !is_scxml(root, "scxml") {
        return Err(ReadError::NotScxml(root.tag_name().name().to_owned()));
    }
    let mut reader = Reader::new(root, Lines::of(source));
    let chart = reader.chart();
    let Reader { mistakes, children, .. } = reader;
    match chart {
        Some(chart) if mistakes.is_empty() => Ok(Document { chart, children }),
        _ => Err(ReadError::Mistakes(mistakes)),
    }
}

/// Whether `node` is the SCXML element `name`; a document without any namespace is taken as SCXML.
fn is_scxml(node: Node<'_, '_>, name: &str) -> bool {
    node.tag_name().name() == name && in_scxml(node)
}

fn in_scxml(node: Node<'_, '_>) -> bool {
    node.is_element() && matches!(node.tag_name().namespace(), None | Some(SCXML))
}

/// The language of a document's expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Language {
    /// Translated by [`crate::ecma`].
    Ecmascript,
    /// CEL, as [`crate::write`] writes it.
    Cel,
}

/// Where lines begin, so that a place is found without reading the text again.
#[derive(Debug, Clone)]
struct Lines(std::sync::Arc<Vec<usize>>);

impl Lines {
    fn of(source: &str) -> Self {
        let breaks = source.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self(std::sync::Arc::new(std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect()))
    }

    fn place(&self, at: usize) -> Place {
        let line = self.0.partition_point(|&start| start <= at);
        let start = self.0[line - 1];
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Place { line: number(line), column: number(at - start + 1) }
    }
}

/// Reads one `<scxml>` element.
struct Reader<'a, 'i> {
    root: Node<'a, 'i>,
    lines: Lines,
    language: Language,
    late: bool,
    mistakes: Vec<Mistake>,
    children: BTreeMap<String, Chart>,
    data_items: Vec<DataItem>,
    /// Made-up names so far: of states without an id, and of inline children.
    made_up: usize,
    /// Put before the names of inline children, so that they differ across nested documents.
    prefix: String,
    depth: usize,
}

impl<'a, 'i> Reader<'a, 'i> {
    fn new(root: Node<'a, 'i>, lines: Lines) -> Self {
        Self {
            root,
            lines,
            language: Language::Ecmascript,
            late: false,
            mistakes: Vec::new(),
            children: BTreeMap::new(),
            data_items: Vec::new(),
            made_up: 0,
            prefix: String::new(),
            depth: 0,
        }
    }

    /// The chart, or nothing when there were mistakes.
    fn chart(&mut self) -> Option<Chart> {
        let root = self.root;
        self.language = match root.attribute("datamodel").unwrap_or("ecmascript") {
            "ecmascript" | "null" => Language::Ecmascript,
            "cel" => Language::Cel,
            other => {
                let known = "`ecmascript`, `null` or `cel`";
                self.mistake(root, format!("datamodel `{other}` is not offered; use {known}"));
                return None;
            }
        };
        self.late = match root.attribute("binding").unwrap_or("early") {
            "early" => false,
            "late" => true,
            other => {
                self.mistake(root, format!("binding is `early` or `late`, not `{other}`"));
                return None;
            }
        };
        let name = root.attribute("name").unwrap_or("scxml").to_owned();
        let id = self.root_id(&name);
        let state = self.state_of(root, id);
        if !self.mistakes.is_empty() {
            return None;
        }
        let spec = self.spec(name, state);
        match build(spec) {
            Ok(chart) => Some(chart),
            Err(problems) => {
                self.mistakes.extend(problems.into_iter().map(|problem| Mistake {
                    place: Place { line: problem.line, column: problem.column },
                    message: problem.message.get("en").to_owned(),
                }));
                None
            }
        }
    }

    fn spec(&mut self, name: String, root: StateSpec) -> ChartSpec {
        let text = &self.root.document().input_text()[self.root.range()];
        let version = self.root.attribute((COTMOC, "version")).and_then(|it| it.parse().ok());
        let unhandled = match self.root.attribute((COTMOC, "unhandled")) {
            Some("refuse") => Unhandled::Refuse,
            _ => Unhandled::Ignore,
        };
        ChartSpec {
            version: version.unwrap_or(1),
            sha256: canonical::sha256_hex(text),
            title: Text { vi: name.clone(), en: String::new() },
            name,
            data_items: std::mem::take(&mut self.data_items),
            unhandled,
            root,
            ..ChartSpec::default()
        }
    }

    /// The chart's own id as a state: its name, unless a state is called so too.
    fn root_id(&self, name: &str) -> String {
        let mut id = name.to_owned();
        while self.root.descendants().skip(1).any(|node| node.attribute("id") == Some(&id)) {
            id.push('#');
        }
        id
    }

    fn place(&self, node: Node<'_, '_>) -> Place {
        self.lines.place(node.range().start)
    }

    fn mistake(&mut self, node: Node<'_, '_>, message: impl Into<String>) {
        let place = self.place(node);
        self.mistakes.push(Mistake { place, message: message.into() });
    }

    fn unknown(&mut self, node: Node<'_, '_>) {
        let name = node.tag_name().name();
        let parent = node.parent_element().map_or("", |parent| parent.tag_name().name());
        self.mistake(node, format!("`<{name}>` may not stand in `<{parent}>`"));
    }
}
