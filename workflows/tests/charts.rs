//! The shipped charts are whole.

#[test]
fn every_chart_is_read_without_a_problem() {
    for (name, loaded) in workflows::CHARTS.iter().zip(workflows::all()) {
        for problem in &loaded.problems {
            println!(
                "{name}:{}:{} {:?} {} [{}]",
                problem.line, problem.column, problem.kind, problem.message.en, problem.excerpt
            );
        }
        assert!(loaded.problems.is_empty(), "{name}");
    }
}
