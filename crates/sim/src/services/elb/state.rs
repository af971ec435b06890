//! What a region has of Elastic Load Balancing, and which listeners and rules use which target groups. Holds facts only; it
//! knows no request and refuses nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::services::ec2::Attached;
use crate::tags::Tags;
use crate::world::Moment;

/// What a region has of it, by ARN.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Elb {
    /// Load balancers.
    pub(super) balancers: BTreeMap<String, Balancer>,
    /// Target groups.
    pub(super) groups: BTreeMap<String, Group>,
    /// Listeners.
    pub(super) listeners: BTreeMap<String, Listener>,
    /// Rules, the default ones included.
    pub(super) rules: BTreeMap<String, Rule>,
    /// For each target group the listeners and rules that forward to it, with their load balancers.
    pub(super) uses: BTreeMap<String, BTreeMap<String, String>>,
    /// How much was ever made: lists are in the order of making.
    pub(super) made: u64,
}

/// Which sort of load balancer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    /// For HTTP.
    #[default]
    Application,
    /// For TCP and UDP.
    Network,
    /// For appliances.
    Gateway,
}

impl Kind {
    /// As requests have it.
    pub(super) fn of(text: &str) -> Self {
        match text {
            "network" => Self::Network,
            "gateway" => Self::Gateway,
            _ => Self::Application,
        }
    }

    /// As replies have it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Network => "network",
            Self::Gateway => "gateway",
        }
    }

    /// As ARNs have it.
    pub(super) fn short(self) -> &'static str {
        match self {
            Self::Application => "app",
            Self::Network => "net",
            Self::Gateway => "gwy",
        }
    }
}

/// A load balancer.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Balancer {
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) made: u64,
    pub(super) created: Moment,
    pub(super) active: bool,
    pub(super) internal: bool,
    pub(super) dns_name: String,
    pub(super) zone_id: String,
    pub(super) vpc: String,
    pub(super) zones: Vec<Zone>,
    /// `None` for one that never had any and can have none.
    pub(super) security_groups: Option<Vec<String>>,
    pub(super) ip_address_type: String,
    /// `on` or `off`; network load balancers only.
    pub(super) source_nat: Option<String>,
    /// Whether traffic through private links is checked; network load balancers with groups only.
    pub(super) private_link_rules: Option<String>,
    /// Reserved capacity units.
    pub(super) capacity: Option<i64>,
    pub(super) ipam_pool: Option<String>,
    /// Those that were set.
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) tags: Tags,
}

/// A zone of a load balancer.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Zone {
    pub(super) name: String,
    pub(super) subnet: String,
    /// As they were asked for: an Elastic IP address, a private or an IPv6 address.
    pub(super) addresses: Vec<Value>,
    pub(super) interface: Option<Attached>,
}

/// A target group.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Group {
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) made: u64,
    pub(super) protocol: Option<String>,
    pub(super) protocol_version: Option<String>,
    pub(super) port: Option<i64>,
    pub(super) vpc: Option<String>,
    pub(super) target_type: String,
    pub(super) ip_address_type: Option<String>,
    pub(super) control_port: Option<i64>,
    pub(super) check: Check,
    /// Those that were set.
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) tags: Tags,
    #[serde(with = "crate::pairs")]
    pub(super) targets: BTreeMap<(String, u16), Target>,
}

impl Group {
    /// Whether clients stay with their target.
    pub(super) fn is_sticky(&self) -> bool {
        self.attributes.get("stickiness.enabled").is_some_and(|value| value == "true")
    }
}

/// How a target group checks its targets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Check {
    pub(super) enabled: bool,
    pub(super) protocol: Option<String>,
    pub(super) port: Option<String>,
    pub(super) path: Option<String>,
    pub(super) interval: i64,
    pub(super) timeout: i64,
    pub(super) healthy: i64,
    pub(super) unhealthy: i64,
    pub(super) http_code: Option<String>,
    pub(super) grpc_code: Option<String>,
}

/// How far a target has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Phase {
    /// Just registered.
    #[default]
    Registering,
    /// Its first checks are under way.
    Checking,
    /// It answers.
    Healthy,
    /// It does not.
    Unhealthy,
    /// It was deregistered and finishes its requests.
    Draining,
}

/// A target.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Target {
    pub(super) zone: Option<String>,
    pub(super) phase: Phase,
    /// Whether it answers health checks with success, if they reach it where something listens.
    pub(super) answers: bool,
    /// Its network interface; `None` if nobody told, and its address leads there.
    pub(super) interface: Option<String>,
    /// Where it listens; on every port, if nobody told.
    pub(super) ears: Vec<Ear>,
    /// What its checks come to as things are now. Its phase follows some checks later.
    pub(super) outcome: Outcome,
    /// Changes with every new beginning, so that what was due before it is not mistaken for its own.
    pub(super) round: u64,
}

/// Ports on which a target listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ear {
    /// The first port.
    pub from: u16,
    /// The last one.
    pub to: u16,
    /// Whether what listens there answers health checks with success.
    pub answers: bool,
}

/// What the health checks of a target come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Outcome {
    /// They succeed.
    #[default]
    Success,
    /// No answer comes: packets do not get there, or whoever got them is silent.
    Timeout,
    /// Nothing listens there, which the target says at once.
    Refused,
}

/// A step of a target's life.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Step {
    /// The ARN of its group.
    pub(super) group: String,
    /// Its id.
    pub(super) id: String,
    /// Its port.
    pub(super) port: u16,
    /// The round of the target that this belongs to.
    pub(super) round: u64,
}

/// A listener.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Listener {
    pub(super) arn: String,
    pub(super) balancer: String,
    pub(super) made: u64,
    pub(super) protocol: Option<String>,
    pub(super) port: Option<i64>,
    pub(super) ssl_policy: Option<String>,
    pub(super) certificate: Option<String>,
    /// Those for other names, in the order in which they were added.
    pub(super) more_certificates: Vec<String>,
    pub(super) alpn: Option<String>,
    pub(super) mutual: Option<Value>,
    /// The default actions, as they read back.
    pub(super) actions: Vec<Value>,
    /// Those that were set.
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) tags: Tags,
}

/// A rule.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Rule {
    pub(super) arn: String,
    pub(super) listener: String,
    /// `None` for the default rule, whose actions are the listener's.
    pub(super) priority: Option<i64>,
    /// As they read back.
    pub(super) conditions: Vec<Value>,
    /// As they read back.
    pub(super) actions: Vec<Value>,
    pub(super) transforms: Vec<Value>,
    pub(super) tags: Tags,
}

/// What happens by itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {
    /// A load balancer is ready.
    Provisioned(String),
    /// The interfaces of a deleted load balancer, or of a zone that it left, are given up.
    InterfacesGone(Vec<String>),
    /// The next step of a target.
    Target(Step),
}

impl Elb {
    /// The next number in the order of making.
    pub(super) fn next(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    /// The load balancers that use a target group.
    pub(super) fn balancers_of(&self, group: &str) -> BTreeSet<String> {
        self.uses.get(group).into_iter().flat_map(BTreeMap::values).cloned().collect()
    }

    /// Whether some listener or rule forwards to a target group.
    pub(super) fn in_use(&self, group: &str) -> bool {
        self.uses.get(group).is_some_and(|users| !users.is_empty())
    }

    /// The listeners of a load balancer, in the order of making.
    pub(super) fn listeners_of(&self, balancer: &str) -> Vec<&Listener> {
        let mut found: Vec<&Listener> =
            self.listeners.values().filter(|listener| listener.balancer == balancer).collect();
        found.sort_by_key(|listener| listener.made);
        found
    }

    /// The rules of a listener: by priority, the default one last.
    pub(super) fn rules_of(&self, listener: &str) -> Vec<&Rule> {
        let mut found: Vec<&Rule> = self.rules.values().filter(|rule| rule.listener == listener).collect();
        found.sort_by_key(|rule| rule.priority.unwrap_or(i64::MAX));
        found
    }

    /// The target groups that a load balancer uses.
    pub(super) fn groups_of(&self, balancer: &str) -> BTreeSet<String> {
        let used = |users: &BTreeMap<String, String>| users.values().any(|user| user == balancer);
        self.uses.iter().filter(|(_, users)| used(users)).map(|(group, _)| group.clone()).collect()
    }
}
