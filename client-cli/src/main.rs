//! client-cli
fn main() {}
