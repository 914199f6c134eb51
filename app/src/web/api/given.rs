//! What comes with a request beside its address: preconditions, keys, bodies; and bounds of parameters.

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, header};
use runtime::command::KEY_BYTES_MAX;
use serde_json::Value;

use super::codes::Code;
use super::problem::Problem;

/// The header of the key.
const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The longest page of a list.
pub(super) const LIMIT_MAX: u16 = 200;

/// What its sender saw of a case before writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expected {
    /// Whatever it is.
    Any,
    /// One of these decisions; none where the tags are of something else.
    OneOf(Vec<u64>),
}

impl Expected {
    /// The decision to insist on, where the case is at `now`.
    pub(super) fn decision(&self, now: i64) -> Option<u64> {
        match self {
            Self::Any => None,
            Self::OneOf(decisions) => {
                let now = u64::try_from(now).ok();
                let same = decisions.iter().copied().find(|one| Some(*one) == now);
                // No case ever comes to the last number: then the answer is that it has moved on.
                Some(same.or(decisions.first().copied()).unwrap_or(u64::MAX))
            }
        }
    }
}

/// What `If-Match` says; without it nothing is written. A tag is the decision of a case, then a dot and a hash
/// that does not count: a reminder makes nobody's decision stale.
pub(super) fn expected(headers: &HeaderMap) -> Result<Expected, Problem> {
    let mut given = headers.get_all(header::IF_MATCH).iter().peekable();
    if given.peek().is_none() {
        return Err(Problem::of(Code::MatchRequired));
    }
    let mut decisions = Vec::new();
    for text in given.filter_map(|value| value.to_str().ok()) {
        for tag in text.split(',').map(str::trim) {
            if tag == "*" {
                return Ok(Expected::Any);
            }
            let tag = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"');
            let decision = tag.split_once('.').map_or(tag, |(decision, _)| decision);
            decisions.extend(decision.parse::<u64>());
        }
    }
    Ok(Expected::OneOf(decisions))
}

/// The key of an act, with or without the quotation marks of a structured field; none where there is no such header.
pub(super) fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(KEY) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    if bare.is_empty() || bare.len() > KEY_BYTES_MAX {
        return Err(Problem::of(Code::KeyRequired));
    }
    Ok(Some(bare.to_owned()))
}

/// The JSON of a body; null where there is none.
pub(super) fn json(headers: &HeaderMap, body: &Bytes) -> Result<Value, Problem> {
    if body.is_empty() {
        return Ok(Value::Null);
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(Problem::of(Code::MediaType));
    }
    serde_json::from_slice(body).map_err(|error| {
        Problem::unusable(
            "body",
            &format!("không phải JSON hợp lệ ({error})"),
            &format!("it is not valid JSON ({error})"),
        )
    })
}

/// How many rows a page has: what was asked for, else `usual`.
pub(super) fn limit(asked: Option<u16>, usual: u16) -> Result<usize, Problem> {
    let limit = asked.unwrap_or(usual);
    if (1..=LIMIT_MAX).contains(&limit) {
        return Ok(usize::from(limit));
    }
    Err(Problem::unusable("limit", "phải từ 1 đến 200", "it must be from 1 to 200"))
}

/// What was given as `name`, if it is nothing but `is_allowed` and has from 1 to 100 characters; empty where
/// nothing was given.
pub(super) fn plain<'t>(
    name: &str,
    given: Option<&'t str>,
    is_allowed: fn(char) -> bool,
) -> Result<&'t str, Problem> {
    let Some(text) = given else { return Ok("") };
    if (1..=100).contains(&text.chars().count()) && text.chars().all(is_allowed) {
        return Ok(text);
    }
    Err(Problem::unusable(name, "giá trị không đúng dạng", "the value has another form"))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn with(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn a_precondition_is_the_decision_of_a_case() {
        let rows = [
            ("*", Expected::Any),
            ("\"7.0f3a\"", Expected::OneOf(vec![7])),
            ("W/\"7.0f3a\"", Expected::OneOf(vec![7])),
            ("7", Expected::OneOf(vec![7])),
            ("\"6.a\", \"7.b\"", Expected::OneOf(vec![6, 7])),
            ("\"x\"", Expected::OneOf(vec![])),
            ("", Expected::OneOf(vec![])),
        ];
        for (given, expected) in rows {
            assert_eq!(super::expected(&with(header::IF_MATCH, given)).ok(), Some(expected));
        }
        assert!(super::expected(&HeaderMap::new()).is_err());
        let several = Expected::OneOf(vec![6, 7]);
        assert_eq!([several.decision(7), several.decision(9)], [Some(7), Some(6)]);
        assert_eq!(Expected::OneOf(vec![]).decision(7), Some(u64::MAX));
        assert_eq!(Expected::Any.decision(7), None);
    }

    #[test]
    fn a_parameter_is_plain_or_not_given() {
        let digits = |given| plain("x", given, |c| c.is_ascii_digit()).ok();
        assert_eq!(digits(None), Some(""));
        assert_eq!(digits(Some("12")), Some("12"));
        assert_eq!(digits(Some("")), None);
        assert_eq!(digits(Some("a")), None);
        assert_eq!(digits(Some(&"1".repeat(101))), None);
    }

    #[test]
    fn a_key_may_stand_in_quotation_marks() {
        let found = |value| key(&with(KEY, value)).ok().flatten();
        assert_eq!(found("\"8e03978e\"").as_deref(), Some("8e03978e"));
        assert_eq!(found("8e03978e").as_deref(), Some("8e03978e"));
        assert_eq!(found("\"\""), None);
        assert!(key(&with(KEY, "")).is_err());
        assert_eq!(key(&HeaderMap::new()).ok(), Some(None));
    }
}
