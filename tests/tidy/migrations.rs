//! Rules about the two sets of migrations.

use std::collections::BTreeSet;

use super::tree::File;

/// Names that exist for one database only.
pub(crate) fn unequal(sqlite: &[File], postgres: &[File]) -> Vec<String> {
    let (sqlite, postgres) = (names(sqlite), names(postgres));
    let missing = |here: &BTreeSet<String>, there: &BTreeSet<String>, absent_in: &str| {
        let only = here.difference(there);
        only.map(|name| format!("`{name}` is absent in {absent_in}")).collect::<Vec<_>>()
    };
    let mut problems = missing(&sqlite, &postgres, "migrations/postgres");
    problems.extend(missing(&postgres, &sqlite, "migrations/sqlite"));
    problems
}

fn names(files: &[File]) -> BTreeSet<String> {
    files.iter().filter_map(|file| file.path.rsplit('/').next()).map(str::to_owned).collect()
}

/// Tables without a comment right above that says what a row means and who writes it.
pub(crate) fn unexplained(files: &[File]) -> Vec<String> {
    let mut problems = Vec::new();
    for file in files {
        let mut above = "";
        for line in file.text.lines().map(str::trim) {
            let upper = line.to_uppercase();
            if upper.starts_with("CREATE TABLE") && !above.starts_with("--") {
                problems.push(format!("{}: no comment above `{line}`", file.path));
            }
            above = line;
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_migration_for_one_database_only_is_reported() {
        let files = |paths: &[&str]| paths.iter().map(|p| File::new(*p, "")).collect::<Vec<_>>();
        let sqlite = files(&["migrations/sqlite/0001_log.sql", "migrations/sqlite/0002_x.sql"]);
        let postgres =
            files(&["migrations/postgres/0001_log.sql", "migrations/postgres/0002_y.sql"]);
        assert_eq!(
            unequal(&sqlite, &postgres),
            [
                "`0002_x.sql` is absent in migrations/postgres".to_owned(),
                "`0002_y.sql` is absent in migrations/sqlite".to_owned()
            ]
        );
        assert_eq!(unequal(&sqlite[..1], &postgres[..1]), [""; 0]);
    }

    #[test]
    fn a_table_without_a_comment_is_reported() {
        for (text, expected) in [
            ("-- One row per entry.\nCREATE TABLE log (\n", 0),
            ("CREATE TABLE log (\n", 1),
            ("-- Far above.\n\ncreate table if not exists log (\n", 1),
            ("CREATE INDEX log_case ON log (case_id);\n", 0),
        ] {
            let files = [File::new("0001.sql", text)];
            assert_eq!(unexplained(&files).len(), expected, "{text}");
        }
    }
}
