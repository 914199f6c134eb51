//! What went wrong, as a page: what it was and what to do.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use maud::html;

use super::page::Page;
use super::{Site, signing};
use crate::cli::Lang;
use crate::letters::LettersError;

/// Why a page could not be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// There is no such page, or nothing that this person may see: they cannot tell which.
    #[error("there is nothing here")]
    Nothing,
    /// The database could not be read.
    #[error(transparent)]
    Read(#[from] store::ReadError),
    /// The database could not be written.
    #[error(transparent)]
    Chore(#[from] store::ChoreError),
    /// What the database holds could not be understood.
    #[error("{0}")]
    Corrupt(String),
}

impl From<LettersError> for Trouble {
    fn from(error: LettersError) -> Self {
        Self::Corrupt(crate::cli::wording::because(&error))
    }
}

impl IntoResponse for Trouble {
    /// An answer without words; [`super::guard::words_of_rejections`] puts them in.
    fn into_response(self) -> Response {
        match self {
            Self::Nothing => StatusCode::NOT_FOUND.into_response(),
            error => {
                tracing::error!(error = %crate::cli::wording::because(&error), "a page could not be made");
                StatusCode::SERVICE_UNAVAILABLE.into_response()
            }
        }
    }
}

/// Whatever has no page.
pub(super) async fn nothing_here(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    page_of(&site, StatusCode::NOT_FOUND, signing::language(&headers))
}

/// The page of a status.
pub(super) fn page_of(site: &Site, status: StatusCode, lang: Lang) -> Response {
    let (title, words) = match status {
        StatusCode::NOT_FOUND => (
            lang.pick("Không tìm thấy trang", "Page not found"),
            lang.pick(
                "Địa chỉ này không có, hoặc bạn không có quyền xem. Nếu bạn nhập địa chỉ bằng tay, hãy \
                 kiểm tra lại từng ký tự; nếu bạn cần xem hồ sơ này, hãy liên hệ bộ phận điều phối.",
                "There is no such address, or you may not see what is there. If you typed it, check each \
                 character; if you need this case, ask the coordination department.",
            ),
        ),
        StatusCode::PAYLOAD_TOO_LARGE => (
            lang.pick("Nội dung gửi quá lớn", "What was sent is too large"),
            lang.pick(
                "Biểu mẫu chỉ nhận đến 1 MB. Chưa có gì được ghi; hãy quay lại, rút gọn rồi gửi lại.",
                "A form takes up to 1 MB. Nothing was written; go back, shorten it and send it again.",
            ),
        ),
        StatusCode::SERVICE_UNAVAILABLE => (
            lang.pick("Hệ thống đang bận", "The service is not available"),
            lang.pick(
                "Cơ sở dữ liệu chưa trả lời. Chưa có gì bị mất; hãy thử lại sau ít phút.",
                "The database did not answer. Nothing is lost; try again in a few minutes.",
            ),
        ),
        _ => (
            lang.pick("Không nhận được yêu cầu", "The request was not taken"),
            lang.pick(
                "Trình duyệt gửi một yêu cầu mà trang này không hiểu. Chưa có gì được ghi; hãy quay lại \
                 và thử lần nữa.",
                "The browser sent a request that this page does not understand. Nothing was written; go \
                 back and try again.",
            ),
        ),
    };
    Page::outside(site, lang, title).with(status).show(&html! {
        div class="app-card app-narrow" {
            h1 class="govuk-heading-l" { (title) }
            p class="govuk-body" { (words) }
            p class="govuk-body" {
                a class="govuk-link" href="/work" { (lang.pick("Về việc của tôi", "To my work")) }
            }
        }
    })
}
