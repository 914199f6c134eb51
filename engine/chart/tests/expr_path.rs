//! Paths of `set`: where they lead, what they may create, which of them overlap.

use chart::data::Data;
use std::borrow::Cow;

use chart::expr::{EvalError, EventView, NoStates, Scope, Seen};
use chart::path::{self, DataPath, Segment};
use serde_json::{Value, json};

fn segments(path: &str) -> Vec<Segment> {
    path.split('.')
        .map(|part| part.parse().map_or_else(|_| Segment::Key(part.into()), Segment::Index))
        .collect()
}

#[test]
fn paths_lead_where_their_computed_parts_say() {
    let data = Data::from(json!({ "members": ["an"] }));
    let (event, null) = (json!({ "at": 1, "x": 1.5 }), Value::Null);
    let actor = json!({ "id": "an.b" });
    let scope = Scope {
        data: &data,
        event: Some(EventView::new("e", &event)),
        actor: Seen::Value(&actor),
        now_ms: 0,
        subject: Seen::Value(&null),
        active: &NoStates,
        locals: &[],
    };
    let key = |key: &str| Segment::Key(key.into());
    let rows = [
        ("data.n", Some(vec![key("n")])),
        ("data", Some(vec![])),
        ("data['a b'].c", Some(vec![key("a b"), key("c")])),
        ("data.scores[actor.id]", Some(vec![key("scores"), key("an.b")])),
        ("data.rows[event.at + 1].n", Some(vec![key("rows"), Segment::Index(2), key("n")])),
        ("data.m[data.members[0]]", Some(vec![key("m"), key("an")])),
        ("data.m[['a]'][0] + '[']", Some(vec![key("m"), key("a][")])),
        ("data.rows[event.x]", None),
        ("data.rows[-1]", None),
        ("data.rows[null]", None),
    ];
    for (source, expected) in rows {
        let path = DataPath::compile(source).expect(source);
        assert_eq!(path.resolve(&scope).ok().map(Cow::into_owned), expected, "{source}");
    }
    let open = DataPath::compile_open("Var1[0]").expect("it compiles");
    assert_eq!(open.resolve(&scope), Ok(Cow::Owned(vec![key("Var1"), Segment::Index(0)])));
}

#[test]
fn a_wrong_path_says_where_it_is_wrong() {
    let rows = [
        ("", 1, "a path is"),
        ("scores.a", 1, "begins with `data`"),
        ("data.", 5, "a path is"),
        ("data..a", 5, "a path is"),
        ("data.a b", 7, "a path is"),
        ("data[actor.id", 5, "not closed"),
        ("data.a[foo]", 8, "there is no `foo`"),
        ("data.a[1 +]", 11, "too early"),
        ("data[]", 6, "too early"),
    ];
    for (source, column, words) in rows {
        let error = DataPath::compile(source).expect_err(source);
        assert!(error.message.contains(words), "{source}: {error}");
        assert_eq!((error.line, error.column), (1, column), "{source}: {error}");
    }
}

#[test]
fn paths_that_may_reach_the_same_value_overlap() {
    let rows = [
        ("data.a", "data.a", true),
        ("data.a", "data.a.b", true),
        ("data", "data.a", true),
        ("data.a", "data.b", false),
        ("data.a.x", "data.b.x", false),
        ("data.a[actor.id]", "data.a.b", true),
        ("data.a[actor.id].x", "data.a.b.y", false),
        ("data.a[actor.id]", "data['a'][now]", true),
    ];
    for (a, b, expected) in rows {
        let compile = |source: &str| DataPath::compile(source).expect(source);
        assert_eq!(path::overlaps(&compile(a), &compile(b)), expected, "{a} and {b}");
        assert_eq!(path::overlaps(&compile(b), &compile(a)), expected, "{b} and {a}");
    }
    let path = DataPath::compile("data.a.b[actor.id].c").expect("it compiles");
    assert_eq!(path.static_prefix(), ["a", "b"]);
    assert!(!path.is_static());
}

#[test]
fn writing_creates_only_the_parents_it_may() {
    let rows = [
        ("a", Some(json!({ "a": 1, "l": [5, 6], "o": {}, "s": "t" }))),
        ("new.x", Some(json!({ "l": [5, 6], "o": {}, "s": "t", "new": { "x": 1 } }))),
        ("other.x", None),
        ("o.x", Some(json!({ "l": [5, 6], "o": { "x": 1 }, "s": "t" }))),
        ("l.0", Some(json!({ "l": [1, 6], "o": {}, "s": "t" }))),
        ("l.2", Some(json!({ "l": [5, 6, 1], "o": {}, "s": "t" }))),
        ("l.3", None),
        ("l.x", None),
        ("o.0", None),
        ("s.x", None),
        ("s.x.y", None),
    ];
    for (to, expected) in rows {
        let mut root = json!({ "l": [5, 6], "o": {}, "s": "t" });
        let may_create = |path: &[Segment]| path == [Segment::Key("new".into())];
        let written = path::write(&mut root, &segments(to), json!(1), may_create);
        match expected {
            Some(expected) => assert_eq!((written, root), (Ok(()), expected), "{to}"),
            None => assert!(matches!(written, Err(EvalError::Path { .. })), "{to}"),
        }
    }
}

#[test]
fn removing_what_is_not_there_is_no_error() {
    let rows = [
        ("a", json!({ "l": [5, 6] })),
        ("l.0", json!({ "a": { "b": 1 }, "l": [6] })),
        ("a.b", json!({ "a": {}, "l": [5, 6] })),
        ("a.c.d", json!({ "a": { "b": 1 }, "l": [5, 6] })),
        ("l.7", json!({ "a": { "b": 1 }, "l": [5, 6] })),
    ];
    for (from, expected) in rows {
        let mut root = json!({ "a": { "b": 1 }, "l": [5, 6] });
        assert_eq!(path::remove(&mut root, &segments(from)), Ok(()), "{from}");
        assert_eq!(root, expected, "{from}");
    }
    assert!(path::remove(&mut json!({}), &[]).is_err());
}
