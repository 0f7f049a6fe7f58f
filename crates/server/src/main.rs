//! The binary `galata`.
fn main() {}
