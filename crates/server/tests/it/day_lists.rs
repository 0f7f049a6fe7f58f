//! Every bank that gives its list of a day by itself: what was sold, undone, given back, held and taken through the
//! gateway, by somebody else on the same account, and with answers that were lost. What else a comparison does is in
//! `reconciliation`.

use crate::reconciliation::{Outside, compared, found, next_day_at, pos, refused, shown, today};
use crate::shop::{
    FAMILIES, Family, MANY, OTP, QNB, Shop, declines, declines_after, edit, payment, points, with,
};
use connectors::bank::{Order, Phase, Verb};
use contract::enums::{Currency, PosIntegrator};
use contract::money::Money;
use contract::rules::Rule;
use serde_json::json;
use server::operations::reconciliations::RunState;
use server::store::poses::Pos;

/// A bank that gives its list, and in what it differs from the others.
struct Listed {
    /// Its name on the wire; the rest is in `FAMILIES`.
    integrator: &'static str,
    /// Whether its list carries a hash.
    is_signed: bool,
    /// What makes the kind or the status of a listed sale one that is not known; `None` where the list is packed.
    unknown: Option<[&'static str; 2]>,
}

/// One for each POS of `FAMILIES` whose protocol has `Verb::DayList`.
const LISTED: &[Listed] = &[
    Listed {
        integrator: "GARANTI",
        is_signed: true,
        unknown: Some(["<TrxType>Satis", "<TrxType>Odul Sorgulama"]),
    },
    Listed {
        integrator: "FINANSBANK",
        is_signed: false,
        unknown: Some(["<TxnStatus>Y", "<TxnStatus>P"]),
    },
    Listed {
        integrator: "ZIRAATKATILIM",
        is_signed: false,
        unknown: Some(["<TxnStatus>Y", "<TxnStatus>P"]),
    },
    Listed {
        integrator: "AKBANK_VPOS",
        is_signed: true,
        unknown: None,
    },
    Listed {
        integrator: "VAKIFBANK",
        is_signed: false,
        unknown: Some(["<TransactionType>Sale", "<TransactionType>VFTSale"]),
    },
    Listed {
        integrator: "ZIRAATBANK_INNOVA",
        is_signed: false,
        unknown: Some(["<IsCanceled>false", "<IsCanceled>perhaps"]),
    },
    Listed {
        integrator: "KUVEYTTURK",
        is_signed: false,
        unknown: Some(["<LastOrderStatus>1", "<LastOrderStatus>9"]),
    },
    Listed {
        integrator: "VAKIFKATILIM",
        is_signed: false,
        unknown: Some(["<OrderStatus>1", "<OrderStatus>8"]),
    },
    Listed {
        integrator: "PARAM_POS",
        is_signed: false,
        unknown: Some(["<Tip_Str>Satış", "<Tip_Str>Provizyon"]),
    },
];

/// A bank of the table at a shop.
struct Bank {
    listed: &'static Listed,
    family: &'static Family,
    pos: Pos,
    /// What the control API calls it.
    name: &'static str,
}

async fn banks(shop: &Shop) -> Vec<Bank> {
    let mut banks = Vec::new();
    for listed in LISTED {
        let mut families = FAMILIES.iter();
        let family = families.find(|one| one.integrator == listed.integrator);
        let family = family.unwrap();
        banks.push(Bank {
            listed,
            family,
            pos: pos(shop, listed.integrator.parse().unwrap()).await,
            name: family.protocol.name(),
        });
    }
    banks
}

#[test]
fn every_bank_with_a_list_is_in_the_table() {
    let has_list = |family: &&Family| family.protocol.verbs().contains(&Verb::DayList);
    let with_list = FAMILIES.iter().filter(has_list);
    let with_list: Vec<&str> = with_list.map(|family| family.integrator).collect();
    let listed: Vec<&str> = LISTED.iter().map(|one| one.integrator).collect();
    assert_eq!(listed, with_list);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_on_which_books_and_bank_agree_has_no_difference() {
    let shop = Shop::of_families().await;
    shop.noon().await;
    let (day, banks) = (today(&shop), banks(&shop).await);
    let mut kept = Vec::new();
    for Bank {
        family, pos, name, ..
    } in &banks
    {
        refused(compared(&shop, pos, day, None).await, Rule::DayNotOver);
        kept.push(shop.pays(family.card).await.succeeded());
        let three = json!({"installment": 3});
        shop.pays(family.card).with(three).await.succeeded();
        let verified = shop.pays(family.card).with_3ds(OTP).await.verified();
        verified.completes().await.succeeded();
        shop.pays(family.card).begin_3ds().await.cancels().await;
        let undone = shop.pays(family.card).await.succeeded().id();
        shop.refunds(undone).await.ok();
        shop.fault(name, "sale", declines("51")).await;
        let declined = shop.pays(family.card).await;
        declined.declined("NOT_SUFFICIENT_FUNDS");
        if let Some(purse) = family.purse {
            let whole =
                json!({"price": 10, "paidPrice": 10, "items": [{"name": "a", "price": 10}]});
            let price = if purse.part { json!({}) } else { whole };
            let request = with(with(payment(purse.card), price), points(10.0, None));
            shop.pays_as(request).await.succeeded();
        }
        if family.holds {
            let held = shop.holds(family.card).await.succeeded().id();
            let taken = if family.protocol.captures_whole() {
                100
            } else {
                90
            };
            shop.captures(held, taken).await.succeeded();
            let undone = shop.holds(family.card).await.succeeded().id();
            shop.captures(undone, 100).await.succeeded();
            shop.refunds(undone).await.ok();
            let released = shop.holds(family.card).await.succeeded().id();
            shop.refunds(released).await.ok();
            shop.holds(family.card).await.succeeded();
        }
    }
    shop.day_passes().await;
    for paid in &kept {
        let item = paid.data("paymentTransactions.0.id").clone();
        shop.refunds_item(item, 10).await.ok();
    }
    for Bank {
        family, pos, name, ..
    } in &banks
    {
        assert_eq!(found(&shop, pos, day).await, [], "{name}");
        let (run, _) = compared(&shop, pos, day, None).await.unwrap();
        assert_eq!((run.state, run.differences), (RunState::Compared, 0));
        // Sales at least, and a row for each order that was held.
        let least = if family.holds { 8 } else { 4 };
        assert!(run.moves >= least, "{name}: {}", run.moves);
    }
    let next = today(&shop);
    next_day_at(&shop, 12).await;
    for bank in &banks {
        let (run, all) = compared(&shop, &bank.pos, next, None).await.unwrap();
        // What went back stands with the sale's day at some.
        let moves = i64::from(!bank.family.protocol.list_gaps().later_moves);
        assert_eq!((run.moves, all.len()), (moves, 0), "{}", bank.name);
    }
    let compared = shop.audit("pos.reconcile").await;
    assert_eq!(compared.len(), 3 * banks.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_bank_took_and_the_books_do_not_have_is_told() {
    let shop = Shop::of_families().await;
    shop.merchant_with(|merchant| merchant.completes_doubt = true)
        .await;
    shop.noon().await;
    let (day, banks) = (today(&shop), banks(&shop).await);
    let mut known = Vec::new();
    for Bank {
        family, pos, name, ..
    } in &banks
    {
        let card = family.card;
        let shop = &shop;
        let outside = Outside { shop, pos, card };
        outside.sells("OLDSHOP1", Phase::Sale).await;
        if family.holds {
            outside.sells("OLDSHOP2", Phase::Hold).await;
        }
        let reference = outside.sells("OLDSHOP3", Phase::Sale).await;
        let undone = Outside::order("OLDSHOP3", Phase::Sale);
        outside.voids(&undone, &reference).await;
        shop.fault(name, "sale", declines_after("51")).await;
        let failed = shop.pays(card).await.declined("NOT_SUFFICIENT_FUNDS");
        let given_back = shop.pays(card).await.succeeded();
        let attempt = shop.attempt(given_back.id()).await;
        let order = Order {
            amount: Money::new(attempt.amount, Currency::Try),
            ..Outside::order(&attempt.order_id, Phase::Sale)
        };
        let reference = given_back.text("hostReference");
        outside.voids(&order, reference).await;
        shop.fault(name, "sale", "lose_reply").await;
        let doubt = shop.pays(card).await.in_doubt();
        // The schedule asks in vain.
        shop.faults(MANY, name, "inquire", "http_500").await;
        known.push((failed, given_back.id(), doubt));
    }
    next_day_at(&shop, 12).await;
    shop.work().await;
    for (bank, (failed, given_back, doubt)) in banks.iter().zip(&known) {
        let mut all = found(&shop, &bank.pos, day).await;
        all.sort_unstable();
        // Some lists do not tell a hold from a sale.
        let held = if bank.family.protocol.list_gaps().holds {
            "TAKEN_UNKNOWN"
        } else {
            "HELD"
        };
        let expected = [
            ("GIVEN_BACK_AT_BANK", Some(*given_back)),
            (held, None),
            ("TAKEN_FAILED", Some(*failed)),
            ("TAKEN_IN_DOUBT", Some(*doubt)),
            ("TAKEN_UNKNOWN", None),
        ];
        let told = |(kind, _): &(&str, _)| bank.family.holds || *kind != "HELD";
        let mut expected: Vec<_> = expected.into_iter().filter(told).collect();
        expected.sort_unstable();
        assert_eq!(all, expected, "{}", bank.name);
        assert_eq!(shop.outcome(*doubt).await, "WAITING", "{}", bank.name);
    }
    // The list is evidence: the bank is asked at once, and its own word settles.
    shop.banks_recover().await;
    shop.work().await;
    for (bank, (failed, _, doubt)) in banks.iter().zip(&known) {
        assert_eq!(shop.outcome(*doubt).await, "SUCCESS", "{}", bank.name);
        let (run, left) = compared(&shop, &bank.pos, day, None).await.unwrap();
        let open = if bank.family.holds { 4 } else { 3 };
        assert_eq!((run.differences, left.len()), (open, left.len()));
        assert!(left.iter().all(|one| one.payment_id != Some(*doubt)));
        // Nothing moved money.
        assert_eq!(shop.outcome(*failed).await, "FAILURE", "{}", bank.name);
        assert_eq!(shop.order_state(*failed).await, "captured", "{}", bank.name);
    }
    let closed = "select count(*) as n from reconciliation_differences where closing = 'GONE' and kind = 'TAKEN_IN_DOUBT'";
    let closed = shop.count(closed).await;
    assert_eq!(usize::try_from(closed).unwrap(), banks.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_cannot_be_told_is_no_list_and_a_row_that_cannot_be_told_proves_nothing() {
    let shop = Shop::of_families().await;
    shop.noon().await;
    let (day, banks) = (today(&shop), banks(&shop).await);
    let mut sold = Vec::new();
    for bank in &banks {
        sold.push(shop.pays(bank.family.card).await.succeeded().id());
    }
    next_day_at(&shop, 12).await;
    for (bank, id) in banks.iter().zip(sold) {
        let faults = ["http_500", "cut_reply", "garbage", "wrong_mac"];
        let of_bank = |fault: &&str| *fault != "wrong_mac" || bank.listed.is_signed;
        for fault in faults.into_iter().filter(of_bank) {
            shop.fault(bank.name, "list", fault).await;
            let answer = compared(&shop, &bank.pos, day, None).await;
            refused(answer, Rule::ListNotGiven);
        }
        if let Some([find, replace]) = bank.listed.unknown {
            shop.fault(bank.name, "list", edit(find, replace)).await;
            let told = found(&shop, &bank.pos, day).await;
            assert_eq!(told, [("UNCLEAR", Some(id))], "{}", bank.name);
        }
        assert_eq!(found(&shop, &bank.pos, day).await, [], "{}", bank.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_is_too_long_for_one_list_is_asked_for_in_parts() {
    let shop = Shop::of_families().await;
    next_day_at(&shop, 9).await;
    let akbank = pos(&shop, PosIntegrator::AkbankVpos).await;
    let day = today(&shop);
    let card = "4355080000000005";
    let outside = Outside {
        shop: &shop,
        pos: &akbank,
        card,
    };
    // Morning and evening are parts of their own.
    outside.sells("MORNING", Phase::Sale).await;
    shop.pass(6 * 60 * 60).await;
    shop.pays(card).await.succeeded();
    next_day_at(&shop, 12).await;
    shop.faults(3, "akbank", "list", declines("VPS/2235")).await;
    let (run, all) = compared(&shop, &akbank, day, None).await.unwrap();
    assert_eq!(run.moves, 2);
    assert_eq!(shown(&all), [("TAKEN_UNKNOWN", None)]);
    shop.faults(MANY, "akbank", "list", declines("VPS/2235"))
        .await;
    refused(
        compared(&shop, &akbank, day, None).await,
        Rule::ListNotGiven,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_a_bank_gives_in_one_reply_may_be_long_and_has_a_bound() {
    let shop = Shop::of_families().await;
    shop.noon().await;
    let qnb = pos(&shop, PosIntegrator::Finansbank).await;
    let day = today(&shop);
    shop.pays(QNB).await.succeeded();
    next_day_at(&shop, 12).await;
    let next = today(&shop);
    for _ in 0..4 {
        shop.pays(QNB).await.succeeded();
    }
    next_day_at(&shop, 12).await;
    // A row has a hundred fields and more: five megabytes.
    let wide = edit("><", &format!(">{}<", " ".repeat(50_000)));
    shop.faults(2, "payfor", "list", wide).await;
    assert_eq!(found(&shop, &qnb, day).await, []);
    refused(compared(&shop, &qnb, next, None).await, Rule::ListNotGiven);
    assert_eq!(found(&shop, &qnb, next).await, []);
}
