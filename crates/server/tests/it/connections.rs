//! Who holds connections open, slowly or in numbers, takes nothing from those who pay.

use crate::shop::Shop;
use server::listen::Bounds;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

const SOON: Duration = Duration::from_secs(5);

/// A shop whose server has `connections` places, and `of_one_address` for each address.
async fn crowded(connections: usize, of_one_address: Option<usize>) -> Shop {
    Shop::with(|config| {
        config.settings.connections = Bounds {
            connections,
            of_one_address,
            ..Bounds::default()
        };
    })
    .await
}

fn address(shop: &Shop) -> SocketAddr {
    shop.gateway.trim_start_matches("http://").parse().unwrap()
}

/// A connection from one of this machine's many loopback addresses.
async fn connect(shop: &Shop, from: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    socket.connect(address(shop)).await.unwrap()
}

/// What the server says to `bytes`, until it closes or falls silent.
async fn said(stream: &mut TcpStream, bytes: &[u8]) -> String {
    stream.write_all(bytes).await.unwrap();
    let mut heard = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(Ok(count)) = timeout(Duration::from_millis(500), stream.read(&mut buffer)).await {
        if count == 0 {
            break;
        }
        heard.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8_lossy(&heard).into_owned()
}

async fn is_closed(stream: &mut TcpStream, within: Duration) -> bool {
    let mut byte = [0];
    match timeout(within, stream.read(&mut byte)).await {
        Ok(Ok(count)) => count == 0,
        Ok(Err(error)) => matches!(
            error.kind(),
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe
        ),
        Err(_) => false,
    }
}

const HEALTH: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

#[tokio::test]
async fn strangers_who_only_hold_connections_make_room_for_a_shop() {
    let shop = crowded(20, None).await;
    let mut idle = Vec::new();
    for _ in 0..60 {
        idle.push(connect(&shop, "127.0.0.1").await);
    }
    // A shop whose connection was used just now stays, and a new one is let in.
    let mut own = connect(&shop, "127.0.0.1").await;
    assert!(said(&mut own, HEALTH).await.starts_with("HTTP/1.1 200"));
    for _ in 0..19 {
        idle.push(connect(&shop, "127.0.0.1").await);
    }
    assert!(said(&mut own, HEALTH).await.starts_with("HTTP/1.1 200"));
    assert!(is_closed(&mut idle[0], SOON).await, "the idlest goes first");
    let newest = idle.last_mut().unwrap();
    assert!(said(newest, HEALTH).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn one_address_cannot_take_the_places_of_others() {
    let shop = crowded(100, Some(4)).await;
    let mut other = connect(&shop, "127.0.0.2").await;
    assert!(said(&mut other, HEALTH).await.starts_with("HTTP/1.1 200"));
    let mut greedy = Vec::new();
    for _ in 0..10 {
        greedy.push(connect(&shop, "127.0.0.3").await);
    }
    for stream in greedy.iter_mut().take(6) {
        assert!(is_closed(stream, SOON).await);
    }
    assert!(!is_closed(&mut greedy[9], Duration::from_millis(100)).await);
    assert!(said(&mut other, HEALTH).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn heads_bodies_and_silence_have_their_time() {
    let shop = Shop::with(|config| {
        config.settings.connections = Bounds {
            head: Duration::from_millis(600),
            body: Duration::from_millis(600),
            idle: Duration::from_millis(1500),
            ..Bounds::default()
        };
    })
    .await;
    // A head that trickles in.
    let mut slow = connect(&shop, "127.0.0.1").await;
    slow.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-")
        .await
        .unwrap();
    assert!(is_closed(&mut slow, SOON).await);
    // A body that does not end, from somebody whose key is known: it is told, then closed.
    let mut endless = connect(&shop, "127.0.0.1").await;
    let head = "POST /payment/v1/card-payments HTTP/1.1\r\nHost: x\r\nx-api-key: api-key\r\n\
                x-rnd-key: slow\r\nx-auth-version: v1\r\nx-signature: abc\r\n\
                Content-Length: 1000\r\n\r\n{";
    endless.write_all(head.as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    timeout(SOON, endless.read_to_end(&mut heard))
        .await
        .unwrap()
        .unwrap();
    let heard = String::from_utf8_lossy(&heard).into_owned();
    assert!(heard.starts_with("HTTP/1.1 408"), "{heard}");
    assert!(heard.contains("\"errorCode\":\"1109\""), "{heard}");
    // Silence, after an answer as before the first request.
    let mut silent = connect(&shop, "127.0.0.1").await;
    assert!(said(&mut silent, HEALTH).await.starts_with("HTTP/1.1 200"));
    assert!(is_closed(&mut silent, SOON).await);
}

#[tokio::test]
async fn a_request_names_one_host_and_speaks_http_1() {
    let shop = Shop::open().await;
    for (request, status) in [
        ("GET /healthz HTTP/1.1\r\n\r\n", "HTTP/1.1 400"),
        (
            "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            "HTTP/1.1 400",
        ),
        ("GET /healthz HTTP/1.0\r\n\r\n", "HTTP/1.0 200"),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ""),
    ] {
        let mut stream = connect(&shop, "127.0.0.1").await;
        let heard = said(&mut stream, request.as_bytes()).await;
        assert!(heard.starts_with(status), "{request:?}: {heard}");
        assert_eq!(heard.is_empty(), status.is_empty(), "{request:?}: {heard}");
    }
}

#[tokio::test]
async fn a_body_is_read_only_from_whoever_names_a_key() {
    let shop = Shop::open().await;
    let mut stream = connect(&shop, "127.0.0.1").await;
    // The answer comes although the body never does.
    let head =
        "POST /payment/v1/card-payments HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n";
    assert!(
        said(&mut stream, head.as_bytes())
            .await
            .starts_with("HTTP/1.1 401")
    );
    let mut stream = connect(&shop, "127.0.0.1").await;
    let head = "POST /payment/v1/card-payments HTTP/1.1\r\nHost: x\r\nx-api-key: nobody\r\n\
                x-rnd-key: a\r\nx-auth-version: v1\r\nx-signature: abc\r\n\
                Content-Length: 1000000\r\n\r\n";
    assert!(
        said(&mut stream, head.as_bytes())
            .await
            .starts_with("HTTP/1.1 401")
    );
}

#[tokio::test]
async fn a_form_whose_body_never_comes_makes_room_for_a_shop() {
    let shop = crowded(8, None).await;
    let head = "POST /panel/sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\na";
    let mut waiting = Vec::new();
    for _ in 0..8 {
        let mut stream = connect(&shop, "127.0.0.1").await;
        stream.write_all(head.as_bytes()).await.unwrap();
        waiting.push(stream);
    }
    // Each is read as far as it came.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut own = connect(&shop, "127.0.0.1").await;
    assert!(said(&mut own, HEALTH).await.starts_with("HTTP/1.1 200"));
    assert!(is_closed(&mut waiting[0], SOON).await);
}

#[tokio::test]
async fn whoever_leaves_answers_unread_is_closed_for_good() {
    let shop = crowded(4, None).await;
    let mut deaf = Vec::new();
    for _ in 0..4 {
        let mut stream = connect(&shop, "127.0.0.1").await;
        let many = b"GET /panel/assets/panel.css HTTP/1.1\r\nHost: x\r\n\r\n".repeat(2_000);
        let _ = timeout(Duration::from_millis(300), stream.write_all(&many)).await;
        deaf.push(stream);
    }
    let mut shops = Vec::new();
    for _ in 0..4 {
        let mut own = connect(&shop, "127.0.0.1").await;
        assert!(said(&mut own, HEALTH).await.starts_with("HTTP/1.1 200"));
        shops.push(own);
    }
    // The server's side of them ends: what is left to read comes to an end.
    for stream in &mut deaf {
        let mut rest = Vec::new();
        let end = timeout(SOON, stream.read_to_end(&mut rest)).await;
        assert!(end.is_ok(), "a connection that was closed is still open");
    }
}
