//! Names: whatever is mentioned exists, and whatever is declared is mentioned.

use std::collections::BTreeSet;

use crate::definition::{Action, Block, Chart, EventPattern, Kind, NameOrExpr};
use crate::event::name;
use crate::load::source::{Mention, MentionOf};
use crate::problem::{ProblemKind, closest, hint};

use super::Check;

/// Checks every mention, then what nobody mentioned.
pub(super) fn check(check: &mut Check<'_>) {
    let mentions = check.source.mentions.clone();
    for mention in &mentions {
        match &mention.role {
            MentionOf::Role => role(check, mention),
            MentionOf::Letter => letter(check, mention),
            MentionOf::Document => {}
            MentionOf::Chart { .. } => chart(check, mention),
            MentionOf::Pattern => pattern(check, mention),
            MentionOf::OwnEvent => own_event(check, mention, &mentions),
            MentionOf::ParentEvent => parent_event(check, mention),
            MentionOf::ChildEvent(child) => child_event(check, mention, child.as_deref()),
            MentionOf::CaseEvent => case_event(check, mention),
            MentionOf::SendId => sent(check, mention, &mentions),
            MentionOf::CancelId => cancelled(check, mention, &mentions),
        }
    }
    states(check);
    unused(check, &mentions);
}

fn role(check: &mut Check<'_>, mention: &Mention) {
    let roles = &check.chart.roles;
    if roles.contains_key(&mention.name) {
        return;
    }
    let (vi, en) = hint(closest(&mention.name, roles.keys().map(String::as_str)));
    let name = &mention.name;
    check.report(
        ProblemKind::UnknownRole,
        mention.place,
        name,
        format!("vai trò `{name}` chưa được khai báo{vi}"),
        format!("role `{name}` is not declared{en}"),
    );
}

fn letter(check: &mut Check<'_>, mention: &Mention) {
    let Some(letters) = &check.library.letters else { return };
    if letters.contains(&mention.name) {
        return;
    }
    let (vi, en) = hint(closest(&mention.name, letters.iter().map(String::as_str)));
    let name = &mention.name;
    check.report(
        ProblemKind::UnknownLetter,
        mention.place,
        name,
        format!("thư `{name}` chưa có nội dung{vi}"),
        format!("letter `{name}` has no texts{en}"),
    );
}

fn chart(check: &mut Check<'_>, mention: &Mention) {
    let charts = &check.library.charts;
    if charts.is_empty() || charts.contains_key(&mention.name) {
        return;
    }
    let (vi, en) = hint(closest(&mention.name, charts.keys().map(String::as_str)));
    let name = &mention.name;
    check.report(
        ProblemKind::UnknownChart,
        mention.place,
        name,
        format!("không có quy trình `{name}`{vi}"),
        format!("there is no chart `{name}`{en}"),
    );
}

/// The events the engine itself tells a case.
fn engine_events(chart: &Chart) -> Vec<String> {
    let mut all: Vec<String> = [
        name::OPENED,
        name::DUE,
        name::CALENDAR,
        "error.execution",
        "error.communication",
        "error.platform",
    ]
    .iter()
    .map(|&one| one.to_owned())
    .collect();
    for state in &chart.states {
        if matches!(state.kind, Kind::Compound { .. } | Kind::Parallel) {
            all.push(format!("done.state.{}", state.id));
        }
        for invoke in &state.invokes {
            all.push(format!("done.invoke.{}", invoke.id));
        }
    }
    all
}

fn pattern(check: &mut Check<'_>, mention: &Mention) {
    let pattern = EventPattern(mention.name.as_str().into());
    let mut known: BTreeSet<String> = engine_events(check.chart).into_iter().collect();
    known.extend(check.chart.events.keys().cloned());
    known.extend(
        check
            .source
            .mentions
            .iter()
            .filter(|one| one.role == MentionOf::OwnEvent)
            .map(|one| one.name.clone()),
    );
    if mention.name == "*" || known.iter().any(|one| pattern.matches(one)) {
        return;
    }
    unknown_event(check, mention, &known);
}

fn unknown_event(check: &mut Check<'_>, mention: &Mention, known: &BTreeSet<String>) {
    let (vi, en) = hint(closest(&mention.name, known.iter().map(String::as_str)));
    let name = &mention.name;
    check.report(
        ProblemKind::UnknownEvent,
        mention.place,
        name,
        format!("không có sự kiện `{name}`{vi}"),
        format!("there is no event `{name}`: nobody declares, raises or sends it{en}"),
    );
}

/// Whether some transition of `chart` takes `event`.
fn takes(chart: &Chart, event: &str) -> bool {
    chart.transitions.iter().any(|one| one.events.iter().any(|pattern| pattern.matches(event)))
}

fn own_event(check: &mut Check<'_>, mention: &Mention, mentions: &[Mention]) {
    if !takes(check.chart, &mention.name) {
        let patterns: BTreeSet<String> = mentions
            .iter()
            .filter(|one| one.role == MentionOf::Pattern)
            .map(|one| one.name.clone())
            .collect();
        unheard(check, mention, &patterns);
    }
}

fn unheard(check: &mut Check<'_>, mention: &Mention, known: &BTreeSet<String>) {
    let (vi, en) = hint(closest(&mention.name, known.iter().map(String::as_str)));
    let name = &mention.name;
    check.report(
        ProblemKind::UnheardEvent,
        mention.place,
        name,
        format!("sự kiện `{name}` được phát ra nhưng không nơi nào nhận{vi}"),
        format!("event `{name}` is sent, but nothing takes it{en}"),
    );
}

fn known_in<'a>(charts: impl Iterator<Item = &'a Chart>) -> BTreeSet<String> {
    charts.flat_map(|one| one.events.keys().cloned()).collect()
}

fn parent_event(check: &mut Check<'_>, mention: &Mention) {
    let library = check.library;
    let own = check.chart.name.clone();
    let parents: Vec<&Chart> =
        library.charts.values().filter(|one| opens(one).contains(&own)).collect();
    if !parents.is_empty() && !parents.iter().any(|one| takes(one, &mention.name)) {
        unheard(check, mention, &known_in(parents.into_iter()));
    }
}

fn child_event(check: &mut Check<'_>, mention: &Mention, child: Option<&str>) {
    let invoked = check
        .chart
        .states
        .iter()
        .flat_map(|state| &state.invokes)
        .find(|invoke| Some(invoke.id.as_str()) == child)
        .map(|invoke| &invoke.chart);
    let charts: Vec<String> = match invoked {
        Some(NameOrExpr::Name(name)) => vec![name.to_string()],
        Some(NameOrExpr::Expr(_)) => return,
        None => spawns(check.chart),
    };
    if charts.is_empty() {
        let child = child.unwrap_or_default();
        check.report(
            ProblemKind::UnknownChild,
            mention.place,
            &mention.name,
            format!("quy trình này không mở hồ sơ con nào tên `{child}`"),
            format!("this chart opens no child called `{child}`"),
        );
        return;
    }
    let library = check.library;
    let known: Vec<&Chart> = charts.iter().filter_map(|one| library.charts.get(one)).collect();
    if known.len() == charts.len() && !known.iter().any(|one| takes(one, &mention.name)) {
        unheard(check, mention, &known_in(known.into_iter()));
    }
}

fn case_event(check: &mut Check<'_>, mention: &Mention) {
    let library = check.library;
    if library.charts.is_empty() || library.charts.values().any(|one| takes(one, &mention.name)) {
        return;
    }
    unheard(check, mention, &known_in(library.charts.values()));
}

fn sent(check: &mut Check<'_>, mention: &Mention, mentions: &[Mention]) {
    let cancelled =
        mentions.iter().any(|one| one.role == MentionOf::CancelId && one.name == mention.name);
    if !cancelled {
        let name = &mention.name;
        check.report(
            ProblemKind::NeverCancelled,
            mention.place,
            name,
            format!("lần gửi `{name}` có tên nhưng không nơi nào hủy"),
            format!("the send `{name}` has an id, but nothing ever cancels it"),
        );
    }
}

fn cancelled(check: &mut Check<'_>, mention: &Mention, mentions: &[Mention]) {
    let ids: BTreeSet<&str> = mentions
        .iter()
        .filter(|one| one.role == MentionOf::SendId)
        .map(|one| one.name.as_str())
        .collect();
    if ids.contains(mention.name.as_str()) {
        return;
    }
    let (vi, en) = hint(closest(&mention.name, ids.into_iter()));
    let name = &mention.name;
    check.report(
        ProblemKind::UnknownSend,
        mention.place,
        name,
        format!("không có lần gửi nào tên `{name}` để hủy{vi}"),
        format!("nothing is ever sent under the id `{name}`{en}"),
    );
}

/// `In()` of states that do not exist.
fn states(check: &mut Check<'_>) {
    for site in check.source.sites.clone() {
        for state in &site.expr.reads().states {
            if check.chart.find(state).is_some() {
                continue;
            }
            let known = check.chart.by_id.keys().map(String::as_str);
            let (vi, en) = hint(closest(state, known));
            check.report(
                ProblemKind::UnknownState,
                site.place,
                site.expr.source(),
                format!("không có trạng thái `{state}`{vi}"),
                format!("there is no state `{state}`{en}"),
            );
        }
    }
}

/// Roles and events that are declared and stand nowhere else.
fn unused(check: &mut Check<'_>, mentions: &[Mention]) {
    let chart = check.chart;
    for (name, role) in &chart.roles {
        if mentions.iter().any(|one| one.role == MentionOf::Role && one.name == *name) {
            continue;
        }
        check.report(
            ProblemKind::UnusedRole,
            role.place,
            name,
            format!("vai trò `{name}` được khai báo nhưng không dùng đến"),
            format!("role `{name}` is declared and never used"),
        );
    }
    for (name, event) in &chart.events {
        if !takes(chart, name) {
            check.report(
                ProblemKind::UnusedEvent,
                event.place,
                name,
                format!("sự kiện `{name}` được khai báo nhưng không nơi nào nhận"),
                format!("event `{name}` is declared, but no transition takes it"),
            );
        }
    }
}

/// The charts that `chart` opens, spawned or invoked.
fn opens(chart: &Chart) -> Vec<String> {
    let mut all = spawns(chart);
    for invoke in chart.states.iter().flat_map(|state| &state.invokes) {
        if let NameOrExpr::Name(name) = &invoke.chart {
            all.push(name.to_string());
        }
    }
    all
}

fn spawns(chart: &Chart) -> Vec<String> {
    let mut all = Vec::new();
    let mut look = |block: &Block| spawned(block, &mut all);
    for state in &chart.states {
        state.on_entry.iter().for_each(&mut look);
        state.on_exit.iter().for_each(&mut look);
    }
    chart.transitions.iter().for_each(|one| look(&one.actions));
    all
}

fn spawned(block: &Block, into: &mut Vec<String>) {
    for action in block {
        match action {
            Action::Spawn(spawn) => into.push(spawn.chart.clone()),
            Action::If { branches, otherwise } => {
                for (_, block) in branches {
                    spawned(block, into);
                }
                spawned(otherwise, into);
            }
            Action::Foreach { body, .. } => spawned(body, into),
            _ => {}
        }
    }
}
