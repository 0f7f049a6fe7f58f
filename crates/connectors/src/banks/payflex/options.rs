//! What differs from one merchant to the next, and that its bank knows: how 3DS ends, and whether points are taken.

use crate::account::{AGREED, AGREED_POINTS, AccountOption, words};
use crate::bank::{Account, Doubt};
use crate::banks::not_supported;
use contract::enums::PosIntegrator;

const WITH_CARD: &str = "WITH_CARD";
const WITHOUT_CARD: &str = "WITHOUT_CARD";

/// How 3DS ends.
pub(super) const FINISH: AccountOption = AccountOption {
    name: "threedsFinish",
    flag: "threeds-finish",
    label: words("3DS sonrası satış", "Sale after 3DS"),
    in_sentence: "The sale after 3DS",
    hint: words(
        "Banka destek ekibi başka söylemedikçe değiştirmeyin. 1127 kodu “kart gönderilmemeli”, 1126 “kart bilgisi eksik” \
         anlamına gelebilir.",
        "Leave it unless the bank’s support says otherwise. Code 1127 may mean that no card must be sent, 1126 that it is \
         missing.",
    ),
    choices: &[
        (
            WITHOUT_CARD,
            words("Kart yeniden gönderilmez", "The card is not sent again"),
        ),
        (
            WITH_CARD,
            words("Kart yeniden gönderilir", "The card is sent again"),
        ),
    ],
};

/// How a merchant is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Options {
    /// The sale after 3DS shows the card and the sum again; else the bank sells what its MPI verified.
    pub(super) shows_card: bool,
    /// Points are asked and spent.
    pub(super) points: bool,
}

/// Those of an account, which go before those of its bank.
pub(super) fn of(account: &Account) -> Result<Options, Doubt> {
    let unknown = || not_supported("the account has an unknown option");
    let is_ziraat = account.integrator == Some(PosIntegrator::ZiraatbankInnova);
    let shows_card = match account.options.get(FINISH.name) {
        "" => is_ziraat,
        WITH_CARD => true,
        WITHOUT_CARD => false,
        _ => return Err(unknown()),
    };
    // Vakıfbank takes no points of the cards that it did not issue itself.
    let points = match account.options.get(AGREED_POINTS.name) {
        "" => is_ziraat,
        AGREED => true,
        _ => return Err(unknown()),
    };
    Ok(Options { shows_card, points })
}
