//! The proof that there is no noise: every key of a stack file set, changed and removed on the simulated AWS, and after each
//! apply there is nothing to do. The stories are `noise/*.yaml`: a head and chapters, told forwards and backwards, so that
//! what is set in one way is also taken away. No key, no field and no member of a document is forgotten: that is checked too.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use evenkeel_aws::kinds;
use evenkeel_core::diff::Change;
use evenkeel_core::graph::Graph;
use evenkeel_core::plan::{Action, Plan};
use evenkeel_sim::services::acm;
use evenkeel_tests::keys::keys;
use evenkeel_tests::moto::root;
use evenkeel_tests::picture::{difference, picture};
use evenkeel_tests::simulated::{Bench, Ended, Goal, graph_of, in_virtual_time};
use serde_json::{Value, json};

/// A stack file in several versions.
struct Story {
    name: String,
    chapters: Vec<Chapter>,
}

struct Chapter {
    title: String,
    text: String,
    /// Whether it says the same as the one before in other words, so that there is nothing to do.
    same: bool,
}

fn folder() -> PathBuf {
    root().join("tests/tests/sim")
}

fn stories() -> Vec<Story> {
    let files = std::fs::read_dir(folder().join("noise")).expect("the stories are there");
    let mut paths: Vec<PathBuf> = files.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "yaml"));
    paths.sort();
    paths.iter().map(|path| story(path)).collect()
}

fn story(path: &std::path::Path) -> Story {
    let text = std::fs::read_to_string(path).expect("a story is text");
    let mut parts = text.split("\n=== ");
    let head = parts.next().expect("a head");
    let chapters = parts.map(|part| {
        let (title, body) = part.split_once('\n').unwrap_or((part, ""));
        let same = title.ends_with(" (same)");
        Chapter { title: title.to_owned(), text: format!("{head}\n{body}\n"), same }
    });
    let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
    Story { name, chapters: chapters.collect() }
}

/// A world with what the stories presuppose, and what stands for it in their texts.
struct Stage {
    bench: Bench,
    words: BTreeMap<&'static str, String>,
}

impl Stage {
    fn new() -> Self {
        let bench = Bench::new("us-east-1");
        let mut stage = Self { bench, words: BTreeMap::new() };
        stage.network();
        stage.identity();
        stage.names();
        stage.bench.sim.pass(Duration::from_secs(600));
        stage
    }

    fn ask(&self, operation: &str, input: Value) -> Value {
        self.bench.ask(operation, input)
    }

    fn word(&mut self, word: &'static str, value: &Value) {
        self.words.insert(word, value.as_str().expect("an id").to_owned());
    }

    fn network(&mut self) {
        let subnets = self.ask("ec2.DescribeSubnets", json!({}))["Subnets"].clone();
        for (index, word) in ["<subnet-a>", "<subnet-b>", "<subnet-c>"].into_iter().enumerate() {
            self.word(word, &subnets[index]["SubnetId"]);
        }
        let two = json!([subnets[0]["SubnetId"], subnets[2]["SubnetId"]]);
        self.ask("ec2.CreateTags", json!({ "Resources": two, "Tags": [{ "Key": "tier", "Value": "two" }] }));
        let vpc = self.ask("ec2.CreateVpc", json!({ "CidrBlock": "10.20.0.0/16" }))["Vpc"]["VpcId"].clone();
        self.word("<vpc-main>", &vpc);
        self.ask("ec2.CreateTags", json!({ "Resources": [vpc], "Tags": [{ "Key": "Name", "Value": "main" }] }));
        let gateway = self.ask("ec2.CreateInternetGateway", json!({}))["InternetGateway"]["InternetGatewayId"].clone();
        self.ask("ec2.AttachInternetGateway", json!({ "VpcId": vpc, "InternetGatewayId": gateway }));
        let filter = json!([{ "Name": "vpc-id", "Values": [vpc] }]);
        let tables = self.ask("ec2.DescribeRouteTables", json!({ "Filters": filter }));
        let table = tables["RouteTables"][0]["RouteTableId"].clone();
        let route = json!({ "RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway });
        self.ask("ec2.CreateRoute", route);
        for (index, word) in ["<main-a>", "<main-b>"].into_iter().enumerate() {
            let zone = subnets[index]["AvailabilityZone"].clone();
            let cidr = format!("10.20.{index}.0/24");
            let input = json!({ "VpcId": vpc, "CidrBlock": cidr, "AvailabilityZone": zone });
            let subnet = self.ask("ec2.CreateSubnet", input)["Subnet"]["SubnetId"].clone();
            self.ask("ec2.CreateTags", json!({ "Resources": [subnet], "Tags": [{ "Key": "tier", "Value": "app" }] }));
            self.word(word, &subnet);
        }
        for word in ["<eip-1>", "<eip-2>"] {
            let address = self.ask("ec2.AllocateAddress", json!({ "Domain": "vpc" }));
            self.word(word, &address["AllocationId"]);
        }
        let group = json!({ "GroupName": "somebody", "Description": "not ours" });
        let group = self.ask("ec2.CreateSecurityGroup", group)["GroupId"].clone();
        self.word("<sg-somebody>", &group);
        let open =
            json!([{ "IpProtocol": "tcp", "FromPort": 8000, "ToPort": 9000, "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] }]);
        self.ask("ec2.AuthorizeSecurityGroupIngress", json!({ "GroupId": group, "IpPermissions": open }));
        self.way_out(&subnets);
        let list = json!({ "PrefixListName": "office", "MaxEntries": 3, "AddressFamily": "IPv4",
            "Entries": [{ "Cidr": "198.51.100.0/24" }] });
        let list = self.ask("ec2.CreateManagedPrefixList", list)["PrefixList"]["PrefixListId"].clone();
        self.word("<pl-office>", &list);
    }

    /// Tasks in the second and third subnet need no public address: these have a NAT gateway.
    fn way_out(&self, subnets: &Value) {
        let address = self.ask("ec2.AllocateAddress", json!({}))["AllocationId"].clone();
        let input = json!({ "SubnetId": subnets[0]["SubnetId"], "AllocationId": address });
        let nat = self.ask("ec2.CreateNatGateway", input)["NatGateway"]["NatGatewayId"].clone();
        let made = self.ask("ec2.CreateRouteTable", json!({ "VpcId": subnets[0]["VpcId"] }));
        let table = made["RouteTable"]["RouteTableId"].clone();
        let route = json!({ "RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": nat });
        self.ask("ec2.CreateRoute", route);
        for index in [1, 2] {
            let input = json!({ "RouteTableId": table, "SubnetId": subnets[index]["SubnetId"] });
            self.ask("ec2.AssociateRouteTable", input);
        }
    }

    fn identity(&mut self) {
        let trust = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": { "Service": "ecs-tasks.amazonaws.com" } }] });
        for (name, path) in [("shared", "/"), ("elsewhere", "/path/")] {
            let role = json!({ "RoleName": name, "Path": path, "AssumeRolePolicyDocument": trust.to_string() });
            self.ask("iam.CreateRole", role);
            for policy in ["service-role/AmazonECSTaskExecutionRolePolicy", "AmazonSSMReadOnlyAccess"] {
                let arn = format!("arn:aws:iam::aws:policy/{policy}");
                self.ask("iam.AttachRolePolicy", json!({ "RoleName": name, "PolicyArn": arn }));
            }
        }
        let boundary = json!({ "Version": "2012-10-17",
            "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }] });
        let boundary = json!({ "PolicyName": "boundary", "PolicyDocument": boundary.to_string() });
        let boundary = self.ask("iam.CreatePolicy", boundary)["Policy"]["Arn"].clone();
        self.word("<boundary>", &boundary);
        for name in ["/noise/one", "/noise/two", "noise-bare"] {
            self.ask("ssm.PutParameter", json!({ "Name": name, "Type": "SecureString", "Value": "secret" }));
        }
        let secret = json!({ "Name": "noise/secret", "SecretString": "secret" });
        let secret = self.ask("secretsmanager.CreateSecret", secret)["ARN"].clone();
        self.word("<secret>", &secret);
        let ids = ["<subnet-a>", "<subnet-b>"].map(|word| self.words[word].clone());
        let group =
            json!({ "DBSubnetGroupName": "noise-shared", "DBSubnetGroupDescription": "shared", "SubnetIds": ids });
        self.ask("rds.CreateDBSubnetGroup", group);
        let group = json!({ "DBParameterGroupName": "noise-shared", "DBParameterGroupFamily": "postgres17",
            "Description": "shared" });
        self.ask("rds.CreateDBParameterGroup", group);
        let profile = json!({ "InstanceProfileName": "noise" });
        let profile = self.ask("iam.CreateInstanceProfile", profile)["InstanceProfile"]["Arn"].clone();
        self.ask("iam.AddRoleToInstanceProfile", json!({ "InstanceProfileName": "noise", "RoleName": "shared" }));
        self.word("<profile>", &profile);
        self.ask("logs.CreateLogGroup", json!({ "logGroupName": "/noise/foreign" }));
        let provider = json!({ "name": "noise-asg", "autoScalingGroupProvider": { "autoScalingGroupArn":
            "arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:11111111-2222-3333-4444-555555555555:autoScalingGroupName/noise" } });
        self.ask("ecs.CreateCapacityProvider", provider);
    }

    fn names(&mut self) {
        for (word, digit) in [("<certificate-1>", '1'), ("<certificate-2>", '2')] {
            let id =
                ["8", "4", "4", "4", "12"].map(|n| digit.to_string().repeat(n.parse().expect("a number"))).join("-");
            let arn = format!("arn:aws:acm:us-east-1:123456789012:certificate/{id}");
            let names = [format!("c{digit}.noise.example")];
            assert!(self.bench.sim.with_world(|world| acm::provide(world, &arn, &names)), "{arn} was made");
            self.words.insert(word, arn);
        }
        for (word, name) in
            [("<zone-there>", "there.example"), ("<zone-twice>", "twice.example"), ("<zone-twice-b>", "twice.example")]
        {
            let zone = self.ask("route53.CreateHostedZone", json!({ "Name": name, "CallerReference": word }));
            let id = zone["HostedZone"]["Id"].as_str().expect("an id").trim_start_matches("/hostedzone/").to_owned();
            self.words.insert(word, id);
        }
        let vpc = self.ask("ec2.DescribeVpcs", json!({ "Filters": [{ "Name": "is-default", "Values": ["true"] }] }));
        let vpc = vpc["Vpcs"][0]["VpcId"].clone();
        self.give_ipv6(&vpc);
        let space = json!({ "Name": "noise.local", "Vpc": vpc });
        let made = self.ask("servicediscovery.CreatePrivateDnsNamespace", space)["OperationId"].clone();
        self.bench.sim.pass(Duration::from_secs(120));
        let made = self.ask("servicediscovery.GetOperation", json!({ "OperationId": made }));
        let space = made["Operation"]["Targets"]["NAMESPACE"].clone();
        for (word, kind) in [("<registry-a>", "A"), ("<registry-srv>", "SRV")] {
            let records = json!([{ "Type": kind, "TTL": 10 }]);
            let input = json!({ "Name": format!("noise-{}", kind.to_lowercase()), "NamespaceId": space,
                "DnsConfig": { "DnsRecords": records, "RoutingPolicy": "MULTIVALUE" } });
            let arn = self.ask("servicediscovery.CreateService", input)["Service"]["Arn"].clone();
            self.word(word, &arn);
        }
    }

    /// Load balancers with both kinds of addresses need subnets with both.
    fn give_ipv6(&self, vpc: &Value) {
        let range = self.ask("ec2.AssociateVpcCidrBlock", json!({ "VpcId": vpc, "AmazonProvidedIpv6CidrBlock": true }));
        let range = range["Ipv6CidrBlockAssociation"]["Ipv6CidrBlock"].as_str().expect("a range").to_owned();
        let start = range.strip_suffix("00::/56").expect("a range of 256 subnets");
        let subnets = self.ask("ec2.DescribeSubnets", json!({ "Filters": [{ "Name": "vpc-id", "Values": [vpc] }] }));
        for (number, subnet) in subnets["Subnets"].as_array().into_iter().flatten().enumerate() {
            let range = json!({ "SubnetId": subnet["SubnetId"], "Ipv6CidrBlock": format!("{start}{number:02x}::/64") });
            self.ask("ec2.AssociateSubnetCidrBlock", range);
        }
    }

    fn graph(&self, text: &str) -> Graph {
        let mut text = text.to_owned();
        for (word, value) in &self.words {
            text = text.replace(word, value);
        }
        graph_of(&text, &folder())
    }

    /// Goes from one graph to the next, and sees that nothing is left to do; gives the plan.
    async fn go(&mut self, from: &Graph, to: &Graph) -> Result<Plan, String> {
        self.bench.options.consent = from.nodes().chain(to.nodes()).map(|node| node.id.clone()).collect();
        let snapshot = self.bench.read(to, Goal::Apply).await;
        let plan = self.bench.plan(to, &snapshot, Goal::Apply);
        match self.bench.run(to, Goal::Apply).await {
            ended if ended.is_done() => {}
            Ended::Outcome(outcome, _) => return Err(format!("the apply failed: {:#?}", outcome.summary().failed)),
            other => return Err(format!("the apply was not done: {other:#?}")),
        }
        let left = self.left(to).await;
        if left.is_empty() { Ok(plan) } else { Err(format!("there is noise:\n  {}", left.join("\n  "))) }
    }

    /// What a plan would do now, change by change.
    async fn left(&self, graph: &Graph) -> Vec<String> {
        let snapshot = self.bench.read(graph, Goal::Apply).await;
        let plan = self.bench.plan(graph, &snapshot, Goal::Apply);
        let steps = plan.steps.iter().map(|step| {
            let show = |change: &Change| format!("\n    {}: {:?} => {:?}", change.path, change.from, change.to);
            let shown: String = changes_of(&step.action).iter().map(show).collect();
            format!("{} {} {:?}{shown}", step.verb(), step.node, step.why)
        });
        let held = plan.held.iter().map(|held| format!("held {held:?}"));
        let conflicts = plan.conflicts.iter().map(|conflict| format!("conflict {conflict:?}"));
        let unreadable = snapshot.unreadable.iter().map(|node| format!("unreadable {node:?}"));
        steps.chain(held).chain(conflicts).chain(unreadable).collect()
    }
}

fn changes_of(action: &Action) -> &[Change] {
    match action {
        Action::Create { replaces: Some(replaced), .. } => &replaced.changes,
        Action::Update { changes, .. } | Action::Adopt { changes, .. } => changes,
        Action::Create { replaces: None, .. } | Action::Delete { .. } | Action::Wait { .. } => &[],
    }
}

/// What has been seen to change, and what there is: `kind path`, members of lists as `[]`.
#[derive(Default)]
struct Seen {
    changed: BTreeSet<String>,
    there: BTreeSet<String>,
}

impl Seen {
    fn graph(&mut self, graph: &Graph) {
        // What is looked up says what to look for, which no plan changes.
        for node in graph.nodes().filter(|node| !node.lookup) {
            for (path, _) in leaves(node.id.kind(), &node.want) {
                self.there.insert(path);
            }
        }
    }

    fn plan(&mut self, plan: &Plan) {
        for step in &plan.steps {
            for change in changes_of(&step.action) {
                let path = format!("{} {}", step.node.kind(), pattern(&change.path));
                let leaves_of = |value: &Option<Value>| match value {
                    Some(value) => leaves(&path, value),
                    None => BTreeMap::new(),
                };
                let (from, to) = (leaves_of(&change.from), leaves_of(&change.to));
                let differ = from.keys().chain(to.keys()).filter(|leaf| from.get(*leaf) != to.get(*leaf));
                self.changed.extend(differ.cloned());
                self.changed.insert(path);
            }
        }
    }

    fn has_changed(&self, path: &str) -> bool {
        self.changed.iter().any(|changed| {
            changed.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        })
    }
}

/// A path without what is between its brackets.
fn pattern(path: &str) -> String {
    let mut depth = 0;
    let mut out = String::new();
    for c in path.chars() {
        depth -= i32::from(c == ']');
        if depth == 0 {
            out.push(c);
        }
        depth += i32::from(c == '[');
    }
    out
}

/// The values at the ends of a document, by path. Tags, variables, options and the like count as one.
fn leaves(path: &str, value: &Value) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    collect(path, value, &mut found);
    found.values_mut().for_each(|values| values.sort());
    found
}

/// Maps whose keys are the user's.
const FREE: &[&str] = &[
    "tags",
    "attributes",
    "inline",
    "trust",
    "policy",
    "header",
    "options",
    "dockerLabels",
    "labels",
    "driverOpts",
    "dimensions",
];

fn collect(path: &str, value: &Value, found: &mut BTreeMap<String, Vec<String>>) {
    let last = path.rsplit(['.', ' ']).next().unwrap_or(path);
    match value {
        Value::Object(map) if !FREE.contains(&last) && !evenkeel_core::doc::is_hole(value) => {
            let dot = if path.contains(' ') { "." } else { " " };
            for (key, inner) in map {
                collect(&format!("{path}{dot}{key}"), inner, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(&format!("{path}[]"), item, found)),
        Value::Null => {}
        other => found.entry(path.to_owned()).or_default().push(other.to_string()),
    }
}

/// Tells a story forwards and backwards; gives what went wrong.
async fn tell(story: &Story, seen: &mut Seen) -> Vec<String> {
    let mut stage = Stage::new();
    let before = picture(&stage.bench.world());
    let graphs: Vec<Graph> = story.chapters.iter().map(|chapter| stage.graph(&chapter.text)).collect();
    graphs.iter().for_each(|graph| seen.graph(graph));
    let mut problems = Vec::new();
    let last = graphs.len() - 1;
    let forwards = (0..=last).map(|at| (at.checked_sub(1), at));
    let backwards = (0..last).rev().map(|at| (Some(at + 1), at));
    for (from, to) in forwards.chain(backwards) {
        let title = match from {
            Some(from) => {
                format!("{}: from “{}” to “{}”", story.name, story.chapters[from].title, story.chapters[to].title)
            }
            None => format!("{}: “{}”", story.name, story.chapters[to].title),
        };
        let same = from.is_some_and(|from| story.chapters[from.max(to)].same);
        match stage.go(&graphs[from.unwrap_or(to)], &graphs[to]).await {
            Ok(plan) => {
                if same && plan.has_changes() {
                    let steps: Vec<String> =
                        plan.steps.iter().map(|step| format!("{:?}", changes_of(&step.action))).collect();
                    problems.push(format!("{title}: it is the same, but {steps:?}"));
                } else if !same && !plan.has_changes() {
                    problems.push(format!("{title}: nothing changed"));
                }
                seen.plan(&plan);
            }
            Err(problem) => problems.push(format!("{title}: {problem}")),
        }
    }
    stage.bench.options.consent.clear();
    let ended = stage.bench.run(&graphs[0], Goal::Destroy).await;
    if !ended.is_done() {
        problems.push(format!("{}: the destruction was not done: {ended:#?}", story.name));
    }
    let left = difference(&before, &picture(&stage.bench.world()));
    // Roles that AWS makes for its services stay.
    let left = left.iter().filter(|line| !line.contains("AWSServiceRoleFor"));
    // AWS takes its interfaces away some minutes after the load balancer.
    let left = left.filter(|line| !line.contains(" ec2.interfaces "));
    // A picture calls subnets by what is in them.
    let left = left.filter(|line| !line.contains(" rds.subnet_groups noise-shared."));
    problems.extend(left.map(|line| format!("{}: after the destruction {line}", story.name)));
    problems
}

/// Paths that no plan can change: there is one value only, or it is what the node is called, or it is told and let be, or AWS
/// refuses it by now, or only a run that was cut short, a protection or a certificate that was never validated shows it.
const FIXED: &[&str] = &[
    // A stack has one cluster, whose name never changes under what is in it.
    "capacity_provider cluster",
    "gateway cluster",
    "certificate state",
    "database password_from",
    "database password_from.secret",
    "database password_from.value",
    "hosted_zone marked",
    "hosted_zone name",
    "internet_gateway vpc",
    "listener existing",
    "listener rules",
    "listener_rules existing",
    "listener_rules guests",
    "nat_gateway address",
    "nat_gateway subnet",
    "parameter sealed",
    "parameter sealed.allowed_pattern",
    "parameter sealed.description",
    "parameter sealed.kms_key",
    "parameter sealed.tier",
    "parameter value_from",
    "records tags",
    "route_table vpc",
    "secret value_from",
    "security_group description",
    "subnet cidr",
    "subnet vpc",
    "subnet zone",
    "target_group port",
    "task_definition inferenceAccelerators",
    "vpc cidr",
    "vpc_endpoint interface",
    "vpc_endpoint private_dns",
    "vpc_endpoint security_groups",
    "vpc_endpoint security_groups[]",
    "vpc_endpoint service",
    "vpc_endpoint vpc",
];

/// Keys that no story can say: Elastic Inference has ended, and which values are shown changes nothing in AWS.
const REFUSED: &[&str] = &["inference_accelerators", "public_env"];

/// Tells stories side by side, each in a time of its own.
fn tell_all(stories: &[Story]) -> Vec<(Seen, Vec<String>)> {
    let tell_one = |story: &Story| {
        let mut seen = Seen::default();
        let problems = in_virtual_time(tell(story, &mut seen));
        (seen, problems)
    };
    let next = AtomicUsize::new(0);
    let teller = || {
        let mut told = Vec::new();
        while let Some(story) = stories.get(next.fetch_add(1, Ordering::Relaxed)) {
            told.push(tell_one(story));
        }
        told
    };
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    std::thread::scope(|scope| {
        let tellers: Vec<_> = (0..threads).map(|_| scope.spawn(teller)).collect();
        tellers.into_iter().flat_map(|teller| teller.join().expect("a story is told")).collect()
    })
}

#[test]
fn every_field_set_changed_and_removed_leaves_no_noise() {
    let only = std::env::var("EVENKEEL_NOISE").unwrap_or_default();
    let stories: Vec<Story> = stories().into_iter().filter(|story| story.name.contains(&only)).collect();
    let (mut seen, mut problems) = (Seen::default(), Vec::new());
    for (saw, found) in tell_all(&stories) {
        seen.changed.extend(saw.changed);
        seen.there.extend(saw.there);
        problems.extend(found);
    }
    if only.is_empty() {
        for entry in kinds::ALL.iter().filter(|entry| entry.driver.makes()) {
            let paths = entry.kind.fields.iter().map(|field| format!("{} {}", entry.kind.name, field.path));
            let never = paths.filter(|path| !seen.has_changed(path) && !FIXED.contains(&path.as_str()));
            problems.extend(never.map(|path| format!("no plan ever changed the field {path}")));
        }
        let there = seen.there.iter().filter(|path| !FIXED.contains(&path.as_str()));
        let never = there.filter(|path| !seen.has_changed(path));
        problems.extend(never.map(|path| format!("no plan ever changed {path}")));
        let stale = FIXED.iter().filter(|path| seen.has_changed(path));
        problems.extend(stale.map(|path| format!("{path} does change")));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_key_of_the_stack_file_is_in_a_story() {
    let texts: Vec<String> =
        stories().into_iter().flat_map(|story| story.chapters).map(|chapter| chapter.text).collect();
    let said = |key: &str| {
        let has = |text: &String| {
            text.match_indices(&format!("{key}:"))
                .any(|(at, _)| !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-'))
        };
        texts.iter().any(has)
    };
    let keys = keys();
    assert!(keys.len() > 100, "only {} keys were found: {keys:?}", keys.len());
    let missing: Vec<&String> = keys.iter().filter(|key| !said(key) && !REFUSED.contains(&key.as_str())).collect();
    assert!(missing.is_empty(), "no story says {missing:?}");
}

/// The world of the last story has one of everything: saved and read again it is the same one, and goes on the same way.
#[tokio::test(start_paused = true)]
async fn a_saved_world_is_the_same_world() {
    let stories = stories();
    let whole = stories.iter().find(|story| story.name == "whole").expect("the story of everything");
    let mut stage = Stage::new();
    let graph = stage.graph(&whole.chapters[1].text);
    stage.go(&graph, &graph).await.expect("it is applied");
    let world = stage.bench.world();
    let text = serde_json::to_string(&world).expect("a world is JSON");
    let again: evenkeel_sim::world::World = serde_json::from_str(&text).expect("JSON is a world");
    let (one, other) = (picture(&world), picture(&again));
    assert!(one.len() > 50, "the picture shows only {} things", one.len());
    assert_eq!(difference(&one, &other), Vec::<String>::new());
    assert_eq!(text, serde_json::to_string(&again).expect("a world is JSON"));
    stage.bench = Bench::of(again, "us-east-1");
    let next = stage.graph(&whole.chapters[2].text);
    stage.go(&graph, &next).await.expect("it is applied in the world that was read again");
    stage.bench.done(&next, Goal::Destroy).await;
}
