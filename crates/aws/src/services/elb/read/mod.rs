//! Reads from Elastic Load Balancing: load balancers and target groups (all of the region), the listeners and rules of those
//! that matter, tags twenty at a time (in a large region of those that can matter, `narrow.rs`), and attributes only where somebody sets them (one call each).
//! Decides which things matter: those that carry the stack's mark and those of a wanted name. What they mean is the kinds'.

pub mod attributes;
pub(crate) mod calls;
pub mod data;
mod going;
mod leads;
mod listeners;
mod narrow;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_elasticloadbalancingv2::types::{Listener, LoadBalancer, ProtocolEnum, Rule, TargetGroup};
use evenkeel_core::error::CloudError;
use evenkeel_core::graph::Node;
use evenkeel_core::name;
use evenkeel_core::snapshot::Owner;

use crate::client::Aws;
use crate::finder::Finder;
use crate::read::{Part, Scope};
use crate::tags::{self, Tags};

pub(crate) use self::calls::{rules_of, tags_of};
use self::data::generation_of;
pub use self::data::{Elb, Item, RULES, Wanted};
use self::leads::Leads;
use self::narrow::Narrowed;

/// The parts of the service that a scope needs.
#[derive(Clone, Copy)]
struct Parts {
    target_groups: bool,
    load_balancers: bool,
    listeners: bool,
    rules: bool,
}

/// Reads what the scope asks for.
pub async fn fetch(aws: &Aws, scope: &Scope<'_>, finder: &Finder<'_>) -> Elb {
    let parts = Parts {
        target_groups: scope.wants(&["target_group"]),
        load_balancers: scope.wants(&["load_balancer", "listener", "listener_rules"]),
        listeners: scope.wants(&["listener", "listener_rules"]),
        rules: scope.wants(&["listener_rules"]),
    };
    let wanted = Wanted::of(scope);
    let (groups, balancers) = futures::join!(
        async {
            if parts.target_groups {
                shared(aws, "elb:DescribeTargetGroups", calls::target_groups(aws)).await
            } else {
                Ok(Vec::new())
            }
        },
        async {
            if parts.load_balancers {
                shared(aws, "elb:DescribeLoadBalancers", calls::load_balancers(aws)).await
            } else {
                Ok(Vec::new())
            }
        },
    );
    let reading = Reading { aws, scope, parts, wanted: &wanted };
    let (mut groups, mut balancers) = (groups.map(items), balancers.map(items));
    let large = narrow::is_large(aws, scope, &groups, &balancers, &wanted);
    let is_named = |item: &&Item<LoadBalancer>| reading.label(item).is_some();
    let named = balancers.iter().flatten().filter(is_named).filter_map(|item| item.raw.load_balancer_arn());
    let named: Vec<String> = named.map(str::to_owned).collect();
    let (balancer_names, group_names) = names(&wanted, &balancers, &groups);
    let (marked, mut leads, beneath, group_attributes, balancer_attributes) = futures::join!(
        narrow::marked(finder, large),
        reading.known_to(finder),
        reading.beneath(&balancers, named.clone()),
        reading.group_attributes(&groups, false),
        reading.balancer_attributes(&balancers, false),
    );
    let (mut listeners, mut rules) = beneath;
    let mut aside = Narrowed::of(&mut groups, &mut balancers, marked, &wanted);
    reading.tag_all(&mut groups, &mut balancers, &mut listeners, &mut rules).await;
    if aside.is_doubtful(scope.stack, &groups, &balancers) {
        let (mut more_groups, mut more_balancers) = aside.rest();
        let (mut none, mut nothing) = (Ok(Vec::new()), Ok(BTreeMap::new()));
        reading.tag_all(&mut more_groups, &mut more_balancers, &mut none, &mut nothing).await;
        narrow::join(&mut groups, more_groups);
        narrow::join(&mut balancers, more_balancers);
    }
    reading.add_groups(&mut leads, &groups);
    reading.find_more(&balancers, (&named, &leads), &mut listeners, &mut rules).await;
    reading.find_rules(&listeners, (&named, &leads), &mut rules).await;
    reading.keep(&mut groups, &mut balancers);
    let (more_group, more_balancer, of_listeners) = futures::join!(
        reading.group_attributes(&groups, true),
        reading.balancer_attributes(&balancers, true),
        reading.listener_attributes(&listeners),
    );
    let listeners = reading.attach_listeners(listeners, of_listeners);
    let target_groups = reading.attach_groups(groups, [group_attributes, more_group]);
    let attributes = [balancer_attributes, more_balancer];
    let protected = going::protected(&attributes);
    let load_balancers = reading.attach_balancers(balancers, attributes);
    let blind = leads.blind;
    Elb { target_groups, load_balancers, listeners, rules, balancer_names, group_names, protected, blind, wanted }
}

/// The names of everything, where something of others is looked for.
fn names(
    wanted: &Wanted,
    balancers: &Part<Vec<Item<LoadBalancer>>>,
    groups: &Part<Vec<Item<TargetGroup>>>,
) -> (Vec<String>, Vec<String>) {
    let balancers = balancers.iter().flatten().filter_map(|item| item.raw.load_balancer_name());
    let groups = groups.iter().flatten().filter_map(|item| item.raw.target_group_name());
    (
        balancers.filter(|_| !wanted.existing.is_empty()).map(str::to_owned).collect(),
        groups.filter(|_| !wanted.existing_groups.is_empty()).map(str::to_owned).collect(),
    )
}

/// A listing of everything, sent once if several stacks are read.
async fn shared<T: Clone + Send + Sync + 'static>(
    aws: &Aws,
    question: &str,
    listing: impl Future<Output = Part<Vec<T>>>,
) -> Part<Vec<T>> {
    aws.once(question, || listing).await.map(Arc::unwrap_or_clone)
}

fn items<T>(raw: Vec<T>) -> Vec<Item<T>> {
    raw.into_iter().map(Item::new).collect()
}

fn arns<T>(part: &Part<Vec<Item<T>>>, arn: impl Fn(&T) -> Option<&str>) -> Vec<String> {
    part.iter().flatten().filter_map(|item| arn(&item.raw)).map(str::to_owned).collect()
}

type Listeners = Part<Vec<Item<Listener>>>;
type Rules = Part<BTreeMap<String, Vec<Item<Rule>>>>;
/// Attributes by ARN, all that AWS returned.
type Attributes = Part<BTreeMap<String, BTreeMap<String, String>>>;

struct Reading<'a> {
    aws: &'a Aws,
    scope: &'a Scope<'a>,
    parts: Parts,
    wanted: &'a Wanted,
}

impl Reading<'_> {
    /// What a load balancer is called in the names of its listeners, if the file names it.
    fn label(&self, item: &Item<LoadBalancer>) -> Option<String> {
        let base = |name| self.wanted.load_balancer(name).map(|(base, _)| base.to_owned());
        self.wanted.existing(item).or_else(|| item.raw.load_balancer_name().and_then(base))
    }

    /// The listeners of these load balancers, and their rules.
    async fn beneath(&self, balancers: &Part<Vec<Item<LoadBalancer>>>, of: Vec<String>) -> (Listeners, Rules) {
        if let Err(error) = balancers {
            return (Err(error.clone()), Err(error.clone()));
        }
        if !self.parts.listeners {
            return (Ok(Vec::new()), Ok(BTreeMap::new()));
        }
        let listeners = match calls::each(of, |arn| async move { calls::listeners(self.aws, &arn).await }).await {
            Ok(lists) => items(lists.into_iter().flatten().collect()),
            Err(error) => return (Err(error.clone()), Err(error)),
        };
        let ruled = listeners.iter().filter(|item| self.should_have_rules(balancers, &item.raw));
        let arns: Vec<String> = ruled.filter_map(|item| item.raw.listener_arn()).map(str::to_owned).collect();
        let rules = async { if self.parts.rules { self.rules_of_all(arns).await } else { Ok(BTreeMap::new()) } };
        futures::join!(self.with_certificates(balancers, listeners), rules)
    }

    /// Puts beside each listener the certificates that its description leaves out.
    async fn with_certificates(
        &self,
        balancers: &Part<Vec<Item<LoadBalancer>>>,
        listeners: Vec<Item<Listener>>,
    ) -> Listeners {
        let secure =
            |item: &Item<Listener>| matches!(item.raw.protocol(), Some(ProtocolEnum::Https | ProtocolEnum::Tls));
        // Those of others are nobody's business here.
        let matters = |item: &Item<Listener>| {
            let of_it = |one: &&Item<LoadBalancer>| one.raw.load_balancer_arn() == item.raw.load_balancer_arn();
            let label = balancers.iter().flatten().find(of_it).and_then(|one| self.wanted.existing(one));
            let name = |label| format!("{label}:{}", item.raw.port().unwrap_or_default());
            label.is_none_or(|label| self.wanted.listeners.contains_key(&name(label)))
        };
        calls::each(listeners, |mut item| async move {
            if secure(&item) && matters(&item) {
                let arn = item.raw.listener_arn().unwrap_or_default();
                item.certificates = calls::certificates(self.aws, arn).await?;
            }
            Ok(item)
        })
        .await
    }

    async fn rules_of_all(&self, listeners: Vec<String>) -> Rules {
        let rules = calls::each(listeners, |arn| async move {
            let rules = rules_of(self.aws, &arn).await?;
            Ok((arn, items(rules)))
        });
        rules.await.map(|rules| rules.into_iter().collect())
    }

    /// Whether the file has rules for this listener, as far as its load balancer's name and its port tell.
    fn should_have_rules(&self, balancers: &Part<Vec<Item<LoadBalancer>>>, listener: &Listener) -> bool {
        let of_it = |item: &&Item<LoadBalancer>| item.raw.load_balancer_arn() == listener.load_balancer_arn();
        let base = balancers.iter().flatten().find(of_it).and_then(|item| self.label(item));
        let port = listener.port().unwrap_or_default();
        base.is_some_and(|base| self.wanted.ruled.contains(&format!("{base}:{port}")))
    }

    /// Reads the rules of listeners that have some according to their tag, or to what else leads there, although the file has none for
    /// them.
    async fn find_rules(&self, listeners: &Listeners, (named, leads): (&[String], &Leads), rules: &mut Rules) {
        let (Ok(listeners), Ok(known), true) = (listeners, rules.as_mut(), self.parts.rules) else { return };
        let led = |item: &Item<Listener>| {
            let balancer = item.raw.load_balancer_arn().unwrap_or_default();
            let any =
                leads.all_of.contains(balancer) && (self.scope.thorough || !named.iter().any(|it| it == balancer));
            let ours = matches!(self.owner(&item.tags, "listener"), Owner::Ours(_));
            !ours && any || leads.ruled.contains(item.raw.listener_arn().unwrap_or_default())
        };
        let marked = listeners
            .iter()
            .filter(|item| item.tags.contains_key(RULES) || self.goes(&item.tags, "listener") || led(item));
        let arns: Vec<String> = marked
            .filter_map(|item| item.raw.listener_arn())
            .filter(|arn| !known.contains_key(*arn))
            .map(str::to_owned)
            .collect();
        if arns.is_empty() {
            return;
        }
        let mut more = self.rules_of_all(arns).await;
        self.tag_all(&mut Ok(Vec::new()), &mut Ok(Vec::new()), &mut Ok(Vec::new()), &mut more).await;
        match more {
            Ok(more) => known.extend(more),
            Err(error) => *rules = Err(error),
        }
    }

    /// Reads the tags of everything at once and puts each thing's beside it; drops what has gone in the meantime.
    async fn tag_all(
        &self,
        groups: &mut Part<Vec<Item<TargetGroup>>>,
        balancers: &mut Part<Vec<Item<LoadBalancer>>>,
        listeners: &mut Listeners,
        rules: &mut Rules,
    ) {
        let mut all = arns(balancers, LoadBalancer::load_balancer_arn);
        all.extend(arns(groups, TargetGroup::target_group_arn));
        all.extend(arns(listeners, Listener::listener_arn));
        for rule in rules.iter().flat_map(BTreeMap::values).flatten() {
            all.extend(rule.raw.rule_arn().map(str::to_owned));
        }
        let found = tags_of(self.aws, all).await;
        put_tags(groups, &found, TargetGroup::target_group_arn);
        put_tags(balancers, &found, LoadBalancer::load_balancer_arn);
        put_tags(listeners, &found, Listener::listener_arn);
        match (&found, rules.as_mut()) {
            (Ok(found), Ok(rules)) => rules.values_mut().for_each(|rules| put(rules, found, Rule::rule_arn)),
            (Err(error), Ok(_)) => *rules = Err(error.clone()),
            (_, Err(_)) => {}
        }
    }

    /// Reads what is beneath load balancers to which no name in the file leads: those that are ours by their tags, those of others
    /// that are looked for by their tags, and those where something of the stack may be.
    async fn find_more(
        &self,
        balancers: &Part<Vec<Item<LoadBalancer>>>,
        (named, leads): (&[String], &Leads),
        listeners: &mut Listeners,
        rules: &mut Rules,
    ) {
        let Ok(all) = balancers else { return };
        let ours = |item: &&Item<LoadBalancer>| matches!(self.owner(&item.tags, "load_balancer"), Owner::Ours(_));
        let found = all.iter().filter(|item| ours(item) || self.wanted.existing(item).is_some());
        let found = found.filter_map(|item| item.raw.load_balancer_arn().map(str::to_owned));
        let more: BTreeSet<String> = found.chain(leads.balancers.iter().cloned()).collect();
        let more: Vec<String> = more.into_iter().filter(|arn| !named.iter().any(|known| known == arn)).collect();
        if more.is_empty() || !self.parts.listeners {
            return;
        }
        let (mut more_listeners, mut more_rules) = self.beneath(balancers, more).await;
        self.tag_all(&mut Ok(Vec::new()), &mut Ok(Vec::new()), &mut more_listeners, &mut more_rules).await;
        match (listeners.as_mut(), more_listeners) {
            (Ok(known), Ok(more)) => known.extend(more),
            (Ok(_), Err(error)) => *listeners = Err(error),
            (Err(_), _) => {}
        }
        match (rules.as_mut(), more_rules) {
            (Ok(known), Ok(more)) => known.extend(more),
            (Ok(_), Err(error)) => *rules = Err(error),
            (Err(_), _) => {}
        }
    }

    /// Drops what is neither ours nor of a wanted name.
    fn keep(&self, groups: &mut Part<Vec<Item<TargetGroup>>>, balancers: &mut Part<Vec<Item<LoadBalancer>>>) {
        if let Ok(groups) = groups {
            groups.retain(|item| {
                let name = item.raw.target_group_name().unwrap_or_default();
                self.wanted.is_existing_group(item)
                    || self.matters("target_group", &item.tags, &self.wanted.target_groups, name)
            });
        }
        if let Ok(balancers) = balancers {
            balancers.retain(|item| {
                let name = item.raw.load_balancer_name().unwrap_or_default();
                self.wanted.existing(item).is_some()
                    || self.matters("load_balancer", &item.tags, &self.wanted.load_balancers, name)
            });
        }
    }

    fn matters(&self, kind: &str, tags: &Tags, bases: &BTreeSet<String>, name: &str) -> bool {
        tags::is_marked(&self.owner(tags, kind)) || generation_of(bases, name).is_some()
    }

    fn owner(&self, tags: &Tags, kind: &str) -> Owner {
        tags::owner(tags, self.scope.stack, kind)
    }

    /// The attributes that the file sets on a thing.
    fn declared(&self, kind: &str, tags: &Tags, name: &str) -> BTreeSet<String> {
        let owner = match self.owner(tags, kind) {
            Owner::Ours(node) => Some(node),
            Owner::Managed { .. } | Owner::OtherStack(_) | Owner::Stray(_) | Owner::Nobody => None,
        };
        let is_it = |node: &&Node| match &owner {
            Some(owner) => node.id == *owner || node.moved_from.as_ref() == Some(owner),
            None => name::generation(&node.name, name).is_some(),
        };
        let node = self.scope.graph.of_kind(kind).find(is_it);
        let keys = node.and_then(|node| node.want.get("attributes")).and_then(serde_json::Value::as_object);
        keys.into_iter().flat_map(|map| map.keys().cloned()).collect()
    }

    /// The attributes that are managed: what the file sets, and what it once set according to a tag.
    fn managed(&self, kind: &str, tags: &Tags, name: &str) -> BTreeSet<String> {
        let mut keys = self.declared(kind, tags, name);
        keys.extend(tags.get(attributes::TAG).into_iter().flat_map(|tag| attributes::table(kind).decode(tag)));
        keys
    }

    /// Before the tags are known the name alone says whose attributes are needed; afterwards only the rest is read.
    fn due(&self, kind: &str, tags: &Tags, name: &str, tagged: bool) -> bool {
        let by_name = !self.declared(kind, &Tags::new(), name).is_empty();
        if tagged { !by_name && !self.managed(kind, tags, name).is_empty() } else { by_name }
    }

    /// Whether a load balancer may go whose attributes its name does not ask for.
    fn unasked(&self, tags: &Tags, name: &str) -> bool {
        self.declared("load_balancer", &Tags::new(), name).is_empty() && self.goes(tags, "load_balancer")
    }

    async fn group_attributes(&self, groups: &Part<Vec<Item<TargetGroup>>>, tagged: bool) -> Attributes {
        let due = groups.iter().flatten().filter(|item| {
            let name = item.raw.target_group_name().unwrap_or_default();
            self.due("target_group", &item.tags, name, tagged)
        });
        let arns = due.filter_map(|item| item.raw.target_group_arn()).map(str::to_owned).collect();
        let read = calls::each(arns, |arn| async move {
            let attributes = calls::group_attributes(self.aws, &arn).await?;
            Ok((arn, attributes))
        });
        read.await.map(|read| read.into_iter().collect())
    }

    async fn balancer_attributes(&self, balancers: &Part<Vec<Item<LoadBalancer>>>, tagged: bool) -> Attributes {
        if !self.scope.wants(&["load_balancer"]) {
            return Ok(BTreeMap::new());
        }
        let due = balancers.iter().flatten().filter(|item| {
            let name = item.raw.load_balancer_name().unwrap_or_default();
            self.due("load_balancer", &item.tags, name, tagged) || tagged && self.unasked(&item.tags, name)
        });
        let arns = due.filter_map(|item| item.raw.load_balancer_arn()).map(str::to_owned).collect();
        let read = calls::each(arns, |arn| async move {
            let attributes = calls::balancer_attributes(self.aws, &arn).await?;
            Ok((arn, attributes))
        });
        read.await.map(|read| read.into_iter().collect())
    }

    fn attach_groups(
        &self,
        groups: Part<Vec<Item<TargetGroup>>>,
        read: [Attributes; 2],
    ) -> Part<Vec<Item<TargetGroup>>> {
        let (mut groups, read) = (groups?, merged(read)?);
        for item in &mut groups {
            let name = item.raw.target_group_name().unwrap_or_default();
            let keys = self.managed("target_group", &item.tags, name);
            item.attributes = pick(&read, item.raw.target_group_arn(), &keys);
        }
        Ok(groups)
    }

    fn attach_balancers(
        &self,
        balancers: Part<Vec<Item<LoadBalancer>>>,
        read: [Attributes; 2],
    ) -> Part<Vec<Item<LoadBalancer>>> {
        let (mut balancers, read) = (balancers?, merged(read)?);
        for item in &mut balancers {
            let name = item.raw.load_balancer_name().unwrap_or_default();
            let keys = self.managed("load_balancer", &item.tags, name);
            item.attributes = pick(&read, item.raw.load_balancer_arn(), &keys);
        }
        Ok(balancers)
    }
}

fn merged(read: [Attributes; 2]) -> Attributes {
    let mut all = BTreeMap::new();
    for part in read {
        all.extend(part?);
    }
    Ok(all)
}

fn pick(
    read: &BTreeMap<String, BTreeMap<String, String>>,
    arn: Option<&str>,
    keys: &BTreeSet<String>,
) -> BTreeMap<String, String> {
    let all = arn.and_then(|arn| read.get(arn));
    all.into_iter().flatten().filter(|(key, _)| keys.contains(*key)).map(|(k, v)| (k.clone(), v.clone())).collect()
}

fn put_tags<T>(
    part: &mut Part<Vec<Item<T>>>,
    found: &Result<BTreeMap<String, Tags>, CloudError>,
    arn: impl Fn(&T) -> Option<&str>,
) {
    match (found, part.as_mut()) {
        (Ok(found), Ok(items)) => put(items, found, arn),
        // Nothing was asked about, so nothing is missing.
        (Err(error), Ok(items)) if !items.is_empty() => *part = Err(error.clone()),
        (Err(_), Ok(_)) | (_, Err(_)) => {}
    }
}

fn put<T>(items: &mut Vec<Item<T>>, found: &BTreeMap<String, Tags>, arn: impl Fn(&T) -> Option<&str>) {
    items.retain_mut(|item| match arn(&item.raw).and_then(|arn| found.get(arn)) {
        Some(tags) => {
            item.tags.clone_from(tags);
            true
        }
        None => false,
    });
}
