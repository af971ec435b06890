//! The keys of a container and of what stands beneath them, as tables. `containers.rs` and its neighbours read by them.

use super::super::table::{EMPTY, Key, Table, Type, key};
use super::super::task_definition::schema::{CONTAINER_DEFINITION, LOG_CONFIGURATION, PORT_MAPPING};
use super::build::BUILD;

/// An entry.
pub(crate) static CONTAINER: Table = Table {
    path: "services.containers",
    what: "a container",
    groups: &[&OURS, &ECS],
    words: &[("name", "The name of a container is its key under `containers`. Rename that.")],
    otherwise: "It may have image, port, environment, secrets, logs, and every key of an ECS container in snake_case.",
    object: Some(&CONTAINER_DEFINITION),
    ..EMPTY
};

/// Keys with short forms.
static OURS: [Key; 15] = [
    key("image", Type::Ecs(&CONTAINER_DEFINITION, "image"), "The image; without a tag there is a warning.")
        .without("required")
        .shape("image reference")
        .aws("image")
        .example("public.ecr.aws/nginx/nginx:1.27"),
    key(
        "build",
        Type::AnyOf(&[Type::Text, Type::Map(&BUILD)]),
        "What its image is built from by `evenkeel push` and `--build`; an image without a tag gets the hash of that as its tag.",
    )
    .shape("a folder with a Dockerfile, or a map (below)")
    .example("{ context: web, target: production }"),
    key("port", Type::Several(&Type::AnyOf(&[Type::Text, Type::Map(&PORT)])), "Ports that the container opens.")
        .also(&["ports", "port_mappings"])
        .shape(
            "`4567`, `2000/udp`, `8080:80` (host:container), `0:80` (any free port of the host), \
             `{ port, name, app_protocol }`, or a list",
        )
        .aws("portMappings")
        .example("{ port: 8080, name: api, app_protocol: http }"),
    key(
        "environment",
        Type::AnyOf(&[Type::MapOf(&Type::Open), Type::Several(&Type::AnyOf(&[Type::Text, Type::Map(&PAIR)]))]),
        "Environment variables.",
    )
    .shape("map, list of `{ name, value }`, or list of `NAME=value`")
    .aws("environment")
    .example("{ LOG_LEVEL: info }"),
    key("env_file", Type::Text, "A template of `NAME=value` lines, filled in like the stack file; `environment` overrides it.")
        .shape("path, relative to the stack file")
        .example("web.env.template"),
    key(
        "secrets",
        Type::AnyOf(&[Type::MapOf(&Type::Open), Type::Several(&Type::AnyOf(&[Type::Text, Type::Map(&SECRET)]))]),
        "Environment variables whose values ECS fetches; evenkeel never reads them.",
    )
    .shape("map of name to `secret:ENTRY`, `secret:ENTRY:JSON_KEY`, `parameter:ENTRY`, `ssm:/path`, `secretsmanager:ARN`, or an ARN")
    .aws("secrets")
    .example("{ DATABASE_URL: ssm:/shop/DATABASE_URL }"),
    key(
        "logs",
        Type::AnyOf(&[Type::Open, Type::Map(&LOGS), Type::Map(&DRIVER)]),
        "Where its output goes; region and stream prefix are filled in for awslogs.",
    )
    .also(&["log_configuration"])
    .shape(
        "an entry of `log_groups`, a name that begins with `/`, `{ group, stream_prefix, mode, … }`, \
         `{ driver, options, secret_options }`, or `none` (`off`, `false`)",
    )
    .aws("logConfiguration")
    .example("{ group: app, stream_prefix: web }"),
    key(
        "health_check",
        Type::AnyOf(&[Type::Map(&HEALTH_CHECK), Type::Several(&Type::Open)]),
        "The health check that ECS runs in the container.",
    )
    .shape("command (a string runs in a shell), or a map (below)")
    .aws("healthCheck")
    .example("{ command: [CMD, curl, -f, http://localhost/], interval: 15s }"),
    key("command", Type::Several(&Type::Open), "The command; replaces that of the image.")
        .shape("list, or a string of plain words")
        .aws("command")
        .example("[bin/server, --port, \"8080\"]"),
    key("entry_point", Type::Several(&Type::Open), "The entry point; replaces that of the image.")
        .also(&["entrypoint"])
        .shape("list, or a string of plain words")
        .aws("entryPoint"),
    key(
        "depends_on",
        Type::AnyOf(&[
            Type::MapOf(&Type::Word(CONDITIONS)),
            Type::Several(&Type::AnyOf(&[Type::Text, Type::Map(&DEPENDENCY)])),
        ]),
        "Containers that this one waits for.",
    )
    .shape(
        "name, list, list of `{ container, condition }`, or map of name to `START`, `COMPLETE`, `SUCCESS`, `HEALTHY`",
    )
    .aws("dependsOn")
    .example("{ migrate: SUCCESS }"),
    key(
        "ulimits",
        Type::AnyOf(&[
            Type::MapOf(&Type::AnyOf(&[Type::Number(-1, 2_147_483_647), Type::Map(&ULIMIT)])),
            Type::Ecs(&CONTAINER_DEFINITION, "ulimits"),
        ]),
        "Operating system limits.",
    )
    .shape("`{ nofile: 65536 }`, `{ nofile: { soft, hard } }`, or ECS's list")
    .aws("ulimits")
    .example("{ nofile: 65536 }"),
    key(
        "mount_points",
        Type::AnyOf(&[Type::Ecs(&CONTAINER_DEFINITION, "mountPoints"), Type::MapOf(&Type::Text)]),
        "Where volumes are mounted.",
    )
    .shape("`{ volume: /path }`, `{ volume: \"/path:ro\" }`, or ECS's list")
    .aws("mountPoints")
    .example("{ data: /data }"),
    key(
        "firelens",
        Type::AnyOf(&[
            Type::Word(&["fluentbit", "fluentd"]),
            Type::Ecs(&CONTAINER_DEFINITION, "firelensConfiguration"),
        ]),
        "Makes this container the log router.",
    )
    .also(&["firelens_configuration"])
    .shape("`fluentbit`, `fluentd`, or a map as in ECS")
    .aws("firelensConfiguration")
    .example("fluentbit"),
    key("links", Type::Several(&Type::Text), "Containers that it reaches by name, in network mode bridge.")
        .aws("links"),
];

/// A key as ECS has it.
const fn as_ecs(name: &'static str, member: &'static str, say: &'static str) -> Key {
    key(name, Type::Ecs(&CONTAINER_DEFINITION, member), say).aws(member)
}

/// Keys as ECS has them, in snake_case.
static ECS: [Key; 28] = [
    as_ecs("essential", "essential", "Whether the task stops when it stops.").value("true"),
    as_ecs("cpu", "cpu", "CPU units of the container.").example("128"),
    as_ecs("memory", "memory", "The memory limit, in MiB.").example("512"),
    as_ecs("memory_reservation", "memoryReservation", "The reserved memory, in MiB.").example("256"),
    as_ecs("restart_policy", "restartPolicy", "Whether ECS restarts it on its own.").example("{ enabled: true }"),
    as_ecs("environment_files", "environmentFiles", "Environment files in S3."),
    as_ecs("working_directory", "workingDirectory", "The working directory of its command.").example("/app"),
    as_ecs("user", "user", "The user that its command runs as.").example("\"1000\""),
    as_ecs("hostname", "hostname", "Its hostname."),
    as_ecs("start_timeout", "startTimeout", "How long the containers that depend on it wait.").example("2m"),
    as_ecs("stop_timeout", "stopTimeout", "How long it may need to stop.").example("30s"),
    as_ecs("readonly_root_filesystem", "readonlyRootFilesystem", "Whether its root file system is read-only."),
    as_ecs("privileged", "privileged", "Whether it has root rights on the instance."),
    as_ecs("interactive", "interactive", "Whether its standard input stays open."),
    as_ecs("pseudo_terminal", "pseudoTerminal", "Whether it has a terminal."),
    as_ecs("linux_parameters", "linuxParameters", "Capabilities, devices, swap and the like.")
        .example("{ init_process_enabled: true }"),
    as_ecs("repository_credentials", "repositoryCredentials", "The secret for a private registry."),
    as_ecs("docker_labels", "dockerLabels", "Docker labels.").example("{ team: shop }"),
    as_ecs("docker_security_options", "dockerSecurityOptions", "Labels for SELinux, AppArmor or credential specs."),
    as_ecs("dns_servers", "dnsServers", "DNS servers."),
    as_ecs("dns_search_domains", "dnsSearchDomains", "DNS search domains."),
    as_ecs("extra_hosts", "extraHosts", "Extra lines of /etc/hosts."),
    as_ecs("volumes_from", "volumesFrom", "Containers whose volumes it mounts too."),
    as_ecs("system_controls", "systemControls", "Kernel settings.")
        .example("[{ namespace: net.core.somaxconn, value: \"1024\" }]"),
    as_ecs("resource_requirements", "resourceRequirements", "GPUs and other devices.")
        .example("[{ type: GPU, value: \"1\" }]"),
    as_ecs("credential_specs", "credentialSpecs", "Credential specs for Active Directory."),
    as_ecs("disable_networking", "disableNetworking", "Whether its network is off."),
    as_ecs("version_consistency", "versionConsistency", "Whether the tag of its image is resolved once for all tasks."),
];

/// Conditions of a dependency.
pub(crate) const CONDITIONS: &[&str] = &["START", "COMPLETE", "SUCCESS", "HEALTHY"];

/// A port in its long form.
pub(crate) static PORT: Table = Table {
    path: "services.containers.port",
    what: "a port of a container",
    groups: &[&[
        key("port", Type::Ecs(&PORT_MAPPING, "containerPort"), "The port.")
            .also(&["container_port"])
            .without("required, unless there is `container_port_range`")
            .aws("containerPort")
            .example("8080"),
        key("host_port", Type::Ecs(&PORT_MAPPING, "hostPort"), "The port on the instance; 0 is any free port.")
            .without("the same on awsvpc")
            .aws("hostPort"),
        key("protocol", Type::Ecs(&PORT_MAPPING, "protocol"), "The protocol.").value("tcp").aws("protocol"),
        key("name", Type::Ecs(&PORT_MAPPING, "name"), "A name for Service Connect.").aws("name"),
        key("app_protocol", Type::Ecs(&PORT_MAPPING, "appProtocol"), "The application protocol, for Service Connect.")
            .aws("appProtocol"),
        key(
            "container_port_range",
            Type::Ecs(&PORT_MAPPING, "containerPortRange"),
            "A port range, instead of one port.",
        )
        .aws("containerPortRange")
        .example("8000-8010"),
    ]],
    object: Some(&PORT_MAPPING),
    ..EMPTY
};

/// One variable of a list.
pub(crate) static PAIR: Table = Table {
    path: "services.containers.environment",
    what: "an environment variable",
    groups: &[&[
        key("name", Type::Text, "Its name.").needed("Write { name: …, value: … }.").aws("name").example("LOG_LEVEL"),
        key("value", Type::Open, "Its value.").aws("value").example("info"),
    ]],
    ..EMPTY
};

/// One secret of a list.
pub(crate) static SECRET: Table = Table {
    path: "services.containers.secrets",
    what: "a secret of a container",
    groups: &[&[
        key("name", Type::Text, "Its name.").needed("Write { name: …, value_from: … }.").aws("name").example("TOKEN"),
        key("value_from", Type::Open, "Where ECS finds it.")
            .also(&["valueFrom"])
            .aws("valueFrom")
            .example("ssm:/shop/TOKEN"),
    ]],
    ..EMPTY
};

/// `health_check:` in its long form.
pub(crate) static HEALTH_CHECK: Table = Table {
    path: "services.containers.health_check",
    what: "the health check of a container",
    groups: &[&[
        key("command", Type::Several(&Type::Open), "The command to run in the container; a string runs in a shell.")
            .needed("Give the command to run inside the container: command: [CMD, curl, -f, http://localhost/].")
            .shape("string or list")
            .aws("command")
            .example("[CMD, curl, -f, http://localhost/]"),
        key("interval", Type::Seconds(5, 300), "Time between two checks.").without("`30s`").aws("interval"),
        key("timeout", Type::Seconds(2, 120), "The time limit of one check.").without("`5s`").aws("timeout"),
        key("retries", Type::Number(1, 10), "Failures until it counts as unhealthy.").without("`3`").aws("retries"),
        key("start_period", Type::Seconds(0, 300), "How long failures do not count after the start.")
            .without("`0`")
            .aws("startPeriod"),
    ]],
    ..EMPTY
};

/// One dependency of a list.
pub(crate) static DEPENDENCY: Table = Table {
    path: "services.containers.depends_on",
    what: "a dependency of a container",
    groups: &[&[
        key("container", Type::Text, "The container.")
            .also(&["container_name", "containerName"])
            .needed("Write { container: db, condition: HEALTHY }.")
            .aws("containerName")
            .example("db"),
        key("condition", Type::Word(CONDITIONS), "The state that it must reach.").value("START").aws("condition"),
    ]],
    ..EMPTY
};

/// One ulimit with two limits.
pub(crate) static ULIMIT: Table = Table {
    path: "services.containers.ulimits",
    what: "a ulimit",
    groups: &[&[
        key("soft", Type::Number(-1, 2_147_483_647), "The limit.")
            .also(&["soft_limit", "softLimit"])
            .without("that of `hard`")
            .aws("softLimit")
            .example("1024"),
        key("hard", Type::Number(-1, 2_147_483_647), "The hard limit.")
            .also(&["hard_limit", "hardLimit"])
            .without("that of `soft`")
            .aws("hardLimit")
            .example("65536"),
    ]],
    ..EMPTY
};

/// `logs:` with a group.
pub(crate) static LOGS: Table = Table {
    path: "services.containers.logs",
    what: "the logs of a container",
    groups: &[&[
        key("group", Type::Open, "The log group.")
            .also(&["log_group"])
            .needed("Name a log group: { group: app }.")
            .shape("an entry of `log_groups`, or a name that begins with `/`")
            .aws("awslogs-group")
            .example("app"),
        key("stream_prefix", Type::Text, "The prefix of the stream names.")
            .also(&["prefix"])
            .without("the name of the container")
            .aws("awslogs-stream-prefix"),
        key("datetime_format", Type::Text, "How a message begins, as a date format.").aws("awslogs-datetime-format"),
        key("multiline_pattern", Type::Text, "How a message begins, as a pattern.").aws("awslogs-multiline-pattern"),
        key("mode", Type::Text, "Whether the program waits when logs cannot be sent.")
            .shape("`blocking` or `non-blocking`")
            .aws("mode"),
        key("max_buffer_size", Type::Text, "The buffer for unsent logs, with `non-blocking`.")
            .aws("max-buffer-size")
            .example("25m"),
        key("region", Type::Text, "The region of the group.").without("that of the stack").aws("awslogs-region"),
    ]],
    ..EMPTY
};

/// `logs:` with a driver.
pub(crate) static DRIVER: Table = Table {
    path: "services.containers.logs.driver",
    what: "the log driver of a container",
    groups: &[&[
        key("driver", Type::Ecs(&LOG_CONFIGURATION, "logDriver"), "The log driver.")
            .also(&["log_driver"])
            .without("required")
            .aws("logDriver")
            .example("awsfirelens"),
        key("options", Type::Ecs(&LOG_CONFIGURATION, "options"), "Options of the driver, by its own names.")
            .aws("options")
            .example("{ Name: cloudwatch }"),
        key(
            "secret_options",
            Type::AnyOf(&[Type::MapOf(&Type::Open), Type::Several(&Type::AnyOf(&[Type::Text, Type::Map(&SECRET)]))]),
            "Options whose values ECS fetches.",
        )
        .shape("as `secrets`")
        .aws("secretOptions"),
    ]],
    object: Some(&LOG_CONFIGURATION),
    ..EMPTY
};
