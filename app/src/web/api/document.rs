//! The OpenAPI document: what the routes say of themselves, made whole.
//!
//! A route documents its parameters and its success where it is written. What all of them share is added here, from
//! the catalogue of problems: which may come of which operation, that a token is needed, that answers carry an `ETag`.
//! Summaries and descriptions are there in both languages; `/api/openapi.json` is in that of whoever asks.
//!
//! **Invariant:** every operation has its line in [`OPERATIONS`]; a test compares them.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use super::codes::Code;
use super::problem::{KIND, ProblemBody};
use super::{BASE, described};
use crate::cli::Lang;

/// The document without its routes.
#[derive(OpenApi)]
#[openapi(components(schemas(ProblemBody)))]
struct Frame;

/// The document that routes are added to.
pub(super) fn frame() -> utoipa::openapi::OpenApi {
    Frame::openapi()
}

/// What is said of one operation beside its route.
struct Operation {
    id: &'static str,
    /// Which scopes of a token are enough.
    scopes: &'static [&'static str],
    /// The problems it may answer with, beside those that all of them may.
    problems: &'static [Code],
    vi: &'static str,
    vi_more: &'static str,
}

/// Problems that any operation may answer with.
const COMMON: [Code; 4] = [Code::Malformed, Code::Unauthenticated, Code::Scope, Code::Unavailable];
const READ: &[&str] = &["read"];

/// Every operation, in the order in which a newcomer needs them.
const OPERATIONS: [Operation; 14] = [
    Operation {
        id: "me",
        scopes: READ,
        problems: &[],
        vi: "Mã truy cập thay mặt ai, dùng được vào việc gì, người đó giữ vai trò gì",
        vi_more: "",
    },
    Operation {
        id: "listCases",
        scopes: READ,
        problems: &[],
        vi: "Các hồ sơ mà người của mã truy cập được xem",
        vi_more: "Bộ lọc có tên như trong địa chỉ của trang. Trang sau theo `Link: rel=\"next\"`.",
    },
    Operation {
        id: "showCase",
        scopes: READ,
        problems: &[Code::NotFound],
        vi: "Một hồ sơ: đang ở đâu, biết gì, ai còn nợ việc gì",
        vi_more: "`ETag` bắt đầu bằng lần quyết định: gửi lại trong `If-Match` khi xử lý.",
    },
    Operation {
        id: "listActions",
        scopes: READ,
        problems: &[Code::NotFound],
        vi: "Bây giờ làm được gì với hồ sơ, chưa làm được gì và vì sao",
        vi_more: "Mỗi việc chưa làm được nói đang chờ gì, ai gỡ được và sớm nhất khi nào. `ETag` dùng trong `If-Match` \
            như của hồ sơ.",
    },
    Operation {
        id: "act",
        scopes: &["act"],
        problems: &[
            Code::KeyRequired,
            Code::NotPermitted,
            Code::NotFound,
            Code::UnknownAction,
            Code::Requirements,
            Code::NotHandled,
            Code::Ended,
            Code::ChartFailed,
            Code::Stale,
            Code::TooLarge,
            Code::MediaType,
            Code::Payload,
            Code::KeyReused,
            Code::MatchRequired,
        ],
        vi: "Xử lý hồ sơ",
        vi_more: "`If-Match` nói người gửi đã thấy lần quyết định nào (`ETag` của hồ sơ hoặc của danh sách việc, hoặc \
            `*`); hồ sơ đã thay đổi thì trả lời 412. Một `Idempotency-Key` chỉ làm một lần: gửi lại cùng nội dung nhận lại \
            câu trả lời cũ, nội dung khác nhận 422. Với `dry_run=true` mọi thứ được tính thử, không ghi gì.",
    },
    Operation {
        id: "listTasks",
        scopes: READ,
        problems: &[],
        vi: "Việc của tôi, quá hạn lâu nhất trước",
        vi_more: "",
    },
    Operation {
        id: "listReports",
        scopes: READ,
        problems: &[],
        vi: "Các báo cáo được xem",
        vi_more: "",
    },
    Operation {
        id: "showReport",
        scopes: READ,
        problems: &[Code::NotFound],
        vi: "Báo cáo của một đơn vị cho một nền tảng và kỳ, kèm số liệu",
        vi_more: "Không có `unit` thì là báo cáo của đơn vị của mã truy cập. Gửi `ETag` trong `If-Match` để nộp.",
    },
    Operation {
        id: "putReport",
        scopes: &["report", "act"],
        problems: &[
            Code::KeyRequired,
            Code::NotPermitted,
            Code::NotFound,
            Code::Requirements,
            Code::NotHandled,
            Code::Ended,
            Code::ChartFailed,
            Code::Stale,
            Code::TooLarge,
            Code::MediaType,
            Code::Payload,
            Code::KeyReused,
            Code::MatchRequired,
        ],
        vi: "Nộp báo cáo của đơn vị của mã truy cập",
        vi_more: "Nộp, nộp lại sau khi bị trả lại, hoặc đính chính (kèm `reason`), tùy báo cáo đang chờ gì. Chỗ sai được nêu \
            bằng con trỏ JSON. Với `validate_only=true` không ghi gì. Cùng nội dung và cùng `If-Match` chỉ nộp một lần; có thể \
            gửi khóa riêng trong `Idempotency-Key`.",
    },
    Operation {
        id: "listEntries",
        scopes: READ,
        problems: &[Code::NotFound],
        vi: "Diễn biến của một hồ sơ, cũ nhất trước",
        vi_more: "",
    },
    Operation {
        id: "feed",
        scopes: READ,
        problems: &[],
        vi: "Diễn biến của mọi hồ sơ được xem, theo một thứ tự",
        vi_more: "Giữ `next` rồi hỏi tiếp lúc khác: không bỏ sót, không lặp lại, dù lúc đó đang có ghi. Một trang có thể \
            rỗng mà vẫn còn tiếp (`more`), khi phần ở giữa không dành cho người này.",
    },
    Operation {
        id: "stream",
        scopes: READ,
        problems: &[],
        vi: "Diễn biến ngay khi xảy ra, mỗi mục một sự kiện",
        vi_more: "Server-sent events: `id` là chỗ trong dòng diễn biến, `event` là `entry`, `data` như ở `/entries`. Nối lại với \
            `Last-Event-ID` thì đi tiếp từ đó; dòng kết thúc khi mã truy cập hết hiệu lực.",
    },
    Operation {
        id: "listPlatforms",
        scopes: READ,
        problems: &[],
        vi: "Các nền tảng mà người của mã truy cập giữ vai trò",
        vi_more: "",
    },
    Operation {
        id: "showCalendar",
        scopes: READ,
        problems: &[Code::NotFound],
        vi: "Các ngày trong năm khác với thứ trong tuần của nó",
        vi_more: "",
    },
];

/// Where an operation stands among all of them: in the order in which a newcomer needs them.
pub(super) fn place_of(id: &str) -> usize {
    OPERATIONS.iter().position(|one| one.id == id).unwrap_or(OPERATIONS.len())
}

/// What each parameter is, in Vietnamese.
const PARAMETERS: [(&str, &str); 16] = [
    ("q", "Từ trong tên nền tảng hoặc đơn vị, có dấu hay không, hoặc phần đầu mã hồ sơ."),
    ("chart", "Quy trình."),
    ("open", "Chỉ hồ sơ chưa kết thúc (`yes`), hoặc chỉ hồ sơ đã kết thúc (`no`)."),
    ("after", "Chỗ trang trước dừng lại (`next`)."),
    ("limit", "Nhiều nhất bao nhiêu mục."),
    ("overdue", "Chỉ mục quá hạn (`yes`), hoặc chỉ mục chưa quá hạn (`no`)."),
    ("period", "Kỳ: tháng, quý, nửa năm hoặc năm."),
    ("platform", "Nền tảng; `ministry` cho báo cáo về toàn bộ chương trình."),
    ("unit", "Đơn vị phải nộp, khi không phải đơn vị của mã truy cập."),
    ("id", "Hồ sơ."),
    ("name", "Việc."),
    ("year", "Năm."),
    ("dry_run", "Chỉ cho biết sẽ ra sao; không ghi gì."),
    ("validate_only", "Chỉ cho biết có nhận được không; không ghi gì."),
    ("Last-Event-ID", "Chỗ của sự kiện cuối cùng đã thấy."),
    ("If-Match", "Lần quyết định đã thấy, dưới dạng `ETag`, hoặc `*`."),
];
const KEY_VI: &str = "Khóa riêng của mỗi lần ghi.";

/// The document in `lang`.
pub(in crate::web) fn whole(lang: Lang) -> &'static Value {
    static BOTH: LazyLock<[Value; 2]> = LazyLock::new(|| [made(Lang::Vi), made(Lang::En)]);
    match lang {
        Lang::Vi => &BOTH[0],
        Lang::En => &BOTH[1],
    }
}

fn made(lang: Lang) -> Value {
    let mut document = serde_json::to_value(described()).unwrap_or_default();
    document["info"] = json!({
        "title": "Cột Mốc",
        "version": "1",
        "description": lang.pick(
            "Hồ sơ, việc và báo cáo của các nền tảng số quốc gia cho chương trình máy. Cùng quyền và cùng lời như các \
             trang. Mọi câu trả lời đọc được có `ETag`; gửi lại trong `If-None-Match` để nhận 304 khi không đổi. Lỗi theo \
             RFC 9457, bằng ngôn ngữ của `Accept-Language`. Thời điểm theo RFC 3339. Chỉ thêm, không đổi nghĩa trong `v1`.",
            "Cases, tasks and reports of the national digital platforms, for programs. The same rights and the same \
             words as the pages. Every answer that is read carries an `ETag`; send it as `If-None-Match` to get 304 while \
             nothing changes. Problems follow RFC 9457, in the language of `Accept-Language`. Moments follow RFC 3339. \
             Within `v1` things are only added.",
        ),
        "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
    });
    document["servers"] = json!([{ "url": BASE }]);
    document["components"]["securitySchemes"] = json!({ "token": {
        "type": "http", "scheme": "bearer", "bearerFormat": "ctm_…",
        "description": lang.pick("Mã truy cập tạo ở trang Tài khoản hoặc bằng `cotmoc token create`.",
            "A token made on the account page or by `cotmoc token create`."),
    } });
    let Some(paths) = document["paths"].as_object_mut() else { return document };
    for methods in paths.values_mut().filter_map(Value::as_object_mut) {
        for (method, operation) in methods {
            complete(method, operation, lang);
        }
    }
    document
}

/// Adds to one operation what its route does not say.
fn complete(method: &str, operation: &mut Value, lang: Lang) {
    let id = operation["operationId"].as_str().unwrap_or_default();
    let Some(own) = OPERATIONS.iter().find(|one| one.id == id) else { return };
    operation["security"] = json!([{ "token": own.scopes }]);
    operation["x-scopes"] = json!(own.scopes);
    if lang == Lang::Vi {
        operation["summary"] = own.vi.into();
        if own.vi_more.is_empty() {
            operation.as_object_mut().map(|members| members.remove("description"));
        } else {
            operation["description"] = own.vi_more.into();
        }
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
        for parameter in parameters.into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap_or_default();
            let words = PARAMETERS.iter().find(|(known, _)| *known == name);
            parameter["description"] = words.map_or(KEY_VI, |(_, words)| words).into();
        }
    }
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else {
        return;
    };
    let mut is_whole = false;
    if let Some(done) = responses.get_mut("200") {
        done["description"] = lang.pick("Được.", "Done.").into();
        // A stream has no end, and so no mark.
        is_whole = done.get("content").is_some_and(|kinds| kinds.get("application/json").is_some());
        if is_whole {
            let tag = lang.pick("Dấu của nội dung này.", "The mark of this content.");
            done["headers"] =
                json!({ "ETag": { "description": tag, "schema": { "type": "string" } } });
        }
    }
    if method == "get" && is_whole {
        let words = lang.pick("Không đổi so với `If-None-Match`.", "As `If-None-Match` has it.");
        responses.insert("304".to_owned(), json!({ "description": words }));
    }
    for (status, words) in problems(own, lang) {
        let schema = json!({ "$ref": "#/components/schemas/Problem" });
        let body = json!({ "description": words, "content": { KIND: { "schema": schema } } });
        responses.insert(status, body);
    }
}

/// The problems of an operation in words, by status.
fn problems(operation: &Operation, lang: Lang) -> Map<String, Value> {
    let mut by_status = Map::new();
    for code in
        Code::all().filter(|code| COMMON.contains(code) || operation.problems.contains(code))
    {
        let words = format!("`{}`: {}.", code.word(), code.title().get(lang.code()));
        let said = by_status.entry(code.status().as_str()).or_insert_with(|| Value::from(""));
        let before = said.as_str().unwrap_or_default();
        *said = format!("{before} {words}").trim().into();
    }
    by_status
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_operation_has_its_words_and_every_word_its_operation() {
        let document = whole(Lang::Vi);
        let paths = document["paths"].as_object().expect("there are paths");
        let operations =
            || paths.values().flat_map(|one| one.as_object().expect("methods").values());
        let there: BTreeSet<&str> =
            operations().filter_map(|one| one["operationId"].as_str()).collect();
        let known: BTreeSet<&str> = OPERATIONS.iter().map(|one| one.id).collect();
        assert_eq!(there, known);
        for operation in operations() {
            let own =
                OPERATIONS.iter().find(|one| Some(one.id) == operation["operationId"].as_str());
            assert_eq!(operation["summary"].as_str(), own.map(|own| own.vi));
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let name = parameter["name"].as_str().expect("a parameter has a name");
                let is_known = PARAMETERS.iter().any(|(known, _)| *known == name);
                assert!(is_known || name == "Idempotency-Key", "{name} has no Vietnamese words");
            }
        }
        let english = whole(Lang::En)["paths"]["/cases/{id}"]["get"].clone();
        assert!(english["description"].as_str().is_some_and(|text| text.contains("If-Match")));
    }
}
