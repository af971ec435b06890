//! What a stack file says of capacity of its own: providers of instances that ECS itself starts and stops. Data only.

use evenkeel_core::doc::Text;

use super::Meta;

/// An entry of `capacity_providers:`.
#[derive(Clone, Debug)]
pub struct CapacityProvider {
    /// The entry.
    pub meta: Meta,
    /// `managed_instances:`.
    pub managed: ManagedInstances,
}

/// `managed_instances:`.
#[derive(Clone, Debug)]
pub struct ManagedInstances {
    /// `infrastructure_role:`, the ARN of the role by which ECS starts and stops instances.
    pub infrastructure_role: Text,
    /// What the instances may do.
    pub profile: Profile,
    /// `subnets:`, if it does not use the network's.
    pub subnets: Option<Vec<String>>,
    /// `security_groups:` of the instances, as group ids.
    pub security_groups: Vec<Text>,
    /// `capacity_option:`, `ON_DEMAND` or `SPOT`.
    pub capacity_option: String,
    /// `requirements:`; not managed if not given.
    pub requirements: Option<Requirements>,
    /// `storage:` of the data volume in GiB; not managed if not given.
    pub storage_gib: Option<u32>,
    /// `monitoring:`, `BASIC` or `DETAILED`.
    pub monitoring: String,
    /// `propagate_tags:`, `NONE` or `CAPACITY_PROVIDER`.
    pub propagate_tags: String,
    /// `scale_in_after:` in seconds, -1 for never; not managed if not given.
    pub scale_in_after_secs: Option<i32>,
    /// `auto_repair:`; not managed if not given.
    pub auto_repair: Option<bool>,
}

/// The instance profile of instances.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Profile {
    /// Ours to make, with this role in it (its name).
    Made(Text),
    /// `instance_profile:`, the ARN of one that is there.
    Given(String),
}

/// `requirements:`, which instances ECS may choose.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Requirements {
    /// `vcpu_count:`.
    pub vcpu_count: Range,
    /// `memory_mib:`.
    pub memory_mib: Range,
    /// `allowed_instance_types:`; sorted.
    pub allowed: Vec<String>,
    /// `excluded_instance_types:`; sorted.
    pub excluded: Vec<String>,
    /// `cpu_manufacturers:`; sorted.
    pub cpu_manufacturers: Vec<String>,
    /// `burstable_performance:`, `included`, `required` or `excluded`; AWS's choice if not given.
    pub burstable: Option<String>,
    /// `accelerator_count:`.
    pub accelerator_count: Option<Range>,
    /// `accelerator_names:`; sorted.
    pub accelerator_names: Vec<String>,
}

/// At least, and at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Range {
    /// At least.
    pub min: u32,
    /// At most; no limit if not given.
    pub max: Option<u32>,
}
