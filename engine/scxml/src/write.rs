//! Writes a chart as an SCXML document.
//!
//! The states, transitions and actions come out as SCXML with `datamodel="cel"`, expressions as
//! they stand in the chart; [`crate::read`] reads the same behaviour back. What SCXML has no word
//! for stands in a namespace of its own, [`COTMOC`]: assignments made at once (`cotmoc:set`) and
//! invokes of charts by name are read back, while tasks, terms, roles, letters, documents and
//! spawned cases are written for people and for other tools, and skipped on reading.
//!
//! Reading order: [`write()`], then `states`, `actions`, and `markup` for the angle brackets.
//!
//! **Invariant:** the output is well-formed XML whatever texts the chart holds, and the same chart
//! gives the same bytes.

mod actions;
mod markup;
mod states;

use std::collections::{BTreeMap, BTreeSet};

use chart::definition::{Chart, NameOrExpr, Unhandled};

use crate::read::{COTMOC, Document, SCXML};
use markup::Markup;

/// The SCXML of `chart`; invoked charts are named, not included.
pub fn write(chart: &Chart) -> String {
    write_with(chart, &BTreeMap::new())
}

/// The SCXML of a document with the charts it invokes inside.
pub fn write_document(document: &Document) -> String {
    write_with(&document.chart, &document.children)
}

fn write_with(chart: &Chart, children: &BTreeMap<String, Chart>) -> String {
    let mut writer = Writer { markup: Markup::default(), children, inside: BTreeSet::new() };
    writer.markup.line("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    let invoked = invoked_names(chart, children);
    writer.chart(chart, None, &invoked);
    writer.markup.finish()
}

/// Children that no invoke of `chart`, or of a chart inside it, names as they are: they are
/// chosen by an expression, and stand at the end of the document.
fn invoked_names(chart: &Chart, children: &BTreeMap<String, Chart>) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for one in std::iter::once(chart).chain(children.values()) {
        for invoke in one.states.iter().flat_map(|state| &state.invokes) {
            if let NameOrExpr::Name(name) = &invoke.chart {
                named.insert(name.to_string());
            }
        }
    }
    children.keys().filter(|name| !named.contains(*name)).cloned().collect()
}

/// One document on its way out.
struct Writer<'a> {
    markup: Markup,
    children: &'a BTreeMap<String, Chart>,
    /// Children already written, so that none stands twice.
    inside: BTreeSet<String>,
}

impl Writer<'_> {
    /// One `<scxml>`; `name` is what invokes call it, `apart` the children kept at its end.
    fn chart(&mut self, chart: &Chart, name: Option<&str>, apart: &BTreeSet<String>) {
        let version = chart.version.to_string();
        let mut attributes = vec![
            ("xmlns", SCXML.to_owned()),
            ("xmlns:cotmoc", COTMOC.to_owned()),
            ("version", "1.0".to_owned()),
            ("datamodel", "cel".to_owned()),
            ("name", chart.name.clone()),
            ("cotmoc:version", version),
        ];
        if chart.unhandled == Unhandled::Refuse {
            attributes.push(("cotmoc:unhandled", "refuse".to_owned()));
        }
        attributes.extend(name.map(|name| ("cotmoc:child", name.to_owned())));
        let plain_initial = states::plain_initial(chart, 0);
        attributes.extend(plain_initial.map(|targets| ("initial", targets)));
        self.markup.open("scxml", &attributes);
        if !chart.data_items.is_empty() {
            self.markup.open("datamodel", &[]);
            for item in &chart.data_items {
                let mut attributes = vec![("id", item.id.clone())];
                let value = item.value.as_ref();
                attributes.extend(value.map(|value| ("expr", value.source().to_owned())));
                self.markup.empty("data", &attributes);
            }
            self.markup.close("datamodel");
        }
        self.inside_of(chart, 0);
        for child in apart {
            if let Some(inner) = self.children.get(child)
                && self.inside.insert(child.clone())
            {
                self.markup.open("cotmoc:children", &[]);
                self.chart(inner, Some(child), &BTreeSet::new());
                self.markup.close("cotmoc:children");
            }
        }
        self.markup.close("scxml");
    }
}
