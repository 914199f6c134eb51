//! The reader of charts: what it reads, what it says, and what it stores.

use chart::load::{Files, Loaded, from_document, load};
use chart::problem::ProblemKind;

const PATH: &str = "workflows/whole/chart.yaml";

fn files() -> Files {
    Files::from([
        (PATH.to_owned(), include_str!("charts/whole/chart.yaml").to_owned()),
        (
            "workflows/whole/data.schema.json".to_owned(),
            include_str!("charts/whole/data.schema.json").to_owned(),
        ),
        (
            "workflows/whole/submit.schema.json".to_owned(),
            include_str!("charts/whole/submit.schema.json").to_owned(),
        ),
    ])
}

/// The whole chart with one piece of its text replaced.
fn with(from: &str, to: &str) -> Loaded {
    let mut files = files();
    let text = files.get_mut(PATH).expect("the files of the tests are sound");
    assert!(text.contains(from), "`{from}` is not in the chart");
    *text = text.replacen(from, to, 1);
    load(&files, PATH)
}

fn told(loaded: &Loaded) -> Vec<String> {
    loaded.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn a_sound_chart_is_read_without_a_word() {
    let loaded = load(&files(), PATH);
    assert_eq!(told(&loaded), Vec::<String>::new());
    let chart = loaded.chart.expect("the files of the tests are sound");
    let ids: Vec<&str> = chart.states.iter().map(|one| &*one.id).collect();
    assert_eq!(ids, ["whole", "open", "review", "accepted"]);
    let open = chart.state(chart.find("open").expect("the files of the tests are sound"));
    assert_eq!(open.title.vi, "Đang lập");
    assert_eq!(open.stage.as_deref(), Some("in_force"));
    let rungs = &open.term.as_ref().expect("the files of the tests are sound").rungs;
    let letters: Vec<&str> = rungs.iter().map(|one| one.letter.as_str()).collect();
    assert_eq!(letters, ["reminder", "due_today", "overdue"]);
    assert_eq!(rungs[0].to, ["reporter"], "reminders go to those who owe the act");
    assert_eq!(rungs[2].to, ["reporter", "focal"]);
    let submit = chart.transition(open.transitions[0]);
    assert_eq!(submit.by, ["reporter"]);
    assert_eq!(submit.targets, [chart.find("review").expect("the files of the tests are sound")]);
    assert_eq!(submit.require[0].reason.en, "The report has no indicators.");
}

#[test]
fn a_stored_document_gives_the_same_chart_again() {
    let loaded = load(&files(), PATH);
    let chart = loaded.chart.expect("the files of the tests are sound");
    let again = from_document(&loaded.document).expect("the files of the tests are sound");
    assert_eq!(again.sha256, chart.sha256);
    let ids = |chart: &chart::definition::Chart| {
        chart.states.iter().map(|one| one.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&again), ids(&chart), "the order of states survives canonical JSON");
    let events = |chart: &chart::definition::Chart| {
        chart.transitions.iter().map(|one| one.events.clone()).collect::<Vec<_>>()
    };
    assert_eq!(events(&again), events(&chart), "the order of `on` survives canonical JSON");
    assert_eq!(again.title, chart.title);
}

#[test]
fn words_and_grounds_are_not_in_the_hash_and_all_else_is() {
    let sha =
        |loaded: Loaded| loaded.chart.expect("the files of the tests are sound").sha256.to_string();
    let whole = sha(load(&files(), PATH));
    for (from, to) in [
        ("Báo cáo định kỳ", "Báo cáo tháng"),
        ("en: Open", "en: Being written"),
        ("basis: 186/QĐ-BTTTT, Điều 2.II.1.đ", "basis: product"),
        ("The report has no indicators.", "It is empty."),
        ("Nộp báo cáo", "Gửi báo cáo"),
        ("# nothing", "# nothing"),
    ] {
        if from == to {
            continue;
        }
        assert_eq!(sha(with(from, to)), whole, "`{from}` is for people");
    }
    for (from, to) in [
        ("version: 2", "version: 3"),
        ("after 10 working_days", "after 11 working_days"),
        ("data.count > 0", "data.count > 1"),
        ("name: returned", "name: sent_back"),
        ("unlocks: reporter", "unlocks: focal"),
        ("stage: in_force", "stage: evaluation"),
    ] {
        assert_ne!(sha(with(from, to)), whole, "`{from}` decides");
    }
}

#[test]
fn every_mistake_is_told_at_once_with_its_place() {
    let mut files = files();
    let text = files.get_mut(PATH).expect("the files of the tests are sound");
    for (from, to) in [
        ("to: review", "to: revew"),
        ("title: { vi: Đang xem xét, en: Under review }", "title: { vi: Đang xem xét }"),
        ("after 10 working_days", "after ten days"),
        ("by: focal, if:", "by: focal, iff:"),
    ] {
        *text = text.replacen(from, to, 1);
    }
    let loaded = load(&files, PATH);
    assert!(loaded.chart.is_none());
    let found: Vec<(ProblemKind, u32, u32)> =
        loaded.problems.iter().map(|one| (one.kind, one.line, one.column)).collect();
    assert_eq!(
        found,
        [
            (ProblemKind::BadRule, 25, 12),
            (ProblemKind::UnknownTarget, 31, 13),
            (ProblemKind::MissingTitle, 40, 12),
            (ProblemKind::UnknownKey, 45, 42),
        ]
    );
}

#[test]
fn a_problem_shows_its_line_with_a_caret() {
    let loaded = with("to: review", "to: revew");
    assert_eq!(
        told(&loaded),
        [
            "workflows/whole/chart.yaml:31:13: error[unknown-target]: there is no state `revew`; did \
          you mean `review`?\n  |         to: revew\n  |             ^^^^^"
        ]
    );
}

#[test]
fn yaml_does_not_guess() {
    for (from, to, kind) in [
        ("version: 2", "version: no", ProblemKind::WrongType),
        ("version: 2", "version: 02", ProblemKind::WrongType),
        ("version: 2", "version: 2\nversion: 2", ProblemKind::YamlSyntax),
        ("version: 2", "version: [2", ProblemKind::YamlSyntax),
        ("data: data.schema.json", "data: other.json", ProblemKind::MissingFile),
    ] {
        let loaded = with(from, to);
        let kinds: Vec<ProblemKind> = loaded.problems.iter().map(|one| one.kind).collect();
        assert_eq!(kinds, [kind], "{to}: {:?}", told(&loaded));
    }
}

/// The charts that shipped, as their files stand.
fn shipped() -> Vec<(String, String)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows");
    let mut all = Vec::new();
    for folder in std::fs::read_dir(root).expect("the files of the tests are sound") {
        let path = folder.expect("the files of the tests are sound").path().join("chart.yaml");
        if path.exists() {
            let text = std::fs::read_to_string(&path).expect("the files of the tests are sound");
            all.push((path.display().to_string(), text));
        }
    }
    all
}

#[test]
fn every_shipped_chart_fits_the_schema_of_the_language() {
    let schema = chart::load::language_schema();
    let validator =
        jsonschema::draft202012::new(&schema).expect("the files of the tests are sound");
    let mut charts = shipped();
    assert!(charts.len() > 2, "the shipped charts are found");
    charts.push((PATH.to_owned(), files()[PATH].clone()));
    for (path, text) in charts {
        let options = serde_saphyr::options! {
            strict_booleans: true,
            leading_zero_numbers_as_strings: true,
        };
        let chart: serde_json::Value = serde_saphyr::from_str_with_options(&text, options)
            .expect("the files of the tests are sound");
        let errors: Vec<String> = validator
            .iter_errors(&chart)
            .map(|one| format!("{path}: {}: {one}", one.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{}", errors.join("\n"));
    }
    let stored = load(&files(), PATH).document;
    let stored: serde_json::Value =
        serde_json::from_str(&stored).expect("the files of the tests are sound");
    assert!(validator.is_valid(&stored), "a stored document is a chart file too");
}

#[test]
fn the_schema_of_the_language_has_every_key_that_is_documented() {
    let schema = chart::load::language_schema().to_string();
    let document = include_str!("../../../docs/charts.md");
    let keys: std::collections::BTreeSet<&str> = document
        .lines()
        .filter(|line| line.starts_with("| `"))
        .flat_map(|line| line.split('|').nth(1).unwrap_or_default().split('`'))
        .map(|one| one.split([':', ' ']).next().unwrap_or_default())
        .filter(|one| one.chars().all(|c| c.is_ascii_lowercase()) && !one.is_empty())
        .collect();
    assert!(keys.len() > 20, "{keys:?}");
    for key in keys {
        assert!(schema.contains(&format!("\"{key}\":")), "`{key}` is not in the schema");
    }
}

#[test]
fn a_misspelt_key_does_not_fit_the_schema_of_the_language() {
    let validator = jsonschema::draft202012::new(&chart::load::language_schema())
        .expect("the files of the tests are sound");
    let text = files()[PATH].replace("by: focal, if:", "by: focal, iff:");
    let chart: serde_json::Value =
        serde_saphyr::from_str(&text).expect("the files of the tests are sound");
    assert!(!validator.is_valid(&chart));
}
