//! What the rules judge: the files of the repository and what cargo knows about its packages.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Folders that are not ours to judge: what cargo and git write, and the suite of others.
const SKIPPED: &[&str] =
    &["target", ".git", "tests/conformance", "tests/api/venv", "tests/browser/node_modules"];

/// One text file, its path relative to the repository.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    pub(crate) fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into() }
    }
}

/// The repository: its text files, and every path in it, folders too.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) files: Vec<File>,
    pub(crate) paths: BTreeSet<String>,
}

impl Tree {
    pub(crate) fn read() -> Self {
        let mut tree = Self::default();
        tree.walk("");
        assert!(tree.paths.contains("Cargo.toml"), "the tree is read from its root");
        tree
    }

    /// The files below `folder` whose name ends in `.extension`.
    pub(crate) fn under(&self, folder: &str, extension: &str) -> Vec<File> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let suffix = format!(".{extension}");
        self.files
            .iter()
            .filter(|file| file.path.starts_with(&prefix) && file.path.ends_with(&suffix))
            .cloned()
            .collect()
    }

    /// The text of the file at `path`.
    pub(crate) fn text(&self, path: &str) -> String {
        let file = self.files.iter().find(|file| file.path == path);
        file.unwrap_or_else(|| panic!("`{path}` is absent")).text.clone()
    }

    fn walk(&mut self, folder: &str) {
        let mut entries: Vec<_> = fs::read_dir(Path::new(ROOT).join(folder))
            .expect("the repository can be read")
            .map(|entry| entry.expect("the repository can be read"))
            .collect();
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            self.paths.insert(path.clone());
            if SKIPPED.contains(&path.as_str()) {
                continue;
            }
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                self.walk(&path);
            } else if let Ok(text) = fs::read_to_string(entry.path()) {
                // What is not UTF-8 is no text, and no rule here is about it.
                self.files.push(File { path, text });
            }
        }
    }
}

/// One dependency as a manifest declares it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// True for what only tests see.
    pub(crate) dev: bool,
    pub(crate) features: Vec<String>,
    pub(crate) default_features: bool,
}

/// One package of this workspace.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// Its manifest, relative to the repository.
    pub(crate) manifest: String,
    pub(crate) dependencies: Vec<Dependency>,
}

/// The packages of this workspace.
pub(crate) fn workspace() -> Vec<Package> {
    let metadata = metadata(&["--no-deps"]);
    let root = metadata["workspace_root"].as_str().expect("cargo names the root").to_owned();
    list(&metadata["packages"])
        .iter()
        .map(|package| Package {
            name: text(&package["name"]),
            manifest: text(&package["manifest_path"])[root.len() + 1..].to_owned(),
            dependencies: list(&package["dependencies"])
                .iter()
                .map(|dependency| Dependency {
                    name: text(&dependency["name"]),
                    dev: dependency["kind"] == "dev",
                    features: list(&dependency["features"]).iter().map(text).collect(),
                    default_features: dependency["uses_default_features"] == true,
                })
                .collect(),
        })
        .collect()
}

/// Name and licence expression of every package that this machine compiles.
pub(crate) fn licences() -> Vec<(String, Option<String>)> {
    let metadata = metadata(&["--filter-platform", &host()]);
    let compiled: BTreeSet<String> =
        list(&metadata["resolve"]["nodes"]).iter().map(|node| text(&node["id"])).collect();
    list(&metadata["packages"])
        .iter()
        .filter(|package| compiled.contains(&text(&package["id"])))
        .map(|package| (text(&package["name"]), package["license"].as_str().map(str::to_owned)))
        .collect()
}

fn metadata(arguments: &[&str]) -> Value {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--locked", "--format-version", "1"])
        .args(arguments)
        .current_dir(ROOT)
        .output()
        .expect("cargo can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo writes JSON")
}

fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().expect("rustc can be run");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .expect("rustc names its host")
        .to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
