//! The requests that change namespaces and services of Cloud Map, and how far the operations are that they begin. Decides nothing.

use std::collections::BTreeMap;

use aws_sdk_servicediscovery::types::{
    DnsConfig, DnsConfigChange, DnsRecord, HealthCheckCustomConfig, HttpNamespaceChange, OperationStatus,
    OperationTargetType, PrivateDnsNamespaceChange, PrivateDnsNamespaceProperties, PrivateDnsNamespacePropertiesChange,
    PrivateDnsPropertiesMutable, PrivateDnsPropertiesMutableChange, RecordType, RoutingPolicy, ServiceChange, Soa,
    SoaChange, Tag,
};
use aws_smithy_types::error::operation::BuildError;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::snapshot::Readiness;
use serde_json::{Value, json};

use super::discovery_service::Spec as Service;
use super::namespace::Spec as Namespace;
use crate::client::Aws;
use crate::tags::{Retag, Tags};

/// Where the operation that is awaited is kept in the private state of a live resource.
const OPERATION: &str = "operation";

fn built<T>(built: Result<T, BuildError>) -> Result<T, CloudError> {
    built.map_err(|error| CloudError::bug("servicediscovery", error.to_string()))
}

fn sdk_tags(tags: &Tags) -> Result<Vec<Tag>, CloudError> {
    tags.iter().map(|(key, value)| built(Tag::builder().key(key).value(value).build())).collect()
}

fn named(id: Option<&str>, operation: &'static str) -> Result<String, CloudError> {
    id.map(str::to_owned).ok_or_else(|| CloudError::bug(operation, "the reply names no operation"))
}

/// Begins to make a namespace; the operation.
pub(super) async fn create_namespace(
    aws: &Aws,
    name: &str,
    want: &Namespace,
    tags: &Tags,
    token: &str,
) -> Result<String, CloudError> {
    let (tags, client) = (sdk_tags(tags)?, aws.cloud_map());
    let description = Some(want.description.clone()).filter(|text| !text.is_empty());
    if !want.is_private() {
        let request = || {
            let request = client.create_http_namespace().name(name).creator_request_id(token);
            request.set_description(description.clone()).set_tags(Some(tags.clone())).send()
        };
        let reply = aws.caller.send("servicediscovery:CreateHttpNamespace", request).await?;
        return named(reply.operation_id(), "servicediscovery:CreateHttpNamespace");
    }
    let soa = want.ttl.map(|ttl| built(Soa::builder().ttl(ttl).build())).transpose()?;
    let properties = soa.map(|soa| {
        let dns = PrivateDnsPropertiesMutable::builder().soa(soa).build();
        PrivateDnsNamespaceProperties::builder().dns_properties(dns).build()
    });
    let request = || {
        let request = client.create_private_dns_namespace().name(name).creator_request_id(token);
        let request = request.set_vpc(want.vpc.as_ref().and_then(|vpc| vpc.known()).map(str::to_owned));
        let request = request.set_description(description.clone()).set_properties(properties.clone());
        request.set_tags(Some(tags.clone())).send()
    };
    let reply = aws.caller.send("servicediscovery:CreatePrivateDnsNamespace", request).await?;
    named(reply.operation_id(), "servicediscovery:CreatePrivateDnsNamespace")
}

/// Begins to change the description of a namespace, or for how long resolvers remember what it lacks; the operation.
pub(super) async fn update_namespace(aws: &Aws, id: &str, want: &Namespace, token: &str) -> Result<String, CloudError> {
    let client = aws.cloud_map();
    if !want.is_private() {
        let change = built(HttpNamespaceChange::builder().description(&want.description).build())?;
        let request =
            || client.update_http_namespace().id(id).updater_request_id(token).namespace(change.clone()).send();
        let reply = aws.caller.send("servicediscovery:UpdateHttpNamespace", request).await?;
        return named(reply.operation_id(), "servicediscovery:UpdateHttpNamespace");
    }
    let mut change = PrivateDnsNamespaceChange::builder().description(&want.description);
    if let Some(ttl) = want.ttl {
        let soa = built(SoaChange::builder().ttl(ttl).build())?;
        let dns = PrivateDnsPropertiesMutableChange::builder().soa(soa).build();
        change = change.properties(PrivateDnsNamespacePropertiesChange::builder().dns_properties(dns).build());
    }
    let change = change.build();
    let request =
        || client.update_private_dns_namespace().id(id).updater_request_id(token).namespace(change.clone()).send();
    let reply = aws.caller.send("servicediscovery:UpdatePrivateDnsNamespace", request).await?;
    named(reply.operation_id(), "servicediscovery:UpdatePrivateDnsNamespace")
}

/// Begins to delete a namespace; the operation, or none if one is under way already.
pub(super) async fn delete_namespace(aws: &Aws, id: &str) -> Result<Option<String>, CloudError> {
    let request = || aws.cloud_map().delete_namespace().id(id).send();
    match aws.caller.send("servicediscovery:DeleteNamespace", request).await {
        Ok(reply) => Ok(reply.operation_id().map(str::to_owned)),
        Err(error) if error.code == "DuplicateRequest" => Ok(None),
        Err(error) => Err(error),
    }
}

fn records(ttls: &BTreeMap<String, i64>) -> Result<Vec<DnsRecord>, CloudError> {
    let record = |(kind, ttl): (&String, &i64)| {
        built(DnsRecord::builder().r#type(RecordType::from(kind.as_str())).ttl(*ttl).build())
    };
    ttls.iter().map(record).collect()
}

/// Makes a service; its id and ARN.
pub(super) async fn create_service(
    aws: &Aws,
    name: &str,
    want: &Service,
    tags: &Tags,
    token: &str,
) -> Result<(String, String), CloudError> {
    let tags = sdk_tags(tags)?;
    let dns = match &want.routing_policy {
        Some(policy) => {
            let config = DnsConfig::builder().routing_policy(RoutingPolicy::from(policy.as_str()));
            Some(built(config.set_dns_records(Some(records(&want.ttls)?)).build())?)
        }
        None => None,
    };
    let health = want.health_check.then(|| HealthCheckCustomConfig::builder().build());
    let request = || {
        let request = aws.cloud_map().create_service().name(name).creator_request_id(token);
        let request = request.set_namespace_id(want.namespace.known().map(str::to_owned));
        let request = request.set_dns_config(dns.clone()).set_health_check_custom_config(health.clone());
        request.set_tags(Some(tags.clone())).send()
    };
    let reply = aws.caller.send("servicediscovery:CreateService", request).await?;
    let made = reply.service().and_then(|made| Some((made.id()?.to_owned(), made.arn()?.to_owned())));
    made.ok_or_else(|| CloudError::bug("servicediscovery:CreateService", "the reply names no service"))
}

/// Begins to change for how long the records of a service are remembered; the operation. What a change leaves out would go.
pub(super) async fn update_service(aws: &Aws, id: &str, want: &Service) -> Result<Option<String>, CloudError> {
    let dns = built(DnsConfigChange::builder().set_dns_records(Some(records(&want.ttls)?)).build())?;
    let change = ServiceChange::builder().dns_config(dns).build();
    let request = || aws.cloud_map().update_service().id(id).service(change.clone()).send();
    let reply = aws.caller.send("servicediscovery:UpdateService", request).await?;
    Ok(reply.operation_id().map(str::to_owned))
}

/// Writes tags and takes some away.
pub(super) async fn retag(aws: &Aws, arn: &str, tags: &Retag) -> Result<(), CloudError> {
    if !tags.set.is_empty() {
        let set = sdk_tags(&tags.set)?;
        let request = || aws.cloud_map().tag_resource().resource_arn(arn).set_tags(Some(set.clone())).send();
        aws.caller.send("servicediscovery:TagResource", request).await?;
    }
    if !tags.remove.is_empty() {
        let gone = tags.remove.clone();
        let request = || aws.cloud_map().untag_resource().resource_arn(arn).set_tag_keys(Some(gone.clone())).send();
        aws.caller.send("servicediscovery:UntagResource", request).await?;
    }
    Ok(())
}

/// What to keep of an operation in the private state of what it is about.
pub(super) fn under_way(operation: Option<String>) -> Value {
    operation.map_or(Value::Null, |id| json!({ OPERATION: id }))
}

/// The operation that is awaited, if there is one.
pub(super) fn awaited(private: &Value) -> Option<&str> {
    private.get(OPERATION)?.as_str()
}

/// How far an operation is.
pub(super) async fn progress(aws: &Aws, id: &str) -> Result<Readiness, CloudError> {
    let request = || aws.cloud_map().get_operation().operation_id(id).send();
    let reply = aws.caller.send("servicediscovery:GetOperation", request).await?;
    let Some(operation) = reply.operation() else { return Ok(Readiness::Ready) };
    Ok(match operation.status() {
        Some(OperationStatus::Success) | None => Readiness::Ready,
        Some(OperationStatus::Fail) => {
            let (code, text) = (operation.error_code().unwrap_or("FAIL"), operation.error_message());
            Readiness::Failed(text.map_or_else(|| code.to_owned(), |text| format!("{code}: {text}")))
        }
        Some(status) => Readiness::Pending(format!("Cloud Map says {}", status.as_str())),
    })
}

/// The id of the namespace that an operation makes.
pub(super) async fn namespace_of(aws: &Aws, operation: &str) -> Result<String, CloudError> {
    let request = || aws.cloud_map().get_operation().operation_id(operation).send();
    let reply = aws.caller.send("servicediscovery:GetOperation", request).await?;
    let targets = reply.operation().and_then(|operation| operation.targets());
    let id = targets.and_then(|targets| targets.get(&OperationTargetType::Namespace)).cloned();
    id.ok_or_else(|| {
        let text = "Cloud Map has not told the id of the namespace yet";
        CloudError::local(ErrorClass::Propagating, "servicediscovery:GetOperation", text)
    })
}
