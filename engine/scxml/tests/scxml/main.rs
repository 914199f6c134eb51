//! The tests of this crate, in one binary.

mod conformance;
mod expressions;
mod invokes;
mod model;
mod oracle;
mod random;
mod roundtrip;
mod rules;
mod vocabulary;

use scxml::read::read;
use scxml::suite::World;

/// Starts the chart of `body`, the inside of an `<scxml>` element.
fn world(attributes: &str, body: &str) -> World {
    let source = document(attributes, body);
    let document = read(&source).unwrap_or_else(|error| panic!("{error}\n{source}"));
    World::start(document).unwrap_or_else(|error| panic!("{error}\n{source}"))
}

/// An SCXML document around `body`.
fn document(attributes: &str, body: &str) -> String {
    format!(
        "<scxml xmlns=\"http://www.w3.org/2005/07/scxml\" version=\"1.0\" \
         datamodel=\"ecmascript\" {attributes}>{body}</scxml>"
    )
}

/// Runs the chart of `body` to its end and asserts that it ends in `pass`.
#[track_caller]
fn passes(body: &str) {
    let mut world = world("", &format!("{body}<final id=\"pass\"/><final id=\"fail\"/>"));
    world.run_to_end().unwrap_or_else(|error| panic!("{error}\n{body}"));
    let data = &world.snapshot().data;
    assert_eq!(world.configuration(), ["pass"], "data {data:?}\n{body}");
}
