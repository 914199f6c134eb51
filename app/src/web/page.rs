//! The frame of every page, and the small parts that pages share.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chart::calendar::Calendar;
use chart::moment::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::signing::Me;
use super::{Site, assets};
use crate::cli::Lang;
use crate::letters::wording::{days_left, due_date, due_text};

/// The parts of the site, as the navigation names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Work,
    Cases,
    Reports,
    Overdue,
    Calendar,
    Admin,
    Account,
    /// None of them: signing in, an error.
    Outside,
}

/// A page to be.
#[derive(Debug)]
pub(super) struct Page<'a> {
    pub(super) site: &'a Site,
    pub(super) me: Option<&'a Me>,
    pub(super) lang: Lang,
    pub(super) part: Part,
    pub(super) title: String,
    pub(super) status: StatusCode,
}

impl<'a> Page<'a> {
    /// A page for whoever is signed in.
    pub(super) fn of(site: &'a Site, me: &'a Me, part: Part, title: impl Into<String>) -> Self {
        let (lang, title) = (me.lang, title.into());
        Self { site, me: Some(me), lang, part, title, status: StatusCode::OK }
    }

    /// A page for anybody.
    pub(super) fn outside(site: &'a Site, lang: Lang, title: impl Into<String>) -> Self {
        let (title, status) = (title.into(), StatusCode::OK);
        Self { site, me: None, lang, part: Part::Outside, title, status }
    }

    /// The same page under another status.
    pub(super) fn with(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The whole page with `body` in it.
    pub(super) fn show(self, body: &Markup) -> Response {
        let lang = self.lang;
        let error = if self.status.is_client_error() && self.me.is_some() {
            lang.pick("Có lỗi: ", "Error: ")
        } else {
            ""
        };
        let markup = html! {
            (DOCTYPE)
            html class="govuk-template" lang=(lang.code()) {
                head {
                    meta charset="utf-8";
                    title { (error) (self.title) " – Cột Mốc" }
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="theme-color" content="#0c2c4d";
                    link rel="icon" href=(assets::icon()) type="image/svg+xml";
                    @for style in assets::styles() { link rel="stylesheet" href=(style); }
                    @if self.me.is_some() {
                        @for script in assets::scripts() { script src=(script) defer {} }
                    }
                }
                body class="govuk-template__body app-wide" {
                    a class="govuk-skip-link" href="#main" {
                        (lang.pick("Đi tới nội dung chính", "Skip to main content"))
                    }
                    (self.top())
                    @if self.me.is_some() { (self.navigation()) }
                    div class="govuk-width-container" {
                        @if self.site.demo { (demonstration(self.site, lang)) }
                        main class="govuk-main-wrapper" id="main" tabindex="-1" { (body) }
                    }
                    (foot(lang))
                }
            }
        };
        (self.status, markup).into_response()
    }

    fn top(&self) -> Markup {
        let lang = self.lang;
        html! {
            header class="app-top" {
                div class="govuk-width-container app-top__in" {
                    a class="app-top__name" href="/" {
                        (emblem())
                        span {
                            "Cột Mốc"
                            small { (lang.pick("Hồ sơ và báo cáo nền tảng số quốc gia",
                                "Cases and reports of national digital platforms")) }
                        }
                    }
                    div class="app-top__user" {
                        (switch(lang))
                        @if let Some(me) = self.me {
                            a href="/account" { (me.name) }
                        }
                    }
                }
            }
        }
    }

    fn navigation(&self) -> Markup {
        let lang = self.lang;
        let mut items = vec![
            (Part::Work, "/work", lang.pick("Việc của tôi", "My work")),
            (Part::Cases, "/cases", lang.pick("Hồ sơ", "Cases")),
            (Part::Reports, "/reports", lang.pick("Báo cáo", "Reports")),
        ];
        if self.me.is_some_and(|me| me.watches) {
            items.push((Part::Overdue, "/overdue", lang.pick("Quá hạn", "Overdue")));
        }
        items.push((Part::Calendar, "/calendar", lang.pick("Lịch", "Calendar")));
        if self.me.is_some_and(|me| me.administers) {
            items.push((Part::Admin, "/admin/people", lang.pick("Quản trị", "Administration")));
        }
        items.push((Part::Account, "/account", lang.pick("Tài khoản", "Account")));
        html! {
            nav class="govuk-service-navigation app-nav" aria-label=(lang.pick("Chính", "Main")) {
                div class="govuk-width-container" {
                    ul class="govuk-service-navigation__list app-nav__list" {
                        @for (part, href, words) in items {
                            @let active = part == self.part;
                            li class=(if active { "govuk-service-navigation__item \
                                govuk-service-navigation__item--active" } else {
                                "govuk-service-navigation__item" }) {
                                a class="govuk-service-navigation__link" href=(href)
                                    aria-current=[active.then_some("page")] { (words) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The other language, one press away.
fn switch(lang: Lang) -> Markup {
    let (other, words) = match lang {
        Lang::Vi => ("en", "English"),
        Lang::En => ("vi", "Tiếng Việt"),
    };
    html! {
        form method="post" action=(format!("/lang/{other}")) {
            button class="app-lang" type="submit" lang=(other) { (words) }
        }
    }
}

fn demonstration(site: &Site, lang: Lang) -> Markup {
    let now = runtime::clock::local(site.now()).format("%d/%m/%Y %H:%M");
    html! {
        p class="app-demo" role="note" {
            strong { (lang.pick("Bản trình diễn.", "A demonstration.")) } " "
            (lang.pick(
                "Người, doanh nghiệp và số liệu đều giả định. Đồng hồ của hồ sơ đứng ở ",
                "People, enterprises and figures are made up. The clock of the cases stands at ",
            )) (now) "."
        }
    }
}

fn foot(lang: Lang) -> Markup {
    html! {
        footer class="app-foot" {
            div class="govuk-width-container" {
                (lang.pick(
                    "Cột Mốc theo dõi thủ tục của Quyết định 186/QĐ-BTTTT.",
                    "Cột Mốc follows the procedure of Decision 186/QĐ-BTTTT.",
                ))
            }
        }
    }
}

/// A boundary stone.
fn emblem() -> Markup {
    html! {
        (PreEscaped("<svg width=\"30\" height=\"34\" viewBox=\"0 0 30 34\" aria-hidden=\"true\">\
            <path d=\"M6 32V12a9 9 0 0 1 18 0v20z\" fill=\"#e7b10a\"/>\
            <path d=\"M2 34v-4h26v4z\" fill=\"#c6d6e6\"/>\
            <path d=\"M10 16l4 4 7-8\" fill=\"none\" stroke=\"#0c2c4d\" stroke-width=\"3\"/></svg>"))
    }
}

/// A deadline as people read one: weekday, date, what is left, never colour alone.
pub(super) fn due_chip(
    due_ms: Option<i64>,
    now: Timestamp,
    calendar: &Calendar,
    lang: Lang,
) -> Markup {
    let Some(due) = due_ms.map(Timestamp) else {
        return html! { span class="app-muted" { (lang.pick("không có hạn", "no deadline")) } };
    };
    let today = calendar.local_date(now);
    let left = days_left(due, today, calendar, lang.code());
    let class = match due_date(due, calendar).cmp(&today) {
        std::cmp::Ordering::Less => "app-due app-due--late",
        std::cmp::Ordering::Equal => "app-due app-due--soon",
        std::cmp::Ordering::Greater
            if calendar
                .working_days_between(today, due_date(due, calendar))
                .is_ok_and(|days| days <= 3) =>
        {
            "app-due app-due--soon"
        }
        std::cmp::Ordering::Greater => "app-due",
    };
    html! {
        span class=(class) {
            (clock_icon())
            span { (due_text(due, calendar, lang.code())) " · " (left) }
        }
    }
}

fn clock_icon() -> Markup {
    html! {
        (PreEscaped("<svg width=\"15\" height=\"15\" viewBox=\"0 0 15 15\" aria-hidden=\"true\">\
            <circle cx=\"7.5\" cy=\"7.5\" r=\"6.2\" fill=\"none\" stroke=\"currentColor\" \
            stroke-width=\"1.6\"/><path d=\"M7.5 4v4l2.6 1.6\" fill=\"none\" \
            stroke=\"currentColor\" stroke-width=\"1.6\"/></svg>"))
    }
}

/// A moment in words, such as `09:00 thứ Sáu 25/11/2022`.
pub(super) fn moment(at_ms: i64, calendar: &Calendar, lang: Lang) -> String {
    crate::cli::wording::moment(Timestamp(at_ms), lang.code(), calendar)
}

/// A table in a card of its own; on a phone each row becomes a card with its cells below each other.
pub(super) fn table(label: &str, heads: &[&str], rows: &Markup) -> Markup {
    html! {
        div class="app-card app-card--flush" {
            div class="app-scroll" tabindex="0" role="region" aria-label=(label) {
                table class="app-table app-stack" {
                    thead { tr { @for head in heads { th scope="col" { (head) } } } }
                    tbody { (rows) }
                }
            }
        }
    }
}

/// What is wrong with a form: a box that names each error and leads to its field.
pub(super) fn error_summary(errors: &[(String, String)], lang: Lang) -> Markup {
    html! {
        div class="govuk-error-summary" id="errors" tabindex="-1" {
            div role="alert" {
                h2 class="govuk-error-summary__title" {
                    (lang.pick("Có nội dung cần sửa", "There is a problem"))
                }
                div class="govuk-error-summary__body" {
                    ul class="govuk-list govuk-error-summary__list" {
                        @for (field, words) in errors {
                            li {
                                @if field.is_empty() { (words) }
                                @else { a href=(format!("#{field}")) { (words) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Good news at the top of a page, with what more there is of it.
pub(super) fn success(title: &str, words: &str, more: &Markup) -> Markup {
    html! {
        div class="govuk-notification-banner govuk-notification-banner--success" role="alert"
            aria-labelledby="done" {
            div class="govuk-notification-banner__header" {
                h2 class="govuk-notification-banner__title" id="done" { (title) }
            }
            div class="govuk-notification-banner__content" {
                p class="govuk-notification-banner__heading" { (words) " " (more) }
            }
        }
    }
}
