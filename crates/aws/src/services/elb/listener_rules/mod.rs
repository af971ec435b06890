//! The rules of a listener beside its default one: one node for all of them, because priorities move in one request.
//! Calls: CreateRule, ModifyRule, SetRulePriorities, DeleteRule, DescribeRules. Each rule carries our mark; rules without it
//! are somebody else's and stay, unless they are adopted. In which order requests go is decided in `changes.rs`.

pub mod changes;
pub mod conditions;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::types::{Rule as ApiRule, RulePriorityPair};
use evenkeel_core::cloud::Update;
use evenkeel_core::diff;
use evenkeel_core::doc::Text;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Ready, Replace, Traffic};
use evenkeel_core::snapshot::{ForeignMember, Live, Owner};
use futures::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use std::future::Future;

use self::changes::{LiveRule, Stages, stages};
use self::conditions::Conditions;
use super::forwards::Shifts;
use super::listener::action::{self, Action};
use super::listener::authenticate::Authenticate;
use super::listener::{self, Balancers};
use super::rule_priorities;
use super::sought::Sought;
use crate::client::Aws;
use crate::read::Fetched;
use crate::resource::{Creation, Entry, Modification, Paced, Resource, Tagging, Work, doc, tagged};
use crate::services::elb;
use crate::services::elb::read::{self as read, Elb, Item};
use crate::tags::{self, Retag, Tags};
use evenkeel_stack::model::Stack;

/// Requests in flight at most.
const ABREAST: usize = 16;
/// What tells rules apart.
const KEY: &[&str] = &["conditions"];
/// What a tag is said to be that is not the same on all rules.
const VARIES: &str = "(not the same on all rules)";

/// Listener rules in the table of kinds.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: "listener_rules",
        title: "listener rules",
        fields: &[
            Field::immutable("listener"),
            Field::at_birth("existing"),
            Field::at_birth("guests"),
            Field::keyed("rules", KEY),
            Field::keyed("rules[].action.targets", &["target_group"]),
        ],
        outputs: &[RULE_ARN],
        replace: Replace::CreateFirst,
        name_limit: 0,
        ready: Ready::AtOnce,
        deadline_secs: 300,
        // One request for each rule.
        takes_secs: 5,
        traffic: Traffic::Router(&["rules[].action.targets"]),
        ..Kind::PLAIN
    },
    contribute,
    driver: &ListenerRules,
    paced: Paced::NOT,
    actions: &[
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeRules",
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:CreateRule",
        "elasticloadbalancing:ModifyRule",
        "elasticloadbalancing:SetRulePriorities",
        "elasticloadbalancing:DeleteRule",
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:RemoveTags",
        "tag:GetResources",
        "cognito-idp:DescribeUserPoolClient",
    ],
};

pub use super::ids::listener_rules as id;

/// The ARN of a rule: this, a dot and a fingerprint of its conditions.
const RULE_ARN: &str = "rule";

/// The ARN of the rule at a place of the file.
pub fn arn_of(balancer: &str, listener: &str, rule: &evenkeel_stack::model::ListenerRule) -> Text {
    Text::output(id(balancer, listener), &output(&Conditions::desired(&rule.conditions)))
}

fn output(conditions: &Conditions) -> String {
    format!("{RULE_ARN}.{}", evenkeel_core::doc::fingerprint(&doc(conditions)))
}

/// The rules of a listener in canonical form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// The listener's ARN.
    pub listener: Text,
    /// Which load balancer of others the listener is on, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub existing: Option<Sought>,
    /// Whether the listener is one of others: nothing of it is changed, not even its tags.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub guests: bool,
    /// The rules, told apart by their conditions.
    pub rules: Vec<Rule>,
    /// The user's tags, the same on every rule.
    pub tags: Tags,
}

/// A rule.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Rule {
    /// 1 to 50000; the lowest that fits counts.
    pub priority: u32,
    /// What has to fit.
    pub conditions: Conditions,
    /// How users are signed in before that, if they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticate: Option<Authenticate>,
    /// What happens then.
    pub action: Action,
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    let shifts = Shifts::of(stack);
    for (balancer, listener, site) in listener::all(stack) {
        if listener.rules.is_empty() {
            continue;
        }
        let pair = |at| shifts.pair(&site.balancer, &site.listener, Some(at));
        let rule = |(at, rule): (usize, &evenkeel_stack::model::ListenerRule)| Rule {
            priority: rule.priority.unwrap_or_default(),
            conditions: Conditions::desired(&rule.conditions),
            authenticate: rule.authenticate.as_ref().map(Authenticate::from),
            action: Action::desired(&rule.action).between(pair(at).unwrap_or_default()),
        };
        let want = Spec {
            listener: Text::output(listener::id(&site.balancer, &site.listener), "arn"),
            existing: balancer.existing.as_ref().map(Sought::from),
            guests: listener.default.is_none(),
            rules: listener.rules.iter().enumerate().map(rule).collect(),
            tags: listener.meta.tags.clone(),
        };
        let mut want = doc(&want);
        for (at, _) in listener.rules.iter().enumerate().filter(|(_, rule)| rule.priority.is_none()) {
            want["rules"][at]["priority"] = rule_priorities::output(&site.balancer, &site.listener, at);
        }
        let mut node = Node::new(id(&site.balancer, &site.listener), site.name(), want);
        node.moved_from = site.moved_from().map(|(balancer, listener)| id(&balancer, &listener));
        node.protect = listener.meta.protect || balancer.meta.protect;
        node.origin = Some(listener.meta.place.to_string());
        for (_, rule) in listener.rules.iter().enumerate().filter(|(at, _)| pair(*at).is_some()) {
            let conditions = serde_json::json!({ "conditions": Conditions::desired(&rule.conditions) });
            let path = format!("rules[{}].action.targets", diff::label(&conditions, KEY));
            node.delegated.insert(path, listener::WEIGHTS_MANAGER.to_owned());
        }
        nodes.push(node);
    }
}

struct ListenerRules;

tagged!(Spec);

#[async_trait]
impl Resource for ListenerRules {
    type Want = Spec;
    type Have = Spec;
    // They are those of every rule.
    const TAGS: Tagging = Tagging::Within;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        let elb: &Elb = fetched.part()?;
        let listeners = elb.listeners.as_ref().map_err(Clone::clone)?;
        let rules = elb.rules.as_ref().map_err(Clone::clone)?;
        let balancers = Balancers::of(elb, &fetched.stack)?;
        let (mut found, mut guests) = (Vec::new(), Vec::new());
        for item in listeners {
            let arn = item.raw.listener_arn().unwrap_or_default();
            let rules: Vec<LiveRule> = rules.get(arn).into_iter().flatten().filter_map(live_rule).collect();
            let name = name_of(item, &balancers);
            let node = node_of(item, &name, elb, &fetched.stack);
            let host = node.clone();
            let Some(live) = live(arn, &name, &rules, node, elb, &fetched.stack) else { continue };
            match tags::owner(&item.tags, &fetched.stack, listener::ENTRY.kind.name) {
                Owner::Ours(_) => found.push(live),
                Owner::Managed { .. } | Owner::OtherStack(_) | Owner::Stray(_) | Owner::Nobody => {
                    guests.push((live, host))
                }
            }
        }
        found.extend(in_a_row(guests));
        Ok(found)
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, want, tags) = (work.aws, &order.want, &order.tags);
        let listener = want.listener.known().unwrap_or_default();
        if !want.guests {
            has_rules(aws, listener).await?;
        }
        let arns = match create_all(aws, listener, &want.rules, tags).await {
            Ok(arns) => arns,
            // An earlier try may have made some of them already.
            Err(error) if error.class == ErrorClass::Exists => {
                let have = ours(aws, listener, work.stack, &[]).await?;
                if have.is_empty() {
                    return Err(error);
                }
                carry_out(aws, listener, stages(have, &want.rules, true), tags).await?
            }
            Err(error) => return Err(error),
        };
        Ok(as_wanted(want.clone(), order.order.node, order.order.name, arns))
    }

    async fn update(&self, work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, live, want) = (work.aws, &order.live, &order.want);
        // The live handles are those of our rules: if there are none, these are the first.
        if live.handles.is_empty() && !want.guests {
            has_rules(aws, &live.id).await?;
        }
        let have = ours(aws, &live.id, work.stack, &adopted(&order.order)).await?;
        // Weights that somebody else manages are not among the changes.
        let weights = order.order.changes.iter().any(|change| change.path.contains("targets"));
        let tags = tags::marked(&want.tags, work.stack, order.order.node);
        let arns = carry_out(aws, &live.id, stages(have, &want.rules, weights), &tags).await?;
        Ok(as_wanted(want.clone(), order.order.node, &live.name, arns))
    }

    async fn delete(&self, work: Work<'_>, _node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
        delete_all(work.aws, live.handles.clone()).await
    }
}

/// Notes on the listener that it has rules, so that they are found when the file has dropped them all.
async fn has_rules(aws: &Aws, listener: &str) -> Result<(), CloudError> {
    if elb::is_announced(aws, listener) {
        return Ok(());
    }
    let tags = Tags::from([(read::RULES.to_owned(), "yes".to_owned())]);
    elb::write_tags(aws, listener, &Retag::set(tags)).await
}

/// A rule that is there: its conditions and its ARN.
type Made = (Conditions, String);

/// The thing after it was made or changed.
fn as_wanted(want: Spec, node: &NodeId, name: &str, rules: Vec<Made>) -> Live<Spec> {
    let listener = want.listener.known().unwrap_or_default().to_owned();
    let uses = want.rules.iter().flat_map(|rule| rule.action.target_groups()).collect();
    let mut live = Live::new(listener.as_str(), name, Owner::Ours(node.clone()), want);
    for (conditions, arn) in &rules {
        live = live.output(&output(conditions), arn.as_str());
    }
    live.handles = rules.into_iter().map(|(_, arn)| arn).collect();
    live.within = Some(listener);
    live.uses = uses;
    live
}

/// The priorities of the rules of somebody else that this change takes over.
fn adopted(order: &Update<'_>) -> Vec<u32> {
    let taken = |member: &&ForeignMember| order.changes.iter().any(|change| change.from.as_ref() == Some(&member.have));
    let priority = |member: &ForeignMember| member.have.get("priority")?.as_u64()?.try_into().ok();
    order.live.foreign.iter().filter(taken).filter_map(priority).collect()
}

/// The rules of a listener that are ours to change, as they are now: a try that was cut short may have changed some.
async fn ours(aws: &Aws, listener: &str, stack: &str, adopted: &[u32]) -> Result<Vec<LiveRule>, CloudError> {
    let rules = read::rules_of(aws, listener).await?;
    let arns = rules.iter().filter_map(|rule| rule.rule_arn()).map(str::to_owned).collect();
    let mut tags = read::tags_of(aws, arns).await?;
    let mut found = Vec::new();
    for raw in rules {
        let Some(tags) = tags.remove(raw.rule_arn().unwrap_or_default()) else { continue };
        let item = Item { tags, ..Item::new(raw) };
        found.extend(live_rule(&item));
    }
    found.retain(|live| match tags::owner(&live.tags, stack, ENTRY.kind.name) {
        Owner::Ours(_) => true,
        Owner::Managed { .. } | Owner::OtherStack(_) | Owner::Stray(_) | Owner::Nobody => {
            adopted.contains(&live.rule.priority)
        }
    });
    Ok(found)
}

/// Sends the requests; returns the ARNs of all rules that are there then.
async fn carry_out(aws: &Aws, listener: &str, stages: Stages, tags: &Tags) -> Result<Vec<Made>, CloudError> {
    let Stages { modify: modified, delete_first, moves, create, delete, kept } = stages;
    // Marks first: what is adopted must be recognised if the run is cut short.
    let retagged = kept.iter().map(|live| async move {
        let mut there = live.tags.clone();
        // What they took the place of stays true.
        there.remove(tags::REPLACES);
        elb::write_tags(aws, &live.arn, &Retag::between(&there, tags)).await
    });
    run(retagged.collect()).await?;
    run(modified.iter().map(|(arn, rule, with_conditions)| modify(aws, arn, rule, *with_conditions)).collect()).await?;
    delete_all(aws, delete_first).await?;
    set_priorities(aws, listener, &moves).await?;
    let mut made = create_all(aws, listener, &create, tags).await?;
    delete_all(aws, delete).await?;
    // What was changed in place may have other conditions now.
    let now = |live: LiveRule| {
        let changed = modified.iter().find(|(arn, ..)| *arn == live.arn).map(|(_, rule, _)| rule);
        (changed.unwrap_or(&live.rule).conditions.clone(), live.arn)
    };
    made.extend(kept.into_iter().map(now));
    Ok(made)
}

/// Carries out requests side by side. All are begun even if one fails, so that as much as possible is done.
async fn run<T>(requests: Vec<impl Future<Output = Result<T, CloudError>>>) -> Result<Vec<T>, CloudError> {
    let answers: Vec<Result<T, CloudError>> = stream::iter(requests).buffered(ABREAST).collect().await;
    answers.into_iter().collect()
}

async fn create_all(aws: &Aws, listener: &str, rules: &[Rule], tags: &Tags) -> Result<Vec<Made>, CloudError> {
    let arns = run(rules.iter().map(|rule| create(aws, listener, rule, tags)).collect()).await?;
    Ok(rules.iter().map(|rule| rule.conditions.clone()).zip(arns).collect())
}

async fn delete_all(aws: &Aws, arns: Vec<String>) -> Result<(), CloudError> {
    run(arns.into_iter().map(|arn| async move { delete(aws, &arn).await }).collect()).await.map(drop)
}

async fn create(aws: &Aws, listener: &str, rule: &Rule, tags: &Tags) -> Result<String, CloudError> {
    let actions = action::to_api(rule.authenticate.as_ref(), &rule.action)?;
    let request = || {
        aws.elb()
            .create_rule()
            .listener_arn(listener)
            .priority(priority(rule.priority))
            .set_conditions(Some(rule.conditions.to_api()))
            .set_actions(Some(actions.clone()))
            .set_tags(Some(elb::api_tags(tags)))
            .send()
    };
    let reply = aws.caller.send("elb:CreateRule", request).await.map_err(|error| taken(error, rule.priority))?;
    Ok(reply.rules().first().and_then(ApiRule::rule_arn).unwrap_or_default().to_owned())
}

async fn modify(aws: &Aws, arn: &str, rule: &Rule, with_conditions: bool) -> Result<(), CloudError> {
    let actions = action::to_api(rule.authenticate.as_ref(), &rule.action)?;
    let request = || {
        aws.elb()
            .modify_rule()
            .rule_arn(arn)
            .set_conditions(with_conditions.then(|| rule.conditions.to_api()))
            .set_actions(Some(actions.clone()))
            .send()
    };
    aws.caller.send("elb:ModifyRule", request).await.map(drop)
}

/// Moves rules to their priorities, all at once, which lets them swap. Some endpoints refuse a priority that another rule of the
/// same request is about to leave; there they are moved one after the other, by way of a free one.
async fn set_priorities(aws: &Aws, listener: &str, moves: &[(String, u32)]) -> Result<(), CloudError> {
    if moves.is_empty() {
        return Ok(());
    }
    match set_at_once(aws, moves).await {
        Err(error) if error.class == ErrorClass::Exists && moves.len() > 1 => {}
        result => return result,
    }
    let rules = read::rules_of(aws, listener).await?;
    let taken = rules.iter().filter_map(|rule| Some((rule.rule_arn()?.to_owned(), rule.priority()?.parse().ok()?)));
    for one in changes::in_turn(moves, taken.collect()) {
        set_at_once(aws, &[one]).await?;
    }
    Ok(())
}

async fn set_at_once(aws: &Aws, moves: &[(String, u32)]) -> Result<(), CloudError> {
    let pair = |(arn, to): &(String, u32)| RulePriorityPair::builder().rule_arn(arn).priority(priority(*to)).build();
    let pairs: Vec<RulePriorityPair> = moves.iter().map(pair).collect();
    let request = || aws.elb().set_rule_priorities().set_rule_priorities(Some(pairs.clone())).send();
    aws.caller.send("elb:SetRulePriorities", request).await.map(drop)
}

async fn delete(aws: &Aws, arn: &str) -> Result<(), CloudError> {
    match aws.caller.send("elb:DeleteRule", || aws.elb().delete_rule().rule_arn(arn).send()).await {
        Err(error) if error.class != ErrorClass::Gone => Err(error),
        _ => Ok(()),
    }
}

/// A priority that another's rule has got since the plan was made: it is not for a run to choose another one.
fn taken(error: CloudError, priority: u32) -> CloudError {
    if error.code != "PriorityInUse" {
        return error;
    }
    let hint = format!(
        "another rule has got priority {priority} since this was planned; run the command again: it shows whose rule that is, and \
         `priority: auto` takes another number"
    );
    CloudError { hint: Some(hint), ..error }
}

fn priority(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

fn live_rule(item: &Item<ApiRule>) -> Option<LiveRule> {
    let rule = Rule {
        priority: item.raw.priority()?.parse().ok()?,
        conditions: Conditions::live(item.raw.conditions()),
        authenticate: Authenticate::live(item.raw.actions()),
        action: Action::live(item.raw.actions()),
    };
    Some(LiveRule { arn: item.raw.rule_arn()?.to_owned(), rule, tags: item.tags.clone() })
}

fn name_of(item: &Item<aws_sdk_elasticloadbalancingv2::types::Listener>, balancers: &Balancers) -> String {
    balancers.name(item.raw.load_balancer_arn().unwrap_or_default(), item.raw.port().unwrap_or_default(), true)
}

/// The node of the graph for the rules of a listener: ours, or one in the way of ours.
fn node_of(
    item: &Item<aws_sdk_elasticloadbalancingv2::types::Listener>,
    name: &str,
    elb: &Elb,
    stack: &str,
) -> Option<NodeId> {
    let listener = match tags::owner(&item.tags, stack, listener::ENTRY.kind.name) {
        Owner::Ours(listener) => Some(listener),
        Owner::Managed { .. } | Owner::OtherStack(_) | Owner::Stray(_) | Owner::Nobody => {
            elb.wanted.hosts.get(name).cloned()
        }
    }?;
    let node = NodeId::new("listener_rules", listener.name());
    elb.wanted.rules.contains(&node).then_some(node)
}

/// Rules on listeners of others, each with the node that has them on that listener. Those with one mark on several listeners are a move
/// that was cut short: each takes the place of the next, and the first are where the file wants them.
fn in_a_row(mut guests: Vec<(Live<Spec>, Option<NodeId>)>) -> Vec<Live<Spec>> {
    let mark = |live: &Live<Spec>| match &live.owner {
        Owner::Ours(node) => Some(node.clone()),
        Owner::Managed { .. } | Owner::OtherStack(_) | Owner::Stray(_) | Owner::Nobody => None,
    };
    guests.sort_by_key(|(live, host)| (mark(live), *host != mark(live), live.id.clone()));
    let mut row: Vec<Live<Spec>> = guests.into_iter().map(|(live, _)| live).collect();
    for at in 1..row.len() {
        if mark(&row[at - 1]) == mark(&row[at]) {
            row[at - 1].replaces = Some(row[at].id.clone());
        }
    }
    row
}

/// The rules of a listener as one thing; `None` if none is ours and none can be in the way.
fn live(
    listener: &str,
    name: &str,
    rules: &[LiveRule],
    wanted: Option<NodeId>,
    elb: &Elb,
    stack: &str,
) -> Option<Live<Spec>> {
    let owner = |live: &LiveRule| match tags::owner(&live.tags, stack, ENTRY.kind.name) {
        Owner::Ours(node) => Some(node),
        Owner::Managed { .. } | Owner::OtherStack(_) | Owner::Stray(_) | Owner::Nobody => None,
    };
    let (mine, others): (Vec<&LiveRule>, Vec<&LiveRule>) = rules.iter().partition(|live| owner(live).is_some());
    // While a mark is being moved, some rules have the old one; whatever their marks, they are one thing.
    let marks: Vec<NodeId> = mine.iter().filter_map(|live| owner(live)).collect();
    let mark = marks.iter().find(|mark| elb.wanted.rules.contains(*mark)).or(marks.first()).cloned();
    let node = mark.or(wanted.filter(|_| !others.is_empty()))?;
    let mut tags = common_tags(&mine);
    if marks.iter().any(|mark| *mark != node) {
        tags.insert(tags::ID.to_owned(), VARIES.to_owned());
    }
    let rules = mine.iter().map(|live| live.rule.clone()).collect();
    let have = Spec { listener: listener.into(), existing: None, guests: false, rules, tags };
    let mut live = as_wanted(
        have,
        &node,
        name,
        mine.iter().map(|live| (live.rule.conditions.clone(), live.arn.clone())).collect(),
    );
    live.foreign = others.into_iter().map(|other| foreign(other, stack)).collect();
    // Those of another listener that are still there were to go.
    live.replaces = mine.iter().find_map(|live| live.tags.get(tags::REPLACES)).cloned();
    Some(live)
}

fn foreign(other: &LiveRule, stack: &str) -> ForeignMember {
    ForeignMember {
        key: format!("priority {}", other.rule.priority),
        list: "rules".to_owned(),
        same: vec!["priority".to_owned()],
        have: doc(&other.rule),
        stack: match tags::owner(&other.tags, stack, ENTRY.kind.name) {
            Owner::OtherStack(theirs) => Some(theirs),
            Owner::Managed { .. } | Owner::Ours(_) | Owner::Stray(_) | Owner::Nobody => None,
        },
    }
}

/// The user's tags of all rules; one that not all have alike is shown as differing, so that it is written again.
fn common_tags(rules: &[&LiveRule]) -> Tags {
    let each: Vec<Tags> = rules.iter().map(|live| tags::user(&live.tags)).collect();
    let mut all = Tags::new();
    for (key, value) in each.iter().flatten() {
        let alike = each.iter().all(|tags| tags.get(key) == Some(value));
        all.insert(key.clone(), if alike { value.clone() } else { VARIES.to_owned() });
    }
    all
}
