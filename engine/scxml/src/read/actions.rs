//! Executable content (SCXML 4 and 5.4).

use std::sync::Arc;

use chart::definition::{Action, Assign, Block};
use roxmltree::Node;

use super::words::{constant, fails, location};
use super::{COTMOC, Reader, in_scxml};
use crate::ecma;

impl Reader<'_, '_> {
    /// The actions inside `node`, in document order.
    pub(super) fn block(&mut self, node: Node<'_, '_>) -> Block {
        self.depth += 1;
        let block = if self.depth > super::DEPTH_MAX {
            self.mistake(node, "elements nest too deeply");
            Vec::new()
        } else {
            node.children().filter_map(|child| self.action(child)).collect()
        };
        self.depth -= 1;
        block
    }

    fn action(&mut self, node: Node<'_, '_>) -> Option<Action> {
        if !node.is_element() {
            return None;
        }
        if node.tag_name().namespace() == Some(COTMOC) {
            return self.own_action(node);
        }
        match node.tag_name().name() {
            _ if !in_scxml(node) => {
                self.mistake(node, "actions of other vocabularies are not offered");
                None
            }
            "raise" => {
                let event = Arc::from(self.required(node, "event")?);
                Some(Action::Raise { event, data: Vec::new() })
            }
            "send" => self.send(node),
            "cancel" => self.cancel(node),
            "assign" => Some(match self.assign(node) {
                Ok(assign) => Action::Set(vec![assign]),
                Err(reason) => Self::failing_action(reason),
            }),
            "if" => Some(self.choice(node)),
            "foreach" => self.foreach(node),
            "log" => Some(Action::Log {
                label: node.attribute("label").unwrap_or_default().to_owned(),
                value: node.attribute("expr").map(|source| self.value(source)),
            }),
            "script" => {
                self.mistake(node, "`<script>` is not offered; say it with `<assign>` and `<if>`");
                None
            }
            _ => {
                self.unknown(node);
                None
            }
        }
    }

    /// What the writer of this crate adds: assignments made at once. The rest is for people.
    fn own_action(&mut self, node: Node<'_, '_>) -> Option<Action> {
        match node.tag_name().name() {
            "set" => {
                let mut assigns = Vec::new();
                for child in node.children().filter(Node::is_element) {
                    match self.assign(child) {
                        Ok(assign) => assigns.push(assign),
                        Err(reason) => return Some(Self::failing_action(reason)),
                    }
                }
                Some(Action::Set(assigns))
            }
            "fail" => Some(Self::failing_action(node.attribute("reason").unwrap_or_default())),
            _ => None,
        }
    }

    /// One assignment (SCXML 5.4); `cotmoc:unset` removes what is there.
    fn assign(&mut self, node: Node<'_, '_>) -> Result<Assign, String> {
        let place = self.place(node);
        let path = location(node.attribute("location").unwrap_or_default())?;
        let to = if node.tag_name().name() == "unset" {
            None
        } else {
            Some(match node.attribute("expr") {
                Some(source) => self.value(source),
                None => match self.inline(node) {
                    Some(value) => value,
                    None => constant(&serde_json::Value::Null),
                },
            })
        };
        Ok(Assign { path, to, hands_on: false, place })
    }

    /// `<if>` with its branches, which are separated by empty elements (SCXML 4.3).
    fn choice(&mut self, node: Node<'_, '_>) -> Action {
        let mut branches = vec![(self.branch(node), Vec::new())];
        let mut otherwise: Option<Block> = None;
        self.depth += 1;
        if self.depth > super::DEPTH_MAX {
            self.mistake(node, "elements nest too deeply");
            self.depth -= 1;
            return Self::failing_action("elements nest too deeply");
        }
        for child in node.children().filter(Node::is_element) {
            match child.tag_name().name() {
                "elseif" if in_scxml(child) && otherwise.is_none() => {
                    branches.push((self.branch(child), Vec::new()));
                }
                "else" if in_scxml(child) && otherwise.is_none() => otherwise = Some(Vec::new()),
                _ => {
                    if let Some(action) = self.action(child) {
                        match (&mut otherwise, branches.last_mut()) {
                            (Some(block), _) | (None, Some((_, block))) => block.push(action),
                            (None, None) => {}
                        }
                    }
                }
            }
        }
        self.depth -= 1;
        Action::If { branches, otherwise: otherwise.unwrap_or_default() }
    }

    fn branch(&mut self, node: Node<'_, '_>) -> chart::expr::Expr {
        match self.required(node, "cond") {
            Some(cond) => self.condition(cond),
            None => fails("the condition is missing"),
        }
    }

    fn foreach(&mut self, node: Node<'_, '_>) -> Option<Action> {
        let array = self.required(node, "array")?;
        let item = self.required(node, "item")?;
        let index = node.attribute("index");
        let illegal = |name: &&str| !ecma::is_name(name) || name.starts_with('_');
        if let Some(name) = std::iter::once(item).chain(index).find(illegal) {
            return Some(Self::failing_action(format!("`{name}` cannot name a variable")));
        }
        Some(Action::Foreach {
            items: self.value(array),
            item: item.to_owned(),
            index: index.map(str::to_owned),
            body: self.block(node),
        })
    }
}
