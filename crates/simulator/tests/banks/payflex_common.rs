//! PayFlex's common payment with the shop's card: registered, proved and sold on the bank's page, asked about after.

use simulator::forms;

use crate::bank::{Bank, PLAIN, tag};

const VISA: &str = "4355080000000005";

/// Registers a payment of 1.01; `more` replaces fields or adds some.
async fn registers(bank: &Bank, id: &str, pan: &str, more: &[(&str, &str)]) -> String {
    let brand = if pan.starts_with('4') { "100" } else { "200" };
    let mut fields = vec![
        ("HostMerchantId", "000000000007955"),
        ("MerchantId", "1"),
        ("MerchantPassword", "123Ab456"),
        ("HostTerminalId", "VP000123"),
        ("TransactionType", "Sale"),
        ("AmountCode", "949"),
        ("Amount", "1.01"),
        ("TransactionId", id),
        ("OrderID", id),
        ("IsSecure", "true"),
        ("AllowNotEnrolledCard", "false"),
        ("SuccessUrl", "https://shop.example/ok"),
        ("FailUrl", "https://shop.example/no"),
        ("BrandNumber", brand),
        ("PAN", pan),
        ("CVV", "000"),
        ("ExpireMonth", "12"),
        ("ExpireYear", "2030"),
    ];
    fields.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    fields.extend_from_slice(more);
    bank.browse("/payflex/commonPayment/CreateToken", &fields)
        .await
}

/// Registers, and lets the shopper press the button; where the browser goes, and with what.
async fn pays(bank: &Bank, id: &str, pan: &str, action: &str) -> (String, Vec<(String, String)>) {
    let registered = registers(bank, id, pan, &[]).await;
    assert_eq!(tag(&registered, "ErrorCode"), "", "{registered}");
    let token = tag(&registered, "PaymentToken");
    assert!(tag(&registered, "CommonPaymentUrl").ends_with("/payflex/commonPayment/SecurePayment"));
    let page = format!("/payflex/commonPayment/SecurePayment?Ptkn={token}");
    let page = bank.get(&page).await;
    let sent = forms::forms(&page)[0].filled(&[("action", action), ("otp", "123456")]);
    let sent: Vec<(&str, &str)> = sent.iter().map(|(a, b)| (&**a, &**b)).collect();
    let page = bank
        .browse("/payflex/commonPayment/SecurePayment/otp", &sent)
        .await;
    let form = &forms::forms(&page)[0];
    assert!(!form.post, "the browser comes back by GET");
    (form.action.clone(), form.filled(&[]))
}

fn get<'a>(fields: &'a [(String, String)], name: &str) -> &'a str {
    let mut named = fields.iter().filter(|(known, _)| known == name);
    named.next().map_or("", |(_, value)| value)
}

async fn asks(bank: &Bank, name: &str, value: &str) -> String {
    let fields = [
        ("HostMerchantId", "000000000007955"),
        ("Password", "123Ab456"),
        (name, value),
    ];
    bank.browse("/payflex/commonPayment/GetVposTransaction", &fields)
        .await
}

#[tokio::test]
async fn the_page_sells_and_the_query_tells_of_it() {
    let bank = Bank::open().await;
    let (url, back) = pays(&bank, "CP-1", VISA, "confirm").await;
    assert_eq!(url, "https://shop.example/ok");
    let names: Vec<&str> = back.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "Rc",
            "AuthCode",
            "Message",
            "TransactionId",
            "PaymentToken",
            "MaskedPan",
            "Rrn"
        ]
    );
    assert_eq!(
        (get(&back, "Rc"), get(&back, "Message")),
        ("0000", "İŞLEM BAŞARILI")
    );
    assert_eq!(bank.row("CP-1").await["captured"], 101);
    for (name, value) in [
        ("TransactionId", "CP-1"),
        ("PaymentToken", get(&back, "PaymentToken")),
    ] {
        let told = asks(&bank, name, value).await;
        let parts = [
            "Rc",
            "Amount",
            "AmountCode",
            "OrderID",
            "TransactionId",
            "ErrorCode",
        ];
        assert_eq!(
            parts.map(|name| tag(&told, name)),
            ["0000", "1,01", "949", "CP-1", "CP-1", ""]
        );
        assert_eq!(tag(&told, "Rrn"), get(&back, "Rrn"));
    }
    // Once more: the id is used, and so is the order's number.
    let (url, back) = pays(&bank, "CP-1", VISA, "confirm").await;
    assert_eq!(
        (&*url, get(&back, "Rc")),
        ("https://shop.example/no", "1006")
    );

    let (url, back) = pays(&bank, "CP-2", PLAIN, "cancel").await;
    assert_eq!(
        (&*url, get(&back, "Rc")),
        ("https://shop.example/no", "0400")
    );
    let told = asks(&bank, "TransactionId", "CP-2").await;
    assert_eq!(
        ["Rc", "TransactionId", "ErrorCode"].map(|name| tag(&told, name)),
        ["0400", "CP-2", ""]
    );
    let (url, back) = pays(&bank, "CP-3", "5100050000006661", "confirm").await;
    assert_eq!(
        (&*url, get(&back, "Rc")),
        ("https://shop.example/no", "0051")
    );
    assert_eq!(
        tag(&asks(&bank, "TransactionId", "CP-9").await, "ErrorCode"),
        "5003"
    );
    let told = asks(&bank, "TransactionId", "CP-3").await;
    assert_eq!(
        ["Rc", "AuthCode", "ErrorCode"].map(|name| tag(&told, name)),
        ["0051", "", ""]
    );
}

#[tokio::test]
async fn a_registration_is_checked() {
    let bank = Bank::open().await;
    for (name, value, expected) in [
        ("HostMerchantId", "000000000007956", "9039"),
        ("MerchantPassword", "x", "5001"),
        ("TransactionType", "Vft", "2200"),
        ("HashedData", "x", "5029"),
        ("SuccessUrl", "http://localhost/ok", "5037"),
        ("FailUrl", "http://localhost:1/no", "5038"),
        ("FailUrl", "x", "8484"),
        ("IsSecure", "false", "8484"),
        ("Amount", "1.1", "8484"),
        ("Amount", "1,01", "8484"),
        ("AmountCode", "TL", "8484"),
        ("TransactionId", "a_b", "8484"),
        ("OrderID", "", "8484"),
        ("InstallmentCount", "1", "1060"),
        ("PAN", "4355080000000006", "1051"),
        ("ExpireYear", "30", "1052"),
        ("BrandNumber", "200", "2009"),
    ] {
        let refused = registers(&bank, "CR-1", VISA, &[(name, value)]).await;
        assert_eq!(tag(&refused, "ErrorCode"), expected, "{name}");
        assert_eq!(tag(&refused, "PaymentToken"), "", "{name}");
    }
    let page = bank
        .get("/payflex/commonPayment/SecurePayment?Ptkn=x")
        .await;
    assert!(page.starts_with("HTTP/1.1 400"), "{page}");
    assert_eq!(
        tag(&asks(&bank, "PaymentToken", "x").await, "ErrorCode"),
        "5003"
    );
    bank.fault(
        r#"{"bank":"payflex","operation":"threeds_init","fault":{"kind":"decline","code":"2053"}}"#,
    )
    .await;
    let refused = registers(&bank, "CR-1", VISA, &[]).await;
    assert_eq!(tag(&refused, "ErrorCode"), "2053");
}

#[tokio::test]
async fn a_lost_return_is_money_that_was_taken() {
    let bank = Bank::open().await;
    let registered = registers(&bank, "CL-1", VISA, &[]).await;
    let token = tag(&registered, "PaymentToken");
    let page = format!("/payflex/commonPayment/SecurePayment?Ptkn={token}");
    let page = bank.get(&page).await;
    let sent = forms::forms(&page)[0].filled(&[("action", "close_window")]);
    let sent: Vec<(&str, &str)> = sent.iter().map(|(a, b)| (&**a, &**b)).collect();
    let closed = bank
        .browse("/payflex/commonPayment/SecurePayment/otp", &sent)
        .await;
    assert!(forms::forms(&closed).is_empty());
    assert_eq!(
        tag(&asks(&bank, "PaymentToken", &token).await, "Rc"),
        "0000"
    );
}
