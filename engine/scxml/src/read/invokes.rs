//! `<invoke>` of inline documents (SCXML 6.4 to 6.6).

use std::sync::Arc;

use chart::definition::{Action, Assign, Block, InvokeDef, NameOrExpr, Params};
use roxmltree::Node;

use super::words::{compile, fails, location};
use super::{COTMOC, DEPTH_MAX, Reader, is_scxml};
use crate::ecma;

/// The one kind of invoked process, under the names documents use.
const PROCESS: [&str; 4] =
    ["http://www.w3.org/TR/scxml/", "http://www.w3.org/TR/scxml", "scxml", ""];

/// The parts found among the children of an `<invoke>`.
#[derive(Default)]
struct Parts {
    data: Params,
    /// Data paths named by `namelist` and `<param location>`, for an empty `<finalize>`.
    locations: Vec<(String, String)>,
    chart: Option<NameOrExpr>,
    finalize: Block,
}

impl Reader<'_, '_> {
    /// The `at`-th invoke of the state called `state`.
    pub(super) fn invoke(
        &mut self,
        node: Node<'_, '_>,
        state: &str,
        at: usize,
    ) -> Option<InvokeDef> {
        if node.attribute("src").is_some() || node.attribute("srcexpr").is_some() {
            self.mistake(node, "external documents are not read; put the `<scxml>` in `<content>`");
            return None;
        }
        let mut invalid = false;
        let mut parts = Parts::default();
        match self.namelist(node) {
            Ok(names) => {
                parts.locations.extend(names.iter().map(|(name, _)| (name.clone(), name.clone())));
                parts.data = names;
            }
            Err(_) => invalid = true,
        }
        for child in node.children().filter(Node::is_element) {
            self.part(child, &mut parts)?;
        }
        let id_path = match node.attribute("idlocation").map(location) {
            None => None,
            Some(Ok(path)) => Some(path),
            Some(Err(_)) => {
                invalid = true;
                None
            }
        };
        let named = node.attribute((COTMOC, "chart")).map(|name| NameOrExpr::Name(name.into()));
        let computed = node.attribute((COTMOC, "chartexpr"));
        let computed = computed.map(|source| NameOrExpr::Expr(self.value(source)));
        invalid |= node.attribute((COTMOC, "invalid")) == Some("true");
        let Some(chart) = parts.chart.or(named).or(computed) else {
            self.mistake(node, "`<invoke>` needs a `<content>` with the `<scxml>` to run");
            return None;
        };
        let chart = match (node.attribute("type"), node.attribute("typeexpr")) {
            (Some(kind), _) => {
                invalid |= !PROCESS.contains(&kind);
                chart
            }
            (None, Some(source)) => self.if_process(source, &chart),
            (None, None) => chart,
        };
        Some(InvokeDef {
            id: node.attribute("id").map_or_else(|| format!("{state}.{at}"), str::to_owned),
            id_path,
            chart,
            data: parts.data,
            finalize: parts.finalize,
            autoforward: node.attribute("autoforward") == Some("true"),
            invalid,
        })
    }

    fn part(&mut self, child: Node<'_, '_>, parts: &mut Parts) -> Option<()> {
        match child.tag_name().name() {
            "param" if is_scxml(child, "param") => {
                let (name, value) = self.param(child)?;
                if let Some(from) = child.attribute("location") {
                    parts.locations.push((name.clone(), from.to_owned()));
                }
                parts.data.push((name, value));
            }
            "content" if is_scxml(child, "content") => {
                parts.chart = Some(self.invoked_content(child)?);
            }
            "finalize" if is_scxml(child, "finalize") => {
                parts.finalize = if child.children().any(|it| it.is_element()) {
                    self.block(child)
                } else {
                    Self::take_over(&parts.locations)
                };
            }
            _ => self.unknown(child),
        }
        Some(())
    }

    fn invoked_content(&mut self, node: Node<'_, '_>) -> Option<NameOrExpr> {
        if let Some(source) = node.attribute("expr") {
            return Some(NameOrExpr::Expr(self.value(source)));
        }
        let inline = node.children().find(|child| is_scxml(*child, "scxml"));
        let Some(inline) = inline else {
            self.mistake(node, "the `<content>` of an `<invoke>` must hold an `<scxml>`");
            return None;
        };
        self.inline_chart(inline).map(|name| NameOrExpr::Name(Arc::from(name.as_str())))
    }

    /// A computed type: the child's name where it is ours, and an error where not.
    fn if_process(&self, source: &str, chart: &NameOrExpr) -> NameOrExpr {
        let names: Vec<String> = PROCESS.iter().map(|name| ecma::quoted(name)).collect();
        let name = match chart {
            NameOrExpr::Name(name) => ecma::quoted(name),
            NameOrExpr::Expr(expr) => format!("({})", expr.source()),
        };
        let asked = self.one_of(source, &names);
        let otherwise = ecma::failing("this type of process is not offered");
        let cel = format!("({} ? {name} : {otherwise})", asked.source());
        NameOrExpr::Expr(compile(&cel).unwrap_or_else(|reason| fails(&reason)))
    }

    /// An empty `<finalize>`: what the child sends under a name is put where it came from
    /// (SCXML 6.5.2).
    fn take_over(locations: &[(String, String)]) -> Block {
        let mut block = Vec::new();
        for (name, from) in locations {
            let Ok(path) = location(from) else { continue };
            let there =
                format!("type(_event.data) == type({{}}) && {} in _event.data", ecma::quoted(name));
            let value = format!("_event.data[{}]", ecma::quoted(name));
            let (Ok(there), Ok(to)) = (compile(&there), compile(&value)) else {
                continue;
            };
            let place = chart::definition::Place::default();
            let assign = Assign { path, to: Some(to), hands_on: false, place };
            block.push(Action::If {
                branches: vec![(there, vec![Action::Set(vec![assign])])],
                otherwise: Vec::new(),
            });
        }
        block
    }

    /// Reads an inline `<scxml>`; its name among the document's children.
    pub(super) fn inline_chart(&mut self, node: Node<'_, '_>) -> Option<String> {
        self.made_up += 1;
        let name = match node.attribute((COTMOC, "child")) {
            Some(name) => name.to_owned(),
            None => format!("{}child{}", self.prefix, self.made_up),
        };
        if self.depth >= DEPTH_MAX {
            self.mistake(node, "elements nest too deeply");
            return None;
        }
        let mut inner = Reader::new(node, self.lines.clone());
        inner.prefix = format!("{name}.");
        inner.depth = self.depth + 1;
        let chart = inner.chart();
        self.mistakes.append(&mut inner.mistakes);
        self.children.append(&mut inner.children);
        self.children.insert(name.clone(), chart?);
        Some(name)
    }
}
