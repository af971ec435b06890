//! The calls that a run made, as a table.

use evenkeel_aws::call::Summary;

/// The table, and below it what the calls cost in time.
pub fn render(stats: &Summary) -> String {
    let width = stats.calls.keys().map(String::len).max().unwrap_or(0).max("total".len());
    let mut text = format!("{:<width$}  calls\n", "API");
    for (name, count) in &stats.calls {
        text += &format!("{name:<width$}  {count:>5}\n");
    }
    text += &format!("{:<width$}  {:>5}\n", "total", stats.total);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_adds_up() {
        let stats = Summary {
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
    }
}
