//! A serving process, from its first line to its last.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
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

#[test]
fn a_first_start_makes_the_database_and_lets_the_first_administrator_in() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let mut links = Vec::new();
    for _ in 0..2 {
        let mut child = command()
            .args(["--lang", "en", "serve", "--listen", "127.0.0.1:0"])
            .current_dir(folder.path())
            .env("COTMOC_LOG", "error")
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary can be run");
        let lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let mut lines = lines.map(|line| line.expect("it prints text"));
        let line =
            lines.find(|line| line.contains("the first administrator")).expect("a link is told");
        let link = line.split("http://").nth(1).expect("an address").trim().to_owned();
        let (host, path) = link.split_once('/').expect("a path");
        let mut stream = TcpStream::connect(host).expect("the pages are there");
        write!(stream, "GET /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n").expect("it listens");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
        assert!(answer.contains("person:operator:administrator"), "{answer}");
        let pid = child.id().to_string();
        assert!(
            Command::new("kill").args(["-TERM", &pid]).status().expect("kill is there").success()
        );
        assert!(child.wait().expect("it is ours").success());
        links.push(path.to_owned());
    }
    assert_ne!(links[0], links[1], "each start makes a new link, and ends the one before");
    assert!(folder.path().join("cotmoc.db").exists());
    // A file that somebody named is not made.
    let named = crate::cli::desk::run(&["--store", "sqlite:nowhere/else.db", "serve"]);
    named.failed(4);
}
