//! How each service refuses what it would do a moment later: because another change is under way there, or because it does not
//! know a role yet. Only faults ask for these; knows no state.

use crate::call::Refusal;
use crate::throttle;

/// A change that meets another one. A service without words of its own for that says that there are too many requests.
pub fn conflict(service: &str, operation: &str) -> Refusal {
    let of = |code: &str, text: &str| Refusal::new(code, text);
    match (service, operation) {
        ("route53", _) => of(
            "PriorRequestNotComplete",
            "The request was rejected because Route 53 was still processing a prior request.",
        )
        .status(400),
        ("logs", _) => of(
            "OperationAbortedException",
            "A conflicting operation is currently in progress against this resource. Please try again.",
        ),
        ("application-autoscaling", _) => {
            of("ConcurrentUpdateException", "You already have a pending update to an Auto Scaling resource.")
        }
        ("iam", _) => of(
            "ConcurrentModification",
            "The request was rejected because multiple requests to change this object were submitted simultaneously.",
        )
        .status(409),
        ("ssm", "PutParameter") => {
            of("TooManyUpdates", "There are concurrent updates for a resource that supports one update at a time.")
        }
        ("ecs", "RegisterTaskDefinition") => {
            of("ClientException", "Too many concurrent attempts to create a new revision of the specified family.")
        }
        ("ecs", name) if name.contains("Cluster") => of(
            "UpdateInProgressException",
            &format!("The specified cluster is in a busy state. Cannot perform {name}."),
        ),
        _ => throttle::refusal(service),
    }
}

/// A role that was made a moment ago. A service that does not use roles denies.
pub fn role_not_ready(service: &str) -> Refusal {
    match service {
        "ecs" => Refusal::new(
            "InvalidParameterException",
            "Unable to assume the service linked role. Please verify that the ECS service linked role exists.",
        ),
        "application-autoscaling" => Refusal::new(
            "ValidationException",
            "Unable to assume IAM role: arn:aws:iam::123456789012:role/aws-service-role/\
             ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService",
        ),
        "rds" => Refusal::new(
            "InvalidParameterValue",
            "IAM role ARN value is invalid or does not include the required permissions for: ENHANCED_MONITORING",
        )
        .status(400),
        _ => super::denied(service, "PassRole"),
    }
}
