//! Exports of log groups to S3. There are no buckets in the simulation, so that none can begin.

use serde_json::json;

use super::common::{group, invalid};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};

/// The operations.
pub(super) const OPERATIONS: Table =
    &[("CancelExportTask", cancel), ("CreateExportTask", create), ("DescribeExportTasks", describe)];

fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    group(call, input.text_or_empty("logGroupName"))?;
    Err(invalid("The given bucket does not exist. Please make sure the bucket is valid."))
}

fn describe(_call: &mut Call<'_>, _input: &Input) -> Reply {
    Ok(json!({ "exportTasks": [] }))
}

fn cancel(_call: &mut Call<'_>, _input: &Input) -> Reply {
    Err(Refusal::new("ResourceNotFoundException", "The specified export task does not exist."))
}
