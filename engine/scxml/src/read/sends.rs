//! `<send>` and `<cancel>` (SCXML 6.2 and 6.3).

use std::sync::Arc;

use chart::definition::{Action, Delay, NameOrExpr, Params, SendDef, SendTarget};
use chart::delay_ms;
use roxmltree::Node;
use serde_json::Value;

use super::words::{compile, compiled, constant, fails, location};
use super::{COTMOC, Reader, is_scxml};
use crate::ecma;

/// The one event processor, under the names documents use.
const PROCESSOR: [&str; 2] = ["http://www.w3.org/TR/scxml/#SCXMLEventProcessor", "scxml"];

impl Reader<'_, '_> {
    pub(super) fn send(&mut self, node: Node<'_, '_>) -> Option<Action> {
        match self.send_parts(node) {
            Ok(send) => {
                let send = Action::Send(Box::new(send?));
                let send = Self::if_names_are_there(node, send);
                Some(self.if_processor(node, send))
            }
            Err(reason) => Some(Self::failing_action(reason)),
        }
    }

    /// A send whose `namelist` names no data is not sent at all (SCXML 6.2.3), while a `<param>`
    /// that fails is only left out.
    fn if_names_are_there(node: Node<'_, '_>, send: Action) -> Action {
        let names = node.attribute("namelist").unwrap_or_default().split_whitespace();
        let there = |name: &str| {
            let root = name.split(['.', '[']).next().unwrap_or_default();
            format!("({} in data)", ecma::quoted(root))
        };
        let there: Vec<String> = names.map(there).collect();
        let Ok(there) = compile(&there.join(" && ")) else { return send };
        let otherwise = vec![Self::failing_action("`namelist` names data that is not there")];
        Action::If { branches: vec![(there, vec![send])], otherwise }
    }

    /// A computed processor type is asked for when the send runs.
    fn if_processor(&self, node: Node<'_, '_>, send: Action) -> Action {
        if let Some(source) = node.attribute("type") {
            return if PROCESSOR.contains(&source) {
                send
            } else {
                Self::failing_action(format!("event processor `{source}` is not offered"))
            };
        }
        let Some(source) = node.attribute("typeexpr") else { return send };
        let names: Vec<String> = PROCESSOR.iter().map(|name| ecma::quoted(name)).collect();
        Action::If {
            branches: vec![(self.one_of(source, &names), vec![send])],
            otherwise: vec![Self::failing_action("this event processor is not offered")],
        }
    }

    fn send_parts(&mut self, node: Node<'_, '_>) -> Result<Option<SendDef>, String> {
        let event = match (node.attribute("event"), node.attribute("eventexpr")) {
            (Some(event), _) => NameOrExpr::Name(Arc::from(event)),
            (None, Some(source)) => NameOrExpr::Expr(self.value(source)),
            (None, None) => {
                self.mistake(node, "`<send>` needs `event` or `eventexpr`");
                return Ok(None);
            }
        };
        let to = self.target(node);
        let delay = match (node.attribute("delay"), node.attribute("delayexpr")) {
            (Some(text), _) => {
                let ms = delay_ms(text).ok_or_else(|| format!("`{text}` is not a delay"))?;
                Delay::Ms(ms)
            }
            (None, Some(source)) => Delay::Expr(self.value(source)),
            (None, None) => Delay::Ms(0),
        };
        if matches!(to, SendTarget::Internal) && !matches!(delay, Delay::Ms(0)) {
            self.mistake(node, "a send to `#_internal` cannot wait; drop the delay or the target");
        }
        let id_path = node.attribute("idlocation").map(location).transpose()?;
        let (data, content) = self.payload(node)?;
        let id = node.attribute("id").map(str::to_owned);
        Ok(Some(SendDef { event, to, delay, id, id_path, data, content }))
    }

    fn target(&self, node: Node<'_, '_>) -> SendTarget {
        if let Some(source) = node.attribute((COTMOC, "caseexpr")) {
            return SendTarget::Case(self.value(source));
        }
        if let Some(source) = node.attribute("targetexpr") {
            return SendTarget::Computed(self.value(source));
        }
        match node.attribute("target") {
            None | Some("") => SendTarget::Own,
            Some("#_internal") => SendTarget::Internal,
            Some("#_parent") => SendTarget::Parent,
            Some(target) if target.starts_with("#_scxml_") => {
                SendTarget::Computed(constant(&Value::String(target.to_owned())))
            }
            Some(target) => match target.strip_prefix("#_") {
                Some(child) => SendTarget::Child(child.to_owned()),
                None => SendTarget::Invalid,
            },
        }
    }

    /// What `namelist`, `<param>` and `<content>` carry.
    pub(super) fn payload(
        &mut self,
        node: Node<'_, '_>,
    ) -> Result<(Params, Option<chart::expr::Expr>), String> {
        let mut data = self.namelist(node)?;
        let mut content = None;
        for child in node.children().filter(Node::is_element) {
            if is_scxml(child, "param") {
                data.extend(self.param(child));
            } else if is_scxml(child, "content") {
                content = Some(self.content(child));
            } else {
                self.unknown(child);
            }
        }
        Ok((data, content))
    }

    /// The names of `namelist`, each carried under itself.
    pub(super) fn namelist(&mut self, node: Node<'_, '_>) -> Result<Params, String> {
        let names = node.attribute("namelist").unwrap_or_default();
        let mut data = Vec::new();
        for name in names.split_whitespace() {
            location(name)?;
            data.push((name.to_owned(), self.value(name)));
        }
        Ok(data)
    }

    /// One `<param>` (SCXML 5.7).
    pub(super) fn param(&mut self, node: Node<'_, '_>) -> Option<(String, chart::expr::Expr)> {
        let name = self.required(node, "name")?.to_owned();
        let value = match (node.attribute("expr"), node.attribute("location")) {
            (Some(source), _) => self.value(source),
            (None, Some(source)) => self.read_location(source),
            (None, None) => constant(&Value::Null),
        };
        Some((name, value))
    }

    /// The value at a location: unlike an expression, it must be there.
    fn read_location(&self, source: &str) -> chart::expr::Expr {
        match location(source) {
            Ok(_) => self.value(source),
            Err(reason) => fails(&reason),
        }
    }

    /// `<content>` (SCXML 5.6); empty is the empty text.
    pub(super) fn content(&mut self, node: Node<'_, '_>) -> chart::expr::Expr {
        match node.attribute("expr") {
            Some(source) => self.value(source),
            None => match self.inline(node) {
                Some(value) => value,
                None => constant(&Value::String(String::new())),
            },
        }
    }

    pub(super) fn cancel(&mut self, node: Node<'_, '_>) -> Option<Action> {
        let id = match (node.attribute("sendid"), node.attribute("sendidexpr")) {
            (Some(id), _) => constant(&Value::String(id.to_owned())),
            (None, Some(source)) => self.value(source),
            (None, None) => {
                self.mistake(node, "`<cancel>` needs `sendid` or `sendidexpr`");
                return None;
            }
        };
        Some(Action::Cancel { id })
    }

    /// Whether the value of `source` is one of `names` (CEL literals).
    pub(super) fn one_of(&self, source: &str, names: &[String]) -> chart::expr::Expr {
        let cel = match self.language {
            super::Language::Ecmascript => ecma::value(source),
            super::Language::Cel => Ok(source.to_owned()),
        };
        compiled(source, cel.map(|cel| format!("(({cel}) in [{}])", names.join(", "))))
    }
}
