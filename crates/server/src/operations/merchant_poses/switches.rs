//! The switches of a POS: what it may be used for, whatever its bank. Forms, commands, requests and
//! answers walk this list.

use crate::store::poses::PosSettings;
use connectors::bank::Verb;
use connectors::directory;
use contract::enums::PosIntegrator;
use contract::merchant_poses::{
    CreateMerchantPosRequest, MerchantPosResponse, UpdateMerchantPosRequest,
};

/// A switch of a POS.
pub struct Switch {
    /// The contract's and the form's name.
    pub wire: &'static str,
    /// How people set it; `None` for one that the API alone carries.
    pub offered: Option<Offered>,
    /// What a bank must have for it to mean anything; `None` where any will do.
    pub needs: Option<Verb>,
    /// Whether it is on.
    pub stored: fn(&PosSettings) -> bool,
    /// To turn it.
    pub stored_mut: fn(&mut PosSettings) -> &mut bool,
    /// Of a request for a new POS.
    pub created: fn(&CreateMerchantPosRequest) -> Option<bool>,
    /// Of a change; `None` keeps it.
    pub sent: fn(&mut UpdateMerchantPosRequest) -> &mut Option<bool>,
    /// Of an answer.
    pub shown: fn(&mut MerchantPosResponse) -> &mut Option<bool>,
}

/// How people set a switch.
pub struct Offered {
    /// Its option of the command line.
    pub flag: &'static str,
    /// The option's help.
    pub help: &'static str,
    /// Its Turkish name.
    pub tr: &'static str,
    /// Its English name.
    pub en: &'static str,
    /// What it does.
    pub hint_tr: &'static str,
    /// What it does.
    pub hint_en: &'static str,
    /// Whether it is on in the form of a new POS: not what the bank must have allowed, or what costs
    /// more.
    pub new: bool,
}

macro_rules! switch {
    ($field:ident, $wire:literal, $needs:expr, $offered:expr) => {
        Switch {
            wire: $wire,
            offered: $offered,
            needs: $needs,
            stored: |at| at.$field,
            stored_mut: |at| &mut at.$field,
            created: |request| request.$field,
            sent: |request| &mut request.$field,
            shown: |answer| &mut answer.$field,
        }
    };
}

/// Every switch, in the order in which they are shown.
#[rustfmt::skip] // A table.
pub static SWITCHES: [Switch; 5] = [
    switch!(enable_installment, "enableInstallment", None, Some(Offered {
        flag: "installments", help: "Take instalments", new: true,
        tr: "Taksit", hint_tr: "Taksitli ödemeler de bu POS’tan geçebilir.",
        en: "Instalments", hint_en: "Payments in instalments may go through it.",
    })),
    switch!(enable_loyalty, "enableLoyalty", Some(Verb::Loyalties), Some(Offered {
        flag: "loyalty", help: "Ask and spend points and campaigns", new: true,
        tr: "Ödül ve puan", hint_tr: "Kartın puanları sorulur ve harcanır, kampanyalar seçilebilir.",
        en: "Rewards and points", hint_en: "Points are asked and spent, and campaigns can be chosen.",
    })),
    switch!(enable_payment_without_cvc, "enablePaymentWithoutCvc", None, Some(Offered {
        flag: "without-cvc", help: "Take payments without CVC, and so stored cards", new: false,
        tr: "CVC’siz ödeme", hint_tr: "Kayıtlı kartla ödeme için gereklidir. Bankanız bu yetkiyi vermiş olmalıdır.",
        en: "Payment without CVC", hint_en: "Stored cards need it. Your bank must have allowed it.",
    })),
    switch!(enable_foreign_card, "enableForeignCard", None, Some(Offered {
        flag: "foreign-cards", help: "Take cards of foreign issuers", new: false,
        tr: "Yurt dışı kartları", hint_tr: "Yurt dışında verilmiş kartlar da kabul edilir.",
        en: "Foreign cards", hint_en: "Takes cards of foreign issuers.",
    })),
    switch!(new_integration, "newIntegration", None, None),
];

/// The switches that people set.
pub fn offered() -> impl Iterator<Item = (&'static Switch, &'static Offered)> {
    let switches = SWITCHES.iter();
    switches.filter_map(|switch| Some((switch, switch.offered.as_ref()?)))
}

/// Those of them that mean something at a bank.
pub fn offered_at(
    integrator: PosIntegrator,
) -> impl Iterator<Item = (&'static Switch, &'static Offered)> {
    let has = move |verb| directory::can(integrator, verb);
    offered().filter(move |(switch, _)| switch.needs.is_none_or(has))
}
