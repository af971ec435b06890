//! ECS Exec: opening a session to a container. What comes back is a secret for as long as the session lives, so it is shown by nothing
//! here and handed on only to the plugin that speaks with it.

use std::fmt;

use evenkeel_core::error::CloudError;
use serde_json::json;

use crate::client::Aws;

/// A container of a task that runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    /// The name of the cluster.
    pub cluster: String,
    /// The id of the task.
    pub task: String,
    /// The container.
    pub container: String,
    /// The id under which the container runs.
    pub runtime: String,
}

impl Target {
    /// As Session Manager calls it.
    pub fn name(&self) -> String {
        format!("ecs:{}_{}_{}", self.cluster, self.task, self.runtime)
    }
}

/// An open session. Whoever has its token has a shell in the container.
pub struct Session {
    document: String,
}

impl Session {
    /// What the plugin is given.
    pub fn to_plugin(&self) -> &str {
        &self.document
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session(…)")
    }
}

/// Opens a session in which a command runs.
///
/// # Errors
/// Any error of `ecs:ExecuteCommand`.
pub async fn open(aws: &Aws, target: &Target, command: &str) -> Result<Session, CloudError> {
    let request = || {
        aws.ecs()
            .execute_command()
            .cluster(&target.cluster)
            .task(&target.task)
            .container(&target.container)
            .interactive(true)
            .command(command)
            .send()
    };
    let reply = aws.caller.send("ecs:ExecuteCommand", request).await?;
    let session = reply.session();
    let part = |part: Option<&str>| part.unwrap_or_default().to_owned();
    let document = json!({
        "sessionId": part(session.and_then(|it| it.session_id())),
        "streamUrl": part(session.and_then(|it| it.stream_url())),
        "tokenValue": part(session.and_then(|it| it.token_value())),
    });
    Ok(Session { document: document.to_string() })
}

impl Aws {
    /// The address of ECS in this region, where no other one is given.
    pub fn ecs_endpoint(&self) -> String {
        let suffix = if self.partition() == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
        format!("https://ecs.{}.{suffix}", self.region)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_does_not_show_its_token() {
        let session = Session { document: json!({ "tokenValue": "hunter2" }).to_string() };
        assert!(!format!("{session:?}").contains("hunter2") && session.to_plugin().contains("hunter2"));
        let target = Target {
            cluster: "shop".to_owned(),
            task: "0123".to_owned(),
            container: "web".to_owned(),
            runtime: "0123-9".to_owned(),
        };
        assert_eq!(target.name(), "ecs:shop_0123_0123-9");
    }
}
