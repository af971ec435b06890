//! Parameters of Parameter Store. PutParameter makes and changes them: it takes tags only without `Overwrite`, and a change always takes
//! the value too. So what describes a SecureString is told and not changed: its value is sent when it is made, and by a command of
//! its own. The tier goes up in place and never down; a type that changes replaces. Names never change.

use async_trait::async_trait;
use aws_sdk_ssm::types::{ParameterMetadata, ParameterTier, ParameterType, ResourceTypeForTagging, Tag};
use aws_smithy_types::date_time::Format;
use evenkeel_core::doc::Text;
use evenkeel_core::error::CloudError;
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Ready, Replace};
use evenkeel_core::snapshot::{Live, Owner};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::client::Aws;
use crate::given::Hidden;
use crate::read::Fetched;
use crate::resource::{Creation, Entry, Modification, Paced, Resource, Work, tagged, wanted};
use crate::services::ssm::read::{self as ssm, Item, Ssm};
use crate::tags::{self, Retag, Tags};
use crate::touch::Touch;
use evenkeel_stack::model::{self, Stack};

const LIMIT: usize = 1011;

/// The kind `parameter`.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: "parameter",
        title: "SSM parameter",
        fields: &[
            Field::immutable("type"),
            Field::at_birth("value_from"),
            Field::immutable("tier_at_most"),
            Field::informational("sealed"),
        ],
        outputs: &["arn", "name"],
        replace: Replace::DeleteFirst,
        name_limit: LIMIT,
        ready: Ready::AtOnce,
        deadline_secs: 60,
        ..Kind::PLAIN
    },
    contribute,
    driver: &Parameters,
    paced: Paced { create: Some("ssm:PutParameter"), update: Some("ssm:PutParameter"), delete: None },
    actions: &[
        "ssm:DescribeParameters",
        "ssm:GetParameters",
        "ssm:ListTagsForResource",
        "tag:GetResources",
        "ssm:PutParameter",
        "ssm:AddTagsToResource",
        "ssm:RemoveTagsFromResource",
        "ssm:DeleteParameter",
    ],
};

/// The node of an entry of `parameters:`.
pub fn id(entry: &str) -> NodeId {
    NodeId::new("parameter", entry)
}

/// A parameter in canonical form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// `String`, `StringList` or `SecureString`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The value; `None` of a SecureString.
    pub value: Option<Text>,
    /// Where the value of a SecureString comes from when it is made, in the words of the stack file.
    pub value_from: Option<String>,
    /// What it is for; `None` of a SecureString, as what follows.
    pub description: Option<String>,
    /// A regular expression; empty for none.
    pub allowed_pattern: Option<String>,
    /// The tier that it must have reached: `Advanced`.
    pub tier_at_least: Option<String>,
    /// The tier that it must not be above: `Standard`.
    pub tier_at_most: Option<String>,
    /// What describes a SecureString.
    pub sealed: Option<Sealed>,
    /// The user's tags.
    pub tags: Tags,
}

/// What describes a SecureString: AWS changes it only together with the value.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Sealed {
    /// What it is for.
    pub description: String,
    /// A regular expression; empty for none.
    pub allowed_pattern: String,
    /// `Standard` or `Advanced`; `None` if it is not managed.
    pub tier: Option<String>,
    /// The ARN of the key; empty for AWS's own.
    pub kms_key: String,
}

const SECURE: &str = "SecureString";
const STANDARD: &str = "Standard";
const ADVANCED: &str = "Advanced";
const EITHER: &str = "Intelligent-Tiering";
/// The key of a SecureString that names none.
const USUAL_KEY: &str = "alias/aws/ssm";

impl Spec {
    /// What an entry wants.
    fn of(parameter: &model::Parameter) -> Self {
        let secure = parameter.kind == SECURE;
        let tier = |name: &str| parameter.tier.clone().filter(|tier| !secure && tier == name);
        let open = |text: String| (!secure).then_some(text);
        Self {
            kind: parameter.kind.clone(),
            value: parameter.value.clone(),
            value_from: parameter.from.as_ref().map(ToString::to_string),
            description: open(parameter.description.clone()),
            allowed_pattern: open(parameter.pattern.clone().unwrap_or_default()),
            tier_at_least: tier(ADVANCED),
            tier_at_most: tier(STANDARD),
            sealed: secure.then(|| Sealed {
                description: parameter.description.clone(),
                allowed_pattern: parameter.pattern.clone().unwrap_or_default(),
                tier: parameter.tier.clone().filter(|tier| tier != EITHER),
                kms_key: parameter.kms_key.clone().unwrap_or_default(),
            }),
            tags: parameter.meta.tags.clone(),
        }
    }

    fn is_secure(&self) -> bool {
        self.kind == SECURE
    }
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    for (entry, parameter) in &stack.parameters {
        let name = stack.physical_name("parameters", entry, LIMIT);
        nodes.push(wanted(id, entry, &parameter.meta, name, &Spec::of(parameter)));
    }
}

struct Parameters;

tagged!(Spec);

#[async_trait]
impl Resource for Parameters {
    type Want = Spec;
    type Have = Spec;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        let ssm: &Ssm = fetched.part()?;
        let items = ssm.parameters.as_ref().map_err(Clone::clone)?;
        let lives = items.iter().map(|item| observed(item, &fetched.stack));
        Ok(lives.filter(|live| tags::is_marked(&live.owner) || ssm.wanted.contains(&ssm::plain(&live.name))).collect())
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, name, want) = (work.aws, order.order.name, &order.want);
        let secret = aws.given(order.order.node, want.value_from.as_deref())?;
        let put = Put { name, want, secret, tags: Some(&order.tags) };
        // The reply has no ARN; it follows from the account, which is asked for meanwhile.
        let (made, account) = futures::join!(put.send(aws), aws.account());
        made?;
        let arn = ssm::arn(aws, &account?, name);
        let have = Spec { value_from: None, ..want.clone() };
        Ok(live(name, have, &arn, Owner::Nobody))
    }

    async fn write_tags(&self, work: Work<'_>, live: &Live<Spec>, tags: &Retag) -> Result<(), CloudError> {
        let (aws, name) = (work.aws, live.name.as_str());
        let kind = ResourceTypeForTagging::Parameter;
        if !tags.set.is_empty() {
            let set = api_tags("ssm:AddTagsToResource", &tags.set)?;
            let request = || {
                let request = aws.ssm().add_tags_to_resource().resource_type(kind.clone());
                request.resource_id(name).set_tags(Some(set.clone())).send()
            };
            aws.caller.send("ssm:AddTagsToResource", request).await?;
        }
        if !tags.remove.is_empty() {
            let request = || {
                let request = aws.ssm().remove_tags_from_resource().resource_type(kind.clone());
                request.resource_id(name).set_tag_keys(Some(tags.remove.clone())).send()
            };
            aws.caller.send("ssm:RemoveTagsFromResource", request).await?;
        }
        Ok(())
    }

    async fn update(&self, work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (live, want) = (&order.live, &order.want);
        if want.is_secure() {
            // What describes it waits for the next value.
            let have = Spec { tags: want.tags.clone(), ..live.have.clone() };
            return Ok(live.clone().with(have));
        }
        let fields = ["value", "description", "allowed_pattern", "tier_at_least"];
        if fields.into_iter().any(|field| order.changes(field)) {
            Put { name: &live.name, want, secret: None, tags: None }.send(work.aws).await?;
        }
        let have = Spec { value_from: None, ..want.clone() };
        Ok(live.clone().with(have))
    }

    async fn still_ours(&self, work: Work<'_>, touch: &Touch<'_>) -> Result<(), CloudError> {
        let tags = ssm::tags_of(work.aws, &touch.live.name).await?;
        touch.allowed(&tags, "ssm:PutParameter", "ssm:DeleteParameter")
    }

    async fn delete(&self, work: Work<'_>, _node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
        let request = || work.aws.ssm().delete_parameter().name(&live.name).send();
        work.aws.caller.send("ssm:DeleteParameter", request).await.map(drop)
    }
}

/// Sends another value of a SecureString, with everything that describes it as the stack file has it; the number of the new version.
///
/// # Errors
/// Any error of `ssm:PutParameter`, without the value.
pub async fn send_value(aws: &Aws, name: &str, want: &Spec, value: Hidden) -> Result<i64, CloudError> {
    Put { name, want, secret: Some(value), tags: None }.send(aws).await
}

/// A parameter as it is written: new with its tags, or another version of it.
struct Put<'a> {
    name: &'a str,
    want: &'a Spec,
    secret: Option<Hidden>,
    tags: Option<&'a Tags>,
}

impl Put<'_> {
    async fn send(&self, aws: &Aws) -> Result<i64, CloudError> {
        let Self { name, want, secret, tags } = self;
        let tags = tags.map(|tags| api_tags("ssm:PutParameter", tags)).transpose()?;
        let overwrites = tags.is_none();
        let open = want.value.as_ref().and_then(Text::known);
        let value = secret.as_ref().map(Hidden::to_send).or(open);
        let sealed = want.sealed.as_ref();
        let tier = match sealed {
            Some(sealed) => sealed.tier.clone(),
            None => want.tier_at_least.clone().or_else(|| want.tier_at_most.clone()),
        };
        // Without a word of it the tier stays, or is the account's own for what is new.
        let tier = tier.as_deref().map(ParameterTier::from);
        let text = |open: &Option<String>, sealed: Option<&String>| {
            let text = open.clone().or_else(|| sealed.cloned()).unwrap_or_default();
            // A new one has none; of an older one an empty text takes it away.
            Some(text).filter(|text| overwrites || !text.is_empty())
        };
        let description = text(&want.description, sealed.map(|sealed| &sealed.description));
        let pattern = text(&want.allowed_pattern, sealed.map(|sealed| &sealed.allowed_pattern));
        let key = sealed.map(|sealed| sealed.kms_key.clone()).filter(|key| overwrites || !key.is_empty());
        let key = key.map(|key| if key.is_empty() { USUAL_KEY.to_owned() } else { key });
        let request = || {
            aws.ssm()
                .put_parameter()
                .name(*name)
                .r#type(ParameterType::from(want.kind.as_str()))
                .set_value(value.map(str::to_owned))
                .set_description(description.clone())
                .set_allowed_pattern(pattern.clone())
                .set_tier(tier.clone())
                .set_key_id(key.clone())
                .set_tags(tags.clone())
                .overwrite(overwrites)
                .send()
        };
        let sent = aws.caller.send("ssm:PutParameter", request).await;
        let sent = sent.map_err(|error| secret.as_ref().map_or(error.clone(), |secret| secret.kept_from(error)));
        Ok(sent?.version())
    }
}

fn api_tags(operation: &str, tags: &Tags) -> Result<Vec<Tag>, CloudError> {
    let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
    tags.iter().map(tag).collect::<Result<_, _>>().map_err(|error| CloudError::bug(operation, error.to_string()))
}

fn observed(item: &Item, stack: &str) -> Live<Spec> {
    let Item { about, arn, value, tags: all } = item;
    let secure = ssm::is_secure(about);
    let tier = about.tier().map_or(STANDARD, ParameterTier::as_str).to_owned();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let (description, pattern) = (text(about.description()), text(about.allowed_pattern()));
    let have = Spec {
        kind: about.r#type().map_or("String", ParameterType::as_str).to_owned(),
        value: value.clone().map(Text::Known),
        value_from: None,
        description: (!secure).then(|| description.clone()),
        allowed_pattern: (!secure).then(|| pattern.clone()),
        tier_at_least: (!secure).then(|| tier.clone()),
        tier_at_most: (!secure).then(|| tier.clone()),
        sealed: secure.then(|| Sealed {
            description,
            allowed_pattern: pattern,
            tier: Some(tier),
            kms_key: key(about).to_owned(),
        }),
        tags: tags::user(all),
    };
    let owner = tags::owner(all, stack, ENTRY.kind.name);
    let mut live = live(about.name().unwrap_or_default(), have, arn, owner);
    let changed = about.last_modified_date().and_then(|at| at.fmt(Format::DateTime).ok());
    live.private = json!({ "version": about.version(), "changed": changed });
    live.data = secure.then(|| format!("its value, which is in version {}", about.version()));
    live
}

/// The key of a SecureString, but for AWS's own.
fn key(about: &ParameterMetadata) -> &str {
    about.key_id().filter(|key| *key != USUAL_KEY).unwrap_or_default()
}

fn live(name: &str, spec: Spec, arn: &str, owner: Owner) -> Live<Spec> {
    let mut live = Live::new(arn, name, owner, spec).output("name", name).output("arn", arn);
    // ECS takes a bare name as well.
    live.handles = vec![arn.to_owned(), format!("parameter/{}", ssm::plain(name))];
    live
}

#[cfg(test)]
mod tests {
    use evenkeel_core::diff::diff;

    use super::*;

    fn about(kind: ParameterType) -> aws_sdk_ssm::types::builders::ParameterMetadataBuilder {
        ParameterMetadata::builder().name("/shop/level").r#type(kind).tier(ParameterTier::Standard).version(3)
    }

    fn seen(about: ParameterMetadata, value: Option<&str>) -> Live<Spec> {
        let arn = "arn:aws:ssm:eu-west-1:1:parameter/shop/level".to_owned();
        let item = Item { about, arn, value: value.map(str::to_owned), tags: Tags::new() };
        observed(&item, "shop")
    }

    #[test]
    fn a_plain_parameter_is_compared_by_its_value() {
        let live = seen(about(ParameterType::String).build(), Some("info"));
        assert_eq!((live.data.as_deref(), &live.owner), (None, &Owner::Nobody));
        assert_eq!(live.outputs["arn"], "arn:aws:ssm:eu-west-1:1:parameter/shop/level");
        let mut want = json!({ "type": "String", "value": "debug", "value_from": null, "description": "",
            "allowed_pattern": "", "tier_at_least": null, "tier_at_most": null, "sealed": null, "tags": {} });
        let changes = diff(&ENTRY.kind, &want, &json!(live.have));
        assert_eq!(changes.iter().map(|change| change.path.as_str()).collect::<Vec<_>>(), ["value"]);
        want["value"] = "info".into();
        assert_eq!(diff(&ENTRY.kind, &want, &json!(live.have)), []);
    }

    #[test]
    fn of_a_secure_one_nothing_is_known_of_the_value() {
        let about = about(ParameterType::SecureString).key_id(USUAL_KEY).build();
        let live = seen(about, None);
        let sealed = json!({ "description": "", "allowed_pattern": "", "tier": "Standard", "kms_key": "" });
        assert_eq!(json!(live.have)["sealed"], sealed);
        assert_eq!(json!(live.have)["value"], json!(null));
        assert_eq!(live.data.as_deref(), Some("its value, which is in version 3"));
        let want = json!({ "type": "SecureString", "value": null, "value_from": "prompt", "description": null,
            "allowed_pattern": null, "tier_at_least": null, "tier_at_most": null,
            "sealed": { "description": "", "allowed_pattern": "", "tier": null, "kms_key": "" }, "tags": {} });
        assert_eq!(diff(&ENTRY.kind, &want, &json!(live.have)), [], "where it came from is not compared");
    }

    #[test]
    fn a_tier_goes_up_in_place_and_down_by_a_replacement() {
        let mut live = seen(about(ParameterType::String).tier(ParameterTier::Advanced).build(), Some("info"));
        let mut want = live.have.clone();
        (want.tier_at_least, want.tier_at_most) = (None, Some(STANDARD.to_owned()));
        let down = diff(&ENTRY.kind, &json!(want), &json!(live.have));
        assert_eq!(down[0].effect, evenkeel_core::diff::Effect::Replace);
        (live.have.tier_at_least, live.have.tier_at_most) = (Some(STANDARD.to_owned()), Some(STANDARD.to_owned()));
        (want.tier_at_least, want.tier_at_most) = (Some(ADVANCED.to_owned()), None);
        let up = diff(&ENTRY.kind, &json!(want), &json!(live.have));
        assert_eq!((up.len(), up[0].effect), (1, evenkeel_core::diff::Effect::Update));
    }
}
