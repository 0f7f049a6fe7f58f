//! What differs from one merchant to the next, and that its bank knows: how 3DS ends, and whether points are taken.

use crate::bank::{Account, Doubt};
use crate::banks::not_supported;
use contract::enums::PosIntegrator;

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
    let is_ziraat = account.integrator == Some(PosIntegrator::ZiraatbankInnova);
    // Vakıfbank takes no points of the cards that it did not issue itself.
    let mut options = Options {
        shows_card: is_ziraat,
        points: is_ziraat,
    };
    let words = account.posnet_id.split(',').map(str::trim);
    for word in words.filter(|word| !word.is_empty()) {
        match word.to_ascii_uppercase().as_str() {
            "ESKI3D" => options.shows_card = true,
            "YENI3D" => options.shows_card = false,
            "PUAN" => options.points = true,
            _ => return Err(not_supported("the account has an unknown option")),
        }
    }
    Ok(options)
}
