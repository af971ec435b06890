//! The services: one folder each, with its state, its operations and what happens in it by itself. Beside the folders are what any
//! service is (`service`), the one list of them (`list`), their models (`models`), and how an operation is carried out (`dispatch`).
//! This file only passes those on.

pub mod acm;
#[cfg(test)]
mod behaviours;
pub mod cloud_map;
mod dispatch;
pub mod dynamodb;
pub mod ec2;
pub mod ecr;
pub mod ecs;
pub mod elb;
mod empties;
pub mod iam;
#[cfg(test)]
mod letters;
mod list;
pub mod logs;
pub mod models;
pub mod rds;
pub mod route53;
pub mod scaling;
pub mod scheduler;
pub mod secrets;
pub mod service;
pub mod ssm;
pub mod sts;
pub mod tagging;

pub use self::dispatch::{call, carry_out, unknown_operation, unsigned};
pub use self::list::{Account, Event, Region, SERVICES, named, of};
pub use self::models::{operation, reads_only};
pub use self::service::Service;
