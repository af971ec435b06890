//! What a stack file says of gateways of ECS and of the services that connect to them. Data only.

use evenkeel_core::doc::Text;

use super::{Existing, Meta};

/// An entry of `gateways:`.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// The entry.
    pub meta: Meta,
    /// `existing:`, which of others it is; then nothing else counts.
    pub existing: Option<Existing>,
    /// `role:`, the ARN of the role by which ECS runs it.
    pub role: Text,
    /// `scheme:`, `internet-facing` or `internal`.
    pub scheme: String,
    /// `ip_address_type:`.
    pub ip_address_type: String,
    /// `subnets:`, if it does not use the network's.
    pub subnets: Option<Vec<String>>,
    /// `security_group:` as a group id; `None` lets ECS open port 443 to everybody.
    pub security_group: Option<Text>,
    /// `web_acl:`, an ARN.
    pub web_acl: Option<String>,
    /// `access_logs:`: bucket and prefix.
    pub access_logs: Option<(String, String)>,
    /// `max_load_balancers:`.
    pub max_load_balancers: u32,
    /// `http_desync:`.
    pub http_desync: String,
    /// `test_header:`: its name and its values.
    pub test_header: Option<(String, Vec<String>)>,
    /// `deletion_protection:`, on by default.
    pub deletion_protection: bool,
    /// `propagate_tags:`, on by default.
    pub propagate_tags: bool,
}

/// `ingress:` of a service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ingress {
    /// The entry of `gateways:`.
    pub gateway: String,
    /// The name of the port.
    pub port: String,
    /// `health_check:`.
    pub health_check: IngressCheck,
    /// `deregistration_delay:` in seconds.
    pub deregistration_delay_secs: u32,
}

/// How the load balancers of a gateway check the targets of a service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IngressCheck {
    /// `HTTP` or `HTTPS`.
    pub protocol: String,
    /// 0 for the port of the traffic.
    pub port: u16,
    /// The path.
    pub path: String,
    /// Time between two checks.
    pub interval_secs: u32,
    /// The time limit of one.
    pub timeout_secs: u32,
    /// Successes in a row until a target is healthy.
    pub healthy_threshold: u32,
    /// Failures in a row until it is not.
    pub unhealthy_threshold: u32,
    /// Status codes that count as a success.
    pub matcher: String,
}
