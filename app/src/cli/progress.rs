//! How far a simulation has come: a bar by virtual date on a terminal, else a line a quarter.
//!
//! **Invariant:** everything goes to standard error; the result stands alone on standard output.

use std::io::IsTerminal as _;

use chrono::Datelike as _;
use indicatif::{ProgressBar, ProgressStyle};

use super::Lang;
use super::output::remark;
use crate::simulate::Progress;

/// What shows the progress of a run.
#[derive(Debug)]
pub(super) struct Bar {
    shown: Option<ProgressBar>,
    lang: Lang,
    told: (i32, u32),
}

impl Bar {
    /// A bar if standard error is a terminal.
    pub(super) fn new(lang: Lang) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| ProgressBar::new(1));
        if let Some(bar) = &bar
            && let Ok(style) = ProgressStyle::with_template(
                "{msg:12} [{bar:44.cyan/blue}] {percent:>3} % {prefix} {elapsed}",
            )
        {
            bar.set_style(style.progress_chars("━╸─"));
        }
        Self { shown: bar, lang, told: (0, 0) }
    }

    /// Shows the simulated day that begins.
    pub(super) fn show(&mut self, progress: Progress) {
        let today = progress.today;
        let quarter = (today.year(), today.month0() / 3);
        let words = self.lang.pick("lệnh", "commands");
        match &self.shown {
            Some(bar) => {
                bar.set_length(u64::try_from(progress.days_all).unwrap_or(1));
                bar.set_position(u64::try_from(progress.days).unwrap_or(0));
                bar.set_message(today.format("%d/%m/%Y").to_string());
                bar.set_prefix(format!("{} {words}", progress.commands));
            }
            None if quarter != self.told => {
                let name = self.lang.pick("Quý", "Quarter");
                let (year, number) = (quarter.0, quarter.1 + 1);
                remark(&format!("{name} {number}/{year} · {} {words}", progress.commands));
            }
            None => {}
        }
        self.told = quarter;
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }
}
