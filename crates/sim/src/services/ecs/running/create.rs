//! CreateService: whether there can be such a service, and the service with its first deployment. What becomes of it then is
//! the scheduler's affair.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::check::{self, Capacity};
use super::places::{self, invalid};
use super::service::{ACTIVE, DRAINING, Service};
use super::{connect, defaults, ingress, of, outcome, read, shifts};
use crate::call::{Call, Input, Members, Refusal, Reply};
use crate::services::ecs::registry::{self, ClusterFacts};
use crate::services::iam;
use crate::tags;

/// CreateService.
pub(super) fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    let cluster = places::cluster(call, input.text("cluster"))?;
    let name = input.text_or_empty("serviceName").to_owned();
    named(&name)?;
    places::token(input, 36)?;
    let key = places::service_key(&cluster.name, &name);
    let place = call.place.clone();
    let mut request = input.0.clone();
    request.remove("clientToken");
    if let Some(there) = of(call.world, &place).services.get(&key) {
        match there.status.as_str() {
            ACTIVE if there.request == request => return Ok(json!({ "service": read::made(call, &key) })),
            ACTIVE => return Err(invalid("Creation of service was not idempotent.")),
            DRAINING => return Err(invalid("Unable to Start a service that is still Draining.")),
            _ => {}
        }
    }
    let capacity = Capacity::of(input, &cluster)?;
    let mut service = sound(call, input, &cluster, &capacity)?;
    service.name = name;
    service.request = request;
    service.arn = call.arn("ecs", &format!("service/{key}"));
    let definition = service.doc.text("taskDefinition").and_then(|name| registry::definition(call.region(), name));
    if let Some(definition) = definition {
        ingress::check(call.region(), &service, &definition)?;
    }
    if service.is_ours() {
        service.discovery = connect::prepare(call, &service.hidden, &cluster)?;
        ingress::join(call.world, &place, &mut service);
    }
    // A deleted service of the same name leaves its tasks and its history.
    if let Some(old) = of(call.world, &place).services.remove(&key) {
        service.tasks = old.tasks;
    }
    if service.is_ours() {
        let revision = outcome::revise(call.world, &place, &mut service);
        outcome::deploy(call.world, &place, &mut service, &revision);
        service.wake(call.world, &place, Duration::from_millis(1600));
    }
    of(call.world, &place).services.insert(key.clone(), service);
    Ok(json!({ "service": read::made(call, &key) }))
}

fn named(name: &str) -> Result<(), Refusal> {
    if name.is_empty() {
        return Err(invalid("Service name cannot be empty."));
    }
    let good = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    if name.len() > 255 || !name.chars().all(good) {
        return Err(invalid(format!("Invalid service name: {name}.")));
    }
    Ok(())
}

/// The service of a request, if everything in that makes sense.
fn sound(call: &mut Call<'_>, input: &Input, cluster: &ClusterFacts, capacity: &Capacity) -> Result<Service, Refusal> {
    let daemon = input.text("schedulingStrategy") == Some("DAEMON");
    check::scheduling(input, capacity, daemon)?;
    let mut doc = defaults::shown(&input.0);
    let controller = doc.map("deploymentController").map_or_else(String::new, |it| it.text_or_empty("type").to_owned());
    if !matches!(controller.as_str(), "ECS" | "CODE_DEPLOY" | "EXTERNAL") {
        return Err(invalid(format!("Deployment controller {controller} is not supported.")));
    }
    let configuration = doc.map("deploymentConfiguration").cloned().unwrap_or_default();
    check::configuration(&configuration, controller == "ECS", daemon)?;
    let tags = tags::from_list(input.list("tags"), "key", "value");
    tagging(input)?;
    let mut service_linked = !input.list("serviceRegistries").is_empty() || input.list("loadBalancers").len() > 1;
    let mut checked = false;
    match input.text("taskDefinition") {
        Some(name) => {
            let definition = check::definition(call, name)?;
            checked = check::has_health_check(&definition);
            let written = controller == "EXTERNAL" && !input.has("networkConfiguration");
            check::platform(&definition, capacity, input.text("platformVersion"))?;
            check::instances(call.region(), &definition, capacity)?;
            if !written {
                check::network(call, input, &definition, capacity.is_fargate())?;
            }
            check::load_balancers(call.region(), input.list("loadBalancers"), &definition)?;
            shifts::balancers(call, input.list("loadBalancers"), &configuration)?;
            check::registries(call.region(), input.list("serviceRegistries"), &definition)?;
            connect::check(&definition, input.map("serviceConnectConfiguration"))?;
            volumes(&definition, input)?;
            service_linked |= definition.text("networkMode") == Some("awsvpc");
            doc.insert("taskDefinition".to_owned(), definition["taskDefinitionArn"].clone());
        }
        None if controller == "EXTERNAL" => {}
        None => return Err(invalid("TaskDefinition can not be blank.")),
    }
    let balanced = !input.list("loadBalancers").is_empty() || !input.list("gatewayConnectors").is_empty();
    if input.has("healthCheckGracePeriodSeconds") && !balanced && !checked {
        return Err(invalid("Health check grace period is only valid for services configured to use load balancers"));
    }
    if input.text("availabilityZoneRebalancing") == Some("ENABLED") && !defaults::can_balance(&doc) {
        return Err(invalid("The service does not support Availability Zone rebalancing with this configuration."));
    }
    role(call, input, service_linked, &mut doc)?;
    placed(&mut doc, capacity, input.text("platformVersion"));
    doc.insert("createdBy".to_owned(), json!(call.caller.principal));
    let hidden = defaults::HIDDEN.iter().filter_map(|name| Some(((*name).to_owned(), input.member(name)?.clone())));
    Ok(Service {
        cluster: cluster.name.clone(),
        cluster_arn: cluster.arn.clone(),
        status: ACTIVE.to_owned(),
        desired: if daemon { 0 } else { input.integer("desiredCount").unwrap_or(0) },
        doc,
        hidden: hidden.collect(),
        created: call.now(),
        tags,
        discovery: BTreeMap::new(),
        ..Service::default()
    })
}

/// Which capacity a service shows.
pub(super) fn placed(doc: &mut Map<String, Value>, capacity: &Capacity, version: Option<&str>) {
    for name in ["launchType", "capacityProviderStrategy", "platformVersion", "platformFamily"] {
        doc.remove(name);
    }
    match capacity {
        Capacity::Launch(kind) => doc.insert("launchType".to_owned(), json!(kind)),
        Capacity::Strategy(items) => doc.insert("capacityProviderStrategy".to_owned(), items.clone()),
    };
    if capacity.is_fargate() {
        doc.insert("platformVersion".to_owned(), json!(defaults::platform(version)));
        doc.insert("platformFamily".to_owned(), json!("Linux"));
    }
}

/// The volumes of a service have to be those that its task definition leaves open until then.
pub(super) fn volumes(definition: &Value, input: &impl Members) -> Result<(), Refusal> {
    for written in input.list("volumeConfigurations") {
        let name = written.text_or_empty("name");
        let open = definition
            .list("volumes")
            .iter()
            .any(|volume| volume.text("name") == Some(name) && volume.flag("configuredAtLaunch") == Some(true));
        if !open {
            return Err(invalid(format!(
                "The volume name {name} does not match a volume in the task definition that is configured at launch."
            )));
        }
    }
    Ok(())
}

fn tagging(input: &Input) -> Result<(), Refusal> {
    let list = input.list("tags");
    if list.len() > 50 {
        return Err(invalid("Too many tags: a resource can have at most 50 tags."));
    }
    let keys: Vec<&str> = list.iter().map(|tag| tag.text_or_empty("key")).collect();
    if keys.iter().any(|key| key.to_ascii_lowercase().starts_with("aws:")) {
        return Err(invalid("Tag keys and values cannot start with 'aws:'. This prefix is reserved for AWS use."));
    }
    let unique: std::collections::BTreeSet<&&str> = keys.iter().collect();
    if unique.len() != keys.len() {
        return Err(invalid("Duplicate tag keys are not allowed."));
    }
    Ok(())
}

fn role(call: &mut Call<'_>, input: &Input, linked: bool, doc: &mut Map<String, Value>) -> Result<(), Refusal> {
    let balanced = !input.list("loadBalancers").is_empty();
    match input.text("role") {
        Some(_) if linked => {
            Err(invalid("You cannot specify an IAM role for services that require a service linked role."))
        }
        Some(_) if !balanced => Err(invalid("IAM roles are only valid for services configured to use load balancers.")),
        Some(role) => {
            let place = call.place.clone();
            if !iam::role_visible(call.world, &place, role)
                || !iam::role_trusts(call.world, &place, role, "ecs.amazonaws.com")
            {
                return Err(invalid(
                    "Unable to assume role and validate the listeners configured on your load balancer. Please verify \
                     that the ECS service role being passed has the proper permissions.",
                ));
            }
            let account = place.account;
            let arn =
                if role.starts_with("arn:") { role.to_owned() } else { format!("arn:aws:iam::{account}:role/{role}") };
            doc.insert("roleArn".to_owned(), json!(arn));
            Ok(())
        }
        None if linked || balanced => {
            let place = call.place.clone();
            iam::service_linked_role(call.world, &place, "ecs.amazonaws.com");
            let path = "role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS";
            doc.insert("roleArn".to_owned(), json!(format!("arn:aws:iam::{}:{path}", place.account)));
            Ok(())
        }
        None => Ok(()),
    }
}
