//! Reading states, with the work and the clocks that hang on them.

use crate::definition::{Basis, DoneData, InvokeDef, NameOrExpr, Place, TaskDef};
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
}
