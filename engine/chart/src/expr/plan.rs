//! The small tree: the plain forms of CEL, evaluated straight over the document.
//!
//! `data.x > 3 && In('review')` costs the crate some microseconds, for names, boxes and registry
//! look-ups; here it costs the comparisons. Whatever is not plain stops with [`Stop::Bail`], and
//! the crate evaluates the whole expression instead.
//!
//! **Invariant:** an answer or a fault here is the crate's answer or fault (`agreement` checks it
//! on random expressions and documents); an expression without effects may be run twice.

use std::borrow::Cow;

use serde_json::Value;
use smallvec::SmallVec;

use super::plan_each::Each;
use super::plan_value::Plain;
use super::{EventView, Scope};

/// Where a path begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Root {
    Data,
    Event,
    Actor,
    Subject,
    /// A local of the scope.
    Local(Box<str>),
    /// A bare identifier of SCXML: a key of the data, else the root of that name.
    Key(Box<str>),
}

/// A node.
#[derive(Debug, Clone)]
pub(super) enum Plan {
    Const(Plain<'static>),
    /// Where the keys lead from the root.
    Path(Root, Vec<Box<str>>),
    EventName,
    /// A field of `_event`.
    Envelope(Box<str>),
    Now,
    /// A variable of a comprehension, counted from the outermost.
    Bound(usize),
    Select(Box<Plan>, Box<str>),
    Has(Box<Plan>, Box<str>),
    Index(Box<Plan>, Box<Plan>),
    Active(Box<Plan>),
    Not(Box<Plan>),
    Negate(Box<Plan>),
    And(Box<Plan>, Box<Plan>),
    Or(Box<Plan>, Box<Plan>),
    If(Box<(Plan, Plan, Plan)>),
    Equal {
        negated: bool,
        sides: Box<(Plan, Plan)>,
    },
    Compare(Comparison, Box<(Plan, Plan)>),
    Arithmetic(Arithmetic, Box<(Plan, Plan)>),
    Member(Box<(Plan, Plan)>),
    List(Vec<Plan>),
    Size(Box<Plan>),
    Each(Box<Each>),
}

/// `<`, `<=`, `>` or `>=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// `+`, `-`, `*`, `/` or `%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Stop {
    /// Not a plain form after all: let the crate run it.
    Bail,
    /// CEL's answer is an error.
    Fault(Box<Fault>),
}

/// An error of evaluation.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("there is no `{0}`; ask `has(..)` first, or give it a default")]
    Missing(String),
    #[error("there is no `{0}` here")]
    Undeclared(String),
    #[error("{0} does not go with {1} and {2}")]
    Misfit(&'static str, &'static str, &'static str),
    #[error("{0} is not {1}")]
    Type(&'static str, &'static str),
    #[error("{0}")]
    Arithmetic(&'static str),
}

pub(super) type Answer<'a> = Result<Plain<'a>, Stop>;

/// The variables of the comprehensions around, outermost first.
pub(super) type Bound<'a> = SmallVec<[Plain<'a>; 2]>;

pub(super) fn fault<T>(fault: Fault) -> Result<T, Stop> {
    Err(fault.into())
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(Box::new(fault))
    }
}

impl Plan {
    /// The answer in `scope`; `bound` holds the variables of the comprehensions around.
    pub(super) fn eval<'a>(&'a self, scope: &Scope<'a>, bound: &mut Bound<'a>) -> Answer<'a> {
        match self {
            Self::Const(value) => Ok(value.lent()),
            Self::Path(root, keys) => Plain::of(follow(root, keys, scope)?),
            Self::Now => Ok(Plain::Int(scope.now_ms)),
            Self::EventName => Ok(Plain::Text(Cow::Borrowed(event(scope)?.name))),
            Self::Envelope(field) => envelope(event(scope)?, field),
            Self::Bound(at) => bound.get(*at).cloned().ok_or(Stop::Bail),
            Self::Select(operand, key) => match operand.eval(scope, bound)? {
                Plain::Json(Value::Object(members)) => match members.get(&**key) {
                    Some(member) => Plain::of(member),
                    None => fault(Fault::Missing(key.to_string())),
                },
                other => fault(Fault::Type(other.type_name(), "an object")),
            },
            Self::Index(operand, index) => eval_index(operand, index, scope, bound),
            Self::Negate(inner) => negate(inner.eval(scope, bound)?),
            Self::If(parts) => {
                let branch = if parts.0.test(scope, bound)? { &parts.1 } else { &parts.2 };
                branch.eval(scope, bound)
            }
            Self::Arithmetic(operator, sides) => {
                let (left, right) = (sides.0.eval(scope, bound)?, sides.1.eval(scope, bound)?);
                arithmetic(*operator, left, right)
            }
            Self::List(items) => {
                let items: Result<_, _> =
                    items.iter().map(|item| item.eval(scope, bound)).collect();
                items.map(Plain::List)
            }
            Self::Size(inner) => size(&inner.eval(scope, bound)?),
            Self::Each(each) if each.is_collecting() => each.collect(scope, bound),
            Self::Not(_)
            | Self::And(..)
            | Self::Or(..)
            | Self::Equal { .. }
            | Self::Compare(..)
            | Self::Member(_)
            | Self::Active(_)
            | Self::Has(..)
            | Self::Each(_) => self.test(scope, bound).map(Plain::Bool),
        }
    }

    /// Whether it is `data` itself, which need not be put together to look at one member.
    pub(super) fn is_object_of_data(&self, scope: &Scope<'_>) -> bool {
        matches!(self, Self::Path(Root::Data, keys) if keys.is_empty()) && scope.data.is_object()
    }
}

fn event<'s, 'a>(scope: &'s Scope<'a>) -> Result<&'s EventView<'a>, Stop> {
    scope.event.as_ref().ok_or_else(|| Stop::from(Fault::Undeclared("event".to_owned())))
}

fn resolve<'a>(root: &Root, scope: &Scope<'a>) -> Result<&'a Value, Stop> {
    let local = |name: &str| scope.locals.iter().find(|(local, _)| *local == name).map(|(_, v)| *v);
    let undeclared = |name: &str| Stop::from(Fault::Undeclared(name.to_owned()));
    match root {
        Root::Data => Ok(scope.data.whole()),
        Root::Event => event(scope).map(|event| event.payload),
        Root::Actor => Ok(scope.actor.value()),
        Root::Subject => Ok(scope.subject.value()),
        Root::Local(name) => local(name).ok_or_else(|| undeclared(name)),
        Root::Key(name) => match local(name).or_else(|| scope.data.get(name)) {
            Some(value) => Ok(value),
            // The name may be a type of CEL, or a root: rare enough for the crate.
            None => Err(Stop::Bail),
        },
    }
}

/// Where `keys` lead from `root`.
pub(super) fn follow<'a>(
    root: &Root,
    keys: &[Box<str>],
    scope: &Scope<'a>,
) -> Result<&'a Value, Stop> {
    let missing = |key: &str| Stop::from(Fault::Missing(key.to_owned()));
    let (mut at, below) = match (root, keys) {
        (Root::Data, [key, below @ ..]) if scope.data.is_object() => {
            (scope.data.get(key).ok_or_else(|| missing(key))?, below)
        }
        _ => (resolve(root, scope)?, keys),
    };
    for key in below {
        at = match at {
            Value::Object(members) => members.get(&**key).ok_or_else(|| missing(key))?,
            other => return fault(Fault::Type(Plain::of(other)?.type_name(), "an object")),
        };
    }
    Ok(at)
}

fn envelope<'a>(event: &EventView<'a>, field: &str) -> Answer<'a> {
    let id = |id: Option<&'a str>| match id {
        Some(id) => Ok(Plain::Text(Cow::Borrowed(id))),
        None => fault(Fault::Missing(field.to_owned())),
    };
    match field {
        "name" => Ok(Plain::Text(Cow::Borrowed(event.name))),
        "type" => Ok(Plain::Text(Cow::Borrowed(event.kind))),
        "data" => Plain::of(event.payload),
        "sendid" => id(event.sendid),
        "invokeid" => id(event.invokeid),
        _ => fault(Fault::Missing(field.to_owned())),
    }
}

fn negate(value: Plain<'_>) -> Answer<'_> {
    match value {
        Plain::Int(int) => match int.checked_neg() {
            Some(int) => Ok(Plain::Int(int)),
            None => fault(Fault::Arithmetic("the number overflows")),
        },
        Plain::Double(double) => Ok(Plain::Double(-double)),
        other => fault(Fault::Type(other.type_name(), "a number")),
    }
}

fn arithmetic<'a>(operator: Arithmetic, left: Plain<'a>, right: Plain<'a>) -> Answer<'a> {
    use Arithmetic as A;
    match (left, right) {
        (Plain::Int(a), Plain::Int(b)) => {
            if b == 0 && matches!(operator, A::Divide | A::Remainder) {
                return fault(Fault::Arithmetic("division by zero"));
            }
            let answer = match operator {
                A::Add => a.checked_add(b),
                A::Subtract => a.checked_sub(b),
                A::Multiply => a.checked_mul(b),
                A::Divide => a.checked_div(b),
                A::Remainder => a.checked_rem(b),
            };
            match answer {
                Some(answer) => Ok(Plain::Int(answer)),
                None => fault(Fault::Arithmetic("the number overflows")),
            }
        }
        (Plain::Double(a), Plain::Double(b)) => match operator {
            A::Add => Ok(Plain::Double(a + b)),
            A::Subtract => Ok(Plain::Double(a - b)),
            A::Multiply => Ok(Plain::Double(a * b)),
            A::Divide => Ok(Plain::Double(a / b)),
            A::Remainder => fault(Fault::Misfit("%", "double", "double")),
        },
        (Plain::Text(a), Plain::Text(b)) if operator == A::Add => {
            Ok(Plain::Text(Cow::Owned(a.into_owned() + &b)))
        }
        (Plain::Json(_) | Plain::List(_), _) => Err(Stop::Bail),
        (left, right) => Err(left.misfit("arithmetic", &right)),
    }
}

fn eval_index<'a>(
    operand: &'a Plan,
    index: &'a Plan,
    scope: &Scope<'a>,
    bound: &mut Bound<'a>,
) -> Answer<'a> {
    if operand.is_object_of_data(scope) {
        return match index.eval(scope, bound)? {
            Plain::Text(key) => match scope.data.get(&key) {
                Some(member) => Plain::of(member),
                None => fault(Fault::Missing(key.to_string())),
            },
            _ => Err(Stop::Bail),
        };
    }
    let operand = operand.eval(scope, bound)?;
    match index {
        Plan::Bound(at) => index_into(operand, bound.get(*at).ok_or(Stop::Bail)?),
        index => index_into(operand, &index.eval(scope, bound)?),
    }
}

fn index_into<'a>(operand: Plain<'a>, index: &Plain<'a>) -> Answer<'a> {
    match (operand, index) {
        (Plain::Json(Value::Object(members)), Plain::Text(key)) => match members.get(&**key) {
            Some(member) => Plain::of(member),
            None => fault(Fault::Missing(key.to_string())),
        },
        (Plain::Json(Value::Array(items)), Plain::Int(at)) => {
            match usize::try_from(*at).ok().and_then(|at| items.get(at)) {
                Some(item) => Plain::of(item),
                None => fault(Fault::Arithmetic("the index is outside the list")),
            }
        }
        _ => Err(Stop::Bail),
    }
}

fn size<'a>(value: &Plain<'a>) -> Answer<'a> {
    let size = match value {
        Plain::Text(text) => text.chars().count(),
        Plain::List(items) => items.len(),
        Plain::Json(Value::Array(items)) => items.len(),
        Plain::Json(Value::Object(members)) => members.len(),
        other => return fault(Fault::Type(other.type_name(), "a text, list or map")),
    };
    Ok(Plain::Int(i64::try_from(size).unwrap_or(i64::MAX)))
}
