//! Conditions of the small tree: nodes whose answer is a bool, answered without a value around it.
//!
//! Most of what a chart asks are conditions, and most of a condition are conditions again.

use std::cmp::Ordering;

use serde_json::Value;

use super::Scope;
use super::plan::{Bound, Comparison, Fault, Plan, Root, Stop, fault, follow};
use super::plan_value::Plain;

/// Whether a condition holds.
pub(super) type Verdict = Result<bool, Stop>;

impl Plan {
    /// Whether its answer is always a bool.
    pub(super) fn is_condition(&self) -> bool {
        match self {
            Self::Not(_)
            | Self::And(..)
            | Self::Or(..)
            | Self::Equal { .. }
            | Self::Compare(..)
            | Self::Member(_)
            | Self::Active(_)
            | Self::Has(..) => true,
            Self::Each(each) => !each.is_collecting(),
            _ => false,
        }
    }

    /// The answer in `scope`, which must be a bool.
    pub(super) fn test<'a>(&'a self, scope: &Scope<'a>, bound: &mut Bound<'a>) -> Verdict {
        match self {
            Self::Path(root, keys) => match follow(root, keys, scope)? {
                Value::Bool(holds) => Ok(*holds),
                other => not_bool(&Plain::of(other)?),
            },
            Self::Not(inner) => inner.test(scope, bound).map(|holds| !holds),
            Self::And(left, right) => both(false, left, right, scope, bound),
            Self::Or(left, right) => both(true, left, right, scope, bound),
            Self::Equal { negated, sides } => {
                let (left, right) = &**sides;
                let equal = match right {
                    Self::Const(right) => left.eval(scope, bound)?.equals(right)?,
                    right => left.eval(scope, bound)?.equals(&right.eval(scope, bound)?)?,
                };
                Ok(equal != *negated)
            }
            Self::Compare(comparison, sides) => {
                let (left, right) = (sides.0.eval(scope, bound)?, sides.1.eval(scope, bound)?);
                left.compare(&right).map(|order| comparison.holds(order))
            }
            Self::Member(sides) => test_member(&sides.0, &sides.1, scope, bound),
            Self::Active(state) => match state.eval(scope, bound)? {
                Plain::Text(state) => Ok(scope.active.is_active(&state)),
                other => fault(Fault::Type(other.type_name(), "the id of a state")),
            },
            Self::Has(operand, key) if operand.is_object_of_data(scope) => {
                Ok(scope.data.get(key).is_some())
            }
            Self::Has(operand, key) => match operand.eval(scope, bound)? {
                Plain::Json(Value::Object(members)) => Ok(members.contains_key(&**key)),
                other => fault(Fault::Type(other.type_name(), "an object")),
            },
            Self::Each(each) if !each.is_collecting() => each.test(scope, bound),
            other => match other.eval(scope, bound)? {
                Plain::Bool(holds) => Ok(holds),
                other => not_bool(&other),
            },
        }
    }
}

fn not_bool(found: &Plain<'_>) -> Verdict {
    fault(Fault::Type(found.type_name(), "bool"))
}

/// `&&` (decided by false) and `||` (decided by true): the deciding side wins over an error of
/// the other.
fn both<'a>(
    decided_by: bool,
    left: &'a Plan,
    right: &'a Plan,
    scope: &Scope<'a>,
    bound: &mut Bound<'a>,
) -> Verdict {
    match left.test(scope, bound) {
        Ok(left) if left == decided_by => Ok(decided_by),
        Ok(_) => right.test(scope, bound),
        Err(Stop::Bail) => Err(Stop::Bail),
        Err(stop) => match right.test(scope, bound)? {
            right if right == decided_by => Ok(decided_by),
            _ => Err(stop),
        },
    }
}

/// `value in within`. What is at hand already is looked at where it is.
fn test_member<'a>(
    value: &'a Plan,
    within: &'a Plan,
    scope: &Scope<'a>,
    bound: &mut Bound<'a>,
) -> Verdict {
    if let Some(roles) = roles(within, scope) {
        return match value.eval(scope, bound)? {
            Plain::Text(role) => Ok(roles.iter().any(|held| *held == *role)),
            value => is_member(&value, &within.eval(scope, bound)?),
        };
    }
    match value {
        Plan::Bound(at) => {
            let within = within.eval(scope, bound)?;
            is_member(bound.get(*at).ok_or(Stop::Bail)?, &within)
        }
        Plan::Const(value) => is_member(value, &within.eval(scope, bound)?),
        value => is_member(&value.eval(scope, bound)?, &within.eval(scope, bound)?),
    }
}

/// What `actor.roles` is, which every second condition asks.
fn roles<'a>(plan: &Plan, scope: &Scope<'a>) -> Option<&'a [String]> {
    match plan {
        Plan::Path(Root::Actor, keys) if matches!(&**keys, [key] if **key == *"roles") => {
            scope.actor.roles()
        }
        _ => None,
    }
}

fn is_member(value: &Plain<'_>, within: &Plain<'_>) -> Verdict {
    match (value, within) {
        (Plain::Text(key), Plain::Json(Value::Object(members))) => Ok(members.contains_key(&**key)),
        (_, Plain::Json(Value::Array(items))) => any(items, |item| match (value, item) {
            (Plain::Text(text), Value::String(item)) => Ok(text == item),
            _ => Plain::of(item)?.equals(value),
        }),
        (_, Plain::List(items)) => any(items, |item| item.equals(value)),
        _ => Err(Stop::Bail),
    }
}

/// Whether `test` holds of one of `items`; those after it are not looked at.
fn any<T>(items: &[T], mut test: impl FnMut(&T) -> Verdict) -> Verdict {
    for item in items {
        if test(item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Comparison {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Less => order == Ordering::Less,
            Self::LessOrEqual => order != Ordering::Greater,
            Self::Greater => order == Ordering::Greater,
            Self::GreaterOrEqual => order != Ordering::Less,
        }
    }
}
