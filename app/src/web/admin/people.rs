//! Everybody who is known here, and adding somebody.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use runtime::clock::fresh_key;
use serde::Deserialize;
use store::accounts::{self, AccountRow};
use store::people::{self, PersonRow};

use super::fields::Sheet;
use super::{Administrator, sections};
use crate::cli::Lang;
use crate::facts::Names;
use crate::fold::{folded, words};
use crate::web::Site;
use crate::web::audit::{self, Caller, What};
use crate::web::page::{self, Page, Part, moment};
use crate::web::signing::{Me, real_ms};
use crate::web::trouble::Trouble;

/// Persons shown at once.
const SHOWN_MAX: usize = 50;

/// What narrows the list.
#[derive(Debug, Default, Deserialize)]
pub(in crate::web) struct Narrow {
    #[serde(default)]
    q: String,
}

/// Everybody.
pub(in crate::web) async fn page(
    State(site): State<Arc<Site>>,
    Administrator(me): Administrator,
    Query(narrow): Query<Narrow>,
) -> Result<Response, Trouble> {
    let lang = me.lang;
    let names = site.names().await?;
    let asked = words(&narrow.q);
    let fits = |person: &PersonRow| {
        let unit = names.organisation(&person.organisation);
        let known = [&person.id, &person.name, &person.email, &unit.vi, &unit.en];
        let known: Vec<String> = known.into_iter().map(|text| folded(text)).collect();
        asked.iter().all(|word| known.iter().any(|text| text.contains(word)))
    };
    let mut found = people::list_persons(site.store()).await?;
    found.retain(|person| !person.erased && fits(person));
    let count = found.len();
    found.truncate(SHOWN_MAX);
    let accounts = accounts::list(site.store()).await?.into_iter();
    let accounts = accounts.map(|one| (one.person.clone(), one)).collect();
    let title = lang.pick("Người dùng", "People");
    Ok(Page::of(&site, &me, Part::Admin, title).show(&html! {
        (sections("/admin/people", lang))
        h1 class="govuk-heading-l app-title" { (title) }
        form method="get" action="/admin/people" class="app-filter" role="search" {
            div class="app-filter__wide" {
                label class="govuk-label" for="q" {
                    (lang.pick("Họ tên, mã người dùng, thư điện tử hoặc đơn vị", "Name, user id, e-mail or unit"))
                }
                input class="govuk-input" id="q" name="q" type="search" value=(narrow.q)
                    maxlength="200" autocomplete="off" spellcheck="false";
            }
            button class="govuk-button govuk-button--secondary" type="submit" {
                (lang.pick("Tìm", "Find"))
            }
        }
        p class="govuk-body app-muted" { (counted(count, lang)) }
        @if !found.is_empty() { (table(&site, &found, &accounts, &names, lang)) }
    }))
}

fn counted(count: usize, lang: Lang) -> String {
    match (lang, count) {
        (Lang::Vi, 0) => "Không có ai khớp. Hãy bỏ bớt từ, hoặc thêm người dùng mới.".to_owned(),
        (Lang::En, 0) => "Nobody fits. Leave a word out, or add a person.".to_owned(),
        (Lang::Vi, _) if count > SHOWN_MAX => {
            format!("{count} người; đang hiện {SHOWN_MAX} người đầu, hãy tìm cho hẹp hơn.")
        }
        (Lang::En, _) if count > SHOWN_MAX => {
            format!("{count} persons, the first {SHOWN_MAX} are shown; look for fewer.")
        }
        (Lang::Vi, _) => format!("{count} người."),
        (Lang::En, _) => format!("{count} persons."),
    }
}

fn table(
    site: &Site,
    found: &[PersonRow],
    accounts: &BTreeMap<String, AccountRow>,
    names: &Names,
    lang: Lang,
) -> Markup {
    let (assignments, now) = (site.runtime.assignments(), site.now());
    let heads = [
        lang.pick("Họ tên", "Name"),
        lang.pick("Đơn vị", "Unit"),
        lang.pick("Vai trò", "Roles"),
        lang.pick("Đăng nhập", "Signing in"),
    ];
    page::table(
        lang.pick("Danh sách người dùng", "People"),
        &heads,
        &html! {
            @for person in found {
                tr {
                    td {
                        a class="govuk-link" href=(format!("/admin/people/{}", person.id)) {
                            (if person.name.is_empty() { &person.id } else { &person.name })
                        }
                        div class="app-muted" { (person.id) }
                    }
                    td { (names.organisation(&person.organisation).get(lang.code())) }
                    td class="app-num" { (assignments.of_person(&person.id, now).count()) }
                    td { (standing(site, accounts.get(&person.id), lang)) }
                }
            }
        },
    )
}

/// Whether and since when somebody can sign in.
pub(super) fn standing(site: &Site, account: Option<&AccountRow>, lang: Lang) -> String {
    let library = site.runtime.library();
    match account {
        None => lang.pick("Chưa đặt mật khẩu", "No password yet").to_owned(),
        Some(account) if account.locked_until_ms == i64::MAX => {
            lang.pick("Đã khoá", "Locked").to_owned()
        }
        Some(account) if account.locked_until_ms > real_ms() => {
            let until = moment(account.locked_until_ms, library.calendar(), lang);
            match lang {
                Lang::Vi => format!("Phải chờ đến {until} vì sai mật khẩu nhiều lần"),
                Lang::En => format!("Has to wait until {until} after wrong passwords"),
            }
        }
        Some(account) => {
            let since = moment(account.changed_at_ms, library.calendar(), lang);
            match lang {
                Lang::Vi => format!("Có, mật khẩu đặt {since}"),
                Lang::En => format!("Yes, password chosen {since}"),
            }
        }
    }
}

/// The form for somebody new.
pub(in crate::web) async fn new(
    State(site): State<Arc<Site>>,
    Administrator(me): Administrator,
) -> Result<Response, Trouble> {
    form(&site, &me, &Sheet::default(), StatusCode::OK).await
}

async fn form(
    site: &Site,
    me: &Me,
    sheet: &Sheet,
    status: StatusCode,
) -> Result<Response, Trouble> {
    let lang = me.lang;
    let mut units: Vec<(String, String)> = Vec::new();
    let names = site.names().await?;
    for row in people::list_organisations(site.store()).await? {
        let name = names.organisation(&row.id).get(lang.code()).to_owned();
        units.push((row.id, name));
    }
    units.sort_by_key(|(_, name)| folded(name));
    units.insert(0, (String::new(), lang.pick("Hãy chọn đơn vị", "Choose a unit").to_owned()));
    let languages = [("vi", "Tiếng Việt"), ("en", "English")]
        .map(|(code, words)| (code.to_owned(), words.to_owned()));
    let title = lang.pick("Thêm người dùng", "Add a person");
    Ok(Page::of(site, me, Part::Admin, title).with(status).show(&html! {
        (sections("/admin/people/new", lang))
        div class="app-card app-form" {
            (sheet.summary(lang))
            h1 class="govuk-heading-l" { (title) }
            form method="post" action="/admin/people" novalidate {
                (sheet.input("name", lang.pick("Họ tên", "Name"), ""))
                (sheet.input("email", lang.pick("Thư điện tử công vụ", "Work e-mail"),
                    lang.pick("Dùng để đăng nhập và nhận nhắc việc.", "For signing in and for reminders.")))
                (sheet.select("unit", lang.pick("Đơn vị", "Unit"), "", &units))
                (sheet.select("language", lang.pick("Ngôn ngữ của thư", "Language of letters"), "", &languages))
                button class="govuk-button" type="submit" { (title) }
            }
        }
    }))
}

/// Adds somebody.
pub(in crate::web) async fn add(
    State(site): State<Arc<Site>>,
    Administrator(me): Administrator,
    caller: Caller,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let lang = me.lang;
    let mut sheet = Sheet::of(pairs);
    let name = sheet.needed("name", lang.pick("Hãy nhập họ tên.", "Enter the name."));
    let email = sheet.needed("email", lang.pick("Hãy nhập thư điện tử.", "Enter the e-mail."));
    let unit = sheet.needed("unit", lang.pick("Hãy chọn đơn vị.", "Choose the unit."));
    let all = people::list_persons(site.store()).await?;
    let is_address = email.parse::<lettre::Address>().is_ok();
    if !email.is_empty() && !is_address {
        sheet.wrong(
            "email",
            match lang {
                Lang::Vi => format!("Địa chỉ phải như ten@donvi.gov.vn (bạn nhập: {email})."),
                Lang::En => format!("An address looks like name@unit.gov.vn (you typed: {email})."),
            },
        );
    }
    if let Some(other) =
        all.iter().find(|one| !email.is_empty() && folded(&one.email) == folded(&email))
    {
        sheet.wrong(
            "email",
            match lang {
                Lang::Vi => format!("Địa chỉ này đã là của {} ({}).", other.name, other.id),
                Lang::En => {
                    format!("That is already the address of {} ({}).", other.name, other.id)
                }
            },
        );
    }
    let units = people::list_organisations(site.store()).await?;
    if !unit.is_empty() && !units.iter().any(|one| one.id == unit) {
        sheet.wrong("unit", lang.pick("Không có đơn vị này.", "There is no such unit."));
    }
    if !sheet.is_right() {
        return form(&site, &me, &sheet, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let language = if sheet.text("language") == "en" { "en" } else { "vi" }.to_owned();
    let id = format!("person:{}", &fresh_key().replace('-', "")[..12]);
    let person =
        PersonRow { id: id.clone(), organisation: unit, name, email, language, erased: false };
    people::put_persons(site.store(), &[person]).await?;
    audit::note(&site, What::PersonAdded, &me.id, &id, &caller, "").await?;
    site.forget_names().await;
    Ok(Redirect::to(&format!("/admin/people/{id}?done=added")).into_response())
}
