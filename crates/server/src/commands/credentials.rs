//! Credentials, which need not stand on a command line where every user of the machine sees them:
//! each `--X` is also read from its environment variable and from `--X-file PATH`, where `-` is
//! standard input.

use super::variables::given_as;
use crate::start::{self, StartError};
use crate::vault::Vault;
use clap::Args;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Bytes that a credential's file may have.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// One credential: `--flag`, `VARIABLE`, `--flag-file` and `VARIABLE_FILE`.
macro_rules! credential {
    ($(#[$about:meta])+ $name:ident, $flag:literal, $variable:literal, $shown:literal) => {
        $(#[$about])+
        #[derive(Args, Clone)]
        pub(super) struct $name {
            $(#[$about])+
            #[arg(id = $flag, long = $flag, env = $variable, hide_env_values = true, value_name = $shown)]
            text: Option<String>,
            #[arg(
                id = concat!($flag, "-file"),
                long = concat!($flag, "-file"),
                env = concat!($variable, "_FILE"),
                value_name = "PATH",
                conflicts_with = $flag,
                help = concat!("The same as --", $flag, ", from a file; `-` is standard input")
            )]
            file: Option<PathBuf>,
        }

        impl $name {
            /// What was given, in whichever way.
            pub(super) fn read(&self) -> Result<Option<String>, StartError> {
                match (&self.text, &self.file) {
                    (Some(text), _) if text.trim().is_empty() => Err(StartError::new(
                        concat!("--", $flag, " (", $variable, ") is empty"),
                        "give a value, or leave it out",
                    )),
                    (Some(text), _) => Ok(Some(text.clone())),
                    (None, Some(path)) => {
                        let file = (concat!("--", $flag, "-file"), concat!($variable, "_FILE"));
                        read_file(file.0, file.1, path).map(Some)
                    }
                    (None, None) => Ok(None),
                }
            }
        }
    };
}

credential! {
    /// `sqlite:///var/lib/galata/galata.db`, or `postgres://user:password@host/name?sslmode=require`.
    DatabaseUrl, "database-url", "GALATA_DATABASE_URL", "URL"
}
credential! {
    /// The encryption keys themselves; a file is better: `galata key --out galata.key` makes one that
    /// its owner alone may read.
    EncryptionKeys, "key", "GALATA_KEY", "KEYS"
}
credential! {
    /// A mail server that sends people their links: `smtps://user:password@mail.example.com:465`, or
    /// `smtp://…?tls=required` for STARTTLS.
    SmtpUrl, "smtp-url", "GALATA_SMTP_URL", "URL"
}
credential! {
    /// Key of 3DS forms and MACs.
    ThreedsKey, "threeds-key", "GALATA_POS_THREEDS_KEY", "KEY"
}
credential! {
    /// Secret for requests to the lender.
    ClientSecret, "client-secret", "GALATA_APM_CLIENT_SECRET", "SECRET"
}
credential! {
    /// Secret of the lender's notifications.
    NotificationSecret, "notification-secret", "GALATA_APM_NOTIFICATION_SECRET", "SECRET"
}
credential! {
    /// A key of one's own instead of a new one.
    OwnKey, "own", "GALATA_SIGNING_KEY", "KEY"
}

impl DatabaseUrl {
    /// The address, which must be given in some way.
    pub(super) fn given(&self) -> Result<String, StartError> {
        self.read()?.ok_or_else(|| {
            StartError::new(
                "no database is given",
                "set --database-url, --database-url-file or the variable GALATA_DATABASE_URL",
            )
        })
    }
}

impl EncryptionKeys {
    /// Where the keys stand, for people.
    pub(super) fn source(&self) -> String {
        match self.path() {
            Some(path) => path.display().to_string(),
            None if self.file.is_some() => "from standard input".to_owned(),
            None => "from --key or GALATA_KEY".to_owned(),
        }
    }

    /// The keys of a text that was given; what is wrong with it is told with the place.
    pub(super) fn parsed(&self, text: &str) -> Result<Vault, StartError> {
        start::parse_keys(text).map_err(|error| {
            let place = match self.file {
                Some(_) => format!(
                    "{} {}",
                    given_as("--key-file", "GALATA_KEY_FILE"),
                    self.source()
                ),
                None => given_as("--key", "GALATA_KEY"),
            };
            StartError::new(format!("{place}: {}", error.what), &error.hint)
        })
    }

    /// The key file, unless it is standard input.
    pub(super) fn path(&self) -> Option<&Path> {
        self.file.as_deref().filter(|path| *path != Path::new("-"))
    }
}

/// API users at a bank: a list, so one a line in the file.
#[derive(Args, Clone)]
pub(super) struct Users {
    /// An API user at the bank: `PROVAUT:name:password`. May be given several times; the list
    /// replaces the one before.
    #[arg(long = "user", value_name = "OPERATION:NAME:PASSWORD")]
    users: Vec<String>,
    /// The same as --user, from a file with one user a line; `-` is standard input
    #[arg(
        long = "user-file",
        env = "GALATA_POS_USER_FILE",
        value_name = "PATH",
        conflicts_with = "users"
    )]
    user_file: Option<PathBuf>,
}

impl Users {
    /// What was given, one text a user.
    pub(super) fn read(&self) -> Result<Vec<String>, StartError> {
        let Some(path) = &self.user_file else {
            return Ok(self.users.clone());
        };
        let text = read_file("--user-file", "GALATA_POS_USER_FILE", path)?;
        let lines = text.lines().map(str::trim);
        Ok(lines
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect())
    }
}

/// A credential's file without the line break at its end.
fn read_file(flag: &str, variable: &str, path: &Path) -> Result<String, StartError> {
    let flag = given_as(flag, variable);
    let from_input = path == Path::new("-");
    let shown = if from_input {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    };
    let mut text = String::new();
    let read = if from_input {
        std::io::stdin()
            .lock()
            .take(FILE_BYTES_MAX + 1)
            .read_to_string(&mut text)
    } else {
        std::fs::File::open(path)
            .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text))
    };
    let bytes = read.map_err(|error| {
        StartError::new(
            format!("{flag} {shown}: {error}"),
            "it must be a file that this user may read",
        )
    })?;
    if u64::try_from(bytes).is_ok_and(|bytes| bytes > FILE_BYTES_MAX) {
        return Err(StartError::new(
            format!("{flag} {shown}: it has more than {FILE_BYTES_MAX} bytes"),
            "is this the right file?",
        ));
    }
    let text = text.trim_end_matches(['\n', '\r']);
    if text.is_empty() {
        Err(StartError::new(
            format!("{flag} {shown}: it is empty"),
            if from_input {
                "of all options one alone can read standard input"
            } else {
                "put the credential into it, or name another file"
            },
        ))
    } else {
        Ok(text.to_owned())
    }
}
