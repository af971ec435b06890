//! A reading with a way to plan: the options of the plan, the plan itself, and its independent check. Nothing here changes anything.

use evenkeel_aws::references::{self, Finding, What};
use evenkeel_aws::services::ecr::images::{self, Complaint};
use evenkeel_aws::services::ecs::service::wait_until;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Graph;
use evenkeel_core::id::NodeId;
use evenkeel_core::plan::{Action, Held, HeldBecause, Intent, Plan, PlanOptions, adoptable, in_the_way};
use evenkeel_core::snapshot::Snapshot;
use serde_json::{Value, json};

use super::file::File;
use super::given;
use super::names;
use super::reading::{Look, Reading};
use crate::args::{Choice, Global, Waits};
use crate::exit::Failure;
use crate::out::Ui;
use crate::report::failure;

/// A reading, and how to plan from it.
pub struct Planning {
    /// What is read.
    pub reading: Reading,
    /// How to plan.
    pub options: PlanOptions,
    /// Whether everything that is in the way is to be taken over.
    pub adopt_all: bool,
}

impl Planning {
    /// Plans for what is read. To delete a stack is what everything of it is looked for.
    pub fn new(reading: Reading, options: PlanOptions) -> Self {
        let mut options = PlanOptions { destroy: reading.look != Look::Wanted, ..options };
        let protected = reading.named().into_iter().flat_map(|file| file.nodes()).filter(|node| node.protect);
        options.protected.extend(protected.map(|node| node.id.clone()));
        let looked_up = reading.named().into_iter().flat_map(|file| file.nodes()).filter(|node| node.lookup);
        options.looked_up.extend(looked_up.map(|node| node.id.clone()));
        wait_until(&reading.cloud.aws, &options.until);
        Self { reading, options, adopt_all: false }
    }

    /// Connects to where the stack of a file lives, to plan what the file wants, as chosen on the command line.
    ///
    /// # Errors
    /// If something was chosen that the file does not have, or AWS cannot be reached.
    pub async fn open(
        mut file: File,
        choice: &Choice,
        waits: &Waits,
        global: &Global,
        ui: &mut Ui,
    ) -> Result<Self, Failure> {
        let options = PlanOptions { no_wait: waits.nothing(), until: waits.until(), ..options(choice) };
        file.building = choice.build;
        if file.building {
            file.check_contexts()?;
        }
        // The graph is made before anything is sent: its mistakes need no network.
        let draft = file.graph("")?;
        names::of_the_file(&options, &draft)?;
        file.keep(draft);
        let reading = file.connect(global, ui).await?;
        Ok(Self { adopt_all: choice.adopt_all, ..Self::new(reading, options) })
    }

    /// Plans, and has the plan checked. Everything that is in the way is told at once, also what would come up only later.
    ///
    /// # Errors
    /// If the check finds anything.
    pub fn plan(&mut self, snapshot: &Snapshot) -> Result<Plan, Failure> {
        let Reading { kinds, graph, .. } = &self.reading;
        if self.adopt_all {
            let ids = adoptable(&in_the_way(kinds, graph, snapshot, &self.options));
            self.options.adopt.extend(ids);
        }
        let mut plan = evenkeel_core::plan::plan(kinds, graph, snapshot, &self.options);
        let findings = evenkeel_core::check::check(kinds, graph, snapshot, &plan, &self.options);
        if !findings.is_empty() {
            let words = findings.iter().map(|finding| match finding.step {
                Some(step) => format!("step {step}: {}", finding.text),
                None => finding.text.clone(),
            });
            return Err(Failure::Bug(words.collect()));
        }
        // What nobody wants and nobody can tell apart stays, and is not passed over in silence.
        plan.held.extend(snapshot.unclear().into_iter().map(|(node, ids)| {
            let what = Intent::Delete;
            Held { node, what, why: HeldBecause::Doubled(ids) }
        }));
        if !plan.conflicts.is_empty() {
            plan.conflicts = in_the_way(kinds, graph, snapshot, &self.options);
        }
        Ok(plan)
    }

    /// Looks closer at what a plan leaves alone, before it is carried out; plans anew if that is not as it seemed.
    ///
    /// # Errors
    /// As [`Self::plan`].
    pub async fn look_closer(&mut self, mut snapshot: Snapshot, plan: Plan) -> Result<(Snapshot, Plan), Failure> {
        // Nothing has to be healthy to be taken down.
        if self.options.destroy || !plan.may_begin() {
            return Ok((snapshot, plan));
        }
        let Reading { cloud, graph, .. } = &self.reading;
        if !cloud.look_closer(graph, &self.options.target, &plan, &mut snapshot).await {
            return Ok((snapshot, plan));
        }
        let plan = self.plan(&snapshot)?;
        Ok((snapshot, plan))
    }

    /// What an apply of this plan would be refused for, or will find missing: looked at now, so that nobody learns it later.
    pub async fn checked(&self, plan: &Plan) -> Checked {
        let refused = if plan.may_begin() { self.check_images(plan).await.err() } else { None };
        let (absent, mut notes) = self.dangling(plan).await;
        let refused = refused.or_else(|| dangling(&absent));
        notes.extend(renamed(plan));
        let missing = given::missing(plan, &self.reading.graph, true);
        notes.extend(missing.iter().map(|missing| format!("Missing for `apply`: {missing}")));
        Checked { notes, refused }
    }

    /// Refuses a plan that would deploy what cannot be pulled from this account's ECR, naming each image at its line.
    ///
    /// # Errors
    /// If an image is missing, or built for something else; any error of the look.
    pub async fn check_images(&self, plan: &Plan) -> Result<(), Failure> {
        let Reading { cloud, graph, .. } = &self.reading;
        let found = images::of_plan(&cloud.aws, graph, plan).await.map_err(|error| gaps(&error))?;
        if found.is_empty() {
            return Ok(());
        }
        let line = |(place, complaint): &(Option<String>, Complaint)| {
            let place = place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
            format!("\n{place}{complaint}")
        };
        let lines: String = found.iter().map(line).collect();
        let count = if found.len() == 1 { "1 image".to_owned() } else { format!("{} images", found.len()) };
        Err(Failure::Blocked {
            text: format!("{count} cannot be deployed; nothing was changed{lines}"),
            help: Some("push what is missing (`evenkeel push`, or --build), or name images that are there".to_owned()),
            error: None,
        })
    }

    /// What containers refer to and is not there, one line each, with the place in the stack file; and what could not be looked at.
    pub async fn dangling(&self, plan: &Plan) -> (Vec<String>, Vec<String>) {
        let Reading { cloud, graph, .. } = &self.reading;
        let (mut absent, mut unknown) = (Vec::new(), Vec::new());
        for Finding { node, reference, what } in references::check(&cloud.aws, plan).await {
            let place = place_of(graph, &node);
            match what {
                What::Absent => absent.push(format!("{node}{place} refers to `{reference}`, which does not exist")),
                What::Going => {
                    absent.push(format!("{node}{place} refers to `{reference}`, which is scheduled for deletion"))
                }
                What::Unknown(error) => {
                    unknown
                        .push(format!("{node}{place} refers to `{reference}`, which could not be looked at: {error}"));
                }
            }
        }
        (absent, unknown)
    }

    /// Refuses what the command line names and nobody has.
    ///
    /// # Errors
    /// If it names such.
    pub fn check_names(&self, snapshot: &Snapshot, plan: &Plan, ui: &mut Ui) -> Result<(), Failure> {
        let graphs = (&self.reading.graph, self.reading.named());
        names::of_the_reading(&self.options, graphs, snapshot, plan, ui)
    }
}

/// Entries that look renamed: what has data left the file, and the only new one of its kind has another name.
fn renamed(plan: &Plan) -> Vec<String> {
    let precious =
        |why: &HeldBecause| matches!(why, HeldBecause::Data(_) | HeldBecause::Protected | HeldBecause::Guarded(_));
    let kept = plan.held.iter().filter(|held| held.what == Intent::Delete && precious(&held.why));
    let going = plan.steps.iter().filter(|step| step.data.is_some() && matches!(step.action, Action::Delete { .. }));
    let left = kept.map(|held| &held.node).chain(going.map(|step| &step.node));
    let made: Vec<&NodeId> = plan
        .steps
        .iter()
        .filter(|step| matches!(step.action, Action::Create { replaces: None, .. }))
        .map(|step| &step.node)
        .collect();
    let hints = left.filter_map(|left| {
        let mut new = made.iter().filter(|made| made.kind() == left.kind());
        let one = new.next().filter(|_| new.next().is_none())?;
        let name = left.name();
        Some(format!(
            "{left} has left the file and {one} is new: if it was only renamed, write `moved_from: {name}` in its entry"
        ))
    });
    hints.collect()
}

/// Refuses a deployment whose tasks could not start, because what they refer to is not there.
pub fn dangling(absent: &[String]) -> Option<Failure> {
    let help = "create it, or correct the reference: ECS would stop every task at its start".to_owned();
    let text = format!("{}; nothing was changed", absent.join("\n"));
    (!absent.is_empty()).then_some(Failure::Blocked { text, help: Some(help), error: None })
}

/// What is known of a plan before it is applied.
pub struct Checked {
    /// What a person should know, a line each.
    pub notes: Vec<String>,
    /// Why an apply would refuse it.
    pub refused: Option<Failure>,
}

impl Checked {
    /// Puts it into the document of the plan.
    pub fn add_to(&self, document: &mut Value) {
        let Some(map) = document.as_object_mut() else { return };
        map.insert("missing".to_owned(), json!(self.notes));
        let refused = self.refused.iter().map(|failure| failure::json(failure)["error"].take());
        map.extend(refused.map(|error| ("refused".to_owned(), error)));
    }
}

/// The options of a plan, from the command line.
pub fn options(choice: &Choice) -> PlanOptions {
    PlanOptions {
        target: choice.target.iter().cloned().collect(),
        adopt: choice.adopt.iter().cloned().collect(),
        consent: choice.allowed.ids(),
        ..PlanOptions::default()
    }
}

/// The failure of a reading that has gaps: what is unknown might be in the way.
pub fn gaps(error: &CloudError) -> Failure {
    let mut error = error.clone();
    if error.class == ErrorClass::Denied {
        error.hint.get_or_insert_with(|| format!("allow {} for these credentials", error.operation));
    }
    Failure::Blocked {
        text: "some resources could not be read, so the plan is incomplete; nothing was changed".to_owned(),
        help: None,
        error: Some(Box::new(error)),
    }
}

/// Where a node stands in the stack file, to be put behind it: ` (stack.yaml:12)`; empty if it stands nowhere.
pub(super) fn place_of(graph: &Graph, node: &NodeId) -> String {
    graph.get(node).and_then(|node| node.origin.as_ref()).map(|place| format!(" ({place})")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use evenkeel_aws::client::Aws;
    use evenkeel_core::graph::{Graph, Node, StackInfo};
    use evenkeel_sim::client::SimClient;
    use evenkeel_sim::faults::Faults;
    use evenkeel_sim::world::{Moment, World};
    use evenkeel_sim::{Settings, Sim};
    use serde_json::json;

    use super::super::connect::Connection;
    use super::*;

    /// A connection to a world without anything in it.
    fn connection() -> Connection {
        let settings = Settings {
            speed: 1.0,
            throttling: false,
            latency: Duration::ZERO,
            faults: Faults::default(),
            recorded: false,
        };
        let sim = Sim::new(World::new(1, Moment::wall()), settings);
        let aws = Aws::simulated(SimClient::shared(sim), "eu-west-1", 1.0).unwrap();
        Connection { aws, instead_of_aws: None, simulation: None, guard: None }
    }

    fn stack() -> StackInfo {
        StackInfo { name: "small".to_owned(), region: "eu-west-1".to_owned() }
    }

    #[test]
    fn what_is_read_decides_whether_a_stack_is_deleted() {
        let mut kept = Node::new("log_group.app".parse().unwrap(), "app", json!({}));
        kept.protect = true;
        let other = Node::new("log_group.web".parse().unwrap(), "web", json!({}));
        let file = Graph::new(stack(), [kept.clone(), other]).unwrap();
        let look = Look::Everything { named: Some(file.clone()) };
        let going = Planning::new(Reading::new(Graph::empty(stack()), look, connection()), PlanOptions::default());
        assert!(going.options.destroy, "whatever the options say");
        assert_eq!(going.options.protected.iter().collect::<Vec<_>>(), [&kept.id], "what the file protects stays");
        let asked = PlanOptions { destroy: true, ..PlanOptions::default() };
        let staying = Planning::new(Reading::new(file, Look::Wanted, connection()), asked);
        assert!(!staying.options.destroy && staying.options.protected.is_empty());
        assert_eq!(staying.reading.named(), None);
    }

    #[test]
    fn what_could_not_be_read_tells_what_to_allow() {
        let denied = CloudError::local(ErrorClass::Denied, "ecs:DescribeClusters", "no");
        let Failure::Blocked { error: Some(error), .. } = gaps(&denied) else { panic!("it blocks") };
        assert_eq!(error.hint.as_deref(), Some("allow ecs:DescribeClusters for these credentials"));
        let other = CloudError::local(ErrorClass::Unreachable, "ecs:DescribeClusters", "no");
        assert!(matches!(gaps(&other), Failure::Blocked { error: Some(error), .. } if error.hint.is_none()));
    }
}
