//! Reading terms: the due rule, its reminders and its ladder of escalations.

use crate::calendar::Offset;
use crate::definition::{DueDef, Place, RungDef, TermDef};
use crate::load::fields::{Fields, Reader};
use crate::load::node::{Node, Tree};
use crate::load::source::{MentionOf, Purpose, Scope};
use crate::problem::ProblemKind;
use crate::spec::StateSpec;

impl Reader {
    /// A term; `place` is where its key stands.
    pub(crate) fn term(&mut self, node: &Node, place: Place) -> Option<TermDef> {
        let mut fields = self.fields(node, "a term")?;
        self.scope = Some(Scope::AnyEvent);
        let due = fields.take("due").map(|one| self.due(one));
        let from = fields.take("from").and_then(|one| self.expr(one, Purpose::Value));
        self.scope = None;
        let title = fields.take("title").map(|one| self.words(one, "term"));
        let mut rungs = Vec::new();
        if let Some(remind) = fields.take("remind") {
            for one in Self::one_or_many(remind) {
                rungs.extend(self.reminder(one));
            }
        }
        if let Some(escalate) = fields.take("escalate") {
            for one in Self::one_or_many(escalate) {
                rungs.extend(self.escalation(one));
            }
        }
        fields.finish(self);
        let Some(due) = due else {
            self.missing(node.place, "term", "due");
            return None;
        };
        Some(TermDef { due: due?, from, rungs, title, place })
    }

    fn due(&mut self, node: &Node) -> Option<DueDef> {
        if matches!(node.tree, Tree::Map(_)) {
            let mut fields = self.fields(node, "due")?;
            let cel = fields.take("cel").and_then(|one| self.expr(one, Purpose::Value));
            if !fields.has("cel") {
                self.missing(node.place, "due", "cel");
            }
            fields.finish(self);
            return cel.map(DueDef::Expr);
        }
        let text = self.text(node)?;
        match text.parse() {
            Ok(rule) => Some(DueDef::Rule(rule)),
            Err(error) => {
                self.bad_rule(node, &text, &format!("{error}"));
                None
            }
        }
    }

    fn bad_rule(&mut self, node: &Node, text: &str, error: &str) {
        self.report(
            ProblemKind::BadRule,
            node.place,
            text,
            format!("`{text}` không phải quy tắc thời hạn: {error}"),
            error,
        );
    }

    fn offset(&mut self, node: &Node, suffix: &str) -> Option<(Offset, String)> {
        let text = format!("{}{suffix}", self.text(node)?);
        match text.parse() {
            Ok(offset) => Some((offset, text)),
            Err(error) => {
                self.bad_rule(node, &node.excerpt(), &format!("{error}"));
                None
            }
        }
    }

    /// A reminder: an offset, or one with its own roles and letter.
    fn reminder(&mut self, node: &Node) -> Option<RungDef> {
        if !matches!(node.tree, Tree::Map(_)) {
            let (offset, text) = self.offset(node, "")?;
            let letter = usual_letter(&text).to_owned();
            self.mention(&letter, node.place, MentionOf::Letter);
            return Some(RungDef { offset, to: Vec::new(), letter });
        }
        let mut fields = self.fields(node, "a reminder")?;
        let at = fields.take("at").map(|one| self.offset(one, ""));
        let rung = self.rung(&mut fields, node, at.flatten(), Vec::new());
        if !fields.has("at") {
            self.missing(node.place, "remind", "at");
        }
        fields.finish(self);
        rung
    }

    /// An escalation: so long after, to these roles.
    fn escalation(&mut self, node: &Node) -> Option<RungDef> {
        let mut fields = self.fields(node, "an escalation")?;
        let after = fields.take("after").map(|one| {
            let written = one.excerpt();
            self.offset(one, if written.ends_with("after") { "" } else { " after" })
        });
        for key in ["after", "to"] {
            if !fields.has(key) {
                self.missing(node.place, "escalate", key);
            }
        }
        let rung = self.rung(&mut fields, node, after.flatten(), Vec::new());
        fields.finish(self);
        rung
    }

    fn rung(
        &mut self,
        fields: &mut Fields<'_>,
        node: &Node,
        offset: Option<(Offset, String)>,
        mut to: Vec<String>,
    ) -> Option<RungDef> {
        if let Some(roles) = fields.take("to") {
            to = self.roles(roles);
        }
        let letter = fields.take("letter").map(|one| (self.name(one, false), one.place));
        let (offset, text) = offset?;
        let (letter, place) = letter.unwrap_or((Some(usual_letter(&text).to_owned()), node.place));
        let letter = letter?;
        self.mention(&letter, place, MentionOf::Letter);
        Some(RungDef { offset, to, letter })
    }

    /// Gives every rung without roles those of the tasks it is about: the state's own, else its
    /// descendants', else its nearest ancestor's.
    pub(crate) fn fill_rungs(&mut self, spec: &mut StateSpec, outer: &[String]) {
        let own = roles(spec);
        let near = if own.is_empty() { outer.to_vec() } else { own };
        let place = spec.place;
        if let Some(term) = &mut spec.term {
            let told = if near.is_empty() { Vec::new() } else { near.clone() };
            let mut silent = false;
            for rung in &mut term.rungs {
                if rung.to.is_empty() {
                    rung.to.clone_from(&told);
                    silent |= told.is_empty();
                }
            }
            if silent {
                self.missing(place, "remind", "to");
            }
        }
        let inherited = if spec.tasks.is_empty() { outer.to_vec() } else { near };
        for child in &mut spec.children {
            self.fill_rungs(child, &inherited);
        }
    }
}

/// The roles of a state's tasks, or of its descendants' where it has none itself.
fn roles(spec: &StateSpec) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut add = |role: &String| {
        if !all.contains(role) {
            all.push(role.clone());
        }
    };
    if spec.tasks.is_empty() {
        for child in &spec.children {
            roles(child).iter().for_each(&mut add);
        }
    } else {
        spec.tasks.iter().for_each(|task| add(&task.role));
    }
    all
}

/// The letter of a rung that names none.
fn usual_letter(offset: &str) -> &'static str {
    if offset.starts_with("on the day") {
        "due_today"
    } else if offset.contains("before") {
        "reminder"
    } else {
        "overdue"
    }
}
