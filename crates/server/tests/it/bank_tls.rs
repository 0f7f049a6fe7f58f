//! Banks' TLS: what its certificate is worth is never taken on trust, and what a bank's chain lacks is given
//! for its host alone.

use crate::shop::{GARANTI, Shop, garanti};
use contract::merchant_poses::CreateMerchantPosRequest;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use server::certificates::{HostRoots, TlsFault};
use server::net::HostList;
use server::operations::Actor;
use server::setup::{self, ConnectionResult, endpoint_behind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

fn file(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/tls");
    folder.join(format!("{name}.pem"))
}

fn certificate(name: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(file(name)).unwrap()
}

/// `localhost=…/root.pem`
fn entry(host: &str, name: &str) -> String {
    format!("{host}={}", file(name).display())
}

/// The simulated banks behind TLS, with these certificates. The port.
async fn front(bank: &str, chain: &[&str]) -> u16 {
    let key = PrivateKeyDer::from_pem_file(file("bank").with_extension("key")).unwrap();
    let chain = chain.iter().map(|name| certificate(name)).collect();
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key);
    let acceptor = TlsAcceptor::from(Arc::new(config.unwrap()));
    let behind = bank.trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, behind) = (acceptor.clone(), behind.clone());
            tokio::spawn(async move {
                let mut bank = TcpStream::connect(behind).await.unwrap();
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    let _ = copy_bidirectional(&mut stream, &mut bank).await;
                }
            });
        }
    });
    port
}

/// A bank that speaks TLS of the last century alone: it says so, and hangs up.
async fn old_front() -> u16 {
    const PROTOCOL_VERSION_ALERT: [u8; 7] = [21, 3, 1, 0, 2, 2, 70];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut hello = [0; 512];
            let _ = stream.read(&mut hello).await;
            let _ = stream.write_all(&PROTOCOL_VERSION_ALERT).await;
        }
    });
    port
}

/// A shop whose operator gave these certificates.
async fn shop_with(entries: &[String]) -> Shop {
    let roots = entries.iter().map(|entry| HostRoots::read(entry).unwrap());
    let roots: Vec<HostRoots> = roots.collect();
    let hosts = ["127.0.0.1", "localhost"].map(str::to_owned);
    Shop::with(|config| {
        config.settings.bank_roots = roots;
        config.settings.bank_hosts = HostList::new(&hosts);
    })
    .await
}

/// What the connection test of a POS at the port says, and the POS's alias.
async fn test(shop: &Shop, port: u16) -> (ConnectionResult, String) {
    let by = Actor::operator();
    let request: CreateMerchantPosRequest = serde_json::from_value(garanti()).unwrap();
    let integrator = request.pos_integrator.unwrap();
    let endpoint = endpoint_behind(integrator, &format!("https://localhost:{port}/garanti"));
    let endpoint = Some(endpoint.unwrap());
    let made = setup::create_pos(&shop.app, &by, shop.merchant, request, endpoint).await;
    let pos = made.unwrap();
    let tested = setup::test_pos(&shop.app, &by, shop.merchant, pos.id).await;
    (tested.unwrap().result, pos.alias)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_is_believed_by_its_certificate_and_by_what_the_operator_adds() {
    use TlsFault::{OtherHost, OutOfDate, UnknownIssuer};
    let whole = ["bank", "link"];
    for (chain, added, fault) in [
        // A private root.
        (&whole[..], vec![], Some(UnknownIssuer)),
        (&whole[..], vec![entry("localhost", "root")], None),
        (&whole[..], vec![entry("LOCALHOST", "root")], None),
        // It counts for its host alone.
        (
            &whole[..],
            vec![entry("127.0.0.1", "root")],
            Some(UnknownIssuer),
        ),
        // A chain that leaves a link out.
        (
            &["bank"][..],
            vec![entry("localhost", "root")],
            Some(UnknownIssuer),
        ),
        (&["bank"][..], vec![entry("localhost", "link")], None),
        (
            &["expired", "link"][..],
            vec![entry("localhost", "root")],
            Some(OutOfDate),
        ),
        (
            &["other", "link"][..],
            vec![entry("localhost", "root")],
            Some(OtherHost),
        ),
    ] {
        let shop = shop_with(&added).await;
        let port = front(&shop.bank, chain).await;
        let (result, alias) = test(&shop, port).await;
        let at_it = serde_json::json!({"posAlias": alias});
        let paid = shop.pays(GARANTI).with(at_it).await;
        match fault {
            None => {
                assert_eq!(result, ConnectionResult::Works, "{chain:?} {added:?}");
                paid.succeeded();
            }
            // Nothing was sent: the payment has failed, and is no doubt.
            Some(fault) => {
                assert_eq!(result, ConnectionResult::Tls(fault), "{chain:?} {added:?}");
                let id = paid.declined("COMMUNICATION_OR_SYSTEM_ERROR");
                let kept = shop.exchanges(id).await;
                let told = kept
                    .iter()
                    .any(|one| format!("{one:?}").contains(fault.text()));
                assert!(told, "{kept:?}");
            }
        }
        assert_eq!(shop.orders().await.len(), usize::from(fault.is_none()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_that_is_too_old_is_named() {
    let shop = shop_with(&[]).await;
    let (result, _) = test(&shop, old_front().await).await;
    assert_eq!(result, ConnectionResult::Tls(TlsFault::NothingInCommon));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_entry_is_refused_with_its_reason() {
    let key = entry("localhost", "bank").replace(".pem", ".key");
    let missing = entry("localhost", "missing");
    let with_port = entry("localhost:443", "root");
    let twice = [entry("localhost", "root"), entry("localhost", "link")].join(",");
    let shop = Shop::open().await;
    for (given, why) in [
        ("localhost", "names no file"),
        (&missing, "No such file"),
        (&key, "holds no certificate"),
        (&with_port, "without a port"),
        (&twice, "names localhost twice"),
    ] {
        let command = shop.command(&["doctor", "--bank-ca-file", given]);
        let said = crate::process::ended(command);
        assert_ne!(said.status.code(), Some(0));
        let all = format!("{}{}", said.out, said.error);
        assert!(all.contains(why), "{given}: {all}");
    }
}
