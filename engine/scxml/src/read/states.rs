//! States, transitions and data (SCXML 3 and 5.2).

use chart::definition::{Action, Assign, DataItem, DoneData};
use chart::path::DataPath;
use chart::spec::{KindSpec, StateSpec, TransitionSpec};
use roxmltree::Node;
use serde_json::Value;

use super::words::{compile, constant, fails, location};
use super::{DEPTH_MAX, Reader, in_scxml, is_scxml};

impl Reader<'_, '_> {
    /// The state that `node` describes, with everything below it.
    pub(super) fn state_of(&mut self, node: Node<'_, '_>, id: String) -> StateSpec {
        let mut state =
            StateSpec { id, kind: self.kind(node), place: self.place(node), ..Default::default() };
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            self.mistake(node, "states nest too deeply");
            self.depth -= 1;
            return state;
        }
        if let Some(targets) = node.attribute("initial") {
            let targets = targets.split_whitespace().map(str::to_owned).collect();
            state.initial =
                Some(TransitionSpec { targets, place: state.place, ..TransitionSpec::default() });
        }
        for child in node.children().filter(Node::is_element) {
            if in_scxml(child) {
                self.part_of_state(child, &mut state);
            } else if child.tag_name().name() == "children" {
                for inline in child.children().filter(|it| is_scxml(*it, "scxml")) {
                    self.inline_chart(inline);
                }
            }
        }
        self.depth -= 1;
        state
    }

    fn kind(&mut self, node: Node<'_, '_>) -> KindSpec {
        match node.tag_name().name() {
            "parallel" => KindSpec::Parallel,
            "final" => KindSpec::Final,
            "history" => match node.attribute("type").unwrap_or("shallow") {
                "shallow" => KindSpec::History { deep: false },
                "deep" => KindSpec::History { deep: true },
                other => {
                    self.mistake(node, format!("history is `shallow` or `deep`, not `{other}`"));
                    KindSpec::History { deep: false }
                }
            },
            _ => KindSpec::Plain,
        }
    }

    fn part_of_state(&mut self, node: Node<'_, '_>, state: &mut StateSpec) {
        match node.tag_name().name() {
            "state" | "parallel" | "final" | "history" => {
                let id = match node.attribute("id") {
                    Some(id) => id.to_owned(),
                    None => self.made_up_id(),
                };
                let child = self.state_of(node, id);
                state.children.push(child);
            }
            "transition" => {
                let transition = self.transition(node);
                state.transitions.push(transition);
            }
            "initial" => match node.children().find(|it| is_scxml(*it, "transition")) {
                Some(transition) => state.initial = Some(self.transition(transition)),
                None => self.mistake(node, "`<initial>` needs a `<transition>`"),
            },
            "onentry" => {
                let block = self.block(node);
                state.on_entry.push(block);
            }
            "onexit" => {
                let block = self.block(node);
                state.on_exit.push(block);
            }
            "datamodel" => self.datamodel(node, state),
            "donedata" => state.done_data = Some(self.done_data(node)),
            "invoke" => {
                let at = state.invokes.len();
                let id = state.id.clone();
                if let Some(invoke) = self.invoke(node, &id, at) {
                    state.invokes.push(invoke);
                }
            }
            "script" => {
                self.mistake(
                    node,
                    "`<script>` is not offered; say it with `<data>` and `<assign>`",
                );
            }
            _ => self.unknown(node),
        }
    }

    fn made_up_id(&mut self) -> String {
        self.made_up += 1;
        format!("#{}", self.made_up)
    }

    fn transition(&mut self, node: Node<'_, '_>) -> TransitionSpec {
        let internal = match node.attribute("type").unwrap_or("external") {
            "external" => false,
            "internal" => true,
            other => {
                self.mistake(node, format!("type is `external` or `internal`, not `{other}`"));
                false
            }
        };
        let words = |name| {
            let text: &str = node.attribute(name).unwrap_or_default();
            text.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
        };
        TransitionSpec {
            events: words("event"),
            guard: node.attribute("cond").map(|cond| self.condition(cond)),
            targets: words("target"),
            internal,
            actions: self.block(node),
            place: self.place(node),
            ..TransitionSpec::default()
        }
    }

    /// Data items. With early binding all of them belong to the chart; with late binding those of
    /// a state get their value when the state is entered for the first time (SCXML 5.3.3).
    fn datamodel(&mut self, node: Node<'_, '_>, state: &mut StateSpec) {
        let at_root = node.parent_element() == Some(self.root);
        let mut late = Vec::new();
        for child in node.children().filter(|child| in_scxml(*child)) {
            if !is_scxml(child, "data") {
                self.unknown(child);
                continue;
            }
            let Some(id) = self.required(child, "id") else { continue };
            let value = match (child.attribute("expr"), child.attribute("src")) {
                (Some(source), _) => Some(self.value(source)),
                (None, Some(src)) => Some(fails(&format!("`{src}` is not read"))),
                (None, None) => self.inline(child),
            };
            if !self.late || at_root {
                self.data_items.push(DataItem { id: id.to_owned(), value });
                continue;
            }
            self.data_items.push(DataItem { id: id.to_owned(), value: None });
            match (value, location(id)) {
                (Some(value), Ok(path)) => late.push((path, value)),
                (None, _) => {}
                (_, Err(reason)) => self.mistake(child, reason),
            }
        }
        if !late.is_empty() {
            self.bind_late(state, late);
        }
    }

    /// Entry blocks that run once, in front of the state's own; one block an item, because an
    /// error in one leaves the others alone.
    fn bind_late(&mut self, state: &mut StateSpec, late: Vec<(DataPath, chart::expr::Expr)>) {
        self.made_up += 1;
        let flag = format!("_late_{}", self.made_up);
        let entered = constant(&Value::Bool(false));
        self.data_items.push(DataItem { id: flag.clone(), value: Some(entered) });
        let place = state.place;
        let assign = |path, to| {
            vec![Action::Set(vec![Assign { path, to: Some(to), hands_on: false, place }])]
        };
        let mut blocks = Vec::new();
        for (path, to) in late {
            let first = compile(&format!("!{flag}"));
            let Ok(first) = first else { continue };
            let branches = vec![(first, assign(path, to))];
            blocks.push(vec![Action::If { branches, otherwise: Vec::new() }]);
        }
        if let Ok(path) = location(&flag) {
            blocks.push(assign(path, constant(&Value::Bool(true))));
        }
        blocks.append(&mut state.on_entry);
        state.on_entry = blocks;
    }

    fn done_data(&mut self, node: Node<'_, '_>) -> DoneData {
        let mut params = Vec::new();
        for child in node.children().filter(|child| in_scxml(*child)) {
            match child.tag_name().name() {
                "content" => return DoneData::Content(self.content(child)),
                "param" => params.extend(self.param(child)),
                _ => self.unknown(child),
            }
        }
        DoneData::Params(params)
    }
}
