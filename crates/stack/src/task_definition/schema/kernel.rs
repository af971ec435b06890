//! The members of what a container gets of the kernel and of devices: capabilities, memory, limits, settings, GPUs. Data only.

use super::{Object, Type, member};

/// Settings of the kernel for a container.
pub(super) static LINUX_PARAMETERS: Object = Object {
    what: "Linux parameters",
    keys: &[
        member(
            "capabilities",
            Type::Object(&KERNEL_CAPABILITIES),
            "Rights of the kernel that the container gains or loses.",
        ),
        member("devices", Type::Objects(&DEVICE), "Devices of the instance that the container sees; not on Fargate."),
        member(
            "initProcessEnabled",
            Type::Flag,
            "Whether a small init process forwards signals and reaps ended processes.",
        ),
        member("sharedMemorySize", Type::Int, "The size of `/dev/shm`, in MiB; not on Fargate."),
        member(
            "tmpfs",
            Type::Objects(&TMPFS),
            "File systems in memory that are mounted in the container; not on Fargate.",
        ),
        member("maxSwap", Type::Int, "Swap that the container may use, in MiB, 0 for none; not on Fargate."),
        member("swappiness", Type::Int, "How readily memory is swapped out, 0 to 100; not on Fargate."),
    ],
    required: &[],
};

static KERNEL_CAPABILITIES: Object = Object {
    what: "kernel capabilities",
    keys: &[
        member(
            "add",
            Type::Texts,
            "Capabilities beyond those that Docker grants by default; Fargate accepts `SYS_PTRACE` only.",
        ),
        member("drop", Type::Texts, "Capabilities of the default that are taken away."),
    ],
    required: &[],
};

static DEVICE: Object = Object {
    what: "a device",
    keys: &[
        member("hostPath", Type::Text, "The path of the device on the instance."),
        member("containerPath", Type::Text, "The path of the device in the container."),
        member(
            "permissions",
            Type::Words(&["read", "write", "mknod"]),
            "What the container may do with it; without this, all three.",
        ),
    ],
    required: &["hostPath"],
};

static TMPFS: Object = Object {
    what: "a tmpfs",
    keys: &[
        member("containerPath", Type::Text, "The absolute path at which it is mounted."),
        member("size", Type::Int, "The most that it holds, in MiB."),
        member("mountOptions", Type::Texts, "Options of the mount, like `noexec` or `nosuid`."),
    ],
    required: &["containerPath", "size"],
};

/// A limit of the operating system.
pub(super) static ULIMIT: Object = Object {
    what: "a ulimit",
    keys: &[
        member(
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
            "The resource that is limited.",
        ),
        member("softLimit", Type::Int, "The limit that applies at the start."),
        member("hardLimit", Type::Int, "The value up to which a process may raise its limit."),
    ],
    required: &["name", "softLimit", "hardLimit"],
};

/// A setting of the kernel.
pub(super) static SYSTEM_CONTROL: Object = Object {
    what: "a system control",
    keys: &[
        member("namespace", Type::Text, "The name of the kernel setting, like `net.core.somaxconn`."),
        member("value", Type::Text, "The value that it gets."),
    ],
    required: &[],
};

/// A device that a container needs.
pub(super) static RESOURCE_REQUIREMENT: Object = Object {
    what: "a resource requirement",
    keys: &[
        member("value", Type::Text, "How many devices, or the name of the accelerator."),
        member("type", Type::Word(&["GPU", "InferenceAccelerator", "NeuronDevice"]), "The kind of device."),
        member("sharingStrategy", Type::Object(&SHARING_STRATEGY), "How a GPU is shared between containers."),
    ],
    required: &["type"],
};

static SHARING_STRATEGY: Object = Object {
    what: "a sharing strategy",
    keys: &[member(
        "nvidiaMps",
        Type::Object(&NVIDIA_MPS_ALLOCATION),
        "The part of a GPU that the container gets through NVIDIA MPS.",
    )],
    required: &[],
};

static NVIDIA_MPS_ALLOCATION: Object = Object {
    what: "an NVIDIA MPS allocation",
    keys: &[
        member("memory", Type::Int, "Memory of the GPU for this container, in MiB."),
        member(
            "maxComputePercent",
            Type::Int,
            "The most of the computing power of the GPU that the container uses, in percent.",
        ),
    ],
    required: &["memory"],
};
