//! The one way out: HTTP to banks, lenders and shops. Follows no redirects, retries nothing, and
//! knows whether a request may have left.

use axum::extract::ConnectInfo;
use bytes::Bytes;
use connectors::http::{BoxFuture, Failure, Http, REPLY_BYTES_MAX, Request, Response};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tower::ServiceExt;

/// The address that a request came from: of the connection, or, behind a proxy that the operator
/// vouches for, the last one that `X-Forwarded-For` names (the proxy's own word; what stands before
/// it is the client's).
pub fn peer(head: &http::request::Parts, behind_proxy: bool) -> String {
    if behind_proxy {
        let forwarded = head.headers.get_all("x-forwarded-for").iter().next_back();
        let last = forwarded.and_then(|value| value.to_str().ok()?.rsplit(',').next());
        if let Some(address) = last.and_then(|text| text.trim().parse::<IpAddr>().ok()) {
            return address.to_string();
        }
    }
    let connection = head.extensions.get::<ConnectInfo<SocketAddr>>();
    connection.map_or_else(String::new, |info| info.0.ip().to_string())
}

/// Seconds to wait for a connection.
const CONNECT_TIMEOUT_SECONDS: u64 = 10;
/// Seconds an idle connection to a bank is kept.
const IDLE_SECONDS: u64 = 20;

/// The HTTP client for banks, lenders and webhooks.
pub struct Net {
    client: Client<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>,
    connector: HttpsConnector<HttpConnector<Resolver>>,
    timeout: Duration,
}

/// Looks host names up; a guarded one answers no private address but of hosts that the operator
/// allowed. Guarding here, and not before the call, leaves no moment for the name to change.
#[derive(Clone)]
struct Resolver {
    guard: Option<HostList>,
}

impl tower::Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = std::io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let guard = self
            .guard
            .clone()
            .filter(|allowed| !allowed.names(name.as_str()));
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let open: Vec<SocketAddr> = found
                .filter(|address| guard.is_none() || !is_private(address.ip()))
                .collect();
            match open.is_empty() {
                true => Err(std::io::Error::other("the host has no public address")),
                false => Ok(open.into_iter()),
            }
        })
    }
}

impl Net {
    /// A client for banks and lenders that waits `timeout` for a whole reply.
    pub fn new(timeout: Duration) -> Net {
        Net::with(timeout, Resolver { guard: None })
    }

    /// A client for addresses that merchants set: it reaches no private host but those allowed.
    pub fn guarded(timeout: Duration, allowed: HostList) -> Net {
        Net::with(
            timeout,
            Resolver {
                guard: Some(allowed),
            },
        )
    }

    fn with(timeout: Duration, resolver: Resolver) -> Net {
        let mut tcp = HttpConnector::new_with_resolver(resolver);
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(Duration::from_secs(CONNECT_TIMEOUT_SECONDS)));
        let tls = hyper_rustls::HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(Duration::from_secs(IDLE_SECONDS))
            .pool_timer(TokioTimer::new())
            // A request whose connection died is doubt, not something to send again.
            .retry_canceled_requests(false)
            .build(tls.clone());
        Net {
            client,
            connector: tls,
            timeout,
        }
    }

    /// Connects to an address, with TLS where it is https, and says nothing there. Answers why it
    /// cannot.
    pub async fn connect(&self, url: &str) -> Result<(), String> {
        let url = url.parse().map_err(|_| format!("{url} is no address"))?;
        let connecting = self.connector.clone().oneshot(url);
        match tokio::time::timeout(self.timeout, connecting).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(format!("{NO_CONNECTION}: {}", cause(error.as_ref()))),
            Err(_) => Err(NO_REPLY.to_owned()),
        }
    }

    async fn exchange(&self, request: Request) -> Result<Response, Failure> {
        let mut builder = http::Request::builder()
            .method(request.method)
            .uri(&request.url);
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        let request = builder
            .body(Full::new(Bytes::from(request.body)))
            .map_err(|error| Failure::NotSent(error.to_string()))?;
        let reply =
            self.client
                .request(request)
                .await
                .map_err(|error| match error.is_connect() {
                    true => Failure::NotSent(format!("{NO_CONNECTION}: {}", cause(&error))),
                    false => Failure::MaybeSent(format!("{CONNECTION_BROKE}: {}", cause(&error))),
                })?;
        let (head, body) = reply.into_parts();
        let body = Limited::new(body, REPLY_BYTES_MAX)
            .collect()
            .await
            .map_err(|error| {
                let why = match error.is::<LengthLimitError>() {
                    true => REPLY_TOO_LONG.to_owned(),
                    false => format!("{CONNECTION_BROKE}: {}", cause(error.as_ref())),
                };
                Failure::MaybeSent(why)
            })?;
        let headers = head
            .headers
            .iter()
            .map(|(name, value)| {
                (
                    name.as_str().to_owned(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect();
        Ok(Response {
            status: head.status.as_u16(),
            headers,
            body: body.to_bytes().to_vec(),
        })
    }
}

/// The beginnings of what is said of an exchange that failed; people read them.
pub const NO_CONNECTION: &str = "no connection";
/// See [`NO_CONNECTION`].
pub const CONNECTION_BROKE: &str = "the connection broke";
/// See [`NO_CONNECTION`].
pub const NO_REPLY: &str = "no reply in time";
/// See [`NO_CONNECTION`].
pub const REPLY_TOO_LONG: &str = "the reply is too long";

/// What is behind an error: libraries wrap it in words of their own.
fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

impl Http for Net {
    fn send<'a>(&'a self, request: Request) -> BoxFuture<'a, Result<Response, Failure>> {
        Box::pin(async move {
            match tokio::time::timeout(self.timeout, self.exchange(request)).await {
                Ok(outcome) => outcome,
                Err(_) => Err(Failure::MaybeSent(NO_REPLY.to_owned())),
            }
        })
    }
}

/// Whether an address is one that only this machine or its private network reaches. Webhooks and
/// bank endpoints there need the operator's leave, or a stolen API key could reach inside.
pub fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_broadcast()
                || v4.is_multicast()
                || v4.is_documentation()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0)
                || (a == 198 && (18..20).contains(&b))
        }
        IpAddr::V6(v6) => {
            let first = v6.segments()[0];
            match v6.to_ipv4_mapped() {
                Some(v4) => is_private(IpAddr::V4(v4)),
                None => {
                    v6.is_loopback()
                        || v6.is_unspecified()
                        || v6.is_multicast()
                        || (first & 0xfe00) == 0xfc00
                        || (first & 0xffc0) == 0xfe80
                        // NAT64 and 6to4 carry IPv4 addresses inside.
                        || first == 0x2002
                        || (first == 0x0064 && v6.segments()[1] == 0xff9b)
                }
            }
        }
    }
}

/// An operator's list of hosts: `host` or `host:port`.
#[derive(Debug, Clone, Default)]
pub struct HostList(Vec<String>);

impl HostList {
    /// Reads the entries of an option.
    pub fn new(entries: &[String]) -> HostList {
        HostList(
            entries
                .iter()
                .map(|e| e.trim().to_ascii_lowercase())
                .filter(|e| !e.is_empty())
                .collect(),
        )
    }

    /// Whether a host is listed, with or without a port.
    fn names(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        self.0.iter().any(|entry| {
            *entry == host || entry.split_once(':').is_some_and(|(name, _)| name == host)
        })
    }

    /// Whether the URL's host (or host and port) is listed.
    pub fn allows(&self, url: &url::Url) -> bool {
        let Some(host) = url.host_str().map(str::to_ascii_lowercase) else {
            return false;
        };
        let with_port = format!("{host}:{}", url.port_or_known_default().unwrap_or(0));
        self.0
            .iter()
            .any(|entry| *entry == host || *entry == with_port)
    }
}

/// Refuses an address that a merchant may not have called: another scheme, or a private address
/// written out. Names are guarded when they are looked up. Answers why it was refused.
pub fn callable(url: &url::Url, allowed: &HostList) -> Result<(), &'static str> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err("only http and https addresses are called");
    }
    let written_out = match url.host() {
        None => return Err("the address has no host"),
        Some(url::Host::Domain(_)) => return Ok(()),
        Some(url::Host::Ipv4(ip)) => IpAddr::V4(ip),
        Some(url::Host::Ipv6(ip)) => IpAddr::V6(ip),
    };
    match is_private(written_out) && !allowed.allows(url) {
        true => Err("the address is private; the operator can allow it"),
        false => Ok(()),
    }
}

/// Seconds that a name is looked up for when an address is saved.
const LOOK_UP_SECONDS: u64 = 3;

/// Whether an address can only be in a private network that the operator did not allow: written out,
/// or a name all of whose addresses are. A name that answers nothing now may do so later.
pub async fn is_private_address(url: &url::Url, allowed: &HostList) -> bool {
    if allowed.allows(url) {
        return false;
    }
    let name = match url.host() {
        None => return false,
        Some(url::Host::Ipv4(ip)) => return is_private(IpAddr::V4(ip)),
        Some(url::Host::Ipv6(ip)) => return is_private(IpAddr::V6(ip)),
        Some(url::Host::Domain(name)) => name,
    };
    let found = tokio::time::timeout(
        Duration::from_secs(LOOK_UP_SECONDS),
        tokio::net::lookup_host((name, 0)),
    );
    match found.await {
        Ok(Ok(addresses)) => {
            let mut addresses = addresses.peekable();
            addresses.peek().is_some() && addresses.all(|address| is_private(address.ip()))
        }
        _ => false,
    }
}

/// The entry of a [`HostList`] that allows just this address: its host, with the port it names.
pub fn host_entry(url: &url::Url) -> String {
    let host = url.host_str().unwrap_or("");
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// An address without what may identify a person or open a door: query, fragment, credentials.
pub fn bare(url: &str) -> String {
    let Ok(mut url) = url::Url::parse(url) else {
        return String::new();
    };
    url.set_query(None);
    url.set_fragment(None);
    let _ = url.set_username("");
    let _ = url.set_password(None);
    connectors::scrub::words(url.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_known_in_every_spelling() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "::1",
            "::ffff:127.0.0.1",
            "fe80::1",
            "fd00::1",
            "64:ff9b::7f00:1",
        ] {
            assert!(is_private(private.parse().unwrap()), "{private}");
        }
        for public in ["8.8.8.8", "2a00:1450::1", "172.32.0.1"] {
            assert!(!is_private(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn hosts_are_allowed_with_or_without_a_port() {
        let list = HostList::new(&["127.0.0.1:8081".to_owned(), "shop.local".to_owned()]);
        assert!(list.allows(&"http://127.0.0.1:8081/x".parse().unwrap()));
        assert!(!list.allows(&"http://127.0.0.1:8082/x".parse().unwrap()));
        assert!(list.allows(&"https://SHOP.local/hook".parse().unwrap()));
    }

    #[test]
    fn an_address_is_kept_without_query_and_credentials() {
        assert_eq!(
            bare("https://user:pass@bank.example.com/api?pan=5406675406675403#x"),
            "https://bank.example.com/api"
        );
        assert_eq!(bare("no address"), "");
    }
}
