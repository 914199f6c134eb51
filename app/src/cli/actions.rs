//! `cotmoc case actions`: what somebody may do with a case now, in the words of the chart.

use chart::allowed::{Allowed, Blocked, allowed};
use serde_json::{Value, json};

use super::desk::Desk;
use super::output::{Rows, say};
use super::send::ActorArgs;
use super::wording::{moment, not_sent};
use super::{Arguments, Failure, Format, Lang};

/// Prints what is allowed, and what is blocked with every reason.
pub(super) async fn run(case: &str, actor: &ActorArgs, common: &Arguments) -> Result<(), Failure> {
    let lang = common.lang;
    let desk = Desk::open(&common.store, lang).await?;
    let head = desk.case(case).await?;
    let now = desk.now();
    let actor = desk
        .assignments
        .resolve(&actor.actor(), &head.subject, &head.case_id, now)
        .map_err(|error| not_sent(&error, desk.calendar()))?;
    let snapshot = desk.snapshot(&head)?;
    let answer = allowed(desk.chart(&head)?, &snapshot, &actor, now, desk.calendar());
    if common.format == Format::Json {
        return say(&format!("{:#}", document(&answer, head.decision, &desk, lang)));
    }
    let empty = match lang {
        Lang::Vi => "Hồ sơ không chờ sự kiện nào của người dùng.",
        Lang::En => "The case waits for nobody's event.",
    };
    table(&answer, &desk, lang).print(common.format, empty)
}

fn table(answer: &Allowed, desk: &Desk, lang: Lang) -> Rows {
    let mut rows = Rows::new(&[
        ("possible", lang.pick("Được", "Possible")),
        ("event", lang.pick("Sự kiện", "Event")),
        ("title", lang.pick("Nội dung", "Title")),
        ("reason", lang.pick("Vì sao chưa được", "Why not")),
        ("unlocks", lang.pick("Ai gỡ được", "Put right by")),
        ("earliest", lang.pick("Sớm nhất", "Earliest")),
    ]);
    for action in &answer.allowed {
        rows.push(vec![
            json!(lang.pick("có", "yes")),
            json!(action.event),
            json!(action.title.get(lang.code())),
            Value::Null,
            Value::Null,
            Value::Null,
        ]);
    }
    for blocked in &answer.blocked {
        for reason in &blocked.reasons {
            let earliest = reason.earliest.map(|at| moment(at, lang.code(), desk.calendar()));
            rows.push(vec![
                json!(lang.pick("chưa", "no")),
                json!(blocked.event),
                json!(blocked.title.get(lang.code())),
                json!(reason.text.get(lang.code())),
                json!(unlocks(blocked, reason.unlocks.as_deref())),
                json!(earliest),
            ]);
        }
    }
    rows
}

/// Whoever can put a reason right: the role the chart names, or the roles that may send the event.
fn unlocks(blocked: &Blocked, role: Option<&str>) -> String {
    match role {
        _ if !blocked.roles.is_empty() => blocked.roles.join(", "),
        Some(role) => role.to_owned(),
        None => String::new(),
    }
}

fn document(answer: &Allowed, decision: i64, desk: &Desk, lang: Lang) -> Value {
    let allowed = answer.allowed.iter().map(|one| {
        json!({ "event": one.event, "title": one.title.get(lang.code()), "payload": one.payload })
    });
    let blocked = answer.blocked.iter().map(|one| {
        let reasons = one.reasons.iter().map(|reason| {
            json!({
                "reason": reason.text.get(lang.code()),
                "unlocks": unlocks(one, reason.unlocks.as_deref()),
                "earliest": reason.earliest.map(|at| moment(at, lang.code(), desk.calendar())),
                "earliest_at_ms": reason.earliest.map(chart::moment::Timestamp::as_ms),
            })
        });
        let reasons: Vec<Value> = reasons.collect();
        json!({ "event": one.event, "title": one.title.get(lang.code()), "reasons": reasons })
    });
    json!({
        "decision": decision,
        "allowed": allowed.collect::<Vec<Value>>(),
        "blocked": blocked.collect::<Vec<Value>>(),
    })
}
