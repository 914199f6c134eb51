//! Why a command failed, in both languages, with its exit code.
//!
//! A message says what was wrong, where, and how to put it right.

use std::io::Write as _;

use super::{CONFLICT, Lang, REFUSED, UNAVAILABLE, USAGE};

/// A failed command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The exit code.
    pub code: u8,
    /// In Vietnamese; empty when everything was said already.
    pub vi: String,
    /// In English.
    pub en: String,
}

impl Failure {
    fn new(code: u8, vi: &str, en: &str) -> Self {
        Self { code, vi: vi.to_owned(), en: en.to_owned() }
    }

    /// What is said in `lang`.
    pub fn words(&self, lang: super::Lang) -> &str {
        lang.pick(&self.vi, &self.en)
    }

    /// Wrong usage, or input that cannot be used: exit code 1.
    pub fn usage(vi: &str, en: &str) -> Self {
        Self::new(USAGE, vi, en)
    }

    /// The chart refused: exit code 2.
    pub fn refused(vi: &str, en: &str) -> Self {
        Self::new(REFUSED, vi, en)
    }

    /// Somebody was faster: exit code 3.
    pub fn conflict(vi: &str, en: &str) -> Self {
        Self::new(CONFLICT, vi, en)
    }

    /// A database, disk or server cannot be reached: exit code 4.
    pub fn unavailable(vi: &str, en: &str) -> Self {
        Self::new(UNAVAILABLE, vi, en)
    }

    /// Fails with exit code 1 after the problems were printed already.
    pub fn said() -> Self {
        Self::new(USAGE, "", "")
    }

    /// Says why on standard error.
    pub fn print(&self, lang: Lang) {
        let text = lang.pick(&self.vi, &self.en);
        if !text.is_empty() {
            // Nobody is left to tell when standard error is closed.
            let _ = writeln!(std::io::stderr(), "{} {text}", lang.pick("lỗi:", "error:"));
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        // Whoever reads has read enough, such as `head`.
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self::said();
        }
        Self::unavailable(
            &format!("Không đọc hoặc ghi được: {error}."),
            &format!("reading or writing failed: {error}"),
        )
    }
}
