//! What is said of a command that was not taken: the same words on pages and in answers to programs.
//!
//! **Invariant:** nothing here depends on who reads; each text is there in both languages.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use chart::calendar::Calendar;
use chart::definition::Text;
use chart::refusal::{Reason, Refused};
use runtime::SendError;

use crate::cli::Lang;
use crate::cli::wording::not_sent;
use crate::letters::wording::both;

/// What is wrong at one place of what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// The place, as a JSON pointer.
    pub(super) pointer: String,
    /// A short stable word for programs, such as `required`.
    pub(super) code: String,
    pub(super) message: Text,
}

/// Why a command was not taken.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Said {
    pub(super) status: StatusCode,
    /// What is wrong with the whole.
    pub(super) words: Vec<Text>,
    /// What is wrong at single places.
    pub(super) faults: Vec<Fault>,
    /// What the chart waits for.
    pub(super) reasons: Vec<Reason>,
}

impl Said {
    fn of(status: StatusCode, words: Text) -> Self {
        Self { status, words: vec![words], faults: Vec::new(), reasons: Vec::new() }
    }

    /// What is said of `error`.
    pub(super) fn about(error: &SendError, calendar: &Calendar) -> Self {
        match error {
            SendError::Refused(refused) => Self::refused(refused),
            SendError::Stale { .. } => Self::of(
                StatusCode::CONFLICT,
                both(
                    "Hồ sơ vừa được người khác xử lý. Hãy xem lại hồ sơ rồi gửi lại nếu vẫn cần.",
                    "Somebody acted on this case meanwhile. Look at the case again and send it if it is \
                     still needed.",
                ),
            ),
            other => {
                let failure = not_sent(other, calendar);
                let status = match other {
                    SendError::Malformed { .. } => StatusCode::UNPROCESSABLE_ENTITY,
                    _ => StatusCode::SERVICE_UNAVAILABLE,
                };
                Self::of(status, both(&failure.vi, &failure.en))
            }
        }
    }

    /// Words for fields, by pointer, and for the whole.
    pub(super) fn in_words(&self, lang: Lang) -> (BTreeMap<String, String>, Vec<String>) {
        let mut errors = BTreeMap::new();
        for fault in &self.faults {
            let words = fault.message.get(lang.code()).to_owned();
            errors.entry(fault.pointer.clone()).or_insert(words);
        }
        let words = self.words.iter().map(|words| words.get(lang.code()).to_owned()).collect();
        (errors, words)
    }

    /// What is said of what the chart refused.
    pub(super) fn refused(refused: &Refused) -> Self {
        match refused {
            Refused::Payload { violations, .. } | Refused::Data { violations, .. } => {
                let faults = violations.iter().map(|one| Fault {
                    pointer: one.pointer.clone(),
                    code: one.keyword.clone(),
                    message: both(&one.message_vi, &one.message_en),
                });
                let (status, faults) = (StatusCode::UNPROCESSABLE_ENTITY, faults.collect());
                Self { status, words: Vec::new(), faults, reasons: Vec::new() }
            }
            Refused::Requirements { reasons, .. } => {
                let words = reasons.iter().map(|reason| reason.text.clone()).collect();
                let (status, reasons) = (StatusCode::CONFLICT, reasons.clone());
                Self { status, words, faults: Vec::new(), reasons }
            }
            other => Self::of(StatusCode::CONFLICT, other.text()),
        }
    }
}
