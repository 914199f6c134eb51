//! A report by Excel: a workbook to fill in, checked cell by cell before anything is sent.
//!
//! A file is checked, never sent: what was read is shown, becomes the draft, and is sent by the same form as if it had been typed.
//! The check asks the chart itself, in a step that nobody writes, so what it finds is what sending would.
//!
//! Reading order: [`page`], [`template`], [`check`]; the workbook is made in [`super::workbook`] and read in [`super::cells`].

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::multipart::MultipartError;
use axum::extract::{Multipart, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chart::event::Event;
use chart::step;
use maud::{Markup, html};
use runtime::clock::fresh_key;
use serde_json::Value;

use super::act::{DECISION, KEY, REVISION, SAVE};
use super::case::Seen;
use super::cells::{self, NotOurs, Remark, Sheet};
use super::form::{Field, Typed};
use super::page::{Page, Part};
use super::said::Said;
use super::signing::Me;
use super::trouble::Trouble;
use super::workbook::{self, Mark, Template};
use super::{Site, act, answer, context, draft, spread};
use crate::cli::Lang;

/// The largest file that is taken, with what a browser wraps it in.
pub(super) const BYTES_MAX: usize = 5 << 20;
/// How many remarks of a kind are shown.
const REMARKS_MAX: usize = 100;
const KIND: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The form of one act that can be filled in as a workbook.
struct Asked<'a> {
    site: &'a Site,
    me: &'a Me,
    seen: Seen,
    event: String,
    title: String,
    fields: Vec<Field>,
}

impl<'a> Asked<'a> {
    async fn of(site: &'a Site, me: &'a Me, id: &str, event: String) -> Result<Self, Trouble> {
        let seen = Seen::of(site, me, id).await?;
        let answer = seen.allowed(site);
        let action = answer.allowed.iter().find(|action| action.event == event);
        let title = action.ok_or(Trouble::Nothing)?.title.get(me.lang.code()).to_owned();
        let fields = act::fields_of(&seen, &event, me.lang);
        if !workbook::is_of_figures(&fields) {
            return Err(Trouble::Nothing);
        }
        Ok(Self { site, me, seen, event, title, fields })
    }

    fn path(&self) -> String {
        format!("/cases/{}/actions/{}", self.seen.head.case_id, self.event)
    }

    fn mark(&self) -> Mark {
        Mark::of(&self.seen.head.case_id, &self.event, &self.fields)
    }

    /// The page with `body` above the two steps; checking is its one button unless `body` has one.
    fn show(&self, status: StatusCode, body: &Markup) -> Response {
        let lang = self.me.lang;
        let title = lang.pick("Nộp bằng tệp Excel", "Report by a workbook");
        Page::of(self.site, self.me, Part::Cases, title).with(status).show(&html! {
            nav class="govuk-breadcrumbs" aria-label=(lang.pick("Vị trí", "Breadcrumb")) {
                ol class="govuk-breadcrumbs__list" {
                    li class="govuk-breadcrumbs__list-item" {
                        a class="govuk-breadcrumbs__link"
                            href=(format!("/cases/{}", self.seen.head.case_id)) { (self.seen.title(lang)) }
                    }
                    li class="govuk-breadcrumbs__list-item" {
                        a class="govuk-breadcrumbs__link" href=(self.path()) { (self.title) }
                    }
                }
            }
            div class="app-card app-form" {
                h1 class="govuk-heading-l" { (title) }
                p class="govuk-body app-muted" { (self.seen.title(lang)) }
                (body)
                (self.steps(status == StatusCode::OK && !body.0.is_empty()))
            }
        })
    }

    fn steps(&self, is_read: bool) -> Markup {
        let lang = self.me.lang;
        let large = lang.pick("Tệp lớn hơn 5 MB nên không gửi được; hãy dùng tệp mẫu và chỉ điền số liệu.",
            "The file is larger than 5 MB and cannot be sent; use the template and fill in the figures only.");
        html! {
            h2 class="govuk-heading-m app-gap" { (lang.pick("1. Tải tệp mẫu và điền", "1. Fetch the template and fill it in")) }
            p class="govuk-body" {
                (lang.pick(
                    "Tệp mẫu của riêng hồ sơ này: có tên chỉ tiêu, đơn vị, số kỳ trước và phần bạn đã nhập nháp. ",
                    "A template for this case alone: names, units, the period before, and your draft. ",
                ))
                a class="govuk-link" href=(format!("{}/template", self.path())) download {
                    (lang.pick("Tải tệp mẫu .xlsx", "Fetch the template (.xlsx)"))
                }
            }
            h2 class="govuk-heading-m app-gap" { (lang.pick("2. Kiểm tra tệp đã điền", "2. Check the file")) }
            form method="post" enctype="multipart/form-data" action=(format!("{}/sheet", self.path())) {
                div class="govuk-form-group" {
                    label class="govuk-label" for="file" { (lang.pick("Tệp .xlsx, đến 5 MB", "A file .xlsx, up to 5 MB")) }
                    input class="govuk-file-upload" id="file" name="file" type="file"
                        accept=(format!(".xlsx,{KIND}")) data-bytes-max=(BYTES_MAX - 4096) data-too-large=(large);
                    p class="govuk-error-message" role="status" aria-live="polite" data-file-said {}
                }
                button class=(if is_read { "govuk-button govuk-button--secondary" } else { "govuk-button" })
                    type="submit" {
                    (lang.pick("Kiểm tra tệp", "Check the file"))
                }
                p class="govuk-hint app-gap" {
                    (lang.pick("Kiểm tra chưa phải là nộp.", "Checking is not submitting."))
                }
            }
        }
    }
}

/// The page of reporting by a workbook.
pub(super) async fn page(
    State(site): State<Arc<Site>>,
    me: Me,
    Path((id, event)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let asked = Asked::of(&site, &me, &id, event).await?;
    Ok(asked.show(StatusCode::OK, &html! {}))
}

/// The workbook to fill in.
pub(super) async fn template(
    State(site): State<Arc<Site>>,
    me: Me,
    Path((id, event)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let asked = Asked::of(&site, &me, &id, event).await?;
    let kept = draft::find(&site, &me, &id, &asked.event).await?;
    let begun = || context::begun(&asked.event, &asked.fields, &asked.seen.facts.data);
    let payload = asked.seen.chart.events.get(&asked.event).and_then(|one| one.payload.as_ref());
    let template = Template {
        mark: asked.mark(),
        title: asked.title.clone(),
        about: asked.seen.title(me.lang),
        schema: payload.map_or(Value::Null, |schema| schema.source().clone()),
        data: asked.seen.facts.data.clone(),
        typed: kept.map_or_else(begun, |kept| kept.typed),
        fields: asked.fields,
        lang: me.lang,
    };
    let _turn = site.sheets.acquire().await;
    let written = tokio::task::spawn_blocking(move || workbook::write(&template)).await;
    let corrupt = |why: &dyn std::fmt::Display| Trouble::Corrupt(format!("no workbook: {why}"));
    let bytes = written.map_err(|error| corrupt(&error))?.map_err(|error| corrupt(&error))?;
    let short: String = id.chars().take(8).collect();
    let name = format!("attachment; filename=\"bao-cao-{short}.xlsx\"");
    let headers = [(header::CONTENT_TYPE, KIND), (header::CONTENT_DISPOSITION, name.as_str())];
    Ok((headers, bytes).into_response())
}

/// Why a file was not taken at all.
enum NoFile {
    TooLarge,
    None,
    Broken,
}

/// Checks a workbook that was filled in; nothing is sent by this.
pub(super) async fn check(
    State(site): State<Arc<Site>>,
    me: Me,
    Path((id, event)): Path<(String, String)>,
    headers: HeaderMap,
    multipart: Multipart,
) -> Result<Response, Trouble> {
    let asked = Asked::of(&site, &me, &id, event).await?;
    let lang = me.lang;
    let bytes = match file_of(&headers, multipart).await {
        Ok(bytes) => bytes,
        Err(why) => {
            let (status, words) = no_file(&why, lang);
            return Ok(asked.show(status, &refused(words, lang)));
        }
    };
    let (mark, fields) = (asked.mark(), asked.fields.clone());
    let read = {
        let _turn = site.sheets.acquire().await;
        tokio::task::spawn_blocking(move || cells::read(&bytes, &mark, &fields, lang)).await
    };
    match read {
        Ok(Ok(sheet)) => checked(&asked, sheet).await,
        Ok(Err(why)) => {
            let words = not_ours(why, lang);
            Ok(asked.show(StatusCode::UNPROCESSABLE_ENTITY, &refused(words, lang)))
        }
        // Whatever a file did to its reader, the reader is gone and nothing else.
        Err(error) => {
            tracing::warn!(%error, "a workbook could not be read");
            let words = not_ours(NotOurs::NoWorkbook, lang);
            Ok(asked.show(StatusCode::UNPROCESSABLE_ENTITY, &refused(words, lang)))
        }
    }
}

/// The bytes of the file; one that says it is too large is not read at all, one that does not say so up to the bound.
async fn file_of(headers: &HeaderMap, mut multipart: Multipart) -> Result<Vec<u8>, NoFile> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|text| text.to_str().ok());
    if length.and_then(|text| text.parse::<usize>().ok()).is_some_and(|all| all > BYTES_MAX) {
        return Err(NoFile::TooLarge);
    }
    let broken = |error: MultipartError| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => NoFile::TooLarge,
        _ => NoFile::Broken,
    };
    while let Some(field) = multipart.next_field().await.map_err(broken)? {
        if field.name() != Some("file") {
            continue;
        }
        let bytes = field.bytes().await.map_err(broken)?;
        return if bytes.is_empty() { Err(NoFile::None) } else { Ok(bytes.to_vec()) };
    }
    Err(NoFile::None)
}

fn no_file(why: &NoFile, lang: Lang) -> (StatusCode, &'static str) {
    match why {
        NoFile::TooLarge => (
            StatusCode::PAYLOAD_TOO_LARGE,
            lang.pick(
                "Tệp lớn hơn 5 MB nên không được đọc. Hãy dùng tệp mẫu, chỉ điền số liệu, bỏ ảnh và các trang tính khác.",
                "The file is larger than 5 MB and was not read. Use the template with figures only, without pictures and other sheets.",
            ),
        ),
        NoFile::None => (
            StatusCode::UNPROCESSABLE_ENTITY,
            lang.pick("Hãy chọn tệp .xlsx đã điền.", "Choose the file that you filled in."),
        ),
        NoFile::Broken => (
            StatusCode::BAD_REQUEST,
            lang.pick("Tệp gửi lên bị đứt giữa chừng; hãy gửi lại.", "The file broke off; send it again."),
        ),
    }
}

fn not_ours(why: NotOurs, lang: Lang) -> &'static str {
    match why {
        NotOurs::NoWorkbook => lang.pick(
            "Tệp này không phải tệp Excel .xlsx đọc được (có thể là .xls cũ, tệp có mật khẩu, hoặc tệp khác đổi đuôi). Hãy mở bằng Excel và lưu lại dạng .xlsx.",
            "This is no readable Excel file (.xlsx): perhaps an old .xls, one with a password, or another file renamed. Save it as .xlsx.",
        ),
        NotOurs::TooLarge => lang.pick(
            "Tệp này bung ra quá lớn so với một báo cáo nên không được đọc. Hãy dùng tệp mẫu và chỉ điền số liệu.",
            "This file unpacks to far more than a report and was not read. Use the template with figures only.",
        ),
        NotOurs::TooManyRows => lang.pick(
            "Tệp có quá nhiều dòng (tối đa 2.000). Hãy dùng tệp mẫu; mỗi chỉ tiêu một dòng.",
            "The file has too many rows (at most 2,000). Use the template; one row a figure.",
        ),
        NotOurs::NoMark => lang.pick(
            "Tệp này không phải tệp mẫu của hệ thống. Hãy tải tệp mẫu ở bước 1 và điền vào đó.",
            "This is not the template. Fetch it in step 1 and fill that in.",
        ),
        NotOurs::OtherForm => lang.pick(
            "Tệp mẫu này của phiên bản biểu mẫu khác. Hãy tải tệp mẫu mới ở bước 1 rồi chép số liệu sang.",
            "This template is of another version of the form. Fetch the new one in step 1 and copy the figures.",
        ),
        NotOurs::OtherCase => lang.pick(
            "Tệp mẫu này của hồ sơ khác (kỳ khác, đơn vị khác hoặc việc khác). Hãy tải tệp mẫu của đúng hồ sơ này ở bước 1.",
            "This template is of another case (another period, unit or act). Fetch the one of this case in step 1.",
        ),
    }
}

/// What stands above the steps where nothing of a file was read.
fn refused(words: &str, lang: Lang) -> Markup {
    super::page::error_summary(&[("file".to_owned(), words.to_owned())], lang)
}

/// What a workbook that could be read comes to.
async fn checked(asked: &Asked<'_>, mut sheet: Sheet) -> Result<Response, Trouble> {
    let lang = asked.me.lang;
    judge(asked, &mut sheet);
    if !sheet.errors.is_empty() {
        let body = html! {
            (super::page::error_summary(
                &[("errors-by-cell".to_owned(), count(sheet.errors.len(), lang))], lang))
            (remarks("errors-by-cell", lang.pick("Lỗi theo ô", "Errors by cell"), &sheet.errors, lang))
            (remarks("warnings", lang.pick("Lưu ý", "Remarks"), &sheet.warnings, lang))
        };
        return Ok(asked.show(StatusCode::UNPROCESSABLE_ENTITY, &body));
    }
    let id = &asked.seen.head.case_id;
    let other = draft::find(asked.site, asked.me, id, &asked.event).await?;
    // A draft says the same if it would send the same.
    let says = |typed: &Typed| answer::read(&asked.fields, typed, lang).ok();
    let other = other.filter(|kept| says(&kept.typed) != says(&sheet.typed));
    if other.is_none() {
        draft::keep(asked.site, asked.me, &asked.seen, &asked.event, (&sheet.typed, None)).await?;
    }
    let body = html! {
        div class="app-draft" {
            (draft::banner(asked.site, &asked.seen, lang, &html! {
                span class="app-draft__what" {
                    @if let Some(other) = &other {
                        (lang.pick(
                            "Bạn đang có bản nháp khác với tệp này. “Lưu nháp” thay bản nháp bằng tệp; nộp sẽ gửi số liệu của tệp. ",
                            "You have a draft that says something else. “Save draft” replaces it; submitting sends the file. ",
                        ))
                        (draft::saved_words(other.saved_at_ms, lang)) "."
                    } @else {
                        (lang.pick("Số liệu của tệp đã được giữ làm bản nháp.", "The file is kept as your draft."))
                    }
                }
            }))
        }
        (remarks("warnings", lang.pick("Lưu ý", "Remarks"), &sheet.warnings, lang))
        (preview(asked, &sheet.typed))
    };
    Ok(asked.show(StatusCode::OK, &body))
}

fn count(errors: usize, lang: Lang) -> String {
    match lang {
        Lang::Vi => format!(
            "Tệp có {errors} lỗi; chưa có gì được ghi. Hãy sửa từng ô dưới đây rồi kiểm tra lại."
        ),
        Lang::En => format!(
            "The file has {errors} error(s); nothing was written. Mend the cells below and check again."
        ),
    }
}

/// Asks the chart what sending would: a step on the case as it stands, which nobody writes.
fn judge(asked: &Asked<'_>, sheet: &mut Sheet) {
    let Asked { site, me, seen, event, fields, .. } = asked;
    let (mut errors, mut words) = (BTreeMap::new(), Vec::new());
    match answer::read(fields, &sheet.typed, me.lang) {
        Err(wrong) => errors = wrong,
        Ok(payload) => {
            let (actor, library) = (seen.actor_of(site, event), site.runtime.library());
            let event = Event::person(event, payload);
            let (now, calendar) = (site.now().max(seen.snapshot.recorded_at), library.calendar());
            let taken = step::step(&seen.chart, &seen.snapshot, &event, actor, now, calendar);
            if let Err(why) = taken {
                (errors, words) = Said::refused(&why).in_words(me.lang);
            }
        }
    }
    for (pointer, words) in errors {
        let cell = sheet.cells.get(&pointer).cloned().unwrap_or_default();
        let is_told = !cell.is_empty() && sheet.errors.iter().any(|one| one.cell == cell);
        if !is_told {
            sheet.errors.push(Remark { cell, words });
        }
    }
    // What a form as a whole lacks says nothing where a cell could not be read.
    if sheet.errors.is_empty() {
        let whole = words.into_iter().map(|words| Remark { cell: String::new(), words });
        sheet.errors.extend(whole);
    }
}

/// One line for each remark, with its cell.
fn remarks(id: &str, title: &str, all: &[Remark], lang: Lang) -> Markup {
    html! {
        @if !all.is_empty() {
            h2 class="govuk-heading-m" id=(id) { (title) " (" (all.len()) ")" }
            div class="app-scroll" tabindex="0" role="region" aria-labelledby=(id) {
                table class="app-table app-stack" {
                    thead {
                        tr {
                            th scope="col" { (lang.pick("Ô", "Cell")) }
                            th scope="col" { (lang.pick("Nội dung", "What it is")) }
                        }
                    }
                    tbody {
                        @for Remark { cell, words } in all.iter().take(REMARKS_MAX) {
                            tr {
                                td class="app-num" {
                                    @if cell.is_empty() { (lang.pick("cả tệp", "the file")) }
                                    @else { strong { (cell) } }
                                }
                                td { (words) }
                            }
                        }
                    }
                }
            }
            @if all.len() > REMARKS_MAX {
                p class="govuk-body app-muted" {
                    (lang.pick("Chỉ liệt kê 100 dòng đầu.", "Only the first hundred are listed."))
                }
            }
        }
    }
}

/// What was read, and the way to send it.
fn preview(asked: &Asked<'_>, typed: &Typed) -> Markup {
    let lang = asked.me.lang;
    let payload = answer::read(&asked.fields, typed, lang).unwrap_or_default();
    let leaves = spread::leaves(&asked.fields);
    let row = |field: &&Field| {
        let value = spread::shown(field, payload.pointer(&field.pointer), lang);
        (!value.is_empty()).then(|| (field.title.clone(), value))
    };
    let rows: Vec<(String, String)> = leaves.iter().filter_map(row).collect();
    let own = [
        (DECISION, asked.seen.head.decision.to_string()),
        (REVISION, asked.seen.head.revision.to_string()),
        (KEY, fresh_key()),
    ];
    html! {
        h2 class="govuk-heading-m" { (lang.pick("Đã đọc từ tệp", "What was read")) }
        dl class="govuk-summary-list" {
            @for (title, value) in &rows {
                div class="govuk-summary-list__row" {
                    dt class="govuk-summary-list__key" { (title) }
                    dd class="govuk-summary-list__value app-lines" { (value) }
                }
            }
        }
        form method="post" action=(asked.path()) class="app-gap" {
            @for (name, value) in &own { input type="hidden" name=(name) value=(value); }
            @for (name, values) in typed {
                @for value in values { input type="hidden" name=(name) value=(value); }
            }
            div class="app-send" {
                button class="govuk-button" type="submit" { (asked.title) }
                button class="govuk-button govuk-button--secondary" type="submit" name=(SAVE)
                    value="true" { (lang.pick("Lưu nháp và xem trong biểu mẫu", "Save draft and see the form")) }
            }
        }
    }
}
