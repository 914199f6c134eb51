//! CEL values that borrow JSON: a field is looked up when an expression reads it.
//!
//! Numbers keep their type: an integer of the document is `int`, any other number is `double`.
//! Maps are walked in key order, whatever the order of the document (R25).
//!
//! **Invariant:** nothing of the document is copied but the scalars that are read.

use std::sync::OnceLock;

use cel::ExecutionError;
use cel::common::traits::{Adder, Container, Indexer, Iterable, Iterator as CelIterator, Sizer};
use cel::common::types::{
    CelBool, CelDouble, CelInt, CelList, CelNull, CelString, CelUInt, Kind, LIST_TYPE, MAP_TYPE,
    Type,
};
use cel::common::value::{CowVal, Val};
use serde_json::{Map, Value};

use crate::canonical;

/// `v` as CEL sees it.
pub(super) fn lift(v: &Value) -> Box<dyn Val + '_> {
    match v {
        Value::Null => Box::new(CelNull),
        Value::Bool(b) => Box::new(CelBool::from(*b)),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(int), _) => Box::new(CelInt::from(int)),
            (None, Some(uint)) => Box::new(CelUInt::from(uint)),
            (None, None) => {
                Box::new(CelDouble::from(number.as_f64().expect("a JSON number is finite")))
            }
        },
        Value::String(text) => Box::new(CelString::from(text.as_str())),
        Value::Array(items) => Box::new(JsonList { items, lifted: OnceLock::new() }),
        Value::Object(members) => Box::new(JsonMap { members, keys: OnceLock::new() }),
    }
}

/// `val` as a document holds it, or what it is that a document cannot hold (R1).
pub(super) fn lower(val: &dyn Val) -> Result<Value, String> {
    let found = || val.get_type().name().to_owned();
    match val.get_type().kind() {
        Kind::NullType => Ok(Value::Null),
        Kind::Boolean => {
            val.downcast_ref::<CelBool>().map(|b| (*b.inner()).into()).ok_or_else(found)
        }
        Kind::Int => lower_int(*val.downcast_ref::<CelInt>().ok_or_else(found)?.inner()),
        Kind::Double => lower_double(*val.downcast_ref::<CelDouble>().ok_or_else(found)?.inner()),
        Kind::String => {
            let text = val.downcast_ref::<CelString<'_>>().ok_or_else(found)?.inner();
            lower_text(text.to_owned())
        }
        Kind::List => {
            let mut items = val.as_iterable().ok_or_else(found)?.iter();
            let mut out = Vec::new();
            while let Some(item) = items.next() {
                out.push(lower(item)?);
            }
            Ok(Value::Array(out))
        }
        Kind::Map => {
            let indexer = val.as_indexer().ok_or_else(found)?;
            let mut keys = val.as_iterable().ok_or_else(found)?.iter();
            let mut out = Map::new();
            while let Some(key) = keys.next() {
                let text = key.downcast_ref::<CelString<'_>>();
                let text =
                    text.ok_or_else(|| format!("a map with {} keys", key.get_type().name()))?;
                let member = indexer.get(key).map_err(|_| found())?;
                let Value::String(text) = lower_text(text.inner().to_owned())? else {
                    return Err(found());
                };
                out.insert(text, lower(member.as_ref())?);
            }
            Ok(Value::Object(out))
        }
        _ => Err(found()),
    }
}

/// An integer as a document holds it.
pub(super) fn lower_int(int: i64) -> Result<Value, String> {
    if (-canonical::NUMBER_MAX..=canonical::NUMBER_MAX).contains(&int) {
        Ok(Value::from(int))
    } else {
        Err("a number beyond ±9007199254740991".to_owned())
    }
}

/// A double as a document holds it.
pub(super) fn lower_double(x: f64) -> Result<Value, String> {
    canonical::double(x).map(Value::Number).ok_or_else(|| {
        let what = if x.is_finite() { "a number beyond ±9007199254740991" } else { "no number" };
        what.to_owned()
    })
}

/// A text as a document holds it: in NFC, without NUL.
pub(super) fn lower_text(text: String) -> Result<Value, String> {
    match canonical::admit(Value::String(text)) {
        Ok(text) => Ok(text),
        Err(_) => Err("a text with NUL".to_owned()),
    }
}

/// An array of a document.
#[derive(Debug)]
struct JsonList<'a> {
    items: &'a [Value],
    /// Iteration lends references, so the elements are lifted together when it begins.
    lifted: OnceLock<Vec<Box<dyn Val + 'a>>>,
}

impl<'a> JsonList<'a> {
    fn lifted(&self) -> &[Box<dyn Val + 'a>] {
        self.lifted.get_or_init(|| self.items.iter().map(lift).collect())
    }
}

impl Val for JsonList<'_> {
    fn get_type(&self) -> &Type {
        &LIST_TYPE
    }

    fn cel_type() -> &'static Type {
        &LIST_TYPE
    }

    fn as_adder<'b, 'w>(&'b self) -> Option<&'b (dyn Adder + 'w)>
    where
        Self: 'w,
    {
        Some(self)
    }

    fn as_container(&self) -> Option<&dyn Container> {
        Some(self)
    }

    fn as_indexer<'b, 'w>(&'b self) -> Option<&'b (dyn Indexer + 'w)>
    where
        Self: 'w,
    {
        Some(self)
    }

    fn as_iterable<'b, 'w>(&'b self) -> Option<&'b (dyn Iterable + 'w)>
    where
        Self: 'w,
    {
        Some(self)
    }

    fn as_sizer(&self) -> Option<&dyn Sizer> {
        Some(self)
    }

    fn equals(&self, other: &dyn Val) -> bool {
        equal_lists(self, other)
    }

    fn clone_as_boxed<'w>(&self) -> Box<dyn Val + 'w>
    where
        Self: 'w,
    {
        Box::new(JsonList { items: self.items, lifted: OnceLock::new() })
    }
}

/// Whether two lists are equal, whichever types hold them.
fn equal_lists(list: &dyn Val, other: &dyn Val) -> bool {
    let (Kind::List, Some(a), Some(b)) =
        (other.get_type().kind(), list.as_iterable(), other.as_iterable())
    else {
        return false;
    };
    let (mut a, mut b) = (a.iter(), b.iter());
    loop {
        match (a.next(), b.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if a.equals(b) => {}
            _ => return false,
        }
    }
}

impl Adder for JsonList<'_> {
    fn add<'b, 'w>(&'b self, rhs: &(dyn Val + 'w)) -> Result<CowVal<'b, 'w>, ExecutionError>
    where
        Self: 'w,
    {
        let mut rest = rhs.as_iterable().ok_or_else(|| no_overload("_+_", self, rhs))?.iter();
        let mut out: Vec<Box<dyn Val + 'w>> =
            self.lifted().iter().map(|item| item.clone_as_boxed()).collect();
        while let Some(item) = rest.next() {
            out.push(item.clone_as_boxed());
        }
        Ok(CowVal::owned(CelList::from(out)))
    }
}

fn no_overload(function: &str, a: &dyn Val, b: &dyn Val) -> ExecutionError {
    let types = vec![a.get_type().name().to_owned(), b.get_type().name().to_owned()];
    ExecutionError::no_such_overload(function, types)
}

impl Container for JsonList<'_> {
    fn contains(&self, value: &dyn Val) -> Result<bool, ExecutionError> {
        Ok(self.items.iter().any(|item| lift(item).equals(value)))
    }
}

/// The position `index` names, if it is one: an int, a uint or a whole double.
fn position(index: &dyn Val) -> Option<i64> {
    if let Some(int) = index.downcast_ref::<CelInt>() {
        return Some(*int.inner());
    }
    if let Some(uint) = index.downcast_ref::<CelUInt>() {
        return i64::try_from(*uint.inner()).ok();
    }
    index.downcast_ref::<CelDouble>().and_then(|x| canonical::whole(*x.inner()))
}

impl Indexer for JsonList<'_> {
    fn get<'b, 'w>(&'b self, index: &dyn Val) -> Result<CowVal<'b, 'w>, ExecutionError>
    where
        Self: 'w,
    {
        let position = position(index).ok_or_else(|| no_overload("_[_]", self, index))?;
        let item = usize::try_from(position).ok().and_then(|at| self.items.get(at));
        let item = item.ok_or_else(|| ExecutionError::IndexOutOfBounds(position.into()))?;
        Ok(CowVal::Owned(lift(item)))
    }

    fn steal<'w>(self: Box<Self>, index: &dyn Val) -> Result<Box<dyn Val + 'w>, ExecutionError>
    where
        Self: 'w,
    {
        self.get(index).map(CowVal::into_owned)
    }
}

impl Iterable for JsonList<'_> {
    fn iter<'b, 'w>(&'b self) -> Box<dyn CelIterator<'b, 'w> + 'b>
    where
        Self: 'w,
    {
        Box::new(Items(self.lifted().iter()))
    }
}

impl Sizer for JsonList<'_> {
    fn size(&self) -> CelInt {
        CelInt::from(i64::try_from(self.items.len()).unwrap_or(i64::MAX))
    }
}

struct Items<'b, 'a>(std::slice::Iter<'b, Box<dyn Val + 'a>>);

impl<'b, 'a: 'w, 'w> CelIterator<'b, 'w> for Items<'b, 'a> {
    fn next(&mut self) -> Option<&'b (dyn Val + 'w)> {
        self.0.next().map(|item| &**item as &(dyn Val + 'w))
    }
}

/// An object of a document.
#[derive(Debug)]
struct JsonMap<'a> {
    members: &'a Map<String, Value>,
    keys: OnceLock<Vec<Box<dyn Val + 'a>>>,
}

impl<'a> JsonMap<'a> {
    fn keys(&self) -> &[Box<dyn Val + 'a>] {
        self.keys.get_or_init(|| {
            let mut keys: Vec<&'a String> = self.members.keys().collect();
            keys.sort_unstable();
            keys.into_iter().map(|key| Box::new(CelString::from(key.as_str())) as Box<_>).collect()
        })
    }
}

impl Val for JsonMap<'_> {
    fn get_type(&self) -> &Type {
        &MAP_TYPE
    }

    fn cel_type() -> &'static Type {
        &MAP_TYPE
    }

    fn as_container(&self) -> Option<&dyn Container> {
        Some(self)
    }

    fn as_indexer<'b, 'w>(&'b self) -> Option<&'b (dyn Indexer + 'w)>
    where
        Self: 'w,
    {
        Some(self)
    }

    fn as_iterable<'b, 'w>(&'b self) -> Option<&'b (dyn Iterable + 'w)>
    where
        Self: 'w,
    {
        Some(self)
    }

    fn as_sizer(&self) -> Option<&dyn Sizer> {
        Some(self)
    }

    fn equals(&self, other: &dyn Val) -> bool {
        let (Kind::Map, Some(indexer), Some(size)) =
            (other.get_type().kind(), other.as_indexer(), other.as_sizer())
        else {
            return false;
        };
        *size.size().inner() == *self.size().inner()
            && self.members.iter().all(|(key, member)| {
                let other = indexer.get(&CelString::from(key.as_str()));
                other.is_ok_and(|other| lift(member).equals(other.as_ref()))
            })
    }

    fn clone_as_boxed<'w>(&self) -> Box<dyn Val + 'w>
    where
        Self: 'w,
    {
        Box::new(JsonMap { members: self.members, keys: OnceLock::new() })
    }
}

/// Whether `key` may be asked of a map; in JSON every key is a text, so others are absent.
fn may_be_key(key: &dyn Val) -> bool {
    matches!(key.get_type().kind(), Kind::Int | Kind::UInt | Kind::Double | Kind::Boolean)
}

impl Container for JsonMap<'_> {
    fn contains(&self, key: &dyn Val) -> Result<bool, ExecutionError> {
        match key.downcast_ref::<CelString<'_>>() {
            Some(text) => Ok(self.members.contains_key(text.inner())),
            None if may_be_key(key) => Ok(false),
            None => Err(no_overload("@in", key, self)),
        }
    }
}

impl Indexer for JsonMap<'_> {
    fn get<'b, 'w>(&'b self, key: &dyn Val) -> Result<CowVal<'b, 'w>, ExecutionError>
    where
        Self: 'w,
    {
        let Some(text) = key.downcast_ref::<CelString<'_>>() else {
            return Err(if may_be_key(key) {
                ExecutionError::no_such_key("a key that is no text")
            } else {
                no_overload("_[_]", self, key)
            });
        };
        let member = self.members.get(text.inner());
        let member = member.ok_or_else(|| ExecutionError::no_such_key(text.inner()))?;
        Ok(CowVal::Owned(lift(member)))
    }

    fn steal<'w>(self: Box<Self>, key: &dyn Val) -> Result<Box<dyn Val + 'w>, ExecutionError>
    where
        Self: 'w,
    {
        self.get(key).map(CowVal::into_owned)
    }
}

impl Iterable for JsonMap<'_> {
    fn iter<'b, 'w>(&'b self) -> Box<dyn CelIterator<'b, 'w> + 'b>
    where
        Self: 'w,
    {
        Box::new(Items(self.keys().iter()))
    }
}

impl Sizer for JsonMap<'_> {
    fn size(&self) -> CelInt {
        CelInt::from(i64::try_from(self.members.len()).unwrap_or(i64::MAX))
    }
}
