//! Commission tables beyond the API: read by people, and as files that spreadsheets open and write.

use super::no_claims;
use crate::app::App;
use crate::csv;
use crate::operations::merchant_poses::{self, RATES};
use crate::operations::{Actor, Audited, Changed, Permission, Problem};
use crate::store::commissions::{self, Commission};
use crate::store::poses::Pos;
use contract::enums::Status;
use contract::merchant_poses::UpdateMerchantPosCommission;
use contract::money::{Decimal, Rate};
use contract::rules::Rule;
use std::str::FromStr;

/// A POS and its table, for somebody who may look at it.
pub async fn commissions_of(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    id: i64,
) -> Result<(Pos, Vec<Commission>), Problem> {
    let permission = Permission::LookAtSettings;
    by.require(app, merchant_id, permission, "pos.look", &id.to_string())
        .await?;
    let pos = Pos::load(app, merchant_id, id).await?;
    let rows = commissions::of_pos(app, merchant_id, id).await?;
    Ok((pos, rows))
}

/// Writes rows into a POS's table; the others stay.
pub async fn set_commissions(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    id: i64,
    rows: Vec<UpdateMerchantPosCommission>,
) -> Result<Changed<merchant_poses::Table>, Problem> {
    let claims = no_claims(merchant_id);
    merchant_poses::change_commissions(app, by, &claims, id, Some(rows)).await
}

/// Deletes a POS.
pub async fn delete_pos(app: &App, by: &Actor, merchant_id: i64, id: i64) -> Result<(), Problem> {
    merchant_poses::delete_pos(app, by, &no_claims(merchant_id), id).await
}

/// The columns of a file, before the rates: the contract's names.
const FAMILY: &str = "cardBrandName";
const INSTALLMENT: &str = "installment";
const STATUS: &str = "status";
const LABEL: &str = "installmentLabel";
const BLOCKAGE: &str = "blockageDay";
const COLUMNS: [&str; 5] = [FAMILY, INSTALLMENT, STATUS, LABEL, BLOCKAGE];

/// A table as a file: a line for each row, rates in percent.
pub fn commissions_file(rows: &[Commission]) -> String {
    let heading = COLUMNS
        .into_iter()
        .chain(RATES.iter().map(|rate| rate.wire));
    let mut file = csv::row(heading);
    for row in rows {
        let mut cells = vec![
            row.family.clone(),
            row.installment.to_string(),
            row.status.to_string(),
            row.label.clone().unwrap_or_default(),
            row.blockage_days
                .map_or_else(String::new, |days| days.to_string()),
        ];
        cells.extend(RATES.iter().map(|rate| {
            let percent = (rate.stored)(row).map(Rate::percent);
            percent.map_or_else(String::new, |percent| percent.to_string())
        }));
        file.push_str(&csv::row(cells));
    }
    file
}

/// The rows of a file: a heading with the columns in any order, then a line each. An empty cell keeps
/// what the table has. What cannot be read is named as the API names it, `commissions[0]` being the first
/// line below the heading.
pub fn commissions_of_file(text: &str) -> Result<Vec<UpdateMerchantPosCommission>, Problem> {
    let broken = || Problem::field(Rule::WrongType, "commissions");
    let mut lines = csv::read(text).ok_or_else(broken)?.into_iter();
    let heading = lines.next().ok_or_else(broken)?;
    let heading: Vec<&str> = heading.iter().map(|name| name.trim()).collect();
    let known = |name: &str| {
        COLUMNS.contains(&name) || RATES.iter().any(|rate| rate.wire == name) || name.is_empty()
    };
    if let Some(strange) = heading.iter().find(|name| !known(name)) {
        return Err(Problem::field(Rule::UnknownValue, strange));
    }
    for name in [FAMILY, INSTALLMENT] {
        if !heading.contains(&name) {
            return Err(Problem::field(Rule::Required, name));
        }
    }
    let is_filled = |cells: &Vec<String>| cells.iter().any(|cell| !cell.trim().is_empty());
    let lines = lines.filter(is_filled).enumerate();
    lines
        .map(|(line, cells)| {
            if cells.len() > heading.len() {
                let row = (line + 1).to_string();
                return Err(Problem::with(Rule::MoreCellsThanHead, &[("row", &row)]));
            }
            let mut row = UpdateMerchantPosCommission::default();
            for (name, cell) in heading.iter().zip(&cells) {
                let wrong = || {
                    let field = format!("commissions[{line}].{name}");
                    Problem::field(Rule::WrongType, field)
                };
                fill(&mut row, name, cell.trim()).ok_or_else(wrong)?;
            }
            Ok(row)
        })
        .collect()
}

/// Which row, from 0, and which field of it a problem names.
pub fn commission_field(path: &str) -> Option<(usize, &str)> {
    let (row, field) = path.strip_prefix("commissions[")?.split_once(']')?;
    Some((row.parse().ok()?, field.strip_prefix('.')?))
}

/// Writes a cell into a row; `None` when it is not of its column's kind. An empty one says nothing.
fn fill(row: &mut UpdateMerchantPosCommission, name: &str, cell: &str) -> Option<()> {
    if cell.is_empty() {
        return Some(());
    }
    match name {
        FAMILY => row.card_brand_name = Some(cell.to_owned()),
        INSTALLMENT => row.installment = Some(cell.parse().ok()?),
        STATUS => row.status = Some(Status::from_str(&cell.to_uppercase()).ok()?),
        LABEL => row.installment_label = Some(cell.to_owned()),
        BLOCKAGE => row.blockage_day = Some(cell.parse().ok()?),
        rate => {
            let rate = RATES.iter().find(|known| known.wire == rate)?;
            *(rate.sent)(row) = Some(percent(cell)?);
        }
    }
    Some(())
}

/// A percentage as people and spreadsheets write it: `2.5`, `2,5`, `%2,5`, `2.5 %`.
pub fn percent(text: &str) -> Option<Decimal> {
    let bare = text.trim_matches(|c: char| c == '%' || c.is_whitespace());
    let dotted = if bare.contains('.') {
        bare.to_owned()
    } else {
        bare.replacen(',', ".", 1)
    };
    let is_plain = |b: u8| b.is_ascii_digit() || matches!(b, b'.' | b'-');
    let plain = dotted.bytes().all(is_plain);
    plain.then(|| dotted.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_read_as_people_write_it() {
        for (text, read) in [
            ("2.5", Some("2.5")),
            ("2,5", Some("2.5")),
            ("%2,5", Some("2.5")),
            ("2.5 %", Some("2.5")),
            ("-1,25", Some("-1.25")),
            ("0", Some("0")),
            ("1.234,5", None),
            ("1,2,3", None),
            ("1e3", None),
            ("", None),
            ("%", None),
            ("x", None),
        ] {
            let found = percent(text).map(|percent| percent.to_string());
            assert_eq!(found.as_deref(), read, "{text}");
        }
    }

    #[test]
    fn a_file_of_a_turkish_spreadsheet_is_read_and_a_wrong_cell_named() {
        let file = "\u{feff}installment;cardBrandName;merchantCommissionRate;status;\r\n\
                    3;Bonus;3,5;passive;\r\n;;;;\r\n6;\"Sağlam Kart\";%7;;\r\n";
        let rows = commissions_of_file(file).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].installment, Some(3));
        assert_eq!(rows[0].status, Some(Status::Passive));
        let rate = rows[0].merchant_commission_rate.unwrap();
        assert_eq!(rate.to_string(), "3.5");
        assert_eq!(rows[1].card_brand_name.as_deref(), Some("Sağlam Kart"));
        assert_eq!((rows[1].status, rows[1].blockage_day), (None, None));
        for (file, field) in [
            ("", "commissions"),
            ("cardBrandName,installment\n\"Bonus,1", "commissions"),
            ("cardBrandName\nBonus", "installment"),
            ("installment\n1", "cardBrandName"),
            ("cardBrandName,installment,rate\nBonus,1,2", "rate"),
            (
                "cardBrandName,installment\nBonus,1\nBonus,x",
                "commissions[1].installment",
            ),
            (
                "cardBrandName,installment,blockageDay\nBonus,1,1.5",
                "commissions[0].blockageDay",
            ),
            (
                "cardBrandName,installment,status\nBonus,1,on",
                "commissions[0].status",
            ),
            (
                "cardBrandName,installment,merchantCommissionRate\nBonus,1,a",
                "commissions[0].merchantCommissionRate",
            ),
        ] {
            let Err(Problem::Rule { values, .. }) = commissions_of_file(file) else {
                panic!("{file}");
            };
            assert_eq!(values[0].1, field, "{file}");
        }
    }
}
