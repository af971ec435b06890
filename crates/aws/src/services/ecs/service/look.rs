//! The look at a service just before it is changed or deleted by its name, ten to a request. Must not decide whose a service is.

use std::time::Duration;

use evenkeel_core::error::CloudError;
use serde_json::Value;

use crate::client::Aws;
use crate::look::Sight;
use crate::services::ecs::read::{self, text};
use crate::sharing::Known;

/// The services of that name in a cluster, as ECS describes them now.
///
/// # Errors
/// Any error of `ecs:DescribeServices`.
pub(super) async fn look(aws: &Aws, cluster: &str, name: &str) -> Result<Vec<Value>, CloudError> {
    let sight = Sight {
        operation: "ecs:DescribeServices",
        within: cluster,
        gather: Duration::ZERO,
        ask: |aws, cluster, names| Box::pin(by_name(aws, cluster, names)),
    };
    Ok(aws.look(sight, name).await?.unwrap_or_default())
}

async fn by_name(aws: &Aws, cluster: &str, names: Vec<String>) -> Result<Known<Vec<Value>>, CloudError> {
    let mut found: Known<Vec<Value>> = Known::new();
    for service in read::describe_services(aws, cluster, &names).await? {
        found.entry(text(&service, "serviceName").to_owned()).or_default().push(service);
    }
    Ok(found)
}
