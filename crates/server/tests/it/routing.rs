//! Which POS a payment is tried on first.

use crate::shop::{GARANTI, Shop};
use serde_json::{Value, json};

/// Akbank's: no bank that is spoken to here is its issuer or shares its family.
const AXESS: &str = "4355080000000005";

/// Garanti and Yapı Kredi, in the merchant's order, with what they take: Yapı Kredi less of other banks'
/// cards.
async fn priced() -> (Shop, [String; 2]) {
    let shop = Shop::open().await;
    let mut aliases = Vec::new();
    for (pos, family, on_us, not_on_us) in [
        ("Garanti", "Bonus", 2.5, 3.0),
        ("Yapı Kredi", "World", 2.4, 2.0),
    ] {
        let found = shop
            .poses()
            .await
            .into_iter()
            .find(|one| one["name"] == pos);
        let found = found.unwrap();
        let row = json!([{
            "cardBrandName": family, "installment": 1, "bankOnUsCreditCardCommissionRate": on_us,
            "bankNotOnUsCreditCardCommissionRate": not_on_us
        }]);
        shop.commissions(&found["id"], row).await.ok();
        aliases.push(found["alias"].as_str().unwrap().to_owned());
    }
    (shop, aliases.try_into().unwrap())
}

async fn first_choice(shop: &Shop, card: &str, options: Value) -> String {
    let request = json!({"routingOptions": options});
    let paid = shop.pays(card).with(request).await.ok();
    paid.data("pos.name").as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn on_us_goes_before_cost_and_cost_before_the_merchants_order() {
    let plain = Shop::open().await;
    assert_eq!(first_choice(&plain, AXESS, json!({})).await, "Garanti");
    let (shop, _) = priced().await;
    for options in [json!({}), json!({"orderingRule": "ON_US"})] {
        assert_eq!(
            first_choice(&shop, AXESS, options.clone()).await,
            "Yapı Kredi"
        );
        assert_eq!(first_choice(&shop, GARANTI, options).await, "Garanti");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shop_may_want_the_cheapest_or_its_own_order() {
    let (shop, [garanti, ykb]) = priced().await;
    let cheapest = json!({"orderingRule": "LOW_COMMISSION_RATE"});
    assert_eq!(first_choice(&shop, GARANTI, cheapest).await, "Yapı Kredi");
    let merchants = json!({"orderingRule": "IN_ORDER"});
    assert_eq!(first_choice(&shop, AXESS, merchants).await, "Garanti");
    let own = json!({"orderingRule": "IN_ORDER", "posAliases": [ykb, garanti]});
    assert_eq!(first_choice(&shop, GARANTI, own).await, "Yapı Kredi");
    let only = json!({"posAliases": [garanti]});
    assert_eq!(first_choice(&shop, AXESS, only).await, "Garanti");
}
