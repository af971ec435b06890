//! Attributes of load balancers, target groups and listeners: AWS's defaults, to which an attribute goes back when it leaves the stack
//! file, and the tag that remembers which ones the file has set. AWS returns every attribute always, so without that tag
//! nobody could tell a setting that was dropped from one that was never ours.

use std::collections::{BTreeMap, BTreeSet};

/// The tag on a load balancer, target group or listener that lists the attributes set by its stack file, in short form.
pub const TAG: &str = "evenkeel:attributes";

/// What is known of the attributes of a kind.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    known: &'static [Known],
    /// Defaults of this sort of a thing, where they are other ones.
    sort: &'static [(&'static str, &'static str)],
    /// Whether AWS takes an empty value; where it does not, what is empty by default stays as it is.
    empties: bool,
}

/// An attribute: AWS's key, the short form in the tag, AWS's default.
type Known = (&'static str, &'static str, &'static str);

/// The attributes of things of this kind, of whatever sort.
pub fn table(kind: &str) -> Table {
    match kind {
        "load_balancer" => balancer("application"),
        "target_group" => group("HTTP", "ip"),
        "listener" => Table { known: LISTENER, sort: &[], empties: true },
        _ => Table { known: &[], sort: &[], empties: true },
    }
}

/// The attributes of load balancers of this type.
pub fn balancer(kind: &str) -> Table {
    let sort: &[_] = if kind == "network" { &[("load_balancing.cross_zone.enabled", "false")] } else { &[] };
    Table { known: LOAD_BALANCER, sort, empties: true }
}

/// The attributes of target groups of this protocol and type of targets. Source: the reference of `TargetGroupAttribute`, and the guide
/// of Network Load Balancers, "Target group attributes".
pub fn group(protocol: &str, target_type: &str) -> Table {
    let sort: &[_] = match (protocol, target_type) {
        ("HTTP" | "HTTPS", _) => &[],
        ("UDP" | "TCP_UDP", _) => &[
            ("deregistration_delay.connection_termination.enabled", "true"),
            ("preserve_client_ip.enabled", "true"),
            ("stickiness.type", "source_ip"),
            ("target_health_state.unhealthy.connection_termination.enabled", "false"),
        ],
        (_, "ip") => &[("stickiness.type", "source_ip")],
        _ => &[("preserve_client_ip.enabled", "true"), ("stickiness.type", "source_ip")],
    };
    // ModifyTargetGroupAttributes: "A target group attribute value must be specified".
    Table { known: TARGET_GROUP, sort, empties: false }
}

impl Table {
    /// The default of an attribute; `None` if it is not known.
    pub fn default(self, key: &str) -> Option<&'static str> {
        let sort = self.sort.iter().find(|known| known.0 == key).map(|known| known.1);
        sort.or_else(|| self.known.iter().find(|known| known.0 == key).map(|known| known.2))
    }

    /// The value of [`TAG`] that remembers these attributes; unknown ones cannot be reset, so they are not remembered.
    pub fn encode<'a>(self, keys: impl IntoIterator<Item = &'a String>) -> Option<String> {
        let keys: BTreeSet<&String> = keys.into_iter().collect();
        let short: Vec<&str> =
            self.known.iter().filter(|known| keys.iter().any(|key| *key == known.0)).map(|known| known.1).collect();
        (!short.is_empty()).then(|| short.join(" "))
    }

    /// The attributes that a [`TAG`] remembers.
    pub fn decode(self, tag: &str) -> Vec<String> {
        let known = |short: &str| self.known.iter().find(|known| known.1 == short);
        tag.split(' ').filter_map(known).map(|known| known.0.to_owned()).collect()
    }

    /// The values to write so that `want` holds and what only `have` holds goes back to its default.
    pub fn changes(self, have: &BTreeMap<String, String>, want: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut changes: BTreeMap<String, String> = want
            .iter()
            .filter(|(key, value)| have.get(*key) != Some(value))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        for key in have.keys().filter(|key| !want.contains_key(*key)) {
            if let Some(default) = self.default(key).filter(|default| self.empties || !default.is_empty()) {
                changes.insert(key.clone(), default.to_owned());
            }
        }
        changes
    }
}

const LOAD_BALANCER: &[Known] = &[
    ("access_logs.s3.bucket", "al.bucket", ""),
    ("access_logs.s3.enabled", "al", "false"),
    ("access_logs.s3.prefix", "al.prefix", ""),
    ("client_keep_alive.seconds", "keep_alive", "3600"),
    ("connection_logs.s3.bucket", "cl.bucket", ""),
    ("connection_logs.s3.enabled", "cl", "false"),
    ("connection_logs.s3.prefix", "cl.prefix", ""),
    ("deletion_protection.enabled", "protect", "false"),
    ("dns_record.client_routing_policy", "dns", "any_availability_zone"),
    ("health_check_logs.s3.bucket", "hl.bucket", ""),
    ("health_check_logs.s3.enabled", "hl", "false"),
    ("health_check_logs.s3.prefix", "hl.prefix", ""),
    ("idle_timeout.timeout_seconds", "idle", "60"),
    ("ipv6.deny_all_igw_traffic", "igw", "false"),
    ("load_balancing.cross_zone.enabled", "cross_zone", "true"),
    ("routing.http.desync_mitigation_mode", "desync", "defensive"),
    ("routing.http.drop_invalid_header_fields.enabled", "drop_invalid", "false"),
    ("routing.http.preserve_host_header.enabled", "keep_host", "false"),
    ("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "tls_header", "false"),
    ("routing.http.xff_client_port.enabled", "xff_port", "false"),
    ("routing.http.xff_header_processing.mode", "xff", "append"),
    ("routing.http2.enabled", "http2", "true"),
    ("waf.fail_open.enabled", "waf", "false"),
    ("zonal_shift.config.enabled", "shift", "false"),
];

const TARGET_GROUP: &[Known] = &[
    ("deregistration_delay.connection_termination.enabled", "ends", "false"),
    ("deregistration_delay.timeout_seconds", "delay", "300"),
    ("load_balancing.algorithm.anomaly_mitigation", "anomaly", "off"),
    ("load_balancing.algorithm.type", "algorithm", "round_robin"),
    ("load_balancing.cross_zone.enabled", "cross_zone", "use_load_balancer_configuration"),
    ("preserve_client_ip.enabled", "client", "false"),
    ("proxy_protocol_v2.enabled", "proxy", "false"),
    ("slow_start.duration_seconds", "slow_start", "0"),
    ("stickiness.app_cookie.cookie_name", "app.name", ""),
    ("stickiness.app_cookie.duration_seconds", "app.secs", "86400"),
    ("stickiness.enabled", "sticky", "false"),
    ("stickiness.lb_cookie.duration_seconds", "lb.secs", "86400"),
    ("stickiness.type", "sticky.type", "lb_cookie"),
    ("target_group_health.dns_failover.minimum_healthy_targets.count", "dns.count", "1"),
    ("target_group_health.dns_failover.minimum_healthy_targets.percentage", "dns.percent", "off"),
    ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "routing.count", "1"),
    ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "routing.percent", "off"),
    ("target_health_state.unhealthy.connection_termination.enabled", "bad.ends", "true"),
    ("target_health_state.unhealthy.draining_interval_seconds", "bad.secs", "0"),
];

const LISTENER: &[Known] = &[
    ("routing.http.request.x_amzn_mtls_clientcert.header_name", "q.cert", ""),
    ("routing.http.request.x_amzn_mtls_clientcert_issuer.header_name", "q.issuer", ""),
    ("routing.http.request.x_amzn_mtls_clientcert_leaf.header_name", "q.leaf", ""),
    ("routing.http.request.x_amzn_mtls_clientcert_serial_number.header_name", "q.serial", ""),
    ("routing.http.request.x_amzn_mtls_clientcert_subject.header_name", "q.subject", ""),
    ("routing.http.request.x_amzn_mtls_clientcert_validity.header_name", "q.valid", ""),
    ("routing.http.request.x_amzn_tls_cipher_suite.header_name", "q.cipher", ""),
    ("routing.http.request.x_amzn_tls_version.header_name", "q.tls", ""),
    ("routing.http.response.access_control_allow_credentials.header_value", "ac.cred", ""),
    ("routing.http.response.access_control_allow_headers.header_value", "ac.head", ""),
    ("routing.http.response.access_control_allow_methods.header_value", "ac.meth", ""),
    ("routing.http.response.access_control_allow_origin.header_value", "ac.orig", ""),
    ("routing.http.response.access_control_expose_headers.header_value", "ac.exp", ""),
    ("routing.http.response.access_control_max_age.header_value", "ac.age", ""),
    ("routing.http.response.content_security_policy.header_value", "csp", ""),
    ("routing.http.response.server.enabled", "server", "true"),
    ("routing.http.response.strict_transport_security.header_value", "hsts", ""),
    ("routing.http.response.x_content_type_options.header_value", "xcto", ""),
    ("routing.http.response.x_frame_options.header_value", "xfo", ""),
    ("tcp.idle_timeout.seconds", "idle", "350"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn every_attribute_fits_in_the_tag_and_comes_back() {
        for kind in ["load_balancer", "target_group", "listener"] {
            let table = table(kind);
            let keys: BTreeSet<String> = table.known.iter().map(|known| known.0.to_owned()).collect();
            let tag = table.encode(&keys).unwrap();
            assert!(tag.len() <= 256, "{} characters", tag.len());
            assert!(tag.chars().all(|c| c.is_ascii_alphanumeric() || " _.".contains(c)), "{tag}");
            assert_eq!(table.decode(&tag).into_iter().collect::<BTreeSet<_>>(), keys);
        }
    }

    #[test]
    fn defaults_depend_on_the_sort() {
        let key = "preserve_client_ip.enabled";
        let of = |protocol: &str, target_type: &str| group(protocol, target_type).default(key);
        assert_eq!(
            [of("TCP", "ip"), of("TLS", "instance"), of("UDP", "ip")],
            [Some("false"), Some("true"), Some("true")]
        );
        let key = "load_balancing.cross_zone.enabled";
        assert_eq!(
            [balancer("application").default(key), balancer("network").default(key)],
            [Some("true"), Some("false")]
        );
    }

    #[test]
    fn what_is_empty_by_default_stays_where_aws_takes_no_empty_value() {
        let have = map(&[("stickiness.app_cookie.cookie_name", "session")]);
        assert_eq!(group("HTTP", "ip").changes(&have, &BTreeMap::new()), BTreeMap::new());
        let have = map(&[("access_logs.s3.prefix", "web")]);
        assert_eq!(balancer("network").changes(&have, &BTreeMap::new()), map(&[("access_logs.s3.prefix", "")]));
    }

    #[test]
    fn what_left_the_file_goes_back_to_the_default() {
        let table = table("target_group");
        let have = map(&[("slow_start.duration_seconds", "30"), ("stickiness.enabled", "true"), ("new.thing", "1")]);
        let want = map(&[("stickiness.enabled", "true"), ("deregistration_delay.timeout_seconds", "5")]);
        let changes = table.changes(&have, &want);
        assert_eq!(
            changes,
            map(&[("slow_start.duration_seconds", "0"), ("deregistration_delay.timeout_seconds", "5")])
        );
    }
}
