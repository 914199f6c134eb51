//! The errors of the engine as failures of a command: what is wrong, where, how to mend it.
//!
//! The causes that drivers tell stay in English; what to do about them is said in both languages.
//!
//! **Invariant:** a refusal is 2, a conflict 3, a database that cannot be used 4, all else 1.

use std::error::Error;

use chart::calendar::{Calendar, moment_en, moment_vi};
use chart::moment::Timestamp;
use chart::refusal::{Reason, Refused};
use runtime::SendError;
use runtime::publishing::PublishError;
use runtime::shared::RoundError;
use store::error::{ChoreError, ReadError};
use store::store::{MigrateError, OpenError};

use super::Failure;
use crate::people::AdministratorError;

/// An error with its causes, joined by colons; a cause that was told already is left out.
pub fn because(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let told = cause.to_string();
        if !text.ends_with(&told) {
            text.push_str(": ");
            text.push_str(&told);
        }
        next = cause.source();
    }
    text
}

fn cause(error: &dyn Error) -> String {
    error.source().map(because).unwrap_or_default()
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let (en, why) = (because(&error), cause(&error));
        match &error {
            OpenError::Address { url } => Self::usage(
                &format!(
                    "`{url}` không phải địa chỉ cơ sở dữ liệu; hãy viết `sqlite:đường/dẫn/tệp` \
                     hoặc `postgres://người-dùng@máy-chủ/tên`."
                ),
                &en,
            ),
            OpenError::Unreachable { url, .. } if url.starts_with("sqlite:") => Self::unavailable(
                &format!(
                    "Không mở được tệp của `{url}`; hãy kiểm tra thư mục có tồn tại, còn chỗ trống \
                     và bạn có quyền ghi ({why})."
                ),
                &format!(
                    "the file of `{url}` could not be opened: check that its folder exists, has \
                     space left and may be written: {why}"
                ),
            ),
            OpenError::Unreachable { url, .. } => Self::unavailable(
                &format!(
                    "Không kết nối được cơ sở dữ liệu `{url}`; hãy kiểm tra máy chủ PostgreSQL đang \
                     chạy và người dùng này có quyền truy cập ({why})."
                ),
                &en,
            ),
            OpenError::Locked { url, .. } => Self::unavailable(
                &format!(
                    "Tệp của `{url}` đang bị tiến trình khác khóa; hãy dừng tiến trình đó hoặc chờ."
                ),
                &en,
            ),
            OpenError::NotADatabase { url, .. } => Self::usage(
                &format!(
                    "Tệp của `{url}` không phải cơ sở dữ liệu của chương trình này; hãy chỉ tệp \
                     khác bằng --store ({why})."
                ),
                &format!("{en}; name another file with --store"),
            ),
            OpenError::Encoding { url, encoding } => Self::unavailable(
                &format!(
                    "Cơ sở dữ liệu `{url}` dùng bảng mã {encoding}; hãy tạo cơ sở dữ liệu mới với \
                     bảng mã UTF8."
                ),
                &en,
            ),
            OpenError::Newer { url, found, known } => Self::unavailable(
                &format!(
                    "Cơ sở dữ liệu `{url}` có lược đồ phiên bản {found}, chương trình này chỉ biết \
                     đến {known}; hãy dùng bản chương trình mới hơn."
                ),
                &en,
            ),
        }
    }
}

impl From<MigrateError> for Failure {
    fn from(error: MigrateError) -> Self {
        Self::unavailable(
            &format!(
                "Không cập nhật được lược đồ cơ sở dữ liệu; chưa có gì thay đổi dở dang. Hãy kiểm \
                 tra quyền tạo bảng và chỗ trống trên đĩa ({}).",
                cause(&error)
            ),
            &format!("{}; check the right to make tables and the space left", because(&error)),
        )
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        let why = cause(&error);
        if why.contains("no such table") || why.contains("does not exist") {
            return Self::unavailable(
                "Cơ sở dữ liệu chưa được khởi tạo; hãy chạy `cotmoc init`.",
                &format!("the database is not set up, run `cotmoc init`: {why}"),
            );
        }
        Self::unavailable(
            &format!("Không đọc được cơ sở dữ liệu; hãy thử lại ({why})."),
            &format!("{}; try again", because(&error)),
        )
    }
}

impl From<AdministratorError> for Failure {
    fn from(error: AdministratorError) -> Self {
        match error {
            AdministratorError::Read(error) => error.into(),
            AdministratorError::Chore(error) => error.into(),
        }
    }
}

impl From<ChoreError> for Failure {
    fn from(error: ChoreError) -> Self {
        let why = cause(&error);
        let vi = match &error {
            ChoreError::Busy(_) => "Cơ sở dữ liệu đang bận, chưa ghi gì; hãy thử lại".to_owned(),
            ChoreError::Data(_) => "Cơ sở dữ liệu từ chối một bản ghi, chưa ghi gì".to_owned(),
            ChoreError::Full(_) => {
                "Đĩa của cơ sở dữ liệu đã đầy, chưa ghi gì; hãy giải phóng chỗ trống".to_owned()
            }
            ChoreError::ReadOnly(_) => {
                "Cơ sở dữ liệu chỉ cho đọc; hãy cấp quyền ghi cho người dùng này".to_owned()
            }
            ChoreError::Database(_) => "Không ghi được cơ sở dữ liệu; hãy thử lại".to_owned(),
        };
        Self::unavailable(&format!("{vi} ({why})."), &because(&error))
    }
}

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Self {
        use store::charts::PublishError as Published;
        let en = because(&error);
        match error {
            PublishError::Read(error) => error.into(),
            PublishError::Write(error) => error.into(),
            PublishError::Publish(Published::Contradiction { name, version, .. }) => {
                Self::conflict(
                    &format!(
                        "Phiên bản {version} của `{name}` đã được công bố với nội dung khác; hãy \
                         tăng phiên bản trong định nghĩa."
                    ),
                    &en,
                )
            }
            PublishError::Clock { text } => Self::unavailable(
                &format!(
                    "Cơ sở dữ liệu lưu đồng hồ `{text}`; giá trị phải là `real` hoặc số mili giây."
                ),
                &en,
            ),
            PublishError::Publish(_) => {
                Self::unavailable(&format!("Không công bố được quy trình ({en})."), &en)
            }
        }
    }
}

impl From<RoundError> for Failure {
    fn from(error: RoundError) -> Self {
        match error {
            RoundError::Read(error) => error.into(),
            RoundError::Write(error) => error.into(),
            other => {
                let en = because(&other);
                Self::unavailable(&format!("Máy xử lý dừng lại: {en}."), &en)
            }
        }
    }
}

/// Why a command was not taken, with every reason of a refusal on its own line.
pub fn not_sent(error: &SendError, calendar: &Calendar) -> Failure {
    let en = because(error);
    match error {
        SendError::Refused(refused) => refusal(refused, calendar),
        SendError::Stale { case_id, decision, .. } => Failure::conflict(
            &format!(
                "Hồ sơ `{case_id}` đã được người khác xử lý trước, nay ở lần quyết định {decision}; \
                 hãy xem lại rồi quyết định lại (--expect {decision})."
            ),
            &en,
        ),
        SendError::KeyReused { case_id, key } => Failure::conflict(
            &format!(
                "Khóa `{key}` đã dùng cho một lệnh khác của hồ sơ `{case_id}`; hãy dùng khóa mới."
            ),
            &en,
        ),
        SendError::NoCase { case_id } => {
            Failure::usage(&format!("Không có hồ sơ `{case_id}`."), &en)
        }
        SendError::NoChart { chart, why } => Failure::usage(
            &format!("Không dùng được quy trình `{chart}`: {why}. Hồ sơ được giữ nguyên."),
            &en,
        ),
        SendError::Exists { case_id } => {
            Failure::conflict(&format!("Hồ sơ `{case_id}` đã được mở với khóa khác."), &en)
        }
        SendError::Forbidden { person, other } => Failure::refused(
            &format!(
                "`{person}` hiện không được làm thay `{other}`; phải ghi nhận ủy quyền trước."
            ),
            &en,
        ),
        SendError::Malformed { why } => Failure::usage(&format!("Lệnh không hợp lệ: {why}."), &en),
        SendError::Corrupt { case_id, why } => Failure::unavailable(
            &format!(
                "Không đọc được hồ sơ `{case_id}`: {why}. Hãy chạy `cotmoc verify`; các hồ sơ khác \
                 không bị ảnh hưởng."
            ),
            &en,
        ),
        SendError::Unavailable { why } => Failure::unavailable(
            &format!(
                "Cơ sở dữ liệu không trả lời ({why}); hãy gửi lại lệnh với cùng khóa (--key)."
            ),
            &en,
        ),
    }
}

fn refusal(refused: &Refused, calendar: &Calendar) -> Failure {
    let text = refused.text();
    let (mut vi, mut en) = (text.vi, text.en);
    match refused {
        Refused::Requirements { reasons, .. } => {
            let lines = |lang: &'static str| {
                reasons.iter().map(move |one| format!("\n  - {}", reason(one, lang, calendar)))
            };
            vi = format!("Chưa thực hiện được:{}", lines("vi").collect::<String>());
            en = format!("not possible yet:{}", lines("en").collect::<String>());
        }
        Refused::Payload { event, violations } | Refused::Data { event, violations } => {
            let lines = |vi: bool| {
                violations.iter().map(move |one| {
                    let said = if vi { &one.message_vi } else { &one.message_en };
                    format!(
                        "\n  - {}: {said}",
                        if one.pointer.is_empty() { "/" } else { &one.pointer }
                    )
                })
            };
            vi = format!("Nội dung của `{event}` chưa hợp lệ:{}", lines(true).collect::<String>());
            en = format!(
                "the payload of `{event}` is not valid:{}",
                lines(false).collect::<String>()
            );
        }
        _ => {}
    }
    Failure::refused(&vi, &en)
}

/// A reason with who can put it right and from when, in `lang`.
pub fn reason(reason: &Reason, lang: &str, calendar: &Calendar) -> String {
    let mut text = reason.text.get(lang).to_owned();
    if let Some(role) = &reason.unlocks {
        let by = if lang == "en" { "put right by" } else { "người xử lý" };
        text.push_str(&format!(" ({by}: {role})"));
    }
    if let Some(earliest) = reason.earliest {
        let from = if lang == "en" { "possible from" } else { "sớm nhất" };
        text.push_str(&format!(" ({from}: {})", moment(earliest, lang, calendar)));
    }
    text
}

/// A moment as people read it: `17:00 thứ Hai 03/02/2025`.
pub fn moment(at: Timestamp, lang: &str, calendar: &Calendar) -> String {
    let (date, clock) = (calendar.local_date(at), calendar.local_clock(at));
    if lang == "en" { moment_en(date, clock) } else { moment_vi(date, clock) }
}
