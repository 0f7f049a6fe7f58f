//! A SOAP request and the parts of it that several methods read, the public test account, and the hash.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

use crate::fields::{expiry, lira};
use crate::latin5;
use crate::ledger::{ACCOUNT_END, Key, id_of_account};
use crate::seal::same;
use crate::xml::{self, Node};

/// The public test account.
pub(super) const CLIENT: &str = "10738";
const USER: &str = "Test";
const PASSWORD: &str = "Test";
pub(super) const GUID: &str = "0c13d406-873b-403b-9c09-a5766840d98c";

pub(super) const SALE: &str = "TP_WMD_UCD";
pub(super) const POINT_SALE: &str = "TP_WMD_UCD_WP";
pub(super) const HOLD: &str = "TP_Islem_Odeme_OnProv_WMD";
pub(super) const FOREIGN_SALE: &str = "TP_Islem_Odeme_WD";
pub(super) const UNDO: &str = "TP_Islem_Iptal_Iade_Kismi2";
pub(super) const POINT_UNDO: &str = "TP_Islem_Iptal_Iade_Kismi_WP";
pub(super) const PURSE: &str = "TP_Puan_Sorgula";
pub(super) const WORLD_PURSE: &str = "Puan_World";

const MAX_INSTALMENTS: u32 = 12;
const MAX_ORDER_ID: usize = 50;

/// A request; an empty element when the body held none.
pub(crate) struct Request {
    method: Node,
    /// It came to the second data centre.
    pub(super) second_node: bool,
}

impl Request {
    /// The method is the first element of the envelope's body, whatever prefixes it uses.
    pub(super) fn read(body: &[u8], second_node: bool) -> Request {
        let text = std::str::from_utf8(body).unwrap_or_default();
        let mut envelope = xml::parse(text).unwrap_or_default();
        strip_prefixes(&mut envelope);
        let method = envelope
            .child("Body")
            .filter(|_| envelope.name == "Envelope");
        let method = method.and_then(|body| body.children.first());
        Request {
            method: method.cloned().unwrap_or_default(),
            second_node,
        }
    }

    pub(super) fn method(&self) -> &str {
        &self.method.name
    }

    pub(super) fn value(&self, name: &str) -> &str {
        self.method.value(name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.method.child(name).is_some()
    }

    pub(super) fn order_id(&self) -> &str {
        self.value("Siparis_ID")
    }

    /// The order by the id that the service answered.
    pub(super) fn key(&self) -> Key {
        Key::Id(id_of_account("", self.order_id()))
    }

    pub(super) fn pan(&self) -> &str {
        match self.value("KK_No") {
            "" => self.value("Kredi_Kart_No"),
            pan => pan,
        }
    }

    /// The year of two digits and the month in which the card ends.
    pub(super) fn expires(&self) -> Option<(i16, i8)> {
        let part = |name: &str| match self.value(&format!("KK_SK_{name}")) {
            "" => self.value(&format!("SK_{name}")),
            part => part,
        };
        expiry(
            &format!("{}{}", part("Ay"), part("Yil").strip_prefix("20")?),
            false,
        )
    }

    /// The sealed session inside `UCD_MD`, which has the shape BIN:proof:digits:##merchant.
    pub(super) fn proof(&self) -> &str {
        self.value("UCD_MD").split(':').nth(1).unwrap_or_default()
    }

    /// What the message wants to move, in kuruş.
    pub(super) fn amount(&self) -> Option<i64> {
        let written = |name: &str| comma_lira(self.value(name));
        written("Toplam_Tutar")
            .or_else(|| written("Prov_Tutar"))
            .or_else(|| lira(self.value("Tutar")))
    }

    /// Whether it sells by a card that it names.
    pub(super) fn sells(&self) -> bool {
        matches!(
            self.method(),
            SALE | POINT_SALE | HOLD | FOREIGN_SALE | "Pos_Odeme"
        )
    }

    /// The account's own number is asked for wherever the method has it.
    pub(super) fn is_of_account(&self) -> bool {
        let account = self.method.child("G");
        let value = |name: &str| account.map_or("", |account| account.value(name));
        let guid = ["GUID", "Guid"].map(|name| self.value(name)).concat();
        let guid = if self.method() == WORLD_PURSE {
            GUID
        } else {
            &guid
        };
        [
            (value("CLIENT_CODE"), CLIENT),
            (value("CLIENT_USERNAME"), USER),
            (value("CLIENT_PASSWORD"), PASSWORD),
            (guid.to_ascii_lowercase().as_str(), GUID),
        ]
        .iter()
        .all(|(shown, known)| same(shown.as_bytes(), known.as_bytes()))
    }

    /// Whether its hash is right, where the method has one.
    pub(super) fn is_signed(&self) -> bool {
        let names: &[&str] = match self.method() {
            SALE | POINT_SALE => &["Taksit", "Islem_Tutar", "Toplam_Tutar", "Siparis_ID"],
            "Pos_Odeme" => &[
                "Taksit",
                "Islem_Tutar",
                "Toplam_Tutar",
                "Siparis_ID",
                "Hata_URL",
                "Basarili_URL",
            ],
            HOLD | FOREIGN_SALE => &[
                "Islem_Tutar",
                "Toplam_Tutar",
                "Siparis_ID",
                "Hata_URL",
                "Basarili_URL",
            ],
            _ => return true,
        };
        let mut values = vec![CLIENT, self.value("GUID")];
        values.extend(names.iter().map(|name| self.value(name)));
        same(
            hash(&values).as_bytes(),
            self.value("Islem_Hash").as_bytes(),
        )
    }
}

fn strip_prefixes(element: &mut Node) {
    if let Some((_, name)) = element.name.split_once(':') {
        element.name = name.to_owned();
    }
    element.children.iter_mut().for_each(strip_prefixes);
}

/// The service's hash: of the values put end to end, in its own charset.
pub(super) fn hash(values: &[&str]) -> String {
    STANDARD.encode(Sha1::digest(latin5::encode(&values.concat())))
}

/// Lira with a comma and two digits behind it, perhaps with points between thousands, in kuruş.
pub(super) fn comma_lira(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once(',').filter(|(_, part)| part.len() == 2)?;
    let groups: Vec<&str> = whole.split('.').collect();
    let sound = match groups.as_slice() {
        [_] => true,
        [first, rest @ ..] => {
            (1..=3).contains(&first.len()) && rest.iter().all(|group| group.len() == 3)
        }
        [] => false,
    };
    lira(&format!("{}.{part}", groups.concat())).filter(|_| sound)
}

/// From 1, which is a single payment.
pub(super) fn instalments(digits: &str) -> Option<u32> {
    let count = digits.parse().ok();
    count.filter(|count| (1..=MAX_INSTALMENTS).contains(count))
}

/// The ISO 4217 number of a method's currency.
pub(super) fn currency(request: &Request) -> Option<&'static str> {
    if request.method() != FOREIGN_SALE {
        return Some("949");
    }
    Some(match request.value("Doviz_Kodu") {
        "1001" => "840",
        "1002" => "978",
        "1003" => "826",
        _ => return None,
    })
}

/// What can be an order id, or the caller's own number; the slash is the ledger's.
pub(super) fn is_id(id: &str) -> bool {
    let sound = |letter: char| !letter.is_control() && letter != ACCOUNT_END;
    id.chars().count() <= MAX_ORDER_ID && id.chars().all(sound)
}

/// Points may be written with a point or a comma: the service's description says decimal.
pub(super) fn points(text: &str) -> Option<i64> {
    match text {
        "" => Some(0),
        text => lira(text).or_else(|| comma_lira(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_published_one() {
        let of = |values: &[&str]| hash(&[&[CLIENT, GUID], values].concat());
        let (ok, no) = ("https://m.example/s", "https://m.example/f");
        for (values, expected) in [
            (
                &["3", "1.000,01", "1.000,01", "202412293F4E"][..],
                "jsLYSB3lJ81leFgDLw4D8PbXURs=",
            ),
            (
                &["1", "10,01", "10,01", "ORD1"],
                "LAQj1gYxLqBkerfQkjKvszK7yYE=",
            ),
            (
                &["1", "10,01", "10,01", "ORD1", no, ok],
                "sTOu3W4RRQVl/qB/sk0ACUFzRgY=",
            ),
            (
                &["10,01", "10,01", "ORD1", no, ok],
                "a9MNsxioKws4gOwlzxw8UdjaaR8=",
            ),
        ] {
            assert_eq!(of(values), expected);
        }
        // Recorded callbacks of the page that sells, and of the one that does not.
        let sold = [
            "3007300695",
            "10,01",
            "20250119BACB",
            "1944A39AD0AEA92E173D665B",
        ];
        assert_eq!(of(&sold), "LOpkL9J8vne8E2j0A0HKOhUWGhI=");
        let refused = ["0", "10,01", "20250120B068", "C38F20632F9FBBC3FD2A3B35"];
        assert_eq!(of(&refused), "Df3gttv1swwT8N1m3aCVYzp23Rg=");
        let md = "444676:B1748AA7FF30A96AADFECC19670A3038C1419A842DD221D2408708A84FE9D811:4011:##190100000";
        let shown = [
            "5ee6c14d-94c2-48c9-bfe1-da31c415e647",
            md,
            "1",
            "202412306616",
            GUID,
        ];
        assert_eq!(hash(&shown), "zrHcS2iMl0J0GPU6DalIdOppDz8=");
    }

    #[test]
    fn money_has_a_comma_and_points_only_between_thousands() {
        for (text, kurus) in [
            ("10,01", Some(1_001)),
            ("1.000,01", Some(100_001)),
            ("1000,50", Some(100_050)),
            ("1.234.567,00", Some(123_456_700)),
            ("10.01", None),
            ("10", None),
            ("10,1", None),
            ("1.00,01", None),
            (".000,01", None),
            ("1,000,01", None),
            ("-1,00", None),
            ("99999999999999,00", None),
        ] {
            assert_eq!(comma_lira(text), kurus, "{text}");
        }
        assert_eq!(
            [points("12"), points("12.5"), points("12,50"), points("x")],
            [Some(1_200), Some(1_250), Some(1_250), None]
        );
    }
}
