//! VPC endpoints: gateways, which put routes into route tables, and interfaces, which take a minute to come up in each subnet.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::describe::{self, Filters, View, compact};
use super::state::{Attachment, Ec2};
use super::{Event, interfaces, invalid, kinds, link, new_id, operations, state, tagging, tokens};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::world;

/// The operations.
pub(super) const OPERATIONS: Table = operations![
    "DescribeVpcEndpoints" => describe,
    "CreateVpcEndpoint" => create,
    "ModifyVpcEndpoint" => modify,
    "DeleteVpcEndpoints" => delete,
];

const READY: Duration = Duration::from_secs(75);
const GONE: Duration = Duration::from_secs(40);
const OPEN_POLICY: &str =
    r#"{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;

/// The services that have endpoints, without what their names begin with.
#[rustfmt::skip]
const SERVICES: &[&str] = &[
    "access-analyzer", "account", "acm", "acm-pca", "airflow.api", "airflow.env", "airflow.ops", "amplify", "appconfig",
    "appconfigdata", "appflow", "application-autoscaling", "applicationinsights", "apprunner", "apprunner.requests",
    "appstream.api", "appstream.streaming", "appsync-api", "aps", "aps-workspaces", "athena", "auditmanager", "autoscaling",
    "autoscaling-plans", "awsconnector", "b2bi", "backup", "backup-gateway", "batch", "bedrock", "bedrock-agent",
    "bedrock-agent-runtime", "bedrock-runtime", "cassandra", "cleanrooms", "cloudcontrolapi", "clouddirectory",
    "cloudformation", "cloudhsmv2", "cloudtrail", "codeartifact.api", "codeartifact.repositories", "codebuild",
    "codecommit", "codeconnections.api", "codedeploy", "codedeploy-commands-secure", "codeguru-profiler",
    "codeguru-reviewer", "codepipeline", "cognito-idp", "comprehend", "config", "connect-campaigns",
    "data-servicediscovery", "databrew", "dataexchange", "datasync", "datazone", "deadline.management",
    "deadline.scheduling", "devops-guru", "dms", "drs", "ds", "dynamodb", "dynamodb-streams", "ebs", "ec2", "ec2messages",
    "ecr.api", "ecr.dkr", "ecs", "ecs-agent", "ecs-telemetry", "eks", "eks-auth", "elasticache", "elasticbeanstalk",
    "elasticbeanstalk-health", "elasticfilesystem", "elasticloadbalancing", "elasticmapreduce", "email", "email-smtp",
    "emr-containers", "emr-serverless", "emrwal.prod", "entityresolution", "events", "evidently", "execute-api", "finspace",
    "fis", "forecast", "forecastquery", "frauddetector", "fsx", "git-codecommit", "glue", "grafana", "grafana-workspace",
    "groundstation", "guardduty", "guardduty-data", "healthlake", "iam", "identitystore", "imagebuilder", "inspector2",
    "iot.credentials", "iot.data", "iotsitewise.api", "iotsitewise.data", "iotwireless.api", "ivs", "kafka", "kafka-fips",
    "kendra", "kinesis-firehose", "kinesis-streams", "kms", "lakeformation", "lambda", "license-manager", "logs",
    "lookoutmetrics", "macie2", "mediaconnect", "memory-db", "mgn", "migrationhub-orchestrator", "monitoring", "mq",
    "neptune-graph", "network-firewall", "networkflowmonitor", "networkmonitor", "notifications", "oam",
    "observabilityadmin", "omics-control", "organizations", "osis", "panorama", "payment-cryptography.controlplane",
    "payment-cryptography.dataplane", "pca-connector-ad", "personalize", "pi", "pinpoint", "pipes", "polly", "profile",
    "ram", "rbin", "rds", "rds-data", "redshift", "redshift-data", "redshift-serverless", "refactor-spaces", "rekognition",
    "resiliencehub", "resource-groups", "robomaker", "rolesanywhere", "route53", "rum", "s3", "s3-outposts", "s3express",
    "sagemaker.api", "sagemaker.featurestore-runtime", "sagemaker.runtime", "scheduler", "schemas", "secretsmanager",
    "securityhub", "securitylake", "servicecatalog", "servicecatalog-appregistry", "servicediscovery", "signer",
    "simspaceweaver", "sms", "snow-device-management", "sns", "sqs", "ssm", "ssm-contacts", "ssm-incidents", "ssmmessages",
    "states", "storagegateway", "sts", "support", "swf", "sync-states", "synthetics", "tagging", "textract",
    "timestream-influxdb", "tnb", "transcribe", "transcribestreaming", "transfer", "transfer.server", "translate",
    "trustedadvisor", "verifiedpermissions", "voiceid", "vpc-lattice", "wafv2", "wellarchitected", "wisdom", "workspaces",
    "xray",
];

const FILTERS: Filters = &[
    ("ip-address-type", "IpAddressType"),
    ("service-name", "ServiceName"),
    ("service-region", "ServiceRegion"),
    ("vpc-id", "VpcId"),
    ("vpc-endpoint-id", "VpcEndpointId"),
    ("vpc-endpoint-state", "State"),
    ("vpc-endpoint-type", "VpcEndpointType"),
    ("tag-key", ""),
];

fn document(ec2: &Ec2, id: &str) -> Value {
    let mut endpoint = ec2.endpoints.get(id).cloned().unwrap_or_default();
    endpoint["Tags"] = tagging::of(ec2, id);
    endpoint
}

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let ec2 = state(call);
    let items = ec2.endpoints.keys().map(|id| document(ec2, id)).collect();
    let ids = ("VpcEndpointIds", "VpcEndpointId");
    describe::answer(input, &View { list: "VpcEndpoints", ids, kind: &kinds::ENDPOINT, filters: FILTERS }, items)
}

fn missing_service(name: &str) -> Refusal {
    Refusal::new("InvalidServiceName", format!("The Vpc Endpoint Service '{name}' does not exist"))
}

/// The short name of a service that has endpoints of that kind.
fn offered(region: &str, service: &str, kind: &str) -> Result<String, Refusal> {
    let regional = service.strip_prefix(&format!("com.amazonaws.{region}."));
    let short = regional.filter(|short| SERVICES.contains(short)).ok_or_else(|| missing_service(service))?;
    match kind {
        "Interface" => Ok(short.to_owned()),
        "Gateway" if matches!(short, "s3" | "dynamodb") => Ok(short.to_owned()),
        _ => {
            let text = format!("The Vpc Endpoint Service '{service}' does not support endpoints of type {kind}.");
            Err(Refusal::new("InvalidParameter", text))
        }
    }
}

/// Checks what a request names against its VPC.
fn check(ec2: &Ec2, vpc: &str, tables: &[String], subnets: &[String]) -> Result<(), Refusal> {
    for id in tables {
        let table = ec2.route_tables.get(id).ok_or_else(|| kinds::ROUTE_TABLE.missing(id))?;
        if table.vpc != vpc {
            let text = format!("Route table {id} does not belong to VPC {vpc}");
            return Err(Refusal::new("InvalidParameter", text));
        }
    }
    let mut zones = BTreeSet::new();
    for id in subnets {
        let subnet = ec2.subnets.get(id).ok_or_else(|| kinds::SUBNET.missing(id))?;
        if subnet.vpc != vpc {
            return Err(Refusal::new("InvalidParameter", format!("Subnet {id} does not belong to VPC {vpc}")));
        }
        if !zones.insert(&subnet.zone) {
            let text = format!("Found another VPC endpoint subnet in the availability zone of {id}.");
            return Err(Refusal::new("DuplicateSubnetsInSameZone", text));
        }
    }
    Ok(())
}

fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    let tags = tagging::specified(input, &kinds::ENDPOINT)?;
    let kind = input.text("VpcEndpointType").unwrap_or("Gateway");
    let vpc = input.text_or_empty("VpcId");
    let service = input.text_or_empty("ServiceName");
    let (tables, subnets) = (input.texts("RouteTableIds"), input.texts("SubnetIds"));
    let (now, operation) = (call.now(), call.operation);
    let id = new_id(call, "vpce");
    let ec2 = state(call);
    if let Some(id) = tokens::earlier(ec2, operation, input).filter(|id| ec2.endpoints.contains_key(id)) {
        return Ok(json!({ "VpcEndpoint": document(ec2, &id), "ClientToken": input.text("ClientToken") }));
    }
    if !ec2.vpcs.contains_key(vpc) {
        return Err(kinds::VPC.missing(vpc));
    }
    let short = offered(&ec2.name, service, kind)?;
    check(ec2, vpc, &tables, &subnets)?;
    let same = |endpoint: &Value| {
        kind == "Gateway"
            && endpoint.text("VpcEndpointType") == Some(kind)
            && endpoint.text("VpcId") == Some(vpc)
            && endpoint.text("ServiceName") == Some(service)
            && endpoint.texts("RouteTableIds").iter().any(|table| tables.contains(table))
    };
    if ec2.endpoints.values().any(same) {
        let text =
            format!("route table {} already has a route with destination-prefix-list-id for {service}", tables[0]);
        return Err(Refusal::new("RouteAlreadyExists", text));
    }
    let groups = if kind == "Interface" {
        interfaces::checked_groups(ec2, vpc, &input.texts("SecurityGroupIds"))?
    } else {
        Vec::new()
    };
    let policy = input.text("PolicyDocument").unwrap_or(OPEN_POLICY);
    let private_dns = input.flag("PrivateDnsEnabled").unwrap_or(kind == "Interface");
    let named: Vec<Value> =
        groups.iter().map(|id| json!({ "GroupId": id, "GroupName": ec2.groups[id].name })).collect();
    let entries = if kind == "Interface" { dns(&ec2.name, &short, &id, private_dns) } else { json!([]) };
    let endpoint = json!({
        "VpcEndpointId": id, "VpcEndpointType": kind, "VpcId": vpc, "ServiceName": service,
        "State": if kind == "Gateway" { "available" } else { "pending" },
        "PolicyDocument": policy, "RouteTableIds": tables, "SubnetIds": subnets, "Groups": named,
        "IpAddressType": input.text("IpAddressType").unwrap_or("ipv4"),
        "DnsOptions": input.member("DnsOptions").cloned().unwrap_or_else(
            || json!({ "DnsRecordIpType": if kind == "Gateway" { "service-defined" } else { "ipv4" } })
        ),
        "PrivateDnsEnabled": private_dns, "RequesterManaged": false, "NetworkInterfaceIds": [], "DnsEntries": entries,
        "CreationTimestamp": now.value(), "OwnerId": ec2.account, "ServiceRegion": ec2.name,
    });
    ec2.endpoints.insert(id.clone(), endpoint);
    tagging::keep(ec2, &id, tags);
    tokens::keep(ec2, operation, input, &id);
    reroute(ec2, &id);
    for subnet in &subnets {
        place_in(call, &id, subnet, &groups)?;
    }
    let shown = document(state(call), &id);
    if kind != "Gateway" {
        let delay = call.world.about(READY);
        call.after(delay, world::Event::Ec2(Event::Turns(id, "available".to_owned())));
    }
    Ok(json!({ "VpcEndpoint": shown, "ClientToken": input.text("ClientToken") }))
}

fn dns(region: &str, service: &str, id: &str, private: bool) -> Value {
    let own = format!("{id}-{}.{service}.{region}.vpce.amazonaws.com", &id[id.len() - 8..]);
    let mut names = vec![json!({ "DnsName": own, "HostedZoneId": "Z7HUB22UULQXV" })];
    if private {
        names.push(json!({ "DnsName": format!("{service}.{region}.amazonaws.com"), "HostedZoneId": "ZONEIDPENDING" }));
    }
    names.into()
}

/// Puts the routes of a gateway endpoint into its route tables, and takes them out of all others.
fn reroute(ec2: &mut Ec2, id: &str) {
    let endpoint = ec2.endpoints.get(id);
    let service = endpoint.map(|endpoint| endpoint.text_or_empty("ServiceName").to_owned()).unwrap_or_default();
    let tables = endpoint.map(|endpoint| endpoint.texts("RouteTableIds")).unwrap_or_default();
    let list = ec2.prefix_lists.iter().find(|(_, list)| list.aws && list.name == service).map(|(id, _)| id.clone());
    for (table_id, table) in &mut ec2.route_tables {
        table.routes.retain(|route| route.text("GatewayId") != Some(id));
        if let Some(list) = list.as_ref().filter(|_| tables.contains(table_id)) {
            table.routes.push(json!({
                "DestinationPrefixListId": list, "GatewayId": id, "Origin": "CreateRoute", "State": "active",
            }));
        }
    }
}

/// Gives an interface endpoint its interface in a subnet.
fn place_in(call: &mut Call<'_>, id: &str, subnet: &str, groups: &[String]) -> Result<(), Refusal> {
    let place = call.place.clone();
    let (interface, mut made) = link::draft(call.world, &place, subnet, groups)?;
    made.description = format!("VPC Endpoint Interface {id}");
    made.kind = "vpc_endpoint".to_owned();
    made.managed = true;
    made.requester = Some("727180483921".to_owned());
    let attachment = new_id(call, "ela-attach");
    made.attachment = Some(Attachment { id: attachment, owner: "amazon-aws".to_owned(), time: call.now() });
    let ec2 = state(call);
    ec2.interfaces.insert(interface.clone(), made);
    let endpoint = ec2.endpoints.get_mut(id).and_then(|endpoint| endpoint["NetworkInterfaceIds"].as_array_mut());
    endpoint.into_iter().for_each(|list| list.push(interface.clone().into()));
    Ok(())
}

fn modify(call: &mut Call<'_>, input: &Input) -> Reply {
    let id = input.text_or_empty("VpcEndpointId").to_owned();
    let ec2 = state(call);
    let mut endpoint = ec2.endpoints.get(&id).ok_or_else(|| kinds::ENDPOINT.missing(&id))?.clone();
    let vpc = endpoint.text_or_empty("VpcId").to_owned();
    let merged = |list: &[String], add: &str, remove: &str| {
        let remove = input.texts(remove);
        let mut all: Vec<String> = list.iter().filter(|id| !remove.contains(id)).cloned().collect();
        all.extend(input.texts(add).into_iter().filter(|id| !list.contains(id)));
        all
    };
    let tables = merged(&endpoint.texts("RouteTableIds"), "AddRouteTableIds", "RemoveRouteTableIds");
    let before = endpoint.texts("SubnetIds");
    let subnets = merged(&before, "AddSubnetIds", "RemoveSubnetIds");
    let groups: Vec<String> =
        endpoint.list("Groups").iter().map(|group| group.text_or_empty("GroupId").to_owned()).collect();
    let groups = merged(&groups, "AddSecurityGroupIds", "RemoveSecurityGroupIds");
    check(ec2, &vpc, &tables, &subnets)?;
    if endpoint.text("VpcEndpointType") == Some("Interface") {
        if groups.is_empty() {
            return Err(invalid("An interface endpoint must have at least one security group."));
        }
        interfaces::checked_groups(ec2, &vpc, &groups)?;
    }
    if input.flag("ResetPolicy") == Some(true) {
        endpoint["PolicyDocument"] = OPEN_POLICY.into();
    }
    for member in ["PolicyDocument", "IpAddressType", "DnsOptions", "PrivateDnsEnabled"] {
        if let Some(value) = input.member(member) {
            endpoint[member] = value.clone();
        }
    }
    endpoint["RouteTableIds"] = json!(tables);
    endpoint["SubnetIds"] = json!(subnets);
    endpoint["Groups"] = groups.iter().map(|id| json!({ "GroupId": id, "GroupName": ec2.groups[id].name })).collect();
    for interface in endpoint.texts("NetworkInterfaceIds") {
        let left = ec2.interfaces.get(&interface).is_none_or(|interface| !subnets.contains(&interface.subnet));
        if left {
            ec2.interfaces.remove(&interface);
            if let Some(list) = endpoint["NetworkInterfaceIds"].as_array_mut() {
                list.retain(|id| id.as_str() != Some(&interface));
            }
        } else if let Some(interface) = ec2.interfaces.get_mut(&interface) {
            interface.groups.clone_from(&groups);
        }
    }
    ec2.endpoints.insert(id.clone(), endpoint);
    reroute(ec2, &id);
    for subnet in subnets.iter().filter(|subnet| !before.contains(subnet)) {
        place_in(call, &id, subnet, &groups)?;
    }
    Ok(json!({ "Return": true }))
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let mut failed = Vec::new();
    for id in input.texts("VpcEndpointIds") {
        let ec2 = state(call);
        let Some(endpoint) = ec2.endpoints.get_mut(&id) else {
            let refusal = kinds::ENDPOINT.missing(&id);
            failed.push(compact(json!({
                "ResourceId": id, "Error": { "Code": refusal.code, "Message": refusal.message },
            })));
            continue;
        };
        endpoint["State"] = "deleting".into();
        let delay = if endpoint.text("VpcEndpointType") == Some("Gateway") { Duration::from_secs(2) } else { GONE };
        endpoint["RouteTableIds"] = json!([]);
        reroute(ec2, &id);
        let delay = call.world.about(delay);
        call.after(delay, world::Event::Ec2(Event::Forgotten(id)));
    }
    Ok(json!({ "Unsuccessful": failed }))
}
