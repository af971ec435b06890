//! How wide a text is when it is drawn, and how it is broken into lines. The widths are those of DejaVu Sans, the widest of the fonts that
//! browsers take for `sans-serif`, so that a text fits its box in the others too.

/// Widths of the characters from space to `~`, in hundredths of the size of the font.
const WIDTHS: [u8; 95] = [
    32, 40, 46, 84, 64, 95, 78, 28, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84,
    84, 84, 53, 100, 69, 69, 72, 77, 67, 61, 78, 76, 30, 50, 67, 56, 87, 75, 79, 67, 79, 72, 67, 61, 74, 69, 99, 69,
    61, 69, 39, 34, 39, 84, 50, 50, 62, 64, 55, 64, 62, 35, 64, 64, 28, 28, 58, 28, 98, 64, 62, 64, 64, 42, 53, 40, 64,
    60, 82, 60, 60, 53, 64, 34, 64, 84,
];
/// What other characters are taken for: as wide as an `m`, and twice that for those of East Asia and for pictures.
const OTHER: u32 = 98;
/// How much wider bold text is.
const BOLD: f64 = 1.13;

/// The width of a text in a font of this size, in the same unit.
pub fn of(text: &str, size: f64, bold: bool) -> f64 {
    let hundredths: u32 = text.chars().map(hundredths).sum();
    let width = f64::from(hundredths) * size / 100.0;
    if bold { width * BOLD } else { width }
}

fn hundredths(one: char) -> u32 {
    let at = (one as usize).wrapping_sub(' ' as usize);
    match WIDTHS.get(at) {
        Some(width) => u32::from(*width),
        None if (one as u32) < 0x1100 => OTHER,
        None => OTHER * 2,
    }
}

/// The text in lines that `fits` accepts, broken at spaces, else behind signs that names are joined by, else anywhere.
pub fn wrap(text: &str, fits: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_inclusive([' ', '/', '.', '-', ',', '_', ':']) {
        let line = lines.last().cloned().unwrap_or_default();
        let longer = format!("{line}{word}");
        if line.is_empty() || fits(longer.trim_end()) {
            replace(&mut lines, longer);
        } else {
            lines.push(word.to_owned());
        }
        while let Some(rest) = lines.last().and_then(|line| overflow(line, fits)) {
            let kept = lines.last().map(|line| line[..line.len() - rest.len()].to_owned()).unwrap_or_default();
            replace(&mut lines, kept);
            lines.push(rest);
        }
    }
    lines.into_iter().map(|line| line.trim_end().to_owned()).filter(|line| !line.is_empty()).collect()
}

fn replace(lines: &mut [String], with: String) {
    if let Some(last) = lines.last_mut() {
        *last = with;
    }
}

/// What of a single word is too much for a line; at least one character stays.
fn overflow(line: &str, fits: &dyn Fn(&str) -> bool) -> Option<String> {
    if fits(line.trim_end()) {
        return None;
    }
    let ends = line.char_indices().map(|(at, one)| at + one.len_utf8());
    let end = ends.clone().take_while(|end| fits(&line[..*end])).last().or_else(|| ends.clone().next())?;
    Some(line[end..].to_owned()).filter(|rest| !rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_and_nothing_is_lost() {
        let fits = |line: &str| line.chars().count() <= 10;
        let text = "api.cruddur.example and averyverylongword, größe";
        let lines = wrap(text, &fits);
        assert!(lines.iter().all(|line| fits(line)), "{lines:?}");
        let squeezed = |text: &str| text.replace(' ', "");
        assert_eq!(squeezed(&lines.concat()), squeezed(text));
        assert_eq!(wrap("abc", &|_| false), ["a", "b", "c"], "it ends whatever the width");
        assert_eq!(wrap("", &fits), Vec::<String>::new());
    }

    #[test]
    fn wide_characters_count_as_wide() {
        assert!(of("WWW", 10.0, false) > of("iii", 10.0, false) * 3.0);
        assert!(of("漢", 10.0, false) > of("W", 10.0, false));
        assert!(of("a", 10.0, true) > of("a", 10.0, false));
        assert!((of("0", 100.0, false) - 64.0).abs() < f64::EPSILON);
    }
}
