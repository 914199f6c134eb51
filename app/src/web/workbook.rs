//! A report's form as a workbook that can be filled in without the page: names, units, what was before, and rules for
//! what a cell takes.
//!
//! Each row carries the pointer of its field in a column that is hidden, so a row is known wherever it stands. A sheet
//! that Excel does not show holds the [`Mark`]: for which form of which case the workbook was made. The rules in the
//! cells are a help for whoever types; what counts is judged when the file comes back ([`super::cells`]).

use chart::canonical::sha256_hex;
use chart::data::Data;
use rust_xlsxwriter::{
    Color, DataValidation, DataValidationRule, Format, FormatAlign, FormatBorder, Workbook,
    Worksheet, XlsxError,
};
use serde_json::Value;

use super::form::{Field, Kind, Typed};
use super::spread;
use crate::cli::Lang;

/// The sheet that holds the mark.
pub(super) const MARK_SHEET: &str = "_cotmoc";
/// What its first cell says.
pub(super) const MAGIC: &str = "cotmoc report";
/// The columns of a row, from 0: the pointer, then what people see.
pub(super) const POINTER: u16 = 0;
const TITLE: u16 = 1;
const UNIT: u16 = 2;
const BEFORE: u16 = 3;
pub(super) const VALUE: u16 = 4;
pub(super) const ABSENT: u16 = 5;
pub(super) const NOTE: u16 = 6;
/// The group of figures, and the two fields that have columns instead of rows.
pub(super) const FIGURES: &str = "/indicators/";
pub(super) const NOT_AVAILABLE: &str = "/not_available";
pub(super) const NOTES: &str = "/notes";
/// The first row of fields.
const FIRST: u32 = 4;

/// How numbers are written: those with a fraction, whole ones.
const NUMBERS: [&str; 2] = ["General", "#,##0"];

/// For which form of which case a workbook was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    /// Changes with the fields of the form.
    pub(super) version: String,
    pub(super) case_id: String,
    pub(super) event: String,
}

impl Mark {
    pub(super) fn of(case_id: &str, event: &str, fields: &[Field]) -> Self {
        let leaves = spread::leaves(fields);
        let names: Vec<&str> = leaves.iter().map(|field| field.pointer.as_str()).collect();
        let version = sha256_hex(&names.join("\n"))[..16].to_owned();
        Self { version, case_id: case_id.to_owned(), event: event.to_owned() }
    }
}

/// Whether a form is one of figures, which can be filled in as a workbook.
pub(super) fn is_of_figures(fields: &[Field]) -> bool {
    spread::leaves(fields).iter().any(|field| field.pointer.starts_with(FIGURES))
}

/// The fields that have a row, in its order.
pub(super) fn rows(fields: &[Field]) -> Vec<&Field> {
    let mut rows = spread::leaves(fields);
    rows.retain(|field| {
        field.pointer != NOT_AVAILABLE
            && field.pointer != NOTES
            && !matches!(field.kind, Kind::Rows(_) | Kind::Checks(_))
    });
    rows
}

/// What a workbook is made of.
#[derive(Debug)]
pub(super) struct Template {
    pub(super) mark: Mark,
    /// What is to be done, and for which case.
    pub(super) title: String,
    pub(super) about: String,
    pub(super) fields: Vec<Field>,
    /// The schema of the payload, for the bounds of its numbers.
    pub(super) schema: Value,
    pub(super) data: Data,
    /// What the cells begin with.
    pub(super) typed: Typed,
    pub(super) lang: Lang,
}

struct Looks {
    title: Format,
    head: Format,
    fixed: Format,
    before: [Format; 2],
    number: [Format; 2],
    text: Format,
    mark: Format,
}

impl Looks {
    fn new() -> Self {
        let cell = || {
            Format::new().set_border(FormatBorder::Thin).set_border_color(Color::RGB(0x00C3_CCD6))
        };
        let top = |format: Format| format.set_align(FormatAlign::Top);
        let filled = || cell().set_background_color(Color::RGB(0x00FF_FBE6)).set_unlocked();
        Self {
            title: Format::new().set_bold().set_font_size(14),
            head: cell().set_bold().set_background_color(Color::RGB(0x00E8_F1FA)).set_text_wrap(),
            fixed: top(cell().set_text_wrap()),
            before: NUMBERS.map(|format| top(cell().set_num_format(format))),
            number: NUMBERS.map(|format| top(filled().set_num_format(format))),
            text: top(filled().set_num_format("@").set_text_wrap()),
            mark: top(filled().set_align(FormatAlign::Center)),
        }
    }
}

/// The workbook as bytes.
pub(super) fn write(template: &Template) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let lang = template.lang;
    let sheet = workbook.add_worksheet();
    sheet.set_name(lang.pick("Số liệu", "Figures"))?;
    let looks = Looks::new();
    head(sheet, template, &looks)?;
    for (row, field) in (FIRST..).zip(rows(&template.fields)) {
        fixed(sheet, row, field, template, &looks)?;
        filled(sheet, row, field, template, &looks)?;
    }
    sheet.protect();
    let mark = workbook.add_worksheet();
    mark.set_name(MARK_SHEET)?.set_very_hidden(true);
    let Mark { version, case_id, event } = &template.mark;
    for (row, text) in (0..).zip([MAGIC, version, case_id, event]) {
        mark.write_string(row, 0, text)?;
    }
    workbook.save_to_buffer()
}

fn head(sheet: &mut Worksheet, template: &Template, looks: &Looks) -> Result<(), XlsxError> {
    let lang = template.lang;
    sheet.write_string_with_format(0, TITLE, &template.title, &looks.title)?;
    sheet.write_string(1, TITLE, &template.about)?;
    sheet.write_string(
        2,
        TITLE,
        lang.pick(
            "Chỉ điền các ô màu vàng. Số để dạng số, không ghi “tỷ”, “triệu”. Chưa có số liệu (khác số 0): ghi x.",
            "Fill in the yellow cells only. Figures as numbers, no words. Not available (that is not 0): write x.",
        ),
    )?;
    let heads = [
        "",
        lang.pick("Nội dung", "Field"),
        lang.pick("Đơn vị", "Unit"),
        lang.pick("Kỳ trước", "Period before"),
        lang.pick("Kỳ này", "This period"),
        lang.pick("Chưa có số liệu", "Not available"),
        lang.pick("Ghi chú", "Note"),
    ];
    for (column, words) in (0..).zip(heads) {
        sheet.write_string_with_format(FIRST - 1, column, words, &looks.head)?;
    }
    for (column, width) in
        [(TITLE, 46), (UNIT, 15), (BEFORE, 16), (VALUE, 24), (ABSENT, 12), (NOTE, 40)]
    {
        sheet.set_column_width(column, width)?;
    }
    sheet.set_column_hidden(POINTER)?;
    sheet.set_freeze_panes(FIRST, 0)?;
    sheet.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0);
    Ok(())
}

/// What is known of a field.
fn fixed(
    sheet: &mut Worksheet,
    row: u32,
    field: &Field,
    template: &Template,
    looks: &Looks,
) -> Result<(), XlsxError> {
    let unit = match &field.kind {
        Kind::Number { unit, .. } => unit.as_str(),
        Kind::YesNo => "Có / Không",
        _ => "",
    };
    sheet.write_string(row, POINTER, &field.pointer)?;
    let title = format!("{}{}", field.title, field.mark);
    sheet.write_string_with_format(row, TITLE, title, &looks.fixed)?;
    sheet.write_string_with_format(row, UNIT, unit, &looks.fixed)?;
    let whole = usize::from(matches!(field.kind, Kind::Number { whole: true, .. }));
    let before = field.pointer.strip_prefix(FIGURES);
    let before = before.and_then(|code| template.data["previous"].get(code)?.as_f64());
    match before {
        Some(before) => {
            sheet.write_number_with_format(row, BEFORE, before, &looks.before[whole])?
        }
        None => sheet.write_blank(row, BEFORE, &looks.fixed)?,
    };
    Ok(())
}

/// What is filled in, and the rules of its cells.
fn filled(
    sheet: &mut Worksheet,
    row: u32,
    field: &Field,
    template: &Template,
    looks: &Looks,
) -> Result<(), XlsxError> {
    let typed = |name: &str| template.typed.get(name).map_or(&[][..], Vec::as_slice);
    let text = typed(&field.pointer).first().map(String::as_str).unwrap_or_default();
    let is_number = matches!(field.kind, Kind::Number { .. });
    let whole = usize::from(matches!(field.kind, Kind::Number { whole: true, .. }));
    match super::answer::number_of(text).filter(|_| is_number).and_then(|number| number.as_f64()) {
        Some(number) => sheet.write_number_with_format(row, VALUE, number, &looks.number[whole])?,
        None if text.is_empty() && is_number => {
            sheet.write_blank(row, VALUE, &looks.number[whole])?
        }
        None => {
            let words = match (&field.kind, text) {
                (Kind::YesNo, "true") => "Có",
                (Kind::YesNo, "false") => "Không",
                _ => text,
            };
            sheet.write_string_with_format(row, VALUE, words, &looks.text)?
        }
    };
    let lang = template.lang;
    match &field.kind {
        Kind::Number { .. } => {
            sheet.add_data_validation(row, VALUE, row, VALUE, &bounds(field, template)?)?;
        }
        Kind::YesNo => {
            let rule = DataValidation::new().allow_list_strings(&["Có", "Không"])?;
            sheet.add_data_validation(row, VALUE, row, VALUE, &rule)?;
        }
        _ => {}
    }
    let Some(code) = field.pointer.strip_prefix(FIGURES) else { return Ok(()) };
    let absent = if typed(NOT_AVAILABLE).iter().any(|one| one == code) { "x" } else { "" };
    sheet.write_string_with_format(row, ABSENT, absent, &looks.mark)?;
    let rule = DataValidation::new()
        .allow_list_strings(&["x"])?
        .set_error_message(lang.pick("Ghi x hoặc để trống.", "Write x, or leave it empty."))?;
    sheet.add_data_validation(row, ABSENT, row, ABSENT, &rule)?;
    let notes = typed(NOTES).first().map(String::as_str).unwrap_or_default();
    let own = notes.lines().find_map(|line| line.strip_prefix(code)?.strip_prefix(':'));
    sheet.write_string_with_format(row, NOTE, own.unwrap_or_default().trim(), &looks.text)?;
    Ok(())
}

/// A number between the bounds of its schema.
fn bounds(field: &Field, template: &Template) -> Result<DataValidation, XlsxError> {
    let place = field.pointer.replace('/', "/properties/");
    let schema = template.schema.pointer(&place).unwrap_or(&Value::Null);
    let (least, most) = (schema["minimum"].as_f64(), schema["maximum"].as_f64());
    let rule = match (least, most) {
        (Some(least), Some(most)) => DataValidationRule::Between(least, most),
        (Some(least), None) => DataValidationRule::GreaterThanOrEqualTo(least),
        (None, Some(most)) => DataValidationRule::LessThanOrEqualTo(most),
        (None, None) => DataValidationRule::GreaterThanOrEqualTo(-1e15),
    };
    let words = template.lang.pick(
        "Ô này nhận một số trong khoảng cho phép, không ghi chữ như “tỷ”, “triệu”.",
        "This cell takes a number within its bounds, and no words.",
    );
    DataValidation::new().allow_decimal_number(rule).set_error_message(words)
}
