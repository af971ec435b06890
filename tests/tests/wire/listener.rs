//! Listeners and their rules against moto. It refuses to swap two priorities in one request, which AWS does, and its
//! `update` of certificates needs one that exists, so a server certificate of IAM stands in.

use evenkeel_aws::client::Aws;
use evenkeel_aws::resource::Work;
use evenkeel_core::diff::{Change, Effect};
use evenkeel_core::doc::Doc;
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::snapshot::{Live, Owner};
use evenkeel_tests::moto::Moto;
use serde_json::json;

use super::elb::{
    create, delete, driver, forward, load_balancer, network, observe, only, target_group, update, update_with, with,
};

/// A load balancer and two target groups.
struct World {
    moto: Moto,
    aws: Aws,
    balancer: (Node, Live),
    groups: [Live; 2],
}

async fn world() -> World {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let (subnets, vpc) = network(&aws).await;
    let node = load_balancer("web", &subnets[..2], &[]);
    let node = with(&node, "security_groups", Doc::Null);
    let balancer = create(&aws, &node, "t-web").await.expect("a load balancer can be made");
    let a = create(&aws, &target_group("a", &vpc), "t-a").await.expect("a target group can be made");
    let b = create(&aws, &target_group("b", &vpc), "t-b").await.expect("a target group can be made");
    World { moto, aws, balancer: (node, balancer), groups: [a, b] }
}

fn listener(world: &World, entry: &str, port: u16, default: Doc) -> Node {
    let want = json!({
        "load_balancer": world.balancer.1.id,
        "port": port,
        "protocol": "HTTP",
        "certificate": null,
        "certificates": [],
        "ssl_policy": null,
        "default": default,
        "tags": { "team": "a" },
    });
    Node::new(NodeId::new("listener", &format!("web/{entry}")), format!("t-web:{port}"), want)
}

fn redirect() -> Doc {
    json!({
        "type": "redirect", "protocol": "HTTPS", "port": "443", "host": "#{host}", "path": "/#{path}",
        "query": "#{query}", "status": "HTTP_301",
    })
}

fn fixed() -> Doc {
    json!({ "type": "fixed_response", "status": "404", "content_type": "text/plain", "body": "nothing" })
}

async fn certificate(aws: &Aws, name: &str) -> String {
    let request = aws.iam().upload_server_certificate().server_certificate_name(name);
    let reply = request.certificate_body("body").private_key("key").send().await.expect("moto takes any text");
    reply.server_certificate_metadata().map(|metadata| metadata.arn().to_owned()).unwrap_or_default()
}

#[tokio::test]
async fn listeners() {
    let world = world().await;
    let aws = &world.aws;
    let [a, b] = [world.groups[0].id.as_str(), world.groups[1].id.as_str()];
    let balancer = &world.balancer.0;
    let mut node = listener(&world, "http", 80, redirect());
    assert!(observe(aws, "listener", &[balancer, &node]).await.is_empty());
    let made = create(aws, &node, "t-web:80").await.unwrap();
    assert_eq!(made.have, node.want);
    let live = only(aws, "listener", &[balancer, &node]).await;
    assert_eq!(live, made);
    assert_eq!(live.owner, Owner::Ours(node.id.clone()));
    assert_eq!(live.within.as_deref(), Some(world.balancer.1.id.as_str()));
    assert_eq!(only(aws, "listener", &[]).await.have, node.want, "it is found by its load balancer's tags alone");

    let (one, two) = (certificate(aws, "one").await, certificate(aws, "two").await);
    let three = certificate(aws, "three").await;
    let steps: Vec<Vec<(&str, Doc)>> = vec![
        vec![("default", fixed())],
        vec![("default", forward(&[(a, 1)]))],
        vec![("default", forward(&[(a, 90), (b, 10)]))],
        vec![("port", json!(8080))],
        vec![
            ("protocol", json!("HTTPS")),
            ("certificate", json!(one)),
            ("ssl_policy", json!("ELBSecurityPolicy-2016-08")),
        ],
        vec![("certificate", json!(two))],
        // moto forgets the others where the default one changes, so they come after it.
        vec![("certificates", json!([three]))],
        vec![("certificates", json!([three, one]))],
        vec![("certificates", json!([]))],
        vec![("ssl_policy", json!("ELBSecurityPolicy-TLS13-1-2-2021-06"))],
        vec![("tags", json!({ "cost": "1" }))],
    ];
    for step in steps {
        let live = only(aws, "listener", &[balancer]).await;
        let fields: Vec<&str> = step.iter().map(|(field, _)| *field).collect();
        for (field, value) in &step {
            node.want[*field] = value.clone();
        }
        let updated = update(aws, &node, &live, &fields).await.unwrap();
        let live = only(aws, "listener", &[balancer]).await;
        assert_eq!(live.have, node.want, "{fields:?}");
        assert_eq!(live.uses, updated.uses);
    }
    let live = only(aws, "listener", &[balancer]).await;
    assert_eq!(live.uses, [a, b, two.as_str()]);
    delete(aws, &node, &live).await.unwrap();
    delete(aws, &node, &live).await.unwrap();
    assert!(observe(aws, "listener", &[balancer]).await.is_empty());

    // Somebody else's on a wanted port is in the way; on another port it is none of our business.
    for port in [80, 81] {
        let action = evenkeel_aws::kinds::listener::action::Action::FixedResponse {
            status: "200".to_owned(),
            content_type: Some("text/plain".to_owned()),
            body: String::new(),
        };
        let request = aws.elb().create_listener().load_balancer_arn(&world.balancer.1.id).port(port);
        request.protocol("HTTP".into()).default_actions(action.to_api().unwrap()).send().await.unwrap();
    }
    let wanted = listener(&world, "http", 80, redirect());
    let foreign = only(aws, "listener", &[balancer, &wanted]).await;
    assert_eq!((foreign.name.as_str(), &foreign.owner), ("t-web:80", &Owner::Nobody));
    drop(world.moto);
}

fn rule(priority: u32, conditions: Doc, action: Doc) -> Doc {
    json!({ "priority": priority, "conditions": conditions, "action": action })
}

fn rules_node(listener: &Live, rules: &[Doc]) -> Node {
    let want = json!({ "listener": listener.id, "rules": rules, "tags": { "team": "a" } });
    Node::new(NodeId::new("listener_rules", "web/http"), "t-web:80", want)
}

/// The document with its rules in the order of their priorities.
fn in_order(doc: &Doc) -> Doc {
    let mut doc = doc.clone();
    if let Some(rules) = doc["rules"].as_array_mut() {
        rules.sort_by_key(|rule| rule["priority"].as_u64());
    }
    doc
}

#[tokio::test]
async fn listener_rules() {
    let world = world().await;
    let aws = &world.aws;
    let [a, b] = [world.groups[0].id.as_str(), world.groups[1].id.as_str()];
    let node = listener(&world, "http", 80, redirect());
    let listener = create(aws, &node, "t-web:80").await.unwrap();
    let host = |name: &str| json!({ "host": [name] });
    let everything = json!({
        "host": ["x.example"], "path": ["/a/*"], "header": { "X-V": ["1", "2"] }, "method": ["GET"],
    });
    let query = json!({ "query": [{ "value": "beta" }, { "key": "v", "value": "1" }], "source_ip": ["10.0.0.0/8"] });
    let rules = [
        rule(10, host("api.example"), forward(&[(a, 1)])),
        rule(20, everything, forward(&[(a, 3), (b, 1)])),
        rule(30, query, fixed()),
        rule(40, host("old.example"), redirect()),
    ];
    let wanted = rules_node(&listener, &rules);
    let nodes = [&world.balancer.0, &node, &wanted];
    assert!(observe(aws, "listener_rules", &nodes).await.is_empty());
    let made = create(aws, &wanted, "t-web:80").await.unwrap();
    let live = only(aws, "listener_rules", &nodes).await;
    assert_eq!(in_order(&live.have), in_order(&wanted.want));
    assert_eq!((&live.id, &live.owner, &live.within), (&made.id, &made.owner, &made.within));
    assert_eq!(live.handles.len(), 4);
    let holders = driver("target_group").holders(Work { aws, stack: super::elb::STACK }, &world.groups[0]).await;
    assert!(holders[0].starts_with("a listener or rule of load balancer app/t-web/"), "{holders:?}");
    // A second try after a lost reply finds them all there.
    create(aws, &wanted, "t-web:80").await.unwrap();
    assert_eq!(only(aws, "listener_rules", &nodes).await, live);
    assert_eq!(only(aws, "listener_rules", &[]).await.have, live.have, "found without a file");

    // One stays and moves, one changes its action, one its conditions, one goes and one comes.
    let next = [
        rule(40, host("api.example"), forward(&[(a, 1)])),
        rule(20, rules[1]["conditions"].clone(), forward(&[(a, 1), (b, 3)])),
        rule(30, host("new.example"), fixed()),
        rule(50, host("more.example"), forward(&[(b, 1)])),
    ];
    let changed = with(&rules_node(&listener, &next), "tags", json!({ "cost": "1" }));
    update(aws, &changed, &live, &["rules[x].action.targets[y].weight", "rules[z]", "tags"]).await.unwrap();
    let live = only(aws, "listener_rules", &nodes).await;
    assert_eq!(in_order(&live.have), in_order(&changed.want));
    assert!(live.foreign.is_empty());

    // A rule made by hand is told and left alone, and taken over only when the change names it.
    let by_hand = serde_json::from_value::<evenkeel_aws::kinds::listener_rules::conditions::Conditions>(host("hand"));
    let action: evenkeel_aws::kinds::listener::action::Action = serde_json::from_value(fixed()).unwrap();
    let request = aws.elb().create_rule().listener_arn(&listener.id).priority(60);
    let request = request.set_conditions(Some(by_hand.unwrap().to_api())).actions(action.to_api().unwrap());
    request.send().await.unwrap();
    let live = only(aws, "listener_rules", &nodes).await;
    assert_eq!(in_order(&live.have), in_order(&changed.want));
    assert_eq!(live.foreign[0].key, "priority 60");
    assert_eq!(live.foreign[0].have, rule(60, host("hand"), fixed()));
    let mut taking = changed.clone();
    let ours = rule(60, host("ours.example"), forward(&[(b, 1)]));
    taking.want["rules"].as_array_mut().unwrap().push(ours.clone());
    let take = Change {
        path: "rules[60]".to_owned(),
        from: Some(live.foreign[0].have.clone()),
        to: Some(ours),
        effect: Effect::Update,
    };
    update_with(aws, &taking, &live, &[take]).await.unwrap();
    let live = only(aws, "listener_rules", &nodes).await;
    assert_eq!(in_order(&live.have), in_order(&taking.want));
    assert!(live.foreign.is_empty());

    // Delegated weights: another change does not touch them.
    let mut fewer = taking.clone();
    fewer.want["rules"] = json!([rule(20, rules[1]["conditions"].clone(), forward(&[(a, 100), (b, 0)]))]);
    update(aws, &fewer, &live, &["rules[x]"]).await.unwrap();
    let live = only(aws, "listener_rules", &nodes).await;
    assert_eq!(live.have["rules"], json!([next[1]]));

    delete(aws, &wanted, &live).await.unwrap();
    delete(aws, &wanted, &live).await.unwrap();
    assert!(observe(aws, "listener_rules", &nodes).await.is_empty());
    drop(world.moto);
}

#[tokio::test]
async fn a_reading_takes_four_round_trips_and_no_call_too_many() {
    let world = world().await;
    let [a, b] = [world.groups[0].id.as_str(), world.groups[1].id.as_str()];
    let node = listener(&world, "http", 80, forward(&[(a, 1)]));
    let made = create(&world.aws, &node, "t-web:80").await.unwrap();
    let rules: Vec<Doc> =
        (1..=20_u32).map(|at| rule(at, json!({ "host": [format!("h{at}")] }), forward(&[(b, 1)]))).collect();
    let wanted = rules_node(&made, &rules);
    create(&world.aws, &wanted, "t-web:80").await.unwrap();

    let groups = ["a", "b"].map(|entry| target_group(entry, ""));
    let nodes = [&world.balancer.0, &node, &wanted, &groups[0], &groups[1]];
    // A slow reply of one service makes the chain look longer than it is, never shorter: the shortest of several counts.
    let mut shortest = u32::MAX;
    for _ in 0..8 {
        let aws = world.moto.aws().await;
        let rules = only(&aws, "listener_rules", &nodes).await;
        assert_eq!(rules.handles.len(), 20);
        shortest = shortest.min(aws.caller.stats().round_trips);
    }
    assert!(shortest <= 4, "{shortest} round trips");
    let aws = world.moto.aws().await;
    only(&aws, "listener_rules", &nodes).await;
    let stats = aws.caller.stats();
    let calls: Vec<(&str, u64)> = stats
        .calls
        .iter()
        .filter(|(call, _)| call.starts_with("elb:"))
        .map(|(call, count)| (call.as_str(), *count))
        .collect();
    let expected = [
        ("elb:DescribeListeners", 1),
        ("elb:DescribeLoadBalancers", 1),
        ("elb:DescribeRules", 1),
        // A load balancer, two groups, a listener and twenty rules, twenty to a request.
        ("elb:DescribeTags", 2),
        ("elb:DescribeTargetGroups", 1),
    ];
    assert_eq!(calls, expected);
}

#[tokio::test]
async fn marks_that_are_half_moved_and_rules_in_the_way() {
    let world = world().await;
    let aws = &world.aws;
    let a = world.groups[0].id.as_str();
    let node = listener(&world, "http", 80, redirect());
    let made = create(aws, &node, "t-web:80").await.unwrap();
    let rules = [1, 2].map(|at| rule(at, json!({ "host": [format!("h{at}")] }), forward(&[(a, 1)])));
    let wanted = rules_node(&made, &rules);
    let balancer = &world.balancer.0;

    // Only a rule of somebody else is there: it is told before anything is made.
    let action: evenkeel_aws::kinds::listener::action::Action = serde_json::from_value(fixed()).unwrap();
    let conditions = evenkeel_aws::kinds::listener_rules::conditions::Conditions {
        host: vec!["hand".to_owned()],
        ..Default::default()
    };
    let request = aws.elb().create_rule().listener_arn(&made.id).priority(2).actions(action.to_api().unwrap());
    let reply = request.set_conditions(Some(conditions.to_api())).send().await.unwrap();
    let live = only(aws, "listener_rules", &[balancer, &node, &wanted]).await;
    assert_eq!(live.have["rules"], json!([]));
    assert_eq!((live.foreign.len(), &live.owner), (1, &Owner::Ours(wanted.id.clone())));
    assert!(observe(aws, "listener_rules", &[balancer, &node]).await.is_empty(), "nobody wants rules");
    let error = create(aws, &wanted, "t-web:80").await.unwrap_err();
    assert_eq!(error.code, "PriorityInUse");
    let arn = reply.rules()[0].rule_arn().unwrap_or_default();
    aws.elb().delete_rule().rule_arn(arn).send().await.unwrap();

    // The rest of a creation that was cut short, and a mark that only one rule has.
    create(aws, &wanted, "t-web:80").await.unwrap();
    let live = only(aws, "listener_rules", &[balancer, &node, &wanted]).await;
    assert_eq!(in_order(&live.have), in_order(&wanted.want));
    let mut moved = wanted.clone();
    moved.id = NodeId::new("listener_rules", "web/plain");
    let tag = evenkeel_aws::services::elb::api_tags(&[("evenkeel:id".to_owned(), moved.id.to_string())].into());
    aws.elb().add_tags().resource_arns(&live.handles[0]).set_tags(Some(tag)).send().await.unwrap();
    let half = only(aws, "listener_rules", &[balancer, &node, &moved]).await;
    assert_eq!(half.owner, Owner::Ours(moved.id.clone()));
    assert_ne!(half.have["tags"], moved.want["tags"], "so that the plan changes it");
    update(aws, &moved, &half, &["tags.evenkeel:id"]).await.unwrap();
    let whole = only(aws, "listener_rules", &[balancer, &node, &moved]).await;
    assert_eq!(in_order(&whole.have), in_order(&moved.want));
    assert_eq!(only(aws, "listener_rules", &[]).await.owner, Owner::Ours(moved.id.clone()));
}
