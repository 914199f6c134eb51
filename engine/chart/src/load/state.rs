//! Reading states, with the work and the clocks that hang on them.

use crate::calendar::Offset;
use crate::definition::{
    Basis, DoneData, DueDef, InvokeDef, NameOrExpr, Place, RungDef, TaskDef, TermDef,
};
use crate::load::fields::{Fields, Reader};
use crate::load::node::{Key, Node, Tree};
use crate::load::source::{MentionOf, Purpose, Scope};
use crate::problem::{ProblemKind, closest, hint};
use crate::spec::{KindSpec, StateSpec};

/// The stages people name, in the order of the procedure.
pub(crate) const STAGES: [&str; 8] = [
    "registration",
    "plan_approval",
    "development",
    "evaluation",
    "certification",
    "announcement",
    "in_force",
    "closed",
];

impl Reader {
    /// The states under `states`, in document order.
    pub(crate) fn states(&mut self, node: &Node) -> Vec<StateSpec> {
        let mut all = Vec::new();
        for (key, value) in self.ordered(node) {
            if self.check_name(&key.text, key.place, false) {
                all.push(self.state(key, value));
            }
        }
        all
    }

    fn state(&mut self, key: &Key, node: &Node) -> StateSpec {
        let mut spec = StateSpec { id: key.text.clone(), place: key.place, ..StateSpec::default() };
        let outer = std::mem::replace(&mut self.state, key.text.clone());
        if let Some(mut fields) = self.fields(node, "a state") {
            self.nature(&mut fields, &mut spec);
            self.behaviour(&mut fields, &mut spec);
            self.work(&mut fields, &mut spec);
            if let Some(states) = fields.take("states") {
                spec.children = self.states(states);
            }
            fields.finish(self);
        }
        self.state = outer;
        spec
    }

    /// What the state is called and what kind it is.
    fn nature(&mut self, fields: &mut Fields<'_>, spec: &mut StateSpec) {
        let kind = fields.take("type").and_then(|one| Some((self.text(one)?, one)));
        let deep = fields.take("deep");
        let is_deep = deep.is_some_and(|one| self.flag(one));
        spec.kind = match kind.as_ref().map(|(text, node)| (text.as_str(), node)) {
            None => KindSpec::Plain,
            Some(("parallel", _)) => KindSpec::Parallel,
            Some(("final", _)) => KindSpec::Final,
            Some(("history", _)) => KindSpec::History { deep: is_deep },
            Some((_, node)) => {
                self.wrong(
                    node,
                    "`parallel`, `final` hoặc `history`",
                    "`parallel`, `final` or `history`",
                );
                KindSpec::Plain
            }
        };
        let history = matches!(spec.kind, KindSpec::History { .. });
        if let (false, Some(deep)) = (history, deep) {
            self.report(
                ProblemKind::BadHistory,
                deep.place,
                "deep",
                "chỉ trạng thái nhớ mới có `deep`",
                "only a history state has `deep`",
            );
        }
        if history {
            let to = fields.take("to").and_then(|one| self.initial(one));
            spec.transitions.extend(to);
            if let Some(title) = fields.take("title") {
                spec.title = self.words(title, &spec.id);
            }
            spec.basis = fields.take("basis").and_then(|one| self.basis(one));
        } else {
            spec.title = self.title(fields, spec.place, &spec.id.clone());
            spec.basis = self.need_basis(fields, spec.place, &spec.id.clone());
        }
        spec.stage = fields.take("stage").and_then(|one| self.stage(one));
    }

    fn stage(&mut self, node: &Node) -> Option<String> {
        let text = self.text(node)?;
        if STAGES.contains(&text.as_str()) {
            return Some(text);
        }
        let (vi, en) = hint(closest(&text, STAGES.into_iter()));
        let known = STAGES.join("`, `");
        self.report(
            ProblemKind::WrongType,
            node.place,
            &text,
            format!("không có giai đoạn `{text}`{vi}; các giai đoạn: `{known}`"),
            format!("there is no stage `{text}`{en}; stages are `{known}`"),
        );
        None
    }

    /// The legal ground, which must be there.
    pub(crate) fn need_basis(
        &mut self,
        fields: &mut Fields<'_>,
        place: Place,
        owner: &str,
    ) -> Option<Basis> {
        if let Some(node) = fields.take("basis") {
            return self.basis(node);
        }
        self.report(
            ProblemKind::MissingBasis,
            place,
            owner,
            format!("`{owner}` thiếu căn cứ: ghi điều khoản, hoặc `basis: product`"),
            format!("`{owner}` has no legal ground: write the article, or `basis: product`"),
        );
        None
    }

    fn basis(&mut self, node: &Node) -> Option<Basis> {
        let text = self.text(node)?;
        Some(match text.as_str() {
            "product" => Basis::Product,
            _ => Basis::Cited(text),
        })
    }

    /// Where the state leads and what it does.
    fn behaviour(&mut self, fields: &mut Fields<'_>, spec: &mut StateSpec) {
        if let Some(initial) = fields.take("initial") {
            spec.initial = self.initial(initial);
        }
        if let Some(on) = fields.take("on") {
            let on = self.on(on);
            spec.transitions.extend(on);
        }
        if let Some(always) = fields.take("always") {
            let always = self.always(always);
            spec.transitions.extend(always);
        }
        self.scope = Some(Scope::AnyEvent);
        if let Some(entry) = fields.take("entry") {
            spec.on_entry = self.blocks(entry);
        }
        if let Some(exit) = fields.take("exit") {
            spec.on_exit = self.blocks(exit);
        }
        if let Some(done) = fields.take("done") {
            spec.done_data = Some(DoneData::Params(self.params(done, &[])));
            if spec.kind != KindSpec::Final {
                self.report(
                    ProblemKind::BadState,
                    done.place,
                    "done",
                    "chỉ trạng thái kết thúc mới có `done`",
                    "only a final state has `done`",
                );
            }
        }
        self.scope = None;
    }

    /// Who owes what here, until when, and which children live here.
    fn work(&mut self, fields: &mut Fields<'_>, spec: &mut StateSpec) {
        if let Some(task) = fields.take("task") {
            spec.tasks =
                Self::one_or_many(task).into_iter().filter_map(|one| self.task(one)).collect();
        }
        if let Some(term) = fields.take("term") {
            if term.tree == Tree::Text("none".to_owned()) {
                self.source.no_term.insert(spec.id.clone());
            } else {
                spec.term = self.term(term, fields.key_place("term"));
                if spec.term.is_none() {
                    self.source.no_term.insert(spec.id.clone());
                }
            }
        }
        if let Some(clock) = fields.take("clock") {
            spec.clock_stopped = clock.tree == Tree::Text("stopped".to_owned());
            if !spec.clock_stopped {
                self.wrong(clock, "`stopped`", "`stopped`");
            }
        }
        if let Some(invoke) = fields.take("invoke") {
            for (n, one) in Self::one_or_many(invoke).into_iter().enumerate() {
                spec.invokes.extend(self.invoke(one, n));
            }
        }
    }

    fn task(&mut self, node: &Node) -> Option<TaskDef> {
        let mut fields = self.fields(node, "a task")?;
        let role = fields.take("for").and_then(|one| {
            let name = self.name(one, false)?;
            self.mention(&name, one.place, MentionOf::Role);
            Some(name)
        });
        let each = fields.take("each").and_then(|one| self.expr(one, Purpose::List));
        let title = self.title(&mut fields, node.place, "task");
        if !fields.has("for") {
            self.missing(node.place, "task", "for");
        }
        fields.finish(self);
        Some(TaskDef { role: role?, each, title, place: node.place })
    }

    fn term(&mut self, node: &Node, place: Place) -> Option<TermDef> {
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

    fn invoke(&mut self, node: &Node, n: usize) -> Option<InvokeDef> {
        let mut fields = self.fields(node, "invoke")?;
        let chart = fields.take("chart").map(|one| (self.name(one, false), one.place));
        let id = fields
            .take("id")
            .and_then(|one| self.name(one, false))
            .unwrap_or_else(|| format!("{}.{n}", self.state));
        self.scope = Some(Scope::AnyEvent);
        let data = fields.take("data").map(|one| self.params(one, &[])).unwrap_or_default();
        self.scope = None;
        fields.finish(self);
        let Some((chart, place)) = chart else {
            self.missing(node.place, "invoke", "chart");
            return None;
        };
        let chart = chart?;
        self.mention(&chart, place, MentionOf::Chart { invoke: Some(id.clone()) });
        Some(InvokeDef {
            id,
            id_path: None,
            chart: NameOrExpr::Name(chart.as_str().into()),
            data,
            finalize: Vec::new(),
            autoforward: false,
            invalid: false,
        })
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
