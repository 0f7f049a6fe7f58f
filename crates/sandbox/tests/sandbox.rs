//! The binary as its users start it: what it prints, what it keeps, what it refuses.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "sandbox/shop.rs"]
mod shop;

use contract::signature::sign;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::Instant;

const BINARY: &str = env!("CARGO_BIN_EXE_galata-sandbox");
const FREE_PORTS: [&str; 4] = [
    "--listen",
    "127.0.0.1:0",
    "--simulator-listen",
    "127.0.0.1:0",
];

/// An empty data directory for one test.
fn fresh_directory(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    match std::fs::remove_dir_all(&path) {
        Ok(()) => {}
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound),
    }
    path
}

fn sandbox(directory: &PathBuf, arguments: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command.arg("--data-dir").arg(directory).args(arguments);
    command
}

fn output(directory: &PathBuf, arguments: &[&str]) -> (Output, String, String) {
    let output = sandbox(directory, arguments).output().unwrap();
    let out = String::from_utf8(output.stdout.clone()).unwrap();
    let error = String::from_utf8(output.stderr.clone()).unwrap();
    (output, out, error)
}

/// A sandbox that serves; killed when a test fails.
struct Serving {
    child: Child,
    out: BufReader<ChildStdout>,
    gateway: String,
    simulator: String,
}

impl Serving {
    fn start(directory: &PathBuf, arguments: &[&str]) -> Serving {
        let mut child = sandbox(directory, &FREE_PORTS)
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = || {
            let mut line = String::new();
            out.read_line(&mut line).unwrap();
            line.trim_end().to_owned()
        };
        let (gateway, simulator, shop, panel) = (line(), line(), line(), line());
        assert!(shop.starts_with("shop http://"), "{shop}");
        assert!(panel.starts_with("panel http://"), "{panel}");
        assert_eq!(line(), "ready");
        Serving {
            gateway: gateway.strip_prefix("gateway http://").unwrap().to_owned(),
            simulator: simulator
                .strip_prefix("simulator http://")
                .unwrap()
                .to_owned(),
            child,
            out,
        }
    }

    /// A call as the demo merchant: the answer's JSON, null where there is none.
    fn call(&self, method: &str, path: &str, body: &str) -> Value {
        answer_of(send_signed(&self.gateway, method, path, body))
    }

    fn poses(&self) -> Vec<Value> {
        let mut answer = self.call("GET", "/merchant/v1/merchant-poses?page=0&size=100", "");
        answer["data"]["items"]
            .as_array_mut()
            .map(std::mem::take)
            .unwrap()
    }

    /// Ctrl-C. Answers whether it ended with 0, and what it printed meanwhile.
    #[cfg(unix)]
    fn interrupt(mut self) -> (bool, String) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-INT", &id])
                .status()
                .unwrap()
                .success()
        );
        let mut printed = String::new();
        self.out.read_to_string(&mut printed).unwrap();
        (self.child.wait().unwrap().success(), printed)
    }
}

/// What the simulator's control API wants to be told.
const JSON: &str = "Content-Type: application/json\r\n";

/// Sends a request; the reply is still to be read.
fn send(host: &str, method: &str, path: &str, headers: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(host).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
         Content-Length: {length}\r\n{headers}\r\n{body}"
    )
    .unwrap();
    stream
}

/// Sends a request as the demo merchant.
fn send_signed(gateway: &str, method: &str, path: &str, body: &str) -> TcpStream {
    let url = format!("http://{gateway}{path}");
    let rnd_key = server::random::uuid();
    let signature = sign(&url, "api-key", "secret-key", &rnd_key, body.as_bytes());
    let headers = format!(
        "Content-Type: application/json\r\nx-api-key: api-key\r\nx-rnd-key: {rnd_key}\r\n\
         x-auth-version: v1\r\nx-signature: {signature}\r\n"
    );
    send(gateway, method, path, &headers, body)
}

/// The JSON of a reply that says that all is well, null where there is none.
fn answer_of(mut stream: TcpStream) -> Value {
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 20"), "{reply}");
    serde_json::from_str(body).unwrap_or(Value::Null)
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Ended already, where a test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn both_flows_end_as_they_should_again_and_again() {
    let directory = fresh_directory("plays");
    let mut arguments = FREE_PORTS.to_vec();
    arguments.extend(["--exit", "--webhook-wait-ms", "200"]);
    for _ in 0..2 {
        let (ended, out, error) = output(&directory, &arguments);
        assert!(ended.status.success(), "{out}{error}");
        let lines: Vec<&str> = out.lines().collect();
        assert!(lines[0].starts_with("gateway http://127.0.0.1:"));
        assert!(lines[1].starts_with("simulator http://127.0.0.1:"));
        assert!(lines[2].starts_with("shop http://127.0.0.1:"));
        assert!(lines[3].starts_with("panel http://127.0.0.1:"));
        assert_eq!(lines[4], "ready");
        assert!(out.contains("steps ended as they should"), "{out}");
        assert!(!out.contains('✗'), "{out}");
    }
}

#[cfg(unix)]
#[test]
fn a_restart_keeps_everything_and_seeds_nothing_twice() {
    use std::os::unix::fs::PermissionsExt;
    let directory = fresh_directory("restarts");
    let mut ids = Vec::new();
    for _ in 0..2 {
        let serving = Serving::start(&directory, &["--no-play"]);
        let poses = serving.poses();
        assert!(poses.len() > 10, "{poses:?}");
        let port = serving.simulator.rsplit(':').next().unwrap();
        for pos in &poses {
            assert_eq!(pos["port"].to_string(), port, "{pos}");
            ids.push(pos["id"].clone());
        }
        let apms = serving.call("GET", "/merchant/v1/merchant-apms", "");
        assert_eq!(apms["data"]["items"].as_array().unwrap().len(), 1);
        let (well, printed) = serving.interrupt();
        assert!(well && printed.contains("secret-key"), "{printed}");
    }
    let (first, second) = ids.split_at(ids.len() / 2);
    assert_eq!(first, second);
    let key = std::fs::metadata(directory.join("galata.key")).unwrap();
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
}

#[cfg(unix)]
#[test]
fn a_step_that_goes_wrong_is_told_and_does_not_end_with_0() {
    let directory = fresh_directory("wrong");
    let serving = Serving::start(&directory, &["--no-play"]);
    let poses = serving.poses();
    let garanti = poses
        .iter()
        .find(|pos| pos["posIntegrator"] == "GARANTI")
        .unwrap();
    let path = format!(
        "/merchant/v1/merchant-poses/{}/status/PASSIVE",
        garanti["id"]
    );
    serving.call("PUT", &path, "");
    serving.interrupt();
    let mut arguments = FREE_PORTS.to_vec();
    arguments.extend(["--exit", "--webhook-wait-ms", "200"]);
    let (ended, out, _) = output(&directory, &arguments);
    assert!(!ended.status.success(), "{out}");
    assert!(out.contains("  ✗ ") && out.contains("went wrong"), "{out}");
    // What does not need that POS goes on.
    assert!(out.contains("disbursed"), "{out}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_play_does_not_count_as_one_that_went_well() {
    let directory = fresh_directory("interrupted");
    let late = ["--exit", "--webhook-wait-ms", "60000"];
    let serving = Serving::start(&directory, &late);
    let (well, printed) = serving.interrupt();
    assert!(!well, "{printed}");
    assert!(printed.contains("stopping"), "{printed}");
}

#[test]
fn a_sandbox_that_was_killed_goes_on_at_once() {
    let directory = fresh_directory("killed");
    let serving = Serving::start(&directory, &["--no-play"]);
    // The due work is leased soon after the start.
    serving.poses();
    drop(serving);
    let mut arguments = FREE_PORTS.to_vec();
    arguments.extend(["--exit", "--webhook-wait-ms", "200"]);
    let begun = Instant::now();
    let (ended, out, error) = output(&directory, &arguments);
    assert!(ended.status.success(), "{out}{error}");
    // The leases of the killed one would last half a minute.
    assert!(begun.elapsed().as_secs() < 25, "{out}");
}

#[cfg(unix)]
#[test]
fn a_stop_waits_for_the_payment_that_is_at_the_bank() {
    let directory = fresh_directory("in-flight");
    let serving = Serving::start(&directory, &["--no-play"]);
    let fault =
        r#"{"bank": "garanti", "operation": "sale", "fault": {"kind": "delay", "ms": 2000}}"#;
    answer_of(send(
        &serving.simulator,
        "POST",
        "/control/faults",
        JSON,
        fault,
    ));
    let payment = json!({
        "price": 100, "paidPrice": 100, "walletPrice": 0, "installment": 1,
        "currency": "TRY", "paymentGroup": "PRODUCT",
        "card": {
            "cardHolderName": "Haluk Demir", "cardNumber": "4043080000000003",
            "expireYear": "2044", "expireMonth": "07", "cvc": "000",
        },
        "items": [{ "name": "Kitap", "price": 100 }],
    });
    let path = "/payment/v1/card-payments";
    let in_flight = send_signed(&serving.gateway, "POST", path, &payment.to_string());
    // The bank has it once it is in its books.
    let taken = || {
        let ledger = answer_of(send(&serving.simulator, "GET", "/control/ledger", "", ""));
        ledger["orders"]
            .as_array()
            .is_some_and(|orders| !orders.is_empty())
    };
    let begun = Instant::now();
    while !taken() {
        assert!(begun.elapsed().as_secs() < 20);
        std::thread::yield_now();
    }
    let (well, printed) = serving.interrupt();
    assert!(well, "{printed}");
    assert_eq!(answer_of(in_flight)["data"]["paymentStatus"], "SUCCESS");
}

#[test]
fn strangers_are_kept_out_unless_they_are_allowed() {
    let directory = fresh_directory("strangers");
    for flag in ["--listen", "--simulator-listen"] {
        let (ended, _, error) = output(&directory, &[flag, "0.0.0.0:0", "--exit"]);
        assert!(!ended.status.success());
        assert!(error.contains("--allow-remote"), "{error}");
    }
    assert!(!directory.exists());
}

#[test]
fn a_taken_port_or_directory_is_told_with_a_way_out() {
    let directory = fresh_directory("taken");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (ended, _, error) = output(&directory, &["--listen", &address]);
    assert!(!ended.status.success());
    assert!(
        error.contains(&address) && error.contains("hint: something else listens there"),
        "{error}"
    );

    let _serving = Serving::start(&directory, &["--no-play"]);
    let (ended, _, error) = output(&directory, &FREE_PORTS);
    assert!(!ended.status.success());
    assert!(
        error.contains("used by another sandbox") && error.contains("--data-dir"),
        "{error}"
    );
}
