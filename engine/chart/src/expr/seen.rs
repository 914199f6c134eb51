//! A root of an expression that is made a value only when one reads it.

use std::fmt;
use std::sync::OnceLock;

use serde_json::Value;

use crate::event::Actor;

/// What stands behind a name such as `actor`.
#[derive(Clone, Copy)]
pub enum Seen<'a> {
    /// A value that is there.
    Value(&'a Value),
    /// The actor of a step, and where its value is kept once it was made.
    Actor(&'a Actor, &'a OnceLock<Value>),
    /// A text, and where its value is kept once it was made.
    Text(&'a str, &'a OnceLock<Value>),
}

impl<'a> Seen<'a> {
    /// The value.
    pub fn value(self) -> &'a Value {
        match self {
            Self::Value(value) => value,
            Self::Actor(actor, made) => made.get_or_init(|| actor.to_value()),
            Self::Text(text, made) => made.get_or_init(|| Value::from(text)),
        }
    }

    /// The roles of an actor, if they can be had without making a value.
    pub(super) fn roles(self) -> Option<&'a [String]> {
        match self {
            Self::Actor(actor, _) => Some(&actor.roles),
            Self::Value(_) | Self::Text(..) => None,
        }
    }
}

impl<'a> From<&'a Value> for Seen<'a> {
    fn from(value: &'a Value) -> Self {
        Self::Value(value)
    }
}

impl fmt::Debug for Seen<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value().fmt(f)
    }
}
