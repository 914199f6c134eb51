//! cotmoc
fn main() {}
