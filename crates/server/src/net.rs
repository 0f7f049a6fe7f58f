//! The one way out: HTTP to banks, lenders and shops. Follows no redirects, retries nothing, and
//! knows whether a request may have left.

use crate::certificates::{HostRoots, TlsFault, public_tls};
use axum::extract::ConnectInfo;
use bytes::Bytes;
use connectors::http::{
    BoxFuture, Failure, Http, LIST_BYTES_MAX, REPLY_BYTES_MAX, Request, Response,
};
use http::response::Parts;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tower::ServiceExt;

/// The address that a request came from: of the connection, or, behind a proxy that the operator
/// vouches for, the last one that `X-Forwarded-For` names (the proxy's own word; what stands before
/// it is the client's).
pub fn peer(head: &http::request::Parts, behind_proxy: bool) -> String {
    let address = client(head, behind_proxy).or_else(|| connected(head));
    address.map_or_else(String::new, |address| address.to_string())
}

/// The address of the client itself: none behind a proxy that does not name it, where the
/// connection's address stands for everybody.
pub fn client(head: &http::request::Parts, behind_proxy: bool) -> Option<IpAddr> {
    if !behind_proxy {
        return connected(head);
    }
    let forwarded = head.headers.get_all("x-forwarded-for").iter().next_back()?;
    forwarded_address(forwarded.to_str().ok()?.rsplit(',').next()?)
}

fn connected(head: &http::request::Parts) -> Option<IpAddr> {
    let connection = head.extensions.get::<ConnectInfo<SocketAddr>>()?;
    Some(connection.0.ip().to_canonical())
}

/// One entry of `X-Forwarded-For`: an address, some proxies add the port, and IPv6 then stands in
/// brackets.
fn forwarded_address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    address
        .or_else(with_port)
        .map(|address| address.to_canonical())
}

/// What one client surely has for itself: an IPv4 address, or a /64 of IPv6.
pub fn subnet(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

/// Seconds to wait for a connection.
const CONNECT_TIMEOUT_SECONDS: u64 = 10;
/// Seconds an idle connection to a bank is kept.
const IDLE_SECONDS: u64 = 20;

/// How long the body of an answer that counts by its status is read.
const TOLD_BODY: Duration = Duration::from_secs(1);

/// The HTTP client for banks, lenders and webhooks.
pub struct Net {
    open: HttpClient,
    /// For hosts that are not on the list; none where every host may be called.
    guarded: Option<(HttpClient, HostList)>,
    /// For looks at who can be reached.
    connector: HttpsConnector<HttpConnector<Resolver>>,
    /// For hosts whose certificates come from others than the public roots.
    own_roots: Vec<(String, HttpClient, HttpsConnector<HttpConnector<Resolver>>)>,
    timeout: Duration,
}

type HttpClient = Client<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>;

/// Looks host names up; a guarded one answers no private address. Guarding here, and not before the
/// call, leaves no moment for the name to change.
#[derive(Clone)]
struct Resolver {
    guarded: bool,
}

impl tower::Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = std::io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let guarded = self.guarded;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let open: Vec<SocketAddr> = found
                .filter(|address| !guarded || !is_private(address.ip()))
                .collect();
            if open.is_empty() {
                Err(std::io::Error::other(NO_PUBLIC_ADDRESS))
            } else {
                Ok(open.into_iter())
            }
        })
    }
}

fn connector(
    resolver: Resolver,
    tls: rustls::ClientConfig,
) -> HttpsConnector<HttpConnector<Resolver>> {
    let mut tcp = HttpConnector::new_with_resolver(resolver);
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(Duration::from_secs(CONNECT_TIMEOUT_SECONDS)));
    hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp)
}

fn http_client(connector: HttpsConnector<HttpConnector<Resolver>>) -> HttpClient {
    Client::builder(TokioExecutor::new())
        .pool_idle_timeout(Duration::from_secs(IDLE_SECONDS))
        .pool_timer(TokioTimer::new())
        // Banks' front ends send header lines that browsers and curl let pass (decision 0015).
        .http1_allow_spaces_after_header_name_in_responses(true)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        .http1_ignore_invalid_headers_in_responses(true)
        // A request whose connection died is doubt, not something to send again.
        .retry_canceled_requests(false)
        .build(connector)
}

const OPEN: Resolver = Resolver { guarded: false };

impl Net {
    /// A client for banks and lenders that waits `timeout` for a whole reply.
    pub fn new(timeout: Duration) -> Net {
        let connector = connector(OPEN, public_tls());
        Net {
            open: http_client(connector.clone()),
            guarded: None,
            connector,
            own_roots: Vec::new(),
            timeout,
        }
    }

    /// The same client, that believes more certificates of these hosts.
    #[must_use]
    pub fn believing(self, hosts: &[HostRoots]) -> Net {
        let with_roots = |roots: &HostRoots| {
            let connector = connector(OPEN, roots.tls());
            (
                roots.host.clone(),
                http_client(connector.clone()),
                connector,
            )
        };
        Net {
            own_roots: hosts.iter().map(with_roots).collect(),
            ..self
        }
    }

    /// A client for addresses that merchants set: it reaches no private host but those allowed.
    pub fn guarded(timeout: Duration, allowed: HostList) -> Net {
        let guarded = http_client(connector(Resolver { guarded: true }, public_tls()));
        Net {
            guarded: Some((guarded, allowed)),
            ..Net::new(timeout)
        }
    }

    /// The client for an address. A port that the list names counts for names as for addresses, and
    /// a resolver sees no port: so the choice is made here.
    fn client(&self, url: &str) -> &HttpClient {
        let listed = |list: &HostList| url::Url::parse(url).is_ok_and(|url| list.allows(&url));
        match &self.guarded {
            Some((guarded, list)) if !listed(list) => guarded,
            _ => self
                .with_own_roots(url)
                .map_or(&self.open, |(_, client, _)| client),
        }
    }

    fn with_own_roots(
        &self,
        url: &str,
    ) -> Option<&(String, HttpClient, HttpsConnector<HttpConnector<Resolver>>)> {
        if self.own_roots.is_empty() {
            return None;
        }
        let url = url::Url::parse(url).ok()?;
        let host = url.host_str()?;
        self.own_roots.iter().find(|(known, ..)| known == host)
    }

    /// Connects to an address, with TLS where it is https, and says nothing there. Answers why it
    /// cannot.
    pub async fn connect(&self, url: &str) -> Result<(), String> {
        let own = self.with_own_roots(url);
        let connector = own.map_or(&self.connector, |(_, _, connector)| connector);
        let url = url.parse().map_err(|_| format!("{url} is no address"))?;
        let connecting = connector.clone().oneshot(url);
        match tokio::time::timeout(self.timeout, connecting).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(format!("{NO_CONNECTION}: {}", cause(error.as_ref()))),
            Err(_) => Err(NO_REPLY.to_owned()),
        }
    }

    /// Sends a request and reads its reply, both within the time.
    async fn exchange(&self, request: Request, bytes_max: usize) -> Result<Response, Failure> {
        let exchanged = tokio::time::timeout(self.timeout, self.whole(request, bytes_max)).await;
        exchanged.unwrap_or_else(|_| Err(Failure::MaybeSent(NO_REPLY.to_owned())))
    }

    async fn whole(&self, request: Request, bytes_max: usize) -> Result<Response, Failure> {
        let (head, body) = self.head(request).await?;
        let body = Limited::new(body, bytes_max)
            .collect()
            .await
            .map_err(|error| {
                let why = if error.is::<LengthLimitError>() {
                    REPLY_TOO_LONG.to_owned()
                } else {
                    format!("{CONNECTION_BROKE}: {}", cause(error.as_ref()))
                };
                Failure::MaybeSent(why)
            })?;
        Ok(response(head, body.to_bytes().to_vec()))
    }

    /// Tells something to somebody whose answer is its status: the head must come within the time.
    /// Of the body, at most `bytes_max` bytes and what comes within a moment are kept; however long it
    /// is, and whether it ends or breaks, changes nothing.
    pub async fn tell(&self, request: Request, bytes_max: usize) -> Result<Response, Failure> {
        let told = tokio::time::timeout(self.timeout, self.head(request)).await;
        let (head, mut body) = told.map_err(|_| Failure::MaybeSent(NO_REPLY.to_owned()))??;
        let mut kept = Vec::new();
        let read = async {
            while kept.len() < bytes_max
                && let Some(Ok(frame)) = body.frame().await
            {
                let data = frame.into_data().unwrap_or_default();
                kept.extend_from_slice(&data[..data.len().min(bytes_max - kept.len())]);
            }
        };
        let _ = tokio::time::timeout(TOLD_BODY, read).await;
        Ok(response(head, kept))
    }

    async fn head(&self, request: Request) -> Result<(Parts, Incoming), Failure> {
        let client = self.client(&request.url);
        let mut builder = http::Request::builder()
            .method(request.method)
            .uri(&request.url);
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        let request = builder
            .body(Full::new(Bytes::from(request.body)))
            .map_err(|error| Failure::NotSent(error.to_string()))?;
        let reply = client.request(request).await.map_err(|error| {
            if error.is_connect() {
                Failure::NotSent(format!("{NO_CONNECTION}: {}", cause(&error)))
            } else {
                Failure::MaybeSent(format!("{CONNECTION_BROKE}: {}", cause(&error)))
            }
        })?;
        Ok(reply.into_parts())
    }
}

fn response(head: Parts, body: Vec<u8>) -> Response {
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
    Response {
        status: head.status.as_u16(),
        headers,
        body,
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
/// See [`NO_CONNECTION`]: every address of the host's name is private.
pub const NO_PUBLIC_ADDRESS: &str = "the host has no public address";

/// Why an address is not called: it is no URL at all.
pub const ADDRESS_NO_URL: &str = "the address is not a URL";
/// See [`callable`].
pub const ADDRESS_SCHEME: &str = "only http and https addresses are called";
/// See [`callable`].
pub const ADDRESS_WITHOUT_HOST: &str = "the address has no host";
/// See [`callable`].
pub const ADDRESS_PRIVATE: &str = "the address is private; the operator can allow it";

/// What is behind an error: libraries wrap it in words of their own.
fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    if let Some(fault) = TlsFault::of(error) {
        return fault.text().to_owned();
    }
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

impl Http for Net {
    fn send<'a>(&'a self, request: Request) -> BoxFuture<'a, Result<Response, Failure>> {
        Box::pin(self.exchange(request, REPLY_BYTES_MAX))
    }

    fn send_for_list<'a>(&'a self, request: Request) -> BoxFuture<'a, Result<Response, Failure>> {
        Box::pin(self.exchange(request, LIST_BYTES_MAX))
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
                        // Site-local, of old.
                        || (first & 0xffc0) == 0xfec0
                        // 6to4, Teredo, NAT64 and what is IPv4-compatible carry IPv4 addresses inside.
                        || first == 0x2002
                        || (first == 0x2001 && v6.segments()[1] == 0)
                        || v6.segments()[..6] == [0; 6]
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

/// The URL's host, and its port where that is not its scheme's own: as a list of hosts takes it.
pub fn listed_as(url: &url::Url) -> String {
    let host = url.host_str().unwrap_or("");
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Refuses an address that a merchant may not have called: another scheme, or a private address
/// written out. Names are guarded when they are looked up. Answers why it was refused.
pub fn callable(url: &url::Url, allowed: &HostList) -> Result<(), &'static str> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(ADDRESS_SCHEME);
    }
    let written_out = match url.host() {
        None => return Err(ADDRESS_WITHOUT_HOST),
        Some(url::Host::Domain(_)) => return Ok(()),
        Some(url::Host::Ipv4(ip)) => IpAddr::V4(ip),
        Some(url::Host::Ipv6(ip)) => IpAddr::V6(ip),
    };
    if is_private(written_out) && !allowed.allows(url) {
        Err(ADDRESS_PRIVATE)
    } else {
        Ok(())
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
            "fec0::1",
            "2001::1",
            "::7f00:1",
            "::8.8.8.8",
        ] {
            assert!(is_private(private.parse().unwrap()), "{private}");
        }
        for public in ["8.8.8.8", "2a00:1450::1", "172.32.0.1", "2001:4860::1"] {
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
    fn a_port_that_is_named_counts_for_names_too() {
        let list = HostList::new(&["localhost:18867".to_owned()]);
        let net = Net::guarded(Duration::from_secs(1), list);
        let is_open = |url: &str| std::ptr::eq(net.client(url), &net.open);
        assert!(is_open("http://LOCALHOST:18867/hook"));
        assert!(!is_open("http://localhost:18868/hook"));
        assert!(!is_open("http://localhost/hook"));
    }

    #[test]
    fn a_proxy_may_name_the_port_too() {
        let named = |text: &str| forwarded_address(text).map(|a| a.to_string());
        for (text, address) in [
            ("203.0.113.9", "203.0.113.9"),
            (" 203.0.113.9:51234 ", "203.0.113.9"),
            ("[2a00:1450::1]:443", "2a00:1450::1"),
            ("[2a00:1450::1]", "2a00:1450::1"),
            ("\"2a00:1450::1\"", "2a00:1450::1"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
        ] {
            assert_eq!(named(text).as_deref(), Some(address), "{text}");
        }
        assert_eq!(named("unknown"), None);
        assert_eq!(named("203.0.113.9:port"), None);
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
