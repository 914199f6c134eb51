//! How the form of an act looks: what is wrong, that it is a draft, what happened meanwhile, the fields, the buttons.
//!
//! The attributes `data-*` are for the script that saves drafts (`app/assets/draft.js`); without it they say nothing.

use axum::response::Response;
use maud::{Markup, html};

use super::act::{DECISION, FOR, KEY, NIL, REVISION, SAVE, Told};
use super::case::{Seen, blocked};
use super::draft::{self, Changed, Kept};
use super::form::{self, Field, Filled, id_of};
use super::page::{Page, Part, error_summary};
use super::signing::Me;
use super::trouble::Trouble;
use super::{Site, act, conflict, context, workbook};
use crate::cli::Lang;

/// The form of one act for one reader.
struct Act<'a> {
    site: &'a Site,
    me: &'a Me,
    seen: &'a Seen,
    event: &'a str,
    title: &'a str,
    fields: Vec<Field>,
    told: Told,
    /// Whether it can be sent now.
    is_possible: bool,
}

/// The form of `event`, or why it cannot be sent now.
pub(super) fn show(
    site: &Site,
    me: &Me,
    seen: &Seen,
    event: &str,
    mut told: Told,
) -> Result<Response, Trouble> {
    let lang = me.lang;
    let definition = seen.chart.events.get(event).filter(|event| !event.machine);
    let title = definition.ok_or(Trouble::Nothing)?.title.get(lang.code());
    let answer = seen.allowed(site);
    let is_possible = answer.allowed.iter().any(|action| action.event == event);
    let stopped = answer.blocked.iter().find(|blocked| blocked.event == event);
    let fields = act::fields_of(seen, event, lang);
    if told.typed.is_empty() && is_possible {
        told.typed = context::begun(event, &fields, &seen.facts.data);
    }
    // What was typed is shown again even if it cannot be sent any more.
    let shows_form = is_possible || !told.typed.is_empty();
    let errors = summary(&fields, &told);
    let status = told.status;
    let act = Act { site, me, seen, event, title, fields, told, is_possible };
    Ok(Page::of(site, me, Part::Cases, title).with(status).show(&html! {
        (act.breadcrumbs())
        div class="app-card app-form" {
            @if !errors.is_empty() { (error_summary(&errors, lang)) }
            h1 class="govuk-heading-l" { (title) }
            p class="govuk-body app-muted" { (seen.title(lang)) }
            (conflict::show(site, seen, &act.told.meanwhile, &act.fields, &act.told.typed, lang))
            @if !is_possible { (impossible(site, seen, stopped, lang)) }
            @if shows_form { (act.form()) }
            p class="app-gap" {
                a class="govuk-link" href=(act.case_path()) {
                    (lang.pick("Quay lại hồ sơ, không gửi", "Back to the case, without sending"))
                }
            }
        }
    }))
}

impl Act<'_> {
    fn case_path(&self) -> String {
        format!("/cases/{}", self.seen.head.case_id)
    }

    fn path(&self) -> String {
        format!("{}/actions/{}", self.case_path(), self.event)
    }

    fn breadcrumbs(&self) -> Markup {
        let lang = self.me.lang;
        html! {
            nav class="govuk-breadcrumbs" aria-label=(lang.pick("Vị trí", "Breadcrumb")) {
                ol class="govuk-breadcrumbs__list" {
                    li class="govuk-breadcrumbs__list-item" {
                        a class="govuk-breadcrumbs__link" href="/cases" { (lang.pick("Hồ sơ", "Cases")) }
                    }
                    li class="govuk-breadcrumbs__list-item" {
                        a class="govuk-breadcrumbs__link" href=(self.case_path()) {
                            (self.seen.title(lang))
                        }
                    }
                }
            }
        }
    }

    fn form(&self) -> Markup {
        let (lang, told, seen) = (self.me.lang, &self.told, self.seen);
        let filled = Filled { typed: &told.typed, errors: &told.errors, lang };
        let shown = self.fields.iter().filter(|field| {
            !told.nil
                || (field.pointer != context::NIL_REPORT
                    && context::is_of_nil_report(&field.pointer))
        });
        let shown: Vec<Field> = shown.cloned().collect();
        html! {
            form method="post" novalidate action=(self.path())
                data-draft=(draft::name_of(self.me, &seen.head.case_id, self.event))
                data-base=(told.kept.as_ref().map_or(0, |kept| kept.saved_at_ms))
                data-offline=(lang.pick("Chưa gửi được, dữ liệu vẫn còn trên máy này",
                    "Could not be sent; it is still on this computer"))
                data-signed-out=(lang.pick(
                    "Phiên làm việc đã hết; dữ liệu vẫn còn trên máy này. Bấm “Lưu nháp” để đăng nhập lại.",
                    "Your session has ended; it is still on this computer. Press “Save draft” to sign in.")) {
                input type="hidden" name=(DECISION) value=(seen.head.decision);
                input type="hidden" name=(REVISION) value=(seen.head.revision);
                input type="hidden" name=(KEY) value=(told.key);
                @if let Some(absent) = seen.in_place_of(self.site, self.event) {
                    input type="hidden" name=(FOR) value=(absent);
                    (in_place(seen, absent, lang))
                }
                @if told.nil {
                    input type="hidden" name=(NIL) value="true";
                    input type="hidden" name=(context::NIL_REPORT) value="true";
                }
                @if self.fields.is_empty() {
                    p class="govuk-body" {
                        (lang.pick("Việc này không cần nhập gì thêm.", "Nothing need be filled in."))
                    }
                } @else { (self.draft()) }
                (self.nil())
                @if self.is_possible && workbook::is_of_figures(&shown) {
                    p class="govuk-body" {
                        (lang.pick("Có sẵn số liệu trong Excel? ", "The figures are in Excel? "))
                        a class="govuk-link" href=(format!("{}/sheet", self.path())) {
                            (lang.pick("Nộp bằng tệp Excel", "Report by a workbook"))
                        }
                    }
                }
                (form::show(&shown, &filled))
                (self.buttons())
            }
        }
    }

    /// That what stands here is not submitted, and what became of its form.
    fn draft(&self) -> Markup {
        let (lang, kept) = (self.me.lang, self.told.kept.as_ref());
        let none = html! {};
        let restore = lang.pick("Dùng phần trên máy này", "Use what is on this computer");
        html! {
            div class="app-draft" data-draft-banner hidden[kept.is_none()] {
                (draft::banner(self.site, self.seen, lang, &none))
                a class="govuk-link" href=(format!("{}/discard", self.path())) {
                    (lang.pick("Xoá bản nháp", "Throw the draft away"))
                }
            }
            @if let Some(kept) = kept { (changed(kept, &kept.changed(&self.fields), lang)) }
            div class="app-draft" data-draft-copy hidden {
                (lang.pick(
                    "Trên máy này còn một phần bạn nhập mà chưa gửi được, khác với bản nháp dưới đây.",
                    "This computer has something you typed that was not sent, other than the draft below.",
                ))
                button class="govuk-button govuk-button--secondary app-btn-s" type="button" { (restore) }
            }
        }
    }

    /// A report in which nothing changed is a sentence.
    fn nil(&self) -> Markup {
        let lang = self.me.lang;
        let payload = self.seen.chart.events.get(self.event).and_then(|one| one.payload.as_ref());
        let may_be = payload.is_some_and(|schema| context::may_be_nil(self.event, schema.source()));
        html! {
            @if self.told.nil {
                div class="govuk-inset-text" {
                    strong { (lang.pick("Báo cáo không phát sinh. ", "Nil report. ")) }
                    (lang.pick(
                        "Không cần số liệu; hãy xác nhận bằng lời ở “Kết quả đạt được” rằng trong kỳ không có thay \
                         đổi. ",
                        "No figures are needed; say in words under “Results” that nothing changed in the period. ",
                    ))
                    a class="govuk-link" href=(self.path()) {
                        (lang.pick("Có thay đổi? Mở biểu mẫu đầy đủ", "Something changed? The whole form"))
                    }
                }
            } @else if may_be && self.is_possible && self.told.kept.is_none() {
                p class="govuk-body" {
                    (lang.pick("Kỳ này không có gì thay đổi? ", "Nothing changed in this period? "))
                    a class="govuk-link" href=(format!("{}?nil=true", self.path())) {
                        (lang.pick("Báo cáo không phát sinh", "Nil report"))
                    }
                }
            }
        }
    }

    fn buttons(&self) -> Markup {
        let (lang, kept) = (self.me.lang, self.told.kept.as_ref());
        html! {
            div class="app-send" {
                button class="govuk-button" type="submit" { (self.title) }
                @if !self.fields.is_empty() {
                    button class="govuk-button govuk-button--secondary" type="submit" name=(SAVE)
                        value="true" formnovalidate { (lang.pick("Lưu nháp", "Save draft")) }
                }
                span class="app-muted" role="status" aria-live="polite" data-draft-said {
                    @if let Some(kept) = kept { (draft::saved_words(kept.saved_at_ms, lang)) }
                }
            }
        }
    }
}

/// What a draft lost and what it lacks because its form is another now.
fn changed(kept: &Kept, changed: &Changed, lang: Lang) -> Markup {
    html! {
        @if *changed != Changed::default() {
            div class="govuk-inset-text" {
                p class="govuk-body" {
                    strong {
                        (lang.pick("Biểu mẫu đã thay đổi sau khi bạn lưu nháp. ",
                            "The form has changed since you saved the draft. "))
                    }
                    (draft::saved_words(kept.saved_at_ms, lang)) "."
                }
                @if !changed.gone.is_empty() {
                    p class="govuk-body" {
                        (lang.pick("Mục không còn nữa; phần bạn đã nhập:",
                            "Fields that are no more, with what you typed:"))
                    }
                    dl class="govuk-summary-list" {
                        @for (title, text) in &changed.gone {
                            div class="govuk-summary-list__row" {
                                dt class="govuk-summary-list__key" { (title) }
                                dd class="govuk-summary-list__value app-lines" { (text) }
                            }
                        }
                    }
                }
                @if !changed.new.is_empty() {
                    p class="govuk-body" {
                        (lang.pick("Mục mới: ", "New fields: ")) (changed.new.join("; ")) "."
                    }
                }
            }
        }
    }
}

/// In whose place this is done.
fn in_place(seen: &Seen, absent: &str, lang: Lang) -> Markup {
    html! {
        p class="govuk-inset-text" {
            (lang.pick("Thay mặt ", "In the place of ")) strong { (seen.names.person(absent)) }
            (lang.pick(", theo uỷ quyền đang có hiệu lực. Diễn biến sẽ ghi tên cả hai người.",
                ", by a substitution that is in force. The history will name both."))
        }
    }
}

fn impossible(
    site: &Site,
    seen: &Seen,
    stopped: Option<&chart::allowed::Blocked>,
    lang: Lang,
) -> Markup {
    html! {
        div class="app-why" {
            h2 class="govuk-heading-s" { (lang.pick("Chưa thực hiện được", "Not possible now")) }
            @if let Some(one) = stopped { ul { (blocked(site, seen, one, lang)) } }
            @else {
                p class="govuk-body" {
                    (lang.pick(
                        "Hồ sơ không ở bước nhận việc này. Trang hồ sơ cho biết bây giờ làm được gì.",
                        "The case is at no step that takes this. Its page says what can be done now.",
                    ))
                }
            }
        }
    }
}

/// Errors in the order of the form, each with the id of its field.
fn summary(fields: &[Field], told: &Told) -> Vec<(String, String)> {
    let whole = told.words.iter().map(|words| (String::new(), words.clone()));
    let order = super::spread::leaves(fields);
    let rank =
        |pointer: &str| order.iter().position(|one| pointer.starts_with(one.pointer.as_str()));
    let mut errors: Vec<(&String, &String)> = told.errors.iter().collect();
    errors.sort_by_key(|(pointer, _)| (rank(pointer).unwrap_or(usize::MAX), (*pointer).clone()));
    whole.chain(errors.into_iter().map(|(at, words)| (id_of(at), words.clone()))).collect()
}
