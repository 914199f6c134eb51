//! `<invoke>`: children that live as long as their state, and what passes between them and it.

use crate::passes;

/// A parent that invokes `child` in a state of its own.
fn invoking(attributes: &str, more: &str, child: &str, moves: &str) -> String {
    format!(
        "<datamodel><data id='v' expr='1'/><data id='id'/></datamodel>\
         <state id='s'><invoke {attributes}>{more}<content><scxml version='1.0' \
         datamodel='ecmascript'>{child}</scxml></content></invoke>{moves}\
         <transition event='*' target='fail'/></state>"
    )
}

#[test]
fn a_child_reports_its_end_with_its_data() {
    passes(&invoking(
        "type='scxml' id='kid'",
        "",
        "<final id='f'><donedata><param name='r' expr='4'/></donedata></final>",
        "<transition event='done.invoke.kid' cond=\"_event.data.r == 4 &amp;&amp;\
         _event.invokeid == 'kid'\" target='pass'/>",
    ));
}

#[test]
fn a_child_gets_params_and_namelist_it_declares() {
    passes(&invoking(
        "type='scxml' namelist='v'",
        "<param name='w' expr='v + 1'/><param name='stranger' expr='9'/>",
        "<datamodel><data id='v' expr='0'/><data id='w'/><data id='own' expr='v'/></datamodel>\
         <state id='a'><transition cond=\"v == 1 &amp;&amp; w == 2 &amp;&amp; own == 1 &amp;&amp;\
         typeof stranger == 'undefined'\" target='f'/></state><final id='f'/>",
        "<transition event='done.invoke' target='pass'/>",
    ));
}

#[test]
fn parent_and_child_talk() {
    passes(
        "<state id='s'><invoke id='kid' type='http://www.w3.org/TR/scxml/'><content><scxml>\
         <state id='a'><onentry><send target='#_parent' event='ready'/></onentry>\
         <transition event='ask' target='f'><send target='#_parent' event='answer'>\
         <param name='n' expr='42'/></send></transition></state><final id='f'/></scxml></content>\
         </invoke><state id='s1'><transition event='ready' cond=\"_event.invokeid == 'kid'\" \
          target='s2'><send target='#_kid' event='ask'/></transition></state>\
         <state id='s2'><transition event='answer' cond='_event.data.n == 42' target='s3'/></state>\
         <state id='s3'/><transition event='done.invoke.kid' cond=\"In('s3')\" target='pass'/>\
         <transition event='done.invoke.kid' target='fail'/></state>",
    );
}

#[test]
fn finalize_runs_before_the_transition_is_chosen() {
    let child = "<final id='f'><onentry><send target='#_parent' event='e'>\
        <param name='v' expr='8'/></send></onentry></final>";
    for finalize in
        ["<finalize><assign location='v' expr='_event.data.v'/></finalize>", "<finalize/>"]
    {
        passes(&invoking(
            "type='scxml' namelist='v'",
            finalize,
            child,
            "<transition event='e' cond='v == 8' target='pass'/>",
        ));
    }
}

#[test]
fn autoforward_passes_external_events_on() {
    passes(
        "<state id='s'><onentry><send event='ping' delay='1s'/></onentry>\
         <invoke type='scxml' autoforward='true'><content><scxml><state id='a'>\
         <transition event='ping' target='f'/></state><final id='f'/></scxml></content></invoke>\
         <transition event='done.invoke' target='pass'/></state>",
    );
}

#[test]
fn ids_of_invokes_are_written_down_and_differ() {
    passes(
        "<datamodel><data id='a'/><data id='b'/></datamodel><state id='s'>\
         <invoke type='scxml' idlocation='a'><content><scxml><state id='x'/></scxml></content>\
         </invoke><invoke type='scxml' idlocation='b'><content><scxml><final id='x'/></scxml>\
         </content></invoke><transition event='done.invoke' cond=\"a &amp;&amp; b &amp;&amp; a != b\
          &amp;&amp; a.indexOf('s.') === 0\" target='pass'/>\
         <transition event='*' target='fail'/></state>",
    );
}

#[test]
fn an_invoke_ends_with_its_state_and_starts_only_when_the_chart_rests() {
    // `s` is left within the macrostep that enters it: its child is never started.
    passes(
        "<state id='s'><onentry><raise event='go'/></onentry><invoke type='scxml'><content><scxml>\
         <final id='f'/></scxml></content></invoke><transition event='go' target='t'/></state>\
         <state id='t'><onentry><send event='timeout' delay='1s'/></onentry>\
         <transition event='done.invoke' target='fail'/>\
         <transition event='timeout' target='pass'/></state>",
    );
    // The child is ended before its timer: what it would send never comes.
    passes(
        "<state id='s'><onentry><send event='leave' delay='1s'/></onentry><invoke type='scxml'>\
         <content><scxml><state id='a'><onentry><send event='t' delay='2s'/></onentry>\
         <transition event='t'><send target='#_parent' event='late'/></transition></state></scxml>\
         </content></invoke><transition event='leave' target='t'/></state>\
         <state id='t'><onentry><send event='timeout' delay='5s'/></onentry>\
         <transition event='late' target='fail'/><transition event='timeout' target='pass'/></state>",
    );
}

#[test]
fn an_invoke_that_cannot_be_is_an_error() {
    for attributes in [
        "type='other'",
        "typeexpr=\"'other'\"",
        "typeexpr='nowhere'",
        "type='scxml' namelist='nowhere'",
        "type='scxml' namelist='&quot;x'",
    ] {
        passes(&invoking(
            attributes,
            "",
            "<final id='f'/>",
            "<transition event='error.execution' target='pass'/>",
        ));
    }
}

#[test]
fn a_document_may_be_a_value_and_be_invoked_later() {
    passes(
        "<datamodel><data id='doc'/></datamodel><state id='s'><onentry><assign location='doc'>\
         <scxml xmlns='http://www.w3.org/2005/07/scxml'><final id='f'/></scxml></assign></onentry>\
         <invoke type='http://www.w3.org/TR/scxml'><content expr='doc'/></invoke>\
         <transition event='done.invoke' target='pass'/><transition event='*' target='fail'/>\
         </state>",
    );
}

#[test]
fn children_may_have_children() {
    passes(
        "<state id='s'><invoke id='kid'><content><scxml><state id='a'><invoke id='grandkid'>\
         <content><scxml><final id='f'><donedata><content>7</content></donedata></final></scxml>\
         </content></invoke><transition event='done.invoke.grandkid' cond='_event.data == 7' \
          target='f'/></state><final id='f'/></scxml></content></invoke>\
         <transition event='done.invoke.kid' target='pass'/>\
         <transition event='*' target='fail'/></state>",
    );
}
