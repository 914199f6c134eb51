//! Whether an expression's answer is a bool, found without evaluating it.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr as Node, LiteralValue, operators};

/// What is known about the type of an expression's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaticType {
    /// It is a bool, if there is an answer.
    Bool,
    /// It is never a bool.
    NotBool,
    /// It depends on the data.
    Unknown,
}

/// Whether the answer of `e` is a bool.
pub(super) fn static_type(e: &IdedExpr) -> StaticType {
    match &e.expr {
        Node::Literal(LiteralValue::Boolean(_)) => StaticType::Bool,
        Node::Literal(_) | Node::List(_) | Node::Map(_) => StaticType::NotBool,
        Node::Select(select) if select.test => StaticType::Bool,
        Node::Call(call) => static_type_of_call(call),
        Node::Comprehension(each) => match &each.accu_init.expr {
            Node::Literal(LiteralValue::Boolean(_) | LiteralValue::Int(_)) => {
                static_type_of_loop(each)
            }
            Node::List(_) => StaticType::NotBool,
            _ => StaticType::Unknown,
        },
        _ => StaticType::Unknown,
    }
}

/// `all` and `exists` answer their accumulator; `exists_one` compares it with 1.
fn static_type_of_loop(each: &ComprehensionExpr) -> StaticType {
    match &each.result.expr {
        Node::Ident(_) => static_type(&each.accu_init),
        _ => static_type(&each.result),
    }
}

fn static_type_of_call(call: &CallExpr) -> StaticType {
    use operators as op;
    match (call.func_name.as_str(), call.args.as_slice()) {
        (
            op::LOGICAL_AND
            | op::LOGICAL_OR
            | op::LOGICAL_NOT
            | op::EQUALS
            | op::NOT_EQUALS
            | op::LESS
            | op::LESS_EQUALS
            | op::GREATER
            | op::GREATER_EQUALS
            | op::IN
            | "In"
            | "bool"
            | "contains"
            | "startsWith"
            | "endsWith"
            | "matches"
            | "hasValue",
            _,
        ) => StaticType::Bool,
        (
            op::ADD
            | op::SUBSTRACT
            | op::MULTIPLY
            | op::DIVIDE
            | op::MODULO
            | op::NEGATE
            | "size"
            | "count"
            | "sum"
            | "keys"
            | "values"
            | "date"
            | "string"
            | "int"
            | "double"
            | "uint"
            | "timestamp"
            | "duration"
            | "type"
            | "join"
            | "split"
            | "trim"
            | "lowerAscii"
            | "upperAscii"
            | "substring"
            | "indexOf"
            | "lastIndexOf"
            | "charAt",
            _,
        ) => StaticType::NotBool,
        (op::CONDITIONAL, [_, then, otherwise]) => {
            let (then, otherwise) = (static_type(then), static_type(otherwise));
            if then == otherwise { then } else { StaticType::Unknown }
        }
        _ => StaticType::Unknown,
    }
}
