//! Recipes of random stacks: what a stack has, as numbers that proptest can make and shrink, written as the text of a stack
//! file. Every recipe is a stack that AWS takes.

use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::prelude::*;

/// A random stack.
#[derive(Clone, Debug, Default)]
pub struct Recipe {
    /// Security groups: for each its rules, a port and where from.
    pub groups: Vec<Vec<(u16, usize)>>,
    /// Tags on everything.
    pub tags: Option<u8>,
    /// Log groups and their retention.
    pub logs: Vec<usize>,
    /// A load balancer with the rules of its listener: the sort of condition and the target group.
    pub balancer: Option<Vec<(usize, usize)>>,
    /// Target groups: how their health is checked.
    pub targets: Vec<(usize, usize)>,
    /// Services.
    pub services: Vec<Service>,
    /// Records of a hosted zone of its own.
    pub records: Option<Vec<(usize, usize)>>,
    /// Certificates for names of that zone, with a wildcard beside the name or not.
    pub certificates: Vec<(usize, bool)>,
    /// Policies of a task role.
    pub policies: Vec<usize>,
    /// Container Insights.
    pub insights: usize,
}

/// A random service.
#[derive(Clone, Debug, Default)]
pub struct Service {
    /// An index of sizes.
    pub size: usize,
    /// How many tasks.
    pub count: u8,
    /// An environment variable's value.
    pub value: u8,
    /// An index of images.
    pub image: usize,
    /// Whether it is behind the load balancer.
    pub behind: bool,
    /// Whether it can be logged in to.
    pub exec: bool,
}

const SIZES: &[(u32, u32)] = &[(256, 512), (256, 1024), (512, 1024), (1024, 2048)];
const IMAGES: &[&str] = &["public.ecr.aws/docker/library/nginx:1.27", "ghcr.io/example/app:1", "ghcr.io/example/app:2"];
const DOMAINS: &[&str] = &["random.example", "a.random.example", "b.random.example"];
const RETENTION: &[&str] = &["1d", "7d", "30d", "365d"];
const PEERS: &[&str] = &["0.0.0.0/0", "10.0.0.0/8", "\"::/0\"", "self"];
const PATHS: &[&str] = &["/", "/health", "/up"];
const MANAGED: &[&str] = &["AmazonS3ReadOnlyAccess", "CloudWatchLogsReadOnlyAccess", "AWSXRayDaemonWriteAccess"];

fn service() -> impl Strategy<Value = Service> {
    (0..SIZES.len(), 0..3_u8, 0..3_u8, 0..IMAGES.len(), any::<bool>(), any::<bool>())
        .prop_map(|(size, count, value, image, behind, exec)| Service { size, count, value, image, behind, exec })
}

/// Any recipe.
pub fn recipe() -> impl Strategy<Value = Recipe> {
    let groups = vec(vec((1..5_u16, 0..PEERS.len() + 2), 0..4), 0..4);
    let balancer = proptest::option::of(vec((0..4_usize, 0..3_usize), 0..4));
    let records = proptest::option::of(vec((0..4_usize, 0..3_usize), 0..4));
    let certificates = vec((0..DOMAINS.len(), any::<bool>()), 0..3);
    (
        (groups, proptest::option::of(0..3_u8), vec(0..RETENTION.len(), 0..3), balancer),
        (vec((0..PATHS.len(), 0..3_usize), 0..3), vec(service(), 0..3), records, certificates),
        (vec(0..MANAGED.len(), 0..3), 0..3_usize),
    )
        .prop_map(
            |((groups, tags, logs, balancer), (targets, services, records, certificates), (policies, insights))| {
                Recipe { groups, tags, logs, balancer, targets, services, records, certificates, policies, insights }
            },
        )
}

impl Recipe {
    /// The text of the stack file.
    pub fn text(&self) -> String {
        let mut text = String::from("stack: random\nregion: us-east-1\n");
        if let Some(tag) = self.tags {
            line(&mut text, &format!("tags: {{ team: t{tag} }}"));
        }
        self.group_lines(&mut text);
        if !self.logs.is_empty() {
            line(&mut text, "log_groups:");
            for (index, days) in self.logs.iter().enumerate() {
                line(&mut text, &format!("  log{index}: {{ retention: {} }}", RETENTION[*days]));
            }
        }
        self.role_lines(&mut text);
        self.balancer_lines(&mut text);
        self.service_lines(&mut text);
        self.record_lines(&mut text);
        text
    }

    fn group_lines(&self, text: &mut String) {
        if self.groups.is_empty() {
            return;
        }
        line(text, "security_groups:");
        for (index, rules) in self.groups.iter().enumerate() {
            // A permission may stand once only.
            let mut rules = rules.clone();
            rules.sort_unstable();
            rules.dedup();
            let rules = rules.iter().map(|(port, peer)| {
                let peer = match PEERS.get(*peer) {
                    Some(peer) => (*peer).to_owned(),
                    None => format!("group{}", (*peer - PEERS.len()) % self.groups.len()),
                };
                let peer = if peer == format!("group{index}") { "self".to_owned() } else { peer };
                (*port, peer)
            });
            let rules: std::collections::BTreeSet<(u16, String)> = rules.collect();
            let rules: Vec<String> =
                rules.iter().map(|(port, peer)| format!("{{ port: {port}, from: {peer} }}")).collect();
            // Load balancers reach whatever is in a group.
            let open = "{ port: 8080, from: 0.0.0.0/0 }".to_owned();
            let rules: Vec<String> = rules.into_iter().chain([open]).collect();
            line(text, &format!("  group{index}: {{ ingress: [{}] }}", rules.join(", ")));
        }
    }

    fn role_lines(&self, text: &mut String) {
        if self.services.is_empty() && self.policies.is_empty() {
            return;
        }
        line(text, "roles:");
        line(text, "  execution: { managed_policies: [AmazonECSTaskExecutionRolePolicy] }");
        if !self.policies.is_empty() {
            let names: std::collections::BTreeSet<&str> = self.policies.iter().map(|index| MANAGED[*index]).collect();
            let names: Vec<&str> = names.into_iter().collect();
            line(text, &format!("  task: {{ managed_policies: [{}] }}", names.join(", ")));
        }
    }

    fn balancer_lines(&self, text: &mut String) {
        if !self.targets.is_empty() {
            line(text, "target_groups:");
            for (index, (path, interval)) in self.targets.iter().enumerate() {
                let interval = ["10s", "15s", "30s"][*interval];
                line(
                    text,
                    &format!(
                        "  target{index}: {{ port: 8080, health_check: {{ path: {}, interval: {interval} }} }}",
                        PATHS[*path]
                    ),
                );
            }
        }
        let Some(rules) = self.balancer.as_ref().filter(|_| !self.targets.is_empty()) else { return };
        line(text, "load_balancers:\n  web:\n    listeners:\n      http:\n        port: 80\n        forward: target0");
        if !rules.is_empty() {
            line(text, "        rules:");
        }
        for (index, (condition, target)) in rules.iter().enumerate() {
            let condition = match condition {
                0 => format!("host: h{index}.random.example"),
                1 => format!("path: /p{index}/*"),
                2 => format!("path: [/a{index}, /b{index}]"),
                _ => format!("host: \"*.x{index}.example\""),
            };
            let target = target % self.targets.len();
            line(text, &format!("          - {{ priority: {}, {condition}, forward: target{target} }}", index + 1));
        }
    }

    fn service_lines(&self, text: &mut String) {
        if self.services.is_empty() {
            return;
        }
        let insights = ["enabled", "disabled", "enhanced"][self.insights];
        line(text, &format!("cluster: {{ container_insights: {insights} }}"));
        line(text, "services:");
        let reachable = self.balancer.is_some() && !self.targets.is_empty();
        for (index, service) in self.services.iter().enumerate() {
            let (cpu, memory) = SIZES[service.size];
            line(text, &format!("  service{index}:\n    cpu: {cpu}\n    memory: {memory}"));
            line(text, &format!("    execution_role: execution\n    desired_count: {}", service.count));
            if !self.policies.is_empty() {
                line(text, "    task_role: task");
            }
            if !self.groups.is_empty() {
                line(text, &format!("    security_groups: [group{}]", index % self.groups.len()));
            }
            if service.exec {
                // ECS refuses it without a task role.
                if self.policies.is_empty() {
                    line(text, "    task_role: execution");
                }
                line(text, "    execute_command: true");
            }
            line(text, "    containers:\n      app:");
            line(text, &format!("        image: {}\n        port: 8080", IMAGES[service.image]));
            line(text, &format!("        environment: {{ VALUE: v{} }}", service.value));
            if !self.logs.is_empty() {
                line(text, &format!("        logs: log{}", index % self.logs.len()));
            }
            // Only the default forward surely has its load balancer.
            if service.behind && reachable && index == 0 {
                line(text, "    target_group: target0");
            }
        }
    }

    fn record_lines(&self, text: &mut String) {
        let Some(records) = &self.records else { return };
        if !self.certificates.is_empty() {
            line(text, "certificates:");
        }
        for (index, (domain, wild)) in self.certificates.iter().enumerate() {
            let domain = DOMAINS[*domain];
            let names = if *wild { format!(", names: [\"*.{domain}\"]") } else { String::new() };
            line(text, &format!("  certificate{index}: {{ domain: {domain}{names} }}"));
        }
        line(text, "dns:\n  - zone: random.example\n    create: true");
        if !records.is_empty() {
            line(text, "    records:");
        }
        for (index, (kind, value)) in records.iter().enumerate() {
            let value = value + 1;
            let record = match kind {
                0 => format!("a: [192.0.2.{value}]"),
                1 => format!("txt: [t{value}]"),
                2 => format!("cname: c{value}.example.org"),
                _ => format!("aaaa: [\"2001:db8::{value}\"]"),
            };
            line(text, &format!("      - {{ name: r{index}, {record} }}"));
        }
    }
}

fn line(text: &mut String, line: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{line}");
}
