//! The ARNs and names of Elastic Load Balancing: how they are built and read, and the refusals of those that are wrong or that
//! nothing answers to. Knows no operation.

use crate::call::Refusal;

use super::state::{Balancer, Elb, Group, Listener, Rule};

/// What an ARN may stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Balancer,
    Group,
    Listener,
    Rule,
}

impl What {
    fn words(self) -> &'static str {
        match self {
            Self::Balancer => "load balancer",
            Self::Group => "target group",
            Self::Listener => "listener",
            Self::Rule => "listener rule",
        }
    }

    fn fits(self, parts: &[&str]) -> bool {
        matches!(
            (self, parts),
            (Self::Balancer, ["loadbalancer", _, _, _])
                | (Self::Group, ["targetgroup", _, _])
                | (Self::Listener, ["listener", _, _, _, _])
                | (Self::Rule, ["listener-rule", _, _, _, _, _])
        )
    }
}

/// What an ARN stands for, by its form.
pub(super) fn kind_of(arn: &str) -> Option<What> {
    let mut fields = arn.splitn(6, ':');
    let head: Vec<&str> = fields.by_ref().take(5).collect();
    if !matches!(head.as_slice(), ["arn", _, "elasticloadbalancing", region, account] if !region.is_empty() && !account.is_empty())
    {
        return None;
    }
    let parts: Vec<&str> = fields.next()?.split('/').collect();
    let all = [What::Balancer, What::Group, What::Listener, What::Rule];
    all.into_iter().find(|what| what.fits(&parts))
}

/// Refuses a text that is no ARN of this kind.
pub(super) fn check(what: What, arn: &str) -> Result<(), Refusal> {
    if kind_of(arn) == Some(what) {
        return Ok(());
    }
    Err(invalid(format!("'{arn}' is not a valid {} ARN", what.words())))
}

/// A refusal of a value.
pub(super) fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::new("ValidationError", text)
}

/// A refusal of settings that do not go together.
pub(super) fn configuration(text: impl Into<String>) -> Refusal {
    Refusal::new("InvalidConfigurationRequest", text)
}

/// No such load balancer.
pub(super) fn no_balancer(arn: &str) -> Refusal {
    Refusal::new("LoadBalancerNotFound", format!("Load balancer '{arn}' not found"))
}

/// No such target group, where an action or a tag names it.
pub(super) fn no_groups(arns: &[String]) -> Refusal {
    Refusal::new("TargetGroupNotFound", format!("Target groups '{}' not found", arns.join(", ")))
}

/// No such listener.
pub(super) fn no_listener() -> Refusal {
    Refusal::new("ListenerNotFound", "One or more listeners not found")
}

/// No such rule.
pub(super) fn no_rule() -> Refusal {
    Refusal::new("RuleNotFound", "One or more rules not found")
}

impl Elb {
    /// The load balancer of that ARN.
    pub(super) fn balancer(&self, arn: &str) -> Result<&Balancer, Refusal> {
        check(What::Balancer, arn)?;
        self.balancers.get(arn).ok_or_else(|| no_balancer(arn))
    }

    /// The same, to change it.
    pub(super) fn balancer_mut(&mut self, arn: &str) -> Result<&mut Balancer, Refusal> {
        check(What::Balancer, arn)?;
        self.balancers.get_mut(arn).ok_or_else(|| no_balancer(arn))
    }

    /// The target group of that ARN.
    pub(super) fn group(&self, arn: &str) -> Result<&Group, Refusal> {
        check(What::Group, arn)?;
        let none = || Refusal::new("TargetGroupNotFound", "One or more target groups not found");
        self.groups.get(arn).ok_or_else(none)
    }

    /// The same, to change it.
    pub(super) fn group_mut(&mut self, arn: &str) -> Result<&mut Group, Refusal> {
        self.group(arn)?;
        self.groups.get_mut(arn).ok_or_else(|| no_groups(&[arn.to_owned()]))
    }

    /// The listener of that ARN.
    pub(super) fn listener(&self, arn: &str) -> Result<&Listener, Refusal> {
        check(What::Listener, arn)?;
        self.listeners.get(arn).ok_or_else(no_listener)
    }

    /// The same, to change it.
    pub(super) fn listener_mut(&mut self, arn: &str) -> Result<&mut Listener, Refusal> {
        check(What::Listener, arn)?;
        self.listeners.get_mut(arn).ok_or_else(no_listener)
    }

    /// The rule of that ARN.
    pub(super) fn rule(&self, arn: &str) -> Result<&Rule, Refusal> {
        check(What::Rule, arn)?;
        self.rules.get(arn).ok_or_else(no_rule)
    }
}

/// Refuses a name that a load balancer or target group cannot have. `subject` is how the sentence begins.
pub(super) fn check_name(subject: &str, name: &str) -> Result<(), Refusal> {
    if name.is_empty() {
        return Err(invalid(format!("{subject} name cannot be empty")));
    }
    if name.chars().count() > 32 {
        let article =
            if subject == "Target group" { subject.to_owned() } else { format!("The {}", subject.to_lowercase()) };
        return Err(invalid(format!("{article} name '{name}' cannot be longer than '32' characters")));
    }
    if !name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-') {
        return Err(invalid(if subject == "Target group" {
            format!(
                "Target group name '{name}' can only contain characters that are alphanumeric characters or hyphens(-)"
            )
        } else {
            format!(
                "The {} name '{name}' can only contain characters that are alphanumeric characters and hyphens(-)",
                subject.to_lowercase()
            )
        }));
    }
    if name.starts_with('-') || name.ends_with('-') {
        let article =
            if subject == "Target group" { subject.to_owned() } else { format!("The {}", subject.to_lowercase()) };
        return Err(invalid(format!("{article} name '{name}' cannot begin or end with '-'")));
    }
    Ok(())
}

/// Refuses more than twenty of something in one request.
pub(super) fn check_count(count: usize, plural: &str) -> Result<(), Refusal> {
    if count > 20 {
        return Err(invalid(format!("You cannot describe more than '20' {plural} at a time")));
    }
    Ok(())
}

/// One page of a list, in its order.
pub(super) fn page<T>(
    call: &crate::call::Call<'_>,
    input: &crate::call::Input,
    items: Vec<T>,
    key: impl Fn(&T) -> String,
    scope: &str,
) -> Result<crate::paging::Page<T>, Refusal> {
    use crate::call::Members;
    let size = input.integer("PageSize").and_then(|size| usize::try_from(size).ok()).unwrap_or(400);
    let marker = input.text("Marker").filter(|marker| !marker.is_empty());
    let scope = format!("{} {scope}", call.operation);
    crate::paging::page(items, key, size, marker, &scope)
        .map_err(|_| invalid(format!("Invalid marker '{}'", marker.unwrap_or_default())))
}
