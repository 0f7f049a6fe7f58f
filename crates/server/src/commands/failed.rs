//! Why a command failed, in words for the person who typed it: fields are told as the flags that
//! set them, and what can be done about it is said.

use crate::operations::Problem;
use crate::start::StartError;
use contract::errors::Language;
use contract::rules::Rule;
use std::fmt;

/// Why a command failed.
pub enum Failed {
    /// The server's parts do not open, or what was typed names nothing.
    Start(StartError),
    /// What was asked for breaks a rule.
    Problem(Problem),
}

impl From<StartError> for Failed {
    fn from(error: StartError) -> Failed {
        Failed::Start(error)
    }
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Failed {
        Failed::Problem(problem)
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failed::Start(error) => error.fmt(f),
            Failed::Problem(Problem::Rule { rule, values }) => {
                let lacking = values.iter().find(|(name, _)| *name == "missing");
                match (missing(*rule, values), lacking) {
                    (Some((what, hint)), _) => write!(f, "{what}\nhint: {hint}"),
                    (None, Some((_, fields))) => f.write_str(&all_missing(fields)),
                    (None, None) => broken(f, *rule, values),
                }
            }
            Failed::Problem(Problem::Unavailable(why)) => f.write_str(why),
            Failed::Problem(Problem::Failed { failure, .. }) => {
                f.write_str(failure.group.text(Language::En))
            }
            Failed::Problem(Problem::Doubt { payment_id }) => {
                write!(f, "nobody knows yet what became of payment {payment_id}")
            }
            Failed::Problem(Problem::UnderWay { payment_id }) => {
                write!(
                    f,
                    "payment {payment_id} is being worked on; try again in a moment"
                )
            }
            Failed::Problem(Problem::Moved) => {
                f.write_str("something else changed it at the same moment; try again")
            }
        }
    }
}

fn broken(
    f: &mut fmt::Formatter<'_>,
    rule: Rule,
    values: &[(&'static str, String)],
) -> fmt::Result {
    let told: Vec<(&str, String)> = values
        .iter()
        .map(|(name, value)| match *name {
            "field" => (*name, flag(value)),
            name => (name, value.clone()),
        })
        .collect();
    let told: Vec<(&str, &str)> = told.iter().map(|(name, v)| (*name, v.as_str())).collect();
    let text = rule.text(Language::En, &told);
    f.write_str(&text)?;
    if let Some((_, field)) = told.iter().find(|(name, _)| *name == "field")
        && field.starts_with("--")
        && !text.contains(field)
    {
        write!(f, " ({field})")?;
    }
    match hint(rule) {
        "" => Ok(()),
        hint => write!(f, "\nhint: {hint}"),
    }
}

/// All flags that are needed and were not given, and how a credential stays off the command line.
fn all_missing(fields: &str) -> String {
    let flags: Vec<String> = fields.split(' ').map(missing_flag).collect();
    let verb = match flags.len() {
        1 => "is",
        _ => "are",
    };
    let mut files: Vec<String> = flags
        .iter()
        .filter_map(|flag| flag.split(' ').next())
        .filter(|flag| CREDENTIALS.contains(flag))
        .map(|flag| format!("{flag}-file"))
        .collect();
    files.dedup();
    let told = format!("{} {verb} needed", flags.join(", "));
    if files.is_empty() {
        told
    } else {
        format!(
            "{told}\nhint: a credential need not stand on the command line: {} PATH reads it from a file, of --user one a line",
            files.join(" PATH, ")
        )
    }
}

/// The flags that have a `-file` form.
const CREDENTIALS: [&str; 4] = [
    "--threeds-key",
    "--user",
    "--client-secret",
    "--notification-secret",
];

/// The flag that sets a missing field; of a user which one is meant, too.
fn missing_flag(field: &str) -> String {
    let kind = field.strip_prefix("merchantPosUsers[");
    match kind.and_then(|rest| rest.strip_suffix(']')) {
        Some(kind) => format!("--user {kind}:NAME:PASSWORD"),
        None => flag(field),
    }
}

/// What was named and is not there, and where it could be seen.
fn missing(rule: Rule, values: &[(&str, String)]) -> Option<(&'static str, &'static str)> {
    let (_, field) = values.iter().find(|(name, _)| *name == "field")?;
    match (rule, field.as_str()) {
        (Rule::InvalidId, "webhook") => Some((
            "this merchant has no webhook with this --id",
            "`galata webhook list --merchant ID` shows them",
        )),
        (Rule::InvalidId, "request") => Some((
            "this merchant has no logged request with this --id",
            "`galata request list --merchant ID` shows them",
        )),
        (Rule::InvalidId, "email" | "user") => Some((
            "nobody here has this --email",
            "`galata user list --merchant ID` shows who is here",
        )),
        (Rule::UnknownValue, "apiKey") => Some((
            "this merchant has no such API key, or it works no longer",
            "`galata merchant key list ID` shows them",
        )),
        (Rule::NotAUrl, "webhookUrl") => Some((
            "this merchant has no webhook address",
            "`galata merchant webhook ID https://…` sets it",
        )),
        _ => None,
    }
}

/// What can be done about it.
fn hint(rule: Rule) -> &'static str {
    match rule {
        Rule::PosNotFound => "`galata pos list --merchant ID` shows them",
        Rule::RoutingRuleNotFound => "`galata routing rules --merchant ID` shows them",
        Rule::NoDayList => "name the file that the bank's pages give with --file",
        Rule::DifferenceNotFound => "`galata difference list --merchant ID` shows them",
        Rule::ApmNotFound => "`galata apm list --merchant ID` shows them",
        Rule::HostNotAllowed => {
            "the operator allows it, as host or host:port, with --allow-bank-host or GALATA_ALLOW_BANK_HOST"
        }
        _ => "",
    }
}

/// The flag that sets a field of the API: `clientId` is `--client-id`. Who asked may have named the flag,
/// or a place that is none, in several words.
fn flag(field: &str) -> String {
    if field.starts_with("--") || field.contains(' ') {
        return field.to_owned();
    }
    let field = field.split('[').next().unwrap_or(field);
    match field {
        "startDate" => "--from".to_owned(),
        "endDate" => "--to".to_owned(),
        "paidPrice" => "--amount".to_owned(),
        "posIntegrator" => "--integrator".to_owned(),
        "merchantPosUsers" => "--user".to_owned(),
        "hostname" | "path" => "--endpoint".to_owned(),
        "threedsPath" => "--threeds-page".to_owned(),
        "merchantApmId" => "--id".to_owned(),
        "key" => "--own".to_owned(),
        "url" => "the address".to_owned(),
        "overlapHours" => "--overlap-hours".to_owned(),
        field => format!("--{}", kebab(field)),
    }
}

fn kebab(camel: &str) -> String {
    let mut kebab = String::new();
    for letter in camel.chars() {
        if letter.is_ascii_uppercase() {
            kebab.push('-');
        }
        kebab.push(letter.to_ascii_lowercase());
    }
    kebab
}
