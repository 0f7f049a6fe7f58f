//! Commission tables of the demo merchant's POSes: plausible figures, none of them a bank's.

use contract::enums::{Currency, PosIntegrator};
use contract::merchant_poses::UpdateMerchantPosCommission;
use contract::money::{Decimal, Rate};
use server::app::App;
use server::operations::{Actor, Problem};
use server::setup;
use server::store::poses::Pos;

/// The families that each bank's table has: those whose cards it gives instalments on.
const FAMILIES: &[(PosIntegrator, &[&str])] = &[
    (
        PosIntegrator::Garanti,
        &["Bonus", "Garanti BBVA CC", "Shop&Fly", "Miles&Smiles"],
    ),
    (PosIntegrator::Ykb, &["World"]),
    (PosIntegrator::Isbank, &["Maximum"]),
    (PosIntegrator::Ziraatbank, &["Bankkart Combo"]),
    (PosIntegrator::Halkbank, &["Paraf"]),
    (PosIntegrator::Teb, &["Bonus"]),
    (PosIntegrator::Ingbank, &["Bonus"]),
    (PosIntegrator::Finansbank, &["CardFinans"]),
    (PosIntegrator::AkbankVpos, &["Axess", "Wings"]),
    (PosIntegrator::Vakifbank, &["World"]),
    (PosIntegrator::Kuveytturk, &["Sağlam Kart"]),
    (PosIntegrator::Denizbank, &["Bonus"]),
    (PosIntegrator::ParamPos, &["CardFinans"]),
];

/// Most instalments of a table.
const INSTALLMENTS: i32 = 12;

/// Gives a new POS its table.
pub(crate) async fn fill(app: &App, pos: &Pos) -> Result<(), Problem> {
    let of_bank = FAMILIES.iter().find(|(bank, _)| *bank == pos.integrator);
    let Some((_, families)) = of_bank else {
        return Ok(());
    };
    // Instalments are lira's.
    let most = if pos.currency == Currency::Try {
        INSTALLMENTS
    } else {
        1
    };
    let rows = families.iter();
    let rows = rows.flat_map(|family| (1..=most).map(|installment| row(family, installment)));
    let rows = rows.collect();
    let by = Actor::operator();
    setup::set_commissions(app, &by, pos.merchant_id, pos.id, rows).await?;
    Ok(())
}

fn row(family: &str, installment: i32) -> UpdateMerchantPosCommission {
    const SINGLE_BLOCKAGE: i32 = 1;
    const INSTALLMENT_BLOCKAGE: i32 = 30;
    let is_single = installment == 1;
    // A single payment costs the shopper nothing, each instalment more 1.15 % of the price.
    let more = i64::from(installment - 1);
    let percent = |millionths| Some(percent(millionths));
    UpdateMerchantPosCommission {
        card_brand_name: Some(family.to_owned()),
        installment: Some(installment),
        blockage_day: Some(if is_single {
            SINGLE_BLOCKAGE
        } else {
            INSTALLMENT_BLOCKAGE
        }),
        installment_label: Some(if is_single {
            "Tek çekim".to_owned()
        } else {
            format!("{installment} taksit")
        }),
        merchant_commission_rate: percent(11_500 * more),
        bank_on_us_credit_card_commission_rate: percent(18_900 + 10_000 * more),
        bank_on_us_debit_card_commission_rate: percent(9_500).filter(|_| is_single),
        bank_not_on_us_credit_card_commission_rate: percent(21_900 + 10_500 * more),
        bank_not_on_us_debit_card_commission_rate: percent(11_500).filter(|_| is_single),
        bank_foreign_card_commission_rate: percent(32_500).filter(|_| is_single),
        ..UpdateMerchantPosCommission::default()
    }
}

fn percent(millionths: i64) -> Decimal {
    Rate::of_millionths(millionths).percent()
}
