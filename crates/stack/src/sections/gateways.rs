//! `gateways:`, gateways of ECS: ingress that a platform team sets up once, and services connect to.

use super::super::arn;
use super::super::decode::Want;
use super::super::fields::Fields;
use super::super::model::{Existing, Gateway};
use super::super::table::{EMPTY, Made, Table, Type, key};
use super::super::tagging::Rules;
use super::super::tree::{Entry, Tree};
use super::super::values;
use super::load_balancers::{LOGS, zones};
use super::{Ctx, META, NAME, existing, roles};

/// An entry.
pub(crate) static GATEWAY: Table = Table {
    path: "gateways",
    what: "a gateway",
    groups: &[
        &[key(
            "existing",
            Type::Text,
            "A gateway of others, which is only looked up; no other key is allowed with it. It must be associated with the \
             cluster already, which is of others too.",
        )
        .shape("name or ARN")
        .aws("DescribeGateway")
        .example("public")],
        &NAME,
        &META,
        &[
            key("role", Type::Open, "The role by which ECS makes load balancers, groups and certificates.")
                .also(&["infrastructure_role", "infrastructure_role_arn"])
                .shape("entry of `roles`, ARN, or `existing:NAME`")
                .without("required")
                .aws("infrastructureRoleArn")
                .example("gateway"),
            key(
                "scheme",
                Type::Word(&["internet-facing", "internal"]),
                "Whether the internet can reach it; a change replaces it.",
            )
            .value("internet-facing")
            .aws("scheme"),
            key(
                "ip_address_type",
                Type::Word(&["ipv4", "dualstack", "dualstack-without-public-ipv4"]),
                "Whether it answers on IPv6 too; its subnets then need IPv6 ranges. A change replaces it.",
            )
            .value("ipv4")
            .aws("ipAddressType"),
            key(
                "subnets",
                Type::Several(&Type::Text),
                "Subnets in two availability zones or more, one in each; they have to cover the zones of the services. A \
                 change replaces it.",
            )
            .shape("list of `subnet-…`")
            .without("those of `network`")
            .aws("subnets"),
            key(
                "security_group",
                Type::Entry("security_groups"),
                "The group that decides who reaches port 443.",
            )
            .also(&["inbound_security_group"])
            .shape("entry or `sg-…`")
            .without("everybody")
            .aws("inboundSecurityGroup")
            .example("alb"),
            key("web_acl", Type::Text, "The web ACL of AWS WAF in front of it.")
                .also(&["web_acl_arn"])
                .shape("ARN")
                .without("not managed")
                .aws("webACLArn"),
            key(
                "access_logs",
                Type::AnyOf(&[Type::Map(&ACCESS_LOGS), Type::Text]),
                "The S3 bucket for the access logs of its load balancers.",
            )
            .shape("bucket, or `{ bucket, prefix }`")
            .aws("accessLogs")
            .example("{ bucket: my-logs, prefix: web }"),
            key(
                "max_load_balancers",
                Type::Number(1, 50),
                "How many load balancers ECS may make for it.",
            )
            .also(&["max_alb_count"])
            .value("10")
            .aws("maxAlbCount"),
            key(
                "http_desync",
                Type::Word(&["defensive", "monitor", "strictest"]),
                "What becomes of requests that servers may understand differently.",
            )
            .value("defensive")
            .aws("httpDesync"),
            key(
                "test_header",
                Type::Map(&TEST_HEADER),
                "Requests with this header go to the new tasks of a deployment that moves traffic, before it moves.",
            )
            .aws("testTrafficRules")
            .example("{ name: X-Test, values: [canary] }"),
            key(
                "deletion_protection",
                Type::Flag,
                "Whether AWS itself refuses to delete it. Where the file says `true`, evenkeel asks for your consent as well, as \
                 with `protect`; where it says nothing, a deletion that you asked for turns the protection off.",
            )
            .value("true")
            .aws("deletionProtection"),
            key(
                "propagate_tags",
                Type::Flag,
                "Whether what ECS makes for it carries its tags.",
            )
            .value("true")
            .aws("propagateTags"),
        ],
    ],
    made: &[Made { kind: "gateway", outputs: &["arn", "name"], name: Some(&values::GATEWAY) }],
    words: &[
        ("hostSharedAlb", "Write its keys in the gateway itself."),
        ("networkConfiguration", "Write `subnets`, `ip_address_type` and `security_group` in the gateway itself."),
        ("listeners", "A gateway answers on HTTPS at port 443 only, with certificates of its own."),
        ("certificate", "ECS gives a gateway its certificates and each service a host name."),
    ],
    ..EMPTY
};

/// `access_logs:`.
static ACCESS_LOGS: Table =
    Table { path: "gateways.access_logs", what: "the access logs of a gateway", groups: &[&LOGS], ..EMPTY };

/// `test_header:`.
static TEST_HEADER: Table = Table {
    path: "gateways.test_header",
    what: "the test header of a gateway",
    groups: &[&[
        key("name", Type::Text, "The header.").needed("Name the header: name: X-Test.").aws("name").example("X-Test"),
        key("values", Type::Several(&Type::Text), "Its values.")
            .needed("Give at least one value: values: [canary].")
            .aws("values")
            .example("[canary]"),
    ]],
    ..EMPTY
};

/// What of others can be named.
const EXISTING: existing::Sort = existing::Sort { shape: &arn::GATEWAY, rule: &values::GATEWAY, tags: false };

/// Reads one entry.
pub(crate) fn read(ctx: &Ctx<'_>, entry: &Entry) -> Option<Gateway> {
    let what = format!("gateway `{}`", entry.key);
    let fields = Fields::open(&entry.value, what.clone(), &GATEWAY, ctx.problems)?;
    if let Some(existing) = existing::read(ctx, entry, &fields, (&GATEWAY, &[]), &EXISTING) {
        let (meta, existing) = existing?;
        return Some(of_others(meta, existing));
    }
    let mut meta = ctx.meta(entry, &fields, Rules::Common);
    let role = match fields.take("role") {
        Some(tree) => roles::reference(ctx, tree, &format!("`role` of {what}")),
        None => {
            let help = "ECS makes load balancers by a role of yours: roles: { gateway: { trust: ecs, managed_policies: \
                        [AmazonECSInfrastructureRoleForGatewayHostSharedALB] } }, then role: gateway here.";
            ctx.problems.error("missing-key", fields.place(), format!("{what} has no `role`"), help);
            None
        }
    };
    let subnets = fields.take("subnets");
    let ids = ctx.subnets(subnets, &format!("`subnets` of {what}"));
    if let (Some(tree), Some(ids)) = (subnets, &ids) {
        zones(ctx, tree, &what, ids, 2);
    }
    let group = fields.take("security_group");
    let groups = ctx.security_groups(group, &format!("`security_group` of {what}"));
    if let (Some(tree), true) = (group, groups.len() > 1) {
        let help = "ECS takes one group of yours for a gateway, beside its own. Put all rules into one.";
        ctx.problems.error("too-many", &tree.place, format!("{what} has {} security groups", groups.len()), help);
    }
    let web_acl = fields.take("web_acl").and_then(|tree| {
        let given = fields.text("web_acl")?;
        arn::check(ctx, &tree.place, &given, &arn::WEB_ACL).then_some(given)
    });
    let access_logs = fields.take("access_logs").and_then(|tree| logs(ctx, tree, &what));
    let test_header = fields.take("test_header").and_then(|tree| header(ctx, tree, &what));
    let protection = fields.take("deletion_protection").is_some();
    let deletion_protection = fields.flag("deletion_protection").unwrap_or(true);
    // Who writes it means it; AWS's own default means nothing by itself.
    meta.protect |= protection && deletion_protection;
    let gateway = Gateway {
        existing: None,
        role: role.clone().unwrap_or_default(),
        scheme: fields.word("scheme").unwrap_or_default().to_owned(),
        ip_address_type: fields.word("ip_address_type").unwrap_or_default().to_owned(),
        subnets: ids,
        security_group: groups.into_iter().next(),
        web_acl,
        access_logs,
        max_load_balancers: fields.count("max_load_balancers").unwrap_or_default(),
        http_desync: fields.word("http_desync").unwrap_or_default().to_owned(),
        test_header,
        deletion_protection,
        propagate_tags: fields.flag("propagate_tags").unwrap_or(true),
        meta,
    };
    fields.finish();
    role.map(|_| gateway)
}

fn of_others(meta: super::super::model::Meta, existing: Existing) -> Gateway {
    Gateway {
        meta,
        existing: Some(existing),
        role: evenkeel_core::doc::Text::default(),
        scheme: String::new(),
        ip_address_type: String::new(),
        subnets: None,
        security_group: None,
        web_acl: None,
        access_logs: None,
        max_load_balancers: 0,
        http_desync: String::new(),
        test_header: None,
        deletion_protection: false,
        propagate_tags: false,
    }
}

fn logs(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<(String, String)> {
    let words = format!("`access_logs` of {what}");
    if tree.entries().is_none() {
        return Some((Want::new(&words, ctx.problems).filled(tree)?, String::new()));
    }
    let fields = Fields::open(tree, words, &ACCESS_LOGS, ctx.problems)?;
    let (bucket, prefix) = (fields.text("bucket"), fields.blank("prefix"));
    fields.finish();
    Some((bucket?, prefix.unwrap_or_default()))
}

fn header(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<(String, Vec<String>)> {
    let words = format!("`test_header` of {what}");
    let fields = Fields::open(tree, words.clone(), &TEST_HEADER, ctx.problems)?;
    let name = fields.text("name");
    let values = fields.take("values").map(|tree| Want::new(&words, ctx.problems).strings(tree));
    fields.finish();
    let mut values = values?;
    values.sort();
    Some((name?, values)).filter(|(_, values)| !values.is_empty())
}
