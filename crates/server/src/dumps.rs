//! What the operating system may write down of this process's memory, which holds card numbers while
//! they are used: nothing, unless the operator says so.

/// Forbids core dumps, and debuggers of the same user. What cannot be forbidden is logged.
#[cfg(target_os = "linux")]
pub fn forbid() {
    use rustix::process::{DumpableBehavior, Resource, Rlimit};
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    if let Err(error) = rustix::process::setrlimit(Resource::Core, none) {
        tracing::warn!(%error, "core dumps cannot be limited");
    }
    if let Err(error) = rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        tracing::warn!(%error, "this process's memory cannot be closed to debuggers");
    }
}

/// Only Linux knows how.
#[cfg(not(target_os = "linux"))]
pub fn forbid() {}
