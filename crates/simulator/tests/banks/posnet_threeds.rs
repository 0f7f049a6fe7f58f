//! PosNet's 3D Secure: seals, password page, resolve, and the sale.

use crate::bank::{Bank, PLAIN, WORLD, input, posnet_mac, swapped, tag};
use crate::posnet::points;
use serde_json::json;

pub(crate) struct Begun {
    pub(crate) data1: String,
    pub(crate) data2: String,
    pub(crate) sign: String,
}

pub(crate) async fn begin(
    bank: &Bank,
    xid: &str,
    card: &str,
    amount: i64,
) -> Result<Begun, String> {
    begin_as(bank, "Sale", xid, card, amount).await
}

pub(crate) async fn begin_as(
    bank: &Bank,
    tran_type: &str,
    xid: &str,
    card: &str,
    amount: i64,
) -> Result<Begun, String> {
    let reply = bank
        .posnet(&format!(
            "<oosRequestData><posnetid>27426</posnetid><ccno>{card}</ccno><expDate>3012</expDate>\
             <cvc>000</cvc><amount>{amount}</amount><currencyCode>TL</currencyCode>\
             <installment>00</installment><XID>{xid}</XID><cardHolderName>A B</cardHolderName>\
             <tranType>{tran_type}</tranType></oosRequestData>"
        ))
        .await;
    if tag(&reply, "approved") != "1" {
        return Err(tag(&reply, "respCode"));
    }
    let [data1, data2, sign] = ["data1", "data2", "sign"].map(|name| tag(&reply, name));
    Ok(Begun { data1, data2, sign })
}

pub(crate) async fn page(bank: &Bank, begun: &Begun, more: &[(&str, &str)]) -> String {
    let mut fields = vec![
        ("mid", "6706598320"),
        ("posnetID", "27426"),
        ("posnetData", begun.data1.as_str()),
        ("posnetData2", begun.data2.as_str()),
        ("digest", begun.sign.as_str()),
        ("merchantReturnURL", "https://shop.example/return?a=1&b=2"),
        ("lang", "tr"),
    ];
    fields.extend(more);
    bank.browse("/posnet/3DSWebService/YKBPaymentService", &fields)
        .await
}

pub(crate) async fn answer(bank: &Bank, page: &str, otp: &str, more: &[(&str, &str)]) -> String {
    let state = input(page, "state");
    let mut fields = vec![
        ("state", state.as_str()),
        ("otp", otp),
        ("action", "confirm"),
    ];
    fields.extend(more);
    bank.browse("/posnet/3DSWebService/YKBPaymentService/otp", &fields)
        .await
}

pub(crate) fn packet(operation: &str, back: &str, wp: &str, mac: &str) -> String {
    format!(
        "<{operation}><bankData>{}</bankData><merchantData>{}</merchantData><sign>{}</sign>\
         {wp}<mac>{mac}</mac></{operation}>",
        input(back, "BankPacket"),
        input(back, "MerchantPacket"),
        input(back, "Sign")
    )
}

const XID: &str = "YKB_0000080603153823";

#[tokio::test]
async fn three_d_secure_from_form_to_sale_with_points() {
    let bank = Bank::open().await;
    let begun = begin(&bank, XID, WORLD, 5_696).await.unwrap();
    let page = page(&bank, &begun, &[("useJokerVadaa", "1")]).await;
    assert!(
        page.contains("123456") && page.contains("<option value=\"5696\">"),
        "{page}"
    );
    assert!(!page.contains(WORLD), "the number stays at the bank");
    let back = answer(
        &bank,
        &page,
        "123456",
        &[("points", "1000"), ("campaign", "0")],
    )
    .await;
    assert!(back.contains("action=\"https://shop.example/return?a=1&amp;b=2\""));
    assert_eq!(input(&back, "Xid"), XID);

    let mac = posnet_mac(&[XID, "5696", "TL"]);
    let resolved = bank
        .posnet(&packet("oosResolveMerchantData", &back, "", &mac))
        .await;
    assert_eq!(tag(&resolved, "mdStatus"), "1", "{resolved}");
    assert_eq!(tag(&resolved, "pointAmount"), "1000");
    assert_eq!(tag(&resolved, "mac"), posnet_mac(&["1", XID, "5696", "TL"]));

    let finish = packet("oosTranData", &back, "<wpAmount>1000</wpAmount>", &mac);
    let sold = bank.posnet(&finish).await;
    assert_eq!(tag(&sold, "approved"), "1", "{sold}");
    let key = tag(&sold, "hostlogkey");
    assert_eq!(tag(&sold, "mac"), posnet_mac(&[&key, XID, "5696", "TL"]));
    let again = bank.posnet(&finish).await;
    assert_eq!(
        (tag(&again, "approved"), tag(&again, "respCode")),
        ("0".into(), "0127".into())
    );
    assert_eq!(tag(&again, "mac"), posnet_mac(&["", XID, "5696", "TL"]));
    assert_eq!(points(&bank).await.0, "000000002382");
    let status = bank
        .posnet(&format!(
            "<agreement><orderID>TDS_{XID}</orderID></agreement>"
        ))
        .await;
    assert_eq!(tag(&status, "txnStatus"), "1");
    assert_eq!(bank.row(XID).await["threeDS"], true);
}

#[tokio::test]
async fn one_changed_byte_in_any_seal_or_mac_is_refused() {
    let bank = Bank::open().await;
    let begun = begin(&bank, XID, PLAIN, 100).await.unwrap();
    let good = page(&bank, &begun, &[]).await;
    for at in 0..begun.sign.len() - 1 {
        let sign = swapped(&begun.sign, at);
        let bad = Begun {
            data1: begun.data1.clone(),
            data2: begun.data2.clone(),
            sign,
        };
        assert!(!page(&bank, &bad, &[]).await.contains("otp"));
    }
    for (data1, data2) in [
        (swapped(&begun.data1, 9), begun.data2.clone()),
        (begun.data1.clone(), swapped(&begun.data2, 9)),
    ] {
        let bad = Begun {
            data1,
            data2,
            sign: begun.sign.clone(),
        };
        assert!(!page(&bank, &bad, &[]).await.contains("otp"));
    }
    let back = answer(&bank, &good, "123456", &[]).await;
    let mac = posnet_mac(&[XID, "100", "TL"]);
    for operation in ["oosResolveMerchantData", "oosTranData"] {
        for at in 0..mac.len() {
            let reply = bank
                .posnet(&packet(operation, &back, "", &swapped(&mac, at)))
                .await;
            assert_eq!(tag(&reply, "respCode"), "0600");
        }
        let other = back.replace("name=\"Sign\" value=\"", "name=\"Sign\" value=\"A");
        let reply = bank.posnet(&packet(operation, &other, "", &mac)).await;
        assert_eq!(tag(&reply, "respCode"), "E216");
    }
    assert_eq!(bank.control("GET", "ledger", "").await["orders"], json!([]));
}

#[tokio::test]
async fn three_wrong_passwords_or_a_cancel_end_the_authentication() {
    let bank = Bank::open().await;
    let begun = begin(&bank, XID, PLAIN, 100).await.unwrap();
    let mut page_now = page(&bank, &begun, &[]).await;
    for left in [2, 1] {
        page_now = answer(&bank, &page_now, "000000", &[]).await;
        assert!(
            page_now.contains(&format!("Kalan deneme: {left}")),
            "{page_now}"
        );
    }
    let back = answer(&bank, &page_now, "000000", &[]).await;
    let mac = posnet_mac(&[XID, "100", "TL"]);
    let resolved = bank
        .posnet(&packet("oosResolveMerchantData", &back, "", &mac))
        .await;
    assert_eq!(tag(&resolved, "mdStatus"), "0");
    let sold = bank.posnet(&packet("oosTranData", &back, "", &mac)).await;
    assert_eq!(
        (tag(&sold, "approved"), tag(&sold, "respCode")),
        ("0".into(), "0129".into())
    );
    let again = bank.posnet(&packet("oosTranData", &back, "", &mac)).await;
    assert_eq!(
        tag(&again, "respCode"),
        "0127",
        "an authentication is used once"
    );
}

#[tokio::test]
async fn three_d_secure_cards_do_what_they_are_published_for() {
    let bank = Bank::open().await;
    assert_eq!(
        begin(&bank, XID, "5117580000006668", 100)
            .await
            .err()
            .unwrap(),
        "0051"
    );
    for (xid, card, status, code) in [
        ("X0000000000000000001", "5115830000006669", "0", "0129"),
        ("X0000000000000000002", "5117280000006665", "4", ""),
        ("X0000000000000000003", "5100050000006661", "1", "0051"),
        ("X0000000000000000004", "5101520000006662", "1", "0043"),
        ("X0000000000000000005", "5342530000006660", "1", ""),
    ] {
        let begun = begin(&bank, xid, card, 100).await.unwrap();
        let page = page(&bank, &begun, &[]).await;
        let back = answer(&bank, &page, "123456", &[]).await;
        let mac = posnet_mac(&[xid, "100", "TL"]);
        let resolved = bank
            .posnet(&packet("oosResolveMerchantData", &back, "", &mac))
            .await;
        assert_eq!(tag(&resolved, "mdStatus"), status, "{card}");
        let sold = bank.posnet(&packet("oosTranData", &back, "", &mac)).await;
        assert_eq!(tag(&sold, "respCode"), code, "{card}");
    }
    for (order, card) in [
        ("T1", "5115830000006669"),
        ("T2", "5117280000006665"),
        ("T3", "5117580000006668"),
    ] {
        assert_eq!(
            tag(&bank.posnet_sale(order, card, 100).await, "respCode"),
            "0051"
        );
    }
}
