//! Load balancers, their listeners and rules, and target groups, as the file has them. Holds facts, and what AWS makes of them where the
//! file says nothing; reads no file and knows no request.

use std::collections::BTreeMap;

use evenkeel_core::diagnostic::Place;
use evenkeel_core::doc::Text;

use super::existing::Existing;
use super::meta::Meta;

/// An entry of `target_groups:`.
#[derive(Clone, Debug)]
pub struct TargetGroup {
    /// The entry; of an existing one the name is that of others, if the file tells it.
    pub meta: Meta,
    /// `existing:`, which of others it is; then nothing else counts.
    pub existing: Option<Existing>,
    /// `port:`.
    pub port: u16,
    /// `protocol:`, `HTTP` by default; `TCP`, `TLS`, `UDP` and `TCP_UDP` are those of network load balancers.
    pub protocol: String,
    /// `protocol_version:`, `HTTP1` by default, for HTTP and HTTPS.
    pub protocol_version: Option<String>,
    /// `target_type:`, `ip` by default (what Fargate needs).
    pub target_type: String,
    /// `health_check:` with AWS's defaults filled in.
    pub health_check: HealthCheck,
    /// Attributes by AWS's names (`deregistration_delay.timeout_seconds`), only those that the file sets.
    pub attributes: BTreeMap<String, String>,
}

/// `health_check:` of a target group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HealthCheck {
    /// `HTTP`, `HTTPS` or `TCP`.
    pub protocol: String,
    /// A port number or `traffic-port`.
    pub port: String,
    /// The path, `/` by default; `None` for TCP.
    pub path: Option<String>,
    /// Seconds between checks, 30 by default.
    pub interval_secs: u32,
    /// Seconds until a check fails; if the file does not say, AWS chooses and it is not managed.
    pub timeout_secs: Option<u32>,
    /// 5 by default.
    pub healthy_threshold: u32,
    /// 2 by default.
    pub unhealthy_threshold: u32,
    /// Codes that count as healthy, `200` by default; `None` for TCP. gRPC codes for a GRPC group.
    pub matcher: Option<String>,
}

impl TargetGroup {
    /// Whether it is for application load balancers.
    pub fn is_http(&self) -> bool {
        matches!(self.protocol.as_str(), "HTTP" | "HTTPS")
    }

    /// Whether packets reach the targets with the addresses of the clients: as the attribute says, else as AWS does for this type of
    /// targets and protocol. Source: the guide of Network Load Balancers, "Client IP preservation".
    pub fn keeps_client_addresses(&self) -> bool {
        let usual = || self.target_type == "instance" || matches!(self.protocol.as_str(), "UDP" | "TCP_UDP");
        let set = self.attributes.get("preserve_client_ip.enabled").map(|value| value == "true");
        !self.is_http() && set.unwrap_or_else(usual)
    }

    /// The protocols of its traffic, as rules of security groups have them.
    pub fn transports(&self) -> &'static [&'static str] {
        transports(&self.protocol)
    }
}

/// What a protocol of a listener or a target group runs on, as rules of security groups have it.
fn transports(protocol: &str) -> &'static [&'static str] {
    match protocol {
        "UDP" => &["udp"],
        "TCP_UDP" => &["tcp", "udp"],
        _ => &["tcp"],
    }
}

/// An item of `subnet_mappings:` of a network load balancer.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct SubnetMapping {
    /// The subnet's id.
    pub subnet: String,
    /// The allocation id of an Elastic IP address.
    pub allocation_id: Option<String>,
    /// A private address of the subnet.
    pub private_ipv4: Option<String>,
    /// An IPv6 address of the subnet.
    pub ipv6: Option<String>,
}

/// An entry of `load_balancers:`.
#[derive(Clone, Debug)]
pub struct LoadBalancer {
    /// The entry; of an existing one the name is that of others, if the file tells it.
    pub meta: Meta,
    /// `existing:`, which of others it is; then nothing but its listeners counts.
    pub existing: Option<Existing>,
    /// `application` or `network`; existing ones are of type `application`.
    pub kind: String,
    /// `internet-facing` or `internal`.
    pub scheme: String,
    /// `ipv4`, `dualstack` or `dualstack-without-public-ipv4`.
    pub ip_address_type: String,
    /// `subnets:`, or those of `subnet_mappings:`, if it does not use the network's.
    pub subnets: Option<Vec<String>>,
    /// `subnet_mappings:`, by subnet; for network load balancers.
    pub subnet_mappings: Vec<SubnetMapping>,
    /// `security_groups:` as group ids.
    pub security_groups: Vec<Text>,
    /// Attributes by AWS's names (`idle_timeout.timeout_seconds`), only those that the file sets.
    pub attributes: BTreeMap<String, String>,
    /// `listeners:` by entry name.
    pub listeners: BTreeMap<String, Listener>,
}

impl LoadBalancer {
    /// Whether it is a network load balancer.
    pub fn is_network(&self) -> bool {
        self.kind == "network"
    }
}

/// One listener.
#[derive(Clone, Debug)]
pub struct Listener {
    /// The entry. It has no physical name.
    pub meta: Meta,
    /// `port:`.
    pub port: u16,
    /// `HTTP` or `HTTPS`; of a network load balancer `TCP`, `TLS`, `UDP` or `TCP_UDP`.
    pub protocol: String,
    /// `certificate:` as an ARN, for HTTPS and TLS; otherwise the first of `certificates:`.
    pub certificate: Option<Text>,
    /// `certificates:` in addition to that, as ARNs.
    pub certificates: Vec<Text>,
    /// `ssl_policy:`; for HTTPS and TLS by default what AWS recommends, `ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09`.
    pub ssl_policy: Option<String>,
    /// `alpn_policy:`, for TLS; `None` without one.
    pub alpn_policy: Option<String>,
    /// `mutual_authentication:`, for HTTPS.
    pub mutual: Option<Mutual>,
    /// Attributes by AWS's names (`tcp.idle_timeout.seconds`), only those that the file sets.
    pub attributes: BTreeMap<String, String>,
    /// How users are signed in before that, if they are.
    pub authenticate: Option<Authenticate>,
    /// What happens if no rule fits; `None` for a listener of others, on which only rules are ours.
    pub default: Option<Action>,
    /// `rules:` in the order of the file.
    pub rules: Vec<ListenerRule>,
}

impl Listener {
    /// The protocols of its traffic, as rules of security groups have them.
    pub fn transports(&self) -> &'static [&'static str] {
        transports(&self.protocol)
    }
}

/// `mutual_authentication:` of a listener.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mutual {
    /// `off`, `passthrough` or `verify`.
    pub mode: String,
    /// The ARN of the trust store, with `verify`.
    pub trust_store: Option<String>,
    /// `ignore_expiry:`, with `verify`.
    pub ignore_expiry: bool,
    /// `advertise:`, with `verify`.
    pub advertise: bool,
}

/// `authenticate_cognito:` of a listener or a rule, with AWS's defaults filled in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Authenticate {
    /// The user pool's ARN.
    pub user_pool: String,
    /// The client's id.
    pub client_id: String,
    /// The domain of the user pool.
    pub domain: String,
    /// `authenticate`, `allow` or `deny`.
    pub unauthenticated: String,
    /// `openid`, …
    pub scope: String,
    /// The name of the cookie.
    pub cookie: String,
    /// Seconds that a session lasts.
    pub session_timeout_secs: u32,
    /// Further parameters.
    pub extra_params: BTreeMap<String, String>,
}

/// What a listener or a rule does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// `forward:`.
    Forward {
        /// Target groups (entry names) and their weights, 0 to 999, in the order of the file; a single one has weight 1.
        targets: Vec<(String, u32)>,
        /// `stickiness:` in seconds, if on.
        stickiness_secs: Option<u32>,
    },
    /// `redirect:`; placeholders as AWS writes them (`#{host}`, `/#{path}`, `#{query}`).
    Redirect {
        /// `HTTP`, `HTTPS` or `#{protocol}`.
        protocol: String,
        /// A number or `#{port}`.
        port: String,
        /// The host.
        host: String,
        /// The path, with its slash.
        path: String,
        /// The query, without `?`.
        query: String,
        /// `HTTP_301` or `HTTP_302`.
        status: String,
    },
    /// `fixed_response:`.
    FixedResponse {
        /// `200`, `404`, …
        status: String,
        /// `text/plain`, …
        content_type: Option<String>,
        /// The body, if any.
        body: Option<String>,
    },
}

/// One rule of a listener.
#[derive(Clone, Debug)]
pub struct ListenerRule {
    /// Where it stands.
    pub place: Place,
    /// 1 to 50000, unique in its listener; `None` for `auto`.
    pub priority: Option<u32>,
    /// What has to fit; at least one condition.
    pub conditions: Conditions,
    /// How users are signed in before that, if they are.
    pub authenticate: Option<Authenticate>,
    /// What happens then.
    pub action: Action,
}

/// The conditions of a rule; empty ones are not there.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Conditions {
    /// `host:`, patterns.
    pub host: Vec<String>,
    /// `path:`, patterns.
    pub path: Vec<String>,
    /// `header:`, name to patterns.
    pub header: BTreeMap<String, Vec<String>>,
    /// `method:`.
    pub method: Vec<String>,
    /// `query:`, key (or none) and value.
    pub query: Vec<(Option<String>, String)>,
    /// `source_ip:`, ranges; on a network load balancer `ipv4` or `ipv6`.
    pub source_ip: Vec<String>,
}
