//! Checks an input against the limits of the model (what has to be there, lengths, ranges, patterns, enumerations), before the
//! operation sees it, and words what is wrong as AWS's services do. Rules that no model tells are the operations' own.

use regex::Regex;
use serde_json::{Map, Value};

use crate::call::{Input, Refusal};
use crate::model::{Member, Operation, Service, Shape, ShapeId, ShapeKind};

/// How a service words such refusals.
#[derive(Clone, Copy, Debug)]
pub enum Wording {
    /// `N validation errors detected: …` under this code; the flag tells whether a value that fits no pattern is shown.
    Coral {
        /// The code.
        code: &'static str,
        /// Whether a value that fits no pattern is shown.
        shows_value: bool,
    },
    /// ECR: `Invalid parameter at 'x' failed to satisfy constraint: '…'`, the first thing that is wrong.
    Ecr,
    /// EC2: `The request must contain the parameter X`.
    Ec2,
    /// The service's own words, given the name of the operation; it may overlook some of them and leave them to the operation.
    Own(fn(&str, &[Violation]) -> Option<Refusal>),
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// The path of the member, in the service's lower camel case: `tags.1.member.key`.
    pub path: String,
    /// The value as text; `None` if it is missing or has no text.
    pub value: Option<String>,
    /// What is wrong with it.
    pub what: What,
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// It has to be there.
    Missing,
    /// Shorter than that.
    Shorter(f64),
    /// Longer than that.
    Longer(f64),
    /// Less than that.
    Less(f64),
    /// More than that.
    More(f64),
    /// Not of these.
    NotOf(Vec<String>),
    /// Does not fit this pattern.
    Unfit(String),
    /// Has keys (or values) that break a rule; all the rules of those are told.
    Entries(&'static str, Vec<What>),
}

/// Checks an input.
///
/// # Errors
/// The refusal of everything that is wrong.
pub fn check(service: &'static Service, operation: &Operation, input: &Input, wording: Wording) -> Result<(), Refusal> {
    let Some(shape) = operation.input else { return Ok(()) };
    let mut found = Vec::new();
    structure(service, shape, &input.0, "", &mut found);
    found.retain(|violation| !has_own_words(service.name, violation));
    if service.name == "iam" {
        found.iter_mut().for_each(hide_enumeration);
    }
    if found.is_empty() {
        return Ok(());
    }
    match wording {
        Wording::Ecr => found.first().map_or(Ok(()), |first| Err(ecr(first))),
        Wording::Own(words) => words(&operation.name, &found).map_or(Ok(()), Err),
        Wording::Ec2 => {
            if operation.name == "CreateSecurityGroup" {
                found.iter_mut().for_each(older_name);
            }
            ec2(&found).map_or(Ok(()), Err)
        }
        Wording::Coral { code, shows_value } => {
            if ALPHABETICAL.contains(&service.name) {
                sort_values(&mut found);
            }
            if service.name == "dynamodb" {
                order_values(&mut found);
            }
            Err(coral(&found, code, shows_value))
        }
    }
}

/// The services that tell the values of an enumeration in the order of the alphabet.
const ALPHABETICAL: &[&str] = &["application-autoscaling"];

fn sort_values(found: &mut [Violation]) {
    for violation in found {
        if let What::NotOf(values) = &mut violation.what {
            values.sort_unstable();
        }
    }
}

/// The order in which DynamoDB tells the values of an enumeration, where that is not the model's.
const ORDERS: &[&[&str]] = &[
    &["B", "N", "S"],
    &["ALL", "INCLUDE", "KEYS_ONLY"],
    &["INDEXES", "TOTAL", "NONE"],
    &["ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW"],
    &["SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES"],
    &["OR", "AND"],
    &[
        "IN",
        "NULL",
        "BETWEEN",
        "LT",
        "NOT_CONTAINS",
        "EQ",
        "GT",
        "NOT_NULL",
        "NE",
        "LE",
        "BEGINS_WITH",
        "GE",
        "CONTAINS",
    ],
];

fn order_values(found: &mut [Violation]) {
    for violation in found {
        if let What::NotOf(values) = &mut violation.what {
            let same = |order: &&&[&str]| {
                order.len() == values.len() && order.iter().all(|it| values.iter().any(|value| value == it))
            };
            if let Some(order) = ORDERS.iter().find(same) {
                *values = order.iter().map(|value| (*value).to_owned()).collect();
            }
        }
    }
}

/// Whether an operation words this for itself.
fn has_own_words(service: &str, violation: &Violation) -> bool {
    let name = matches!(violation.path.as_str(), "logGroupName" | "logStreamName");
    service == "logs" && name && matches!(violation.what, What::Longer(_))
}

/// IAM tells neither the value nor what it could have been.
fn hide_enumeration(violation: &mut Violation) {
    if let What::NotOf(values) = &mut violation.what {
        values.clear();
    }
}

/// The refusal of a framework that tells everything at once.
pub fn coral(found: &[Violation], code: &str, shows_value: bool) -> Refusal {
    let words: Vec<String> = found.iter().map(|violation| sentence(violation, shows_value)).collect();
    let errors = if found.len() == 1 { "error" } else { "errors" };
    Refusal::new(code, format!("{} validation {errors} detected: {}", found.len(), words.join("; ")))
}

fn sentence(violation: &Violation, shows_value: bool) -> String {
    let hidden = match &violation.what {
        What::Unfit(_) => !shows_value,
        What::NotOf(values) => values.is_empty(),
        _ => false,
    };
    let value = match (&violation.what, &violation.value) {
        _ if hidden => "Value".to_owned(),
        (What::Missing, _) | (_, None) => "Value null".to_owned(),
        (_, Some(value)) => format!("Value '{value}'"),
    };
    format!("{value} at '{}' failed to satisfy constraint: {}", violation.path, must(&violation.what))
}

/// The rule that is broken.
fn must(what: &What) -> String {
    let must = match what {
        What::Missing => "not be null".to_owned(),
        What::Shorter(than) => format!("have length greater than or equal to {than}"),
        What::Longer(than) => format!("have length less than or equal to {than}"),
        What::Less(than) => format!("have value greater than or equal to {than}"),
        What::More(than) => format!("have value less than or equal to {than}"),
        What::NotOf(values) if values.is_empty() => "satisfy enum value set".to_owned(),
        What::NotOf(values) => format!("satisfy enum value set: [{}]", values.join(", ")),
        What::Unfit(pattern) => format!("satisfy regular expression pattern: {pattern}"),
        What::Entries(which, rules) => {
            let rules: Vec<String> = rules.iter().map(must).collect();
            return format!("Map {which} must satisfy constraint: [{}]", rules.join(", "));
        }
    };
    format!("Member must {must}")
}

/// The oldest of EC2's operations on security groups tells its parameters as they stand in the request.
fn older_name(violation: &mut Violation) {
    let name = match violation.path.as_str() {
        "description" => "GroupDescription",
        "groupName" => "GroupName",
        _ => return,
    };
    name.clone_into(&mut violation.path);
}

/// EC2 tells the first thing that is wrong, and enforces little of its model.
fn ec2(found: &[Violation]) -> Option<Refusal> {
    let capital = |path: &str| {
        let mut letters = path.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
    };
    found.iter().find_map(|violation| match &violation.what {
        What::Missing => Some(Refusal::new(
            "MissingParameter",
            format!("The request must contain the parameter {}", violation.path.rsplit('.').next().unwrap_or_default()),
        )),
        What::NotOf(_) => Some(Refusal::new(
            "InvalidParameterValue",
            format!(
                "Value ({}) for parameter {} is invalid.",
                violation.value.clone().unwrap_or_default(),
                capital(&violation.path)
            ),
        )),
        What::Less(limit) | What::More(limit) => Some(Refusal::new(
            "InvalidParameterValue",
            format!(
                "Value ( {} ) for parameter {} is invalid. Expecting a value {} than {limit}.",
                violation.value.clone().unwrap_or_default(),
                violation.path,
                if matches!(violation.what, What::Less(_)) { "greater" } else { "less" },
            ),
        )),
        What::Shorter(_) | What::Longer(_) | What::Unfit(_) | What::Entries(..) => None,
    })
}

/// ECR's refusal. It tells an older pattern for names of repositories than its model has.
fn ecr(violation: &Violation) -> Refusal {
    const NAMES: &str = "(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*";
    let path = &violation.path;
    let rule = match &violation.what {
        What::Missing => "must not be null".to_owned(),
        What::Shorter(than) => format!("must have length greater than or equal to {than}"),
        What::Longer(than) => format!("must have length less than or equal to {than}"),
        What::Less(than) => format!("must have value greater than or equal to {than}"),
        What::More(than) => format!("must have value less than or equal to {than}"),
        What::NotOf(values) => format!("Member must satisfy enum value set: [{}]", values.join(", ")),
        What::Unfit(_) if path.starts_with("repositoryName") => format!("must satisfy regular expression '{NAMES}'"),
        What::Unfit(pattern) => format!("must satisfy regular expression '{pattern}'"),
        What::Entries(..) => must(&violation.what),
    };
    let text = format!("Invalid parameter at '{path}' failed to satisfy constraint: '{rule}'");
    Refusal::new("InvalidParameterException", text)
}

fn camel(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

fn structure(
    service: &'static Service,
    shape: ShapeId,
    map: &Map<String, Value>,
    path: &str,
    found: &mut Vec<Violation>,
) {
    let ShapeKind::Structure { members, required, .. } = &service.shape(shape).kind else { return };
    for member in members {
        let name = camel(&member.name);
        let path = if path.is_empty() { name } else { format!("{path}.{name}") };
        match map.get(&member.name).filter(|value| !value.is_null()) {
            Some(inner) => value(service, member.shape, inner, &path, found),
            None if required.contains(&member.name) => {
                found.push(Violation { path, value: None, what: What::Missing });
            }
            None => {}
        }
    }
}

fn value(service: &'static Service, id: ShapeId, value_: &Value, path: &str, found: &mut Vec<Violation>) {
    let shape = service.shape(id);
    let mut wrong =
        |text: Option<String>, what: What| found.push(Violation { path: path.to_owned(), value: text, what });
    match (&shape.kind, value_) {
        (ShapeKind::Structure { .. }, Value::Object(map)) => structure(service, id, map, path, found),
        (ShapeKind::List { member, .. }, Value::Array(items)) => {
            if let Some(what) = length(shape, items.len()) {
                wrong(Some(printed(service, id, value_)), what);
            }
            for (index, item) in items.iter().enumerate() {
                value(service, member.shape, item, &format!("{path}.{}.member", index + 1), found);
            }
        }
        (ShapeKind::Map { key, value: inner, .. }, Value::Object(map)) => {
            if let Some(what) = length(shape, map.len()) {
                wrong(Some(printed(service, id, value_)), what);
            }
            let of_keys = service.shape(key.shape);
            if map.keys().any(|key| breaks(of_keys, &Value::String(key.clone()))) {
                wrong(Some(plain(value_)), What::Entries("keys", rules(of_keys)));
            }
            let of_values = service.shape(inner.shape);
            if map.values().any(|item| breaks(of_values, item)) {
                wrong(Some(plain(value_)), What::Entries("value", rules(of_values)));
            } else if !matches!(of_values.kind, ShapeKind::String) {
                for (key, item) in map {
                    value(service, inner.shape, item, &format!("{path}.{key}.member"), found);
                }
            }
        }
        (ShapeKind::String, Value::String(text)) => string(shape, text, &mut wrong),
        (ShapeKind::Integer | ShapeKind::Float, Value::Number(number)) => {
            let number = number.as_f64().unwrap_or_default();
            if let Some(min) = shape.min.filter(|min| number < *min) {
                wrong(Some(plain(value_)), What::Less(min));
            } else if let Some(max) = shape.max.filter(|max| number > *max) {
                wrong(Some(plain(value_)), What::More(max));
            }
        }
        _ => {}
    }
}

/// Whether a key or value of a map breaks a rule of its own: a text or a list. What is in a list is not looked at.
fn breaks(shape: &'static Shape, value: &Value) -> bool {
    match value {
        Value::String(text) => {
            let mut broken = false;
            string(shape, text, &mut |_, _| broken = true);
            broken
        }
        Value::Array(items) => length(shape, items.len()).is_some(),
        _ => false,
    }
}

/// All the rules of a shape.
fn rules(shape: &Shape) -> Vec<What> {
    let of_values = (!shape.values.is_empty()).then(|| What::NotOf(shape.values.clone()));
    let of_pattern = shape.pattern.clone().map(What::Unfit);
    let lengths = [shape.max.map(What::Longer), shape.min.map(What::Shorter)];
    lengths.into_iter().chain([of_pattern, of_values]).flatten().collect()
}

/// Shapes whose pattern AWS does not keep to: the namespace of a metric may have a colon.
const LENIENT: &[&str] = &["MetricNamespace"];

fn string(shape: &'static Shape, text: &str, wrong: &mut impl FnMut(Option<String>, What)) {
    if !shape.values.is_empty() && !shape.values.iter().any(|known| known == text) {
        wrong(Some(text.to_owned()), What::NotOf(shape.values.clone()));
    }
    if let Some(what) = length(shape, text.chars().count()) {
        wrong(Some(text.to_owned()), what);
    }
    if let Some(regex) = pattern(shape).filter(|_| !LENIENT.contains(&shape.name.as_str()))
        && !regex.is_match(text)
    {
        wrong(Some(text.to_owned()), What::Unfit(shape.pattern.clone().unwrap_or_default()));
    }
}

#[expect(clippy::cast_precision_loss, reason = "lengths of requests are small")]
fn length(shape: &Shape, length: usize) -> Option<What> {
    let length = length as f64;
    if let Some(min) = shape.min.filter(|min| length < *min) {
        return Some(What::Shorter(min));
    }
    shape.max.filter(|max| length > *max).map(What::Longer)
}

/// The pattern of a shape. What looks ahead or behind, which only Java understands, is left out of it.
fn pattern(shape: &'static Shape) -> Option<&'static Regex> {
    let whole = |text: &str| Regex::new(&format!("^(?:{text})$")).ok();
    let compile = || shape.pattern.as_ref().and_then(|text| whole(text).or_else(|| whole(&without_looks(text))));
    shape.regex.get_or_init(compile).as_ref()
}

/// A pattern without its groups that look ahead or behind.
fn without_looks(pattern: &str) -> String {
    let mut kept = String::new();
    let mut rest = pattern;
    while let Some(start) = ["(?=", "(?!", "(?<=", "(?<!"].iter().filter_map(|look| rest.find(look)).min() {
        kept.push_str(&rest[..start]);
        rest = &rest[start + group_length(&rest[start..])..];
    }
    kept + rest
}

/// How long the group is that a text begins with.
fn group_length(text: &str) -> usize {
    let (mut depth, mut class, mut escaped) = (0_usize, false, false);
    for (index, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => class = true,
            ']' => class = false,
            '(' if !class => depth += 1,
            ')' if !class => {
                depth -= 1;
                if depth == 0 {
                    return index + 1;
                }
            }
            _ => {}
        }
    }
    text.len()
}

/// A value as the framework prints it: a structure with its name and all its members.
fn printed(service: &Service, id: ShapeId, value: &Value) -> String {
    let shape = service.shape(id);
    match (&shape.kind, value) {
        (ShapeKind::List { member, .. }, Value::Array(items)) => {
            let items: Vec<String> = items.iter().map(|item| printed(service, member.shape, item)).collect();
            format!("[{}]", items.join(", "))
        }
        (ShapeKind::Structure { members, .. }, Value::Object(map)) => {
            let show = |member: &Member| {
                let value = map.get(&member.name).filter(|value| !value.is_null());
                let value = value.map_or_else(|| "null".to_owned(), |value| printed(service, member.shape, value));
                format!("{}={value}", camel(&member.name))
            };
            format!("{}({})", shape.name, members.iter().map(show).collect::<Vec<_>>().join(", "))
        }
        _ => plain(value),
    }
}

/// A value as Java prints it.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(plain).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let pairs: Vec<String> = map.iter().map(|(key, value)| format!("{key}={}", plain(value))).collect();
            format!("{{{}}}", pairs.join(", "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::lab::Lab;

    #[test]
    fn what_looks_ahead_is_left_out_of_a_pattern() {
        assert_eq!(without_looks(r"^(?!arn:)[!-~]{1,9}$"), "^[!-~]{1,9}$");
        assert_eq!(without_looks(r"((?=^.{1,9}$)^(a|b)$)|c"), "(^(a|b)$)|c");
        assert_eq!(without_looks(r"(?!([)]|\)))x"), "x");
        assert_eq!(without_looks("(a)"), "(a)");
    }

    #[test]
    fn a_name_is_checked_though_its_pattern_looks_ahead() {
        let lab = Lab::new();
        for name in ["", "with space"] {
            let asked = json!({ "Name": name });
            lab.refuses("servicediscovery.CreateHttpNamespace", asked, "InvalidInput", "regular expression pattern");
        }
    }

    #[test]
    fn a_number_has_its_least_value_even_if_that_is_zero() {
        let lab = Lab::new();
        let zone = lab.ok("route53.CreateHostedZone", json!({ "Name": "a.example", "CallerReference": "1" }));
        let set = json!({ "Name": "a.example", "Type": "A", "TTL": -1, "ResourceRecords": [{ "Value": "10.0.0.1" }] });
        let batch = json!({ "Changes": [{ "Action": "CREATE", "ResourceRecordSet": set }] });
        let asked = json!({ "HostedZoneId": zone["HostedZone"]["Id"], "ChangeBatch": batch });
        let text = "Value '-1' at 'changeBatch.changes.1.member.resourceRecordSet.tTL' failed to satisfy constraint: \
                    Member must have value greater than or equal to 0";
        lab.refuses("route53.ChangeResourceRecordSets", asked, "InvalidInput", text);
    }

    #[test]
    fn what_is_wrong_in_a_map_is_told_with_all_the_rules() {
        let lab = Lab::new();
        let request = json!({ "DeleteRequest": { "Key": { "id": { "S": "a" } } } });
        let asked = json!({ "RequestItems": { "tab": vec![request; 26] } });
        let text = "at 'requestItems' failed to satisfy constraint: Map value must satisfy constraint: [Member must have \
                    length less than or equal to 25, Member must have length greater than or equal to 1]";
        lab.refuses("dynamodb.BatchWriteItem", asked, "ValidationException", text);
        let asked = json!({ "logGroupName": "a", "tags": { "k".repeat(129): "v" } });
        let text = "Map keys must satisfy constraint: [Member must have length less than or equal to 128, Member must";
        lab.refuses("logs.CreateLogGroup", asked, "InvalidParameterException", text);
    }

    #[test]
    fn logs_tells_structures_by_name_with_what_they_lack() {
        let lab = Lab::new();
        let one = json!({ "metricName": "m", "metricNamespace": "n", "metricValue": "1" });
        let asked =
            json!({ "logGroupName": "a", "filterName": "f", "filterPattern": "", "metricTransformations": [one, one] });
        let text = "Value '[MetricTransformation(metricName=m, metricNamespace=n, metricValue=1, defaultValue=null, ";
        lab.refuses("logs.PutMetricFilter", asked, "InvalidParameterException", text);
    }
}
