//! `cluster:`: the one cluster of the stack, given by its name alone or with settings.

use evenkeel_core::doc::Text;

use super::super::arn;
use super::super::decode::Want;
use super::super::fields::Fields;
use super::super::model::{Cluster, Meta, Strategy};
use super::super::table::{EMPTY, Made, Table, Type, key, later};
use super::super::tagging::Rules;
use super::super::tree::{Entry, Tree, Value};
use super::super::values::ECS;
use super::{Ctx, META, NAME, capacity_providers, existing, namespaces};

/// The cluster.
pub(crate) static CLUSTER: Table = Table {
    path: "cluster",
    what: "the cluster",
    groups: &[
        &[key(
            "existing",
            Type::Text,
            "An existing cluster, which is only looked up; no other key is allowed with it.",
        )
        .shape("name or ARN")
        .aws("DescribeClusters")
        .example("shared")],
        &NAME,
        &META,
        &[
            key(
                "container_insights",
                Type::Word(&["enabled", "enhanced", "disabled"]),
                "How much CloudWatch Container Insights collects.",
            )
            .without("not managed")
            .aws("settings"),
            key("capacity_providers", Type::Several(&Type::Text), "Capacity providers that services may use.")
                .without("not managed")
                .aws("capacityProviders")
                .example("[FARGATE, FARGATE_SPOT]"),
            key("default_strategy", STRATEGY, "The default capacity provider strategy of services.")
                .also(&["default_capacity_provider_strategy"])
                .shape("[strategy](#capacity-provider-strategies)")
                .without("not managed")
                .aws("defaultCapacityProviderStrategy")
                .example("{ FARGATE: 1, FARGATE_SPOT: 4 }"),
            key(
                "namespace",
                Type::AnyOf(&[Type::Entry("namespaces"), Type::Map(&DEFAULTS)]),
                "The namespace of services with Service Connect that name none.",
            )
            .also(&["service_connect", "service_connect_defaults"])
            .shape("entry of `namespaces`, ARN, or `existing:NAME`")
            .without("not managed")
            .aws("serviceConnectDefaults")
            .example("app"),
            later("configuration", "configuration", "Logging of ECS Exec, and managed storage."),
            later("managed_storage", "managedStorageConfiguration", "Keys of the storage that ECS manages."),
        ],
    ],
    made: &[Made { kind: "cluster", outputs: &["arn", "name"], name: Some(&ECS) }],
    words: &[("clusterName", "It is called `name` here.")],
    ..EMPTY
};

/// `namespace:` as ECS writes it.
static DEFAULTS: Table = Table {
    path: "cluster.namespace",
    what: "the defaults of Service Connect",
    groups: &[&[key("namespace", Type::Entry("namespaces"), "The namespace.")
        .needed("Name the namespace: namespace: app.")
        .shape("entry of `namespaces`, ARN, or `existing:NAME`")
        .aws("namespace")
        .example("app")]],
    ..EMPTY
};

/// One provider of a strategy.
static ITEM: Table = Table {
    path: "cluster.default_strategy",
    what: "an item of a capacity provider strategy",
    groups: &[&[
        key("provider", Type::Text, "The capacity provider.")
            .also(&["capacity_provider"])
            .needed("Write { provider: FARGATE_SPOT, weight: 1 }.")
            .aws("capacityProvider")
            .example("FARGATE_SPOT"),
        key("weight", Type::Number(0, 1000), "Its share of the tasks beyond the base.").value("1").aws("weight"),
        key(
            "base",
            Type::Number(0, 100_000),
            "The minimum number of tasks that run on it; only one provider may have a base.",
        )
        .value("0")
        .aws("base"),
    ]],
    ..EMPTY
};

/// A strategy in all its forms.
pub(crate) static STRATEGY: Type =
    Type::AnyOf(&[Type::Several(&Type::AnyOf(&[Type::Text, Type::Map(&ITEM)])), Type::MapOf(&Type::Number(0, 1000))]);

/// What of others can be named.
const EXISTING: existing::Sort = existing::Sort { shape: &arn::CLUSTER, rule: &ECS, tags: false };

/// Reads the section.
pub(crate) fn read(ctx: &Ctx<'_>, entry: &Entry) -> Option<Cluster> {
    if let Value::Text(_) | Value::Number(_) = &entry.value.value {
        let name = Want::new("`cluster`", ctx.problems).filled(&entry.value)?;
        if let Some(complaint) = ECS.complaint(&name) {
            let summary = format!("`{name}` is not a valid name for the cluster");
            ctx.problems.error("bad-name", &entry.value.place, summary, super::super::decode::capital(&complaint));
        }
        return Some(Cluster {
            meta: Meta {
                place: entry.place.clone(),
                name: Some(name),
                tags: ctx.tags(None, &entry.place, "the cluster", Rules::Common),
                moved_from: None,
                protect: false,
            },
            existing: None,
            container_insights: None,
            capacity_providers: None,
            default_strategy: None,
            namespace: None,
        });
    }
    let fields = Fields::open(&entry.value, "the cluster", &CLUSTER, ctx.problems)?;
    if let Some(existing) = existing::read(ctx, entry, &fields, (&CLUSTER, &[]), &EXISTING) {
        let (meta, existing) = existing?;
        return Some(Cluster {
            meta,
            existing: Some(existing),
            container_insights: None,
            capacity_providers: None,
            default_strategy: None,
            namespace: None,
        });
    }
    let meta = ctx.meta(entry, &fields, Rules::Common);
    let insights = fields.word("container_insights");
    let mut providers =
        fields.take("capacity_providers").map(|tree| Want::new("`capacity_providers`", ctx.problems).strings(tree));
    let default_strategy =
        fields.take("default_strategy").map(|tree| strategy(ctx, tree, "the default strategy of the cluster"));
    no_own_providers(ctx, &fields, default_strategy.as_deref().unwrap_or_default());
    if let Some(strategy) = &default_strategy {
        // ECS refuses a default strategy over providers that the cluster does not have.
        let providers = providers.get_or_insert_default();
        for item in strategy {
            if !providers.contains(&item.provider) {
                providers.push(item.provider.clone());
            }
        }
    }
    let namespace = fields.take("namespace").and_then(|tree| namespace(ctx, tree));
    ctx.default_namespace.replace(namespace.clone());
    fields.finish();
    Some(Cluster {
        meta,
        existing: None,
        container_insights: insights.map(str::to_owned),
        capacity_providers: providers,
        default_strategy,
        namespace,
    })
}

/// Capacity providers of the file belong to the cluster by themselves, and are made after it.
fn no_own_providers(ctx: &Ctx<'_>, fields: &Fields<'_>, strategy: &[Strategy]) {
    let listed = fields.take("capacity_providers").map(|tree| Want::new("", ctx.problems).several(tree));
    for item in listed.unwrap_or_default() {
        let Some(name) = item.scalar().filter(|name| capacity_providers::is_ours(ctx, name)) else { continue };
        let summary = format!("the cluster lists capacity provider `{name}` of this file");
        let help = "A provider of managed instances is in its cluster from the first, and ECS refuses to add it. Remove it here.";
        ctx.problems.error("contradiction", &item.place, summary, help);
    }
    if let (Some(item), Some(tree)) = (strategy.iter().find(|item| item.ours), fields.take("default_strategy")) {
        let summary = format!("the default strategy names capacity provider `{}` of this file", item.provider);
        let help =
            format!("It is made after the cluster. Name it in each service: capacity_providers: {}.", item.provider);
        ctx.problems.error("contradiction", &tree.place, summary, help);
    }
}

/// The default namespace, named as it is or in ECS's form.
fn namespace(ctx: &Ctx<'_>, tree: &Tree) -> Option<Text> {
    let what = "`namespace` of the cluster";
    if tree.entries().is_none() {
        return namespaces::reference(ctx, tree, what, "arn");
    }
    let fields = Fields::open(tree, what, &DEFAULTS, ctx.problems)?;
    let found = fields.take("namespace").and_then(|tree| namespaces::reference(ctx, tree, what, "arn"));
    fields.finish();
    found
}

/// A capacity provider strategy: `FARGATE_SPOT`, a list of names, of maps, or a map of name to weight.
pub(crate) fn strategy(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Vec<Strategy> {
    let want = Want::new(what, ctx.problems);
    let mut found: Vec<Strategy> = Vec::new();
    let weighted = tree.get("provider").is_none() && tree.get("capacity_provider").is_none();
    if let (Some(entries), true) = (tree.entries(), weighted) {
        for entry in entries {
            let weight = Want::new("the weight of a capacity provider", ctx.problems).count(&entry.value, 0, 1000);
            let provider = entry.key.clone();
            let ours = capacity_providers::is_ours(ctx, &provider);
            found.extend(weight.map(|weight| Strategy { provider, ours, weight, base: 0 }));
        }
    } else {
        for item in want.several(tree) {
            if item.entries().is_none() {
                let provider = want.filled(item);
                let ours = |provider: &str| capacity_providers::is_ours(ctx, provider);
                found.extend(provider.map(|provider| Strategy { ours: ours(&provider), provider, weight: 1, base: 0 }));
                continue;
            }
            let Some(fields) = Fields::open(item, format!("an item of {what}"), &ITEM, ctx.problems) else { continue };
            let provider = fields.text("provider");
            let (weight, base) = (fields.count("weight"), fields.count("base"));
            fields.finish();
            let Some(provider) = provider else { continue };
            let ours = capacity_providers::is_ours(ctx, &provider);
            found.push(Strategy { provider, ours, weight: weight.unwrap_or_default(), base: base.unwrap_or_default() });
        }
    }
    check(ctx, tree, what, &found);
    found
}

fn check(ctx: &Ctx<'_>, tree: &Tree, what: &str, strategy: &[Strategy]) {
    for (index, item) in strategy.iter().enumerate() {
        if strategy[..index].iter().any(|other| other.provider == item.provider) {
            let summary = format!("{what} names `{}` twice", item.provider);
            ctx.problems.error("duplicate", &tree.place, summary, "Give each provider once, with one weight.");
        }
    }
    if strategy.iter().filter(|item| item.base > 0).count() > 1 {
        let summary = format!("{what} has more than one base");
        ctx.problems.error("bad-value", &tree.place, summary, "ECS allows a base on one provider only.");
    }
    if !strategy.is_empty() && strategy.iter().all(|item| item.weight == 0) {
        let summary = format!("every weight of {what} is 0");
        ctx.problems.error("bad-value", &tree.place, summary, "At least one provider needs a weight above 0.");
    }
    let fargate = |name: &str| name == "FARGATE" || name == "FARGATE_SPOT";
    if strategy.iter().any(|item| fargate(&item.provider)) && strategy.iter().any(|item| !fargate(&item.provider)) {
        let summary = format!("{what} mixes Fargate with other providers");
        ctx.problems.error("bad-value", &tree.place, summary, "ECS accepts Fargate providers or others, not both.");
    }
}
