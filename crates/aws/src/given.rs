//! Values that a run sends and that stand in no document: given for a node by whoever may ask for them, or made here at random. They
//! are kept in memory for the length of the run, so that a request that is sent again says the same. Reads none from AWS.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::id::NodeId;
use evenkeel_core::secret::HIDDEN;
use evenkeel_stack::value_from::{Generate, ValueFrom};

use crate::client::Aws;

/// A value that nobody is shown. Its `Debug` form tells nothing, and it has no other.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(Arc<str>);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl From<String> for Hidden {
    fn from(value: String) -> Self {
        Self(value.into())
    }
}

impl Hidden {
    /// A random value.
    ///
    /// # Errors
    /// If the system has no random numbers to give.
    pub fn random(of: &Generate) -> Result<Self, CloudError> {
        let sorts: Vec<&[u8]> = of.characters.iter().map(|sort| sort.all().as_bytes()).collect();
        let all = sorts.concat();
        let mut drawn = Vec::with_capacity(of.length.into());
        for at in 0..usize::from(of.length) {
            // One of each sort, and the rest of all.
            let from = sorts.get(at).copied().unwrap_or(&all);
            drawn.push(from[below(from.len())?]);
        }
        for at in (1..drawn.len()).rev() {
            drawn.swap(at, below(at + 1)?);
        }
        Ok(String::from_utf8_lossy(&drawn).into_owned().into())
    }

    /// The value, for the request that sends it.
    pub(crate) fn to_send(&self) -> &str {
        &self.0
    }

    /// The value, for a file or a program that a person has asked to have it.
    pub fn to_write(&self) -> &str {
        &self.0
    }

    /// An error without the value: services repeat what they refuse.
    pub(crate) fn kept_from(&self, mut error: CloudError) -> CloudError {
        if !self.0.is_empty() && error.message.contains(&*self.0) {
            error.message = error.message.replace(&*self.0, HIDDEN);
        }
        error
    }
}

/// A number below `limit`, each as likely as the others.
fn below(limit: usize) -> Result<usize, CloudError> {
    let limit = u32::try_from(limit).unwrap_or(u32::MAX).max(1);
    // Numbers beyond the last whole round would make some more likely.
    let most = u32::MAX - u32::MAX % limit;
    loop {
        let mut bytes = [0; 4];
        getrandom::fill(&mut bytes)
            .map_err(|error| CloudError::local(ErrorClass::Invalid, "random", format!("no random numbers: {error}")))?;
        let number = u32::from_le_bytes(bytes);
        if number < most {
            return Ok(usize::try_from(number % limit).unwrap_or_default());
        }
    }
}

/// A token that no other request has, 32 characters of `[0-9a-f]`.
///
/// # Errors
/// If the system has no random numbers to give.
pub fn token() -> Result<String, CloudError> {
    (0..32).map(|_| Ok(char::from(b"0123456789abcdef"[below(16)?]))).collect()
}

/// What was given or made in this run.
#[derive(Debug, Default)]
struct Given(Mutex<BTreeMap<NodeId, Hidden>>);

impl Aws {
    /// Gives the value for a node, which this run is going to send.
    pub fn give(&self, node: &NodeId, value: Hidden) {
        let given = self.memory::<Given>();
        given.0.lock().unwrap_or_else(PoisonError::into_inner).insert(node.clone(), value);
    }

    /// The value to send for a node; `from` is what its document says of it. `None` if it says nothing.
    ///
    /// # Errors
    /// `Invalid`: nobody gave it.
    pub(crate) fn given(&self, node: &NodeId, from: Option<&str>) -> Result<Option<Hidden>, CloudError> {
        let memory = self.memory::<Given>();
        let mut given = memory.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = given.get(node) {
            return Ok(Some(value.clone()));
        }
        let Some(from) = from else { return Ok(None) };
        let Ok(ValueFrom::Generate(of)) = from.parse() else {
            let text = format!("no value was given for {node} ({from})");
            return Err(CloudError::local(ErrorClass::Invalid, "value", text));
        };
        let made = Hidden::random(&of)?;
        given.insert(node.clone(), made.clone());
        Ok(Some(made))
    }
}

#[cfg(test)]
mod tests {
    use evenkeel_stack::value_from::Characters;

    use super::*;

    #[test]
    fn a_random_value_has_its_length_and_every_sort() {
        let of = Generate { length: 8, characters: vec![Characters::Letters, Characters::Digits, Characters::Symbols] };
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..200 {
            let made = Hidden::random(&of).unwrap();
            assert_eq!(made.to_send().len(), 8);
            for sort in &of.characters {
                assert!(made.to_send().chars().any(|letter| sort.all().contains(letter)));
            }
            seen.insert(made.to_send().to_owned());
        }
        assert_eq!(seen.len(), 200, "no two are alike");
    }

    #[test]
    fn neither_its_form_nor_an_error_tells_a_value() {
        let value = Hidden::from("hunter2".to_owned());
        assert_eq!(format!("{value:?}"), HIDDEN);
        let error = CloudError::local(ErrorClass::Invalid, "ssm:PutParameter", "Value 'hunter2' at 'value' is wrong");
        assert_eq!(value.kept_from(error).message, "Value '(hidden)' at 'value' is wrong");
    }

    #[test]
    fn a_value_is_the_same_for_the_whole_run() {
        let aws = crate::connect::test_config(&crate::connect::Settings {
            region: Some("eu-west-1".to_owned()),
            ..Default::default()
        });
        let aws = Aws::from_config(&aws).unwrap();
        let (one, other) = (NodeId::new("secret", "one"), NodeId::new("secret", "other"));
        let made = aws.given(&one, Some("generated: 32 letters")).unwrap().unwrap();
        assert_eq!(aws.clone().given(&one, Some("generated: 32 letters")).unwrap(), Some(made.clone()));
        assert_ne!(aws.given(&other, Some("generated: 32 letters")).unwrap(), Some(made));
        assert_eq!(aws.given(&NodeId::new("secret", "empty"), None).unwrap(), None);
        let missing = aws.given(&NodeId::new("secret", "db"), Some("environment variable DB")).unwrap_err();
        assert!(missing.message.contains("environment variable DB"), "{missing}");
    }
}
