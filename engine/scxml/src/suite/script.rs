//! What the rows of an index and the scripts of tests say.

use serde::Deserialize;
use serde_json::Value;

/// `index.json`.
#[derive(Debug, Deserialize)]
pub(super) struct Index {
    /// In the order written.
    pub(super) tests: Vec<Row>,
}

/// One test of an index.
#[derive(Debug, Deserialize)]
pub(super) struct Row {
    /// Its name, for people.
    pub(super) id: String,
    /// The document, by path in the folder.
    pub(super) scxml: String,
    /// The script, by path in the folder.
    pub(super) script: String,
    /// How to compare.
    #[serde(default)]
    pub(super) script_kind: Kind,
    /// The part of the script to use; absent or `default`: the script itself.
    #[serde(default)]
    pub(super) script_key: Option<String>,
}

/// How a test is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub(super) enum Kind {
    /// Every configuration is compared.
    #[default]
    #[serde(rename = "stepwise")]
    Stepwise,
    /// Run to the end; it passes in the final state `pass`.
    #[serde(rename = "w3c-verdict")]
    Verdict,
}

/// A script: what is sent, and where the chart must be.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Script {
    /// Atomic states after the start.
    #[serde(default)]
    pub(super) initial_configuration: Vec<String>,
    /// What happens then.
    #[serde(default)]
    pub(super) events: Vec<Sent>,
}

/// One event of a script.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sent {
    /// Milliseconds to wait before it is sent.
    #[serde(default)]
    pub(super) after: i64,
    /// What is sent.
    pub(super) event: Named,
    /// Atomic states afterwards.
    pub(super) next_configuration: Vec<String>,
}

/// An event's name and data.
#[derive(Debug, Deserialize)]
pub(super) struct Named {
    /// Its name.
    pub(super) name: String,
    /// Its data, if any.
    #[serde(default)]
    pub(super) data: Value,
}

/// Reads an index.
pub(super) fn index(text: &str) -> Result<Index, String> {
    serde_json::from_str(text).map_err(|error| format!("the index cannot be read: {error}"))
}

/// Reads a script, or the part of it called `key`.
pub(super) fn script(text: &str, key: Option<&str>) -> Result<Script, String> {
    let unreadable = |error| format!("the script cannot be read: {error}");
    let whole: Value = serde_json::from_str(text).map_err(unreadable)?;
    let part = match key {
        None | Some("default") => whole,
        Some(key) => match whole.get(key) {
            Some(part) => part.clone(),
            None => return Err(format!("the script has no part `{key}`")),
        },
    };
    serde_json::from_value(part).map_err(unreadable)
}
