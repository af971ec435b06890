//! Values with a grammar of their own: CIDR ranges, port ranges, ARNs, physical names. Pure text; the callers report.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

/// A CIDR range with its host bits masked off, as EC2 gives it back; a bare address is a range of one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Cidr {
    /// The masked range, IPv6 lower case and compressed.
    pub text: String,
    /// Whether it is IPv4.
    pub v4: bool,
    /// Whether the file gave it as it is (nothing was masked).
    pub exact: bool,
}

/// Reads a range; `Err` says what is wrong.
pub(crate) fn cidr(text: &str) -> Result<Cidr, String> {
    let (address, bits) = match text.trim().split_once('/') {
        Some((address, bits)) => (address, Some(bits)),
        None => (text.trim(), None),
    };
    let address: IpAddr = address.parse().map_err(|_| format!("`{address}` is not an IP address"))?;
    let most: u32 = if address.is_ipv4() { 32 } else { 128 };
    let bits = match bits {
        None => most,
        Some(bits) => bits
            .parse::<u32>()
            .ok()
            .filter(|n| *n <= most)
            .ok_or_else(|| format!("`/{bits}` is not a prefix length; it is 0 to {most}"))?,
    };
    let masked = match address {
        IpAddr::V4(v4) => IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & u32::MAX.checked_shl(32 - bits).unwrap_or(0))),
        IpAddr::V6(v6) => {
            IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & u128::MAX.checked_shl(128 - bits).unwrap_or(0)))
        }
    };
    Ok(Cidr { text: format!("{masked}/{bits}"), v4: address.is_ipv4(), exact: masked == address })
}

/// `80` or `8000-8010`, each from 0 to 65535.
pub(crate) fn port_range(text: &str) -> Option<(i32, i32)> {
    let port = |text: &str| text.trim().parse::<i32>().ok().filter(|port| (0..=65535).contains(port));
    match text.split_once('-') {
        Some((from, to)) => Some((port(from)?, port(to)?)).filter(|(from, to)| from <= to),
        None => port(text).map(|port| (port, port)),
    }
}

/// Whether the text is an ARN of a service (`iam`, `acm`, …), in any partition.
pub(crate) fn is_arn(text: &str, service: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    parts.len() == 6 && parts[0] == "arn" && parts[1].starts_with("aws") && parts[2] == service && !parts[5].is_empty()
}

/// What AWS allows as a physical name of a kind.
pub(crate) struct NameRule {
    /// Fewest and most characters.
    pub length: RangeInclusive<usize>,
    /// Characters allowed beside letters and digits.
    pub also: &'static str,
    /// Beginnings that AWS refuses.
    pub not_starting: &'static [&'static str],
    /// Whether a hyphen may not be first or last.
    pub inner_hyphen: bool,
}

impl NameRule {
    /// What is wrong with a name; `None` if nothing is.
    pub(crate) fn complaint(&self, name: &str) -> Option<String> {
        let length = name.chars().count();
        if !self.length.contains(&length) {
            return Some(format!(
                "it has {length} characters; AWS takes {} to {}",
                self.length.start(),
                self.length.end()
            ));
        }
        if let Some(bad) = name.chars().find(|c| !c.is_ascii_alphanumeric() && !self.also.contains(*c)) {
            return Some(format!("`{bad}` cannot stand in it; letters, digits and `{}` can", self.also));
        }
        if let Some(start) = self.not_starting.iter().find(|start| name.to_ascii_lowercase().starts_with(**start)) {
            return Some(format!("AWS refuses names that start with `{start}`"));
        }
        if self.inner_hyphen && (name.starts_with('-') || name.ends_with('-')) {
            return Some("it cannot start or end with a hyphen".to_owned());
        }
        None
    }
}

/// Load balancers.
pub(crate) const LOAD_BALANCER: NameRule =
    NameRule { length: 1..=32, also: "-", not_starting: &["internal-"], inner_hyphen: true };
/// Target groups.
pub(crate) const TARGET_GROUP: NameRule = NameRule { length: 1..=32, also: "-", not_starting: &[], inner_hyphen: true };
/// Security groups.
pub(crate) const SECURITY_GROUP: NameRule =
    NameRule { length: 1..=255, also: " ._-:/()#,@[]+=&;{}!$*", not_starting: &["sg-"], inner_hyphen: false };
/// Roles.
pub(crate) const ROLE: NameRule = NameRule { length: 1..=64, also: "+=,.@_-", not_starting: &[], inner_hyphen: false };
/// Log groups.
pub(crate) const LOG_GROUP: NameRule =
    NameRule { length: 1..=512, also: "_-/.#", not_starting: &["aws/"], inner_hyphen: false };
/// Clusters, services and families.
pub(crate) const ECS: NameRule = NameRule { length: 1..=255, also: "-_", not_starting: &[], inner_hyphen: false };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_masked_as_ec2_gives_them_back() {
        assert_eq!(cidr("10.0.0.5/8").unwrap().text, "10.0.0.0/8");
        assert_eq!(cidr("0.0.0.0/0").unwrap().text, "0.0.0.0/0");
        assert_eq!(cidr("::/0").unwrap().text, "::/0");
        assert_eq!(cidr("2001:DB8:0:0::1/32").unwrap().text, "2001:db8::/32");
        assert_eq!(cidr("192.0.2.7").unwrap().text, "192.0.2.7/32");
        assert!(cidr("10.0.0.0/33").is_err() && cidr("10.0.0/8").is_err() && cidr("::/129").is_err());
    }

    #[test]
    fn port_ranges_are_checked() {
        assert_eq!(port_range("80"), Some((80, 80)));
        assert_eq!(port_range("8000-8010"), Some((8000, 8010)));
        assert!(port_range("8010-8000").is_none() && port_range("70000").is_none() && port_range("http").is_none());
    }

    #[test]
    fn names_follow_the_rules_of_their_kind() {
        assert!(TARGET_GROUP.complaint("web-1").is_none());
        for bad in ["web_1", "-web", "web-", "x23456789012345678901234567890123"] {
            assert!(TARGET_GROUP.complaint(bad).is_some(), "{bad}");
        }
        assert!(SECURITY_GROUP.complaint("sg-mine").is_some() && LOAD_BALANCER.complaint("internal-x").is_some());
    }
}
