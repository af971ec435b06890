//! Prints what a simulated AWS contains: one line for each kind of resource in a region, with the services of each cluster by name. What
//! it contains, the simulation says.

use evenkeel_sim::world::status::{Entry, Item, Status};

use crate::report::words;

/// The lines.
pub fn lines(status: &Status) -> Vec<String> {
    let mut lines = Vec::new();
    for account in &status.accounts {
        for service in &account.services {
            service.resources.iter().for_each(|entry| add(&mut lines, &account.account, entry));
        }
        for region in &account.regions {
            let place = format!("{} {}", account.account, region.region);
            for service in &region.services {
                service.resources.iter().for_each(|entry| add(&mut lines, &place, entry));
            }
        }
    }
    if lines.is_empty() {
        lines.push("empty: default VPCs only".to_owned());
    }
    lines
}

fn add(lines: &mut Vec<String>, place: &str, entry: &Entry) {
    if entry.items.is_empty() {
        lines.push(format!("{place}: {}", words::count(entry.count, entry.kind)));
    }
    for item in &entry.items {
        lines.push(format!("{place}: {} {}", entry.kind, described(item)));
        for held in &item.holds {
            lines.extend(held.items.iter().map(|item| format!("{place}:   {} {}", held.kind, described(item))));
        }
    }
}

/// A resource with its state and with how much it contains.
fn described(item: &Item) -> String {
    let holds = item.holds.iter().map(|held| format!(" with {}", words::count(held.count, held.kind)));
    let state = item.state.iter().map(|state| format!(": {state}"));
    std::iter::once(item.name.clone()).chain(holds).chain(state).collect()
}

#[cfg(test)]
mod tests {
    use evenkeel_sim::world::status::{AccountStatus, RegionStatus, ServiceStatus};

    use super::*;

    #[test]
    fn what_is_told_by_name_has_a_line_of_its_own() {
        let service = Item { state: Some("1 of 2 tasks running, ACTIVE".to_owned()), ..Item::called("web") };
        let cluster = Item { holds: vec![Entry::named("service", vec![service])], ..Item::called("shop") };
        let resources = vec![Entry::named("cluster", vec![cluster, Item::called("bare")])];
        let ecs = ServiceStatus { service: "ecs", resources };
        let resources = vec![Entry::counted("repository", 2), Entry::counted("log group", 1)];
        let logs = ServiceStatus { service: "logs", resources };
        let route53 = ServiceStatus {
            service: "route53",
            resources: vec![Entry::named("hosted zone", vec![Item::called("a.example.")])],
        };
        let region = RegionStatus { region: "eu-west-1".to_owned(), services: vec![ecs, logs] };
        let account = AccountStatus { account: "1".to_owned(), services: vec![route53], regions: vec![region] };
        let status = Status { time: String::new(), accounts: vec![account] };
        let expected = [
            "1: hosted zone a.example.",
            "1 eu-west-1: cluster shop with 1 service",
            "1 eu-west-1:   service web: 1 of 2 tasks running, ACTIVE",
            "1 eu-west-1: cluster bare",
            "1 eu-west-1: 2 repositories",
            "1 eu-west-1: 1 log group",
        ];
        assert_eq!(lines(&status), expected);
        assert_eq!(lines(&Status { accounts: Vec::new(), ..status }), ["empty: default VPCs only"]);
    }
}
