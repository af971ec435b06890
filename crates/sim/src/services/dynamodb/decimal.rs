//! Decimal numbers of up to 38 digits, as items hold them: reading, writing, adding, comparing, and a text that sorts as the
//! number does.

use std::cmp::Ordering;

use super::invalid;
use crate::call::Refusal;

/// The most digits that count.
const DIGITS: usize = 38;

/// A number: `mantissa * 10^exponent`, the mantissa without zeros at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    mantissa: i128,
    exponent: i32,
}

impl Decimal {
    fn new(mut mantissa: i128, mut exponent: i32) -> Self {
        if mantissa == 0 {
            return Self { mantissa: 0, exponent: 0 };
        }
        while mantissa % 10 == 0 {
            mantissa /= 10;
            exponent += 1;
        }
        Self { mantissa, exponent }
    }

    /// Reads a number.
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        let wrong = || invalid(format!("The parameter cannot be converted to a numeric value: {text}"));
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse::<i32>().map_err(|_| wrong())?),
            None => (text, 0),
        };
        let (negative, digits) = match number.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, number.strip_prefix('+').unwrap_or(number)),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let all = format!("{whole}{part}");
        if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        let kept = all.trim_start_matches('0');
        let zeros = kept.len() - kept.trim_end_matches('0').len();
        let kept = &kept[..kept.len() - zeros];
        if kept.len() > DIGITS {
            return Err(invalid("Attempting to store more than 38 significant digits in a Number"));
        }
        let shift = i32::try_from(zeros).unwrap_or(i32::MAX) - i32::try_from(part.len()).unwrap_or(i32::MAX);
        let mantissa: i128 = if kept.is_empty() { 0 } else { kept.parse().map_err(|_| wrong())? };
        let sign = if negative { -1 } else { 1 };
        Self::new(sign * mantissa, exponent.saturating_add(shift)).limited()
    }

    fn limited(self) -> Result<Self, Refusal> {
        let text = match self.magnitude() {
            126.. => "Number overflow. Attempting to store a number with magnitude larger than supported range",
            ..-129 => "Number underflow. Attempting to store a number with magnitude smaller than supported range",
            _ => return Ok(self),
        };
        if self.mantissa == 0 { Ok(self) } else { Err(invalid(text)) }
    }

    fn digits(self) -> String {
        self.mantissa.unsigned_abs().to_string()
    }

    /// How many places stand before the point.
    fn magnitude(self) -> i32 {
        i32::try_from(self.digits().len()).unwrap_or_default() + self.exponent
    }

    /// The sum.
    pub(super) fn plus(self, other: Self) -> Result<Self, Refusal> {
        let least = self.exponent.min(other.exponent);
        let aligned = |number: Self| {
            let places = u32::try_from(number.exponent - least).ok()?;
            number.mantissa.checked_mul(10_i128.checked_pow(places)?)
        };
        let sum = aligned(self).zip(aligned(other)).and_then(|(one, two)| one.checked_add(two));
        let too_long = || invalid("Attempting to store more than 38 significant digits in a Number");
        let sum = Self::new(sum.ok_or_else(too_long)?, least);
        if sum.digits().len() > DIGITS { Err(too_long()) } else { sum.limited() }
    }

    /// The number with the other sign.
    pub(super) fn negated(self) -> Self {
        Self { mantissa: -self.mantissa, exponent: self.exponent }
    }

    /// As it reads back: no exponent, no needless zeros.
    pub(super) fn text(self) -> String {
        let (digits, sign) = (self.digits(), if self.mantissa < 0 { "-" } else { "" });
        let places = usize::try_from(self.exponent.unsigned_abs()).unwrap_or_default();
        if self.exponent >= 0 {
            return format!("{sign}{digits}{}", "0".repeat(places));
        }
        let padded = format!("{digits:0>width$}", width = places + 1);
        let (whole, part) = padded.split_at(padded.len() - places);
        format!("{sign}{whole}.{part}")
    }

    /// A text that sorts among others as the number does.
    pub(super) fn sortable(self) -> String {
        let body = format!("{:04}{:0<38}", self.magnitude() + 1000, self.digits());
        match self.mantissa.cmp(&0) {
            Ordering::Greater => format!("2{body}"),
            Ordering::Equal => "1".to_owned(),
            // The larger a negative number's digits, the earlier it comes.
            Ordering::Less => {
                let turned = body.bytes().map(|byte| char::from(b'0' + b'9' - byte));
                format!("0{}", turned.collect::<String>())
            }
        }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        self.sortable().cmp(&other.sortable())
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Decimal {
        Decimal::parse(text).expect("a number")
    }

    #[test]
    fn numbers_read_back_without_needless_zeros() {
        let pairs = [
            ("1.0", "1"),
            ("+007", "7"),
            ("1e3", "1000"),
            ("-0.50", "-0.5"),
            ("12.5E-1", "1.25"),
            ("0.00", "0"),
            ("5E-3", "0.005"),
        ];
        for (given, kept) in pairs {
            assert_eq!(number(given).text(), kept);
        }
        assert!(Decimal::parse("1.2.3").is_err());
        assert!(Decimal::parse("").is_err());
        assert!(Decimal::parse("1E126").is_err());
        assert!(Decimal::parse(&"1".repeat(39)).is_err());
    }

    #[test]
    fn numbers_compare_by_value() {
        let sorted = ["-1000", "-2", "-1.5", "-0.01", "0", "0.002", "0.01", "1", "2", "10", "11", "1e20"];
        for pair in sorted.windows(2) {
            assert!(number(pair[0]) < number(pair[1]), "{pair:?}");
        }
    }

    #[test]
    fn numbers_add_exactly() {
        let sum = number("0.1").plus(number("0.2")).expect("a sum");
        assert_eq!(sum.text(), "0.3");
        assert_eq!(number("5").plus(number("7").negated()).expect("a difference").text(), "-2");
    }
}
