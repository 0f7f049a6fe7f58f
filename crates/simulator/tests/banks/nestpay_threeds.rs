//! NestPay's 3D Secure: forms of both hash generations, what comes back, the sale after it, and pages
//! that sell by themselves. Hashes are computed here once more.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::Sha1;
use sha2::{Digest, Sha512};
use simulator::forms;

use crate::bank::{Bank, PLAIN, swapped, tag};
use crate::nestpay::{ISBANK, Shop, TEB, ZIRAAT, sale, verdict};

const PAGE: &str = "/nestpay/fim/est3Dgate";
const OK: &str = "https://shop.example/ok";
const FAIL: &str = "https://shop.example/no";
const VISA: &str = "4355080000000005";
const HALF: &str = "5117280000006665";

type Fields = Vec<(String, String)>;

fn third(fields: &[(String, String)], key: &str) -> String {
    let mut named: Vec<(String, &str)> = fields
        .iter()
        .map(|(name, value)| (name.to_lowercase(), value.as_str()))
        .filter(|(name, _)| !["hash", "encoding", "nationalidno"].contains(&name.as_str()))
        .collect();
    named.sort();
    let mut values: Vec<String> = named
        .iter()
        .map(|(_, value)| value.replace('\\', "\\\\").replace('|', "\\|"))
        .collect();
    values.push(key.to_owned());
    STANDARD.encode(Sha512::digest(values.join("|").as_bytes()))
}

fn first(text: &str) -> String {
    STANDARD.encode(Sha1::digest(text.as_bytes()))
}

/// A form of the third generation, signed.
pub(crate) fn form(
    shop: Shop,
    model: &str,
    order: &str,
    card: &str,
    more: &[(&str, &str)],
) -> Fields {
    let mut fields: Fields = [
        ("clientid", shop.2),
        ("storetype", model),
        ("amount", "15.00"),
        ("oid", order),
        ("okUrl", OK),
        ("failUrl", FAIL),
        ("rnd", "a|b\\c"),
        ("lang", "tr"),
        ("currency", "949"),
        ("taksit", ""),
        ("TranType", "Auth"),
        ("hashAlgorithm", "ver3"),
        ("pan", card),
        ("Ecom_Payment_Card_ExpDate_Month", "12"),
        ("Ecom_Payment_Card_ExpDate_Year", "30"),
        ("cv2", "123"),
        ("firmaadi", "Ğüneş İşi"),
        ("encoding", "UTF-8"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    for (name, value) in more {
        fields.retain(|(known, _)| known != name);
        fields.push(((*name).to_owned(), (*value).to_owned()));
    }
    let hash = third(&fields, shop.3);
    fields.push(("hash".to_owned(), hash));
    fields
}

/// A form of the first generation; `covered` are the values between the addresses and `rnd`.
fn old_form(shop: Shop, model: &str, order: &str, covered: &str) -> Fields {
    let mut fields = form(shop, model, order, VISA, &[]);
    fields.retain(|(name, _)| !["hash", "hashAlgorithm", "TranType"].contains(&name.as_str()));
    fields.push(("islemtipi".to_owned(), "Auth".to_owned()));
    let text = format!("{}{order}15.00{OK}{FAIL}{covered}a|b\\c{}", shop.2, shop.3);
    fields.push(("hash".to_owned(), first(&text)));
    fields
}

pub(crate) async fn post(bank: &Bank, fields: &[(String, String)]) -> String {
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    bank.browse(PAGE, &fields).await
}

async fn press(bank: &Bank, page: &str, answers: &[(&str, &str)]) -> String {
    let sent = forms::forms(page)[0].filled(answers);
    let sent: Vec<(&str, &str)> = sent
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    bank.browse(&format!("{PAGE}/otp"), &sent).await
}

pub(crate) async fn confirm(bank: &Bank, page: &str) -> String {
    press(bank, page, &[("otp", "123456")]).await
}

/// What the page sends back to the shop, and where.
struct Back {
    url: String,
    fields: Fields,
}

impl Back {
    fn of(page: &str) -> Back {
        let form = &forms::forms(page)[0];
        Back {
            url: form.action.clone(),
            fields: form.filled(&[]),
        }
    }

    fn get(&self, name: &str) -> &str {
        let mut named = self.fields.iter().filter(|(known, _)| known == name);
        named.next().map_or("", |(_, value)| value)
    }

    fn names(&self) -> Vec<&str> {
        self.fields.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The sale that shows what came back.
    fn finish(&self, order: &str) -> String {
        let shown = format!(
            "<PayerTxnId>{}</PayerTxnId><PayerSecurityLevel>{}</PayerSecurityLevel>\
             <PayerAuthenticationCode>{}</PayerAuthenticationCode>",
            self.get("xid"),
            self.get("eci"),
            self.get("cavv")
        );
        let plain = sale("Auth", order, self.get("md"), "15.00", "");
        let plain = plain.replace("<Expires>12/30</Expires><Cvv2Val>123</Cvv2Val>", &shown);
        assert!(plain.contains("PayerTxnId"));
        plain
    }
}

/// Names that are recorded of a callback of the third generation, a sale among it.
const RECORDED: &str = "ACQBIN acqStan amount AuthCode callbackCall cavv clientid clientIp currency digest dsId \
    eci Ecom_Payment_Card_ExpDate_Month Ecom_Payment_Card_ExpDate_Year ErrMsg firmaadi failUrl hashAlgorithm \
    HostRefNum islemtipi lang maskedCreditCard MaskedPan md mdErrorMsg mdStatus merchantID merchantName oid \
    okUrl PAResSyntaxOK PAResVerified payResults_dsId ProcReturnCode Response ReturnOid rnd SettleId sID \
    storetype taksit TRANID TransId txstatus version xid encoding HASH";

#[tokio::test]
async fn the_plain_model_from_form_to_sale() {
    let bank = Bank::open().await;
    let page = post(&bank, &form(ISBANK, "3d", "T1", VISA, &[])).await;
    assert!(
        page.contains("theme-isbank") && page.contains("Türkiye İş Bankası"),
        "{page}"
    );
    assert!(page.contains("15,00 ₺") && !page.contains(VISA));
    let back = Back::of(&confirm(&bank, &page).await);
    assert_eq!(back.url, OK);
    assert_eq!(back.get("HASH"), third(&back.fields, ISBANK.3));
    for (name, value) in [
        ("mdStatus", "1"),
        ("eci", "05"),
        ("txstatus", "Y"),
        ("sID", "1"),
        ("maskedCreditCard", "4355 08** **** 0005"),
        ("MaskedPan", "435508***0005"),
        ("firmaadi", "Ğüneş İşi"),
        ("islemtipi", "Auth"),
        ("oid", "T1"),
        ("Response", ""),
    ] {
        assert_eq!(back.get(name), value, "{name}");
    }
    assert_eq!((back.get("xid").len(), back.get("cavv").len()), (28, 28));
    assert!(back.get("md").starts_with("435508:") && back.get("md").ends_with(":##700655000200"));
    assert!(!back.names().contains(&"pan") && !back.names().contains(&"cv2"));
    assert_ne!(back.get("rnd"), "a|b\\c");

    // The wrong order, the wrong bank, another amount.
    let refused = "Declined";
    let other = ISBANK.asks(&bank, &back.finish("T2")).await;
    assert_eq!(verdict(&other), "Error 99 CORE-2121");
    let other = ZIRAAT.asks(&bank, &back.finish("T1")).await;
    assert_eq!(verdict(&other), "Error 99 CORE-2121");
    let dearer = back.finish("T1").replace("15.00", "15.01");
    let dearer = ISBANK.asks(&bank, &dearer).await;
    assert_eq!(verdict(&dearer), "Error 99 CORE-2121");
    assert_ne!(tag(&dearer, "Response"), refused);

    let page = post(&bank, &form(ISBANK, "3d", "T3", VISA, &[])).await;
    let back = Back::of(&confirm(&bank, &page).await);
    let sold = ISBANK.asks(&bank, &back.finish("T3")).await;
    assert_eq!(verdict(&sold), "Approved 00 ");
    let again = ISBANK.asks(&bank, &back.finish("T3")).await;
    assert_eq!(verdict(&again), "Error 99 CORE-2507");
    let row = bank.row("T3").await;
    assert_eq!(
        (&row["threeDS"], &row["captured"]),
        (&true.into(), &1_500.into())
    );
    for name in ["md", "xid", "eci", "cavv"] {
        let order = format!("T4{name}");
        let page = post(&bank, &form(ISBANK, "3d", &order, VISA, &[])).await;
        let mut back = Back::of(&confirm(&bank, &page).await);
        for (known, value) in &mut back.fields {
            if known == name {
                *value = swapped(value, if name == "md" { 10 } else { 0 });
            }
        }
        let sold = ISBANK.asks(&bank, &back.finish(&order)).await;
        assert_eq!(verdict(&sold), "Error 99 CORE-2121", "{name}");
    }
}

#[tokio::test]
async fn a_page_that_sells_by_itself_tells_what_is_recorded() {
    let bank = Bank::open().await;
    for (shop, mark) in [(ISBANK, "_"), (ZIRAAT, ".")] {
        let page = post(&bank, &form(shop, "3d_pay", "P1", VISA, &[])).await;
        let back = Back::of(&confirm(&bank, &page).await);
        assert_eq!(back.get("HASH"), third(&back.fields, shop.3));
        for name in RECORDED.split_whitespace() {
            assert!(back.names().contains(&name), "{name}");
        }
        assert_eq!(back.get("ReturnOid"), "P1");
        assert_eq!(
            [back.get("ProcReturnCode"), back.get("Response")],
            ["00", "Approved"]
        );
        assert_eq!(back.get(&format!("EXTRA{mark}CARDBRAND")), "VISA");
        assert_eq!(back.get("HostRefNum").len(), 12);
        assert_eq!(back.url, OK);
        // The same page once more.
        let back = Back::of(&confirm(&bank, &page).await);
        assert_eq!(back.get(&format!("EXTRA{mark}ERRORCODE")), "CORE-2507");
        assert_eq!([back.get("Response"), &back.url], ["Error", FAIL]);
    }
    for (order, card, status, eci, code) in [
        ("P2", HALF, "4", "01", "00"),
        ("P3", PLAIN, "1", "02", "00"),
        ("P4", "5100050000006661", "1", "02", "51"),
        ("P5", "4059190000006669", "1", "05", "99"),
        ("P6", "5115830000006669", "0", "", ""),
    ] {
        let page = post(&bank, &form(TEB, "3d_pay", order, card, &[])).await;
        let back = Back::of(&confirm(&bank, &page).await);
        let told = ["mdStatus", "eci", "ProcReturnCode"].map(|name| back.get(name));
        assert_eq!(told, [status, eci, code], "{order}");
        assert_eq!(back.url, if code == "00" { OK } else { FAIL }, "{order}");
        assert_eq!(back.get("HASH"), third(&back.fields, TEB.3), "{order}");
        assert_eq!(
            bank.row(order).await["captured"] == 1_500,
            code == "00",
            "{order}"
        );
    }
    let held = form(
        TEB,
        "3d_pay",
        "P7",
        PLAIN,
        &[("TranType", "PreAuth"), ("taksit", "3")],
    );
    let page = post(&bank, &held).await;
    let back = Back::of(&press(&bank, &page, &[("action", "wrong_hash"), ("otp", "123456")]).await);
    assert_ne!(back.get("HASH"), third(&back.fields, TEB.3));
    let row = bank.row("P7").await;
    assert_eq!(
        (&row["state"], &row["instalments"]),
        (&"held".into(), &3.into())
    );
    let page = post(&bank, &form(TEB, "3d_pay", "P8", PLAIN, &[])).await;
    let back = Back::of(&press(&bank, &page, &[("action", "cancel")]).await);
    assert_eq!([back.get("mdStatus"), back.get("txstatus")], ["0", "N"]);
    assert!(!back.names().contains(&"cavv") && !back.names().contains(&"eci"));
}

#[tokio::test]
async fn every_byte_and_every_field_of_a_form_is_under_its_hash() {
    let bank = Bank::open().await;
    let sound = form(TEB, "3d", "W1", VISA, &[("extra1", "x"), ("extra10", "y")]);
    assert!(post(&bank, &sound).await.contains("name=\"otp\""));
    let refused = async |fields: &[(String, String)]| {
        let page = post(&bank, fields).await;
        let back = Back::of(&page);
        assert_eq!([back.get("mdStatus"), &back.url], ["7", FAIL]);
        assert_eq!(back.get("mdErrorMsg"), "Security code is wrong");
    };
    let hash = sound.last().unwrap().1.clone();
    for at in 0..hash.len() {
        let mut fields = sound.clone();
        fields.last_mut().unwrap().1 = swapped(&hash, at);
        refused(&fields).await;
    }
    for field in 0..sound.len() - 1 {
        let mut fields = sound.clone();
        // Where the browser goes and whose shop it is are looked at first; one name is not covered.
        if !["clientid", "okUrl", "failUrl", "encoding", "hashAlgorithm"]
            .contains(&fields[field].0.as_str())
        {
            fields[field].1.push('x');
            refused(&fields).await;
        }
    }
    let mut more = sound.clone();
    more.push(("another".to_owned(), "one".to_owned()));
    refused(&more).await;
    // A store of the third generation takes no form of the first.
    refused(&old_form(TEB, "3d", "W2", "Auth")).await;
    for (name, value) in [
        ("storetype", "3d_host"),
        ("TranType", "Void"),
        ("amount", "0"),
        ("amount", "1,00"),
        ("currency", "TRY"),
        ("taksit", "1"),
        ("oid", ""),
        ("rnd", ""),
    ] {
        let back = Back::of(&post(&bank, &form(TEB, "3d", "W3", VISA, &[(name, value)])).await);
        assert_eq!(back.get("mdStatus"), "7", "{name} {value}");
    }
    for card in ["5117580000006668", "4111111111111129", ""] {
        let back = Back::of(&post(&bank, &form(TEB, "3d", "W4", card, &[])).await);
        assert_eq!([back.get("mdStatus"), &back.url], ["5", FAIL], "{card}");
        assert_eq!(back.get("HASH"), third(&back.fields, TEB.3));
    }
    // Nobody is led to an address that is none, nor anywhere for a stranger.
    let evil = form(TEB, "3d", "W5", VISA, &[("okUrl", "javascript:alert(1)")]);
    assert!(!post(&bank, &evil).await.contains("javascript"));
    let stranger = Shop("", "", "320100001", "TRPS0032");
    assert!(
        !post(&bank, &form(stranger, "3d", "W6", VISA, &[]))
            .await
            .contains("shop.example")
    );
}

#[tokio::test]
async fn stores_of_the_first_generation_are_answered_in_its_hash() {
    let bank = Bank::open().await;
    for (model, order, covered, names) in [
        ("3d", "O1", "Auth", "clientid:oid:mdStatus:cavv:eci:md:rnd:"),
        ("3d", "O2", "", "clientid:oid:mdStatus:cavv:eci:md:rnd:"),
        (
            "3d_pay",
            "O3",
            "Auth",
            "clientid:oid:AuthCode:ProcReturnCode:Response:mdStatus:cavv:eci:md:rnd:",
        ),
    ] {
        let page = post(&bank, &old_form(ISBANK, model, order, covered)).await;
        let back = Back::of(&confirm(&bank, &page).await);
        assert_eq!(back.get("HASHPARAMS"), names);
        let values: String = names.split(':').map(|name| back.get(name)).collect();
        assert_eq!(back.get("HASHPARAMSVAL"), values);
        assert_eq!(back.get("HASH"), first(&format!("{values}{}", ISBANK.3)));
        assert_eq!(back.get("hashAlgorithm"), "");
    }
    // The model that sells must sign what is sold.
    let back = Back::of(&post(&bank, &old_form(ISBANK, "3d_pay", "O4", "")).await);
    assert_eq!(back.get("mdStatus"), "7");
}

#[tokio::test]
async fn the_pages_other_spelling_and_a_lost_return_work_too() {
    let bank = Bank::open().await;
    let fields = form(ZIRAAT, "3d_pay", "L1", VISA, &[]);
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let page = bank.browse("/nestpay/fim/est3dgate", &fields).await;
    bank.fault(r#"{"bank":"nestpay","operation":"threeds_page","fault":{"kind":"no_callback"}}"#)
        .await;
    let closed = confirm(&bank, &page).await;
    assert!(!closed.contains("shop.example"));
    assert_eq!(bank.row("L1").await["captured"], 1_500);
    let rule = r#"{"bank":"nestpay","operation":"threeds_finish","fault":{"kind":"decline","code":"05","after":true}}"#;
    bank.fault(rule).await;
    let page = post(&bank, &form(ZIRAAT, "3d_pay", "L2", VISA, &[])).await;
    let back = Back::of(&confirm(&bank, &page).await);
    assert_eq!(
        [back.get("Response"), back.get("ProcReturnCode")],
        ["Declined", "05"]
    );
    assert_eq!(bank.row("L2").await["captured"], 1_500);
}

#[tokio::test]
async fn points_and_holds_go_through_the_plain_model() {
    const TEB_BONUS: &str = "4024580000060009";
    let bank = Bank::open().await;
    let page = post(&bank, &form(TEB, "3d", "R1", TEB_BONUS, &[])).await;
    let back = Back::of(&confirm(&bank, &page).await);
    let points = "<Extra><KULLANPUAN>5.00</KULLANPUAN></Extra>";
    let finish = back.finish("R1").replace("<Extra></Extra>", points);
    let sold = TEB.asks(&bank, &finish).await;
    assert_eq!(verdict(&sold), "Approved 00 ");
    assert_eq!(tag(&sold, "KULLANILANPUAN"), "000000000500");
    assert_eq!(bank.row("R1").await["pointsSpent"], 500);
    // What was authenticated is held or sold, not the other.
    let hold = [("TranType", "PreAuth"), ("taksit", "3")];
    for (kind, instalments, expected) in [
        ("Auth", "3", "Error 99 CORE-2121"),
        ("PreAuth", "2", "Error 99 CORE-2121"),
        ("PreAuth", "3", "Approved 00 "),
    ] {
        let order = format!("R{kind}{instalments}");
        let page = post(&bank, &form(TEB, "3d", &order, VISA, &hold)).await;
        let back = Back::of(&confirm(&bank, &page).await);
        assert_eq!(back.get("islemtipi"), "PreAuth");
        let finish = back
            .finish(&order)
            .replace("<Type>Auth", &format!("<Type>{kind}"));
        let finish = finish.replace("<Taksit>", &format!("<Taksit>{instalments}"));
        assert_eq!(
            verdict(&TEB.asks(&bank, &finish).await),
            expected,
            "{order}"
        );
    }
    assert_eq!(bank.row("RPreAuth3").await["state"], "held");
    // A proof that failed to pay cannot pay later.
    let page = post(&bank, &form(TEB, "3d", "R2", "5100050000006661", &[])).await;
    let back = Back::of(&confirm(&bank, &page).await);
    let asks = async || verdict(&TEB.asks(&bank, &back.finish("R2")).await);
    assert_eq!(asks().await, "Declined 51 ISO8583-51");
    assert_eq!(asks().await, "Error 99 CORE-2127");
}
