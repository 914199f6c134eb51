//! The shipped charts are whole.

#[test]
fn every_chart_is_read_without_a_problem() {
    let problems: Vec<String> = workflows::all()
        .iter()
        .flat_map(|loaded| &loaded.problems)
        .map(ToString::to_string)
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_chart_bears_its_name_and_counts_from_one() {
    for (name, loaded) in workflows::CHARTS.iter().zip(workflows::all()) {
        let chart = loaded.chart.expect("a shipped chart reads");
        assert_eq!(chart.name, *name);
        assert!(chart.version >= 1);
        assert!(chart.subject.is_some(), "{name} says no subject");
    }
}
