//! A payload for any event, made from its schema.
//!
//! Required fields and a good part of the optional ones are filled: an enumeration by one of its
//! values, a number within its bounds, a date with today, a text by what its name asks for. What
//! the procedure needs beyond the schema is put over it by [`super::sense`].
//!
//! **Invariant:** the payload fits the schema it was made from, for every schema that is shipped.

use chart::calendar::Calendar;
use chart::moment::Timestamp;
use serde_json::{Map, Value, json};

use super::draw::Draw;

/// What a made-up text may speak of.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'s> {
    /// The present.
    pub now: Timestamp,
    /// The calendar of the local day.
    pub calendar: &'s Calendar,
    /// The event it is for.
    pub event: &'s str,
}

impl Setting<'_> {
    /// Today, as schemas write dates.
    pub fn today(&self) -> String {
        self.calendar.local_date(self.now).to_string()
    }
}

/// A value that fits `schema`; `name` is the field it is for.
pub fn make(schema: &Value, name: &str, setting: Setting<'_>, draw: &mut Draw) -> Value {
    if let Some(values) = schema["enum"].as_array() {
        return draw.pick(values).cloned().unwrap_or(Value::Null);
    }
    match schema["type"].as_str() {
        Some("object") => object(schema, setting, draw),
        Some("array") => {
            let least = schema["minItems"].as_u64().unwrap_or(0);
            let items = 0..least;
            Value::Array(items.map(|_| make(&schema["items"], name, setting, draw)).collect())
        }
        Some("boolean") => json!(draw.chance(850)),
        Some("integer" | "number") => {
            let low = schema["minimum"].as_i64().unwrap_or(0);
            let high = schema["maximum"].as_i64().unwrap_or(low + 9);
            json!(draw.between(low, high))
        }
        _ => json!(text(schema, name, setting, draw)),
    }
}

fn object(schema: &Value, setting: Setting<'_>, draw: &mut Draw) -> Value {
    let mut made = Map::new();
    let required = schema["required"].as_array();
    let is_required =
        |name: &str| required.is_some_and(|all| all.iter().any(|one| one.as_str() == Some(name)));
    if let Some(properties) = schema["properties"].as_object() {
        for (name, property) in properties {
            // Each field draws whether or not it is filled, so one does not move the next.
            let filled = draw.chance(600);
            if is_required(name) || (filled && property["default"].is_null()) {
                made.insert(name.clone(), make(property, name, setting, draw));
            }
        }
    }
    Value::Object(made)
}

fn text(schema: &Value, name: &str, setting: Setting<'_>, draw: &mut Draw) -> String {
    let is_month = schema["pattern"].as_str() == Some("^[0-9]{4}-[0-9]{2}$");
    if schema["format"].as_str() == Some("date") {
        return setting.today();
    }
    if is_month {
        return setting.today()[..7].to_owned();
    }
    let number = draw.between(12, 2_400);
    match name {
        "document_number" | "decision_number" => paper(setting.event, number),
        "receipt_number" => format!("{number}/TN-QLDN"),
        "address" => format!("https://ndp.gov.vn/nen-tang/{number}"),
        "references" => "Báo VietNamNet; Cổng thông tin điện tử của Bộ".to_owned(),
        _ => sentence(name, draw).to_owned(),
    }
}

/// A number as papers of that kind carry it.
fn paper(event: &str, number: i64) -> String {
    match event {
        "recognise"
        | "withdraw_recognition"
        | "form_body"
        | "remove"
        | "accept"
        | "approve"
        | "amend_catalogue"
        | "list_platform"
        | "remove_platform" => {
            format!("{number}/QĐ-BTTTT")
        }
        "draft_minutes" => format!("{number}/BB-HĐ"),
        "submit" | "submit_recognition" => format!("{number}/TTr-QLDN"),
        "sign_agreement" => format!("{number}/TTHT"),
        _ => format!("{number}/CV"),
    }
}

fn sentence(name: &str, draw: &mut Draw) -> &'static str {
    let choices: &[&str] = match name {
        "reasons" | "reason" => &[
            "Nội dung chưa đáp ứng yêu cầu tại Quyết định 186/QĐ-BTTTT.",
            "Số liệu và tài liệu kèm theo chưa thống nhất, cần làm rõ.",
            "Tiến độ thực hiện không bảo đảm theo kế hoạch đã phê duyệt.",
        ],
        "explanation" => &[
            "Đơn vị đã rà soát, bổ sung nguồn lực và cam kết tiến độ mới.",
            "Nguyên nhân do thay đổi yêu cầu kỹ thuật; đã có phương án khắc phục.",
        ],
        "note" | "comment" | "opinion" => &[
            "Đã xem xét hồ sơ, thống nhất với nội dung trình.",
            "Đề nghị bổ sung mốc thời gian cụ thể cho từng nhiệm vụ.",
        ],
        "summary" => &[
            "Đã kiểm tra các chức năng chính; kết quả phù hợp với tiêu chí.",
            "Kết quả đạt yêu cầu, còn một số kiến nghị nhỏ về hiệu năng.",
        ],
        "documents" => &["Báo cáo kỹ thuật, tài liệu hướng dẫn, kết quả thử nghiệm tải."],
        "question" => &[
            "Báo cáo tình hình kết nối, chia sẻ dữ liệu và vướng mắc cần tháo gỡ.",
            "Báo cáo kết quả phổ cập nền tảng tại các bộ, ngành, địa phương.",
        ],
        "proposal" => &["Đề xuất bổ sung phạm vi của nền tảng cho phù hợp với thực tế."],
        _ => &[
            "Thực hiện theo kế hoạch và hướng dẫn của cơ quan điều phối chung.",
            "Đã phối hợp với các đơn vị liên quan để hoàn thành nội dung này.",
        ],
    };
    draw.pick(choices).copied().unwrap_or("Đã thực hiện.")
}
