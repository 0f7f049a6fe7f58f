//! What a shop asks for and what its shoppers do: payments by card, 3DS, rewards and loans.

use super::{CALLBACK_KEY, Call, OTP, Reply, Shop, YKB};
use crate::browser::{Form, Page, fetch};
use contract::signature::callback_hash_v2;
use serde_json::{Value, json};
use std::fmt::Display;

/// Where cards pay.
pub const PAY: &str = "/payment/v1/card-payments";
const BNPL_PAYMENTS: &str = "/payment/v1/bnpl-payments";
const REPORTING: &str = "/payment-reporting/v1/payments";
/// Where the bank's pages send the shopper in the end.
pub const CALLBACK_URL: &str = "https://shop.example.com/callback";

/// A payment of 100 with the given card number.
pub fn payment(card_number: &str) -> Value {
    json!({
        "price": 100, "paidPrice": 100, "walletPrice": 0, "installment": 1, "currency": "TRY",
        "paymentGroup": "LISTING_OR_SUBSCRIPTION", "conversationId": "456d1297", "externalId": "order-1",
        "card": {
            "cardHolderName": "Haluk Demir", "cardNumber": card_number,
            "expireYear": "2044", "expireMonth": "07", "cvc": if card_number.len() == 15 { "0000" } else { "000" }
        },
        "items": [{"name": "Item 1", "price": 30, "externalId": "1"}, {"name": "Item 2", "price": 70, "externalId": "2"}]
    })
}

/// A payment that differs from [`payment`] in all that payments are found by.
pub fn unlike_any_other() -> Value {
    let over = json!({
        "price": 300, "paidPrice": 330, "installment": 3, "conversationId": "other & co",
        "externalId": "order-ü", "paymentGroup": "PRODUCT", "paymentChannel": "mobile", "buyerMemberId": 42,
        "items": [{"name": "Item", "price": 300, "subMerchantMemberId": 7, "subMerchantMemberPrice": 100}]
    });
    super::with(payment(YKB), over)
}

/// What a payment says that is to spend points of the card, and of the firm.
pub fn points(card: f64, firm: impl Into<Option<f64>>) -> Value {
    let mut reward = json!({"cardRewardMoney": card});
    if let Some(firm) = firm.into() {
        reward["firmRewardMoney"] = firm.into();
    }
    json!({"card": {"loyalty": {"type": "REWARD_MONEY", "reward": reward}}})
}

pub fn cart() -> Value {
    json!([
        {"id": "200", "name": "Oyun konsolu", "brandName": "Marka", "type": "GAMES_CONSOLES", "unitPrice": 3000, "quantity": 2},
        {"id": "100", "name": "Mobilya", "brandName": "Marka", "type": "FURNITURE", "unitPrice": 4000, "quantity": 1}
    ])
}

/// An application for a loan of 10000 at a bank.
pub fn application(bank_code: &str) -> Value {
    json!({
        "apmType": "MASLAK", "price": 10000, "paidPrice": 10000, "currency": "TRY", "paymentGroup": "PRODUCT",
        "conversationId": "loan-1", "callbackUrl": "https://shop.example.com/loan", "bankCode": bank_code,
        "items": [{"name": "Sepet", "price": 10000}],
        "cartItems": cart(),
        "additionalParams": {
            "buyerIdentityNumber": "12345678950", "buyerPhoneNumber": "5551112233", "buyerBirthdate": "1990-01-01",
            "fingate": {"totalTerm": 6}
        }
    })
}

impl Shop {
    /// A payment with this card.
    pub fn pays(&self, card_number: &str) -> Call<'_> {
        self.pays_as(payment(card_number))
    }

    /// A payment in words of the test's own.
    pub fn pays_as(&self, request: Value) -> Call<'_> {
        self.posts(PAY, request)
    }

    /// A pre-authorisation with this card.
    pub fn holds(&self, card_number: &str) -> Call<'_> {
        self.pays(card_number)
            .with(json!({"paymentPhase": "PRE_AUTH"}))
    }

    /// Takes what a pre-authorisation holds.
    pub fn captures(&self, id: i64, paid_price: impl Into<Value>) -> Call<'_> {
        let body = json!({"paidPrice": paid_price.into()});
        self.posts(format!("{PAY}/{id}/post-auth"), body)
    }

    /// The completion of a 3DS payment.
    pub fn completes(&self, id: i64) -> Call<'_> {
        let path = format!("{PAY}/3ds-complete");
        self.posts(path, json!({"paymentId": id}))
    }

    /// A payment as the shop reads it.
    pub async fn payment(&self, id: impl Display) -> Reply {
        self.get(&format!("{PAY}/{id}")).await.ok()
    }

    /// What became of a payment.
    pub async fn outcome(&self, id: impl Display) -> String {
        self.payment(id).await.outcome().to_owned()
    }

    /// A payment as reporting tells it.
    pub async fn reported(&self, id: impl Display) -> Reply {
        self.get(&format!("{REPORTING}/{id}")).await.ok()
    }

    /// Money back: what is left of a payment.
    pub fn refunds(&self, id: i64) -> Call<'_> {
        self.posts("/payment/v1/refunds", json!({"paymentId": id}))
    }

    /// Money back of an item: an amount, or with `None` what is left of it.
    pub fn refunds_item(&self, item: impl Into<Value>, price: impl Into<Value>) -> Call<'_> {
        let body = json!({"paymentTransactionId": item.into(), "refundPrice": price.into()});
        self.posts("/payment/v1/refund-transactions", body)
    }

    /// The end of a payment that waits.
    pub fn ends(&self, id: i64) -> Call<'_> {
        let path = "/payment/v1/refunds/refund-waiting-payment";
        self.posts(path, json!({"paymentId": id}))
    }

    /// What a search finds.
    pub async fn search(&self, query: &str) -> Reply {
        self.get(&format!("{REPORTING}?{query}")).await.ok()
    }

    /// What a basket costs in how many instalments.
    pub async fn installments(&self, query: &str) -> Reply {
        self.get(&format!("/installment/v1/installments?{query}"))
            .await
    }

    /// Writes rows into the commission table of a POS.
    pub async fn commissions(&self, pos: &Value, rows: Value) -> Reply {
        let path = format!("/merchant/v1/merchant-poses/{pos}/commissions");
        self.post(&path, json!({ "commissions": rows })).await
    }

    /// How many payments there are.
    pub async fn payments(&self) -> i64 {
        self.search("").await.data("totalSize").as_i64().unwrap()
    }

    /// A question for the rewards of a card.
    pub fn rewards(&self, card_number: &str) -> Call<'_> {
        let card = json!({"cardNumber": card_number, "expireYear": "2044", "expireMonth": "07", "cvc": "000"});
        self.posts("/payment/v1/card-loyalties/retrieve", card)
    }

    /// A question for offers of a loan for a cart.
    pub fn offers(&self, price: i64, items: Value) -> Call<'_> {
        let body = json!({"apmType": "MASLAK", "price": price, "currency": "TRY", "items": items});
        self.posts(format!("{BNPL_PAYMENTS}/offers"), body)
    }

    /// An application for a loan.
    pub fn applies(&self, bank_code: &str) -> Call<'_> {
        self.posts(format!("{BNPL_PAYMENTS}/init"), application(bank_code))
    }

    /// An application that was taken: the shopper is to go to the bank's page.
    pub async fn applied(&self, bank_code: &str) -> Applied<'_> {
        let loan = Applied::of(self, self.applies(bank_code).await);
        assert_eq!(loan.init.outcome(), "WAITING");
        for action in ["additionalAction", "apmAdditionalAction"] {
            assert_eq!(loan.init.data(action), "REDIRECT_TO_URL", "{action}");
        }
        loan
    }

    /// Asks what became of a loan.
    pub async fn verifies(&self, id: i64) -> Reply {
        let path = format!("{BNPL_PAYMENTS}/{id}/verify");
        self.post(&path, Value::Null).await
    }

    /// Approves a loan.
    pub async fn approves(&self, id: i64) -> Reply {
        let path = format!("{BNPL_PAYMENTS}/{id}/approve");
        self.post(&path, Value::Null).await
    }
}

impl<'a> Call<'a> {
    /// The payment is to go through 3DS; only the beginning.
    pub fn init_3ds(mut self) -> Call<'a> {
        self.path.push_str("/3ds-init");
        if self.body["callbackUrl"].is_null() {
            self.with(json!({"callbackUrl": CALLBACK_URL}))
        } else {
            self
        }
    }

    /// The payment begins; the shopper has not been anywhere.
    pub async fn begin_3ds(self) -> Begun<'a> {
        let shop = self.shop;
        Begun::of(shop, self.init_3ds().await)
    }

    /// The shopper goes to the bank, types this password and comes back.
    pub async fn with_3ds(self, otp: &str) -> Returned<'a> {
        self.begin_3ds().await.returns(otp).await
    }
}

/// A 3DS payment that has begun.
pub struct Begun<'a> {
    shop: &'a Shop,
    pub id: i64,
    pub init: Reply,
}

impl<'a> Begun<'a> {
    /// What an answer to the beginning began.
    pub fn of(shop: &'a Shop, init: Reply) -> Begun<'a> {
        let id = init.clone().ok().id();
        Begun::about(shop, id, init)
    }

    /// What an answer that names no payment began.
    pub fn about(shop: &'a Shop, id: i64, init: Reply) -> Begun<'a> {
        let init = init.ok();
        Begun { shop, id, init }
    }

    /// The page that the shop shows.
    pub fn page(&self) -> Page {
        Page::of_html_content(self.init.text("htmlContent"))
    }

    /// The address to which the shop may send the browser instead.
    pub fn address(&self) -> &str {
        self.init.text("redirectUrl")
    }

    /// The bank's page, before the shopper has typed anything.
    pub async fn at_the_bank(&self) -> Page {
        let http = &self.shop.http;
        let galata = self.page().submit(http, &[]).await;
        assert_eq!(galata.status, 200, "{}", galata.html);
        let bank = galata.submit(http, &[]).await;
        assert_eq!(bank.status, 200, "{}", bank.html);
        bank
    }

    /// The page with which the bank sends the browser back to Galata.
    pub async fn way_back(&self) -> Page {
        self.typed(OTP).await
    }

    async fn typed(&self, otp: &str) -> Page {
        let bank = self.at_the_bank().await;
        bank.types(&self.shop.http, otp).await
    }

    /// The shopper types a password and comes back.
    pub async fn returns(&self, otp: &str) -> Returned<'a> {
        let back = self.typed(otp).await;
        self.back(back).await
    }

    /// The shopper gives up at the bank and comes back.
    pub async fn cancels(&self) -> Returned<'a> {
        let fields = [("otp", ""), ("action", "cancel")];
        let bank = self.at_the_bank().await;
        let back = bank.submit(&self.shop.http, &fields).await;
        self.back(back).await
    }

    async fn back(&self, back: Page) -> Returned<'a> {
        let mut returned = back.submit(&self.shop.http, &[]).await;
        if back.form().by_get {
            // Looking changes nothing: the page posts what was brought.
            assert!(returned.form().action.contains("/pages/3ds-return/"));
            returned = returned.submit(&self.shop.http, &[]).await;
        }
        assert_eq!(returned.status, 200, "{}", returned.html);
        Returned {
            shop: self.shop,
            id: self.id,
            callback: returned.form(),
        }
    }

    /// The shop completes it.
    pub async fn completes(&self) -> Reply {
        self.shop.completes(self.id).await
    }

    pub async fn outcome(&self) -> String {
        self.shop.outcome(self.id).await
    }
}

/// A 3DS payment whose shopper came back.
pub struct Returned<'a> {
    shop: &'a Shop,
    pub id: i64,
    /// What the shopper's browser brings to the shop.
    pub callback: Form,
}

impl Returned<'_> {
    /// The shop completes it.
    pub async fn completes(&self) -> Reply {
        self.shop.completes(self.id).await
    }

    /// The bank confirmed the shopper.
    #[track_caller]
    pub fn verified(self) -> Self {
        assert_eq!(
            self.callback.field("status"),
            "SUCCESS",
            "{:?}",
            self.callback
        );
        self
    }
}

/// A loan that was applied for.
pub struct Applied<'a> {
    shop: &'a Shop,
    pub id: i64,
    pub init: Reply,
}

impl<'a> Applied<'a> {
    /// What an answer to an application began.
    pub fn of(shop: &'a Shop, init: Reply) -> Applied<'a> {
        let init = init.ok();
        Applied {
            shop,
            id: init.id(),
            init,
        }
    }

    /// The bank's page.
    pub fn address(&self) -> &str {
        self.init.text("redirectUrl")
    }

    /// The shopper decides on the bank's page and comes back; the shop's callback, its hash checked.
    pub async fn decides(&self, action: &str) -> Form {
        called_back(self.returns(action).await)
    }

    /// Galata's page after the shopper decided.
    pub async fn returns(&self, action: &str) -> Page {
        let http = &self.shop.http;
        let page = fetch(http, "GET", self.address(), String::new()).await;
        assert_eq!(page.status, 200, "{}", page.html);
        let opened = page.submit(http, &[("action", action)]).await;
        opened.submit(http, &[]).await
    }

    pub async fn verifies(&self) -> Reply {
        self.shop.verifies(self.id).await
    }

    pub async fn approves(&self) -> Reply {
        self.shop.approves(self.id).await
    }
}

/// The callback on a page, signed over the fields that it lists.
#[track_caller]
pub fn called_back(page: Page) -> Form {
    assert_eq!(page.status, 200, "{}", page.html);
    let form = page.form();
    assert_eq!(callback_hash(&form), form.field("hash"));
    form
}

/// The hash of a callback over the fields that it lists.
pub fn callback_hash(form: &Form) -> String {
    let names = form.field("hashParams").split(':');
    let fields: Vec<(&str, &str)> = names.map(|name| (name, form.field(name))).collect();
    callback_hash_v2(CALLBACK_KEY, &fields).1
}
