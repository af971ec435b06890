//! The keys of a service and of what stands beneath them, as tables. `services.rs` and its neighbours read by them.

use super::super::table::{EMPTY, Key, Made, Table, Type, key, later};
use super::super::task_definition::schema::{TASK_DEFINITION, VOLUME};
use super::super::values::ECS;
use super::autoscaling_keys::AUTOSCALING;
use super::cluster::STRATEGY;
use super::container_keys::CONTAINER;
use super::deployment::{COUNT, DEPLOYMENT};
use super::discovery::DISCOVERY;
use super::ingress::INGRESS;
use super::service_connect::CONNECT;
use super::service_targets::TARGET;
use super::sidecars::SIDECAR;
use super::{META, NAME};

/// An entry.
pub(crate) static SERVICE: Table = Table {
    path: "services",
    what: "a service",
    groups: &[&NAME, &META, &RUNS, &PLACED, &REACHED, &TASK],
    made: &[
        Made { kind: "service", outputs: &["arn", "name", "url", "host"], name: Some(&ECS) },
        Made { kind: "task_definition", outputs: &["arn"], name: None },
    ],
    words: &[
        ("serviceName", "It is called `name` here."),
        ("cluster", "Name the cluster at the top of the file: cluster: shop."),
        ("networkConfiguration", "Write `subnets`, `security_groups` and `assign_public_ip` directly in the service."),
        ("awsvpcConfiguration", "Write `subnets`, `security_groups` and `assign_public_ip` directly in the service."),
        ("deploymentCircuitBreaker", "It is `circuit_breaker` under `deployment:` here."),
        ("role", "ECS uses its service-linked role; only tasks have roles: `task_role` and `execution_role`."),
        ("roleArn", "ECS uses its service-linked role; only tasks have roles: `task_role` and `execution_role`."),
        ("platformFamily", "It is `operating_system_family` under `runtime_platform:` here."),
        ("type", "Use `launch_type` or `capacity_provider_strategy`."),
    ],
    elsewhere: &[(&CONTAINER, "`{}` is a key of a container. Put it under `containers: NAME:`.")],
    ..EMPTY
};

/// What it runs, how often, and how it is rolled out.
static RUNS: [Key; 14] = [
    key("containers", Type::Entries(&CONTAINER), "[Containers](#containers) by their names.")
        .without("either these or `task_definition`")
        .aws("containerDefinitions")
        .example("{ app: { image: \"nginx:1.27\", port: 80 } }"),
    key(
        "sidecars",
        Type::AnyOf(&[Type::Several(&Type::Word(&["xray", "otel", "firelens"])), Type::MapOf(&Type::Map(&SIDECAR))]),
        "Containers of AWS beside its own: X-Ray's daemon, the collector of OpenTelemetry, the log router. The task role gets \
         what they need.",
    )
    .shape("list of `xray`, `otel`, `firelens`, or map of these to `{ image, options }`")
    .aws("containerDefinitions")
    .example("[xray]"),
    key(
        "task_definition",
        Type::Text,
        "The task definition: from a file, or one registered elsewhere. A family means its newest active revision.",
    )
    .shape("a [JSON file](#task-definition-files), a [family, `family:7`, or an ARN](#task-definitions-of-others)")
    .without("either this or `containers`")
    .aws("taskDefinition")
    .example("task-definitions/web.json"),
    key("service", Type::Text, "The service as ECS writes it; keys next to it override it.")
        .shape("a [JSON file](#service-files)")
        .example("service.json"),
    key("images", Type::MapOf(&Type::Open), "With `task_definition` only: fills in or overrides images.")
        .shape("map of container to image")
        .example("{ web: \"web:1.4\" }"),
    key(
        "desired_count",
        Type::AnyOf(&[Type::Number(0, 5000), Type::Map(&COUNT)]),
        "How many tasks run; with `managed_by` it is set once and never changed again.",
    )
    .shape("0 to 5000, or `{ initial: 2, managed_by: application-autoscaling }`")
    .without("`1`")
    .aws("desiredCount")
    .example("2"),
    key(
        "scheduling",
        Type::Word(&["REPLICA", "DAEMON"]),
        "A number of tasks, or one on each instance; a change replaces the service.",
    )
    .also(&["scheduling_strategy"])
    .value("REPLICA")
    .aws("schedulingStrategy"),
    key("deployment", Type::Map(&DEPLOYMENT), "How deployments run.")
        .shape("map (below)")
        .without("the defaults below")
        .aws("deploymentConfiguration")
        .example("{ minimum_healthy_percent: 50, circuit_breaker: rollback }"),
    key("execute_command", Type::Flag, "Whether `evenkeel exec` (`aws ecs execute-command`) works.")
        .value("false")
        .aws("enableExecuteCommand"),
    key("propagate_tags", Type::Word(&["NONE", "SERVICE", "TASK_DEFINITION"]), "Where tasks get their tags from.")
        .value("NONE")
        .aws("propagateTags"),
    key("managed_tags", Type::Flag, "Whether ECS tags tasks with cluster and service.")
        .value("false")
        .aws("enableECSManagedTags"),
    key("autoscaling", Type::Map(&AUTOSCALING), "How the count follows the load.")
        .shape("map (below)")
        .aws("scalableTarget")
        .example("{ min: 1, max: 4, cpu: 60 }"),
    key(
        "deployment_controller",
        Type::AnyOf(&[Type::Word(&["ECS", "CODE_DEPLOY", "EXTERNAL"]), Type::Map(&CONTROLLER)]),
        "Who carries out deployments: ECS only.",
    )
    .shape("`ECS`")
    .value("ECS")
    .aws("deploymentController"),
    later("schedule", "scheduleExpression", "Scheduled tasks."),
];

/// `deployment_controller:` as ECS has it.
static CONTROLLER: Table = Table {
    path: "services.deployment_controller",
    what: "the deployment controller of a service",
    groups: &[&[key("type", Type::Word(&["ECS", "CODE_DEPLOY", "EXTERNAL"]), "The controller.")
        .value("ECS")
        .aws("type")]],
    ..EMPTY
};

/// Where its tasks run.
static PLACED: [Key; 10] = [
    key("launch_type", Type::Word(&["FARGATE", "EC2", "EXTERNAL"]), "What tasks run on.")
        .without("`EC2` if the task definition is for EC2 only; otherwise `FARGATE`")
        .aws("launchType"),
    key("capacity_provider_strategy", STRATEGY, "What tasks run on, by shares; not with `launch_type`.")
        .also(&["capacity_providers"])
        .shape("[strategy](#capacity-provider-strategies)")
        .aws("capacityProviderStrategy")
        .example("{ FARGATE: 1, FARGATE_SPOT: 4 }"),
    key("platform_version", Type::Text, "The version of Fargate.")
        .without("`LATEST` on Fargate")
        .aws("platformVersion"),
    key("subnets", Type::Several(&Type::Text), "The subnets of the tasks.")
        .shape("list of `subnet-…`")
        .without("those of `network`")
        .aws("awsvpcConfiguration.subnets"),
    key("security_groups", Type::Several(&Type::Entry("security_groups")), "Up to five security groups.")
        .shape("list of entries or `sg-…`")
        .aws("awsvpcConfiguration.securityGroups")
        .example("[app]"),
    key("assign_public_ip", Type::Switch, "Whether tasks get public addresses.")
        .without("`true` on Fargate in default VPC and subnets, otherwise `false`")
        .aws("awsvpcConfiguration.assignPublicIp"),
    key("availability_zone_rebalancing", Type::Switch, "Whether ECS moves tasks between zones; not for daemons.")
        .without("not managed")
        .aws("availabilityZoneRebalancing"),
    key("placement_constraints", CONSTRAINTS, "On which instances tasks may run; not on Fargate.")
        .shape("expression, `distinctInstance`, maps, or a list")
        .aws("placementConstraints")
        .example("\"attribute:ecs.instance-type =~ t3.*\""),
    key("placement_strategy", Type::Several(&Type::Map(&PLACEMENT_STRATEGY)), "How tasks are spread; not on Fargate.")
        .shape("list of `{ type, field }`")
        .aws("placementStrategy")
        .example("[{ type: spread, field: attribute:ecs.availability-zone }]"),
    later("task_sets", "taskSets", "Sets of tasks of an external deployment controller."),
];

/// Who reaches them.
static REACHED: [Key; 8] = [
    key(
        "target_group",
        Type::Several(&Type::AnyOf(&[Type::Entry("target_groups"), Type::Map(&TARGET)])),
        "Target groups that it registers in, up to five; container and port may be left out if there is only one.",
    )
    .also(&["target_groups"])
    .shape("entry, ARN, map (below), or a list")
    .aws("loadBalancers")
    .example("{ name: web, container: app, port: 3000 }"),
    key("ingress", Type::Map(&INGRESS), "The gateway that it connects to, in place of a load balancer.")
        .shape("map (below)")
        .aws("gatewayConnectors")
        .example("{ gateway: public, port: http }"),
    key(
        "health_check_grace_period",
        Type::Seconds(0, 2_147_483_647),
        "How long a new task may be unhealthy; with a target group, an ingress, or health checks of containers.",
    )
    .also(&["grace_period"])
    .without("`0` behind a target group or a gateway")
    .aws("healthCheckGracePeriodSeconds")
    .example("60s"),
    key("service_registries", Type::Several(&Type::Map(&REGISTRY)), "Cloud Map services that it registers in.")
        .shape("list of `{ registry_arn, port, container_name, container_port }`")
        .aws("serviceRegistries"),
    key("discovery", Type::Map(&DISCOVERY), "A service of Cloud Map in which its tasks are registered.")
        .shape("map (below)")
        .example("{ namespace: app }"),
    key(
        "service_connect",
        Type::AnyOf(&[Type::Flag, Type::Map(&CONNECT)]),
        "Names by which services reach each other, through proxies.",
    )
    .shape("`true` for one that only calls others, or a map (below)")
    .value("false")
    .aws("serviceConnectConfiguration")
    .example("{ namespace: app, services: [] }"),
    later("vpc_lattice", "vpcLatticeConfigurations", "VPC Lattice target groups."),
    later("volume_configurations", "volumeConfigurations", "Volumes that ECS creates for each task."),
];

/// What belongs to its task definition.
static TASK: [Key; 17] = [
    key("cpu", Type::Ecs(&TASK_DEFINITION, "cpu"), "CPU of a task.")
        .shape("`256`, `0.25 vCPU`")
        .without("required on Fargate")
        .aws("cpu")
        .example("256"),
    key(
        "memory",
        Type::Ecs(&TASK_DEFINITION, "memory"),
        "Memory of a task; Fargate offers certain pairs of CPU and memory.",
    )
    .shape("`512`, `0.5 GB`")
    .without("required on Fargate")
    .aws("memory")
    .example("512"),
    key("family", Type::Ecs(&TASK_DEFINITION, "family"), "The family of the task definition.")
        .without("`<stack>-<entry>`")
        .aws("family"),
    key("execution_role", Type::Open, "The role by which ECS pulls images, reads secrets and writes logs.")
        .shape(ROLE)
        .aws("executionRoleArn")
        .example("execution"),
    key("task_role", Type::Open, "The role of the program in the task.")
        .shape(ROLE)
        .aws("taskRoleArn")
        .example("existing:appTaskRole"),
    key("network_mode", Type::Ecs(&TASK_DEFINITION, "networkMode"), "How containers reach the network.")
        .without("`awsvpc` on Fargate")
        .aws("networkMode"),
    key(
        "requires_compatibilities",
        Type::Ecs(&TASK_DEFINITION, "requiresCompatibilities"),
        "What the task definition must be compatible with.",
    )
    .without("`[FARGATE]` on Fargate")
    .aws("requiresCompatibilities"),
    key(
        "runtime_platform",
        Type::AnyOf(&[Type::Ecs(&TASK_DEFINITION, "runtimePlatform"), Type::Word(&["X86_64", "ARM64"])]),
        "Processor and operating system.",
    )
    .shape("`ARM64`, `X86_64`, or `{ cpu_architecture, operating_system_family }`")
    .aws("runtimePlatform")
    .example("ARM64"),
    key(
        "ephemeral_storage",
        Type::AnyOf(&[Type::Ecs(&TASK_DEFINITION, "ephemeralStorage"), Type::Text]),
        "Disk space of a task.",
    )
    .shape("GiB, or `{ size_in_gib }`")
    .aws("ephemeralStorage")
    .example("50"),
    key(
        "volumes",
        Type::AnyOf(&[Type::MapOf(&Type::Map(&VOLUME_KEYS)), Type::Several(&Type::Map(&VOLUME_KEYS))]),
        "Volumes that containers mount; not with a file.",
    )
    .shape("map of name to `{ efs }`, `{ host }`, `{ docker }`, `{ fsx }` or `{}`, or ECS's list")
    .aws("volumes")
    .example("{ data: { efs: fs-0123456789abcdef0 } }"),
    key("task_placement_constraints", CONSTRAINTS, "`placementConstraints` of the task definition; not with a file.")
        .shape("expression, maps, or a list"),
    key("pid_mode", Type::Ecs(&TASK_DEFINITION, "pidMode"), "Which processes the containers see.").aws("pidMode"),
    key("ipc_mode", Type::Ecs(&TASK_DEFINITION, "ipcMode"), "Which memory the containers share.").aws("ipcMode"),
    key("proxy_configuration", Type::Ecs(&TASK_DEFINITION, "proxyConfiguration"), "The App Mesh proxy.")
        .aws("proxyConfiguration"),
    key(
        "inference_accelerators",
        Type::Ecs(&TASK_DEFINITION, "inferenceAccelerators"),
        "Elastic Inference accelerators.",
    )
    .aws("inferenceAccelerators"),
    key(
        "enable_fault_injection",
        Type::Ecs(&TASK_DEFINITION, "enableFaultInjection"),
        "Whether AWS FIS may inject faults.",
    )
    .aws("enableFaultInjection"),
    key(
        "trusted_execution_configuration",
        Type::Ecs(&TASK_DEFINITION, "trustedExecutionConfiguration"),
        "How tasks are isolated from each other.",
    )
    .aws("trustedExecutionConfiguration"),
];

const ROLE: &str = "entry of `roles`, ARN, or `existing:NAME`";

/// Placement constraints in all their forms.
static CONSTRAINTS: Type = Type::Several(&Type::AnyOf(&[Type::Text, Type::Map(&CONSTRAINT)]));

/// One placement constraint.
pub(crate) static CONSTRAINT: Table = Table {
    path: "services.placement_constraints",
    what: "a placement constraint",
    groups: &[&[
        key("type", Type::Text, "The type of constraint.")
            .shape("`memberOf` or `distinctInstance`")
            .value("memberOf")
            .aws("type"),
        key("expression", Type::Text, "In the cluster query language, with `memberOf`.")
            .aws("expression")
            .example("\"attribute:ecs.instance-type =~ t3.*\""),
    ]],
    ..EMPTY
};

/// One placement strategy.
pub(crate) static PLACEMENT_STRATEGY: Table = Table {
    path: "services.placement_strategy",
    what: "a placement strategy",
    groups: &[&[
        key("type", Type::Word(&["random", "spread", "binpack"]), "How tasks are spread.")
            .needed("Write { type: spread, field: attribute:ecs.availability-zone }.")
            .aws("type")
            .example("spread"),
        key("field", Type::Text, "What to spread over or pack by.")
            .aws("field")
            .example("attribute:ecs.availability-zone"),
    ]],
    ..EMPTY
};

/// One service registry.
pub(crate) static REGISTRY: Table = Table {
    path: "services.service_registries",
    what: "a service registry",
    groups: &[&[
        key("registry_arn", Type::Open, "The Cloud Map service.")
            .needed("Give the ARN of a Cloud Map service.")
            .shape("ARN")
            .aws("registryArn")
            .example("arn:aws:servicediscovery:eu-west-1:123456789012:service/srv-0123456789abcdef"),
        key("port", Type::Port, "The port that is registered.").aws("port"),
        key("container_name", Type::Text, "The container that is registered.").aws("containerName"),
        key("container_port", Type::Port, "The port of the container.").aws("containerPort"),
    ]],
    ..EMPTY
};

/// One volume: ECS's keys, and shorter ones.
pub(crate) static VOLUME_KEYS: Table = Table {
    path: "services.volumes",
    what: "a volume",
    groups: &[&[
        key("name", Type::Ecs(&VOLUME, "name"), "Its name, in a list.").aws("name").example("data"),
        key("efs", Type::AnyOf(&[Type::Text, Type::Ecs(&VOLUME, "efsVolumeConfiguration")]), "An EFS file system.")
            .also(&["efs_volume_configuration"])
            .shape("id, or a map as in ECS")
            .aws("efsVolumeConfiguration")
            .example("fs-0123456789abcdef0"),
        key("host", Type::AnyOf(&[Type::Text, Type::Ecs(&VOLUME, "host")]), "A folder on the instance.")
            .shape("path, or a map as in ECS")
            .aws("host")
            .example("/var/data"),
        key("docker", Type::AnyOf(&[Type::Text, Type::Ecs(&VOLUME, "dockerVolumeConfiguration")]), "A Docker volume.")
            .also(&["docker_volume_configuration"])
            .shape("driver, or a map as in ECS")
            .aws("dockerVolumeConfiguration")
            .example("local"),
        key(
            "fsx",
            Type::Ecs(&VOLUME, "fsxWindowsFileServerVolumeConfiguration"),
            "An FSx for Windows File Server file system.",
        )
        .also(&["fsx_windows_file_server_volume_configuration"])
        .aws("fsxWindowsFileServerVolumeConfiguration"),
        key(
            "s3files_volume_configuration",
            Type::Ecs(&VOLUME, "s3filesVolumeConfiguration"),
            "An S3 Files file system.",
        )
        .aws("s3filesVolumeConfiguration"),
        key("configured_at_launch", Type::Ecs(&VOLUME, "configuredAtLaunch"), "Whether the service configures it.")
            .aws("configuredAtLaunch"),
    ]],
    object: Some(&VOLUME),
    ..EMPTY
};
