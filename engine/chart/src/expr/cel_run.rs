//! Running an expression on the `cel` crate, for forms the small tree does not know.

use std::fmt;
use std::sync::Arc;

use cel::common::traits::Container;
use cel::common::types::{CelBool, CelInt, CelString, DYN_TYPE, Type};
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use cel::{Context, ExecutionError, Value as CelValue};
use serde_json::{Map, Value};

use super::functions::{ACTIVE, env};
use super::json::{lift, lower};
use super::{ActiveStates, Compiled, EvalError, EventView, Mode, Scope};

/// The answer of `compiled` in `scope`.
pub(super) fn eval(compiled: &Compiled, scope: &Scope<'_>) -> Result<Value, EvalError> {
    run(compiled, scope, |answer| {
        lower(answer).map_err(|found| EvalError::NotJson { expr: compiled.source.clone(), found })
    })
}

/// The answer of `compiled` in `scope`, a bool.
pub(super) fn eval_bool(compiled: &Compiled, scope: &Scope<'_>) -> Result<bool, EvalError> {
    run(compiled, scope, |answer| match answer.downcast_ref::<CelBool>() {
        Some(answer) => Ok(*answer.inner()),
        None => Err(EvalError::NotBool {
            expr: compiled.source.clone(),
            found: answer.get_type().name().to_owned(),
        }),
    })
}

fn run<T>(
    compiled: &Compiled,
    scope: &Scope<'_>,
    take: impl FnOnce(&dyn Val) -> Result<T, EvalError>,
) -> Result<T, EvalError> {
    let envelope = compiled.reads.event.then(|| scope.event.map(envelope)).flatten();
    let names = Resolver { scope, open: compiled.mode == Mode::Open, envelope };
    let mut context = Context::with_env(Arc::clone(env()));
    context.set_variable_resolver(&names);
    let answer = CelValue::resolve_val(&compiled.ast, &context).map_err(|error| {
        EvalError::Failed { expr: compiled.source.clone(), message: explain(&error) }
    })?;
    take(answer.as_ref())
}

/// `_event` as SCXML 5.10.1 describes it.
pub(super) fn envelope(event: EventView<'_>) -> Value {
    let mut out = Map::new();
    out.insert("name".to_owned(), event.name.into());
    out.insert("type".to_owned(), event.kind.into());
    out.insert("data".to_owned(), event.payload.clone());
    let ids = [("sendid", event.sendid), ("invokeid", event.invokeid)];
    for (key, id) in ids {
        if let Some(id) = id {
            out.insert(key.to_owned(), id.into());
        }
    }
    Value::Object(out)
}

struct Resolver<'s> {
    scope: &'s Scope<'s>,
    open: bool,
    envelope: Option<Value>,
}

impl VariableResolver for Resolver<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        let scope = self.scope;
        if let Some((_, value)) = scope.locals.iter().find(|(name, _)| *name == variable) {
            return Some(CowVal::Owned(lift(value)));
        }
        if self.open
            && let Some(value) = scope.data.get(variable)
        {
            return Some(CowVal::Owned(lift(value)));
        }
        match variable {
            "data" => Some(CowVal::Owned(lift(scope.data.whole()))),
            "event" => scope.event.map(|event| CowVal::Owned(lift(event.payload))),
            "event_name" => scope.event.map(|event| CowVal::owned(CelString::from(event.name))),
            "_event" => self.envelope.as_ref().map(|envelope| CowVal::Owned(lift(envelope))),
            "actor" => Some(CowVal::Owned(lift(scope.actor.value()))),
            "now" => Some(CowVal::owned(CelInt::from(scope.now_ms))),
            "subject" => Some(CowVal::Owned(lift(scope.subject.value()))),
            ACTIVE => Some(CowVal::owned(Active(scope.active))),
            _ => None,
        }
    }
}

/// The active states: only `in` can be asked of them.
struct Active<'a>(&'a dyn ActiveStates);

impl fmt::Debug for Active<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Active")
    }
}

impl Val for Active<'_> {
    fn get_type(&self) -> &Type {
        &DYN_TYPE
    }

    fn cel_type() -> &'static Type {
        &DYN_TYPE
    }

    fn as_container(&self) -> Option<&dyn Container> {
        Some(self)
    }

    fn clone_as_boxed<'w>(&self) -> Box<dyn Val + 'w>
    where
        Self: 'w,
    {
        Box::new(Active(self.0))
    }
}

impl Container for Active<'_> {
    fn contains(&self, state: &dyn Val) -> Result<bool, ExecutionError> {
        match state.downcast_ref::<CelString<'_>>() {
            Some(state) => Ok(self.0.is_active(state.inner())),
            None => Err(ExecutionError::function_error("In", "a state is named by a text")),
        }
    }
}

/// What went wrong, without values: those may be long, personal, or in no fixed order.
fn explain(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(key) => {
            format!("there is no `{key}`; ask `has(..)` first, or give it a default")
        }
        ExecutionError::UndeclaredReference(name) => format!("there is no `{name}` here"),
        ExecutionError::NoSuchOverload(overload) => format!(
            "{} does not go with {}",
            operator(overload.function()),
            overload.argument_types().join(" and ")
        ),
        ExecutionError::UnexpectedType { got, want } => format!("{got} is not {want}"),
        ExecutionError::FunctionError { function, message } => format!("{function}: {message}"),
        ExecutionError::DivisionByZero(_) => "division by zero".to_owned(),
        ExecutionError::RemainderByZero(_) => "remainder by zero".to_owned(),
        ExecutionError::Overflow(..) => "the number overflows".to_owned(),
        ExecutionError::IndexOutOfBounds(_) => "the index is outside the list".to_owned(),
        ExecutionError::DuplicateKey(_) => "a key is given twice".to_owned(),
        ExecutionError::ValuesNotComparable(a, b)
        | ExecutionError::UnsupportedBinaryOperator(_, a, b)
        | ExecutionError::UnsupportedIndex(a, b) => {
            format!("{} does not go with {}", a.type_of(), b.type_of())
        }
        _ => "it cannot be evaluated".to_owned(),
    }
}

/// `_+_` as `+`.
fn operator(function: &str) -> String {
    format!("`{}`", function.trim_matches(['_', '@']))
}
