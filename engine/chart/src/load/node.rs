//! A YAML document as a tree in which every node knows its place.
//!
//! The tree is read before anything is understood, so that one mistake does not hide another: a
//! typed reading would stop at the first. JSON is YAML, so schemas and stored documents are read
//! the same way.
//!
//! **Invariant:** scalars keep what was written: `no` is a text and `0912` is a text; only `true`,
//! `false` and plain numbers are anything else.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use serde_saphyr::Spanned;
use unicode_normalization::UnicodeNormalization;

use crate::definition::Place;

/// One node.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) tree: Tree,
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) place: Place,
    pub(crate) text: String,
}

/// Why a file is not YAML.
#[derive(Debug)]
pub(crate) struct SyntaxError {
    pub(crate) place: Place,
    pub(crate) message: String,
}

/// Reads `text`, which is taken to be in NFC.
pub(crate) fn parse(text: &str) -> Result<Node, SyntaxError> {
    let options = serde_saphyr::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options::<Spanned<Tree>>(text, options)
        .map(|root| Node { place: place(&root), tree: root.value })
        .map_err(|error| {
            let place = error.location().map_or(Place { line: 1, column: 1 }, |at| Place {
                line: narrow(at.line()),
                column: narrow(at.column()),
            });
            let words = error.to_string();
            let message = words.lines().next().unwrap_or_default().to_owned();
            SyntaxError { place, message }
        })
}

impl Node {
    /// The text of a scalar as it would be written; empty for lists and mappings.
    pub(crate) fn excerpt(&self) -> String {
        match &self.tree {
            Tree::Null => "null".to_owned(),
            Tree::Bool(one) => one.to_string(),
            Tree::Int(one) => one.to_string(),
            Tree::Float(one) => one.to_string(),
            Tree::Text(one) => one.clone(),
            Tree::List(_) | Tree::Map(_) => String::new(),
        }
    }

    /// What the node is, for messages: Vietnamese and English.
    pub(crate) fn shape(&self) -> (&'static str, &'static str) {
        match self.tree {
            Tree::Null => ("trống", "empty"),
            Tree::Bool(_) => ("giá trị đúng/sai", "true or false"),
            Tree::Int(_) | Tree::Float(_) => ("số", "a number"),
            Tree::Text(_) => ("chữ", "a text"),
            Tree::List(_) => ("danh sách", "a list"),
            Tree::Map(_) => ("ánh xạ", "a mapping"),
        }
    }

    /// The node as JSON; places and the order of keys are lost.
    pub(crate) fn to_value(&self) -> Value {
        match &self.tree {
            Tree::Null => Value::Null,
            Tree::Bool(one) => Value::Bool(*one),
            Tree::Int(one) => Value::from(*one),
            Tree::Float(one) => Value::from(*one),
            Tree::Text(one) => Value::String(one.clone()),
            Tree::List(all) => Value::Array(all.iter().map(Self::to_value).collect()),
            Tree::Map(all) => Value::Object(
                all.iter()
                    .map(|(key, node)| (key.text.clone(), node.to_value()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }

    /// The node a JSON pointer leads to, as far as it leads.
    pub(crate) fn pointed(&self, pointer: &str) -> &Self {
        let mut here = self;
        for token in pointer.split('/').skip(1) {
            let token = token.replace("~1", "/").replace("~0", "~");
            let next = match &here.tree {
                Tree::List(all) => token.parse::<usize>().ok().and_then(|at| all.get(at)),
                _ => here.get(&token),
            };
            match next {
                Some(next) => here = next,
                None => break,
            }
        }
        here
    }

    /// The value under `key` of a mapping.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        match &self.tree {
            Tree::Map(all) => all.iter().find(|(one, _)| one.text == key).map(|(_, node)| node),
            _ => None,
        }
    }
}

fn place<T>(spanned: &Spanned<T>) -> Place {
    Place { line: narrow(spanned.referenced.line()), column: narrow(spanned.referenced.column()) }
}

fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn nfc(text: &str) -> String {
    text.nfc().collect()
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML node")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E: de::Error>(self, one: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(one))
    }

    fn visit_i64<E: de::Error>(self, one: i64) -> Result<Tree, E> {
        Ok(Tree::Int(one))
    }

    fn visit_u64<E: de::Error>(self, one: u64) -> Result<Tree, E> {
        i64::try_from(one).map(Tree::Int).map_err(|_| E::custom("the number is too large"))
    }

    fn visit_f64<E: de::Error>(self, one: f64) -> Result<Tree, E> {
        Ok(Tree::Float(one))
    }

    fn visit_str<E: de::Error>(self, one: &str) -> Result<Tree, E> {
        Ok(Tree::Text(nfc(one)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(one) = all.next_element::<Spanned<Tree>>()? {
            list.push(Node { place: place(&one), tree: one.value });
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut all: A) -> Result<Tree, A::Error> {
        let mut map = Vec::new();
        while let Some(key) = all.next_key::<Spanned<String>>()? {
            let one = all.next_value::<Spanned<Tree>>()?;
            let node = Node { place: place(&one), tree: one.value };
            map.push((Key { place: place(&key), text: nfc(&key.value) }, node));
        }
        Ok(Tree::Map(map))
    }
}
