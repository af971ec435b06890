//! Faults by rule: which request (service, operation, the n-th that fits, by chance) meets what (throttling, a fault of the
//! server, a conflict, a role not known yet, a reset connection, a lost reply, an old state, a denial, slowness, the death of
//! the client). Decides; carries out nothing.

use serde::{Deserialize, Serialize};
use std::time::Duration;

use crate::model::Api;
use crate::near::nearest;
use crate::services::{SERVICES, Service, models};

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Refused for coming too fast.
    Throttle,
    /// HTTP 500, nothing done.
    ServerError,
    /// HTTP 503, nothing done.
    Unavailable,
    /// Refused because another change is under way, in the service's own words.
    Conflict,
    /// Refused because a role is not known to the service yet.
    RoleNotReady,
    /// The connection is reset before the request is read.
    Reset,
    /// Nobody answers, nothing is done.
    Timeout,
    /// The request is carried out; its reply never arrives.
    ReplyLost,
    /// The request is carried out; then the connection is reset.
    ReplyCut,
    /// A read shows the state before the last change.
    StaleRead,
    /// The caller may not do this.
    AccessDenied,
    /// The reply takes long.
    Slow,
    /// The client dies before the request is carried out.
    DieBefore,
    /// The client dies after the request was carried out.
    DieAfter,
}

/// Which requests meet a fault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Only of this service, as the aws CLI has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Only this operation; a `*` at the end stands for anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Only the n-th request that fits, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
    /// With this probability, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// So often at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// What happens.
    pub fault: Fault,
}

impl Rule {
    /// A rule for every request.
    pub fn always(fault: Fault) -> Self {
        Self { service: None, operation: None, nth: None, probability: None, times: None, fault }
    }

    /// A rule for the n-th request of all.
    pub fn nth(nth: u64, fault: Fault) -> Self {
        Self { nth: Some(nth), ..Self::always(fault) }
    }

    /// A rule for every request of one operation.
    pub fn operation(service: &str, operation: &str, fault: Fault) -> Self {
        Self { service: Some(service.to_owned()), operation: Some(operation.to_owned()), ..Self::always(fault) }
    }

    /// Whether there is what the rule names; a rule for something that nobody ever asks for would never happen.
    ///
    /// # Errors
    /// What there is not, and what was probably meant.
    pub fn check(&self) -> Result<(), Unknown> {
        let services: Vec<&'static Api> = match &self.service {
            None => models::all().to_vec(),
            Some(name) => vec![models::named(name).ok_or_else(|| {
                let alias = SERVICES.iter().find(|service| service.is_called(name)).map(Service::name);
                let known = models::all().iter().map(|service| service.name);
                let meant = alias.or_else(|| nearest(name, known)).map(str::to_owned);
                Unknown { text: format!("no service `{name}` is simulated"), meant }
            })?],
        };
        let Some(wanted) = &self.operation else { return Ok(()) };
        let operations = || services.iter().flat_map(|service| service.operations.keys()).map(String::as_str);
        let there = match wanted.strip_suffix('*') {
            Some(start) => operations().any(|name| name.starts_with(start)),
            None => operations().any(|name| name == wanted),
        };
        if there {
            return Ok(());
        }
        let of = self.service.as_ref().map_or_else(String::new, |name| format!(" of `{name}`"));
        let meant = nearest(wanted.trim_end_matches('*'), operations()).map(str::to_owned);
        Err(Unknown { text: format!("no operation `{wanted}`{of} is simulated"), meant })
    }

    fn fits(&self, service: &str, operation: &str) -> bool {
        let named = match self.operation.as_deref().map(|name| (name, name.strip_suffix('*'))) {
            None => true,
            Some((_, Some(start))) => operation.starts_with(start),
            Some((name, None)) => operation == name,
        };
        named && self.service.as_deref().is_none_or(|name| name == service)
    }
}

/// A rule names what there is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// What.
    pub text: String,
    /// The name that was probably meant.
    pub meant: Option<String>,
}

/// A fault that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fired {
    /// The number of the request, from 1.
    pub request: u64,
    /// The service.
    pub service: String,
    /// The operation.
    pub operation: String,
    /// What happened to it.
    pub fault: Fault,
}

/// Rules, and what they did so far.
#[derive(Debug, Default)]
pub struct Faults {
    rules: Vec<(Rule, u64, u64)>,
    chance: fastrand::Rng,
    requests: u64,
    fired: Vec<Fired>,
}

/// A reply that is slow takes this long.
pub const SLOW: Duration = Duration::from_secs(8);

impl Faults {
    /// Rules with a seed for chance.
    pub fn new(rules: Vec<Rule>, seed: u64) -> Self {
        Self {
            rules: rules.into_iter().map(|rule| (rule, 0, 0)).collect(),
            chance: fastrand::Rng::with_seed(seed),
            requests: 0,
            fired: Vec::new(),
        }
    }

    /// A mixture of what happens on a bad day: for trying out, from a seed.
    pub fn weather(seed: u64) -> Self {
        let rule = |fault, probability| Rule { probability: Some(probability), ..Rule::always(fault) };
        let rules = vec![
            rule(Fault::Throttle, 0.04),
            rule(Fault::ServerError, 0.02),
            rule(Fault::Unavailable, 0.02),
            rule(Fault::Reset, 0.02),
            rule(Fault::ReplyCut, 0.02),
        ];
        Self::new(rules, seed)
    }

    /// Whether some rule shows old states, for which those have to be kept.
    pub fn needs_history(&self) -> bool {
        self.rules.iter().any(|(rule, _, _)| rule.fault == Fault::StaleRead)
    }

    /// What happens to the next request: the first rule that takes it decides.
    pub fn decide(&mut self, service: &str, operation: &str) -> Option<Fault> {
        self.requests += 1;
        let mut decided = None;
        for (rule, seen, fired) in &mut self.rules {
            if !rule.fits(service, operation) {
                continue;
            }
            *seen += 1;
            let due = rule.nth.is_none_or(|nth| nth == *seen)
                && rule.times.is_none_or(|times| *fired < times)
                && rule.probability.is_none_or(|probability| self.chance.f64() < probability);
            if due && decided.is_none() {
                *fired += 1;
                decided = Some(rule.fault);
            }
        }
        if let Some(fault) = decided {
            let (service, operation) = (service.to_owned(), operation.to_owned());
            self.fired.push(Fired { request: self.requests, service, operation, fault });
        }
        decided
    }

    /// The faults that happened.
    pub fn fired(&self) -> &[Fired] {
        &self.fired
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(service: Option<&str>, operation: Option<&str>) -> Option<String> {
        let rule = Rule {
            service: service.map(str::to_owned),
            operation: operation.map(str::to_owned),
            ..Rule::always(Fault::AccessDenied)
        };
        rule.check().expect_err("there is no such thing").meant
    }

    #[test]
    fn a_rule_names_what_there_is() {
        for (service, operation) in
            [(None, None), (Some("ecs"), Some("Describe*")), (None, Some("GetResources")), (Some("elbv2"), Some("*"))]
        {
            let rule = Rule {
                service: service.map(str::to_owned),
                operation: operation.map(str::to_owned),
                ..Rule::always(Fault::AccessDenied)
            };
            assert_eq!(rule.check(), Ok(()));
        }
    }

    #[test]
    fn a_name_that_nobody_has_is_told_with_the_one_that_was_meant() {
        let text = |name: &str| Some(name.to_owned());
        assert_eq!(meant(Some("tagging"), Some("GetResources")), text("resourcegroupstaggingapi"));
        assert_eq!(meant(Some("elasticloadbalancing"), None), text("elbv2"));
        assert_eq!(meant(Some("ecs"), Some("CreateServices")), text("CreateService"));
        assert_eq!(meant(Some("ecs"), Some("Descripe*")), None);
        assert_eq!(meant(None, Some("GetResource")), text("GetResources"));
        assert_eq!(meant(Some("lambda"), None), None);
    }
}
