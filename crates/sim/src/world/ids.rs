//! Where made-up ids and chance come from: one seeded generator for the whole world, saved with it, so that a run can be
//! repeated.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

const HEX: &[u8] = b"0123456789abcdef";
const DIGITS: &[u8] = b"0123456789";
const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const MIXED: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A seeded source of ids.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ids {
    state: u64,
}

impl Ids {
    /// A source; the same seed gives the same ids.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    fn draw<T>(&mut self, from: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        let mut rng = fastrand::Rng::with_seed(self.state);
        let drawn = from(&mut rng);
        self.state = rng.get_seed();
        drawn
    }

    fn text(&mut self, letters: &[u8], length: usize) -> String {
        self.draw(|rng| (0..length).map(|_| char::from(letters[rng.usize(..letters.len())])).collect())
    }

    /// Lower-case hexadecimal digits.
    pub fn hex(&mut self, length: usize) -> String {
        self.text(HEX, length)
    }

    /// Decimal digits, the first of them not 0.
    pub fn digits(&mut self, length: usize) -> String {
        let first = self.text(&DIGITS[1..], 1);
        first + &self.text(DIGITS, length.saturating_sub(1))
    }

    /// Capitals and digits.
    pub fn upper(&mut self, length: usize) -> String {
        self.text(UPPER, length)
    }

    /// Small letters and digits.
    pub fn lower(&mut self, length: usize) -> String {
        self.text(LOWER, length)
    }

    /// Letters and digits.
    pub fn mixed(&mut self, length: usize) -> String {
        self.text(MIXED, length)
    }

    /// A random UUID.
    pub fn uuid(&mut self) -> String {
        let variant = self.text(b"89ab", 1);
        let hex = self.hex(30);
        format!("{}-{}-4{}-{variant}{}-{}", &hex[..8], &hex[8..12], &hex[12..15], &hex[15..18], &hex[18..30])
    }

    /// At least 0, less than 1.
    pub fn fraction(&mut self) -> f64 {
        self.draw(fastrand::Rng::f64)
    }

    /// Less than `end`; 0 if that is 0.
    pub fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { self.draw(|rng| rng.usize(..end)) }
    }
}

/// The UUID of a text: always the same, and no draw from the generator.
pub fn uuid_of(text: &str) -> String {
    let hex: String = Sha256::digest(text).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
}
