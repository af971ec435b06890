//! Schedules as AWS writes them: `cron(…)` of six fields, `rate(…)` and `at(…)`. Says why one is refused; must not know what it is for.

/// The fields of `cron(…)`: their names, their ranges and their words.
const FIELDS: [(&str, u32, u32, &[&str]); 6] = [
    ("minutes", 0, 59, &[]),
    ("hours", 0, 23, &[]),
    ("day of month", 1, 31, &[]),
    ("month", 1, 12, &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]),
    ("day of week", 1, 7, &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]),
    ("year", 1970, 2199, &[]),
];
const DAY: usize = 2;
const WEEKDAY: usize = 4;

/// Why a schedule is refused; `None` if it is fine.
pub(crate) fn complaint(text: &str) -> Option<String> {
    let inside = |start: &str| text.strip_prefix(start)?.strip_suffix(')');
    if let Some(cron) = inside("cron(") {
        return of_cron(cron);
    }
    if let Some(rate) = inside("rate(") {
        return of_rate(rate);
    }
    match inside("at(") {
        Some(at) if moment(&format!("{at}Z")) => None,
        Some(_) => Some("the time is written like 2030-01-31T22:00:00".to_owned()),
        None => Some("it begins with cron(, rate( or at(, and ends with )".to_owned()),
    }
}

fn of_rate(rate: &str) -> Option<String> {
    let parts: Vec<&str> = rate.split(' ').collect();
    let [number, unit] = parts[..] else { return Some("a rate is a number and a unit, like rate(1 day)".to_owned()) };
    let Some(number) = number.parse::<u32>().ok().filter(|number| *number > 0) else {
        return Some(format!("`{number}` is not a whole number above 0"));
    };
    let singular = ["minute", "hour", "day"].contains(&unit);
    let plural = ["minutes", "hours", "days"].contains(&unit);
    match (singular, plural) {
        (true, _) if number == 1 => None,
        (_, true) if number > 1 => None,
        (false, false) => Some(format!("`{unit}` is not a unit; minutes, hours and days are")),
        _ => Some("AWS accepts the singular for 1 only: rate(1 day), rate(2 days)".to_owned()),
    }
}

fn of_cron(cron: &str) -> Option<String> {
    let fields: Vec<&str> = cron.split(' ').collect();
    if fields.len() != FIELDS.len() {
        let found = fields.len();
        return Some(format!(
            "cron has six fields (minutes, hours, day of month, month, day of week, year), and this has {found}"
        ));
    }
    if (fields[DAY] == "?") == (fields[WEEKDAY] == "?") {
        return Some("one of day of month and day of week, and only one, must be `?`".to_owned());
    }
    let wrong = (0..FIELDS.len()).find(|at| !fits(*at, fields[*at]))?;
    let (name, from, to, _) = FIELDS[wrong];
    Some(format!("`{}` is not a value for its {name}, which are {from} to {to}", fields[wrong]))
}

/// Whether a field is a list of values, ranges and steps.
fn fits(at: usize, field: &str) -> bool {
    if field == "?" {
        return at == DAY || at == WEEKDAY;
    }
    field.split(',').all(|part| {
        let (base, step) = part.split_once('/').map_or((part, None), |(base, step)| (base, Some(step)));
        step.is_none_or(|step| step.parse::<u32>().is_ok_and(|step| step > 0)) && (base == "*" || range(at, base))
    })
}

fn range(at: usize, text: &str) -> bool {
    match text.split_once('-') {
        Some((from, to)) => value(at, from).zip(value(at, to)).is_some_and(|(from, to)| from <= to),
        None => value(at, text).is_some() || special(at, text),
    }
}

fn value(at: usize, text: &str) -> Option<u32> {
    let (_, from, to, words) = FIELDS[at];
    let word = words.iter().position(|word| word.eq_ignore_ascii_case(text));
    let number = word.and_then(|at| u32::try_from(at + 1).ok()).or_else(|| text.parse().ok())?;
    (from..=to).contains(&number).then_some(number)
}

/// `L`, `15W`, `LW`, `6L`, `3#1`.
fn special(at: usize, text: &str) -> bool {
    match at {
        DAY => {
            let near = text.strip_suffix('W').or_else(|| text.strip_suffix('w'));
            text.eq_ignore_ascii_case("L")
                || near.is_some_and(|day| day.eq_ignore_ascii_case("L") || value(at, day).is_some())
        }
        WEEKDAY => {
            let last = text.strip_suffix('L').or_else(|| text.strip_suffix('l'));
            let nth = text.split_once('#');
            last.is_some_and(|day| day.is_empty() || value(at, day).is_some())
                || nth.is_some_and(|(day, nth)| {
                    value(at, day).is_some() && nth.parse::<u32>().is_ok_and(|nth| (1..=5).contains(&nth))
                })
        }
        _ => false,
    }
}

/// Whether a text is a time in UTC, `2030-01-31T22:00:00Z`.
pub(crate) fn moment(text: &str) -> bool {
    let Some((date, time)) = text.strip_suffix('Z').and_then(|rest| rest.split_once('T')) else { return false };
    let parts: Vec<&str> = date.split('-').chain(time.split(':')).collect();
    let sized = date.len() == 10 && parts.len() == 6 && parts[1..].iter().all(|part| part.len() == 2);
    let numbers: Option<Vec<u32>> = parts.iter().map(|part| part.parse().ok()).collect();
    let Some([year, month, day, hour, minute, second]) = numbers.as_deref().filter(|_| sized) else { return false };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    (1..=12).contains(month) && (1..=days).contains(day) && *hour < 24 && *minute < 60 && *second < 60
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_aws_takes_passes() {
        for text in [
            "cron(0 22 * * ? *)",
            "cron(0/15 8-18 ? * MON-FRI *)",
            "cron(0 9 ? * 2#1 2030)",
            "cron(0 9 L * ? *)",
            "cron(0 9 15W * ? *)",
            "cron(0 9 ? * 6L *)",
            "cron(0,30 9 1,15 JAN,JUL ? 2030-2035)",
            "rate(1 day)",
            "rate(5 minutes)",
            "at(2028-02-29T22:00:00)",
        ] {
            assert_eq!(complaint(text), None, "{text}");
        }
    }

    #[test]
    fn what_aws_refuses_is_told() {
        for (text, why) in [
            ("0 22 * * *", "begins with cron("),
            ("cron(0 22 * * *)", "six fields"),
            ("cron(0 1 * * * *)", "must be `?`"),
            ("cron(0 9 ? * ? *)", "must be `?`"),
            ("cron(60 9 * * ? *)", "minutes"),
            ("cron(0 9 32 * ? *)", "day of month"),
            ("cron(0 9 ? * MOO *)", "day of week"),
            ("cron(0 9 ? * FRI-MON *)", "day of week"),
            ("rate(1 days)", "singular"),
            ("rate(2 day)", "singular"),
            ("rate(0 days)", "above 0"),
            ("rate(1 week)", "not a unit"),
            ("at(2027-02-29T22:00:00)", "written like"),
            ("at(2030-01-31 22:00)", "written like"),
        ] {
            let told = complaint(text).unwrap_or_default();
            assert!(told.contains(why), "{text}: {told}");
        }
    }

    #[test]
    fn times_are_whole() {
        assert!(moment("2030-01-31T22:00:00Z"));
        for text in
            ["2030-01-31T22:00:00", "2030-1-31T22:00:00Z", "2030-13-31T22:00:00Z", "2030-01-31T24:00:00Z", "Z", ""]
        {
            assert!(!moment(text), "{text}");
        }
    }
}
