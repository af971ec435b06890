//! Which name was probably meant by one that nobody has. Pure text.

/// How many letters have to be put in, left out or changed to come from one text to the other.
pub fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.bytes().enumerate() {
        let mut before = row[0];
        row[0] = index + 1;
        for (column, wanted) in other.bytes().enumerate() {
            let changed = before + usize::from(letter != wanted);
            before = row[column + 1];
            row[column + 1] = changed.min(before + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

/// The name that is nearest to another one, if it is near at all: by a slip for every three letters, or because one is a part of
/// the other.
pub fn nearest<'n>(given: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let plain = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
    };
    let given = plain(given);
    if given.len() < 2 {
        return None;
    }
    let rated = known.filter_map(|name| {
        let other = plain(name);
        let slips = distance(&given, &other);
        let part = given.len() > 3 && (other.contains(&given) || given.contains(&other));
        (slips <= given.len().max(other.len()) / 3 || part).then_some((!part, slips, name))
    });
    rated.min().map(|(_, _, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_or_a_part_is_near_and_anything_else_is_not() {
        let known = || ["resourcegroupstaggingapi", "elbv2", "ecs", "ecr", "route53"].into_iter();
        assert_eq!(nearest("tagging", known()), Some("resourcegroupstaggingapi"));
        assert_eq!(nearest("route-53", known()), Some("route53"));
        assert_eq!(nearest("ecss", known()), Some("ecs"));
        assert_eq!(nearest("lambda", known()), None);
        assert_eq!(nearest("", known()), None);
    }
}
