//! The source tree is tested like the program: rules that nobody has to remember.
//!
//! Each rule is a pure function from what was read to a list of problems, in a module of its own
//! with a broken input that it must report, so that no rule can rot into one that never fails. Here
//! they meet the tree as it is.

mod dependencies;
mod licences;
mod links;
mod messages;
mod migrations;
mod rust;
mod sources;
mod tree;

use tree::Tree;

/// Fails with every problem at once.
fn clean(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn crates_depend_only_downwards() {
    clean(&dependencies::upward(&tree::workspace()));
}

#[test]
fn the_chart_crate_depends_on_nothing_that_touches_the_world() {
    clean(&dependencies::impure(&tree::workspace()));
}

#[test]
fn every_crate_inherits_the_lints() {
    clean(&dependencies::unlinted(&tree::workspace(), &Tree::read()));
}

#[test]
fn every_licence_is_on_the_list() {
    let settings = Tree::read().text("deny.toml");
    clean(&licences::refused(&tree::licences(), &settings));
}

#[test]
fn the_chart_crate_reads_nothing_and_has_no_unordered_map() {
    clean(&sources::impure(&Tree::read().under("engine/chart/src", "rs")));
}

#[test]
fn files_stay_short_enough_to_read() {
    clean(&sources::too_long(&Tree::read().under("", "rs")));
}

#[test]
fn nothing_is_left_for_later_or_switched_off() {
    clean(&sources::left_for_later(&Tree::read().under("", "rs")));
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    clean(&sources::machine_paths(&Tree::read().files));
}

#[test]
fn every_store_function_has_its_test() {
    let tree = Tree::read();
    let mut tests = tree.under("tests/store", "rs");
    tests.extend(tree.under("engine/store/tests", "rs"));
    clean(&sources::untested(&tree.under("engine/store/src", "rs"), &tests));
}

#[test]
fn both_databases_have_the_same_migrations() {
    let tree = Tree::read();
    let (sqlite, postgres) =
        (tree.under("migrations/sqlite", "sql"), tree.under("migrations/postgres", "sql"));
    clean(&migrations::unequal(&sqlite, &postgres));
}

#[test]
fn every_table_says_what_a_row_means() {
    clean(&migrations::unexplained(&Tree::read().under("migrations", "sql")));
}

#[test]
fn links_between_documents_lead_somewhere() {
    clean(&links::broken(&Tree::read()));
}

#[test]
fn error_messages_follow_the_house() {
    clean(&messages::unhoused(&Tree::read().under("", "rs")));
}
