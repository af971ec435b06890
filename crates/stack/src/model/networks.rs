//! `network:` after reading: a VPC and subnets that are looked up, or a network of the stack's own. Data, and what follows from it alone;
//! knows no AWS.

use std::collections::BTreeMap;

use evenkeel_core::diagnostic::Place;

/// `network:`, which VPC and which subnets.
#[derive(Clone, Debug)]
pub struct Network {
    /// Where it stands; the start of the file if it is not there.
    pub place: Place,
    /// `vpc:`.
    pub vpc: VpcRef,
    /// `subnets:`.
    pub subnets: SubnetsRef,
    /// `create:`; then the network is the stack's own, and nothing is looked up.
    pub create: Option<OwnNetwork>,
}

impl Network {
    /// Whether it is the default VPC with its default subnets.
    pub fn is_default(&self) -> bool {
        self.create.is_none() && self.vpc == VpcRef::Default && self.subnets == SubnetsRef::Default
    }
}

/// `vpc:`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum VpcRef {
    /// The region's default VPC.
    Default,
    /// `vpc-…`.
    Id(String),
    /// The one VPC that has all these tags.
    Tags(BTreeMap<String, String>),
}

/// `subnets:`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SubnetsRef {
    /// The default subnet of each zone of the VPC; in a VPC without such, all its subnets.
    Default,
    /// `subnet-…`, at least one.
    Ids(Vec<String>),
    /// All subnets of the VPC that have all these tags.
    Tags(BTreeMap<String, String>),
}

/// `create:`, a network of the stack's own.
#[derive(Clone, Debug)]
pub struct OwnNetwork {
    /// Where it stands.
    pub place: Place,
    /// `cidr:`, the range of the VPC, without host bits.
    pub cidr: String,
    /// `zones:`.
    pub zones: Zones,
    /// `public:`, the ranges of the subnets that lead to the internet gateway, one for each zone; none if there are no such subnets.
    pub public: Vec<String>,
    /// `private:`, likewise, of those that do not.
    pub private: Vec<String>,
    /// `nat:`.
    pub nat: Nat,
    /// `endpoints:`, in the words of the file.
    pub endpoints: Vec<&'static str>,
    /// `dns_support:`.
    pub dns_support: bool,
    /// `dns_hostnames:`.
    pub dns_hostnames: bool,
}

/// `zones:`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Zones {
    /// So many of the region's.
    Count(usize),
    /// These.
    Names(Vec<String>),
}

/// `nat:`, how private subnets get out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Nat {
    /// Not at all.
    None,
    /// By one NAT gateway for all zones.
    One,
    /// By one in each zone.
    OnePerZone,
}

/// Whether the endpoint of this word is a route, which costs nothing, and no network interface.
pub fn is_route(endpoint: &str) -> bool {
    matches!(endpoint, "s3" | "dynamodb")
}

impl Zones {
    /// How many there are.
    pub fn count(&self) -> usize {
        match self {
            Self::Count(count) => *count,
            Self::Names(names) => names.len(),
        }
    }
}

impl OwnNetwork {
    /// How many NAT gateways it has.
    pub fn nats(&self) -> usize {
        match self.nat {
            Nat::None => 0,
            Nat::One => 1,
            Nat::OnePerZone => self.zones.count(),
        }
    }

    /// Whether it has this endpoint, by the word of the file.
    pub fn has_endpoint(&self, word: &str) -> bool {
        self.endpoints.contains(&word)
    }

    /// Whether some of its endpoints are network interfaces; those of S3 and DynamoDB are routes.
    pub fn has_interfaces(&self) -> bool {
        self.endpoints.iter().any(|word| !is_route(word))
    }

    /// Whether tasks in its private subnets get at their images: by NAT, or by the endpoints of ECR and of S3, where ECR has the layers.
    pub fn private_reaches_images(&self) -> bool {
        !self.private.is_empty() && (self.nat != Nat::None || (self.has_endpoint("ecr") && self.has_endpoint("s3")))
    }

    /// Whether tasks go into its public subnets if the file does not say.
    pub fn prefers_public(&self) -> bool {
        !self.public.is_empty() && !self.private_reaches_images()
    }
}
