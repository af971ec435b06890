//! What a certificate says of itself, as ACM shows it. How a certificate is encoded, the parser knows.

use x509_cert::Certificate;
use x509_cert::der::asn1::{ObjectIdentifier, UintRef};
use x509_cert::der::{AnyRef, Decode};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectAltName};
use x509_cert::name::Name;
use x509_cert::spki::SubjectPublicKeyInfoOwned;
use x509_cert::time::Time;

use crate::world::Moment;

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

const RSA_KEY: ObjectIdentifier = oid("1.2.840.113549.1.1.1");
const EC_KEY: ObjectIdentifier = oid("1.2.840.10045.2.1");
const P256: ObjectIdentifier = oid("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = oid("1.3.132.0.34");
const ANY_USE: ObjectIdentifier = oid("2.5.29.37.0");

/// The parts of a name that are shown.
const PARTS: [(ObjectIdentifier, &str); 6] = [
    (oid("2.5.4.3"), "CN"),
    (oid("2.5.4.6"), "C"),
    (oid("2.5.4.7"), "L"),
    (oid("2.5.4.8"), "ST"),
    (oid("2.5.4.10"), "O"),
    (oid("2.5.4.11"), "OU"),
];

/// The uses of a key, in the order of their bits.
const USAGES: [(KeyUsages, &str); 9] = [
    (KeyUsages::DigitalSignature, "DIGITAL_SIGNATURE"),
    (KeyUsages::NonRepudiation, "NON_REPUDIATION"),
    (KeyUsages::KeyEncipherment, "KEY_ENCIPHERMENT"),
    (KeyUsages::DataEncipherment, "DATA_ENCIPHERMENT"),
    (KeyUsages::KeyAgreement, "KEY_AGREEMENT"),
    (KeyUsages::KeyCertSign, "CERTIFICATE_SIGNING"),
    (KeyUsages::CRLSign, "CRL_SIGNING"),
    (KeyUsages::EncipherOnly, "ENCIPHER_ONLY"),
    (KeyUsages::DecipherOnly, "DECIPHER_ONLY"),
];

/// Where the identifiers of closer uses begin.
const EXTENDED_ARC: &str = "1.3.6.1.5.5.7.3.";
/// Closer uses, by what follows there.
const EXTENDED: [(&str, &str); 9] = [
    ("1", "TLS_WEB_SERVER_AUTHENTICATION"),
    ("2", "TLS_WEB_CLIENT_AUTHENTICATION"),
    ("3", "CODE_SIGNING"),
    ("4", "EMAIL_PROTECTION"),
    ("5", "IPSEC_END_SYSTEM"),
    ("6", "IPSEC_TUNNEL"),
    ("7", "IPSEC_USER"),
    ("8", "TIME_STAMPING"),
    ("9", "OCSP_SIGNING"),
];

/// A closer use of a key: its name and, except for none at all, its object identifier.
pub(super) type Extended = (String, Option<String>);

/// What is read from a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Facts {
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
    pub validity: (Moment, Moment),
}

/// Reads a certificate; none if it is not one, has no name, or its key is of a kind that ACM does not take.
pub(super) fn read(der: &[u8]) -> Option<Facts> {
    let body = Certificate::from_der(der).ok()?.tbs_certificate;
    let (issuer, subject) = (parts(&body.issuer), parts(&body.subject));
    let mut names: Vec<String> = body.get::<SubjectAltName>().ok()?.map(|(_, names)| dns(&names)).unwrap_or_default();
    let domain = part(&subject, "CN").or_else(|| names.first().cloned())?;
    if names.is_empty() {
        names.push(domain.clone());
    }
    // A leading zero only keeps the number from being negative.
    let number = body.serial_number.as_bytes();
    let number = if number.len() > 1 && number[0] == 0 { &number[1..] } else { number };
    Some(Facts {
        domain,
        names,
        subject: subject.iter().map(|(kind, text)| format!("{kind}={text}")).collect::<Vec<_>>().join(","),
        issuer: part(&issuer, "O").or_else(|| part(&issuer, "CN")).unwrap_or_default(),
        serial: number.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":"),
        algorithm: algorithm(&body.subject_public_key_info)?,
        usages: usages(body.get::<KeyUsage>().ok()?.map(|(_, usage)| usage)),
        extended: extended(body.get::<ExtendedKeyUsage>().ok()?.map(|(_, usage)| usage)),
        validity: (moment(body.validity.not_before), moment(body.validity.not_after)),
    })
}

/// The parts of a name: `CN` and the like, with their texts.
fn parts(name: &Name) -> Vec<(&'static str, String)> {
    let pairs = name.0.iter().flat_map(|set| set.0.iter());
    let known = pairs.filter_map(|pair| Some((PARTS.iter().find(|(id, _)| *id == pair.oid)?.1, &pair.value)));
    known.map(|(kind, value)| (kind, String::from_utf8_lossy(value.value()).into_owned())).collect()
}

fn part(name: &[(&str, String)], wanted: &str) -> Option<String> {
    name.iter().rev().find(|(kind, _)| *kind == wanted).map(|(_, text)| text.clone())
}

fn dns(names: &SubjectAltName) -> Vec<String> {
    let name = |name: &GeneralName| match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        _ => None,
    };
    names.0.iter().filter_map(name).collect()
}

fn moment(time: Time) -> Moment {
    Moment(0).plus(time.to_unix_duration())
}

/// What a key may be used for: anything, unless the certificate tells.
fn usages(told: Option<KeyUsage>) -> Vec<String> {
    let Some(told) = told else { return vec!["ANY".to_owned()] };
    USAGES.iter().filter(|(usage, _)| told.0.contains(*usage)).map(|(_, name)| (*name).to_owned()).collect()
}

/// What a key may be used for more closely: nothing in particular, unless the certificate tells.
fn extended(told: Option<ExtendedKeyUsage>) -> Vec<Extended> {
    let Some(told) = told else { return vec![("NONE".to_owned(), None)] };
    let known = |id: &ObjectIdentifier| {
        let text = id.to_string();
        match text.strip_prefix(EXTENDED_ARC) {
            Some(last) => {
                let name = EXTENDED.iter().find(|(number, _)| *number == last).map_or("CUSTOM", |(_, name)| *name);
                (name.to_owned(), Some(text))
            }
            None if *id == ANY_USE => ("ANY".to_owned(), Some(text)),
            None => ("CUSTOM".to_owned(), None),
        }
    };
    told.0.iter().map(known).collect()
}

/// The kind of key, with its size.
fn algorithm(key: &SubjectPublicKeyInfoOwned) -> Option<&'static str> {
    if key.algorithm.oid == RSA_KEY {
        return Some(match bits(key.subject_public_key.raw_bytes())? {
            ..=1024 => "RSA_1024",
            1025..=2048 => "RSA_2048",
            2049..=3072 => "RSA_3072",
            _ => "RSA_4096",
        });
    }
    let curve = key.algorithm.parameters.as_ref().filter(|_| key.algorithm.oid == EC_KEY)?;
    match curve.decode_as::<ObjectIdentifier>().ok()? {
        P256 => Some("EC_prime256v1"),
        P384 => Some("EC_secp384r1"),
        _ => None,
    }
}

/// The size of an RSA key: its first number is the modulus, the second one the exponent.
fn bits(key: &[u8]) -> Option<usize> {
    let key = AnyRef::from_der(key).ok()?;
    let read = key.sequence(|fields| {
        let modulus = UintRef::decode(fields)?;
        UintRef::decode(fields)?;
        Ok(modulus.as_bytes().len() * 8)
    });
    read.ok()
}
