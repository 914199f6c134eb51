//! Why a step was not taken: facts, worded for the person who asked.
//!
//! **Invariant:** a refusal leaves nothing behind; the same event may be sent again.

use std::fmt;

use crate::definition::Text;
use crate::moment::Timestamp;
use crate::schema::Violation;

/// One worded reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// In words, both languages.
    pub text: Text,
    /// The role that can put it right.
    pub unlocks: Option<String>,
    /// The earliest moment at which it can change, if the chart knows.
    pub earliest: Option<Timestamp>,
}

/// Why an event was refused.
#[derive(Debug, Clone, PartialEq)]
pub enum Refused {
    /// The chart knows no event of this name.
    Unknown {
        /// The name.
        event: String,
    },
    /// No active state takes it now.
    NotHandled {
        /// The name.
        event: String,
        /// Ids of the active atomic states.
        states: Vec<String>,
    },
    /// An active state takes it, but from other roles.
    NotPermitted {
        /// The name.
        event: String,
        /// The roles that may.
        roles: Vec<String>,
    },
    /// Conditions failed; all of them are listed.
    Requirements {
        /// The name.
        event: String,
        /// Every reason.
        reasons: Vec<Reason>,
    },
    /// The payload does not fit its schema.
    Payload {
        /// The name.
        event: String,
        /// Every violation, in form order.
        violations: Vec<Violation>,
    },
    /// The step would have left the data outside its schema.
    Data {
        /// The name.
        event: String,
        /// Every violation.
        violations: Vec<Violation>,
    },
    /// An expression failed and nothing handled `error.execution`.
    Failed {
        /// The name.
        event: String,
        /// What failed and where.
        message: String,
    },
    /// The chart did not come to rest.
    Endless {
        /// The name.
        event: String,
        /// The bound that was reached.
        limit: u32,
    },
    /// A term could not be computed (a year without calendar data, a rule that does not parse).
    Term {
        /// The name.
        event: String,
        /// What is missing and how to add it.
        message: String,
    },
    /// There is nothing to remind of: the task is done, has changed, or nobody above is named.
    NotOwed {
        /// The name.
        event: String,
    },
    /// The case has ended.
    Ended {
        /// The name.
        event: String,
    },
}

impl Refused {
    /// A short stable word for machines: `unknown`, `not_handled`, `not_permitted`, `requirements`,
    /// `payload`, `data`, `failed`, `endless`, `term`, `not_owed`, `ended`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "unknown",
            Self::NotHandled { .. } => "not_handled",
            Self::NotPermitted { .. } => "not_permitted",
            Self::Requirements { .. } => "requirements",
            Self::Payload { .. } => "payload",
            Self::Data { .. } => "data",
            Self::Failed { .. } => "failed",
            Self::Endless { .. } => "endless",
            Self::Term { .. } => "term",
            Self::NotOwed { .. } => "not_owed",
            Self::Ended { .. } => "ended",
        }
    }

    /// The refusal in words, one sentence a language.
    pub fn text(&self) -> Text {
        let (vi, en) = match self {
            Self::Unknown { event } => (
                format!("Không có sự kiện `{event}` trong quy trình này."),
                format!("there is no event `{event}` in this chart"),
            ),
            Self::NotHandled { event, states } => {
                let states = states.join("`, `");
                (
                    format!("Không thực hiện được `{event}` khi hồ sơ đang ở `{states}`."),
                    format!("event `{event}` is not handled in state `{states}`"),
                )
            }
            Self::NotPermitted { event, roles } => {
                let roles = roles.join("`, `");
                (
                    format!(
                        "Bạn không có quyền thực hiện `{event}`; vai trò được phép: `{roles}`."
                    ),
                    format!("event `{event}` may only be sent by `{roles}`"),
                )
            }
            Self::Requirements { reasons, .. } => (
                join(reasons.iter().map(|reason| reason.text.vi.as_str())),
                join(reasons.iter().map(|reason| reason.text.get("en"))),
            ),
            Self::Payload { event, violations } | Self::Data { event, violations } => {
                let vi = join(violations.iter().map(|one| one.message_vi.as_str()));
                let en = join(violations.iter().map(|one| one.message_en.as_str()));
                (
                    format!("Nội dung của `{event}` chưa hợp lệ: {vi}"),
                    format!("the payload of `{event}` is not valid: {en}"),
                )
            }
            Self::Failed { event, message } => (
                format!("Quy trình không tính được khi xử lý `{event}`: {message}"),
                format!("the chart failed while taking `{event}`: {message}"),
            ),
            Self::Endless { event, limit } => (
                format!("Quy trình không dừng sau {limit} bước khi xử lý `{event}`."),
                format!("the chart did not come to rest within {limit} microsteps of `{event}`"),
            ),
            Self::Term { event, message } => (
                format!("Không tính được thời hạn khi xử lý `{event}`: {message}"),
                format!("a term could not be computed for `{event}`: {message}"),
            ),
            Self::NotOwed { event } => (
                format!("Không còn việc để nhắc (`{event}`): việc đã xong hoặc đã đổi."),
                format!("there is nothing to send `{event}` for: the task is done or has changed"),
            ),
            Self::Ended { event } => (
                format!("Hồ sơ đã kết thúc, không nhận `{event}` nữa."),
                format!("the case has ended and takes no `{event}`"),
            ),
        };
        Text { vi, en }
    }
}

fn join<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    texts.collect::<Vec<_>>().join(" ")
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text().en)
    }
}

impl std::error::Error for Refused {}
