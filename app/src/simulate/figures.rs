//! The figures of reports: they grow month by month, and what is cumulative never falls.
//!
//! Each reporter has a few numbers of their own, drawn from the seed; the rest follows from how many
//! months have passed. Whole numbers only, so that every machine gets the same.
//!
//! **Invariant:** a cumulative figure below the one before carries a note that says why.

use chart::data::Data;
use serde_json::{Map, Value, json};

use super::draw::Draw;

/// What a report says.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// Values by indicator.
    pub indicators: Map<String, Value>,
    /// Indicators without a value.
    pub not_available: Vec<Value>,
    /// Notes by indicator.
    pub notes: Map<String, Value>,
}

/// The figures of the reporter of `data` (a report's) after `months` months of the programme.
pub fn figures(seed: u64, subject: &str, data: &Data, months: i64, draw: &mut Draw) -> Figures {
    let mut own = Draw::of(seed, &["figures", subject]);
    let mut figures = Figures { indicators: grown(&mut own, months, draw), ..Figures::default() };
    let previous = &data["previous"];
    let is_enterprise = data["level"] == "enterprise";
    for line in data["assembled"].as_array().into_iter().flatten() {
        if let (Some(code), true) = (line["code"].as_str(), line["reports"].as_i64() > Some(0)) {
            figures.indicators.insert(code.to_owned(), line["value"].clone());
        }
    }
    for code in data["cumulative"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let (Some(value), Some(before)) =
            (figures.indicators.get(code).and_then(Value::as_f64), previous[code].as_f64())
        else {
            continue;
        };
        if value < before && is_enterprise {
            figures.indicators.insert(code.to_owned(), previous[code].clone());
        } else if value < before {
            let why = "Kỳ này chưa nhận đủ báo cáo của các doanh nghiệp.";
            figures.notes.insert(code.to_owned(), json!(why));
        }
    }
    if draw.chance(70) {
        let code = "orgs_connected_ministry";
        figures.indicators.remove(code);
        figures.not_available.push(json!(code));
    }
    figures
}

fn grown(own: &mut Draw, months: i64, draw: &mut Draw) -> Map<String, Value> {
    let (users_first, users_step) = (own.between(1_500, 60_000), own.between(300, 5_000));
    let (deals_first, deals_step) = (own.between(800, 40_000), own.between(50, 3_000));
    let (reach, fund) = (own.between(1, 4), own.between(40, 400));
    let users = users_first + users_step * months + own.between(0, 90) * months * months;
    let deals = deals_first + deals_step * months;
    let deals_all = deals_first * months + deals_step * months * (months + 1) / 2;
    let owed = months * 2;
    let done = (owed - draw.between(0, 2)).max(0);
    let active = users * draw.between(25, 70) / 100;
    let figures = [
        ("users_registered", users),
        ("users_active_month", active),
        ("orgs_connected_ministry", (months * reach / 2).min(22)),
        ("orgs_connected_province", (months * reach).min(63)),
        ("orgs_connected_enterprise", months * reach * 6),
        ("transactions_month", deals),
        ("transactions_cumulative", deals_all),
        ("transactions_daily_avg", deals / 30),
        ("services_offered", 4 + months / 2),
        ("outage_minutes", draw.between(0, 90)),
        ("response_p95_ms", draw.between(120, 900)),
        ("incidents_low", draw.between(0, 4)),
        ("incidents_medium", draw.between(0, 1)),
        ("incidents_high", i64::from(draw.chance(40))),
        ("vulns_open", draw.between(0, 3)),
        ("vulns_fixed", draw.between(0, 6)),
        ("security_level", 3),
        ("support_tickets", draw.between(5, 240)),
        ("trainings_held", draw.between(0, 3)),
        ("people_trained", draw.between(0, 150)),
        ("milestones_done", done),
        ("milestones_due", owed),
        ("funds_planned", fund * 24),
        ("funds_spent", fund * months),
    ];
    let mut made: Map<String, Value> =
        figures.into_iter().map(|(code, value)| (code.to_owned(), json!(value))).collect();
    // Tenths of a per cent, written as a decimal fraction that is the same everywhere.
    let tenths = i32::try_from(draw.between(985, 1_000)).unwrap_or(1_000);
    made.insert("availability_pct".to_owned(), json!(f64::from(tenths) / 10.0));
    made
}
