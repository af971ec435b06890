//! Target groups. Calls: CreateTargetGroup, ModifyTargetGroup (health checks), Modify- and DescribeTargetGroupAttributes,
//! DeleteTargetGroup. Names have at most 32 characters. Everything but health checks and attributes forces a replacement,
//! which needs a new name beside the old one: a group in use cannot be deleted and two of one name cannot exist.
//! The timeout's default differs between AWS's documents and AWS, so one that the file does not set is not managed.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::types::{Matcher, ProtocolEnum, TargetGroup, TargetGroupAttribute, TargetTypeEnum};
use evenkeel_core::cloud::Update;
use evenkeel_core::doc::Text;
use evenkeel_core::error::CloudError;
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Ready, Replace, Traffic};
use evenkeel_core::name;
use evenkeel_core::snapshot::Live;
use serde::{Deserialize, Serialize};

use super::{Forwards, existing, load_balancer};
use crate::client::Aws;
use crate::existing::at;
use crate::read::Fetched;
use crate::resource::{Creation, Entry, Modification, Paced, Resource, Work, tagged, wanted};
use crate::services::ec2::network;
use crate::services::ecs::read::Ecs;
use crate::services::elb;
use crate::services::elb::read::{Elb, Item, attributes};
use crate::tags::{self, Retag, Tags};
use evenkeel_stack::model::{self, Stack};

const NAME_LIMIT: usize = 32;

/// Target groups in the table of kinds.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: "target_group",
        title: "ELB target group",
        fields: &[
            // Targets are registered with ports of their own, so another one here is no reason for another group.
            Field::informational("port"),
            Field::immutable("protocol"),
            Field::immutable("protocol_version"),
            Field::immutable("vpc"),
            Field::immutable("target_type"),
        ],
        outputs: &["arn", "name"],
        replace: Replace::CreateFirst,
        name_limit: NAME_LIMIT,
        ready: Ready::AtOnce,
        deadline_secs: 300,
        traffic: Traffic::Group(Some(("attributes", "stickiness.enabled"))),
        gap: &["protocol", "protocol_version", "vpc", "target_type"],
        ..Kind::PLAIN
    },
    contribute,
    driver: &TargetGroups,
    paced: Paced::NOT,
    actions: &[
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetGroupAttributes",
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:CreateTargetGroup",
        "elasticloadbalancing:ModifyTargetGroup",
        "elasticloadbalancing:ModifyTargetGroupAttributes",
        "elasticloadbalancing:DeleteTargetGroup",
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:RemoveTags",
        "iam:CreateServiceLinkedRole",
    ],
};

/// The node of an entry of `target_groups:`.
pub fn id(entry: &str) -> NodeId {
    NodeId::new("target_group", entry)
}

/// A target group in canonical form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// The port that targets get traffic on, unless they are registered with another.
    pub port: i32,
    /// `HTTP`, `HTTPS`, `TCP`, …
    pub protocol: String,
    /// `HTTP1`, `HTTP2` or `GRPC`; `None` if the protocol has no versions.
    pub protocol_version: Option<String>,
    /// The VPC's id.
    pub vpc: Text,
    /// `ip`, `instance`, …
    pub target_type: String,
    /// How health is checked.
    pub health_check: HealthCheck,
    /// Managed attributes by AWS's names.
    pub attributes: BTreeMap<String, String>,
    /// The user's tags.
    pub tags: Tags,
}

/// How health is checked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HealthCheck {
    /// `HTTP`, `HTTPS` or `TCP`.
    pub protocol: String,
    /// A number or `traffic-port`.
    pub port: String,
    /// The path; `None` for TCP.
    pub path: Option<String>,
    /// Seconds between checks.
    pub interval_secs: i32,
    /// Seconds until a check fails; `None` leaves it to AWS.
    pub timeout_secs: Option<i32>,
    /// Checks in a row that make a target healthy.
    pub healthy_threshold: i32,
    /// Checks in a row that make it unhealthy.
    pub unhealthy_threshold: i32,
    /// Codes that count as healthy; `None` for TCP.
    pub matcher: Option<String>,
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    let forwards = Forwards::of(stack);
    for (entry, group) in &stack.target_groups {
        if let Some(existing) = &group.existing {
            nodes.push(existing::target_group(entry, group, existing));
            continue;
        }
        let name = name::physical(&stack.name, entry, NAME_LIMIT);
        let mut node = wanted(id, entry, &group.meta, name, &desired(group));
        node.follows = forwards.balancer(entry).map(load_balancer::id);
        node.alike = forwards.alike(entry).map(id).collect();
        nodes.push(node);
    }
}

fn desired(group: &model::TargetGroup) -> Spec {
    let check = &group.health_check;
    Spec {
        port: i32::from(group.port),
        protocol: group.protocol.clone(),
        protocol_version: group.protocol_version.clone(),
        vpc: Text::output(network::id(), "vpc_id"),
        target_type: group.target_type.clone(),
        health_check: HealthCheck {
            protocol: check.protocol.clone(),
            port: check.port.clone(),
            path: check.path.clone(),
            interval_secs: number(check.interval_secs),
            timeout_secs: check.timeout_secs.map(number),
            healthy_threshold: number(check.healthy_threshold),
            unhealthy_threshold: number(check.unhealthy_threshold),
            matcher: check.matcher.clone(),
        },
        attributes: group.attributes.clone(),
        tags: group.meta.tags.clone(),
    }
}

/// The API's numbers are signed; what does not fit is refused by AWS in any case.
fn number(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

struct TargetGroups;

tagged!(Spec);

#[async_trait]
impl Resource for TargetGroups {
    type Want = Spec;
    type Have = Spec;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        let elb: &Elb = fetched.part()?;
        let groups = elb.target_groups.as_ref().map_err(Clone::clone)?;
        // What is only looked up is in nobody's way.
        let matters = |item: &&Item<TargetGroup>| {
            let name = item.raw.target_group_name().unwrap_or_default();
            tags::is_marked(&tags::owner(&item.tags, &fetched.stack, ENTRY.kind.name)) || elb.wanted.has_group(name)
        };
        // Services of others in a group of ours lose their traffic with it.
        let guests = fetched.part::<Ecs>().map(|ecs| &ecs.foreign).ok();
        let with_guests = |item| {
            let mut live = live(item, &fetched.stack);
            live.inside = guests.and_then(|guests| guests.get(&live.id)).cloned().unwrap_or_default();
            live
        };
        Ok(groups.iter().filter(matters).map(with_guests).collect())
    }

    fn look_up(&self, fetched: &Fetched, node: &Node) -> Result<Option<Live>, CloudError> {
        existing::look_up_group(fetched, node).map_err(|error| at(node, error))
    }

    fn marks(&self, want: &Spec) -> Tags {
        elb::attribute_marks(ENTRY.kind.name, &want.attributes)
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, want, tags) = (work.aws, &order.want, &order.tags);
        let check = &want.health_check;
        let request = || {
            aws.elb()
                .create_target_group()
                .name(order.order.name)
                .port(want.port)
                .protocol(ProtocolEnum::from(want.protocol.as_str()))
                .set_protocol_version(want.protocol_version.clone())
                .vpc_id(want.vpc.known().unwrap_or_default())
                .target_type(TargetTypeEnum::from(want.target_type.as_str()))
                .health_check_enabled(true)
                .health_check_protocol(ProtocolEnum::from(check.protocol.as_str()))
                .health_check_port(&check.port)
                .set_health_check_path(check.path.clone())
                .health_check_interval_seconds(check.interval_secs)
                .set_health_check_timeout_seconds(check.timeout_secs)
                .healthy_threshold_count(check.healthy_threshold)
                .unhealthy_threshold_count(check.unhealthy_threshold)
                .set_matcher(matcher(want))
                .set_tags(Some(elb::api_tags(tags)))
                .send()
        };
        let reply = aws.caller.send("elb:CreateTargetGroup", request).await?;
        let group = reply.target_groups.unwrap_or_default().into_iter().next();
        let raw =
            group.ok_or_else(|| CloudError::bug("elb:CreateTargetGroup", "the reply contains no target group"))?;
        elb::confirm(aws, "elb:CreateTargetGroup", raw.target_group_arn().unwrap_or_default(), tags).await?;
        write_attributes(aws, raw.target_group_arn().unwrap_or_default(), &want.attributes).await?;
        Ok(live(&Item { tags: tags.clone(), attributes: want.attributes.clone(), ..Item::new(raw) }, work.stack))
    }

    fn marks_between(&self, live: &Live<Spec>, want: &Spec, order: &Update<'_>) -> (Tags, Tags) {
        let marking = !live.is_of(order.node);
        let steps = elb::attribute_steps(table(want), &live.have.attributes, &want.attributes, marking);
        (Tags::new(), steps.marks())
    }

    async fn write_tags(&self, work: Work<'_>, live: &Live<Spec>, tags: &Retag) -> Result<(), CloudError> {
        elb::write_tags(work.aws, &live.id, tags).await
    }

    async fn update(&self, work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (live, want) = (&order.live, &order.want);
        if order.changes("health_check") {
            modify(work.aws, &live.id, want).await?;
        }
        let steps = elb::attribute_steps(table(want), &live.have.attributes, &want.attributes, false);
        write_attributes(work.aws, &live.id, &steps.write).await?;
        elb::forget_attributes(work.aws, &live.id, steps.forget).await?;
        Ok(order.done())
    }

    async fn delete(&self, work: Work<'_>, _node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
        let request = || work.aws.elb().delete_target_group().target_group_arn(&live.id).send();
        work.aws.caller.send("elb:DeleteTargetGroup", request).await.map(drop)
    }

    async fn holders(&self, work: Work<'_>, live: &Live) -> Vec<String> {
        let request = || work.aws.elb().describe_target_groups().target_group_arns(&live.id).send();
        let Ok(reply) = work.aws.caller.send("elb:DescribeTargetGroups", request).await else { return Vec::new() };
        let balancers = reply.target_groups().iter().flat_map(TargetGroup::load_balancer_arns);
        balancers.map(|arn| format!("a listener or rule of load balancer {}", elb::full_name(arn))).collect()
    }
}

/// What is known of the attributes of such a group.
fn table(want: &Spec) -> attributes::Table {
    attributes::group(&want.protocol, &want.target_type)
}

async fn modify(aws: &Aws, arn: &str, want: &Spec) -> Result<(), CloudError> {
    let check = &want.health_check;
    let request = || {
        aws.elb()
            .modify_target_group()
            .target_group_arn(arn)
            .health_check_enabled(true)
            .health_check_protocol(ProtocolEnum::from(check.protocol.as_str()))
            .health_check_port(&check.port)
            .set_health_check_path(check.path.clone())
            .health_check_interval_seconds(check.interval_secs)
            .set_health_check_timeout_seconds(check.timeout_secs)
            .healthy_threshold_count(check.healthy_threshold)
            .unhealthy_threshold_count(check.unhealthy_threshold)
            .set_matcher(matcher(want))
            .send()
    };
    aws.caller.send("elb:ModifyTargetGroup", request).await.map(drop)
}

async fn write_attributes(aws: &Aws, arn: &str, values: &BTreeMap<String, String>) -> Result<(), CloudError> {
    if values.is_empty() {
        return Ok(());
    }
    let attribute = |(key, value): (&String, &String)| TargetGroupAttribute::builder().key(key).value(value).build();
    let all: Vec<TargetGroupAttribute> = values.iter().map(attribute).collect();
    let request =
        || aws.elb().modify_target_group_attributes().target_group_arn(arn).set_attributes(Some(all.clone())).send();
    aws.caller.send("elb:ModifyTargetGroupAttributes", request).await.map(drop)
}

fn is_grpc(version: Option<&str>) -> bool {
    version == Some("GRPC")
}

fn matcher(want: &Spec) -> Option<Matcher> {
    let codes = want.health_check.matcher.as_ref()?;
    let builder = Matcher::builder();
    let builder =
        if is_grpc(want.protocol_version.as_deref()) { builder.grpc_code(codes) } else { builder.http_code(codes) };
    Some(builder.build())
}

pub(super) fn live(item: &Item<TargetGroup>, stack: &str) -> Live<Spec> {
    let raw = &item.raw;
    let (arn, name) = (raw.target_group_arn().unwrap_or_default(), raw.target_group_name().unwrap_or_default());
    let owner = tags::owner(&item.tags, stack, ENTRY.kind.name);
    let mut live = Live::new(arn, name, owner, canonical(item)).output("arn", arn).output("name", name);
    live.replaces = item.tags.get(tags::REPLACES).cloned();
    // A group can be behind one load balancer only, for as long as it lives.
    live.tied = raw.load_balancer_arns().first().cloned();
    live.uses.extend(raw.vpc_id().map(str::to_owned));
    live
}

fn canonical(item: &Item<TargetGroup>) -> Spec {
    let raw = &item.raw;
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    // What goes without saying on some endpoints is filled in with what AWS gives by itself.
    let http = matches!(raw.protocol(), Some(ProtocolEnum::Http | ProtocolEnum::Https));
    let has_codes = matches!(raw.health_check_protocol(), Some(ProtocolEnum::Http | ProtocolEnum::Https));
    let codes = raw
        .matcher()
        .and_then(|matcher| if is_grpc(raw.protocol_version()) { matcher.grpc_code() } else { matcher.http_code() });
    Spec {
        port: raw.port().unwrap_or_default(),
        protocol: text(raw.protocol().map(ProtocolEnum::as_str)),
        protocol_version: raw.protocol_version().map(str::to_owned).or_else(|| http.then(|| "HTTP1".to_owned())),
        vpc: text(raw.vpc_id()).into(),
        target_type: text(raw.target_type().map(TargetTypeEnum::as_str)),
        health_check: HealthCheck {
            protocol: text(raw.health_check_protocol().map(ProtocolEnum::as_str)),
            port: raw.health_check_port().unwrap_or("traffic-port").to_owned(),
            path: has_codes.then(|| raw.health_check_path().unwrap_or("/").to_owned()),
            interval_secs: raw.health_check_interval_seconds().unwrap_or(30),
            timeout_secs: raw.health_check_timeout_seconds(),
            healthy_threshold: raw.healthy_threshold_count().unwrap_or(5),
            unhealthy_threshold: raw.unhealthy_threshold_count().unwrap_or(2),
            matcher: has_codes.then(|| codes.unwrap_or(if http { "200" } else { "200-399" }).to_owned()),
        },
        attributes: item.attributes.clone(),
        tags: tags::user(&item.tags),
    }
}

#[cfg(test)]
mod tests {
    use evenkeel_core::snapshot::Owner;

    use super::*;

    #[test]
    fn a_group_is_read_in_canonical_form() {
        let raw = TargetGroup::builder()
            .target_group_arn("arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/c-web/0123456789abcdef")
            .target_group_name("c-web")
            .port(3000)
            .protocol(ProtocolEnum::Http)
            .protocol_version("GRPC")
            .vpc_id("vpc-1")
            .target_type(TargetTypeEnum::Ip)
            .health_check_protocol(ProtocolEnum::Http)
            .health_check_port("traffic-port")
            .health_check_path("/x")
            .health_check_interval_seconds(30)
            .health_check_timeout_seconds(5)
            .healthy_threshold_count(5)
            .unhealthy_threshold_count(2)
            .matcher(Matcher::builder().grpc_code("0-5").build())
            .build();
        let tags = tags::marked(&Tags::new(), "c", &id("web"));
        let live = live(&Item { tags, ..Item::new(raw) }, "c");
        assert_eq!(live.owner, Owner::Ours(id("web")));
        assert_eq!(live.outputs["name"], "c-web");
        let have = live.have;
        assert_eq!(have.health_check.matcher.as_deref(), Some("0-5"));
        assert_eq!(matcher(&have).unwrap().grpc_code(), Some("0-5"));
        assert_eq!((have.port, have.target_type.as_str(), have.tags.len()), (3000, "ip", 0));
    }

    #[test]
    fn a_tcp_check_has_neither_path_nor_codes() {
        let raw = TargetGroup::builder().health_check_protocol(ProtocolEnum::Tcp).health_check_path("/").build();
        let have = canonical(&Item::new(raw));
        assert_eq!((have.health_check.path, have.health_check.matcher), (None, None));
    }
}
