//! The conditions of a rule in canonical form, from the stack file and from AWS, and back to AWS. AWS returns conditions and
//! most of their values in an order of its own; since every value of a condition will do, all are sorted here.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::{
    HostHeaderConditionConfig, HttpHeaderConditionConfig, HttpRequestMethodConditionConfig, PathPatternConditionConfig,
    QueryStringConditionConfig, QueryStringKeyValuePair, RuleCondition, SourceIpConditionConfig,
};
use serde::{Deserialize, Serialize};

use evenkeel_stack::model;

/// What a network load balancer tells clients apart by.
const FAMILIES: [&str; 2] = ["ipv4", "ipv6"];

/// What has to fit. Conditions that are not there are left out of the document, because all together are the rule's key.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Conditions {
    /// Patterns of the host.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub host: Vec<String>,
    /// Patterns of the path.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<String>,
    /// Patterns of headers by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub header: BTreeMap<String, Vec<String>>,
    /// Methods.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub method: Vec<String>,
    /// Pairs of the query.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<Pair>,
    /// Ranges of the client's address.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub source_ip: Vec<String>,
    /// What a stack file cannot say, made by hand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other: Vec<String>,
}

/// A pair of the query.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Pair {
    /// The key; without one any key will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The value.
    pub value: String,
}

fn sorted<T: Ord>(mut values: Vec<T>) -> Vec<T> {
    values.sort();
    values
}

impl Conditions {
    /// What a stack file wants.
    pub fn desired(conditions: &model::Conditions) -> Self {
        let pair = |(key, value): &(Option<String>, String)| Pair { key: key.clone(), value: value.clone() };
        let header = |(name, values): (&String, &Vec<String>)| (name.clone(), sorted(values.clone()));
        Self {
            host: sorted(conditions.host.clone()),
            path: sorted(conditions.path.clone()),
            header: conditions.header.iter().map(header).collect(),
            method: sorted(conditions.method.clone()),
            query: sorted(conditions.query.iter().map(pair).collect()),
            source_ip: sorted(conditions.source_ip.clone()),
            other: Vec::new(),
        }
    }

    /// What AWS describes.
    pub fn live(conditions: &[RuleCondition]) -> Self {
        let mut found = Self::default();
        for condition in conditions {
            found.add(condition);
        }
        found.other.sort();
        found
    }

    fn add(&mut self, condition: &RuleCondition) {
        let field = condition.field().unwrap_or_default();
        // Old rules, and some endpoints, have the values at the top only.
        let or_top = |values: &[String]| sorted(if values.is_empty() { condition.values() } else { values }.to_vec());
        let values = match field {
            "host-header" => or_top(condition.host_header_config().map(|c| c.values()).unwrap_or_default()),
            "path-pattern" => or_top(condition.path_pattern_config().map(|c| c.values()).unwrap_or_default()),
            "http-request-method" => {
                or_top(condition.http_request_method_config().map(|c| c.values()).unwrap_or_default())
            }
            "source-ip" => {
                let config = condition.source_ip_config();
                match config.and_then(|config| config.ip_address_type()) {
                    Some(family) => vec![family.as_str().to_owned()],
                    None => or_top(config.map(|c| c.values()).unwrap_or_default()),
                }
            }
            "http-header" => sorted(condition.http_header_config().map(|c| c.values()).unwrap_or_default().to_vec()),
            _ => Vec::new(),
        };
        let pairs =
            sorted(condition.query_string_config().map(|c| c.values()).unwrap_or_default().iter().map(pair).collect());
        let header = condition.http_header_config().and_then(|c| c.http_header_name()).unwrap_or_default();
        // Two conditions on one field both have to fit, which a stack file cannot say.
        match field {
            "host-header" if self.host.is_empty() && !values.is_empty() => self.host = values,
            "path-pattern" if self.path.is_empty() && !values.is_empty() => self.path = values,
            "http-request-method" if self.method.is_empty() && !values.is_empty() => self.method = values,
            "source-ip" if self.source_ip.is_empty() && !values.is_empty() => self.source_ip = values,
            "http-header" if !self.header.contains_key(header) && !values.is_empty() => {
                self.header.insert(header.to_owned(), values);
            }
            "query-string" if self.query.is_empty() && !pairs.is_empty() => self.query = pairs,
            _ => self.other.push(format!("{field} {}", values.join(" ")).trim_end().to_owned()),
        }
    }

    /// As AWS takes them.
    pub fn to_api(&self) -> Vec<RuleCondition> {
        let of = |field: &str| RuleCondition::builder().field(field);
        let some = |values: &[String]| Some(values.to_vec());
        let mut all = Vec::new();
        if !self.host.is_empty() {
            let config = HostHeaderConditionConfig::builder().set_values(some(&self.host)).build();
            all.push(of("host-header").host_header_config(config).build());
        }
        if !self.path.is_empty() {
            let config = PathPatternConditionConfig::builder().set_values(some(&self.path)).build();
            all.push(of("path-pattern").path_pattern_config(config).build());
        }
        for (name, values) in &self.header {
            let config = HttpHeaderConditionConfig::builder().http_header_name(name).set_values(some(values)).build();
            all.push(of("http-header").http_header_config(config).build());
        }
        if !self.method.is_empty() {
            let config = HttpRequestMethodConditionConfig::builder().set_values(some(&self.method)).build();
            all.push(of("http-request-method").http_request_method_config(config).build());
        }
        if !self.query.is_empty() {
            let pair =
                |pair: &Pair| QueryStringKeyValuePair::builder().set_key(pair.key.clone()).value(&pair.value).build();
            let config =
                QueryStringConditionConfig::builder().set_values(Some(self.query.iter().map(pair).collect())).build();
            all.push(of("query-string").query_string_config(config).build());
        }
        if !self.source_ip.is_empty() {
            let config = SourceIpConditionConfig::builder();
            // A network load balancer knows families of addresses only.
            let config = match self.source_ip.as_slice() {
                [family] if FAMILIES.contains(&family.as_str()) => config.ip_address_type(family.as_str().into()),
                _ => config.set_values(some(&self.source_ip)),
            };
            all.push(of("source-ip").source_ip_config(config.build()).build());
        }
        all
    }
}

fn pair(pair: &QueryStringKeyValuePair) -> Pair {
    let key = pair.key().filter(|key| !key.is_empty()).map(str::to_owned);
    Pair { key, value: pair.value().unwrap_or_default().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_survive_being_written_and_read_in_any_order() {
        let want = Conditions::desired(&model::Conditions {
            host: vec!["b.example".to_owned(), "a.example".to_owned()],
            path: vec!["/y".to_owned(), "/x".to_owned()],
            header: [("X-A".to_owned(), vec!["2".to_owned(), "1".to_owned()])].into(),
            method: vec!["POST".to_owned(), "GET".to_owned()],
            query: vec![(Some("v".to_owned()), "1".to_owned()), (None, "beta".to_owned())],
            source_ip: vec!["10.0.0.0/8".to_owned()],
        });
        let mut api = want.to_api();
        api.reverse();
        assert_eq!(Conditions::live(&api), want);
        let value = serde_json::to_value(&want).unwrap();
        assert_eq!(serde_json::from_value::<Conditions>(value).unwrap(), want);
    }

    #[test]
    fn only_what_is_there_is_in_the_document() {
        let conditions = Conditions { host: vec!["a".to_owned()], ..Conditions::default() };
        assert_eq!(serde_json::to_value(conditions).unwrap(), serde_json::json!({ "host": ["a"] }));
    }

    #[test]
    fn values_at_the_top_and_strange_conditions_are_read() {
        let old = RuleCondition::builder().field("path-pattern").values("/old").build();
        let twice = RuleCondition::builder().field("path-pattern").values("/too").build();
        let found = Conditions::live(&[old, twice]);
        assert_eq!(found.path, ["/old"]);
        assert_eq!(found.other, ["path-pattern /too"]);
    }
}
