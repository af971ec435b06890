//! What is in a namespace when it is to go: services of the stack, services that ECS made for Service Connect, and those of others.
//! ECS removes its own minutes after the last service that needed them; only what it leaves behind, and nobody uses, is removed here.

use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::snapshot::Readiness;
use futures::future::join_all;

use super::discovery_service;
use super::read;
use crate::client::Aws;
use crate::hands;
use crate::services::ecs::read::last;
use crate::tags;

/// What is in a namespace.
#[derive(Clone, Debug, Default)]
pub struct Inside {
    /// Its services.
    pub services: Vec<Neighbour>,
    /// The ECS services that use it for Service Connect, by ARN; `None` if that could not be read.
    pub users: Option<Vec<String>>,
}

/// A service in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Neighbour {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub whose: Whose,
}

/// Whose a service in a namespace is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Whose {
    /// This stack's.
    Ours,
    /// ECS made it for Service Connect.
    Ecs,
    /// Another's.
    Others,
}

impl Inside {
    fn names(&self, whose: Whose) -> Vec<String> {
        let of = self.services.iter().filter(|one| one.whose == whose);
        of.map(|one| format!("`{}`", one.name)).collect()
    }

    /// What is in it for good, for a person: services of others, and whatever of others uses it. `ours` are the ECS services of the
    /// stack.
    pub fn kept_by(&self, ours: &[&str]) -> Option<String> {
        let others = self.names(Whose::Others);
        if !others.is_empty() {
            return Some(format!("the services {} of Cloud Map, which are not of this stack", others.join(", ")));
        }
        let users: Vec<&str> =
            self.users.iter().flatten().filter(|arn| !ours.contains(&arn.as_str())).map(|arn| last(arn)).collect();
        (!users.is_empty()).then(|| format!("Service Connect of {}, not of this stack", users.join(", ")))
    }

    /// Whether nothing is in it that goes by itself.
    pub(super) fn vacancy(&self) -> Readiness {
        let made = self.names(Whose::Ecs);
        let users: Vec<&str> = self.users.iter().flatten().map(|arn| last(arn)).collect();
        if !users.is_empty() {
            return Readiness::Pending(format!("Service Connect of {} uses it", users.join(", ")));
        }
        if made.is_empty() || !self.names(Whose::Others).is_empty() {
            return Readiness::Ready;
        }
        let made = made.join(", ");
        Readiness::Pending(format!(
            "ECS still has {made} of Service Connect in it; they go minutes after their service"
        ))
    }
}

/// Looks into a namespace.
///
/// # Errors
/// Any error of the look.
pub(super) async fn look(aws: &Aws, stack: &str, id: &str, arn: &str) -> Result<Inside, CloudError> {
    let (services, users) = futures::join!(read::services_in(aws, id), users(aws, arn));
    let services = services?;
    let sorted = join_all(services.iter().map(|one| async move {
        let (id, arn) = (one.id().unwrap_or_default(), one.arn().unwrap_or_default());
        let tags = match read::tags_of(aws, arn).await {
            Ok(tags) => tags,
            Err(error) if error.class == ErrorClass::Gone => return Ok(None),
            Err(error) => return Err(error),
        };
        let ours = tags::is_marked(&tags::owner(&tags, stack, discovery_service::KIND));
        let whose = match tags.contains_key(hands::ECS.0) {
            _ if ours => Whose::Ours,
            true => Whose::Ecs,
            false => Whose::Others,
        };
        Ok(Some(Neighbour { id: id.to_owned(), name: one.name().unwrap_or_default().to_owned(), whose }))
    }));
    let services = sorted.await.into_iter().filter_map(Result::transpose).collect::<Result<_, CloudError>>()?;
    // It keeps nothing from being seen; what AWS refuses stays.
    let users = users.map_err(|error| tracing::info!(%error, "it is not known what uses the namespace")).ok();
    Ok(Inside { services, users })
}

/// The ECS services that use a namespace for Service Connect.
async fn users(aws: &Aws, arn: &str) -> Result<Vec<String>, CloudError> {
    let (mut found, mut token) = (Vec::new(), None::<String>);
    loop {
        let request = || {
            let request = aws.ecs().list_services_by_namespace().namespace(arn).max_results(100);
            request.set_next_token(token.clone()).send()
        };
        let page = match aws.caller.send("ecs:ListServicesByNamespace", request).await {
            Ok(page) => page,
            Err(error) if error.class == ErrorClass::Gone => return Ok(found),
            Err(error) => return Err(error),
        };
        token = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        found.extend(page.service_arns.unwrap_or_default());
        if token.is_none() {
            return Ok(found);
        }
    }
}

/// Makes room in a namespace that could not go: removes what ECS has left in it, if nothing uses it any more.
///
/// # Errors
/// Why it cannot go: what others have in it, or what is still to go by itself.
pub(super) async fn release(
    aws: &Aws,
    stack: &str,
    id: &str,
    arn: &str,
    refused: CloudError,
) -> Result<(), CloudError> {
    let Ok(inside) = look(aws, stack, id, arn).await else { return Err(refused) };
    let others = inside.names(Whose::Others);
    if !others.is_empty() {
        let message = format!("the namespace has the services {}, which are not of this stack", others.join(", "));
        let hint = "delete them in Cloud Map, then run again".to_owned();
        return Err(CloudError { class: ErrorClass::Invalid, message, hint: Some(hint), ..refused });
    }
    if inside.users.as_ref().is_none_or(|users| !users.is_empty()) || !inside.names(Whose::Ours).is_empty() {
        let message = match inside.vacancy() {
            Readiness::Pending(what) => format!("{}: {what}", refused.message),
            _ => refused.message.clone(),
        };
        return Err(CloudError { message, ..refused });
    }
    for left in &inside.services {
        let request = || aws.cloud_map().delete_service().id(&left.id).send();
        match aws.caller.send("servicediscovery:DeleteService", request).await {
            Err(error) if error.class != ErrorClass::Gone => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// What is in a namespace, in words.
pub(super) async fn in_words(aws: &Aws, stack: &str, id: &str, arn: &str) -> Vec<String> {
    let inside = look(aws, stack, id, arn).await.unwrap_or_default();
    let services = inside.services.iter().map(|one| format!("Cloud Map service {}", one.name));
    services.chain(inside.users.iter().flatten().map(|arn| format!("Service Connect of {}", last(arn)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn neighbour(name: &str, whose: Whose) -> Neighbour {
        Neighbour { id: format!("srv-{name}"), name: name.to_owned(), whose }
    }

    #[test]
    fn what_ecs_made_is_waited_for_and_what_others_have_is_not() {
        let made = Inside { services: vec![neighbour("web", Whose::Ecs)], users: Some(Vec::new()) };
        assert!(matches!(made.vacancy(), Readiness::Pending(what) if what.contains("`web` of Service Connect")));
        assert_eq!(made.kept_by(&[]), None);
        let both = Inside { services: vec![neighbour("web", Whose::Ecs), neighbour("his", Whose::Others)], ..made };
        assert_eq!(both.vacancy(), Readiness::Ready);
        assert!(both.kept_by(&[]).unwrap().contains("`his`"));
        assert_eq!(Inside::default().vacancy(), Readiness::Ready);
    }

    #[test]
    fn services_of_the_stack_use_it_without_keeping_it() {
        let (ours, his) = ("arn:aws:ecs:eu-west-1:1:service/c/web", "arn:aws:ecs:eu-west-1:1:service/c/his");
        let inside = Inside { services: Vec::new(), users: Some(vec![ours.to_owned(), his.to_owned()]) };
        assert!(inside.kept_by(&[ours]).unwrap().contains("Service Connect of his"));
        assert_eq!(inside.kept_by(&[ours, his]), None);
    }
}
