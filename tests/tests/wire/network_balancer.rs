//! Network load balancers with their target groups and listeners, against moto and against the simulated AWS, which both speak to the SDK.

use evenkeel_aws::client::Aws;
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_tests::moto::Moto;
use evenkeel_tests::simulated::{Bench, in_virtual_time};
use serde_json::json;

use super::elb::{create, delete, forward, group, load_balancer, network, observe, only, target_group, update, with};

/// A target group for TCP, checked by opening a connection.
fn tcp_group(entry: &str, vpc: &str) -> Node {
    let mut node = target_group(entry, vpc);
    node.want["protocol"] = "TCP".into();
    node.want["protocol_version"] = json!(null);
    let check = json!({ "protocol": "TCP", "path": null, "matcher": null });
    for (field, value) in check.as_object().expect("a map") {
        node.want["health_check"][field] = value.clone();
    }
    node
}

fn tcp_listener(balancer: &str, target: &str) -> Node {
    let want = json!({
        "load_balancer": balancer,
        "port": 5432,
        "protocol": "TCP",
        "certificate": null,
        "certificates": [],
        "ssl_policy": null,
        "default": forward(&[(target, 1)]),
        "tags": { "team": "a" },
    });
    Node::new(NodeId::new("listener", "net/db"), "t-net:5432", want)
}

async fn life(aws: &Aws) {
    let (subnets, vpc) = network(aws).await;
    let one = group(aws, "one", &vpc).await;
    let node = load_balancer("net", &subnets[..1], std::slice::from_ref(&one));
    let node = with(&node, "type", json!("network"));
    let node = with(&node, "vpc", json!(vpc));
    let node = with(&node, "has_security_groups", json!(true));
    let node = with(&node, "static_addresses", json!(false));
    let live = create(aws, &node, "t-net").await.unwrap();
    let read = only(aws, "load_balancer", &[&node]).await;
    assert_eq!(read.have, live.have);
    for field in ["type", "scheme", "subnets", "security_groups", "has_security_groups", "static_addresses"] {
        assert_eq!(read.have[field], node.want[field], "{field}");
    }

    let wider = with(&node, "subnets", json!(subnets[..2]));
    update(aws, &wider, &read, &["subnets"]).await.unwrap();
    let read = only(aws, "load_balancer", &[&wider]).await;
    assert_eq!(read.have["subnets"], wider.want["subnets"]);

    let first = create(aws, &tcp_group("db", &vpc), "t-db").await.unwrap();
    let second = create(aws, &tcp_group("other", &vpc), "t-other").await.unwrap();
    let groups = observe(aws, "target_group", &[&tcp_group("db", &vpc), &tcp_group("other", &vpc)]).await;
    let seen = groups.iter().find(|group| group.id == first.id).expect("it is read");
    assert_eq!(seen.have["protocol_version"], json!(null));
    assert_eq!(seen.have["health_check"], tcp_group("db", &vpc).want["health_check"]);

    let listener = tcp_listener(&read.id, &first.id);
    create(aws, &listener, "t-net:5432").await.unwrap();
    assert_eq!(only(aws, "listener", &[&wider, &listener]).await.have, listener.want);
    let shared = with(&listener, "default", forward(&[(&first.id, 90), (&second.id, 10)]));
    let live = only(aws, "listener", &[&wider, &listener]).await;
    update(aws, &shared, &live, &["default"]).await.unwrap();
    let live = only(aws, "listener", &[&wider, &shared]).await;
    assert_eq!(live.have, shared.want);

    delete(aws, &shared, &live).await.unwrap();
    delete(aws, &wider, &read).await.unwrap();
    assert!(observe(aws, "load_balancer", &[&wider]).await.is_empty());
}

#[tokio::test]
async fn network_load_balancers() {
    let moto = Moto::start();
    life(&moto.aws().await).await;
}

#[test]
fn network_load_balancers_of_the_simulated_aws() {
    in_virtual_time(async {
        let bench = Bench::new("us-east-1");
        life(&bench.aws()).await;
    });
}
