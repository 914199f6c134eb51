//! Comprehensions of the small tree: `all`, `exists`, `map`, `filter`.

use std::borrow::Cow;

use serde_json::Value;

use super::Scope;
use super::functions::ITEMS_MAX;
use super::plan::{Answer, Bound, Fault, Plan, Stop, fault};
use super::plan_test::Verdict;
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
    /// Whether its answer is a list (`map` and `filter`), not a bool (`all` and `exists`).
    pub(super) fn is_collecting(&self) -> bool {
        matches!(self.body, Body::Collect { .. })
    }

    /// The list of `map` and `filter`.
    pub(super) fn collect<'a>(&'a self, scope: &Scope<'a>, bound: &mut Bound<'a>) -> Answer<'a> {
        let Body::Collect { filter, item } = &self.body else { return Err(Stop::Bail) };
        collect(filter.as_ref(), item, self.range(scope, bound)?, scope, bound)
    }

    /// The answer of `all` and `exists`.
    pub(super) fn test<'a>(&'a self, scope: &Scope<'a>, bound: &mut Bound<'a>) -> Verdict {
        let Body::Until { decided_by, test } = &self.body else { return Err(Stop::Bail) };
        until(*decided_by, test, self.range(scope, bound)?, scope, bound)
    }

    fn range<'a>(&'a self, scope: &Scope<'a>, bound: &mut Bound<'a>) -> Result<Range<'a>, Stop> {
        let range = match self.range.eval(scope, bound)? {
            Plain::Json(Value::Object(members)) => {
                let mut keys: Vec<&'a String> = members.keys().collect();
                keys.sort_unstable();
                Range::Texts(keys)
            }
            Plain::Json(Value::Array(items)) => Range::Values(items),
            Plain::List(items) => Range::Made(items),
            other => return fault(Fault::Type(other.type_name(), "a list or map")),
        };
        if range.len() > ITEMS_MAX {
            return fault(Fault::Arithmetic("it goes through more than 1000 elements"));
        }
        Ok(range)
    }
}

/// What a comprehension goes through.
enum Range<'a> {
    Texts(Vec<&'a String>),
    Values(&'a [Value]),
    Made(Vec<Plain<'a>>),
}

impl<'a> Range<'a> {
    fn len(&self) -> usize {
        match self {
            Self::Texts(texts) => texts.len(),
            Self::Values(values) => values.len(),
            Self::Made(made) => made.len(),
        }
    }

    /// Calls `visit` with each element in turn until it has an answer.
    fn visit<T>(
        self,
        mut visit: impl FnMut(Plain<'a>) -> Result<Option<T>, Stop>,
    ) -> Result<Option<T>, Stop> {
        match self {
            Self::Texts(texts) => {
                first(texts, |text| visit(Plain::Text(Cow::Borrowed(text.as_str()))))
            }
            Self::Values(values) => first(values, |value| visit(Plain::of(value)?)),
            Self::Made(made) => first(made, visit),
        }
    }
}

/// The first answer that `ask` has.
fn first<I: IntoIterator, T>(
    items: I,
    mut ask: impl FnMut(I::Item) -> Result<Option<T>, Stop>,
) -> Result<Option<T>, Stop> {
    for item in items {
        if let Some(answer) = ask(item)? {
            return Ok(Some(answer));
        }
    }
    Ok(None)
}

/// Runs `body` with `value` bound.
fn binding<'a, T>(
    value: Plain<'a>,
    bound: &mut Bound<'a>,
    body: impl FnOnce(&mut Bound<'a>) -> T,
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
    range: Range<'a>,
    scope: &Scope<'a>,
    bound: &mut Bound<'a>,
) -> Verdict {
    let mut pending = None;
    let decided =
        range.visit(|value| match binding(value, bound, |bound| test.test(scope, bound)) {
            Err(Stop::Bail) => Err(Stop::Bail),
            Err(stop) => {
                pending = Some(stop);
                Ok(None)
            }
            Ok(answer) => Ok((answer == decided_by).then_some(())),
        })?;
    match (decided, pending) {
        (Some(()), _) => Ok(decided_by),
        (None, Some(stop)) => Err(stop),
        (None, None) => Ok(!decided_by),
    }
}

fn collect<'a>(
    filter: Option<&'a Plan>,
    item: &'a Plan,
    range: Range<'a>,
    scope: &Scope<'a>,
    bound: &mut Bound<'a>,
) -> Answer<'a> {
    let mut out = Vec::new();
    let _all: Option<()> = range.visit(|value| {
        let kept = binding(value, bound, |bound| {
            let keep = filter.map_or(Ok(true), |filter| filter.test(scope, bound))?;
            if keep { item.eval(scope, bound).map(Some) } else { Ok(None) }
        });
        out.extend(kept?);
        Ok(None)
    })?;
    Ok(Plain::List(out))
}
