//! What a person looks at after an apply: status, outputs, the list of stacks, logs; and what they do next: exec, restart. All on the
//! simulated AWS, in each state that a service can be in.

mod acting;
mod deployments;
mod logs;
mod status;

use super::Desk;

/// A service behind a load balancer that takes commands, and one with two containers; `WEB` and `WORKER` are their images.
const STACK: &str = r#"stack: shop
region: us-east-1
security_groups:
  alb: { ingress: [{ port: 80, from: 0.0.0.0/0 }] }
  app: { ingress: [{ port: 80, from: alb }] }
load_balancers: { web: { security_groups: [alb], listeners: { http: { forward: web } } } }
target_groups: { web: { port: 80, deregistration_delay: 5s } }
cluster: shop
log_groups: { app: { retention: 7d } }
roles:
  execution: { managed_policies: [AmazonECSTaskExecutionRolePolicy] }
  task: { grants: [exec] }
services:
  web:
    cpu: 256
    memory: 512
    execution_role: execution
    task_role: task
    execute_command: true
    containers:
      app: { image: "ghcr.io/example/WEB", port: 80, logs: app }
    security_groups: [app]
    target_group: web
  worker:
    cpu: 256
    memory: 512
    execution_role: execution
    containers:
      app: { image: "ghcr.io/example/WORKER", logs: app }
      proxy: { image: "ghcr.io/example/proxy:1", logs: app }
    security_groups: [app]
"#;

/// The stack with these images.
fn stack(web: &str, worker: &str) -> String {
    STACK.replace("WEB", web).replace("WORKER", worker)
}

/// A folder with the stack, applied.
fn applied() -> Desk {
    let desk = Desk::new(&stack("web:1", "worker:1"));
    desk.sim(&["apply", "--yes"]).exits(0);
    desk
}

/// Lets some minutes pass in the simulated AWS.
fn pass(desk: &Desk) {
    desk.run(&["outputs", "--sim=world.json", "--sim-speed", "2000"]).exits(0);
}
