//! `cotmoc chart`: check, draw, and convert definitions.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chart::definition::Chart;
use chart::load::{Loaded, load};
use chart::problem::Severity;
use clap::Subcommand;
use serde_json::json;

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
}

/// Carries out a command on charts.
pub fn run(verb: &Verb, common: &Arguments) -> Result<(), Failure> {
    match verb {
        Verb::Check { files } => check(files, common),
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
    let mut problems = Vec::new();
    for one in &loaded {
        problems.extend(one.problems.iter().cloned());
    }
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
        super::Lang::En => format!("{charts} charts, {errors} errors, {warnings} warnings"),
    });
    if errors > 0 { Err(Failure::said()) } else { Ok(()) }
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
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
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
