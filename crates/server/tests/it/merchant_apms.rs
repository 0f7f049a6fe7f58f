//! The alternative payment methods that a merchant has.

use crate::shop::Shop;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_sees_its_methods() {
    let shop = Shop::open().await;
    let reply = shop.get("/merchant/v1/merchant-apms").await.ok();
    let apm = reply.data("items.0");
    assert_eq!(apm["apmType"], "MASLAK", "{:#}", reply.body);
    assert_eq!(apm["status"], "ACTIVE");
    assert_eq!(apm["hostname"], "127.0.0.1");
    assert_eq!(apm["supportedCurrencies"], json!(["TRY"]));
    assert_eq!(reply.data("totalSize"), 1);
}
