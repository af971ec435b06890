//! A session for those who look at what is live: outputs, health, whether URLs answer. Nothing here changes anything. A simulated AWS
//! answers for the URLs of its world; for those of an emulator nobody is asked.

use std::collections::BTreeMap;

use evenkeel_aws::outputs::{self, Output};
use evenkeel_aws::reach::{self, Answer};
use evenkeel_aws::status::{self, Status};
use evenkeel_core::doc::Outputs;
use evenkeel_core::error::CloudError;
use evenkeel_core::graph::{Graph, Node};
use evenkeel_core::id::NodeId;
use evenkeel_core::snapshot::{Observed, Snapshot};
use evenkeel_sim::services::elb;
use evenkeel_sim::world::Place;
use futures::future::join_all;
use serde::Serialize;

use super::reading::{Look, Reading};
use crate::exit::Failure;
use crate::out::Ui;
use crate::simulation::{ACCOUNT, Simulation};

/// A stack that is looked at.
pub struct Seeing {
    /// What is read.
    pub reading: Reading,
}

/// What is worth knowing of a stack that is live.
pub struct Known {
    /// In a fixed order.
    pub outputs: Vec<Output>,
    /// Kinds that could not be read.
    pub unread: BTreeMap<String, CloudError>,
    /// Whether nothing of the stack is there, as far as it could be read.
    pub absent: bool,
}

/// A URL of the stack, and whether it answers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Url {
    /// The URL.
    pub url: String,
    /// What came back; nothing if nobody was asked.
    pub answer: Option<Answer>,
    /// Whether a simulated AWS answered.
    pub simulated: bool,
}

/// How a stack does.
#[derive(Clone, Debug, Serialize)]
pub struct Seen {
    /// What AWS says.
    #[serde(flatten)]
    pub status: Status,
    /// What its URLs say.
    pub urls: Vec<Url>,
    /// The time at which it was read, seconds since 1970.
    pub at: f64,
}

impl Seen {
    /// Whether something differs that is not only a time.
    pub fn differs(&self, other: &Self) -> bool {
        let plain = |urls: &[Url]| -> Vec<(String, Option<bool>, Option<u16>)> {
            let code = |answer: &Answer| match answer {
                Answer::Status { code, .. } => Some(*code),
                Answer::Nothing(_) => None,
            };
            let one = |url: &Url| {
                (url.url.clone(), url.answer.as_ref().map(Answer::serves), url.answer.as_ref().and_then(code))
            };
            urls.iter().map(one).collect()
        };
        self.status != other.status || plain(&self.urls) != plain(&other.urls)
    }
}

impl Seeing {
    /// On an open connection.
    pub fn new(reading: Reading) -> Self {
        Self { reading }
    }

    /// What is worth knowing, from one reading.
    ///
    /// # Errors
    /// If nothing at all can be read, or it is the wrong account.
    pub async fn known(&mut self, ui: &mut Ui) -> Result<Known, Failure> {
        let snapshot = self.reading.snapshot(ui).await?;
        let graph = &self.reading.graph;
        let known = known(graph, &snapshot);
        let ours = |node: &Node| !node.lookup && known.contains_key(&node.id);
        let absent = !graph.nodes().any(ours) && snapshot.unreadable.is_empty();
        Ok(Known { outputs: outputs::outputs(graph, &known), unread: snapshot.unreadable, absent })
    }

    /// How the stack does. With `ask`, its URLs are asked whether they answer.
    ///
    /// # Errors
    /// If nothing at all can be read, or it is the wrong account.
    pub async fn look(&self, ask: bool) -> Result<Seen, Failure> {
        let (mut snapshot, _) = self.reading.look().await?;
        let marked;
        let graph = match &self.reading.look {
            Look::Wanted => &self.reading.graph,
            Look::Everything { .. } => {
                marked = by_marks(&self.reading.graph, &mut snapshot);
                // Without a file nothing but marks leads to things, so what they could not be asked of is not known.
                snapshot.unreadable.extend(snapshot.blind.clone());
                &marked
            }
        };
        let urls = outputs::urls(graph, &known(graph, &snapshot));
        let aws = &self.reading.cloud.aws;
        let (status, urls) = futures::join!(status::look(aws, graph, &snapshot), self.ask(urls, &snapshot, ask));
        Ok(Seen { status, urls, at: self.reading.now() })
    }

    /// Asks URLs, all at once.
    async fn ask(&self, urls: Vec<outputs::Url>, snapshot: &Snapshot, ask: bool) -> Vec<Url> {
        let region = &self.reading.graph.stack.region;
        let asked = urls.into_iter().map(|outputs::Url { balancer, url }| async move {
            let answer = match self.reading.simulation() {
                _ if !ask => None,
                Some(simulation) => {
                    let arn = snapshot.live(&balancer).map(|live| live.id.clone()).unwrap_or_default();
                    Some(simulated(simulation, region, &arn, &url))
                }
                None if self.reading.instead_of_aws().is_some() => None,
                None => Some(reach::get(&url).await),
            };
            Url { url, answer, simulated: self.reading.simulation().is_some() }
        });
        join_all(asked).await
    }
}

/// The outputs of what is the stack's or looked up.
fn known(graph: &Graph, snapshot: &Snapshot) -> BTreeMap<NodeId, Outputs> {
    let found = graph.nodes().filter_map(|node| {
        let live = snapshot.live(&node.id).filter(|live| node.lookup || live.is_of(&node.id))?;
        Some((node.id.clone(), live.outputs.clone()))
    });
    found.collect()
}

/// What carries the marks of a stack, as if a file wanted just that.
fn by_marks(nothing: &Graph, snapshot: &mut Snapshot) -> Graph {
    let found = std::mem::take(&mut snapshot.surplus);
    let nodes: BTreeMap<NodeId, Node> = found
        .iter()
        .map(|it| (it.node.clone(), Node::new(it.node.clone(), it.live.name.clone(), it.live.have.clone())))
        .collect();
    snapshot.nodes = found.into_iter().map(|it| (it.node, Observed::Present(Box::new(it.live)))).collect();
    Graph::detached(nothing.stack.clone(), nodes.into_values())
}

/// What the load balancer of a simulated AWS answers.
fn simulated(simulation: &Simulation, region: &str, balancer: &str, url: &str) -> Answer {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let usual = if scheme == "https" { 443 } else { 80 };
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().unwrap_or(usual)),
        None => (rest, usual),
    };
    let place = Place::new(ACCOUNT, region);
    let answered = simulation.sim.with_world(|world| {
        let region = world.region(&place);
        elb::answer(region, balancer, port, host, "/").or_else(|| elb::answer_to(region, port, host, "/"))
    });
    match answered {
        Some(answered) => Answer::Status { code: answered.status, location: answered.location, millis: 0 },
        None => Answer::Nothing("the load balancer does not answer".to_owned()),
    }
}
