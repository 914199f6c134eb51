//! Every kind of problem that the API answers with: a stable word, a status, and what it means in both languages.
//!
//! The word is part of the API: it is never given another meaning. Its page is `/api/problems/{code}`.

use axum::http::StatusCode;
use chart::definition::Text;

use crate::letters::wording::both;

/// A kind of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::web) enum Code {
    Malformed,
    KeyRequired,
    Unauthenticated,
    Scope,
    NotPermitted,
    NotFound,
    UnknownAction,
    Method,
    Requirements,
    NotHandled,
    Ended,
    ChartFailed,
    Stale,
    TooLarge,
    MediaType,
    Payload,
    KeyReused,
    MatchRequired,
    Unavailable,
}

/// What is said of a kind.
struct Kind {
    code: Code,
    word: &'static str,
    status: StatusCode,
    /// What it is, in Vietnamese and English.
    title: (&'static str, &'static str),
    /// What it means and what to do.
    meaning: (&'static str, &'static str),
}

/// Every kind, by status.
const KINDS: [Kind; 19] = [
    Kind {
        code: Code::Malformed,
        word: "malformed",
        status: StatusCode::BAD_REQUEST,
        title: ("Yêu cầu không đọc được", "The request cannot be read"),
        meaning: (
            "Địa chỉ, tham số hoặc nội dung JSON sai dạng; `detail` nói chỗ nào. Chưa có gì được ghi. Hãy \
             sửa yêu cầu theo tài liệu API.",
            "The address, a parameter or the JSON has another form; `detail` says where. Nothing was \
             written. Put the request right by the document of the API.",
        ),
    },
    Kind {
        code: Code::KeyRequired,
        word: "key_required",
        status: StatusCode::BAD_REQUEST,
        title: ("Thiếu Idempotency-Key", "Idempotency-Key is missing"),
        meaning: (
            "Mỗi lần ghi cần một khóa riêng trong `Idempotency-Key`, tối đa 200 ký tự ASCII, ví dụ một UUID. Gửi \
             lại cùng khóa và cùng nội dung thì nhận lại đúng câu trả lời cũ.",
            "Each act needs a key of its own in `Idempotency-Key`, up to 200 ASCII characters, such as a \
             UUID. The same key with the same body gets the same answer again.",
        ),
    },
    Kind {
        code: Code::Unauthenticated,
        word: "unauthenticated",
        status: StatusCode::UNAUTHORIZED,
        title: ("Thiếu mã truy cập còn hiệu lực", "No token in force"),
        meaning: (
            "Gửi `Authorization: Bearer ctm_…` với mã chưa hết hạn và chưa bị thu hồi. Cookie của trình duyệt \
             không dùng được ở đây. Mã được tạo ở trang Tài khoản hoặc bằng `cotmoc token create`.",
            "Send `Authorization: Bearer ctm_…` with a token that has neither ended nor been revoked. Cookies \
             of a browser mean nothing here. Tokens are made on the account page or by `cotmoc token create`.",
        ),
    },
    Kind {
        code: Code::Scope,
        word: "scope",
        status: StatusCode::FORBIDDEN,
        title: ("Mã truy cập không có phạm vi này", "The token lacks this scope"),
        meaning: (
            "Mã truy cập được tạo với ít phạm vi hơn việc này cần (`read` để đọc, `act` để xử lý hồ sơ, `report` để nộp \
             báo cáo). Hãy tạo mã khác.",
            "The token was made with fewer scopes than this needs (`read`, `act` on cases, `report` to hand in \
             reports). Make another.",
        ),
    },
    Kind {
        code: Code::NotPermitted,
        word: "not_permitted",
        status: StatusCode::FORBIDDEN,
        title: ("Vai trò của bạn không làm việc này", "It is for other roles"),
        meaning: (
            "Bước hiện tại nhận việc này từ vai trò khác; `blocked_by` nêu các vai trò đó.",
            "The step takes this from other roles; `blocked_by` names them.",
        ),
    },
    Kind {
        code: Code::NotFound,
        word: "not_found",
        status: StatusCode::NOT_FOUND,
        title: ("Không có, hoặc bạn không được xem", "Nothing here that you may see"),
        meaning: (
            "Không có địa chỉ này, hoặc người của mã truy cập không giữ vai trò nào trên hồ sơ. Hai trường hợp trả lời \
             như nhau để không lộ hồ sơ.",
            "There is no such address, or the person of the token holds no role on the case. Both are \
             answered alike, so that cases are not given away.",
        ),
    },
    Kind {
        code: Code::UnknownAction,
        word: "unknown_action",
        status: StatusCode::NOT_FOUND,
        title: ("Quy trình không có việc này", "The chart knows no such action"),
        meaning: (
            "Tên việc không có trong quy trình của hồ sơ, hoặc là việc của máy. `GET /cases/{id}/actions` liệt kê \
             các việc có thể làm.",
            "The chart of the case has no action of this name for people. `GET /cases/{id}/actions` lists \
             what there is.",
        ),
    },
    Kind {
        code: Code::Method,
        word: "method",
        status: StatusCode::METHOD_NOT_ALLOWED,
        title: ("Địa chỉ này không nhận phương thức đó", "Not a method of this address"),
        meaning: (
            "Tiêu đề `Allow` liệt kê các phương thức dùng được ở địa chỉ này.",
            "The header `Allow` lists the methods of this address.",
        ),
    },
    Kind {
        code: Code::Requirements,
        word: "requirements",
        status: StatusCode::CONFLICT,
        title: ("Chưa đủ điều kiện", "Not possible yet"),
        meaning: (
            "Quy trình còn chờ điều kiện; `blocked_by` nêu từng điều kiện, ai gỡ được và sớm nhất khi nào. Chưa có \
             gì được ghi; khóa dùng lại được.",
            "The chart still waits; `blocked_by` gives each reason, who puts it right and from when. Nothing \
             was written; the key may be used again.",
        ),
    },
    Kind {
        code: Code::NotHandled,
        word: "not_handled",
        status: StatusCode::CONFLICT,
        title: ("Hồ sơ không ở bước nhận việc này", "The case takes this at no step now"),
        meaning: (
            "Không bước nào đang mở nhận việc này. Hãy đọc lại hồ sơ: có thể việc đã xong hoặc chưa tới.",
            "No open step takes this. Read the case again: it may be done already, or not yet its turn.",
        ),
    },
    Kind {
        code: Code::Ended,
        word: "ended",
        status: StatusCode::CONFLICT,
        title: ("Hồ sơ đã kết thúc", "The case has ended"),
        meaning: (
            "Hồ sơ đã tới bước cuối và không nhận việc nào nữa.",
            "The case is at its end and takes nothing any more.",
        ),
    },
    Kind {
        code: Code::ChartFailed,
        word: "chart_failed",
        status: StatusCode::CONFLICT,
        title: ("Quy trình không tính được", "The chart could not decide"),
        meaning: (
            "Một biểu thức hoặc thời hạn của quy trình không tính được với nội dung này. Chưa có gì được ghi; hãy \
             báo quản trị hệ thống kèm `detail`.",
            "An expression or a term of the chart could not be worked out with this. Nothing was written; tell \
             the administrator what `detail` says.",
        ),
    },
    Kind {
        code: Code::Stale,
        word: "stale",
        status: StatusCode::PRECONDITION_FAILED,
        title: ("Hồ sơ đã thay đổi", "The case has moved on"),
        meaning: (
            "Người khác đã xử lý hồ sơ sau khi bạn đọc. Hãy đọc lại, xem quyết định của bạn còn đúng không, rồi gửi \
             với `ETag` mới và khóa mới.",
            "Somebody acted on the case after you read it. Read it again, see whether your decision still \
             holds, and send it with the new `ETag` and another key.",
        ),
    },
    Kind {
        code: Code::TooLarge,
        word: "too_large",
        status: StatusCode::PAYLOAD_TOO_LARGE,
        title: ("Nội dung gửi quá lớn", "What was sent is too large"),
        meaning: (
            "Một yêu cầu nhận đến 1 MB. Chưa có gì được ghi.",
            "A request takes up to 1 MB. Nothing was written.",
        ),
    },
    Kind {
        code: Code::MediaType,
        word: "media_type",
        status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
        title: ("Nội dung phải là JSON", "The body must be JSON"),
        meaning: (
            "Hãy gửi `Content-Type: application/json`.",
            "Send `Content-Type: application/json`.",
        ),
    },
    Kind {
        code: Code::Payload,
        word: "payload",
        status: StatusCode::UNPROCESSABLE_ENTITY,
        title: ("Nội dung có chỗ cần sửa", "The payload has faults"),
        meaning: (
            "Nội dung là JSON nhưng không đúng mẫu của việc này; `errors` nêu từng chỗ bằng con trỏ JSON. Mẫu có \
             ở `GET /cases/{id}/actions`.",
            "It is JSON and does not fit the schema of the action; `errors` names each place by a JSON \
             pointer. The schema is in `GET /cases/{id}/actions`.",
        ),
    },
    Kind {
        code: Code::KeyReused,
        word: "key_reused",
        status: StatusCode::UNPROCESSABLE_ENTITY,
        title: ("Khóa đã dùng cho nội dung khác", "The key was used for something else"),
        meaning: (
            "Khóa này đã gắn với một nội dung khác của hồ sơ. Việc mới cần khóa mới.",
            "This key belongs to another body in this case. Something new needs a new key.",
        ),
    },
    Kind {
        code: Code::MatchRequired,
        word: "match_required",
        status: StatusCode::PRECONDITION_REQUIRED,
        title: ("Thiếu If-Match", "If-Match is missing"),
        meaning: (
            "Khi ghi phải nói bạn đã thấy hồ sơ ở trạng thái nào: gửi lại `ETag` của hồ sơ trong `If-Match`, hoặc `*` \
             nếu chấp nhận mọi trạng thái.",
            "Whoever writes says what they saw: send the `ETag` of the case back as `If-Match`, or `*` to accept \
             whatever it is.",
        ),
    },
    Kind {
        code: Code::Unavailable,
        word: "unavailable",
        status: StatusCode::SERVICE_UNAVAILABLE,
        title: ("Hệ thống đang bận", "The service is not available"),
        meaning: (
            "Cơ sở dữ liệu chưa trả lời. Hãy gửi lại cùng khóa sau ít giây; không có gì xảy ra hai lần.",
            "The database did not answer. Send it again under the same key in some seconds; nothing happens \
             twice.",
        ),
    },
];

impl Code {
    /// All of them, by status.
    pub(in crate::web) fn all() -> impl Iterator<Item = Self> {
        KINDS.iter().map(|kind| kind.code)
    }

    fn kind(self) -> &'static Kind {
        KINDS.iter().find(|kind| kind.code == self).unwrap_or(&KINDS[0])
    }

    /// Its word.
    pub(in crate::web) fn word(self) -> &'static str {
        self.kind().word
    }

    /// The status it comes with.
    pub(in crate::web) fn status(self) -> StatusCode {
        self.kind().status
    }

    /// The kind called `word`.
    pub(in crate::web) fn of_word(word: &str) -> Option<Self> {
        Self::all().find(|code| code.word() == word)
    }

    /// The kind that a status means where nothing more is known.
    pub(super) fn of_status(status: StatusCode) -> Self {
        let known = Self::all().find(|code| code.status() == status);
        known.unwrap_or(if status.is_server_error() { Self::Unavailable } else { Self::Malformed })
    }

    /// What it is, in a few words.
    pub(in crate::web) fn title(self) -> Text {
        let (vi, en) = self.kind().title;
        both(vi, en)
    }

    /// What it means and what to do, as its page explains.
    pub(in crate::web) fn meaning(self) -> Text {
        let (vi, en) = self.kind().meaning;
        both(vi, en)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_has_a_word_of_its_own_and_comes_by_status() {
        let words: BTreeSet<&str> = Code::all().map(Code::word).collect();
        assert_eq!(words.len(), KINDS.len());
        assert!(KINDS.is_sorted_by_key(|kind| kind.status.as_u16()));
        for code in Code::all() {
            assert_eq!(Code::of_word(code.word()), Some(code));
            assert!(!code.title().vi.is_empty() && !code.meaning().en.is_empty());
        }
        assert_eq!(Code::of_status(StatusCode::IM_A_TEAPOT), Code::Malformed);
        assert_eq!(Code::of_status(StatusCode::BAD_GATEWAY), Code::Unavailable);
    }
}
