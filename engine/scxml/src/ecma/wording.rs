//! A tree said in CEL.
//!
//! **Invariant:** every compound text stands in its own brackets, so texts can be put together
//! without thinking of precedence.

use super::tree::Tree;
use super::{EcmaError, quoted};

/// What is known of a value before it is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Bool,
    Whole,
    Double,
    Text,
    Any,
}

/// A CEL text and the sort of its value.
#[derive(Debug, Clone)]
pub(super) struct Term {
    /// The text.
    pub(super) cel: String,
    sort: Sort,
}

fn term(cel: impl Into<String>, sort: Sort) -> Term {
    Term { cel: cel.into(), sort }
}

/// The map of all data, for reading a variable that may not be there.
const DATA: &str = "data";

/// What SCXML 5.10 calls `_ioprocessors`: one processor under its two names.
const PROCESSORS: &str = "{'scxml': {'location': '#_scxml_' + _sessionid}, \
     'http://www.w3.org/TR/scxml/#SCXMLEventProcessor': {'location': '#_scxml_' + _sessionid}}";

/// Words of CEL, and names every expression of a chart may use, that ECMAScript leaves free for
/// variables: such a variable is read out of the data.
const TAKEN: [&str; 21] = [
    "actor",
    "as",
    "bool",
    "bytes",
    "data",
    "double",
    "dyn",
    "event",
    "event_name",
    "int",
    "it",
    "list",
    "loop",
    "map",
    "namespace",
    "now",
    "package",
    "string",
    "subject",
    "type",
    "uint",
];

/// The value of `tree`.
pub(super) fn value(tree: &Tree) -> Result<Term, EcmaError> {
    Ok(match tree {
        Tree::Whole(number) => term(number.to_string(), Sort::Whole),
        Tree::Fraction(number) => term(format!("{number:?}"), Sort::Double),
        Tree::Text(text) => term(quoted(text), Sort::Text),
        Tree::Bool(truth) => term(truth.to_string(), Sort::Bool),
        Tree::Nothing => term("null", Sort::Any),
        Tree::Name(name) => variable(name),
        Tree::Member(of, name) => member(of, name)?,
        Tree::Index(of, at) => index(of, at)?,
        Tree::Call(callee, arguments) => call(callee, arguments)?,
        Tree::Array(items) => {
            let items: Vec<String> = items.iter().map(text_of).collect::<Result<_, _>>()?;
            term(format!("[{}]", items.join(", ")), Sort::Any)
        }
        Tree::Object(members) => {
            let mut entries = Vec::with_capacity(members.len());
            for (key, member) in members {
                entries.push(format!("{}: {}", quoted(key), text_of(member)?));
            }
            term(format!("{{{}}}", entries.join(", ")), Sort::Any)
        }
        Tree::Unary(operator, operand) => unary(operator, operand)?,
        Tree::Binary(operator, left, right) => binary(operator, left, right)?,
        Tree::Choice(condition, then, otherwise) => {
            let (then, otherwise) = (value(then)?, value(otherwise)?);
            let sort = if then.sort == otherwise.sort { then.sort } else { Sort::Any };
            let cel = format!("({} ? {} : {})", truth(condition)?, then.cel, otherwise.cel);
            term(cel, sort)
        }
    })
}

/// The truth of `tree` as ECMAScript counts it.
pub(super) fn truth(tree: &Tree) -> Result<String, EcmaError> {
    Ok(match tree {
        Tree::Binary("&&", left, right) => {
            format!("({} ? {} : false)", truth(left)?, truth(right)?)
        }
        Tree::Binary("||", left, right) => {
            format!("({} ? true : {})", truth(left)?, truth(right)?)
        }
        Tree::Unary("!", operand) => format!("!{}", truth(operand)?),
        other => {
            let term = value(other)?;
            match term.sort {
                Sort::Bool => term.cel,
                Sort::Whole | Sort::Double => format!("({} != 0)", term.cel),
                Sort::Text => format!("({} != '')", term.cel),
                Sort::Any => format!("!({} in [null, false, 0, ''])", term.cel),
            }
        }
    })
}

fn text_of(tree: &Tree) -> Result<String, EcmaError> {
    value(tree).map(|term| term.cel)
}

fn variable(name: &str) -> Term {
    if name == "_ioprocessors" {
        term(PROCESSORS, Sort::Any)
    } else if name == "_name" || name == "_sessionid" {
        term(name, Sort::Text)
    } else if name.contains('$') || TAKEN.binary_search(&name).is_ok() {
        term(format!("{DATA}[{}]", quoted(name)), Sort::Any)
    } else {
        term(name, Sort::Any)
    }
}

/// Reads a member that may be absent: absent is undefined, and undefined is null.
fn member(of: &Tree, name: &str) -> Result<Term, EcmaError> {
    if let (Tree::Name(of), Some(cel)) = (of, of_event(name))
        && of == "_event"
    {
        return Ok(term(cel, Sort::Any));
    }
    let whole = strict(of)?;
    if name == "length" {
        return Ok(term(format!("size({whole})"), Sort::Whole));
    }
    let path = dotted(&whole, name);
    let there = if path.ends_with(']') {
        format!("{} in {whole}", quoted(name))
    } else {
        format!("has({path})")
    };
    Ok(term(format!("({there} ? {path} : null)"), Sort::Any))
}

/// Members of `_event` that the engine has no need to carry: all events come through one processor
/// (SCXML 5.10.1).
fn of_event(name: &str) -> Option<&'static str> {
    match name {
        "origintype" => Some(
            "(_event.type == 'external' ? 'http://www.w3.org/TR/scxml/#SCXMLEventProcessor' : null)",
        ),
        "origin" => Some(
            "(has(_event.invokeid) ? '#_' + _event.invokeid : \
             _event.type == 'external' ? '#_scxml_' + _sessionid : null)",
        ),
        _ => None,
    }
}

/// Members that `_event` always has.
const EVENT_MEMBERS: [&str; 7] =
    ["data", "invokeid", "name", "origin", "origintype", "sendid", "type"];

/// Like [`value`], but an absent member on the way is an error, as in ECMAScript.
fn strict(tree: &Tree) -> Result<String, EcmaError> {
    match tree {
        Tree::Member(of, name) if name != "length" => Ok(dotted(&strict(of)?, name)),
        Tree::Index(of, at) => Ok(format!("{}[{}]", strict(of)?, text_of(at)?)),
        other => text_of(other),
    }
}

fn dotted(whole: &str, name: &str) -> String {
    let plain = super::is_name(name)
        && !name.contains('$')
        && !["as", "loop", "namespace", "package"].contains(&name);
    if plain { format!("{whole}.{name}") } else { format!("{whole}[{}]", quoted(name)) }
}

fn index(of: &Tree, at: &Tree) -> Result<Term, EcmaError> {
    if let Tree::Text(name) = at {
        return member(of, name);
    }
    Ok(term(format!("{}[{}]", strict(of)?, text_of(at)?), Sort::Any))
}

fn unary(operator: &str, operand: &Tree) -> Result<Term, EcmaError> {
    match operator {
        "!" => Ok(term(format!("!{}", truth(operand)?), Sort::Bool)),
        "typeof" => type_of(operand),
        sign => {
            let operand = value(operand)?;
            let number = match operand.sort {
                Sort::Whole | Sort::Double => operand.cel,
                _ if sign == "-" => operand.cel,
                _ => return Ok(term(format!("double({})", operand.cel), Sort::Double)),
            };
            let cel = if sign == "-" { format!("(-({number}))") } else { number };
            Ok(term(cel, operand.sort))
        }
    }
}

/// The name of a value's type; the only way to ask about a variable that is not there.
fn type_of(operand: &Tree) -> Result<Term, EcmaError> {
    let cel = safe(operand)?;
    let choices = format!(
        "({cel} == null ? 'undefined' : type({cel}) == type(true) ? 'boolean' : \
         type({cel}) == type('') ? 'string' : \
         type({cel}) in [type(1), type(1.0)] ? 'number' : 'object')"
    );
    Ok(term(choices, Sort::Text))
}

/// The value of an operand of `typeof`: null where there is no such variable.
fn safe(operand: &Tree) -> Result<String, EcmaError> {
    match operand {
        Tree::Name(name) if !name.starts_with('_') => {
            let path = dotted(DATA, name);
            Ok(format!("({} in {DATA} ? {path} : null)", quoted(name)))
        }
        other => text_of(other),
    }
}

fn binary(operator: &str, left: &Tree, right: &Tree) -> Result<Term, EcmaError> {
    match operator {
        "&&" | "||" => return both(operator, left, right),
        "==" | "!=" => {
            if let Some(term) = type_test(operator, left, right)? {
                return Ok(term);
            }
        }
        _ => {}
    }
    if let Some(term) = position(operator, left, right)? {
        return Ok(term);
    }
    if let ("in", Tree::Text(member), Tree::Name(of)) = (operator, left, right)
        && of == "_event"
        && EVENT_MEMBERS.contains(&member.as_str())
    {
        return Ok(term("has(_event.name)", Sort::Bool));
    }
    let (a, b) = (value(left)?, value(right)?);
    Ok(match operator {
        "+" => sum(&a, &b),
        "/" => {
            let cel = format!("({} / {})", doubled(&a), doubled(&b));
            term(cel, Sort::Double)
        }
        "-" | "*" => arithmetic(operator, &a, &b),
        "%" => term(format!("({} % {})", a.cel, b.cel), Sort::Any),
        _ => term(format!("({} {operator} {})", a.cel, b.cel), Sort::Bool),
    })
}

/// `a && b` as a value is one of its operands.
fn both(operator: &str, left: &Tree, right: &Tree) -> Result<Term, EcmaError> {
    let (a, b) = (value(left)?, value(right)?);
    let sort = if a.sort == b.sort { a.sort } else { Sort::Any };
    let condition = truth(left)?;
    let cel = if operator == "&&" {
        format!("({condition} ? {} : {})", b.cel, a.cel)
    } else {
        format!("({condition} ? {} : {})", a.cel, b.cel)
    };
    Ok(term(cel, sort))
}

/// `typeof x == 'undefined'`, either way round.
fn type_test(operator: &str, left: &Tree, right: &Tree) -> Result<Option<Term>, EcmaError> {
    let ((Tree::Unary("typeof", operand), Tree::Text(name))
    | (Tree::Text(name), Tree::Unary("typeof", operand))) = (left, right)
    else {
        return Ok(None);
    };
    if name != "undefined" {
        return Ok(None);
    }
    Ok(Some(term(format!("({} {operator} null)", safe(operand)?), Sort::Bool)))
}

/// `text.indexOf(part)` compared with 0 or -1: begins with, contains.
fn position(operator: &str, left: &Tree, right: &Tree) -> Result<Option<Term>, EcmaError> {
    let Tree::Call(callee, arguments) = left else { return Ok(None) };
    let (Tree::Member(text, name), [part]) = (callee.as_ref(), arguments.as_slice()) else {
        return Ok(None);
    };
    if name != "indexOf" {
        return Ok(None);
    }
    let minus_one = Tree::Unary("-", Box::new(Tree::Whole(1)));
    let (text, part) = (text_of(text)?, text_of(part)?);
    let begins = format!("{text}.startsWith({part})");
    let contains =
        format!("(type({text}) == type([]) ? {part} in {text} : {text}.contains({part}))");
    let cel = match (operator, right) {
        ("==", Tree::Whole(0)) => begins,
        ("!=", Tree::Whole(0)) => format!("!{begins}"),
        (">=", Tree::Whole(0)) => contains,
        ("!=" | ">", other) if *other == minus_one => contains,
        ("<", Tree::Whole(0)) => format!("!{contains}"),
        ("==", other) if *other == minus_one => format!("!{contains}"),
        _ => return Ok(None),
    };
    Ok(Some(term(cel, Sort::Bool)))
}

fn sum(a: &Term, b: &Term) -> Term {
    let texts = a.sort == Sort::Text || b.sort == Sort::Text;
    if texts {
        return term(format!("({} + {})", worded(a), worded(b)), Sort::Text);
    }
    arithmetic("+", a, b)
}

fn worded(term: &Term) -> String {
    if term.sort == Sort::Text { term.cel.clone() } else { format!("string({})", term.cel) }
}

fn arithmetic(operator: &str, a: &Term, b: &Term) -> Term {
    if a.sort == Sort::Double || b.sort == Sort::Double {
        return term(format!("({} {operator} {})", doubled(a), doubled(b)), Sort::Double);
    }
    let plain = format!("({} {operator} {})", a.cel, b.cel);
    let mixed = |open: &Term| {
        let doubles = format!("({} {operator} {})", doubled(a), doubled(b));
        format!("(type({}) == type(1.0) ? {doubles} : {plain})", open.cel)
    };
    match (a.sort, b.sort) {
        (Sort::Whole, Sort::Whole) => term(plain, Sort::Whole),
        (Sort::Any, Sort::Whole) => term(mixed(a), Sort::Any),
        (Sort::Whole, Sort::Any) => term(mixed(b), Sort::Any),
        _ => term(plain, Sort::Any),
    }
}

fn doubled(term: &Term) -> String {
    if term.sort == Sort::Double { term.cel.clone() } else { format!("double({})", term.cel) }
}

fn call(callee: &Tree, arguments: &[Tree]) -> Result<Term, EcmaError> {
    match (callee, arguments) {
        (Tree::Name(name), [one]) => match name.as_str() {
            "In" => Ok(term(format!("In({})", text_of(one)?), Sort::Bool)),
            "String" => Ok(term(format!("string({})", text_of(one)?), Sort::Text)),
            "Number" => Ok(term(format!("double({})", text_of(one)?), Sort::Double)),
            "parseInt" => Ok(term(format!("int({})", text_of(one)?), Sort::Whole)),
            "Boolean" => Ok(term(truth(one)?, Sort::Bool)),
            _ => Err(EcmaError::NotOffered(format!("{name}()"))),
        },
        (Tree::Member(of, name), _) => method(of, name, arguments),
        (Tree::Name(name), _) => Err(EcmaError::NotOffered(format!("{name}()"))),
        _ => Err(EcmaError::NotOffered("a call of a value".to_owned())),
    }
}

fn method(of: &Tree, name: &str, arguments: &[Tree]) -> Result<Term, EcmaError> {
    let whole = text_of(of)?;
    match (name, arguments) {
        ("toString", []) => Ok(term(format!("string({whole})"), Sort::Text)),
        ("startsWith" | "endsWith", [one]) => {
            Ok(term(format!("{whole}.{name}({})", text_of(one)?), Sort::Bool))
        }
        ("includes", [one]) => {
            let one = text_of(one)?;
            let cel =
                format!("(type({whole}) == type([]) ? {one} in {whole} : {whole}.contains({one}))");
            Ok(term(cel, Sort::Bool))
        }
        ("concat", _) => {
            let mut cel = whole.clone();
            for argument in arguments {
                let part = text_of(argument)?;
                cel = format!("({cel} + (type({part}) == type({whole}) ? {part} : [{part}]))");
            }
            Ok(term(cel, Sort::Any))
        }
        _ => Err(EcmaError::NotOffered(format!(".{name}()"))),
    }
}
