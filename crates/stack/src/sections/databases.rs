//! `databases:`, databases of RDS: the table of their keys, and what RDS would refuse of an entry as a whole. What is known of its
//! engines is in `databases.rs` of the crate; must not know what is in AWS.

use std::collections::BTreeMap;

use evenkeel_core::name;

use super::super::arn;
use super::super::databases::{self, ENGINES, POSTGRES};
use super::super::decode::{Want, capital};
use super::super::fields::Fields;
use super::super::model::{self, DatabaseStorage, Secret};
use super::super::table::{EMPTY, Key, Made, Table, Type, key};
use super::super::tagging::Rules;
use super::super::tree::{Entry, Tree, Value};
use super::super::value_from::ValueFrom;
use super::super::values::NameRule;
use super::{Ctx, META, NAME, load_balancers};

/// The characters and the length; [`databases::identifier_complaint`] says the rest.
static RULE: NameRule = NameRule { length: 1..=63, also: "-", not_starting: &[], inner_hyphen: true };

const DAY: u32 = 86_400;
/// Kinds of storage.
const STORAGE_TYPES: &[&str] = &["gp3", "gp2", "io1", "io2"];
/// GiB from which the speed of gp3 can be set.
const FAST_GP3: u32 = 400;

/// What every entry may say, where data is worth protecting.
static PROTECTED: [Key; 3] = [
    META[0],
    META[1],
    key(
        "protect",
        Type::Flag,
        "RDS and evenkeel both refuse to delete it, also after the entry has left the file; `destroy` and replacements are \
         held back until `--consent ID` names it.",
    )
    .also(&["deletion_protection"])
    .value("true")
    .aws("DeletionProtection"),
];

/// An entry.
pub(crate) static DATABASE: Table = Table {
    path: "databases",
    what: "a database",
    groups: &[&NAME, &PROTECTED, &ENGINE, &PLACE, &CARE],
    made: &[Made {
        kind: "database",
        outputs: &["endpoint", "port", "secret", "password", "name", "database", "username", "arn"],
        name: Some(&RULE),
    }],
    words: &[
        ("DBInstanceIdentifier", "It is called `name` here."),
        ("MasterUserPassword", "A password must not be in the file. Write password: secret:ENTRY, or leave it to RDS."),
        ("ManageMasterUserPassword", "RDS makes the password unless the entry has a `password:`."),
        ("SkipFinalSnapshot", "Write final_snapshot: false."),
        ("AllocatedStorage", "Write storage: 20, or storage: { size: 20 }."),
        ("allow_major_version_upgrade", "Write another `version:`; the plan shows the upgrade."),
    ],
    ..EMPTY
};

/// What runs in it.
static ENGINE: [Key; 8] = [
    key("engine", Type::Word(ENGINES), "What it runs; a change replaces it.")
        .needed("Say what it runs: engine: postgres, or engine: mysql.")
        .aws("Engine")
        .example("postgres"),
    key(
        "version",
        Type::Text,
        "The version, or its beginning: `16` is right for every 16.x. A later major version upgrades it, an earlier one \
         replaces it; minor versions that RDS upgrades by itself are right.",
    )
    .also(&["engine_version"])
    .without("what RDS takes for a new one")
    .aws("EngineVersion")
    .example("\"16\""),
    key("class", Type::Text, "How large its machine is.")
        .also(&["instance_class"])
        .value("db.t4g.micro")
        .aws("DBInstanceClass")
        .example("db.t3.micro"),
    key("database", Type::Text, "The database that is made in it; a change replaces it.")
        .also(&["db_name"])
        .aws("DBName")
        .example("shop"),
    key("username", Type::Text, "The user that RDS makes; a change replaces it.")
        .also(&["master_username"])
        .without("`postgres`, or `admin` for MySQL")
        .aws("MasterUsername")
        .example("shopkeeper"),
    key(
        "password",
        Type::Text,
        "The entry of `secrets:` that keeps its password; it is sent to both, and never read. RDS makes and keeps one \
         if this is left out.",
    )
    .shape("`secret:ENTRY`")
    .without("a secret of RDS, `${database.NAME.secret}`"),
    key("parameters", Type::MapOf(&Type::Blank), "Parameters of the engine; they get a parameter group of the version's family.")
        .aws("Parameters")
        .example("{ log_statement: all }"),
    key("parameter_group", Type::Text, "A parameter group that exists, by name; it is used as it is.")
        .also(&["db_parameter_group_name"])
        .without("one of its own with `parameters`, otherwise that of RDS")
        .aws("DBParameterGroupName")
        .example("shared-postgres16"),
];

/// Where it is, and how much there is of it.
static PLACE: [Key; 7] = [
    key(
        "storage",
        Type::AnyOf(&[Type::Number(20, 65_536), Type::Map(&STORAGE)]),
        "Its storage; it can grow and never shrink.",
    )
    .also(&["allocated_storage"])
    .shape("GiB, or a map")
    .value("20")
    .example("{ size: 20, max: 100 }"),
    key("port", Type::Number(1150, 65_535), "Where it listens.")
        .without("5432, or 3306 for MySQL")
        .aws("DBPortNumber, Port"),
    key("subnets", Type::Several(&Type::Text), "Subnets of at least two availability zones, by id.")
        .without("those of `network:`")
        .aws("SubnetIds"),
    key(
        "subnet_group",
        Type::Text,
        "A subnet group that exists, by name; it is used as it is. A change replaces the database.",
    )
    .also(&["db_subnet_group_name"])
    .without("one of its own")
    .aws("DBSubnetGroupName")
    .example("shared"),
    key(
        "security_groups",
        Type::Several(&Type::Entry("security_groups")),
        "Who may reach it: groups of the file, or `sg-…`.",
    )
    .without("the default group of the VPC")
    .aws("VPCSecurityGroupIds")
    .example("[app]"),
    key("multi_az", Type::Flag, "Whether there is another one in a second zone, which takes over if this one fails.")
        .value("false")
        .aws("MultiAZ"),
    key("public", Type::Flag, "Whether it has an address that can be reached from the internet.")
        .also(&["publicly_accessible"])
        .value("false")
        .aws("PubliclyAccessible"),
];

/// How it is looked after.
static CARE: [Key; 7] = [
    key("backups", Type::Seconds(0, 35 * DAY), "For how long the daily backups are kept; `0` for none.")
        .also(&["backup_retention"])
        .shape("days, `7d`")
        .value("7d")
        .aws("BackupRetentionPeriod"),
    key("backup_window", Type::Text, "When the daily backup begins and ends, in UTC; at least half an hour.")
        .without("a time that RDS chooses")
        .aws("PreferredBackupWindow")
        .example("\"03:00-03:30\""),
    key("maintenance_window", Type::Text, "When RDS makes changes that wait, in UTC; at least half an hour.")
        .without("a time that RDS chooses")
        .aws("PreferredMaintenanceWindow")
        .example("\"sun:04:00-sun:04:30\""),
    key(
        "apply_immediately",
        Type::Flag,
        "Whether changes that RDS would keep for the maintenance window are made at once, some with an interruption. \
         Without it they wait, and plans say so.",
    )
    .value("false")
    .aws("ApplyImmediately"),
    key("auto_minor_upgrade", Type::Flag, "Whether RDS upgrades minor versions.")
        .also(&["auto_minor_version_upgrade"])
        .value("true")
        .aws("AutoMinorVersionUpgrade"),
    key("performance_insights", Type::Flag, "Whether RDS records what loads it.")
        .value("false")
        .aws("EnablePerformanceInsights"),
    key(
        "final_snapshot",
        Type::Flag,
        "Whether a snapshot is taken when it is deleted, which stays and costs money. It is written to a tag, so that it \
         also holds once the entry has left the file.",
    )
    .value("true")
    .aws("FinalDBSnapshotIdentifier, SkipFinalSnapshot"),
];

/// `storage:` in its long form.
static STORAGE: Table = Table {
    path: "databases.storage",
    what: "the storage of a database",
    groups: &[&[
        key("size", Type::Number(20, 65_536), "GiB that it has; it can grow and never shrink.")
            .value("20")
            .aws("AllocatedStorage"),
        key("type", Type::Word(STORAGE_TYPES), "Its kind.").also(&["storage_type"]).value("gp3").aws("StorageType"),
        key("max", Type::Number(22, 65_536), "GiB to which it grows by itself when it is nearly full.")
            .also(&["max_allocated_storage"])
            .without("it does not grow by itself")
            .aws("MaxAllocatedStorage"),
        key("iops", Type::Number(1000, 256_000), "Operations a second; of gp3 with at least 400 GiB.")
            .without("what comes with the size")
            .aws("Iops"),
        key("throughput", Type::Number(125, 4000), "MiB a second; of gp3 with at least 400 GiB.")
            .without("what comes with the size")
            .aws("StorageThroughput"),
        key("encrypted", Type::Flag, "Whether it is encrypted; a change replaces the database.")
            .value("true")
            .aws("StorageEncrypted"),
        key("kms_key", Type::Text, "The key that encrypts it; a change replaces the database.")
            .shape("ARN")
            .without("AWS's key `aws/rds`")
            .aws("KmsKeyId"),
    ]],
    ..EMPTY
};

/// Reads one entry.
pub(crate) fn read(ctx: &Ctx<'_>, entry: &Entry) -> Option<model::Database> {
    let what = format!("database `{}`", entry.key);
    let fields = Fields::open(&entry.value, what.clone(), &DATABASE, ctx.problems)?;
    let meta = ctx.meta(entry, &fields, Rules::Common);
    name(ctx, entry, &fields, &meta);
    let engine = fields.word("engine").unwrap_or(POSTGRES);
    let (version, family) = version(ctx, &fields, engine);
    let class = class(ctx, &fields);
    let storage = storage(ctx, fields.take("storage"), &what);
    let complain = |key: &'static str, complaint: fn(&str, &str) -> Option<String>| {
        let given = fields.text(key)?;
        if let (Some(why), Some(tree)) = (complaint(engine, &given), fields.take(key)) {
            let summary = format!("RDS refuses `{given}` as `{key}` of {what}");
            ctx.problems.error("bad-database", &tree.place, summary, format!("{}. Write another one.", capital(&why)));
        }
        Some(given)
    };
    let database = complain("database", databases::name_complaint);
    let username = complain("username", databases::user_complaint);
    let secret = fields.take("password").and_then(|tree| secret(ctx, tree, &what));
    let port = fields.count("port").and_then(|port| u16::try_from(port).ok());
    let subnets = fields.take("subnets");
    let ids = ctx.subnets(subnets, &format!("`subnets` of {what}"));
    if let (Some(tree), Some(ids)) = (subnets, &ids) {
        load_balancers::zones(ctx, tree, &what, ids, 2);
    }
    let security_groups = ctx.security_groups(fields.take("security_groups"), &format!("`security_groups` of {what}"));
    let backup_days = days(ctx, &fields);
    let backup_window = window(ctx, &fields, "backup_window", &|text| daily(text).is_some());
    let maintenance_window = window(ctx, &fields, "maintenance_window", &|text| weekly(text).is_some());
    let parameters = parameters(ctx, &fields, &what);
    let subnet_group = existing(ctx, &fields, "subnet_group", "subnets");
    let parameter_group = existing(ctx, &fields, "parameter_group", "parameters");
    overlap(ctx, &fields, backup_window.as_deref(), maintenance_window.as_deref());
    let flag = |key: &'static str| fields.flag(key).unwrap_or_default();
    let (multi_az, public) = (flag("multi_az"), flag("public"));
    let (apply_immediately, auto_minor_upgrade) = (flag("apply_immediately"), flag("auto_minor_upgrade"));
    let (performance_insights, final_snapshot) = (flag("performance_insights"), flag("final_snapshot"));
    fields.finish();
    Some(model::Database {
        meta,
        engine: engine.to_owned(),
        version,
        family,
        class,
        storage,
        database,
        username: username.unwrap_or_else(|| databases::user(engine).to_owned()),
        secret,
        port: port.unwrap_or_else(|| databases::port(engine)),
        subnets: ids,
        subnet_group,
        parameter_group,
        security_groups,
        multi_az,
        public,
        backup_days,
        backup_window,
        maintenance_window,
        apply_immediately,
        auto_minor_upgrade,
        performance_insights,
        parameters,
        final_snapshot,
    })
}

/// Sees that RDS takes the name, given or made.
fn name(ctx: &Ctx<'_>, entry: &Entry, fields: &Fields<'_>, meta: &model::Meta) {
    let help = |why: &str| format!("{}. A name looks like shop-main.", capital(why));
    if let (Some(given), Some(tree)) = (&meta.name, fields.take("name")) {
        if let Some(why) = databases::identifier_complaint(given) {
            let summary = format!("`{given}` is not a valid name for {}", fields.what());
            ctx.problems.error("bad-name", &tree.place, summary, help(why));
        }
        return;
    }
    let made = name::physical(ctx.stack_name(), &entry.key, *RULE.length.end()).to_lowercase();
    if let Some(why) = databases::identifier_complaint(&made).filter(|_| !ctx.stack_name().is_empty()) {
        let summary = format!("{} would be called `{made}`: {why}", fields.what());
        ctx.problems.error("bad-name", &entry.place, summary, "Give it another `name:`.");
    }
}

/// The version with its family.
fn version(ctx: &Ctx<'_>, fields: &Fields<'_>, engine: &str) -> (Option<String>, Option<String>) {
    let Some(version) = fields.text("version") else { return (None, None) };
    if let (Some(help), Some(tree)) = (databases::no_version(engine, &version), fields.take("version")) {
        let summary = format!("{} wants {engine} {version}, which does not exist", fields.what());
        ctx.problems.error("bad-database", &tree.place, summary, help);
    }
    let family = databases::family(engine, &version);
    (Some(version), family)
}

fn class(ctx: &Ctx<'_>, fields: &Fields<'_>) -> String {
    let class = fields.text("class").unwrap_or_default();
    let parts: Vec<&str> = class.split('.').collect();
    let good = matches!(parts[..], ["db", family, size, ..] if !family.is_empty() && !size.is_empty());
    if let (false, Some(tree)) = (good, fields.take("class")) {
        let help = "Write a class of RDS: db.t4g.micro, db.m7g.large.";
        ctx.problems.error("bad-database", &tree.place, format!("`{class}` is not a class of databases"), help);
    }
    class
}

/// A group that exists, in the place of one with these settings.
fn existing(ctx: &Ctx<'_>, fields: &Fields<'_>, key: &'static str, settings: &'static str) -> Option<String> {
    let name = fields.text(key)?;
    if let Some(tree) = fields.take(settings) {
        let summary = format!("{} has `{key}` and `{settings}`", fields.what());
        let help = "A group that exists is used as it is. Remove one of the two.";
        ctx.problems.error("contradiction", &tree.place, summary, help);
    }
    Some(name.to_lowercase())
}

/// The entry that keeps the password.
fn secret(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<String> {
    let text = Want::new(&format!("`password` of {what}"), ctx.problems).filled(tree)?;
    let Some(name) = text.strip_prefix("secret:") else {
        let help = "Write password: secret:ENTRY with an entry of `secrets:`, or leave it out, and RDS makes one.";
        ctx.problems.error(
            "bad-secret",
            &tree.place,
            format!("`password` of {what} is not an entry of `secrets:`"),
            help,
        );
        return None;
    };
    if !ctx.scope.names.has("secret", name) {
        ctx.dangling(tree, name, "secret", "secrets");
        return None;
    }
    Some(name.to_owned())
}

fn storage(ctx: &Ctx<'_>, tree: Option<&Tree>, what: &str) -> DatabaseStorage {
    let plain = |size: u32| DatabaseStorage {
        kind: STORAGE_TYPES[0].to_owned(),
        size,
        max: None,
        iops: None,
        throughput: None,
        encrypted: true,
        kms_key: None,
    };
    let words = format!("`storage` of {what}");
    let Some(tree) = tree else { return plain(20) };
    if !matches!(tree.value, Value::Map(_)) {
        return plain(Want::new(&words, ctx.problems).count(tree, 20, 65_536).unwrap_or(20));
    }
    let Some(fields) = Fields::open(tree, words, &STORAGE, ctx.problems) else { return plain(20) };
    let kms_key = fields
        .text("kms_key")
        .filter(|key| fields.take("kms_key").is_some_and(|tree| arn::check(ctx, &tree.place, key, &arn::KEY)));
    let found = DatabaseStorage {
        kind: fields.word("type").unwrap_or(STORAGE_TYPES[0]).to_owned(),
        size: fields.count("size").unwrap_or(20),
        max: fields.count("max"),
        iops: fields.count("iops"),
        throughput: fields.count("throughput"),
        encrypted: fields.flag("encrypted").unwrap_or(true),
        kms_key,
    };
    sizes(ctx, &fields, &found);
    fields.finish();
    found
}

/// Sizes and speeds that contradict each other.
fn sizes(ctx: &Ctx<'_>, fields: &Fields<'_>, storage: &DatabaseStorage) {
    let DatabaseStorage { kind, size, max, iops, throughput, encrypted, kms_key } = storage;
    let what = fields.what();
    let tell = |key: &'static str, summary: String, help: &str| {
        let place = fields.take(key).map_or(fields.place(), |tree| &tree.place);
        ctx.problems.error("bad-size", place, summary, help);
    };
    if let Some(max) = max.filter(|max| u64::from(*max) * 10 < u64::from(*size) * 11) {
        tell("max", format!("{what} of {size} GiB grows to {max} GiB"), "RDS wants at least a tenth more than `size`.");
    }
    match kind.as_str() {
        "gp2" if iops.is_some() || throughput.is_some() => {
            let key = if iops.is_some() { "iops" } else { "throughput" };
            tell(key, format!("{what} is gp2, whose speed follows from its size"), "Remove it, or write type: gp3.");
        }
        "gp3" if (iops.is_some() || throughput.is_some()) && *size < FAST_GP3 => {
            let key = if iops.is_some() { "iops" } else { "throughput" };
            let summary = format!("{what} is gp3 with less than {FAST_GP3} GiB, whose speed is fixed");
            tell(key, summary, "Remove it, or make it larger.");
        }
        "io1" | "io2" if iops.is_none() => {
            tell("type", format!("{what} is {kind} without `iops`"), "Say how fast it is: iops: 1000.");
        }
        "io1" | "io2" if *size < 100 => {
            tell("size", format!("{what} is {kind} with {size} GiB"), "RDS wants at least 100 GiB of it.");
        }
        "io1" | "io2" if throughput.is_some() => {
            tell("throughput", format!("{what} is {kind}, whose throughput follows from `iops`"), "Remove it.");
        }
        _ => {}
    }
    if let (false, Some(tree)) = (*encrypted, fields.take("kms_key").filter(|_| kms_key.is_some())) {
        let summary = format!("{what} has a `kms_key` and `encrypted: false`");
        ctx.problems.error("contradiction", &tree.place, summary, "Remove one of the two.");
    }
}

fn days(ctx: &Ctx<'_>, fields: &Fields<'_>) -> u32 {
    let seconds = fields.seconds("backups").unwrap_or_default();
    if let Some(tree) = fields.take("backups").filter(|_| !seconds.is_multiple_of(DAY)) {
        let summary = format!("backups of {} are not kept for whole days", fields.what());
        ctx.problems.error("out-of-range", &tree.place, summary, "Write 0d to 35d.");
    }
    seconds / DAY
}

/// A time of the day or the week that RDS understands.
fn window(ctx: &Ctx<'_>, fields: &Fields<'_>, key: &'static str, good: &dyn Fn(&str) -> bool) -> Option<String> {
    let given = fields.text(key)?.to_ascii_lowercase();
    let tree = fields.take(key)?;
    if good(&given) {
        return Some(given);
    }
    let example = if key == "backup_window" { "\"03:00-03:30\"" } else { "\"sun:04:00-sun:04:30\"" };
    let summary = format!("`{given}` is not a `{key}` of RDS");
    let help = format!("Write it in UTC, at least half an hour: {key}: {example}.");
    ctx.problems.error("bad-database", &tree.place, summary, help);
    None
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Minutes of `03:30`.
fn minutes(text: &str) -> Option<u32> {
    let (hour, minute) = text.split_once(':').filter(|(hour, minute)| hour.len() == 2 && minute.len() == 2)?;
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

/// When `03:00-03:30` begins and how long it is, in minutes, if that is long enough.
fn daily(text: &str) -> Option<(u32, u32)> {
    let (from, to) = text.split_once('-')?;
    let start = minutes(from)?;
    let length = (minutes(to)? + 1440 - start) % 1440;
    (length >= 30).then_some((start, length))
}

/// The same of `sun:04:00-sun:04:30`, in the week.
fn weekly(text: &str) -> Option<(u32, u32)> {
    let at = |text: &str| {
        let (day, time) = text.split_once(':')?;
        let day = DAYS.iter().position(|known| *known == day)?;
        Some(u32::try_from(day).ok()? * 1440 + minutes(time)?)
    };
    let (from, to) = text.split_once('-')?;
    let start = at(from)?;
    let length = (at(to)? + 7 * 1440 - start) % (7 * 1440);
    (30..1440).contains(&length).then_some((start, length))
}

/// RDS refuses windows that meet.
fn overlap(ctx: &Ctx<'_>, fields: &Fields<'_>, backup: Option<&str>, maintenance: Option<&str>) {
    let windows = backup.and_then(daily).zip(maintenance.and_then(weekly));
    let Some(((backup, long), (maintenance, longer))) = windows else { return };
    let maintenance = maintenance % 1440;
    let meet = (maintenance + 1440 - backup) % 1440 < long || (backup + 1440 - maintenance) % 1440 < longer;
    if let Some(tree) = fields.take("maintenance_window").filter(|_| meet) {
        let summary = format!("`backup_window` and `maintenance_window` of {} meet", fields.what());
        ctx.problems.error(
            "bad-database",
            &tree.place,
            summary,
            "RDS wants them at different times. Move one of them.",
        );
    }
}

fn parameters(ctx: &Ctx<'_>, fields: &Fields<'_>, what: &str) -> BTreeMap<String, String> {
    let Some(tree) = fields.take("parameters") else { return BTreeMap::new() };
    let key = format!("`parameters` of {what}");
    let found = Want::new(&key, ctx.problems).string_map(tree);
    let good = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
    for (name, _, place) in found.iter().filter(|(name, ..)| !good(name)) {
        let help = "Parameters have names like log_statement or rds.force_ssl.";
        ctx.problems.error("bad-database", place, format!("`{name}` is not the name of a parameter"), help);
    }
    if let Some((name, _, place)) = found.iter().find(|(_, value, _)| value.is_empty()) {
        let summary = format!("the parameter `{name}` of {what} has no value");
        ctx.problems.error("empty", place, summary, "Give it one, or remove it to have that of the engine.");
    }
    if fields.take("version").is_none() && !found.is_empty() {
        let help = "The family of the parameter group follows from it: version: \"16\".";
        ctx.problems.error("missing-key", &tree.place, format!("{what} has `parameters` and no `version`"), help);
    }
    found.into_iter().map(|(name, value, _)| (name, value)).collect()
}

/// Sees that the secrets of passwords have a value, and one that RDS takes.
pub(crate) fn check(ctx: &Ctx<'_>, databases: &BTreeMap<String, model::Database>, secrets: &BTreeMap<String, Secret>) {
    for (entry, database) in databases {
        let Some((name, secret)) = database.secret.as_ref().and_then(|name| Some((name, secrets.get(name)?))) else {
            continue;
        };
        let most = databases::longest_password(&database.engine);
        match &secret.from {
            None => {
                let summary = format!("secret `{name}` keeps the password of database `{entry}`, and has no value");
                let help = "Say where it comes from: generate: 32, from_env, from_file or prompt.";
                ctx.problems.error("bad-database", &secret.meta.place, summary, help);
            }
            Some(ValueFrom::Generate(made)) if usize::from(made.length) > most => {
                let summary = format!("secret `{name}` makes {} characters for database `{entry}`", made.length);
                let help = format!("RDS accepts a password of 8 to {most} characters for {}.", database.engine);
                ctx.problems.error("bad-database", &secret.meta.place, summary, help);
            }
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_half_an_hour_and_more() {
        assert_eq!((daily("03:00-03:30"), daily("23:45-00:30")), (Some((180, 30)), Some((1425, 45))));
        assert_eq!(weekly("tue:23:45-wed:00:15"), Some((2 * 1440 - 15, 30)));
        assert!(daily("03:00-03:10").is_none() && weekly("sun:04:00-mon:06:00").is_none());
        assert!(
            daily("3:00-4:00").is_none() && daily("noon").is_none() && weekly("sunday:04:00-sunday:05:00").is_none()
        );
    }
}
