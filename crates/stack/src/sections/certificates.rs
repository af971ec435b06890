//! `certificates:`: certificates of ACM, requested and validated through DNS, or looked up. Decides what ACM would refuse of their
//! names and in which zone each is validated. Which hosts a listener serves with them is checked in `validate/certificates.rs`.

use std::collections::BTreeMap;

use evenkeel_core::diagnostic::{Diagnostic, Place};
use evenkeel_core::doc::Text;
use evenkeel_core::id::NodeId;

use super::super::arn;
use super::super::decode::{Want, capital};
use super::super::fields::Fields;
use super::super::model::{Certificate, ManagedCertificate, SoughtCertificate};
use super::super::suggest;
use super::super::table::{EMPTY, Made, Table, Type, key};
use super::super::tagging::Rules;
use super::super::tree::{Entry, Tree};
use super::dns::domain;
use super::{Ctx, META, existing};

/// An entry.
pub(crate) static CERTIFICATE: Table = Table {
    path: "certificates",
    what: "a certificate",
    groups: &[
        &[key(
            "existing",
            Type::Text,
            "An existing certificate, which is only looked up; no other key is allowed with it.",
        )
        .shape("ARN, or a domain name: the newest issued certificate that covers it")
        .aws("ListCertificates")
        .example("cruddur.example")],
        &META,
        &[
            key("domain", Type::Text, "The first name that it is for; a change replaces the certificate.")
                .also(&["domain_name"])
                .without("required, unless `existing` is given")
                .shape("domain name, up to 64 characters, `*.` before it or not")
                .aws("DomainName")
                .example("cruddur.example"),
            key(
                "names",
                Type::Several(&Type::Text),
                "Further names that it is for; a change replaces the certificate.",
            )
            .also(&["subject_alternative_names"])
            .shape("list of domain names, `*.` before them or not")
            .aws("SubjectAlternativeNames")
            .example("[\"*.cruddur.example\"]"),
            key(
                "zone",
                Type::Text,
                "The public hosted zone that gets the validation records; it need not be in `dns:`.",
            )
            .shape("domain name")
            .without("for each name the closest zone of `dns:`")
            .example("cruddur.example"),
            key(
                "key_algorithm",
                Type::Word(&["RSA_2048", "EC_prime256v1", "EC_secp384r1"]),
                "The key of the certificate; a change replaces it.",
            )
            .value("RSA_2048")
            .aws("KeyAlgorithm"),
        ],
    ],
    made: &[Made { kind: KIND, outputs: &["arn", "domain"], name: None }],
    words: &[
        ("ValidationMethod", "Certificates are always validated through DNS. Remove it."),
        ("CertificateTransparencyLoggingPreference", "AWS writes every certificate to public logs. Remove it."),
        ("CertificateArn", "Give the ARN of a certificate that exists under `existing`."),
        ("HostedZoneId", "Name the zone by its domain under `zone`."),
    ],
    ..EMPTY
};

/// The kind that entries stand for.
const KIND: &str = "certificate";
/// Characters of the first name: the common name of a certificate holds no more.
const LONGEST_FIRST: usize = 64;
/// Names that a certificate can have once the quota has been raised.
const MOST_NAMES: usize = 100;
/// Names that it can have before that.
const QUOTA: usize = 10;
/// Domains that ACM issues no certificates for, because they are Amazon's.
const OF_AMAZON: &[&str] = &["amazonaws.com", "amazonaws.com.cn", "cloudfront.net", "elasticbeanstalk.com", "on.aws"];

/// Reads one entry.
pub(crate) fn read(ctx: &Ctx<'_>, entry: &Entry) -> Option<Certificate> {
    let what = format!("certificate `{}`", entry.key);
    let fields = Fields::open(&entry.value, what.clone(), &CERTIFICATE, ctx.problems)?;
    if existing::is_empty(ctx, &fields, &what, "Name the certificate, or remove the key to have one requested.") {
        return None;
    }
    if let Some(tree) = fields.take("existing") {
        let help = "A certificate with `existing` is only looked up. Remove one of the two.";
        existing::alone(ctx, entry, &CERTIFICATE, &what, &[], help);
        let sought = looked_up(ctx, tree, &fields.text("existing")?)?;
        return Some(Certificate::Existing { place: entry.place.clone(), sought });
    }
    let meta = ctx.meta(entry, &fields, Rules::Common);
    let mut names: Vec<(String, Place)> = Vec::new();
    match fields.take("domain") {
        Some(tree) => names.extend(name(ctx, tree, &format!("`domain` of {what}"))),
        None => {
            let help = "Say which name it is for: domain: example.com. For one that exists: existing: example.com.";
            ctx.problems.error("missing-key", &entry.place, format!("{what} has no `domain`"), help);
        }
    }
    if let Some((first, place)) = names.first().filter(|(first, _)| first.len() > LONGEST_FIRST) {
        let summary = format!("`{first}` has {} characters, too many for the first name", first.len());
        let help = format!("ACM accepts {LONGEST_FIRST} there. Make a shorter one `domain` and put it under `names`.");
        ctx.problems.error("bad-name", place, summary, help);
    }
    let has_first = !names.is_empty();
    let key = format!("`names` of {what}");
    if let Some(tree) = fields.take("names") {
        for item in Want::new(&key, ctx.problems).several(tree) {
            let Some((found, place)) = name(ctx, item, &key) else { continue };
            if let Some((_, first)) = names.iter().find(|(other, _)| *other == found) {
                let summary = format!("{what} has the name `{found}` twice");
                let error = Diagnostic::error("duplicate", summary, Some(place));
                ctx.problems.push(error.related(first.clone(), "the first one").help("Remove one of the two."));
                continue;
            }
            names.push((found, place));
        }
        how_many(ctx, tree, names.len(), &what);
    }
    let zones = zones(ctx, fields.take("zone"), &names, &what);
    let key_algorithm = fields.word("key_algorithm").unwrap_or_default().to_owned();
    fields.finish();
    if !has_first {
        return None;
    }
    let mut names = names.into_iter().map(|(name, _)| name);
    let domain = names.next()?;
    let mut names: Vec<String> = names.collect();
    names.sort();
    Some(Certificate::Managed(Box::new(ManagedCertificate { meta, domain, names, key_algorithm, zones })))
}

fn looked_up(ctx: &Ctx<'_>, tree: &Tree, given: &str) -> Option<SoughtCertificate> {
    if given.starts_with("arn:") {
        return arn::check(ctx, &tree.place, given, &arn::CERTIFICATE)
            .then(|| SoughtCertificate::Arn(given.to_owned()));
    }
    name(ctx, tree, "`existing`").map(|(name, _)| SoughtCertificate::Domain(name))
}

/// A name that a certificate can be for.
fn name(ctx: &Ctx<'_>, tree: &Tree, key: &str) -> Option<(String, Place)> {
    let name = domain(&Want::new(key, ctx.problems).filled(tree)?);
    if let Some((complaint, help)) = complaint(&name) {
        let summary = format!("ACM issues no certificate for `{name}`: {complaint}");
        ctx.problems.error("bad-name", &tree.place, summary, help);
        return None;
    }
    Some((name, tree.place.clone()))
}

/// What is wrong with a name, and what to do about it.
fn complaint(name: &str) -> Option<(String, String)> {
    let found = |complaint: &str, help: &str| Some((complaint.to_owned(), help.to_owned()));
    let base = name.strip_prefix("*.").unwrap_or(name);
    if let Some(bad) = name.chars().find(|c| !c.is_ascii()) {
        return found(&format!("`{bad}` is not allowed"), "Write an international name in Punycode: xn--….");
    }
    if base.contains('*') {
        return found(
            "`*` is not the whole first part",
            "A wildcard is the whole part before the first dot: *.example.com.",
        );
    }
    if name.len() > 253 {
        return found("it is longer than 253 characters", "Use a shorter name.");
    }
    let labels: Vec<&str> = base.split('.').collect();
    if labels.len() < 2 {
        return found("it has no dot", "Give a whole domain name: example.com.");
    }
    for label in &labels {
        if label.is_empty() || label.len() > 63 {
            return found("each part between dots has 1 to 63 characters", "Correct the name.");
        }
        if let Some(bad) = label.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '-') {
            return found(&format!("`{bad}` is not allowed"), "Use letters, digits and `-`.");
        }
        if label.starts_with('-') || label.ends_with('-') {
            return found("a part begins or ends with `-`", "Correct the name.");
        }
    }
    if labels.last().is_some_and(|last| last.len() < 2 || last.chars().all(|c| c.is_ascii_digit())) {
        return found("it does not end in a top-level domain", "A certificate is for names, not for addresses.");
    }
    let within = |of: &&&str| base == **of || base.ends_with(&format!(".{of}"));
    if let Some(of) = OF_AMAZON.iter().find(within) {
        return found(&format!("{of} belongs to Amazon"), "Use a domain of your own, with a record that points there.");
    }
    None
}

fn how_many(ctx: &Ctx<'_>, tree: &Tree, count: usize, what: &str) {
    let summary = format!("{what} has {count} names");
    if count > MOST_NAMES {
        let help = format!("ACM accepts at most {MOST_NAMES}. Use a wildcard, or several certificates.");
        ctx.problems.error("too-many", &tree.place, summary, help);
    } else if count > QUOTA {
        let help = format!("AWS's default quota is {QUOTA} names in a certificate. Use a wildcard, or have it raised.");
        ctx.problems.warn("quota", &tree.place, summary, help);
    }
}

/// The zone that each name is validated in, by the name without its wildcard.
fn zones(ctx: &Ctx<'_>, given: Option<&Tree>, names: &[(String, Place)], what: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let zone = match given {
        Some(tree) => {
            let key = format!("`zone` of {what}");
            let Some(zone) = Want::new(&key, ctx.problems).filled(tree).map(|text| domain(&text)) else { return found };
            if let Some(complaint) =
                super::dns::complaint(&zone).or_else(|| zone.contains('*').then(|| "`*` is not allowed".to_owned()))
            {
                let summary = format!("`{zone}` is not a domain name");
                ctx.problems.error("bad-name", &tree.place, summary, format!("{}.", capital(&complaint)));
                return found;
            }
            Some(zone)
        }
        None => None,
    };
    let known = ctx.scope.names.of("hosted_zone");
    for (name, place) in names {
        let base = name.strip_prefix("*.").unwrap_or(name);
        let within = |zone: &str| base == zone || base.ends_with(&format!(".{zone}"));
        let closest = match &zone {
            Some(zone) => within(zone).then_some(zone.as_str()),
            None => known.iter().copied().filter(|zone| within(zone)).max_by_key(|zone| zone.len()),
        };
        match (closest, &zone) {
            (Some(zone), _) => drop(found.insert(base.to_owned(), zone.to_owned())),
            (None, Some(zone)) => {
                let summary = format!("`{name}` is not in the zone `{zone}`");
                let help = "All names of a certificate with `zone` are in that zone. Remove `zone` to let the zones of \
                     `dns:` decide for each name.";
                ctx.problems.error("no-zone", place, summary, help);
            }
            (None, None) => {
                let summary = format!("no zone of the file holds `{name}`, so {what} cannot be validated");
                let has = if known.is_empty() {
                    "The file has no zones.".to_owned()
                } else {
                    format!("`dns:` has {}.", suggest::list(&known))
                };
                let help = format!("Name the hosted zone that holds it: zone: example.com. {has}");
                ctx.problems.error("no-zone", place, summary, help);
            }
        }
    }
    found
}

/// A certificate that something names: an entry of this section, an ARN, or an output.
pub(crate) fn named(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<Text> {
    let text = Want::new(what, ctx.problems).text(tree)?;
    let Some(known) = text.known() else { return Some(text) };
    if known.starts_with("arn:") {
        let shape = if arn::service(known) == Some("iam") { &arn::SERVER_CERTIFICATE } else { &arn::CERTIFICATE };
        return arn::check(ctx, &tree.place, known, shape).then_some(text);
    }
    let entry = ctx.entry_name(tree, KIND, "certificates", what)?;
    Some(Text::output(NodeId::new(KIND, &entry), "arn"))
}
