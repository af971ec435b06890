//! `evenkeel list`: the stacks of an account in a region, by their marks, with how many resources each has. Changes nothing.

use evenkeel_aws::stacks::{self, Marked};
use serde_json::{Value, json};

use super::session::{connect::connect, region};
use super::{Context, Run};
use crate::args::Format;
use crate::exit::{Exit, Failure};
use crate::report::{escape, words};

const EXAMPLES: &str = "\
Examples:
  evenkeel list --region ca-central-1              every stack there, and what it has
  evenkeel list --format json";

/// List the stacks of an account in a region.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ListArgs {}

impl Run for ListArgs {
    async fn run(&self, Context { global, ui, .. }: Context<'_>) -> Result<Exit, Failure> {
        let connection = connect(global, region(global, None), None, ui).await?;
        let aws = &connection.aws;
        let (stacks, denied) = stacks::list(aws).await.map_err(|error| Failure::cloud("looking for stacks", error))?;
        match ui.format {
            Format::Json => {
                let stacks: Vec<Value> = stacks.iter().map(document).collect();
                ui.out.json(&json!({ "region": aws.region, "stacks": stacks, "roles_unreadable": denied }));
            }
            Format::Text | Format::Markdown if stacks.is_empty() => {
                ui.out.line(&format!("No stack has anything in {}. `--region` looks in another region.", aws.region));
            }
            Format::Text | Format::Markdown => ui.out.text(&table(&stacks)),
        }
        let Some(error) = denied else { return Ok(Exit::Done) };
        ui.note(&format!("Roles could not be read and are missing: {}", words::error(&error)));
        Ok(Exit::Failed)
    }
}

fn document(stack: &Marked) -> Value {
    json!({ "stack": stack.stack, "resources": stack.resources(), "kinds": stack.kinds })
}

/// A line for each stack.
fn table(stacks: &[Marked]) -> String {
    let mut rows = vec![["STACK", "RESOURCES", "KINDS"].map(str::to_owned)];
    rows.extend(stacks.iter().map(|stack| {
        let kinds: Vec<String> = stack.kinds.iter().map(|(kind, count)| counted(kind, *count)).collect();
        [escape::text(&stack.stack), stack.resources().to_string(), kinds.join(", ")]
    }));
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or_default();
    let (name, count) = (width(0), width(1));
    rows.iter().map(|[stack, many, kinds]| format!("{stack:name$}  {many:>count$}  {kinds}\n")).collect()
}

/// `2 security groups`; the names of some kinds are plurals already.
fn counted(kind: &str, count: usize) -> String {
    let noun = escape::text(&kind.replace('_', " "));
    if noun.ends_with('s') { format!("{count} {noun}") } else { words::count(count, &noun) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_counted_in_words() {
        let kinds = [("repository".to_owned(), 2), ("security_group".to_owned(), 1)];
        let stacks = [Marked { stack: "shop".to_owned(), kinds: kinds.into() }];
        assert_eq!(table(&stacks), "STACK  RESOURCES  KINDS\nshop           3  2 repositories, 1 security group\n");
        assert_eq!(counted("records", 1), "1 records");
    }
}
