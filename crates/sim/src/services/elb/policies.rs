//! The security policies of TLS listeners: protocols and ciphers of each, from a few groups of ciphers that they are made of.

use serde_json::{Value, json};

use super::arns::page;
use crate::call::{Call, Input, Members, Refusal, Reply, Table};

/// The operation.
pub(super) const OPERATIONS: Table = &[("DescribeSSLPolicies", describe)];

/// The policy of a TLS listener that names none.
pub(super) const DEFAULT: &str = "ELBSecurityPolicy-2016-08";

const TLS13: &[&str] = &["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"];

/// Every cipher before TLS 1.3, in the order of preference; the sets below choose from these.
const OLDER: &[&str] = &[
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES128-SHA256",
    "ECDHE-RSA-AES128-SHA256",
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-RSA-AES128-SHA",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES256-SHA384",
    "ECDHE-RSA-AES256-SHA384",
    "ECDHE-ECDSA-AES256-SHA",
    "ECDHE-RSA-AES256-SHA",
    "AES128-GCM-SHA256",
    "AES128-SHA256",
    "AES128-SHA",
    "AES256-GCM-SHA384",
    "AES256-SHA256",
    "AES256-SHA",
];

/// Which of the older ciphers a policy has.
#[derive(Clone, Copy)]
enum Set {
    /// None.
    None,
    /// Forward secrecy and authenticated encryption.
    Restricted,
    /// Forward secrecy, without SHA-1.
    Forward,
    /// Forward secrecy, with SHA-1.
    ForwardSha1,
    /// Without SHA-1.
    NoSha1,
    /// All.
    All,
}

impl Set {
    fn has(self, cipher: &str) -> bool {
        let forward = cipher.starts_with("ECDHE");
        let sha1 = cipher.ends_with("-SHA");
        match self {
            Self::None => false,
            Self::Restricted => forward && cipher.contains("GCM"),
            Self::Forward => forward && !sha1,
            Self::ForwardSha1 => forward,
            Self::NoSha1 => !sha1,
            Self::All => true,
        }
    }
}

const V3: &[&str] = &["TLSv1.3"];
const V32: &[&str] = &["TLSv1.2", "TLSv1.3"];
const V321: &[&str] = &["TLSv1.1", "TLSv1.2", "TLSv1.3"];
const V3210: &[&str] = &["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];
const V2: &[&str] = &["TLSv1.2"];
const V21: &[&str] = &["TLSv1.1", "TLSv1.2"];
const V210: &[&str] = &["TLSv1", "TLSv1.1", "TLSv1.2"];

const POLICIES: &[(&str, &[&str], Set)] = &[
    ("ELBSecurityPolicy-2016-08", V210, Set::All),
    ("ELBSecurityPolicy-TLS13-1-2-2021-06", V32, Set::Forward),
    ("ELBSecurityPolicy-TLS13-1-2-Res-2021-06", V32, Set::Restricted),
    ("ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06", V32, Set::NoSha1),
    ("ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06", V32, Set::All),
    ("ELBSecurityPolicy-TLS13-1-1-2021-06", V321, Set::All),
    ("ELBSecurityPolicy-TLS13-1-0-2021-06", V3210, Set::All),
    ("ELBSecurityPolicy-TLS13-1-3-2021-06", V3, Set::None),
    ("ELBSecurityPolicy-TLS13-1-3-PQ-2025-09", V3, Set::None),
    ("ELBSecurityPolicy-TLS13-1-2-PQ-2025-09", V32, Set::Forward),
    ("ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09", V32, Set::Restricted),
    ("ELBSecurityPolicy-TLS13-1-2-Ext1-PQ-2025-09", V32, Set::NoSha1),
    ("ELBSecurityPolicy-TLS13-1-2-Ext2-PQ-2025-09", V32, Set::All),
    ("ELBSecurityPolicy-TLS13-1-0-PQ-2025-09", V3210, Set::All),
    ("ELBSecurityPolicy-TLS-1-2-2017-01", V2, Set::NoSha1),
    ("ELBSecurityPolicy-TLS-1-1-2017-01", V21, Set::All),
    ("ELBSecurityPolicy-TLS-1-2-Ext-2018-06", V2, Set::All),
    ("ELBSecurityPolicy-FS-2018-06", V210, Set::ForwardSha1),
    ("ELBSecurityPolicy-2015-05", V210, Set::All),
    ("ELBSecurityPolicy-TLS-1-0-2015-04", V210, Set::All),
    ("ELBSecurityPolicy-FS-1-2-Res-2019-08", V2, Set::Forward),
    ("ELBSecurityPolicy-FS-1-1-2019-08", V21, Set::ForwardSha1),
    ("ELBSecurityPolicy-FS-1-2-2019-08", V2, Set::ForwardSha1),
    ("ELBSecurityPolicy-FS-1-2-Res-2020-10", V2, Set::Restricted),
];

/// No such policy.
pub(super) fn none(name: &str) -> Refusal {
    Refusal::new("SSLPolicyNotFound", format!("SSL policy '{name}' not found"))
}

/// Whether there is a policy of that name.
pub(super) fn exists(name: &str) -> bool {
    POLICIES.iter().any(|(known, _, _)| *known == name)
}

fn document(name: &str, protocols: &[&str], set: Set) -> Value {
    let newer = TLS13.iter().filter(|_| protocols.contains(&"TLSv1.3"));
    let ciphers: Vec<Value> = newer
        .chain(OLDER.iter().filter(|cipher| set.has(cipher)))
        .enumerate()
        .map(|(index, cipher)| json!({ "Name": cipher, "Priority": index + 1 }))
        .collect();
    json!({
        "Name": name,
        "SslProtocols": protocols,
        "Ciphers": ciphers,
        "SupportedLoadBalancerTypes": ["application", "network"],
    })
}

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let names = input.texts("Names");
    if let Some(name) = names.iter().find(|name| !exists(name)) {
        return Err(none(name));
    }
    let asked = |name: &str| names.is_empty() || names.iter().any(|one| one == name);
    let gateway = input.text("LoadBalancerType") == Some("gateway");
    let found: Vec<_> = POLICIES.iter().filter(|(name, _, _)| asked(name) && !gateway).collect();
    let page = page(call, input, found, |(name, _, _)| (*name).to_owned(), &format!("{names:?}"))?;
    let list: Vec<Value> = page.items.iter().map(|(name, protocols, set)| document(name, protocols, *set)).collect();
    Ok(json!({ "SslPolicies": list, "NextMarker": page.next }))
}
