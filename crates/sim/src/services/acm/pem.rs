//! Certificates as text. What was imported is read as far as its names, times and key go; what is issued gets a text that only
//! looks like one, for nothing here signs anything.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::world::Moment;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
/// Object identifiers, as they are encoded.
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const EXTENDED_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
const RSA_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
/// The parts of a name, by the last byte of their identifier.
const PARTS: [(u8, &str); 6] = [(3, "CN"), (6, "C"), (7, "L"), (8, "ST"), (10, "O"), (11, "OU")];

/// The uses of a key, in the order of their bits.
const USAGES: [&str; 9] = [
    "DIGITAL_SIGNATURE",
    "NON_REPUDIATION",
    "KEY_ENCIPHERMENT",
    "DATA_ENCIPHERMENT",
    "KEY_AGREEMENT",
    "CERTIFICATE_SIGNING",
    "CRL_SIGNING",
    "ENCIPHER_ONLY",
    "DECIPHER_ONLY",
];
/// Closer uses, by the last number of their identifier.
const EXTENDED: [(u8, &str); 9] = [
    (1, "TLS_WEB_SERVER_AUTHENTICATION"),
    (2, "TLS_WEB_CLIENT_AUTHENTICATION"),
    (3, "CODE_SIGNING"),
    (4, "EMAIL_PROTECTION"),
    (5, "IPSEC_END_SYSTEM"),
    (6, "IPSEC_TUNNEL"),
    (7, "IPSEC_USER"),
    (8, "TIME_STAMPING"),
    (9, "OCSP_SIGNING"),
];

/// A closer use of a key: its name and, except for none at all, its object identifier.
pub type Extended = (String, Option<String>);

/// What is read from a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Its common name, or else its first other name.
    pub domain: String,
    /// All its names.
    pub names: Vec<String>,
    /// Who it is for, as `C=…,O=…,CN=…`.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// Its number, in hexadecimal pairs.
    pub serial: String,
    /// Its key.
    pub algorithm: &'static str,
    /// What the key may be used for.
    pub usages: Vec<String>,
    /// What it may be used for more closely.
    pub extended: Vec<Extended>,
    /// When it is valid.
    pub validity: Option<(Moment, Moment)>,
}

/// The parts of a text between the lines that begin and end a certificate.
pub fn blocks(text: &str) -> Vec<Vec<u8>> {
    let parts = text.split(BEGIN).skip(1);
    let body = |part: &str| part.split_once(END).map(|(body, _)| body.split_whitespace().collect::<String>());
    parts.filter_map(|part| STANDARD.decode(body(part)?).ok()).filter(|bytes| !bytes.is_empty()).collect()
}

/// The tags and contents of the elements that stand one after the other.
fn elements(mut bytes: &[u8]) -> Vec<(u8, &[u8])> {
    let mut found = Vec::new();
    while let Some((tag, content, rest)) = element(bytes) {
        found.push((tag, content));
        bytes = rest;
    }
    found
}

fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, first) = (*bytes.first()?, usize::from(*bytes.get(1)?));
    let more = first.saturating_sub(128);
    if more > 3 {
        return None;
    }
    let long = bytes.get(2..2 + more)?.iter().fold(0, |length, byte| length * 256 + usize::from(*byte));
    let (start, length) = (2 + more, if first < 128 { first } else { long });
    Some((tag, bytes.get(start..start + length)?, &bytes[start + length..]))
}

/// The parts of a name: `CN` and the like, with their texts.
fn parts(name: &[u8]) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for (_, set) in elements(name) {
        for (_, pair) in elements(set) {
            let [(0x06, [0x55, 0x04, last]), (_, text)] = elements(pair)[..] else { continue };
            let known = PARTS.iter().find(|(byte, _)| byte == last);
            found.extend(known.map(|(_, kind)| (*kind, String::from_utf8_lossy(text).into_owned())));
        }
    }
    found
}

fn part(name: &[(&str, String)], wanted: &str) -> Option<String> {
    name.iter().rev().find(|(kind, _)| *kind == wanted).map(|(_, text)| text.clone())
}

fn moment((tag, text): &(u8, &[u8])) -> Option<Moment> {
    let text = String::from_utf8_lossy(text);
    let digits = if *tag == 0x17 { format!("20{text}") } else { text.into_owned() };
    let part = |from: usize, to: usize| digits.get(from..to);
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    let (hour, minute, second) = (part(8, 10)?, part(10, 12)?, part(12, 14)?);
    Moment::parse_iso(&format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z"))
}

/// What the extension of that identifier holds.
fn extension<'d>(extensions: &'d [u8], wanted: &[u8]) -> Option<&'d [u8]> {
    let (_, list, _) = element(extensions)?;
    elements(list).into_iter().find_map(|(_, extension)| {
        let fields = elements(extension);
        fields.first().filter(|(_, id)| *id == wanted)?;
        let (_, octets) = *fields.last()?;
        element(octets).map(|(_, content, _)| content)
    })
}

/// The DNS names among the extensions.
fn alternative_names(extensions: &[u8]) -> Vec<String> {
    let names = extension(extensions, ALTERNATIVE_NAMES).map(elements).unwrap_or_default();
    let dns = names.into_iter().filter(|(tag, _)| *tag == 0x82);
    dns.map(|(_, name)| String::from_utf8_lossy(name).into_owned()).collect()
}

/// What a key may be used for: anything, unless the extensions tell.
fn usages(extensions: &[u8]) -> Vec<String> {
    // The first byte tells how many bits of the last one do not count.
    let Some([_, bits @ ..]) = extension(extensions, KEY_USAGE) else { return vec!["ANY".to_owned()] };
    let set = |index: usize| bits.get(index / 8).is_some_and(|byte| byte & (0x80 >> (index % 8)) != 0);
    USAGES.iter().enumerate().filter(|(index, _)| set(*index)).map(|(_, name)| (*name).to_owned()).collect()
}

/// What a key may be used for more closely: nothing in particular, unless the extensions tell.
fn extended(extensions: &[u8]) -> Vec<Extended> {
    let Some(list) = extension(extensions, EXTENDED_USAGE) else { return vec![("NONE".to_owned(), None)] };
    let known = |id: &[u8]| match id {
        [0x2b, 6, 1, 5, 5, 7, 3, last] => {
            let name = EXTENDED.iter().find(|(number, _)| number == last).map_or("CUSTOM", |(_, name)| *name);
            (name.to_owned(), Some(format!("1.3.6.1.5.5.7.3.{last}")))
        }
        [0x55, 0x1d, 0x25, 0x00] => ("ANY".to_owned(), Some("2.5.29.37.0".to_owned())),
        _ => ("CUSTOM".to_owned(), None),
    };
    elements(list).into_iter().map(|(_, id)| known(id)).collect()
}

/// The kind of key. Of RSA keys the length tells the size.
fn algorithm(key: &[u8]) -> Option<&'static str> {
    let has = |what: &[u8]| key.windows(what.len()).any(|part| part == what);
    match (has(RSA_KEY), has(P256), has(P384)) {
        (true, ..) => Some(match key.len() {
            0..=200 => "RSA_1024",
            201..=350 => "RSA_2048",
            351..=480 => "RSA_3072",
            _ => "RSA_4096",
        }),
        (_, true, _) => Some("EC_prime256v1"),
        (_, _, true) => Some("EC_secp384r1"),
        _ => None,
    }
}

/// Reads a certificate.
pub fn read(der: &[u8]) -> Option<Facts> {
    let (_, certificate, _) = element(der).filter(|(tag, ..)| *tag == 0x30)?;
    let (_, body, _) = element(certificate)?;
    let mut fields = elements(body);
    if fields.first().is_some_and(|(tag, _)| *tag == 0xa0) {
        fields.remove(0);
    }
    let [(0x02, number), _, (_, issuer), (_, validity), (_, subject), (_, key), rest @ ..] = &fields[..] else {
        return None;
    };
    let (issuer, subject) = (parts(issuer), parts(subject));
    let extensions = rest.iter().find(|(tag, _)| *tag == 0xa3);
    let extensions = extensions.map(|(_, extensions)| *extensions).unwrap_or_default();
    let mut names = alternative_names(extensions);
    let domain = part(&subject, "CN").or_else(|| names.first().cloned())?;
    if names.is_empty() {
        names.push(domain.clone());
    }
    let times: Vec<Moment> = elements(validity).iter().filter_map(moment).collect();
    // A leading zero only keeps the number from being negative.
    let number = if number.len() > 1 && number[0] == 0 { &number[1..] } else { number };
    Some(Facts {
        domain,
        names,
        subject: subject.iter().map(|(kind, text)| format!("{kind}={text}")).collect::<Vec<_>>().join(","),
        issuer: part(&issuer, "O").or_else(|| part(&issuer, "CN")).unwrap_or_default(),
        serial: number.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":"),
        algorithm: algorithm(key)?,
        usages: usages(extensions),
        extended: extended(extensions),
        validity: times.first().copied().zip(times.get(1).copied()),
    })
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
