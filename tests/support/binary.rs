//! The `cotmoc` binary, for tests that start it, kill it and start it again.

use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// The path of `cotmoc`, built from the sources as they are now.
///
/// # Panics
/// When it does not compile.
pub fn cotmoc() -> &'static PathBuf {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        // The whole workspace, as `cargo test --workspace` selects it: another selection would choose
        // other features of the dependencies and compile them all again.
        let mut build = Command::new(cargo);
        // And without what cargo tells a test about its package: build scripts watch these.
        for (name, _) in env::vars_os().filter(|(name, _)| is_of_package(&name.to_string_lossy())) {
            build.env_remove(name);
        }
        let built = build
            .args(["build", "--quiet", "--locked", "--workspace", "--bins", "--tests"])
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
            .status()
            .expect("cargo can be run");
        assert!(built.success(), "`cargo build --workspace` failed");
        // A test runs from <target>/debug/deps; the binary sits one folder above.
        let test = env::current_exe().expect("a test knows its own path");
        let folder = test.ancestors().nth(2).expect("a test lies in <target>/debug/deps");
        folder.join("cotmoc")
    })
}

fn is_of_package(variable: &str) -> bool {
    ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|start| variable.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_binary_is_built_and_is_the_one_beside_the_tests() {
        assert!(cotmoc().is_file(), "{}", cotmoc().display());
    }
}
