//! Repositories of ECR. CreateRepository takes tags, mutability, scanning and encryption; the two policies need calls of their own;
//! every setting but name and encryption changes in place. AWS refuses to delete a repository that holds images unless it is
//! forced to: what holds images is therefore guarded until the file says `protect: false`, which a tag remembers, or until there
//! is consent. Names are unique in a region of an account.

use async_trait::async_trait;
use evenkeel_core::doc::Doc;
use evenkeel_core::error::CloudError;
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Ready, Replace};
use evenkeel_core::name;
use evenkeel_core::snapshot::{Guard, Live, Owner};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::read::{self, Ecr, Found};
use super::{lifecycle, send};
use crate::existing;
use crate::read::Fetched;
use crate::resource::{Creation, Entry, Modification, Paced, Resource, Work, tagged, wanted};
use crate::services::iam::role::policy;
use crate::tags::{self, Retag, Tags};
use crate::touch::Touch;
use evenkeel_stack::model::{Existing, Stack};

const LIMIT: usize = 256;
/// Where the number of images is kept in the private state.
const IMAGES: &str = "images";

/// The kind `repository`.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: "repository",
        title: "ECR repository",
        fields: &[
            Field::immutable("encryption"),
            Field::immutable("kms_key"),
            Field::set("exclusions"),
            Field::keyed("lifecycle.rules", &["rulePriority"]),
        ],
        talk: &["policy"],
        outputs: &["uri", "arn", "name"],
        replace: Replace::DeleteFirst,
        name_limit: LIMIT,
        ready: Ready::AtOnce,
        deadline_secs: 120,
        ..Kind::PLAIN
    },
    contribute,
    driver: &Repositories,
    paced: Paced::NOT,
    actions: &[
        "ecr:DescribeRepositories",
        "ecr:GetLifecyclePolicy",
        "ecr:GetRepositoryPolicy",
        "ecr:ListImages",
        "ecr:ListTagsForResource",
        "tag:GetResources",
        "ecr:CreateRepository",
        "ecr:TagResource",
        "ecr:UntagResource",
        "ecr:PutImageTagMutability",
        "ecr:PutImageScanningConfiguration",
        "ecr:PutLifecyclePolicy",
        "ecr:DeleteLifecyclePolicy",
        "ecr:SetRepositoryPolicy",
        "ecr:DeleteRepositoryPolicy",
        "ecr:DeleteRepository",
    ],
};

/// The node of an entry of `repositories:`.
pub fn id(entry: &str) -> NodeId {
    NodeId::new("repository", entry)
}

/// A repository in canonical form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// `MUTABLE` or `IMMUTABLE`.
    pub mutability: String,
    /// Patterns of tags for which the opposite holds.
    pub exclusions: Vec<String>,
    /// Whether images are scanned when they are pushed.
    pub scan_on_push: bool,
    /// `AES256`, `KMS` or `KMS_DSSE`.
    pub encryption: String,
    /// The ARN of the key; `None` is not managed.
    pub kms_key: Option<String>,
    /// The lifecycle policy; empty if there is none.
    pub lifecycle: Doc,
    /// The repository policy; empty if there is none.
    pub policy: Doc,
    /// The user's tags.
    pub tags: Tags,
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    for (entry, repository) in &stack.repositories {
        if let Some(name) = repository.existing.as_ref().and_then(Existing::name) {
            let mut node = Node::lookup(id(entry), name, json!({ "look_up": format!("ECR repository `{name}`") }));
            node.origin = Some(repository.meta.place.to_string());
            nodes.push(node);
            continue;
        }
        let mut tags = repository.meta.tags.clone();
        if repository.gives_images {
            tags.insert(tags::PROTECT.to_owned(), "false".to_owned());
        }
        let want = Spec {
            mutability: repository.mutability.clone(),
            exclusions: repository.exclusions.clone(),
            scan_on_push: repository.scan_on_push,
            encryption: repository.encryption.clone(),
            kms_key: repository.kms_key.clone(),
            lifecycle: lifecycle::canonical(&repository.lifecycle),
            policy: with_none(&repository.policy),
            tags,
        };
        nodes.push(wanted(id, entry, &repository.meta, name::physical(&stack.name, entry, LIMIT), &want));
    }
}

/// A policy in canonical form, where an empty object stays what it is: none.
fn with_none(document: &Doc) -> Doc {
    if send::is_none(document) { json!({}) } else { policy::canonical(document) }
}

struct Repositories;

tagged!(Spec);

#[async_trait]
impl Resource for Repositories {
    type Want = Spec;
    type Have = Spec;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        let ecr: &Ecr = fetched.part()?;
        let found = ecr.repositories.as_ref().map_err(Clone::clone)?;
        let lives = found.iter().map(|found| observed(found, &fetched.stack, &ecr.wanted));
        Ok(lives.filter(|live| tags::is_marked(&live.owner) || ecr.wanted.contains_key(&live.name)).collect())
    }

    fn look_up(&self, fetched: &Fetched, node: &Node) -> Result<Option<Live>, CloudError> {
        let ecr: &Ecr = fetched.part()?;
        let all = ecr.repositories.as_ref().map_err(Clone::clone)?;
        let named = |found: &&Found| found.repository.repository_name() == Some(&node.name);
        let Some(found) = all.iter().find(named) else { return Ok(None) };
        let owner = tags::owner(&found.tags, &fetched.stack, ENTRY.kind.name);
        existing::of_others(&node.want, ENTRY.kind.name, &owner)?;
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let (arn, uri) = (text(found.repository.repository_arn()), text(found.repository.repository_uri()));
        Ok(Some(Live { name: String::new(), ..live(&node.name, &arn, &uri, Owner::Nobody, node.want.clone()) }))
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, name, want) = (work.aws, order.order.name, &order.want);
        let (arn, uri) = send::create(aws, name, want, &order.tags).await?;
        if !send::is_none(&want.lifecycle) {
            send::put_lifecycle(aws, name, &want.lifecycle).await?;
        }
        if !send::is_none(&want.policy) {
            send::put_policy(aws, name, &want.policy).await?;
        }
        Ok(live(name, &arn, &uri, Owner::Nobody, want.clone()))
    }

    async fn write_tags(&self, work: Work<'_>, live: &Live<Spec>, tags: &Retag) -> Result<(), CloudError> {
        send::retag(work.aws, &live.id, tags).await
    }

    async fn update(&self, work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, name, want) = (work.aws, order.live.name.as_str(), &order.want);
        if order.changes("mutability") || order.changes("exclusions") {
            send::put_mutability(aws, name, want).await?;
        }
        if order.changes("scan_on_push") {
            send::put_scanning(aws, name, want).await?;
        }
        if order.changes("lifecycle") {
            send::put_lifecycle(aws, name, &want.lifecycle).await?;
        }
        if order.changes("policy") {
            send::put_policy(aws, name, &want.policy).await?;
        }
        Ok(order.done())
    }

    async fn still_ours(&self, work: Work<'_>, touch: &Touch<'_>) -> Result<(), CloudError> {
        let look = read::tags_of(work.aws, &touch.live.id).await;
        touch.allowed_after(look, "ecr:PutImageTagMutability", "ecr:DeleteRepository")
    }

    async fn delete(&self, work: Work<'_>, _node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
        // Images that came since the reading do not go unseen.
        let force = live.private.get(IMAGES).and_then(Value::as_u64).is_some_and(|images| images > 0);
        send::delete(work.aws, &live.name, force).await
    }
}

fn observed(found: &Found, stack: &str, wanted: &std::collections::BTreeMap<String, Doc>) -> Live<Spec> {
    let repository = &found.repository;
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let name = text(repository.repository_name());
    let word = repository.image_tag_mutability().map_or("MUTABLE", |word| word.as_str());
    let encryption = repository.encryption_configuration();
    let policy = found.policy.as_deref().map_or_else(|| json!({}), |text| with_none(&policy::from_reply(text)));
    let policy = match wanted.get(&name).and_then(|want| want.get("policy")) {
        Some(want) => policy::in_order_of(&policy, want),
        None => policy,
    };
    let filters = repository.image_tag_mutability_exclusion_filters().iter();
    let mut exclusions: Vec<String> = filters.map(|filter| filter.filter().to_owned()).collect();
    exclusions.sort();
    let have = Spec {
        mutability: word.strip_suffix("_WITH_EXCLUSION").unwrap_or(word).to_owned(),
        exclusions,
        scan_on_push: repository.image_scanning_configuration().is_some_and(|config| config.scan_on_push()),
        encryption: encryption.map_or("AES256", |it| it.encryption_type().as_str()).to_owned(),
        kms_key: encryption.and_then(|it| it.kms_key()).map(str::to_owned),
        lifecycle: lifecycle::from_reply(found.lifecycle.as_deref()),
        policy,
        tags: tags::user(&found.tags),
    };
    let owner = tags::owner(&found.tags, stack, ENTRY.kind.name);
    let (arn, uri) = (text(repository.repository_arn()), text(repository.repository_uri()));
    let mut live = live(&name, &arn, &uri, owner, have);
    live.private = json!({ IMAGES: found.images });
    if found.images > 0 && found.tags.get(tags::PROTECT).is_none_or(|word| word != "false") {
        live.data = Some(images(found.images, found.more_images));
        live.guard = Some(Guard { key: "protect".to_owned(), pointer: format!("/tags/{}", tags::PROTECT) });
    }
    live
}

fn live<S>(name: &str, arn: &str, uri: &str, owner: Owner, spec: S) -> Live<S> {
    let mut live = Live::new(arn, name, owner, spec).output("uri", uri).output("arn", arn).output("name", name);
    live.handles = vec![format!("repository/{name}"), arn.to_owned(), uri.to_owned()];
    live
}

fn images(count: usize, more: bool) -> String {
    match (count, more) {
        (1, false) => "1 image".to_owned(),
        (count, false) => format!("{count} images"),
        (count, true) => format!("more than {count} images"),
    }
}
