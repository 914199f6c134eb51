//! Compiles this crate again when a migration changes: `migrate!` embeds the folders, but cargo does
//! not see that it read them.

#[expect(clippy::print_stdout, reason = "cargo reads its instructions from standard output")]
fn main() {
    println!("cargo:rerun-if-changed=../../migrations/sqlite");
    println!("cargo:rerun-if-changed=../../migrations/postgres");
}
