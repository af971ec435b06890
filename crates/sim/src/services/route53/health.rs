//! Health checks: made once for a caller reference, read, updated under a version, deleted. They check nothing here; a record
//! set can name one.

use serde_json::{Map, Value, json};

use super::listing::size;
use super::state::{HealthCheck, Route53};
use crate::call::{Call, Handler, Input, Members, Refusal, Reply};

/// The operations of this part.
pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateHealthCheck", create),
    ("GetHealthCheck", get),
    ("ListHealthChecks", list),
    ("UpdateHealthCheck", update),
    ("DeleteHealthCheck", delete),
];

/// Health checks of an account.
const MOST_CHECKS: usize = 200;
/// Most items of a page.
const PAGE: usize = 100;

fn none(id: &str) -> Refusal {
    Refusal::new("NoSuchHealthCheck", format!("A health check with id {id} does not exist."))
}

fn known<'r>(route53: &'r mut Route53, id: &str) -> Result<&'r mut HealthCheck, Refusal> {
    route53.checks.get_mut(id).ok_or_else(|| none(id))
}

/// What is filled in, by the type of the check.
fn complete(asked: &Map<String, Value>) -> Map<String, Value> {
    let mut config = asked.clone();
    let kind = asked.text_or_empty("Type");
    let mut default = |name: &str, value: Value| {
        config.entry(name).or_insert(value);
    };
    if !matches!(kind, "CALCULATED" | "CLOUDWATCH_METRIC" | "RECOVERY_CONTROL") {
        default("RequestInterval", json!(30));
        default("FailureThreshold", json!(3));
        default("MeasureLatency", json!(false));
        match kind {
            "HTTP" | "HTTP_STR_MATCH" => default("Port", json!(80)),
            "HTTPS" | "HTTPS_STR_MATCH" => default("Port", json!(443)),
            _ => {}
        }
        default("EnableSNI", json!(kind.starts_with("HTTPS")));
    }
    default("Inverted", json!(false));
    default("Disabled", json!(false));
    config
}

fn invalid(text: &str) -> Refusal {
    Refusal::new("InvalidInput", text)
}

/// What belongs together by the type of the check.
fn check(config: &Map<String, Value>) -> Result<(), Refusal> {
    let kind = config.text_or_empty("Type");
    match kind {
        "CALCULATED" if !config.has("HealthThreshold") => {
            Err(invalid("HealthThreshold must be specified for CALCULATED health checks."))
        }
        "CLOUDWATCH_METRIC" if !config.has("AlarmIdentifier") => {
            Err(invalid("AlarmIdentifier must be specified for CLOUDWATCH_METRIC health checks."))
        }
        "CALCULATED" | "CLOUDWATCH_METRIC" | "RECOVERY_CONTROL" => Ok(()),
        _ if !config.has("IPAddress") && !config.has("FullyQualifiedDomainName") => {
            Err(invalid("Invalid parameter : Either IPAddress or FullyQualifiedDomainName must be specified."))
        }
        "TCP" if !config.has("Port") => {
            Err(invalid("Invalid parameter : Port must be specified for TCP health checks."))
        }
        "HTTP_STR_MATCH" | "HTTPS_STR_MATCH" if config.text_or_empty("SearchString").is_empty() => {
            Err(invalid("Invalid parameter : SearchString must be specified for string matching health checks."))
        }
        _ if config.integer("RequestInterval").is_some_and(|seconds| seconds != 10 && seconds != 30) => {
            Err(invalid("Invalid parameter : RequestInterval must be 10 or 30."))
        }
        _ => Ok(()),
    }
}

fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    let asked = input.map("HealthCheckConfig").cloned().unwrap_or_default();
    let reference = input.text_or_empty("CallerReference").to_owned();
    check(&asked)?;
    let id = call.world.ids.uuid();
    let route53 = &mut call.account().route53;
    let known = route53.check_references.get(&reference).cloned();
    let id = match known {
        // The same request once more gives the same check, as long as that is there.
        Some(known) if route53.checks.get(&known).is_some_and(|check| check.asked == asked) => known,
        Some(_) => {
            let text = "The health check you're attempting to create already exists with different settings or has \
                        been deleted.";
            return Err(Refusal::new("HealthCheckAlreadyExists", text));
        }
        None if route53.checks.len() >= MOST_CHECKS => {
            let text = "Limits Exceeded: MAX_HEALTH_CHECKS_BY_OWNER - Cannot create more health checks.";
            return Err(Refusal::new("TooManyHealthChecks", text).status(400));
        }
        None => {
            let config = complete(&asked);
            let check =
                HealthCheck { reference: reference.clone(), asked, config, version: 1, ..HealthCheck::default() };
            route53.checks.insert(id.clone(), check);
            route53.check_references.insert(reference, id.clone());
            id
        }
    };
    let check = self::known(route53, &id)?;
    Ok(json!({
        "HealthCheck": check.document(&id),
        "Location": format!("https://route53.amazonaws.com/2013-04-01/healthcheck/{id}"),
    }))
}

fn get(call: &mut Call<'_>, input: &Input) -> Reply {
    let id = input.text_or_empty("HealthCheckId");
    Ok(json!({"HealthCheck": known(&mut call.account().route53, id)?.document(id)}))
}

fn list(call: &mut Call<'_>, input: &Input) -> Reply {
    let size = size(input, PAGE)?;
    let start = input.text_or_empty("Marker").to_owned();
    let mut checks = call.account().route53.checks.range(start..);
    let page: Vec<Value> = checks.by_ref().take(size).map(|(id, check)| check.document(id)).collect();
    let next = checks.next().map(|(id, _)| id.clone());
    Ok(json!({
        "HealthChecks": page,
        "Marker": input.text("Marker"),
        "IsTruncated": next.is_some(),
        "NextMarker": next,
        "MaxItems": size.to_string(),
    }))
}

fn update(call: &mut Call<'_>, input: &Input) -> Reply {
    let id = input.text_or_empty("HealthCheckId");
    let here = known(&mut call.account().route53, id)?;
    if let Some(version) = input.integer("HealthCheckVersion").filter(|version| *version != here.version) {
        let text = format!("The version of the health check is {}, not {version}.", here.version);
        return Err(Refusal::new("HealthCheckVersionMismatch", text));
    }
    let mut config = here.config.clone();
    for name in input.texts("ResetElements") {
        config.remove(&name);
    }
    let apart = ["HealthCheckId", "HealthCheckVersion", "ResetElements"];
    for (name, value) in input.0.iter().filter(|(name, value)| !apart.contains(&name.as_str()) && !value.is_null()) {
        config.insert(name.clone(), value.clone());
    }
    check(&config)?;
    here.config = config;
    here.version += 1;
    Ok(json!({"HealthCheck": here.document(id)}))
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let id = input.text_or_empty("HealthCheckId");
    // A record set may still name it; that is no reason to keep it.
    call.account().route53.checks.remove(id).map(|_| json!({})).ok_or_else(|| none(id))
}
