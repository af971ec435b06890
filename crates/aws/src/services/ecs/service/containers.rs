//! Where the containers of services that are live write their logs: what the revision says that a service runs. Decides nothing about
//! what is wanted.

use evenkeel_core::error::CloudError;
use evenkeel_core::snapshot::Live;
use serde_json::Value;

use crate::client::Aws;
use crate::services::ecs::read::{self, items, side_by_side, text};

/// A container of a service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// Where it writes.
    pub log: Log,
    /// Whether its task may write there: its execution role is what does so.
    pub has_execution_role: bool,
}

/// Where a container writes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Log {
    /// To CloudWatch Logs.
    Group {
        /// The log group.
        group: String,
        /// The region of the group.
        region: String,
        /// How the names of its streams begin, up to the id of the task; none where they are ids alone.
        prefix: Option<String>,
    },
    /// With another log driver: its name; empty without any.
    Other(String),
}

/// The containers of each service, in order.
pub async fn of_services(aws: &Aws, services: &[&Live]) -> Vec<Result<Vec<Container>, CloudError>> {
    let asked = services.iter().map(|live| async move {
        let found = read::describe_revision(aws, text(&live.have, "task_definition")).await?;
        Ok(found.map(|(document, _)| of_revision(&document, &aws.region)).unwrap_or_default())
    });
    side_by_side(asked.collect()).await
}

fn of_revision(document: &Value, region: &str) -> Vec<Container> {
    let has_execution_role = !text(document, "executionRoleArn").is_empty();
    let container = |one: &Value| {
        let name = text(one, "name").to_owned();
        Container { log: log(one, &name, region), name, has_execution_role }
    };
    items(document, "containerDefinitions").iter().map(container).collect()
}

fn log(container: &Value, name: &str, region: &str) -> Log {
    let none = Value::Null;
    let configuration = container.get("logConfiguration").unwrap_or(&none);
    let options = configuration.get("options").unwrap_or(&none);
    let driver = text(configuration, "logDriver");
    let group = text(options, "awslogs-group");
    if driver != "awslogs" || group.is_empty() {
        return Log::Other(driver.to_owned());
    }
    let (there, prefix) = (text(options, "awslogs-region"), text(options, "awslogs-stream-prefix"));
    Log::Group {
        group: group.to_owned(),
        region: if there.is_empty() { region } else { there }.to_owned(),
        prefix: (!prefix.is_empty()).then(|| format!("{prefix}/{name}/")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn streams_are_called_after_the_prefix_and_the_container() {
        let document = json!({ "executionRoleArn": "arn:x", "containerDefinitions": [
            { "name": "web", "logConfiguration": { "logDriver": "awslogs",
                "options": { "awslogs-group": "/ecs/a", "awslogs-stream-prefix": "p" } } },
            { "name": "router", "logConfiguration": { "logDriver": "awsfirelens" } },
            { "name": "mute" },
        ] });
        let found = of_revision(&document, "eu-west-1");
        let expected = Log::Group {
            group: "/ecs/a".to_owned(),
            region: "eu-west-1".to_owned(),
            prefix: Some("p/web/".to_owned()),
        };
        assert_eq!(found[0].log, expected);
        assert_eq!((&found[1].log, &found[2].log), (&Log::Other("awsfirelens".to_owned()), &Log::Other(String::new())));
        assert!(found[0].has_execution_role);
    }
}
