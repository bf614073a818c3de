//! Where a relay is, and how it is known to be the one.

use std::net::IpAddr;
use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use sync_protocol::SegmentHash;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::Connector;

use crate::identity::Identity;

/// A relay's address, checked.
#[derive(Clone, Debug)]
pub struct Server {
    /// `https` or, on loopback, `http`.
    is_encrypted: bool,
    /// Host and port.
    authority: String,
    /// The certificates that vouch for it; empty for those that browsers trust.
    roots: Vec<CertificateDer<'static>>,
}

/// An address at which no relay may be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadServer {
    /// It is no address.
    #[error("{0:?} is no address of a relay: write https://host:port")]
    NotAnAddress(String),
    /// It is not encrypted and not on this machine.
    #[error("{0:?} is not encrypted: only a relay on this machine may be reached by http")]
    NotEncrypted(String),
    /// The certificates that should vouch for it are none.
    #[error("the file of certificates holds none that can be read: {0}")]
    BadCertificates(String),
}

impl Server {
    /// Checks an address; `certificates` are those that vouch for the relay, in PEM, instead of
    /// those that browsers trust.
    ///
    /// # Errors
    ///
    /// [`BadServer`].
    pub fn new(address: &str, certificates: Option<&str>) -> Result<Self, BadServer> {
        let not_an_address = || BadServer::NotAnAddress(address.to_owned());
        let (scheme, rest) = address.split_once("://").ok_or_else(not_an_address)?;
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let uri = format!("{scheme}://{authority}/")
            .parse::<tokio_tungstenite::tungstenite::http::Uri>()
            .map_err(|_| not_an_address())?;
        let host = uri
            .host()
            .filter(|_| uri.path() == "/")
            .ok_or_else(not_an_address)?;
        let is_encrypted = match scheme {
            "https" => true,
            "http" if is_loopback(host) => false,
            "http" => return Err(BadServer::NotEncrypted(address.to_owned())),
            _ => return Err(not_an_address()),
        };
        let roots = match certificates {
            Some(pem) => read_certificates(pem)?,
            None => Vec::new(),
        };
        Ok(Self {
            is_encrypted,
            authority: authority.to_owned(),
            roots,
        })
    }

    /// The relay of a replica.
    pub(super) fn of(identity: &Identity) -> Result<Self, BadServer> {
        Self::new(&identity.server, identity.certificates.as_deref())
    }

    /// The address as it is written down.
    pub fn address(&self) -> String {
        self.url(["https", "http"], "")
    }

    pub(super) fn enrol_url(&self) -> String {
        self.url(["https", "http"], "/enrol")
    }

    /// Where a segment is fetched.
    pub(super) fn segment_url(&self, hash: SegmentHash) -> String {
        self.url(["https", "http"], &format!("/segments/{hash}"))
    }

    pub(super) fn sync_url(&self) -> String {
        self.url(["wss", "ws"], "/sync")
    }

    /// What opens a connection to it; `None` for the way that trusts what browsers trust.
    pub(super) fn connector(&self) -> Result<Option<Connector>, BadServer> {
        if self.roots.is_empty() {
            return Ok(None);
        }
        let mut store = RootCertStore::empty();
        for root in &self.roots {
            store
                .add(root.clone())
                .map_err(|error| BadServer::BadCertificates(error.to_string()))?;
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| BadServer::BadCertificates(error.to_string()))?
            .with_root_certificates(store)
            .with_no_client_auth();
        Ok(Some(Connector::Rustls(Arc::new(config))))
    }

    /// What asks it over HTTP.
    pub(super) fn agent(&self) -> ureq::Agent {
        let mut tls = ureq::tls::TlsConfig::builder();
        if !self.roots.is_empty() {
            let roots: Vec<_> = self
                .roots
                .iter()
                .map(|root| ureq::tls::Certificate::from_der(root.as_ref()).to_owned())
                .collect();
            tls = tls.root_certs(ureq::tls::RootCerts::new_with_certs(&roots));
        }
        ureq::Agent::config_builder()
            .tls_config(tls.build())
            .https_only(self.is_encrypted)
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(std::time::Duration::from_secs(30)))
            .build()
            .new_agent()
    }

    fn url(&self, [encrypted, plain]: [&str; 2], path: &str) -> String {
        let scheme = if self.is_encrypted { encrypted } else { plain };
        format!("{scheme}://{}{path}", self.authority)
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn read_certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, BadServer> {
    let roots = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| BadServer::BadCertificates(error.to_string()))?;
    if roots.is_empty() {
        return Err(BadServer::BadCertificates("it is empty".to_owned()));
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_elsewhere_is_reached_encrypted_only() {
        for good in [
            "https://relay.example",
            "https://relay.example:8443/",
            "http://127.0.0.1:8080",
            "http://localhost:1",
            "http://[::1]:8080",
        ] {
            assert!(Server::new(good, None).is_ok(), "{good}");
        }
        for plain in [
            "http://relay.example",
            "http://192.168.1.2:8080",
            "http://127.0.0.1.example",
        ] {
            assert_eq!(
                Server::new(plain, None).unwrap_err(),
                BadServer::NotEncrypted(plain.to_owned())
            );
        }
        for bad in [
            "",
            "relay.example",
            "ftp://relay.example",
            "https://",
            "https://a/b",
            "https://a b",
        ] {
            assert_eq!(
                Server::new(bad, None).unwrap_err(),
                BadServer::NotAnAddress(bad.to_owned()),
                "{bad}"
            );
        }
    }

    #[test]
    fn the_urls_follow_from_the_address() {
        let server = Server::new("http://127.0.0.1:8080/", None).unwrap();
        assert_eq!(server.address(), "http://127.0.0.1:8080");
        assert_eq!(server.sync_url(), "ws://127.0.0.1:8080/sync");
        let server = Server::new("https://relay.example", None).unwrap();
        assert_eq!(server.enrol_url(), "https://relay.example/enrol");
        assert_eq!(server.sync_url(), "wss://relay.example/sync");
    }

    #[test]
    fn a_file_without_certificates_vouches_for_nobody() {
        assert!(matches!(
            Server::new("https://relay.example", Some("hello")),
            Err(BadServer::BadCertificates(_))
        ));
    }
}
