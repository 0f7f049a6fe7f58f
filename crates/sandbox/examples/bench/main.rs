//! Measures the gateway under a load generator beside a simulated bank, and writes the table of
//! `docs/benchmarks.md`. `bin/bench` is the whole of it; `--help` tells the parts.
//!
//! Gateway, simulator and load generator are three processes, so that memory and CPU time can be
//! told apart. Compare ratios within one run only: machines are shared and noisy.
#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on ends here"
)]

mod database;
mod limits;
mod load;
mod options;
mod peers;
mod roles;
mod shop;
mod stored;
mod tables;
mod world;

use clap::Parser;
use options::{Options, Role};
use tokio::runtime;

fn main() {
    let options = Options::parse();
    let many = || runtime::Runtime::new().unwrap();
    match options.role {
        Some(Role::Simulator) => many().block_on(roles::simulator(options.dir.unwrap())),
        Some(Role::Gateway) => {
            let (database, bank) = (options.database_url.unwrap(), options.bank.unwrap());
            let keys = options.keys.unwrap_or_else(server::commands::new_key);
            many().block_on(roles::gateway(database, &bank, keys));
        }
        // The load generator has one thread.
        None => runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(tables::write(&options)),
    }
}
