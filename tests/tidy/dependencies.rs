//! Layers: which crate may know which.

use super::tree::{Package, Tree};

/// `chart <- store <- runtime <- app`, `chart <- scxml <- app`, `chart <- workflows <- app`,
/// `store <- benches <- app`.
const LAYERS: &[(&str, &[&str])] = &[
    ("cotmoc-chart", &[]),
    ("cotmoc-scxml", &["cotmoc-chart"]),
    ("cotmoc-store", &["cotmoc-chart"]),
    ("cotmoc-runtime", &["cotmoc-chart", "cotmoc-store"]),
    ("cotmoc-workflows", &["cotmoc-chart"]),
    ("cotmoc-benches", &["cotmoc-chart", "cotmoc-store"]),
    ("cotmoc", APP),
    ("cotmoc-examples", ENGINE),
    ("cotmoc-tests", EVERYTHING),
];

const ENGINE: &[&str] =
    &["cotmoc-chart", "cotmoc-scxml", "cotmoc-store", "cotmoc-runtime", "cotmoc-workflows"];

const APP: &[&str] = &[
    "cotmoc-chart",
    "cotmoc-scxml",
    "cotmoc-store",
    "cotmoc-runtime",
    "cotmoc-workflows",
    "cotmoc-benches",
];

const EVERYTHING: &[&str] = &[
    "cotmoc-chart",
    "cotmoc-scxml",
    "cotmoc-store",
    "cotmoc-runtime",
    "cotmoc-workflows",
    "cotmoc",
    "cotmoc-benches",
    "cotmoc-examples",
];

/// What tests stand on; it knows no crate of ours, so any test may know it.
const SUPPORT: &str = "cotmoc-tests";

/// What would bring a clock, the world or chance into the pure crate.
const IMPURE: &[&str] = &["tokio", "sqlx", "axum", "lettre", "rand", "rand_chacha", "getrandom"];

/// Dependencies on a crate that is not below, tests included.
pub(crate) fn upward(packages: &[Package]) -> Vec<String> {
    let mut problems = Vec::new();
    for package in packages {
        let Some((_, below)) = LAYERS.iter().find(|(name, _)| *name == package.name) else {
            problems.push(format!("`{}` has no layer in tests/tidy/dependencies.rs", package.name));
            continue;
        };
        for dependency in &package.dependencies {
            let name = dependency.name.as_str();
            let ours = packages.iter().any(|package| package.name == name);
            let support = name == SUPPORT && dependency.dev;
            if ours && !support && !below.contains(&name) {
                problems.push(format!("`{}` may not depend on `{name}`", package.name));
            }
        }
    }
    problems
}

/// Dependencies of `chart` that it must not have; tests may draw random charts.
pub(crate) fn impure(packages: &[Package]) -> Vec<String> {
    let mut problems = Vec::new();
    let chart = packages.iter().find(|package| package.name == "cotmoc-chart");
    let Some(chart) = chart else { return vec!["`cotmoc-chart` is absent".to_owned()] };
    for dependency in chart.dependencies.iter().filter(|dependency| !dependency.dev) {
        let name = dependency.name.as_str();
        if IMPURE.contains(&name) {
            problems.push(format!("`chart` is pure and may not depend on `{name}`"));
        }
        let clock =
            dependency.features.iter().any(|feature| feature == "clock" || feature == "now");
        if name == "chrono" && (dependency.default_features || clock) {
            problems.push("`chart` may not have chrono's clock".to_owned());
        }
    }
    problems
}

/// Packages whose manifest does not take the lints of the workspace.
pub(crate) fn unlinted(packages: &[Package], tree: &Tree) -> Vec<String> {
    packages
        .iter()
        .filter(|package| !inherits_lints(&tree.text(&package.manifest)))
        .map(|package| format!("{}: `[lints] workspace = true` is absent", package.manifest))
        .collect()
}

fn inherits_lints(manifest: &str) -> bool {
    let mut section = "";
    manifest.lines().map(str::trim).any(|line| {
        if line.starts_with('[') {
            section = line;
        }
        section == "[lints]" && line.replace(' ', "") == "workspace=true"
    })
}

#[cfg(test)]
mod tests {
    use super::super::tree::{Dependency, File};
    use super::*;

    fn package(name: &str, dependencies: &[Dependency]) -> Package {
        Package {
            name: name.to_owned(),
            manifest: format!("{name}/Cargo.toml"),
            dependencies: dependencies.to_vec(),
        }
    }

    fn on(name: &str) -> Dependency {
        Dependency { name: name.to_owned(), ..Dependency::default() }
    }

    #[test]
    fn a_dependency_upwards_is_reported() {
        let store = package("cotmoc-store", &[on("cotmoc-chart"), on("sqlx")]);
        let dev = Dependency { dev: true, ..on("cotmoc-store") };
        let cases = [
            (package("cotmoc-chart", &[on("serde")]), None),
            (package("cotmoc-chart", &[on("cotmoc-store")]), Some("may not depend on")),
            (package("cotmoc-chart", &[dev]), Some("may not depend on")),
            (package("cotmoc-helpers", &[]), Some("has no layer")),
        ];
        for (package, expected) in cases {
            let problems = upward(&[package, store.clone()]).join("\n");
            assert_eq!(problems.is_empty(), expected.is_none(), "{problems}");
            assert!(problems.contains(expected.unwrap_or_default()), "{problems}");
        }
    }

    #[test]
    fn only_tests_may_stand_on_support() {
        let tests = package("cotmoc-tests", &[on("cotmoc")]);
        let dev = Dependency { dev: true, ..on("cotmoc-tests") };
        let (good, bad) =
            (package("cotmoc-store", &[dev]), package("cotmoc-store", &[on("cotmoc-tests")]));
        assert_eq!(upward(&[good, tests.clone()]), [""; 0]);
        assert_eq!(
            upward(&[bad, tests]),
            ["`cotmoc-store` may not depend on `cotmoc-tests`".to_owned()]
        );
    }

    #[test]
    fn a_clock_or_chance_in_chart_is_reported() {
        let clock = Dependency { features: vec!["clock".to_owned()], ..on("chrono") };
        let default = Dependency { default_features: true, ..on("chrono") };
        for (dependency, expected) in [
            (on("chrono"), 0),
            (on("serde"), 0),
            (Dependency { dev: true, ..on("rand") }, 0),
            (on("rand"), 1),
            (on("tokio"), 1),
            (clock, 1),
            (default, 1),
        ] {
            let problems = impure(&[package("cotmoc-chart", std::slice::from_ref(&dependency))]);
            assert_eq!(problems.len(), expected, "{dependency:?}");
        }
        assert_eq!(impure(&[]).len(), 1);
    }

    #[test]
    fn a_crate_without_lints_is_reported() {
        for (manifest, expected) in [
            ("[package]\n[lints]\nworkspace = true\n", 0),
            ("[lints]\n[lib]\nworkspace = true\n", 1),
            ("[package]\nworkspace = true\n", 1),
        ] {
            let mut tree = Tree::default();
            tree.files.push(File::new("x/Cargo.toml", manifest));
            assert_eq!(unlinted(&[package("x", &[])], &tree).len(), expected, "{manifest}");
        }
    }
}
