//! What is kept of a task, and how it reads back. When it gets from one status to the next is `life`'s affair.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::proxy;
use crate::call::Members;
use crate::services::ec2::Attached;
use crate::tags::{self, Tags};
use crate::world::Moment;

/// A task.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Task {
    /// Its id.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// The name of its cluster.
    pub cluster: String,
    /// The service that it belongs to, `cluster/name`.
    pub service: Option<String>,
    /// The deployment of that service.
    pub rollout: String,
    /// The family of its task definition.
    pub family: String,
    /// `PROVISIONING` and so on.
    pub last: String,
    /// `RUNNING` or `STOPPED`.
    pub desired: String,
    /// What reads back as it was when the task was made.
    pub doc: Map<String, Value>,
    /// Its containers, as they read back.
    pub containers: Vec<Map<String, Value>>,
    /// Its task definition, which may be gone before it.
    pub definition: Value,
    /// The revision's members that it runs by.
    pub spec: Map<String, Value>,
    /// Whether it takes the alternate target groups.
    pub alternate: bool,
    /// The services of Cloud Map where Service Connect has it.
    pub discovery: Vec<String>,
    /// The id of its attachment, if it has a network interface of its own.
    pub attachment: Option<String>,
    /// The subnet of that interface.
    pub subnet: String,
    /// The interface, once it is there.
    pub interface: Option<Attached>,
    /// Where it is registered: target groups and ports.
    pub targets: Vec<(String, u16)>,
    /// The services of Cloud Map where it is registered.
    pub instances: Vec<String>,
    /// When it was made.
    pub created: Moment,
    /// When it ran.
    pub started: Option<Moment>,
    /// When it began to stop.
    pub stopping: Option<Moment>,
    /// When it had stopped.
    pub stopped: Option<Moment>,
    /// Whether it was seen healthy.
    pub settled: bool,
    /// `UNKNOWN`, `HEALTHY`, `UNHEALTHY`.
    pub health: String,
    /// Until when it is not to be stopped by the scheduler.
    pub protected: Option<Moment>,
    /// Whether it tries in vain to reach something that it needs to start.
    pub trying: bool,
    /// How often it changed.
    pub version: i64,
    /// Its tags.
    pub tags: Tags,
}

impl Task {
    /// `cluster/id`, under which it is kept.
    pub fn key(&self) -> String {
        format!("{}/{}", self.cluster, self.id)
    }

    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        self.last == "RUNNING"
    }

    /// Whether it is on its way to run.
    pub fn is_pending(&self) -> bool {
        matches!(self.last.as_str(), "PROVISIONING" | "PENDING" | "ACTIVATING") && self.is_wanted()
    }

    /// Whether it is meant to run.
    pub fn is_wanted(&self) -> bool {
        self.desired == "RUNNING"
    }

    /// Whether it will be something else soon by itself.
    pub fn is_in_motion(&self) -> bool {
        self.stopped.is_none() && !(self.is_wanted() && self.settled)
    }

    /// Whether the scheduler may not stop it.
    pub fn is_protected(&self, now: Moment) -> bool {
        self.protected.is_some_and(|until| until > now)
    }

    /// Notes something with a moment.
    pub fn note(&mut self, name: &str, value: Value) {
        self.doc.insert(name.to_owned(), value);
    }

    /// How it reads back; with its tags if they are asked for.
    pub fn describe(&self, with_tags: bool) -> Value {
        let mut document = self.doc.clone();
        let mut set = |name: &str, value: Value| document.insert(name.to_owned(), value);
        set("taskArn", json!(self.arn));
        set("lastStatus", json!(self.last));
        set("desiredStatus", json!(self.desired));
        set("createdAt", self.created.value());
        set("version", json!(self.version));
        set("attachments", self.attachments());
        set("containers", self.containers.iter().cloned().map(Value::Object).collect());
        set("tags", if with_tags { tags::to_list(&self.tags, "key", "value") } else { json!([]) });
        for (name, moment) in [("startedAt", self.started), ("stoppingAt", self.stopping), ("stoppedAt", self.stopped)]
        {
            if let Some(moment) = moment {
                set(name, moment.value());
            }
        }
        if self.last != "PROVISIONING" {
            set("healthStatus", json!(self.health));
        }
        proxy::add(self, &mut document);
        document.into()
    }

    fn attachments(&self) -> Value {
        let Some(id) = &self.attachment else { return json!([]) };
        let pair = |name: &str, value: &str| json!({ "name": name, "value": value });
        let mut details = vec![pair("subnetId", &self.subnet)];
        if let Some(interface) = &self.interface {
            details.push(pair("networkInterfaceId", &interface.id));
            details.push(pair("macAddress", &interface.mac));
            details.push(pair("privateDnsName", &interface.private_dns));
            details.push(pair("privateIPv4Address", &interface.private_ip));
        }
        let status = match (&self.interface, self.stopped) {
            (_, Some(_)) => "DELETED",
            (None, None) => "PRECREATED",
            (Some(_), None) => "ATTACHED",
        };
        json!([{ "id": id, "type": "ElasticNetworkInterface", "status": status, "details": details }])
    }

    /// Changes every container.
    pub fn containers_to(&mut self, status: &str) {
        for container in &mut self.containers {
            container.insert("lastStatus".to_owned(), json!(status));
        }
    }

    /// The containers of its task definition.
    pub fn defined(&self) -> &[Value] {
        self.definition.list("containerDefinitions")
    }
}
