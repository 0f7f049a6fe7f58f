//! `galata bins …`.

use super::output::{Format, Table, put, say, table, warn};
use super::{Failed, StoreCommand, files};
use crate::app::App;
use crate::bins::FILE_BYTES_MAX;
use crate::operations::{Actor, Problem};
use crate::setup::BinListChange;
use crate::start::StartError;
use crate::store::bin_lists::{self, Edition};
use clap::Subcommand;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// BINs: what cards' first digits tell, and where it comes from.
#[derive(Subcommand)]
pub(super) enum Bins {
    /// Use the list of a CSV file in place of the one in use, in every process and without a restart. The file
    /// has columns as `galata bins export` writes them, or those of the public list. It is taken whole, or
    /// refused with line and column.
    Import {
        /// The file; `-` is standard input.
        file: PathBuf,
        /// Say what would change, and change nothing.
        #[arg(long)]
        dry_run: bool,
        /// Take a list that knows nothing any more of most BINs that are known.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        format: Format,
    },
    /// Use the compiled-in list again.
    Reset {
        /// Say what would change, and change nothing.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        format: Format,
    },
    /// Show which list is in use and which were before it; with a BIN, what it tells.
    Show {
        /// Six or eight digits; of a longer number the rest is dropped.
        bin: Option<String>,
        #[command(flatten)]
        format: Format,
    },
    /// Print the list in use as CSV.
    Export {
        /// Another edition that is kept.
        #[arg(long, value_name = "NUMBER")]
        edition: Option<i64>,
    },
}

/// What stands for the compiled-in list where files are named.
const COMPILED_IN: &str = "compiled in";
/// BINs that are named of each kind of difference.
const NAMED_MAX: usize = 10;
/// Characters of a file's name that are kept.
const NAME_CHARS_MAX: usize = 255;

impl StoreCommand for Bins {
    async fn run(self, app: &App, by: &Actor) -> Result<(), Failed> {
        match self {
            Bins::Import {
                file,
                dry_run,
                force,
                format,
            } => {
                let bytes = files::bytes_up_to(&file, FILE_BYTES_MAX)?;
                let list = app.bins.read(&bytes);
                let list = list.map_err(|flaw| files::unreadable(&file, &flaw))?;
                let change = BinListChange::plan(app, Some((name(&file), list))).await?;
                carry_out(app, by, &change, (dry_run, force), format).await
            }
            Bins::Reset { dry_run, format } => {
                let change = BinListChange::plan(app, None).await?;
                carry_out(app, by, &change, (dry_run, true), format).await
            }
            Bins::Show { bin: None, format } => {
                let (used, newest) = app.bins.editions();
                if used != newest {
                    warn(format_args!("edition {newest} cannot be read"));
                }
                let kept = bin_lists::all(app).await.map_err(Problem::from)?;
                editions(app, &kept).print(format)
            }
            Bins::Show {
                bin: Some(digits),
                format,
            } => show(app, &digits)?.print_fields(format),
            Bins::Export { edition } => put(&exported(app, edition).await?),
        }
    }
}

/// A file's name without its folder.
fn name(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    let name: String = name.chars().take(NAME_CHARS_MAX).collect();
    if name.is_empty() || file == Path::new("-") {
        "standard input".to_owned()
    } else {
        name
    }
}

/// Tells what changes, and changes it unless that is not wanted.
async fn carry_out(
    app: &App,
    by: &Actor,
    change: &BinListChange,
    (dry_run, force): (bool, bool),
    format: Format,
) -> Result<(), Failed> {
    // People see the difference before anything is written, scripts one object at the end.
    if !format.json {
        difference(change, None, format).print_fields(format)?;
    }
    let refused = change.loses_most() && !force;
    let edition = if change.is_same || dry_run || refused {
        None
    } else {
        Some(change.make(app, by).await?)
    };
    if format.json {
        difference(change, edition, format).print_fields(format)?;
    }
    if refused && !change.is_same && !dry_run {
        let what = format!(
            "nothing was taken: of {} BINs that are known, {} would not be known any more",
            change.present,
            change.gone.len()
        );
        let hint = "is it the right file? --force takes it all the same";
        return Err(StartError::new(what, hint).into());
    }
    match edition {
        _ if format.json => Ok(()),
        Some(edition) => say(format_args!(
            "edition {edition} is in use; servers that run take it up within some seconds"
        )),
        None if change.is_same => say("this list is in use already; nothing was taken"),
        None => say("nothing was taken"),
    }
}

/// What a list changes, and for scripts its edition, if it was taken.
fn difference(change: &BinListChange, edition: Option<i64>, format: Format) -> Table {
    let named = |bins: &BTreeSet<String>| json!(bins.iter().take(NAMED_MAX).collect::<Vec<_>>());
    let mut rows = vec![
        json!(["list", change.file_name.as_deref().unwrap_or(COMPILED_IN)]),
        json!(["bins", change.bins]),
        json!(["binsInUse", change.present]),
        json!(["new", change.new.len()]),
        json!(["newBins", named(&change.new)]),
        json!(["gone", change.gone.len()]),
        json!(["goneBins", named(&change.gone)]),
        json!(["changed", change.changed.len()]),
        json!(["changedBins", named(&change.changed)]),
    ];
    if format.json {
        rows.push(json!(["edition", edition]));
    }
    Table::new(&["list of bins", "value"], rows)
}

/// The editions that are kept, the newest first, and the list that is compiled in.
fn editions(app: &App, kept: &[Edition]) -> Table {
    let (used, _) = app.bins.editions();
    let compiled_in = app.bins.compiled_in().len();
    let kept = kept.iter().map(|one| {
        let list = one.file_name.as_deref().unwrap_or(COMPILED_IN);
        let bins = one.bins.map_or(json!(compiled_in), Json::from);
        let at = Some(one.imported_at);
        (Some(one.edition), list, bins, at, one.sha256.as_deref())
    });
    let first = (None, COMPILED_IN, json!(compiled_in), None, None);
    table!(kept.chain([first]), (edition, list, bins, at, sha256) => {
        "edition": edition,
        "in use": edition.unwrap_or(0) == used,
        "list": list,
        "bins": bins,
        "imported at": at,
        "sha256": sha256,
    })
}

fn show(app: &App, digits: &str) -> Result<Table, StartError> {
    let digits: String = digits
        .chars()
        .filter(|c| !c.is_whitespace())
        .take(8)
        .collect();
    let is_bin = digits.bytes().all(|byte| byte.is_ascii_digit()) && matches!(digits.len(), 6 | 8);
    if !is_bin {
        return Err(StartError::new("a BIN has six or eight digits", ""));
    }
    let bin = app.bins.of(&digits).ok_or_else(|| {
        StartError::new(
            format!("the list in use does not know {digits}"),
            "a card of it is taken for a foreign one",
        )
    })?;
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let rows = [
        json!(["bin", digits]),
        json!(["bankCode", Some(bin.bank_code).filter(|code| *code > 0)]),
        json!(["bankName", given(&bin.bank_name)]),
        json!(["cardType", bin.card_type]),
        json!(["cardAssociation", bin.association]),
        json!(["cardBrand", given(&bin.brand)]),
        json!(["family", given(&bin.family)]),
        json!(["commercial", bin.commercial]),
    ];
    Ok(Table::new(&["bin", "value"], rows))
}

async fn exported(app: &App, edition: Option<i64>) -> Result<String, Failed> {
    let Some(edition) = edition else {
        return Ok(app.bins.now().file());
    };
    let kept = bin_lists::content(&app.db, edition).await;
    match kept.map_err(Problem::from)? {
        Some(Some(content)) => Ok(content),
        Some(None) => Ok(app.bins.compiled_in().file()),
        None => Err(StartError::new(
            format!("edition {edition} is not kept"),
            "`galata bins show` lists those that are",
        )
        .into()),
    }
}
