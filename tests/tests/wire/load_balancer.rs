//! Load balancers against moto. It does not know the attribute `client_keep_alive.seconds` and is active at once.

use evenkeel_aws::resource::Work;
use evenkeel_core::cloud::{Goal, Waiting};
use evenkeel_core::snapshot::{Owner, Readiness};
use evenkeel_tests::moto::Moto;
use serde_json::json;

use super::elb::{create, delete, driver, group, load_balancer, network, observe, only, update, with};

#[tokio::test]
async fn load_balancers() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let (subnets, vpc) = network(&aws).await;
    let (a, b) = (group(&aws, "a", &vpc).await, group(&aws, "b", &vpc).await);
    let node = load_balancer("web", &subnets[..2], std::slice::from_ref(&a));
    let node = with(&node, "attributes", json!({ "idle_timeout.timeout_seconds": "90" }));
    let node = with(&node, "vpc", json!(vpc));
    assert!(observe(&aws, "load_balancer", &[&node]).await.is_empty());

    let made = create(&aws, &node, "t-web").await.unwrap();
    assert_eq!(made.have, node.want);
    let live = only(&aws, "load_balancer", &[&node]).await;
    assert_eq!(live.have, node.want);
    assert_eq!(live.owner, Owner::Ours(node.id.clone()));
    assert!(live.uses.contains(&a), "{:?}", live.uses);
    for output in ["arn", "dns_name", "zone_id", "name", "full"] {
        assert!(!live.outputs[output].as_str().unwrap().is_empty(), "{output}");
    }
    assert!(live.outputs["full"].as_str().unwrap().starts_with("app/t-web/"));

    let mut want = node.clone();
    let mut sorted = [a.clone(), b.clone()];
    sorted.sort();
    let fields = [
        ("subnets", json!(subnets[1..4])),
        ("security_groups", json!(sorted)),
        ("ip_address_type", json!("dualstack")),
        ("attributes", json!({ "idle_timeout.timeout_seconds": "30", "routing.http2.enabled": "false" })),
        ("attributes", json!({ "routing.http2.enabled": "false" })),
        ("attributes", json!({})),
        ("tags", json!({ "cost": "1" })),
    ];
    for (field, value) in fields {
        let live = only(&aws, "load_balancer", &[&want]).await;
        want.want[field] = value;
        update(&aws, &want, &live, &[field]).await.unwrap();
        assert_eq!(only(&aws, "load_balancer", &[&want]).await.have, want.want, "{field}");
    }
    let reply = aws.elb().describe_load_balancer_attributes().load_balancer_arn(&live.id).send().await.unwrap();
    let value = |key: &str| reply.attributes().iter().find(|a| a.key() == Some(key)).and_then(|a| a.value());
    assert_eq!(value("idle_timeout.timeout_seconds"), Some("60"));
    assert_eq!(value("routing.http2.enabled"), Some("true"));

    // A missing one does not hide the others.
    let mut lost = live.clone();
    lost.id = format!("{}0", live.id);
    let waiting: Vec<Waiting> = [live.clone(), lost]
        .into_iter()
        .map(|live| Waiting { node: node.id.clone(), live, goal: Goal::Ready })
        .collect();
    let answers = driver("load_balancer").poll(Work { aws: &aws, stack: super::elb::STACK }, &waiting).await;
    assert_eq!(answers, [Ok(Readiness::Ready), Ok(Readiness::Gone)]);

    // A protected one stays, and it is said why.
    let live = only(&aws, "load_balancer", &[&want]).await;
    let protected = with(&want, "attributes", json!({ "deletion_protection.enabled": "true" }));
    update(&aws, &protected, &live, &["attributes"]).await.unwrap();
    let live = only(&aws, "load_balancer", &[]).await;
    assert_eq!(live.have["attributes"], protected.want["attributes"]);
    update(&aws, &want, &live, &["attributes"]).await.unwrap();

    delete(&aws, &want, &live).await.unwrap();
    delete(&aws, &want, &live).await.unwrap();
    assert!(observe(&aws, "load_balancer", &[&want]).await.is_empty());

    for name in ["t-web", "other"] {
        let request = aws.elb().create_load_balancer().name(name).set_subnets(Some(subnets[..2].to_vec()));
        request.send().await.unwrap();
    }
    let foreign = only(&aws, "load_balancer", &[&node]).await;
    assert_eq!((foreign.name.as_str(), &foreign.owner), ("t-web", &Owner::Nobody));
}
