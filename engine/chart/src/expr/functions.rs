//! The functions expressions may call, and those this engine adds to CEL's own.
//!
//! **Invariant:** each is deterministic and its answer is bounded by its arguments: `replace`,
//! `format` and `lists.range` are left out, because a short source could fill the memory.

use std::cmp::Ordering;
use std::sync::{Arc, OnceLock};

use cel::common::types::{
    CelDouble, CelInt, CelList, CelMap, CelMapKey, CelString, DYN_TYPE, INT_TYPE, Kind, LIST_TYPE,
    MAP_TYPE, Type,
};
use cel::common::value::{CowVal, Val};
use cel::{Env, ExecutionError, extensions};
use chrono::{DateTime, Datelike as _};

/// How many elements a comprehension may go through.
pub const ITEMS_MAX: usize = 1_000;

/// The list or map a comprehension goes through, as a list in a fixed order.
pub(super) const ORDERED: &str = "@ordered";

/// A value of CEL's own types, whatever type held it.
pub(super) const PLAIN: &str = "@plain";

/// The variable behind `In`.
pub(super) const ACTIVE: &str = "@active";

/// Whether an expression may call `name`; `In` is rewritten, the operators are always there.
pub(super) fn is_known(name: &str) -> bool {
    const NAMES: &[&str] = &[
        // CEL
        "bool",
        "bytes",
        "contains",
        "double",
        "duration",
        "dyn",
        "endsWith",
        "getDate",
        "getDayOfMonth",
        "getDayOfWeek",
        "getDayOfYear",
        "getFullYear",
        "getHours",
        "getMilliseconds",
        "getMinutes",
        "getMonth",
        "getSeconds",
        "int",
        "matches",
        "size",
        "startsWith",
        "string",
        "timestamp",
        "type",
        "uint",
        // optional values
        "hasValue",
        "or",
        "orValue",
        "value",
        "optional.none",
        "optional.of",
        "optional.ofNonZeroValue",
        // texts and lists
        "charAt",
        "indexOf",
        "join",
        "lastIndexOf",
        "lowerAscii",
        "split",
        "substring",
        "trim",
        "upperAscii",
        "distinct",
        "flatten",
        "reverse",
        "slice",
        "sort",
        "@sortByAssociatedKeys",
        // numbers
        "math.@max",
        "math.@min",
        "math.abs",
        "math.ceil",
        "math.floor",
        "math.round",
        "math.sign",
        "math.trunc",
        // ours
        "In",
        "count",
        "date",
        "keys",
        "max",
        "min",
        "sum",
        "values",
    ];
    NAMES.contains(&name)
}

/// Whether `name` is a type of CEL, as in `type(x) == string`.
pub(super) fn is_type(name: &str) -> bool {
    const NAMES: &[&str] =
        &["bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint"];
    NAMES.contains(&name)
}

/// Whether `name` only prefixes functions, as `math` in `math.abs`.
pub(super) fn is_namespace(name: &str) -> bool {
    matches!(name, "math" | "optional" | "lists" | "strings")
}

/// The one environment of all expressions; building it costs more than evaluating any.
pub(super) fn env() -> &'static Arc<Env> {
    static ENV: OnceLock<Arc<Env>> = OnceLock::new();
    ENV.get_or_init(|| {
        let mut env = Env::stdlib();
        let extensions = [extensions::strings, extensions::math, extensions::lists];
        for extension in extensions {
            env.add_extension(extension).expect("the extensions share no names");
        }
        let mut add = |name: &str, id: &str, args: Vec<Type>, op| {
            env.add_overload(name, id, args, op).expect("our functions share no names with CEL's");
        };
        add("sum", "sum_list", vec![LIST_TYPE], sum);
        add("min", "min_list", vec![LIST_TYPE], min);
        add("max", "max_list", vec![LIST_TYPE], max);
        add("count", "count_list", vec![LIST_TYPE], count);
        add("keys", "keys_map", vec![MAP_TYPE], keys);
        add("values", "values_map", vec![MAP_TYPE], values);
        add("date", "date_int", vec![INT_TYPE], date);
        add(ORDERED, "ordered_dyn", vec![DYN_TYPE], ordered);
        add(PLAIN, "plain_dyn", vec![DYN_TYPE], plain);
        Arc::new(env)
    })
}

type Answer<'b, 'v> = Result<CowVal<'b, 'v>, ExecutionError>;

fn first<'b, 'v>(args: Vec<CowVal<'b, 'v>>, function: &str) -> Answer<'b, 'v> {
    let mut args = args.into_iter();
    args.next().ok_or_else(|| ExecutionError::function_error(function, "an argument is missing"))
}

/// The elements of a list, or the keys of a map, as they come.
fn elements<'v>(
    list: &(dyn Val + 'v),
    function: &str,
) -> Result<Vec<Box<dyn Val + 'v>>, ExecutionError> {
    let iterable = list.as_iterable();
    let iterable =
        iterable.ok_or_else(|| ExecutionError::function_error(function, "not a list or map"))?;
    let mut items = iterable.iter();
    let mut out = Vec::new();
    while let Some(item) = items.next() {
        out.push(item.clone_as_boxed());
    }
    Ok(out)
}

/// The sum of a list of numbers: an int if all are, else a double; 0 for the empty list.
fn sum<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let list = first(args, "sum")?;
    let (mut whole, mut parts, mut is_whole) = (0_i64, 0.0_f64, true);
    for item in elements(list.as_ref(), "sum")? {
        if let Some(int) = item.downcast_ref::<CelInt>() {
            let int = *int.inner();
            let sum = whole.checked_add(int);
            whole =
                sum.ok_or_else(|| ExecutionError::function_error("sum", "the sum overflows"))?;
            #[expect(clippy::cast_precision_loss, reason = "integers of documents are exact")]
            let exact = int as f64;
            parts += exact;
        } else if let Some(double) = item.downcast_ref::<CelDouble>() {
            is_whole = false;
            parts += *double.inner();
        } else {
            return Err(ExecutionError::function_error("sum", "not a list of numbers"));
        }
    }
    Ok(if is_whole {
        CowVal::owned(CelInt::from(whole))
    } else {
        CowVal::owned(CelDouble::from(parts))
    })
}

fn min<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    extreme(args, "min", Ordering::Less)
}

fn max<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    extreme(args, "max", Ordering::Greater)
}

/// The first element that no other beats.
fn extreme<'b, 'v>(args: Vec<CowVal<'b, 'v>>, function: &str, wins: Ordering) -> Answer<'b, 'v> {
    let list = first(args, function)?;
    let mut items = elements(list.as_ref(), function)?.into_iter();
    let mut best = items
        .next()
        .ok_or_else(|| ExecutionError::function_error(function, "the list is empty"))?;
    for item in items {
        let comparer = item
            .as_comparer()
            .ok_or_else(|| ExecutionError::function_error(function, "elements have no order"))?;
        if comparer.compare(best.as_ref())? == wins {
            best = item;
        }
    }
    Ok(CowVal::Owned(best))
}

/// How many elements a list has.
fn count<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let list = first(args, "count")?;
    let sizer = list.as_sizer();
    let sizer = sizer.ok_or_else(|| ExecutionError::function_error("count", "not a list"))?;
    Ok(CowVal::owned(sizer.size()))
}

/// The keys of a map, sorted.
fn sorted_keys<'v>(
    map: &(dyn Val + 'v),
    function: &str,
) -> Result<Vec<CelMapKey<'v>>, ExecutionError> {
    let mut keys = Vec::new();
    for key in elements(map, function)? {
        keys.push(CelMapKey::try_from(key)?);
    }
    keys.sort();
    Ok(keys)
}

fn boxed_key<'v>(key: CelMapKey<'v>) -> Box<dyn Val + 'v> {
    match key {
        CelMapKey::Bool(key) => Box::new(key),
        CelMapKey::Int(key) => Box::new(key),
        CelMapKey::String(key) => Box::new(key),
        CelMapKey::UInt(key) => Box::new(key),
    }
}

/// The keys of a map as a sorted list (R25).
fn keys<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let map = first(args, "keys")?;
    let keys: Vec<_> = sorted_keys(map.as_ref(), "keys")?.into_iter().map(boxed_key).collect();
    Ok(CowVal::owned(CelList::from(keys)))
}

/// The values of a map in the order of its keys (R25).
fn values<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let map = first(args, "values")?;
    let indexer = map.as_indexer();
    let indexer = indexer.ok_or_else(|| ExecutionError::function_error("values", "not a map"))?;
    let mut out = Vec::new();
    for key in sorted_keys(map.as_ref(), "values")? {
        out.push(indexer.get(key.inner())?.into_owned());
    }
    Ok(CowVal::owned(CelList::from(out)))
}

/// The date in Vietnam (UTC+7, no summer time) at a moment in milliseconds, as `YYYY-MM-DD`.
fn date<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    const HANOI_MS: i64 = 7 * 60 * 60 * 1_000;
    let moment = first(args, "date")?;
    let moment = moment.downcast_ref::<CelInt>().map(|ms| *ms.inner());
    let local = moment
        .and_then(|ms| ms.checked_add(HANOI_MS))
        .and_then(DateTime::from_timestamp_millis)
        .filter(|local| (0..=9999).contains(&local.year()))
        .ok_or_else(|| ExecutionError::function_error("date", "no date of the years 0 to 9999"))?;
    Ok(CowVal::owned(CelString::from(local.format("%Y-%m-%d").to_string())))
}

/// What a comprehension goes through: at most [`ITEMS_MAX`] elements, a map's keys sorted.
fn ordered<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let range = first(args, "comprehension")?;
    if let Some(sizer) = range.as_sizer() {
        let size = usize::try_from(*sizer.size().inner()).unwrap_or(usize::MAX);
        if size > ITEMS_MAX {
            let message = "it goes through more than 1000 elements";
            return Err(ExecutionError::function_error("comprehension", message));
        }
    }
    if range.get_type().kind() == Kind::Map { keys(vec![range]) } else { Ok(range) }
}

/// Lists and maps as CEL's own, all the way down: those compare only with each other.
fn plain<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let value = first(args, "==")?;
    match value.get_type().kind() {
        Kind::List | Kind::Map => plain_val(value.as_ref()).map(CowVal::Owned),
        _ => Ok(value),
    }
}

fn plain_val<'v>(value: &(dyn Val + 'v)) -> Result<Box<dyn Val + 'v>, ExecutionError> {
    match value.get_type().kind() {
        Kind::List => {
            let items = elements(value, "==")?;
            let items: Result<Vec<_>, _> =
                items.iter().map(|item| plain_val(item.as_ref())).collect();
            Ok(Box::new(CelList::from(items?)))
        }
        Kind::Map => {
            let indexer = value.as_indexer();
            let indexer =
                indexer.ok_or_else(|| ExecutionError::function_error("==", "not a map"))?;
            #[expect(clippy::disallowed_types, reason = "the crate's maps are of this type")]
            let mut members = std::collections::HashMap::new();
            for key in sorted_keys(value, "==")? {
                let member = plain_val(indexer.get(key.inner())?.as_ref())?;
                members.insert(key, member);
            }
            Ok(Box::new(CelMap::from(members)))
        }
        _ => Ok(value.clone_as_boxed()),
    }
}
