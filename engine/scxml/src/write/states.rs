//! States, transitions and what hangs on them.

use chart::definition::{
    Chart, DoneData, DueDef, InvokeDef, Kind, NameOrExpr, State, StateIx, Transition, TransitionIx,
};

use super::Writer;
use super::markup::Attribute;

impl Writer<'_> {
    /// What stands inside the element of `state`.
    pub(super) fn inside_of(&mut self, chart: &Chart, state: StateIx) {
        let definition = chart.state(state);
        self.for_people(definition);
        for (name, blocks) in [("onentry", &definition.on_entry), ("onexit", &definition.on_exit)] {
            for block in blocks {
                self.markup.open(name, &[]);
                self.block(block);
                self.markup.close(name);
            }
        }
        match definition.kind {
            Kind::Compound { initial } if !chart.transition(initial).actions.is_empty() => {
                self.markup.open("initial", &[]);
                self.transition(chart, initial);
                self.markup.close("initial");
            }
            Kind::History { default, .. } => self.transition(chart, default),
            _ => {}
        }
        for &transition in &definition.transitions {
            self.transition(chart, transition);
        }
        for invoke in &definition.invokes {
            self.invoke(invoke);
        }
        for &child in &definition.children {
            self.state(chart, child);
        }
        self.done_data(definition.done_data.as_ref());
    }

    fn state(&mut self, chart: &Chart, state: StateIx) {
        let definition = chart.state(state);
        let name = match definition.kind {
            Kind::Atomic | Kind::Compound { .. } => "state",
            Kind::Parallel => "parallel",
            Kind::Final => "final",
            Kind::History { .. } => "history",
        };
        let mut attributes: Vec<Attribute> = vec![("id", definition.id.to_string())];
        if let Kind::History { deep, .. } = definition.kind {
            attributes.push(("type", if deep { "deep" } else { "shallow" }.to_owned()));
        }
        attributes.extend(plain_initial(chart, state).map(|targets| ("initial", targets)));
        if !definition.title.vi.is_empty() {
            attributes.push(("cotmoc:title", definition.title.vi.clone()));
        }
        attributes.extend(definition.stage.iter().map(|stage| ("cotmoc:stage", stage.clone())));
        self.markup.open(name, &attributes);
        self.inside_of(chart, state);
        self.markup.close(name);
    }

    /// Tasks and terms: SCXML has no word for them.
    fn for_people(&mut self, state: &State) {
        for task in &state.tasks {
            let mut attributes = vec![("for", task.role.clone())];
            let each = task.each.as_ref();
            attributes.extend(each.map(|each| ("each", each.source().to_owned())));
            attributes.push(("title", task.title.vi.clone()));
            self.markup.empty("cotmoc:task", &attributes);
        }
        if let Some(term) = &state.term {
            let due = match &term.due {
                DueDef::Rule(rule) => ("due", rule.to_string()),
                DueDef::Expr(expr) => ("dueexpr", expr.source().to_owned()),
            };
            let from = term.from.as_ref().map(|from| ("from", from.source().to_owned()));
            let attributes: Vec<Attribute> = std::iter::once(due).chain(from).collect();
            self.markup.empty("cotmoc:term", &attributes);
        }
        if state.clock_stopped {
            self.markup.empty("cotmoc:clock-stopped", &[]);
        }
    }

    fn transition(&mut self, chart: &Chart, transition: TransitionIx) {
        let transition = chart.transition(transition);
        let events: Vec<&str> = transition.events.iter().map(|event| event.0.as_ref()).collect();
        let mut attributes: Vec<Attribute> = Vec::new();
        if !events.is_empty() {
            attributes.push(("event", events.join(" ")));
        }
        let guard = transition.guard.as_ref();
        attributes.extend(guard.map(|guard| ("cond", guard.source().to_owned())));
        if !transition.targets.is_empty() {
            attributes.push(("target", targets(chart, transition)));
        }
        if transition.internal {
            attributes.push(("type", "internal".to_owned()));
        }
        if !transition.by.is_empty() {
            attributes.push(("cotmoc:by", transition.by.join(" ")));
        }
        if transition.actions.is_empty() && transition.require.is_empty() {
            self.markup.empty("transition", &attributes);
            return;
        }
        self.markup.open("transition", &attributes);
        for requirement in &transition.require {
            let that = ("that", requirement.that.source().to_owned());
            let reason = ("reason", requirement.reason.vi.clone());
            self.markup.empty("cotmoc:require", &[that, reason]);
        }
        self.block(&transition.actions);
        self.markup.close("transition");
    }

    fn invoke(&mut self, invoke: &InvokeDef) {
        let mut attributes: Vec<Attribute> =
            vec![("type", "scxml".to_owned()), ("id", invoke.id.clone())];
        let inline = match &invoke.chart {
            NameOrExpr::Name(name) if self.children.contains_key(name.as_ref()) => {
                Some(name.to_string()).filter(|name| self.inside.insert(name.clone()))
            }
            _ => None,
        };
        match &invoke.chart {
            NameOrExpr::Name(name) if inline.is_none() => {
                attributes.push(("cotmoc:chart", name.to_string()));
            }
            NameOrExpr::Name(_) => {}
            NameOrExpr::Expr(expr) => {
                attributes.push(("cotmoc:chartexpr", expr.source().to_owned()));
            }
        }
        let id_path = invoke.id_path.as_ref();
        attributes.extend(id_path.map(|path| ("idlocation", path.source().to_owned())));
        if invoke.autoforward {
            attributes.push(("autoforward", "true".to_owned()));
        }
        if invoke.invalid {
            attributes.push(("cotmoc:invalid", "true".to_owned()));
        }
        self.markup.open("invoke", &attributes);
        self.params(&invoke.data);
        if !invoke.finalize.is_empty() {
            self.markup.open("finalize", &[]);
            self.block(&invoke.finalize);
            self.markup.close("finalize");
        }
        if let Some(name) = inline
            && let Some(child) = self.children.get(&name)
        {
            self.markup.open("content", &[]);
            self.chart(child, Some(&name), &std::collections::BTreeSet::new());
            self.markup.close("content");
        }
        self.markup.close("invoke");
    }

    fn done_data(&mut self, done_data: Option<&DoneData>) {
        let Some(done_data) = done_data else { return };
        self.markup.open("donedata", &[]);
        match done_data {
            DoneData::Params(params) => self.params(params),
            DoneData::Content(content) => self.content(content),
        }
        self.markup.close("donedata");
    }
}

/// The targets of the initial transition of `state`, where an attribute can say them.
pub(super) fn plain_initial(chart: &Chart, state: StateIx) -> Option<String> {
    let Kind::Compound { initial } = chart.state(state).kind else { return None };
    let initial = chart.transition(initial);
    initial.actions.is_empty().then(|| targets(chart, initial))
}

fn targets(chart: &Chart, transition: &Transition) -> String {
    let ids = transition.targets.iter().map(|&target| chart.state(target).id.as_ref());
    ids.collect::<Vec<_>>().join(" ")
}
