//! Certificates as text. What was imported is read as far as its names, times and key go; what is issued gets a text that only
//! looks like one, for nothing here signs anything.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use sha2::{Digest, Sha256};

/// The certificates in a text. What is between them does not matter.
pub(super) fn blocks(text: &str) -> Vec<Vec<u8>> {
    let found = CertificateDer::pem_slice_iter(text.as_bytes()).filter_map(Result::ok);
    found.map(|certificate| certificate.as_ref().to_vec()).filter(|bytes| !bytes.is_empty()).collect()
}

fn written(seed: &str, length: usize) -> String {
    let mut bytes = vec![0x30, 0x82, 0x04, 0x00, 0x30, 0x82];
    let mut round = 0_u32;
    while bytes.len() < length {
        bytes.extend(Sha256::digest(format!("{seed} {round}")));
        round += 1;
    }
    bytes.truncate(length);
    let body = STANDARD.encode(&bytes);
    let lines: Vec<&str> = body.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----", lines.join("\n"))
}

/// A text that looks like a certificate; always the same for the same one.
pub(super) fn certificate(arn: &str) -> String {
    written(arn, 1300)
}

/// A text that looks like the chain of Amazon's authorities.
pub(super) fn chain() -> String {
    let links = ["intermediate", "root 1", "root"].map(|name| written(name, 1100));
    links.join("\n")
}
