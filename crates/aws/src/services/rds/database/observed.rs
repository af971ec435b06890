//! From a description of an instance to its canonical form: what waits for the maintenance window counts as there, a version is right if it
//! begins as the wanted one does, and storage that grew by itself is not too large. Pure.

use std::cmp::Ordering;

use aws_sdk_rds::types::DbInstance;
use evenkeel_core::doc::Text;
use evenkeel_core::snapshot::{Guard, Live, Owner};
use serde_json::{Value, json};

use super::super::read::Rds;
use super::super::{db_parameter_group, db_subnet_group, tagging, waits};
use super::{DEFAULT, ENTRY, FINAL_SNAPSHOT, MANAGED, NOTHING, PASSWORD, Spec, Storage};
use crate::resource::spec;
use crate::tags::{self, Tags};
use evenkeel_stack::databases::{begins_with, is_major_change};

/// What a reading says of an instance, beside what is wanted of it.
pub(super) fn observed(raw: &DbInstance, rds: &Rds, stack: &str) -> Live<Spec> {
    let all = tagging::of(raw.tag_list());
    let owner = tags::owner(&all, stack, ENTRY.kind.name);
    let name = raw.db_instance_identifier().unwrap_or_default();
    let node = match &owner {
        Owner::Ours(node) => rds.databases.get(node),
        Owner::Managed { .. } | Owner::OtherStack(_) | Owner::Stray(_) | Owner::Nobody => None,
    };
    let want: Option<Spec> = node.or_else(|| rds.want(ENTRY.kind.name, name)).and_then(known);
    let have = canonical(raw, want.as_ref(), &all);
    let mut live = live(raw, have, owner);
    live.replaces = all.get(tags::REPLACES).cloned();
    live
}

/// What is wanted, as far as it says something about an instance that is there: holes are left out.
fn known(want: &Value) -> Option<Spec> {
    spec(want).ok()
}

/// An instance as a request has just left it.
pub(super) fn made(raw: &DbInstance, want: &Spec, owner: Owner) -> Live<Spec> {
    live(raw, Spec { password_from: None, ..want.clone() }, owner)
}

fn canonical(raw: &DbInstance, want: Option<&Spec>, all: &Tags) -> Spec {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let pending = raw.pending_modified_values();
    let live_version = pending.and_then(|it| it.engine_version()).or(raw.engine_version()).unwrap_or_default();
    let (version, version_at_most) = version(raw.engine().unwrap_or_default(), live_version, want);
    let groups = raw.vpc_security_groups().iter().filter_map(|group| group.vpc_security_group_id());
    let mut groups: Vec<&str> = groups.collect();
    groups.sort_unstable();
    let port = pending.and_then(|it| it.port()).or_else(|| raw.endpoint().and_then(|at| at.port()));
    let port = port.or(raw.db_instance_port().filter(|port| *port > 0)).or(want.map(|want| want.port));
    let group = raw.db_parameter_groups().first().and_then(|group| group.db_parameter_group_name());
    let waiting = pending.map(waits::pending).unwrap_or_default();
    let waiting = if waiting.is_empty() { NOTHING.to_owned() } else { waiting.join(", ") };
    Spec {
        engine: text(raw.engine()),
        version,
        version_at_most,
        class: text(pending.and_then(|it| it.db_instance_class()).or(raw.db_instance_class())),
        storage: storage(raw, want.map(|want| &want.storage)),
        database: raw.db_name().filter(|name| !name.is_empty()).map(str::to_owned),
        username: text(raw.master_username()),
        password: password(raw, all),
        password_from: None,
        port: port.unwrap_or_default(),
        subnet_group: raw.db_subnet_group().and_then(|group| group.db_subnet_group_name()).unwrap_or_default().into(),
        security_groups: Some(groups.into_iter().map(Into::into).collect()),
        multi_az: pending.and_then(|it| it.multi_az()).or(raw.multi_az()).unwrap_or_default(),
        public: raw.publicly_accessible().unwrap_or_default(),
        backup_days: pending.and_then(|it| it.backup_retention_period()).or(raw.backup_retention_period()).unwrap_or(1),
        backup_window: raw.preferred_backup_window().map(str::to_owned),
        maintenance_window: raw.preferred_maintenance_window().map(str::to_lowercase),
        parameter_group: group.filter(|name| !name.starts_with("default.")).unwrap_or(DEFAULT).into(),
        auto_minor_upgrade: raw.auto_minor_version_upgrade().unwrap_or(true),
        performance_insights: raw.performance_insights_enabled().unwrap_or_default(),
        deletion_protection: raw.deletion_protection().unwrap_or_default(),
        final_snapshot: all.get(FINAL_SNAPSHOT).is_none_or(|word| word != "false"),
        pending: Some(waiting),
        tags: tags::user(all),
    }
}

/// The version, and the one that it must not be above: what is wanted, unless what is live is older, or of a later major version.
/// A minor version that RDS has upgraded by itself is right.
fn version(engine: &str, live: &str, want: Option<&Spec>) -> (Option<String>, Option<String>) {
    let some = |text: &str| Some(text.to_owned());
    let Some(wanted) = want.and_then(|want| want.version.as_deref()) else { return (some(live), some(live)) };
    if begins_with(live, wanted) {
        return (some(wanted), some(wanted));
    }
    match (compare(live, wanted), is_major_change(engine, live, wanted)) {
        (Ordering::Greater, true) => (some(wanted), some(live)),
        (Ordering::Greater, false) => (some(wanted), some(wanted)),
        _ => (some(live), some(wanted)),
    }
}

/// Which of two versions is later, number by number.
fn compare(one: &str, other: &str) -> Ordering {
    let numbers = |text: &str| -> Vec<u32> {
        let digits = |part: &str| part.chars().take_while(char::is_ascii_digit).collect::<String>();
        text.split('.').map(|part| digits(part).parse().unwrap_or_default()).collect()
    };
    numbers(one).cmp(&numbers(other))
}

fn storage(raw: &DbInstance, want: Option<&Storage>) -> Storage {
    let pending = raw.pending_modified_values();
    let now = raw.allocated_storage().unwrap_or_default();
    let size = pending.and_then(|it| it.allocated_storage()).unwrap_or(now);
    let (shown, at_most) = match want {
        // It has grown by itself, or is to be smaller, which it cannot.
        Some(want) if size > want.size => (want.size, size),
        Some(want) => (size, want.size),
        None => (size, size),
    };
    Storage {
        kind: pending.and_then(|it| it.storage_type()).or(raw.storage_type()).unwrap_or_default().to_owned(),
        size: shown,
        at_most: Some(at_most),
        max: raw.max_allocated_storage().filter(|max| *max != now).unwrap_or_default(),
        iops: pending.and_then(|it| it.iops()).or(raw.iops()),
        throughput: pending.and_then(|it| it.storage_throughput()).or(raw.storage_throughput()),
        encrypted: raw.storage_encrypted().unwrap_or_default(),
        kms_key: raw.kms_key_id().map(str::to_owned),
    }
}

fn password(raw: &DbInstance, all: &Tags) -> Text {
    let kept = all.get(PASSWORD);
    // The secret of a new one may be on its way.
    let new = waits::status(raw) == waits::CREATING && kept.is_none();
    if raw.master_user_secret().is_some() || new {
        return MANAGED.into();
    }
    kept.map_or_else(|| "not known".into(), |arn| arn.as_str().into())
}

/// The name of the snapshot that is left: no other instance has the same, since each has an id of its own.
fn snapshot(name: &str, resource: &str) -> String {
    let id: String = resource.chars().filter(char::is_ascii_alphanumeric).collect();
    let end = &id[id.len().saturating_sub(8)..];
    format!("{name}-final-{}", end.to_lowercase())
}

fn live(raw: &DbInstance, have: Spec, owner: Owner) -> Live<Spec> {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let (arn, name) = (text(raw.db_instance_arn()), text(raw.db_instance_identifier()));
    let (resource, size) = (text(raw.dbi_resource_id()), raw.allocated_storage().unwrap_or_default());
    let status = waits::status(raw);
    let last = (have.final_snapshot && !waits::is_broken(status)).then(|| snapshot(&name, &resource));
    let arn_of_secret = raw.master_user_secret().and_then(|secret| secret.secret_arn()).map(str::to_owned);
    let own = have.password.known().filter(|known| known.starts_with("arn:")).map(str::to_owned);
    let uses = secret_uses(raw, own.as_deref());
    let mut live = Live::new(&arn, &name, owner, have).output("arn", arn.as_str()).output("name", name.as_str());
    live = live.output("username", text(raw.master_username())).output("database", text(raw.db_name()));
    if let Some((address, port)) = raw.endpoint().and_then(|at| Some((at.address()?, at.port()?))) {
        live = live.output("endpoint", address).output("port", port.to_string());
        live.handles.push(address.to_owned());
    }
    match (own, arn_of_secret) {
        (Some(own), _) => live = live.output("secret", own.as_str()).output("password", own),
        (None, Some(arn)) => {
            let password = format!("{arn}:password::");
            live = live.output("secret", arn).output("password", password);
        }
        (None, None) => {}
    }
    live.handles.push(format!("database/{name}"));
    live.uses = uses;
    live.readiness = waits::readiness(status);
    live.waits = waits::later(raw);
    live = live.output("waits", waits::later(raw).unwrap_or_default());
    live.data = Some(match &last {
        Some(last) => format!("{size} GiB of databases; what is in them stays in the snapshot {last}"),
        None => format!("{size} GiB of databases, without a last snapshot"),
    });
    live.leaves = last
        .as_ref()
        .map(|last| format!("the snapshot {last}; AWS bills its data by the GiB and month until you delete it"));
    live.private = json!({ "resource": resource, "snapshot": last, "allocated": size });
    if live.have.deletion_protection {
        live.guard = Some(Guard { key: "protect".to_owned(), pointer: "/deletion_protection".to_owned() });
    }
    live
}

/// What an instance refers to.
fn secret_uses(raw: &DbInstance, own: Option<&str>) -> Vec<String> {
    let groups = raw.vpc_security_groups().iter().filter_map(|group| group.vpc_security_group_id()).map(str::to_owned);
    let subnets = raw.db_subnet_group().and_then(|group| group.db_subnet_group_name()).map(db_subnet_group::handle);
    let parameters = raw.db_parameter_groups().iter().filter_map(|group| group.db_parameter_group_name());
    groups.chain(subnets).chain(parameters.map(db_parameter_group::handle)).chain(own.map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use aws_sdk_rds::types::PendingModifiedValues;
    use evenkeel_core::diff::diff;
    use serde_json::json;

    use super::*;

    fn raw() -> aws_sdk_rds::types::builders::DbInstanceBuilder {
        DbInstance::builder()
            .db_instance_identifier("shop-main")
            .db_instance_arn("arn:aws:rds:eu-west-1:1:db:shop-main")
            .dbi_resource_id("db-ABCDEFGHIJKLMNOP")
            .db_instance_status("available")
            .engine("postgres")
            .engine_version("16.12")
            .db_instance_class("db.t4g.micro")
            .allocated_storage(20)
            .storage_type("gp3")
    }

    fn wanted(version: &str, size: i32, max: i32) -> Value {
        let storage = json!({ "type": "gp3", "size": size, "at_most": (max == 0).then_some(size), "max": max, "iops": null,
            "throughput": null, "encrypted": false, "kms_key": null });
        json!({ "engine": "postgres", "version": version, "version_at_most": version, "class": "db.t4g.micro",
            "storage": storage, "database": null, "username": "", "password": "not known", "password_from": null, "port": 5432,
            "subnet_group": "", "security_groups": null, "multi_az": false, "public": false, "backup_days": 1,
            "backup_window": null, "maintenance_window": null, "parameter_group": "default", "auto_minor_upgrade": true,
            "performance_insights": false, "deletion_protection": false, "final_snapshot": true, "pending": null, "tags": {} })
    }

    fn changes(raw: &DbInstance, want: &Value) -> Vec<String> {
        let typed: Spec = spec(want).unwrap();
        let have = canonical(raw, Some(&typed), &Tags::new());
        diff(&ENTRY.kind, want, &json!(have)).into_iter().map(|change| change.path).collect()
    }

    #[test]
    fn a_version_is_right_if_it_begins_as_the_wanted_one_does() {
        let raw = raw().build();
        for right in ["16", "16.12"] {
            assert_eq!(changes(&raw, &wanted(right, 20, 0)), Vec::<String>::new(), "{right}");
        }
        // RDS has upgraded it by itself.
        assert_eq!(changes(&raw, &wanted("16.3", 20, 0)), Vec::<String>::new());
        assert_eq!(changes(&raw, &wanted("17", 20, 0)), ["version"]);
        assert_eq!(changes(&raw, &wanted("15", 20, 0)), ["version_at_most"]);
    }

    #[test]
    fn storage_grows_and_never_shrinks() {
        let raw = raw().build();
        assert_eq!(changes(&raw, &wanted("16", 30, 0)), ["storage.size"]);
        assert_eq!(changes(&raw, &wanted("16", 10, 0)), ["storage.at_most"]);
        let grown = self::raw().max_allocated_storage(100).build();
        assert_eq!(changes(&grown, &wanted("16", 10, 100)), Vec::<String>::new(), "it has grown by itself");
    }

    #[test]
    fn what_waits_for_the_window_counts_as_there() {
        let pending = PendingModifiedValues::builder().engine_version("17.8").allocated_storage(40).build();
        let raw = raw().pending_modified_values(pending).build();
        assert_eq!(changes(&raw, &wanted("17", 40, 0)), Vec::<String>::new());
        let mut at_once = wanted("17", 40, 0);
        at_once["pending"] = NOTHING.into();
        assert_eq!(changes(&raw, &at_once), ["pending"]);
    }

    #[test]
    fn a_snapshot_has_the_name_of_its_instance_alone() {
        let kept: Spec = spec(&wanted("16", 20, 0)).unwrap();
        let live = live(&raw().build(), kept, Owner::Nobody);
        assert_eq!(live.private["snapshot"], "shop-main-final-ijklmnop");
        assert!(live.leaves.is_some_and(|text| text.contains("shop-main-final-ijklmnop")));
    }
}
