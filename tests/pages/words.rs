//! The words that people read: those of the glossary, and none that it rules out.

use std::path::{Path, PathBuf};

use crate::browser::Place;

/// What is not said in Vietnamese: words of machines, of other languages, or of another meaning.
const NEVER: [&str; 18] = [
    "process instance",
    "nhật ký hệ thống",
    "attachment",
    "focal point",
    "admin",
    "user group",
    "inbox",
    "task queue",
    "escalate",
    "cảnh báo mức",
    "submit",
    "approve",
    "reject",
    "trễ",
    "expired",
    "T-3",
    "saved",
    "success",
];

/// The words of [`NEVER`] that stand in `text`, as words of their own.
fn found(text: &str) -> Vec<&'static str> {
    let text = format!(" {} ", text.to_lowercase());
    let is_there = |word: &&str| {
        let word = word.to_lowercase();
        text.match_indices(&word).any(|(at, _)| {
            let before = text[..at].chars().next_back();
            let after = text[at + word.len()..].chars().next();
            let is_apart = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_');
            is_apart(before) && is_apart(after)
        })
    };
    NEVER.into_iter().filter(is_there).collect()
}

/// What of a page or a letter people read: no tags, no placeholders.
fn read(markup: &str) -> String {
    const SILENT: [(&str, &str); 3] = [("<", ">"), ("{{", "}}"), ("{%", "%}")];
    let (mut text, mut rest) = (String::new(), markup);
    loop {
        let next = SILENT.iter().filter_map(|pair| Some((rest.find(pair.0)?, pair.1))).min();
        let Some((at, end)) = next else { break };
        text.push_str(&rest[..at]);
        text.push(' ');
        rest = rest[at..].split_once(end).map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    text
}

#[test]
fn a_word_is_found_where_it_stands_alone() {
    assert_eq!(found("Báo cáo nộp trễ."), ["trễ"]);
    assert_eq!(found("Submit now"), ["submit"]);
    assert_eq!(found("quản trị hệ thống, administrator, submitted"), [""; 0]);
    assert_eq!(
        read("<p class=\"inbox\">Việc <b>của tôi</b> {{ inbox }}</p>").trim(),
        "Việc  của tôi"
    );
}

#[tokio::test]
async fn no_page_says_what_is_not_said() {
    let place = Place::sqlite().await;
    let case = format!("/cases/{}", place.report);
    let admin = place.administrator().await;
    let own = format!("/admin/people/{admin}");
    let rows: [(&str, &[&str]); 3] = [
        (
            &place.enterprise,
            &[
                "/work",
                "/cases",
                &case,
                &format!("{case}/actions/submit"),
                "/account",
                "/account/tokens",
                "/reports",
                "/calendar",
            ],
        ),
        (&place.coordinator, &["/work", "/overdue", "/reports", "/batches", &case]),
        (
            &admin,
            &[
                "/admin/people",
                "/admin/people/new",
                "/admin/audit",
                &own,
                &format!("{own}/roles"),
                &format!("{own}/substitute"),
                &format!("{own}/hand-over"),
            ],
        ),
    ];
    for (person, paths) in rows {
        let mut browser = place.signed_in(person).await;
        for path in paths {
            let page = browser.get(path).await;
            assert!(page.status.is_success(), "{path}: {}", page.status);
            let body = page.text.split_once("<body").unwrap().1;
            // A person's id is not a word.
            let text = read(body).replace(&admin, "");
            assert_eq!(found(&text), [""; 0], "{path}");
        }
    }
    let mut browser = place.browser();
    for path in ["/sign-in", "/invitation/none", "/nowhere"] {
        assert_eq!(found(&read(&browser.get(path).await.text)), [""; 0], "{path}");
    }
}

fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, out) } else { out.push(path) }
    }
}

#[test]
fn no_letter_and_no_chart_says_what_is_not_said() {
    let mut all = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../workflows"), &mut all);
    let mut letters = 0;
    let mut titles = 0;
    for path in all {
        let name = path.display().to_string();
        if name.contains("/letters/") && name.contains("/vi/") {
            let text = std::fs::read_to_string(&path).unwrap();
            assert_eq!(found(&read(&text)), [""; 0], "{name}");
            letters += 1;
        }
        if name.ends_with("chart.yaml") {
            let text = std::fs::read_to_string(&path).unwrap();
            for line in text.lines() {
                for said in line.split("vi: ").skip(1) {
                    let said = match said.strip_prefix('"') {
                        Some(quoted) => quoted.split('"').next().unwrap(),
                        None => said.split(", en:").next().unwrap(),
                    };
                    assert_eq!(found(said), [""; 0], "{name}: {said}");
                    titles += 1;
                }
            }
        }
    }
    assert!(letters > 40 && titles > 200, "{letters} letters, {titles} titles");
}
