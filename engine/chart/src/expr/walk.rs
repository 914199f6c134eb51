//! What an expression says without being evaluated: its names and its reads.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr as Node, LiteralValue, operators};

use super::compile::{Refusal, children};
use super::functions::{is_known, is_namespace, is_type};
use super::{ExprErrorKind, Mode};

/// The names an expression may use.
pub(super) struct Names<'a> {
    /// Beside the roots.
    pub(super) locals: &'a [&'a str],
    /// Whether the keys of the data are names too.
    pub(super) mode: Mode,
}

/// The roots of [`super::Scope`].
const ROOTS: [&str; 7] = ["data", "event", "event_name", "_event", "actor", "now", "subject"];

/// What an expression reads.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "one flag a root")]
pub struct Reads {
    /// Whether it reads `data`.
    pub data: bool,
    /// Whether it reads `event`, `event_name` or `_event`.
    pub event: bool,
    /// Whether it reads `actor`.
    pub actor: bool,
    /// Whether it reads `now`.
    pub now: bool,
    /// Whether it reads `subject`.
    pub subject: bool,
    /// The places in the data it reads, in the order of the source.
    pub data_paths: Vec<Read>,
    /// The places in the payload it reads, in the order of the source.
    pub event_paths: Vec<Read>,
    /// The states named in `In('..')`, in the order of the source.
    pub states: Vec<String>,
}

/// One place an expression reads: the longest part of it that is written out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// Its keys, as in `data.a.b` or `data['a'].b`; empty for the whole.
    pub path: Vec<String>,
    /// Whether it is asked for by `has()` where it is read, or is the question itself.
    pub guarded: bool,
    /// How many of its keys `has()` has vouched for; those beyond must be required to be there.
    pub guarded_prefix: usize,
}

/// Refuses a function or name there is not, and parts of CEL that charts may not use.
pub(super) fn check_names(e: &IdedExpr, names: &Names<'_>) -> Result<(), Refusal> {
    check(e, names, &mut Vec::new())
}

fn check<'e>(e: &'e IdedExpr, names: &Names<'_>, bound: &mut Vec<&'e str>) -> Result<(), Refusal> {
    match &e.expr {
        Node::Ident(name) => check_ident(e.id, name, names, bound),
        Node::Call(call) => {
            let namespace = call.target.as_deref().and_then(|target| match &target.expr {
                Node::Ident(name) if is_namespace(name) => Some(name.as_str()),
                _ => None,
            });
            check_function(e.id, call, namespace)?;
            if let (Some(target), None) = (&call.target, namespace) {
                check(target, names, bound)?;
            }
            call.args.iter().try_for_each(|arg| check(arg, names, bound))
        }
        Node::Comprehension(each) => {
            check(&each.iter_range, names, bound)?;
            check(&each.accu_init, names, bound)?;
            let outside = bound.len();
            bound.extend(bound_by(each));
            for inner in [&each.loop_cond, &each.loop_step, &each.result] {
                check(inner, names, bound)?;
            }
            bound.truncate(outside);
            Ok(())
        }
        Node::Struct(_) => {
            Err(unsupported(e.id, "typed objects are not used in charts; write `{..}`"))
        }
        Node::Literal(LiteralValue::Bytes(_)) => {
            Err(unsupported(e.id, "bytes are not used in charts; write a text"))
        }
        Node::Unspecified => Err(unsupported(e.id, "a part of the expression is missing")),
        Node::Literal(_) | Node::List(_) | Node::Map(_) | Node::Select(_) => {
            children(e).into_iter().try_for_each(|child| check(child, names, bound))
        }
    }
}

fn unsupported(id: u64, message: &str) -> Refusal {
    Refusal { id, before: 0, kind: ExprErrorKind::Unsupported, message: message.to_owned() }
}

/// The variables a comprehension binds for its body.
fn bound_by(each: &ComprehensionExpr) -> impl Iterator<Item = &str> {
    [Some(&each.iter_var), each.iter_var2.as_ref(), Some(&each.accu_var)]
        .into_iter()
        .flatten()
        .map(String::as_str)
}

fn check_ident(id: u64, name: &str, names: &Names<'_>, bound: &[&str]) -> Result<(), Refusal> {
    let known = bound.contains(&name)
        || names.locals.contains(&name)
        || names.mode == Mode::Open
        || ROOTS.contains(&name)
        || is_type(name);
    if known {
        return Ok(());
    }
    let mut there = ROOTS.to_vec();
    there.retain(|root| !root.starts_with('_'));
    there.extend_from_slice(names.locals);
    let message = format!(
        "there is no `{name}`; expressions see {}; write texts as `'{name}'`",
        list(&there)
    );
    Err(Refusal { id, before: 0, kind: ExprErrorKind::UnknownName, message })
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn check_function(id: u64, call: &CallExpr, namespace: Option<&str>) -> Result<(), Refusal> {
    let name = &call.func_name;
    let is_operator = name.contains('_') && !name.starts_with(char::is_alphabetic);
    if is_operator || matches!(name.as_str(), operators::IN | operators::NOT_STRICTLY_FALSE) {
        return Ok(());
    }
    let kind = ExprErrorKind::UnknownFunction;
    let refuse = |message| Refusal { id, before: name.chars().count(), kind, message };
    let full = namespace.map_or_else(|| name.clone(), |namespace| format!("{namespace}.{name}"));
    if full == "In" && (call.args.len() != 1 || call.target.is_some()) {
        return Err(refuse("In takes the id of one state, such as `In('review')`".to_owned()));
    }
    if is_known(&full) {
        return Ok(());
    }
    Err(refuse(format!("there is no function `{full}`; docs/charts.md lists those there are")))
}

/// Where a path begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Root {
    Data,
    Event,
}

type Place = (Root, Vec<String>);

/// Everything `e` reads.
pub(super) fn reads(e: &IdedExpr, names: &Names<'_>) -> Reads {
    let mut walk = Walk { names, bound: Vec::new(), facts: Vec::new(), reads: Reads::default() };
    walk.visit(e);
    walk.reads
}

struct Walk<'e, 'n> {
    names: &'n Names<'n>,
    bound: Vec<&'e str>,
    /// Places that `has()` has vouched for here.
    facts: Vec<Place>,
    reads: Reads,
}

impl<'e> Walk<'e, '_> {
    fn visit(&mut self, e: &'e IdedExpr) {
        if let Some((root, path)) = self.place(e) {
            let asked = matches!(&e.expr, Node::Select(select) if select.test);
            if asked && path.len() > 1 {
                self.record(root, path[..path.len() - 1].to_vec(), false);
            }
            return self.record(root, path, asked);
        }
        match &e.expr {
            Node::Ident(name) => self.visit_ident(name),
            Node::Call(call) => self.visit_call(call),
            Node::Comprehension(each) => {
                self.visit(&each.iter_range);
                self.visit(&each.accu_init);
                let outside = self.bound.len();
                self.bound.extend(bound_by(each));
                for inner in [&each.loop_cond, &each.loop_step, &each.result] {
                    self.visit(inner);
                }
                self.bound.truncate(outside);
            }
            _ => children(e).into_iter().for_each(|child| self.visit(child)),
        }
    }

    fn visit_ident(&mut self, name: &str) {
        if self.is_local(name) {
            return;
        }
        match name {
            "actor" => self.reads.actor = true,
            "now" => self.reads.now = true,
            "subject" => self.reads.subject = true,
            "event_name" | "_event" => self.reads.event = true,
            _ => {}
        }
    }

    fn visit_call(&mut self, call: &'e CallExpr) {
        if let Some(target) = call.target.as_deref()
            && !matches!(&target.expr, Node::Ident(name) if is_namespace(name))
        {
            self.visit(target);
        }
        match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::LOGICAL_AND, [left, right]) => {
                self.visit(left);
                self.visit_knowing(self.facts_if(left, true), right);
            }
            (operators::LOGICAL_OR, [left, right]) => {
                self.visit(left);
                self.visit_knowing(self.facts_if(left, false), right);
            }
            (operators::CONDITIONAL, [condition, then, otherwise]) => {
                self.visit(condition);
                self.visit_knowing(self.facts_if(condition, true), then);
                self.visit_knowing(self.facts_if(condition, false), otherwise);
            }
            ("In", [state]) => match &state.expr {
                Node::Literal(LiteralValue::String(id)) => {
                    self.reads.states.push(id.inner().to_owned());
                }
                _ => self.visit(state),
            },
            (_, args) => args.iter().for_each(|arg| self.visit(arg)),
        }
    }

    fn visit_knowing(&mut self, facts: Vec<Place>, e: &'e IdedExpr) {
        let before = self.facts.len();
        self.facts.extend(facts);
        self.visit(e);
        self.facts.truncate(before);
    }

    fn is_local(&self, name: &str) -> bool {
        self.bound.contains(&name) || self.names.locals.contains(&name)
    }

    /// The places that are there whenever `e` is `answer`.
    fn facts_if(&self, e: &IdedExpr, answer: bool) -> Vec<Place> {
        match &e.expr {
            Node::Select(select) if select.test && answer => self.place(e).into_iter().collect(),
            Node::Call(call) => match (call.func_name.as_str(), call.args.as_slice()) {
                (operators::LOGICAL_NOT, [inner]) => self.facts_if(inner, !answer),
                (operators::LOGICAL_AND, [left, right]) if answer => {
                    self.facts_of(left, right, answer)
                }
                (operators::LOGICAL_OR, [left, right]) if !answer => {
                    self.facts_of(left, right, answer)
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    fn facts_of(&self, left: &IdedExpr, right: &IdedExpr, answer: bool) -> Vec<Place> {
        let mut facts = self.facts_if(left, answer);
        facts.extend(self.facts_if(right, answer));
        facts
    }

    /// The place in data or payload that `e` spells out, if it does.
    fn place(&self, e: &IdedExpr) -> Option<Place> {
        match &e.expr {
            Node::Ident(name) if self.is_local(name) => None,
            Node::Ident(name) if name == "data" => Some((Root::Data, Vec::new())),
            Node::Ident(name) if name == "event" => Some((Root::Event, Vec::new())),
            Node::Ident(name)
                if self.names.mode == Mode::Open && !ROOTS.contains(&name.as_str()) =>
            {
                (!name.starts_with('_') && !is_type(name)).then(|| (Root::Data, vec![name.clone()]))
            }
            Node::Select(select) => {
                let (root, mut path) = self.place(&select.operand)?;
                path.push(select.field.clone());
                Some((root, path))
            }
            Node::Call(call) if call.func_name == operators::INDEX => match call.args.as_slice() {
                [operand, index] => {
                    let Node::Literal(LiteralValue::String(key)) = &index.expr else { return None };
                    let (root, mut path) = self.place(operand)?;
                    path.push(key.inner().to_owned());
                    Some((root, path))
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn record(&mut self, root: Root, path: Vec<String>, asked: bool) {
        let vouched = |(place, fact): &Place| {
            let shared = fact.iter().zip(&path).take_while(|(a, b)| a == b).count();
            if *place == root { shared } else { 0 }
        };
        let known = self.facts.iter().map(vouched).max().unwrap_or(0);
        let guarded_prefix = if asked { path.len() } else { known };
        let guarded = guarded_prefix == path.len();
        let read = Read { path, guarded, guarded_prefix };
        match root {
            Root::Data => {
                self.reads.data = true;
                self.reads.data_paths.push(read);
            }
            Root::Event => {
                self.reads.event = true;
                self.reads.event_paths.push(read);
            }
        }
    }
}
