//! Whose certificates are believed. The public roots are compiled in; what a bank's host needs beyond
//! them (a private root, or the link that its chain leaves out) the operator gives for that host alone.
//! Verification is never off.

use hyper_rustls::ConfigBuilderExt;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{CertificateError, ClientConfig, RootCertStore};
use std::error::Error;
use std::fs::File;
use std::io::Read;

/// Bytes of a file of certificates: some hundred of them.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The certificates that one host's may come from, beyond the public roots.
#[derive(Debug, Clone)]
pub struct HostRoots {
    /// The host, as a URL writes it.
    pub host: String,
    roots: RootCertStore,
}

impl HostRoots {
    /// Reads `HOST=FILE`: a PEM file of one certificate or more. The error says what is wrong with it.
    pub fn read(entry: &str) -> Result<HostRoots, String> {
        let (host, file) = entry
            .split_once('=')
            .ok_or_else(|| format!("{entry} names no file: write HOST=FILE"))?;
        let refused = |why: &str| format!("{file}: {why}");
        let url = url::Url::parse(&format!("https://{host}/"));
        let host = host.to_ascii_lowercase();
        if !url.is_ok_and(|url| url.host_str() == Some(&host)) {
            return Err(format!(
                "{host} is no host: write HOST=FILE, without a port"
            ));
        }
        let mut pem = Vec::new();
        let opened = File::open(file).map_err(|error| refused(&error.to_string()))?;
        let read = opened.take(FILE_BYTES_MAX + 1).read_to_end(&mut pem);
        let length = read.map_err(|error| refused(&error.to_string()))?;
        if u64::try_from(length).is_ok_and(|length| length > FILE_BYTES_MAX) {
            return Err(refused("it is larger than 1 MB"));
        }
        let mut roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        let public = roots.len();
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|error| refused(&error.to_string()))?;
            let added = roots.add(certificate);
            added.map_err(|error| refused(&error.to_string()))?;
        }
        if roots.len() == public {
            return Err(refused("it holds no certificate (PEM)"));
        }
        Ok(HostRoots { host, roots })
    }

    /// TLS with the host.
    pub(crate) fn tls(&self) -> ClientConfig {
        ClientConfig::builder()
            .with_root_certificates(self.roots.clone())
            .with_no_client_auth()
    }
}

/// TLS with everybody else.
pub(crate) fn public_tls() -> ClientConfig {
    ClientConfig::builder()
        .with_webpki_roots()
        .with_no_client_auth()
}

/// What is wrong with the TLS of a host that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsFault {
    /// Nobody known made its certificate: the chain lacks a link, or its root is private.
    UnknownIssuer,
    /// The certificate is not valid any more, or not yet.
    OutOfDate,
    /// The certificate is another host's.
    OtherHost,
    /// The two have no TLS version or cipher in common.
    NothingInCommon,
}

impl TlsFault {
    /// Every fault.
    pub const ALL: [TlsFault; 4] = [
        TlsFault::UnknownIssuer,
        TlsFault::OutOfDate,
        TlsFault::OtherHost,
        TlsFault::NothingInCommon,
    ];

    /// How it is kept of an exchange; people read it.
    pub const fn text(self) -> &'static str {
        match self {
            TlsFault::UnknownIssuer => {
                "the certificate's issuer is unknown: its chain is incomplete, or its root is private"
            }
            TlsFault::OutOfDate => {
                "the certificate is out of date, or this machine's clock is wrong"
            }
            TlsFault::OtherHost => "the certificate is another host's",
            TlsFault::NothingInCommon => "no TLS version or cipher in common",
        }
    }

    /// The fault that a kept text tells of.
    pub fn told(text: &str) -> Option<TlsFault> {
        let mut all = TlsFault::ALL.into_iter();
        all.find(|fault| text.contains(fault.text()))
    }

    /// The fault behind an error of a connection.
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Option<TlsFault> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(tls) = error.downcast_ref::<rustls::Error>() {
                return TlsFault::of_tls(tls);
            }
            // An I/O error holds another one and does not name it as its source.
            next = match error.downcast_ref::<std::io::Error>() {
                Some(error) => error.get_ref().map(|held| {
                    let held: &(dyn Error + 'static) = held;
                    held
                }),
                None => error.source(),
            };
        }
        None
    }

    fn of_tls(error: &rustls::Error) -> Option<TlsFault> {
        use rustls::AlertDescription::{HandshakeFailure, InsufficientSecurity, ProtocolVersion};
        match error {
            rustls::Error::InvalidCertificate(wrong) => match wrong {
                CertificateError::UnknownIssuer => Some(TlsFault::UnknownIssuer),
                CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. } => Some(TlsFault::OutOfDate),
                CertificateError::NotValidForName
                | CertificateError::NotValidForNameContext { .. } => Some(TlsFault::OtherHost),
                _ => None,
            },
            rustls::Error::PeerIncompatible(_)
            | rustls::Error::AlertReceived(
                HandshakeFailure | InsufficientSecurity | ProtocolVersion,
            ) => Some(TlsFault::NothingInCommon),
            _ => None,
        }
    }
}
