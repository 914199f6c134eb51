//! A workbook that somebody filled in, read cell by cell.
//!
//! A file that comes from outside may be anything: no workbook at all, one that unpacks to gigabytes, one with a cell in the
//! last of a million rows. So it is unpacked once into nothing with a limit, and then read as a stream of cells of which
//! few are kept. Rows are known by the pointer in their first column, not by where they stand.
//!
//! Reading order: [`read`], then what may stand in a cell ([`Reader::value`]).
//!
//! **Invariant:** what is wrong is said with its cell; nothing is guessed. What is read in another way than it looks (a
//! formula, a number that is a text) is said too.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read as _};

use calamine::{DataRef, Reader as _, Xlsx, XlsxError};
use unicode_normalization::UnicodeNormalization as _;

use super::answer::number_of;
use super::context::grouped;
use super::form::{Field, Kind, Typed};
use super::workbook::{
    ABSENT, FIGURES, MAGIC, MARK_SHEET, Mark, NOT_AVAILABLE, NOTE, NOTES, POINTER, VALUE, rows,
};
use crate::cli::Lang;

/// The most bytes a file unpacks to, the most files within it.
const UNPACKED_BYTES_MAX: u64 = 48 << 20;
const FILES_MAX: usize = 300;
/// The most rows and cells that are looked at.
const ROWS_MAX: usize = 2_000;
const CELLS_MAX: usize = 40_000;
/// What stands for a date, which no form of figures asks for.
const DATE: &str = "(ngày tháng)";

/// A file that is not the workbook that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotOurs {
    /// It is no workbook of this kind.
    NoWorkbook,
    /// It unpacks to more than anybody fills in.
    TooLarge,
    /// It has more rows than anybody fills in.
    TooManyRows,
    /// It is a workbook that was not made here.
    NoMark,
    /// It was made for a form of other fields.
    OtherForm,
    /// It was made for another case, or another act.
    OtherCase,
}

/// Something to say of a cell; of the whole file where it names none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Remark {
    pub(super) cell: String,
    pub(super) words: String,
}

/// What a workbook says.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    pub(super) typed: Typed,
    /// Where the value of each field stands.
    pub(super) cells: BTreeMap<String, String>,
    pub(super) errors: Vec<Remark>,
    pub(super) warnings: Vec<Remark>,
}

/// Reads the workbook in `bytes` as the form of `fields`.
pub(super) fn read(
    bytes: &[u8],
    wanted: &Mark,
    fields: &[Field],
    lang: Lang,
) -> Result<Sheet, NotOurs> {
    unpacks(bytes)?;
    let no = |_: XlsxError| NotOurs::NoWorkbook;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(no)?;
    judge(&mark_of(&mut workbook)?, wanted)?;
    let names: Vec<String> =
        workbook.sheet_names().into_iter().filter(|name| name != MARK_SHEET).collect();
    let rows = rows(fields);
    let mut reader = Reader { lang, rows, sheet: Sheet::default(), notes: Vec::new() };
    for name in names {
        let table = table_of(&mut workbook, &name)?;
        let merged = workbook.merge_cells_by_sheet_name(&name).map_err(no)?;
        for (row, cells) in &table {
            reader.row(&name, *row, cells);
        }
        let of_fields = table.iter().filter(|(_, cells)| reader.field_of(cells).is_some());
        let of_fields: BTreeSet<u32> = of_fields.map(|(row, _)| *row).collect();
        for region in merged.into_iter().filter(|one| one.start <= one.end) {
            let mut within = of_fields.range(region.start.0..=region.end.0.max(region.start.0));
            if within.next().is_some() && region.start.1 <= u32::from(NOTE) {
                reader.merged(&name, region.start, region.end);
            }
        }
    }
    Ok(reader.finish())
}

/// Unpacks the file into nothing: that it is one, and not larger than anybody fills in.
fn unpacks(bytes: &[u8]) -> Result<(), NotOurs> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| NotOurs::NoWorkbook)?;
    if archive.len() > FILES_MAX {
        return Err(NotOurs::TooLarge);
    }
    if archive.index_for_name("xl/workbook.xml").is_none() {
        return Err(NotOurs::NoWorkbook);
    }
    let mut left = UNPACKED_BYTES_MAX;
    for at in 0..archive.len() {
        let file = archive.by_index(at).map_err(|_| NotOurs::NoWorkbook)?;
        let taken = std::io::copy(&mut file.take(left + 1), &mut std::io::sink());
        let taken = taken.map_err(|_| NotOurs::NoWorkbook)?;
        left = left.checked_sub(taken).ok_or(NotOurs::TooLarge)?;
    }
    Ok(())
}

type Book<'b> = Xlsx<Cursor<&'b [u8]>>;

fn mark_of(workbook: &mut Book<'_>) -> Result<[String; 4], NotOurs> {
    let mut reader = workbook.worksheet_cells_reader(MARK_SHEET).map_err(|_| NotOurs::NoMark)?;
    let mut mark: [String; 4] = Default::default();
    for _ in 0..8 {
        let Some(cell) = reader.next_cell().map_err(|_| NotOurs::NoMark)? else { break };
        let (row, column) = cell.get_position();
        if let (0, Some(place)) = (column, mark.get_mut(row as usize)) {
            *place = Said::of(cell.get_value(), false).text;
        }
    }
    Ok(mark)
}

fn judge([magic, version, case_id, event]: &[String; 4], wanted: &Mark) -> Result<(), NotOurs> {
    if magic != MAGIC {
        return Err(NotOurs::NoMark);
    }
    if (case_id, event) != (&wanted.case_id, &wanted.event) {
        return Err(NotOurs::OtherCase);
    }
    if *version == wanted.version { Ok(()) } else { Err(NotOurs::OtherForm) }
}

/// What a cell says.
#[derive(Debug, Clone, Default)]
struct Said {
    text: String,
    number: Option<f64>,
    is_formula: bool,
    is_error: bool,
    is_date: bool,
}

impl Said {
    fn of(value: &DataRef<'_>, is_formula: bool) -> Self {
        let said = Self { is_formula, ..Self::default() };
        let text = |text: &str| {
            text.replace("\r\n", "\n").replace('\u{a0}', " ").trim().nfc().collect::<String>()
        };
        match value {
            DataRef::Int(number) => {
                let text = number.to_string();
                Self { number: text.parse().ok(), text, ..said }
            }
            DataRef::Float(number) => said.number(*number),
            DataRef::String(words) => Self { text: text(words), ..said },
            DataRef::SharedString(words) => Self { text: text(words), ..said },
            DataRef::Bool(yes) => Self { text: yes.to_string(), ..said },
            DataRef::DateTime(_) | DataRef::DateTimeIso(_) | DataRef::DurationIso(_) => {
                Self { is_date: true, text: DATE.to_owned(), ..said }
            }
            DataRef::Error(error) => Self { is_error: true, text: error.to_string(), ..said },
            DataRef::Empty => said,
        }
    }

    /// A number has the fifteen digits that Excel shows, not the noise behind them.
    fn number(self, number: f64) -> Self {
        let number = format!("{number:.14e}").parse().unwrap_or(number);
        Self { text: grouped(number, Lang::Vi), number: Some(number), ..self }
    }

    fn is_empty(&self) -> bool {
        self.text.is_empty() && !self.is_formula
    }
}

type Row = BTreeMap<u16, Said>;

/// The rows of a sheet of which the columns of the form hold anything.
fn table_of(workbook: &mut Book<'_>, name: &str) -> Result<BTreeMap<u32, Row>, NotOurs> {
    let no = |_: XlsxError| NotOurs::NoWorkbook;
    let mut reader = workbook.worksheet_cells_reader(name).map_err(no)?;
    let mut table: BTreeMap<u32, Row> = BTreeMap::new();
    let mut cells = 0;
    while let Some(cell) = reader.next_cell_with_formula_metadata().map_err(no)? {
        cells += 1;
        let (row, column) = cell.pos;
        let said = Said::of(&cell.value, cell.formula.is_some());
        let column = u16::try_from(column).ok().filter(|column| *column <= NOTE);
        if let Some(column) = column.filter(|_| !said.is_empty()) {
            table.entry(row).or_default().insert(column, said);
        }
        if table.len() > ROWS_MAX || cells > CELLS_MAX {
            return Err(NotOurs::TooManyRows);
        }
    }
    Ok(table)
}

/// `Số liệu!E7`.
fn cell_name(sheet: &str, row: u32, column: u16) -> String {
    let letter = char::from(b'A' + u8::try_from(column).unwrap_or(0).min(25));
    format!("{sheet}!{letter}{}", row + 1)
}

struct Reader<'f> {
    lang: Lang,
    rows: Vec<&'f Field>,
    sheet: Sheet,
    notes: Vec<String>,
}

impl<'f> Reader<'f> {
    fn field_of(&self, cells: &Row) -> Option<&'f Field> {
        let pointer = &cells.get(&POINTER)?.text;
        self.rows.iter().find(|field| field.pointer == *pointer).copied()
    }

    fn error(&mut self, cell: String, words: String) {
        self.sheet.errors.push(Remark { cell, words });
    }

    fn warning(&mut self, cell: String, words: String) {
        self.sheet.warnings.push(Remark { cell, words });
    }

    fn row(&mut self, name: &str, row: u32, cells: &Row) {
        let lang = self.lang;
        let at = |column| cell_name(name, row, column);
        let Some(field) = self.field_of(cells) else {
            let pointer = cells.get(&POINTER).map(|said| said.text.as_str()).unwrap_or_default();
            let is_filled = (VALUE..=NOTE).find(|column| cells.contains_key(column));
            if pointer.starts_with('/') {
                let vi = format!("Biểu mẫu không có mục “{pointer}”; hãy tải lại tệp mẫu.");
                let en = format!("The form has no field “{pointer}”; fetch the template again.");
                self.error(at(POINTER), lang.pick(&vi, &en).to_owned());
            } else if let Some(column) = is_filled.filter(|_| !self.sheet.cells.is_empty()) {
                let words = lang.pick(
                    "Dòng thêm, không thuộc tệp mẫu: bị bỏ qua.",
                    "A row that is not of the template: left out.",
                );
                self.warning(at(column), words.to_owned());
            }
            return;
        };
        if let Some(first) = self.sheet.cells.get(&field.pointer) {
            let vi = format!("“{}” đã có ở {first}; mỗi mục chỉ có một dòng.", field.title);
            let en = format!("“{}” is in {first} already; each field has one row.", field.title);
            self.error(at(VALUE), lang.pick(&vi, &en).to_owned());
            return;
        }
        self.sheet.cells.insert(field.pointer.clone(), at(VALUE));
        if let Some(said) = cells.get(&VALUE)
            && let Some(text) = self.value(field, &at(VALUE), said)
        {
            self.sheet.typed.insert(field.pointer.clone(), vec![text]);
        }
        if let Some(code) = field.pointer.strip_prefix(FIGURES) {
            self.beside(code, cells, &at);
        }
    }

    /// The mark that a figure is not available, and its note.
    fn beside(&mut self, code: &str, cells: &Row, at: &dyn Fn(u16) -> String) {
        let lang = self.lang;
        let text = |column| cells.get(&column).map(|said| said.text.as_str()).unwrap_or_default();
        match text(ABSENT) {
            "" => {}
            "x" | "X" if cells.contains_key(&VALUE) => {
                let words = lang.pick(
                    "Vừa có số liệu vừa ghi “chưa có số liệu”; hãy bỏ một trong hai.",
                    "It has a value and is marked as not available; remove one of the two.",
                );
                self.error(at(ABSENT), words.to_owned());
            }
            "x" | "X" => {
                self.sheet.typed.entry(NOT_AVAILABLE.to_owned()).or_default().push(code.to_owned());
            }
            other => {
                let vi = format!("Ô này chỉ nhận x hoặc để trống (trong ô: {other}).");
                let en = format!("This cell takes x or nothing (it says: {other}).");
                self.error(at(ABSENT), lang.pick(&vi, &en).to_owned());
            }
        }
        let note = text(NOTE).split_whitespace().collect::<Vec<_>>().join(" ");
        if !note.is_empty() {
            self.notes.push(format!("{code}: {note}"));
        }
    }

    /// What the cell `at` says for `field`, as it would be typed.
    fn value(&mut self, field: &Field, at: &str, said: &Said) -> Option<String> {
        let (lang, title, text) = (self.lang, &field.title, &said.text);
        let wrong = |vi: String, en: String| lang.pick(&vi, &en).to_owned();
        let is_number = matches!(field.kind, Kind::Number { .. });
        let words = if said.is_error {
            wrong(
                format!("“{title}”: ô báo lỗi {text}; hãy sửa công thức hoặc ghi số."),
                format!("“{title}”: the cell shows {text}; mend its formula or write a number."),
            )
        } else if said.is_formula && text.is_empty() {
            wrong(
                format!(
                    "“{title}”: công thức chưa có kết quả; hãy mở tệp bằng Excel, lưu lại, hoặc ghi số."
                ),
                format!(
                    "“{title}”: the formula has no result; save the file in Excel, or write a number."
                ),
            )
        } else if is_number && said.is_date {
            wrong(
                format!(
                    "“{title}” phải là số, nhưng ô là ngày tháng; hãy đổi định dạng ô rồi ghi lại số."
                ),
                format!(
                    "“{title}” must be a number, but the cell is a date; change its format and write it again."
                ),
            )
        } else if is_number && said.number.is_none() && number_of(text).is_none() {
            wrong(
                format!("“{title}” phải là số, ví dụ 1.250.000 (trong ô: {text})."),
                format!("“{title}” must be a number, such as 1250000 (the cell says: {text})."),
            )
        } else {
            return Some(self.taken(field, at, said));
        };
        self.error(at.to_owned(), words);
        None
    }

    /// A value that can be read, with a remark where it was read in another way than it looks.
    fn taken(&mut self, field: &Field, at: &str, said: &Said) -> String {
        let (lang, text) = (self.lang, &said.text);
        if said.is_formula {
            let vi = format!("Ô là công thức; đã lấy kết quả {text}.");
            let en = format!("The cell is a formula; its result {text} was taken.");
            self.warning(at.to_owned(), lang.pick(&vi, &en).to_owned());
        }
        match &field.kind {
            Kind::Number { .. } if said.number.is_none() => {
                let number = number_of(text).and_then(|number| number.as_f64());
                let read = number.map_or_else(String::new, |number| grouped(number, lang));
                let vi = format!("Ô là chữ “{text}”; đã đọc là số {read}.");
                let en = format!("The cell is the text “{text}”; it was read as {read}.");
                self.warning(at.to_owned(), lang.pick(&vi, &en).to_owned());
                text.clone()
            }
            Kind::YesNo => match text.to_lowercase().as_str() {
                "có" | "x" | "yes" | "true" => "true".to_owned(),
                "không" | "no" | "false" => "false".to_owned(),
                _ => {
                    let vi = format!("“{}”: hãy ghi Có hoặc Không (trong ô: {text}).", field.title);
                    let en =
                        format!("“{}”: write Có or Không (the cell says: {text}).", field.title);
                    self.error(at.to_owned(), lang.pick(&vi, &en).to_owned());
                    String::new()
                }
            },
            _ => text.clone(),
        }
    }

    fn merged(&mut self, name: &str, start: (u32, u32), end: (u32, u32)) {
        let letter = |column: u32| u16::try_from(column).unwrap_or(NOTE).min(NOTE);
        let from = cell_name(name, start.0, letter(start.1));
        let to = cell_name("", end.0, letter(end.1)).replace('!', "");
        let words = self.lang.pick(
            "Các ô này bị gộp nên không rõ số nào của mục nào; hãy bỏ gộp ô.",
            "These cells are merged, so it is not clear which is of which field; split them.",
        );
        self.error(format!("{from}:{to}"), words.to_owned());
    }

    /// What was read, with the rows that are not there.
    fn finish(mut self) -> Sheet {
        if !self.notes.is_empty() {
            self.sheet.typed.insert(NOTES.to_owned(), vec![self.notes.join("\n")]);
        }
        let there = &self.sheet.cells;
        let absent = self.rows.iter().filter(|field| !there.contains_key(&field.pointer));
        let absent: Vec<&str> = absent.map(|field| field.title.as_str()).collect();
        if !absent.is_empty() {
            let absent = absent.join("; ");
            let vi = format!("Tệp không còn dòng của: {absent}. Các mục này được coi là để trống.");
            let en = format!("The file has no row of: {absent}. They are taken as empty.");
            let words = self.lang.pick(&vi, &en).to_owned();
            self.warning(String::new(), words);
        }
        self.sheet
    }
}
