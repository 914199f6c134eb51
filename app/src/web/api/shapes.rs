//! Parts that several answers are made of.
//!
//! Moments are RFC 3339 with the offset of Viet Nam, dates `YYYY-MM-DD`; an id goes with the words people know it by.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use chart::calendar::Calendar;
use chart::canonical::sha256_hex;
use chart::definition::Text;
use chart::moment::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::cli::Lang;
use crate::letters::wording::{days_left, due_date, due_text};

/// A role.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "role": "ministry_focal", "title": "Đơn vị đầu mối của Bộ" }))]
pub(super) struct Role {
    /// Its name in the charts.
    role: String,
    /// What it is called.
    title: String,
}

impl Role {
    pub(super) fn of(role: &str, title: &Text, lang: Lang) -> Self {
        Self { role: role.to_owned(), title: title.get(lang.code()).to_owned() }
    }
}

/// Something with an id and a name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "id": "dn-a1", "name": "Công ty cổ phần Sen Việt" }))]
pub(super) struct Named {
    /// Its id.
    pub(super) id: String,
    /// Its name.
    pub(super) name: String,
}

/// A deadline.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "date": "2022-11-25", "at": "2022-11-26T00:00:00+07:00", "words": "thứ Sáu 25/11/2022",
    "left": "còn 5 ngày làm việc", "overdue": false,
}))]
pub(super) struct Due {
    /// The last day on which it is kept.
    #[schema(format = Date)]
    date: String,
    /// The moment from which on it is late.
    #[schema(format = DateTime)]
    at: String,
    /// Weekday and date in words.
    words: String,
    /// The working days left, or overdue, in words; empty where the calendar lacks the year.
    left: String,
    /// Whether it is past.
    overdue: bool,
}

impl Due {
    /// The deadline at `due_ms` as it is seen at `now`.
    pub(super) fn of(due_ms: i64, now: Timestamp, calendar: &Calendar, lang: Lang) -> Self {
        let due = Timestamp(due_ms);
        Self {
            date: due_date(due, calendar).to_string(),
            at: moment(due_ms),
            words: due_text(due, calendar, lang.code()),
            left: days_left(due, calendar.local_date(now), calendar, lang.code()),
            overdue: due <= now,
        }
    }
}

/// A moment as it is written.
pub(super) fn moment(at_ms: i64) -> String {
    runtime::clock::local(Timestamp(at_ms)).to_rfc3339()
}

/// An answer of 200 with `value` as JSON and its `ETag`: the decision of the case it is about, if any, and a hash.
pub(super) fn answer(value: &impl Serialize, decision: Option<i64>) -> Response {
    let text = serde_json::to_string(value).unwrap_or_default();
    let hash = &sha256_hex(&text)[..16];
    let tag = match decision {
        Some(decision) => format!("\"{decision}.{hash}\""),
        None => format!("\"{hash}\""),
    };
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// [`answer`] to one page of a list; `next` is the address of the one after it, if there is one.
pub(super) fn paged(value: &impl Serialize, next: Option<&str>) -> Response {
    let mut response = answer(value, None);
    let link = next.map(|next| format!("<{next}>; rel=\"next\""));
    if let Some(Ok(link)) = link.map(|link| HeaderValue::from_str(&link)) {
        response.headers_mut().insert(header::LINK, link);
    }
    response
}

/// An address with those `pairs` in it that have a value.
pub(super) fn address(path: &str, pairs: &[(&str, Option<&str>)]) -> String {
    let given = pairs.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
    let query = serde_urlencoded::to_string(given.collect::<Vec<_>>()).unwrap_or_default();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}
