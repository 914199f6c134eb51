//! The checker finds nothing wrong with what is shipped.

use std::collections::{BTreeMap, BTreeSet};

use chart::check::{Library, check};

#[test]
fn no_shipped_chart_has_an_error_or_a_warning() {
    let loaded = workflows::all();
    let mut charts = BTreeMap::new();
    for one in &loaded {
        let chart = one.chart.clone().expect("a shipped chart reads");
        charts.insert(chart.name.clone(), chart);
    }
    let mut found = Vec::new();
    for (name, one) in workflows::CHARTS.iter().zip(&loaded) {
        let letters: BTreeSet<String> = workflows::letters::names(name);
        let library = Library { charts: charts.clone(), roles: None, letters: Some(letters) };
        for problem in check(one, &library) {
            found.push(format!("{name}: {problem}"));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
