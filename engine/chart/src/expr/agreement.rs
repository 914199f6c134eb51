//! The small tree agrees with the `cel` crate: on random expressions over random documents.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{ActiveStates, EvalError, EventView, Expr, Scope, cel_run, plan};

struct Review;

impl ActiveStates for Review {
    fn is_active(&self, state: &str) -> bool {
        state == "review"
    }
}

fn scope<'a>(data: &'a Value, event: &'a Value, actor: &'a Value, subject: &'a Value) -> Scope<'a> {
    Scope {
        data,
        event: Some(EventView::new("submit", event)),
        actor,
        now_ms: 1_650_000_000_000,
        subject,
        active: &Review,
        locals: &[],
    }
}

/// What both say, errors without their words.
fn both(expr: &Expr, scope: &Scope<'_>) -> Option<(Result<Value, ()>, Result<Value, ()>)> {
    let plan = expr.0.plan.as_ref()?;
    let ours = match plan.eval(scope, &mut Vec::new()) {
        Err(plan::Stop::Bail) => return None,
        Err(plan::Stop::Fault(_)) => Err(()),
        Ok(answer) => answer.into_json().map_err(|_| ()),
    };
    Some((ours, cel_run::eval(&expr.0, scope).map_err(|_: EvalError| ())))
}

fn scalars() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        (-3_i64..4).prop_map(Value::from),
        prop_oneof![Just(0.5), Just(2.0), Just(-1.0)].prop_map(|x: f64| json!(x)),
        "[ab]{0,2}".prop_map(Value::from),
    ]
}

fn documents() -> impl Strategy<Value = Value> {
    let value = scalars().prop_recursive(2, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[abx]", inner, 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    });
    prop::collection::btree_map("[abxy]", value, 0..5)
        .prop_map(|members| Value::Object(members.into_iter().collect()))
}

fn expressions() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "[abx]".prop_map(|key| format!("data.{key}")),
        "[abx]".prop_map(|key| format!("data.x.{key}")),
        "[abx]".prop_map(|key| format!("event['{key}']")),
        "[abx]".prop_map(|key| format!("has(data.x.{key})")),
        (0..3).prop_map(|at| format!("data.a[{at}]")),
        Just("In('review')".to_owned()),
        Just("In('draft')".to_owned()),
        Just("event_name".to_owned()),
        Just("_event.name".to_owned()),
        Just("now".to_owned()),
        Just("data".to_owned()),
        (-3_i64..4).prop_map(|n| format!("({n})")),
        prop_oneof![Just("0.5"), Just("2.0"), Just("true"), Just("false"), Just("null")]
            .prop_map(str::to_owned),
        "[ab]{0,2}".prop_map(|text| format!("'{text}'")),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let operator = prop_oneof![
            Just("=="), Just("!="), Just("<"), Just("<="), Just(">"), Just(">="), Just("&&"),
            Just("||"), Just("+"), Just("-"), Just("*"), Just("/"), Just("%"), Just("in"),
        ];
        let each = prop_oneof![Just("all"), Just("exists"), Just("map"), Just("filter")];
        prop_oneof![
            4 => (inner.clone(), operator, inner.clone())
                .prop_map(|(a, operator, b)| format!("({a} {operator} {b})")),
            1 => inner.clone().prop_map(|a| format!("!({a})")),
            1 => inner.clone().prop_map(|a| format!("-({a})")),
            1 => inner.clone().prop_map(|a| format!("size({a})")),
            1 => (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            1 => prop::collection::vec(inner.clone(), 0..3)
                .prop_map(|items| format!("[{}]", items.join(", "))),
            1 => (inner.clone(), each, inner.clone(), inner)
                .prop_map(|(range, each, a, b)| format!("({range}).{each}(i, {a} == i || {b} == i)")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn the_small_tree_answers_as_the_crate_does(
        source in expressions(),
        data in documents(),
        event in documents(),
    ) {
        let actor = json!({ "id": "p1" });
        let subject = json!("platform/1");
        let scope = scope(&data, &event, &actor, &subject);
        let Ok(expr) = Expr::compile(&source) else { return Ok(()) };
        if let Some((ours, theirs)) = both(&expr, &scope) {
            prop_assert_eq!(ours, theirs, "{} on {}", source, data);
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
