//! Every object and key of `RegisterTaskDefinition`, with their types, as the ECS API of November 2026 has them. Data;
//! `coerce.rs` reads documents by it, and the tables of services and containers point into it. A new key of AWS is one new line
//! here.

/// The type of a value.
#[derive(Debug)]
pub enum Type {
    /// A string.
    Text,
    /// A whole number.
    Int,
    /// A whole number of seconds; `30s` is understood too.
    Seconds,
    /// A boolean.
    Flag,
    /// One of a few words.
    Word(&'static [&'static str]),
    /// A list of strings.
    Texts,
    /// A list of whole numbers.
    Ints,
    /// A list of words.
    Words(&'static [&'static str]),
    /// A map of strings.
    Strings,
    /// An object.
    Object(&'static Object),
    /// A list of objects.
    Objects(&'static Object),
}

/// An object: what it is called in messages, its keys, and those that have to be there.
#[derive(Debug)]
pub struct Object {
    /// For messages.
    pub what: &'static str,
    /// All keys.
    pub keys: &'static [(&'static str, Type)],
    /// Keys that ECS insists on.
    pub required: &'static [&'static str],
}

/// Keys of `describe-task-definition` that are no input.
pub(crate) const READ_ONLY: &[&str] = &[
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "deregisteredAt",
    "registeredBy",
    "deleteRequestedAt",
];

/// A task definition.
pub(crate) static TASK_DEFINITION: Object = Object {
    what: "a task definition",
    keys: &[
        ("family", Type::Text),
        ("taskRoleArn", Type::Text),
        ("executionRoleArn", Type::Text),
        ("networkMode", Type::Word(&["bridge", "host", "awsvpc", "none"])),
        ("containerDefinitions", Type::Objects(&CONTAINER_DEFINITION)),
        ("volumes", Type::Objects(&VOLUME)),
        ("placementConstraints", Type::Objects(&TASK_DEFINITION_PLACEMENT_CONSTRAINT)),
        ("requiresCompatibilities", Type::Words(&["EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"])),
        ("cpu", Type::Text),
        ("memory", Type::Text),
        ("tags", Type::Objects(&TAG)),
        ("pidMode", Type::Word(&["host", "task"])),
        ("ipcMode", Type::Word(&["host", "task", "none"])),
        ("proxyConfiguration", Type::Object(&PROXY_CONFIGURATION)),
        ("inferenceAccelerators", Type::Objects(&INFERENCE_ACCELERATOR)),
        ("ephemeralStorage", Type::Object(&EPHEMERAL_STORAGE)),
        ("runtimePlatform", Type::Object(&RUNTIME_PLATFORM)),
        ("enableFaultInjection", Type::Flag),
        ("trustedExecutionConfiguration", Type::Object(&TRUSTED_EXECUTION_CONFIGURATION)),
    ],
    required: &["containerDefinitions"],
};

/// A container.
pub(crate) static CONTAINER_DEFINITION: Object = Object {
    what: "a container",
    keys: &[
        ("name", Type::Text),
        ("image", Type::Text),
        ("repositoryCredentials", Type::Object(&REPOSITORY_CREDENTIALS)),
        ("cpu", Type::Int),
        ("memory", Type::Int),
        ("memoryReservation", Type::Int),
        ("links", Type::Texts),
        ("portMappings", Type::Objects(&PORT_MAPPING)),
        ("essential", Type::Flag),
        ("restartPolicy", Type::Object(&CONTAINER_RESTART_POLICY)),
        ("entryPoint", Type::Texts),
        ("command", Type::Texts),
        ("environment", Type::Objects(&KEY_VALUE_PAIR)),
        ("environmentFiles", Type::Objects(&ENVIRONMENT_FILE)),
        ("mountPoints", Type::Objects(&MOUNT_POINT)),
        ("volumesFrom", Type::Objects(&VOLUME_FROM)),
        ("linuxParameters", Type::Object(&LINUX_PARAMETERS)),
        ("secrets", Type::Objects(&SECRET)),
        ("dependsOn", Type::Objects(&CONTAINER_DEPENDENCY)),
        ("startTimeout", Type::Seconds),
        ("stopTimeout", Type::Seconds),
        ("versionConsistency", Type::Word(&["enabled", "disabled"])),
        ("hostname", Type::Text),
        ("user", Type::Text),
        ("workingDirectory", Type::Text),
        ("disableNetworking", Type::Flag),
        ("privileged", Type::Flag),
        ("readonlyRootFilesystem", Type::Flag),
        ("dnsServers", Type::Texts),
        ("dnsSearchDomains", Type::Texts),
        ("extraHosts", Type::Objects(&HOST_ENTRY)),
        ("dockerSecurityOptions", Type::Texts),
        ("interactive", Type::Flag),
        ("pseudoTerminal", Type::Flag),
        ("dockerLabels", Type::Strings),
        ("ulimits", Type::Objects(&ULIMIT)),
        ("logConfiguration", Type::Object(&LOG_CONFIGURATION)),
        ("healthCheck", Type::Object(&HEALTH_CHECK)),
        ("systemControls", Type::Objects(&SYSTEM_CONTROL)),
        ("resourceRequirements", Type::Objects(&RESOURCE_REQUIREMENT)),
        ("firelensConfiguration", Type::Object(&FIRELENS_CONFIGURATION)),
        ("credentialSpecs", Type::Texts),
    ],
    required: &["name"],
};

static REPOSITORY_CREDENTIALS: Object = Object {
    what: "repository credentials",
    keys: &[("credentialsParameter", Type::Text)],
    required: &["credentialsParameter"],
};

/// A port of a container.
pub(crate) static PORT_MAPPING: Object = Object {
    what: "a port mapping",
    keys: &[
        ("containerPort", Type::Int),
        ("hostPort", Type::Int),
        ("protocol", Type::Word(&["tcp", "udp"])),
        ("name", Type::Text),
        ("appProtocol", Type::Word(&["http", "http2", "grpc"])),
        ("containerPortRange", Type::Text),
    ],
    required: &[],
};

static CONTAINER_RESTART_POLICY: Object = Object {
    what: "a container restart policy",
    keys: &[("enabled", Type::Flag), ("ignoredExitCodes", Type::Ints), ("restartAttemptPeriod", Type::Seconds)],
    required: &["enabled"],
};

static KEY_VALUE_PAIR: Object =
    Object { what: "a name and value", keys: &[("name", Type::Text), ("value", Type::Text)], required: &["name"] };

static ENVIRONMENT_FILE: Object = Object {
    what: "an environment file",
    keys: &[("value", Type::Text), ("type", Type::Word(&["s3"]))],
    required: &["value", "type"],
};

static MOUNT_POINT: Object = Object {
    what: "a mount point",
    keys: &[("sourceVolume", Type::Text), ("containerPath", Type::Text), ("readOnly", Type::Flag)],
    required: &[],
};

static VOLUME_FROM: Object = Object {
    what: "an item of volumes_from",
    keys: &[("sourceContainer", Type::Text), ("readOnly", Type::Flag)],
    required: &[],
};

static LINUX_PARAMETERS: Object = Object {
    what: "Linux parameters",
    keys: &[
        ("capabilities", Type::Object(&KERNEL_CAPABILITIES)),
        ("devices", Type::Objects(&DEVICE)),
        ("initProcessEnabled", Type::Flag),
        ("sharedMemorySize", Type::Int),
        ("tmpfs", Type::Objects(&TMPFS)),
        ("maxSwap", Type::Int),
        ("swappiness", Type::Int),
    ],
    required: &[],
};

static KERNEL_CAPABILITIES: Object =
    Object { what: "kernel capabilities", keys: &[("add", Type::Texts), ("drop", Type::Texts)], required: &[] };

static DEVICE: Object = Object {
    what: "a device",
    keys: &[
        ("hostPath", Type::Text),
        ("containerPath", Type::Text),
        ("permissions", Type::Words(&["read", "write", "mknod"])),
    ],
    required: &["hostPath"],
};

static TMPFS: Object = Object {
    what: "a tmpfs",
    keys: &[("containerPath", Type::Text), ("size", Type::Int), ("mountOptions", Type::Texts)],
    required: &["containerPath", "size"],
};

static SECRET: Object = Object {
    what: "a secret",
    keys: &[("name", Type::Text), ("valueFrom", Type::Text)],
    required: &["name", "valueFrom"],
};

static CONTAINER_DEPENDENCY: Object = Object {
    what: "a container dependency",
    keys: &[("containerName", Type::Text), ("condition", Type::Word(&["START", "COMPLETE", "SUCCESS", "HEALTHY"]))],
    required: &["containerName", "condition"],
};

static HOST_ENTRY: Object = Object {
    what: "a host entry",
    keys: &[("hostname", Type::Text), ("ipAddress", Type::Text)],
    required: &["hostname", "ipAddress"],
};

static ULIMIT: Object = Object {
    what: "a ulimit",
    keys: &[
        (
            "name",
            Type::Word(&[
                "core",
                "cpu",
                "data",
                "fsize",
                "locks",
                "memlock",
                "msgqueue",
                "nice",
                "nofile",
                "nproc",
                "rss",
                "rtprio",
                "rttime",
                "sigpending",
                "stack",
            ]),
        ),
        ("softLimit", Type::Int),
        ("hardLimit", Type::Int),
    ],
    required: &["name", "softLimit", "hardLimit"],
};

/// Where the output of a container goes.
pub(crate) static LOG_CONFIGURATION: Object = Object {
    what: "a log configuration",
    keys: &[
        (
            "logDriver",
            Type::Word(&["json-file", "syslog", "journald", "gelf", "fluentd", "awslogs", "splunk", "awsfirelens"]),
        ),
        ("options", Type::Strings),
        ("secretOptions", Type::Objects(&SECRET)),
    ],
    required: &["logDriver"],
};

static HEALTH_CHECK: Object = Object {
    what: "a health check",
    keys: &[
        ("command", Type::Texts),
        ("interval", Type::Seconds),
        ("timeout", Type::Seconds),
        ("retries", Type::Int),
        ("startPeriod", Type::Seconds),
    ],
    required: &["command"],
};

static SYSTEM_CONTROL: Object =
    Object { what: "a system control", keys: &[("namespace", Type::Text), ("value", Type::Text)], required: &[] };

static RESOURCE_REQUIREMENT: Object = Object {
    what: "a resource requirement",
    keys: &[
        ("value", Type::Text),
        ("type", Type::Word(&["GPU", "InferenceAccelerator", "NeuronDevice"])),
        ("sharingStrategy", Type::Object(&SHARING_STRATEGY)),
    ],
    required: &["type"],
};

static SHARING_STRATEGY: Object =
    Object { what: "a sharing strategy", keys: &[("nvidiaMps", Type::Object(&NVIDIA_MPS_ALLOCATION))], required: &[] };

static NVIDIA_MPS_ALLOCATION: Object = Object {
    what: "an NVIDIA MPS allocation",
    keys: &[("memory", Type::Int), ("maxComputePercent", Type::Int)],
    required: &["memory"],
};

static FIRELENS_CONFIGURATION: Object = Object {
    what: "a FireLens configuration",
    keys: &[("type", Type::Word(&["fluentd", "fluentbit"])), ("options", Type::Strings)],
    required: &["type"],
};

/// A volume.
pub(crate) static VOLUME: Object = Object {
    what: "a volume",
    keys: &[
        ("name", Type::Text),
        ("host", Type::Object(&HOST_VOLUME_PROPERTIES)),
        ("dockerVolumeConfiguration", Type::Object(&DOCKER_VOLUME_CONFIGURATION)),
        ("efsVolumeConfiguration", Type::Object(&EFS_VOLUME_CONFIGURATION)),
        ("s3filesVolumeConfiguration", Type::Object(&S3_FILES_VOLUME_CONFIGURATION)),
        ("fsxWindowsFileServerVolumeConfiguration", Type::Object(&FSX_WINDOWS_FILE_SERVER_VOLUME_CONFIGURATION)),
        ("configuredAtLaunch", Type::Flag),
    ],
    required: &["name"],
};

static HOST_VOLUME_PROPERTIES: Object =
    Object { what: "host volume properties", keys: &[("sourcePath", Type::Text)], required: &[] };

static DOCKER_VOLUME_CONFIGURATION: Object = Object {
    what: "a Docker volume configuration",
    keys: &[
        ("scope", Type::Word(&["task", "shared"])),
        ("autoprovision", Type::Flag),
        ("driver", Type::Text),
        ("driverOpts", Type::Strings),
        ("labels", Type::Strings),
    ],
    required: &[],
};

static EFS_VOLUME_CONFIGURATION: Object = Object {
    what: "an EFS volume",
    keys: &[
        ("fileSystemId", Type::Text),
        ("rootDirectory", Type::Text),
        ("transitEncryption", Type::Word(&["ENABLED", "DISABLED"])),
        ("transitEncryptionPort", Type::Int),
        ("authorizationConfig", Type::Object(&EFS_AUTHORIZATION_CONFIG)),
    ],
    required: &["fileSystemId"],
};

static EFS_AUTHORIZATION_CONFIG: Object = Object {
    what: "the authorization of an EFS volume",
    keys: &[("accessPointId", Type::Text), ("iam", Type::Word(&["ENABLED", "DISABLED"]))],
    required: &[],
};

static S3_FILES_VOLUME_CONFIGURATION: Object = Object {
    what: "an S3 Files volume",
    keys: &[
        ("fileSystemArn", Type::Text),
        ("rootDirectory", Type::Text),
        ("transitEncryptionPort", Type::Int),
        ("accessPointArn", Type::Text),
    ],
    required: &["fileSystemArn"],
};

static FSX_WINDOWS_FILE_SERVER_VOLUME_CONFIGURATION: Object = Object {
    what: "an FSx volume",
    keys: &[
        ("fileSystemId", Type::Text),
        ("rootDirectory", Type::Text),
        ("authorizationConfig", Type::Object(&FSX_WINDOWS_FILE_SERVER_AUTHORIZATION_CONFIG)),
    ],
    required: &["fileSystemId", "rootDirectory", "authorizationConfig"],
};

static FSX_WINDOWS_FILE_SERVER_AUTHORIZATION_CONFIG: Object = Object {
    what: "the authorization of an FSx volume",
    keys: &[("credentialsParameter", Type::Text), ("domain", Type::Text)],
    required: &["credentialsParameter", "domain"],
};

static TASK_DEFINITION_PLACEMENT_CONSTRAINT: Object = Object {
    what: "a placement constraint",
    keys: &[("type", Type::Word(&["memberOf"])), ("expression", Type::Text)],
    required: &[],
};

static TAG: Object = Object { what: "a tag", keys: &[("key", Type::Text), ("value", Type::Text)], required: &[] };

static PROXY_CONFIGURATION: Object = Object {
    what: "a proxy configuration",
    keys: &[
        ("type", Type::Word(&["APPMESH"])),
        ("containerName", Type::Text),
        ("properties", Type::Objects(&KEY_VALUE_PAIR)),
    ],
    required: &["containerName"],
};

static INFERENCE_ACCELERATOR: Object = Object {
    what: "an inference accelerator",
    keys: &[("deviceName", Type::Text), ("deviceType", Type::Text)],
    required: &["deviceName", "deviceType"],
};

static EPHEMERAL_STORAGE: Object =
    Object { what: "an ephemeral storage", keys: &[("sizeInGiB", Type::Int)], required: &["sizeInGiB"] };

static RUNTIME_PLATFORM: Object = Object {
    what: "a runtime platform",
    keys: &[
        ("cpuArchitecture", Type::Word(&["X86_64", "ARM64"])),
        (
            "operatingSystemFamily",
            Type::Word(&[
                "WINDOWS_SERVER_2019_FULL",
                "WINDOWS_SERVER_2019_CORE",
                "WINDOWS_SERVER_2016_FULL",
                "WINDOWS_SERVER_2004_CORE",
                "WINDOWS_SERVER_2022_CORE",
                "WINDOWS_SERVER_2022_FULL",
                "WINDOWS_SERVER_2025_CORE",
                "WINDOWS_SERVER_2025_FULL",
                "WINDOWS_SERVER_20H2_CORE",
                "LINUX",
            ]),
        ),
    ],
    required: &[],
};

static TRUSTED_EXECUTION_CONFIGURATION: Object = Object {
    what: "a trusted execution configuration",
    keys: &[
        ("isolationMode", Type::Word(&["SHARED", "ISOLATED_SANDBOX", "CONFIDENTIAL_SANDBOX"])),
        ("attestationPolicy", Type::Text),
    ],
    required: &["isolationMode"],
};

/// The text without what tells snake_case and camelCase apart.
pub(crate) fn plain(text: &str) -> String {
    text.chars().filter(|c| *c != '_' && *c != '-').flat_map(char::to_lowercase).collect()
}

/// snake_case of an AWS key, for messages.
pub(crate) fn snake(key: &str) -> String {
    let mut out = String::new();
    for c in key.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() && !out.ends_with("in_gi") {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}
