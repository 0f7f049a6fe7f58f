//! Akbank's 3D Secure: the form under its hash, what comes back, the sale with it, and pages that sell.

use serde_json::{Value, json};
use simulator::forms;

use crate::akbank::{
    AXESS, MERCHANT, TERMINAL, YES, asks, message, money, rewards, sign, verdict_of, with,
};
use crate::bank::{Bank, PLAIN};

const PAGE: &str = "/akbank/securepay";

/// The fields of a 3D form, signed over those that the bank names, in its order.
pub(crate) fn form(
    model: &str,
    order: &str,
    card: &str,
    more: &[(&str, &str)],
) -> Vec<(String, String)> {
    let random = "5A".repeat(64);
    let mut fields: Vec<(String, String)> = [
        ("paymentModel", model),
        ("txnCode", "3000"),
        ("merchantSafeId", MERCHANT),
        ("terminalSafeId", TERMINAL),
        ("orderId", order),
        ("lang", "TR"),
        ("amount", "15.00"),
        ("ccbRewardAmount", ""),
        ("pcbRewardAmount", ""),
        ("xcbRewardAmount", ""),
        ("currencyCode", "949"),
        ("installCount", "1"),
        ("okUrl", "https://shop.example/ok"),
        ("failUrl", "https://shop.example/fail"),
        ("emailAddress", "a@b.example"),
        ("subMerchantId", ""),
        ("creditCard", card),
        ("expiredDate", "1230"),
        ("cvv", "123"),
        ("randomNumber", &random),
        ("requestDateTime", "2026-03-10T15:00:00.000"),
        ("b2bIdentityNumber", ""),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    for (name, value) in more {
        let field = fields.iter_mut().find(|(known, _)| known == name).unwrap();
        field.1 = (*value).to_owned();
    }
    let covered: String = fields.iter().map(|(_, value)| value.as_str()).collect();
    fields.push(("hash".to_owned(), sign(covered.as_bytes())));
    fields
}

async fn browse(bank: &Bank, path: &str, fields: &[(String, String)]) -> String {
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    bank.browse(path, &fields).await
}

/// Where a page leads, and its fields; the callback's hash is right unless `spoilt`.
fn back(page: &str, spoilt: bool) -> (String, Value) {
    let form = &forms::forms(page)[0];
    let fields: serde_json::Map<String, Value> = form
        .filled(&[])
        .into_iter()
        .map(|(name, value)| (name, Value::String(value)))
        .collect();
    let fields = Value::Object(fields);
    let names = fields["hashParams"].as_str().unwrap().split('+');
    let covered: String = names.map(|name| fields[name].as_str().unwrap()).collect();
    assert_eq!(
        fields["hash"] == sign(covered.as_bytes()),
        !spoilt,
        "{fields}"
    );
    (form.action.clone(), fields)
}

pub(crate) async fn proves(
    bank: &Bank,
    form: &[(String, String)],
    answers: &[(&str, &str)],
) -> (String, Value) {
    let page = browse(bank, PAGE, form).await;
    let sent = forms::forms(&page)[0].filled(answers);
    let spoilt = answers.contains(&("action", "wrong_hash"));
    back(&browse(bank, &format!("{PAGE}/otp"), &sent).await, spoilt)
}

fn finish(order: &str, amount: &str, callback: &Value) -> Value {
    let secure = ["secureId", "secureEcomInd", "secureData", "secureMd"]
        .map(|name| (name.to_owned(), callback[name].clone()));
    message(
        "1000",
        json!({
            "order": { "orderId": order },
            "transaction": money(amount),
            "secureTransaction": Value::Object(secure.into_iter().collect()),
        }),
    )
}

pub(crate) const OTP: &[(&str, &str)] = &[("action", "confirm"), ("otp", "123456")];
const OK: &str = "https://shop.example/ok";
const FAIL: &str = "https://shop.example/fail";

#[tokio::test]
async fn the_plain_model_from_form_to_sale() {
    let bank = Bank::open().await;
    let rewards_of = [("ccbRewardAmount", "1.00"), ("pcbRewardAmount", "2.00")];
    let (url, told) = proves(&bank, &form("3D", "T-1", AXESS, &rewards_of), OTP).await;
    assert_eq!(url, OK);
    assert_eq!(
        told["hashParams"],
        "txnCode+responseCode+responseMessage+txnDateTime+merchantSafeId+terminalSafeId+orderId+secureId+\
         secureEcomInd+secureData+secureMd"
    );
    assert_eq!(
        (&told["txnCode"], &told["responseCode"]),
        (&json!("3001"), &json!("VPS-0000"))
    );
    assert_eq!(told["secureEcomInd"], "05");
    assert_eq!(told["secureId"].as_str().unwrap().len(), 28);
    for (name, value) in [
        ("secureId", "x"),
        ("secureEcomInd", "06"),
        ("secureData", "x"),
        ("secureMd", "x"),
    ] {
        let altered = with(told.clone(), name, json!(value));
        let order = format!("T-1-{name}");
        for order in ["T-1", &order] {
            let asked = finish(order, "15.00", &altered);
            assert_eq!(verdict_of(&bank, asked).await, "VPS-1279 ", "{name}");
        }
    }
    let (_, told) = proves(&bank, &form("3D", "T-2", AXESS, &rewards_of), OTP).await;
    assert_eq!(
        verdict_of(&bank, finish("T-2", "15.01", &told)).await,
        "VPS-1279 "
    );
    // The refused finish used the proof up.
    assert_eq!(
        verdict_of(&bank, finish("T-2", "15.00", &told)).await,
        "VPS-1279 "
    );
    let (_, told) = proves(&bank, &form("3D", "T-3", AXESS, &rewards_of), OTP).await;
    let sold = asks(&bank, finish("T-3", "15.00", &told)).await;
    assert_eq!(crate::akbank::verdict(&sold), YES);
    let row = bank.row("T-3").await;
    assert_eq!(
        row["points"],
        json!({ "card": 100, "firm": 200, "mile": 0 })
    );
    assert_eq!(row["threeDS"], true);
    assert_eq!(
        verdict_of(&bank, finish("T-3", "15.00", &told)).await,
        "VPS-1013 "
    );
    let repeated = finish(
        "T-4",
        "15.00",
        &proves(&bank, &form("3D", "T-4", AXESS, &rewards_of), OTP)
            .await
            .1,
    );
    let other = with(repeated.clone(), "reward", rewards("1", "3", "0"));
    assert_eq!(verdict_of(&bank, other).await, "VPS-1279 ");
    let holds = form("3D", "T-5", AXESS, &[("txnCode", "3004")]);
    let (_, told) = proves(&bank, &holds, OTP).await;
    let held = with(finish("T-5", "15.00", &told), "txnCode", json!("1004"));
    assert_eq!(verdict_of(&bank, held).await, YES);
    assert_eq!(bank.row("T-5").await["state"], "held");
}

#[tokio::test]
async fn shoppers_who_are_not_verified_are_told() {
    let bank = Bank::open().await;
    for (card, answers, status) in [
        (AXESS, &[("action", "cancel")][..], "0"),
        ("5115830000006669", OTP, "0"),
        ("5117280000006665", OTP, "4"),
        (AXESS, &[("action", "md:2")], "2"),
    ] {
        let (url, told) = proves(&bank, &form("3D", "N-1", card, &[]), answers).await;
        let half = status != "0";
        assert_eq!(url, if half { OK } else { FAIL });
        let code = if half { "VPS-0000" } else { "VPS-1279" };
        assert_eq!(
            (&told["mdStatus"], &told["responseCode"]),
            (&json!(status), &json!(code))
        );
        let covered = told["hashParams"].as_str().unwrap();
        assert!(covered.ends_with("+mdStatus"), "{covered}");
        assert_eq!(told.get("secureEcomInd").is_some(), half);
        if half {
            let eci = told["secureEcomInd"].as_str().unwrap();
            assert!(matches!(eci, "01" | "06"), "{eci}");
        }
    }
    let (url, told) = back_at_once(&bank, &form("3D", "N-2", "5117580000006668", &[])).await;
    assert_eq!((url.as_str(), &told["mdStatus"]), (FAIL, &json!("5")));
    // Every field of the form is under its hash.
    let sound = form("3D", "N-3", AXESS, &[]);
    let names = sound.iter().map(|(name, _)| name.as_str());
    let gone = ["merchantSafeId", "terminalSafeId", "okUrl", "failUrl"];
    for name in names.filter(|name| !gone.contains(name)) {
        let mut spoilt = sound.clone();
        let field = spoilt.iter_mut().find(|(known, _)| known == name).unwrap();
        field.1.push('1');
        let (url, told) = back_at_once(&bank, &spoilt).await;
        assert_eq!(
            (url.as_str(), &told["mdStatus"]),
            (FAIL, &json!("7")),
            "{name}"
        );
    }
    for wrong in [
        ("amount", "0"),
        ("paymentModel", "3D_PAY_HOSTING"),
        ("lang", ""),
    ] {
        let (_, told) = back_at_once(&bank, &form("3D", "N-4", AXESS, &[wrong])).await;
        assert_eq!(told["mdStatus"], "7", "{wrong:?}");
    }
    let stranger = form("3D", "N-5", AXESS, &[("merchantSafeId", "x")]);
    assert!(!browse(&bank, PAGE, &stranger).await.contains("hashParams"));
    proves(
        &bank,
        &form("3D", "N-6", AXESS, &[]),
        &[("action", "wrong_hash")],
    )
    .await;
}

async fn back_at_once(bank: &Bank, form: &[(String, String)]) -> (String, Value) {
    back(&browse(bank, PAGE, form).await, false)
}

#[tokio::test]
async fn a_page_that_sells_by_itself_tells_what_is_recorded() {
    let bank = Bank::open().await;
    let (url, told) = proves(
        &bank,
        &form("3D_PAY", "S-1", AXESS, &[("ccbRewardAmount", "4.24")]),
        OTP,
    )
    .await;
    assert_eq!(url, OK);
    assert_eq!(
        told["hashParams"],
        "txnCode+responseCode+responseMessage+hostResponseCode+hostMessage+txnDateTime+merchantSafeId+\
         terminalSafeId+orderId+cardHolderName+authCode+rrn+batchNumber+stan+additionalInstallCount+\
         deferingMonth+ccbEarnedRewardAmount+ccbBalanceRewardAmount+ccbRewardDesc+pcbEarnedRewardAmount+\
         pcbBalanceRewardAmount+pcbRewardDesc+xcbEarnedRewardAmount+xcbBalanceRewardAmount"
    );
    assert_eq!(told["ccbBalanceRewardAmount"], "20.00");
    assert_eq!(
        (&told["txnCode"], &told["xcbRewardDesc"]),
        (&json!("1000"), &json!(""))
    );
    assert_eq!(bank.row("S-1").await["pointsSpent"], 424);

    let (url, told) = proves(&bank, &form("3D_PAY", "S-2", "5100050000006661", &[]), OTP).await;
    assert_eq!(
        (url.as_str(), &told["hostResponseCode"]),
        (FAIL, &json!("51"))
    );
    assert_eq!(
        told["hashParams"],
        "txnCode+responseCode+responseMessage+hostResponseCode+hostMessage+txnDateTime+merchantSafeId+\
         terminalSafeId+orderId+authCode+rrn+batchNumber+stan+additionalInstallCount+deferingMonth+\
         ccbEarnedRewardAmount+ccbBalanceRewardAmount+pcbEarnedRewardAmount+pcbBalanceRewardAmount+\
         xcbEarnedRewardAmount+xcbBalanceRewardAmount"
    );
    let (url, told) = proves(&bank, &form("3D_PAY", "S-1", PLAIN, &[]), OTP).await;
    assert_eq!(
        (url.as_str(), &told["responseCode"]),
        (FAIL, &json!("VPS-1013"))
    );
    let (url, told) = proves(
        &bank,
        &form("3D_PAY", "S-3", PLAIN, &[]),
        &[("action", "cancel")],
    )
    .await;
    assert_eq!(
        (url.as_str(), &told["responseCode"]),
        (FAIL, &json!("VPS-1279"))
    );
    assert_eq!(bank.row("S-3").await, Value::Null);
    proves(
        &bank,
        &form("3D_PAY", "S-4", PLAIN, &[]),
        &[("action", "wrong_hash")],
    )
    .await;
    assert_eq!(bank.row("S-4").await["captured"], 1_500);
}
