//! Amazon RDS: database instances with their subnet and parameter groups.
//! This file says how to get along with the service; what its resources are is said by their kinds.

pub mod database;
pub mod db_parameter_group;
pub mod db_subnet_group;
pub mod password;
pub mod read;
mod shown;
mod tagging;
mod waits;

use evenkeel_core::error::ErrorClass;
use futures::future::BoxFuture;

use crate::call::Manners;
use crate::client::Aws;
use crate::finder::Finder;
use crate::floor::Floor;
use crate::read::{Gathered, Scope};
use crate::service::Service;

/// Amazon RDS.
pub static SERVICE: Service = Service {
    title: "Amazon RDS",
    manners: Manners { prefix: "rds", iam: "rds", codes: CODES, texts: &[], rates: &[] },
    tag_types: &["rds:db", "rds:subgrp", "rds:pg"],
    fetch,
    kinds: &[&db_subnet_group::ENTRY, &db_parameter_group::ENTRY, &database::ENTRY],
    floor: FLOOR,
    shown: shown::SHOWN,
};

const FLOOR: &[Floor] = &[
    Floor::batch("rds:DescribeDBInstances", &["database"], 100),
    Floor::batch("rds:DescribeDBSubnetGroups", &["db_subnet_group"], 100),
    Floor::batch("rds:DescribeDBParameterGroups", &["db_parameter_group"], 100),
    Floor::single("rds:DescribeDBParameters", &["db_parameter_group"]),
];

/// Codes of which the API model shortens some and not others.
const CODES: &[(ErrorClass, &[&str])] = &[
    (
        ErrorClass::Gone,
        &["DBInstanceNotFound", "DBSubnetGroupNotFoundFault", "DBSubnetGroupNotFound", "DBParameterGroupNotFound"],
    ),
    (ErrorClass::Exists, &["DBInstanceAlreadyExists", "DBSubnetGroupAlreadyExists", "DBParameterGroupAlreadyExists"]),
    // A change is under way; the next one has to wait for it.
    (ErrorClass::Busy, &["InvalidDBInstanceState", "InvalidDBInstanceStateFault"]),
    (
        ErrorClass::InUse,
        &["InvalidDBSubnetGroupStateFault", "InvalidDBParameterGroupState", "InvalidDBParameterGroupStateFault"],
    ),
    (
        ErrorClass::Quota,
        &[
            "InstanceQuotaExceeded",
            "StorageQuotaExceeded",
            "DBSubnetGroupQuotaExceeded",
            "DBParameterGroupQuotaExceeded",
        ],
    ),
    (ErrorClass::Invalid, &["DBSnapshotAlreadyExists", "InsufficientDBInstanceCapacity"]),
];

impl Aws {
    /// The client of Amazon RDS.
    pub fn rds(&self) -> aws_sdk_rds::Client {
        self.client(aws_sdk_rds::Client::new)
    }
}

/// Reads what the scope asks for.
fn fetch<'a>(aws: &'a Aws, scope: &'a Scope<'a>, finder: &'a Finder<'a>) -> BoxFuture<'a, Gathered> {
    // Boxed: inline, the state of all readers together is more than a thread's stack holds in a debug build.
    Box::pin(async move {
        let part = read::fetch(aws, scope, finder).await;
        let blind = part.blind.clone();
        let kinds = SERVICE.kinds.iter().map(|entry| entry.kind.name.to_owned());
        Gathered::of(part).blind_to(kinds.filter_map(|kind| Some((kind, blind.clone()?))))
    })
}
