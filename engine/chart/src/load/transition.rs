//! Reading transitions: `on`, `always`, `initial` and a history state's default.

use crate::definition::{Action, Place, Requirement, Text};
use crate::load::fields::Reader;
use crate::load::node::{Node, Tree};
use crate::load::source::{MentionOf, Purpose, Scope};
use crate::problem::ProblemKind;
use crate::spec::TransitionSpec;

impl Reader {
    /// The transitions under `on`, in document order.
    pub(crate) fn on(&mut self, node: &Node) -> Vec<TransitionSpec> {
        let mut all = Vec::new();
        for (key, value) in self.ordered(node) {
            let mut events = Vec::new();
            for pattern in key.text.split_whitespace() {
                let bare = pattern.strip_suffix(".*").unwrap_or(pattern);
                if bare == "*" || self.check_name(bare, key.place, true) {
                    self.mention(pattern, key.place, MentionOf::Pattern);
                    events.push(pattern.to_owned());
                }
            }
            self.scope = Some(Scope::Events(events.clone()));
            for one in Self::one_or_many(value) {
                if let Some(mut transition) = self.transition(one, true) {
                    transition.events.clone_from(&events);
                    if transition.place == Place::default() || !matches!(value.tree, Tree::List(_))
                    {
                        transition.place = key.place;
                    }
                    all.push(transition);
                }
            }
        }
        self.scope = None;
        all
    }

    /// The eventless transitions under `always`.
    pub(crate) fn always(&mut self, node: &Node) -> Vec<TransitionSpec> {
        self.scope = Some(Scope::AnyEvent);
        let items = Self::one_or_many(node);
        let all = items.into_iter().filter_map(|one| self.transition(one, false)).collect();
        self.scope = None;
        all
    }

    fn transition(&mut self, node: &Node, evented: bool) -> Option<TransitionSpec> {
        let mut fields = self.fields(node, "a transition")?;
        let mut spec = TransitionSpec { place: node.place, ..TransitionSpec::default() };
        if let Some(to) = fields.take("to") {
            spec.targets = self.targets(to);
        }
        if let Some(guard) = fields.take("if") {
            let purpose = if evented { Purpose::Guard } else { Purpose::EventlessGuard };
            spec.guard = self.expr(guard, purpose);
        }
        if evented {
            if let Some(by) = fields.take("by") {
                spec.by = self.roles(by);
            }
            if let Some(require) = fields.take("require") {
                spec.require = Self::one_or_many(require)
                    .into_iter()
                    .filter_map(|one| self.requirement(one))
                    .collect();
            }
        }
        if let Some(set) = fields.take("set") {
            let assigns = self.set(set);
            spec.actions.push(Action::Set(assigns));
        }
        if let Some(block) = fields.take("do") {
            spec.actions.extend(self.block(block));
        }
        spec.internal = fields.take("internal").is_some_and(|one| self.flag(one));
        spec.cancels = fields.take("cancels").is_some_and(|one| self.flag(one));
        fields.finish(self);
        Some(spec)
    }

    fn requirement(&mut self, node: &Node) -> Option<Requirement> {
        let mut fields = self.fields(node, "a requirement")?;
        let that = fields.take("that").map(|one| (self.expr(one, Purpose::Require), one.place));
        let reason = if let Some(words) = fields.take("else") {
            self.words(words, "else")
        } else {
            self.report(
                ProblemKind::MissingTitle,
                node.place,
                "require",
                "điều kiện phải có lời giải thích `else: { vi, en }`",
                "a requirement needs its reason in words: `else: { vi, en }`",
            );
            Text::default()
        };
        let unlocks = fields.take("unlocks").and_then(|one| {
            let name = self.name(one, false)?;
            self.mention(&name, one.place, MentionOf::Role);
            Some(name)
        });
        let unlocks_at = fields.take("unlocks_at").and_then(|one| self.expr(one, Purpose::Value));
        fields.finish(self);
        let Some((that, place)) = that else {
            self.missing(node.place, "require", "that");
            return None;
        };
        Some(Requirement { that: that?, reason, unlocks, unlocks_at, place })
    }

    /// `initial: id | [ids] | { to, do }`, and the default of a history state.
    pub(crate) fn initial(&mut self, node: &Node) -> Option<TransitionSpec> {
        if !matches!(node.tree, Tree::Map(_)) {
            let targets = self.targets(node);
            let place = node.place;
            return Some(TransitionSpec { targets, place, ..TransitionSpec::default() });
        }
        let mut fields = self.fields(node, "initial")?;
        let mut spec = TransitionSpec { place: node.place, ..TransitionSpec::default() };
        self.scope = Some(Scope::AnyEvent);
        if let Some(to) = fields.take("to") {
            spec.targets = self.targets(to);
        }
        if let Some(block) = fields.take("do") {
            spec.actions = self.block(block);
        }
        self.scope = None;
        fields.finish(self);
        Some(spec)
    }

    /// Names of targets; where each stands is kept for messages.
    pub(crate) fn targets(&mut self, node: &Node) -> Vec<String> {
        let mut all = Vec::new();
        for (name, place) in self.names(node) {
            self.source.targets.push((name.clone(), place));
            all.push(name);
        }
        all
    }
}
