//! What all kinds do alike, once: the way from the engine's documents to a kind's types and back, the marks on what is made, the
//! differences of tags and owners on what is changed, "gone" on what is deleted. Knows no kind and sends nothing itself.

use async_trait::async_trait;
use evenkeel_core::cloud::{Create, Update, Waiting};
use evenkeel_core::doc::Doc;
use evenkeel_core::error::CloudError;
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::snapshot::{Live, Owner, Readiness};
use serde_json::Value;

use crate::call::gone::unless_gone;
use crate::read::Fetched;
use crate::resource::{Canonical, Creation, Driver, Lookup, Modification, OnlyLookedUp, Resource, Tagging, Work};
use crate::resource::{doc, spec};
use crate::tags::{self, Retag, Tags};
use crate::touch::Touch;

impl Canonical for Doc {
    fn tags(&self) -> Option<Tags> {
        self.get("tags").and_then(|tags| spec(tags).ok())
    }
}

impl<'a> Work<'a> {
    /// What marks call the stack: in its region, if `global`.
    pub fn mark(&self, global: bool) -> String {
        if global { tags::global(self.stack, &self.aws.region) } else { self.stack.to_owned() }
    }
}

/// The thing in the engine's form. What its tags say of any kind is noted.
fn erased<D: Canonical>(live: Live<D>) -> Live {
    let mut live = live.map(|have| doc(&have));
    let protect = live.have.get("tags").and_then(|tags| tags.get(tags::PROTECT));
    live.protected |= protect.is_some_and(|value| value == "true");
    live
}

/// The thing in its kind's form.
fn typed<D: Canonical>(live: &Live) -> Result<Live<D>, CloudError> {
    Ok(live.clone().with(spec(&live.have)?))
}

/// How the tags of a thing change: the user's, our marks if it has others, and those of the kind.
fn retag<R: Resource>(resource: &R, live: &Live<R::Have>, want: &R::Want, order: &Update<'_>, mark: &str) -> Retag {
    let Some(wanted) = want.tags() else { return Retag::default() };
    let (mut from, mut to) = resource.marks_between(live, want, order);
    from.extend(live.have.tags().unwrap_or_default());
    if live.is_of(order.node) {
        from = tags::marked(&from, mark, order.node);
    }
    to.extend(tags::marked(&wanted, mark, order.node));
    Retag::between(&from, &to)
}

#[async_trait]
impl<R: Resource> Driver for R {
    fn makes(&self) -> bool {
        true
    }

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live>, CloudError> {
        Ok(Resource::observe(self, fetched)?.into_iter().map(erased).collect())
    }

    fn look_up(&self, fetched: &Fetched, node: &Node) -> Result<Option<Live>, CloudError> {
        Resource::look_up(self, fetched, node)
    }

    async fn create(&self, work: Work<'_>, order: Create<'_>) -> Result<Live, CloudError> {
        let want: R::Want = spec(order.want)?;
        let mut all = tags::marked(&want.tags().unwrap_or_default(), &work.mark(R::GLOBAL), order.node);
        all.extend(self.marks(&want));
        all.extend(order.replaces.map(|id| (tags::REPLACES.to_owned(), id.to_owned())));
        let owner = Owner::Ours(order.node.clone());
        let live = Resource::create(self, work, &Creation { order, want, tags: all }).await?;
        Ok(Live { owner, ..erased(live) })
    }

    async fn update(&self, work: Work<'_>, order: Update<'_>) -> Result<Live, CloudError> {
        let live: Live<R::Have> = typed(order.live)?;
        let want: R::Want = spec(order.want)?;
        let tags = retag(self, &live, &want, &order, &work.mark(R::GLOBAL));
        let owner = Owner::Ours(order.node.clone());
        let within = R::TAGS == Tagging::Within || want.tags().is_none();
        if !within && !tags.is_empty() {
            self.write_tags(work, &live, &tags).await?;
        }
        let only_tags = order.changes.iter().all(|change| change.field() == "tags");
        let mut after = if only_tags && !within {
            erased(live)
        } else {
            erased(Resource::update(self, work, &Modification { order: order.clone(), live, want, tags }).await?)
        };
        if let (Value::Object(have), Some(tags)) = (&mut after.have, order.want.get("tags")) {
            have.insert("tags".to_owned(), tags.clone());
        }
        Ok(Live { owner, ..after })
    }

    async fn still_ours(&self, work: Work<'_>, node: &NodeId, live: &Live, deletes: bool) -> Result<(), CloudError> {
        let stack = work.mark(R::GLOBAL);
        Resource::still_ours(self, work, &Touch { stack: &stack, node, live, deletes }).await
    }

    async fn delete(&self, work: Work<'_>, node: &NodeId, live: &Live) -> Result<(), CloudError> {
        unless_gone(Resource::delete(self, work, node, &typed(live)?).await)
    }

    async fn lacks(&self, work: Work<'_>, live: &Live) -> Result<Option<String>, CloudError> {
        Resource::lacks(self, work, live).await
    }

    async fn poll(&self, work: Work<'_>, waiting: &[Waiting]) -> Vec<Result<Readiness, CloudError>> {
        Resource::poll(self, work, waiting).await
    }

    async fn holders(&self, work: Work<'_>, live: &Live) -> Vec<String> {
        Resource::holders(self, work, live).await
    }
}

#[async_trait]
impl<L: Lookup> Driver for OnlyLookedUp<L> {
    fn makes(&self) -> bool {
        false
    }

    fn observe(&self, _fetched: &Fetched) -> Result<Vec<Live>, CloudError> {
        Ok(Vec::new())
    }

    fn look_up(&self, fetched: &Fetched, node: &Node) -> Result<Option<Live>, CloudError> {
        self.0.look_up(fetched, node)
    }

    async fn create(&self, _work: Work<'_>, order: Create<'_>) -> Result<Live, CloudError> {
        Err(never(order.node))
    }

    async fn update(&self, _work: Work<'_>, order: Update<'_>) -> Result<Live, CloudError> {
        Err(never(order.node))
    }

    async fn still_ours(&self, _work: Work<'_>, node: &NodeId, _live: &Live, _: bool) -> Result<(), CloudError> {
        Err(never(node))
    }

    async fn delete(&self, _work: Work<'_>, node: &NodeId, _live: &Live) -> Result<(), CloudError> {
        Err(never(node))
    }

    async fn lacks(&self, _work: Work<'_>, _live: &Live) -> Result<Option<String>, CloudError> {
        Ok(None)
    }

    async fn poll(&self, _work: Work<'_>, waiting: &[Waiting]) -> Vec<Result<Readiness, CloudError>> {
        waiting.iter().map(|one| Err(never(&one.node))).collect()
    }

    async fn holders(&self, _work: Work<'_>, _live: &Live) -> Vec<String> {
        Vec::new()
    }
}

fn never(node: &NodeId) -> CloudError {
    CloudError::bug("kinds", format!("{node} is only looked up"))
}
