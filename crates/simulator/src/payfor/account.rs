//! The merchants that the simulated system knows: one at each bank that runs it. QNB's is a public test
//! credential; Ziraat Katılım's is ours.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

use crate::pages::Brand;

/// The banks, by their protocol.
pub(crate) struct Payfor;

/// A merchant's account.
pub(crate) struct Account {
    /// The bank's number in the system.
    pub(super) member: &'static str,
    pub(super) merchant: &'static str,
    pub(super) user: &'static str,
    pub(super) password: &'static str,
    /// Signs forms and what comes back.
    merchant_pass: &'static str,
    pub(super) terminal: &'static str,
    pub(super) brand: Brand,
    /// Cards with ParaPuan pay here.
    pub(super) points: bool,
    /// Callbacks are signed by the published recipe. Ziraat Katılım's are not, and by which one is not public.
    published_recipe: bool,
}

const fn brand(name: &'static str) -> Brand {
    Brand {
        theme: "plain",
        name,
    }
}

static ACCOUNTS: [Account; 2] = [
    Account {
        member: "5",
        merchant: "085300000009704",
        user: "QNB_API_KULLANICI_3DPAY",
        password: "UcBN0",
        merchant_pass: "12345678",
        terminal: "VS010481",
        brand: brand("QNB"),
        points: true,
        published_recipe: true,
    },
    Account {
        member: "12",
        merchant: "000000000120001",
        user: "ZKATILIM_API",
        password: "ZkAt12",
        merchant_pass: "TRPS0209",
        terminal: "VS120001",
        brand: brand("Ziraat Katılım"),
        points: false,
        published_recipe: false,
    },
];

/// The account of a merchant number.
pub(super) fn of(merchant: &str) -> Option<&'static Account> {
    ACCOUNTS.iter().find(|account| account.merchant == merchant)
}

/// The account of a user: the second step of 3D Secure names no merchant.
pub(super) fn of_user(user: &str) -> Option<&'static Account> {
    ACCOUNTS.iter().find(|account| account.user == user)
}

impl Account {
    /// The hash of a form: bank, order, amount, both addresses, type, instalments, `Rnd`.
    pub(super) fn form_hash(&self, values: [&str; 8]) -> String {
        digest(&[&values.concat(), self.merchant_pass])
    }

    /// The hash of a callback: order, `AuthCode`, `ProcReturnCode`, `3DStatus`, `ResponseRnd`.
    pub(super) fn reply_hash(&self, values: [&str; 5]) -> String {
        let values = values.concat();
        let last = if self.published_recipe {
            ""
        } else {
            self.member
        };
        digest(&[self.merchant, self.merchant_pass, &values, self.user, last])
    }
}

fn digest(texts: &[&str]) -> String {
    STANDARD.encode(Sha1::digest(texts.concat().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_recorded_ones() {
        let account = of("085300000009704").unwrap();
        let url = "http://localhost/finansbank-payfor/3d/response.php";
        let form = |order, amount, rnd| {
            account.form_hash(["5", order, amount, url, url, "Auth", "0", rnd])
        };
        assert_eq!(
            form("2020110828BC", "100.01", "0.43625700 1604831630"),
            "zmSUxYPhmCj7QOzqpk/28LuE1Oc="
        );
        assert_eq!(
            form("20221031CFD0", "1.01", "94381aefb4b8865c54cce0a1f1c74f12"),
            "KuJcFyXYZcW8NetghUN7uBgzQPE="
        );
        for (values, hash) in [
            (
                ["20221031FD04", "", "V033", "1", "PF638028511007418219"],
                "rVcKoOOl3jKukGLHcQaVM6ZuznU=",
            ),
            (
                ["2022103114B3", "S86797", "00", "1", "PF638028538035077529"],
                "il/SWNG2llQkLgnCbUG6lPYtlgM=",
            ),
            (
                ["202210317565", "", "V034", "-1", "PF638028527847983529"],
                "Jzj512Gluz+bmMD8sQYrqCuAQ30=",
            ),
            (
                ["2022103121CA", "S28031", "00", "1", "PF638028543970517651"],
                "R3sOuVFWDP8nvu9mtVtvLxwlqow=",
            ),
        ] {
            assert_eq!(account.reply_hash(values), hash);
            assert_ne!(of("000000000120001").unwrap().reply_hash(values), hash);
        }
    }
}
