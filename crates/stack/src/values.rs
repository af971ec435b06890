//! Values with a grammar of their own: CIDR ranges, port ranges, physical names. Pure text; the callers report.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

/// A CIDR range with its host bits masked off, as EC2 gives it back.
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
    // AWS takes no bare address, and 0.0.0.0 for "everybody" would mean nobody.
    let bits = bits.ok_or_else(|| "it has no prefix length".to_owned())?;
    let bits = bits
        .parse::<u32>()
        .ok()
        .filter(|n| *n <= most)
        .ok_or_else(|| format!("`/{bits}` is not a prefix length; it is 0 to {most}"))?;
    let masked = match address {
        IpAddr::V4(v4) => IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & u32::MAX.checked_shl(32 - bits).unwrap_or(0))),
        IpAddr::V6(v6) => {
            IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & u128::MAX.checked_shl(128 - bits).unwrap_or(0)))
        }
    };
    Ok(Cidr { text: format!("{masked}/{bits}"), v4: address.is_ipv4(), exact: masked == address })
}

/// What to write in place of a bare address; `None` if the text is none.
pub(crate) fn length_help(text: &str) -> Option<String> {
    let address: IpAddr = text.trim().parse().ok()?;
    Some(match address {
        IpAddr::V4(v4) if v4.is_unspecified() => "Write 0.0.0.0/0 for every IPv4 address.".to_owned(),
        IpAddr::V6(v6) if v6.is_unspecified() => "Write \"::/0\" for every IPv6 address.".to_owned(),
        IpAddr::V4(v4) => {
            let length = 32 - (v4.to_bits().trailing_zeros() / 8 * 8);
            if length < 32 {
                format!("Write {v4}/{length} for the whole network, or {v4}/32 for this one address.")
            } else {
                format!("Write {v4}/32 for this one address.")
            }
        }
        IpAddr::V6(v6) => format!("Write \"{v6}/128\" for this one address, or the length of its network."),
    })
}

/// `80` or `8000-8010`, each from 0 to 65535.
pub(crate) fn port_range(text: &str) -> Option<(i32, i32)> {
    let port = |text: &str| text.trim().parse::<i32>().ok().filter(|port| (0..=65535).contains(port));
    match text.split_once('-') {
        Some((from, to)) => Some((port(from)?, port(to)?)).filter(|(from, to)| from <= to),
        None => port(text).map(|port| (port, port)),
    }
}

/// The partition that a region belongs to, as ARNs name it.
pub fn partition(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}

/// What AWS allows as a physical name of a kind.
#[derive(Debug)]
pub struct NameRule {
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
                "it has {length} characters; AWS accepts {} to {}",
                self.length.start(),
                self.length.end()
            ));
        }
        if let Some(bad) = name.chars().find(|c| !c.is_ascii_alphanumeric() && !self.also.contains(*c)) {
            return Some(format!("`{bad}` is not allowed; use letters, digits and `{}`", self.also));
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
/// Gateways of ECS.
pub(crate) const GATEWAY: NameRule = NameRule { length: 1..=255, also: "-", not_starting: &[], inner_hyphen: false };
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
/// Parameters; their section knows the rules of paths.
pub(crate) const PARAMETER: NameRule =
    NameRule { length: 1..=1011, also: "_-/.", not_starting: &["aws", "ssm", "/aws", "/ssm"], inner_hyphen: false };
/// Secrets.
pub(crate) const SECRET: NameRule =
    NameRule { length: 1..=512, also: "-/_+=.@!", not_starting: &[], inner_hyphen: false };
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
        assert!(cidr("192.0.2.7").is_err() && cidr("0.0.0.0").is_err() && cidr("::").is_err());
        assert!(cidr("10.0.0.0/33").is_err() && cidr("10.0.0/8").is_err() && cidr("::/129").is_err());
    }

    #[test]
    fn a_bare_address_is_told_its_length() {
        for (text, part) in [
            ("0.0.0.0", "0.0.0.0/0"),
            ("::", "::/0"),
            ("203.0.113.7", "203.0.113.7/32"),
            ("10.1.0.0", "10.1.0.0/16"),
            ("2001:db8::1", "2001:db8::1/128"),
        ] {
            assert!(length_help(text).unwrap().contains(part), "{text}");
        }
        assert!(length_help("alb").is_none());
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
