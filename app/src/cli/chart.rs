//! `cotmoc chart`: check, draw, test and convert definitions.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chart::check::{self, Library};
use chart::definition::Chart;
use chart::load::{Loaded, language_schema, load};
use chart::problem::{Problem, Severity};
use clap::Subcommand;
use serde_json::json;
use workflows::scenario;

use super::output::{Rows, remark, say};
use super::{Arguments, Failure, Format};
use crate::draw;

/// What to do with charts.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Report every problem of charts, with file, line and column
    #[command(after_help = "Example:\n  cotmoc chart check workflows/*/chart.yaml")]
    Check {
        /// Files to check; without any, the charts this product ships
        files: Vec<PathBuf>,
    },
    /// Draw a chart as SVG
    #[command(after_help = "Examples:\n  cotmoc chart draw platform --depth 2 > platform.svg\n  \
        cotmoc chart draw workflows/report/chart.yaml --active submitted -o report.svg")]
    Draw {
        /// A chart's name, or its file
        chart: String,
        /// Active states, highlighted
        #[arg(long, value_delimiter = ',')]
        active: Vec<String>,
        /// Fold states deeper than this into their parents; 0 draws all
        #[arg(long, default_value_t = 0)]
        depth: u16,
        /// Draw only what lies inside this state
        #[arg(long)]
        within: Option<String>,
        /// From left to right instead of downwards
        #[arg(long)]
        across: bool,
        /// Leave the words off the arrows
        #[arg(long)]
        plain: bool,
        /// Where to write; standard output without it
        #[arg(short, long)]
        output: Option<PathBuf>,
    },
    /// Play the scenarios of charts; ends with the line `N passed, N failed`
    #[command(after_help = "Examples:\n  cotmoc chart test\n  cotmoc chart test report plan")]
    Test {
        /// Names or files of charts; without any, the charts this product ships
        charts: Vec<String>,
    },
    /// Print the JSON Schema of the chart language, for editors
    #[command(after_help = "Example:\n  cotmoc chart schema > chart.schema.json")]
    Schema,
    /// Write a chart as SCXML, the W3C notation
    #[command(after_help = "Example:\n  cotmoc chart scxml report > report.scxml")]
    Scxml {
        /// A chart's name, or its file
        chart: String,
    },
}

/// Carries out a command on charts.
pub fn run(verb: &Verb, common: &Arguments) -> Result<(), Failure> {
    match verb {
        Verb::Check { files } => check(files, common),
        Verb::Test { charts } => test(charts, common),
        Verb::Schema => say(&format!("{:#}", language_schema())),
        Verb::Scxml { chart } => {
            say(scxml::write::write(&whole(load_one(chart)?, common)?).trim_end())
        }
        Verb::Draw { chart, active, depth, within, across, plain, output } => {
            let loaded = load_one(chart)?;
            let chart = whole(loaded, common)?;
            let options = draw::Options {
                lang: common.lang.code().to_owned(),
                active: active.clone(),
                depth: *depth,
                within: within.clone(),
                across: *across,
                labels: !plain,
                styled: true,
            };
            let svg = draw::draw(&chart, &options).map_err(|error| {
                Failure::usage(&format!("Không vẽ được: {error}."), &error.to_string())
            })?;
            match output {
                Some(path) => Ok(std::fs::write(path, svg)?),
                None => say(&svg),
            }
        }
    }
}

fn check(files: &[PathBuf], common: &Arguments) -> Result<(), Failure> {
    let loaded: Vec<Loaded> = if files.is_empty() {
        let shipped = workflows::files();
        let charts = shipped.keys().filter(|path| path.ends_with("/chart.yaml"));
        charts.map(|path| load(&shipped, path)).collect()
    } else {
        files.iter().map(|path| load_file(path)).collect::<Result<_, _>>()?
    };
    let problems = problems(&loaded, files);
    match common.format {
        Format::Table => problems.iter().for_each(|one| remark(&one.render(common.lang.code()))),
        Format::Json | Format::Csv => {
            let mut rows = Rows::new(&[
                ("file", "file"),
                ("line", "line"),
                ("column", "column"),
                ("severity", "severity"),
                ("code", "code"),
                ("message", "message"),
            ]);
            for one in &problems {
                rows.push(vec![
                    json!(one.file),
                    json!(one.line),
                    json!(one.column),
                    json!(if one.severity == Severity::Error { "error" } else { "warning" }),
                    json!(one.kind.code()),
                    json!(one.message.get(common.lang.code())),
                ]);
            }
            rows.print(common.format, "")?;
        }
    }
    let errors = problems.iter().filter(|one| one.severity == Severity::Error).count();
    let warnings = problems.len() - errors;
    let charts = loaded.len();
    remark(&match common.lang {
        super::Lang::Vi => format!("{charts} quy trình, {errors} lỗi, {warnings} cảnh báo"),
        super::Lang::En => format!(
            "{}, {}, {}",
            counted(charts, "chart"),
            counted(errors, "error"),
            counted(warnings, "warning")
        ),
    });
    if errors > 0 { Err(Failure::said()) } else { Ok(()) }
}

/// `number` of what `word` names, in English.
fn counted(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

/// Every problem of `loaded`, which came from `files` (none: from this product).
fn problems(loaded: &[Loaded], files: &[PathBuf]) -> Vec<Problem> {
    let brought = || loaded.iter().filter_map(|one| one.chart.as_ref());
    let ours = brought().any(|chart| workflows::CHARTS.contains(&chart.name.as_str()));
    // A chart of somebody else's may open cases of charts that are not at hand.
    let mut charts = BTreeMap::new();
    if ours || loaded.len() > 1 {
        let shipped = workflows::all().into_iter().filter_map(|one| one.chart);
        charts.extend(shipped.map(|chart| (chart.name.clone(), chart)));
        charts.extend(brought().map(|chart| (chart.name.clone(), chart.clone())));
    }
    let mut library = Library { charts, ..Library::default() };
    let mut problems = Vec::new();
    for (at, one) in loaded.iter().enumerate() {
        library.letters = match (files.get(at), &one.chart) {
            (Some(file), _) => letters_beside(file),
            (None, Some(chart)) => Some(workflows::letters::names(&chart.name)),
            (None, None) => None,
        };
        problems.extend(check::check(one, &library));
    }
    problems
}

/// The letters in the folder of a chart and in that above it; not asked about where there is none.
fn letters_beside(file: &Path) -> Option<BTreeSet<String>> {
    let folder = file.parent().map(beside)?;
    let folders = [folder.join("letters"), folder.join("../letters")];
    let entries = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok());
    let names = |entries: std::fs::ReadDir| {
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned())
    };
    let found: BTreeSet<String> = entries.flat_map(names).collect();
    Some(found).filter(|found| !found.is_empty())
}

fn test(charts: &[String], common: &Arguments) -> Result<(), Failure> {
    let charts: Vec<String> = match charts {
        [] => workflows::CHARTS.iter().map(|&name| name.to_owned()).collect(),
        _ => charts.to_vec(),
    };
    let calendar = workflows::calendars::calendar();
    let (mut passed, mut failed) = (0, 0);
    for name in &charts {
        let chart = whole(load_one(name)?, common)?;
        let scenarios = scenarios_of(name)?;
        for result in scenario::run(&chart, &calendar, &scenarios) {
            if result.is_passed() {
                passed += 1;
                continue;
            }
            failed += 1;
            for failure in &result.failures {
                say(&format!("FAIL {}: {}: {failure}", chart.name, result.name))?;
            }
        }
    }
    say(&format!("{passed} passed, {failed} failed"))?;
    if failed > 0 { Err(Failure::said()) } else { Ok(()) }
}

/// The scenarios of a shipped chart, or those in the file beside a chart's file.
fn scenarios_of(name: &str) -> Result<Vec<scenario::Scenario>, Failure> {
    let unread = |error: scenario::ScenarioError| {
        Failure::usage(
            &format!("Không đọc được kịch bản của `{name}`: {error}."),
            &error.to_string(),
        )
    };
    if workflows::file(&format!("{name}/chart.yaml")).is_some() {
        return scenario::scenarios(name).map_err(unread);
    }
    let path = beside(Path::new(name).parent().unwrap_or(Path::new("."))).join("scenarios.yaml");
    let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
    scenario::parse(&text).map_err(unread)
}

/// A folder as it can be opened: the empty one is the present one.
fn beside(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

/// The chart, or its problems printed.
fn whole(loaded: Loaded, common: &Arguments) -> Result<Chart, Failure> {
    loaded.chart.ok_or_else(|| {
        loaded.problems.iter().for_each(|one| remark(&one.render(common.lang.code())));
        Failure::said()
    })
}

/// A chart by the name of one this product ships, or by its file.
fn load_one(name: &str) -> Result<Loaded, Failure> {
    let shipped = workflows::files();
    let path = format!("{name}/chart.yaml");
    if shipped.contains_key(&path) {
        return Ok(load(&shipped, &path));
    }
    if !Path::new(name).exists() {
        let known: Vec<&str> =
            shipped.keys().filter_map(|path| path.strip_suffix("/chart.yaml")).collect();
        let known = known.join(", ");
        return Err(Failure::usage(
            &format!("Không có quy trình hay tệp `{name}`. Các quy trình có sẵn: {known}."),
            &format!("there is no chart or file `{name}`; charts shipped: {known}"),
        ));
    }
    load_file(Path::new(name))
}

/// Loads the chart in `path` with every text in its folder.
fn load_file(path: &Path) -> Result<Loaded, Failure> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut files = BTreeMap::new();
    gather(folder, &mut files)?;
    let name = path.to_string_lossy().into_owned();
    if let std::collections::btree_map::Entry::Vacant(absent) = files.entry(name.clone()) {
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
        absent.insert(text);
    }
    Ok(load(&files, &name))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    let path = path.display();
    Failure::usage(
        &format!("Không đọc được `{path}`: {error}."),
        &format!("`{path}` cannot be read: {error}"),
    )
}

fn gather(folder: &Path, files: &mut BTreeMap<String, String>) -> Result<(), Failure> {
    let folder = beside(folder);
    let entries = std::fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?;
    for entry in entries {
        let path = entry?.path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        if matches!(extension, Some("yaml" | "json")) {
            let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
            let name = path.strip_prefix(".").unwrap_or(&path);
            files.insert(name.to_string_lossy().into_owned(), text);
        }
    }
    Ok(())
}
