//! What a region has in ACM: certificates, their validations, who uses them, and tokens of requests. How these are written as
//! documents. Decides nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::facts::Extended;
use crate::tags::Tags;
use crate::world::Moment;

/// So long after the request its validation records can be read.
const RECORDS_AFTER: Duration = Duration::from_secs(5);

/// Certificates of one region.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Acm {
    /// By ARN.
    pub certificates: BTreeMap<String, Certificate>,
    /// By idempotency token and what was asked for: when, and the ARN.
    pub tokens: BTreeMap<String, (Moment, String)>,
    /// So many days before its end a certificate is announced to expire, if someone chose a number.
    pub days_before_expiry: Option<i64>,
}

/// A certificate.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Certificate {
    /// Its ARN.
    pub arn: String,
    /// Its first name.
    pub domain: String,
    /// All its names, the first one first.
    pub names: Vec<String>,
    /// One for each name, the first name first.
    pub validations: Vec<Validation>,
    /// `PENDING_VALIDATION`, `ISSUED`, …
    pub status: String,
    /// Why it failed.
    pub failure: Option<String>,
    /// `AMAZON_ISSUED`, `IMPORTED`, `PRIVATE`.
    pub kind: String,
    /// `RSA_2048`, …
    pub algorithm: String,
    /// Transparency logging and export.
    pub options: Map<String, Value>,
    /// The private authority that signs it.
    pub authority: Option<String>,
    /// The service that manages it.
    pub managed_by: Option<String>,
    /// Who signed it.
    pub issuer: String,
    /// Who it is for, if it was imported.
    pub subject: Option<String>,
    /// Sixteen bytes.
    pub serial: Option<String>,
    /// When it was asked for.
    pub created: Option<Moment>,
    /// When it was issued.
    pub issued: Option<Moment>,
    /// When it was imported.
    pub imported: Option<Moment>,
    /// It is valid from then…
    pub not_before: Option<Moment>,
    /// … until then.
    pub not_after: Option<Moment>,
    /// Who uses it; with a moment, until then.
    pub users: BTreeMap<String, Option<Moment>>,
    /// What its key may be used for, and more closely, if it was imported.
    pub usages: Option<(Vec<String>, Vec<Extended>)>,
    /// As it was imported: the certificate and its chain.
    pub text: Option<(String, Option<String>)>,
    /// Its tags.
    pub tags: Tags,
}

/// How it is shown that a name is the requester's.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Validation {
    /// The name.
    pub domain: String,
    /// The name that mail goes to.
    pub validation_domain: String,
    /// `DNS`, `EMAIL`, `HTTP`.
    pub method: String,
    /// `PENDING_VALIDATION`, `SUCCESS`, `FAILED`.
    pub status: String,
    /// Name and value of the record to be set.
    pub record: (String, String),
}

/// The validation record of a name in an account. A wildcard and its base share one, and so do all certificates of a name.
pub(super) fn record_of(account: &str, domain: &str) -> (String, String) {
    let base = domain.strip_prefix("*.").unwrap_or(domain);
    let hash = |what: &str| Sha256::digest(format!("{what} {account} {base}"));
    let hex = |what: &str| hash(what)[..16].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let label: String = hash("label")[..10].iter().map(|byte| char::from(b'a' + byte % 26)).collect();
    (format!("_{}.{base}.", hex("name")), format!("_{}.{label}.acm-validations.aws.", hex("value")))
}

impl Certificate {
    /// Whether anything uses it, or did a moment ago.
    pub fn in_use(&self, now: Moment) -> bool {
        self.users.values().any(|until| until.is_none_or(|until| until > now))
    }

    fn renewable(&self, now: Moment) -> &'static str {
        let eligible = self.kind == "AMAZON_ISSUED" && self.status == "ISSUED" && self.in_use(now);
        if eligible { "ELIGIBLE" } else { "INELIGIBLE" }
    }

    /// What the key may be used for: known once it is issued.
    fn usages(&self) -> Value {
        if let Some((usages, _)) = &self.usages {
            return usages.iter().map(|name| json!({"Name": name})).collect();
        }
        if self.issued.is_none() && self.imported.is_none() {
            return json!([]);
        }
        json!([{"Name": "DIGITAL_SIGNATURE"}, {"Name": "KEY_ENCIPHERMENT"}])
    }

    fn extended_usages(&self) -> Value {
        if let Some((_, extended)) = &self.usages {
            return extended.iter().map(|(name, id)| json!({"Name": name, "OID": id})).collect();
        }
        if self.issued.is_none() && self.imported.is_none() {
            return json!([]);
        }
        json!([{"Name": "TLS_WEB_SERVER_AUTHENTICATION", "OID": "1.3.6.1.5.5.7.3.1"}])
    }

    fn signature(&self) -> &'static str {
        match self.algorithm.as_str() {
            "EC_prime256v1" => "SHA256WITHECDSA",
            "EC_secp384r1" => "SHA384WITHECDSA",
            "EC_secp521r1" => "SHA512WITHECDSA",
            _ => "SHA256WITHRSA",
        }
    }

    /// Replies write it with a hyphen where requests have an underscore.
    fn written_algorithm(&self) -> String {
        self.algorithm.replacen('_', "-", 1)
    }

    /// As DescribeCertificate answers.
    pub fn document(&self, now: Moment) -> Value {
        let shows_records = self.created.is_some_and(|created| now >= created.plus(RECORDS_AFTER));
        let validations: Vec<Value> = self.validations.iter().map(|one| one.document(shows_records)).collect();
        let users: Vec<&String> = self
            .users
            .iter()
            .filter(|(_, until)| until.is_none_or(|until| until > now))
            .map(|(user, _)| user)
            .collect();
        json!({
            "CertificateArn": self.arn,
            "DomainName": self.domain,
            "SubjectAlternativeNames": self.names,
            "ManagedBy": self.managed_by,
            "DomainValidationOptions": (!validations.is_empty()).then_some(validations),
            "Serial": self.serial,
            "Subject": self.subject.clone().unwrap_or_else(|| format!("CN={}", self.domain)),
            "Issuer": self.issuer,
            "CreatedAt": self.created.map(Moment::value),
            "IssuedAt": self.issued.map(Moment::value),
            "ImportedAt": self.imported.map(Moment::value),
            "Status": self.status,
            "NotBefore": self.not_before.map(Moment::value),
            "NotAfter": self.not_after.map(Moment::value),
            "KeyAlgorithm": self.written_algorithm(),
            "SignatureAlgorithm": self.signature(),
            "InUseBy": users,
            "FailureReason": self.failure,
            "Type": self.kind,
            "KeyUsages": self.usages(),
            "ExtendedKeyUsages": self.extended_usages(),
            "CertificateAuthorityArn": self.authority,
            "RenewalEligibility": self.renewable(now),
            "Options": self.options,
        })
    }

    /// As ListCertificates answers.
    pub fn summary(&self, now: Moment) -> Value {
        let names = |list: Value| -> Value {
            list.as_array().into_iter().flatten().map(|usage| usage["Name"].clone()).collect()
        };
        json!({
            "CertificateArn": self.arn,
            "DomainName": self.domain,
            "SubjectAlternativeNameSummaries": self.names,
            "HasAdditionalSubjectAlternativeNames": false,
            "Status": self.status,
            "Type": self.kind,
            "KeyAlgorithm": self.written_algorithm(),
            "KeyUsages": names(self.usages()),
            "ExtendedKeyUsages": names(self.extended_usages()),
            "ExportOption": self.options.get("Export"),
            "Exported": self.imported.is_none().then_some(false),
            "InUse": self.in_use(now),
            "RenewalEligibility": self.renewable(now),
            "NotBefore": self.not_before.map(Moment::value),
            "NotAfter": self.not_after.map(Moment::value),
            "CreatedAt": self.created.map(Moment::value),
            "IssuedAt": self.issued.map(Moment::value),
            "ImportedAt": self.imported.map(Moment::value),
            "ManagedBy": self.managed_by,
        })
    }

    /// Makes it a valid one, from today on.
    pub fn issue(&mut self, now: Moment, serial: String) {
        /// Days that a certificate is valid.
        const DAYS: u64 = 198;
        const DAY: i64 = 24 * 3600 * 1000;
        let midnight = Moment(now.0.div_euclid(DAY) * DAY);
        self.status = "ISSUED".to_owned();
        self.issued = Some(now);
        self.not_before = Some(midnight);
        self.not_after = Some(midnight.plus(Duration::from_secs(DAYS * 24 * 3600 - 1)));
        self.serial = Some(serial);
        for validation in &mut self.validations {
            validation.status = "SUCCESS".to_owned();
        }
    }
}

impl Validation {
    fn document(&self, shows_record: bool) -> Value {
        // Of an imported certificate only the names are known.
        if self.method.is_empty() {
            return json!({"DomainName": self.domain});
        }
        let (name, value) = &self.record;
        let is_dns = self.method == "DNS";
        let host = self.domain.strip_prefix("*.").unwrap_or(&self.domain);
        let token = name.split('.').next().unwrap_or_default().trim_start_matches('_');
        let redirect = json!({
            "RedirectFrom": format!("http://{host}/.well-known/pki-validation/{token}.txt"),
            "RedirectTo": format!("https://validation.us-east-1.acm-validations.aws/{token}.txt"),
        });
        json!({
            "DomainName": self.domain,
            "ValidationEmails": (self.method == "EMAIL").then(|| json!([])),
            "ValidationDomain": self.validation_domain,
            "ValidationStatus": self.status,
            "ResourceRecord": (is_dns && shows_record).then(|| json!({"Name": name, "Type": "CNAME", "Value": value})),
            "HttpRedirect": (self.method == "HTTP" && shows_record).then_some(redirect),
            "ValidationMethod": self.method,
        })
    }
}

/// What happens by itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {
    /// Somebody looks for the validation records.
    Look {
        /// The certificate.
        arn: String,
        /// How long until the next look; none if this one is out of turn.
        again: Option<Duration>,
    },
    /// A certificate that needs no validation is issued.
    Issue {
        /// The certificate.
        arn: String,
    },
    /// A request is refused after all.
    Fail {
        /// The certificate.
        arn: String,
    },
    /// Nobody waits any longer.
    GiveUp {
        /// The certificate.
        arn: String,
    },
}
