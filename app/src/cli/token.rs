//! `cotmoc token`: the tokens by which programs act for a person and an organisation.
//!
//! **Invariant:** a secret is told once and kept as a hash; who made and who revoked a token is never forgotten.

use chart::moment::Timestamp;
use clap::Subcommand;
use runtime::roles::Assignments;
use serde_json::{Value, json};
use store::people;
use store::people::PersonRow;
use store::tokens::{self as rows, TokenRow};

use super::desk::{Desk, time};
use super::output::{Rows, remark, say};
use super::{Arguments, Failure};
use crate::web::real_ms;
use crate::web::tokens::{DAYS_MAX, Minting, NAME_CHARS_MAX, Scope};

/// Who makes and revokes tokens here, unless somebody is named.
const BY: &str = "cli";

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// A token for a program, told once
    #[command(after_help = "Examples:
  cotmoc token create person:dn-a2:core_enterprise --name \"Phần mềm kế toán\" --scope read --scope report
  COTMOC_TOKEN=$(cotmoc token create person:x:coordinator --name curl --scope read)

The secret is the only line on standard output; it cannot be shown again.")]
    Create(CreateArgs),
    /// Every token that was ever made
    #[command(after_help = "Example:\n  cotmoc token list --person person:dn-a2:core_enterprise")]
    List {
        /// Of this person only
        #[arg(long)]
        person: Option<String>,
    },
    /// End a token at once
    #[command(after_help = "Example:\n  cotmoc token revoke 0f3a9c1b2d4e")]
    Revoke {
        /// The token, by id
        id: String,
        /// Who revokes it
        #[arg(long, default_value = BY)]
        by: String,
    },
}

/// Arguments of `token create`.
#[derive(Debug, clap::Args)]
pub struct CreateArgs {
    /// The person who acts through it, by id
    person: String,
    /// What it is for
    #[arg(long)]
    name: String,
    /// The organisation it acts for; that of the person unless another is named
    #[arg(long)]
    organisation: Option<String>,
    /// What it may be used for; may be given several times
    #[arg(long = "scope", value_enum, default_values_t = [Scope::Read])]
    scopes: Vec<Scope>,
    /// For how many days
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(i64).range(1..=DAYS_MAX))]
    days: i64,
    /// Who makes it
    #[arg(long, default_value = BY)]
    by: String,
}

/// Carries out a command on tokens.
pub async fn run(verb: &Verb, common: &Arguments) -> Result<(), Failure> {
    let desk = Desk::open(&common.store, common.lang).await?;
    desk.store.migrate().await?;
    match verb {
        Verb::Create(args) => create(&desk, args, common).await,
        Verb::List { person } => {
            let tokens = match person {
                Some(person) => rows::tokens_of(&desk.store, person).await?,
                None => rows::list_tokens(&desk.store).await?,
            };
            list(&desk, &tokens, common)
        }
        Verb::Revoke { id, by } => {
            if rows::revoke_token(&desk.store, id, None, by, real_ms()).await? {
                return Ok(());
            }
            Err(Failure::usage(
                &format!("Không có mã truy cập `{id}` còn hiệu lực; xem `cotmoc token list`."),
                &format!("there is no token `{id}` to revoke; `cotmoc token list` shows them"),
            ))
        }
    }
}

async fn create(desk: &Desk, args: &CreateArgs, common: &Arguments) -> Result<(), Failure> {
    let person = people::find_person(&desk.store, &args.person).await?;
    let person = person.filter(|one| !one.erased);
    let person = person.ok_or_else(|| super::person::nobody(&args.person))?;
    let organisation = args.organisation.as_ref().unwrap_or(&person.organisation);
    let known = organisations(&desk.assignments, &person, desk.now());
    if !known.contains(organisation) {
        let (id, known) = (&person.id, known.join(", "));
        return Err(Failure::usage(
            &format!(
                "`{id}` không thuộc và không giữ vai trò cho `{organisation}`; có thể: {known}."
            ),
            &format!(
                "`{id}` neither belongs to nor holds a role for `{organisation}`; there is: {known}"
            ),
        ));
    }
    let name = args.name.trim().to_owned();
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
        return Err(Failure::usage(
            "Hãy nói mã truy cập dùng để làm gì, tối đa 100 ký tự (--name).",
            "say in up to 100 characters what the token is for (--name)",
        ));
    }
    let minting = Minting {
        name,
        organisation: organisation.clone(),
        person: person.id,
        scopes: args.scopes.clone(),
        days: args.days,
        by: args.by.clone(),
    };
    let (secret, row) = minting.mint(real_ms());
    rows::add_token(&desk.store, &row).await?;
    remark(&format!(
        "{} {} · {} {}",
        common.lang.pick("Mã truy cập", "token"),
        row.id,
        common.lang.pick("hết hạn", "ends"),
        time(row.expires_at_ms)
    ));
    say(&secret)
}

/// The organisations that a token of `person` may act for: their own and those they hold a role for at `now`.
pub(crate) fn organisations(
    assignments: &Assignments,
    person: &PersonRow,
    now: Timestamp,
) -> Vec<String> {
    let mut known = vec![person.organisation.clone()];
    for held in assignments.of_person(&person.id, now) {
        if !held.organisation.is_empty() && !known.contains(&held.organisation) {
            known.push(held.organisation.clone());
        }
    }
    known
}

fn list(desk: &Desk, tokens: &[TokenRow], common: &Arguments) -> Result<(), Failure> {
    let lang = common.lang;
    let mut table = Rows::new(&[
        ("id", lang.pick("Mã", "Id")),
        ("name", lang.pick("Dùng để", "For")),
        ("person", lang.pick("Người", "Person")),
        ("organisation", lang.pick("Đơn vị", "Organisation")),
        ("scopes", lang.pick("Phạm vi", "Scopes")),
        ("created", lang.pick("Tạo lúc", "Made")),
        ("by", lang.pick("Người tạo", "By")),
        ("expires", lang.pick("Hết hạn", "Ends")),
        ("used", lang.pick("Dùng lần cuối", "Last used")),
        ("revoked", lang.pick("Thu hồi lúc", "Revoked")),
        ("revoked_by", lang.pick("Người thu hồi", "Revoked by")),
    ]);
    let at = |moment: Option<i64>| moment.map_or(Value::Null, |at| json!(time(at)));
    for token in tokens {
        table.push(vec![
            json!(token.id),
            json!(token.name),
            json!(token.person),
            json!(desk.name(&token.organisation)),
            json!(token.scopes),
            json!(time(token.created_at_ms)),
            json!(token.created_by),
            json!(time(token.expires_at_ms)),
            at(token.seen_at_ms),
            at(token.revoked_at_ms),
            json!(token.revoked_by),
        ]);
    }
    table.print(common.format, lang.pick("Chưa có mã truy cập nào.", "No token was ever made."))
}
