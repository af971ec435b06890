//! Made-up kinds that between them use every feature of a kind: both orders of replacement, revisions, members of a parent,
//! composites, rules between groups, every readiness, a lookup, data.

use evenkeel_core::kind::{Field, Kind, Kinds, Ready, Replace};

const PLAIN: Kind = Kind {
    name: "",
    title: "",
    fields: &[],
    outputs: &["id"],
    replace: Replace::DeleteFirst,
    name_limit: 0,
    ready: Ready::AtOnce,
    slow_delete: false,
    deadline_secs: 600,
    lookup: false,
};

/// The kinds of the fake cloud.
pub const KINDS: &[Kind] = &[
    Kind { name: "network", title: "network", lookup: true, ..PLAIN },
    Kind {
        name: "group",
        title: "security group",
        fields: &[Field::immutable("network"), Field::informational("description")],
        replace: Replace::CreateFirst,
        name_limit: 20,
        ..PLAIN
    },
    Kind {
        name: "rules",
        title: "rules of a group",
        fields: &[Field::immutable("group"), Field::keyed("rules", &["port", "from"])],
        ..PLAIN
    },
    Kind {
        name: "balancer",
        title: "load balancer",
        fields: &[Field::immutable("scheme"), Field::set("groups")],
        outputs: &["id", "dns"],
        replace: Replace::CreateFirst,
        name_limit: 16,
        ready: Ready::AtEnd,
        ..PLAIN
    },
    Kind {
        name: "target",
        title: "target group",
        fields: &[Field::immutable("port")],
        replace: Replace::CreateFirst,
        name_limit: 16,
        ..PLAIN
    },
    Kind {
        name: "listener",
        title: "listener",
        fields: &[Field::immutable("balancer")],
        replace: Replace::CreateFirst,
        ..PLAIN
    },
    Kind {
        name: "cluster",
        title: "cluster",
        fields: &[Field::immutable("kind")],
        name_limit: 32,
        ready: Ready::BeforeDependants,
        ..PLAIN
    },
    Kind { name: "log", title: "log group", fields: &[Field::immutable("class")], name_limit: 32, ..PLAIN },
    Kind { name: "task", title: "task definition", replace: Replace::Revise, name_limit: 32, ..PLAIN },
    Kind {
        name: "service",
        title: "service",
        fields: &[Field::immutable("launch"), Field::immutable("cluster"), Field::set("groups")],
        name_limit: 32,
        ready: Ready::AtEnd,
        slow_delete: true,
        ..PLAIN
    },
    Kind {
        name: "zone",
        title: "records of a zone",
        fields: &[Field::keyed("records", &["name", "type"])],
        name_limit: 64,
        ..PLAIN
    },
];

/// The table of the fake kinds.
pub fn kinds() -> Kinds {
    Kinds::new(KINDS.iter().copied())
}

/// The field of a member's document that names what it is inside of.
pub fn parent_field(kind: &str) -> Option<&'static str> {
    match kind {
        "listener" => Some("balancer"),
        "rules" => Some("group"),
        _ => None,
    }
}
