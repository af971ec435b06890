//! The members of a task definition itself, and of what is in it beside containers and volumes. Data only.

use super::container::{CONTAINER_DEFINITION, KEY_VALUE_PAIR};
use super::volume::VOLUME;
use super::{Object, Type, member};

/// A task definition.
pub(crate) static TASK_DEFINITION: Object = Object {
    what: "a task definition",
    keys: &[
        member("family", Type::Text, "The name that all revisions share."),
        member("taskRoleArn", Type::Text, "The role that the programs in the containers act with."),
        member(
            "executionRoleArn",
            Type::Text,
            "The role that ECS acts with when it pulls images, fetches secrets and sends logs.",
        ),
        member("networkMode", Type::Word(&["bridge", "host", "awsvpc", "none"]), "How containers reach the network."),
        member("containerDefinitions", Type::Objects(&CONTAINER_DEFINITION), "The containers of a task."),
        member("volumes", Type::Objects(&VOLUME), "Volumes that containers can mount."),
        member(
            "placementConstraints",
            Type::Objects(&TASK_DEFINITION_PLACEMENT_CONSTRAINT),
            "Rules for the instances that a task may run on.",
        ),
        member(
            "requiresCompatibilities",
            Type::Words(&["EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"]),
            "Where the task definition must be able to run; ECS checks it when it registers.",
        ),
        member("cpu", Type::Text, "CPU of a task, in CPU units or vCPUs."),
        member("memory", Type::Text, "Memory of a task, in MiB or GB."),
        member("tags", Type::Objects(&TAG), "Tags of the revision."),
        member("pidMode", Type::Word(&["host", "task"]), "Which processes the containers see."),
        member("ipcMode", Type::Word(&["host", "task", "none"]), "Which memory the containers share."),
        member("proxyConfiguration", Type::Object(&PROXY_CONFIGURATION), "The App Mesh proxy."),
        member(
            "inferenceAccelerators",
            Type::Objects(&INFERENCE_ACCELERATOR),
            "Elastic Inference accelerators, which AWS no longer offers.",
        ),
        member("ephemeralStorage", Type::Object(&EPHEMERAL_STORAGE), "The size of the temporary disk on Fargate."),
        member("runtimePlatform", Type::Object(&RUNTIME_PLATFORM), "The processor and the operating system of a task."),
        member("enableFaultInjection", Type::Flag, "Whether AWS Fault Injection Service may disturb the tasks."),
        member(
            "trustedExecutionConfiguration",
            Type::Object(&TRUSTED_EXECUTION_CONFIGURATION),
            "How strictly a task is kept apart from others.",
        ),
    ],
    required: &["containerDefinitions"],
};

static TASK_DEFINITION_PLACEMENT_CONSTRAINT: Object = Object {
    what: "a placement constraint",
    keys: &[
        member("type", Type::Word(&["memberOf"]), "The kind of rule; only `memberOf` is known."),
        member("expression", Type::Text, "An expression of the cluster query language that the instance must match."),
    ],
    required: &[],
};

static TAG: Object = Object {
    what: "a tag",
    keys: &[member("key", Type::Text, "The key of the tag."), member("value", Type::Text, "The value of the tag.")],
    required: &[],
};

static PROXY_CONFIGURATION: Object = Object {
    what: "a proxy configuration",
    keys: &[
        member("type", Type::Word(&["APPMESH"]), "The kind of proxy; only App Mesh is known."),
        member("containerName", Type::Text, "The container that is the proxy."),
        member(
            "properties",
            Type::Objects(&KEY_VALUE_PAIR),
            "Settings of the proxy: ports, user ids and what it leaves alone.",
        ),
    ],
    required: &["containerName"],
};

static INFERENCE_ACCELERATOR: Object = Object {
    what: "an inference accelerator",
    keys: &[
        member("deviceName", Type::Text, "The name that `resource_requirements` refers to."),
        member("deviceType", Type::Text, "The type of the accelerator."),
    ],
    required: &["deviceName", "deviceType"],
};

static EPHEMERAL_STORAGE: Object = Object {
    what: "an ephemeral storage",
    keys: &[member("sizeInGiB", Type::Int, "The size of the temporary disk, in GiB.")],
    required: &["sizeInGiB"],
};

static RUNTIME_PLATFORM: Object = Object {
    what: "a runtime platform",
    keys: &[
        member("cpuArchitecture", Type::Word(&["X86_64", "ARM64"]), "The processor that the images are built for."),
        member(
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
            "The operating system that the task runs on.",
        ),
    ],
    required: &[],
};

static TRUSTED_EXECUTION_CONFIGURATION: Object = Object {
    what: "a trusted execution configuration",
    keys: &[
        member(
            "isolationMode",
            Type::Word(&["SHARED", "ISOLATED_SANDBOX", "CONFIDENTIAL_SANDBOX"]),
            "How strictly a task is kept apart from others on the same machine.",
        ),
        member("attestationPolicy", Type::Text, "The policy that decides whether the environment can be trusted."),
    ],
    required: &["isolationMode"],
};
