//! Sizes of tasks: reading `1 vCPU` and `2 GB`, and the pairs that Fargate offers. Pure.

/// CPU units of `256`, `.25 vCPU`, `1vcpu`.
pub(crate) fn cpu(text: &str) -> Option<u64> {
    let lower = text.trim().to_ascii_lowercase();
    match lower.strip_suffix("vcpu").or_else(|| lower.strip_suffix("vcpus")) {
        Some(number) => scaled(number, 1024.0),
        None => lower.parse().ok(),
    }
}

/// MiB of `512`, `0.5 GB`, `2GB`, `512 MiB`.
pub(crate) fn memory(text: &str) -> Option<u64> {
    let lower = text.trim().to_ascii_lowercase();
    for (unit, factor) in [("gib", 1024.0), ("gb", 1024.0), ("mib", 1.0), ("mb", 1.0), ("g", 1024.0), ("m", 1.0)] {
        if let Some(number) = lower.strip_suffix(unit) {
            return scaled(number, factor);
        }
    }
    lower.parse().ok()
}

fn scaled(number: &str, factor: f64) -> Option<u64> {
    let value = number.trim().parse::<f64>().ok()? * factor;
    // Sizes are at most 6 digits, so the conversion loses nothing that is kept.
    (value.is_finite() && (1.0..1e9).contains(&value) && value.fract() == 0.0)
        .then(|| value.to_string().parse().ok())?
}

/// CPU units, least and most MiB, and the step between.
const FARGATE: &[(u64, u64, u64, u64)] = &[
    (256, 512, 2048, 512),
    (512, 1024, 4096, 1024),
    (1024, 2048, 8192, 1024),
    (2048, 4096, 16_384, 1024),
    (4096, 8192, 30_720, 1024),
    (8192, 16_384, 61_440, 4096),
    (16_384, 32_768, 122_880, 8192),
];

fn memories(row: &(u64, u64, u64, u64)) -> impl Iterator<Item = u64> + use<> {
    let (cpu, low, high, step) = *row;
    // The smallest CPU size has 0.5, 1 and 2 GB, but not 1.5.
    (low..=high).step_by(usize::try_from(step).unwrap_or(1024)).filter(move |memory| !(cpu == 256 && *memory == 1536))
}

/// Whether Fargate offers the pair.
pub(crate) fn fargate_offers(cpu: u64, memory: u64) -> bool {
    FARGATE.iter().any(|row| row.0 == cpu && memories(row).any(|offered| offered == memory))
}

/// The pair that Fargate offers and that is nearest: at least as large in both if there is one.
pub(crate) fn nearest_fargate(cpu: u64, memory: u64) -> (u64, u64) {
    let pairs = || FARGATE.iter().flat_map(|row| memories(row).map(|memory| (row.0, memory)));
    pairs()
        .filter(|(c, m)| *c >= cpu && *m >= memory)
        .min_by_key(|(c, m)| (*c - cpu, *m - memory))
        .or_else(|| pairs().min_by_key(|(c, m)| c.abs_diff(cpu) + m.abs_diff(memory)))
        .unwrap_or((256, 512))
}

/// The memory that goes with a CPU size, as words; `None` if the CPU size does not exist.
pub(crate) fn offered(cpu: u64) -> Option<String> {
    let row = FARGATE.iter().find(|row| row.0 == cpu)?;
    Some(match row {
        (256, ..) => "512, 1024 or 2048".to_owned(),
        (_, low, high, step) => format!("{low} to {high} in steps of {step}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_people_write_them() {
        for (text, units) in [("256", 256), (".25 vcpu", 256), ("1 vCPU", 1024), ("0.5vCPU", 512)] {
            assert_eq!(cpu(text), Some(units), "{text}");
        }
        for (text, mib) in [("512", 512), ("2 GB", 2048), ("0.5GB", 512), ("512 MiB", 512)] {
            assert_eq!(memory(text), Some(mib), "{text}");
        }
        for text in ["", "a lot", "-1 vCPU", "NaN GB", "0.3 vcpu"] {
            assert!(cpu(text).is_none() && memory(text).is_none(), "{text}");
        }
    }

    #[test]
    fn fargate_pairs_are_known() {
        assert!(fargate_offers(256, 512) && fargate_offers(4096, 30_720) && fargate_offers(16_384, 122_880));
        assert!(!fargate_offers(256, 1536) && !fargate_offers(256, 4096) && !fargate_offers(300, 512));
        assert_eq!(nearest_fargate(256, 3000), (512, 3072));
        assert_eq!(nearest_fargate(300, 512), (512, 1024));
    }
}
