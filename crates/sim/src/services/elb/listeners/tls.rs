//! What a listener has for TLS: its certificate, its security policy, its protocols within TLS, and whether clients show
//! certificates too. Certificates have to be issued.

use serde_json::{Map, Value, json};

use super::super::arns::{configuration, invalid};
use super::super::policies;
use super::super::state::Listener;
use crate::call::{Call, Input, Members, Refusal};
use crate::services::acm;

/// Refuses a certificate that is not there or cannot be used.
pub(super) fn check_certificate(call: &mut Call<'_>, arn: &str) -> Result<(), Refusal> {
    // Server certificates of IAM are not simulated: any will do.
    if arn.contains(":iam:") && arn.contains(":server-certificate/") {
        return Ok(());
    }
    match acm::status(call.region(), arn).as_deref() {
        None => Err(Refusal::new("CertificateNotFound", format!("Certificate '{arn}' not found"))),
        Some("ISSUED") => Ok(()),
        Some(_) => {
            let text = format!(
                "The certificate '{arn}' must have a fully-qualified domain name, a supported signature, and a \
                 supported key size."
            );
            Err(Refusal::new("UnsupportedCertificate", text))
        }
    }
}

/// Reads what a request says of TLS; `before` is the listener as it was.
pub(super) fn read(
    call: &mut Call<'_>,
    listener: &mut Listener,
    input: &Input,
    before: Option<&Listener>,
) -> Result<(), Refusal> {
    let protocol = listener.protocol.clone().unwrap_or_default();
    let certificates = input.list("Certificates");
    if !matches!(protocol.as_str(), "HTTPS" | "TLS") {
        if !certificates.is_empty() {
            return Err(invalid(format!("A certificate cannot be specified for {protocol} listeners")));
        }
        if input.has("SslPolicy") {
            return Err(invalid(format!("An SSL policy cannot be specified for {protocol} listeners")));
        }
        if input.map("MutualAuthentication").is_some_and(|mutual| mutual.text("Mode") != Some("off")) {
            return Err(configuration(format!("Mutual authentication is not supported for {protocol} listeners")));
        }
        listener.certificate = None;
        listener.more_certificates.clear();
        listener.ssl_policy = None;
        listener.alpn = None;
        listener.mutual = None;
        return Ok(());
    }
    match certificates {
        [] if listener.certificate.is_none() => {
            return Err(invalid(format!("A certificate must be specified for {protocol} listeners")));
        }
        [] => {}
        [one] => {
            if one.has("IsDefault") {
                return Err(invalid("You cannot set 'isDefault' for a certificate of a listener"));
            }
            let arn = one.text_or_empty("CertificateArn").to_owned();
            check_certificate(call, &arn)?;
            listener.more_certificates.retain(|other| *other != arn);
            listener.certificate = Some(arn);
        }
        _ => return Err(invalid("Only one certificate can be specified as the default certificate of a listener")),
    }
    if let Some(policy) = input.text("SslPolicy").filter(|policy| !policy.is_empty()) {
        if !policies::exists(policy) {
            return Err(policies::none(policy));
        }
        listener.ssl_policy = Some(policy.to_owned());
    }
    listener.ssl_policy.get_or_insert_with(|| policies::DEFAULT.to_owned());
    alpn(listener, input, &protocol)?;
    mutual(listener, input, &protocol, before)
}

fn alpn(listener: &mut Listener, input: &Input, protocol: &str) -> Result<(), Refusal> {
    const KNOWN: &[&str] = &["HTTP1Only", "HTTP2Only", "HTTP2Optional", "HTTP2Preferred", "None"];
    let wanted = input.texts("AlpnPolicy");
    match (wanted.as_slice(), protocol) {
        ([], _) => {}
        ([_], "HTTPS") => return Err(invalid("An ALPN policy cannot be specified for HTTPS listeners")),
        ([policy], _) if KNOWN.contains(&policy.as_str()) => listener.alpn = Some(policy.clone()),
        ([policy], _) => {
            return Err(Refusal::new("ALPNPolicyNotFound", format!("ALPN policy '{policy}' not found")));
        }
        _ => return Err(invalid("Only one ALPN policy can be specified")),
    }
    Ok(())
}

fn mutual(listener: &mut Listener, input: &Input, protocol: &str, before: Option<&Listener>) -> Result<(), Refusal> {
    if protocol != "HTTPS" {
        return Ok(());
    }
    let off = || json!({ "Mode": "off" });
    let Some(wanted) = input.map("MutualAuthentication") else {
        let old = before.and_then(|before| before.mutual.clone());
        listener.mutual = Some(old.unwrap_or_else(off));
        return Ok(());
    };
    let mode = wanted.text("Mode").unwrap_or("off");
    let store = wanted.text("TrustStoreArn");
    let mut mutual = Map::new();
    mutual.insert("Mode".to_owned(), mode.into());
    match (mode, store) {
        ("off" | "passthrough", Some(_)) => {
            return Err(invalid(format!(
                "A trust store cannot be specified when mutual authentication mode is '{mode}'"
            )));
        }
        ("off" | "passthrough", None) => {}
        ("verify", None) => {
            return Err(invalid("A trust store must be specified when mutual authentication mode is 'verify'"));
        }
        ("verify", Some(store)) => {
            if !store.contains(":truststore/") {
                return Err(Refusal::new("TrustStoreNotFound", format!("Trust store '{store}' not found")));
            }
            mutual.insert("TrustStoreArn".to_owned(), store.into());
            let ignore = wanted.flag("IgnoreClientCertificateExpiry").unwrap_or(false);
            mutual.insert("IgnoreClientCertificateExpiry".to_owned(), ignore.into());
            let advertise = wanted.text("AdvertiseTrustStoreCaNames").unwrap_or("off");
            mutual.insert("AdvertiseTrustStoreCaNames".to_owned(), advertise.into());
        }
        _ => {
            let text = format!("Mutual authentication mode '{mode}' must be one of '[off, passthrough, verify]'");
            return Err(invalid(text));
        }
    }
    listener.mutual = Some(Value::Object(mutual));
    Ok(())
}
