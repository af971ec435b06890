//! What a network of the stack's own is made of, against moto and against the simulated AWS, which both speak to the SDK: each thing is
//! made, read back as it was wanted, changed and deleted.

use evenkeel_aws::client::Aws;
use evenkeel_aws::kinds::own::{elastic_ip, internet_gateway, nat_gateway, subnet, vpc, vpc_endpoint};
use evenkeel_aws::resource::Work;
use evenkeel_core::cloud::{Goal, Waiting};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::snapshot::{Live, Readiness};
use evenkeel_tests::moto::Moto;
use evenkeel_tests::simulated::{Bench, in_virtual_time};
use serde_json::{Value, json};

use super::elb::{STACK, create, delete, driver, observe, only, update, with};

fn node(id: NodeId, mut want: Value) -> Node {
    want["tags"] = json!({ "team": "a" });
    Node::new(id, "", want)
}

/// Makes a thing, and reads it back as it was wanted.
async fn made(aws: &Aws, node: &Node) -> Live {
    let live = create(aws, node, "").await.unwrap_or_else(|error| panic!("{}: {error}", node.id));
    reached(aws, node, &live, Goal::Ready).await;
    let read = only(aws, node.id.kind(), &[node]).await;
    assert_eq!((&read.id, &read.have), (&live.id, &node.want), "{}", node.id);
    assert!(read.is_of(&node.id), "{:?}", read.owner);
    read
}

/// Changes one field, and reads it back.
async fn changed(aws: &Aws, node: &Node, live: &Live, (field, value): (&str, Value)) -> Live {
    let node = with(node, field, value);
    update(aws, &node, live, &[field]).await.unwrap_or_else(|error| panic!("{} {field}: {error}", node.id));
    let read = only(aws, node.id.kind(), &[&node]).await;
    assert_eq!(read.have, node.want, "{} {field}", node.id);
    read
}

async fn reached(aws: &Aws, node: &Node, live: &Live, goal: Goal) {
    for _ in 0..60 {
        let waiting = [Waiting { node: node.id.clone(), live: live.clone(), goal }];
        let heard = driver(node.id.kind()).poll(Work { aws, stack: STACK }, &waiting).await.remove(0);
        match (goal, heard.unwrap_or_else(|error| panic!("{}: {error}", node.id))) {
            (Goal::Gone, Readiness::Gone) | (Goal::Ready | Goal::Vacant, Readiness::Ready) => return,
            (_, _) => {}
        }
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    }
    panic!("{} did not get there", node.id);
}

async fn gone(aws: &Aws, node: &Node, live: &Live) {
    delete(aws, node, live).await.unwrap_or_else(|error| panic!("{}: {error}", node.id));
    if matches!(node.id.kind(), "nat_gateway" | "vpc_endpoint") {
        reached(aws, node, live, Goal::Gone).await;
    }
    assert_eq!(observe(aws, node.id.kind(), &[node]).await, [], "{}", node.id);
    // What is gone already is deleted with success.
    delete(aws, node, live).await.unwrap_or_else(|error| panic!("{} again: {error}", node.id));
}

async fn life(aws: &Aws) {
    let vpc = node(vpc::id(), json!({ "cidr": "10.9.0.0/16", "dns_support": true, "dns_hostnames": true }));
    let network = made(aws, &vpc).await;
    changed(aws, &vpc, &network, ("dns_hostnames", json!(false))).await;
    let read = only(aws, "vpc", &[&vpc]).await;
    update(aws, &vpc, &read, &["dns_hostnames"]).await.expect("it changes back");

    let in_zone = |tier, range: &str| {
        node(subnet::id(tier, 1), json!({ "vpc": network.id, "zone": "us-east-1a", "cidr": range }))
    };
    let public = in_zone(subnet::Tier::Public, "10.9.0.0/24");
    let open = made(aws, &public).await;
    let gateway = node(internet_gateway::id(), json!({ "vpc": network.id }));
    let internet = made(aws, &gateway).await;

    let address = node(elastic_ip::id(1), json!({}));
    let mine = made(aws, &address).await;
    assert!(mine.outputs["address"].as_str().is_some_and(|address| address.contains('.')), "{:?}", mine.outputs);
    let nat = node(nat_gateway::id(1), json!({ "subnet": open.id, "address": mine.id }));
    let way = made(aws, &nat).await;
    assert!(way.uses.contains(&mine.id) && way.uses.contains(&open.id), "{:?}", way.uses);

    let table = node(
        NodeId::new("route_table", "public"),
        json!({ "vpc": network.id, "way_out": internet.id, "subnets": [open.id] }),
    );
    // Which associations are the stack's own, the subnets tell.
    let routes = made(aws, &table).await;
    let routes = changed(aws, &table, &routes, ("way_out", json!(way.id))).await;
    let table = with(&table, "way_out", json!(way.id));
    let routes = changed(aws, &table, &routes, ("subnets", json!([]))).await;
    let table = with(&table, "subnets", json!([]));
    let routes = changed(aws, &table, &routes, ("way_out", json!(""))).await;

    let s3 = json!({ "vpc": network.id, "service": "com.amazonaws.us-east-1.s3", "interface": false,
        "route_tables": [routes.id], "subnets": [], "security_groups": [], "private_dns": false });
    let s3 = node(vpc_endpoint::id("s3"), s3);
    let endpoint = made(aws, &s3).await;
    let endpoint = changed(aws, &s3, &endpoint, ("route_tables", json!([]))).await;

    gone(aws, &s3, &endpoint).await;
    gone(aws, &table, &routes).await;
    gone(aws, &nat, &way).await;
    gone(aws, &address, &mine).await;
    gone(aws, &gateway, &internet).await;
    gone(aws, &public, &open).await;
    gone(aws, &vpc, &network).await;
}

#[tokio::test]
async fn networks_of_the_stacks_own() {
    let moto = Moto::start();
    life(&moto.aws().await).await;
}

#[test]
fn networks_of_the_stacks_own_in_the_simulated_aws() {
    in_virtual_time(async {
        let bench = Bench::new("us-east-1");
        life(&bench.aws()).await;
    });
}
