//! Ready accounts of a demonstration: for each role the person who owes most in it.

use std::collections::BTreeMap;

use runtime::Runtime;
use serde_json::json;
use store::tasks::{self, TaskFilter};
use store::{accounts, people};

use super::output::Rows;
use super::{Failure, Format, Lang};
use crate::facts;
use crate::web::{self, tokens};

/// The roles a newcomer may try, in the order of the procedure.
const ROLES: [&str; 8] = [
    "core_enterprise",
    "ministry_focal",
    "owner_focal",
    "coordinator",
    "leader_in_charge",
    "ministry_leadership",
    "member",
    "secretary",
];

/// Gives one person of each role a password, the same for all, and prints who they are.
pub(super) async fn ready(runtime: &Runtime, lang: Lang) -> Result<(), Failure> {
    let password = format!("cotmoc-{}", &tokens::token()[..10]);
    let kept = tokens::hashed(&password).map_err(|error| {
        Failure::unavailable(&format!("Không tạo được mật khẩu: {error}."), &error.to_string())
    })?;
    let store = runtime.store();
    let mut rows = Rows::new(&[
        ("role", lang.pick("Vai trò", "Role")),
        ("person", lang.pick("Tên đăng nhập", "Sign in as")),
        ("name", lang.pick("Họ tên", "Name")),
        ("tasks", lang.pick("Việc đang chờ", "Tasks waiting")),
        ("password", lang.pick("Mật khẩu", "Password")),
    ]);
    let administrator = crate::people::first_administrator(store).await?;
    runtime.refresh_people().await?;
    let mut chosen = busiest(runtime).await?;
    chosen.push(("administrator", administrator, 0));
    for (role, person, count) in chosen {
        accounts::set_password(store, &person, &kept, web::real_ms()).await?;
        let name = people::find_person(store, &person).await?.map(|found| found.name);
        let library = runtime.library();
        let title = web::role_title(&library, role, lang);
        rows.push(vec![json!(title), json!(person), json!(name), json!(count), json!(password)]);
    }
    rows.print(Format::Table, "")
}

/// For each role that somebody holds: who owes most in it now, and how much.
async fn busiest(runtime: &Runtime) -> Result<Vec<(&'static str, String, usize)>, Failure> {
    let (assignments, now) = (runtime.assignments(), runtime.clock().now());
    let library = runtime.library();
    let all = people::list_assignments(runtime.store()).await?;
    let mut out = Vec::new();
    for role in ROLES {
        let mut owed: BTreeMap<String, usize> =
            all.iter().filter(|one| one.role == role).map(|one| (one.holder.clone(), 0)).collect();
        let filter = TaskFilter { role: Some(role.to_owned()), ..TaskFilter::default() };
        let rows = tasks::list(runtime.store(), &filter, i64::MAX).await?;
        for (task, case) in facts::with_cases(runtime.store(), &library, rows).await? {
            let holders = assignments.holders(role, &task.subject, &task.case_id, now);
            let held = holders.iter().map(|one| one.holder.clone());
            for person in held.chain(case.named_for(&task).unwrap_or_default()) {
                *owed.entry(person).or_default() += 1;
            }
        }
        if let Some((person, count)) = owed.into_iter().max_by_key(|(_, count)| *count) {
            out.push((role, person, count));
        }
    }
    Ok(out)
}
