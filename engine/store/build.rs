//! Compiles this crate again when a migration changes: `migrate!` embeds the folders, but cargo does
//! not see that it read them.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations/sqlite");
    println!("cargo:rerun-if-changed=../../migrations/postgres");
}
