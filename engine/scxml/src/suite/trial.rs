//! One test, from its two files to a verdict.

use std::collections::{BTreeMap, BTreeSet};

use super::script::{Kind, Row, Script, script};
use super::session::World;
use crate::read::{Document, read};

/// Runs the test of `row`; the error says what was expected and what came instead.
pub(super) fn run(
    row: &Row,
    files: &BTreeMap<String, String>,
    change: impl Fn(Document) -> Result<Document, String>,
) -> Result<(), String> {
    let file = |path: &String| files.get(path).ok_or_else(|| format!("`{path}` is missing"));
    let document = read(file(&row.scxml)?).map_err(|error| error.to_string())?;
    let document = change(document)?;
    let script = script(file(&row.script)?, row.script_key.as_deref())?;
    let mut world = World::start(document).map_err(|error| error.to_string())?;
    match row.script_kind {
        Kind::Verdict => verdict(&mut world),
        Kind::Stepwise => stepwise(&mut world, &script),
    }
}

fn verdict(world: &mut World) -> Result<(), String> {
    world.run_to_end().map_err(|error| error.to_string())?;
    compare(&["pass".to_owned()], world, "at the end")
}

fn stepwise(world: &mut World, script: &Script) -> Result<(), String> {
    compare(&script.initial_configuration, world, "at the start")?;
    for (at, sent) in script.events.iter().enumerate() {
        let name = &sent.event.name;
        world.wait(sent.after).map_err(|error| error.to_string())?;
        world.send(name, sent.event.data.clone()).map_err(|error| error.to_string())?;
        compare(&sent.next_configuration, world, &format!("after event {} `{name}`", at + 1))?;
    }
    Ok(())
}

fn compare(expected: &[String], world: &World, moment: &str) -> Result<(), String> {
    let expected: BTreeSet<&str> = expected.iter().map(String::as_str).collect();
    let got = world.configuration();
    let got: BTreeSet<&str> = got.iter().map(String::as_str).collect();
    if expected == got {
        return Ok(());
    }
    let list = |set: BTreeSet<&str>| set.into_iter().collect::<Vec<_>>().join(", ");
    Err(format!("expected [{}] got [{}] {moment}", list(expected), list(got)))
}
