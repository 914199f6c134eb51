//! What a payload must say for the procedure to make sense: names, votes, candidates, figures.
//!
//! The schema gives the form, [`super::payload`] fills it, and here the fields that refer to the
//! case are put over it. A *mistake* leaves something out that the chart asks for, so that the
//! refusal and its words are met too.
//!
//! **Invariant:** only the snapshot and the draw are asked; nothing is remembered between acts.

use chart::moment::Timestamp;
use chart::snapshot::Snapshot;
use serde_json::{Map, Value, json};

use crate::people;

use super::draw::Draw;
use super::figures;
use super::hours;
use super::payload::Setting;

/// Who does what where.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'s> {
    /// The seed of the run.
    pub seed: u64,
    /// The case.
    pub snapshot: &'s Snapshot,
    /// The element of the task, without its position.
    pub element: &'s str,
    /// The sender.
    pub person: &'s str,
    /// Whether something is to be left out.
    pub mistaken: bool,
    /// The first day of the run.
    pub began: Timestamp,
    /// The moment, the calendar and the event.
    pub setting: Setting<'s>,
}

/// Puts over `payload` what the event of `scene` needs in the case of `chart`.
pub fn shape(chart: &str, scene: &Scene<'_>, payload: &mut Map<String, Value>, draw: &mut Draw) {
    match chart {
        "platform" => platform(scene, payload, draw),
        "participation" => participation(scene, payload),
        "plan" => plan(scene, payload, draw),
        "evaluation" => evaluation(scene, payload, draw),
        "report" => report(scene, payload, draw),
        _ => {}
    }
}

fn set(payload: &mut Map<String, Value>, name: &str, value: Value) {
    payload.insert(name.to_owned(), value);
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn platform(scene: &Scene<'_>, payload: &mut Map<String, Value>, draw: &mut Draw) {
    let data = &scene.snapshot.data;
    let id = scene.snapshot.subject.rsplit('/').next().unwrap_or_default();
    let setting = scene.setting;
    match setting.event {
        "propose_owner" => set(payload, "owner", json!(people::MINISTRY)),
        "name_focal_units" => {
            let platform = people::catalogue::platforms().iter().find(|one| one.id == id);
            let units = platform.map(people::focal_units).unwrap_or_default();
            set(payload, "focal_units", json!(units));
        }
        "apply" | "refuse_recognition" => set(payload, "enterprise", json!(scene.element)),
        "open_round" => {
            let recognised = data["recognised"].as_object().into_iter().flatten();
            let mut candidates: Vec<&str> = texts(&data["ready"]).collect();
            if scene.element == "review" {
                candidates.extend(recognised.map(|(enterprise, _)| enterprise.as_str()));
            }
            candidates.sort_unstable();
            candidates.dedup();
            set(payload, "candidates", json!(candidates));
        }
        "recognise" => {
            set(payload, "enterprise", json!(scene.element));
            let round = data["round"].as_i64().unwrap_or(0);
            let number = format!("CN-{id}-{}-{round:02}", scene.element);
            set(payload, "certificate_number", json!(number));
        }
        "propose_withdrawal" => {
            let recognised = data["recognised"].as_object();
            let first = recognised.and_then(|all| all.keys().next()).cloned().unwrap_or_default();
            let one = if scene.element.is_empty() { &first } else { scene.element };
            set(payload, "enterprise", json!(one));
        }
        "plan_ceremony" => {
            let days = draw.between(8, 14);
            if let Ok(on) = hours::later(setting.calendar, setting.now, days, draw) {
                set(payload, "ceremony_on", json!(setting.calendar.local_date(on).to_string()));
            }
        }
        "open_plan" => {
            let year = setting.today()[..4].parse::<i64>().unwrap_or(2022) + 1;
            let merged = data["merged"] == json!(true) && data["part"] == "I";
            set(payload, "kind", json!(if merged { "merged" } else { "ministry" }));
            set(payload, "year", json!(year));
        }
        "request_report" => {
            let core: Vec<&str> = texts(&data["core"]).collect();
            let level = match draw.below(3) {
                0 if !core.is_empty() => "enterprise",
                1 if data["part"] == "I" && data["owner_status"] == "settled" => "owner",
                _ => "focal",
            };
            set(payload, "level", json!(level));
            if level == "enterprise" {
                set(payload, "enterprise", json!(core[0]));
            } else {
                payload.remove("enterprise");
            }
            set(payload, "working_days", json!(draw.between(5, 15)));
        }
        "amend_catalogue" => set(payload, "name_vi", json!("")),
        _ => {}
    }
}

fn participation(scene: &Scene<'_>, payload: &mut Map<String, Value>) {
    match scene.setting.event {
        "save_dossier" | "submit" | "supplement" => {
            let mut dossier = json!({
                "description": "Nền tảng điện toán đám mây, cung cấp theo mô hình dịch vụ.",
                "capability": "Đội ngũ 120 kỹ sư; hạ tầng hai trung tâm dữ liệu tại Việt Nam.",
                "security_level": "Hồ sơ đề xuất cấp độ 3 đã được thẩm định.",
                "personal_data": "Áp dụng quy chế bảo vệ dữ liệu cá nhân của doanh nghiệp.",
                "storage_in_vietnam": "Toàn bộ dữ liệu lưu trữ tại Việt Nam.",
            });
            if scene.mistaken
                && let Some(parts) = dossier.as_object_mut()
            {
                parts.remove("security_level");
            }
            set(payload, "dossier", dossier);
            if scene.setting.event == "submit" {
                let contact = json!({ "name": "Người phụ trách hồ sơ", "phone": "024 3943 1234" });
                set(payload, "contact", contact);
            }
        }
        "request_supplement" => set(
            payload,
            "items",
            json!(["Hồ sơ đề xuất cấp độ an toàn hệ thống thông tin đã được thẩm định"]),
        ),
        _ => {}
    }
}

fn plan(scene: &Scene<'_>, payload: &mut Map<String, Value>, draw: &mut Draw) {
    let data = &scene.snapshot.data;
    match scene.setting.event {
        "save" | "submit" => {
            let asked = texts(&data["contents_required"]);
            let left_out = usize::from(scene.mistaken);
            let contents: Map<String, Value> =
                asked.skip(left_out).map(|part| (part.to_owned(), json!(planned(part)))).collect();
            set(payload, "contents", Value::Object(contents));
        }
        "revise" => {
            let mut contents = data["contents"].clone();
            contents["roadmap"] = json!("Lộ trình điều chỉnh: lùi mốc thử nghiệm 01 tháng.");
            set(payload, "contents", contents);
            set(payload, "reason", json!("Điều chỉnh theo kết quả thử nghiệm thực tế."));
        }
        "record_month" => {
            let owed = draw.between(2, 6);
            set(payload, "milestones_due", json!(owed));
            let done = if scene.mistaken { owed + 1 } else { draw.between(0, owed) };
            set(payload, "milestones_done", json!(done));
        }
        _ => {}
    }
}

fn planned(part: &str) -> &'static str {
    match part {
        "goals" | "use_goals" => "Đưa nền tảng vào sử dụng rộng rãi trong năm.",
        "roadmap" | "rollout" => "Quý II thử nghiệm; quý III mở rộng; quý IV phổ cập.",
        "resources" | "enterprise_resources" => "Kinh phí tự có và hợp tác công tư.",
        "criteria" | "detailed_criteria" => "Bộ tiêu chí chức năng, an toàn và phi kỹ thuật.",
        _ => "Nội dung theo hướng dẫn của cơ quan điều phối chung.",
    }
}

fn evaluation(scene: &Scene<'_>, payload: &mut Map<String, Value>, draw: &mut Draw) {
    let data = &scene.snapshot.data;
    match scene.setting.event {
        "set_criteria" => set(payload, "criteria", criteria(scene.mistaken)),
        "form_body" => {
            let first = usize::try_from(draw.below(people::EXPERTS as u64)).unwrap_or(0);
            let size = if scene.mistaken { 5 } else { 7 };
            let members: Vec<String> =
                (0..size).map(|at| people::expert_id((first + at) % people::EXPERTS + 1)).collect();
            set(payload, "body", json!("council"));
            set(payload, "chair", json!(members[0]));
            set(payload, "secretary", json!(members[1]));
            set(payload, "reviewers", json!(members[2..4]));
            set(payload, "members", json!(members));
        }
        "supply_material" => {
            let missing = texts(&data["candidates"]).find(|one| data["material"][one].is_null());
            set(payload, "enterprise", json!(missing.unwrap_or_default()));
        }
        "declare" => {
            let leads = [&data["chair"], &data["secretary"]].contains(&&json!(scene.person));
            set(payload, "conflict", json!(!leads && draw.chance(60)));
        }
        "score" => {
            let points: Map<String, Value> = texts(&data["candidates"])
                .map(|one| (one.to_owned(), json!(draw.between(55, 98))))
                .collect();
            set(payload, "points", Value::Object(points));
        }
        "open_session" => set(payload, "present", json!(present(scene, draw))),
        "postpone_session" => {
            set(payload, "reason", json!("Chưa đủ số thành viên dự họp theo quy định."));
        }
        "record_vote" => vote(scene, payload, draw),
        _ => {}
    }
}

fn criteria(mistaken: bool) -> Value {
    let mut all = vec![
        json!({ "id": "cn1", "group": "functional", "text": "Đáp ứng chức năng công bố", "weight": 4 }),
        json!({ "id": "cn2", "group": "functional", "text": "Khả năng mở rộng", "weight": 2 }),
        json!({ "id": "at1", "group": "security", "text": "Bảo đảm an toàn theo cấp độ", "weight": 3 }),
        json!({ "id": "pk1", "group": "non_technical", "text": "Năng lực hỗ trợ người dùng", "weight": 1 }),
    ];
    if mistaken {
        all.pop();
    }
    Value::Array(all)
}

/// Who comes to the session: those who may vote and have declared, without one now and then.
fn present(scene: &Scene<'_>, draw: &mut Draw) -> Vec<Value> {
    let data = &scene.snapshot.data;
    let members: Vec<&str> = texts(&data["members"])
        .filter(|one| !texts(&data["barred"]).any(|barred| barred == *one))
        .filter(|one| !data["declared"][*one].is_null())
        .collect();
    let leads = |one: &str| data["chair"] == one || data["secretary"] == one;
    let others = members.len().saturating_sub(2);
    let away =
        if scene.mistaken { others.saturating_sub(1) } else { usize::from(draw.chance(200)) };
    let mut missing = away;
    members
        .into_iter()
        .filter(|one| {
            let stays = leads(one) || missing == 0;
            missing -= usize::from(!stays);
            stays
        })
        .map(|one| json!(one))
        .collect()
}

fn vote(scene: &Scene<'_>, payload: &mut Map<String, Value>, draw: &mut Draw) {
    let present = scene.snapshot.data["present"].as_array().map_or(0, Vec::len);
    let present = i64::try_from(present).unwrap_or(0);
    // The smallest number of votes that is more than three quarters of those present.
    let passing = present * 3 / 4 + 1;
    let outcome = draw.below(100);
    let yes =
        if outcome < 78 { passing.min(present) } else { (passing - 1 - draw.between(0, 1)).max(0) };
    let blank = draw.between(0, 1).min(present - yes);
    let counted_twice = i64::from(scene.mistaken);
    set(payload, "enterprise", json!(scene.element));
    set(payload, "yes", json!(yes));
    set(payload, "blank", json!(blank));
    set(payload, "no", json!(present - yes - blank + counted_twice));
    let supplement = (78..86).contains(&outcome);
    let asked = if supplement {
        "Bổ sung kết quả kiểm thử tải và phương án dự phòng."
    } else {
        ""
    };
    set(payload, "supplement", json!(asked));
}

fn report(scene: &Scene<'_>, payload: &mut Map<String, Value>, draw: &mut Draw) {
    let data = &scene.snapshot.data;
    let opened = data["period_opens_at_ms"].as_i64().filter(|at| *at > 0);
    let at = opened.unwrap_or(scene.setting.now.as_ms());
    let months = (at - scene.began.as_ms()) / (30 * 24 * 60 * 60 * 1_000) + 2;
    let figures = figures::figures(scene.seed, &scene.snapshot.subject, data, months, draw);
    let mut indicators = figures.indicators;
    if scene.setting.event == "save" {
        set(payload, "draft", json!({ "indicators": indicators }));
        return;
    }
    if !["submit", "resubmit", "correct"].contains(&scene.setting.event) {
        return;
    }
    let nothing_changed = scene.setting.event == "submit" && draw.chance(35);
    if scene.mistaken {
        indicators.remove("users_registered");
    }
    let results = if nothing_changed {
        "Xác nhận trong kỳ không phát sinh thay đổi so với kỳ trước."
    } else {
        "Hoàn thành các nhiệm vụ trong kỳ; số người dùng tiếp tục tăng."
    };
    set(payload, "nil_report", json!(nothing_changed && !scene.mistaken));
    set(payload, "indicators", Value::Object(indicators));
    set(payload, "not_available", json!(figures.not_available));
    set(payload, "notes", Value::Object(figures.notes));
    let narrative = json!({
        "results": results, "difficulties": "", "proposals": "",
        "next": "Tiếp tục mở rộng kết nối theo kế hoạch.",
    });
    set(payload, "narrative", narrative);
    if scene.setting.event == "correct" {
        set(payload, "reason", json!("Đối soát lại phát hiện sai số liệu người dùng."));
    }
}
