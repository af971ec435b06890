//! Security groups and their rules against moto: each field made, read back, changed, and taken away again.

use std::collections::BTreeMap;

use evenkeel_aws::client::Aws;
use evenkeel_aws::kinds::security_group_rules::{ANYWHERE_V4, Rule, default_egress};
use evenkeel_aws::kinds::{network, security_group, security_group_rules};
use evenkeel_aws::read::Scope;
use evenkeel_aws::reading;
use evenkeel_aws::resource::{Entry, Work, doc};
use evenkeel_core::cloud::{Create, Update};
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::{Graph, Node, StackInfo};
use evenkeel_core::id::NodeId;
use evenkeel_core::snapshot::{Live, Owner};
use evenkeel_tests::moto::Moto;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

fn rule(protocol: &str, ports: (i32, i32), peer: &str, description: &str) -> Rule {
    Rule {
        protocol: protocol.to_owned(),
        from_port: ports.0,
        to_port: ports.1,
        peer: peer.into(),
        description: description.to_owned(),
    }
}

fn group(entry: &str, vpc: &str, tags: &[(&str, &str)]) -> Node {
    let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let spec = security_group::Spec { description: "a group".to_owned(), vpc: vpc.into(), tags };
    Node::new(security_group::id(entry), format!("a-{entry}"), doc(&spec))
}

fn rules(entry: &str, group: &str, ingress: &[Rule], egress: &[Rule]) -> Node {
    let spec = security_group_rules::Spec { group: group.into(), ingress: ingress.to_vec(), egress: egress.to_vec() };
    Node::new(security_group_rules::id(entry), format!("a-{entry}"), doc(&spec))
}

async fn create(aws: &Aws, entry: &Entry, node: &Node) -> Result<Live, CloudError> {
    let order = Create { node: &node.id, name: &node.name, want: &node.want, replaces: None, token: TOKEN };
    entry.driver.create(Work { aws, stack: "a" }, order).await
}

async fn update(aws: &Aws, entry: &Entry, live: &Live, node: &Node) -> Live {
    let order = Update { node: &node.id, live, want: &node.want, changes: &[], token: TOKEN };
    entry.driver.update(Work { aws, stack: "a" }, order).await.unwrap()
}

/// What is live of a kind, by id.
async fn read(aws: &Aws, entry: &Entry, nodes: &[Node]) -> BTreeMap<String, Live> {
    let default = network::Spec { vpc: network::VpcChoice::Default, subnets: network::SubnetChoice::Default };
    let network = Node::lookup(network::id(), "", doc(&default));
    let info = StackInfo { name: "a".to_owned(), region: "us-east-1".to_owned() };
    let graph = Graph::detached(info, nodes.iter().cloned().chain([network]));
    let only = ["network", "security_group", "security_group_rules"].map(str::to_owned).into();
    let scope = Scope { stack: "a", graph: &graph, thorough: false, closely: false, only: Some(&only) };
    let fetched = reading::fetch(aws, &scope).await;
    entry.driver.observe(&fetched).unwrap().into_iter().map(|live| (live.id.clone(), live)).collect()
}

async fn default_vpc(aws: &Aws) -> String {
    let vpcs = aws.ec2().describe_vpcs().send().await.unwrap();
    vpcs.vpcs()[0].vpc_id().unwrap().to_owned()
}

fn calls(aws: &Aws) -> u64 {
    aws.caller.stats().total
}

#[tokio::test]
async fn a_group_is_made_read_changed_and_deleted() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let kind = &security_group::ENTRY;
    let vpc = default_vpc(&aws).await;

    let node = group("web", &vpc, &[("team", "blue"), ("old", "x")]);
    let made = create(&aws, kind, &node).await.unwrap();
    assert_eq!(calls(&aws), 1);
    let seen = read(&aws, kind, std::slice::from_ref(&node)).await;
    assert_eq!(seen.len(), 1, "the default group is not ours");
    assert_eq!(seen[&made.id], made);
    assert_eq!(made.have, node.want);

    let changed = group("web", &vpc, &[("team", "red"), ("new", "y")]);
    let updated = update(&aws, kind, &made, &changed).await;
    assert_eq!(updated.have, changed.want);
    assert_eq!(read(&aws, kind, std::slice::from_ref(&changed)).await[&made.id], updated);

    let error = create(&aws, kind, &node).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Exists);

    // Somebody else's group of a wanted name is seen, one of another name is not; adopting writes the marks.
    let strange = aws.ec2().create_security_group().vpc_id(&vpc).description("a group");
    let strange = strange.group_name("A-db").send().await.unwrap().group_id().unwrap().to_owned();
    aws.ec2().create_security_group().vpc_id(&vpc).group_name("b").description("b").send().await.unwrap();
    let db = group("db", &vpc, &[]);
    let nodes = [changed.clone(), db.clone()];
    let seen = read(&aws, kind, &nodes).await;
    assert_eq!(seen.len(), 2);
    assert_eq!((&seen[&strange].owner, seen[&strange].name.as_str()), (&Owner::Nobody, "a-db"));
    update(&aws, kind, &seen[&strange], &db).await;
    assert_eq!(read(&aws, kind, &nodes).await[&strange].owner, Owner::Ours(db.id.clone()));
    assert_eq!(read(&aws, kind, &[]).await.len(), 2, "what is ours is found without the file");

    for live in [&updated, &seen[&strange]] {
        kind.driver.delete(Work { aws: &aws, stack: "a" }, &node.id, live).await.unwrap();
        kind.driver.delete(Work { aws: &aws, stack: "a" }, &node.id, live).await.unwrap();
    }
    assert!(read(&aws, kind, &nodes).await.is_empty());
}

#[tokio::test]
async fn who_holds_a_group_is_told() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let vpc = default_vpc(&aws).await;
    let web = create(&aws, &security_group::ENTRY, &group("web", &vpc, &[])).await.unwrap();
    let db = create(&aws, &security_group::ENTRY, &group("db", &vpc, &[])).await.unwrap();
    let from_web = rules("db", &db.id, &[rule("tcp", (5432, 5432), &web.id, "")], &[default_egress(ANYWHERE_V4)]);
    let live = create(&aws, &security_group_rules::ENTRY, &from_web).await.unwrap();
    assert_eq!((live.uses, live.within, live.handles), (vec![web.id.clone()], Some(db.id.clone()), Vec::new()));
    let subnets = aws.ec2().describe_subnets().send().await.unwrap();
    let interface = aws.ec2().create_network_interface().groups(&web.id).description("ELB app/web/50dc6c495c0c9188");
    let interface = interface.subnet_id(subnets.subnets()[0].subnet_id().unwrap()).send().await.unwrap();
    let interface = interface.network_interface().unwrap().network_interface_id().unwrap().to_owned();
    assert_eq!(
        security_group::ENTRY.driver.holders(Work { aws: &aws, stack: "a" }, &web).await,
        [
            format!("network interface {interface} of load balancer app/web/50dc6c495c0c9188"),
            format!("a rule of security group {} (a-db)", db.id),
        ]
    );
}

#[tokio::test]
async fn rules_follow_what_is_wanted_in_as_few_requests_as_possible() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let kind = &security_group_rules::ENTRY;
    let vpc = default_vpc(&aws).await;
    let web = create(&aws, &security_group::ENTRY, &group("web", &vpc, &[])).await.unwrap();
    let peer = create(&aws, &security_group::ENTRY, &group("peer", &vpc, &[])).await.unwrap();
    let all = default_egress(ANYWHERE_V4);

    let ingress = [
        rule("-1", (-1, -1), &web.id, ""),
        rule("icmp", (-1, -1), "10.0.0.0/8", ""),
        rule("tcp", (80, 80), "0.0.0.0/0", "web"),
        rule("tcp", (80, 80), "::/0", "web"),
        rule("tcp", (443, 444), &peer.id, "peer"),
    ];
    let mut node = rules("web", &web.id, &ingress, std::slice::from_ref(&all));
    let before = calls(&aws);
    let made = create(&aws, kind, &node).await.unwrap();
    assert_eq!(calls(&aws) - before, 1, "the egress is AWS's own already");
    assert_eq!(read(&aws, kind, std::slice::from_ref(&node)).await[&web.id], made);
    let again = create(&aws, kind, &node).await.unwrap();
    assert_eq!(again, made, "made twice is made once");

    // One rule comes, one goes, one has another description; the egress is narrowed.
    let ingress = [
        rule("tcp", (80, 80), "0.0.0.0/0", "public"),
        rule("tcp", (80, 80), "::/0", "web"),
        rule("tcp", (443, 444), &peer.id, "peer"),
        rule("udp", (53, 53), "10.0.0.0/8", ""),
    ];
    node = rules("web", &web.id, &ingress, &[rule("tcp", (443, 443), "0.0.0.0/0", "out")]);
    let before = calls(&aws);
    let updated = update(&aws, kind, &made, &node).await;
    assert_eq!(calls(&aws) - before, 5);
    assert_eq!(updated.have, node.want);
    assert_eq!(read(&aws, kind, std::slice::from_ref(&node)).await[&web.id], updated);

    // A rule made by hand is seen; what is there already does not disturb.
    let by_hand = aws.ec2().authorize_security_group_ingress().group_id(&web.id).ip_protocol("tcp");
    by_hand.from_port(22).to_port(22).cidr_ip("0.0.0.0/0").send().await.unwrap();
    assert_ne!(read(&aws, kind, std::slice::from_ref(&node)).await[&web.id].have, node.want);
    let mut stale = updated.clone();
    stale.have["ingress"] = serde_json::json!([]);
    update(&aws, kind, &stale, &node).await;
    let seen = read(&aws, kind, std::slice::from_ref(&node)).await;
    assert_eq!(seen[&web.id].have, node.want);

    // Without its node in the graph it is still seen; deleting leaves the group with nothing.
    let id = NodeId::new("security_group_rules", "web");
    assert_eq!(read(&aws, kind, &[]).await[&web.id].owner, Owner::Ours(id.clone()));
    kind.driver.delete(Work { aws: &aws, stack: "a" }, &id, &seen[&web.id]).await.unwrap();
    kind.driver.delete(Work { aws: &aws, stack: "a" }, &id, &seen[&web.id]).await.unwrap();
    let empty = rules("web", &web.id, &[], &[]);
    assert_eq!(read(&aws, kind, std::slice::from_ref(&empty)).await[&web.id].have, empty.want);

    // A new group whose egress is not the default one.
    let strict = rules("peer", &peer.id, &[], &[rule("tcp", (443, 443), "0.0.0.0/0", "")]);
    let made = create(&aws, kind, &strict).await.unwrap();
    assert_eq!(read(&aws, kind, std::slice::from_ref(&strict)).await[&peer.id], made);
    let none = rules("none", "sg-0123456789abcdef0", &[rule("tcp", (1, 1), "0.0.0.0/0", "")], &[all]);
    assert_eq!(create(&aws, kind, &none).await.unwrap_err().class, ErrorClass::Propagating);
}
