//! Tokens of programs, made and revoked from the command line.

use crate::cli::desk::{Desk, REPORTER};

#[test]
fn a_token_is_told_once_listed_and_revoked() {
    let desk = Desk::prepared();
    let made = desk.run(&[
        "token",
        "create",
        REPORTER,
        "--name",
        "Phần mềm kế toán",
        "--scope",
        "read",
        "--scope",
        "report",
        "--days",
        "30",
    ]);
    let secret = made.ok().trim().to_owned();
    assert!(secret.starts_with("ctm_") && secret.len() == 68, "{secret}");
    let list = || desk.run(&["token", "list", "--format", "json"]).json();
    let tokens = list();
    let id = tokens[0]["id"].as_str().expect("it has an id").to_owned();
    assert_eq!(tokens[0]["scopes"], "read report", "{tokens}");
    assert_eq!((&tokens[0]["by"], &tokens[0]["revoked"]), (&"cli".into(), &().into()), "{tokens}");
    assert!(!tokens.to_string().contains(&secret));
    let file = std::fs::read(desk.folder.path().join("a.db")).expect("the file is there");
    assert!(!file.windows(secret.len()).any(|part| part == secret.as_bytes()), "it is not kept");
    desk.run(&["token", "revoke", &id, "--by", "quan-tri"]).ok();
    assert_eq!(list()[0]["revoked_by"], "quan-tri");
    let error = desk.run(&["token", "revoke", &id]).failed(1);
    assert!(error.contains(&id), "{error}");
}

#[test]
fn a_token_is_for_somebody_who_is_there_and_their_own_unit() {
    let desk = Desk::prepared();
    let create = |arguments: &[&str]| {
        let mut all = vec!["token", "create"];
        all.extend(arguments);
        desk.run(&all).failed(1)
    };
    let error = create(&["ai-do", "--name", "x"]);
    assert!(error.contains("`ai-do`"), "{error}");
    let error = create(&[REPORTER, "--name", "x", "--organisation", "dn-a1"]);
    assert!(error.contains("dn-a1") && error.contains("dn-a2"), "{error}");
    let error = create(&[REPORTER, "--name", " "]);
    assert!(error.contains("--name"), "{error}");
    create(&[REPORTER, "--name", "x", "--days", "9999"]);
    create(&[REPORTER, "--name", "x", "--scope", "everything"]);
    assert_eq!(desk.run(&["token", "list", "--format", "json"]).json(), serde_json::json!([]));
}
