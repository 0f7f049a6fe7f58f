//! The tests' vocabulary: a running simulator, a merchant's messages and a browser's forms. Hashes
//! are computed here once more, from the documents.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use simulator::{Options, Simulator};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The simulator's own reward cards, whose points are spent.
pub(crate) const WORLD: &str = "4048090000060001";
pub(crate) const BONUS: &str = "4043080000060007";
pub(crate) const TEB_BONUS: &str = "4024580000060009";
pub(crate) const MILES: &str = "4329540000060005";
/// A published one.
pub(crate) const PUBLISHED_BONUS: &str = "4043080000000003";
pub(crate) const PLAIN: &str = "5258640000000001";

pub(crate) struct Bank {
    pub(crate) address: SocketAddr,
    /// Hours since the clock's beginning.
    hours: Arc<AtomicI64>,
    server: JoinHandle<()>,
}

impl Drop for Bank {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// A directory that goes away with the test.
pub(crate) struct Directory(pub(crate) PathBuf);

impl Directory {
    pub(crate) fn new(name: &str) -> Directory {
        let path = std::env::temp_dir().join(format!("galata-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Directory(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Bank {
    pub(crate) async fn open() -> Bank {
        Bank::on(None).await
    }

    pub(crate) async fn on(data_dir: Option<PathBuf>) -> Bank {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let began: jiff::Timestamp = "2026-03-10T12:00:00Z".parse().unwrap();
        let hours = Arc::new(AtomicI64::new(0));
        let clock = Arc::clone(&hours);
        let simulator = Simulator::open(Options {
            data_dir,
            public_url: format!("http://{address}/"),
            now: Arc::new(move || {
                began + jiff::SignedDuration::from_hours(clock.load(Ordering::Relaxed))
            }),
            day_ends_by_clock: true,
            log: true,
        })
        .unwrap();
        let server = tokio::spawn(async move {
            simulator::serve(listener, &simulator, std::future::pending())
                .await
                .unwrap();
        });
        Bank {
            address,
            hours,
            server,
        }
    }

    /// Lets time pass. It is 15:00 in Istanbul at the beginning.
    pub(crate) fn pass(&self, hours: i64) {
        self.hours.fetch_add(hours, Ordering::Relaxed);
    }

    /// The code of PosNet's refusal; empty when it approves.
    pub(crate) async fn posnet_code(&self, operation: &str) -> String {
        let reply = self.posnet(operation).await;
        let approved = tag(&reply, "approved") == "1";
        assert_eq!(approved, tag(&reply, "respCode").is_empty(), "{reply}");
        tag(&reply, "respCode")
    }

    /// Garanti's code and reason.
    pub(crate) async fn garanti_code(&self, ask: &Ask<'_>) -> String {
        let reply = self.garanti(ask).await;
        format!("{}/{}", tag(&reply, "Code"), tag(&reply, "ReasonCode"))
    }

    /// Everything that comes back on a connection, head included.
    pub(crate) async fn raw(&self, request: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request).await.unwrap();
        let mut reply = Vec::new();
        // A connection that the bank breaks may end in a reset.
        let _ = stream.read_to_end(&mut reply).await;
        reply
    }

    pub(crate) async fn send(&self, method: &str, path: &str, kind: &str, body: &str) -> Vec<u8> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\
             content-type: {kind}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.raw(request.as_bytes()).await
    }

    pub(crate) async fn control(&self, method: &str, path: &str, body: &str) -> Value {
        let reply = self
            .send(
                method,
                &format!("/control/{path}"),
                "application/json",
                body,
            )
            .await;
        serde_json::from_str(&self::body(&reply)).unwrap_or(Value::Null)
    }

    pub(crate) async fn fault(&self, rule: &str) {
        assert_eq!(
            self.control("POST", "faults", rule).await,
            Value::Null,
            "{rule}"
        );
    }

    pub(crate) async fn row(&self, order_id: &str) -> Value {
        self.control("GET", &format!("ledger?orderId={order_id}"), "")
            .await["orders"][0]
            .clone()
    }

    pub(crate) async fn posnet_raw(&self, operation: &str) -> Vec<u8> {
        let document = format!(
            "<posnetRequest><mid>6706598320</mid><tid>67005551</tid>{operation}</posnetRequest>"
        );
        let form = form(&[("xmldata", &document)]);
        self.send("POST", "/posnet/PosnetWebService/XML", FORM, &form)
            .await
    }

    pub(crate) async fn posnet(&self, operation: &str) -> String {
        body(&self.posnet_raw(operation).await)
    }

    pub(crate) async fn posnet_sale(&self, order: &str, card: &str, amount: i64) -> String {
        self.posnet(&posnet_sale(order, card, amount, "00", ""))
            .await
    }

    pub(crate) async fn garanti_raw(&self, ask: &Ask<'_>) -> Vec<u8> {
        self.send("POST", "/garanti/VPServlet", "text/xml", &ask.document())
            .await
    }

    pub(crate) async fn garanti(&self, ask: &Ask<'_>) -> String {
        let reply = body(&self.garanti_raw(ask).await);
        assert_eq!(
            tag(&reply, "HashData"),
            reply_hash(&reply, ask.order),
            "{reply}"
        );
        reply
    }

    /// Fetches a page as a browser does; head and body.
    pub(crate) async fn get(&self, path: &str) -> String {
        let reply = self.send("GET", path, FORM, "").await;
        String::from_utf8_lossy(&reply).into_owned()
    }

    /// Posts a form as a browser does.
    pub(crate) async fn browse(&self, path: &str, fields: &[(&str, &str)]) -> String {
        body(&self.send("POST", path, FORM, &form(fields)).await)
    }
}

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

/// What follows the head.
pub(crate) fn body(reply: &[u8]) -> String {
    let text = String::from_utf8_lossy(reply);
    text.split_once("\r\n\r\n")
        .map(|(_, body)| body.to_owned())
        .unwrap_or_default()
}

/// The text of the first element of that name.
pub(crate) fn tag(document: &str, name: &str) -> String {
    let open = format!("<{name}>");
    let Some(start) = document.find(&open) else {
        return String::new();
    };
    let rest = &document[start + open.len()..];
    rest[..rest.find("</").unwrap_or(rest.len())].to_owned()
}

/// The texts of all elements of that name.
pub(crate) fn tags(document: &str, name: &str) -> Vec<String> {
    let open = format!("<{name}>");
    let pieces = document.split(&open).skip(1);
    pieces
        .map(|rest| rest[..rest.find("</").unwrap_or(rest.len())].to_owned())
        .collect()
}

/// The transaction of a Garanti reply, whose inquiries have references of their own before it.
pub(crate) fn transaction(reply: &str) -> &str {
    &reply[reply.find("<Transaction>").unwrap()..]
}

/// The value of the first input of that name on a page.
pub(crate) fn input(page: &str, name: &str) -> String {
    let open = format!("name=\"{name}\" value=\"");
    let Some(start) = page.find(&open) else {
        return String::new();
    };
    let rest = &page[start + open.len()..];
    rest[..rest.find('"').unwrap()].replace("&amp;", "&")
}

pub(crate) fn order24(order: &str) -> String {
    format!("{order:0>24}")
}

pub(crate) fn posnet_sale(
    order: &str,
    card: &str,
    amount: i64,
    instalment: &str,
    more: &str,
) -> String {
    format!(
        "<sale><amount>{amount}</amount><ccno>{card}</ccno><currencyCode>TL</currencyCode>\
         <cvc>000</cvc><expDate>3012</expDate><orderID>{}</orderID>\
         <installment>{instalment}</installment>{more}</sale>",
        order24(order)
    )
}

pub(crate) fn posnet_mac(values: &[&str]) -> String {
    let first = STANDARD.encode(Sha256::digest(b"10,10,10,10,10,10,10,10;67005551"));
    let all = format!("{};6706598320;{first}", values.join(";"));
    STANDARD.encode(Sha256::digest(all.as_bytes()))
}

pub(crate) fn hex512(text: &str) -> String {
    Sha512::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect()
}

pub(crate) fn security_data() -> String {
    let digest = Sha1::digest(b"123qweASD/030691298");
    digest.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn reply_hash(reply: &str, order: &str) -> String {
    // An inquiry's block has references of its own and stands before the transaction's.
    let transaction = &reply[reply.find("<Transaction>").unwrap()..];
    let values = ["Code", "RetrefNum", "AuthCode", "ProvDate"].map(|name| tag(transaction, name));
    hex512(&format!("{}{order}{}", values.concat(), security_data()))
}

/// A message to Garanti.
pub(crate) struct Ask<'a> {
    pub(crate) user: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) order: &'a str,
    pub(crate) card: &'a str,
    pub(crate) amount: i64,
    pub(crate) instalments: &'a str,
    pub(crate) present: &'a str,
    /// More elements of the transaction.
    pub(crate) more: String,
    /// Replaces the right hash.
    pub(crate) hash: Option<String>,
}

impl<'a> Ask<'a> {
    pub(crate) fn new(kind: &'a str, order: &'a str, card: &'a str, amount: i64) -> Ask<'a> {
        let user = if matches!(kind, "void" | "refund") {
            "PROVRFN"
        } else {
            "PROVAUT"
        };
        Ask {
            user,
            kind,
            order,
            card,
            amount,
            instalments: "",
            present: "0",
            more: String::new(),
            hash: None,
        }
    }

    /// A later move about the order that goes by this reference.
    pub(crate) fn about(kind: &'a str, order: &'a str, amount: i64, reference: &str) -> Ask<'a> {
        let original = format!("<OriginalRetrefNum>{reference}</OriginalRetrefNum>");
        Ask::new(kind, order, "", amount).more(&original)
    }

    pub(crate) fn more(mut self, more: &str) -> Ask<'a> {
        self.more = more.to_owned();
        self
    }

    pub(crate) fn right_hash(&self) -> String {
        let Ask {
            order,
            card,
            amount,
            ..
        } = self;
        hex512(&format!(
            "{order}30691298{card}{amount}949{}",
            security_data()
        ))
    }

    pub(crate) fn document(&self) -> String {
        let Ask {
            user,
            kind,
            order,
            card,
            amount,
            instalments,
            present,
            more,
            ..
        } = self;
        let hash = self.hash.clone().unwrap_or_else(|| self.right_hash());
        let card = if card.is_empty() {
            String::new()
        } else {
            format!(
                "<Card><Number>{card}</Number><ExpireDate>1230</ExpireDate><CVV2>123</CVV2></Card>"
            )
        };
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><GVPSRequest><Mode>TEST</Mode>\
             <Version>512</Version><Terminal><ProvUserID>{user}</ProvUserID>\
             <HashData>{hash}</HashData><UserID>{user}</UserID><ID>30691298</ID>\
             <MerchantID>7000679</MerchantID></Terminal><Customer><IPAddress>127.0.0.1</IPAddress>\
             <EmailAddress/></Customer>{card}<Order><OrderID>{order}</OrderID><GroupID/></Order>\
             <Transaction><Type>{kind}</Type><InstallmentCnt>{instalments}</InstallmentCnt>\
             <Amount>{amount}</Amount><CurrencyCode>949</CurrencyCode>\
             <CardholderPresentCode>{present}</CardholderPresentCode><MotoInd>N</MotoInd>{more}\
             </Transaction></GVPSRequest>"
        )
    }
}

/// The text with one character changed.
pub(crate) fn swapped(text: &str, at: usize) -> String {
    let old = text.as_bytes()[at];
    let new = if old == b'A' { "B" } else { "A" };
    format!("{}{new}{}", &text[..at], &text[at + 1..])
}

/// Runs all at once; all answers in order.
pub(crate) async fn all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = futures.map(|one| (Box::pin(one), None)).collect();
    std::future::poll_fn(|context| {
        let mut ready = true;
        for (future, output) in &mut waiting {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(value) => *output = Some(value),
                    std::task::Poll::Pending => ready = false,
                }
            }
        }
        if ready {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    waiting
        .into_iter()
        .filter_map(|(_, output)| output)
        .collect()
}
