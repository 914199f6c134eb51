//! `cotmoc person`: what is kept of a person apart from the log, and how it is erased.
//!
//! **Invariant:** erasing changes no entry; `cotmoc verify` finds nothing wrong afterwards.

use clap::Subcommand;
use serde_json::{Value, json};
use store::rows::StoredEntry;
use store::{log, people, personal};

use super::desk::{Desk, time};
use super::output::{Rows, remark, say};
use super::{Arguments, Failure, Format, Lang};

const ERASE_EXAMPLES: &str = "Examples:
  cotmoc person erase person:dn-a2:core_enterprise
  cotmoc person erase --value 6b1f0c52-…

Name, address and every value that the person has sent are gone for good; the entries of the log keep
their references and commitments, and `cotmoc verify` stays clean. A value that somebody else sent about
the person is erased by its reference, which `cotmoc case show` tells.";

/// What to do with what is kept of people.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Name, address and personal values of one person
    #[command(after_help = "Example:\n  cotmoc person show person:dn-a2:core_enterprise")]
    Show {
        /// The person, by id
        person: String,
    },
    /// Erase what is kept of one person, or one value
    #[command(after_help = ERASE_EXAMPLES)]
    Erase {
        /// The person, by id
        #[arg(required_unless_present = "value")]
        person: Option<String>,
        /// One value, by its reference
        #[arg(long, value_name = "REFERENCE", conflicts_with = "person")]
        value: Option<String>,
    },
}

/// Carries out a command on people.
pub async fn run(verb: &Verb, common: &Arguments) -> Result<(), Failure> {
    let desk = Desk::open(&common.store, common.lang).await?;
    match verb {
        Verb::Show { person } => show(&desk, person, common).await,
        Verb::Erase { person: Some(person), .. } => erase(&desk, person, common.lang).await,
        Verb::Erase { value, .. } => {
            erase_value(&desk, value.as_deref().unwrap_or_default(), common.lang).await
        }
    }
}

pub(super) fn nobody(person: &str) -> Failure {
    Failure::usage(
        &format!("Không có người nào mang mã `{person}`."),
        &format!("there is nobody with the id `{person}`"),
    )
}

async fn show(desk: &Desk, person: &str, common: &Arguments) -> Result<(), Failure> {
    let lang = common.lang;
    let found = people::find_person(&desk.store, person).await?.ok_or_else(|| nobody(person))?;
    let mut fields = Rows::new(&[
        ("person", lang.pick("Mã", "Id")),
        ("name", lang.pick("Họ tên", "Name")),
        ("email", lang.pick("Thư điện tử", "E-mail")),
        ("organisation", lang.pick("Đơn vị", "Unit")),
        ("erased", lang.pick("Đã xóa", "Erased")),
    ]);
    fields.push(vec![
        json!(found.id),
        json!(found.name),
        json!(found.email),
        json!(desk.name(&found.organisation)),
        json!(found.erased),
    ]);
    let mut values = Rows::new(&[
        ("case_id", lang.pick("Mã hồ sơ", "Case")),
        ("value", lang.pick("Giá trị", "Value")),
        ("sent", lang.pick("Gửi lúc", "Sent")),
        ("reference", lang.pick("Mã giá trị", "Reference")),
    ]);
    for row in personal::of_person(&desk.store, person).await? {
        let value: Value = serde_json::from_str(&row.value).unwrap_or_default();
        let sent = json!(time(row.created_at_ms));
        values.push(vec![json!(row.case_id), value, sent, json!(row.reference)]);
    }
    if common.format == Format::Json {
        let answer = json!({ "person": fields.json()[0], "values": values.json() });
        return say(&format!("{answer:#}"));
    }
    fields.print(common.format, "")?;
    say("")?;
    values.print(common.format, lang.pick("Không giữ giá trị nào.", "No values are kept."))
}

async fn erase(desk: &Desk, person: &str, lang: Lang) -> Result<(), Failure> {
    if people::find_person(&desk.store, person).await?.is_none() {
        return Err(nobody(person));
    }
    let erased = personal::erase_person(&desk.store, person).await?;
    remark(&match lang {
        Lang::Vi => format!("Đã xóa tên, địa chỉ và {erased} giá trị của `{person}`."),
        Lang::En => format!("name, address and {erased} values of `{person}` are erased"),
    });
    Ok(())
}

async fn erase_value(desk: &Desk, reference: &str, lang: Lang) -> Result<(), Failure> {
    if personal::erase(&desk.store, reference).await? {
        remark(lang.pick("Đã xóa một giá trị.", "one value is erased"));
        return Ok(());
    }
    Err(Failure::usage(
        &format!("Không giữ giá trị nào có mã `{reference}`; có thể đã xóa."),
        &format!("no value `{reference}` is kept; it may be erased already"),
    ))
}

/// The personal values that the entries of a case name, each with its value or that it was erased.
pub(super) async fn values(desk: &Desk, case_id: &str, lang: Lang) -> Result<Rows, Failure> {
    let kept = personal::of_case(&desk.store, case_id).await?;
    let mut rows = Rows::new(&[
        ("revision", lang.pick("Số", "No.")),
        ("event", lang.pick("Sự kiện", "Event")),
        ("field", lang.pick("Trường", "Field")),
        ("value", lang.pick("Dữ liệu cá nhân", "Personal value")),
        ("erased", lang.pick("Đã xóa", "Erased")),
        ("reference", lang.pick("Mã giá trị", "Reference")),
    ]);
    for StoredEntry { entry, .. } in log::of_case(&desk.store, case_id).await? {
        let payload: Value = serde_json::from_str(&entry.payload).unwrap_or_default();
        for named in runtime::personal::kept_in(&payload) {
            let row = kept.iter().find(|row| row.reference == named.reference);
            let value = row.and_then(|row| serde_json::from_str(&row.value).ok());
            rows.push(vec![
                json!(entry.revision),
                json!(entry.event),
                json!(named.pointer),
                value.unwrap_or_else(|| json!(lang.pick("(đã xóa)", "(erased)"))),
                json!(row.is_none()),
                json!(named.reference),
            ]);
        }
    }
    Ok(rows)
}
