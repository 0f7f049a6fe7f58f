//! What is played against: the simulated banks in this process, a fresh database, and the binary `galata` in one
//! process on SQLite and two on PostgreSQL, set up by its own commands as an operator would.

use crate::door::{Door, Keys};
use crate::options::{Kind, Options};
use serde_json::{Value, json};
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Mutex;

/// Looks at a process that is being started.
const START_LOOKS: u32 = 600;
const START_LOOK_EVERY: Duration = Duration::from_millis(100);
/// Seconds that a bank may take, and before each inquiry: more of them than a doubt of 90 s needs, so that none is
/// left to a person.
const BANK_TIMEOUT: &str = "3";
const INQUIRY_WAITS: &str = "1,2,3,5,5,10,10,15,15,15,15,15,15,20,20,20,20,20,20,20";
/// Kuruş in each purse at the beginning.
pub(crate) const PURSE: i64 = 900_000_000_000;

/// Where a run's files are, and the settings of its gateway.
pub(crate) struct World {
    pub(crate) folder: PathBuf,
    binary: PathBuf,
    /// Address of the database that this run made.
    pub(crate) database_url: String,
    key: String,
    merchant: String,
    pub(crate) processes: Vec<Mutex<Process>>,
    pub(crate) door: Door,
    /// When it was opened, as reports tell moments.
    pub(crate) begun: String,
}

/// A `galata serve`, killed when it is dropped.
pub(crate) struct Process {
    number: usize,
    url: String,
    child: Option<Child>,
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Process {
    /// SIGKILL: it ends where it stands.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // One that ended by itself is found by who waits for it.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Whether it was started and not killed since.
    pub(crate) fn is_alive(&self) -> bool {
        self.child.is_some()
    }

    /// Whether it ended though it was not killed.
    pub(crate) fn ended(&mut self) -> Option<String> {
        let ended = self.child.as_mut()?.try_wait().ok().flatten()?;
        Some(format!("process {} ended by itself: {ended}", self.number))
    }
}

impl World {
    /// Opens everything, and waits until it serves.
    pub(crate) async fn open(options: &Options) -> Result<World, String> {
        let folder = std::env::temp_dir().join(format!("galata-torture-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let banks = open_banks().await?;
        let database_url = match options.database {
            Kind::Sqlite => format!("sqlite://{}", folder.join("galata.db").display()),
            Kind::Postgres => crate::dump::create_database().await?,
        };
        let count = match options.database {
            Kind::Sqlite => 1,
            Kind::Postgres => 2,
        };
        let mut processes = Vec::new();
        let mut gateways = Vec::new();
        for number in 0..count {
            let url = format!("http://127.0.0.1:{}", free_port()?);
            gateways.push(url.clone());
            processes.push(Mutex::new(Process {
                number,
                url,
                child: None,
            }));
        }
        let nobody = Keys {
            api: String::new(),
            secret: String::new(),
        };
        let mut world = World {
            binary: options.binary()?,
            folder,
            database_url,
            key: String::new(),
            merchant: String::new(),
            processes,
            door: Door::new(nobody, gateways.clone(), banks.clone()),
            begun: crate::reports::moment(crate::now()),
        };
        world.key = world.run(&["key"])?.trim().to_owned();
        world.run(&["migrate"])?;
        let (merchant, keys) = world.set_up()?;
        world.merchant = merchant;
        world.door = Door::new(keys, gateways, banks);
        for number in 0..count {
            world.start(number).await?;
        }
        world.fill_purses().await?;
        Ok(world)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .env_clear()
            .envs([
                ("NO_COLOR", "1"),
                ("GALATA_DATABASE_URL", &self.database_url),
                ("GALATA_ALLOW_BANK_HOST", "127.0.0.1"),
            ])
            .args(arguments)
            .stdin(Stdio::null());
        if !self.key.is_empty() {
            command.env("GALATA_KEY", &self.key);
        }
        command
    }

    /// Runs a command of an operator's. What it printed.
    fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let output = tokio::task::block_in_place(|| self.command(arguments).output());
        let output = output.map_err(|error| format!("{}: {error}", self.binary.display()))?;
        if !output.status.success() {
            let error = String::from_utf8_lossy(&output.stderr);
            return Err(format!("galata {}: {error}", arguments.join(" ")));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// A merchant with a POS at each bank: its id and keys.
    fn set_up(&self) -> Result<(String, Keys), String> {
        let made = self.run(&["merchant", "create", "--name", "Torture"])?;
        let told = |name: &str| {
            let mut lines = made.lines();
            let line = lines.find(|line| line.starts_with(name));
            let value = line.and_then(|line| line.split_whitespace().last());
            value
                .map(str::to_owned)
                .ok_or_else(|| format!("`galata merchant create` tells no {name}"))
        };
        let merchant = told("merchant")?;
        self.run(&["merchant", "double-submits", &merchant, "600"])?;
        let secret = |name: &str, text: &str| write(&self.folder.join(name), text);
        let users = "PROVAUT:PROVAUT:123qweASD/\nPROVRFN:PROVRFN:123qweASD/\n";
        let users = secret("users", users)?;
        let store_key = secret("store-key", "12345678\n")?;
        let packet_key = secret("packet-key", "10,10,10,10,10,10,10,10\n")?;
        let garanti = [
            "--client-id=7000679",
            "--terminal-id=30691298",
            "--user-file",
            &users,
            "--threeds-key-file",
            &store_key,
        ];
        let yapi_kredi = [
            "--client-id=6706598320",
            "--terminal-id=67005551",
            "--posnet-id=27426",
            "--threeds-key-file",
            &packet_key,
        ];
        self.create_pos(&merchant, ("GARANTI", "garanti"), &garanti)?;
        self.create_pos(&merchant, ("YKB", "posnet"), &yapi_kredi)?;
        let (api, secret) = (told("api key")?, told("secret key")?);
        Ok((merchant, Keys { api, secret }))
    }

    /// The payments in doubt that are left to a person.
    pub(crate) fn reviews(&self) -> Result<Vec<i64>, String> {
        let doubts = ["payment", "doubts", "--merchant", &self.merchant, "--json"];
        let told: Value = serde_json::from_str(&self.run(&doubts)?).unwrap_or_default();
        let doubts = told["doubts"].as_array().cloned().unwrap_or_default();
        let reviews = doubts
            .iter()
            .filter(|one| one["state"] == "REVIEW" && one["refund"].is_null());
        Ok(reviews.filter_map(|one| one["payment"].as_i64()).collect())
    }

    /// A person saw at the bank that it took the money of a payment in doubt, and says so.
    pub(crate) fn settle_as_taken(&self, payment: i64) -> Result<(), String> {
        let id = payment.to_string();
        let settle = [
            "payment",
            "settle",
            "--merchant",
            &self.merchant,
            "--id",
            &id,
        ];
        let how = ["--found", "taken", "--note", "the ledger of the bank"];
        self.run(&[&settle[..], &how[..]].concat()).map(drop)
    }

    fn create_pos(
        &self,
        merchant: &str,
        (bank, path): (&str, &str),
        account: &[&str],
    ) -> Result<(), String> {
        let endpoint = format!("{}/{path}", self.door.banks);
        let all = [
            "pos",
            "create",
            "--merchant",
            merchant,
            "--integrator",
            bank,
        ];
        let open = [
            "--endpoint",
            &endpoint,
            "--authentication=THREE_DS,NON_THREE_DS",
            "--loyalty=true",
            "--installments=true",
            "--without-cvc=true",
            "--foreign-cards=true",
        ];
        self.run(&[&all[..], &open[..], account].concat()).map(drop)
    }

    /// Starts a process and waits until it serves.
    pub(crate) async fn start(&self, number: usize) -> Result<(), String> {
        let mut process = self.processes[number].lock().await;
        let log = self.folder.join(format!("process-{number}.log"));
        let mut file = OpenOptions::new();
        let file = file.create(true).append(true).open(&log);
        let file = file.map_err(|error| format!("{}: {error}", log.display()))?;
        let listen = process.url.trim_start_matches("http://").to_owned();
        let mut command = self.command(&["serve", "--listen", &listen]);
        command
            .args(["--public-url", &process.url])
            .args(["--bank-timeout", BANK_TIMEOUT])
            .args(["--inquiry-waits", INQUIRY_WAITS])
            .args(["--max-connections-per-address", "0"])
            .args(["--stranger-rate", "0"])
            .arg("--log-requests")
            .stdout(Stdio::null())
            .stderr(file);
        let child = command.spawn();
        process.child = Some(child.map_err(|error| format!("galata serve: {error}"))?);
        for _ in 0..START_LOOKS {
            if let Some(why) = process.ended() {
                let told = fs::read_to_string(&log).unwrap_or_default();
                return Err(format!("{why}\n{told}"));
            }
            if self.door.is_well(&process.url).await {
                return Ok(());
            }
            tokio::time::sleep(START_LOOK_EVERY).await;
        }
        Err(format!("process {number} does not serve"))
    }

    async fn fill_purses(&self) -> Result<(), String> {
        for card in crate::plan::CARDS.iter().filter(|card| card.has_points) {
            let purse = json!({"cardNumber": card.number, "card": PURSE, "firm": PURSE});
            self.door.control("POST", "/control/purses", &purse).await?;
        }
        Ok(())
    }

    /// What a purse of points holds, card and firm.
    pub(crate) async fn purse(&self, number: &str) -> Result<i64, String> {
        let path = format!("/control/purses?cardNumber={number}");
        let purse = self.door.control("GET", &path, &Value::Null).await?;
        let part = |name: &str| purse[name].as_i64().unwrap_or(0);
        Ok(part("card") + part("firm"))
    }
}

/// Writes a secret that a command reads; its path.
fn write(path: &Path, text: &str) -> Result<String, String> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path.display().to_string())
}

fn free_port() -> Result<u16, String> {
    let free = std::net::TcpListener::bind("127.0.0.1:0");
    let address = free.and_then(|free| free.local_addr());
    address
        .map(|address| address.port())
        .map_err(|error| error.to_string())
}

/// Serves the banks in this process: they outlive every kill. Their address.
async fn open_banks() -> Result<String, String> {
    let listener = TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let url = format!("http://{address}");
    let banks = simulator::Simulator::open(simulator::Options {
        data_dir: None,
        public_url: url.clone(),
        now: Arc::new(crate::now),
        day_ends_by_clock: false,
        log: false,
    })?;
    tokio::spawn(async move { simulator::serve(listener, &banks, std::future::pending()).await });
    Ok(url)
}
