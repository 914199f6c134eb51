//! A report by Excel: the template, what is wrong cell by cell, and files that are something else.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode, header};
use calamine::{Data, Reader as _, SheetVisible, Xlsx};
use rust_xlsxwriter::{Format, Formula, Workbook, Worksheet};
use store::{cases, drafts};

use crate::browser::{Answer, Browser, Place};

const USERS: &str = "/indicators/users_registered";
const SHARE: &str = "/indicators/availability_pct";
const RESULTS: &str = "/narrative/results";

/// What a test writes into the cell of a value.
enum Cell {
    Number(f64),
    Text(&'static str),
    Formula(&'static str, &'static str),
}

fn path(place: &Place) -> String {
    format!("/cases/{}/actions/submit", place.report)
}

/// The rows of a template (pointer, title, unit, before) and its mark.
fn opened(bytes: &[u8]) -> (Vec<Vec<String>>, Vec<String>) {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes.to_vec())).unwrap();
    let hidden = book.sheets_metadata().iter().find(|sheet| sheet.name == "_cotmoc").unwrap();
    assert_eq!(hidden.visible, SheetVisible::VeryHidden);
    let text = |cells: &[Data]| cells.iter().map(ToString::to_string).collect::<Vec<_>>();
    let rows = book.worksheet_range("Số liệu").unwrap();
    let rows = rows.rows().map(text).filter(|row| row[0].starts_with('/')).collect();
    let mark = book.worksheet_range("_cotmoc").unwrap();
    (rows, mark.rows().map(|row| row[0].to_string()).collect())
}

/// A workbook as Excel would save the template with `values` in it; `more` does what else people do.
fn filled(
    template: &[u8],
    values: &[(&str, Cell)],
    more: impl FnOnce(&mut Worksheet, &BTreeMap<String, u32>),
) -> Vec<u8> {
    let (rows, mark) = opened(template);
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("Số liệu").unwrap();
    let mut places = BTreeMap::new();
    for (row, cells) in (4..).zip(&rows) {
        sheet.write_string(row, 0, &cells[0]).unwrap();
        sheet.write_string(row, 1, &cells[1]).unwrap();
        places.insert(cells[0].clone(), row);
    }
    for (pointer, cell) in values {
        let row = places[*pointer];
        match cell {
            Cell::Number(number) => sheet.write_number(row, 4, *number).unwrap(),
            Cell::Text(text) => sheet.write_string(row, 4, *text).unwrap(),
            Cell::Formula(formula, result) => {
                sheet.write_formula(row, 4, Formula::new(*formula).set_result(*result)).unwrap()
            }
        };
    }
    more(sheet, &places);
    let hidden = book.add_worksheet().set_name("_cotmoc").unwrap();
    for (row, text) in (0..).zip(&mark) {
        hidden.write_string(row, 0, text).unwrap();
    }
    book.save_to_buffer().unwrap()
}

fn nothing_more(_: &mut Worksheet, _: &BTreeMap<String, u32>) {}

async fn check(browser: &mut Browser, place: &Place, file: &[u8]) -> Answer {
    browser.upload(&format!("{}/sheet", path(place)), file).await
}

async fn template(browser: &mut Browser, place: &Place) -> Vec<u8> {
    browser.fetch(&format!("{}/template", path(place))).await
}

/// The lines of the table under `id`: (cell, words).
fn lines(page: &Answer, id: &str) -> Vec<(String, String)> {
    let Some(table) = page.text.split(&format!("aria-labelledby=\"{id}\"")).nth(1) else {
        return Vec::new();
    };
    let table = table.split("</table>").next().unwrap();
    let plain = |html: &str| {
        html.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text).collect()
    };
    let rows = table.split("<tr>").skip(2);
    rows.map(|row| {
        let (cell, words) = row.split_once("</td>").unwrap();
        (plain(cell), plain(words))
    })
    .collect()
}

async fn from_template_to_receipt(place: &Place) {
    let mut browser = place.signed_in(&place.enterprise).await;
    let page = browser.get(&format!("{}/sheet", path(place))).await;
    assert!(page.text.contains("Tải tệp mẫu .xlsx"), "{}", page.text);
    let bytes = template(&mut browser, place).await;
    let (rows, mark) = opened(&bytes);
    let users = rows.iter().find(|row| row[0] == USERS).unwrap();
    assert!(users[1].starts_with("Số tài khoản đăng ký"), "{users:?}");
    assert_eq!((&*users[2], &*users[3]), ("tài khoản", "1200000"), "unit, and the period before");
    assert_eq!(mark[2], place.report);
    let values = [
        (USERS, Cell::Number(1_250_000.0)),
        (SHARE, Cell::Number(99.95)),
        (RESULTS, Cell::Text("Xong")),
    ];
    let file = filled(&bytes, &values, |sheet, places| {
        let row = places["/indicators/vulns_open"];
        sheet.write_string(row, 5, "x").unwrap();
        sheet.write_string(places[USERS], 6, "đã rà soát:\nhai lần").unwrap();
    });
    let page = check(&mut browser, place, &file).await;
    assert_eq!(page.status, StatusCode::OK, "{:?}", lines(&page, "errors-by-cell"));
    assert!(page.text.contains("Đã đọc từ tệp") && page.text.contains("1.250.000 tài khoản"));
    assert!(page.text.contains("CHƯA NỘP"), "checking is not submitting");
    let kept = drafts::of_person(place.runtime.store(), &place.enterprise).await.unwrap();
    assert!(kept[0].fields.contains("1.250.000"), "{}", kept[0].fields);
    let head = cases::find(place.runtime.store(), &place.report).await.unwrap().unwrap();
    assert_eq!(head.revision, 1);
    // What was read is sent by the form that stands below it.
    let mut form = Vec::new();
    for part in page.text.split("<input type=\"hidden\" name=\"").skip(1) {
        let (name, rest) = part.split_once("\" value=\"").unwrap();
        form.push((name, rest.split_once('"').unwrap().0));
    }
    let sent = browser.post(&path(place), &form).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    let head = cases::find(place.runtime.store(), &place.report).await.unwrap().unwrap();
    for words in [
        "\"users_registered\":1250000",
        "\"availability_pct\":99.95",
        "\"not_available\":[\"vulns_open\"]",
        "\"users_registered\":\"đã rà soát: hai lần\"",
        "\"nil_report\":false",
    ] {
        assert!(head.snapshot.contains(words), "{words}: {}", head.snapshot);
    }
    assert_eq!(drafts::of_person(place.runtime.store(), &place.enterprise).await.unwrap(), []);
    // A correction has a template too, which begins from what was sent.
    let correct = format!("/cases/{}/actions/correct", place.report);
    let bytes = browser.fetch(&format!("{correct}/template")).await;
    let (rows, _) = opened(&bytes);
    let users = rows.iter().find(|row| row[0] == USERS).unwrap();
    assert_eq!((&*users[4], &*users[6]), ("1250000", "đã rà soát: hai lần"));
    let page = browser.upload(&format!("{correct}/sheet"), &bytes).await;
    let errors = lines(&page, "errors-by-cell");
    assert!(errors[0].1.contains("Cần nêu lý do đính chính"), "{errors:?}");
}

#[tokio::test]
async fn a_report_goes_from_its_template_into_the_case() {
    from_template_to_receipt(&Place::sqlite().await).await;
}

#[tokio::test]
async fn a_report_goes_from_its_template_into_the_case_on_postgresql() {
    from_template_to_receipt(&Place::postgres().await).await;
}

#[tokio::test]
async fn every_error_is_told_with_its_cell_and_nothing_is_written() {
    let place = Place::sqlite().await;
    let mut browser = place.signed_in(&place.enterprise).await;
    let bytes = template(&mut browser, &place).await;
    let values = [
        (USERS, Cell::Text("1,25 tỷ")),
        (SHARE, Cell::Number(120.0)),
        ("/indicators/vulns_open", Cell::Number(1.5)),
        ("/indicators/vulns_fixed", Cell::Number(3.0)),
        ("/nil_report", Cell::Text("có lẽ")),
        (RESULTS, Cell::Text("<b>đậm</b>")),
    ];
    let mut cells = BTreeMap::new();
    let file = filled(&bytes, &values, |sheet, places| {
        cells = places.clone();
        let row = places["/indicators/vulns_fixed"];
        sheet.write_string(row, 5, "x").unwrap();
    });
    let page = check(&mut browser, &place, &file).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let errors = lines(&page, "errors-by-cell");
    let at = |pointer: &str, column: char| format!("Số liệu!{column}{}", cells[pointer] + 1);
    let told = |cell: &str, words: &str| {
        assert!(
            errors.iter().any(|(at, said)| at == cell && said.contains(words)),
            "{cell} {words}: {errors:?}"
        );
    };
    told(&at(USERS, 'E'), "phải là số, ví dụ 1.250.000 (trong ô: 1,25 tỷ)");
    told(&at("/indicators/vulns_fixed", 'F'), "Vừa có số liệu vừa ghi");
    told(&at("/nil_report", 'E'), "hãy ghi Có hoặc Không (trong ô: có lẽ)");
    told(&at("/indicators/vulns_open", 'E'), "phải là số nguyên");
    assert!(page.text.contains(&format!("Tệp có {} lỗi", errors.len())));
    assert!(!page.text.contains("<b>đậm"));
    assert_eq!(drafts::of_person(place.runtime.store(), &place.enterprise).await.unwrap(), []);
    // What the schema and the chart say comes with the cell, or of the whole file.
    let values = [(USERS, Cell::Number(5.0)), (SHARE, Cell::Number(120.0))];
    let page = check(&mut browser, &place, &filled(&bytes, &values, nothing_more)).await;
    let errors = lines(&page, "errors-by-cell");
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0].0, at(SHARE, 'E'));
    let page = check(&mut browser, &place, &filled(&bytes, &[], nothing_more)).await;
    let errors = lines(&page, "errors-by-cell");
    assert_eq!(errors[0].0, "cả tệp");
    assert!(errors[0].1.contains("Còn chỉ tiêu bắt buộc chưa có số liệu"), "{errors:?}");
}

#[tokio::test]
async fn what_is_read_in_another_way_than_it_looks_is_remarked_on() {
    let place = Place::sqlite().await;
    let mut browser = place.signed_in(&place.enterprise).await;
    let bytes = template(&mut browser, &place).await;
    let values = [
        (USERS, Cell::Text("1.250.000\u{a0}")),
        (SHARE, Cell::Formula("=199.9/2", "99.95")),
        (RESULTS, Cell::Text("Ho\u{300}a tha\u{300}nh")),
    ];
    let mut cells = BTreeMap::new();
    let file = filled(&bytes, &values, |sheet, places| {
        cells = places.clone();
        sheet.write_string(90, 4, "cộng").unwrap();
    });
    let page = check(&mut browser, &place, &file).await;
    assert_eq!(page.status, StatusCode::OK, "{:?}", lines(&page, "errors-by-cell"));
    let remarks = lines(&page, "warnings");
    let expected = [
        (cells[USERS], "Ô là chữ “1.250.000”; đã đọc là số 1.250.000."),
        (cells[SHARE], "Ô là công thức; đã lấy kết quả 99,95."),
        (90, "Dòng thêm, không thuộc tệp mẫu"),
    ];
    for (row, words) in expected {
        let cell = format!("Số liệu!E{}", row + 1);
        let is_told = remarks.iter().any(|(at, said)| *at == cell && said.contains(words));
        assert!(is_told, "{cell} {words}: {remarks:?}");
    }
    assert!(page.text.contains("Hòa thành"), "texts are NFC");
    // A formula that nobody has computed has no value to take.
    let file = filled(&bytes, &[(USERS, Cell::Formula("=1+1", "77"))], nothing_more);
    let page = check(&mut browser, &place, &without(&file, "<v>77</v>")).await;
    let errors = lines(&page, "errors-by-cell");
    assert!(errors[0].1.contains("công thức chưa có kết quả"), "{errors:?}");
}

#[tokio::test]
async fn merged_doubled_and_unknown_rows_are_errors_at_their_cells() {
    let place = Place::sqlite().await;
    let mut browser = place.signed_in(&place.enterprise).await;
    let bytes = template(&mut browser, &place).await;
    let mut first = 0;
    let file = filled(&bytes, &[(USERS, Cell::Number(5.0))], |sheet, places| {
        first = places[SHARE];
        sheet.merge_range(first, 4, first + 1, 4, "7", &Format::new()).unwrap();
        sheet.write_string(80, 0, USERS).unwrap();
        sheet.write_number(80, 4, 6.0).unwrap();
        sheet.write_string(81, 0, "/indicators/made_up").unwrap();
    });
    let page = check(&mut browser, &place, &file).await;
    let errors = lines(&page, "errors-by-cell");
    let merged = format!("Số liệu!E{}:E{}", first + 1, first + 2);
    for (cell, words) in [
        (merged.as_str(), "bị gộp"),
        ("Số liệu!E81", "mỗi mục chỉ có một dòng"),
        ("Số liệu!A82", "made_up"),
    ] {
        let is_told = errors.iter().any(|(at, said)| at == cell && said.contains(words));
        assert!(is_told, "{cell}: {errors:?}");
    }
}

/// The workbook without `text` in its first sheet.
fn without(file: &[u8], text: &str) -> Vec<u8> {
    let mut old = zip::ZipArchive::new(Cursor::new(file)).unwrap();
    let mut files = Vec::new();
    for at in 0..old.len() {
        let mut entry = old.by_index(at).unwrap();
        let (name, mut bytes) = (entry.name().unwrap().into_owned(), Vec::new());
        entry.read_to_end(&mut bytes).unwrap();
        if name == "xl/worksheets/sheet1.xml" {
            let sheet = String::from_utf8(bytes).unwrap();
            assert!(sheet.contains(text));
            bytes = sheet.replace(text, "").into_bytes();
        }
        files.push((name, bytes));
    }
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, all)| (&**name, &**all)).collect();
    archive(&files)
}

/// A zip with these files in it.
fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[tokio::test]
async fn a_file_that_is_something_else_is_told_what_it_is() {
    let place = Place::sqlite().await;
    let mut browser = place.signed_in(&place.enterprise).await;
    let bytes = template(&mut browser, &place).await;
    let marked = |row: usize, text: &str| {
        let (_, mut mark) = opened(&bytes);
        mark[row] = text.to_owned();
        let mut book = Workbook::new();
        book.add_worksheet().set_name("Số liệu").unwrap();
        let hidden = book.add_worksheet().set_name("_cotmoc").unwrap();
        for (row, text) in (0..).zip(&mark) {
            hidden.write_string(row, 0, text).unwrap();
        }
        book.save_to_buffer().unwrap()
    };
    let mut plain = Workbook::new();
    plain.add_worksheet().write_number(0, 0, 1.0).unwrap();
    let many = filled(&bytes, &[], |sheet, _| {
        for row in 100..10_100 {
            sheet.write_number(row, 4, f64::from(row)).unwrap();
        }
    });
    let far = filled(&bytes, &[(USERS, Cell::Number(1_300_000.0))], |sheet, _| {
        sheet.write_number(1_048_575, 16_383, 1.0).unwrap();
    });
    let zeros = vec![0; 60 << 20];
    let bomb = archive(&[("xl/workbook.xml", b"<workbook/>"), ("xl/media/a.bin", &zeros)]);
    let rows: [(&[u8], &str); 10] = [
        (b"", "Hãy chọn tệp .xlsx"),
        (b"Chi tieu;Gia tri\n", "không phải tệp Excel .xlsx đọc được"),
        (&archive(&[("a.txt", b"x")]), "không phải tệp Excel .xlsx đọc được"),
        (&archive(&[("xl/workbook.xml", b"<oops")]), "không phải"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "không phải tệp Excel .xlsx đọc được"),
        (&bytes[..bytes.len() / 2], "không phải tệp Excel .xlsx đọc được"),
        (&plain.save_to_buffer().unwrap(), "không phải tệp mẫu của hệ thống"),
        (&marked(1, "0000"), "phiên bản biểu mẫu khác"),
        (&many, "quá nhiều dòng"),
        (&bomb, "bung ra quá lớn"),
    ];
    for (at, (file, words)) in rows.iter().enumerate() {
        let page = check(&mut browser, &place, file).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{at} {words}");
        assert!(page.text.contains(words), "{at} {words}: {}", page.text);
        assert!(page.text.contains("Tải tệp mẫu .xlsx"), "and how to go on");
    }
    for (row, text) in [(2, "00000000-0000-0000-0000-000000000000"), (3, "correct")] {
        let page = check(&mut browser, &place, &marked(row, text)).await;
        assert!(page.text.contains("của hồ sơ khác"), "{row}: {}", page.text);
    }
    // A lonely cell at the end of the sheet costs nothing.
    assert_eq!(check(&mut browser, &place, &far).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_file_of_two_hundred_megabytes_is_refused_before_it_is_read() {
    let place = Place::sqlite().await;
    let mut browser = place.signed_in(&place.enterprise).await;
    let read = Arc::new(AtomicUsize::new(0));
    let all = 200 << 20;
    for says_its_length in [true, false] {
        read.store(0, Ordering::Relaxed);
        let counter = Arc::clone(&read);
        let head =
            "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.xlsx\"\r\n\r\n";
        let head = Some(Bytes::from_static(head.as_bytes()));
        let pieces = head.into_iter().chain(std::iter::repeat_with(move || {
            counter.fetch_add(1 << 14, Ordering::Relaxed);
            Bytes::from_static(&[b'x'; 1 << 14])
        }));
        let pieces = pieces.take(all >> 14).map(Ok::<_, std::io::Error>);
        let mut request = Request::post(format!("{}/sheet", path(&place)))
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=cut");
        if says_its_length {
            request = request.header(header::CONTENT_LENGTH, all);
        }
        let page = browser.ask(request, Body::from_stream(Pieces(pieces))).await;
        assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", page.text);
        assert!(page.text.contains("Tệp lớn hơn 5 MB") && page.text.contains("Tải tệp mẫu"));
        let bound = if says_its_length { 1 << 20 } else { 6 << 20 };
        assert!(read.load(Ordering::Relaxed) < bound, "{}", read.load(Ordering::Relaxed));
    }
}

/// What an iterator gives, at once.
struct Pieces<I>(I);

impl<I: Iterator + Unpin> futures_core::Stream for Pieces<I> {
    type Item = I::Item;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<I::Item>> {
        std::task::Poll::Ready(self.0.next())
    }
}

#[tokio::test]
async fn only_whoever_may_send_a_report_has_its_workbook() {
    let place = Place::sqlite().await;
    let sheet = format!("{}/sheet", path(&place));
    for person in [&place.stranger, &place.coordinator] {
        let mut browser = place.signed_in(person).await;
        for at in [sheet.clone(), format!("{}/template", path(&place))] {
            assert_eq!(browser.get(&at).await.status, StatusCode::NOT_FOUND, "{person} {at}");
        }
        assert_eq!(browser.upload(&sheet, b"x").await.status, StatusCode::NOT_FOUND);
    }
    // An act without figures has none.
    let mut coordinator = place.signed_in(&place.coordinator).await;
    let cancel = format!("/cases/{}/actions/cancel", place.report);
    assert_eq!(coordinator.get(&cancel).await.status, StatusCode::OK);
    assert_eq!(coordinator.get(&format!("{cancel}/sheet")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_file_does_not_take_the_place_of_a_draft_unasked() {
    let place = Place::sqlite().await;
    let mut browser = place.signed_in(&place.enterprise).await;
    let typed = [("_draft", "true"), (USERS, "7"), (RESULTS, "Nháp cũ")];
    browser.post(&path(&place), &typed).await;
    let bytes = template(&mut browser, &place).await;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes.clone())).unwrap();
    let range = book.worksheet_range("Số liệu").unwrap();
    let users = range.rows().find(|row| row[0] == Data::String(USERS.to_owned())).unwrap();
    assert_eq!(users[4], Data::Float(7.0), "the template begins with the draft");
    let values = [(USERS, Cell::Number(1_300_000.0)), (RESULTS, Cell::Text("Từ tệp"))];
    let page = check(&mut browser, &place, &filled(&bytes, &values, nothing_more)).await;
    assert!(page.text.contains("Bạn đang có bản nháp khác với tệp này"), "{}", page.text);
    let kept = drafts::of_person(place.runtime.store(), &place.enterprise).await.unwrap();
    assert!(kept[0].fields.contains("Nháp cũ"));
}
