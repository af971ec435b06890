//! A stack file after reading: every name resolved, every default that the *file* has (not AWS) filled in, every value
//! checked. Data only: `load.rs` makes it, the kinds turn it into graph nodes. Strings that may depend on other
//! resources are `Text`; references to entries of the file have been checked to exist.

mod balancers;
mod capacity;
mod certificates;
mod databases;
mod existing;
mod gateways;
mod images;
mod mesh;
mod meta;
mod networks;
mod scaling;
mod secrets;
mod services;

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::diagnostic::Place;
use evenkeel_core::doc::{Doc, Text};
use evenkeel_core::name;

pub use self::balancers::{
    Action, Authenticate, Conditions, HealthCheck, Listener, ListenerRule, LoadBalancer, Mutual, SubnetMapping,
    TargetGroup,
};
pub use self::capacity::{CapacityProvider, ManagedInstances, Profile, Range, Requirements};
pub use self::certificates::{Certificate, ManagedCertificate, SoughtCertificate};
pub use self::databases::{Database, DatabaseStorage};
pub use self::existing::Existing;
pub use self::gateways::{Gateway, Ingress, IngressCheck};
pub use self::images::{Build, Repository};
pub use self::mesh::{Connect, Discovery, ManagedNamespace, Namespace, SoughtNamespace};
pub use self::meta::Meta;
pub use self::networks::{Nat, Network, OwnNetwork, SubnetsRef, VpcRef, Zones, is_route};
pub use self::scaling::{Scaling, ScalingMetric, ScalingPolicy, ScalingRule, ScheduledAction, Step};
pub use self::secrets::{Parameter, Secret};
pub use self::services::{
    Alternate, Cluster, Deployment, EarlySuccess, Hook, Kept, RuleRef, Runs, Service, ServiceTarget, Shift, Strategy,
    TaskDefinition,
};

/// A whole stack file.
#[derive(Clone, Debug)]
pub struct Stack {
    /// `stack:`; 1 to 64 of `[A-Za-z0-9-]`, starting with a letter.
    pub name: String,
    /// `region:`, unless it comes from the command line or the environment.
    pub region: Option<String>,
    /// `account:`: refuse to act on any other account. Twelve digits.
    pub account: Option<String>,
    /// `tags:` on everything that can carry tags. Each entry's [`Meta::tags`] has these merged in already.
    pub tags: BTreeMap<String, String>,
    /// `network:`.
    pub network: Network,
    /// `roles:` by entry name.
    pub roles: BTreeMap<String, Role>,
    /// `log_groups:` by entry name.
    pub log_groups: BTreeMap<String, LogGroup>,
    /// `repositories:` by entry name.
    pub repositories: BTreeMap<String, Repository>,
    /// `parameters:` by entry name.
    pub parameters: BTreeMap<String, Parameter>,
    /// `secrets:` by entry name.
    pub secrets: BTreeMap<String, Secret>,
    /// `databases:` by entry name.
    pub databases: BTreeMap<String, Database>,
    /// `certificates:` by entry name.
    pub certificates: BTreeMap<String, Certificate>,
    /// `security_groups:` by entry name.
    pub security_groups: BTreeMap<String, SecurityGroup>,
    /// `target_groups:` by entry name.
    pub target_groups: BTreeMap<String, TargetGroup>,
    /// `load_balancers:` by entry name.
    pub load_balancers: BTreeMap<String, LoadBalancer>,
    /// `gateways:` by entry name.
    pub gateways: BTreeMap<String, Gateway>,
    /// `namespaces:` by entry name, and those that others name by `existing:`.
    pub namespaces: BTreeMap<String, Namespace>,
    /// `capacity_providers:` by entry name.
    pub capacity_providers: BTreeMap<String, CapacityProvider>,
    /// `cluster:`; there if any service is.
    pub cluster: Option<Cluster>,
    /// `services:` by entry name.
    pub services: BTreeMap<String, Service>,
    /// `dns:` in the order of the file.
    pub dns: Vec<Zone>,
}

impl Stack {
    /// The entries of each section with names of their own, and what all of them may say. Every field is named here, so that none is
    /// forgotten.
    pub(crate) fn entries(&self) -> Vec<(&'static str, Vec<(&String, &Meta)>)> {
        let Self {
            name: _,
            region: _,
            account: _,
            tags: _,
            network: _,
            roles,
            log_groups,
            repositories,
            parameters,
            secrets,
            databases,
            certificates,
            security_groups,
            target_groups,
            load_balancers,
            gateways,
            namespaces,
            capacity_providers,
            cluster: _,
            services,
            dns: _,
        } = self;
        let made = roles.iter().filter_map(|(name, role)| match role {
            Role::Managed(role) => Some((name, &role.meta)),
            Role::Existing { .. } => None,
        });
        let requested = certificates.iter().filter_map(|(name, certificate)| match certificate {
            Certificate::Managed(certificate) => Some((name, &certificate.meta)),
            Certificate::Existing { .. } => None,
        });
        let kept = namespaces.iter().filter_map(|(name, namespace)| match namespace {
            Namespace::Managed(namespace) => Some((name, &namespace.meta)),
            Namespace::Existing { .. } => None,
        });
        vec![
            ("security_groups", security_groups.iter().map(|(name, it)| (name, &it.meta)).collect()),
            ("target_groups", target_groups.iter().map(|(name, it)| (name, &it.meta)).collect()),
            ("load_balancers", load_balancers.iter().map(|(name, it)| (name, &it.meta)).collect()),
            ("gateways", gateways.iter().map(|(name, it)| (name, &it.meta)).collect()),
            ("log_groups", log_groups.iter().map(|(name, it)| (name, &it.meta)).collect()),
            ("repositories", repositories.iter().map(|(name, it)| (name, &it.meta)).collect()),
            ("parameters", parameters.iter().map(|(name, it)| (name, &it.meta)).collect()),
            ("secrets", secrets.iter().map(|(name, it)| (name, &it.meta)).collect()),
            ("databases", databases.iter().map(|(name, it)| (name, &it.meta)).collect()),
            ("capacity_providers", capacity_providers.iter().map(|(name, it)| (name, &it.meta)).collect()),
            ("services", services.iter().map(|(name, it)| (name, &it.meta)).collect()),
            ("roles", made.collect()),
            ("certificates", requested.collect()),
            ("namespaces", kept.collect()),
        ]
    }

    /// What AWS calls an entry of a section that gives it no name, at most `limit` characters. Parameters and secrets have levels; and
    /// the name of a secret should not end in a hyphen and six letters, as its ARN does.
    pub fn physical_name(&self, section: &str, entry: &str, limit: usize) -> String {
        match section {
            "parameters" => format!("/{}/{entry}", self.name),
            "secrets" => format!("{}/{entry}", self.name),
            "databases" => name::physical(&self.name, entry, limit).to_lowercase(),
            "roles" => name::physical(&self.role_prefix(), entry, limit),
            _ => name::physical(&self.name, entry, limit),
        }
    }

    /// Zones that certificates are validated in although `dns:` does not have them.
    pub fn zones_aside(&self) -> BTreeSet<&str> {
        let managed = self.certificates.values().filter_map(|certificate| match certificate {
            Certificate::Managed(certificate) => Some(certificate.zones.values()),
            Certificate::Existing { .. } => None,
        });
        let known = |zone: &&str| self.dns.iter().any(|known| known.name == *zone);
        managed.flatten().map(String::as_str).filter(|zone| !known(zone)).collect()
    }

    /// What the names of its roles begin with: an account has one room for the roles of all regions.
    pub fn role_prefix(&self) -> String {
        self.region.as_ref().map_or_else(|| self.name.clone(), |region| format!("{}-{region}", self.name))
    }
}

/// An entry of `roles:`.
#[derive(Clone, Debug)]
pub enum Role {
    /// Ours to make.
    Managed(Box<ManagedRole>),
    /// `existing:`, looked up and used as it is.
    Existing {
        /// Where it stands.
        place: Place,
        /// The role's name (the last part of the ARN, if an ARN was given).
        name: String,
        /// The ARN, if that was given.
        arn: Option<String>,
    },
}

/// A role of ours.
#[derive(Clone, Debug)]
pub struct ManagedRole {
    /// The entry.
    pub meta: Meta,
    /// `description:`.
    pub description: Option<String>,
    /// `trust:`, an IAM policy document; by default ECS tasks may assume the role.
    pub trust: Doc,
    /// `managed_policies:` as ARNs. A bare name in the file (`AmazonECSTaskExecutionRolePolicy`) has become the ARN of the
    /// AWS managed policy, with its path (`service-role/`) where AWS has one.
    pub managed: Vec<Text>,
    /// `policies:`, inline policy documents by name; strings may hold holes.
    pub inline: BTreeMap<String, Doc>,
    /// `max_session_duration:` in seconds; AWS's default is 3600.
    pub max_session_secs: u32,
    /// `permissions_boundary:`, an ARN.
    pub boundary: Option<String>,
}

/// An entry of `log_groups:`.
#[derive(Clone, Debug)]
pub struct LogGroup {
    /// The entry; of an existing one the name is that of others.
    pub meta: Meta,
    /// `existing:`, which of others it is; then nothing else counts.
    pub existing: Option<Existing>,
    /// `retention:` in days, one of the values that CloudWatch Logs takes; `None` keeps for ever.
    pub retention_days: Option<u32>,
    /// `class:`, `STANDARD` or `INFREQUENT_ACCESS`.
    pub class: String,
    /// `kms_key:`, an ARN.
    pub kms_key: Option<String>,
}

/// An entry of `security_groups:`.
#[derive(Clone, Debug)]
pub struct SecurityGroup {
    /// The entry.
    pub meta: Meta,
    /// `existing:`, the id or the name of a group that is only looked up; then just the rules are ours.
    pub existing: Option<String>,
    /// `description:`; by default `<stack> <entry>`.
    pub description: String,
    /// `ingress:`.
    pub ingress: Vec<Rule>,
    /// `egress:`; if not given, the one rule that AWS makes: everything to anywhere (IPv4).
    pub egress: Vec<Rule>,
}

impl SecurityGroup {
    /// Whether the file only names the group and has no rules for it.
    pub fn adds_nothing(&self) -> bool {
        self.ingress.is_empty() && self.egress.is_empty()
    }
}

/// One rule with one peer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// `tcp`, `udp`, `icmp`, `icmpv6`, a protocol number, or `-1` for all.
    pub protocol: String,
    /// First port, or the ICMP type; -1 for all.
    pub from_port: i32,
    /// Last port, or the ICMP code; -1 for all.
    pub to_port: i32,
    /// The other side.
    pub peer: Peer,
    /// `description:`, may be empty.
    pub description: String,
}

/// The other side of a rule.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Peer {
    /// An IPv4 range, host bits masked off.
    Cidr4(String),
    /// An IPv6 range, masked, lower case, compressed.
    Cidr6(String),
    /// `pl-…`.
    PrefixList(String),
    /// A group: an output `id` of a group of this file (of itself for `self`), or `sg-…`.
    Group(Text),
}

/// An item of `dns:`.
#[derive(Clone, Debug)]
pub struct Zone {
    /// Where it stands.
    pub place: Place,
    /// The zone's name, lower case, without the trailing dot.
    pub name: String,
    /// `create: true`: the zone is ours to make; else it is looked up.
    pub create: bool,
    /// `id:` of the zone, if several have the name.
    pub zone_id: Option<String>,
    /// `comment:` of a zone of ours.
    pub comment: Option<String>,
    /// Tags of a zone of ours.
    pub tags: BTreeMap<String, String>,
    /// `protect: true`.
    pub protect: bool,
    /// `records:`.
    pub records: Vec<Record>,
}

/// One record set.
#[derive(Clone, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// The full name, lower case, without the trailing dot; `*` unescaped.
    pub name: String,
    /// `A`, `AAAA`, `CNAME`, `TXT`, `MX`, `SRV`, `CAA`.
    pub rtype: String,
    /// What it holds.
    pub data: RecordData,
}

/// What a record holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RecordData {
    /// Values in the form in which Route 53 takes them (TXT quoted and cut to 255-byte strings), sorted.
    Values {
        /// Seconds, 300 by default.
        ttl: u32,
        /// At least one.
        values: Vec<Text>,
    },
    /// An alias.
    Alias {
        /// The DNS name of the target, an output `dns_name` of a load balancer of this file, or a name.
        dns_name: Text,
        /// The hosted zone of the target, an output `zone_id`, or an id.
        zone_id: Text,
        /// `evaluate_target_health:`, off by default.
        evaluate_target_health: bool,
    },
}
