//! Reading actions: what entry, exit and transitions do.
//!
//! **Invariant:** each action is a mapping with one verb; `then` and `else` belong to `if`.

use std::sync::Arc;

use crate::definition::{
    Action, Assign, Block, Delay, LetterDef, NameOrExpr, SendDef, SendTarget, SpawnDef,
};
use crate::expr::Expr;
use crate::load::fields::{Fields, Reader};
use crate::load::node::{Node, Tree};
use crate::load::source::{MentionOf, Purpose, Written};
use crate::path::DataPath;
use crate::problem::{ProblemKind, closest, hint};

/// The verbs, in the order of `docs/charts.md`.
pub(crate) const VERBS: [&str; 9] =
    ["set", "raise", "send", "cancel", "letter", "document", "spawn", "if", "log"];

impl Reader {
    /// The blocks of `entry` or `exit`: one, or several where each item is itself a list.
    pub(crate) fn blocks(&mut self, node: &Node) -> Vec<Block> {
        if let Tree::List(items) = &node.tree
            && !items.is_empty()
            && items.iter().all(|one| matches!(one.tree, Tree::List(_)))
        {
            return items.iter().map(|one| self.block(one)).collect();
        }
        vec![self.block(node)]
    }

    /// A list of actions.
    pub(crate) fn block(&mut self, node: &Node) -> Block {
        let Tree::List(items) = &node.tree else {
            self.wrong(node, "một danh sách hành động", "a list of actions");
            return Vec::new();
        };
        items.iter().filter_map(|one| self.action(one)).collect()
    }

    fn action(&mut self, node: &Node) -> Option<Action> {
        let mut fields = self.fields(node, "an action")?;
        let verbs: Vec<&str> = VERBS.into_iter().filter(|one| fields.has(one)).collect();
        let [verb] = verbs[..] else {
            self.no_verb(node, verbs.len());
            return None;
        };
        let value = fields.take(verb)?;
        let action = match verb {
            "set" => Some(Action::Set(self.set(value))),
            "raise" => self.raise(value),
            "send" => self.send(value),
            "cancel" => self.cancel(value),
            "letter" => self.letter(value),
            "document" => self.document(value),
            "spawn" => self.spawn(value),
            "if" => self.choice(value, &mut fields),
            _ => {
                Some(Action::Log { label: String::new(), value: self.expr(value, Purpose::Value) })
            }
        };
        fields.finish(self);
        action
    }

    fn no_verb(&mut self, node: &Node, count: usize) {
        let known = VERBS.join("`, `");
        let Tree::Map(entries) = &node.tree else { return };
        let first = entries.first().map_or("", |(key, _)| key.text.as_str());
        let (vi, en) = hint(closest(first, VERBS.into_iter()));
        let (kind, words) = if count == 0 {
            (ProblemKind::UnknownKey, ("không có hành động nào", "there is no action"))
        } else {
            (ProblemKind::WrongType, ("chỉ được có một hành động", "there may be one action only"))
        };
        self.report(
            kind,
            entries.first().map_or(node.place, |(key, _)| key.place),
            first,
            format!("{} ở đây{vi}; các hành động: `{known}`", words.0),
            format!("{} here{en}; actions are `{known}`", words.1),
        );
    }

    /// A list of assignments.
    pub(crate) fn set(&mut self, node: &Node) -> Vec<Assign> {
        let mut all = Vec::new();
        let mut written = Vec::new();
        for one in Self::one_or_many(node) {
            let Some(mut fields) = self.fields(one, "an assignment") else { continue };
            let path = fields.take("path");
            let to = fields.take("to");
            let unset = fields.take("unset").is_some_and(|flag| self.flag(flag));
            fields.finish(self);
            let value = to.and_then(|to| self.expr(to, Purpose::Value));
            if to.is_some() == unset {
                self.missing(one.place, "set", "to");
            }
            let Some(node) = path else {
                self.missing(one.place, "set", "path");
                continue;
            };
            let Some(path) = self.path(node) else { continue };
            written.push(Written { place: node.place, path: path.clone() });
            if value.is_some() || unset {
                all.push(Assign { path, to: value, hands_on: false, place: node.place });
            }
        }
        self.source.assignments.push(written);
        all
    }

    fn path(&mut self, node: &Node) -> Option<DataPath> {
        let text = self.text(node)?;
        match DataPath::compile(&text) {
            Ok(path) => {
                for expr in path.expressions() {
                    self.site(node.place, expr, Purpose::Value);
                }
                Some(path)
            }
            Err(error) => {
                let place = self.inside(node, error.line, error.column);
                self.report(
                    ProblemKind::BadPath,
                    place,
                    &text,
                    format!("đường dẫn `{text}` sai: {}", error.message),
                    format!("the path `{text}` is wrong: {}", error.message),
                );
                None
            }
        }
    }

    fn raise(&mut self, node: &Node) -> Option<Action> {
        if matches!(node.tree, Tree::Text(_)) {
            let name = self.name(node, true)?;
            self.mention(&name, node.place, MentionOf::OwnEvent);
            return Some(Action::Raise { event: name.into(), data: Vec::new() });
        }
        let mut fields = self.fields(node, "raise")?;
        let event = fields.take("event").map(|one| (self.name(one, true), one.place));
        let data = fields.take("data").map(|one| self.params(one, &[])).unwrap_or_default();
        fields.finish(self);
        let Some((name, place)) = event else {
            self.missing(node.place, "raise", "event");
            return None;
        };
        let name = name?;
        self.mention(&name, place, MentionOf::OwnEvent);
        Some(Action::Raise { event: name.into(), data })
    }

    fn send(&mut self, node: &Node) -> Option<Action> {
        let mut fields = self.fields(node, "send")?;
        let event = fields.take("event").map(|one| (self.name(one, true), one.place));
        let to = fields.take("to").map(|one| self.target(one));
        let delay = fields.take("delay").map(|one| self.delay(one));
        let id = fields.take("id").and_then(|one| Some((self.name(one, false)?, one.place)));
        let data = fields.take("data").map(|one| self.params(one, &[])).unwrap_or_default();
        fields.finish(self);
        let Some((name, place)) = event else {
            self.missing(node.place, "send", "event");
            return None;
        };
        if let Some((id, at)) = &id {
            self.mention(id, *at, MentionOf::SendId);
        }
        let name = name?;
        let to = to.unwrap_or(Some(SendTarget::Own))?;
        let about = match &to {
            SendTarget::Parent => MentionOf::ParentEvent,
            SendTarget::Child(child) => MentionOf::ChildEvent(Some(child.clone())),
            SendTarget::Computed(_) => MentionOf::ChildEvent(None),
            SendTarget::Case(_) => MentionOf::CaseEvent,
            _ => MentionOf::OwnEvent,
        };
        self.mention(&name, place, about);
        let delay = delay.unwrap_or(Some(Delay::Ms(0)))?;
        Some(Action::Send(Box::new(SendDef {
            event: NameOrExpr::Name(Arc::from(name)),
            to,
            delay,
            id: id.map(|(id, _)| id),
            id_path: None,
            data,
            content: None,
        })))
    }

    fn target(&mut self, node: &Node) -> Option<SendTarget> {
        if matches!(node.tree, Tree::Map(_)) {
            let mut fields = self.fields(node, "to")?;
            let case = fields.take("case").and_then(|one| self.expr(one, Purpose::Value));
            let child = fields.take("child").and_then(|one| self.expr(one, Purpose::Value));
            fields.finish(self);
            // A child named by an expression is addressed as SCXML addresses an invoked session.
            let child = child.and_then(|one| {
                Expr::compile(&format!("'#_' + ({})", one.source())).map(SendTarget::Computed).ok()
            });
            return child.or(case.map(SendTarget::Case));
        }
        let text = self.text(node)?;
        match text.as_str() {
            "self" => Some(SendTarget::Own),
            "parent" => Some(SendTarget::Parent),
            other => {
                if let Some(child) = other.strip_prefix("child:")
                    && !child.is_empty()
                {
                    return Some(SendTarget::Child(child.to_owned()));
                }
                self.wrong(
                    node,
                    "`self`, `parent`, `child:<tên>`, `{ child: CEL }` hoặc `{ case: CEL }`",
                    "`self`, `parent`, `child:<name>`, `{ child: CEL }` or `{ case: CEL }`",
                );
                None
            }
        }
    }

    fn delay(&mut self, node: &Node) -> Option<Delay> {
        if matches!(node.tree, Tree::Map(_)) {
            let mut fields = self.fields(node, "delay")?;
            let cel = fields.take("cel").and_then(|one| self.expr(one, Purpose::Value));
            fields.finish(self);
            return cel.map(Delay::Expr);
        }
        let text = node.excerpt();
        if let Some(ms) = delay_ms(&text) {
            return Some(Delay::Ms(ms));
        }
        self.report(
            ProblemKind::BadRule,
            node.place,
            &text,
            format!("`{text}` không phải khoảng chờ; ví dụ `3 days`, `2 hours`, `15 minutes`"),
            format!("`{text}` is not a delay; write `3 days`, `2 hours`, `15 minutes`"),
        );
        None
    }

    fn cancel(&mut self, node: &Node) -> Option<Action> {
        let id = self.name(node, false)?;
        self.mention(&id, node.place, MentionOf::CancelId);
        let id = Expr::compile(&format!("'{id}'")).ok()?;
        Some(Action::Cancel { id })
    }

    fn letter(&mut self, node: &Node) -> Option<Action> {
        let mut fields = self.fields(node, "letter")?;
        let name = fields.take("name").map(|one| (self.name(one, false), one.place));
        let to = fields.take("to").map(|one| self.roles(one));
        let immediate = fields.take("immediate").is_some_and(|one| self.flag(one));
        let data = fields.take("data").map(|one| self.params(one, &[])).unwrap_or_default();
        fields.finish(self);
        if to.is_none() {
            self.missing(node.place, "letter", "to");
        }
        let Some((name, place)) = name else {
            self.missing(node.place, "letter", "name");
            return None;
        };
        let name = name?;
        self.mention(&name, place, MentionOf::Letter);
        Some(Action::Letter(Box::new(LetterDef { name, to: to?, immediate, data })))
    }

    fn document(&mut self, node: &Node) -> Option<Action> {
        let mut fields = self.fields(node, "document")?;
        let name = fields.take("name").map(|one| (self.name(one, false), one.place));
        let data = fields.take("data").map(|one| self.params(one, &[])).unwrap_or_default();
        fields.finish(self);
        let Some((name, place)) = name else {
            self.missing(node.place, "document", "name");
            return None;
        };
        let name = name?;
        self.mention(&name, place, MentionOf::Document);
        Some(Action::Document { name, data })
    }

    fn spawn(&mut self, node: &Node) -> Option<Action> {
        let mut fields = self.fields(node, "spawn")?;
        let chart = fields.take("chart").map(|one| (self.name(one, false), one.place));
        let each = fields.take("each");
        let extra: &[&str] = if each.is_some() { &["it"] } else { &[] };
        let each = each.and_then(|one| self.expr(one, Purpose::List));
        let id = fields.take("id").and_then(|one| self.expr_with(one, Purpose::Value, extra));
        let subject =
            fields.take("subject").and_then(|one| self.expr_with(one, Purpose::Value, extra));
        let data = fields.take("data").map(|one| self.params(one, extra)).unwrap_or_default();
        fields.finish(self);
        let Some((chart, place)) = chart else {
            self.missing(node.place, "spawn", "chart");
            return None;
        };
        let chart = chart?;
        self.mention(&chart, place, MentionOf::Chart { invoke: None });
        Some(Action::Spawn(Box::new(SpawnDef { chart, each, subject, id, data })))
    }

    fn choice(&mut self, node: &Node, fields: &mut Fields<'_>) -> Option<Action> {
        let condition = self.expr(node, Purpose::Condition);
        let then = fields.take("then").map(|one| self.block(one));
        let otherwise = fields.take("else").map(|one| self.block(one)).unwrap_or_default();
        if then.is_none() {
            self.missing(node.place, "if", "then");
        }
        Some(Action::If { branches: vec![(condition?, then?)], otherwise })
    }
}

/// `3 days` in milliseconds.
fn delay_ms(text: &str) -> Option<i64> {
    let (count, unit) = text.trim().split_once(' ')?;
    let unit = match unit.trim() {
        "second" | "seconds" => 1_000,
        "minute" | "minutes" => 60_000,
        "hour" | "hours" => 3_600_000,
        "day" | "days" => 86_400_000,
        _ => return None,
    };
    count.parse::<u32>().ok().map(|count| i64::from(count) * unit)
}
