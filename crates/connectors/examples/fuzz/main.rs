//! The long run of the fuzz harness: `--seed N --count N`, or `--seed N --only N` to repeat one input.
//! Ends with 1 when something was found.

#![expect(clippy::print_stdout, reason = "what it found is what it is run for")]
#![expect(
    clippy::unwrap_used,
    reason = "a harness that cannot read its fixtures stops"
)]

#[path = "run.rs"]
mod run;

use std::process::ExitCode;

const USAGE: &str = "usage: fuzz [--seed N] [--count N | --only N]";

fn main() -> ExitCode {
    let (mut seed, mut numbers) = (1_u64, 0..100_000_u64);
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().and_then(|value| value.parse::<u64>().ok());
        match (name.as_str(), value) {
            ("--seed", Some(value)) => seed = value,
            ("--count", Some(value)) => numbers = 0..value,
            ("--only", Some(value)) => numbers = value..value.saturating_add(1),
            _ => {
                println!("{USAGE}");
                return ExitCode::from(2);
            }
        }
    }
    // A panic is a finding and is told as one.
    std::panic::set_hook(Box::new(|_| {}));
    let figures = run::run(seed, numbers);
    for ((kind, way), count) in &figures.counts {
        println!("{count:>9}  {kind}: {way}");
    }
    for finding in figures.findings.iter().take(20) {
        println!("\n{finding}");
    }
    println!("\n{} findings", figures.findings.len());
    if figures.findings.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
