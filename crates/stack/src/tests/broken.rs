//! What is said of broken files: code, line, and the part of the words that matters.

use super::{broken, expect, with_file};

#[test]
fn every_problem_is_told_at_once() {
    broken(
        "stack: 1bad\nregon: eu-west-1\nsecurity_groups:\n  a:\n    ingress:\n      - { port: 99999, from: 10.0.0.0/40 }\n      - { prot: 80, port: 80, from: elb }\n  alb:\nautoscaling: {}\n",
        &[
            (1, "bad-name", "`1bad`"),
            (2, "unknown-key", "Did you mean `region`?"),
            (6, "bad-port", "`99999`"),
            (6, "bad-cidr", "`/40`"),
            (7, "unknown-key", "Did you mean `port`?"),
            (7, "unknown-name", "Did you mean `alb`?"),
            (9, "unknown-key", "autoscaling"),
        ],
    );
}

#[test]
fn one_slip_is_one_error() {
    broken(
        "stack: x\nregion: eu-west-1\nsecurity_gruops: { a: }\nload_balancers: { w: { security_groups: [a], listners: { http: { forward: t } } } }\ntarget_group: { t: { port: 80 } }\n",
        &[
            (3, "unknown-key", "Did you mean `security_groups`?"),
            (4, "unknown-key", "Did you mean `listeners`?"),
            (5, "unknown-key", "Did you mean `target_groups`?"),
        ],
    );
    broken(
        "stack: x\nregion: eu-west-1\nload_balancers:\n  w:\n    listeners:\n      http: { redirect: https }\n    https: { port: 443, fixed_response: 404 }\n",
        &[(7, "unknown-key", "those of an entry of `listeners`")],
    );
}

#[test]
fn texts_that_are_no_stack_file() {
    broken("", &[(1, "empty-file", "empty")]);
    broken("# only a comment\n", &[(1, "empty-file", "empty")]);
    broken("- a\n- b\n", &[(1, "wrong-type", "a list")]);
    broken("stack: x\nstack: y\n", &[(2, "duplicate-key", "`stack`")]);
    broken("stack: x\ntags: { a: 1\n", &[(2, "bad-yaml", "unclosed")]);
    broken("stack: x\n---\nstack: y\n", &[(3, "several-documents", "")]);
    broken("stack: *nothing\n", &[(1, "unknown-anchor", "Quote it")]);
    broken("stack: x\n<<<<<<< HEAD\nregion: a\n=======\nregion: b\n>>>>>>> b\n", &[(2, "bad-yaml", "merge conflict")]);
}

#[test]
fn bombs_are_refused() {
    let mut bomb = "stack: x\na0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let before = format!("*a{}", level - 1);
        bomb.push_str(&format!("a{level}: &a{level} [{}]\n", [before.as_str(); 9].join(", ")));
    }
    let found = super::try_load(&bomb).unwrap_err();
    assert!(found.iter().any(|found| ["alias-bomb", "too-big"].contains(&found.code)), "{}", super::show(&found));
    let deep = format!("stack: x\ntags: {}{}", "[".repeat(5000), "]".repeat(5000));
    let found = super::try_load(&deep).unwrap_err();
    assert!(found.iter().any(|found| ["bad-yaml", "too-big"].contains(&found.code)), "{}", super::show(&found));
}

#[test]
fn placeholders() {
    broken(
        "stack: x\nvars: { a: \"${var.b}\", b: \"${var.a}\" }\ntags:\n  a: ${env.NOT_SET}\n  b: ${var.c}\n  c: ${NAME}\n  d: ${load_balancer.web.dns_name}\n  e: ${log_group.l.nam}\n  f: ${env.X\n  g: ${log_group.l.name}\nlog_groups: { l: }\n",
        &[
            (2, "var-cycle", "a → b → a"),
            (4, "unset-env", "${env.NOT_SET:-value}"),
            (5, "unknown-var", "`c`"),
            (6, "unknown-reference", "${env.NAME}"),
            (7, "unknown-reference", "there is no load balancer `web`"),
            (8, "unknown-output", "`name` and `arn`"),
            (9, "open-placeholder", "never closed"),
            (10, "output-not-here", "cannot depend"),
        ],
    );
}

#[test]
fn listeners_and_rules() {
    broken(
        "stack: x
target_groups:
  a: { port: 80, name: bad_name, health_check: { interval: 10s, timeout: 10s } }
load_balancers:
  w:
    subnets: [subnet-1]
    listeners:
      one: { port: 80, forward: a }
      two: { port: 80, forward: b }
      tls: { port: 443, forward: a }
      three:
        port: 81
        forward: a
        rules:
          - { priority: 1, path: /a, forward: a }
          - { priority: 1, path: [/1, /2, /3, /4, /5, /6], forward: a }
          - { priority: 50001, host: x, forward: a, redirect: https }
",
        &[
            (3, "bad-name", "`bad_name`"),
            (3, "bad-health-check", "shorter"),
            (6, "one-zone", "two availability zones"),
            (9, "unknown-name", "`target_groups` has `a`"),
            (10, "no-certificate", "arn:aws:acm"),
            (16, "duplicate-priority", "priority 1"),
            (16, "too-many", "6 condition values"),
            (17, "out-of-range", "50001"),
            (17, "contradiction", "both `forward` and `redirect`"),
        ],
    );
}

#[test]
fn two_listeners_on_one_port() {
    broken(
        "stack: x\nload_balancers:\n  w:\n    listeners:\n      a: { port: 80, fixed_response: 200 }\n      b: { port: 80, fixed_response: 200 }\n",
        &[(6, "duplicate-port", "port 80")],
    );
}

const SERVICE: &str = "stack: x\ncluster: x\nregion: eu-west-1\ntarget_groups: { t: { port: 80 }, i: { port: 80, target_type: instance } }\n\
                       load_balancers: { w: { listeners: { http: { forward: i } } } }\nservices:\n  s:\n";

#[test]
fn sizes_and_roles_of_fargate() {
    broken(
        &format!(
            "{SERVICE}    cpu: 256\n    memory: 3000\n    containers:\n      a: {{ image: \"a:1\", memory: 4000, logs: l, prots: 80 }}\n      b: {{ cpu: 10 }}\n      c: {{ image: \"c:1\", depends_on: d, privileged: true }}\nlog_groups: {{ l: }}\n"
        ),
        &[
            (4, "unused-target-group", "warning"),
            (9, "fargate-size", "cpu: 512, memory: 3072"),
            (11, "bad-size", "container `a` may use"),
            (11, "unknown-key", "Did you mean `ports`?"),
            (9, "bad-size", "the containers need 4000"),
            (10, "no-execution-role", "CloudWatch Logs"),
            (12, "no-image", "`b`"),
            (13, "unknown-name", "`d`"),
            (13, "not-on-fargate", "privileged"),
        ]
        .map(
            |(line, code, part)| {
                if part == "warning" { (line, "warning unused-target-group", "") } else { (line, code, part) }
            },
        ),
    );
}

#[test]
fn target_groups_of_services() {
    broken(
        &format!(
            "{SERVICE}    cpu: 256\n    memory: 512\n    containers: {{ a: {{ image: \"a:1\", port: 80 }}, b: {{ image: \"b:1\", port: 81 }} }}\n    target_groups:\n      - t\n      - {{ name: t, container: a }}\n      - {{ name: i, port: 99 }}\n      - {{ name: i, port: 81 }}\n      - {{ name: i, container: x }}\n"
        ),
        &[
            (12, "ambiguous", "`a:80` and `b:81`"),
            (12, "unused-target-group", "no listener forwards"),
            (13, "unused-target-group", "no listener forwards"),
            (14, "no-such-port", "port 99"),
            (14, "target-type", "target_type: ip"),
            (15, "target-type", "target_type: ip"),
            (16, "unknown-name", "`x`"),
            (16, "target-type", "target_type: ip"),
        ],
    );
}

#[test]
fn services() {
    broken(
        &format!(
            "{SERVICE}    cpu: 256\n    memory: 512\n    launch_type: FARGATE\n    capacity_provider_strategy: {{ FARGATE: 0 }}\n    autoscaling: {{ min: 1 }}\n    execution_role: exce\n    health_check_grace_period: 30s\n    deployment: {{ minimum_healthy_percent: 100, maximum_percent: 100 }}\n    containers:\n      a: {{ image: \"a:1\", port: \"80:81\", health_check: {{ interval: 1s, command: x }}, secrets: {{ A: secretsmanager:x }} }}\nroles: {{ exec: }}\n"
        ),
        &[
            (10, "contradiction", "capacity provider strategy"),
            (11, "bad-value", "0"),
            (12, "missing-key", "max: 4"),
            (13, "unknown-name", "Did you mean `exec`?"),
            (15, "bad-value", "neither stop"),
            (17, "host-port", "80"),
            (17, "out-of-range", "5 to 300"),
            (17, "bad-secret", "ARN"),
            (4, "warning unused-target-group", ""),
        ],
    );
}

#[test]
fn capacity_of_ones_own() {
    broken(
        "stack: x
cluster: { name: x, capacity_providers: [main], default_strategy: main }
roles:
  starts: { trust: ecs, managed_policies: [AmazonECSInfrastructureRolePolicyForManagedInstances] }
  runs: { trust: ecs-tasks }
capacity_providers:
  main: { managed_instances: { infrastructure_role: starts, instance_role: runs } }
  both: { managed_instances: { instance_role: runs, instance_profile: \"arn:aws:iam::123456789012:instance-profile/a\" } }
  types: { managed_instances: { requirements: { allowed_instance_types: m7, vcpu_count: { min: 4, max: 2 } } } }
  lists: { managed_instances: { requirements: { allowed_instance_types: m7.large, excluded_instance_types: \"t3.*\" } } }
services:
  s:
    memory: 512
    network_mode: bridge
    ipc_mode: task
    scheduling: DAEMON
    capacity_providers: main
    containers: { a: { image: \"a:1\", hostname: a } }
    volumes: { data: { host: /data } }
  t:
    memory: 512
    assign_public_ip: true
    requires_compatibilities: [EC2]
    capacity_providers: main
    containers: { a: { image: \"a:1\" } }
",
        &[
            (2, "contradiction", "lists capacity provider `main`"),
            (2, "contradiction", "the default strategy names"),
            (7, "contradiction", "trust: ec2"),
            (7, "contradiction", "may not pass role `runs`"),
            (8, "contradiction", "`instance_profile` and `instance_role`"),
            (9, "bad-value", "`m7` is not an instance type"),
            (9, "contradiction", "at least 4 and at most 2"),
            (10, "contradiction", "allow some types and exclude others"),
            (12, "contradiction", "a daemon with a capacity provider strategy"),
            (14, "bad-value", "no network mode `bridge`"),
            (15, "contradiction", "`ipcMode`"),
            (18, "contradiction", "`hostname`"),
            (19, "contradiction", "of type `host`"),
            (22, "contradiction", "public addresses"),
            (23, "contradiction", "not compatible with managed instances"),
        ],
    );
    let service = |task: &str| {
        format!(
            "  s{}: {{ {task}, memory: 512, capacity_providers: a, containers: {{ a: {{ image: \"a:1\" }} }} }}\n",
            task.len()
        )
    };
    broken(
        &format!(
            "stack: x\ncluster: x\ncapacity_providers:\n  a: {{ managed_instances: {{ requirements: {{ cpu_manufacturers: intel, vcpu_count: {{ max: 2 }}, memory_mib: {{ max: 256 }} }} }} }}\nservices:\n{}{}{}",
            service("runtime_platform: ARM64"),
            service("cpu: 4096"),
            service("cpu: 256"),
        ),
        &[
            (6, "contradiction", "has no amazon-web-services"),
            (7, "contradiction", "`vcpu_count` is at most 2"),
            (8, "contradiction", "`memory_mib` is at most 256"),
        ],
    );
    broken(
        "stack: x\ncapacity_providers: { FARGATE: { managed_instances: {} } }\n",
        &[(2, "bad-name", "AWS keeps for itself"), (2, "missing-key", "no `cluster`")],
    );
    broken(
        "stack: x\nregion: eu-west-1\ncluster: { existing: shared }\ncapacity_providers: { a: { managed_instances: {} } }\n",
        &[(4, "contradiction", "only looked up")],
    );
    broken(
        "stack: x\ncluster: x\nroles: { a-instance: }\ncapacity_providers: { a: { managed_instances: {} } }\n",
        &[(4, "duplicate-name", "instance_role: a-instance")],
    );
}

#[test]
fn records() {
    broken(
        "stack: x
dns:
  - zone: example.com
    records:
      - { name: '@', cname: other.example }
      - { name: a, a: 10.0.0.300 }
      - { name: b, a: 10.0.0.1 }
      - { name: b.example.com, a: 10.0.0.2 }
      - { name: b, cname: c.example }
      - { name: x.other.com., a: 10.0.0.1 }
      - { name: c, alias: web }
      - { name: a._evenkeel, a: 10.0.0.1 }
",
        &[
            (5, "cname-apex", "alias"),
            (6, "bad-record", "10.0.0.300"),
            (8, "duplicate-record", "two A records"),
            (9, "cname-beside", "type A"),
            (10, "bad-name", "not in the zone"),
            (11, "unknown-name", "no load balancer `web`"),
            (12, "bad-name", "reserved for the marks"),
        ],
    );
}

#[test]
fn names_tags_and_moves() {
    broken(
        "stack: x
account: 123
tags: { aws:a: b, evenkeel:stack: y }
security_groups:
  a: { name: sg-mine }
  b: { name: same, moved_from: a }
  c: { name: Same }
log_groups:
  l: { retention: 8d }
roles:
  r: { policies: { p: { statements: [{ actions: x }] } } }
",
        &[
            (2, "bad-account", "twelve"),
            (3, "reserved-tag", "aws:a"),
            (3, "reserved-tag", "evenkeel:stack"),
            (5, "bad-name", "sg-"),
            (6, "bad-move", "still has"),
            (7, "duplicate-name", "`Same`"),
            (9, "bad-retention", "7 days"),
            (11, "missing-key", "resources"),
        ],
    );
}

#[test]
fn rules_that_are_the_same_after_masking() {
    broken(
        "stack: x\nsecurity_groups:\n  a:\n    ingress:\n      - { port: 80, from: 10.0.0.0/8 }\n      - { port: 80, from: 10.1.2.3/8, description: other }\n",
        &[(6, "warning masked-range", "10.0.0.0/8"), (6, "duplicate-rule", "tcp 80 10.0.0.0/8")],
    );
}

const FILE: &str = "stack: x\ncluster: x\nservices:\n  s:\n    task_definition: t.json\n";

#[track_caller]
fn broken_file(json: &str, expected: &[(usize, &str, &str)]) {
    match with_file(FILE, "t.json", json) {
        Ok(_) => panic!("this should not load:\n{json}"),
        Err(found) => expect(&found, expected),
    }
}

#[test]
fn task_definition_files() {
    broken_file("{ \"family\": \"x\",\n  \"containerDefinitions\": [\n", &[(2, "bad-json", "never closed")]);
    broken_file("{\n<<<<<<< HEAD\n}\n", &[(2, "merge-conflict", "markers")]);
    broken_file("{ \"family\": $NAME }", &[(1, "bad-json", "quotes")]);
    broken_file("{ \"family\": \"a\" \"b\": 1 }", &[(1, "bad-json", "comma")]);
    broken_file("[]", &[(1, "wrong-type", "an object")]);
    broken_file("", &[(1, "empty-file", "empty")]);
    broken_file(
        "{\n  \"family\": \"x\", \"cpu\": \"256\", \"memory\": \"512\",\n  \"networkMod\": \"awsvpc\",\n  \"containerDefinitions\": [\n    { \"name\": \"a\", \"image\": \"\", \"portMapping\": [] },\n    { \"name\": \"b\", \"image\": \"b:1\", \"image\": \"b:2\", \"memory\": \"lots\",\n      \"logConfiguration\": { \"logDriver\": \"awslog\" } }\n  ]\n}",
        &[
            (3, "unknown-key", "Did you mean `networkMode`?"),
            (5, "no-image", "images: { a: ${env.IMAGE} }"),
            (5, "unknown-key", "Did you mean `portMappings`?"),
            (6, "duplicate-key", "`image`"),
            (6, "wrong-type", "`memory` must be a whole number"),
            (7, "bad-value", "Did you mean `awslogs`?"),
            (5, "warning understood", "An empty string for a key"),
        ],
    );
    broken(&FILE.replace("t.json", "missing.json"), &[(5, "not-found", "missing.json")]);
    let task = "stack: x\nregion: eu-west-1\ncluster: x\nservices:\n  w: { task_definition: missing.json, cpu: 256, task_role: existing:t }\n";
    broken(task, &[(5, "not-found", "missing.json")]);
}

#[test]
fn names_that_would_be_made() {
    broken(
        "stack: internal-x\nregion: eu-west-1a\nload_balancers: { w: { listeners: { http: { fixed_response: 200 } } } }\nlog_groups: { a.b: , a-b: }\n",
        &[(2, "bad-region", "eu-west-1"), (3, "bad-name", "`internal-x-w`"), (4, "duplicate-name", "`internal-x-a-b`")],
    );
}

#[test]
fn a_sticky_group_shares_requests_only_where_the_action_keeps_clients_too() {
    let text = |forward: &str| {
        format!(
            "stack: x\ntarget_groups: {{ a: {{ port: 80, stickiness: 1h }}, b: {{ port: 80 }} }}\n\
             load_balancers: {{ web: {{ listeners: {{ http: {{ port: 80, forward: {forward} }} }} }} }}\n"
        )
    };
    broken(&text("{ a: 1, b: 1 }"), &[(3, "contradiction", "keeps its clients")]);
    for good in ["a", "{ target_groups: { a: 1, b: 1 }, stickiness: 1h }"] {
        let found = super::try_load(&text(good));
        assert!(found.is_ok(), "{good}: {:?}", found.err().map(|found| super::show(&found)));
    }
}
