//! `galata card …`: stored cards.

use super::options::{Listed, OfMerchant, one_of};
use super::output::{Table, say, table, warn};
use super::{Failed, StoreCommand};
use crate::app::App;
use crate::operations::cards::{self, FormerCard, SeenCard, masked};
use crate::operations::{Actor, Problem};
use crate::start::StartError;
use crate::store::cards::{CardRef, Mapping};
use clap::Subcommand;
use contract::cards::StoreCardRequest;
use contract::enums::CardProvider;
use serde::Deserialize;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Stored cards.
#[derive(Subcommand)]
pub(super) enum Card {
    /// List a merchant's stored cards, the oldest first.
    List {
        #[command(flatten)]
        of: Listed,
        /// Only those of this person.
        #[arg(long, value_name = "KEY")]
        card_user_key: Option<String>,
        /// Which page of 100, from 0.
        #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..=1_000_000))]
        page: i64,
    },
    /// Delete a stored card with its number.
    Delete {
        #[command(flatten)]
        of: OfMerchant,
        /// The person.
        #[arg(long, value_name = "KEY")]
        card_user_key: String,
        /// The card.
        #[arg(long, value_name = "TOKEN")]
        card_token: String,
    },
    /// Store the cards that a merchant had at a former provider: a file with one JSON object a line, with
    /// providerCardToken, providerCardUserId, externalId, cardNumber, expireYear, expireMonth,
    /// cardHolderName, cardAlias. What is here already is left out, so it can be given again.
    Import {
        #[command(flatten)]
        of: OfMerchant,
        /// The provider.
        #[arg(long, value_name = "PROVIDER", ignore_case = true, value_parser = one_of::<CardProvider>(CardProvider::ALL.iter().map(|one| one.as_str())))]
        provider: CardProvider,
        /// The file; `-` is standard input.
        path: PathBuf,
    },
}

/// Cards of a page.
const PAGE: i64 = 100;
/// Bytes that a line of an import may have.
const LINE_BYTES_MAX: u64 = 16 * 1024;

impl StoreCommand for Card {
    async fn run(self, app: &App, by: &Actor) -> Result<(), Failed> {
        match self {
            Card::List {
                of: Listed { of, format },
                card_user_key,
                page,
            } => {
                let user = card_user_key.as_deref();
                let found = cards::look(app, by, of.merchant, user, page, PAGE).await?;
                cards_table(&found.0).print(format)
            }
            Card::Delete {
                of,
                card_user_key,
                card_token,
            } => {
                let card = CardRef {
                    card_user_key,
                    card_token,
                };
                cards::remove(app, by, of.merchant, &card).await?;
                say("the card is deleted, and its number with it")
            }
            Card::Import { of, provider, path } => {
                import(app, by, of.merchant, provider, &path).await
            }
        }
    }
}

fn cards_table(found: &[SeenCard]) -> Table {
    table!(found, card => {
        "card user key": card.shown.card_user_key,
        "card token": card.shown.card_token,
        "number": masked(
            card.shown.bin_number.as_deref().unwrap_or(""),
            card.shown.last_four_digits.as_deref().unwrap_or(""),
        ),
        "brand": card.shown.card_brand,
        "expires": format!(
            "{}/{}",
            card.shown.expire_month.as_deref().unwrap_or(""),
            card.shown.expire_year.as_deref().unwrap_or(""),
        ),
        "state": card.shown.card_expiry_status,
        "alias": card.shown.card_alias,
        "fingerprint": card.fingerprint,
        "created at": card.created_at,
        "used at": card.used_at,
        "verified at": card.verified_at,
    })
}

/// What a line says of the card at the former provider.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Former {
    provider_card_token: String,
    provider_card_user_id: Option<String>,
    external_id: Option<String>,
}

/// A line as it was meant. Why it is not is told without its words, which hold a card.
fn read_line(provider: CardProvider, line: &str) -> Option<FormerCard> {
    let former: Former = serde_json::from_str(line).ok()?;
    let card: StoreCardRequest = serde_json::from_str(line).ok()?;
    Some(FormerCard {
        mapping: Mapping {
            provider,
            provider_card_token: former.provider_card_token,
            provider_card_user_id: former.provider_card_user_id,
            external_id: former.external_id,
        },
        card,
    })
}

async fn import(
    app: &App,
    by: &Actor,
    merchant: i64,
    provider: CardProvider,
    path: &Path,
) -> Result<(), Failed> {
    let shown = path.display();
    let unread = |error: std::io::Error| {
        StartError::new(
            format!("{shown}: {error}"),
            "it must be a file that this user may read",
        )
    };
    let file: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(path).map_err(unread)?)
    };
    let mut lines = BufReader::new(file);
    let (mut stored, mut known, mut refused) = (0_u64, 0_u64, 0_u64);
    for at in 1_u64.. {
        let mut line = zeroize::Zeroizing::new(String::new());
        let read = lines.by_ref().take(LINE_BYTES_MAX).read_line(&mut line);
        if read.map_err(unread)? == 0 {
            break;
        }
        if line.trim().is_empty() {
            continue;
        }
        let why = match read_line(provider, &line) {
            None => "is no JSON object with providerCardToken and a card".to_owned(),
            Some(former) => match cards::import(app, by, merchant, former).await {
                Ok(true) => {
                    stored += 1;
                    continue;
                }
                Ok(false) => {
                    known += 1;
                    continue;
                }
                // Nothing more would go well.
                Err(problem @ Problem::Unavailable(_)) => return Err(problem.into()),
                Err(problem) => Failed::from(problem).to_string(),
            },
        };
        refused += 1;
        warn(format_args!("line {at}: {why}"));
    }
    if stored > 0 {
        cards::note_import(app, by, merchant, provider, stored).await?;
    }
    say(format_args!(
        "{stored} cards were stored, {known} were here already, {refused} were refused"
    ))?;
    if refused == 0 {
        return Ok(());
    }
    Err(StartError::new(
        "some cards were not stored",
        "mend their lines, and give the file again: what is here is left out",
    )
    .into())
}
