//! Personal values stay out of the log (R9): a reference and a commitment take their place.
//!
//! What a schema marks `x-personal` is taken out of a command before it is stepped, hashed or kept
//! as a receipt. The value and the salt of its commitment become rows of the same commit, so that
//! neither is there without the other; erasing the rows leaves the log as it was.
//!
//! A command that is sent again finds its receipt by what does not change: its body is hashed with
//! the references only, which follow from case, key and field, while values that are still kept are
//! compared with those sent now.
//!
//! **Invariant:** no personal value is hashed without its salt.

use std::sync::Arc;

use chart::canonical;
use chart::definition::Chart;
use chart::event::{Event, name};
use chart::moment::Timestamp;
use chart::refusal::Refused;
use chart::schema::{Schema, Violation};
use serde_json::{Value, json};
use store::personal::PersonalRow;

use crate::clock::Salts;
use crate::command::{Admitted, body_sha};

/// A command without its personal values.
#[derive(Debug)]
pub(crate) struct Concealed {
    pub(crate) event: Arc<Event>,
    /// What the key stands for (R16).
    pub(crate) body_sha: String,
    /// The values, each under its reference.
    pub(crate) rows: Vec<PersonalRow>,
}

/// What the log holds in place of a personal value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Where in the payload, as a JSON pointer.
    pub pointer: String,
    /// What the side table calls the value.
    pub reference: String,
    /// The salted hash of the value.
    pub commitment: String,
}

/// The commitment to `value`, known as `reference`, under `salt`.
pub fn commitment(salt: &str, reference: &str, value: &Value) -> String {
    canonical::sha256_hex(&canonical::to_string(&json!([salt, reference, value])))
}

/// Every personal value that `payload` names.
pub fn kept_in(payload: &Value) -> Vec<Kept> {
    let mut found = Vec::new();
    walk(payload, &mut String::new(), &mut found);
    found
}

fn walk(value: &Value, pointer: &mut String, found: &mut Vec<Kept>) {
    let mut below = |token: &str, member: &Value| {
        let length = pointer.len();
        canonical::push_pointer(pointer, token);
        walk(member, pointer, found);
        pointer.truncate(length);
    };
    match value {
        Value::Object(members) => match (members.get("ref"), members.get("commitment")) {
            (Some(Value::String(reference)), Some(Value::String(commitment)))
                if members.len() == 2 =>
            {
                let (reference, commitment) = (reference.clone(), commitment.clone());
                found.push(Kept { pointer: pointer.clone(), reference, commitment });
            }
            _ => members.iter().for_each(|(key, member)| below(key, member)),
        },
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| below(&at.to_string(), item));
        }
        _ => {}
    }
}

/// The schema of what `event` carries, and where in its payload that stands.
fn carried<'c>(chart: &'c Chart, event: &Event) -> Option<(&'c Schema, &'static str)> {
    let found = if event.name.as_ref() == name::OPENED {
        (chart.data_schema.as_ref()?, "/data")
    } else {
        (chart.events.get(event.name.as_ref())?.payload.as_ref()?, "")
    };
    found.0.holds_personal().then_some(found)
}

/// Whether `command` may carry personal values to a case of `chart`.
pub(crate) fn concerns(chart: &Chart, command: &Admitted) -> bool {
    carried(chart, &command.event).is_some()
}

/// Takes the personal values out of `command`, to a case of `chart`.
pub(crate) fn conceal(
    chart: &Chart,
    command: &Admitted,
    salts: Salts,
    now: Timestamp,
) -> Concealed {
    let plain = || Concealed {
        event: Arc::clone(&command.event),
        body_sha: command.body_sha.clone(),
        rows: Vec::new(),
    };
    let Some((schema, place)) = carried(chart, &command.event) else { return plain() };
    let Some(sent) = command.event.payload.pointer(place) else { return plain() };
    let (mut payload, mut named) = (command.event.payload.clone(), command.event.payload.clone());
    let mut rows = Vec::new();
    for pointer in schema.personal_values(sent) {
        let reference = reference(command, &pointer);
        let salt = salts.salt(&reference);
        let at = format!("{place}{pointer}");
        let Some(value) = payload.pointer_mut(&at).map(Value::take) else { continue };
        let commitment = commitment(&salt, &reference, &value);
        put(&mut named, &at, json!({ "ref": reference }));
        put(&mut payload, &at, json!({ "ref": reference, "commitment": commitment }));
        rows.push(PersonalRow {
            reference,
            case_id: command.case_id.as_ref().to_owned(),
            person: (!command.actor.is_system()).then(|| command.actor.person.clone()),
            value: canonical::to_string(&value),
            salt,
            created_at_ms: now.as_ms(),
        });
    }
    let event = Event { payload, ..command.event.as_ref().clone() };
    let body_sha = body_sha(&event.name, &named, command.chart.as_deref(), &command.actor);
    Concealed { event: Arc::new(event), body_sha, rows }
}

fn put(document: &mut Value, pointer: &str, value: Value) {
    if let Some(place) = document.pointer_mut(pointer) {
        *place = value;
    }
}

/// What the field at `pointer` of this command is called: the same however often it is sent.
fn reference(command: &Admitted, pointer: &str) -> String {
    let parts = [json!(command.case_id.as_ref()), json!(command.key.as_ref()), json!(pointer)];
    canonical::uuid5("personal", &parts)
}

/// Whether the values sent now are those sent before, as far as they are still `kept`.
pub(crate) fn same_values(concealed: &Concealed, kept: &[PersonalRow]) -> bool {
    concealed
        .rows
        .iter()
        .all(|row| kept.iter().all(|one| one.reference != row.reference || one.value == row.value))
}

/// Refuses personal values that do not fit: behind the edge nobody can look at them any more.
pub(crate) fn demand_fit(chart: &Chart, command: &Admitted) -> Result<(), Refused> {
    let Some((schema, place)) = carried(chart, &command.event) else { return Ok(()) };
    let Some(sent) = command.event.payload.pointer(place) else { return Ok(()) };
    let Err(mut violations) = schema.validate(&schema.coerce_numbers(sent.clone())) else {
        return Ok(());
    };
    let values = schema.personal_values(sent);
    violations.retain(|one| values.iter().any(|at| is_within(&one.pointer, at)));
    if violations.is_empty() {
        return Ok(());
    }
    Err(refused(&command.event, violations))
}

fn is_within(pointer: &str, field: &str) -> bool {
    pointer.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn refused(event: &Event, violations: Vec<Violation>) -> Refused {
    let name = event.name.as_ref().to_owned();
    if name == name::OPENED {
        return Refused::Data { event: name, violations };
    }
    Refused::Payload { event: name, violations }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{commitment, kept_in};

    #[test]
    fn what_is_kept_is_found_wherever_it_stands() {
        let kept = |name: &str| json!({ "ref": name, "commitment": "c" });
        let payload = json!({ "a": [1, kept("x")], "b": { "c/d": kept("y"), "ref": "no" } });
        let found: Vec<_> = kept_in(&payload)
            .into_iter()
            .map(|one| (one.pointer, one.reference, one.commitment))
            .collect();
        let wanted = [("/a/1", "x"), ("/b/c~1d", "y")]
            .map(|(at, name)| (at.to_owned(), name.to_owned(), "c".to_owned()));
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_commitment_depends_on_salt_name_and_value() {
        let of = |salt, name, value: &str| commitment(salt, name, &json!(value));
        let first = of("s", "r", "v");
        assert_eq!(first, of("s", "r", "v"));
        for other in [of("t", "r", "v"), of("s", "q", "v"), of("s", "r", "w")] {
            assert_ne!(first, other);
        }
    }
}
