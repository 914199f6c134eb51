//! Trivial ECMAScript: what it means here, by evaluating it.

use scxml::ecma;
use serde_json::{Value, json};

use crate::world;

const DATA: &str = "<datamodel><data id='n' expr='3'/><data id='half' expr='0.5'/>\
    <data id='s' expr=\"'abc'\"/><data id='list' expr='[1, 2]'/><data id='o' expr=\"{a: {b: 7}}\"/>\
    <data id='none'/><data id='yes' expr='true'/><data id='event' expr=\"'mine'\"/>\
    <data id='loop' expr='5'/><data id='$x' expr='6'/><data id='out'/></datamodel>";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

/// The value of `source`, or nothing when it fails.
fn value(source: &str) -> Option<Value> {
    let source = escaped(source);
    let body = format!(
        "{DATA}<state id='a'><onentry><assign location='out' expr=\"{source}\"/></onentry>\
         <transition event='error.execution' target='err'/></state><state id='err'/>"
    );
    let world = world("name='it'", &body);
    (world.configuration() == ["a"]).then(|| world.snapshot().data["out"].clone())
}

/// The truth of `source` as a guard, and whether it failed.
fn truth(source: &str) -> (bool, bool) {
    let source = escaped(source);
    let body = format!(
        "{DATA}<state id='a'><transition cond=\"{source}\" target='yes'/>\
         <transition event='error.execution' target='err'/></state><state id='yes'/>\
         <state id='err'/>"
    );
    let configuration = world("", &body).configuration();
    (configuration == ["yes"], configuration == ["err"])
}

#[test]
fn values() {
    let rows = [
        ("1 + 2 * 3", json!(7)),
        ("(1 + 2) * 3", json!(9)),
        ("n - 1", json!(2)),
        ("n % 2", json!(1)),
        ("-n", json!(-3)),
        ("- -n", json!(3)),
        ("7 / 2", json!(3.5)),
        ("half + 1", json!(1.5)),
        ("0x1F", json!(31)),
        (".5", json!(0.5)),
        ("1e3", json!(1000)),
        ("2.0", json!(2)),
        ("'a' + 'b'", json!("ab")),
        ("'n=' + n", json!("n=3")),
        ("\"it's\"", json!("it's")),
        ("'a\\n\\u0041\\x42\\''", json!("a\nAB'")),
        ("[1, 'x', [true, null]]", json!([1, "x", [true, null]])),
        ("{a: 1, 'b c': 2, 3: 4}", json!({"a": 1, "b c": 2, "3": 4})),
        ("{}", json!({})),
        ("[]", json!([])),
        ("list[1]", json!(2)),
        ("list.length", json!(2)),
        ("s.length", json!(3)),
        ("o.a.b", json!(7)),
        ("o['a'].b", json!(7)),
        ("o.missing", json!(null)),
        ("undefined", json!(null)),
        ("n > 2 ? 'big' : 'small'", json!("big")),
        ("none || 'other'", json!("other")),
        ("n && 'last'", json!("last")),
        ("!s", json!(false)),
        ("typeof n", json!("number")),
        ("typeof s", json!("string")),
        ("typeof yes", json!("boolean")),
        ("typeof o", json!("object")),
        ("typeof nowhere", json!("undefined")),
        ("[].concat(list, [3])", json!([1, 2, 3])),
        ("list.concat(3)", json!([1, 2, 3])),
        ("String(n)", json!("3")),
        ("_name", json!("it")),
        ("_sessionid", json!("main")),
        ("event + String(loop)", json!("mine5")),
        ("$x", json!(6)),
        ("In('a')", json!(true)),
    ];
    for (source, expected) in rows {
        assert_eq!(value(source), Some(expected), "{source}");
    }
}

#[test]
fn what_is_no_expression_fails_when_evaluated_and_not_before() {
    let rows = [
        "return",
        "nowhere",
        "nowhere.x",
        "none.x",
        "o.missing.x",
        "n = 1",
        "x++",
        "new Date()",
        "function () {}",
        "Math.random()",
        "'open",
        "1 +",
        "(1",
        "a b",
        "#",
        "list.push(3)",
        "this.x",
        "",
        "if (n) 1",
        "var x",
        "3x",
    ];
    for source in rows {
        assert_eq!(value(source), None, "{source}");
        assert_eq!(truth(source), (false, true), "{source}");
    }
}

#[test]
fn truths() {
    let held = [
        "true",
        "n == 3",
        "n === 3",
        "n !== 4",
        "n != 4",
        "s",
        "'foo'",
        "list",
        "o",
        "n",
        "yes",
        "!none",
        "none == undefined",
        "none === null",
        "typeof none === 'undefined'",
        "'undefined' == typeof nowhere",
        "typeof n !== 'undefined'",
        "typeof n == 'number'",
        "n > 2 && n < 4",
        "n > 9 || s == 'abc'",
        "'a' in o",
        "!('z' in o)",
        "n >= 3 && n <= 3",
        "'abc' < 'abd'",
        "s.indexOf('ab') === 0",
        "s.indexOf('bc') > -1",
        "s.indexOf('z') == -1",
        "s.startsWith('a')",
        "list.includes(2)",
        "half == 0.5",
        "n == 3.0",
        "2 < 2.5",
        "o == o",
        "list == list",
        "In('a') && !In('yes')",
        "half < n",
        "Boolean(n)",
        "!!n",
    ];
    for source in held {
        assert_eq!(truth(source), (true, false), "{source}");
    }
    let not_held = [
        "false",
        "0",
        "''",
        "none",
        "null",
        "undefined",
        "!n",
        "!s",
        "n == 4",
        "none && nowhere",
        "'z' in o",
        "s.indexOf('b') === 0",
        "In('yes')",
        "typeof nowhere !== 'undefined'",
        "n == 'x'",
        "o.missing",
    ];
    for source in not_held {
        assert_eq!(truth(source), (false, false), "{source}");
    }
}

#[test]
fn an_operand_that_fails_is_not_forgiven() {
    for source in ["nowhere || true", "nowhere && false", "nowhere == 1", "!nowhere"] {
        assert_eq!(truth(source), (false, true), "{source}");
    }
    assert_eq!(truth("true || nowhere"), (true, false));
}

#[test]
fn the_largest_nesting_is_refused_in_words() {
    let source = format!("{}1{}", "(".repeat(5000), ")".repeat(5000));
    assert_eq!(ecma::value(&source), Err(ecma::EcmaError::Deep));
    assert_eq!(ecma::value(&"!".repeat(5000)), Err(ecma::EcmaError::Deep));
    let long = vec!["1"; 400].join(" + ");
    assert!(ecma::value(&long).is_ok());
}
