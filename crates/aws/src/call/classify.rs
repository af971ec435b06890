//! What an error means: from the code on the wire to a class. The one place that looks at codes and message texts; both are
//! what AWS sends (the shapes' names without suffix on query services). Sources: the API models, terraform-provider-aws.

use std::error::Error;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use evenkeel_core::error::{CloudError, ErrorClass};

use super::manners::{Manners, Text};

/// Classifies what came instead of an output; `manners` are those of the operation's service.
pub(super) fn classify<E>(manners: Option<&Manners>, operation: &str, error: &SdkError<E, HttpResponse>) -> CloudError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    match error {
        SdkError::ServiceError(context) => {
            let (inner, raw) = (context.err(), context.raw());
            let status = raw.status().as_u16();
            let code = inner.code().unwrap_or("-");
            let message = inner.message().unwrap_or_default();
            let class = of_reply(manners, code, message, status);
            let request_id = ["x-amzn-requestid", "x-amzn-request-id", "x-amz-request-id"]
                .iter()
                .find_map(|name| raw.headers().get(*name))
                .map(str::to_owned);
            let message =
                if message.is_empty() { format!("HTTP status {status} without a message") } else { message.to_owned() };
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

/// What a reply with this code means: what the service says of it, then what is true of all.
fn of_reply(manners: Option<&Manners>, code: &str, message: &str, status: u16) -> ErrorClass {
    let texts = manners.map_or(&[][..], |manners| manners.texts);
    let codes = manners.map_or(&[][..], |manners| manners.codes);
    by_text(texts, code, message)
        .or_else(|| by_text(TEXTS, code, message))
        .or_else(|| is_unknown_path(code, message).then_some(ErrorClass::Unsupported))
        .or_else(|| has_any(message, THROTTLED).then_some(ErrorClass::Throttled))
        .or_else(|| by_code(codes, code))
        .or_else(|| by_code(CODES, code))
        .unwrap_or_else(|| by_shape(code, status))
}

fn by_text(texts: &[Text], code: &str, message: &str) -> Option<ErrorClass> {
    texts.iter().find(|text| text.codes.contains(&code) && has_any(message, text.has)).map(|text| text.class)
}

/// How some emulators say that they do not know a path; AWS has no such text.
fn is_unknown_path(code: &str, message: &str) -> bool {
    code == "InvalidInput" && message.contains("Unknown") && message.contains("endpoint")
}

fn has_any(message: &str, parts: &[&str]) -> bool {
    parts.iter().any(|part| message.contains(part))
}

fn by_code(codes: &[(ErrorClass, &[&str])], code: &str) -> Option<ErrorClass> {
    codes.iter().find(|(_, codes)| codes.contains(&code)).map(|(class, _)| *class)
}

/// Texts under any code that say that too much was asked.
const THROTTLED: &[&str] = &["Rate exceeded", "Request limit exceeded"];

/// Codes under which services refuse for many reasons.
pub const REFUSALS: &[&str] =
    &["InvalidParameterException", "ClientException", "ValidationException", "InvalidParameterValue"];

/// Codes of several services whose text decides.
const TEXTS: &[Text] = &[
    // There is one of that name, made otherwise: perhaps by somebody who applies the same stack at this moment.
    Text { codes: REFUSALS, has: &["already exists"], class: ErrorClass::Exists },
    Text { codes: REFUSALS, has: &["ECS service doesn't exist"], class: ErrorClass::Propagating },
];

/// Codes that mean the same in every service.
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
            "UpdateInProgressException",
            "TooManyUpdates",
            "ConflictException",
        ],
    ),
    (ErrorClass::InUse, &["ResourceInUse", "ResourceInUseException", "DependencyViolation"]),
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
    (ErrorClass::Gone, &["ResourceNotFoundException"]),
    (ErrorClass::Exists, &["ResourceAlreadyExistsException"]),
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
        ErrorClass::Bug => "this is a bug in evenkeel; please report it with the output of -vv",
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
    fn what_a_service_says_comes_before_what_is_true_of_all() {
        let own = Manners {
            prefix: "x",
            iam: "x",
            codes: &[(ErrorClass::Gone, &["AccessDenied"])],
            texts: &[Text { codes: &["Odd"], has: &["one", "two"], class: ErrorClass::Busy }],
            rates: &[],
        };
        let class = |code, message, status| of_reply(Some(&own), code, message, status);
        assert_eq!(class("Odd", "with two in it", 400), ErrorClass::Busy);
        assert_eq!(class("Odd", "with neither", 400), ErrorClass::Invalid);
        assert_eq!(class("AccessDenied", "", 403), ErrorClass::Gone);
        assert_eq!(of_reply(None, "AccessDenied", "", 403), ErrorClass::Denied);
    }

    #[test]
    fn codes_and_texts_decide() {
        let services = crate::services::manners();
        let class = |operation, code, message, status| {
            of_reply(super::super::manners::of(&services, operation), code, message, status)
        };
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
        let path = "Unknown Route53 endpoint: /x";
        assert_eq!(class("route53:ListTagsForResources", "InvalidInput", path, 400), ErrorClass::Unsupported);
        assert_eq!(class("x:Y", "TooManyUpdates", "", 400), ErrorClass::Busy);
    }

    #[test]
    fn what_nobody_knows_is_told_by_its_form() {
        let class = |code, message, status| of_reply(None, code, message, status);
        assert_eq!(class("YAlreadyExistsFault", "", 400), ErrorClass::Exists);
        assert_eq!(class("DuplicateYName", "", 400), ErrorClass::Exists);
        assert_eq!(class("LimitExceeded", "", 409), ErrorClass::Quota);
        assert_eq!(class("SomethingNew", "", 500), ErrorClass::Unknown);
        assert_eq!(class("SomethingNew", "Rate exceeded", 400), ErrorClass::Throttled);
        assert_eq!(class("-", "", 404), ErrorClass::Unsupported);
        assert_eq!(class("ValidationException", "it already exists", 400), ErrorClass::Exists);
    }
}
