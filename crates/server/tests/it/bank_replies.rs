//! What banks really send: replies that are no proper XML or HTTP, that contradict themselves, or that
//! refuse the account. What can be read is read, and the rest is doubt.

use crate::panel::Panel;
use crate::shop::{DAY, GARANTI, MANY, OTP, Shop, YKB, answers, declines, edit, ykb};
use serde_json::Value;
use server::operations::Role;
use server::store::attempts::AttemptState;
use server::store::db::{Commit, Kind, params};
use server::store::poses::{self, Pos};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The shop's POSes as they are stored: Garanti's, then Yapı Kredi's.
async fn stored(shop: &Shop) -> Vec<Pos> {
    poses::of_merchant(&shop.app, shop.merchant).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_with_damaged_words_is_an_approval_and_its_words_are_clean() {
    let shop = Shop::open().await;
    let name = "<CardHolderName>ÖZ & \u{1b}[31mOĞUL\0&nbsp;";
    let text = "<respText>\u{1b}[2JONAY & \u{7}";
    for (bank, card, find, replace) in [
        ("garanti", GARANTI, "<CardHolderName>", name),
        ("garanti", GARANTI, "<ErrorMsg>", "<ErrorMsg>A & B &"),
        ("garanti", GARANTI, "<?xml", " \r\n<?xml"),
        ("garanti", GARANTI, "UTF-8", "iso-8859-9"),
        ("posnet", YKB, "<respText>", text),
        (
            "posnet",
            YKB,
            "</posnetResponse>",
            "</posnetResponse>\0\r\n",
        ),
        ("posnet", YKB, "ISO-8859-9", "utf-8"),
    ] {
        shop.fault(bank, "sale", edit(find, replace)).await;
        let shown = shop.pays(card).await.succeeded().body.to_string();
        for steering in ["\\u001b", "[31m"] {
            assert!(!shown.contains(steering), "{replace:?}: {shown}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_with_damaged_words_is_told_without_what_steers_a_terminal() {
    let shop = Shop::open().await;
    let body = "<posnetResponse><approved>0</approved><respCode>0051</respCode>\
                <respText>RED\u{1b}[31m & \u{202e}BAKIYE\u{7}</respText></posnetResponse>";
    shop.fault("posnet", "sale", answers(body)).await;
    let reply = shop.pays(YKB).await;
    reply.declined("NOT_SUFFICIENT_FUNDS");
    let told = &reply.body["errors"]["providerError"]["errorMessage"];
    assert_eq!(told, "RED & BAKIYE");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_whose_deciding_parts_are_damaged_is_doubt_at_once() {
    let shop = Shop::open().await;
    let approved = "<approved>1</approved>";
    let both = "<approved>1</approved><approved>0</approved>";
    for (bank, card, find, replace) in [
        ("posnet", YKB, "<authCode>", "<authCode>\0"),
        ("posnet", YKB, "<authCode>", "<authCode>\u{1b}[31m"),
        ("posnet", YKB, "<hostlogkey>", "<hostlogkey>&"),
        ("posnet", YKB, "<hostlogkey>", "<hostlogkey>-"),
        ("posnet", YKB, "</authCode>", "&lt;b&gt;</authCode>"),
        ("posnet", YKB, "</authCode>", "0</authCode>"),
        ("posnet", YKB, approved, both),
        ("garanti", GARANTI, "<AuthCode>", "<AuthCode>&"),
        ("garanti", GARANTI, "<ReasonCode>00", "<ReasonCode>51"),
    ] {
        shop.fault(bank, "sale", edit(find, replace)).await;
        let id = shop.pays(card).await.in_doubt();
        assert_eq!(shop.outcome(id).await, "WAITING");
        shop.wait(5).await;
        assert_eq!(shop.outcome(id).await, "FAILURE");
        assert_eq!(shop.order_state(id).await, "voided", "{replace:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_that_worked_beside_one_that_failed_was_taken() {
    let shop = Shop::open().await;
    shop.fault("posnet", "sale", "lose_reply").await;
    let id = shop.pays(YKB).await.in_doubt();
    let order = shop.attempt(id).await.order_id;
    let entry = |status: u8| {
        format!(
            "<transaction><orderID>{order:0>24}</orderID><amount>100,00</amount>\
             <currencyCode>TL</currencyCode><authCode>1</authCode><state>Sale</state>\
             <txnStatus>{status}</txnStatus><hostlogkey>{status}</hostlogkey></transaction>"
        )
    };
    let body = format!(
        "<posnetResponse><approved>1</approved><transactions>{}{}</transactions></posnetResponse>",
        entry(1),
        entry(0)
    );
    shop.fault("posnet", "inquire", answers(&body)).await;
    shop.wait(5).await;
    assert_eq!(shop.outcome(id).await, "FAILURE");
    assert_eq!(shop.order_state(id).await, "voided");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inquiry_that_is_not_understood_ends_nothing() {
    let nothing = "<posnetResponse><approved>1</approved></posnetResponse>";
    let no_status = edit("<Status>APPROVED", "<Status>");
    let no_result = edit("OrderInqResult>", "OrderInqAnswer>");
    for (bank, card, fault) in [
        ("posnet", YKB, answers(nothing)),
        ("garanti", GARANTI, no_status),
        ("garanti", GARANTI, no_result),
    ] {
        let shop = Shop::open().await;
        shop.fault(bank, "sale", "lose_reply").await;
        let id = shop.pays(card).await.in_doubt();
        shop.faults(MANY, bank, "inquire", fault).await;
        for seconds in [5, 30, 120, 600] {
            shop.wait(seconds).await;
            assert_eq!(shop.outcome(id).await, "WAITING", "{bank}");
        }
        shop.banks_recover().await;
        shop.wait(DAY).await;
        assert_eq!(shop.order_state(id).await, "voided", "{bank}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lender_that_is_not_understood_ends_nothing() {
    let shop = Shop::open().await;
    let loan = shop.applied("064").await;
    for body in [
        "{}",
        "[]",
        r#"{"code":"APPLICATION_UNKNOWN"}"#,
        "{\"state\":\"unheard\"}",
    ] {
        shop.lender_faults(1, "inquire", answers(body)).await;
        // Callers are heard once in five seconds.
        shop.clock.advance_seconds(6);
        let verified = loan.verifies().await.ok();
        assert_eq!(verified.outcome(), "WAITING", "{body}");
        let action = verified.text("additionalAction");
        assert_eq!(action, "VERIFY_REQUIRED", "{body}");
    }
    let callback = loan.decides("approve").await;
    assert_eq!(callback.field("paymentStatus"), "SUCCESS");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_void_whose_question_stays_unanswered_is_asked_again_by_schedule() {
    let shop = Shop::open().await;
    shop.fault("garanti", "sale", "lose_reply").await;
    let id = shop.pays(GARANTI).await.in_doubt();
    // The first question is answered, the void refused, and the question after it lost.
    shop.fault("garanti", "inquire", edit("no such text", ""))
        .await;
    shop.fault("garanti", "void", declines("05")).await;
    shop.fault("garanti", "inquire", "http_500").await;
    shop.wait(5).await;
    let waiting = shop.attempt(id).await;
    assert_eq!(waiting.state, AttemptState::Reversing);
    assert!(waiting.inquire_at.is_some());
    shop.wait(30).await;
    assert_eq!(shop.outcome(id).await, "FAILURE");
    assert_eq!(shop.order_state(id).await, "voided");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_account_sends_shoppers_to_the_next_pos_and_the_operator_is_told() {
    let shop = Shop::open().await;
    for (code, group) in [
        ("92/0651", "INVALID_MERCHANT_OR_SP"),
        ("92/0752", "INVALID_MERCHANT_OR_SP"),
        ("92/0652", "NOT_PERMITTED_TO_TERMINAL"),
    ] {
        shop.fault("garanti", "sale", declines(code)).await;
        let paid = shop.pays(GARANTI).await.ok();
        assert_eq!(paid.data("pos.bankId"), 67, "{code}");
        let noted = stored(&shop).await[0].account_refusal.clone().unwrap();
        assert_eq!(noted.group.as_str(), group);
        assert_eq!(noted.code, &code[3..]);
    }
    let mut panel = Panel::sign_in(&shop, Role::Owner).await;
    let page = format!("/panel/poses/{}", stored(&shop).await[0].id);
    for path in ["/panel/poses", &page] {
        panel.get(path).await.ok().has("0652");
    }
    // The account works again: nothing is left to tell.
    let paid = shop.pays(GARANTI).await.ok();
    assert_eq!(paid.data("pos.bankId"), 62);
    assert_eq!(stored(&shop).await[0].account_refusal, None);
}

/// The database takes no note about a POS while a payment has no outcome.
async fn no_note_before_an_answer(shop: &Shop) {
    let refuse = match shop.app.db.kind() {
        Kind::Sqlite => {
            "create trigger note before update of account_refusal on merchant_poses \
             when exists (select 1 from payments where status = 'WAITING') \
             begin select raise(abort, 'too early'); end"
        }
        Kind::Postgres => {
            "create function too_early() returns trigger language plpgsql as $$ begin \
             if exists (select 1 from payments where status = 'WAITING') then \
             raise exception 'too early'; end if; return new; end $$"
        }
    };
    let mut commit = Commit::new(0, 0).any(refuse, params![]);
    if shop.app.db.kind() == Kind::Postgres {
        commit = commit.any(
            "create trigger note before update of account_refusal on merchant_poses \
             for each row execute function too_early()",
            params![],
        );
    }
    shop.app.db.commit(commit).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completion_is_answered_before_a_refused_account_is_noted() {
    let shop = Shop::open().await;
    no_note_before_an_answer(&shop).await;
    let paid = shop.pays(GARANTI).with_3ds(OTP).await;
    let refuses = declines("92/0651");
    shop.fault("garanti", "threeds_finish", refuses).await;
    paid.completes().await.declined("INVALID_MERCHANT_OR_SP");
    let noted = stored(&shop).await[0].account_refusal.clone();
    assert_eq!(noted.unwrap().code, "0651");
}

/// A bank that answers every request with these bytes and then closes the connection, unless it is to
/// stay open. Its address.
async fn raw_bank(answer: impl Fn(usize) -> Vec<u8> + Send + 'static, closes: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut number = 0;
        loop {
            let (mut line, _) = listener.accept().await.unwrap();
            while request(&mut line).await {
                line.write_all(&answer(number)).await.unwrap();
                number += 1;
                if closes {
                    break;
                }
            }
        }
    });
    format!("http://{address}")
}

/// Reads one whole request; false when the line was closed.
async fn request(line: &mut TcpStream) -> bool {
    let mut read = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&read).to_ascii_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.split("content-length:").nth(1).unwrap();
            let length: usize = length.lines().next().unwrap().trim().parse().unwrap();
            if body.len() >= length {
                return true;
            }
        }
        match line.read(&mut piece).await {
            Ok(0) | Err(_) => return false,
            Ok(length) => read.extend_from_slice(&piece[..length]),
        }
    }
}

/// A shop whose only POS is at a PosNet bank that answers so.
async fn only_bank(answer: impl Fn(usize) -> Vec<u8> + Send + 'static, closes: bool) -> Shop {
    let mut shop = Shop::open().await;
    for pos in stored(&shop).await {
        let path = format!("/merchant/v1/merchant-poses/{}/status/PASSIVE", pos.id);
        shop.put(&path, Value::Null).await.ok();
    }
    shop.bank = raw_bank(answer, closes).await;
    shop.pos(ykb()).await;
    shop
}

const APPROVAL: &str = "<posnetResponse><approved>1</approved><hostlogkey>019676067890000191</hostlogkey>\
                        <authCode>760678</authCode></posnetResponse>";

fn with_head(head: &str) -> Vec<u8> {
    let length = APPROVAL.len();
    let head = head.replace("LENGTH", &length.to_string());
    format!("{head}\r\n\r\n{APPROVAL}").into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn http_is_read_as_browsers_and_curl_read_it() {
    let (first, rest) = APPROVAL.split_at(20);
    let chunks = format!(
        "{:X};name=\"value\"\r\n{first}\r\n{:04x}\r\n{rest}\r\n000\r\nX-Trailer: 1\r\n\r\n",
        first.len(),
        rest.len()
    );
    let chunked = |head: &str| format!("{head}\r\n\r\n{chunks}").into_bytes();
    let answers = vec![
        with_head("HTTP/1.1 200 OK\r\nX-Served-Actor : front\r\nContent-Length: LENGTH"),
        with_head("HTTP/1.1 200 OK\r\nContent-Length : LENGTH"),
        with_head("HTTP/1.1 200 OK\r\nX-Policy: a;\r\n b;\r\n\tc\r\nContent-Length: LENGTH"),
        with_head("HTTP/1.1 200 OK\r\nthis line is no header\r\nContent-Length: LENGTH"),
        with_head("HTTP/1.1 200 OK\r\nX(y): 1\r\n: 2\r\nContent-Length: LENGTH"),
        with_head("HTTP/1.1 200 OK\r\nX-Name: \u{1}\u{f6}z\r\nContent-Length: LENGTH"),
        with_head("HTTP/1.1 200 \r\ncontent-length:LENGTH"),
        with_head("HTTP/1.1 200\r\nContent-Length: LENGTH"),
        with_head(
            "HTTP/1.1 200 Tamam\r\nContent-Type: text/plain; charset=x\r\nContent-Length: LENGTH",
        ),
        with_head("HTTP/1.1 200 OK\r\nContent-Type\r\nContent-Length: LENGTH"),
        with_head("HTTP/1.1 200 OK\r\nConnection: keep-alive, close\r\nContent-Length: LENGTH"),
        with_head("HTTP/1.1 200 OK\r\nConnection: upgrade\r\nContent-Length: LENGTH"),
        with_head("HTTP/1.1 200 OK\r\nContent-Length: LENGTH\r\nContent-Length: LENGTH"),
        with_head("HTTP/1.1 200 OK\r\nConnection: close"),
        with_head("HTTP/1.1 200 OK"),
        with_head("HTTP/1.0 200 OK"),
        with_head("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: LENGTH"),
        with_head("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: LENGTH"),
        with_head("HTTP/1.1 200 OK\nContent-Length: LENGTH"),
        chunked("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"),
        chunked("HTTP/1.1 200 OK\r\nTransfer-Encoding : Chunked\r\nConnection: close"),
    ];
    let told = answers.clone();
    let shop = only_bank(move |number| told[number].clone(), true).await;
    for answer in &answers {
        let reply = shop.pays(YKB).await;
        let head = String::from_utf8_lossy(answer);
        assert_eq!(
            reply.data("paymentStatus"),
            "SUCCESS",
            "{head}\n{:#}",
            reply.body
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn http_that_can_be_read_two_ways_or_breaks_off_is_doubt() {
    let half = |head: &str| {
        let whole = with_head(head);
        whole[..whole.len() - 20].to_vec()
    };
    let answers = vec![
        half("HTTP/1.1 200 OK\r\nContent-Length : LENGTH"),
        half("HTTP/1.0 200 OK"),
        half("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"),
        with_head("HTTP/1.1 200 OK\r\nContent-Length: LENGTH\r\nContent-Length: 20"),
        with_head("HTTP/1.1 200 OK\r\nContent-Length: -1"),
        with_head("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: LENGTH"),
        with_head("HTTP/1.1 500 OK\r\nContent-Length: LENGTH"),
        with_head("ICY 200 OK\r\nContent-Length: LENGTH"),
        Vec::new(),
    ];
    let told = answers.clone();
    let shop = only_bank(move |number| told[number].clone(), true).await;
    for answer in &answers {
        let id = shop.pays(YKB).await.in_doubt();
        let head = String::from_utf8_lossy(answer);
        assert_eq!(shop.outcome(id).await, "WAITING", "{head}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_bank_sends_behind_its_reply_never_answers_the_next_request() {
    let decline =
        "<posnetResponse><approved>0</approved><respCode>0051</respCode></posnetResponse>";
    let refused = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{decline}",
        decline.len()
    );
    let shop = only_bank(
        move |number| match number {
            // An approval that nobody asked for stands behind the refusal.
            0 => [
                refused.as_bytes(),
                &with_head("HTTP/1.1 200 OK\r\nContent-Length: LENGTH"),
            ]
            .concat(),
            _ => refused.clone().into_bytes(),
        },
        false,
    )
    .await;
    for _ in 0..3 {
        shop.pays(YKB).await.declined("NOT_SUFFICIENT_FUNDS");
    }
}
