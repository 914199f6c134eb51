//! Each element and attribute of the SCXML vocabulary this crate reads, and what it refuses.

use scxml::read::{ReadError, read};
use serde_json::json;

use crate::{document, passes, world};

#[test]
fn an_initial_attribute_may_name_several_and_deep_states() {
    let body = "<parallel id='p'><state id='x'><state id='x1'/><state id='x2'/></state>\
        <state id='y'><state id='y1'/><state id='y2'><state id='y21'/><state id='y22'/></state>\
        </state></parallel>";
    assert_eq!(world("initial='x2 y22'", body).configuration(), ["x2", "y22"]);
    assert_eq!(world("", body).configuration(), ["x1", "y1"]);
    let body = format!("<state id='s' initial='x2 y22'>{body}</state>");
    assert_eq!(world("", &body).configuration(), ["x2", "y22"]);
}

#[test]
fn states_need_no_id() {
    let body = "<state><transition event='go' target='b'/></state><state id='b'/>";
    let mut world = world("", body);
    world.send("go", json!(null)).unwrap();
    assert_eq!(world.configuration(), ["b"]);
}

#[test]
fn a_state_may_be_called_as_the_chart() {
    let world = world("name='same'", "<state id='same'/>");
    assert_eq!(world.configuration(), ["same"]);
}

#[test]
fn send_carries_namelist_params_and_content() {
    passes(
        "<datamodel><data id='x' expr='1'/><data id='y' expr='2'/></datamodel>\
         <state id='s'><onentry><send event='e' namelist='x y'><param name='z' expr='x + y'/>\
         <param name='w' location='y'/></send></onentry>\
         <transition event='e' target='t' cond='_event.data.x == 1 &amp;&amp; _event.data.y == 2\
          &amp;&amp; _event.data.z == 3 &amp;&amp; _event.data.w == 2'/>\
         <transition event='*' target='fail'/></state>\
         <state id='t'><onentry><send eventexpr=\"'f.' + x\"><content>{\"a\": [1, 2]}</content>\
         </send></onentry><transition event='f.1' cond='_event.data.a[1] == 2' target='u'/>\
         <transition event='*' target='fail'/></state>\
         <state id='u'><onentry><send event='g'><content>  two   words\n </content></send></onentry>\
         <transition event='g' cond=\"_event.data == 'two words'\" target='v'/>\
         <transition event='*' target='fail'/></state>\
         <state id='v'><onentry><send event='h'><content expr='{k: y}'/></send></onentry>\
         <transition event='h' cond='_event.data.k === 2' target='pass'/>\
         <transition event='*' target='fail'/></state>",
    );
}

#[test]
fn send_ids_are_given_made_up_and_cancelled() {
    passes(
        "<datamodel><data id='id1'/><data id='id2'/></datamodel><state id='s'>\
         <onentry><send event='a' idlocation='id1' delay='1s'/>\
         <send event='a' idlocation='id2' delay='1s'/><send event='b' delay='2s' id='third'/>\
         <cancel sendidexpr='id1'/></onentry>\
         <transition event='a' cond='_event.sendid == id2 &amp;&amp; id1 != id2' target='t'/>\
         <transition event='*' target='fail'/></state>\
         <state id='t'><transition event='b' cond=\"_event.sendid == 'third'\" target='pass'/>\
         <transition event='*' target='fail'/></state>",
    );
}

#[test]
fn targets_of_send() {
    passes(
        "<state id='s'><onentry><send event='out'/><send event='in' target='#_internal'/>\
         </onentry><transition event='in' cond=\"_event.type == 'internal'\" target='t'/>\
         <transition event='*' target='fail'/></state>\
         <state id='t'><transition event='out' cond=\"_event.type == 'external'\" target='u'/>\
         <transition event='*' target='fail'/></state>\
         <state id='u'><onentry><send event='self' targetexpr=\"'#_scxml_' + _sessionid\"/>\
         </onentry><transition event='self' target='v'/><transition event='*' target='fail'/>\
         </state><state id='v'><onentry><send event='back' targetexpr='_event.origin' \
          typeexpr='_event.origintype'/></onentry><transition event='back' target='w'/>\
         <transition event='*' target='fail'/></state>\
         <state id='w'><onentry><send event='x' targetexpr=\"_ioprocessors['scxml'].location\"/>\
         </onentry><transition event='x' target='pass'/><transition event='*' target='fail'/>\
         </state>",
    );
}

#[test]
fn sends_that_cannot_be_are_errors_with_the_sends_id() {
    let rows = [
        ("target='baz'", "error.execution"),
        ("target='!bad'", "error.execution"),
        ("targetexpr='7'", "error.execution"),
        ("targetexpr='nowhere'", "error.execution"),
        ("target='#_scxml_nobody'", "error.communication"),
        ("target='#_nobody'", "error.communication"),
        ("target='#_parent'", "error.communication"),
        ("type='http://example.com/'", "error.execution"),
        ("typeexpr=\"'other'\"", "error.execution"),
        ("delay='soon'", "error.execution"),
        ("delayexpr=\"'soon'\"", "error.execution"),
        ("namelist='nowhere'", "error.execution"),
        ("namelist='&quot;x'", "error.execution"),
    ];
    for (attributes, error) in rows {
        passes(&format!(
            "<datamodel><data id='n' expr='0'/></datamodel><state id='s'><onentry>\
             <send event='e' {attributes}/><assign location='n' expr='1'/></onentry>\
             <transition event='{error}' cond='n == 0' target='pass'/>\
             <transition event='*' target='fail'/><transition cond='n == 1' target='fail'/></state>"
        ));
    }
    for target in ["target='!bad'", "targetexpr=\"'!bad'\"", "target='#_scxml_nobody'"] {
        passes(&format!(
            "<datamodel><data id='id'/></datamodel><state id='s'>\
             <onentry><send event='e' idlocation='id' {target}/></onentry>\
             <transition event='error' cond='_event.sendid == id &amp;&amp; id' target='pass'/>\
             <transition event='*' target='fail'/></state>"
        ));
    }
}

#[test]
fn a_failing_param_is_left_out_and_raised() {
    passes(
        "<state id='s'><onentry><send event='e'><param name='good' expr='1'/>\
         <param name='bad' expr='nowhere'/></send></onentry>\
         <transition event='error.execution' target='t'/><transition event='*' target='fail'/>\
         </state><state id='t'>\
         <transition event='e' cond=\"_event.data.good == 1 &amp;&amp; !('bad' in _event.data)\" \
          target='pass'/><transition event='*' target='fail'/></state>",
    );
}

#[test]
fn done_data_is_params_or_content() {
    let rows = [
        (
            "<param name='a' expr='1'/><param name='b' location='v'/>",
            "_event.data.a + _event.data.b == 6",
        ),
        ("<content expr='v + 1'/>", "_event.data == 6"),
        ("<content>[1,2]</content>", "_event.data[1] == 2"),
        ("<content>text</content>", "_event.data == 'text'"),
    ];
    for (inside, cond) in rows {
        passes(&format!(
            "<datamodel><data id='v' expr='5'/></datamodel><state id='s' initial='f'>\
             <final id='f'><donedata>{inside}</donedata></final>\
             <transition event='done.state.s' cond=\"{cond}\" target='pass'/>\
             <transition event='*' target='fail'/></state>"
        ));
    }
}

#[test]
fn data_is_an_expression_json_or_text_and_local_data_is_global() {
    passes(
        "<datamodel><data id='a' expr='1 + 1'/><data id='b'>{\"k\": [true]}</data>\
         <data id='c'>some\n text</data><data id='d'/></datamodel>\
         <state id='s'><transition cond=\"a == 2 &amp;&amp; b.k[0] &amp;&amp; c == 'some text'\
          &amp;&amp; typeof d == 'undefined' &amp;&amp; late == 3\" target='pass'/>\
         <transition target='fail'/></state>\
         <state id='other'><datamodel><data id='late' expr='3'/></datamodel></state>",
    );
}

#[test]
fn later_data_may_read_earlier_data() {
    let world = world(
        "",
        "<datamodel><data id='a' expr='1'/><data id='b' expr='a + 1'/>\
        </datamodel><state id='s'/>",
    );
    assert_eq!(world.snapshot().data["b"], 2);
}

#[test]
fn late_binding_gives_a_value_on_the_first_entry_only() {
    let body = "<datamodel><data id='n' expr='1'/></datamodel>\
        <state id='a'><transition event='go' cond=\"typeof x === 'undefined'\" target='b'/></state>\
        <state id='b'><datamodel><data id='x' expr='n'/></datamodel>\
        <onentry><assign location='x' expr='x + 10'/></onentry>\
        <transition event='again' target='b'><assign location='n' expr='5'/></transition></state>";
    let mut world = world("binding='late'", body);
    world.send("go", json!(null)).unwrap();
    assert_eq!(world.snapshot().data["x"], 11);
    world.send("again", json!(null)).unwrap();
    assert_eq!(world.snapshot().data["x"], 21);
}

#[test]
fn assignments_reach_into_data_and_take_inline_content() {
    let body = "<datamodel><data id='o' expr='{a: 1, l: [1, 2]}'/><data id='i' expr='1'/>\
        </datamodel><state id='s'><onentry><assign location='o.a' expr='2'/>\
        <assign location='o.l[i]' expr='7'/><assign location=\"o['a b']\" expr='3'/>\
        <assign location='o.j'>{\"deep\": true}</assign></onentry></state>";
    let world = world("", body);
    assert_eq!(
        world.snapshot().data["o"],
        json!({"a": 2, "l": [1, 7], "a b": 3, "j": {"deep": true}})
    );
}

#[test]
fn locations_that_cannot_be_are_errors() {
    for location in [
        "nowhere",
        "nowhere.x",
        "o.a.b",
        "_event",
        "_sessionid",
        "_name",
        "_ioprocessors",
        "_x.y",
        "1",
        "",
        "o[",
        "'o'",
    ] {
        passes(&format!(
            "<datamodel><data id='o' expr='{{a: 1}}'/></datamodel><state id='s'>\
             <onentry><assign location=\"{location}\" expr='1'/><raise event='after'/></onentry>\
             <transition event='error.execution' target='pass'/>\
             <transition event='*' target='fail'/></state>"
        ));
    }
}

#[test]
fn foreach_gives_items_and_indexes_and_declares_them() {
    let body = "<datamodel><data id='l' expr=\"['a','b']\"/><data id='out' expr=\"''\"/>\
        </datamodel><state id='s'><onentry><foreach array='l' item='x' index='i'>\
        <assign location='out' expr='out + x + i'/></foreach></onentry></state>";
    let body = body.replace("out + x + i", "out + x + String(i)");
    let world = world("", &body);
    assert_eq!(world.snapshot().data["out"], "a0b1");
    assert_eq!(world.snapshot().data["x"], "b");
    assert_eq!(world.snapshot().data["i"], 1);
}

#[test]
fn foreach_over_something_else_or_with_a_bad_name_is_an_error() {
    for attributes in [
        "array='7' item='x'",
        "array='nowhere' item='x'",
        "array='l' item='1x'",
        "array='l' item='x' index='return'",
        "array='l' item='_event'",
    ] {
        passes(&format!(
            "<datamodel><data id='l' expr='[1]'/></datamodel><state id='s'><onentry>\
             <foreach {attributes}><raise event='body'/></foreach><raise event='after'/></onentry>\
             <transition event='error.execution' target='pass'/>\
             <transition event='*' target='fail'/></state>"
        ));
    }
}

#[test]
fn an_error_in_a_foreach_ends_it_and_its_block() {
    let body = "<datamodel><data id='n' expr='0'/></datamodel><state id='s'><onentry>\
        <foreach array='[1,2,3]' item='x'><assign location='n' expr='n + 1'/>\
        <if cond='x == 2'><assign location='nowhere' expr='1'/></if></foreach>\
        <assign location='n' expr='100'/></onentry></state>";
    assert_eq!(world("", body).snapshot().data["n"], 2);
}

#[test]
fn if_takes_the_first_branch_that_holds() {
    for (value, expected) in [(1, "one"), (2, "two"), (3, "many")] {
        let body = format!(
            "<datamodel><data id='n' expr='{value}'/><data id='out'/></datamodel><state id='s'>\
             <onentry><if cond='n == 1'><assign location='out' expr=\"'one'\"/>\
             <elseif cond='n == 2'/><assign location='out' expr=\"'two'\"/>\
             <else/><assign location='out' expr=\"'many'\"/></if></onentry></state>"
        );
        assert_eq!(world("", &body).snapshot().data["out"], expected);
    }
}

#[test]
fn system_variables() {
    passes(
        "<datamodel><data id='first' expr='_sessionid'/></datamodel><state id='s'>\
         <onentry><raise event='e'/></onentry>\
         <transition event='e' cond=\"first &amp;&amp; first == _sessionid &amp;&amp; _name == 'scxml'\
          &amp;&amp; _event.name == 'e' &amp;&amp; _event.type == 'internal' &amp;&amp;\
          typeof _event.data === 'undefined' &amp;&amp; 'origin' in _event &amp;&amp;\
          'origintype' in _event &amp;&amp; 'invokeid' in _event &amp;&amp; 'sendid' in _event\" \
          target='pass'/><transition event='*' target='fail'/></state>",
    );
}

#[test]
fn what_is_wrong_with_a_document_is_said_at_its_place_and_all_at_once() {
    let rows = [
        ("<state id='a'><transition target='nowhere'/></state>", "nowhere"),
        ("<state id='a'/><state id='a'/>", "`a`"),
        (
            "<state id='a'><onentry><script>1</script></onentry></state>",
            "`<script>` is not offered",
        ),
        ("<script>1</script><state id='a'/>", "`<script>` is not offered"),
        ("<state id='a'><banana/></state>", "`<banana>` may not stand in `<state>`"),
        ("<state id='a'><onentry><banana/></onentry></state>", "`<banana>` may not stand"),
        ("<state id='a'><onentry><raise/></onentry></state>", "needs the attribute `event`"),
        ("<state id='a'><onentry><send/></onentry></state>", "`event` or `eventexpr`"),
        ("<state id='a'><onentry><cancel/></onentry></state>", "`sendid` or `sendidexpr`"),
        ("<state id='a'><invoke type='scxml' src='x.scxml'/></state>", "external documents"),
        ("<state id='a'><invoke type='scxml'/></state>", "needs a `<content>`"),
        ("<state id='a'><transition type='sideways'/></state>", "`external` or `internal`"),
        ("<state id='a'><history id='h' type='wide'/></state>", "`shallow` or `deep`"),
        ("<state id='a'><state id='b'/><initial/></state>", "`<initial>` needs"),
        (
            "<state id='a'><onentry><send event='e' target='#_internal' delay='1s'/></onentry></state>",
            "cannot wait",
        ),
        ("<state id='a'><onentry><x:y xmlns:x='urn:x'/></onentry></state>", "other vocabularies"),
    ];
    for (body, words) in rows {
        let error = read(&document("", body)).unwrap_err();
        assert!(error.to_string().contains(words), "{body}: {error}");
    }
    let two = "<state id='a'><banana/>\n<onentry><raise/></onentry></state>";
    let ReadError::Mistakes(mistakes) = read(&document("", two)).unwrap_err() else {
        panic!("mistakes");
    };
    assert_eq!(mistakes.len(), 2);
    assert_eq!((mistakes[1].place.line, mistakes[1].place.column), (2, 10));
}

#[test]
fn documents_that_are_not_scxml_are_refused() {
    assert!(matches!(read("<a"), Err(ReadError::NotXml(_))));
    assert!(matches!(read("<svg/>"), Err(ReadError::NotScxml(_))));
    let xpath = read(&document("", "<state id='a'/>").replace("ecmascript", "xpath")).unwrap_err();
    assert!(xpath.to_string().contains("datamodel `xpath` is not offered"), "{xpath}");
    let deep = format!("{}{}", "<state>".repeat(3000), "</state>".repeat(3000));
    let error = read(&document("", &deep)).unwrap_err();
    assert!(error.to_string().contains("deep"), "{error}");
}

#[test]
fn elements_of_other_vocabularies_beside_states_are_passed_over() {
    let world = world("xmlns:q='urn:q'", "<q:info x='1'/><state id='a'><q:geometry/></state>");
    assert_eq!(world.configuration(), ["a"]);
}
