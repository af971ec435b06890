//! What a stack presupposes, as a simulated AWS is asked to provide it. What that is, `evenkeel_aws::presupposed` finds in the graph;
//! how it comes to be, `evenkeel_sim::provide` decides.

use evenkeel_aws::presupposed::{self, Presupposed};
use evenkeel_core::graph::Graph;
use evenkeel_sim::provide::{Choice, Network, One, Shared, Wanted};

use super::ACCOUNT;

/// What a simulated AWS has to have for a stack.
pub fn wanted(graph: &Graph) -> Wanted {
    let Presupposed {
        zones,
        certificates,
        domains,
        parameters,
        secrets,
        roles,
        network,
        groups,
        namespaces,
        tasks,
        ..
    } = Presupposed::of(graph, ACCOUNT);
    let shared = shared(graph);
    let network = network.map(|network| Network {
        vpc: choice(network.vpc),
        subnets: choice(network.subnets),
        groups: groups.into_iter().collect(),
    });
    Wanted { network, zones, certificates, domains, parameters, secrets, roles, namespaces, tasks, shared }
}

/// What other stacks have that this one uses.
fn shared(graph: &Graph) -> Shared {
    let Presupposed { clusters, log_groups, repositories, balancers, target_groups, .. } =
        Presupposed::of(graph, ACCOUNT);
    let one = |it: presupposed::Shared| One { name: it.name, tags: it.tags, ports: it.ports, fronted: it.fronted };
    Shared {
        clusters,
        log_groups,
        repositories,
        balancers: balancers.into_values().map(one).collect(),
        target_groups: target_groups.into_values().map(one).collect(),
    }
}

fn choice(choice: presupposed::Choice) -> Choice {
    match choice {
        presupposed::Choice::Default => Choice::Default,
        presupposed::Choice::Ids(ids) => Choice::Ids(ids),
        presupposed::Choice::Tags(tags) => Choice::Tags(tags),
    }
}
