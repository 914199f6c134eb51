//! Expressions: what they answer, what they refuse to answer, what they say they read.

use chart::data::Data;
use chart::expr::{
    ActiveStates, EvalError, EventView, Expr, NoStates, Read, Scope, Seen, StaticType,
};
use serde_json::{Value, json};

struct Active(&'static [&'static str]);

impl ActiveStates for Active {
    fn is_active(&self, state: &str) -> bool {
        self.0.contains(&state)
    }
}

fn data() -> Value {
    json!({
        "n": 4, "x": 2.5, "name": "Hòa Bình", "ok": true, "none": null,
        "members": ["an", "binh", "chi"], "scores": { "binh": 7, "an": 9 },
        "rows": [{ "id": "r1", "n": 1 }, { "id": "r2", "n": 3 }, { "id": "r3" }],
        "deep": { "er": { "est": 1 } }, "empty": [],
    })
}

/// Evaluates `source` with the fixture's data.
fn eval(source: &str) -> Result<Value, EvalError> {
    let (data, event) = (Data::from(data()), json!({ "points": 8, "note": "ổn" }));
    let (actor, subject) = (json!({ "id": "an", "roles": ["member"] }), json!("platform/1"));
    let element = json!({ "id": "e1" });
    let scope = Scope {
        data: &data,
        event: Some(EventView { sendid: Some("s1"), ..EventView::new("score.given", &event) }),
        actor: Seen::Value(&actor),
        now_ms: 1_644_512_400_000,
        subject: Seen::Value(&subject),
        active: &Active(&["review", "session"]),
        locals: &[("it", &element)],
    };
    Expr::compile_with(source, &["it"]).expect(source).eval(&scope)
}

#[test]
fn expressions_see_the_case_the_event_and_the_moment() {
    let rows = [
        ("data.n + 1", json!(5)),
        ("data.x * 2.0", json!(5.0)),
        ("data['name']", json!("Hòa Bình")),
        ("size(data.name)", json!(8)),
        ("event.points > data.scores[actor.id]", json!(false)),
        ("event_name", json!("score.given")),
        ("_event.name + '/' + _event.type + '/' + _event.sendid", json!("score.given/external/s1")),
        ("_event.data == event", json!(true)),
        ("{'copy': _event}.copy.data.points", json!(8)),
        ("now", json!(1_644_512_400_000_i64)),
        ("subject + '/' + it.id", json!("platform/1/e1")),
        ("In('review') && !In('draft')", json!(true)),
        ("['draft', 'session'].exists(s, In(s))", json!(true)),
        ("'member' in actor.roles", json!(true)),
        ("data.members.filter(m, !(m in data.scores))", json!(["chi"])),
        ("data.rows.map(r, has(r.n) ? r.n : 0)", json!([1, 3, 0])),
        ("data.deep", json!({ "er": { "est": 1 } })),
        (
            "{'a': data.deep, 'b': [data.n, null]}",
            json!({ "a": { "er": { "est": 1 } }, "b": [4, null] }),
        ),
        ("data.?missing.orValue(3)", json!(3)),
        ("has(data.none) && data.none == null", json!(true)),
        ("type(data.n) == int && type(data.x) == double", json!(true)),
        ("double(data.n) / 8.0", json!(0.5)),
        ("'e\u{301}' + ''", json!("é")),
        ("0.0 * -1.0", json!(0.0)),
    ];
    for (source, expected) in rows {
        assert_eq!(eval(source), Ok(expected), "{source}");
    }
}

#[test]
fn our_own_functions_answer() {
    let rows = [
        ("sum([1, 2, 3])", json!(6)),
        ("sum([1, 2.5])", json!(3.5)),
        ("sum([])", json!(0)),
        ("sum(data.rows.filter(r, has(r.n)).map(r, r.n))", json!(4)),
        ("min([3, 1.5, 2])", json!(1.5)),
        ("max(['b', 'ă', 'a'])", json!("ă")),
        ("count(data.rows)", json!(3)),
        ("keys(data.scores)", json!(["an", "binh"])),
        ("values(data.scores)", json!([9, 7])),
        ("keys({'b': 1, 'a': 2, 'c': 3})", json!(["a", "b", "c"])),
        ("values({'b': 1, 'a': 2, 'c': 3})", json!([2, 1, 3])),
        ("date(now)", json!("2022-02-11")),
        ("date(now - 1)", json!("2022-02-10")),
        ("math.greatest(data.n, 7)", json!(7)),
        ("'A,B'.lowerAscii().split(',').join('+')", json!("a+b")),
    ];
    for (source, expected) in rows {
        assert_eq!(eval(source), Ok(expected), "{source}");
    }
}

#[test]
fn maps_are_gone_through_in_key_order() {
    let rows = [
        ("data.scores.map(k, data.scores[k])", json!([9, 7])),
        ("{'d': 1, 'b': 2, 'a': 3, 'c': 4}.map(k, k)", json!(["a", "b", "c", "d"])),
        ("{3: 'c', 1: 'a', 2: 'b'}.map(k, k)", json!([1, 2, 3])),
    ];
    for (source, expected) in rows {
        assert_eq!(eval(source), Ok(expected), "{source}");
    }
}

#[test]
fn lists_and_maps_are_equal_whoever_made_them() {
    let rows = [
        "data.members == ['an', 'binh', 'chi']",
        "['an', 'binh', 'chi'] == data.members",
        "data.scores == {'an': 9.0, 'binh': 7}",
        "{'an': 9, 'binh': 7} == data.scores",
        "{'s': data.scores} == {'s': {'binh': 7, 'an': 9}}",
        "[data.scores] == [data.scores]",
        "data.rows[2] in [{'id': 'r3'}]",
        "{'id': 'r3'} in data.rows",
        "data.empty + [1] == [1]",
        "[1] + data.empty == [1]",
        "data.scores != {'an': 9}",
        "dyn(data.members) == dyn(['an', 'binh', 'chi'])",
    ];
    for source in rows {
        assert_eq!(eval(source), Ok(json!(true)), "{source}");
    }
}

#[test]
fn what_has_no_answer_is_an_error_that_says_why() {
    let rows = [
        ("data.missing", "there is no `missing`"),
        ("data.missing > 1 && true", "there is no `missing`"),
        ("data.deep.er.missing.more", "there is no `missing`"),
        ("data.?a.b.missing == 1 ? sum([data.missing]) : data.nope", "there is no `nope`"),
        ("data.n + 1.0", "does not go with"),
        ("data.n + 'a'", "does not go with"),
        ("data.n / 0", "division by zero"),
        ("9223372036854775807 + data.n", "overflows"),
        ("data.members[3]", "outside the list"),
        ("!data.n", "bool"),
        ("data.n < 'a'", "does not go with"),
        ("sum(data.members)", "not a list of numbers"),
        ("min([])", "the list is empty"),
        ("_event.origin", "there is no `origin`"),
    ];
    for (source, words) in rows {
        let error = eval(source).expect_err(source);
        assert!(matches!(error, EvalError::Failed { .. }), "{source}: {error}");
        assert!(error.to_string().contains(words), "{source}: {error}");
    }
}

#[test]
fn what_a_document_cannot_hold_is_refused() {
    let rows = [
        "timestamp('2022-02-11T00:00:00Z')",
        "duration('3s')",
        "bytes('a')",
        "1u",
        "[1, uint(2)]",
        "double('NaN')",
        "1.0 / 0.0",
        "9007199254740992",
        "9007199254740992.0",
        "{1: 'a'}",
        "optional.of(1)",
        "int",
    ];
    for source in rows {
        let error = eval(source).expect_err(source);
        assert!(matches!(error, EvalError::NotJson { .. }), "{source}: {error}");
    }
}

#[test]
fn an_error_does_not_matter_beside_the_side_that_decides() {
    let rows = [
        ("data.missing && false", Ok(false)),
        ("data.missing || true", Ok(true)),
        ("false && data.missing", Ok(false)),
        ("data.rows.exists(r, r.n == 3)", Ok(true)),
        ("data.rows.all(r, r.n == 3)", Ok(false)),
        ("data.rows.all(r, r.n > 0)", Err(())),
        ("data.n", Err(())),
        ("sum([data.n])", Err(())),
    ];
    let (data, null) = (Data::from(data()), Value::Null);
    let scope = Scope {
        data: &data,
        event: None,
        actor: Seen::Value(&null),
        now_ms: 0,
        subject: Seen::Value(&null),
        active: &NoStates,
        locals: &[],
    };
    for (source, expected) in rows {
        let expr = Expr::compile(source).expect(source);
        assert_eq!(expr.eval_bool(&scope).map_err(|_| ()), expected, "{source}");
    }
    for source in ["event.points", "event_name", "_event.name", "size(event) + sum([1])"] {
        assert!(Expr::compile(source).expect(source).eval(&scope).is_err(), "{source}");
    }
}

#[test]
fn a_comprehension_goes_through_a_thousand_elements_and_no_more() {
    let null = Value::Null;
    for (count, is_taken) in [(1_000, true), (1_001, false)] {
        let data = Data::from(json!({ "list": vec![1; count] }));
        let scope = Scope {
            data: &data,
            event: None,
            actor: Seen::Value(&null),
            now_ms: 0,
            subject: Seen::Value(&null),
            active: &NoStates,
            locals: &[],
        };
        for source in
            ["data.list.all(x, x == 1)", "data.list.exists_one(x, x == 1) || sum([1]) == 1"]
        {
            let expr = Expr::compile(source).expect(source);
            assert_eq!(
                expr.eval_bool(&scope).is_ok(),
                is_taken || source.contains("||"),
                "{source}"
            );
        }
        let source = "data.list.exists_one(x, x == 2)";
        assert_eq!(Expr::compile(source).expect(source).eval_bool(&scope).is_ok(), is_taken);
    }
}

#[test]
fn in_scxml_each_data_item_is_a_variable() {
    let data = Data::from(json!({ "Var1": 1, "now": 5 }));
    let (payload, null) = (json!({ "aParam": 2 }), Value::Null);
    let session = json!("session-1");
    let scope = Scope {
        data: &data,
        event: Some(EventView::new("event1", &payload)),
        actor: Seen::Value(&null),
        now_ms: 7,
        subject: Seen::Value(&null),
        active: &Active(&["s1"]),
        locals: &[("_sessionid", &session)],
    };
    let rows = [
        ("Var1 + 1", Some(json!(2))),
        ("Var1 + _event.data.aParam", Some(json!(3))),
        ("now", Some(json!(5))),
        ("has(data.Var2)", Some(json!(false))),
        ("has(data.Var1)", Some(json!(true))),
        ("Var2", None),
        ("Var2 == 1 || In('s1')", Some(json!(true))),
        ("_sessionid == 'session-1'", Some(json!(true))),
        ("sum([Var1, 2])", Some(json!(3))),
        ("_event.name", Some(json!("event1"))),
    ];
    for (source, expected) in rows {
        let expr = Expr::compile_open(source).expect(source);
        assert_eq!(expr.eval(&scope).ok(), expected, "{source}");
    }
}

fn read(path: &str, guarded_prefix: usize) -> Read {
    let path: Vec<String> = path.split('.').map(str::to_owned).collect();
    Read { guarded: guarded_prefix == path.len(), path, guarded_prefix }
}

#[test]
fn reads_are_found_with_what_guards_them() {
    let rows = [
        ("data.a.b > 1", vec![read("a.b", 0)]),
        ("data['a'].b", vec![read("a.b", 0)]),
        ("data.a[actor.id].c", vec![read("a", 0)]),
        ("has(data.a)", vec![read("a", 1)]),
        ("has(data.a.b)", vec![read("a", 0), read("a.b", 2)]),
        ("has(data.a) && data.a > 1", vec![read("a", 1), read("a", 1)]),
        ("data.a > 1 && has(data.a)", vec![read("a", 0), read("a", 1)]),
        ("has(data.a) && data.a.b", vec![read("a", 1), read("a.b", 1)]),
        ("!has(data.a) || data.a > 1", vec![read("a", 1), read("a", 1)]),
        ("has(data.a) || data.a > 1", vec![read("a", 1), read("a", 0)]),
        ("has(data.a) ? data.a : data.b", vec![read("a", 1), read("a", 1), read("b", 0)]),
        ("!has(data.a) ? data.b : data.a", vec![read("a", 1), read("b", 0), read("a", 1)]),
        (
            "has(data.a) && has(data.b) && data.a > data.b",
            vec![read("a", 1), read("b", 1), read("a", 1), read("b", 1)],
        ),
        ("data.rows.all(r, r.n > data.n)", vec![read("rows", 0), read("n", 0)]),
        ("data.rows.all(data, data.n > 1)", vec![read("rows", 0)]),
    ];
    for (source, expected) in rows {
        let expr = Expr::compile(source).expect(source);
        assert_eq!(expr.reads().data_paths, expected, "{source}");
    }
    let expr =
        Expr::compile("event.p > now && In('a') && actor.id == subject").expect("it compiles");
    let reads = expr.reads();
    assert_eq!(reads.event_paths, vec![read("p", 0)]);
    assert_eq!(reads.states, vec!["a".to_owned()]);
    assert!(reads.event && reads.now && reads.actor && reads.subject && !reads.data);
}

#[test]
fn a_condition_that_cannot_be_a_bool_is_known() {
    use StaticType as T;
    let rows = [
        ("data.x", T::Unknown),
        ("data.x == 1 || In('a')", T::Bool),
        ("has(data.x)", T::Bool),
        ("data.l.exists(x, x > 1)", T::Bool),
        ("data.l.exists_one(x, x > 1)", T::Bool),
        ("data.l.map(x, x)", T::NotBool),
        ("'a' in data.l", T::Bool),
        ("data.x + 1", T::NotBool),
        ("size(data.l)", T::NotBool),
        ("'true'", T::NotBool),
        ("data.x ? true : false", T::Bool),
        ("data.x ? true : data.y", T::Unknown),
    ];
    for (source, expected) in rows {
        assert_eq!(Expr::compile(source).expect(source).static_type(), expected, "{source}");
    }
}
