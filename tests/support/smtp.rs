//! A real SMTP server that keeps every letter: Debian's python3-aiosmtpd, as a process of its own.
//!
//! Letters are decoded by Python's `email` package (`catcher.py`), so what lettre encoded is read back
//! by another implementation. A [`Catcher`] can go down and come back on the same port with the same
//! folder, as a mail server does.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde::Deserialize;
use tempfile::TempDir;

/// Debian's interpreter: the one that sees Debian's packages, whatever else is on the path.
const PYTHON: &str = "/usr/bin/python3";

/// One letter as it arrived.
#[derive(Debug, Deserialize)]
pub struct Letter {
    /// The envelope's sender.
    pub sender: String,
    /// The envelope's recipients.
    pub recipients: Vec<String>,
    /// Every header with its decoded value, in order.
    pub headers: Vec<(String, String)>,
    /// The decoded text/plain body, lines ended by `\n`.
    pub text: Option<String>,
    /// The decoded text/html body, lines ended by `\n`.
    pub html: Option<String>,
}

impl Letter {
    /// The decoded value of the first header of this name, in any case of letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// A running (or stopped) SMTP server on 127.0.0.1 with the folder of its letters.
#[derive(Debug)]
pub struct Catcher {
    folder: TempDir,
    port: u16,
    child: Option<Child>,
}

impl Catcher {
    /// Starts one on a free port; it answers when this returns.
    ///
    /// # Panics
    /// When python3-aiosmtpd is not installed.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let (child, port) = run(folder.path(), 0);
        Self { folder, port, child: Some(child) }
    }

    /// The port it listens on, also while it is down.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its address, as `COTMOC_SMTP` takes it.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// Takes it down at once, as a power cut does; connections are refused until [`Self::restart`].
    ///
    /// # Panics
    /// When the process cannot be ended.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("the catcher is our child");
            child.wait().expect("the catcher is our child");
        }
    }

    /// Brings it back on the same port with the letters it had.
    ///
    /// # Panics
    /// When the port has been taken by somebody else meanwhile.
    pub fn restart(&mut self) {
        self.stop();
        let (child, _) = run(self.folder.path(), self.port);
        self.child = Some(child);
    }

    /// The letters so far, in order of arrival.
    ///
    /// # Panics
    /// When its folder cannot be read.
    pub fn letters(&self) -> Vec<Letter> {
        self.files("json")
            .iter()
            .map(|file| {
                let text = fs::read_to_string(file).expect("the catcher writes whole files");
                serde_json::from_str(&text).expect("the catcher writes letters")
            })
            .collect()
    }

    /// The letters so far as the bytes that came over the wire, in order of arrival.
    ///
    /// # Panics
    /// When its folder cannot be read.
    pub fn raw(&self) -> Vec<Vec<u8>> {
        self.files("json")
            .iter()
            .map(|file| fs::read(file.with_extension("eml")).expect("the eml is written first"))
            .collect()
    }

    fn files(&self, extension: &str) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = fs::read_dir(self.folder.path())
            .expect("the folder lives as long as the catcher")
            .map(|entry| entry.expect("the folder can be read").path())
            .filter(|path| path.extension().is_some_and(|found| found == extension))
            .collect();
        files.sort();
        files
    }
}

impl Drop for Catcher {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Both fail only when it is gone already, which is what is wanted.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Starts the server and waits until it says its port, which it does once it listens.
fn run(folder: &Path, port: u16) -> (Child, u16) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/support/catcher.py");
    let mut child = Command::new(PYTHON)
        .arg(script)
        .arg(folder)
        .arg(port.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("`{PYTHON}` cannot be run: {error}"));
    let stdout = child.stdout.take().expect("standard output is piped");
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).expect("the port is text");
    let port = line.trim_end().parse().unwrap_or_else(|_| {
        panic!(
            "the SMTP catcher did not start (see above): run `./check`, which installs it, or \
             `apt-get install python3-aiosmtpd`"
        )
    });
    (child, port)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpStream;

    use super::*;

    /// Speaks SMTP by hand: the test must not depend on the client that it will later judge.
    fn send(port: u16, letter: &str) {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let mut replies = BufReader::new(stream.try_clone().unwrap());
        let mut expect = |code: &str| {
            let mut reply = String::new();
            replies.read_line(&mut reply).unwrap();
            assert!(reply.starts_with(code), "{reply}");
        };
        expect("220");
        for (line, code) in [
            ("HELO test", "250"),
            ("MAIL FROM:<engine@example.vn>", "250"),
            ("RCPT TO:<lan@example.vn>", "250"),
            ("DATA", "354"),
            (letter, "250"),
        ] {
            write!(stream, "{line}\r\n").unwrap();
            expect(code);
        }
    }

    /// "Nhắc việc" in an encoded header, "Quá hạn" in a base64 body.
    const LETTER: &str = "From: engine@example.vn\r\nSubject: =?utf-8?b?Tmjhuq9jIHZp4buHYw==?=\r\n\
        Message-ID: <1@example.vn>\r\nContent-Type: text/plain; charset=utf-8\r\n\
        Content-Transfer-Encoding: base64\r\n\r\nUXXDoSBo4bqhbg==\r\n.";

    #[test]
    fn a_letter_is_kept_and_decoded() {
        let catcher = Catcher::start();
        send(catcher.port(), LETTER);
        let letters = catcher.letters();
        assert_eq!(letters.len(), 1);
        assert_eq!(letters[0].header("subject"), Some("Nhắc việc"));
        assert_eq!(letters[0].header("Message-Id"), Some("<1@example.vn>"));
        assert_eq!(letters[0].text.as_deref().map(str::trim_end), Some("Quá hạn"));
        assert_eq!(letters[0].html, None);
        assert_eq!(letters[0].sender, "engine@example.vn");
        assert_eq!(letters[0].recipients, ["lan@example.vn"]);
        assert!(catcher.raw()[0].starts_with(b"From: engine@example.vn\r\n"));
    }

    #[test]
    fn a_catcher_that_went_down_comes_back_with_its_letters() {
        let mut catcher = Catcher::start();
        assert_eq!(catcher.url(), format!("smtp://127.0.0.1:{}", catcher.port()));
        send(catcher.port(), LETTER);
        catcher.stop();
        assert!(TcpStream::connect(("127.0.0.1", catcher.port())).is_err());
        catcher.restart();
        send(catcher.port(), LETTER);
        assert_eq!(catcher.letters().len(), 2);
    }
}
