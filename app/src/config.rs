//! What a process is told by its environment, read once.
//!
//! `COTMOC_STORE` and `COTMOC_LANG` are options of the command line as well and are read with them;
//! here is what only a serving process needs.
//!
//! **Invariant:** an empty setting counts as none.

use std::path::PathBuf;

/// What the environment says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The server that takes letters (`COTMOC_SMTP`, such as `smtp://127.0.0.1:25`).
    pub smtp: Option<String>,
    /// Where letters are written while no server is named (`COTMOC_LETTERS`).
    pub letters: PathBuf,
    /// Who letters are from (`COTMOC_FROM`).
    pub from: Option<String>,
    /// Where people find the pages that letters point to (`COTMOC_URL`).
    pub url: Option<String>,
    /// What is logged, in the notation of `tracing` (`COTMOC_LOG`).
    pub log: String,
}

impl Config {
    /// The settings of this process.
    pub fn of_environment() -> Self {
        Self::of(|name| std::env::var(name).ok())
    }

    /// The settings that `look` finds by their names.
    pub fn of(look: impl Fn(&str) -> Option<String>) -> Self {
        let look = |name: &str| look(name).filter(|value| !value.is_empty());
        Self {
            smtp: look("COTMOC_SMTP"),
            letters: look("COTMOC_LETTERS").unwrap_or_else(|| "letters".to_owned()).into(),
            from: look("COTMOC_FROM"),
            url: look("COTMOC_URL"),
            log: look("COTMOC_LOG").unwrap_or_else(|| "info,sqlx=warn".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_go_to_a_folder_unless_a_server_is_named() {
        let config = Config::of(|name| (name == "COTMOC_SMTP").then(String::new));
        assert_eq!((config.smtp, config.letters), (None, PathBuf::from("letters")));
        let config = Config::of(|name| Some(format!("smtp://{name}")));
        assert_eq!(config.smtp.as_deref(), Some("smtp://COTMOC_SMTP"));
    }
}
