//! A session about the logs of services: which containers write to which log groups, as the revisions say that run, and which line is
//! whose. Reads only.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_aws::kinds::{log_group, service};
use evenkeel_aws::services::ecs::service::containers::{self, Container, Log};
use evenkeel_aws::services::ecs::service::status;
use evenkeel_aws::services::logs::tail::{Line, Tail};
use evenkeel_core::cloud::Cloud as _;
use evenkeel_core::error::CloudError;
use evenkeel_core::graph::Node;
use evenkeel_core::snapshot::Live;
use futures::future::try_join_all;
use serde_json::Value;

use super::names;
use super::reading::Reading;
use crate::exit::Failure;

/// The logs of a stack's services.
pub struct Logging {
    /// What is read.
    pub reading: Reading,
    /// The containers whose lines are shown.
    pub sources: Vec<Source>,
    /// What is to be said beside the lines.
    pub remarks: Vec<String>,
    /// Services of which containers write alike: only their tasks tell them apart.
    alike: Vec<(String, Live)>,
    /// The service of each of their tasks; none of one that ECS does not know any more, an empty one of a task of somebody else.
    tasks: BTreeMap<String, Option<String>>,
}

/// A container whose lines are shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// The entry of the service.
    pub service: String,
    /// The container.
    pub container: String,
    /// What its lines begin with: `web`, or `web/proxy` where a service has several.
    pub label: String,
    /// The log group.
    pub group: String,
    /// How the names of its streams begin; none where nothing tells them from those of others.
    pub prefix: Option<String>,
    /// Whether the task has a role that may write there.
    pub has_execution_role: bool,
}

impl Source {
    fn writes(&self, line: &Line) -> bool {
        let fits = |prefix: &String| line.stream.starts_with(prefix);
        self.group == line.group && self.prefix.as_ref().is_none_or(fits)
    }

    fn writes_like(&self, other: &Self) -> bool {
        self.group == other.group && self.prefix == other.prefix && self.service != other.service
    }
}

/// The services that were asked for, each with its containers if single ones were.
type Chosen = BTreeMap<String, Option<BTreeSet<String>>>;

impl Logging {
    /// The logs of what was asked for, `SERVICE` or `SERVICE/CONTAINER`; of all services if nothing was.
    ///
    /// # Errors
    /// If something was asked for that is not there, or AWS cannot be read.
    pub async fn open(reading: Reading, asked: &[String]) -> Result<Self, Failure> {
        let chosen = chosen(&reading, asked)?;
        let nodes: Vec<&Node> = reading.graph.of_kind(service::KIND).collect();
        let (found, right) = futures::join!(reading.cloud.read_back(&nodes), reading.right_account());
        right?;
        let mut found = found.map_err(|error| Failure::cloud("reading the services", error))?;
        let mut remarks = Vec::new();
        let mut there: Vec<(String, Live)> = Vec::new();
        for node in &nodes {
            let entry = node.id.name().to_owned();
            match found.remove(&node.id).flatten().filter(|live| live.is_of(&node.id)) {
                Some(live) => there.push((entry, live)),
                None if chosen.contains_key(&entry) => {
                    remarks.push(format!("service {entry} does not exist yet; `evenkeel apply` creates it"));
                }
                None => {}
            }
        }
        let live: Vec<&Live> = there.iter().map(|(_, live)| live).collect();
        let known = containers::of_services(&reading.cloud.aws, &live).await;
        let mut all: Vec<Source> = Vec::new();
        let home = &reading.graph.stack.region;
        for ((entry, _), containers) in there.iter().zip(known) {
            let containers = containers.map_err(|error| Failure::cloud("reading a task definition", error))?;
            let mut silent = Vec::new();
            all.extend(sources(entry, home, containers, &mut silent));
            remarks.extend(silent.into_iter().filter(|_| chosen.contains_key(entry)));
        }
        let sources = choose(&all, &chosen)?;
        let others = match sources.iter().any(|source| is_shared(&reading, source)) {
            true => others(&reading, &live).await.map_err(|error| Failure::cloud("reading the tasks", error))?,
            false => BTreeMap::new(),
        };
        let mixed =
            |one: &Source, other: &Source| one.writes_like(other) && (sources.contains(one) || sources.contains(other));
        there.retain(|(entry, _)| {
            all.iter().any(|one| one.service == *entry && all.iter().any(|other| mixed(one, other)))
        });
        let mut tasks = tasks(&reading, &there).await.map_err(|error| Failure::cloud("reading the tasks", error))?;
        for (task, of) in others {
            tasks.entry(task).or_insert(of);
        }
        Ok(Self { reading, sources, remarks, alike: there, tasks })
    }

    /// Finds out whose tasks are that have begun to write since.
    pub async fn learn(&mut self, lines: &[Line]) {
        let new: BTreeSet<String> =
            lines.iter().map(task).filter(|id| !self.tasks.contains_key(*id)).map(str::to_owned).collect();
        if self.alike.is_empty() || new.is_empty() {
            return;
        }
        // What cannot be read now is not known, and need not be asked again for each line.
        self.tasks.extend(new.into_iter().map(|id| (id, None)));
        if let Ok(tasks) = tasks(&self.reading, &self.alike).await {
            self.tasks.extend(tasks);
        }
    }

    /// The log groups that the sources write to, to be read from a time on.
    pub fn tail(&self, from: i64, pattern: Option<&str>) -> Tail {
        let mut groups: BTreeMap<String, Option<String>> = BTreeMap::new();
        for source in &self.sources {
            match groups.get_mut(&source.group) {
                Some(known) => *known = common(known.as_deref(), source.prefix.as_deref()),
                None => drop(groups.insert(source.group.clone(), source.prefix.clone())),
            }
        }
        Tail::new(groups, from, pattern)
    }

    /// Reads what has come since the last pass; what could not be read comes back.
    pub async fn pass(&self, tail: &mut Tail, take: &mut (dyn FnMut(Line) + Send)) -> Vec<(String, CloudError)> {
        tail.pass(&self.reading.cloud.aws, None, take).await
    }

    /// Whose a line is; none if it is of another.
    pub fn source(&self, line: &Line) -> Option<&Source> {
        let mut candidates = self.sources.iter().filter(|source| source.writes(line));
        match self.tasks.get(task(line)) {
            Some(Some(service)) => candidates.find(|source| source.service == *service),
            Some(None) | None => candidates.next(),
        }
    }
}

/// The id of the task that wrote a line: what is behind the last slash of its stream.
pub fn task(line: &Line) -> &str {
    line.stream.rsplit('/').next().unwrap_or_default()
}

/// What two texts begin with; none where one of them is open.
fn common(one: Option<&str>, other: Option<&str>) -> Option<String> {
    let pairs = one?.chars().zip(other?.chars());
    let same: String = pairs.take_while(|(a, b)| a == b).map(|(a, _)| a).collect();
    (!same.is_empty()).then_some(same)
}

fn chosen(reading: &Reading, asked: &[String]) -> Result<Chosen, Failure> {
    let mut chosen = Chosen::new();
    for name in asked {
        let (service, container) = match name.split_once('/') {
            Some((service, container)) => (service, Some(container)),
            None => (name.as_str(), None),
        };
        let entry = names::service(&reading.graph, service)?.id.name().to_owned();
        match (chosen.entry(entry).or_insert_with(|| Some(BTreeSet::new())), container) {
            (Some(containers), Some(container)) => drop(containers.insert(container.to_owned())),
            (all, None) => *all = None,
            (None, Some(_)) => {}
        }
    }
    if asked.is_empty() {
        let all = reading.graph.of_kind(service::KIND).map(|node| (node.id.name().to_owned(), None));
        chosen.extend(all);
    }
    Ok(chosen)
}

/// The containers of a service that write to CloudWatch Logs here; of each other one why its lines are not shown.
fn sources(service: &str, home: &str, containers: Vec<Container>, silent: &mut Vec<String>) -> Vec<Source> {
    let several = containers.len() > 1;
    let source = |Container { name, log, has_execution_role }| {
        // A container that is called as its service is what the service is for.
        let label = if several && name != service { format!("{service}/{name}") } else { service.to_owned() };
        match log {
            Log::Group { group, region, .. } if region != home => {
                let tail = format!("aws logs tail {group} --region {region}");
                silent.push(format!("{label} writes to {region}, which is not read; see {tail}"));
                None
            }
            Log::Group { group, prefix, .. } => {
                let service = service.to_owned();
                Some(Source { service, container: name, label, group, prefix, has_execution_role })
            }
            Log::Other(driver) => {
                let how = if driver.is_empty() { "has no `logs`".to_owned() } else { format!("logs with {driver}") };
                silent.push(format!("{label} {how}; only what goes to CloudWatch Logs (awslogs) is read"));
                None
            }
        }
    };
    containers.into_iter().filter_map(source).collect()
}

/// What was asked for.
fn choose(all: &[Source], chosen: &Chosen) -> Result<Vec<Source>, Failure> {
    for (service, containers) in chosen {
        let known: BTreeSet<String> =
            all.iter().filter(|source| source.service == *service).map(|source| source.container.clone()).collect();
        // Of a service that is not there nothing is known, which a remark says.
        let unknown = containers.iter().flatten().find(|container| !known.contains(*container));
        if let Some(unknown) = unknown.filter(|_| !known.is_empty()) {
            let there = names::among(unknown, &known, "its containers with logs");
            return Err(Failure::Usage(format!("service `{service}` has no container `{unknown}` with logs; {there}")));
        }
    }
    let wanted = |source: &&Source| match chosen.get(&source.service) {
        Some(Some(containers)) => containers.contains(&source.container),
        Some(None) => true,
        None => false,
    };
    Ok(all.iter().filter(wanted).cloned().collect())
}

/// Whether others may write to the log group of a container: the stack does not make it.
fn is_shared(reading: &Reading, source: &Source) -> bool {
    let mut made = reading.graph.of_kind(log_group::ENTRY.kind.name).filter(|node| !node.lookup);
    !made.any(|node| node.name == source.group)
}

/// The tasks in the clusters of these services that are of no service of the stack: what they write is not ours to show.
async fn others(reading: &Reading, services: &[&Live]) -> Result<BTreeMap<String, Option<String>>, CloudError> {
    let aws = &reading.cloud.aws;
    let names: BTreeSet<&str> = services.iter().map(|live| live.name.as_str()).collect();
    let clusters: BTreeMap<&str, &Live> = services.iter().map(|live| (status::cluster(live), *live)).collect();
    let mut found = BTreeMap::new();
    for live in clusters.values() {
        for task in status::tasks_of_cluster(aws, live).await? {
            let of = task["group"].as_str().and_then(|group| group.strip_prefix("service:")).unwrap_or_default();
            let id = task["taskArn"].as_str().and_then(|arn| arn.rsplit('/').next()).unwrap_or_default();
            if !names.contains(of) {
                found.insert(id.to_owned(), Some(String::new()));
            }
        }
    }
    Ok(found)
}

/// The service of each task of these services that ECS still knows.
async fn tasks(reading: &Reading, services: &[(String, Live)]) -> Result<BTreeMap<String, Option<String>>, CloudError> {
    let aws = &reading.cloud.aws;
    let asked = services.iter().map(|(entry, live)| async move {
        let both = ["RUNNING", "STOPPED"].map(|desired| status::tasks(aws, live, desired));
        let found = try_join_all(both).await?;
        let id = |task: &Value| Some(task["taskArn"].as_str()?.rsplit('/').next()?.to_owned());
        Ok(found.iter().flatten().filter_map(id).map(|id| (id, Some(entry.clone()))).collect::<Vec<_>>())
    });
    Ok(try_join_all(asked).await?.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_request_reads_what_streams_have_in_common() {
        let prefix = |one: &str, other: &str| common(Some(one), Some(other));
        assert_eq!(prefix("ecs/web/", "ecs/worker/"), Some("ecs/w".to_owned()));
        assert_eq!(prefix("web/web/", "db/db/"), None);
        assert_eq!(common(None, Some("web/")), None);
    }

    #[test]
    fn containers_that_write_elsewhere_are_told() {
        let container = |name: &str, log| Container { name: name.to_owned(), log, has_execution_role: true };
        let group = |region: &str| Log::Group { group: "g".to_owned(), region: region.to_owned(), prefix: None };
        let mut silent = Vec::new();
        let containers = vec![
            container("web", group("eu-west-1")),
            container("far", group("us-east-1")),
            container("router", Log::Other("awsfirelens".to_owned())),
        ];
        let found = sources("shop", "eu-west-1", containers, &mut silent);
        assert_eq!(found.iter().map(|source| source.label.as_str()).collect::<Vec<_>>(), ["shop/web"]);
        assert!(silent[0].contains("--region us-east-1") && silent[1].contains("logs with awsfirelens"), "{silent:?}");
    }
}
