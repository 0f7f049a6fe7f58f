//! Which process this is among all that share a database, and whether one that held a lease has
//! ended. What is safe never rests on this: it only spares a restart the wait for leases to lapse.

use crate::random;

/// A process of this machine, so that it is never taken for another one: its number alone comes
/// again, and means another process in another container.
#[derive(Debug, PartialEq, Eq)]
struct Process<'a> {
    /// The machine's boot and the namespace that the number counts in.
    machine: &'a str,
    number: i32,
    /// Clock ticks from the boot to its start.
    started: u64,
}

/// A name for this process in leases: `machine/number/start/random`, or random alone where the
/// system does not tell (anywhere but on Linux).
pub fn owner() -> String {
    let token = random::token();
    match (machine(), this_start()) {
        (Some(machine), Some(started)) => {
            format!("{machine}/{}/{started}/{token}", std::process::id())
        }
        _ => token,
    }
}

/// Whether the process of this name surely ended: it ran on this machine, since its last start, and
/// is not there any more. False for everybody else.
pub fn has_ended(owner: &str) -> bool {
    let (Some(process), Some(machine)) = (parse(owner), machine()) else {
        return false;
    };
    process.machine == machine && has_ended_here(process.number, process.started)
}

fn parse(owner: &str) -> Option<Process<'_>> {
    let mut parts = owner.split('/');
    let process = Process {
        machine: parts.next()?,
        number: parts.next()?.parse().ok()?,
        started: parts.next()?.parse().ok()?,
    };
    parts.next().map(|_token| process)
}

#[cfg(target_os = "linux")]
fn machine() -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = std::fs::read_link("/proc/self/ns/pid").ok()?;
    let digits = |c: &char| c.is_ascii_digit();
    let namespace: String = namespace.to_str()?.chars().filter(digits).collect();
    Some(format!("{}.{namespace}", boot.trim()))
}

#[cfg(target_os = "linux")]
fn this_start() -> Option<u64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    state_and_start(&stat).map(|(_, started)| started)
}

#[cfg(target_os = "linux")]
fn has_ended_here(number: i32, started: u64) -> bool {
    use rustix::io::Errno;
    use rustix::process::{Pid, test_kill_process};
    let Some(pid) = Pid::from_raw(number) else {
        return false;
    };
    // Other users' processes may be hidden in /proc, but not from a signal.
    if test_kill_process(pid) == Err(Errno::SRCH) {
        return true;
    }
    let stat = std::fs::read_to_string(format!("/proc/{number}/stat"));
    match stat.ok().as_deref().and_then(state_and_start) {
        Some((state, start)) => start != started || matches!(state, 'Z' | 'X'),
        None => false,
    }
}

/// The state and the start of a process in its `stat`. The name before them may hold anything.
#[cfg(target_os = "linux")]
fn state_and_start(stat: &str) -> Option<(char, u64)> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    let state = fields.next()?.chars().next()?;
    // Field 22 of proc(5); the state is the third.
    Some((state, fields.nth(18)?.parse().ok()?))
}

#[cfg(not(target_os = "linux"))]
fn machine() -> Option<String> {
    None
}

#[cfg(not(target_os = "linux"))]
fn this_start() -> Option<u64> {
    None
}

#[cfg(not(target_os = "linux"))]
fn has_ended_here(_number: i32, _started: u64) -> bool {
    false
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_runs_has_not_ended_and_one_that_ran_has() {
        let ours = owner();
        assert!(!has_ended(&ours));
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let number = child.id();
        child.wait().unwrap();
        let Process { machine, .. } = parse(&ours).unwrap();
        assert!(has_ended(&format!("{machine}/{number}/1/token")));
        // Our own number, given to a process that was before us.
        let before = format!("{machine}/{}/1/token", std::process::id());
        assert!(has_ended(&before));
        // Another machine's processes, and owners that name none, are not ours to judge.
        assert!(!has_ended(&format!("elsewhere/{number}/1/token")));
        for unnamed in ["", "token", "a/b", "a/b/c/d", "a/1/2"] {
            assert!(!has_ended(unnamed), "{unnamed}");
        }
    }

    #[test]
    fn a_name_with_brackets_does_not_confuse_the_fields() {
        let stat = "7 (a) S 1 (b)) Z 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 20";
        assert_eq!(state_and_start(stat), Some(('Z', 4242)));
    }
}
