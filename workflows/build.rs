//! Embeds every definition, schema, letter and calendar of this folder, so that none can be
//! forgotten: the table of texts is made from the folder itself.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// What belongs to the product; READMEs and the code of this crate do not.
const KEPT: [&str; 4] = ["yaml", "json", "txt", "html"];

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let mut paths = Vec::new();
    for entry in fs::read_dir(&root)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !["src", "tests", "target"].contains(&name.as_str()) {
            walk(&path, &mut paths)?;
        } else if kept(&path) {
            paths.push(path);
        }
    }
    paths.sort();
    println!("cargo::rerun-if-changed={}", root.display());
    let mut table = String::from("/// Texts by path below `workflows/`, in order.\n");
    table.push_str("pub(crate) const TEXTS: &[(&str, &str)] = &[\n");
    for path in &paths {
        let short = path.strip_prefix(&root).expect("it was found below the root");
        let short = short.to_string_lossy().replace('\\', "/");
        writeln!(table, "    ({short:?}, include_str!({:?})),", path.display().to_string())
            .expect("writing to a string cannot fail");
    }
    table.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("texts.rs"), table)
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, paths)?;
        } else if kept(&path) {
            paths.push(path);
        }
    }
    Ok(())
}

fn kept(path: &Path) -> bool {
    path.extension().is_some_and(|one| KEPT.iter().any(|kept| one == *kept))
}
