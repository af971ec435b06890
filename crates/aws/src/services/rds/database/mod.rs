//! Database instances. CreateDBInstance takes everything at once and is answered at once; the instance has an address minutes later, so
//! it is read again when it is ready. What ModifyDBInstance changes waits for the maintenance window unless it is to be applied
//! at once; what waits counts as done and is told. RDS keeps names in small letters. Storage never shrinks and a version never goes
//! back, so either is a replacement. What nobody can see (whether the end leaves a snapshot, which secret has the password) is in tags.

mod observed;
mod send;

use async_trait::async_trait;
use evenkeel_core::cloud::{Update, Waiting};
use evenkeel_core::doc::{Text, Texts};
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Polls, Ready, Replace};
use evenkeel_core::snapshot::{Live, Owner, Readiness};
use serde::{Deserialize, Serialize};

use super::password::{self, PasswordFrom};
use super::read::{self, Rds};
use super::{db_parameter_group, db_subnet_group, tagging, waits};
use crate::read::Fetched;
use crate::resource::{Creation, Entry, Modification, Paced, Resource, Work, tagged, wanted};
use crate::services::secrets_manager::secret;
use crate::tags::{self, Retag, Tags};
use crate::touch::Touch;
use evenkeel_stack::model::{self, Stack};

pub use self::send::send_password;

/// RDS takes 63.
const LIMIT: usize = 63;

/// The kind `database`.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: "database",
        title: "RDS database",
        fields: &[
            Field::immutable("engine"),
            Field::immutable("version_at_most"),
            Field::immutable("storage.at_most"),
            Field::immutable("storage.encrypted"),
            Field::immutable("storage.kms_key"),
            Field::immutable("database"),
            Field::immutable("username"),
            Field::immutable("subnet_group"),
            Field::at_birth("password_from"),
            Field::set("security_groups"),
        ],
        outputs: &["endpoint", "port", "secret", "password", "name", "database", "username", "arn", "waits"],
        shifts: &[("password", &["secret", "password"]), ("port", &["port"])],
        replace: Replace::CreateFirst,
        name_limit: LIMIT,
        ready: Ready::BeforeDependants,
        late: true,
        slow_delete: true,
        deadline_secs: 3600,
        // 5 to 15 min.
        takes_secs: 420,
        polls: Polls::every(10, 20),
        ..Kind::PLAIN
    },
    contribute,
    driver: &Databases,
    paced: Paced::NOT,
    actions: &[
        "rds:DescribeDBInstances",
        "tag:GetResources",
        "kms:DescribeKey",
        "rds:CreateDBInstance",
        "rds:ModifyDBInstance",
        "rds:AddTagsToResource",
        "rds:RemoveTagsFromResource",
        "rds:CreateDBSnapshot",
        "rds:DeleteDBInstance",
        "secretsmanager:CreateSecret",
        "secretsmanager:TagResource",
        "secretsmanager:PutSecretValue",
        "iam:CreateServiceLinkedRole",
    ],
};

/// The node of an entry of `databases:`.
pub fn id(entry: &str) -> NodeId {
    NodeId::new("database", entry)
}

/// An instance in canonical form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// `postgres` or `mysql`.
    pub engine: String,
    /// The version, or its beginning; `None` leaves it to RDS.
    pub version: Option<String>,
    /// The major version that it must not be above.
    pub version_at_most: Option<String>,
    /// `db.t4g.micro`.
    pub class: String,
    /// Its storage.
    pub storage: Storage,
    /// The database that is made in it; `None` if it is not managed.
    pub database: Option<String>,
    /// The user that RDS makes.
    pub username: String,
    /// `managed by RDS`, or the ARN of the secret that keeps the password.
    pub password: Text,
    /// Where the password comes from when it is sent; `None` if RDS makes it.
    pub password_from: Option<PasswordFrom>,
    /// The port.
    pub port: i32,
    /// The name of its subnet group.
    pub subnet_group: Text,
    /// Group ids; `None` leaves them to AWS, which takes the VPC's default group.
    pub security_groups: Option<Texts>,
    /// Whether there is another one in a second zone.
    pub multi_az: bool,
    /// Whether it has a public address.
    pub public: bool,
    /// For how many days backups are kept; 0 for none.
    pub backup_days: i32,
    /// When backups are taken; `None` leaves it to RDS.
    pub backup_window: Option<String>,
    /// When changes that wait are made; `None` leaves it to RDS.
    pub maintenance_window: Option<String>,
    /// The name of its parameter group, or `default`.
    pub parameter_group: Text,
    /// Whether RDS upgrades minor versions.
    pub auto_minor_upgrade: bool,
    /// Whether load is recorded.
    pub performance_insights: bool,
    /// Whether RDS refuses to delete it.
    pub deletion_protection: bool,
    /// Whether a snapshot is taken when it is deleted.
    pub final_snapshot: bool,
    /// `nothing` if no change is to wait; what is live tells what does.
    pub pending: Option<String>,
    /// The user's tags.
    pub tags: Tags,
}

/// The storage of an instance.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Storage {
    /// `gp3`, `gp2`, `io1`, `io2`.
    #[serde(rename = "type")]
    pub kind: String,
    /// GiB that it has at least.
    pub size: i32,
    /// GiB that it must not be above; `None` where it grows by itself.
    pub at_most: Option<i32>,
    /// GiB to which it grows by itself; 0 if it does not.
    pub max: i32,
    /// `None` leaves them to RDS.
    pub iops: Option<i32>,
    /// MiB a second; `None` leaves it to RDS.
    pub throughput: Option<i32>,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// The ARN of the key; `None` if it is not managed.
    pub kms_key: Option<String>,
}

/// A password that RDS makes and keeps in a secret of its own.
pub(super) const MANAGED: &str = "managed by RDS";
/// The parameter group that RDS has for the version.
pub(super) const DEFAULT: &str = "default";
/// No change that waits.
const NOTHING: &str = "nothing";
/// The tag that says that no snapshot is taken at the end.
const FINAL_SNAPSHOT: &str = "evenkeel:final-snapshot";
/// The tag that names the secret with the password.
const PASSWORD: &str = "evenkeel:password";

/// The name of an entry's resources in RDS, without a generation suffix.
pub(super) fn physical(stack: &Stack, entry: &str) -> String {
    stack.physical_name("databases", entry, LIMIT)
}

/// What an entry says of the groups beside its instance: they hold nothing that needs protection.
pub(super) fn parts_meta(database: &model::Database) -> model::Meta {
    model::Meta { protect: false, ..database.meta.clone() }
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    for (entry, database) in &stack.databases {
        nodes.push(wanted(id, entry, &database.meta, physical(stack, entry), &desired(stack, entry, database)));
    }
}

fn desired(stack: &Stack, entry: &str, database: &model::Database) -> Spec {
    let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    let storage = &database.storage;
    let grows = storage.max.is_some();
    let from = database.secret.as_ref().and_then(|secret| Some((secret, stack.secrets.get(secret)?.from.as_ref()?)));
    let groups = &database.security_groups;
    let own = database.family.is_some() && !database.parameters.is_empty();
    let existing = database.parameter_group.as_deref().filter(|name| !name.starts_with("default."));
    Spec {
        engine: database.engine.clone(),
        version: database.version.clone(),
        version_at_most: database.version.clone(),
        class: database.class.clone(),
        storage: Storage {
            kind: storage.kind.clone(),
            size: number(storage.size),
            at_most: (!grows).then(|| number(storage.size)),
            max: storage.max.map_or(0, number),
            iops: storage.iops.map(number),
            throughput: storage.throughput.map(number),
            encrypted: storage.encrypted,
            kms_key: storage.kms_key.clone(),
        },
        database: database.database.clone(),
        username: database.username.clone(),
        password: match &database.secret {
            Some(secret) => Text::output(secret::id(secret), "arn"),
            None => MANAGED.into(),
        },
        password_from: from
            .map(|(secret, from)| PasswordFrom { secret: secret::id(secret).to_string(), value: from.to_string() }),
        port: database.port.into(),
        subnet_group: match &database.subnet_group {
            Some(name) => name.as_str().into(),
            None => Text::output(db_subnet_group::id(entry), "name"),
        },
        security_groups: (!groups.is_empty()).then(|| groups.iter().cloned().collect()),
        multi_az: database.multi_az,
        public: database.public,
        backup_days: number(database.backup_days),
        backup_window: database.backup_window.clone(),
        maintenance_window: database.maintenance_window.clone(),
        parameter_group: match existing {
            Some(name) => name.into(),
            None if own => Text::output(db_parameter_group::id(entry), "name"),
            None => DEFAULT.into(),
        },
        auto_minor_upgrade: database.auto_minor_upgrade,
        performance_insights: database.performance_insights,
        deletion_protection: database.meta.protect,
        final_snapshot: database.final_snapshot,
        pending: database.apply_immediately.then(|| NOTHING.to_owned()),
        tags: database.meta.tags.clone(),
    }
}

struct Databases;

tagged!(Spec);

#[async_trait]
impl Resource for Databases {
    type Want = Spec;
    type Have = Spec;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        let rds: &Rds = fetched.part()?;
        let instances = rds.instances.as_ref().map_err(Clone::clone)?;
        let all: Vec<(bool, Live<Spec>)> = instances
            .iter()
            .map(|one| (waits::status(one) == waits::DELETING, observed::observed(one, rds, &fetched.stack)))
            .collect();
        let named = |live: &Live<Spec>| rds.want(ENTRY.kind.name, &live.name).is_some();
        // One that goes makes room for the next of its name; what has a successor, or is not wanted, is awaited until it is gone.
        let followed = |live: &Live<Spec>| all.iter().any(|(going, other)| !going && other.owner == live.owner);
        let counts = |going: bool, live: &Live<Spec>| {
            let there = !going || rds.thorough || !named(live) || followed(live);
            there && (tags::is_marked(&live.owner) || named(live))
        };
        Ok(all.iter().filter(|(going, live)| counts(*going, live)).map(|(_, live)| live.clone()).collect())
    }

    fn marks(&self, want: &Spec) -> Tags {
        marks(want)
    }

    fn marks_between(&self, live: &Live<Spec>, want: &Spec, _order: &Update<'_>) -> (Tags, Tags) {
        (marks(&live.have), marks(want))
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, want) = (work.aws, &order.want);
        let password = match (&want.password_from, want.password.known()) {
            (Some(from), Some(arn)) => Some(password::to_send(aws, from, arn, &want.engine, order.order.token).await?),
            _ => None,
        };
        let raw = send::create(aws, order.order.name, want, password.as_ref(), &order.tags).await?;
        Ok(observed::made(&raw, want, Owner::Nobody))
    }

    async fn write_tags(&self, work: Work<'_>, live: &Live<Spec>, tags: &Retag) -> Result<(), CloudError> {
        tagging::write(work.aws, &live.id, tags).await
    }

    async fn update(&self, work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, want) = (work.aws, &order.want);
        let password = match (&want.password_from, want.password.known()) {
            (Some(from), Some(arn)) if order.changes("password") => {
                Some(password::to_send(aws, from, arn, &want.engine, order.order.token).await?)
            }
            _ => None,
        };
        // Which snapshot is left is in a tag alone.
        let sent = order.order.changes.iter().any(|change| !matches!(change.field(), "tags" | "final_snapshot"));
        if !sent {
            return Ok(order.done());
        }
        let raw = send::modify(aws, order, password.as_ref()).await?;
        Ok(observed::made(&raw, want, order.live.owner.clone()))
    }

    async fn still_ours(&self, work: Work<'_>, touch: &Touch<'_>) -> Result<(), CloudError> {
        let mut found = read::in_batches(work.aws, vec![touch.live.name.clone()]).await?;
        let Some(instance) = found.remove(&touch.live.name) else {
            if touch.deletes {
                return Ok(());
            }
            let text = format!("{} is not there any more", touch.live.id);
            return Err(CloudError::local(ErrorClass::Gone, "rds:DescribeDBInstances", text));
        };
        let tags = tagging::of(instance.tag_list());
        touch.allowed(&tags, "rds:ModifyDBInstance", "rds:DeleteDBInstance")
    }

    async fn delete(&self, work: Work<'_>, _node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
        send::delete(work.aws, live).await
    }

    async fn poll(&self, work: Work<'_>, waiting: &[Waiting]) -> Vec<Result<Readiness, CloudError>> {
        waits::poll(work.aws, waiting).await
    }
}

/// What only tags can keep.
fn marks(spec: &Spec) -> Tags {
    let mut marks = Tags::new();
    if !spec.final_snapshot {
        marks.insert(FINAL_SNAPSHOT.to_owned(), "false".to_owned());
    }
    if let Some(secret) = spec.password.known().filter(|known| known.starts_with("arn:")) {
        marks.insert(PASSWORD.to_owned(), secret.to_owned());
    }
    marks
}
