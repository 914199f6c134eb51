//! Giving and ending roles, and who acts for whom.
//!
//! **Invariant:** whoever gives a right says by which paper; nothing is given for the past.

use std::sync::Arc;

use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use runtime::clock::fresh_key;
use store::people::{self, AssignmentRow, PersonRow, SubstitutionRow};

use super::fields::Sheet;
use super::person::{found, last_one, others_administer};
use super::{Administrator, role_title, sections};
use crate::cli::Lang;
use crate::fold::folded;
use crate::web::audit::{self, Caller, What};
use crate::web::page::{Page, Part};
use crate::web::signing::{self, Me};
use crate::web::trouble::Trouble;
use crate::web::{Site, see};

/// The role that is held for an enterprise on its own share of a platform.
const ENTERPRISE: &str = "core_enterprise";

/// The form for giving a role.
pub(in crate::web) async fn new_role(
    State(site): State<Arc<Site>>,
    Administrator(me): Administrator,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let person = found(&site, &id).await?;
    let mut sheet = Sheet::default();
    sheet.put("from", &today(&site));
    role_form(&site, &me, &person, &sheet, StatusCode::OK).await
}

pub(super) fn today(site: &Site) -> String {
    let library = site.runtime.library();
    library.calendar().local_date(site.now()).format("%d/%m/%Y").to_string()
}

/// Every role that is held by being assigned, with its words.
fn assignable(site: &Site, lang: Lang) -> Vec<(String, String)> {
    let library = site.runtime.library();
    let mut roles: Vec<String> = library
        .charts()
        .flat_map(|chart| chart.roles.iter())
        .filter(|(_, role)| role.holders.is_none())
        .map(|(name, _)| name.clone())
        .collect();
    roles.push(see::ADMINISTRATOR.to_owned());
    roles.sort_unstable();
    roles.dedup();
    let mut titled: Vec<(String, String)> = roles
        .into_iter()
        .map(|role| {
            let title = role_title(&library, &role, lang);
            (role, title)
        })
        .collect();
    titled.sort_by_key(|(_, title)| folded(title));
    titled
}

async fn role_form(
    site: &Site,
    me: &Me,
    person: &PersonRow,
    sheet: &Sheet,
    status: StatusCode,
) -> Result<Response, Trouble> {
    let lang = me.lang;
    let choose = (String::new(), lang.pick("Hãy chọn", "Choose").to_owned());
    let mut roles = vec![choose.clone()];
    roles.extend(assignable(site, lang));
    let names = site.names().await?;
    let mut scopes = vec![
        choose,
        (see::MINISTRY.to_owned(), names.scope(see::MINISTRY).get(lang.code()).to_owned()),
    ];
    scopes.extend(names.all_platforms(lang.code()));
    let title = lang.pick("Giao vai trò", "Give a role");
    Ok(Page::of(site, me, Part::Admin, title).with(status).show(&html! {
        (sections("", lang))
        div class="app-card app-form" {
            (sheet.summary(lang))
            h1 class="govuk-heading-l" { (title) }
            p class="govuk-body app-muted" { (person.name) " · " (names.organisation(&person.organisation).get(lang.code())) }
            form method="post" action=(format!("/admin/people/{}/roles", person.id)) novalidate {
                (sheet.select("role", lang.pick("Vai trò", "Role"), "", &roles))
                (sheet.select("scope", lang.pick("Phạm vi", "On"), lang.pick(
                    "Doanh nghiệp nòng cốt giữ vai trò trên phần của đơn vị mình trong nền tảng.",
                    "A core enterprise holds its role on its own unit's share of the platform."), &scopes))
                (sheet.input("from", lang.pick("Từ ngày", "From"), lang.pick("Ví dụ 25/11/2026.", "For example 25/11/2026.")))
                (basis(sheet, lang))
                button class="govuk-button" type="submit" { (title) }
            }
            (way_back(&person.id, lang))
        }
    }))
}

pub(super) fn basis(sheet: &Sheet, lang: Lang) -> Markup {
    sheet.input(
        "basis",
        lang.pick("Căn cứ", "By which paper"),
        lang.pick(
            "Số và ngày của văn bản, ví dụ 15/QĐ-BTTTT, 10/01/2026.",
            "Number and date, such as 15/QĐ-BTTTT, 10/01/2026.",
        ),
    )
}

pub(super) fn way_back(id: &str, lang: Lang) -> Markup {
    html! {
        p class="app-gap" {
            a class="govuk-link" href=(format!("/admin/people/{id}")) {
                (lang.pick("Quay lại, không ghi", "Back, without writing"))
            }
        }
    }
}

fn basis_needed(sheet: &mut Sheet, lang: Lang) -> String {
    sheet.needed(
        "basis",
        lang.pick(
            "Hãy ghi căn cứ: số và ngày của văn bản.",
            "Say by which paper: its number and date.",
        ),
    )
}

/// Gives a role.
pub(in crate::web) async fn give_role(
    State(site): State<Arc<Site>>,
    Administrator(me): Administrator,
    caller: Caller,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let lang = me.lang;
    let person = found(&site, &id).await?;
    let mut sheet = Sheet::of(pairs);
    let role = sheet.needed("role", lang.pick("Hãy chọn vai trò.", "Choose the role."));
    let scope = sheet.needed("scope", lang.pick("Hãy chọn phạm vi.", "Choose what it is held on."));
    if !role.is_empty() && !assignable(&site, lang).iter().any(|(known, _)| *known == role) {
        sheet.wrong("role", lang.pick("Không có vai trò này.", "There is no such role."));
    }
    let names = site.names().await?;
    let is_known = scope == see::MINISTRY || names.platform(&scope).is_some();
    if !scope.is_empty() && !is_known {
        sheet.wrong("scope", lang.pick("Không có phạm vi này.", "There is no such place."));
    }
    if role == see::ADMINISTRATOR && scope != see::MINISTRY {
        sheet.wrong(
            "scope",
            lang.pick(
                "Quản trị hệ thống là của toàn bộ chương trình.",
                "An administrator is one of the whole programme.",
            ),
        );
    }
    let library = site.runtime.library();
    let from = sheet.day("from", site.now(), library.calendar(), lang);
    let basis = basis_needed(&mut sheet, lang);
    if !sheet.is_right() {
        return role_form(&site, &me, &person, &sheet, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let scope = if role == ENTERPRISE && scope != see::MINISTRY {
        format!("{scope}/{}", person.organisation)
    } else {
        scope
    };
    let detail = format!("{role} · {scope} · {basis}");
    let row = AssignmentRow {
        id: fresh_key(),
        role,
        scope,
        holder: id.clone(),
        organisation: person.organisation,
        from_ms: from.as_ms(),
        to_ms: None,
        basis,
    };
    people::put_assignments(site.store(), &[row]).await?;
    site.runtime.refresh_people().await?;
    audit::note(&site, What::RoleGiven, &me.id, &id, &caller, &detail).await?;
    Ok(Redirect::to(&format!("/admin/people/{id}?done=role")).into_response())
}

/// Ends a role now.
pub(in crate::web) async fn end_role(
    State(site): State<Arc<Site>>,
    Administrator(me): Administrator,
    caller: Caller,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    found(&site, &id).await?;
    let sheet = Sheet::of(pairs);
    let all = people::list_assignments(site.store()).await?;
    let one = all.into_iter().find(|one| one.id == sheet.text("assignment") && one.holder == id);
    let one = one.ok_or(Trouble::Nothing)?;
    if one.role == see::ADMINISTRATOR && !others_administer(&site, &id).await? {
        return Ok(last_one(&site, &me, &id));
    }
    if people::end_assignment(site.store(), &one.id, site.now().as_ms()).await? {
        site.runtime.refresh_people().await?;
        let detail = format!("{} · {}", one.role, one.scope);
        audit::note(&site, What::RoleEnded, &me.id, &id, &caller, &detail).await?;
    }
    Ok(Redirect::to(&format!("/admin/people/{id}?done=ended")).into_response())
}

/// The form for naming a substitute.
pub(in crate::web) async fn new_substitute(
    State(site): State<Arc<Site>>,
    Administrator(me): Administrator,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let person = found(&site, &id).await?;
    let mut sheet = Sheet::default();
    sheet.put("from", &today(&site));
    Ok(substitute_form(&site, &me, &person, &sheet, StatusCode::OK))
}

fn substitute_form(
    site: &Site,
    me: &Me,
    person: &PersonRow,
    sheet: &Sheet,
    status: StatusCode,
) -> Response {
    let lang = me.lang;
    let library = site.runtime.library();
    let mut roles =
        vec![(String::new(), lang.pick("Mọi vai trò đang giữ", "Every role held").to_owned())];
    roles.extend(own_roles(site, &person.id).into_iter().map(|role| {
        let title = role_title(&library, &role, lang);
        (role, title)
    }));
    let title = lang.pick("Uỷ quyền cho người khác", "Name a substitute");
    let day = lang.pick("Ví dụ 25/11/2026.", "For example 25/11/2026.");
    Page::of(site, me, Part::Admin, title).with(status).show(&html! {
        (sections("", lang))
        div class="app-card app-form" {
            (sheet.summary(lang))
            h1 class="govuk-heading-l" { (title) }
            p class="govuk-body app-muted" {
                (lang.pick("Người vắng mặt: ", "Who is away: ")) strong { (person.name) }
            }
            form method="post" action=(format!("/admin/people/{}/substitute", person.id)) novalidate {
                (sheet.input("substitute", lang.pick("Người thay", "Who acts"),
                    lang.pick("Mã người dùng hoặc thư điện tử.", "User id or e-mail.")))
                (sheet.select("role", lang.pick("Trong vai trò", "In the role"), "", &roles))
                (sheet.input("from", lang.pick("Từ ngày", "From"), day))
                (sheet.input("to", lang.pick("Đến hết ngày", "To the end of"), day))
                (basis(sheet, lang))
                button class="govuk-button" type="submit" { (lang.pick("Ghi uỷ quyền", "Write it down")) }
            }
            (way_back(&person.id, lang))
        }
    })
}

fn own_roles(site: &Site, person: &str) -> Vec<String> {
    let (assignments, now) = (site.runtime.assignments(), site.now());
    let mut roles: Vec<String> =
        assignments.of_person(person, now).map(|one| one.role.clone()).collect();
    roles.sort_unstable();
    roles.dedup();
    roles
}

/// Whoever was typed at `name` of the sheet; an error in it where there is nobody.
pub(super) async fn somebody(
    site: &Site,
    sheet: &mut Sheet,
    name: &str,
    lang: Lang,
) -> Result<Option<PersonRow>, Trouble> {
    let typed = sheet.needed(
        name,
        lang.pick("Hãy nhập mã người dùng hoặc thư điện tử.", "Enter a user id or an e-mail."),
    );
    if typed.is_empty() {
        return Ok(None);
    }
    let found = signing::by_name(site, &typed).await?;
    if found.is_none() {
        sheet.wrong(
            name,
            match lang {
                Lang::Vi => {
                    format!("Không có người dùng “{typed}”. Hãy tìm trong danh sách người dùng.")
                }
                Lang::En => format!(
                    "There is nobody called “{typed}”. Look for them in the list of people."
                ),
            },
        );
    }
    Ok(found)
}

/// Writes down who acts for whom.
pub(in crate::web) async fn substitute(
    State(site): State<Arc<Site>>,
    Administrator(me): Administrator,
    caller: Caller,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let lang = me.lang;
    let person = found(&site, &id).await?;
    let mut sheet = Sheet::of(pairs);
    let other = somebody(&site, &mut sheet, "substitute", lang).await?;
    if other.as_ref().is_some_and(|other| other.id == id) {
        sheet.wrong(
            "substitute",
            lang.pick("Không ai tự thay mình.", "Nobody acts for themselves."),
        );
    }
    let role = sheet.text("role").to_owned();
    if !role.is_empty() && !own_roles(&site, &id).contains(&role) {
        sheet.wrong(
            "role",
            lang.pick("Người này không giữ vai trò đó.", "This person does not hold that role."),
        );
    }
    let library = site.runtime.library();
    let calendar = library.calendar();
    let from = sheet.day("from", site.now(), calendar, lang);
    let last = sheet.day("to", site.now(), calendar, lang);
    let to = calendar.instant(calendar.local_date(last), chart::calendar::Clock::END_OF_DAY);
    if sheet.is_right() && to <= from {
        sheet.wrong(
            "to",
            lang.pick(
                "Ngày cuối phải từ ngày đầu trở đi.",
                "The last day must not be before the first.",
            ),
        );
    }
    let basis = basis_needed(&mut sheet, lang);
    let Some(other) = other.filter(|_| sheet.is_right()) else {
        return Ok(substitute_form(&site, &me, &person, &sheet, StatusCode::UNPROCESSABLE_ENTITY));
    };
    let detail = format!("{} · {role} · {basis}", other.id);
    let row = SubstitutionRow {
        id: fresh_key(),
        absent: id.clone(),
        substitute: other.id,
        role,
        from_ms: from.as_ms(),
        to_ms: to.as_ms(),
        basis,
    };
    people::put_substitutions(site.store(), &[row]).await?;
    site.runtime.refresh_people().await?;
    audit::note(&site, What::Substituted, &me.id, &id, &caller, &detail).await?;
    Ok(Redirect::to(&format!("/admin/people/{id}?done=substitute")).into_response())
}

/// Ends a substitution now.
pub(in crate::web) async fn end_substitute(
    State(site): State<Arc<Site>>,
    Administrator(me): Administrator,
    caller: Caller,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    found(&site, &id).await?;
    let sheet = Sheet::of(pairs);
    let all = people::list_substitutions(site.store()).await?;
    let one = all.into_iter().find(|one| {
        one.id == sheet.text("substitution") && (one.absent == id || one.substitute == id)
    });
    let one = one.ok_or(Trouble::Nothing)?;
    if people::end_substitution(site.store(), &one.id, site.now().as_ms()).await? {
        site.runtime.refresh_people().await?;
        audit::note(&site, What::SubstitutionEnded, &me.id, &one.absent, &caller, &one.substitute)
            .await?;
    }
    Ok(Redirect::to(&format!("/admin/people/{id}?done=back")).into_response())
}
