//! What the program says about itself.

use app::cli::Arguments;
use clap::CommandFactory as _;

use crate::cli::desk::run;

#[test]
fn every_command_has_an_example_in_its_help() {
    let mut missing = Vec::new();
    let mut waiting = vec![Arguments::command()];
    while let Some(command) = waiting.pop() {
        let inside: Vec<_> = command.get_subcommands().cloned().collect();
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        if inside.is_empty() && !help.contains("Example") {
            missing.push(command.get_name().to_owned());
        }
        waiting.extend(inside);
    }
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn help_and_version_are_no_mistakes_and_all_else_is() {
    for (arguments, code) in [
        (&["--help"][..], 0),
        (&["--version"], 0),
        (&["case", "--help"], 0),
        (&[], 1),
        (&["dance"], 1),
        (&["case", "send"], 1),
        (&["--format", "xml", "case", "list"], 1),
    ] {
        assert_eq!(run(arguments).code, code, "{arguments:?}");
    }
}
