//! Attributes of load balancers and target groups: AWS's defaults, to which an attribute goes back when it leaves the stack
//! file, and the tag that remembers which ones the file has set. AWS returns every attribute always, so without that tag
//! nobody could tell a setting that was dropped from one that was never ours.

use std::collections::{BTreeMap, BTreeSet};

/// The tag on a load balancer or target group that lists the attributes set by its stack file, in short form.
pub const TAG: &str = "evenkeel:attributes";

/// What is known of the attributes of a kind.
#[derive(Clone, Copy, Debug)]
pub struct Table(&'static [Known]);

/// An attribute: AWS's key, the short form in the tag, AWS's default.
type Known = (&'static str, &'static str, &'static str);

/// The attributes of things of this kind.
pub fn table(kind: &str) -> Table {
    match kind {
        "load_balancer" => Table(LOAD_BALANCER),
        "target_group" => Table(TARGET_GROUP),
        _ => Table(&[]),
    }
}

impl Table {
    /// The default of an attribute; `None` if it is not known.
    pub fn default(self, key: &str) -> Option<&'static str> {
        self.0.iter().find(|known| known.0 == key).map(|known| known.2)
    }

    /// The value of [`TAG`] that remembers these attributes; unknown ones cannot be reset, so they are not remembered.
    pub fn encode<'a>(self, keys: impl IntoIterator<Item = &'a String>) -> Option<String> {
        let keys: BTreeSet<&String> = keys.into_iter().collect();
        let short: Vec<&str> =
            self.0.iter().filter(|known| keys.iter().any(|key| *key == known.0)).map(|known| known.1).collect();
        (!short.is_empty()).then(|| short.join(" "))
    }

    /// The attributes that a [`TAG`] remembers.
    pub fn decode(self, tag: &str) -> Vec<String> {
        let known = |short: &str| self.0.iter().find(|known| known.1 == short);
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
            if let Some(default) = self.default(key) {
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
    ("deregistration_delay.timeout_seconds", "delay", "300"),
    ("load_balancing.algorithm.anomaly_mitigation", "anomaly", "off"),
    ("load_balancing.algorithm.type", "algorithm", "round_robin"),
    ("load_balancing.cross_zone.enabled", "cross_zone", "use_load_balancer_configuration"),
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
];

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn every_attribute_fits_in_the_tag_and_comes_back() {
        for kind in ["load_balancer", "target_group"] {
            let table = table(kind);
            let keys: BTreeSet<String> = table.0.iter().map(|known| known.0.to_owned()).collect();
            let tag = table.encode(&keys).unwrap();
            assert!(tag.len() <= 256, "{} characters", tag.len());
            assert!(tag.chars().all(|c| c.is_ascii_alphanumeric() || " _.".contains(c)), "{tag}");
            assert_eq!(table.decode(&tag).into_iter().collect::<BTreeSet<_>>(), keys);
        }
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
