//! Every letter that a chart or a ladder names exists in both languages and can be filled.

use std::collections::BTreeSet;

use chart::definition::{Action, Block, Chart};
use minijinja::{Environment, UndefinedBehavior, context};
use workflows::letters::{LANGUAGES, SHARED, letter};

fn named_in(block: &Block, names: &mut BTreeSet<String>) {
    for action in block {
        match action {
            Action::Letter(letter) => {
                names.insert(letter.name.clone());
            }
            Action::If { branches, otherwise } => {
                for (_, block) in branches {
                    named_in(block, names);
                }
                named_in(otherwise, names);
            }
            _ => {}
        }
    }
}

/// The letters `chart` names in its actions and ladders.
fn named(chart: &Chart) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for state in &chart.states {
        for block in state.on_entry.iter().chain(&state.on_exit) {
            named_in(block, &mut names);
        }
        let rungs = state.term.iter().flat_map(|term| &term.rungs);
        names.extend(rungs.map(|rung| rung.letter.clone()));
    }
    for transition in &chart.transitions {
        named_in(&transition.actions, &mut names);
    }
    names
}

fn all_names() -> BTreeSet<String> {
    let charts = workflows::all().into_iter();
    let mut names: BTreeSet<String> =
        charts.flat_map(|loaded| named(&loaded.chart.expect("a shipped chart reads"))).collect();
    names.extend(SHARED.map(str::to_owned));
    names
}

fn fill(template: &str) -> String {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let data = context! {
        reasons => "Lý do A", enterprise => "sen-viet", ceremony_on => "01/12/2022",
        proposal => "Đổi tên", decision_number => "1/QĐ", receipt_number => "TN-1",
        items => ["một", "hai"], certificate_number => "NDP-1", document_number => "2/TB",
        version => 2, reason => "x", new_date => "2022-12-02", minutes_number => "3/BB",
    };
    let item = context! {
        title => "Nộp báo cáo", platform => "Nền tảng A",
        due_text => "thứ Sáu, 25/11/2022", days_left => "còn 3 ngày làm việc",
        action => "Gửi báo cáo", link => "https://example.vn/1", holder => "Doanh nghiệp B",
        by => "Vụ E", note => "Cần gấp",
    };
    let values = context! {
        person_name => "Người nhận", unit_name => "Đơn vị C", items => vec![item],
        case_title => "Hồ sơ D", link => "https://example.vn/2", late => true, data => data,
    };
    environment.render_str(template, values).expect("the template fills")
}

#[test]
fn every_letter_that_is_named_exists_in_both_languages() {
    for name in all_names() {
        for lang in LANGUAGES {
            let letter = letter(&name, lang).unwrap_or_else(|| panic!("no `{name}` in {lang}"));
            assert!(!letter.subject.contains('\n'), "{name}: the subject is one line");
        }
    }
}

#[test]
fn every_letter_says_what_when_what_to_do_and_where() {
    for name in all_names() {
        for lang in LANGUAGES {
            let letter = letter(&name, lang).expect("it exists");
            let subject = fill(letter.subject);
            assert!(!subject.is_empty() && subject.len() < 250, "{name}: {subject}");
            for body in [fill(letter.text), fill(letter.html)] {
                for part in ["Người nhận", "thứ Sáu, 25/11/2022", "còn 3 ngày làm việc", "https://"]
                {
                    assert!(body.contains(part), "{name} {lang}: `{part}` is missing");
                }
                assert!(!body.contains("{{") && !body.contains("{%"), "{name} {lang}");
            }
        }
    }
}

#[test]
fn no_letter_is_shipped_that_nothing_names() {
    let names = all_names();
    for path in workflows::files().into_keys() {
        if let Some((_, rest)) = path.split_once("letters/") {
            let name = rest.split('/').next().expect("split gives a first part");
            assert!(names.contains(name), "nothing names the letter `{name}` ({path})");
        }
    }
}
