//! DescribeTasks and ListTasks.

use serde_json::json;

use super::list::page;
use super::places::{self, invalid, missing};
use super::{Task, of};
use crate::call::{Call, Input, Members, Reply};

/// DescribeTasks.
pub(super) fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let cluster = places::cluster(call, input.text("cluster"))?;
    let place = call.place.clone();
    let names = input.texts("tasks");
    if names.is_empty() {
        return Err(invalid("Tasks cannot be empty."));
    }
    if names.len() > 100 {
        return Err(invalid("tasks can have at most 100 items."));
    }
    names.iter().try_for_each(|name| places::task_id(name))?;
    let with_tags = input.list("include").iter().any(|it| it == "TAGS");
    let running = of(call.world, &place);
    let (mut tasks, mut failures) = (Vec::new(), Vec::new());
    for name in names {
        let found = running.tasks.get(&places::task_key(&cluster.name, &name));
        match found.filter(|task| !name.starts_with("arn:") || task.arn == name) {
            Some(task) => tasks.push(task.describe(with_tags)),
            None if name.starts_with("arn:") => failures.push(missing(&name)),
            None => failures.push(missing(&place.arn("ecs", &format!("task/{}/{name}", cluster.name)))),
        }
    }
    Ok(json!({ "tasks": tasks, "failures": failures }))
}

/// ListTasks.
pub(super) fn list(call: &mut Call<'_>, input: &Input) -> Reply {
    let cluster = places::cluster(call, input.text("cluster"))?;
    let place = call.place.clone();
    let running = of(call.world, &place);
    let service = match input.text("serviceName") {
        Some(name) => Some(places::service(running, &cluster, name)?.key()),
        None => None,
    };
    let desired = input.text("desiredStatus").unwrap_or("RUNNING");
    if !matches!(desired, "RUNNING" | "PENDING" | "STOPPED") {
        return Err(invalid(format!("desiredStatus {desired} is not valid.")));
    }
    let fits = |task: &Task| {
        task.desired == desired
            && service.as_ref().is_none_or(|key| task.service.as_ref() == Some(key))
            && input.text("family").is_none_or(|family| task.family == family)
            && input.text("startedBy").is_none_or(|by| task.doc.text("startedBy") == Some(by))
            && input.text("launchType").is_none_or(|kind| task.doc.text("launchType") == Some(kind))
            && !input.has("containerInstance")
    };
    let tasks = places::of_cluster(&running.tasks, &cluster.arn).filter(|(_, task)| fits(task));
    let arns = tasks.map(|(_, task)| task.arn.clone()).collect();
    let filters: Vec<&str> =
        ["family", "startedBy", "launchType", "serviceName"].iter().map(|name| input.text_or_empty(name)).collect();
    page("taskArns", arns, input, 100, &format!("tasks {} {desired} {}", cluster.arn, filters.join(" ")))
}
