//! The tree as the `cel` crate runs it: three things it does otherwise are put right.
//!
//! `In(x)` asks a variable rather than a function, because functions are shared by all scopes.
//! A comprehension goes through a list in a fixed order (R25). The right side of `==` is given in
//! the crate's own types, because its lists and maps equal no others.
//!
//! **Invariant:** no source can write a name that begins with `@`, so these cannot be forged.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, EntryExpr, Expr as Node, operators};

use super::functions::{ACTIVE, ORDERED, PLAIN};

/// `e` as it is run.
pub(super) fn rewrite(mut e: IdedExpr) -> IdedExpr {
    rewrite_in_place(&mut e);
    e
}

fn rewrite_in_place(e: &mut IdedExpr) {
    match &mut e.expr {
        Node::Call(call) => rewrite_call(e.id, call),
        Node::Comprehension(each) => {
            rewrite_in_place(&mut each.iter_range);
            rewrite_in_place(&mut each.accu_init);
            rewrite_in_place(&mut each.loop_cond);
            rewrite_in_place(&mut each.loop_step);
            rewrite_in_place(&mut each.result);
            wrap(&mut each.iter_range, ORDERED);
        }
        Node::List(list) => list.elements.iter_mut().for_each(rewrite_in_place),
        Node::Map(map) => {
            for entry in &mut map.entries {
                if let EntryExpr::MapEntry(entry) = &mut entry.expr {
                    rewrite_in_place(&mut entry.key);
                    rewrite_in_place(&mut entry.value);
                }
            }
        }
        Node::Select(select) => rewrite_in_place(&mut select.operand),
        Node::Struct(_) | Node::Ident(_) | Node::Literal(_) | Node::Unspecified => {}
    }
}

fn rewrite_call(id: u64, call: &mut CallExpr) {
    call.target.iter_mut().for_each(|target| rewrite_in_place(target));
    call.args.iter_mut().for_each(rewrite_in_place);
    match (call.func_name.as_str(), call.args.as_mut_slice()) {
        ("In", [_]) if call.target.is_none() => {
            operators::IN.clone_into(&mut call.func_name);
            call.args.push(IdedExpr { id, expr: Node::Ident(ACTIVE.to_owned()) });
        }
        (operators::EQUALS | operators::NOT_EQUALS, [left, right])
            if !is_scalar(left) && !is_scalar(right) =>
        {
            wrap(right, PLAIN);
        }
        (operators::IN, [value, _]) if !is_scalar(value) => wrap(value, PLAIN),
        _ => {}
    }
}

fn is_scalar(e: &IdedExpr) -> bool {
    matches!(e.expr, Node::Literal(_))
}

/// Puts a call of `function` around `e`.
fn wrap(e: &mut IdedExpr, function: &str) {
    let inner = std::mem::take(e);
    let id = inner.id;
    let call = CallExpr { func_name: function.to_owned(), target: None, args: vec![inner] };
    *e = IdedExpr { id, expr: Node::Call(call) };
}
