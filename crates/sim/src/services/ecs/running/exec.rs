//! ExecuteCommand, and the protection of tasks from being stopped by their service.

use std::time::Duration;

use serde_json::{Value, json};

use super::places::{self, invalid, missing};
use super::{Task, engine, of};
use crate::call::{Call, Input, Members, Refusal, Reply};

/// ExecuteCommand.
pub(super) fn execute(call: &mut Call<'_>, input: &Input) -> Reply {
    let cluster = places::cluster(call, input.text("cluster"))?;
    let place = call.place.clone();
    if input.flag("interactive") != Some(true) {
        return Err(invalid("Interactive is the only mode supported currently."));
    }
    places::task_id(input.text_or_empty("task"))?;
    let key = places::task_key(&cluster.name, input.text_or_empty("task"));
    let Some(task) = of(call.world, &place).tasks.get(&key).cloned() else {
        return Err(invalid("The referenced task was not found."));
    };
    if !task.is_running() || task.doc.flag("enableExecuteCommand") != Some(true) {
        return Err(invalid(
            "The execute command failed because execute command was not enabled when the task was run or the execute \
             command agent isn't running. Wait and try again or run a new task with execute command enabled and try \
             again.",
        ));
    }
    let named = input.text("container");
    if named.is_none() && task.containers.len() > 1 {
        return Err(invalid("A container name must be specified when the task has more than one container."));
    }
    let found = task.containers.iter().find(|container| named.is_none() || container.text("name") == named);
    let Some(container) = found else {
        return Err(invalid("The specified container was not found in the task."));
    };
    let session = format!("ecs-execute-command-{}", call.world.ids.lower(26));
    let stream =
        format!("wss://ssmmessages.{}.amazonaws.com/v1/data-channel/{session}?role=publish_subscribe", place.region);
    Ok(json!({
        "clusterArn": cluster.arn,
        "containerArn": container.get("containerArn"),
        "containerName": container.get("name"),
        "interactive": true,
        "session": { "sessionId": session, "streamUrl": stream, "tokenValue": call.world.ids.mixed(64) },
        "taskArn": task.arn,
    }))
}

fn protected(task: &Task, now: crate::world::Moment) -> Value {
    let until = task.protected.filter(|until| *until > now);
    json!({
        "taskArn": task.arn,
        "protectionEnabled": until.is_some(),
        "expirationDate": until.map(crate::world::Moment::value),
    })
}

/// UpdateTaskProtection.
pub(super) fn protect(call: &mut Call<'_>, input: &Input) -> Reply {
    let minutes = input.integer("expiresInMinutes").unwrap_or(120);
    if !(1..=2880).contains(&minutes) {
        return Err(invalid("expiresInMinutes must be between 1 and 2880."));
    }
    let Some(on) = input.flag("protectionEnabled") else {
        return Err(invalid("protectionEnabled must be specified."));
    };
    if input.list("tasks").is_empty() {
        return Err(invalid("Tasks cannot be empty."));
    }
    let until = call.now().plus(Duration::from_secs(60 * minutes.unsigned_abs()));
    let reply = each(call, input, 10, |task| task.protected = on.then_some(until))?;
    // What the scheduler left alone so far it may stop now.
    let place = call.place.clone();
    let keys = reply.list("protectedTasks").iter().filter_map(|task| task.text("taskArn")?.split_once('/'));
    let keys: Vec<String> = keys.map(|(_, key)| key.to_owned()).collect();
    for key in keys {
        let service = of(call.world, &place).tasks.get(&key).and_then(|task| task.service.clone());
        engine::nudge(call.world, &place, service.as_deref());
    }
    Ok(reply)
}

/// GetTaskProtection.
pub(super) fn protection(call: &mut Call<'_>, input: &Input) -> Reply {
    each(call, input, 100, |_| {})
}

fn each(call: &mut Call<'_>, input: &Input, most: usize, change: impl Fn(&mut Task)) -> Reply {
    let cluster = places::cluster(call, input.text("cluster"))?;
    let (place, now) = (call.place.clone(), call.now());
    let mut names = input.texts("tasks");
    if names.len() > most {
        return Err(too_many(most));
    }
    let running = of(call.world, &place);
    if names.is_empty() {
        let all = places::of_cluster(&running.tasks, &cluster.arn);
        names = all.filter(|(_, task)| task.is_protected(now)).map(|(_, task)| task.arn.clone()).collect();
    }
    let (mut tasks, mut failures) = (Vec::new(), Vec::new());
    for name in names {
        let Some(task) = running.tasks.get_mut(&places::task_key(&cluster.name, &name)) else {
            failures.push(missing(&name));
            continue;
        };
        if task.service.is_none() || !task.is_wanted() {
            failures.push(json!({ "arn": task.arn, "reason": "TASK_NOT_VALID" }));
            continue;
        }
        change(task);
        tasks.push(protected(task, now));
    }
    Ok(json!({ "protectedTasks": tasks, "failures": failures }))
}

fn too_many(most: usize) -> Refusal {
    invalid(format!("tasks can have at most {most} items."))
}
