//! The conditions of a rule: what each field takes, and how they read back. Values come back in AWS's order where it has one,
//! and hosts and paths under their old name as well.

use std::net::IpAddr;

use serde_json::{Map, Value, json};

use super::super::arns::{configuration, invalid};
use super::super::state::Kind;
use crate::call::{Members, Refusal};

/// The fields, with the member that holds each one's values.
const FIELDS: &[(&str, &str)] = &[
    ("path-pattern", "PathPatternConfig"),
    ("host-header", "HostHeaderConfig"),
    ("http-header", "HttpHeaderConfig"),
    ("http-request-method", "HttpRequestMethodConfig"),
    ("query-string", "QueryStringConfig"),
    ("source-ip", "SourceIpConfig"),
];

/// How many values, and how many wildcards, a rule may have.
const VALUES: usize = 5;

/// Reads the conditions of a request, as they read back.
pub(super) fn read(list: &[Value], kind: Kind) -> Result<Vec<Value>, Refusal> {
    if list.is_empty() {
        return Err(invalid("A condition must be specified"));
    }
    for condition in list {
        let family = condition.map("SourceIpConfig").and_then(|config| config.text("IpAddressType"));
        if (kind == Kind::Network) != family.is_some() {
            let field = condition.text_or_empty("Field");
            let balancer = kind.name();
            return Err(configuration(if kind == Kind::Network {
                format!(
                    "Condition field '{field}' without an IP address type is not supported on {balancer} load balancers"
                )
            } else {
                format!("The IP address type of a '{field}' condition is not supported on {balancer} load balancers")
            }));
        }
        if let Some(family) = family.filter(|family| !["ipv4", "ipv6"].contains(family)) {
            return Err(invalid(format!("IP address type '{family}' must be one of '[ipv4, ipv6]'")));
        }
    }
    let mut read: Vec<Value> = Vec::new();
    let (mut values, mut wildcards) = (0, 0);
    for condition in list {
        let one = one(condition)?;
        let field = one.text_or_empty("Field").to_owned();
        let single = !matches!(field.as_str(), "http-header" | "query-string");
        if single && read.iter().any(|other| other.text("Field") == Some(&field)) {
            return Err(invalid(format!("A rule can only have one '{field}' condition")));
        }
        let texts = texts(&one);
        values += texts.len();
        if !matches!(field.as_str(), "source-ip" | "http-request-method") {
            wildcards += texts.iter().map(|text| text.matches(['*', '?']).count()).sum::<usize>();
        }
        read.push(one);
    }
    if values > VALUES {
        return Err(invalid(format!("A rule can only have '{VALUES}' condition values")));
    }
    if wildcards > VALUES {
        return Err(invalid(format!("A rule can only have '{VALUES}' condition wildcards")));
    }
    read.sort_by(|one, other| one.text("Field").cmp(&other.text("Field")));
    Ok(read)
}

/// All values of a condition that has been read.
fn texts(condition: &Value) -> Vec<String> {
    let config = FIELDS.iter().find(|(field, _)| condition.text("Field") == Some(field)).map_or("", |(_, name)| name);
    let Some(config) = condition.map(config) else { return Vec::new() };
    let pair = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => format!("{}{}", other.text_or_empty("Key"), other.text_or_empty("Value")),
    };
    let regexes = condition.list("RegexValues").iter().chain(config.list("RegexValues"));
    config.list("Values").iter().chain(regexes).map(pair).collect()
}

fn one(condition: &Value) -> Result<Value, Refusal> {
    let Some(field) = condition.text("Field").filter(|field| !field.is_empty()) else {
        return Err(invalid("A condition field must be specified"));
    };
    let Some((_, name)) = FIELDS.iter().find(|(known, _)| *known == field) else {
        let known: Vec<&str> = FIELDS.iter().map(|(field, _)| *field).collect();
        let text = format!("Condition field '{field}' must be one of '[{}]'", known.join(", "));
        return Err(invalid(text));
    };
    for (_, other) in FIELDS.iter().filter(|(_, other)| other != name) {
        if condition.has(other) {
            return Err(invalid(format!("You cannot specify '{other}' for a condition of type '{field}'")));
        }
    }
    let legacy = condition.texts("Values");
    let old = matches!(field, "host-header" | "path-pattern");
    if !legacy.is_empty() && !old {
        return Err(invalid(format!("The 'Values' field is not compatible with '{field}'")));
    }
    if !legacy.is_empty() && condition.has(name) {
        return Err(invalid(format!("You cannot provide both Values and '{name}' for a condition of type '{field}'")));
    }
    if legacy.len() > 1 {
        return Err(invalid(format!("The '{field}' field contains too many values; the limit is '1'")));
    }
    let config = match (condition.map(name), legacy.is_empty()) {
        (Some(config), _) => config.clone(),
        (None, false) => Map::from_iter([("Values".to_owned(), json!(legacy))]),
        // Expressions may stand beside the field, without a member for it.
        (None, true) if condition.has("RegexValues") => Map::new(),
        (None, true) if old => return Err(invalid("A condition value must be specified")),
        (None, true) => return Err(invalid(format!("A '{name}' must be specified with '{field}'"))),
    };
    build(condition, field, name, config)
}

fn build(condition: &Value, field: &str, name: &str, mut config: Map<String, Value>) -> Result<Value, Refusal> {
    let mut regexes = condition.texts("RegexValues");
    regexes.extend(config.texts("RegexValues"));
    if regexes.is_empty() {
        check(field, &config)?;
    } else if !matches!(field, "http-header" | "host-header" | "path-pattern") {
        return Err(invalid(format!("The 'RegexValues' field is not compatible with '{field}'")));
    } else if regexes.iter().any(|text| text.chars().count() > 128) {
        return Err(invalid(format!("The '{field}' value is too long; the limit is '128'")));
    }
    if let Some(Value::Array(values)) = config.get_mut("Values") {
        match field {
            "path-pattern" | "source-ip" | "http-header" => {
                values.sort_by(|one, other| one.as_str().cmp(&other.as_str()))
            }
            // An empty key is no key.
            "query-string" => {
                let pairs = values.iter_mut().filter_map(Value::as_object_mut);
                pairs.for_each(|pair| pair.retain(|name, text| name != "Key" || text != ""));
                values
                    .sort_by_key(|pair| (pair.text_or_empty("Key").to_owned(), pair.text_or_empty("Value").to_owned()));
            }
            _ => {}
        }
    }
    if !regexes.is_empty() {
        config.insert("RegexValues".to_owned(), regexes.clone().into());
    }
    let mut document = Map::new();
    document.insert("Field".to_owned(), field.into());
    if matches!(field, "host-header" | "path-pattern") && config.has("Values") {
        document.insert("Values".to_owned(), config.list("Values").into());
    }
    if !regexes.is_empty() {
        document.insert("RegexValues".to_owned(), regexes.into());
    }
    document.insert(name.to_owned(), config.into());
    Ok(document.into())
}

/// Checks the values of a field.
fn check(field: &str, config: &Map<String, Value>) -> Result<(), Refusal> {
    let values = config.texts("Values");
    let long = |name: &str, most: usize| invalid(format!("The '{name}' value is too long; the limit is '{most}'"));
    let longer = |text: &str, most: usize| text.chars().count() > most;
    if field == "query-string" {
        if config.list("Values").is_empty() {
            return Err(invalid("A condition value must be specified"));
        }
        for pair in config.list("Values") {
            let Some(value) = pair.text("Value") else {
                return Err(invalid("A 'Value' must be specified in 'QueryStringKeyValuePair'"));
            };
            if longer(pair.text_or_empty("Key"), 128) {
                return Err(long("Key", 128));
            }
            if longer(value, 128) {
                return Err(long("Value", 128));
            }
        }
        return Ok(());
    }
    if values.is_empty() {
        if field == "source-ip" && config.has("IpAddressType") {
            return Ok(());
        }
        let text = if field == "source-ip" {
            "A 'source-ip' value must be specified"
        } else {
            "A condition value must be specified"
        };
        return Err(invalid(text));
    }
    if field == "http-header" {
        let name = config.text_or_empty("HttpHeaderName");
        if name.is_empty() {
            return Err(invalid("A 'HttpHeaderName' must be specified with 'http-header'"));
        }
        if longer(name, 40) {
            return Err(long("HttpHeaderName", 40));
        }
        if !name.chars().all(is_token) {
            return Err(invalid(format!(
                "The 'HttpHeaderName' value '{name}' is not valid; the allowed characters are those of RFC 7230"
            )));
        }
        if name.eq_ignore_ascii_case("host") {
            return Err(invalid("The 'http-header' condition cannot be used for the host header; use 'host-header'"));
        }
    }
    for value in &values {
        value_of(field, value)?;
        let most = if field == "http-request-method" { 40 } else { 128 };
        if longer(value, most) {
            return Err(long(field, most));
        }
    }
    Ok(())
}

/// Whether a letter may stand in the name of a header.
fn is_token(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(letter)
}

fn value_of(field: &str, value: &str) -> Result<(), Refusal> {
    let made_of = |more: &str| value.chars().all(|letter| letter.is_ascii_alphanumeric() || more.contains(letter));
    let refuse = |why: &str| Err(invalid(format!("The '{field}' value '{value}' is not valid; {why}")));
    match field {
        "http-request-method" if !value.chars().all(|one| one.is_ascii_uppercase() || "-_".contains(one)) => {
            Err(invalid(
                "The 'http-request-method' value is invalid; the allowed characters are A-Z, hyphen and underscore",
            ))
        }
        "source-ip" => match value.split_once('/') {
            Some((address, length)) => {
                let most = address.parse::<IpAddr>().map(|one| if one.is_ipv4() { 32 } else { 128 });
                let fits = most.is_ok_and(|most| length.parse::<u8>().is_ok_and(|length| length <= most));
                if fits { Ok(()) } else { refuse("it must be in CIDR format") }
            }
            None => refuse("it must be in CIDR format"),
        },
        "host-header" if !made_of("-.*?_") => refuse("the allowed characters are A-Z, a-z, 0-9, '-', '.', '*' and '?'"),
        "path-pattern" if !made_of("_-.$/~\"'@:+&*?%#=!,();[]|^{}<>\\") => {
            refuse("it has characters that are not allowed")
        }
        _ => Ok(()),
    }
}
