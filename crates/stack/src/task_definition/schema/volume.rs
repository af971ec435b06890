//! The members of a volume of a task, one object for each kind of storage. Data only.

use super::{Object, Type, member};

/// A volume.
pub(crate) static VOLUME: Object = Object {
    what: "a volume",
    keys: &[
        member("name", Type::Text, "The name that mount points refer to."),
        member("host", Type::Object(&HOST_VOLUME_PROPERTIES), "A folder on the instance."),
        member(
            "dockerVolumeConfiguration",
            Type::Object(&DOCKER_VOLUME_CONFIGURATION),
            "A volume that Docker manages, on EC2.",
        ),
        member("efsVolumeConfiguration", Type::Object(&EFS_VOLUME_CONFIGURATION), "An EFS file system."),
        member("s3filesVolumeConfiguration", Type::Object(&S3_FILES_VOLUME_CONFIGURATION), "An S3 Files file system."),
        member(
            "fsxWindowsFileServerVolumeConfiguration",
            Type::Object(&FSX_WINDOWS_FILE_SERVER_VOLUME_CONFIGURATION),
            "An FSx for Windows file system.",
        ),
        member("configuredAtLaunch", Type::Flag, "Whether the service configures it."),
    ],
    required: &["name"],
};

static HOST_VOLUME_PROPERTIES: Object = Object {
    what: "host volume properties",
    keys: &[member(
        "sourcePath",
        Type::Text,
        "The folder on the instance; without it, an empty one that goes with the task.",
    )],
    required: &[],
};

static DOCKER_VOLUME_CONFIGURATION: Object = Object {
    what: "a Docker volume configuration",
    keys: &[
        member(
            "scope",
            Type::Word(&["task", "shared"]),
            "Whether the volume goes with the task or stays on the instance.",
        ),
        member("autoprovision", Type::Flag, "Whether a shared volume is created if there is none."),
        member("driver", Type::Text, "The Docker volume driver."),
        member("driverOpts", Type::Strings, "Options of the driver, by its own names."),
        member("labels", Type::Strings, "Docker labels of the volume."),
    ],
    required: &[],
};

static EFS_VOLUME_CONFIGURATION: Object = Object {
    what: "an EFS volume",
    keys: &[
        member("fileSystemId", Type::Text, "The id of the file system, `fs-…`."),
        member("rootDirectory", Type::Text, "The folder of the file system that is mounted."),
        member(
            "transitEncryption",
            Type::Word(&["ENABLED", "DISABLED"]),
            "Whether the connection to EFS is encrypted.",
        ),
        member("transitEncryptionPort", Type::Int, "The port of the encrypted connection on the side of the task."),
        member("authorizationConfig", Type::Object(&EFS_AUTHORIZATION_CONFIG), "The access point and the use of IAM."),
    ],
    required: &["fileSystemId"],
};

static EFS_AUTHORIZATION_CONFIG: Object = Object {
    what: "the authorization of an EFS volume",
    keys: &[
        member(
            "accessPointId",
            Type::Text,
            "The access point through which it is mounted, `fsap-…`; it requires encryption.",
        ),
        member(
            "iam",
            Type::Word(&["ENABLED", "DISABLED"]),
            "Whether EFS checks the rights of the task role; it requires encryption.",
        ),
    ],
    required: &[],
};

static S3_FILES_VOLUME_CONFIGURATION: Object = Object {
    what: "an S3 Files volume",
    keys: &[
        member("fileSystemArn", Type::Text, "The ARN of the file system."),
        member("rootDirectory", Type::Text, "The folder of the file system that is mounted."),
        member("transitEncryptionPort", Type::Int, "The port of the encrypted connection on the side of the task."),
        member("accessPointArn", Type::Text, "The ARN of the access point through which it is mounted."),
    ],
    required: &["fileSystemArn"],
};

static FSX_WINDOWS_FILE_SERVER_VOLUME_CONFIGURATION: Object = Object {
    what: "an FSx volume",
    keys: &[
        member("fileSystemId", Type::Text, "The id of the file system, `fs-…`."),
        member("rootDirectory", Type::Text, "The folder of the file system that is mounted."),
        member(
            "authorizationConfig",
            Type::Object(&FSX_WINDOWS_FILE_SERVER_AUTHORIZATION_CONFIG),
            "The account of Active Directory that mounts it.",
        ),
    ],
    required: &["fileSystemId", "rootDirectory", "authorizationConfig"],
};

static FSX_WINDOWS_FILE_SERVER_AUTHORIZATION_CONFIG: Object = Object {
    what: "the authorization of an FSx volume",
    keys: &[
        member("credentialsParameter", Type::Text, "The ARN of the secret or parameter with user name and password."),
        member("domain", Type::Text, "The full name of the Active Directory domain."),
    ],
    required: &["credentialsParameter", "domain"],
};
