//! A serving process, from its first line to its last.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use crate::cli::desk::{Desk, command};

#[test]
fn a_serving_process_names_its_clock_and_stops_in_good_order() {
    for signal in ["-TERM", "-INT"] {
        let desk = Desk::prepared();
        let mut child = command()
            .args(["--store", &desk.store, "--lang", "en", "serve"])
            .env("COTMOC_LOG", "error")
            .env("COTMOC_LETTERS", desk.folder.path().join("letters"))
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary can be run");
        let mut lines = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut first = String::new();
        lines.read_line(&mut first).expect("it prints text");
        assert!(first.contains("virtual clock that stands at 15/06/2022 09:00"), "{first}");
        let pid = child.id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status().expect("kill is there");
        assert!(sent.success());
        let mut rest = String::new();
        lines.read_to_string(&mut rest).expect("it prints text");
        assert!(child.wait().expect("it is ours").success(), "{rest}");
        assert!(rest.contains("stopped:"), "{rest}");
        desk.run(&["verify"]).ok();
    }
}

#[test]
fn a_setting_that_cannot_be_used_stops_it() {
    let desk = Desk::prepared();
    let output = command()
        .args(["--store", &desk.store, "serve"])
        .env("COTMOC_LOG", "app=loud")
        .output()
        .expect("the binary can be run");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("COTMOC_LOG"), "{error}");
}
