//! How a certificate is asked for. A token is remembered for an hour; what is asked for twice under it is one certificate.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::Event;
use super::state::{Certificate, Validation, record_of};
use super::tagging::Certificates;
use super::validation::{self, FIRST_LOOK};
use crate::call::{Call, Handler, Input, Members, Refusal, Reply};
use crate::tags::dialect::Carrier;
use crate::validate::{self, Violation, What};
use crate::world;

/// The operations of this part.
pub(super) const OPERATIONS: &[(&str, Handler)] = &[("RequestCertificate", request)];

/// Names of a certificate.
const MOST_NAMES: usize = 10;
/// Requests of a year.
const MOST_A_YEAR: usize = 5000;
/// Characters of the first name.
const LONGEST_FIRST: usize = 64;
/// How long a token is remembered.
const REMEMBERED: Duration = Duration::from_secs(3600);
/// After that nobody waits for a validation any more.
const PATIENCE: Duration = Duration::from_secs(72 * 3600);
/// After that a request for names that nobody gets is refused.
const REFUSAL: Duration = Duration::from_secs(5);
/// As the model has it.
const NAME_PATTERN: &str = r"(\*\.)?(((?!-)[A-Za-z0-9-]{0,62}[A-Za-z0-9])\.)+((?!-)[A-Za-z0-9-]{1,62}[A-Za-z0-9])";

/// Whether it is a name that a certificate can have.
fn is_name(name: &str) -> bool {
    let labels: Vec<&str> = name.strip_prefix("*.").unwrap_or(name).split('.').collect();
    let fits = |label: &&str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    labels.len() > 1 && labels.iter().all(fits) && labels.last().is_some_and(|last| last.len() > 1)
}

fn check_names(domain: &str, more: &[String]) -> Result<(), Refusal> {
    let mut found = Vec::new();
    let mut check = |path: String, name: &str| {
        if !is_name(name) {
            found.push(Violation { path, value: Some(name.to_owned()), what: What::Unfit(NAME_PATTERN.to_owned()) });
        }
    };
    check("domainName".to_owned(), domain);
    for (index, name) in more.iter().enumerate() {
        check(format!("subjectAlternativeNames.{}.member", index + 1), name);
    }
    if found.is_empty() { Ok(()) } else { Err(validate::coral(&found, "ValidationException", true)) }
}

/// The domain that mail about a name goes to.
fn validation_domain(input: &Input, name: &str) -> Result<String, Refusal> {
    let options = input.list("DomainValidationOptions");
    let option = options.iter().find(|option| option.text_or_empty("DomainName").eq_ignore_ascii_case(name));
    let Some(option) = option else { return Ok(name.to_owned()) };
    let wanted = option.text_or_empty("ValidationDomain").to_ascii_lowercase();
    let base = name.strip_prefix("*.").unwrap_or(name);
    if base != wanted && !base.ends_with(&format!(".{wanted}")) && name != wanted {
        let text =
            format!("The ValidationDomain {wanted} must be the same as or a superdomain of the DomainName {name}.");
        return Err(Refusal::new("InvalidDomainValidationOptionsException", text));
    }
    Ok(wanted)
}

fn limits(call: &mut Call<'_>, names: &[String]) -> Result<(), Refusal> {
    let full = |text: String| Err(Refusal::new("LimitExceededException", text));
    if names.len() > MOST_NAMES {
        return full("Certificate has too many domains.".to_owned());
    }
    let count = call.region().acm.certificates.values().filter(|one| one.created.is_some()).count();
    if count >= MOST_A_YEAR {
        return full(format!("Error: you have reached your limit of {MOST_A_YEAR} certificates in the last year."));
    }
    Ok(())
}

fn options(input: &Input) -> serde_json::Map<String, Value> {
    let mut options = input.map("Options").cloned().unwrap_or_default();
    options.remove("ValidationMethod");
    options.entry("CertificateTransparencyLoggingPreference").or_insert("ENABLED".into());
    options.entry("Export").or_insert("DISABLED".into());
    options
}

fn request(call: &mut Call<'_>, input: &Input) -> Reply {
    let domain = input.text_or_empty("DomainName").to_ascii_lowercase();
    let mut names: Vec<String> = input.texts("SubjectAlternativeNames");
    check_names(input.text_or_empty("DomainName"), &names)?;
    let tags = Certificates::DIALECT.given(input)?;
    for name in &mut names {
        name.make_ascii_lowercase();
    }
    names.insert(0, domain.clone());
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    let token = input.text("IdempotencyToken").map(|token| format!("{token} {}", Value::from(input.0.clone())));
    let now = call.now();
    let acm = &mut call.region().acm;
    acm.tokens.retain(|_, (since, _)| now.since(*since) < REMEMBERED);
    if let Some((_, arn)) = token.as_ref().and_then(|token| acm.tokens.get(token))
        && acm.certificates.contains_key(arn)
    {
        return Ok(json!({"CertificateArn": arn}));
    }
    if domain.len() > LONGEST_FIRST {
        let text = format!("The domain name {domain} is longer than {LONGEST_FIRST} characters.");
        return Err(Refusal::new("InvalidParameterException", text));
    }
    limits(call, &names)?;
    let method = input.text("ValidationMethod").unwrap_or("EMAIL");
    let private = input.text("CertificateAuthorityArn");
    let mut validations = Vec::new();
    for name in names.iter().filter(|_| private.is_none()) {
        validations.push(Validation {
            validation_domain: validation_domain(input, name)?,
            method: method.to_owned(),
            status: "PENDING_VALIDATION".to_owned(),
            record: record_of(&call.place.account, name),
            domain: name.clone(),
        });
    }
    let id = call.world.ids.uuid();
    let arn = call.arn("acm", &format!("certificate/{id}"));
    let certificate = Certificate {
        arn: arn.clone(),
        domain,
        names,
        validations,
        status: "PENDING_VALIDATION".to_owned(),
        kind: if private.is_some() { "PRIVATE" } else { "AMAZON_ISSUED" }.to_owned(),
        algorithm: input.text("KeyAlgorithm").unwrap_or("RSA_2048").to_owned(),
        options: options(input),
        authority: private.map(str::to_owned),
        managed_by: input.text("ManagedBy").map(str::to_owned),
        issuer: "Amazon".to_owned(),
        created: Some(now),
        tags,
        ..Certificate::default()
    };
    begin(call, certificate);
    if let Some(token) = token {
        call.region().acm.tokens.insert(token, (now, arn.clone()));
    }
    Ok(json!({"CertificateArn": arn}))
}

/// What will happen to a new certificate by itself.
fn begin(call: &mut Call<'_>, certificate: Certificate) {
    let arn = certificate.arn.clone();
    let by_mail = certificate.validations.iter().any(|one| one.method == "EMAIL");
    if by_mail && certificate.names.iter().any(|name| validation::is_reserved(name)) {
        call.after(REFUSAL, world::Event::Acm(Event::Fail { arn: arn.clone() }));
    }
    if certificate.authority.is_some() {
        call.after(REFUSAL, world::Event::Acm(Event::Issue { arn: arn.clone() }));
    } else {
        call.after(FIRST_LOOK, world::Event::Acm(Event::Look { arn: arn.clone(), again: Some(FIRST_LOOK) }));
        call.after(PATIENCE, world::Event::Acm(Event::GiveUp { arn: arn.clone() }));
    }
    call.region().acm.certificates.insert(arn, certificate);
}
