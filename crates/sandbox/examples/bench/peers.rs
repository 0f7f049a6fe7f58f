//! Simulated payment providers from the package registries, asked for charges. They keep all in
//! memory, ask no bank and check no signature.

use super::load::Ask;
use super::roles::Process;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const AUTHORIZATION: &str = "Bearer sk_test_123";
const PAID: &str = "\"succeeded\"";
/// How often a peer that was started is asked whether it serves, a tenth of a second apart.
const TRIES_MAX: usize = 300;

/// A peer that serves, and the charge that it takes.
pub(crate) struct Peer {
    pub(crate) process: Process,
    pub(crate) charge: Ask,
}

/// `localstripe` of PyPI, installed in `folder`.
pub(crate) async fn localstripe(folder: &Path) -> Result<Peer, String> {
    let place = folder.join("localstripe");
    let program = place.join("bin/localstripe");
    if !program.exists() {
        install(Command::new("python3").args(["-m", "venv"]).arg(&place))?;
        let pip = place.join("bin/pip");
        install(Command::new(pip).args(["install", "-q", "localstripe==1.15.10"]))?;
    }
    let port = free_port();
    let process = start(Command::new(program).args(["--port", &port]), &port)?;
    let card = "type=card&card[number]=4242424242424242&card[exp_month]=12&card[exp_year]=2040&card[cvc]=123";
    let method = Ask::form("/v1/payment_methods", AUTHORIZATION, card, "\"pm_");
    let made: Value = serde_json::from_str(&answer(&process, &method).await?).unwrap_or_default();
    let source = made["id"].as_str().unwrap_or_default();
    charged_by(process, source).await
}

/// `stripe-stateful-mock` of npm, installed in `folder`.
pub(crate) async fn stripe_stateful_mock(folder: &Path) -> Result<Peer, String> {
    let place = folder.join("stripe-stateful-mock");
    let program = place.join("node_modules/.bin/stripe-stateful-mock");
    if !program.exists() {
        std::fs::create_dir_all(&place).map_err(|error| error.to_string())?;
        let npm = ["install", "--silent", "--no-audit", "--no-fund", "--prefix"];
        let mut npm_install = Command::new("npm");
        install(
            npm_install
                .args(npm)
                .arg(&place)
                .arg("stripe-stateful-mock@0.0.16"),
        )?;
    }
    let port = free_port();
    let mut node = Command::new("node");
    node.arg(program)
        .env("PORT", &port)
        .env("LOG_LEVEL", "silent");
    let process = start(&mut node, &port)?;
    charged_by(process, "tok_visa").await
}

async fn charged_by(process: Process, source: &str) -> Result<Peer, String> {
    let body = format!("amount=100&currency=try&source={source}");
    let charge = Ask::form("/v1/charges", AUTHORIZATION, &body, PAID);
    answer(&process, &charge).await?;
    Ok(Peer { process, charge })
}

fn install(command: &mut Command) -> Result<(), String> {
    let told = || format!("{} failed", command_line(command));
    let name = told();
    let output = command
        .output()
        .map_err(|error| format!("{name}: {error}"))?;
    let why = String::from_utf8_lossy(&output.stderr);
    let why = why.lines().last().unwrap_or_default();
    if output.status.success() {
        Ok(())
    } else {
        Err(format!("{name}: {why}"))
    }
}

fn command_line(command: &Command) -> String {
    let program = Path::new(command.get_program());
    program
        .file_name()
        .unwrap_or_default()
        .display()
        .to_string()
}

fn free_port() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port().to_string()
}

fn start(command: &mut Command, port: &str) -> Result<Process, String> {
    let silent = command.stdout(Stdio::null()).stderr(Stdio::null());
    Process::start_at(silent, format!("http://127.0.0.1:{port}")).map_err(|error| error.to_string())
}

/// The answer of a peer that may still be starting.
async fn answer(process: &Process, ask: &Ask) -> Result<String, String> {
    let mut answer = ask.once(process.address()).await;
    for _ in 0..TRIES_MAX {
        if answer.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        answer = ask.once(process.address()).await;
    }
    answer
}
