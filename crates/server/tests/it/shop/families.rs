//! A bank of each protocol, with a POS that its simulated bank knows.

use super::{BONUS, GARANTI, WORLD, YKB, garanti, with, ykb};
use connectors::protocol::Protocol;
use serde_json::{Value, json};

/// A bank that speaks a protocol.
pub struct Family {
    pub protocol: Protocol,
    /// Its name on the wire.
    pub integrator: &'static str,
    /// The POS, as the shop would ask for it.
    pub pos: fn() -> Value,
    /// A card of the bank's own.
    pub card: &'static str,
    /// What it takes points of; `None` where it takes none.
    pub purse: Option<Purse>,
    /// A card with a campaign that the shop may choose, and which; `None` where it chooses none.
    pub campaign: Option<(&'static str, &'static str)>,
    /// What makes the reply to a sale tell of instalments that the issuer adds by itself: `find` and `replace`;
    /// `None` where no reply of the protocol can.
    pub gift: Option<[&'static str; 2]>,
    /// Whether amounts can be held.
    pub holds: bool,
    /// Whether the bank's page may sell by itself.
    pub page_sells: bool,
    /// What forges the reply to a sale: `find` and `replace`, or nothing where replies are signed and the
    /// hash is spoilt.
    pub forgery: Option<[&'static str; 2]>,
    /// A field of the browser's return that the bank signs; `None` where it signs none.
    pub signed: Option<&'static str>,
}

/// A card whose points can be spent, and how.
#[derive(Clone, Copy)]
pub struct Purse {
    pub card: &'static str,
    /// What is on it, of the card and of the shop, in lira.
    pub holds: [&'static str; 2],
    /// It has points of the shop too.
    pub firm: bool,
    /// They may pay a part of the price.
    pub part: bool,
}

/// Banks of every protocol. Every shop has the first two.
pub const FAMILIES: &[Family] = &[
    Family {
        protocol: Protocol::Garanti,
        integrator: "GARANTI",
        pos: garanti,
        card: GARANTI,
        purse: Some(Purse {
            card: BONUS,
            holds: ["12.35", "5.20"],
            firm: true,
            part: true,
        }),
        campaign: Some(("5209222154820003", "ADDITIONAL_INSTALLMENT")),
        gift: None,
        holds: true,
        page_sells: true,
        forgery: None,
        signed: Some("mdstatus"),
    },
    Family {
        protocol: Protocol::PosNet,
        integrator: "YKB",
        pos: ykb,
        card: YKB,
        purse: Some(Purse {
            card: WORLD,
            holds: ["33.82", "25.00"],
            firm: true,
            part: true,
        }),
        campaign: Some((WORLD, "ADDITIONAL_INSTALLMENT")),
        gift: None,
        holds: true,
        page_sells: false,
        // The reply to a sale without 3DS carries no hash that a document asks to check.
        forgery: Some(["<approved>1</approved>", "<approved>7</approved>"]),
        signed: Some("Sign"),
    },
    Family {
        protocol: Protocol::NestPay,
        integrator: "ISBANK",
        pos: isbank,
        card: ISBANK,
        purse: Some(Purse {
            card: MAXIMUM,
            holds: ["45.00", "0.00"],
            firm: false,
            part: false,
        }),
        campaign: None,
        gift: Some(["<Extra>", "<Extra><ARTITAKSIT>2</ARTITAKSIT>"]),
        holds: true,
        page_sells: true,
        forgery: Some(["<OrderId>", "<OrderId>X"]),
        signed: Some("mdStatus"),
    },
    Family {
        protocol: Protocol::PayFor,
        integrator: "FINANSBANK",
        pos: qnb,
        card: QNB,
        purse: Some(Purse {
            card: "4022770000060008",
            holds: ["36.50", "0.00"],
            firm: false,
            part: true,
        }),
        campaign: None,
        gift: Some(["<ArtiTaksit>0<", "<ArtiTaksit>2<"]),
        holds: true,
        page_sells: true,
        forgery: Some(["<TransId>", "<TransId>X"]),
        signed: Some("3DStatus"),
    },
    Family {
        protocol: Protocol::PayFor,
        integrator: "ZIRAATKATILIM",
        pos: ziraat_katilim,
        card: ZIRAAT_KATILIM,
        purse: None,
        campaign: None,
        gift: Some(["<ArtiTaksit>0<", "<ArtiTaksit>2<"]),
        holds: true,
        page_sells: true,
        forgery: Some(["<TransId>", "<TransId>X"]),
        // Its returns are signed by no recipe that is known: its record is asked.
        signed: None,
    },
    Family {
        protocol: Protocol::Akbank,
        integrator: "AKBANK_VPOS",
        pos: akbank,
        card: AKBANK,
        purse: Some(Purse {
            card: AXESS,
            holds: ["24.24", "40.00"],
            firm: true,
            part: true,
        }),
        campaign: None,
        gift: Some([
            r#""additionalInstallCount":0"#,
            r#""additionalInstallCount":2"#,
        ]),
        holds: true,
        page_sells: true,
        forgery: None,
        signed: Some("responseCode"),
    },
    Family {
        protocol: Protocol::PayFlex,
        integrator: "VAKIFBANK",
        pos: vakifbank,
        card: VAKIFBANK,
        purse: None,
        campaign: None,
        gift: None,
        holds: true,
        page_sells: true,
        forgery: Some(["<TransactionId>", "<TransactionId>X"]),
        signed: Some("MdStatus"),
    },
    Family {
        protocol: Protocol::PayFlex,
        integrator: "ZIRAATBANK_INNOVA",
        pos: ziraat,
        card: ZIRAAT,
        purse: Some(Purse {
            card: "4132260000060007",
            holds: ["27.50", "0.00"],
            firm: false,
            part: true,
        }),
        campaign: None,
        gift: None,
        holds: true,
        page_sells: false,
        forgery: Some(["<TransactionId>", "<TransactionId>X"]),
        signed: None,
    },
    Family {
        protocol: Protocol::Kuveyt,
        integrator: "KUVEYTTURK",
        pos: kuveyt,
        card: KUVEYT,
        purse: None,
        campaign: None,
        gift: None,
        holds: false,
        page_sells: false,
        forgery: Some(["<MerchantOrderId>", "<MerchantOrderId>X"]),
        signed: Some("AuthenticationResponse"),
    },
    Family {
        protocol: Protocol::VakifKatilim,
        integrator: "VAKIFKATILIM",
        pos: vakif_katilim,
        card: VAKIF_KATILIM,
        purse: None,
        campaign: None,
        gift: None,
        holds: true,
        page_sells: false,
        forgery: Some(["<MerchantOrderId>", "<MerchantOrderId>X"]),
        signed: Some("ResponseCode"),
    },
    Family {
        protocol: Protocol::InterVpos,
        integrator: "DENIZBANK",
        pos: denizbank,
        card: DENIZBANK,
        purse: Some(Purse {
            card: "4090700000060002",
            holds: ["22.82", "0.00"],
            firm: false,
            part: true,
        }),
        campaign: None,
        gift: Some(["CampanyInstallCount=0", "CampanyInstallCount=2"]),
        holds: true,
        page_sells: true,
        forgery: Some(["OrderId=", "OrderId=X"]),
        signed: Some("mdStatus"),
    },
    Family {
        protocol: Protocol::Param,
        integrator: "PARAM_POS",
        pos: param,
        card: CARD_FINANS,
        purse: Some(Purse {
            card: CARD_FINANS,
            holds: ["46.20", "0.00"],
            firm: false,
            part: true,
        }),
        campaign: None,
        gift: None,
        holds: true,
        page_sells: false,
        forgery: Some(["<Siparis_ID>", "<Siparis_ID>X"]),
        signed: Some("mdStatus"),
    },
];

/// A card of İş Bankası, and one with points.
pub const ISBANK: &str = "4183420000000001";
pub const MAXIMUM: &str = "4183420000060005";

/// What every POS here is open to.
fn open(account: Value) -> Value {
    let open = json!({
        "currency": "TRY", "status": "AUTOPILOT", "orderNumber": 3,
        "enableForeignCard": true, "enableInstallment": true, "enablePaymentWithoutCvc": true,
        "enableLoyalty": true, "enabledPaymentAuthenticationTypes": ["THREE_DS", "NON_THREE_DS"],
    });
    with(open, account)
}

/// The API user that most banks give.
fn user(name: &str, password: &str) -> Value {
    json!([{
        "posUsername": name, "posPassword": password,
        "posUserType": "API", "posOperationType": "STANDARD",
    }])
}

pub fn isbank() -> Value {
    open(json!({
        "name": "İş Bankası", "posIntegrator": "ISBANK",
        "clientId": "700655000200", "threedsKey": "TRPS0200",
        "merchantPosUsers": user("ISBANKAPI", "ISBANK07"),
    }))
}

/// Cards of the other banks.
pub const QNB: &str = "4022770000000004";
/// Of the other bank on PayFor.
const ZIRAAT_KATILIM: &str = "4162830000000006";
const AKBANK: &str = "4355080000000005";
const AXESS: &str = "4355080000000005";
const VAKIFBANK: &str = "4426710000000002";
const ZIRAAT: &str = "4132260000000003";
/// Without the points of another bank's programme.
const KUVEYT: &str = "5125950000000005";
const VAKIF_KATILIM: &str = "4837030000000008";
pub const DENIZBANK: &str = "4086250000000000";
/// Issued by a bank without a POS here: Param, which has no cards of its own, takes its family.
const CARD_FINANS: &str = "4059180000060006";

fn qnb() -> Value {
    open(json!({
        "name": "QNB", "posIntegrator": "FINANSBANK",
        "clientId": "085300000009704", "threedsKey": "12345678",
        "merchantPosUsers": user("QNB_API_KULLANICI_3DPAY", "UcBN0"),
    }))
}

/// The other bank on PayFor, whose returns are signed by no recipe that is known.
pub fn ziraat_katilim() -> Value {
    open(json!({
        "name": "Ziraat Katılım", "posIntegrator": "ZIRAATKATILIM",
        "clientId": "000000000120001", "threedsKey": "TRPS0209",
        "merchantPosUsers": user("ZKATILIM_API", "ZkAt12"),
    }))
}

fn akbank() -> Value {
    open(json!({
        "name": "Akbank", "posIntegrator": "AKBANK_VPOS",
        "clientId": "2023090417500272654BD9A49CF07574",
        "terminalId": "2023090417500284633D137A249DBBEB",
        "threedsKey": "3230323330393034313735303032363031353172675f357637355f3273387373745f7233725f73323333383737335f323272383774767276327672323531355f",
    }))
}

pub fn vakifbank() -> Value {
    open(json!({
        "name": "VakıfBank", "posIntegrator": "VAKIFBANK",
        "clientId": "000000000007955", "terminalId": "VP000123",
        "merchantPosUsers": user("API", "123Ab456"),
    }))
}

fn ziraat() -> Value {
    open(json!({
        "name": "Ziraat Bankası", "posIntegrator": "ZIRAATBANK_INNOVA",
        "clientId": "000000000281567", "terminalId": "VP281567", "threedsKey": "123456",
        "merchantPosUsers": user("API", "ZIRAATVPOS"),
    }))
}

fn kuveyt() -> Value {
    open(json!({
        "name": "Kuveyt Türk", "posIntegrator": "KUVEYTTURK",
        "clientId": "496", "terminalId": "400235",
        "merchantPosUsers": user("apitest", "api123"),
    }))
}

fn vakif_katilim() -> Value {
    open(json!({
        "name": "Vakıf Katılım", "posIntegrator": "VAKIFKATILIM",
        "clientId": "1", "terminalId": "222222",
        "merchantPosUsers": user("apiuser", "VKAT0210"),
    }))
}

fn denizbank() -> Value {
    open(json!({
        "name": "DenizBank", "posIntegrator": "DENIZBANK",
        "clientId": "3123", "threedsKey": "gDg1N",
        "merchantPosUsers": user("InterTestApi", "3"),
    }))
}

fn param() -> Value {
    open(json!({
        "name": "Param", "posIntegrator": "PARAM_POS",
        "clientId": "10738", "threedsKey": "0c13d406-873b-403b-9c09-a5766840d98c",
        "merchantPosUsers": user("Test", "Test"),
    }))
}
