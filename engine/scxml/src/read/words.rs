//! Attributes, expressions, locations and texts, as every element needs them.

use chart::definition::Action;
use chart::expr::Expr;
use chart::path::DataPath;
use roxmltree::Node;
use serde_json::Value;

use super::{Language, Reader, is_scxml};
use crate::ecma;

/// System variables: they may be read but not written (SCXML 5.10).
const SYSTEM: [&str; 5] = ["_event", "_ioprocessors", "_name", "_sessionid", "_x"];

impl Reader<'_, '_> {
    /// The value of `source`; a text without meaning becomes an expression that fails.
    pub(super) fn value(&self, source: &str) -> Expr {
        let cel = match self.language {
            Language::Ecmascript => ecma::value(source),
            Language::Cel => Ok(source.to_owned()),
        };
        compiled(source, cel)
    }

    /// The truth of `source`.
    pub(super) fn condition(&self, source: &str) -> Expr {
        let cel = match self.language {
            Language::Ecmascript => ecma::condition(source),
            Language::Cel => Ok(source.to_owned()),
        };
        compiled(source, cel)
    }

    /// An action that fails when run.
    pub(super) fn failing_action(reason: impl Into<String>) -> Action {
        Action::Fail { reason: reason.into() }
    }

    /// What the children of `<data>`, `<assign>` or `<content>` say: an inline document's name,
    /// JSON, or a text with its white space made single (SCXML B.2.8.1). Empty is nothing.
    pub(super) fn inline(&mut self, node: Node<'_, '_>) -> Option<Expr> {
        let elements: Vec<_> = node.children().filter(Node::is_element).collect();
        if let [only] = elements.as_slice()
            && is_scxml(*only, "scxml")
        {
            let name = self.inline_chart(*only)?;
            return Some(constant(&Value::String(name)));
        }
        if let (Some(first), Some(last)) = (elements.first(), elements.last()) {
            let range = first.range().start..last.range().end;
            let text = node.document().input_text()[range].to_owned();
            return Some(constant(&Value::String(text)));
        }
        let texts = node.children().filter(Node::is_text);
        let text: String = texts.filter_map(|text| text.text()).collect();
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let value = serde_json::from_str(text).unwrap_or_else(|_| {
            Value::String(text.split_whitespace().collect::<Vec<_>>().join(" "))
        });
        Some(constant(&value))
    }

    /// The attribute `name`; that it is missing is a mistake.
    pub(super) fn required<'n>(&mut self, node: Node<'n, '_>, name: &str) -> Option<&'n str> {
        let value = node.attribute(name);
        if value.is_none() {
            let element = node.tag_name().name();
            self.mistake(node, format!("`<{element}>` needs the attribute `{name}`"));
        }
        value
    }
}

/// The translation of `source`, or an expression that fails where it has none.
pub(super) fn compiled(source: &str, cel: Result<String, ecma::EcmaError>) -> Expr {
    let reason = match cel {
        Ok(cel) => match compile(&cel) {
            Ok(expr) => return expr,
            Err(reason) => reason,
        },
        Err(error) => error.to_string(),
    };
    fails(&format!("{}: {reason}", source.trim()))
}

/// Compiles CEL; the error is in words.
pub(super) fn compile(cel: &str) -> Result<Expr, String> {
    Expr::compile_open(cel).map_err(|error| error.to_string())
}

/// An expression that fails, giving `reason`.
pub(super) fn fails(reason: &str) -> Expr {
    const REASON_MAX: usize = 200;
    let short: String = reason.chars().take(REASON_MAX).collect();
    compile(&ecma::failing(&short)).expect("a map without the key asked for compiles")
}

/// A constant.
pub(super) fn constant(value: &Value) -> Expr {
    let cel = literal(value);
    compile(&cel).unwrap_or_else(|reason| fails(&reason))
}

/// A location, or why it cannot be one.
pub(super) fn location(source: &str) -> Result<DataPath, String> {
    let source = source.trim();
    let root = source.split(['.', '[']).next().unwrap_or_default().trim();
    if SYSTEM.contains(&root) {
        return Err(format!("`{root}` may not be assigned to"));
    }
    DataPath::compile_open(source).map_err(|error| format!("`{source}` is not a location: {error}"))
}

/// A JSON value as CEL.
pub(crate) fn literal(value: &Value) -> String {
    match value {
        Value::String(text) => ecma::quoted(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(literal).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let entry = |(key, value): (&String, &Value)| {
                format!("{}: {}", ecma::quoted(key), literal(value))
            };
            let members: Vec<String> = members.iter().map(entry).collect();
            format!("{{{}}}", members.join(", "))
        }
        other => other.to_string(),
    }
}
