//! Results as a table, JSON or CSV, from the same rows.
//!
//! **Invariant:** the three forms carry the same cells; only a table may shorten or align.

use std::io::Write as _;

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{Cell, ContentArrangement, Table};
use serde_json::{Map, Value};

use super::{Failure, Format};

/// Rows with named columns.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// Machine names of the columns, the keys of JSON and the heading of CSV.
    pub keys: Vec<&'static str>,
    /// Headings for people, in the chosen language.
    pub headings: Vec<String>,
    /// The cells.
    pub rows: Vec<Vec<Value>>,
}

impl Rows {
    /// No rows under `columns`: pairs of machine name and heading.
    pub fn new(columns: &[(&'static str, &str)]) -> Self {
        Self {
            keys: columns.iter().map(|(key, _)| *key).collect(),
            headings: columns.iter().map(|(_, heading)| (*heading).to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; its cells are in the order of the columns.
    pub fn push(&mut self, cells: Vec<Value>) {
        debug_assert_eq!(cells.len(), self.keys.len(), "a cell for each column");
        self.rows.push(cells);
    }

    /// Prints them in `format`; `empty` is said instead of a table without rows.
    pub fn print(&self, format: Format, empty: &str) -> Result<(), Failure> {
        let mut out = std::io::stdout().lock();
        match format {
            Format::Table if self.rows.is_empty() => writeln!(out, "{empty}")?,
            Format::Table => writeln!(out, "{}", self.table())?,
            Format::Json => writeln!(out, "{:#}", self.json())?,
            Format::Csv => out.write_all(self.csv()?.as_bytes())?,
        }
        Ok(())
    }

    /// The table for people.
    pub fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(UTF8_HORIZONTAL_ONLY);
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(self.headings.iter().map(Cell::new));
        for row in &self.rows {
            table.add_row(row.iter().map(|cell| Cell::new(shown(cell))));
        }
        table
    }

    /// A list of objects.
    pub fn json(&self) -> Value {
        let object = |row: &Vec<Value>| {
            let pairs = self.keys.iter().map(|key| (*key).to_owned()).zip(row.iter().cloned());
            Value::Object(pairs.collect::<Map<String, Value>>())
        };
        Value::Array(self.rows.iter().map(object).collect())
    }

    /// CSV with a heading; a cell that a spreadsheet would run as a formula is quoted with `'`.
    pub fn csv(&self) -> Result<String, Failure> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let broken = |error: csv::Error| std::io::Error::other(error);
        writer.write_record(&self.keys).map_err(broken)?;
        for row in &self.rows {
            writer.write_record(row.iter().map(|cell| harmless(text(cell)))).map_err(broken)?;
        }
        let bytes =
            writer.into_inner().map_err(|error| std::io::Error::other(error.to_string()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// A cell as text: nothing for null, texts without quotes.
fn text(cell: &Value) -> String {
    match cell {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A cell as people read it: a tick for true, nothing for false.
fn shown(cell: &Value) -> String {
    match cell {
        Value::Bool(true) => "✓".to_owned(),
        Value::Bool(false) => String::new(),
        other => text(other),
    }
}

fn harmless(text: String) -> String {
    if text.starts_with(['=', '+', '@', '\t']) { format!("'{text}") } else { text }
}

/// Prints a line of text to standard output.
pub fn say(text: &str) -> Result<(), Failure> {
    writeln!(std::io::stdout().lock(), "{text}")?;
    Ok(())
}

/// Prints a line of text to standard error: progress and remarks.
pub fn remark(text: &str) {
    // A closed standard error is no reason to stop.
    let _ = writeln!(std::io::stderr(), "{text}");
}
