//! The edits of the phases: for each kind how it leaves the file, what replaces it, how it is renamed with and without a word,
//! and how two of its kind change places. A kind that has no such edit says why; one that is forgotten fails the test.

use serde_json::Value;

/// What happens to a thing of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It leaves the file.
    Leaves,
    /// A field changes that AWS cannot change in place.
    Replaced,
    /// Its entry has another name.
    Renamed,
    /// Its entry has another name and says which it had.
    Moved,
    /// It changes places with another one: names, ports, priorities, values, providers.
    Swapped,
}

/// All of them.
pub const CHANGES: &[Change] = &[Leaves, Replaced, Renamed, Moved, Swapped];

/// One edit of a file; places are JSON pointers.
#[derive(Clone, Copy, Debug)]
pub enum Op {
    /// Takes something out.
    Remove(&'static str),
    /// Puts something in, written as YAML.
    Set(&'static str, &'static str),
    /// Gives an entry another name.
    Rename(&'static str, &'static str),
    /// Lets two values change places.
    Swap(&'static str, &'static str),
}

/// An edit, and the kinds that it is about.
pub struct Edit {
    /// The kinds.
    pub kinds: &'static [&'static str],
    /// What happens to them.
    pub change: Change,
    /// How.
    pub ops: &'static [Op],
}

use Change::{Leaves, Moved, Renamed, Replaced, Swapped};
use Op::{Remove, Rename, Set, Swap};

const fn edit(kinds: &'static [&'static str], change: Change, ops: &'static [Op]) -> Edit {
    Edit { kinds, change, ops }
}

const DATABASE: &[&str] = &["database", "db_subnet_group", "db_parameter_group"];
const GROUP: &[&str] = &["security_group", "security_group_rules"];
const SERVICE: &[&str] = &["service", "task_definition"];
const CAPACITY: &[&str] = &["capacity_provider", "instance_profile"];
const LISTENER: &[&str] = &["listener", "listener_rules"];
const BALANCER: &[&str] = &["load_balancer", "listener", "listener_rules"];

/// Kinds whose edits are made to the file with more in it.
pub const LATER: &[&str] = &["gateway", "capacity_provider", "instance_profile"];

/// The table.
pub const EDITS: &[Edit] = &[
    edit(&["role"], Leaves, &[Remove("/roles/one")]),
    edit(&["role"], Replaced, &[Set("/roles/one/name", "phases-role-3")]),
    edit(&["role"], Renamed, &[Rename("/roles/one", "other"), Remove("/roles/other/name")]),
    edit(
        &["role"],
        Moved,
        &[
            Rename("/roles/execution", "other"),
            Set("/roles/other/moved_from", "execution"),
            Set("/services/app/execution_role", "other"),
            Set("/services/api/execution_role", "other"),
        ],
    ),
    edit(&["role"], Swapped, &[Swap("/roles/one/name", "/roles/two/name")]),
    edit(&["log_group"], Leaves, &[Remove("/log_groups/one")]),
    edit(
        &["log_group"],
        Replaced,
        &[Set("/log_groups/one/class", "infrequent-access"), Remove("/log_groups/one/retention")],
    ),
    edit(&["log_group"], Renamed, &[Rename("/log_groups/one", "other"), Remove("/log_groups/other/name")]),
    edit(
        &["log_group"],
        Moved,
        &[
            Rename("/log_groups/app", "other"),
            Set("/log_groups/other/moved_from", "app"),
            Set("/services/app/containers/app/logs", "other"),
        ],
    ),
    edit(&["log_group"], Swapped, &[Swap("/log_groups/one/name", "/log_groups/two/name")]),
    edit(GROUP, Leaves, &[Remove("/security_groups/one")]),
    edit(GROUP, Replaced, &[Set("/security_groups/one/name", "phases-group-3")]),
    edit(GROUP, Renamed, &[Rename("/security_groups/one", "other"), Remove("/security_groups/other/name")]),
    edit(
        GROUP,
        Moved,
        &[
            Rename("/security_groups/app", "other"),
            Set("/security_groups/other/moved_from", "app"),
            Set("/security_groups/theirs/ingress/0/from", "other"),
            Set("/services/app/security_groups", "[other]"),
            Set("/services/api/security_groups", "[other]"),
            Set("/services/one/security_groups", "[other]"),
            Set("/services/two/security_groups", "[other]"),
        ],
    ),
    edit(&["security_group"], Swapped, &[Swap("/security_groups/one/name", "/security_groups/two/name")]),
    edit(&["security_group_rules"], Swapped, &[Swap("/security_groups/one/ingress", "/security_groups/two/ingress")]),
    edit(&["target_group"], Leaves, &[Remove("/target_groups/one")]),
    edit(&["target_group"], Replaced, &[Set("/target_groups/app/name", "phases-target-3")]),
    edit(&["target_group"], Renamed, &[Rename("/target_groups/one", "other"), Remove("/target_groups/other/name")]),
    edit(
        &["target_group"],
        Moved,
        &[
            Rename("/target_groups/api", "other"),
            Set("/target_groups/other/moved_from", "api"),
            Set("/services/api/target_group", "other"),
            Set("/load_balancers/web/listeners/alt/forward", "other"),
            Set("/load_balancers/web/listeners/http/rules/0/forward", "other"),
        ],
    ),
    edit(&["target_group"], Swapped, &[Swap("/target_groups/one/name", "/target_groups/two/name")]),
    edit(BALANCER, Leaves, &[Remove("/load_balancers/one")]),
    edit(BALANCER, Replaced, &[Set("/load_balancers/one/scheme", "internal")]),
    edit(BALANCER, Renamed, &[Rename("/load_balancers/one", "other"), Remove("/load_balancers/other/name")]),
    edit(BALANCER, Moved, &[Rename("/load_balancers/one", "other"), Set("/load_balancers/other/moved_from", "one")]),
    edit(&["load_balancer"], Swapped, &[Swap("/load_balancers/one/name", "/load_balancers/two/name")]),
    edit(&["listener"], Leaves, &[Remove("/load_balancers/web/listeners/alt")]),
    edit(&["listener_rules"], Leaves, &[Remove("/load_balancers/web/listeners/http/rules")]),
    edit(LISTENER, Renamed, &[Rename("/load_balancers/web/listeners/http", "other")]),
    edit(
        LISTENER,
        Moved,
        &[
            Rename("/load_balancers/web/listeners/http", "other"),
            Set("/load_balancers/web/listeners/other/moved_from", "http"),
        ],
    ),
    edit(
        &["listener"],
        Swapped,
        &[Swap("/load_balancers/web/listeners/http/port", "/load_balancers/web/listeners/alt/port")],
    ),
    edit(
        &["listener_rules"],
        Swapped,
        &[Swap(
            "/load_balancers/web/listeners/http/rules/0/priority",
            "/load_balancers/web/listeners/http/rules/1/priority",
        )],
    ),
    edit(&["cluster", "service"], Leaves, &[Remove("/services"), Remove("/cluster")]),
    edit(&["cluster", "service"], Replaced, &[Set("/cluster/name", "phases-other")]),
    edit(
        &["cluster"],
        Swapped,
        &[
            Set("/cluster/capacity_providers", "[FARGATE]"),
            Set("/services/one/capacity_provider_strategy", "{ FARGATE: 1 }"),
        ],
    ),
    edit(SERVICE, Leaves, &[Remove("/services/one")]),
    edit(&["service"], Replaced, &[Set("/services/one/name", "phases-service-3")]),
    edit(&["task_definition"], Replaced, &[Set("/services/app/containers/app/image", "ghcr.io/example/app:2")]),
    edit(
        SERVICE,
        Renamed,
        &[Rename("/services/one", "other"), Remove("/services/other/name"), Remove("/services/other/family")],
    ),
    edit(SERVICE, Moved, &[Rename("/services/app", "other"), Set("/services/other/moved_from", "app")]),
    edit(&["service"], Swapped, &[Swap("/services/one/name", "/services/two/name")]),
    edit(&["task_definition"], Swapped, &[Swap("/services/one/family", "/services/two/family")]),
    edit(&["hosted_zone", "records"], Leaves, &[Remove("/dns/1")]),
    edit(&["hosted_zone", "records"], Renamed, &[Set("/dns/1/zone", "other.example")]),
    edit(&["records"], Leaves, &[Remove("/dns/1/records")]),
    edit(&["records"], Swapped, &[Swap("/dns/0/records/1/name", "/dns/0/records/2/name")]),
    edit(&["certificate"], Leaves, &[Remove("/certificates/one")]),
    edit(&["certificate"], Replaced, &[Set("/certificates/site/key_algorithm", "EC_prime256v1")]),
    edit(&["certificate"], Renamed, &[Rename("/certificates/one", "other")]),
    edit(
        &["certificate"],
        Moved,
        &[
            Rename("/certificates/site", "other"),
            Set("/certificates/other/moved_from", "site"),
            Set("/load_balancers/web/listeners/https/certificate", "other"),
        ],
    ),
    edit(&["certificate"], Swapped, &[Swap("/certificates/one/domain", "/certificates/two/domain")]),
    edit(&["repository"], Leaves, &[Remove("/repositories/one")]),
    edit(&["repository"], Replaced, &[Set("/repositories/one/encryption", "KMS")]),
    edit(&["repository"], Renamed, &[Rename("/repositories/one", "other"), Remove("/repositories/other/name")]),
    edit(&["repository"], Moved, &[Rename("/repositories/app", "other"), Set("/repositories/other/moved_from", "app")]),
    edit(&["repository"], Swapped, &[Swap("/repositories/one/name", "/repositories/two/name")]),
    edit(&["parameter"], Leaves, &[Remove("/parameters/one")]),
    edit(&["parameter"], Replaced, &[Set("/parameters/one/name", "/phases/three")]),
    edit(&["parameter"], Renamed, &[Rename("/parameters/one", "other"), Remove("/parameters/other/name")]),
    edit(&["parameter"], Moved, &[Rename("/parameters/app", "other"), Set("/parameters/other/moved_from", "app")]),
    edit(&["parameter"], Swapped, &[Swap("/parameters/one/name", "/parameters/two/name")]),
    edit(&["secret"], Leaves, &[Remove("/secrets/one")]),
    edit(&["secret"], Replaced, &[Set("/secrets/one/name", "phases/three")]),
    edit(&["secret"], Renamed, &[Rename("/secrets/one", "other"), Remove("/secrets/other/name")]),
    edit(&["secret"], Moved, &[Rename("/secrets/app", "other"), Set("/secrets/other/moved_from", "app")]),
    edit(&["secret"], Swapped, &[Swap("/secrets/one/name", "/secrets/two/name")]),
    edit(&["existing_group_rules"], Leaves, &[Remove("/security_groups/theirs")]),
    edit(
        &["existing_group_rules"],
        Replaced,
        &[Set("/security_groups/theirs/existing", "somebody"), Set("/security_groups/others/existing", "default")],
    ),
    edit(&["existing_group_rules"], Renamed, &[Rename("/security_groups/theirs", "other")]),
    edit(
        &["existing_group_rules"],
        Swapped,
        &[
            Swap("/security_groups/theirs/existing", "/security_groups/others/existing"),
            Set("/security_groups/theirs/ingress/0/port", "5434"),
        ],
    ),
    edit(&["scaling"], Leaves, &[Remove("/services/one/autoscaling")]),
    edit(&["scaling"], Replaced, &[Set("/services/one/name", "phases-service-3")]),
    edit(
        &["scaling"],
        Renamed,
        &[Rename("/services/one", "other"), Remove("/services/other/name"), Remove("/services/other/family")],
    ),
    edit(&["scaling"], Moved, &[Rename("/services/app", "other"), Set("/services/other/moved_from", "app")]),
    edit(&["scaling"], Swapped, &[Swap("/services/one/autoscaling", "/services/two/autoscaling")]),
    edit(DATABASE, Leaves, &[Remove("/databases/one")]),
    edit(DATABASE, Replaced, &[Set("/databases/two/name", "phases-db-3")]),
    edit(DATABASE, Renamed, &[Rename("/databases/one", "other"), Remove("/databases/other/name")]),
    edit(DATABASE, Moved, &[Rename("/databases/two", "other"), Set("/databases/other/moved_from", "two")]),
    edit(&["namespace"], Leaves, &[Remove("/namespaces/one")]),
    edit(&["namespace"], Replaced, &[Set("/namespaces/one/type", "private-dns")]),
    edit(&["namespace"], Renamed, &[Rename("/namespaces/one", "other"), Remove("/namespaces/other/name")]),
    edit(
        &["namespace"],
        Moved,
        &[
            Rename("/namespaces/app", "other"),
            Set("/namespaces/other/moved_from", "app"),
            Set("/cluster/namespace", "other"),
            Set("/services/one/discovery/namespace", "other"),
            Set("/services/two/discovery/namespace", "other"),
        ],
    ),
    edit(&["namespace"], Swapped, &[Swap("/namespaces/one/name", "/namespaces/two/name")]),
    edit(&["discovery_service"], Leaves, &[Remove("/services/one/discovery")]),
    edit(&["discovery_service"], Replaced, &[Set("/services/one/discovery/routing_policy", "weighted")]),
    edit(
        &["discovery_service"],
        Renamed,
        &[
            Rename("/services/one", "other"),
            Remove("/services/other/name"),
            Remove("/services/other/family"),
            Remove("/services/other/discovery/name"),
        ],
    ),
    edit(&["discovery_service"], Moved, &[Rename("/services/one", "other"), Set("/services/other/moved_from", "one")]),
    edit(&["discovery_service"], Swapped, &[Swap("/services/one/discovery/name", "/services/two/discovery/name")]),
    edit(&["gateway"], Leaves, &[Remove("/gateways/one")]),
    edit(&["gateway"], Replaced, &[Set("/gateways/one/ip_address_type", "dualstack")]),
    edit(&["gateway"], Renamed, &[Rename("/gateways/one", "other"), Remove("/gateways/other/name")]),
    edit(&["gateway"], Moved, &[Rename("/gateways/one", "other"), Set("/gateways/other/moved_from", "one")]),
    edit(&["gateway"], Swapped, &[Swap("/gateways/one/name", "/gateways/two/name")]),
    edit(CAPACITY, Leaves, &[Remove("/capacity_providers/one")]),
    edit(&["capacity_provider"], Replaced, &[Set("/capacity_providers/one/name", "phases-capacity-3")]),
    edit(CAPACITY, Renamed, &[Rename("/capacity_providers/one", "other"), Remove("/capacity_providers/other/name")]),
    edit(
        CAPACITY,
        Moved,
        &[
            Rename("/capacity_providers/app", "other"),
            Set("/capacity_providers/other/moved_from", "app"),
            Set("/services/three/capacity_providers", "other"),
        ],
    ),
    edit(&["capacity_provider"], Swapped, &[Swap("/capacity_providers/one/name", "/capacity_providers/two/name")]),
];

/// What is known to go wrong when it is cut short, and is not mended yet: where two databases exchange their names, a creation whose reply
/// is lost ends the run, and a parameter group may stay with the mark of another.
pub const GAPS: &[(&str, Change)] =
    &[("database", Swapped), ("db_subnet_group", Swapped), ("db_parameter_group", Swapped)];

/// The network of a file is one for all that stands in it: it has a stack and a sweep of its own.
const NETWORK: &str = "what leaves a network is swept with stacks/private-network.yaml";
/// Fields that AWS cannot change name the network around a thing.
pub const AROUND: &str = "the network around it stays the same, and what else AWS cannot change stays as it is";
const UNNAMED: &str = "it has no entry of its own";

/// What cannot happen to a kind.
pub const NEVER: &[(&str, Change, &str)] = &[
    ("cluster", Renamed, "a stack has one cluster, whose entry has no name"),
    ("cluster", Moved, "a stack has one cluster, whose entry has no name"),
    ("existing_group_rules", Moved, "what is only looked up has no `moved_from`; a renamed entry keeps its rules"),
    ("hosted_zone", Replaced, "its name is what it is"),
    ("hosted_zone", Moved, "its name is what it is"),
    ("hosted_zone", Swapped, "its name is what it is"),
    ("service_linked_role", Leaves, "it belongs to the account, and no file has it"),
    ("service_linked_role", Replaced, "it belongs to the account, and no file has it"),
    ("service_linked_role", Renamed, "it belongs to the account, and no file has it"),
    ("service_linked_role", Moved, "it belongs to the account, and no file has it"),
    ("service_linked_role", Swapped, "it belongs to the account, and no file has it"),
    ("instance_profile", Replaced, "all of it is changed in place"),
    ("instance_profile", Swapped, "its name is that of its entry"),
    ("image", Leaves, "it goes with its repository"),
    ("image", Replaced, "another content has another tag"),
    ("image", Renamed, "it has no entry of its own"),
    ("image", Moved, "it has no entry of its own"),
    ("image", Swapped, "another content has another tag"),
    ("records", Replaced, "each record is changed in place"),
    ("records", Moved, "they are told apart by their zone, whose name is what it is"),
    ("elastic_ip", Leaves, NETWORK),
    ("elastic_ip", Replaced, AROUND),
    ("elastic_ip", Renamed, UNNAMED),
    ("elastic_ip", Moved, UNNAMED),
    ("elastic_ip", Swapped, UNNAMED),
    ("internet_gateway", Leaves, NETWORK),
    ("internet_gateway", Replaced, AROUND),
    ("internet_gateway", Renamed, UNNAMED),
    ("internet_gateway", Moved, UNNAMED),
    ("internet_gateway", Swapped, UNNAMED),
    ("nat_gateway", Leaves, NETWORK),
    ("nat_gateway", Replaced, AROUND),
    ("nat_gateway", Renamed, UNNAMED),
    ("nat_gateway", Moved, UNNAMED),
    ("nat_gateway", Swapped, UNNAMED),
    ("route_table", Leaves, NETWORK),
    ("route_table", Replaced, AROUND),
    ("route_table", Renamed, UNNAMED),
    ("route_table", Moved, UNNAMED),
    ("route_table", Swapped, UNNAMED),
    ("subnet", Leaves, NETWORK),
    ("subnet", Replaced, AROUND),
    ("subnet", Renamed, UNNAMED),
    ("subnet", Moved, UNNAMED),
    ("subnet", Swapped, UNNAMED),
    ("vpc", Leaves, NETWORK),
    ("vpc", Replaced, AROUND),
    ("vpc", Renamed, UNNAMED),
    ("vpc", Moved, UNNAMED),
    ("vpc", Swapped, UNNAMED),
    ("vpc_endpoint", Leaves, NETWORK),
    ("vpc_endpoint", Replaced, AROUND),
    ("vpc_endpoint", Renamed, UNNAMED),
    ("vpc_endpoint", Moved, UNNAMED),
    ("vpc_endpoint", Swapped, UNNAMED),
];

/// The file with an edit made.
pub fn edited(base: &Value, ops: &[Op]) -> Value {
    let mut file = base.clone();
    for op in ops {
        match op {
            Remove(place) => drop(take(&mut file, place)),
            Set(place, yaml) => {
                let (parent, key) = split(place);
                let value: Value = serde_saphyr::from_str(yaml).expect("the edit is YAML");
                let parent = file.pointer_mut(parent).unwrap_or_else(|| panic!("there is no {parent}"));
                parent[key] = value;
            }
            Rename(place, name) => {
                let entry = take(&mut file, place);
                let parent = file.pointer_mut(split(place).0).expect("it was just there");
                parent[*name] = entry;
            }
            Swap(one, other) => {
                let (a, b) = (at(&file, one).clone(), at(&file, other).clone());
                *file.pointer_mut(one).expect("it is there") = b;
                *file.pointer_mut(other).expect("it is there") = a;
            }
        }
    }
    file
}

fn split(place: &str) -> (&str, &str) {
    place.rsplit_once('/').expect("a pointer")
}

fn at<'v>(file: &'v Value, place: &str) -> &'v Value {
    file.pointer(place).unwrap_or_else(|| panic!("there is no {place}"))
}

fn take(file: &mut Value, place: &str) -> Value {
    let (parent, key) = split(place);
    let parent = file.pointer_mut(parent).unwrap_or_else(|| panic!("there is no {parent}"));
    let taken = match parent {
        Value::Object(map) => map.remove(key),
        Value::Array(list) => key.parse().ok().filter(|at| *at < list.len()).map(|at: usize| list.remove(at)),
        _ => None,
    };
    taken.unwrap_or_else(|| panic!("there is no {place}"))
}
