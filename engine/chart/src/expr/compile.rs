//! From source to [`super::Compiled`]: parse, then refuse what charts may not say.
//!
//! The parser recurses and takes no limit that would hold, so any source but a plain one is
//! handled on a thread with a stack that the longest allowed source cannot exhaust; the tree
//! that leaves the thread is shallow enough for every stack.
//!
//! **Invariant:** an accepted tree is at most [`DEPTH_MAX`] deep; its loops nest at most
//! [`NESTING_MAX`] deep.

use cel::IdedExpr;
use cel::common::ast::{EntryExpr, Expr as Node, SourceInfo};
use cel::parser::ParseErrors;

use super::functions;
use super::walk::{self, Names};
use super::{Compiled, ExprError, ExprErrorKind, Mode, plan_build, rewrite, static_type};

/// The longest source, in bytes.
pub const SOURCE_MAX: usize = 2048;

/// The deepest tree.
pub const DEPTH_MAX: usize = 40;

/// How deep comprehensions (`all`, `exists`, `map`, `filter`) may be nested in one another.
pub const NESTING_MAX: usize = 2;

/// How many comprehensions one expression may have.
const COMPREHENSIONS_MAX: usize = 8;

/// A source with so few operators and brackets cannot exhaust any stack a program has.
const FEW: usize = 24;

/// Enough for the worst source of [`SOURCE_MAX`] bytes, unoptimised, several times over.
const STACK_BYTES: usize = 64 << 20;

/// Compiles `source`; the roots and `locals` are its names.
pub(super) fn compile(source: &str, locals: &[&str], mode: Mode) -> Result<Compiled, ExprError> {
    if source.len() > SOURCE_MAX {
        let message = format!(
            "the expression has {} bytes and may have {SOURCE_MAX}; compute parts of it in `set`",
            source.len()
        );
        return Err(ExprError { line: 1, column: 1, message, kind: ExprErrorKind::TooLong });
    }
    if signs(source) <= FEW {
        return on_this_stack(source, locals, mode);
    }
    std::thread::scope(|threads| {
        std::thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn_scoped(threads, || on_this_stack(source, locals, mode))
            .map_err(|_| unsupported_place("there is no memory to compile the expression"))?
            .join()
            .unwrap_or_else(|_| Err(unsupported_place("the expression cannot be parsed")))
    })
}

/// An upper bound of how deep the parser goes: each level takes a sign of its own, or `in`.
fn signs(source: &str) -> usize {
    let is_sign = |byte: &u8| byte.is_ascii_punctuation() && !matches!(byte, b'_' | b'\'' | b'"');
    source.bytes().filter(|byte| is_sign(byte)).count() + source.matches("in").count()
}

fn unsupported_place(message: &str) -> ExprError {
    let kind = ExprErrorKind::Unsupported;
    ExprError { line: 1, column: 1, message: message.to_owned(), kind }
}

fn on_this_stack(source: &str, locals: &[&str], mode: Mode) -> Result<Compiled, ExprError> {
    let parser = functions::env().parser();
    let (ast, places) =
        parser.parse_with_source_info(source).map_err(|all| syntax(source, &all))?;
    let refuse = |refusal: Refusal| {
        let (line, column) = place(source, &places, refusal.id, refusal.before);
        ExprError { line, column, message: refusal.message, kind: refusal.kind }
    };
    fence(&ast).map_err(refuse)?;
    let names = Names { locals, mode };
    walk::check_names(&ast, &names).map_err(refuse)?;
    Ok(Compiled {
        source: source.to_owned(),
        mode,
        plan: plan_build::build(&ast, &names),
        reads: walk::reads(&ast, &names),
        static_type: static_type::static_type(&ast),
        ast: rewrite::rewrite(ast),
    })
}

/// Why a tree is refused, and at which node.
pub(super) struct Refusal {
    /// The node.
    pub(super) id: u64,
    /// How many characters before the node's place it begins: a call is placed at its `(`.
    pub(super) before: usize,
    /// The rule.
    pub(super) kind: ExprErrorKind,
    /// What to say.
    pub(super) message: String,
}

/// The first syntax error, worded by us: the parser's own words list every token there is.
fn syntax(source: &str, errors: &ParseErrors) -> ExprError {
    let first = errors.errors.first();
    let (line, column) = first.map_or((1, 1), |error| error.pos);
    let said = first.map_or("", |error| error.msg.as_str());
    let message = if said.contains("<EOF>") || source.trim().is_empty() {
        "the expression ends too early".to_owned()
    } else if said.contains("recursion") {
        "the expression is nested too deeply; compute parts of it in `set`".to_owned()
    } else if said.contains("has()") {
        "has() asks for a field, such as `has(data.name)`".to_owned()
    } else if let Some(token) = quoted(said) {
        format!("not a CEL expression: `{token}` does not fit here")
    } else {
        "not a CEL expression".to_owned()
    };
    let line = usize::try_from(line).unwrap_or(1).max(1);
    let column = usize::try_from(column).unwrap_or(1).max(1);
    ExprError { line, column, message, kind: ExprErrorKind::Syntax }
}

/// The first token between quotes in `message`.
fn quoted(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once('\'')?;
    let (token, _) = rest.split_once('\'')?;
    Some(token).filter(|token| !token.is_empty())
}

/// Line and column of a node, both from 1.
fn place(source: &str, places: &SourceInfo, id: u64, before: usize) -> (usize, usize) {
    let start = places.offset_for(id).map_or(0, |(start, _)| start as usize);
    let before: String = source.chars().take(start.saturating_sub(before)).collect();
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    (line, column)
}

/// Refuses a tree that is too deep or loops too much.
fn fence(ast: &IdedExpr) -> Result<(), Refusal> {
    let mut comprehensions = 0;
    fence_at(ast, 1, 0, &mut comprehensions)
}

fn too_complex(id: u64, message: String) -> Refusal {
    Refusal { id, before: 0, kind: ExprErrorKind::TooComplex, message }
}

fn fence_at(e: &IdedExpr, depth: usize, loops: usize, count: &mut usize) -> Result<(), Refusal> {
    if depth > DEPTH_MAX {
        let message = format!(
            "the expression is nested deeper than {DEPTH_MAX}; compute parts of it in `set`"
        );
        return Err(too_complex(e.id, message));
    }
    let Node::Comprehension(each) = &e.expr else {
        return children(e)
            .into_iter()
            .try_for_each(|child| fence_at(child, depth + 1, loops, count));
    };
    *count += 1;
    if loops == NESTING_MAX {
        let message = format!("comprehensions may be nested {NESTING_MAX} deep, not deeper");
        return Err(too_complex(e.id, message));
    }
    if *count > COMPREHENSIONS_MAX {
        let message = format!("an expression may have {COMPREHENSIONS_MAX} comprehensions");
        return Err(too_complex(e.id, message));
    }
    fence_at(&each.iter_range, depth + 1, loops, count)?;
    for child in [&each.accu_init, &each.loop_cond, &each.loop_step, &each.result] {
        fence_at(child, depth + 1, loops + 1, count)?;
    }
    Ok(())
}

/// The operands of a node that is no comprehension, in the order of the source.
pub(super) fn children(e: &IdedExpr) -> Vec<&IdedExpr> {
    match &e.expr {
        Node::Call(call) => call.target.as_deref().into_iter().chain(&call.args).collect(),
        Node::Select(select) => vec![&*select.operand],
        Node::List(list) => list.elements.iter().collect(),
        Node::Map(map) => map
            .entries
            .iter()
            .flat_map(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
                EntryExpr::StructField(field) => vec![&field.value],
            })
            .collect(),
        Node::Struct(object) => object
            .entries
            .iter()
            .map(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => &entry.value,
                EntryExpr::StructField(field) => &field.value,
            })
            .collect(),
        Node::Comprehension(_) | Node::Ident(_) | Node::Literal(_) | Node::Unspecified => {
            Vec::new()
        }
    }
}
