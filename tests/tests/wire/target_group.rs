//! Target groups against moto.

use evenkeel_core::snapshot::Owner;
use evenkeel_tests::moto::Moto;
use serde_json::json;

use super::elb::{create, delete, network, observe, only, target_group, update, with};

#[tokio::test]
async fn target_groups() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let (_, vpc) = network(&aws).await;
    let node = target_group("web", &vpc);
    assert!(observe(&aws, "target_group", &[&node]).await.is_empty());

    let attributes = json!({ "deregistration_delay.timeout_seconds": "5", "stickiness.enabled": "true" });
    let node = with(&node, "attributes", attributes);
    let made = create(&aws, &node, "t-web").await.unwrap();
    assert_eq!(made.have, node.want);
    let live = only(&aws, "target_group", &[&node]).await;
    assert_eq!(live.have, node.want);
    assert_eq!(live, made);
    assert_eq!(live.owner, Owner::Ours(node.id.clone()));
    assert_eq!(live.outputs["arn"], live.id.as_str());

    // Each field of the health check.
    let mut changed = node.clone();
    let fields = [
        ("protocol", json!("HTTPS")),
        ("port", json!("3001")),
        ("path", json!("/ok")),
        ("interval_secs", json!(40)),
        ("timeout_secs", json!(7)),
        ("healthy_threshold", json!(2)),
        ("unhealthy_threshold", json!(5)),
        ("matcher", json!("200")),
    ];
    for (field, value) in fields {
        let live = only(&aws, "target_group", &[&node]).await;
        changed.want["health_check"][field] = value;
        update(&aws, &changed, &live, &[&format!("health_check.{field}")]).await.unwrap();
        assert_eq!(only(&aws, "target_group", &[&node]).await.have, changed.want, "{field}");
    }

    // An attribute that leaves the file is seen and goes back to AWS's default, even if no other is left.
    let live = only(&aws, "target_group", &[&changed]).await;
    let fewer = with(&changed, "attributes", json!({ "slow_start.duration_seconds": "30" }));
    update(&aws, &fewer, &live, &["attributes.slow_start.duration_seconds"]).await.unwrap();
    let live = only(&aws, "target_group", &[&fewer]).await;
    assert_eq!(live.have, fewer.want);
    let none = with(&changed, "attributes", json!({}));
    let live = only(&aws, "target_group", &[&none]).await;
    assert_eq!(live.have["attributes"], json!({ "slow_start.duration_seconds": "30" }));
    update(&aws, &none, &live, &["attributes.slow_start.duration_seconds"]).await.unwrap();
    assert_eq!(only(&aws, "target_group", &[&none]).await.have, none.want);
    let reply = aws.elb().describe_target_group_attributes().target_group_arn(&live.id).send().await.unwrap();
    let value = |key: &str| reply.attributes().iter().find(|a| a.key() == Some(key)).and_then(|a| a.value());
    assert_eq!(value("deregistration_delay.timeout_seconds"), Some("300"));
    assert_eq!(value("stickiness.enabled"), Some("false"));
    assert_eq!(value("slow_start.duration_seconds"), Some("0"));

    // Tags; a new mark alone.
    let live = only(&aws, "target_group", &[&none]).await;
    let tagged = with(&none, "tags", json!({ "cost": "1" }));
    update(&aws, &tagged, &live, &["tags.cost", "tags.team"]).await.unwrap();
    let live = only(&aws, "target_group", &[&tagged]).await;
    assert_eq!(live.have, tagged.want);
    let mut moved = tagged.clone();
    moved.id = evenkeel_core::id::NodeId::new("target_group", "front");
    update(&aws, &moved, &live, &[]).await.unwrap();
    assert_eq!(only(&aws, "target_group", &[&moved]).await.owner, Owner::Ours(moved.id.clone()));
    assert_eq!(observe(&aws, "target_group", &[]).await.len(), 1, "it is found by its tags alone");

    delete(&aws, &moved, &live).await.unwrap();
    delete(&aws, &moved, &live).await.unwrap();
    assert!(observe(&aws, "target_group", &[&moved]).await.is_empty());

    // Somebody else's of a wanted name, and of any other name.
    for name in ["t-web", "other"] {
        let request = aws.elb().create_target_group().name(name).port(80).protocol("HTTP".into()).vpc_id(&vpc);
        request.send().await.unwrap();
    }
    let foreign = only(&aws, "target_group", &[&node]).await;
    assert_eq!((foreign.name.as_str(), &foreign.owner), ("t-web", &Owner::Nobody));
    update(&aws, &node, &foreign, &["health_check.path", "attributes", "tags.team"]).await.unwrap();
    let adopted = only(&aws, "target_group", &[&node]).await;
    assert_eq!(adopted.owner, Owner::Ours(node.id.clone()));
    assert_eq!(adopted.have["attributes"], node.want["attributes"]);
}
