//! Actions as executable content.

use chart::definition::{Action, Assign, Block, Delay, NameOrExpr, SendDef, SendTarget};
use chart::expr::Expr;

use super::Writer;
use super::markup::Attribute;

impl Writer<'_> {
    pub(super) fn block(&mut self, block: &Block) {
        for action in block {
            self.action(action);
        }
    }

    fn action(&mut self, action: &Action) {
        match action {
            Action::Set(assigns) => self.set(assigns),
            Action::Raise { event, data } if data.is_empty() => {
                self.markup.empty("raise", &[("event", event.to_string())]);
            }
            Action::Raise { event, data } => {
                let target = ("target", "#_internal".to_owned());
                self.markup.open("send", &[("event", event.to_string()), target]);
                self.params(data);
                self.markup.close("send");
            }
            Action::Send(send) => self.send(send),
            Action::Cancel { id } => {
                self.markup.empty("cancel", &[("sendidexpr", id.source().to_owned())]);
            }
            Action::If { branches, otherwise } => self.choice(branches, otherwise),
            Action::Foreach { items, item, index, body } => {
                let mut attributes =
                    vec![("array", items.source().to_owned()), ("item", item.clone())];
                attributes.extend(index.iter().map(|index| ("index", index.clone())));
                self.markup.open("foreach", &attributes);
                self.block(body);
                self.markup.close("foreach");
            }
            Action::Log { label, value } => {
                let mut attributes = vec![("label", label.clone())];
                let value = value.as_ref();
                attributes.extend(value.map(|value| ("expr", value.source().to_owned())));
                self.markup.empty("log", &attributes);
            }
            Action::Fail { reason } => {
                self.markup.empty("cotmoc:fail", &[("reason", reason.clone())]);
            }
            Action::Letter(letter) => {
                let to = ("to", letter.to.join(" "));
                self.markup.empty("cotmoc:letter", &[("name", letter.name.clone()), to]);
            }
            Action::Document { name, .. } => {
                self.markup.empty("cotmoc:document", &[("name", name.clone())]);
            }
            Action::Spawn(spawn) => {
                self.markup.empty("cotmoc:spawn", &[("chart", spawn.chart.clone())]);
            }
        }
    }

    /// One assignment is SCXML's own; several are made at once, which SCXML cannot say.
    fn set(&mut self, assigns: &[Assign]) {
        if let [Assign { path, to: Some(to), .. }] = assigns {
            let location = ("location", path.source().to_owned());
            self.markup.empty("assign", &[location, ("expr", to.source().to_owned())]);
            return;
        }
        self.markup.open("cotmoc:set", &[]);
        for assign in assigns {
            let location = ("location", assign.path.source().to_owned());
            match &assign.to {
                Some(to) => {
                    let expr = ("expr", to.source().to_owned());
                    self.markup.empty("assign", &[location, expr]);
                }
                None => self.markup.empty("cotmoc:unset", &[location]),
            }
        }
        self.markup.close("cotmoc:set");
    }

    fn choice(&mut self, branches: &[(Expr, Block)], otherwise: &Block) {
        for (at, (condition, block)) in branches.iter().enumerate() {
            let cond = [("cond", condition.source().to_owned())];
            if at == 0 {
                self.markup.open("if", &cond);
            } else {
                self.markup.empty("elseif", &cond);
            }
            self.block(block);
        }
        if !otherwise.is_empty() {
            self.markup.empty("else", &[]);
            self.block(otherwise);
        }
        self.markup.close("if");
    }

    fn send(&mut self, send: &SendDef) {
        let event = match &send.event {
            NameOrExpr::Name(name) => ("event", name.to_string()),
            NameOrExpr::Expr(expr) => ("eventexpr", expr.source().to_owned()),
        };
        let mut attributes: Vec<Attribute> = vec![event];
        attributes.extend(target(&send.to));
        attributes.extend(match &send.delay {
            Delay::Ms(0) => None,
            Delay::Ms(ms) => Some(("delay", format!("{ms}ms"))),
            Delay::Expr(expr) => Some(("delayexpr", expr.source().to_owned())),
        });
        attributes.extend(send.id.iter().map(|id| ("id", id.clone())));
        let id_path = send.id_path.as_ref();
        attributes.extend(id_path.map(|path| ("idlocation", path.source().to_owned())));
        self.markup.open("send", &attributes);
        self.params(&send.data);
        if let Some(content) = &send.content {
            self.content(content);
        }
        self.markup.close("send");
    }

    pub(super) fn params(&mut self, params: &[(String, Expr)]) {
        for (name, value) in params {
            let expr = ("expr", value.source().to_owned());
            self.markup.empty("param", &[("name", name.clone()), expr]);
        }
    }

    pub(super) fn content(&mut self, content: &Expr) {
        self.markup.empty("content", &[("expr", content.source().to_owned())]);
    }
}

/// The receiver as an attribute; the malformed ones as texts that are malformed again.
fn target(to: &SendTarget) -> Option<Attribute> {
    Some(match to {
        SendTarget::Own => return None,
        SendTarget::Internal => ("target", "#_internal".to_owned()),
        SendTarget::Parent => ("target", "#_parent".to_owned()),
        SendTarget::Child(name) => ("target", format!("#_{name}")),
        SendTarget::Case(expr) => ("cotmoc:caseexpr", expr.source().to_owned()),
        SendTarget::Computed(expr) => ("targetexpr", expr.source().to_owned()),
        SendTarget::Unreachable => ("target", "#_scxml_".to_owned()),
        SendTarget::Invalid => ("target", "!invalid".to_owned()),
    })
}
