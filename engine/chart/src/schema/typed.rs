//! What a step asks of a schema, compiled: which defaults to fill in, which numbers are doubles.
//!
//! The walks of [`super::shape`] find the members of `$ref` and `allOf` anew each time; a step walks
//! every value, so they are found once here. On its way a walk also learns what [`Sure`] can tell.
//!
//! **Invariant:** the answers are those of [`super::shape`]'s `property`, `item` and `says_number`.

use std::collections::BTreeMap;

use serde_json::{Number, Value};

use super::shape;
use super::sure::Sure;
use crate::canonical::whole;
use crate::names::Names;

/// How deep a value is walked.
const DEPTH_MAX: usize = 64;

/// A place among the nodes.
type Ix = usize;

/// A schema's members, by name.
#[derive(Debug)]
pub(super) struct Typed {
    nodes: Vec<Node>,
}

#[derive(Debug, Default)]
struct Node {
    /// Whether its number is a double.
    number: bool,
    /// The declared properties.
    named: Names<Ix>,
    /// The value of every other key.
    any: Option<Ix>,
    /// What an object is given where it lacks it, in the order of declaration; the first counts.
    defaults: Vec<(String, Value)>,
    /// The elements by their place.
    placed: Vec<Option<Ix>>,
    /// Every other element.
    each: Option<Ix>,
    /// What a walk can judge by itself.
    sure: Option<Sure>,
}

impl Typed {
    /// Compiles the schema `root`.
    pub(super) fn of(root: &Value) -> Self {
        let mut compiler = Compiler { root, nodes: Vec::new(), known: BTreeMap::new() };
        compiler.node(root);
        Self { nodes: compiler.nodes }
    }

    /// Gives `v` the default of every absent property, at every depth, and its numbers the type that
    /// is declared. Whether it then surely fits.
    pub(super) fn settle(&self, v: &mut Value) -> bool {
        self.walk(Some(0), v, 0, true)
    }

    /// Gives the numbers of `v` the type that is declared: `number` a double, all else an integer
    /// where it is whole. Whether it then surely fits.
    pub(super) fn coerce(&self, v: &mut Value) -> bool {
        self.walk(Some(0), v, 0, false)
    }

    /// [`Typed::coerce`] for the member `key` of the whole.
    pub(super) fn coerce_member(&self, key: &str, member: &mut Value) -> bool {
        self.member(Some(&self.nodes[0]), key, member, 0, false)
    }

    fn walk(&self, at: Option<Ix>, v: &mut Value, depth: usize, fills: bool) -> bool {
        if depth > DEPTH_MAX {
            return false;
        }
        let node = at.map(|at| &self.nodes[at]);
        let mut is_sure = true;
        match v {
            Value::Number(number) => {
                if let Some(typed) = coerce_number(node.is_some_and(|node| node.number), number) {
                    *number = typed;
                }
            }
            Value::Object(members) => {
                for (key, default) in node.iter().flat_map(|node| &node.defaults) {
                    if fills && !members.contains_key(key) {
                        members.insert(key.clone(), default.clone());
                    }
                }
                for (key, member) in members {
                    is_sure &= self.member(node, key, member, depth, fills);
                }
            }
            Value::Array(items) => {
                for (index, element) in items.iter_mut().enumerate() {
                    let at = node.and_then(|node| node.item(index));
                    is_sure &= self.walk(at, element, depth + 1, fills);
                }
            }
            _ => {}
        }
        is_sure && node.is_none_or(|node| node.sure.as_ref().is_some_and(|sure| sure.holds(v)))
    }

    fn member(
        &self,
        node: Option<&Node>,
        key: &str,
        member: &mut Value,
        depth: usize,
        fills: bool,
    ) -> bool {
        let at = node.and_then(|node| node.property(key));
        let is_open = |node: &Node| node.sure.as_ref().is_some_and(|sure| sure.is_open);
        let is_allowed = at.is_some() || node.is_none_or(is_open);
        self.walk(at, member, depth + 1, fills) && is_allowed
    }
}

impl Node {
    fn property(&self, key: &str) -> Option<Ix> {
        self.named.get(key).copied().or(self.any)
    }

    fn item(&self, index: usize) -> Option<Ix> {
        self.placed.get(index).copied().flatten().or(self.each)
    }
}

/// `number` in the declared type, where it is of the other.
fn coerce_number(is_double: bool, number: &Number) -> Option<Number> {
    match (is_double, number.is_f64()) {
        (true, false) => Number::from_f64(number.as_f64()?),
        (false, true) => whole(number.as_f64()?).map(Number::from),
        _ => None,
    }
}

struct Compiler<'s> {
    root: &'s Value,
    nodes: Vec<Node>,
    /// Schemas that have a node, by where they lie in the document.
    known: BTreeMap<*const Value, Ix>,
}

impl<'s> Compiler<'s> {
    fn node(&mut self, schema: &'s Value) -> Ix {
        if let Some(&known) = self.known.get(&std::ptr::from_ref(schema)) {
            return known;
        }
        let at = self.nodes.len();
        self.known.insert(std::ptr::from_ref(schema), at);
        self.nodes.push(Node::default());
        let mut named: BTreeMap<&'s str, Ix> = BTreeMap::new();
        let mut node = Node { number: shape::says_number(self.root, schema), ..Node::default() };
        for part in shape::parts(self.root, schema) {
            let declared = part.get("properties").and_then(Value::as_object);
            for (key, member) in declared.into_iter().flatten() {
                if let Some(default) = shape::default_of(self.root, member) {
                    node.defaults.push((key.clone(), default.clone()));
                }
                if !named.contains_key(key.as_str()) {
                    let member = self.node(shape::resolved(self.root, member));
                    named.insert(key, member);
                }
            }
            let other = |word: &str| part.get(word).filter(|schema| schema.is_object());
            if let (None, Some(any)) = (node.any, other("additionalProperties")) {
                node.any = Some(self.node(shape::resolved(self.root, any)));
            }
            if let (None, Some(each)) = (node.each, other("items")) {
                node.each = Some(self.node(shape::resolved(self.root, each)));
            }
            let placed = part.get("prefixItems").and_then(Value::as_array);
            for (index, one) in placed.into_iter().flatten().enumerate() {
                if node.placed.len() <= index {
                    node.placed.push(Some(self.node(shape::resolved(self.root, one))));
                }
            }
        }
        node.named = named.into_iter().collect();
        node.sure = Sure::of(schema);
        self.nodes[at] = node;
        at
    }
}
