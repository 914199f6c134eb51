//! A case's data: one document, whose members two snapshots share until one of them is written.
//!
//! A step changes a few members of some dozens. What it leaves alone is neither copied nor dropped:
//! the next snapshot holds the same members as the one before it.
//!
//! **Invariant:** `Data::from(v).to_value() == v`, whatever `v` is.

use std::fmt;
use std::ops::Index;
use std::sync::{Arc, OnceLock};

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::expr::EvalError;
use crate::names::{Named, prefix_of, search};
use crate::path::{self, Segment};

/// A case's data, usually an object. Cloning is cheap: the members are shared.
#[derive(Clone)]
pub struct Data(Arc<Inner>);

struct Inner {
    shape: Shape,
    /// The whole as one value, made when somebody asks for it.
    whole: OnceLock<Value>,
}

#[derive(Clone, PartialEq)]
enum Shape {
    /// An object: its members in the order of their keys.
    Members(Vec<Slot>),
    /// Anything else: data that no schema describes.
    Other(Value),
}

/// A member in its place.
#[derive(Clone, PartialEq)]
struct Slot {
    /// The beginning of its key, so that most comparisons need not follow the pointer.
    prefix: u64,
    member: Arc<Member>,
}

#[derive(Clone, PartialEq, Eq)]
struct Member {
    key: Arc<str>,
    value: Value,
}

impl Clone for Inner {
    fn clone(&self) -> Self {
        Self { shape: self.shape.clone(), whole: OnceLock::new() }
    }
}

impl Data {
    /// The member `key`; none where there is none, or where this is no object.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let Shape::Members(members) = &self.0.shape else { return None };
        search(members, key).ok().map(|at| &members[at].member.value)
    }

    /// Whether it is an object.
    pub fn is_object(&self) -> bool {
        matches!(self.0.shape, Shape::Members(_))
    }

    /// The members in the order of their keys; none where this is no object.
    pub fn members(&self) -> impl Iterator<Item = (&str, &Value)> + Clone {
        let members: &[Slot] = match &self.0.shape {
            Shape::Members(members) => members,
            Shape::Other(_) => &[],
        };
        members.iter().map(|slot| (&*slot.member.key, &slot.member.value))
    }

    /// What `pointer` (RFC 6901) leads to.
    pub fn pointer(&self, pointer: &str) -> Option<&Value> {
        self.whole().pointer(pointer)
    }

    /// Whether the members `keys` are as in `other`, of which this is a copy with only those written.
    pub(crate) fn is_as<'a>(
        &self,
        other: &Self,
        mut keys: impl Iterator<Item = &'a Arc<str>>,
    ) -> bool {
        keys.all(|key| self.get(key) == other.get(key))
    }

    /// The whole as one value, copied once and kept.
    pub fn whole(&self) -> &Value {
        match &self.0.shape {
            Shape::Members(_) => self.0.whole.get_or_init(|| self.to_value()),
            Shape::Other(value) => value,
        }
    }

    /// The whole, copied.
    pub fn to_value(&self) -> Value {
        match &self.0.shape {
            Shape::Members(_) => Value::Object(
                self.members().map(|(key, value)| (key.to_owned(), value.clone())).collect(),
            ),
            Shape::Other(value) => value.clone(),
        }
    }

    /// Shows each member of `keys` to `visit`, which may change it; none where there is none.
    pub(crate) fn visit<'a>(
        &mut self,
        keys: impl Iterator<Item = &'a Arc<str>>,
        mut visit: impl FnMut(&str, Option<&mut Value>),
    ) {
        let Some(members) = self.members_mut() else { return };
        for key in keys {
            let at = search(members, key).ok();
            visit(key, at.map(|at| &mut Arc::make_mut(&mut members[at].member).value));
        }
    }

    /// [`path::write`] in the whole, or [`path::remove`] where there is no value.
    pub(crate) fn write(
        &mut self,
        path: &[Segment],
        value: Option<Value>,
        may_create: impl Fn(&[Segment]) -> bool,
    ) -> Result<(), EvalError> {
        if let (Some(Segment::Key(key)), Some(members)) = (path.first(), self.members_mut()) {
            return match (value, path.len()) {
                (Some(value), 1) => {
                    put(members, key, value);
                    Ok(())
                }
                (None, 1) => {
                    search(members, key).map(|at| members.remove(at)).ok();
                    Ok(())
                }
                (value, _) => write_below(members, key, path, value, may_create),
            };
        }
        let mut whole = self.to_value();
        let written = match value {
            Some(value) => path::write(&mut whole, path, value, may_create),
            None => path::remove(&mut whole, path),
        };
        // What fails may leave empty objects on its way.
        *self = Self::from(whole);
        written
    }

    fn members_mut(&mut self) -> Option<&mut Vec<Slot>> {
        let inner = Arc::make_mut(&mut self.0);
        inner.whole = OnceLock::new();
        match &mut inner.shape {
            Shape::Members(members) => Some(members),
            Shape::Other(_) => None,
        }
    }
}

/// Writes inside the member `key`, which `path` begins with and leads on from.
fn write_below(
    members: &mut Vec<Slot>,
    key: &Arc<str>,
    path: &[Segment],
    value: Option<Value>,
    may_create: impl Fn(&[Segment]) -> bool,
) -> Result<(), EvalError> {
    if value.is_some() && search(members, key).is_err() && may_create(&path[..1]) {
        put(members, key, Value::Object(Map::new()));
    }
    let at = search(members, key).ok();
    let member = at.map(|at| &mut Arc::make_mut(&mut members[at].member).value);
    match (member, value) {
        (Some(member), Some(value)) => path::write_from(1, member, path, value, may_create),
        (Some(member), None) => path::remove_from(1, member, path),
        (None, Some(_)) => Err(path::nothing_there(&path[..1])),
        (None, None) => Ok(()),
    }
}

fn put(members: &mut Vec<Slot>, key: &Arc<str>, value: Value) {
    match search(members, key) {
        Ok(at) => {
            let member = &mut members[at].member;
            match Arc::get_mut(member) {
                Some(own) => own.value = value,
                None => *member = Arc::new(Member { key: Arc::clone(key), value }),
            }
        }
        Err(at) => members.insert(at, Slot::new(Arc::clone(key), value)),
    }
}

impl Named for Slot {
    fn prefix(&self) -> u64 {
        self.prefix
    }

    fn name(&self) -> &str {
        &self.member.key
    }
}

impl Slot {
    fn new(key: Arc<str>, value: Value) -> Self {
        Self { prefix: prefix_of(&key), member: Arc::new(Member { key, value }) }
    }
}

impl From<Value> for Data {
    fn from(value: Value) -> Self {
        let shape = match value {
            Value::Object(members) => {
                let slot = |(key, value): (String, Value)| Slot::new(key.into(), value);
                let mut members: Vec<Slot> = members.into_iter().map(slot).collect();
                members.sort_unstable_by(|a, b| a.member.key.cmp(&b.member.key));
                Shape::Members(members)
            }
            other => Shape::Other(other),
        };
        Self(Arc::new(Inner { shape, whole: OnceLock::new() }))
    }
}

impl Default for Data {
    fn default() -> Self {
        Self::from(Value::Object(Map::new()))
    }
}

impl PartialEq for Data {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.shape == other.0.shape
    }
}

impl Eq for Data {}

impl Index<&str> for Data {
    type Output = Value;

    /// The member `key`, or null.
    fn index(&self, key: &str) -> &Value {
        self.get(key).unwrap_or(&Value::Null)
    }
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0.shape {
            Shape::Members(_) => serializer.collect_map(self.members()),
            Shape::Other(value) => value.serialize(serializer),
        }
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.shape {
            Shape::Members(_) => f.debug_map().entries(self.members()).finish(),
            Shape::Other(value) => value.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// Short paths over few keys, so that they meet.
    fn paths() -> impl Strategy<Value = Vec<Segment>> {
        let segment = prop_oneof![
            3 => "[abc]|longkey[ab]{1,2}".prop_map(|key| Segment::Key(key.into())),
            1 => (0_usize..3).prop_map(Segment::Index),
        ];
        prop::collection::vec(segment, 0..4)
    }

    fn values() -> impl Strategy<Value = Value> {
        prop_oneof![
            (0_i64..9).prop_map(Value::from),
            Just(json!({})),
            Just(json!([])),
            Just(json!({ "a": { "b": [1] }, "c": 2, "longkeya": 1, "longkeyab": {} })),
            Just(json!([1, { "a": 3 }])),
        ]
    }

    proptest! {
        #[test]
        fn a_write_does_what_it_does_to_one_value(
            start in values(),
            writes in prop::collection::vec((paths(), prop::option::of(values()), any::<bool>()), 0..9),
        ) {
            let mut whole = start.clone();
            let mut data = Data::from(start);
            for (path, value, creates) in writes {
                let before = (data.clone(), whole.clone());
                let expected = match value.clone() {
                    Some(value) => path::write(&mut whole, &path, value, |_| creates),
                    None => path::remove(&mut whole, &path),
                };
                prop_assert_eq!(data.write(&path, value, |_| creates), expected);
                prop_assert_eq!(data.whole(), &whole);
                prop_assert_eq!(&data, &Data::from(whole.clone()));
                prop_assert_eq!(serde_json::to_value(&data).unwrap(), whole.clone());
                // Whoever kept the one before sees nothing of it.
                prop_assert_eq!(before.0.to_value(), before.1);
            }
        }
    }

    #[test]
    fn what_is_not_written_is_shared() {
        let before = Data::from(json!({ "kept": [1, 2], "written": 1 }));
        let mut after = before.clone();
        let path = [Segment::Key("written".into())];
        after.write(&path, Some(json!(2)), |_| false).expect("a member may be written");
        let at = |data: &Data, key| std::ptr::from_ref(data.get(key).expect("it is there"));
        assert_eq!(at(&before, "kept"), at(&after, "kept"));
        assert_ne!(at(&before, "written"), at(&after, "written"));
        assert_eq!((&before["written"], &after["written"]), (&json!(1), &json!(2)));
        assert_eq!(after["none"], Value::Null);
    }
}
