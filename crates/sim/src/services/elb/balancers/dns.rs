//! The DNS names of load balancers, and the hosted zones that AWS keeps them in: one for each region and sort. Knows no load
//! balancer in particular.

use super::super::state::Kind;

/// Hosted zones of load balancers: region, for application, for network load balancers.
const HOSTED_ZONES: &[(&str, &str, &str)] = &[
    ("us-east-1", "Z35SXDOTRQ7X7K", "Z26RNL4JYFTOTI"),
    ("us-east-2", "Z3AADJGX6KTTL2", "ZLMOA37VPKANP"),
    ("us-west-1", "Z368ELLRRE2KJ0", "Z24FKFUX50B4VW"),
    ("us-west-2", "Z1H1FL5HABSF5", "Z18D5FSROUN65G"),
    ("ap-south-1", "ZP97RAFLXTNZK", "ZVDDRBQ08TROA"),
    ("ap-southeast-1", "Z1LMS91P8CMLE5", "ZKVM4W9LS7TM"),
    ("ap-southeast-2", "Z1GM3OXH4ZPM65", "ZCT6FZBF4DROD"),
    ("ap-northeast-1", "Z14GRHDCWA56QT", "Z31USIVHYNEOWT"),
    ("ap-northeast-2", "ZWKZPGTI48KDX", "ZIBE1TIR4HY56"),
    ("ca-central-1", "ZQSVJUPU6J1EY", "Z2EPGBW3API2WT"),
    ("eu-central-1", "Z215JYRZR1TBD5", "Z3F0SRJ5LGBH90"),
    ("eu-west-1", "Z32O12XQLNTSW2", "Z2IFOLAFXWLO4F"),
    ("eu-west-2", "ZHURV8PSTC4K8", "ZD4D7Y8KGAS4G"),
    ("eu-west-3", "Z3Q77PNBQS71R4", "Z1CMS0P5QUZ6D5"),
    ("eu-north-1", "Z23TAZ6LKFMNIO", "Z1UDT6IFJ4EJM"),
    ("eu-south-1", "Z3ULH7SSC9OV64", "Z23146JA1KNAFP"),
    ("sa-east-1", "Z2P70J7HTTTPLU", "ZTK26PT1VY4CU"),
];

/// The hosted zone of the DNS names of load balancers of that kind.
pub(super) fn zone_id(kind: Kind, region: &str) -> String {
    let known = HOSTED_ZONES.iter().find(|(name, _, _)| *name == region);
    let (_, application, network) = known.unwrap_or(&HOSTED_ZONES[0]);
    (if kind == Kind::Application { application } else { network }).to_string()
}

/// The DNS name of a load balancer.
pub(super) fn name_of(name: &str, kind: Kind, internal: bool, number: &str, id: &str, region: &str) -> String {
    match kind {
        Kind::Application if internal => format!("internal-{name}-{number}.{region}.elb.amazonaws.com"),
        Kind::Application => format!("{name}-{number}.{region}.elb.amazonaws.com"),
        Kind::Network | Kind::Gateway => format!("{name}-{id}.elb.{region}.amazonaws.com"),
    }
}
