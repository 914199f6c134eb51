//! Values of the small tree: what an expression holds while it runs, borrowing the document.
//!
//! Equality and order are CEL's: numbers of either type compare by value, all else only within
//! its type; comparing what has no order is a fault.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::json::{lower_double, lower_int, lower_text};
use super::plan::{Fault, Stop};

/// A value.
#[derive(Debug, Clone)]
pub(super) enum Plain<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(Cow<'a, str>),
    /// An array or object of the document.
    Json(&'a Value),
    /// A list the expression has made.
    List(Vec<Plain<'a>>),
}

impl<'a> Plain<'a> {
    /// `v` as it is in the document. Integers that only a uint holds are left to the crate.
    pub(super) fn of(v: &'a Value) -> Result<Self, Stop> {
        Ok(match v {
            Value::Null => Self::Null,
            Value::Bool(b) => Self::Bool(*b),
            Value::Number(number) => Self::of_number(number)?,
            Value::String(text) => Self::Text(Cow::Borrowed(text)),
            Value::Array(_) | Value::Object(_) => Self::Json(v),
        })
    }

    /// The same value, borrowing from this one.
    pub(super) fn lent(&'a self) -> Self {
        match self {
            Self::Text(text) => Self::Text(Cow::Borrowed(text)),
            other => other.clone(),
        }
    }

    fn of_number(number: &Number) -> Result<Self, Stop> {
        if let Some(int) = number.as_i64() {
            return Ok(Self::Int(int));
        }
        match number.as_f64() {
            Some(double) if number.is_f64() => Ok(Self::Double(double)),
            _ => Err(Stop::Bail),
        }
    }

    /// CEL's name of its type.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Double(_) => "double",
            Self::Text(_) => "string",
            Self::Json(Value::Object(_)) => "map",
            Self::Json(_) | Self::List(_) => "list",
        }
    }

    /// As a document holds it, or what it is that a document cannot hold.
    pub(super) fn into_json(self) -> Result<Value, &'static str> {
        let beyond = "a number beyond ±9007199254740991";
        match self {
            Self::Null => Ok(Value::Null),
            Self::Bool(b) => Ok(Value::Bool(b)),
            Self::Int(int) => lower_int(int).map_err(|_| beyond),
            Self::Double(x) => {
                lower_double(x).map_err(|_| if x.is_finite() { beyond } else { "no number" })
            }
            Self::Text(text) => lower_text(text.into_owned()).map_err(|_| "a text with NUL"),
            Self::Json(v) => Ok(v.clone()),
            Self::List(items) => items.into_iter().map(Self::into_json).collect(),
        }
    }

    /// Whether CEL's `==` holds.
    pub(super) fn equals(&self, other: &Self) -> Result<bool, Stop> {
        Ok(match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Int(_) | Self::Double(_), Self::Int(_) | Self::Double(_)) => {
                self.as_double() == other.as_double()
            }
            (Self::Json(Value::Object(a)), Self::Json(Value::Object(b))) => {
                if a.len() != b.len() {
                    return Ok(false);
                }
                for (key, member) in a {
                    let Some(other) = b.get(key) else { return Ok(false) };
                    if !Plain::of(member)?.equals(&Plain::of(other)?)? {
                        return Ok(false);
                    }
                }
                true
            }
            _ => match (self.items()?, other.items()?) {
                (Some(a), Some(b)) => {
                    if a.len() != b.len() {
                        return Ok(false);
                    }
                    for (a, b) in a.iter().zip(b.iter()) {
                        if !a.equals(b)? {
                            return Ok(false);
                        }
                    }
                    true
                }
                _ => false,
            },
        })
    }

    /// Its order against `other`, for `<` and the like.
    pub(super) fn compare(&self, other: &Self) -> Result<Ordering, Stop> {
        let order = match (self, other) {
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(b)),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Int(_) | Self::Double(_), Self::Int(_) | Self::Double(_)) => {
                self.as_double().partial_cmp(&other.as_double())
            }
            _ => None,
        };
        order.ok_or_else(|| self.misfit("comparing", other))
    }

    /// A number as CEL compares it across types.
    fn as_double(&self) -> Option<f64> {
        match self {
            #[expect(
                clippy::cast_precision_loss,
                reason = "CEL compares int and double as doubles"
            )]
            Self::Int(int) => Some(*int as f64),
            Self::Double(double) => Some(*double),
            _ => None,
        }
    }

    /// The elements, if it is a list.
    pub(super) fn items(&self) -> Result<Option<Cow<'_, [Plain<'a>]>>, Stop> {
        Ok(match self {
            Self::List(items) => Some(Cow::Borrowed(items.as_slice())),
            Self::Json(Value::Array(items)) => {
                Some(items.iter().map(Plain::of).collect::<Result<Vec<_>, _>>()?.into())
            }
            _ => None,
        })
    }

    /// The fault of an operator that does not take these two.
    pub(super) fn misfit(&self, operator: &'static str, other: &Self) -> Stop {
        Fault::Misfit(operator, self.type_name(), other.type_name()).into()
    }
}
