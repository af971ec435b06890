//! The part of the model about databases. Data only; a password is not among it, but the secret that keeps it is.

use std::collections::BTreeMap;

use evenkeel_core::doc::Text;

use super::Meta;

/// An entry of `databases:`.
#[derive(Clone, Debug)]
pub struct Database {
    /// The entry; `protect` is on unless the file takes it off.
    pub meta: Meta,
    /// `engine:`, `postgres` or `mysql`.
    pub engine: String,
    /// `version:`, or its beginning; `None` leaves it to RDS.
    pub version: Option<String>,
    /// The family of parameter groups that the version has; there if any of `parameters` is.
    pub family: Option<String>,
    /// `class:`.
    pub class: String,
    /// `storage:`.
    pub storage: DatabaseStorage,
    /// `database:`, the one that is made in it.
    pub database: Option<String>,
    /// `username:`.
    pub username: String,
    /// `password:`, an entry of `secrets:`; `None` if RDS makes it.
    pub secret: Option<String>,
    /// `port:`.
    pub port: u16,
    /// `subnets:`, if it does not use the network's.
    pub subnets: Option<Vec<String>>,
    /// `subnet_group:`, one that exists, in small letters.
    pub subnet_group: Option<String>,
    /// `parameter_group:`, one that exists, in small letters.
    pub parameter_group: Option<String>,
    /// `security_groups:` as group ids.
    pub security_groups: Vec<Text>,
    /// `multi_az:`.
    pub multi_az: bool,
    /// `public:`.
    pub public: bool,
    /// `backups:` in days; 0 for none.
    pub backup_days: u32,
    /// `backup_window:`, in UTC.
    pub backup_window: Option<String>,
    /// `maintenance_window:`, in UTC and small letters.
    pub maintenance_window: Option<String>,
    /// `apply_immediately:`.
    pub apply_immediately: bool,
    /// `auto_minor_upgrade:`.
    pub auto_minor_upgrade: bool,
    /// `performance_insights:`.
    pub performance_insights: bool,
    /// `parameters:`, by the names of the engine.
    pub parameters: BTreeMap<String, String>,
    /// `final_snapshot:`.
    pub final_snapshot: bool,
}

/// `storage:` of a database.
#[derive(Clone, Debug)]
pub struct DatabaseStorage {
    /// `type:`, `gp3`, `gp2`, `io1` or `io2`.
    pub kind: String,
    /// `size:`, GiB.
    pub size: u32,
    /// `max:`, GiB to which it grows by itself.
    pub max: Option<u32>,
    /// `iops:`; `None` leaves them to RDS.
    pub iops: Option<u32>,
    /// `throughput:`, MiB a second; `None` leaves it to RDS.
    pub throughput: Option<u32>,
    /// `encrypted:`.
    pub encrypted: bool,
    /// `kms_key:`, an ARN.
    pub kms_key: Option<String>,
}
