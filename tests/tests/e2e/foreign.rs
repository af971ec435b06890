//! Things of others: conflicts are in the plan, never in a failed apply; nothing foreign is touched; adoption is explicit.

use evenkeel_tests::moto::Moto;
use evenkeel_tests::world::world;

use super::{Bench, STACK};

#[tokio::test]
async fn a_clash_is_reported_before_anything_is_done_and_can_be_adopted() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    aws.logs().create_log_group().log_group_name("bench-app").send().await.expect("by hand");
    let group = aws.elb().create_target_group().name("bench-web").port(3000).target_type("ip".into());
    let vpc = aws.ec2().describe_vpcs().send().await.expect("a VPC").vpcs()[0].vpc_id().expect("an id").to_owned();
    group.protocol("HTTP".into()).vpc_id(vpc).send().await.expect("by hand");
    let before = world(&aws).await;
    let bench = Bench::new(&moto.url(), STACK);
    let plan = bench.run("plan", &[]).exits(4);
    for word in ["log_group.app", "target_group.web", "--adopt"] {
        assert!(plan.stdout.contains(word), "{word}:\n{}", plan.stdout);
    }
    bench.run("apply", &["--yes"]).exits(4);
    assert_eq!(world(&aws).await, before, "a refused apply does nothing");
    bench.run("apply", &["--yes", "--adopt", "log_group.app", "--adopt", "target_group.web"]).exits(0);
    bench.settled();
    bench.run("destroy", &["--yes"]).exits(0);
}

#[tokio::test]
async fn records_of_others_are_neither_changed_nor_deleted() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let text = STACK.replace("    create: true\n", "");
    let zone = aws.route53().create_hosted_zone().name("bench.example").caller_reference("by-hand").send().await;
    let zone = zone.expect("by hand").hosted_zone().expect("a zone").id().to_owned();
    let other = Bench::new(
        &moto.url(),
        "stack: other\nregion: us-east-1\ndns:\n  - zone: bench.example\n    records:\n      - { name: txt, txt: [theirs] }\n      - { name: more, a: [192.0.2.1] }\n",
    );
    other.apply();
    let before = world(&aws).await;
    let bench = Bench::new(&moto.url(), &text);
    let refused = bench.run("apply", &["--yes"]).exits(4);
    assert!(refused.stdout.contains("txt.bench.example/TXT"), "{}", refused.stdout);
    assert!(refused.stdout.contains("other"), "whose it is, is told:\n{}", refused.stdout);
    assert_eq!(world(&aws).await, before);
    bench.write(&text.replace("      - { name: txt, txt: [hello] }\n", ""));
    bench.apply();
    bench.settled();
    other.settled();
    bench.run("destroy", &["--yes"]).exits(0);
    assert_eq!(world(&aws).await, before, "all of the other stack's is there");
    other.run("destroy", &["--yes"]).exits(0);
    let records = aws.route53().list_resource_record_sets().hosted_zone_id(zone).send().await.expect("records");
    assert_eq!(records.resource_record_sets().len(), 2, "only the zone's own NS and SOA are left");
}

#[tokio::test]
async fn a_rule_made_by_hand_on_our_group_is_drift() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let bench = Bench::new(&moto.url(), STACK);
    bench.apply();
    let groups = aws.ec2().describe_security_groups().send().await.expect("groups");
    let group = groups.security_groups().iter().find(|group| group.group_name() == Some("bench-alb")).expect("ours");
    let open = aws.ec2().authorize_security_group_ingress().group_id(group.group_id().expect("an id"));
    open.ip_protocol("tcp").from_port(22).to_port(22).cidr_ip("0.0.0.0/0").send().await.expect("by hand");
    assert_eq!(bench.plan(), ["update security_group_rules.alb"]);
    bench.apply();
    bench.settled();
}

#[tokio::test]
async fn a_rule_of_ours_does_not_push_a_foreign_one_aside() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let bench = Bench::new(&moto.url(), STACK);
    bench.apply();
    let balancers = aws.elb().describe_load_balancers().send().await.expect("load balancers");
    let arn = balancers.load_balancers()[0].load_balancer_arn().expect("an ARN").to_owned();
    let listeners = aws.elb().describe_listeners().load_balancer_arn(arn).send().await.expect("listeners");
    let listener = listeners.listeners()[0].listener_arn().expect("an ARN").to_owned();
    let rules = aws.elb().describe_rules().listener_arn(&listener).send().await.expect("rules");
    let ours = rules.rules().iter().find(|rule| rule.priority() == Some("10")).expect("ours");
    let by_hand = aws.elb().create_rule().listener_arn(&listener).priority(30).set_actions(ours.actions.clone());
    by_hand.set_conditions(ours.conditions.clone()).send().await.expect("by hand");
    bench.settled();
    let before = world(&aws).await;
    bench.write(&STACK.replace("priority: 20", "priority: 30"));
    let refused = bench.run("apply", &["--yes"]).exits(4);
    assert!(refused.stdout.contains("listener_rules.web/http: priority 30 exists"), "{}", refused.stdout);
    assert_eq!(world(&aws).await, before);
}
