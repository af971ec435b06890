//! Colours: when to use them, and what each stands for.

use anstyle::{AnsiColor, Style};

use crate::args::When;

/// What a piece of text is, for its colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tone {
    /// Made, added, done.
    Add,
    /// Changed in place.
    Change,
    /// Replaced.
    Replace,
    /// Deleted, removed, failed.
    Remove,
    /// Taken over.
    Adopt,
    /// Less important.
    Dim,
    /// Heads.
    Strong,
    /// Danger: data is lost.
    Danger,
    /// As it is.
    Plain,
}

/// Whether colours are on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Palette {
    on: bool,
}

impl Palette {
    /// No colours.
    pub const OFF: Self = Self { on: false };

    /// Decides by the flag, then by the environment, then by what is written to.
    pub fn choose(when: When, terminal: bool, env: &dyn Fn(&str) -> Option<String>) -> Self {
        let on = match when {
            When::Always => true,
            When::Never => false,
            When::Auto => {
                let set = |name: &str| env(name).is_some_and(|value| !value.is_empty());
                if set("NO_COLOR") {
                    false
                } else if env("CLICOLOR_FORCE").is_some_and(|value| !value.is_empty() && value != "0") {
                    true
                } else {
                    terminal && env("TERM").is_none_or(|term| term != "dumb")
                }
            }
        };
        Self { on }
    }

    /// Whether colours are on.
    pub fn is_on(self) -> bool {
        self.on
    }

    /// The text in its colour.
    pub fn paint(self, tone: Tone, text: impl std::fmt::Display) -> String {
        let style = style(tone);
        if self.on && tone != Tone::Plain { format!("{style}{text}{style:#}") } else { text.to_string() }
    }
}

fn style(tone: Tone) -> Style {
    let color = |color: AnsiColor| Style::new().fg_color(Some(color.into()));
    match tone {
        Tone::Add => color(AnsiColor::Green),
        Tone::Change => color(AnsiColor::Yellow),
        Tone::Replace => color(AnsiColor::Magenta),
        Tone::Remove => color(AnsiColor::Red),
        Tone::Adopt => color(AnsiColor::Cyan),
        Tone::Dim => Style::new().dimmed(),
        Tone::Strong => Style::new().bold(),
        Tone::Danger => color(AnsiColor::Red).bold(),
        Tone::Plain => Style::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auto(tty: bool, env: &[(&str, &str)]) -> bool {
        let lookup = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Palette::choose(When::Auto, tty, &lookup).is_on()
    }

    #[test]
    fn the_environment_decides_if_the_flag_does_not() {
        assert!(auto(true, &[]));
        assert!(!auto(false, &[]));
        assert!(!auto(true, &[("NO_COLOR", "1")]));
        assert!(auto(false, &[("CLICOLOR_FORCE", "1")]));
        assert!(!auto(false, &[("CLICOLOR_FORCE", "0")]));
        assert!(!auto(true, &[("TERM", "dumb")]));
    }
}
