//! `cotmoc account`: who can sign in to the pages, and the links that let them.
//!
//! **Invariant:** a link is told once and kept as a hash; nobody but its reader ever knows a password.

use clap::Subcommand;
use serde_json::json;
use store::audit::{self, AuditRow};
use store::{Store, accounts, people};

use super::desk::{Desk, time};
use super::output::{Rows, say};
use super::{Arguments, Failure, Lang};
use crate::config::Config;
use crate::web::tokens;

/// How long an invitation can be used.
const INVITATION_MS: i64 = 7 * 86_400_000;

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Everybody who has chosen a password
    #[command(after_help = "Example:\n  cotmoc account list")]
    List,
    /// A link with which a person chooses a password, once, within seven days
    #[command(after_help = "Examples:
  cotmoc account invite person:dn-a2:core_enterprise
  COTMOC_URL=https://cotmoc.example cotmoc account invite person:dn-a2:core_enterprise

A newer link ends the one before. Choosing a password ends every session of that person.")]
    Invite {
        /// The person, by id
        person: String,
    },
}

/// Carries out a command on accounts.
pub async fn run(verb: &Verb, common: &Arguments) -> Result<(), Failure> {
    let desk = Desk::open(&common.store, common.lang).await?;
    desk.store.migrate().await?;
    match verb {
        Verb::List => list(&desk, common).await,
        Verb::Invite { person } => {
            if people::find_person(&desk.store, person).await?.is_none_or(|one| one.erased) {
                return Err(super::person::nobody(person));
            }
            let url =
                Config::of_environment().url.unwrap_or_else(|| "http://127.0.0.1:8186".into());
            let now = crate::web::real_ms();
            let link = invitation(&desk.store, person, &url, now).await?;
            let (what, about) = ("invited".to_owned(), person.clone());
            let detail = "cotmoc account invite".to_owned();
            let row = AuditRow { at_ms: now, what, about, detail, ..AuditRow::default() };
            audit::add(&desk.store, &row).await?;
            say(&link)
        }
    }
}

/// A new link for `person`, below `url`.
pub async fn invitation(
    store: &Store,
    person: &str,
    url: &str,
    now_ms: i64,
) -> Result<String, Failure> {
    let token = tokens::token();
    accounts::invite(store, &tokens::kept(&token), person, now_ms + INVITATION_MS).await?;
    Ok(format!("{}/invitation/{token}", url.trim_end_matches('/')))
}

async fn list(desk: &Desk, common: &Arguments) -> Result<(), Failure> {
    let lang: Lang = common.lang;
    let mut rows = Rows::new(&[
        ("person", lang.pick("Mã người dùng", "Person")),
        ("name", lang.pick("Họ tên", "Name")),
        ("unit", lang.pick("Đơn vị", "Unit")),
        ("changed", lang.pick("Đặt mật khẩu lúc", "Password chosen")),
        ("failures", lang.pick("Lần sai gần đây", "Recent failures")),
    ]);
    for account in accounts::list(&desk.store).await? {
        let person = people::find_person(&desk.store, &account.person).await?;
        let unit = person.as_ref().map(|person| desk.name(&person.organisation));
        rows.push(vec![
            json!(account.person),
            json!(person.as_ref().map(|person| &person.name)),
            json!(unit),
            json!(time(account.changed_at_ms)),
            json!(account.failures),
        ]);
    }
    rows.print(common.format, lang.pick("Chưa ai đặt mật khẩu.", "Nobody has chosen a password."))
}
