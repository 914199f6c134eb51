//! Handing roles over: somebody leaves, or a unit is merged into another. A preview says what moves and which
//! open tasks go with it; only then is anything written, all of it or nothing.
//!
//! What was done keeps the names of those who did it: the old assignments end, new ones begin.

use std::sync::Arc;

use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use chart::moment::Timestamp;
use maud::{Markup, html};
use runtime::clock::fresh_key;
use runtime::roles::scopes;
use store::people::{self, AssignmentRow, PersonRow};
use store::tasks::{self, TaskFilter};

use super::fields::Sheet;
use super::person::{found, last_one, others_administer};
use super::rights::{basis, somebody, today, way_back};
use super::{Administrator, role_title, sections};
use crate::cli::Lang;
use crate::facts::Names;
use crate::web::audit::{self, Caller, What};
use crate::web::page::{self, Page, Part, moment};
use crate::web::signing::Me;
use crate::web::trouble::Trouble;
use crate::web::{Site, see};

/// The form for handing over what a person holds.
pub(in crate::web) async fn form(
    State(site): State<Arc<Site>>,
    Administrator(me): Administrator,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let person = found(&site, &id).await?;
    let mut sheet = Sheet::default();
    sheet.put("from", &today(&site));
    show(&site, &me, &person, &sheet, StatusCode::OK).await
}

/// What `person` holds now or will hold, each with how many open tasks go with it.
async fn held(site: &Site, person: &str) -> Result<Vec<(AssignmentRow, usize)>, Trouble> {
    let now = site.now().as_ms();
    let mut rows = people::list_assignments(site.store()).await?;
    rows.retain(|one| one.holder == person && one.to_ms.is_none_or(|to| to > now));
    let mut out = Vec::with_capacity(rows.len());
    for row in rows {
        let filter = TaskFilter { role: Some(row.role.clone()), ..TaskFilter::default() };
        let owed = tasks::list(site.store(), &filter, i64::MAX).await?;
        let below =
            owed.iter().filter(|task| scopes(&task.subject, &task.case_id).contains(&row.scope));
        let count = below.count();
        out.push((row, count));
    }
    Ok(out)
}

async fn show(
    site: &Site,
    me: &Me,
    person: &PersonRow,
    sheet: &Sheet,
    status: StatusCode,
) -> Result<Response, Trouble> {
    let lang = me.lang;
    let names = site.names().await?;
    let held = held(site, &person.id).await?;
    let title = lang.pick("Bàn giao vai trò", "Hand roles over");
    Ok(Page::of(site, me, Part::Admin, title).with(status).show(&html! {
        (sections("", lang))
        div class="app-card app-form" {
            (sheet.summary(lang))
            h1 class="govuk-heading-l" { (title) }
            p class="govuk-body app-muted" { (lang.pick("Của: ", "Of: ")) strong { (person.name) } }
            @if held.is_empty() {
                p class="govuk-body" { (lang.pick("Người này không giữ vai trò nào.", "This person holds no role.")) }
            } @else {
                form method="post" action=(format!("/admin/people/{}/hand-over", person.id)) novalidate {
                    (choices(site, &held, sheet, &names, lang))
                    (sheet.input("to", lang.pick("Bàn giao cho", "To"),
                        lang.pick("Mã người dùng hoặc thư điện tử.", "User id or e-mail.")))
                    (sheet.input("from", lang.pick("Từ ngày", "From"),
                        lang.pick("Ví dụ 25/11/2026.", "For example 25/11/2026.")))
                    (basis(sheet, lang))
                    button class="govuk-button" type="submit" { (lang.pick("Xem trước", "Preview")) }
                }
            }
            (way_back(&person.id, lang))
        }
    }))
}

fn choices(
    site: &Site,
    held: &[(AssignmentRow, usize)],
    sheet: &Sheet,
    names: &Names,
    lang: Lang,
) -> Markup {
    let library = site.runtime.library();
    let chosen = sheet.all("assignment");
    let is_on = |id: &String| chosen.is_empty() || chosen.contains(id);
    html! {
        fieldset class="govuk-fieldset govuk-form-group" {
            legend class="govuk-fieldset__legend" { (lang.pick("Những vai trò nào", "Which roles")) }
            div class="govuk-checkboxes govuk-checkboxes--small" {
                @for (at, (row, count)) in held.iter().enumerate() {
                    @let id = if at == 0 { "assignment".to_owned() } else { format!("assignment-{at}") };
                    div class="govuk-checkboxes__item" {
                        input class="govuk-checkboxes__input" type="checkbox" id=(id) name="assignment"
                            value=(row.id) checked[is_on(&row.id)];
                        label class="govuk-label govuk-checkboxes__label" for=(id) {
                            (role_title(&library, &row.role, lang)) " · "
                            (names.scope(&row.scope).get(lang.code())) " · " (tasks_words(*count, lang))
                        }
                    }
                }
            }
        }
    }
}

fn tasks_words(count: usize, lang: Lang) -> String {
    match lang {
        Lang::Vi => format!("{count} việc đang chờ"),
        Lang::En => format!("{count} open tasks"),
    }
}

/// Shows what would move, or moves it.
pub(in crate::web) async fn send(
    State(site): State<Arc<Site>>,
    Administrator(me): Administrator,
    caller: Caller,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let lang = me.lang;
    let person = found(&site, &id).await?;
    let mut sheet = Sheet::of(pairs);
    let mut moving = held(&site, &id).await?;
    moving.retain(|(row, _)| sheet.all("assignment").contains(&row.id));
    if moving.is_empty() {
        sheet.wrong(
            "assignment",
            lang.pick("Hãy chọn ít nhất một vai trò.", "Choose a role at least."),
        );
    }
    let to = somebody(&site, &mut sheet, "to", lang).await?;
    if to.as_ref().is_some_and(|to| to.id == id) {
        sheet.wrong("to", lang.pick("Hãy chọn người khác.", "Choose somebody else."));
    }
    let library = site.runtime.library();
    let from = sheet.day("from", site.now(), library.calendar(), lang);
    let paper = sheet.needed(
        "basis",
        lang.pick(
            "Hãy ghi căn cứ: số và ngày của văn bản.",
            "Say by which paper: its number and date.",
        ),
    );
    let Some(to) = to.filter(|_| sheet.is_right()) else {
        return show(&site, &me, &person, &sheet, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    if sheet.text("step") != "write" {
        return preview(&site, &me, &person, &to, &moving, from, &sheet).await;
    }
    let gives_away = moving.iter().any(|(row, _)| row.role == see::ADMINISTRATOR);
    let to_may_enter = store::accounts::find(site.store(), &to.id)
        .await?
        .is_some_and(|one| one.locked_until_ms < i64::MAX);
    if gives_away && !to_may_enter && !others_administer(&site, &id).await? {
        return Ok(last_one(&site, &me, &id));
    }
    write(&site, &to, moving, from, &paper).await?;
    let detail = format!("{} · {paper}", to.id);
    audit::note(&site, What::HandedOver, &me.id, &id, &caller, &detail).await?;
    Ok(Redirect::to(&format!("/admin/people/{id}?done=handed")).into_response())
}

async fn write(
    site: &Site,
    to: &PersonRow,
    moving: Vec<(AssignmentRow, usize)>,
    from: Timestamp,
    paper: &str,
) -> Result<(), Trouble> {
    let ended: Vec<String> = moving.iter().map(|(row, _)| row.id.clone()).collect();
    // What an enterprise holds stays the enterprise's; any other role is now held for the unit of its new holder.
    let begun = moving.into_iter().map(|(row, _)| AssignmentRow {
        id: fresh_key(),
        holder: to.id.clone(),
        organisation: if row.scope.matches('/').count() > 1 {
            row.organisation
        } else {
            to.organisation.clone()
        },
        from_ms: from.as_ms().max(row.from_ms),
        basis: paper.to_owned(),
        ..row
    });
    let begun: Vec<AssignmentRow> = begun.collect();
    people::hand_over(site.store(), &ended, from.as_ms(), &begun).await?;
    Ok(site.runtime.refresh_people().await?)
}

async fn preview(
    site: &Site,
    me: &Me,
    person: &PersonRow,
    to: &PersonRow,
    moving: &[(AssignmentRow, usize)],
    from: Timestamp,
    sheet: &Sheet,
) -> Result<Response, Trouble> {
    let lang = me.lang;
    let names = site.names().await?;
    let library = site.runtime.library();
    let heads = [
        lang.pick("Vai trò", "Role"),
        lang.pick("Phạm vi", "On"),
        lang.pick("Việc đang chờ đi theo", "Open tasks that go with it"),
    ];
    let title = lang.pick("Xem trước việc bàn giao", "What would be handed over");
    let count = moving.len();
    Ok(Page::of(site, me, Part::Admin, title).show(&html! {
        (sections("", lang))
        h1 class="govuk-heading-l app-title" { (title) }
        div class="app-card" {
            p class="govuk-body" {
                (lang.pick("Từ ", "From ")) strong { (person.name) }
                (lang.pick(" sang ", " to ")) strong { (to.name) } " ("
                (names.organisation(&to.organisation).get(lang.code())) "), "
                (lang.pick("kể từ ", "as of ")) strong { (moment(from.as_ms(), library.calendar(), lang)) }
                ". " (lang.pick("Căn cứ: ", "By: ")) (sheet.text("basis")) "."
            }
            p class="govuk-body app-muted" {
                (lang.pick(
                    "Diễn biến trước đó giữ tên người đã làm. Nhắc việc từ lúc ấy gửi cho người nhận bàn giao.",
                    "What happened before keeps its names. Reminders go to the new holder from then on.",
                ))
            }
        }
        (page::table(title, &heads, &html! {
            @for (row, count) in moving {
                tr {
                    td { (role_title(&library, &row.role, lang)) }
                    td { (names.scope(&row.scope).get(lang.code())) }
                    td class="app-num" { (count) }
                }
            }
        }))
        form method="post" action=(format!("/admin/people/{}/hand-over", person.id)) {
            input type="hidden" name="step" value="write";
            @for (row, _) in moving { input type="hidden" name="assignment" value=(row.id); }
            @for name in ["to", "from", "basis"] { input type="hidden" name=(name) value=(sheet.text(name)); }
            button class="govuk-button" type="submit" {
                (match lang {
                    Lang::Vi => format!("Bàn giao {count} vai trò"),
                    Lang::En => format!("Hand over {count} roles"),
                })
            }
        }
        (way_back(&person.id, lang))
    }))
}
