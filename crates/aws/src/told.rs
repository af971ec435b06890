//! The values of a service's secrets, for a person who asked for the `.env` of that service on his machine. The only place that
//! reads any; nothing that plans, changes or explains can come here.

use std::collections::BTreeMap;

use evenkeel_core::error::{CloudError, ErrorClass};
use futures::future::try_join_all;
use serde_json::Value;

use crate::client::Aws;
use crate::given::Hidden;

/// Most names that GetParameters takes.
const NAMES: usize = 10;

/// The values behind references, as `valueFrom` of a container has them: a name or an ARN of a parameter, or the ARN of a secret,
/// with a key of its JSON, a stage and a version behind it where they are given.
///
/// # Errors
/// `Gone` where there is nothing of that name; that a secret has no such key; any error of the requests.
pub async fn values(aws: &Aws, references: &[&str]) -> Result<BTreeMap<String, Hidden>, CloudError> {
    let (secrets, parameters): (Vec<&str>, Vec<&str>) =
        references.iter().partition(|reference| reference.split(':').nth(2) == Some("secretsmanager"));
    let secrets =
        secrets.into_iter().map(|reference| async move { Ok((reference.to_owned(), secret(aws, reference).await?)) });
    let (parameters, secrets) = futures::try_join!(of_parameters(aws, &parameters), try_join_all(secrets))?;
    Ok(parameters.into_iter().chain(secrets).collect())
}

async fn of_parameters(aws: &Aws, references: &[&str]) -> Result<BTreeMap<String, Hidden>, CloudError> {
    let batches = references.chunks(NAMES).map(|batch| async move {
        let names: Vec<String> = batch.iter().map(|reference| name_of(reference).to_owned()).collect();
        let request = || aws.ssm().get_parameters().set_names(Some(names.clone())).with_decryption(true).send();
        let reply = aws.caller.send("ssm:GetParameters", request).await?;
        let mut found = BTreeMap::new();
        for reference in batch {
            let is = |name: Option<&str>| name.is_some_and(|name| name.trim_start_matches('/') == bare(reference));
            let parameter = reply.parameters().iter().find(|one| is(one.name()) || one.arn() == Some(*reference));
            let value = parameter.and_then(|one| one.value()).ok_or_else(|| absent("ssm:GetParameters", reference))?;
            found.insert((*reference).to_owned(), Hidden::from(value.to_owned()));
        }
        Ok(found)
    });
    Ok(try_join_all(batches).await?.into_iter().flatten().collect())
}

/// The name of a parameter that is referred to by it or by its ARN.
fn name_of(reference: &str) -> &str {
    match reference.split_once(":parameter") {
        // A name without a path has a slash in front of it in an ARN, and nowhere else.
        Some((_, path)) if path.matches('/').count() == 1 => path.trim_start_matches('/'),
        Some((_, path)) => path,
        None => reference,
    }
}

fn bare(reference: &str) -> &str {
    name_of(reference).trim_start_matches('/')
}

async fn secret(aws: &Aws, reference: &str) -> Result<Hidden, CloudError> {
    const OPERATION: &str = "secretsmanager:GetSecretValue";
    let parts: Vec<&str> = reference.split(':').collect();
    let id = parts[..parts.len().min(7)].join(":");
    let part = |at: usize| parts.get(at).filter(|part| !part.is_empty()).map(|part| (*part).to_owned());
    let (key, stage, version) = (part(7), part(8), part(9));
    let request = || {
        let request = aws.secrets_manager().get_secret_value().secret_id(&id);
        request.set_version_stage(stage.clone()).set_version_id(version.clone()).send()
    };
    let reply = aws.caller.send("secretsmanager:GetSecretValue", request).await?;
    let text = reply.secret_string().ok_or_else(|| {
        CloudError::local(ErrorClass::Invalid, OPERATION, format!("secret {id} is binary and fits no variable"))
    })?;
    let Some(key) = key else { return Ok(text.to_owned().into()) };
    let document: Option<Value> = serde_json::from_str(text).ok();
    match document.as_ref().and_then(|document| document.get(&key)) {
        Some(Value::String(value)) => Ok(value.clone().into()),
        Some(value) => Ok(value.to_string().into()),
        None => {
            let text = format!("secret {id} has no JSON key `{key}`");
            Err(CloudError::local(ErrorClass::Invalid, OPERATION, text))
        }
    }
}

fn absent(operation: &str, reference: &str) -> CloudError {
    CloudError::local(ErrorClass::Gone, operation, format!("there is no parameter {reference}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_called_by_its_name_however_it_is_referred_to() {
        assert_eq!(name_of("arn:aws:ssm:eu-west-1:123456789012:parameter/shop/url"), "/shop/url");
        assert_eq!(name_of("arn:aws:ssm:eu-west-1:123456789012:parameter/url"), "url");
        assert_eq!((name_of("/shop/url"), bare("/url")), ("/shop/url", "url"));
    }
}
