//! Schedule expressions: `rate(…)`, `cron(…)` and `at(…)`, and which of them the service takes. Decides nothing about when
//! they fire.

/// Whether an expression can be used.
pub(super) fn is_valid(text: &str) -> bool {
    let inside = |kind: &str| text.strip_prefix(kind)?.strip_prefix('(')?.strip_suffix(')');
    inside("rate").is_some_and(rate) || inside("cron").is_some_and(cron) || inside("at").is_some_and(at)
}

/// Whether an expression stands for one moment.
pub(super) fn is_once(text: &str) -> bool {
    text.starts_with("at(")
}

fn rate(text: &str) -> bool {
    const UNITS: [&str; 6] = ["minute", "minutes", "hour", "hours", "day", "days"];
    let Some((number, unit)) = text.split_once(' ') else { return false };
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    digits && number.parse::<u32>().is_ok_and(|number| number > 0) && UNITS.contains(&unit)
}

/// `2026-11-20T13:00:00`, without a zone.
fn at(text: &str) -> bool {
    const FORM: &[u8] = b"dddd-dd-ddTdd:dd:dd";
    let fits = |(byte, form): (u8, &u8)| if *form == b'd' { byte.is_ascii_digit() } else { byte == *form };
    if text.len() != FORM.len() || !text.bytes().zip(FORM).all(fits) {
        return false;
    }
    // What looks right may still be no day of the calendar.
    crate::world::Moment::parse_iso(&format!("{text}Z")).is_some()
}

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// Six fields: minutes, hours, day of the month, month, day of the week, year.
fn cron(text: &str) -> bool {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let [minutes, hours, day, month, weekday, year] = fields[..] else { return false };
    // One of the days has to be left open.
    if (day == "?") == (weekday == "?") {
        return false;
    }
    list(minutes, 0, 59, &[])
        && list(hours, 0, 23, &[])
        && (day == "?" || day_of_month(day))
        && list(month, 1, 12, &MONTHS)
        && (weekday == "?" || day_of_week(weekday))
        && list(year, 1970, 2199, &[])
}

fn day_of_month(text: &str) -> bool {
    let near = |text: &str| text.strip_suffix('W').is_some_and(|day| value(day, 1, 31, &[]).is_some());
    text == "L" || text == "LW" || near(text) || list(text, 1, 31, &[])
}

fn day_of_week(text: &str) -> bool {
    let last = text.strip_suffix('L').is_some_and(|day| value(day, 1, 7, &DAYS).is_some());
    let nth = text
        .split_once('#')
        .is_some_and(|(day, number)| value(day, 1, 7, &DAYS).is_some() && value(number, 1, 5, &[]).is_some());
    text == "L" || last || nth || list(text, 1, 7, &DAYS)
}

fn list(text: &str, first: u32, last: u32, names: &[&str]) -> bool {
    text.split(',').all(|part| {
        let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
        let stepped = step.is_none_or(|step| value(step, 1, last.max(1), &[]).is_some());
        let within = |text: &str| value(text, first, last, names).is_some();
        stepped && (range == "*" || within(range) || range.split_once('-').is_some_and(|(a, b)| within(a) && within(b)))
    })
}

fn value(text: &str, first: u32, last: u32, names: &[&str]) -> Option<u32> {
    if names.iter().any(|name| name.eq_ignore_ascii_case(text)) {
        return Some(first);
    }
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| digits && (first..=last).contains(number))
}
