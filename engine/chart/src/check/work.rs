//! Work and time: who owes, until when, and whether anybody can.

use std::collections::BTreeSet;

use crate::calendar::Span;
use crate::definition::{Action, Block, Chart, DueDef, Kind, SendTarget, StateIx, Transition};
use crate::event::name;
use crate::problem::ProblemKind;

use super::Check;

/// Checks states, roles and events for the people behind them.
pub(super) fn check(check: &mut Check<'_>) {
    let chart = check.chart;
    let lines: Vec<StateIx> = (0..).take(chart.states.len()).collect();
    for &state in &lines {
        waiting(check, state);
        term(check, state);
        tasks(check, state);
        stop(check, state);
        no_task(check, state);
    }
    roles(check);
    events(check);
}

/// A state with all its ancestors, nearest first.
pub(super) fn line(chart: &Chart, state: StateIx) -> impl Iterator<Item = StateIx> + '_ {
    std::iter::once(state).chain(chart.ancestors(state))
}

/// A state with all its descendants.
pub(super) fn family(chart: &Chart, state: StateIx) -> impl Iterator<Item = StateIx> + '_ {
    state..chart.state(state).end
}

/// Whether a case can rest in the state: it is atomic and nothing eventless must leave it.
pub(super) fn is_waiting(chart: &Chart, state: StateIx) -> bool {
    chart.state(state).kind == Kind::Atomic
        && !line(chart, state).flat_map(|one| &chart.state(one).transitions).any(|&one| {
            let transition = chart.transition(one);
            transition.events.is_empty() && transition.guard.is_none()
        })
}

fn waiting(check: &mut Check<'_>, state: StateIx) {
    let chart = check.chart;
    if !is_waiting(chart, state) {
        return;
    }
    let held = line(chart, state).any(|one| {
        let one = chart.state(one);
        let timed = one.on_entry.iter().any(sends_later);
        !one.tasks.is_empty() || one.term.is_some() || !one.invokes.is_empty() || timed
    });
    let timed = chart
        .transitions
        .iter()
        .any(|one| one.targets.contains(&state) && sends_later(&one.actions));
    if !held && !timed {
        let id = &chart.state(state).id;
        check.report(
            ProblemKind::NobodyOwes,
            chart.state(state).place,
            id,
            format!("`{id}` chờ mà không có việc, thời hạn hay hồ sơ con nào"),
            format!("`{id}` waits, but has no task, term or invoke, nor has a state around it"),
        );
    }
}

fn sends_later(block: &Block) -> bool {
    block.iter().any(|action| match action {
        Action::Send(send) => matches!(send.to, SendTarget::Own),
        Action::If { branches, otherwise } => {
            branches.iter().any(|(_, block)| sends_later(block)) || sends_later(otherwise)
        }
        _ => false,
    })
}

/// Whether something in or around `state` takes its `term.due`, and whether that leads on.
fn takers(chart: &Chart, state: StateIx) -> (bool, bool) {
    let on_due = |one: &&Transition| one.events.iter().any(|one| one.matches(name::DUE));
    let mut found = (false, false);
    for one in line(chart, state).chain(family(chart, state)) {
        let transitions = chart.state(one).transitions.iter().map(|&one| chart.transition(one));
        for transition in transitions.filter(on_due) {
            found = (true, found.1 || !transition.targets.is_empty());
        }
    }
    found
}

fn term(check: &mut Check<'_>, state: StateIx) {
    let chart = check.chart;
    let Some(term) = &chart.state(state).term else { return };
    let id = &chart.state(state).id;
    let (taken, leads_on) = takers(chart, state);
    let owed = line(chart, state)
        .chain(family(chart, state))
        .any(|one| !chart.state(one).tasks.is_empty() || !chart.state(one).invokes.is_empty());
    if term.rungs.is_empty() && !taken {
        check.report(
            ProblemKind::SilentTerm,
            term.place,
            id,
            format!("thời hạn của `{id}` đến mà không nhắc ai và không dẫn tới đâu"),
            format!("the term of `{id}` tells nobody and nothing takes its `term.due`"),
        );
    }
    let quiet = taken && term.rungs.is_empty();
    if !(owed || leads_on || quiet) {
        check.report(
            ProblemKind::NobodyOwes,
            term.place,
            id,
            format!("`{id}` có thời hạn nhưng không ai có việc phải làm"),
            format!("`{id}` has a term, but nobody owes anything: it has no task"),
        );
    }
}

fn tasks(check: &mut Check<'_>, state: StateIx) {
    let chart = check.chart;
    let here = chart.state(state);
    let Some(task) = here.tasks.first() else { return };
    let timed = line(chart, state)
        .filter(|&one| one != 0)
        .chain(family(chart, state))
        .any(|one| chart.state(one).term.is_some());
    let none = line(chart, state)
        .chain(family(chart, state))
        .any(|one| check.source.no_term.contains(chart.state(one).id.as_ref()));
    if !timed && !none {
        check.report(
            ProblemKind::NoTerm,
            task.place,
            &here.id,
            format!("`{}` giao việc mà không nêu hạn; không có hạn thì ghi `term: none`", here.id),
            format!(
                "`{}` asks for an act and says no date; write `term: none` if there is none",
                here.id
            ),
        );
    }
    for task in &here.tasks {
        if !moves(chart, state, &task.role, task.each.is_some()) {
            check.report(
                ProblemKind::StuckTask,
                task.place,
                &task.role,
                format!("việc của `{}` ở `{}` không có bước nào để làm xong", task.role, here.id),
                format!("no event of `{}` brings the task of `{}` to an end", task.role, here.id),
            );
        }
    }
}

/// Whether an event that `role` may send leaves the state, or changes data that something waits
/// for. A role without any event here acts elsewhere: on another case, or on paper.
fn moves(chart: &Chart, state: StateIx, role: &str, each: bool) -> bool {
    let awaited = awaited(chart, state);
    let of = |states: &mut dyn Iterator<Item = StateIx>| -> Vec<&Transition> {
        states
            .flat_map(|one| &chart.state(one).transitions)
            .map(|&one| chart.transition(one))
            .filter(|one| sent_by(chart, one, role))
            .collect()
    };
    let mut events = of(&mut family(chart, state));
    if events.is_empty() {
        events = of(&mut chart.ancestors(state));
    }
    each || events.is_empty()
        || events.into_iter().any(|one| {
            let mut written = BTreeSet::new();
            writes(&one.actions, &mut written);
            !one.targets.is_empty() || written.iter().any(|key| awaited.contains(key))
        })
}

fn sent_by(chart: &Chart, transition: &Transition, role: &str) -> bool {
    let person = transition.events.iter().any(|pattern| {
        chart.events.iter().any(|(name, event)| !event.machine && pattern.matches(name))
    });
    person && (transition.by.is_empty() || transition.by.iter().any(|one| one == role))
}

/// The first keys of the data that conditions in or around the state wait for.
fn awaited(chart: &Chart, state: StateIx) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for one in line(chart, state).chain(family(chart, state)) {
        for &one in &chart.state(one).transitions {
            let transition = chart.transition(one);
            let guards =
                transition.guard.iter().chain(transition.require.iter().map(|one| &one.that));
            for guard in guards {
                all.extend(
                    guard.reads().data_paths.iter().filter_map(|one| one.path.first().cloned()),
                );
            }
        }
        for each in chart.state(one).tasks.iter().filter_map(|task| task.each.as_ref()) {
            all.extend(each.reads().data_paths.iter().filter_map(|one| one.path.first().cloned()));
        }
    }
    all
}

/// The first keys of the data that a block writes.
pub(super) fn writes(block: &Block, into: &mut BTreeSet<String>) {
    for action in block {
        match action {
            Action::Set(list) => {
                for one in list {
                    into.extend(one.path.static_prefix().into_iter().next());
                }
            }
            Action::If { branches, otherwise } => {
                for (_, block) in branches {
                    writes(block, into);
                }
                writes(otherwise, into);
            }
            Action::Foreach { body, .. } => writes(body, into),
            _ => {}
        }
    }
}

fn stop(check: &mut Check<'_>, state: StateIx) {
    let chart = check.chart;
    let here = chart.state(state);
    if !here.clock_stopped {
        return;
    }
    let term = chart.ancestors(state).find_map(|one| chart.state(one).term.as_ref());
    let (vi, en) = match term.map(|term| &term.due) {
        None => ("không nằm trong thời hạn nào", "lies under no term"),
        Some(DueDef::Rule(rule)) if matches!(rule.span, Span::Months(_) | Span::DayOfMonth(_)) => (
            "nằm trong thời hạn tính theo tháng hoặc ngày cố định, không dừng được",
            "lies under a term counted in months or by the day of the month, which cannot stop",
        ),
        Some(_) => return,
    };
    check.report(
        ProblemKind::BadStop,
        here.place,
        &here.id,
        format!("`{}` dừng đồng hồ nhưng {vi}", here.id),
        format!("`{}` stops the clock, but {en}", here.id),
    );
}

fn is_held(check: &Check<'_>, role: &str) -> bool {
    let Some(def) = check.chart.roles.get(role) else { return true };
    match (&def.holders, &check.library.roles) {
        (Some(holders), _) => {
            let reads = holders.reads();
            reads.data || reads.subject
        }
        (None, Some(known)) => known.contains(role),
        (None, None) => true,
    }
}

fn roles(check: &mut Check<'_>) {
    let chart = check.chart;
    for (name, role) in &chart.roles {
        if is_held(check, name) {
            continue;
        }
        check.report(
            ProblemKind::NobodyHolds,
            role.place,
            name,
            format!(
                "không ai giữ được vai trò `{name}`: không có phân công, cũng không có `holders`"
            ),
            format!("nobody can hold the role `{name}`: it is never assigned and has no holders"),
        );
    }
}

fn events(check: &mut Check<'_>) {
    let chart = check.chart;
    for (event, def) in &chart.events {
        let takers: Vec<&Transition> = chart
            .transitions
            .iter()
            .filter(|one| one.events.iter().any(|pattern| pattern.matches(event)))
            .collect();
        let asks = takers.iter().any(|one| !one.by.is_empty());
        let (vi, en) = if def.machine && asks && takers.iter().all(|one| !one.by.is_empty()) {
            (
                "chỉ máy gửi, nên `by` không có nghĩa",
                "is sent by machines only, yet `by` names roles",
            )
        } else if !def.machine && !takers.is_empty() && chart.roles.is_empty() {
            ("dành cho người, nhưng không có vai trò nào", "is for people, but no role is declared")
        } else {
            continue;
        };
        check.report(
            ProblemKind::NobodySends,
            def.place,
            event,
            format!("không ai gửi được `{event}`: {vi}"),
            format!("nobody may send `{event}`: it {en}"),
        );
    }
}

/// A task or term of a state that an eventless transition always leaves is never seen.
pub(super) fn never_waits(check: &mut Check<'_>, state: StateIx) {
    let chart = check.chart;
    let here = chart.state(state);
    let left = here
        .transitions
        .iter()
        .map(|&one| chart.transition(one))
        .find(|one| one.events.is_empty() && one.guard.is_none() && !one.targets.is_empty());
    let Some(left) = left else { return };
    if !here.tasks.is_empty() || here.term.is_some() || !here.invokes.is_empty() {
        check.report(
            ProblemKind::NeverWaits,
            left.place,
            &here.id,
            format!("`{}` có việc hoặc thời hạn nhưng luôn bị rời ngay", here.id),
            format!("`{}` has a task or term, but is always left at once", here.id),
        );
    }
}

/// A term about which people are told, and a state under it in which none of them owes anything.
fn no_task(check: &mut Check<'_>, state: StateIx) {
    let chart = check.chart;
    let here = chart.state(state);
    if !is_waiting(chart, state) || here.clock_stopped {
        return;
    }
    let timed = line(chart, state).find(|&one| chart.state(one).term.is_some());
    let Some(timed) = timed.filter(|&one| !takers(chart, one).1) else { return };
    let told = chart.state(timed).term.as_ref().is_some_and(|term| !term.rungs.is_empty());
    let owed = line(chart, state).any(|one| {
        let beside = chart.state(one).kind == Kind::Parallel
            && family(chart, one).any(|one| !chart.state(one).tasks.is_empty());
        let above = one < timed && chart.state(timed).kind == Kind::Atomic;
        let here = chart.state(one);
        !above && (beside || !here.tasks.is_empty() || !here.invokes.is_empty())
    });
    let nobody = line(chart, state)
        .chain(family(chart, timed))
        .all(|one| chart.state(one).tasks.is_empty() && chart.state(one).invokes.is_empty());
    if told && !owed && !nobody {
        let id = &here.id;
        check.report(
            ProblemKind::NoTask,
            here.place,
            id,
            format!("ở `{id}` thời hạn vẫn chạy nhưng không ai có việc phải làm"),
            format!("in `{id}` a term runs on, and nobody owes anything"),
        );
    }
}

/// `term: none` says of an act that it has no date; where nobody owes an act it says nothing, and
/// the act was left out.
pub(super) fn no_act(check: &mut Check<'_>, state: StateIx) {
    let chart = check.chart;
    let here = chart.state(state);
    let owes = |one| !chart.state(one).tasks.is_empty() || !chart.state(one).invokes.is_empty();
    if !check.source.no_term.contains(here.id.as_ref()) || family(chart, state).any(owes) {
        return;
    }
    let id = &here.id;
    check.report(
        ProblemKind::NoAct,
        here.place,
        id,
        format!("`{id}` ghi `term: none` nhưng không giao việc cho ai"),
        format!("`{id}` says `term: none`, and nobody owes an act in it"),
    );
}
