//! Building the small tree from CEL's, where every node has a plain form.

use cel::IdedExpr;
use cel::common::ast::{
    CallExpr, ComprehensionExpr, Expr as Node, LiteralValue, SelectExpr, operators as op,
};

use super::Mode;
use super::plan::{Arithmetic, Comparison, Plan, Root};
use super::plan_each::{Body, Each};
use super::plan_value::Plain;
use super::walk::Names;

/// The plan of `e`, or nothing where a part of it has no plain form.
pub(super) fn build(e: &IdedExpr, names: &Names<'_>) -> Option<Plan> {
    Builder { names, bound: Vec::new() }.node(e)
}

struct Builder<'e, 'n> {
    names: &'n Names<'n>,
    /// Variables of the comprehensions around, outermost first.
    bound: Vec<&'e str>,
}

impl<'e> Builder<'e, '_> {
    fn boxed(&mut self, e: &'e IdedExpr) -> Option<Box<Plan>> {
        self.node(e).map(Box::new)
    }

    fn pair(&mut self, a: &'e IdedExpr, b: &'e IdedExpr) -> Option<Box<(Plan, Plan)>> {
        Some(Box::new((self.node(a)?, self.node(b)?)))
    }

    fn node(&mut self, e: &'e IdedExpr) -> Option<Plan> {
        match &e.expr {
            Node::Literal(literal) => constant(literal).map(Plan::Const),
            Node::Ident(name) => self.ident(name),
            Node::Select(select) => self.select(select),
            Node::Call(call) => self.call(call),
            Node::List(list) if list.optional_indices.is_empty() => {
                let items: Option<Vec<Plan>> = list.elements.iter().map(|e| self.node(e)).collect();
                items.map(fold_list)
            }
            Node::Comprehension(each) => self.each(each),
            _ => None,
        }
    }

    fn ident(&self, name: &str) -> Option<Plan> {
        if let Some(at) = self.bound.iter().rposition(|bound| *bound == name) {
            return Some(Plan::Bound(at));
        }
        if self.names.locals.contains(&name) {
            return Some(Plan::Path(Root::Local(name.into()), Vec::new()));
        }
        if self.names.mode == Mode::Open {
            return (!name.starts_with('_'))
                .then(|| Plan::Path(Root::Key(name.into()), Vec::new()));
        }
        match name {
            "data" => Some(Plan::Path(Root::Data, Vec::new())),
            "event" => Some(Plan::Path(Root::Event, Vec::new())),
            "actor" => Some(Plan::Path(Root::Actor, Vec::new())),
            "subject" => Some(Plan::Path(Root::Subject, Vec::new())),
            "now" => Some(Plan::Now),
            "event_name" => Some(Plan::EventName),
            _ => None,
        }
    }

    fn select(&mut self, select: &'e SelectExpr) -> Option<Plan> {
        let is_envelope = matches!(&select.operand.expr, Node::Ident(name) if name == "_event");
        if is_envelope && !self.names.locals.contains(&"_event") {
            return (!select.test).then(|| Plan::Envelope(select.field.as_str().into()));
        }
        let field = select.field.as_str().into();
        Some(match (self.node(&select.operand)?, select.test) {
            (operand, true) => Plan::Has(Box::new(operand), field),
            (Plan::Path(root, mut keys), false) => {
                keys.push(field);
                Plan::Path(root, keys)
            }
            (operand, false) => Plan::Select(Box::new(operand), field),
        })
    }

    fn call(&mut self, call: &'e CallExpr) -> Option<Plan> {
        match (call.func_name.as_str(), call.target.as_deref(), call.args.as_slice()) {
            ("size", Some(inner), []) | ("size", None, [inner]) => {
                self.boxed(inner).map(Plan::Size)
            }
            ("In", None, [state]) => self.boxed(state).map(Plan::Active),
            (op::LOGICAL_NOT, None, [inner]) => self.boxed(inner).map(Plan::Not),
            (op::NEGATE, None, [inner]) => self.boxed(inner).map(Plan::Negate),
            (op::LOGICAL_AND, None, [a, b]) => Some(Plan::And(self.boxed(a)?, self.boxed(b)?)),
            (op::LOGICAL_OR, None, [a, b]) => Some(Plan::Or(self.boxed(a)?, self.boxed(b)?)),
            (op::INDEX, None, [a, b]) => Some(Plan::Index(self.boxed(a)?, self.boxed(b)?)),
            (op::IN, None, [a, b]) => self.pair(a, b).map(Plan::Member),
            (op::EQUALS, None, [a, b]) => {
                self.pair(a, b).map(|sides| Plan::Equal { negated: false, sides })
            }
            (op::NOT_EQUALS, None, [a, b]) => {
                self.pair(a, b).map(|sides| Plan::Equal { negated: true, sides })
            }
            (op::CONDITIONAL, None, [a, b, c]) => {
                Some(Plan::If(Box::new((self.node(a)?, self.node(b)?, self.node(c)?))))
            }
            (name, None, [a, b]) => {
                if let Some(comparison) = comparison(name) {
                    return self.pair(a, b).map(|sides| Plan::Compare(comparison, sides));
                }
                let operator = arithmetic(name)?;
                self.pair(a, b).map(|sides| Plan::Arithmetic(operator, sides))
            }
            _ => None,
        }
    }

    fn each(&mut self, each: &'e ComprehensionExpr) -> Option<Plan> {
        if each.iter_var2.is_some() || !is_accumulator(&each.result, each) {
            return None;
        }
        let range = self.node(&each.iter_range)?;
        self.bound.push(&each.iter_var);
        let body = self.body(each);
        self.bound.pop();
        Some(Plan::Each(Box::new(Each { range, body: body? })))
    }

    /// The shapes that the macros expand to: `all`, `exists`, `map`, `filter`.
    fn body(&mut self, each: &'e ComprehensionExpr) -> Option<Body> {
        let Node::Call(step) = &each.loop_step.expr else { return None };
        match (step.func_name.as_str(), step.args.as_slice(), &each.accu_init.expr) {
            (
                name @ (op::LOGICAL_AND | op::LOGICAL_OR),
                [accumulator, test],
                Node::Literal(LiteralValue::Boolean(_)),
            ) if is_accumulator(accumulator, each) => {
                let decided_by = name == op::LOGICAL_OR;
                Some(Body::Until { decided_by, test: self.node(test)? })
            }
            (op::ADD, _, Node::List(_)) => {
                let item = self.appended(&each.loop_step, each)?;
                Some(Body::Collect { filter: None, item })
            }
            (op::CONDITIONAL, [filter, step, otherwise], Node::List(_))
                if is_accumulator(otherwise, each) =>
            {
                let filter = Some(self.node(filter)?);
                Some(Body::Collect { filter, item: self.appended(step, each)? })
            }
            _ => None,
        }
    }

    /// The item of `@result + [item]`.
    fn appended(&mut self, step: &'e IdedExpr, each: &'e ComprehensionExpr) -> Option<Plan> {
        let Node::Call(call) = &step.expr else { return None };
        match (call.func_name.as_str(), call.args.as_slice()) {
            (op::ADD, [accumulator, list]) if is_accumulator(accumulator, each) => {
                let Node::List(list) = &list.expr else { return None };
                match list.elements.as_slice() {
                    [item] if list.optional_indices.is_empty() => self.node(item),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

fn is_accumulator(e: &IdedExpr, each: &ComprehensionExpr) -> bool {
    matches!(&e.expr, Node::Ident(name) if *name == each.accu_var)
}

fn constant(literal: &LiteralValue) -> Option<Plain<'static>> {
    match literal {
        LiteralValue::Null => Some(Plain::Null),
        LiteralValue::Boolean(b) => Some(Plain::Bool(*b.inner())),
        LiteralValue::Int(int) => Some(Plain::Int(*int.inner())),
        LiteralValue::Double(double) => Some(Plain::Double(*double.inner())),
        LiteralValue::String(text) => Some(Plain::Text(text.inner().to_owned().into())),
        LiteralValue::Bytes(_) | LiteralValue::UInt(_) => None,
    }
}

/// A list of constants is a constant.
fn fold_list(items: Vec<Plan>) -> Plan {
    let constants: Option<Vec<Plain<'static>>> = items
        .iter()
        .map(|item| match item {
            Plan::Const(value) => Some(value.clone()),
            _ => None,
        })
        .collect();
    constants.map_or(Plan::List(items), |constants| Plan::Const(Plain::List(constants)))
}

fn comparison(name: &str) -> Option<Comparison> {
    match name {
        op::LESS => Some(Comparison::Less),
        op::LESS_EQUALS => Some(Comparison::LessOrEqual),
        op::GREATER => Some(Comparison::Greater),
        op::GREATER_EQUALS => Some(Comparison::GreaterOrEqual),
        _ => None,
    }
}

fn arithmetic(name: &str) -> Option<Arithmetic> {
    match name {
        op::ADD => Some(Arithmetic::Add),
        op::SUBSTRACT => Some(Arithmetic::Subtract),
        op::MULTIPLY => Some(Arithmetic::Multiply),
        op::DIVIDE => Some(Arithmetic::Divide),
        op::MODULO => Some(Arithmetic::Remainder),
        _ => None,
    }
}
