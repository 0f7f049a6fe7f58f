//! `galata pos commissions …`.

use super::super::Failed;
use super::super::files;
use super::super::options::{One, Shown, one_of};
use super::super::output::{Table, put, say};
use super::said_change;
use crate::app::App;
use crate::operations::merchant_poses::{RATES, Table as PosTable};
use crate::operations::{Actor, Changed, Problem};
use crate::setup;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, Subcommand};
use contract::enums::Status;
use contract::merchant_poses::UpdateMerchantPosCommission;
use contract::money::{Decimal, Rate};
use serde_json::{Value as Json, json};
use std::path::PathBuf;

/// What card families pay in a number of instalments.
#[derive(Subcommand)]
pub(in crate::commands) enum Commissions {
    /// List the rows of a POS's table; rates are percent.
    List(Shown),
    /// Write one row; what is not given is kept.
    Set {
        #[command(flatten)]
        which: One,
        #[command(flatten)]
        row: Row,
    },
    /// Write the rows of a CSV file as `export` makes it; `-` reads standard input. Rows that are not in
    /// the file stay, and so does what an empty cell leaves open.
    Import {
        #[command(flatten)]
        which: One,
        /// The file.
        file: PathBuf,
    },
    /// Print the table as CSV.
    Export(One),
}

/// A row.
#[derive(Args)]
pub(in crate::commands) struct Row {
    /// The card family: Bonus, World, Axess …
    #[arg(long)]
    family: String,
    /// Instalments; 1 is a single payment.
    #[arg(long, value_name = "NUMBER")]
    installment: i32,
    /// Whether it is offered; a new row is ACTIVE.
    #[arg(long, ignore_case = true, value_parser = one_of::<Status>(Status::ALL.iter().map(|one| one.as_str())))]
    status: Option<Status>,
    /// What shoppers are shown beside it.
    #[arg(long)]
    label: Option<String>,
    /// Days that the bank keeps the money.
    #[arg(long, value_name = "DAYS")]
    blockage_days: Option<i32>,
    #[command(flatten)]
    rates: Rates,
}

/// An option for each rate, in the order of [`RATES`].
struct Rates(Vec<Option<Decimal>>);

impl Args for Rates {
    fn augment_args(command: Command) -> Command {
        let percent = |text: &str| {
            let percent = setup::percent(text);
            percent.ok_or("not a percentage such as 2.5")
        };
        command.args(RATES.iter().map(|rate| {
            let option = Arg::new(rate.flag).long(rate.flag).help(rate.help);
            let option = option.value_name("PERCENT").allow_hyphen_values(true);
            option.value_parser(percent)
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Rates::augment_args(command)
    }
}

impl FromArgMatches for Rates {
    fn from_arg_matches(given: &ArgMatches) -> Result<Rates, clap::Error> {
        let rates = RATES.iter();
        let rates = rates.map(|rate| given.get_one::<Decimal>(rate.flag).copied());
        Ok(Rates(rates.collect()))
    }

    fn update_from_arg_matches(&mut self, given: &ArgMatches) -> Result<(), clap::Error> {
        *self = Rates::from_arg_matches(given)?;
        Ok(())
    }
}

impl Row {
    fn request(self) -> UpdateMerchantPosCommission {
        let mut request = UpdateMerchantPosCommission {
            card_brand_name: Some(self.family),
            installment: Some(self.installment),
            status: self.status,
            blockage_day: self.blockage_days,
            installment_label: self.label,
            ..UpdateMerchantPosCommission::default()
        };
        for (rate, percent) in RATES.iter().zip(self.rates.0) {
            *(rate.sent)(&mut request) = percent;
        }
        request
    }
}

impl Commissions {
    pub(super) async fn run(self, app: &App, by: &Actor) -> Result<(), Failed> {
        match self {
            Commissions::List(Shown { one, format }) => list(app, by, one).await?.print(format),
            Commissions::Set { which, row } => {
                let written = write(app, by, &which, vec![row.request()]).await;
                say_written(which.id, written.map_err(|problem| told(problem, option))?)
            }
            Commissions::Import { which, file } => {
                let in_file =
                    |problem| told(problem, |row, field| format!("{field} in row {}", row + 1));
                let rows = setup::commissions_of_file(&files::read(&file)?).map_err(in_file)?;
                let written = write(app, by, &which, rows).await;
                say_written(which.id, written.map_err(in_file)?)
            }
            Commissions::Export(One { of, id }) => {
                let (_, rows) = setup::commissions_of(app, by, of.merchant, id).await?;
                put(&setup::commissions_file(&rows))
            }
        }
    }
}

async fn list(app: &App, by: &Actor, One { of, id }: One) -> Result<Table, Failed> {
    let (_, rows) = setup::commissions_of(app, by, of.merchant, id).await?;
    let mut columns = vec!["family", "installment", "status", "label", "blockage days"];
    let rates: Vec<String> = RATES
        .iter()
        .map(|rate| rate.flag.replace('-', " "))
        .collect();
    columns.extend(rates.iter().map(String::as_str));
    let rows = rows.iter().map(|row| {
        let mut cells = vec![
            json!(row.family),
            json!(row.installment),
            json!(row.status),
            json!(row.label),
            json!(row.blockage_days),
        ];
        let rates = RATES.iter().map(|rate| (rate.stored)(row));
        cells.extend(rates.map(|rate| json!(rate.map(Rate::percent))));
        Json::from(cells)
    });
    Ok(Table::new(&columns, rows))
}

async fn write(
    app: &App,
    by: &Actor,
    which: &One,
    rows: Vec<UpdateMerchantPosCommission>,
) -> Result<Changed<PosTable>, Problem> {
    setup::set_commissions(app, by, which.of.merchant, which.id, rows).await
}

fn say_written(id: i64, changed: Changed<PosTable>) -> Result<(), Failed> {
    let (what, count) = (said_change(changed.is_same), changed.now.rows.len());
    say(format_args!("the table of pos {id} {what}: {count} rows"))
}

/// A problem that names its place as who typed the command knows it.
fn told(problem: Problem, place: impl Fn(usize, &str) -> String) -> Problem {
    match problem {
        Problem::Rule { rule, mut values } => {
            for (name, value) in &mut values {
                if let Some((row, field)) =
                    setup::commission_field(value).filter(|_| *name == "field")
                {
                    *value = place(row, field);
                }
            }
            Problem::Rule { rule, values }
        }
        other => other,
    }
}

/// The option that sets a field of a row.
fn option(_row: usize, field: &str) -> String {
    let rate = RATES.iter().find(|rate| rate.wire == field);
    let option = match field {
        "cardBrandName" => "family",
        "installmentLabel" => "label",
        "blockageDay" => "blockage-days",
        field => rate.map_or(field, |rate| rate.flag),
    };
    format!("--{option}")
}
