//! What an error means: from the code on the wire to a class. The one place that looks at codes and message texts; both are
//! what AWS sends (the shapes' names without suffix on query services). Sources: the API models, terraform-provider-aws.

use std::error::Error;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use evenkeel_core::error::{CloudError, ErrorClass};

/// Classifies what came instead of an output.
pub fn classify<E>(operation: &str, error: &SdkError<E, HttpResponse>) -> CloudError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    match error {
        SdkError::ServiceError(context) => {
            let (inner, raw) = (context.err(), context.raw());
            let status = raw.status().as_u16();
            let code = inner.code().unwrap_or("-");
            let message = inner.message().unwrap_or_default();
            let class = of_reply(operation, code, message, status);
            let request_id = ["x-amzn-requestid", "x-amzn-request-id", "x-amz-request-id"]
                .iter()
                .find_map(|name| raw.headers().get(*name))
                .map(str::to_owned);
            let message =
                if message.is_empty() { format!("HTTP status {status} without a text") } else { message.to_owned() };
            finish(CloudError {
                class,
                operation: operation.to_owned(),
                code: code.to_owned(),
                message,
                request_id,
                hint: None,
            })
        }
        SdkError::DispatchFailure(failure) => {
            let text = DisplayErrorContext(&error).to_string();
            let class = if is_credentials(&text) {
                ErrorClass::Credentials
            } else if failure.is_user() {
                ErrorClass::Bug
            } else if never_connected(error) {
                ErrorClass::Unreachable
            } else {
                ErrorClass::Unknown
            };
            finish(CloudError::local(class, operation, innermost(error)))
        }
        SdkError::ConstructionFailure(_) => {
            let text = DisplayErrorContext(&error).to_string();
            let class = if is_credentials(&text) { ErrorClass::Credentials } else { ErrorClass::Bug };
            finish(CloudError::local(class, operation, innermost(error)))
        }
        SdkError::ResponseError(context) => {
            let status = context.raw().status().as_u16();
            // A page that is not AWS's, such as an emulator's "404 not found": the operation is not there.
            let class = if matches!(status, 404 | 405 | 501) { ErrorClass::Unsupported } else { ErrorClass::Unknown };
            finish(CloudError::local(class, operation, format!("the reply could not be read (HTTP status {status})")))
        }
        SdkError::TimeoutError(_) => finish(CloudError::local(ErrorClass::Unknown, operation, "no reply in time")),
        _ => finish(CloudError::local(ErrorClass::Unknown, operation, innermost(error))),
    }
}

/// What a reply with this code means.
fn of_reply(operation: &str, code: &str, message: &str, status: u16) -> ErrorClass {
    by_message(operation, code, message).or_else(|| by_code(code)).unwrap_or_else(|| by_shape(code, status))
}

/// Codes that AWS uses for many things: here the text decides. Parts of texts as AWS sends them.
fn by_message(operation: &str, code: &str, message: &str) -> Option<ErrorClass> {
    let has = |part: &str| message.contains(part);
    let class = match code {
        "InvalidParameterException" | "ClientException" | "ValidationException" | "InvalidParameterValue" => {
            if has("Unable to assume the service linked role")
                || has("verify that the ECS service role")
                || has("does not have an associated load balancer")
                || has("Role is not valid")
                || has("ECS service doesn't exist")
            {
                ErrorClass::Propagating
            } else if has("still Draining") || has("while deployments are active") {
                ErrorClass::InUse
            } else if has("was not idempotent") || has("idempotent request are inconsistent") || has("already exists") {
                // There is one of that name, made otherwise: perhaps by somebody who applies the same stack at this moment.
                ErrorClass::Exists
            } else if has("Cluster was not ACTIVE") || has("Too many concurrent attempts") {
                ErrorClass::Busy
            } else if has("Unable to describe task definition")
                || has("task definition does not exist")
                || has("The specified cluster is inactive")
            {
                ErrorClass::Gone
            } else {
                return None;
            }
        }
        "MalformedPolicyDocument" if has("Invalid principal") => ErrorClass::Propagating,
        "InvalidChangeBatch" if has("already exists") => ErrorClass::Exists,
        "InvalidChangeBatch" if has("not found") => ErrorClass::Gone,
        // A role that was made seconds ago may not be passed yet.
        "AccessDeniedException" if operation.starts_with("ecs:") && has("iam:PassRole") => ErrorClass::Propagating,
        // How some emulators say that they do not know a path; AWS has no such text.
        "InvalidInput" if has("Unknown") && has("endpoint") => ErrorClass::Unsupported,
        _ if has("Rate exceeded") || has("Request limit exceeded") => ErrorClass::Throttled,
        _ => return None,
    };
    Some(class)
}

/// Codes that always mean the same.
const CODES: &[(ErrorClass, &[&str])] = &[
    (
        ErrorClass::Throttled,
        &[
            "ThrottlingException",
            "Throttling",
            "ThrottledException",
            "RequestLimitExceeded",
            "TooManyRequestsException",
            "RequestThrottled",
            "RequestThrottledException",
            "SlowDown",
        ],
    ),
    (
        ErrorClass::Busy,
        &[
            "ConcurrentModification",
            "ConcurrentUpdateException",
            "OperationAbortedException",
            "PriorRequestNotComplete",
            "UpdateInProgressException",
            "TooManyUpdates",
            "ConflictException",
            "EntityTemporarilyUnmodifiable",
        ],
    ),
    (
        ErrorClass::InUse,
        &[
            "DependencyViolation",
            "InvalidGroup.InUse",
            "ResourceInUse",
            "ResourceInUseException",
            "DeleteConflict",
            "ClusterContainsServicesException",
            "ClusterContainsTasksException",
            "ClusterContainsContainerInstancesException",
            "ClusterContainsCapacityProviderException",
            "HostedZoneNotEmpty",
            // The listener of the other load balancer is about to go if that load balancer is being replaced.
            "TargetGroupAssociationLimit",
        ],
    ),
    (
        ErrorClass::Denied,
        &["AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "OptInRequired", "OperationNotPermitted"],
    ),
    (
        ErrorClass::Credentials,
        &[
            "InvalidClientTokenId",
            "UnrecognizedClientException",
            "AuthFailure",
            "ExpiredToken",
            "ExpiredTokenException",
            "SignatureDoesNotMatch",
            "InvalidSignatureException",
            "MissingAuthenticationToken",
            "MissingAuthenticationTokenException",
            "IncompleteSignature",
            "RequestExpired",
        ],
    ),
    (
        ErrorClass::Unsupported,
        &[
            "InvalidAction",
            "UnknownOperationException",
            "UnsupportedOperation",
            "NotImplemented",
            "NotImplementedException",
            "UnknownOperation",
        ],
    ),
    (
        ErrorClass::Gone,
        &[
            "NoSuchEntity",
            "ClusterNotFoundException",
            "ServiceNotFoundException",
            "ServiceNotActiveException",
            "ResourceNotFoundException",
            "NoSuchHostedZone",
            "NoSuchChange",
            "LoadBalancerNotFound",
            "TargetGroupNotFound",
            "ListenerNotFound",
            "RuleNotFound",
            "InvalidGroup.NotFound",
            "InvalidSecurityGroupID.NotFound",
            "InvalidGroupId.NotFound",
            "InvalidPermission.NotFound",
            "InvalidSecurityGroupRuleId.NotFound",
            "TargetNotFoundException",
        ],
    ),
    (
        ErrorClass::Exists,
        &[
            "EntityAlreadyExists",
            "ResourceAlreadyExistsException",
            "InvalidGroup.Duplicate",
            "InvalidPermission.Duplicate",
            "DuplicateLoadBalancerName",
            "DuplicateTargetGroupName",
            "DuplicateListener",
            "PriorityInUse",
            "HostedZoneAlreadyExists",
        ],
    ),
    (
        ErrorClass::Unknown,
        &[
            "InternalFailure",
            "InternalError",
            "InternalServerError",
            "InternalServerException",
            "ServerException",
            "ServiceUnavailable",
            "ServiceUnavailableException",
            "ServiceFailure",
            "Unavailable",
        ],
    ),
];

fn by_code(code: &str) -> Option<ErrorClass> {
    CODES.iter().find(|(_, codes)| codes.contains(&code)).map(|(class, _)| *class)
}

/// Codes that are in no table: by their form, and by the HTTP status.
fn by_shape(code: &str, status: u16) -> ErrorClass {
    if code.contains("Throttl") || status == 429 {
        ErrorClass::Throttled
    } else if code.contains("LimitExceeded") || code.starts_with("TooMany") || code.contains("QuotaExceeded") {
        ErrorClass::Quota
    } else if code.contains("AlreadyExists") || code.starts_with("Duplicate") || code.ends_with(".Duplicate") {
        ErrorClass::Exists
    } else if status == 501 || (status == 404 && code == "-") {
        ErrorClass::Unsupported
    } else if status >= 500 {
        ErrorClass::Unknown
    } else if status == 403 {
        ErrorClass::Denied
    } else {
        ErrorClass::Invalid
    }
}

fn is_credentials(text: &str) -> bool {
    ["CredentialsError", "CredentialsNotLoaded", "ProviderError", "TokenError", "no providers in chain"]
        .iter()
        .any(|part| text.contains(part))
}

fn never_connected(error: &(dyn Error + 'static)) -> bool {
    let mut at: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(current) = at {
        if let Some(io) = current.downcast_ref::<std::io::Error>()
            && io.kind() == std::io::ErrorKind::ConnectionRefused
        {
            return true;
        }
        let text = current.to_string();
        if text.contains("(Connect)") || text.contains("dns error") || text.contains("connect timeout") {
            return true;
        }
        at = current.source();
    }
    false
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut texts = vec![error.to_string()];
    let mut at = error.source();
    while let Some(current) = at {
        texts.push(current.to_string());
        at = current.source();
    }
    texts.dedup();
    texts.split_off(texts.len().saturating_sub(2)).join(": ")
}

/// Adds what a person can do.
fn finish(mut error: CloudError) -> CloudError {
    let hint = match error.class {
        ErrorClass::Credentials => {
            "give valid AWS credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, --profile NAME, or `aws sso login`"
        }
        ErrorClass::Denied => "the credentials are valid but may not do this; add the action to their IAM policy",
        ErrorClass::Unreachable => "check the region, the network and --endpoint-url; nothing was sent",
        ErrorClass::Quota => "raise the quota in the Service Quotas console, or use less",
        ErrorClass::Bug => "this is a mistake of evenkeel; please report it with the output of -vv",
        ErrorClass::Unsupported => "the endpoint does not know this operation",
        ErrorClass::Throttled
        | ErrorClass::Propagating
        | ErrorClass::Busy
        | ErrorClass::InUse
        | ErrorClass::Invalid
        | ErrorClass::Gone
        | ErrorClass::Exists
        | ErrorClass::Unknown => return error,
    };
    error.hint = Some(hint.to_owned());
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_texts_decide() {
        let class = |operation, code, message, status| of_reply(operation, code, message, status);
        assert_eq!(class("elb:DeleteTargetGroup", "ResourceInUse", "in use by a listener", 400), ErrorClass::InUse);
        assert_eq!(
            class(
                "ecs:CreateService",
                "InvalidParameterException",
                "Unable to Start a service that is still Draining.",
                400
            ),
            ErrorClass::InUse
        );
        assert_eq!(
            class("ecs:CreateService", "InvalidParameterException", "The container web does not exist", 400),
            ErrorClass::Invalid
        );
        let twice = "Creation of service was not idempotent.";
        assert_eq!(class("ecs:CreateService", "InvalidParameterException", twice, 400), ErrorClass::Exists);
        assert_eq!(class("x:CreateY", "YAlreadyExistsFault", "", 400), ErrorClass::Exists);
        assert_eq!(class("x:CreateY", "DuplicateYName", "", 400), ErrorClass::Exists);
        let at_once = "Too many concurrent attempts to create a new revision of the specified family.";
        assert_eq!(class("ecs:RegisterTaskDefinition", "ClientException", at_once, 400), ErrorClass::Busy);
        assert_eq!(class("iam:CreateRole", "LimitExceeded", "", 409), ErrorClass::Quota);
        assert_eq!(class("x:Y", "SomethingNew", "", 500), ErrorClass::Unknown);
        assert_eq!(class("x:Y", "SomethingNew", "Rate exceeded", 400), ErrorClass::Throttled);
        assert_eq!(class("x:Y", "-", "", 404), ErrorClass::Unsupported);
    }
}
