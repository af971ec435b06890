//! Deployments that fail because packets do not get where they have to: what is said of them, and that the mended file converges.

use serde_json::json;

use super::Desk;

/// A service behind a load balancer. `INGRESS` and `EGRESS` are rules of its group, `MORE` are further keys of the service, `CHECK` of
/// the target group.
const STACK: &str = r#"stack: shop
region: us-east-1
security_groups:
  alb: { ingress: [{ port: 80, from: 0.0.0.0/0 }] }
  app:
    ingress: [INGRESS]
    egress: [EGRESS]
load_balancers: { web: { security_groups: [alb], listeners: { http: { forward: web } } } }
target_groups: { web: { port: 8080, deregistration_delay: 5s, health_check: { path: /, CHECK } } }
cluster: shop
services:
  web:
    cpu: 256
    memory: 512
    containers: { app: { image: "ghcr.io/example/web:1", port: 8080 } }
    security_groups: [app]
    target_group: web
    MORE
"#;

const OPEN: &str = "{ port: 8080, from: alb }";
const OUT: &str = "{ to: 0.0.0.0/0, protocol: all }";

fn stack(ingress: &str, egress: &str, check: &str, more: &str) -> String {
    let text = STACK.replace("INGRESS", ingress).replace("EGRESS", egress);
    text.replace("CHECK", check).replace("MORE", more).replace(", }", " }")
}

fn good() -> String {
    stack(OPEN, OUT, "interval: 30s", "desired_count: 1")
}

#[test]
fn what_the_file_closes_is_told_with_its_line_and_mending_it_converges() {
    let interval = "interval: 30s";
    let one = "desired_count: 1";
    // What is wrong, what AWS says, what the file says, and where in it.
    let cases = [
        (
            stack("{ port: 80, from: alb }", OUT, interval, one),
            vec!["Request timed out", "Task failed ELB health checks"],
            "load balancer `web` does not reach service `web` on port 8080: security group app does not admit alb on 8080",
            "stack.yaml:5:3",
            "Add to `ingress` of app: { port: 8080, from: alb }",
        ),
        (
            stack(OPEN, OUT, "port: 9000", one),
            vec!["Request timed out"],
            "nothing in service `web` listens on port 9000, where target group `web` checks its health",
            "stack.yaml:9:",
            "leave `port` out of `health_check`",
        ),
        (
            stack("{ port: 8080, from: alb }, { port: 9000, from: alb }", OUT, "port: 9000", one),
            vec!["due to (reason Health checks failed)"],
            "nothing in service `web` listens on port 9000, where target group `web` checks its health",
            "stack.yaml:9:",
            "leave `port` out of `health_check`",
        ),
        (
            stack(OPEN, OUT, interval, "assign_public_ip: false"),
            vec!["CannotPullContainerError", "i/o timeout"],
            "tasks of service `web` have no way to their images: no public address in the default subnets",
            "stack.yaml:12:3",
            "Write assign_public_ip: true",
        ),
        (
            stack(OPEN, "{ port: 80, to: 0.0.0.0/0 }", interval, one),
            vec!["CannotPullContainerError", "i/o timeout"],
            "tasks of service `web` have no way to their images: security group app lets nothing out on port 443",
            "stack.yaml:5:3",
            "Add to `egress` of app: { port: 443, to: 0.0.0.0/0 }",
        ),
    ];
    for (text, aws, why, place, help) in cases {
        let desk = Desk::new(&text);
        let ran = desk.sim(&["apply", "--yes"]).exits(1);
        let (_, end) = ran.stdout.split_once("\nfailed: ").expect("a step failed");
        let flat = |text: &str| text.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ");
        let told = flat(end);
        for part in aws {
            assert!(told.contains(part), "{part}: {}", ran.stdout);
        }
        for part in ["The stack file tells why:", why, place, help] {
            assert!(told.contains(part), "{part}: {}", ran.stdout);
        }
        desk.write("stack.yaml", good().as_bytes());
        desk.sim(&["apply", "--yes"]).exits(0);
        let again = desk.sim(&["plan"]).exits(0);
        assert!(again.stdout.contains("No changes"), "{}", again.stdout);
    }
}

#[test]
fn what_the_file_does_not_tell_is_left_to_the_words_of_aws() {
    let desk = Desk::new(&stack(OPEN, OUT, "interval: 30s", "desired_count: 1").replace("/web:1", "/web-unhealthy:1"));
    let ran = desk.sim(&["apply", "--yes"]).exits(1);
    assert!(
        ran.stdout.contains("Request timed out") && !ran.stdout.contains("The stack file tells why"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_group_that_is_closed_by_hand_shows_in_status_and_apply_opens_it_again() {
    let desk = Desk::new(&good().replace("    desired_count: 1", "    health_check_grace_period: 2h"));
    desk.sim(&["apply", "--yes"]).exits(0);
    let groups = desk.call("ec2", "DescribeSecurityGroups", &json!({}));
    let groups = groups["SecurityGroups"].as_array().cloned().unwrap_or_default();
    let group = groups.iter().find(|group| group["GroupName"] == "shop-app").expect("the group of the service");
    let rule = json!({ "GroupId": group["GroupId"], "IpPermissions": group["IpPermissions"] });
    desk.call("ec2", "RevokeSecurityGroupIngress", &rule);
    let words =
        ["0 of 1 healthy in shop-web", "does not answer the health check in time", "(Target.Timeout)", "answers 503"];
    let told = (0..20).find_map(|_| {
        desk.run(&["outputs", "--sim=world.json", "--sim-speed", "2000"]).exits(0);
        let told = desk.sim(&["status"]).stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        words.iter().all(|word| told.contains(word)).then_some(told)
    });
    assert!(told.is_some(), "{}", desk.sim(&["status"]).stdout);
    desk.sim(&["apply", "--yes"]).exits(0);
    desk.sim(&["status"]).exits(0);
}
