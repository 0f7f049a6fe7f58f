//! Kuveyt Türk and Vakıf Katılım: messages of all gates, the SOAP service, 3D Secure, and what both do that
//! a client must be ready for. Hashes are computed here once more.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};
use simulator::forms;

use crate::bank::{Bank, Directory, FORM, PLAIN, PUBLISHED_BONUS, body, form, tag, tags};

const OK: &str = "https://shop.example/ok?a=1&b=2";
const FAIL: &str = "https://shop.example/no";
const KUVEYT: &str = "/kuveyt/boa.virtualpos.services/Home";
const VAKIF: &str = "/vakif_katilim/VirtualPOS.Gateway/Home";
const SERVICE: &str =
    "/kuveyt/BOA.Integration.WCFService/BOA.Integration.VirtualPos/VirtualPosService.svc/Basic";
/// What stands for the passwords in hashes: the first is in the bank's document.
const KUVEYT_PASSWORD: &str = "poCqMathhevCYY1LVNbWCQWbC5I=";

fn b64(text: &str) -> String {
    STANDARD.encode(Sha1::digest(text.as_bytes()))
}

fn vakif_password() -> String {
    b64("VKAT0210")
}

fn xml(fields: &[(&str, &str)]) -> String {
    let one = |(name, value): &(&str, &str)| {
        let value = value.replace('&', "&amp;");
        format!("<{name}>{value}</{name}>")
    };
    fields.iter().map(one).collect()
}

/// A TDV2 message; `more` is added or replaces.
fn tdv2(order: &str, amount: i64, security: &str, more: &[(&str, &str)]) -> String {
    let amount = amount.to_string();
    let of = |name: &str| {
        more.iter()
            .find(|(known, _)| *known == name)
            .map_or("", |(_, v)| v)
    };
    let covered = [
        "496",
        order,
        &amount,
        of("OkUrl"),
        of("FailUrl"),
        "apitest",
        KUVEYT_PASSWORD,
    ];
    let hash = b64(&covered.concat());
    let mut fields = vec![
        ("APIVersion", "TDV2.0.0"),
        ("HashData", &hash),
        ("MerchantId", "496"),
        ("CustomerId", "400235"),
        ("UserName", "apitest"),
        ("TransactionType", "Sale"),
        ("InstallmentCount", "0"),
        ("Amount", &amount),
        ("DisplayAmount", &amount),
        ("CurrencyCode", "0949"),
        ("MerchantOrderId", order),
        ("TransactionSecurity", security),
    ];
    for (name, value) in more {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><KuveytTurkVPosMessage>\
         <DeviceData><DeviceChannel>02</DeviceChannel><ClientIP>127.0.0.1</ClientIP></DeviceData>\
         {}</KuveytTurkVPosMessage>",
        xml(&fields)
    )
}

fn card(number: &str) -> Vec<(&'static str, &str)> {
    vec![
        ("CardNumber", number),
        ("CardExpireDateYear", "30"),
        ("CardExpireDateMonth", "12"),
        ("CardCVV2", "123"),
        ("CardHolderName", "Ali Veli"),
        ("CardType", "MasterCard"),
    ]
}

async fn post(bank: &Bank, path: &str, message: &str) -> String {
    body(&bank.send("POST", path, "application/xml", message).await)
}

async fn kuveyt_sale(bank: &Bank, order: &str, number: &str, amount: i64) -> String {
    let message = tdv2(order, amount, "1", &card(number));
    post(bank, &format!("{KUVEYT}/Non3DPayGate"), &message).await
}

/// The sale's own references, as a void and a refund show them.
fn references(sale: &str) -> Vec<(&'static str, String)> {
    let last = |name: &str| tags(sale, name).last().cloned().unwrap_or_default();
    ["OrderId", "RRN", "Stan", "ProvisionNumber"]
        .map(|name| (name, last(name)))
        .into()
}

async fn soap(
    bank: &Bank,
    operation: &str,
    order: &str,
    amount: i64,
    outer: &[(&str, String)],
) -> String {
    let text = amount.to_string();
    let hash = b64(&["496", order, &text, "apitest", KUVEYT_PASSWORD].concat());
    let message = xml(&[
        ("MerchantId", "496"),
        ("CustomerId", "400235"),
        ("UserName", "apitest"),
        ("APIVersion", "TDV2.0.0"),
        ("HashData", &hash),
        ("Amount", &text),
        ("MerchantOrderId", order),
    ]);
    let outer: String = outer
        .iter()
        .map(|(name, value)| format!("<ser:{name}>{value}</ser:{name}>"))
        .collect();
    let message = message
        .replace("</", "</ser:")
        .replace('<', "<ser:")
        .replace("<ser:/ser:", "</ser:");
    let document = format!(
        "<soapenv:Envelope><soapenv:Body><ser:{operation}><ser:request>{outer}\
         <ser:Amount>{text}</ser:Amount><ser:VPosMessage>{message}</ser:VPosMessage></ser:request>\
         </ser:{operation}></soapenv:Body></soapenv:Envelope>"
    );
    let action =
        format!("http://boa.net/BOA.Integration.VirtualPos/Service/IVirtualPosService/{operation}");
    let request = format!(
        "POST {SERVICE} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\nSOAPAction: \"{action}\"\r\n\
         content-type: text/xml\r\ncontent-length: {}\r\n\r\n{document}",
        document.len()
    );
    body(&bank.raw(request.as_bytes()).await)
}

async fn detail(bank: &Bank, order: &str) -> String {
    let days = [
        ("OrderId", "0".to_owned()),
        ("StartDate", "2025-03-10T00:00:00".to_owned()),
        ("EndDate", "2027-03-10T00:00:00".to_owned()),
    ];
    soap(bank, "GetMerchantOrderDetail", order, 0, &days).await
}

fn last(document: &str, name: &str) -> String {
    tags(document, name).last().cloned().unwrap_or_default()
}

#[tokio::test]
async fn kuveyt_sells_answers_signed_and_sells_again_under_the_same_id() {
    let bank = Bank::open().await;
    let sold = kuveyt_sale(&bank, "K1", PLAIN, 1_001).await;
    assert_eq!(tag(&sold, "ResponseCode"), "00", "{sold}");
    assert_eq!(tag(&sold, "ResponseMessage"), "OTORİZASYON VERİLDİ");
    assert_eq!(
        (tag(&sold, "Amount"), tag(&sold, "CurrencyCode")),
        ("1001".into(), "949".into())
    );
    let signed = [
        "K1",
        &last(&sold, "RRN"),
        "00",
        &last(&sold, "OrderId"),
        KUVEYT_PASSWORD,
    ]
    .concat();
    assert_eq!(tag(&sold, "HashData"), b64(&signed));
    assert_eq!(tag(&sold, "ProvisionNumber").len(), 6);
    assert!(!sold.contains(PLAIN));

    let again = kuveyt_sale(&bank, "K1", PLAIN, 1_001).await;
    assert_ne!(last(&again, "OrderId"), last(&sold, "OrderId"));
    let rows = detail(&bank, "K1").await;
    let numbers = [last(&again, "OrderId"), last(&sold, "OrderId")];
    assert_eq!(tags(&rows, "OrderId"), numbers, "{rows}");
    assert_eq!(tags(&rows, "FirstAmount"), ["10.01", "10.01"]);
    assert_eq!(tags(&rows, "LastOrderStatus"), ["1", "1"]);
    let ledger = bank
        .control("GET", "ledger?orderId=K1&bank=kuveyt", "")
        .await;
    assert_eq!(ledger["orders"].as_array().unwrap().len(), 2);
    assert_eq!(ledger["orders"][1]["orderId"], "K1");
    assert_eq!(ledger["orders"][1]["account"], "496");
}

/// The gates of the live system; the page is begun there too.
#[tokio::test]
async fn kuveyt_answers_at_the_addresses_of_its_live_system_too() {
    let bank = Bank::open().await;
    let live = |gate| format!("/kuveyt/ServiceGateWay/Home/{gate}");
    let sale = tdv2("K1", 500, "1", &card(PLAIN));
    let sold = post(&bank, &live("Non3DPayGate"), &sale).await;
    assert_eq!(tag(&sold, "ResponseCode"), "00", "{sold}");
    let urls = [("OkUrl", OK), ("FailUrl", FAIL)];
    let order = tdv2("K2", 500, "3", &[card(PLAIN), urls.to_vec()].concat());
    let page = post(&bank, &live("ThreeDModelPayGate"), &order).await;
    assert!(page.contains("/kuveyt/page\""), "{page}");
    let sale = tdv2("K2", 500, "3", &[]);
    let sold = post(&bank, &live("ThreeDModelProvisionGate"), &sale).await;
    assert_eq!(tag(&sold, "ResponseCode"), "EmptyMDException", "{sold}");
}

#[tokio::test]
async fn what_kuveyt_refuses_carries_the_names_of_its_document() {
    let bank = Bank::open().await;
    let gate = format!("{KUVEYT}/Non3DPayGate");
    let with = |more: &[(&'static str, &'static str)]| {
        let all = [card(PLAIN), more.to_vec()].concat();
        tdv2("K2", 500, "1", &all)
    };
    for (message, code) in [
        (with(&[("MerchantId", "497")]), "MerchantNotDefined"),
        (with(&[("UserName", "apitest2")]), "ApiUserNotDefined"),
        (with(&[("CustomerId", "1")]), "ApiUserNotDefined"),
        (
            with(&[("HashData", "ANcybxW/c1G39+RMstZ3ROYakO8=")]),
            "HashDataError",
        ),
        (with(&[("CurrencyCode", "0999")]), "CurrencyCodeInvalid"),
        (
            with(&[("CurrencyCode", "0840"), ("CardNumber", PUBLISHED_BONUS)]),
            "12",
        ),
        (
            with(&[("TransactionSecurity", "3")]),
            "InvalidTransactionSecurity",
        ),
        (with(&[("DisplayAmount", "501")]), "EmptyAmountField"),
        (with(&[("CardType", "Diners")]), "999"),
        (with(&[("CardNumber", "4111111111111112")]), "14"),
        (with(&[("CardExpireDateYear", "20")]), "54"),
        (String::new(), "MerchantNotDefined"),
        ("<a>".repeat(10_000), "MerchantNotDefined"),
        (
            "\u{0}\u{1}<KuveytTurkVPosMessage>".to_owned(),
            "MerchantNotDefined",
        ),
    ] {
        let reply = post(&bank, &gate, &message).await;
        assert_eq!(tag(&reply, "ResponseCode"), code, "{reply}");
        assert!(tag(&reply, "ProvisionNumber").is_empty());
    }
    // A foreign card buys in dollars.
    let dollars = [card("5400010000000004"), vec![("CurrencyCode", "0840")]].concat();
    let reply = post(&bank, &gate, &tdv2("K3", 500, "1", &dollars)).await;
    assert_eq!(tag(&reply, "ResponseCode"), "00");
    assert_eq!(bank.row("K3").await["currency"], "840");
}

#[tokio::test]
async fn every_published_error_card_fails_with_its_code_at_both_banks() {
    let bank = Bank::open().await;
    let codes = include_str!("../../../../docs/simulator-codes.md");
    let code_of = |group: &str| {
        let row = codes
            .lines()
            .find_map(|line| line.strip_prefix(&format!("| {group} | ")));
        row.and_then(|rest| rest.split(' ').next())
            .map(str::to_owned)
    };
    let mut seen = 0;
    for line in include_str!("../../data/test-cards-error.csv")
        .lines()
        .skip(1)
    {
        let columns: Vec<&str> = line.split(',').collect();
        let (scenario, number, group) = (columns[0], columns[1], columns[2]);
        let Some(code) = code_of(group).filter(|_| scenario == "sale") else {
            continue;
        };
        seen += 1;
        let order = format!("E{seen}");
        let sold = kuveyt_sale(&bank, &order, number, 700).await;
        assert_eq!(tag(&sold, "ResponseCode"), code, "{line}");
        let row = detail(&bank, &order).await;
        assert_eq!(
            (tag(&row, "TransactionStatus"), tag(&row, "ResponseCode")),
            ("2".into(), code.clone())
        );
        let sold = vakif(&bank, "Non3DPayGate", &order, 700, &vakif_card(number)).await;
        assert_eq!(last(&sold, "ResponseCode"), code, "{line}");
        assert!(
            !sold.contains("<HashData>") || tags(&sold, "HashData").len() == 1,
            "{sold}"
        );
    }
    assert!(seen > 40, "{seen}");
}

#[tokio::test]
async fn kuveyt_undoes_on_the_day_and_gives_back_on_any() {
    let bank = Bank::open().await;
    let sold = kuveyt_sale(&bank, "V1", PLAIN, 1_000).await;
    let shown = references(&sold);
    let mut wrong = shown.clone();
    wrong[1].1.replace_range(..1, "9");
    let reply = soap(&bank, "SaleReversal", "V1", 1_000, &wrong).await;
    assert_eq!(
        tag(&reply, "ErrorCode"),
        "RRNOrStanOrProvIsIncorrect",
        "{reply}"
    );
    let reply = soap(&bank, "SaleReversal", "V1", 900, &shown).await;
    assert_eq!(
        tag(&reply, "ErrorCode"),
        "TransactionAmountMismatchException"
    );
    let reply = soap(&bank, "SaleReversal", "V1", 1_000, &shown).await;
    assert_eq!(
        (tag(&reply, "Success"), tag(&reply, "ResponseCode")),
        ("true".into(), "00".into()),
        "{reply}"
    );
    assert_eq!(tag(&detail(&bank, "V1").await, "LastOrderStatus"), "6");
    // As recorded: two results, no word about success.
    let reply = soap(&bank, "SaleReversal", "V1", 1_000, &shown).await;
    assert_eq!(
        tags(&reply, "ErrorCode"),
        ["21", "IntegrationFatalException"]
    );
    assert_eq!(
        (tag(&reply, "Success"), tag(&reply, "ResponseCode")),
        (String::new(), "DbLayerError".into())
    );
    let reply = soap(&bank, "DrawBack", "V1", 1_000, &shown).await;
    assert_eq!(
        (tag(&reply, "ResponseCode"), tag(&reply, "ErrorCode")),
        ("28".into(), String::new()),
        "{reply}"
    );
    assert_eq!(
        tag(&reply, "ResponseMessage"),
        "İptal Edilen İşlem İade Yapılamaz"
    );

    let sold = kuveyt_sale(&bank, "V2", PLAIN, 1_000).await;
    let shown = references(&sold);
    let reply = soap(&bank, "PartialDrawback", "V2", 1_000, &shown).await;
    assert!(
        tag(&reply, "ErrorMessage").starts_with("Kısmi iade işlemi, satışla aynı gün"),
        "{reply}"
    );
    assert_eq!(
        (tag(&reply, "Success"), tag(&reply, "ErrorCode")),
        ("false".into(), String::new())
    );
    let reply = soap(&bank, "PartialDrawback", "V2", 300, &shown).await;
    assert_eq!(tag(&reply, "ResponseCode"), "00", "{reply}");
    let row = detail(&bank, "V2").await;
    assert_eq!(
        (tag(&row, "LastOrderStatus"), tag(&row, "DrawbackAmount")),
        ("5".into(), "3.00".into())
    );
    let reply = soap(&bank, "DrawBack", "V2", 1_000, &shown).await;
    assert_eq!(
        tag(&reply, "ErrorCode"),
        "TransactionAmountMismatchException"
    );
    let reply = soap(&bank, "SaleReversal", "V2", 1_000, &shown).await;
    assert_eq!(tag(&reply, "Success"), "false");
    let reply = soap(&bank, "PartialDrawback", "V2", 701, &shown).await;
    assert_eq!(
        tag(&reply, "ErrorCode"),
        "TransactionAmountMismatchException"
    );
    bank.pass(24);
    let reply = soap(&bank, "PartialDrawback", "V2", 700, &shown).await;
    assert_eq!(tag(&reply, "ResponseCode"), "00");
    let row = detail(&bank, "V2").await;
    assert_eq!(
        (tag(&row, "LastOrderStatus"), tag(&row, "EndOfDayStatus")),
        ("4".into(), "2".into())
    );

    let sold = kuveyt_sale(&bank, "V3", PLAIN, 1_000).await;
    bank.pass(24);
    let reply = soap(&bank, "SaleReversal", "V3", 1_000, &references(&sold)).await;
    assert!(
        tag(&reply, "ErrorMessage").starts_with("Günü kapanan"),
        "{reply}"
    );
    let reply = soap(&bank, "DrawBack", "V3", 1_000, &references(&sold)).await;
    assert_eq!(tag(&reply, "ResponseCode"), "00");
    assert_eq!(bank.row("V3").await["state"], "refunded");
}

#[tokio::test]
async fn kuveyt_lists_days_and_finds_nothing_quietly() {
    let bank = Bank::open().await;
    let nothing = detail(&bank, "NONE").await;
    assert_eq!(
        (tag(&nothing, "Success"), tag(&nothing, "Value")),
        ("true".into(), String::new()),
        "{nothing}"
    );
    assert!(!nothing.contains("OrderContract"));
    kuveyt_sale(&bank, "L1", PLAIN, 100).await;
    bank.control("POST", "switches", r#"{"boaStatusEmptySeconds":60}"#)
        .await;
    assert!(!detail(&bank, "L1").await.contains("OrderContract"));
    let refused = r#"{"boaStatusEmptySeconds":86401}"#;
    let refused = bank.control("POST", "switches", refused).await;
    assert_eq!(refused["error"], "boaStatusEmptySeconds: 0 to 86400");
    bank.pass(24);
    kuveyt_sale(&bank, "L2", PLAIN, 200).await;
    let day = |day: &str| {
        [
            ("StartDate", day.to_owned()),
            ("EndDate", format!("{day}T23:59:59")),
        ]
    };
    let listed = soap(&bank, "GetMerchantOrderDetail", "", 0, &day("2026-03-11")).await;
    assert_eq!(tags(&listed, "MerchantOrderId"), ["L2"], "{listed}");
    let listed = soap(&bank, "GetMerchantOrderDetail", "", 0, &[]).await;
    assert_eq!(tag(&listed, "Success"), "false");
    // Without the header there is no such address.
    let reply = bank.send("POST", SERVICE, "text/xml", "<a/>").await;
    assert!(reply.starts_with(b"HTTP/1.1 404"));
}

/// The page to which the bank's own form leads, with what stands in it.
async fn follow(bank: &Bank, html: &str) -> String {
    let form = &forms::forms(html)[0];
    let path = form.action.split_once(&bank.address.to_string()).unwrap().1;
    let fields = form.filled(&[]);
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    bank.browse(path, &fields).await
}

async fn press(
    bank: &Bank,
    page: &str,
    answers: &[(&str, &str)],
) -> (String, Vec<(String, String)>) {
    let asked = &forms::forms(page)[0];
    let path = asked
        .action
        .split_once(&bank.address.to_string())
        .unwrap()
        .1
        .to_owned();
    let fields = asked.filled(answers);
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    let back = bank.browse(&path, &fields).await;
    let form = &forms::forms(&back)[0];
    (form.action.clone(), form.filled(&[]))
}

/// The document inside `AuthenticationResponse`.
fn authentication(fields: &[(String, String)]) -> String {
    let (name, value) = &fields[0];
    assert_eq!((name.as_str(), fields.len()), ("AuthenticationResponse", 1));
    form_urlencoded::parse(format!("a={value}").as_bytes())
        .next()
        .unwrap()
        .1
        .into_owned()
}

async fn kuveyt_page(bank: &Bank, order: &str, number: &str, amount: i64) -> String {
    let more = [card(number), vec![("OkUrl", OK), ("FailUrl", FAIL)]].concat();
    let mut message = tdv2(order, amount, "3", &more);
    message = message.replace("Ali Veli", "&#350;&#304;R&#304;N &#252;");
    post(bank, &format!("{KUVEYT}/ThreeDModelPayGate"), &message).await
}

async fn provision(bank: &Bank, order: &str, amount: i64, md: &str) -> String {
    let message = tdv2(order, amount, "3", &[]);
    let data = format!(
        "<KuveytTurkVPosAdditionalData><AdditionalData><Key>MD</Key><Data>{md}</Data></AdditionalData>\
         </KuveytTurkVPosAdditionalData></KuveytTurkVPosMessage>"
    );
    let message = message.replace("</KuveytTurkVPosMessage>", &data);
    post(
        bank,
        &format!("{KUVEYT}/ThreeDModelProvisionGate"),
        &message,
    )
    .await
}

#[tokio::test]
async fn kuveyt_authenticates_and_sells_once_what_was_authenticated() {
    let bank = Bank::open().await;
    let page = follow(&bank, &kuveyt_page(&bank, "D1", PLAIN, 2_500).await).await;
    let (url, fields) = press(&bank, &page, &[("otp", "123456")]).await;
    assert_eq!(url, OK);
    let told = authentication(&fields);
    let (md, number) = (tag(&told, "MD"), tag(&told, "OrderId"));
    assert_eq!(tag(&told, "ResponseCode"), "00", "{told}");
    assert!(told.contains("<CardHolderName>ŞİRİN ü"), "{told}");
    assert_eq!(
        last(&told, "HashData"),
        b64(&["D1", "00", &number, KUVEYT_PASSWORD].concat())
    );
    assert_eq!(
        (tag(&told, "Amount"), tag(&told, "CurrencyCode")),
        ("2500".into(), "0949".into())
    );
    assert_eq!(
        bank.control("GET", "ledger?orderId=D1", "").await["orders"][0],
        serde_json::Value::Null
    );

    let none = provision(&bank, "D1", 2_500, "").await;
    assert_eq!(
        tag(&none, "ResponseMessage"),
        "Geçerli bir MD değeri giriniz."
    );
    let strange = provision(&bank, "D1", 2_500, "67YtBfBRTZ0XBKnAHi8c/A==").await;
    assert_eq!(tag(&strange, "ResponseCode"), "MetaDataNotFound");
    let sold = provision(&bank, "D1", 2_500, &md).await;
    assert_eq!(
        (tag(&sold, "ResponseCode"), last(&sold, "OrderId")),
        ("00".into(), number),
        "{sold}"
    );
    assert_eq!(bank.row("D1").await["threeDS"], true);
    let again = provision(&bank, "D1", 2_500, &md).await;
    assert_eq!(tag(&again, "ResponseCode"), "OrderIsProcessedBefore");
    let reply = soap(&bank, "SaleReversal", "D1", 2_500, &references(&sold)).await;
    assert_eq!(tag(&reply, "ResponseCode"), "00", "{reply}");

    // Another amount uses the authentication up.
    let page = follow(&bank, &kuveyt_page(&bank, "D2", PLAIN, 2_500).await).await;
    let (_, fields) = press(&bank, &page, &[("otp", "123456")]).await;
    let md = tag(&authentication(&fields), "MD");
    assert_eq!(
        tag(&provision(&bank, "D2", 2_400, &md).await, "ResponseCode"),
        "InvalidMetaData"
    );
    assert_eq!(
        tag(&provision(&bank, "D2", 2_500, &md).await, "ResponseCode"),
        "MetaDataNotFound"
    );
}

#[tokio::test]
async fn who_is_not_verified_brings_no_md_back() {
    let bank = Bank::open().await;
    let half = "5117280000006665";
    for (number, action) in [(PLAIN, "cancel"), (PLAIN, "md:2"), (half, "approve")] {
        let page = follow(&bank, &kuveyt_page(&bank, "N1", number, 100).await).await;
        let (url, fields) = press(&bank, &page, &[("action", action)]).await;
        let told = authentication(&fields);
        assert_eq!(
            (url.as_str(), tag(&told, "ResponseCode").as_str()),
            (FAIL, "999"),
            "{action}"
        );
        let signed = ["N1", "999", &tag(&told, "OrderId"), KUVEYT_PASSWORD].concat();
        assert_eq!(last(&told, "HashData"), b64(&signed));
        assert!(!told.contains("<MD>"));
    }
    // What is wrong with the order leads to the shop at once, unsigned.
    for (html, code) in [
        (
            kuveyt_page(&bank, "N2", "5117580000006668", 100).await,
            "CardNotEnrolled",
        ),
        (
            kuveyt_page(&bank, "N2", "4111111111111112", 100).await,
            "CardNotFound",
        ),
    ] {
        let form = &forms::forms(&html)[0];
        assert_eq!(form.action, FAIL);
        let told = authentication(&form.filled(&[]));
        assert_eq!(
            (
                tag(&told, "ResponseCode").as_str(),
                tag(&told, "OrderId").as_str()
            ),
            (code, "0")
        );
        assert!(!told.contains("HashData"));
    }
    bank.fault(r#"{"bank":"kuveyt","operation":"threeds_page","fault":{"kind":"wrong_mac"}}"#)
        .await;
    let page = follow(&bank, &kuveyt_page(&bank, "N3", PLAIN, 100).await).await;
    let (_, fields) = press(&bank, &page, &[("otp", "123456")]).await;
    let told = authentication(&fields);
    let signed = ["N3", "00", &tag(&told, "OrderId"), KUVEYT_PASSWORD].concat();
    assert_ne!(last(&told, "HashData"), b64(&signed));
    for number in [PLAIN, "5117580000006668"] {
        let more = [card(number), vec![("OkUrl", OK), ("FailUrl", FAIL)]].concat();
        let message = tdv2("N4", 100, "3", &more);
        let gate = format!("{KUVEYT}/ThreeDModelPayGate");
        let reply = bank.send("POST", &gate, "application/xml", &message).await;
        let head = String::from_utf8_lossy(&reply).to_ascii_lowercase();
        assert!(head.contains("content-type: text/html"), "{number}");
    }
    // A ticket of nobody's making leads nowhere.
    let page = bank.browse("/kuveyt/page", &[("Ticket", "x.y")]).await;
    assert!(forms::forms(&page).is_empty() && page.contains("SİMÜLATÖR"));
}

fn vakif_card(number: &str) -> Vec<(&'static str, &str)> {
    vec![
        ("CardNumber", number),
        ("CardExpireDateYear", "30"),
        ("CardExpireDateMonth", "12"),
        ("CardCVV2", "123"),
        ("CardHolderName", "Ali Veli"),
        ("CurrencyCode", "0949"),
        ("FECCurrencyCode", "0949"),
        ("TransactionSecurity", "5"),
    ]
}

/// A message to a gate; an amount of 0 is none.
async fn vakif(bank: &Bank, gate: &str, order: &str, amount: i64, more: &[(&str, &str)]) -> String {
    let amount = if amount == 0 {
        String::new()
    } else {
        amount.to_string()
    };
    let of = |name: &str| {
        more.iter()
            .find(|(known, _)| *known == name)
            .map_or("", |(_, v)| v)
    };
    let password = vakif_password();
    let covered = [
        "1",
        order,
        &amount,
        of("OkUrl"),
        of("FailUrl"),
        "apiuser",
        &password,
    ];
    let hash = b64(&covered.concat());
    let mut fields = vec![
        ("APIVersion", "1.0.0"),
        ("HashData", hash.as_str()),
        ("MerchantId", "1"),
        ("SubMerchantId", "0"),
        ("CustomerId", "222222"),
        ("UserName", "apiuser"),
        ("HashPassword", &password),
        ("InstallmentCount", "0"),
        ("MerchantOrderId", order),
    ];
    if !amount.is_empty() {
        fields.push(("Amount", &amount));
    }
    for (name, value) in more {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    let message = format!(
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><VPosMessageContract>{}</VPosMessageContract>",
        xml(&fields)
    );
    post(bank, &format!("{VAKIF}/{gate}"), &message).await
}

#[tokio::test]
async fn vakif_katilim_answers_in_a_claimed_charset_with_what_was_sent() {
    let bank = Bank::open().await;
    let sold = vakif(&bank, "Non3DPayGate", "W1", 840, &vakif_card(PLAIN)).await;
    assert!(
        sold.starts_with("<?xml version=\"1.0\" encoding=\"utf-16\"?>"),
        "{sold}"
    );
    assert!(sold.contains("&#x0;") && sold.contains("İşlem onaylandı"));
    // The recorded reply shows the card's number as it came.
    assert_eq!(tag(&sold, "CardNumber"), PLAIN);
    let signed = [
        "W1",
        &tag(&sold, "RRN"),
        "00",
        &last(&sold, "OrderId"),
        &vakif_password(),
    ]
    .concat();
    assert_eq!(last(&sold, "HashData"), b64(&signed));
    let one = [vakif_card(PLAIN), vec![("TransactionSecurity", "1")]].concat();
    assert_eq!(
        tag(
            &vakif(&bank, "Non3DPayGate", "W2", 840, &one).await,
            "ResponseCode"
        ),
        "00"
    );
    for (more, code) in [
        (("HashPassword", "x"), "HashDataError"),
        (("TransactionSecurity", "3"), "InvalidTransactionSecurity"),
        (("FECCurrencyCode", "0840"), "CurrencyCodeInvalid"),
        (("MerchantId", "2"), "MerchantNotDefined"),
    ] {
        let all = [vakif_card(PLAIN), vec![more]].concat();
        assert_eq!(
            tag(
                &vakif(&bank, "Non3DPayGate", "W3", 840, &all).await,
                "ResponseCode"
            ),
            code
        );
    }
    let status = vakif(&bank, "SelectOrderByMerchantOrderId", "W1", 0, &[]).await;
    assert_eq!(
        (tag(&status, "FirstAmount"), tag(&status, "LastOrderStatus")),
        ("8.40".into(), "1".into()),
        "{status}"
    );
    let none = vakif(&bank, "SelectOrderByMerchantOrderId", "W9", 0, &[]).await;
    assert_eq!(
        (tag(&none, "VPosOrderData"), tag(&none, "ResponseCode")),
        (String::new(), "00".into())
    );
}

#[tokio::test]
async fn vakif_katilim_holds_takes_undoes_and_gives_back() {
    let bank = Bank::open().await;
    let held = vakif(&bank, "PreAuthorizaten", "H1", 900, &vakif_card(PLAIN)).await;
    let number = last(&held, "OrderId");
    let by = [
        ("OrderId", number.as_str()),
        ("CustomerIPAddress", "127.0.0.1"),
    ];
    assert_eq!(bank.row("H1").await["state"], "held");
    let refused = vakif(&bank, "SaleReversal", "H1", 900, &by).await;
    assert_eq!(
        tag(&refused, "ResponseCode"),
        "RRNOrStanOrProvIsIncorrect",
        "{refused}"
    );
    let taken = vakif(&bank, "PreAuthorizatenClose", "H1", 0, &by).await;
    assert_eq!(last(&taken, "ResponseCode"), "00", "{taken}");
    assert_eq!(bank.row("H1").await["captured"], 900);
    let twice = vakif(&bank, "PreAuthorizatenClose", "H1", 0, &by).await;
    assert_eq!(tag(&twice, "ResponseCode"), "DbLayerError");
    let back = vakif(&bank, "PartialDrawBack", "H1", 200, &by).await;
    assert_eq!(last(&back, "ResponseCode"), "00", "{back}");

    let held = vakif(&bank, "PreAuthorizaten", "H2", 900, &vakif_card(PLAIN)).await;
    let number = last(&held, "OrderId");
    let by = [("OrderId", number.as_str())];
    let undone = vakif(&bank, "PreAuthorizationReversal", "H2", 0, &by).await;
    assert_eq!(last(&undone, "ResponseCode"), "00", "{undone}");
    let again = vakif(&bank, "PreAuthorizationReversal", "H2", 0, &by).await;
    assert_eq!(last(&again, "ResponseCode"), "21", "{again}");

    let sold = vakif(&bank, "Non3DPayGate", "H3", 1_000, &vakif_card(PLAIN)).await;
    let number = last(&sold, "OrderId");
    let by = [("OrderId", number.as_str())];
    let undone = vakif(&bank, "SaleReversal", "H3", 1_000, &by).await;
    assert_eq!(last(&undone, "ResponseCode"), "00", "{undone}");
    assert!(tags(&undone, "HashData").len() == 1);
    bank.pass(24);
    let days = [
        ("StartDate", "2026-03-10"),
        ("EndDate", "2026-03-10"),
        ("LowerLimit", "0"),
        ("UpperLimit", "100"),
    ];
    let listed = vakif(&bank, "SelectOrder", "", 0, &days).await;
    assert_eq!(
        tags(&listed, "MerchantOrderId"),
        ["H3", "H3", "H2", "H2", "H1", "H1", "H1"],
        "{listed}"
    );
    assert_eq!(
        tags(&listed, "OrderStatus"),
        ["6", "1", "6", "2", "5", "1", "2"]
    );
    assert_eq!(
        tags(&listed, "LastOrderStatus"),
        ["6", "6", "6", "6", "5", "5", "5"]
    );
    assert_eq!(tags(&listed, "OrderStatusDescription")[0], "Iptal");
    let one = [&days[..2], &[("LowerLimit", "1"), ("UpperLimit", "2")]].concat();
    assert_eq!(
        tags(
            &vakif(&bank, "SelectOrder", "", 0, &one).await,
            "OrderStatus"
        ),
        ["1"]
    );
}

#[tokio::test]
async fn vakif_katilim_authenticates_by_plain_fields() {
    let bank = Bank::open().await;
    let more = [
        vakif_card(PLAIN),
        vec![
            ("OkUrl", OK),
            ("FailUrl", FAIL),
            ("TransactionSecurity", "3"),
            ("InstallmentCount", "3"),
        ],
    ]
    .concat();
    let html = vakif(&bank, "ThreeDModelPayGate", "T1", 1_500, &more).await;
    let page = follow(&bank, &html).await;
    let (url, fields) = press(&bank, &page, &[("otp", "123456")]).await;
    assert_eq!(url, OK);
    let get = |name: &str| {
        fields
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, v)| v)
            .to_owned()
    };
    let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
    let recorded =
        "ResponseCode ResponseMessage ProvisionNumber MerchantOrderId OrderId RRN Stan HashData MD";
    assert_eq!(names.join(" "), recorded);
    assert_eq!(
        get("HashData"),
        b64(&["T1", "00", &get("OrderId"), &vakif_password()].concat())
    );
    let md = get("MD");
    let message = [
        ("OkUrl", OK),
        ("FailUrl", FAIL),
        ("TransactionSecurity", "3"),
        ("InstallmentCount", "3"),
        ("Key", "MD"),
        ("Data", &md),
    ];
    // The second message too says where the browser came back to.
    let without = vakif(
        &bank,
        "ThreeDModelProvisionGate",
        "T1",
        1_500,
        &message[2..],
    )
    .await;
    assert_eq!(tag(&without, "ResponseCode"), "EmptyOkUrlField");
    let sold = vakif(&bank, "ThreeDModelProvisionGate", "T1", 1_500, &message).await;
    assert_eq!(
        (last(&sold, "ResponseCode"), last(&sold, "OrderId")),
        ("00".into(), get("OrderId")),
        "{sold}"
    );
    assert_eq!(bank.row("T1").await["instalments"], 3);
    assert!(!sold.contains(PLAIN));
}

#[tokio::test]
async fn faults_of_both_banks_do_their_work_first_or_not_at_all() {
    let bank = Bank::open().await;
    bank.fault(r#"{"bank":"kuveyt","operation":"sale","fault":{"kind":"lose_reply"}}"#)
        .await;
    assert!(kuveyt_sale(&bank, "F1", PLAIN, 100).await.is_empty());
    assert_eq!(tag(&detail(&bank, "F1").await, "TransactionStatus"), "1");
    bank.fault(r#"{"bank":"kuveyt","operation":"sale","fault":{"kind":"wrong_mac"}}"#)
        .await;
    let sold = kuveyt_sale(&bank, "F2", PLAIN, 100).await;
    let signed = [
        "F2",
        &tag(&sold, "RRN"),
        "00",
        &last(&sold, "OrderId"),
        KUVEYT_PASSWORD,
    ]
    .concat();
    assert_ne!(tag(&sold, "HashData"), b64(&signed));
    bank.fault(r#"{"bank":"kuveyt","operation":"refund","fault":{"kind":"decline","code":"T35"}}"#)
        .await;
    let reply = soap(&bank, "PartialDrawback", "F2", 50, &references(&sold)).await;
    assert_eq!(
        (tag(&reply, "Success"), tag(&reply, "ResponseCode")),
        (String::new(), "T35".into()),
        "{reply}"
    );
    bank.fault(r#"{"bank":"vakif_katilim","operation":"sale","fault":{"kind":"decline","code":"91","after":true}}"#).await;
    let sold = vakif(&bank, "Non3DPayGate", "F3", 100, &vakif_card(PLAIN)).await;
    assert_eq!(last(&sold, "ResponseCode"), "91");
    assert_eq!(bank.row("F3").await["state"], "captured");
    bank.fault(r#"{"bank":"vakif_katilim","operation":"threeds_init","fault":{"kind":"decline","code":"05"}}"#).await;
    let named = r#"{"bank":"kuveyt","operation":"sale","fault":{"kind":"decline","code":"Non3dUsageUnavailable"}}"#;
    bank.fault(named).await;
    let refused = kuveyt_sale(&bank, "F5", PLAIN, 100).await;
    assert_eq!(tag(&refused, "ResponseCode"), "Non3dUsageUnavailable");
    assert!(!refused.contains("<RRN>"), "{refused}");
    let more = [
        vakif_card(PLAIN),
        vec![
            ("OkUrl", OK),
            ("FailUrl", FAIL),
            ("TransactionSecurity", "3"),
        ],
    ]
    .concat();
    let html = vakif(&bank, "ThreeDModelPayGate", "F4", 100, &more).await;
    let form = &forms::forms(&html)[0];
    assert_eq!(
        (form.action.as_str(), form.filled(&[])[0].1.as_str()),
        (FAIL, "05")
    );
    let empty = body(
        &bank
            .send("POST", &format!("{VAKIF}/SelectOrder"), FORM, &form_of())
            .await,
    );
    assert_eq!(tag(&empty, "ResponseCode"), "MerchantNotDefined");
}

fn form_of() -> String {
    form(&[("prmstr", "<VPosMessageContract/>")])
}

#[tokio::test]
async fn orders_under_one_id_and_authentications_outlive_a_restart() {
    let directory = Directory::new("boa");
    let bank = Bank::on(Some(directory.0.clone())).await;
    kuveyt_sale(&bank, "R1", PLAIN, 100).await;
    kuveyt_sale(&bank, "R1", PLAIN, 200).await;
    let page = follow(&bank, &kuveyt_page(&bank, "R2", PLAIN, 300).await).await;
    let (_, fields) = press(&bank, &page, &[("otp", "123456")]).await;
    let md = tag(&authentication(&fields), "MD");
    drop(bank);
    let bank = Bank::on(Some(directory.0.clone())).await;
    assert_eq!(
        tags(&detail(&bank, "R1").await, "FirstAmount"),
        ["2.00", "1.00"]
    );
    assert_eq!(
        tag(&provision(&bank, "R2", 300, &md).await, "ResponseCode"),
        "00"
    );
    assert_eq!(
        tag(&provision(&bank, "R2", 300, &md).await, "ResponseCode"),
        "OrderIsProcessedBefore"
    );
}

#[tokio::test]
async fn no_body_brings_a_gate_down() {
    let bank = Bank::open().await;
    let huge = "9".repeat(400);
    let deep = "<a>".repeat(20_000);
    let bodies = [
        "",
        "<",
        "\u{ff}\u{0}<VPosMessageContract>",
        "<VPosMessageContract/>",
        "<KuveytTurkVPosMessage><Amount>-1</Amount></KuveytTurkVPosMessage>",
        "<Envelope><Body><SaleReversal><request/></SaleReversal></Body></Envelope>",
        "<!DOCTYPE a [<!ENTITY b 'c'>]><VPosMessageContract>&b;</VPosMessageContract>",
        &deep,
    ];
    let gates = [
        "Non3DPayGate",
        "ThreeDModelPayGate",
        "ThreeDModelProvisionGate",
    ];
    let own = [
        "PreAuthorizaten",
        "PreAuthorizatenClose",
        "PreAuthorizationReversal",
        "PreAuthorizationDrawBack",
        "SaleReversal",
        "DrawBack",
        "PartialDrawBack",
        "SelectOrderByMerchantOrderId",
        "SelectOrder",
    ];
    let kuveyt = gates.iter().map(|gate| format!("{KUVEYT}/{gate}"));
    let vakif_paths = gates
        .iter()
        .chain(&own)
        .map(|gate| format!("{VAKIF}/{gate}"));
    for path in kuveyt.chain(vakif_paths) {
        for body in bodies {
            let reply = bank.send("POST", &path, "application/xml", body).await;
            assert!(reply.starts_with(b"HTTP/1.1 200"), "{path}");
        }
    }
    // Known to the bank, and still nonsense.
    for more in [
        ("Amount", huge.as_str()),
        ("OrderId", &huge),
        ("InstallmentCount", "-3"),
        ("StartDate", "\u{131}\u{131}\u{131}\u{131}\u{131}\u{131}"),
        ("MerchantOrderId", "a/b"),
    ] {
        for gate in gates.iter().chain(&own) {
            let reply = vakif(&bank, gate, "Z1", 0, &[more]).await;
            assert!(!reply.is_empty(), "{gate} {more:?}");
            assert!(!reply.contains("<ProvisionNumber>"), "{reply}");
        }
    }
    assert_eq!(
        bank.control("GET", "ledger?bank=vakif_katilim", "").await["orders"],
        serde_json::json!([])
    );
    let shown = ["OrderId", "RRN", "Stan", "ProvisionNumber"].map(|name| (name, huge.clone()));
    let reply = soap(&bank, "SaleReversal", "Z2", 100, &shown).await;
    assert_eq!(tag(&reply, "ErrorCode"), "RRNOrStanOrProvIsIncorrect");
}
