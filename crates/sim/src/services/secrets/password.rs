//! GetRandomPassword: which characters are drawn from, and that each kind occurs.

use serde_json::json;

use super::lookup::wrong_parameter;
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::world::Ids;

/// The operations.
pub(super) const OPERATIONS: Table = &[("GetRandomPassword", get_random_password)];

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const NUMBERS: &str = "0123456789";
const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
const USUAL_LENGTH: usize = 32;

fn get_random_password(call: &mut Call<'_>, input: &Input) -> Reply {
    let length =
        input.integer("PasswordLength").and_then(|length| usize::try_from(length).ok()).unwrap_or(USUAL_LENGTH);
    let excluded = input.text_or_empty("ExcludeCharacters");
    let flag = |name: &str| input.flag(name).unwrap_or(false);
    let kinds: Vec<Vec<char>> = [
        (LOWER, !flag("ExcludeLowercase")),
        (UPPER, !flag("ExcludeUppercase")),
        (NUMBERS, !flag("ExcludeNumbers")),
        (PUNCTUATION, !flag("ExcludePunctuation")),
        (" ", flag("IncludeSpace")),
    ]
    .into_iter()
    .filter(|(_, wanted)| *wanted)
    .map(|(letters, _)| letters.chars().filter(|letter| !excluded.contains(*letter)).collect())
    .filter(|letters: &Vec<char>| !letters.is_empty())
    .collect();
    let each = input.flag("RequireEachIncludedType").unwrap_or(true);
    let password = draw(&mut call.world.ids, &kinds, length, each)?;
    Ok(json!({ "RandomPassword": password }))
}

fn draw(ids: &mut Ids, kinds: &[Vec<char>], length: usize, each: bool) -> Result<String, Refusal> {
    let all: Vec<char> = kinds.iter().flatten().copied().collect();
    if all.is_empty() {
        return Err(wrong_parameter("You can't exclude all characters. Include at least one character type."));
    }
    if each && length < kinds.len() {
        return Err(wrong_parameter(format!("Password length {length} is too short based on the required types.")));
    }
    let mut letters: Vec<char> = (0..length).map(|_| all[ids.below(all.len())]).collect();
    if each {
        // Each kind gets a place of its own, from a random one on.
        let start = ids.below(length);
        for (index, kind) in kinds.iter().enumerate() {
            letters[(start + index) % length] = kind[ids.below(kind.len())];
        }
    }
    Ok(letters.into_iter().collect())
}

/// A password that a service makes up.
pub(super) fn usual(ids: &mut Ids) -> String {
    ids.mixed(USUAL_LENGTH)
}
