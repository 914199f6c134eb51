//! Rules of SCXML that no outside suite catches, or that hang on one or two of its tests
//! (statecharts paper, section 8). Each test fails when its rule is broken.

use serde_json::json;

use crate::{passes, world};

/// `<assign>` of a letter to the end of `log`.
fn log(letter: &str) -> String {
    format!("<assign location='log' expr=\"log + '{letter}'\"/>")
}

fn logs(on_entry: &str, on_exit: &str) -> String {
    let (entry, exit) = (log(on_entry), log(on_exit));
    format!("<onentry>{entry}</onentry><onexit>{exit}</onexit>")
}

const LOG: &str = "<datamodel><data id='log' expr=\"''\"/></datamodel>";

#[test]
fn a_parallel_is_done_only_when_every_region_is() {
    let region = |name: &str| {
        format!(
            "<state id='{name}'><state id='{name}1'><transition event='{name}' target='{name}2'/>\
             </state><final id='{name}2'/></state>"
        )
    };
    let body = format!(
        "<parallel id='p'>{}{}{}<transition event='done.state.p' target='over'/></parallel>\
         <state id='over'/>",
        region("x"),
        region("y"),
        region("z")
    );
    let mut world = world("", &body);
    world.send("x", json!(null)).unwrap();
    assert_eq!(world.configuration(), ["x2", "y1", "z1"]);
    world.send("z", json!(null)).unwrap();
    assert_eq!(world.configuration(), ["x2", "y1", "z2"]);
    world.send("y", json!(null)).unwrap();
    assert_eq!(world.configuration(), ["over"]);
}

#[test]
fn a_nested_parallel_is_done_when_its_regions_are_parallels_that_are_done() {
    let body = "<parallel id='p'><parallel id='q'>\
        <state id='x'><final id='x1'/></state><state id='y'><final id='y1'/></state></parallel>\
        <state id='z'><state id='z0'><transition event='go' target='z1'/></state>\
        <final id='z1'/></state>\
        <transition event='done.state.p' target='over'/></parallel><state id='over'/>";
    let mut world = world("", body);
    assert_eq!(world.configuration(), ["x1", "y1", "z0"]);
    world.send("go", json!(null)).unwrap();
    assert_eq!(world.configuration(), ["over"]);
}

#[test]
fn done_is_raised_after_the_entry_blocks_of_the_final_state() {
    passes(
        "<state id='s' initial='f'><final id='f'><onentry><raise event='early'/></onentry></final>\
         <transition event='early' target='t'/><transition event='done.state.s' target='fail'/>\
         </state><state id='t'><transition event='done.state.s' target='pass'/>\
         <transition event='*' target='fail'/></state>",
    );
}

#[test]
fn nothing_moves_after_a_top_level_final_state() {
    let body = format!(
        "{LOG}<state id='s'><transition event='go' target='end'/></state>\
         <final id='end'><onentry>{}<raise event='more'/></onentry><onexit>{}</onexit></final>\
         <state id='other'/>",
        log("e"),
        log("x")
    );
    let mut world = world("", &body);
    world.send("go", json!(null)).unwrap();
    assert_eq!(world.configuration(), ["end"]);
    assert_eq!(world.snapshot().data["log"], "ex");
    world.send("more", json!(null)).unwrap();
    world.send("go", json!(null)).unwrap();
    assert_eq!(world.configuration(), ["end"]);
    assert_eq!(world.snapshot().data["log"], "ex");
}

#[test]
fn microsteps_stop_at_a_top_level_final_state_even_in_a_parallel() {
    // The eventless transition out of the other region would be enabled in the next microstep.
    let body = "<parallel id='p'><state id='a'><transition event='go' target='end'/></state>\
        <state id='b'><transition event='go'><raise event='later'/></transition>\
        <transition event='later' target='b'/></state></parallel><final id='end'/>";
    let mut world = world("", body);
    world.send("go", json!(null)).unwrap();
    assert_eq!(world.configuration(), ["end"]);
    assert!(world.snapshot().done);
}

#[test]
fn a_microstep_leaves_all_then_acts_all_then_enters_all() {
    let region = |name: &str| {
        format!(
            "<state id='{name}'><state id='{name}1'>{}<transition event='go' target='{name}2'>{}\
             </transition></state><state id='{name}2'>{}</state></state>",
            logs("", &format!("-{name} ")),
            log(&format!("!{name} ")),
            logs(&format!("+{name} "), "")
        )
    };
    let body = format!("{LOG}<parallel id='p'>{}{}</parallel>", region("a"), region("b"));
    let mut world = world("", &body);
    world.send("go", json!(null)).unwrap();
    assert_eq!(world.snapshot().data["log"], "-b -a !a !b +a +b ");
}

#[test]
fn foreach_walks_over_a_copy() {
    let body = "<datamodel><data id='list' expr='[1,2,3]'/><data id='sum' expr='0'/></datamodel>\
        <state id='s'><onentry><foreach array='list' item='one'>\
        <assign location='list' expr='[].concat(list, [9])'/>\
        <assign location='sum' expr='sum + one'/></foreach></onentry></state>";
    let world = world("", body);
    assert_eq!(world.snapshot().data["sum"], 6);
    assert_eq!(world.snapshot().data["list"], json!([1, 2, 3, 9, 9, 9]));
}

#[test]
fn exits_are_children_first_and_entries_parents_first() {
    let body = format!(
        "{LOG}<state id='a'>{}<state id='b'>{}<state id='c'>{}\
         <transition event='go' target='f'>{}</transition></state></state></state>\
         <state id='d'>{}<state id='e'>{}<state id='f'>{}</state></state></state>",
        logs("", "a"),
        logs("", "b"),
        logs("", "c"),
        log("|"),
        logs("d", ""),
        logs("e", ""),
        logs("f", "")
    );
    let mut world = world("", &body);
    world.send("go", json!(null)).unwrap();
    assert_eq!(world.snapshot().data["log"], "cba|def");
}

#[test]
fn initial_and_default_history_content_run_after_the_parents_entry() {
    let body = format!(
        "{LOG}<state id='out'><transition event='go' target='h'/></state>\
         <state id='s'><onentry>{}</onentry>\
         <initial><transition target='a'>{}</transition></initial>\
         <history id='h'><transition target='b'>{}</transition></history>\
         <state id='a'><onentry>{}</onentry></state><state id='b'><onentry>{}</onentry></state>\
         <transition event='again' target='s'/></state>",
        log("s"),
        log("i"),
        log("h"),
        log("a"),
        log("b")
    );
    let mut world = world("", &body);
    world.send("go", json!(null)).unwrap();
    assert_eq!(world.snapshot().data["log"], "shb");
    world.send("again", json!(null)).unwrap();
    assert_eq!(world.snapshot().data["log"], "shbsia");
}

#[test]
fn an_internal_transition_of_a_compound_state_keeps_it_and_others_do_not() {
    let count = "<onexit><assign location='n' expr='n + 1'/></onexit>";
    let data = "<datamodel><data id='n' expr='0'/></datamodel>";
    let rows = [
        ("<state id='s'>", "</state>", "internal", "b", 0),
        ("<state id='s'>", "</state>", "external", "b", 1),
        ("<state id='s'>", "</state>", "internal", "s", 1),
        ("<parallel id='s'>", "</parallel>", "internal", "b", 1),
    ];
    for (open, close, kind, target, exits) in rows {
        let body = format!(
            "{data}{open}{count}<transition event='go' type='{kind}' target='{target}'/>\
             <state id='a'/><state id='b'/>{close}"
        );
        let mut world = world("", &body);
        world.send("go", json!(null)).unwrap();
        assert_eq!(world.snapshot().data["n"], exits, "{open} {kind} {target}");
    }
}

#[test]
fn a_targetless_transition_neither_leaves_nor_enters() {
    let body = format!(
        "{LOG}<state id='s'>{}<state id='t'>{}</state>\
         <transition event='go'>{}</transition></state>",
        logs("s", "S"),
        logs("t", "T"),
        log("!")
    );
    let mut world = world("", &body);
    world.send("go", json!(null)).unwrap();
    assert_eq!(world.snapshot().data["log"], "st!");
}

#[test]
fn event_names_match_by_whole_tokens() {
    let rows = [
        ("a", "a", true),
        ("a", "a.b", true),
        ("a", "ab", false),
        ("a.b", "a", false),
        ("a.*", "a.b.c", true),
        ("a.*", "a", true),
        ("a.", "a.b", true),
        ("*", "anything.at.all", true),
        ("x y", "y", true),
        ("x y", "z", false),
        ("a.b", "a.bc", false),
    ];
    for (pattern, event, expected) in rows {
        let body = format!(
            "<state id='s'><transition event='{pattern}' target='t'/></state><state id='t'/>"
        );
        let mut world = world("", &body);
        world.send(event, json!(null)).unwrap();
        assert_eq!(world.configuration() == ["t"], expected, "`{pattern}` and `{event}`");
    }
}

#[test]
fn an_error_ends_its_own_block_only() {
    let body = format!(
        "{LOG}<state id='s'><onentry>{}<assign location='nowhere' expr='1'/>{}</onentry>\
         <onentry>{}</onentry><transition event='error.execution'>{}</transition></state>",
        log("a"),
        log("never"),
        log("b"),
        log("!")
    );
    assert_eq!(world("", &body).snapshot().data["log"], "ab!");
}

#[test]
fn an_error_in_one_exit_block_does_not_stop_the_leaving() {
    let body = format!(
        "{LOG}<state id='s'><onexit><raise event='x'/><assign location='nowhere' expr='1'/>{}\
         </onexit><onexit>{}</onexit><transition event='go' target='t'/></state><state id='t'>\
         <transition event='x'>{}</transition>\
         <transition event='error.execution'>{}</transition></state>",
        log("never"),
        log("b"),
        log("x"),
        log("e")
    );
    let mut world = world("", &body);
    world.send("go", json!(null)).unwrap();
    assert_eq!(world.snapshot().data["log"], "bxe");
}

#[test]
fn errors_are_internal_events_in_their_turn() {
    passes(
        "<state id='s'><onentry><send event='outside'/><raise event='first'/>\
         <assign location='nowhere' expr='1'/></onentry>\
         <transition event='first' target='t'/><transition event='*' target='fail'/></state>\
         <state id='t'><transition event='error.execution' target='u'/>\
         <transition event='*' target='fail'/></state>\
         <state id='u'><transition event='outside' target='pass'/></state>",
    );
}

#[test]
fn a_guard_that_fails_is_false_and_an_error() {
    passes(
        "<state id='s'><onentry><raise event='go'/></onentry>\
         <transition event='go' cond='nowhere' target='fail'/>\
         <transition event='go' target='t'/></state>\
         <state id='t'><transition event='error.execution' target='pass'/></state>",
    );
}

#[test]
fn a_condition_of_if_that_fails_is_false_and_an_error() {
    passes(
        "<datamodel><data id='log' expr=\"''\"/></datamodel><state id='s'>\
         <onentry><if cond='nowhere'><raise event='wrong'/><elseif cond='true'/>\
         <raise event='right'/></if></onentry>\
         <transition event='error.execution' target='t'/><transition event='*' target='fail'/>\
         </state><state id='t'><transition event='right' target='pass'/>\
         <transition event='*' target='fail'/></state>",
    );
}

#[test]
fn the_event_stays_bound_over_eventless_steps_and_in_sees_the_moment() {
    passes(
        "<datamodel><data id='seen'/></datamodel><state id='s'>\
         <onentry><raise event='go'/></onentry><transition event='go' target='t'/></state>\
         <state id='t'><transition cond=\"_event.name == 'go'\" target='u'/>\
         <transition target='fail'/></state>\
         <state id='u'><onentry><if cond=\"In('u') &amp;&amp; !In('t')\"><raise event='yes'/></if>\
         </onentry><transition event='yes' target='pass'/></state>",
    );
}

#[test]
fn delays_are_honoured_in_due_order_and_cancelled() {
    passes(
        "<state id='s'><onentry><send event='third' delay='2s'/>\
         <send event='never' id='n' delay='1.5s'/><send event='second' delayexpr=\"'1s'\"/>\
         <send event='first' delay='10ms'/><cancel sendid='n'/></onentry>\
         <transition event='first' target='a'/><transition event='*' target='fail'/></state>\
         <state id='a'><transition event='second' target='b'/>\
         <transition event='*' target='fail'/></state>\
         <state id='b'><transition event='third' target='pass'/>\
         <transition event='*' target='fail'/></state>",
    );
}

#[test]
fn leaving_a_state_does_not_cancel_its_delayed_sends() {
    passes(
        "<state id='s'><onentry><send event='late' delay='1s'/><raise event='go'/></onentry>\
         <transition event='go' target='t'/></state>\
         <state id='t'><transition event='late' target='pass'/></state>",
    );
}

#[test]
fn deep_history_remembers_leaves_and_shallow_only_children() {
    for (kind, expected) in [("deep", "b2"), ("shallow", "b1")] {
        let body = format!(
            "<state id='s'><history id='h' type='{kind}'><transition target='a'/></history>\
             <state id='a'><transition event='next' target='b2'/></state>\
             <state id='b'><state id='b1'/><state id='b2'/></state>\
             <transition event='out' target='t'/></state>\
             <state id='t'><transition event='back' target='h'/></state>"
        );
        let mut world = world("", &body);
        for event in ["next", "out", "back"] {
            world.send(event, json!(null)).unwrap();
        }
        assert_eq!(world.configuration(), [expected], "{kind}");
    }
}

#[test]
fn history_of_a_parallel_brings_every_region_back() {
    let region = |name: &str| {
        format!(
            "<state id='{name}'><state id='{name}1'><transition event='{name}' target='{name}2'/>\
             </state><state id='{name}2'/></state>"
        )
    };
    let body = format!(
        "<parallel id='p'><history id='h' type='deep'><transition target='p'/></history>{}{}\
         <transition event='out' target='t'/></parallel>\
         <state id='t'><transition event='back' target='h'/></state>",
        region("x"),
        region("y")
    );
    // A default that names its own parent is refused, so this one names a region.
    let body = body.replace("<transition target='p'/>", "<transition target='x1'/>");
    let mut world = world("", &body);
    for event in ["y", "out", "back"] {
        world.send(event, json!(null)).unwrap();
    }
    assert_eq!(world.configuration(), ["x1", "y2"]);
}

#[test]
fn a_history_that_changes_while_its_transition_is_taken_still_enters_all_ancestors() {
    // Appendix D taken by the letter would enter `s` and `t` without `p`: leaving `t` makes the
    // history stand for `t`, and the transition's domain shrinks to `s`.
    let body = "<parallel id='p'><state id='s'><state id='t'>\
        <transition event='go' target='h'/></state></state>\
        <history id='h' type='deep'><transition target='s'/></history></parallel>";
    let mut world = world("", body);
    world.send("go", json!(null)).unwrap();
    assert_eq!(world.configuration(), ["t"]);
    assert_eq!(world.snapshot().configuration.len(), 3);
}

#[test]
fn an_assignment_sees_the_one_before_it() {
    passes(
        "<datamodel><data id='a' expr='1'/><data id='b' expr='0'/></datamodel><state id='s'>\
         <onentry><assign location='a' expr='2'/><assign location='b' expr='a + 1'/></onentry>\
         <transition cond='b == 3' target='pass'/><transition target='fail'/></state>",
    );
}
