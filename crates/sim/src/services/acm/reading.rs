//! Certificates read, listed, given other options, deleted. Lists leave out every certificate whose key is no RSA key of up to
//! 2048 bits, unless they are asked for: many a tool fell for that.

use serde_json::{Value, json};

use super::pem;
use super::state::Certificate;
use crate::call::{Call, Handler, Input, Members, Refusal, Reply};
use crate::paging;

/// The operations of this part.
pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("DescribeCertificate", describe),
    ("ListCertificates", list),
    ("GetCertificate", get),
    ("DeleteCertificate", delete),
    ("UpdateCertificateOptions", update),
    ("ResendValidationEmail", resend),
];

/// Items of a page if nothing is asked for.
const PAGE: usize = 1000;

/// The certificate that a request names.
///
/// # Errors
/// `ResourceNotFoundException`.
pub(super) fn known<'c>(call: &'c mut Call<'_>, input: &Input) -> Result<&'c mut Certificate, Refusal> {
    let arn = input.text_or_empty("CertificateArn");
    let missing = || Refusal::new("ResourceNotFoundException", format!("Could not find certificate {arn}."));
    call.region().acm.certificates.get_mut(arn).ok_or_else(missing)
}

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let now = call.now();
    Ok(json!({"Certificate": known(call, input)?.document(now)}))
}

fn list(call: &mut Call<'_>, input: &Input) -> Reply {
    let now = call.now();
    let invalid = |text: &str| Err(Refusal::new("ValidationException", text));
    if input.has("SortBy") != input.has("SortOrder") {
        return invalid("SortBy and SortOrder must be specified together.");
    }
    let mut certificates: Vec<&Certificate> = call.region().acm.certificates.values().collect();
    certificates.retain(|one| is_wanted(one, now, input));
    certificates.sort_by_key(|one| one.created.or(one.imported));
    if input.text("SortOrder") == Some("DESCENDING") {
        certificates.reverse();
    }
    let size = input.integer("MaxItems").and_then(|size| usize::try_from(size).ok()).unwrap_or(PAGE);
    let mut scope = input.0.clone();
    scope.remove("NextToken");
    scope.remove("MaxItems");
    let scope = Value::from(scope).to_string();
    let page = paging::page(certificates, |one| one.arn.clone(), size, input.text("NextToken"), &scope);
    let Ok(page) = page else { return invalid("The NextToken value is invalid.") };
    let summaries: Vec<Value> = page.items.iter().map(|one| one.summary(now)).collect();
    Ok(json!({"CertificateSummaryList": summaries, "NextToken": page.next}))
}

fn is_wanted(one: &Certificate, now: crate::world::Moment, input: &Input) -> bool {
    let filters = input.map("Includes").cloned().unwrap_or_default();
    let types = filters.texts("keyTypes");
    let has = |wanted: &[String], have: &Value| {
        let have: Vec<&str> = have.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        wanted.is_empty() || wanted.iter().any(|usage| have.contains(&usage.as_str()))
    };
    let statuses = input.texts("CertificateStatuses");
    let origins = input.texts("CertificateKeyPairOrigins");
    let origin = if one.kind == "IMPORTED" { "CUSTOMER_PROVIDED" } else { "AWS_MANAGED" };
    let summary = one.summary(now);
    let type_fits = if types.is_empty() {
        matches!(one.algorithm.as_str(), "RSA_1024" | "RSA_2048")
    } else {
        types.contains(&one.algorithm)
    };
    type_fits
        && (statuses.is_empty() || statuses.contains(&one.status))
        && (origins.is_empty() || origins.iter().any(|wanted| wanted == origin))
        && has(&filters.texts("keyUsage"), &summary["KeyUsages"])
        && has(&filters.texts("extendedKeyUsage"), &summary["ExtendedKeyUsages"])
        && filters.text("exportOption").is_none_or(|wanted| one.options.text("Export") == Some(wanted))
        && filters.text("managedBy").is_none_or(|wanted| one.managed_by.as_deref() == Some(wanted))
}

fn get(call: &mut Call<'_>, input: &Input) -> Reply {
    let certificate = known(call, input)?;
    if certificate.status != "ISSUED" {
        let text = format!("The certificate {} is not issued yet.", certificate.arn);
        return Err(Refusal::new("RequestInProgressException", text));
    }
    let (text, chain) = match &certificate.text {
        Some((text, chain)) => (text.clone(), chain.clone()),
        None => (pem::certificate(&certificate.arn), Some(pem::chain())),
    };
    Ok(json!({"Certificate": text, "CertificateChain": chain}))
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let (now, account) = (call.now(), call.place.account.clone());
    let certificate = known(call, input)?;
    if certificate.in_use(now) {
        let text = format!("Certificate {} in account {account} is in use.", certificate.arn);
        return Err(Refusal::new("ResourceInUseException", text));
    }
    let arn = certificate.arn.clone();
    call.region().acm.certificates.remove(&arn);
    Ok(json!({}))
}

fn update(call: &mut Call<'_>, input: &Input) -> Reply {
    let certificate = known(call, input)?;
    if certificate.status != "ISSUED" || certificate.kind == "IMPORTED" {
        let (status, kind) = (&certificate.status, &certificate.kind);
        let text = format!("The options of a certificate of type {kind} in state {status} cannot be updated.");
        return Err(Refusal::new("InvalidStateException", text));
    }
    let mut options = input.map("Options").cloned().unwrap_or_default();
    options.remove("ValidationMethod");
    certificate.options.extend(options.into_iter().filter(|(_, value)| !value.is_null()));
    Ok(json!({}))
}

fn resend(call: &mut Call<'_>, input: &Input) -> Reply {
    let certificate = known(call, input)?;
    let domain = input.text_or_empty("Domain").to_ascii_lowercase();
    let Some(validation) = certificate.validations.iter().find(|one| one.domain == domain) else {
        let text = format!("{domain} is not a domain of the certificate {}.", certificate.arn);
        return Err(Refusal::new("InvalidDomainValidationOptionsException", text));
    };
    if certificate.status != "PENDING_VALIDATION" || validation.method != "EMAIL" {
        let text = format!("The certificate {} does not wait for validation by email.", certificate.arn);
        return Err(Refusal::new("InvalidStateException", text));
    }
    Ok(json!({}))
}
