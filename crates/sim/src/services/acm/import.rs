//! Certificates that are brought along. What is no certificate or no key is refused; whether the key belongs to it is not
//! looked at.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::state::{Certificate, Validation};
use super::tagging::Certificates;
use super::{facts, pem};
use crate::call::{Call, Handler, Input, Members, Refusal, Reply};
use crate::tags::dialect::Carrier;

/// The operations of this part.
pub(super) const OPERATIONS: &[(&str, Handler)] = &[("ImportCertificate", import)];

fn invalid(text: &str) -> Refusal {
    Refusal::new("ValidationException", text)
}

fn blob(input: &Input, name: &str) -> Option<String> {
    let bytes = STANDARD.decode(input.text(name)?).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn import(call: &mut Call<'_>, input: &Input) -> Reply {
    let again = input.has("CertificateArn");
    if again && input.has("Tags") {
        return Err(invalid("Tagging is not permitted on re-import."));
    }
    let tags = Certificates::DIALECT.given(input)?;
    let text = blob(input, "Certificate").unwrap_or_default();
    let blocks = pem::blocks(&text);
    let facts = match blocks.as_slice() {
        [one] => facts::read(one),
        [] => None,
        _ => {
            let text = "The certificate field contains more than one certificate. You can specify only one certificate \
                        in this field.";
            return Err(invalid(text));
        }
    };
    let facts = facts.ok_or_else(|| invalid("Could not parse the certificate. It must be PEM-encoded."))?;
    let key = blob(input, "PrivateKey").unwrap_or_default();
    if !(key.contains("-----BEGIN ") && key.contains("PRIVATE KEY-----")) {
        return Err(invalid("The private key is not supported."));
    }
    let chain = blob(input, "CertificateChain");
    if chain.as_ref().is_some_and(|chain| pem::blocks(chain).is_empty()) {
        return Err(invalid("Could not parse the certificate chain. It must be PEM-encoded."));
    }
    let now = call.now();
    let mut certificate = match again {
        true => super::reading::known(call, input)?.clone(),
        false => {
            let id = call.world.ids.uuid();
            let arn = call.arn("acm", &format!("certificate/{id}"));
            Certificate { arn, tags, kind: "IMPORTED".to_owned(), created: Some(now), ..Certificate::default() }
        }
    };
    if certificate.kind != "IMPORTED" {
        return Err(invalid("Only imported certificates can be re-imported."));
    }
    if certificate.options.is_empty() {
        for option in ["CertificateTransparencyLoggingPreference", "Export"] {
            certificate.options.insert(option.to_owned(), "DISABLED".into());
        }
    }
    let of = |domain: &String| Validation { domain: domain.clone(), ..Validation::default() };
    certificate.validations = facts.names.iter().map(of).collect();
    certificate.serial = Some(facts.serial);
    certificate.subject = Some(facts.subject);
    certificate.domain = facts.domain;
    certificate.names = facts.names;
    certificate.issuer = facts.issuer;
    certificate.usages = Some((facts.usages, facts.extended));
    certificate.algorithm = facts.algorithm.to_owned();
    certificate.status = "ISSUED".to_owned();
    certificate.imported = Some(now);
    certificate.not_before = Some(facts.validity.0);
    certificate.not_after = Some(facts.validity.1);
    if certificate.not_after.is_some_and(|until| until < now) {
        return Err(invalid("The certificate has expired."));
    }
    certificate.text = Some((text, chain));
    let arn = certificate.arn.clone();
    call.region().acm.certificates.insert(arn.clone(), certificate);
    Ok(json!({"CertificateArn": arn}))
}
