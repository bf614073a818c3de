//! Certificates of a site's own, made anew for each: an authority and what the relay shows.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

/// The files of a site that speaks TLS, in PEM.
pub(super) struct Certificates {
    /// What devices trust.
    pub(super) authority: PathBuf,
    /// What the relay shows.
    pub(super) chain: PathBuf,
    /// The relay's key.
    pub(super) key: PathBuf,
}

impl Certificates {
    /// Makes them in a folder, for a relay on this machine.
    pub(super) fn issue(folder: &Path) -> Self {
        let mut authority = CertificateParams::new([]).expect("no names");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_key = KeyPair::generate().expect("randomness");
        let root = authority
            .self_signed(&authority_key)
            .expect("a certificate");
        let issuer = Issuer::new(authority, authority_key);
        let key = KeyPair::generate().expect("randomness");
        let relay = CertificateParams::new(["127.0.0.1".to_owned()]).expect("an address");
        let relay = relay.signed_by(&key, &issuer).expect("a certificate");
        let write = |name: &str, pem: String| {
            let path = folder.join(name);
            fs::write(&path, pem).expect("a folder of one's own");
            path
        };
        Self {
            authority: write("authority.crt", root.pem()),
            chain: write("relay.crt", relay.pem()),
            key: write("relay-tls.key", key.serialize_pem()),
        }
    }
}
