//! What a stack file may refer to with `${kind.name.output}`. Data only; the kinds themselves, which offer these outputs, are
//! not known here, and a test of the whole holds the two together.

/// Kinds that others may refer to, the section they are declared in, and their outputs.
pub const OUTPUTS: &[(&str, &str, &[&str])] = &[
    ("network", "network", &["vpc_id"]),
    ("security_group", "security_groups", &["id", "name"]),
    ("role", "roles", &["arn", "name"]),
    ("log_group", "log_groups", &["name", "arn"]),
    ("load_balancer", "load_balancers", &["arn", "dns_name", "zone_id"]),
    ("target_group", "target_groups", &["arn", "name"]),
    ("listener", "load_balancers", &["arn"]),
    ("cluster", "cluster", &["arn", "name"]),
    ("service", "services", &["arn", "name"]),
    ("task_definition", "services", &["arn"]),
    ("hosted_zone", "dns", &["id"]),
];
