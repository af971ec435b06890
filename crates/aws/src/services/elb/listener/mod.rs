//! Listeners of load balancers. Calls: CreateListener, ModifyListener, DescribeListeners, DeleteListener, Modify- and
//! DescribeListenerAttributes. One node each; its
//! rules beside the default one are another node. A listener has no name: here it is called `<load balancer>:<port>`, so
//! that somebody else's listener on a wanted port is recognised. Everything but the load balancer changes in place.
//! A listener of a replaced load balancer gets a successor on the new one, and goes with the old one.

pub mod action;
pub mod authenticate;
mod certificates;

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::types::{
    Action as ApiAction, AdvertiseTrustStoreCaNamesEnum, Certificate, Listener, ListenerAttribute,
    MutualAuthenticationAttributes, ProtocolEnum,
};
use evenkeel_core::cloud::Update;
use evenkeel_core::doc::Text;
use evenkeel_core::error::CloudError;
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Ready, Replace, Traffic};
use evenkeel_core::name;
use evenkeel_core::snapshot::{Live, Owner};
use serde::{Deserialize, Serialize};

use self::action::Action;
use self::authenticate::Authenticate;
use self::certificates::Swap;
use super::forwards::Shifts;
use super::sought::Sought;
use super::{existing, load_balancer};
use crate::client::Aws;
use crate::existing::at;
use crate::read::Fetched;
use crate::resource::{Creation, Entry, Modification, Paced, Resource, Work, doc, tagged};
use crate::services::elb;
use crate::services::elb::read::{Elb, Item, RULES, attributes};
use crate::tags::{self, Retag, Tags};
use evenkeel_stack::model::{self, Stack};

/// Listeners in the table of kinds.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: "listener",
        title: "listener",
        fields: &[
            Field::immutable("load_balancer"),
            Field::set("certificates"),
            Field::keyed("default.targets", &["target_group"]),
            Field::at_birth("rules"),
            Field::at_birth("existing"),
        ],
        outputs: &["arn"],
        replace: Replace::CreateFirst,
        name_limit: 0,
        ready: Ready::AtOnce,
        deadline_secs: 300,
        moves: true,
        traffic: Traffic::Router(&["default.targets"]),
        ..Kind::PLAIN
    },
    contribute,
    driver: &Listeners,
    paced: Paced::NOT,
    actions: &[
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeListenerCertificates",
        "elasticloadbalancing:DescribeListenerAttributes",
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:CreateListener",
        "elasticloadbalancing:ModifyListener",
        "elasticloadbalancing:ModifyListenerAttributes",
        "elasticloadbalancing:AddListenerCertificates",
        "elasticloadbalancing:RemoveListenerCertificates",
        "elasticloadbalancing:DeleteListener",
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:RemoveTags",
        "tag:GetResources",
        "cognito-idp:DescribeUserPoolClient",
    ],
};

pub use super::ids::listener as id;

/// A listener in canonical form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// The load balancer's ARN.
    pub load_balancer: Text,
    /// Which load balancer of others that is, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub existing: Option<Sought>,
    /// The port.
    pub port: i32,
    /// `HTTP`, `HTTPS`, `TCP`, `TLS`, …
    pub protocol: String,
    /// The certificate's ARN; `None` without TLS.
    pub certificate: Option<Text>,
    /// The ARNs of its certificates for other names.
    pub certificates: Vec<Text>,
    /// The TLS policy; `None` without TLS.
    pub ssl_policy: Option<String>,
    /// The ALPN policy of TLS, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpn_policy: Option<String>,
    /// How clients of HTTPS show certificates, if they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutual: Option<Mutual>,
    /// Managed attributes by AWS's names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// How users are signed in before that, if they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticate: Option<Authenticate>,
    /// What happens if no rule fits.
    pub default: Action,
    /// Whether rules are to follow: its first mark says so. What gets rules later is marked by them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rules: bool,
    /// The user's tags.
    pub tags: Tags,
}

/// How clients are asked for certificates.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Mutual {
    /// `off`, `passthrough` or `verify`.
    pub mode: String,
    /// The ARN of the trust store; empty without.
    pub trust_store: String,
    /// Whether expired certificates are accepted.
    pub ignore_expiry: bool,
    /// Whether clients are told the names of the authorities.
    pub advertise: bool,
}

impl Mutual {
    /// What the file wants; off is nothing.
    fn desired(mutual: &model::Mutual) -> Option<Self> {
        (mutual.mode != OFF).then(|| Self {
            mode: mutual.mode.clone(),
            trust_store: mutual.trust_store.clone().unwrap_or_default(),
            ignore_expiry: mutual.ignore_expiry,
            advertise: mutual.advertise,
        })
    }

    /// What AWS describes; off is nothing.
    fn live(raw: &MutualAuthenticationAttributes) -> Option<Self> {
        raw.mode().filter(|mode| *mode != OFF).map(|mode| Self {
            mode: mode.to_owned(),
            trust_store: raw.trust_store_arn().unwrap_or_default().to_owned(),
            ignore_expiry: raw.ignore_client_certificate_expiry().unwrap_or_default(),
            advertise: raw.advertise_trust_store_ca_names() == Some(&AdvertiseTrustStoreCaNamesEnum::On),
        })
    }

    fn off() -> MutualAuthenticationAttributes {
        MutualAuthenticationAttributes::builder().mode(OFF).build()
    }

    fn to_api(&self) -> MutualAuthenticationAttributes {
        let plain = MutualAuthenticationAttributes::builder().mode(&self.mode);
        if self.mode != "verify" {
            return plain.build();
        }
        let advertise =
            if self.advertise { AdvertiseTrustStoreCaNamesEnum::On } else { AdvertiseTrustStoreCaNamesEnum::Off };
        plain
            .trust_store_arn(&self.trust_store)
            .ignore_client_certificate_expiry(self.ignore_expiry)
            .advertise_trust_store_ca_names(advertise)
            .build()
    }
}

/// What a TLS listener has that offers nothing within TLS.
const NO_ALPN: &str = "None";
/// The mode of a listener that asks no client for a certificate.
const OFF: &str = "off";

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    let shifts = Shifts::of(stack);
    for (balancer, listener, site) in all(stack) {
        let place = Some(listener.meta.place.to_string());
        let existing = balancer.existing.as_ref();
        let Some(default) = &listener.default else {
            let found =
                existing.map(|it| existing::listener(&site.balancer, &site.listener, &site.name(), site.port, it));
            nodes.extend(found.map(|node| Node { origin: place, ..node }));
            continue;
        };
        let pair = shifts.pair(&site.balancer, &site.listener, None);
        let mut want = Spec { existing: existing.map(Sought::from), ..desired(&site.balancer, listener, default) };
        want.default = want.default.between(pair.unwrap_or_default());
        let mut node = Node::new(id(&site.balancer, &site.listener), site.name(), doc(&want));
        node.moved_from = site.moved_from().map(|(balancer, listener)| id(&balancer, &listener));
        node.protect = listener.meta.protect || balancer.meta.protect;
        node.origin = place;
        if pair.is_some() {
            node.delegated.insert("default.targets".to_owned(), WEIGHTS_MANAGER.to_owned());
        }
        nodes.push(node);
    }
}

/// Where a listener stands in the stack.
pub(super) struct Site<'a> {
    pub balancer: String,
    pub listener: String,
    base: String,
    port: u16,
    balancer_moved: Option<&'a str>,
    listener_moved: Option<&'a str>,
}

impl Site<'_> {
    /// What the listener is called, and its rules with it.
    pub(super) fn name(&self) -> String {
        format!("{}:{}", self.base, self.port)
    }

    /// The old names of load balancer and listener, if either was renamed.
    pub(super) fn moved_from(&self) -> Option<(String, String)> {
        (self.balancer_moved.is_some() || self.listener_moved.is_some()).then(|| {
            let old = |moved: Option<&str>, now: &str| moved.unwrap_or(now).to_owned();
            (old(self.balancer_moved, &self.balancer), old(self.listener_moved, &self.listener))
        })
    }
}

/// All listeners of a stack.
pub(super) fn all(stack: &Stack) -> impl Iterator<Item = (&model::LoadBalancer, &model::Listener, Site<'_>)> {
    stack.load_balancers.iter().flat_map(move |(entry, balancer)| {
        balancer.listeners.iter().map(move |(name, listener)| {
            let site = Site {
                balancer: entry.clone(),
                listener: name.clone(),
                base: base(stack, entry, balancer),
                port: listener.port,
                balancer_moved: balancer.meta.moved_from.as_deref(),
                listener_moved: listener.meta.moved_from.as_deref(),
            };
            (balancer, listener, site)
        })
    })
}

/// What a load balancer is called in the names of its listeners.
fn base(stack: &Stack, entry: &str, balancer: &model::LoadBalancer) -> String {
    let existing = balancer.existing.as_ref().map(|existing| Sought::from(existing).label());
    existing.unwrap_or_else(|| load_balancer::base_name(stack, entry, balancer))
}

/// Who sets the weights of forwards to the target groups of such a service.
pub(super) const WEIGHTS_MANAGER: &str = "ECS blue/green deployments";

fn desired(balancer: &str, listener: &model::Listener, default: &model::Action) -> Spec {
    Spec {
        load_balancer: Text::output(load_balancer::id(balancer), "arn"),
        existing: None,
        port: i32::from(listener.port),
        protocol: listener.protocol.clone(),
        certificate: listener.certificate.clone(),
        certificates: listener.certificates.clone(),
        ssl_policy: listener.ssl_policy.clone(),
        alpn_policy: listener.alpn_policy.clone(),
        mutual: listener.mutual.as_ref().and_then(Mutual::desired),
        attributes: listener.attributes.clone(),
        authenticate: listener.authenticate.as_ref().map(Authenticate::from),
        default: Action::desired(default),
        rules: !listener.rules.is_empty(),
        tags: listener.meta.tags.clone(),
    }
}

struct Listeners;

tagged!(Spec);

#[async_trait]
impl Resource for Listeners {
    type Want = Spec;
    type Have = Spec;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        let elb: &Elb = fetched.part()?;
        let listeners = elb.listeners.as_ref().map_err(Clone::clone)?;
        let balancers = Balancers::of(elb, &fetched.stack)?;
        let found = listeners.iter().map(|item| {
            let mut live = live(item, &fetched.stack, &balancers);
            live.inside = elb.inside_listener(item, &fetched.stack);
            live
        });
        Ok(found
            .filter(|live| match live.owner {
                Owner::Ours(_) | Owner::Stray(_) | Owner::Managed { mark: Some(_), .. } => true,
                Owner::Managed { .. } | Owner::OtherStack(_) | Owner::Nobody => {
                    elb.wanted.listeners.contains_key(&live.name)
                }
            })
            .collect())
    }

    fn look_up(&self, fetched: &Fetched, node: &Node) -> Result<Option<Live>, CloudError> {
        existing::look_up_listener(fetched, node).map_err(|error| at(node, error))
    }

    fn marks(&self, want: &Spec) -> Tags {
        let mut marks = elb::attribute_marks(ENTRY.kind.name, &want.attributes);
        marks.extend(want.rules.then(|| (RULES.to_owned(), "yes".to_owned())));
        marks
    }

    fn marks_between(&self, live: &Live<Spec>, want: &Spec, order: &Update<'_>) -> (Tags, Tags) {
        (Tags::new(), attribute_steps(&live.have, want, !live.is_of(order.node)).marks())
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, want, tags) = (work.aws, &order.want, &order.tags);
        let default = acts(want)?;
        let request = || {
            aws.elb()
                .create_listener()
                .load_balancer_arn(want.load_balancer.known().unwrap_or_default())
                .port(want.port)
                .protocol(ProtocolEnum::from(want.protocol.as_str()))
                .set_certificates(certificates(want))
                .set_ssl_policy(want.ssl_policy.clone())
                .set_alpn_policy(want.alpn_policy.clone().map(|policy| vec![policy]))
                .set_mutual_authentication(want.mutual.as_ref().map(Mutual::to_api))
                .set_default_actions(Some(default.clone()))
                .set_tags(Some(elb::api_tags(tags)))
                .send()
        };
        let reply = aws.caller.send("elb:CreateListener", request).await?;
        let listener = reply.listeners.unwrap_or_default().into_iter().next();
        let raw = listener.ok_or_else(|| CloudError::bug("elb:CreateListener", "the reply contains no listener"))?;
        elb::confirm(aws, "elb:CreateListener", raw.listener_arn().unwrap_or_default(), tags).await?;
        write_attributes(aws, raw.listener_arn().unwrap_or_default(), &want.attributes).await?;
        if want.rules {
            elb::announce(aws, raw.listener_arn().unwrap_or_default());
        }
        let item = Item { tags: tags.clone(), attributes: want.attributes.clone(), ..Item::new(raw) };
        let mut live = live(&item, work.stack, &Balancers::default());
        order.order.name.clone_into(&mut live.name);
        Ok(live)
    }

    async fn write_tags(&self, work: Work<'_>, live: &Live<Spec>, tags: &Retag) -> Result<(), CloudError> {
        elb::write_tags(work.aws, &live.id, tags).await
    }

    async fn update(&self, work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let swap = Swap { listener: &order.live.id, have: &order.live.have, want: &order.want };
        swap.before(work.aws).await?;
        // Certificates beside the default one, and attributes, are no change of the listener itself.
        if order.order.changes.iter().any(|change| !matches!(change.field(), "certificates" | "tags" | "attributes")) {
            modify(work.aws, order).await?;
        }
        swap.after(work.aws).await?;
        let steps = attribute_steps(&order.live.have, &order.want, false);
        write_attributes(work.aws, &order.live.id, &steps.write).await?;
        elb::forget_attributes(work.aws, &order.live.id, steps.forget).await?;
        Ok(Live { uses: uses(&order.want), ..order.done() })
    }

    async fn delete(&self, work: Work<'_>, _node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
        let request = || work.aws.elb().delete_listener().listener_arn(&live.id).send();
        work.aws.caller.send("elb:DeleteListener", request).await.map(drop)
    }
}

async fn modify(aws: &Aws, order: &Modification<'_, Spec>) -> Result<(), CloudError> {
    let (arn, want) = (order.live.id.as_str(), &order.want);
    let changes = order.changes("default") || order.changes("authenticate");
    let default = if changes { Some(acts(want)?) } else { None };
    // What another protocol has not goes with the old one.
    let mutual = (order.changes("mutual") && want.protocol == "HTTPS")
        .then(|| want.mutual.as_ref().map_or_else(Mutual::off, Mutual::to_api));
    let alpn = (order.changes("alpn_policy") && want.protocol == "TLS")
        .then(|| vec![want.alpn_policy.clone().unwrap_or_else(|| NO_ALPN.to_owned())]);
    let request = || {
        aws.elb()
            .modify_listener()
            .listener_arn(arn)
            .port(want.port)
            .protocol(ProtocolEnum::from(want.protocol.as_str()))
            .set_certificates(certificates(want))
            .set_ssl_policy(want.ssl_policy.clone())
            .set_alpn_policy(alpn.clone())
            .set_mutual_authentication(mutual.clone())
            .set_default_actions(default.clone())
            .send()
    };
    aws.caller.send("elb:ModifyListener", request).await.map(drop)
}

/// What a listener does, as AWS takes it. A network load balancer keeps no clients in an action, not even while traffic moves.
fn acts(want: &Spec) -> Result<Vec<ApiAction>, CloudError> {
    match &want.default {
        Action::Forward { targets, .. } if !want.protocol.starts_with("HTTP") => {
            let plain = Action::Forward { targets: targets.clone(), stickiness_secs: 0 };
            action::to_api(want.authenticate.as_ref(), &plain)
        }
        default => action::to_api(want.authenticate.as_ref(), default),
    }
}

/// The steps of the attributes. Another protocol has other ones: what went with the old one cannot be reset, and what goes with both may
/// be lost.
fn attribute_steps(have: &Spec, want: &Spec, marking: bool) -> elb::AttributeSteps {
    let table = attributes::table(ENTRY.kind.name);
    let steps = elb::attribute_steps(table, &have.attributes, &want.attributes, marking);
    if have.protocol == want.protocol {
        return steps;
    }
    elb::AttributeSteps { write: want.attributes.clone(), ..steps }
}

async fn write_attributes(aws: &Aws, arn: &str, values: &BTreeMap<String, String>) -> Result<(), CloudError> {
    if values.is_empty() {
        return Ok(());
    }
    let attribute = |(key, value): (&String, &String)| ListenerAttribute::builder().key(key).value(value).build();
    let all: Vec<ListenerAttribute> = values.iter().map(attribute).collect();
    let request = || aws.elb().modify_listener_attributes().listener_arn(arn).set_attributes(Some(all.clone())).send();
    aws.caller.send("elb:ModifyListenerAttributes", request).await.map(drop)
}

fn certificates(want: &Spec) -> Option<Vec<Certificate>> {
    let arn = want.certificate.as_ref()?.known()?;
    Some(vec![Certificate::builder().certificate_arn(arn).build()])
}

/// The load balancers that a reading found: what their listeners are called, and whose they are.
#[derive(Default)]
pub(super) struct Balancers(Vec<Balancer>);

struct Balancer {
    arn: String,
    base: String,
    generation: u32,
    /// Whether this is the one that stands for its base name: ours with the highest generation, or the only one.
    current: bool,
}

impl Balancers {
    pub(super) fn of(elb: &Elb, stack: &str) -> Result<Self, CloudError> {
        let mut found: Vec<(bool, Balancer)> = Vec::new();
        for item in elb.load_balancers.as_ref().map_err(Clone::clone)? {
            let name = item.raw.load_balancer_name().unwrap_or_default();
            let existing = elb.wanted.existing(item);
            let named = || elb.wanted.load_balancer(name).map(|(base, generation)| (base.to_owned(), generation));
            let (base, generation) =
                existing.map(|label| (label, 1)).or_else(named).unwrap_or_else(|| (name.to_owned(), 1));
            let ours = matches!(tags::owner(&item.tags, stack, load_balancer::ENTRY.kind.name), Owner::Ours(_));
            let arn = item.raw.load_balancer_arn().unwrap_or_default().to_owned();
            found.push((ours, Balancer { arn, base, generation, current: false }));
        }
        // Ours last, and of those the newest last.
        found.sort_by_key(|(ours, balancer)| (balancer.base.clone(), *ours, balancer.generation));
        for at in 0..found.len() {
            found[at].1.current = found.get(at + 1).is_none_or(|next| next.1.base != found[at].1.base);
        }
        Ok(Self(found.into_iter().map(|(_, balancer)| balancer).collect()))
    }

    /// What a listener on this port of a load balancer is called. The generation of the load balancer goes behind it, so that
    /// of two listeners with one mark the one on the newer load balancer counts; somebody else's has none, because
    /// only those on the current load balancer can be in the way.
    pub(super) fn name(&self, balancer: &str, port: i32, ours: bool) -> String {
        match self.0.iter().find(|known| known.arn == balancer) {
            Some(known) if ours => name::of_generation(&format!("{}:{port}", known.base), known.generation, 0),
            Some(known) if known.current => format!("{}:{port}", known.base),
            Some(_) | None => String::new(),
        }
    }
}

fn live(item: &Item<Listener>, stack: &str, balancers: &Balancers) -> Live<Spec> {
    let raw = &item.raw;
    let arn = raw.listener_arn().unwrap_or_default();
    let owner = tags::owner(&item.tags, stack, ENTRY.kind.name);
    let balancer = raw.load_balancer_arn().unwrap_or_default();
    let name = balancers.name(balancer, raw.port().unwrap_or_default(), matches!(owner, Owner::Ours(_)));
    let have = canonical(item);
    let uses = uses(&have);
    let mut live = Live::new(arn, name, owner, have).output("arn", arn);
    live.uses = uses;
    live.within = Some(balancer.to_owned());
    live
}

fn uses(spec: &Spec) -> Vec<String> {
    let mut uses = spec.default.target_groups();
    let certificates = spec.certificate.iter().chain(&spec.certificates);
    uses.extend(certificates.filter_map(Text::known).map(str::to_owned));
    uses
}

fn canonical(item: &Item<Listener>) -> Spec {
    let raw = &item.raw;
    // What is left over from HTTPS, or filled in by an endpoint, means nothing on a plain listener.
    let secure = matches!(raw.protocol(), Some(ProtocolEnum::Https | ProtocolEnum::Tls));
    let certificate = raw.certificates().first().and_then(Certificate::certificate_arn).filter(|_| secure);
    // One that became the default one may still be among the others.
    let others = item.certificates.iter().filter(|arn| secure && Some(arn.as_str()) != certificate);
    Spec {
        load_balancer: raw.load_balancer_arn().unwrap_or_default().into(),
        existing: None,
        port: raw.port().unwrap_or_default(),
        protocol: raw.protocol().map_or("", ProtocolEnum::as_str).to_owned(),
        certificates: others.map(|arn| Text::from(arn.as_str())).collect(),
        certificate: certificate.map(Text::from),
        ssl_policy: raw.ssl_policy().filter(|policy| secure && !policy.is_empty()).map(str::to_owned),
        alpn_policy: raw.alpn_policy().first().filter(|policy| secure && *policy != NO_ALPN).cloned(),
        mutual: raw.mutual_authentication().filter(|_| secure).and_then(Mutual::live),
        attributes: item.attributes.clone(),
        authenticate: Authenticate::live(raw.default_actions()),
        default: Action::live(raw.default_actions()),
        rules: item.tags.contains_key(RULES),
        tags: tags::user(&item.tags),
    }
}

#[cfg(test)]
mod stack_tests;
#[cfg(test)]
mod tests {
    use super::*;

    fn balancer(arn: &str, generation: u32, current: bool) -> Balancer {
        Balancer { arn: arn.to_owned(), base: "c-web".to_owned(), generation, current }
    }

    #[test]
    fn listeners_are_named_after_load_balancer_and_port() {
        let balancers = Balancers(vec![balancer("old", 1, false), balancer("new", 2, true)]);
        assert_eq!(balancers.name("old", 80, true), "c-web:80");
        assert_eq!(balancers.name("new", 80, true), "c-web:80-2");
        assert_eq!(name::generation("c-web:80", "c-web:80-2"), Some(2));
        assert_eq!(balancers.name("new", 80, false), "c-web:80");
        assert_eq!(balancers.name("old", 80, false), "");
    }

    #[test]
    fn a_listener_is_read_in_canonical_form() {
        let forward = Action::Forward {
            targets: vec![action::Target { target_group: "arn:tg".into(), weight: 1 }],
            stickiness_secs: 0,
        };
        let raw = Listener::builder()
            .listener_arn("arn:l")
            .load_balancer_arn("arn:lb")
            .port(443)
            .protocol(ProtocolEnum::Https)
            .ssl_policy("ELBSecurityPolicy-2016-08")
            .certificates(Certificate::builder().certificate_arn("arn:cert").build())
            .default_actions(forward.to_api().unwrap())
            .build();
        let tags = tags::marked(&Tags::new(), "c", &id("web", "https"));
        let balancers = Balancers(vec![balancer("arn:lb", 1, true)]);
        let live = live(&Item { tags, ..Item::new(raw) }, "c", &balancers);
        assert_eq!(live.name, "c-web:443");
        assert_eq!(live.uses, ["arn:tg", "arn:cert"]);
        assert_eq!(live.within.as_deref(), Some("arn:lb"));
        let have = live.have;
        assert_eq!(have.default, forward);
        assert_eq!(have.certificate.as_ref().and_then(Text::known), Some("arn:cert"));
    }
}
