//! What a task cannot start for want of a way: to the authorization of its registry, its secrets, its images, its log. On Fargate all
//! of these go through the task's own network interface. On container instances they go through the instance's, of which this world
//! has none, so that nothing is known to stop them. Which packets get where is known by EC2.

use std::net::IpAddr;
use std::time::Duration;

use serde_json::Value;

use super::fate::{Failure, initialization, reference};
use super::task::Task;
use crate::call::Members;
use crate::services::ec2::reach::{self, End, HTTPS};
use crate::world::{Place, World};

/// How long secrets and authorizations are asked for before a task gives up.
const ASKS: Duration = Duration::from_secs(120);
/// How long an image is asked for.
const PULLS: Duration = Duration::from_secs(180);
/// How long a log is asked for.
const LOGS: Duration = Duration::from_secs(60);

/// Somebody on the network of whom a task wants something.
struct Host {
    /// The name of a service, as endpoints have it, and its region; `None` for any other host.
    service: Option<(&'static str, String)>,
    /// The name of the host.
    name: String,
}

impl Host {
    fn service(service: &'static str, subdomain: &str, region: &str) -> Self {
        let name = format!("{subdomain}.{region}.amazonaws.com");
        Self { service: Some((service, region.to_owned())), name }
    }

    /// The address at which it is sought in vain; nothing if packets get there.
    fn lost(&self, world: &World, place: &Place, task: &Task) -> Option<IpAddr> {
        let interface = &task.interface.as_ref()?.id;
        let ec2 = &world.known_region(place)?.ec2;
        if task.doc.text("launchType") != Some("FARGATE") || !ec2.interfaces.contains_key(interface) {
            return None;
        }
        match &self.service {
            // Endpoints are for the services of their own region.
            Some((service, region)) if **region == *place.region => {
                let way = reach::to_service(ec2, interface, service);
                way.is_err().then(|| reach::leads_to(ec2, interface, service))
            }
            _ => {
                let address = reach::address_of(&self.name);
                let way = reach::way(ec2, End::Interface(interface), End::Address(address), HTTPS);
                way.is_err().then_some(address)
            }
        }
    }
}

/// The region of a private registry of ECR, of whatever account.
fn ecr_region(registry: &str) -> Option<&str> {
    let (account, rest) = registry.split_once(".dkr.ecr.")?;
    account.bytes().all(|byte| byte.is_ascii_digit()).then_some(rest.strip_suffix(".amazonaws.com")?)
}

fn registry(image: &str) -> String {
    reference(image).split('/').next().unwrap_or_default().to_owned()
}

/// The authorization to pull from ECR does not come.
pub(super) fn authorization(world: &World, place: &Place, task: &Task) -> Option<Failure> {
    task.defined().iter().find_map(|container| {
        let registry = registry(container.text_or_empty("image"));
        let region = ecr_region(&registry)?;
        let host = Host::service("ecr.api", "api.ecr", region);
        let address = host.lost(world, place, task)?;
        let text = format!(
            "unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send request \
             failed caused by: Post \"https://{}/\": dial tcp {address}:443: i/o timeout. Please check your task network \
             configuration.",
            host.name
        );
        Some(initialization(&text).late(ASKS))
    })
}

const CANCELED: &str = "RequestCanceled: request context canceled caused by: context deadline exceeded. Please check your \
                        task network configuration.";

/// A secret of Secrets Manager does not come.
pub(super) fn secret(world: &World, place: &Place, task: &Task, arn: &str, region: &str) -> Option<Failure> {
    Host::service("secretsmanager", "secretsmanager", region).lost(world, place, task)?;
    let text = format!(
        "unable to retrieve secret from asm: service call has been retried 5 time(s): failed to fetch secret {arn} from \
         secrets manager: {CANCELED}"
    );
    Some(initialization(&text).late(ASKS))
}

/// A parameter of Systems Manager does not come.
pub(super) fn parameter(world: &World, place: &Place, task: &Task, region: &str) -> Option<Failure> {
    Host::service("ssm", "ssm", region).lost(world, place, task)?;
    let text = format!("unable to retrieve secrets from ssm: service call has been retried 5 time(s): {CANCELED}");
    Some(initialization(&text).late(ASKS))
}

/// The image of a container does not come: its registry is out of reach, or the bucket of S3 that has the layers of ECR.
pub(super) fn image(world: &World, place: &Place, task: &Task, container: &Value) -> Option<Failure> {
    let reference = reference(container.text_or_empty("image"));
    let (registry, path) = reference.split_once('/')?;
    let (repository, tag) = path.split_once('@').or_else(|| path.rsplit_once(':')).unwrap_or((path, "latest"));
    let region = ecr_region(registry);
    let host = match (region, registry) {
        (Some(region), _) => Host { service: Some(("ecr.dkr", region.to_owned())), name: registry.to_owned() },
        (None, "docker.io") => Host { service: None, name: "registry-1.docker.io".to_owned() },
        (None, _) => Host { service: None, name: registry.split(':').next().unwrap_or_default().to_owned() },
    };
    if let Some(address) = host.lost(world, place, task) {
        let reason = format!(
            "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref {reference}: \
             failed to do request: Head \"https://{}/v2/{repository}/manifests/{tag}\": dial tcp {address}:443: i/o timeout",
            host.name
        );
        return Some(Failure::pull(container, reason).late(PULLS));
    }
    let region = region?;
    let bucket = Host::service("s3", &format!("prod-{region}-starport-layer-bucket.s3"), region);
    let address = bucket.lost(world, place, task)?;
    let reason = format!(
        "CannotPullContainerError: ref pull has been retried 5 time(s): failed to copy: httpReadSeeker: failed open: failed \
         to do request: Get \"https://{}/\": dial tcp {address}:443: i/o timeout",
        bucket.name
    );
    Some(Failure::pull(container, reason).late(PULLS))
}

/// The log of a container cannot be opened.
pub(super) fn log(world: &World, place: &Place, task: &Task, region: &str) -> Option<Failure> {
    let host = Host::service("logs", "logs", region);
    let address = host.lost(world, place, task)?;
    let reason = format!(
        "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to \
         create Cloudwatch log stream: RequestError: send request failed caused by: Post \"https://{}/\": dial tcp \
         {address}:443: i/o timeout : exit status 1",
        host.name
    );
    Some(Failure::start(reason).late(LOGS))
}
