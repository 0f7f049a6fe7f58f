//! What the databases do with the rows of a payment when no gateway stands before them.

use super::database::Database;
use super::stored::Payment;
use std::process::Command;
use std::time::{Duration, Instant};

/// Clients of pgbench: with 16 or 64 it is about as fast.
const CLIENTS: &str = "32";

/// Payments a second of a database, from a payment in it, a warm-up and the time to measure.
pub(crate) type Limit = fn(&Database, &Payment, Duration, Duration) -> u64;

/// Payments a second that pgbench makes in two statements each.
pub(crate) fn pgbench(
    database: &Database,
    payment: &Payment,
    warm_up: Duration,
    length: Duration,
) -> u64 {
    // A client's payments are numbered from those of the runs before on.
    let mut script = format!("\\set i :i + 1\n\\set n :i * {CLIENTS} + :client_id + 1\n");
    for commit in payment.commits() {
        let steps = commit.iter().zip(0..);
        let steps: Vec<String> = steps
            .map(|(sql, at)| format!("step{at} as ({sql})"))
            .collect();
        script.push_str(&format!("with {} select 1;\n", steps.join(", ")));
    }
    let file = database.folder.join("payment.sql");
    std::fs::write(&file, script).unwrap();
    let run = |length: Duration, first: u64| {
        let seconds = length.as_secs().max(1).to_string();
        let output = Command::new("pgbench")
            .args([
                "-n", "-M", "prepared", "-j", "2", "-c", CLIENTS, "-T", &seconds,
            ])
            .args(["-D", &format!("i={first}"), "-f"])
            .args([file.as_os_str(), database.url.as_ref()])
            .output()
            .expect("pgbench is needed");
        let told = String::from_utf8_lossy(&output.stdout);
        let rate = told.lines().find_map(|line| line.strip_prefix("tps = "));
        let whole = rate.and_then(|rate| rate.split('.').next()?.parse().ok());
        whole.unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)))
    };
    let _: u64 = run(warm_up, 0);
    run(length, 1_000_000)
}

/// Payments a second that SQLite takes one by one, in two transactions each.
pub(crate) fn one_by_one(
    database: &Database,
    payment: &Payment,
    warm_up: Duration,
    length: Duration,
) -> u64 {
    let connection = database.connect();
    let mut commits = payment.commits().map(|commit| {
        let prepare = |sql: &String| connection.prepare(sql).unwrap();
        commit.iter().map(prepare).collect::<Vec<_>>()
    });
    let mut number = 0i64;
    let mut pay_for = |length: Duration| {
        let (begun, first) = (Instant::now(), number);
        while begun.elapsed() < length {
            number += 1;
            for commit in &mut commits {
                connection.execute_batch("begin immediate").unwrap();
                for statement in commit {
                    let numbered = statement.parameter_count() > 0;
                    let done = if numbered {
                        statement.execute([number])
                    } else {
                        statement.execute([])
                    };
                    assert_eq!(done.unwrap(), 1);
                }
                connection.execute_batch("commit").unwrap();
            }
        }
        let micros = i64::try_from(begun.elapsed().as_micros()).unwrap();
        u64::try_from((number - first) * 1_000_000 / micros).unwrap()
    };
    pay_for(warm_up);
    pay_for(length)
}
