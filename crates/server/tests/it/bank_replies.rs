//! What banks really send: replies that are no proper XML or HTTP, that contradict themselves, or that
//! refuse the account. What can be read is read, and the rest is doubt.

use crate::bnpl_payments::{applied, decided};
use crate::browser::through_threeds;
use crate::panel::Panel;
use crate::world::{World, payment, with};
use serde_json::{Value, json};
use server::operations::Role;
use server::store::attempts::{self, AttemptState};
use server::store::db::{Commit, Kind, params};
use server::store::poses;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const GARANTI_CARD: &str = "5209220000000002";
const YKB_CARD: &str = "5400630000000009";

async fn pays(world: &World, card: &str) -> crate::world::Reply {
    world.post("/payment/v1/card-payments", payment(card)).await
}

#[track_caller]
fn in_doubt(reply: &crate::world::Reply) -> String {
    assert_eq!(
        (reply.status, reply.error_group()),
        (422, "COMMUNICATION_OR_SYSTEM_ERROR"),
        "{:#}",
        reply.body
    );
    reply.body["errors"]["paymentId"].to_string()
}

async fn read(world: &World, id: &str) -> crate::world::Reply {
    let path = format!("/payment/v1/card-payments/{id}");
    world.get(&path).await.ok()
}

/// The one order of a payment at the bank.
async fn at_bank(world: &World, id: &str) -> Value {
    let read = read(world, id).await;
    let orders = world.ledger(read.data("orderId").as_str().unwrap()).await;
    assert_eq!(orders.len(), 1, "{orders:?}");
    orders[0].clone()
}

async fn attempt(world: &World, id: &str) -> attempts::Attempt {
    let id = id.parse().unwrap();
    let found = attempts::last_of_payment(&world.app, world.merchant, id).await;
    found.unwrap().unwrap()
}

fn edit(find: &str, replace: &str) -> Value {
    json!({"kind": "edit", "find": find, "replace": replace})
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_with_damaged_words_is_an_approval_and_its_words_are_clean() {
    let world = World::open().await;
    for (bank, card, find, replace) in [
        (
            "garanti",
            GARANTI_CARD,
            "<CardHolderName>",
            "<CardHolderName>ÖZ & \u{1b}[31mOĞUL\0&nbsp;",
        ),
        ("garanti", GARANTI_CARD, "<ErrorMsg>", "<ErrorMsg>A & B &"),
        ("garanti", GARANTI_CARD, "<?xml", " \r\n<?xml"),
        ("garanti", GARANTI_CARD, "UTF-8", "iso-8859-9"),
        (
            "posnet",
            YKB_CARD,
            "<respText>",
            "<respText>\u{1b}[2JONAY & \u{7}",
        ),
        (
            "posnet",
            YKB_CARD,
            "</posnetResponse>",
            "</posnetResponse>\0\r\n",
        ),
        ("posnet", YKB_CARD, "ISO-8859-9", "utf-8"),
    ] {
        world.fault(bank, "sale", edit(find, replace)).await;
        let reply = pays(&world, card).await.ok();
        assert_eq!(reply.data("paymentStatus"), "SUCCESS", "{replace:?}");
        let shown = reply.body.to_string();
        assert!(
            !shown.contains("\\u001b") && !shown.contains("[31m"),
            "{shown}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_with_damaged_words_is_told_without_what_steers_a_terminal() {
    let world = World::open().await;
    let body = "<posnetResponse><approved>0</approved><respCode>0051</respCode>\
                <respText>RED\u{1b}[31m & \u{202e}BAKIYE\u{7}</respText></posnetResponse>";
    let fault = json!({"kind": "answer", "body": body});
    world.fault("posnet", "sale", fault).await;
    let reply = pays(&world, YKB_CARD).await;
    assert_eq!(
        reply.error_group(),
        "NOT_SUFFICIENT_FUNDS",
        "{:#}",
        reply.body
    );
    let errors = &reply.body["errors"];
    let told = errors["providerError"]["errorMessage"].as_str();
    assert_eq!(told, Some("RED & BAKIYE"), "{errors:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_whose_deciding_parts_are_damaged_is_doubt_at_once() {
    let world = World::open().await;
    for (bank, card, find, replace) in [
        ("posnet", YKB_CARD, "<authCode>", "<authCode>\0"),
        ("posnet", YKB_CARD, "<authCode>", "<authCode>\u{1b}[31m"),
        ("posnet", YKB_CARD, "<hostlogkey>", "<hostlogkey>&"),
        (
            "posnet",
            YKB_CARD,
            "<approved>1</approved>",
            "<approved>1</approved><approved>0</approved>",
        ),
        ("garanti", GARANTI_CARD, "<AuthCode>", "<AuthCode>&"),
        ("garanti", GARANTI_CARD, "<ReasonCode>00", "<ReasonCode>51"),
    ] {
        world.fault(bank, "sale", edit(find, replace)).await;
        let id = in_doubt(&pays(&world, card).await);
        assert_eq!(read(&world, &id).await.data("paymentStatus"), "WAITING");
        world.wait(5).await;
        assert_eq!(read(&world, &id).await.data("paymentStatus"), "FAILURE");
        assert_eq!(at_bank(&world, &id).await["state"], "voided", "{replace:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_that_worked_beside_one_that_failed_was_taken() {
    let world = World::open().await;
    world
        .fault("posnet", "sale", json!({"kind": "lose_reply"}))
        .await;
    let id = in_doubt(&pays(&world, YKB_CARD).await);
    let order = read(&world, &id)
        .await
        .data("orderId")
        .as_str()
        .unwrap()
        .to_owned();
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
    let fault = json!({"kind": "answer", "body": body});
    world.fault("posnet", "inquire", fault).await;
    world.wait(5).await;
    assert_eq!(read(&world, &id).await.data("paymentStatus"), "FAILURE");
    assert_eq!(at_bank(&world, &id).await["state"], "voided");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inquiry_that_is_not_understood_ends_nothing() {
    let nothing = "<posnetResponse><approved>1</approved></posnetResponse>";
    for (bank, card, fault) in [
        (
            "posnet",
            YKB_CARD,
            json!({"kind": "answer", "body": nothing}),
        ),
        (
            "garanti",
            GARANTI_CARD,
            edit("<Status>APPROVED", "<Status>"),
        ),
        (
            "garanti",
            GARANTI_CARD,
            edit("OrderInqResult>", "OrderInqAnswer>"),
        ),
    ] {
        let world = World::open().await;
        world
            .fault(bank, "sale", json!({"kind": "lose_reply"}))
            .await;
        let id = in_doubt(&pays(&world, card).await);
        let order = json!({"bank": bank, "operation": "inquire", "fault": fault, "times": 1000});
        world.control("POST", "/control/faults", order).await;
        for seconds in [5, 30, 120, 600] {
            world.wait(seconds).await;
            assert_eq!(
                read(&world, &id).await.data("paymentStatus"),
                "WAITING",
                "{bank}"
            );
        }
        world
            .control("DELETE", "/control/faults", Value::Null)
            .await;
        world.wait(24 * 60 * 60).await;
        assert_eq!(at_bank(&world, &id).await["state"], "voided", "{bank}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lender_that_is_not_understood_ends_nothing() {
    let world = World::open().await;
    let init = applied(&world, "064").await;
    let url = init.data("redirectUrl").as_str().unwrap().to_owned();
    let path = format!("/payment/v1/bnpl-payments/{}", init.data("paymentId"));
    for body in [
        "{}",
        "[]",
        r#"{"code":"APPLICATION_UNKNOWN"}"#,
        "{\"state\":\"unheard\"}",
    ] {
        let fault = json!({"kind": "answer", "body": body});
        let order = json!({"operation": "inquire", "fault": fault, "times": 1});
        world.control("POST", "/control/lender-faults", order).await;
        // Callers are heard once in five seconds.
        world.clock.advance_seconds(6);
        let verified = world
            .post(&format!("{path}/verify"), Value::Null)
            .await
            .ok();
        assert_eq!(verified.data("paymentStatus"), "WAITING", "{body}");
        assert_eq!(
            verified.data("additionalAction"),
            "VERIFY_REQUIRED",
            "{body}"
        );
    }
    let callback = decided(&world, &url, "approve").await;
    assert_eq!(callback.field("paymentStatus"), "SUCCESS");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_void_whose_question_stays_unanswered_is_asked_again_by_schedule() {
    let world = World::open().await;
    world
        .fault("garanti", "sale", json!({"kind": "lose_reply"}))
        .await;
    let id = in_doubt(&pays(&world, GARANTI_CARD).await);
    // The first question is answered, the void refused, and the question after it lost.
    world
        .fault("garanti", "inquire", edit("no such text", ""))
        .await;
    world
        .fault("garanti", "void", json!({"kind": "decline", "code": "05"}))
        .await;
    world
        .fault("garanti", "inquire", json!({"kind": "http_500"}))
        .await;
    world.wait(5).await;
    let waiting = attempt(&world, &id).await;
    assert_eq!(waiting.state, AttemptState::Reversing);
    assert!(waiting.inquire_at.is_some());
    world.wait(30).await;
    assert_eq!(read(&world, &id).await.data("paymentStatus"), "FAILURE");
    assert_eq!(at_bank(&world, &id).await["state"], "voided");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_account_sends_shoppers_to_the_next_pos_and_the_operator_is_told() {
    let world = World::open().await;
    let garanti = poses::of_merchant(&world.app, world.merchant)
        .await
        .unwrap()[0]
        .id;
    let refusal = async || {
        let pos = poses::one_of_merchant(&world.app, world.merchant, garanti).await;
        pos.unwrap().unwrap().account_refusal
    };
    for (code, group) in [
        ("92/0651", "INVALID_MERCHANT_OR_SP"),
        ("92/0752", "INVALID_MERCHANT_OR_SP"),
        ("92/0652", "NOT_PERMITTED_TO_TERMINAL"),
    ] {
        world
            .fault("garanti", "sale", json!({"kind": "decline", "code": code}))
            .await;
        let reply = pays(&world, GARANTI_CARD).await.ok();
        assert_eq!(reply.data("pos.bankId"), 67, "{code}");
        let noted = refusal().await.unwrap();
        assert_eq!(noted.group.as_str(), group);
        assert_eq!(noted.code, &code[3..]);
    }
    let mut panel = Panel::sign_in(&world, Role::Owner).await;
    for path in ["/panel/poses".to_owned(), format!("/panel/poses/{garanti}")] {
        panel.get(&path).await.ok().has("0652");
    }
    // The account works again: nothing is left to tell.
    let reply = pays(&world, GARANTI_CARD).await.ok();
    assert_eq!(reply.data("pos.bankId"), 62);
    assert_eq!(refusal().await, None);
}

/// The database takes no note about a POS while a payment has no outcome.
async fn no_note_before_an_answer(world: &World) {
    let refuse = match world.app.db.kind() {
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
    if world.app.db.kind() == Kind::Postgres {
        commit = commit.any(
            "create trigger note before update of account_refusal on merchant_poses \
             for each row execute function too_early()",
            params![],
        );
    }
    world.app.db.commit(commit).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completion_is_answered_before_a_refused_account_is_noted() {
    let world = World::open().await;
    no_note_before_an_answer(&world).await;
    let shop = json!({"callbackUrl": "https://shop.example.com/callback"});
    let init = world
        .post(
            "/payment/v1/card-payments/3ds-init",
            with(payment(GARANTI_CARD), shop),
        )
        .await
        .ok();
    let html = init.data("htmlContent").as_str().unwrap();
    through_threeds(&world, html, "123456", "confirm").await;
    let refuses = json!({"kind": "decline", "code": "92/0651"});
    world.fault("garanti", "threeds_finish", refuses).await;
    let complete = "/payment/v1/card-payments/3ds-complete";
    let reply = world
        .post(complete, json!({"paymentId": init.data("paymentId")}))
        .await;
    assert_eq!(reply.error_group(), "INVALID_MERCHANT_OR_SP");
    let noted = poses::of_merchant(&world.app, world.merchant).await;
    let noted = noted.unwrap()[0].account_refusal.clone();
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

/// A world whose only POS is at `bank`, a PosNet bank.
async fn only_bank(bank: &str) -> World {
    let mut world = World::open().await;
    for pos in poses::of_merchant(&world.app, world.merchant)
        .await
        .unwrap()
    {
        let path = format!("/merchant/v1/merchant-poses/{}/status/PASSIVE", pos.id);
        world.call("PUT", &path, "", &[]).await.ok();
    }
    world.bank = bank.to_owned();
    world.pos(crate::world::ykb()).await;
    world
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
        with_head("HTTP/1.1 200 OK\r\nX-Served-By : front\r\nContent-Length: LENGTH"),
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
    let count = answers.len();
    let told = answers.clone();
    let bank = raw_bank(move |number| told[number].clone(), true).await;
    let world = only_bank(&bank).await;
    for answer in answers.iter().take(count) {
        let reply = pays(&world, YKB_CARD).await;
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
    let bank = raw_bank(move |number| told[number].clone(), true).await;
    let world = only_bank(&bank).await;
    for answer in &answers {
        let reply = pays(&world, YKB_CARD).await;
        let head = String::from_utf8_lossy(answer);
        let id = in_doubt(&reply);
        assert_eq!(
            read(&world, &id).await.data("paymentStatus"),
            "WAITING",
            "{head}"
        );
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
    let bank = raw_bank(
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
    let world = only_bank(&bank).await;
    for _ in 0..3 {
        let reply = pays(&world, YKB_CARD).await;
        assert_eq!(
            reply.error_group(),
            "NOT_SUFFICIENT_FUNDS",
            "{:#}",
            reply.body
        );
    }
}
