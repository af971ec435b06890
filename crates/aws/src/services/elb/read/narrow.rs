//! Which load balancers and target groups of a large region are looked at: those of wanted names, and those that carry the stack's
//! mark as the tagging API knows it. It lags behind by seconds, so where it does not know a thing that is ours by its own tags, all are
//! looked at after all. In a small region that is done at once, as it costs no more. Sends nothing itself.

use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::types::{LoadBalancer, TargetGroup};

use super::data::{Item, Wanted, generation_of};
use crate::client::Aws;
use crate::finder::Finder;
use crate::read::{Part, Scope};
use crate::tags;

/// Load balancers and target groups of other names whose tags five requests tell.
const SMALL: usize = 100;

/// The types under which the tagging API knows both.
const TYPES: &[&str] = &["elasticloadbalancing:loadbalancer", "elasticloadbalancing:targetgroup"];

type Groups = Part<Vec<Item<TargetGroup>>>;
type Balancers = Part<Vec<Item<LoadBalancer>>>;

/// Whether there are so many that looking at each would cost more than asking which are ours. Where every last one has to be found, or
/// several stacks are read, each is looked at.
pub(super) fn is_large(aws: &Aws, scope: &Scope<'_>, groups: &Groups, balancers: &Balancers, wanted: &Wanted) -> bool {
    let others = groups.iter().flatten().filter(|item| !has_group_name(item, wanted)).count()
        + balancers.iter().flatten().filter(|item| !has_balancer_name(item, wanted)).count();
    others > SMALL && !scope.thorough && !aws.is_shared() && !wanted.goes_by_tags()
}

fn has_group_name(item: &Item<TargetGroup>, wanted: &Wanted) -> bool {
    wanted.is_existing_group(item)
        || generation_of(&wanted.target_groups, item.raw.target_group_name().unwrap_or_default()).is_some()
}

fn has_balancer_name(item: &Item<LoadBalancer>, wanted: &Wanted) -> bool {
    wanted.existing(item).is_some()
        || generation_of(&wanted.load_balancers, item.raw.load_balancer_name().unwrap_or_default()).is_some()
}

/// The ARNs of those that carry the stack's mark; `None` if nobody knows, or nobody asked.
pub(super) async fn marked(finder: &Finder<'_>, large: bool) -> Option<BTreeSet<String>> {
    if !large {
        return None;
    }
    let found = finder.of_types(TYPES).await;
    found.map(|found| found.into_iter().map(|found| found.arn).collect()).ok()
}

/// What was put aside because it cannot matter.
#[derive(Debug, Default)]
pub(super) struct Narrowed {
    groups: Vec<Item<TargetGroup>>,
    balancers: Vec<Item<LoadBalancer>>,
    marked: Option<BTreeSet<String>>,
}

impl Narrowed {
    /// Puts aside what neither has a wanted name nor is known to carry the mark.
    pub(super) fn of(
        groups: &mut Groups,
        balancers: &mut Balancers,
        marked: Option<BTreeSet<String>>,
        wanted: &Wanted,
    ) -> Self {
        let Some(marked) = marked else { return Self::default() };
        let is_marked = |arn: Option<&str>| marked.contains(arn.unwrap_or_default());
        let of_group =
            |item: &Item<TargetGroup>| is_marked(item.raw.target_group_arn()) || has_group_name(item, wanted);
        let of_balancer =
            |item: &Item<LoadBalancer>| is_marked(item.raw.load_balancer_arn()) || has_balancer_name(item, wanted);
        let (groups, balancers) = (put_aside(groups, of_group), put_aside(balancers, of_balancer));
        Self { groups, balancers, marked: Some(marked) }
    }

    /// Whether something is ours by its own tags that the tagging API does not know: then it may not know others.
    pub(super) fn is_doubtful(&self, stack: &str, groups: &Groups, balancers: &Balancers) -> bool {
        let Some(marked) = &self.marked else { return false };
        let unknown = |of: &tags::Tags, arn: Option<&str>| {
            of.get(tags::STACK).is_some_and(|theirs| theirs == stack) && !marked.contains(arn.unwrap_or_default())
        };
        let aside = !self.groups.is_empty() || !self.balancers.is_empty();
        aside
            && (groups.iter().flatten().any(|item| unknown(&item.tags, item.raw.target_group_arn()))
                || balancers.iter().flatten().any(|item| unknown(&item.tags, item.raw.load_balancer_arn())))
    }

    /// All that was put aside.
    pub(super) fn rest(&mut self) -> (Groups, Balancers) {
        (Ok(std::mem::take(&mut self.groups)), Ok(std::mem::take(&mut self.balancers)))
    }
}

fn put_aside<T>(part: &mut Part<Vec<Item<T>>>, matters: impl Fn(&Item<T>) -> bool) -> Vec<Item<T>> {
    let Ok(items) = part else { return Vec::new() };
    let (kept, aside) = std::mem::take(items).into_iter().partition(|item| matters(item));
    *items = kept;
    aside
}

/// Adds what was read later.
pub(super) fn join<T>(part: &mut Part<Vec<Item<T>>>, more: Part<Vec<Item<T>>>) {
    match (part.as_mut(), more) {
        (Ok(items), Ok(more)) => items.extend(more),
        (Ok(_), Err(error)) => *part = Err(error),
        (Err(_), _) => {}
    }
}
