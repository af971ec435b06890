//! Patterns with `*` for any characters and `?` for one, as IAM has them in actions and resources and load balancers in hosts. Pure text;
//! knows nothing of letters that count as the same.

/// Whether the whole of a text fits a pattern.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        if p < pattern.len() && (pattern[p] == '?' || pattern[p] == text[t]) && pattern[p] != '*' {
            (p, t) = (p + 1, t + 1);
        } else if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, t));
            p += 1;
        } else if let Some((at, from)) = star {
            // The last star stands for one more.
            star = Some((at, from + 1));
            (p, t) = (at + 1, from + 1);
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn patterns_fit_as_iam_has_them() {
        for (pattern, text, fit) in [
            ("*", "", true),
            ("ssm:get*", "ssm:getparameters", true),
            ("ssm:get?arameters", "ssm:getparameters", true),
            ("ssm:*s", "ssm:getparameters", true),
            ("ssm:get", "ssm:getparameters", false),
            ("/shop/*", "/shop", false),
            ("a*b*c", "axxbxxc", true),
            ("a*b*c", "axxbxx", false),
        ] {
            assert_eq!(fits(pattern, text), fit, "{pattern} {text}");
        }
    }
}
