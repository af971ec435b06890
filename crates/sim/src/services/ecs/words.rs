//! The rates of ECS and its words for a change that meets another one. Source of the rates: the ECS API reference on request throttling.

use crate::call::Refusal;
use crate::throttle::Rate;

/// Its token buckets.
#[rustfmt::skip]
pub(super) const RATES: &[Rate] = &[
    Rate::shared("cluster modify", (20.0, 1.0), &["CreateCluster", "DeleteCluster", "UpdateCluster", "UpdateClusterSettings", "PutClusterCapacityProviders"]),
    Rate::shared("cluster read", (50.0, 20.0), &["DescribeClusters", "ListClusters"]),
    Rate::shared("definition modify", (20.0, 1.0), &["RegisterTaskDefinition", "DeregisterTaskDefinition"]),
    Rate::shared("definition read", (50.0, 20.0), &["DescribeTaskDefinition", "ListTaskDefinitions", "ListTaskDefinitionFamilies"]),
    Rate::shared("definition delete", (5.0, 1.0), &["DeleteTaskDefinitions"]),
    Rate::shared("provider modify", (10.0, 1.0), &["CreateCapacityProvider", "UpdateCapacityProvider", "DeleteCapacityProvider"]),
    Rate::shared("provider read", (50.0, 20.0), &["DescribeCapacityProviders"]),
    Rate::shared("tag modify", (20.0, 10.0), &["TagResource", "UntagResource"]),
    Rate::shared("tag read", (50.0, 20.0), &["ListTagsForResource"]),
    Rate::shared("resource modify", (100.0, 40.0), &["RunTask", "StartTask", "StopTask", "ExecuteCommand", "UpdateTaskProtection", "RegisterContainerInstance", "DeregisterContainerInstance", "UpdateContainerInstancesState"]),
    Rate::shared("resource read", (100.0, 20.0), &["ListTasks", "DescribeTasks", "GetTaskProtection", "ListContainerInstances", "DescribeContainerInstances"]),
    Rate::shared("service modify", (50.0, 5.0), &["CreateService", "UpdateService", "DeleteService"]),
    Rate::shared("services of a namespace", (10.0, 1.0), &["ListServicesByNamespace"]),
    Rate::shared("service read", (100.0, 20.0), &["DescribeServices", "ListServices"]),
    Rate::shared("deployments", (50.0, 20.0), &["DescribeServiceDeployments", "ListServiceDeployments"]),
    Rate::shared("revisions", (50.0, 20.0), &["DescribeServiceRevisions"]),
];

/// The refusal of a change that meets another one.
pub(super) fn conflict(operation: &str) -> Option<Refusal> {
    match operation {
        "RegisterTaskDefinition" => {
            let text = "Too many concurrent attempts to create a new revision of the specified family.";
            Some(Refusal::new("ClientException", text))
        }
        name if name.contains("Cluster") => {
            let text = format!("The specified cluster is in a busy state. Cannot perform {name}.");
            Some(Refusal::new("UpdateInProgressException", text))
        }
        _ => None,
    }
}
