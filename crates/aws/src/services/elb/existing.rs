//! Load balancers, listeners and target groups of others, as nodes that are looked up in what was read. A listener is known by its
//! load balancer and its port. Nothing here is ever changed; sends nothing.

use aws_sdk_elasticloadbalancingv2::types::{Listener, LoadBalancer, LoadBalancerTypeEnum, TargetGroup};
use evenkeel_core::doc::Text;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::snapshot::{Live, Owner};
use evenkeel_stack::model::{self, Existing};
use serde::{Deserialize, Serialize};

use super::read::{Elb, Item};
use super::sought::{Candidate, Kind, Sought};
use super::{ids, listener, load_balancer, target_group};
use crate::read::Fetched;
use crate::resource::{doc, spec};
use crate::services::ec2::network;
use crate::services::ec2::read::Ec2;
use crate::tags;

/// A load balancer or target group to look for.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Look {
    existing: Sought,
    /// Whether targets of the stack are to be behind it, which have to be in its VPC.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    targets: bool,
    look_up: String,
}

/// A listener to look for.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct LookForListener {
    load_balancer: Text,
    existing: Sought,
    port: i32,
    look_up: String,
}

/// The node of an existing load balancer.
pub(super) fn load_balancer(entry: &str, balancer: &model::LoadBalancer, existing: &Existing) -> Node {
    let sought = Sought::from(existing);
    let look_up = sought.told(load_balancer::ENTRY.kind.title);
    let want = Look { targets: !balancer.listeners.is_empty(), look_up, existing: sought };
    let mut node = Node::lookup(load_balancer::id(entry), "", doc(&want));
    node.origin = Some(balancer.meta.place.to_string());
    node
}

/// The node of an existing target group.
pub(super) fn target_group(entry: &str, group: &model::TargetGroup, existing: &Existing) -> Node {
    let sought = Sought::from(existing);
    let look_up = sought.told("target group");
    let want = Look { targets: true, look_up, existing: sought };
    let mut node = Node::lookup(target_group::id(entry), "", doc(&want));
    node.origin = Some(group.meta.place.to_string());
    node
}

/// The node of a listener of others, called `name`.
pub(super) fn listener(balancer: &str, entry: &str, name: &str, port: u16, existing: &Existing) -> Node {
    let sought = Sought::from(existing);
    let want = LookForListener {
        load_balancer: Text::output(load_balancer::id(balancer), "arn"),
        look_up: format!("a listener on port {port} of {}", sought.told("load balancer")),
        existing: sought,
        port: i32::from(port),
    };
    Node::lookup(ids::listener(balancer, entry), name, doc(&want))
}

/// What a load balancer can be known by.
pub(super) fn of_balancer(item: &Item<LoadBalancer>) -> Candidate<'_> {
    Candidate {
        arn: item.raw.load_balancer_arn().unwrap_or_default(),
        name: item.raw.load_balancer_name().unwrap_or_default(),
        tags: &item.tags,
    }
}

/// What a target group can be known by.
pub(super) fn of_group(item: &Item<TargetGroup>) -> Candidate<'_> {
    Candidate {
        arn: item.raw.target_group_arn().unwrap_or_default(),
        name: item.raw.target_group_name().unwrap_or_default(),
        tags: &item.tags,
    }
}

fn find<'e>(elb: &'e Elb, stack: &str, sought: &Sought) -> Result<&'e Item<LoadBalancer>, CloudError> {
    let all = elb.load_balancers.as_ref().map_err(Clone::clone)?;
    let what = Kind { title: "load balancer", kind: "load_balancer", operation: "elb:DescribeLoadBalancers", stack };
    let found = sought.choose(&what, all.iter().map(of_balancer), &elb.balancer_names)?.arn;
    let is_it = |item: &&Item<LoadBalancer>| item.raw.load_balancer_arn() == Some(found);
    all.iter().find(is_it).ok_or_else(|| CloudError::bug("elb", "what was found is not there"))
}

/// The load balancer that a node looks for.
pub(super) fn look_up_balancer(fetched: &Fetched, node: &Node) -> Result<Option<Live>, CloudError> {
    let look: Look = spec(&node.want)?;
    let item = find(fetched.part()?, &fetched.stack, &look.existing)?;
    let refused = |text: String, hint: &str| {
        let error = CloudError::local(ErrorClass::Invalid, "elb:DescribeLoadBalancers", text);
        Err(CloudError { hint: Some(hint.to_owned()), ..error })
    };
    let told = look.existing.told("load balancer");
    if item.raw.r#type() != Some(&LoadBalancerTypeEnum::Application) {
        let kind = item.raw.r#type().map_or("another", LoadBalancerTypeEnum::as_str);
        return refused(format!("{told} is of type {kind}"), "name an application load balancer");
    }
    if look.targets {
        in_our_vpc(fetched, item.raw.vpc_id(), &told)?;
    }
    let live = load_balancer::live(item, &fetched.stack).with(node.want.clone());
    Ok(Some(Live { name: String::new(), owner: Owner::Nobody, uses: Vec::new(), ..live }))
}

/// Refuses what is in another VPC than the targets of the stack.
fn in_our_vpc(fetched: &Fetched, vpc: Option<&str>, told: &str) -> Result<(), CloudError> {
    let ec2: &Ec2 = fetched.part()?;
    let ours = ec2.networks.get(&network::id()).and_then(|network| network.as_ref().ok());
    match (ours, vpc) {
        (Some(network), Some(vpc)) if network.vpc != vpc => {
            let text = format!("{told} is in {vpc}, but `network` of this stack is {}", network.vpc);
            let hint =
                format!("tasks are reached in one VPC only: write `network: {{ vpc: {vpc} }}`, or name another one");
            let error = CloudError::local(ErrorClass::Invalid, "elb:DescribeLoadBalancers", text);
            Err(CloudError { hint: Some(hint), ..error })
        }
        _ => Ok(()),
    }
}

/// The target group that a node looks for.
pub(super) fn look_up_group(fetched: &Fetched, node: &Node) -> Result<Option<Live>, CloudError> {
    let look: Look = spec(&node.want)?;
    let elb: &Elb = fetched.part()?;
    let all = elb.target_groups.as_ref().map_err(Clone::clone)?;
    let what = Kind {
        title: "target group",
        kind: "target_group",
        operation: "elb:DescribeTargetGroups",
        stack: &fetched.stack,
    };
    let found = look.existing.choose(&what, all.iter().map(of_group), &elb.group_names)?.arn;
    let item = all.iter().find(|item| item.raw.target_group_arn() == Some(found));
    let Some(item) = item else { return Ok(None) };
    in_our_vpc(fetched, item.raw.vpc_id(), &look.existing.told("target group"))?;
    let live = target_group::live(item, &fetched.stack).with(node.want.clone());
    Ok(Some(Live { name: String::new(), owner: Owner::Nobody, uses: Vec::new(), tied: None, ..live }))
}

/// The listener that a node looks for.
pub(super) fn look_up_listener(fetched: &Fetched, node: &Node) -> Result<Option<Live>, CloudError> {
    let look: LookForListener = spec(&node.want)?;
    let elb: &Elb = fetched.part()?;
    let balancer = find(elb, &fetched.stack, &look.existing)?.raw.load_balancer_arn();
    let listeners = elb.listeners.as_ref().map_err(Clone::clone)?;
    let here: Vec<&Item<Listener>> = listeners.iter().filter(|item| item.raw.load_balancer_arn() == balancer).collect();
    let told = look.existing.told("load balancer");
    let Some(item) = here.iter().find(|item| item.raw.port() == Some(look.port)) else {
        let mut ports: Vec<String> =
            here.iter().filter_map(|item| item.raw.port()).map(|port| port.to_string()).collect();
        ports.sort();
        let has = match ports.as_slice() {
            [] => "it has no listeners".to_owned(),
            [one] => format!("it has one on port {one}"),
            [some @ .., last] => format!("it has listeners on ports {} and {last}", some.join(", ")),
        };
        let text = format!("a listener on port {} of {told}; {has}", look.port);
        return Err(CloudError::local(ErrorClass::Gone, "elb:DescribeListeners", text));
    };
    if let Owner::Ours(own) = tags::owner(&item.tags, &fetched.stack, listener::ENTRY.kind.name) {
        let text = format!("the listener on port {} of {told} belongs to this stack, as {own}", look.port);
        let hint = "write the action of the listener: without one it is taken for a listener of others".to_owned();
        let error = CloudError::local(ErrorClass::Invalid, "elb:DescribeListeners", text);
        return Err(CloudError { hint: Some(hint), ..error });
    }
    let arn = item.raw.listener_arn().unwrap_or_default();
    Ok(Some(Live::new(arn, "", Owner::Nobody, node.want.clone()).output("arn", arn)))
}
