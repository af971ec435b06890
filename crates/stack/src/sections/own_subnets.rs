//! Ranges of IPv4 addresses: which subnets a VPC is cut into. Private subnets come from its lower half and public ones from its upper
//! half, each tier in equal blocks one after the other, so that further zones never move the subnets that are there. Pure arithmetic; the
//! caller reports.

use std::fmt;
use std::net::Ipv4Addr;

/// The smallest range that EC2 takes for a VPC or a subnet.
pub(super) const SMALLEST: u8 = 28;
/// The largest.
pub(super) const LARGEST: u8 = 16;

/// A range.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Range {
    first: u32,
    prefix: u8,
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from_bits(self.first), self.prefix)
    }
}

impl Range {
    /// A range without host bits, of a size that EC2 takes.
    ///
    /// # Errors
    /// What is wrong with it, and what to write.
    pub(super) fn read(text: &str) -> Result<Self, (String, String)> {
        let wrong =
            || (format!("`{text}` is not a range of IPv4 addresses"), "Write a range like 10.0.0.0/16.".to_owned());
        let (address, prefix) = text.trim().split_once('/').ok_or_else(wrong)?;
        let address: Ipv4Addr = address.parse().map_err(|_| wrong())?;
        let prefix: u8 = prefix.parse().ok().filter(|prefix| *prefix <= 32).ok_or_else(wrong)?;
        if !(LARGEST..=SMALLEST).contains(&prefix) {
            let help = format!("EC2 takes sizes from /{LARGEST} (65536 addresses) to /{SMALLEST} (16).");
            return Err((format!("`{text}` has a size that EC2 does not take"), help));
        }
        let first = address.to_bits() & (u32::MAX << (32 - prefix));
        let range = Self { first, prefix };
        if first != address.to_bits() {
            return Err((
                format!("`{text}` does not begin with the first address of its range"),
                format!("Write {range}."),
            ));
        }
        Ok(range)
    }

    /// Whether all of another range is in it.
    pub(super) fn contains(self, other: Self) -> bool {
        self.prefix <= other.prefix && other.first & (u32::MAX << (32 - self.prefix)) == self.first
    }

    /// Whether they have addresses in common.
    pub(super) fn overlaps(self, other: Self) -> bool {
        self.contains(other) || other.contains(self)
    }

    /// One of its halves.
    fn half(self, upper: bool) -> Self {
        let prefix = self.prefix + 1;
        Self { first: if upper { self.first | 1 << (32 - prefix) } else { self.first }, prefix }
    }

    /// So many blocks of a size from a half of it, or how many there are.
    ///
    /// # Errors
    /// How many blocks of that size the half has, if that is less.
    pub(super) fn blocks(self, upper: bool, prefix: u8, count: usize) -> Result<Vec<Self>, usize> {
        let half = self.half(upper);
        let room = if prefix < half.prefix { 0 } else { 1_usize << (prefix - half.prefix) };
        if room < count {
            return Err(room);
        }
        let block = |at: usize| Self { first: half.first + (u32::try_from(at).unwrap_or(0) << (32 - prefix)), prefix };
        Ok((0..count).map(block).collect())
    }

    /// The size of subnets if the file gives none: as wanted, or so that a half has room for four of them.
    pub(super) fn usual(self, wanted: u8) -> u8 {
        wanted.max(self.prefix + 3).min(SMALLEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> Range {
        Range::read(text).unwrap()
    }

    #[test]
    fn a_vpc_is_cut_into_blocks_that_further_zones_do_not_move() {
        let vpc = range("10.0.0.0/16");
        let texts = |upper, prefix, count| {
            vpc.blocks(upper, prefix, count).unwrap().iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(texts(false, 20, 2), ["10.0.0.0/20", "10.0.16.0/20"]);
        assert_eq!(texts(true, 24, 2), ["10.0.128.0/24", "10.0.129.0/24"]);
        assert_eq!(texts(true, 24, 3)[..2], texts(true, 24, 2));
        assert_eq!(vpc.blocks(false, 18, 3), Err(2));
        assert_eq!(vpc.blocks(false, 16, 1), Err(0));
        assert_eq!((vpc.usual(20), range("10.0.0.0/24").usual(20), range("10.0.0.0/27").usual(24)), (20, 27, 28));
    }

    #[test]
    fn ranges_are_read_and_compared() {
        let vpc = range("10.0.0.0/16");
        assert!(vpc.contains(range("10.0.255.240/28")) && !vpc.contains(range("10.1.0.0/24")));
        assert!(
            range("10.0.0.0/24").overlaps(range("10.0.0.0/20")) && !range("10.0.0.0/24").overlaps(range("10.0.1.0/24"))
        );
        assert_eq!(Range::read("10.0.0.9/24").unwrap_err().1, "Write 10.0.0.0/24.");
        assert!(Range::read("10.0.0.0/8").unwrap_err().1.contains("/16"));
        for wrong in ["10.0.0.0", "10.0.0/16", "fd00::/56", "10.0.0.0/33"] {
            assert!(Range::read(wrong).unwrap_err().0.contains("not a range"), "{wrong}");
        }
    }
}
