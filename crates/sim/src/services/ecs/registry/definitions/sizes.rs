//! Sizes of tasks: how they are written, and which of them Fargate offers. Pure.

/// The sizes of Fargate: CPU units, the least and the most memory in MiB, and the step between.
const FARGATE: &[(u64, u64, u64, u64)] = &[
    (512, 1024, 4096, 1024),
    (1024, 2048, 8192, 1024),
    (2048, 4096, 16384, 1024),
    (4096, 8192, 30720, 1024),
    (8192, 16384, 61440, 4096),
    (16384, 32768, 122_880, 8192),
];

/// CPU units: `256`, `.25 vCPU`, `1 vcpu`.
pub(super) fn cpu(text: &str) -> Option<u64> {
    scaled(text, &[("vcpu", 1024.0)])
}

/// Memory in MiB: `512`, `0.5 GB`, `2GB`.
pub(super) fn memory(text: &str) -> Option<u64> {
    scaled(text, &[("gb", 1024.0), ("mb", 1.0)])
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "only whole numbers of a fit size get there"
)]
fn scaled(text: &str, units: &[(&str, f64)]) -> Option<u64> {
    let lower = text.trim().to_ascii_lowercase();
    let found = units.iter().find_map(|(unit, factor)| Some((lower.strip_suffix(unit)?, *factor)));
    let (number, factor) = found.unwrap_or((&lower, 1.0));
    let number: f64 = number.trim().parse().ok()?;
    let value = number * factor;
    (value >= 1.0 && value <= f64::from(i32::MAX) && value.fract() == 0.0).then_some(value as u64)
}

/// Whether Fargate offers that pair.
pub(super) fn offered(cpu: u64, memory: u64, windows: bool) -> bool {
    if cpu == 256 {
        return !windows && [512, 1024, 2048].contains(&memory);
    }
    let fits = |(units, least, most, step): &(u64, u64, u64, u64)| {
        *units == cpu && (*least..=*most).contains(&memory) && memory.is_multiple_of(*step)
    };
    !(windows && cpu < 1024) && FARGATE.iter().any(fits)
}
