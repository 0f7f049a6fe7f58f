//! What an account at a bank or lender needs, as data: its fields with their names for people, its API
//! users and its currencies. Forms, commands, checks, masks and the audit log walk these lists, so that
//! none of them names a bank. How a protocol uses the values is the protocol's business.

use crate::bank::Account;
use crate::lender::LenderAccount;
use contract::card::{Secret, SensitiveText};
use contract::enums::{Currency, PosOperationType};
use contract::merchant_poses::{
    CreateMerchantPosRequest, MerchantPosResponse, UpdateMerchantPosRequest,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A text for people in Turkish and English.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    /// Turkish.
    pub tr: &'static str,
    /// English.
    pub en: &'static str,
}

/// A text for people in Turkish and English.
pub const fn words(tr: &'static str, en: &'static str) -> Words {
    Words { tr, en }
}

/// One field of an account, whose value goes into `S`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<S> {
    /// Which value of the account it is.
    pub slot: S,
    /// What it is called above its input.
    pub label: Words,
    /// What it is called in an English sentence: "The merchant number". Turkish has no article.
    pub in_sentence: &'static str,
    /// What the bank's own papers call it; may be empty.
    pub code: &'static str,
    /// What is said below its input while nothing is stored.
    pub hint: Option<Words>,
    /// Whether its value is never shown.
    pub is_secret: bool,
    /// What cannot be done without it.
    pub need: Need,
}

/// What cannot be done without a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Anything.
    Always,
    /// 3D Secure.
    ThreeDs,
    /// Nothing: a number that some merchants have for 3D Secure alone, in place of another one.
    Never,
}

impl Need {
    /// Whether the field must be there, with 3D Secure or without.
    pub fn holds(self, with_threeds: bool) -> bool {
        match self {
            Need::Always => true,
            Need::ThreeDs => with_threeds,
            Need::Never => false,
        }
    }
}

impl<S: Copy> Field<S> {
    /// A field that is not secret, and without which nothing can be done.
    pub const fn new(
        slot: S,
        tr: &'static str,
        en: &'static str,
        in_sentence: &'static str,
    ) -> Field<S> {
        Field {
            slot,
            label: words(tr, en),
            in_sentence,
            code: "",
            hint: None,
            is_secret: false,
            need: Need::Always,
        }
    }

    /// The same field under the name that a bank's papers give it.
    #[must_use]
    pub const fn coded(self, code: &'static str) -> Field<S> {
        Field { code, ..self }
    }

    /// The same field, with something said below it.
    #[must_use]
    pub const fn hinted(self, tr: &'static str, en: &'static str) -> Field<S> {
        let hint = Some(words(tr, en));
        Field { hint, ..self }
    }

    /// The same field, needed for something else.
    #[must_use]
    pub const fn needed_for(self, need: Need) -> Field<S> {
        Field { need, ..self }
    }

    /// The same field, as a secret.
    #[must_use]
    pub const fn secret(self) -> Field<S> {
        let is_secret = true;
        Field { is_secret, ..self }
    }
}

/// An API user that a bank gives its merchants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiUser {
    /// What it may do.
    pub operation: PosOperationType,
    /// What it is called. The Turkish name ends in `kullanıcısı`: "Satış kullanıcısı".
    pub name: Words,
    /// Where its name and password are found, and what the bank's papers call them.
    pub hint: Words,
}

/// What an account at a bank needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountNeeds {
    /// Its fields, in the order in which they are asked for.
    pub fields: &'static [Field<Slot>],
    /// Its API users.
    pub users: &'static [ApiUser],
    /// The currencies that the protocol carries.
    pub currencies: &'static [Currency],
    /// What differs from one merchant to the next, and that its bank knows.
    pub options: &'static [AccountOption],
    /// What a connection test proves.
    pub tried: Tried,
}

/// What differs from one merchant to the next: a choice of a few. What is not chosen is as usual at the bank.
#[derive(Debug, PartialEq, Eq)]
pub struct AccountOption {
    /// Its name in forms, in the audit log and where it is stored.
    pub name: &'static str,
    /// Its option of the command line.
    pub flag: &'static str,
    /// What it is called above its input.
    pub label: Words,
    /// What it is called in an English sentence: "The end of 3DS".
    pub in_sentence: &'static str,
    /// What is said below its input.
    pub hint: Words,
    /// What can be chosen: how it is stored, and what people call it.
    pub choices: &'static [(&'static str, Words)],
}

impl AccountOption {
    /// Whether this can be chosen.
    pub fn offers(&self, choice: &str) -> bool {
        self.choices.iter().any(|(known, _)| *known == choice)
    }
}

/// What is chosen where a bank spends points by agreement.
pub const AGREED: &str = "AGREED";

/// Points by agreement: offered where the bank's row has [`agreed_rewards`](crate::directory::BankRow::agreed_rewards).
pub static AGREED_POINTS: AccountOption = AccountOption {
    name: "points",
    flag: "points",
    label: words("Puan anlaşması", "Points agreement"),
    in_sentence: "The points agreement",
    hint: words(
        "Banka, kendi kartlarının puanını bu üye işyerinde kullandırıyorsa seçin.",
        "If the bank lets this merchant spend the points of its own cards.",
    ),
    choices: &[(AGREED, words("Anlaşma var", "Agreed"))],
};

/// What was chosen of an account's options, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Options(BTreeMap<String, String>);

impl Options {
    /// What was chosen; empty for what is usual at the bank.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// Chooses; what is empty is as usual at the bank.
    pub fn choose(&mut self, name: &str, choice: &str) {
        if choice.is_empty() {
            self.0.remove(name);
        } else {
            self.0.insert(name.to_owned(), choice.to_owned());
        }
    }

    /// Names and choices.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.0.iter();
        all.map(|(name, choice)| (name.as_str(), choice.as_str()))
    }
}

/// What the bank's answer to a question about an order that cannot exist proves of an account, as lists of its values
/// inside a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tried {
    /// The values without which the bank refuses the question, as is public of it.
    pub proven: Option<Words>,
    /// Those that the question does not prove.
    pub unproven: Option<Words>,
}

impl Tried {
    /// What is proven, and what is not.
    pub const fn new(proven: Option<Words>, unproven: Option<Words>) -> Tried {
        Tried { proven, unproven }
    }
}

/// A value of an account that the contract has a field for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// A number: not secret.
    Number(Number),
    /// The key of 3DS forms and MACs.
    ThreedsKey,
}

/// The contract's fields for the numbers of an account. A number stands once here, and in the
/// description of the protocols that use it.
macro_rules! numbers {
    ($($number:ident $field:ident $wire:literal $flag:literal,)+) => {
        /// The numbers of an account, as they are stored; empty where the bank gave none.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Numbers {
            $(#[doc = concat!("`", $wire, "` of the contract.")] pub $field: String,)+
        }

        /// Which number of an account.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Number {
            $(#[doc = concat!("`", $wire, "` of the contract.")] $number,)+
        }

        impl Numbers {
            /// One of them.
            pub fn get(&self, number: Number) -> &str {
                match number { $(Number::$number => &self.$field,)+ }
            }

            /// One of them, to change it.
            pub fn get_mut(&mut self, number: Number) -> &mut String {
                match number { $(Number::$number => &mut self.$field,)+ }
            }

            /// An account with these numbers and nothing else.
            pub fn account(&self) -> Account {
                Account { $($field: self.$field.clone(),)+ ..Account::default() }
            }
        }

        impl Number {
            /// Every number, in the order of the contract.
            pub const ALL: &'static [Number] = &[$(Number::$number,)+];

            /// Its option of the command line.
            pub const fn flag(self) -> &'static str {
                match self { $(Number::$number => $flag,)+ }
            }
        }

        impl Slot {
            /// Every slot, in the order of the contract.
            pub const ALL: &'static [Slot] = &[
                $(Slot::Number(Number::$number),)+
                Slot::ThreedsKey,
            ];

            /// The name of its field in the contract.
            pub const fn wire(self) -> &'static str {
                match self {
                    $(Slot::Number(Number::$number) => $wire,)+
                    Slot::ThreedsKey => "threedsKey",
                }
            }

            /// Sets it in a request.
            pub fn send(self, text: String, request: &mut UpdateMerchantPosRequest) {
                match self {
                    $(Slot::Number(Number::$number) => request.$field = Some(text),)+
                    Slot::ThreedsKey => request.threeds_key = Some(SensitiveText::new(text)),
                }
            }

            /// What a request sets it to; `None` keeps it.
            pub fn sent(self, request: &UpdateMerchantPosRequest) -> Option<&str> {
                match self {
                    $(Slot::Number(Number::$number) => request.$field.as_deref(),)+
                    Slot::ThreedsKey => request.threeds_key.as_ref().map(SensitiveText::expose),
                }
            }

            /// Puts it into an answer: a number as it is, a secret masked.
            pub fn show(self, text: Option<String>, answer: &mut MerchantPosResponse) {
                match self {
                    $(Slot::Number(Number::$number) => answer.$field = text,)+
                    Slot::ThreedsKey => answer.threeds_key = text,
                }
            }
        }

        /// The values of the account in a request for a new POS, as a change would send them.
        pub fn sent_values(request: &mut CreateMerchantPosRequest) -> UpdateMerchantPosRequest {
            UpdateMerchantPosRequest {
                $($field: request.$field.take(),)+
                threeds_key: request.threeds_key.take(),
                ..UpdateMerchantPosRequest::default()
            }
        }
    };
}

numbers! {
    ClientId client_id "clientId" "client-id",
    TerminalId terminal_id "terminalId" "terminal-id",
    PosnetId posnet_id "posnetId" "posnet-id",
    ThreedsPosnetId threeds_posnet_id "threedsPosnetId" "threeds-posnet-id",
    ThreedsTerminalId threeds_terminal_id "threedsTerminalId" "threeds-terminal-id",
}

/// The merchant's number, which nearly every bank gives.
pub(crate) const MERCHANT_NUMBER: Field<Slot> = Field::new(
    Slot::Number(Number::ClientId),
    "Üye işyeri numarası",
    "Merchant number",
    "The merchant number",
);

/// The API user of a bank that gives one for everything.
pub(crate) const fn api_user(hint_tr: &'static str, hint_en: &'static str) -> ApiUser {
    ApiUser {
        operation: PosOperationType::Standard,
        name: words("API kullanıcısı", "API user"),
        hint: words(hint_tr, hint_en),
    }
}

/// The terminal's number, which most banks give.
pub(crate) const TERMINAL_NUMBER: Field<Slot> = Field::new(
    Slot::Number(Number::TerminalId),
    "Terminal numarası",
    "Terminal number",
    "The terminal number",
);

/// The key of 3DS, which every bank gives.
pub(crate) const THREEDS_KEY: Field<Slot> =
    Field::new(Slot::ThreedsKey, "3DS anahtarı", "3DS key", "The 3DS key")
        .hinted(
            "3D Secure ile ödeme için gereklidir.",
            "Needed for 3D Secure.",
        )
        .needed_for(Need::ThreeDs)
        .secret();

/// A value of an account at a lender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LenderSlot {
    /// Who the merchant is at the lender.
    ClientId,
    /// Authenticates Galata to the lender.
    ClientSecret,
    /// Authenticates the lender to Galata.
    NotificationSecret,
}

impl LenderSlot {
    /// Its name in forms and options.
    pub const fn name(self) -> &'static str {
        match self {
            LenderSlot::ClientId => "client-id",
            LenderSlot::ClientSecret => "client-secret",
            LenderSlot::NotificationSecret => "notification-secret",
        }
    }

    /// Its name in the audit log.
    pub const fn noted(self) -> &'static str {
        match self {
            LenderSlot::ClientId => "clientId",
            LenderSlot::ClientSecret => "clientSecret",
            LenderSlot::NotificationSecret => "notificationSecret",
        }
    }

    /// Its value.
    pub fn get(self, account: &LenderAccount) -> &str {
        match self {
            LenderSlot::ClientId => &account.client_id,
            LenderSlot::ClientSecret => account.client_secret.expose(),
            LenderSlot::NotificationSecret => account.notification_secret.expose(),
        }
    }

    /// Sets its value.
    pub fn set(self, text: &str, account: &mut LenderAccount) {
        match self {
            LenderSlot::ClientId => text.clone_into(&mut account.client_id),
            LenderSlot::ClientSecret => account.client_secret = Secret::new(text),
            LenderSlot::NotificationSecret => account.notification_secret = Secret::new(text),
        }
    }
}
