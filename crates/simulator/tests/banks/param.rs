//! Param: its methods in the recorded shapes, orders that are charged again, points, both kinds of 3D Secure,
//! both nodes, and bodies that nobody should send. Hashes are computed here once more.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha1::{Digest, Sha1};
use simulator::forms;

use crate::bank::{BONUS, Bank, Directory, PLAIN, WORLD, body, tag, tags};

const PATH: &str = "/param/turkpos.ws/service_turkpos_prod.asmx";
const SECOND: &str = "/param/d1/turkpos.ws/service_turkpos_prod.asmx";
const PAGE: &str = "/param/turkpos.ws/pos/3d";
const GUID: &str = "0c13d406-873b-403b-9c09-a5766840d98c";
const OK: &str = "https://shop.example/ok";
const FAIL: &str = "https://shop.example/no";

type Fields = Vec<(String, String)>;

fn sha1(text: &str) -> String {
    STANDARD.encode(Sha1::digest(text.as_bytes()))
}

fn envelope(method: &str, fields: &[(&str, &str)]) -> String {
    let fields: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("<t:{name}>{value}</t:{name}>"))
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><s:Envelope \
         xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:t=\"https://turkpos.com.tr/\"><s:Body>\
         <t:{method}><t:G><t:CLIENT_CODE>10738</t:CLIENT_CODE><t:CLIENT_USERNAME>Test</t:CLIENT_USERNAME>\
         <t:CLIENT_PASSWORD>Test</t:CLIENT_PASSWORD></t:G><t:GUID>{GUID}</t:GUID>{}</t:{method}></s:Body>\
         </s:Envelope>",
        fields.concat()
    )
}

async fn at(bank: &Bank, path: &str, document: &str) -> String {
    body(&bank.send("POST", path, "text/xml", document).await)
}

async fn ask(bank: &Bank, method: &str, fields: &[(&str, &str)]) -> String {
    at(bank, PATH, &envelope(method, fields)).await
}

/// A message of a sale, whatever its method; `own` is the caller's number.
struct Sale<'a> {
    method: &'a str,
    own: &'a str,
    order: &'a str,
    card: &'a str,
    total: &'a str,
    security: &'a str,
    more: &'a [(&'a str, &'a str)],
}

impl<'a> Sale<'a> {
    fn of(order: &'a str, card: &'a str, total: &'a str) -> Sale<'a> {
        Sale {
            method: "TP_WMD_UCD",
            own: order,
            order,
            card,
            total,
            security: "NS",
            more: &[],
        }
    }

    fn document(&self) -> String {
        let Sale { order, total, .. } = self;
        let covered = match self.method {
            "TP_WMD_UCD" | "TP_WMD_UCD_WP" => format!("1{total}{total}{order}"),
            "Pos_Odeme" => format!("1{total}{total}{order}{FAIL}{OK}"),
            _ => format!("{total}{total}{order}{FAIL}{OK}"),
        };
        let hash = sha1(&format!("10738{GUID}{covered}"));
        let fields = [
            ("KK_Sahibi", "Ğüneş İşçi"),
            ("KK_No", self.card),
            ("KK_SK_Ay", "12"),
            ("KK_SK_Yil", "2030"),
            ("KK_CVC", "123"),
            ("KK_Sahibi_GSM", ""),
            ("Hata_URL", FAIL),
            ("Basarili_URL", OK),
            ("Siparis_ID", order),
            ("Taksit", "1"),
            ("Islem_Tutar", total),
            ("Toplam_Tutar", total),
            ("Islem_Hash", &hash),
            ("Islem_Guvenlik_Tip", self.security),
            ("Islem_ID", self.own),
            ("IPAdr", "127.0.0.1"),
        ];
        envelope(self.method, &[&fields, self.more].concat())
    }

    async fn send(&self, bank: &Bank) -> String {
        at(bank, PATH, &self.document()).await
    }
}

async fn undo(bank: &Bank, what: &str, order: &str, amount: &str) -> String {
    let fields = [("Durum", what), ("Siparis_ID", order), ("Tutar", amount)];
    let reply = ask(bank, "TP_Islem_Iptal_Iade_Kismi2", &fields).await;
    tag(&reply, "Sonuc")
}

async fn standing(bank: &Bank, by: &str, value: &str) -> String {
    ask(bank, "TP_Islem_Sorgulama4", &[(by, value)]).await
}

/// The names of the elements inside the result.
fn names(reply: &str) -> String {
    let start = reply.find("Result>").unwrap() + 7;
    let opened = reply[start..].split('<').skip(1);
    let opened = opened.filter(|part| !part.starts_with('/'));
    let names: Vec<&str> = opened.map(|part| part.split('>').next().unwrap()).collect();
    names.join(" ")
}

fn texts<'a>(reply: &'a str, wanted: &[&'a str]) -> Vec<String> {
    wanted.iter().map(|name| tag(reply, name)).collect()
}

#[tokio::test]
async fn a_sale_is_answered_as_recorded_and_a_used_order_id_charges_again() {
    let bank = Bank::open().await;
    let sale = Sale {
        own: "OWN1",
        ..Sale::of("20260310AAAA", PLAIN, "1.010,01")
    };
    let sold = sale.send(&bank).await;
    assert_eq!(
        names(&sold),
        "Islem_ID Islem_GUID UCD_HTML Sonuc Sonuc_Str Bank_Trans_ID Bank_AuthCode Bank_HostMsg \
         Banka_Sonuc_Kod Bank_Extra Siparis_ID Ext_Data"
    );
    let wanted = [
        "UCD_HTML",
        "Sonuc",
        "Sonuc_Str",
        "Banka_Sonuc_Kod",
        "Siparis_ID",
    ];
    let told = ["NONSECURE", "1", "İşlem Başarılı", "0", "20260310AAAA"];
    assert_eq!(texts(&sold, &wanted), told);
    assert!(
        sold.contains("<TP_WMD_UCDResponse xmlns=\"https://turkpos.com.tr/\"><TP_WMD_UCDResult>")
    );
    assert!(
        tag(&sold, "Bank_Extra").contains("&lt;CARDBRAND&gt;MASTERCARD"),
        "{sold}"
    );
    let row = bank.row("20260310AAAA").await;
    let known = (&row["bank"], &row["account"], &row["captured"]);
    assert_eq!(known, (&json!("param"), &json!("OWN1"), &json!(101_001)));

    // The same order again is another payment, under an id that comes back.
    let again = Sale {
        own: "OWN2",
        ..sale
    };
    let again = again.send(&bank).await;
    let fresh = tag(&again, "Siparis_ID");
    assert_eq!(tag(&again, "Sonuc"), "1");
    assert_ne!(fresh, "20260310AAAA");
    assert_eq!(bank.row(&fresh).await["captured"], 101_001);
    for (by, value, id, own) in [
        ("Islem_ID", "OWN1", "20260310AAAA", "OWN1"),
        ("Islem_ID", "OWN2", fresh.as_str(), "OWN2"),
        ("Siparis_ID", "20260310AAAA", "20260310AAAA", "OWN1"),
        ("Siparis_ID", &fresh, &fresh, "OWN2"),
        ("Dekont_ID", &tag(&sold, "Islem_ID"), "20260310AAAA", "OWN1"),
    ] {
        let told = standing(&bank, by, value).await;
        assert_eq!(
            texts(&told, &["Siparis_ID", "Islem_ID", "Odeme_Sonuc"]),
            [id, own, "1"]
        );
    }
    let none = standing(&bank, "Islem_ID", "OWN3").await;
    assert_eq!(names(&none), "DT_Bilgi Sonuc Sonuc_Str");
    assert_eq!(tag(&none, "Sonuc"), "0");
}

#[tokio::test]
async fn orders_are_found_by_each_of_their_numbers_after_a_restart() {
    let directory = Directory::new("param");
    let bank = Bank::on(Some(directory.0.clone())).await;
    let first = Sale {
        own: "OWN1",
        ..Sale::of("R1", PLAIN, "1,00")
    };
    let sold = first.send(&bank).await;
    drop(bank);
    let bank = Bank::on(Some(directory.0.clone())).await;
    let receipt = tag(&sold, "Islem_ID");
    for (by, value) in [
        ("Islem_ID", "OWN1"),
        ("Siparis_ID", "R1"),
        ("Dekont_ID", &receipt),
    ] {
        let told = standing(&bank, by, value).await;
        assert_eq!(tag(&told, "Dekont_ID"), receipt, "{by}");
    }
    let again = Sale {
        own: "OWN2",
        ..first
    }
    .send(&bank)
    .await;
    assert_ne!(tag(&again, "Siparis_ID"), "R1");
}

#[tokio::test]
async fn what_is_not_right_is_refused() {
    let bank = Bank::open().await;
    let document = Sale::of("W1", PLAIN, "10,01").document();
    let verdict = async |document: &str| {
        let reply = at(&bank, PATH, document).await;
        format!("{} {}", tag(&reply, "Sonuc"), tag(&reply, "Sonuc_Str"))
    };
    for (from, to, expected) in [
        (
            "<t:CLIENT_USERNAME>Test",
            "<t:CLIENT_USERNAME>Tost",
            "-100 Hesap bulunamadı.",
        ),
        (
            GUID,
            "0c13d406-873b-403b-9c09-a5766840d98d",
            "-100 Hesap bulunamadı.",
        ),
        ("10738", "10739", "-100 Hesap bulunamadı."),
        (
            "<t:Islem_Tutar>10,01",
            "<t:Islem_Tutar>10,02",
            "-1 İşlem hash doğrulanamadı.",
        ),
        (
            "<t:Siparis_ID>W1",
            "<t:Siparis_ID>W2",
            "-1 İşlem hash doğrulanamadı.",
        ),
        (
            "<t:KK_No>5258640000000001",
            "<t:KK_No>5258640000000002",
            "-1 HATALI KART",
        ),
        (
            "<t:KK_SK_Yil>2030",
            "<t:KK_SK_Yil>2020",
            "-1 VADE SONU GECMIS KART",
        ),
        ("<t:Islem_ID>W1", "<t:Islem_ID>W/1", "-1 Islem_ID geçersiz."),
    ] {
        assert!(document.contains(from), "{from}");
        assert_eq!(verdict(&document.replace(from, to)).await, expected);
    }
    for (total, field) in [
        ("10.01", "Islem_Tutar"),
        ("0,00", "Islem_Tutar"),
        ("1", "Islem_Tutar"),
    ] {
        let document = Sale::of("W3", PLAIN, total).document();
        assert_eq!(verdict(&document).await, format!("-1 {field} geçersiz."));
    }
    let many = [("Islem_ID", "2")];
    let doubled = Sale {
        more: &many,
        ..Sale::of("W4", PLAIN, "1,00")
    };
    assert_eq!(tag(&doubled.send(&bank).await, "Sonuc"), "1");
    // The element must be there, although it is empty.
    let silent = document.replace("<t:KK_Sahibi_GSM></t:KK_Sahibi_GSM>", "");
    let fault = at(&bank, PATH, &silent).await;
    assert!(
        tag(&fault, "faultstring").starts_with("Object reference"),
        "{fault}"
    );
    assert_eq!(bank.row("W1").await["state"], "declined");

    let declined = Sale::of("W5", "4111111111111111", "1,00");
    bank.fault(r#"{"bank":"param","operation":"sale","fault":{"kind":"decline","code":"51"}}"#)
        .await;
    let declined = declined.send(&bank).await;
    let wanted = [
        "Islem_ID",
        "UCD_HTML",
        "Sonuc",
        "Sonuc_Str",
        "Banka_Sonuc_Kod",
        "Siparis_ID",
    ];
    assert_eq!(
        texts(&declined, &wanted),
        ["0", "NONSECURE", "-1", "YETERSIZ BAKIYE", "51", "W5"]
    );
    assert!(tag(&declined, "Bank_Extra").contains("ISO8583-51"));
    let told = standing(&bank, "Siparis_ID", "W5").await;
    assert_eq!(
        texts(&told, &["Odeme_Sonuc", "Durum", "Dekont_ID"]),
        ["2", "BANK_FAIL", "0"]
    );
    for (card, code, error) in [
        ("5253390000006666", "T04", "ISO8583-T04"),
        ("4059190000006669", "99", "CORE-2507"),
        ("5213940000006667", "99", "CORE-T98"),
    ] {
        let reply = Sale::of(card, card, "1,00").send(&bank).await;
        assert_eq!(texts(&reply, &["Sonuc", "Banka_Sonuc_Kod"]), ["-1", code]);
        assert!(reply.contains(error), "{reply}");
    }
}

#[tokio::test]
async fn the_days_end_divides_voids_from_refunds_and_sums_are_kept() {
    let bank = Bank::open().await;
    for order in ["V1", "V2", "V3"] {
        Sale::of(order, PLAIN, "10,01").send(&bank).await;
    }
    // Whole, and on its day; the amount has a point.
    for (what, order, amount, result) in [
        ("IPTAL", "V1", "5.00", "-210"),
        ("IPTAL", "V1", "10,01", "-1"),
        ("IADE", "V1", "5.00", "-210"),
        ("IPTAL", "V1", "10.01", "1"),
        ("IPTAL", "V1", "10.01", "-210"),
        ("IADE", "V1", "10.01", "-210"),
        ("IPTAL", "V9", "10.01", "-210"),
        ("IADESI", "V2", "10.01", "-1"),
    ] {
        assert_eq!(
            undo(&bank, what, order, amount).await,
            result,
            "{what} {order} {amount}"
        );
    }
    let voided = standing(&bank, "Siparis_ID", "V1").await;
    let wanted = [
        "Odeme_Sonuc",
        "Durum",
        "Toplam_Tutar",
        "Toplam_Iade_Tutar",
        "Komisyon_Tutar",
    ];
    assert_eq!(
        texts(&voided, &wanted),
        ["12", "CANCEL", "10.01", "0", "0.18"]
    );
    bank.pass(24);
    for (what, amount, result, told) in [
        ("IPTAL", "10.01", "-210", ["1", "SUCCESS", "0"]),
        ("IADE", "4.00", "1", ["13", "PARTIAL_REFUND", "4.00"]),
        ("IADE", "6.02", "-221", ["13", "PARTIAL_REFUND", "4.00"]),
        ("IADE", "6.01", "1", ["13", "REFUND", "10.01"]),
        ("IADE", "0.01", "-221", ["13", "REFUND", "10.01"]),
    ] {
        assert_eq!(
            undo(&bank, what, "V2", amount).await,
            result,
            "{what} {amount}"
        );
        let reply = standing(&bank, "Siparis_ID", "V2").await;
        assert_eq!(
            texts(&reply, &["Odeme_Sonuc", "Durum", "Toplam_Iade_Tutar"]),
            told
        );
    }
    let returned = ask(
        &bank,
        "TP_Islem_Iptal_Iade_Kismi2",
        &[("Durum", "IADE"), ("Siparis_ID", "V3"), ("Tutar", "1.00")],
    )
    .await;
    assert_eq!(
        names(&returned),
        "Sonuc Sonuc_Str Banka_Sonuc_Kod Bank_AuthCode Bank_Trans_ID Bank_Extra Bank_HostRefNum"
    );
    let refuses = "5428040000006667";
    Sale::of("V4", refuses, "1,00").send(&bank).await;
    let refused = [("Durum", "IPTAL"), ("Siparis_ID", "V4"), ("Tutar", "1.00")];
    let refused = ask(&bank, "TP_Islem_Iptal_Iade_Kismi2", &refused).await;
    assert_eq!(
        texts(&refused, &["Sonuc", "Banka_Sonuc_Kod"]),
        ["-1", "T28"]
    );
}

#[tokio::test]
async fn holds_are_captured_or_released() {
    let bank = Bank::open().await;
    let hold = async |order: &str| {
        let hold = Sale {
            method: "TP_Islem_Odeme_OnProv_WMD",
            ..Sale::of(order, PLAIN, "100,00")
        };
        hold.send(&bank).await
    };
    let held = hold("H1").await;
    assert_eq!(tag(&held, "Sonuc_Str"), "Ön Provizyon İşlemi Başarılı");
    assert!(tag(&held, "Islem_ID").starts_with("6021"), "{held}");
    assert_eq!(undo(&bank, "IPTAL", "H1", "100.00").await, "-210");
    let take = async |order: &str, amount: &str| {
        let fields = [
            ("Prov_ID", ""),
            ("Prov_Tutar", amount),
            ("Siparis_ID", order),
        ];
        let reply = ask(&bank, "TP_Islem_Odeme_OnProv_Kapa", &fields).await;
        tag(&reply, "Sonuc")
    };
    assert_eq!(take("H1", "115,01").await, "-1");
    assert_eq!(take("H1", "102,00").await, "1");
    assert_eq!(take("H1", "102,00").await, "-210");
    // Of the capture only the bank's part tells, as recorded.
    let told = standing(&bank, "Siparis_ID", "H1").await;
    let wanted = ["Odeme_Sonuc", "Islem_Tip", "Toplam_Tutar"];
    assert_eq!(texts(&told, &wanted), ["1", "PRE_AUTH", "100.00"]);
    assert!(
        told.contains("&lt;CAPTURE_AMT&gt;10200&lt;") && told.contains("TRANS_STAT:C"),
        "{told}"
    );
    let release = async |order: &str| {
        let fields = [("Prov_ID", ""), ("Siparis_ID", order)];
        tag(&ask(&bank, "TP_Islem_Iptal_OnProv", &fields).await, "Sonuc")
    };
    assert_eq!(release("H1").await, "-210");
    hold("H2").await;
    assert_eq!(release("H2").await, "1");
    let told = standing(&bank, "Siparis_ID", "H2").await;
    assert_eq!(
        texts(&told, &["Odeme_Sonuc", "Durum", "Islem_Tip"]),
        ["12", "CANCEL", "PRE_AUTH"]
    );
    assert_eq!(undo(&bank, "IPTAL", "H1", "102.00").await, "1");
    bank.pass(24);
    assert_eq!(undo(&bank, "IADE", "H2", "1.00").await, "-210");
}

#[tokio::test]
async fn points_of_every_program_are_told_and_spent() {
    let bank = Bank::open().await;
    let purse = async |method: &str, card: &str| {
        let fields = [
            ("Kart_No", ""),
            ("ip", "127.0.0.1"),
            ("KK_Sahibi", "A B"),
            ("Kredi_Kart_No", card),
            ("SK_Ay", "12"),
            ("SK_Yil", "2030"),
            ("CVV", "123"),
        ];
        let document = envelope(method, &fields).replace("GUID>", "Guid>");
        let reply = at(&bank, PATH, &document).await;
        format!("{} {}", tag(&reply, "Sonuc"), tag(&reply, "Puan"))
    };
    for (card, told) in [
        (WORLD, "1 58.82"),
        (BONUS, "1 17.55"),
        ("4355080000000005", "1 64.24"),
        ("4132260000060007", "1 27.50"),
        ("4796810000000002", "-1 "),
    ] {
        assert_eq!(purse("TP_Puan_Sorgula", card).await, told, "{card}");
    }
    assert_eq!(purse("Puan_World", WORLD).await, "1 58.82");
    assert_eq!(purse("Puan_World", BONUS).await, "-1 ");
    for (order, card, points, result, spent) in [
        ("P1", BONUS, "7.55", "1", 755),
        ("P2", BONUS, "10,00", "1", 1_000),
        ("P3", BONUS, "0.01", "-1", 0),
        ("P4", BONUS, "", "1", 0),
        ("P5", WORLD, "10.01", "-1", 0),
        ("P6", "4796810000000002", "1.00", "-1", 0),
        ("P7", WORLD, "x", "-1", 0),
    ] {
        let more = [("Puan", points)];
        let sale = Sale {
            method: "TP_WMD_UCD_WP",
            more: &more,
            ..Sale::of(order, card, "10,00")
        };
        assert_eq!(tag(&sale.send(&bank).await, "Sonuc"), result, "{order}");
        let row = bank.row(order).await;
        assert_eq!(
            row["pointsSpent"].as_i64().unwrap_or_default(),
            spent,
            "{order}"
        );
    }
    let fields = [
        ("Durum", "IPTAL"),
        ("Siparis_ID", "P1"),
        ("Tutar", "10.00"),
        ("Ref_No", ""),
    ];
    let reply = ask(&bank, "TP_Islem_Iptal_Iade_Kismi_WP", &fields).await;
    assert_eq!(tag(&reply, "Sonuc"), "1");
    assert_eq!(purse("TP_Puan_Sorgula", BONUS).await, "1 7.55");
}

#[tokio::test]
async fn the_list_of_days_has_a_row_for_each_transaction() {
    let bank = Bank::open().await;
    Sale::of("L1", PLAIN, "5,00").send(&bank).await;
    Sale::of("L2", "4111111111111111", "12,50")
        .send(&bank)
        .await;
    undo(&bank, "IPTAL", "L1", "5.00").await;
    Sale::of("L3", "5253390000006666", "1,00").send(&bank).await;
    bank.pass(24);
    undo(&bank, "IADE", "L2", "2.50").await;
    let list = async |from: &str, to: &str, more: &[(&str, &str)]| {
        let span = [("Tarih_Bas", from), ("Tarih_Bit", to)];
        ask(&bank, "TP_Islem_Izleme", &[&span, more].concat()).await
    };
    let (first, last) = ("10.03.2026 00:00:00", "10.03.2026 23:59:59");
    let day = list(first, last, &[]).await;
    assert_eq!(tags(&day, "ORJ_ORDER_ID"), ["L3", "L1", "L2", "L1"]);
    assert_eq!(tags(&day, "Tip_Str"), ["Satış", "İptal", "Satış", "Satış"]);
    assert_eq!(
        tags(&day, "Tutar"),
        ["1.0000", "-5.0000", "12.5000", "5.0000"]
    );
    let sum = day.split("</DT_Bilgi>").next().unwrap();
    assert_eq!(tags(sum, "Sonuc"), ["2", "1", "13", "12"]);
    assert_eq!(
        tags(&day, "Toplam_Iade_Tutar"),
        ["0.0000", "0.0000", "2.5000", "0.0000"]
    );
    assert!(
        day.contains("<Tarih>2026-03-10T15:00:00+03:00</Tarih>"),
        "{day}"
    );
    let next = list("11.03.2026 00:00:00", "11.03.2026 23:59:59", &[]).await;
    assert_eq!(tags(&next, "Tutar"), ["-2.5000"]);
    let sales = list(
        first,
        last,
        &[("Islem_Tip", "Satış"), ("Islem_Durum", "Başarısız")],
    )
    .await;
    assert_eq!(tags(&sales, "ORJ_ORDER_ID"), ["L3"]);
    let long = list(first, "18.03.2026 00:00:00", &[]).await;
    assert_eq!(
        texts(&long, &["Sonuc", "Sonuc_Str"]),
        ["-222", "Tarih aralığı 7 günden fazla olamaz."]
    );
    assert_eq!(
        texts(&list("gestern", last, &[]).await, &["Sonuc", "Sonuc_Str"]),
        ["-1", "Başarısız"]
    );
}

/// What leads back to the shop, and where.
struct Back(String, Fields);

impl Back {
    fn get(&self, name: &str) -> &str {
        let named = self.1.iter().find(|(known, _)| known == name);
        named.map_or("", |(_, value)| value)
    }
}

/// The bank's page of an authentication in the 3D model, from the page that the reply holds.
async fn opened(bank: &Bank, sale: &Sale<'_>) -> String {
    let reply = sale.send(bank).await;
    assert_eq!(tag(&reply, "Sonuc"), "1", "{reply}");
    let html = tag(&reply, "UCD_HTML")
        .replace("&lt;", "<")
        .replace("&gt;", ">");
    let form = &forms::forms(&html)[0];
    assert_eq!(form.action, format!("http://{}{PAGE}", bank.address));
    post(bank, PAGE, &form.filled(&[])).await
}

async fn post(bank: &Bank, path: &str, fields: &Fields) -> String {
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    bank.browse(path, &fields).await
}

async fn press(bank: &Bank, page: &str, answers: &[(&str, &str)]) -> Back {
    let sent = forms::forms(page)[0].filled(answers);
    let page = post(bank, &format!("{PAGE}/otp"), &sent).await;
    let form = &forms::forms(&page)[0];
    Back(form.action.clone(), form.filled(&[]))
}

const OTP: &[(&str, &str)] = &[("otp", "123456")];

async fn finish(bank: &Bank, path: &str, back: &Back, order: &str) -> String {
    let fields = [
        ("UCD_MD", back.get("md")),
        ("Islem_GUID", back.get("islemGUID")),
        ("Siparis_ID", order),
    ];
    at(bank, path, &envelope("TP_WMD_Pay", &fields)).await
}

#[tokio::test]
async fn an_authentication_is_signed_and_sells_once() {
    let bank = Bank::open().await;
    let secure = |order| Sale {
        security: "3D",
        ..Sale::of(order, PLAIN, "10,01")
    };
    let page = opened(&bank, &secure("D1")).await;
    let back = press(&bank, &page, OTP).await;
    assert_eq!(back.0, OK);
    let names: Vec<&str> = back.1.iter().map(|(name, _)| name.as_str()).collect();
    let recorded = "md mdStatus orderId transactionAmount islemGUID islemHash bankResult dc dcURL";
    assert_eq!(names.join(" "), recorded);
    let [md, status, guid] = ["md", "mdStatus", "islemGUID"].map(|name| back.get(name));
    let signed = sha1(&format!("{guid}{md}{status}D1{GUID}"));
    assert_eq!(
        (back.get("islemHash"), back.get("transactionAmount")),
        (signed.as_str(), "10,01")
    );
    assert_eq!(bank.row("D1").await, json!(null));

    let mut other = Back(String::new(), back.1.clone());
    other.1[4].1 = "00000000-0000-0000-0000-000000000000".to_owned();
    assert_eq!(tag(&finish(&bank, PATH, &other, "D1").await, "Sonuc"), "-1");
    // An authentication that was refused is used up; another one is not.
    assert_eq!(tag(&finish(&bank, PATH, &back, "D1").await, "Sonuc"), "-1");
    let page = opened(&bank, &secure("D2")).await;
    let back = press(&bank, &page, OTP).await;
    let sold = finish(&bank, PATH, &back, "D2").await;
    assert_eq!(
        self::names(&sold),
        "Sonuc Sonuc_Ack Dekont_ID Siparis_ID UCD_MD Bank_Trans_ID Bank_AuthCode Bank_HostMsg Bank_Extra \
         Bank_Sonuc_Kod Bank_HostRefNum Komisyon_Oran"
    );
    assert_eq!(
        texts(&sold, &["Sonuc", "Siparis_ID", "Bank_Sonuc_Kod"]),
        ["1", "D2", "0"]
    );
    let again = finish(&bank, PATH, &back, "D2").await;
    assert_eq!(texts(&again, &["Sonuc", "Dekont_ID"]), ["-1", ""]);
    let rows = bank.control("GET", "ledger?bank=param", "").await;
    assert_eq!(rows["orders"].as_array().unwrap().len(), 2);

    for (card, status) in [("5115830000006669", "0"), ("5117280000006665", "4")] {
        let page = opened(
            &bank,
            &Sale {
                card,
                ..secure(card)
            },
        )
        .await;
        let back = press(&bank, &page, OTP).await;
        assert_eq!((back.0.as_str(), back.get("mdStatus")), (FAIL, status));
        assert_eq!(tag(&finish(&bank, PATH, &back, card).await, "Sonuc"), "-1");
    }
    let page = opened(&bank, &secure("D3")).await;
    let back = press(&bank, &page, &[("action", "wrong_hash")]).await;
    let signed = ["islemGUID", "md", "mdStatus"]
        .map(|name| back.get(name))
        .concat();
    assert_ne!(back.get("islemHash"), sha1(&format!("{signed}D3{GUID}")));
    let refused = Sale {
        card: "5117580000006668",
        ..secure("D4")
    }
    .send(&bank)
    .await;
    assert_eq!(texts(&refused, &["Sonuc", "Banka_Sonuc_Kod"]), ["-1", "51"]);
    // A hold, and points, through the same steps.
    let hold = Sale {
        method: "TP_Islem_Odeme_OnProv_WMD",
        ..secure("D5")
    };
    let back = press(&bank, &opened(&bank, &hold).await, OTP).await;
    finish(&bank, PATH, &back, "D5").await;
    assert_eq!(bank.row("D5").await["state"], "held");
    let more = [("Puan", "5.00")];
    let mixed = Sale {
        method: "TP_WMD_UCD_WP",
        more: &more,
        card: BONUS,
        ..secure("D6")
    };
    let back = press(&bank, &opened(&bank, &mixed).await, OTP).await;
    finish(&bank, PATH, &back, "D6").await;
    assert_eq!(bank.row("D6").await["pointsSpent"], 500);
}

#[tokio::test]
async fn a_session_is_known_at_its_node_alone() {
    let bank = Bank::open().await;
    let set = r#"{"paramSecondNode": true}"#;
    assert_eq!(
        bank.control("POST", "switches", set).await["paramSecondNode"],
        true
    );
    let secure = Sale {
        security: "3D",
        ..Sale::of("N1", PLAIN, "10,01")
    };
    let back = press(&bank, &opened(&bank, &secure).await, OTP).await;
    let named = (back.get("dc"), back.get("dcURL"));
    assert_eq!(
        named,
        ("d1", format!("http://{}{SECOND}", bank.address).as_str())
    );
    let strange = finish(&bank, PATH, &back, "N1").await;
    assert_eq!(
        names(&strange),
        "Sonuc Sonuc_Ack Bank_Sonuc_Kod Komisyon_Oran"
    );
    assert_eq!(
        texts(&strange, &["Sonuc", "Sonuc_Ack"]),
        ["-100", "Hesap bulunamadı."]
    );
    assert_eq!(tag(&finish(&bank, SECOND, &back, "N1").await, "Sonuc"), "1");
}

#[tokio::test]
async fn a_page_that_sells_signs_receipt_amount_and_order() {
    let bank = Bank::open().await;
    let link = async |sale: &Sale<'_>| {
        let reply = sale.send(&bank).await;
        let url = tag(&reply, "UCD_URL");
        let path = url.strip_prefix(&format!("http://{}", bank.address));
        bank.get(path.unwrap_or_else(|| panic!("{reply}"))).await
    };
    let paying = |order, card| Sale {
        method: "Pos_Odeme",
        security: "3D",
        own: "1944A39AD0AEA92E173D665B",
        ..Sale::of(order, card, "10,01")
    };
    let back = press(&bank, &link(&paying("U1", PLAIN)).await, OTP).await;
    let get = |name: &str| back.get(&format!("TURKPOS_RETVAL_{name}")).to_owned();
    let [receipt, amount, order, own] =
        ["Dekont_ID", "Tahsilat_Tutari", "Siparis_ID", "Islem_ID"].map(get);
    let covered = format!("10738{GUID}{receipt}{amount}{order}{own}");
    assert_eq!(get("Hash"), sha1(&covered));
    assert_eq!(
        (back.0.as_str(), get("Sonuc").as_str(), get("PB").as_str()),
        (OK, "1", "TL")
    );
    assert_eq!(
        [amount.as_str(), &get("Odeme_Tutari"), &order],
        ["10,01", "9,83", "U1"]
    );
    assert_eq!(bank.row("U1").await["captured"], 1_001);
    let told = standing(&bank, "Dekont_ID", &receipt).await;
    assert_eq!(tag(&told, "Siparis_ID"), "U1");

    let back = press(&bank, &link(&paying("U2", "5253390000006666")).await, OTP).await;
    let get = |name: &str| back.get(&format!("TURKPOS_RETVAL_{name}")).to_owned();
    let told = ["Sonuc", "Dekont_ID", "Banka_Sonuc_Kod"].map(get);
    assert_eq!(
        (back.0.as_str(), told),
        (FAIL, ["-1", "0", "T04"].map(str::to_owned))
    );
    let back = press(
        &bank,
        &link(&paying("U3", PLAIN)).await,
        &[("action", "cancel")],
    )
    .await;
    assert_eq!(
        (back.0.as_str(), back.get("TURKPOS_RETVAL_Sonuc")),
        (FAIL, "-1")
    );
    assert_eq!(bank.row("U3").await, json!(null));
    // In foreign currency, with and without the page.
    let dollars = [("Doviz_Kodu", "1001")];
    let foreign = Sale {
        method: "TP_Islem_Odeme_WD",
        more: &dollars,
        ..Sale::of("U4", "5400010000000004", "10,01")
    };
    let sold = foreign.send(&bank).await;
    assert_eq!(
        names(&sold),
        "Islem_ID UCD_URL Sonuc Sonuc_Str Banka_Sonuc_Kod Komisyon_Oran"
    );
    assert_eq!(tag(&sold, "UCD_URL"), "NONSECURE");
    assert_eq!(bank.row("U4").await["currency"], "840");
    let page = link(&Sale {
        security: "3D",
        order: "U5",
        ..foreign
    })
    .await;
    let back = press(&bank, &page, OTP).await;
    assert_eq!(back.get("TURKPOS_RETVAL_PB"), "USD");
    let lira = [("Doviz_Kodu", "1000")];
    let foreign = Sale {
        method: "TP_Islem_Odeme_WD",
        more: &lira,
        ..Sale::of("U6", PLAIN, "1,00")
    };
    assert_eq!(
        tag(&foreign.send(&bank).await, "Sonuc_Str"),
        "Doviz_Kodu geçersiz."
    );
}

#[tokio::test]
async fn faults_meet_every_method() {
    let bank = Bank::open().await;
    let fault = async |operation: &str, kind: &str, more: &str| {
        let rule = format!(
            r#"{{"bank":"param","operation":"{operation}","fault":{{"kind":"{kind}"{more}}}}}"#
        );
        bank.fault(&rule).await;
    };
    fault("sale", "lose_reply", "").await;
    let lost = Sale::of("F1", PLAIN, "1,00").document();
    assert_eq!(bank.send("POST", PATH, "text/xml", &lost).await, b"");
    let told = standing(&bank, "Islem_ID", "F1").await;
    assert_eq!(texts(&told, &["Odeme_Sonuc", "Durum"]), ["1", "SUCCESS"]);
    let about = [
        ("Siparis_ID", "F1"),
        ("Tutar", "1.00"),
        ("Prov_Tutar", "1,00"),
    ];
    let card = [
        ("Kredi_Kart_No", WORLD),
        ("SK_Ay", "12"),
        ("SK_Yil", "2030"),
    ];
    let with = |durum: &'static str| [&about[..], &[("Durum", durum)]].concat();
    for (operation, document) in [
        (
            "hold",
            Sale {
                method: "TP_Islem_Odeme_OnProv_WMD",
                ..Sale::of("F2", PLAIN, "1,00")
            }
            .document(),
        ),
        (
            "threeds_init",
            Sale {
                security: "3D",
                ..Sale::of("F3", PLAIN, "1,00")
            }
            .document(),
        ),
        ("threeds_finish", envelope("TP_WMD_Pay", &about)),
        ("capture", envelope("TP_Islem_Odeme_OnProv_Kapa", &about)),
        (
            "void",
            envelope("TP_Islem_Iptal_Iade_Kismi2", &with("IPTAL")),
        ),
        (
            "refund",
            envelope("TP_Islem_Iptal_Iade_Kismi2", &with("IADE")),
        ),
        ("inquire", envelope("TP_Islem_Sorgulama4", &about)),
        ("loyalties", envelope("TP_Puan_Sorgula", &card)),
    ] {
        fault(operation, "http_500", "").await;
        let broken = bank.send("POST", PATH, "text/xml", &document).await;
        assert!(broken.starts_with(b"HTTP/1.1 500"), "{operation}");
        if operation != "threeds_finish" {
            fault(operation, "decline", r#","code":"91""#).await;
            let declined = at(&bank, PATH, &document).await;
            assert_eq!(tag(&declined, "Banka_Sonuc_Kod"), "91", "{operation}");
        }
    }
    fault("void", "decline", r#","code":"99/221""#).await;
    assert_eq!(undo(&bank, "IPTAL", "F1", "1.00").await, "-221");
}

#[tokio::test]
async fn what_nobody_should_send_moves_nothing() {
    let bank = Bank::open().await;
    let sale = Sale::of("X1", PLAIN, "1,00").document();
    let deep = format!("<a>{}", "<b>".repeat(10_000));
    let method = sale.replace("TP_WMD_UCD", "TP_Bilinmeyen");
    let bodies = [
        "",
        "<",
        "\u{0}",
        &deep,
        &sale[..sale.len() / 2],
        &method,
        "a=b&c",
        "<s:Envelope/>",
    ];
    for hostile in bodies {
        let reply = at(&bank, PATH, hostile).await;
        assert!(
            tag(&reply, "faultstring").starts_with("Server did not"),
            "{hostile:.40} {reply}"
        );
    }
    for field in [
        "Islem_ID",
        "Siparis_ID",
        "Dekont_ID",
        "Tutar",
        "Prov_Tutar",
        "UCD_MD",
        "Tarih_Bas",
        "SK_Yil",
    ] {
        for value in [
            "",
            "-1",
            "9223372036854775807",
            "99999999999999999999",
            "ü".repeat(5_000).as_str(),
            "::::",
        ] {
            for name in [
                "TP_Islem_Sorgulama4",
                "TP_Islem_Odeme_OnProv_Kapa",
                "TP_WMD_Pay",
                "TP_Islem_Izleme",
                "TP_Puan_Sorgula",
            ] {
                let reply = ask(&bank, name, &[(field, value)]).await;
                assert_ne!(
                    tag(&reply, "Sonuc"),
                    "1",
                    "{name} {field} {value:.20} {reply}"
                );
            }
        }
    }
    let strange = bank.browse(PAGE, &[("s", "x.y")]).await;
    assert!(!strange.contains("<form"), "{strange}");
    assert_eq!(bank.row("X1").await, json!(null));
}

/// The code that a group has in the published table, as the bank behind the service answers it.
fn code_of(group: &str) -> String {
    let codes = include_str!("../../../../docs/simulator-codes.md");
    let row = codes
        .lines()
        .find(|line| line.starts_with(&format!("| {group} |")));
    row.unwrap().split('|').nth(2).unwrap().trim().to_owned()
}

#[tokio::test]
async fn every_published_error_card_fails_in_its_step() {
    let bank = Bank::open().await;
    let code = |reply: &str| tag(reply, "Banka_Sonuc_Kod") + &tag(reply, "Bank_Sonuc_Kod");
    let buys = r#"{"requiresDayEndSaleSucceeds": true}"#;
    let table = include_str!("../../data/test-cards-error.csv");
    let (mut sales, mut secure, mut undone) = (0, 0, 0);
    for (index, line) in table.lines().skip(1).enumerate() {
        let columns: Vec<&str> = line.split(',').collect();
        let (order, card, group) = (format!("E{index}"), columns[1], columns[2]);
        let sale = Sale::of(&order, card, "1,00");
        match (columns[0], group) {
            ("sale", "APPROVED_COMPLETED" | "ORDER_ID_ALREADY_USED") => {
                assert_eq!(code(&sale.send(&bank).await), "99", "{group}");
            }
            ("sale", _) => {
                assert_eq!(code(&sale.send(&bank).await), code_of(group), "{group}");
                sales += 1;
            }
            ("3ds", "" | "THREEDS_INIT_ERROR") => {}
            ("3ds", _) => {
                let sale = Sale {
                    security: "3D",
                    ..sale
                };
                let back = press(&bank, &opened(&bank, &sale).await, OTP).await;
                let refused = finish(&bank, PATH, &back, &order).await;
                assert_eq!(code(&refused), code_of(group), "{group}");
                secure += 1;
            }
            ("refund", _) => {
                bank.control("POST", "switches", buys).await;
                assert_eq!(tag(&sale.send(&bank).await, "Sonuc"), "1", "{group}");
                for what in ["IPTAL", "IADE"] {
                    let fields = [("Durum", what), ("Siparis_ID", &order), ("Tutar", "1.00")];
                    let reply = ask(&bank, "TP_Islem_Iptal_Iade_Kismi2", &fields).await;
                    let told = match group {
                        "MAY_HAVE_ALREADY_REFUNDED" => "-221 ".to_owned(),
                        _ => format!("-1 {}", code_of(group)),
                    };
                    let said = format!("{} {}", tag(&reply, "Sonuc"), code(&reply));
                    assert_eq!(said, told, "{group} {what}");
                }
                undone += 1;
            }
            (_, _) => {
                let hold = Sale {
                    method: "TP_Islem_Odeme_OnProv_WMD",
                    ..sale
                };
                let held = hold.send(&bank).await;
                let fields = [("Prov_Tutar", "1,00"), ("Siparis_ID", order.as_str())];
                let taken = ask(&bank, "TP_Islem_Odeme_OnProv_Kapa", &fields).await;
                let codes = (code(&held), code(&taken));
                let expected = match group {
                    "NOT_SUFFICIENT_FUNDS" => ("51", ""),
                    _ => ("0", "12"),
                };
                assert_eq!(codes, (expected.0.to_owned(), expected.1.to_owned()));
            }
        }
    }
    assert_eq!((sales, secure, undone), (50, 6, 11));
}
