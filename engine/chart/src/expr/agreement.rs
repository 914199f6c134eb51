//! The small tree agrees with the `cel` crate: on random expressions over random documents.
//!
//! Expressions are mostly well typed, so that most have an answer and not just an error.

use std::sync::OnceLock;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::data::Data;
use crate::event::Actor;

use super::{ActiveStates, EvalError, EventView, Expr, Scope, Seen, cel_run, plan};

struct Review;

impl ActiveStates for Review {
    fn is_active(&self, state: &str) -> bool {
        state == "review"
    }
}

fn scope<'a>(
    data: &'a Data,
    event: &'a Value,
    who: &'a (Actor, [OnceLock<Value>; 2]),
) -> Scope<'a> {
    let (actor, [as_value, subject]) = who;
    Scope {
        data,
        event: Some(EventView::new("submit", event)),
        actor: Seen::Actor(actor, as_value),
        now_ms: 1_650_000_000_000,
        subject: Seen::Text("platform/1", subject),
        active: &Review,
        locals: &[],
    }
}

fn actor() -> Actor {
    let roles = ["a", "ab"].map(str::to_owned).to_vec();
    Actor { id: "p1".to_owned(), org: "b".to_owned(), roles, on_behalf_of: None }
}

/// What both say, errors without their words.
fn both(expr: &Expr, scope: &Scope<'_>) -> Option<(Result<Value, ()>, Result<Value, ()>)> {
    let plan = expr.0.plan.as_ref()?;
    let ours = match plan.eval(scope, &mut plan::Bound::new()) {
        Err(plan::Stop::Bail) => return None,
        Err(plan::Stop::Fault(_)) => Err(()),
        Ok(answer) => answer.into_json().map_err(|_| ()),
    };
    Some((ours, cel_run::eval(&expr.0, scope).map_err(|_: EvalError| ())))
}

/// Of any type, or absent: what makes expressions fail.
fn scalars() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        (0_i64..4).prop_map(Value::from),
        Just(json!(2.0)),
        "[ab]{0,2}".prop_map(Value::from),
        Just(json!([1, 2.0, "a"])),
        Just(json!({ "k": 1 })),
    ]
}

fn documents() -> impl Strategy<Value = Value> {
    let number = || prop_oneof![Just(0.5), Just(1.0), Just(2.0), Just(-1.0)];
    let fields = (0_i64..4, number(), "[ab]{0,2}", prop::collection::vec(0_i64..4, 0..4));
    (fields, any::<bool>(), prop::option::of(scalars()), prop::option::of(0_i64..4)).prop_map(
        |((n, d, t, l), b, maybe, k)| {
            let mut out =
                json!({ "n": n, "d": d, "t": t, "l": l, "b": b, "o": { "n": n, "a": 1 } });
            if let Some(maybe) = maybe {
                out["maybe"] = maybe;
            }
            if let Some(k) = k {
                out["o"]["k"] = json!(k);
            }
            out
        },
    )
}

type Source = BoxedStrategy<String>;

fn one_of(sources: &'static [&'static str]) -> Source {
    prop::sample::select(sources).prop_map(str::to_owned).boxed()
}

/// A leaf, mostly of the type that is wanted.
fn leaf(typed: &'static [&'static str]) -> Source {
    let any: &[&str] = &["data.maybe", "data.o.k", "event.maybe", "null", "data.o", "data", "1.5"];
    prop_oneof![12 => one_of(typed), 1 => one_of(any)].boxed()
}

fn numbers(depth: u32) -> Source {
    let leaf = leaf(&[
        "data.n",
        "event['n']",
        "data.o.n",
        "data.o['k']",
        "0",
        "1",
        "2",
        "3",
        "(-1)",
        "data.l[0]",
        "data.l[data.n]",
    ]);
    if depth == 0 {
        return leaf;
    }
    let operator = one_of(&["+", "-", "*", "/", "%"]);
    prop_oneof![
        2 => leaf,
        2 => (numbers(depth - 1), operator, numbers(depth - 1))
            .prop_map(|(a, operator, b)| format!("({a} {operator} {b})")),
        1 => lists(depth - 1).prop_map(|list| format!("size({list})")),
        1 => texts(depth - 1).prop_map(|text| format!("size({text})")),
        1 => (bools(depth - 1), numbers(depth - 1), numbers(depth - 1))
            .prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
        1 => numbers(depth - 1).prop_map(|n| format!("-({n})")),
    ]
    .boxed()
}

fn doubles() -> Source {
    let leaf = || leaf(&["data.d", "event.d", "0.5", "2.0", "1.0"]);
    let operator = one_of(&["+", "-", "*", "/"]);
    (leaf(), operator, leaf()).prop_map(|(a, operator, b)| format!("({a} {operator} {b})")).boxed()
}

fn texts(depth: u32) -> Source {
    let leaf = leaf(&["data.t", "event.t", "event_name", "_event.name", "'a'", "'ab'", "''"]);
    if depth == 0 {
        return leaf;
    }
    let joined = (texts(depth - 1), texts(depth - 1)).prop_map(|(a, b)| format!("({a} + {b})"));
    prop_oneof![2 => leaf, 1 => joined].boxed()
}

fn lists(depth: u32) -> Source {
    let leaf = leaf(&["data.l", "event.l", "[]", "[1, 2]", "['a', data.t]"]);
    if depth == 0 {
        return leaf;
    }
    prop_oneof![
        2 => leaf,
        1 => prop::collection::vec(numbers(depth - 1), 0..3)
            .prop_map(|items| format!("[{}]", items.join(", "))),
        1 => (lists(depth - 1), numbers(depth - 1))
            .prop_map(|(list, n)| format!("{list}.map(i, i + {n})")),
        1 => (lists(depth - 1), numbers(depth - 1))
            .prop_map(|(list, n)| format!("{list}.filter(i, i >= {n})")),
    ]
    .boxed()
}

fn bools(depth: u32) -> Source {
    let leaf = leaf(&[
        "data.b",
        "event.b",
        "In('review')",
        "In('draft')",
        "In(data.t)",
        "has(data.maybe)",
        "has(data.o.k)",
        "has(event.maybe.k)",
        "'k' in data.o",
        "true",
        "false",
    ]);
    if depth == 0 {
        return leaf;
    }
    let order = || one_of(&["==", "!=", "<", "<=", ">", ">="]);
    let infix = |(a, operator, b): (String, String, String)| format!("({a} {operator} {b})");
    let numeric = || prop_oneof![3 => numbers(depth - 1), 1 => doubles()];
    let equal = one_of(&["==", "!="]);
    let each = one_of(&["all", "exists"]);
    prop_oneof![
        1 => leaf,
        4 => (numeric(), order(), numeric()).prop_map(infix),
        1 => (texts(depth - 1), order(), texts(depth - 1)).prop_map(infix),
        1 => (lists(depth - 1), equal, lists(depth - 1)).prop_map(infix),
        3 => (bools(depth - 1), one_of(&["&&", "||"]), bools(depth - 1)).prop_map(infix),
        1 => bools(depth - 1).prop_map(|a| format!("!({a})")),
        1 => (numeric(), lists(depth - 1)).prop_map(|(n, list)| format!("({n} in {list})")),
        1 => one_of(&["data.t", "data.maybe", "data.k", "actor.org", "2", "'ab'"])
            .prop_map(|value| format!("({value} in actor.roles)")),
        2 => (lists(depth - 1), each, order(), numbers(depth - 1))
            .prop_map(|(list, each, order, n)| format!("{list}.{each}(i, i {order} {n})")),
    ]
    .boxed()
}

fn expressions() -> impl Strategy<Value = String> {
    prop_oneof![6 => bools(3), 2 => numbers(2), 1 => lists(2), 1 => texts(2), 1 => doubles()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn the_small_tree_answers_as_the_crate_does(
        source in expressions(),
        data in documents(),
        event in documents(),
    ) {
        let who = (actor(), Default::default());
        let data = Data::from(data);
        let scope = scope(&data, &event, &who);
        let Ok(expr) = Expr::compile(&source) else { return Ok(()) };
        if let Some((ours, theirs)) = both(&expr, &scope) {
            prop_assert_eq!(ours, theirs, "{} on {:?}", source, data);
        }
    }
}

#[test]
fn plain_forms_have_a_plan_and_others_do_not() {
    let rows = [
        ("data.x > 3 && In('review')", true),
        ("data.x in ['a', 'b']", true),
        ("data.rows.all(r, r.n >= 0)", true),
        ("data.rows.filter(r, r.n > 1).map(r, r.id)", true),
        ("_event.data.x == 1", true),
        ("sum(data.rows) > 1", false),
        ("{'a': 1}", false),
        ("data.?x.orValue(1)", false),
    ];
    for (source, expected) in rows {
        let expr = Expr::compile(source).expect("the source is right");
        assert_eq!(expr.0.plan.is_some(), expected, "{source}");
    }
}
