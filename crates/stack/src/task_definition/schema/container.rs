//! The members of a container definition, and of what is in it, but for what the kernel and devices give (`kernel.rs`). Data only.

use super::kernel::{LINUX_PARAMETERS, RESOURCE_REQUIREMENT, SYSTEM_CONTROL, ULIMIT};
use super::{Object, Type, member};

/// A container.
pub(crate) static CONTAINER_DEFINITION: Object = Object {
    what: "a container",
    keys: &[
        member("name", Type::Text, "The name of the container in its task."),
        member("image", Type::Text, "The image that it runs."),
        member("repositoryCredentials", Type::Object(&REPOSITORY_CREDENTIALS), "The secret for a private registry."),
        member("cpu", Type::Int, "CPU units of the container."),
        member("memory", Type::Int, "The memory limit, in MiB; a container that exceeds it is ended."),
        member("memoryReservation", Type::Int, "The reserved memory, in MiB."),
        member("links", Type::Texts, "Containers that it reaches by name, in network mode bridge."),
        member("portMappings", Type::Objects(&PORT_MAPPING), "Ports that the container opens."),
        member("essential", Type::Flag, "Whether the task stops when it stops."),
        member("restartPolicy", Type::Object(&CONTAINER_RESTART_POLICY), "Whether ECS restarts it on its own."),
        member("entryPoint", Type::Texts, "The entry point; replaces that of the image."),
        member("command", Type::Texts, "The command; replaces that of the image."),
        member("environment", Type::Objects(&KEY_VALUE_PAIR), "Environment variables."),
        member("environmentFiles", Type::Objects(&ENVIRONMENT_FILE), "Environment files in S3."),
        member("mountPoints", Type::Objects(&MOUNT_POINT), "Where volumes are mounted."),
        member("volumesFrom", Type::Objects(&VOLUME_FROM), "Containers whose volumes it mounts too."),
        member("linuxParameters", Type::Object(&LINUX_PARAMETERS), "Capabilities, devices, swap and the like."),
        member("secrets", Type::Objects(&SECRET), "Environment variables whose values ECS fetches."),
        member("dependsOn", Type::Objects(&CONTAINER_DEPENDENCY), "Containers that this one waits for."),
        member("startTimeout", Type::Seconds, "How long the containers that depend on it wait."),
        member("stopTimeout", Type::Seconds, "How long it may need to stop."),
        member(
            "versionConsistency",
            Type::Word(&["enabled", "disabled"]),
            "Whether the tag of its image is resolved once for all tasks.",
        ),
        member("hostname", Type::Text, "Its hostname."),
        member("user", Type::Text, "The user that its command runs as."),
        member("workingDirectory", Type::Text, "The working directory of its command."),
        member("disableNetworking", Type::Flag, "Whether its network is off."),
        member("privileged", Type::Flag, "Whether it has root rights on the instance."),
        member("readonlyRootFilesystem", Type::Flag, "Whether its root file system is read-only."),
        member("dnsServers", Type::Texts, "DNS servers."),
        member("dnsSearchDomains", Type::Texts, "DNS search domains."),
        member("extraHosts", Type::Objects(&HOST_ENTRY), "Extra lines of /etc/hosts."),
        member("dockerSecurityOptions", Type::Texts, "Labels for SELinux, AppArmor or credential specs."),
        member("interactive", Type::Flag, "Whether its standard input stays open."),
        member("pseudoTerminal", Type::Flag, "Whether it has a terminal."),
        member("dockerLabels", Type::Strings, "Docker labels."),
        member("ulimits", Type::Objects(&ULIMIT), "Operating system limits."),
        member("logConfiguration", Type::Object(&LOG_CONFIGURATION), "Where its output goes."),
        member("healthCheck", Type::Object(&HEALTH_CHECK), "The health check that ECS runs in the container."),
        member("systemControls", Type::Objects(&SYSTEM_CONTROL), "Kernel settings."),
        member("resourceRequirements", Type::Objects(&RESOURCE_REQUIREMENT), "GPUs and other devices."),
        member("firelensConfiguration", Type::Object(&FIRELENS_CONFIGURATION), "Makes this container the log router."),
        member("credentialSpecs", Type::Texts, "Credential specs for Active Directory."),
    ],
    required: &["name"],
};

static REPOSITORY_CREDENTIALS: Object = Object {
    what: "repository credentials",
    keys: &[member(
        "credentialsParameter",
        Type::Text,
        "The ARN of the Secrets Manager secret with user name and password.",
    )],
    required: &["credentialsParameter"],
};

/// A port of a container.
pub(crate) static PORT_MAPPING: Object = Object {
    what: "a port mapping",
    keys: &[
        member("containerPort", Type::Int, "The port inside the container."),
        member("hostPort", Type::Int, "The port on the instance; 0 is any free port."),
        member("protocol", Type::Word(&["tcp", "udp"]), "The protocol of the port."),
        member("name", Type::Text, "A name for Service Connect."),
        member("appProtocol", Type::Word(&["http", "http2", "grpc"]), "The application protocol, for Service Connect."),
        member("containerPortRange", Type::Text, "A port range, instead of one port."),
    ],
    required: &[],
};

static CONTAINER_RESTART_POLICY: Object = Object {
    what: "a container restart policy",
    keys: &[
        member("enabled", Type::Flag, "Whether the container is restarted when it exits."),
        member("ignoredExitCodes", Type::Ints, "Exit codes after which it is not restarted."),
        member("restartAttemptPeriod", Type::Seconds, "How long it must run before another restart is tried."),
    ],
    required: &["enabled"],
};

/// A name and its value.
pub(super) static KEY_VALUE_PAIR: Object = Object {
    what: "a name and value",
    keys: &[
        member("name", Type::Text, "The name of the variable or property."),
        member("value", Type::Text, "Its value."),
    ],
    required: &["name"],
};

static ENVIRONMENT_FILE: Object = Object {
    what: "an environment file",
    keys: &[
        member("value", Type::Text, "The ARN of the S3 object, which has one `NAME=value` on each line."),
        member("type", Type::Word(&["s3"]), "Where the file is; only S3 is known."),
    ],
    required: &["value", "type"],
};

static MOUNT_POINT: Object = Object {
    what: "a mount point",
    keys: &[
        member("sourceVolume", Type::Text, "The name of the volume in `volumes`."),
        member("containerPath", Type::Text, "The path at which the container sees it."),
        member("readOnly", Type::Flag, "Whether the container can only read it."),
    ],
    required: &[],
};

static VOLUME_FROM: Object = Object {
    what: "an item of volumes_from",
    keys: &[
        member("sourceContainer", Type::Text, "The container whose mounts are repeated here."),
        member("readOnly", Type::Flag, "Whether this container can only read them."),
    ],
    required: &[],
};

static SECRET: Object = Object {
    what: "a secret",
    keys: &[
        member("name", Type::Text, "The name of the environment variable or of the driver option."),
        member("valueFrom", Type::Text, "The ARN of a secret, or the ARN or name of a parameter of Systems Manager."),
    ],
    required: &["name", "valueFrom"],
};

static CONTAINER_DEPENDENCY: Object = Object {
    what: "a container dependency",
    keys: &[
        member("containerName", Type::Text, "The container of the same task that must come first."),
        member("condition", Type::Word(&["START", "COMPLETE", "SUCCESS", "HEALTHY"]), "The state that it must reach."),
    ],
    required: &["containerName", "condition"],
};

static HOST_ENTRY: Object = Object {
    what: "a host entry",
    keys: &[
        member("hostname", Type::Text, "The name in the line of /etc/hosts."),
        member("ipAddress", Type::Text, "The address that the name leads to."),
    ],
    required: &["hostname", "ipAddress"],
};

/// Where the output of a container goes.
pub(crate) static LOG_CONFIGURATION: Object = Object {
    what: "a log configuration",
    keys: &[
        member(
            "logDriver",
            Type::Word(&["json-file", "syslog", "journald", "gelf", "fluentd", "awslogs", "splunk", "awsfirelens"]),
            "The log driver.",
        ),
        member("options", Type::Strings, "Options of the driver, by its own names."),
        member("secretOptions", Type::Objects(&SECRET), "Options whose values ECS fetches."),
    ],
    required: &["logDriver"],
};

static HEALTH_CHECK: Object = Object {
    what: "a health check",
    keys: &[
        member(
            "command",
            Type::Texts,
            "The command to run in the container: `CMD` and its words, or `CMD-SHELL` and one line.",
        ),
        member("interval", Type::Seconds, "Time between two checks."),
        member("timeout", Type::Seconds, "The time limit of one check."),
        member("retries", Type::Int, "Failures until it counts as unhealthy."),
        member("startPeriod", Type::Seconds, "How long failures do not count after the start."),
    ],
    required: &["command"],
};

static FIRELENS_CONFIGURATION: Object = Object {
    what: "a FireLens configuration",
    keys: &[
        member("type", Type::Word(&["fluentd", "fluentbit"]), "The log router."),
        member("options", Type::Strings, "Options of the router: metadata of ECS, and where its own configuration is."),
    ],
    required: &["type"],
};
