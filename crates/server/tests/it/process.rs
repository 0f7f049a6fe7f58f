//! The binary `galata` as its operators start it, on the database of a shop.

use crate::shop::{HttpClient, Shop};
use http_body_util::Full;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

const BINARY: &str = env!("CARGO_BIN_EXE_galata");
/// Between looks at a process that is on its way.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The binary with nothing but the tests' own environment.
pub fn galata(arguments: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command
        .env_clear()
        .env("NO_COLOR", "1")
        .args(arguments)
        .stdin(Stdio::null());
    command
}

/// The words of a command line, none of which has a blank in it.
pub fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

/// How a command ended.
pub struct Ended {
    pub status: ExitStatus,
    pub out: String,
    pub error: String,
}

/// Runs a command to its end, beside whatever the test serves.
pub fn ended(mut command: Command) -> Ended {
    let output = tokio::task::block_in_place(|| command.output().unwrap());
    Ended {
        status: output.status,
        out: String::from_utf8(output.stdout).unwrap(),
        error: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Waits until `look` finds something.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let found = async {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        loop {
            looks.tick().await;
            if let Some(found) = look().await {
                return found;
            }
        }
    };
    match tokio::time::timeout(PATIENCE, found).await {
        Ok(found) => found,
        Err(_) => panic!("in vain: {what}"),
    }
}

/// Sends a process a signal.
pub fn signal(child: &Child, name: &str) {
    let mut kill = Command::new("kill");
    let sent = kill.args([name, &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

/// A `galata serve` that runs; killed when it is dropped.
pub struct Serving {
    child: Child,
    pub url: String,
    pub log: PathBuf,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Serving {
    /// Starts it on a free port and waits until it answers. `command` has all further options.
    pub async fn start(http: &HttpClient, mut command: Command, log: PathBuf) -> Serving {
        let port = {
            let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            free.local_addr().unwrap().port()
        };
        let url = format!("http://127.0.0.1:{port}");
        command
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log).unwrap());
        let mut serving = Serving {
            child: command.spawn().unwrap(),
            url,
            log,
        };
        until("the server answers", async || {
            if let Some(status) = serving.child.try_wait().unwrap() {
                panic!("{status}: {}", serving.logged());
            }
            let request = http::Request::get(format!("{}/healthz", serving.url));
            let request = request.body(Full::default()).unwrap();
            let reply = http.request(request).await.ok()?;
            (reply.status() == 200).then_some(())
        })
        .await;
        serving
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it logged.
    pub fn logged(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// SIGKILL: it ends where it stands.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// SIGTERM: it is asked to end.
    pub fn terminate(&self) {
        signal(&self.child, "-TERM");
    }

    /// SIGSTOP: it stands still.
    pub fn stop(&self) {
        signal(&self.child, "-STOP");
    }

    /// SIGCONT: it goes on as if nothing had been.
    pub fn go_on(&self) {
        signal(&self.child, "-CONT");
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        let child = &mut self.child;
        until("the server ends", async || child.try_wait().unwrap()).await
    }
}

impl Shop {
    /// A command on the shop's database, with the key to it and with leave to call the simulator.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = galata(arguments);
        command
            .env("GALATA_DATABASE_URL", &self.database_url)
            .env("GALATA_KEY", &self.keys)
            .env("GALATA_ALLOW_BANK_HOST", "127.0.0.1");
        command
    }

    /// Runs a command that must succeed, and answers what it printed.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> String {
        let ended = ended(self.command(arguments));
        assert!(ended.status.success(), "{arguments:?}: {}", ended.error);
        ended.out
    }

    /// Runs a command that must fail, and answers why it says so.
    #[track_caller]
    pub fn fails(&self, arguments: &[&str]) -> String {
        let ended = ended(self.command(arguments));
        assert!(!ended.status.success(), "{arguments:?}: {}", ended.out);
        ended.error
    }
}
