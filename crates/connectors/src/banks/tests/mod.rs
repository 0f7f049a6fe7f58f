//! Recorded exchanges and hostile ones. The bench stands in `tests/bench`, where the fuzz harness finds
//! it too.

#[path = "../../../tests/bench/banks.rs"]
mod bench;
mod fixtures;
#[path = "../../../tests/bench/folder.rs"]
mod folder;
mod hostile;

pub(super) use bench::{Call, Replay, protocol, ready};
