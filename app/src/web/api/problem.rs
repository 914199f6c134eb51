//! What went wrong, as `application/problem+json` (RFC 9457).
//!
//! A handler returns a [`Problem`] that is in both languages; [`super::speak`] writes it in that of whoever asked.
//!
//! **Invariant:** the words of a refusal are those of the pages ([`Said`]).

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chart::calendar::Calendar;
use chart::definition::Text;
use chart::moment::Timestamp;
use chart::refusal::Refused;
use runtime::SendError;
use serde::Serialize;
use utoipa::ToSchema;

use super::codes::Code;
use super::shapes::{Role, moment};
use crate::cli::Lang;
use crate::facts::CaseFacts;
use crate::web::said::{Fault, Said};
use crate::web::trouble::Trouble;

/// The kind of such a body.
pub(in crate::web) const KIND: &str = "application/problem+json";

/// Something that is waited for.
#[derive(Debug, Clone)]
pub(super) struct Wait {
    pub(super) reason: Text,
    /// Who puts it right, and what that role is called.
    pub(super) unlocks: Option<(String, Text)>,
    pub(super) earliest: Option<Timestamp>,
}

/// Why an answer is not what was asked for.
#[derive(Debug, Clone)]
pub(in crate::web) struct Problem {
    code: Code,
    detail: Text,
    faults: Vec<Fault>,
    waits: Vec<Wait>,
}

/// What is sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "/api/problems/payload", "title": "Nội dung có chỗ cần sửa", "status": 422, "code": "payload",
    "detail": "phải lớn hơn hoặc bằng 0",
    "errors": [{ "pointer": "/indicators/users_registered", "code": "minimum",
        "message": "phải lớn hơn hoặc bằng 0" }],
    "blocked_by": [],
}))]
pub(super) struct ProblemBody {
    /// The address of a page on this server that explains this kind of problem.
    #[serde(rename = "type")]
    #[schema(format = UriReference)]
    kind: String,
    /// What kind of problem it is, in a few words.
    title: String,
    /// The status of the answer.
    status: u16,
    /// The kind as a stable word.
    code: String,
    /// What happened this time and what to do.
    detail: String,
    /// What is wrong at single places of the body.
    errors: Vec<FaultBody>,
    /// What is waited for, and who puts it right.
    blocked_by: Vec<WaitBody>,
}

/// What is wrong at one place.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Fault)]
struct FaultBody {
    /// The place as a JSON pointer into the body; empty for the whole.
    pointer: String,
    /// The rule that is broken, as a stable word.
    code: String,
    /// What to say of it.
    message: String,
}

/// What is waited for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Wait)]
pub(super) struct WaitBody {
    /// Why it is not possible.
    reason: String,
    /// Who puts it right.
    unlocked_by: Option<Role>,
    /// From when it may be possible.
    #[schema(format = DateTime)]
    earliest: Option<String>,
}

impl Wait {
    /// It in the words of `lang`.
    pub(super) fn body(&self, lang: Lang) -> WaitBody {
        let unlocked_by = self.unlocks.as_ref().map(|(role, title)| Role::of(role, title, lang));
        WaitBody {
            reason: self.reason.get(lang.code()).to_owned(),
            unlocked_by,
            earliest: self.earliest.map(|at| moment(at.as_ms())),
        }
    }
}

impl Problem {
    /// A problem of the kind `code`, with no more to say than that.
    pub(super) fn of(code: Code) -> Self {
        Self { code, detail: code.meaning(), faults: Vec::new(), waits: Vec::new() }
    }

    /// The same with words of its own.
    pub(super) fn saying(mut self, detail: Text) -> Self {
        self.detail = detail;
        self
    }

    /// A parameter or header that cannot be used.
    pub(super) fn unusable(name: &str, vi: &str, en: &str) -> Self {
        let detail = Text { vi: format!("`{name}`: {vi}."), en: format!("`{name}`: {en}.") };
        Self::of(Code::Malformed).saying(detail)
    }

    /// Why a command was not taken by the case of `facts`.
    pub(super) fn refused(error: &SendError, facts: &CaseFacts, calendar: &Calendar) -> Self {
        let said = Said::about(error, calendar);
        let code = code_of(error);
        let mut waits: Vec<Wait> = said
            .reasons
            .iter()
            .map(|reason| Wait {
                reason: reason.text.clone(),
                unlocks: reason.unlocks.as_ref().map(|role| (role.clone(), facts.role_title(role))),
                earliest: reason.earliest,
            })
            .collect();
        if let SendError::Refused(refused) = error
            && let Refused::NotPermitted { roles, .. } = &**refused
        {
            waits.extend(roles.iter().map(|role| Wait {
                reason: code.title(),
                unlocks: Some((role.clone(), facts.role_title(role))),
                earliest: None,
            }));
        }
        let texts = said.words.iter().chain(said.faults.iter().map(|fault| &fault.message));
        let joined =
            |lang: &str| texts.clone().map(|text| text.get(lang)).collect::<Vec<_>>().join(" ");
        let detail = Text { vi: joined("vi"), en: joined("en") };
        Self { code, detail, faults: said.faults, waits }
    }

    /// The whole answer, in `lang`.
    pub(super) fn spoken(&self, lang: Lang) -> Response {
        let status = self.code.status();
        let text = |text: &Text| text.get(lang.code()).to_owned();
        let body = ProblemBody {
            kind: format!("/api/problems/{}", self.code.word()),
            title: text(&self.code.title()),
            status: status.as_u16(),
            code: self.code.word().to_owned(),
            detail: text(&self.detail),
            errors: self
                .faults
                .iter()
                .map(|fault| FaultBody {
                    pointer: fault.pointer.clone(),
                    code: fault.code.clone(),
                    message: text(&fault.message),
                })
                .collect(),
            blocked_by: self.waits.iter().map(|wait| wait.body(lang)).collect(),
        };
        let mut response = Response::new(Body::from(serde_json::to_vec(&body).unwrap_or_default()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(KIND));
        match status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
            }
            _ => {}
        }
        response
    }
}

fn code_of(error: &SendError) -> Code {
    match error {
        SendError::Refused(refused) => match &**refused {
            Refused::Unknown { .. } => Code::UnknownAction,
            Refused::NotHandled { .. } | Refused::NotOwed { .. } => Code::NotHandled,
            Refused::NotPermitted { .. } => Code::NotPermitted,
            Refused::Requirements { .. } => Code::Requirements,
            Refused::Payload { .. } | Refused::Data { .. } => Code::Payload,
            Refused::Ended { .. } => Code::Ended,
            Refused::Failed { .. } | Refused::Endless { .. } | Refused::Term { .. } => {
                Code::ChartFailed
            }
        },
        SendError::Stale { .. } => Code::Stale,
        SendError::KeyReused { .. } => Code::KeyReused,
        SendError::NoCase { .. } => Code::NotFound,
        SendError::Forbidden { .. } => Code::NotPermitted,
        SendError::Malformed { .. } => Code::Payload,
        SendError::NoChart { .. }
        | SendError::Exists { .. }
        | SendError::Corrupt { .. }
        | SendError::Unavailable { .. } => Code::Unavailable,
    }
}

impl From<Trouble> for Problem {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Nothing => Self::of(Code::NotFound),
            error => {
                let why = crate::cli::wording::because(&error);
                tracing::error!(error = %why, "an answer could not be made");
                Self::of(Code::Unavailable)
            }
        }
    }
}

impl From<store::ReadError> for Problem {
    fn from(error: store::ReadError) -> Self {
        Trouble::from(error).into()
    }
}

impl From<store::ChoreError> for Problem {
    fn from(error: store::ChoreError) -> Self {
        Trouble::from(error).into()
    }
}

impl IntoResponse for Problem {
    /// An answer without words; [`super::speak`] puts them in.
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
