//! What is true of Cloud Map.

use serde_json::{Value, json};

use super::{deregister, ensure_namespace, ensure_service, namespace_arn, register, remove_service, service_exists};
use crate::lab::Lab;
use crate::tags::Tags;

fn started(reply: &Value) -> String {
    reply["OperationId"].as_str().unwrap().to_owned()
}

fn operation(lab: &Lab, id: &str) -> Value {
    lab.ok("servicediscovery.GetOperation", json!({ "OperationId": id }))["Operation"].clone()
}

fn namespace(lab: &Lab, name: &str) -> String {
    let id = started(&lab.ok("servicediscovery.CreateHttpNamespace", json!({ "Name": name })));
    lab.pass(60);
    operation(lab, &id)["Targets"]["NAMESPACE"].as_str().unwrap().to_owned()
}

fn private(lab: &Lab, name: &str) -> String {
    let vpcs = lab.ask("ec2.DescribeVpcs", json!({})).unwrap_or_default();
    let vpc = vpcs["Vpcs"][0]["VpcId"].as_str().unwrap_or("vpc-1").to_owned();
    let input = json!({ "Name": name, "Vpc": vpc, "Properties": { "DnsProperties": { "SOA": { "TTL": 30 } } } });
    let id = started(&lab.ok("servicediscovery.CreatePrivateDnsNamespace", input));
    lab.pass(60);
    operation(lab, &id)["Targets"]["NAMESPACE"].as_str().unwrap().to_owned()
}

fn service(lab: &Lab, namespace: &str, name: &str) -> String {
    let made = lab.ok("servicediscovery.CreateService", json!({ "Name": name, "NamespaceId": namespace }));
    made["Service"]["Id"].as_str().unwrap().to_owned()
}

fn instance(service: &str) -> Value {
    json!({ "ServiceId": service, "InstanceId": "one", "Attributes": { "AWS_INSTANCE_IPV4": "10.0.0.1" } })
}

#[test]
fn a_namespace_is_made_by_an_operation_that_takes_its_time() {
    let lab = Lab::new();
    let made = lab.ok("servicediscovery.CreateHttpNamespace", json!({ "Name": "mesh", "Description": "d" }));
    let id = started(&made);
    assert_eq!(made, json!({ "OperationId": id }));
    assert_eq!(operation(&lab, &id)["Status"], "SUBMITTED");
    let target = operation(&lab, &id)["Targets"]["NAMESPACE"].clone();
    lab.refuses("servicediscovery.GetNamespace", json!({ "Id": target }), "NamespaceNotFound", "");
    lab.pass(10);
    assert_eq!(operation(&lab, &id)["Status"], "PENDING");
    lab.pass(50);
    assert_eq!(
        (&operation(&lab, &id)["Status"], &operation(&lab, &id)["Type"]),
        (&json!("SUCCESS"), &json!("CREATE_NAMESPACE"))
    );
    let got = lab.ok("servicediscovery.GetNamespace", json!({ "Id": target }))["Namespace"].clone();
    assert_eq!(got["Properties"], json!({ "DnsProperties": {}, "HttpProperties": { "HttpName": "mesh" } }));
    assert_eq!((&got["Description"], &got["Type"]), (&json!("d"), &json!("HTTP")));
    assert!(got["CreatorRequestId"].is_string());
}

#[test]
fn a_repeated_request_is_told_of_its_operation() {
    let lab = Lab::new();
    let input = json!({ "Name": "mesh", "CreatorRequestId": "r" });
    let id = started(&lab.ok("servicediscovery.CreateHttpNamespace", input.clone()));
    let refusal = lab.refused("servicediscovery.CreateHttpNamespace", input.clone());
    assert_eq!((refusal.code.as_str(), &refusal.fields["DuplicateOperationId"]), ("DuplicateRequest", &json!(id)));
    let other = json!({ "Name": "mesh", "CreatorRequestId": "s" });
    lab.refuses("servicediscovery.CreateHttpNamespace", other, "NamespaceAlreadyExists", "Namespace already exists");
    lab.pass(60);
    let refusal = lab.refused("servicediscovery.CreateHttpNamespace", input);
    assert_eq!((refusal.code.as_str(), &refusal.fields["CreatorRequestId"]), ("NamespaceAlreadyExists", &json!("r")));
}

#[test]
fn what_is_in_use_cannot_be_deleted() {
    let lab = Lab::new();
    let namespace = namespace(&lab, "mesh");
    let service = service(&lab, &namespace, "web");
    let part = "Namespace has associated services; delete the services before deleting the namespace";
    lab.refuses("servicediscovery.DeleteNamespace", json!({ "Id": namespace }), "ResourceInUse", part);
    lab.ok("servicediscovery.RegisterInstance", instance(&service));
    let part = "Service contains registered instances; delete the instances before deleting the service";
    lab.refuses("servicediscovery.DeleteService", json!({ "Id": service }), "ResourceInUse", part);
    lab.pass(10);
    lab.refuses("servicediscovery.DeleteService", json!({ "Id": service }), "ResourceInUse", part);
    lab.ok("servicediscovery.DeregisterInstance", json!({ "ServiceId": service, "InstanceId": "one" }));
    lab.pass(10);
    lab.ok("servicediscovery.DeleteService", json!({ "Id": service }));
    let id = started(&lab.ok("servicediscovery.DeleteNamespace", json!({ "Id": namespace })));
    lab.refuses("servicediscovery.DeleteNamespace", json!({ "Id": namespace }), "DuplicateRequest", "");
    lab.pass(60);
    assert_eq!(operation(&lab, &id)["Status"], "SUCCESS");
    lab.refuses("servicediscovery.GetNamespace", json!({ "Id": namespace }), "NamespaceNotFound", "");
}

#[test]
fn unknown_ids_are_refused() {
    let lab = Lab::new();
    let (namespace, service) = ("ns-0123456789abcdef", "srv-0123456789abcdef");
    let refused = |operation: &str, input: Value, code: &str| {
        lab.refuses(&format!("servicediscovery.{operation}"), input, code, "");
    };
    refused("DeleteNamespace", json!({ "Id": namespace }), "NamespaceNotFound");
    refused("CreateService", json!({ "Name": "s", "NamespaceId": namespace }), "NamespaceNotFound");
    refused("GetService", json!({ "Id": service }), "ServiceNotFound");
    refused("ListInstances", json!({ "ServiceId": service }), "ServiceNotFound");
    refused("RegisterInstance", instance(service), "ServiceNotFound");
    refused("GetOperation", json!({ "OperationId": "x" }), "OperationNotFound");
    let arn = format!("arn:aws:servicediscovery:us-east-1:123456789012:namespace/{namespace}");
    refused("ListTagsForResource", json!({ "ResourceARN": arn }), "ResourceNotFoundException");
}

#[test]
fn a_private_namespace_has_a_zone_and_its_services_records() {
    let lab = Lab::new();
    let namespace = private(&lab, "lab.internal");
    let got = lab.ok("servicediscovery.GetNamespace", json!({ "Id": namespace }));
    assert_eq!(got["Namespace"]["Properties"]["DnsProperties"]["SOA"], json!({ "TTL": 30 }));
    let made = lab.ok(
        "servicediscovery.CreateService",
        json!({
            "Name": "worker", "NamespaceId": namespace, "Description": "workers", "CreatorRequestId": "w",
            "DnsConfig": { "DnsRecords": [{ "Type": "A", "TTL": 60 }] },
            "HealthCheckCustomConfig": { "FailureThreshold": 5 },
        }),
    )["Service"]
        .clone();
    let dns =
        json!({ "NamespaceId": namespace, "RoutingPolicy": "MULTIVALUE", "DnsRecords": [{ "Type": "A", "TTL": 60 }] });
    assert_eq!((&made["DnsConfig"], &made["Type"]), (&dns, &json!("DNS_HTTP")));
    assert_eq!(made["HealthCheckCustomConfig"], json!({ "FailureThreshold": 1 }));
    let change = json!({ "Description": "all", "DnsConfig": { "DnsRecords": [{ "Type": "A", "TTL": 15 }] } });
    let id = started(&lab.ok("servicediscovery.UpdateService", json!({ "Id": made["Id"], "Service": change })));
    lab.pass(30);
    assert_eq!(operation(&lab, &id)["Targets"], json!({ "SERVICE": made["Id"] }));
    let got = lab.ok("servicediscovery.GetService", json!({ "Id": made["Arn"] }))["Service"].clone();
    assert_eq!((&got["Description"], &got["DnsConfig"]["DnsRecords"][0]["TTL"]), (&json!("all"), &json!(15)));
    let bare = json!({ "ServiceId": made["Id"], "InstanceId": "i", "Attributes": { "AWS_INSTANCE_PORT": "80" } });
    lab.refuses("servicediscovery.RegisterInstance", bare, "InvalidInput", "AWS_INSTANCE_IPV4");
}

#[test]
fn a_service_of_an_http_namespace_cannot_be_updated() {
    let lab = Lab::new();
    let service = service(&lab, &namespace(&lab, "mesh"), "web");
    let input = json!({ "Id": service, "Service": { "Description": "d" } });
    lab.refuses("servicediscovery.UpdateService", input, "InvalidInput", "");
}

#[test]
fn a_name_is_taken_once_in_a_namespace() {
    let lab = Lab::new();
    let namespace = namespace(&lab, "mesh");
    let service = service(&lab, &namespace, "web");
    let refusal = lab.refused("servicediscovery.CreateService", json!({ "Name": "web", "NamespaceId": namespace }));
    assert_eq!((refusal.code.as_str(), refusal.message.as_str()), ("ServiceAlreadyExists", "Service already exists."));
    assert_eq!(refusal.fields["ServiceId"], json!(service));
}

#[test]
fn instances_are_discovered_by_name_and_attributes() {
    let lab = Lab::new();
    let service = service(&lab, &namespace(&lab, "mesh"), "web");
    lab.ok("servicediscovery.RegisterInstance", instance(&service));
    lab.refuses("servicediscovery.RegisterInstance", instance(&service), "DuplicateRequest", "");
    lab.pass(10);
    let discover = |value: &str| {
        let query = json!({ "AWS_INSTANCE_IPV4": value });
        let input = json!({ "NamespaceName": "mesh", "ServiceName": "web", "QueryParameters": query });
        lab.ok("servicediscovery.DiscoverInstances", input)["Instances"].clone()
    };
    assert_eq!(discover("10.0.0.1")[0]["HealthStatus"], "UNKNOWN");
    assert_eq!(discover("10.0.0.2"), json!([]));
    let unknown = json!({ "ServiceId": service, "InstanceId": "two" });
    lab.refuses("servicediscovery.DeregisterInstance", unknown, "InstanceNotFound", "");
    let got = lab.ok("servicediscovery.ListInstances", json!({ "ServiceId": service }));
    assert_eq!(got["Instances"][0]["Attributes"], json!({ "AWS_INSTANCE_IPV4": "10.0.0.1" }));
}

#[test]
fn filters_work_after_paging() {
    let lab = Lab::new();
    let (first, second) = (namespace(&lab, "a"), namespace(&lab, "b"));
    service(&lab, &first, "x");
    lab.pass(1);
    let wanted = service(&lab, &second, "y");
    let filter = json!([{ "Name": "NAMESPACE_ID", "Values": [second] }]);
    let page = lab.ok("servicediscovery.ListServices", json!({ "Filters": filter, "MaxResults": 1 }));
    assert_eq!(page["Services"], json!([]));
    let next = json!({ "Filters": filter, "MaxResults": 1, "NextToken": page["NextToken"] });
    assert_eq!(lab.ok("servicediscovery.ListServices", next)["Services"][0]["Id"], json!(wanted));
    let kinds = json!({ "Filters": [{ "Name": "TYPE", "Values": ["HTTP"], "Condition": "EQ" }] });
    assert_eq!(lab.ok("servicediscovery.ListNamespaces", kinds)["Namespaces"].as_array().unwrap().len(), 2);
}

#[test]
fn what_service_connect_made_goes_with_its_last_instance() {
    let lab = Lab::new();
    lab.sim.with_world(|world| {
        let place = &lab.place;
        let namespace = ensure_namespace(world, place, "mesh");
        assert_eq!(ensure_namespace(world, place, "mesh"), namespace);
        assert_eq!(namespace_arn(world.region(place), "mesh"), Some(namespace.clone()));
        let service = ensure_service(world, place, &namespace, "web").unwrap();
        assert_eq!(ensure_service(world, place, &namespace, "web").unwrap(), service);
        register(world, place, &service, "task", &Tags::new());
        remove_service(world, place, &service);
        assert!(service_exists(world.region(place), &service));
        deregister(world, place, &service, "task");
        assert!(!service_exists(world.region(place), &service));
        assert!(ensure_service(world, place, "none", "web").is_err());
    });
}

#[test]
fn tags_read_back() {
    let lab = Lab::new();
    let id = namespace(&lab, "mesh");
    let arn = lab.ok("servicediscovery.GetNamespace", json!({ "Id": id }))["Namespace"]["Arn"].clone();
    let tags = json!([{ "Key": "a", "Value": "1" }, { "Key": "b", "Value": "2" }]);
    lab.ok("servicediscovery.TagResource", json!({ "ResourceARN": arn, "Tags": tags }));
    lab.ok("servicediscovery.UntagResource", json!({ "ResourceARN": arn, "TagKeys": ["a"] }));
    let got = lab.ok("servicediscovery.ListTagsForResource", json!({ "ResourceARN": arn }));
    assert_eq!(got["Tags"], json!([{ "Key": "b", "Value": "2" }]));
}
