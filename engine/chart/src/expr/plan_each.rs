//! Comprehensions of the small tree: `all`, `exists`, `map`, `filter`.

use std::borrow::Cow;

use serde_json::Value;

use super::Scope;
use super::functions::ITEMS_MAX;
use super::plan::{Answer, Fault, Plan, Stop, fault};
use super::plan_value::Plain;

/// A comprehension.
#[derive(Debug, Clone)]
pub(super) struct Each {
    pub(super) range: Plan,
    pub(super) body: Body,
}

/// What a comprehension does with each element.
#[derive(Debug, Clone)]
pub(super) enum Body {
    /// `all` (decided by the first false) or `exists` (by the first true).
    Until { decided_by: bool, test: Plan },
    /// `map` and `filter`.
    Collect { filter: Option<Plan>, item: Plan },
}

impl Each {
    /// The answer: a bool for `all` and `exists`, a list for `map` and `filter`.
    pub(super) fn eval<'a>(&'a self, scope: &Scope<'a>, bound: &mut Vec<Plain<'a>>) -> Answer<'a> {
        let range = match self.range.eval(scope, bound)? {
            Plain::Json(Value::Object(members)) => {
                let mut keys: Vec<&'a String> = members.keys().collect();
                keys.sort_unstable();
                keys.into_iter().map(|key| Plain::Text(Cow::Borrowed(key.as_str()))).collect()
            }
            Plain::Json(Value::Array(items)) => {
                items.iter().map(Plain::of).collect::<Result<Vec<_>, _>>()?
            }
            Plain::List(items) => items,
            other => return fault(Fault::Type(other.type_name(), "a list or map")),
        };
        if range.len() > ITEMS_MAX {
            return fault(Fault::Arithmetic("it goes through more than 1000 elements"));
        }
        match &self.body {
            Body::Until { decided_by, test } => until(*decided_by, test, range, scope, bound),
            Body::Collect { filter, item } => collect(filter.as_ref(), item, range, scope, bound),
        }
    }
}

/// Runs `body` with `value` bound.
fn binding<'a, T>(
    value: Plain<'a>,
    bound: &mut Vec<Plain<'a>>,
    body: impl FnOnce(&mut Vec<Plain<'a>>) -> T,
) -> T {
    bound.push(value);
    let answer = body(bound);
    bound.pop();
    answer
}

/// An element that errs decides nothing: a later one still may.
fn until<'a>(
    decided_by: bool,
    test: &'a Plan,
    range: Vec<Plain<'a>>,
    scope: &Scope<'a>,
    bound: &mut Vec<Plain<'a>>,
) -> Answer<'a> {
    let mut pending = None;
    for value in range {
        match binding(value, bound, |bound| test.eval_bool(scope, bound)) {
            Err(Stop::Bail) => return Err(Stop::Bail),
            Err(stop) => pending = Some(stop),
            Ok(answer) if answer == decided_by => return Ok(Plain::Bool(decided_by)),
            Ok(_) => {}
        }
    }
    pending.map_or(Ok(Plain::Bool(!decided_by)), Err)
}

fn collect<'a>(
    filter: Option<&'a Plan>,
    item: &'a Plan,
    range: Vec<Plain<'a>>,
    scope: &Scope<'a>,
    bound: &mut Vec<Plain<'a>>,
) -> Answer<'a> {
    let mut out = Vec::new();
    for value in range {
        let kept = binding(value, bound, |bound| {
            let keep = filter.map_or(Ok(true), |filter| filter.eval_bool(scope, bound))?;
            if keep { item.eval(scope, bound).map(Some) } else { Ok(None) }
        });
        out.extend(kept?);
    }
    Ok(Plain::List(out))
}
