//! Garanti: sales, bonus, voids, status, 3D model, the published error cards at both banks.

use crate::bank::{
    Ask, BONUS, Bank, MILES, PLAIN, TEB_BONUS, WORLD, all, hex512, input, order24, security_data,
    swapped, tag, tags, transaction,
};
use serde_json::json;

fn code(reply: &str) -> String {
    format!("{}/{}", tag(reply, "Code"), tag(reply, "ReasonCode"))
}

fn rewards(list: &[(&str, i64)]) -> String {
    let rows: String = list
        .iter()
        .map(|(kind, used)| {
            format!("<Reward><Type>{kind}</Type><UsedAmount>{used}</UsedAmount></Reward>")
        })
        .collect();
    format!("<RewardList>{rows}</RewardList>")
}

#[tokio::test]
async fn a_sale_is_made_once_and_voided_by_its_reference() {
    let bank = Bank::open().await;
    let mut ask = Ask::new("sales", "G1", PLAIN, 10_025);
    ask.instalments = "3";
    let sold = bank.garanti(&ask).await;
    assert_eq!(code(&sold), "00/00", "{sold}");
    assert_eq!(code(&bank.garanti(&ask).await), "92/0104");
    let row = bank.row("G1").await;
    assert_eq!(
        (&row["captured"], &row["instalments"]),
        (&json!(10_025), &json!(3))
    );

    let found = bank.garanti(&Ask::new("orderinq", "G1", "", 100)).await;
    assert_eq!(
        (tag(&found, "Status"), tag(&found, "AuthAmount")),
        ("APPROVED".into(), "10025".into())
    );
    let reference = tag(&found, "RetrefNum");
    assert_eq!(reference, tag(&sold, "RetrefNum"));
    assert_eq!(
        code(&bank.garanti(&Ask::new("orderinq", "G2", "", 100)).await),
        "92/0108"
    );

    let wrong = Ask::new("void", "G1", "", 10_025);
    assert_eq!(code(&bank.garanti(&wrong).await), "92/0110");
    let void = Ask::new("void", "G1", "", 10_025).more(&format!(
        "<OriginalRetrefNum>{reference}</OriginalRetrefNum>"
    ));
    assert_eq!(code(&bank.garanti(&void).await), "00/00");
    assert_eq!(code(&bank.garanti(&void).await), "92/0110");
    assert_eq!(bank.row("G1").await["voided"], 10_025);
}

#[tokio::test]
async fn every_byte_of_the_hash_counts() {
    let bank = Bank::open().await;
    let right = Ask::new("sales", "H1", PLAIN, 100).right_hash();
    for at in 0..right.len() {
        let mut ask = Ask::new("sales", "H1", PLAIN, 100);
        ask.hash = Some(swapped(&right, at));
        assert_eq!(code(&bank.garanti(&ask).await), "92/0002");
    }
    for changed in [
        "<Amount>101<",
        "<MerchantID>7000678<",
        "<ID>30691299<",
        "<ProvUserID>PROVRFN<",
    ] {
        let (open, _) = changed.split_once('>').unwrap();
        let document = Ask::new("sales", "H1", PLAIN, 100).document();
        let start = document.find(&format!("{open}>")).unwrap();
        let end = start + document[start..].find("</").unwrap();
        let document = format!(
            "{}{}{}",
            &document[..start],
            &changed[..changed.len() - 1],
            &document[end..]
        );
        let reply = bank
            .send("POST", "/garanti/VPServlet", "text/xml", &document)
            .await;
        let reply = crate::bank::body(&reply);
        let expected = if changed.contains("ID>3") || changed.contains("Merchant") {
            "92/0753"
        } else {
            "92/0002"
        };
        assert_eq!(code(&reply), expected, "{changed}");
    }
    assert_eq!(bank.control("GET", "ledger", "").await["orders"], json!([]));
}

#[tokio::test]
async fn the_document_may_come_as_a_form_field() {
    let bank = Bank::open().await;
    let document = Ask::new("sales", "F1", PLAIN, 100).document();
    let reply = bank
        .browse("/garanti/VPServlet", &[("data", &document)])
        .await;
    assert_eq!(code(&reply), "00/00");
}

#[tokio::test]
async fn bonus_is_inquired_spent_and_returned() {
    let bank = Bank::open().await;
    for (card, expected) in [
        (BONUS, "<Type>BNS</Type><TotalAmount>1235</TotalAmount>"),
        (BONUS, "<Type>FBB</Type><TotalAmount>520</TotalAmount>"),
        (
            TEB_BONUS,
            "<Type>FBB</Type><TotalAmount>10000</TotalAmount>",
        ),
        (MILES, "<Type>MIL</Type><TotalAmount>1000</TotalAmount>"),
        ("5209222154820003", "<HostMsg>EK TAKSIT: +2</HostMsg>"),
        (WORLD, "<RewardList></RewardList>"),
    ] {
        let reply = bank.garanti(&Ask::new("rewardinq", "", card, 100)).await;
        assert!(reply.contains(expected), "{reply}");
    }
    let sale =
        Ask::new("sales", "B1", BONUS, 2_000).more(&rewards(&[("BNS", 1_235), ("FBB", 500)]));
    assert_eq!(code(&bank.garanti(&sale).await), "00/00");
    assert_eq!(code(&bank.garanti(&sale).await), "92/0104");
    let found = bank.garanti(&Ask::new("orderinq", "B1", "", 100)).await;
    assert_eq!(
        (tag(&found, "UsedBnsAmount"), tag(&found, "UsedFBBAmount")),
        ("1235".into(), "500".into())
    );
    for (order, card, amount, list, expected) in [
        ("B2", BONUS, 2_000, [("FBB", 21)], "T19/T19"),
        ("B3", BONUS, 10, [("FBB", 11)], "T25/T25"),
        ("B4", WORLD, 100, [("BNS", 1)], "T19/T19"),
        ("B5", MILES, 100, [("MIL", 100)], "00/00"),
        ("B6", BONUS, 100, [("XYZ", 1)], "92/0002"),
    ] {
        let reply = bank
            .garanti(&Ask::new("sales", order, card, amount).more(&rewards(&list)))
            .await;
        assert_eq!(code(&reply), expected, "{order}");
    }
    let void = Ask::new("void", "B1", "", 2_000).more(&format!(
        "<OriginalRetrefNum>{}</OriginalRetrefNum>",
        tag(transaction(&found), "RetrefNum")
    ));
    assert_eq!(code(&bank.garanti(&void).await), "00/00");
    let purse = bank
        .control("GET", &format!("purses?cardNumber={BONUS}"), "")
        .await;
    assert_eq!(purse, json!({ "card": 1_235, "firm": 520, "mile": 0 }));
}

#[tokio::test]
async fn published_error_cards_fail_alike_at_both_banks() {
    let bank = Bank::open().await;
    let codes = include_str!("../../../../docs/simulator-codes.md");
    let code_of = |group: &str| {
        let row = codes
            .lines()
            .find(|line| line.starts_with(&format!("| {group} |")))?;
        Some(row.split('|').nth(2)?.trim().to_owned())
    };
    let (mut seen, mut refused_back) = (0, 0);
    // So that the card whose refund wants the day's end can buy.
    let buys = r#"{"requiresDayEndSaleSucceeds": true}"#;
    for (index, line) in include_str!("../../data/test-cards-error.csv")
        .lines()
        .skip(1)
        .enumerate()
    {
        let columns: Vec<&str> = line.split(',').collect();
        let (order, card) = (format!("E{index}"), columns[1]);
        if columns[0] == "refund" {
            bank.control("POST", "switches", buys).await;
        }
        let posnet = bank.posnet_sale(&order, card, 100).await;
        let garanti = bank.garanti(&Ask::new("sales", &order, card, 100)).await;
        match (columns[0], columns[2]) {
            ("sale", "APPROVED_COMPLETED") => {
                assert_eq!(
                    (tag(&posnet, "approved"), tag(&posnet, "respCode")),
                    ("2".into(), "0127".into())
                );
                assert_eq!(code(&garanti), "92/0T98");
                // The record has a failed try, which an inquiry tells.
                let row = bank.row(&order).await;
                let told = (&row["state"], &row["declineCode"]);
                assert_eq!(told, (&json!("declined"), &json!("T98")));
            }
            ("sale", "ORDER_ID_ALREADY_USED") => {
                assert_eq!(
                    (tag(&posnet, "approved"), tag(&posnet, "respCode")),
                    ("0".into(), "0127".into())
                );
                assert_eq!(code(&garanti), "92/0104");
            }
            ("sale", group) => {
                let expected = code_of(group).unwrap();
                assert_eq!(
                    tag(&posnet, "respCode"),
                    format!("{expected:0>4}"),
                    "{group}"
                );
                assert_eq!(tag(&garanti, "Code"), expected, "{group}");
                seen += 1;
            }
            ("refund", group) => {
                let own = [
                    ("EXPIRED_PROVISION", Some("0211"), None),
                    ("INVALID_REFUND_TRANSACTION", None, Some("92/0208")),
                    ("MAY_HAVE_ALREADY_REFUNDED", Some("0450"), None),
                    (
                        "PAYMENT_NOT_FOUND_FOR_REFUND",
                        Some("0123"),
                        Some("92/0110"),
                    ),
                    ("REQUIRES_DAY_END", Some("0411"), None),
                ];
                let own = own.into_iter().find(|(known, ..)| *known == group);
                let (posnets, garantis) = own.map_or((None, None), |(_, one, other)| (one, other));
                let shared = code_of(group).unwrap();
                let posnets = posnets.map_or(format!("{shared:0>4}"), str::to_owned);
                let garantis = garantis.map_or(format!("{shared}/{shared}"), str::to_owned);
                assert_eq!(
                    (tag(&posnet, "approved"), code(&garanti)),
                    ("1".into(), "00/00".into())
                );
                let key = tag(&posnet, "hostlogkey");
                let reverse = format!(
                    "<reverse><transaction>sale</transaction><hostLogKey>{key}</hostLogKey></reverse>"
                );
                let give_back = format!(
                    "<return><amount>1</amount><currencyCode>TL</currencyCode>\
                     <hostLogKey>{key}</hostLogKey></return>"
                );
                let reference = tag(&garanti, "RetrefNum");
                for operation in [reverse, give_back] {
                    assert_eq!(bank.posnet_code(&operation).await, posnets, "{group}");
                }
                for kind in ["void", "refund"] {
                    let ask = Ask::about(kind, &order, 100, &reference);
                    assert_eq!(bank.garanti_code(&ask).await, garantis, "{group}");
                }
                assert_eq!(bank.row(&order).await["voided"], 0);
                refused_back += 1;
            }
            _ => {}
        }
    }
    assert_eq!((seen, refused_back), (50, 11));
}

#[tokio::test]
async fn a_switch_lets_the_day_end_card_buy_so_that_its_void_fails() {
    let bank = Bank::open().await;
    let card = "5400630000006667";
    assert_eq!(
        tag(&bank.posnet_sale("S1", card, 100).await, "respCode"),
        "0T24"
    );
    bank.control(
        "POST",
        "switches",
        r#"{"requiresDayEndSaleSucceeds": true}"#,
    )
    .await;
    assert_eq!(
        tag(&bank.posnet_sale("S1", card, 100).await, "approved"),
        "1",
        "a refused id may try again"
    );
    let reverse = format!(
        "<reverse><transaction>sale</transaction><orderID>{}</orderID></reverse>",
        order24("S1")
    );
    assert_eq!(tag(&bank.posnet(&reverse).await, "respCode"), "0411");
}

const SUCCESS: &str = "https://shop.example/ok";
const ERROR: &str = "https://shop.example/no";

pub(crate) fn form_hash(order: &str, amount: &str, kind: &str) -> String {
    hex512(&format!(
        "30691298{order}{amount}949{SUCCESS}{ERROR}{kind}12345678{}",
        security_data()
    ))
}

pub(crate) fn form<'a>(
    order: &'a str,
    card: &'a str,
    amount: &'a str,
) -> Vec<(&'static str, String)> {
    let (success, error) = (SUCCESS, ERROR);
    let hash = form_hash(order, amount, "sales");
    [
        ("secure3dsecuritylevel", "3D"),
        ("mode", "TEST"),
        ("apiversion", "512"),
        ("terminalprovuserid", "PROVAUT"),
        ("terminaluserid", "PROVAUT"),
        ("terminalmerchantid", "7000679"),
        ("terminalid", "30691298"),
        ("txntype", "sales"),
        ("txnamount", amount),
        ("txncurrencycode", "949"),
        ("txninstallmentcount", ""),
        ("orderid", order),
        ("successurl", success),
        ("errorurl", error),
        ("customeripaddress", "127.0.0.1"),
        ("customeremailaddress", ""),
        ("cardnumber", card),
        ("cardexpiredatemonth", "12"),
        ("cardexpiredateyear", "30"),
        ("cardcvv2", "123"),
        ("secure3dhash", hash.as_str()),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec()
}

pub(crate) async fn post(bank: &Bank, fields: &[(&'static str, String)]) -> String {
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    bank.browse("/garanti/servlet/gt3dengine", &fields).await
}

pub(crate) async fn confirm(bank: &Bank, page: &str) -> String {
    let state = input(page, "state");
    let fields = [
        ("state", state.as_str()),
        ("otp", "123456"),
        ("action", "confirm"),
    ];
    bank.browse("/garanti/servlet/gt3dengine/otp", &fields)
        .await
}

pub(crate) fn finish<'a>(order: &'a str, amount: i64, back: &str) -> Ask<'a> {
    let secure = format!(
        "<Secure3D><AuthenticationCode>{}</AuthenticationCode><SecurityLevel>{}</SecurityLevel>\
         <TxnID>{}</TxnID><Md>{}</Md></Secure3D>",
        input(back, "cavv"),
        input(back, "eci"),
        input(back, "xid"),
        input(back, "md")
    );
    let mut ask = Ask::new("sales", order, "", amount).more(&secure);
    ask.present = "13";
    ask
}

#[tokio::test]
async fn a_page_that_sells_by_itself_sells_an_order_once_and_tells_it() {
    const HALF: &str = "5117280000006665";
    const NO_FUNDS: &str = "5100050000006661";
    let bank = Bank::open().await;
    for (order, level, card, status, code) in [
        ("S1", "3D_FULL", PLAIN, "1", "00"),
        ("S2", "3D_FULL", HALF, "4", ""),
        ("S3", "3D_HALF", HALF, "4", "00"),
        ("S4", "3D_PAY", HALF, "4", "00"),
        ("S5", "3D_PAY", NO_FUNDS, "1", "51"),
        ("S6", "3D", PLAIN, "1", ""),
    ] {
        let mut fields = form(order, card, "1500");
        fields[0].1 = level.to_owned();
        let page = post(&bank, &fields).await;
        let back = confirm(&bank, &page).await;
        let told = [input(&back, "mdstatus"), input(&back, "procreturncode")];
        assert_eq!(told, [status, code], "{order}");
        let sold = code == "00";
        let (response, auth_code_length) = match code {
            "00" => ("Approved", 6),
            "" => ("", 0),
            _ => ("Declined", 1),
        };
        assert_eq!(input(&back, "response"), response, "{order}");
        assert_eq!(input(&back, "authcode").len(), auth_code_length, "{order}");
        assert_eq!(input(&back, "hostrefnum").is_empty(), !sold);
        let captured = &bank.row(order).await["captured"];
        assert_eq!(captured == 1500, sold, "{order}: {captured}");
        // The same form once more, and the same password once more.
        if sold {
            for page in [page, post(&bank, &fields).await] {
                let back = confirm(&bank, &page).await;
                assert_eq!(input(&back, "procreturncode"), "92");
                assert_eq!(input(&back, "errmsg"), "ErrorId: 0104");
            }
        }
    }
    // With points, as far as the purse goes.
    for (order, used, code) in [("S7", "500", "00"), ("S8", "999900", "T19")] {
        let mut fields = form(order, BONUS, "1000000");
        fields[0].1 = "3D_FULL".to_owned();
        fields.extend([
            ("txnrewardcount", "1".to_owned()),
            ("txnrewardtype1", "BNS".to_owned()),
            ("txnrewardusedamount1", used.to_owned()),
        ]);
        let back = confirm(&bank, &post(&bank, &fields).await).await;
        assert_eq!(input(&back, "procreturncode"), code, "{order}");
    }
    assert_eq!(bank.row("S7").await["pointsSpent"], 500);
}

#[tokio::test]
async fn three_d_model_from_form_to_sale() {
    let bank = Bank::open().await;
    let page = post(&bank, &form("T1", BONUS, "1500")).await;
    assert!(page.contains("15,00 ₺") && !page.contains(BONUS), "{page}");
    let back = confirm(&bank, &page).await;
    assert_eq!(input(&back, "mdstatus"), "1");
    assert!(back.contains("action=\"https://shop.example/ok\""));
    let covered: String = input(&back, "hashparams")
        .split(':')
        .filter(|name| !name.is_empty())
        .map(|name| input(&back, name))
        .collect();
    assert_eq!(input(&back, "hashparamsval"), covered);
    assert_eq!(input(&back, "hash"), hex512(&format!("{covered}12345678")));

    assert_eq!(
        tag(&bank.garanti(&finish("T2", 1_500, &back)).await, "Code"),
        "T11"
    );
    assert_eq!(
        tag(&bank.garanti(&finish("T1", 1_501, &back)).await, "Code"),
        "T11"
    );
    let second = post(&bank, &form("T3", BONUS, "1500")).await;
    let second = confirm(&bank, &second).await;
    let mut ask = finish("T3", 1_500, &second);
    ask.more.push_str(&rewards(&[("BNS", 1_000)]));
    assert_eq!(code(&bank.garanti(&ask).await), "00/00");
    assert_eq!(code(&bank.garanti(&ask).await), "92/0104");
    let row = bank.row("T3").await;
    assert_eq!(
        (&row["threeDS"], &row["pointsSpent"]),
        (&json!(true), &json!(1_000))
    );
    for (name, expected) in [
        ("cavv", "T11"),
        ("xid", "T11"),
        ("eci", "T14"),
        ("md", "T11"),
    ] {
        let order = format!("T4{name}");
        let page = post(&bank, &form(&order, BONUS, "1500")).await;
        let back = confirm(&bank, &page).await;
        let value = input(&back, name);
        let changed = back.replace(&value, &swapped(&value, 0));
        assert_eq!(
            tag(
                &bank.garanti(&finish(&order, 1_500, &changed)).await,
                "Code"
            ),
            expected,
            "{name}"
        );
    }
}

#[tokio::test]
async fn an_authentication_that_failed_to_pay_cannot_pay_later() {
    let bank = Bank::open().await;
    let page = post(&bank, &form("N1", "5100050000006661", "100")).await;
    let back = confirm(&bank, &page).await;
    assert_eq!(
        tag(&bank.garanti(&finish("N1", 100, &back)).await, "Code"),
        "51"
    );
    assert_eq!(
        tag(&bank.garanti(&finish("N1", 100, &back)).await, "Code"),
        "T11"
    );
}

#[tokio::test]
async fn every_byte_of_the_form_hash_counts() {
    let bank = Bank::open().await;
    let fields = form("W1", BONUS, "100");
    let hash = fields.last().unwrap().1.clone();
    for at in 0..hash.len() {
        let mut fields = fields.clone();
        fields.last_mut().unwrap().1 = swapped(&hash, at);
        let back = post(&bank, &fields).await;
        assert_eq!(input(&back, "mdstatus"), "7");
        assert!(back.contains("action=\"https://shop.example/no\""));
    }
}

#[tokio::test]
async fn the_published_cards_of_the_three_d_table_show_their_status() {
    let bank = Bank::open().await;
    for (order, card, status) in [
        ("M0", "5115830000006669", "0"),
        ("M4", "5117280000006665", "4"),
    ] {
        let page = post(&bank, &form(order, card, "100")).await;
        let back = confirm(&bank, &page).await;
        assert_eq!(input(&back, "mdstatus"), status);
        let sold = bank.garanti(&finish(order, 100, &back)).await;
        assert_eq!(tag(&sold, "Code"), if status == "4" { "00" } else { "T11" });
    }
    let back = post(&bank, &form("M5", "5117580000006668", "100")).await;
    assert_eq!(input(&back, "mdstatus"), "5");
    let mut fields = form("M6", BONUS, "100");
    fields[12].1 = "javascript:alert(1)".to_owned();
    assert!(!post(&bank, &fields).await.contains("javascript"));
}

/// A range around the tests' day.
const TODAY: (&str, &str) = ("10/03/2026 00:00", "11/03/2026 00:00");

/// A page of the list between two moments of the tests' day.
async fn listed(bank: &Bank, range: (&str, &str), page: &str) -> String {
    let (from, until) = range;
    let list = format!(
        "<GroupID/><StartDate>{from}</StartDate><EndDate>{until}</EndDate>\
         <ListPageNum>{page}</ListPageNum>"
    );
    let ask = Ask::new("orderlistinq", "", "", 100).document();
    let ask = ask.replace("<GroupID/>", &list);
    let reply = bank
        .send("POST", "/garanti/VPServlet", "text/xml", &ask)
        .await;
    crate::bank::body(&reply)
}

/// Type, status and amount of each row.
fn rows(reply: &str) -> Vec<String> {
    let [kinds, states, amounts] =
        ["TrxType", "Status", "AuthAmount"].map(|name| tags(reply, name));
    let rows = kinds.iter().zip(&states).zip(&amounts);
    rows.map(|((kind, state), amount)| format!("{kind} {state} {amount}"))
        .collect()
}

#[tokio::test]
async fn the_list_of_a_day_tells_all_that_was_done_in_it() {
    let bank = Bank::open().await;
    let sale = |order: &'static str, amount| Ask::new("sales", order, PLAIN, amount);
    let sold = bank.garanti(&sale("L1", 500)).await;
    let reference = tag(transaction(&sold), "RetrefNum");
    bank.garanti(&Ask::about("void", "L1", 500, &reference))
        .await;
    let sold = bank.garanti(&sale("L2", 700)).await;
    let reference = tag(transaction(&sold), "RetrefNum");
    bank.control("POST", "settle-day", "").await;
    bank.garanti(&Ask::about("refund", "L2", 200, &reference))
        .await;
    bank.garanti(&Ask::new("sales", "L3", "4111111111111112", 100))
        .await;
    let year = ("01/01/1970 00:00", "02/01/1970 00:00");
    assert_eq!(code(&listed(&bank, year, "1").await), "00/");
    assert!(rows(&listed(&bank, year, "1").await).is_empty());
    let reply = listed(&bank, TODAY, "1").await;
    assert_eq!(
        rows(&reply),
        [
            "Satis Iptal 500",
            "Iptal Basarili 500",
            "Satis Basarili 700",
            "Iade Basarili 200",
            "Satis Basarisiz 100",
        ]
    );
    assert_eq!(tag(&reply, "TotalTxnCount"), "5");
    for (range, page) in [
        (("", TODAY.1), "1"),
        ((TODAY.0, "31-12-2026"), "1"),
        ((TODAY.1, TODAY.0), "1"),
        (("01/01/1970 00:00", "01/02/1970 00:01"), "1"),
        (TODAY, "0"),
    ] {
        assert_eq!(code(&listed(&bank, range, page).await), "92/0002");
    }
}

#[tokio::test]
async fn a_long_list_comes_in_pages() {
    let bank = Bank::open().await;
    let orders: Vec<String> = (0..501).map(|number| format!("P{number}")).collect();
    let asks: Vec<Ask<'_>> = orders
        .iter()
        .map(|order| Ask::new("sales", order, PLAIN, 100))
        .collect();
    for some in asks.chunks(50) {
        all(some.iter().map(|ask| bank.garanti(ask))).await;
    }
    let first = listed(&bank, TODAY, "1").await;
    let second = listed(&bank, TODAY, "2").await;
    assert_eq!((rows(&first).len(), rows(&second).len()), (500, 1));
    assert_eq!(tag(&second, "TotalPageCount"), "2");
    assert_eq!(tag(&second, "ActPageNum"), "2");
    assert_eq!(tag(&second, "Id"), "501");
}
