//! Certificates as text. What was imported is read as far as its names, times and key go; what is issued gets a text that only
//! looks like one, for nothing here signs anything.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::world::Moment;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
/// Object identifiers, as they are encoded.
const COMMON_NAME: &[u8] = &[0x06, 0x03, 0x55, 0x04, 0x03];
const ALTERNATIVE_NAMES: &[u8] = &[0x06, 0x03, 0x55, 0x1d, 0x11];
const RSA_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];

/// What is read from a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Its common name, or else its first other name.
    pub domain: String,
    /// All its names.
    pub names: Vec<String>,
    /// Who signed it.
    pub issuer: String,
    /// Its key.
    pub algorithm: &'static str,
    /// When it is valid.
    pub validity: Option<(Moment, Moment)>,
}

/// The parts of a text between the lines that begin and end a certificate.
pub fn blocks(text: &str) -> Vec<Vec<u8>> {
    let parts = text.split(BEGIN).skip(1);
    let body = |part: &str| part.split_once(END).map(|(body, _)| body.split_whitespace().collect::<String>());
    parts.filter_map(|part| STANDARD.decode(body(part)?).ok()).filter(|bytes| !bytes.is_empty()).collect()
}

fn find_all(bytes: &[u8], what: &[u8]) -> Vec<usize> {
    (0..bytes.len().saturating_sub(what.len())).filter(|start| bytes[*start..].starts_with(what)).collect()
}

/// The content of the element that begins there.
fn element(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let first = usize::from(*bytes.get(at + 1)?);
    let (length, start) = match first {
        0..=127 => (first, at + 2),
        129 => (usize::from(*bytes.get(at + 2)?), at + 3),
        130 => (usize::from(*bytes.get(at + 2)?) * 256 + usize::from(*bytes.get(at + 3)?), at + 4),
        _ => return None,
    };
    bytes.get(start..start + length)
}

fn text_of(bytes: &[u8]) -> Option<String> {
    String::from_utf8(bytes.to_vec()).ok()
}

fn moment(bytes: &[u8], at: usize) -> Option<Moment> {
    let text = text_of(element(bytes, at)?)?;
    let digits = if bytes[at] == 0x17 { format!("20{text}") } else { text };
    let part = |from: usize, to: usize| digits.get(from..to);
    let iso = format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4)?,
        part(4, 6)?,
        part(6, 8)?,
        part(8, 10)?,
        part(10, 12)?,
        part(12, 14)?
    );
    Moment::parse_iso(&iso)
}

/// Reads a certificate.
pub fn read(der: &[u8]) -> Option<Facts> {
    if der.first() != Some(&0x30) {
        return None;
    }
    let common: Vec<String> = find_all(der, COMMON_NAME)
        .into_iter()
        .filter_map(|at| text_of(element(der, at + COMMON_NAME.len())?))
        .collect();
    let mut names = Vec::new();
    for at in find_all(der, ALTERNATIVE_NAMES).into_iter().take(1) {
        let mut rest = at + ALTERNATIVE_NAMES.len();
        // A flag that it is critical may stand between.
        if der.get(rest) == Some(&0x01) {
            rest += 3;
        }
        let list = element(der, rest).and_then(|octets| element(octets, 0)).unwrap_or_default();
        let mut position = 0;
        while let Some(name) = element(list, position) {
            if list[position] == 0x82 {
                names.extend(text_of(name));
            }
            position += 2 + name.len();
        }
    }
    let domain = common.last().cloned().or_else(|| names.first().cloned())?;
    if names.is_empty() {
        names.push(domain.clone());
    }
    let times: Vec<Moment> = (0..der.len())
        .filter(|at| matches!(der.get(*at..at + 2), Some([0x17, 13] | [0x18, 15])))
        .filter_map(|at| moment(der, at))
        .collect();
    let has = |what: &[u8]| !find_all(der, what).is_empty();
    let algorithm = match (has(RSA_KEY), has(P256), has(P384)) {
        (true, ..) if der.len() > 1150 => "RSA_4096",
        (true, ..) => "RSA_2048",
        (_, true, _) => "EC_prime256v1",
        (_, _, true) => "EC_secp384r1",
        _ => "RSA_2048",
    };
    let validity = times.first().copied().zip(times.get(1).copied());
    Some(Facts { issuer: common.first().cloned().unwrap_or_default(), domain, names, algorithm, validity })
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
    format!("{BEGIN}\n{}\n{END}", lines.join("\n"))
}

/// A text that looks like a certificate; always the same for the same one.
pub fn certificate(arn: &str) -> String {
    written(arn, 1300)
}

/// A text that looks like the chain of Amazon's authorities.
pub fn chain() -> String {
    let links = ["intermediate", "root 1", "root"].map(|name| written(name, 1100));
    links.join("\n")
}
