//! Made-up kinds that between them use every feature of a kind: both orders of replacement, revisions, members of a parent,
//! composites, rules between groups, every readiness, a lookup, data.

use evenkeel_core::kind::{Field, Kind, Kinds, Ready, Replace, Serving, Traffic};

const PLAIN: Kind = Kind { outputs: &["id"], deadline_secs: 600, ..Kind::PLAIN };

/// The kinds of the fake cloud.
pub const KINDS: &[Kind] = &[
    Kind { name: "network", title: "network", ..PLAIN },
    Kind {
        name: "group",
        title: "security group",
        fields: &[Field::immutable("network"), Field::informational("description")],
        replace: Replace::CreateFirst,
        name_limit: 20,
        vacates: true,
        ..PLAIN
    },
    Kind {
        name: "rules",
        title: "rules of a group",
        fields: &[Field::immutable("group"), Field::keyed("rules", &["port", "from"])],
        widens: &["rules"],
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
        traffic: Traffic::Front,
        ..PLAIN
    },
    Kind {
        name: "target",
        title: "target group",
        fields: &[Field::immutable("port"), Field::immutable("protocol")],
        replace: Replace::CreateFirst,
        name_limit: 16,
        traffic: Traffic::Group(None),
        gap: &["protocol"],
        ..PLAIN
    },
    Kind {
        name: "listener",
        title: "listener",
        fields: &[Field::immutable("balancer"), Field::keyed("forward", &["target_group"])],
        replace: Replace::CreateFirst,
        moves: true,
        traffic: Traffic::Router(&["forward"]),
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
        traffic: Traffic::Server(Serving::plain("targets")),
        ..PLAIN
    },
    Kind {
        name: "zone",
        title: "records of a zone",
        fields: &[Field::keyed("records", &["name", "type"])],
        name_limit: 64,
        traffic: Traffic::Names,
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
