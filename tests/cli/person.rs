//! What is kept of a person apart from the log: shown while it is there, gone when it is erased.

use serde_json::json;

use crate::cli::desk::{Desk, REPORTER};

const CONTACT: &str = "Nguyễn Thị Dung";
const PHONE: &str = "0912 345 678";

/// A registration with a contact person, sent; the id of its case.
fn registered(desk: &Desk) -> String {
    let subject = "platform/ndp2022-01/dn-a2";
    let data = r#"{ "enterprise": "dn-a2", "platform": "A" }"#;
    desk.run(&["case", "open", "participation", subject, "--as", "system", "--data", data]).ok();
    let list = desk.run(&["case", "list", "--chart", "participation", "--format", "json"]).json();
    let id = list[0]["case_id"].as_str().expect("the case is listed").to_owned();
    let part = "Đã có.";
    let payload = json!({
        "dossier": {
            "description": part, "capability": part, "security_level": part,
            "personal_data": part, "storage_in_vietnam": part,
        },
        "contact": { "name": CONTACT, "phone": PHONE },
    });
    let payload = payload.to_string();
    desk.run(&["case", "send", &id, "submit", "--as", REPORTER, "--data", &payload]).ok();
    id
}

#[test]
fn a_contact_is_shown_while_it_is_kept_and_erased_for_good() {
    let desk = Desk::prepared();
    let id = registered(&desk);
    let shown = || desk.run(&["case", "show", &id, "--format", "json"]).json()["personal"].take();
    let personal = shown();
    assert_eq!(personal[0]["field"], "/contact/name", "{personal}");
    assert_eq!(personal[0]["value"], CONTACT);
    assert_eq!(personal[1]["value"], PHONE);
    let person = desk.run(&["person", "show", REPORTER, "--format", "json"]).json();
    assert_eq!(person["values"].as_array().map(Vec::len), Some(2), "{person}");
    desk.run(&["person", "erase", REPORTER]).ok();
    let personal = shown();
    assert_eq!(personal[0]["erased"], true, "{personal}");
    assert!(!personal.to_string().contains("Dung"), "{personal}");
    let text = desk.run(&["--lang", "en", "case", "show", &id]).ok();
    assert!(text.contains("(erased)"), "{text}");
    desk.run(&["verify"]).ok();
    let file = std::fs::read(desk.folder.path().join("a.db")).expect("the file is there");
    assert!(!file.windows(PHONE.len()).any(|part| part == PHONE.as_bytes()), "it left a trace");
}

#[test]
fn one_value_is_erased_by_its_reference_and_a_stranger_is_named() {
    let desk = Desk::prepared();
    let id = registered(&desk);
    let show = desk.run(&["case", "show", &id, "--format", "json"]).json();
    let reference = show["personal"][1]["reference"].as_str().expect("it has a reference");
    desk.run(&["person", "erase", "--value", reference]).ok();
    let show = desk.run(&["case", "show", &id, "--format", "json"]).json();
    assert_eq!(show["personal"][0]["erased"], false);
    assert_eq!(show["personal"][1]["erased"], true);
    let error = desk.run(&["person", "erase", "--value", reference]).failed(1);
    assert!(error.contains(reference), "{error}");
    let error = desk.run(&["person", "erase", "ai-do"]).failed(1);
    assert!(error.contains("`ai-do`"), "{error}");
}
