//! Every scenario that is shipped holds.

use chart::calendar::Calendar;

#[test]
fn every_scenario_of_every_chart_holds() {
    let json = workflows::file("calendars/vn-state.json").expect("the calendar is shipped");
    let calendar = Calendar::parse(json).expect("the calendar reads");
    let mut failed = Vec::new();
    for (name, loaded) in workflows::CHARTS.iter().zip(workflows::all()) {
        let chart = loaded.chart.expect("a shipped chart reads");
        let scenarios = workflows::scenario::scenarios(name).expect("the scenarios read");
        assert!(scenarios.len() >= 8, "{name} has {} scenarios", scenarios.len());
        for result in workflows::scenario::run(&chart, &calendar, &scenarios) {
            for failure in &result.failures {
                failed.push(format!("{name}: {}: {failure}", result.name));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
