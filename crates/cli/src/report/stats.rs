//! The calls that a run made, as a table; of a plan beside the fewest that would do.

use std::collections::BTreeSet;

use evenkeel_aws::call::Summary;

/// The table, and below it what the calls cost in time.
pub fn render(stats: &Summary) -> String {
    let names: BTreeSet<&str> =
        stats.calls.keys().map(String::as_str).chain(floors(stats).map(|(name, _)| name)).collect();
    let width = names.iter().map(|name| name.len()).max().unwrap_or(0).max("total".len());
    let line = |name: &str, calls: &str, floor: &str| match &stats.floor {
        None => format!("{name:<width$}  {calls:>5}\n"),
        Some(_) => format!("{name:<width$}  {calls:>5}  {floor:>5}\n"),
    };
    let mut text = line("API", "calls", "floor");
    for name in names {
        let calls = stats.calls.get(name).copied().unwrap_or_default();
        let floor = floors(stats).find(|(of, _)| *of == name).map_or(0, |(_, floor)| floor);
        text += &line(name, &calls.to_string(), &floor.to_string());
    }
    let floor: u64 = floors(stats).map(|(_, floor)| floor).sum();
    text += &line("total", &stats.total.to_string(), &floor.to_string());
    text += &format!(
        "throttled {}, sequential round trips {}, most in flight {}, {}.{} kB received, {:.2} seconds\n",
        stats.throttled,
        stats.round_trips,
        stats.most_in_flight,
        stats.bytes / 1000,
        stats.bytes % 1000 / 100,
        stats.seconds
    );
    text
}

fn floors(stats: &Summary) -> impl Iterator<Item = (&'static str, u64)> {
    stats.floor.iter().flatten().map(|(name, floor)| (*name, *floor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_adds_up() {
        let mut stats = Summary {
            floor: None,
            calls: [("ec2:DescribeVpcs".to_owned(), 1), ("ecs:DescribeClusters".to_owned(), 12)].into(),
            total: 13,
            throttled: 1,
            round_trips: 3,
            most_in_flight: 7,
            bytes: 36_260,
            seconds: 1.234,
        };
        insta::assert_snapshot!(render(&stats), @r"
        API                   calls
        ec2:DescribeVpcs          1
        ecs:DescribeClusters     12
        total                    13
        throttled 1, sequential round trips 3, most in flight 7, 36.2 kB received, 1.23 seconds
        ");
        stats.floor = Some([("ecs:DescribeClusters", 10), ("ecs:DescribeServices", 1)].into());
        insta::assert_snapshot!(render(&stats), @r"
        API                   calls  floor
        ec2:DescribeVpcs          1      0
        ecs:DescribeClusters     12     10
        ecs:DescribeServices      0      1
        total                    13     11
        throttled 1, sequential round trips 3, most in flight 7, 36.2 kB received, 1.23 seconds
        ");
    }
}
