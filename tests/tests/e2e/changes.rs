//! Each kind of change plans precisely what it should, applies, and then there is nothing left to do.

use evenkeel_tests::moto::Moto;
use evenkeel_tests::world::world;

use super::{Bench, STACK};

/// Edits of the stack, one after the other, and what each has to plan.
const EDITS: &[(&str, &str, &[&str])] = &[
    ("path: /health }", "path: /healthz, interval: 20s }", &["update target_group.api"]),
    ("{ MODE: production }", "{ MODE: staging, EXTRA: 1 }", &["revise task_definition.api", "update service.api"]),
    ("retention: 7d", "retention: 14d", &["update log_group.app"]),
    (
        "ingress: [{ port: 80, from: 0.0.0.0/0 }]",
        "ingress: [{ port: 80, from: [0.0.0.0/0, \"::/0\"] }]",
        &["update security_group_rules.alb"],
    ),
    (
        "actions: [\"ssm:GetParameters\"]",
        "actions: [\"ssm:GetParameters\", \"ssm:GetParameter\"]",
        &["update role.execution"],
    ),
    ("txt: [hello]", "txt: [hello, world]", &["update records.bench.example"]),
    (
        "          - { priority: 10, host: api.bench.example, forward: api }\n          - { priority: 20, path: /admin/*, forward: api }",
        "          - { priority: 20, host: api.bench.example, forward: api }\n          - { priority: 10, path: /admin/*, forward: api }",
        &["update listener_rules.web/http"],
    ),
    ("path: /admin/*", "path: /manage/*", &["update listener_rules.web/http"]),
    ("container_insights: enabled", "container_insights: disabled", &["update cluster.main"]),
    ("    target_group: web\n", "    target_group: web\n    desired_count: 2\n", &["update service.web"]),
    ("    target_group: web\n", "    target_group: web\n    propagate_tags: SERVICE\n", &["update service.web"]),
    (
        "        forward: web\n",
        "        forward: [{ target_group: web, weight: 3 }, { target_group: api, weight: 1 }]\n",
        &["update listener.web/http"],
    ),
    ("  web: { port: 3000 }", "  web: { port: 3000, deregistration_delay: 10s }", &["update target_group.web"]),
    ("  web: { port: 3000, deregistration_delay: 10s }", "  web: { port: 3000 }", &["update target_group.web"]),
    (
        "  web:\n    security_groups: [alb]\n",
        "  web:\n    security_groups: [alb]\n    idle_timeout: 120s\n",
        &["update load_balancer.web"],
    ),
    // Targets are registered with ports of their own.
    ("  web: { port: 3000 }", "  web: { port: 3001 }", &[]),
    (
        "  web: { port: 3001 }",
        "  web: { port: 3001, name: bench-site }",
        &[
            "replace target_group.web",
            "retire target_group.web",
            "update listener.web/http",
            "update listener.web/http",
            "update listener.web/http",
            "update service.web",
            "update service.web",
        ],
    ),
    ("      - { name: txt, txt: [hello, world] }\n", "", &["update records.bench.example"]),
    ("          - { priority: 10, path: /manage/*, forward: api }\n", "", &["update listener_rules.web/http"]),
];

#[tokio::test]
async fn each_change_plans_precisely_that_and_settles() {
    let moto = Moto::start();
    let bench = Bench::new(&moto.url(), STACK);
    bench.apply();
    bench.settled();
    let mut text = STACK.to_owned();
    for (from, to, expected) in EDITS {
        assert!(text.contains(from), "the edit applies: {from}");
        text = text.replacen(from, to, 1);
        bench.write(&text);
        assert_eq!(bench.plan(), *expected, "after {from:?} became {to:?}");
        bench.apply();
        bench.settled();
    }
}

#[tokio::test]
async fn what_leaves_the_file_is_pruned() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let bench = Bench::new(&moto.url(), STACK);
    bench.apply();
    let start = STACK.find("  api:\n    cpu").expect("the service");
    let end = STACK.find("  web:\n    cpu").expect("the other service");
    let mut text = STACK.to_owned();
    text.replace_range(start..end, "");
    let text = text
        .replace("  api: { port: 4567, health_check: { path: /health } }\n", "")
        .replace("        rules:\n          - { priority: 10, host: api.bench.example, forward: api }\n", "")
        .replace("          - { priority: 20, path: /admin/*, forward: api }\n", "");
    bench.write(&text);
    assert_eq!(
        bench.plan(),
        [
            "delete listener_rules.web/http",
            "delete service.api",
            "delete target_group.api",
            "delete task_definition.api"
        ]
    );
    bench.apply();
    bench.settled();
    assert!(world(&aws).await.iter().all(|line| !line.contains("bench-api")), "nothing of it is left");

    // Half a stack: no cluster, no services, no zone, no roles.
    let cut = text.find("cluster:").expect("the cluster");
    let half = text[..cut].replace("log_groups: { app: { retention: 7d } }\n", "");
    bench.write(&half);
    bench.apply();
    bench.settled();
    let left = world(&aws).await;
    let gone = ["cluster", "service ", "zone", "record", "log group", "task definition"];
    assert!(left.iter().all(|line| gone.iter().all(|word| !line.starts_with(word))), "{left:#?}");
    bench.run("destroy", &["--yes"]).exits(0);
}

#[tokio::test]
async fn a_renamed_entry_keeps_its_thing() {
    let moto = Moto::start();
    let bench = Bench::new(&moto.url(), STACK);
    bench.apply();
    let text = STACK
        .replace("log_groups: { app: { retention: 7d } }", "log_groups: { all: { retention: 7d, moved_from: app } }")
        .replace("logs: app", "logs: all");
    bench.write(&text);
    assert_eq!(bench.plan(), ["update log_group.all"]);
    bench.apply();
    bench.settled();
    bench.write(&text.replace(", moved_from: app", ""));
    bench.settled();
}

#[tokio::test]
async fn what_is_protected_stays_until_it_is_named() {
    let moto = Moto::start();
    let bench = Bench::new(&moto.url(), &STACK.replace("retention: 7d }", "retention: 7d, protect: true }"));
    bench.apply();
    let held = bench.run("destroy", &["--yes"]).exits(4);
    assert!(held.stdout.contains("log_group.app") && held.stdout.contains("protect"), "{}", held.stdout);
    bench.run("destroy", &["--yes", "--consent", "log_group.app"]).exits(0);
}

#[tokio::test]
async fn a_zone_stays_as_long_as_its_records_do() {
    let moto = Moto::start();
    let text = "stack: zed\nregion: us-east-1\ndns:\n  - { zone: zed.example, create: true, protect: true, records: [{ name: a, a: [192.0.2.1] }] }\n";
    let bench = Bench::new(&moto.url(), text);
    bench.apply();
    let held = bench.run("destroy", &["--yes", "--consent", "hosted_zone.zed.example"]).exits(4);
    assert!(held.stdout.contains("still used by records.zed.example"), "{}", held.stdout);
    bench.settled();
    let both = ["--yes", "--consent", "hosted_zone.zed.example", "--consent", "records.zed.example"];
    bench.run("destroy", &both).exits(0);
    assert!(world(&moto.aws().await).await.is_empty());
}
