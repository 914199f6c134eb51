//! Expressions and data: what is read is there, what is written may be, conditions are conditions.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::definition::{EventPattern, Place};
use crate::expr::StaticType;
use crate::load::source::{Purpose, Scope, Site, Written};
use crate::path::overlaps;
use crate::problem::{ProblemKind, closest, hint};

use super::Check;
use super::shape::{Shape, look};

/// Checks every expression and every list of assignments.
pub(super) fn check(check: &mut Check<'_>) {
    let source = check.source;
    for site in &source.sites {
        condition(check, site);
        event(check, site);
        data(check, site);
    }
    for list in &source.assignments {
        assignments(check, list);
    }
    unused(check);
}

fn is_condition(purpose: Purpose) -> bool {
    !matches!(purpose, Purpose::List | Purpose::Value)
}

fn condition(check: &mut Check<'_>, site: &Site) {
    let reads = site.expr.reads();
    let text = site.expr.source();
    if site.purpose == Purpose::EventlessGuard && reads.now {
        check.report(
            ProblemKind::NowInAlways,
            site.place,
            text,
            "điều kiện của bước tự động không được đọc `now`: không có gì đánh thức hồ sơ",
            "the guard of an eventless transition may not read `now`: nothing would wake the case",
        );
    }
    if !is_condition(site.purpose) {
        return;
    }
    if site.expr.static_type() == StaticType::NotBool || !is_bool_path(check, site) {
        check.report(
            ProblemKind::NotBool,
            site.place,
            text,
            format!("điều kiện `{text}` không cho kết quả đúng/sai"),
            format!("the condition `{text}` is never true or false"),
        );
    } else if reads.states.is_empty()
        && !(reads.data || reads.event || reads.actor || reads.now || reads.subject)
        && !text.contains("it")
    {
        check.report(
            ProblemKind::ConstantGuard,
            site.place,
            text,
            format!("điều kiện `{text}` không phụ thuộc vào gì, kết quả luôn như nhau"),
            format!("the condition `{text}` depends on nothing: its answer is always the same"),
        );
    }
}

/// Whether a condition that is one plain path may be a bool by its schema.
fn is_bool_path(check: &Check<'_>, site: &Site) -> bool {
    let reads = site.expr.reads();
    let [read] = &reads.data_paths[..] else { return true };
    let plain = format!("data.{}", read.path.join("."));
    let Some(schema) = &check.chart.data_schema else { return true };
    if site.expr.source().trim() != plain {
        return true;
    }
    match look(schema.source(), &read.path, read.path.len()) {
        Shape::Known { types, .. } => types.is_empty() || types.iter().any(|one| one == "boolean"),
        Shape::Unknown { .. } => true,
    }
}

/// The payload an expression reads.
fn event(check: &mut Check<'_>, site: &Site) {
    let reads = site.expr.reads();
    if !reads.event {
        return;
    }
    let text = site.expr.source();
    let patterns = match &site.scope {
        Scope::Events(patterns) => patterns,
        Scope::AnyEvent => return,
        Scope::NoEvent => {
            check.report(
                ProblemKind::NoEvent,
                site.place,
                text,
                "ở đây không có sự kiện nào: chỉ đọc được `data`",
                "there is no event here: only `data` can be read",
            );
            return;
        }
    };
    let chart = check.chart;
    for (name, event) in &chart.events {
        if !patterns.iter().any(|one| EventPattern(one.as_str().into()).matches(name)) {
            continue;
        }
        for read in &reads.event_paths {
            let Some(schema) = &event.payload else {
                if !read.path.is_empty() {
                    no_field(check, site, name, &read.path, 0, &[]);
                }
                continue;
            };
            match look(schema.source(), &read.path, read.guarded_prefix) {
                Shape::Unknown { at, known } => {
                    no_field(check, site, name, &read.path, at, &known);
                }
                Shape::Known { optional_from, personal, .. } => {
                    let path = format!("event.{}", read.path.join("."));
                    told(check, site.place, text, &path, personal, optional_from, &read.path);
                }
            }
        }
    }
}

fn no_field(
    check: &mut Check<'_>,
    site: &Site,
    event: &str,
    path: &[String],
    at: usize,
    known: &[String],
) {
    let field = &path[at];
    let (vi, en) = hint(closest(field, known.iter().map(String::as_str)));
    check.report(
        ProblemKind::UnknownField,
        site.place,
        site.expr.source(),
        format!("nội dung của `{event}` không có `{field}`{vi}"),
        format!("the payload of `{event}` has no `{field}`{en}"),
    );
}

/// What a path that exists still may not be.
fn told(
    check: &mut Check<'_>,
    place: Place,
    text: &str,
    path: &str,
    personal: bool,
    optional_from: Option<usize>,
    keys: &[String],
) {
    if personal {
        check.report(
            ProblemKind::PersonalData,
            place,
            text,
            format!("`{path}` là dữ liệu cá nhân: quy trình không đọc, không ghi"),
            format!("`{path}` is personal data: a chart neither reads nor writes it"),
        );
    }
    if let Some(at) = optional_from {
        let root = path.split('.').next().unwrap_or("data");
        let optional = format!("{root}.{}", keys[..=at].join("."));
        check.report(
            ProblemKind::UnguardedRead,
            place,
            text,
            format!("`{optional}` có thể không có: hãy hỏi `has({optional})` trước"),
            format!("`{optional}` may be absent: ask `has({optional})` first"),
        );
    }
}

/// The data an expression reads.
fn data(check: &mut Check<'_>, site: &Site) {
    let Some(schema) = &check.chart.data_schema else { return };
    for read in &site.expr.reads().data_paths {
        match look(schema.source(), &read.path, read.guarded_prefix) {
            Shape::Unknown { at, known } => {
                no_data(check, site.place, site.expr.source(), &read.path, at, &known);
            }
            Shape::Known { optional_from, personal, .. } => {
                let path = format!("data.{}", read.path.join("."));
                let text = site.expr.source();
                told(check, site.place, text, &path, personal, optional_from, &read.path);
            }
        }
    }
}

fn no_data(
    check: &mut Check<'_>,
    place: Place,
    text: &str,
    path: &[String],
    at: usize,
    known: &[String],
) {
    let key = &path[at];
    let whole = path[..=at].join(".");
    let (vi, en) = hint(closest(key, known.iter().map(String::as_str)));
    check.report(
        ProblemKind::UnknownData,
        place,
        text,
        format!("dữ liệu không có `data.{whole}`{vi}"),
        format!("the data have no `data.{whole}`{en}"),
    );
}

fn assignments(check: &mut Check<'_>, list: &[Written]) {
    for (position, one) in list.iter().enumerate() {
        let text = one.path.source();
        if let Some(other) = list[..position].iter().find(|other| overlaps(&one.path, &other.path))
        {
            let other = other.path.source();
            check.report(
                ProblemKind::OverlappingPaths,
                one.place,
                text,
                format!("`{text}` trùng với `{other}` trong cùng một danh sách"),
                format!("`{text}` overlaps `{other}` in one list"),
            );
        }
        let Some(schema) = &check.chart.data_schema else { continue };
        let path = one.path.static_prefix();
        match look(schema.source(), &path, path.len()) {
            Shape::Unknown { at, known } => no_data(check, one.place, text, &path, at, &known),
            Shape::Known { personal, .. } => {
                let whole = format!("data.{}", path.join("."));
                told(check, one.place, text, &whole, personal, None, &path);
            }
        }
    }
}

/// Data that nothing reads or writes, and fields that are asked for and thrown away.
fn unused(check: &mut Check<'_>) {
    let chart = check.chart;
    let Some(schema) = &chart.data_schema else { return };
    let mut touched: BTreeSet<String> = BTreeSet::new();
    for site in &check.source.sites {
        for read in &site.expr.reads().data_paths {
            match read.path.first() {
                Some(first) => touched.extend([first.clone()]),
                None => return,
            }
        }
    }
    for one in check.source.assignments.iter().flatten() {
        touched.extend(one.path.static_prefix().into_iter().next());
    }
    let properties = schema.source().get("properties").and_then(Value::as_object);
    let place = check.source.data_place;
    for (name, property) in properties.into_iter().flatten() {
        let kept = ["x-personal", "x-given"].iter().any(|one| property.get(one).is_some());
        if !kept && !touched.contains(name) {
            check.report(
                ProblemKind::UnusedData,
                place,
                name,
                format!("dữ liệu `{name}` không được đọc cũng không được ghi"),
                format!("the data property `{name}` is neither read nor written"),
            );
        }
    }
}
