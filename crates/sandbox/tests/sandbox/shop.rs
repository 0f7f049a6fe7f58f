//! The demo shop as a browser meets it, checked against the banks' books.

use super::{JSON, Serving, answer_of, fresh_directory, send};
use contract::signature;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Longest wait for what the shop does by itself.
const PATIENCE: Duration = Duration::from_secs(20);
/// A Bonus card with 12.35 and 5.20 in points.
const BONUS: &str = "number=4043080000000003&expiry=07%2F44&cvc=987&holder=Deniz&instalments=1";
const BUYER: &str =
    "identity_number=10000000146&phone_number=5551112233&birth_date=1990-05-17&plan=";

/// A page as it came.
struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    fn read(mut stream: TcpStream) -> Reply {
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Reply {
            status,
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map_or("", |(_, value)| value)
    }
}

/// A browser with one cookie.
struct Browser<'a> {
    serving: &'a Serving,
    cookie: String,
}

impl<'a> Browser<'a> {
    /// In the shop, with this product in its cart.
    fn with(serving: &'a Serving, product: &str) -> Browser<'a> {
        let mut browser = Browser {
            serving,
            cookie: String::new(),
        };
        let reply = browser.post("/shop/cart", &format!("product={product}"));
        assert_eq!(reply.status, 303);
        let cookie = reply.header("set-cookie");
        assert!(cookie.contains("HttpOnly; SameSite=Lax"), "{cookie}");
        browser.cookie = cookie.split(';').next().unwrap().to_owned();
        browser
    }

    fn begin(&self, method: &str, path: &str, body: &str, more: &str) -> TcpStream {
        let headers = format!(
            "Cookie: {}\r\nAccept-Language: en\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n{more}",
            self.cookie
        );
        send(&self.serving.gateway, method, path, &headers, body)
    }

    fn post(&self, path: &str, body: &str) -> Reply {
        Reply::read(self.begin("POST", path, body, ""))
    }

    fn get(&self, path: &str) -> Reply {
        Reply::read(self.begin("GET", path, "", ""))
    }

    /// The address of the cart's order.
    fn checkout(&self) -> String {
        let reply = self.post("/shop/checkout", "");
        assert_eq!(reply.status, 303);
        reply.header("location").to_owned()
    }

    /// Looks at a page until it holds this.
    fn waits_for(&self, path: &str, text: &str) -> String {
        let begun = Instant::now();
        loop {
            let page = self.get(path).body;
            if page.contains(text) {
                return page;
            }
            assert!(begun.elapsed() < PATIENCE, "{text} never came:\n{page}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn control(serving: &Serving, path: &str) -> Value {
    answer_of(send(&serving.simulator, "GET", path, "", ""))
}

#[test]
fn two_clicks_on_pay_take_the_money_and_the_points_once() {
    let directory = fresh_directory("shop-card");
    let serving = Serving::start(&directory, &["--no-play", "--webhook-wait-ms", "100"]);
    let browser = Browser::with(&serving, "shoes");
    let order = browser.checkout();
    assert_eq!(browser.checkout(), order, "one cart is one order");

    let ask = browser.begin(
        "POST",
        &format!("{order}/rewards"),
        BONUS,
        "X-Fragment: 1\r\n",
    );
    let rewards = Reply::read(ask).body;
    assert!(
        rewards.contains("₺17.55") && rewards.contains("₺5.20"),
        "{rewards}"
    );

    let fault =
        r#"{"bank": "garanti", "operation": "sale", "fault": {"kind": "delay", "ms": 700}}"#;
    answer_of(send(
        &serving.simulator,
        "POST",
        "/control/faults",
        JSON,
        fault,
    ));
    let pay = format!("{BONUS}&reward=0&threeds=no");
    let path = format!("{order}/card");
    let clicks = [(); 2].map(|()| browser.begin("POST", &path, &pay, ""));
    for click in clicks {
        let reply = Reply::read(click);
        assert_eq!(
            (reply.status, reply.header("location")),
            (303, order.as_str())
        );
    }
    let page = browser.waits_for(&order, "stage paid");
    assert!(
        page.contains("₺17.55") && page.contains("₺2,182.35"),
        "{page}"
    );
    assert_eq!(browser.post(&path, &pay).status, 303, "late, and harmless");
    let books = control(&serving, "/control/ledger");
    let orders = books["orders"].as_array().unwrap();
    assert_eq!(orders.len(), 1, "{books}");
    assert_eq!(orders[0]["captured"], 219_990);
    assert_eq!(orders[0]["pointsSpent"], 1755);

    let calls = browser.waits_for("/shop/calls?since=0", "API_AUTH SUCCESS");
    assert!(
        calls.contains("genuine") && !calls.contains("not genuine"),
        "{calls}"
    );
    assert!(calls.contains("404308****0003") && calls.contains("&lt;secret key&gt;"));
    assert!(
        !calls.contains("&quot;987&quot;"),
        "the typed code is nowhere"
    );
}

#[test]
fn another_sites_form_is_refused_and_a_wrong_field_is_named() {
    let directory = fresh_directory("shop-forms");
    let serving = Serving::start(&directory, &["--no-play"]);
    let browser = Browser::with(&serving, "book");
    let order = browser.checkout();
    let path = format!("{order}/card");
    for origin in ["Origin: http://evil.example", "Sec-Fetch-Site: cross-site"] {
        let sent = browser.begin("POST", &path, BONUS, &format!("{origin}\r\n"));
        assert_eq!(Reply::read(sent).status, 403);
    }
    let wrong = browser.post(
        &path,
        "number=4043080000000004&expiry=07%2F44&cvc=987&holder=D",
    );
    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("id=\"number-error\""), "{}", wrong.body);
    assert!(!wrong.body.contains("987"), "the code is never shown again");
    assert!(wrong.header("cache-control").contains("no-store"));
    let unknown = browser.get("/shop/orders/AAAAAAAAAAAAAAAAAAAAAA");
    assert_eq!(unknown.status, 404);
    assert!(
        unknown
            .header("content-security-policy")
            .contains("default-src 'none'")
    );
}

#[test]
fn banks_are_compared_and_two_clicks_make_one_application() {
    let directory = fresh_directory("shop-loan");
    let serving = Serving::start(&directory, &["--no-play", "--webhook-wait-ms", "100"]);
    let browser = Browser::with(&serving, "tv");
    let order = browser.checkout();
    let offers = browser.get(&format!("{order}?way=loan")).body;
    for bank in [
        "T. İŞ BANKASI A.Ş.",
        "AKBANK T.A.Ş.",
        "TÜRK EKONOMİ BANKASI A.Ş.",
        "FIBABANKA A.Ş.",
        "DENİZBANK A.Ş.",
    ] {
        assert!(offers.contains(bank), "{bank}: {offers}");
    }
    assert!(offers.contains("value=\"064:6\"") && offers.contains("value=\"134:\""));

    let path = format!("{order}/loan");
    let nothing = browser.post(&path, BUYER);
    assert_eq!(nothing.status, 422);
    assert!(
        nothing.body.contains("id=\"plan-error\""),
        "{}",
        nothing.body
    );
    let body = format!("{BUYER}134%3A");
    let bank = browser.post(&path, &body).header("location").to_owned();
    assert!(bank.contains("/lender/pages/"), "{bank}");
    assert_eq!(browser.post(&path, &body).header("location"), order);
    let loans = control(&serving, "/control/loans");
    assert_eq!(loans["loans"].as_array().unwrap().len(), 1);

    // A return that nobody signed changes nothing.
    let forged = "paymentId=1&paymentStatus=SUCCESS&additionalAction=NONE\
                  &hashParams=paymentId%3ApaymentStatus%3AadditionalAction&hash=00";
    assert_eq!(
        browser.post(&format!("{order}/callback"), forged).status,
        400
    );
    assert!(browser.get(&order).body.contains("stage at-lender"));

    // The bank assesses, decides, and a webhook tells the shop.
    let host = bank.strip_prefix("http://").unwrap();
    let (host, page) = host.split_at(host.find('/').unwrap());
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    send(host, "POST", page, form, "action=assess&term=6")
        .read_to_string(&mut String::new())
        .unwrap();
    let decided = browser.post(&format!("{order}/decide"), "decision=ready");
    assert_eq!(decided.status, 303);
    browser.waits_for(&order, "stage approval");
    assert_eq!(browser.post(&format!("{order}/approve"), "").status, 303);
    browser.waits_for(&order, "stage paid");
    let loans = control(&serving, "/control/loans");
    assert_eq!(loans["loans"][0]["state"], "disbursed", "{loans}");
}

/// Where a page's form leads, and what it holds.
fn form_of(html: &str) -> (String, Vec<(String, String)>) {
    let plain = |text: &str| {
        [
            ("&#x2f;", "/"),
            ("&#x27;", "'"),
            ("&quot;", "\""),
            ("&amp;", "&"),
        ]
        .iter()
        .fold(text.to_owned(), |text, (spelled, letter)| {
            text.replace(spelled, letter)
        })
    };
    let attribute = |tag: &str, name: &str| {
        let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
        Some(plain(rest.split_once('"')?.0))
    };
    let (_, form) = html.split_once("<form").unwrap();
    let (form, _) = form.split_once("</form>").unwrap();
    let fields = form.split("<input").skip(1).filter_map(|input| {
        let tag = input.split_once('>')?.0;
        Some((
            attribute(tag, "name")?,
            attribute(tag, "value").unwrap_or_default(),
        ))
    });
    (
        attribute(form, "action").unwrap_or_default(),
        fields.collect(),
    )
}

fn encoded(fields: &[(String, String)]) -> String {
    let escape = |text: &str| -> String {
        let byte = |b: u8| {
            if b.is_ascii_alphanumeric() {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        };
        text.bytes().map(byte).collect()
    };
    let pairs = fields
        .iter()
        .map(|(name, value)| format!("{}={}", escape(name), escape(value)));
    pairs.collect::<Vec<_>>().join("&")
}

#[test]
fn a_return_from_3d_secure_is_completed_once_however_often_it_comes() {
    let directory = fresh_directory("shop-3ds");
    let serving = Serving::start(&directory, &["--no-play", "--webhook-wait-ms", "100"]);
    let browser = Browser::with(&serving, "coffee");
    let order = browser.checkout();
    let pay = browser.post(&format!("{order}/card"), &format!("{BONUS}&threeds=yes"));
    assert_eq!(pay.header("location"), format!("{order}/bank"));
    assert!(
        browser.get(&order).body.contains("stage at-threeds"),
        "the back button"
    );
    let mut page = browser.get(pay.header("location"));
    assert!(
        page.header("content-security-policy")
            .contains("script-src 'sha256-")
    );

    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let mut host = serving.gateway.clone();
    let returned = loop {
        let (action, mut fields) = form_of(&page.body);
        let path = match action.strip_prefix("http://") {
            Some(rest) => {
                let (named, path) = rest.split_at(rest.find('/').unwrap());
                host = named.to_owned();
                path.to_owned()
            }
            None => action,
        };
        if let Some((_, value)) = fields.iter_mut().find(|(name, _)| name == "otp") {
            *value = "123456".to_owned();
            fields.push(("action".to_owned(), "confirm".to_owned()));
        }
        let body = encoded(&fields);
        if path.starts_with("/shop/") {
            break (path, body);
        }
        page = Reply::read(send(&host, "POST", &path, form, &body));
        assert_eq!(page.status, 200, "{path}: {}", page.body);
    };
    let (path, body) = returned;
    let wrong = body.replace("status=SUCCESS", "status=FAILURE");
    assert_eq!(browser.post(&path, &wrong).status, 400);
    let returns = [(); 3].map(|()| browser.begin("POST", &path, &body, ""));
    for back in returns {
        assert_eq!(Reply::read(back).header("location"), order);
    }
    browser.waits_for(&order, "stage paid");
    let books = control(&serving, "/control/ledger");
    assert_eq!(books["orders"].as_array().unwrap().len(), 1, "{books}");
    assert_eq!(books["orders"][0]["captured"], 649_000);
    let calls = browser.get("/shop/calls?since=0").body;
    let completions =
        calls.matches("path\">&#x2f;payment&#x2f;v1&#x2f;card-payments&#x2f;3ds-complete");
    assert_eq!(completions.count(), 1, "{calls}");
}

#[test]
fn a_payment_in_doubt_is_not_paid_again_and_ends_by_itself() {
    let directory = fresh_directory("shop-doubt");
    let waits = [
        "--no-play",
        "--webhook-wait-ms",
        "100",
        "--inquiry-wait-ms",
        "1500",
    ];
    let serving = Serving::start(&directory, &waits);
    let browser = Browser::with(&serving, "book");
    let order = browser.checkout();
    let fault = r#"{"bank": "garanti", "operation": "sale", "fault": {"kind": "lose_reply"}}"#;
    answer_of(send(
        &serving.simulator,
        "POST",
        "/control/faults",
        JSON,
        fault,
    ));
    let path = format!("{order}/card");
    let pay = format!("{BONUS}&threeds=no");
    assert_eq!(browser.post(&path, &pay).status, 303);
    let page = browser.get(&order).body;
    assert!(
        page.contains("stage doubt") && page.contains("do not pay again"),
        "{page}"
    );
    assert_eq!(browser.post(&path, &pay).header("location"), order);
    assert_eq!(
        control(&serving, "/control/ledger")["orders"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    // The gateway takes back what nobody was told of, and the order can be paid again.
    let page = browser.waits_for(&order, "id=\"card-form\"");
    assert!(page.contains("the charge was reversed"), "{page}");
    assert!(!page.contains("No money was taken"), "{page}");
    let books = control(&serving, "/control/ledger");
    assert_eq!(books["orders"][0]["state"], "voided", "{books}");
    assert_eq!(browser.post(&path, &pay).status, 303);
    browser.waits_for(&order, "stage paid");
}

#[test]
fn a_webhook_that_is_not_genuine_is_refused() {
    let directory = fresh_directory("shop-webhook");
    let serving = Serving::start(&directory, &["--no-play"]);
    let event = json!({
        "eventType": "API_AUTH", "eventTimestamp": 1, "status": "SUCCESS", "payloadId": "7",
    });
    let told = |signature: &str| {
        let headers = format!("X-Cg-Signature-V1: {signature}\r\n");
        let body = event.to_string();
        Reply::read(send(
            &serving.gateway,
            "POST",
            "/shop/webhooks",
            &headers,
            &body,
        ))
        .status
    };
    let key = "Aoh7tReTybO6wOjBmOJFFsOR53SBojEp";
    assert_eq!(
        told(&signature::webhook(key, "API_AUTH", 1, "SUCCESS", "7")),
        204
    );
    assert_eq!(
        told(&signature::webhook(key, "API_AUTH", 2, "SUCCESS", "7")),
        401
    );
    assert_eq!(told(""), 401);
}

#[test]
fn the_bench_orders_faults_and_lists_those_to_come() {
    let directory = fresh_directory("shop-faults");
    let serving = Serving::start(&directory, &["--no-play", "--webhook-wait-ms", "100"]);
    let browser = Browser::with(&serving, "book");
    let none = browser.get("/sandbox/faults");
    assert!(none.body.contains("the banks work as usual"));
    // One by the form, one behind the page's back, one that cannot be.
    let decline = "bank=garanti&operation=sale&kind=decline&code=51&ms=&times=2";
    let ordered = browser.post("/sandbox/faults", decline);
    assert_eq!(ordered.header("location"), "/sandbox/faults?done=1");
    let late = r#"{"operation": "apply", "fault": {"kind": "delay", "ms": 1234}}"#;
    let path = "/control/lender-faults";
    assert_eq!(
        answer_of(send(&serving.simulator, "POST", path, JSON, late)),
        Value::Null
    );
    let page = browser.get("/sandbox/faults").body;
    assert!(
        page.contains("decline 51") && page.contains("<td>2</td>"),
        "{page}"
    );
    assert!(page.contains("delay 1234 ms"), "{page}");
    let wrong = browser.post(
        "/sandbox/faults",
        "bank=garanti&operation=offers&kind=decline&times=1",
    );
    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("This bank has no such operation."));

    // What is used up is listed no more.
    let order = browser.checkout();
    let pay = format!("{BONUS}&threeds=no");
    assert_eq!(browser.post(&format!("{order}/card"), &pay).status, 303);
    let page = browser.get("/sandbox/faults").body;
    assert!(
        page.contains("<td>1</td>") && !page.contains("<td>2</td>"),
        "{page}"
    );
    assert_eq!(browser.post("/sandbox/faults/clear", "").status, 303);
    for path in ["/control/faults", "/control/lender-faults"] {
        assert_eq!(control(&serving, path), json!({"faults": []}));
    }
}

/// Presses a button of a bank's loan page and goes on to the shop, as the shopper's browser does.
fn at_lender(browser: &Browser<'_>, page: &str, button: &str) {
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let split = |url: &str| {
        let rest = url.strip_prefix("http://").unwrap();
        let (host, path) = rest.split_at(rest.find('/').unwrap());
        (host.to_owned(), path.to_owned())
    };
    let (host, path) = split(page);
    let decided = Reply::read(send(&host, "POST", &path, form, button));
    assert_eq!(decided.status, 303, "{}", decided.body);
    let (host, path) = split(decided.header("location"));
    let back = Reply::read(send(&host, "GET", &path, "", ""));
    assert_eq!(back.status, 200, "{}", back.body);
    // Opening the address changes nothing: its page posts to it.
    let (action, fields) = form_of(&back.body);
    let (host, path) = split(&action);
    let back = Reply::read(send(&host, "POST", &path, form, &encoded(&fields)));
    assert_eq!(back.status, 200, "{}", back.body);
    let (action, fields) = form_of(&back.body);
    let (_, path) = split(&action);
    assert_eq!(browser.post(&path, &encoded(&fields)).status, 303);
}

#[test]
fn an_application_that_is_not_finished_gives_way_to_a_card() {
    let directory = fresh_directory("shop-unfinished");
    let serving = Serving::start(&directory, &["--no-play", "--webhook-wait-ms", "100"]);
    let browser = Browser::with(&serving, "tv");
    let order = browser.checkout();
    browser.get(&format!("{order}?way=loan"));
    let loan = format!("{order}/loan");
    let applied = browser.post(&loan, &format!("{BUYER}064%3A6"));
    at_lender(&browser, applied.header("location"), "action=close");
    let page = browser.get(&order).body;
    assert!(page.contains("stage unfinished"), "{page}");
    assert!(
        page.contains("You have not finished the application"),
        "{page}"
    );
    assert!(!page.contains("assessing"), "{page}");
    let checkout = browser.get(&format!("{order}?way=card")).body;
    assert!(checkout.contains("id=\"card-form\""), "{checkout}");
    assert!(checkout.contains("still open"), "{checkout}");
    let pay = format!("{BONUS}&threeds=no");
    assert_eq!(browser.post(&format!("{order}/card"), &pay).status, 303);
    let paid = browser.waits_for(&order, "stage paid");
    assert!(!paid.contains("paid the loan out"), "{paid}");
    // Withdrawn after all, nothing more comes of it.
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let page = applied.header("location").strip_prefix("http://").unwrap();
    let (host, path) = page.split_at(page.find('/').unwrap());
    Reply::read(send(host, "POST", path, form, "action=cancel"));
    let loans = control(&serving, "/control/loans");
    assert_eq!(loans["loans"][0]["state"], "cancelled", "{loans}");
    assert!(browser.get(&order).body.contains("stage paid"));
}

#[test]
fn a_loan_that_is_declined_or_withdrawn_says_so_and_stays_on_its_tab() {
    let directory = fresh_directory("shop-declined");
    let serving = Serving::start(&directory, &["--no-play", "--webhook-wait-ms", "100"]);
    let browser = Browser::with(&serving, "tv");
    let order = browser.checkout();
    for (button, told) in [
        (
            "action=decline&reason=BANK_REJECTED",
            "The bank did not approve the application.",
        ),
        ("action=cancel", "The application was withdrawn"),
    ] {
        browser.get(&format!("{order}?way=loan"));
        let loan = format!("{order}/loan");
        let applied = browser.post(&loan, &format!("{BUYER}064%3A6"));
        at_lender(&browser, applied.header("location"), button);
        let page = browser.waits_for(&order, told);
        assert!(page.contains("you owe nothing"), "{page}");
        assert!(!page.contains("No money was taken"), "{page}");
        assert!(page.contains("way=loan\" aria-current=\"page\""), "{page}");
    }
    let declined = browser.get(&order).body;
    assert!(!declined.contains("id=\"card-form\""), "{declined}");
}

#[test]
fn an_address_that_nothing_has_is_a_page_in_the_browsers_language() {
    let directory = fresh_directory("shop-nowhere");
    let serving = Serving::start(&directory, &["--no-play"]);
    for path in ["/shop/nowhere", "/sandbox/nowhere", "/nowhere/at/all"] {
        for (language, words) in [
            ("en", "There is no such page"),
            ("tr", "Böyle bir sayfa yok"),
        ] {
            let headers = format!("Accept: text/html,*/*;q=0.8\r\nAccept-Language: {language}\r\n");
            let page = Reply::read(send(&serving.gateway, "GET", path, &headers, ""));
            assert_eq!(page.status, 404, "{path}");
            assert!(page.body.contains(words), "{path}: {}", page.body);
        }
    }
    // A shop's code that mistypes an address still reads JSON.
    let call = Reply::read(send(
        &serving.gateway,
        "GET",
        "/nowhere",
        "Accept: */*\r\n",
        "",
    ));
    assert_eq!(call.status, 404);
    assert!(call.body.contains("1103"), "{}", call.body);
    let icon = Reply::read(send(&serving.gateway, "GET", "/favicon.ico", "", ""));
    assert_eq!(icon.status, 200);
    assert!(icon.header("content-type").starts_with("image/svg+xml"));
}

#[test]
fn strangers_hosts_and_forms_are_not_answered() {
    let directory = fresh_directory("shop-hosts");
    let serving = Serving::start(&directory, &["--no-play"]);
    let asks = |address: &str, named: &str, method: &str, path: &str, more: &str, body: &str| {
        let mut stream = TcpStream::connect(address).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {named}\r\nConnection: close\r\n\
             Content-Length: {length}\r\n{more}\r\n{body}"
        )
        .unwrap();
        Reply::read(stream).status
    };
    let (gateway, simulator) = (&serving.gateway, &serving.simulator);
    let port = gateway.rsplit(':').next().unwrap();
    let stranger = format!("evil.example:{port}");
    let rebound = format!("Origin: http://{stranger}\r\n");
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    for path in ["/shop", "/panel/sign-in", "/sandbox/cards", "/healthz"] {
        assert_eq!(asks(gateway, &stranger, "GET", path, "", ""), 421, "{path}");
    }
    let sign_in = "/sandbox/sign-in";
    let more = format!("{form}{rebound}");
    assert_eq!(asks(gateway, &stranger, "POST", sign_in, &more, ""), 421);
    assert_eq!(asks(gateway, gateway, "POST", sign_in, &more, ""), 403);
    let local = format!("localhost:{port}");
    let own = format!("{form}Origin: http://{local}\r\n");
    assert_eq!(asks(gateway, &local, "POST", sign_in, &own, ""), 303);

    // The simulator: its ledger is not read, and its faults are not ordered, from elsewhere.
    assert_eq!(
        asks(simulator, &stranger, "GET", "/control/ledger", "", ""),
        421
    );
    let fault = r#"{"bank": "garanti", "operation": "sale", "fault": {"kind": "decline"}}"#;
    let faults = "/control/faults";
    for kind in ["", "Content-Type: text/plain\r\n", form] {
        let status = asks(simulator, simulator, "POST", faults, kind, fault);
        assert_eq!(status, 415, "{kind}");
    }
    assert_eq!(control(&serving, faults), json!({ "faults": [] }));
    assert_eq!(asks(simulator, simulator, "POST", faults, JSON, fault), 204);
}
