//! The binary `galata-sandbox`.
fn main() {}
